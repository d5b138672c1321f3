import { DatabaseError } from './errors';

/** A connection as parsed; what is missing is filled in from PG* variables, `.pgpass` and defaults by the driver. */
export interface ConnectionTarget {
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
  readonly user?: string;
  readonly password?: string;
  readonly sslMode?: 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full' | 'no-verify';
}

type Environment = Readonly<Record<string, string | undefined>>;

const sslModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const;
const toSslMode = (text: string | null | undefined): ConnectionTarget['sslMode'] => (text === 'allow' ? 'prefer' : sslModes.find((mode) => mode === text));

/**
 * Reads `postgres://…`, `postgresql://…` (a driver after `+`, as SQLAlchemy writes it, is ignored) or a libpq
 * `key=value` string. The empty string means: all from PG* variables. Throws `DatabaseError` of kind `bad-url`,
 * without the text.
 */
export function parseConnection(text: string): ConnectionTarget {
  const trimmed = text.trim();
  if (trimmed === '') return {};
  if (/^postgres(?:ql)?(?:\+\w+)?:\/\//i.test(trimmed)) return parseUrl(trimmed);
  if (/^\s*\w+\s*=/.test(trimmed)) return parseKeywords(trimmed);
  throw new DatabaseError('bad-url', 'Not a Postgres connection: expected postgres://user@host:5432/database');
}

function parseUrl(text: string): ConnectionTarget {
  let url: URL;
  try {
    url = new URL(text.replace(/^postgres(?:ql)?(?:\+\w+)?:/i, 'postgres:'));
  } catch {
    throw new DatabaseError('bad-url', 'The connection URL cannot be read. Special characters in the password must be percent-encoded (@ is %40, # is %23)');
  }
  const decoded = (part: string): string | undefined => {
    if (part === '') return undefined;
    try {
      return decodeURIComponent(part);
    } catch {
      throw new DatabaseError('bad-url', 'The connection URL holds a % that is not followed by two hexadecimal digits');
    }
  };
  const query = url.searchParams;
  return compact({
    host: query.get('host') ?? decoded(url.hostname.replace(/^\[|\]$/g, '')),
    port: portOf(url.port === '' ? query.get('port') : url.port),
    database: decoded(url.pathname.replace(/^\//, '')),
    user: decoded(url.username) ?? query.get('user') ?? undefined,
    password: decoded(url.password) ?? query.get('password') ?? undefined,
    sslMode: toSslMode(query.get('sslmode') ?? (query.get('ssl') === 'true' ? 'require' : undefined)),
  });
}

/** libpq's `host=… password='with blank'`. */
function parseKeywords(text: string): ConnectionTarget {
  const values = new Map<string, string>();
  for (const match of text.matchAll(/(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|(\S*))/g)) values.set((match[1] ?? '').toLowerCase(), (match[2] ?? match[3] ?? '').replace(/\\(.)/g, '$1'));
  return compact({
    host: values.get('host') ?? values.get('hostaddr'), port: portOf(values.get('port')), database: values.get('dbname'), user: values.get('user'),
    password: values.get('password'), sslMode: toSslMode(values.get('sslmode')),
  });
}

function portOf(text: string | null | undefined): number | undefined {
  if (text === undefined || text === null || text === '') return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new DatabaseError('bad-url', 'The port of the connection is not a number from 1 to 65535');
  return port;
}

const compact = (target: ConnectionTarget): ConnectionTarget => Object.fromEntries(Object.entries(target).filter(([, value]) => value !== undefined && value !== ''));

/** The connection as people may see it: user, host, port and database, never the password. */
export function describeConnection(target: ConnectionTarget, environment: Environment = {}): string {
  const user = target.user ?? environment['PGUSER'];
  const host = target.host ?? environment['PGHOST'] ?? 'localhost';
  const database = target.database ?? environment['PGDATABASE'] ?? user;
  return `${user === undefined ? '' : `${user}@`}${host}:${target.port ?? environment['PGPORT'] ?? 5432}${database === undefined ? '' : `/${database}`}`;
}

/** Any text with the passwords of connection strings in it replaced by `***`. For logs and messages. */
export const redactConnections = (text: string): string =>
  text.replace(/\b(postgres(?:ql)?(?:\+\w+)?:\/\/[^\s:@/]*):[^\s]*@(?=[^@\s]*(?:\s|$))/gi, '$1:***@').replace(/\b(password\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^\s&]+)/gi, '$1***');

import { DatabaseError } from './errors';
import { readService } from './serviceFile';

/** A connection as parsed; what is missing is filled in by `resolveTarget`, `.pgpass` and the driver's defaults. */
export interface ConnectionTarget {
  /** Name, address, or folder of a Unix socket. */
  readonly host?: string;
  /** Address to connect to in place of `host`, which then only names the server for its certificate. */
  readonly hostAddress?: string;
  readonly port?: number;
  readonly database?: string;
  readonly user?: string;
  readonly password?: string;
  readonly sslMode?: SslMode;
  /** Files in PEM; `system` for `sslRootCert` means the certificates of the system. */
  readonly sslRootCert?: string;
  readonly sslCert?: string;
  readonly sslKey?: string;
  /** Section of `pg_service.conf` that fills in what is missing. */
  readonly service?: string;
}

const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const;
/** libpq's modes; `no-verify` is what other drivers call `require`. */
export type SslMode = (typeof sslModes)[number];

type Environment = Readonly<Record<string, string | undefined>>;

function toSslMode(text: string | null | undefined): SslMode | undefined {
  if (text === undefined || text === null || text === '') return undefined;
  const found = sslModes.find((mode) => mode === text);
  if (!found) throw new DatabaseError('bad-url', `The sslmode of the connection is none of ${sslModes.slice(0, -1).join(', ')}`);
  return found;
}

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

/** Fills in what the text left out: from the service it or `PGSERVICE` names, then from PG* variables. Throws `DatabaseError`. */
export function resolveTarget(target: ConnectionTarget, environment: Environment = process.env): ConnectionTarget {
  const name = target.service ?? (environment['PGSERVICE'] || undefined);
  const service = name === undefined ? {} : fromKeywords(readService(name, environment));
  const variables = fromKeywords(new Map(Object.entries({
    host: environment['PGHOST'], hostaddr: environment['PGHOSTADDR'], port: environment['PGPORT'], dbname: environment['PGDATABASE'], user: environment['PGUSER'],
    sslmode: environment['PGSSLMODE'], sslrootcert: environment['PGSSLROOTCERT'], sslcert: environment['PGSSLCERT'], sslkey: environment['PGSSLKEY'],
  }).flatMap(([key, value]) => (value ? [[key, value] as const] : []))));
  return { ...variables, ...service, ...target };
}

const severalHosts = 'The connection names several hosts. Sargable reads plans and statistics from one server: name one of them';

function parseUrl(text: string): ConnectionTarget {
  const authority = /^[^/]*\/\/([^/?#]*)/.exec(text)?.[1] ?? '';
  const hostPart = authority.slice(authority.lastIndexOf('@') + 1);
  if (hostPart.includes(',')) throw new DatabaseError('bad-url', severalHosts);
  // `postgres://ann@/shop` is libpq's for "the host stands elsewhere"; URLs know no user without a host.
  const hostless = hostPart === '' && authority !== '';
  let url: URL;
  try {
    url = new URL(text.replace(/^postgres(?:ql)?(?:\+\w+)?:/i, 'postgres:').replace(hostless ? `//${authority}` : '\0', () => `//${authority}nowhere`));
  } catch {
    throw new DatabaseError('bad-url', 'The connection URL cannot be read. Special characters in the password must be percent-encoded (@ is %40, # is %23)');
  }
  const decoded = (part: string): string => {
    try {
      return decodeURIComponent(part);
    } catch {
      throw new DatabaseError('bad-url', 'The connection URL holds a % that is not followed by two hexadecimal digits');
    }
  };
  const values = new Map([...url.searchParams].map(([key, value]) => [key.toLowerCase(), value]));
  if (values.get('ssl') === 'true' && !values.has('sslmode')) values.set('sslmode', 'require');
  const parts = { host: hostless ? '' : decoded(url.hostname.replace(/^\[|\]$/g, '')), port: url.port, dbname: decoded(url.pathname.replace(/^\//, '')), user: decoded(url.username), password: decoded(url.password) };
  for (const [key, value] of Object.entries(parts)) if (value !== '' && !(key === 'host' && values.has('host'))) values.set(key, value);
  return fromKeywords(values);
}

/** libpq's `host=… password='with blank'`. */
function parseKeywords(text: string): ConnectionTarget {
  const values = new Map<string, string>();
  for (const match of text.matchAll(/(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|(\S*))/g)) values.set((match[1] ?? '').toLowerCase(), (match[2] ?? match[3] ?? '').replace(/\\(.)/g, '$1'));
  return fromKeywords(values);
}

function fromKeywords(values: ReadonlyMap<string, string>): ConnectionTarget {
  const text = (key: string): string | undefined => values.get(key) || undefined;
  if ([text('host'), text('hostaddr'), text('port')].some((value) => value?.includes(','))) throw new DatabaseError('bad-url', severalHosts);
  return compact({
    host: text('host') ?? text('hostaddr'), hostAddress: text('hostaddr'), port: portOf(text('port')), database: text('dbname'), user: text('user'), password: text('password'),
    sslMode: toSslMode(text('sslmode')), sslRootCert: text('sslrootcert'), sslCert: text('sslcert'), sslKey: text('sslkey'), service: text('service'),
  });
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new DatabaseError('bad-url', 'The port of the connection is not a number from 1 to 65535');
  return port;
}

const compact = (target: { readonly [K in keyof ConnectionTarget]: ConnectionTarget[K] | undefined }): ConnectionTarget => Object.fromEntries(Object.entries(target).filter(([, value]) => value !== undefined));

/** The connection as people may see it: user, host, port and database, never the password. */
export function describeConnection(target: ConnectionTarget, environment: Environment = {}): string {
  const user = target.user ?? environment['PGUSER'];
  const host = target.host ?? environment['PGHOST'] ?? 'localhost';
  const database = target.database ?? environment['PGDATABASE'] ?? user;
  return `${user === undefined ? '' : `${user}@`}${host}:${target.port ?? environment['PGPORT'] ?? 5432}${database === undefined ? '' : `/${database}`}`;
}

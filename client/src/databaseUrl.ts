import type { DatabaseSetting, SslMode } from '../../protocol/settings';

const defaultPort = 5432;
export const sslModes: readonly SslMode[] = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

/** A database as typed or pasted by the user. The password is kept apart so that it never reaches the settings. */
export interface ParsedDatabaseUrl {
  readonly database: Omit<DatabaseSetting, 'name'>;
  readonly password?: string;
}

/** Reads `postgres://user:password@host:port/database?sslmode=…` or `service=name`; undefined for anything else or when a part is missing. */
export function parseDatabaseUrl(text: string): ParsedDatabaseUrl | undefined {
  const service = /^\s*service\s*=\s*([^\s'\\]+)\s*$/.exec(text)?.[1];
  if (service !== undefined) return { database: { service } };
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    return undefined;
  }
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') return undefined;
  try {
    const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : decodeURIComponent(url.hostname); // %2F… is the folder of a socket
    const database = decodeURIComponent(url.pathname.slice(1));
    const user = decodeURIComponent(url.username);
    if (!host || !database || !user || database.includes('/')) return undefined;
    if (host.includes(',')) return undefined; // several hosts
    const ssl = sslModes.find((mode) => mode === url.searchParams.get('sslmode'));
    const file = (key: string): string | undefined => url.searchParams.get(key) ?? undefined;
    const [sslRootCert, sslCert, sslKey] = [file('sslrootcert'), file('sslcert'), file('sslkey')];
    const password = decodeURIComponent(url.password);
    return {
      database: { host, ...(url.port ? { port: Number(url.port) } : {}), database, user, ...(ssl ? { ssl } : {}), ...(sslRootCert ? { sslRootCert } : {}), ...(sslCert ? { sslCert } : {}), ...(sslKey ? { sslKey } : {}) },
      ...(password ? { password } : {}),
    };
  } catch {
    return undefined; // malformed percent-encoding
  }
}

/** What the server connects to. Without a password the server may find one in the user's password file. */
export function renderDatabaseUrl(database: DatabaseSetting, password: string | undefined): string {
  if (database.service !== undefined) return `service='${escapeKeyword(database.service)}'${password ? ` password='${escapeKeyword(password)}'` : ''}`;
  const host = database.host?.includes(':') ? `[${database.host}]` : encodeURIComponent(database.host ?? '');
  const credentials = encodeURIComponent(database.user ?? '') + (password ? `:${encodeURIComponent(password)}` : '');
  const files = Object.entries({ sslrootcert: database.sslRootCert, sslcert: database.sslCert, sslkey: database.sslKey }).map(([key, file]) => (file ? `&${key}=${encodeURIComponent(file)}` : '')).join('');
  return `postgres://${credentials}@${host}:${database.port ?? defaultPort}/${encodeURIComponent(database.database ?? '')}?sslmode=${database.ssl ?? 'prefer'}${files}`;
}

/** Inside the quotes of libpq's `key='value'`. */
const escapeKeyword = (text: string): string => text.replace(/[\\']/g, '\\$&');

/** `user@host:5432/database`: how a database is shown to the user. */
export function describeDatabase(database: Omit<DatabaseSetting, 'name'>): string {
  return database.service !== undefined ? `service ${database.service}` : `${database.user}@${database.host}:${database.port ?? defaultPort}/${database.database}`;
}

/**
 * Key of a database's password in the secret storage. It holds everything that decides where the password goes and
 * how it is protected on the way, and not the name: settings that point a known name elsewhere find no password. A service
 * stands in the user's own file, which no workspace writes.
 */
export function secretKey(database: DatabaseSetting): string {
  if (database.service !== undefined) return JSON.stringify(['sargable.password', 'service', database.service]);
  const files = database.sslRootCert === undefined ? [] : [database.sslRootCert];
  return JSON.stringify(['sargable.password', database.host?.toLowerCase(), database.port ?? defaultPort, database.user, database.database, database.ssl ?? 'prefer', ...files]);
}

/** True if a value of the settings (which a person wrote by hand) is a usable database. */
export function isDatabaseSetting(value: unknown): value is DatabaseSetting {
  if (typeof value !== 'object' || value === null) return false;
  const { name, service, host, port, database, user, ssl } = value as Record<string, unknown>;
  const isText = (part: unknown): boolean => typeof part === 'string' && part !== '';
  // A service brings its own password: nothing beside it may say where that goes.
  if (service !== undefined) return isText(name) && isText(service) && [host, port, database, user, ssl].every((part) => part === undefined);
  return (
    [name, host, database, user].every(isText) &&
    (port === undefined || (Number.isInteger(port) && Number(port) > 0 && Number(port) < 65_536)) &&
    (ssl === undefined || sslModes.some((mode) => mode === ssl))
  );
}

import type { DatabaseSetting, SslMode } from '../../protocol/settings';

const defaultPort = 5432;
const sslModes: readonly SslMode[] = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'];

/** A database as typed or pasted by the user. The password is kept apart so that it never reaches the settings. */
export interface ParsedDatabaseUrl {
  readonly database: Omit<DatabaseSetting, 'name'>;
  readonly password?: string;
}

/** Reads `postgres://user:password@host:port/database?sslmode=…`; undefined for anything else or when a part is missing. */
export function parseDatabaseUrl(text: string): ParsedDatabaseUrl | undefined {
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
    const ssl = sslModes.find((mode) => mode === url.searchParams.get('sslmode'));
    const password = decodeURIComponent(url.password);
    return {
      database: { host, ...(url.port ? { port: Number(url.port) } : {}), database, user, ...(ssl ? { ssl } : {}) },
      ...(password ? { password } : {}),
    };
  } catch {
    return undefined; // malformed percent-encoding
  }
}

/** The URL the server connects to. Without a password the server may find one in the user's password file. */
export function renderDatabaseUrl(database: DatabaseSetting, password: string | undefined): string {
  const host = database.host.includes(':') ? `[${database.host}]` : encodeURIComponent(database.host);
  const credentials = encodeURIComponent(database.user) + (password ? `:${encodeURIComponent(password)}` : '');
  return `postgres://${credentials}@${host}:${database.port ?? defaultPort}/${encodeURIComponent(database.database)}?sslmode=${database.ssl ?? 'prefer'}`;
}

/** `user@host:5432/database`: how a database is shown to the user. */
export function describeDatabase(database: Omit<DatabaseSetting, 'name'>): string {
  return `${database.user}@${database.host}:${database.port ?? defaultPort}/${database.database}`;
}

/**
 * Key of a database's password in the secret storage. It holds everything that decides where the password goes and
 * how it is protected on the way, and not the name: settings that point a known name elsewhere find no password.
 */
export function secretKey(database: DatabaseSetting): string {
  return JSON.stringify(['sargable.password', database.host.toLowerCase(), database.port ?? defaultPort, database.user, database.database, database.ssl ?? 'prefer']);
}

/** True if a value of the settings (which a person wrote by hand) is a usable database. */
export function isDatabaseSetting(value: unknown): value is DatabaseSetting {
  if (typeof value !== 'object' || value === null) return false;
  const { name, host, port, database, user, ssl } = value as Record<string, unknown>;
  return (
    [name, host, database, user].every((part) => typeof part === 'string' && part !== '') &&
    (port === undefined || (Number.isInteger(port) && Number(port) > 0 && Number(port) < 65_536)) &&
    (ssl === undefined || sslModes.some((mode) => mode === ssl))
  );
}

import type { HealthServerSetting } from '../../protocol/settings';

const DEFAULT_PORT = { redis: 6379, pgbouncer: 6432 } as const;

/** A server as typed or pasted by the user. The password is kept apart so that it never reaches the settings. */
export interface ParsedHealthServer {
  readonly server: HealthServerSetting;
  readonly password?: string;
}

/** Reads `redis[s]://[[user]:password@]host[:port][/0]`, or `postgres://user[:password]@host:port` of a PgBouncer; undefined for anything else. */
export function parseHealthServerUrl(text: string): ParsedHealthServer | undefined {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    return undefined;
  }
  try {
    const redis = url.protocol === 'redis:' || url.protocol === 'rediss:';
    if (!redis && url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') return undefined;
    const host = decodeURIComponent(url.hostname).replace(/^\[|\]$/g, '');
    const [user, password, path] = [url.username, url.password, url.pathname.slice(1)].map(decodeURIComponent);
    if (host === '' || host.includes(',') || (redis ? !/^\d*$/.test(path ?? '') : !user || !['', 'pgbouncer'].includes(path ?? ''))) return undefined;
    const server: HealthServerSetting = {
      kind: redis ? 'redis' : 'pgbouncer', host, ...(url.port ? { port: Number(url.port) } : {}), ...(user ? { user } : {}),
      ...(redis && path ? { database: Number(path) } : {}), ...(url.protocol === 'rediss:' || (!redis && /^(require|verify-ca|verify-full)$/.test(url.searchParams.get('sslmode') ?? '')) ? { tls: true } : {}),
    };
    return { server, ...(password ? { password } : {}) };
  } catch {
    return undefined; // malformed percent-encoding
  }
}

/** What the language server connects to. */
export function renderHealthServerUrl(server: HealthServerSetting, password: string | undefined): string {
  const host = server.host.includes(':') ? `[${server.host}]` : encodeURIComponent(server.host);
  const user = encodeURIComponent(server.user ?? '');
  const credentials = password ? `${user}:${encodeURIComponent(password)}@` : user === '' ? '' : `${user}@`;
  const at = `${credentials}${host}:${server.port ?? DEFAULT_PORT[server.kind]}`;
  return server.kind === 'redis' ? `redis${server.tls ? 's' : ''}://${at}/${server.database ?? 0}` : `postgres://${at}/pgbouncer?sslmode=${server.tls ? 'require' : 'prefer'}`;
}

/** `Redis cache.example:6379/0`: how a server is shown to the user. */
export function describeHealthServer(server: HealthServerSetting): string {
  const at = `${server.user === undefined ? '' : `${server.user}@`}${server.host}:${server.port ?? DEFAULT_PORT[server.kind]}`;
  return server.kind === 'redis' ? `Redis ${at}/${server.database ?? 0}` : `PgBouncer ${at}`;
}

/** Key of a server's password in the secret storage: everything that decides where the password goes, as for databases. */
export const healthServerKey = (server: HealthServerSetting): string =>
  JSON.stringify(['sargable.password', server.kind, server.host.toLowerCase(), server.port ?? DEFAULT_PORT[server.kind], server.user ?? '', server.kind === 'redis' ? (server.database ?? 0) : 'pgbouncer', server.tls === true]);

/** True if a value of the settings (which a person wrote by hand) is a usable server. */
export function isHealthServerSetting(value: unknown): value is HealthServerSetting {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, host, port, user, database, tls, databases } = value as Record<string, unknown>;
  const isNumber = (part: unknown, least: number, most: number): boolean => part === undefined || (Number.isInteger(part) && Number(part) >= least && Number(part) <= most);
  return (
    (kind === 'redis' || (kind === 'pgbouncer' && typeof user === 'string' && user !== '')) && typeof host === 'string' && host !== '' && !/[/?#@\s]/.test(host) &&
    (user === undefined || typeof user === 'string') && isNumber(port, 1, 65_535) && isNumber(database, 0, 1_000_000) && (tls === undefined || typeof tls === 'boolean') &&
    (databases === undefined || (Array.isArray(databases) && databases.every((name) => typeof name === 'string')))
  );
}

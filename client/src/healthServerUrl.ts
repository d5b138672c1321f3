import { isIPv6 } from 'node:net';
import type { HealthServerSetting, SslMode } from '../../protocol/settings';
import { sslModes } from './databaseUrl';

const DEFAULT_PORT = { redis: 6379, pgbouncer: 6432 } as const;

/** A server as typed or pasted by the user. The password is kept apart so that it never reaches the settings. */
export interface ParsedHealthServer {
  readonly server: HealthServerSetting;
  readonly password?: string;
}

/**
 * Reads `redis[s]://[[user]:password@]host[:port][/0]`, or `postgres://user[:password]@host:port?sslmode=…` of a PgBouncer;
 * undefined for anything else, also for what would not be a usable setting.
 */
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
    if ((redis ? !/^\d*$/.test(path ?? '') : !user || !['', 'pgbouncer'].includes(path ?? ''))) return undefined;
    const server: HealthServerSetting = {
      kind: redis ? 'redis' : 'pgbouncer', host, ...(url.port ? { port: Number(url.port) } : {}), ...(user ? { user } : {}),
      ...(redis && path ? { database: Number(path) } : {}), ...(url.protocol === 'rediss:' ? { tls: true } : {}), ...(redis ? {} : readEncryption(url.searchParams)),
    };
    return isHealthServerSetting(server) ? { server, ...(password ? { password } : {}) } : undefined;
  } catch {
    return undefined; // malformed percent-encoding
  }
}

/** A mode that is none of libpq's stays, so that the setting is refused: a connection must not become weaker than it was written. */
function readEncryption(parameters: URLSearchParams): Pick<HealthServerSetting, 'ssl' | 'sslRootCert'> {
  const [mode, file] = [parameters.get('sslmode'), parameters.get('sslrootcert')];
  return { ...(mode ? { ssl: mode as SslMode } : {}), ...(file ? { sslRootCert: file } : {}) };
}

const sslModeOf = ({ ssl, tls }: HealthServerSetting): SslMode => ssl ?? (tls ? 'require' : 'prefer');

/** What the language server connects to. */
export function renderHealthServerUrl(server: HealthServerSetting, password: string | undefined): string {
  const host = server.host.includes(':') ? `[${server.host}]` : encodeURIComponent(server.host);
  const user = encodeURIComponent(server.user ?? '');
  const credentials = password ? `${user}:${encodeURIComponent(password)}@` : user === '' ? '' : `${user}@`;
  const at = `${credentials}${host}:${server.port ?? DEFAULT_PORT[server.kind]}`;
  if (server.kind === 'redis') return `redis${server.tls ? 's' : ''}://${at}/${server.database ?? 0}`;
  return `postgres://${at}/pgbouncer?sslmode=${sslModeOf(server)}${server.sslRootCert === undefined ? '' : `&sslrootcert=${encodeURIComponent(server.sslRootCert)}`}`;
}

/** `Redis cache.example:6379/0`: how a server is shown to the user. */
export function describeHealthServer(server: HealthServerSetting): string {
  const at = `${server.user === undefined ? '' : `${server.user}@`}${server.host}:${server.port ?? DEFAULT_PORT[server.kind]}`;
  return server.kind === 'redis' ? `Redis ${at}/${server.database ?? 0}` : `PgBouncer ${at}`;
}

/** Key of a server's password in the secret storage: everything that decides where the password goes and how it is protected on the way, as for databases. */
export const healthServerKey = (server: HealthServerSetting): string =>
  JSON.stringify([
    'sargable.password', server.kind, server.host.toLowerCase(), server.port ?? DEFAULT_PORT[server.kind], server.user ?? '',
    ...(server.kind === 'redis' ? [server.database ?? 0, server.tls === true] : ['pgbouncer', sslModeOf(server), ...(server.sslRootCert === undefined ? [] : [server.sslRootCert])]),
  ]);

/** A host name or an address, without anything that would mean something else in a URL. */
const isHost = (text: string): boolean => /^[^\s:/?#@%<>|^\\[\],]+$/.test(text) || (isIPv6(text) && !text.includes('%'));

/** True if a value of the settings (which a person wrote by hand) is a usable server. */
export function isHealthServerSetting(value: unknown): value is HealthServerSetting {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, host, port, user, database, tls, ssl, sslRootCert, databases } = value as Record<string, unknown>;
  const isNumber = (part: unknown, least: number, most: number): boolean => part === undefined || (Number.isInteger(part) && Number(part) >= least && Number(part) <= most);
  return (
    // Of Redis, `ssl` would promise what is not done.
    ((kind === 'redis' && ssl === undefined && sslRootCert === undefined) || (kind === 'pgbouncer' && typeof user === 'string' && user !== '')) && typeof host === 'string' && isHost(host) &&
    (user === undefined || typeof user === 'string') && isNumber(port, 1, 65_535) && isNumber(database, 0, 1_000_000) && (tls === undefined || typeof tls === 'boolean') &&
    (ssl === undefined || sslModes.some((mode) => mode === ssl)) && (sslRootCert === undefined || (typeof sslRootCert === 'string' && sslRootCert !== '')) &&
    (databases === undefined || (Array.isArray(databases) && databases.every((name) => typeof name === 'string')))
  );
}

/** A server of the settings. */
export interface ChosenHealthServer {
  readonly server: HealthServerSetting;
  /** The settings of a workspace name it, and the user's do not. */
  readonly foreignHost: boolean;
}

/**
 * The servers that stand beside a database (undefined: beside any), each once. Of equal ones the user's comes first, where it
 * stands beside that database at all.
 */
export function chooseHealthServers(own: readonly HealthServerSetting[], workspace: readonly HealthServerSetting[], database: string | undefined): readonly ChosenHealthServer[] {
  const chosen = new Map<string, ChosenHealthServer>();
  for (const [servers, foreignHost] of [[own, false], [workspace, true]] as const) {
    for (const server of servers) {
      const key = healthServerKey(server);
      if (!chosen.has(key) && (database === undefined || (server.databases?.includes(database) ?? true))) chosen.set(key, { server, foreignHost });
    }
  }
  return [...chosen.values()];
}

/** The saved values with a server in them, once: an equal one stands beside the databases of both. */
export function saveHealthServer(saved: readonly unknown[], server: HealthServerSetting): readonly unknown[] {
  const key = healthServerKey(server);
  const isSame = (value: unknown): value is HealthServerSetting => isHealthServerSetting(value) && healthServerKey(value) === key;
  const same = saved.filter(isSame);
  const everywhere = ({ databases: _, ...rest }: HealthServerSetting): HealthServerSetting => rest;
  const all = [...same, server];
  const joined: HealthServerSetting = all.some(({ databases }) => databases === undefined) ? everywhere(server) : { ...server, databases: [...new Set(all.flatMap(({ databases = [] }) => databases))] };
  const first = saved.findIndex(isSame);
  return first < 0 ? [...saved, joined] : saved.flatMap((value, index) => (index === first ? [joined] : isSame(value) ? [] : [value]));
}

/** Values of the settings that are meant as a server beside the database and cannot be used: their kind, and what the user is told of them. */
export function findUnusableHealthServers(values: readonly unknown[], database: string): readonly { readonly kind: HealthServerSetting['kind']; readonly label: string }[] {
  return values.flatMap((value) => {
    if (isHealthServerSetting(value) || typeof value !== 'object' || value === null) return [];
    const { kind, host, databases } = value as Record<string, unknown>;
    if ((kind !== 'redis' && kind !== 'pgbouncer') || (Array.isArray(databases) && !databases.includes(database))) return [];
    // A host that holds more than a host may hold a password.
    const named = typeof host === 'string' && /^[^/?#@\s]+$/.test(host) ? ` ${host}` : '';
    return [{ kind, label: `${kind === 'redis' ? 'Redis' : 'PgBouncer'}${named}` }];
  });
}

import { DatabaseError } from '../errors';

/** A Redis server as named by a URL. */
export interface RedisTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly user?: string;
  readonly password?: string;
  readonly database: number;
}

/** Reads `redis[s]://[[user]:password@]host[:port][/database]`. Throws `DatabaseError` of kind `bad-url`, without the text. */
export function parseRedisUrl(text: string, environment: Readonly<Record<string, string | undefined>> = process.env): RedisTarget {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    throw new DatabaseError('bad-url', 'The Redis URL cannot be read. Special characters in the password must be percent-encoded (@ is %40, # is %23)');
  }
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') throw new DatabaseError('bad-url', 'Not a Redis URL: expected redis://host:6379/0, or rediss:// for TLS');
  const database = url.pathname.replace(/^\//, '') || '0';
  if (!/^\d+$/.test(database)) throw new DatabaseError('bad-url', 'The path of a Redis URL is the number of a database: redis://host:6379/0');
  const decoded = (part: string): string | undefined => {
    try {
      return part === '' ? undefined : decodeURIComponent(part);
    } catch {
      throw new DatabaseError('bad-url', 'The Redis URL holds a % that is not followed by two hexadecimal digits');
    }
  };
  const user = decoded(url.username);
  const password = decoded(url.password) ?? (environment['REDISCLI_AUTH'] || undefined);
  return {
    host: (decoded(url.hostname) ?? 'localhost').replace(/^\[|\]$/g, ''), port: Number(url.port || 6379), tls: url.protocol === 'rediss:', database: Number(database),
    ...(user === undefined ? {} : { user }), ...(password === undefined ? {} : { password }),
  };
}

/** As people may see it: `cache.example:6379/0`, never the password. */
export const describeRedis = ({ user, host, port, database }: RedisTarget): string => `${user === undefined ? '' : `${user}@`}${host}:${port}/${database}`;

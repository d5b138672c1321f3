import { DatabaseError } from '../db/errors';
import type { DbSession } from '../db/session';
import type { HealthSource } from './health';
import type { Project } from './project';

/** A server that is looked at with a database. */
export interface HealthServerRequest {
  readonly kind: 'redis' | 'pgbouncer';
  /** Left out: its entry in the settings cannot be used, which is told in its place. */
  readonly url?: string;
  /** How the user knows it, without a password. */
  readonly label?: string;
  /** As `SessionOptions.foreignHost`. */
  readonly foreignHost?: boolean;
}

/** By all that decides what a source connects to. */
type KnownSources = ReadonlyMap<string, HealthSource>;

/**
 * Sources for all the servers of a connection, in their order. One that cannot be made says so when it is looked at. A Redis
 * remembers what it saw at the look before, as long as the session is open and each request names it.
 */
export function createServerSources(): (session: DbSession, servers: readonly HealthServerRequest[], project: Project | undefined) => Promise<readonly HealthSource[]> {
  const kept = new WeakMap<DbSession, KnownSources>();
  return async (session, servers, project) => {
    const { sources, redis } = await createSources(servers, project, kept.get(session));
    kept.set(session, redis);
    return sources;
  };
}

async function createSources(servers: readonly HealthServerRequest[], project: Project | undefined, known: KnownSources | undefined): Promise<{ readonly sources: readonly HealthSource[]; readonly redis: KnownSources }> {
  if (servers.length === 0) return { sources: [], redis: new Map() };
  // Loaded when somebody looks at one: nobody else needs their drivers.
  const [{ createRedisSource, KEYS, REDIS_CHECK }, { createPoolerSource, findSessionUses, POOLER_CHECK }] = await Promise.all([import('./redisHealth'), import('./poolerHealth')]);
  const redis = new Map<string, HealthSource>();
  const create = ({ kind, url, label, foreignHost = false }: HealthServerRequest): HealthSource => {
    const check = kind === 'redis' ? REDIS_CHECK : POOLER_CHECK;
    const unusable = (reason: string): HealthSource => ({ name: check.name, title: label ?? check.title, run: () => Promise.reject(new DatabaseError('bad-url', reason)) });
    if (url === undefined) return unusable('its entry in the setting sargable.health.servers is not valid');
    // Made anew each time: it remembers nothing but what the code uses, which changes.
    if (kind === 'pgbouncer') return createPoolerSource({ url, foreignHost, uses: () => Promise.resolve(project ? findSessionUses(project) : []) });
    const key = JSON.stringify([url, foreignHost]);
    try {
      const source = known?.get(key) ?? createRedisSource(url, { keys: KEYS, foreignHost });
      redis.set(key, source);
      return source;
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      return unusable(`${error.message}. See its entry in the setting sargable.health.servers`);
    }
  };
  const count = new Map<string, number>();
  const sources = servers.map((server): HealthSource => {
    const source = create(server);
    const number = (count.get(source.name) ?? 0) + 1;
    count.set(source.name, number);
    // A report tells its checks apart by their names.
    return number === 1 ? source : { ...source, name: `${source.name}-${number}`, title: `${source.title} (${number})` };
  });
  return { sources, redis };
}

import { judgeRedis, type RedisFacts } from '../core/health/redis/judgeRedis';
import { openRedis, type KeyBudget } from '../db/redis/redisServer';
import { describeRedis, parseRedisUrl } from '../db/redis/redisUrl';
import type { HealthSource } from './health';

export const REDIS_CHECK = { name: 'redis', title: 'Redis' } as const;

/** Seconds that the walk over the keys may take. */
const SAMPLE_SECONDS = 10;

export interface RedisOptions {
  /** Keys to measure at most; 0: none. */
  readonly keys: number;
  /** Somebody else chose the host: `REDISCLI_AUTH` does not count. */
  readonly foreignHost?: boolean;
}

/** Keys that are measured when nothing else is said. */
export const KEYS = 5000;

/**
 * The cache beside the database. The keys are walked at the first look that may do so, and at no later one: each lookup of ours counts as a hit at the
 * server. From the second look on the hit ratio is that of the time between. Throws `DatabaseError` for a URL that cannot be read.
 */
export function createRedisSource(url: string, { keys, foreignHost }: RedisOptions): HealthSource {
  const target = parseRedisUrl(url, foreignHost ? {} : process.env);
  const budget: KeyBudget = { keys, milliseconds: SAMPLE_SECONDS * 1000 };
  let sample: RedisFacts['sample'];
  let walked = keys === 0;
  let refused: readonly string[] = [];
  let before: { readonly info: RedisFacts['info']; readonly at: number } | undefined;
  return {
    ...REDIS_CHECK, title: `${REDIS_CHECK.title} ${describeRedis(target)}`,
    async run(limits, _, signal) {
      const server = await openRedis(target);
      try {
        signal?.throwIfAborted();
        const info = await server.info();
        const at = Date.now();
        const previous = before && { info: before.info, seconds: Math.max(1, Math.round((at - before.at) / 1000)) };
        const walks = !walked;
        if (walks) {
          const walk = await server.sampleKeys(budget, signal);
          // A role that was not allowed to walk may be by the next look.
          walked = 'sample' in walk;
          refused = walk.refused;
          if ('sample' in walk) sample = walk.sample;
        }
        // Read again where the walk has added to the counters, so that the next look does not take our lookups for the application's.
        before = walks && sample ? { info: await server.info(), at: Date.now() } : { info, at };
        const outcome = judgeRedis({ info, ...(sample ? { sample } : {}), ...(previous ? { previous } : {}) }, limits);
        return { ...outcome, cannotSee: notes(refused, sample !== undefined, info.get('cluster_enabled') === '1') };
      } finally {
        server.close();
      }
    },
  };
}

function notes(refused: readonly string[], sampled: boolean, cluster: boolean): { readonly reason: string; readonly grant?: string }[] {
  return [
    ...refused.map((reason) => ({ reason: `Not seen: ${sampled ? 'the memory of keys' : 'keys by pattern'} (${reason}).`, grant: 'ACL SETUSER <user> +info +scan +pttl +memory|usage ~*' })),
    ...(cluster ? [{ reason: 'This is one node of a cluster; the keys of the others are not seen.' }] : []),
  ];
}

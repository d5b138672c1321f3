import type { CheckOutcome, HealthFigure, HealthFinding, HealthTable } from '../model';
import type { Thresholds } from '../thresholds';
import { column, figure, percentOf, plural, renderBytes, renderNumber, renderPercent, renderSeconds } from '../values';
import { commandOf, databasesOf, numberOf, type RedisDatabase, type RedisInfo } from './info';
import type { KeyPattern } from './keyPatterns';

/** The keys that were looked at, of one database. */
export interface KeySample {
  readonly database: number;
  /** Different keys that were measured. */
  readonly measured: number;
  /** True: there are no others, as far as the server says. */
  readonly complete: boolean;
  readonly patterns: readonly KeyPattern[];
}

/** What was read of a Redis server. */
export interface RedisFacts {
  readonly info: RedisInfo;
  readonly sample?: KeySample;
  /** The same of a look before, and how long ago it was; for figures of the time between. */
  readonly previous?: { readonly info: RedisInfo; readonly seconds: number };
}

type Finding = CheckOutcome['findings'][number];

const MEGABYTE = 1024 * 1024;
/** Below it memory figures are the server's own. */
const LITTLE_MEMORY = 100 * MEGABYTE;
/** Patterns that a report names. */
const LISTED_PATTERNS = 50;

/**
 * Figures, lists and findings of a Redis server that serves as a cache. Keys are named by their patterns; a key without a value
 * in its name (`queue`) is its own pattern.
 */
export function judgeRedis(facts: RedisFacts, thresholds: Thresholds): CheckOutcome {
  const databases = databasesOf(facts.info);
  return {
    figures: figuresOf(facts, databases),
    tables: tablesOf(facts, databases),
    findings: [
      ...judgeHits(facts, thresholds), ...judgeMemory(facts.info, databases, thresholds), ...judgeLifetimes(facts, databases, thresholds),
      ...judgeClients(facts.info, thresholds), ...judgeCommands(facts.info), ...judgeDurability(facts.info),
    ],
  };
}

interface Hits {
  readonly hits: number;
  readonly misses: number;
  readonly evicted: number;
  readonly expired: number;
}

const COUNTERS = { hits: 'keyspace_hits', misses: 'keyspace_misses', evicted: 'evicted_keys', expired: 'expired_keys' } as const;

/** Counters between two looks, since the server's start without the first; undefined where it does not tell or was restarted. */
function hitsOf(info: RedisInfo, since?: RedisInfo): Hits | undefined {
  const read = (name: string): number => (numberOf(info, name) ?? NaN) - (since ? (numberOf(since, name) ?? NaN) : 0);
  const hits = Object.fromEntries(Object.entries(COUNTERS).map(([key, name]) => [key, read(name)])) as unknown as Hits;
  return Object.values(hits).every((value) => value >= 0) ? hits : undefined;
}

function figuresOf({ info, previous, sample }: RedisFacts, databases: readonly RedisDatabase[]): HealthFigure[] {
  const all = hitsOf(info);
  const recent = previous && hitsOf(info, previous.info);
  const number = (name: string): number | undefined => numberOf(info, name);
  const limit = number('maxmemory');
  return [
    figure('version', 'Version', 'text', info.get('valkey_version') ?? info.get('redis_version')),
    figure('role', 'Role', 'text', info.get('role')),
    figure('uptimeSeconds', 'Running for', 'seconds', number('uptime_in_seconds')),
    figure('hitPercent', 'Hit ratio', 'percent', all && percentOf(all.hits, all.hits + all.misses)),
    ...(previous ? [figure('recentHitPercent', `Hit ratio of the last ${renderSeconds(previous.seconds)}`, 'percent', recent && percentOf(recent.hits, recent.hits + recent.misses))] : []),
    figure('hits', 'Hits', 'count', all?.hits),
    figure('misses', 'Misses', 'count', all?.misses),
    figure('evictedKeys', 'Keys evicted', 'count', all?.evicted),
    ...(recent ? [figure('recentEvictedKeys', `Keys evicted in the last ${renderSeconds(previous?.seconds ?? 0)}`, 'count', recent.evicted)] : []),
    figure('expiredKeys', 'Keys expired', 'count', all?.expired),
    figure('keys', 'Keys', 'count', databases.reduce((sum, { keys }) => sum + keys, 0)),
    figure('keysWithoutTtl', 'Keys without a time to live', 'count', databases.reduce((sum, { keys, expires }) => sum + keys - expires, 0)),
    figure('usedMemory', 'Memory used', 'bytes', number('used_memory')),
    figure('peakMemory', 'Memory used at most', 'bytes', number('used_memory_peak')),
    figure('maxMemory', 'maxmemory', 'bytes', limit === 0 ? null : limit),
    figure('maxMemoryPolicy', 'maxmemory-policy', 'text', info.get('maxmemory_policy')),
    figure('fragmentationRatio', 'Resident over used memory', 'count', number('mem_fragmentation_ratio')),
    figure('connectedClients', 'Clients', 'count', number('connected_clients')),
    figure('maxClients', 'maxclients', 'count', number('maxclients')),
    figure('blockedClients', 'Clients that wait in a blocking command', 'count', number('blocked_clients')),
    figure('rejectedConnections', 'Connections rejected', 'count', number('rejected_connections')),
    figure('operationsPerSecond', 'Commands a second', 'count', number('instantaneous_ops_per_sec')),
    figure('keysMeasured', 'Keys measured', 'count', sample?.measured),
    figure('sampleComplete', 'All keys were measured', 'flag', sample?.complete),
    ...(sample && !previous ? [figure('ownLookups', 'Hits that measuring them has added since', 'count', sample.measured)] : []),
  ];
}

/** What one measured key stands for. */
function weightOf(sample: KeySample, databases: readonly RedisDatabase[]): number {
  const total = databases.find(({ index }) => index === sample.database)?.keys ?? sample.measured;
  return sample.complete || sample.measured === 0 ? 1 : Math.max(1, total / sample.measured);
}

function tablesOf({ sample }: RedisFacts, databases: readonly RedisDatabase[]): HealthTable[] {
  const byDatabase: HealthTable = {
    name: 'databases', title: 'Databases',
    columns: [column('database', 'Database', 'count'), column('keys', 'Keys', 'count'), column('withoutTtl', 'Without a time to live', 'count'), column('averageTtl', 'Average time to live', 'seconds')],
    rows: databases.map(({ index, keys, expires, averageTtl }) => ({ database: index, keys, withoutTtl: keys - expires, averageTtl: averageTtl ?? null })),
  };
  if (!sample) return [byDatabase];
  const weight = weightOf(sample, databases);
  const estimate = (value: number): number => Math.round(value * weight);
  return [byDatabase, {
    name: 'patterns', title: sample.complete ? 'Keys by pattern' : `Keys by pattern, estimated from ${plural(sample.measured, 'key')}`,
    columns: [
      column('pattern', 'Pattern'), column('keys', 'Keys', 'count'), column('withoutTtl', 'Without a time to live', 'count'), column('minTtl', 'Shortest', 'seconds'),
      column('averageTtl', 'Average', 'seconds'), column('maxTtl', 'Longest', 'seconds'), column('bytes', 'Memory', 'bytes'), column('largest', 'Largest key', 'bytes'),
    ],
    rows: sample.patterns.slice(0, LISTED_PATTERNS).map(({ pattern, keys, withoutTtl, ttl, bytes, largest }) => ({
      pattern, keys: estimate(keys), withoutTtl: estimate(withoutTtl), minTtl: ttl?.min ?? null, averageTtl: ttl ? Math.round(ttl.average) : null, maxTtl: ttl?.max ?? null,
      bytes: bytes === undefined ? null : estimate(bytes), largest: largest ?? null,
    })),
  }];
}

/** The hit ratio, of the time between two looks where there were two, with what the counters say of its cause. */
function judgeHits({ info, previous }: RedisFacts, thresholds: Thresholds): Finding[] {
  const counted = (previous && hitsOf(info, previous.info)) ?? hitsOf(info);
  if (!counted || counted.hits + counted.misses < thresholds.redisMinimumReads) return [];
  const { hits, misses, evicted, expired } = counted;
  const percent = percentOf(hits, hits + misses) ?? 100;
  if (percent >= thresholds.redisHitPercent) return [];
  // A key that went away before its time is missed at most once for each reader; what has not gone away was never there.
  const cause = evicted >= misses / 2
    ? 'Keys were evicted about as often as they were missed: the memory is too small for what is cached. Raise maxmemory, or cache less and shorter.'
    : expired >= misses / 2
      ? 'Keys expired about as often as they were missed: they are asked for again after their time. Give data that seldom changes a longer time to live.'
      : 'Few keys expired or were evicted: most misses are for keys that were not written, or deleted by the application. Look at what invalidates them, and keep the answer "there is none" too.';
  return [{
    id: 'redis-hit-ratio', severity: 'warning', subject: 'keyspace',
    message: `${renderPercent(percent)} of ${renderNumber(hits + misses)} reads found their key, below ${renderPercent(thresholds.redisHitPercent)}.`,
    evidence: { hits, misses, evicted, expired, hitPercent: percent }, recommendation: cause,
  }];
}

const evictsAll = (policy: string | undefined): boolean => policy?.startsWith('allkeys-') === true;

function judgeMemory(info: RedisInfo, databases: readonly RedisDatabase[], thresholds: Thresholds): Finding[] {
  const used = numberOf(info, 'used_memory');
  const limit = numberOf(info, 'maxmemory');
  if (used === undefined || limit === undefined) return [];
  const policy = info.get('maxmemory_policy');
  const keys = databases.reduce((sum, database) => sum + database.keys, 0);
  const expires = databases.reduce((sum, database) => sum + database.expires, 0);
  const findings: Finding[] = [];
  const evidence = { usedMemory: used, maxMemory: limit, policy: policy ?? null, keys, keysWithTtl: expires };
  const system = numberOf(info, 'total_system_memory') ?? 0;
  if (limit === 0) {
    const share = percentOf(used, system);
    const full = share !== null && share > thresholds.redisMemoryWarning;
    if (keys > 0) {
      findings.push({
        id: 'redis-no-memory-limit', severity: full ? 'critical' : 'info', subject: 'maxmemory', evidence: { ...evidence, systemMemory: system },
        message: `maxmemory is not set: ${renderBytes(used)} are used${share === null ? '' : ` (${renderPercent(share)} of the machine's memory)`}, and nothing stops it from growing until the system ends the process.`,
        recommendation: 'Set maxmemory below what the machine or container has (leave room for copies while it saves) and, for a cache, a policy that evicts.',
      });
    }
    return findings;
  }
  const percent = percentOf(used, limit) ?? 0;
  // What only evicts keys with a time to live evicts nothing where none has one.
  const refuses = policy === 'noeviction' || (policy?.startsWith('volatile-') === true && expires === 0 && keys > 0);
  if (refuses && percent > thresholds.redisMemoryWarning) {
    const critical = percent > thresholds.redisMemoryCritical;
    findings.push({
      id: 'redis-memory-full', severity: critical ? 'critical' : 'warning', subject: 'maxmemory', evidence: { ...evidence, usedPercent: percent },
      message: `${renderPercent(percent)} of maxmemory (${renderBytes(limit)}) is used and ${policy === 'noeviction' ? 'the policy is noeviction' : `no key has a time to live, so ${policy} finds none to evict`}: at 100 % writes are refused.`,
      recommendation: 'Raise maxmemory; where every key may be lost, as in a cache, choose a policy that evicts any (CONFIG SET maxmemory-policy allkeys-lru).',
    });
  } else if (policy === 'noeviction' && keys > thresholds.redisKeysWithoutTtl && expires >= keys / 2) {
    findings.push({
      id: 'redis-policy', severity: 'warning', subject: 'maxmemory-policy', evidence,
      message: `${renderPercent(percentOf(expires, keys) ?? 0)} of the keys have a time to live, as in a cache, but the policy is noeviction: when maxmemory is reached, writes are refused instead of old keys evicted.`,
      recommendation: 'A server that is only a cache should evict. Where it also holds queues or locks, keep them on another server: a policy holds for all keys of one. For a cache alone: CONFIG SET maxmemory-policy allkeys-lru.',
    });
  }
  return [...findings, ...judgeFragmentation(info, used, thresholds)];
}

function judgeFragmentation(info: RedisInfo, used: number, thresholds: Thresholds): Finding[] {
  const resident = numberOf(info, 'used_memory_rss');
  const ratio = numberOf(info, 'mem_fragmentation_ratio');
  if (resident === undefined || ratio === undefined || used < LITTLE_MEMORY) return [];
  const evidence = { usedMemory: used, residentMemory: resident, fragmentationRatio: ratio };
  if (ratio < 1 && used - resident > LITTLE_MEMORY) {
    return [{
      id: 'redis-swapped', severity: 'critical', subject: 'memory', evidence, message: `${renderBytes(used)} are used but only ${renderBytes(resident)} are resident: part of the data has been swapped out, and each touch of it waits for the disk.`,
      recommendation: 'Give the machine more memory or lower maxmemory.',
    }];
  }
  if (ratio < thresholds.redisFragmentation || resident - used < LITTLE_MEMORY) return [];
  return [{
    id: 'redis-fragmentation', severity: 'warning', subject: 'memory', evidence, message: `${renderBytes(resident)} are taken from the system for ${renderBytes(used)} of data (${renderNumber(ratio)} times): memory is fragmented.`,
    recommendation: 'Active defragmentation gives it back where the server was built with jemalloc; a restart does always.', statement: 'CONFIG SET activedefrag yes',
  }];
}

/** Keys that stay for ever, by pattern: only where most keys expire, so that staying is the exception. */
function judgeLifetimes({ info, sample }: RedisFacts, databases: readonly RedisDatabase[], thresholds: Thresholds): Finding[] {
  if (!sample) return [];
  const weight = weightOf(sample, databases);
  const findings: Finding[] = [];
  const anyExpires = databases.some(({ expires }) => expires > 0);
  const bounded = (numberOf(info, 'maxmemory') ?? 0) > 0 && evictsAll(info.get('maxmemory_policy'));
  for (const { pattern, keys, withoutTtl, bytes, largest } of sample.patterns) {
    const forever = Math.round(withoutTtl * weight);
    const evidence = { pattern, keys: Math.round(keys * weight), withoutTtl: forever, bytes: bytes === undefined ? null : Math.round(bytes * weight), measured: keys };
    if (anyExpires && forever > thresholds.redisKeysWithoutTtl) {
      findings.push({
        id: 'redis-keys-without-ttl', severity: bounded ? 'info' : 'warning', subject: pattern, evidence,
        message: `${sample.complete ? '' : 'About '}${renderNumber(forever)} of ${plural(Math.round(keys * weight), 'key')} ${pattern} have no time to live${bounded ? '; only eviction removes them' : ': they stay until something deletes them'}.`,
        recommendation: withoutTtl < keys ? 'Find the write that leaves it out: SET without EX or PX also takes the time to live away from a key that had one (KEEPTTL keeps it).' : 'If they are a cache, write them with a time to live (SET … EX, or EXPIRE). If they are data, keep them where nothing may evict them.',
      });
    }
    if ((largest ?? 0) > thresholds.redisLargeKeyMegabytes * MEGABYTE) {
      findings.push({
        id: 'redis-large-key', severity: 'warning', subject: pattern, evidence: { ...evidence, largest: largest ?? null }, message: `A key ${pattern} takes ${renderBytes(largest ?? 0)}: while it is read whole, copied or deleted every other client waits.`,
        recommendation: 'Split it; delete it with UNLINK, which frees it in the background.',
      });
    }
  }
  return findings;
}

function judgeClients(info: RedisInfo, thresholds: Thresholds): Finding[] {
  const clients = numberOf(info, 'connected_clients');
  const limit = numberOf(info, 'maxclients');
  const rejected = numberOf(info, 'rejected_connections') ?? 0;
  const findings: Finding[] = [];
  const percent = clients === undefined || limit === undefined ? null : percentOf(clients, limit);
  if (percent !== null && percent > thresholds.poolWarning) {
    findings.push({
      id: 'redis-clients', severity: percent > thresholds.poolCritical ? 'critical' : 'warning', subject: 'maxclients', evidence: { clients: clients ?? null, maxClients: limit ?? null },
      message: `${renderPercent(percent)} of maxclients (${renderNumber(limit ?? 0)}) is in use.`, recommendation: 'Share connections: one client object for each process, not one for each request.',
    });
  }
  if (rejected > 0) findings.push({ id: 'redis-rejected-connections', severity: 'warning', subject: 'maxclients', evidence: { rejected }, message: `${plural(rejected, 'connection was', 'connections were')} rejected since the server started because maxclients was reached.` });
  return findings;
}

/** KEYS walks the whole keyspace while everybody waits. */
function judgeCommands(info: RedisInfo): Finding[] {
  const keys = commandOf(info, 'keys');
  if (!keys || keys.calls === 0) return [];
  const mean = keys.microseconds / keys.calls / 1_000_000;
  const slow = mean >= 0.01;
  return [{
    id: 'redis-keys-command', severity: slow ? 'warning' : 'info', subject: 'KEYS', evidence: { calls: keys.calls, meanSeconds: mean },
    message: `KEYS was called ${plural(keys.calls, 'time')}${mean >= 0.001 ? `, ${renderSeconds(mean)} each` : ''}; every other client waited meanwhile.`, recommendation: 'Walk with SCAN, or keep the names that belong together in a set.',
  }];
}

function judgeDurability(info: RedisInfo): Finding[] {
  const findings: Finding[] = [];
  const failed = (name: string, what: string): void => {
    if (info.get(name) === 'err') findings.push({ id: 'redis-persistence', severity: 'critical', subject: name, evidence: { [name]: 'err' }, message: `${what} failed; unless configured otherwise the server refuses writes until it succeeds.`, recommendation: "Look into the server's log and at the space left on its disk." });
  };
  failed('rdb_last_bgsave_status', 'The last snapshot (BGSAVE)');
  failed('aof_last_write_status', 'The last write of the append-only file');
  if (info.get('role') === 'slave' && info.get('master_link_status') === 'down') {
    const seconds = numberOf(info, 'master_link_down_since_seconds');
    findings.push({ id: 'redis-replication', severity: 'critical', subject: 'replica', evidence: { downSeconds: seconds ?? null }, message: `This replica has had no connection to its primary${seconds === undefined || seconds < 0 ? '' : ` for ${renderSeconds(seconds)}`}: what it answers is old.` });
  }
  return findings satisfies readonly Omit<HealthFinding, 'check'>[];
}

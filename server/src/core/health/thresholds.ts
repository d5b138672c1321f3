/** A limit of the health checks. Percentages are 0 to 100. */
export interface ThresholdSpec {
  readonly default: number;
  readonly description: string;
}

/** Every limit with its default; names are those of the configuration (`health.thresholds`) and of `--threshold`. */
export const THRESHOLDS = {
  poolWarning: { default: 80, description: 'Percent of the pool (or of max_connections) in use: warning.' },
  poolCritical: { default: 90, description: 'Percent of the pool (or of max_connections) in use: critical.' },
  idleInTransaction: { default: 3, description: 'More sessions idle in a transaction than this: warning.' },
  idleInTransactionSeconds: { default: 60, description: 'A transaction idle for longer than this is named by itself.' },
  longQuerySeconds: { default: 30, description: 'A query that runs longer than this: warning.' },
  slowQuerySeconds: { default: 5, description: 'A query that runs longer than this: told.' },
  lockWaitSeconds: { default: 1, description: 'A session that waits for a lock longer than this: warning.' },
  lockWaitCriticalSeconds: { default: 60, description: 'A session that waits for a lock longer than this: critical.' },
  unusedIndexScans: { default: 0, description: 'An index with at most so many scans counts as unused.' },
  unusedIndexDays: { default: 7, description: 'Days that counters must have run before an index is called unused.' },
  indexSizeReviewMegabytes: { default: 100, description: 'Indexes above this size are listed for review.' },
  bloatPercent: { default: 50, description: 'Estimated share of a table or index that is free or dead: warning.' },
  bloatMegabytes: { default: 20, description: 'Bloat below this is not told.' },
  sequentialScanRows: { default: 10_000, description: 'Rows read per sequential scan above which an index may be missing.' },
  deadRowsPercent: { default: 20, description: 'Dead rows of all rows of a table: warning.' },
  deadRowsMinimum: { default: 1000, description: 'Fewer dead rows than this are not told.' },
  staleStatisticsPercent: { default: 20, description: 'Rows changed since the last ANALYZE, of all rows: warning.' },
  largeTableRows: { default: 10_000_000, description: 'Rows above which autovacuum should have a scale factor of its own.' },
  freezeAgePercent: { default: 40, description: 'Age of the oldest transaction ID, in percent of the 2 billion there are: warning.' },
  freezeAgeCritical: { default: 75, description: 'The same: critical.' },
  cacheHitPercent: { default: 95, description: 'Blocks found in shared buffers below this share: warning.' },
  cacheMinimumBlocks: { default: 10_000, description: 'Fewer block accesses than this say nothing about the cache.' },
  replicationLagBytes: { default: 10 * 1024 * 1024, description: 'WAL that a standby has not replayed: warning.' },
  replicationLagSeconds: { default: 60, description: 'Age of the last transaction replayed on a standby: warning.' },
  slotRetainedMegabytes: { default: 1024, description: 'WAL kept for a replication slot: warning.' },
  temporaryMegabytesPerHour: { default: 1024, description: 'Written to temporary files in an hour: warning.' },
  partitionsAhead: { default: 3, description: 'Periods for which partitions should exist ahead of now.' },
  partitionRetentionDays: { default: 0, description: 'Partitions that ended before so many days are told, with how to archive them; 0: never.' },
  sequencePercent: { default: 70, description: 'Share of a sequence that is used up: warning.' },
  sequenceCritical: { default: 90, description: 'The same: critical.' },
  statementSharePercent: { default: 10, description: "A statement with this share of the database's time is named." },
  statementMeanMilliseconds: { default: 1000, description: 'A statement with a mean time above this: warning.' },
  redisHitPercent: { default: 70, description: 'Reads of Redis that found their key, below this share: warning.' },
  redisMinimumReads: { default: 1000, description: 'Fewer reads of Redis than this say nothing about its hit ratio.' },
  redisMemoryWarning: { default: 80, description: 'Percent of maxmemory used where nothing can be evicted: warning.' },
  redisMemoryCritical: { default: 90, description: 'The same: critical.' },
  redisKeysWithoutTtl: { default: 1000, description: 'Keys of one pattern without a time to live: warning.' },
  redisLargeKeyMegabytes: { default: 10, description: 'A key of Redis that takes more memory than this: warning.' },
  redisFragmentation: { default: 1.5, description: 'Resident over used memory of Redis: warning.' },
  poolerWaitSeconds: { default: 1, description: 'A client that waits in PgBouncer for a server connection longer than this: warning.' },
  poolerWaitCriticalSeconds: { default: 10, description: 'The same: critical.' },
} as const satisfies Readonly<Record<string, ThresholdSpec>>;

export type ThresholdName = keyof typeof THRESHOLDS;
export type Thresholds = Readonly<Record<ThresholdName, number>>;

export const isThresholdName = (name: string): name is ThresholdName => Object.hasOwn(THRESHOLDS, name);

/** The defaults with what a configuration and flags set; names that are none are left out. */
export function toThresholds(...layers: readonly (Readonly<Record<string, number>> | undefined)[]): Thresholds {
  const chosen = Object.fromEntries(Object.entries(THRESHOLDS).map(([name, spec]) => [name, spec.default])) as Record<ThresholdName, number>;
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer ?? {})) if (isThresholdName(name) && Number.isFinite(value)) chosen[name] = value;
  }
  return chosen;
}

import type { MetricFamily, Sample } from './exposition';
import { figureOf, tableOf, type HealthCheck, type HealthReport, type HealthValue } from './model';
import { isPartial } from './unreachable';

type Labels = Readonly<Record<string, string>>;

/** One metric: where its values stand in a report. */
interface MetricSpec {
  /** Behind the prefix. */
  readonly name: string;
  readonly help: string;
  readonly type?: MetricFamily['type'];
  readonly check: string;
  read(check: HealthCheck, report: Pick<HealthReport, 'takenAt'>): readonly Sample[];
}

const PREFIX = 'sargable_';
/** Rows of a list that become samples: every label value is a time series of its own. */
const MOST_SERIES = 200;

const asNumber = (value: HealthValue | undefined): number | undefined => (typeof value === 'number' ? value : typeof value === 'boolean' ? Number(value) : undefined);
const ratio = (percent: number): number => percent / 100;

/** A figure as one sample; none where the check does not know it. */
const figure = (name: string, scale: (value: number) => number = (value) => value, labels?: Labels) => (check: HealthCheck): readonly Sample[] => {
  const value = asNumber(figureOf(check, name));
  return value === undefined ? [] : [{ value: scale(value), ...(labels ? { labels } : {}) }];
};

/** A column of a list, one sample a row; `labels`: names of the metric by columns. */
const rows = (table: string, column: string, labels: Labels, scale: (value: number) => number = (value) => value) => (check: HealthCheck): readonly Sample[] =>
  (tableOf(check, table)?.rows ?? []).slice(0, MOST_SERIES).flatMap((row): Sample[] => {
    const value = asNumber(row[column]);
    return value === undefined ? [] : [{ value: scale(value), labels: Object.fromEntries(Object.entries(labels).map(([label, from]) => [label, String(row[from] ?? '')])) }];
  });

/** Seconds since the time in a column of a list, by the server's clock. */
const ages = (table: string, column: string, labels: Labels): MetricSpec['read'] => (check, { takenAt }) => {
  const times = tableOf(check, table)?.rows.map((row) => ({ ...row, [column]: typeof row[column] === 'string' ? Math.max(0, (Date.parse(takenAt) - Date.parse(row[column])) / 1000) : null }));
  const found = tableOf(check, table);
  return found && times ? rows(table, column, labels)({ ...check, tables: [{ ...found, rows: times }] }) : [];
};

/** Several figures as one metric, told apart by a label. */
const byLabel = (label: string, figures: Labels) => (check: HealthCheck): readonly Sample[] => Object.entries(figures).flatMap(([name, value]) => figure(name, undefined, { [label]: value })(check));

const SPECS: readonly MetricSpec[] = [
  { check: 'connections', name: 'pg_connections', help: 'Client sessions of this database by what they do.', read: byLabel('state', { active: 'active', idle: 'idle', idleInTransaction: 'idle_in_transaction' }) },
  { check: 'connections', name: 'pg_server_connections', help: 'Client sessions of the whole cluster.', read: figure('total') },
  { check: 'connections', name: 'pg_connections_max', help: 'The setting max_connections.', read: figure('maxConnections') },
  { check: 'connections', name: 'pg_connections_utilization_ratio', help: 'Client sessions of what max_connections leaves to ordinary roles.', read: figure('utilisation', ratio) },
  { check: 'connections', name: 'pg_long_running_queries', help: 'Statements that run longer than the limit longQuerySeconds.', read: figure('longRunning') },
  { check: 'connections', name: 'pg_oldest_idle_in_transaction_seconds', help: 'Age of the oldest idle transaction.', read: figure('oldestIdleInTransaction') },
  { check: 'connections', name: 'pg_pool_size_configured', help: "Connections of the application's pools, as configured.", read: figure('poolSize') },
  { check: 'connections', name: 'pg_pool_max_overflow_configured', help: 'Connections beyond the pool size that are allowed, as configured.', read: figure('maxOverflow') },
  { check: 'connections', name: 'pg_pool_overflow', help: 'Connections in use beyond the pool size.', read: figure('overflow') },
  { check: 'connections', name: 'pg_pool_utilization_ratio', help: 'Sessions of this database of pool size and overflow together.', read: figure('poolUtilisation', ratio) },
  { check: 'locks', name: 'pg_lock_waiting', help: 'Sessions that wait for a lock.', read: figure('waiting') },
  { check: 'locks', name: 'pg_lock_longest_wait_seconds', help: 'How long the first of them has waited.', read: figure('longestWait') },
  { check: 'locks', name: 'pg_deadlocks_total', type: 'counter', help: 'Deadlocks counted in this database.', read: figure('deadlocks') },
  { check: 'cache', name: 'pg_cache_hit_ratio', help: 'Blocks found in shared buffers.', read: figure('hitRatio', ratio) },
  { check: 'cache', name: 'pg_cache_table_hit_ratio', help: 'Blocks of tables found in shared buffers.', read: figure('tableHitRatio', ratio) },
  { check: 'cache', name: 'pg_cache_index_hit_ratio', help: 'Blocks of indexes found in shared buffers.', read: figure('indexHitRatio', ratio) },
  { check: 'tables', name: 'pg_table_dead_tuples', help: 'Dead rows of a table.', read: rows('tables', 'dead', { table: 'table' }) },
  { check: 'tables', name: 'pg_table_rows', help: 'Rows of a table, estimated by the server.', read: rows('tables', 'rows', { table: 'table' }) },
  { check: 'tables', name: 'pg_table_size_bytes', help: 'Size of a table with its indexes.', read: rows('tables', 'totalBytes', { table: 'table' }) },
  { check: 'tables', name: 'pg_table_last_analyze_age_seconds', help: 'Age of the statistics of a table.', read: ages('tables', 'lastAnalyze', { table: 'table' }) },
  { check: 'tables', name: 'pg_xid_age', help: 'Age of the oldest transaction ID of this database.', read: figure('xidAge') },
  { check: 'tables', name: 'pg_xid_used_ratio', help: 'How much of the transaction IDs is used up.', read: figure('xidPercent', ratio) },
  { check: 'indexes', name: 'pg_indexes', help: 'Indexes by what is to be said of them.', read: byLabel('state', { indexes: 'all', unused: 'unused', duplicates: 'duplicate', redundant: 'redundant', invalid: 'invalid', bloated: 'bloated' }) },
  { check: 'indexes', name: 'pg_indexes_missing', help: 'Indexes that seem to be missing.', read: figure('missing') },
  { check: 'indexes', name: 'pg_indexes_size_bytes', help: 'Size of all indexes.', read: figure('bytes') },
  { check: 'replication', name: 'pg_replication_replay_lag_bytes', help: 'WAL that a replica has not replayed.', read: rows('replicas', 'behind', { application: 'application', address: 'address' }) },
  { check: 'replication', name: 'pg_replication_replay_lag_seconds', help: 'Replay lag of a replica.', read: rows('replicas', 'seconds', { application: 'application', address: 'address' }) },
  { check: 'replication', name: 'pg_replication_slot_retained_bytes', help: 'WAL kept for a replication slot.', read: rows('slots', 'retained', { slot: 'name' }) },
  { check: 'replication', name: 'pg_standby', help: 'Whether this server is a standby.', read: figure('standby') },
  { check: 'statements', name: 'pg_statements_time_seconds', help: 'Time of all statements in pg_stat_statements that are kept now.', read: figure('totalMs', (value) => value / 1000) },
  { check: 'partitions', name: 'pg_partitions_missing', help: 'Partitions that are missing for now and the periods ahead.', read: figure('missing') },
  { check: 'partitions', name: 'pg_default_partition_rows', help: 'Rows in default partitions.', read: figure('rowsInDefault') },
  { check: 'disk', name: 'pg_database_size_bytes', help: 'Size of this database.', read: figure('database') },
  { check: 'disk', name: 'pg_wal_size_bytes', help: 'Size of pg_wal.', read: figure('wal') },
  { check: 'disk', name: 'pg_temporary_files_bytes_total', type: 'counter', help: 'Bytes written to temporary files.', read: figure('temporaryBytes') },
  { check: 'settings', name: 'pg_checkpoints_timed_total', type: 'counter', help: 'Checkpoints that came by time.', read: figure('checkpointsTimed') },
  { check: 'settings', name: 'pg_checkpoints_requested_total', type: 'counter', help: 'Checkpoints that came because WAL was full, or by request.', read: figure('checkpointsRequested') },
  { check: 'sequences', name: 'pg_sequence_used_ratio', help: 'How much of a sequence is used up.', read: rows('sequences', 'used', { sequence: 'sequence' }, ratio) },

  { check: 'redis', name: 'redis_uptime_seconds', help: 'Seconds since the server started; the counters run as long.', read: figure('uptimeSeconds') },
  { check: 'redis', name: 'redis_hit_ratio', help: 'Reads that found their key, since the counters run.', read: figure('hitPercent', ratio) },
  { check: 'redis', name: 'redis_keyspace_hits_total', type: 'counter', help: 'Reads that found their key.', read: figure('hits') },
  { check: 'redis', name: 'redis_keyspace_misses_total', type: 'counter', help: 'Reads that did not.', read: figure('misses') },
  { check: 'redis', name: 'redis_evicted_keys_total', type: 'counter', help: 'Keys evicted because maxmemory was reached.', read: figure('evictedKeys') },
  { check: 'redis', name: 'redis_expired_keys_total', type: 'counter', help: 'Keys whose time to live was over.', read: figure('expiredKeys') },
  { check: 'redis', name: 'redis_rejected_connections_total', type: 'counter', help: 'Connections rejected because maxclients was reached.', read: figure('rejectedConnections') },
  { check: 'redis', name: 'redis_keys', help: 'Keys by database number.', read: rows('databases', 'keys', { db: 'database' }) },
  { check: 'redis', name: 'redis_keys_without_ttl', help: 'Keys without a time to live by database number.', read: rows('databases', 'withoutTtl', { db: 'database' }) },
  { check: 'redis', name: 'redis_pattern_keys', help: 'Keys by pattern, estimated from a sample.', read: rows('patterns', 'keys', { pattern: 'pattern' }) },
  { check: 'redis', name: 'redis_pattern_keys_without_ttl', help: 'Keys without a time to live by pattern, estimated from a sample.', read: rows('patterns', 'withoutTtl', { pattern: 'pattern' }) },
  { check: 'redis', name: 'redis_pattern_memory_bytes', help: 'Memory of the keys of a pattern, estimated from a sample.', read: rows('patterns', 'bytes', { pattern: 'pattern' }) },
  { check: 'redis', name: 'redis_memory_used_bytes', help: 'Memory used by data and buffers.', read: figure('usedMemory') },
  { check: 'redis', name: 'redis_memory_max_bytes', help: 'The setting maxmemory, where it is set.', read: figure('maxMemory') },
  { check: 'redis', name: 'redis_memory_fragmentation_ratio', help: 'Resident over used memory.', read: figure('fragmentationRatio') },
  { check: 'redis', name: 'redis_connected_clients', help: 'Clients connected.', read: figure('connectedClients') },
  { check: 'redis', name: 'redis_blocked_clients', help: 'Clients that wait in a blocking command.', read: figure('blockedClients') },

  { check: 'pgbouncer', name: 'pgbouncer_pool_clients', help: 'Clients of a pool: active ones are served or idle, the others wait for a server connection.', read: (check) => [...withLabel(rows('pools', 'clientsActive', { datname: 'database', user: 'user' })(check), 'state', 'active'), ...withLabel(rows('pools', 'clientsWaiting', { datname: 'database', user: 'user' })(check), 'state', 'waiting')] },
  { check: 'pgbouncer', name: 'pgbouncer_pool_servers', help: 'Server connections of a pool by whether a client uses them.', read: (check) => [...withLabel(rows('pools', 'serversActive', { datname: 'database', user: 'user' })(check), 'state', 'active'), ...withLabel(rows('pools', 'serversIdle', { datname: 'database', user: 'user' })(check), 'state', 'idle')] },
  { check: 'pgbouncer', name: 'pgbouncer_pool_size', help: 'Server connections that a pool may open.', read: rows('pools', 'poolSize', { datname: 'database', user: 'user' }) },
  { check: 'pgbouncer', name: 'pgbouncer_pool_utilization_ratio', help: 'Server connections at work of the pool size.', read: rows('pools', 'usedPercent', { datname: 'database', user: 'user' }, ratio) },
  { check: 'pgbouncer', name: 'pgbouncer_pool_wait_seconds', help: 'How long the first client in the queue has waited.', read: rows('pools', 'waitSeconds', { datname: 'database', user: 'user' }) },
  { check: 'pgbouncer', name: 'pgbouncer_transactions_total', type: 'counter', help: 'Transactions pooled.', read: rows('traffic', 'transactions', { datname: 'database' }) },
  { check: 'pgbouncer', name: 'pgbouncer_queries_total', type: 'counter', help: 'Queries pooled.', read: rows('traffic', 'queries', { datname: 'database' }) },
  { check: 'pgbouncer', name: 'pgbouncer_wait_seconds_total', type: 'counter', help: 'Time that clients waited for a server connection.', read: rows('traffic', 'totalWaitSeconds', { datname: 'database' }) },
  { check: 'pgbouncer', name: 'pgbouncer_clients', help: 'Clients connected.', read: figure('clients') },
  { check: 'pgbouncer', name: 'pgbouncer_clients_max', help: 'The setting max_client_conn.', read: figure('maxClients') },
];

const withLabel = (samples: readonly Sample[], name: string, value: string): readonly Sample[] => samples.map((sample) => ({ ...sample, labels: { ...sample.labels, [name]: value } }));

/** What is known without a report: the last look failed, or there was none. */
export const toUnreachable = (): readonly MetricFamily[] => [up(0)];

const up = (value: 0 | 1): MetricFamily => ({ name: `${PREFIX}health_up`, type: 'gauge', help: 'Whether the last look reached all servers.', samples: [{ value }] });

/**
 * A report as metrics. Metrics of Postgres carry the database's name. No text of a query and no message of a finding becomes a
 * label. Keys of Redis are labelled by their patterns; a key without a value in its name (`queue`) is its own pattern.
 */
export function toMetrics(report: HealthReport): readonly MetricFamily[] {
  const { checks, server } = report;
  const families = SPECS.map(({ name, help, type = 'gauge', check: wanted, read }): MetricFamily => {
    const samples = checks.filter((check) => check.name === wanted).flatMap((check) => read(check, report));
    return { name: PREFIX + name, type, help, samples: server && name.startsWith('pg_') ? withLabel(samples, 'database', server.database) : samples };
  });
  const each = (value: (check: HealthCheck) => number): readonly Sample[] => checks.map((check) => ({ labels: { check: check.name }, value: value(check) }));
  return [
    ...families,
    {
      name: `${PREFIX}health_findings`, type: 'gauge', help: 'Findings of a check by severity.',
      samples: checks.flatMap((check) => (['critical', 'warning', 'info'] as const).map((severity) => ({ labels: { check: check.name, severity }, value: check.findings.filter((finding) => finding.severity === severity).length }))),
    },
    { name: `${PREFIX}health_not_seen`, type: 'gauge', help: 'Things that a check could not see, for want of a privilege or of time.', samples: each(({ cannotSee }) => cannotSee.length) },
    { name: `${PREFIX}health_check_duration_seconds`, type: 'gauge', help: 'How long a check took.', samples: each(({ durationMs }) => durationMs / 1000) },
    { name: `${PREFIX}health_last_look_timestamp_seconds`, type: 'gauge', help: 'When the look was taken.', samples: [{ value: Math.floor(Date.parse(report.takenAt) / 1000) }].filter(({ value }) => Number.isFinite(value)) },
    up(isPartial(report) ? 0 : 1),
  ];
}

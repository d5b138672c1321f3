import type { HealthServer } from '../../core/health/model';
import { isoOf, numberOf, textOf } from '../introspectRows';
import { serverQuery, settingsQuery } from '../queries/health';
import type { DbSession } from '../session';
import { inRolledBackTransaction } from '../session';
import { healthSettings } from './probe';

/** Settings that a check judges or names. */
const SETTINGS = [
  'shared_buffers', 'effective_cache_size', 'work_mem', 'maintenance_work_mem', 'autovacuum_work_mem', 'random_page_cost', 'seq_page_cost', 'effective_io_concurrency', 'max_connections', 'superuser_reserved_connections', 'reserved_connections',
  'autovacuum', 'track_counts', 'autovacuum_max_workers', 'autovacuum_naptime', 'autovacuum_vacuum_cost_limit', 'autovacuum_vacuum_cost_delay', 'vacuum_cost_limit', 'autovacuum_vacuum_scale_factor', 'autovacuum_vacuum_threshold', 'autovacuum_analyze_scale_factor', 'autovacuum_analyze_threshold',
  'autovacuum_vacuum_insert_scale_factor', 'autovacuum_vacuum_insert_threshold', 'autovacuum_vacuum_max_threshold', 'autovacuum_freeze_max_age', 'autovacuum_multixact_freeze_max_age', 'statement_timeout', 'idle_in_transaction_session_timeout', 'lock_timeout', 'track_io_timing', 'default_statistics_target',
  'log_min_duration_statement', 'log_lock_waits', 'log_autovacuum_min_duration', 'deadlock_timeout', 'jit', 'fsync', 'full_page_writes', 'synchronous_commit', 'wal_level', 'max_wal_size', 'checkpoint_timeout', 'checkpoint_completion_target', 'wal_compression', 'max_slot_wal_keep_size', 'hot_standby_feedback', 'max_parallel_workers_per_gather', 'huge_pages', 'temp_file_limit', 'shared_preload_libraries',
];

/** Rejects with `DatabaseError`. */
export const readServer = (session: DbSession): Promise<HealthServer> =>
  session.withConnection((connection) => inRolledBackTransaction(connection, {}, async (): Promise<HealthServer> => {
    const settings = await connection.query(settingsQuery, [SETTINGS]);
    await connection.query(healthSettings);
    const [row = {}] = await connection.query(serverQuery);
    return {
      version: numberOf(row['version']) ?? 0, versionText: textOf(row['version_text']).split(' ')[0] ?? '', database: textOf(row['database']), user: textOf(row['user']),
      superuser: row['superuser'] === true, seesAllStatistics: row['superuser'] === true || row['statistics'] === true, standby: row['standby'] === true,
      now: isoOf(row['now']) ?? '', startedAt: isoOf(row['started_at']) ?? '', statsReset: isoOf(row['stats_reset']) ?? null, statsSeconds: numberOf(row['stats_seconds']) ?? 0,
      blockSize: numberOf(row['block_size']) ?? 8192, replicas: numberOf(row['replicas']) ?? null,
      extensions: (row['extensions'] ?? {}) as Record<string, string>, settings: Object.fromEntries(settings.map((setting) => [textOf(setting['name']), { value: textOf(setting['value']), source: textOf(setting['source']) }])),
    };
  }));

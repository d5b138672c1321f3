import type { CheckOutcome, HealthFinding, HealthServer } from './model';
import type { Thresholds } from './thresholds';
import { column, figure, qualified, renderBytes, renderNumber, renderSeconds } from './values';

export interface DiskFacts {
  readonly databases: readonly { readonly name: string; readonly bytes: number | null }[];
  readonly tables: readonly { readonly schema: string; readonly name: string; readonly heap: number; readonly toast: number; readonly indexes: number; readonly total: number }[];
  readonly wal?: { readonly files: number; readonly bytes: number };
  /** Since the counters run. */
  readonly temporary: { readonly files: number; readonly bytes: number };
  /** Bytes; of the setting max_wal_size. */
  readonly maxWal?: number;
}

/** Sizes. How much room is left on the disk, the server does not say. */
export function judgeDisk(facts: DiskFacts, server: Pick<HealthServer, 'database' | 'statsSeconds' | 'settings'>, limits: Thresholds): CheckOutcome {
  const own = facts.databases.find(({ name }) => name === server.database)?.bytes ?? null;
  const perHour = (facts.temporary.bytes * 3600) / Math.max(server.statsSeconds, 3600);
  const findings: Omit<HealthFinding, 'check'>[] = [];
  if (facts.wal && facts.maxWal !== undefined && facts.wal.bytes > 2 * facts.maxWal) {
    findings.push({
      id: 'wal-size', severity: 'warning', subject: 'pg_wal', message: `pg_wal holds ${renderBytes(facts.wal.bytes)}, more than twice max_wal_size (${renderBytes(facts.maxWal)}).`, evidence: { bytes: facts.wal.bytes, files: facts.wal.files, maxWalSize: facts.maxWal },
      recommendation: 'Something keeps it: a replication slot (the check replication), a failing archive_command (pg_stat_archiver), or wal_keep_size.', statement: 'SELECT failed_count, last_failed_wal, last_failed_time FROM pg_stat_archiver;',
    });
  }
  if (perHour > limits.temporaryMegabytesPerHour * 1024 * 1024) {
    findings.push({
      id: 'temporary-files', severity: 'warning', subject: server.database, message: `Sorts and hashes wrote ${renderBytes(facts.temporary.bytes)} to ${renderNumber(facts.temporary.files)} temporary files in ${renderSeconds(server.statsSeconds)}.`, evidence: { bytes: facts.temporary.bytes, files: facts.temporary.files, bytesPerHour: Math.round(perHour) },
      recommendation: `work_mem (${server.settings['work_mem']?.value ?? 'unknown'}) is too small for some queries; raise it for their role or session rather than for the server: each sort of each session may take it. The log then names the queries:`, statement: "ALTER SYSTEM SET log_temp_files = '10MB'; SELECT pg_reload_conf();",
    });
  }
  return {
    figures: [
      figure('database', server.database, 'bytes', own), figure('databases', 'All databases', 'bytes', facts.databases.some(({ bytes }) => bytes === null) ? null : facts.databases.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)),
      figure('wal', 'pg_wal', 'bytes', facts.wal?.bytes), figure('temporaryBytes', 'Temporary files written', 'bytes', facts.temporary.bytes), figure('tables', 'Tables', 'count', facts.tables.length),
    ],
    tables: [
      { name: 'tables', title: 'Largest tables', columns: [column('table', 'Table'), column('total', 'Total', 'bytes'), column('heap', 'Rows', 'bytes'), column('toast', 'TOAST', 'bytes'), column('indexes', 'Indexes', 'bytes')], rows: facts.tables.map((t) => ({ table: qualified(t.schema, t.name), total: t.total, heap: t.heap, toast: t.toast, indexes: t.indexes })) },
      { name: 'databases', title: 'Databases', columns: [column('name', 'Database'), column('bytes', 'Size', 'bytes')], rows: facts.databases.map((d) => ({ ...d })) },
    ],
    findings,
  };
}

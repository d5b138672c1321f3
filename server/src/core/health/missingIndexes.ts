import { quoteIdentifier } from '../sql/names';
import type { HealthFinding, HealthServer } from './model';
import type { Thresholds } from './thresholds';
import { plural, qualified, renderNumber, renderSeconds } from './values';

/** Whole reads of a table since the counters run. */
export interface SequentialScans {
  readonly schema: string;
  readonly table: string;
  readonly rows: number;
  readonly scans: number;
  readonly rowsRead: number;
  readonly indexScans: number;
  readonly writes: number;
}

/** A foreign key without an index that begins with its columns. */
export interface UnindexedKey {
  readonly schema: string;
  readonly table: string;
  readonly constraint: string;
  readonly columns: readonly string[];
  readonly target: string;
  readonly tableRows: number;
  /** Rows deleted in the referenced table: each had this table read whole. */
  readonly deletes: number;
  readonly partitioned: boolean;
}

export interface MissingIndex {
  readonly priority: 'high' | 'medium' | 'low';
  readonly table: string;
  /** Empty: which columns is for the queries to say. */
  readonly columns: string;
  readonly reason: string;
  readonly indexName: string | null;
  readonly sql: string | null;
  readonly source: 'foreign-key' | 'sequential-scans' | 'workspace';
}

type Finding = Omit<HealthFinding, 'check'>;

/** Fewer whole scans than this are somebody looking around, or a dump. */
const FEW_SCANS = 10;
const SMALL_TABLE = 1000;

/** Foreign keys without an index, and tables that are read whole again and again. */
export function judgeMissing(facts: { readonly scans: readonly SequentialScans[]; readonly unindexedKeys: readonly UnindexedKey[] }, server: Pick<HealthServer, 'statsSeconds'>, limits: Thresholds): { readonly indexes: readonly MissingIndex[]; readonly findings: readonly Finding[] } {
  const keys = facts.unindexedKeys.filter((key) => key.tableRows >= SMALL_TABLE).sort((a, b) => b.deletes * b.tableRows - a.deletes * a.tableRows || b.tableRows - a.tableRows).map((key) => ofKey(key));
  const scanned = facts.scans.filter((s) => s.rows > limits.sequentialScanRows && s.scans >= FEW_SCANS && s.rowsRead / s.scans > limits.sequentialScanRows).map((s) => ofScans(s, server));
  const all = [...keys, ...scanned].sort((a, b) => PRIORITY[a.index.priority] - PRIORITY[b.index.priority]);
  return { indexes: all.map(({ index }) => index), findings: all.map(({ finding }) => finding) };
}

export const PRIORITY: Readonly<Record<MissingIndex['priority'], number>> = { high: 0, medium: 1, low: 2 };

function ofKey(key: UnindexedKey): { readonly index: MissingIndex; readonly finding: Finding } {
  const table = qualified(key.schema, key.table);
  const columns = key.columns.map(quoteIdentifier).join(', ');
  const indexName = `${[key.table, ...key.columns].join('_').slice(0, 59)}_idx`;
  // On a partitioned table CONCURRENTLY is not possible in one statement.
  const sql = `CREATE INDEX ${key.partitioned ? '' : 'CONCURRENTLY '}${quoteIdentifier(indexName)} ON ${table} (${columns});`;
  const priority = key.deletes > 0 && key.tableRows > 10_000 ? 'high' : key.deletes > 0 ? 'medium' : 'low';
  const reason = key.deletes > 0 ? `foreign key; ${plural(key.deletes, 'DELETE')} in ${key.target} read it whole` : `foreign key to ${key.target}; nothing was deleted there so far`;
  return {
    index: { priority, table, columns, reason, indexName, sql, source: 'foreign-key' },
    finding: {
      id: 'missing-index', severity: priority === 'low' ? 'info' : 'warning', subject: `${table} (${columns})`,
      message: `The foreign key ${quoteIdentifier(key.constraint)} of ${table} (about ${plural(Math.round(key.tableRows), 'row')}) has no index on (${columns})${key.deletes > 0 ? `: each of ${plural(key.deletes, 'DELETE')} in ${key.target} read the table whole` : ''}.`,
      evidence: { priority, rows: Math.round(key.tableRows), deletes: key.deletes, constraint: key.constraint, columns: key.columns },
      recommendation: `Joins from ${key.target} and its DELETEs need it.${key.partitioned ? ' On a partitioned table: create it on each partition with CONCURRENTLY first, then attach, if writes must not wait.' : ''}`, statement: sql,
    },
  };
}

function ofScans(scan: SequentialScans, { statsSeconds }: Pick<HealthServer, 'statsSeconds'>): { readonly index: MissingIndex; readonly finding: Finding } {
  const table = qualified(scan.schema, scan.table);
  const perScan = scan.rowsRead / scan.scans;
  const perHour = (scan.scans * 3600) / Math.max(statsSeconds, 60);
  const priority = perHour >= 60 && scan.scans > scan.indexScans ? 'high' : perHour >= 1 ? 'medium' : 'low';
  const reason = `${plural(scan.scans, 'whole scan')} of ${renderNumber(Math.round(perScan))} rows each in ${renderSeconds(statsSeconds)}, ${plural(scan.indexScans, 'index scan')}`;
  return {
    index: { priority, table, columns: '', reason, indexName: null, sql: null, source: 'sequential-scans' },
    finding: {
      id: 'sequential-scans', severity: priority === 'high' ? 'warning' : 'info', subject: table, message: `${table} was read whole ${plural(scan.scans, 'time')}, ${renderNumber(Math.round(perScan))} rows each time.`,
      evidence: { priority, scans: scan.scans, rowsRead: scan.rowsRead, indexScans: scan.indexScans, rows: Math.round(scan.rows), scansPerHour: Math.round(perHour * 10) / 10 },
      recommendation: 'Dumps and reports do that too. Which index is missing is for the queries to say: `sargable advise` tries indexes for those of the workspace, and the check `statements` names the slow ones.',
    },
  };
}

import { DatabaseError } from './errors';
import { statementsInfoQuery, statementsQuery, statementsStateQuery } from './queries/statements';
import type { Connection, DbSession, Row } from './session';
import { inRolledBackTransaction } from './session';

/** What the server has counted for one statement. Times in ms, blocks of 8 kB. */
export interface StatementRow {
  /** As the server prints it: constants as `$n`. */
  readonly sql: string;
  readonly calls: number;
  readonly totalMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly stddevMs: number;
  /** Rows returned or changed by all calls. */
  readonly rows: number;
  readonly blocksHit: number;
  readonly blocksRead: number;
}

/** One look at pg_stat_statements. */
export interface StatementReading {
  readonly rows: readonly StatementRow[];
  /** Time of all statements of this database, also of those that are not in `rows`. */
  readonly totalMs: number;
  /** Since when the counters run; ISO. Undefined before PostgreSQL 14. */
  readonly since?: string;
  /** What is missing and how to get it, in words for the user. Not errors: everything else works without. */
  readonly notes: readonly string[];
}

const MAX_STATEMENTS = 5000;

/**
 * Reads what the server has counted, in one read-only transaction; the view's texts stay in memory.
 * Rejects with `DatabaseError` where the database cannot be reached; a missing extension or privilege is a note.
 */
export const readStatements = (session: DbSession): Promise<StatementReading> =>
  session.withConnection((connection) => inRolledBackTransaction(connection, {}, () => readStatementsOf(connection)));

/** The same inside the caller's transaction, which an error aborts. */
export async function readStatementsOf(connection: Connection): Promise<StatementReading> {
  await connection.query(`set local statement_timeout = '10s'`);
  await connection.query(`set local lock_timeout = '500ms'`);
  const [state = {}] = await connection.query(statementsStateQuery);
  const missing = findMissing(state);
  if (missing !== undefined) return nothing(missing);
  const schema = String(state['schema']);
  try {
    const rows = await connection.query(statementsQuery(schema, state['columns'] as readonly string[]), [MAX_STATEMENTS]);
    const [info] = state['has_info'] === true ? await connection.query(statementsInfoQuery(schema)) : [];
    const since = info?.['stats_reset'];
    const totalMs = numberOf(rows[0]?.['all_ms']);
    return {
      rows: rows.filter((row) => row['hidden'] !== true).map(toStatement), totalMs,
      ...(since instanceof Date ? { since: since.toISOString() } : {}),
      notes: [...hiddenNote(numberOf(rows[0]?.['hidden_ms']), totalMs, rows), ...(state['track'] === 'none' ? [`pg_stat_statements counts nothing here: pg_stat_statements.track is 'none'.`] : [])],
    };
  } catch (error) {
    // 55000: the view is there, the library was not loaded when the server started.
    if (error instanceof DatabaseError && error.sqlState === '55000') return nothing(NOT_LOADED);
    if (error instanceof DatabaseError && error.kind === 'permission') return nothing(NOT_READABLE);
    throw error;
  }
}

const NOT_LOADED = "How often queries run is not known: pg_stat_statements is not loaded. Add it to shared_preload_libraries and restart the server.";
const NOT_READABLE = 'How often queries run is not known: this role may not read pg_stat_statements. As its owner: GRANT SELECT ON pg_stat_statements TO <role>; and GRANT pg_read_all_stats TO <role>;';

const nothing = (note: string): StatementReading => ({ rows: [], totalMs: 0, notes: [note] });

function findMissing(state: Row): string | undefined {
  if (typeof state['schema'] !== 'string' || !Array.isArray(state['columns'])) {
    return state['loaded'] === true
      ? 'How often queries run is not known: pg_stat_statements is loaded, but not installed in this database. Run: CREATE EXTENSION pg_stat_statements;'
      : 'How often queries run is not known: pg_stat_statements is not installed. Add it to shared_preload_libraries, restart the server, then run: CREATE EXTENSION pg_stat_statements;';
  }
  return state['readable'] === true ? undefined : NOT_READABLE;
}

function hiddenNote(hiddenMs: number, totalMs: number, rows: readonly Row[]): readonly string[] {
  if (!rows.some((row) => row['hidden'] === true)) return [];
  const share = totalMs > 0 ? Math.round((100 * hiddenMs) / totalMs) : 0;
  return [`Statements of other roles are hidden (${share} % of the database's time). To see them: GRANT pg_read_all_stats TO <role>;`];
}

const toStatement = (row: Row): StatementRow => ({
  sql: String(row['query']), calls: numberOf(row['calls']), totalMs: numberOf(row['total_ms']), minMs: numberOf(row['min_ms']), maxMs: numberOf(row['max_ms']),
  stddevMs: numberOf(row['stddev_ms']), rows: numberOf(row['rows']), blocksHit: numberOf(row['blocks_hit']), blocksRead: numberOf(row['blocks_read']),
});

/** The driver gives bigint as text. */
const numberOf = (value: unknown): number => Number(value ?? 0);

import type { CannotSee, CheckOutcome, HealthServer } from '../../core/health/model';
import type { Thresholds } from '../../core/health/thresholds';
import { quoteIdentifier } from '../../core/sql/names';
import { DatabaseError } from '../errors';
import type { Connection, DbSession, Row } from '../session';
import { inRolledBackTransaction } from '../session';

/** Choices of the user beside the thresholds. */
export interface HealthOptions {
  /** Of the application's pool: what utilisation is measured against besides max_connections. */
  readonly poolSize?: number;
  readonly maxOverflow?: number;
  /** Bytes of memory of the server's machine. */
  readonly memory?: number;
  /** Where the workspace sends a statement of the server's counters: `src/orders.ts:12`. */
  placesOf?(sql: string): readonly string[];
  /** Measure bloat with pgstattuple where it is installed: reads the largest tables and indexes. */
  readonly measureBloat?: boolean;
}

export interface ProbeContext {
  readonly server: HealthServer;
  readonly thresholds: Thresholds;
  readonly options: HealthOptions;
  /**
   * Rows of one of our queries. Undefined where the role lacks a privilege, a lock is in the way or the time was up: that is
   * noted, and the check goes on. `grant` goes into that note.
   */
  rows(sql: string, values?: readonly unknown[], about?: About): Promise<readonly Row[] | undefined>;
  /** Of the check's transaction, for readers that the check shares with others. An error aborts the check. */
  readonly connection: Connection;
  /** Notes something that is not seen for another reason. */
  blind(reason: string, grant?: string): void;
}

export interface About {
  readonly what?: string;
  readonly grant?: string;
  /** Called in place of a note where a lock of another session is in the way. */
  locked?(): void;
}

/** One check: reads, and has what it read interpreted by `core/health`. */
export interface Probe {
  readonly name: string;
  readonly title: string;
  read(context: ProbeContext): Promise<CheckOutcome>;
}

export type ProbeResult = CheckOutcome & { readonly cannotSee: readonly Omit<CannotSee, 'check'>[] };

const LOCKED = '55P03';
const empty: CheckOutcome = { figures: [], tables: [], findings: [] };

/** In force to the end of the transaction. Short: a health check must never be what a database suffers from. */
export const healthSettings = `select ${Object.entries({
  statement_timeout: '5s', lock_timeout: '200ms', idle_in_transaction_session_timeout: '10s', search_path: 'pg_catalog', jit: 'off', DateStyle: 'ISO, YMD', IntervalStyle: 'postgres', TimeZone: 'UTC', bytea_output: 'hex', extra_float_digits: '1',
}).map(([name, value]) => `pg_catalog.set_config('${name}', '${value}', true)`).join(', ')}`;

/**
 * Runs one check in a read-only transaction of its own, which is rolled back. What the role may not see becomes a note.
 * Rejects with `DatabaseError` only where the connection is lost.
 */
export async function runProbe(session: DbSession, probe: Probe, context: Omit<ProbeContext, 'rows' | 'blind' | 'connection'>): Promise<ProbeResult> {
  const cannotSee: Omit<CannotSee, 'check'>[] = [];
  const blind = (reason: string, grant?: string): void => {
    if (!cannotSee.some((note) => note.reason === reason)) cannotSee.push({ reason, ...(grant === undefined ? {} : { grant }) });
  };
  const outcome = await session.withConnection((connection) => inRolledBackTransaction(connection, {}, async () => {
    await connection.query(healthSettings);
    return probe.read({
      ...context, blind, connection,
      async rows(sql, values, about = {}) {
        await connection.query('savepoint sargable_health');
        try {
          const rows = await connection.query(sql, values);
          await connection.query('release savepoint sargable_health');
          return rows;
        } catch (error) {
          const reason = reasonFor(error, about.what ?? probe.title.toLowerCase());
          if (reason === undefined) throw error;
          await connection.query('rollback to savepoint sargable_health');
          if (about.locked && error instanceof DatabaseError && error.sqlState === LOCKED) about.locked();
          else blind(reason, error instanceof DatabaseError && error.kind === 'permission' ? about.grant ?? grantMonitor(context.server) : undefined);
          return undefined;
        }
      },
    });
  })).catch((error: unknown): CheckOutcome => {
    if (!(error instanceof DatabaseError) || error.kind === 'connection-lost' || error.kind === 'timeout') throw error;
    blind(error.message);
    return empty;
  });
  return { ...outcome, cannotSee };
}

/** The one grant that shows the statistics of other roles. */
export const grantMonitor = ({ user }: Pick<HealthServer, 'user'>): string => `GRANT pg_monitor TO ${quoteIdentifier(user)};`;

/** Why rows are missing, in words; undefined where the whole check has to fail. */
function reasonFor(error: unknown, what: string): string | undefined {
  if (!(error instanceof DatabaseError)) return undefined;
  if (error.kind === 'permission') return `Not seen: ${what} (${error.message}).`;
  if (error.kind === 'cancelled') return `Not seen: ${what}: the server took longer than 5 s.`;
  if (error.sqlState === LOCKED) return `Not seen: ${what}: a relation is locked by another session.`;
  if (error.kind === 'query') return `Not seen: ${what} (${error.message}).`;
  return undefined;
}

/**
 * Rows of a query that measures relations. Measuring waits for locks: where one is in the way, the sizes are those that the last
 * VACUUM or ANALYZE noted. @param make gets an
 * expression for the bytes of the relation whose OID it is given, and whether nothing may be asked that waits for locks.
 */
export async function sizedRows({ rows, blind, server }: ProbeContext, make: (size: (oid: string) => string, locked: boolean) => string): Promise<readonly Row[]> {
  let locked = false;
  const measured = await rows(make((oid) => `pg_relation_size(${oid})`, false), [], { locked: () => { locked = true; } });
  if (!locked) return measured ?? [];
  blind('Sizes as they are now, because another session has locked a relation: they are those of the last VACUUM or ANALYZE.');
  return await rows(make((oid) => `((select p.relpages from pg_class p where p.oid = ${oid})::bigint * ${server.blockSize})`, true)) ?? [];
}

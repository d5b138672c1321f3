import { isWriting, type StatementEffects } from '../core/sql/effects';
import { DatabaseError, PlanTimeCallsError } from './errors';
import { explainStatement, literal, quoteName } from './explainText';
import { collectFunctions } from './functions';
import { withHypotheticalIndexes, type Hypopg } from './hypopg';
import type { Backend, Connection, DbSession, Row } from './session';
import { readBackend } from './session';
import { collectWriteRisks, type WriteRisk } from './writeRisks';

export interface ExplainOptions {
  /**
   * What the caller's parser has proved about exactly this text. Nothing is sent without it: an unparsed text could be
   * several statements, or one that EXPLAIN executes.
   */
  readonly proof: StatementEffects;
  /** Values for `$1 …`, as text; null is NULL. Without them the plan is generic. */
  readonly parameters?: readonly (string | null)[];
  /** Types for parameters the server cannot infer (`$1 + $2`), as canonical names. */
  readonly parameterTypes?: readonly string[];
  /** Role to plan as, for row-level security. */
  readonly role?: string;
  /** Settings of the transaction, for row-level security: custom ones (`app.tenant_id`) and `search_path`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Functions (`schema.name`) that may run while the statement is planned. */
  readonly allowFunctions?: readonly string[];
  /** Milliseconds; default 2,000 for EXPLAIN, 10,000 for EXPLAIN ANALYZE. */
  readonly timeout?: number;
  /** Aborting asks the server to stop, over a second connection. */
  readonly signal?: AbortSignal;
}

export interface WhatIfOptions extends ExplainOptions {
  readonly hypopg: Hypopg;
  /** `CREATE INDEX ON public.orders USING btree (customer_id)`: names of the application's relations are quoted. */
  readonly indexes: readonly string[];
}

/** A plan with indexes that do not exist. */
export interface WhatIfResult extends ExplainResult {
  /** Names of the indexes as the plan shows them, in the order asked. */
  readonly names: readonly string[];
}

export interface AnalyzeOptions extends ExplainOptions {
  /** Allows a statement that writes; it is rolled back. Ask first, with `collectWriteRisks`. */
  readonly allowWrites?: boolean;
  /** Default true. Without timing the measurement itself costs less. */
  readonly timing?: boolean;
}

/** The first element of EXPLAIN (FORMAT JSON), for `readPlan`. */
export interface ExplainResult {
  readonly plan: unknown;
  /** Types of `$1 …` as the server inferred them. */
  readonly parameterTypes: readonly string[];
  /** Planned with NULLs in place of values, for any values. */
  readonly generic: boolean;
  /** Run-time pruning would have hidden every partition, so pruning was switched off for this plan. */
  readonly pruningOff: boolean;
  /** The statement really ran. */
  readonly analyzed: boolean;
  /** Times of reading blocks are measured (`track_io_timing`). */
  readonly ioTiming: boolean;
  /** A connection pooler stands in between. */
  readonly pooled: boolean;
}

const explainable = new Set(['select', 'insert', 'update', 'delete', 'merge']);
const statementName = 'sargable_statement';

/** Rejects everything that must not be sent. */
function requireProof(options: ExplainOptions): void {
  const { kind, createsTable } = options.proof;
  if (!explainable.has(kind)) throw new DatabaseError('refused-statement', `EXPLAIN is for SELECT, INSERT, UPDATE, DELETE and MERGE, not for ${kind === 'unknown' ? 'a text that does not parse' : `${kind} statements`}`);
  if (createsTable) throw new DatabaseError('refused-statement', 'SELECT INTO makes a table. Explain the SELECT without INTO');
  for (const name of Object.keys(options.settings ?? {})) {
    if (name !== 'search_path' && !/^[a-z_][\w$]*(?:\.[a-z_][\w$]*)+$/i.test(name)) throw new DatabaseError('refused-statement', `The setting ${name} is not set for EXPLAIN: only settings of the application (app.tenant_id) and search_path are`);
  }
}

/**
 * Asks the server for the plan without running the statement: extended protocol only, one proven statement, read-only
 * transaction with timeouts, always rolled back. Even so planning runs functions that are not VOLATILE: those of the
 * application are refused (`PlanTimeCallsError`) unless allowed. Call it on a person's request. 3 to 15 ms. Rejects with
 * `DatabaseError`.
 */
export async function safeExplain(session: DbSession, sql: string, options: ExplainOptions): Promise<ExplainResult> {
  requireProof(options);
  return isolated(session, options, { timeout: 2000 }, async (connection, { pooled }) => {
    const prepared = await prepare(connection, sql, options);
    const explain = async (): Promise<unknown> => firstPlan(await connection.run(`explain (format json, verbose, settings) execute ${statementName}${prepared.arguments}`));
    const plan = await explain();
    const hidden = prepared.generic && JSON.stringify(plan).includes('"Subplans Removed"');
    if (hidden) {
      await connection.query('set local enable_partition_pruning = off');
      await connection.query('discard plans');
    }
    return { plan: hidden ? await explain() : plan, parameterTypes: prepared.types, generic: prepared.generic, pruningOff: hidden, analyzed: false, ioTiming: true, pooled };
  });
}

/**
 * As `safeExplain`, with indexes that HypoPG pretends; it must be installed there (`findHypopg`). Its state is reset in the
 * same transaction. Call it on a person's explicit request only: a crash in an extension takes the whole server down.
 */
export async function explainWhatIf(session: DbSession, sql: string, options: WhatIfOptions): Promise<WhatIfResult> {
  requireProof(options);
  return isolated(session, options, { timeout: 2000 }, (connection, { pooled }) =>
    withHypotheticalIndexes(connection, options.hypopg, options.indexes, async (names) => {
      const prepared = await prepare(connection, sql, options);
      const rows = await connection.run(`explain (format json, verbose, settings) execute ${statementName}${prepared.arguments}`);
      return { plan: firstPlan(rows), parameterTypes: prepared.types, generic: prepared.generic, pruningOff: false, analyzed: false, ioTiming: true, pooled, names };
    }),
  );
}

/**
 * Runs the statement under EXPLAIN ANALYZE and rolls back. SELECT runs READ ONLY. A statement that writes is refused
 * unless `allowWrites` is given; a rollback does not undo everything, see `readWriteRisks`. Statements with parameters
 * need `parameters`. Rejects with `DatabaseError` (`cancelled` after an abort or the timeout).
 */
export async function explainAnalyze(session: DbSession, sql: string, options: AnalyzeOptions): Promise<ExplainResult> {
  requireProof(options);
  const writes = isWriting(options.proof);
  if (writes && options.allowWrites !== true) throw new DatabaseError('refused-statement', 'EXPLAIN ANALYZE would run this statement, and it writes. Nothing was sent');
  return isolated(session, options, { write: writes, timeout: 10_000 }, async (connection, { pooled }) => {
    const [io] = await connection.query(`select pg_catalog.current_setting('track_io_timing') as timing`);
    await connection.query(`select pg_catalog.set_config('client_connection_check_interval', '500ms', true) from pg_catalog.pg_settings where name = 'client_connection_check_interval'`);
    const prepared = await prepare(connection, sql, options);
    if (prepared.generic && prepared.types.length > 0) throw new DatabaseError('refused-statement', `The statement has ${prepared.types.length} parameter(s): EXPLAIN ANALYZE needs their values`);
    const rows = await connection.run(explainStatement(statementName, prepared.arguments, options.timing ?? true));
    return { plan: firstPlan(rows), parameterTypes: prepared.types, generic: prepared.generic, pruningOff: false, analyzed: true, ioTiming: io?.['timing'] === 'on', pooled };
  });
}

/** What `explainAnalyze` would do that a rollback does not undo. Sends nothing of the statement. Rejects with `DatabaseError`. */
export const readWriteRisks = (session: DbSession, options: ExplainOptions): Promise<readonly WriteRisk[]> =>
  isolated(session, { ...options, allowFunctions: 'all' }, { timeout: 2000 }, (connection) => collectWriteRisks(connection, options.proof, new Set(options.allowFunctions)));

/** Which functions of the application may run, or `all` where the statement is not planned. */
type Isolation = Omit<ExplainOptions, 'allowFunctions'> & { readonly allowFunctions?: readonly string[] | 'all' };

/** Milliseconds that the server gets beyond its own timeouts before the client gives it up. */
const PATIENCE = 5000;

/** The connection of one explanation: `query` for what answers at once, `run` for the statement itself. */
interface Impatient extends Connection {
  run(text: string): Promise<readonly Row[]>;
}

/**
 * A rolled-back transaction under the timeouts, the role and the settings asked for, after which nothing of the statement
 * is left on the connection. The prepared statement goes before the rollback: behind a pooler the connection is another
 * client's afterwards. For the same reason session locks are given up only where no pooler is.
 */
const isolated = <T>(session: DbSession, options: Isolation, { write = false, timeout }: { readonly write?: boolean; readonly timeout: number }, work: (connection: Impatient, backend: Backend) => Promise<T>): Promise<T> =>
  session.withConnection(async (opened) => {
    const limit = options.timeout ?? timeout;
    const connection: Impatient = {
      pid: opened.pid,
      query: (text, values) => opened.query(text, values, { timeout: PATIENCE }),
      run: (text) => opened.query(text, undefined, { timeout: limit + PATIENCE }),
    };
    let pooled = true;
    let stop: (() => void) | undefined;
    await connection.query(`begin isolation level read committed ${write ? 'read write' : 'read only'}`);
    try {
      await prepareTransaction(connection, options, limit);
      const backend = await readBackend(connection);
      pooled = backend.pooled;
      stop = () => void session.cancel(backend).catch(() => undefined);
      options.signal?.addEventListener('abort', stop, { once: true });
      if (options.signal?.aborted) throw new DatabaseError('cancelled', 'Cancelled');
      if (options.allowFunctions !== 'all') await refusePlanTimeCalls(connection, options.proof, options.allowFunctions ?? []);
      await connection.query('savepoint sargable_start');
      return await work(connection, backend);
    } finally {
      if (stop) options.signal?.removeEventListener('abort', stop);
      for (const text of ['rollback to savepoint sargable_start', `deallocate ${statementName}`, 'rollback', ...(pooled ? [] : ['select pg_catalog.pg_advisory_unlock_all()'])]) {
        await connection.query(text).catch(() => undefined);
      }
    }
  });

async function refusePlanTimeCalls(connection: Connection, effects: StatementEffects, allowed: readonly string[]): Promise<void> {
  const functions = (await collectFunctions(connection, effects)).filter((found) => found.atPlanTime && !allowed.includes(found.name));
  if (functions.length > 0) throw new PlanTimeCallsError(functions);
}

async function prepareTransaction(connection: Connection, options: Isolation, limit: number): Promise<void> {
  await connection.query(`set local statement_timeout = ${Math.max(1, Math.round(limit))}`);
  await connection.query(`set local lock_timeout = '200ms'`);
  await connection.query(`set local idle_in_transaction_session_timeout = '15s'`);
  if (options.role !== undefined) await connection.query(`set local role ${quoteName(options.role)}`);
  for (const [name, value] of Object.entries(options.settings ?? {})) await connection.query('select pg_catalog.set_config($1, $2, true)', [name, value]);
}

interface Prepared {
  readonly types: readonly string[];
  /** `(…)` for EXECUTE, or nothing. */
  readonly arguments: string;
  readonly generic: boolean;
}

async function prepare(connection: Connection, sql: string, options: ExplainOptions): Promise<Prepared> {
  const generic = options.parameters === undefined;
  await connection.query(`set local plan_cache_mode = ${generic ? 'force_generic_plan' : 'force_custom_plan'}`);
  await connection.query('savepoint sargable');
  const text = sql.trim().replace(/;\s*$/, '');
  const declared = options.parameterTypes ?? [];
  try {
    await connection.query(`prepare ${statementName}${declared.length > 0 ? `(${declared.join(', ')})` : ''} as ${text}`);
  } catch (error) {
    const count = options.proof.parameters;
    if (declared.length > 0 || count === 0 || count > 1000 || !isUndecidedType(error)) throw error;
    await connection.query('rollback to savepoint sargable');
    await connection.query(`prepare ${statementName}(${Array.from({ length: count }, () => 'text').join(', ')}) as ${text}`);
  }
  const [row] = await connection.query('select parameter_types::text[] as types from pg_catalog.pg_prepared_statements where name = $1', [statementName]);
  const types = Array.isArray(row?.['types']) ? row['types'].map(String) : [];
  const values = types.map((type, index) => (generic ? 'null' : `${literal(options.parameters?.[index] ?? null)}::${type}`));
  return { types, generic, arguments: values.length > 0 ? `(${values.join(', ')})` : '' };
}

/** 42P18 indeterminate_datatype, 42725 ambiguous_function: the context does not say what `$1` is. */
const isUndecidedType = (error: unknown): boolean => error instanceof DatabaseError && (error.sqlState === '42P18' || error.sqlState === '42725');

function firstPlan(rows: readonly Readonly<Record<string, unknown>>[]): unknown {
  const column: unknown = rows[0]?.['QUERY PLAN'];
  const plans: unknown = typeof column === 'string' ? JSON.parse(column) : column;
  const plan: unknown = Array.isArray(plans) ? plans[0] : undefined;
  if (typeof plan !== 'object' || plan === null || !('Plan' in plan)) throw new DatabaseError('query', 'The server gave no plan for this statement');
  return plan;
}

import { DatabaseError } from './errors';
import { explainStatement, literal, quoteName } from './explainText';
import { withHypotheticalIndexes, type Hypopg } from './hypopg';
import type { Connection, DbSession } from './session';
import { inRolledBackTransaction } from './session';

/**
 * What the caller's parser has proved about a statement. Nothing is sent without it: an unparsed text could be several
 * statements, or one that EXPLAIN executes.
 */
export interface StatementProof {
  /** Exactly one statement. */
  readonly single: boolean;
  readonly kind: 'select' | 'insert' | 'update' | 'delete' | 'merge' | 'ddl' | 'utility' | 'unknown';
  /** It changes data or locks rows: DML, a data-modifying CTE, SELECT INTO, FOR UPDATE. */
  readonly writes: boolean;
}

export interface ExplainOptions {
  readonly proof: StatementProof;
  /** Values for `$1 …`, as text; null is NULL. Without them the plan is generic. */
  readonly parameters?: readonly (string | null)[];
  /** Types for parameters the server cannot infer (`$1 + $2`), as canonical names. */
  readonly parameterTypes?: readonly string[];
  /** Role to plan as, for row-level security. */
  readonly role?: string;
  /** Settings of the transaction (`app.tenant_id`), for row-level security. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Milliseconds; default 2,000 for EXPLAIN, 10,000 for EXPLAIN ANALYZE. */
  readonly timeout?: number;
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
  /** Aborting asks the server to stop, over a second connection. */
  readonly signal?: AbortSignal;
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
}

const explainable = new Set(['select', 'insert', 'update', 'delete', 'merge']);
const statementName = 'sargable_statement';

/** Rejects everything that must not be sent. */
function requireProof(proof: StatementProof): void {
  if (!proof.single) throw new DatabaseError('refused-statement', 'Only one single statement can be explained');
  if (!explainable.has(proof.kind)) throw new DatabaseError('refused-statement', `EXPLAIN is for SELECT, INSERT, UPDATE, DELETE and MERGE, not for ${proof.kind === 'unknown' ? 'a text that does not parse' : `${proof.kind} statements`}`);
}

/**
 * Asks the server for the plan without running the statement: extended protocol only, one proven statement, read-only
 * transaction with timeouts, always rolled back. Even so EXPLAIN runs immutable and stable functions with constant
 * arguments: call it on a person's request. 2 to 12 ms. Rejects with `DatabaseError`.
 */
export async function safeExplain(session: DbSession, sql: string, options: ExplainOptions): Promise<ExplainResult> {
  requireProof(options.proof);
  return session.withConnection((connection) =>
    isolated(connection, {}, async () => {
      await limit(connection, options, 2000);
      const prepared = await prepare(connection, sql, options);
      const explain = async (): Promise<unknown> => firstPlan(await connection.query(`explain (format json, verbose, settings) execute ${statementName}${prepared.arguments}`));
      const plan = await explain();
      const hidden = prepared.generic && JSON.stringify(plan).includes('"Subplans Removed"');
      if (hidden) {
        await connection.query('set local enable_partition_pruning = off');
        await connection.query('discard plans');
      }
      return { plan: hidden ? await explain() : plan, parameterTypes: prepared.types, generic: prepared.generic, pruningOff: hidden, analyzed: false };
    }),
  );
}

/**
 * As `safeExplain`, with indexes that HypoPG pretends; it must be installed there (`findHypopg`). Its state is reset in the
 * same transaction. Call it on a person's explicit request only: a crash in an extension takes the whole server down.
 */
export async function explainWhatIf(session: DbSession, sql: string, options: WhatIfOptions): Promise<WhatIfResult> {
  requireProof(options.proof);
  return session.withConnection((connection) =>
    isolated(connection, {}, async () => {
      await limit(connection, options, 2000);
      return withHypotheticalIndexes(connection, options.hypopg, options.indexes, async (names) => {
        const prepared = await prepare(connection, sql, options);
        const rows = await connection.query(`explain (format json, verbose, settings) execute ${statementName}${prepared.arguments}`);
        return { plan: firstPlan(rows), parameterTypes: prepared.types, generic: prepared.generic, pruningOff: false, analyzed: false, names };
      });
    }),
  );
}

/**
 * Runs the statement under EXPLAIN ANALYZE and rolls back. SELECT runs READ ONLY. A statement that writes is refused
 * unless `allowWrites` is given; a rollback does not undo everything, see `collectWriteRisks`. Statements with parameters
 * need `parameters`. Rejects with `DatabaseError` (`cancelled` after an abort or the timeout).
 */
export async function explainAnalyze(session: DbSession, sql: string, options: AnalyzeOptions): Promise<ExplainResult> {
  requireProof(options.proof);
  const writes = options.proof.writes || options.proof.kind !== 'select';
  if (writes && options.allowWrites !== true) throw new DatabaseError('refused-statement', 'EXPLAIN ANALYZE would run this statement, and it writes. Nothing was sent');
  return session.withConnection((connection) =>
    isolated(connection, { write: writes }, async () => {
      options.signal?.throwIfAborted();
      await limit(connection, options, 10_000);
      await connection.query(`select pg_catalog.set_config('client_connection_check_interval', '500ms', true) from pg_catalog.pg_settings where name = 'client_connection_check_interval'`).catch(() => undefined);
      const prepared = await prepare(connection, sql, options);
      if (prepared.generic && prepared.types.length > 0) throw new DatabaseError('refused-statement', `The statement has ${prepared.types.length} parameter(s): EXPLAIN ANALYZE needs their values`);
      const stop = (): void => void session.cancel(connection.pid).catch(() => undefined);
      options.signal?.addEventListener('abort', stop, { once: true });
      try {
        const rows = await connection.query(explainStatement(statementName, prepared.arguments, options.timing ?? true));
        return { plan: firstPlan(rows), parameterTypes: prepared.types, generic: prepared.generic, pruningOff: false, analyzed: true };
      } finally {
        options.signal?.removeEventListener('abort', stop);
      }
    }),
  );
}

/** A rolled-back transaction after which nothing of the statement is left on the connection. */
async function isolated<T>(connection: Connection, options: { readonly write?: boolean }, work: () => Promise<T>): Promise<T> {
  try {
    return await inRolledBackTransaction(connection, options, work);
  } finally {
    await connection.query(`deallocate ${statementName}`).catch(() => undefined);
    await connection.query('select pg_catalog.pg_advisory_unlock_all()').catch(() => undefined);
  }
}

async function limit(connection: Connection, options: ExplainOptions, timeout: number): Promise<void> {
  await connection.query(`set local statement_timeout = ${Math.max(1, Math.round(options.timeout ?? timeout))}`);
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
    const count = highestParameter(text);
    if (declared.length > 0 || count === 0 || !isUndecidedType(error)) throw error;
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

const highestParameter = (sql: string): number => Math.max(0, ...[...sql.matchAll(/\$(\d+)/g)].map((match) => Number(match[1])).filter((number) => number <= 1000));

function firstPlan(rows: readonly Readonly<Record<string, unknown>>[]): unknown {
  const column: unknown = rows[0]?.['QUERY PLAN'];
  const plans: unknown = typeof column === 'string' ? JSON.parse(column) : column;
  const plan: unknown = Array.isArray(plans) ? plans[0] : undefined;
  if (typeof plan !== 'object' || plan === null || !('Plan' in plan)) throw new DatabaseError('query', 'The server gave no plan for this statement');
  return plan;
}

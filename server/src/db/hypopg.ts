import { DatabaseError } from './errors';
import { quoteName } from './explainText';
import type { Connection, DbSession } from './session';

/** HypoPG as it is installed in a database. */
export interface Hypopg {
  readonly version: string;
  readonly schema: string;
}

/** Access methods that HypoPG can pretend (its issue 97: not gin, gist and spgist). */
export const HYPOPG_METHODS: ReadonlySet<string> = new Set(['btree', 'brin', 'hash']);

/** The extension where the database has it; undefined where not. It is never installed for anyone. */
export async function findHypopg(session: DbSession): Promise<Hypopg | undefined> {
  const [row] = await session.withConnection((connection) => connection.query(
    "select e.extversion as version, n.nspname as schema from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'hypopg'",
  ));
  return row && { version: String(row['version']), schema: String(row['schema']) };
}

/**
 * Does work on a connection whose planner sees hypothetical indexes, inside the caller's transaction. What HypoPG knows
 * belongs to the backend and outlives a rollback, so it is reset before the transaction ends, whatever happens: behind a
 * pooler the next client would inherit it.
 * @param indexes whole statements without CONCURRENTLY: `CREATE INDEX ON public.orders USING btree (customer_id)`.
 * @param work gets the name of each index as plans show it, in their order.
 */
export async function withHypotheticalIndexes<T>(connection: Connection, hypopg: Hypopg, indexes: readonly string[], work: (names: readonly string[]) => Promise<T>): Promise<T> {
  const schema = quoteName(hypopg.schema);
  await connection.query('savepoint sargable_hypopg');
  let finished = false;
  try {
    const names: string[] = [];
    for (const index of indexes) {
      const [row] = await connection.query(`select indexname from ${schema}.hypopg_create_index($1)`, [index]);
      if (row === undefined) throw new DatabaseError('query', 'HypoPG made no index');
      names.push(String(row['indexname']));
    }
    const result = await work(names);
    finished = true;
    return result;
  } finally {
    // A failed statement leaves the transaction aborted: only from the savepoint does it take another one.
    if (!finished) await connection.query('rollback to savepoint sargable_hypopg').catch(() => undefined);
    await connection.query(`select ${schema}.hypopg_reset()`);
  }
}

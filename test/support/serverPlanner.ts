import pg from 'pg';
import type { PlanAnswer, PlannedStatement, Planner, PlanQuestion } from '../../server/src/core/plan/planner';
import { collectScans } from '../../server/src/core/plan/plannedScans';
import { collectNodes, parsePlan } from '../../server/src/core/plan/planTree';

/** A planner for tests: a real server, on which the indexes of a question are really built and rolled back. */
export interface ServerPlanner {
  readonly planner: Planner;
  /** Answers what has been asked. Resolves to false when nothing was. */
  settle(): Promise<boolean>;
  /** Statements planned so far, and how often `settle` was needed. */
  readonly asked: number;
  readonly rounds: number;
}

/** @param url of a database with rows and statistics */
export function createServerPlanner(url: string): ServerPlanner {
  const answers = new Map<string, PlanAnswer>();
  let pending = new Map<string, PlanQuestion>();
  let rounds = 0;
  return {
    planner: {
      plan(question) {
        const key = JSON.stringify(question);
        const known = answers.get(key);
        if (!known) pending.set(key, question);
        return known ?? { state: 'pending' };
      },
    },
    async settle() {
      const questions = pending;
      pending = new Map();
      if (questions.size === 0) return false;
      rounds++;
      const client = new pg.Client({ connectionString: url, application_name: 'test' });
      await client.connect();
      try {
        for (const [key, question] of questions) answers.set(key, await answerOn(client, question));
      } finally {
        await client.end();
      }
      return true;
    },
    get asked() { return answers.size; },
    get rounds() { return rounds; },
  };
}

async function answerOn(client: pg.Client, question: PlanQuestion): Promise<PlanAnswer> {
  await client.query('BEGIN');
  try {
    return { state: 'planned', plan: await planOn(client, question) };
  } catch (error) {
    return { state: 'refused', reason: error instanceof Error ? error.message : String(error) };
  } finally {
    await client.query('ROLLBACK');
    await client.query('DEALLOCATE ALL');
  }
}

async function planOn(client: pg.Client, { sql, add = [], drop = [], settings = {} }: PlanQuestion): Promise<PlannedStatement> {
  for (const index of drop) await client.query(`DROP INDEX ${index}`);
  for (const [name, value] of Object.entries(settings)) await client.query('SELECT set_config($1, $2, true)', [name, value]);
  for (const [i, { table, definition }] of add.entries()) await client.query(`CREATE INDEX added_${i} ON ${table} ${definition}`);
  for (const table of new Set(add.filter((index) => /\(\(|\w\(/.test(index.definition.split(' WHERE ')[0] ?? '')).map((index) => index.table))) await client.query(`ANALYZE ${table}`);
  const tuples = new Map((await client.query<{ name: string; tuples: number }>("SELECT n.nspname || '.' || c.relname AS name, greatest(c.reltuples, 0)::float8 AS tuples FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm')")).rows.map((row) => [row.name, row.tuples]));
  const rows = await explainGeneric(client, sql);
  const { root } = parsePlan(rows[0]?.['QUERY PLAN']);
  const used = new Set(collectNodes(root).map((node) => node.index));
  const pages = async (name: string): Promise<number> => Number((await client.query<{ pages: string }>('SELECT pg_relation_size($1::regclass) / 8192 AS pages', [name])).rows[0]?.pages);
  const added = [];
  for (const [i, index] of add.entries()) added.push({ index, used: used.has(`added_${i}`), pages: await pages(`added_${i}`) });
  return {
    root, cost: root.totalCost,
    scans: collectScans(root, { tuples, added: new Map(add.map((_, i) => [`added_${i}`, i])) }),
    added,
    basis: { volumes: 'server', assumed: [], caveats: [] },
  };
}

/** GENERIC_PLAN exists from version 16; before it a prepared statement gives the same plan. */
async function explainGeneric(client: pg.Client, sql: string): Promise<readonly { readonly 'QUERY PLAN': unknown }[]> {
  const version = Number((await client.query<{ version: string }>("SELECT current_setting('server_version_num') AS version")).rows[0]?.version);
  if (version >= 160000) return (await client.query<{ 'QUERY PLAN': unknown }>(`EXPLAIN (GENERIC_PLAN, VERBOSE, FORMAT JSON) ${sql}`)).rows;
  await client.query('SET LOCAL plan_cache_mode = force_generic_plan');
  await client.query(`PREPARE planned AS ${sql}`);
  const values = (await client.query<{ count: number }>("SELECT coalesce(array_length(parameter_types, 1), 0) AS count FROM pg_prepared_statements WHERE name = 'planned'")).rows[0]?.count ?? 0;
  return (await client.query<{ 'QUERY PLAN': unknown }>(`EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE planned${values > 0 ? `(${Array.from({ length: values }, () => 'NULL').join(', ')})` : ''}`)).rows;
}

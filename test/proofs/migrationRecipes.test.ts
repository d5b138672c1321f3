import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyEdits } from '../../server/src/core/text/edit';
import { rules } from '../../server/src/core/rules/index.generated';
import { splitStatements } from '../../server/src/core/sql/split';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { lintCase } from '../support/readers';

/**
 * Every recipe is run beside the statement that it stands for: both lead to the same schema, and no step of the recipe holds the strong lock
 * while it reads or builds.
 */
const SCHEMA = `
CREATE TABLE tenants (id bigint PRIMARY KEY);
INSERT INTO tenants SELECT generate_series(1, 5);
CREATE TABLE orders (id bigint PRIMARY KEY, tenant_id bigint, total integer, code text);
INSERT INTO orders SELECT i, i % 5 + 1, i, 'c' || i FROM generate_series(1, 50) AS i;
CREATE INDEX orders_total ON orders (total);
CREATE TABLE events (id bigint, at timestamptz NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE MATERIALIZED VIEW per_tenant AS SELECT tenant_id, count(*) AS n FROM orders GROUP BY tenant_id;
CREATE UNIQUE INDEX per_tenant_id ON per_tenant (tenant_id);`;

/** The flagged statement, the rule, and the strongest lock that the first step takes on the table. */
const recipes: readonly (readonly [rule: string, sql: string, table: string, before: string, after: string])[] = [
  ['lock-taking-alter', 'ALTER TABLE orders ALTER COLUMN tenant_id SET NOT NULL', 'orders', 'AccessExclusiveLock', 'ShareUpdateExclusiveLock'],
  ['lock-taking-alter', 'ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0)', 'orders', 'AccessExclusiveLock', 'ShareUpdateExclusiveLock'],
  ['lock-taking-alter', 'ALTER TABLE orders ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id)', 'orders', 'ShareRowExclusiveLock', 'ShareUpdateExclusiveLock'],
  ['lock-taking-alter', 'ALTER TABLE orders ADD CONSTRAINT one UNIQUE (code)', 'orders', 'AccessExclusiveLock', 'ShareUpdateExclusiveLock'],
  ['lock-taking-alter', 'ALTER TABLE orders ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid()', 'orders', 'AccessExclusiveLock', 'RowExclusiveLock'],
  ['index-not-concurrent', 'CREATE INDEX orders_code ON orders (code)', 'orders', 'ShareLock', 'ShareUpdateExclusiveLock'],
  ['index-not-concurrent', 'DROP INDEX orders_total', 'orders', 'AccessExclusiveLock', 'ShareUpdateExclusiveLock'],
  ['index-not-concurrent', 'CREATE INDEX events_id ON events (id)', 'events_1', 'ShareLock', 'ShareUpdateExclusiveLock'],
  ['refresh-blocks-readers', 'REFRESH MATERIALIZED VIEW per_tenant', 'per_tenant', 'AccessExclusiveLock', 'ExclusiveLock'],
];

/** Columns, constraints and indexes as Postgres prints them; names of the partitions' indexes are free. */
const FACTS = `
SELECT 'column' AS kind, c.relname || '.' || a.attname AS name, format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '') AS facts
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attnum > 0 AND NOT a.attisdropped
UNION ALL SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) || ' ' || convalidated FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
UNION ALL SELECT 'index', i.indrelid::regclass || '', regexp_replace(pg_get_indexdef(i.indexrelid), ' INDEX \\S+ ON', ' INDEX ON') || ' ' || i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace
ORDER BY 1, 2, 3`;

const split = (sql: string): readonly string[] => splitStatements(sql, { psql: true }).map((span) => sql.slice(span.start, span.end));

describe('recipes of migrations', () => {
  let direct: TestDatabase;
  let staged: TestDatabase;
  beforeAll(async () => {
    [direct, staged] = await Promise.all([createDatabase(SCHEMA), createDatabase(SCHEMA)]);
  });
  afterAll(async () => {
    await Promise.all([direct?.drop(), staged?.drop()]);
  });

  it.each(recipes)('%s: %s', async (id, sql, table, before, after) => {
    const rule = rules.find((other) => other.id === id);
    if (!rule) throw new Error(id);
    const migrations = { folder: 'db/migrations', format: 'plain' as const, existing: ['0001_init.sql', '0002_x.sql'] };
    const { findings } = await lintCase([rule], { language: 'sql', code: `${sql};`, schema: SCHEMA, path: 'db/migrations/0002_x.sql', settings: { migrations } });
    const [fix] = findings[0]?.fixes() ?? [];
    if (!fix) throw new Error('no fix');
    const steps = [applyEdits(`${sql};`, fix.edits) ?? '', ...(fix.creates ?? []).map((file) => file.text)].flatMap(split);
    const locks: string[] = [];
    for (const step of steps) locks.push(await runStep(staged.url, step, table));
    expect(await runStep(direct.url, sql, table)).toBe(before);
    expect(await staged.query(FACTS)).toEqual(await direct.query(FACTS));
    // The step that reads, builds or fills is the one that takes the weaker lock.
    expect(locks).toContain(after);
    const working = steps.filter((step) => /VALIDATE|CONCURRENTLY|^UPDATE/.test(step));
    expect(working.length).toBeGreaterThan(0);
    for (const step of working) expect(locks[steps.indexOf(step)], step).not.toBe(before);
  });
});

it('NOT NULL is proved by the CHECK, and scanned for where the same ALTER drops it', async () => {
  const database = await createDatabase('CREATE TABLE t (a int, b int); ALTER TABLE t ADD CONSTRAINT ca CHECK (a IS NOT NULL), ADD CONSTRAINT cb CHECK (b IS NOT NULL);');
  const client = new pg.Client({ connectionString: database.url });
  try {
    await client.connect();
    await client.query('SET client_min_messages = debug1');
    const notices: string[] = [];
    client.on('notice', ({ message }) => notices.push(message ?? ''));
    await client.query('ALTER TABLE t ALTER a SET NOT NULL');
    expect(notices.join('\n')).toContain('sufficient to prove');
    notices.length = 0;
    await client.query('ALTER TABLE t ALTER b SET NOT NULL, DROP CONSTRAINT cb');
    expect(notices.join('\n')).not.toContain('sufficient to prove');
  } finally {
    await client.end();
    await database.drop();
  }
});

/** Runs a statement and tells the strongest lock that it takes on a table; CONCURRENTLY runs alone, its lock is the documented one. */
async function runStep(url: string, sql: string, table: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    if (/^(?:CREATE|DROP)\b.*\bINDEX CONCURRENTLY\b/.test(sql)) {
      await client.query(sql);
      return 'ShareUpdateExclusiveLock';
    }
    await client.query('BEGIN');
    await client.query(sql);
    const { rows } = await client.query<{ mode: string }>(`SELECT mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation = to_regclass($1) ORDER BY array_position(ARRAY['AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock', 'ShareUpdateExclusiveLock', 'RowExclusiveLock', 'RowShareLock', 'AccessShareLock'], mode)`, [table]);
    await client.query('COMMIT');
    return rows[0]?.mode ?? 'none';
  } finally {
    await client.end();
  }
}

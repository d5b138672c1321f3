import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FixKind, LintSettings } from '../../server/src/core/lint/rule';
import { rules } from '../../server/src/core/rules/index.generated';
import { conditionalTenantFilter } from '../../server/src/core/rules/conditional-tenant-filter';
import { crossTenantJoin } from '../../server/src/core/rules/cross-tenant-join';
import { materializedCteFence } from '../../server/src/core/rules/materialized-cte-fence';
import { partialIndexMismatch } from '../../server/src/core/rules/partial-index-mismatch';
import { queueWithoutSkipLocked } from '../../server/src/core/rules/queue-without-skip-locked';
import { applyEdits } from '../../server/src/core/text/edit';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { proveRewrites } from '../support/proveRewrites';
import { lintCase } from '../support/readers';
import { runTypeScript } from '../support/runCode';

const SCHEMA = `
  CREATE TABLE organizations (id bigint PRIMARY KEY, name text NOT NULL);
  CREATE TABLE customers (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, code text NOT NULL, UNIQUE (organization_id, code));
  CREATE TABLE orders (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, customer_code text NOT NULL, total numeric);
  CREATE TABLE users (id bigint PRIMARY KEY, team_id bigint NOT NULL, email text NOT NULL, body text, tags text[], deleted_at timestamptz);
  CREATE UNIQUE INDEX users_live_email ON users (email) WHERE deleted_at IS NULL;
  CREATE TABLE events (id bigint PRIMARY KEY, user_id bigint NOT NULL, kind text);
  CREATE INDEX events_user ON events (user_id);
  CREATE TABLE jobs (id bigint PRIMARY KEY, status text NOT NULL, run_at timestamptz NOT NULL);
`;
/** The same codes and e-mails in several tenants and among the deleted, ties, NULLs. */
const ROWS = `
  INSERT INTO organizations SELECT i, 'o' || i FROM generate_series(1, 3) i;
  INSERT INTO customers SELECT i, 1 + i % 3, 'c' || i / 3 FROM generate_series(1, 12) i;
  INSERT INTO orders SELECT i, 1 + i % 3, 'c' || i % 5, CASE WHEN i % 4 = 0 THEN NULL ELSE i END FROM generate_series(1, 40) i;
  INSERT INTO users SELECT i, i % 2, 'e' || i / 2, CASE WHEN i % 3 = 0 THEN NULL ELSE '日本語 🐘' END, CASE WHEN i % 4 = 0 THEN NULL ELSE ARRAY['a', NULL] END, CASE WHEN i % 2 = 0 THEN NULL ELSE now() END FROM generate_series(2, 21) i;
  INSERT INTO events SELECT i, i % 4, CASE WHEN i % 3 = 0 THEN NULL WHEN i % 3 = 1 THEN 'view' ELSE 'click' END FROM generate_series(1, 60) i;
  INSERT INTO jobs SELECT i, CASE WHEN i % 4 = 0 THEN 'done' ELSE 'ready' END, timestamptz '2024-01-01' + (i / 3) * interval '1 hour' FROM generate_series(1, 20) i;
`;
const settings: Partial<LintSettings> = { assume: { events: 5_000_000, users: 2_000_000, customers: 2_000_000, orders: 2_000_000, jobs: 500_000 }, tenant: { columns: ['organization_id'], globalTables: ['users', 'events', 'jobs'], systemPaths: [] } };
const prove = proveRewrites({ schema: SCHEMA, rows: ROWS, settings });

prove(materializedCteFence, [
  { sql: "WITH c AS MATERIALIZED (SELECT id, user_id FROM events WHERE kind <> 'view') SELECT id FROM c WHERE user_id = $1", values: [2], kind: 'review', planner: true },
  { sql: 'WITH c AS MATERIALIZED (SELECT id, user_id, kind FROM events) SELECT id, kind FROM c WHERE user_id = $1 ORDER BY id DESC', values: [3], kind: 'review', planner: true, ordered: true },
]);
prove(crossTenantJoin, [
  { sql: 'SELECT o.id, c.id AS customer FROM orders o JOIN customers c ON c.code = o.customer_code WHERE o.organization_id = $1', values: [1], changes: 'Join within the tenant' },
]);
prove(conditionalTenantFilter, [
  { sql: 'SELECT id FROM orders WHERE ($1::bigint IS NULL OR organization_id = $1) AND total > $2', values: [2, 5], kind: 'review' },
  { sql: 'SELECT id FROM orders WHERE ($1::bigint IS NULL OR organization_id = $1) AND total > $2', values: [null, 5], changes: 'Always filter by the tenant' },
]);
prove(partialIndexMismatch, [
  { sql: 'SELECT id FROM users WHERE email = $1', values: ['e5'], changes: 'rows that are deleted are no longer returned' },
]);
prove(queueWithoutSkipLocked, [
  // Nobody holds a row: the same jobs.
  { sql: "SELECT id FROM jobs WHERE status = 'ready' ORDER BY run_at, id LIMIT 4 FOR UPDATE", kind: 'review', ordered: true },
]);

describe('rewrites in code and migrations', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase(SCHEMA + ROWS);
  });
  afterAll(() => database?.drop());

  const fix = async (id: string, code: string, path?: string): Promise<{ readonly title: string; readonly text: string; readonly kind?: FixKind }> => {
    const own = rules.filter((rule) => rule.id === id);
    const found = (await lintCase(own, { language: path?.endsWith('.sql') || !code.includes('import') ? 'sql' : 'typescript', code, schema: SCHEMA, settings, path })).findings[0]?.fixes()[0];
    expect(found, id).toBeDefined();
    return { title: found?.title ?? '', text: applyEdits(code, found?.edits ?? []) ?? '', kind: found?.kind };
  };
  const PG = "import { Pool } from 'pg';\nconst pool = new Pool();\n";
  const load = (sql: string, parameters = '', values = ''): string => `${PG}export async function run(${parameters}) {\n  const { rows } = await pool.query('${sql}', [${values}]);\n  return rows;\n}\n`;
  type Row = Readonly<Record<string, unknown>>;
  const run = async (code: string, ...args: unknown[]): Promise<readonly Row[]> => (await runTypeScript(code, database.url, args)).value as readonly Row[];

  it('fan-out-aggregate: each row counts once, and the same groups are found', async () => {
    const truth = (join: string, event: string): string => `SELECT u.id, (SELECT sum(e.id) FROM events e WHERE e.user_id = u.id) AS s, (SELECT count(e.kind) FROM events e WHERE e.user_id = u.id) AS n, count(o.total) AS orders
      FROM users u ${join} orders o ON o.organization_id = u.id WHERE ${event} GROUP BY u.id ORDER BY u.id`;
    for (const join of ['JOIN', 'LEFT JOIN']) {
      const asked = `SELECT u.id, sum(e.id) AS s, count(e.kind) AS n, count(o.total) AS orders FROM users u ${join} events e ON e.user_id = u.id ${join} orders o ON o.organization_id = u.id GROUP BY u.id ORDER BY u.id`;
      const { title, text } = await fix('fan-out-aggregate', asked);
      expect(title).toContain('Aggregate events on its own first');
      const expected = await database.query(truth(join, join === 'JOIN' ? 'EXISTS (SELECT FROM events e WHERE e.user_id = u.id)' : 'true'));
      const before = await database.query(asked);
      expect(before.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
      expect(before).not.toEqual(expected);
      expect((await database.query(text)).map((row) => ({ ...row, n: String(row['n']) })), text).toEqual(expected.map((row) => ({ ...row, n: String(row['n'] ?? 0) })));
      expect(expected.length).toBeGreaterThan(1);
    }
    // Few users: their events are looked up, and would all be aggregated.
    const narrowed = "SELECT u.id, sum(e.id) AS s, count(o.total) AS orders FROM users u JOIN events e ON e.user_id = u.id JOIN orders o ON o.organization_id = u.id WHERE u.email = 'a' GROUP BY u.id";
    const { findings } = await lintCase(rules.filter(({ id }) => id === 'fan-out-aggregate'), { language: 'sql', code: narrowed, schema: SCHEMA, settings });
    expect(findings.map((finding) => finding.fixes())).toEqual([[]]);
  });

  it('select-star names the same columns, with the same values in the same order', async () => {
    for (const sql of ['SELECT * FROM users WHERE id = $1', 'SELECT u.*, o.name FROM users u JOIN organizations o ON o.id = u.team_id WHERE u.id = $1']) {
      const code = load(sql, 'id: number', 'id');
      const { text } = await fix('select-star', code);
      const [before, after] = [await run(code, 5), await run(text, 5)];
      expect(before).toHaveLength(1);
      expect(JSON.stringify(after)).toBe(JSON.stringify(before));
    }
  });

  it('unbounded-select gives the first of the rows', async () => {
    for (const sql of ['SELECT id, kind FROM events ORDER BY id', 'WITH e AS (SELECT id, kind FROM events) SELECT id, kind FROM e ORDER BY id', 'SELECT id FROM (SELECT id, kind FROM events) e ORDER BY id DESC', 'SELECT id FROM events UNION ALL SELECT id FROM orders ORDER BY id', 'SELECT DISTINCT id, kind FROM events ORDER BY id']) {
      const code = load(sql);
      const { title, text } = await fix('unbounded-select', code);
      expect(title).toContain('LIMIT 100');
      const before = await run(code);
      expect(await run(text.replace('LIMIT 100', 'LIMIT 10')), sql).toEqual(before.slice(0, 10));
      expect(await run(text), sql).toEqual(before.slice(0, 100));
    }
  });

  it('missing-soft-delete-filter leaves out the deleted rows and no others', async () => {
    const usual = ['a', 'b', 'c'].map((name) => `export function ${name}(team: number) { return pool.query('SELECT id FROM users WHERE team_id = $1 AND deleted_at IS NULL LIMIT 5', [team]); }\n`).join('');
    const code = load('SELECT id, email FROM users WHERE team_id = $1 OR id < 6 ORDER BY id', 'team: number', 'team').replace(PG, `${PG}${usual}`);
    const { title, text } = await fix('missing-soft-delete-filter', code);
    expect(title).toContain('deleted rows are no longer found');
    const live = new Set((await database.query('SELECT id FROM users WHERE deleted_at IS NULL')).map(({ id }) => id));
    const before = await run(code, 1);
    const after = before.filter(({ id }) => live.has(id));
    expect([after.length > 0, after.length < before.length]).toEqual([true, true]);
    expect(await run(text, 1)).toEqual(after);
  });

  it('missing-tenant-filter finds the rows of the tenant and no others', async () => {
    const code = load('SELECT id, organization_id FROM orders WHERE id < $1', 'id: number, organizationId: number', 'id');
    const { text } = await fix('missing-tenant-filter', code);
    const before = await run(code, 20, 2);
    expect(new Set(before.map((row) => row['organization_id'])).size).toBe(3);
    expect(await run(text, 20, 2)).toEqual(before.filter((row) => Number(row['organization_id']) === 2));
  });

  it('rls-setting-outside-transaction: the setting holds in the transaction and is gone behind it', async () => {
    const code = `${PG}export async function run(tenantId: string) {
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query("SELECT set_config('app.tenant_id', $1, false)", [tenantId]);
  const inside = await client.query("SELECT current_setting('app.tenant_id', true) AS seen");
  await client.query('COMMIT');
  const behind = await client.query("SELECT current_setting('app.tenant_id', true) AS seen");
  client.release();
  return [...inside.rows, ...behind.rows];
}
`;
    const { text } = await fix('rls-setting-outside-transaction', code);
    expect((await run(code, '7')).map((row) => row['seen'])).toEqual(['7', '7']);
    expect((await run(text, '7')).map((row) => row['seen'])).toEqual(['7', '']);
  });

  it('queue-without-skip-locked: the second worker takes other jobs instead of waiting', async () => {
    const sql = "SELECT id FROM jobs WHERE status = 'ready' ORDER BY run_at, id LIMIT 3 FOR UPDATE";
    const { title, text } = await fix('queue-without-skip-locked', sql);
    expect(title).toContain('rows that another transaction holds are left out');
    const workers = [new pg.Client(database.url), new pg.Client(database.url)] as const;
    try {
      const taken: unknown[] = [];
      for (const worker of workers) {
        await worker.connect();
        await worker.query("SET lock_timeout = '50ms'; BEGIN");
        taken.push((await worker.query<{ id: string }>(text)).rows.map(({ id }) => Number(id)));
      }
      expect(taken).toEqual([[1, 2, 3], [5, 6, 7]]);
      await expect(workers[1].query(sql)).rejects.toThrow('lock timeout');
    } finally {
      await Promise.all(workers.map((worker) => worker.end()));
    }
  });

  it('lock-timeout-missing: the same schema, and a lock that is not given in time is given up', async () => {
    const code = 'ALTER TABLE orders ADD COLUMN note text;\nALTER TABLE orders ALTER COLUMN total SET DEFAULT 0;\n';
    const { text, kind } = await fix('lock-timeout-missing', code, 'db/migrations/0002_more.sql');
    expect(kind).toBe('safe');
    const columns = (): Promise<readonly Row[]> => database.query("SELECT column_name, data_type, column_default FROM information_schema.columns WHERE table_name = 'orders' ORDER BY ordinal_position");
    const worker = new pg.Client(database.url);
    await worker.connect();
    try {
      await worker.query(`BEGIN; ${code}`);
      const before = (await worker.query<Row>("SELECT column_name, data_type, column_default FROM information_schema.columns WHERE table_name = 'orders' ORDER BY ordinal_position")).rows;
      await worker.query('ROLLBACK; BEGIN; LOCK TABLE orders IN ACCESS SHARE MODE');
      expect(await columns()).not.toEqual(before);
      await expect(database.query(text.replace(/'5s'/, "'50ms'"))).rejects.toThrow('lock timeout');
      await worker.query('ROLLBACK');
      await database.query(text);
      expect(await columns()).toEqual(before);
    } finally {
      await worker.end();
    }
  });

  it('rls-function-per-row: the same rows for every role', async () => {
    await database.query(`CREATE SCHEMA auth; CREATE FUNCTION auth.uid() RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT current_setting('app.reader')::bigint $$;
      CREATE TABLE notes (id bigint PRIMARY KEY, owner bigint); INSERT INTO notes SELECT i, NULLIF(i % 4, 0) FROM generate_series(1, 20) i; ALTER TABLE notes ENABLE ROW LEVEL SECURITY;`);
    const policy = 'CREATE POLICY own ON notes USING (owner = auth.uid());';
    const own = rules.filter((rule) => rule.id === 'rls-function-per-row');
    const result = await lintCase(own, { language: 'sql', code: policy, path: 'db/migrations/0002_policy.sql', schema: 'CREATE SCHEMA auth; CREATE FUNCTION auth.uid() RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT 1 $$; CREATE TABLE notes (id bigint PRIMARY KEY, owner bigint);' });
    const fixed = applyEdits(policy, result.findings[0]?.fixes()[0]?.edits ?? []) ?? '';
    expect(fixed).not.toBe(policy);
    const role = `reader_${database.name}`;
    const seen: unknown[] = [];
    try {
      for (const text of [policy, fixed]) {
        await database.query(`${text} CREATE ROLE ${role}; GRANT USAGE ON SCHEMA auth TO ${role}; GRANT SELECT ON notes TO ${role};`);
        const client = new pg.Client(database.url);
        await client.connect();
        try {
          await client.query(`SET ROLE ${role}; SET app.reader = '3'`);
          seen.push((await client.query('SELECT id FROM notes ORDER BY id')).rows);
        } finally {
          await client.end();
        }
        await database.query(`DROP POLICY own ON notes; DROP OWNED BY ${role}; DROP ROLE ${role};`);
      }
    } finally {
      await database.query(`DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN DROP OWNED BY ${role}; DROP ROLE ${role}; END IF; END $$`);
    }
    expect(seen[0]).toHaveLength(5);
    expect(seen[1]).toEqual(seen[0]);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rules } from '../../server/src/core/rules/index.generated';
import { lintCase, type LintCase } from '../support/readers';
import { asLive, onServer } from '../support/serverCatalog';

/** A text of the code or its schema, and what stands in its place. */
type Mutation = readonly [from: string, to: string];

interface Mutated extends Omit<LintCase, 'language'> {
  readonly language?: LintCase['language'];
  /** Each makes the rule silent: the defect mended, or what excuses it put there. Undone, the rule speaks again. */
  readonly silent: readonly Mutation[];
  /** Each changes what does not matter: the rule still speaks. */
  readonly still?: readonly Mutation[];
}

const MIGRATION = 'db/migrations/0002_next.sql';
const big = { assume: { orders: 3_000_000, users: 500_000, lines: 3_000_000, events: 5_000_000, sales: 900_000, parents: 500_000 } };
const PG = "import { Pool } from 'pg';\nconst pool = new Pool();\n";
const ORDERS = 'CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, number text NOT NULL, total integer, at timestamptz NOT NULL, data jsonb NOT NULL, deleted_at timestamptz);\n';
const PARTITIONED = "CREATE TABLE events (id bigint NOT NULL, kind text NOT NULL, at timestamptz NOT NULL) PARTITION BY RANGE (at);\nCREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');\nCREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');";
const VIEW = 'CREATE TABLE sales (id bigint PRIMARY KEY, day date NOT NULL, amount integer NOT NULL);\nCREATE MATERIALIZED VIEW daily AS SELECT day, sum(amount) AS total FROM sales GROUP BY day;';
const LOOP = `${PG}export async function run(ids: number[]) {\n  for (const id of ids) {\n    await pool.query('SELECT total FROM orders WHERE id = $1', [id]);\n  }\n}\n`;

const CASES: Readonly<Record<string, Mutated>> = {
  'char-or-money-type': { path: MIGRATION, code: 'CREATE TABLE a (id bigint PRIMARY KEY, code char(3) NOT NULL);', silent: [['char(3)', 'varchar(3)'], ['char(3)', '"char"'], ['char(3)', 'text']], still: [['char(3)', 'money'], ['char(3)', 'character(3)']] },
  'conditional-tenant-filter': { schema: 'CREATE TABLE t (id bigint PRIMARY KEY);\nCREATE TABLE a (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES t);\nCREATE TABLE b (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES t);', settings: { tenant: { columns: ['organization_id'], globalTables: ['t'], systemPaths: [] } }, code: 'SELECT id FROM a WHERE ($1::bigint IS NULL OR organization_id = $1) AND id > $2', silent: [['($1::bigint IS NULL OR organization_id = $1)', 'organization_id = $1'], ['($1::bigint IS NULL', '(organization_id = $1']], still: [[' AND id > $2', '']] },
  'correlated-subquery': { schema: ORDERS + 'CREATE TABLE users (id bigint PRIMARY KEY);', settings: big, code: 'SELECT u.id, (SELECT count(*) FROM orders o WHERE o.user_id = u.id) FROM users u', silent: [['o.user_id = u.id', 'o.user_id = 3'], ['FROM users u', 'FROM users u WHERE u.id = $1']], still: [['count(*)', 'sum(o.total)']] },
  'dropped-object-in-use': { path: 'db/statements.sql', schema: ORDERS, code: 'ALTER TABLE orders DROP COLUMN number;\nCREATE FUNCTION f(bigint) RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM o.number FROM orders o; END $$;', silent: [['o.number', 'o.total'], ['DROP COLUMN number;', 'DROP COLUMN number;\nALTER TABLE orders ADD COLUMN number text;'], ['DROP COLUMN number', 'ALTER COLUMN number DROP NOT NULL']], still: [['DROP COLUMN number', 'RENAME COLUMN number TO no']] },
  'foreign-key-without-index': { path: MIGRATION, schema: 'CREATE TABLE parents (id bigint PRIMARY KEY);', settings: big, code: 'CREATE TABLE lines (id bigint PRIMARY KEY, parent_id bigint REFERENCES parents (id));', silent: [[');', ');\nCREATE INDEX ON lines (parent_id, id);'], [' REFERENCES parents (id)', ''], ['bigint REFERENCES parents (id)', 'bigint UNIQUE REFERENCES parents (id)']], still: [[');', ');\nCREATE INDEX ON lines (id, parent_id);'], [');', ');\nCREATE INDEX ON lines (parent_id) WHERE id > 5;']] },
  'index-not-concurrent': { path: MIGRATION, schema: ORDERS, settings: big, code: 'CREATE INDEX orders_number ON orders (number);', silent: [['CREATE INDEX', 'CREATE INDEX CONCURRENTLY'], ['CREATE INDEX orders_number ON orders (number)', 'CREATE TABLE fresh (number text); CREATE INDEX fresh_number ON fresh (number)']], still: [['CREATE INDEX', 'CREATE UNIQUE INDEX']] },
  'int-primary-key': { path: MIGRATION, settings: big, code: 'CREATE TABLE orders (id serial PRIMARY KEY);', silent: [['serial', 'bigserial'], ['serial', 'uuid'], ['serial', 'integer']], still: [['serial', 'int GENERATED ALWAYS AS IDENTITY']] },
  'invalid-index': { path: MIGRATION, schema: ORDERS, code: 'CREATE INDEX CONCURRENTLY orders_number ON orders (number);', catalog: (catalog) => asLive(catalog, ['orders_number']), silent: [['orders_number', 'orders_other']] },
  'json-not-jsonb': { path: MIGRATION, code: 'CREATE TABLE a (id bigint PRIMARY KEY, data json);', silent: [['json)', 'jsonb)'], ['json)', 'text)']] },
  'jsonb-index-mismatch': { schema: ORDERS, settings: big, code: "SELECT id FROM orders WHERE data @> $1", silent: [['data @> $1', 'id = $1'], ['data @> $1', 'data @> $1 AND id = 4']] },
  'leading-wildcard-like': { schema: ORDERS, settings: big, code: "SELECT id FROM orders WHERE number LIKE '%x'", silent: [["'%x'", "'x%'"], ["LIKE '%x'", "= '%x'"], ["number LIKE '%x'", "id = 3 AND number LIKE '%x'"]], still: [['LIKE', 'ILIKE']] },
  'lock-taking-alter': { path: MIGRATION, schema: ORDERS, settings: big, code: 'ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0);', silent: [['(total > 0)', '(total > 0) NOT VALID'], ['ADD CONSTRAINT positive CHECK (total > 0)', 'ADD COLUMN note text'], ['ALTER TABLE orders', 'CREATE TABLE fresh (total int); ALTER TABLE fresh']] },
  'lock-timeout-missing': { path: MIGRATION, schema: ORDERS, settings: big, code: 'ALTER TABLE orders ADD COLUMN note text;', silent: [['ALTER TABLE', "SET lock_timeout = '5s';\nALTER TABLE"], ['ALTER TABLE orders ADD COLUMN note text', 'CREATE TABLE fresh (id int)']], still: [['ALTER TABLE', "SET statement_timeout = '5s';\nALTER TABLE"]] },
  'low-cardinality-index': { path: MIGRATION, schema: 'CREATE TABLE users (id bigint PRIMARY KEY, active boolean NOT NULL, email text NOT NULL);', settings: big, code: 'CREATE INDEX users_active ON users (active);', silent: [['(active)', '(email, active)'], ['(active)', '(email) WHERE active']] },
  'matview-without-unique-index': { path: MIGRATION, schema: VIEW, code: 'REFRESH MATERIALIZED VIEW CONCURRENTLY daily;', silent: [['REFRESH', 'CREATE UNIQUE INDEX daily_day ON daily (day);\nREFRESH']], still: [['REFRESH', 'CREATE INDEX daily_day ON daily (day);\nREFRESH'], ['REFRESH', 'CREATE UNIQUE INDEX daily_day ON daily (day) WHERE total > 0;\nREFRESH']] },
  'missing-next-partition': { ...onServer({ language: 'sql', code: '' }, { now: '2026-01-20T00:00:00Z' }), catalog: (catalog) => asLive(catalog, []), code: "CREATE TABLE visits (id bigint, at timestamptz NOT NULL) PARTITION BY RANGE (at);\nCREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');", silent: [["TO ('2026-02-01');", "TO ('2026-02-01');\nCREATE TABLE visits_2 PARTITION OF visits FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');"], ["TO ('2026-02-01')", 'TO (MAXVALUE)']], still: [["TO ('2026-02-01');", "TO ('2026-02-01');\nCREATE TABLE visits_2 PARTITION OF visits FOR VALUES FROM ('2025-12-01') TO ('2026-01-01');"]] },
  'missing-partition-key': { schema: PARTITIONED, settings: big, code: 'SELECT id FROM events WHERE kind = $1', silent: [['kind = $1', 'kind = $1 AND at >= $2'], ['FROM events', 'FROM events_1']], still: [['kind = $1', "kind = $1 AND date_trunc('day', at) = $2"]] },
  'missing-primary-key': { path: MIGRATION, code: 'CREATE TABLE a (id bigint NOT NULL);', silent: [['bigint NOT NULL', 'bigint PRIMARY KEY'], ['NOT NULL);', 'NOT NULL);\nALTER TABLE a ADD PRIMARY KEY (id);'], ['CREATE TABLE', 'CREATE TEMP TABLE']] },
  'n-plus-one': { language: 'typescript', schema: ORDERS, code: LOOP, silent: [['[id]);', '[id]);\n    break;'], ['for (const id of ids)', 'for (const id of [1, 2])'], ['for (const id of ids) {', '{\n    const [id] = ids;']], still: [['for (const id of ids) {', 'for (let i = 0; i < ids.length; i++) {\n    const id = ids[i];']] },
  'offset-pagination': { schema: ORDERS, settings: big, code: 'SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET $1', silent: [[' OFFSET $1', ''], ['OFFSET $1', 'OFFSET 0'], ['orders', '(VALUES (1), (2)) v (id)']], still: [['OFFSET $1', 'OFFSET 5000']] },
  'or-across-columns': { schema: `${ORDERS}CREATE INDEX orders_user ON orders (user_id);`, settings: big, planner: true, code: 'SELECT id FROM orders WHERE user_id = $1 OR number = $2', silent: [[' OR number = $2', ''], ['OR number', 'AND number'], ['number = $2', 'user_id = $2']] },
  'order-by-limit-walks-index': { schema: 'CREATE TABLE orders (id bigint PRIMARY KEY, warehouse int NOT NULL, at timestamptz NOT NULL);\nCREATE INDEX orders_at ON orders (at);', settings: big, planner: true, code: 'SELECT id FROM orders WHERE warehouse = $1 ORDER BY at DESC LIMIT 20', silent: [[' WHERE warehouse = $1', ''], [' LIMIT 20', '']] },
  'partial-index-mismatch': { schema: `${ORDERS}CREATE UNIQUE INDEX orders_live ON orders (number) WHERE deleted_at IS NULL;`, settings: big, code: 'SELECT id FROM orders WHERE number = $1', silent: [['number = $1', 'number = $1 AND deleted_at IS NULL'], ['number = $1', 'id = 3']] },
  'partition-key-not-in-unique': { path: MIGRATION, code: 'CREATE TABLE e (id bigint, at date NOT NULL, PRIMARY KEY (id)) PARTITION BY RANGE (at);', silent: [['(id))', '(id, at))'], [' PARTITION BY RANGE (at)', '']] },
  'redundant-index': { path: MIGRATION, schema: ORDERS, settings: big, code: 'CREATE INDEX a ON orders (user_id);\nCREATE INDEX b ON orders (user_id, at);', silent: [['(user_id, at)', '(at, user_id)'], ['(user_id);', '(user_id) WHERE deleted_at IS NULL;'], ['(user_id);', '(user_id DESC);'], ['INDEX a', 'UNIQUE INDEX a'], ['orders (user_id);', 'orders USING hash (user_id);']] },
  'refresh-blocks-readers': { path: MIGRATION, schema: `${VIEW}\nCREATE UNIQUE INDEX daily_day ON daily (day);`, code: 'REFRESH MATERIALIZED VIEW daily;', silent: [['VIEW daily', 'VIEW CONCURRENTLY daily'], ['daily;', 'daily WITH NO DATA;']] },
  'rls-function-per-row': { path: MIGRATION, schema: 'CREATE TABLE notes (id bigint PRIMARY KEY, owner uuid);', code: 'CREATE POLICY own ON notes USING (owner = auth.uid());', silent: [['auth.uid()', '(SELECT auth.uid())'], ['auth.uid()', "'00000000-0000-4000-8000-000000000000'"]], still: [['USING (owner = auth.uid())', 'FOR INSERT WITH CHECK (owner = auth.uid())']] },
  'select-star': { language: 'typescript', schema: ORDERS, code: `${PG}export const load = (id: string) => pool.query('SELECT * FROM orders WHERE id = $1', [id]);`, silent: [['*', 'id'], ['SELECT *', 'SELECT count(*)'], ['SELECT * FROM orders WHERE id = $1', 'SELECT EXISTS (SELECT * FROM orders WHERE id = $1)']] },
  'sort-direction-mismatch': { schema: `${ORDERS}CREATE INDEX orders_user_at ON orders (user_id, at);`, settings: big, code: 'SELECT id FROM orders ORDER BY user_id, at DESC LIMIT 20', silent: [['at DESC', 'at'], ['user_id, at DESC', 'user_id DESC, at DESC'], [' LIMIT 20', '']] },
  'syntax-error': { code: 'SELECT id FRM orders WHERE', silent: [['FRM orders WHERE', 'FROM orders']] },
  'timestamp-without-time-zone': { path: MIGRATION, code: 'CREATE TABLE a (id bigint PRIMARY KEY, at timestamp NOT NULL);', silent: [['timestamp', 'timestamptz'], ['timestamp', 'date']], still: [['timestamp', 'timestamp(3)'], ['timestamp', 'timestamp without time zone']] },
  'unbounded-select': { language: 'typescript', schema: ORDERS, settings: big, code: `${PG}export async function all() {\n  return (await pool.query('SELECT id FROM orders')).rows;\n}\n`, silent: [['FROM orders', 'FROM orders LIMIT 10'], ['SELECT id', 'SELECT count(*)'], ['FROM orders', 'FROM orders WHERE id = 4']] },
  'unindexed-predicate': { schema: ORDERS, settings: big, code: 'SELECT id FROM orders WHERE number = $1', silent: [['number', 'id'], ['number = $1', 'id = 4 AND number = $1'], [' WHERE number = $1', '']] },
  'unstable-pagination': { schema: ORDERS, settings: big, code: 'SELECT id FROM orders ORDER BY at LIMIT 20 OFFSET $1', silent: [['ORDER BY at', 'ORDER BY at, id'], [' LIMIT 20 OFFSET $1', ''], ['LIMIT 20 OFFSET $1', 'LIMIT 1']], still: [['ORDER BY at', 'ORDER BY at, number']] },
  'unused-index': { ...onServer({ language: 'sql', code: '' }, { unused: ['orders_number'] }), schema: ORDERS, code: 'CREATE INDEX orders_number ON orders (number);', silent: [['CREATE INDEX', 'CREATE UNIQUE INDEX'], ['orders_number ON', 'orders_other ON'], [');', ');\nDROP INDEX orders_number;']], still: [['(number)', '(number, total)']] },
  'vacuum-full': { path: MIGRATION, schema: ORDERS, settings: big, code: 'VACUUM FULL orders;', silent: [['FULL', 'ANALYZE'], ['VACUUM FULL orders', 'CREATE TABLE fresh (id int);\nCLUSTER fresh USING fresh_pkey']], still: [['VACUUM FULL orders', 'VACUUM (FULL, ANALYZE) orders'], ['VACUUM FULL orders', 'CLUSTER orders USING orders_pkey']] },
  'write-in-loop': { language: 'typescript', schema: ORDERS, code: LOOP.replace('SELECT total FROM orders WHERE id', 'DELETE FROM orders WHERE id'), silent: [['[id]);', '[id]);\n    break;'], ['for (const id of ids) {', '{\n    const [id] = ids;'], ['for (const id of ids)', 'for (const id of [1, 2])']] },
};

describe('a finding goes with each mutation that mends or excuses it, and stays with those that do not matter', () => {
  it.each(Object.entries(CASES))('%s', async (id, { silent, still = [], ...base }) => {
    const rule = rules.filter((r) => r.id === id);
    const count = async (code: string): Promise<number> => {
      const result = await lintCase(rule, { language: 'sql', ...base, code });
      expect(result.failures, code).toEqual([]);
      return result.findings.length;
    };
    expect(await count(base.code), base.code).toBeGreaterThan(0);
    for (const [from] of [...silent, ...still]) expect(base.code).toContain(from);
    const found: Record<string, boolean> = {};
    for (const [from, to] of [...silent, ...still]) found[base.code.replace(from, () => to)] = (await count(base.code.replace(from, () => to))) > 0;
    const expected = Object.fromEntries([...silent.map((m) => [m, false] as const), ...still.map((m) => [m, true] as const)].map(([[from, to], speaks]) => [base.code.replace(from, () => to), speaks]));
    expect(found).toEqual(expected);
  });

  // What stands in the other two files is a row of a table whose every row is run both ways.
  it('every rule has its mutations', () => {
    const textOf = (name: string): string => readFileSync(join(import.meta.dirname, `${name}.test.ts`), 'utf8');
    const others = new Set([...textOf('queryShapePairs').matchAll(/^ {2}'([a-z-]+)': \[/gm), ...textOf('transactionMutations').matchAll(/^ {2}\{ rule: '([a-z-]+)'/gm)].map((row) => row[1]));
    expect(rules.map((rule) => rule.id).filter((id) => !(id in CASES) && !others.has(id))).toEqual([]);
    expect(Object.entries(CASES).filter(([, { silent }]) => silent.length === 0)).toEqual([]);
  });
});

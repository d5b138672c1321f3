import { describe, expect, it } from 'vitest';
import { rules } from '../../server/src/core/rules/index.generated';
import { lintCase } from '../support/readers';

/** One database for all pairs; everything but `few` is large. */
const SCHEMA = `
  CREATE TABLE users (id bigint PRIMARY KEY, team_id bigint NOT NULL, name text NOT NULL, parent_id bigint, number int NOT NULL, at timestamp NOT NULL, due date, tags text[] NOT NULL, deleted_at timestamptz);
  CREATE INDEX users_name ON users (name);
  CREATE INDEX users_number ON users (number);
  CREATE INDEX users_at ON users (at);
  CREATE INDEX users_tags ON users USING gin (tags);
  CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, total numeric NOT NULL, note text);
  CREATE TABLE visits (id bigint PRIMARY KEY, user_id bigint NOT NULL);
  CREATE TABLE profiles (user_id bigint PRIMARY KEY, score int NOT NULL);
  CREATE TABLE few (id bigint PRIMARY KEY, name text NOT NULL);
`;
const ROWS = 3_000_000;
const settings = { assume: { users: ROWS, orders: ROWS, visits: ROWS, profiles: ROWS, few: 9 } };
const live = [1, 2, 3].map((i) => `SELECT name FROM users WHERE number = ${i} AND deleted_at IS NULL;\n`).join('');

/** `fires` without its defect is `mended`; `guarded` is let pass by one guard of the rule, and `unguarded` is the same without it. */
interface Pair {
  readonly fires: string;
  readonly mended: string;
  readonly guarded: string;
  readonly unguarded: string;
  readonly planner?: true;
}

const PAIRS: Readonly<Record<string, readonly Pair[]>> = {
  'array-containment-direction': [{ fires: 'SELECT id FROM users WHERE $1 = ANY(tags)', mended: 'SELECT id FROM users WHERE tags @> ARRAY[$1]', guarded: 'SELECT id FROM users WHERE NOT ($1 = ANY(tags))', unguarded: 'SELECT id FROM users WHERE ($1 = ANY(tags))' }],
  'between-timestamps': [{ fires: "SELECT id FROM users WHERE at BETWEEN '2024-01-01' AND '2024-01-31'", mended: "SELECT id FROM users WHERE at >= '2024-01-01' AND at < '2024-02-01'", guarded: "SELECT id FROM users WHERE due BETWEEN '2024-01-01' AND '2024-01-31'", unguarded: "SELECT id FROM users WHERE at BETWEEN '2024-01-01' AND '2024-01-31'" }],
  'cartesian-join': [
    { fires: 'SELECT u.id FROM users u, orders o', mended: 'SELECT u.id FROM users u, orders o WHERE o.user_id = u.id', guarded: 'SELECT u.id FROM users u CROSS JOIN orders o', unguarded: 'SELECT u.id FROM users u, orders o' },
    { fires: 'SELECT u.id FROM users u, orders o WHERE o.total = 1', mended: 'SELECT u.id FROM users u, orders o WHERE o.id = u.id', guarded: 'SELECT u.id FROM users u, orders o WHERE o.id = 1', unguarded: 'SELECT u.id FROM users u, orders o WHERE o.user_id = 1' },
  ],
  'count-for-existence': [{ fires: 'SELECT id FROM users u WHERE (SELECT count(*) FROM orders o WHERE o.user_id = u.id) > 0', mended: 'SELECT id FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id)', guarded: 'SELECT id FROM users u WHERE (SELECT count(note) FROM orders o WHERE o.user_id = u.id) > 0', unguarded: 'SELECT id FROM users u WHERE (SELECT count(total) FROM orders o WHERE o.user_id = u.id) > 0' }],
  'count-total-per-page': [{ fires: 'SELECT id, count(*) OVER () FROM users ORDER BY id LIMIT 20', mended: 'SELECT id FROM users ORDER BY id LIMIT 20', guarded: 'SELECT id, count(*) OVER () FROM few ORDER BY id LIMIT 20', unguarded: 'SELECT id, count(*) OVER () FROM visits ORDER BY id LIMIT 20' }],
  'distinct-hides-fan-out': [{ fires: 'SELECT DISTINCT u.id FROM users u JOIN orders o ON o.user_id = u.id', mended: 'SELECT u.id FROM users u JOIN orders o ON o.user_id = u.id', guarded: 'SELECT DISTINCT u.name FROM users u JOIN profiles p ON p.user_id = u.id', unguarded: 'SELECT DISTINCT u.name FROM users u JOIN visits p ON p.user_id = u.id' }],
  'fan-out-aggregate': [{ fires: 'SELECT u.id, sum(o.total) FROM users u JOIN orders o ON o.user_id = u.id JOIN visits v ON v.user_id = u.id GROUP BY u.id', mended: 'SELECT u.id, sum(o.total) FROM users u JOIN orders o ON o.user_id = u.id GROUP BY u.id', guarded: 'SELECT u.id, sum(o.total) FROM users u JOIN orders o ON o.user_id = u.id JOIN profiles v ON v.user_id = u.id GROUP BY u.id', unguarded: 'SELECT u.id, sum(o.total) FROM users u JOIN orders o ON o.user_id = u.id JOIN visits v ON v.user_id = u.id GROUP BY u.id' }],
  'implicit-cast': [{ fires: 'SELECT id FROM users WHERE number = 4.0', mended: 'SELECT id FROM users WHERE number = 4', guarded: 'SELECT id FROM users WHERE id = 7 AND number = 4.0', unguarded: 'SELECT id FROM users WHERE number = 4.0' }],
  'large-in-list': [{ fires: `SELECT id FROM users WHERE id IN (${Array.from({ length: 101 }, (_, i) => i).join()})`, mended: 'SELECT id FROM users WHERE id = ANY($1)', guarded: `SELECT id FROM users WHERE id IN (${Array.from({ length: 100 }, (_, i) => i).join()})`, unguarded: `SELECT id FROM users WHERE id IN (${Array.from({ length: 102 }, (_, i) => i).join()})` }],
  'materialized-cte-fence': [{ planner: true, fires: 'WITH c AS MATERIALIZED (SELECT id, number FROM users) SELECT id FROM c WHERE id = $1', mended: 'WITH c AS (SELECT id, number FROM users) SELECT id FROM c WHERE id = $1', guarded: 'WITH c AS MATERIALIZED (SELECT DISTINCT id, number FROM users) SELECT id FROM c WHERE id = $1', unguarded: 'WITH c AS MATERIALIZED (SELECT id, number FROM users) SELECT id FROM c WHERE id = $1' }],
  'missing-soft-delete-filter': [{ fires: `${live}SELECT name FROM users WHERE number = 9`, mended: `${live}SELECT name FROM users WHERE number = 9 AND deleted_at IS NULL`, guarded: `${live}SELECT name FROM users WHERE id = 9`, unguarded: `${live}SELECT name FROM users WHERE team_id = 9` }],
  'non-sargable-predicate': [{ fires: "SELECT id FROM users WHERE at::date = '2024-02-01'", mended: "SELECT id FROM users WHERE at >= '2024-02-01' AND at < '2024-02-02'", guarded: "SELECT id FROM users WHERE number = 3 AND at::date = '2024-02-01'", unguarded: "SELECT id FROM users WHERE team_id = 3 AND at::date = '2024-02-01'" }],
  'not-in-subquery': [{ fires: 'SELECT id FROM orders WHERE user_id NOT IN (SELECT parent_id FROM users)', mended: 'SELECT id FROM orders WHERE NOT EXISTS (SELECT 1 FROM users WHERE parent_id = orders.user_id)', guarded: 'SELECT id FROM orders WHERE user_id NOT IN (SELECT id FROM few)', unguarded: 'SELECT id FROM orders WHERE user_id NOT IN (SELECT id FROM visits)' }],
  'order-by-random': [{ fires: 'SELECT id FROM users ORDER BY random() LIMIT 1', mended: 'SELECT id FROM users ORDER BY id LIMIT 1', guarded: 'SELECT id FROM few ORDER BY random() LIMIT 1', unguarded: 'SELECT id FROM visits ORDER BY random() LIMIT 1' }],
  'prefix-like-collation': [{ fires: "SELECT id FROM users WHERE name LIKE 'an%'", mended: "SELECT id FROM users WHERE name = 'an'", guarded: "SELECT id FROM users WHERE id = 3 AND name LIKE 'an%'", unguarded: "SELECT id FROM users WHERE team_id = 3 AND name LIKE 'an%'" }],
  'queue-without-skip-locked': [{ fires: 'SELECT id FROM orders ORDER BY id LIMIT 1 FOR UPDATE', mended: 'SELECT id FROM orders ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED', guarded: 'SELECT id FROM orders WHERE id > $1 ORDER BY id LIMIT 9 FOR UPDATE', unguarded: 'SELECT id FROM orders WHERE total > $1 ORDER BY id LIMIT 9 FOR UPDATE' }],
  'union-dedup': [{ fires: "SELECT 'o', id FROM orders UNION SELECT 'v', id FROM visits", mended: "SELECT 'o', id FROM orders UNION ALL SELECT 'v', id FROM visits", guarded: "SELECT 'o', user_id FROM orders UNION SELECT 'v', id FROM visits", unguarded: "SELECT 'o', id FROM orders UNION SELECT 'v', user_id FROM profiles" }],
  'write-without-where': [{ fires: 'DELETE FROM orders', mended: 'DELETE FROM orders WHERE id = $1', guarded: 'WITH gone AS (DELETE FROM orders RETURNING id) SELECT count(*) FROM gone', unguarded: 'WITH gone AS (DELETE FROM orders) SELECT 1' }],
};

const count = async (id: string, code: string, planner = false): Promise<number> => {
  const rule = rules.find((r) => r.id === id);
  if (!rule) throw new Error(`no rule ${id}`);
  const result = await lintCase([rule], { language: 'sql', code, schema: SCHEMA, settings, planner });
  expect([result.failures, result.errors], code).toEqual([[], 0]);
  return result.findings.length;
};

describe('query shape: the finding goes with its defect and comes back with its guard', () => {
  it.each(Object.entries(PAIRS).flatMap(([id, pairs]) => pairs.map((pair) => [id, pair] as const)))('%s', async (id, { fires, mended, guarded, unguarded, planner }) => {
    const counts = [await count(id, fires, planner), await count(id, mended, planner), await count(id, guarded, planner), await count(id, unguarded, planner)];
    expect(counts).toEqual([1, 0, 0, 1]);
  });
});

import { countForExistence } from '../../server/src/core/rules/count-for-existence';
import { testRule } from '../support/ruleTester';

const host = (query: string, use: string): string => `
import { Pool } from 'pg';
const pool = new Pool();
export async function run(id: string) {
  ${query}
  ${use}
}`;

testRule(countForExistence, {
  schema: `
    CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL);
    CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, note text);
  `,
  settings: { assume: { users: 500_000, orders: 500_000 } },
  embed: false,
  flagged: [
    { code: `
SELECT name FROM users u WHERE (SELECT count(*) FROM orders o WHERE o.user_id = u.id) > 0
--                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ EXISTS stops at the first`, severity: 'warning', embed: true, fixed: `
SELECT name FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id)` },
    { code: `
SELECT name FROM users u WHERE u.id > 3 AND 0 = (SELECT count(*) FROM orders o WHERE o.user_id = u.id)
--                                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, embed: true, fixed: `
SELECT name FROM users u WHERE u.id > 3 AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id)` },
    { code: `
SELECT count(*) > 0 AS has FROM orders WHERE user_id = $1
--     ^^^^^^^^^^^^`, fixed: `
SELECT EXISTS (SELECT 1 FROM orders WHERE user_id = $1) AS has`, embed: true },
    { code: `
SELECT CASE WHEN (SELECT count(*) FROM orders o WHERE o.user_id = u.id) >= 1 THEN 'a' ELSE 'b' END FROM users u
--     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, fixes: 0 },
    { code: `
SELECT count(*) > 0 FROM unknown_table WHERE a = $1
--     ^^^^^^^^^^^^`, severity: 'info', fixes: 1 },
    { language: 'typescript', code: host("const { rows } = await pool.query('SELECT count(*) FROM orders WHERE user_id = $1', [id]);\n//                                          ^^^^^^^^ The code only asks `Number(rows[0].count) > 0`", 'return Number(rows[0].count) > 0;'), fixes: 0 },
    { language: 'typescript', code: host("const result = await pool.query('SELECT count(*)::int AS n FROM orders WHERE user_id = $1', [id]);", 'if (result.rows[0].n === 0) throw new Error("none");').replace('count(*)::int', 'count(*)').replace('[id]);', '[id]);\n//                                        ^^^^^^^^^^^^^ result.rows[0].n === 0') },
  ],
  clean: [
    'SELECT name FROM users u WHERE (SELECT count(*) FROM orders o WHERE o.user_id = u.id) > 1',
    'SELECT name FROM users u WHERE (SELECT count(*) FROM orders o WHERE o.user_id = u.id) = 1',
    // Rows with a note, not rows.
    'SELECT name FROM users u WHERE (SELECT count(note) FROM orders o WHERE o.user_id = u.id) > 0',
    'SELECT name FROM users u WHERE (SELECT count(*) FILTER (WHERE o.id > 3) FROM orders o WHERE o.user_id = u.id) > 0',
    'SELECT name FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id)',
    'SELECT user_id FROM orders GROUP BY user_id HAVING count(*) > 0',
    'SELECT count(*) > 0 AS has FROM orders WHERE id = $1',
    'SELECT count(*) FROM orders WHERE user_id = $1',
    "SELECT count(*) > 0 FROM pg_class WHERE relname = 'orders'",
    { language: 'typescript', code: host("const { rows } = await pool.query('SELECT count(*) FROM orders WHERE user_id = $1', [id]);", 'if (Number(rows[0].count) > 0) return rows[0].count;') },
    { language: 'typescript', code: host("const { rows } = await pool.query('SELECT count(*) FROM orders WHERE user_id = $1', [id]);", 'return Number(rows[0].count) > 10;') },
    { language: 'typescript', code: host("const { rows } = await pool.query('SELECT count(*) FROM orders WHERE user_id = $1', [id]);", 'return Number(rows[0].count) > 1;') },
    { language: 'typescript', code: host("const { rows } = await pool.query('SELECT count(*) FROM orders WHERE user_id = $1', [id]);", 'return Number(rows[0].count) === 1;') },
    { language: 'typescript', code: host("const { rows } = await pool.query('SELECT count(*) FROM orders WHERE user_id = $1', [id]);", 'return Number(rows[0].count) >= 0;') },
    { language: 'typescript', code: host("const { rows } = await pool.query('SELECT count(*) FROM orders WHERE user_id = $1', [id]);", 'return rows;') },
  ],
});

import { unstablePagination } from '../../server/src/core/rules/unstable-pagination';
import { testRule } from '../support/ruleTester';

testRule(unstablePagination, {
  schema: `
    CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, number text NOT NULL UNIQUE, reference text UNIQUE, created_at timestamptz NOT NULL);
    CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
    CREATE TABLE tags (order_id bigint NOT NULL, name text NOT NULL, PRIMARY KEY (order_id, name));
    CREATE TABLE notes (body text NOT NULL, created_at timestamptz NOT NULL);
    CREATE TABLE numbered (id uuid PRIMARY KEY, position serial);
    CREATE TABLE countries (code text PRIMARY KEY, name text NOT NULL);
  `,
  settings: { assume: { countries: 250 } },
  flagged: [
    {
      code: `
SELECT id FROM orders ORDER BY created_at DESC LIMIT 20 OFFSET $1
--                    ^^^^^^^^^^^^^^^^^^^^^^^^ created_at DESC is not unique; id is.`,
      fixed: `
SELECT id FROM orders ORDER BY created_at DESC, id DESC LIMIT 20 OFFSET $1`,
    },
    {
      code: `
SELECT id FROM orders WHERE created_at < $1 ORDER BY created_at DESC LIMIT 20
--                                          ^^^^^^^^^^^^^^^^^^^^^^^^`,
      severity: 'warning',
    },
    {
      code: `
SELECT id FROM orders LIMIT 20 OFFSET $1
--                             ^^^^^^^^^ without ORDER BY`,
      fixed: `
SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET $1`,
    },
    {
      // A nullable unique column repeats NULL.
      code: `
SELECT id FROM orders ORDER BY reference LIMIT 20 OFFSET $1
--                    ^^^^^^^^^^^^^^^^^^ reference is unique but for NULLs; id has none.`,
      severity: 'hint',
      fixed: `
SELECT id FROM orders ORDER BY reference, id LIMIT 20 OFFSET $1`,
    },
    {
      code: `
SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id ORDER BY c.name LIMIT $1 OFFSET $2
--                                                                         ^^^^^^^^^^^^^^^`,
      fixed: `
SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id ORDER BY c.name, o.id LIMIT $1 OFFSET $2`,
    },
    {
      code: `
SELECT name FROM tags WHERE name = $1 ORDER BY 1 LIMIT 10 OFFSET $2
--                                    ^^^^^^^^^^ order_id is`,
      fixed: `
SELECT name FROM tags WHERE name = $1 ORDER BY 1, order_id LIMIT 10 OFFSET $2`,
    },
    {
      code: `
SELECT o.id FROM orders o JOIN tags t ON t.order_id = o.id ORDER BY o.created_at LIMIT 10 OFFSET $1
--                                                         ^^^^^^^^^^^^^^^^^^^^^`,
      fixed: `
SELECT o.id FROM orders o JOIN tags t ON t.order_id = o.id ORDER BY o.created_at, t.order_id, t.name LIMIT 10 OFFSET $1`,
    },
    {
      code: `
SELECT customer_id, count(*) FROM orders GROUP BY customer_id ORDER BY count(*) DESC LIMIT 10 OFFSET $1
--                                                            ^^^^^^^^^^^^^^^^^^^^^^ count(*) DESC is not unique among the groups; with customer_id it is.`,
      fixed: `
SELECT customer_id, count(*) FROM orders GROUP BY customer_id ORDER BY count(*) DESC, customer_id DESC LIMIT 10 OFFSET $1`,
    },
    {
      code: `
SELECT date_trunc('day', created_at) AS day, customer_id AS who, count(*) FROM orders GROUP BY 1, 2 ORDER BY day LIMIT 10 OFFSET $1
--                                                                                                  ^^^^^^^^^^^^`,
      fixed: `
SELECT date_trunc('day', created_at) AS day, customer_id AS who, count(*) FROM orders GROUP BY 1, 2 ORDER BY day, 2 LIMIT 10 OFFSET $1`,
    },
    {
      code: `
SELECT DISTINCT customer_id AS who, lower(number) FROM orders ORDER BY who LIMIT 10 OFFSET $1
--                                                            ^^^^^^^^^^^^ who is not unique among the distinct rows`,
      fixed: `
SELECT DISTINCT customer_id AS who, lower(number) FROM orders ORDER BY who, 2 LIMIT 10 OFFSET $1`,
    },
    {
      code: `
SELECT customer_id, count(*) FROM orders GROUP BY customer_id LIMIT 10 OFFSET $1
--                                                                     ^^^^^^^^^ customer_id tells the groups apart`,
      fixed: `
SELECT customer_id, count(*) FROM orders GROUP BY customer_id ORDER BY customer_id LIMIT 10 OFFSET $1`,
    },
    { code: `
SELECT id FROM orders ORDER BY lower(number) LIMIT $1
--                    ^^^^^^^^^^^^^^^^^^^^^^`, severity: 'info' },
  ],
  clean: [
    { code: 'SELECT id FROM orders ORDER BY created_at LIMIT $1', role: 'script' },
    // A window of time is no position.
    'SELECT id FROM orders WHERE created_at > $1 AND created_at <= $2 ORDER BY created_at LIMIT 50',
    // A draw by lot has no next page.
    'SELECT id FROM orders ORDER BY random() LIMIT $1',
    {
      // The host names the key: it may be the unique one.
      language: 'typescript',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export const page = (column: string, offset: number) => pool.query(\`SELECT id FROM orders ORDER BY \${column} DESC LIMIT 20 OFFSET $1\`, [offset]);`,
    },
    'SELECT id FROM orders ORDER BY created_at DESC, id LIMIT 20 OFFSET $1',
    'SELECT id FROM orders ORDER BY number LIMIT 20 OFFSET $1',
    'SELECT id FROM orders ORDER BY created_at DESC LIMIT 1',
    'SELECT id FROM orders ORDER BY created_at DESC LIMIT 10',
    {
      language: 'typescript',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export const list = (conditions: string[], start: number) => pool.query(\`SELECT id FROM orders WHERE \${conditions.join(' AND ')} ORDER BY created_at LIMIT 10 OFFSET $1\`, [start]);`,
    },
    'SELECT 1 FROM orders WHERE customer_id = $1 LIMIT 1',
    'SELECT name FROM tags WHERE order_id = $1 ORDER BY name LIMIT 10 OFFSET $2',
    'SELECT body FROM notes ORDER BY created_at LIMIT 10 OFFSET $1',
    'SELECT name FROM countries ORDER BY name LIMIT 20 OFFSET $1',
    'SELECT id FROM orders ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED',
    'DELETE FROM orders WHERE id IN (SELECT id FROM orders ORDER BY created_at LIMIT $1)',
    // The first groups of a list are no page.
    'SELECT customer_id, count(*) FROM orders GROUP BY customer_id ORDER BY count(*) DESC LIMIT $1',
    'SELECT customer_id, max(id) FROM orders GROUP BY customer_id ORDER BY max(id) DESC LIMIT 10 OFFSET $1',
    'SELECT customer_id, count(*) FROM orders GROUP BY ROLLUP (customer_id) ORDER BY count(*) LIMIT 10 OFFSET $1',
    'SELECT o.customer_id, c.id, count(*) FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY o.customer_id, c.id ORDER BY c.id LIMIT 10 OFFSET $1',
    'SELECT customer_id, created_at, count(*) FROM orders WHERE customer_id = $1 GROUP BY customer_id, created_at ORDER BY created_at LIMIT 10 OFFSET $2',
    'SELECT DISTINCT customer_id FROM orders ORDER BY customer_id LIMIT 10 OFFSET $1',
    'SELECT number FROM orders ORDER BY number COLLATE "C" LIMIT 10 OFFSET $1',
    'SELECT position FROM numbered ORDER BY position LIMIT 10 OFFSET $1',
    'SELECT id FROM unknown_table ORDER BY name LIMIT 10 OFFSET $1',
    'SELECT o.id FROM orders o JOIN notes n ON n.created_at = o.created_at ORDER BY o.created_at LIMIT 10 OFFSET $1',
  ],
});

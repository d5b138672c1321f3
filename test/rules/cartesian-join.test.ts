import { cartesianJoin } from '../../server/src/core/rules/cartesian-join';
import { testRule } from '../support/ruleTester';

testRule(cartesianJoin, {
  schema: `
    CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, total numeric NOT NULL);
    CREATE TABLE customers (id bigint PRIMARY KEY, region text NOT NULL);
    CREATE TABLE settings (id int PRIMARY KEY, rate numeric NOT NULL);
  `,
  settings: { assume: { orders: 500_000, customers: 500_000, settings: 3 } },
  flagged: [
    { code: `
SELECT o.id FROM orders o, customers c WHERE c.region = 'north'
--                         ^^^^^^^^^ No condition links customers with orders`, severity: 'warning', fixes: 0 },
    { code: `
SELECT o.id FROM orders o JOIN customers c ON c.region = $1
--                             ^^^^^^^^^`, severity: 'warning' },
    // The alias of the wrong table.
    { code: `
SELECT o.id FROM orders o JOIN customers c ON o.customer_id = o.id
--                             ^^^^^^^^^`, severity: 'warning' },
    { code: `
DELETE FROM orders o USING customers c WHERE c.region = 'north'
--                         ^^^^^^^^^`, severity: 'warning' },
    { code: `
UPDATE orders o SET total = 0 FROM customers c WHERE c.region = 'north'
--                                 ^^^^^^^^^`, severity: 'warning' },
    { code: `
SELECT o.id FROM orders o, settings s WHERE o.total > 3
--                         ^^^^^^^^`, severity: 'hint' },
    { code: `
SELECT a.id FROM a, b WHERE b.region = 'north'
--                  ^`, severity: 'info' },
  ],
  clean: [
    'SELECT o.id FROM orders o, customers c WHERE c.id = o.customer_id',
    'SELECT o.id FROM orders o JOIN customers c USING (id)',
    'SELECT o.id FROM orders o NATURAL JOIN customers c',
    // Both are held to the same key.
    'SELECT a.id FROM a JOIN b ON (b.task_id, b.made_at) = ($1::bigint, $2) WHERE a.task_id = $1 AND a.made_at = $2',
    'SELECT o.id FROM orders o CROSS JOIN customers c',
    'SELECT o.id FROM orders o JOIN customers c ON true',
    'SELECT o.id FROM orders o, LATERAL (SELECT 1 FROM customers c WHERE c.id = o.customer_id) x',
    'SELECT o.id FROM orders o, generate_series(1, 3) g',
    'SELECT o.id FROM orders o, unnest($1::bigint[]) g',
    'SELECT o.id FROM orders o, (VALUES (1), (2)) v (n)',
    'SELECT o.id FROM orders o, (SELECT avg(rate) AS rate FROM settings) s',
    'SELECT o.id FROM orders o, settings s WHERE s.id = 1',
    'WITH s AS (SELECT max(rate) AS rate FROM settings) SELECT o.id FROM orders o, s WHERE o.total > 3',
    'SELECT o.id FROM orders o, customers c WHERE o.id = $1',
    'SELECT o.id FROM orders o, customers c WHERE EXISTS (SELECT 1 FROM settings s WHERE s.id = o.id AND s.id = c.id)',
    'SELECT o.id FROM orders o, customers c WHERE o.customer_id = c.id OR o.total = 0',
    { language: 'typescript', code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport const find = (a: string, b: string) => pool.query(`SELECT 1 FROM orders o JOIN customers c ON ${a} = ${b}`);" },
    { language: 'typescript', code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport const find = (a: string) => pool.query(`SELECT 1 FROM ${a} o, customers c WHERE c.id = 3`);" },
    'WITH held AS (SELECT id FROM orders WHERE total = $1) DELETE FROM settings USING held',
    // Whose column it is nobody knows.
    'SELECT 1 FROM a, b WHERE a_id = id',
  ],
});

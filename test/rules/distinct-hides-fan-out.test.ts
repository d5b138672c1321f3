import { distinctHidesFanOut } from '../../server/src/core/rules/distinct-hides-fan-out';
import { testRule } from '../support/ruleTester';

testRule(distinctHidesFanOut, {
  schema: `
    CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, region_id bigint NOT NULL);
    CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, total numeric NOT NULL);
    CREATE TABLE regions (id bigint PRIMARY KEY, code text NOT NULL);
  `,
  settings: { assume: { customers: 500_000, orders: 500_000 } },
  flagged: [
    { code: `
SELECT DISTINCT c.id, c.name FROM customers c JOIN orders o ON o.customer_id = c.id WHERE o.total > $1
--                                                 ^^^^^^ each one it has makes a duplicate`, severity: 'info', fixed: `
SELECT c.id, c.name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.total > $1)` },
    { code: `
SELECT DISTINCT c.name FROM customers AS c INNER JOIN orders o ON o.customer_id = c.id ORDER BY c.name
--                                                    ^^^^^^`, fixed: `
SELECT DISTINCT c.name FROM customers AS c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id) ORDER BY c.name` },
    { code: `
SELECT DISTINCT c.id FROM customers c JOIN regions r ON r.id = c.region_id JOIN orders o ON o.customer_id = c.id WHERE r.code = $1
--                                                                              ^^^^^^`, fixes: 0 },
  ],
  clean: [
    'SELECT DISTINCT c.id, o.total FROM customers c JOIN orders o ON o.customer_id = c.id',
    'SELECT c.id FROM customers c JOIN orders o ON o.customer_id = c.id',
    'SELECT DISTINCT o.total FROM orders o JOIN customers c ON c.id = o.customer_id',
    'SELECT DISTINCT ON (c.id) c.id FROM customers c JOIN orders o ON o.customer_id = c.id ORDER BY c.id, o.total',
    'SELECT DISTINCT c.id FROM customers c JOIN orders o ON o.customer_id = c.id ORDER BY c.id, o.total',
    'SELECT DISTINCT c.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id',
    'SELECT DISTINCT * FROM customers c JOIN orders o ON o.customer_id = c.id',
  ],
});

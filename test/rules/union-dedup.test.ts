import { unionDedup } from '../../server/src/core/rules/union-dedup';
import { testRule } from '../support/ruleTester';

testRule(unionDedup, {
  schema: `
    CREATE TABLE invoices (id bigint PRIMARY KEY, customer_id bigint NOT NULL, status text NOT NULL, code int NOT NULL);
    CREATE TABLE refunds (id bigint PRIMARY KEY, customer_id bigint NOT NULL, status text NOT NULL);
    CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
    CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE TABLE levels (id bigint PRIMARY KEY, n int NOT NULL, a numeric NOT NULL, status text COLLATE ci NOT NULL);
    CREATE TABLE kinds (id int PRIMARY KEY, name text);
  `,
  settings: { assume: { invoices: 500_000, refunds: 500_000, levels: 500_000, customers: 500_000, kinds: 5 } },
  flagged: [
    { code: `
SELECT 'i' AS kind, id FROM invoices UNION SELECT 'r', id FROM refunds
--                                   ^^^^^ column 1 is "i", "r"`, severity: 'warning', fixed: `
SELECT 'i' AS kind, id FROM invoices UNION ALL SELECT 'r', id FROM refunds` },
    { code: `
SELECT id FROM invoices WHERE status = 'open' UNION DISTINCT SELECT id FROM invoices WHERE status = 'late' ORDER BY id
--                                            ^^^^^^^^^^^^^^ status is "open", "late"`, fixed: `
SELECT id FROM invoices WHERE status = 'open' UNION ALL SELECT id FROM invoices WHERE status = 'late' ORDER BY id` },
    { code: `
SELECT 1, i.id, c.name FROM invoices i JOIN customers c ON c.id = i.customer_id UNION SELECT 2, id, name FROM customers
--                                                                              ^^^^^`, severity: 'warning' },
    `
SELECT 'a', id FROM invoices UNION SELECT 'b', id FROM refunds UNION SELECT 'c', id FROM customers
--                           ^^^^^ column 1 is
--                                                             ^^^^^ column 1 is`,
  ],
  clean: [
    // The ends of BETWEEN SYMMETRIC in the other order say nothing, whatever else holds the column.
    'SELECT id FROM levels WHERE n > 5 AND n BETWEEN SYMMETRIC 30 AND 20 UNION SELECT id FROM levels WHERE n >= 25 AND n < 90',
    'SELECT id FROM levels WHERE a <= 1.00000000000000000002 UNION SELECT id FROM levels WHERE a > 1.00000000000000000001',
    "SELECT id FROM levels WHERE status = 'open' UNION SELECT id FROM levels WHERE status = 'OPEN'",
    "SELECT 'i' AS kind, id FROM invoices UNION ALL SELECT 'r', id FROM refunds",
    'SELECT id FROM invoices UNION SELECT id FROM refunds',
    "SELECT 'i', id FROM invoices UNION SELECT 'i', id FROM refunds",
    // The same row twice on one side.
    "SELECT 'i', customer_id FROM invoices UNION SELECT 'r', customer_id FROM refunds",
    "SELECT 1, c.id FROM customers c JOIN invoices i ON i.customer_id = c.id UNION SELECT 2, id FROM refunds",
    "SELECT 'i', unnest(ARRAY[id]) FROM invoices UNION SELECT 'r', id FROM refunds",
    "SELECT id FROM invoices WHERE status = 'open' UNION SELECT id FROM invoices WHERE code = 3",
    // One number in two spellings, perhaps.
    "SELECT id FROM invoices WHERE code = '1' UNION SELECT id FROM invoices WHERE code = '01'",
    "SELECT status FROM invoices WHERE status = 'open' UNION SELECT status FROM invoices WHERE status = 'late'",
    "SELECT 'i', id FROM invoices INTERSECT SELECT 'r', id FROM refunds",
    "SELECT 'k', id FROM kinds UNION SELECT 'l', id FROM kinds",
    "WITH RECURSIVE t AS (SELECT 1 AS n, id FROM invoices UNION SELECT 2, i.id FROM invoices i JOIN t ON t.id = i.customer_id) SELECT id FROM t",
  ],
});

import { orAcrossColumns } from '../../server/src/core/rules/or-across-columns';
import { testRule } from '../support/ruleTester';
import { withStatistics } from '../support/statistics';

const migrations = { folder: 'migrations', format: 'plain' as const, existing: ['0001_init.sql'] };
const assume = { customers: 300_000, orders: 3_000_000, states: 100 };
const schema = `
  CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL, phone text, active boolean NOT NULL);
  CREATE INDEX customers_email ON customers (email);
  CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, number text NOT NULL, reference text, code int, created_at timestamptz NOT NULL, paid boolean NOT NULL);
  CREATE INDEX orders_customer ON orders (customer_id);
  CREATE INDEX orders_number ON orders (number);
  CREATE TABLE states (id bigint PRIMARY KEY, name text NOT NULL, code text NOT NULL);
  CREATE TABLE lines (order_id bigint NOT NULL, position int NOT NULL, product text NOT NULL);
`;

testRule(orAcrossColumns, {
  schema,
  settings: { assume, migrations },
  flagged: [
    { code: `
SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.email = $1 OR o.number = $2
--                                                                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ ask different tables`, severity: 'hint', fixes: 1, fixed: `
SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.id IN (SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.email = $1 UNION SELECT o.id FROM orders o WHERE o.number = $2)` },
    { code: `
SELECT id FROM orders WHERE customer_id = $1 OR code = $2
--                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ no index on orders (code)`, severity: 'hint', fixes: 1, creates: 'CREATE INDEX CONCURRENTLY orders_code_idx ON orders (code);\n' },
    { code: `
SELECT id FROM orders WHERE reference = $1 OR code = $2
--                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^ No side of this OR on orders has an index`, fixes: 0 },
    { code: `
SELECT id FROM orders WHERE number = $1 OR customer_id IN (SELECT id FROM customers WHERE email = $2)
--                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ a sub-query`, fixed: `
SELECT id FROM orders WHERE orders.id IN (SELECT orders.id FROM orders WHERE number = $1 UNION SELECT orders.id FROM orders WHERE customer_id IN (SELECT id FROM customers WHERE email = $2))` },
    { code: `
SELECT o.code FROM orders o WHERE o.paid AND (o.number = $1 OR EXISTS (SELECT 1 FROM customers c WHERE c.id = o.customer_id AND c.email = $2))
--                                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, fixes: 1 },
    { code: `
SELECT id FROM orders WHERE customer_id = $1 OR code = $2
--                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, settings: { migrations }, severity: 'hint' },
  ],
  clean: [
    // Both sides have an index: two bitmaps.
    'SELECT id FROM orders WHERE customer_id = $1 OR number = $2',
    'SELECT id FROM orders WHERE customer_id = $1 OR id = $2',
    'SELECT id FROM orders WHERE (customer_id = $1 AND code = $2) OR number = $3',
    // One column, or a position in an order.
    'SELECT id FROM orders WHERE code = $1 OR code = $2',
    'SELECT id FROM orders WHERE created_at < $1 OR (created_at = $1 AND id < $2)',
    'SELECT id FROM orders WHERE reference IS NULL OR reference = $1',
    // A condition that may be left out.
    'SELECT id FROM orders WHERE $1::int IS NULL OR code = $1',
    'SELECT id FROM orders WHERE ($1::text IS NULL OR reference = $1) AND ($2::int IS NULL OR code = $2)',
    // Conditions that most rows meet.
    'SELECT id FROM orders WHERE paid OR code = $1',
    'SELECT id FROM orders WHERE code <> $1 OR reference = $2',
    'SELECT id FROM orders WHERE created_at > $1 OR code = $2',
    // Another condition finds the rows.
    'SELECT id FROM orders WHERE number = $3 AND (reference = $1 OR code = $2)',
    'SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.customer_id = $3 AND (c.email = $1 OR o.reference = $2)',
    'SELECT id FROM orders WHERE id = $3 AND (reference = $1 OR code = $2)',
    'SELECT id FROM states WHERE name = $1 OR code = $1',
    'SELECT id FROM unknown WHERE name = $1 OR code = $1',
    // A write whose sides both have an index, or that asks another table.
    'UPDATE orders SET paid = true WHERE customer_id = $1 OR number = $2',
    'DELETE FROM orders WHERE customer_id IN (SELECT id FROM customers WHERE email = $1) OR number = $2',
    'SELECT customer_id FROM orders GROUP BY customer_id HAVING max(code) = 1 OR min(number) = $1',
    // Without a key a row cannot be told from its equals, and without a rewrite there is nothing to say.
    'SELECT l.product FROM lines l JOIN orders o ON o.id = l.order_id WHERE l.product = $1 OR o.number = $2',
    'SELECT o.id FROM orders o FULL JOIN customers c ON c.id = o.customer_id WHERE c.email = $1 OR o.number = $2',
    'SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.email = random_email() OR o.number = $2',
    'SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.email = $1 OR o.number = $2 FOR UPDATE',
  ],
});

// The planner decides: the OR is a filter over many rows, and what is offered halves the cost.
testRule(orAcrossColumns, {
  schema,
  settings: { assume, migrations },
  planner: true,
  flagged: [
    { code: `
SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.email = $1 OR o.number = $2
--                                                                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Join checks it on 3,000,000 rows (assumed volumes); with a UNION of both sides the cost falls from`, severity: 'warning', fixes: 1 },
    { code: `
SELECT id FROM orders WHERE customer_id = $1 OR code = $2
--                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ with an index on orders (code) the cost falls from`, severity: 'warning', creates: 'CREATE INDEX CONCURRENTLY orders_code_idx ON orders (code);\n' },
    { code: `
SELECT id FROM orders WHERE reference = $1 OR code = $2
--                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^ with an index on orders (reference) and orders (code)`, severity: 'warning', fixes: 0, embed: false },
    { code: `
SELECT id FROM orders WHERE customer_id = $1 OR code = $2
--                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, settings: { migrations }, severity: 'hint', embed: false },
  ],
  clean: [
    'SELECT id FROM orders WHERE customer_id = $1 OR number = $2',
    // A third of the rows: neither index would be used.
    { code: 'SELECT id FROM orders WHERE created_at > $1 OR code = $2', embed: false },
    // The few rows of one number are checked.
    { code: 'SELECT id FROM orders WHERE number = $3 AND (reference = $1 OR code = $2)', catalog: withStatistics({ 'public.orders': { rows: 3_000_000, pages: 30_000, columns: [{ column: 'number', distinct: -1 }] } }), embed: false },
    { code: 'SELECT o.id FROM orders o WHERE o.id IN (SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.email = $1 UNION SELECT o.id FROM orders o WHERE o.number = $2)', embed: false },
  ],
});

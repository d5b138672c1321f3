import { correlatedSubquery } from '../../server/src/core/rules/correlated-subquery';
import { testRule } from '../support/ruleTester';
import { withStatistics } from '../support/statistics';

const assume = { orders: 500_000, items: 2_000_000, customers: 80_000, states: 60 };
const schema = `
  CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL);
  CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, state_id bigint NOT NULL, number text NOT NULL);
  CREATE INDEX orders_customer ON orders (customer_id);
  CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint NOT NULL, price numeric NOT NULL, name text);
  CREATE INDEX items_order ON items (order_id);
  CREATE TABLE states (id bigint PRIMARY KEY, name text NOT NULL);
`;

testRule(correlatedSubquery, {
  schema,
  settings: { assume },
  flagged: [
    { code: `
SELECT o.id, (SELECT count(*) FROM items i WHERE i.order_id = o.id) FROM orders o
--            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ it runs once for each`, severity: 'hint', fixes: 1, fixed: `
SELECT o.id, coalesce(items_by_order_id.value, 0) AS count FROM orders o LEFT JOIN (SELECT i.order_id AS key, count(*) AS value FROM items i GROUP BY i.order_id) items_by_order_id ON items_by_order_id.key = o.id` },
    { code: `
SELECT o.id, (SELECT c.email FROM customers c WHERE c.id = o.customer_id) AS mail FROM orders o
--            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, fixed: `
SELECT o.id, customers_by_id.value AS mail FROM orders o LEFT JOIN (SELECT c.id AS key, c.email AS value FROM customers c) customers_by_id ON customers_by_id.key = o.customer_id` },
    { code: `
SELECT o.id FROM orders o WHERE (SELECT sum(i.price) FROM items i WHERE i.order_id = o.id) > 100
--                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, fixes: 1 },
    { code: `
SELECT o.id, coalesce((SELECT max(i.price) FROM items i WHERE i.order_id = o.id), 0) AS dearest FROM orders o
--                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, fixes: 1 },
    // The latest row of each: the tie is not broken, a join could take another one.
    { code: `
SELECT o.id, (SELECT i.name FROM items i WHERE i.order_id = o.id ORDER BY i.id DESC LIMIT 1) FROM orders o
--            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, fixes: 0 },
    // Tied by more than equality.
    { code: `
SELECT o.id, (SELECT count(*) FROM items i WHERE i.order_id = o.id AND i.name <> o.number) FROM orders o
--            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, fixes: 0 },
    { code: `
SELECT *, (SELECT count(*) FROM items i WHERE i.order_id = o.id) FROM orders o
--         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, fixes: 0 },
    { code: `
SELECT o.id, (SELECT string_agg(i.name, ',') FROM items i WHERE i.order_id = o.id) FROM orders o
--            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, fixes: 0 },
    { code: `
WITH totals AS (SELECT o.id, (SELECT sum(i.price) FROM items i WHERE i.order_id = o.id) AS total FROM orders o) SELECT id FROM totals WHERE total > 5
--                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, fixes: 1 },
    { code: `
SELECT o.id, (SELECT count(*) FROM items i WHERE i.order_id = o.id) FROM orders o
--            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, settings: {}, severity: 'hint' },
    { code: `
SELECT o.id, (SELECT count(*) FROM items i WHERE i.order_id = o.id) FROM orders o
--            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, schema: '', fixes: 0, severity: 'hint' },
  ],
  clean: [
    // Uncorrelated: it runs once.
    'SELECT o.id, (SELECT count(*) FROM items) FROM orders o',
    'SELECT o.id FROM orders o WHERE o.id = (SELECT max(i.order_id) FROM items i)',
    // A page of rows.
    'SELECT o.id, (SELECT count(*) FROM items i WHERE i.order_id = o.id) FROM orders o ORDER BY o.id LIMIT 20',
    'SELECT o.id, (SELECT count(*) FROM items i WHERE i.order_id = o.id) FROM orders o LIMIT $1',
    // A CTE may hold few rows.
    'WITH mine AS (SELECT id FROM orders WHERE customer_id = $1) SELECT m.id, (SELECT count(*) FROM items i WHERE i.order_id = m.id) FROM mine m',
    // One row.
    'SELECT o.id, (SELECT count(*) FROM items i WHERE i.order_id = o.id) FROM orders o WHERE o.id = $1',
    // How many rows the condition leaves only a planner can say.
    'SELECT o.id, (SELECT count(*) FROM items i WHERE i.order_id = o.id) FROM orders o WHERE o.customer_id = $1',
    'SELECT o.id FROM orders o WHERE EXISTS (SELECT 1 FROM items i WHERE i.order_id = o.id)',
    'SELECT o.id FROM orders o WHERE o.id IN (SELECT i.order_id FROM items i WHERE i.name = o.number)',
    // Small tables on either side.
    'SELECT s.name, (SELECT count(*) FROM orders o WHERE o.state_id = s.id) FROM states s',
    'SELECT o.id, (SELECT s.name FROM states s WHERE s.id = o.state_id) FROM orders o',
    'SELECT o.id, t.n FROM orders o LEFT JOIN LATERAL (SELECT count(*) AS n FROM items i WHERE i.order_id = o.id) t ON true',
    'SELECT o.id, (SELECT u.x FROM unnest($1::int[]) u(x) WHERE u.x = o.id) FROM orders o',
  ],
});

// The planner decides: many runs that make up the statement's cost, and a join that halves it.
testRule(correlatedSubquery, {
  schema,
  settings: { assume },
  planner: true,
  flagged: [
    { code: `
SELECT o.id, (SELECT count(*) FROM items i WHERE i.order_id = o.id) FROM orders o
--            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ it runs about 500,000 times`, severity: 'warning', fixes: 1 },
    { code: `
SELECT o.id FROM orders o WHERE (SELECT sum(i.price) FROM items i WHERE i.order_id = o.id) > 100
--                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ as a join the statement's cost falls from`, severity: 'warning' },
    // The order needs the value of every row.
    { code: `
SELECT o.id, (SELECT sum(i.price) FROM items i WHERE i.order_id = o.id) AS total FROM orders o ORDER BY total DESC LIMIT 20
--            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, severity: 'warning' },
    // No join is provably the same: said, not offered.
    { code: `
SELECT o.id, (SELECT i.name FROM items i WHERE i.order_id = o.id ORDER BY i.id DESC LIMIT 1) FROM orders o
--            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ of the statement's cost`, severity: 'info', fixes: 0, embed: false },
    { code: `
SELECT o.id, (SELECT count(*) FROM items i WHERE i.order_id = o.id) FROM orders o
--            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, settings: {}, severity: 'hint', embed: false },
  ],
  clean: [
    'SELECT o.id, (SELECT count(*) FROM items i WHERE i.order_id = o.id) FROM orders o ORDER BY o.id LIMIT 20',
    // Few orders a customer: few look-ups.
    { code: 'SELECT o.id, (SELECT count(*) FROM items i WHERE i.order_id = o.id) FROM orders o WHERE o.customer_id = $1', catalog: withStatistics({ 'public.orders': { rows: 500_000, pages: 5_000, columns: [{ column: 'customer_id', distinct: 80_000 }] } }), embed: false },
    { code: 'SELECT o.id, (SELECT max(price) FROM items) FROM orders o', embed: false },
  ],
});

import { unindexedPredicate } from '../../server/src/core/rules/unindexed-predicate';
import { testRule } from '../support/ruleTester';
import { withStatistics } from '../support/statistics';

const migrations = { folder: 'migrations', format: 'plain' as const, existing: ['0001_init.sql'] };
const large = { orders: 3_000_000, items: 9_000_000, customers: 80_000, countries: 250, carts: 5_000 };

testRule(unindexedPredicate, {
  schema: `
    CREATE TABLE customers (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, email text NOT NULL, active boolean NOT NULL);
    CREATE UNIQUE INDEX customers_lower_email ON customers (lower(email));
    CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, tenant_id bigint NOT NULL, status text NOT NULL, created_at timestamptz NOT NULL, deleted_at timestamptz, data jsonb NOT NULL, tags text[] NOT NULL);
    CREATE INDEX orders_open ON orders (tenant_id) WHERE status = 'open';
    CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, product text NOT NULL);
    CREATE TABLE countries (code text PRIMARY KEY, name text NOT NULL);
    CREATE TABLE carts (id bigint PRIMARY KEY, customer_id bigint NOT NULL);
  `,
  settings: { assume: large, migrations },
  flagged: [
    { code: `
SELECT * FROM orders WHERE customer_id = $1
--                         ^^^^^^^^^^^^^^^^ orders has about 3,000,000 rows (assumed); an index on (customer_id)`, severity: 'warning', fixes: 1 },
    { code: `
SELECT * FROM orders WHERE customer_id = $1
--                         ^^^^^^^^^^^^^^^^`, settings: { migrations }, severity: 'hint' },
    `
SELECT * FROM orders WHERE created_at > $1 AND customer_id = $2
--                                             ^^^^^^^^^^^^^^^^ an index on (customer_id, created_at)`,
    `
SELECT * FROM orders WHERE customer_id = $2 AND tenant_id = $1 ORDER BY created_at DESC LIMIT 10
--                         ^^^^^^^^^^^^^^^^ an index on (tenant_id, customer_id, created_at)`,
    `
SELECT * FROM orders ORDER BY created_at DESC LIMIT 10
--                   ^^^^^^^^^^^^^^^^^^^^^^^^ this order`,
    `
SELECT i.id FROM orders o JOIN items i ON i.order_id = o.id WHERE o.id = $1
--                                        ^^^^^^^^^^^^^^^^^ an index on (order_id)`,
    `
UPDATE items SET product = $2 WHERE order_id = $1
--                                  ^^^^^^^^^^^^^`,
    `
SELECT max(created_at) FROM orders
--     ^^^^^^^^^^^^^^^ this order`,
    `
SELECT * FROM orders WHERE tags && $1
--                         ^^^^^^^^^^`,
    // The partial index covers open orders only.
    `
SELECT * FROM orders WHERE tenant_id = $1
--                         ^^^^^^^^^^^^^^`,
    `
SELECT * FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id)
--                                                                   ^^^^^^^^^^^^^^^^^^^^`,
    {
      // A partitioned table refuses CONCURRENTLY: parent alone, each partition, attach.
      code: `
SELECT id FROM events WHERE kind = $1
--                          ^^^^^^^^^`,
      schema: `
        CREATE TABLE events (id bigint NOT NULL, kind text NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
        CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');`,
      settings: { assume: { events: 5_000_000 }, migrations: { folder: 'migrations', format: 'goose', existing: ['00001_init.sql'] } },
      fixes: 1,
      creates: `-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX events_kind_idx ON ONLY events (kind) INCLUDE (id);
CREATE INDEX CONCURRENTLY events_2024_kind_idx ON events_2024 (kind) INCLUDE (id);
ALTER INDEX events_kind_idx ATTACH PARTITION events_2024_kind_idx;
CREATE INDEX CONCURRENTLY events_2025_kind_idx ON events_2025 (kind) INCLUDE (id);
ALTER INDEX events_kind_idx ATTACH PARTITION events_2025_kind_idx;

-- +goose Down
DROP INDEX IF EXISTS events_kind_idx;
`,
    },
  ],
  clean: [
    'SELECT * FROM orders WHERE id = $1',
    // Of jsonb-index-mismatch and partial-index-mismatch: one condition, one rule.
    'SELECT * FROM orders WHERE data @> $1',
    "SELECT * FROM orders WHERE data ->> 'k' = $1",
    "SELECT * FROM orders WHERE tenant_id = $1 AND status = 'done'",
    'SELECT max(id) FROM orders',
    // The schema is older than the query: the index may be as new as the column.
    'SELECT * FROM orders WHERE region_id = $1 AND customer_id = $2',
    'SELECT o.id FROM orders o JOIN customers c ON c.id = 1 WHERE o.region_id = $1 AND o.customer_id = $2',
    "SELECT * FROM orders WHERE tenant_id = $1 AND status = 'open'",
    'SELECT * FROM customers WHERE lower(email) = lower($1)',
    "SELECT * FROM orders WHERE status = 'open'",
    'SELECT * FROM customers WHERE active',
    'SELECT * FROM countries WHERE name = $1',
    'SELECT * FROM carts WHERE customer_id = $1',
    'SELECT * FROM orders o JOIN customers c ON c.id = o.customer_id',
    'SELECT * FROM orders WHERE deleted_at IS NOT NULL',
    'SELECT * FROM orders WHERE customer_id <> $1',
    'SELECT * FROM unknown_table WHERE customer_id = $1',
    'SELECT * FROM orders WHERE id = $1 ORDER BY created_at LIMIT 10',
    'INSERT INTO orders (id) VALUES ($1)',
    'SELECT * FROM orders WHERE (id, tenant_id) IN (SELECT order_id, 1 FROM items)',
    'SELECT * FROM orders WHERE (id, tenant_id) = ($1, $2)',
    { code: 'SELECT * FROM orders WHERE created_at > $1', settings: { migrations } },
  ],
});

const SCHEMA = `
  CREATE TABLE orders (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, customer_id bigint NOT NULL, status text NOT NULL, total int NOT NULL, created_at timestamptz NOT NULL);
  CREATE INDEX orders_tenant ON orders (tenant_id, created_at);
  CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint NOT NULL, product_id bigint NOT NULL);
`;

const analysed = withStatistics({
  'public.orders': {
    rows: 2_000_000, pages: 40_000,
    columns: [
      { column: 'id' }, { column: 'customer_id', distinct: -0.1 }, { column: 'tenant_id', distinct: 50 },
      { column: 'status', averageWidth: 6, distinct: 3, mostCommonValues: '{done,open,failed}', mostCommonFrequencies: [0.7795, 0.22, 0.0005], correlation: 0.3 },
      { column: 'total', averageWidth: 4, distinct: 2, mostCommonValues: '{0,1}', mostCommonFrequencies: [0.5, 0.5], correlation: 0.5 },
    ],
  },
});

/** The planner decides: with a server's statistics, with the rows of the settings, and with assumed ones. */
testRule(unindexedPredicate, {
  schema: SCHEMA,
  planner: true,
  settings: { assume: { orders: 2_000_000, items: 8_000_000 }, migrations },
  flagged: [
    { code: `
SELECT id, total FROM orders WHERE customer_id = $1
--                                 ^^^^^^^^^^^^^^^^ Seq Scan on orders reads 2,000,000 rows and keeps 10. With an index on (customer_id) the planner's cost falls from`, catalog: analysed, severity: 'warning', fixes: 1,
      creates: 'CREATE INDEX CONCURRENTLY orders_customer_id_idx ON orders (customer_id);\n' },
    { code: `
SELECT id, total FROM orders WHERE customer_id = $1
--                                 ^^^^^^^^^^^^^^^^ (verified in the twin with your server's statistics)`, catalog: analysed },
    { code: `
SELECT id, total FROM orders WHERE customer_id = $1
--                                 ^^^^^^^^^^^^^^^^ (verified in the twin with assumed volumes)`, severity: 'warning' },
    { code: `
SELECT id, total FROM orders WHERE customer_id = $1
--                                 ^^^^^^^^^^^^^^^^ (verified in the twin with assumed volumes)`, settings: { migrations }, severity: 'hint' },
    // A state that few rows have: only statistics can tell.
    { code: `
SELECT id, total FROM orders WHERE status = 'failed'
--                                 ^^^^^^^^^^^^^^^^^`, catalog: analysed, fixes: 1 },
    `
SELECT o.id FROM orders o JOIN items i ON i.order_id = o.id WHERE o.id = $1
--                                        ^^^^^^^^^^^^^^^^^ Seq Scan on items`,
    `
SELECT max(total) FROM orders
--     ^^^^^^^^^^ gives this order`,
    `
DELETE FROM items WHERE product_id = $1
--                      ^^^^^^^^^^^^^^^ Seq Scan on items reads 8,000,000 rows`,
    // Ten rows are sorted in no time: the smaller index. Many are not: the one that gives the order too.
    { code: `
SELECT id, total FROM orders WHERE customer_id = $1 ORDER BY created_at DESC LIMIT 20
--                                 ^^^^^^^^^^^^^^^^ With an index on (customer_id) the planner's cost`, catalog: analysed, fixes: 1 },
    { code: `
SELECT id, status FROM orders WHERE total = $1 ORDER BY created_at DESC LIMIT 20
--                                  ^^^^^^^^^^ With an index on (total, created_at DESC)`, catalog: analysed, fixes: 1 },
  ],
  clean: [
    // 22 % of the rows, or half of them: an index would not be used.
    { code: "SELECT id, total, customer_id FROM orders WHERE status = 'open'", catalog: analysed },
    { code: 'SELECT id, status FROM orders WHERE total = $1', catalog: analysed },
    { code: "SELECT id, total FROM orders WHERE status = 'done'", catalog: analysed },
    // Nothing is known of the states.
    "SELECT id, total FROM orders WHERE status = 'failed'",
    'SELECT id FROM orders WHERE id = $1',
    'SELECT id FROM orders WHERE tenant_id = $1',
    // Two whole tables are joined by a hash.
    'SELECT o.id FROM orders o JOIN items i ON i.order_id = o.id',
    // 3 pages: nothing to gain.
    { code: 'SELECT id FROM items WHERE order_id = $1', settings: { assume: { items: 12_000 }, largeTableRows: 10, migrations }, catalog: withStatistics({ 'public.items': { rows: 500, pages: 3, columns: [{ column: 'order_id' }] } }) },
  ],
});

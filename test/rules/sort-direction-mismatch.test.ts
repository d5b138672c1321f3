import { sortDirectionMismatch } from '../../server/src/core/rules/sort-direction-mismatch';
import { testRule } from '../support/ruleTester';
import { withStatistics } from '../support/statistics';

const migrations = { folder: 'migrations', format: 'plain' as const, existing: ['0001_init.sql'] };
const assume = { orders: 2_000_000, states: 200, carts: 5_000 };
const schema = `
  CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, total numeric NOT NULL, created_at timestamptz NOT NULL, shipped_at timestamptz, note text);
  CREATE INDEX orders_shipped ON orders (shipped_at);
  CREATE INDEX orders_customer_shipped ON orders (customer_id, shipped_at);
  CREATE INDEX orders_created ON orders (created_at);
  CREATE INDEX orders_total_created ON orders (total, created_at DESC);
  CREATE INDEX orders_lower_note ON orders (lower(note));
  CREATE TABLE states (id bigint PRIMARY KEY, name text);
  CREATE INDEX states_name ON states (name);
  CREATE TABLE carts (id bigint PRIMARY KEY, at timestamptz);
  CREATE INDEX carts_at ON carts (at);
`;

const sent = `${schema}
  CREATE TABLE parcels (id bigint PRIMARY KEY, customer_id bigint NOT NULL, sent_at timestamptz);
  CREATE INDEX parcels_customer ON parcels (customer_id, sent_at);
`;
/** Two parcels a customer. */
const fewParcels = withStatistics({ 'public.parcels': { rows: 2_000_000, pages: 20_000, columns: [{ column: 'customer_id', distinct: 1_000_000 }] } });

testRule(sortDirectionMismatch, {
  schema,
  settings: { assume, migrations },
  flagged: [
    { code: `
SELECT id FROM orders ORDER BY shipped_at DESC NULLS LAST LIMIT 20
--                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ orders_shipped (shipped_at) has these columns`, severity: 'hint', fixes: 1, creates: 'CREATE INDEX CONCURRENTLY orders_shipped_at_idx ON orders (shipped_at DESC NULLS LAST);\n' },
    `
SELECT id FROM orders ORDER BY shipped_at NULLS FIRST LIMIT $1
--                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`,
    { code: `
SELECT id FROM orders ORDER BY customer_id, shipped_at DESC LIMIT 20
--                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ No index on orders gives this order`, creates: 'CREATE INDEX CONCURRENTLY orders_customer_id_shipped_at_idx ON orders (customer_id, shipped_at DESC);\n' },
    `
SELECT id FROM orders ORDER BY total, created_at LIMIT 20
--                    ^^^^^^^^^^^^^^^^^^^^^^^^^^ orders_total_created (total, created_at DESC)`,
    `
SELECT id FROM orders WHERE customer_id = $1 ORDER BY shipped_at DESC NULLS LAST LIMIT 20
--                                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`,
    `
SELECT id, shipped_at AS sent FROM orders ORDER BY sent DESC NULLS LAST LIMIT 20
--                                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`,
    `
SELECT id, shipped_at FROM orders ORDER BY 2 DESC NULLS LAST FETCH FIRST 20 ROWS ONLY
--                                ^^^^^^^^^^^^^^^^^^^^^^^^^^`,
    `
SELECT id FROM orders ORDER BY lower(note) DESC NULLS LAST LIMIT 20
--                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`,
    `
SELECT c.id FROM (SELECT id FROM orders ORDER BY shipped_at DESC NULLS LAST LIMIT 5) c
--                                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`,
    // The planner compares the NULLS order of NOT NULL columns too; there the query is what has to change.
    { code: `
SELECT id FROM orders ORDER BY created_at DESC NULLS LAST LIMIT 20
--                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ NULLS LAST keeps orders_created from giving this order, though created_at cannot be NULL`, fixed: `
SELECT id FROM orders ORDER BY created_at DESC LIMIT 20`, fixes: 1 },
    { code: `
SELECT id FROM orders WHERE total = $1 ORDER BY created_at NULLS FIRST LIMIT 20
--                                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, fixed: `
SELECT id FROM orders WHERE total = $1 ORDER BY created_at LIMIT 20` },
    // Nothing is known of the size.
    { code: `
SELECT id FROM orders ORDER BY shipped_at DESC NULLS LAST LIMIT 20
--                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, settings: { migrations }, severity: 'hint' },
  ],
  clean: [
    // One direction for all keys: the index is read backwards.
    'SELECT id FROM orders ORDER BY shipped_at DESC LIMIT 20',
    'SELECT id FROM orders ORDER BY shipped_at ASC NULLS LAST LIMIT 20',
    'SELECT id FROM orders ORDER BY shipped_at DESC NULLS FIRST LIMIT 20',
    'SELECT id FROM orders ORDER BY customer_id DESC, shipped_at DESC LIMIT 20',
    'SELECT id FROM orders ORDER BY total DESC, created_at LIMIT 20',
    'SELECT id FROM orders WHERE customer_id = $1 ORDER BY shipped_at DESC LIMIT 20',
    // No LIMIT: every row is wanted.
    'SELECT id FROM orders ORDER BY shipped_at DESC NULLS LAST',
    // No index has these columns: another rule's matter.
    'SELECT id FROM orders ORDER BY note DESC NULLS LAST LIMIT 20',
    'SELECT id FROM orders ORDER BY shipped_at DESC, total LIMIT 20',
    'SELECT id FROM states ORDER BY name DESC NULLS LAST LIMIT 20',
    'SELECT id FROM carts ORDER BY at DESC NULLS LAST LIMIT 20',
    'SELECT id FROM orders WHERE id = $1 ORDER BY shipped_at DESC NULLS LAST LIMIT 20',
    'SELECT customer_id, max(shipped_at) FROM orders GROUP BY customer_id ORDER BY customer_id DESC NULLS LAST LIMIT 20',
    'SELECT max(shipped_at) FROM orders ORDER BY max(shipped_at) DESC NULLS LAST LIMIT 1',
    'SELECT DISTINCT shipped_at FROM orders ORDER BY shipped_at DESC NULLS LAST LIMIT 20',
    'SELECT id FROM unknown ORDER BY shipped_at DESC NULLS LAST LIMIT 20',
    // Another index finds the rows, perhaps few.
    'SELECT id FROM orders WHERE customer_id = $1 AND created_at > $2 ORDER BY shipped_at DESC NULLS LAST LIMIT 20',
    { code: 'SELECT id FROM orders ORDER BY shipped_at DESC NULLS LAST LIMIT 20', schema: `${schema} CREATE INDEX orders_sent ON orders (shipped_at DESC NULLS LAST);` },
    { code: 'SELECT id FROM orders ORDER BY shipped_at NULLS FIRST LIMIT 20', schema: `${schema} CREATE INDEX orders_sent ON orders (shipped_at DESC NULLS LAST);` },
  ],
});

// The planner decides: a sort of many rows remains, and the index removes it.
testRule(sortDirectionMismatch, {
  schema: sent,
  settings: { assume, migrations },
  planner: true,
  flagged: [
    { code: `
SELECT id FROM orders ORDER BY shipped_at DESC NULLS LAST LIMIT 20
--                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ rows for the first few (assumed volumes); with an index on (shipped_at DESC NULLS LAST) the cost falls from`, severity: 'warning', fixes: 1 },
    { code: `
SELECT id FROM orders ORDER BY created_at DESC NULLS LAST LIMIT 20
--                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ without it the cost falls from`, severity: 'warning', fixed: `
SELECT id FROM orders ORDER BY created_at DESC LIMIT 20` },
    // Nothing is known of the size: the planner's own assumption is no proof.
    { code: `
SELECT id FROM orders ORDER BY shipped_at DESC NULLS LAST LIMIT 20
--                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ assumed volumes`, settings: { migrations }, severity: 'hint', embed: false },
  ],
  clean: [
    'SELECT id FROM orders ORDER BY shipped_at DESC LIMIT 20',
    // One row is found and sorted.
    { code: 'SELECT id FROM parcels WHERE customer_id = $1 ORDER BY sent_at DESC NULLS LAST LIMIT 20', catalog: fewParcels, embed: false },
  ],
});

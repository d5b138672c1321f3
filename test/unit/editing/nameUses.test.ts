import { describe, expect, it } from 'vitest';
import { bindColumn } from '../../../server/src/core/advice/scope';
import { keyOfUse, readNames } from '../../../server/src/core/editing/nameUses';
import { sidesOf } from '../../../server/src/core/advice/scope';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { corpus, combinations } from '../sql/corpus';
import { catalogOf } from '../catalog/schema';
import { shop } from './schema';

/** `text:schema.table` of every use, columns with their name. */
const usesOf = (sql: string, catalog: Parameters<typeof readNames>[1] = shop): readonly string[] =>
  readNames(sql, catalog).uses.map((use) => `${sql.slice(use.span.start, use.span.end)}:${keyOfUse(use)}${use.kind === 'column' ? `.${use.name}` : ''}${use.declares ? '!' : ''}`);

describe('queries', () => {
  it.each([
    ['SELECT id, o.total FROM orders o WHERE status = $1', ['id:public.orders.id', 'total:public.orders.total', 'orders:public.orders', 'status:public.orders.status']],
    ['SELECT name FROM orders JOIN customers c ON c.id = orders.customer_id', ['name:public.customers.name', 'orders:public.orders', 'customers:public.customers', 'id:public.customers.id', 'orders:public.orders', 'customer_id:public.orders.customer_id']],
    ['SELECT id FROM orders JOIN customers c ON true', ['orders:public.orders', 'customers:public.customers']],
    ['WITH r AS (SELECT total AS t FROM orders) SELECT t FROM r', ['total:public.orders.total', 'orders:public.orders', 't:public.orders.total']],
    ['SELECT d.x FROM (SELECT id AS x FROM "Order lines" l JOIN orders ON l.order_id = orders.id) d', ['"Order lines":public.Order lines', 'order_id:public.Order lines.order_id', 'orders:public.orders', 'id:public.orders.id']],
    ['INSERT INTO orders (id, status) SELECT id, name FROM customers', ['orders:public.orders', 'id:public.orders.id', 'status:public.orders.status', 'id:public.customers.id', 'name:public.customers.name', 'customers:public.customers']],
    ['INSERT INTO customers (email) VALUES ($1) ON CONFLICT (email) DO UPDATE SET name = excluded.name RETURNING id', ['customers:public.customers', 'email:public.customers.email', 'email:public.customers.email', 'name:public.customers.name', 'name:public.customers.name', 'id:public.customers.id']],
    ['UPDATE orders SET total = total + 1, (status) = ROW(1) FROM customers c WHERE c.id = customer_id', ['orders:public.orders', 'total:public.orders.total', 'total:public.orders.total', 'status:public.orders.status', 'customers:public.customers', 'id:public.customers.id', 'customer_id:public.orders.customer_id']],
    ['DELETE FROM audit.events WHERE actor = 1', ['events:audit.events', 'actor:audit.events.actor']],
    ['SELECT count(*) FROM orders o WHERE EXISTS (SELECT 1 FROM customers WHERE customers.id = o.customer_id AND total > 1)', ['orders:public.orders', 'customers:public.customers', 'customers:public.customers', 'id:public.customers.id', 'customer_id:public.orders.customer_id', 'total:public.orders.total']],
    ['SELECT status::text, CAST(total AS int), status AS name FROM orders', ['status:public.orders.status', 'total:public.orders.total', 'status:public.orders.status', 'orders:public.orders']],
    ['SELECT DISTINCT ON (customer_id) id FROM orders ORDER BY customer_id, created_at DESC NULLS LAST', ['customer_id:public.orders.customer_id', 'id:public.orders.id', 'orders:public.orders', 'customer_id:public.orders.customer_id', 'created_at:public.orders.created_at']],
    ['SELECT date_trunc(\'day\', created_at) AT TIME ZONE name FROM orders', ['created_at:public.orders.created_at', 'orders:public.orders']],
    ['SELECT o.* FROM orders o LEFT JOIN customers USING (id)', ['orders:public.orders', 'customers:public.customers', 'id:public.orders.id', 'id:public.customers.id']],
  ])('%s', (sql, expected) => {
    const found = usesOf(sql);
    for (const use of expected) expect(found).toContain(use);
    if (!sql.includes('(SELECT id AS x')) expect(found).toHaveLength(expected.length);
  });
  it('a table that is not known is a table by its name', () => {
    expect(usesOf('SELECT a FROM x.things t WHERE t.b = 1', undefined)).toEqual(['a:x.things.a', 'things:x.things', 'b:x.things.b']);
  });
});

describe('DDL', () => {
  it.each([
    ['CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers (id), status text DEFAULT now(), UNIQUE (status), FOREIGN KEY (id) REFERENCES customers)', ['orders:public.orders!', 'id:public.orders.id!', 'customer_id:public.orders.customer_id!', 'customers:public.customers', 'id:public.customers.id', 'status:public.orders.status!', 'status:public.orders.status', 'id:public.orders.id', 'customers:public.customers']],
    ['ALTER TABLE ONLY orders ADD COLUMN note text, DROP COLUMN total, ALTER status SET NOT NULL', ['orders:public.orders', 'note:public.orders.note!', 'total:public.orders.total', 'status:public.orders.status']],
    ['ALTER TABLE orders RENAME COLUMN status TO state', ['orders:public.orders', 'status:public.orders.status', 'state:public.orders.state!']],
    ['ALTER TABLE orders RENAME TO purchases', ['orders:public.orders', 'purchases:public.purchases!']],
    ['CREATE UNIQUE INDEX CONCURRENTLY i ON orders USING btree (lower(status), created_at DESC) INCLUDE (total) WHERE status IS NOT NULL', ['orders:public.orders', 'status:public.orders.status', 'created_at:public.orders.created_at', 'total:public.orders.total', 'status:public.orders.status']],
    ['DROP TABLE IF EXISTS orders, customers CASCADE', ['orders:public.orders', 'customers:public.customers']],
    ['COMMENT ON COLUMN orders.total IS \'x\'', ['total:public.orders.total']],
    ['CREATE VIEW recent AS SELECT total FROM orders', ['recent:public.recent!', 'total:public.orders.total', 'orders:public.orders']],
    ['CREATE TRIGGER t AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f()', ['orders:public.orders']],
    ['TRUNCATE orders, customers', ['orders:public.orders', 'customers:public.customers']],
  ])('%s', (sql, expected) => expect(usesOf(sql)).toEqual(expected));
});

it('agrees with the query model on what columns belong to', async () => {
  const analyser = await createSqlAnalyser();
  const catalog = catalogOf('create table orders (id int, user_id int, status text, total int, name text, a int, b int, c int, x int, y int, data jsonb, kind int, paid bool, created_at timestamptz, deleted_at timestamptz);\ncreate table users (id int, user_id int);\ncreate table lines (order_id int, qty int, free bool)');
  let compared = 0;
  for (const sql of [...corpus, ...combinations(400)]) {
    const model = analyser.analyse({ text: sql, placeholders: 'dollar', interpolations: [] });
    if (model.completeness !== 'full') continue;
    const uses = readNames(sql, catalog).uses;
    for (const block of model.blocks) {
      for (const expression of block.conjuncts.flatMap(sidesOf)) {
        for (const column of expression.columns) {
          const bound = bindColumn({ model, catalog }, block, column);
          if (!bound?.table || !bound.definition) continue;
          // USING names a column of both sides.
          const there = uses.filter((candidate) => candidate.span.end === column.span.end).map((use) => `${keyOfUse(use)}.${use.name}`);
          expect(there, `${column.column} in ${sql}`).toContain(`${bound.table.schema}.${bound.table.name}.${bound.column}`);
          compared++;
        }
      }
    }
  }
  expect(compared).toBeGreaterThan(500);
});

import { describe, expect, it } from 'vitest';
import { buildCatalog } from '../../../server/src/core/catalog/build';
import { propose } from '../../../server/src/core/editing/completion';
import { shop } from './schema';

/** Labels proposed at `|`, best first; undefined: nothing is. */
function at(sql: string, catalog = shop): readonly string[] | undefined {
  const offset = sql.indexOf('|');
  const found = propose(sql.replace('|', ''), offset, catalog);
  return found && [...found.items].sort((a, b) => a.rank - b.rank || (a.label < b.label ? -1 : 1)).map(({ label }) => label);
}
const inserts = (sql: string): readonly string[] => propose(sql.replace('|', ''), sql.indexOf('|'), shop)?.items.map(({ insert }) => insert) ?? [];

const tables = ['Order lines', 'audit.events', 'customers', 'open_orders', 'orders'];

describe('relations', () => {
  it.each([
    'SELECT * FROM |', 'select id from cust|', 'SELECT 1 FROM |\nWHERE a = 1', 'UPDATE |', 'DELETE FROM |', 'INSERT INTO |', 'MERGE INTO |', 'SELECT (SELECT 1 FROM |)',
    'SELECT * FROM a, |', 'TRUNCATE |', 'DROP TABLE IF EXISTS |', 'ALTER TABLE |', 'CREATE INDEX x ON |', 'CREATE TABLE t (id int REFERENCES |)', 'DELETE FROM a USING |', 'COMMENT ON TABLE |',
  ])('%s', (sql) => expect([...(at(sql) ?? [])].sort()).toEqual(tables));

  it('in a join those come first that a foreign key ties', () => {
    expect(at('SELECT * FROM orders o JOIN |')?.slice(0, 2)).toEqual(['Order lines', 'customers']);
  });
  it('of one schema, CTEs, quotes where they are needed', () => {
    expect(at('SELECT * FROM audit.|')).toEqual(['events']);
    expect(at('WITH recent AS (SELECT * FROM orders) SELECT * FROM |')?.[0]).toBe('recent');
    expect(inserts('SELECT * FROM |')).toContain('"Order lines"');
    expect(inserts('SELECT * FROM |')).toContain('audit.events');
    expect(inserts('SELECT * FROM "Ord|"')).toContain('"orders"');
  });
});

describe('columns', () => {
  it.each([
    ['SELECT o.| FROM orders o', ['id', 'customer_id', 'status', 'total', 'created_at']],
    ['SELECT * FROM orders o WHERE o.|', ['id', 'status', 'customer_id', 'total', 'created_at']],
    ['SELECT * FROM orders WHERE |', ['id', 'status', 'customer_id', 'total', 'created_at']],
    ['SELECT | FROM orders', ['id', 'customer_id', 'status', 'total', 'created_at']],
    ['SELECT id, | FROM orders', ['id', 'customer_id', 'status', 'total', 'created_at']],
    ['SELECT * FROM orders WHERE id = 1 AND st|', ['id', 'status', 'customer_id', 'total', 'created_at']],
    ['SELECT * FROM orders ORDER BY |', ['id', 'status', 'customer_id', 'total', 'created_at']],
    ['SELECT lower(|) FROM customers', ['id', 'name', 'email', 'createdAt']],
    ['INSERT INTO orders (id, |', ['customer_id', 'status', 'total', 'created_at']],
    ['INSERT INTO orders (id, |) VALUES (1)', ['customer_id', 'status', 'total', 'created_at']],
    ['UPDATE orders SET |', ['id', 'customer_id', 'status', 'total', 'created_at']],
    ['UPDATE orders SET total = 1, | WHERE id = 2', ['id', 'customer_id', 'status', 'created_at']],
    ['INSERT INTO customers (email) VALUES (1) ON CONFLICT (|)', ['id', 'email', 'name', 'createdAt']],
    ['INSERT INTO customers (email) VALUES (1) ON CONFLICT (email) DO UPDATE SET email = excluded.|', ['id', 'name', 'email', 'createdAt']],
    ['SELECT o. FROM orders o WHERE |', ['id', 'status', 'customer_id', 'total', 'created_at']],
    ['WITH r AS (SELECT id, total AS sum FROM orders) SELECT r.| FROM r', ['id', 'sum']],
    ['WITH r(a, b) AS (SELECT 1, 2) SELECT r.| FROM r', ['a', 'b']],
    ['SELECT d.| FROM (SELECT id, count(*) FROM orders GROUP BY 1) d', ['id', 'count']],
    ['SELECT d.| FROM (SELECT * FROM orders UNION SELECT * FROM orders) d', ['id', 'customer_id', 'status', 'total', 'created_at']],
    ['SELECT x.| FROM LATERAL unnest(a) AS x(first, second)', ['first', 'second']],
    ['CREATE INDEX i ON orders (|)', ['id', 'customer_id', 'status', 'total', 'created_at']],
    ['CREATE TABLE t (a int REFERENCES customers (|))', ['id', 'name', 'email', 'createdAt']],
    ['ALTER TABLE customers DROP COLUMN |', ['id', 'name', 'email', 'createdAt']],
    ['DELETE FROM orders WHERE id = 1 RETURNING |', ['id', 'customer_id', 'status', 'total', 'created_at']],
  ])('%s', (sql, expected) => expect(at(sql)).toEqual(expected));

  it('ambiguous ones are qualified, and those of an outer query come last', () => {
    expect(at('SELECT | FROM orders o JOIN customers c ON true')).toEqual(expect.arrayContaining(['o.id', 'c.id', 'status', 'name']));
    const inner = at('SELECT * FROM orders o WHERE EXISTS (SELECT 1 FROM customers c WHERE |)') ?? [];
    expect(inner.indexOf('o.customer_id')).toBeGreaterThan(inner.indexOf('name'));
    expect(at('SELECT * FROM orders o, (SELECT | FROM customers) d')).not.toContain('o.total');
  });

  it('a join begins with its foreign keys', () => {
    expect(at('SELECT * FROM orders o JOIN customers c ON |')?.[0]).toBe('o.customer_id = c.id');
    expect(at('SELECT * FROM customers JOIN orders ON |')?.[0]).toBe('orders.customer_id = customers.id');
    expect(at('SELECT * FROM orders o JOIN "Order lines" l ON |')?.[0]).toBe('l.order_id = o.id');
    expect(at('SELECT * FROM orders o JOIN customers c ON o.id = |')).not.toContain('o.customer_id = c.id');
  });

  it('quotes what needs quotes', () => {
    expect(inserts('SELECT c.| FROM customers c')).toContain('"createdAt"');
    expect(inserts('SELECT c."cr|" FROM customers c')).toContain('"createdAt"');
  });
});

describe('nothing', () => {
  it.each([
    "SELECT 'a|' FROM orders", 'SELECT 1 -- FROM |', 'SELECT /* | */ 1', "SELECT * FROM orders WHERE status = '|", 'SELECT id AS | FROM orders', 'SELECT id | FROM orders', 'SELECT * FROM orders |',
    'SELECT * FROM orders o |', 'SELECT * FROM orders LIMIT |', 'SELECT * FROM orders WHERE id |', 'SELECT 1|', 'SELECT $1| FROM orders', '|', 'SEL|', 'INSERT INTO orders (id) VALUES (|', 'SELECT id::| FROM orders', 'INSERT INTO orders |',
    'CREATE TABLE |', 'CREATE TABLE t (|', 'SELECT $tag$ FROM |', 'SELECT x.| FROM orders',
  ])('%s', (sql) => expect(at(sql) ?? []).toEqual([]));
});

it('is quick with two thousand tables', () => {
  const columns = Array.from({ length: 20 }, (_, i) => ({ name: `column_${i}`, type: 'text', notNull: false }));
  const large = buildCatalog({ source: 'schema', label: '', changes: Array.from({ length: 2_000 }, (_, i) => ({ type: 'create-table' as const, table: { name: `table_${i}` }, ifNotExists: false, temporary: false, columns, constraints: [], foreignKeys: [], like: [], inherits: [] })) });
  const sql = 'SELECT * FROM table_7 a JOIN ';
  propose(sql, sql.length, large);
  let proposed = 0;
  const started = performance.now();
  for (let i = 0; i < 20; i++) proposed += propose(sql, sql.length, large)?.items.length ?? 0;
  expect((performance.now() - started) / 20).toBeLessThan(10);
  expect(proposed).toBe(40_000);
});

import { describe, expect, it } from 'vitest';
import { offsetPagination } from '../../server/src/core/rules/offset-pagination';
import { lintCase } from '../support/readers';
import { testRule } from '../support/ruleTester';
import { withStatistics } from '../support/statistics';

testRule(offsetPagination, {
  schema: `
    CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, created_at timestamptz NOT NULL, shipped_at timestamptz, total numeric NOT NULL);
    CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
    CREATE TABLE tags (order_id bigint NOT NULL, name text NOT NULL);
    CREATE TABLE countries (code text PRIMARY KEY, name text NOT NULL);
  `,
  settings: { assume: { countries: 250 } },
  flagged: [
    {
      code: `
SELECT id, created_at FROM orders ORDER BY created_at DESC, id DESC LIMIT 20 OFFSET $1
--                                                                           ^^^^^^^^^ reads and discards
`,
      severity: 'info',
      fixed: `
SELECT id, created_at FROM orders WHERE ((created_at, id) < ($1, $2) OR $2 IS NULL) ORDER BY created_at DESC, id DESC LIMIT 20
`,
    },
    {
      code: `
SELECT id, created_at
FROM orders
WHERE customer_id = $1
ORDER BY created_at
LIMIT $2
OFFSET $3
^^^^^^^^^ later pages cost more`,
      fixed: `
SELECT id, created_at
FROM orders
WHERE customer_id = $1
  AND ((created_at, id) > ($3, $4) OR $4 IS NULL)
ORDER BY created_at, id
LIMIT $2`,
    },
    {
      // Both numbers are free once the offset is gone; a third key does not exist, so nothing is renumbered.
      code: `
SELECT * FROM orders WHERE total > 10 OR customer_id = $3 ORDER BY created_at DESC, total LIMIT 10 OFFSET ($1 - 1) * $2
--                                                                                                 ^^^^^^^^^^^^^^^^^^^^`,
      fixed: `
SELECT * FROM orders WHERE (total > 10 OR customer_id = $3) AND ((created_at <= $1 AND (created_at < $1 OR (created_at = $1 AND total > $2) OR (created_at = $1 AND total = $2 AND id > $4))) OR $4 IS NULL) ORDER BY created_at DESC, total, id LIMIT 10`,
    },
    {
      // One key, two freed parameters: the rest moves down.
      code: `
SELECT id FROM orders WHERE customer_id = $3 ORDER BY id LIMIT 10 OFFSET ($1 - 1) * $2
--                                                                ^^^^^^^^^^^^^^^^^^^^`,
      fixed: `
SELECT id FROM orders WHERE customer_id = $2 AND (id > $1 OR $1 IS NULL) ORDER BY id LIMIT 10`,
    },
    {
      // Nullable key: expanded, NULLs kept in their place.
      code: `
SELECT id, shipped_at FROM orders ORDER BY shipped_at DESC, id LIMIT 5 OFFSET 10
--                                                                     ^^^^^^^^^`,
      fixed: `
SELECT id, shipped_at FROM orders WHERE (((shipped_at < $1 OR ($1 IS NULL AND shipped_at IS NOT NULL)) OR (shipped_at IS NOT DISTINCT FROM $1 AND id > $2)) OR $2 IS NULL) ORDER BY shipped_at DESC, id LIMIT 5`,
    },
    {
      code: `
SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id ORDER BY c.name, o.id LIMIT 20 OFFSET $1
--                                                                                                        ^^^^^^^^^`,
      fixed: `
SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE ((c.name, o.id) > ($1, $2) OR $2 IS NULL) ORDER BY c.name, o.id LIMIT 20`,
    },
    {
      code: `
SELECT id FROM orders WHERE customer_id = sqlc.arg('customer') ORDER BY id LIMIT 10 OFFSET COALESCE(sqlc.narg('offset'), 0)
--                                                                                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`,
      fixed: `
SELECT id FROM orders WHERE customer_id = sqlc.arg('customer') AND (id > sqlc.narg('after_id') OR sqlc.narg('after_id') IS NULL) ORDER BY id LIMIT 10`,
    },
    {
      code: `
SELECT id FROM orders WHERE customer_id = :customer ORDER BY id LIMIT 10 OFFSET :start
--                                                                       ^^^^^^^^^^^^^`,
      embed: false,
      fixed: `
SELECT id FROM orders WHERE customer_id = :customer AND (id > :after_id OR :after_id IS NULL) ORDER BY id LIMIT 10`,
    },
    {
      code: `
SELECT id FROM orders ORDER BY id LIMIT :page_size OFFSET :skip;
--                                                 ^^^^^^^^^^^^`,
      fixed: `
SELECT id FROM orders WHERE (id > :after_id OR :after_id IS NULL) ORDER BY id LIMIT :page_size;`,
      embed: false,
    },
    // A to-many join: no unique key of the rows, so no fix.
    { code: `
SELECT o.id FROM orders o JOIN tags t ON t.order_id = o.id ORDER BY o.id LIMIT 20 OFFSET $1
--                                                                                ^^^^^^^^^`, fixes: 0 },
    // The tie-breaker is not selected: the caller could not pass it.
    { code: `
SELECT total FROM orders ORDER BY total LIMIT 20 OFFSET $1
--                                               ^^^^^^^^^`, fixes: 0 },
    { code: `
SELECT id FROM orders ORDER BY id OFFSET $1 ROWS FETCH NEXT 10 ROWS ONLY
--                                ^^^^^^^^^^^^^^`, fixed: `
SELECT id FROM orders WHERE (id > $1 OR $1 IS NULL) ORDER BY id FETCH NEXT 10 ROWS ONLY` },
    `
WITH page AS (SELECT id FROM orders ORDER BY id LIMIT 10 OFFSET $1) SELECT * FROM page
--                                                       ^^^^^^^^^`,
    { code: `
SELECT id FROM orders ORDER BY id LIMIT 10 OFFSET $1
--                                         ^^^^^^^^^ 5,000,000 rows`, settings: { assume: { orders: 5_000_000 } }, severity: 'warning' },
    { code: `
SELECT id FROM unknown_table LIMIT 10 OFFSET $1
--                                    ^^^^^^^^^`, schema: '', fixes: 0 },
    // What only the offset used goes with it; what calls something stays.
    {
      language: 'typescript',
      code: `import { Pool } from 'pg';
const pool = new Pool();
export async function page(n: number, size: number) {
  const offset = (Math.max(1, n) - 1) * size;
  return pool.query('SELECT id FROM orders ORDER BY id LIMIT $1 OFFSET $2', [size, offset]);
//                                                              ^^^^^^^^^
}
`,
      fixed: `import { Pool } from 'pg';
const pool = new Pool();
export async function page(n: number, size: number, after?: { id: string }) {
  return pool.query('SELECT id FROM orders WHERE (id > $2 OR $2 IS NULL) ORDER BY id LIMIT $1', [size, after?.id]);
}
`,
    },
    {
      language: 'typescript',
      code: `import { Pool } from 'pg';
const pool = new Pool();
export async function page(n: number, size: number) {
  const offset = n * size, first = 1;
  const start = next(n);
  await pool.query('SELECT id FROM orders ORDER BY id LIMIT $1 OFFSET $2', [size, offset]);
//                                                             ^^^^^^^^^
  return pool.query('SELECT id FROM orders WHERE total > $3 ORDER BY id LIMIT $1 OFFSET $2', [size, start, first]);
//                                                                               ^^^^^^^^^
}
`,
      fixed: `import { Pool } from 'pg';
const pool = new Pool();
export async function page(n: number, size: number, after?: { id: string }) {
  const offset = n * size, first = 1;
  const start = next(n);
  await pool.query('SELECT id FROM orders WHERE (id > $2 OR $2 IS NULL) ORDER BY id LIMIT $1', [size, after?.id]);
  return pool.query('SELECT id FROM orders WHERE total > $3 ORDER BY id LIMIT $1 OFFSET $2', [size, start, first]);
}
`,
    },
    {
      language: 'typescript',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export async function page(customer: string, limit: number, offset: number) {
  return pool.query('SELECT id, created_at FROM orders WHERE customer_id = $1 ORDER BY created_at DESC LIMIT $2 OFFSET $3', [customer, limit, offset]);
//                                                                                                              ^^^^^^^^^
}`,
      fixed: `
import { Pool } from 'pg';
const pool = new Pool();
export async function page(customer: string, limit: number, offset: number, after?: { created_at: Date | string; id: string }) {
  return pool.query('SELECT id, created_at FROM orders WHERE customer_id = $1 AND ((created_at, id) < ($3, $4) OR $4 IS NULL) ORDER BY created_at DESC, id DESC LIMIT $2', [customer, limit, after?.created_at, after?.id]);
}`,
    },
    {
      language: 'python',
      code: `
import psycopg

def page(conn: psycopg.Connection, customer: int, size: int, start: int):
    return conn.execute("SELECT id FROM orders WHERE customer_id = %s ORDER BY id LIMIT %s OFFSET %s", (customer, size, start)).fetchall()
#                                                                                          ^^^^^^^^^`,
      fixed: `
import psycopg

def page(conn: psycopg.Connection, customer: int, size: int, start: int, after=None):
    return conn.execute("SELECT id FROM orders WHERE customer_id = %s AND (id > %s::bigint OR %s::bigint IS NULL) ORDER BY id LIMIT %s", (customer, after["id"] if after else None, after["id"] if after else None, size)).fetchall()`,
    },
    {
      language: 'python',
      code: `
import psycopg

def page(conn: psycopg.Connection, size: int, start: int):
    return conn.execute("SELECT id FROM orders ORDER BY id LIMIT %(size)s OFFSET %(start)s", {"size": size, "start": start}).fetchall()
#                                                                         ^^^^^^^^^^^^^^^^`,
      fixed: `
import psycopg

def page(conn: psycopg.Connection, size: int, start: int, after=None):
    return conn.execute("SELECT id FROM orders WHERE (id > %(after_id)s OR %(after_id)s IS NULL) ORDER BY id LIMIT %(size)s", {"size": size, "start": start, "after_id": after["id"] if after else None}).fetchall()`,
    },
    {
      language: 'python',
      code: `
import asyncpg

async def page(conn: asyncpg.Connection, start: int):
    return await conn.fetch("SELECT id, total FROM orders ORDER BY total LIMIT 10 OFFSET $1", start)
#                                                                                 ^^^^^^^^^`,
      fixed: `
import asyncpg

async def page(conn: asyncpg.Connection, start: int, after=None):
    return await conn.fetch("SELECT id, total FROM orders WHERE ((total, id) > ($1, $2) OR $2 IS NULL) ORDER BY total, id LIMIT 10", after["total"] if after else None, after["id"] if after else None)`,
    },
  ],
  clean: [
    // At most one row: there is no second page.
    'SELECT id, created_at FROM orders WHERE id = 4 ORDER BY created_at LIMIT 20 OFFSET $1',
    'SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.id = $1 ORDER BY c.name LIMIT 20 OFFSET $2',
    // The border of a batch.
    'SELECT created_at FROM orders WHERE created_at > $1 ORDER BY created_at LIMIT 1 OFFSET $2',
    'SELECT id FROM orders ORDER BY id LIMIT 10 OFFSET 0',
    'SELECT x FROM generate_series(1, 100) AS g(x) ORDER BY x LIMIT 10 OFFSET $1',
    'SELECT name FROM countries ORDER BY code LIMIT 20 OFFSET $1',
    'SELECT id FROM orders ORDER BY id LIMIT 1 OFFSET 999',
    'SELECT id FROM orders WHERE EXISTS (SELECT 1 FROM tags t WHERE t.order_id = orders.id OFFSET 1)',
    'DELETE FROM orders WHERE id IN (SELECT id FROM orders ORDER BY created_at DESC OFFSET 100)',
    'SELECT * FROM (SELECT id FROM orders ORDER BY id LIMIT 100) newest OFFSET $1',
    'SELECT relname FROM pg_class ORDER BY relname LIMIT 10 OFFSET $1',
    'SELECT id FROM orders WHERE id > $1 ORDER BY id LIMIT 20',
  ],
});

// With a planner the finding carries what pages cost, by number and by key.
testRule(offsetPagination, {
  schema: `
    CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, created_at timestamptz NOT NULL);
    CREATE INDEX orders_created ON orders (created_at, id);
    CREATE INDEX orders_customer ON orders (customer_id);
  `,
  settings: { assume: { orders: 1_000_000 } },
  planner: true,
  flagged: [
    { code: `
SELECT id, created_at FROM orders ORDER BY created_at DESC, id DESC LIMIT 20 OFFSET $1
--                                                                           ^^^^^^^^^ behind OFFSET 500,000 (half of the list) they cost`, severity: 'warning', fixes: 1 },
    { code: `
SELECT id, created_at FROM orders ORDER BY created_at DESC, id DESC LIMIT $1 OFFSET $2
--                                                                           ^^^^^^^^^ the first 20 rows cost`, severity: 'warning' },
    { code: `
SELECT id FROM orders ORDER BY customer_id, id LIMIT 50 OFFSET 5000
--                                                      ^^^^^^^^^^^ and by key`, severity: 'warning', embed: false },
    // Seven orders a customer: all pages are read together.
    { code: `
SELECT id FROM orders WHERE customer_id = $1 ORDER BY id LIMIT 20 OFFSET $2
--                                                                ^^^^^^^^^ the planner expects about 6 rows in all (your server's statistics)`, catalog: withStatistics({ 'public.orders': { rows: 1_000_000, pages: 10_000, columns: [{ column: 'customer_id', distinct: 150_000 }] } }), severity: 'hint', embed: false },
  ],
  clean: [{ code: 'SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET 0', embed: false }],
});

describe('the evidence of offset-pagination', () => {
  it('holds the cost of the page half-way, by number and by key', async () => {
    const { findings } = await lintCase([offsetPagination], {
      language: 'sql', code: 'SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET $1', planner: true,
      schema: 'CREATE TABLE orders (id bigint PRIMARY KEY, total numeric NOT NULL);', settings: { assume: { orders: 1_000_000 } },
    });
    const { cost, costAfter, firstPage, offset, basis } = findings[0]?.evidence as Record<string, number>;
    expect({ offset, basis }).toEqual({ offset: 500_000, basis: 'assumed volumes' });
    expect(firstPage).toBeLessThan(5);
    expect(costAfter).toBeLessThan(5);
    expect(cost).toBeGreaterThan(1_000);
  });

  it('is a hint where the page half-way costs less than a tenth more than the first', async () => {
    const severityOf = async (code: string, rows: number, pages: number): Promise<unknown> => {
      const catalog = withStatistics({ 'public.orders': { rows, pages, columns: [{ column: 'id', correlation: 1 }, { column: 'kind', distinct: 400, averageWidth: 4 }] } });
      const { findings } = await lintCase([offsetPagination], { language: 'sql', code, planner: true, schema: 'CREATE TABLE orders (id bigint PRIMARY KEY, kind integer NOT NULL);', settings: { smallTableRows: 100, largeTableRows: 50_000_000 }, catalog: (built) => { const known = catalog(built); return { ...known, tables: new Map([...known.tables].map(([key, table]) => [key, { ...table, rows: undefined }])) }; } });
      const { cost, firstPage } = findings[0]?.evidence as Record<string, number>;
      return [findings[0]?.severity, cost! < firstPage! * 1.1];
    };
    // Each page counts all rows anyway; each page walks past those before.
    expect(await severityOf('SELECT kind, count(*) FROM orders GROUP BY kind ORDER BY kind LIMIT 20 OFFSET $1', 1_000_000, 6_000)).toEqual(['hint', true]);
    expect(await severityOf('SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET $1', 1_000_000, 6_000)).toEqual(['info', false]);
  });
});

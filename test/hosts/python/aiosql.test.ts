import { describe, expect, it } from 'vitest';
import { compared, innocent } from '../../support/adapterCases';
import { read } from './support';

const head = 'import aiosql\n';
const text = 'queries = aiosql.from_str("""\n-- name: get-user^\n-- One user.\nSELECT id, name FROM users WHERE id = :id;\n\n-- name: list_users\nSELECT id FROM users WHERE tenant_id = :tenant_id;\n\n-- name: rename-user!\nUPDATE users SET name = :name WHERE id = :id\n""", "psycopg")\n';
const sites = (code: string) => read(`${head}${code}`).sites.filter((site) => site.library === 'aiosql');

describe('aiosql', () => {
  // Name with its operator, the statement, the call, and what is fetched.
  it.each(compared<readonly [string, string, string, string]>('aiosql', [
    ['get_order^', 'SELECT id FROM orders WHERE id = :id', 'get_order(conn, id=i)', 'one'],
    ['count_orders$', 'SELECT count(*) FROM orders', 'count_orders(conn)', 'one'],
    ['list_orders', 'SELECT id FROM orders WHERE total > :low', 'list_orders(conn, low=5)', 'many'],
    ['page-orders', 'SELECT id FROM orders ORDER BY id LIMIT :limit OFFSET :skip', 'page_orders(conn, limit=20, skip=i)', 'many'],
    ['find_orders', "SELECT id FROM orders WHERE name ILIKE :q", 'find_orders(conn, q=i)', 'many'],
    ['join_orders', 'SELECT o.id FROM orders o JOIN items i ON i.order_id = o.id WHERE i.sku = :sku', 'join_orders(conn, sku=i)', 'many'],
    ['add_order<!', 'INSERT INTO orders (id) VALUES (:id) RETURNING id', 'add_order(conn, id=i)', 'one'],
    ['insert_order!', 'INSERT INTO orders (id) VALUES (:id)', 'insert_order(conn, id=i)', 'none'],
    ['insert_orders*!', 'INSERT INTO orders (id) VALUES (:id)', 'insert_orders(conn, i)', 'none'],
    ['rename!', 'UPDATE orders SET name = :name WHERE id = :id', 'rename(conn, name=i, id=1)', 'none'],
    ['drop-order!', 'DELETE FROM orders WHERE id = :id', 'drop_order(conn, id=i)', 'none'],
    ['latest^', 'SELECT id FROM orders ORDER BY id DESC LIMIT 1', 'latest(conn)', 'one'],
    ['tagged', 'SELECT id FROM orders WHERE :tag = ANY(tags)', 'tagged(conn, tag=i)', 'many'],
    ['recent', "SELECT id FROM orders WHERE created > now() - interval '1 day'", 'recent(conn)', 'many'],
    ['cast', 'SELECT id FROM orders WHERE id = :id::bigint', 'cast(conn, id=i)', 'many'],
  ]))('%s', (name, sql, call, fetches) => {
    const code = `queries = aiosql.from_str("""\n-- name: ${name}\n${sql}\n""", "psycopg")\ndef f(conn, i):\n    return queries.${call}\n`;
    const [site, ...more] = sites(code);
    expect(more).toEqual([]);
    expect(site?.source?.text.trim()).toBe(sql);
    expect(site?.fetches).toBe(fetches);
    expect(`${head}${code}`.slice(site!.span.start, site!.span.end)).toBe(`queries.${call}`);
  });
  it.each([
    ['queries.get_user(conn, id=user_id)', 'SELECT id, name FROM users WHERE id = :id', 'read', 'one'],
    ['queries.list_users(conn, tenant_id=7)', 'SELECT id FROM users WHERE tenant_id = :tenant_id', 'read', 'many'],
    ['queries.rename_user(conn, id=1, name=name)', 'UPDATE users SET name = :name WHERE id = :id', 'write', 'none'],
  ])('a statement of a text in the program: %s', (call, sql, access, fetches) => {
    const found = sites(`${text}def f(conn, user_id, name):\n    return ${call}\n`);
    expect(found).toMatchObject([{ confidence: 'proved', access, fetches, executes: 'yes' }]);
    expect(found[0]?.source?.text).toContain(sql);
  });
  it('binds by name', () => {
    const [site] = sites(`${text}def f(conn, user_id):\n    return queries.get_user(conn, id=user_id)\n`);
    expect(site?.binds.map((bind) => [bind.key, bind.text, bind.origin])).toEqual([['id', 'user_id', 'parameter']]);
  });
  it.each([
    'queries = aiosql.from_path("sql/users.sql", "psycopg2")\ndef f(conn):\n    return queries.get_user(conn, id=1)\n',
    'queries = aiosql.from_path("sql", driver_adapter="asyncpg")\nasync def f(conn):\n    return await queries.users.get_user(conn, id=1)\n',
    'from aiosql import from_path\nqueries = from_path("sql", "psycopg")\ndef f(conn):\n    return queries.get_user(conn, 1)\n',
  ])('a statement of a file is a query of unknown text: %s', (code) => {
    expect(sites(code)).toMatchObject([{ library: 'aiosql', access: 'unknown', complete: false }]);
  });
  it.each(innocent('aiosql', [
    'queries = aiosql.from_path("sql", "sqlite3")\ndef f(conn):\n    return queries.get_user(conn, id=1)\n',
    'queries = aiosql.from_path("sql", "psycopg")\ndef f():\n    return queries.available_queries\n',
    'queries = aiosql.from_path("sql", "psycopg")\ndef f(name, fn):\n    queries.add_query(name, fn)\n',
    'queries = Registry()\ndef f(conn):\n    return queries.get_user(conn, id=1)\n',
    'def f(queries, conn):\n    return queries.get_user(conn, id=1)\n',
    `${text}def f():\n    return queries.get_user()\n`,
  ]))('is none of its queries: %s', (code) => {
    expect(sites(code)).toEqual([]);
  });
});

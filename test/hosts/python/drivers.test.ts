import { describe, expect, it } from 'vitest';
import { compared, innocent } from '../../support/adapterCases';
import { read } from './support';

/** `code` is a line of the function; what is sent stands between `«` and `»`; the statement on one line, holes as `?`. */
type Case = readonly [code: string, sql: string, fetches?: string];

const ONE = 'SELECT id FROM orders WHERE id =';

const libraries: Readonly<Record<string, { readonly head: string; readonly cases: readonly Case[]; readonly innocent: readonly string[] }>> = {
  'psycopg 3': {
    head: 'import psycopg\nfrom psycopg import sql\nfrom psycopg_pool import AsyncConnectionPool, ConnectionPool\npool = ConnectionPool("")\nconn = psycopg.connect("")\nCOLUMNS = "id, total"\n\n\nasync def run(id, ids, table, aconn: psycopg.AsyncConnection, cur: psycopg.Cursor):\n',
    cases: compared('psycopg 3', [
      [`«conn.execute("${ONE} %s", (id,))».fetchone()`, `${ONE} %s`, 'one'],
      [`«cur.execute("${ONE} %s", [id])»`, `${ONE} %s`],
      ['«cur.execute("SELECT id FROM orders WHERE total > %(low)s", {"low": 5})»', 'SELECT id FROM orders WHERE total > %(low)s'],
      [`rows = «conn.execute("${ONE} ANY(%s)", (ids,))».fetchall()`, `${ONE} ANY(%s)`, 'many'],
      [`await «aconn.execute("${ONE} %s", (id,))»`, `${ONE} %s`],
      ['«cur.execute("""\n        SELECT id\n        FROM orders\n        WHERE id = %s\n    """, (id,))»', `${ONE} %s`],
      ['«cur.executemany("INSERT INTO orders (id) VALUES (%s)", [(1,), (2,)])»', 'INSERT INTO orders (id) VALUES (%s)'],
      ['«cur.execute("SELECT " "id FROM orders " "WHERE id = %s", (id,))»', `${ONE} %s`],
      ['«cur.execute("SELECT id FROM orders " + "WHERE id = %s", (id,))»', `${ONE} %s`],
      ['«cur.execute(f"SELECT {COLUMNS} FROM orders WHERE id = %s", (id,))»', 'SELECT id, total FROM orders WHERE id = %s'],
      ['query = "DELETE FROM orders WHERE id = %s"\n    «cur.execute(query, (id,))»', 'DELETE FROM orders WHERE id = %s'],
      ['«cur.execute(sql.SQL("SELECT id FROM orders WHERE id = %s"), (id,))»', `${ONE} %s`],
      ['«cur.execute("UPDATE orders SET total = %s WHERE id = %s", (5, id))»', 'UPDATE orders SET total = %s WHERE id = %s'],
      ['for row in «cur.stream("SELECT id FROM orders WHERE total > 5")»:\n        print(row)', 'SELECT id FROM orders WHERE total > 5', 'stream'],
      ['with pool.connection() as c:\n        «c.execute("SELECT id FROM orders WHERE total > 5")»', 'SELECT id FROM orders WHERE total > 5'],
      ['with conn.cursor() as c:\n        «c.execute("SELECT id FROM orders WHERE name LIKE \'a%%\'")»', "SELECT id FROM orders WHERE name LIKE 'a%%'"],
    ]),
    innocent: innocent('psycopg 3', ['command.execute("orders", id)', 'log.info("SELECT id FROM orders")', 'conn.commit()', '"""SELECT id FROM orders"""', 'redis.execute("GET x")', 'cur.fetchall()']),
  },
  psycopg2: {
    head: 'import psycopg2\nfrom psycopg2 import extras, sql\nfrom psycopg2.extras import execute_batch, execute_values\nconn = psycopg2.connect("")\nLIMIT = 20\n\n\ndef run(id, ids, rows):\n    cur = conn.cursor()\n',
    cases: compared('psycopg2', [
      [`«cur.execute("${ONE} %s", (id,))»\n    return cur.fetchone()`, `${ONE} %s`, 'one'],
      [`«cur.execute("${ONE} %s", (id,))»\n    return cur.fetchall()`, `${ONE} %s`, 'many'],
      ['«cur.execute("SELECT id FROM orders WHERE id IN %s", (tuple(ids),))»', 'SELECT id FROM orders WHERE id IN %s'],
      ['«cur.execute("SELECT id FROM orders WHERE name = %(name)s", {"name": "x"})»', 'SELECT id FROM orders WHERE name = %(name)s'],
      ['«execute_values(cur, "INSERT INTO orders (id, total) VALUES %s", rows)»', 'INSERT INTO orders (id, total) VALUES %s'],
      ['«extras.execute_batch(cur, "UPDATE orders SET total = %s WHERE id = %s", rows)»', 'UPDATE orders SET total = %s WHERE id = %s'],
      ['«cur.executemany("DELETE FROM orders WHERE id = %s", rows)»', 'DELETE FROM orders WHERE id = %s'],
      ['with conn.cursor() as c:\n        «c.execute("SELECT count(*) FROM orders")»', 'SELECT count(*) FROM orders'],
      ['with conn, conn.cursor() as c:\n        «c.execute("DELETE FROM orders WHERE id = %s", (id,))»', 'DELETE FROM orders WHERE id = %s'],
      ['«cur.execute("SELECT id FROM orders LIMIT %d" % LIMIT)»', 'SELECT id FROM orders LIMIT'],
      ['«cur.execute("SELECT id FROM orders WHERE total > {}".format(5))»', 'SELECT id FROM orders WHERE total >'],
      ['text = "SELECT id FROM orders"\n    text += " WHERE id = %s"\n    «cur.execute(text, (id,))»', `${ONE} %s`],
      ['«cur.execute("BEGIN")»', 'BEGIN'],
      ['c = conn.cursor(name="walk")\n    «c.execute("SELECT id FROM orders WHERE total > 5")»', 'SELECT id FROM orders WHERE total > 5', 'stream'],
      ['«cur.execute("INSERT INTO orders (id) VALUES (%s) RETURNING id", (id,))»\n    return cur.fetchone()[0]', 'INSERT INTO orders (id) VALUES (%s) RETURNING id', 'one'],
    ]),
    innocent: innocent('psycopg2', ['conn.rollback()', 'cur.close()', 'executor.submit("SELECT id FROM orders", rows)', 'print("SELECT id FROM orders WHERE id = %s")', 'subprocess.run(["psql", "-c", "SELECT 1"])']),
  },
  asyncpg: {
    head: 'import asyncpg\nCOLUMNS = "id"\n\n\nasync def run(pool: asyncpg.Pool, conn: asyncpg.Connection, id, ids, rows):\n',
    cases: compared('asyncpg', [
      [`await «pool.fetch("${ONE} $1", id)»`, `${ONE} $1`, 'many'],
      [`await «pool.fetchrow("${ONE} $1", id)»`, `${ONE} $1`, 'one'],
      [`await «conn.fetchval("${ONE} $1", id)»`, `${ONE} $1`, 'one'],
      ['await «conn.execute("UPDATE orders SET total = $1 WHERE id = $2", 5, id)»', 'UPDATE orders SET total = $1 WHERE id = $2'],
      ['await «conn.executemany("INSERT INTO orders (id) VALUES ($1)", rows)»', 'INSERT INTO orders (id) VALUES ($1)'],
      [`await «conn.fetch("${ONE} ANY($1)", ids)»`, `${ONE} ANY($1)`, 'many'],
      [`async with pool.acquire() as c:\n        await «c.fetch("${ONE} $1", id)»`, `${ONE} $1`, 'many'],
      [`async with conn.transaction():\n        await «conn.fetchrow("${ONE} $1 FOR UPDATE", id)»`, `${ONE} $1 FOR UPDATE`, 'one'],
      ['await «conn.fetch(f"SELECT {COLUMNS} FROM orders WHERE id = $1", id)»', `${ONE} $1`, 'many'],
      ['await «conn.fetch("""\n        SELECT id FROM orders\n        WHERE id = $1\n    """, id)»', `${ONE} $1`, 'many'],
      ['query = "SELECT id FROM orders WHERE total > $1"\n    await «conn.fetch(query, 5)»', 'SELECT id FROM orders WHERE total > $1', 'many'],
      ['await «conn.execute("DELETE FROM orders WHERE id = $1", id)»', 'DELETE FROM orders WHERE id = $1'],
      ['await «conn.fetch("SELECT id FROM orders ORDER BY id LIMIT $1 OFFSET $2", 20, 40)»', 'SELECT id FROM orders ORDER BY id LIMIT $1 OFFSET $2', 'many'],
      ['async for row in «conn.cursor("SELECT id FROM orders WHERE total > 5")»:\n        print(row)', 'SELECT id FROM orders WHERE total > 5', 'stream'],
      ['await «conn.fetch("SELECT unnest($1::int[])", ids)»', 'SELECT unnest($1::int[])', 'many'],
    ]),
    innocent: innocent('asyncpg', ['await client.fetch("https://example.org")', 'await pool.close()', 'await conn.copy_records_to_table("orders", records=rows)', 'await session.fetch("select")', 'conn.transaction()', 'await cache.get("SELECT id FROM orders")']),
  },
  databases: {
    head: 'from databases import Database\ndatabase = Database("postgresql://")\n\n\nasync def run(id, rows):\n',
    cases: compared('databases', [
      [`await «database.fetch_all("${ONE} :id", {"id": id})»`, `${ONE} :id`, 'many'],
      [`await «database.fetch_all(query="${ONE} :id", values={"id": id})»`, `${ONE} :id`, 'many'],
      [`await «database.fetch_one("${ONE} :id", {"id": id})»`, `${ONE} :id`, 'one'],
      [`await «database.fetch_val("${ONE} :id", {"id": id})»`, `${ONE} :id`, 'one'],
      ['await «database.execute("UPDATE orders SET total = :total WHERE id = :id", {"total": 5, "id": id})»', 'UPDATE orders SET total = :total WHERE id = :id'],
      ['await «database.execute("DELETE FROM orders WHERE id = :id", {"id": id})»', 'DELETE FROM orders WHERE id = :id'],
      ['await «database.execute_many("INSERT INTO orders (id) VALUES (:id)", rows)»', 'INSERT INTO orders (id) VALUES (:id)'],
      ['async for row in «database.iterate("SELECT id FROM orders WHERE total > 5")»:\n        print(row)', 'SELECT id FROM orders WHERE total > 5', 'stream'],
      [`query = "${ONE} :id"\n    await «database.fetch_one(query=query, values={"id": id})»`, `${ONE} :id`, 'one'],
      ['await «database.fetch_all("""\n        SELECT id FROM orders\n        WHERE id = :id\n    """, {"id": id})»', `${ONE} :id`, 'many'],
      ['async with database.transaction():\n        await «database.execute("DELETE FROM orders WHERE id = :id", {"id": id})»', 'DELETE FROM orders WHERE id = :id'],
      ['await «database.fetch_all("SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET :skip", {"skip": 40})»', 'SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET :skip', 'many'],
      ['await «database.fetch_all("SELECT id FROM orders WHERE name ILIKE :q", {"q": "%x%"})»', 'SELECT id FROM orders WHERE name ILIKE :q', 'many'],
      ['await «database.fetch_val("SELECT count(*) FROM orders")»', 'SELECT count(*) FROM orders', 'one'],
      ['await «database.execute("INSERT INTO orders (id) VALUES (:id) RETURNING id", {"id": id})»', 'INSERT INTO orders (id) VALUES (:id) RETURNING id'],
    ]),
    innocent: innocent('databases', ['await database.connect()', 'await database.disconnect()', 'async with database.transaction():\n        pass', 'database.url', 'await http.fetch_all("https://example.org")']),
  },
};

describe.each(Object.entries(libraries))('%s', (_, { head, cases, innocent: others }) => {
  it.each(cases)('%s', (code, sql, fetches) => {
    const marked = `${head}    ${code}\n`;
    const text = marked.replaceAll(/[«»]/g, '');
    const [site, ...more] = read(text).sites.filter(({ executes }) => executes !== 'no');
    expect(more).toEqual([]);
    expect(site?.source?.text.replaceAll(/\s+/g, ' ').trim()).toBe(sql);
    expect(text.slice(site!.span.start, site!.span.end)).toBe(marked.slice(marked.indexOf('«') + 1, marked.indexOf('»')));
    if (fetches !== undefined) expect(site?.fetches).toBe(fetches);
  });

  it.each(others)('leaves alone: %s', (code) => {
    expect(read(`${head}    ${code}\n`).sites).toEqual([]);
  });
});

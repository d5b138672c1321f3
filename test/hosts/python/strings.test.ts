import { describe, expect, it } from 'vitest';
import { toHostSpan } from '../../../server/src/core/text/segmentMap';
import { sqlSpan } from '../../../server/src/core/text/span';
import { addTextPredicate } from '../../../server/src/core/libraries/shared/pythonTextEdits';
import { applied, read, readOne, sqlOf, testUri } from './support';

const inCursor = (body: string): string => `import psycopg\n\ndef run(cur: psycopg.Cursor, table, status, ids):\n${body.split('\n').map((line) => `    ${line}`).join('\n')}\n`;

describe('SQL text of Python', () => {
  it.each([
    ['plain', 'cur.execute("SELECT id FROM t WHERE a = %s", (1,))', 'SELECT id FROM t WHERE a = %s'],
    ['triple-quoted', 'cur.execute("""\n  SELECT id\n  FROM t\n""")', 'SELECT id FROM t'],
    ['adjacent', 'cur.execute("SELECT id "\n    \'FROM t\')', 'SELECT id FROM t'],
    ['concatenated', 'sql = "SELECT id"\nsql = sql + " FROM t"\nsql += " LIMIT 1"\ncur.execute(sql)', 'SELECT id FROM t LIMIT 1'],
    ['joined', 'cur.execute(" ".join(["SELECT id", "FROM t"]))', 'SELECT id FROM t'],
    ['dedented', 'import textwrap\ncur.execute(textwrap.dedent("""SELECT id FROM t"""))', 'SELECT id FROM t'],
    ['formatted with {}', 'cur.execute("SELECT {} FROM {t}".format("id", t="orders"))', 'SELECT id FROM orders'],
    ['formatted with %', 'cur.execute("SELECT %s FROM t WHERE a LIKE \'x%%\'" % "id")', "SELECT id FROM t WHERE a LIKE 'x%'"],
    ['f-string with a constant and braces', 'cols = "id, name"\ncur.execute(f"SELECT {cols} FROM t WHERE d = \'{{}}\'")', "SELECT id, name FROM t WHERE d = '{}'"],
    ['composed', 'from psycopg import sql\ncur.execute(sql.SQL("SELECT {} FROM t WHERE id = {}").format(sql.Identifier("id"), sql.Placeholder()))', 'SELECT "id" FROM t WHERE id = %s'],
  ])('%s', (_, body, expected) => expect(sqlOf(inCursor(body))).toEqual([expected]));

  it('keeps an interpolation as a hole with its expression', () => {
    const site = readOne(inCursor('cur.execute(f"SELECT id FROM {table} WHERE a = %s", (status,))'));
    expect(site.source?.interpolations.map((hole) => hole.hostText)).toEqual(['table']);
    expect(site.binds.map(({ key, text, origin }) => [key, text, origin])).toEqual([['0', 'table', 'parameter'], ['1', 'status', 'parameter']]);
  });

  it('marks text under an if as conditional', () => {
    const site = readOne(inCursor('q = "SELECT id FROM t WHERE a = 1"\nif status:\n    q += " AND b = %s"\ncur.execute(q, (status,))'));
    expect(site.source?.text).toBe('SELECT id FROM t WHERE a = 1 AND b = %s');
    expect(site.conditional).toMatchObject([{ sql: { start: 28, end: 39 }, condition: 'status', otherwise: '' }]);
    expect(site.complete).toBe(true);
  });

  it('knows that a loop may add text', () => {
    const site = readOne(inCursor('q = "SELECT id FROM t WHERE a = 1"\nfor x in ids:\n    q += f" AND b = {x}"\ncur.execute(q)'));
    expect(site.complete).toBe(false);
  });

  it('leaves out a branch that excludes the query', () => {
    expect(sqlOf(inCursor('if status:\n    q = "SELECT a FROM t"\nelse:\n    q = "SELECT b FROM t"\n    cur.execute(q)'))).toEqual(['SELECT b FROM t']);
  });

  it('maps positions behind wide characters, escapes and CRLF', () => {
    const text = inCursor('cur.execute("SELECT \'😀\\t\', id FROM t OFFSET 5")').replaceAll('\n', '\r\n');
    const site = readOne(text);
    const at = site.source?.text.indexOf('OFFSET 5') ?? -1;
    const span = toHostSpan(site.map, sqlSpan(at, at + 8));
    expect(span && text.slice(span.start, span.end)).toBe('OFFSET 5');
  });

  it('reads no SQL from docstrings, comments, other drivers and prose', () => {
    expect(sqlOf('"""SELECT * FROM t"""\nimport sqlite3\n\ndef f(cur):\n    """DELETE FROM t"""\n    "UPDATE t SET a = 1"\n    # cur.execute("SELECT 1 FROM t")\n    db = sqlite3.connect("x")\n    db.execute("SELECT id FROM t")\n    app.execute("Select a plan from the list")\n')).toEqual([]);
  });

  it('splits several statements and counts their parameters on', () => {
    const { sites } = read(inCursor('cur.execute("DELETE FROM a WHERE x = %s; DELETE FROM b WHERE y = %s", (status, ids))'));
    expect(sites.map((site) => [site.source?.text, site.binds.map((bind) => bind.text)])).toEqual([['DELETE FROM a WHERE x = %s', ['status']], ['DELETE FROM b WHERE y = %s', ['ids']]]);
  });

  it('does not fail on broken files', () => {
    for (const text of ['def f(:\n  cur.execute("SELECT', 'x = f"{', 'class A(\n', '((((', 'cur.execute(f"SELECT {a[}")', '\0\u2028', 'for in x: pass', 'cur.execute(*)']) expect(() => read(text)).not.toThrow();
  });
});

describe('drivers', () => {
  it('the library of an annotation is the module that its name comes from', () => {
    const imports = 'import sqlalchemy as sa\nfrom sqlalchemy import text\nfrom sqlalchemy.engine import Connection\nfrom psycopg import AsyncConnection, Connection as Other\nfrom asyncpg import Connection as Raw, Pool\nfrom sqlite3 import Connection as Lite\nimport requests\nimport psycopg\n\n';
    const libraryOf = (type: string, call: string): string[] => read(`${imports}async def f(x: ${type}):\n    x.${call}\n`).sites.map((site) => `${site.library} ${site.source?.placeholders}`);
    const percent = 'execute("SELECT a FROM t WHERE b = %s", (1,))';
    for (const type of ['psycopg.Connection', 'Other', 'AsyncConnection[Row]', '"Other | None"']) expect(libraryOf(type, percent), type).toEqual(['psycopg percent']);
    for (const type of ['Raw', 'Pool', 'Annotated[Pool, Depends(pool)]']) expect(libraryOf(type, 'fetch("SELECT a FROM t WHERE b = $1", 1)'), type).toEqual(['asyncpg dollar']);
    for (const type of ['Connection', 'sa.Connection', 'sa.orm.Session']) expect(libraryOf(type, 'execute(text("SELECT a FROM t WHERE b = :b"), {"b": 1})'), type).toEqual(['sqlalchemy colon']);
    expect(libraryOf('Lite', 'execute("SELECT a FROM t WHERE b = ?", (1,))')).toEqual([]);
    expect(libraryOf('requests.Session', 'get("SELECT a FROM t", 1)')).toEqual([]);
  });

  it('psycopg: how rows are fetched', () => {
    const { sites } = read(`import psycopg
def f():
    conn = psycopg.connect()
    cur = conn.cursor()
    cur.execute("SELECT a FROM t")
    cur.fetchone()
    cur.execute("SELECT b FROM t")
    rows = cur.fetchall()
    c = conn.execute("SELECT c FROM t").fetchone()
    big = conn.cursor("big")
    big.execute("SELECT d FROM t")
    for row in cur.stream("SELECT e FROM t"):
        pass
    cur.execute("INSERT INTO t (a) VALUES (1)")
`);
    expect(sites.map((site) => [site.fetches, site.access, site.confidence])).toEqual([['one', 'read', 'proved'], ['many', 'read', 'proved'], ['one', 'read', 'proved'], ['stream', 'read', 'proved'], ['stream', 'read', 'proved'], ['none', 'write', 'proved']]);
  });

  it('asyncpg: parameters by number, in a loop', () => {
    const { sites, loops } = read(`import asyncpg
async def f(pool: asyncpg.Pool, ids: list[int]):
    async with pool.acquire() as conn:
        for i in ids:
            row = await conn.fetchrow("SELECT a FROM t WHERE id = $1 AND b = $2", i, 5)
`);
    expect(sites).toMatchObject([{ library: 'asyncpg', confidence: 'proved', fetches: 'one', loopIds: [0], resultName: 'row' }]);
    expect(sites[0]?.binds.map((bind) => [bind.key, bind.text, bind.origin])).toEqual([['1', 'i', 'loop'], ['2', '5', 'literal']]);
    expect(loops).toMatchObject([{ kind: 'for-of', elements: ['i'], iterable: { kind: 'parameter', text: 'ids' }, concurrent: false }]);
  });

  it('execute_values takes a list placeholder', () => {
    expect(readOne('from psycopg2.extras import execute_values\ndef f(cur, rows):\n    execute_values(cur, "INSERT INTO t (a, b) VALUES %s", rows)\n')).toMatchObject({ library: 'psycopg', access: 'write', fetches: 'none', source: { text: 'INSERT INTO t (a, b) VALUES %s' } });
  });
});

describe('a predicate with its bound value', () => {
  const edit = (text: string): string | undefined => applied(text, addTextPredicate(readOne(text), { uri: testUri, text, table: 't', column: 'tenant_id', value: 'tenant' }));

  it.each([
    ['asyncpg behind the last argument', 'await conn.fetch("SELECT a FROM t WHERE b = $1 LIMIT $2", x, 5)', 'await conn.fetch("SELECT a FROM t WHERE b = $1 AND tenant_id = $3 LIMIT $2", x, 5, tenant)'],
    ['asyncpg without arguments', 'await conn.fetch("SELECT a FROM t WHERE b > 1")', 'await conn.fetch("SELECT a FROM t WHERE b > 1 AND tenant_id = $1", tenant)'],
    ['psycopg at its place', 'cur.execute("SELECT a FROM t WHERE b = %s LIMIT %s", (x, 5))', 'cur.execute("SELECT a FROM t WHERE b = %s AND tenant_id = %s LIMIT %s", (x, tenant, 5))'],
    ['psycopg before all others', 'cur.execute("SELECT a FROM t LIMIT %s", (5,))', 'cur.execute("SELECT a FROM t WHERE tenant_id = %s LIMIT %s", (tenant, 5,))'],
    ['psycopg without arguments', 'cur.execute("SELECT a FROM t WHERE b > 1 OR b < 0")', 'cur.execute("SELECT a FROM t WHERE (b > 1 OR b < 0) AND tenant_id = %s", (tenant,))'],
    ['psycopg by name', 'cur.execute("SELECT a FROM t WHERE b = %(b)s", {"b": x})', 'cur.execute("SELECT a FROM t WHERE b = %(b)s AND tenant_id = %(tenant_id)s", {"b": x, "tenant_id": tenant})'],
  ])('%s', (name, before, after) => {
    const source = (line: string): string => `import ${name.split(' ')[0]}\nasync def f(conn, cur, x, tenant):\n    ${line}\n`;
    expect(edit(source(before))).toBe(source(after));
  });

  it('refuses arguments that are made elsewhere', () => {
    expect(edit('import psycopg\ndef f(cur, params, tenant):\n    cur.execute("SELECT a FROM t WHERE b = %s", params)\n')).toBeUndefined();
  });
});

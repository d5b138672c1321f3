import { describe, expect, it } from 'vitest';
import { toHostSpan } from '../../../server/src/core/text/segmentMap';
import { sqlSpan } from '../../../server/src/core/text/span';
import { readScript } from '../../support/readScript';

const pool = "import { Pool } from 'pg';\nconst pool = new Pool();\n";

/** Text of the host under a piece of the SQL. */
function under(file: ReturnType<typeof readScript>, piece: string, site = 0): string {
  const query = file.sites[site];
  const start = query?.source?.text.indexOf(piece) ?? -1;
  if (!query || start < 0) return `(no ${piece} in ${query?.source?.text})`;
  return file.at(toHostSpan(query.map, sqlSpan(start, start + piece.length)));
}

describe('values made of themselves', () => {
  it.each([
    'let row; row = (row || first).next(); for (const x of xs) { row.load(); }',
    'let row = first; let last = row.next(); row = last.next();\n row.query(last);',
    'let a; let b; a = b.next(); b = a.next(); a.query(1); b.map((x) => x.query(1));',
  ])('the trace ends: %s', (code) => {
    expect(readScript(`${pool}async function f(first, xs) { ${code} await pool.query('SELECT 1'); }`).sites.map((site) => site.source?.text)).toEqual(['SELECT 1']);
  });
});

describe('node-postgres', () => {
  it('reads a literal with its values', () => {
    const file = readScript(`${pool}async function f(id: string) { const { rows } = await pool.query('SELECT * FROM orders WHERE id = $1', [id]); return rows; }`);
    expect(file.sites).toHaveLength(1);
    const [site] = file.sites;
    expect(site).toMatchObject({ library: 'pg', confidence: 'proved', executes: 'yes', access: 'read', fetches: 'many', complete: true, resultName: 'rows', functionId: 0, loopIds: [] });
    expect(site?.source).toEqual({ text: 'SELECT * FROM orders WHERE id = $1', placeholders: 'dollar', interpolations: [] });
    expect(site?.binds).toMatchObject([{ key: '1', text: 'id', names: ['id'], origin: 'parameter' }]);
    expect(file.at(site?.span)).toBe("pool.query('SELECT * FROM orders WHERE id = $1', [id])");
    expect(file.at(site?.anchor)).toBe('pool.query');
    expect(file.at(site?.values?.span)).toBe('[id]');
    expect(under(file, 'orders')).toBe('orders');
    expect(file.calls[site?.callId ?? -1]).toMatchObject({ callee: ['pool', 'query'], awaited: true, siteId: 0 });
  });

  it('keeps positions over escapes, wide characters and CRLF', () => {
    const file = readScript(`${pool}const s = '😀';\r\nawait pool.query("SELECT '\\u{1F600}' AS a,\\n  \\"id\\" FROM t -- 😀 é\\nWHERE x = 1");\r\nawait pool.query(\`SELECT 1\r\nFROM t\r\nWHERE y = 2\`);`);
    expect(file.sites.map((site) => site.source?.text)).toEqual(['SELECT \'😀\' AS a,\n  "id" FROM t -- 😀 é\nWHERE x = 1', 'SELECT 1\r\nFROM t\r\nWHERE y = 2']);
    expect(under(file, 'x = 1')).toBe('x = 1');
    expect(under(file, '"id"')).toBe('\\"id\\"');
    expect(under(file, "'😀'")).toBe("'\\u{1F600}'");
    expect(under(file, 'y = 2', 1)).toBe('y = 2');
  });

  it('takes a request object, a named constant and several statements', () => {
    const file = readScript(`${pool}const TEXT = 'SELECT a FROM t WHERE b = $1';\nawait pool.query({ text: TEXT, values: [1] });\nawait pool.query('BEGIN; UPDATE t SET a = 1 WHERE b = 2; COMMIT');`);
    expect(file.sites.map((site) => [site.source?.text, site.access])).toEqual([
      ['SELECT a FROM t WHERE b = $1', 'read'],
      ['BEGIN', 'unknown'],
      ['UPDATE t SET a = 1 WHERE b = 2', 'write'],
      ['COMMIT', 'unknown'],
    ]);
    expect(under(file, 'a = 1', 2)).toBe('a = 1');
    expect(file.sites[0]?.binds).toMatchObject([{ key: '1', origin: 'literal' }]);
  });

  it('builds text over statements and branches', () => {
    const file = readScript(`${pool}async function list(q: Query) {
  const values: unknown[] = [q.tenant];
  let sql = 'SELECT * FROM orders WHERE tenant_id = $1';
  if (q.status) {
    values.push(q.status);
    sql += \` AND status = $\${values.length}\`;
  }
  if (q.sort === 'total') sql += ' ORDER BY total'; else sql += ' ORDER BY id';
  sql += \` LIMIT $\${values.push(q.limit)}\`;
  return (await pool.query(sql, values)).rows;
}`);
    const [site] = file.sites;
    expect(site?.source?.text).toBe('SELECT * FROM orders WHERE tenant_id = $1 AND status = $2 ORDER BY total LIMIT $3');
    expect(site?.conditional.map((part) => [site.source?.text.slice(part.sql.start, part.sql.end), part.condition, part.otherwise])).toEqual([
      [' AND status = $2', 'q.status', ''],
      [' ORDER BY total', "q.sort === 'total'", ' ORDER BY id'],
    ]);
    expect(site?.complete).toBe(true);
    expect(site?.binds.map((bind) => [bind.key, bind.text])).toEqual([['1', 'q.tenant'], ['2', 'q.status'], ['3', 'q.limit']]);
  });

  it('follows templates with constants, choices and joins', () => {
    const file = readScript(`${pool}const COLUMNS = 'id, total';\nconst conditions = ['a = 1'];\nif (x) conditions.push('b = 2');\nawait pool.query(\`SELECT \${COLUMNS} FROM \${table} WHERE \${conditions.join(' AND ')} ORDER BY id \${desc ? 'DESC' : 'ASC'}\`);`);
    const [site] = file.sites;
    expect(site?.source?.text).toBe(`SELECT id, total FROM ${' '.repeat(10)} WHERE a = 1 AND b = 2 ORDER BY id DESC`);
    expect(site?.source?.interpolations).toMatchObject([{ hostText: 'table' }]);
    expect(site?.conditional).toMatchObject([{ condition: 'x', otherwise: '' }, { condition: 'desc', otherwise: 'ASC' }]);
    expect(under(file, 'total')).toBe('total');
    expect(under(file, 'b = 2')).toBe('b = 2');
  });

  it('follows constant fields, filtered joins and spread values; a loop leaves the text incomplete', () => {
    const file = readScript(`${pool}class Repo {
  private readonly table = 'orders';
  private other = 'x';
  static LIST = \`SELECT id FROM orders\`;
  async page(filters) {
    const params = [this.tenant];
    if (q) params.push(q);
    await pool.query('SELECT 1 FROM a WHERE b = $1 AND c = $2 AND d = $3', [...params, last]);
    await pool.query(Repo.LIST);
    await pool.query(['SELECT 1', 'FROM t', q && 'WHERE a = 1'].filter(Boolean).join(' '));
    let s = 'SELECT 1 FROM x WHERE true';
    for (const k of filters) s += \` AND \${k} = 1\`;
    await pool.query(s);
    return pool.query('SELECT 1 FROM ' + this.table + ' WHERE id = ' + this.other, [...unknown, 1]);
  }
}`);
    expect(file.sites.map((site) => [site.source?.text.replace(/(?<= ) {10}/g, '«»'), site.complete])).toEqual([
      ['SELECT 1 FROM a WHERE b = $1 AND c = $2 AND d = $3', true],
      ['SELECT id FROM orders', true],
      ['SELECT 1 FROM t WHERE a = 1', true],
      ['SELECT 1 FROM x WHERE true AND «» = 1', false],
      ['SELECT 1 FROM orders WHERE id = «»', true],
    ]);
    expect(file.sites.map((site) => site.binds.map((bind) => bind.text))).toEqual([['this.tenant', 'q'], [], [], ['k'], ['this.other']]);
    expect(file.sites[2]?.conditional).toMatchObject([{ condition: 'q' }]);
  });

  it('knows clients by connection, type and name, and leaves other libraries alone', () => {
    const file = readScript(`${pool}
const client = await pool.connect();
await client.query('SELECT 1 FROM a');
class Repo { constructor(private readonly store: Pool) {} all() { return this.store.query('SELECT 1 FROM b'); } }
export const f = (tx: PoolClient) => tx.query('SELECT 1 FROM c');
db.query('SELECT 1 FROM d');
redis.query('something'); apollo.query({ query: Q }); client2.query(document);
`);
    expect(file.sites.map((site) => [site.source?.text.at(-1), site.confidence])).toEqual([['a', 'proved'], ['b', 'typed'], ['c', 'typed'], ['d', 'typed']]);
  });

  it('leaves other databases alone', () => {
    const file = readScript(`import mysql from 'mysql2/promise';
import Database from 'better-sqlite3';
const db = await mysql.createConnection({});
const lite = new Database('x');
await db.query('SELECT 1 FROM t');
lite.prepare('SELECT 1 FROM t').all();
lite.exec('DELETE FROM t WHERE a = 1');
function f(client: RedisClient) { return client.query('SELECT 1 FROM t'); }`);
    expect(file.sites).toEqual([]);
  });

  it('finds SQL in project wrappers and no prose', () => {
    const file = readScript(`await this.db.queryRows('SELECT id FROM users WHERE email = $1', [email]);
console.log('SELECT id FROM users'); toast('Select a plan from the list'); confirm('Delete from cart?'); label('Update set of tags'); cn('select-none text-[var(--x)]'); mysql('SELECT 1 FROM t WHERE a = ?', [a]); q('SELECT \`a\` FROM t'); heading('Select an option'); show('With love');`);
    expect(file.sites.map((site) => [site.source?.text, site.confidence, site.library])).toEqual([['SELECT id FROM users WHERE email = $1', 'shape', 'pg']]);
  });
});

describe('project wrappers', () => {
  it('take text whose columns and tables the host names, and no prose with values in it', () => {
    const file = readScript(`const sql = \`SELECT \${columns}\${more} FROM \${schema}.jobs \${where} ORDER BY created_on LIMIT $1 OFFSET $2\`;
await query(url, sql, [limit, offset]);
await query(url, \`SELECT \${columns} FROM \${table} WHERE id = $1\`, [id]);
toast(\`Select \${count} from \${list}\`); confirm(\`Delete from \${cart}?\`);`);
    expect(file.sites.map((site) => site.source?.text.replace(/\s+/g, ' '))).toEqual(['SELECT FROM .jobs ORDER BY created_on LIMIT $1 OFFSET $2', 'SELECT FROM WHERE id = $1']);
  });

  it('leave SQL of other databases alone', () => {
    expect(readScript("ch.query({ query: `SELECT id FROM events LIMIT {limit: Int} OFFSET {offset: Int}` }); run('INSERT INTO t (a) VALUES ($1) ON DUPLICATE KEY UPDATE a = $1');").sites).toEqual([]);
  });
});

describe('postgres.js', () => {
  const tag = "import postgres from 'postgres';\nconst sql = postgres();\n";

  it('reads tagged templates, typed and awaited', () => {
    const file = readScript(`${tag}const rows = await sql<User[]>\`SELECT * FROM users WHERE id = \${id} AND tenant_id = \${req.params.tenant}\`;`);
    expect(file.errors).toEqual([]);
    const [site] = file.sites;
    expect(site).toMatchObject({ library: 'postgres.js', confidence: 'proved', executes: 'yes', fetches: 'many', resultName: 'rows' });
    expect(site?.source?.interpolations.map((hole) => [hole.kind, hole.hostText])).toEqual([['value', 'id'], ['value', 'req.params.tenant']]);
    expect(site?.binds.map((bind) => [bind.key, bind.interpolation, bind.origin])).toEqual([['0', 0, 'unknown'], ['1', 1, 'request']]);
    expect(file.at(site?.anchor)).toBe('sql');
  });

  it('sees through what the grammar makes of type arguments', () => {
    const file = readScript(`${tag}import { Pool } from 'pg';
const pool = new Pool();
const rows = await pool.query<Row>('SELECT 1 FROM a');
const one = await sql<Row>\`SELECT 1 FROM b WHERE x = \${y}\`;
const all = await this.sql<Row[]>\`SELECT 1 FROM c\`;
`);
    expect(file.errors).toEqual([]);
    expect(file.sites.map((site) => [site.source?.text.slice(0, 15), file.at(site.anchor), site.executes])).toEqual([['SELECT 1 FROM a', 'pool.query', 'yes'], ['SELECT 1 FROM b', 'sql', 'yes'], ['SELECT 1 FROM c', 'this.sql', 'yes']]);
    expect(file.at(file.sites[0]?.span)).toBe("pool.query<Row>('SELECT 1 FROM a')");
    expect(file.calls.find((call) => call.siteId === 0)).toMatchObject({ awaited: true, callee: ['pool', 'query'], resultName: 'rows' });
  });

  it('inlines fragments, choices, helpers', () => {
    const file = readScript(`${tag}async function f(q) {
  const filter = q.name ? sql\`AND name = \${q.name}\` : sql\`\`;
  return sql\`SELECT * FROM \${sql('users')} WHERE id IN \${sql(q.ids)} \${filter} \${q.all ? sql\`\` : sql\`LIMIT 10\`}\`;
}
await sql\`INSERT INTO users \${sql(rows, 'a', 'b')}\`;
await sql.unsafe('SELECT 1 FROM x WHERE a = $1', [y]);
await sql.begin(async (tx) => { await tx\`UPDATE users SET \${tx(user, 'a')} WHERE id = \${id}\`; });
await sql\`SELECT 1 FROM big\`.cursor(10);`);
    expect(file.sites.map((site) => site.source?.text.replace(/(?<= ) {10}/g, '«»'))).toEqual(['SELECT * FROM «» WHERE id IN «» AND name = «» LIMIT 10', 'INSERT INTO users «»', 'SELECT 1 FROM x WHERE a = $1', 'UPDATE users SET «» WHERE id = «»', 'SELECT 1 FROM big']);
    expect(file.sites[0]?.source?.interpolations.map((hole) => hole.kind)).toEqual(['identifier', 'list', 'value']);
    expect(file.sites[0]?.conditional).toMatchObject([{ condition: 'q.name' }, { condition: '!q.all' }]);
    expect(file.sites[1]?.source?.interpolations).toMatchObject([{ kind: 'fragment' }]);
    expect(file.sites[3]?.source?.interpolations).toMatchObject([{ kind: 'assignment' }, { kind: 'value' }]);
    expect(file.sites.map((site) => [site.executes, site.fetches])).toEqual([['yes', 'many'], ['yes', 'none'], ['yes', 'many'], ['yes', 'none'], ['yes', 'stream']]);
  });

  it('reads slonik, which takes the tag as an argument', () => {
    const file = readScript("import { sql } from 'slonik';\nconst rows = await pool.any(sql.type(user)`SELECT * FROM users WHERE id = ${id} ${sql.fragment`AND b = ${c}`}`);\nconst part = sql.unsafe`SELECT 1 FROM t`;");
    expect(file.sites.map((site) => [site.library, site.confidence, site.executes, site.source?.interpolations.length])).toEqual([['slonik', 'proved', 'yes', 2], ['slonik', 'proved', 'no', 0]]);
    expect(file.sites[0]?.source?.text.endsWith(`AND b = ${' '.repeat(10)}`)).toBe(true);
  });

  it('leaves the tags of other libraries alone', () => {
    const file = readScript("import { sql } from 'drizzle-orm';\nawait db.execute(sql`SELECT 1 FROM t`);\nconst q = gql`query { a }`;");
    expect(file.sites.map((site) => site.library)).toEqual(['drizzle']);
  });
});

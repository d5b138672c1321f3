import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { toHostSpan } from '../../../server/src/core/text/segmentMap';
import { sqlSpan } from '../../../server/src/core/text/span';
import { compared, innocent } from '../../support/adapterCases';
import { createDatabase, type TestDatabase } from '../../support/postgres';
import { queryShape } from '../../support/queryShape';
import { readScript } from '../../support/readScript';
import { runTypeScript } from '../../support/runCode';

const analyser = await createSqlAnalyser();
const schema = `
CREATE TABLE users (id int PRIMARY KEY, tenant_id int NOT NULL, name text);
CREATE TABLE orders (id int PRIMARY KEY, tenant_id int NOT NULL, user_id int, name text, total numeric, data jsonb, created_at timestamptz DEFAULT now());
`;
const values = 'const id = 7, ids = [1, 2], q = "abc", skip = 40, take = 20, tenantId = 3, desc = true as boolean;\n';

interface Driver {
  readonly id: string;
  readonly head: string;
  readonly confidence: RegExp;
  readonly library: string;
  /** Statements that send one query each. */
  readonly chains: readonly string[];
}

const statements: readonly (readonly [text: string, values?: string])[] = [
  ["'SELECT id, name FROM orders WHERE tenant_id = $1'", '[tenantId]'],
  ["'SELECT * FROM orders WHERE id = $1 LIMIT $2 OFFSET $3'", '[id, take, skip]'],
  ["'SELECT id FROM orders WHERE id = ANY($1)'", '[ids]'],
  ["'INSERT INTO orders (id, tenant_id, name) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name'", '[id, tenantId, q]'],
  ["'INSERT INTO users (id, tenant_id) SELECT * FROM unnest($1::int[], $2::int[]) ON CONFLICT DO NOTHING RETURNING id'", '[ids, ids]'],
  ["'UPDATE orders SET name = $1, total = total + 1 WHERE id = $2'", '[q, id]'],
  ["'DELETE FROM orders WHERE id = $1 AND tenant_id = $2'", '[id, tenantId]'],
  ["`SELECT o.id, u.name FROM orders o JOIN users u ON u.id = o.user_id WHERE u.tenant_id = $1 ORDER BY o.created_at DESC, o.id`", '[tenantId]'],
  ["'SELECT id FROM orders WHERE name ILIKE $1'", '[`%${q}%`]'],
  ["'SELECT count(*) FROM orders'"],
  ["'SELECT id FROM orders WHERE data @> $1::jsonb AND data ? $2'", "['{}', 'a']"],
  ["'WITH recent AS (SELECT id FROM orders WHERE id > $1) SELECT * FROM recent LIMIT 5'", '[id]'],
  ["'SELECT id FROM orders ORDER BY created_at ' + (desc ? 'DESC' : 'ASC') + ' LIMIT 3'"],
  ["['SELECT id', 'FROM orders', 'WHERE total > $1'].join(' ')", '[id]'],
  ["`SELECT ${COLUMNS} FROM orders WHERE tenant_id = $1`", '[tenantId]'],
  ["'SELECT id FROM orders WHERE created_at > $1::timestamptz FOR UPDATE SKIP LOCKED'", "['2024-01-01']"],
];
const call = (callee: string, [text, args]: (typeof statements)[number]): string => `${callee}(${text}${args === undefined ? '' : `, ${args}`})`;

const drivers: readonly Driver[] = [
  {
    id: 'pg', library: 'pg', confidence: /^proved$/, head: "import { Pool } from 'pg';\nconst pool = new Pool();\nconst COLUMNS = 'id, name';\n",
    chains: [
      ...statements.map((statement) => call('pool.query', statement)),
      "pool.query({ text: 'SELECT id FROM orders WHERE id = $1', values: [id] })",
      "pool.query({ name: 'one-user', text: 'SELECT id FROM users WHERE id = $1', values: [id] })",
    ],
  },
  {
    id: 'pg wrappers', library: 'pg', confidence: /^(proved|typed)$/, head: `import { Pool } from 'pg';
const pool = new Pool();
const COLUMNS = 'id, name';
class Db {
  constructor(private readonly inner: Pool) {}
  async rows(text: string, params: unknown[] = []) { return (await this.inner.query(text, params)).rows; }
}
async function one(text: string, params?: unknown[]) { return (await pool.query(text, params)).rows[0]; }
const db = new Db(pool);
`,
    chains: statements.map((statement, at) => call(at % 2 === 0 ? 'db.rows' : 'one', statement)),
  },
  {
    id: 'postgres.js', library: 'postgres.js', confidence: /^proved$/, head: "import postgres from 'postgres';\nconst sql = postgres();\n",
    chains: [
      'sql`SELECT id, name FROM orders WHERE tenant_id = ${tenantId}`',
      'sql`SELECT * FROM orders WHERE id = ${id} LIMIT ${take} OFFSET ${skip}`',
      'sql`SELECT id FROM orders WHERE id = ANY(${ids})`',
      'sql<{ id: number }[]>`SELECT id FROM orders WHERE name ILIKE ${`%${q}%`}`',
      'sql`INSERT INTO orders (id, tenant_id, name) VALUES (${id}, ${tenantId}, ${q}) ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name`',
      'sql`UPDATE orders SET name = ${q} WHERE id = ${id} RETURNING id`',
      'sql`DELETE FROM orders WHERE id = ${id} AND tenant_id = ${tenantId}`',
      'sql`SELECT o.id, u.name FROM orders o JOIN users u ON u.id = o.user_id WHERE u.tenant_id = ${tenantId} ORDER BY o.id`',
      'sql`SELECT id FROM orders WHERE tenant_id = ${tenantId} ${desc ? sql`AND name = ${q}` : sql``} LIMIT 10`',
      'sql`SELECT id FROM orders WHERE ${sql`total > ${id}`} ORDER BY ${desc ? sql`created_at DESC` : sql`id`}`',
      'sql`WITH recent AS (SELECT id FROM orders WHERE id > ${id}) SELECT * FROM recent LIMIT ${take}`',
      'sql`SELECT count(*)::int AS n FROM orders WHERE created_at > now() - interval \'1 day\'`',
      'sql`SELECT id FROM orders WHERE EXISTS (SELECT 1 FROM users WHERE users.id = orders.user_id AND users.name = ${q})`',
      'sql`SELECT DISTINCT ON (user_id) user_id, id FROM orders ORDER BY user_id, created_at DESC`',
      "sql.unsafe('SELECT id FROM orders WHERE id = $1', [id])",
      'sql`SELECT id FROM orders WHERE id = ${id} FOR UPDATE SKIP LOCKED`.execute()',
    ],
  },
];

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase(schema);
});
afterAll(() => database?.drop());

describe.each(drivers)('$id, the statements that the server received', ({ id, head, chains, confidence, library }) => {
  let received: readonly string[] = [];
  beforeAll(async () => {
    const body = chains.map((chain) => `  await ${chain};`).join('\n');
    received = (await runTypeScript(`${head}export async function run() {\n${values}${body}\n}\n`, database.url, [])).statements;
  });
  it('are as many as the calls', () => expect(received).toHaveLength(chains.length));
  it.each(compared(id, chains.map((chain, at) => [chain, at] as const)))('%s', (chain, at) => {
    const sites = readScript(`${head}export async function run() {\n${values}  await ${chain};\n}\n`).sites.filter((site) => site.source && site.functionId === 0 + (id === 'pg wrappers' ? 3 : 0));
    expect(sites).toHaveLength(1);
    expect(sites[0]).toMatchObject({ library, confidence: expect.stringMatching(confidence), executes: 'yes', complete: true });
    expect(queryShape(analyser, sites[0]?.source ?? ''), `${sites[0]?.source?.text}\n${received[at]}`).toEqual(queryShape(analyser, received[at] ?? ''));
  });
  it('are marked where they are written', () => {
    const chain = chains[1] ?? '';
    const file = readScript(`${head}export async function run() {\n${values}  await ${chain};\n}\n`);
    const site = file.sites.find((found) => found.source?.text.includes('LIMIT'));
    const from = site?.source?.text.indexOf('OFFSET') ?? -1;
    expect(site && file.at(toHostSpan(site.map, sqlSpan(from, from + 6)))).toBe('OFFSET');
  });
});

describe.each([['pg', 'pg'], ['pg wrappers', 'pg'], ['postgres.js', 'postgres.js']] as const)('%s, other code', (id, library) => {
  const code: Readonly<Record<typeof id, readonly string[]>> = {
    pg: [
      "import mysql from 'mysql2/promise';\nconst db = await mysql.createConnection({});\nawait db.query('SELECT 1 FROM t');",
      "import Database from 'better-sqlite3';\nconst db = new Database('x');\ndb.prepare('SELECT 1 FROM t').all();\ndb.exec('DELETE FROM t WHERE a = 1');",
      'apollo.query({ query: GET_USERS }); client.query(document); params.query(name);',
      "export function f(client: RedisClient) { return client.query('SELECT 1 FROM t'); }",
      "import { Pool } from 'pg';\nconst pool = new Pool();\npool.on('error', log); await pool.end(); pool.connect();",
      "const url = new URL(href).query('a'); router.query('SELECT a plan');",
    ],
    'pg wrappers': [
      "console.log('SELECT id FROM users'); logger.info('DELETE FROM carts WHERE id = 1');",
      "toast('Select a plan from the list'); confirm('Delete from cart?'); heading('Update set of tags');",
      "void String('DELETE FROM users WHERE id = 1'); JSON.stringify('SELECT id FROM users WHERE id = 1');",
      "mysql('SELECT 1 FROM t WHERE a = ?', [a]); run('SELECT `a` FROM t');",
      "expect(sent).toEqual('SELECT id FROM users WHERE id = $1'); describe('SELECT id FROM users', () => {});",
      "ch.query({ query: 'SELECT id FROM events LIMIT {limit: Int}' });",
    ],
    'postgres.js': [
      'const q = gql`query { users { id } }`;',
      "import { sql } from 'drizzle-orm';\nawait db.execute(sql`SELECT 1 FROM t`);",
      'const text = html`<p>SELECT 1 FROM t</p>`; const style = css`select { color: red }`;',
      "import { sql } from '@codemirror/lang-sql';\nsql({ dialect });",
      "import { sql } from 'kysely';\nawait sql`SELECT 1 FROM t`.execute(db);",
    ],
  };
  it.each(innocent(id, code[id]))('is left alone: %s', (text) => {
    expect(readScript(text).sites.filter((site) => site.library === library)).toEqual([]);
  });
});

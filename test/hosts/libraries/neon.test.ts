import { neon, neonConfig } from '@neondatabase/serverless';
import { createClient } from '@vercel/postgres';
import { describe, expect, it } from 'vitest';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { toHostSpan } from '../../../server/src/core/text/segmentMap';
import { sqlSpan } from '../../../server/src/core/text/span';
import { compared, innocent } from '../../support/adapterCases';
import { queryShape } from '../../support/queryShape';
import { readScript } from '../../support/readScript';

const analyser = await createSqlAnalyser();
const heads = { neon: "import { neon } from '@neondatabase/serverless';\nconst sql = neon(url);\n", vercel: "import { sql } from '@vercel/postgres';\n" } as const;
const values = { id: 7, ids: [1, 2], q: 'abc', skip: 40, take: 20, tenantId: 3 };
const read = (head: string, body: string) => readScript(`${head}async function f(id: number, ids: number[], q: string, skip: number, take: number, tenantId: number) {\n${body}\n}`);

const run = (tag: unknown, expression: string): unknown => (new Function('sql', ...Object.keys(values), `return (${expression});`) as (...args: unknown[]) => unknown)(tag, ...Object.values(values));

/** What the drivers themselves send. */
const sent: Readonly<Record<keyof typeof heads, (expression: string) => Promise<string>>> = {
  async neon(expression) {
    let text = '';
    neonConfig.fetchFunction = async (_url: string, request: { body: string }) => {
      text = (JSON.parse(request.body) as { query: string }).query;
      return { ok: true, json: async () => ({ fields: [], rows: [], rowCount: 0, command: 'SELECT', rowAsArray: true }) };
    };
    await run(neon('postgres://user:word@host.neon.tech/db'), expression);
    return text;
  },
  async vercel(expression) {
    const client = createClient({ connectionString: 'postgres://user:word@host.example/db' });
    let text = '';
    client.query = (async (given: string) => { text = given; return { rows: [] }; }) as never;
    await run(Object.assign(client.sql.bind(client), { query: client.query }), expression);
    return text;
  },
};

const templates: readonly string[] = [
  'sql`SELECT id FROM orders WHERE tenant_id = ${tenantId}`',
  'sql`SELECT * FROM orders WHERE id = ${id} LIMIT ${take} OFFSET ${skip}`',
  'sql`SELECT id FROM orders WHERE id = ANY(${ids})`',
  'sql`INSERT INTO orders (tenant_id, name) VALUES (${tenantId}, ${q}) RETURNING id`',
  'sql`UPDATE orders SET name = ${q} WHERE id = ${id}`',
  'sql`DELETE FROM orders WHERE id = ${id} AND tenant_id = ${tenantId}`',
  'sql`SELECT o.id, u.name FROM orders o JOIN users u ON u.id = o.user_id WHERE u.tenant_id = ${tenantId} ORDER BY o.id DESC`',
  'sql`SELECT id FROM orders WHERE name ILIKE ${`%${q}%`}`',
  'sql`WITH recent AS (SELECT id FROM orders WHERE id > ${id}) SELECT * FROM recent LIMIT ${take}`',
  'sql`INSERT INTO orders (id, name) VALUES (${id}, ${q}) ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name`',
  "sql.query('SELECT id FROM orders WHERE tenant_id = $1 AND id > $2', [tenantId, id])",
  "sql.query('DELETE FROM orders WHERE id = ANY($1)', [ids])",
  'sql`SELECT count(*) AS n, max(created_at) FROM orders WHERE tenant_id = ${tenantId} GROUP BY user_id HAVING count(*) > ${take}`',
  'sql`SELECT id FROM orders WHERE EXISTS (SELECT 1 FROM items WHERE items.order_id = orders.id AND sku = ${q})`',
  'sql`SELECT DISTINCT ON (user_id) user_id, id FROM orders WHERE data->>${q} IS NOT NULL ORDER BY user_id, created_at DESC`',
  'sql`SELECT id FROM orders WHERE created_at > now() - make_interval(days => ${id}) FOR UPDATE SKIP LOCKED`',
];

describe.each(['neon', 'vercel'] as const)('%s, the same query as the driver sends it', (library) => {
  it.each(compared(library, templates))('%s', async (template) => {
    const [site, ...rest] = read(heads[library], `  return await ${template};`).sites;
    expect(rest).toEqual([]);
    expect(site).toMatchObject({ library: 'neon', confidence: 'proved', executes: 'yes', complete: true });
    expect(queryShape(analyser, site?.source ?? '')).toEqual(queryShape(analyser, await sent[library](template)));
  });
});

describe('neon and Vercel, what is known', () => {
  it('puts fragments together as the driver does', async () => {
    const template = 'sql`SELECT id FROM orders WHERE a = ${id} ${sql`AND b = ${q}`} ${sql``} LIMIT 3`';
    const [site, ...rest] = read(heads.neon, `  return await ${template};`).sites;
    expect(rest).toEqual([]);
    expect(queryShape(analyser, site?.source ?? '')).toEqual(queryShape(analyser, await sent.neon(template)));
  });
  it('takes the statements of a transaction, and maps places', () => {
    const file = read(heads.neon, '  await sql.transaction([sql`UPDATE a SET x = ${id}`, sql`DELETE FROM b WHERE y = ${q} OFFSET ${skip}`]);\n  await sql.transaction((txn) => [txn`SELECT 1 FROM c`]);');
    expect(file.sites.map((site) => [site.library, site.executes])).toEqual([['neon', 'yes'], ['neon', 'yes'], ['neon', 'yes']]);
    const second = file.sites[1];
    const at = second?.source?.text.indexOf('y =') ?? 0;
    expect(second && file.at(toHostSpan(second.map, sqlSpan(at, at + 3)))).toBe('y =');
  });
  it.each(innocent('neon', [
    "import postgres from 'postgres';\nconst sql = postgres(url);\nawait sql`SELECT 1`;",
    "import { sql } from '@codemirror/lang-sql';\nsql({ dialect });",
    "import { neon } from '@acme/colors';\nconst sql = neon('red');\nawait sql`SELECT 1 FROM a`;".replace('const sql', 'const paint').replace('await sql', 'await paint'),
    "import { drizzle } from 'drizzle-orm/neon-http';\nimport { sql } from 'drizzle-orm';\nconst x = sql`SELECT 1`;",
    "import { neonConfig } from '@neondatabase/serverless';\nneonConfig.fetchConnectionCache = true;",
  ]))('is left alone: %s', (code) => {
    expect(readScript(code).sites.filter((site) => site.library === 'neon')).toEqual([]);
  });
});

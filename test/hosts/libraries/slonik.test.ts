import { createSqlTag } from 'slonik';
import { describe, expect, it } from 'vitest';
import { toHostSpan } from '../../../server/src/core/text/segmentMap';
import { sqlSpan } from '../../../server/src/core/text/span';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { compared, innocent } from '../../support/adapterCases';
import { queryShape } from '../../support/queryShape';
import { readScript } from '../../support/readScript';

const analyser = await createSqlAnalyser();
const head = "import { createPool, sql } from 'slonik';\nconst pool = await createPool(url);\n";
const values = { id: 7, ids: [1, 2], q: 'abc', skip: 40, take: 20, tenantId: 3, schema: undefined };
const read = (body: string) => readScript(`${head}async function f(id: number, ids: number[], q: string, skip: number, take: number, tenantId: number) {\n${body}\n}`);

/** What slonik itself sends for the same template, without the casts it puts round values. */
function sent(expression: string): string {
  const build = new Function('sql', ...Object.keys(values), `return (${expression});`) as (...args: unknown[]) => { sql: string };
  return build(createSqlTag({ typeAliases: { row: { parse: (value: unknown) => value } as never } }), ...Object.values(values)).sql.replaceAll('$slonik_', '$').replace(/to_timestamp\((\$\d+)\)|(\$\d+)::"int4"\[\]/g, '$1$2');
}

const templates: readonly string[] = [
  'sql.unsafe`SELECT id FROM orders WHERE tenant_id = ${tenantId}`',
  'sql.typeAlias(\'row\')`SELECT * FROM orders WHERE id = ${id} LIMIT ${take} OFFSET ${skip}`',
  'sql.unsafe`SELECT id FROM orders WHERE ${sql.fragment`tenant_id = ${tenantId}`} AND total > ${id}`',
  'sql.unsafe`SELECT id FROM orders WHERE id IN (${sql.join([1, 2], sql.fragment`, `)})`',
  'sql.unsafe`SELECT id FROM orders WHERE id = ANY(${sql.array([1, 2], \'int4\')})`',
  'sql.unsafe`SELECT id FROM ${sql.identifier([\'orders\'])} WHERE tenant_id = ${tenantId} ORDER BY id DESC`',
  'sql.unsafe`INSERT INTO orders (tenant_id, name) VALUES (${tenantId}, ${q}) RETURNING id`',
  'sql.unsafe`UPDATE orders SET name = ${q}, data = ${sql.json({ a: 1 })} WHERE id = ${id}`',
  'sql.unsafe`DELETE FROM orders WHERE id = ${id} AND tenant_id = ${tenantId}`',
  'sql.unsafe`SELECT o.id, u.name FROM orders o JOIN users u ON u.id = o.user_id WHERE u.tenant_id = ${tenantId}`',
  'sql.unsafe`SELECT count(*) FROM orders WHERE created_at > ${sql.timestamp(new Date(0))}`',
  'sql.unsafe`SELECT id FROM orders WHERE name ILIKE ${`%${q}%`}`',
  'sql.unsafe`WITH recent AS (SELECT id FROM orders WHERE id > ${id}) SELECT * FROM recent LIMIT ${take}`',
  'sql.unsafe`SELECT id FROM orders WHERE EXISTS (SELECT 1 FROM items WHERE items.order_id = orders.id AND sku = ${q})`',
  'sql.unsafe`INSERT INTO orders (id, name) VALUES (${id}, ${q}) ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name`',
  'sql.unsafe`SELECT id FROM orders WHERE total BETWEEN ${1} AND ${id} ORDER BY created_at, id LIMIT 10`',
];

describe('slonik, the same template read by slonik itself', () => {
  it.each(compared('slonik', templates))('%s', (template) => {
    const [site, ...rest] = read(`  return await pool.any(${template});`).sites;
    expect(rest).toEqual([]);
    expect(site).toMatchObject({ library: 'slonik', confidence: 'proved', executes: 'yes', complete: true });
    expect(queryShape(analyser, site?.source ?? '')).toEqual(queryShape(analyser, sent(template)));
  });
});

describe('slonik, what is known', () => {
  it('maps places, follows a query in a variable, and knows what only builds', () => {
    const file = read('  const query = sql.type(row)`SELECT id FROM orders WHERE tenant_id = ${tenantId} OFFSET ${skip}`;\n  const part = sql.fragment`a = ${id}`;\n  return pool.many(query);');
    expect(file.sites).toMatchObject([{ executes: 'yes' }]);
    const [site] = file.sites;
    const at = site?.source?.text.indexOf('tenant_id =') ?? -1;
    expect(site && file.at(toHostSpan(site.map, sqlSpan(at, at + 'tenant_id ='.length)))).toBe('tenant_id =');
    const offset = site?.source?.text.indexOf('OFFSET') ?? -1;
    expect(site && file.at(toHostSpan(site.map, sqlSpan(offset, offset + 6)))).toBe('OFFSET');
  });
  it.each([
    ['sql.unsafe`SELECT id FROM orders WHERE ${sql.join(conditions, sql.fragment` AND `)}`', false],
    ['sql.unsafe`SELECT id FROM orders ${filter(q)} ORDER BY id`', false],
    ['sql.unsafe`SELECT id FROM orders WHERE a = ${q}`', true],
  ])('%s is complete: %s', (template, complete) => {
    const [site] = read(`  return pool.any(${template});`).sites;
    const open = site?.source?.interpolations.some((hole) => hole.kind === 'fragment') ?? false;
    expect(site?.complete && !open).toBe(complete);
  });
  it('reads names of converted schema objects', () => {
    const file = readScript("import { sql } from '@acme/slonik';\nconst { table, fields } = convertToIdentifiers(Users);\nexport const byId = (pool: CommonQueryMethods, id: string) => pool.one(sql.type(guard)`select ${fields.id} from ${table} where ${fields.id}=${id}`);");
    expect(file.sites[0]?.source?.interpolations.map((hole) => hole.kind)).toEqual(['identifier', 'identifier', 'identifier', 'value']);
  });
  it.each(innocent('slonik', [
    'const sql = (strings) => strings; sql.unsafe`SELECT 1`;',
    "import { sql } from 'drizzle-orm';\ndb.execute(sql`select 1`);",
    "import { sql } from 'slonik';\nconst text = `SELECT 1`;",
    "import postgres from 'postgres';\nconst sql = postgres(url);\nawait sql`SELECT 1`;",
    "import { sql } from 'kysely';\nawait sql`select 1`.execute(db);",
  ]))('is left alone: %s', (code) => {
    expect(readScript(code).sites.filter((site) => site.library === 'slonik')).toEqual([]);
  });
});

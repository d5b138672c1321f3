import { parseSQLFile } from '@pgtyped/parser';
import { PreparedQuery, sql } from '@pgtyped/runtime';
import { describe, expect, it } from 'vitest';
import { toHostSpan } from '../../../server/src/core/text/segmentMap';
import { sqlSpan } from '../../../server/src/core/text/span';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { compared, innocent } from '../../support/adapterCases';
import { queryShape } from '../../support/queryShape';
import { readScript } from '../../support/readScript';

const analyser = await createSqlAnalyser();
const values: Readonly<Record<string, unknown>> = { id: 7, ids: [1, 2], q: 'abc', skip: 40, take: 20, tenantId: 3 };
const names = Object.keys(values).join(', ');
const read = (code: string, run = 'query') => readScript(`import { PreparedQuery, sql } from '@pgtyped/runtime';\n${code}\nexport async function f(${names}, client) {\n  return await ${run}.run({ ${names} }, client);\n}`);

/** What PgTyped itself sends. */
async function sent(query: { run(params: never, connection: { query(text: string): Promise<{ rows: [] }> }): Promise<unknown> }): Promise<string> {
  let seen = '';
  await query.run(values as never, { query: async (text) => { seen = text; return { rows: [] }; } });
  return seen;
}

const files: readonly (readonly [sql: string, params?: string])[] = [
  ['SELECT id, name FROM users WHERE id = :id'],
  ['SELECT id, name FROM users WHERE id = :id!'],
  ['SELECT id FROM users WHERE tenant_id = :tenantId! AND name = :q'],
  ['SELECT id FROM users WHERE id IN :ids', '@param ids -> (...)'],
  ['SELECT id FROM users WHERE id IN :ids! AND tenant_id = :tenantId', '@param ids -> (...)'],
  ['SELECT id FROM orders ORDER BY created_at DESC, id LIMIT :take! OFFSET :skip!'],
  ["SELECT id, data->>'a' AS a FROM orders WHERE created_at::date = :q::date"],
  ['SELECT count(*) AS n FROM orders o JOIN users u ON u.id = o.user_id WHERE u.tenant_id = :tenantId'],
  ['UPDATE users SET name = :q WHERE id = :id!'],
  ['DELETE FROM users WHERE id = :id'],
  ['INSERT INTO users (tenant_id, name) VALUES (:tenantId!, :q) RETURNING id'],
  ["SELECT id FROM users WHERE name ILIKE '%' || :q || '%'"],
];
const tagged: readonly string[] = [
  'SELECT id, name FROM users WHERE id = $id',
  'SELECT id, name FROM users WHERE id = $id! AND tenant_id = $tenantId',
  'SELECT id FROM users WHERE id IN $$ids',
  'SELECT id FROM orders ORDER BY created_at DESC, id LIMIT $take! OFFSET $skip!',
  'UPDATE users SET name = $q WHERE id = $id',
];

describe('PgTyped, the same query run by PgTyped itself', () => {
  compared('pgtyped', [...files, ...tagged]);
  it.each(files)('of a file: %s', async (text, params) => {
    const { queries: [ast] } = parseSQLFile(`/*\n  @name query\n${params === undefined ? '' : `  ${params}\n`}*/\n${text};`);
    if (!ast) throw new Error('no query');
    const ir = { usedParamSet: ast.usedParamSet, params: ast.params.map(({ name, required, transform, codeRefs: { used } }) => ({ name, required, transform, locs: used.map(({ a, b }) => ({ a: a - ast.statement.loc.a - 1, b: b - ast.statement.loc.a })) })), statement: ast.statement.body };
    const { sites: [site] } = read(`const queryIR: any = ${JSON.stringify(ir)};\nexport const query = new PreparedQuery<IParams, IResult>(queryIR);`);
    expect(site).toMatchObject({ library: 'pgtyped', confidence: 'proved', executes: 'yes', complete: true });
    expect(queryShape(analyser, site?.source ?? '')).toEqual(queryShape(analyser, await sent(new PreparedQuery(ir as never) as never)));
  });
  it.each(tagged)('tagged: %s', async (text) => {
    for (const tag of ['sql', 'sql<IQuery>', 'sql<any>']) {
      const { sites } = read(`const query = ${tag}\`${text}\`;`);
      expect(sites).toHaveLength(1);
      expect(sites[0]).toMatchObject({ library: 'pgtyped', complete: true });
      const template = Object.assign([text], { raw: [text] }) as unknown as TemplateStringsArray;
      expect(queryShape(analyser, sites[0]?.source ?? '')).toEqual(queryShape(analyser, await sent(sql(template) as never)));
    }
  });
});

describe('PgTyped, what is known', () => {
  it('maps places into the text, and binds by name', () => {
    const file = read('const query = sql<IQuery>`SELECT id FROM users WHERE tenant_id = $tenantId! OFFSET $skip`;');
    const [site] = file.sites;
    const at = site?.source?.text.indexOf('OFFSET') ?? 0;
    expect(site && file.at(toHostSpan(site.map, sqlSpan(at, at + 6)))).toBe('OFFSET');
    expect(site?.binds.map((bind) => [bind.key, bind.text, bind.origin])).toContainEqual(['tenantId', 'tenantId', 'parameter']);
    expect(file.at(site?.anchor)).toBe('query.run');
  });
  it('parameters that are written out as several are a query of unknown text', () => {
    expect(read('const query = sql`INSERT INTO users (name, age) VALUES $$users(name, age)`;').sites).toMatchObject([{ library: 'pgtyped', access: 'write', complete: false }]);
    expect(read('const query = new PreparedQuery(load());').sites).toMatchObject([{ library: 'pgtyped', complete: false }]);
  });
  it.each(innocent('pgtyped', [
    ['const query = new Task({ statement: "SELECT 1 FROM users" });'],
    ['import { sql as other } from "./sql";\nconst query = other`SELECT 1 FROM users`;'],
    ['const query = { run(a, b) { return a; } };'],
    ['const query = script;'],
    ['const query = db.prepare("SELECT 1 FROM users");'],
  ]))('is no query of PgTyped: %s', (code) => {
    expect(read(code).sites.filter((site) => site.library === 'pgtyped')).toEqual([]);
  });
});

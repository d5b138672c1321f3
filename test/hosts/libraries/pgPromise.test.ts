import pgPromise from 'pg-promise';
import { describe, expect, it } from 'vitest';
import { toHostSpan } from '../../../server/src/core/text/segmentMap';
import { sqlSpan } from '../../../server/src/core/text/span';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { compared, innocent } from '../../support/adapterCases';
import { queryShape } from '../../support/queryShape';
import { readScript } from '../../support/readScript';

const analyser = await createSqlAnalyser();
const head = "import pgPromise from 'pg-promise';\nconst pgp = pgPromise({});\nconst db = pgp(url);\n";
const values = { id: 7, ids: [1, 2], q: 'abc', skip: 40, take: 20, tenantId: 3 };
const read = (body: string) => readScript(`${head}async function f(id: number, ids: number[], q: string, skip: number, take: number, tenantId: number) {\n${body}\n}`);

/** What pg-promise itself sends: it writes the values into the text. */
function sent(args: string): string {
  const build = new Function(...Object.keys(values), `return [${args}];`) as (...args: unknown[]) => [string, unknown];
  const [text, given] = build(...Object.values(values));
  return given === undefined ? text : pgPromise.as.format(text, given);
}

const queries: readonly (readonly [method: string, args: string])[] = [
  ['any', "'SELECT id FROM orders WHERE tenant_id = $1', [tenantId]"],
  ['any', "'SELECT id FROM orders WHERE tenant_id = $1 AND name = $2', [tenantId, q]"],
  ['oneOrNone', "'SELECT * FROM orders WHERE id = $1', id"],
  ['one', "'SELECT * FROM orders WHERE id = ${id}', { id }"],
  ['any', "'SELECT id FROM orders WHERE id = $(id) AND name = $<q>', { id, q }"],
  ['any', "'SELECT id FROM orders WHERE id = $[id] AND name = $/q/', { id, q }"],
  ['many', "'SELECT id FROM orders WHERE id IN ($1:csv)', [ids]"],
  ['manyOrNone', "'SELECT id FROM orders WHERE id IN ($(ids:list))', { ids }"],
  ['any', "'SELECT id FROM $1:name WHERE id = $2', ['orders', id]"],
  ['any', "'SELECT id FROM ${table~} WHERE id = ${id}', { table: 'orders', id }"],
  ['none', "'UPDATE orders SET name = ${q}, n = n + 1 WHERE id = ${id}', { q, id }"],
  ['none', "'DELETE FROM orders WHERE id = $1', [id]"],
  ['one', "'INSERT INTO orders (tenant_id, name) VALUES ($1, $2) RETURNING id', [tenantId, q]"],
  ['none', "'INSERT INTO orders (id, name) VALUES (${id}, ${q}) ON CONFLICT (id) DO NOTHING', { id, q }"],
  ['any', "'SELECT id FROM orders ORDER BY created_at DESC LIMIT $1 OFFSET $2', [take, skip]"],
  ['any', "`SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id WHERE u.tenant_id = $(tenantId)`, { tenantId }"],
  ['any', "'SELECT id FROM orders WHERE created_at > $1::date', [q]"],
  ['query', "'SELECT count(*) FROM orders WHERE data->>\\'a\\' = $1', [q]"],
  ['result', "'UPDATE orders SET a = 1 WHERE b = 2'"],
  ['any', "'SELECT id FROM orders WHERE name ILIKE $1', [`%${q}%`]"],
];

describe('pg-promise, the same text formatted by pg-promise itself', () => {
  it.each(compared('pg-promise', queries))('%s(%s)', (method, args) => {
    const [site, ...rest] = read(`  return await db.${method}(${args});`).sites;
    expect(rest).toEqual([]);
    expect(site).toMatchObject({ library: 'pg-promise', confidence: 'proved', executes: 'yes', complete: true });
    expect(queryShape(analyser, site?.source ?? '')).toEqual(queryShape(analyser, sent(args)));
  });
});

describe('pg-promise, what is known', () => {
  it('maps places and values', () => {
    const file = read("  return db.any('SELECT id FROM orders WHERE tenant_id = ${tenantId} OFFSET $(skip)', { tenantId, skip });");
    const [site] = file.sites;
    expect(site?.source?.text).toBe('SELECT id FROM orders WHERE tenant_id = $1 OFFSET $2');
    expect(site?.binds.map((bind) => [bind.key, bind.text, bind.origin])).toEqual([['1', 'tenantId', 'parameter'], ['2', 'skip', 'parameter']]);
    const at = site?.source?.text.indexOf('tenant_id =') ?? 0;
    expect(site && file.at(toHostSpan(site.map, sqlSpan(at, at + 11)))).toBe('tenant_id =');
  });
  it('takes tasks, transactions, types, prepared statements and helpers', () => {
    const file = readScript(`${head}
export class Repo { constructor(private db: IDatabase<{}>, private pgp: IMain) {}
  find(id: number) { return this.db.oneOrNone('SELECT * FROM orders WHERE id = $1', id); }
  save(rows: Row[]) { return this.db.none(this.pgp.helpers.insert(rows, columns)); } }
export const move = () => db.tx(async (t) => { await t.none('DELETE FROM a WHERE id = $1', [1]); return t.batch([t.any('SELECT x FROM b')]); });
const byName = new pgPromise.PreparedStatement({ name: 'by-name', text: 'SELECT id FROM orders WHERE name = $1' });
export const named = (q: string) => db.one(byName, [q]);
export const raw = (where: string) => db.any('SELECT id FROM orders WHERE $1:raw', [where]);`);
    expect(file.sites.map((site) => [site.confidence, site.fetches, site.access, site.complete, site.source?.text])).toEqual([
      ['typed', 'one', 'read', true, 'SELECT * FROM orders WHERE id = $1'],
      ['typed', 'none', 'write', false, undefined],
      ['proved', 'none', 'write', true, 'DELETE FROM a WHERE id = $1'],
      ['proved', 'many', 'read', true, 'SELECT x FROM b'],
      ['proved', 'one', 'read', true, 'SELECT id FROM orders WHERE name = $1'],
      ['proved', 'many', 'read', false, expect.stringContaining('SELECT id FROM orders WHERE') as unknown as string],
    ]);
  });
  it.each(innocent('pg-promise', [
    "const result = await Promise.any([a, b]);",
    "list.map('SELECT 1'); async.each(items, cb);",
    "import { createPool, sql } from 'slonik';\nawait pool.any(sql.unsafe`SELECT 1`);",
    "expect(db.none('nothing here')).toBe(true);",
    "cache.result('SELECT id FROM orders');",
  ]))('is left alone: %s', (code) => {
    expect(readScript(code).sites.filter((site) => site.library === 'pg-promise')).toEqual([]);
  });
});

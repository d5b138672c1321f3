import { PostgrestClient } from '@supabase/postgrest-js';
import { describe, expect, it } from 'vitest';
import type { SqlSource } from '../../../server/src/core/sql/source';
import { toHostSpan } from '../../../server/src/core/text/segmentMap';
import { sqlSpan } from '../../../server/src/core/text/span';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { compared, innocent } from '../../support/adapterCases';
import { queryShape } from '../../support/queryShape';
import { readScript } from '../../support/readScript';

const analyser = await createSqlAnalyser();
const head = "import { createClient } from '@supabase/supabase-js';\nconst supabase = createClient(url, key);\n";
const values = { id: 7, ids: [1, 2], q: 'abc', from: 20, to: 39, tenantId: 3 };
const read = (body: string) => readScript(`${head}async function f(id: number, ids: number[], q: string, from: number, to: number, tenantId: number) {\n${body}\n}`);

interface Request {
  readonly table: string;
  readonly filters: readonly string[];
  readonly order: readonly string[];
  readonly limit: boolean;
  readonly offset: boolean;
}

const operators: Readonly<Record<string, string>> = { eq: '=', neq: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=', like: 'like', ilike: 'ilike', is: 'is null', in: 'in', cs: '@>', cd: '<@', ov: '&&' };

/** What the client asks PostgREST for: path and parameters of its request. */
function asked(expression: string): Request {
  const client = new PostgrestClient('http://host/rest/v1');
  const build = new Function('supabase', ...Object.keys(values), `return (${expression});`) as (...args: unknown[]) => { url: URL };
  const { url } = build(client, ...Object.values(values)) as unknown as { url: URL };
  const filters: string[] = [];
  for (const [key, value] of url.searchParams) {
    if (/^(select|order|limit|offset|columns|on_conflict)$/.test(key)) continue;
    if (key === 'or') {
      filters.push(`or ${value.slice(1, -1).split(',').map((branch) => branch.split('.').slice(0, 2).join(' ')).map((branch) => branch.replace(/ (\w+)$/, (_, operator: string) => ` ${operators[operator] ?? operator}`)).sort().join(' | ')}`);
      continue;
    }
    const not = value.startsWith('not.');
    const operator = value.split('.')[not ? 1 : 0] ?? '';
    filters.push(`${not ? 'not ' : ''}${key} ${operators[operator] ?? operator}`);
  }
  const order = url.searchParams.get('order')?.split(',').map((item) => item.replace(/\.asc/, '')) ?? [];
  return { table: url.pathname.split('/').at(-1) ?? '', filters: filters.sort(), order, limit: url.searchParams.has('limit'), offset: url.searchParams.has('offset') };
}

interface Shape {
  readonly error: string | undefined;
  readonly blocks: readonly { relations: readonly (readonly unknown[])[]; conjuncts: readonly string[]; orderBy: readonly string[]; limit: unknown; offset: unknown }[];
}

/** The same of the statement that was rebuilt. */
function rebuilt(source: SqlSource | undefined): Request {
  const shape = queryShape(analyser, source ?? '') as Shape;
  expect(shape.error, source?.text).toBeUndefined();
  const [block] = shape.blocks;
  const filters = (block?.conjuncts ?? []).map((conjunct) => {
    const branches = /\((.*)\)$/.exec(conjunct)?.[1];
    const plain = (written: string): string => written.replace(' ~~* ', ' ilike ').replace(' ~~ ', ' like ').replace(/^\s*where /, '').replace(/^(not )?\.(\w+) (<>|>=|<=|=|>|<|@>|<@|&&|ilike|like|in|is null).*$/, '$1$2 $3').trim();
    return /^where +or /.test(conjunct) ? `or ${(branches ?? '').split(' | ').map(plain).sort().join(' | ')}` : plain(conjunct);
  });
  return {
    table: String(block?.relations[0]?.[2]), filters: filters.sort(),
    order: (block?.orderBy ?? []).map((item) => item.replace(/^\./, '').replace(/ (true|false) (\w+)$/, (_, down: string, nulls: string) => `${down === 'true' ? '.desc' : ''}${nulls === 'first' ? '.nullsfirst' : nulls === 'last' ? '.nullslast' : ''}`)),
    limit: block?.limit !== undefined, offset: block?.offset !== undefined,
  };
}

const chains: readonly string[] = [
  "supabase.from('orders').select()",
  "supabase.from('orders').select('id, total').eq('tenant_id', tenantId)",
  "supabase.from('orders').select('*').eq('tenant_id', tenantId).neq('status', 'closed').gt('total', 5)",
  "supabase.from('orders').select('id').in('id', ids)",
  "supabase.from('orders').select('id').in('id', [1, 2, 3]).is('deleted_at', null)",
  "supabase.from('orders').select('id').ilike('name', `%${q}%`).like('code', 'a%')",
  "supabase.from('orders').select('id').gte('total', 1).lte('total', 9).lt('id', id)",
  "supabase.from('orders').select('id').order('created_at', { ascending: false }).order('id').range(from, to)",
  "supabase.from('orders').select('id').order('shipped_at', { ascending: false, nullsFirst: false }).limit(10)",
  "supabase.from('orders').select('id').match({ tenant_id: tenantId, status: 'open' })",
  "supabase.from('orders').select('id').or('status.eq.open,total.gt.5')",
  "supabase.from('orders').select('id').or(`name.ilike.%${q}%,code.eq.${q}`).eq('tenant_id', tenantId)",
  "supabase.from('orders').select('id').contains('tags', ['a']).overlaps('roles', ['b'])",
  "supabase.from('orders').select('id').filter('total', 'gte', 5)",
  "supabase.from('orders').select('id').eq('id', id).limit(1)",
  "supabase.from('orders').delete().eq('id', id)",
  "supabase.from('orders').update({ status: q }).eq('id', id).eq('tenant_id', tenantId)",
  "supabase.from('orders').update({ status: q }).in('id', ids).select('id')",
];

describe('supabase-js, the same request as the client makes', () => {
  it.each(compared('supabase', chains))('%s', (chain) => {
    const [site, ...rest] = read(`  return await ${chain};`).sites;
    expect(rest).toEqual([]);
    expect(site).toMatchObject({ library: 'supabase', confidence: 'proved', executes: 'yes', complete: true });
    expect(rebuilt(site?.source)).toEqual(asked(chain));
  });
  it.each([
    ["supabase.from('orders').insert({ a: 1, b: q })", 'INSERT INTO orders (a, b) VALUES ($1, $2)'],
    ["supabase.from('orders').insert([{ a: 1 }, { a: 2 }]).select()", 'INSERT INTO orders (a) VALUES ($1), ($2) RETURNING *'],
    ["supabase.from('orders').upsert({ id, a: q }, { onConflict: 'id' })", 'INSERT INTO orders (id, a) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET id = excluded.id, a = excluded.a'],
    ["supabase.rpc('totals', { tenant: tenantId })", 'SELECT * FROM totals(tenant => $1)'],
    ["supabase.schema('sales').from('orders').select('id').eq('id', id).maybeSingle()", 'SELECT id FROM sales.orders WHERE id = $1'],
    ["supabase.from('orders').select('*', { count: 'exact', head: true }).eq('a', id)", 'SELECT count(*) FROM orders WHERE a = $1'],
    ["supabase.from('orders').select('id, customer:customers(name), items(*)').eq('a', id)", 'SELECT id FROM orders WHERE a = $1'],
  ])('%s', (chain, text) => {
    expect(read(`  return await ${chain};`).sites.map((site) => site.source?.text)).toEqual([text]);
  });
});

describe('supabase-js, what is known', () => {
  it('maps clauses to their calls', () => {
    const file = read("  return await supabase\n    .from('orders')\n    .select('id')\n    .eq('tenant_id', tenantId)\n    .order('id')\n    .range(from, to);");
    const [site] = file.sites;
    expect(site?.source?.text).toBe('SELECT id FROM orders WHERE tenant_id = $1 ORDER BY id LIMIT $2 OFFSET $3');
    const under = (piece: string): string => {
      const at = site?.source?.text.indexOf(piece) ?? 0;
      return site ? file.at(toHostSpan(site.map, sqlSpan(at, at + piece.length))) : '';
    };
    expect([under('OFFSET $3'), under('tenant_id = $1'), under('ORDER BY id')]).toEqual(['.range(from, to)', ".eq('tenant_id', tenantId)", "'id'"]);
  });
  it('follows a request in a variable', () => {
    const file = read("  let query = supabase.from('orders').select('id').eq('tenant_id', tenantId);\n  if (q) query = query.ilike('name', `%${q}%`);\n  const { data } = await query;\n  return data;");
    expect(file.sites).toHaveLength(1);
    expect(file.sites[0]).toMatchObject({ executes: 'yes', source: { text: "SELECT id FROM orders WHERE tenant_id = $1 AND name ILIKE '%' || $2 || '%'" } });
    expect(file.sites[0]?.conditional.map((part) => part.condition)).toEqual(['q']);
  });
  it.each([
    ["supabase.from('orders').select('id').or(filters(q))", false],
    ["supabase.from('orders').select('id, customers!inner(name)').eq('customers.name', q)", false],
    ["supabase.from('orders').select('id').eq('a', id)", true],
  ])('%s is complete: %s', (chain, complete) => {
    expect(read(`  return await ${chain};`).sites).toMatchObject([{ complete }]);
  });
  it.each(innocent('supabase', [
    "import { createClient } from '@supabase/supabase-js';\nconst supabase = createClient(url, key);\nawait supabase.storage.from('avatars').remove(['a']);",
    "Array.from('orders').filter(Boolean);",
    "const rows = await Buffer.from('a').select;",
    "import { Kysely } from 'kysely';\nconst db = new Kysely<DB>({});\nawait db.selectFrom('a').selectAll().execute();",
    "await knex.from('orders').select('id');",
    "await supabaseless.collection('orders').select('id');",
  ]))('is left alone: %s', (code) => {
    expect(readScript(code).sites.filter((site) => site.library === 'supabase')).toEqual([]);
  });
});

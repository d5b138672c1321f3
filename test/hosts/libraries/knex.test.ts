import knexModule from 'knex';
import { describe, expect, it } from 'vitest';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { toHostSpan } from '../../../server/src/core/text/segmentMap';
import { sqlSpan } from '../../../server/src/core/text/span';
import { compared, innocent } from '../../support/adapterCases';
import { queryShape } from '../../support/queryShape';
import { readScript } from '../../support/readScript';

const knex = knexModule({ client: 'pg' });
const sql = await createSqlAnalyser();
const head = "import knexModule from 'knex';\nconst db = knexModule({ client: 'pg' });\n";
const values = { status: 'open', id: 7, ids: [1, 2], q: 'abc', skip: 40, take: 20, from: '2024-01-01', to: '2024-02-01', tenantId: 3, rows: [{ a: 1, b: 2 }], row: { a: 1 }, TABLES: { orders: 'orders' } };
const parameters = 'status: string, id: number, ids: number[], q: string, skip: number, take: number, from: Date, to: Date, tenantId: number, rows: Row[], row: Row';
const constants = "const TABLES = { orders: 'orders' };\n";

const read = (body: string) => readScript(`${head}${constants}async function f(${parameters}) {\n${body}\n}`);
/** What knex itself sends for the same expression. */
function sent(expression: string): string {
  const names = Object.keys(values);
  const build = new Function('db', ...names, `return (${expression});`) as (...args: unknown[]) => { toSQL(): { toNative(): { sql: string } } };
  return build(knex, ...Object.values(values)).toSQL().toNative().sql;
}

const chains: readonly string[] = [
  "db('orders')",
  "db('orders as o').select('o.id', 'o.total as t')",
  'db(TABLES.orders).where({ status, tenant_id: tenantId })',
  "db.select('id').from('orders').where('status', status).andWhere('total', '>', 5)",
  "db.from('orders').where('a', null).whereNull('b').whereNotNull('c').orWhereNull('d')",
  "db('orders').whereIn('id', ids).whereNotIn('status', ['a', 'b'])",
  "db('orders').whereIn('user_id', db('users').select('id').where('active', true))",
  "db('orders').whereIn('user_id', function () { this.select('id').from('users').where('active', true); })",
  "db('orders').whereIn(['a', 'b'], [[1, 2], [3, 4]])",
  "db('orders').whereBetween('created_at', [from, to]).whereNotBetween('total', [1, 2])",
  "db('orders').whereLike('name', q).whereILike('title', q)",
  "db('orders').where('name', 'ilike', `%${q}%`)",
  "db('orders').whereNot('status', status).whereNot({ a: 1 })",
  "db('orders').where((b) => b.where('a', 1).orWhere('b', 2)).where('c', 3)",
  "db('orders').where(function () { this.where('a', 1).orWhere(function () { this.where('b', 2).andWhere('c', 3); }); })",
  "db('orders').where('a', 1).orWhere('b', 2).where('c', 3)",
  "db('orders').whereNot((b) => b.where('a', 1).orWhere('b', 2))",
  "db('orders as o').whereExists(db('items as i').select(db.raw('1')).whereRaw('i.order_id = o.id'))",
  "db('orders as o').whereNotExists(function () { this.select('*').from('items as i').whereColumn('i.order_id', 'o.id'); })",
  "db('orders').whereRaw('lower(name) = ? and ?? > ?', [q, 'total', 5])",
  "db('orders').whereRaw('lower(name) = :q and :col: > 5', { q, col: 'total' })",
  "db('orders').where(db.raw('a = ? or b = ?', [1, 2])).where('c', 3)",
  "db('orders as o').join('users as u', 'u.id', 'o.user_id').select('u.name')",
  "db('orders as o').leftJoin('users as u', 'u.id', '=', 'o.user_id').where('u.tenant_id', tenantId)",
  "db('orders as o').innerJoin('users as u', { 'u.id': 'o.user_id', 'u.tenant_id': 'o.tenant_id' })",
  "db('orders as o').leftJoin('users as u', function () { this.on('u.id', '=', 'o.user_id').andOn('u.a', 'o.a').onVal('u.active', true).onNull('u.deleted_at'); })",
  "db('orders as o').leftJoin('users as u', (j) => j.on('u.id', 'o.user_id').orOn('u.alt', 'o.user_id'))",
  "db('orders').crossJoin('days').joinRaw('left join users on users.id = orders.user_id')",
  "db('orders as o').join(db('items').select('order_id').groupBy('order_id').as('i'), 'i.order_id', 'o.id')",
  "db('orders').distinct('status')",
  "db('orders').distinctOn('user_id').orderBy('user_id')",
  "db('orders').first('id').where({ id })",
  "db('orders').count('* as n').where({ tenant_id: tenantId })",
  "db('orders').select('status').count('id as n').sum('total as s').groupBy('status').having('n', '>', 3).orderBy('n', 'desc')",
  "db('orders').countDistinct('user_id').max('total').min('total').avg('total')",
  "db('orders').select('a').groupByRaw('a').havingRaw('count(*) > ?', [3])",
  "db('orders').orderBy('a').orderBy('b', 'desc').orderByRaw('c desc nulls last').limit(take).offset(skip)",
  "db('orders').orderBy(['a', { column: 'b', order: 'desc', nulls: 'last' }]).limit(20).offset(skip * 2)",
  "db('orders').select({ x: 'a', y: 'b' }, db.raw('now() as t'), db.ref('c').as('d'))",
  "db({ o: 'orders' }).select('o.id')",
  "db('orders').withSchema('sales').where({ id })",
  "db('orders').where({ status }).forUpdate().skipLocked()",
  "db('a').select('x').union([db('b').select('x')]).unionAll(db('c').select('x'))",
  "db.with('recent', db('orders').where('a', 1)).select('*').from('recent')",
  "db.with('recent', (qb) => { qb.select('id').from('orders').where('a', 1); }).from('recent')",
  "db('orders').insert({ a: 1, b: q })",
  "db('orders').insert([{ a: 1, b: 2 }, { a: 3, b: 4 }]).returning('id')",
  "db('orders').insert({ id, a: q }).onConflict('id').merge()",
  "db('orders').insert({ id, a: q }).onConflict(['id', 'a']).ignore()",
  "db('orders').insert({ id, a: q }).onConflict('id').merge(['a'])",
  "db('orders').where({ id }).update({ status, total: db.raw('total + ?', [1]) }, ['id'])",
  "db('orders').where({ id }).update('status', status)",
  "db('orders').where({ id }).increment('n', 2)",
  "db('orders').where('id', id).del()",
  "db('orders').where({ id }).delete().returning('*')",
  "db('orders').modify((qb) => { qb.where('a', 1); })",
  "db('orders').where('a', 1).clone().where('b', 2)",
  "db('orders').where('a', 1).clearWhere().where('b', 2)",
  "db('orders').where('a', '@>', q).where('b', '<>', 3).where('c', 'in', [1, 2])",
  "db('orders').where('created_at', '<', db.fn.now())",
  "db('orders').where('total', '>', db('orders').avg('total'))",
  "db('Orders').where('userId', id)",
];

describe('knex, the same chain rendered by knex itself', () => {
  it.each(compared('knex', chains))('%s', (chain) => {
    const file = read(`  return await ${chain};`);
    expect(file.sites.map((site) => site.library)).toEqual(['knex']);
    const [site] = file.sites;
    expect(site).toMatchObject({ confidence: 'proved', executes: 'yes', complete: true, conditional: [] });
    expect(queryShape(sql, site?.source ?? '')).toEqual(queryShape(sql, sent(chain)));
    expect(site?.binds.filter((b) => b.interpolation === undefined).map((b) => b.key)).toEqual((site?.source?.text.match(/\$\d+/g) ?? []).map((p) => p.slice(1)));
  });
});

function under(file: ReturnType<typeof read>, piece: string, index = 0): string {
  const site = file.sites[index];
  const start = site?.source?.text.indexOf(piece) ?? -1;
  return site && start >= 0 ? file.at(toHostSpan(site.map, sqlSpan(start, start + piece.length))) : `(no ${piece} in ${site?.source?.text})`;
}

describe('knex, places', () => {
  it('maps clauses to their calls', () => {
    const file = read("  return db('orders as o')\n    .where({ status, tenant_id: tenantId })\n    .where('total', '>', 5)\n    .orderBy('id')\n    .limit(take)\n    .offset(skip);");
    expect(file.sites[0]?.source?.text).toBe('SELECT * FROM orders AS o WHERE status = $1 AND tenant_id = $2 AND total > 5 ORDER BY id LIMIT $3 OFFSET $4');
    expect(under(file, 'OFFSET $4')).toBe('.offset(skip)');
    expect(under(file, 'LIMIT $3')).toBe('.limit(take)');
    expect(under(file, 'total > 5')).toBe(".where('total', '>', 5)");
    expect(under(file, 'tenant_id = $2')).toBe('tenant_id: tenantId');
    expect(under(file, 'ORDER BY id')).toBe("'id'");
    expect(under(file, 'orders AS o')).toBe("'orders as o'");
    expect(file.at(file.sites[0]?.anchor)).toBe("db('orders as o')");
    expect(file.sites[0]?.chain.map((call) => file.at(call.span)).slice(1)).toEqual(['.where({ status, tenant_id: tenantId })', ".where('total', '>', 5)", ".orderBy('id')", '.limit(take)', '.offset(skip)']);
  });
});

describe('knex, what is known', () => {
  it('keeps conditional calls apart and knows each variant', () => {
    const file = read("  let query = db('orders').where('a', 1);\n  if (status) query = query.where('status', status);\n  if (q) query.whereILike('name', `%${q}%`);\n  const rows = await query;\n  return rows;");
    expect(file.sites).toHaveLength(1);
    const [site] = file.sites;
    expect(site?.source?.text).toBe("SELECT * FROM orders WHERE a = 1 AND status = $1 AND name ILIKE '%' || $2 || '%'");
    expect(site?.conditional.map((part) => [part.condition, site.source?.text.slice(part.sql.start, part.sql.end)])).toEqual([['status', ' AND status = $1'], ['q', " AND name ILIKE '%' || $2 || '%'"]]);
    expect(site).toMatchObject({ complete: true, executes: 'yes', resultName: 'rows' });
  });

  it.each([
    ["await db('orders').modify(applyFilters, q)", false],
    ["await db('orders').where(row)", false],
    ["await db('orders').whereRaw(q)", false],
    ["await db('orders').visibleTo(id)", false],
    ["await db('orders').where('a', id)", true],
  ])('%s is complete: %s', (statement, complete) => {
    expect(read(`  return ${statement};`).sites).toMatchObject([{ complete }]);
  });

  it('marks values that may be undefined', () => {
    const file = readScript(`${head}async function f(user: User, tenantId?: number) { return await db('orders').where({ tenant_id: tenantId, user_id: user?.id, a: 1 }); }\nasync function g(tenantId?: number) { if (!tenantId) throw new Error(); return db('orders').where({ tenant_id: tenantId }); }`);
    expect(file.sites.map((site) => site.binds.map((b) => b.mayBeUndefined ?? false))).toEqual([[true, true], [false]]);
  });

  it('reads raw statements as they are written', () => {
    const file = read("  return await db.raw('SELECT * FROM orders WHERE id = ? AND data \\\\? ?? ', [id, q]);");
    expect(file.sites).toMatchObject([{ library: 'knex', executes: 'yes', source: { placeholders: 'question' }, binds: [{ key: '1', text: 'id' }, { key: '2', text: 'q' }] }]);
  });

  it('takes transactions and typed parameters', () => {
    const file = readScript("import type { Knex } from 'knex';\nclass Repo { constructor(private readonly knex: Knex) {}\n async a(id: number) { return this.knex('orders').where({ id }).first(); }\n async b() { return this.knex.transaction(async (trx) => { await trx('orders').insert({ a: 1 }); }); } }\nexport const c = (trx: Knex.Transaction) => trx.select('id').from('orders');");
    expect(file.sites.map((site) => [site.source?.text, site.fetches, site.access])).toEqual([
      ['SELECT * FROM orders WHERE id = $1 LIMIT 1', 'one', 'read'], ['INSERT INTO orders (a) VALUES (1)', 'none', 'write'], ['SELECT id FROM orders', 'many', 'read'],
    ]);
  });

  it.each(innocent('knex', [
    "import { drizzle } from 'drizzle-orm/node-postgres';\nconst db = drizzle(pool);\nawait db.select().from(orders).where(eq(orders.id, 1));",
    "const t = useTranslations();\nt('orders').where;\nt('a.b');",
    "await supabase.from('orders').select('id').eq('a', 1);",
    "const db = (name: string) => name; await db('x').where('a', 1);",
    "const knex = (await import('knex')).default;\nconst db = knex({ client: 'pg', connection: url });",
    "db('x');\nclient('y');\n$(document).first();",
    "import { Kysely } from 'kysely';\nconst db = new Kysely<DB>({}); await db.selectFrom('a').where('x', '=', 1).execute();",
  ]))('leaves other code alone: %s', (code) => {
    expect(readScript(code).sites.filter((site) => site.library === 'knex')).toEqual([]);
  });

  it('puts the star of a chain without columns at its table', () => {
    const file = read("  await db('orders').where({ id });\n  return db.from('orders').first();");
    expect([under(file, '*'), under(file, '*', 1)]).toEqual(["db('orders')", 'first']);
  });

  it('makes no site of parts of a query', () => {
    const file = read("  const sub = db('users').select('id');\n  return await db('orders').whereIn('user_id', sub).where(db.raw('a = 1')).select(db.raw('count(*)'));");
    expect(file.sites.filter((site) => site.executes === 'yes').map((site) => site.source?.text)).toEqual(['SELECT count(*) FROM orders WHERE user_id IN (SELECT id FROM users) AND a = 1']);
  });
});

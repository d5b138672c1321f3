import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql as kyselySql } from 'kysely';
import { jsonArrayFrom } from 'kysely/helpers/postgres';
import { describe, expect, it } from 'vitest';
import { toHostSpan } from '../../../server/src/core/text/segmentMap';
import { sqlSpan } from '../../../server/src/core/text/span';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { compared, innocent } from '../../support/adapterCases';
import { queryShape } from '../../support/queryShape';
import { readScript } from '../../support/readScript';

const sql = await createSqlAnalyser();
const head = "import { Kysely, PostgresDialect, sql } from 'kysely';\nimport { jsonArrayFrom } from 'kysely/helpers/postgres';\nconst db = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });\n";
const values = { id: 7, ids: [1, 2], q: 'abc', skip: 40, take: 20, tenantId: 3, status: 'open' };
const kysely = new Kysely<Record<string, Record<string, unknown>>>({ dialect: { createAdapter: () => new PostgresAdapter(), createDriver: () => new DummyDriver(), createIntrospector: (own) => new PostgresIntrospector(own), createQueryCompiler: () => new PostgresQueryCompiler() } });

const read = (body: string) => readScript(`${head}async function f(id: number, ids: number[], q: string, skip: number, take: number, tenantId: number, status: string) {\n${body}\n}`);

/** What Kysely itself sends for the same expression. */
function sent(expression: string): string {
  const build = new Function('db', 'sql', 'jsonArrayFrom', ...Object.keys(values), `return (${expression.replaceAll(/<\w+>/g, '')});`) as (...args: unknown[]) => { compile(db?: unknown): { sql: string } };
  return build(kysely, kyselySql, jsonArrayFrom, ...Object.values(values)).compile(kysely).sql;
}

const chains: readonly string[] = [
  "db.selectFrom('orders').selectAll()",
  "db.selectFrom('orders as o').select(['o.id', 'o.total as t'])",
  "db.selectFrom('orders').select('id').where('tenant_id', '=', tenantId).where('status', '!=', status)",
  "db.selectFrom('orders').selectAll().where('id', 'in', ids).where('deleted_at', 'is', null).where('paid', 'is not', null)",
  "db.selectFrom('orders').selectAll().where('id', 'not in', [1, 2, 3])",
  "db.selectFrom('orders').selectAll().where('name', 'ilike', `%${q}%`)",
  "db.selectFrom('orders').selectAll().where((eb) => eb.or([eb('a', '=', 1), eb('b', '>', 2)]))",
  "db.selectFrom('orders').selectAll().where(({ eb, or, and, not, exists, selectFrom }) => and([or([eb('a', '=', q), eb('b', 'is', null)]), not(eb('c', '=', 3)), exists(selectFrom('items').select('items.id').whereRef('items.order_id', '=', 'orders.id'))]))",
  "db.selectFrom('orders').selectAll().where((eb) => eb.and({ a: 1, b: q }))",
  "db.selectFrom('orders').selectAll().where((eb) => eb('a', '=', 1).or('b', '=', 2))",
  "db.selectFrom('orders').selectAll().where((eb) => eb.between('total', 1, id))",
  "db.selectFrom('orders').selectAll().where('user_id', 'in', db.selectFrom('users').select('id').where('active', '=', true))",
  "db.selectFrom('orders').selectAll().where('user_id', '=', (eb) => eb.selectFrom('users').select('users.id').where('email', '=', q).limit(1))",
  "db.selectFrom('orders').selectAll().where((eb) => eb.exists(eb.selectFrom('items').select('items.id').whereRef('items.order_id', '=', 'orders.id')))",
  "db.selectFrom('orders as o').innerJoin('users as u', 'u.id', 'o.user_id').leftJoin('teams', 'teams.id', 'u.team_id').select(['o.id', 'u.name']).where('u.tenant_id', '=', tenantId)",
  "db.selectFrom('orders as o').leftJoin('users as u', (join) => join.onRef('u.id', '=', 'o.user_id').on('u.active', '=', true)).selectAll('o')",
  "db.selectFrom('orders').innerJoin((eb) => eb.selectFrom('items').select(['order_id']).groupBy('order_id').as('i'), (join) => join.onRef('i.order_id', '=', 'orders.id')).selectAll('orders')",
  "db.selectFrom('orders').leftJoinLateral((eb) => eb.selectFrom('items').select('items.id').whereRef('items.order_id', '=', 'orders.id').limit(1).as('i'), (join) => join.onTrue()).select('orders.id')",
  "db.selectFrom('orders').select('status').select((eb) => [eb.fn.countAll().as('n'), eb.fn.sum('total').as('s')]).groupBy('status').having((eb) => eb.fn.countAll(), '>', 3)",
  "db.selectFrom('orders').select(({ fn }) => fn.count('user_id').distinct().as('users'))",
  "db.selectFrom('orders').selectAll().orderBy('created_at', 'desc').orderBy('id').limit(take).offset(skip)",
  "db.selectFrom('orders').selectAll().orderBy('created_at', (ob) => ob.desc().nullsLast())",
  "db.selectFrom('orders').selectAll().orderBy(sql`lower(name)`, 'asc')",
  "db.selectFrom('orders').distinct().select('status')",
  "db.selectFrom('orders').distinctOn('user_id').selectAll().orderBy('user_id')",
  "db.selectFrom('orders').selectAll().where('id', '=', id).forUpdate().skipLocked()",
  "db.selectFrom(['orders as o', 'users as u']).select('o.id').whereRef('o.user_id', '=', 'u.id')",
  "db.selectFrom(db.selectFrom('orders').select('id').as('x')).selectAll()",
  "db.selectFrom('orders').selectAll().where(sql<boolean>`lower(${sql.ref('name')}) = ${q}`)",
  "db.selectFrom('orders').selectAll().where('total', '>', sql<number>`(select avg(total) from orders)`)",
  "db.with('recent', (qb) => qb.selectFrom('orders').selectAll().where('a', '=', 1)).selectFrom('recent').selectAll()",
  "db.withSchema('sales').selectFrom('orders').selectAll().where('id', '=', id)",
  "db.selectFrom('orders').select('id').union(db.selectFrom('old_orders').select('id'))",
  "db.selectFrom('users').select((eb) => ['id', jsonArrayFrom(eb.selectFrom('orders').select('orders.id').whereRef('orders.user_id', '=', 'users.id').orderBy('orders.id').limit(3)).as('orders')])",
  "db.selectFrom('orders').selectAll().$call((qb) => qb.where('a', '=', 1))",
  "db.selectFrom('orders').selectAll().where('a', '=', 1).clearWhere().where('b', '=', 2)",
  "db.selectFrom('orders').select('id').where((eb) => eb.fn('lower', ['name']), '=', q)",
  "db.insertInto('orders').values({ a: 1, b: q })",
  "db.insertInto('orders').values([{ a: 1, b: 2 }, { a: 3, b: 4 }]).returning('id')",
  "db.insertInto('orders').values({ id, a: q }).onConflict((oc) => oc.column('id').doUpdateSet({ a: q }))",
  "db.insertInto('orders').values({ id, a: q }).onConflict((oc) => oc.columns(['id', 'a']).doNothing())",
  "db.insertInto('orders').values({ id, a: q }).onConflict((oc) => oc.column('id').doUpdateSet((eb) => ({ a: eb.ref('excluded.a') })))",
  "db.insertInto('orders').columns(['a']).expression(db.selectFrom('items').select('a'))",
  "db.updateTable('orders').set({ status, n: sql`n + 1` }).where('id', '=', id).returningAll()",
  "db.updateTable('orders').set('status', status).where('id', 'in', ids)",
  "db.updateTable('orders').set((eb) => ({ n: eb('n', '+', 1) })).where('id', '=', id)",
  "db.updateTable('orders as o').from('users as u').set({ a: 1 }).whereRef('o.user_id', '=', 'u.id')",
  "db.deleteFrom('orders').where('id', '=', id)",
  "db.deleteFrom('orders').using('users').whereRef('users.id', '=', 'orders.user_id').returning('orders.id')",
];

describe('Kysely, the same chain rendered by Kysely itself', () => {
  it.each(compared('kysely', chains))('%s', (chain) => {
    const file = read(`  return await ${chain}.execute();`);
    const [site, ...rest] = file.sites.filter((found) => found.executes === 'yes');
    expect(rest).toEqual([]);
    expect(site).toMatchObject({ library: 'kysely', confidence: 'proved', complete: true, conditional: [] });
    expect(queryShape(sql, site?.source ?? '')).toEqual(queryShape(sql, sent(chain)));
  });
  it.each(['sql`select * from ${sql.table(\'orders\')} where ${sql.ref(\'orders.id\')} = ${id} and status in (${sql.join([1, 2])})`', 'sql<Row>`update orders set a = ${q} where id = ${id} returning id`'])('%s', (text) => {
    const [site, ...rest] = read(`  const { rows } = await ${text}.execute(db);`).sites;
    expect(rest).toEqual([]);
    expect(site).toMatchObject({ library: 'kysely', confidence: 'proved', executes: 'yes' });
    expect(queryShape(sql, site?.source ?? '')).toEqual(queryShape(sql, sent(text)));
  });
});

function under(file: ReturnType<typeof read>, piece: string, index = 0): string {
  const site = file.sites[index];
  const start = site?.source?.text.indexOf(piece) ?? -1;
  return site && start >= 0 ? file.at(toHostSpan(site.map, sqlSpan(start, start + piece.length))) : `(no ${piece} in ${site?.source?.text})`;
}

describe('Kysely, places', () => {
  it('maps clauses to their calls', () => {
    const file = read("  return await db\n    .selectFrom('orders as o')\n    .selectAll()\n    .where('o.tenant_id', '=', tenantId)\n    .orderBy('o.id', 'desc')\n    .limit(take)\n    .offset(skip)\n    .execute();");
    expect(file.sites[0]?.source?.text).toBe('SELECT * FROM orders AS o WHERE o.tenant_id = $1 ORDER BY o.id DESC LIMIT $2 OFFSET $3');
    expect(under(file, 'OFFSET $3')).toBe('.offset(skip)');
    expect(under(file, 'LIMIT $2')).toBe('.limit(take)');
    expect(under(file, 'o.tenant_id = $1')).toBe(".where('o.tenant_id', '=', tenantId)");
    expect(under(file, 'orders AS o')).toBe("'orders as o'");
    expect(under(file, '*')).toBe('.selectAll()');
    expect(file.at(file.sites[0]?.anchor)).toBe('db\n    .selectFrom');
  });
  it('keeps text of templates where it stands', () => {
    const file = read('  await sql`SELECT id FROM orders WHERE a = ${q} OFFSET ${skip}`.execute(db);');
    expect(under(file, 'FROM orders')).toBe('FROM orders');
    expect(under(file, 'a = $1')).toBe('a = ${q');
  });
});

describe('Kysely, what is known', () => {
  it('keeps conditional calls apart', () => {
    const file = read("  let query = db.selectFrom('orders').selectAll().where('a', '=', 1);\n  if (status) query = query.where('status', '=', status);\n  const rows = await query.$if(q !== '', (qb) => qb.where('name', '=', q)).execute();\n  return rows;");
    expect(file.sites).toHaveLength(1);
    expect(file.sites[0]?.source?.text).toBe('SELECT * FROM orders WHERE a = 1 AND status = $1 AND name = $2');
    expect(file.sites[0]?.conditional.map((part) => part.condition)).toEqual(['status', "q !== ''"]);
    expect(file.sites[0]).toMatchObject({ complete: true, resultName: 'rows' });
  });
  it('reads choices in callbacks', () => {
    const [site] = read("  await db.selectFrom('orders').select('id').where((eb) => (q ? eb('name', '=', q) : eb.lit(true))).execute();").sites;
    expect(site?.source?.text).toBe('SELECT id FROM orders WHERE name = $1');
    expect(site?.conditional).toHaveLength(1);
  });
  it('knows what is fetched, and transactions', () => {
    const file = readScript("import type { Kysely, Transaction } from 'kysely';\nclass Repo { constructor(private readonly db: Kysely<DB>) {}\n async one(id: number) { return this.db.selectFrom('orders').selectAll().where('id', '=', id).executeTakeFirst(); }\n async two() { return this.db.transaction().execute(async (trx) => { await trx.insertInto('orders').values({ a: 1 }).execute(); for await (const row of trx.selectFrom('big').selectAll().stream()) use(row); }); } }");
    expect(file.sites.map((site) => [site.confidence, site.fetches, site.access, site.source?.text])).toEqual([
      ['typed', 'one', 'read', 'SELECT * FROM orders WHERE id = $1'], ['typed', 'none', 'write', 'INSERT INTO orders (a) VALUES ($1)'], ['typed', 'stream', 'read', 'SELECT * FROM big'],
    ]);
  });
  it('follows CamelCasePlugin, and is careful where it may be at work', () => {
    const own = readScript("import { Kysely, CamelCasePlugin } from 'kysely';\nconst db = new Kysely<DB>({ dialect, plugins: [new CamelCasePlugin()] });\nawait db.selectFrom('orderItems').select('orderId').where('tenantId', '=', 1).execute();");
    expect(own.sites).toMatchObject([{ complete: true, source: { text: 'SELECT order_id FROM order_items WHERE tenant_id = 1' } }]);
    const unseen = readScript("import { db } from './db';\nawait db.selectFrom('orderItems').select('orderId').where('tenantId', '=', 1).execute();\nawait db.selectFrom('orders').select('id').execute();");
    expect(unseen.sites).toMatchObject([{ complete: false }, { complete: true }]);
  });
  it.each([
    ["db.selectFrom('orders').selectAll().$call(withFilter)", false],
    ["db.selectFrom('orders').selectAll().where(filters(q))", false],
    ["db.selectFrom('orders').selectAll().where('a', op, 1)", false],
    ["db.selectFrom('orders').selectAll().where('a', '=', id)", true],
  ])('%s is complete: %s', (chain, complete) => {
    expect(read(`  return await ${chain}.execute();`).sites).toMatchObject([{ complete }]);
  });
  it('makes no site of parts of a query', () => {
    const file = read("  const sub = db.selectFrom('users').select('id');\n  return await db.with('x', (w) => w.selectFrom('a').selectAll()).selectFrom('orders').selectAll().where('user_id', 'in', sub).execute();");
    expect(file.sites.filter((site) => site.executes === 'yes')).toHaveLength(1);
    expect(file.sites).toHaveLength(1);
  });
});

describe('Kysely, other code', () => {
  it.each(innocent('kysely', [
    "import { Kysely, MysqlDialect } from 'kysely';\nconst db = new Kysely<DB>({ dialect: new MysqlDialect({ pool }) });\nawait db.selectFrom('orders').selectAll().execute();",
    "import { Kysely, SqliteDialect } from 'kysely';\nconst db = new Kysely<DB>({ dialect: new SqliteDialect({}) });\nawait db.selectFrom('orders').selectAll().execute();",
    "await db.insertInto('orders').values({ a: 1 }).onDuplicateKeyUpdate({ a: 2 }).execute();",
    "await db.replaceInto('orders').values({ a: 1 }).execute();",
    "import { sql } from 'drizzle-orm';\nawait sql`select 1`.execute(db);",
    "const selectFrom = (list) => list[0]; selectFrom(options);",
    "import knexModule from 'knex';\nconst db = knexModule({ client: 'pg' });\nawait db('orders').select('id');",
  ]))('is left alone: %s', (code) => {
    expect(readScript(code).sites.filter((site) => site.library === 'kysely')).toEqual([]);
  });
});

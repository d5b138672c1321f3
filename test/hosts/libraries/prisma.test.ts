import { describe, expect, it } from 'vitest';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { innocent } from '../../support/adapterCases';
import { readPrisma } from '../../support/readPrisma';

const sql = await createSqlAnalyser();
const schema = `
model Team {
  id     String  @id
  slug   String  @unique
  orders Order[]
}
model Order {
  id        String   @id
  teamId    String   @map("team_id")
  number    Int
  status    String
  name      String
  tags      String[]
  createdAt DateTime @map("created_at")
  team      Team     @relation(fields: [teamId], references: [id])
  items     Item[]
  @@unique([teamId, number])
  @@map("orders")
}
model Item {
  id      Int    @id
  orderId String @map("order_id")
  sku     String
  order   Order  @relation(fields: [orderId], references: [id])
}
`;
const head = "import { PrismaClient } from '@prisma/client';\nconst prisma = new PrismaClient();\n";
const read = (call: string) => readPrisma(schema, `${head}async function f(teamId: string, id: string, q: string, take: number, skip: number, after: Row, ids: string[], maybe?: string) {\n  const rows = await ${call};\n  return rows;\n}`);
const allColumns = 'orders.id, orders.team_id, orders.number, orders.status, orders.name, orders.tags, orders.created_at';

const rendered: readonly (readonly [call: string, text: string])[] = [
  ['prisma.order.findMany()', `SELECT ${allColumns} FROM orders`],
  ["prisma.order.findMany({ where: { teamId, status: 'open' }, orderBy: { createdAt: 'desc' }, take, skip, select: { id: true, number: true } })", "SELECT orders.id, orders.number FROM orders WHERE orders.team_id = $1 AND orders.status = 'open' ORDER BY orders.created_at DESC LIMIT $2 OFFSET $3"],
  ['prisma.order.findUnique({ where: { id }, select: { id: true } })', 'SELECT orders.id FROM orders WHERE orders.id = $1 LIMIT 1'],
  ['prisma.order.findUnique({ where: { teamId_number: { teamId, number: 3 } }, select: { id: true } })', 'SELECT orders.id FROM orders WHERE orders.team_id = $1 AND orders.number = 3 LIMIT 1'],
  ["prisma.order.findFirst({ where: { OR: [{ name: { contains: q, mode: 'insensitive' } }, { status: { in: ['a', 'b'] } }], NOT: { status: 'x' } }, select: { id: true } })", "SELECT orders.id FROM orders WHERE (orders.name ILIKE '%' || $1 || '%' OR orders.status IN ('a', 'b')) AND NOT (orders.status = 'x') LIMIT 1"],
  ['prisma.order.findMany({ where: { AND: [{ teamId }, { number: { gte: 1, lt: 9 } }], id: { in: ids } }, select: { id: true } })', 'SELECT orders.id FROM orders WHERE orders.team_id = $1 AND orders.number >= 1 AND orders.number < 9 AND orders.id IN           '],
  ['prisma.order.findMany({ where: { team: { slug: q } }, select: { id: true } })', 'SELECT orders.id FROM orders LEFT JOIN "Team" AS j0 ON j0.id = orders.team_id WHERE j0.slug = $1'],
  ["prisma.order.findMany({ where: { items: { some: { sku: 'x' } } }, select: { id: true } })", "SELECT orders.id FROM orders WHERE EXISTS (SELECT 1 FROM \"Item\" AS t0 WHERE t0.order_id = orders.id AND t0.sku = 'x')"],
  ["prisma.order.findMany({ where: { items: { every: { sku: 'x' }, none: {} } }, select: { id: true } })", "SELECT orders.id FROM orders WHERE NOT EXISTS (SELECT 1 FROM \"Item\" AS t0 WHERE t0.order_id = orders.id AND NOT (t0.sku = 'x')) AND NOT EXISTS (SELECT 1 FROM \"Item\" AS t1 WHERE t1.order_id = orders.id)"],
  ["prisma.order.findMany({ where: { name: null, status: { not: null }, tags: { has: q } }, orderBy: [{ team: { slug: 'asc' } }, { id: 'desc' }], select: { id: true } })", 'SELECT orders.id FROM orders LEFT JOIN "Team" AS j0 ON j0.id = orders.team_id WHERE orders.name IS NULL AND orders.status IS NOT NULL AND orders.tags @> ARRAY[$1] ORDER BY j0.slug, orders.id DESC'],
  ['prisma.order.findFirstOrThrow({ where: { teamId }, take: 1, select: { id: true } })', 'SELECT orders.id FROM orders WHERE orders.team_id = $1 LIMIT 1'],
  ['prisma.order.count({ where: { teamId } })', 'SELECT COUNT(*) FROM orders WHERE orders.team_id = $1'],
  ['prisma.order.count({ where: { teamId }, take: 100 })', 'SELECT COUNT(*) FROM (SELECT orders.id FROM orders WHERE orders.team_id = $1 ORDER BY orders.id LIMIT 100) AS sub'],
  ['prisma.order.aggregate({ where: { teamId }, _sum: { number: true }, _count: true })', 'SELECT SUM(orders.number), COUNT(*) FROM orders WHERE orders.team_id = $1'],
  ["prisma.order.groupBy({ by: ['status'], where: { teamId }, _count: true, having: { number: { _sum: { gt: 5 } } }, orderBy: { status: 'asc' } })", 'SELECT orders.status, COUNT(*) FROM orders WHERE orders.team_id = $1 GROUP BY orders.status HAVING SUM(orders.number) > 5 ORDER BY orders.status'],
  ["prisma.order.create({ data: { id, teamId, status: 'open' }, select: { id: true } })", "INSERT INTO orders (id, team_id, status) VALUES ($1, $2, 'open') RETURNING orders.id"],
  ['prisma.order.create({ data: { id, team: { connect: { id: teamId } }, items: { create: [] } }, select: { id: true } })', 'INSERT INTO orders (id, team_id) VALUES ($1, $2) RETURNING orders.id'],
  ["prisma.item.createMany({ data: [{ id: 1, sku: 'a' }, { id: 2, orderId: id }], skipDuplicates: true })", `INSERT INTO "Item" (id, sku, order_id) VALUES (1, 'a', DEFAULT), (2, DEFAULT, $1) ON CONFLICT DO NOTHING`],
  ["prisma.order.update({ where: { id }, data: { status: 'done', number: { increment: 1 } }, select: { id: true } })", "UPDATE orders SET status = 'done', number = number + 1 WHERE orders.id = $1 RETURNING orders.id"],
  ["prisma.order.updateMany({ where: { team: { slug: q } }, data: { status: 'x' } })", `UPDATE orders SET status = 'x' WHERE EXISTS (SELECT 1 FROM "Team" AS t0 WHERE t0.id = orders.team_id AND t0.slug = $1)`],
  ['prisma.order.deleteMany()', 'DELETE FROM orders'],
  ["prisma.team.upsert({ where: { slug: q }, create: { id, slug: q }, update: { slug: q }, select: { id: true } })", 'INSERT INTO "Team" (id, slug) VALUES ($1, $2) ON CONFLICT (slug) DO UPDATE SET slug = $3 RETURNING "Team".id'],
  ['prisma.order.findMany({ take, skip: 1, cursor: { id: after.id }, orderBy: { id: \'asc\' }, select: { id: true } })', 'SELECT orders.id FROM orders WHERE orders.id >= $1 ORDER BY orders.id LIMIT $2'],
  ["prisma.order.findMany({ take, skip: 1, cursor: { id: after.id }, orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], select: { id: true } })", 'SELECT orders.id FROM orders WHERE orders.created_at <= (SELECT c0.created_at FROM orders AS c0 WHERE c0.id = $1) ORDER BY orders.created_at DESC, orders.id DESC LIMIT $2'],
];

describe('prisma, SQL of a call', () => {
  it.each(rendered)('%s', (call, text) => {
    const file = read(call);
    expect(file.sites).toHaveLength(1);
    const [site] = file.sites;
    expect(site?.source?.text).toBe(text);
    expect(site).toMatchObject({ library: 'prisma', confidence: 'proved', executes: 'yes', complete: true, conditional: [], resultName: 'rows' });
    const model = site?.source && sql.analyse(site.source);
    expect(model?.completeness).toBe('full');
    expect(model?.error).toBeUndefined();
  });
});

describe('prisma, places', () => {
  it('maps clauses to their keys', () => {
    const file = read("prisma.order.findMany({\n    where: { teamId, name: { contains: `${q}` }, items: { some: { sku: 'x' } } },\n    orderBy: { createdAt: 'desc' },\n    take: 20,\n    skip: skip * 2,\n  })");
    expect(file.under('OFFSET $3')).toBe('skip: skip * 2');
    expect(file.under('LIMIT 20')).toBe('take: 20');
    expect(file.under('orders.team_id = $1')).toBe('teamId');
    expect(file.under("orders.name LIKE '%' || $2 || '%'")).toBe('name: { contains: `${q}` }');
    expect(file.under('t0.sku = ')).toBe("sku: 'x'");
    expect(file.under('orders.created_at DESC')).toBe("createdAt: 'desc'");
    expect(file.under('FROM orders')).toBe('prisma.order.findMany');
    expect(file.sites[0]?.chain.map((call) => call.name)).toEqual(['findMany', 'where', 'orderBy', 'take', 'skip']);
  });
});

describe('prisma, what is known', () => {
  it('follows filters in variables, with what is set under conditions', () => {
    const file = readPrisma(schema, `${head}async function f(teamId: string, status?: string, q?: string) {\n  const where: Prisma.OrderWhereInput = { teamId };\n  if (status) where.status = status;\n  return prisma.order.findMany({ where: { ...where, ...(q && { name: { startsWith: q } }) }, select: { id: true } });\n}`);
    const [site] = file.sites;
    expect(site?.source?.text).toBe("SELECT orders.id FROM orders WHERE orders.team_id = $1 AND orders.status = $2 AND orders.name LIKE $3 || '%'");
    expect(site?.conditional.map((part) => part.condition)).toEqual(['status', 'q']);
    expect(site?.complete).toBe(true);
  });

  it('takes shorthand arguments, conditional cursors and loose client names', () => {
    const file = readPrisma(schema, `export async function f(db: PrismaClient, tx: Tx, cursor?: string) {\n  const where = { teamId: '1' };\n  const orderBy = { id: 'asc' };\n  await tx.order.findMany({ where, orderBy, take: 5, ...(cursor && { cursor: { id: cursor }, skip: 1 }), select: { id: true } });\n  await this.prisma.team.findFirst({ where: { slug: 'a' }, select: { id: true } });\n  await ctx.prisma.order.findMany({ where, take: 5, skip: cursor ? 1 : 0, cursor: cursor ? { id: cursor } : undefined, select: { id: true } });\n}`);
    expect(file.sites.map((site) => site.source?.text)).toEqual([
      "SELECT orders.id FROM orders WHERE orders.team_id = '1' AND orders.id >= $1 ORDER BY orders.id LIMIT 5",
      `SELECT "Team".id FROM "Team" WHERE "Team".slug = 'a' LIMIT 1`,
      "SELECT orders.id FROM orders WHERE orders.team_id = '1' AND orders.id >= $1 ORDER BY orders.id LIMIT 5",
    ]);
    expect(file.sites.map((site) => site.conditional.map((part) => part.condition))).toEqual([['cursor'], [], ['cursor']]);
  });

  it.each([
    ['prisma.order.findMany({ where: buildWhere(teamId) })', false],
    ['prisma.order.findMany({ where: { ...buildWhere(teamId), status: q } })', false],
    ['prisma.order.findMany(options(teamId))', false],
    ['prisma.order.findMany({ where: { OR: filters(q) } })', false],
    ['prisma.order.findMany({ where: undefined })', true],
  ])('%s is complete: %s', (call, complete) => {
    expect(read(call).sites).toMatchObject([{ complete }]);
  });

  it('marks values that may be undefined, which Prisma drops', () => {
    expect(read('prisma.order.findMany({ where: { teamId: maybe, status: after?.status, id } })').sites[0]?.binds.map((b) => b.mayBeUndefined ?? false)).toEqual([true, true, false]);
  });

  it('records what is loaded with the rows', () => {
    const [site] = read('prisma.team.findMany({ take: 5, include: { orders: { take: 3, include: { items: true } }, _count: true } })').sites;
    expect(site?.eager).toEqual(['orders', 'orders.items']);
    expect(site?.loads).toMatchObject([{ path: 'orders', many: true, limited: true }, { path: 'orders.items', many: true, limited: false }]);
  });

  it('reads without a schema what is written', () => {
    const file = readPrisma('', `${head}await prisma.order.findMany({ where: { teamId: 'x' }, orderBy: { id: 'asc' }, skip: n, select: { id: true } });\nawait prisma.order.findMany({ where: { teamId: 'x' } });`);
    expect(file.sites[0]?.source?.text).toBe(`SELECT "Order".id FROM "Order" WHERE "Order"."teamId" = 'x' ORDER BY "Order".id OFFSET $1`);
    expect(file.sites[1]).toMatchObject({ complete: true, source: { interpolations: [{ kind: 'identifier' }] } });
  });

  it('follows transactions and extended clients', () => {
    const file = readPrisma(schema, `${head}const xprisma = prisma.$extends({});\nawait prisma.$transaction([prisma.order.deleteMany({ where: { id: '1' } }), xprisma.team.count()]);\nawait prisma.$transaction(async (t) => { await t.order.updateMany({ where: { id: '1' }, data: { status: 'x' } }); });\nprisma.team.findUnique({ where: { id: '1' }, select: { id: true } }).orders().then(console.log);`);
    expect(file.sites.map((site) => site.source?.text)).toEqual([
      "DELETE FROM orders WHERE orders.id = '1'", 'SELECT COUNT(*) FROM "Team"', "UPDATE orders SET status = 'x' WHERE orders.id = '1'", `SELECT "Team".id FROM "Team" WHERE "Team".id = '1' LIMIT 1`,
    ]);
  });

  it.each(innocent('prisma', [
    "import { drizzle } from 'drizzle-orm';\nconst db = drizzle();\nawait db.query.users.findMany({ where: eq(a, 1) });",
    'await db.users.count({ a: 1 });\nawait client.session.create({ a: 1 });',
    'await User.findFirst({ where: { a: 1 } });\nawait this.userRepository.update({ id }, { a: 1 });',
    "await stripe.customers.create({ email });\nawait map.delete('x');",
    "import { Repository } from 'typeorm';\nclass S { constructor(private orders: Repository<Order>) {} f() { return this.orders.count({ where: { id: 1 } }); } }",
    'const found = items.findFirst((item) => item.id === 1);\nawait cache.user.upsert(key, value);',
  ]))('leaves other code alone: %s', (code) => {
    expect(readPrisma('', code).sites.filter((site) => site.library === 'prisma')).toEqual([]);
  });
});

describe('prisma, raw statements', () => {
  it('reads tagged templates with fragments, lists and raw names', () => {
    const file = read("prisma.$queryRaw<Row[]>`SELECT id FROM orders WHERE team_id = ${teamId} AND id IN (${Prisma.join(ids)}) ${q ? Prisma.sql`AND name = ${q}` : Prisma.empty} LIMIT ${take}`");
    const [site] = file.sites;
    expect(site).toMatchObject({ library: 'prisma', confidence: 'proved', access: 'read', fetches: 'many', source: { placeholders: 'none' } });
    expect(site?.binds.map((b) => b.text)).toEqual(['teamId', 'Prisma.join(ids)', 'q', 'take']);
    expect(site?.conditional.map((part) => part.condition)).toEqual(['q']);
    expect(file.under('FROM orders')).toBe('FROM orders');
    expect(site?.source && sql.analyse(site.source).completeness).toBe('full');
  });

  it('knows that a typed statement is sent, and where', () => {
    const file = readPrisma('', `${head}import { getOrders } from '@prisma/client/sql';\nfor (const id of ids) await prisma.$queryRawTyped(getOrders(id));`);
    expect(file.sites.map((site) => [site.access, site.executes, site.source, site.loopIds.length])).toEqual([['read', 'yes', undefined, 1]]);
  });

  it('reads the unsafe and the executing forms', () => {
    const file = readPrisma('', `${head}await prisma.$queryRawUnsafe('SELECT id FROM orders WHERE id = $1', id);\nawait prisma.$executeRaw\`DELETE FROM orders WHERE id = \${id}\`;\nawait prisma.$queryRaw(Prisma.sql\`SELECT 1 FROM orders\`);\nawait prisma.$queryRaw(query);`);
    expect(file.sites.map((site) => [site.source?.text.replace(/= {11}/, '= ?'), site.fetches])).toEqual([['SELECT id FROM orders WHERE id = $1', 'many'], ['DELETE FROM orders WHERE id = ?', 'none'], ['SELECT 1 FROM orders', 'many'], [undefined, 'unknown']]);
    expect(file.sites[0]?.binds).toMatchObject([{ key: '1', text: 'id' }]);
  });
});

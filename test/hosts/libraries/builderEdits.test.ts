import knexModule from 'knex';
import { describe, expect, it } from 'vitest';
import type { HostFile, QuerySite } from '../../../server/src/core/hosts/ir';
import { knexAdapter } from '../../../server/src/core/libraries/knex/knex';
import { prismaAdapter } from '../../../server/src/core/libraries/prisma/prisma';
import { prismaListCall, prismaInclude } from '../../../server/src/core/libraries/prisma/prismaEdits';
import { applyEdits, type Edit } from '../../../server/src/core/text/edit';
import { readPrisma } from '../../support/readPrisma';

const uri = 'file:///src/app.ts';
const knexHead = "import knexModule from 'knex';\nconst db = knexModule({ client: 'pg' });\n";
const prismaHead = "import { PrismaClient } from '@prisma/client';\nconst prisma = new PrismaClient();\n";
const schema = 'model Order {\n  id String @id\n  teamId String @map("team_id")\n  slug String\n  createdAt DateTime @map("created_at")\n  items Item[]\n  @@unique([teamId, slug])\n}\nmodel Item {\n  id Int @id\n  orderId String\n  order Order @relation(fields: [orderId], references: [id])\n}';

type Change = (site: QuerySite, place: { uri: string; text: string }) => readonly Edit[] | undefined;

/** The body after the edits, and the SQL it then stands for. */
function change(head: string, body: string, edit: Change): { readonly code: string | undefined; readonly sql: string | undefined; readonly file?: HostFile } {
  const text = head + body;
  const [site] = readPrisma(schema, text).sites;
  const edits = site && edit(site, { uri, text });
  const code = edits && applyEdits(text, edits);
  if (code === undefined) return { code, sql: undefined };
  const file = readPrisma(schema, code);
  expect(file.errors).toEqual([]);
  return { code: code.slice(head.length), sql: file.sites[0]?.source?.text, file };
}

const tenant: Change = (site, place) => (site.library === 'knex' ? knexAdapter : prismaAdapter).addPredicate?.(site, { ...place, table: 'orders', column: 'team_id', value: 'teamId' });
const keyset = (keys: readonly (readonly [column: string, descending: boolean, added: boolean])[]): Change => (site, place) =>
  (site.library === 'knex' ? knexAdapter : prismaAdapter).toKeyset?.(site, { ...place, cursor: 'after', keys: keys.map(([column, descending, added]) => ({ column, descending, added, nullable: false })) });

describe('knex, edits', () => {
  it.each([
    ["await db('orders');", "await db('orders').where('team_id', teamId);"],
    ["await db('orders').where({ id }).orderBy('id').limit(5);", "await db('orders').where({ id }).where('team_id', teamId).orderBy('id').limit(5);"],
    ["await db('orders')\n  .where('id', id)\n  .first();", "await db('orders')\n  .where('id', id)\n  .where('team_id', teamId)\n  .first();"],
    ["await db('orders as o').join('users as u', 'u.id', 'o.user_id').select('o.id');", "await db('orders as o').join('users as u', 'u.id', 'o.user_id').where('o.team_id', teamId).select('o.id');"],
    ["await db('orders').where({ id }).update({ a: 1 });", "await db('orders').where({ id }).where('team_id', teamId).update({ a: 1 });"],
    ["await db.select('id').from('orders').whereRaw('a = ?', [1]);", "await db.select('id').from('orders').whereRaw('a = ?', [1]).where('team_id', teamId);"],
    ["await db('orders').where('a', 1).orWhere('b', 2);", undefined],
    ["await db('orders').insert({ a: 1 });", undefined],
  ])('adds a filter to %j', (before, after) => {
    const result = change(knexHead, before, tenant);
    expect(result.code).toBe(after);
    if (after !== undefined) expect(result.sql).toMatch(/\bteam_id = \$\d/);
  });

  it('adds it before the conditional parts of a builder in a variable', () => {
    const result = change(knexHead, "let q = db('orders').where('a', 1);\nif (b) q = q.where('b', b);\nawait q;", tenant);
    expect(result.code).toBe("let q = db('orders').where('a', 1).where('team_id', teamId);\nif (b) q = q.where('b', b);\nawait q;");
    expect(result.file?.sites[0]?.conditional.map((part) => part.condition)).toEqual(['b']);
  });

  it.each([
    ["await db('orders').where('a', 1).orderBy('created_at', 'desc').limit(20).offset(skip);", [['created_at', true, false], ['id', true, true]] as const, "await db('orders').where('a', 1).modify((query) => { if (after) query.whereRaw('(created_at, id) < (?, ?)', [after.created_at, after.id]); }).orderBy('created_at', 'desc').orderBy('id', 'desc').limit(20);"],
    ["await db('orders')\n  .orderBy('id')\n  .limit(20)\n  .offset(skip);", [['id', false, false]] as const, "await db('orders').modify((query) => { if (after) query.where('id', '>', after.id); })\n  .orderBy('id')\n  .limit(20);"],
    ["await db('orders').orderBy('a').orderBy('id', 'desc').limit(20).offset(skip);", [['a', false, false], ['id', true, false]] as const, "await db('orders').modify((query) => { if (after) query.whereRaw('((a > ?) or (a = ? and id < ?))', [after.a, after.a, after.id]); }).orderBy('a').orderBy('id', 'desc').limit(20);"],
    ["await db('orders').orderBy('a', direction).limit(20).offset(skip);", [['a', false, false]] as const, undefined],
    ["await db('orders').select('name').orderBy('id').limit(20).offset(skip);", [['id', false, false]] as const, undefined],
  ])('pages by key: %j', (before, keys, after) => {
    const result = change(knexHead, before, keyset(keys));
    expect(result.code).toBe(after);
    if (after === undefined) return;
    expect(result.sql).not.toContain('OFFSET');
    expect(result.file?.sites[0]?.conditional.map((part) => part.condition)).toEqual(['after']);
    // knex itself takes the new chain.
    const build = new Function('db', 'after', `return (${(result.code ?? '').replace(/^await |;$/g, '')});`) as (db: unknown, after: unknown) => { toSQL(): { sql: string } };
    const knex = knexModule({ client: 'pg' });
    expect(build(knex, { id: 1, a: 2, created_at: 3 }).toSQL().sql).toMatch(/ where /);
    expect(build(knex, undefined).toSQL().sql).not.toMatch(/offset| id\W*[<>]/);
  });

  it('adds orders and limits', () => {
    expect(change(knexHead, "await db('orders').where('a', 1).then((rows) => rows);", (site, place) => knexAdapter.addLimit?.(site, { ...place, count: 100 })).code).toBe("await db('orders').where('a', 1).limit(100).then((rows) => rows);");
    expect(change(knexHead, "await db('orders').orderBy('a').limit(5);", (site, place) => knexAdapter.addOrder?.(site, { ...place, keys: [{ column: 'id', descending: true }] })).code).toBe("await db('orders').orderBy('a').orderBy('id', 'desc').limit(5);");
  });
});

describe('prisma, edits', () => {
  it.each([
    ['await prisma.order.findMany();', 'await prisma.order.findMany({ where: { teamId } });'],
    ['await prisma.order.findMany({ take: 5 });', 'await prisma.order.findMany({ where: { teamId }, take: 5 });'],
    ['await prisma.order.findMany({\n  where: {\n    slug,\n  },\n});', 'await prisma.order.findMany({\n  where: {\n    teamId,\n    slug,\n  },\n});'],
    ['await prisma.order.findUnique({ where: { id } });', 'await prisma.order.findFirst({ where: { teamId, id } });'],
    ['await prisma.order.update({ where: { id }, data: { slug } });', 'await prisma.order.updateMany({ where: { teamId, id }, data: { slug } });'],
    ['const order = await prisma.order.update({ where: { id }, data: { slug } });', 'const order = await prisma.order.update({ where: { teamId, id }, data: { slug } });'],
    ['await prisma.order.delete({ where: { id } });', 'await prisma.order.deleteMany({ where: { teamId, id } });'],
    ['const where = { slug };\nawait prisma.order.findMany({ where, take: 3 });', 'const where = { teamId, slug };\nawait prisma.order.findMany({ where, take: 3 });'],
    ['await prisma.order.findMany({ where: {} });', 'await prisma.order.findMany({ where: { teamId } });'],
    ['await prisma.order.findUnique({ where: { teamId_slug: { teamId: a, slug } } });', undefined],
    ['await prisma.order.findMany({ where: build() });', undefined],
    ['await prisma.order.create({ data: { slug } });', undefined],
  ])('adds a filter to %j', (before, after) => {
    const result = change(prismaHead, before, tenant);
    expect(result.code).toBe(after);
    if (after !== undefined) expect(result.sql).toContain('"Order".team_id = $');
  });

  it('says what else changes', () => {
    const [site] = readPrisma(schema, `${prismaHead}await prisma.order.findUnique({ where: { id } });`).sites;
    expect(site && prismaAdapter.predicateNote?.(site, { uri, text: '', table: 'Order', column: 'team_id', value: 'x' })).toBe('findUnique becomes findFirst');
  });

  it.each([
    ["await prisma.order.findMany({ orderBy: { createdAt: 'desc' }, take: 20, skip: page * 20 });", [['created_at', true, false], ['id', true, true]] as const, "await prisma.order.findMany({ orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], take: 20, ...(after && { cursor: { id: after.id }, skip: 1 }) });"],
    ["await prisma.order.findMany({ orderBy: [{ id: 'asc' }], take: 20, skip });", [['id', false, false]] as const, "await prisma.order.findMany({ orderBy: [{ id: 'asc' }], take: 20, ...(after && { cursor: { id: after.id }, skip: 1 }) });"],
    ["await prisma.order.findMany({ orderBy: [{ slug: 'asc' }], take: 20, skip });", [['slug', false, false]] as const, undefined],
    ["await prisma.order.findMany({ orderBy: [{ id: 'asc' }], take: 20, skip, select: { slug: true } });", [['id', false, false]] as const, undefined],
  ])('pages by cursor: %j', (before, keys, after) => {
    const result = change(prismaHead, before, keyset(keys));
    expect(result.code).toBe(after);
    if (after !== undefined) expect(result.sql).not.toContain('OFFSET');
  });

  it('adds orders, limits and relations', () => {
    const order: Change = (site, place) => prismaAdapter.addOrder?.(site, { ...place, keys: [{ column: 'created_at', descending: false }] });
    expect(change(prismaHead, 'await prisma.order.findMany({ take: 5 });', order).code).toBe("await prisma.order.findMany({ orderBy: { createdAt: 'asc' }, take: 5 });");
    const limit: Change = (site, place) => prismaAdapter.addLimit?.(site, { ...place, count: 100 });
    expect(change(prismaHead, 'await prisma.order.findMany({ where: { slug } });', limit).code).toBe('await prisma.order.findMany({ where: { slug }, take: 100 });');
    expect(change(prismaHead, 'await prisma.order.findMany({\n  where: { slug },\n});', limit).code).toBe('await prisma.order.findMany({\n  where: { slug },\n  take: 100,\n});');
    const include: Change = (site, place) => prismaInclude(site, 'items', place);
    expect(change(prismaHead, 'await prisma.order.findMany({ where: { slug } });', include).code).toBe('await prisma.order.findMany({ where: { slug }, include: { items: true } });');
    expect(change(prismaHead, 'await prisma.order.findMany({ select: { id: true } });', include).code).toBe('await prisma.order.findMany({ select: { items: true, id: true } });');
  });

  it('writes the one statement for many keys', () => {
    const text = `${prismaHead}for (const o of orders) { const x = await prisma.order.findUnique({ where: { id: o.orderId }, select: { id: true } }); }`;
    const [site] = readPrisma(schema, text).sites;
    expect(site && prismaListCall(site, 'id', 'ids', text)).toBe('prisma.order.findMany({ where: { id: { in: ids } }, select: { id: true } })');
  });
});

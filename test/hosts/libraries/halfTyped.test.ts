import { describe, expect, it } from 'vitest';
import { readPrisma } from '../../support/readPrisma';

const knex = "import knexModule from 'knex';\nconst db = knexModule({ client: 'pg' });\nlet q = db('orders as o').join('users as u', function () { this.on('u.id', 'o.user_id').andOnVal('u.a', '>', 1); }).where((b) => b.whereIn('id', [1, 2]).orWhereRaw('a = ? and ?? = :x', [1, 'b'])).whereBetween('c', [a, b]).select({ x: 'y' }, db.raw('now()')).orderBy([{ column: 'a', order: 'desc' }]).limit(5).offset(n);\nif (😀) q = q.where({ a, ...b });\nawait q;\nawait db('t').insert([{ a: 1 }]).onConflict('a').merge();";
const prisma = "import { PrismaClient } from '@prisma/client';\nconst prisma = new PrismaClient();\nconst where = { a: 1 };\nif (x) where.b = '😀';\nawait prisma.order.findMany({ where: { ...where, AND: [{ a: { in: [1, 2] } }], items: { some: { id: 1 } }, OR: xs.map(f) }, orderBy: [{ a: 'asc' }, { b: { sort: 'desc', nulls: 'last' } }], cursor: c ? { id: c } : undefined, skip: c ? 1 : 0, take: -5, select: { a: true, items: { take: 3 } } });\nawait prisma.order.upsert({ where: { id }, create: { a: 1 }, update: { b: { increment: 1 } } });\nawait prisma.$queryRaw`SELECT ${Prisma.join(ids)} FROM t ${x ? Prisma.sql`WHERE a = ${b}` : Prisma.empty}`;";
const schema = 'model Order {\n  id Int @id\n  a Int\n  items Item[]\n}\nmodel Item {\n  id Int @id\n  orderId Int\n  order Order @relation(fields: [orderId], references: [id])\n}';

describe('code while it is typed', () => {
  it.each([['knex', knex], ['prisma', prisma]])('%s: every beginning can be read, and every segment lies in the text', (_, code) => {
    for (let end = 0; end <= code.length; end += 3) {
      const text = code.slice(0, end);
      for (const site of readPrisma(schema, text).sites) {
        let at = 0;
        for (const segment of site.map.segments) {
          expect(segment.sql.start).toBeGreaterThanOrEqual(at);
          expect(segment.host.start).toBeLessThanOrEqual(segment.host.end);
          expect(segment.host.end).toBeLessThanOrEqual(text.length);
          at = segment.sql.end;
        }
        expect(at).toBeLessThanOrEqual(site.source?.text.length ?? 0);
        for (const part of site.conditional) expect(part.sql.end).toBeLessThanOrEqual(site.source?.text.length ?? 0);
      }
    }
  });
});

import { nPlusOne } from '../../server/src/core/rules/n-plus-one';
import { missingTenantFilter } from '../../server/src/core/rules/missing-tenant-filter';
import { offsetPagination } from '../../server/src/core/rules/offset-pagination';
import { testRule } from '../support/ruleTester';

const schema = `
  CREATE TABLE tenants (id bigint PRIMARY KEY);
  CREATE TABLE orders (id bigint PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES tenants, customer_id bigint NOT NULL, created_at timestamptz NOT NULL, total numeric NOT NULL);
  CREATE TABLE customers (id bigint PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES tenants, name text NOT NULL);
`;

const drizzle = `import { eq, desc, and } from 'drizzle-orm';
import { pgTable, bigint, timestamp, text } from 'drizzle-orm/pg-core';
import { drizzle } from 'drizzle-orm/node-postgres';
const db = drizzle(pool);
export const orders = pgTable('orders', { id: bigint('id', { mode: 'number' }).primaryKey(), tenantId: bigint('tenant_id', { mode: 'number' }).notNull(), customerId: bigint('customer_id', { mode: 'number' }).notNull(), createdAt: timestamp('created_at').notNull() });
export const customers = pgTable('customers', { id: bigint('id', { mode: 'number' }).primaryKey(), tenantId: bigint('tenant_id', { mode: 'number' }).notNull(), name: text('name').notNull() });
`;

const kysely = `import { Kysely, PostgresDialect } from 'kysely';
const db = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
`;

const slonik = "import { createPool, sql } from 'slonik';\nconst pool = await createPool(url);\n";
const pgPromise = "import pgPromise from 'pg-promise';\nconst pgp = pgPromise({});\nconst db = pgp(url);\n";
const neon = "import { neon } from '@neondatabase/serverless';\nconst sql = neon(url);\n";

const supabase = "import { createClient } from '@supabase/supabase-js';\nconst supabase = createClient(url, key);\n";

testRule(offsetPagination, {
  schema,
  flagged: [
    {
      language: 'typescript',
      code: `${supabase}
export const page = async (from: number, to: number) => await supabase.from('orders').select('id').order('id').range(from, to);
//                                                                                                            ^^^^^^^^^^^^^^^^`,
    },
    {
      language: 'typescript',
      code: `${slonik}
export const page = (offset: number) => pool.any(sql.type(row)\`SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET \${offset}\`);
//                                                                                                        ^^^^^^^^^^^^^^^^`,
    },
    {
      language: 'typescript',
      code: `${pgPromise}
export const page = (offset: number) => db.any('SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET $(offset)', { offset });
//                                                                                         ^^^^^^^^^^^^^^^^`,
    },
    {
      language: 'typescript',
      code: `${neon}
export const page = (offset: number) => sql\`SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET \${offset}\`;
//                                                                                     ^^^^^^^^^^^^^^^^`,
    },
    {
      language: 'typescript',
      code: `${kysely}
export async function page(tenantId: number, offset: number) {
  return db.selectFrom('orders').selectAll().where('tenant_id', '=', tenantId).orderBy('id').limit(20).offset(offset).execute();
//                                                                                                    ^^^^^^^^^^^^^^^ later pages cost more
}`,
      fixed: `${kysely}
export async function page(tenantId: number, offset: number, after?: { id: string }) {
  return db.selectFrom('orders').selectAll().where('tenant_id', '=', tenantId).where((eb) => after ? eb('id', '>', after.id) : eb.lit(true)).orderBy('id').limit(20).execute();
}`,
    },
    {
      language: 'typescript',
      code: `${drizzle}
export async function page(tenantId: number, offset: number) {
  return db.select().from(orders).where(eq(orders.tenantId, tenantId)).orderBy(desc(orders.createdAt)).limit(20).offset(offset);
//                                                                                                              ^^^^^^^^^^^^^^^ later pages cost more
}`,
      fixed: `${drizzle.replace('{ eq, desc, and }', '{ eq, desc, and, sql }')}
export async function page(tenantId: number, offset: number, after?: { createdAt: (typeof orders.$inferSelect)['createdAt']; id: (typeof orders.$inferSelect)['id'] }) {
  return db.select().from(orders).where(and(eq(orders.tenantId, tenantId), after ? sql\`(\${orders.createdAt}, \${orders.id}) < (\${sql.param(after.createdAt, orders.createdAt)}, \${sql.param(after.id, orders.id)})\` : undefined)).orderBy(desc(orders.createdAt), desc(orders.id)).limit(20);
}`,
    },
    {
      language: 'typescript',
      code: `${drizzle}
export const page = (offset: number) => db.query.orders.findMany({ where: eq(orders.tenantId, 1), orderBy: desc(orders.id), limit: 20, offset });
//                                                                                                                                     ^^^^^^`,
    },
  ],
  clean: [{ language: 'typescript', code: `${drizzle}\nexport const page = (after: number) => db.select().from(orders).where(eq(orders.id, after)).limit(20);` }],
});

testRule(nPlusOne, {
  schema,
  flagged: [
    {
      language: 'typescript',
      code: `${supabase}
export async function names(ids: number[]) {
  for (const id of ids) print(await supabase.from('customers').select('name').eq('id', id).single());
//                                  ^^^^^^^^^^^^^^^^^^^^^^^^^^ once per element
}`,
    },
    {
      language: 'typescript',
      code: `${slonik}
export async function names(ids: number[]) {
  for (const id of ids) print(await pool.one(sql.unsafe\`SELECT name FROM customers WHERE id = \${id}\`));
//                                           ^^^^^^^^^^ once per element
}`,
    },
    {
      language: 'typescript',
      code: `${pgPromise}
export async function names(ids: number[]) {
  for (const id of ids) print(await db.oneOrNone('SELECT name FROM customers WHERE id = $1', [id]));
//                                  ^^^^^^^^^^^^ once per element
}`,
    },
    {
      language: 'typescript',
      code: `${neon}
export async function names(ids: number[]) {
  return Promise.all(ids.map((id) => sql\`SELECT name FROM customers WHERE id = \${id}\`));
//                                   ^^^ once per element
}`,
    },
    {
      language: 'typescript',
      code: `${kysely}
export async function names(ids: number[]) {
  const found = [];
  for (const id of ids) found.push(await db.selectFrom('customers').select('name').where('id', '=', id).executeTakeFirst());
//                                       ^^^^^^^^^^^^^ once per element
  return found;
}`,
    },
    {
      language: 'typescript',
      code: `${drizzle}
export async function names(ids: number[]) {
  const found = [];
  for (const id of ids) found.push(await db.query.customers.findFirst({ where: eq(customers.id, id) }));
//                                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ once per element
  return found;
}`,
    },
    {
      language: 'typescript',
      code: `${drizzle}
export async function load(rows: { customerId: number }[]) {
  return Promise.all(rows.map(async (row) => {
    const [customer] = await db.select().from(customers).where(eq(customers.id, row.customerId)).limit(1);
//                           ^^^^^^^^^ once per element
    return customer;
  }));
}`,
    },
  ],
  clean: [{ language: 'typescript', code: `${drizzle}\nexport async function load(ids: number[]) {\n  for (const id of ids) conditions.push(eq(customers.id, id));\n  return db.select().from(customers).where(or(...conditions));\n}` }],
});

testRule(missingTenantFilter, {
  schema,
  settings: { tenant: { columns: ['tenant_id'], globalTables: [], systemPaths: [] } },
  flagged: [
    {
      language: 'typescript',
      code: `${drizzle}
export async function one(tenantId: number, id: number) {
  return db.select({ id: orders.id }).from(orders).where(eq(orders.id, id));
//                                         ^^^^^^ orders is read without its tenant
}`,
      fixed: `${drizzle}
export async function one(tenantId: number, id: number) {
  return db.select({ id: orders.id }).from(orders).where(and(eq(orders.id, id), eq(orders.tenantId, tenantId)));
}`,
    },
  ],
  clean: [{ language: 'typescript', code: `${drizzle}\nexport const one = (id: number, tenantId: number) => db.select().from(orders).where(and(eq(orders.id, id), eq(orders.tenantId, tenantId)));` }],
});

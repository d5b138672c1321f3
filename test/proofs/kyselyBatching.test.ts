import { proveBatching, READ } from '../support/batchProofs';

proveBatching({
  library: 'Kysely',
  schema: `
CREATE TABLE customers (id integer PRIMARY KEY, full_name text, region integer NOT NULL);
CREATE TABLE lines (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id integer, sku text DEFAULT 'none', note text);
CREATE TABLE seen (order_id integer PRIMARY KEY, sku text);
`,
  rows: `
TRUNCATE customers, lines, seen RESTART IDENTITY;
INSERT INTO customers VALUES (1, 'Ada', 1), (2, NULL, 1), (3, 'Ben', 2), (9, 'Zoë', 2);
INSERT INTO lines (order_id, sku) VALUES (1, 'b'), (1, 'a'), (2, 'c'), (3, NULL), (NULL, 'x'), (1, 'a');
INSERT INTO seen VALUES (2, 'old');
`,
  state: "SELECT 'l', order_id, sku, note FROM lines UNION ALL SELECT 's', order_id, sku, NULL FROM seen ORDER BY 1, 2, 3, 4",
  head: `import { Kysely, PostgresDialect, sql } from 'kysely';
import { Pool } from 'pg';
interface Database {
  customers: { id: number; full_name: string | null; region: number };
  lines: { id: number; order_id: number | null; sku: string | null; note: string | null };
  seen: { order_id: number; sku: string | null };
}
const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: new Pool() }) });
type Order = { id: number; customerId: number; sku: string | null };
export async function run(orders: Order[]) {
  const found: unknown[] = [];
  BODY
  return found;
}
`,
  inputs: [[{ id: 1, customerId: 3, sku: 's1' }, { id: 2, customerId: 1, sku: null }, { id: 3, customerId: 3, sku: "o'brien" }, { id: 4, customerId: 77, sku: '{"' }, { id: 1, customerId: 2, sku: '' }], [], [{ id: 1, customerId: 3, sku: 's1' }]],
  cases: {
    'one row by key': ["for (const order of orders) {\n    const customer = await db.selectFrom('customers').selectAll().where('id', '=', order.customerId).executeTakeFirst();\n    found.push(customer, order.id);\n  }", READ],
    'chosen columns, with a limit': ["for (const { customerId } of orders) {\n    const customer = await db.selectFrom('customers').select(['full_name as name', 'region']).where('customers.id', '=', customerId).limit(1).executeTakeFirst();\n    found.push(customer);\n  }", READ],
    'the key under another name': ["for (const { customerId } of orders) {\n    const customer = await db.selectFrom('customers as c').select(['c.id as key', 'c.full_name']).where('c.id', '=', customerId).where('c.region', '=', 2).executeTakeFirst();\n    found.push(customer);\n  }", READ],
    'all rows, in order': ["for (const order of orders) {\n    const rows = await db.selectFrom('lines').selectAll().where('order_id', '=', order.id).orderBy('sku', 'desc').orderBy('id').execute();\n    found.push(rows);\n  }", READ],
    'a count of each': ["for (const order of orders) {\n    const row = await db.selectFrom('lines').select((eb) => [eb.fn.countAll().as('n'), eb.fn.max('sku').as('last')]).where('order_id', '=', order.id).executeTakeFirst();\n    found.push(row?.n, row?.last);\n  }", READ],
    'concurrent turns': ["const rows = await Promise.all(orders.map((order) => db.selectFrom('customers').selectAll().where('id', '=', order.customerId).executeTakeFirst()));\n  found.push(rows);", READ],
    'keys of what is no array': ["const ids = new Set(orders.map((order) => order.customerId));\n  for (const id of ids) {\n    const customer = await db.selectFrom('customers').select('full_name').where('id', '=', id).executeTakeFirst();\n    found.push(customer?.full_name);\n  }", READ],
    insert: ["for (const order of orders) {\n    await db.insertInto('lines').values({ order_id: order.id, sku: order.sku, note: 'imported' }).execute();\n  }", 'Insert all rows with one statement'],
    'insert where there is none yet': ["for (const order of orders) {\n    await db.insertInto('seen').values({ order_id: order.id, sku: order.sku }).onConflict((oc) => oc.column('order_id').doNothing()).execute();\n  }", 'Insert all rows with one statement'],
    update: ["for (const order of orders) {\n    await db.updateTable('lines').set({ note: 'seen' }).where('order_id', '=', order.id).where('sku', '!=', 'c').execute();\n  }", 'Update all rows with one statement'],
    delete: ["for (const { id } of orders) await db.deleteFrom('lines').where('order_id', '=', id).executeTakeFirst();", 'Delete all rows with one statement'],
    'delete by what is no array': ["const ids = new Set(orders.map((order) => order.id));\n  for (const id of ids) {\n    await db.deleteFrom('lines').where('order_id', '=', id).execute();\n  }", 'Delete all rows with one statement'],
  },
  refused: {
    'the inserted row is used': "for (const order of orders) {\n    const row = await db.insertInto('lines').values({ order_id: order.id }).returning('id').executeTakeFirst();\n    found.push(row?.id);\n  }",
    'the number of deleted rows is used': "for (const order of orders) {\n    const done = await db.deleteFrom('lines').where('order_id', '=', order.id).executeTakeFirst();\n    found.push(Number(done.numDeletedRows));\n  }",
    'an upsert may meet a row twice': "for (const order of orders) {\n    await db.insertInto('seen').values({ order_id: order.id, sku: order.sku }).onConflict((oc) => oc.column('order_id').doUpdateSet({ sku: 'again' })).execute();\n  }",
    'a missing row raises': "for (const order of orders) {\n    const customer = await db.selectFrom('customers').selectAll().where('id', '=', order.customerId).executeTakeFirstOrThrow();\n    found.push(customer.region);\n  }",
    'one of several rows': "for (const order of orders) {\n    const line = await db.selectFrom('lines').selectAll().where('order_id', '=', order.id).orderBy('id').executeTakeFirst();\n    found.push(line?.sku);\n  }",
    'rows are locked': "for (const order of orders) {\n    const customer = await db.selectFrom('customers').selectAll().where('id', '=', order.customerId).forUpdate().executeTakeFirst();\n    found.push(customer?.region);\n  }",
    'a join': "for (const order of orders) {\n    const rows = await db.selectFrom('lines').innerJoin('customers', 'customers.id', 'lines.order_id').selectAll().where('lines.order_id', '=', order.id).execute();\n    found.push(rows.length);\n  }",
    'a counter': "for (const order of orders) {\n    await db.updateTable('customers').set((eb) => ({ region: eb('region', '+', 1) })).where('id', '=', order.customerId).execute();\n  }",
    'a value from SQL': "for (const order of orders) {\n    await db.insertInto('lines').values({ order_id: order.id, note: sql`clock_timestamp()::text` }).execute();\n  }",
    'a client of each turn': "const turns = orders.map((order) => ({ trx: db, id: order.customerId }));\n  for (const { trx, id } of turns) {\n    const customer = await trx.selectFrom('customers').selectAll().where('id', '=', id).executeTakeFirst();\n    found.push(customer?.region);\n  }",
    'a client that each turn chooses': "const clients = [db, db];\n  for (const order of orders) {\n    const client = clients[order.id % 2] ?? db;\n    const customer = await client.selectFrom('customers').selectAll().where('id', '=', order.customerId).executeTakeFirst();\n    found.push(customer?.region);\n  }",
    'a transaction of each turn': "for (const order of orders) {\n    await db.transaction().execute(async (trx) => {\n      await trx.updateTable('lines').set({ note: 'seen' }).where('order_id', '=', order.id).execute();\n    });\n  }",
  },
});

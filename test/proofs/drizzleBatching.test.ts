import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applyEdits } from '../../server/src/core/text/edit';
import { createFlowWorkspace } from '../support/flowWorkspace';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { runTypeScript } from '../support/runCode';

const SCHEMA = `
CREATE TABLE customers (id integer PRIMARY KEY, full_name text, region integer NOT NULL);
CREATE TABLE lines (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id integer, sku text, note text);
`;
const ROWS = `
TRUNCATE customers, lines RESTART IDENTITY;
INSERT INTO customers VALUES (1, 'Ada', 1), (2, NULL, 1), (3, 'Ben', 2), (9, 'Zoë', 2);
INSERT INTO lines (order_id, sku) VALUES (1, 'b'), (1, 'a'), (2, 'c'), (3, NULL), (NULL, 'x'), (1, 'a');
`;
const STATE = 'SELECT order_id, sku, note FROM lines ORDER BY 1, 2, 3';
const ORDERS = [{ id: 1, customerId: 3, sku: 's1' }, { id: 2, customerId: 1, sku: null }, { id: 3, customerId: 3, sku: "o'brien" }, { id: 4, customerId: 77, sku: '{"' }, { id: 1, customerId: 2, sku: '' }];
const HEAD = `import { asc, eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import { Pool } from 'pg';
const customers = pgTable('customers', { id: integer('id').primaryKey(), fullName: text('full_name'), region: integer('region').notNull() });
const lines = pgTable('lines', { id: integer('id').primaryKey().generatedAlwaysAsIdentity(), orderId: integer('order_id'), sku: text('sku'), note: text('note') });
const db = drizzle(new Pool(), { schema: { customers, lines } });
type Order = { id: number; customerId: number; sku: string | null };
export async function run(orders: Order[]) {
  const found: unknown[] = [];
  BODY
  return found;
}
`;

/** A body, and the fix's title. */
const cases: Readonly<Record<string, readonly [string, string]>> = {
  'one row by key': ["for (const order of orders) {\n    const [customer] = await db.select().from(customers).where(eq(customers.id, order.customerId)).limit(1);\n    found.push(customer?.fullName, order.id);\n  }", 'Read all rows with one query before the loop'],
  'chosen columns': ["for (const { customerId } of orders) {\n    const [customer] = await db.select({ name: customers.fullName }).from(customers).where(eq(customers.id, customerId));\n    found.push(customer?.name);\n  }", 'Read all rows with one query before the loop'],
  'all rows, in order': ["for (const order of orders) {\n    const rows = await db.select().from(lines).where(eq(lines.orderId, order.id)).orderBy(asc(lines.sku), asc(lines.id));\n    found.push(rows);\n  }", 'Read all rows with one query before the loop'],
  'a relational query': ["for (const order of orders) {\n    const customer = await db.query.customers.findFirst({ where: eq(customers.id, order.customerId) });\n    found.push(customer ?? 'none');\n  }", 'Read all rows with one query before the loop'],
  'concurrent turns': ["const names = await Promise.all(orders.map((order) => db.query.customers.findFirst({ where: eq(customers.id, order.customerId) })));\n  found.push(names);", 'Read all rows with one query before the loop'],
  insert: ["for (const order of orders) {\n    await db.insert(lines).values({ orderId: order.id, sku: order.sku, note: 'imported' });\n  }", 'Insert all rows with one statement'],
  'insert in concurrent turns': ["await Promise.all(orders.map((order) => db.insert(lines).values({ orderId: order.id, sku: order.sku })));", 'Insert all rows with one statement'],
  update: ["for (const order of orders) {\n    await db.update(lines).set({ note: 'seen' }).where(eq(lines.orderId, order.id));\n  }", 'Update all rows with one statement'],
  delete: ["for (const { id } of orders) await db.delete(lines).where(eq(lines.orderId, id));", 'Delete all rows with one statement'],
};

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase(SCHEMA);
});
afterAll(() => database?.drop());
beforeEach(async () => void (await database.query(ROWS)));

describe('Drizzle: one statement does what the loop did', () => {
  for (const [name, [body, title]] of Object.entries(cases)) {
    it(name, async () => {
      const code = HEAD.replace('BODY', () => body);
      const workspace = await createFlowWorkspace({ 'src/case.ts': code });
      const findings = await workspace.lint('src/case.ts', SCHEMA);
      expect(findings).toHaveLength(1);
      const fixes = findings[0]?.fixes() ?? [];
      expect(fixes.map((f) => f.title)).toEqual([title]);
      const after = applyEdits(code, fixes[0]?.edits ?? []) ?? '';
      workspace.write('src/case.ts', after);
      expect(await workspace.lint('src/case.ts', SCHEMA), after).toEqual([]);
      for (const orders of [ORDERS, [], ORDERS.slice(0, 1)]) {
        const run = async (text: string) => {
          await database.query(ROWS);
          const result = await runTypeScript(text, database.url, [orders]);
          return { ...result, state: await database.query(STATE) };
        };
        const before = await run(code);
        const now = await run(after);
        expect(now.value, after).toEqual(before.value);
        expect(now.state, after).toEqual(before.state);
        expect(now.statements.length, after).toBeLessThanOrEqual(1);
      }
    });
  }
});

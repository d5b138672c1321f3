import { describe, expect, it } from 'vitest';
import { writeInLoop } from '../../server/src/core/rules/write-in-loop';
import { lintCase } from '../support/readers';
import { testRule, type RuleCase } from '../support/ruleTester';

const SCHEMA = 'CREATE TABLE lines (order_id bigint, sku text, note jsonb, amount int NOT NULL DEFAULT 0);';
const HEAD = "import { Pool } from 'pg';\nconst pool = new Pool();\n";
const ts = (code: string, rest: Partial<RuleCase> = {}): RuleCase => ({ language: 'typescript', code: HEAD + code, ...rest });
const loop = (call: string, mark: string, rest: Partial<RuleCase> = {}): RuleCase => ts(`export async function run(lines: Line[], pool2: Pool) {\n  for (const line of lines) {\n    ${call}\n${mark}\n  }\n}\n`, rest);
const MARK = '//        ^^^^^^^^^^ writes once per element of `lines`';
const fixed = (call: string): string => `${HEAD}export async function run(lines: Line[], pool2: Pool) {\n  ${call}\n}\n`;

describe('turns at the same time', () => {
  const prisma = "import { PrismaClient } from '@prisma/client';\nconst prisma = new PrismaClient();\n";
  it.each([
    ['export async function run(ids: number[]) {\n  await Promise.all(ids.map((id) => prisma.line.update({ where: { id }, data: { sku: "x" } })));\n}\n', true],
    // One connection runs them one after the other.
    ['export async function run(ids: number[]) {\n  await prisma.$transaction(ids.map((id) => prisma.line.update({ where: { id }, data: { sku: "x" } })));\n}\n', false],
    ['export async function run(ids: number[]) {\n  await prisma.$transaction(async (t) => {\n    await Promise.all(ids.map((id) => t.line.update({ where: { id }, data: { sku: "x" } })));\n  });\n}\n', false],
  ])('%s: takes every connection of the pool: %s', async (code, takes) => {
    const { findings } = await lintCase([writeInLoop], { language: 'typescript', code: prisma + code });
    expect(findings.map((finding) => finding.message.includes('every connection'))).toEqual([takes]);
  });
});

testRule(writeInLoop, {
  schema: SCHEMA,
  flagged: [
    loop("await pool.query('INSERT INTO lines (order_id, sku) VALUES ($1, $2)', [line.orderId, line.sku]);", MARK, {
      severity: 'warning',
      fixed: fixed("await pool.query('INSERT INTO lines (order_id, sku) SELECT * FROM unnest($1::bigint[], $2::text[])', [lines.map((line) => line.orderId), lines.map((line) => line.sku)]);"),
    }),
    loop("await pool.query('DELETE FROM lines WHERE order_id = $1', [line.orderId]);", MARK, {
      fixed: fixed("await pool.query('DELETE FROM lines WHERE order_id = ANY($1)', [lines.map((line) => line.orderId)]);"),
    }),
    loop("await pool.query('UPDATE lines SET amount = 0 WHERE order_id = $1', [line.orderId]);", MARK, { fixes: 1 }),
    // A key that comes twice would count once.
    loop("await pool.query('UPDATE lines SET amount = amount + 1 WHERE order_id = $1', [line.orderId]);", MARK, { fixes: 0 }),
    loop("await pool.query('UPDATE lines SET sku = $2 WHERE order_id = $1', [line.orderId, line.sku]);", MARK, { fixes: 1 }),
    // Arrays of jsonb are sent differently; RETURNING, DO UPDATE and computed values are not the same in one statement.
    loop("await pool.query('INSERT INTO lines (order_id, note) VALUES ($1, $2)', [line.orderId, line.note]);", MARK, { fixes: 0 }),
    loop("await pool.query('INSERT INTO lines (order_id) VALUES ($1) RETURNING sku', [line.orderId]);", MARK, { fixes: 0 }),
    loop("await pool.query('INSERT INTO lines (order_id, sku) VALUES ($1, $2) ON CONFLICT (order_id) DO UPDATE SET sku = excluded.sku', [line.orderId, line.sku]);", MARK, { fixes: 1 }),
    loop("await pool.query('INSERT INTO lines (order_id) VALUES ($1)', [next(line)]);", MARK, { fixes: 0 }),
    // Without a schema the types of the columns are not known.
    loop("await pool.query('INSERT INTO lines (order_id, sku) VALUES ($1, $2)', [line.orderId, line.sku]);", MARK, { schema: '', fixes: 0 }),
    ts(`export async function run(lines: Line[]) {
  for (const line of lines) {
    console.log(line);
    await pool.query('DELETE FROM lines WHERE order_id = $1', [line.orderId]);
//        ^^^^^^^^^^
  }
}
`, { fixes: 0 }),
    ts(`export async function run(lines: Line[]) {
  await Promise.all(lines.map((line) => pool.query('DELETE FROM lines WHERE order_id = $1', [line.orderId])));
//                                      ^^^^^^^^^^ All at the same time
}
`, { fixes: 1 }),
    // One table, one way: one thing to mend.
    ts(`export async function run(lines: Line[]) {
  for (const line of lines) {
    await pool.query('UPDATE lines SET amount = 0 WHERE order_id = $1', [line.orderId]);
//        ^^^^^^^^^^
    await pool.query('UPDATE lines SET sku = $2 WHERE order_id = $1', [line.orderId, line.sku]);
    await pool.query('DELETE FROM carts WHERE order_id = $1', [line.orderId]);
//        ^^^^^^^^^^
  }
}
`, { fixes: 0 }),
    // The rows come in batches already; that each order has batches of its own is worth a look only.
    ts(`export async function run(orders: Order[]) {
  for (const order of orders) {
    const ids = order.lines.map((line) => line.id);
    while (ids.length) {
      const chunk = ids.splice(0, 100);
      await pool.query('DELETE FROM lines WHERE order_id = $1 AND sku = ANY($2)', [order.id, chunk]);
//          ^^^^^^^^^^
    }
  }
}
`, { fixes: 0, severity: 'hint' }),
    ts(`async function remove(id: number) {
  await pool.query('DELETE FROM lines WHERE order_id = $1', [id]);
}
export async function run(lines: Line[]) {
  for (const line of lines) await remove(line.orderId);
//                                ^^^^^^ leads to a write
}
`, { fixes: 0 }),
    {
      language: 'python',
      code: `import asyncpg

async def run(conn: asyncpg.Connection, lines):
    for line in lines:
        await conn.execute("INSERT INTO lines (order_id, sku) VALUES ($1, $2)", line.order_id, line.sku)
#             ^^^^^^^^^^^^
`,
      fixed: `import asyncpg

async def run(conn: asyncpg.Connection, lines):
    await conn.execute("INSERT INTO lines (order_id, sku) SELECT * FROM unnest($1::bigint[], $2::text[])", [line.order_id for line in lines], [line.sku for line in lines])
`,
    },
    {
      language: 'typescript',
      code: `import knex from 'knex';
const db = knex({ client: 'pg' });
export async function run(lines: Line[], note: string) {
  for (const line of lines) {
    await db('lines').insert({ order_id: line.orderId, sku: line.sku, note });
//        ^^^^^^^^^^^
  }
}
`,
      fixed: `import knex from 'knex';
const db = knex({ client: 'pg' });
export async function run(lines: Line[], note: string) {
  if (lines.length > 0) await db('lines').insert(lines.map((line) => ({ order_id: line.orderId, sku: line.sku, note })));
}
`,
    },
    {
      language: 'typescript',
      code: `import { PrismaClient } from '@prisma/client';
const prisma = new PrismaClient();
export async function run(lines: Line[]) {
  for (const line of lines) {
    await prisma.line.create({ data: { orderId: line.orderId, sku: line.sku } });
//        ^^^^^^^^^^^^^^^^^^
  }
}
`,
      fixed: `import { PrismaClient } from '@prisma/client';
const prisma = new PrismaClient();
export async function run(lines: Line[]) {
  await prisma.line.createMany({ data: lines.map((line) => ({ orderId: line.orderId, sku: line.sku })) });
}
`,
    },
  ],
  clean: [
    // Migrations: each is other SQL, in an order that is meant.
    ts("export async function run(migrations: Migration[]) {\n  for (const migration of migrations) await pool.query('INSERT INTO lines (sku) VALUES ($1)', [migration.name]);\n}\n"),
    ts("export function run(lines: Line[]) {\n  for (const line of lines) void String(`DELETE FROM lines WHERE order_id = ${line.orderId}`);\n}\n"),
    ts("export async function run(lines: Line[]) {\n  for (const line of lines) await pool.query('SELECT sku FROM lines WHERE order_id = $1', [line.orderId]);\n}\n"),
    ts("export async function run(lines: Line[]) {\n  for (const part of chunk(lines, 500)) await pool.query('INSERT INTO lines (order_id) SELECT unnest($1::bigint[])', [part.map((l) => l.orderId)]);\n}\n"),
    ts("export async function run() {\n  for (const sku of ['a', 'b']) await pool.query('INSERT INTO lines (sku) VALUES ($1)', [sku]);\n}\n"),
    ts("export async function run(lines: Line[]) {\n  for (const line of lines) await pool.query('INSERT INTO lines (order_id) VALUES ($1)', [line.orderId]);\n}\n", { role: 'seed' }),
    ts("export async function run(id: number) {\n  for (let attempt = 0; attempt < 5; attempt++) {\n    try {\n      await pool.query('UPDATE lines SET amount = 1 WHERE order_id = $1', [id + attempt]);\n      return;\n    } catch {}\n  }\n}\n"),
  ],
});

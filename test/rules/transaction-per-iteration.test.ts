import { transactionPerIteration } from '../../server/src/core/rules/transaction-per-iteration';
import { testRule, type RuleCase } from '../support/ruleTester';

const HEAD = "import { Pool } from 'pg';\nimport { db } from './db';\nconst pool = new Pool();\n";
const ts = (code: string, rest: Partial<RuleCase> = {}): RuleCase => ({ language: 'typescript', code: HEAD + code, ...rest });
const py = (code: string, rest: Partial<RuleCase> = {}): RuleCase => ({ language: 'python', code, ...rest });

testRule(transactionPerIteration, {
  flagged: [
    ts(
      `export async function run(client: PoolClient, lines: Line[]) {
  for (const line of lines) {
    await client.query('BEGIN');
//        ^^^^^^^^^^^^ once per element of \`lines\`
    await client.query('UPDATE stock SET held = $2 WHERE sku = $1', [line.sku, line.held]);
    await client.query('COMMIT');
  }
}
`,
      {
        severity: 'info',
        fixed: `${HEAD}export async function run(client: PoolClient, lines: Line[]) {
  await client.query('BEGIN');
  for (const line of lines) {
    await client.query('UPDATE stock SET held = $2 WHERE sku = $1', [line.sku, line.held]);
  }
  await client.query('COMMIT');
}
`,
      },
    ),
    {
      language: 'typescript',
      code: `import { PrismaClient } from '@prisma/client';
const prisma = new PrismaClient();
export async function run(lines: Line[]) {
  for (const line of lines) {
    await prisma.$transaction(async (tx) => {
//               ^^^^^^^^^^^^ \`prisma.$transaction\` begins
      await tx.stock.update({ where: { sku: line.sku }, data: { held: line.held } });
      await tx.cart.deleteMany({ where: { sku: line.sku } });
    });
  }
}
`,
      fixed: `import { PrismaClient } from '@prisma/client';
const prisma = new PrismaClient();
export async function run(lines: Line[]) {
  await prisma.$transaction(async (tx) => {
    for (const line of lines) {
      await tx.stock.update({ where: { sku: line.sku }, data: { held: line.held } });
      await tx.cart.deleteMany({ where: { sku: line.sku } });
    }
  });
}
`,
    },
    ts(`async function saveOne(line: Line) {
  await db.transaction(async (tx) => {
    await pool.query('UPDATE stock SET held = $2 WHERE sku = $1', [line.sku, line.held]);
  });
}
export async function run(lines: Line[]) {
  for (const line of lines) await saveOne(line);
//                                ^^^^^^^ case.ts:10 → case.ts:5 db.transaction
}
`, { fixes: 0 }),
    ts(`export const run = (lines: Line[]) => Promise.all(lines.map((line) => db.transaction(async () => {
//                                                                       ^^^^^^^^^^^ each on a connection of its own
  await pool.query('UPDATE stock SET held = $2 WHERE sku = $1', [line.sku, line.held]);
})));
`, { fixes: 0 }),
    // The way out by `return` ends a turn in one form and the walk in the other: no fix.
    ts(`export async function run(lines: Line[]) {
  for (const line of lines) {
    await db.transaction(async () => {
//           ^^^^^^^^^^^ once per element
      if (line.held === 0) return;
      await pool.query('UPDATE stock SET held = $2 WHERE sku = $1', [line.sku, line.held]);
    });
  }
}
`, { fixes: 0 }),
    py(
      `import psycopg

def run(conn: psycopg.Connection, lines):
    for line in lines:
        with conn.transaction():
#            ^^^^^^^^^^^^^^^^^^ once per element
            conn.execute("UPDATE stock SET held = %s WHERE sku = %s", (line.held, line.sku))
`,
      {
        fixed: `import psycopg

def run(conn: psycopg.Connection, lines):
    with conn.transaction():
        for line in lines:
            conn.execute("UPDATE stock SET held = %s WHERE sku = %s", (line.held, line.sku))
`,
      },
    ),
    py(`from django.db import connection, transaction

def run(lines):
    for line in lines:
        with transaction.atomic():
#            ^^^^^^^^^^^^^^^^^^^^ once per element
            with connection.cursor() as cursor:
                cursor.execute("UPDATE stock SET held = %s WHERE sku = %s", [line.held, line.sku])
`),
  ],
  clean: [
    // Each element fails on its own.
    ts(`export async function run(lines: Line[]) {
  for (const line of lines) {
    try {
      await db.transaction(async () => { await pool.query('UPDATE stock SET held = $2 WHERE sku = $1', [line.sku, line.held]); });
    } catch (error) {
      console.error(error);
    }
  }
}
`),
    // Chunks.
    ts(`export async function run(client: PoolClient, lines: Line[]) {
  for (let i = 0; i < lines.length; i += 500) {
    await client.query('BEGIN');
    await client.query('UPDATE stock SET held = 0 WHERE sku = ANY($1)', [lines.slice(i, i + 500)]);
    await client.query('COMMIT');
  }
}
`),
    // A retry.
    ts(`export async function run(line: Line) {
  for (let attempt = 0; attempt < 3; attempt++) {
    await db.transaction(async () => { await pool.query('UPDATE stock SET held = $2 WHERE sku = $1', [line.sku, attempt]); });
  }
}
`),
    // A request between: one transaction would be open over it.
    ts(`export async function run(lines: Line[]) {
  for (const line of lines) {
    const held = await fetch('https://stock.example/' + line.sku);
    await db.transaction(async () => { await pool.query('UPDATE stock SET held = $2 WHERE sku = $1', [line.sku, held]); });
  }
}
`),
    // Another database.
    ts(`import mongoose from 'mongoose';
export async function run(lines: Line[]) {
  for (const line of lines) await mongoose.connection.transaction(async (session) => { await save(line, session); });
}
`),
    // A savepoint in one transaction.
    py(`from django.db import connection, transaction

@transaction.atomic
def run(lines):
    for line in lines:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("UPDATE stock SET held = %s WHERE sku = %s", [line.held, line.sku])
`),
  ],
});

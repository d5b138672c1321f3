import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applyEdits } from '../../server/src/core/text/edit';
import { createFlowWorkspace } from '../support/flowWorkspace';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { hasPython, runPython, runTypeScript, type RunResult } from '../support/runCode';

const SCHEMA = `
CREATE TABLE customers (id bigint PRIMARY KEY, name text, region int NOT NULL);
CREATE TABLE lines (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id bigint, sku text, note varchar(40), created timestamptz);
`;
const ROWS = `
TRUNCATE customers, lines RESTART IDENTITY;
INSERT INTO customers VALUES (1, 'Ada', 1), (2, NULL, 1), (3, 'Ben', 2), (9, 'Zoë', 2);
INSERT INTO lines (order_id, sku) VALUES (1, 'b'), (1, 'a'), (2, 'c'), (3, NULL), (NULL, 'x'), (1, 'a');
`;
/** Duplicates, a missing customer, a missing value, and elements that share a key. */
const ORDERS = [
  { id: 1, customerId: 3, sku: 's1' },
  { id: 2, customerId: 1, sku: null },
  { id: 3, customerId: 3, sku: "o'brien" },
  { id: 4, customerId: 77, sku: 's,{"}' },
  { id: 5, customerId: null, sku: '' },
  { id: 1, customerId: 2, sku: 's1' },
];
const STATE = "SELECT order_id, sku, note, created IS NULL AS undated, NULL AS name FROM lines UNION ALL SELECT id, NULL, region::text, true, name FROM customers ORDER BY 1, 2, 3, 4, 5";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase(SCHEMA);
});
afterAll(() => database?.drop());
beforeEach(async () => void (await database.query(ROWS)));

type Language = 'typescript' | 'python';
const files: Readonly<Record<Language, string>> = { typescript: 'src/case.ts', python: 'app/case.py' };

async function fixed(language: Language, code: string): Promise<string> {
  const workspace = await createFlowWorkspace({ [files[language]]: code });
  const findings = await workspace.lint(files[language], SCHEMA);
  expect(findings).toHaveLength(1);
  const fixes = findings[0]?.fixes() ?? [];
  expect(fixes.map((f) => f.kind)).toEqual(['review']);
  const after = applyEdits(code, fixes[0]?.edits ?? []) ?? '';
  workspace.write(files[language], after);
  expect(await workspace.lint(files[language], SCHEMA), after).toEqual([]);
  return after;
}

async function prove(language: Language, code: string): Promise<void> {
  const after = await fixed(language, code);
  if (language === 'python' && !hasPython) return;
  for (const orders of [ORDERS, [], ORDERS.slice(0, 1)]) {
    const run = async (text: string): Promise<RunResult & { readonly state: unknown }> => {
      await database.query(ROWS);
      const elements = language === 'python' ? orders.map(({ id, customerId, sku }) => ({ id, customer_id: customerId, sku })) : orders;
      const result = await (language === 'python' ? runPython : runTypeScript)(text, database.url, [elements]);
      return { ...result, state: await database.query(STATE) };
    };
    const before = await run(code);
    const now = await run(after);
    expect(now.value, after).toEqual(before.value);
    expect(now.state, after).toEqual(before.state);
    expect(before.statements).toHaveLength(orders.length);
    expect(now.statements.length, after).toBeLessThanOrEqual(1);
  }
}

const TS = "import { Pool } from 'pg';\nimport postgres from 'postgres';\nimport knex from 'knex';\nconst db = knex({ client: 'pg' });\nconst pool = new Pool();\nconst sql = postgres();\nexport async function run(orders: { id: number; customerId: number; sku: string }[]) {\n  const found: unknown[] = [];\n  BODY\n  return found;\n}\n";
const typescript: Readonly<Record<string, string>> = {
  'one row by key': "for (const order of orders) {\n    const result = await pool.query('SELECT name FROM customers WHERE id = $1', [order.customerId]);\n    found.push(result.rows[0]?.name, order.id);\n  }",
  'all rows by key, in order': "for (const { customerId } of orders) {\n    const { rows } = await pool.query('SELECT * FROM lines WHERE order_id = $1 ORDER BY sku DESC, id', [customerId]);\n    found.push(rows);\n  }",
  'a count of the rows': "for (const order of orders) {\n    const result = await pool.query('SELECT sku FROM lines WHERE order_id = $1', [order.id]);\n    if (result.rowCount === 0) continue;\n    found.push(result.rows.length);\n  }",
  'a further parameter': "const region = 2;\n  for (const order of orders) {\n    const { rows: [row] } = await pool.query('SELECT c.id, c.name FROM customers AS c WHERE c.region = $2 AND c.id = $1::bigint', [order.customerId, region]);\n    found.push(row?.name);\n  }",
  'a join': "for (const order of orders) {\n    const result = await pool.query('SELECT l.order_id, l.sku, c.name FROM lines l LEFT JOIN customers c ON c.id = l.order_id WHERE l.order_id = $1 ORDER BY l.id', [order.id]);\n    found.push(result.rows);\n  }",
  'a tagged template': 'for (const order of orders) {\n    const [row] = await sql`SELECT name FROM customers WHERE id = ${order.customerId}`;\n    found.push(row?.name);\n  }',
  'a count': "for (const order of orders) {\n    const { rows } = await pool.query('SELECT count(*) AS n, max(sku) AS last FROM lines WHERE order_id = $1 AND created IS NULL', [order.id]);\n    found.push(rows[0].n, rows[0].last);\n  }",
  'a count by a tagged template': 'for (const order of orders) {\n    const [row] = await sql`SELECT count(*)::int AS n FROM lines WHERE sku <> ${\'x\'} AND order_id = ${order.id}`;\n    found.push(row?.n ?? -1);\n  }',
  'a count of another table': "for (const order of orders) {\n    const result = await pool.query('SELECT count(DISTINCT l.sku)::int AS n FROM lines l LEFT JOIN customers c ON c.id = l.order_id WHERE l.order_id = $1', [order.id]);\n    found.push(result.rows[0].n);\n  }",
  'knex, the first row': "for (const order of orders) {\n    const customer = await db('customers').where({ id: order.customerId, region: 2 }).first();\n    found.push(customer?.name ?? 'none');\n  }",
  'knex, chosen columns': "for (const order of orders) {\n    const customer = await db('customers').select('name').where('id', order.customerId).first();\n    found.push(customer);\n  }",
  'knex, rows in order': "for (const order of orders) {\n    const rows = await db('lines').where('order_id', '=', order.id).whereNotNull('sku').orderBy('sku', 'desc').orderBy('id');\n    found.push(rows);\n  }",
  'knex, aggregates of concurrent turns': "const all = await Promise.all(\n    orders.map((order) =>\n      db('lines').where({ order_id: order.id }).max('sku as last').count('id as n').first(),\n    ),\n  );\n  found.push(all);",
  'concurrent turns': "const names = await Promise.all(orders.map(async (order) => {\n    const { rows } = await pool.query('SELECT name FROM customers WHERE id = $1', [order.customerId]);\n    if (rows.length === 0) return 'none';\n    return rows[0].name;\n  }));\n  found.push(names);",
  insert: "for (const order of orders) {\n    await pool.query('INSERT INTO lines (order_id, sku) VALUES ($1, $2)', [order.id, order.sku]);\n  }",
  'insert with constants': "for (const order of orders) await pool.query(\"INSERT INTO lines (sku, created, order_id, note) VALUES ($2, now(), $1, $3)\", [order.id, order.sku, 'imported']);",
  'insert by a tagged template': 'for (const order of orders) {\n    await sql`INSERT INTO lines (order_id, sku) VALUES (${order.id}, ${order.sku})`;\n  }',
  'insert by knex': "for (const order of orders) {\n    await db('lines').insert({ order_id: order.id, sku: order.sku, note: 'imported' });\n  }",
  'insert of whole elements by knex': "const rows = orders.map((order) => ({ order_id: order.id, sku: order.sku }));\n  for (const row of rows) await db('lines').insert(row);",
  delete: "for (const order of orders) {\n    await pool.query('DELETE FROM lines WHERE order_id = $1', [order.id]);\n  }",
  'delete by knex': "for (const order of orders) {\n    await db('lines').where({ order_id: order.id }).whereNotNull('sku').del();\n  }",
  'update by knex': "for (const { id } of orders) await db('lines').where('order_id', id).update({ note: 'seen' });",
  'update with values of their own': "for (const order of orders) {\n    await pool.query('UPDATE customers SET name = $1 WHERE id = $2', [order.sku, order.customerId]);\n  }",
  'update with a parameter that stays': "const region = 2;\n  for (const { sku, customerId } of orders) {\n    await pool.query('UPDATE customers AS c SET name = $1::text WHERE c.id = $2 AND c.region = $3', [sku, customerId, region]);\n  }",
  'update by a tagged template': 'for (const order of orders) {\n    await sql`UPDATE customers SET name = ${order.sku} WHERE id = ${order.customerId}`;\n  }',
  upsert: "for (const order of orders) {\n    await pool.query('INSERT INTO customers (id, name, region) VALUES ($1, $2, 1) ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name', [order.id, order.sku]);\n  }",
  'upsert by a tagged template': 'for (const { id, sku } of orders) await sql`INSERT INTO customers (id, name, region) VALUES (${id}, ${sku}, 1) ON CONFLICT (id) DO UPDATE SET name = excluded.name, region = 1`;',
  'insert in concurrent turns': "await Promise.all(orders.map((order) => pool.query('INSERT INTO lines (order_id, sku) VALUES ($1, $2)', [order.id, order.sku])));",
  'delete in concurrent turns': "await Promise.all(\n    orders.map(async (order) => {\n      await pool.query('DELETE FROM lines WHERE order_id = $1', [order.id]);\n    }),\n  );",
  'update with the same value': "for (const order of orders) {\n    await pool.query('UPDATE lines SET note = $2 WHERE order_id = $1', [order.id, 'seen']);\n  }",
};

const PY = 'import psycopg\nimport asyncpg\n\nDEF run(conn: DRIVER.Connection, orders):\n    found = []\n    BODY\n    return found\n';
const python: Readonly<Record<string, string>> = {
  'psycopg, one row': 'for order in orders:\n        row = conn.execute("SELECT name FROM customers WHERE id = %s", (order.customer_id,)).fetchone()\n        if row is not None:\n            found.append(row[0])',
  'psycopg, all rows': 'for order in orders:\n        rows = conn.execute("SELECT order_id, sku FROM lines WHERE order_id = %s ORDER BY id", (order.id,)).fetchall()\n        found.append(rows[0] if order.id == 1 else None)',
  'psycopg, a cursor': 'with conn.cursor() as cur:\n        for order in orders:\n            cur.execute("SELECT name FROM customers WHERE id = %s", (order.customer_id,))\n            row = cur.fetchone()\n            found.append(row[0] if row is not None else "none")',
  'psycopg, a cursor of its own': 'for order in orders:\n        cur = conn.execute("SELECT id, sku FROM lines WHERE order_id = %s ORDER BY id DESC", (order.id,))\n        rows = cur.fetchall()\n        found.append([rows[0][1] if order.id == 1 else None, len(rows)])',
  'psycopg, a count': 'for order in orders:\n        n = conn.execute("SELECT count(*) FROM lines WHERE order_id = %s", (order.id,)).fetchone()\n        found.append(n[0])',
  'psycopg async, a cursor': 'async with conn.cursor() as cur:\n        for order in orders:\n            await cur.execute("SELECT name FROM customers WHERE id = %s", (order.customer_id,))\n            row = await cur.fetchone()\n            found.append(row["name"] if row is not None else "none")',
  'psycopg async, chained': 'for order in orders:\n        row = await (await conn.execute("SELECT name FROM customers WHERE id = %s", (order.customer_id,))).fetchone()\n        found.append(row[0] if row is not None else "none")',
  'psycopg async, in two statements': 'for order in orders:\n        cur = await conn.execute("SELECT name FROM customers WHERE id = %s", (order.customer_id,))\n        row = await cur.fetchone()\n        found.append(row[0] if row is not None else "none")',
  'asyncpg, a count': 'for order in orders:\n        found.append(await conn.fetchval("SELECT count(*) FROM lines WHERE order_id = $1", order.id))',
  'asyncpg, a row of aggregates': 'for order in orders:\n        row = await conn.fetchrow("SELECT count(*) AS n, min(sku) AS first FROM lines WHERE order_id = $1", order.id)\n        found.append([row["n"], row["first"]])',
  'psycopg, update with values of their own': 'for order in orders:\n        conn.execute("UPDATE customers SET name = %s WHERE id = %s", (order.sku, order.customer_id))',
  'asyncpg, update with values of their own': 'for order in orders:\n        await conn.execute("UPDATE customers SET name = $2 WHERE id = $1", order.customer_id, order.sku)',
  'psycopg, upsert': 'for order in orders:\n        conn.execute("INSERT INTO customers (id, name, region) VALUES (%s, %s, 1) ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name", (order.id, order.sku))',
  'psycopg, insert': 'for order in orders:\n        conn.execute("INSERT INTO lines (order_id, sku) VALUES (%s, %s)", (order.id, order.sku))',
  'psycopg, delete': 'for order in orders:\n        conn.execute("DELETE FROM lines WHERE order_id = %s", (order.id,))',
  'asyncpg, one row': 'for order in orders:\n        row = await conn.fetchrow("SELECT name FROM customers WHERE id = $1", order.customer_id)\n        found.append(row["name"] if row is not None else "none")',
  'asyncpg, one value': 'for order in orders:\n        found.append(await conn.fetchval("SELECT name FROM customers WHERE id = $1", order.customer_id))',
  'asyncpg, insert': 'for order in orders:\n        await conn.execute("INSERT INTO lines (order_id, sku) VALUES ($1, $2)", order.id, order.sku)',
};

describe('no fix where one statement would do something else', () => {
  const bodies: Readonly<Record<string, string>> = {
    'a turn finds what another has set': "await pool.query('UPDATE customers SET name = $1 WHERE id = $2 AND name IS NULL', [order.sku, order.customerId]);",
    'the new value depends on the old one': "await pool.query('UPDATE customers SET name = name || $1 WHERE id = $2', [order.sku, order.customerId]);",
    'an upsert that adds up': "await pool.query('INSERT INTO customers (id, name, region) VALUES ($1, $2, 1) ON CONFLICT (id) DO UPDATE SET region = customers.region + 1', [order.id, order.sku]);",
    'an upsert that keeps a part of the row': "await pool.query('INSERT INTO lines (id, order_id, sku) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET sku = EXCLUDED.sku', [order.id, order.customerId, order.sku]);",
    'the key is changed': "await pool.query('UPDATE customers SET id = $1 WHERE id = $2', [order.id, order.customerId]);",
  };
  it.each(Object.entries(bodies))('%s', async (_, body) => {
    const workspace = await createFlowWorkspace({ [files.typescript]: TS.replace('BODY', () => `for (const order of orders) {\n    ${body}\n  }`) });
    const findings = await workspace.lint(files.typescript, SCHEMA);
    expect(findings).toHaveLength(1);
    expect(findings[0]?.fixes()).toEqual([]);
  });
});

describe('one statement does what the loop did', () => {
  for (const [name, body] of Object.entries(typescript)) it(`TypeScript: ${name}`, () => prove('typescript', TS.replace('BODY', () => body)));
  for (const [name, body] of Object.entries(python)) {
    const driver = name.split(',')[0] ?? '';
    const connection = driver === 'psycopg async' ? 'psycopg.AsyncConnection' : `${driver}.Connection`;
    it(`Python: ${name}`, () => prove('python', PY.replace('DEF', driver === 'psycopg' ? 'def' : 'async def').replace('DRIVER.Connection', connection).replace('BODY', () => body)));
  }
});

import { connectionNotReleased } from '../../server/src/core/rules/connection-not-released';
import { testRule, type RuleCase } from '../support/ruleTester';

const HEAD = "import { Pool } from 'pg';\nconst pool = new Pool();\n";
const ts = (code: string, rest: Partial<RuleCase> = {}): RuleCase => ({ language: 'typescript', code: HEAD + code, ...rest });
const py = (code: string, rest: Partial<RuleCase> = {}): RuleCase => ({ language: 'python', code, ...rest });

testRule(connectionNotReleased, {
  flagged: [
    ts(
      `export async function run(id: number) {
  const client = await pool.connect();
//                          ^^^^^^^ when a query before its release fails
  const found = await client.query('SELECT name FROM customers WHERE id = $1', [id]);
  if (found.rowCount === 0) {
    client.release();
    return undefined;
  }
  client.release();
  return found.rows[0];
}
`,
      { severity: 'warning', fixes: 0 },
    ),
    ts(
      `export async function run(id: number) {
  const client = await pool.connect();
//                          ^^^^^^^ when a query before its release fails
  const found = await client.query('SELECT name FROM customers WHERE id = $1', [id]);
  client.release();
  return found.rows[0];
}
`,
      {
        fixed: `${HEAD}export async function run(id: number) {
  const client = await pool.connect();
  try {
    const found = await client.query('SELECT name FROM customers WHERE id = $1', [id]);
    return found.rows[0];
  } finally {
    client.release();
  }
}
`,
      },
    ),
    ts(`export async function run(id: number) {
  const client = await pool.connect();
//                          ^^^^^^^ never given back
  const found = await client.query('SELECT name FROM customers WHERE id = $1', [id]);
  return found.rows[0];
}
`, { fixes: 1 }),
    ts(`export async function run(id: number) {
  const client = await pool.connect();
//                          ^^^^^^^ where the function returns
  try {
    await client.query('SELECT name FROM customers WHERE id = $1', [id]);
    if (id === 0) return undefined;
    client.release();
  } catch (error) {
    client.release();
    throw error;
  }
  return id;
}
`, { fixes: 0 }),
    py(
      `import asyncpg

async def run(pool: asyncpg.Pool, id):
    conn = await pool.acquire()
#                     ^^^^^^^ when a query before
    row = await conn.fetchrow("SELECT name FROM customers WHERE id = $1", id)
    await pool.release(conn)
    return row
`,
      {
        fixed: `import asyncpg

async def run(pool: asyncpg.Pool, id):
    conn = await pool.acquire()
    try:
        row = await conn.fetchrow("SELECT name FROM customers WHERE id = $1", id)
        return row
    finally:
        await pool.release(conn)
`,
      },
    ),
    py(`from sqlalchemy import text

def run(engine, id):
    conn = engine.connect()
#                 ^^^^^^^ never given back
    return conn.execute(text("SELECT name FROM customers WHERE id = :id"), {"id": id}).one()
`),
    // What stands before the `try` is not covered by its `finally`.
    ts(`export async function run(id: number) {
  const client = await pool.connect();
//                          ^^^^^^^ \`client.release()\` in line 9 is not reached from line 5.
  if (id < 0) return undefined;
  try {
    return await client.query('SELECT name FROM customers WHERE id = $1', [id]);
  } finally {
    client.release();
  }
}
`),
    ts(`export async function run(id: number) {
  const client = await pool.connect();
//                          ^^^^^^^ is not given back when a query before its release fails.
  const found = await client.query('SELECT name FROM customers WHERE id = $1', [id]);
  try {
    return found.rows[0].name;
  } finally {
    client.release();
  }
}
`),
  ],
  clean: [
    // There is nothing to give back.
    ts(`export async function run(id: number) {
  const client = await pool.connect();
  if (!client) return null;
  try { return await client.query('SELECT id FROM t WHERE id = $1', [id]); } finally { client.release(); }
}`),
    // BEGIN before the `try`, as manuals write it.
    ts(`export async function run(id: number) {
  const client = await pool.connect();
  await client.query('BEGIN');
  try {
    await client.query('DELETE FROM customers WHERE id = $1', [id]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
`),
    ts(`export async function run(id: number) {
  const client = await pool.connect();
  try {
    return await client.query('SELECT name FROM customers WHERE id = $1', [id]);
  } finally {
    client.release();
  }
}
`),
    // Returned, stored, given on: not ours to give back.
    ts(`export async function take() {
  const client = await pool.connect();
  await client.query('SET search_path = app');
  return client;
}
export class Unit {
  async begin() {
    const client = await pool.connect();
    await client.query('BEGIN');
    this.client = client;
  }
}
export async function give(work: (client: PoolClient) => Promise<void>) {
  const client = await pool.connect();
  await work(client);
}
`),
    ts(`export async function run(id: number) {
  await using client = await pool.connect();
  return await client.query('SELECT name FROM customers WHERE id = $1', [id]);
}
`),
    // On both ways, and behind a handler that goes on.
    ts(`export async function run(id: number) {
  const client = await pool.connect();
  try {
    await client.query('SELECT name FROM customers WHERE id = $1', [id]);
    client.release();
  } catch (error) {
    client.release();
    throw error;
  }
  const other = await pool.connect();
  try {
    await other.query('SELECT name FROM customers WHERE id = $1', [id]);
  } catch (error) {
    console.error(error);
  }
  other.release();
}
`),
    ts(`export async function run(id: number) {
  const client = await pool.connect();
  return client.query('SELECT name FROM customers WHERE id = $1', [id]).finally(() => client.release());
}
`),
    // A command ends with its process; what is made of the client owns it.
    py(`import click
from sqlalchemy import text

@click.command("upgrade")
def upgrade(engine):
    conn = engine.connect()
    conn.execute(text("SELECT 1"))
`),
    ts(`export async function begin() {
  const client = await pool.connect();
  const unit = new Unit(client);
  try {
    await client.query('BEGIN');
    return unit;
  } catch (error) {
    client.release();
    throw error;
  }
}
`),
    py(`import asyncpg

async def run(pool: asyncpg.Pool, id):
    async with pool.acquire() as conn:
        return await conn.fetchrow("SELECT name FROM customers WHERE id = $1", id)
`),
  ],
});

import { transactionNotClosed } from '../../server/src/core/rules/transaction-not-closed';
import { testRule, type RuleCase } from '../support/ruleTester';

const HEAD = "import { Pool } from 'pg';\nimport { sequelize } from './models';\nconst pool = new Pool();\n";
const ts = (code: string, rest: Partial<RuleCase> = {}): RuleCase => ({ language: 'typescript', code: HEAD + code, ...rest });
const py = (code: string, rest: Partial<RuleCase> = {}): RuleCase => ({ language: 'python', code, ...rest });

testRule(transactionNotClosed, {
  flagged: [
    ts(
      `export async function run(id: number) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
//        ^^^^^^^^^^^^ stays open when a query in it fails
    await client.query('UPDATE accounts SET total = 0 WHERE id = $1', [id]);
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}
`,
      {
        severity: 'warning',
        fixed: `${HEAD}export async function run(id: number) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('UPDATE accounts SET total = 0 WHERE id = $1', [id]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
`,
      },
    ),
    ts(
      `export async function run(id: number) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const { rowCount } = await client.query('UPDATE accounts SET total = 0 WHERE id = $1', [id]);
    if (rowCount === 0) return false;
//                      ^^^^^^^^^^^^^ leaves the transaction on
    await client.query('COMMIT');
    return true;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
`,
      {
        fixed: `${HEAD}export async function run(id: number) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const { rowCount } = await client.query('UPDATE accounts SET total = 0 WHERE id = $1', [id]);
    if (rowCount === 0) { await client.query('ROLLBACK'); return false; }
    await client.query('COMMIT');
    return true;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
`,
      },
    ),
    ts(`export async function run(id: number) {
  const client = await pool.connect();
  await client.query('BEGIN');
//      ^^^^^^^^^^^^ neither committed nor rolled back
  await client.query('UPDATE accounts SET total = 0 WHERE id = $1', [id]);
  client.release();
}
`, { fixes: 0 }),
    ts(`export async function run(id: number) {
  const t = await sequelize.transaction();
//                          ^^^^^^^^^^^ stays open when
  try {
    await sequelize.query('UPDATE accounts SET total = 0 WHERE id = :id', { replacements: { id }, transaction: t });
    await t.commit();
  } catch (error) {
    console.error(error);
  }
}
`, { fixes: 1 }),
    py(`import psycopg2

def run(id):
    conn = psycopg2.connect("dbname=app")
    cur = conn.cursor()
    cur.execute("UPDATE accounts SET total = 0 WHERE id = %s", (id,))
#       ^^^^^^^ never committed
    conn.close()
`),
    py(`from sqlalchemy.ext.asyncio import AsyncSession
from app.db import async_session_maker
from app.models import Order

async def run(id: int):
    async with async_session_maker() as session:
        session.add(Order(id=id))
#               ^^^ never committed
        await session.flush()
`),
  ],
  clean: [
    // Handed in, handed on, dropped, ended by a helper.
    ts(`export async function handedIn(client: PoolClient, id: number) {
  await client.query('BEGIN');
  await client.query('UPDATE accounts SET total = 0 WHERE id = $1', [id]);
  await client.query('COMMIT');
}
export async function handedOn(id: number) {
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('UPDATE accounts SET total = 0 WHERE id = $1', [id]);
  return client;
}
export async function dropped(id: number) {
  const client = await pool.connect();
  let failed: unknown;
  try {
    await client.query('BEGIN');
    await client.query('UPDATE accounts SET total = 0 WHERE id = $1', [id]);
    await client.query('COMMIT');
  } catch (error) {
    failed = error;
  }
  client.release(failed as Error);
}
export async function helped(id: number) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('UPDATE accounts SET total = 0 WHERE id = $1', [id]);
    await client.query('COMMIT');
  } catch (error) {
    await rollback(client);
  }
}
`),
    ts(`export const run = (id: number) => sequelize.transaction(async (transaction) => {
  await sequelize.query('UPDATE accounts SET total = 0 WHERE id = :id', { replacements: { id }, transaction });
});
`),
    // psycopg 3 and blocks commit by themselves; a session that only reads has nothing to commit.
    py(`import psycopg2
from sqlalchemy.orm import Session
from app.models import Order, engine, save

def blocks(id):
    with psycopg2.connect("dbname=app") as conn:
        with conn.cursor() as cur:
            cur.execute("UPDATE accounts SET total = 0 WHERE id = %s", (id,))

def reads(id):
    with Session(engine) as session:
        return session.get(Order, id)

def begins(id):
    with Session.begin() as session:
        session.add(Order(id=id))

def hands(id):
    with Session(engine) as session:
        session.add(Order(id=id))
        save(session)

def commits(id):
    with Session(engine) as session:
        session.add(Order(id=id))
        session.commit()
`),
  ],
});

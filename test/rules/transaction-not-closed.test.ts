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
    ts(`import knex from 'knex';
const db = knex({ client: 'pg' });
export async function run(id: number) {
  const trx = await db.transaction();
//                     ^^^^^^^^^^^ begun and neither committed nor rolled back. Begun in line 7; neither follows
  await trx('accounts').where({ id }).update({ total: 0 });
}
`),
    py(`import asyncpg

async def run(pool: asyncpg.Pool, id):
    async with pool.acquire() as conn:
        tr = conn.transaction()
        await tr.start()
#                ^^^^^ stays open when a query in it fails: nothing rolls it back. Begun in line 6, committed in line 8
        await conn.execute("UPDATE accounts SET total = 0 WHERE id = $1", id)
        await tr.commit()
`),
    py(`import psycopg

def run(id):
    conn = psycopg.connect("")
    conn.execute("UPDATE accounts SET total = 0 WHERE id = %s", (id,))
#        ^^^^^^^ The changes of \`conn\` are never committed
    conn.close()
`),
    // A connection of an asynchronous engine commits nothing by itself.
    py(`from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine("postgresql+asyncpg:///app")

async def run(id):
    async with engine.connect() as conn:
        await conn.execute(text("UPDATE accounts SET total = 0 WHERE id = :id"), {"id": id})
#                  ^^^^^^^ never committed
`),
    py(`from app.db import AsyncSessionFactory
from sqlalchemy.ext.asyncio import AsyncSession

async def create(data):
    async with AsyncSessionFactory() as session:
        made = Account(**data)
        session.add(made)
#               ^^^ The changes of \`session\` are never committed
        # Missing commit!
        return made
`, { fixed: `from app.db import AsyncSessionFactory
from sqlalchemy.ext.asyncio import AsyncSession

async def create(data):
    async with AsyncSessionFactory() as session:
        made = Account(**data)
        session.add(made)
        await session.commit()
        # Missing commit!
        return made
` }),
    // In a loop: where the commit belongs is for a person to say.
    py(`from sqlalchemy.orm import Session

def create(engine, rows):
    with Session(engine) as session:
        for row in rows:
            session.add(row)
#                   ^^^ never committed
`, { fixes: 0 }),
    // An object of the session whose column is changed.
    py(`from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

class Base(DeclarativeBase):
    pass

class Account(Base):
    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    total: Mapped[int]

def run(engine, id):
    with Session(engine) as session:
        account = session.get(Account, id)
        if account.total > 0:
            account.total = 0
#           ^^^^^^^^^^^^^ never committed
`),
  ],
  clean: [
    py(`import psycopg

def run(id):
    with psycopg.connect("") as conn:
        conn.execute("UPDATE accounts SET total = 0 WHERE id = %s", (id,))
`),
    // Until 2.0 SQLAlchemy committed each statement of a connection; autocommit; read and compared alone.
    py(`from sqlalchemy import create_engine, text

engine = create_engine("postgresql:///app")

def run(id):
    with engine.connect() as conn:
        conn.execute(text("UPDATE accounts SET total = 0 WHERE id = :id"), {"id": id})
`),
    py(`from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine("postgresql+asyncpg:///app", isolation_level="AUTOCOMMIT")

async def run(id):
    async with engine.connect() as conn:
        await conn.execute(text("UPDATE accounts SET total = 0 WHERE id = :id"), {"id": id})
`),
    py(`from sqlalchemy.orm import Session
from app.models import Account

def run(engine, id):
    with Session(engine) as session:
        account = session.get(Account, id)
        account.label = "shown"
        return account.total == 0
`),
    py(`import asyncpg

async def run(pool: asyncpg.Pool, id):
    async with pool.acquire() as conn:
        tr = conn.transaction()
        await tr.start()
        try:
            await conn.execute("UPDATE accounts SET total = 0 WHERE id = $1", id)
        except Exception:
            await tr.rollback()
            raise
        else:
            await tr.commit()
`),
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

import { expect, it } from 'vitest';
import { nPlusOne } from '../../server/src/core/rules/n-plus-one';
import { lintCase } from '../support/readers';
import { testRule, type RuleCase } from '../support/ruleTester';

const SCHEMA = 'CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, region int NOT NULL);';
const HEAD = "import { Pool } from 'pg';\nconst pool = new Pool();\n";
const ts = (code: string, rest: Partial<RuleCase> = {}): RuleCase => ({ language: 'typescript', code: HEAD + code, ...rest });
const py = (code: string, rest: Partial<RuleCase> = {}): RuleCase => ({ language: 'python', code: `import psycopg\n\n${code}`, ...rest });

const MODELS = `from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

class Base(DeclarativeBase):
    pass

class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)

class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    buyer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    buyer: Mapped["Customer"] = relationship()

class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    customer: Mapped["Customer"] = relationship()
    items: Mapped[list["Item"]] = relationship()
    owner: Mapped["Customer"] = relationship(lazy="joined")

`;
const orm = (code: string, rest: Partial<RuleCase> = {}): RuleCase => ({ language: 'python', schema: '', code: MODELS + code, ...rest });
const imports = (names: string): string => MODELS.replace('mapped_column, relationship', `mapped_column, relationship, ${names}`);

const walkRegions = (limit: string): string => `export async function run() {
  const { rows } = await pool.query('SELECT id, region FROM customers${limit}');
  for (const row of rows) {
    const found = await pool.query('SELECT name FROM customers WHERE id = $1', [row.region]);
MARK    console.log(found.rows[0]);
  }
}
`;

testRule(nPlusOne, {
  schema: SCHEMA,
  flagged: [
    // With a size the evidence says over how many rows the loop runs.
    ts(walkRegions('').replace('MARK', '//                      ^^^^^^^^^^ the loop runs over about 12,000 rows of customers (assumed)\n'), { settings: { assume: { customers: 12_000 } } }),
    ts(walkRegions(' WHERE region > 3 LIMIT 50').replace('MARK', '//                      ^^^^^^^^^^ up to 50 rows of customers\n'), { settings: { assume: { customers: 12_000 } } }),
    ts(
      `export async function run(orders: Order[]) {
  const names: string[] = [];
  for (const order of orders) {
    const found = await pool.query('SELECT name FROM customers WHERE id = $1', [order.customerId]);
//                      ^^^^^^^^^^ once per element of \`orders\`
    names.push(found.rows[0].name);
  }
  return names;
}
`,
      {
        severity: 'warning',
        fixed: `${HEAD}export async function run(orders: Order[]) {
  const names: string[] = [];
  const foundCustomers = (await pool.query('SELECT name, id FROM customers WHERE id = ANY($1)', [orders.map((order) => order.customerId)])).rows;
  const customersById = new Map<string, (typeof foundCustomers)[number][]>();
  for (const row of foundCustomers) {
    const known = customersById.get(String(row.id));
    if (known) known.push(row);
    else customersById.set(String(row.id), [row]);
  }
  for (const order of orders) {
    const found = { rows: customersById.get(String(order.customerId)) ?? [] };
    names.push(found.rows[0].name);
  }
  return names;
}
`,
      },
    ),
    ts(`export const run = (ids: number[]) => Promise.all(ids.map((id) => pool.query('SELECT name FROM customers WHERE id = $1', [id])));
//                                                                ^^^^^^^^^^ All at the same time
`, { fixes: 0 }),
    ts(`const find = async (id: number) => (await pool.query('SELECT name FROM customers WHERE id = $1', [id])).rows[0];
export async function run(ids: number[]) {
  for (const id of ids) console.log('👩‍🚀', await find(id));
//                                                 ^^^^ case.ts:5 → case.ts:3 SELECT name FROM customers
}
`, { severity: 'warning', fixes: 0 }),
    ts(`const a = (id: number) => pool.query('SELECT name FROM customers WHERE id = $1', [id]);
const b = (id: number) => a(id);
export async function run(ids: number[]) {
  for (const id of ids) await b(id);
//                            ^
}
`, { severity: 'info' }),
    // No batching: an early exit, a try per row, another await, a value carried over, a result that is used whole.
    ts(`export async function run(ids: number[]) {
  for (const id of ids) {
    const found = await pool.query('SELECT name FROM customers WHERE id = $1', [id]);
//                      ^^^^^^^^^^
    if (found.rows.length === 0) return id;
  }
}
`, { fixes: 0 }),
    ts(`export async function run(ids: number[]) {
  for (const id of ids) {
    try {
      console.log((await pool.query('SELECT name FROM customers WHERE id = $1', [id])).rows);
//                       ^^^^^^^^^^
    } catch (error) {
      console.error(error);
    }
  }
}
`, { fixes: 0 }),
    ts(`export async function run(ids: number[]) {
  for (const id of ids) {
    const { rows } = await pool.query('SELECT name FROM customers WHERE id = $1', [id]);
//                         ^^^^^^^^^^
    await send(rows[0].name);
  }
}
`, { fixes: 0 }),
    ts(`export async function run(ids: number[]) {
  let last = 0;
  for (const id of ids) {
    const { rows } = await pool.query('SELECT name, region FROM customers WHERE id = $1 AND region > $2', [id, last]);
//                         ^^^^^^^^^^
    last = rows[0].region;
  }
}
`, { fixes: 0 }),
    ts(`export async function run(ids: number[]) {
  for (const id of ids) {
    const found = await pool.query('SELECT name FROM customers WHERE id = $1', [id]);
//                      ^^^^^^^^^^
    console.log(found);
  }
}
`, { fixes: 0 }),
    ts(`export async function run(ids: number[], wanted: boolean) {
  if (wanted)
    for (const id of ids) {
      const { rows } = await pool.query('SELECT name FROM customers WHERE id = $1', [id]);
//                           ^^^^^^^^^^
      console.log(rows[0].name);
    }
}
`, { fixes: 0 }),
    // An aggregate: grouped by the key, with the answer that it gives for no rows.
    ts(`export async function run(ids: number[]) {
  for (const id of ids) {
    const found = await pool.query('SELECT count(*)::int AS n, max(name) FROM customers WHERE region = $1', [id]);
//                      ^^^^^^^^^^
    console.log(found.rows[0].n);
  }
}
`, { fixed: `${HEAD}export async function run(ids: number[]) {
  const foundCustomers = (await pool.query('SELECT count(*)::int AS n, max(name), region FROM customers WHERE region = ANY($1) GROUP BY region', [ids])).rows;
  const customersByRegion = new Map<string, (typeof foundCustomers)[number][]>();
  for (const row of foundCustomers) {
    const known = customersByRegion.get(String(row.region));
    if (known) known.push(row);
    else customersByRegion.set(String(row.region), [row]);
  }
  for (const id of ids) {
    const found = { rows: customersByRegion.get(String(id)) ?? [{ n: 0, max: null }] };
    console.log(found.rows[0].n);
  }
}
` }),
    ts(`export async function run(ids: number[]) {
  for (const id of ids) {
    const found = await pool.query('SELECT count(*) * 2 AS n FROM customers WHERE region = $1', [id]);
//                      ^^^^^^^^^^
    console.log(found.rows[0].n);
  }
}
`, { fixes: 0 }),
    ts(`export async function run(ids: number[]) {
  for (const id of ids) {
    const found = await pool.query('SELECT count(*) OVER () AS n FROM customers WHERE region = $1', [id]);
//                      ^^^^^^^^^^
    console.log(found.rows[0].n);
  }
}
`, { fixes: 0 }),
    // One row of many: not the same for all keys at once.
    ts(`export async function run(ids: number[]) {
  for (const id of ids) {
    const found = await pool.query('SELECT name FROM customers WHERE region = $1 ORDER BY name LIMIT 1', [id]);
//                      ^^^^^^^^^^
    console.log(found.rows[0].name);
  }
}
`, { fixes: 0 }),
    // The same in every turn.
    ts(`export async function run(ids: number[], region: number) {
  const result: unknown[] = [];
  for (const id of ids) {
    const found = await pool.query('SELECT name FROM customers WHERE region = $1', [region]);
//                      ^^^^^^^^^^ run it once before
    result.push([id, found.rows]);
  }
  return result;
}
`, {
      severity: 'info',
      fixed: `${HEAD}export async function run(ids: number[], region: number) {
  const result: unknown[] = [];
  const found = await pool.query('SELECT name FROM customers WHERE region = $1', [region]);
  for (const id of ids) {
    result.push([id, found.rows]);
  }
  return result;
}
`,
    }),
    ts(`export async function run(ids: number[], region: number) {
  for (const id of ids) {
    if (id === 0) continue;
    const {
      rows,
    } = await pool.query(
//            ^^^^^^^^^^
      'SELECT name FROM customers WHERE region = $1',
      [region],
    );
    console.log(id, rows);
  }
}
`, {
      fixed: `${HEAD}export async function run(ids: number[], region: number) {
  const {
    rows,
  } = await pool.query(
    'SELECT name FROM customers WHERE region = $1',
    [region],
  );
  for (const id of ids) {
    if (id === 0) continue;
    console.log(id, rows);
  }
}
`,
    }),
    // The rows are changed by the loop, or the name is taken.
    ts(`export async function run(ids: number[], region: number) {
  for (const id of ids) {
    const { rows } = await pool.query('SELECT name FROM customers WHERE region = $1', [region]);
//                         ^^^^^^^^^^
    rows.push({ name: String(id) });
    console.log(rows);
  }
}
`, { fixes: 0 }),
    ts(`export async function run(ids: number[], region: number) {
  const rows = ids;
  for (const id of ids) {
    const { rows } = await pool.query('SELECT name FROM customers WHERE region = $1', [region]);
//                         ^^^^^^^^^^
    console.log(id, rows);
  }
  return rows;
}
`, { fixes: 0 }),
    py(`def run(conn: psycopg.Connection, ids: list[int], region: int):
    for i in ids:
        rows = conn.execute("SELECT name FROM customers WHERE region = %s", (region,)).fetchall()
#              ^^^^^^^^^^^^
        print(i, rows)
`, {
      fixed: `import psycopg

def run(conn: psycopg.Connection, ids: list[int], region: int):
    rows = conn.execute("SELECT name FROM customers WHERE region = %s", (region,)).fetchall()
    for i in ids:
        print(i, rows)
`,
    }),
    py(`def run(conn: psycopg.Connection, ids: list[int], region: int):
    for i in ids:
        cur = conn.execute("SELECT name FROM customers WHERE region = %s", (region,))
#             ^^^^^^^^^^^^
        print(i, cur.fetchall())
`, { fixes: 0 }),
    py(`def run(conn: psycopg.Connection, ids: list[int]):
    for i in ids:
        row = conn.execute("SELECT name FROM customers WHERE id = %s", (i,)).fetchone()
#             ^^^^^^^^^^^^
        print(row[0])
`, {
      severity: 'warning',
      fixed: `import psycopg

def run(conn: psycopg.Connection, ids: list[int]):
    customers_by_id = {}
    for found in conn.execute("SELECT name, id FROM customers WHERE id = ANY(%s)", (ids,)).fetchall():
        customers_by_id.setdefault(str(found[-1]), []).append(found)
    for i in ids:
        row = (customers_by_id.get(str(i)) or [None])[0]
        print(row[0])
`,
    }),
    py(`def run(conn: psycopg.Connection, ids):
    return [conn.execute("SELECT name FROM customers WHERE id = %s", (i,)).fetchone() for i in ids]
#           ^^^^^^^^^^^^
`, { fixes: 0 }),
    py(`class Tree:
    def __init__(self, conn: psycopg.Connection):
        self.conn = conn

    def walk(self, id):
        for child in self.conn.execute("SELECT id FROM nodes WHERE parent_id = %s", (id,)).fetchall():
            self.walk(child[0])
#           ^^^^^^^^^
`, { schema: 'CREATE TABLE nodes (id bigint PRIMARY KEY, parent_id bigint);' }),
    ts(`export async function run(ids: number[]) {
  for (const id of ids) await pool.query('SELECT name FROM customers WHERE id = $1', [id]);
//                            ^^^^^^^^^^
}
`, { path: 'src/jobs/nightly.ts', severity: 'info' }),
    // SQLAlchemy's look-up by key; one that joins or limits is left alone.
    {
      language: 'python',
      code: `from sqlalchemy.ext.asyncio import AsyncSession

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)

async def run(db: AsyncSession, ids: list[int]):
    for i in ids:
        customer = await db.get(Customer, i)
#                        ^^^^^^
        print(customer)
`,
      fixed: `from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)

async def run(db: AsyncSession, ids: list[int]):
    customers_by_id = {str(row.id): row for row in await db.scalars(select(Customer).where(Customer.id.in_(ids)))}
    for i in ids:
        customer = customers_by_id.get(str(i))
        print(customer)
`,
    },
    orm(`def run(session: Session, ids: list[int]):
    for i in ids:
        item = session.scalars(select(Item).where(Item.order_id == i).order_by(Item.id.desc()).limit(1)).first()
#                              ^^^^^^^^^^^^
        print(item)
`, { fixes: 0 }),
    orm(`def run(session: Session, ids: list[int]):
    for i in ids:
        item = session.scalars(select(Item).join(Order).where(Item.id == i)).first()
#                              ^^^^^^^^^^^^
        print(item)
`, { fixes: 0 }),
    // Relations that are loaded when they are touched.
    orm(`def names(session: Session):
    orders = session.scalars(select(Order).where(Order.id > 5)).all()
    return [order.customer.id for order in orders]
#           ^^^^^^^^^^^^^^ loaded lazily
`, {
      severity: 'warning',
      fixed: `${imports('joinedload')}def names(session: Session):
    orders = session.scalars(select(Order).options(joinedload(Order.customer)).where(Order.id > 5)).all()
    return [order.customer.id for order in orders]
`,
    }),
    orm(`def buyers(session: Session):
    statement = select(Order)
    for order in session.scalars(statement):
        for item in order.items:
#                   ^^^^^^^^^^^ many rows of Item
            print(item.buyer)
#                 ^^^^^^^^^^ \`items.buyer\`
`, {
      fixed: `${imports('selectinload')}def buyers(session: Session):
    statement = select(Order).options(selectinload(Order.items))
    for order in session.scalars(statement):
        for item in order.items:
            print(item.buyer)
`,
    }),
  ],
  clean: [
    // A handful of rows.
    ts(walkRegions('').replace('MARK', ''), { settings: { assume: { customers: 4 } } }),
    ts(walkRegions(' LIMIT 3').replace('MARK', ''), { settings: { assume: { customers: 12_000 } } }),
    py('def load(cur: psycopg.Cursor, ids: list[int]) -> None:\n    for key in ids:\n        try:\n            refresh(key)\n        except Exception as error:\n            cur.execute("SELECT name FROM customers WHERE id = %s", (key,))\n            print(cur.fetchone(), error)\n'),
    orm('def a(session: Session):\n    for order in session.scalars(select(Order).options(joinedload(Order.customer))):\n        print(order.customer, order.owner, order.id)\n'),
    orm('def b(session: Session, orders: list[Order]):\n    for order in orders:\n        print(order.customer)\n'),
    orm('def c(session: Session):\n    order = session.get(Order, 1)\n    print(order.customer)\n'),
    orm('def d(session: Session):\n    for row in session.execute(select(Order)):\n        print(row.customer)\n'),
    ts("export async function run(ids: number[]) {\n  for (const id of ids) await pool.query('INSERT INTO customers (id) VALUES ($1)', [id]);\n}\n"),
    ts("export async function run(ids: number[]) {\n  for (const id of ids) await pool.query('SELECT name FROM customers WHERE id = $1', [id]);\n}\n", { role: 'test' }),
    ts("export async function run(ids: number[]) {\n  for (const id of ids) await pool.query('SELECT name FROM customers WHERE id = $1', [id]);\n}\n", { role: 'script' }),
    ts("export async function run(ids: number[]) {\n  for (let i = 0; i < ids.length; i += 500) await pool.query('SELECT name FROM customers WHERE id = ANY($1)', [ids.slice(i, i + 500)]);\n}\n"),
    ts("export async function run(region: number) {\n  for (const customer of (await pool.query('SELECT name FROM customers WHERE region = $1', [region])).rows) console.log(customer.name);\n}\n"),
    ts("export async function run(region: number) {\n  while (running) {\n    await pool.query('SELECT name FROM customers WHERE region = $1', [region]);\n  }\n}\n"),
    // The loop writes: reading again in each turn may be meant.
    ts("export async function run(ids: number[], region: number) {\n  for (const id of ids) {\n    const n = await pool.query('SELECT name FROM customers WHERE region = $1', [region]);\n    await pool.query('UPDATE customers SET region = $1 WHERE id = $2', [n.rows.length, id]);\n  }\n}\n"),
    py('def run(conn: psycopg.Connection, ids):\n    for part in batched(ids, 100):\n        conn.execute("SELECT name FROM customers WHERE id = ANY(%s)", (list(part),))\n'),
    py('def run(redis, ids):\n    for i in ids:\n        redis.get(i)\n'),
  ],
});

const QUERY = "pool.query('SELECT name FROM customers WHERE id = $1', [id])";
it.each<readonly [boolean, string]>([
  [true, `export const run = (ids: number[]) => Promise.all(ids.map((id) => ${QUERY}));`],
  [true, `import pMap from 'p-map';\nexport const run = (ids: number[]) => pMap(ids, async (id) => ${QUERY});`],
  // A few at a time, one after the other, or all over one connection.
  [false, `import pMap from 'p-map';\nexport const run = (ids: number[]) => pMap(ids, async (id) => ${QUERY}, { concurrency: 4 });`],
  [false, `import pLimit from 'p-limit';\nconst limit = pLimit(3);\nexport const run = (ids: number[]) => Promise.all(ids.map((id) => limit(() => ${QUERY})));`],
  [false, `import async from 'async';\nexport const run = (ids: number[]) => async.eachLimit(ids, 5, async (id: number) => { await ${QUERY}; });`],
  [false, `async function each(ids: number[], act: (id: number) => Promise<unknown>) { for (const id of ids) await act(id); }\nexport const run = (ids: number[]) => each(ids, async (id) => { await ${QUERY}; });`],
  [false, `export const run = (ids: number[]) => db.transaction(async (tx) => { await Promise.all(ids.map((id) => ${QUERY.replace('pool', 'tx')})); });`],
])('says that all run at the same time: %s for %s', async (together, code) => {
  const { findings } = await lintCase([nPlusOne], { language: 'typescript', code: HEAD + code, schema: SCHEMA });
  expect(findings.map((finding) => finding.message.includes('All at the same time'))).toEqual([together]);
});

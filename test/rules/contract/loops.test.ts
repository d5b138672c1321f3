import { describe, expect, it } from 'vitest';
import { rules } from '../../../server/src/core/rules/index.generated';
import { ruleOf, verdictOf, type Clauses, type RowCase } from '../../support/contract';
import { lintCase } from '../../support/readers';

/** The contract of the rules about loops, transactions and connections, clause by clause: what each must say of a case. */

const SCHEMA = 'CREATE TABLE items (id bigint PRIMARY KEY, sku text NOT NULL, parent_id bigint, note jsonb, amount int NOT NULL DEFAULT 0);';
const PG = "import { Client, Pool, type PoolClient } from 'pg';\nconst pool = new Pool();\n";
const READ = "pool.query('SELECT sku FROM items WHERE id = $1', [id])";
const WRITE = "pool.query('DELETE FROM items WHERE id = $1', [id])";

/** A function over ids; `QUERY` in the body is the rule's statement. */
const over = (query: string) => (body: string, rest: Partial<RowCase> = {}, head = ''): RowCase => ({ language: 'typescript', code: `${head}${PG}export async function run(ids: number[], id: number) {\n  ${body.replaceAll('QUERY', query)}\n}\n`, ...rest });
const ts = over(READ);
const write = over(WRITE);
const file = (code: string, rest: Partial<RowCase> = {}): RowCase => ({ language: 'typescript', code: PG + code, ...rest });
const py = (code: string, rest: Partial<RowCase> = {}): RowCase => ({ language: 'python', code, ...rest });
const prisma = (body: string): RowCase => ({ language: 'typescript', code: `import { PrismaClient } from '@prisma/client';\nconst prisma = new PrismaClient();\nexport async function run(ids: number[]) {\n  ${body}\n}\n` });

const ASYNCPG = 'import asyncio\nimport asyncpg\n\n\nasync def one(conn: asyncpg.Connection, id: int):\n    return await conn.fetchrow("SELECT sku FROM items WHERE id = $1", id)\n\n\n';
const MODELS = `from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, joinedload, mapped_column, relationship, selectinload


class Base(DeclarativeBase):
    pass


class Owner(Base):
    __tablename__ = "owners"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"))
    owner: Mapped["Owner"] = relationship()


`;
const DJANGO = "from django.db import models, transaction\n\n\nclass Owner(models.Model):\n    name = models.TextField()\n\n\nclass Item(models.Model):\n    owner = models.ForeignKey(Owner, on_delete=models.CASCADE)\n\n\n";

const FOUND = 'warning/text/text';
const FIXED = 'warning/text/review';

/** Clauses that both loop rules have: `as above`. */
const shared = (make: typeof ts, fixed: string): Clauses[string] => [
  ['fires in for … of', make('for (const id of ids) await QUERY;'), fixed],
  ['fires in for (;;)', make('for (let i = 0; i < ids.length; i++) {\n    const id = ids[i];\n    await QUERY;\n  }'), 'warning/text/text'],
  ['fires in for … in', make('for (const i in ids) {\n    const id = ids[i];\n    await QUERY;\n  }'), 'warning/text/text'],
  ['fires in while', make('while (ids.length > 0) {\n    const id = ids.pop();\n    await QUERY;\n  }'), 'warning/text/text'],
  ['fires in do … while', make('do {\n    const id = ids.pop();\n    await QUERY;\n  } while (ids.length > 0);'), 'warning/text/text'],
  ['fires in for await', make('for await (const id of ids) await QUERY;'), 'warning/text/text'],
  ['fires in map', make('return ids.map((id) => QUERY);'), 'warning/text/text'],
  ['fires in forEach', make('ids.forEach((id) => { void QUERY; });'), 'warning/text/text'],
  ['fires in reduce', make('await ids.reduce((before, id) => before.then(() => QUERY), Promise.resolve());'), 'warning/text/text'],
  ['fires under p-map', make('await pMap(ids, (id) => QUERY);', {}, "import pMap from 'p-map';\n"), 'warning/text/text'],
  ['fires under async.each', make('await async.each(ids, async (id) => { await QUERY; });', {}, "import async from 'async';\n"), 'warning/text/text'],
  ['fires under async.eachLimit', make('await async.eachLimit(ids, 5, async (id) => { await QUERY; });', {}, "import async from 'async';\n"), 'warning/text/text'],
  ['fires under a helper of the project that calls its callback per element', make('await each(ids, (id) => QUERY);\n  async function each(all: number[], act: (id: number) => Promise<unknown>) {\n    for (const one of all) await act(one);\n  }'), 'warning/text/text'],
  ['fires through a function', make('const act = (id: number) => QUERY;\n  for (const id of ids) await act(id);'), 'warning/text/text'],
  ['silent on chunk loops whose statement takes the chunk', make("for (let i = 0; i < ids.length; i += 500) await pool.query('DELETE FROM items WHERE id = ANY($1)', [ids.slice(i, i + 500)]);"), 'silent'],
  ['silent on retries', make('for (let attempt = 0; attempt < 3; attempt++) {\n    try {\n      return await QUERY;\n    } catch {}\n  }'), 'silent'],
  ['silent on constant collections', make('for (const id of [1, 2, 3]) await QUERY;'), 'silent'],
  ['silent at most once: return', make('for (const id of ids) return QUERY;'), 'silent'],
  ['silent at most once: break after it', make('for (const id of ids) {\n    await QUERY;\n    break;\n  }'), 'silent'],
  ['silent on statements that are only built', make('const all: unknown[] = [];\n  for (const id of ids) all.push(`SELECT sku FROM items WHERE id = ${id}`);\n  return all;'), 'silent'],
  ['silent in tests', make('for (const id of ids) await QUERY;', { path: 'test/items.test.ts' }), 'silent'],
  ['silent in migrations', make('for (const id of ids) await QUERY;', { path: 'src/migrations/2_fill.ts' }), 'silent'],
  ['silent in seeds', make('for (const id of ids) await QUERY;', { path: 'src/seeds/items.ts' }), 'silent'],
  ['silent in scripts', make('for (const id of ids) await QUERY;', { path: 'scripts/once.ts' }), 'silent'],
  ['silent in generated code', make('for (const id of ids) await QUERY;', { path: 'src/generated/items.ts' }), 'silent'],
  ['silent in vendored code', make('for (const id of ids) await QUERY;', { path: 'vendor/items.ts' }), 'silent'],
];

const clauses: Clauses = {
  'n-plus-one': [
    ...shared(ts, FOUND),
    ['fires in flatMap and filter of many', ts('return Promise.all(ids.filter((id) => id > 1).flatMap((id) => QUERY));'), FOUND],
    ['fires under Promise.all', ts('return Promise.all(ids.map((id) => QUERY));'), FOUND],
    ['fires under asyncio.gather', py(`${ASYNCPG}async def run(conn: asyncpg.Connection, ids: list[int]):\n    return await asyncio.gather(*[one(conn, id) for id in ids])\n`), FOUND],
    ['fires in comprehensions', py(`${ASYNCPG}async def run(conn: asyncpg.Connection, ids: list[int]):\n    return [await one(conn, id) for id in ids]\n`), FOUND],
    ['fires by recursion', file("export async function walk(id: number) {\n  const { rows } = await pool.query('SELECT id FROM items WHERE parent_id = $1', [id]);\n  for (const row of rows) await walk(row.id);\n}\n"), FOUND],
    ['fires through methods', file(`class Items {\n  find(id: number) { return ${READ}; }\n  async all(ids: number[]) {\n    for (const id of ids) await this.find(id);\n  }\n}\n`), FOUND],
    ['fires through inherited methods', file(`class Base {\n  find(id: number) { return ${READ}; }\n}\nclass Items extends Base {\n  async all(ids: number[]) {\n    for (const id of ids) await this.find(id);\n  }\n}\n`), FOUND],
    ['fires through injected services', file(`class Items {\n  find(id: number) { return ${READ}; }\n}\nexport class Orders {\n  constructor(private readonly items: Items) {}\n  async all(ids: number[]) {\n    for (const id of ids) await this.items.find(id);\n  }\n}\n`), FOUND],
    ['fires through a function of another file', { language: 'typescript', code: "import { find } from './items';\nexport async function run(ids: number[]) {\n  for (const id of ids) await find(id);\n}\n", beside: { 'src/items.ts': `${PG}export const find = (id: number) => ${READ};\n` } }, FOUND],
    ['fires through a service of another file', { language: 'typescript', code: "import { Items } from './items';\nexport class Orders {\n  constructor(private readonly items: Items) {}\n  async all(ids: number[]) {\n    for (const id of ids) await this.items.find(id);\n  }\n}\n", beside: { 'src/items.ts': `${PG}class Base {\n  find(id: number) { return ${READ}; }\n}\nexport class Items extends Base {}\n` } }, FOUND],
    ['severity: info where the path is long', file(`const a = (id: number) => ${READ};\nconst b = (id: number) => a(id);\nexport async function run(ids: number[]) {\n  for (const id of ids) await b(id);\n}\n`), 'info/text/text'],
    ['fires on lazy relations touched in a loop: SQLAlchemy', py(`${MODELS}def run(session: Session):\n    for item in session.scalars(select(Item)).all():\n        print(item.owner.name)\n`, { schema: '' }), FIXED],
    ['fires on lazy relations touched in a loop: Django', py(`${DJANGO}def run():\n    for item in Item.objects.all():\n        print(item.owner.name)\n`, { schema: '' }), FIXED],
    ['fires on per-parent resolvers', file(`export const resolvers = {\n  Query: { items: async () => (await pool.query('SELECT id, parent_id FROM items')).rows },\n  Item: { parent: (item: Row) => pool.query('SELECT sku FROM items WHERE id = $1', [item.parent_id]) },\n};\n`), 'hint/text/text'],
    ['fires on serializers', py(`from rest_framework import serializers, viewsets\n${DJANGO}class ItemSerializer(serializers.ModelSerializer):\n    owner_name = serializers.CharField(source='owner.name')\n\n    class Meta:\n        model = Item\n        fields = ['id', 'owner_name']\n\n\nclass Items(viewsets.ModelViewSet):\n    queryset = Item.objects.all()\n    serializer_class = ItemSerializer\n`, { schema: '' }), FIXED],
    ['silent on uniqueness probes', ts("let n = 0;\n  let slug = 'x';\n  while (true) {\n    const { rows } = await pool.query('SELECT 1 FROM items WHERE sku = $1', [slug]);\n    if (rows.length === 0) return slug;\n    slug = `x-${n++}`;\n  }"), 'silent'],
    ['silent on page walks', ts("for (let page = 0; ; page++) {\n    const { rows } = await pool.query('SELECT sku FROM items ORDER BY id LIMIT 100 OFFSET $1', [page * 100]);\n    if (rows.length === 0) break;\n  }"), 'silent'],
    ['silent on keyset walks', ts("let last = 0;\n  while (true) {\n    const { rows } = await pool.query('SELECT id FROM items WHERE id > $1 ORDER BY id LIMIT 100', [last]);\n    if (rows.length === 0) break;\n    last = rows[rows.length - 1].id;\n  }"), 'silent'],
    ['silent on cursor walks', ts("const client = await pool.connect();\n  while (true) {\n    const { rows } = await client.query('FETCH 100 FROM walk');\n    if (rows.length === 0) break;\n  }\n  client.release();"), 'silent'],
    ['silent on the query as the iterable', ts("for (const row of (await pool.query('SELECT sku FROM items')).rows) console.log(row);"), 'silent'],
    ['silent on DataLoader', file("import DataLoader from 'dataloader';\nconst loader = new DataLoader(async (ids: readonly number[]) => (await pool.query('SELECT id, sku FROM items WHERE id = ANY($1)', [ids])).rows);\nexport async function run(ids: number[]) {\n  return Promise.all(ids.map((id) => loader.load(id)));\n}\n"), 'silent'],
    ['silent on Prisma findUnique of one shape in the same tick', prisma('return Promise.all(ids.map((id) => prisma.item.findUnique({ where: { id } })));'), 'silent'],
    ['fires on Prisma findUnique one after the other', prisma('for (const id of ids) console.log(await prisma.item.findUnique({ where: { id } }));'), FIXED],
    ['silent on prefetched relations: joinedload', py(`${MODELS}def run(session: Session):\n    for item in session.scalars(select(Item).options(joinedload(Item.owner))).all():\n        print(item.owner.name)\n`, { schema: '' }), 'silent'],
    ['silent on prefetched relations: select_related', py(`${DJANGO}def run():\n    for item in Item.objects.select_related('owner'):\n        print(item.owner.name)\n`, { schema: '' }), 'silent'],
    ['silent on HTTP', ts('for (const id of ids) await fetch(`https://example.com/${id}`);'), 'silent'],
    ['silent on S3', ts('for (const id of ids) await s3.send(new GetObjectCommand({ Bucket: "a", Key: String(id) }));', {}, "import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';\nconst s3 = new S3Client({});\n"), 'silent'],
    ['silent on Redis', ts('for (const id of ids) await redis.get(String(id));', {}, "import Redis from 'ioredis';\nconst redis = new Redis();\n"), 'silent'],
    ['silent on another database’s branch', ts("for (const id of ids) await mysql.query('SELECT sku FROM items WHERE id = ?', [id]);", {}, "import { createPool } from 'mysql2/promise';\nconst mysql = createPool({});\n"), 'silent'],
    ['in scripts where it is configured', ts('for (const id of ids) await QUERY;', { path: 'src/tools/once.ts', role: 'application' }), FOUND],
    ['fix review: hoist and batch with = ANY and a map by key', ts("const names: string[] = [];\n  for (const id of ids) {\n    const found = await QUERY;\n    names.push(found.rows[0].sku);\n  }\n  return names;"), FIXED],
    ['no fix: side effects between the awaits', ts('for (const id of ids) {\n    const found = await QUERY;\n    await send(found.rows[0]);\n  }'), FOUND],
    ['no fix: a try per row', ts('for (const id of ids) {\n    try {\n      const found = await QUERY;\n      console.log(found.rows[0]);\n    } catch {}\n  }'), FOUND],
    ['no fix: early exit', ts('for (const id of ids) {\n    const found = await QUERY;\n    if (found.rows.length === 0) return;\n  }'), FOUND],
    ['no fix: a value carried from one turn to the next', ts("let last = '';\n  for (const id of ids) {\n    const found = await pool.query('SELECT sku FROM items WHERE id = $1 AND sku > $2', [id, last]);\n    last = found.rows[0].sku;\n  }"), FOUND],
  ],
  'write-in-loop': [
    ...shared(write, FIXED),
    ['fires on INSERT', write("for (const id of ids) await pool.query('INSERT INTO items (id, sku) VALUES ($1, $2)', [id, 'x']);"), FIXED],
    ['fires on UPDATE', write("for (const id of ids) await pool.query('UPDATE items SET amount = 0 WHERE id = $1', [id]);"), FIXED],
    ['fires under Promise.all', write('await Promise.all(ids.map((id) => QUERY));'), FIXED],
    ['fix review: createMany', prisma('for (const id of ids) await prisma.item.create({ data: { id } });'), FIXED],
    ['fix review: insert([…])', { language: 'typescript', code: "import knex from 'knex';\nconst db = knex({ client: 'pg' });\nexport async function run(ids: number[]) {\n  for (const id of ids) await db('items').insert({ id, sku: 'x' });\n}\n" }, FIXED],
    ['severity: info where each element has its own try', write('for (const id of ids) {\n    try {\n      await QUERY;\n    } catch (error) {\n      console.error(error);\n    }\n  }'), 'info/text/text'],
    ['severity: info where each element waits for the network', write('for (const id of ids) {\n    await fetch(`https://example.com/${id}`);\n    await QUERY;\n  }'), 'info/text/text'],
    ['severity: a hint with both', write('for (const id of ids) {\n    try {\n      await fetch(`https://example.com/${id}`);\n      await QUERY;\n    } catch (error) {\n      console.error(error);\n    }\n  }'), 'hint/text/text'],
    ['severity: info in a back-fill that runs once', write('for (const id of ids) await QUERY;', { path: 'src/services/backfill_items.ts' }), 'info/text/review'],
    ['silent on executemany', py('import psycopg\n\n\ndef run(conn: psycopg.Connection, rows):\n    conn.cursor().executemany("INSERT INTO items (id, sku) VALUES (%s, %s)", rows)\n'), 'silent'],
    ['silent on a unit of work: session.add', py(`${MODELS}def run(session: Session, ids: list[int]):\n    for id in ids:\n        session.add(Item(id=id))\n    session.commit()\n`, { schema: '' }), 'silent'],
    ['silent on a unit of work: em.persist', { language: 'typescript', code: "import { EntityManager } from '@mikro-orm/postgresql';\nimport { Item } from './item';\nexport async function run(em: EntityManager, ids: number[]) {\n  for (const id of ids) em.persist(em.create(Item, { id }));\n  await em.flush();\n}\n" }, 'silent'],
  ],
  'transaction-per-iteration': [
    ['fires on BEGIN … COMMIT inside the loop', file("export async function run(client: PoolClient, ids: number[]) {\n  for (const id of ids) {\n    await client.query('BEGIN');\n    await client.query('DELETE FROM items WHERE id = $1', [id]);\n    await client.query('COMMIT');\n  }\n}\n"), 'info/text/review'],
    ['fires on the library’s transaction inside the loop', prisma('for (const id of ids) {\n    await prisma.$transaction(async (tx) => {\n      await tx.item.delete({ where: { id } });\n    });\n  }'), 'info/text/review'],
    ['fires through a function', file("async function one(client: PoolClient, id: number) {\n  await client.query('BEGIN');\n  await client.query('DELETE FROM items WHERE id = $1', [id]);\n  await client.query('COMMIT');\n}\nexport async function run(client: PoolClient, ids: number[]) {\n  for (const id of ids) await one(client, id);\n}\n"), 'info/text/text'],
    ['severity: a hint on a background job', { ...file("export async function run(client: PoolClient, ids: number[]) {\n  for (const id of ids) {\n    await client.query('BEGIN');\n    await client.query('DELETE FROM items WHERE id = $1', [id]);\n    await client.query('COMMIT');\n  }\n}\n"), path: 'src/jobs/clean.ts' }, 'hint/text/review'],
    ['silent on chunked commits', file("export async function run(client: PoolClient, ids: number[]) {\n  for (let i = 0; i < ids.length; i += 500) {\n    await client.query('BEGIN');\n    await client.query('DELETE FROM items WHERE id = ANY($1)', [ids.slice(i, i + 500)]);\n    await client.query('COMMIT');\n  }\n}\n"), 'silent'],
  ],
  'io-in-transaction': [
    ['fires on network', inTransaction("await fetch('https://example.com');"), FOUND],
    ['fires on a file', inTransaction("await readFile('a.txt', 'utf8');"), FOUND],
    ['fires on a pause', inTransaction('await new Promise((done) => setTimeout(done, 500));'), FOUND],
    ['fires on another process', inTransaction("execSync('make');"), FOUND],
    ['fires between BEGIN and COMMIT', file("export async function run(client: PoolClient, id: number) {\n  await client.query('BEGIN');\n  await client.query('DELETE FROM items WHERE id = $1', [id]);\n  await fetch('https://example.com');\n  await client.query('COMMIT');\n}\n"), FOUND],
    ['fires behind the first statement of Django’s atomic', py(`import requests\n${DJANGO}def run(id):\n    with transaction.atomic():\n        Item.objects.filter(id=id).delete()\n        requests.post("https://example.com")\n`, { schema: '' }), FOUND],
    ['silent before the first statement of Django’s atomic, which is where it begins', py(`import requests\n${DJANGO}def run(id):\n    with transaction.atomic():\n        requests.post("https://example.com")\n        Item.objects.filter(id=id).delete()\n`, { schema: '' }), 'silent'],
    ['silent before the first statement under @atomic', py(`import requests\n${DJANGO}@transaction.atomic\ndef run(id):\n    requests.post("https://example.com")\n    Item.objects.filter(id=id).delete()\n`, { schema: '' }), 'silent'],
    ['fires in the second turn of a loop in it', py(`import requests\n${DJANGO}def run(ids):\n    with transaction.atomic():\n        for id in ids:\n            requests.post("https://example.com")\n            Item.objects.filter(id=id).delete()\n`, { schema: '' }), FOUND],
    ['silent before BEGIN and after COMMIT', file("export async function run(client: PoolClient, id: number) {\n  await fetch('https://example.com');\n  await client.query('BEGIN');\n  await client.query('DELETE FROM items WHERE id = $1', [id]);\n  await client.query('COMMIT');\n  await fetch('https://example.com');\n}\n"), 'silent'],
    ['silent where nobody waits for it', inTransaction("void fetch('https://example.com');"), 'silent'],
    ['severity: info where it is conditional', inTransaction("if (id > 4) await fetch('https://example.com');"), 'info/text/text'],
  ],
  'transaction-not-closed': [
    ['fires on a path with no COMMIT', open("await client.query('BEGIN');\n    await client.query('DELETE FROM items WHERE id = $1', [id]);"), FOUND],
    ['fires on an error without ROLLBACK', open("await client.query('BEGIN');\n    await client.query('DELETE FROM items WHERE id = $1', [id]);\n    await client.query('COMMIT');"), FIXED],
    ['fires on a return before COMMIT', open("await client.query('BEGIN');\n    const { rowCount } = await client.query('DELETE FROM items WHERE id = $1', [id]);\n    if (rowCount === 0) return;\n    await client.query('COMMIT');", "await client.query('ROLLBACK');\n    throw error;"), FIXED],
    ['fires on a missing await session.commit()', py('from sqlalchemy.ext.asyncio import AsyncSession\nfrom app.models import Item, engine\n\n\nasync def run(id: int):\n    async with AsyncSession(engine) as session:\n        session.add(Item(id=id))\n', { schema: '' }), FIXED],
    ['silent with ROLLBACK on error', open("await client.query('BEGIN');\n    await client.query('DELETE FROM items WHERE id = $1', [id]);\n    await client.query('COMMIT');", "await client.query('ROLLBACK');\n    throw error;"), 'silent'],
    ['silent on session.begin()', py('from sqlalchemy.orm import sessionmaker\nfrom app.models import Item\n\nmake = sessionmaker()\n\n\ndef run(id: int):\n    with make.begin() as session:\n        session.add(Item(id=id))\n', { schema: '' }), 'silent'],
    ['silent on transaction(async tx => …)', prisma('await prisma.$transaction(async (tx) => { await tx.item.deleteMany({ where: { id: ids[0] } }); });'), 'silent'],
  ],
  'connection-per-call': [
    ['fires on new Client() inside a handler', file("export async function GET(request: Request) {\n  const client = new Client();\n  await client.connect();\n  const { rows } = await client.query('SELECT 1 FROM items LIMIT 1');\n  await client.end();\n  return Response.json(rows);\n}\n"), FOUND],
    ['fires on create_engine() inside a handler', py('from fastapi import FastAPI\nfrom sqlalchemy import create_engine, text\n\napp = FastAPI()\n\n\n@app.get("/")\ndef read():\n    engine = create_engine("postgresql://a@h/a")\n    with engine.connect() as conn:\n        return conn.execute(text("SELECT 1 FROM items LIMIT 1")).all()\n'), FOUND],
    ['fires on connect() inside a handler', py('import psycopg\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get("/")\ndef read():\n    with psycopg.connect("postgresql://a@h/a") as conn:\n        return conn.execute("SELECT 1 FROM items LIMIT 1").fetchall()\n'), FOUND],
    ['fires inside a function that a loop calls', file("async function one(id: number) {\n  const client = new Client();\n  await client.connect();\n  await client.query('DELETE FROM items WHERE id = $1', [id]);\n  await client.end();\n}\nexport async function run(ids: number[]) {\n  for (const id of ids) await one(id);\n}\n"), 'info/text/text'],
    ['silent at process start-up', file("const client = new Client();\nawait client.connect();\nexport const run = () => client.query('SELECT 1 FROM items LIMIT 1');\n"), 'silent'],
    ['silent in scripts', file("export async function GET() {\n  const client = new Client();\n  await client.connect();\n  await client.end();\n}\n", { path: 'scripts/once.ts' }), 'silent'],
    ['silent in tests', file("export async function GET() {\n  const client = new Client();\n  await client.connect();\n  await client.end();\n}\n", { path: 'src/a.test.ts' }), 'silent'],
  ],
  'connection-not-released': [
    ['fires without release()', file('export async function run() {\n  const client = await pool.connect();\n  return client.query(\'SELECT 1 FROM items LIMIT 1\');\n}\n'), FIXED],
    ['fires on release() that is not in finally', file("export async function run() {\n  const client = await pool.connect();\n  const { rows } = await client.query('SELECT 1 FROM items LIMIT 1');\n  client.release();\n  return rows;\n}\n"), FIXED],
    ['silent with release() in finally', file("export async function run() {\n  const client = await pool.connect();\n  try {\n    return await client.query('SELECT 1 FROM items LIMIT 1');\n  } finally {\n    client.release();\n  }\n}\n"), 'silent'],
    ['silent on context managers', py('import asyncpg\n\n\nasync def run(pool: asyncpg.Pool):\n    async with pool.acquire() as conn:\n        return await conn.fetch("SELECT 1 FROM items LIMIT 1")\n'), 'silent'],
    ['fires in Python without a context manager', py('import asyncpg\n\n\nasync def run(pool: asyncpg.Pool):\n    conn = await pool.acquire()\n    return await conn.fetch("SELECT 1 FROM items LIMIT 1")\n'), FIXED],
  ],
  'session-state-on-pooler': [
    ['fires on SET, with a PgBouncer URL', pooled('SET statement_timeout = 5000'), FOUND],
    ['fires on LISTEN', pooled('LISTEN jobs'), FOUND],
    ['fires on temporary tables', pooled('CREATE TEMP TABLE t (id int)'), FOUND],
    ['fires on session advisory locks', pooled('SELECT pg_advisory_lock(4)'), FOUND],
    ['fires on named prepared statements', pooled('PREPARE p AS SELECT 1 FROM items LIMIT 1'), FOUND],
    ['fires with a PgBouncer configuration in the workspace', { ...file("export const run = () => pool.query('LISTEN jobs');\n"), settings: { pooler: { because: 'pgbouncer.ini: pool_mode = transaction', mode: 'shared' } } }, FOUND],
    ['silent without a pooler', file("export const run = () => pool.query('LISTEN jobs');\n"), 'silent'],
    ['silent on a pooler that keeps sessions', { ...file("export const run = () => pool.query('LISTEN jobs');\n"), settings: { pooler: { because: 'pgbouncer.ini: pool_mode = session', mode: 'session' } } }, 'silent'],
    ['silent on SET LOCAL', pooled('SET LOCAL statement_timeout = 5000'), 'silent'],
    ['silent on pg_advisory_xact_lock', pooled('SELECT pg_advisory_xact_lock(4)'), 'silent'],
  ],
  'pool-behind-pooler': [
    ['fires on SQLAlchemy’s QueuePool on PgBouncer', py('from sqlalchemy import create_engine\n\nengine = create_engine("postgresql://a@pgbouncer:6432/a")\n'), 'info/text/text'],
    ['silent on NullPool', py('from sqlalchemy import create_engine\nfrom sqlalchemy.pool import NullPool\n\nengine = create_engine("postgresql://a@pgbouncer:6432/a", poolclass=NullPool)\n'), 'silent'],
    ['fires on pool sizes beyond max_connections', { language: 'typescript', code: "import { Pool } from 'pg';\nconst pool = new Pool({ max: 500 });\n", catalog: (catalog) => ({ ...catalog, server: { ...catalog.server, settings: { max_connections: '100' } } as NonNullable<typeof catalog.server> }) }, 'warning/schema/text'],
    ['silent on pool sizes below', { language: 'typescript', code: "import { Pool } from 'pg';\nconst pool = new Pool({ max: 50 });\n", catalog: (catalog) => ({ ...catalog, server: { ...catalog.server, settings: { max_connections: '100' } } as NonNullable<typeof catalog.server> }) }, 'silent'],
  ],
};

/** Something awaited in a transaction that writes. */
function inTransaction(work: string): RowCase {
  return { language: 'typescript', code: `import { PrismaClient } from '@prisma/client';\nimport { readFile } from 'node:fs/promises';\nimport { execSync } from 'node:child_process';\nconst prisma = new PrismaClient();\nexport const run = (id: number) => prisma.$transaction(async (tx) => {\n  await tx.item.delete({ where: { id } });\n  ${work}\n});\n` };
}

/** A client that is given back, with this in its `try` and its `catch`. */
function open(body: string, onError = ''): RowCase {
  return file(`export async function run(id: number) {\n  const client = await pool.connect();\n  try {\n    ${body}\n  } ${onError === '' ? '' : `catch (error) {\n    ${onError}\n  } `}finally {\n    client.release();\n  }\n}\n`);
}

/** A statement on a pool whose URL leads to a pooler. */
function pooled(sql: string): RowCase {
  return { language: 'typescript', code: `import { Pool } from 'pg';\nconst pool = new Pool({ connectionString: 'postgres://a@pgbouncer:6432/a' });\nexport const run = () => pool.query('${sql}');\n` };
}

describe.each(Object.entries(clauses))('%s', (id, rows) => {
  it.each(rows)('%s', async (_, code, expected) => {
    expect(await verdictOf(id, code, { schema: SCHEMA }), typeof code === 'string' ? code : code.code).toBe(expected);
  });
});

describe('what the message tells', () => {
  const say = async (id: string, row: RowCase): Promise<string> => (await lintCase([ruleOf(id)], { language: 'typescript', schema: SCHEMA, ...row })).findings.map((f) => `${f.message} ${f.because ?? ''}`).join('\n');

  it.each([
    ['a query that does not depend on the loop is to be hoisted', 'n-plus-one', ts("for (const one of ids) console.log(one, (await QUERY).rows);"), /does not depend|same|once before|before the loop/i],
    ['many at the same time take the pool', 'n-plus-one', ts('return Promise.all(ids.map((id) => QUERY));'), /at the same time/],
    ['the shortest call path is the evidence', 'n-plus-one', ts('const act = (id: number) => QUERY;\n  for (const id of ids) await act(id);'), /case\.ts:\d+ → case\.ts:\d+ SELECT sku FROM items/],
    ['COPY is advised over ten thousand rows', 'write-in-loop', { ...file("export async function run() {\n  const { rows } = await pool.query('SELECT id FROM items');\n  for (const row of rows) await pool.query('INSERT INTO items (id, sku) VALUES ($1, $2)', [row.id, 'x']);\n}\n"), settings: { assume: { items: 50_000 } } }, /COPY/],
  ] as const)('%s', async (_, id, row, text) => {
    expect(await say(id, row)).toMatch(text);
  });
});

it('every rule of loops has its clauses', () => {
  expect(Object.keys(clauses).sort()).toEqual(rules.filter((rule) => rule.category === 'loops').map((rule) => rule.id).sort());
});

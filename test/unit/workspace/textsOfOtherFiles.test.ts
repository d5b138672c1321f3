import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../server/src/workspace/engine';
import { toUri } from '../../../server/src/workspace/paths';
import { createProject, type Project } from '../../../server/src/workspace/project';
import { makeWorkspace } from '../../support/workspaceFolder';

/** Files beside `use`, in a folder of their own; and the statements of the sites of `use`. */
type Form = readonly [files: Readonly<Record<string, string>>, ...texts: string[]];
const ONE = 'SELECT id FROM orders WHERE id = $1';
const USE = (call: string, head: string): string => `${head}\nexport async function use(id: number, ids: number[], pool: any) {\n  return ${call};\n}\n`;
const chain = (depth: number): Readonly<Record<string, string>> => Object.fromEntries(Array.from({ length: depth }, (_, i) => [`w${i}.ts`, i === 0
  ? "import { pool } from '../pool';\nexport const w0 = (sql: string, values: unknown[]) => pool.query(sql, values);\n"
  : `import { w${i - 1} } from './w${i - 1}';\nexport async function w${i}(sql: string, values: unknown[]) {\n  return w${i - 1}(sql, values);\n}\n`]));

const scripts: Readonly<Record<string, Form>> = {
  'three files': [{ ...chain(3), 'use.ts': USE(`w2('${ONE}', [id])`, "import { w2 } from './w2';") }, ONE],
  'nine files': [{ ...chain(9), 'use.ts': USE(`w8('${ONE}', [id])`, "import { w8 } from './w8';") }, ONE],
  'a method of an object of another file': [{ 'db.ts': "import { pool } from '../pool';\nclass Db {\n  async rows(sql: string, values: unknown[]) { return this.send(sql, values); }\n  private async send(sql: string, values: unknown[]) { return (await pool.query(sql, values)).rows; }\n}\nexport const db = new Db();\n", 'use.ts': USE(`db.rows('${ONE}', [id])`, "import { db } from './db';") }, ONE],
  'an inherited method': [{ 'base.ts': "import { pool } from '../pool';\nexport abstract class Base {\n  protected async rows(sql: string, values: unknown[]) { return (await pool.query(sql, values)).rows; }\n}\n", 'use.ts': `import { Base } from './base';\nexport class Orders extends Base {\n  find(id: number) { return this.rows('${ONE}', [id]); }\n}\n` }, ONE],
  'a mixin': [{ 'mix.ts': "import { pool } from '../pool';\nexport const Queries = (Base: any) => class extends Base {\n  async rows(sql: string, values: unknown[]) { return (await pool.query(sql, values)).rows; }\n};\n", 'use.ts': `import { Queries } from './mix';\nclass Plain {}\nexport class Orders extends Queries(Plain) {\n  find(id: number) { return this.rows('${ONE}', [id]); }\n}\n` }, ONE],
  'an object of options': [{ 'q.ts': "import { pool } from '../pool';\nexport const run = ({ sql, params }: { sql: string; params: unknown[] }) => pool.query(sql, params);\n", 'use.ts': USE(`run({ sql: '${ONE}', params: [id] })`, "import { run } from './q';") }, ONE],
  'rest arguments': [{ 'q.ts': "import { pool } from '../pool';\nexport const run = (...args: [string, unknown[]]) => pool.query(...args);\n", 'use.ts': USE(`run('${ONE}', [id])`, "import { run } from './q';") }, ONE],
  'behind other parameters': [{ 'q.ts': "import type { PoolClient } from 'pg';\nexport const run = (client: PoolClient, name: string, sql: string, values: unknown[]) => client.query({ name, text: sql, values });\n", 'use.ts': USE(`run(pool, 'x', '${ONE}', [id])`, "import { run } from './q';") }, ONE],
  'a default export': [{ 'q.ts': "import { pool } from '../pool';\nexport default async (sql: string, values: unknown[]) => (await pool.query(sql, values)).rows;\n", 'use.ts': USE(`run('${ONE}', [id])`, "import run from './q';") }, ONE],
  'a namespace': [{ ...chain(1), 'use.ts': USE(`q.w0('${ONE}', [id])`, "import * as q from './w0';") }, ONE],
  'renamed on the way': [{ ...chain(1), 'all.ts': "export { w0 as run } from './w0';\n", 'use.ts': USE(`run('${ONE}', [id])`, "import { run } from './all';") }, ONE],
  'a function that gives a function': [{ 'q.ts': "import type { Pool } from 'pg';\nexport const on = (pool: Pool) => (sql: string, values: unknown[]) => pool.query(sql, values);\n", 'use.ts': USE(`on(pool)('${ONE}', [id])`, "import { on } from './q';") }, ONE],
  'a factory of functions': [{ 'q.ts': "import type { Pool } from 'pg';\nexport const createDb = (pool: Pool) => ({ rows: async (sql: string, values: unknown[]) => (await pool.query(sql, values)).rows });\n", 'use.ts': USE(`createDb(pool).rows('${ONE}', [id])`, "import { createDb } from './q';") }, ONE],
  'inside a transaction': [{ 'q.ts': "import { pool } from '../pool';\nconst tx = async (work: (c: any) => unknown) => { const c = await pool.connect(); try { return await work(c); } finally { c.release(); } };\nexport const run = (sql: string, values: unknown[]) => tx((c) => c.query(sql, values));\n", 'use.ts': USE(`run('${ONE}', [id])`, "import { run } from './q';") }, ONE],
  'inside a retry, trimmed': [{ 'q.ts': "import { pool } from '../pool';\nimport { retry } from 'retry';\nexport const run = (sql: string, values: unknown[]) => {\n  const text = sql.trim();\n  return retry(() => pool.query(text, values));\n};\n", 'use.ts': USE(`run('${ONE}', [id])`, "import { run } from './q';") }, ONE],
  'a bound method': [{ 'q.ts': "import { pool } from '../pool';\nexport const query = pool.query.bind(pool);\n", 'use.ts': USE(`query('${ONE}', [id])`, "import { query } from './q';") }, ONE],
  'taken out of an object': [{ 'q.ts': "import { pool } from '../pool';\nexport const db = { rows: async (sql: string, values: unknown[]) => (await pool.query(sql, values)).rows };\n", 'use.ts': `import { db } from './q';\nconst { rows } = db;\n${USE(`rows('${ONE}', [id])`, '')}` }, ONE],
  'module.exports': [{ 'q.js': "const { pool } = require('../pool');\nasync function rows(sql, values) { return (await pool.query(sql, values)).rows; }\nmodule.exports = { rows };\n", 'use.js': `const db = require('./q');\nexports.find = (id) => db.rows('${ONE}', [id]);\n` }, ONE],
  'a fragment of a helper': [{ 'f.ts': "export const mine = (alias: string) => `${alias}.id = $1`;\n", 'use.ts': USE('pool.query(`SELECT o.id FROM orders o WHERE ${mine("o")}`, [id])', "import { mine } from './f';\nimport { pool } from '../pool';").replace(', pool: any', '') }, 'SELECT o.id FROM orders o WHERE o.id = $1'],
  'constants of two files': [{ 'c.ts': "export const COLUMNS = 'id';\nexport const TABLES = { orders: 'orders' } as const;\n", 'd.ts': "import { COLUMNS, TABLES } from './c';\nexport const FIND = `SELECT ${COLUMNS} FROM ${TABLES.orders}`;\n", 'use.ts': USE("pool.query(FIND + ' WHERE id = $1', [id])", "import { FIND } from './d';\nimport { pool } from '../pool';").replace(', pool: any', '') }, ONE],
  'conditions in a list': [{ 'use.ts': "import { pool } from '../pool';\nexport async function use(id: number, total?: number) {\n  const conditions = ['id = $1'];\n  const values: unknown[] = [id];\n  if (total) { values.push(total); conditions.push(`total > $${values.length}`); }\n  return pool.query('SELECT id FROM orders WHERE ' + conditions.join(' AND '), values);\n}\n" }, 'SELECT id FROM orders WHERE id = $1 AND total > $2'],
  'a where object of another file': [{ 'f.ts': 'export const ownedBy = (user: { id: number }) => ({ owner_id: user.id, deleted: false });\n', 'use.ts': "import { knex } from '../knexDb';\nimport { ownedBy } from './f';\nexport const use = (user: { id: number }) => knex('orders').where({ ...ownedBy(user), state: 'open' }).select('id').then((rows) => rows);\n" }, "SELECT id FROM orders WHERE owner_id = $1 AND deleted = FALSE AND state = 'open'"],
  'a table of a repository base class': [{ 'base.ts': "import { knex } from '../knexDb';\nexport abstract class Repo {\n  protected abstract readonly table: string;\n  protected rows(where: object) { return knex(this.table).where(where); }\n}\n", 'use.ts': "import { knex } from '../knexDb';\nimport { Repo } from './base';\nconst TABLE = 'orders';\nexport class Orders extends Repo {\n  protected readonly table = TABLE;\n  async find(id: number) { return await knex(this.table).where({ id }).select('id'); }\n}\n" }, 'SELECT id FROM orders WHERE id = $1'],
  'a builder that a helper goes on with': [{ 'p.ts': 'export const newest = (query: any, count: number) => query.orderBy("id", "desc").limit(count);\n', 'use.ts': "import { knex } from '../knexDb';\nimport { newest } from './p';\nexport const use = async (id: number) => await newest(knex('orders').where({ id }).select('id'), 5);\n" }, 'SELECT id FROM orders WHERE id = $1'],
  'a tag of the project': [{ 'q.ts': "import postgres from 'postgres';\nconst sql = postgres('');\nexport const rows = sql;\n", 'use.ts': "import { rows } from './q';\nexport const use = async (id: number) => await rows`SELECT id FROM orders WHERE id = ${id}`;\n" }, 'SELECT id FROM orders WHERE id =?'],
};

const pyChain = (depth: number): Readonly<Record<string, string>> => Object.fromEntries(Array.from({ length: depth }, (_, i) => [`w${i}.py`, i === 0 ? 'import psycopg\n\n\ndef w0(conn: psycopg.Connection, query, params=()):\n    return conn.execute(query, params).fetchall()\n' : `from .w${i - 1} import w${i - 1}\n\n\ndef w${i}(conn, query, params=()):\n    return w${i - 1}(conn, query, params)\n`]));
const PY = 'SELECT id FROM orders WHERE id = %s';
const pyUse = (call: string, head: string): string => `${head}\n\n\ndef use(conn, id):\n    return ${call}\n`;
const python: Readonly<Record<string, Form>> = {
  'Python: three files': [{ ...pyChain(3), 'use.py': pyUse(`w2(conn, "${PY}", (id,))`, 'from .w2 import w2') }, PY],
  'Python: nine files': [{ ...pyChain(9), 'use.py': pyUse(`w8(conn, "${PY}", (id,))`, 'from .w8 import w8') }, PY],
  'Python: by keyword': [{ ...pyChain(2), 'use.py': pyUse(`w1(conn, query="${PY}", params=(id,))`, 'from .w1 import w1') }, PY],
  'Python: a method of a field': [{ 'db.py': 'import psycopg\n\n\nclass Db:\n    def __init__(self, conn: psycopg.Connection):\n        self.conn = conn\n\n    def rows(self, query, params):\n        return self._send(query, params).fetchall()\n\n    def _send(self, query, params):\n        return self.conn.execute(query, params)\n', 'use.py': `from .db import Db\n\n\nclass Orders:\n    def __init__(self, db: Db):\n        self.db = db\n\n    def find(self, id):\n        return self.db.rows("${PY}", (id,))\n` }, PY],
  'Python: an inherited method': [{ 'base.py': 'import psycopg\n\n\nclass Base:\n    conn: psycopg.Connection\n\n    def rows(self, query, params):\n        return self.conn.execute(query, params).fetchall()\n', 'use.py': `from .base import Base\n\n\nclass Orders(Base):\n    def find(self, id):\n        return self.rows("${PY}", (id,))\n` }, PY],
  'Python: a mixin and a class method': [{ 'mix.py': 'import psycopg\n\nconn = psycopg.connect("")\n\n\nclass Queries:\n    @classmethod\n    def rows(cls, query, params):\n        return conn.execute(query, params).fetchall()\n', 'use.py': `from .mix import Queries\n\n\nclass Plain:\n    pass\n\n\nclass Orders(Plain, Queries):\n    @classmethod\n    def find(cls, id):\n        return cls.rows("${PY}", (id,))\n` }, PY],
  'Python: rest arguments': [{ 'q.py': 'import psycopg\n\nconn = psycopg.connect("")\n\n\ndef run(*args, **kwargs):\n    return conn.execute(*args, **kwargs)\n', 'use.py': pyUse(`run("${PY}", (id,))`, 'from .q import run') }, PY],
  'Python: a decorated function with a cursor of its own': [{ 'q.py': 'import functools\n\nimport psycopg\n\nconn = psycopg.connect("")\n\n\ndef retried(fn):\n    @functools.wraps(fn)\n    def inner(*args, **kwargs):\n        return fn(*args, **kwargs)\n    return inner\n\n\n@retried\ndef run(query, params):\n    with conn.cursor() as cur:\n        cur.execute(query, params)\n        return cur.fetchall()\n', 'use.py': pyUse(`run("${PY}", (id,))`, 'from .q import run') }, PY],
  'Python: async, through an acquired connection': [{ 'q.py': 'import asyncpg\n\n\nclass Db:\n    def __init__(self, pool: asyncpg.Pool):\n        self.pool = pool\n\n    async def rows(self, query, *args):\n        async with self.pool.acquire() as conn:\n            return await conn.fetch(query, *args)\n', 'use.py': 'from .q import Db\n\n\nasync def use(db: Db, id):\n    return await db.rows("SELECT id FROM orders WHERE id = $1", id)\n' }, ONE],
  'Python: a partial': [{ ...pyChain(1), 'use.py': `import functools\n\nimport psycopg\n\nfrom .w0 import w0\n\nconn = psycopg.connect("")\nrun = functools.partial(w0, conn)\n\n\ndef use(id):\n    return run("${PY}", (id,))\n` }, PY],
  'Python: fragments and constants of other modules': [{ 'f.py': 'COLUMNS = "id"\n\n\ndef mine(alias):\n    return f"{alias}.id = %s"\n', 'use.py': 'import psycopg\n\nfrom . import f\nfrom .f import mine\n\n\ndef use(conn: psycopg.Connection, id):\n    return conn.execute(f"SELECT {f.COLUMNS} FROM orders o WHERE {mine(\'o\')}", (id,))\n' }, 'SELECT id FROM orders o WHERE o.id = %s'],
  'Python: conditions in a list': [{ 'use.py': 'import psycopg\n\n\ndef use(conn: psycopg.Connection, id, total=None):\n    conditions = ["id = %s"]\n    params = [id]\n    if total:\n        conditions.append("total > %s")\n        params.append(total)\n    return conn.execute("SELECT id FROM orders WHERE " + " AND ".join(conditions), params)\n' }, 'SELECT id FROM orders WHERE id = %s AND total > %s'],
};
const folderOf = (what: string): string => `src/${what.replaceAll(/[^a-z]+/gi, '_').toLowerCase()}`;

let workspace: ReturnType<typeof makeWorkspace>;
let project: Project;
beforeAll(async () => {
  workspace = makeWorkspace({
    'package.json': '{ "dependencies": { "pg": "8", "knex": "3", "postgres": "3" } }',
    'src/pool.ts': "import { Pool } from 'pg';\nexport const pool = new Pool();\n",
    'src/knexDb.ts': "import createKnex from 'knex';\nexport const knex = createKnex({ client: 'pg' });\n",
    'src/__init__.py': '',
    ...Object.fromEntries(Object.entries({ ...scripts, ...python }).flatMap(([what, [files]]) => [[`${folderOf(what)}/__init__.py`, ''], ...Object.entries(files).map(([name, text]) => [`${folderOf(what)}/${name}`, text])])),
  });
  project = await createProject({ folder: workspace.folder, engine: await createEngine(), settings: {}, threads: 0 });
  await project.scan();
});
afterAll(() => workspace.remove());

describe('SQL that comes together from several files is a query where it is given', () => {
  it.each(Object.entries({ ...scripts, ...python }))('%s', (what, [files, ...texts]) => {
    const use = Object.keys(files).find((name) => name.startsWith('use.'))!;
    const sites = project.files.get(toUri(workspace.path(`${folderOf(what)}/${use}`)))?.sites.filter(({ executes }) => executes !== 'no') ?? [];
    expect(sites.map(({ source }) => source?.text.replaceAll(/ {9,}/g, '?') ?? '(not known)')).toEqual(texts);
  });
});

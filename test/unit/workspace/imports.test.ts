import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { QuerySite } from '../../../server/src/core/hosts/ir';
import { createEngine, type Engine } from '../../../server/src/workspace/engine';
import { toUri } from '../../../server/src/workspace/paths';
import { createProject, type Project } from '../../../server/src/workspace/project';
import { hostSpan } from '../../../server/src/core/text/span';
import { makeWorkspace } from '../../support/workspaceFolder';

let engine: Engine;
let workspace: ReturnType<typeof makeWorkspace> | undefined;
beforeAll(async () => void (engine = await createEngine()));
afterEach(() => workspace?.remove());

async function scan(files: Record<string, string>): Promise<Project> {
  workspace?.remove();
  workspace = makeWorkspace(files);
  const project = await createProject({ folder: workspace.folder, engine, settings: {}, threads: 0 });
  await project.scan();
  return project;
}
const uriOf = (name: string): string => toUri(workspace?.path(name) ?? name);
const sitesOf = (project: Project, name: string): readonly QuerySite[] => project.files.get(uriOf(name))?.sites ?? [];
const show = (site: QuerySite | undefined): string => (site ? `${site.library} ${site.confidence}${site.complete ? '' : ' …'}: ${site.source?.text.replaceAll(/\s+/g, ' ').trim() ?? '(opaque)'}` : '(none)');
/** The queries of `app.ts` (or another file) beside these files. */
async function read(files: Record<string, string>, name = 'app.ts'): Promise<string[]> {
  const project = await scan(files);
  return sitesOf(project, name).map(show);
}

const pool = "import { Pool } from 'pg';\nexport const pool = new Pool();\n";

describe('text from other files', () => {
  it('constants, members of objects, namespaces, fields and defaults', async () => {
    expect(await read({
      'db.ts': pool,
      'sql.ts': "export const LIST = 'SELECT id FROM orders';\nexport const SQL = { one: `SELECT id FROM orders WHERE id = $1` } as const;\nexport class Q { static readonly ALL = 'SELECT id FROM items'; }\nexport default 'SELECT id FROM teams';\n",
      'app.ts': "import { pool } from './db';\nimport teams, { LIST, SQL as S, Q } from './sql';\nimport * as all from './sql';\nexport async function f(id) {\n  await pool.query(LIST);\n  await pool.query(S.one, [id]);\n  await pool.query(all.LIST);\n  await pool.query(Q.ALL);\n  await pool.query(teams);\n}\n",
    })).toEqual(['pg proved: SELECT id FROM orders', 'pg proved: SELECT id FROM orders WHERE id = $1', 'pg proved: SELECT id FROM orders', 'pg proved: SELECT id FROM items', 'pg proved: SELECT id FROM teams']);
  });
  it('names of tables and columns in templates, and fragments that functions return', async () => {
    expect(await read({
      'db.ts': pool,
      'names.ts': "export const TABLES = { orders: 'shop.orders' };\nconst own = 'id, name';\nexport const columns = (alias) => `${alias}.id, ${alias}.name`;\nexport const COLUMNS = own;\n",
      'app.ts': "import { pool } from './db';\nimport { TABLES, columns, COLUMNS } from './names';\nexport async function f(id) {\n  await pool.query(`SELECT ${COLUMNS} FROM ${TABLES.orders} WHERE id = $1`, [id]);\n  await pool.query(`SELECT ${columns('o')} FROM orders o`);\n}\n",
    })).toEqual(['pg proved: SELECT id, name FROM shop.orders WHERE id = $1', 'pg proved: SELECT o.id, o.name FROM orders o']);
  });
  it('is placed where this file names it', async () => {
    const text = "import { pool } from './db';\nimport { TABLE } from './names';\nawait pool.query(`SELECT id FROM ${TABLE} WHERE id = 1`);\n";
    const project = await scan({ 'db.ts': pool, 'names.ts': "// a long line before, so that offsets differ\nexport const TABLE = 'shop.orders';\n", 'app.ts': text });
    const [site] = sitesOf(project, 'app.ts');
    const at = site?.source?.text.indexOf('shop') ?? -1;
    const segment = site?.map.segments.find((one) => one.sql.start <= at && at < one.sql.end);
    expect(segment && [segment.kind, text.slice(segment.host.start, segment.host.end)]).toEqual(['rendered', 'TABLE']);
  });
  it('re-exports, CommonJS, paths through several files, and circles that lead nowhere', async () => {
    expect(await read({
      'db.js': "const { Pool } = require('pg');\nconst pool = new Pool();\nmodule.exports = { pool, LIST: 'SELECT id FROM orders' };\n",
      'index.ts': "export * from './a';\nexport { ONE as UNO } from './b';\n",
      'a.ts': "import { TWO } from './b';\nexport * from './index';\nexport const THREE = TWO;\n",
      'b.ts': "import { THREE } from './a';\nexport const ONE = 'SELECT id FROM one';\nexport const TWO = 'SELECT id FROM two';\nexport const LOOP = THREE + LOOP;\n",
      'app.ts': "import { pool, LIST } from './db';\nimport { UNO, THREE, LOST, LOOP } from './index';\nexport async function f() {\n  await pool.query(LIST);\n  await pool.query(UNO);\n  await pool.query(THREE);\n  await pool.query(LOST);\n  await pool.query(LOOP);\n}\n",
    })).toEqual(['pg proved: SELECT id FROM orders', 'pg proved: SELECT id FROM one', 'pg proved: SELECT id FROM two', 'pg proved …: (opaque)', 'pg proved …: (opaque)']);
  });
  it('a variable that changes is none', async () => {
    expect(await read({ 'db.ts': pool, 'sql.ts': "export let LIST = 'SELECT id FROM orders';\nexport const set = (s) => { LIST = s; };\n", 'app.ts': "import { pool } from './db';\nimport { LIST } from './sql';\nawait pool.query(LIST);\n" })).toEqual(['pg proved …: (opaque)']);
  });
  it('an object that is filled later is none', async () => {
    expect(await read({ 'db.ts': pool, 'ctx.ts': "export const ctx = { schema: 'app' };\nexport const setup = (s) => { ctx.schema = s; };\n", 'app.ts': "import { pool } from './db';\nimport { ctx } from './ctx';\nawait pool.query(`SELECT id FROM ${ctx.schema}.orders`);\n" })).toEqual(['pg proved: SELECT id FROM .orders']);
  });
  it('objects of conditions are read where they are built', async () => {
    expect(await read({
      'db.ts': "import knex from 'knex';\nexport const db = knex({ client: 'pg' });\n",
      'where.ts': "export const ACTIVE = { status: 'active' };\nexport const byTeam = (user) => ({ team_id: user.teamId, ...ACTIVE });\n",
      'app.ts': "import { db } from './db';\nimport { byTeam } from './where';\nexport const f = async (user, q) => await db('orders').where({ ...byTeam(user), name: q });\n",
    })).toEqual(["knex proved: SELECT * FROM orders WHERE team_id = $1 AND status = 'active' AND name = $2"]);
  });
});

describe('clients from other files', () => {
  const query = "const rows = await db.query('SELECT id FROM orders WHERE id = $1', [id]);";
  const forms: readonly (readonly [string, string, string])[] = [
    ['a constant', "import { Pool } from 'pg';\nexport const db = new Pool();\n", "import { db } from './db';\n"],
    ['a default export', "import { Pool } from 'pg';\nexport default new Pool();\n", "import db from './db';\n"],
    ['a function that returns one', "import { Pool } from 'pg';\nconst pool = new Pool();\nexport function getDb() { return pool; }\n", "import { getDb } from './db';\nconst db = getDb();\n"],
    ['a field of a base class', "import { Pool } from 'pg';\nexport class Base { protected readonly pool = new Pool(); }\n", "import { Base } from './db';\nclass Repo extends Base { async all(id) { const db = this.pool; const r = await db.query('SELECT id FROM orders WHERE id = $1', [id]); return r; } }\nconst db = new Repo().pool;\n"],
  ];
  it.each(forms)('%s', async (_name, db, head) => {
    expect((await read({ 'db.ts': db, 'app.ts': `${head}export async function f(id) { ${query} return rows; }\n` }))[0]).toBe('pg proved: SELECT id FROM orders WHERE id = $1');
  });
  it('of another database are none of ours', async () => {
    expect(await read({ 'db.ts': "import mysql from 'mysql2/promise';\nexport const db = mysql.createPool({});\n", 'app.ts': "import { db } from './db';\nexport async function f(id) { await db.query('SELECT id FROM orders WHERE id = ?', [id]); }\n" })).toEqual([]);
  });
});

describe('wrappers', () => {
  it('are queries of what they are given, through files, levels and classes', async () => {
    expect(await read({
      'db.ts': `${pool}export async function rawQuery(text: string, params: unknown[] = []) { const { rows } = await pool.query(text, params); return rows; }\n`,
      'base.ts': "import { rawQuery } from './db';\nexport abstract class BaseRepo {\n  protected async select(statement, values) { return rawQuery(statement, values); }\n  protected async page(sql, values) { return this.select(`${sql} LIMIT 10`, values); }\n}\n",
      'app.ts': "import { rawQuery } from './db';\nimport { BaseRepo } from './base';\nexport class Orders extends BaseRepo {\n  all(id) { return this.select('SELECT id FROM orders WHERE id = $1', [id]); }\n  some(id) { return this.page('SELECT id FROM orders WHERE team = $1', [id]); }\n}\nexport const f = async (id) => { await rawQuery('SELECT id FROM items WHERE id = $1', [id]); };\n",
    })).toEqual(['pg proved: SELECT id FROM orders WHERE id = $1', 'pg proved: SELECT id FROM orders WHERE team = $1 LIMIT 10', 'pg proved: SELECT id FROM items WHERE id = $1']);
  });
  it('bind the right argument and stand at the call', async () => {
    const text = "import { run } from './db';\nexport async function f(a, b) { return await run([a, b], 'SELECT id FROM orders WHERE x = $1 AND y = $2'); }\n";
    const project = await scan({ 'db.ts': `${pool}export const run = (values, sql) => pool.query({ text: sql, values });\n`, 'app.ts': text });
    const [site] = sitesOf(project, 'app.ts');
    expect(show(site)).toBe('pg proved: SELECT id FROM orders WHERE x = $1 AND y = $2');
    expect(site?.binds.map((bind) => [bind.key, bind.text, bind.span && text.slice(bind.span.start, bind.span.end), bind.origin])).toEqual([['1', 'a', 'a', 'parameter'], ['2', 'b', 'b', 'parameter']]);
    expect(site && [text.slice(site.span.start, site.span.end), text.slice(site.anchor.start, site.anchor.end)]).toEqual(["run([a, b], 'SELECT id FROM orders WHERE x = $1 AND y = $2')", 'run']);
    const segment = site?.map.segments.find((one) => one.kind === 'verbatim');
    expect(segment && text.slice(segment.host.start, segment.host.end)).toBe('SELECT id FROM orders WHERE x = $1 AND y = $2');
  });
  it('by an injected service, and in callbacks of their own', async () => {
    expect(await read({
      'database.service.ts': "import { Pool } from 'pg';\nexport class DatabaseService {\n  constructor(private readonly pool: Pool) {}\n  async many(sql: string, ...args: unknown[]) { return this.withClient(async (client) => (await client.query(sql, args)).rows); }\n  private async withClient(fn) { const client = await this.pool.connect(); try { return await fn(client); } finally { client.release(); } }\n}\n",
      'app.ts': "import { DatabaseService } from './database.service';\nexport class Users { constructor(private readonly database: DatabaseService) {} list(id) { return this.database.many('SELECT id FROM users WHERE id = $1', id); } }\n",
    })).toEqual([expect.stringMatching(/^pg (typed|proved): SELECT id FROM users WHERE id = \$1$/)]);
  });
  it('of another database are none', async () => {
    expect(await read({
      'db.ts': "import mysql from 'mysql2/promise';\nconst pool = mysql.createPool({});\nexport const run = (sql) => pool.query(sql);\n",
      'app.ts': "import { run } from './db';\nrun('SELECT id FROM orders');\n",
    })).toEqual([]);
  });
});

describe('Python', () => {
  const db = 'import psycopg\n\nconn = psycopg.connect("")\n\ndef get_conn():\n    return conn\n\ndef run(text, params=None):\n    with conn.cursor() as cur:\n        cur.execute(text, params)\n        return cur.fetchall()\n';
  it('constants, helpers and clients of other modules and packages', async () => {
    expect(await read({
      'app/__init__.py': '', 'app/db.py': db,
      'app/sql.py': 'LIST = "SELECT id FROM orders WHERE id = %s"\nTABLE = "shop.items"\n\nclass Q:\n    ALL = "SELECT id FROM teams"\n\ndef columns(alias):\n    return f"{alias}.id, {alias}.name"\n',
      'app/service.py': 'from . import sql\nfrom .db import conn, get_conn\nfrom .sql import LIST, TABLE, Q, columns\n\ndef f(id):\n    conn.execute(LIST, (id,))\n    conn.execute(sql.LIST, (id,))\n    conn.execute(Q.ALL)\n    get_conn().execute(f"SELECT {columns(\'i\')} FROM {TABLE} i")\n',
    }, 'app/service.py')).toEqual(['psycopg proved: SELECT id FROM orders WHERE id = %s', 'psycopg proved: SELECT id FROM orders WHERE id = %s', 'psycopg proved: SELECT id FROM teams', 'psycopg proved: SELECT i.id, i.name FROM shop.items i']);
  });
  it('wrappers, through classes and levels', async () => {
    expect(await read({
      'app/__init__.py': '', 'app/db.py': db,
      'app/base.py': 'from .db import run\n\nclass Base:\n    def select(self, sql, values):\n        return run(sql, values)\n\n    def page(self, query, values):\n        return self.select(f"{query} LIMIT 10", values)\n',
      'app/service.py': 'from .base import Base\nfrom .db import run\n\nclass Orders(Base):\n    def all(self, id):\n        return self.select("SELECT id FROM orders WHERE id = %s", (id,))\n\n    def some(self, id):\n        return self.page("SELECT id FROM orders WHERE team = %s", (id,))\n\ndef g(id):\n    return run(text="SELECT id FROM items WHERE id = %s", params=(id,))\n',
    }, 'app/service.py')).toEqual(['psycopg proved: SELECT id FROM orders WHERE id = %s', 'psycopg proved: SELECT id FROM orders WHERE team = %s LIMIT 10', 'psycopg proved: SELECT id FROM items WHERE id = %s']);
  });
});

describe('what files of the languages with packages share', () => {
  it('a constant that is typed in, or comes, is read again where it is named', async () => {
    const project = await scan({
      'app/queries/sql.go': 'package queries\n\nconst Find = "SELECT id FROM orders"\n',
      'app/store.go': 'package app\n\nimport "github.com/acme/app/queries"\n\nfunc run(db *sql.DB) {\n\tdb.Query(queries.Find)\n\tdb.Query(queries.Later)\n}\n',
    });
    expect(sitesOf(project, 'app/store.go').map(show)).toEqual(['database/sql proved: SELECT id FROM orders', 'database/sql proved …: (opaque)']);
    const text = 'package queries\n\nconst Find = "SELECT id FROM orders"\n\nconst Later = "SELECT id FROM later"\n';
    await project.open(uriOf('app/queries/sql.go'), text);
    await project.lint(workspace?.path('app/store.go') ?? '');
    expect(sitesOf(project, 'app/store.go').map(show)).toEqual(['database/sql proved: SELECT id FROM orders', 'database/sql proved: SELECT id FROM later']);
    const start = text.indexOf('orders');
    project.change(uriOf('app/queries/sql.go'), text.replace('FROM orders', 'FROM parts'), [{ span: hostSpan(start, start + 6), text: 'parts' }]);
    await project.lint(workspace?.path('app/store.go') ?? '');
    expect(show(sitesOf(project, 'app/store.go')[0])).toBe('database/sql proved: SELECT id FROM parts');
  });
});

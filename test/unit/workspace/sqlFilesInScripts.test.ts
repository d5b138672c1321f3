import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../server/src/workspace/engine';
import { toUri } from '../../../server/src/workspace/paths';
import { createProject, type Project } from '../../../server/src/workspace/project';
import { makeWorkspace } from '../../support/workspaceFolder';

const names = `-- name: getUser :one\nSELECT * FROM users WHERE id = $1;\n\n-- name: list_lines\nSELECT id FROM lines WHERE order_id = $1;\n\n-- name: add-line!\nINSERT INTO lines (order_id, note) VALUES ($1, $2);\n\n-- name: search\nSELECT id FROM lines WHERE note LIKE '%x%';\n`;

/** Where the statement of a file comes into the code: `code`, and the statements that its sites have. */
const forms: Readonly<Record<string, readonly [code: string, ...texts: string[]]>> = {
  'read by its path': ["import { readFileSync } from 'node:fs';\nimport path from 'node:path';\nimport { pool } from './pool';\nconst FIND = readFileSync(path.join(__dirname, 'sql', 'find.sql'), 'utf8');\nexport const find = (id: number) => pool.query(FIND, [id]);", 'SELECT id FROM orders WHERE id = $1'],
  'read by a URL, awaited': ["import { readFile } from 'node:fs/promises';\nimport { pool } from './pool';\nexport async function find(id: number) {\n  const text = await readFile(new URL('./sql/find.sql', import.meta.url), 'utf8');\n  return pool.query(text, [id]);\n}", 'SELECT id FROM orders WHERE id = $1'],
  'read by a template': ['import fs from "fs";\nimport { pool } from "./pool";\nexport const find = (id: number) => pool.query({ text: fs.readFileSync(`${__dirname}/sql/find.sql`).toString(), values: [id] });', 'SELECT id FROM orders WHERE id = $1'],
  'imported as text': ["import find from './sql/find.sql?raw';\nimport { pool } from './pool';\nexport const run = (id: number) => pool.query(find, [id]);", 'SELECT id FROM orders WHERE id = $1'],
  'a QueryFile': ["import pgPromise, { QueryFile } from 'pg-promise';\nconst db = pgPromise()(url);\nconst find = new QueryFile('./sql/find.sql', { minify: true });\nexport const run = (id: number) => db.oneOrNone(find, [id]);", 'SELECT id FROM orders WHERE id = $1'],
  'a helper that makes QueryFiles': ["import path from 'path';\nimport pgPromise, { QueryFile } from 'pg-promise';\nconst db = pgPromise()(url);\nfunction sql(file: string) {\n  const full = path.join(__dirname, file);\n  return new QueryFile(full, { minify: true });\n}\nconst queries = { orders: { find: sql('sql/find.sql') } };\nexport const run = (id: number) => db.any(queries.orders.find, [id]);", 'SELECT id FROM orders WHERE id = $1'],
  'a folder of QueryFiles': ["import pgPromise from 'pg-promise';\nconst pgp = pgPromise();\nconst db = pgp(url);\nconst sql = pgp.utils.enumSql('./deep', { recursive: true }, (file) => new pgp.QueryFile(file));\nexport const run = () => db.any(sql.orders.recent);", 'SELECT id FROM orders ORDER BY id DESC LIMIT 10'],
  'yesql': ["import yesql from 'yesql';\nimport { pool } from './pool';\nconst sql = yesql('./sql/', { type: 'pg' });\nexport const run = (id: number) => pool.query(sql.getUser(id));", 'SELECT * FROM users WHERE id = $1'],
  'a loader of its own, titles spelled otherwise': ["import { loadQueries } from './load';\nimport { pool } from './pool';\nconst queries = loadQueries(__dirname + '/sql/users.sql');\nexport const run = async (id: number) => [await pool.query(queries.listLines, [id]), await pool.query(queries.addLine, [id, 'x'])];", 'SELECT id FROM lines WHERE order_id = $1', 'INSERT INTO lines (order_id, note) VALUES ($1, $2)'],
  'a loaded object of another file': ["import { queries } from './queries';\nimport { pool } from './pool';\nexport const run = (id: number) => pool.query(queries.getUser, [id]);", 'SELECT * FROM users WHERE id = $1'],
  'through a wrapper of the project': ["import { queries } from './queries';\nimport { queryRows } from './rows';\nexport const run = (id: number) => queryRows(queries.getUser, [id]);", 'SELECT * FROM users WHERE id = $1'],
  'taken out of the loaded object': ["import { loadQueries } from './load';\nimport { pool } from './pool';\nconst { getUser } = loadQueries('sql/users.sql');\nexport const run = (id: number) => pool.query(getUser, [id]);", 'SELECT * FROM users WHERE id = $1'],
};
const other: Readonly<Record<string, readonly [code: string, ...texts: string[]]>> = {
  'no such title': ["import { loadQueries } from './load';\nimport { pool } from './pool';\nconst queries = loadQueries('sql/users.sql');\nexport const run = (id: number) => pool.query(queries.nothing, [id]);", '(not known)'],
  'an object that loads nothing': ["import { makeThing } from './thing';\nimport { pool } from './pool';\nconst thing = makeThing('users');\nexport const run = (id: number) => pool.query(thing.getUser, [id]);", '(not known)'],
  'a file that is not there': ["import { readFileSync } from 'fs';\nimport { pool } from './pool';\nconst text = readFileSync('sql/none.sql', 'utf8');\nexport const run = () => pool.query(text);", '(not known)'],
};
const python: Readonly<Record<string, readonly [code: string, ...texts: string[]]>> = {
  'aiosql from a file': ['import aiosql\n\nqueries = aiosql.from_path("src/sql/users.sql", "psycopg")\n\ndef run(conn, ids):\n    for id in ids:\n        queries.list_lines(conn, id)\n', 'SELECT id FROM lines WHERE order_id = $1'],
  'the text of an aiosql query': ['import aiosql\nimport psycopg\n\nqueries = aiosql.from_path("src/sql", "psycopg")\n\ndef run(conn: psycopg.Connection, id):\n    return conn.execute(queries.get_user.sql, [id])\n', 'SELECT * FROM users WHERE id = $1'],
  'a path that is read': ['from pathlib import Path\nimport psycopg\n\nFIND = (Path(__file__).parent / "sql" / "find.sql").read_text()\n\ndef run(conn: psycopg.Connection, id):\n    return conn.execute(FIND, [id])\n', 'SELECT id FROM orders WHERE id = $1'],
  'an open file': ['import psycopg\n\ndef run(conn: psycopg.Connection, id):\n    with open("sql/find.sql") as f:\n        text = f.read()\n    conn.execute(text, [id])\n', 'SELECT id FROM orders WHERE id = $1'],
  'a loader of the project': ['import psycopg\nfrom app.load import load_sql\n\ndef run(conn: psycopg.Connection, id):\n    conn.execute(load_sql("find.sql"), [id])\n', 'SELECT id FROM orders WHERE id = $1'],
};
const fileOf = (what: string): string => `src/${what.replaceAll(/[^a-z]+/gi, '_')}.${what in python ? 'py' : 'ts'}`;

let workspace: ReturnType<typeof makeWorkspace>;
let project: Project;
beforeAll(async () => {
  workspace = makeWorkspace({
    'pyproject.toml': '[project]\nname = "app"\ndependencies = ["psycopg", "aiosql"]\n',
    'package.json': '{ "dependencies": { "pg": "8", "pg-promise": "11" } }',
    'schema.sql': 'CREATE TABLE users (id bigint PRIMARY KEY);\nCREATE TABLE orders (id bigint PRIMARY KEY);\nCREATE TABLE lines (id bigint PRIMARY KEY, order_id bigint NOT NULL, note text);\n',
    'src/pool.ts': "import { Pool } from 'pg';\nexport const pool = new Pool();\n",
    'src/rows.ts': "import { pool } from './pool';\nexport const queryRows = async (sql: string, values: unknown[]) => (await pool.query(sql, values)).rows;\n",
    'src/queries.ts': "import { loadQueries } from './load';\nexport const queries = loadQueries('sql/users.sql');\n",
    'src/sql/find.sql': '-- the order\nSELECT id FROM orders WHERE id = $1;\n',
    'src/sql/users.sql': names,
    'src/deep/orders/recent.sql': 'SELECT id FROM orders ORDER BY id DESC LIMIT 10;\n',
    'src/search.ts': "import { queries } from './queries';\nimport { pool } from './pool';\nexport const search = () => pool.query(queries.search);\n",
    'src/loop.ts': "import { queries } from './queries';\nimport { pool } from './pool';\nexport async function all(orders: { id: number }[]) {\n  for (const order of orders) {\n    const lines = await pool.query(queries.list_lines, [order.id]);\n    await pool.query(queries.addLine, [order.id, lines.rows.length]);\n  }\n}\n",
    ...Object.fromEntries(Object.entries({ ...forms, ...other, ...python }).map(([what, [code]]) => [fileOf(what), code])),
  });
  project = await createProject({ folder: workspace.folder, engine: await createEngine(), settings: {}, threads: 0 });
  await project.scan();
});
afterAll(() => workspace.remove());

const textsIn = (file: string): readonly string[] => (project.files.get(toUri(workspace.path(file)))?.sites ?? []).map(({ source }) => source?.text.replace(/^\s*--.*\n/, '').trim() ?? '(not known)');

describe('the statement of an SQL file that a script loads', () => {
  it.each(Object.entries({ ...forms, ...other, ...python }))('%s', (what, [, ...texts]) => {
    expect(textsIn(fileOf(what))).toEqual(texts);
  });

  it('is a query in the loop that sends it, and is judged for itself in its own file alone', async () => {
    const said = async (file: string): Promise<readonly string[]> => {
      const result = await project.lint(workspace.path(file));
      return 'findings' in result ? result.findings.map(({ rule, span }) => `${rule}: ${result.text.slice(span.start, span.end)}`) : [result.reason];
    };
    expect(await said('src/loop.ts')).toEqual(['n-plus-one: pool.query', 'write-in-loop: pool.query']);
    const loop = await project.lint(workspace.path('src/loop.ts'));
    // Nothing of the text can be changed here.
    expect('findings' in loop ? loop.findings.flatMap((finding) => finding.fixes().map(({ title }) => title)) : loop).toEqual([]);
    expect((await said('src/sql/users.sql')).filter((one) => one.startsWith('leading-wildcard-like'))).toHaveLength(1);
    expect(textsIn('src/search.ts')).toEqual(["SELECT id FROM lines WHERE note LIKE '%x%'"]);
    expect(await said('src/search.ts')).toEqual([]);
  });

  it('is another one when its file changes', async () => {
    workspace.write('src/sql/find.sql', 'DELETE FROM orders WHERE id = $1;\n');
    await project.refresh(workspace.path('src/sql/find.sql'));
    const file = fileOf('read by its path');
    await project.lint(workspace.path(file));
    expect(textsIn(file)).toEqual(['DELETE FROM orders WHERE id = $1']);
  });
});

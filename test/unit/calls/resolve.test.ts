import { describe, expect, it } from 'vitest';
import { createFlowWorkspace } from '../../support/flowWorkspace';

const POOL = "import { Pool } from 'pg';\nexport const pool = new Pool();\n";
const FIND = "return (await pool.query('SELECT * FROM users WHERE id = $1', [id])).rows[0];";

async function callPath(files: Readonly<Record<string, string>>, path = 'src/a.ts'): Promise<string[]> {
  const workspace = await createFlowWorkspace({ 'src/db.ts': POOL, ...files });
  return workspace.queries(path).map((q) => q.path.map((step) => step.label).join(' → '));
}

const loop = (call: string, head = ''): string => `${head}export async function run(ids: string[]) {\n  for (const id of ids) {\n    const user = await ${call};\n    use(user);\n  }\n}\n`;
const SQL = 'SELECT * FROM users WHERE id = $1';

describe('a call in a loop leads to the query', () => {
  it('through a function of the same file', async () => {
    expect(await callPath({ 'src/a.ts': `import { pool } from './db';\nasync function find(id: string) { ${FIND} }\n${loop('find(id)')}` })).toEqual([`find → ${SQL}`]);
  });
  it('through an imported function and a re-export', async () => {
    expect(
      await callPath({
        'src/users/find.ts': `import { pool } from '../db';\nexport const findUser = async (id: string) => { ${FIND} };\n`,
        'src/users/index.ts': "export * from './find';\nexport { findUser as byId } from './find';\n",
        'src/a.ts': loop('byId(id)', "import { byId } from './users';\n"),
      }),
    ).toEqual([`findUser → ${SQL}`]);
  });
  it('through a namespace import', async () => {
    expect(await callPath({ 'src/users.ts': `import { pool } from './db';\nexport async function find(id: string) { ${FIND} }\n`, 'src/a.ts': loop('users.find(id)', "import * as users from './users';\n") })).toEqual([`find → ${SQL}`]);
  });
  it('through a default export', async () => {
    expect(await callPath({ 'src/users.ts': `import { pool } from './db';\nexport default async function find(id: string) { ${FIND} }\n`, 'src/a.ts': loop('find(id)', "import find from './users';\n") })).toEqual([`find → ${SQL}`]);
  });
  it('through a method of the same class', async () => {
    expect(await callPath({ 'src/a.ts': `import { pool } from './db';\nexport class Service {\n  async find(id: string) { ${FIND} }\n  async all(ids: string[]) { for (const id of ids) await this.find(id); }\n}\n` })).toEqual([`Service.find → ${SQL}`]);
  });
  it('through an injected service', async () => {
    expect(
      await callPath({
        'src/users.ts': `import { pool } from './db';\nexport class UserService {\n  async findById(id: string) { ${FIND} }\n}\n`,
        'src/a.ts': "import { UserService } from './users';\nexport class Orders {\n  constructor(private readonly users: UserService) {}\n  async all(ids: string[]) { for (const id of ids) { await this.users.findById(id); } }\n}\n",
      }),
    ).toEqual([`UserService.findById → ${SQL}`]);
  });
  it('through a method inherited from a generic base', async () => {
    expect(
      await callPath({
        'src/base.ts': `import { pool } from './db';\nexport abstract class BaseRepository<T> {\n  async byId(id: string): Promise<T> { ${FIND} }\n}\n`,
        'src/users.ts': "import { BaseRepository } from './base';\nexport class UserRepository extends BaseRepository<User> {}\nexport const users = new UserRepository();\n",
        'src/a.ts': loop('users.byId(id)', "import { users } from './users';\n"),
      }),
    ).toEqual([`BaseRepository.byId → ${SQL}`]);
  });
  it('through an interface with one implementation', async () => {
    expect(
      await callPath({
        'src/users.ts': `import { pool } from './db';\nexport interface Users { get(id: string): Promise<unknown>; }\nexport class SqlUsers implements Users {\n  async get(id: string) { ${FIND} }\n}\n`,
        'src/a.ts': "import type { Users } from './users';\nexport async function run(users: Users, ids: string[]) { for (const id of ids) { await users.get(id); } }\n",
      }),
    ).toEqual([`SqlUsers.get → ${SQL}`]);
  });
  it('through an object literal, and one that a factory returns', async () => {
    const users = `import { pool } from './db';\nexport const users = {\n  async find(id: string) { ${FIND} },\n};\nexport function createUsers() {\n  return {\n    findOne: async (id: string) => { ${FIND} },\n  };\n}\n`;
    expect(await callPath({ 'src/users.ts': users, 'src/a.ts': loop('users.find(id)', "import { users } from './users';\n") })).toEqual([`users.find → ${SQL}`]);
    expect(await callPath({ 'src/users.ts': users, 'src/a.ts': loop('findOne(id)', "import { createUsers } from './users';\nconst { findOne } = createUsers();\n") })).toEqual([`createUsers.findOne → ${SQL}`]);
  });
  it('through a function passed by name', async () => {
    expect(await callPath({ 'src/a.ts': `import { pool } from './db';\nasync function find(id: string) { ${FIND} }\nexport const run = (ids: string[]) => Promise.all(ids.map(find));\n` })).toEqual([`find → ${SQL}`]);
  });
  it('through a helper that runs its callback per element', async () => {
    expect(
      await callPath({
        'src/help.ts': 'export async function eachOne<T>(items: T[], fn: (item: T) => Promise<void>) { for (const item of items) await fn(item); }\n',
        'src/a.ts': "import { pool } from './db';\nimport { eachOne } from './help';\nexport async function run(ids: string[]) { await eachOne(ids, async (id) => { await pool.query('SELECT * FROM users WHERE id = $1', [id]); }); }\n",
      }),
    ).toEqual([SQL]);
  });
  it('through a wrapper that takes the SQL text', async () => {
    const workspace = await createFlowWorkspace({
      'src/db.ts': `${POOL}export async function rows(text: string, values: unknown[]) { return (await pool.query(text, values)).rows; }\n`,
      'src/a.ts': "import { rows } from './db';\nexport async function run(ids: string[]) {\n  for (const id of ids) await rows('SELECT 1 FROM users WHERE id = $1', [id]);\n  for (const id of ids) await rows(`DELETE FROM users WHERE id = $1`, [id]);\n}\n",
    });
    expect(workspace.queries('src/a.ts').map((q) => q.execution.access)).toEqual(['read', 'write']);
    expect(workspace.summary('src/db.ts', 'rows')?.sqlParameters).toEqual([0]);
  });
  it('by recursion over a tree', async () => {
    expect(await callPath({ 'src/a.ts': "import { pool } from './db';\nexport async function walk(id: string) {\n  const children = (await pool.query('SELECT * FROM nodes WHERE parent_id = $1', [id])).rows;\n  for (const child of children) await walk(child.id);\n}\n" })).toEqual(['walk → SELECT * FROM nodes WHERE parent_id = $1']);
  });
  it('by a distinctive method name alone, with little confidence', async () => {
    const workspace = await createFlowWorkspace({
      'src/db.ts': POOL,
      'src/users.ts': `import { pool } from './db';\nexport class Users {\n  async loadWithOrders(id: string) { ${FIND} }\n}\n`,
      'src/a.ts': 'export async function run(things: any, ids: string[]) { for (const id of ids) await things.loadWithOrders(id); }\n',
    });
    expect(workspace.queries('src/a.ts').map((q) => q.doubts)).toEqual([['guessed']]);
  });
});

describe('a call in a loop leads nowhere', () => {
  it('when the loop walks an imported literal list', async () => {
    const files = { 'src/kinds.ts': "export const kinds = ['a', 'b'];\nexport const open: string[] = [];\n", 'src/index.ts': "export { kinds as names, open } from './kinds';\n" };
    const code = (name: string): string => `import { pool } from './db';\nimport { ${name} } from './index';\nexport async function run() { for (const kind of ${name}) await pool.query('SELECT * FROM users WHERE kind = $1', [kind]); }\n`;
    expect(await callPath({ ...files, 'src/a.ts': code('names') })).toEqual([]);
    expect(await callPath({ ...files, 'src/a.ts': code('open') })).toHaveLength(1);
  });
  it('when the callee is foreign', async () => {
    expect(await callPath({ 'src/a.ts': loop("fetch('https://example.com/' + id)") })).toEqual([]);
    expect(await callPath({ 'src/c.ts': `import { pool } from './db';\nexport class Users {\n  async sendSomething(id: string) { ${FIND} }\n}\n`, 'src/a.ts': loop('redis.sendSomething(id)', "import redis from 'redis';\n") })).toEqual([]);
  });
  it('when a local name hides the function', async () => {
    expect(await callPath({ 'src/a.ts': `import { pool } from './db';\nasync function find(id: string) { ${FIND} }\nexport async function run(ids: string[], find: (id: string) => Promise<void>) { for (const id of ids) await find(id); }\n` })).toEqual([]);
  });
  it('when the query is behind more than six calls', async () => {
    const chain = [1, 2, 3, 4, 5, 6, 7].map((n) => `async function f${n}(id: string) { return f${n + 1}(id); }`).join('\n');
    expect(await callPath({ 'src/a.ts': `import { pool } from './db';\n${chain}\nasync function f8(id: string) { ${FIND} }\n${loop('f1(id)')}` })).toEqual([]);
    expect(await callPath({ 'src/a.ts': `import { pool } from './db';\n${chain}\nasync function f8(id: string) { ${FIND} }\n${loop('f4(id)')}` })).toHaveLength(1);
  });
});

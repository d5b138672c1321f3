import { describe, expect, it } from 'vitest';
import { createFlowWorkspace } from '../../support/flowWorkspace';

const POOL = "import { Pool } from 'pg';\nexport const pool = new Pool();\n";
const BODY = "{ return (await pool.query('SELECT * FROM users WHERE id = $1', [id])).rows[0]; }";
const SERVICE = `import { pool } from './db';\nexport class Users {\n  async find(id: string) ${BODY}\n  static async load(id: string) ${BODY}\n}\n`;
const loop = (call: string, head: string): string => `${head}export async function run(ids: string[]) {\n  for (const id of ids) await ${call};\n}\n`;
const inClass = (members: string, call: string, head = "import { Users } from './users';\n"): string => `${head}export class Orders {\n${members}\n  async run(ids: string[]) {\n    for (const id of ids) await ${call};\n  }\n}\n`;

async function found(files: Readonly<Record<string, string>>, path: string): Promise<string[]> {
  const workspace = await createFlowWorkspace({ 'src/db.ts': POOL, 'src/users.ts': SERVICE, ...files });
  return workspace.queries(path).filter((q) => !q.doubts.includes('guessed')).map((q) => q.path[0]?.label ?? '');
}

describe('TypeScript: a call is followed', () => {
  const forms: Readonly<Record<string, readonly [string, Readonly<Record<string, string>>]>> = {
    'constructor injection': ['Users.find', { 'src/a.ts': inClass('  constructor(private readonly users: Users) {}', 'this.users.find(id)') }],
    '@Inject with forwardRef': ['Users.find', { 'src/a.ts': inClass('  constructor(@Inject(forwardRef(() => Users)) private users: Users) {}', 'this.users.find(id)') }],
    'inversify token with a type': ['Users.find', { 'src/a.ts': inClass('  constructor(@inject(TYPES.Users) private readonly users: Users) {}', 'this.users.find(id)') }],
    'property injection': ['Users.find', { 'src/a.ts': inClass('  @Inject()\n  private users!: Users;', 'this.users.find(id)') }],
    'inject()': ['Users.find', { 'src/a.ts': inClass('  private readonly users = inject(Users);', 'this.users.find(id)') }],
    'container.resolve in a variable': ['Users.find', { 'src/a.ts': loop('users.find(id)', "import { Users } from './users';\nconst users = container.resolve(Users);\n") }],
    'a field assigned in the constructor': ['Users.find', { 'src/a.ts': inClass('  private users;\n  constructor() { this.users = new Users(); }', 'this.users.find(id)') }],
    'a private field': ['Users.find', { 'src/a.ts': inClass('  #users = new Users();', 'this.#users.find(id)') }],
    'a static method': ['Users.load', { 'src/a.ts': loop('Users.load(id)', "import { Users } from './users';\n") }],
    'an instance of the module': ['Users.find', { 'src/i.ts': "import { Users } from './users';\nexport const users = new Users();\n", 'src/a.ts': loop('users.find(id)', "import { users } from './i';\n") }],
    'a default export of an instance': ['Users.find', { 'src/i.ts': "import { Users } from './users';\nexport default new Users();\n", 'src/a.ts': loop('users.find(id)', "import users from './i';\n") }],
    'a default export of an object': ['find', { 'src/i.ts': `import { pool } from './db';\nasync function find(id: string) ${BODY}\nexport default { find };\n`, 'src/a.ts': loop('users.find(id)', "import users from './i';\n") }],
    'module.exports': ['find', { 'src/i.ts': `const { pool } = require('./db');\nasync function find(id) ${BODY}\nmodule.exports = { find };\n`, 'src/a.ts': loop('users.find(id)', "const users = require('./i');\n") }],
    'module.exports, destructured': ['find', { 'src/i.ts': `const { pool } = require('./db');\nasync function find(id) ${BODY}\nmodule.exports = { find };\n`, 'src/a.ts': loop('find(id)', "const { find } = require('./i');\n") }],
    'export * as': ['find', { 'src/i.ts': `import { pool } from './db';\nexport async function find(id: string) ${BODY}\n`, 'src/all.ts': "export * as users from './i';\n", 'src/a.ts': loop('users.find(id)', "import { users } from './all';\n") }],
    'a factory with a class': ['Users.find', { 'src/i.ts': "import { Users } from './users';\nexport function createUsers() { return new Users(); }\n", 'src/a.ts': loop('users.find(id)', "import { createUsers } from './i';\nconst users = createUsers();\n") }],
    'a factory with a return type': ['Users.find', { 'src/i.ts': "import type { Users } from './users';\nexport function createUsers(): Users { return make(arguments); }\n", 'src/a.ts': loop('createUsers().find(id)', "import { createUsers } from './i';\n") }],
    'a factory with shorthand functions': ['find', { 'src/i.ts': `export const createUsers = (pool: import('pg').Pool) => {\n  async function find(id: string) ${BODY}\n  return { find };\n};\n`, 'src/a.ts': loop('find(id)', "import { createUsers } from './i';\nimport { pool } from './db';\nconst { find } = createUsers(pool);\n") }],
    'a map of repositories': ['Users.find', { 'src/i.ts': "import { Users } from './users';\nexport const repos = { users: new Users() };\n", 'src/a.ts': loop('repos.users.find(id)', "import { repos } from './i';\n") }],
    'a nested object': ['users.find', { 'src/i.ts': `import { pool } from './db';\nexport const repos = { users: { find: async (id: string) => ${BODY} } };\n`, 'src/a.ts': loop('repos.users.find(id)', "import { repos } from './i';\n") }],
    'a memoised function': ['callback', { 'src/i.ts': `import { pool } from './db';\nimport { cache } from 'react';\nexport const find = cache(async (id: string) => ${BODY});\n`, 'src/a.ts': loop('find(id)', "import { find } from './i';\n") }],
    'a wrapped function': ['load', { 'src/i.ts': `import { pool } from './db';\nasync function load(id: string) ${BODY}\nexport const find = withTracing(load);\n`, 'src/a.ts': loop('find(id)', "import { find } from './i';\n") }],
    'a field of an interface': ['Users.find', { 'src/a.ts': `import { Users } from './users';\ninterface Context { users: Users }\nexport async function run(ctx: Context, ids: string[]) { for (const id of ids) await ctx.users.find(id); }\n` }],
    'a destructured dependency': ['Users.find', { 'src/a.ts': `import { Users } from './users';\ninterface Deps { users: Users }\nexport async function run({ users }: Deps, ids: string[]) { for (const id of ids) await users.find(id); }\n` }],
    'a generic base, called by super': ['Base.find', { 'src/base.ts': `import { pool } from './db';\nexport class Base<T> { async find(id: string): Promise<T> ${BODY} }\n`, 'src/a.ts': "import { Base } from './base';\nexport class Sub extends Base<User> {\n  override async find(id: string) { return super.find(id); }\n  async run(ids: string[]) { for (const id of ids) await super.find(id); }\n}\n" }],
    'a mixin in a constant': ['audit', { 'src/i.ts': `import { pool } from './db';\nexport const Audited = (Base: any) => class extends Base { async audit(id: string) ${BODY} };\n`, 'src/a.ts': "import { Audited } from './i';\nclass Plain {}\nconst Base = Audited(Plain);\nexport class Orders extends Base { async run(ids: string[]) { for (const id of ids) await this.audit(id); } }\n" }],
    'an arrow function in a field': ['Orders.find', { 'src/a.ts': inClass(`  find = async (id: string) => ${BODY};`, 'this.find(id)', "import { pool } from './db';\n") }],
    'a bound method passed on': ['Users.find', { 'src/a.ts': "import { Users } from './users';\nconst users = new Users();\nexport const run = (ids: string[]) => Promise.all(ids.map(users.find));\n" }],
  };
  for (const [name, [label, files]] of Object.entries(forms)) it(name, async () => expect(await found(files, 'src/a.ts')).toEqual([label]));
});

const REPO = 'import psycopg\n\n\nclass Users:\n    def __init__(self, conn: psycopg.Connection):\n        self.conn = conn\n\n    def find(self, key):\n        return self.conn.execute("SELECT * FROM users WHERE id = %s", (key,)).fetchone()\n\n    @classmethod\n    def of(cls, conn) -> "Users":\n        return cls(conn)\n';

describe('Python: a call is followed', () => {
  const forms: Readonly<Record<string, readonly [string, Readonly<Record<string, string>>]>> = {
    'a field from the constructor': ['Users.find', { 'app/a.py': 'from app.users import Users\n\n\nclass Orders:\n    def __init__(self, users: Users):\n        self.users = users\n\n    def run(self, keys):\n        for key in keys:\n            self.users.find(key)\n' }],
    'a default in the constructor': ['Users.find', { 'app/a.py': 'from app.users import Users\n\n\nclass Orders:\n    def __init__(self, users=None):\n        self.users = users or Users(None)\n\n    def run(self, keys):\n        for key in keys:\n            self.users.find(key)\n' }],
    'a dataclass field': ['Users.find', { 'app/a.py': 'from dataclasses import dataclass\n\nfrom app.users import Users\n\n\n@dataclass\nclass Orders:\n    users: Users\n\n    def run(self, keys):\n        for key in keys:\n            self.users.find(key)\n' }],
    'Depends without a type': ['Users.find', { 'app/a.py': 'from fastapi import Depends\n\nfrom app.users import Users\n\n\ndef get_users():\n    return Users(None)\n\n\ndef run(keys: list[int], users=Depends(get_users)):\n    for key in keys:\n        users.find(key)\n' }],
    'Annotated with Depends': ['Users.find', { 'app/a.py': 'from typing import Annotated\n\nfrom fastapi import Depends\n\nfrom app.users import Users\n\n\ndef run(keys: list[int], users: Annotated[Users, Depends(Users)]):\n    for key in keys:\n        users.find(key)\n' }],
    'a factory with a return type': ['Users.find', { 'app/a.py': 'from app.users import Users\n\n\ndef make() -> Users:\n    return registry["users"]\n\n\ndef run(keys):\n    users = make()\n    for key in keys:\n        users.find(key)\n' }],
    'a class method as factory': ['Users.find', { 'app/a.py': 'from app.users import Users\n\n\ndef run(conn, keys):\n    users = Users.of(conn)\n    for key in keys:\n        users.find(key)\n' }],
    'a module and its singleton': ['Users.find', { 'app/single.py': 'from app.users import Users\n\nusers = Users(None)\n', 'app/a.py': 'from app import single\n\n\ndef run(keys):\n    return [single.users.find(key) for key in keys]\n' }],
    'multiple inheritance': ['Second.find', { 'app/mixins.py': 'import psycopg\n\n\nclass Root:\n    conn: psycopg.Connection\n\n    def find(self, key):\n        return key\n\n\nclass First(Root):\n    pass\n\n\nclass Second(Root):\n    def find(self, key):\n        return self.conn.execute("SELECT * FROM users WHERE id = %s", (key,)).fetchone()\n', 'app/a.py': 'from app.mixins import First, Second\n\n\nclass Both(First, Second):\n    def run(self, keys):\n        for key in keys:\n            self.find(key)\n' }],
    'super in a subclass': ['Users.find', { 'app/a.py': 'from app.users import Users\n\n\nclass Cached(Users):\n    def run(self, keys):\n        for key in keys:\n            super().find(key)\n' }],
    'a star import': ['load', { 'app/loads.py': 'import psycopg\n\n\ndef load(conn: psycopg.Connection, key):\n    return conn.execute("SELECT * FROM users WHERE id = %s", (key,)).fetchone()\n', 'app/a.py': 'from app.loads import *\n\n\ndef run(conn, keys):\n    for key in keys:\n        load(conn, key)\n' }],
    'a task group': ['load', { 'app/a.py': 'import asyncio\n\nimport asyncpg\n\n\nasync def load(pool: asyncpg.Pool, key):\n    return await pool.fetchrow("SELECT * FROM users WHERE id = $1", key)\n\n\nasync def run(pool, keys):\n    async with asyncio.TaskGroup() as group:\n        for key in keys:\n            group.create_task(load(pool, key))\n' }],
    'run_in_executor by name': ['load', { 'app/a.py': 'import psycopg\n\nconn = psycopg.connect("")\n\n\ndef load(key):\n    return conn.execute("SELECT * FROM users WHERE id = %s", (key,)).fetchone()\n\n\nasync def run(loop, keys):\n    for key in keys:\n        await loop.run_in_executor(None, load, key)\n' }],
  };
  for (const [name, [label, files]] of Object.entries(forms)) it(name, async () => expect(await found({ 'app/users.py': REPO, ...files }, 'app/a.py')).toEqual([label]));
});

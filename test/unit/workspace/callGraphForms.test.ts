import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../server/src/workspace/engine';
import { toUri } from '../../../server/src/workspace/paths';
import { createProject, type Project } from '../../../server/src/workspace/project';
import { makeWorkspace } from '../../support/workspaceFolder';

type Files = Readonly<Record<string, string>>;
/** Files of a row, in a folder of its own; the one that is judged, and what is underlined there. */
type Row = readonly [files: Files, use: string, ...underlined: string[]];

const POOL = "import { Pool } from 'pg';\nexport const pool = new Pool();\n";
const FIND = "export async function findUser(id: string) {\n  return (await pool.query('SELECT name FROM users WHERE id = $1', [id])).rows[0];\n}\n";
const REPO = "export class Users {\n  async find(id: string) {\n    return (await pool.query('SELECT name FROM users WHERE id = $1', [id])).rows[0];\n  }\n}\n";
const loop = (call: string, head: string): string => `${head}\nexport async function all(ids: string[]) {\n  for (const id of ids) await ${call};\n}\n`;
const inClass = (members: string, call: string, head: string): string => `${head}\nexport class Orders {\n  ${members}\n  async all(ids: string[]) {\n    for (const id of ids) await ${call};\n  }\n}\n`;
const PY_FIND = 'import psycopg\n\n\ndef find_user(conn: psycopg.Connection, key):\n    return conn.execute("SELECT name FROM users WHERE id = %s", (key,)).fetchone()\n';
const PY_REPO = 'import psycopg\n\n\nclass Users:\n    def __init__(self, conn: psycopg.Connection):\n        self.conn = conn\n\n    def find(self, key):\n        return self.conn.execute("SELECT name FROM users WHERE id = %s", (key,)).fetchone()\n';
/** The models of one application; a workspace may hold several with the same classes, but here each has its own names. */
const shop = (n: string): string => SHOP.replaceAll(/\b(Customer|Order|Line)\b/g, `$1${n}`);
const SHOP = 'from django.db import models\n\n\nclass Customer(models.Model):\n    name = models.CharField(max_length=50)\n\n\nclass Order(models.Model):\n    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="orders")\n    total = models.IntegerField()\n\n    @property\n    def open_lines(self):\n        return self.lines.filter(done=False).count()\n\n\nclass Line(models.Model):\n    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")\n    done = models.BooleanField()\n';

const rows: Readonly<Record<string, Row>> = {
  'tsconfig paths': [{ 'tsconfig.json': '{ "compilerOptions": { "baseUrl": ".", "paths": { "@app/*": ["src/*"] } } }', 'src/pool.ts': POOL, 'src/users.ts': `import { pool } from '@app/pool';\n${FIND}`, 'src/use.ts': loop('findUser(id)', "import { findUser } from '@app/users';") }, 'src/use.ts', 'findUser'],
  'tsconfig baseUrl, inherited settings': [{ 'tsconfig.base.json': '{ "compilerOptions": { "paths": { "~/*": ["./code/*"] } } }', 'tsconfig.json': '{ "extends": "./tsconfig.base.json" }', 'code/pool.ts': POOL, 'code/users.ts': `import { pool } from './pool';\n${FIND}`, 'code/deep/use.ts': loop('findUser(id)', "import { findUser } from '~/users';") }, 'code/deep/use.ts', 'findUser'],
  'workspace packages': [{ 'packages/db/package.json': '{ "name": "@acme/db", "main": "./src/index.ts" }', 'packages/db/src/index.ts': `${POOL}${FIND}`, 'apps/api/package.json': '{ "name": "api", "dependencies": { "@acme/db": "workspace:*" } }', 'apps/api/use.ts': loop('findUser(id)', "import { findUser } from '@acme/db';") }, 'apps/api/use.ts', 'findUser'],
  'a path into a workspace package': [{ 'packages/db/package.json': '{ "name": "@acme2/db", "exports": { "./users": "./src/users.ts" } }', 'packages/db/src/users.ts': `${POOL}${FIND}`, 'apps/api/use.ts': loop('findUser(id)', "import { findUser } from '@acme2/db/users';") }, 'apps/api/use.ts', 'findUser'],
  're-exports': [{ 'pool.ts': POOL, 'users.ts': `import { pool } from './pool';\n${FIND}`, 'index.ts': "export * from './users';\n", 'all.ts': "export { findUser as byId } from './index';\n", 'use.ts': loop('byId(id)', "import { byId } from './all.js';") }, 'use.ts', 'byId'],
  'Python packages': [{ 'app/__init__.py': '', 'app/db/__init__.py': 'from .users import find_user as find\n', 'app/db/users.py': PY_FIND, 'app/use.py': 'from app.db import find\n\n\ndef all_of(conn, keys):\n    for key in keys:\n        find(conn, key)\n' }, 'app/use.py', 'find'],
  'Python, src layout and relative imports': [{ 'src/shop/__init__.py': '', 'src/shop/users.py': PY_FIND, 'src/shop/deep/__init__.py': '', 'src/shop/deep/use.py': 'from .. import users\n\n\ndef all_of(conn, keys):\n    return [users.find_user(conn, key) for key in keys]\n' }, 'src/shop/deep/use.py', 'users.find_user'],
  'classes': [{ 'pool.ts': POOL, 'users.ts': `import { pool } from './pool';\n${REPO}`, 'use.ts': loop('users.find(id)', "import { Users } from './users';\nconst users = new Users();") }, 'use.ts', 'users.find'],
  'fields': [{ 'pool.ts': POOL, 'users.ts': `import { pool } from './pool';\n${REPO}`, 'use.ts': inClass('private users = new Users();', 'this.users.find(id)', "import { Users } from './users';") }, 'use.ts', 'this.users.find'],
  'constructor injection, NestJS': [{ 'pool.ts': POOL, 'users.ts': `import { Injectable } from '@nestjs/common';\nimport { pool } from './pool';\n@Injectable()\n${REPO}`, 'use.ts': inClass('constructor(private readonly users: Users) {}', 'this.users.find(id)', "import { Injectable } from '@nestjs/common';\nimport { Users } from './users';\n@Injectable()") }, 'use.ts', 'this.users.find'],
  'constructor injection by token, NestJS': [{ 'pool.ts': POOL, 'users.ts': `import { pool } from './pool';\n${REPO}`, 'module.ts': "import { Module } from '@nestjs/common';\nimport { Users } from './users';\n@Module({ providers: [{ provide: 'USERS', useClass: Users }] })\nexport class AppModule {}\n", 'use.ts': inClass("constructor(@Inject('USERS') private readonly users: any) {}", 'this.users.find(id)', "import { Inject } from '@nestjs/common';") }, 'use.ts', 'this.users.find'],
  'constructor injection, Python': [{ 'inj/__init__.py': '', 'inj/users.py': PY_REPO, 'inj/use.py': 'from inj.users import Users\n\n\nclass Orders:\n    def __init__(self, users: Users):\n        self.users = users\n\n    def all_of(self, keys):\n        for key in keys:\n            self.users.find(key)\n' }, 'inj/use.py', 'self.users.find'],
  'factories': [{ 'pool.ts': POOL, 'users.ts': `import { pool } from './pool';\nexport const createUsers = (db = pool) => ({\n  find: async (id: string) => (await db.query('SELECT name FROM users WHERE id = $1', [id])).rows[0],\n});\n`, 'use.ts': loop('byId(id)', "import { createUsers } from './users';\nconst { find: byId } = createUsers();") }, 'use.ts', 'byId'],
  'recursion': [{ 'pool.ts': POOL, 'use.ts': "import { pool } from './pool';\nexport async function tree(id: string): Promise<unknown> {\n  const { rows } = await pool.query('SELECT id FROM nodes WHERE parent_id = $1', [id]);\n  return Promise.all(rows.map((row) => tree(row.id)));\n}\n" }, 'use.ts', 'tree'],
  'a resolver of NestJS': [{ 'pool.ts': POOL, 'use.ts': "import { Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';\nimport { pool } from './pool';\n@Resolver(() => Order)\nexport class OrderResolver {\n  @Query(() => [Order])\n  async orders() { return (await pool.query('SELECT id, customer_id FROM orders LIMIT 50')).rows; }\n  @ResolveField(() => Customer)\n  async customer(@Parent() order: Order) { return (await pool.query('SELECT name FROM customers WHERE id = $1', [order.customerId])).rows[0]; }\n}\n" }, 'use.ts', 'pool.query'],
  'a resolver of Apollo': [{ 'pool.ts': POOL, 'use.ts': "import { ApolloServer } from '@apollo/server';\nimport { pool } from './pool';\nexport const resolvers = {\n  Query: { orders: async () => (await pool.query('SELECT id, customer_id FROM orders LIMIT 50')).rows },\n  Order: { customer: async (order) => (await pool.query('SELECT name FROM customers WHERE id = $1', [order.customerId])).rows[0] },\n};\nexport const server = new ApolloServer({ typeDefs, resolvers });\n" }, 'use.ts', 'pool.query'],
  'a resolver of Graphene': [{ 'gr/__init__.py': '', 'gr/use.py': 'import graphene\nimport psycopg\n\nconn = psycopg.connect("")\n\n\nclass OrderType(graphene.ObjectType):\n    customer = graphene.String()\n\n    def resolve_customer(root, info):\n        return conn.execute("SELECT name FROM customers WHERE id = %s", (root.customer_id,)).fetchone()\n\n\nclass Query(graphene.ObjectType):\n    orders = graphene.List(OrderType)\n\n    def resolve_orders(root, info):\n        return conn.execute("SELECT id, customer_id FROM orders LIMIT 50").fetchall()\n' }, 'gr/use.py', 'conn.execute'],
  'a resolver of Strawberry': [{ 'sb/__init__.py': '', 'sb/use.py': 'import psycopg\nimport strawberry\n\nconn = psycopg.connect("")\n\n\n@strawberry.type\nclass Order:\n    customer_id: int\n\n    @strawberry.field\n    def customer(self) -> str:\n        return conn.execute("SELECT name FROM customers WHERE id = %s", (self.customer_id,)).fetchone()\n\n\n@strawberry.type\nclass Query:\n    @strawberry.field\n    def orders(self) -> list[Order]:\n        return conn.execute("SELECT id, customer_id FROM orders LIMIT 50").fetchall()\n' }, 'sb/use.py', 'conn.execute'],
  'a serializer of DRF': [{ 'drf/__init__.py': '', 'drf/shop/__init__.py': '', 'drf/shop/models.py': shop('A'), 'drf/shop/serializers.py': 'from rest_framework import serializers\n\nfrom .models import OrderA\n\n\nclass OrderSerializer(serializers.ModelSerializer):\n    customer_name = serializers.CharField(source="customer.name")\n\n    class Meta:\n        model = OrderA\n        fields = ["id", "customer_name"]\n', 'drf/shop/use.py': 'from rest_framework import viewsets\n\nfrom .models import OrderA\nfrom .serializers import OrderSerializer\n\n\nclass OrderViewSet(viewsets.ModelViewSet):\n    queryset = OrderA.objects.order_by("id")\n    serializer_class = OrderSerializer\n' }, 'drf/shop/serializers.py', 'customer_name'],
  'a template of Django': [{ 'dt/__init__.py': '', 'dt/models.py': shop('B'), 'dt/templates/orders.html': '{% for order in orders %}<li>{{ order.customer.name }}</li>{% endfor %}\n', 'dt/use.py': 'from django.shortcuts import render\n\nfrom .models import OrderB\n\n\ndef orders(request):\n    return render(request, "orders.html", {"orders": OrderB.objects.order_by("id")[:50]})\n' }, 'dt/templates/orders.html', 'order.customer'],
  'a property of a Django model': [{ 'dp/__init__.py': '', 'dp/models.py': shop('C'), 'dp/use.py': 'from .models import OrderC\n\n\ndef report():\n    return [order.open_lines for order in OrderC.objects.all()[:50]]\n' }, 'dp/use.py', 'order.open_lines'],
};
const folderOf = (what: string): string => `row ${what}`.replaceAll(/[^a-z]+/gi, '_').toLowerCase();

/** What calls a function from outside; its parameters are a request's. */
const entries: Readonly<Record<string, readonly [file: string, code: string]>> = {
  Express: ['express.ts', "import express from 'express';\nimport { pool } from './pool';\nconst app = express();\napp.get('/users/:id', async (req, res) => { res.json((await pool.query('SELECT name FROM users WHERE id = $1', [req.params.id])).rows); });\n"],
  Fastify: ['fastify.ts', "import Fastify from 'fastify';\nimport { pool } from './pool';\nconst fastify = Fastify();\nfastify.get('/users/:id', async (request) => (await pool.query('SELECT name FROM users WHERE id = $1', [request.params.id])).rows);\n"],
  Next: ['app/users/[id]/route.ts', "import { pool } from '../../../pool';\nexport async function GET(request: Request, { params }: { params: { id: string } }) {\n  return Response.json((await pool.query('SELECT name FROM users WHERE id = $1', [params.id])).rows);\n}\n"],
  NestJS: ['users.controller.ts', "import { Controller, Get, Param } from '@nestjs/common';\nimport { pool } from './pool';\n@Controller('users')\nexport class UsersController {\n  @Get(':id')\n  async find(@Param('id') id: string) { return (await pool.query('SELECT name FROM users WHERE id = $1', [id])).rows; }\n}\n"],
  FastAPI: ['fast.py', 'import psycopg\nfrom fastapi import APIRouter\n\nrouter = APIRouter()\nconn = psycopg.connect("")\n\n\n@router.get("/users/{id}")\ndef find(id: int):\n    return conn.execute("SELECT name FROM users WHERE id = %s", (id,)).fetchone()\n'],
  Django: ['views.py', 'from django.db import connection\nfrom django.http import JsonResponse\n\n\ndef find(request, pk):\n    with connection.cursor() as cursor:\n        cursor.execute("SELECT name FROM users WHERE id = %s", [pk])\n        return JsonResponse(cursor.fetchone())\n'],
  Flask: ['flask_app.py', 'import psycopg\nfrom flask import Flask, request\n\napp = Flask(__name__)\nconn = psycopg.connect("")\n\n\n@app.route("/users/<id>")\ndef find(id):\n    return conn.execute("SELECT name FROM users WHERE id = %s", (id,)).fetchone()\n'],
};

let workspace: ReturnType<typeof makeWorkspace>;
let project: Project;
beforeAll(async () => {
  workspace = makeWorkspace({
    'schema.sql': 'CREATE TABLE users (id bigint PRIMARY KEY, name text);\n',
    ...Object.fromEntries(Object.entries(rows).flatMap(([what, [files]]) => Object.entries(files).map(([name, text]) => [`${folderOf(what)}/${name}`, text]))),
    'entries/pool.ts': POOL,
    ...Object.fromEntries(Object.values(entries).map(([file, code]) => [`entries/${file}`, code])),
  });
  project = await createProject({ folder: workspace.folder, engine: await createEngine(), settings: {}, threads: 0 });
  await project.scan();
});
afterAll(() => workspace.remove());

describe('queries per element are found through', () => {
  it.each(Object.entries(rows))('%s', async (what, [, use, ...underlined]) => {
    const result = await project.lint(workspace.path(`${folderOf(what)}/${use}`));
    if (!('findings' in result)) throw new Error(result.reason);
    expect(result.findings.filter(({ rule }) => rule === 'n-plus-one').map(({ span }) => result.text.slice(span.start, span.end))).toEqual(underlined);
  });
});

it('says what one statement for all would be where the loop is not written out', async () => {
  const because = async (what: string): Promise<string> => {
    const result = await project.lint(workspace.path(`${folderOf(what)}/${rows[what]![1]}`));
    return ('findings' in result ? result.findings.find(({ rule }) => rule === 'n-plus-one')?.because : undefined) ?? '';
  };
  expect(await because('recursion')).toContain('`WITH RECURSIVE` reads the whole tree with one statement');
  for (const what of ['a resolver of NestJS', 'a resolver of Apollo', 'a resolver of Graphene', 'a resolver of Strawberry']) expect(await because(what)).toContain('a DataLoader of the request reads the rows of all objects with one statement');
  expect(await because('classes')).not.toContain('one statement');
});

describe('a request’s value is known as one in a handler of', () => {
  it.each(Object.entries(entries))('%s', (_, [file]) => {
    const found = project.files.get(toUri(workspace.path(`entries/${file}`)));
    expect(found?.functions.some(({ entry }) => entry !== undefined)).toBe(true);
    expect(found?.sites.flatMap(({ binds }) => binds.map(({ origin }) => origin))).toEqual(['request']);
  });
});

import { connectionPerCall } from '../../server/src/core/rules/connection-per-call';
import { testRule, type RuleCase } from '../support/ruleTester';

const ts = (code: string, rest: Partial<RuleCase> = {}): RuleCase => ({ language: 'typescript', code, ...rest });
const py = (code: string, rest: Partial<RuleCase> = {}): RuleCase => ({ language: 'python', code, ...rest });

testRule(connectionPerCall, {
  flagged: [
    ts(`import { Client } from 'pg';
export async function findCustomer(id: number) {
  const client = new Client();
//                   ^^^^^^ a connection each time the function is called
  await client.connect();
  const found = await client.query('SELECT name FROM customers WHERE id = $1', [id]);
  await client.end();
  return found.rows[0];
}
`, { severity: 'info' }),
    ts(`import { Client } from 'pg';
async function findCustomer(id: string) {
  const client = new Client();
//                   ^^^^^^ once per request that calls it
  await client.connect();
  const found = await client.query('SELECT name FROM customers WHERE id = $1', [id]);
  await client.end();
  return found.rows[0];
}
app.get('/customers/:id', async (req, res) => { res.json(await findCustomer(req.params.id)); });
`, { severity: 'warning' }),
    ts(`import { PrismaClient } from '@prisma/client';
export async function POST(request: Request) {
  const prisma = new PrismaClient();
//                   ^^^^^^^^^^^^ a pool once per request
  return Response.json(await prisma.customer.findMany({ take: 10 }));
}
`),
    py(`from fastapi import FastAPI
from sqlalchemy import create_engine, text

app = FastAPI()

@app.get("/customers/{id}")
def customer(id: int):
    engine = create_engine("postgresql:///app")
#            ^^^^^^^^^^^^^ a pool once per request
    with engine.connect() as conn:
        return conn.execute(text("SELECT name FROM customers WHERE id = :id"), {"id": id}).one()
`),
    py(`import psycopg2

def rename(id, name):
    conn = psycopg2.connect("dbname=app")
#                   ^^^^^^^ a connection each time
    cur = conn.cursor()
    cur.execute("UPDATE customers SET name = %s WHERE id = %s", (name, id))
    conn.commit()
    conn.close()
`),
  ],
  clean: [
    // One for the process, a factory, a memo.
    ts(`import { Client, Pool } from 'pg';
const pool = new Pool();
export function createPool() {
  const made = new Pool();
  return made;
}
let shared: Pool | undefined;
export async function query(id: number) {
  if (!shared) shared = new Pool();
  return shared.query('SELECT name FROM customers WHERE id = $1', [id]);
}
export async function main() {
  const client = new Client();
  await client.connect();
  await client.query('SELECT name FROM customers LIMIT 1');
  await client.end();
}
`),
    // Support of tests.
    ts("import { Client } from 'pg';\nexport async function drop(name: string) {\n  const client = new Client();\n  await client.connect();\n  await client.query('DELETE FROM t WHERE name = $1', [name]);\n  await client.end();\n}\n", { path: 'src/tester/drop.ts' }),
    // At the edge a connection may not outlive its request.
    ts(`import { Client } from 'pg';
export async function GET(request: Request, env: Env) {
  const client = new Client({ connectionString: env.HYPERDRIVE.connectionString });
  await client.connect();
  const found = await client.query('SELECT name FROM customers LIMIT 1');
  await client.end();
  return Response.json(found.rows);
}
`),
    ts("import { Client } from 'redis';\nexport async function GET(request: Request) {\n  const client = new Client();\n  await client.connect();\n  return Response.json(await client.get('x'));\n}\n"),
    py(`from functools import lru_cache
from sqlalchemy import create_engine

@lru_cache
def engine_for(url):
    engine = create_engine(url)
    return engine
`),
  ],
});

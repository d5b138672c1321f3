import { ioInTransaction } from '../../server/src/core/rules/io-in-transaction';
import { testRule, type RuleCase } from '../support/ruleTester';

const ts = (code: string, rest: Partial<RuleCase> = {}): RuleCase => ({ language: 'typescript', code, ...rest });
const py = (code: string, rest: Partial<RuleCase> = {}): RuleCase => ({ language: 'python', code, ...rest });
const PG = "import { Pool } from 'pg';\nimport axios from 'axios';\nimport Stripe from 'stripe';\nimport { setTimeout as pause } from 'node:timers/promises';\nimport { db } from './db';\nconst pool = new Pool();\nconst stripe = new Stripe('key');\n";
const WRITE = "await pool.query('UPDATE orders SET paid = true WHERE id = $1', [id]);";

testRule(ioInTransaction, {
  flagged: [
    ts(`${PG}export const run = (id: number) => db.transaction(async (tx) => {
  ${WRITE}
  await axios.post('https://payments.example', { id });
//      ^^^^^^^^^^ (\`db.transaction\`) begins in line 8;
});
`, { severity: 'warning' }),
    ts(`${PG}async function charge(id: number) {
  return await stripe.charges.create({ amount: id });
}
export const run = (id: number) => db.transaction(async (tx) => {
  ${WRITE}
  const paid = await charge(id);
//                   ^^^^^^ case.ts:13 → case.ts:9 stripe.charges.create
  return paid;
});
`),
    ts(`${PG}export const run = (ids: number[]) => db.transaction(async (tx) => {
  for (const id of ids) {
    ${WRITE}
    await pause(100);
//        ^^^^^ a pause
    await new Promise((resolve) => setTimeout(resolve, 50));
//                                 ^^^^^^^^^^ \`setTimeout\` waits for a pause
  }
});
`),
    ts(`import { DataSource } from 'typeorm';
import { readFile } from 'node:fs/promises';
export async function run(source: DataSource, path: string) {
  const runner = source.createQueryRunner();
  await runner.startTransaction();
  const text = await readFile(path, 'utf8');
//                   ^^^^^^^^ a file
  await runner.query('INSERT INTO notes (body) VALUES ($1)', [text]);
  await runner.commitTransaction();
}
`),
    py(`import time
import requests
from django.db import connection, transaction

def run(order_id):
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("UPDATE orders SET paid = true WHERE id = %s", [order_id])
        requests.post("https://payments.example", json={"id": order_id})
#       ^^^^^^^^^^^^^ a network request
        time.sleep(1)
#       ^^^^^^^^^^ a pause
`),
    py(`import httpx
from django.db import connection, transaction

@transaction.atomic
def run(order_id):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE orders SET paid = true WHERE id = %s", [order_id])
    with httpx.Client() as http:
        http.post("https://payments.example", json={"id": order_id})
#       ^^^^^^^^^ a network request
`),
    // What a unit of work sends is in the transaction, too, from the flush on.
    py(`import boto3
from sqlalchemy.orm import sessionmaker

make_session = sessionmaker()
files = boto3.client("s3")

def run(row):
    with make_session.begin() as session:
        session.add(row)
        session.flush()
        files.put_object(Bucket="a", Key="b", Body=b"")
#       ^^^^^^^^^^^^^^^^ a network request
`),
  ],
  clean: [
    // Before and after.
    ts(`${PG}export async function run(id: number) {
  await axios.get('https://payments.example');
  await db.transaction(async (tx) => { ${WRITE} });
  await axios.post('https://payments.example', { id });
}
`),
    // Nobody waits for it, or later.
    ts(`${PG}export const run = (id: number) => db.transaction(async (tx) => {
  ${WRITE}
  void axios.post('https://payments.example', { id });
  process.nextTick(async () => { await axios.post('https://payments.example', { id }); });
});
`),
    // A function of one's own called fetch; verifying a signature is no request.
    ts(`${PG}async function fetch(id: number) { ${WRITE} }
export const run = (id: number) => db.transaction(async (tx) => {
  await fetch(id);
  await stripe.webhooks.constructEvent('', '', '');
});
`),
    // No database in it.
    ts(`${PG}export const run = (editor: Editor) => editor.transaction(async () => { await axios.get('https://example.com'); });
`),
    py(`import requests
from django.db import connection, transaction

def run(order_id):
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("UPDATE orders SET paid = true WHERE id = %s", [order_id])
        transaction.on_commit(lambda: requests.post("https://payments.example", json={"id": order_id}))
`),
    py(`import asyncio

async def tick():
    await asyncio.sleep(1)

async def run(conn, order_id):
    async with conn.transaction():
        await conn.execute("UPDATE orders SET paid = true WHERE id = $1", order_id)
        asyncio.create_task(tick())
`),
  ],
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rules } from '../../server/src/core/rules/index.generated';
import { applyEdits } from '../../server/src/core/text/edit';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { lintCase } from '../support/readers';
import { runTypeScript } from '../support/runCode';

const PG = "import { Pool } from 'pg';\nconst pool = new Pool();\n";
const LINES = [{ id: 1, n: 5 }, { id: 2, n: 7 }, { id: 1, n: 9 }];

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase('CREATE TABLE stock (id bigint PRIMARY KEY, n int NOT NULL CHECK (n >= 0));');
});
afterAll(() => database?.drop());

async function fixed(rule: string, code: string): Promise<string> {
  const own = rules.filter((r) => r.id === rule);
  const fix = (await lintCase(own, { language: 'typescript', code })).findings[0]?.fixes()[0];
  const after = applyEdits(code, fix?.edits ?? []) ?? '';
  expect(after).not.toBe(code);
  expect((await lintCase(own, { language: 'typescript', code: after })).findings).toEqual([]);
  return after;
}

async function run(code: string, argument: unknown) {
  await database.query('TRUNCATE stock; INSERT INTO stock VALUES (1, 0), (2, 0);');
  const { value, statements } = await runTypeScript(code, database.url, [argument]);
  return { value, state: await database.query('SELECT id, n FROM stock ORDER BY id'), begins: statements.filter((s) => /begin/i.test(s)).length };
}

describe('rewrites of transactions, run', () => {
  it('one transaction round the loop writes what one per element did', async () => {
    const code = `${PG}export async function run(lines: { id: number; n: number }[]) {\n  const client = await pool.connect();\n  try {\n    for (const line of lines) {\n      await client.query('BEGIN');\n      await client.query('UPDATE stock SET n = $2 WHERE id = $1', [line.id, line.n]);\n      await client.query('COMMIT');\n    }\n  } finally {\n    client.release();\n  }\n}\n`;
    const after = await fixed('transaction-per-iteration', code);
    for (const lines of [LINES, []]) {
      const [before, now] = [await run(code, lines), await run(after, lines)];
      expect(now.state).toEqual(before.state);
      expect([before.begins, now.begins]).toEqual([lines.length, 1]);
    }
  });

  it('a connection given back in `finally` is there for the next one', async () => {
    // Four connections in the pool: the fifth call would wait for ever.
    const code = `${PG}async function one(id: number) {\n  const client = await pool.connect();\n  const found = await client.query('SELECT 1 / $1::int AS n', [id]);\n  client.release();\n  return found.rows[0].n;\n}\nexport async function run(ids: number[]) {\n  const all: unknown[] = [];\n  for (const id of ids) all.push(await one(id).catch(() => 'failed'));\n  return all;\n}\n`;
    const after = await fixed('connection-not-released', code);
    expect((await run(after, [0, 0, 0, 0, 0, 1])).value).toEqual(['failed', 'failed', 'failed', 'failed', 'failed', 1]);
  });

  it('a transaction that is rolled back leaves nothing behind on its connection', async () => {
    const code = `${PG}async function write(id: number, n: number) {\n  const client = await pool.connect();\n  try {\n    await client.query('BEGIN');\n    await client.query('UPDATE stock SET n = $2 WHERE id = $1', [id, n]);\n    await client.query('COMMIT');\n  } finally {\n    client.release();\n  }\n}\nexport async function run(n: number) {\n  await write(1, n).catch(() => undefined);\n  await write(2, 3).catch(() => undefined);\n  return (await pool.query('SELECT n FROM stock ORDER BY id').catch(() => ({ rows: 'aborted' }))).rows;\n}\n`;
    const after = await fixed('transaction-not-closed', code);
    expect((await run(after, -1)).value).toEqual([{ n: 0 }, { n: 3 }]);
  });
});

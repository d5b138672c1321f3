import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyEdits } from '../../server/src/core/text/edit';
import { offsetPagination } from '../../server/src/core/rules/offset-pagination';
import { PAGED_ROWS, PAGED_SCHEMA } from '../support/keysetRows';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { lintCase, type Language } from '../support/readers';
import { hasPython, runPython, runTypeScript } from '../support/runCode';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase(PAGED_SCHEMA + PAGED_ROWS);
});
afterAll(() => database?.drop());

async function fixesOf(language: Language, code: string): Promise<readonly string[]> {
  const { findings } = await lintCase([offsetPagination], { language, code, schema: PAGED_SCHEMA });
  expect(findings.map((f) => f.message)).toEqual(['This loop pages by OFFSET: each turn reads all the rows of the turns before again.']);
  return (findings[0]?.fixes() ?? []).map((fix) => applyEdits(code, fix.edits) ?? '');
}

/** The same rows in the same order, by as many statements, none of them with OFFSET. */
async function prove(language: Language, code: string): Promise<void> {
  const [after, ...others] = await fixesOf(language, code);
  expect(others).toEqual([]);
  expect(after, code).toBeDefined();
  expect(after).not.toMatch(/offset/i);
  expect((await lintCase([offsetPagination], { language, code: after ?? '', schema: PAGED_SCHEMA })).findings).toEqual([]);
  if (language === 'python' && !hasPython) return;
  const run = language === 'python' ? runPython : runTypeScript;
  const before = await run(code, database.url, []);
  const now = await run(after ?? '', database.url, []);
  expect(now.value, after).toEqual(before.value);
  expect((now.value as unknown[]).length).toBeGreaterThan(20);
}

const TS = "import { Pool } from 'pg';\nimport postgres from 'postgres';\nimport knexModule from 'knex';\nconst pool = new Pool();\nconst sql = postgres();\nconst db = knexModule({ client: 'pg' });\nexport async function run() {\n  const found: unknown[] = [];\n  BODY\n  return found;\n}\n";
const typescript: Readonly<Record<string, string>> = {
  'pg, rows counted': "let offset = 0;\n  while (true) {\n    const { rows } = await pool.query('SELECT id, total FROM orders ORDER BY id LIMIT $1 OFFSET $2', [4, offset]);\n    if (rows.length === 0) break;\n    found.push(...rows);\n    offset += rows.length;\n  }",
  'pg, a short page ends it': "const size = 5;\n  let skip: number = 0;\n  for (;;) {\n    const page = await pool.query('SELECT * FROM orders WHERE tenant_id <> $1 ORDER BY total DESC, id DESC LIMIT $2 OFFSET $3', [9, size, skip]);\n    found.push(...page.rows);\n    skip = skip + size;\n    if (page.rows.length < size) break;\n  }",
  'pg, the number in the head': "for (let offset = 0; ; offset += 6) {\n    const { rows: orders } = await pool.query(`SELECT id FROM orders ORDER BY id LIMIT 6 OFFSET $1`, [offset]);\n    if (!orders.length) break;\n    found.push(...orders);\n  }",
  'pg, pages': "let page = 1;\n  let more = true;\n  while (more) {\n    const { rows } = await pool.query('SELECT order_id, number FROM lines ORDER BY order_id, number LIMIT $1 OFFSET $2', [3, (page - 1) * 3]);\n    found.push(...rows);\n    more = rows.length === 3;\n    page++;\n  }",
  'knex': "let offset = 0;\n  do {\n    const rows = await db('orders').select('id', 'total').orderBy('id').limit(10).offset(offset);\n    found.push(...rows);\n    if (rows.length < 10) break;\n    offset += 10;\n  } while (true);",
  'a tagged template': 'let offset = 0;\n  while (true) {\n    const rows = await sql`SELECT id FROM orders ORDER BY id LIMIT ${7} OFFSET ${offset}`;\n    if (rows.length === 0) break;\n    found.push(...rows);\n    offset += 7;\n  }',
};
const PY = 'import psycopg\nimport asyncpg\n\nDEF run(conn: DRIVER.Connection):\n    found = []\n    BODY\n    return found\n';
const python: Readonly<Record<string, string>> = {
  'psycopg': 'offset = 0\n    while True:\n        rows = conn.execute("SELECT id, total FROM orders ORDER BY id LIMIT %s OFFSET %s", (4, offset)).fetchall()\n        if not rows:\n            break\n        found.extend(row["id"] for row in rows)\n        offset += 4',
  'asyncpg': 'offset = 0\n    while True:\n        rows = await conn.fetch("SELECT id FROM orders ORDER BY id DESC LIMIT 5 OFFSET $1", offset)\n        found.extend(row["id"] for row in rows)\n        offset += len(rows)\n        if len(rows) < 5:\n            break',
};

describe('a walk by key reads what the walk by OFFSET read', () => {
  for (const [name, body] of Object.entries(typescript)) it(`TypeScript: ${name}`, () => prove('typescript', TS.replace('BODY', () => body)));
  for (const [driver, body] of Object.entries(python)) {
    it(`Python: ${driver}`, () => prove('python', PY.replace('DEF', driver === 'psycopg' ? 'def' : 'async def').replace('DRIVER', driver).replace('BODY', () => body)));
  }
});

describe('no fix that would never end or read other rows', () => {
  const bodies: Readonly<Record<string, string>> = {
    'the number ends the walk': "let offset = 0;\n  while (offset < 100) {\n    const { rows } = await pool.query('SELECT id FROM orders ORDER BY id LIMIT 4 OFFSET $1', [offset]);\n    found.push(...rows);\n    offset += 4;\n  }",
    'it does not begin at the first row': "let offset = 8;\n  while (true) {\n    const { rows } = await pool.query('SELECT id FROM orders ORDER BY id LIMIT 4 OFFSET $1', [offset]);\n    if (rows.length === 0) break;\n    offset += 4;\n  }",
    'the rows have no name': "let offset = 0;\n  while (true) {\n    const n = (await pool.query('SELECT id FROM orders ORDER BY id LIMIT 4 OFFSET $1', [offset])).rows.length;\n    if (n === 0) break;\n    offset += n;\n  }",
    'a turn may be left early': "for (let offset = 0; ; offset += 4) {\n    const { rows } = await pool.query('SELECT id FROM orders ORDER BY id LIMIT 4 OFFSET $1', [offset]);\n    if (rows.length === 0) break;\n    if (rows[0].id > 9) continue;\n    found.push(rows);\n  }",
    'a timestamp loses its microseconds': "let offset = 0;\n  while (true) {\n    const { rows } = await pool.query('SELECT id, created_at FROM orders ORDER BY created_at, id LIMIT 4 OFFSET $1', [offset]);\n    if (rows.length === 0) break;\n    offset += 4;\n  }",
  };
  it.each(Object.entries(bodies))('%s', async (_, body) => expect(await fixesOf('typescript', TS.replace('BODY', () => body))).toEqual([]));
});

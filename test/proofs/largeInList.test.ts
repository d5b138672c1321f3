import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyEdits } from '../../server/src/core/text/edit';
import { largeInList } from '../../server/src/core/rules/large-in-list';
import { runPython, runTypeScript, hasPython } from '../support/runCode';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { lintCase } from '../support/readers';

/** One column of each type that lists are made of, some NULL. */
const SCHEMA = 'CREATE TABLE things (id bigint PRIMARY KEY, number int, big bigint, token uuid, name text, price numeric(12, 4), at timestamptz, flag boolean);\n';
const ROWS = `INSERT INTO things SELECT i, i % 4, 9007199254740990 + i, ('00000000-0000-4000-8000-00000000000' || i)::uuid, CASE i WHEN 1 THEN 'a,b' WHEN 2 THEN 'it''s "quoted" \\{x}' WHEN 3 THEN '日本語 🐘' WHEN 4 THEN 'NULL' ELSE '' END, i + 0.25, timestamptz '2024-03-10 07:59:59.5+00' + i * interval '1 hour', i % 2 = 0 FROM generate_series(1, 5) i;
INSERT INTO things (id) VALUES (6), (7);`;

/** As an expression of the language: dates and large numbers are no JSON. */
const LISTS: Readonly<Record<string, readonly string[]>> = {
  number: ['[1, 3]', '[1]', '[1, null]', '[1, 1, 99]'],
  big: ["['9007199254740991', '9007199254740993']", '[9007199254740992n, 5n]'],
  token: ["['00000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-000000000001']", "[null, '00000000-0000-4000-8000-000000000002']"],
  name: [String.raw`['a,b', 'it\'s "quoted" \\{x}', '日本語 🐘']`, "['NULL', '']", "['NULL', null]"],
  price: ["['1.25', '3.2500']", '[2.25, 99]'],
  at: ["['2024-03-10 08:59:59.5+00']", "[new Date('2024-03-10T08:59:59.500Z'), new Date('2024-03-10T10:59:59.500Z')]", "[null, new Date('2024-03-10T08:59:59.500Z')]"],
  flag: ['[true]'],
};

const withPg = (column: string, list: string): string => `import { Pool } from 'pg';
const pool = new Pool();
const given: unknown[] = ${list};
const find = (ids: unknown[]) => pool.query(\`SELECT id FROM things WHERE ${column} IN (\${ids.map((_, i) => \`$\${i + 1}\`).join(', ')}) ORDER BY id\`, ids);
export async function run() { return (await find(given)).rows; }
`;
const withTag = (column: string, list: string, operator = 'IN', type = 'any[]'): string => `import postgres from 'postgres';
const sql = postgres();
const given: any[] = ${list};
const find = (ids: ${type}) => sql\`SELECT id FROM things WHERE ${column} ${operator} \${sql(ids)} ORDER BY id\`;
export async function run() { return [...(await find(given))].map(({ id }) => ({ id: String(id) })); }
`;

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase(SCHEMA + ROWS);
});
afterAll(() => database?.drop());

const fixOf = async (code: string, language: 'typescript' | 'python' = 'typescript'): Promise<{ readonly kind: string; readonly text: string }> => {
  const fix = (await lintCase([largeInList], { language, code, schema: SCHEMA })).findings[0]?.fixes()[0];
  expect(fix, code).toBeDefined();
  return { kind: fix?.kind ?? '', text: applyEdits(code, fix?.edits ?? []) ?? '' };
};
const rows = async (code: string): Promise<unknown> => (await runTypeScript(code, database.url, [])).value;

/** What postgres.js tells the server of a list's type is that of its first element: an array of numbers and of strings it leaves open. */
const tagType = (list: string): string | undefined => (/Date|true|\dn/.test(list) ? undefined : `(${list.includes("'") ? 'string' : 'number'} | null)[]`);

describe('a list as one array finds the same rows', () => {
  for (const [column, lists] of Object.entries(LISTS)) {
    it(`pg, ${column}: ${lists.join(' ')}`, async () => {
      for (const list of [...lists, '[]']) await same(withPg(column, list), list);
    });
    it(`postgres.js, ${column}`, async () => {
      for (const list of [...lists, '[]']) {
        const type = tagType(list);
        if (type !== undefined) await same(withTag(column, list, 'IN', type), list);
      }
    });
  }

  async function same(code: string, list: string): Promise<void> {
    const fixed = await fixOf(code);
    expect(fixed.kind).toBe('safe');
    if (list === '[]') return expect(await rows(fixed.text)).toEqual([]);
    const before = await rows(code);
    expect((before as unknown[]).length, list).toBeGreaterThan(0);
    expect(await rows(fixed.text), `${list}\n${fixed.text}`).toEqual(before);
  }

  it('postgres.js: a list of dates, booleans or bigints fails as one array, and gets no fix; of an unknown type it is for review', async () => {
    const unknown = withTag('at', LISTS['at']?.[1] ?? '');
    const fixed = await fixOf(unknown);
    expect(fixed.kind).toBe('review');
    await expect(rows(fixed.text)).rejects.toThrow('requires array on right side');
    for (const type of ['Date[]', 'readonly bigint[]', 'Array<boolean>']) expect((await lintCase([largeInList], { language: 'typescript', code: withTag('at', '[]', 'IN', type), schema: SCHEMA })).findings.map((f) => f.fixes()), type).toEqual([[]]);
  });

  it('postgres.js, NOT IN: the title says what an empty list finds', async () => {
    const code = withTag('number', '[]', 'NOT IN', 'number[]');
    const fixed = await fixOf(code);
    expect([fixed.kind, await rows(code), (await rows(fixed.text) as unknown[]).length]).toEqual(['review', [], 7]);
    const some = withTag('number', '[1, 2]', 'NOT IN', 'number[]');
    expect(await rows((await fixOf(some)).text)).toEqual(await rows(some));
  });

  it.runIf(hasPython)('psycopg', async () => {
    const code = (column: string): string => `import psycopg\n\ndef run(conn: psycopg.Connection, ids):\n    return conn.execute("SELECT id FROM things WHERE ${column} IN %s ORDER BY id", (tuple(ids),)).fetchall()\n`;
    for (const [column, list] of [['big', [9007199254740991]], ['name', ['a,b', '日本語 🐘']], ['token', ['00000000-0000-4000-8000-000000000003']], ['price', [2.25]]] as const) {
      const fixed = await fixOf(code(column), 'python');
      expect(fixed.kind).toBe('safe');
      expect((await runPython(fixed.text, database.url, [list])).value, column).toEqual((await database.query(`SELECT id FROM things WHERE ${column}::text = ANY($1) ORDER BY id`, [list.map((value) => (column === 'price' ? `${value}00` : String(value)))])).map(({ id }) => [Number(id)]));
      expect((await runPython(fixed.text, database.url, [[]])).value).toEqual([]);
    }
  });
});

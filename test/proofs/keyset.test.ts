import { transformSync } from 'esbuild';
import knex, { type Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pg from 'pg';
import { applyEdits } from '../../server/src/core/text/edit';
import { offsetPagination } from '../../server/src/core/rules/offset-pagination';
import { PAGED_ROWS, PAGED_SCHEMA } from '../support/keysetRows';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { lintCase, type Language } from '../support/readers';

type Row = Record<string, unknown>;

const PAGE = 4;
/** More pages than any of the tables has: a walk that does not end is a failure. */
const MOST_PAGES = 60;

let database: TestDatabase;
let pool: pg.Pool;
let db: Knex;

beforeAll(async () => {
  database = await createDatabase(PAGED_SCHEMA + PAGED_ROWS);
  pool = new pg.Pool({ connectionString: database.url, max: 2 });
  db = knex({ client: 'pg', connection: database.url, pool: { min: 0, max: 2 } });
});
afterAll(async () => {
  await Promise.all([pool?.end(), db?.destroy()]);
  await database?.drop();
});

async function rewrite(language: Language, code: string): Promise<string> {
  const { findings } = await lintCase([offsetPagination], { language, code, schema: PAGED_SCHEMA });
  const fix = findings[0]?.fixes()[0];
  expect(fix, `no fix for ${code}`).toBeDefined();
  return applyEdits(code, fix?.edits ?? []) ?? '';
}

/** All pages by number, then all pages by key: the same rows in the same order. */
async function expectSameWalk(byNumber: (offset: number) => Promise<Row[]>, byKey: (last: Row | undefined) => Promise<Row[]>): Promise<void> {
  const numbered: Row[] = [];
  for (let page = 0; page < MOST_PAGES; page++) {
    const rows = await byNumber(page * PAGE);
    if (rows.length === 0) break;
    numbered.push(...rows);
  }
  const keyed: Row[] = [];
  let last: Row | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const rows = await byKey(last);
    if (rows.length === 0) break;
    keyed.push(...rows);
    last = rows.at(-1);
  }
  expect(keyed).toEqual(numbered);
}

/** `before`: parameters in front of the offset, `keys`: columns of the cursor in the order of the parameters. */
interface SqlCase {
  readonly sql: string;
  readonly before?: readonly unknown[];
  readonly keys: readonly string[];
  /** The walk by number needs a total order to be compared with: the old query with the tie-breaker. */
  readonly total: string;
}

const cases: readonly SqlCase[] = [
  { sql: `SELECT * FROM orders ORDER BY id LIMIT ${PAGE} OFFSET $1`, keys: ['id'], total: 'ORDER BY id' },
  { sql: `SELECT * FROM orders ORDER BY id DESC LIMIT ${PAGE} OFFSET $1`, keys: ['id'], total: 'ORDER BY id DESC' },
  { sql: `SELECT * FROM orders ORDER BY created_at DESC LIMIT ${PAGE} OFFSET $1`, keys: ['created_at', 'id'], total: 'ORDER BY created_at DESC, id DESC' },
  { sql: `SELECT * FROM orders ORDER BY created_at, total LIMIT ${PAGE} OFFSET $1`, keys: ['created_at', 'total', 'id'], total: 'ORDER BY created_at, total, id' },
  { sql: `SELECT * FROM orders ORDER BY created_at DESC, total ASC LIMIT ${PAGE} OFFSET $1`, keys: ['created_at', 'total', 'id'], total: 'ORDER BY created_at DESC, total ASC, id' },
  { sql: `SELECT * FROM orders ORDER BY shipped_at LIMIT ${PAGE} OFFSET $1`, keys: ['shipped_at', 'id'], total: 'ORDER BY shipped_at, id' },
  { sql: `SELECT * FROM orders ORDER BY shipped_at DESC LIMIT ${PAGE} OFFSET $1`, keys: ['shipped_at', 'id'], total: 'ORDER BY shipped_at DESC, id DESC' },
  { sql: `SELECT * FROM orders ORDER BY shipped_at DESC NULLS LAST, note NULLS FIRST LIMIT ${PAGE} OFFSET $1`, keys: ['shipped_at', 'note', 'id'], total: 'ORDER BY shipped_at DESC NULLS LAST, note NULLS FIRST, id' },
  { sql: `SELECT * FROM orders WHERE tenant_id = $1 OR total = 10 ORDER BY note, created_at DESC LIMIT ${PAGE} OFFSET $2`, before: [2], keys: ['note', 'created_at', 'id'], total: 'ORDER BY note, created_at DESC, id DESC' },
  { sql: `SELECT * FROM orders WHERE tenant_id = $1 ORDER BY created_at LIMIT ${PAGE} OFFSET $2`, before: [1], keys: ['created_at', 'id'], total: 'ORDER BY created_at, id' },
  { sql: `SELECT * FROM orders WHERE tenant_id = $1 ORDER BY created_at LIMIT ${PAGE} OFFSET $2`, before: [99], keys: ['created_at', 'id'], total: 'ORDER BY created_at, id' },
  { sql: `SELECT * FROM nothing ORDER BY created_at LIMIT ${PAGE} OFFSET $1`, keys: ['created_at', 'id'], total: 'ORDER BY created_at, id' },
  { sql: `SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id ORDER BY c.name LIMIT ${PAGE} OFFSET $1`, keys: ['name', 'id'], total: 'ORDER BY c.name, o.id' },
  { sql: `SELECT l.order_id, l.number, l.quantity FROM lines l ORDER BY l.quantity DESC LIMIT ${PAGE} OFFSET $1`, keys: ['quantity', 'order_id', 'number'], total: 'ORDER BY l.quantity DESC, l.order_id DESC, l.number DESC' },
];

describe('keyset rewrite of SQL text', () => {
  for (const { sql, before = [], keys, total } of cases) {
    it(`gives the rows of ${sql}`, async () => {
      const fixed = await rewrite('sql', sql);
      const ordered = sql.replace(/ORDER BY .* LIMIT/, `${total} LIMIT`);
      await expectSameWalk(
        async (offset) => [...(await database.query(ordered, [...before, offset]))],
        async (last) => [...(await database.query(fixed, [...before, ...keys.map((key) => last?.[key] ?? null)]))],
      );
    });
  }
});

/** Runs the body of a function written in a case, with the names it needs. */
const compile = (code: string, names: readonly string[]): ((...values: unknown[]) => Promise<unknown>) => {
  const body = code.replace(/^import .*$/gm, '').replace(/^const (pool|db) = .*$/gm, '').replace('export async function page', 'async function page');
  return new Function(...names, `${transformSync(body, { loader: 'ts' }).code}\nreturn page(offset, typeof after === 'undefined' ? undefined : after);`) as (...values: unknown[]) => Promise<unknown>;
};

describe('keyset rewrite in host languages', () => {
  const inPg = (sql: string, args: string): string => `import { Pool } from 'pg';
const pool = new Pool();
export async function page(offset) {
  const { rows } = await pool.query('${sql}', [${args}]);
  return rows;
}`;
  for (const [sql, args] of [
    [`SELECT * FROM orders WHERE tenant_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3`, `1, ${PAGE}, offset`],
    [`SELECT * FROM orders ORDER BY shipped_at, id LIMIT ${PAGE} OFFSET $1`, 'offset'],
    [`SELECT * FROM orders WHERE tenant_id = $2 ORDER BY total, id LIMIT $1 OFFSET $3`, `${PAGE}, 2, offset`],
  ] as const) {
    it(`runs pg: ${sql}`, async () => {
      const code = inPg(sql, args);
      const before = compile(code, ['pool', 'offset']);
      const after = compile(await rewrite('typescript', code), ['pool', 'offset', 'after']);
      await expectSameWalk(async (offset) => (await before(pool, offset)) as Row[], async (last) => (await after(pool, 0, last)) as Row[]);
    });
  }

  for (const chain of [
    `db('orders').where('tenant_id', 1).orderBy('created_at', 'desc').orderBy('id', 'desc').limit(${PAGE}).offset(offset)`,
    `db('orders').orderBy('created_at', 'desc').orderBy('total').orderBy('id').limit(${PAGE}).offset(offset)`,
    `db('orders').select('id', 'total').where('total', '>', 0).orderBy('id').limit(${PAGE}).offset(offset)`,
  ]) {
    it(`runs knex: ${chain}`, async () => {
      const code = `import knex from 'knex';\nconst db = knex({ client: 'pg' });\nexport async function page(offset) {\n  return await ${chain};\n}`;
      const before = compile(code, ['db', 'offset']);
      const after = compile(await rewrite('typescript', code), ['db', 'offset', 'after']);
      await expectSameWalk(async (offset) => (await before(db, offset)) as Row[], async (last) => (await after(db, 0, last)) as Row[]);
    });
  }
});

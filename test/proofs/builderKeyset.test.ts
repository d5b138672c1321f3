import { transformSync } from 'esbuild';
import * as drizzleOrm from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import * as pgCore from 'drizzle-orm/pg-core';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { offsetPagination } from '../../server/src/core/rules/offset-pagination';
import { applyEdits } from '../../server/src/core/text/edit';
import { PAGED_ROWS, PAGED_SCHEMA } from '../support/keysetRows';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { lintCase } from '../support/readers';

type Row = Record<string, unknown>;
type Page = (offset: number, after: Row | undefined) => Promise<Row[]>;

const PAGE = 4;
/** More pages than the table has: a walk that does not end is a failure. */
const MOST_PAGES = 60;

let database: TestDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createDatabase(PAGED_SCHEMA + PAGED_ROWS);
  pool = new pg.Pool({ connectionString: database.url, max: 2 });
});
afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

/** Finds the page by OFFSET, rewrites it, and walks all pages both ways: the same rows in the same order. */
async function expectSameWalk(code: string, names: Readonly<Record<string, unknown>>): Promise<void> {
  const { findings } = await lintCase([offsetPagination], { language: 'typescript', code, schema: PAGED_SCHEMA });
  const fix = findings[0]?.fixes()[0];
  expect(fix, `no fix for ${code}`).toBeDefined();
  const fixed = applyEdits(code, fix?.edits ?? []) ?? '';
  const [byNumber, byKey] = [compile(code, names), compile(fixed, names)];
  const numbered: Row[] = [];
  for (let page = 0; page < MOST_PAGES; page++) {
    const rows = await byNumber(page * PAGE, undefined);
    if (rows.length === 0) break;
    numbered.push(...rows);
  }
  const keyed: Row[] = [];
  let last: Row | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const rows = await byKey(0, last);
    if (rows.length === 0) break;
    keyed.push(...rows);
    last = rows.at(-1);
  }
  expect(numbered.length).toBeGreaterThan(PAGE);
  expect(keyed, fixed).toEqual(numbered);
}

/** Runs the body of `page`; what the code imports and makes at the top is given by name. */
function compile(code: string, names: Readonly<Record<string, unknown>>): Page {
  const imported = [...code.matchAll(/^import \{([^}]*)\} from/gm)].flatMap((match) => (match[1] ?? '').split(',').map((name) => name.trim())).filter((name) => name !== '' && name in names);
  const body = code.replace(/^import .*$/gm, '').replace(/^const (pool|db) = .*$/gm, '').replaceAll(/^export /gm, '');
  const given = [...new Set([...imported, 'db'])];
  const build = new Function(...given, `${transformSync(body, { loader: 'ts' }).code}\nreturn (offset, after) => page(offset, after);`) as (...values: unknown[]) => Page;
  return build(...given.map((name) => names[name]));
}

const drizzleHead = `import { eq, desc, asc, and, or } from 'drizzle-orm';
import { pgTable, bigint, timestamp, numeric, text } from 'drizzle-orm/pg-core';
import { drizzle } from 'drizzle-orm/node-postgres';
const db = drizzle(pool);
export const orders = pgTable('orders', {
  id: bigint('id', { mode: 'number' }).primaryKey(), tenantId: bigint('tenant_id', { mode: 'number' }).notNull(), customerId: bigint('customer_id', { mode: 'number' }).notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull(), total: numeric('total').notNull(), note: text('note'),
});
`;

describe('keyset rewrite in Drizzle', () => {
  for (const chain of [
    `db.select().from(orders).where(eq(orders.tenantId, 1)).orderBy(desc(orders.createdAt), desc(orders.id)).limit(${PAGE}).offset(offset)`,
    `db.select().from(orders).where(and(eq(orders.tenantId, 1), or(eq(orders.total, '10'), eq(orders.total, '20')))).orderBy(orders.id).limit(${PAGE}).offset(offset)`,
    `db.select({ id: orders.id, at: orders.createdAt }).from(orders).orderBy(orders.createdAt, orders.id).limit(${PAGE}).offset(offset)`,
    `db.select().from(orders).where(or(eq(orders.total, '10'), eq(orders.tenantId, 2))).orderBy(desc(orders.createdAt), asc(orders.id)).limit(${PAGE}).offset(offset)`,
  ]) {
    it(chain, async () => {
      const code = `${drizzleHead}export async function page(offset: number, after?: Row) {\n  return await ${chain};\n}`;
      await expectSameWalk(code, { ...drizzleOrm, ...pgCore, db: drizzle(pool) });
    });
  }
});

describe('keyset rewrite in Kysely', () => {
  for (const chain of [
    `db.selectFrom('orders').selectAll().where('tenant_id', '=', '1').orderBy('created_at', 'desc').orderBy('id', 'desc').limit(${PAGE}).offset(offset)`,
    `db.selectFrom('orders').select(['id', 'total']).where((eb) => eb.or([eb('tenant_id', '=', '1'), eb('total', '=', '10')])).orderBy('id').limit(${PAGE}).offset(offset)`,
    `db.selectFrom('orders').selectAll().orderBy('created_at', 'desc').orderBy('id').limit(${PAGE}).offset(offset)`,
  ]) {
    it(chain, async () => {
      const code = `import { Kysely, PostgresDialect } from 'kysely';\nconst db = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });\nexport async function page(offset: number, after?: Row) {\n  return await ${chain}.execute();\n}`;
      await expectSameWalk(code, { db: new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: database.url, max: 1, idleTimeoutMillis: 1, allowExitOnIdle: true }) }) }) });
    });
  }
});

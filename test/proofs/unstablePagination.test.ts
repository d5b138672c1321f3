import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyEdits } from '../../server/src/core/text/edit';
import { unstablePagination } from '../../server/src/core/rules/unstable-pagination';
import { PAGED_ROWS, PAGED_SCHEMA } from '../support/keysetRows';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { lintCase } from '../support/readers';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase(PAGED_SCHEMA + PAGED_ROWS);
});
afterAll(() => database?.drop());

/** Queries with the keys they order by: the fix must keep rows and key order. */
const cases: readonly { readonly sql: string; readonly keys: readonly string[] }[] = [
  { sql: 'SELECT * FROM orders ORDER BY created_at DESC LIMIT $1 OFFSET $2', keys: ['created_at'] },
  { sql: 'SELECT * FROM orders LIMIT $1 OFFSET $2', keys: [] },
  { sql: 'SELECT * FROM orders ORDER BY shipped_at NULLS FIRST, note DESC LIMIT $1 OFFSET $2', keys: ['shipped_at', 'note'] },
  { sql: 'SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.tenant_id = 1 ORDER BY c.name LIMIT $1 OFFSET $2', keys: ['name'] },
  { sql: 'SELECT * FROM lines ORDER BY quantity LIMIT $1 OFFSET $2', keys: ['quantity'] },
  { sql: 'SELECT customer_id, note, count(*) AS n FROM orders GROUP BY customer_id, note ORDER BY n DESC LIMIT $1 OFFSET $2', keys: ['n'] },
  { sql: 'SELECT DISTINCT customer_id, lower(note) AS low, tenant_id + 1 FROM orders ORDER BY low LIMIT $1 OFFSET $2', keys: ['low'] },
  { sql: "SELECT date_trunc('month', created_at) AS month, count(*) FROM orders GROUP BY 1 LIMIT $1 OFFSET $2", keys: [] },
  { sql: 'SELECT * FROM nothing ORDER BY created_at LIMIT $1 OFFSET $2', keys: ['created_at'] },
];

describe('the appended key', () => {
  for (const { sql, keys } of cases) {
    it(`keeps rows and order of ${sql}`, async () => {
      const { findings } = await lintCase([unstablePagination], { language: 'sql', code: sql, schema: PAGED_SCHEMA });
      const fix = findings[0]?.fixes()[0];
      expect(fix?.kind).toBe('safe');
      const fixed = applyEdits(sql, fix?.edits ?? []) ?? '';
      expect(fixed).not.toBe(sql);
      const [old, now] = await Promise.all([database.query(sql, [1000, 0]), database.query(fixed, [1000, 0])]);
      const inKeys = (rows: readonly Record<string, unknown>[]): unknown[] => rows.map((row) => keys.map((key) => row[key]));
      const bag = (rows: readonly Record<string, unknown>[]): string[] => rows.map((row) => JSON.stringify(row)).sort();
      expect(inKeys(now)).toEqual(inKeys(old));
      expect(bag(now)).toEqual(bag(old));
      const pages: Record<string, unknown>[] = [];
      for (let offset = 0; offset < now.length; offset += 5) pages.push(...(await database.query(fixed, [5, offset])));
      expect(pages).toEqual(now);
    });
  }
});

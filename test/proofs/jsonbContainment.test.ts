import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonbIndexMismatch } from '../../server/src/core/rules/jsonb-index-mismatch';
import { applyEdits } from '../../server/src/core/text/edit';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { lintCase } from '../support/readers';

const SCHEMA = 'CREATE TABLE docs (id bigint PRIMARY KEY, body jsonb);\nCREATE INDEX docs_body ON docs USING gin (body);';
/** Documents in which the text of a value, its type, its place and its absence all differ. */
const DOCUMENTS = [
  '{"k": "ann"}', '{"k": "5"}', '{"k": 5}', '{"k": 5.0}', '{"k": "true"}', '{"k": true}', '{"k": null}', '{"k": "null"}', '{}', '[]', '"ann"', '[{"k": "ann"}]', 'null', '{"k": ["ann"]}', '{"k": {"ann": 1}}', '{"k": ""}',
  '{"a": {"b": "ann"}}', '{"a": [{"b": "ann"}]}', '{"a": {"b": 5}}', '{"a": null}', '{"a": {"b": null}}', '{"K": "ann"}', `{"k": "o'neil"}`, '{"k": "{\\"ann\\": 1}"}', `{"it's": "ann"}`, '{"k": "ann", "a": 1}',
];

let database: TestDatabase;
beforeAll(async () => {
  const rows = DOCUMENTS.map((document, i) => `(${i}, '${document.replaceAll("'", "''")}')`);
  database = await createDatabase(`${SCHEMA}\nINSERT INTO docs VALUES ${rows.join(', ')}, (100, NULL);
    DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET enable_seqscan = off', current_database()); END $$;`);
});
afterAll(() => database?.drop());

async function rewrite(sql: string): Promise<{ readonly sql: string; readonly title: string }> {
  const { findings } = await lintCase([jsonbIndexMismatch], { language: 'sql', code: sql, schema: SCHEMA, settings: { assume: { docs: 5_000_000 } } });
  const fix = findings[0]?.fixes().find((f) => f.title.startsWith('Compare by containment'));
  return { sql: (fix && applyEdits(sql, fix.edits)) ?? '', title: fix?.title ?? '' };
}

const idsOf = async (sql: string, values: readonly unknown[] = []): Promise<readonly unknown[]> => (await database.query(`${sql} ORDER BY id`, [...values])).map((row) => row['id']);

describe('the operator in place of the function behind it', () => {
  for (const condition of ["jsonb_exists(body, 'k')", "jsonb_exists_any(body, ARRAY['a', 'K'])", "jsonb_exists_all(body, ARRAY['a', 'k'])", `jsonb_contains(body, '{"k": "ann"}')`]) {
    it(`finds the same rows for ${condition}`, async () => {
      const before = `SELECT id FROM docs WHERE ${condition}`;
      const { findings } = await lintCase([jsonbIndexMismatch], { language: 'sql', code: before, schema: SCHEMA, settings: { assume: { docs: 5_000_000 } } });
      const after = applyEdits(before, findings[0]?.fixes()[0]?.edits ?? []) ?? '';
      expect(after).not.toBe(before);
      const rows = await idsOf(before);
      expect(rows.length).toBeGreaterThan(0);
      expect(await idsOf(after)).toEqual(rows);
    });
  }
});

describe('containment in place of a compared text', () => {
  for (const condition of ["body ->> 'k' = 'ann'", "body ->> 'k' = ''", "body ->> 'k' = 'null'", "body ->> 'k' = 'o''neil'", "'ann' = body ->> 'k'", "body -> 'a' ->> 'b' = 'ann'", "body #>> '{a,b}' = 'ann'", "body ->> 'it''s' = 'ann'", "(body ->> 'k') = 'ann'", `body -> 'k' = '"ann"'`, "body -> 'k' = '5'", "body -> 'k' = 'true'", "body -> 'k' = 'null'", `body['k'] = '"ann"'`, `body['a']['b'] = '5'`, `'"ann"' = body['k']`]) {
    it(`finds the same rows for ${condition}`, async () => {
      const before = `SELECT id FROM docs WHERE ${condition}`;
      const after = await rewrite(before);
      expect(after.title).toContain('(the same rows)');
      expect(after.sql).toContain('@>');
      const rows = await idsOf(before);
      expect(rows.length, 'the case finds nothing').toBeGreaterThan(0);
      expect(await idsOf(after.sql)).toEqual(rows);
    });
  }

  it('says what else changes where the constant could be a number or a boolean', async () => {
    for (const constant of ['5', 'true', '{"ann": 1}']) {
      const after = await rewrite(`SELECT id FROM docs WHERE body ->> 'k' = '${constant}'`);
      expect(after.title).toContain('only the string matches');
      expect((await idsOf(after.sql)).length).toBeLessThan((await idsOf(`SELECT id FROM docs WHERE body ->> 'k' = '${constant}'`)).length);
    }
  });

  it('says what else changes for a parameter, and it is that', async () => {
    const before = "SELECT id FROM docs WHERE body ->> 'k' = $1";
    const after = await rewrite(before);
    expect(after.title).toContain('numbers and booleans no longer match, NULL finds JSON nulls');
    expect(await idsOf(after.sql, ['ann'])).toEqual(await idsOf(before, ['ann']));
    expect((await idsOf(after.sql, ['5'])).length).toBe((await idsOf(before, ['5'])).length - 1);
    expect([await idsOf(before, [null]), (await idsOf(after.sql, [null])).length]).toEqual([[], 1]);
    const plan = (await database.query(`EXPLAIN (GENERIC_PLAN) ${after.sql}`)).map((row) => String(row['QUERY PLAN'])).join('\n');
    expect(plan).toContain('docs_body');
  });
});

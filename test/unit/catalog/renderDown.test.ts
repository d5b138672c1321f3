import { expect, it } from 'vitest';
import { renderMigrations } from '../../../server/src/core/catalog/migrations';

it('what undoes the whole stands in the file that ran first, because tools undo in reverse order', () => {
  const files = renderMigrations(
    { folder: 'db', format: 'dbmate', existing: ['20250101000000_a.sql'] },
    { name: 'i', statements: ['CREATE INDEX i ON ONLY t (a)', 'CREATE INDEX CONCURRENTLY i1 ON t1 (a)', 'ALTER INDEX i ATTACH PARTITION i1'], down: ['DROP INDEX IF EXISTS i;'] },
    '2026-01-02T03:04:05.678Z',
  );
  expect(files.map((f) => f.path)).toEqual(['db/20260102030405_i_1.sql', 'db/20260102030406_i_2.sql', 'db/20260102030407_i.sql']);
  expect(files.map((f) => /migrate:down[^\n]*\n([\s\S]*)/.exec(f.text)?.[1]?.trim())).toEqual(['DROP INDEX IF EXISTS i;', '', '']);
});

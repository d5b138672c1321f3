import { expect, it } from 'vitest';
import { collectHistories } from '../../../server/src/workspace/histories';
import { toUri } from '../../../server/src/workspace/paths';
import { loadReaders } from '../../support/readers';
import { splitStatements } from '../../../server/src/core/sql/split';

it('drizzle keeps in its journal when it wrote a migration, and which run after it', async () => {
  const { sql } = await loadReaders();
  const texts: Readonly<Record<string, string>> = {
    'drizzle/0000_first.sql': 'CREATE TABLE t (id bigint);', 'drizzle/0001_second.sql': 'CREATE INDEX t_id ON t (id);',
    'drizzle/0002_by_hand.sql': 'CREATE INDEX CONCURRENTLY t_id2 ON t (id);',
    'drizzle/meta/_journal.json': '{"version":"7","dialect":"postgresql","entries":[{"idx":0,"version":"7","when":1735689600000,"tag":"0000_first","breakpoints":true},{"idx":1,"when":1735776000000,"tag":"0001_second"}]}',
  };
  const history = collectHistories({ folder: '/workspace', paths: Object.keys(texts), parts: [], programs: [], files: [], parser: { split: splitStatements, schemaChanges: (text) => sql.schemaChanges(text) }, read: (path) => texts[path] });
  const uri = (name: string): string => toUri(`/workspace/drizzle/${name}`);
  expect(history(uri('0000_first.sql'))).toMatchObject({ format: 'drizzle', later: 2, after: [uri('0001_second.sql'), uri('0002_by_hand.sql')], written: 1735689600000 });
  expect(history(uri('0001_second.sql'))?.written).toBe(1735776000000);
  // Not in the journal: run by hand, in no transaction of drizzle's.
  expect(history(uri('0002_by_hand.sql'))).toMatchObject({ format: undefined, written: undefined });
});

it('a migration in a folder of its version is as old as the folders of later ones make it', async () => {
  const { read, sql } = await loadReaders();
  const uri = (name: string): string => toUri(`/workspace/${name}`);
  const files = ['delta/56/01_a.py', 'delta/57/01_b.py', 'delta/57/02_c.py', 'delta/9/01_d.py', 'alterations/1.0.0-1677208902-e.ts', 'alterations/1.10.0-1677208999-f.ts', 'alterations/next-1785393731-g.ts'].map((name) => ({ ...read(uri(name), '', 'python'), role: 'migration' as const }));
  const history = collectHistories({ folder: '/workspace', paths: [], parts: [], programs: [], files, parser: { split: splitStatements, schemaChanges: (text) => sql.schemaChanges(text) }, read: () => undefined });
  expect(files.map(({ uri: file }) => history(file)?.later ?? 0)).toEqual([2, 0, 0, 3, 2, 1, 0]);
  expect(files.map(({ uri: file }) => history(file)?.versions ?? 0)).toEqual([2, 0, 0, 3, 0, 0, 0]);
});

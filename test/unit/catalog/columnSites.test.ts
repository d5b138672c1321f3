import { describe, expect, it } from 'vitest';
import { buildCatalog } from '../../../server/src/core/catalog/build';
import { mergeCatalogs } from '../../../server/src/core/catalog/merge';
import { collectSchemaSteps } from '../../../server/src/core/catalog/migrations';
import type { Catalog } from '../../../server/src/core/catalog/model';
import { splitStatements } from '../../../server/src/core/sql/split';
import { changesOf } from './schema';

/** A catalog of SQL files, one URI each. */
const filesOf = (...texts: readonly string[]): Catalog =>
  buildCatalog({ source: 'migrations', label: 'm', steps: collectSchemaSteps(texts.map((text, i) => ({ uri: `file:///${i}.sql`, text })), { split: splitStatements, schemaChanges: changesOf }) });
const sitesOf = (catalog: Catalog | undefined, table: string): Record<string, string> => Object.fromEntries([...(catalog?.tables.get(table)?.columnSites ?? [])].map(([column, { uri }]) => [column, uri]));

describe('where columns were declared', () => {
  it('is the statement that made them, or gave them their name', () => {
    const catalog = filesOf('create table t (a int, b int);', 'alter table t add column c int;', 'alter table t rename column b to d;');
    expect(sitesOf(catalog, 'public.t')).toMatchObject({ a: 'file:///0.sql', c: 'file:///1.sql', d: 'file:///2.sql' });
  });
  it('is the parent of a partition', () => {
    expect(sitesOf(filesOf('create table p (a int) partition by range (a);', 'create table q partition of p for values from (1) to (2);'), 'public.q')).toEqual({ a: 'file:///0.sql' });
  });
  it('does not change the version, and outlives a better source', () => {
    const [first, moved] = [filesOf('create table t (a int);'), filesOf('-- moved\ncreate table t (a int);')];
    const live: Catalog = { ...buildCatalog({ source: 'live', label: 'l', changes: changesOf('create table t (a int)') }) };
    expect(sitesOf(mergeCatalogs([live, first]), 'public.t')).toEqual({ a: 'file:///0.sql' });
    const columns = (catalog: Catalog): string => JSON.stringify({ ...catalog.tables.get('public.t'), definedAt: undefined });
    expect(columns(first)).toBe(columns(moved));
  });
});

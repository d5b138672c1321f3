import { describe, expect, it } from 'vitest';
import { buildCatalog } from '../../../server/src/core/catalog/build';
import { catalogOf, changesOf, tableOf } from './schema';

const names = (items: readonly { readonly name?: string }[]): readonly (string | undefined)[] => items.map((item) => item.name);

describe('default names are those of Postgres', () => {
  it('names indexes of constraints, indexes and foreign keys', () => {
    const table = tableOf('create table u (id int primary key); create table t (id int primary key, a int unique, b int references u, unique (a, b)); create index on t (lower(id::text), b); create index on t (b); create index on t (b)'.replaceAll('; ', ';\n'), 'public.t');
    expect(names(table.indexes)).toEqual(['t_pkey', 't_a_key', 't_a_b_key', 't_lower_b_idx', 't_b_idx', 't_b_idx1']);
    expect(names(table.foreignKeys)).toEqual(['t_b_fkey']);
    expect(table.foreignKeys[0]?.references).toEqual({ schema: 'public', table: 'u', columns: ['id'] });
  });

  it('shortens long names', () => {
    const long = 'a_table_name_that_is_quite_long_for_a_table';
    expect(names(tableOf(`create table ${long} (first_column_with_long_name int, second_column_with_long_name int, unique (first_column_with_long_name, second_column_with_long_name))`, `public.${long}`).indexes)).toEqual([
      'a_table_name_that_is_quite_lo_first_column_with_long_name_s_key']);
  });
});

describe('replay', () => {
  it('follows renames, drops and set schema', () => {
    const catalog = catalogOf(`create table a (id int primary key, x int, y text);
create index a_x on a (x) where y is not null;
create table b (id int references a);
alter table a rename to c;
alter table c rename column y to "Z";
alter index a_x rename to c_x;
create schema s;
alter table c set schema s;
alter table s.c rename constraint c_gone to nothing;
alter table b drop constraint b_id_fkey`);
    const table = catalog.tables.get('s.c');
    expect([...catalog.tables.keys()]).toEqual(['public.b', 's.c']);
    expect(table?.indexes).toMatchObject([{ name: 'a_pkey' }, { name: 'c_x', predicate: '"Z" is not null' }]);
    expect(catalog.tables.get('public.b')?.foreignKeys).toEqual([]);
  });

  it('drops what hangs on a column', () => {
    const table = tableOf(`create table t (id int primary key, a int, b int, unique (a, b));
create index i1 on t (lower(a::text));
create index i2 on t (b) where a > 1;
create index i3 on t (b) include (a);
create index i4 on t (b);
alter table t drop column a`, 'public.t');
    expect(names(table.indexes)).toEqual(['t_pkey', 'i4']);
    expect(names(table.constraints)).toEqual(['t_pkey']);
  });

  it('ignores temporary tables, unknown tables and repeated statements', () => {
    const catalog = catalogOf(`create temp table t (a int);
create index on t (a);
alter table nowhere add column a int;
drop table if exists nothing;
create table if not exists k (a int);
create table if not exists k (b int)`);
    expect([...catalog.tables.keys()]).toEqual(['public.k']);
    expect(catalog.tables.get('public.k')?.columns).toMatchObject([{ name: 'a' }]);
  });

  it('follows the search path within one file only', () => {
    const steps = [
      { changes: changesOf('set search_path to app'), site: { uri: 'a.sql', span: { start: 0, end: 0 } as never } },
      { changes: changesOf('create table t (a int)'), site: { uri: 'a.sql', span: { start: 1, end: 2 } as never } },
      { changes: changesOf('create table u (a int)'), site: { uri: 'b.sql', span: { start: 0, end: 0 } as never } },
    ];
    const catalog = buildCatalog({ source: 'migrations', label: 'm', steps });
    expect([...catalog.tables.keys()]).toEqual(['app.t', 'public.u']);
    expect(catalog.tables.get('app.t')?.definedAt).toEqual({ uri: 'a.sql', span: { start: 1, end: 2 } });
  });

  it('adopts an index as constraint', () => {
    const table = tableOf('create table t (a int, b int);\ncreate unique index concurrently i on t (a, b);\nalter table t add constraint t_pk primary key using index i', 'public.t');
    expect(table.indexes).toMatchObject([{ name: 't_pk', constraint: 't_pk', unique: true }]);
    expect(table.columns.every((column) => column.notNull)).toBe(true);
  });
});

describe('partitions', () => {
  const ddl = `create table e (id bigint, at timestamptz not null, kind text, primary key (id, at)) partition by range (at);
create table e1 partition of e for values from ('2024-01-01') to ('2025-01-01');
create index on e (kind, at desc);
create table e2 (id bigint not null, at timestamptz not null, kind text);
alter table e attach partition e2 for values from ('2025-01-01') to ('2026-01-01')`;
  it('hand indexes and constraints down', () => {
    const catalog = catalogOf(ddl, { assume: { e1: 1000, e2: 500 } });
    expect(catalog.tables.get('public.e')).toMatchObject({ kind: 'partitioned', rows: 1500, rowsSource: 'assumed', partitionKey: { strategy: 'range', columns: ['at'], partitions: 2 } });
    expect(names(catalog.tables.get('public.e1')?.indexes ?? [])).toEqual(['e1_pkey', 'e1_kind_at_idx']);
    expect(names(catalog.tables.get('public.e2')?.indexes ?? [])).toEqual(['e2_pkey', 'e2_kind_at_idx']);
  });

  it('make an index ON ONLY valid when all are attached', () => {
    const only = `${ddl};\ncreate index k on only e (kind);\ncreate index k1 on e1 (kind);\nalter index k attach partition k1`;
    expect(tableOf(only, 'public.e').indexes.find((index) => index.name === 'k')?.valid).toBe(false);
    expect(tableOf(`${only};\ncreate index k2 on e2 (kind);\nalter index k attach partition k2`, 'public.e').indexes.find((index) => index.name === 'k')?.valid).toBe(true);
  });
});

describe('version', () => {
  it('changes with content only', () => {
    expect(catalogOf('create table t (a int)').version).toBe(catalogOf('create  table t (a integer)').version);
    expect(catalogOf('create table t (a int)').version).not.toBe(catalogOf('create table t (a bigint)').version);
  });
});

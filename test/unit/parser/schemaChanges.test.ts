import { describe, expect, it } from 'vitest';
import type { SchemaChange } from '../../../server/src/core/catalog/changes';
import { changesOf } from '../catalog/schema';

const change = <T extends SchemaChange['type']>(type: T, statement: string): Extract<SchemaChange, { type: T }> => {
  const found = changesOf(statement).find((item) => item.type === type);
  if (found === undefined) throw new Error(`no ${type} in ${JSON.stringify(changesOf(statement))}`);
  return found as Extract<SchemaChange, { type: T }>;
};

describe('column types are those of format_type', () => {
  const types: readonly (readonly [string, string])[] = [
    ['int', 'integer'], ['int8', 'bigint'], ['smallint', 'smallint'], ['serial', 'integer'], ['bigserial', 'bigint'], ['bool', 'boolean'],
    ['varchar(20)', 'character varying(20)'], ['varchar', 'character varying'], ['char', 'character(1)'], ['char(3)', 'character(3)'], ['"char"', '"char"'],
    ['timestamptz', 'timestamp with time zone'], ['timestamptz(3)', 'timestamp(3) with time zone'], ['timestamp', 'timestamp without time zone'],
    ['time with time zone', 'time with time zone'], ['numeric(10,2)', 'numeric(10,2)'], ['decimal(10)', 'numeric(10,0)'], ['float', 'double precision'], ['real', 'real'],
    ['interval', 'interval'], ['interval(3)', 'interval(3)'], ['interval year to month', 'interval year to month'], ['bit varying(3)', 'bit varying(3)'],
    ['text[][]', 'text[]'], ['integer[3]', 'integer[]'], ['jsonb', 'jsonb'], ['public.mood', 'public.mood'], ['"Mood"', '"Mood"'], ['uuid', 'uuid'], ['vector(3)', 'vector(3)'],
  ];
  it.each(types)('%s is %s', (written, canonical) => {
    expect(change('create-table', `create table t (c ${written})`).columns[0]?.type).toBe(canonical);
  });
});

describe('CREATE TABLE', () => {
  it('reads columns, defaults and inline constraints', () => {
    const table = change('create-table', `create table if not exists app.t (
      id serial primary key, é text collate "C" not null default 'naïve, x' unique,
      n numeric default (1 + 2) constraint positive check (n > 0) references app.u on delete cascade,
      g int generated always as identity, h int generated always as (n * 2) stored, at timestamptz default now() not null)`);
    expect(table.table).toEqual({ schema: 'app', name: 't' });
    expect(table.ifNotExists).toBe(true);
    expect(table.columns.map(({ name, notNull, default: value, generated }) => [name, notNull, value, generated])).toEqual([
      ['id', true, 'nextval', undefined], ['é', true, "'naïve, x'", undefined], ['n', false, '1 + 2', undefined],
      ['g', true, undefined, 'identity'], ['h', false, 'n * 2', 'stored'], ['at', true, 'now()', undefined],
    ]);
    expect(table.constraints).toEqual([{ type: 'primary', columns: ['id'] }, { type: 'unique', columns: ['é'] }]);
    expect(table.foreignKeys).toEqual([{ columns: ['n'], references: { schema: 'app', table: 'u', columns: [] } }]);
  });

  it('reads table constraints, LIKE, INHERITS and temporary', () => {
    const table = change('create-table', 'create temp table t (a int, like u including indexes, b int, constraint k unique nulls not distinct (a, b) include (c), foreign key (a, b) references v (x, y)) inherits (w)');
    expect(table.temporary).toBe(true);
    expect(table.constraints).toEqual([{ name: 'k', type: 'unique', columns: ['a', 'b'], include: ['c'], nullsNotDistinct: true }]);
    expect(table.foreignKeys[0]).toEqual({ columns: ['a', 'b'], references: { table: 'v', columns: ['x', 'y'] } });
    expect(table.likeClauses).toEqual([{ source: { name: 'u' }, before: 1, including: { defaults: false, generated: false, identity: false, indexes: true } }]);
    expect(table.inherits).toEqual([{ name: 'w' }]);
  });

  it('reads partitioning', () => {
    expect(change('create-table', 'create table t (a int, b text) partition by range (a, lower(b))').partitionBy).toEqual({ strategy: 'range', columns: ['a', 'lower(b)'], partitions: 0 });
    expect(change('create-table', 'create table p partition of s.t for values from (1) to (2)').partitionOf).toEqual({ schema: 's', name: 't' });
  });
});

describe('CREATE INDEX', () => {
  it('takes expressions and the predicate from the source text', () => {
    const { index, table, concurrently, ifNotExists } = change('create-index', `create unique index concurrently if not exists i on s.t using btree
      (lower( email ) collate "C" text_pattern_ops desc nulls last, b, (data ->> 'k,)') asc nulls first) include (c, d) with (fillfactor = 70) where ((deleted_at is null) and kind = 'a;b') -- why`);
    expect(table).toEqual({ schema: 's', name: 't' });
    expect([concurrently, ifNotExists, index.unique]).toEqual([true, true, true]);
    expect(index.keys).toEqual([
      { expression: 'lower( email )', collation: 'C', opclass: 'text_pattern_ops', descending: true, nullsFirst: false },
      { column: 'b', descending: false, nullsFirst: false },
      { expression: "data ->> 'k,)'", descending: false, nullsFirst: true },
    ]);
    expect(index.include).toEqual(['c', 'd']);
    expect(index.predicate).toBe("(deleted_at is null) and kind = 'a;b'");
  });

  it('takes a collation off as Postgres does', () => {
    expect(change('create-index', 'create index i on t ((name collate "C"), (lower(name) collate pg_catalog."C"))').index.keys).toMatchObject([{ column: 'name', collation: 'C' }, { expression: 'lower(name)', collation: 'C' }]);
  });

  it('gives the parts of the default name', () => {
    expect(change('create-index', 'create index on only t (lower(a), (b || c), d)')).toMatchObject({ only: true, nameParts: ['lower', 'expr', 'd'] });
  });

  it('reads methods and operator classes', () => {
    expect(change('create-index', 'create index i on t using gin (data jsonb_path_ops)').index).toMatchObject({ method: 'gin', keys: [{ column: 'data', opclass: 'jsonb_path_ops' }] });
  });
});

describe('ALTER and the rest', () => {
  it('splits ALTER TABLE into its commands', () => {
    expect(changesOf(`alter table t add column c int not null default f(1, 2), drop column d, alter e type varchar(5) using e::text, alter e set not null,
      alter e drop default, alter e set default -(1), add constraint k unique using index ii, add foreign key (a) references u (b) not valid,
      enable row level security, force row level security, drop constraint if exists z`).map((item) => item.type)).toEqual([
      'add-column', 'drop-column', 'alter-column', 'alter-column', 'alter-column', 'alter-column', 'add-constraint', 'add-constraint', 'row-security', 'row-security', 'drop-constraint']);
    expect(change('add-column', 'alter table t add column c int not null default f(1, 2), drop column d').column).toEqual({ name: 'c', type: 'integer', notNull: true, default: 'f(1, 2)' });
    expect(change('alter-column', 'alter table t alter e set default -(1), drop column x').default).toBe('-(1)');
    expect(change('add-constraint', 'alter table t add constraint k unique using index ii')).toMatchObject({ usingIndex: 'ii', constraint: { name: 'k', type: 'unique' } });
  });

  it('reads policies', () => {
    expect(change('create-policy', "create policy p on t as restrictive for update to app, public using ((tenant_id = current_setting('x')::uuid)) with check (true)").policy).toEqual({
      name: 'p', command: 'update', permissive: false, roles: ['app', 'public'], using: "tenant_id = current_setting('x')::uuid", check: 'true',
    });
    expect(change('create-policy', 'create policy p on t using (true)').policy).toMatchObject({ permissive: true, command: 'all', roles: ['public'] });
  });

  it('reads views with their sources', () => {
    const view = change('create-view', 'create materialized view s.m as select t.*, u.a as b, count(*) from t join u on true with no data');
    expect(view).toMatchObject({ materialized: true, sql: 'select t.*, u.a as b, count(*) from t join u on true' });
    expect(view.query?.outputs).toMatchObject([{ star: true, qualifier: 't' }, { name: 'b', qualifier: 'u', column: 'a' }, { name: 'count', star: false }]);
    expect(change('create-view', 'create or replace view v (x) as select 1').columns).toEqual(['x']);
  });

  it('reads names, schemas, search path', () => {
    expect(changesOf('drop table if exists a.b, c cascade')).toEqual([
      { type: 'drop-relation', relation: { schema: 'a', name: 'b' }, kind: 'table', cascade: true }, { type: 'drop-relation', relation: { name: 'c' }, kind: 'table', cascade: true }]);
    expect(changesOf('alter index i rename to j')).toMatchObject([{ type: 'rename-relation', kind: 'index', to: 'j' }]);
    expect(changesOf('set search_path to a, "B"')).toEqual([{ type: 'set-search-path', schemas: ['a', 'B'] }]);
    expect(changesOf("select pg_catalog.set_config('search_path', '', false)")).toEqual([{ type: 'set-search-path', schemas: [] }]);
    expect(changesOf('alter table t attach partition p default')).toEqual([{ type: 'attach-partition', table: { name: 't' }, partition: { name: 'p' }, bound: 'DEFAULT' }]);
    expect(changesOf('create schema s create table q (a int)')).toMatchObject([{ type: 'create-schema' }, { type: 'create-table', table: { schema: 's', name: 'q' } }]);
  });

  it.each(['select 1', "do $$ begin execute 'drop table t'; end $$", 'grant select on t to u', 'update t set a = 1', ''])('finds nothing in %s', (statement) => {
    expect(changesOf(statement)).toEqual([]);
  });
});

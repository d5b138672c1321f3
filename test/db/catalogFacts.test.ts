import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../server/src/core/catalog/model';
import type { ColumnStatistics } from '../../server/src/core/catalog/statistics';
import { tenantColumnOf } from '../../server/src/core/catalog/tenancy';
import { introspect } from '../../server/src/db/introspect';
import { openSession } from '../../server/src/db/session';
import { createDatabase } from '../support/postgres';
import type { TestDatabase } from '../support/postgres';

const ddl = `
create extension pg_trgm;
create schema app;
create type app.mood as enum ('sad', 'ok', 'it''s fine');
create domain app.email as text check (value like '%@%');
create type app.money_range as range (subtype = numeric);
create type app.address as (street text, number int, mood app.mood);
create table t (id int primary key, kind text not null, mood app.mood, tags text[], n numeric, at timestamptz) with (fillfactor = 70, parallel_workers = 4);
create index t_lower on t (lower(kind), id);
create index t_b on t (kind);
create index t_a on t (kind);
insert into t select n, 'kind-' || n % 3, 'ok', array['a', 'b' || n % 2], n, timestamptz '2024-01-01' + n * interval '1 day' from generate_series(1, 3000) n;
create table parts (id int, at date) partition by range (at);
create table parts_old partition of parts for values from (minvalue) to ('2024-01-01');
create table parts_rest partition of parts default;
insert into parts select n, date '2023-06-01' + n from generate_series(1, 400) n;
create table untouched (a int);
create function app.twice(a int) returns int language sql immutable strict parallel safe as 'select $1 * 2';
create function lines(t text, n int default 3) returns table (line text, at int) language plpgsql stable cost 7 rows 42 as $$ begin end $$;
create procedure app.proc(x int) language plpgsql as $$ begin end $$;
create aggregate app.total(int) (sfunc = int4pl, stype = int);
vacuum analyze;
`;

let database: TestDatabase;
let live: Catalog;
beforeAll(async () => {
  database = await createDatabase();
  for (const statement of ddl.split(/;\n/)) if (statement.trim() !== '') await database.query(statement);
  live = await readAs(database.url);
});
afterAll(() => database?.drop());

async function readAs(url: string): Promise<Catalog> {
  const session = openSession(url);
  try {
    return await introspect(session);
  } finally {
    await session.close();
  }
}

const columnOf = (catalog: Catalog, relation: string, column: string, inherited = false): ColumnStatistics | undefined =>
  catalog.statistics?.relations.get(relation)?.columns.find((item) => item.column === column && item.inherited === inherited);

describe('statistics', () => {
  it('has the figures of pg_class and the size of the file', async () => {
    const [row] = await database.query(`select relpages, reltuples, relallvisible, pg_relation_size('t') / 8192 as blocks from pg_class where relname = 't'`);
    expect(live.statistics?.relations.get('public.t')).toMatchObject({ pages: row?.['relpages'], tuples: row?.['reltuples'], allVisible: row?.['relallvisible'], filePages: Number(row?.['blocks']) });
    expect(live.statistics?.relations.get('public.t')?.filePages).toBeGreaterThan(10);
    expect(live.statistics?.relations.get('public.t_pkey')?.filePages).toBeGreaterThan(5);
    expect(live.statistics?.relations.get('public.untouched')).toMatchObject({ filePages: 0, columns: [] });
    expect([...(live.statistics?.relations.keys() ?? [])].filter((key) => key.startsWith('pg_') || key.includes('_toast'))).toEqual([]);
  });
  it('has pg_stats of each column, values as Postgres prints the array', async () => {
    const [row] = await database.query(`select most_common_vals::text as v, most_common_freqs::float8[] as f, n_distinct, null_frac, avg_width, correlation from pg_stats where tablename = 't' and attname = 'kind'`);
    const kind = columnOf(live, 'public.t', 'kind');
    expect(kind).toMatchObject({ mostCommonValues: row?.['v'], distinct: 3, nullFraction: 0, averageWidth: row?.['avg_width'], correlation: row?.['correlation'] });
    expect(kind?.mostCommonFrequencies?.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 3);
    expect(columnOf(live, 'public.t', 'at')?.histogramBounds).toMatch(/^\{"2024-01-02 00:00:00\+00",/);
    expect(columnOf(live, 'public.t', 'tags')).toMatchObject({ mostCommonElements: expect.stringMatching(/^\{(?=.*\ba\b)(?=.*\bb1\b)/), elementCountHistogram: expect.arrayContaining([2]) });
    expect(columnOf(live, 'public.t', 'id')?.mostCommonValues).toBeUndefined();
  });
  it('has expression keys of indexes and those of a table with its children', () => {
    expect(live.statistics?.relations.get('public.t_lower')?.columns).toMatchObject([{ column: 'lower', distinct: 3 }]);
    expect(columnOf(live, 'public.parts', 'at', true)?.distinct).toBeLessThan(0);
    expect(columnOf(live, 'public.parts', 'at')).toBeUndefined();
    expect(live.statistics?.relations.get('public.parts')?.filePages).toBe(0);
    expect(columnOf(live, 'public.parts_old', 'at')).toBeDefined();
  });
  it('has a version of its own', async () => {
    const again = await readAs(database.url);
    expect([again.version, again.statistics?.version]).toEqual([live.version, live.statistics?.version]);
    await database.query('alter table t alter column kind set statistics 1');
    await database.query('analyze t (kind)');
    const after = await readAs(database.url);
    expect(after.version).toBe(live.version);
    expect(after.statistics?.version).not.toBe(live.statistics?.version);
  });
});

describe('the server', () => {
  it('has version, extensions and the settings of the session that change plans', async () => {
    await database.query(`alter database ${database.name} set random_page_cost = 1.25`);
    const { server } = await readAs(database.url);
    expect(server?.versionText).toMatch(/^\d+\.\d+$/);
    expect(server?.version).toBeGreaterThanOrEqual(120000);
    expect(server?.settings).toMatchObject({ random_page_cost: '1.25', work_mem: '4MB', seq_page_cost: '1', block_size: '8192', enable_seqscan: 'on', default_statistics_target: '100', geqo: 'on', plan_cache_mode: 'auto', shared_buffers: '32MB', jit: 'on', max_connections: '60' });
    expect(Object.keys(server?.settings ?? {})).toEqual(expect.arrayContaining(['min_parallel_table_scan_size', 'constraint_exclusion', 'join_collapse_limit', 'from_collapse_limit', 'effective_cache_size', 'max_parallel_workers_per_gather', 'parallel_setup_cost', 'cpu_operator_cost']));
    expect(server?.extensions).toContainEqual(expect.objectContaining({ name: 'pg_trgm', schema: 'public' }));
  });
});

describe('types and routines', () => {
  it('are those of the application', () => {
    expect(live.types).toEqual([
      { schema: 'app', name: 'address', kind: 'composite', attributes: [{ name: 'street', type: 'text' }, { name: 'number', type: 'integer' }, { name: 'mood', type: 'app.mood' }] },
      { schema: 'app', name: 'email', kind: 'domain', base: 'text' },
      { schema: 'app', name: 'money_range', kind: 'range', base: 'numeric' },
      { schema: 'app', name: 'mood', kind: 'enum', labels: ['sad', 'ok', "it's fine"] },
    ]);
  });
  it('have what planning a call needs, and the text of SQL functions', () => {
    const routine = (name: string) => live.routines?.find((item) => item.name === name);
    expect(routine('twice')).toMatchObject({ schema: 'app', arguments: 'a integer', returns: 'integer', kind: 'function', volatility: 'immutable', parallel: 'safe', strict: true, language: 'sql', definition: expect.stringContaining('select $1 * 2') });
    expect(routine('lines')).toMatchObject({ arguments: 't text, n integer', returns: 'TABLE(line text, at integer)', volatility: 'stable', language: 'plpgsql', cost: 7, rows: 42 });
    expect(routine('lines')).not.toHaveProperty('definition');
    expect([routine('proc')?.kind, routine('total')?.kind]).toEqual(['procedure', 'aggregate']);
    expect(live.routines?.some(({ name }) => name.includes('similarity') || name === 'money_range')).toBe(false);
  });
});

describe('tables', () => {
  it('have bounds, storage parameters, and indexes in the order of their creation', () => {
    expect(live.tables.get('public.t')).toMatchObject({ options: ['fillfactor=70', 'parallel_workers=4'], indexes: [{ name: 't_pkey' }, { name: 't_lower' }, { name: 't_b' }, { name: 't_a' }] });
    expect(live.tables.get('public.parts_old')?.partitionBound).toBe("FOR VALUES FROM (MINVALUE) TO ('2024-01-01')");
    expect(live.tables.get('public.parts_rest')?.partitionBound).toBe('DEFAULT');
    expect(live.tables.get('public.untouched')).not.toHaveProperty('options');
  });
});

describe('a role without privileges', () => {
  it('sees the schema whole, and statistics of what it may read', async () => {
    const role = `reader_${database.name}`;
    await database.query(`create role ${role} login password 'secret'`);
    await database.query(`grant usage on schema public to ${role}; grant select on parts_old to ${role}; grant select (kind) on t to ${role}`);
    const url = new URL(database.url);
    [url.username, url.password] = [role, 'secret'];
    try {
      const seen = await readAs(url.href);
      expect([...seen.tables.keys()].sort()).toEqual([...live.tables.keys()].sort());
      expect(seen.statistics?.relations.get('public.t')?.columns.map(({ column }) => column)).toEqual(['kind']);
      expect(seen.statistics?.relations.get('public.t')?.filePages).toBe(live.statistics?.relations.get('public.t')?.filePages);
      expect(columnOf(seen, 'public.parts_old', 'at')).toBeDefined();
      expect([seen.types, seen.routines?.length]).toEqual([live.types, live.routines?.length]);
    } finally {
      await database.query(`drop owned by ${role}; drop role ${role}`);
    }
  });
});

describe('a table that is locked', () => {
  it('is waited for a moment, then named as the reason', async () => {
    const holder = openSession(database.url);
    try {
      await holder.withConnection(async (connection) => {
        await connection.query('begin');
        await connection.query('lock table t in access exclusive mode');
        await expect(readAs(database.url)).rejects.toThrow(/a relation is locked by another session/);
        await connection.query('rollback');
      });
      expect((await readAs(database.url)).tables.size).toBe(live.tables.size);
    } finally {
      await holder.close();
    }
  });
});

describe('Citus', () => {
  it('names the distribution column, which counts as the tenant column', async () => {
    const citus = await createDatabase(`create table pg_dist_partition (logicalrelid regclass, partmethod "char", partkey text);
grant select on pg_dist_partition to public;
create table stores (id bigint primary key);
create table orders (store bigint not null, id bigint, primary key (store, id));
create table items (id bigint, store bigint not null);
create table countries (code text primary key);
insert into pg_dist_partition values
  ('stores', 'h', '{VAR :varno 1 :varattno 1 :vartype 20}'), ('orders', 'h', '{VAR :varno 1 :varattno 1 :vartype 20}'),
  ('items', 'h', '{VAR :varno 1 :varattno 2 :vartype 20}'), ('countries', 'n', null);
update pg_class set relnamespace = 'pg_catalog'::regnamespace where oid = 'pg_dist_partition'::regclass`);
    try {
      const catalog = await readAs(citus.url);
      const column = (table: string) => catalog.tables.get(`public.${table}`)?.distributionColumn;
      expect([column('stores'), column('orders'), column('items'), column('countries')]).toEqual(['id', 'store', 'store', undefined]);
      const settings = { columns: [], globalTables: [], systemPaths: [] };
      expect(['stores', 'orders', 'items', 'countries'].map((name) => tenantColumnOf(catalog, catalog.tables.get(`public.${name}`)!, settings))).toEqual([undefined, 'store', 'store', undefined]);
    } finally {
      await citus.drop();
    }
  });
});

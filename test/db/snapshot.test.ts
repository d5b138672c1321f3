import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../server/src/core/catalog/model';
import { parseArrayText } from '../../server/src/core/catalog/arrayText';
import { fromSnapshotFiles, toSnapshotFiles, type SnapshotFile } from '../../server/src/core/catalog/snapshot';
import { hideValues, type SnapshotValues } from '../../server/src/core/catalog/snapshotValues';
import { introspect } from '../../server/src/db/introspect';
import { openSession } from '../../server/src/db/session';
import { createTokens } from '../../server/src/workspace/snapshotSalt';
import { createDatabase } from '../support/postgres';
import type { TestDatabase } from '../support/postgres';

/** Every value in the rows carries one of these marks. */
const ddl = `
create schema "Odd schema";
create type mood as enum ('sad', 'fine');
create domain email as text;
create table people_key (mail text primary key);
create table people (
  id bigint primary key, mail text not null references people_key, owner uuid not null, code_id varchar(40), short varchar(3), fixed_id char(12), kind text, feeling mood, active boolean, born date, score numeric, tags text[], data jsonb, contact email, n integer, n_id integer);
create index people_lower on people (lower(mail)) where active;
create table letters (id int generated always as identity primary key, sender text references people_key (mail), owner uuid, body text, n_id bigint);
create table "Odd schema"."Table/with .. odd:name" (a int);
create table "Odd schema".con (a int);
create table "Odd schema"."CON" (a int);
create table parts (at date, kind text) partition by list (kind);
create table parts_a partition of parts for values in ('a');
create table parts_rest partition of parts default;
create view names as select mail, feeling from people;
alter table people enable row level security;
create policy own on people using (n > 0);
create function plus(a int) returns int language sql immutable as 'select $1 + 1'`;

const rows = `
insert into people_key select 'SECRET-' || n || '@example.com' from generate_series(0, 6) n;
insert into people select n, 'SECRET-' || n % 7 || '@example.com', ('5ec2e700-0000-0000-0000-00000000000' || n % 5)::uuid, 'SECRET-code ' || n % 4, 'S' || n % 3, 'SECRET-f' || n % 3, 'SECRET-kind' || n % 4, 'fine', n % 3 = 0,
  date '1977-07-01' + n % 11, 770000 + n % 6, array['SECRET-tag' || n % 3], jsonb_build_object('k', 'SECRET-json' || n % 3), 'SECRET-contact' || n % 3, 424242 + n % 5, 424242 + n % 5 from generate_series(1, 2000) n;
insert into letters (sender, owner, n_id, body) select mail, owner, n_id, 'SECRET, "quoted" \\ body {' || i % 6 || '}' from people cross join generate_series(1, 2) i;
insert into parts select '2024-01-01', case when n > 90 then 'b' else 'a' end from generate_series(1, 100) n;
analyze`;
const secrets = /secret|5ec2e7|4242\d\d|77000\d|1977-07/i;

let database: TestDatabase;
let live: Catalog;
beforeAll(async () => {
  database = await createDatabase(ddl);
  await database.query(rows);
  const session = openSession(database.url);
  live = await introspect(session);
  await session.close();
});
afterAll(() => database?.drop());

function filesOf(values: SnapshotValues, salt = 'a salt of the tests'): readonly SnapshotFile[] {
  const statistics = hideValues(live, values, createTokens(salt));
  return toSnapshotFiles({ ...live, statistics }, { values, project: 'test' })!;
}
const read = (files: readonly SnapshotFile[]): Catalog => {
  const { catalog, problems } = fromSnapshotFiles(files);
  expect(problems).toEqual([]);
  return catalog!;
};
const columnOf = (catalog: Catalog, relation: string, column: string) => catalog.statistics?.relations.get(relation)?.columns.find((item) => item.column === column);

describe('a snapshot with all values', () => {
  it('reads back as the catalog it was written from, statistics too', () => {
    const catalog = read(filesOf('all'));
    expect(Object.fromEntries(catalog.tables)).toEqual(Object.fromEntries(live.tables));
    expect({ ...catalog.statistics, source: 'live' }).toEqual(live.statistics);
    expect([catalog.types, catalog.routines, catalog.server, catalog.searchPath, catalog.extensions]).toEqual([live.types, live.routines, live.server, live.searchPath, live.extensions]);
    expect(catalog.label).toMatch(/^snapshot \(PostgreSQL \d+\.\d+\)$/);
    expect(catalog.tables.get('public.parts')).toMatchObject({ rows: 100, partitionKey: { partitions: 2 } });
  });
  it('is the same text whenever it is written', async () => {
    expect(filesOf('all')).toEqual(filesOf('all'));
    expect(toSnapshotFiles(read(filesOf('all')), { values: 'all', project: 'test' })).toEqual(filesOf('all'));
    expect(filesOf('all').some(({ text }) => secrets.test(text))).toBe(true);
  });
  it('has a file name for every relation that any file system takes, and no two that differ by case', () => {
    const paths = filesOf('none').map(({ path }) => path);
    expect(paths).toContain('schema/public.people.json');
    expect(paths.every((path) => /^(schema\/)?[a-z0-9_%.;A-F-]+\.json$/.test(path) && !/^(con|aux|nul|prn)\./.test(path.replace('schema/', '')))).toBe(true);
    expect(new Set(paths.map((path) => path.toLowerCase())).size).toBe(paths.length);
  });
});

describe('a snapshot with tokens', () => {
  it('holds no value of a row', () => {
    for (const values of ['token', 'none'] as const) for (const file of filesOf(values)) expect(secrets.exec(file.text), `${values}: ${file.path}`).toBeNull();
  });
  it('has the same token for the same value in every column, as long and as typed as the column takes', () => {
    const catalog = read(filesOf('token'));
    const elements = (relation: string, column: string) => parseArrayText(columnOf(catalog, relation, column)?.mostCommonValues ?? '') ?? [];
    expect(elements('public.people', 'mail')).toHaveLength(7);
    expect([...elements('public.people', 'mail')].sort()).toEqual([...elements('public.letters', 'sender')].sort());
    expect([...elements('public.people', 'owner')].sort()).toEqual([...elements('public.letters', 'owner')].sort());
    expect(elements('public.people', 'owner').every((token) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(token))).toBe(true);
    expect([...elements('public.people', 'n_id')].sort()).toEqual([...elements('public.letters', 'n_id')].sort());
    expect(elements('public.people', 'n_id').map((token) => Number(token) >= 0 && Number(token) < 2 ** 31)).toEqual(Array(5).fill(true));
    expect(elements('public.people', 'fixed_id').every((token) => /^[0-9a-f]{12}$/.test(token))).toBe(true);
    expect(elements('public.people', 'code_id')).toHaveLength(4);
    expect(columnOf(catalog, 'public.people', 'mail')?.mostCommonFrequencies).toEqual(columnOf(live, 'public.people', 'mail')?.mostCommonFrequencies);
    const before = Object.fromEntries(catalog.statistics!.relations);
    const after = Object.fromEntries(read(filesOf('token', 'another salt for this')).statistics!.relations);
    expect(after).not.toEqual(before);
  });
  it('is taken by Postgres as the statistics of the columns', async ({ skip }) => {
    skip((live.server?.version ?? 0) < 180000, 'no pg_restore_attribute_stats');
    const catalog = read(filesOf('token'));
    for (const column of ['mail', 'owner', 'code_id', 'fixed_id', 'feeling', 'active', 'n_id']) {
      const known = columnOf(catalog, 'public.people', column);
      const [row] = await database.query(`select pg_restore_attribute_stats('schemaname', 'public', 'relname', 'people', 'attname', $1::text, 'inherited', false, 'null_frac', 0::real, 'avg_width', 4, 'n_distinct', 3::real, 'most_common_vals', $2::text, 'most_common_freqs', $3::real[]) as taken`,
        [column, known?.mostCommonValues, known?.mostCommonFrequencies]);
      expect(row?.['taken'], column).toBe(true);
      expect((await database.query(`select most_common_vals::text as v from pg_stats where tablename = 'people' and attname = $1`, [column]))[0]?.['v']).not.toBeNull();
    }
  });
  it('keeps booleans and enums, and drops every list of other types and of kinds and states', () => {
    const catalog = read(filesOf('token'));
    expect(columnOf(catalog, 'public.people', 'feeling')?.mostCommonValues).toBe('{fine}');
    expect(columnOf(catalog, 'public.people', 'active')?.mostCommonValues).toBe('{f,t}');
    for (const column of ['born', 'score', 'tags', 'data', 'contact', 'short', 'id', 'kind', 'n']) {
      const { mostCommonValues, mostCommonFrequencies, histogramBounds, mostCommonElements, elementCountHistogram, ...figures } = columnOf(catalog, 'public.people', column)!;
      expect([mostCommonValues, mostCommonFrequencies, histogramBounds, mostCommonElements, elementCountHistogram]).toEqual(Array(5).fill(undefined));
      expect(columnOf(live, 'public.people', column)).toMatchObject(figures);
    }
    expect(columnOf(read(filesOf('none')), 'public.people', 'active')).not.toHaveProperty('mostCommonFrequencies');
    expect(columnOf(catalog, 'public.people_lower', 'lower')).toMatchObject({ distinct: 7 });
  });
});

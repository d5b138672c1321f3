import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChanges, readMarks } from '../../server/src/db/changes';
import type { DbSession } from '../../server/src/db/session';
import { openSession } from '../../server/src/db/session';
import { watchCatalog } from '../../server/src/workspace/catalogWatch';
import { createConnections } from '../../server/src/workspace/connections';
import { createThrottle } from '../../server/src/workspace/throttle';
import { createDatabase } from '../support/postgres';
import type { TestDatabase } from '../support/postgres';

let database: TestDatabase;
let session: DbSession;
beforeAll(async () => {
  database = await createDatabase(`
create table t (id int primary key, a int, b text default 'x');
create table child (id int references t, n int);
create table parts (at date) partition by range (at);
create table part_of (at date);
create view v as select id from t;
create materialized view m as select id from child;
create type mood as enum ('ok');
create function f(x int) returns int language sql as 'select 1';
create policy p on t using (a = 1);
create index t_a on t (a);
insert into t select n, n from generate_series(1, 1000) n`);
  session = openSession(database.url);
});
afterAll(async () => {
  await session?.close();
  await database?.drop();
});

/** Before version 15 counters arrive by a process of their own, a second late at most. */
async function until<T>(look: () => Promise<T>, isThere: (result: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries++) {
    const result = await look();
    if (isThere(result) || tries >= 20) return result;
    await sleep(100);
  }
}

/** What is seen of the statements between two looks; `expected` is waited for. */
async function seen(sql: string, expected?: 'schema' | 'statistics'): Promise<{ schema: boolean; statistics: boolean }> {
  const before = await readMarks(session);
  for (const statement of sql.split(/;\s*/)) if (statement !== '') await database.query(statement);
  const { schema, statistics, marks } = await until(() => findChanges(session, before), (changes) => expected === undefined || changes[expected]);
  expect((await findChanges(session, marks)).schema).toBe(false);
  return { schema, statistics };
}

describe('findChanges sees', () => {
  it.each([
    'create table n (a int)', 'alter table n add column b int', 'alter table n rename to n2', 'drop table n2', 'alter table t rename column b to c', 'alter table t drop column c',
    'alter table child alter column n type bigint', 'alter table t alter column a set not null', "alter table t alter column a set default 3", 'create index t_i on t (id, a)', 'create index concurrently t_j on t (a, id)', 'drop index t_i',
    'alter index t_j rename to t_k', 'alter table child add constraint c check (n > 0)', 'alter table child drop constraint child_id_fkey', 'alter table t enable row level security', 'alter policy p on t using (a = 2)', 'drop policy p on t',
    'create or replace function f(x int) returns int language sql as $$ select 2 $$', 'create or replace view v as select id, a from t', 'alter table t set (fillfactor = 80)', 'reindex table t', 'truncate child',
    'refresh materialized view m', "alter type mood add value 'sad'", 'create domain d as int', 'create schema s', 'alter table t set schema s', "alter table parts attach partition part_of for values from ('2024-01-01') to ('2025-01-01')",
    'grant select on m to public', 'create statistics st on id, a from s.t', 'create extension pg_trgm',
  ])('%s', async (sql) => expect((await seen(sql, 'schema')).schema).toBe(true));
});

describe('findChanges is not disturbed by', () => {
  it.each(['insert into s.t (id, a) select n, n from generate_series(2000, 5000) n', 'update s.t set a = a + 1', 'delete from s.t where id < 10', 'vacuum s.t', 'select 1', 'create temp table tt (a int primary key, b text default 3); create temp view vv as select 1',
    "comment on table s.t is 'text'"])('%s', async (sql) => expect((await seen(sql)).schema).toBe(false));
  it('ANALYZE, which is new statistics', async () => expect(await seen('analyze s.t', 'statistics')).toEqual({ schema: false, statistics: true }));
});

describe('where nothing is counted', () => {
  it('the second level finds schema changes, the figures of pg_class new statistics', async () => {
    const blind = await createDatabase('create table t (a int);\ninsert into t select generate_series(1, 100)');
    await blind.query(`alter database ${blind.name} set track_counts = off`);
    const own = openSession(blind.url);
    try {
      const first = await readMarks(own);
      expect(first.counters).toBeUndefined();
      expect(await findChanges(own, first)).toMatchObject({ schema: false, statistics: false });
      await blind.query('analyze t');
      const second = await findChanges(own, first);
      expect(second).toMatchObject({ schema: false, statistics: true });
      await blind.query('alter table t add column b int');
      expect(await findChanges(own, second.marks)).toMatchObject({ schema: true, statistics: false });
    } finally {
      await own.close();
      await blind.drop();
    }
  });
});

describe('a watched catalog', () => {
  it('is read anew when the schema changed, and its statistics at most once a minute', async () => {
    let clock = 0;
    const watched = await watchCatalog(session, { now: () => clock });
    const first = watched.catalog;
    expect(await watched.check()).toBe(false);
    expect(watched.catalog).toBe(first);

    await database.query('create table later (a int)');
    expect(await until(() => watched.check(), (changed) => changed)).toBe(true);
    expect(watched.catalog.tables.has('public.later')).toBe(true);

    await database.query('insert into later select generate_series(1, 700)');
    await database.query('analyze later');
    const before = watched.catalog;
    expect(await watched.check()).toBe(false);
    clock += 61_000;
    expect(await until(() => watched.check(), (changed) => changed)).toBe(true);
    expect(watched.catalog.statistics?.relations.get('public.later')?.tuples).toBe(700);
    expect(watched.catalog.tables.get('public.later')).toMatchObject({ rows: 700, rowsSource: 'statistics' });
    expect(watched.catalog.statistics?.version).not.toBe(before.statistics?.version);
    expect(await watched.check()).toBe(false);
  });
  it('stays as it is when the database is gone', async () => {
    const short = await createDatabase('create table t (a int)');
    const own = openSession(short.url);
    const watched = await watchCatalog(own);
    await short.drop();
    await expect(watched.check()).rejects.toThrow();
    expect(watched.catalog.tables.size).toBe(1);
    await own.close();
  });
});

it('a throttle says yes at most once in its time', () => {
  let clock = 5;
  const isDue = createThrottle(10, () => clock);
  expect([isDue(), isDue()]).toEqual([true, false]);
  clock = 14;
  expect(isDue()).toBe(false);
  clock = 15;
  expect([isDue(), isDue()]).toEqual([true, false]);
});

describe('the connections of a process', () => {
  it('say once that a catalog changed, look again after their time, and read anew when asked', async () => {
    const own = await createDatabase('create table t (a int)');
    const connections = createConnections();
    const tables = (): readonly string[] => [...(connections.catalogs()[0]?.catalog.tables.keys() ?? [])];
    try {
      expect(await connections.checkForChanges()).toBe(false);
      expect(await connections.connect({ name: 'shop', url: own.url })).toMatchObject({ ok: true });
      await own.query('create table u (a int)');
      // The first look is due at once; before version 15 its counters may come too late for it.
      const changed = await connections.checkForChanges();
      expect(tables().length).toBe(changed ? 2 : 1);
      await own.query('create table w (a int)');
      expect(await connections.checkForChanges()).toBe(false);
      expect(await connections.refresh('shop')).toBeUndefined();
      expect(tables()).toEqual(['public.t', 'public.u', 'public.w']);
      await own.drop();
      expect(await connections.refresh('shop')).toMatch(/\S/);
      expect(tables().length).toBe(3);
    } finally {
      await connections.close();
      await own.drop();
    }
  });
});

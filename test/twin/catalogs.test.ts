import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Catalog } from '../../server/src/core/catalog/model';
import type { RelationStatistics, Routine } from '../../server/src/core/catalog/statistics';
import type { Twin } from '../../server/src/twin/twin';
import { readDdl } from '../support/ddl';
import { startTwin } from '../support/twin';

const table = 'create table orders (id bigint primary key, email text not null, status text not null);';
const sql = 'select * from orders where email = $1';
const [first, indexed, other] = await Promise.all([
  readDdl(table, { orders: 1_000_000 }), readDdl(`${table} create index orders_email on orders (email);`, { orders: 1_000_000 }), readDdl('create table orders (email varchar(20) primary key);', { orders: 50 }),
]);

const withStatistics = (catalog: Catalog, version: string, orders: Partial<RelationStatistics>): Catalog => ({
  ...catalog, statistics: { source: 'snapshot', version, relations: new Map([['public.orders', { pages: 100, tuples: 10_000, allVisible: 100, filePages: 100, columns: [], ...orders }]]) },
});
const column = { inherited: false, nullFraction: 0, averageWidth: 20, correlation: 0 };

describe('another catalog', () => {
  let twin: Twin;
  beforeAll(() => { twin = startTwin(); });
  afterAll(() => twin.stop());

  test('an index that was added or dropped, a table of the same name in another database', async () => {
    const methods = [];
    for (const catalog of [first, indexed, first, other, indexed]) methods.push((await twin.plan(catalog, sql)).scans[0]?.index ?? 'none');
    expect(methods).toEqual(['none', 'orders_email', 'none', 'none', 'orders_email']);
    expect(await twin.plan(first, sql)).toEqual(await twin.plan(first, sql));
  });

  test('questions about two catalogs at once are answered one after the other', async () => {
    const [a, b, c] = await Promise.all([twin.plan(first, sql), twin.plan(indexed, sql), twin.plan(first, sql)]);
    expect([a.scans[0]?.method, b.scans[0]?.index, c]).toEqual(['Seq Scan', 'orders_email', a]);
  });

  test('other statistics of the same schema; those that are gone are forgotten', async () => {
    const few = withStatistics(first, '1', { columns: [{ ...column, column: 'email', distinct: 10 }, { ...column, column: 'status', distinct: 2, mostCommonValues: '{open,closed}', mostCommonFrequencies: [0.99, 0.01] }, { ...column, column: 'id', distinct: -1 }] });
    expect(await twin.plan(few, sql)).toMatchObject({ scans: [{ rowsRead: 10_000, rowsKept: 1_000 }], basis: { volumes: 'snapshot', assumed: [] } });
    expect((await twin.plan(few, "select * from orders where status = 'closed'")).scans[0]!.rowsKept).toBe(100);
    // What was said of statistics that were missing is not said of those that came later.
    const bare = withStatistics(first, 'bare', {});
    expect((await twin.plan(bare, sql)).basis.caveats).toEqual(['no column statistics of public.orders']);
    expect((await twin.plan(few, sql)).basis.caveats).toEqual([]);
    const more = withStatistics(first, '2', { pages: 200, filePages: 200, tuples: 20_000, columns: [{ ...column, column: 'email', distinct: 20_000 }, { ...column, column: 'id', distinct: -1 }] });
    expect(await twin.plan(more, sql)).toMatchObject({ scans: [{ rowsRead: 20_000, rowsKept: 1 }] });
    // Without statistics of a column Postgres assumes 200 values.
    expect((await twin.plan(more, "select * from orders where status = 'closed'")).scans[0]!.rowsKept).toBe(100);
    expect(await twin.plan(first, sql)).toMatchObject({ basis: { volumes: 'assumed', assumed: [{ table: 'public.orders', rows: 1_000_000 }] } });
  });

  test('never analysed: the size of the file is known, the rest is assumed', async () => {
    const plan = await twin.plan(withStatistics(first, '3', { pages: 0, tuples: -1, filePages: 7_000 }), sql);
    expect(plan.basis).toMatchObject({ volumes: 'assumed', assumed: [{ table: 'public.orders', rows: 1_000_000 }] });
  });

  test('a table that cannot be made spoils its own statements and no others', async () => {
    const catalog = await readDdl('create table broken (id bigint primary key, ctid integer); create table events (id bigint primary key, kind text not null); create table entries (id bigint primary key, kind text not null);', { events: 1_000_000, entries: 1_000_000 });
    await expect(twin.plan(catalog, 'select * from broken b join events e on e.id = b.id')).rejects.toMatchObject({ kind: 'refused' });
    const [events, entries] = [await twin.plan(catalog, 'select * from events where kind = $1'), await twin.plan(catalog, 'select * from entries where kind = $1')];
    expect(events.cost).toBe(entries.cost);
    expect(events.cost).toBeGreaterThan(10_000);
  });

  test('what one catalog needs to tell the types of a statement is not carried over to another', async () => {
    const routine = (type: string): Routine => ({ schema: 'public', name: 'f', arguments: `a ${type}`, returns: 'text', kind: 'function', volatility: 'stable', parallel: 'safe', strict: false, language: 'plpgsql', cost: 100, rows: 0 });
    const both: Catalog = { ...first, version: 'both', routines: [routine('integer'), routine('bytea')] };
    const one: Catalog = { ...first, version: 'one', routines: [routine('bytea')] };
    await twin.plan(both, 'select f($1) from orders');
    expect((await twin.plan(one, 'select f($1) from orders')).scans[0]!.method).toBe('Seq Scan');
  });

  test('settings of the server and of one question', async () => {
    const server = (settings: Readonly<Record<string, string>>, version = 160004): Catalog => ({ ...indexed, version: JSON.stringify([settings, version]), server: { version, versionText: '16.4', settings, extensions: [] } });
    expect((await twin.plan(server({ enable_indexscan: 'off', enable_bitmapscan: 'off' }), sql)).scans[0]!.method).toBe('Seq Scan');
    const plan = await twin.plan(server({}), sql);
    expect(plan.scans[0]!.index).toBe('orders_email');
    expect(plan.basis.caveats).toEqual(['planned by PostgreSQL 18; the server runs 16']);
    expect((await twin.plan(server({}), sql, { settings: { enable_indexscan: 'off', enable_bitmapscan: 'off', search_path: 'nowhere' } })).scans[0]!.method).toBe('Seq Scan');
    expect((await twin.plan(server({}), sql)).scans[0]!.index).toBe('orders_email');
  });
});

describe('types, extensions and collations', () => {
  let twin: Twin;
  beforeAll(() => { twin = startTwin(); });
  afterAll(() => twin.stop());

  test('a type that nobody knows stands as text, and the plan says so', async () => {
    const catalog = await readDdl('create table places (id bigint primary key, at geometry(Point,4326), kind text); create index on places using gist (at); create index places_kind on places (kind);', { places: 1_000_000 });
    const plan = await twin.plan(catalog, 'select id from places where kind = $1');
    expect(plan.scans[0]!.index).toBe('places_kind');
    expect(plan.basis.caveats).toContain('the type of public.places.at is not known to the planner');
  });

  test('types and operator classes of extensions are there when they are named', async () => {
    const catalog = await readDdl('create table names (id bigint primary key, name citext, path ltree, tags hstore); create index names_path on names using gist (path); create index names_name on names (name);', { names: 1_000_000 });
    expect((await twin.plan(catalog, 'select * from names where name = $1')).basis.caveats).toEqual([]);
    expect((await twin.plan(catalog, "select * from names where path <@ 'a.b'")).scans[0]!.index).toBe('names_path');
    const [plan] = await twin.whatIf(catalog, "select * from names where name::text % 'abc'", [[{ table: 'public.names', definition: 'using gin ((name::text) gin_trgm_ops)' }]]);
    expect(plan!.added).toHaveLength(1);
  });

  test("LIKE needs an operator class, except where the server's database is bytewise", async () => {
    const like = "select * from orders where email like 'abc%'";
    expect((await twin.plan(indexed, like)).scans[0]!.method).toBe('Seq Scan');
    const orders = indexed.tables.get('public.orders')!;
    const bytewise: Catalog = { ...indexed, version: 'bytewise', tables: new Map([['public.orders', { ...orders, indexes: orders.indexes.map((index) => ({ ...index, keys: index.keys.map((key) => (key.column === 'email' ? { ...key, collation: 'C' } : key)) })) }]]) };
    expect((await twin.plan(bytewise, like)).scans[0]!.index).toBe('orders_email');
    expect((await twin.plan(bytewise, sql)).scans[0]!.index).toBe('orders_email');
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Catalog } from '../../server/src/core/catalog/model';
import type { Twin } from '../../server/src/twin/twin';
import { readDdl } from '../support/ddl';
import { startTwin } from '../support/twin';

const ddl = `
create extension pg_trgm;
create table orders (id bigint primary key, tenant_id bigint not null, status text not null, email text not null, state jsonb, at timestamptz not null default now(), deleted_at timestamptz);
create index orders_tenant on orders (tenant_id, at desc);
create index orders_open on orders (at) where deleted_at is null;
create table huge (id bigint primary key, code text not null, at timestamptz not null);
create table parts (id bigint not null, at int not null, body text not null, primary key (id, at)) partition by range (at);
create table parts_a partition of parts for values from (0) to (10);
create table parts_b partition of parts for values from (10) to (20);
`;
const queries = [
  'select * from orders where email = $1', 'select * from orders where tenant_id = $1 order by at desc limit 20', 'select * from orders where deleted_at is null and at > $1', 'select * from orders where id = $1',
  'select * from huge where code = $1', 'select count(*) from huge where at > $1', 'select * from parts where body = $1', 'select * from parts where id = $1',
];
const definitions: Readonly<Record<string, readonly string[]>> = {
  'public.orders': [
    'using btree (email)', 'using btree (tenant_id, status, at desc)', 'using hash (email)', 'using brin (at)', 'using gin (state)', 'using gin (state jsonb_path_ops)', 'using gin (email gin_trgm_ops)',
    'using btree (status, at desc) include (tenant_id)', 'using btree (at) where deleted_at is null', 'using btree (lower(email))', "using btree ((state ->> 'kind'))", 'using gist (email gist_trgm_ops)', 'using spgist (email)',
  ],
  'public.huge': ['using btree (code)', 'using brin (at)', 'using hash (code)'],
  'public.parts': ['using btree (body)', 'using hash (body)', 'using brin (at)'],
};

describe('after what-ifs everything is as before', () => {
  let twin: Twin;
  let catalog: Catalog;
  beforeAll(async () => {
    catalog = await readDdl(ddl, { orders: 5_000_000, huge: 300_000_000, parts: 3_000_000 });
    twin = startTwin();
  });
  afterAll(() => twin.stop());
  const plans = async (): Promise<string> => {
    const all = [];
    for (const sql of queries) all.push(await twin.plan(catalog, sql));
    return JSON.stringify(all);
  };

  test('every access method, partitions, tables of several files, refused indexes, dropped ones', async () => {
    const before = await plans();
    for (const [table, items] of Object.entries(definitions)) {
      const sql = `select * from ${table} limit 1`;
      const answers = await twin.whatIf(catalog, sql, items.map((definition) => [{ table, definition }]));
      expect(answers).toHaveLength(items.length);
      await twin.whatIf(catalog, sql, [items.map((definition) => ({ table, definition }))]);
      await expect(twin.whatIf(catalog, sql, [[{ table, definition: 'using btree (id)' }, { table, definition: 'using btree (no_such_column)' }]])).rejects.toMatchObject({ kind: 'refused', sqlState: '42703' });
      await expect(twin.whatIf(catalog, sql, [[{ table, definition: 'using btree (id); drop table orders' }]])).rejects.toMatchObject({ kind: 'refused' });
      expect(await plans()).toBe(before);
    }
    for (const index of ['public.orders_tenant', 'public.orders_pkey', 'public.parts_pkey', 'public.orders_open']) {
      await twin.without(catalog, `select * from ${index.includes('parts') ? 'parts' : 'orders'} where id = $1`, [index]);
      expect(await plans()).toBe(before);
    }
  });

  test('what is assumed of expressions makes their indexes worth it', async () => {
    const [plan] = await twin.whatIf(catalog, 'select * from orders where lower(email) = $1', [[{ table: 'public.orders', definition: 'using btree (lower(email))' }]]);
    expect(plan!.scans[0]!.rowsKept).toBeLessThan(10);
    expect(plan!.basis.caveats).toEqual(['the statistics of lower(email) are assumed']);
    const [key] = await twin.whatIf(catalog, "select * from orders where state ->> 'email' = $1", [[{ table: 'public.orders', definition: "using btree ((state ->> 'email'))" }]]);
    expect(key!.added[0]!.used).toBe(true);
    expect(key!.scans[0]!.rowsKept).toBeLessThan(10);
  });

  test('each index serves the query it is made for', async () => {
    const cases: readonly (readonly [string, string, string])[] = [
      ['select * from orders where state @> $1', 'public.orders', 'using gin (state jsonb_path_ops)'],
      ["select * from orders where email like '%abcdef%'", 'public.orders', 'using gin (email gin_trgm_ops)'],
      ['select * from huge where at > $1 and at < $2', 'public.huge', 'using brin (at)'],
      ['select tenant_id from orders where status = $1 order by at desc limit 10', 'public.orders', 'using btree (status, at desc) include (tenant_id)'],
      ['select * from orders where email = $1', 'public.orders', 'using hash (email)'],
      ['select * from parts where body = $1', 'public.parts', 'using btree (body)'],
    ];
    for (const [sql, table, definition] of cases) {
      const [plan] = await twin.whatIf(catalog, sql, [[{ table, definition }]]);
      expect([definition, plan!.added[0]!.used, plan!.added[0]!.pages > 1]).toEqual([definition, true, true]);
      expect(plan!.scans.some((scan) => scan.added === 0)).toBe(true);
    }
  });
});

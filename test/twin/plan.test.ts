import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDdl } from '../support/ddl';
import { startTwin } from '../support/twin';
import type { Twin } from '../../server/src/twin/twin';

const catalog = await readDdl(`
create table tenants (id bigint generated always as identity primary key, name text not null);
create table orders (id bigint generated always as identity primary key, tenant_id bigint not null references tenants(id), status text not null, email text not null, state jsonb, created_at timestamptz not null default now(), deleted_at timestamptz);
create index orders_tenant on orders (tenant_id, created_at desc);
create table logs (id bigint, at timestamptz not null, body text) partition by range (at);
create table logs_2024 partition of logs for values from ('2024-01-01') to ('2025-01-01');
create table logs_2025 partition of logs for values from ('2025-01-01') to ('2026-01-01');
create index logs_at on logs (at);
create type "Mode" as enum ('Fast', 'Slow');
create table "Jobs" (id bigint primary key, mode "Mode" not null, plain text);
create function label(job "Jobs") returns text language plpgsql stable as $$ begin return job.plain; end $$;
`, { orders: 5_000_000, tenants: 500 });

describe('a schema without statistics', () => {
  let twin: Twin;
  beforeAll(async () => { twin = await startTwin(); });
  afterAll(() => twin.stop());

  test('reads an index where there is one, the table where there is none', async () => {
    const indexed = await twin.plan(catalog, 'select * from orders where tenant_id = $1 order by created_at desc limit 20');
    expect(indexed.scans).toMatchObject([{ table: 'public.orders', method: 'Index Scan', index: 'orders_tenant', rowsKept: 10_000 }]);
    expect(indexed.basis).toMatchObject({ volumes: 'assumed', assumed: [{ table: 'public.orders', rows: 5_000_000 }], caveats: [] });
    const whole = await twin.plan(catalog, 'select * from orders where email = $1');
    expect(whole.scans).toMatchObject([{ method: 'Seq Scan', rowsRead: 5_000_000, indexConditions: [] }]);
    expect(whole.cost).toBeGreaterThan(100_000);
  });

  test('an enum has as many values as labels, however its name is written', async () => {
    const plan = await twin.plan(catalog, `select id from "Jobs" where mode = 'Fast'`);
    expect(plan.scans).toMatchObject([{ rowsRead: 1_000_000, rowsKept: 500_000 }]);
  });

  test('a function may take a row', async () => {
    expect((await twin.plan(catalog, 'select label(j) from "Jobs" j where id = $1')).scans).toMatchObject([{ table: 'public.Jobs', index: 'Jobs_pkey' }]);
  });

  test('a hypothetical index is used, sized, and gone afterwards', async () => {
    const sql = 'select * from orders where email = $1';
    const before = await twin.plan(catalog, sql);
    const plans = await twin.whatIf(catalog, sql, [[{ table: 'public.orders', definition: 'using btree (email)' }], [{ table: 'public.orders', definition: 'using hash (email)' }]]);
    expect(plans.map((plan) => plan.added[0]?.used)).toEqual([true, true]);
    expect(plans[0]!.cost).toBeLessThan(before.cost / 1_000);
    expect(plans[0]!.added[0]!.pages).toBeGreaterThan(20_000);
    expect(await twin.plan(catalog, sql)).toEqual(before);
  });

  test('plans without an index', async () => {
    const sql = 'select * from orders where tenant_id = $1 order by created_at desc limit 20';
    const before = await twin.plan(catalog, sql);
    expect((await twin.without(catalog, sql, ['public.orders_tenant'])).scans[0]?.method).toBe('Seq Scan');
    expect(await twin.plan(catalog, sql)).toEqual(before);
  });

  test('an index on a partitioned table is one on each partition', async () => {
    const sql = 'select * from logs where body = $1';
    const [plan] = await twin.whatIf(catalog, sql, [[{ table: 'public.logs', definition: 'using btree (body)' }]]);
    expect(plan!.scans.map((scan) => [scan.table, scan.added])).toEqual([['public.logs_2024', 0], ['public.logs_2025', 0]]);
    expect(plan!.added[0]!.used).toBe(true);
  });
});

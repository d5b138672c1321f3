import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectRequest, explainRequest, parameterValuesRequest, testConnectionRequest, type ConnectParams, type ConnectResult, type ExplainResult, type ParameterValuesResult, type TestConnectionResult } from '../../protocol/requests';
import { startLspClient, type LspClient } from '../support/lspClient';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { makeWorkspace } from '../support/workspaceFolder';

/** What a person is asked before the server is, over the protocol. */
let database: TestDatabase;
let workspace: ReturnType<typeof makeWorkspace>;
let client: LspClient;
const role = `sargable_app_${process.pid}`;
const connect = async (more: Partial<ConnectParams> = {}): Promise<void> => {
  expect(await client.request<ConnectResult>(connectRequest, { name: 'shop', url: database.url, ...more })).toMatchObject({ ok: true });
};
const explain = (sql: string, more: object = {}): Promise<ExplainResult> => client.request(explainRequest, { target: { sql }, connection: 'shop', analyze: false, ...more });

beforeAll(async () => {
  database = await createDatabase(`
    create table orders (id bigint primary key, tenant int not null, total int); create index orders_tenant on orders (tenant);
    insert into orders select n, case when n % 10 < 9 then 1 else n end, n from generate_series(1, 20000) n;
    alter table orders enable row level security; create policy own on orders using (tenant = current_setting('app.tenant_id')::int);
    create function doubled(int) returns int language plpgsql immutable as $$ begin return $1 * 2; end $$;
    create role ${role}; grant select on orders to ${role}; analyze orders`);
  workspace = makeWorkspace({ 'q.sql': 'select 1;' });
  client = await startLspClient({ folder: workspace.folder });
  await client.ready();
});
afterAll(async () => {
  await client.stop();
  await database.query(`drop owned by ${role}; drop role ${role}`);
  await database.drop();
  workspace.remove();
});

it('production asks each time, for estimated plans too unless they are allowed', async () => {
  await connect({ production: true });
  for (let times = 0; times < 2; times++) expect(await explain('select * from orders')).toMatchObject({ kind: 'refused', consent: 'production', canOverride: true });
  expect(await explain('select * from orders', { confirmed: true })).toMatchObject({ kind: 'plan' });
  expect(await explain('select * from orders')).toMatchObject({ kind: 'refused' });
  await connect({ production: true, allowEstimatedExplain: true });
  expect(await explain('select * from orders')).toMatchObject({ kind: 'plan' });
  expect(await explain('select * from orders', { analyze: true })).toMatchObject({ kind: 'refused', consent: 'production' });
  expect(await explain('select * from orders', { analyze: true, confirmed: true })).toMatchObject({ kind: 'plan', analyzed: true, notes: expect.arrayContaining([expect.stringContaining('track_io_timing is off')]) as unknown });
});

it('functions are allowed once, or for the connection', async () => {
  await connect();
  const sql = 'select * from orders where tenant = doubled(2)';
  expect(await explain(sql)).toMatchObject({ kind: 'refused', consent: 'functions', functions: ['public.doubled'], reasons: ['public.doubled() is IMMUTABLE, written in plpgsql.'] });
  expect(await explain(sql, { allowFunctions: ['public.doubled'] })).toMatchObject({ kind: 'plan' });
  expect(await explain(sql)).toMatchObject({ kind: 'refused' });
  await connect({ allowFunctions: ['public.doubled'] });
  expect(await explain(sql)).toMatchObject({ kind: 'plan' });
  expect(await explain(sql, { analyze: true })).toMatchObject({ kind: 'plan', analyzed: true });
});

it('role and settings come from the connection or the request', async () => {
  await connect();
  expect(JSON.stringify(await explain('select * from orders'))).not.toContain('app.tenant_id');
  const filtered = await explain('select * from orders', { role, settings: { 'app.tenant_id': '7' } });
  expect(filtered).toMatchObject({ kind: 'plan', notes: [`Planned as role ${role}, app.tenant_id.`] });
  expect(JSON.stringify(filtered)).toContain("current_setting('app.tenant_id'");
  await connect({ role, settings: { 'app.tenant_id': '7' } });
  expect(JSON.stringify(await explain('select * from orders'))).toContain("current_setting('app.tenant_id'");
  expect(await explain('select * from orders', { settings: { statement_timeout: '0' } })).toMatchObject({ kind: 'refused', canOverride: false });
});

it('plans for any, common and rare values differ, and the values are said', async () => {
  await connect();
  const sql = 'select * from orders where tenant = $1';
  expect(await explain(sql)).toMatchObject({ kind: 'plan', notes: [expect.stringContaining('Generic plan')] });
  const common = await explain(sql, { values: 'common' });
  const rare = await explain(sql, { values: 'rare' });
  expect(common).toMatchObject({ kind: 'plan', parameters: ['1'] });
  expect(JSON.stringify(common)).toContain('Seq Scan');
  expect(JSON.stringify(rare)).toContain('orders_tenant');
  expect(await explain('select * from orders where tenant = $1 and $2', { values: 'common' })).toMatchObject({ kind: 'parametersNeeded', parameters: [{ column: 'orders.tenant' }, { type: 'boolean', suggestions: [] }] });
  const proposed = await client.request<ParameterValuesResult>(parameterValuesRequest, { target: { sql }, connection: 'shop' });
  expect(proposed).toMatchObject({ parameters: [{ column: 'orders.tenant', suggestions: expect.arrayContaining([{ value: '1', label: 'most common', detail: '90 % of rows' }, expect.objectContaining({ label: 'rare' })]) as unknown }] });
});

it('of a write the SELECT that reads the same rows is offered', async () => {
  await connect();
  const refused = await explain('update orders o set total = $1 where o.tenant = $2 and o.id < $3', { analyze: true, parameters: ['1', '2', '3'] });
  expect(refused).toMatchObject({ kind: 'refused', consent: 'writes', alternative: 'SELECT 1 FROM orders AS o WHERE o.tenant = $1 and o.id < $2' });
  const alternative = refused.kind === 'refused' ? refused.alternative ?? '' : '';
  expect(await explain(alternative, { analyze: true, parameters: ['2', '3'] })).toMatchObject({ kind: 'plan', analyzed: true });
  expect(await explain('delete from orders using pg_class c where c.oid::bigint = orders.id', { analyze: true })).toMatchObject({ alternative: 'SELECT 1 FROM orders, pg_class c WHERE c.oid::bigint = orders.id' });
});

it('a connection is tested without being opened', async () => {
  expect(await client.request<TestConnectionResult>(testConnectionRequest, { name: 'other', url: database.url })).toMatchObject({ ok: true, problems: expect.arrayContaining([expect.stringContaining('superuser')]) as unknown, report: expect.stringContaining('create role sargable login') as unknown });
  expect(client.status?.connections.map(({ name }) => name)).toEqual(['shop']);
});

it('without a connection nothing is asked of a server', async () => {
  const outcome = await client.request<ExplainResult>(explainRequest, { target: { sql: 'select 1; drop table orders' }, analyze: false });
  expect(outcome).toMatchObject({ kind: 'refused', canOverride: false });
});

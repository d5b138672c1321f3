import { afterAll, beforeAll, expect, it } from 'vitest';
import { calibrateRequest, connectRequest, type CalibrateResult, type ConnectParams, type ConnectResult } from '../../protocol/requests';
import { startLspClient, type LspClient } from '../support/lspClient';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { makeWorkspace } from '../support/workspaceFolder';

/** The planner twin beside the server it copies, over the protocol. */
let database: TestDatabase;
let workspace: ReturnType<typeof makeWorkspace>;
let client: LspClient;
const role = `sargable_reader_${process.pid}`;
const connect = async (more: Partial<ConnectParams> = {}): Promise<void> => {
  expect(await client.request<ConnectResult>(connectRequest, { name: 'shop', url: database.url, ...more })).toMatchObject({ ok: true });
};
const calibrate = (more: object = {}): Promise<CalibrateResult> => client.request(calibrateRequest, { connection: 'shop', ...more });

beforeAll(async () => {
  database = await createDatabase(`
    create table customers (id bigint primary key, name text not null); insert into customers select n, 'customer ' || n from generate_series(1, 500) n;
    create table orders (id bigint primary key, customer bigint not null references customers, total int); create index orders_customer on orders (customer);
    insert into orders select n, 1 + n % 500, n from generate_series(1, 20000) n; analyze`);
  await database.query('vacuum');
  workspace = makeWorkspace({ 'q.sql': 'select total from orders where total = 4711;' });
  client = await startLspClient({ folder: workspace.folder, built: true });
  await client.ready();
});
afterAll(async () => {
  await client.stop();
  await database.query(`drop owned by ${role}; drop role ${role}`);
  await database.drop();
  workspace.remove();
});

it('plans statements made from the catalog on both sides, and says how far they agree', async () => {
  await connect();
  const result = await calibrate();
  expect(result).toMatchObject({ kind: 'calibrated' });
  const [summary, markdown] = result.kind === 'calibrated' ? [result.summary, result.markdown] : ['', ''];
  const [, same, plans, median] = /^(\d+) of (\d+) plans are the same in the twin and on the server\. Costs differ by ([\d.]+) % at the median/.exec(summary) ?? [];
  expect(Number(plans)).toBeGreaterThanOrEqual(8);
  expect(Number(same) / Number(plans)).toBeGreaterThanOrEqual(0.8);
  expect(Number(median)).toBeLessThan(10);
  expect(markdown).toContain(summary);
  expect(markdown).not.toContain('4711');
});

it('production asks each time, unless estimated plans are allowed', async () => {
  await connect({ production: true });
  expect(await calibrate()).toMatchObject({ kind: 'refused', consent: 'production' });
  expect(await calibrate({ confirmed: true })).toMatchObject({ kind: 'calibrated' });
  expect(await calibrate()).toMatchObject({ kind: 'refused' });
  await connect({ production: true, allowEstimatedExplain: true });
  expect(await calibrate()).toMatchObject({ kind: 'calibrated' });
});

it('what the role may not read is left out and counted', async () => {
  await database.query(`create role ${role} login password 'reader'; grant select on orders to ${role}`);
  const url = new URL(database.url);
  [url.username, url.password] = [role, 'reader'];
  await connect({ url: url.href });
  const result = await calibrate();
  expect(result.kind === 'calibrated' && result.summary).toMatch(/^[1-9].* [1-9]\d* statements could not be compared\.$/);
});

it('without a connection of that name it says so', async () => {
  expect(await calibrate({ connection: 'other' })).toEqual({ kind: 'error', message: "There is no open connection 'other'. Connect first." });
});

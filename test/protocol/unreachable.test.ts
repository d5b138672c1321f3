import { afterEach, beforeAll, afterAll, describe, expect, it } from 'vitest';
import { connectRequest, disconnectRequest, explainRequest, parameterValuesRequest, testConnectionRequest, type ConnectResult, type ExplainResult, type TestConnectionResult } from '../../protocol/requests';
import { toUri } from '../../server/src/workspace/paths';
import { startLspClient, type LspClient } from '../support/lspClient';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { startTcpProxy, type TcpProxy } from '../support/tcpProxy';
import { makeWorkspace } from '../support/workspaceFolder';

const TEXT = "import { Pool } from 'pg';\nconst pool = new Pool();\nexport const totals = (customer: number) => pool.query('SELECT * FROM orders WHERE customer = $1 OFFSET $2', [customer, 40]);\n";

let database: TestDatabase;
let workspace: ReturnType<typeof makeWorkspace>;
let client: LspClient;
let proxy: TcpProxy;
const uri = (): string => toUri(workspace.path('q.ts'));
const through = (port: number): string => database.url.replace(/:\d+\//, `:${port}/`);
const connect = (url: string): Promise<ConnectResult> => client.request(connectRequest, { name: 'shop', url });
const explain = (): Promise<ExplainResult> => client.request(explainRequest, { target: { uri: uri(), position: { line: 2, character: TEXT.split('\n')[2]!.indexOf('pool.query') } }, connection: 'shop', analyze: false });
/** Types and asks for findings: what a person does meanwhile. */
const type = async (): Promise<number> => {
  await client.change(uri(), [{ range: { start: { line: 3, character: 0 }, end: { line: 3, character: 0 } }, text: '// x\n' }]);
  return (await client.pull(uri())).length;
};

beforeAll(async () => {
  database = await createDatabase('create table orders (id bigint primary key, customer bigint not null); insert into orders select n, n % 90 from generate_series(1, 5000) n; analyze orders');
  workspace = makeWorkspace({ 'q.ts': TEXT });
});
afterAll(async () => {
  await database.drop();
  workspace.remove();
});
const start = async (): Promise<void> => {
  client = await startLspClient({ folder: workspace.folder });
  await client.ready();
  await client.open(uri(), 'typescript', TEXT);
};
afterEach(async () => {
  await client.stop();
  await proxy.close();
});

describe('a database that', () => {
  it('is dead costs nothing: linting answers, one attempt per click at most, no message by itself', async () => {
    proxy = await startTcpProxy(1);
    await proxy.cut();
    await start();
    expect(await connect(through(proxy.port))).toMatchObject({ ok: false, error: expect.stringContaining('nothing listens there') as string });
    expect(await type()).toBeGreaterThan(0);
    expect(await explain()).toMatchObject({ kind: 'error', message: expect.stringContaining('Connect first') as string });
    expect(client.messages).toEqual([]);
    expect(client.status?.connections).toEqual([]);
  });

  it('takes the connection and never answers is given up, and nobody waits for it meanwhile', async () => {
    proxy = await startTcpProxy(0);
    await start();
    let settled = false;
    const connecting = connect(through(proxy.port)).finally(() => { settled = true; });
    for (let i = 0; i < 5; i++) expect(await type()).toBeGreaterThan(0);
    expect(settled).toBe(false);
    expect(await connecting).toMatchObject({ ok: false, error: expect.stringContaining('no answer in time') as string });
    expect(proxy.accepted).toBe(1);
    expect(client.messages).toEqual([]);
  });

  it('stops answering after it was connected: a click ends, linting goes on with what was learnt', async () => {
    proxy = await startTcpProxy(Number(new URL(database.url).port));
    await start();
    expect(await connect(through(proxy.port))).toMatchObject({ ok: true });
    expect(await explain()).toMatchObject({ kind: 'plan' });
    const known = proxy.accepted;
    proxy.hang();
    let settled = false;
    const explaining = explain().finally(() => { settled = true; });
    for (let i = 0; i < 5; i++) expect(await type()).toBeGreaterThan(0);
    expect(settled).toBe(false);
    expect(await explaining).toMatchObject({ kind: 'error', message: expect.stringContaining('no answer in time') as string });
    expect(client.status?.connections[0]?.state).toBe('lost');
    expect(proxy.accepted).toBe(known);
    expect(client.messages).toEqual([]);
  });

  it('comes and goes is not stormed, and works again when it is there', async () => {
    proxy = await startTcpProxy(Number(new URL(database.url).port));
    await start();
    expect(await connect(through(proxy.port))).toMatchObject({ ok: true });
    for (let round = 0; round < 3; round++) {
      await proxy.cut();
      const kinds = await Promise.all(Array.from({ length: 20 }, explain));
      expect(new Set(kinds.map(({ kind }) => kind))).toEqual(new Set(['error']));
      expect(client.status?.connections[0]?.state).toBe('lost');
      const before = proxy.accepted;
      await proxy.pass();
      // Still in the pause after the failures: nobody knocks.
      await Promise.all(Array.from({ length: 20 }, explain));
      expect(proxy.accepted - before).toBeLessThanOrEqual(2);
      expect(await type()).toBeGreaterThan(0);
      let back = await explain();
      while (back.kind !== 'plan') {
        await new Promise((resolve) => setTimeout(resolve, 200));
        back = await explain();
      }
      expect(proxy.accepted - before).toBeLessThanOrEqual(2);
      expect(client.status?.connections[0]?.state).toBe('connected');
    }
    expect(client.messages).toEqual([]);
  });
});

it('an untrusted workspace never connects', async () => {
  proxy = await startTcpProxy(Number(new URL(database.url).port));
  client = await startLspClient({ folder: workspace.folder, trusted: false, settings: { databases: [{ name: 'shop', host: '127.0.0.1', port: proxy.port, database: 'postgres', user: 'postgres' }] } });
  await client.ready();
  await client.open(uri(), 'typescript', TEXT);
  const url = through(proxy.port);
  const refused = /not trusted/;
  expect((await connect(url) as { error: string }).error).toMatch(refused);
  expect((await client.request<TestConnectionResult>(testConnectionRequest, { name: 'shop', url }) as { error: string }).error).toMatch(refused);
  expect((await explain() as { message: string }).message).toMatch(refused);
  expect((await client.request<{ error: string }>(parameterValuesRequest, { target: { sql: 'select 1' }, connection: 'shop' })).error).toMatch(refused);
  await client.request(disconnectRequest, { name: 'shop' });
  expect(await client.pull(uri())).not.toEqual([]);
  expect(proxy.accepted).toBe(0);
});

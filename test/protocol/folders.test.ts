import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectRequest, disconnectRequest, type ConnectResult } from '../../protocol/requests';
import { toUri } from '../../server/src/workspace/paths';
import { startLspClient, type LspClient } from '../support/lspClient';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { makeWorkspace } from '../support/workspaceFolder';

const TEXT = 'SELECT id, total FROM orders WHERE customer = $1 LIMIT 5;\n';

let database: TestDatabase;
let client: LspClient;
const workspaces = [makeWorkspace({ 'first.sql': TEXT }), makeWorkspace({ 'second.sql': TEXT })] as const;
const connect = (url: string): Promise<ConnectResult> => client.request<ConnectResult>(connectRequest, { name: 'shop', url });
const codes = async (uri: string): Promise<unknown[]> => (await client.pull(uri)).map((diagnostic) => diagnostic.code);
/** The planner answers in its own time. */
async function until(uri: string, expected: boolean): Promise<unknown[]> {
  for (let tries = 0; tries < 400 && (await codes(uri)).includes('unindexed-predicate') !== expected; tries++) await sleep(50);
  return codes(uri);
}

beforeAll(async () => {
  database = await createDatabase('CREATE TABLE orders (id bigint PRIMARY KEY, customer bigint NOT NULL, total integer NOT NULL);\nINSERT INTO orders SELECT n, n % 9000, n FROM generate_series(1, 60000) n;\nANALYZE orders');
  client = await startLspClient({ folder: workspaces[0].folder });
  await client.ready();
});
afterAll(async () => {
  await client?.stop();
  for (const workspace of workspaces) workspace.remove();
  await database?.drop();
});

it('a folder that is opened after connecting has the catalog too', async () => {
  expect(await connect(database.url)).toMatchObject({ ok: true });
  await client.notify('workspace/didChangeWorkspaceFolders', { event: { added: [{ uri: toUri(workspaces[1].folder), name: 'second' }], removed: [] } });
  await client.until(() => client.status?.files === 2);
  const uri = toUri(workspaces[1].path('second.sql'));
  await client.open(uri, 'sql', TEXT);
  expect(await until(uri, true)).toContain('unindexed-predicate');
});

it('a connection that cannot be opened again leaves nothing of the one before', async () => {
  const uri = toUri(workspaces[0].path('first.sql'));
  await client.open(uri, 'sql', TEXT);
  expect(await until(uri, true)).toContain('unindexed-predicate');
  expect(await connect(database.url.replace(/\/[^/]*$/, '/no_such_database'))).toMatchObject({ ok: false });
  expect(client.status?.connections).toEqual([]);
  expect(await codes(uri)).not.toContain('unindexed-predicate');
});

it('of two attempts at once the last one counts, and one that is given up opens nothing', async () => {
  const both = await Promise.all([connect(database.url), connect(database.url)]);
  expect(both.map(({ ok }) => ok)).toEqual([false, true]);
  expect(client.status?.connections).toMatchObject([{ name: 'shop', state: 'connected' }]);
  const attempt = connect(database.url);
  await client.request(disconnectRequest, { name: 'shop' });
  expect(await attempt).toMatchObject({ ok: false, error: 'The connection was closed while it was being opened' });
  expect(client.status?.connections).toEqual([]);
});

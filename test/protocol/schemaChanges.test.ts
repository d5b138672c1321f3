import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectRequest, type ConnectResult } from '../../protocol/requests';
import { toUri } from '../../server/src/workspace/paths';
import { startLspClient, type LspClient } from '../support/lspClient';
import { createDatabase } from '../support/postgres';
import type { TestDatabase } from '../support/postgres';
import { makeWorkspace } from '../support/workspaceFolder';

const TEXT = 'SELECT id, total FROM orders WHERE customer = $1 LIMIT 5;\n';

let database: TestDatabase;
let client: LspClient;
let workspace: ReturnType<typeof makeWorkspace>;
beforeAll(async () => {
  database = await createDatabase('CREATE TABLE orders (id bigint PRIMARY KEY, customer bigint NOT NULL, total integer NOT NULL);\nINSERT INTO orders SELECT n, n % 9000, n FROM generate_series(1, 60000) n;\nANALYZE orders');
  workspace = makeWorkspace({ 'q.sql': TEXT });
  client = await startLspClient({ folder: workspace.folder });
  await client.ready();
});
afterAll(async () => {
  await client?.stop();
  workspace?.remove();
  await database?.drop();
});

it('an index that someone makes on the server is seen when the user goes on typing, and not before', async () => {
  const uri = toUri(workspace.path('q.sql'));
  const codes = async (): Promise<unknown[]> => (await client.pull(uri)).map((diagnostic) => diagnostic.code);
  const until = async (expected: boolean): Promise<void> => {
    for (let tries = 0; tries < 200 && (await codes()).includes('unindexed-predicate') !== expected; tries++) await sleep(50);
  };
  await client.open(uri, 'sql', TEXT);
  expect(await client.request<ConnectResult>(connectRequest, { name: 'shop', url: database.url })).toMatchObject({ ok: true });
  await until(true);
  expect(await codes()).toContain('unindexed-predicate');

  await database.query('CREATE INDEX ON orders (customer)');
  expect(await codes()).toContain('unindexed-predicate');
  await client.change(uri, [{ range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }, text: ' ' }]);
  await until(false);
  expect(await codes()).not.toContain('unindexed-predicate');
});

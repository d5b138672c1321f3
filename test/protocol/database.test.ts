import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectRequest, disconnectRequest, explainRequest, type ConnectResult, type ExplainResult } from '../../protocol/requests';
import { startPostgres } from '../../scripts/postgres.mjs';
import { toUri } from '../../server/src/workspace/paths';
import { startLspClient, type LspClient } from '../support/lspClient';
import { makeWorkspace } from '../support/workspaceFolder';

const DDL = `CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer bigint NOT NULL, total integer NOT NULL);
INSERT INTO orders (customer, total) SELECT n % 900, n FROM generate_series(1, 30000) n;
CREATE FUNCTION tattle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER tattle_orders BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION tattle();
ANALYZE;`;
const TEXT = "import { Pool } from 'pg';\nconst pool = new Pool();\nexport const totals = (customer: number) => pool.query('SELECT id, total FROM orders WHERE customer = $1', [customer]);\nexport const raise = (id: number) => pool.query('UPDATE orders SET total = total + 1 WHERE id = $1', [id]);\n";

// A server of its own: this test kills it.
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sargable-lsp-'));
let server: Awaited<ReturnType<typeof startPostgres>>;
let version: string;
let client: LspClient;
let workspace: ReturnType<typeof makeWorkspace>;
const uri = (): string => toUri(workspace.path('q.ts'));
const explain = (line: number, more: object = {}): Promise<ExplainResult> =>
  client.request(explainRequest, { target: { uri: uri(), position: { line, character: TEXT.split('\n')[line]?.indexOf('pool.query') ?? 0 } }, connection: 'shop', analyze: false, ...more });

beforeAll(async () => {
  fs.chmodSync(folder, 0o755);
  server = await startPostgres({ dataFolder: path.join(folder, 'data') });
  const db = new pg.Client(server.url);
  await db.connect();
  await db.query(DDL);
  version = (await db.query<{ version: string }>("SELECT current_setting('server_version') AS version")).rows[0]!.version;
  await db.end();
  workspace = makeWorkspace({ 'q.ts': TEXT });
  client = await startLspClient({ folder: workspace.folder });
  await client.ready();
  await client.open(uri(), 'typescript', TEXT);
});
afterAll(async () => {
  await client.stop();
  await server.stop();
  workspace.remove();
  fs.rmSync(folder, { recursive: true, force: true });
});

it('without a connection it says nothing about indexes', async () => {
  expect((await client.pull(uri())).map((d) => d.code)).not.toContain('unindexed-predicate');
});

it('connected, findings rest on the statistics of the server', async () => {
  const label = `shop (PostgreSQL ${version})`;
  const result = await client.request<ConnectResult>(connectRequest, { name: 'shop', url: server.url });
  expect(result).toMatchObject({ ok: true, database: 'postgres', label });
  expect(client.status?.connections).toEqual([{ name: 'shop', label, state: 'connected' }]);
  const found = (await client.pull(uri())).find((d) => d.code === 'unindexed-predicate');
  expect(found?.message).toContain('30,000 rows (statistics)');
});

it('explains the query at a place, and asks for values before it runs it', async () => {
  expect(await explain(2)).toMatchObject({ kind: 'plan', analyzed: false, parameterTypes: ['bigint'] });
  expect(await explain(2, { analyze: true })).toMatchObject({ kind: 'parametersNeeded', parameters: [{ name: 'customer', type: 'bigint' }] });
  const run = await explain(2, { analyze: true, parameters: ['7'] });
  expect(run).toMatchObject({ kind: 'plan', analyzed: true });
  expect(JSON.stringify(run)).toContain('Actual Rows');
});

it('refuses to run what writes, with what a rollback leaves behind; agreed to, it is rolled back', async () => {
  const refused = await explain(3, { analyze: true, parameters: ['1'] });
  expect(refused).toMatchObject({ kind: 'refused', canOverride: true });
  expect(JSON.stringify(refused)).toContain('tattle');
  const before = await explain(3, { analyze: true, parameters: ['1'], allowWrites: true });
  expect(before).toMatchObject({ kind: 'plan', analyzed: true });
  const db = new pg.Client(server.url);
  await db.connect();
  expect((await db.query('SELECT total FROM orders WHERE id = 1')).rows).toEqual([{ total: 1 }]);
  await db.end();
});

it('refuses several statements as one text', async () => {
  expect(await client.request<ExplainResult>(explainRequest, { target: { sql: 'SELECT 1; DROP TABLE orders' }, connection: 'shop', analyze: true })).toMatchObject({ kind: 'refused', canOverride: false });
});

it('a database that dies costs a message; linting goes on with what was learnt', async () => {
  process.kill(server.pid, 'SIGKILL');
  // The process of an open connection outlives the server until it looks for it.
  let dead = await explain(2);
  for (let turn = 0; turn < 100 && (dead as { kind: string }).kind !== 'error'; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    dead = await explain(2);
  }
  expect(dead).toMatchObject({ kind: 'error' });
  expect(JSON.stringify(dead)).not.toContain('sargable@');
  expect(client.status?.connections[0]?.state).toBe('lost');
  expect((await client.pull(uri())).map((d) => d.code)).toContain('unindexed-predicate');
  await client.request(disconnectRequest, { name: 'shop' });
  expect((await client.pull(uri())).map((d) => d.code)).not.toContain('unindexed-predicate');
});

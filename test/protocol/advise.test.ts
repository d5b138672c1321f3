import { spawn } from 'node:child_process';
import path from 'node:path';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { afterEach, expect, it } from 'vitest';
import { adviseWorkspaceRequest, statusNotification, type AdviseWorkspaceResult, type StatusParams } from '../../protocol/requests';
import { toUri } from '../../server/src/workspace/paths';
import { makeWorkspace } from '../support/workspaceFolder';

let workspace: ReturnType<typeof makeWorkspace> | undefined;
afterEach(() => workspace?.remove());

/** The built server as an editor starts it: only there is the planner beside it. */
async function ask(files: Readonly<Record<string, string>>, settings: Readonly<Record<string, unknown>>): Promise<{ readonly result: AdviseWorkspaceResult; readonly progress: readonly string[] }> {
  workspace = makeWorkspace(files);
  const child = spawn(process.execPath, [path.resolve(import.meta.dirname, '../../dist/cli.js'), 'lsp', '--stdio'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const client = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
  const progress: string[] = [];
  const ready = new Promise<void>((resolve) => client.onNotification(statusNotification, ({ state }: StatusParams) => { if (state === 'ready') resolve(); }));
  client.onNotification('$/progress', ({ value }: { value: { message?: string } }) => { if (value.message) progress.push(value.message); });
  client.onRequest('workspace/configuration', ({ items }: { items: readonly unknown[] }) => items.map(() => settings));
  for (const method of ['client/registerCapability', 'window/workDoneProgress/create', 'workspace/diagnostic/refresh', 'workspace/codeLens/refresh']) client.onRequest(method, () => null);
  client.listen();
  try {
    const uri = toUri(workspace.folder);
    await client.sendRequest('initialize', { processId: process.pid, rootUri: uri, workspaceFolders: [{ uri, name: 'test' }], capabilities: { workspace: { configuration: true, workspaceFolders: true }, window: { workDoneProgress: true } } });
    await client.sendNotification('initialized', {});
    await ready;
    const result = await client.sendRequest<AdviseWorkspaceResult>(adviseWorkspaceRequest, { workDoneToken: 'advise-1' });
    await client.sendRequest('shutdown');
    return { result, progress };
  } finally {
    client.dispose();
    child.kill();
  }
}

const FILES = {
  'schema.sql': 'CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, note text);\n',
  'src/orders.ts': "import { Pool } from 'pg';\nconst pool = new Pool();\nexport const of = (customer: string) => pool.query('SELECT * FROM orders WHERE customer_id = $1', [customer]);\n",
};

it('the editor gets the index set of the workspace as a document with the statements to copy', async () => {
  const { result, progress } = await ask(FILES, { assume: { orders: 3_000_000 } });
  expect(result).toMatchObject({ kind: 'advice', markdown: expect.stringContaining('```sql\nCREATE INDEX CONCURRENTLY orders_customer_id_idx ON orders (customer_id);\n```') as string });
  expect(result.kind === 'advice' && result.markdown).toMatch(/\| src\/orders\.ts:3 \| [\d,]+ \| [\d.]+ \| 3,000,000 \| \d+ \|/);
  expect(progress.at(-1)).toMatch(/^\d+ of \d+ plans$/);
});

it('without a schema or a planner the reason is told', async () => {
  expect((await ask({ 'src/orders.ts': FILES['src/orders.ts'] }, {})).result).toEqual({ kind: 'unavailable', reason: 'no schema is known: name a schema file, or connect to a database' });
  workspace?.remove();
  expect((await ask(FILES, { planner: 'off' })).result).toEqual({ kind: 'unavailable', reason: 'there is no planner to try indexes with: it is switched off, or missing in this installation' });
});

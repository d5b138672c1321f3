import { afterEach, expect, it } from 'vitest';
import { adviseWorkspaceRequest, type AdviseWorkspaceResult } from '../../protocol/requests';
import { startLspClient } from '../support/lspClient';
import { makeWorkspace } from '../support/workspaceFolder';

let workspace: ReturnType<typeof makeWorkspace> | undefined;
afterEach(() => workspace?.remove());

async function ask(files: Readonly<Record<string, string>>, settings: Record<string, unknown>): Promise<{ readonly result: AdviseWorkspaceResult; readonly progress: readonly string[] }> {
  workspace = makeWorkspace(files);
  const client = await startLspClient({ folder: workspace.folder, settings, built: true });
  try {
    await client.ready();
    const result = await client.request<AdviseWorkspaceResult>(adviseWorkspaceRequest, { workDoneToken: 'advise-1' });
    return { result, progress: client.progress };
  } finally {
    await client.stop();
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

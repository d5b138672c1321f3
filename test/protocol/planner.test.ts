import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toUri } from '../../server/src/workspace/paths';
import { startLspClient } from '../support/lspClient';
import { sharedTwin } from '../support/twin';
import { makeWorkspace } from '../support/workspaceFolder';

type Client = Awaited<ReturnType<typeof startLspClient>>;

const SCHEMA = `CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, status text NOT NULL, created_at timestamptz NOT NULL);
CREATE INDEX orders_created_at ON orders (created_at);`;
const QUERY = 'SELECT id FROM orders WHERE customer_id = $1;\n';

/** The second publish: findings that the planner decides come after the first answer, without the client asking anew. */
describe('findings on the planner, over the protocol', () => {
  let client: Client;
  let workspace: ReturnType<typeof makeWorkspace>;
  const uri = (): string => toUri(workspace.path('q.sql'));
  const found = (): readonly { readonly message: string }[] => (client.published.get(uri())?.diagnostics ?? []).filter((d) => d.code === 'unindexed-predicate').map(({ message }) => ({ message: typeof message === 'string' ? message : message.value }));

  beforeAll(async () => {
    workspace = makeWorkspace({ 'migrations/0001_init.sql': SCHEMA, 'q.sql': QUERY, 'sargable.config.json': JSON.stringify({ assume: { orders: 2_000_000 } }) });
    client = await startLspClient({ folder: workspace.folder, diagnostics: 'push', twin: await sharedTwin() });
    await client.ready();
    await client.open(uri(), 'sql', QUERY);
  });
  afterAll(async () => {
    await client.stop();
    workspace.remove();
  });

  it('come with a second publish, with cost and how sure they are', async () => {
    await client.until(() => found().length === 1);
    expect(found()[0]?.message).toMatch(/cost falls from [\d,]+ to [\d.]+/);
    expect(found()[0]?.message).toContain('assumed volumes');
    expect(client.status?.planner).toBe('embedded twin (PGlite, PostgreSQL 18.6)');
  });

  it('follow the statement, not its spelling elsewhere', async () => {
    await client.change(uri(), [{ text: `-- a comment\n${QUERY}` }]);
    await client.until(() => found().length === 1 && client.published.get(uri())?.version === 2);
    await client.change(uri(), [{ text: 'SELECT id FROM orders WHERE created_at > $1 ORDER BY created_at LIMIT 5;\n' }]);
    await client.until(() => client.published.get(uri())?.version === 3);
    expect(found()).toEqual([]);
  });

  it('are those of the schema alone where the planner is switched off', async () => {
    await client.change(uri(), [{ text: QUERY }]);
    await client.until(() => found().length === 1);
    await client.configure({ planner: 'off' });
    await client.until(() => found().length === 1 && !found()[0]!.message.includes('cost'));
    await client.configure({ planner: 'twin' });
    await client.until(() => found().length === 1 && found()[0]!.message.includes('cost'));
  });

  it('change with the schema: an index that a migration adds is known at once', async () => {
    const file = workspace.write('migrations/0002_index.sql', 'CREATE INDEX CONCURRENTLY orders_customer_id ON orders (customer_id);\n');
    await client.notify('workspace/didChangeWatchedFiles', { changes: [{ uri: toUri(file), type: 1 }] });
    await client.until(() => found().length === 0);
    expect(client.messages).toEqual([]);
  });
});

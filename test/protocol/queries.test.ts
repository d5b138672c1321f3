import { afterEach, describe, expect, it } from 'vitest';
import { queriesChangedNotification, queryTablesRequest, tableQueriesRequest, type ListedQuery, type QueryFilter, type QueryTablesResult } from '../../protocol/requests';
import { toUri } from '../../server/src/workspace/paths';
import { startLspClient, type LspClient } from '../support/lspClient';
import { makeWorkspace } from '../support/workspaceFolder';

const CODE = "import { Pool } from 'pg';\nconst pool = new Pool();\nexport const one = (id: string) => pool.query('SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.id = $1', [id]);\nexport const two = () => pool.query('UPDATE orders SET total = 0');\nexport const some = (table: string) => pool.query(table);\n";
const FILES = {
  'schema.sql': 'CREATE TABLE customers (id bigint PRIMARY KEY);\nCREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint, total int, created_at timestamptz);\n',
  'src/a.ts': CODE,
  'q.sql': 'SELECT id, total FROM orders ORDER BY created_at DESC, id LIMIT 20 OFFSET 400;\nWITH gone AS (DELETE FROM carts RETURNING id) SELECT id FROM gone;\n',
};

let client: LspClient | undefined;
let workspace: ReturnType<typeof makeWorkspace> | undefined;
afterEach(async () => {
  await client?.stop();
  workspace?.remove();
  client = workspace = undefined;
});

async function start(files: Record<string, string> = FILES): Promise<LspClient> {
  workspace = makeWorkspace(files);
  client = await startLspClient({ folder: workspace.folder });
  await client.ready();
  return client;
}
const uriOf = (name: string): string => toUri(workspace?.path(name) ?? name);
const tables = (filter: QueryFilter = {}): Promise<QueryTablesResult> => client!.request(queryTablesRequest, { filter });
const queries = (key: string, filter: QueryFilter = {}): Promise<readonly ListedQuery[]> => client!.request(tableQueriesRequest, { key, filter });
/** Asks until closed files have been looked at. */
async function settled(filter: QueryFilter = {}): Promise<QueryTablesResult> {
  for (;;) {
    const result = await tables(filter);
    if (result.settled) return result;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('the Queries view', () => {
  it('lists tables with their queries and findings, of closed files too', async () => {
    await start();
    const { tables: found, queries: total } = await settled();
    expect(total).toBe(5);
    expect(found.map(({ key, queries: number, known }) => `${key} ${number} ${known}`)).toEqual(['public.carts 1 false', 'public.customers 1 true', 'public.orders 3 true', ' 1 false']);
    expect(found.find(({ key }) => key === 'public.orders')?.worst).toBeDefined();
    const orders = await queries('public.orders');
    expect(orders.map(({ path, verb, range }) => `${path}:${range.start.line} ${verb}`)).toEqual(['q.sql:0 SELECT', 'src/a.ts:2 SELECT', 'src/a.ts:3 UPDATE']);
    expect(orders[0]?.findings.map(({ rule }) => rule)).toContain('offset-pagination');
    expect(orders[2]?.sql).toBe('UPDATE orders SET total = 0');
    expect((await queries('public.carts'))[0]?.verb).toBe('SELECT');
  });

  it('filters by text, findings and document', async () => {
    await start();
    await settled();
    expect((await tables({ text: 'CUSTOMERS' })).tables.map(({ key }) => key)).toEqual(['public.customers', 'public.orders']);
    expect((await tables({ text: 'a.ts' })).queries).toBe(3);
    expect((await tables({ onlyWithFindings: true })).tables.some(({ key }) => key === 'public.carts')).toBe(false);
    expect((await tables({ uri: uriOf('q.sql') })).queries).toBe(2);
    expect((await queries('public.orders', { uri: uriOf('src/a.ts') })).map(({ verb }) => verb)).toEqual(['SELECT', 'UPDATE']);
  });

  it('tells of changes', async () => {
    await start();
    await settled();
    let told = 0;
    client!.onNotification(queriesChangedNotification, () => told++);
    await client!.open(uriOf('src/a.ts'), 'typescript', CODE);
    await client!.change(uriOf('src/a.ts'), [{ text: CODE.replace('UPDATE orders SET total = 0', 'DELETE FROM customers') }]);
    await client!.until(() => told > 0);
    expect((await tables()).tables.find(({ key }) => key === 'public.customers')?.queries).toBe(2);
  });

  it('answers for ten thousand queries', async () => {
    const file = (name: number): string => `import { Pool } from 'pg';\nconst pool = new Pool();\n${Array.from({ length: 100 }, (_, i) => `export const f${i} = (id: string) => pool.query('SELECT id FROM table_${(name * 100 + i) % 500} WHERE id = $1 AND x = ${name}', [id]);`).join('\n')}\n`;
    await start(Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`src/f${i}.ts`, file(i)])));
    await tables();
    const started = performance.now();
    const { tables: found, queries: total } = await tables();
    expect(performance.now() - started).toBeLessThan(5_000);
    expect([total, found.length]).toEqual([10_000, 500]);
    expect(await queries('public.table_7')).toHaveLength(20);
  }, 60_000);
});

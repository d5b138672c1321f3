import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPostgres } from '../../scripts/postgres.mjs';
import type { AdviceReport } from '../../server/src/core/advice/adviceReport';
import { runCli } from '../support/cli';
import { makeWorkspace } from '../support/workspaceFolder';

/** A server that counts statements, and a workspace in which one query runs often and the other once. */
let folder: string;
let server: Awaited<ReturnType<typeof startPostgres>>;
let workspace: ReturnType<typeof makeWorkspace>;
const often = 'SELECT id, total FROM orders WHERE customer = $1 AND total > $2';
const seldom = 'SELECT id, total FROM orders WHERE note = $1';

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sargable-weights-'));
  fs.chmodSync(folder, 0o755);
  server = await startPostgres({ dataFolder: path.join(folder, 'data'), settings: { fsync: 'off', shared_preload_libraries: 'pg_stat_statements' } });
  workspace = makeWorkspace({
    'schema.sql': 'CREATE TABLE orders (id bigint PRIMARY KEY, customer bigint NOT NULL, total integer NOT NULL, note text);',
    'app.ts': `import { Pool } from 'pg';\nconst pool = new Pool();\nexport const often = (customer: number, total: number) => pool.query('${often}', [customer, total]);\nexport const seldom = (note: string) => pool.query('${seldom}', [note]);\n`,
  });
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  for (const sql of ['CREATE EXTENSION pg_stat_statements', 'CREATE TABLE orders (id bigint PRIMARY KEY, customer bigint NOT NULL, total integer NOT NULL, note text)', "INSERT INTO orders SELECT n, n % 9000, n, 'note ' || n FROM generate_series(1, 200000) n", 'VACUUM ANALYZE orders', 'SELECT pg_stat_statements_reset()']) await client.query(sql);
  for (let n = 0; n < 20; n++) await client.query(often, [n, 5]);
  await client.query(seldom, ['note 7']);
  await client.end();
});
afterAll(async () => {
  workspace?.remove();
  await server?.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

const advise = async (...args: string[]): Promise<AdviceReport> => {
  const { status, stdout, stderr } = await runCli(['advise', '--database', server.url, '--format', 'json', ...args], { cwd: workspace.folder });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return (JSON.parse(stdout) as { readonly databases: readonly AdviceReport[] }).databases[0]!;
};

it('the time that a server spends on each query decides which index comes first', async () => {
  const { indexes } = await advise();
  const byColumn = (name: string): AdviceReport['indexes'][number] | undefined => indexes.find((index) => index.columns.includes(name));
  const [hot, cold] = [byColumn('customer'), byColumn('note')];
  expect(hot?.queries[0]?.weight).toBeGreaterThan((cold?.queries[0]?.weight ?? 0) * 5);
  expect(cold?.queries[0]?.weight).toBeGreaterThan(0);
  expect(indexes[0]).toBe(hot);
});

it('and which is left out where only one may be made', async () => {
  expect((await advise('--max', '1')).indexes.map(({ columns }) => columns.includes('customer'))).toEqual([true]);
});

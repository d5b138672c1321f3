import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { AdviceReport } from '../../server/src/core/advice/adviceReport';
import { runCli, type CliResult } from '../support/cli';
import { createDatabase } from '../support/postgres';
import { makeWorkspace } from '../support/workspaceFolder';

const FILES = {
  'migrations/20240101000000_orders.sql': `-- +goose Up
CREATE TABLE orders (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, customer_id bigint NOT NULL, status text NOT NULL, created_at timestamptz NOT NULL, note text);
CREATE INDEX orders_customer ON orders (customer_id);
-- +goose Down
DROP TABLE orders;
`,
  'src/orders.ts': `import { Pool } from 'pg';
const pool = new Pool();
export const newest = (tenant: string) => pool.query('SELECT * FROM orders WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT 20', [tenant]);
export const since = (tenant: string, from: Date) => pool.query('SELECT * FROM orders WHERE tenant_id = $1 AND created_at > $2 ORDER BY created_at DESC LIMIT 20', [tenant, from]);
export const pay = (id: string) => pool.query("UPDATE orders SET status = 'paid' WHERE id = $1", [id]);
`,
  'queries/customer.sql': 'SELECT * FROM orders WHERE customer_id = 7 AND note = $1;\n',
};
const ASSUME = ['--assume', 'orders=2_000_000'];

let workspace: ReturnType<typeof makeWorkspace> | undefined;
afterEach(() => workspace?.remove());

const advise = (...args: string[]): Promise<CliResult> => runCli(['advise', '--no-database', ...ASSUME, ...args], { cwd: (workspace ??= makeWorkspace(FILES)).folder });
const start = (files: Readonly<Record<string, string>> = FILES): void => {
  workspace?.remove();
  workspace = makeWorkspace(files);
};

describe('sargable advise', () => {
  it('prints the index, its size, the queries it serves with their places, and what stands behind the figures', async () => {
    start();
    const { status, stdout, stderr } = await advise();
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^\d index(es)? \(about \d+ MB\) for \d of 4 queries\./);
    expect(stdout).toContain('CREATE INDEX CONCURRENTLY orders_tenant_id_created_at_idx ON orders (tenant_id, created_at DESC);');
    expect(stdout).toMatch(/about \d+ MB; verified in the twin with assumed volumes\n {2}writes: no INSERT of the workspace; no UPDATE changes its columns\n {2}Assumed: orders 2,000,000 rows\./);
    expect(stdout).toMatch(/src\/orders\.ts:3 +[\d,]+ → +[\d.,]+ {2}[\d,]+ → 20 rows read/);
    expect(stdout).toMatch(/src\/orders\.ts:4 +[\d,]+ → +[\d.,]+/);
  });

  it('gives the same as JSON and Markdown, for the files named alone', async () => {
    start();
    const { stdout } = await advise('--format', 'json', 'src');
    const { version, databases } = JSON.parse(stdout) as { version: number; databases: AdviceReport[] };
    expect(version).toBe(1);
    expect(databases.map((d) => [d.planned, d.refused, d.indexes.map((i) => [i.name, i.method, i.queries.map((q) => q.places)])])).toEqual([[3, [], [
      ['orders_tenant_id_created_at_idx', 'btree', [[{ path: 'src/orders.ts', line: 4 }], [{ path: 'src/orders.ts', line: 3 }]]],
    ]]]);
    expect(databases[0]?.indexes[0]?.queries.every((q) => q.costAfter * 2 <= q.costBefore)).toBe(true);
    expect((await advise('--format', 'markdown', 'src')).stdout).toContain('```sql\nCREATE INDEX CONCURRENTLY orders_tenant_id_created_at_idx ON orders (tenant_id, created_at DESC);\n```');
  });

  it('writes migrations in the format of the workspace, after which there is nothing left to advise', async () => {
    start();
    const { status, stderr } = await advise('--write');
    expect(status).toBe(0);
    const written = readdirSync(workspace!.path('migrations')).filter((name) => !name.endsWith('_orders.sql'));
    expect(stderr.trim().split('\n')).toEqual(written.map((name) => `sargable: migrations/${name} written`));
    expect(workspace?.read(`migrations/${written.find((name) => name.includes('tenant'))}`)).toBe(
      '-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY orders_tenant_id_created_at_idx ON orders (tenant_id, created_at DESC);\n\n-- +goose Down\nDROP INDEX CONCURRENTLY IF EXISTS orders_tenant_id_created_at_idx;\n',
    );
    expect((await advise()).stdout).toBe('4 queries were planned; no further index pays.\n');
  });

  it('says what is missing, with status 2', async () => {
    start({ 'a.sql': 'SELECT 1;\n' });
    expect(await advise()).toMatchObject({ status: 2, stderr: 'sargable: no advice: no schema is known: name a schema file, or connect to a database\n' });
    start();
    expect(await advise('--verify-on-server')).toMatchObject({ status: 2, stderr: expect.stringMatching(/--verify-on-server needs a server/) as string });
    expect(await advise('--max', 'many')).toMatchObject({ status: 2 });
    expect(await advise('no/such/folder')).toMatchObject({ status: 2, stderr: expect.stringMatching(/no\/such\/folder/) as string });
  });

  it('uses the statistics of a server, and never installs HypoPG there', async () => {
    start();
    const database = await createDatabase(`${FILES['migrations/20240101000000_orders.sql'].split('-- +goose Down')[0]}
      INSERT INTO orders SELECT i, i % 50, i % 9000, 'open', timestamptz '2024-01-01' + i * interval '1 minute' FROM generate_series(1, 60000) i; ANALYZE orders;`);
    try {
      const { status, stdout } = await runCli(['advise', '--database', database.url, 'src'], { cwd: workspace!.folder });
      expect(status).toBe(0);
      expect(stdout).toMatch(/orders \(tenant_id, created_at DESC\);\n {2}about \d+ MB; verified in the twin with your server's statistics/);
      expect(await runCli(['advise', '--database', database.url, '--verify-on-server', 'src'], { cwd: workspace!.folder })).toMatchObject({ status: 2, stderr: expect.stringMatching(/HypoPG is not installed/) as string });
      expect(await database.query("SELECT 1 FROM pg_extension WHERE extname = 'hypopg'")).toEqual([]);
    } finally {
      await database.drop();
    }
  });
});

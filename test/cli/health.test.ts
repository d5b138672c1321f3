import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HealthReport } from '../../server/src/core/health/model';
import { runCli, type CliResult } from '../support/cli';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { makeWorkspace } from '../support/workspaceFolder';

const DDL = `
create table orders (id smallint primary key generated always as identity, customer int not null, total int not null, note text);
create index orders_total on orders (total);
create index orders_total_too on orders (total);
insert into orders (customer, total, note) select n % 900, n, repeat('x', 40) from generate_series(1, 30000) n;
`;

let database: TestDatabase;
let workspace: ReturnType<typeof makeWorkspace>;
beforeAll(async () => {
  database = await createDatabase(DDL);
  await database.query('analyze');
  workspace = makeWorkspace({
    'sargable.config.json': '{ "health": { "thresholds": { "sequencePercent": 80 } } }',
    'src/orders.ts': "import { Pool } from 'pg';\nconst pool = new Pool();\nexport const of = (customer: number) => pool.query('SELECT id, total FROM orders WHERE customer = $1', [customer]);\n",
  });
});
afterAll(async () => {
  workspace.remove();
  await database?.drop();
});

const health = (...args: string[]): Promise<CliResult> => runCli(['health', ...args], { cwd: workspace.folder, env: { SARGABLE_DATABASE_URL: database.url } });

describe('sargable health', () => {
  it('prints what is wrong, the worst first, with the statement; exits 1 where something is critical', async () => {
    const { status, stdout, stderr } = await health('sequences', 'indexes', '--no-workspace');
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toMatch(/✖ Sequences\n {2}sequences in use 1 · fullest 91\.6 %\n/);
    expect(stdout).toMatch(/critical {2}public\.orders_id_seq is at 30,000 of 32,767: 91\.56 % are used up\. {2}sequence-exhaustion\n(.*\n)+? {12}ALTER SEQUENCE public\.orders_id_seq AS bigint NO MAXVALUE;\n {12}ALTER TABLE public\.orders ALTER COLUMN id TYPE bigint;\n/);
    expect(stdout.indexOf('critical  ')).toBeLessThan(stdout.indexOf('warning   '));
    expect(stdout).toMatch(/\n1 critical, [1-9] warnings?(, \d notes?)?\. Nothing was changed; statements are for you to check and run\.\n$/);
    expect(await health('sequences', '--threshold', 'sequencePercent=99')).toMatchObject({ status: 0, stdout: expect.stringContaining('Nothing to complain about.') as string });
  });

  it('tries indexes for the queries of the workspace in the twin, as JSON and a document of the indexes alone', async () => {
    const { stdout, status } = await health('indexes', '--format', 'json');
    const report = JSON.parse(stdout) as HealthReport;
    expect([status, report.version, report.checks.map(({ name }) => name)]).toEqual([0, 1, ['indexes']]);
    expect(report.checks[0]?.findings.find(({ id }) => id === 'missing-index')).toMatchObject({
      message: expect.stringMatching(/^An index on public\.orders \(customer\) would serve 1 query of the workspace \(src\/orders\.ts:3\): cost [\d,.]+ → [\d,.]+\.$/) as string, statement: 'CREATE INDEX CONCURRENTLY orders_customer_idx ON orders (customer);',
    });
    expect((await health('--no-workspace', '--format', 'index-analysis', '--output', 'index_analysis.json')).stderr).toBe('sargable: index_analysis.json written\n');
    expect(JSON.parse(workspace.read('index_analysis.json'))).toMatchObject({ summary: { total_indexes: 3, duplicate_indexes: 1 }, existing_indexes: expect.arrayContaining([expect.objectContaining({ definition: 'CREATE INDEX orders_total ON public.orders USING btree (total)' })]) as unknown, recommendations: expect.arrayContaining([expect.objectContaining({ category: 'duplicate-index', sql: 'DROP INDEX CONCURRENTLY public.orders_total_too;' })]) as unknown });
  });

  it('ticks the checklist by evidence, and tells growth by an earlier report', async () => {
    expect((await health('disk', '--format', 'json', '--output', 'earlier.json')).status).toBe(0);
    const { status, stdout } = await health('checklist', '--daily', '--quarterly', '--since', 'earlier.json');
    expect(status).toBe(1);
    expect(stdout).toMatch(/^Daily\n(.*\n)* {2}✔ Check for blocking statements {2}0 sessions waiting for a lock\n(.*\n)* {2}✖ Check that no sequence runs out {2}public\.orders_id_seq is at 30,000 of 32,767/);
    expect(stdout).toMatch(/\nQuarterly\n(.*\n)* {2}\? Plan capacity by growth {2}[\d.]+ MB now; the earlier report is [\w. ]+ older, and growth is told from 7 days on/);
    expect((await health('checklist', '--weekly', '--format', 'markdown')).stdout).toMatch(/^# Checklist of .*\n\n## Weekly\n\n- \[ \] \*\*Review index usage\*\*: /);
  });

  it('says what it cannot do, with status 2', async () => {
    expect(await health('sequenzes')).toMatchObject({ status: 2, stderr: expect.stringContaining("unknown check 'sequenzes'; did you mean 'sequences'?") as string });
    expect(await runCli(['health'], { cwd: workspace.folder })).toMatchObject({ status: 2, stderr: expect.stringContaining('name the database') as string });
  });
});

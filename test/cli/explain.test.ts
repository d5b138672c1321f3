import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli, type CliResult } from '../support/cli';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { makeWorkspace } from '../support/workspaceFolder';

let workspace: ReturnType<typeof makeWorkspace>;
let database: TestDatabase;
beforeAll(async () => {
  workspace = makeWorkspace({
    'schema.sql': 'create table orders (id bigint primary key, customer bigint not null, total int);\ncreate index orders_customer on orders (customer);\n',
    'src/x.ts': "import { Pool } from 'pg';\nconst pool = new Pool();\nexport const q = (c: number) => pool.query('SELECT total FROM orders WHERE customer = $1', [c]);\n",
    'slow.log': '2026-01-01 10:00:00 UTC [7] LOG:  duration: 95.5 ms  plan:\n\tQuery Text: select id from orders where total = $1\n\tSeq Scan on orders  (cost=0.00..3582.00 rows=3 width=8) (actual time=0.020..95.000 rows=3 loops=1)\n\t  Filter: (total = 5)\n\t  Rows Removed by Filter: 199997\n',
    'empty.txt': 'nothing here\n',
    'plan.yaml': '- Plan: \n    Node Type: "Seq Scan"\n    Relation Name: "orders"\n    Total Cost: 1.00\n',
    'costly.json': JSON.stringify([{ Plan: { 'Node Type': 'Seq Scan', 'Relation Name': 'orders', 'Startup Cost': 0, 'Total Cost': 50, 'Plan Rows': 3, 'Plan Width': 4 } }]),
    'other.json': JSON.stringify([{ Plan: { 'Node Type': 'Seq Scan', 'Relation Name': 'customers', 'Startup Cost': 0, 'Total Cost': 50, 'Plan Rows': 3, 'Plan Width': 4 } }]),
    'plan.json': JSON.stringify([{ Plan: { 'Node Type': 'Seq Scan', 'Relation Name': 'orders', 'Startup Cost': 0, 'Total Cost': 12.5, 'Plan Rows': 3, 'Plan Width': 4 } }]),
  });
  database = await createDatabase(`create table orders (id bigint primary key, customer bigint not null, total int); create index orders_customer on orders (customer);
    insert into orders select n, case when n % 10 < 9 then 1 else n end, n from generate_series(1, 20000) n; analyze orders;
    create function twice(bigint) returns bigint language plpgsql immutable as $$ begin return $1 * 2; end $$`);
});
afterAll(async () => {
  workspace.remove();
  await database.drop();
});
const explain = (...args: string[]): Promise<CliResult> => runCli(['explain', ...args], { cwd: workspace.folder });

describe('sargable explain', () => {
  it('without a database plans in the twin over the schema of the folder, and says so', async () => {
    const { status, stdout } = await explain('src/x.ts:3', '--assume', 'orders=1000000');
    expect(status).toBe(0);
    expect(stdout).toContain('using orders_customer');
    expect(stdout).toContain('Planned in the twin with assumed volumes; nothing was executed.');
    expect(stdout).toContain('Assumed: orders 1,000,000 rows');
  });
  it('asks the server for what only a server can do', async () => {
    expect(await explain('src/x.ts:3', '--analyze')).toMatchObject({ status: 2, stderr: expect.stringContaining('need a database') as string });
    const live = await explain('src/x.ts:3', '--database', database.url, '--analyze', '--param', '7', '--format', 'json');
    expect(JSON.parse(live.stdout)).toMatchObject({ Plan: { 'Actual Loops': 1 } });
    const common = await explain('src/x.ts:3', '--database', database.url, '--values', 'common');
    const rare = await explain('src/x.ts:3', '--database', database.url, '--values', 'rare');
    expect(common.stdout).toContain('Seq Scan');
    expect(rare.stdout).toContain('orders_customer');
  });
  it('names the functions that planning would run', async () => {
    const sql = ['--sql', 'select * from orders where id = twice(2)', '--database', database.url];
    expect(await explain(...sql)).toMatchObject({ status: 2, stderr: expect.stringContaining('--allow-function public.twice') as string });
    expect(await explain(...sql, '--allow-function', 'public.twice')).toMatchObject({ status: 0 });
  });
  it('--calibrate compares the twin with the server, and prints what differs', async () => {
    const { status, stdout } = await explain('--calibrate', '--database', database.url);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^The planner twin and .+\n\n\d+ of \d+ plans are the same in the twin and on the server\. /);
    const json = JSON.parse((await explain('--calibrate', '--database', database.url, '--format', 'json')).stdout) as { plans: number; sameShape: number; differing: { sql: string }[] };
    expect(json.plans).toBeGreaterThan(3);
    expect(json.differing).toHaveLength(json.plans - json.sameShape);
    for (const { sql } of json.differing) expect(stdout).toContain(sql);
    expect(await explain('--calibrate')).toMatchObject({ status: 2, stderr: expect.stringContaining('pass --database URL') as string });
    expect(await explain('src/x.ts:3', '--calibrate', '--database', database.url)).toMatchObject({ status: 2, stderr: expect.stringContaining('takes no query') as string });
  });
  it('shows a plan it is given, also in Markdown', async () => {
    const { status, stdout } = await explain('plan.json', '--format', 'markdown');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^```text\n[^]*Seq Scan on orders[^]*```\n$/);
  });
  it('says what a plan shows, and what the twin says of the advice', async () => {
    const { status, stdout } = await explain('slow.log', '--assume', 'orders=1000000');
    expect(status).toBe(0);
    expect(stdout).toContain('Seq Scan on orders [1]');
    expect(stdout).toContain('[1] orders: 200,000 rows are read to keep 3 (100%)');
    expect(stdout).toContain('CREATE INDEX CONCURRENTLY ON orders (total);');
    expect(stdout).toMatch(/Verified in the twin, with assumed volumes: cost \d+ to \d+\./);
    expect(stdout).toContain('- The statement took 95.5 ms by the log.');
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const json = JSON.parse((await explain('slow.log', '--format', 'json')).stdout) as { Findings: { kind: string; advice: { verdict?: { state: string } }[] }[] };
    expect(json.Findings.map(({ kind, advice }) => [kind, advice[0]?.verdict?.state])).toEqual([['wasted-reads', 'verified']]);
    expect((await explain('slow.log', '--format', 'markdown')).stdout).toMatch(/```text\n[^]+```\n\n- \*\*orders: 200,000 rows[^]+```sql\n {4}CREATE INDEX/);
  });
  it('finds what is slow without a run, says that it is an estimate, and why an index that is there does not help', async () => {
    const sql = ['--sql', "select id from orders where total = 5 and customer::text like '%7'", '--assume', 'orders=1000000'];
    const { status, stdout } = await explain(...sql);
    expect(status).toBe(0);
    expect(stdout).toMatch(/\[1\] orders: about 1,000,000 rows would be read to keep [\d,]+ \(\d+%\s+of\s+the\s+cost,\s+estimated\)/);
    expect(stdout).toMatch(/CREATE INDEX CONCURRENTLY ON public\.orders \(total\);\n +Verified in the twin, with assumed volumes: cost \d+ to \d+\./);
    expect(stdout.replaceAll(/\n +/g, ' ')).toContain('orders_customer is not used: the condition compares customer as text, the column is bigint.');
    writeFileSync(workspace.path('before.json'), (await explain(...sql, '--format', 'json')).stdout);
    writeFileSync(workspace.path('with.sql'), 'create table orders (id bigint primary key, customer bigint not null, total int);\ncreate index orders_total on orders (total);\n');
    const compared = await explain(...sql, '--schema', 'with.sql', '--compare', 'before.json');
    expect(compared.status).toBe(0);
    expect(compared.stdout).toMatch(/before: before\.json\nafter: estimated on the twin of with\.sql, with assumed volumes\n/);
    expect(compared.stdout).toMatch(/≠ Bitmap Heap Scan on orders\n/);
    expect(compared.stdout).toMatch(/\+ Bitmap Index Scan using orders_total\n/);
    expect(compared.stdout).toMatch(/Better: cost [\d,]+ → [\d,.]+ \([\d.]+× less\)\. The plan is another\./);
  });
  it('compares two saved plans, and tells by its exit status that the one after is worse', async () => {
    const worse = await explain('costly.json', '--compare', 'plan.json', '--format', 'markdown');
    expect(worse.status).toBe(1);
    expect(worse.stdout).toBe('**Worse: cost 12.50 → 50.00 (4.0× more). The plan is the same.**\n\n- Before: plan.json\n- After: costly.json\n- cost 12.50 → 50.00 (4.0× more)\n\n```text\n    before     after    change    cost of the node alone\n     12.50     50.00    +37.50    Seq Scan on orders\n```\n');
    const json = JSON.parse((await explain('plan.json', '--compare', 'costly.json', '--format', 'json')).stdout) as Record<string, unknown>;
    expect(json).toMatchObject({ version: 1, before: 'costly.json', after: 'plan.json', verdict: 'better', metric: 'cost', figures: { before: 50, after: 12.5 }, sameShape: true, rows: 'estimated', nodes: [{ status: 'same', before: { node: 'Seq Scan on orders', rows: 3 } }] });
    expect(await explain('plan.json', '--compare', 'other.json')).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('the plans are of two statements and cannot be compared: other.json reads customers; plan.json reads orders.') as string });
    // Both have their text; it is written otherwise, of the same table.
    const rewritten = await explain('--sql', 'select customer from orders where total = 7 limit 1', '--compare', 'slow.log');
    expect(rewritten.stdout.replaceAll(/\n +/g, ' ')).toContain('- The statements are not written alike: the comparison holds where both are meant to give the same rows.');
    expect(await explain('plan.json', '--compare', 'nothing.json')).toMatchObject({ status: 2, stderr: expect.stringContaining('--compare nothing.json: no such file') as string });
    expect(await explain('plan.json', '--compare', 'empty.txt')).toMatchObject({ status: 2, stderr: expect.stringContaining('empty.txt:1: There is no plan in this line.') as string });
  });
  it('reads a plan in any format, and says what is none', async () => {
    expect(await explain('empty.txt')).toMatchObject({ status: 2, stderr: expect.stringContaining('empty.txt:1: There is no plan in this line.') as string });
    expect((await explain('plan.yaml')).stdout).toContain('Seq Scan on orders');
  });
  it.each([[['--sql', 'select 1; drop table orders'], /several statements/], [['--sql', 'select from where'], /does not parse/], [['nothing.ts:1'], /no such file/]] as const)('%j is wrong usage', async (args, message) => {
    const result = await explain(...args);
    expect(result.status).toBe(2);
    expect(result.stderr).toMatch(message);
  });
});

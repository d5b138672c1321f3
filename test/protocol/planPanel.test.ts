import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explainRequest, planFindingsRequest, planPlacesRequest, whatIfOptionsRequest, whatIfRequest, type ExplainResult, type PlanFindingsParams, type PlanFindingsResult, type PlanPlacesResult, type WhatIfOptionsResult, type WhatIfResult } from '../../protocol/requests';
import { findInPlan, type PlanFinding } from '../../server/src/core/plan/findings';
import { parsePlan } from '../../server/src/core/plan/planTree';
import { toUri } from '../../server/src/workspace/paths';
import { startLspClient } from '../support/lspClient';
import { sharedTwin } from '../support/twin';
import { makeWorkspace } from '../support/workspaceFolder';

type Client = Awaited<ReturnType<typeof startLspClient>>;

const SCHEMA = `CREATE TABLE customers (id bigint PRIMARY KEY, country text NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, status text NOT NULL, created_at timestamptz NOT NULL);
CREATE INDEX orders_created_at ON orders (created_at);`;
const CODE = `import { Pool } from 'pg';
const pool = new Pool();
export const open = (customer: string) => pool.query(
  \`SELECT o.id FROM orders o
   WHERE o.customer_id = $1
   ORDER BY o.created_at LIMIT 20\`, [customer]);
`;
const position = { line: 3, character: 12 };

/** What the plan panel asks of the server: other plans, and where the nodes of a plan stand. */
describe('the plan panel, over the protocol', () => {
  let client: Client;
  let workspace: ReturnType<typeof makeWorkspace>;
  const uri = (): string => toUri(workspace.path('q.ts'));
  const request = async <T>(method: string, params: object): Promise<T> => await client.request<T>(method, params);
  const whatIf = async (change: object): Promise<WhatIfResult> => request(whatIfRequest, { target: { uri: uri(), position }, ...change });

  beforeAll(async () => {
    workspace = makeWorkspace({ 'migrations/0001_init.sql': SCHEMA, 'q.ts': CODE, 'sargable.config.json': JSON.stringify({ assume: { orders: 2_000_000, customers: 100_000 } }) });
    client = await startLspClient({ folder: workspace.folder, twin: await sharedTwin() });
    await client.ready();
    await client.open(uri(), 'typescript', CODE);
  });
  afterAll(async () => {
    await client.stop();
    workspace.remove();
  });

  it('offers indexes for the conditions, those that are there, and settings', async () => {
    const options = await request<WhatIfOptionsResult>(whatIfOptionsRequest, { target: { uri: uri(), position } });
    expect(options.candidates).toContain('orders (customer_id, created_at)');
    expect(options.existing.map(({ key }) => key)).toContain('public.orders_created_at');
    expect(options.settings).toMatchObject({ work_mem: '4MB', random_page_cost: '4' });
  });

  it('plans with an index that is not there, and names it in the plan', async () => {
    const result = await whatIf({ add: ['CREATE INDEX CONCURRENTLY x ON orders (customer_id, created_at);'] });
    expect(result).toMatchObject({ kind: 'compared', title: 'with an index on orders (customer_id, created_at)' });
    if (result.kind !== 'compared') return;
    const cost = ({ plan }: { plan: Readonly<Record<string, unknown>> }): number => (plan['Plan'] as { 'Total Cost': number })['Total Cost'];
    expect(cost(result.after)).toBeLessThan(cost(result.before) / 10);
    expect(JSON.stringify(result.after.plan)).toContain('new index on orders (customer_id, created_at)');
    expect(result.after.notes[0]).toMatch(/would have about [\d,]+ MB/);
  });

  it('plans without an index and with other settings', async () => {
    const without = await whatIf({ target: { sql: 'SELECT id FROM orders WHERE created_at > $1 ORDER BY created_at LIMIT 5' }, drop: ['public.orders_created_at'] });
    expect(without).toMatchObject({ kind: 'compared', title: 'without orders_created_at' });
    expect(JSON.stringify(without.kind === 'compared' && without.before.plan)).toContain('orders_created_at');
    expect(JSON.stringify(without.kind === 'compared' && without.after.plan)).not.toContain('orders_created_at');
    const alone = await whatIf({ settings: { work_mem: '64MB', max_parallel_workers_per_gather: '0' } });
    expect(alone).toMatchObject({ kind: 'compared', title: 'work_mem = 64MB, max_parallel_workers_per_gather = 0' });
    expect(alone.kind === 'compared' && alone.after.plan).not.toEqual(alone.kind === 'compared' && alone.before.plan);
  });

  it.each([
    [{ add: ['nowhere (a)'] }, /no table nowhere/],
    [{ add: ['orders'] }, /which columns/],
    [{ add: ['orders (id); drop table orders'] }, /which columns/],
    [{ add: ['DROP TABLE orders'] }, /no table drop/],
    [{ add: ['orders (nothing)'] }, /nothing/],
    [{ drop: ['public.nothing'] }, /no index/],
    [{ add: ['orders (id)'], drop: ['public.orders_created_at'] }, /not both/],
    [{ settings: { work_mem: 'a lot' } }, /work_mem/],
    [{ settings: { statement_timeout: '1' } }, /no setting of the planner/],
  ])('says why %j cannot be tried', async (change, message) => {
    expect(await whatIf(change)).toMatchObject({ kind: 'error', message: expect.stringMatching(message) as string });
  });

  it('finds the places of the nodes in the document, of this very statement', async () => {
    const explained = await request<ExplainResult>(explainRequest, { target: { uri: uri(), position }, analyze: false });
    if (explained.kind !== 'plan') throw new Error(JSON.stringify(explained));
    const ask = async (sql: string): Promise<PlanPlacesResult> => request(planPlacesRequest, { uri: uri(), position, plan: explained.plan, sql });
    const { places } = await ask(explained.sql);
    const lines = CODE.split('\n');
    const texts = places.map(({ kind, range }) => `${kind}: ${lines[range.start.line]!.slice(range.start.character, range.end.character)}`);
    expect(texts).toEqual(expect.arrayContaining(['relation: orders', 'condition: o.customer_id = $1', 'limit: LIMIT 20']));
    expect((await ask('select 1')).places).toEqual([]);
  });

  it('finds in a plan what only the schema knows: the key that a slow trigger is of', async () => {
    const text = readFileSync(new URL('../fixtures/slowPlans/foreign-key-trigger.json', import.meta.url), 'utf8').replaceAll('child_big_id_fkey', 'orders_customer_id_fkey').replaceAll('"big"', '"customers"');
    const [plan] = JSON.parse(text) as [Record<string, unknown>];
    const ask = async (params: Omit<PlanFindingsParams, 'target' | 'planned'>): Promise<readonly PlanFinding[]> => ((await request<PlanFindingsResult>(planFindingsRequest, { target: { sql: '' }, planned: false, ...params })).findings ?? []) as readonly PlanFinding[];
    expect(findInPlan(parsePlan(plan))[0]?.advice.flatMap(({ sql }) => sql ?? [])).toEqual([]);
    expect((await ask({ plan }))[0]).toMatchObject({ kind: 'foreign-key-trigger', advice: [{ sql: 'CREATE INDEX CONCURRENTLY ON public.orders (customer_id);' }] });
  });
});

import { describe, expect, it } from 'vitest';
import type { PlannedStatement } from '../../../server/src/core/plan/planner';
import { parsePlan } from '../../../server/src/core/plan/planTree';
import { collectScans } from '../../../server/src/core/plan/plannedScans';
import { TwinError, type Twin } from '../../../server/src/twin/twin';
import { explainUnusedIndexes } from '../../../server/src/workspace/whyNotIndex';
import { readDdl } from '../../support/ddl';

const catalog = await readDdl(`create table t (id int primary key, a bigint, name text, email varchar(80), d jsonb, at timestamptz);
  create index t_a on t (a); create index t_name on t (name); create index t_email on t (email); create index t_open on t (at) where a = 1;`);
const scan = (filter: string): Record<string, unknown> => ({ 'Node Type': 'Seq Scan', 'Relation Name': 't', Schema: 'public', Alias: 't', 'Total Cost': 1000, 'Plan Rows': 300, Filter: filter });
const planned = (plan: Record<string, unknown>): PlannedStatement => {
  const { root } = parsePlan({ Plan: plan });
  return { root, cost: root.totalCost, scans: collectScans(root, { tuples: new Map([['public.t', 1000]]), added: new Map() }), added: [], basis: { volumes: 'server', assumed: [], caveats: [] } };
};
/** A twin whose plan without whole reads is given. */
const twinOf = (filter: string, forced: Record<string, unknown> | undefined, asked: unknown[] = []): Twin => ({
  plan: () => Promise.resolve(planned(scan(filter))),
  without: (_, __, dropped, options) => { asked.push([dropped, options?.settings]); return forced ? Promise.resolve(planned(forced)) : Promise.reject(new TwinError('refused', 'no')); },
  whatIf: () => Promise.reject(new Error('not asked')), status: () => ({ state: 'running' }), stop: () => Promise.resolve(),
});
const why = async (filter: string, twin?: Twin): Promise<string[]> => (await explainUnusedIndexes(twin, catalog, 'select', parsePlan({ Plan: scan(filter) }))).map(({ text }) => text);

describe('why an index is not used', () => {
  it.each([
    ["((t.a)::text = '5'::text)", 't_a is not used: the condition compares a as text, the column is bigint.'],
    ["((t.a)::numeric = '5'::numeric)", 't_a is not used: the condition compares a as numeric, the column is bigint.'],
    ["(lower(t.name) = 'x'::text)", 't_name is not used: the condition compares lower(name), the index has name itself.'],
    ["(t.name ~~ '%x'::text)", 't_name is not used: the pattern begins with a wildcard: a b-tree has no place to start from.'],
    ["((t.email)::text ~~* 'x%'::text)", 't_email is not used: a b-tree index does not answer ILIKE.'],
    ["(t.name <> 'x'::text)", 't_name is not used: no index answers <>: it would lead to nearly all rows.'],
    ["((t.a = 1) OR (t.d = '{}'::jsonb))", 't_a is not used: a stands in an OR whose other side it does not answer.'],
  ])('is told by the condition: %s', async (filter, expected) => {
    expect(await why(filter)).toEqual([expected]);
  });
  it.each(["(t.d = '{}'::jsonb)", "(t.name ~~ $1)", "((t.a = 1) OR (t.a = 2))", '(t.name = (t.name || t.email))', '(t.id = (t.customer_id)::integer)', "((t.a)::bigint = ANY ($1))", '(t.a = (c.id)::numeric)', '((c.a = 1) OR (c.id = 2))'])('is not told where nothing proves it: %s', async (filter) => {
    expect(await why(filter)).toEqual([]);
  });
  it('is asked of the twin where the index could answer: with whole reads off and without the others', async () => {
    const asked: unknown[] = [];
    const by = (index: string, cost: number): Record<string, unknown> => ({ 'Node Type': 'Index Scan', 'Index Name': index, 'Relation Name': 't', Schema: 'public', Alias: 't', 'Total Cost': cost, 'Plan Rows': 300 });
    expect(await why('(t.a < 9)', twinOf('(t.a < 9)', by('t_a', 2500), asked))).toEqual(["t_a is not used: by it the plan would cost 2,500 instead of 1,000; the condition keeps about 30 % of the rows (asked of the twin, with your server's statistics)."]);
    expect(asked).toEqual([[['public.t_pkey', 'public.t_name', 'public.t_email', 'public.t_open'], { enable_seqscan: 'off' }]]);
    expect(await why('(t.a < 9)', twinOf('(t.a < 9)', by('t_name', 2500)))).toEqual([]);
    expect(await why('(t.a < 9)', twinOf('(t.a < 9)', undefined))).toEqual([]);
    expect(await why('(t.at > now())', twinOf('(t.at > now())', scan('(t.at > now())')))).toEqual(['t_open is not used: the query does not say that a = 1, and the index has those rows alone.']);
    expect(await why('(t.a < 9)')).toEqual([]);
  });
  it('is not told by a cost that is not the index\'s own: a whole read that is left counts 10,000,000,000 before PostgreSQL 18, and others are read otherwise', async () => {
    const other = (type: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({ 'Node Type': type, 'Relation Name': 'o', Schema: 'public', Alias: 'o', 'Total Cost': 10, 'Plan Rows': 3, ...more });
    const join = (cost: number, ...children: Record<string, unknown>[]): Record<string, unknown> => ({ 'Node Type': 'Nested Loop', 'Total Cost': cost, 'Plan Rows': 3, Plans: children });
    const byIndex = { 'Node Type': 'Index Scan', 'Index Name': 't_a', 'Relation Name': 't', Schema: 'public', Alias: 't', 'Total Cost': 340, 'Plan Rows': 300 };
    const ask = async (after: Record<string, unknown>): Promise<string[]> => why('(t.a < 9)', { ...twinOf('(t.a < 9)', after), plan: () => Promise.resolve(planned(join(420, scan('(t.a < 9)'), other('Seq Scan')))) });
    expect(await ask(join(850, byIndex, other('Seq Scan')))).toMatchObject([expect.stringContaining('would cost 850 instead of 420') as string]);
    expect(await ask(join(10_000_000_350, byIndex, other('Seq Scan')))).toEqual([]);
    expect(await ask(join(850, byIndex, other('Index Scan', { 'Index Name': 'o_pkey' })))).toEqual([]);
    // A server that says what is disabled has no such cost: this plan is that dear.
    expect(await ask({ ...join(10_000_000_350, byIndex, other('Seq Scan')), Disabled: false })).toHaveLength(1);
  });
});

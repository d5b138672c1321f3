import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PlanModel, PlanNode } from '../../../server/src/core/plan/planTree';
import { collectNodes, parsePlan } from '../../../server/src/core/plan/planTree';

const folder = join(import.meta.dirname, '../../fixtures/plans');
const names = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));
const plan = (name: string): PlanModel => parsePlan(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')));
const node = (name: string, type: string): PlanNode => {
  const found = collectNodes(plan(name).root).find((item) => item.nodeType === type);
  if (found === undefined) throw new Error(`no ${type} in ${name}: ${collectNodes(plan(name).root).map((item) => item.nodeType).join(', ')}`);
  return found;
};
const sum = (model: PlanModel, of: (item: PlanNode) => number | undefined): number => collectNodes(model.root).reduce((total, item) => total + (of(item) ?? 0), 0);

describe('self figures add up to the whole', () => {
  it.each(names.filter((name) => name !== 'estimate-only'))('%s', (name) => {
    const model = plan(name);
    const total = model.root.totalMs ?? 0;
    expect(sum(model, (item) => item.selfMs)).toBeGreaterThan(total * 0.98 - 0.02);
    expect(sum(model, (item) => item.selfMs)).toBeLessThan(total * 1.02 + 0.02);
    expect(collectNodes(model.root).every((item) => (item.selfMs ?? -1) >= 0)).toBe(true);
    const document = (JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as { Plan: Record<string, number> }[])[0]!;
    expect(sum(model, (item) => item.selfHitBlocks)).toBe(document.Plan['Shared Hit Blocks']);
    expect(sum(model, (item) => item.selfReadBlocks)).toBe(document.Plan['Shared Read Blocks']);
  });
});

describe('parsePlan', () => {
  it('names nodes as EXPLAIN does', () => {
    expect(collectNodes(plan('hash-join-aggregate').root).map((item) => item.nodeType)).toContain('HashAggregate');
    expect(collectNodes(plan('parallel-hash-join').root).map((item) => item.nodeType)).toEqual(expect.arrayContaining(['Parallel Hash Join', 'Parallel Seq Scan']));
    expect(node('update-triggers', 'Update').relation).toBe('i');
  });

  it('multiplies by loops and compares one loop with the estimate', () => {
    const inner = collectNodes(plan('nested-loop').root).find((item) => item.index === 'i_o');
    expect(inner?.loops).toBeGreaterThan(1);
    expect(inner?.rows).toBeGreaterThan(100);
    expect(inner?.conditions[0]).toMatchObject({ label: 'Index Cond' });
    const subplan = collectNodes(plan('correlated-subplan').root).find((item) => item.subplan === 'SubPlan 1');
    expect(subplan).toMatchObject({ loops: 3000, rows: 3000, factor: 1 });
  });

  it('does not divide what only the leader ran', () => {
    const model = plan('parallel-bitmap');
    const index = collectNodes(model.root).find((item) => item.nodeType === 'Bitmap Index Scan');
    const raw = JSON.stringify(JSON.parse(readFileSync(join(folder, 'parallel-bitmap.json'), 'utf8')));
    const time = Number(/"Bitmap Index Scan".*?"Actual Total Time":([\d.]+)/.exec(raw)?.[1]);
    expect(index?.totalMs).toBeCloseTo(time, 6);
    for (const name of ['parallel-bitmap', 'parallel-hash-join', 'parallel-not-verbose'])
      for (const item of collectNodes(plan(name).root)) expect(item.totalMs ?? 0).toBeLessThanOrEqual((plan(name).root.totalMs ?? 0) * 1.02);
  });

  it('gives a CTE\'s time to the CTE, not to its readers', () => {
    const all = collectNodes(plan('cte-read-twice').root);
    const cte = all.find((item) => item.subplan === 'CTE c');
    const readers = all.filter((item) => item.nodeType === 'CTE Scan');
    expect(readers).toHaveLength(2);
    expect(readers.reduce((total, item) => total + (item.selfMs ?? 0), 0)).toBeLessThan((cte?.totalMs ?? 0) * 0.1);
  });

  it('takes an InitPlan out of the node that evaluates it', () => {
    const scan = collectNodes(plan('init-plan').root).find((item) => item.relation === 'o');
    const inits = collectNodes(plan('init-plan').root).filter((item) => item.subplan?.startsWith('InitPlan') === true);
    expect(inits).toHaveLength(3);
    expect(scan?.selfMs ?? 0).toBeLessThan(inits.reduce((total, item) => total + (item.totalMs ?? 0), 0));
  });

  it('reads thousands of CTEs and InitPlans in steps that grow with them, not with their square', () => {
    /** A plan of so many CTEs and InitPlans, each read by one node; `steps`: how often the reader looked at a property of a node. */
    const build = (count: number): { readonly model: PlanModel; readonly steps: number } => {
      let steps = 0;
      const counted = (raw: Record<string, unknown>): unknown => new Proxy(raw, { get: (target, key) => { steps++; return Reflect.get(target, key) as unknown; } });
      const ran = (type: string, ms: number, more: Record<string, unknown>): unknown => counted({ 'Node Type': type, 'Total Cost': 1, 'Plan Rows': 1, 'Actual Total Time': ms, 'Actual Rows': 1, 'Actual Loops': 1, ...more });
      const plans = Array.from({ length: count }, (_, i) => [
        ran('Seq Scan', 1, { 'Parent Relationship': 'InitPlan', 'Subplan Name': `CTE c${i}` }), ran('Result', 1, { 'Parent Relationship': 'InitPlan', 'Subplan Name': `InitPlan ${i} (returns $${i})` }),
        ran('CTE Scan', 3, { 'Parent Relationship': 'Member', 'CTE Name': `c${i}`, Filter: `(a = $${i})` }), ran('Index Scan', 1, { 'Parent Relationship': 'SubPlan', 'Subplan Name': `SubPlan ${i}` }),
      ]).flat();
      const model = parsePlan({ Plan: ran('Append', count * 4, { Plans: plans, 'Total Cost': count * 4, Filter: Array.from({ length: count }, (_, i) => `(SubPlan ${i})`).join(' AND ') }) });
      return { model, steps };
    };
    const [small, large] = [build(500), build(2000)];
    expect(large.steps).toBeLessThan(small.steps * 4.5);
    const huge = build(3000).model;
    expect(huge.root.selfMs).toBe(0);
    expect(collectNodes(huge.root).slice(1, 5).map(({ nodeType, selfMs }) => [nodeType, selfMs])).toEqual([['Seq Scan', 1], ['Result', 1], ['CTE Scan', 1], ['Index Scan', 1]]);
  });

  it('reads a CTE by the nearest of its name, and not inside itself', () => {
    const ran = (type: string, ms: number, more: Record<string, unknown>, ...Plans: unknown[]): Record<string, unknown> => ({ 'Node Type': type, 'Actual Total Time': ms, 'Actual Rows': 1, 'Actual Loops': 1, ...more, Plans });
    const scan = ran('CTE Scan', 6, { 'CTE Name': 'c' });
    const inner = ran('Limit', 7, { 'Parent Relationship': 'InitPlan', 'Subplan Name': 'CTE c' }, ran('CTE Scan', 6, { 'CTE Name': 'c' }));
    const model = parsePlan({ Plan: ran('Result', 30, {}, ran('Seq Scan', 5, { 'Parent Relationship': 'InitPlan', 'Subplan Name': 'CTE c' }), ran('Aggregate', 20, {}, inner, ran('CTE Scan', 8, { 'CTE Name': 'c' })), scan) });
    // The outer CTE is read by the scan at the top and the one in the inner CTE, half and half.
    expect(collectNodes(model.root).map(({ nodeType, selfMs }) => [nodeType, selfMs])).toEqual([['Result', 4], ['Seq Scan', 5], ['Aggregate', 12], ['Limit', 1], ['CTE Scan', 3.5], ['CTE Scan', 1], ['CTE Scan', 3.5]]);
  });

  it('charges a SubPlan in a filter for the rows that are checked, not for those that pass', () => {
    const subplan = { 'Node Type': 'Index Scan', 'Parent Relationship': 'SubPlan', 'Subplan Name': 'SubPlan 1', 'Total Cost': 8.3, 'Plan Rows': 1 };
    const costs = (more: Record<string, unknown>, inner: Record<string, unknown> = subplan): number[] => collectNodes(parsePlan({ Plan: { 'Node Type': 'Seq Scan', 'Total Cost': 83_500, 'Plan Rows': 50, ...more, Plans: [inner] } }).root).map(({ selfCost }) => Math.round(selfCost));
    const filter = { Filter: '(a = (SubPlan 1))' };
    const ran = { 'Actual Rows': 10, 'Actual Loops': 1, 'Rows Removed by Filter': 9990 };
    // With or without having run: the cost has room for about ten thousand runs.
    for (const [own = 0, below = 0] of [costs({ ...filter, ...ran }), costs(filter)]) {
      expect(own + below).toBe(83_500);
      expect(below).toBeGreaterThanOrEqual(83_000);
    }
    expect(costs({ Output: ['(SubPlan 1)'], ...ran })).toEqual([83_500 - 415, 415]);
    expect(costs({ Filter: '(hashed SubPlan 1)', ...ran })).toEqual([83_492, 8]);
    expect(costs({ ...ran, 'Total Cost': 1130, Filter: 'EXISTS(SubPlan 1)' }, { ...subplan, 'Plan Rows': 100 })).toEqual([300, 830]);
  });

  it('marks what never ran, and judges nothing there', () => {
    const never = collectNodes(plan('never-executed').root).filter((item) => item.neverExecuted);
    expect(never.length).toBeGreaterThan(0);
    expect(never.every((item) => item.factor === undefined && item.rows === 0 && item.selfMs === 0)).toBe(true);
  });

  it('does not call a node below LIMIT overestimated', () => {
    const below = collectNodes(plan('nested-loop').root).slice(1);
    expect(below.every((item) => item.factor === undefined || item.factor >= 1)).toBe(true);
    expect(node('limit-sort', 'Bitmap Heap Scan').factor).toBeDefined();
  });

  it('says what concerns the whole', () => {
    expect(plan('sort-on-disk').notes.join()).toContain('did not fit work_mem');
    expect(plan('one-time-filter').notes).toContain('A condition can never be true: that part of the query returns nothing');
    expect(plan('limit-sort').planningMs).toBeGreaterThan(0);
  });

  it('reads a plan that was not run', () => {
    const model = plan('estimate-only');
    expect(model.analyzed).toBe(false);
    expect(model.root).toMatchObject({ nodeType: 'Limit', neverExecuted: false, estimatedRows: 20 });
    expect([model.root.selfMs, model.root.rows, model.root.factor, model.executionMs]).toEqual([undefined, undefined, undefined, undefined]);
    expect(sum(model, (item) => item.selfCost) / model.root.totalCost).toBeCloseTo(1, 1);
  });

  it.each([undefined, null, [], {}, 'text', { Plan: 3 }, { Plan: { Plans: [null, 1, {}] } }])('never throws on %j', (value) => {
    expect(parsePlan(value).root.nodeType).toBe('Unknown');
  });
});

import { describe, expect, it } from 'vitest';
import { btree, renderIndexColumns, type IndexProposal } from '../../../server/src/core/advice/indexAdvice';
import { proveIndex, toHypothetical } from '../../../server/src/core/advice/proveIndex';
import type { Index, Table } from '../../../server/src/core/catalog/model';
import type { PlanAnswer, PlannedStatement, PlanQuestion } from '../../../server/src/core/plan/planner';
import type { PlanNode } from '../../../server/src/core/plan/planTree';

const existing: Index = { name: 'orders_tenant', method: 'btree', unique: false, valid: true, keys: [{ column: 'tenant_id', descending: false, nullsFirst: false }], include: [] };
const table: Table = {
  schema: 'public', name: 'orders', kind: 'table', constraints: [], foreignKeys: [], indexes: [existing],
  columns: ['tenant_id', 'status', 'created_at', 'total'].map((name) => ({ name, type: 'bigint', notNull: true })),
};
const key = (name: string): IndexProposal['keys'][number] => ({ sql: name, name });
const index = (...names: readonly string[]): IndexProposal => btree(table, names.map(key));
const covering = btree(table, [key('tenant_id'), key('status'), key('created_at')], undefined, ['total']);
const partial = btree(table, [key('tenant_id'), key('status'), key('created_at')], 'status = 1');

/** Costs and sizes as a planner gave them, by the index's columns; undefined: not used. */
type Measured = Readonly<Record<string, readonly [cost: number, pages: number] | undefined>>;

const root = (totalCost: number): PlanNode => ({ id: 0, nodeType: 'Seq Scan', relation: 'orders', schema: 'public', conditions: [], neverExecuted: false, estimatedRows: 1, selfCost: totalCost, totalCost, children: [] });

function plan(before: number, measured: Measured, question: PlanQuestion, scanCost = 0): PlannedStatement {
  const found = (question.add ?? []).map((hypothetical) => ({ hypothetical, figures: measured[hypothetical.definition.replace('USING btree ', '')] }));
  const best = found.filter((f) => f.figures).sort((a, b) => (a.figures?.[0] ?? 0) - (b.figures?.[0] ?? 0))[0];
  const cost = Math.min(before, best?.figures?.[0] ?? before);
  return {
    root: root(cost), cost, basis: { volumes: 'server', assumed: [], caveats: [] },
    scans: scanCost > 0 ? [{ node: root(scanCost), table: 'public.orders', alias: 'orders', method: 'Seq Scan', rowsKept: 1, cost: scanCost, indexConditions: [], filters: [], repeated: false }] : [],
    added: found.map((f) => ({ index: f.hypothetical, used: f === best, pages: f.figures?.[1] ?? 10 })),
  };
}

const prove = (before: number, measured: Measured, candidates: readonly IndexProposal[], scanCost?: number) =>
  proveIndex({ sql: 'SELECT 1', candidates, planner: { plan: (question): PlanAnswer => ({ state: 'planned', plan: plan(before, measured, question, scanCost) }) } });

const chosen = (...args: Parameters<typeof prove>): string => {
  const proved = prove(...args);
  return proved.state === 'proved' ? renderIndexColumns(proved.proposal) : proved.state;
};

describe('which index is chosen', () => {
  const all = [index('tenant_id', 'status', 'created_at'), index('tenant_id', 'created_at'), index('tenant_id', 'status'), partial, covering];
  const measured: Measured = {
    '(tenant_id, status, created_at)': [207, 4900], '(tenant_id, created_at)': [606, 3900], '(tenant_id, status)': [5340, 900],
    '(tenant_id, status, created_at) WHERE status = 1': [201, 1200], '(tenant_id, status, created_at) INCLUDE (total)': [150, 6000],
  };
  it('takes the smallest within a fifth of the cheapest', () => expect(chosen(10489, measured, all)).toBe('(tenant_id, status, created_at) WHERE status = 1'));
  it('prefers the whole index where the partial one is about as large', () =>
    expect(chosen(10489, { ...measured, '(tenant_id, status, created_at) WHERE status = 1': [201, 4500] }, all)).toBe('(tenant_id, status, created_at)'));
  it('takes a covering one only where it saves more than five-fold', () => {
    expect(chosen(10489, { ...measured, '(tenant_id, status, created_at) INCLUDE (total)': [3, 6000] }, all)).toBe('(tenant_id, status, created_at) INCLUDE (total)');
    expect(chosen(10489, measured, [index('tenant_id', 'created_at'), covering])).toBe('(tenant_id, created_at)');
  });
  it('decides between permuted keys by rule, not by noise', () =>
    expect(chosen(10489, { '(tenant_id, status, created_at)': [207, 4900], '(status, tenant_id, created_at)': [179, 4900] }, [index('tenant_id', 'status', 'created_at'), index('status', 'tenant_id', 'created_at')])).toBe('(tenant_id, status, created_at)'));
  it('takes none that the planner does not use', () => expect(chosen(10489, {}, all)).toBe('none'));
  it('takes none that saves less than half', () => expect(chosen(1000, { '(tenant_id, status)': [600, 10] }, all)).toBe('none'));
  it('takes none where the table is small', () => expect(chosen(90, { '(tenant_id, status)': [8, 10] }, all)).toBe('none'));
  it('counts what it saves of its own table where others cost more', () => {
    expect(chosen(10_000, { '(tenant_id, status)': [7000, 10] }, [index('tenant_id', 'status')], 3200)).toBe('(tenant_id, status)');
    expect(chosen(100_000, { '(tenant_id, status)': [97_000, 10] }, [index('tenant_id', 'status')], 3200)).toBe('none');
  });
});

describe('an index that exists', () => {
  it('is extended where it begins the new one, or lacks only the INCLUDE', () => {
    const proved = prove(10_000, { '(tenant_id, status)': [10, 10] }, [index('tenant_id', 'status')]);
    expect(proved.state === 'proved' && proved.proposal.extends?.name).toBe('orders_tenant');
    const widened = btree(table, [key('tenant_id')], undefined, ['total']);
    expect(widened.extends?.name).toBe('orders_tenant');
    expect(btree(table, [key('status'), key('tenant_id')]).extends).toBeUndefined();
    expect(btree(table, [key('tenant_id'), key('status')], 'status = 1').extends).toBeUndefined();
  });
});

describe('asking', () => {
  const candidates = [index('tenant_id', 'status'), index('status'), index('created_at')];
  it('puts all questions of a round before it waits', () => {
    const asked: PlanQuestion[] = [];
    let known: readonly string[] = [];
    const planner = {
      plan(question: PlanQuestion): PlanAnswer {
        asked.push(question);
        return known.includes(JSON.stringify(question)) ? { state: 'planned', plan: plan(10_000, { '(tenant_id, status)': [10, 10] }, question) } : { state: 'pending' };
      },
    };
    const rounds: number[] = [];
    for (let state = 'pending'; state === 'pending'; ) {
      asked.length = 0;
      state = proveIndex({ sql: 'SELECT 1', candidates, planner }).state;
      rounds.push(asked.filter((q) => !known.includes(JSON.stringify(q))).length);
      known = [...known, ...asked.map((q) => JSON.stringify(q))];
    }
    expect(rounds).toEqual([2, 3, 0]);
  });
  it('passes on that there is no planner, or that it cannot plan the statement', () => {
    expect(proveIndex({ sql: '', candidates, planner: { plan: () => ({ state: 'unavailable' }) } })).toEqual({ state: 'unavailable' });
    expect(proveIndex({ sql: '', candidates, planner: { plan: () => ({ state: 'refused', reason: 'no such column' }) } })).toEqual({ state: 'refused', reason: 'no such column' });
  });
  it('goes on without a candidate that cannot be built', () => {
    const planner = { plan: (q: PlanQuestion): PlanAnswer => ((q.add?.length ?? 0) > 1 || q.add?.[0]?.definition.includes('(status)') ? { state: 'refused', reason: 'no operator class' } : { state: 'planned', plan: plan(10_000, { '(created_at)': [10, 10] }, q) }) };
    const proved = proveIndex({ sql: '', candidates, planner });
    expect(proved.state === 'proved' && renderIndexColumns(proved.proposal)).toBe('(created_at)');
  });
  it('names the index as the planner takes it', () =>
    expect(toHypothetical(partial)).toEqual({ table: 'public.orders', definition: 'USING btree (tenant_id, status, created_at) WHERE status = 1' }));
});

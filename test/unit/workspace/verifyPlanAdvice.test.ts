import { describe, expect, it } from 'vitest';
import type { PlanFinding } from '../../../server/src/core/plan/findings';
import type { HypotheticalIndex, PlannedStatement } from '../../../server/src/core/plan/planner';
import { TwinError, type Twin } from '../../../server/src/twin/twin';
import { knownToPlans, verifyFindings, verifyPlanAdvice } from '../../../server/src/workspace/verifyPlanAdvice';
import { readDdl } from '../../support/ddl';

const catalog = await readDdl('create table orders (id int primary key, customer int not null); create table items (id int primary key, order_id int constraint items_order references orders)');
const planned = (cost: number, nodeType: string, used?: boolean): PlannedStatement => ({
  root: { id: 0, nodeType, conditions: [], neverExecuted: false, estimatedRows: 1, selfCost: cost, totalCost: cost, children: [] }, cost, scans: [],
  added: used === undefined ? [] : [{ index: { table: 'public.orders', definition: 'USING btree (customer)' }, used, pages: 3 }], basis: { volumes: 'server', assumed: [], caveats: [] },
});
/** A twin that plans one statement, and tells what it was asked. */
function twinOf(asked: unknown[], used = true): Twin {
  return {
    plan: async (_, sql, options) => {
      asked.push([sql, options?.settings]);
      if (sql.includes('nothing')) throw new TwinError('refused', 'no such table');
      return options?.settings ? planned(50, 'HashAggregate') : planned(100, 'GroupAggregate');
    },
    whatIf: async (_, sql, sets) => { asked.push([sql, sets]); return sets.map((set: readonly HypotheticalIndex[]) => planned(set.length > 0 && used ? 10 : 100, 'Index Scan', used)); },
    without: () => Promise.reject(new Error('not asked')), status: () => ({ state: 'running' }), stop: () => Promise.resolve(),
  };
}
const index = { kind: 'index', sql: 'CREATE INDEX ON orders (customer);', table: 'orders', definition: 'USING btree (customer)' } as const;

describe('verifyPlanAdvice', () => {
  it('has the twin plan with the index, named as the catalog names its table', async () => {
    const asked: unknown[] = [];
    expect(await verifyPlanAdvice(twinOf(asked), catalog, 'select 1', index)).toEqual({ state: 'verified', before: 100, after: 10, used: true, basis: "your server's statistics" });
    expect(asked[1]).toEqual(['select 1', [[{ table: 'public.orders', definition: 'USING btree (customer)' }]]]);
    expect(await verifyPlanAdvice(twinOf([], false), catalog, 'select 1', { ...index, table: 'public.orders' })).toMatchObject({ state: 'verified', used: false, after: 100 });
  });
  it('under a setting, and with another statement', async () => {
    const asked: unknown[] = [];
    expect(await verifyPlanAdvice(twinOf(asked), catalog, 'select 1', { kind: 'setting', name: 'work_mem', value: '64MB' })).toMatchObject({ state: 'verified', before: 100, after: 50, used: true });
    expect(asked).toEqual([['select 1', undefined], ['select 1', { work_mem: '64MB' }]]);
    expect(await verifyPlanAdvice(twinOf([]), catalog, 'select 1', { kind: 'statement', sql: 'select 2' })).toMatchObject({ state: 'verified', used: false });
  });
  it('says why it cannot', async () => {
    for (const [twin, known, sql, whatIf, reason] of [
      [twinOf([]), catalog, undefined, index, 'the statement of the plan is not known'], [undefined, catalog, 'select 1', index, 'there is no planner here'], [twinOf([]), undefined, 'select 1', index, 'no schema is known here'],
      [twinOf([]), catalog, 'select 1', { ...index, table: 'public.other' }, 'the schema that is known here has no table public.other'], [twinOf([]), catalog, 'select nothing', index, 'the twin cannot plan it: no such table'],
    ] as const) expect(await verifyPlanAdvice(twin, known, sql, whatIf)).toEqual({ state: 'unverified', reason });
  });
  it('asks about the same advice once', async () => {
    const asked: unknown[] = [];
    const finding = { kind: 'wasted-reads', advice: [{ text: '', whatIf: index }, { text: 'no what-if' }] } as unknown as PlanFinding;
    const verified = await verifyFindings(twinOf(asked), catalog, 'select 1', [finding, finding]);
    expect(verified.map(({ advice, verdict }) => [advice, verdict.state])).toEqual([[0, 'verified'], [0, 'verified']]);
    expect(asked).toHaveLength(2);
  });
  it('finds the table of a foreign key by its constraint and the table that it refers to', async () => {
    expect(knownToPlans(catalog).foreignKey?.('items_order', 'orders')).toEqual({ schema: 'public', table: 'items', columns: ['order_id'], indexed: false });
    expect(knownToPlans(catalog).foreignKey?.('items_order', 'customers')).toBeUndefined();
    expect(knownToPlans(undefined).foreignKey?.('items_order', 'orders')).toBeUndefined();
    const several = await readDdl(`create table users (id int, region int, primary key (id, region)) partition by list (region); create table users_eu partition of users for values in (1);
      create table a (user_id int, region int, constraint fk foreign key (user_id, region) references users); create index on a (region, user_id); create table b (c int constraint fk references a2); create table a2 (id int primary key); create table c (d int constraint fk references a2);`);
    expect(knownToPlans(several).foreignKey?.('fk', 'users_eu')).toEqual({ schema: 'public', table: 'a', columns: ['user_id', 'region'], indexed: true });
    expect(knownToPlans(several).foreignKey?.('fk', 'a2')).toBeUndefined();
  });
  it('keeps tables of one name apart by their schemas, where they are known, and says that one is partitioned', async () => {
    const two = await readDdl(`create schema old; create table users (id int primary key); create table old.users (id int primary key);
      create table a (b int constraint fk references users, k int) partition by list (k); create table old.a (c int constraint fk references old.users);`);
    const { foreignKey } = knownToPlans(two);
    expect(foreignKey?.('fk', 'users', 'old')).toEqual({ schema: 'old', table: 'a', columns: ['c'], indexed: false });
    expect(foreignKey?.('fk', 'users', 'public')).toEqual({ schema: 'public', table: 'a', columns: ['b'], indexed: false, partitioned: true });
    expect(foreignKey?.('fk', 'users')).toBeUndefined();
    expect(foreignKey?.('fk', 'users', 'other')).toBeUndefined();
  });
});

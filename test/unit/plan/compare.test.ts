import { describe, expect, it } from 'vitest';
import { comparePlans, flatten, type PlanDiff } from '../../../server/src/core/plan/compare';
import { judgeDiff, summariseDiff } from '../../../server/src/core/plan/compareSummary';
import { parsePlan } from '../../../server/src/core/plan/planTree';
import { relateStatements } from '../../../server/src/core/plan/sameStatement';

type Raw = Record<string, unknown>;
const node = (type: string, more: Raw = {}, ...children: Raw[]): Raw => ({ 'Node Type': type, 'Startup Cost': 0, 'Total Cost': 10, 'Plan Rows': 5, 'Plan Width': 4, ...more, ...(children.length > 0 ? { Plans: children } : {}) });
const scan = (alias: string, more: Raw = {}): Raw => node('Seq Scan', { 'Relation Name': `${alias}s`, Alias: alias, ...more });
const compare = (before: Raw, after: Raw): PlanDiff => comparePlans(parsePlan({ Plan: before }), parsePlan({ Plan: after }));
const rows = (diff: PlanDiff): string[] => flatten(diff.roots).map(({ status, before, after, changes }) => [status, before?.nodeType, after?.nodeType, ...changes].filter(Boolean).join(' | '));

describe('comparePlans', () => {
  it('of a plan with itself changes nothing', () => {
    const plan = node('Limit', {}, node('Sort', { 'Sort Key': ['a'] }, node('Hash Join', {}, scan('o'), node('Hash', {}, scan('i')))));
    const diff = compare(plan, plan);
    expect(diff.sameShape).toBe(true);
    expect(flatten(diff.roots).every(({ status, delta }) => status === 'same' && delta.selfCost === 0)).toBe(true);
    expect(diff.totals).toEqual([{ label: 'cost', unit: 'cost', before: 10, after: 10 }]);
  });
  it('finds the same relation read otherwise, and a sort that an index made needless', () => {
    const diff = compare(
      node('Limit', {}, node('Sort', { 'Sort Key': ['at'] }, scan('o', { Filter: '(a = 1)', 'Total Cost': 1000 }))),
      node('Limit', {}, node('Index Scan', { 'Relation Name': 'os', Alias: 'o', 'Index Name': 'o_a_at', 'Index Cond': '(a = 1)', 'Total Cost': 20 })),
    );
    expect(rows(diff)).toEqual(['same | Limit | Limit', 'removed | Sort', 'changed | Seq Scan | Index Scan | Seq Scan → Index Scan using o_a_at | condition gone: Filter: (a = 1) | condition new: Index Cond: (a = 1)']);
    expect(flatten(diff.roots)[2]?.delta.totalCost).toBe(-980);
    expect(diff.sameShape).toBe(false);
  });
  it('keeps sides of a join apart by alias, and sees a Gather put on top', () => {
    const diff = compare(
      node('Hash Join', { 'Join Type': 'Inner' }, scan('a', { 'Relation Name': 't' }), node('Hash', {}, scan('b', { 'Relation Name': 't' }))),
      node('Gather', { 'Workers Planned': 2 }, node('Merge Join', { 'Join Type': 'Left' }, scan('b', { 'Relation Name': 't' }), scan('a', { 'Relation Name': 't', 'Parallel Aware': true }))),
    );
    expect(rows(diff)).toEqual(['added | Gather', 'changed | Hash Join | Merge Left Join | Hash Join → Merge Left Join', 'removed | Hash', 'same | Seq Scan | Seq Scan', 'changed | Seq Scan | Parallel Seq Scan | Seq Scan → Parallel Seq Scan']);
  });
  it('never takes rows that were counted from rows that were expected', () => {
    const estimated = scan('o', { 'Plan Rows': 5 });
    const measured = scan('o', { 'Plan Rows': 8, 'Actual Rows': 1000, 'Actual Loops': 3, 'Actual Total Time': 4 });
    const mixed = compare(estimated, measured);
    expect([mixed.rows, mixed.roots[0]?.delta.rows]).toEqual(['estimated', 3]);
    const both = compare(measured, scan('o', { 'Plan Rows': 8, 'Actual Rows': 100, 'Actual Loops': 3, 'Actual Total Time': 4 }));
    expect([both.rows, both.roots[0]?.delta.rows]).toEqual(['actual', -2700]);
    expect(flatten(compare(estimated, { ...measured, Alias: 'x', 'Relation Name': 'xs' }).roots).map(({ delta }) => delta.rows)).toEqual([-5, 8]);
  });
  it('keeps what has nothing in common apart', () => {
    expect(rows(compare(scan('x'), scan('y')))).toEqual(['removed | Seq Scan', 'added | Seq Scan']);
  });
});

it('lays large plans of equal nodes over each other in no time to speak of', () => {
  const wide = node('Append', {}, ...Array.from({ length: 20_000 }, () => node('Result')));
  expect(compare(wide, wide).sameShape).toBe(true);
});

describe('judgeDiff', () => {
  const judge = (before: Raw, after: Raw): ReturnType<typeof judgeDiff> => judgeDiff(parsePlan({ Plan: before }), parsePlan({ Plan: after }));
  it('does not judge by a cost that holds disable_cost', () => {
    const [dear, cheap] = [scan('o', { 'Total Cost': 10_000_000_200 }), scan('o', { 'Total Cost': 250 })];
    for (const verdict of [judge(dear, cheap), judge(cheap, dear)]) expect(verdict).toMatchObject({ verdict: 'same', note: expect.stringContaining('cannot be compared') as string });
    expect(summariseDiff(compare(cheap, dear), judge(cheap, dear))).toMatch(/^Not judged: cost 250 → 10,000,000,200 .*switches off.* The plan is the same\.$/);
    expect(judge(scan('o', { 'Total Cost': 20_000_000_000, Disabled: false }), { ...cheap, Disabled: false })).toEqual({ metric: 'cost', before: 20_000_000_000, after: 250, verdict: 'better' });
  });
});

describe('relateStatements', () => {
  const relate = (before: Raw, after: Raw, ...[old, fresh]: (string | undefined)[]): string => relateStatements({ model: parsePlan({ Plan: before }), sql: old }, { model: parsePlan({ Plan: after }), sql: fresh }, (sql) => (sql.includes('broken') ? undefined : sql));
  it('takes other constants, lists of another length and another layout for the same statement', () => {
    expect(relate(scan('o'), scan('x'), 'select id from os o where a = 1 and b in (1, 2)', 'SELECT id\nFROM os o\nWHERE a = $1 AND b IN ($2);')).toBe('same');
  });
  it('tells two statements by their texts and relations', () => {
    expect(relate(scan('o'), node('Nested Loop', {}, scan('o'), scan('i')), 'select * from os o', 'select * from os o join "is" i using (id)')).toBe('other');
    expect(relate(scan('o'), scan('o'), 'select * from os o where a = 1', 'select * from os o where b = 1')).toBe('rewritten');
    expect(relate(scan('o'), scan('x'), 'select * from os o', 'select * from xs x')).toBe('other');
  });
  it('by the relations alone where a text is not known, or is no statement of its own', () => {
    expect(relate(scan('o'), scan('x'))).toBe('other');
    expect(relate(scan('o'), scan('x'), undefined, 'select * from xs x')).toBe('other');
    expect(relate(scan('o'), node('Nested Loop', {}, scan('o'), scan('i')))).toBe('unknown');
    for (const text of ['execute q (1)', 'select 1; select * from os o', 'select broken']) expect(relate(scan('o'), scan('o'), text, 'select * from os o')).toBe('unknown');
    // Other partitions of one table, and a plan that reads nothing.
    expect(relate(scan('e', { 'Relation Name': 'e_1', Alias: 'e' }), scan('e', { 'Relation Name': 'e_2', Alias: 'e' }))).toBe('unknown');
    expect(relate(scan('o'), node('Result'))).toBe('unknown');
  });
});

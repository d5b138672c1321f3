import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findInPlan, PLAN_FINDING_KINDS, type FindOptions, type PlanFinding, type PlanFindingKind } from '../../../server/src/core/plan/findings';
import { collectNodes, parsePlan } from '../../../server/src/core/plan/planTree';
import { readCorpus } from '../../support/planCorpus';
import { readPairs } from '../../support/slowPlans';

const pairs = readPairs();
/** What a catalog knows of the tables in scripts/slowPlanCases.mjs. */
const known: FindOptions = {
  relationRows: ({ relation }) => ({ big: 200_000, child: 100_000 })[relation ?? ''],
  partitionKey: ({ relation }) => (/^events_\d+$/.test(relation ?? '') ? { table: 'events', columns: ['at'], partitions: 12 } : undefined),
};
const kinds = (document: unknown, options: FindOptions = known): PlanFindingKind[] => findInPlan(parsePlan(document), options).map(({ kind }) => kind);
const findingOf = (name: string, basis: 'measured' | 'estimated', options: FindOptions = known): PlanFinding => {
  const pair = pairs.find((item) => item.name === name)!;
  const found = findInPlan(parsePlan(pair[basis]!.slow), options).find(({ kind }) => kind === pair.kind);
  if (!found) throw new Error(`${name}: nothing found`);
  return found;
};

describe('plans of a real server, slow in one way, and their healthy twins', () => {
  it.each(pairs)('$name', ({ kind, measured, estimated }) => {
    for (const pair of [measured, estimated]) {
      if (!pair) continue;
      const found = findInPlan(parsePlan(pair.slow), known).find((finding) => finding.kind === kind);
      expect(found).toBeDefined();
      expect(found!.estimated ?? false).toBe(pair === estimated);
      expect(found!.evidence.length).toBeGreaterThan(0);
      if (found!.nodeId !== undefined) expect(collectNodes(parsePlan(pair.slow).root).some(({ id }) => id === found!.nodeId)).toBe(true);
      expect(kinds(pair.healthy)).not.toContain(kind);
    }
  });
  it('are those of the cases that they are made from', async () => {
    const { cases } = (await import(pathToFileURL(path.resolve(import.meta.dirname, '../../../scripts/slowPlanCases.mjs')).href)) as { readonly cases: readonly { readonly kind: string; readonly name?: string; readonly slow: { readonly sql: string } }[] };
    expect(pairs.map(({ kind, name, sql }) => ({ kind, name, sql }))).toEqual(cases.map(({ kind, name = kind, slow }) => ({ kind, name, sql: slow.sql })));
  });
  it('cover every kind of finding', () => {
    expect([...new Set(pairs.map(({ kind }) => kind))].sort()).toEqual([...PLAN_FINDING_KINDS].sort());
  });
  it('that were not run: nothing is found in a healthy one, nor of times', () => {
    for (const { name, estimated } of pairs) if (estimated) expect(kinds(estimated.healthy), name).toEqual([]);
  });
});

describe('estimates', () => {
  it('say rows where the catalog has them, and are sure by cost where it has not', () => {
    expect(findingOf('wasted-reads', 'estimated').title).toMatch(/^big: about 200,000 rows would be read to keep \d+$/);
    expect(findingOf('wasted-reads', 'estimated', {}).title).toMatch(/^big would be read whole to keep about (?:one row|\d+ rows)$/);
    expect(findingOf('wasted-reads', 'estimated', {}).advice[0]?.sql).toBe('CREATE INDEX CONCURRENTLY ON public.big (tenant, city);');
    expect(findingOf('wasted-reads-jsonb', 'estimated', {}).advice[0]?.sql).toBe('CREATE INDEX CONCURRENTLY ON public.big USING gin (data jsonb_path_ops);');
  });
  it('that rest on a default selectivity need proof, and are silent where nobody proves', () => {
    expect(findingOf('wasted-reads-expression', 'estimated').needsProof).toBe(true);
    expect(kinds(pairs.find(({ name }) => name === 'wasted-reads-expression')!.estimated!.slow, {})).toEqual([]);
    expect(findingOf('wasted-reads', 'estimated').needsProof).toBeUndefined();
  });
  it('advise no column that is compared as another type, where a catalog knows its type', () => {
    const model = parsePlan({ Plan: { 'Node Type': 'Seq Scan', 'Relation Name': 't', 'Total Cost': 90_000, 'Plan Rows': 1, Filter: "(((id)::text = '5'::text) AND ((name)::text = 'x'::text) AND (total = 5))" } });
    const advised = (options: FindOptions): string | undefined => findInPlan(model, options)[0]?.advice[0]?.sql;
    expect(advised({})).toBe('CREATE INDEX CONCURRENTLY ON t (id, name, total);');
    expect(advised({ columnType: (_, column) => ({ id: 'bigint', name: 'character varying(80)' })[column] })).toBe('CREATE INDEX CONCURRENTLY ON t (name, total);');
  });
  it('of OFFSET are silent where the planner did not know it', () => {
    const plan = (startup: number): unknown => ({ Plan: { 'Node Type': 'Limit', 'Startup Cost': startup, 'Total Cost': startup + 2, 'Plan Rows': 20, Plans: [{ 'Node Type': 'Index Scan', 'Relation Name': 't', 'Startup Cost': 0, 'Total Cost': 100_000, 'Plan Rows': 1_000_000, 'Parent Relationship': 'Outer' }] } });
    expect(kinds(plan(40_000))).toEqual(['discarded-rows']);
    expect(kinds(plan(10_000))).toEqual([]);
    expect(kinds(plan(0))).toEqual([]);
  });
  it('of partitions know what prunes: the key itself against anything that is known when the statement starts', () => {
    const plan = (filter: string, parts = 6): unknown => ({ Plan: { 'Node Type': 'Append', 'Total Cost': 6000, 'Plan Rows': 6, Plans: Array.from({ length: parts }, (_, i) => ({ 'Node Type': 'Seq Scan', 'Parent Relationship': 'Member', 'Relation Name': `e_${i}`, Alias: `e_${i + 1}`, 'Total Cost': 1000, 'Plan Rows': 300_000, Filter: filter })) } });
    const unpruned = (filter: string, parts?: number): boolean => kinds(plan(filter, parts), { partitionKey: () => ({ table: 'e', columns: ['at'], partitions: 6 }) }).includes('unpruned-partitions');
    expect(["(at >= $1)", "((kind = 1) AND (at = date_trunc('day'::text, now())))", "(e.at >= (now() - '1 day'::interval))", '(o.at = e.at)', '(at IS NULL)', '((at > $1) OR (kind = 2))'].map((filter) => unpruned(filter))).toEqual([false, false, false, false, false, false]);
    expect(["((at)::date = $1)", "(date_trunc('day'::text, at) = $1)", '(kind = 5)'].map((filter) => unpruned(filter))).toEqual([true, true, true]);
    expect([unpruned('(kind = 5)', 5), unpruned('((kind = 5) OR (data = 1))')]).toEqual([false, false]);
  });
  it('of a whole corpus of small tables are few, and none where costs are made up to disable a node', () => {
    const found = Object.values(readCorpus()).flatMap((plans) => plans.flatMap(({ name, kind, json }) => (kind === 'estimated' ? kinds(json, {}).map((item) => `${name}: ${item}`) : [])));
    expect([...new Set(found)].sort()).toEqual(['gather-merge: sort-could-use-index', 'one-time-filter: never-true', 'top-n: sort-could-use-index']);
  });
});

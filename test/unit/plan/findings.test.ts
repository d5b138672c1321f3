import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findInPlan, type PlanFinding } from '../../../server/src/core/plan/findings';
import type { KnownForeignKey } from '../../../server/src/core/plan/findings/context';
import { comparedColumns, conjunctsOf, indexableConditions } from '../../../server/src/core/plan/findings/predicates';
import { collectNodes, parsePlan, type PlanModel, type PlanNode } from '../../../server/src/core/plan/planTree';
import { readCorpus } from '../../support/planCorpus';

/** Plans of a server, each made slow in the one way that its name says. */
const folder = join(import.meta.dirname, '../../fixtures/slowPlans');
const plan = (name: string): PlanModel => parsePlan(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')));
const only = (name: string): PlanFinding => {
  const found = findInPlan(plan(name));
  expect(found.map(({ kind }) => kind)).toHaveLength(1);
  return found[0]!;
};
const corpus = readCorpus();

describe('a plan that is slow in one way has that finding alone', () => {
  const same: Readonly<Record<string, string>> = { expression: 'wasted-reads', 'wasted-behind-index': 'wasted-reads' };
  it.each(readdirSync(folder).map((file) => file.replace('.json', '')).filter((name) => !name.startsWith('healthy')))('%s', (name) => {
    const finding = only(name);
    expect(finding.kind).toBe(same[name] ?? name);
    expect(finding.share).toBeGreaterThan(0.1);
    expect(finding.evidence.length).toBeGreaterThan(0);
    expect(finding.advice.length).toBeGreaterThan(0);
    if (finding.nodeId !== undefined) expect(collectNodes(plan(name).root).some(({ id }) => id === finding.nodeId)).toBe(true);
  });
  it.each(['healthy', 'healthy-join'])('%s: none', (name) => {
    expect(findInPlan(plan(name))).toEqual([]);
  });
});

it('a condition of a hundred thousand brackets is left alone', () => {
  const deep = `${'('.repeat(100_000)}a = 1${')'.repeat(100_000)}`;
  expect(conjunctsOf(deep)).toEqual([deep]);
});

describe('advice', () => {
  const sql = (name: string): string | undefined => only(name).advice[0]?.sql;
  it('is the index that answers the condition, equality first, expressions as they are', () => {
    expect(sql('wasted-reads')).toBe('CREATE INDEX CONCURRENTLY ON public.big (tenant, email);');
    expect(sql('wasted-behind-index')).toBe('CREATE INDEX CONCURRENTLY ON public.big (city, tenant, payload);');
    expect(sql('expression')).toBe('CREATE INDEX CONCURRENTLY ON public.big ((lower(email)));');
    expect(sql('repeated-subplan')).toBe('CREATE INDEX CONCURRENTLY ON public.child (big_id);');
    expect(only('sort-could-use-index').advice[0]?.whatIf).toMatchObject({ kind: 'index', table: 'public.big', definition: 'USING btree (tenant, email DESC)' });
  });
  it('is memory that is enough, as a setting to try', () => {
    for (const name of ['sort-spill', 'hash-spill', 'lossy-bitmap']) expect(only(name).advice[0]?.whatIf).toMatchObject({ kind: 'setting', name: 'work_mem' });
    expect(sql('sort-spill')).toBe("SET work_mem = '256MB';");
  });
  it('is statistics on columns that go together', () => {
    expect(sql('misestimate')).toContain('(dependencies, mcv) ON city, zip, tenant FROM public.big');
  });
  it('names the referring table of a foreign key where a catalog knows it, and only for rows that are referred to', () => {
    expect(sql('foreign-key-trigger')).toBeUndefined();
    const key = { schema: 'public', table: 'child', columns: ['big_id'], indexed: false };
    const schemas: (string | undefined)[] = [];
    const judge = (change: Record<string, unknown>, node: Record<string, unknown> = {}, known: KnownForeignKey | undefined = key): PlanFinding | undefined => {
      const document = JSON.parse(readFileSync(join(folder, 'foreign-key-trigger.json'), 'utf8')) as { Plan: Record<string, unknown>; Triggers: Record<string, unknown>[] }[];
      const [{ Plan: root, Triggers: [trigger] }] = document as unknown as [{ Plan: Record<string, unknown>; Triggers: [Record<string, unknown>] }];
      return findInPlan(parsePlan({ ...document[0], Plan: { ...root, ...node }, Triggers: [{ ...trigger, ...change }] }), { foreignKey: (name, table, schema) => { schemas.push(schema); return name === 'child_big_id_fkey' && table === 'big' ? known : undefined; } })[0];
    };
    expect(judge({})?.advice[0]?.sql).toBe('CREATE INDEX CONCURRENTLY ON public.child (big_id);');
    expect(judge({}, { Schema: 'shop', 'Relation Name': 'big' })?.kind).toBe('foreign-key-trigger');
    expect(schemas.at(-1)).toBe('shop');
    // CONCURRENTLY is an error on a partitioned table.
    const [split] = judge({}, {}, { ...key, partitioned: true })?.advice ?? [];
    expect([split?.sql, split?.text]).toEqual([undefined, expect.stringMatching(/^Make an index on big_id of child\. The table is partitioned/)]);
    // The child's own check looks up the parent's key: no index of the child helps.
    const child = judge({ 'Trigger Name': 'RI_ConstraintTrigger_c_16491' }, { Operation: 'Update' });
    expect(child).toMatchObject({ kind: 'slow-trigger', advice: [] });
    expect(child?.detail).toContain('the row that it refers to is looked up');
    // Text without VERBOSE has no name: what the statement does may tell.
    expect(judge({ 'Trigger Name': undefined })?.kind).toBe('foreign-key-trigger');
    expect(judge({ 'Trigger Name': undefined }, { Operation: 'Update' })).toMatchObject({ kind: 'slow-trigger', advice: [] });
    expect(judge({ 'Trigger Name': undefined }, { Operation: 'Insert' })).toMatchObject({ kind: 'slow-trigger', advice: [] });
    // There is an index: the rows that go along take the time.
    expect(judge({}, {}, { ...key, indexed: true })).toMatchObject({ kind: 'slow-trigger', advice: [] });
  });
  it('counts hash_mem_multiplier where the plan or the caller tells it', () => {
    const memory = (settings: Record<string, string>, serverVersion?: number): string | undefined => {
      const document = JSON.parse(readFileSync(join(folder, 'hash-spill.json'), 'utf8').replace(/("Peak Memory Usage": *)(\d+)/g, '$1$200')) as Record<string, unknown>[];
      return findInPlan(parsePlan({ ...document[0], Settings: settings }), { serverVersion })[0]?.advice[0]?.sql;
    };
    const megabytes = (statement: string | undefined): number => Number(/'(\d+)MB'/.exec(statement ?? '')?.[1]);
    const plain = megabytes(memory({}, 120_022));
    expect(plain).toBeGreaterThanOrEqual(8);
    expect([memory({}), memory({}, 140_000)].map(megabytes)).toEqual([plain, plain]);
    expect(megabytes(memory({}, 150_004))).toBe(plain / 2);
    expect(megabytes(memory({ hash_mem_multiplier: '1' }, 180_000))).toBe(plain);
    expect(memory({ hash_mem_multiplier: '2' })).toBe(memory({}, 150_004));
  });
});

describe('precision', () => {
  it('of thousands of small plans few have anything, and nothing in the fast ones', () => {
    for (const plans of Object.values(corpus)) for (const { json, name, mode } of plans) {
      const model = parsePlan(json);
      const found = findInPlan(model).filter(({ kind }) => kind !== 'never-true');
      if (model.timed && (model.wholeMs ?? 0) < 5) expect(found, `${name} ${mode}`).toEqual([]);
      if (['index-scan', 'index-only-scan', 'nested-loop', 'cte-recursive', 'never-executed', 'values', 'insert', 'memoize', 'partitions-removed'].includes(name) && mode !== 'alone') expect(found, `${name} ${mode}`).toEqual([]);
    }
  });
  it('the findings are ranked by what is at stake', () => {
    const ranked = corpus['18']!.map(({ json }) => findInPlan(parsePlan(json)).map(({ share }) => share)).filter((shares) => new Set(shares).size > 1);
    expect(ranked.length).toBeGreaterThan(0);
    for (const shares of ranked) expect([...shares].sort((a, b) => b - a)).toEqual(shares);
  });
});

describe('conditions', () => {
  const node = { relation: 'orders', alias: 'o' } as PlanNode;
  it.each([
    ["((status = 'open'::text) AND (total > '3'::numeric))", ['status equality', 'total range']],
    ["((o.a = 1) AND (o.b = ANY ('{1,2}'::integer[])) AND (o.c IS NULL))", ['a equality', 'b equality', 'c equality']],
    ["((name)::text = 'x AND y'::text)", ['name equality']],
    ['(customer = c.id)', ['customer equality']],
    ['(c.id = o.customer)', ['customer equality']],
    ["(lower((email)::text) = 'x'::text)", ['(lower(email)) equality']],
    ['("Weird Column" = $1)', ['"Weird Column" equality']],
    ["((a = 1) OR (b = 2))", []], ["(a <> 1)", []], ["(name ~~ '%x'::text)", []], ['(a = b)', []], ['(NOT active)', []], ["((a + 1) = 2)", []], ["(x.a = 1)", []],
  ])('%s', (text, expected) => {
    expect(indexableConditions(node, text).map(({ key, kind }) => `${key} ${kind}`)).toEqual(expected);
  });
  it('are taken apart at AND alone', () => {
    expect(conjunctsOf("((a = 'x) AND (y'::text) AND ((b = 1) AND (c = 2)) AND ((d = 1) OR (e = 2)))")).toEqual(["a = 'x) AND (y'::text", 'b = 1', 'c = 2', '(d = 1) OR (e = 2)']);
    expect(comparedColumns(node, "((a = 1) AND (lower(b) = 'x'::text))")).toEqual({ columns: ['a'], expressions: ['(lower(b))'] });
  });
});

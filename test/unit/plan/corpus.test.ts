import { beforeEach, describe, expect, it } from 'vitest';
import { collectNodes, parsePlan, type PlanModel } from '../../../server/src/core/plan/planTree';
import { readPlans, type PlanInput } from '../../../server/src/core/plan/read';
import { readCorpus, type CorpusPlan } from '../../support/planCorpus';

const corpus = readCorpus();
const all = Object.entries(corpus).flatMap(([major, plans]) => plans.map((plan) => ({ major, plan })));
const describePlan = (major: string, { name, mode, kind }: CorpusPlan): string => `${major} ${name} ${mode} ${kind}`;

function read(text: string): PlanInput {
  const reading = readPlans(text);
  if (!reading.ok) throw new Error(`${reading.error.message}\n${text.slice(0, 400)}`);
  const [plan, ...more] = reading.plans;
  if (!plan || more.length > 0 || plan.problems.length > 0) throw new Error(`${reading.plans.length} plans, ${plan?.problems.join(' ')}\n${text.slice(0, 400)}`);
  return plan;
}

/** What two runs of a statement need not have alike. */
const VOLATILE = /Blocks$|Time$|^WAL |^(?:Memory|Cache|Sort Space|Average|Peak|Disk Usage|Hash Batches|Hash Buckets|Original Hash|Maximum Storage|Output Volume|Group Count|HashAgg Batches|Index Searches|Heap Fetches|Sort Method)/;
const PARALLEL = /^(?:Actual Rows|Actual Loops|Rows Removed|Workers|Worker Number|Time|Calls|Full-sort|Pre-sorted)/;
/** What was rolled back is still in the table's files. */
const WRITTEN = /Cost$|^(?:Plan|Actual) Rows$/;

/** Without what text leaves out (noughts, what is off, empty lists), and with figures of another run only as being there. */
function comparable(value: unknown, volatile: RegExp, key = ''): unknown {
  if (Array.isArray(value)) return value.length === 0 || key === 'Workers' ? undefined : value.map((item) => comparable(item, volatile, key) ?? null);
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([name, item]) => [name, volatile.test(name) && typeof item !== 'object' ? undefined : comparable(item, volatile, name)] as const).filter(([, item]) => item !== undefined && item !== false && item !== 0);
    return entries.length === 0 ? undefined : Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  return value;
}

/** Plans that are not as they should be, in words; one assertion for thousands of figures. */
const wrong: string[] = [];
const check = (holds: boolean, say: () => string): void => { if (!holds && wrong.length < 20) wrong.push(say()); };
beforeEach(() => { wrong.length = 0; });

describe('the same plan in another format', () => {
  it.each(Object.keys(corpus))('is read the same: PostgreSQL %s', (major) => {
    let compared = 0;
    for (const plan of corpus[major]!) {
      const sources = plan.kind === 'estimated' ? [/^$/] : [VOLATILE, ...(plan.mode === 'serial' ? [] : [PARALLEL]), ...(/^(?:insert|update|delete|merge$|cte-writing)/.test(plan.name) ? [WRITTEN] : [])];
      const volatile = new RegExp(sources.map(({ source }) => source).join('|'));
      const same = (format: string, got: unknown, expected: unknown): void => {
        compared++;
        const [a, b] = [JSON.stringify(comparable(got, volatile)), JSON.stringify(comparable(expected, volatile))];
        check(a === b, () => { const at = [...b].findIndex((c, i) => a[i] !== c); return `${describePlan(major, plan)} ${format}: …${a.slice(Math.max(0, at - 80), at + 80)}… for …${b.slice(Math.max(0, at - 80), at + 80)}…`; });
      };
      for (const format of ['yaml', 'xml'] as const) {
        const text = plan[format];
        if (text === undefined) continue;
        const input = read(text);
        check(input.format === format, () => `${describePlan(major, plan)} was read as ${input.format}`);
        same(format, input.document, plan.json[0]);
      }
      const text = read(plan.text).document;
      same('text', asText(text), asText(plan.json[0]));
      const names = (document: unknown): string => collectNodes(parsePlan(document).root).map(({ nodeType, relation, index, alias }) => `${nodeType} ${nodeType === 'Function Scan' ? alias : relation} ${index}`).join('; ');
      check(names(text) === names(plan.json), () => `${describePlan(major, plan)}: ${names(text)} for ${names(plan.json)}`);
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(300);
  });
});

/** Text says less: nothing of what VERBOSE alone shows, which input a child is, whether a name alone is a function's. */
function asText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asText);
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).flatMap(([key, item]) => (VERBOSE_ONLY.has(key) ? [] : [[key, asText(item)]]))) : value;
}
const VERBOSE_ONLY = new Set(['Inner Unique', 'Parent Relationship', 'Function Name', 'Relation', 'Trigger Name', 'Settings', 'JIT']);

const total = (model: PlanModel): number => {
  // CTEs that write and that nobody reads run behind the tree.
  const unread = collectNodes(model.root).filter((node) => node.subplan?.startsWith('CTE ') === true && node.nodeType !== 'CTE Scan' && /^(?:Insert|Update|Delete|Merge)/.test(node.nodeType) && !collectNodes(model.root).some((reader) => reader.nodeType === 'CTE Scan' && reader.relation === node.subplan?.slice(4)));
  return (model.root.totalMs ?? 0) + unread.reduce((sum, node) => sum + (node.totalMs ?? 0), 0);
};

describe('exclusive figures', () => {
  const timed = all.filter(({ plan }) => plan.kind.startsWith('timed'));
  it('of time add up to the run, in JSON and in text', () => {
    expect(timed.length).toBeGreaterThan(200);
    for (const { major, plan } of timed) for (const model of [parsePlan(plan.json), parsePlan(read(plan.text).document)]) {
      const nodes = collectNodes(model.root);
      const sum = nodes.reduce((ms, node) => ms + (node.selfMs ?? NaN), 0);
      const [where, whole] = [describePlan(major, plan), total(model)];
      check(Math.abs(sum - whole) <= whole * 0.02 + 0.01, () => `${where}: ${sum} of ${whole} ms`);
      check(sum <= (model.executionMs ?? Infinity) * 1.02 + 0.01, () => `${where}: ${sum} ms in ${model.executionMs}`);
      for (const node of nodes) check((node.selfMs ?? -1) >= 0 && (node.totalMs ?? NaN) <= whole * 1.001 + 0.01, () => `${where} ${node.nodeType}: ${node.selfMs} and ${node.totalMs} ms`);
    }
    expect(wrong).toEqual([]);
  });
  it('of cost add up to the root\'s', () => {
    for (const { major, plan } of all) {
      const model = parsePlan(plan.json);
      const sum = collectNodes(model.root).reduce((cost, node) => cost + node.selfCost, 0);
      check(Math.abs(sum - model.root.totalCost) < 1e-6, () => `${describePlan(major, plan)}: ${sum} of ${model.root.totalCost}`);
    }
    expect(wrong).toEqual([]);
  });
  it('of blocks add up to the root\'s', () => {
    let checked = 0;
    for (const { major, plan } of all.filter(({ plan }) => plan.kind !== 'estimated')) {
      const model = parsePlan(plan.json);
      const nodes = collectNodes(model.root);
      if (nodes.some((node) => node.subplan?.startsWith('CTE ') === true && /^(?:Insert|Delete)/.test(node.nodeType))) continue;
      for (const kind of ['hit', 'read', 'dirtied', 'tempRead', 'tempWritten'] as const) {
        const sum = nodes.reduce((blocks, node) => blocks + (node.selfBlocks?.[kind] ?? 0), 0);
        check(sum === (model.root.totalBlocks?.[kind] ?? 0), () => `${describePlan(major, plan)} ${kind}: ${sum} of ${model.root.totalBlocks?.[kind]}`);
      }
      checked++;
    }
    expect(wrong).toEqual([]);
    expect(checked).toBeGreaterThan(300);
  });
});

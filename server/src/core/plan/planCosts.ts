import { numberIn, textIn, type RawNode } from './planJson';
import type { Work } from './planWork';

/**
 * Cost of each node alone, by its id: what it adds to the plan's cost. The inner side of a nested loop counts once per outer row,
 * what a LIMIT stops counts in part; the sum is the root's cost.
 */
export function attributeCosts(all: readonly Work[]): readonly number[] {
  const [root] = all;
  if (!root) return [];
  const effective: number[] = all.map(() => 0);
  const own: number[] = [...effective];
  effective[0] = totalCost(root.raw);
  for (const node of all) {
    const total = totalCost(node.raw);
    const available = effective[node.id] ?? 0;
    const charges = chargesOf(node);
    const sum = charges.reduce((a, b) => a + b, 0);
    // In units of one run of the node; then what the run itself counts.
    const factor = (sum > total && sum > 0 ? total / sum : 1) * (total > 0 ? available / total : 0);
    node.children.forEach((child, i) => { effective[child.id] = (charges[i] ?? 0) * factor; });
    own[node.id] = Math.max(0, available - sum * factor);
  }
  return own;
}

const totalCost = (raw: RawNode): number => numberIn(raw, 'Total Cost') ?? 0;
const startupCost = (raw: RawNode): number => numberIn(raw, 'Startup Cost') ?? 0;
const rowsOf = (raw: RawNode): number => Math.max(1, numberIn(raw, 'Plan Rows') ?? 1);

/** Conditions that a node checks row by row: a SubPlan there runs for rows that are not returned, too. */
const FILTERS = ['Filter', 'Join Filter', 'Recheck Cond'];
/** What a row costs a scan beside its SubPlans, about: `cpu_tuple_cost`, an operator or two, and its part of a block. */
const ROW_COST = 0.03;

function chargesOf({ raw, children }: Work): readonly number[] {
  const inputs = children.filter((child) => ['Outer', 'Inner', 'Member', 'Subquery'].includes(textIn(child.raw, 'Parent Relationship') ?? 'Outer') && textIn(child.raw, 'Subplan Name') === undefined);
  const repeats = children.some((child) => subplanOf(child) !== undefined);
  const [hashed, filtered, tested] = repeats ? [namedIn(Object.values(raw), /hashed (SubPlan \d+)/g), namedIn(FILTERS.map((key) => raw[key]), /(SubPlan \d+)/g), namedIn(FILTERS.map((key) => raw[key]), /EXISTS\((SubPlan \d+)\)/g)] : [NONE, NONE, NONE];
  // Of EXISTS the planner counts the way to the first row.
  const runCost = (child: Work): number => (tested.has(subplanOf(child) ?? '') ? startupCost(child.raw) + (totalCost(child.raw) - startupCost(child.raw)) / rowsOf(child.raw) : totalCost(child.raw));
  const repeated = (child: Work): boolean => { const name = subplanOf(child); return name !== undefined && !hashed.has(name); };
  const checked = repeats ? rowsChecked(raw, inputs, children.filter((child) => repeated(child) && filtered.has(subplanOf(child)!)).reduce((sum, child) => sum + runCost(child), 0)) : 0;
  return children.map((child) => {
    const cost = totalCost(child.raw);
    if (textIn(raw, 'Node Type') === 'Nested Loop' && child === inputs[1] && !['Materialize', 'Memoize'].includes(textIn(child.raw, 'Node Type') ?? '')) return cost * rowsOf(inputs[0]?.raw ?? {});
    // A hashed SubPlan runs once.
    if (!repeated(child)) return cost;
    return runCost(child) * (filtered.has(subplanOf(child)!) ? checked : rowsOf(raw));
  });
}

const NONE: ReadonlySet<string> = new Set();
const subplanOf = ({ raw }: Work): string | undefined => /^SubPlan \d+$/.exec(textIn(raw, 'Subplan Name') ?? '')?.[0];

/** What a pattern's group matches in the texts of an expression or a list of them. */
const namedIn = (values: readonly unknown[], pattern: RegExp): ReadonlySet<string> =>
  new Set(values.flat().flatMap((text) => (typeof text === 'string' ? [...text.matchAll(pattern)].map((match) => match[1] ?? '') : [])));

/**
 * Rows of one run that a node's filter looks at: those of its inputs, and those that were counted where it ran. Of a scan EXPLAIN does
 * not say how many it reads; what its cost has room for is what the planner has counted.
 * @param perRow cost of the SubPlans in the filter, of one run each
 */
function rowsChecked(raw: RawNode, inputs: readonly Work[], perRow: number): number {
  const removed = ['Rows Removed by Filter', 'Rows Removed by Join Filter'].reduce((sum, key) => sum + (numberIn(raw, key) ?? 0), 0);
  const counted = numberIn(raw, 'Actual Loops') === 0 ? 0 : (numberIn(raw, 'Actual Rows') ?? 0) + removed;
  const planned = inputs.length > 0 ? inputs.reduce((most, input) => Math.max(most, rowsOf(input.raw)), 1) : (totalCost(raw) - startupCost(raw)) / (perRow + ROW_COST);
  return Math.max(rowsOf(raw), counted, planned);
}

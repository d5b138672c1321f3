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
const rowsOf = (raw: RawNode): number => Math.max(1, numberIn(raw, 'Plan Rows') ?? 1);

function chargesOf({ raw, children }: Work): readonly number[] {
  const inputs = children.filter((child) => ['Outer', 'Inner', 'Member', 'Subquery'].includes(textIn(child.raw, 'Parent Relationship') ?? 'Outer'));
  return children.map((child) => {
    const cost = totalCost(child.raw);
    if (textIn(raw, 'Node Type') === 'Nested Loop' && child === inputs[1] && !['Materialize', 'Memoize'].includes(textIn(child.raw, 'Node Type') ?? '')) return cost * rowsOf(inputs[0]?.raw ?? {});
    const subplan = /^SubPlan \d+$/.exec(textIn(child.raw, 'Subplan Name') ?? '')?.[0];
    return subplan === undefined || isHashed(raw, subplan) ? cost : cost * rowsOf(raw);
  });
}

/** A hashed SubPlan runs once. */
const isHashed = (raw: RawNode, subplan: string): boolean =>
  Object.values(raw).some((value) => (Array.isArray(value) ? value : [value]).some((text) => typeof text === 'string' && text.includes(`hashed ${subplan}`)));

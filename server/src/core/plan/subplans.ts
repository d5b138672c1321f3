import { placeNodes } from './placedNodes';
import { collectNodes, type PlanNode } from './planTree';
import type { PlannedStatement } from './planner';

/** A sub-query that runs once for each row of the node that it hangs on. */
export interface RepeatedSubplan {
  readonly node: PlanNode;
  /** The node whose rows it is computed for. */
  readonly owner: PlanNode;
  /** How often it runs, by the planner's estimate. */
  readonly loops: number;
  /** Cost of all runs. */
  readonly cost: number;
}

/**
 * The SubPlans of a plan that depend on the row around them; hashed ones and InitPlans run once and are left out.
 * @param mostRows rows of a Limit at most, where its count is a parameter.
 */
export function collectSubplans(plan: PlannedStatement, mostRows?: number): readonly RepeatedSubplan[] {
  return placeNodes(plan.root, mostRows).flatMap(({ node: owner, share, processes }) => owner.children.flatMap((node): readonly RepeatedSubplan[] => {
    const name = node.subplan;
    if (name === undefined || !/^SubPlan \d+$/.test(name)) return [];
    const conditions = owner.conditions.map((c) => c.text);
    if (conditions.some((text) => text.includes(`hashed ${name}`))) return [];
    const loops = (conditions.some((text) => new RegExp(`${name}\\b`).test(text)) ? rowsChecked(plan, owner, processes) : owner.estimatedRows * processes) * share;
    return [{ node, owner, loops, cost: loops * node.totalCost }];
  }));
}

/** Rows that a node's filter looks at. */
function rowsChecked(plan: PlannedStatement, owner: PlanNode, processes: number): number {
  const scan = plan.scans.find((s) => s.node.id === owner.id);
  if (scan) return scan.rowsRead ?? scan.rowsKept;
  return processes * Math.max(owner.estimatedRows, ...owner.children.filter((child) => child.subplan === undefined).map((child) => child.estimatedRows));
}

/** Names of the relations that a node and everything below it read, as the query calls them. */
export const aliasesBelow = (node: PlanNode): ReadonlySet<string> => new Set(collectNodes(node).flatMap((n) => (n.alias === undefined ? [] : [n.alias.replace(/_\d+$/, ''), n.alias])));

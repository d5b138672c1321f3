import { parallelDivisor } from './plannedScans';
import type { PlanNode } from './planTree';

/** A node with what surrounds it. */
export interface PlacedNode {
  readonly node: PlanNode;
  readonly parent?: PlanNode;
  /** The Limit that stops the node early; undefined where everything below is read. */
  readonly limit?: PlanNode;
  /** Share of the node's rows that are computed until that Limit is full, 0 to 1; 1 without one. */
  readonly share: number;
  /** What the rows of a node below a Gather are multiplied with: they are those of one process. */
  readonly processes: number;
}

/** Nodes that read their whole input before they return a row: a LIMIT above does not stop what is below. */
const READS_ALL = /^(?:(?:Parallel|Partial|Finalize) )*(?:Sort|Hash|Aggregate|HashAggregate|MixedAggregate|HashSetOp\b.*|Insert|Update|Delete|Merge)$/;

export const isSort = (node: PlanNode): boolean => node.nodeType === 'Sort' || node.nodeType === 'Incremental Sort';

/**
 * Every node of a plan, parents before children, with the Limit that governs it.
 * @param mostRows a Limit's rows at most: the planner takes a tenth of the result for `LIMIT $1`, which no page is.
 */
export function placeNodes(root: PlanNode, mostRows = Infinity): readonly PlacedNode[] {
  const placed: PlacedNode[] = [];
  const visit = (here: PlacedNode): void => {
    placed.push(here);
    const { node } = here;
    const processes = node.workersPlanned === undefined ? here.processes : parallelDivisor(node.workersPlanned);
    node.children.forEach((child, position) => {
      if (node.nodeType === 'Limit') {
        const rows = Math.min(node.estimatedRows, mostRows);
        visit({ node: child, parent: node, limit: node, processes, share: Math.min(1, rows / Math.max(1, child.estimatedRows)) });
      } else if (READS_ALL.test(node.nodeType) || child.subplan !== undefined || (position > 0 && !/Append/.test(node.nodeType))) visit({ node: child, parent: node, processes, share: 1 });
      else visit({ node: child, parent: node, limit: here.limit, processes, share: here.share });
    });
  };
  visit({ node: root, processes: 1, share: 1 });
  return placed;
}

/** Texts of the conditions that a node checks row by row. */
export const filtersOf = (node: PlanNode): readonly string[] => node.conditions.filter((c) => c.label === 'Filter' || c.label === 'Join Filter').map((c) => c.text);

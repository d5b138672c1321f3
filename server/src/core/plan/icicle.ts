import type { PlanNode } from './planModel';

/** What the width of a node says. */
export type IcicleMetric = 'time' | 'cost' | 'rows' | 'buffers' | 'io';

/** A node's place, in parts of the whole width: x from 0 to 1, y by depth from 0. */
export interface IcicleRect {
  readonly nodeId: number;
  readonly depth: number;
  readonly x: number;
  readonly width: number;
  /** Part of the whole that the node has itself, without what is below it. */
  readonly self: number;
}

export interface Icicle {
  readonly metric: IcicleMetric;
  /** The sum over all nodes; 0: nothing to show. */
  readonly total: number;
  readonly depth: number;
  /** Parents before children, siblings from left to right. */
  readonly rects: readonly IcicleRect[];
}

const ownValue: Readonly<Record<IcicleMetric, (node: PlanNode) => number>> = {
  time: (node) => node.selfMs ?? 0,
  cost: (node) => node.selfCost,
  // Rows that a node hands up are its own work; what is below adds its own.
  rows: (node) => node.rows ?? node.estimatedRows,
  buffers: (node) => (node.selfHitBlocks ?? 0) + (node.selfReadBlocks ?? 0) + (node.selfTempBlocks ?? 0),
  io: (node) => node.selfIoMs ?? 0,
};

/**
 * An icicle of a plan: a node is as wide as it and everything below it have of the metric, and its children share its width.
 * @param root may be any node: then it fills the whole width.
 */
export function layoutIcicle(root: PlanNode, metric: IcicleMetric): Icicle {
  const own = ownValue[metric];
  const sums = new Map<PlanNode, number>();
  const sum = (node: PlanNode): number => {
    const total = node.children.reduce((all, child) => all + sum(child), Math.max(0, own(node)));
    sums.set(node, total);
    return total;
  };
  const total = sum(root);
  const rects: IcicleRect[] = [];
  let deepest = 0;
  const place = (node: PlanNode, depth: number, x: number): void => {
    const width = total > 0 ? (sums.get(node) ?? 0) / total : 0;
    rects.push({ nodeId: node.id, depth, x, width, self: total > 0 ? Math.max(0, own(node)) / total : 0 });
    deepest = Math.max(deepest, depth);
    let left = x;
    for (const child of node.children) {
      place(child, depth + 1, left);
      left += total > 0 ? (sums.get(child) ?? 0) / total : 0;
    }
  };
  place(root, 0, 0);
  return { metric, total, depth: deepest + 1, rects };
}

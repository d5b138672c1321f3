import type { PlanModel, PlanNode } from '../planModel';
import type { PlanFinding } from './types';

/** A node, with the part of the plan's time (or cost) that it has itself. */
export interface NodeInPlan {
  readonly model: PlanModel;
  readonly node: PlanNode;
  readonly share: number;
}

/** Rows read for one that is kept, and rows read in all, from which a filter is worth an index. */
const WASTED_FACTOR = 10;
const WASTED_ROWS = 1000;

/** A scan that reads rows and throws most of them away. */
export function findWastedReads({ node, share }: NodeInPlan): readonly PlanFinding[] {
  const removed = node.rowsRemoved ?? 0;
  const kept = node.rows ?? 0;
  if (!/ Scan\b/.test(node.nodeType) || removed < WASTED_ROWS || removed < kept * WASTED_FACTOR || share < 0.1) return [];
  const count = (value: number): string => Math.round(value).toLocaleString('en');
  return [{
    kind: 'wasted-reads', severity: share >= 0.5 ? 'high' : 'medium', nodeId: node.id, share,
    title: `${node.relation ?? node.nodeType}: ${count(removed + kept)} rows are read for ${count(kept)}`,
    detail: 'The filter is checked row by row; rows that fail it were read for nothing.',
    advice: [], evidence: [{ label: 'Rows removed by the filter', value: count(removed) }],
  }];
}

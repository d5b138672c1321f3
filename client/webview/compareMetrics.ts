import type { DiffFigures } from '../../server/src/core/plan/compare';
import { collectNodes, type PlanModel, type PlanNode } from '../../server/src/core/plan/planModel';
import { formatBlocks, formatCost, formatCount, formatMs } from './format';
import type { Metric } from './host';

/** A figure by which the nodes of two plans are compared. */
export interface DiffMetric {
  readonly id: Metric;
  readonly delta: keyof DiffFigures;
  of(node: PlanNode): number | undefined;
  format(value: number): string;
}

export const metricTitles: Readonly<Record<Metric, string>> = { time: 'Time', buffers: 'Buffers', cost: 'Cost', rows: 'Rows' };

const blocksOf = (node: PlanNode): number | undefined => (node.selfHitBlocks === undefined && node.selfReadBlocks === undefined ? undefined : (node.selfHitBlocks ?? 0) + (node.selfReadBlocks ?? 0) + (node.selfTempBlocks ?? 0));

/** Metrics that both plans have figures for, the one to begin with first. */
export function metricsIn(before: PlanModel, after: PlanModel): readonly DiffMetric[] {
  const measured = ({ root }: PlanModel): boolean => collectNodes(root).some((node) => (blocksOf(node) ?? 0) > 0);
  return [
    ...(before.timed && after.timed ? [{ id: 'time', delta: 'selfMs', of: (node: PlanNode) => node.selfMs, format: formatMs } as const] : []),
    { id: 'cost', delta: 'selfCost', of: (node) => node.selfCost, format: formatCost },
    ...(measured(before) && measured(after) ? [{ id: 'buffers', delta: 'blocks', of: blocksOf, format: formatBlocks } as const] : []),
    { id: 'rows', delta: 'rows', of: (node) => (before.analyzed && after.analyzed ? node.rows : node.estimatedRows), format: formatCount },
  ];
}

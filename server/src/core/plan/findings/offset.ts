import type { PlanNode } from '../planModel';
import { allOf, count, severityOf, shareOf, type PlanContext } from './context';
import type { PlanFinding } from './types';

const DISCARDED_ROWS = 1000;
const DISCARDED_FACTOR = 10;

/** Rows that are computed for OFFSET to skip them. */
export const findDiscardedRows = (context: PlanContext): readonly PlanFinding[] => context.nodes.flatMap((limit): readonly PlanFinding[] => {
  const child = limit.nodeType === 'Limit' && !limit.neverExecuted ? inputOf(limit) : undefined;
  // A sort sees all rows in any case.
  if (!child || /^(?:Sort|HashAggregate|MixedAggregate)$/.test((/^Gather/.test(child.nodeType) ? inputOf(child) : child)?.nodeType ?? '')) return [];
  const measured = context.model.analyzed;
  const kept = measured ? (limit.rows ?? 0) : limit.estimatedRows;
  const skipped = measured ? (child.rows ?? 0) - kept : expectedOffset(limit, child);
  if (skipped === undefined || skipped < DISCARDED_ROWS || skipped < kept * DISCARDED_FACTOR) return [];
  const share = shareOf(context, allOf(context, child) * (skipped / (skipped + kept)));
  if (share === undefined) return [];
  return [{
    kind: 'discarded-rows', severity: severityOf(share), nodeId: limit.id, share, ...(measured ? {} : { estimated: true as const }),
    title: `${measured ? '' : 'About '}${count(skipped)} rows ${measured ? 'are' : 'would be'} computed and skipped by OFFSET to return ${count(kept)}`,
    detail: 'OFFSET has no way to the rows behind it: every row before the page is found, joined and counted first, and each further page takes longer.',
    advice: [{ text: 'Go on where the last page ended: remember the sort key of its last row, and ask for the rows behind it (WHERE (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC LIMIT n).' }],
    evidence: [{ label: 'Rows skipped', value: count(skipped) }, { label: 'Rows returned', value: count(kept) }],
  }];
});

const inputOf = (node: PlanNode): PlanNode | undefined => node.children.find((item) => item.subplan === undefined);

/**
 * The OFFSET of a plan that was not run: what of the input's cost comes before the first row. Undefined where there is none, or where
 * the planner did not know the value and took a tenth of the rows for it.
 */
export function expectedOffset(limit: PlanNode, child: PlanNode): number | undefined {
  const run = child.totalCost - (child.startupCost ?? 0);
  const before = (limit.startupCost ?? 0) - (child.startupCost ?? 0);
  if (run <= 0 || before <= 0) return undefined;
  const rows = child.estimatedRowsPerLoop ?? child.estimatedRows;
  const skipped = Math.min(rows, (before / run) * rows);
  return Math.abs(skipped - rows / 10) <= Math.max(1, rows / 1000) ? undefined : skipped;
}

import { relationKey } from '../catalog/names';
import type { StatementContext } from '../lint/rule';
import type { ReadRelation } from './relationDemand';
import { costliestScan, renderCosts } from './indexVerdict';
import { basisEvidence, describeScan, planEvidence, plannedSql, scansOf } from './planEvidence';
import { describeVolumes } from '../plan/planner';
import { isMuchCheaper, replannedSql, type PlannableStatement } from './replan';
import type { SqlEdit } from './sqlEdits';

/** What the planner says of a statement that is written another way. */
export type RewriteVerdict =
  /** It saves too little, or the answer has not come yet: say nothing. */
  | { readonly state: 'silent' }
  /** No planner can tell. */
  | { readonly state: 'schema' }
  | { readonly state: 'proved'; readonly because: string; readonly evidence: Readonly<Record<string, unknown>> };

/**
 * Has the planner compare a statement with its rewrite.
 * @param how ends the sentence "… the cost falls": `with the column alone`.
 * @param read the relation whose scan is named; left out: the statement as a whole.
 */
export function judgeRewrite(context: StatementContext, how: string, change: (statement: PlannableStatement) => readonly SqlEdit[] | undefined, read?: Pick<ReadRelation, 'relation' | 'table'>): RewriteVerdict {
  const sql = plannedSql(context);
  const changed = sql === undefined ? undefined : replannedSql(context, change);
  if (sql === undefined || changed === undefined || !context.catalog) return { state: 'schema' };
  const [before, after] = [context.planner.plan({ sql }), context.planner.plan({ sql: changed })];
  if (before.state === 'pending' || after.state === 'pending') return { state: 'silent' };
  if (before.state !== 'planned' || after.state !== 'planned') return { state: 'schema' };
  if (!isMuchCheaper(before.plan.cost, after.plan.cost)) return { state: 'silent' };
  const scan = read && costliestScan(scansOf(before.plan, context.catalog, context.model, read.relation, relationKey(read.table.schema, read.table.name)));
  const falls = `the cost falls from ${renderCosts(before.plan, after.plan)}`;
  return {
    state: 'proved',
    because: scan ? `${describeScan(before.plan, scan)}; ${how} ${falls}.` : `${how.charAt(0).toUpperCase()}${how.slice(1)} ${falls} (${describeVolumes(before.plan.basis)}).`,
    evidence: { ...(scan ? planEvidence(before.plan, scan) : { cost: before.plan.cost, ...basisEvidence(before.plan.basis) }), costAfter: after.plan.cost },
  };
}

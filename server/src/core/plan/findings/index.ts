import { collectNodes, type PlanModel } from '../planModel';
import { toContext, type FindOptions, type PlanContext } from './context';
import { findEstimatedReads } from './estimatedReads';
import { findNeedlessJit, findUnprunedByCondition } from './estimatedRun';
import { findMisestimates, findNestedLoops, findRepeatedSubplans } from './estimates';
import { findSpills } from './memory';
import { findDiscardedRows } from './offset';
import { findHeapFetches, findIoWaits, findLossyBitmaps, findUnprunedPartitions, findWastedReads } from './reads';
import { findInRun } from './run';
import { findSortsForFew } from './sorts';
import type { PlanFinding } from './types';

export { PLAN_FINDING_KINDS } from './types';
export type { PlanAdvice, PlanAdviceVerdict, PlanEvidence, PlanFinding, PlanFindingKind, PlanSeverity, PlanWhatIf } from './types';

export type { FindOptions } from './context';

/** More are not read by anyone. */
const MAX_FINDINGS = 12;
/** Plans with more nodes are not looked at: they are no plans. */
const MAX_NODES = 20_000;

/** What a plan shows to be slow, the most at stake first. A healthy plan gives none. */
export function findInPlan(model: PlanModel, options: FindOptions = {}): readonly PlanFinding[] {
  const context = toContext(model, options);
  if (context.nodes.length > MAX_NODES) return [];
  const all = [
    findWastedReads, findEstimatedReads, findSpills, findMisestimates, findNestedLoops, findRepeatedSubplans, findSortsForFew, findDiscardedRows, findLossyBitmaps, findHeapFetches,
    findUnprunedPartitions, findUnprunedByCondition, findIoWaits, findInRun, findNeedlessJit, findNeverTrue,
  ].flatMap((find) => find(context));
  // Without a catalog nobody tries the advice.
  const found = options.relationRows ? all : all.filter(({ needsProof }) => needsProof !== true);
  return withoutRepeats(context, found).sort((a, b) => b.share - a.share).slice(0, MAX_FINDINGS);
}

/** A part of the statement that cannot return a row: no matter of time, but hardly meant. */
const findNeverTrue = (context: PlanContext): readonly PlanFinding[] => context.nodes.flatMap((node): readonly PlanFinding[] => (node.conditions.some(({ label, text }) => label === 'One-Time Filter' && text === 'false')
  ? [{ kind: 'never-true', severity: 'low', nodeId: node.id, title: 'A condition can never be true', detail: 'The planner has proved that this part of the statement returns nothing: conditions contradict each other, or a value is outside of what a CHECK or a partition allows.', advice: [], evidence: [{ label: 'One-Time Filter', value: 'false' }], share: 0 }]
  : []));

/** One thing is said once: of a scan that is thrown away again and again, that it is read again and again. */
function withoutRepeats({ nodes }: PlanContext, found: readonly PlanFinding[]): PlanFinding[] {
  const covered = new Set(found.filter(({ kind }) => ['nested-loop', 'repeated-subplan', 'sort-could-use-index', 'unpruned-partitions'].includes(kind)).flatMap(({ nodeId }) => nodes.filter((node) => node.id === nodeId).flatMap((node) => node.children.flatMap((child) => collectNodes(child).map(({ id }) => id)).concat(node.id))));
  const loops = new Set(found.filter(({ kind }) => kind === 'nested-loop' || kind === 'repeated-subplan').map(({ nodeId }) => nodeId));
  return found.filter(({ kind, nodeId }) => !(kind === 'wasted-reads' && nodeId !== undefined && covered.has(nodeId)) && !(kind === 'misestimate' && nodeId !== undefined && loops.has(nodeId)));
}

import { collectNodes, type PlanModel, type PlanNode } from '../planModel';
import { findWastedReads } from './wastedReads';
import type { PlanFinding } from './types';

export type { PlanAdvice, PlanAdviceVerdict, PlanEvidence, PlanFinding, PlanFindingKind, PlanSeverity, PlanWhatIf } from './types';

/** What a plan shows to be slow, the most expensive first. A healthy plan gives none. */
export function findInPlan(model: PlanModel): readonly PlanFinding[] {
  const whole = wholeOf(model);
  const found = collectNodes(model.root).filter((node) => !node.neverExecuted).flatMap((node) => findWastedReads({ model, node, share: whole > 0 ? Math.min(1, ownOf(model, node) / whole) : 0 }));
  return [...found].sort((a, b) => b.share - a.share);
}

const wholeOf = (model: PlanModel): number => (model.timed ? (model.wholeMs ?? 0) : model.root.totalCost);
const ownOf = (model: PlanModel, node: PlanNode): number => (model.timed ? (node.selfMs ?? 0) : node.selfCost);

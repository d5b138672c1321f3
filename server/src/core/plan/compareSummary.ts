import type { DiffTotal, PlanDiff } from './compare';
import { holdsDisabledCost, type PlanModel } from './planModel';

/** Which of two plans is better, and by what that is told. */
export interface PlanVerdict {
  /** Times where both plans were run and timed; the planner's costs otherwise: those of one plan say nothing of the other's time. */
  readonly metric: 'time' | 'cost';
  readonly before: number;
  readonly after: number;
  readonly verdict: 'better' | 'worse' | 'same';
  /** One sentence: why the figures tell nothing; the verdict is `same` then. */
  readonly note?: string;
}

/** Costs of one planner differ for a reason; two runs differ by chance: a quarter, and some milliseconds. */
const COST_TOLERANCE = 0.1;
const TIME_TOLERANCE = 0.25;
const LEAST_MS = 5;

export function judgeDiff(before: PlanModel, after: PlanModel): PlanVerdict {
  const timed = before.timed && after.timed && before.wholeMs !== undefined && after.wholeMs !== undefined;
  const [old, fresh] = timed ? [before.wholeMs!, after.wholeMs!] : [before.root.totalCost, after.root.totalCost];
  if (!timed && (holdsDisabledCost(before.root) || holdsDisabledCost(after.root))) return { metric: 'cost', before: old, after: fresh, verdict: 'same', note: 'A setting (enable_seqscan and its like) switches off what a plan does, which PostgreSQL before 18 counts as 10,000,000,000: the costs cannot be compared.' };
  const tolerance = timed ? TIME_TOLERANCE : COST_TOLERANCE;
  const far = Math.abs(fresh - old) > Math.min(old, fresh) * tolerance && Math.abs(fresh - old) > (timed ? LEAST_MS : 0.01);
  return { metric: timed ? 'time' : 'cost', before: old, after: fresh, verdict: !far ? 'same' : fresh > old ? 'worse' : 'better' };
}

/** `12× less`, `+3 %`; empty where nothing changed, or a side is nought. */
export function describeChange(before: number, after: number): string {
  if (before <= 0 || after <= 0 || before === after) return '';
  const factor = after / before;
  const times = (value: number): string => `${value >= 10 ? Math.round(value).toLocaleString('en') : value.toFixed(1)}×`;
  if (factor >= 2) return `${times(factor)} more`;
  if (factor <= 0.5) return `${times(1 / factor)} less`;
  const percent = Math.round(Math.abs(factor - 1) * 100);
  return percent === 0 ? '' : `${factor > 1 ? '+' : '−'}${percent} %`;
}

const NUMBER = { ms: (value: number) => `${value >= 100 ? Math.round(value).toLocaleString('en') : value >= 10 ? value.toFixed(1) : value.toFixed(2)} ms`, cost: (value: number) => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2)), blocks: (value: number) => Math.round(value).toLocaleString('en') };

/** `cost 3,582 → 8.45 (424× less)` */
export function describeTotal({ label, unit, before, after }: DiffTotal): string {
  const change = describeChange(before, after);
  return `${label} ${NUMBER[unit](before)} → ${NUMBER[unit](after)}${change === '' ? '' : ` (${change})`}`;
}

/** One sentence: does the plan differ, and which is better. */
export function summariseDiff(diff: PlanDiff, { metric, verdict, before, after, note }: PlanVerdict): string {
  const shape = diff.sameShape ? 'The plan is the same.' : 'The plan is another.';
  const figures = describeTotal({ label: metric === 'time' ? 'execution' : 'cost', unit: metric === 'time' ? 'ms' : 'cost', before, after });
  if (note !== undefined) return `Not judged: ${figures}. ${note} ${shape}`;
  const judged = { better: 'Better', worse: 'Worse', same: 'No better and no worse' }[verdict];
  return `${judged}: ${figures}. ${shape}`;
}

import { relationKey } from '../catalog/names';
import type { HypotheticalIndex, PlanAnswer, PlannedStatement, Planner } from '../plan/planner';
import { extendedIndex, renderIndexColumns, type IndexProposal } from './indexAdvice';

/** What the planner says of candidates for one relation of one statement. */
export type ProvedIndex =
  | { readonly state: 'pending' }
  | { readonly state: 'unavailable' }
  | { readonly state: 'refused'; readonly reason: string }
  /** The planner takes none of them, or gains too little. */
  | { readonly state: 'none'; readonly before: PlannedStatement }
  | { readonly state: 'proved'; readonly proposal: IndexProposal; readonly before: PlannedStatement; readonly after: PlannedStatement; readonly tried: readonly TriedIndex[] };

/** A candidate alone, beside the indexes that exist. */
export interface TriedIndex {
  readonly proposal: IndexProposal;
  readonly used: boolean;
  /** Total cost of the statement. */
  readonly cost: number;
  /** Estimated size, in blocks of 8 kB. */
  readonly pages: number;
}

/** Costs that differ by less than a fifth are equal: permuted keys alone make that much (207 and 179 in one measurement). */
export const EQUAL_COST = 1.2;
/** Sizes that differ by less are equal. */
const EQUAL_SIZE = 1.05;
/** A partial index that leaves out less than a sixth of the rows is not worth what it cannot serve. */
const MUCH_SMALLER = 1.2;
/** A covering index is always the cheapest to read and the dearest to write: it has to save five-fold. */
export const COVERING_GAIN = 5;
/** What an index must save of a statement whose other relations cost more than this one. */
const MINIMUM_SHARE = 0.1;
/** An index that does not halve the cost is not worth its writes: the threshold of dexter (`--min-cost-savings-pct 50`). */
export const MINIMUM_GAIN = 2;
/** Cost units that an index must save: as much as a hundred blocks read in order. Below that the table is small. */
export const MINIMUM_SAVING = 100;

interface Request {
  readonly planner: Planner;
  /** As `plannableSql` gives it. */
  readonly sql: string;
  /** For one relation, the preferred first: order decides between equals. */
  readonly candidates: readonly IndexProposal[];
  /** Cost before over cost after that the statement, or the scans of the relation, must reach. */
  readonly minimumGain?: number;
}

/**
 * Has the planner try candidates together, then each alone, and chooses: the smallest within a fifth of the cheapest, a
 * covering one only where it saves five-fold. An index that the planner does not use is never chosen. All questions of a
 * round are asked before `pending` is returned: one round trip without and with all, one for each alone.
 */
export function proveIndex({ planner, sql, candidates, minimumGain = MINIMUM_GAIN }: Request): ProvedIndex {
  const first = planner.plan({ sql });
  const together = candidates.length === 0 ? first : planner.plan({ sql, add: candidates.map(toHypothetical) });
  const open = unsettled([first, together]);
  if (open) return open;
  if (first.state !== 'planned') return first;
  const before = first.plan;
  // The planner takes the cheapest of all: what does not pay with every candidate there does not pay with one.
  if (together.state === 'planned' && !(together.plan.added.some((a) => a.used) && isWorth(before, together.plan, candidates[0], minimumGain))) return { state: 'none', before };
  const worth = candidates.filter((c) => mayWin(c, candidates, together));
  const answers = candidates.length === 1 ? [together] : worth.map((c) => planner.plan({ sql, add: [toHypothetical(c)] }));
  const pending = unsettled(answers);
  if (pending) return pending;
  const trials = worth.flatMap((proposal, i): readonly Trial[] => {
    const answer = answers[i];
    return answer?.state === 'planned' ? [{ proposal, used: answer.plan.added[0]?.used === true, cost: answer.plan.cost, pages: answer.plan.added[0]?.pages ?? 0, plan: answer.plan }] : [];
  });
  const refused = answers.find((a) => a.state === 'refused');
  if (trials.length === 0 && refused) return refused;
  const chosen = choose(trials.filter((t) => t.used && isWorth(before, t.plan, t.proposal, minimumGain)), before);
  if (!chosen) return { state: 'none', before };
  const proposal = { ...chosen.proposal, extends: chosen.proposal.extends ?? extendedIndex(chosen.proposal) };
  return { state: 'proved', proposal, before, after: chosen.plan, tried: trials.map(({ plan: _plan, ...tried }) => tried) };
}

/** The index as a question of the planner names it: `USING gin (data jsonb_path_ops)`. */
export const toHypothetical = (proposal: IndexProposal): HypotheticalIndex => ({ table: relationKey(proposal.table.schema, proposal.table.name), definition: `USING ${proposal.method} ${renderIndexColumns(proposal)}` });

type Trial = TriedIndex & { readonly plan: PlannedStatement };

function unsettled(answers: readonly PlanAnswer[]): ProvedIndex | undefined {
  return answers.some((a) => a.state === 'unavailable') ? { state: 'unavailable' } : answers.some((a) => a.state === 'pending') ? { state: 'pending' } : undefined;
}

/** Covering indexes are worth asking only where the planner, free to choose, took one. */
function mayWin(candidate: IndexProposal, candidates: readonly IndexProposal[], together: PlanAnswer): boolean {
  if (candidate.include.length === 0 || together.state !== 'planned') return true;
  return together.plan.added.some((added, i) => added.used && (candidates[i]?.include.length ?? 0) > 0);
}

/**
 * Does a plan save enough? Either the statement as a whole gains, or, where other relations cost more, the scans of this
 * one do and the statement still saves a tenth.
 */
export function isWorth(before: PlannedStatement, after: PlannedStatement, proposal: IndexProposal | undefined, minimumGain = MINIMUM_GAIN): boolean {
  const saved = before.cost - after.cost;
  if (saved < MINIMUM_SAVING) return false;
  if (after.cost * minimumGain <= before.cost) return true;
  const table = proposal && relationKey(proposal.table.schema, proposal.table.name);
  const scans = before.scans.filter((scan) => scan.table === table && !scan.repeated).reduce((sum, scan) => sum + scan.cost, 0);
  return scans > 0 && saved >= scans * (1 - 1 / minimumGain) && saved >= before.cost * MINIMUM_SHARE;
}

function choose(trials: readonly Trial[], before: PlannedStatement): Trial | undefined {
  const plain = smallest(trials.filter((t) => t.proposal.include.length === 0));
  const covering = smallest(trials.filter((t) => t.proposal.include.length > 0));
  return covering && covering.cost * COVERING_GAIN < (plain?.cost ?? before.cost) ? covering : plain;
}

/**
 * The smallest within a fifth of the cheapest; of equals the one with the fewest keys, then the first. In place of a partial index that leaves out few rows
 * the whole one, which serves more.
 */
function smallest(trials: readonly Trial[]): Trial | undefined {
  const best = Math.min(...trials.map((t) => t.cost));
  const near = trials.filter((t) => t.cost <= best * EQUAL_COST);
  const chosen = firstOfSmallest(near);
  const whole = firstOfSmallest(near.filter((t) => t.proposal.predicate === undefined));
  return chosen?.proposal.predicate !== undefined && whole && whole.pages <= chosen.pages * MUCH_SMALLER ? whole : chosen;
}

function firstOfSmallest(trials: readonly Trial[]): Trial | undefined {
  const least = Math.min(...trials.map((t) => t.pages));
  const equal = trials.filter((t) => t.pages <= least * EQUAL_SIZE);
  return equal.find((t) => equal.every((other) => other.proposal.keys.length >= t.proposal.keys.length));
}

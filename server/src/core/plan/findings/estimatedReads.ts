import { parallelDivisor } from '../plannedScans';
import type { PlanNode } from '../planModel';
import { allOf, count, filterOf, groupScans, MIN_COST, nameOf, ownOf, percent, severityOf, shareOf, type PlanContext } from './context';
import { indexableConditions } from './predicates';
import { conditionAdvice, WASTED_FACTOR, WASTED_ROWS } from './reads';
import type { PlanFinding } from './types';

/** `random_page_cost` where the plan does not say; a lower one makes an index cheaper still. */
const RANDOM_PAGE = 4;
/** What the planner counts for finding the first row by a b-tree, and for each further one beside its block. */
const LOOK_UP = 8.5;
const ROW = 0.1;

/**
 * Scans of a plan that was not run, which would read far more than they keep. EXPLAIN does not say how many rows a scan reads, but it
 * says what the scan costs and how many rows it keeps: an index that leads to those rows costs a look-up and at most a block at
 * random for each. A scan of ten times that cost reads for nothing.
 */
export function findEstimatedReads(context: PlanContext): readonly PlanFinding[] {
  if (context.model.analyzed) return [];
  return groupScans(context).flatMap((group): readonly PlanFinding[] => {
    const first = group[0]!;
    const filter = filterOf(first);
    if (filter === undefined || !/^(?:Parallel )?(?:Seq Scan|Index Scan|Index Only Scan|Bitmap Heap Scan)/.test(first.nodeType)) return [];
    // A sub-query in the filter is its own matter, with its own cost.
    if (/\bSubPlan \d/.test(filter) && indexableConditions(first, filter).length === 0) return [];
    const own = group.reduce((sum, node) => sum + ownOf(context, node), 0);
    const share = shareOf(context, own);
    if (share === undefined) return [];
    const runs = estimatedRuns(context, first);
    const kept = group.reduce((sum, node) => sum + keptIn(context, node), 0) * runs;
    const blockAt = Number(context.model.settings['random_page_cost'] ?? RANDOM_PAGE);
    const direct = Math.max(1, runs) * LOOK_UP * group.length + kept * (blockAt + ROW);
    const read = readIn(context, group, runs);
    const wasteful = read === undefined ? undefined : read - kept >= WASTED_ROWS && read >= kept * WASTED_FACTOR;
    // Costs alone bear it out, or rows do, and the planner is asked whether it would take the index.
    const sound = own >= Math.max(MIN_COST, direct * WASTED_FACTOR);
    if (wasteful === false || (!sound && !wasteful)) return [];
    const answered = ['Index Cond', 'Recheck Cond'].flatMap((label) => first.conditions.find((condition) => condition.label === label)?.text ?? []);
    const advice = conditionAdvice(context, group, filter, answered);
    if (advice.length === 0 || (!sound && !advice.some(({ whatIf }) => whatIf))) return [];
    const whole = /Seq Scan/.test(first.nodeType);
    return [{
      kind: 'wasted-reads', severity: severityOf(share), nodeId: first.id, share, estimated: true, ...(sound ? {} : { needsProof: true as const }),
      title: read === undefined ? `${nameOf(group)} would be read ${whole ? 'whole' : 'through an index that does not answer the whole condition'} to keep about ${rowsText(kept)}` : `${nameOf(group)}: about ${count(read)} rows would be read to keep ${count(kept)}`,
      detail: `${answered.length > 0 ? `The index finds rows by ${answered.join(' and ')}; the rest of the condition` : 'The condition'} would be checked row by row${read === undefined ? '' : `, and ${percent(1 - kept / read)} of the rows would fail it`}${runs >= 2 ? `, in about ${count(runs)} runs together` : ''}. The planner counts ${count(own)} for that${sound ? `; an index that leads to the rows costs about ${count(direct)}` : ''}.`,
      advice,
      evidence: [{ label: 'Filter', value: filter }, ...(read === undefined ? [] : [{ label: 'Rows read (estimate)', value: count(read) }]), { label: 'Rows kept (estimate)', value: count(kept) }, { label: 'Cost', value: count(own) }],
    }];
  });
}

const rowsText = (rows: number): string => (Math.round(rows) <= 1 ? 'one row' : `${count(rows)} rows`);

/** How often a node of a plan that was not run would run, by the costs: below 1 where a LIMIT stops it. */
export const estimatedRuns = (context: PlanContext, node: PlanNode): number => (node.totalCost > 0 ? allOf(context, node) / node.totalCost : 1);

/** Rows of one run, of all processes together. */
export const keptIn = (context: PlanContext, node: PlanNode): number => (node.estimatedRowsPerLoop ?? node.estimatedRows) * processesAt(context, node);

function processesAt({ parentOf }: PlanContext, node: PlanNode): number {
  for (let above = parentOf(node); above; above = parentOf(above)) if (above.workersPlanned !== undefined) return parallelDivisor(above.workersPlanned);
  return 1;
}

/** Rows that are read, where something tells: the size of the relation, or what a bitmap holds. */
function readIn(context: PlanContext, group: readonly PlanNode[], runs: number): number | undefined {
  let all = 0;
  for (const node of group) {
    const [bitmap, ...more] = node.children.filter((child) => child.subplan === undefined);
    const rows = /Seq Scan/.test(node.nodeType) ? context.relationRows(node) : /Bitmap Heap Scan/.test(node.nodeType) && bitmap && more.length === 0 && /Bitmap Index Scan/.test(bitmap.nodeType) ? bitmap.estimatedRowsPerLoop : undefined;
    if (rows === undefined) return undefined;
    all += rows;
  }
  return all * runs;
}

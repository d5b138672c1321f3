import { quoteIdentifier } from '../../sql/names';
import type { PlanNode } from '../planModel';
import { allOf, count, isScan, nameOf, severityOf, shareOf, type PlanContext } from './context';
import { adviseIndex } from './indexAdvice';
import { expectedOffset } from './offset';
import { estimatedRuns, keptIn } from './estimatedReads';
import type { PlanFinding } from './types';

/** Rows that are sorted for one that is kept. */
const SORTED_FACTOR = 10;
const SORTED_ROWS = 1000;
const SORT_SHARE = 0.3;

/** All rows are read and sorted to keep the first few: an index in that order would stop after them. */
export const findSortsForFew = (context: PlanContext): readonly PlanFinding[] => context.nodes.flatMap((limit): readonly PlanFinding[] => {
  if (limit.nodeType !== 'Limit' || limit.neverExecuted) return [];
  const sort = throughGather(limit.children.find((child) => child.subplan === undefined));
  const scan = sort && /^Sort$/.test(sort.nodeType) ? sort.children.find((child) => child.subplan === undefined) : undefined;
  if (!sort || !scan || !isScan(scan)) return [];
  const measured = context.model.analyzed;
  const runs = measured ? Math.max(1, limit.loops ?? 1) : Math.max(1, estimatedRuns(context, limit));
  // OFFSET takes rows from the sort, too: an index in that order would have to pass them.
  const wanted = measured ? sort.rows ?? limit.rows ?? 1 : limit.estimatedRows + (expectedOffset(limit, limit.children[0]!) ?? 0);
  const [input, kept] = measured ? [(scan.rows ?? 0) / runs, Math.max(1, wanted / runs)] : [keptIn(context, scan), Math.max(1, wanted)];
  const keys = orderOf(scan, sort);
  const share = shareOf(context, allOf(context, sort), SORT_SHARE);
  if (share === undefined || keys === undefined || input < SORTED_ROWS || input < kept * SORTED_FACTOR) return [];
  const conditions = scan.conditions.filter(({ label }) => ['Index Cond', 'Recheck Cond', 'Filter'].includes(label)).map(({ text }) => text);
  const index = adviseIndex(scan, conditions, keys);
  if (!index) return [];
  return [{
    kind: 'sort-could-use-index', severity: severityOf(share), nodeId: sort.id, share, ...(measured ? {} : { estimated: true as const }),
    title: `${nameOf([scan])}: ${measured ? `${count(input)} rows are` : `about ${count(input)} rows would be`} read and sorted to keep ${count(kept)}${runs >= 2 ? `, ${count(runs)} times` : ''}`,
    detail: 'LIMIT cannot stop a sort: it has to see every row before it knows the first.',
    advice: [index],
    evidence: [{ label: 'Sort Key', value: sort.conditions.find(({ label }) => label === 'Sort Key')?.text ?? '' }, { label: 'Rows sorted', value: count(input) }, { label: 'Rows kept', value: count(kept) }],
  }];
});

const throughGather = (node: PlanNode | undefined): PlanNode | undefined => (node && /^Gather/.test(node.nodeType) ? node.children[0] : node);

/** The sort's keys as CREATE INDEX writes them; undefined where one is no plain column of the relation. */
function orderOf(scan: PlanNode, sort: PlanNode): readonly string[] | undefined {
  const raw = sort.raw?.['Sort Key'];
  if (!Array.isArray(raw)) return undefined;
  const keys = raw.map((key) => {
    const match = /^(?:([a-z_][\w$]*|"(?:[^"]|"")+")\.)?([a-z_][\w$]*|"(?:[^"]|"")+")((?: DESC)?(?: NULLS (?:FIRST|LAST))?)$/.exec(String(key));
    if (!match?.[2] || (match[1] !== undefined && match[1].replaceAll('"', '') !== (scan.alias ?? scan.relation))) return undefined;
    return `${quoteIdentifier(match[2].replace(/^"|"$/g, '').replaceAll('""', '"'))}${match[3] ?? ''}`;
  });
  return keys.every((key) => key !== undefined) ? keys : undefined;
}

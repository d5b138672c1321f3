import type { PlanNode } from '../planModel';
import { allOf, baseOf, conditionOf, count, fact, filterOf, groupScans, isScan, nameOf, ownOf, percent, severityOf, shareOf, size, tableOf, type PlanContext } from './context';
import { adviseGin, adviseIndex } from './indexAdvice';
import { memoryAdvice } from './memory';
import { conjunctsOf, indexableConditions } from './predicates';
import type { PlanAdvice, PlanFinding } from './types';

/** Rows thrown away for one that is kept: a block read at random costs four read in order (`random_page_cost`), and an index has blocks of its own. */
export const WASTED_FACTOR = 10;
/** Fewer rows are in a few blocks; reading them is nothing. In one run, and in all together. */
export const WASTED_ROWS = 1000;
const WASTED_PER_RUN = 100;
/** Index-only scans that go to the table for more than this part of their rows gain little from being index-only. */
const HEAP_SHARE = 0.2;
const HEAP_ROWS = 1000;
const LOSSY_SHARE = 0.1;
/** Partitions read in vain: so many, and such a part of all. */
const EMPTY_PARTITIONS = 4;
const EMPTY_SHARE = 0.75;

const sum = (nodes: readonly PlanNode[], of: (node: PlanNode) => number): number => nodes.reduce((total, node) => total + of(node), 0);

/** Scans that read rows and throw most of them away. */
export function findWastedReads(context: PlanContext): readonly PlanFinding[] {
  return groupScans(context).flatMap((group): readonly PlanFinding[] => {
    const first = group[0]!;
    const removed = sum(group, (node) => fact(node, 'Rows Removed by Filter') * (node.loops ?? 1));
    const kept = sum(group, (node) => node.rows ?? 0);
    const share = shareOf(context, sum(group, (node) => ownOf(context, node)));
    const filter = filterOf(first);
    if (share === undefined || filter === undefined || removed < WASTED_ROWS || removed < kept * WASTED_FACTOR) return [];
    const loops = first.loops ?? 1;
    if (removed / loops < WASTED_PER_RUN) return [];
    const answered = ['Index Cond', 'Recheck Cond'].flatMap((label) => conditionOf(first, label) ?? []);
    return [{
      kind: 'wasted-reads', severity: severityOf(share), nodeId: first.id, share,
      title: `${nameOf(group)}: ${count(removed + kept)} rows are read to keep ${count(kept)}`,
      detail: `${answered.length > 0 ? `The index finds rows by ${answered.join(' and ')}; the rest of the condition` : 'The condition'} is checked row by row, and ${percent(removed / (removed + kept))} of the rows fail it${loops > 1 ? `, in ${count(loops)} runs together` : ''}.`,
      advice: wastedAdvice(context, group, filter, answered),
      evidence: [{ label: 'Filter', value: filter }, { label: 'Rows removed by the filter', value: count(removed) }, { label: 'Rows kept', value: count(kept) }],
    }];
  });
}

const wastedAdvice = (context: PlanContext, group: readonly PlanNode[], filter: string, answered: readonly string[]): readonly PlanAdvice[] => {
  const advice = conditionAdvice(context, group, filter, answered);
  if (advice.length > 0) return advice;
  const inJoin = context.parentOf(group[0]!)?.nodeType.startsWith('Nested Loop') === true || group[0]!.subplan !== undefined;
  return [{ text: `No b-tree index answers ${inJoin ? 'this join condition' : 'this condition'} as it is written: compare a column itself with a value, or make an index on the expression.` }];
};

/** What would find the rows that a node's filter keeps, for one scan or those of several partitions; empty where nothing general does. */
export function conditionAdvice(context: PlanContext, group: readonly PlanNode[], filter: string, answered: readonly string[]): readonly PlanAdvice[] {
  const node = group[0]!;
  // `(id)::text = …` is a comparison of the column itself where it is varchar, which a plan does not say.
  const usable = conjunctsOf(filter).filter((part) => !isCastAway(context, node, part)).map((part) => `(${part})`).join(' AND ');
  // Where the rows are joined another way, the other table's columns are no values.
  const index = (indexableConditions(node, usable).length > 0 ? adviseIndex(node, [...answered, usable]) : undefined) ?? adviseGin(node, filter);
  if (index && (group.length > 1 || context.partitionKey(node))) return [{ text: `${index.text} It belongs on the partitioned table, so that every partition gets it.` }];
  if (index) return [index];
  const parts = conjunctsOf(filter);
  const negative = parts.length === 1 && /<>|NOT |IS NOT NULL/.test(parts[0]!);
  return negative ? [{ text: 'A condition that excludes rows is served by a partial index whose WHERE is that condition, on the column that the rows are looked up or ordered by.' }] : [];
}

function isCastAway(context: PlanContext, node: PlanNode, part: string): boolean {
  const column = /^\((?:(?:[\w$]+|"[^"]+")\.)?([\w$]+|"[^"]+")\)::text\b/.exec(part)?.[1];
  const type = column === undefined ? undefined : context.columnType(node, column.replaceAll('"', ''));
  return type !== undefined && !/^(?:text|character|name|citext)\b/.test(type);
}

/** Index-only scans that must look into the table: its visibility map is not up to date. */
export const findHeapFetches = (context: PlanContext): readonly PlanFinding[] => groupScans(context).flatMap((group): readonly PlanFinding[] => {
  const first = group[0]!;
  if (!first.nodeType.includes('Index Only Scan')) return [];
  const fetches = sum(group, (node) => fact(node, 'Heap Fetches'));
  const rows = sum(group, (node) => (node.rows ?? 0) + (node.rowsRemoved ?? 0));
  const share = shareOf(context, sum(group, (node) => ownOf(context, node)));
  if (share === undefined || fetches < HEAP_ROWS || fetches < rows * HEAP_SHARE) return [];
  return [{
    kind: 'heap-fetches', severity: severityOf(share / 2), nodeId: first.id, share,
    title: `${nameOf(group)}: the index-only scan looks into the table ${count(fetches)} times`,
    detail: 'Blocks that VACUUM has not marked all-visible since they were written must be read to see whether a row is there.',
    advice: [{ text: 'VACUUM the table; where it is written much, let autovacuum come more often (autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor).', sql: `VACUUM ${tableOf(first)};` }],
    evidence: [{ label: 'Heap fetches', value: count(fetches) }, { label: 'Rows', value: count(rows) }],
  }];
});

/** Bitmaps that did not fit: whole blocks are checked again. */
export const findLossyBitmaps = (context: PlanContext): readonly PlanFinding[] => groupScans(context).flatMap((group): readonly PlanFinding[] => {
  const first = group[0]!;
  const [exact, lossy] = [sum(group, (node) => fact(node, 'Exact Heap Blocks')), sum(group, (node) => fact(node, 'Lossy Heap Blocks'))];
  const share = shareOf(context, sum(group, (node) => ownOf(context, node)));
  if (share === undefined || lossy === 0 || lossy < (exact + lossy) * LOSSY_SHARE) return [];
  const rechecked = sum(group, (node) => fact(node, 'Rows Removed by Index Recheck') * (node.loops ?? 1));
  // One entry per block, of 64 bytes (tbm_calculate_entries).
  return [{
    kind: 'lossy-bitmap', severity: severityOf(share), nodeId: first.id, share,
    title: `${nameOf(group)}: the bitmap of ${count(exact + lossy)} blocks did not fit work_mem`,
    detail: `For ${count(lossy)} blocks only the block is remembered, not the rows: all their rows are checked again${rechecked > 0 ? `, ${count(rechecked)} of them in vain` : ''}.`,
    advice: [memoryAdvice((exact + lossy) * 64 / 1024, 'the bitmap')],
    evidence: [{ label: 'Exact blocks', value: count(exact) }, { label: 'Lossy blocks', value: count(lossy) }, ...(rechecked > 0 ? [{ label: 'Rows rechecked in vain', value: count(rechecked) }] : [])],
  }];
});

/** Partitions that are read and have nothing: the condition says nothing of the key they are cut by. */
export const findUnprunedPartitions = (context: PlanContext): readonly PlanFinding[] => context.nodes.flatMap((append): readonly PlanFinding[] => {
  if (!/Append$/.test(append.nodeType) || append.neverExecuted || !context.model.analyzed) return [];
  const read = append.children.filter((child) => !child.neverExecuted && child.subplan === undefined && isScan(child));
  const bases = new Set(read.map(baseOf));
  const empty = read.filter((child) => child.rows === 0);
  if (bases.size !== 1 || empty.length < EMPTY_PARTITIONS || empty.length < read.length * EMPTY_SHARE || empty.length === read.length) return [];
  const share = shareOf(context, sum(empty, (child) => allOf(context, child)));
  if (share === undefined) return [];
  return [{
    kind: 'unpruned-partitions', severity: severityOf(share), nodeId: append.id, share,
    title: `${empty.length} of ${read.length} partitions of ${[...bases][0]} are read and have no row`,
    detail: 'The planner leaves out partitions only by conditions on the partition key, with values it knows when the plan is made or the run starts.',
    advice: [{ text: 'Add a condition on the partition key, or compare the key itself (not an expression of it) with a value of its own type.' }],
    evidence: [{ label: 'Partitions read', value: count(read.length) }, { label: 'With rows', value: read.filter((child) => (child.rows ?? 0) > 0).map((child) => child.relation ?? '').slice(0, 5).join(', ') }],
  }];
});

/** Blocks that had to come from outside, where that is most of the time. */
export const findIoWaits = (context: PlanContext): readonly PlanFinding[] => context.nodes.flatMap((node): readonly PlanFinding[] => {
  const ms = (node.selfIoMs ?? 0) / (node.processes ?? 1);
  const share = context.timed ? shareOf(context, Math.min(ms, node.selfMs ?? 0), 0.3) : undefined;
  if (share === undefined || node.neverExecuted) return [];
  const kilobytes = (node.selfReadBlocks ?? 0) * 8;
  return [{
    kind: 'io-wait', severity: share >= 0.5 ? 'medium' : 'low', nodeId: node.id, share,
    title: `${node.relation ?? node.nodeType}: ${percent(share)} of the time is waiting for ${size(kilobytes)} from disk`,
    detail: 'The blocks were not in shared_buffers. The second run of a statement is often faster: its blocks are there then.',
    advice: [{ text: 'Run it again to see it warm. If it is as slow: read fewer blocks (a better index, fewer columns in an index-only scan), or give the server more memory.' }],
    evidence: [{ label: 'Blocks read', value: count(node.selfReadBlocks ?? 0) }, { label: 'Found in the cache', value: count(node.selfHitBlocks ?? 0) }],
  }];
});

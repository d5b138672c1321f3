import { isRecord, recordIn, recordsIn, textIn } from '../planJson';
import type { PlanNode } from '../planModel';
import { count, fact, nameOf, ownOf, severityOf, shareOf, size, type PlanContext } from './context';
import type { PlanAdvice, PlanFinding } from './types';

/** In memory a sort needs about this much of what it writes to disk, where rows are packed. */
const SORT_FACTOR = 2.5;
/** More work_mem than this for one sort is no advice: other sessions need memory too. */
const MOST_KILOBYTES = 1024 * 1024;

/** work_mem that would do, as a round figure with room to spare. @param multiplier how many times work_mem may be taken (`hash_mem_multiplier`) */
export function memoryAdvice(kilobytes: number, what: string, multiplier = 1): PlanAdvice {
  const megabytes = 2 ** Math.ceil(Math.log2(Math.max(4096, (kilobytes * 1.2) / multiplier) / 1024));
  if (megabytes * 1024 > MOST_KILOBYTES) return { text: `It would need about ${size(kilobytes)} to keep ${what} in memory, too much for work_mem: bring fewer rows or narrower ones to this node.` };
  const times = multiplier === 1 ? '' : ` (times hash_mem_multiplier, ${multiplier})`;
  return { text: `With work_mem of ${megabytes} MB${times} ${what} fits. Set it for this statement or role: every sort and hash of every session may take that much.`, whatIf: { kind: 'setting', name: 'work_mem', value: `${megabytes}MB` }, sql: `SET work_mem = '${megabytes}MB';` };
}

/** Sorts, hashes and stores that went to temporary files. */
export const findSpills = (context: PlanContext): readonly PlanFinding[] => context.nodes.flatMap((node): readonly PlanFinding[] => {
  if (node.neverExecuted || !node.raw) return [];
  const spill = sortSpill(node) ?? hashSpill(node, context) ?? aggregateSpill(node, context) ?? storeSpill(node);
  if (!spill) return [];
  // A hash is filled here and read by the join above, which reads its batches back.
  const join = spill.kind === 'hash-spill' && node.nodeType.endsWith('Hash') ? context.parentOf(node) : undefined;
  const share = shareOf(context, ownOf(context, node) + (join ? ownOf(context, join) : 0));
  if (share === undefined) return [];
  return [{ ...spill, severity: severityOf(share), nodeId: node.id, share }];
});

type Spill = Pick<PlanFinding, 'kind' | 'title' | 'detail' | 'advice' | 'evidence'>;

function sortSpill(node: PlanNode): Spill | undefined {
  const sorts = [node.raw!, ...recordsIn(node.raw, 'Workers')].filter((raw) => textIn(raw, 'Sort Space Type') === 'Disk');
  const groups = ['Full-sort Groups', 'Pre-sorted Groups'].map((key) => recordIn(recordIn(node.raw, key), 'Sort Space Disk')).filter(isRecord);
  const sizes = [...sorts.map((raw) => Number(raw['Sort Space Used'] ?? 0)), ...groups.map((raw) => Number(raw['Peak Sort Space Used'] ?? 0))];
  if (sizes.length === 0) return undefined;
  const [total, most] = [sizes.reduce((sum, kilobytes) => sum + kilobytes, 0), Math.max(...sizes)];
  const key = node.conditions.find(({ label }) => label === 'Sort Key')?.text ?? '';
  return {
    kind: 'sort-spill', title: `The sort by ${key.length > 60 ? `${key.slice(0, 57)}…` : key} goes through ${size(total)} on disk`,
    detail: `Its ${count(node.rows ?? 0)} rows do not fit work_mem${sizes.length > 1 ? `, in ${sizes.length} processes` : ''}: they are written to temporary files, sorted in pieces and merged.`,
    advice: [memoryAdvice(most * SORT_FACTOR, 'the sort')],
    evidence: [{ label: 'Sort method', value: textIn(node.raw, 'Sort Method') ?? 'external merge' }, { label: 'On disk', value: size(total) }, { label: 'Rows', value: count(node.rows ?? 0) }],
  };
}

function hashSpill(node: PlanNode, { hashMemory }: PlanContext): Spill | undefined {
  const batches = fact(node, 'Hash Batches');
  if (batches <= 1) return undefined;
  const [original, peak] = [fact(node, 'Original Hash Batches'), fact(node, 'Peak Memory Usage')];
  return {
    kind: 'hash-spill', title: `The hash table of ${count(node.rows ?? 0)} rows is split into ${count(batches)} parts on disk`,
    detail: `It does not fit work_mem × hash_mem_multiplier: both sides of the join are written to temporary files and read back part by part.${original < batches ? ` The planner had expected ${count(original)}: there were more rows than estimated.` : ''}`,
    advice: [memoryAdvice(peak * batches, 'the hash table', hashMemory)],
    evidence: [{ label: 'Batches', value: original < batches ? `${batches} (planned ${original})` : String(batches) }, { label: 'Memory of one part', value: size(peak) }],
  };
}

function aggregateSpill(node: PlanNode, { hashMemory }: PlanContext): Spill | undefined {
  const disk = fact(node, 'Disk Usage');
  if (fact(node, 'HashAgg Batches') <= 1 || disk === 0) return undefined;
  return {
    kind: 'hash-spill', title: `Grouping ${count(node.rows ?? 0)} groups goes through ${size(disk)} on disk`,
    detail: 'The groups do not fit work_mem × hash_mem_multiplier: rows of groups that have no place are written to temporary files and grouped later.',
    advice: [memoryAdvice(fact(node, 'Peak Memory Usage') + disk * SORT_FACTOR, 'the hash table', hashMemory)],
    evidence: [{ label: 'Batches', value: count(fact(node, 'HashAgg Batches')) }, { label: 'On disk', value: size(disk) }],
  };
}

/** Fewer blocks are as well in a file. */
const STORED_BLOCKS = 16;

/** Materialize, CTE Scan, WindowAgg and the like. */
function storeSpill(node: PlanNode): Spill | undefined {
  const written = node.selfBlocks?.tempWritten ?? 0;
  if (written < STORED_BLOCKS || !/Materialize|CTE Scan|WindowAgg|Function Scan|Recursive Union|SetOp/.test(node.nodeType)) return undefined;
  return {
    kind: 'temp-files', title: `${node.relation === undefined ? node.nodeType : nameOf([node])}: ${size(written * 8)} are kept in a temporary file`,
    detail: 'The rows are stored to be read again, and do not fit work_mem.',
    advice: [memoryAdvice(written * 8 * SORT_FACTOR, 'the store')],
    evidence: [{ label: 'Blocks written', value: count(written) }],
  };
}

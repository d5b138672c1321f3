import { attributeWork } from './planAttribution';
import { attributeCosts } from './planCosts';
import type { RawNode } from './planJson';
import { isRecord, numberIn, recordIn, recordsIn, textIn } from './planJson';
import { conditionsOf, detailsOf, labelOf } from './planLabels';
import type { BlockCounts, PlanJit, PlanModel, PlanNode, PlanTrigger, PlanWorker } from './planModel';
import { collectNotes } from './planNotes';
import { collectWork, countsIn, hasBlocks, hasIo, MAX_DEPTH, type Counts, type Work } from './planWork';

export { collectNodes } from './planModel';
export type { BlockCounts, LabelledText, PlanJit, PlanModel, PlanNode, PlanTrigger, PlanWorker } from './planModel';

/** What the plan as a whole has. */
interface Measured {
  readonly analyzed: boolean;
  readonly timed: boolean;
  readonly blocks: boolean;
  readonly io: boolean;
  readonly ownCosts: readonly number[];
}

/**
 * Reads element 0 of `EXPLAIN (FORMAT JSON)` (or the whole array), of PostgreSQL 12 to 18, with or without ANALYZE,
 * BUFFERS and VERBOSE. Unknown keys are ignored, missing ones leave figures undefined; never throws. Self times follow
 * the rules for loops, parallel workers, CTEs and InitPlans, so that they sum up to the root's time.
 */
export function parsePlan(json: unknown): PlanModel {
  const document = Array.isArray(json) ? (json as readonly unknown[])[0] : json;
  const top = isRecord(document) ? document : {};
  const all = collectWork(recordIn(top, 'Plan') ?? {});
  attributeWork(all);
  const work = all[0]!;
  const raws = all.map((node) => node.raw);
  const analyzed = raws.some((raw) => numberIn(raw, 'Actual Loops') !== undefined);
  const timed = analyzed && raws.some((raw) => numberIn(raw, 'Actual Total Time') !== undefined);
  const root = finish(work, { analyzed, timed, blocks: raws.some(hasBlocks), io: raws.some(hasIo), ownCosts: attributeCosts(all) }, false);
  const executionMs = numberIn(top, 'Execution Time');
  const triggers = recordsIn(top, 'Triggers').map(toTrigger);
  const triggersMs = triggers.reduce((sum, trigger) => sum + (trigger.ms ?? 0), 0);
  const serializationMs = numberIn(recordIn(top, 'Serialization'), 'Time');
  const jit = toJit(recordIn(top, 'JIT'));
  // What no node has read runs behind the tree: CTEs that write.
  const inNodes = all.reduce((sum, node) => sum + node.selfMs, 0);
  const planning = recordIn(top, 'Planning');
  return {
    root,
    analyzed,
    timed,
    ...defined({
      planningMs: numberIn(top, 'Planning Time'), executionMs, jitMs: jit?.totalMs, serializationMs, triggersMs: triggers.some(({ ms }) => ms !== undefined) ? triggersMs : undefined,
      unattributedMs: executionMs === undefined || !timed ? undefined : Math.max(0, executionMs - inNodes - triggersMs - (serializationMs ?? 0)),
      wholeMs: executionMs ?? (timed ? inNodes : undefined), jit, planningBlocks: planning && hasBlocks(planning) ? toBlocks(countsIn(planning)) : undefined,
      queryText: textIn(top, 'Query Text'), queryIdentifier: top['Query Identifier'] === undefined ? undefined : String(top['Query Identifier']),
    }),
    triggers,
    settings: Object.fromEntries(Object.entries(recordIn(top, 'Settings') ?? {}).map(([name, value]) => [name, String(value)])),
    notes: collectNotes(top, raws),
  };
}

const toTrigger = (raw: RawNode): PlanTrigger => {
  const [trigger, constraint] = [textIn(raw, 'Trigger Name'), textIn(raw, 'Constraint Name')];
  // `a`ction on the referenced table, `c`heck on the referencing one.
  const kind = constraint === undefined ? undefined : /^RI_ConstraintTrigger_([ac])_\d+$/.exec(trigger ?? '')?.[1];
  const side = kind === 'a' ? 'referenced' as const : kind === 'c' ? 'referencing' as const : undefined;
  return { name: constraint ?? trigger ?? '', ...defined({ constraint, side, relation: textIn(raw, 'Relation'), ms: numberIn(raw, 'Time') }), calls: numberIn(raw, 'Calls') ?? 0 };
};

function toJit(raw: RawNode | undefined): PlanJit | undefined {
  const timing = recordIn(raw, 'Timing');
  // 17 tells the deforming inside of the generation.
  const generationMs = numberIn(timing, 'Generation') ?? numberIn(recordIn(timing, 'Generation'), 'Total');
  const options = recordIn(raw, 'Options');
  return raw && defined({ functions: numberIn(raw, 'Functions'), optimized: options && (options['Optimization'] === true || options['Inlining'] === true), generationMs, inliningMs: numberIn(timing, 'Inlining'), optimizationMs: numberIn(timing, 'Optimization'), emissionMs: numberIn(timing, 'Emission'), totalMs: numberIn(timing, 'Total') });
}

/** Nodes that read their whole input before they return a row: a LIMIT above does not stop what is below. */
const readsAll = (raw: RawNode): boolean => ['Sort', 'Hash', 'Aggregate', 'ModifyTable', 'Bitmap Index Scan', 'BitmapAnd', 'BitmapOr'].includes(textIn(raw, 'Node Type') ?? '') && textIn(raw, 'Strategy') !== 'Sorted';

/**
 * Does a node end its child before the last row? A sub-query may be one row's worth (EXISTS, a CTE below a LIMIT), a merge join ends
 * with the shorter side, a semi-join with the first match, a hash join with an empty hash table.
 */
function stopsEarly({ raw, children }: Work, child: Work): boolean {
  if (textIn(child.raw, 'Subplan Name') !== undefined) return true;
  const type = textIn(raw, 'Node Type');
  if (type === 'Merge Join') return true;
  const inner = textIn(child.raw, 'Parent Relationship') === 'Inner';
  if (type === 'Nested Loop') return inner && (raw['Inner Unique'] === true || ['Semi', 'Anti'].includes(textIn(raw, 'Join Type') ?? ''));
  return type === 'Hash Join' && !inner && children.some((other) => textIn(other.raw, 'Parent Relationship') === 'Inner' && numberIn(other.raw, 'Actual Rows') === 0);
}

const toBlocks = ({ hit, read, dirtied, written, tempRead, tempWritten }: Counts): BlockCounts => {
  const least = (value: number): number => Math.max(0, value);
  return { hit: least(hit), read: least(read), dirtied: least(dirtied), written: least(written), tempRead: least(tempRead), tempWritten: least(tempWritten) };
};

function finish(node: Work, whole: Measured, limited: boolean): PlanNode {
  const { raw, loops } = node;
  const { analyzed, timed } = whole;
  const neverExecuted = loops === 0;
  const planRows = numberIn(raw, 'Plan Rows') ?? 0;
  const actualRows = numberIn(raw, 'Actual Rows');
  const ran = analyzed && !neverExecuted && loops !== undefined;
  const factor = ran && actualRows !== undefined ? Math.max(1, actualRows) / Math.max(1, planRows) : undefined;
  const removed = ['Rows Removed by Filter', 'Rows Removed by Join Filter', 'Rows Removed by Index Recheck'].reduce((sum, key) => sum + (numberIn(raw, key) ?? 0), 0);
  const below = textIn(raw, 'Node Type') === 'Limit' || (limited && !readsAll(raw));
  const self = toBlocks(node.selfCounts);
  return {
    id: node.id,
    nodeType: labelOf(raw),
    ...defined({
      relation: textIn(raw, 'Relation Name') ?? textIn(raw, 'CTE Name') ?? textIn(raw, 'Function Name'), schema: textIn(raw, 'Schema'), alias: textIn(raw, 'Alias'),
      index: textIn(raw, 'Index Name'), workersPlanned: numberIn(raw, 'Workers Planned'), workersLaunched: numberIn(raw, 'Workers Launched'), subplan: textIn(raw, 'Subplan Name'), loops,
      processes: ran ? node.processes : undefined, workers: workersOf(raw),
      selfMs: timed ? node.selfMs : undefined, totalMs: timed ? node.ms : undefined, startupMs: timed && ran ? numberIn(raw, 'Actual Startup Time') : undefined,
      rows: ran && actualRows !== undefined ? actualRows * loops : neverExecuted ? 0 : undefined,
      factor: limited && factor !== undefined && factor < 1 ? undefined : factor, limited: limited || undefined,
      rowsRemoved: ran && removed > 0 ? removed * loops : undefined, width: numberIn(raw, 'Plan Width'), startupCost: numberIn(raw, 'Startup Cost'),
      ...(whole.blocks ? { selfHitBlocks: self.hit, selfReadBlocks: self.read, selfTempBlocks: self.tempRead + self.tempWritten, selfBlocks: self, totalBlocks: toBlocks(node.counts) } : {}),
      ...(whole.io ? { selfIoMs: Math.max(0, node.selfCounts.io), totalIoMs: node.counts.io } : {}),
    }),
    conditions: conditionsOf(raw),
    details: detailsOf(raw),
    neverExecuted,
    estimatedRows: planRows * (ran ? loops : 1),
    estimatedRowsPerLoop: planRows,
    selfCost: whole.ownCosts[node.id] ?? 0,
    totalCost: numberIn(raw, 'Total Cost') ?? 0,
    children: node.depth >= MAX_DEPTH ? [] : node.children.map((child) => finish(child, whole, below || stopsEarly(node, child))),
    raw,
  };
}

function workersOf(raw: RawNode): readonly PlanWorker[] | undefined {
  const workers = recordsIn(raw, 'Workers').map((worker): PlanWorker => {
    const [loops, ms, rows] = [numberIn(worker, 'Actual Loops'), numberIn(worker, 'Actual Total Time'), numberIn(worker, 'Actual Rows')];
    return { number: numberIn(worker, 'Worker Number') ?? 0, ...defined({ loops, rows: rows === undefined || loops === undefined ? undefined : rows * loops, totalMs: ms === undefined || loops === undefined ? undefined : ms * loops }) };
  });
  return workers.length > 0 ? workers : undefined;
}

const defined = <T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };

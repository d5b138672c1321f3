import { attributeInside } from './planAttribution';
import type { RawNode } from './planJson';
import { isRecord, numberIn, plansIn, recordIn, recordsIn, runsElsewhere, textIn } from './planJson';
import { conditionsOf, labelOf } from './planLabels';
import { collectNotes } from './planNotes';

/** One node of a plan. Times in milliseconds, buffers in blocks of 8 kB; undefined where the plan does not say. */
export interface PlanNode {
  /** Position in the plan, from 0, parents before children. */
  readonly id: number;
  /** As EXPLAIN's text form names it: `Parallel Seq Scan`, `Hash Left Join`, `HashAggregate`. */
  readonly nodeType: string;
  readonly relation?: string;
  readonly schema?: string;
  readonly alias?: string;
  readonly index?: string;
  /** Of a Gather node. */
  readonly workersPlanned?: number;
  /** `CTE x`, `InitPlan 1`, `SubPlan 2`. */
  readonly subplan?: string;
  readonly conditions: readonly { readonly label: string; readonly text: string }[];
  /** EXPLAIN ANALYZE: the node was planned but never run. */
  readonly neverExecuted: boolean;
  readonly loops?: number;
  /** Wall-clock time in the node alone, and with everything below it. */
  readonly selfMs?: number;
  readonly totalMs?: number;
  /** Rows returned in all loops together. */
  readonly rows?: number;
  /** The planner's estimate for as many loops. */
  readonly estimatedRows: number;
  /** Actual rows over estimated rows of one loop, both at least 1; undefined where a LIMIT above stopped the node early. */
  readonly factor?: number;
  /** Rows read and thrown away by filters, in all loops together. */
  readonly rowsRemoved?: number;
  readonly selfHitBlocks?: number;
  readonly selfReadBlocks?: number;
  readonly selfTempBlocks?: number;
  /** Cost without the children's; 0 where re-run children or a LIMIT make the difference negative. */
  readonly selfCost: number;
  readonly totalCost: number;
  readonly children: readonly PlanNode[];
}

export interface PlanModel {
  readonly root: PlanNode;
  readonly analyzed: boolean;
  readonly planningMs?: number;
  readonly executionMs?: number;
  readonly jitMs?: number;
  /** Time of the run that no node accounts for, triggers and JIT apart. */
  readonly unattributedMs?: number;
  /** Things about the whole plan that people should know, as sentences. */
  readonly notes: readonly string[];
}

/** The figures of a node while the tree is computed. */
export interface Work {
  readonly raw: RawNode;
  readonly id: number;
  readonly depth: number;
  readonly parent: Work | undefined;
  readonly children: Work[];
  readonly loops: number | undefined;
  readonly totalMs: number;
  /** Inclusive counts, as PostgreSQL gives them; workers are in them. */
  readonly blocks: Record<BlockKind, number>;
  /** What is left after everything that ran inside is taken out. */
  self: Record<BlockKind | 'ms', number>;
}

export type BlockKind = 'hit' | 'read' | 'temp';
const blockKeys: Readonly<Record<BlockKind, readonly string[]>> = { hit: ['Shared Hit Blocks', 'Local Hit Blocks'], read: ['Shared Read Blocks', 'Local Read Blocks'], temp: ['Temp Read Blocks', 'Temp Written Blocks'] };

/** How many processes run the nodes below a Gather. */
interface Team {
  readonly processes: number;
  /** VERBOSE: workers report their own loops, so a node without such a report ran in the leader alone. */
  readonly reported: boolean;
}

/**
 * Reads element 0 of `EXPLAIN (FORMAT JSON)` (or the whole array), of PostgreSQL 12 to 18, with or without ANALYZE,
 * BUFFERS and VERBOSE. Unknown keys are ignored, missing ones leave figures undefined; never throws. Self times follow
 * the rules for loops, parallel workers, CTEs and InitPlans, so that they sum up to the root's time.
 */
export function parsePlan(json: unknown): PlanModel {
  const document = Array.isArray(json) ? (json as readonly unknown[])[0] : json;
  const top = isRecord(document) ? document : {};
  const all: Work[] = [];
  const work = collect(recordIn(top, 'Plan') ?? {}, undefined, undefined, all);
  for (const node of all) takeOut(node);
  attributeInside(all);
  const analyzed = work.loops !== undefined;
  const root = finish(work, analyzed, hasBuffers(all), false);
  const executionMs = numberIn(top, 'Execution Time');
  const jitMs = numberIn(recordIn(recordIn(top, 'JIT'), 'Timing'), 'Total');
  const known = work.totalMs + recordsIn(top, 'Triggers').reduce((sum, trigger) => sum + (numberIn(trigger, 'Time') ?? 0), 0);
  return {
    root,
    analyzed,
    ...defined({ planningMs: numberIn(top, 'Planning Time'), executionMs, jitMs, unattributedMs: executionMs === undefined || !analyzed ? undefined : Math.max(0, executionMs - known) }),
    notes: collectNotes(top, all.map((node) => node.raw)),
  };
}

function collect(raw: RawNode, parent: Work | undefined, team: Team | undefined, all: Work[]): Work {
  const loops = numberIn(raw, 'Actual Loops');
  const node: Work = {
    raw, id: all.length, depth: (parent?.depth ?? -1) + 1, parent, children: [], loops,
    totalMs: ((numberIn(raw, 'Actual Total Time') ?? 0) * (loops ?? 0)) / processesOf(raw, loops ?? 0, team),
    blocks: { hit: blocksIn(raw, 'hit'), read: blocksIn(raw, 'read'), temp: blocksIn(raw, 'temp') },
    self: { ms: 0, hit: 0, read: 0, temp: 0 },
  };
  all.push(node);
  const launched = numberIn(raw, 'Workers Launched');
  const below = launched === undefined ? team : { processes: launched + (raw['Single Copy'] === true ? 0 : 1) || 1, reported: plansIn(raw).some(reportsWorkers) };
  for (const child of plansIn(raw)) node.children.push(collect(child, node, below, all));
  return node;
}

const blocksIn = (raw: RawNode, kind: BlockKind): number => blockKeys[kind].reduce((sum, key) => sum + (numberIn(raw, key) ?? 0), 0);
const workerLoops = (raw: RawNode): readonly number[] => recordsIn(raw, 'Workers').flatMap((worker) => numberIn(worker, 'Actual Loops') ?? []);
const reportsWorkers = (raw: RawNode): boolean => workerLoops(raw).length > 0 || plansIn(raw).some(reportsWorkers);

/** Processes that ran a node; its loops are counted over all of them, and they run side by side. */
function processesOf(raw: RawNode, loops: number, team: Team | undefined): number {
  if (team === undefined || loops === 0) return 1;
  const workers = workerLoops(raw);
  if (workers.length === 0) return team.reported ? 1 : Math.max(1, Math.min(team.processes, loops));
  const ran = workers.filter((count) => count > 0);
  const inLeader = loops > ran.reduce((sum, count) => sum + count, 0) ? 1 : 0;
  return Math.max(1, ran.length + inLeader);
}

function takeOut(node: Work): void {
  const inside = node.children.filter((child) => !runsElsewhere(child.raw));
  const rest = (own: number, of: (child: Work) => number): number => own - inside.reduce((sum, child) => sum + of(child), 0);
  node.self = { ms: rest(node.totalMs, (child) => child.totalMs), hit: rest(node.blocks.hit, (child) => child.blocks.hit), read: rest(node.blocks.read, (child) => child.blocks.read), temp: rest(node.blocks.temp, (child) => child.blocks.temp) };
}

const hasBuffers = (all: readonly Work[]): boolean => all.some(({ raw }) => numberIn(raw, 'Shared Hit Blocks') !== undefined);

/** Nodes that read their whole input before they return a row: a LIMIT above does not stop what is below. */
const readsAll = (raw: RawNode): boolean => ['Sort', 'Incremental Sort', 'Hash', 'Aggregate', 'ModifyTable', 'Bitmap Index Scan', 'BitmapAnd', 'BitmapOr'].includes(textIn(raw, 'Node Type') ?? '') && textIn(raw, 'Strategy') !== 'Sorted';

function finish(node: Work, analyzed: boolean, buffers: boolean, limited: boolean): PlanNode {
  const { raw, loops } = node;
  const neverExecuted = loops === 0;
  const planRows = numberIn(raw, 'Plan Rows') ?? 0;
  const actualRows = numberIn(raw, 'Actual Rows');
  const ran = analyzed && !neverExecuted && loops !== undefined;
  const factor = ran && actualRows !== undefined ? Math.max(1, actualRows) / Math.max(1, planRows) : undefined;
  const removed = ['Rows Removed by Filter', 'Rows Removed by Join Filter', 'Rows Removed by Index Recheck'].reduce((sum, key) => sum + (numberIn(raw, key) ?? 0), 0);
  const below = textIn(raw, 'Node Type') === 'Limit' || (limited && !readsAll(raw));
  const totalCost = numberIn(raw, 'Total Cost') ?? 0;
  const inside = node.children.filter((child) => !runsElsewhere(child.raw));
  return {
    id: node.id,
    nodeType: labelOf(raw),
    ...defined({
      relation: textIn(raw, 'Relation Name') ?? textIn(raw, 'CTE Name') ?? textIn(raw, 'Function Name'), schema: textIn(raw, 'Schema'), alias: textIn(raw, 'Alias'),
      index: textIn(raw, 'Index Name'), workersPlanned: numberIn(raw, 'Workers Planned'), subplan: textIn(raw, 'Subplan Name'), loops,
      selfMs: analyzed ? Math.max(0, node.self.ms) : undefined, totalMs: analyzed ? node.totalMs : undefined,
      rows: ran && actualRows !== undefined ? actualRows * loops : neverExecuted ? 0 : undefined,
      factor: limited && factor !== undefined && factor < 1 ? undefined : factor,
      rowsRemoved: ran && removed > 0 ? removed * loops : undefined,
      selfHitBlocks: buffers ? Math.max(0, node.self.hit) : undefined, selfReadBlocks: buffers ? Math.max(0, node.self.read) : undefined, selfTempBlocks: buffers ? Math.max(0, node.self.temp) : undefined,
    }),
    conditions: conditionsOf(raw),
    neverExecuted,
    estimatedRows: planRows * (ran ? loops : 1),
    selfCost: Math.max(0, totalCost - inside.reduce((sum, child) => sum + (numberIn(child.raw, 'Total Cost') ?? 0), 0)),
    totalCost,
    children: node.children.map((child) => finish(child, analyzed, buffers, below)),
  };
}

const defined = <T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };

/** Every node, parents before children. */
export const collectNodes = (root: PlanNode): readonly PlanNode[] => [root, ...root.children.flatMap(collectNodes)];

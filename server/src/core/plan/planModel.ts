import type { RawNode } from './planJson';

/** Counts of blocks of 8 kB. */
export interface BlockCounts {
  /** Found in shared or local buffers. */
  readonly hit: number;
  /** Asked of the operating system. */
  readonly read: number;
  readonly dirtied: number;
  readonly written: number;
  readonly tempRead: number;
  readonly tempWritten: number;
}

/** What one parallel worker did in a node (VERBOSE). */
export interface PlanWorker {
  readonly number: number;
  readonly loops?: number;
  /** Rows in all its loops together. */
  readonly rows?: number;
  readonly totalMs?: number;
}

/** A line of EXPLAIN: `Filter`, `(a = 1)`. */
export interface LabelledText {
  readonly label: string;
  readonly text: string;
}

/** `disable_cost` of PostgreSQL before 18: what a kind of node that a setting switches off is dearer by. */
const DISABLED_COST = 1e10;

/** Does the cost of a node hold `disable_cost`? Then it is no measure of work. Since 18 every node says whether it is disabled, and costs are what they are. */
export const holdsDisabledCost = ({ totalCost, raw }: Pick<PlanNode, 'totalCost' | 'raw'>): boolean => totalCost >= DISABLED_COST && raw?.['Disabled'] === undefined;

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
  readonly workersLaunched?: number;
  /** `CTE x`, `InitPlan 1`, `SubPlan 2`. */
  readonly subplan?: string;
  readonly conditions: readonly LabelledText[];
  /** What else EXPLAIN says of the node in words: sort method, memory, batches, heap fetches, output. */
  readonly details?: readonly LabelledText[];
  /** EXPLAIN ANALYZE: the node was planned but never run. */
  readonly neverExecuted: boolean;
  /** Runs of the node, over all processes. */
  readonly loops?: number;
  /** Processes that ran it side by side; 1 outside a Gather. */
  readonly processes?: number;
  readonly workers?: readonly PlanWorker[];
  /** Wall-clock time in the node alone. All nodes together have the time of the run: what ran side by side shares it. */
  readonly selfMs?: number;
  /** Wall-clock time with everything below. */
  readonly totalMs?: number;
  /** Time of the node alone until its first row, of one loop. */
  readonly startupMs?: number;
  /** Rows returned in all loops together. */
  readonly rows?: number;
  /** The planner's estimate for as many loops. */
  readonly estimatedRows: number;
  /** The planner's estimate for one loop. */
  readonly estimatedRowsPerLoop?: number;
  /** Bytes of a row, by the planner's estimate. */
  readonly width?: number;
  /** Actual rows over estimated rows of one loop, both at least 1; undefined where there are fewer and a node above may have stopped this one early. */
  readonly factor?: number;
  /** A node above may have stopped this one before its end: LIMIT, EXISTS, a merge join. */
  readonly limited?: boolean;
  /** Rows read and thrown away by filters, in all loops together. */
  readonly rowsRemoved?: number;
  readonly selfHitBlocks?: number;
  readonly selfReadBlocks?: number;
  readonly selfTempBlocks?: number;
  /** Blocks of the node alone, all processes together. */
  readonly selfBlocks?: BlockCounts;
  /** Blocks with everything below. */
  readonly totalBlocks?: BlockCounts;
  /** Time of reading and writing blocks (`track_io_timing`), of the node alone, summed over its processes. */
  readonly selfIoMs?: number;
  readonly totalIoMs?: number;
  /** Cost of the node alone, as it counts in the plan's cost: all nodes together have the root's. Re-runs and LIMIT are allowed for. */
  readonly selfCost: number;
  /** As EXPLAIN prints it: of one run, to the end. */
  readonly totalCost: number;
  readonly startupCost?: number;
  readonly children: readonly PlanNode[];
  /** Everything that EXPLAIN's JSON form says of the node, with its keys. */
  readonly raw?: RawNode;
}

export interface PlanTrigger {
  /** Name of the trigger, or of the constraint that it checks. */
  readonly name: string;
  /** Set where the trigger checks a foreign key. */
  readonly constraint?: string;
  /** Of a foreign key's trigger, by its name: on the table that is referred to (it looks for rows that refer), or on the one that refers (it looks up the key). */
  readonly side?: 'referenced' | 'referencing';
  readonly relation?: string;
  readonly ms?: number;
  readonly calls: number;
}

export interface PlanJit {
  readonly functions?: number;
  /** Inlined or optimized: the dear steps. */
  readonly optimized?: boolean;
  readonly generationMs?: number;
  readonly inliningMs?: number;
  readonly optimizationMs?: number;
  readonly emissionMs?: number;
  readonly totalMs?: number;
}

export interface PlanModel {
  readonly root: PlanNode;
  /** The statement was run. */
  readonly analyzed: boolean;
  /** Times of nodes were measured (not with TIMING OFF). */
  readonly timed: boolean;
  readonly planningMs?: number;
  readonly executionMs?: number;
  readonly jitMs?: number;
  /** Of SERIALIZE: turning the result into text or binary. */
  readonly serializationMs?: number;
  readonly triggersMs?: number;
  /** Time of the run that no node accounts for, triggers and serialization apart: locks, start and end of the executor. */
  readonly unattributedMs?: number;
  /** What shares of time are shares of: the run, or where it is not known the root's time; undefined without times. */
  readonly wholeMs?: number;
  readonly triggers: readonly PlanTrigger[];
  readonly jit?: PlanJit;
  readonly planningBlocks?: BlockCounts;
  /** Settings that differ from the default, of EXPLAIN (SETTINGS). */
  readonly settings: Readonly<Record<string, string>>;
  /** Statement in the plan (auto_explain). */
  readonly queryText?: string;
  readonly queryIdentifier?: string;
  /** Things about the whole plan that people should know, as sentences. */
  readonly notes: readonly string[];
}

/** Every node, parents before children. */
export function collectNodes(root: PlanNode): readonly PlanNode[] {
  const all: PlanNode[] = [];
  const open: PlanNode[] = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    all.push(node);
    for (let i = node.children.length - 1; i >= 0; i--) open.push(node.children[i]!);
  }
  return all;
}

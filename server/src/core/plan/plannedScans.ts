import type { PlanNode } from './planTree';

/** A node that reads one relation of the catalog. Rows and costs are estimates; rows are those of one loop. */
export interface PlannedScan {
  readonly node: PlanNode;
  /** Key in the catalog: `schema.name`. A partition stands for itself. */
  readonly table: string;
  readonly alias: string;
  /** `Seq Scan`, `Index Scan`, `Index Only Scan`, `Bitmap Heap Scan`, … without `Parallel`. */
  readonly method: string;
  /** Name of the index; of a bitmap heap scan with one index below, that one's. */
  readonly index?: string;
  /** Position in `PlanQuestion.add` where the index is hypothetical. */
  readonly added?: number;
  /** Rows the node reads: all of the table for a Seq Scan; undefined where the plan does not say. */
  readonly rowsRead?: number;
  /** Rows it returns, all workers together. */
  readonly rowsKept: number;
  readonly cost: number;
  /** Conditions that the index answers; empty for a Seq Scan, or an index read from end to end for its order. */
  readonly indexConditions: readonly string[];
  /** Conditions checked row by row. */
  readonly filters: readonly string[];
  /** Is the scan run once per row of another relation (inner side of a nested loop, SubPlan)? */
  readonly repeated: boolean;
}

export interface ScanContext {
  /** `reltuples` by `schema.name`. */
  readonly tuples: ReadonlyMap<string, number>;
  /** Position in `PlanQuestion.add` by index name. */
  readonly added: ReadonlyMap<string, number>;
  /** Schema of relations where EXPLAIN was not VERBOSE. */
  readonly schema?: string;
}

const conditionOf = (node: PlanNode, ...labels: readonly string[]): readonly string[] => node.conditions.filter((c) => labels.includes(c.label)).map((c) => c.text);

/** Not the node that writes (`Update`, `Delete`): it names the relation too. */
const isScan = (node: PlanNode): boolean => node.relation !== undefined && node.schema !== undefined && / Scan\b/.test(node.nodeType) && !/^(CTE|Function|Table Function|Subquery|Values|WorkTable)/.test(node.nodeType);

/** Every node of an estimated plan that reads a relation, parents before children. */
export function collectScans(root: PlanNode, context: ScanContext): readonly PlannedScan[] {
  const scans: PlannedScan[] = [];
  visit(root, { repeated: false, workers: 1 }, context, scans);
  return scans;
}

interface Around {
  readonly repeated: boolean;
  /** What the rows of a partial node are multiplied with: the planner's `parallel_divisor`. */
  readonly workers: number;
}

function visit(node: PlanNode, around: Around, context: ScanContext, scans: PlannedScan[]): void {
  if (isScan(node) && !node.nodeType.includes('Bitmap Index Scan')) scans.push(toScan(node, around, context));
  const loop = /Nested Loop/.test(node.nodeType);
  node.children.forEach((child, position) => {
    const repeated = around.repeated || (loop && position === 1) || child.subplan?.startsWith('SubPlan') === true;
    visit(child, { repeated, workers: node.workersPlanned === undefined ? around.workers : parallelDivisor(node.workersPlanned) }, context, scans);
  });
}

/** `get_parallel_divisor` of PostgreSQL: the leader takes part, less with each worker it has to serve. */
export const parallelDivisor = (workers: number): number => workers + Math.max(0, 1 - 0.3 * workers);

/** The index scans that make a bitmap for a node; what hangs on it as a sub-plan reads for something else. */
const bitmapsBelow = (node: PlanNode): readonly PlanNode[] =>
  node.children.filter((child) => child.subplan === undefined).flatMap((child) => (child.nodeType.includes('Bitmap Index Scan') ? [child] : bitmapsBelow(child)));

function toScan(node: PlanNode, around: Around, context: ScanContext): PlannedScan {
  const table = `${node.schema ?? context.schema ?? 'public'}.${node.relation ?? ''}`;
  const bitmaps = bitmapsBelow(node);
  const index = node.index ?? (bitmaps.length === 1 ? bitmaps[0]?.index : undefined);
  const added = [node.index, ...bitmaps.map((b) => b.index)].map((name) => (name === undefined ? undefined : context.added.get(name))).find((position) => position !== undefined);
  const indexConditions = [node, ...bitmaps].flatMap((n) => conditionOf(n, 'Index Cond', 'TID Cond', 'Order By'));
  const partial = node.nodeType.startsWith('Parallel ');
  const method = node.nodeType.replace(/^Parallel /, '').replace(/ Backward$/, '');
  const tuples = context.tuples.get(table);
  const kept = Math.round(node.estimatedRows * (partial ? around.workers : 1));
  const whole = method ==='Seq Scan' || method === 'Sample Scan' || (indexConditions.length === 0 && /^Index/.test(method));
  return {
    node, table, alias: node.alias ?? node.relation ?? '', method,
    ...(index === undefined ? {} : { index }), ...(added === undefined ? {} : { added }),
    rowsRead: whole ? tuples : bitmaps.length === 1 ? bitmaps[0]?.estimatedRows : undefined,
    // The share of a worker is rounded: all together may come out at a row too many.
    rowsKept: tuples === undefined ? kept : Math.min(kept, Math.max(1, Math.round(tuples))),
    cost: node.totalCost, indexConditions, filters: conditionOf(node, 'Filter', 'Recheck Cond', 'Join Filter'), repeated: around.repeated,
  };
}

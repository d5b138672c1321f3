import { parallelDivisor } from './plannedScans';
import { collectNodes, type PlanModel, type PlanNode } from './planModel';

/** Two plans laid over each other. */
export interface PlanDiff {
  /** The tree of the plan after, with what is gone in its place. More than one root where the old root is gone. */
  readonly roots: readonly DiffNode[];
  readonly totals: readonly DiffTotal[];
  /** What the rows of all deltas are: counted, where both plans were run; the planner's estimates of one run of the node otherwise. */
  readonly rows: RowsKind;
  /** The same nodes, relations, indexes and join types. */
  readonly sameShape: boolean;
}

export type RowsKind = 'actual' | 'estimated';

export interface DiffNode {
  /** `changed`: the same place in the query, done otherwise (another kind, index or condition). Figures alone change nothing. */
  readonly status: 'same' | 'changed' | 'added' | 'removed';
  readonly before?: PlanNode;
  readonly after?: PlanNode;
  /** What changed, in words: `Seq Scan → Index Scan using orders_customer`. */
  readonly changes: readonly string[];
  /** Of the kind that `PlanDiff.rows` says, of all processes together. */
  readonly rows: { readonly before?: number; readonly after?: number };
  /** After less before; undefined where a side has no such figure. A node that is added or removed counts whole. */
  readonly delta: DiffFigures;
  readonly children: readonly DiffNode[];
}

export interface DiffFigures {
  readonly selfMs?: number;
  readonly totalMs?: number;
  readonly selfCost?: number;
  readonly totalCost?: number;
  /** Of the kind that `PlanDiff.rows` says. */
  readonly rows?: number;
  /** Blocks hit, read and of temporary files, of the node alone. */
  readonly blocks?: number;
  readonly readBlocks?: number;
  readonly ioMs?: number;
}

export interface DiffTotal {
  readonly label: 'execution' | 'planning' | 'cost' | 'buffers' | 'read' | 'temporary files' | 'I/O';
  readonly unit: 'ms' | 'cost' | 'blocks';
  readonly before: number;
  readonly after: number;
}

/** Lays two plans of one statement over each other: nodes by what they read (relations and aliases), then by kind, then by position. */
export function comparePlans(before: PlanModel, after: PlanModel): PlanDiff {
  const pairs = matchNodes(before.root, after.root);
  const matched = new Map([...pairs].map(([b, a]) => [a, b]));
  const rows: RowsKind = before.analyzed && after.analyzed ? 'actual' : 'estimated';
  const rowsOf = rows === 'actual' ? (node: PlanNode) => node.rows : rowsExpected([before.root, after.root]);
  const gone = placeRemoved(before.root, pairs, rowsOf);
  const build = (node: PlanNode): DiffNode => {
    const counterpart = matched.get(node);
    const children = [...(gone.below.get(node) ?? []), ...node.children.map(build)];
    return counterpart ? toPair(counterpart, node, rowsOf, children) : { status: 'added', after: node, changes: [], rows: sidesOf(undefined, rowsOf(node)), delta: signed(node, 1, rowsOf), children };
  };
  const roots = [...gone.roots, build(after.root)];
  return { roots, totals: totalsOf(before, after), rows, sameShape: flatten(roots).every(({ status, changes }) => status === 'same' || (status === 'changed' && changes.every((change) => change.startsWith('condition')))) };
}

type RowsOf = (node: PlanNode) => number | undefined;
const sidesOf = (before: number | undefined, after: number | undefined): DiffNode['rows'] => ({ ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) });

/** The planner's estimates of one run; below a Gather EXPLAIN prints those of one process. */
function rowsExpected(roots: readonly PlanNode[]): RowsOf {
  const processes = new Map<PlanNode, number>();
  for (const root of roots) for (const node of collectNodes(root)) {
    const own = node.workersPlanned === undefined ? processes.get(node) : parallelDivisor(node.workersPlanned);
    if (own !== undefined) for (const child of node.children) processes.set(child, own);
  }
  return (node) => Math.round((node.estimatedRowsPerLoop ?? node.estimatedRows) * (processes.get(node) ?? 1));
}

/** Every node of a comparison, parents before children. */
export const flatten = (nodes: readonly DiffNode[]): readonly DiffNode[] => nodes.flatMap((node) => [node, ...flatten(node.children)]);

/** What a node reads, as the query calls it. Sets of equal names are joins of the same relations. */
const placeOf = (node: PlanNode): string | undefined => node.alias ?? node.relation;

function placesBelow(root: PlanNode): ReadonlyMap<PlanNode, string> {
  const sets = new Map<PlanNode, string>();
  const visit = (node: PlanNode): readonly string[] => {
    const own = node.subplan === undefined ? [] : [`(${node.subplan})`];
    const all = [...new Set([...node.children.flatMap(visit), ...(placeOf(node) === undefined ? [] : [placeOf(node)!])])].sort();
    sets.set(node, [...own, ...all].join(' '));
    return all;
  };
  visit(root);
  return sets;
}

/** Kinds that stand for each other: ways to read a relation, to join, to group, to sort. */
function classOf({ nodeType, relation, index }: PlanNode): string {
  if (/Bitmap Index Scan/.test(nodeType)) return `bitmap ${index ?? ''}`;
  if (/ Scan\b/.test(nodeType)) return relation === undefined ? nodeType : 'scan';
  if (/Join|Nested Loop/.test(nodeType)) return 'join';
  if (/Aggregate|Group|Unique/.test(nodeType)) return 'group';
  return nodeType.replace(/^(?:Parallel|Partial|Finalize|Incremental) /, '').replace(/^Gather Merge$/, 'Gather');
}

/** More nodes of one place and class are no query's: they are paired one by one, for the time that it takes. */
const MAX_GROUP = 200;

/** Counterparts, before to after. Nodes of one place and class are paired in order, those of the same kind first. */
function matchNodes(before: PlanNode, after: PlanNode): ReadonlyMap<PlanNode, PlanNode> {
  const [old, fresh] = [groupByPlace(before), groupByPlace(after)];
  const pairs = new Map<PlanNode, PlanNode>();
  for (const [key, olds] of old) {
    if (olds.length > MAX_GROUP) {
      for (const [i, node] of olds.entries()) { const partner = fresh.get(key)?.[i]; if (partner) pairs.set(node, partner); }
      continue;
    }
    const free = new Set(fresh.get(key) ?? []);
    for (const same of [(b: PlanNode, a: PlanNode) => b.nodeType === a.nodeType && b.index === a.index, (b: PlanNode, a: PlanNode) => b.nodeType === a.nodeType, () => true]) {
      for (const node of olds) {
        if (pairs.has(node)) continue;
        const found = [...free].find((candidate) => same(node, candidate) && keepsOrder(node, candidate, olds, pairs));
        if (!found) continue;
        pairs.set(node, found);
        free.delete(found);
      }
    }
  }
  return pairs;
}

function groupByPlace(root: PlanNode): ReadonlyMap<string, readonly PlanNode[]> {
  const places = placesBelow(root);
  const groups = new Map<string, PlanNode[]>();
  for (const node of collectNodes(root)) {
    const key = `${classOf(node)} ${places.get(node) ?? ''}`;
    const group = groups.get(key);
    if (group) group.push(node);
    else groups.set(key, [node]);
  }
  return groups;
}

/** Nodes of one group stand in both plans in the same order. */
const keepsOrder = (node: PlanNode, candidate: PlanNode, group: readonly PlanNode[], pairs: ReadonlyMap<PlanNode, PlanNode>): boolean =>
  group.every((other) => { const partner = pairs.get(other); return partner === undefined || (other.id < node.id) === (partner.id < candidate.id); });

/** Nodes without counterpart, below the counterpart of the nearest ancestor that has one. */
function placeRemoved(root: PlanNode, pairs: ReadonlyMap<PlanNode, PlanNode>, rowsOf: RowsOf): { readonly roots: readonly DiffNode[]; readonly below: ReadonlyMap<PlanNode, readonly DiffNode[]> } {
  const roots: DiffNode[] = [];
  const below = new Map<PlanNode, DiffNode[]>();
  const visit = (node: PlanNode, into: DiffNode[]): void => {
    const partner = pairs.get(node);
    if (partner) {
      const list: DiffNode[] = [];
      below.set(partner, list);
      for (const child of node.children) visit(child, list);
      return;
    }
    const children: DiffNode[] = [];
    into.push({ status: 'removed', before: node, changes: [], rows: sidesOf(rowsOf(node), undefined), delta: signed(node, -1, rowsOf), children });
    for (const child of node.children) visit(child, children);
  };
  visit(root, roots);
  return { roots, below };
}

function toPair(before: PlanNode, after: PlanNode, rowsOf: RowsOf, children: readonly DiffNode[]): DiffNode {
  const changes = [
    ...(describe(before) === describe(after) ? [] : [`${describe(before)} → ${describe(after)}`]),
    ...conditionChanges(before, after),
  ];
  return { status: changes.length > 0 ? 'changed' : 'same', before, after, changes, rows: sidesOf(rowsOf(before), rowsOf(after)), delta: difference(before, after, rowsOf), children };
}

const describe = ({ nodeType, index }: PlanNode): string => `${nodeType}${index === undefined ? '' : ` using ${index}`}`;

function conditionChanges(before: PlanNode, after: PlanNode): readonly string[] {
  const textOf = (node: PlanNode): ReadonlySet<string> => new Set(node.conditions.map(({ label, text }) => `${label}: ${text}`));
  const [old, fresh] = [textOf(before), textOf(after)];
  return [...[...old].filter((text) => !fresh.has(text)).map((text) => `condition gone: ${text}`), ...[...fresh].filter((text) => !old.has(text)).map((text) => `condition new: ${text}`)];
}

const blocksOf = (node: PlanNode): number | undefined => (node.selfHitBlocks === undefined ? undefined : node.selfHitBlocks + (node.selfReadBlocks ?? 0) + (node.selfTempBlocks ?? 0));

const figuresOf = (node: PlanNode, rowsOf: RowsOf): DiffFigures => ({
  selfMs: node.selfMs, totalMs: node.totalMs, selfCost: node.selfCost, totalCost: node.totalCost, rows: rowsOf(node), blocks: blocksOf(node), readBlocks: node.selfReadBlocks, ioMs: node.selfIoMs,
});

const mapFigures = (of: (key: keyof DiffFigures) => number | undefined): DiffFigures =>
  Object.fromEntries((['selfMs', 'totalMs', 'selfCost', 'totalCost', 'rows', 'blocks', 'readBlocks', 'ioMs'] satisfies (keyof DiffFigures)[]).flatMap((key) => { const value = of(key); return value === undefined ? [] : [[key, value] as const]; }));

function difference(before: PlanNode, after: PlanNode, rowsOf: RowsOf): DiffFigures {
  const [old, fresh] = [figuresOf(before, rowsOf), figuresOf(after, rowsOf)];
  return mapFigures((key) => (old[key] === undefined || fresh[key] === undefined ? undefined : fresh[key] - old[key]));
}

function signed(node: PlanNode, sign: 1 | -1, rowsOf: RowsOf): DiffFigures {
  const figures = figuresOf(node, rowsOf);
  return mapFigures((key) => (figures[key] === undefined ? undefined : sign * figures[key]));
}

function totalsOf(before: PlanModel, after: PlanModel): readonly DiffTotal[] {
  const sum = (model: PlanModel, of: (node: PlanNode) => number | undefined): number | undefined => {
    const values = collectNodes(model.root).map(of);
    return values.every((value) => value === undefined) ? undefined : values.reduce<number>((total, value) => total + (value ?? 0), 0);
  };
  const total = (label: DiffTotal['label'], unit: DiffTotal['unit'], of: (model: PlanModel) => number | undefined): readonly DiffTotal[] => {
    const [old, fresh] = [of(before), of(after)];
    return old === undefined || fresh === undefined ? [] : [{ label, unit, before: old, after: fresh }];
  };
  return [
    ...total('execution', 'ms', (model) => model.wholeMs), ...total('planning', 'ms', (model) => model.planningMs), ...total('cost', 'cost', (model) => model.root.totalCost),
    ...total('buffers', 'blocks', (model) => sum(model, (node) => node.selfHitBlocks === undefined ? undefined : node.selfHitBlocks + (node.selfReadBlocks ?? 0))),
    ...total('read', 'blocks', (model) => sum(model, (node) => node.selfReadBlocks)), ...total('temporary files', 'blocks', (model) => sum(model, (node) => node.selfTempBlocks)), ...total('I/O', 'ms', (model) => sum(model, (node) => node.selfIoMs)),
  ];
}

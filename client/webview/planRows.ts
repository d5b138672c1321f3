import type { PlanNode } from '../../server/src/core/plan/planModel';
import type { GridItem } from './treeGrid';

/** Figures of a row. Times and counts are totals over all loops; undefined: not measured. */
export interface RowFigures {
  readonly selfMs?: number;
  readonly totalMs?: number;
  readonly selfCost: number;
  readonly totalCost: number;
  readonly rows?: number;
  readonly estimatedRows: number;
  readonly factor?: number;
  readonly loops?: number;
  readonly hitBlocks?: number;
  readonly readBlocks?: number;
  readonly tempBlocks?: number;
  readonly removed?: number;
}

/** A node, or equal siblings (the scans of partitions) as one row that opens. */
export interface PlanRow extends GridItem {
  readonly node: PlanNode;
  readonly group?: readonly PlanNode[];
  readonly figures: RowFigures;
  /** Part of the whole plan's time (cost, when nothing was measured) spent here alone, 0 to 1. */
  readonly share: number;
  readonly neverExecuted: boolean;
  readonly children: readonly PlanRow[];
}

/** Fewer equal siblings stand for themselves. */
const GROUP_FROM = 4;

/** Rows of a plan. `whole`: what shares are shares of. */
export function toPlanRows(root: PlanNode, whole: number, timed: boolean): PlanRow {
  const shareOf = ({ selfMs, selfCost }: RowFigures): number => (whole > 0 ? Math.min(1, Math.max(0, (timed ? selfMs ?? 0 : selfCost) / whole)) : 0);
  const build = (node: PlanNode): PlanRow => {
    const figures = figuresOf(node);
    return { id: String(node.id), node, figures, share: node.neverExecuted ? 0 : shareOf(figures), neverExecuted: node.neverExecuted, children: toChildren(node), ...(node.neverExecuted ? { folded: true } : {}) };
  };
  const toChildren = (node: PlanNode): readonly PlanRow[] =>
    groupEqual(node.children).flatMap((equal): readonly PlanRow[] => {
      const [first] = equal;
      if (!first || equal.length < GROUP_FROM) return equal.map(build);
      const figures = sumFigures(equal);
      return [{ id: `group-${first.id}`, node: first, group: equal, figures, share: shareOf(figures), neverExecuted: equal.every((child) => child.neverExecuted), folded: true, children: equal.map(build) }];
    });
  return build(root);
}

/** Runs of siblings that do the same, each to another relation. */
function groupEqual(nodes: readonly PlanNode[]): readonly (readonly PlanNode[])[] {
  const runs: PlanNode[][] = [];
  let last: string | undefined;
  for (const node of nodes) {
    const shape = shapeOf(node);
    if (shape === last) runs.at(-1)?.push(node);
    else runs.push([node]);
    last = shape;
  }
  return runs;
}

const shapes = new WeakMap<PlanNode, string>();

/** Kinds of a node and of all below it. */
function shapeOf(node: PlanNode): string {
  const known = shapes.get(node);
  if (known !== undefined) return known;
  const shape = `${node.nodeType}${node.subplan ?? ''}(${node.children.map(shapeOf).join()})`;
  shapes.set(node, shape);
  return shape;
}

function figuresOf(node: PlanNode): RowFigures {
  return {
    selfMs: node.selfMs, totalMs: node.totalMs, selfCost: node.selfCost, totalCost: node.totalCost, rows: node.rows, estimatedRows: node.estimatedRows, factor: node.factor,
    loops: node.loops, hitBlocks: node.selfHitBlocks, readBlocks: node.selfReadBlocks, tempBlocks: node.selfTempBlocks, removed: node.rowsRemoved,
  };
}

/** Everything in the equal siblings and below them. */
function sumFigures(nodes: readonly PlanNode[]): RowFigures {
  const deep = (node: PlanNode, of: (node: PlanNode) => number | undefined): number | undefined =>
    node.children.reduce<number | undefined>((sum, child) => add(sum, deep(child, of)), of(node));
  const sum = (of: (node: PlanNode) => number | undefined): number | undefined => nodes.reduce<number | undefined>((total, node) => add(total, deep(node, of)), undefined);
  const flat = (of: (node: PlanNode) => number | undefined): number | undefined => nodes.reduce<number | undefined>((total, node) => add(total, of(node)), undefined);
  return {
    selfMs: sum((node) => node.selfMs), totalMs: flat((node) => node.totalMs), selfCost: sum((node) => node.selfCost) ?? 0, totalCost: flat((node) => node.totalCost) ?? 0,
    rows: flat((node) => node.rows), estimatedRows: flat((node) => node.estimatedRows) ?? 0, hitBlocks: sum((node) => node.selfHitBlocks), readBlocks: sum((node) => node.selfReadBlocks),
    tempBlocks: sum((node) => node.selfTempBlocks), removed: sum((node) => node.rowsRemoved),
  };
}

const add = (a: number | undefined, b: number | undefined): number | undefined => (a === undefined ? b : b === undefined ? a : a + b);

/** `orders o`; the alias only where it says something. */
export function relationOf({ relation, alias }: PlanNode): string | undefined {
  return relation && alias && alias !== relation ? `${relation} ${alias}` : (relation ?? alias);
}

/** What a node is called in a sentence: `Seq Scan on orders`. */
export function nodeName(node: PlanNode): string {
  const relation = relationOf(node);
  return `${node.nodeType}${node.index === undefined ? '' : ` using ${node.index}`}${relation ? ` on ${relation}` : ''}`;
}

/** The condition that says most about a node. */
export const chiefCondition = (node: PlanNode): string | undefined =>
  (['Index Cond', 'Hash Cond', 'Merge Cond', 'Join Filter', 'Filter', 'Recheck Cond', 'One-Time Filter', 'Sort Key', 'Group Key'].map((label) => node.conditions.find((c) => c.label === label)).find(Boolean) ?? node.conditions[0])?.text;

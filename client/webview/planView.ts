import { parsePlan, type PlanModel, type PlanNode } from '../../server/src/core/plan/planTree';
import { formatBlocks, formatCost, formatCount, formatMs, formatShare } from './format';
import type { PlanRow } from './planTable';

/** A figure of the header. */
export interface Total {
  readonly label: string;
  readonly value: string;
  readonly main?: boolean;
}

/** What the panel shows of a plan, ready to be laid out. */
export interface PlanSummary {
  readonly rows: readonly PlanRow[];
  readonly totals: readonly Total[];
  readonly notes: readonly string[];
}

/** Reads element 0 of `EXPLAIN (FORMAT JSON)`. Unknown keys are ignored, missing ones leave their cells empty. */
export function summarizePlan(json: Readonly<Record<string, unknown>>, analyzed: boolean): PlanSummary {
  const model = parsePlan(json);
  const rows: PlanRow[] = [];
  const visit = (node: PlanNode, level: number): void => {
    rows.push(toRow(node, level, model, analyzed));
    for (const child of node.children) visit(child, level + 1);
  };
  visit(model.root, 1);
  return { rows, totals: analyzed ? measuredTotals(model, rows) : estimatedTotals(model, rows), notes: model.notes };
}

function toRow(node: PlanNode, level: number, model: PlanModel, analyzed: boolean): PlanRow {
  const whole = analyzed ? (model.executionMs ?? model.root.totalMs ?? 0) : model.root.totalCost;
  const own = analyzed ? (node.selfMs ?? 0) : node.selfCost;
  return {
    id: String(node.id),
    level,
    hasChildren: node.children.length > 0,
    type: node.nodeType,
    relation: relationOf(node),
    index: node.index,
    subplan: node.subplan,
    conditions: [
      ...node.conditions.map(({ label, text }) => `${label}: ${text}`),
      ...(node.rowsRemoved ? [`Read and thrown away: ${formatCount(node.rowsRemoved)} rows`] : []),
    ],
    neverExecuted: node.neverExecuted,
    selfMs: node.selfMs,
    totalMs: node.totalMs,
    share: whole > 0 && !node.neverExecuted ? Math.min(1, own / whole) : 0,
    rows: node.rows,
    estimatedRows: node.estimatedRows,
    factor: node.factor,
    loops: node.loops,
    hitBlocks: node.selfHitBlocks,
    readBlocks: node.selfReadBlocks,
    tempBlocks: node.selfTempBlocks,
    selfCost: node.selfCost,
    totalCost: node.totalCost,
  };
}

/** `orders o`; the alias only where it says something. */
function relationOf({ relation, alias }: PlanNode): string | undefined {
  return relation && alias && alias !== relation ? `${relation} ${alias}` : (relation ?? alias);
}

function measuredTotals(model: PlanModel, rows: readonly PlanRow[]): Total[] {
  const executionMs = model.executionMs ?? model.root.totalMs ?? 0;
  const blocks = (pick: (row: PlanRow) => number | undefined): number => rows.reduce((sum, row) => sum + (pick(row) ?? 0), 0);
  const read = blocks((row) => row.readBlocks);
  const hit = blocks((row) => row.hitBlocks);
  return [
    { label: 'execution', value: formatMs(executionMs), main: true },
    ...(model.planningMs === undefined ? [] : [{ label: 'planning', value: formatMs(model.planningMs) }]),
    ...(model.jitMs ? [{ label: 'JIT compilation', value: `${formatMs(model.jitMs)} (${formatShare(model.jitMs / Math.max(executionMs, model.jitMs))})` }] : []),
    ...(model.unattributedMs && model.unattributedMs > Math.max(1, 0.05 * executionMs) ? [{ label: 'outside the nodes', value: formatMs(model.unattributedMs) }] : []),
    ...(hit + read > 0 ? [{ label: 'read', value: formatBlocks(read) }, { label: 'from cache', value: formatBlocks(hit) }] : []),
    { label: rows.length === 1 ? 'node' : 'nodes', value: formatCount(rows.length) },
  ];
}

function estimatedTotals(model: PlanModel, rows: readonly PlanRow[]): Total[] {
  return [
    { label: 'estimated cost', value: formatCost(model.root.totalCost), main: true },
    { label: model.root.estimatedRows === 1 ? 'estimated row' : 'estimated rows', value: formatCount(model.root.estimatedRows) },
    { label: rows.length === 1 ? 'node' : 'nodes', value: formatCount(rows.length) },
  ];
}

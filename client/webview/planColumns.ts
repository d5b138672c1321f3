import type { PlanModel } from '../../server/src/core/plan/planModel';
import { element } from './dom';
import { formatBlocks, formatCost, formatCount, formatFactor, formatMs, formatShare } from './format';
import { relationOf, chiefCondition, type PlanRow } from './planRows';
import type { GridColumn } from './treeGrid';

/** Misestimates below this factor are normal and not marked. */
const NOTABLE_FACTOR = 10;

type Column = GridColumn<PlanRow>;

/** Columns for a measured plan, or an estimated one; those that would be empty are left out. */
export function planColumns(model: PlanModel, rows: readonly PlanRow[]): readonly Column[] {
  const some = (of: (row: PlanRow) => number | undefined): boolean => rows.some((row) => (of(row) ?? 0) > 0);
  const filtered: readonly Column[] = some(removedShare) ? [plain('filtered', 'Filtered', 'Part of the rows read that a filter threw away', 3, removedShare, (row) => formatShare(removedShare(row) ?? 0))] : [];
  if (!model.analyzed) {
    return [
      shareColumn('self', 'Self cost', 'Estimated cost of this node alone', (row) => row.figures.selfCost, formatCost),
      plain('total', 'Total cost', 'Estimated cost with everything below, of one run to the end', 2, (row) => row.figures.totalCost, (row) => formatCost(row.figures.totalCost), 'dim'),
      plain('rows', 'Rows', 'Rows that the planner expects per run', 1, (row) => row.figures.estimatedRows, (row) => formatCount(row.figures.estimatedRows)),
    ];
  }
  const blocks = (id: string, title: string, description: string, priority: 2 | 3, of: (row: PlanRow) => number | undefined, className = ''): readonly Column[] =>
    some(of) ? [plain(id, title, description, priority, of, (row) => (of(row) ? formatBlocks(of(row) ?? 0) : ''), className)] : [];
  return [
    ...(model.timed ? [
      shareColumn('self', 'Self', 'Time spent in this node alone, over all loops', (row) => row.figures.selfMs, formatMs),
      plain('total', 'Total', 'Time with everything below, over all loops', 2, (row) => row.figures.totalMs, (row) => (row.figures.totalMs === undefined ? '' : formatMs(row.figures.totalMs)), 'dim'),
    ] : [shareColumn('self', 'Self cost', 'Estimated cost of this node alone: times were not measured', (row) => row.figures.selfCost, formatCost)]),
    plain('rows', 'Rows', 'Rows that came out, over all loops', 1, (row) => row.figures.rows, (row) => (row.figures.rows === undefined ? '' : formatCount(row.figures.rows))),
    estimateColumn,
    ...(some(({ figures }) => Math.max(0, (figures.loops ?? 1) - 1)) ? [plain('loops', 'Loops', 'How often the node was run', 3, (row) => row.figures.loops, (row) => ((row.figures.loops ?? 1) > 1 ? formatCount(row.figures.loops ?? 1) : ''))] : []),
    ...filtered,
    ...blocks('read', 'Read', 'Read from outside the buffer cache by this node alone', 3, (row) => row.figures.readBlocks),
    ...blocks('hit', 'Hit', 'Found in the buffer cache by this node alone', 3, (row) => row.figures.hitBlocks, 'dim'),
    ...blocks('temp', 'Temp', 'Written to and read from temporary files: work_mem was too small', 3, (row) => row.figures.tempBlocks, 'flag'),
  ];
}

function removedShare({ figures: { removed, rows } }: PlanRow): number | undefined {
  return removed === undefined ? undefined : removed / Math.max(1, removed + (rows ?? 0));
}

function plain(id: string, title: string, description: string, priority: 1 | 2 | 3, value: (row: PlanRow) => number | undefined, text: (row: PlanRow) => string, className = ''): Column {
  return {
    id, title, description, priority, value,
    fill(cell, row) {
      const shown = row.neverExecuted || value(row) === undefined ? '' : text(row);
      if (shown !== '') cell.append(className === '' ? shown : element('span', { class: className }, shown));
    },
  };
}

/** The share is written as well as drawn: colour and length alone would leave some readers out. */
function shareColumn(id: string, title: string, description: string, value: (row: PlanRow) => number | undefined, format: (value: number) => string): Column {
  return {
    id, title, description, priority: 1, value,
    fill(cell, row) {
      const figure = value(row);
      if (row.neverExecuted) cell.append('never run');
      if (row.neverExecuted || figure === undefined) return;
      cell.classList.add('share');
      if (row.share >= 0.2) cell.classList.add(row.share >= 0.5 ? 'hot' : 'warm');
      cell.style.setProperty('--share', row.share.toFixed(4));
      cell.append(format(figure), ' ', element('span', { class: 'percent' }, row.share >= 0.01 ? formatShare(row.share) : ''));
    },
  };
}

const estimateColumn: Column = {
  id: 'estimated', title: 'Estimated', description: 'Rows the planner expected, and how far off it was; ordered by how far', priority: 2,
  value: ({ figures: { factor } }) => (factor === undefined ? undefined : Math.max(factor, 1 / factor)),
  fill(cell, { figures: { estimatedRows, factor }, neverExecuted }) {
    if (neverExecuted) return;
    const off = factor !== undefined && (factor >= 2 || factor <= 0.5);
    if (off) cell.append(element('span', { class: `factor${factor >= NOTABLE_FACTOR || factor <= 1 / NOTABLE_FACTOR ? ' flag' : ' dim'}`, title: `${formatFactor(factor)} rows than estimated` }, `${factor >= 1 ? '↑' : '↓'}${formatFactor(factor).replace(/ .*/, '')}`), ' ');
    cell.append(element('span', { class: 'dim' }, formatCount(estimatedRows)));
  },
};

/** The node's cell: kind, relation, index, its condition in what room there is, and a sign where there is a finding. */
export function fillNodeName(cell: HTMLElement, row: PlanRow, path: readonly PlanRow[] | undefined, finding: { readonly severity: string; readonly title: string } | undefined): void {
  const { node, group } = row;
  const relation = relationOf(node);
  if (node.subplan) cell.append(element('span', { class: 'subplan' }, node.subplan));
  if (finding) cell.append(element('span', { class: `sign ${finding.severity}`, role: 'img', 'aria-label': `Finding: ${finding.title}`, title: finding.title }, finding.severity === 'high' ? '●' : finding.severity === 'medium' ? '▲' : '◆'));
  cell.append(element('span', { class: 'type' }, group ? `${node.nodeType} × ${group.length}` : node.nodeType));
  if (group) {
    const last = group.at(-1);
    const names = [relationIn(node), last && relationIn(last)].filter(Boolean).join(' … ');
    const idle = group.filter((child) => child.neverExecuted).length;
    cell.append(element('span', { class: 'relation' }, ` ${names}`), idle > 0 ? element('span', { class: 'dim' }, ` ${idle} never run`) : '', pathOf(path));
    return;
  }
  if (relation) cell.append(element('span', { class: 'relation' }, ` ${relation}`));
  if (node.index) cell.append(element('span', { class: 'index' }, ` using ${node.index}`));
  cell.append(pathOf(path));
  const condition = chiefCondition(node);
  if (condition) cell.append(element('span', { class: 'condition', title: condition }, ` ${condition}`));
}

/** Where the node stands, from the nearest outwards, so that what is cut off is what is farthest. */
const pathOf = (path: readonly PlanRow[] | undefined): HTMLElement | string => (path && path.length > 0 ? element('span', { class: 'path dim' }, ` in ${path.map((ancestor) => ancestor.node.nodeType).reverse().slice(0, 3).join(' ‹ ')}`) : '');

/** The first relation that is read in or below a node, without its alias: of partitions those are numbers. */
const relationIn = (node: PlanRow['node']): string | undefined => node.relation ?? node.alias ?? node.children.map(relationIn).find(Boolean);

import { element } from './dom';
import { formatBlocks, formatCost, formatCount, formatFactor, formatMs, formatShare } from './format';
import { createTreeGrid, type TreeGrid, type TreeRow } from './treeGrid';

/** A node of the plan as one row shows it. Times and counts are totals over all loops; undefined: not measured. */
export interface PlanRow {
  readonly id: string;
  readonly level: number;
  readonly hasChildren: boolean;
  /** `Index Scan`. */
  readonly type: string;
  /** `orders o`. */
  readonly relation?: string;
  /** `orders_pkey`. */
  readonly index?: string;
  /** `CTE recent`, `InitPlan 1`. */
  readonly subplan?: string;
  /** `Index Cond: (id = 5)`. */
  readonly conditions: readonly string[];
  readonly neverExecuted: boolean;
  readonly selfMs?: number;
  readonly totalMs?: number;
  /** Part of the whole plan's time (cost, when nothing was measured) spent in this node alone, 0 to 1. */
  readonly share: number;
  readonly rows?: number;
  readonly estimatedRows: number;
  /** Actual over estimated rows; undefined where the comparison says nothing. */
  readonly factor?: number;
  readonly loops?: number;
  readonly hitBlocks?: number;
  readonly readBlocks?: number;
  /** Written to and read from temporary files. */
  readonly tempBlocks?: number;
  readonly selfCost: number;
  readonly totalCost: number;
}

/** Misestimates below this factor are normal and not marked. */
const notableFactor = 10;

interface Column {
  readonly title: string;
  readonly description: string;
  cell(row: PlanRow): HTMLTableCellElement;
}

/** The tree table: measured columns for an analysed plan, cost columns for an estimated one. */
export function createPlanTable(rows: readonly PlanRow[], analyzed: boolean): TreeGrid {
  const columns = analyzed ? measuredColumns(rows) : estimatedColumns;
  const head = element('thead', {}, element('tr', {},
    element('th', { scope: 'col' }, 'Node'),
    ...columns.map(({ title, description }) => element('th', { scope: 'col', class: 'number', title: description }, title)),
  ));
  const treeRows = rows.map((row): TreeRow => ({
    id: row.id,
    level: row.level,
    hasChildren: row.hasChildren,
    element: element('tr', { class: row.neverExecuted ? 'never' : undefined, 'data-node': row.id }, nodeCell(row), ...columns.map(({ cell }) => cell(row))),
  }));
  return createTreeGrid('Query plan', head, treeRows);
}

function nodeCell(row: PlanRow): HTMLTableCellElement {
  const cell = element('td', { class: 'node', role: 'gridcell' },
    element('span', { class: row.hasChildren ? 'fold' : 'leaf', 'aria-hidden': 'true' }),
    row.subplan ? element('span', { class: 'subplan' }, row.subplan) : undefined,
    element('span', { class: 'type' }, row.type),
    row.relation ? element('span', { class: 'relation' }, ` ${row.relation}`) : undefined,
    row.index ? element('span', { class: 'dim' }, ` using ${row.index}`) : undefined,
    ...row.conditions.map((condition) => element('div', { class: 'condition', title: condition }, condition)),
  );
  cell.style.setProperty('--level', String(row.level - 1));
  return cell;
}

function numberCell(text: string, className = '', share?: number): HTMLTableCellElement {
  const cell = element('td', { class: `number ${className}`.trim(), role: 'gridcell' }, text);
  if (share !== undefined) cell.style.setProperty('--share', share.toFixed(4));
  return cell;
}

/** The share is written as well as drawn: colour and length alone would leave some readers out. */
function shareCell(value: string, row: PlanRow): HTMLTableCellElement {
  const heat = row.share >= 0.5 ? 'hot' : row.share >= 0.2 ? 'warm' : '';
  const cell = numberCell(value, `share ${heat}`, row.share);
  if (row.share >= 0.01) cell.append(element('span', { class: 'percent' }, ` ${formatShare(row.share)}`));
  return cell;
}

const empty = (): HTMLTableCellElement => numberCell('');

function measuredColumns(rows: readonly PlanRow[]): Column[] {
  const columns: Column[] = [
    {
      title: 'Self', description: 'Time spent in this node alone, over all loops',
      cell: (row) => (row.neverExecuted ? numberCell('never run') : row.selfMs === undefined ? empty() : shareCell(formatMs(row.selfMs), row)),
    },
    { title: 'Total', description: 'Time with everything below, over all loops', cell: (row) => (row.neverExecuted || row.totalMs === undefined ? empty() : numberCell(formatMs(row.totalMs), 'dim')) },
    { title: 'Rows', description: 'Rows that came out, over all loops', cell: (row) => (row.neverExecuted || row.rows === undefined ? empty() : numberCell(formatCount(row.rows))) },
    {
      title: 'Estimated', description: 'Rows the planner expected, and how far off it was',
      cell(row) {
        const factor = row.neverExecuted ? undefined : row.factor;
        const off = factor !== undefined && (factor >= 2 || factor <= 0.5);
        const notable = factor !== undefined && (factor >= notableFactor || factor <= 1 / notableFactor);
        const cell = numberCell(formatCount(row.estimatedRows), notable ? 'notable' : 'dim');
        if (off) cell.append(element('span', { class: 'factor', title: `${formatFactor(factor)} rows than estimated` }, ` ${formatFactor(factor)}`));
        return cell;
      },
    },
  ];
  const blocks = (title: string, description: string, of: (row: PlanRow) => number | undefined, className: string): Column => ({
    title,
    description,
    cell(row) {
      const value = of(row);
      return value ? numberCell(formatBlocks(value), className) : empty();
    },
  });
  // Room is short: a column is there when it says something.
  if (rows.some((row) => (row.loops ?? 0) > 1)) columns.push({ title: 'Loops', description: 'How often the node was run', cell: (row) => (row.loops !== undefined && row.loops > 1 ? numberCell(formatCount(row.loops)) : empty()) });
  if (rows.some((row) => row.hitBlocks !== undefined)) columns.push(blocks('Hit', 'Read from the buffer cache by this node alone', (row) => row.hitBlocks, 'dim'));
  if (rows.some((row) => row.readBlocks)) columns.push(blocks('Read', 'Read from outside the buffer cache by this node alone', (row) => row.readBlocks, ''));
  if (rows.some((row) => row.tempBlocks)) columns.push(blocks('Temp', 'Written to and read from temporary files: work_mem was too small', (row) => row.tempBlocks, 'notable'));
  return columns;
}

const estimatedColumns: readonly Column[] = [
  { title: 'Self cost', description: 'Estimated cost of this node alone', cell: (row) => shareCell(formatCost(row.selfCost), row) },
  { title: 'Total cost', description: 'Estimated cost with everything below', cell: (row) => numberCell(formatCost(row.totalCost), 'dim') },
  { title: 'Rows', description: 'Rows the planner expects per run', cell: (row) => numberCell(formatCount(row.estimatedRows)) },
];

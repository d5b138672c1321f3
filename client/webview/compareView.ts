import { comparePlans, type DiffNode, type DiffTotal } from '../../server/src/core/plan/compare';
import type { ShownPlan } from '../../protocol/webview';
import { button, element, select } from './dom';
import { formatBlocks, formatCost, formatCount, formatMs } from './format';
import { announce, post } from './host';
import { modelOf } from './plans';
import { nodeName } from './planRows';
import { createTreeGrid, type GridColumn, type GridItem } from './treeGrid';

interface DiffRow extends GridItem {
  readonly diff: DiffNode;
  readonly children: readonly DiffRow[];
}

export interface CompareOptions {
  readonly shown: ShownPlan;
  readonly history: readonly ShownPlan[];
  /** Id of the plan before; undefined: the newest other one. */
  readonly compareWith: string | undefined;
}

const WORDS = { same: '', changed: 'changed', added: 'new', removed: 'gone' } as const;
const SIGNS = { same: '', changed: '≠', added: '+', removed: '−' } as const;

/** Two plans of the query laid over each other, and the history they are taken from. */
export function renderCompare({ shown, history, compareWith }: CompareOptions): HTMLElement {
  const plans = history.some(({ id }) => id === shown.id) ? history : [shown, ...history];
  const frame = element('div', { class: 'compare' });
  let [before, after] = [compareWith ?? plans.find(({ id }) => id !== shown.id)?.id, shown.id];
  const draw = (): void => {
    const [left, right] = [plans.find(({ id }) => id === before), plans.find(({ id }) => id === after)];
    const choices = plans.map((plan) => ({ value: plan.id, text: titleOf(plan) }));
    frame.replaceChildren(
      plans.length > 1 ? element('div', { class: 'form' },
        select('Before', choices, before ?? '', (value) => { before = value; draw(); }),
        select('After', choices, after, (value) => { after = value; draw(); }),
        button('Swap', () => { if (before !== undefined) [before, after] = [after, before]; draw(); }),
      ) : element('p', {}, 'There is one plan of this query so far. Explain it again after a change, for other values, or try an index under “What if”: each plan is kept here.'),
      left && right && left.id !== right.id ? renderDiff(left, right) : '',
      renderHistory(plans, shown),
    );
  };
  draw();
  return frame;
}

const titleOf = (plan: ShownPlan): string => `${plan.pinned ? '★ ' : ''}${plan.title}${plan.connectionLabel ? `, ${plan.connectionLabel.replace(/, with .*/, '')}` : ''} · ${timeOf(plan)}`;
const timeOf = ({ at }: ShownPlan): string => new Date(at).toLocaleString('en', { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' });

function renderDiff(before: ShownPlan, after: ShownPlan): HTMLElement {
  const [old, fresh] = [modelOf(before), modelOf(after)];
  if ('message' in old || 'message' in fresh) return element('p', {}, 'One of the plans cannot be read.');
  const diff = comparePlans(old, fresh);
  const timed = old.timed && fresh.timed;
  let count = 0;
  const toRow = (node: DiffNode): DiffRow => ({ id: `diff-${++count}`, diff: node, children: node.children.map(toRow) });
  const rows = diff.roots.map(toRow);
  const summary = diff.sameShape ? 'Same plan, other figures.' : 'The plans differ.';
  announce(`${summary} ${diff.totals.map(describeTotal).join(', ')}`);
  const grid = createTreeGrid<DiffRow>({
    label: 'Comparison of two plans', columns: timed ? timeColumns : costColumns, roots: rows,
    rowClass: ({ diff: { status } }) => `diff-${status}`,
    fillName(cell, { diff: node }) {
      const named = node.after ?? node.before;
      if (node.status !== 'same') cell.append(element('span', { class: `mark ${node.status}` }, `${SIGNS[node.status]} ${WORDS[node.status]}`));
      if (!named) return;
      cell.append(element('span', { class: 'type' }, ` ${nodeName(named)}`));
      if (node.changes.length > 0) cell.append(element('span', { class: 'condition', title: node.changes.join('\n') }, ` ${node.changes.join('; ')}`));
    },
    onSelect: () => undefined,
  });
  return element('div', {},
    element('p', { class: 'verdict' }, summary, ' ', ...diff.totals.map((total) => element('span', { class: `total ${worse(total)}` }, describeTotal(total)))),
    grid.element,
  );
}

function describeTotal({ label, unit, before, after }: DiffTotal): string {
  const format = { ms: formatMs, cost: formatCost, blocks: formatBlocks }[unit];
  return `${label} ${format(before)} → ${format(after)}${change(before, after)}`;
}

/** `(12× less)`, `(+3 %)`. */
function change(before: number, after: number): string {
  if (before <= 0 || after <= 0 || before === after) return '';
  const factor = after / before;
  if (factor >= 2) return ` (${formatTimes(factor)} more)`;
  if (factor <= 0.5) return ` (${formatTimes(1 / factor)} less)`;
  return ` (${factor > 1 ? '+' : '−'}${Math.round(Math.abs(factor - 1) * 100)} %)`;
}
const formatTimes = (factor: number): string => `${factor >= 10 ? formatCount(factor) : factor.toFixed(1)}×`;
const worse = ({ before, after }: DiffTotal): string => (after > before * 1.1 ? 'worse' : after < before * 0.9 ? 'better' : '');

type Figures = DiffNode['delta'];

function column(id: string, title: string, description: string, priority: 1 | 2 | 3, value: (row: DiffRow) => number | undefined, format: (value: number) => string, signed = false): GridColumn<DiffRow> {
  return {
    id, title, description, priority, value: (row) => (signed ? Math.abs(value(row) ?? 0) : value(row)),
    fill(cell, row) {
      const figure = value(row);
      if (figure === undefined || (signed && Math.abs(figure) < 1e-9)) return;
      if (signed) cell.classList.add(figure > 0 ? 'worse' : 'better');
      cell.append(signed ? `${figure > 0 ? '+' : '−'}${format(Math.abs(figure))}` : format(figure));
    },
  };
}

const both = (key: keyof Figures, title: string, format: (value: number) => string, of: (node: NonNullable<DiffNode['after']>) => number | undefined): readonly GridColumn<DiffRow>[] => [
  column(`${key}-before`, `${title} before`, 'In the plan before', 2, ({ diff }) => diff.before && of(diff.before), format),
  column(`${key}-after`, 'After', 'In the plan after', 2, ({ diff }) => diff.after && of(diff.after), format),
  column(`${key}-delta`, 'Change', 'After less before', 1, ({ diff }) => diff.delta[key], format, true),
];
const rowColumn = column('rows-delta', 'Rows', 'Change in rows', 3, ({ diff }) => diff.delta.rows, formatCount, true);
const timeColumns = [...both('selfMs', 'Time', formatMs, (node) => node.selfMs), rowColumn, column('blocks-delta', 'Buffers', 'Change in buffers of the node alone', 3, ({ diff }) => diff.delta.blocks, formatBlocks, true)];
const costColumns = [...both('selfCost', 'Cost', formatCost, (node) => node.selfCost), rowColumn];

/** The plans that are kept, with what can be done with each. */
function renderHistory(plans: readonly ShownPlan[], shown: ShownPlan): HTMLElement {
  return element('section', { class: 'history' },
    element('h2', {}, 'Plans of this query'),
    element('ul', {}, ...plans.map((plan) => element('li', {},
      plan.id === shown.id ? element('strong', {}, plan.title) : button(plan.title, () => post({ type: 'showPlan', id: plan.id }), { class: 'link', title: 'Show this plan' }),
      element('span', { class: 'dim' }, ` ${totalOf(plan)} · ${plan.connectionLabel ?? 'from elsewhere'} · ${timeOf(plan)} `),
      button(plan.pinned ? '★ Pinned' : '☆ Pin', () => post({ type: 'pin', id: plan.id, pinned: !plan.pinned }), { class: 'quiet', 'aria-pressed': String(plan.pinned === true), title: 'Pinned plans are kept when newer ones come' }),
      plan.id === shown.id ? false : button('Forget', () => post({ type: 'forget', id: plan.id }), { class: 'quiet', 'aria-label': `Forget ${plan.title}` }),
    ))),
  );
}

function totalOf(plan: ShownPlan): string {
  const model = modelOf(plan);
  if ('message' in model) return '';
  return model.timed ? formatMs(model.wholeMs ?? 0) : `cost ${formatCost(model.root.totalCost)}`;
}

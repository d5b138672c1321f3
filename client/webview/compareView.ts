import { comparePlans, type DiffNode, type DiffTotal, type PlanDiff } from '../../server/src/core/plan/compare';
import type { PlanModel, PlanNode } from '../../server/src/core/plan/planModel';
import type { ShownPlan } from '../../protocol/webview';
import { renderDiffDetails } from './compareDetails';
import { metricTitles, metricsIn, type DiffMetric } from './compareMetrics';
import { button, element, radios, select } from './dom';
import { announce, setView, view } from './host';
import { formatBlocks, formatChange, formatCost, formatMs } from './format';
import { renderHistory, titleOf } from './planList';
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
      plans.length > 1 ? element('div', { class: 'sides' },
        select('Before', choices, before ?? '', (value) => { before = value; draw(); }),
        select('After', choices, after, (value) => { after = value; draw(); }),
        button('⇄ Swap', () => { if (before !== undefined) [before, after] = [after, before]; draw(); }, { class: 'plain' }),
      ) : element('p', {}, 'There is one plan of this query so far. Explain it again after a change, for other values, or try an index under “What if”: each plan is kept here.'),
      left && right && left.id !== right.id ? renderDiff(left, right) : '',
      renderHistory(plans, shown),
    );
  };
  draw();
  return frame;
}

function renderDiff(before: ShownPlan, after: ShownPlan): HTMLElement {
  const [old, fresh] = [modelOf(before), modelOf(after)];
  if ('message' in old || 'message' in fresh) return element('p', {}, 'One of the plans cannot be read.');
  const diff = comparePlans(old, fresh);
  const summary = diff.sameShape ? 'Same plan, other figures.' : 'The plans differ.';
  const totals = diff.totals.filter((total) => total.before > 0 || total.after > 0);
  announce(`${summary} ${totals.map(describeTotal).join(', ')}`);
  return element('div', {},
    element('div', { class: 'verdict' }, element('strong', {}, summary), element('ul', { class: 'cards' }, ...totals.map(renderTotal))),
    renderTree(diff, old, fresh),
  );
}

/** The trees as one, by a metric of the reader's choice. */
function renderTree(diff: PlanDiff, old: PlanModel, fresh: PlanModel): HTMLElement {
  let count = 0;
  const toRow = (node: DiffNode): DiffRow => ({ id: `diff-${++count}`, diff: node, children: node.children.map(toRow) });
  const rows = diff.roots.map(toRow);
  const metrics = metricsIn(old, fresh);
  let metric = metrics.find(({ id }) => id === view().diffMetric) ?? metrics[0]!;
  const place = element('div', { class: 'columns' });
  const details = element('aside', { class: 'details', 'aria-label': 'What changed in the node', hidden: '' });
  const close = (): void => {
    details.hidden = true;
    grid?.element.querySelector<HTMLElement>('tr[aria-selected="true"]')?.focus();
  };
  details.addEventListener('keydown', ({ key }) => { if (key === 'Escape') close(); });
  let grid: ReturnType<typeof createTreeGrid<DiffRow>> | undefined;
  const draw = (): void => {
    const whole = Math.max(sumOf(old.root, metric), sumOf(fresh.root, metric));
    grid = createTreeGrid<DiffRow>({
      label: 'Comparison of two plans', columns: columnsOf(metric, whole), roots: rows,
      rowClass: ({ diff: { status } }) => `diff-${status}`,
      fillName: (cell, { diff: node }) => fillName(cell, node),
      onSelect({ diff: node }) {
        details.hidden = false;
        details.replaceChildren(...renderDiffDetails(node, metrics, close));
      },
    });
    place.replaceChildren(grid.element, details);
  };
  draw();
  return element('div', {},
    element('div', { class: 'toolbar' }, radios('Figures of the comparison', metrics.map(({ id }) => ({ value: id, text: metricTitles[id] })), metric.id, (value) => {
      metric = metrics.find(({ id }) => id === value) ?? metric;
      setView({ diffMetric: metric.id });
      details.hidden = true;
      draw();
    })),
    place,
  );
}

function fillName(cell: HTMLElement, node: DiffNode): void {
  const named = node.after ?? node.before;
  if (node.status !== 'same') cell.append(element('span', { class: `mark ${node.status}` }, `${SIGNS[node.status]} ${WORDS[node.status]}`));
  if (!named) return;
  cell.append(element('span', { class: 'type' }, nodeName(named)));
  if (node.changes.length > 0) cell.append(element('span', { class: 'condition' }, ` ${node.changes.join('; ')}`));
}

function renderTotal(total: DiffTotal): HTMLElement {
  const { before, after, label } = total;
  const format = formatOf(total);
  const change = formatChange(before, after);
  return element('li', { class: `total ${worse(total)}` },
    element('span', { class: 'label dim' }, label), ' ',
    element('span', { class: 'value' }, `${format(before)} → `, element('strong', {}, format(after))),
    change === '' ? false : element('span', { class: 'change' }, ` ${change}`),
  );
}

const formatOf = ({ unit }: DiffTotal): ((value: number) => string) => ({ ms: formatMs, cost: formatCost, blocks: formatBlocks })[unit];
const describeTotal = (total: DiffTotal): string => `${total.label} ${formatOf(total)(total.before)} → ${formatOf(total)(total.after)} ${formatChange(total.before, total.after)}`.trim();
/** Beside the time of the run, parts of a millisecond are noise. */
const worse = ({ label, unit, before, after }: DiffTotal): string => {
  if (unit === 'ms' && label !== 'execution' && Math.abs(after - before) < 1) return '';
  return after > before * 1.1 ? 'worse' : after < before * 0.9 ? 'better' : '';
};
const sumOf = (node: PlanNode, metric: DiffMetric): number => node.children.reduce((sum, child) => sum + sumOf(child, metric), metric.of(node) ?? 0);

/** A difference below this part of the plan, or of the node, is noise: it is shown and not marked. */
const [OF_PLAN, OF_NODE] = [0.01, 0.1];

function columnsOf(metric: DiffMetric, whole: number): readonly GridColumn<DiffRow>[] {
  const figure = (id: string, title: string, description: string, of: (row: DiffRow) => number | undefined): GridColumn<DiffRow> => ({
    id, title, description, priority: 2, value: of,
    fill(cell, row) {
      const value = of(row);
      if (value !== undefined) cell.append(metric.format(value));
    },
  });
  return [
    figure('before', 'Before', `${metricTitles[metric.id]} of the node in the plan before`, ({ diff }) => diff.before && metric.of(diff.before)),
    figure('after', 'After', `${metricTitles[metric.id]} of the node in the plan after`, ({ diff }) => diff.after && metric.of(diff.after)),
    {
      id: 'change', title: 'Change', description: 'After less before; ordered by its size', priority: 1, value: ({ diff }) => Math.abs(diff.delta[metric.delta] ?? 0),
      fill(cell, { diff }) {
        const delta = diff.delta[metric.delta];
        if (delta === undefined || metric.format(Math.abs(delta)).startsWith('<') || Math.abs(delta) < 1e-9) return;
        const most = Math.max((diff.before && metric.of(diff.before)) ?? 0, (diff.after && metric.of(diff.after)) ?? 0);
        const counts = metric.id !== 'rows' && Math.abs(delta) >= OF_PLAN * whole && Math.abs(delta) >= OF_NODE * most;
        cell.append(element('span', { class: counts ? `delta ${delta > 0 ? 'worse' : 'better'}` : 'dim' }, `${delta > 0 ? '+' : '−'}${metric.format(Math.abs(delta))}`));
      },
    },
  ];
}

import type { DiffNode } from '../../server/src/core/plan/compare';
import type { PlanNode } from '../../server/src/core/plan/planModel';
import { metricTitles, type DiffMetric } from './compareMetrics';
import { button, element } from './dom';
import { formatChange } from './format';
import { nodeName } from './planRows';

/** One node before and after: what it is, its figures, and what changed, whole. */
export function renderDiffDetails({ before, after, status, changes }: DiffNode, metrics: readonly DiffMetric[], onClose: () => void): readonly (Node | string)[] {
  const named = after ?? before;
  const value = (metric: DiffMetric, node: PlanNode | undefined): string => {
    const figure = node && metric.of(node);
    return figure === undefined ? '–' : metric.format(figure);
  };
  return [
    element('div', { class: 'details-head' }, element('h2', {}, named ? nodeName(named) : ''), button('✕', onClose, { class: 'quiet', 'aria-label': 'Close the details', title: 'Close (Escape)' })),
    element('p', { class: 'dim' }, { same: 'The same in both plans.', changed: 'In the same place, done otherwise.', added: 'Only in the plan after.', removed: 'Only in the plan before.' }[status]),
    changes.length > 0 ? element('ul', { class: 'changes' }, ...changes.map((change) => element('li', {}, element('code', {}, change)))) : '',
    element('table', { class: 'plain' },
      element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, 'Node alone'), ...['Before', 'After', 'Change'].map((title) => element('th', { scope: 'col', class: 'number' }, title)))),
      element('tbody', {}, ...metrics.map((metric) => element('tr', {},
        element('th', { scope: 'row' }, metricTitles[metric.id]),
        ...[value(metric, before), value(metric, after), formatChange((before && metric.of(before)) ?? 0, (after && metric.of(after)) ?? 0)].map((text) => element('td', { class: 'number' }, text)),
      ))),
    ),
    conditions('Conditions before', before),
    conditions('Conditions after', after),
  ];
}

function conditions(title: string, node: PlanNode | undefined): HTMLElement | string {
  if (!node || node.conditions.length === 0) return '';
  return element('section', {}, element('h3', {}, title), element('dl', { class: 'lines' }, ...node.conditions.flatMap(({ label, text }) => [element('dt', { class: 'wide' }, label), element('dd', { class: 'wide' }, element('code', {}, text))])));
}

import type { PanelAbilities, PlanValues, ShownPlan } from '../../protocol/webview';
import { collectNodes } from '../../server/src/core/plan/planModel';
import { button, element } from './dom';
import { formatCost, formatCount, formatMs } from './format';
import { post, setView } from './host';
import { modelOf } from './plans';
import { nodeName } from './planRows';

const KINDS: readonly (readonly [kind: PlanValues, title: string, meaning: string])[] = [
  ['generic', 'Any values', 'What a prepared statement gets after five runs.'],
  ['common', 'Common values', 'The most common value of each column.'],
  ['rare', 'Rare values', 'The rarest that the statistics know.'],
  ['chosen', 'Chosen values', 'What you type or pick.'],
];

/** The plans for any, common, rare and chosen values side by side: where they differ, one plan does not fit all. */
export function renderValues(shown: ShownPlan, history: readonly ShownPlan[], abilities: PanelAbilities): HTMLElement {
  const newest = (kind: PlanValues): ShownPlan | undefined => [shown, ...history].filter((plan) => (plan.values ?? 'generic') === kind && plan.source.kind === 'json' && !plan.title.startsWith('with')).sort((a, b) => b.at - a.at)[0];
  const known = KINDS.map(([kind, title, meaning]) => ({ kind, title, meaning, plan: newest(kind) }));
  const shapes = new Set(known.flatMap(({ plan }) => (plan ? [shapeOf(plan)] : [])));
  const count = known.filter(({ plan }) => plan).length;
  return element('div', { class: 'values' },
    element('p', {}, 'A plan for any values need not be the plan for a common or a rare one.', abilities.connected ? '' : ' Values come from a server’s statistics: connect to a database to plan for them.'),
    element('div', { class: 'toolbar' },
      button('Common and rare, side by side', () => post({ type: 'explainFor', values: ['generic', 'common', 'rare'] }), { class: 'action', ...(abilities.explain && abilities.connected ? {} : { disabled: '' }) }),
      button('Choose values…', () => post({ type: 'explainFor', values: ['chosen'] }), abilities.explain && abilities.connected ? {} : { disabled: '' }),
    ),
    count > 1 ? element('p', { class: 'verdict', role: 'status' }, shapes.size === 1 ? `All ${count} plans are alike: the values do not decide.` : `${shapes.size} different plans for ${count} kinds of values.`) : false,
    element('table', { class: 'plain' },
      element('thead', {}, element('tr', {}, ...['For', 'Plan', 'Cost', 'Rows', 'Time', ''].map((title) => element('th', { scope: 'col', class: ['Cost', 'Rows', 'Time'].includes(title) ? 'number' : undefined }, title)))),
      element('tbody', {}, ...known.map((row) => valueRow(row, shown))),
    ),
    renderParameters(shown),
  );
}

function valueRow({ title, meaning, plan }: { readonly title: string; readonly meaning: string; readonly plan: ShownPlan | undefined }, shown: ShownPlan): HTMLElement {
  const model = plan && modelOf(plan);
  const read = model && !('message' in model) ? model : undefined;
  return element('tr', {},
    element('th', { scope: 'row' }, title, element('span', { class: 'meaning' }, plan?.parameters ? plan.parameters.map((value, index) => `$${index + 1} = ${value ?? 'NULL'}`).join(', ') : meaning)),
    element('td', {}, read ? collectNodes(read.root).filter((node) => node.relation !== undefined && node.children.length === 0 || node.index !== undefined).map(nodeName).join(', ') || nodeName(read.root) : element('span', { class: 'dim' }, 'not planned yet')),
    element('td', { class: 'number' }, read ? formatCost(read.root.totalCost) : ''),
    element('td', { class: 'number' }, read ? formatCount(read.root.rows ?? read.root.estimatedRows) : ''),
    element('td', { class: 'number' }, read?.timed ? formatMs(read.wholeMs ?? 0) : ''),
    element('td', {}, plan && plan.id !== shown.id ? button('Show', () => showPlan(plan.id), { 'aria-label': `Show the plan for ${title.toLowerCase()}` }) : plan ? element('span', { class: 'dim' }, 'shown') : ''),
  );
}

/** Away from the values, to the plan itself. */
function showPlan(id: string): void {
  setView({ tab: 'plan' });
  post({ type: 'showPlan', id });
}

const shapeOf = (plan: ShownPlan): string => {
  const model = modelOf(plan);
  return 'message' in model ? '' : collectNodes(model.root).map((node) => `${node.nodeType}${node.index ?? ''}${node.relation ?? ''}`).join();
};

/** Types and values of the parameters of the plan at hand. */
export function renderParameters({ parameterTypes, parameters }: ShownPlan): HTMLElement | false {
  const count = Math.max(parameterTypes.length, parameters?.length ?? 0);
  if (count === 0) return false;
  return element('ul', { class: 'parameters', 'aria-label': 'Parameters' }, ...Array.from({ length: count }, (_, index) => {
    const value = parameters?.[index];
    return element('li', {}, element('code', {}, `$${index + 1}`), ` ${parameterTypes[index] ?? ''}`, value === undefined ? undefined : element('span', {}, ' = ', element('code', {}, value === null ? 'NULL' : value)));
  }));
}

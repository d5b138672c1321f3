import type { ShownPlan } from '../../protocol/webview';
import { button, element } from './dom';
import { formatCost, formatMs } from './format';
import { post } from './host';
import { modelOf } from './plans';

/** What a plan is called in a choice of plans. */
export const titleOf = (plan: ShownPlan): string => [`${plan.pinned ? '★ ' : ''}${plan.title}`, totalOf(plan), whereOf(plan), timeOf(plan)].filter((part) => part !== '').join(' · ');

const timeOf = ({ at }: ShownPlan): string => new Date(at).toLocaleString('en', { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' });
const whereOf = ({ connectionLabel, branch }: ShownPlan): string => [connectionLabel?.replace(/, with .*/, '') ?? 'from elsewhere', ...(branch === undefined ? [] : [`branch ${branch}`])].join(', ');

function totalOf(plan: ShownPlan): string {
  const model = modelOf(plan);
  if ('message' in model) return '';
  return model.timed ? formatMs(model.wholeMs ?? 0) : `cost ${formatCost(model.root.totalCost)}`;
}

/** Titles of columns, and their classes: the narrower panel leaves some out. */
const HEADS = [['Plan', ''], ['Total', 'number'], ['From', 'from'], ['When', 'when'], ['Actions', 'actions']] as const;

/** The plans that are kept, with what can be done with each. */
export function renderHistory(plans: readonly ShownPlan[], shown: ShownPlan): HTMLElement {
  return element('section', { class: 'history' },
    element('h2', { id: 'history' }, 'Plans of this query'),
    element('table', { class: 'plain', 'aria-labelledby': 'history' },
      element('thead', {}, element('tr', {}, ...HEADS.map(([title, className]) => element('th', { scope: 'col', class: className }, title === 'Actions' ? element('span', { class: 'hidden' }, title) : title)))),
      element('tbody', {}, ...plans.map((plan) => element('tr', {},
        element('th', { scope: 'row' }, plan.id === shown.id ? element('strong', { title: 'Shown above' }, plan.title) : button(plan.title, () => post({ type: 'showPlan', id: plan.id }), { class: 'link', title: 'Show this plan' })),
        element('td', { class: 'number' }, totalOf(plan)),
        element('td', { class: 'dim from' }, whereOf(plan)),
        element('td', { class: 'dim when' }, timeOf(plan)),
        element('td', { class: 'actions' },
          button(plan.pinned ? '★ Pinned' : '☆ Pin', () => post({ type: 'pin', id: plan.id, pinned: !plan.pinned }), { class: 'quiet', 'aria-pressed': String(plan.pinned === true), title: 'Pinned plans are kept when newer ones come' }),
          plan.id === shown.id ? false : button('Forget', () => post({ type: 'forget', id: plan.id }), { class: 'quiet', 'aria-label': `Forget ${plan.title}` }),
        ),
      ))),
    ),
  );
}

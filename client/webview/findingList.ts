import type { PlanAdvice, PlanFinding, PlanWhatIf } from '../../server/src/core/plan/findings';
import type { WhatIf } from '../../protocol/webview';
import type { AdviceCheck } from './adviceCheck';
import { button, element } from './dom';
import { formatShare } from './format';
import { post, setView, view } from './host';

export interface FindingActions {
  select(node: number, focus: boolean): void;
  /** Tries a change on the planner twin; undefined: nothing can be tried here. */
  readonly tryChange?: (change: WhatIf) => void;
  readonly check?: AdviceCheck;
}

/** Shown at first; the rest on request. */
const FIRST = 5;
const SIGNS = { high: '●', medium: '▲', low: '◆' } as const;

/** The findings, the most expensive first. */
export function renderFindings(findings: readonly PlanFinding[], actions: FindingActions): HTMLElement {
  if (findings.length === 0) return element('p', { class: 'dim findings' }, 'Nothing stands out in this plan.');
  const list = element('ol', { class: 'findings' });
  const fill = (): void => {
    const all = view().allFindings;
    list.replaceChildren(...(all ? findings : findings.slice(0, FIRST)).map((finding) => element('li', { class: finding.severity }, renderFinding(finding, actions, true))));
  };
  fill();
  const more = findings.length <= FIRST ? false : button('', () => {
    setView({ allFindings: !view().allFindings });
    fill();
    label();
  }, { class: 'link' });
  const label = (): void => {
    if (more) more.textContent = view().allFindings ? 'Show the first only' : `Show ${findings.length - FIRST} more`;
  };
  label();
  return element('section', { class: 'finding-list', 'aria-label': findings.length === 1 ? '1 finding' : `${findings.length} findings` }, list, more);
}

/** One finding: what, how much of the plan, why, and what may help. Opening it marks its node. */
export function renderFinding(finding: PlanFinding, actions: FindingActions, linked: boolean): HTMLElement {
  const { nodeId } = finding;
  // Advice is verified when somebody reads it.
  const toCheck = new Map<HTMLElement, WhatIf>();
  const created = element('details', { class: 'finding' },
    element('summary', {},
      element('span', { class: `sign ${finding.severity}`, role: 'img', 'aria-label': `${finding.severity} severity` }, SIGNS[finding.severity]),
      element('span', { class: 'finding-title' }, finding.title), ' ',
      element('span', { class: 'finding-share dim', title: 'Part of the plan that is at stake' }, finding.share >= 0.01 ? formatShare(finding.share) : '', finding.share >= 0.01 ? element('span', { class: 'hidden' }, ' of the plan') : false),
    ),
    element('div', { class: 'finding-body' },
      element('p', {}, finding.detail),
      finding.evidence.length > 0 && element('ul', { class: 'evidence dim' }, ...finding.evidence.map(({ label, value }) => element('li', {}, `${label}: ${value}`))),
      ...finding.advice.map((advice) => {
        const place = renderAdvice(advice, actions);
        const change = advice.whatIf && toChange(advice.whatIf);
        if (change) toCheck.set(place, change);
        return place;
      }),
      linked && nodeId !== undefined ? element('p', {}, button('Go to the node', () => actions.select(nodeId, true), { class: 'link' })) : false,
    ),
  );
  let checked = false;
  created.addEventListener('toggle', () => {
    if (!created.open) return;
    if (linked && nodeId !== undefined) actions.select(nodeId, false);
    if (!checked) for (const [place, change] of toCheck) if (actions.check) place.append(actions.check.lineFor(change));
    checked = true;
  });
  return created;
}

function renderAdvice({ text, whatIf, sql }: PlanAdvice, { tryChange }: FindingActions): HTMLElement {
  const change = whatIf && toChange(whatIf);
  const tryIt = change && tryChange ? button('Try it', () => tryChange(change), { class: 'action', title: 'Ask the planner twin; nothing is written' }) : undefined;
  return element('div', { class: 'advice' },
    element('p', {}, text),
    tryIt || sql ? element('p', { class: 'remedy' },
      sql ? element('code', { class: 'ddl' }, sql) : false,
      tryIt,
      sql ? button('Copy', () => post({ type: 'copy', text: sql, what: 'Statement' }), { 'aria-label': `Copy ${sql}` }) : false,
    ) : false,
  );
}

function toChange(whatIf: PlanWhatIf): WhatIf | undefined {
  switch (whatIf.kind) {
    case 'index': return { add: [`${whatIf.table} ${whatIf.definition}`] };
    case 'setting': return { settings: { [whatIf.name]: whatIf.value } };
    case 'statement': return undefined;
  }
}

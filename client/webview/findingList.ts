import type { PlanAdvice, PlanFinding, PlanWhatIf } from '../../server/src/core/plan/findings';
import type { WhatIf } from '../../protocol/webview';
import { button, element } from './dom';
import { formatShare } from './format';
import { post, setView, view } from './host';

export interface FindingActions {
  select(node: number, focus: boolean): void;
  /** Tries a change on the planner twin; undefined: nothing can be tried here. */
  readonly tryChange?: (change: WhatIf) => void;
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
  return element('section', { 'aria-label': 'Findings' }, list, more);
}

/** One finding: what, how much of the plan, why, and what may help. Opening it marks its node. */
export function renderFinding(finding: PlanFinding, actions: FindingActions, linked: boolean): HTMLElement {
  const { nodeId } = finding;
  const created = element('details', { class: 'finding' },
    element('summary', {},
      element('span', { class: `sign ${finding.severity}`, role: 'img', 'aria-label': `${finding.severity} severity` }, SIGNS[finding.severity]), ' ', finding.title,
      finding.share >= 0.01 ? element('span', { class: 'dim' }, ` · ${formatShare(finding.share)} of the plan`) : false,
    ),
    element('div', { class: 'finding-body' },
      element('p', {}, finding.detail),
      finding.evidence.length > 0 && element('p', { class: 'dim' }, finding.evidence.map(({ label, value }) => `${label}: ${value}`).join(' · ')),
      ...finding.advice.map((advice) => renderAdvice(advice, actions)),
      linked && nodeId !== undefined ? button('Go to the node', () => actions.select(nodeId, true)) : false,
    ),
  );
  if (linked && nodeId !== undefined) created.addEventListener('toggle', () => { if (created.open) actions.select(nodeId, false); });
  return created;
}

function renderAdvice({ text, whatIf, sql }: PlanAdvice, { tryChange }: FindingActions): HTMLElement {
  const change = whatIf && toChange(whatIf);
  return element('p', { class: 'advice' }, text, ' ',
    change && tryChange ? button('Try it', () => tryChange(change), { title: 'Ask the planner twin; nothing is written' }) : false,
    sql ? element('code', { class: 'ddl' }, sql) : false,
    sql ? button('Copy', () => post({ type: 'copy', text: sql, what: 'Statement' }), { 'aria-label': `Copy ${sql}` }) : false,
  );
}

function toChange(whatIf: PlanWhatIf): WhatIf | undefined {
  switch (whatIf.kind) {
    case 'index': return { add: [`${whatIf.table} ${whatIf.definition}`] };
    case 'setting': return { settings: { [whatIf.name]: whatIf.value } };
    case 'statement': return undefined;
  }
}

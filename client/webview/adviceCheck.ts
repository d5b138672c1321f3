import type { AdviceVerdict, WhatIf } from '../../protocol/webview';
import { element } from './dom';
import { formatChange, formatCost } from './format';
import { post } from './host';

/** What the planner twin says of advice on one plan; each change is asked about once. */
export interface AdviceCheck {
  /** A line that says it, as soon as it is known. */
  lineFor(change: WhatIf): HTMLElement;
  take(key: string, verdict: AdviceVerdict): void;
}

/** @param sql of a plan from elsewhere, which alone says what it is about */
export function createAdviceCheck(planId: string, sql: string | undefined): AdviceCheck {
  const lines = new Map<string, HTMLElement[]>();
  const known = new Map<string, AdviceVerdict>();
  return {
    lineFor(change) {
      const key = `${planId} ${JSON.stringify(change)}`;
      const line = element('p', { class: 'verification', role: 'status' }, 'Asking the planner twin…');
      const verdict = known.get(key);
      if (verdict) fill(line, verdict);
      else if (!lines.has(key)) post({ type: 'verifyAdvice', key, change, ...(sql === undefined ? {} : { sql }) });
      lines.set(key, [...(lines.get(key) ?? []), line]);
      return line;
    },
    take(key, verdict) {
      known.set(key, verdict);
      for (const line of lines.get(key) ?? []) fill(line, verdict);
    },
  };
}

function fill(line: HTMLElement, verdict: AdviceVerdict): void {
  if ('reason' in verdict) return line.replaceChildren(element('span', { class: 'dim' }, `Not verified: ${verdict.reason}`));
  const { before, after, used, where } = verdict;
  const helps = used && after < before * 0.99;
  const change = `cost ${formatCost(before)} → ${formatCost(after)} (${formatChange(before, after)})`;
  line.replaceChildren(
    element('strong', { class: helps ? 'delta better' : undefined }, helps ? 'Verified: ' : 'Not confirmed: '),
    !used ? 'the planner does not take it' : helps || after > before * 1.01 ? change : `the cost stays at ${formatCost(before)}`,
    element('span', { class: 'dim' }, ` in ${where}`),
  );
}

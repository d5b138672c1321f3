import type { FromPanel, PanelContent, ToPanel } from '../../protocol/webview';
import { button, element } from './dom';
import { createPlanTable } from './planTable';
import { summarizePlan } from './planView';

/** What VS Code gives the page to talk to the extension. */
declare function acquireVsCodeApi(): { postMessage(message: FromPanel): void };

const host = acquireVsCodeApi();
const app = document.getElementById('app') ?? document.body;

function renderPlan(content: Extract<PanelContent, { kind: 'plan' }>): void {
  const { rows, totals, notes } = summarizePlan(content.plan, content.analyzed);
  const table = createPlanTable(rows, content.analyzed);
  const slowest = [...rows].sort((a, b) => b.share - a.share)[0];
  app.replaceChildren(
    element('header', {},
      element('p', { class: 'totals' }, ...totals.flatMap(({ label, value, main }, index) => [index > 0 ? ' · ' : '', element(main ? 'strong' : 'span', {}, value), ` ${label}`])),
      element('p', { class: 'dim' },
        content.analyzed ? `Executed on ${content.connectionLabel}` : `Estimated on ${content.connectionLabel}, not executed`,
        content.sourceLabel ? ' · ' : '',
        content.sourceLabel ? button(content.sourceLabel, () => host.postMessage({ type: 'revealSource' }), { class: 'link', title: 'Go to the query' }) : undefined,
      ),
    ),
    toolbar(content, table.setAllExpanded, slowest && rows.length > 1 ? () => table.focus(slowest.id) : undefined),
    ...noteList([...content.notes, ...notes]),
    element('div', { class: 'scroll' }, table.element),
    ...sqlSection(content.sql, content.parameterTypes, content.parameters),
  );
}

function toolbar(content: Extract<PanelContent, { kind: 'plan' }>, setAllExpanded: (expanded: boolean) => void, goToSlowest: (() => void) | undefined): HTMLElement {
  return element('div', { class: 'toolbar', role: 'toolbar', 'aria-label': 'Plan' },
    button(content.analyzed ? 'Analyze again…' : 'Run with ANALYZE…', () => host.postMessage({ type: 'explainAgain', analyze: true }), { class: 'action' }),
    content.analyzed ? undefined : button('Explain again', () => host.postMessage({ type: 'explainAgain', analyze: false })),
    goToSlowest ? button(content.analyzed ? 'Go to slowest node' : 'Go to costliest node', goToSlowest) : undefined,
    button('Unfold all', () => setAllExpanded(true)),
    button('Fold all', () => setAllExpanded(false)),
    button('Copy JSON', () => host.postMessage({ type: 'copyPlan' })),
  );
}

function noteList(notes: readonly string[]): HTMLElement[] {
  return notes.length === 0 ? [] : [element('ul', { class: 'notes' }, ...notes.map((note) => element('li', {}, note)))];
}

function sqlSection(sql: string | undefined, types: readonly string[] = [], values?: readonly (string | null)[]): HTMLElement[] {
  if (!sql) return [];
  const parameters = types.map((type, index) => {
    const value = values?.[index];
    return element('li', {}, element('code', {}, `$${index + 1}`), ` ${type}`, value === undefined ? undefined : element('span', {}, ' = ', element('code', {}, value === null ? 'NULL' : value)));
  });
  return [
    element('details', { open: '', class: 'sql' },
      element('summary', {}, 'SQL'),
      element('pre', { tabindex: '0' }, element('code', {}, sql)),
      parameters.length > 0 ? element('ul', { class: 'parameters', 'aria-label': 'Parameters' }, ...parameters) : undefined,
    ),
  ];
}

function renderMessage(content: Extract<PanelContent, { kind: 'message' }>): void {
  app.replaceChildren(
    element('section', { class: `message ${content.severity}`, role: content.severity === 'error' ? 'alert' : 'status' },
      element('h1', {}, content.title),
      element('p', {}, content.message),
      content.details.length > 0 ? element('ul', {}, ...content.details.map((detail) => element('li', {}, detail))) : undefined,
    ),
    ...sqlSection(content.sql),
  );
}

function render(content: PanelContent): void {
  switch (content.kind) {
    case 'plan':
      renderPlan(content);
      break;
    case 'message':
      renderMessage(content);
      break;
    case 'loading':
      app.replaceChildren(element('p', { class: 'loading', role: 'status' }, content.title ? `${content.title}…` : ''), ...sqlSection(content.sql));
      break;
  }
}

window.addEventListener('message', (event: MessageEvent<ToPanel>) => {
  if (event.data.type === 'show') render(event.data.content);
});
host.postMessage({ type: 'ready' });

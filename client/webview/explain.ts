import { MAX_TEXT, readPlans, type PlanReadError, type PlanReading } from '../../server/src/core/plan/read';
import type { PlanFinding } from '../../server/src/core/plan/findings';
import type { PanelContent, ToPanel } from '../../protocol/webview';
import { button, element } from './dom';
import { highlightSql } from './highlight';
import { beginWith, keepContent, post } from './host';
import { createPlanPage, raw, type PlanPage } from './planPage';
import { documentOf, sqlOf } from './plans';

const app = document.getElementById('app') ?? document.body;
const main = element('main', { id: 'main' });
const busy = element('div', { class: 'busy', role: 'status' });
const problem = element('div', { class: 'problem', role: 'alert' });
app.replaceChildren(busy, problem, main, element('div', { id: 'announcer', class: 'hidden', role: 'status', 'aria-live': 'polite' }));

let page: PlanPage | undefined;
let places: readonly number[] = [];
let shownId: string | undefined;
let shownSql: string | undefined;

type PlanContent = Extract<PanelContent, { kind: 'plan' }>;

/** Findings with the schema at hand, by plan; undefined while they are asked for. */
const found = new Map<string, readonly PlanFinding[] | undefined>();
let shownPlan: { readonly key: string; again(): void } | undefined;

function showPlan(content: PlanContent, number = 0): void {
  const key = `${content.shown.id} ${number}`;
  const made = createPlanPage(content, number, (next) => showPlan(content, next), found.get(key));
  shownPlan = { key, again: () => showPlan(content, number) };
  if (!('elements' in made)) {
    page = undefined;
    main.replaceChildren(unreadable(made), ...pasteForm());
    return;
  }
  page = made;
  page.setPlaces(places);
  main.replaceChildren(...page.elements);
  askForFindings(key, content, number);
}

/** The schema knows what a plan does not say: asked once for each plan. */
function askForFindings(key: string, { shown }: PlanContent, number: number): void {
  const plan = documentOf(shown, number);
  if (found.has(key) || !plan) return;
  found.set(key, undefined);
  const sql = sqlOf(shown, number);
  post({ type: 'findInPlan', key, request: { plan, planned: shown.connectionLabel?.startsWith('the twin of ') === true, ...(sql === undefined ? {} : { sql }) } });
}

function takeFindings(key: string, findings: readonly PlanFinding[]): void {
  found.set(key, findings);
  if (shownPlan?.key === key && page && JSON.stringify(findings) !== JSON.stringify(page.findings)) shownPlan.again();
}

function message(severity: 'error' | 'info', title: string, text: string, details: readonly string[]): HTMLElement {
  return element('section', { class: `message ${severity}`, role: severity === 'error' ? 'alert' : 'status' },
    element('h1', {}, title),
    element('p', {}, text),
    details.length > 0 && element('ul', {}, ...details.map((detail) => element('li', {}, detail))),
  );
}

/** A field takes long over more characters: a longer text goes past it. */
const MAX_FIELD = 200_000;

function showUnreadable(reading: PlanReading): void {
  if (reading.ok) return;
  main.replaceChildren(unreadable(reading.error), ...pasteForm());
}

const unreadable = ({ message: text, advice }: PlanReadError): HTMLElement => message('error', 'This is no plan that can be read', text, advice === '' ? [] : [advice]);

/** An empty panel takes a plan in any form. */
function pasteForm(): readonly HTMLElement[] {
  const input = element('textarea', { rows: '10', spellcheck: 'false', 'aria-label': 'Plan', placeholder: 'Paste the output of EXPLAIN (text, JSON, YAML, XML) or of auto_explain' });
  const take = (text: string): void => {
    if (text.length > MAX_TEXT) showUnreadable(readPlans(text));
    else if (text.trim() !== '') post({ type: 'paste', text });
  };
  const show = (): void => take(input.value);
  input.addEventListener('paste', (event) => {
    const text = event.clipboardData?.getData('text') ?? '';
    if (text.length > MAX_FIELD) {
      event.preventDefault();
      take(text);
    } else setTimeout(show);
  });
  return [element('section', { class: 'paste' }, element('h1', {}, 'Show a query plan'), element('p', {}, 'It is read here and sent nowhere.'), input, element('p', {}, button('Show the plan', show, { class: 'action' })))];
}

function render(content: PanelContent): void {
  problem.replaceChildren();
  const id = content.kind === 'plan' ? content.shown.id : undefined;
  if (id !== shownId) places = [];
  shownId = id;
  if (content.kind !== 'loading') {
    const sql = content.kind === 'plan' ? content.shown.sql : undefined;
    beginWith(id, sql !== undefined && sql === shownSql);
    shownSql = sql;
    keepContent(content);
  }
  if (content.kind !== 'plan') page = undefined;
  switch (content.kind) {
    case 'plan': return showPlan(content);
    case 'empty': return main.replaceChildren(...pasteForm());
    case 'message': return main.replaceChildren(message(content.severity, content.title, content.message, content.details), ...(content.sql ? [raw('SQL', content.sql, highlightSql(content.sql))] : []));
    case 'loading': return main.replaceChildren(element('p', { class: 'loading', role: 'status' }, content.title ? `${content.title}…` : ''), ...(content.sql ? [raw('SQL', content.sql, highlightSql(content.sql))] : []));
  }
}

let ticking: ReturnType<typeof setInterval> | undefined;

/** What runs, for how long, and the way to stop it. */
function renderBusy(title: string | undefined, forMs = 0): void {
  clearInterval(ticking);
  if (title === undefined) return busy.replaceChildren();
  const started = Date.now() - forMs;
  const elapsed = element('span', { class: 'elapsed', 'aria-hidden': 'true' });
  const tick = (): void => { elapsed.textContent = ` ${((Date.now() - started) / 1000).toFixed(1)} s `; };
  tick();
  ticking = setInterval(tick, 100);
  busy.replaceChildren(element('span', { class: 'spinner', 'aria-hidden': 'true' }), element('span', {}, title), elapsed, button('Cancel', () => post({ type: 'cancel' })));
}

window.addEventListener('message', ({ data }: MessageEvent<ToPanel>) => {
  switch (data.type) {
    case 'show': return render(data.content);
    case 'busy': return renderBusy(data.title, data.forMs);
    case 'places':
      places = data.nodes;
      return page?.setPlaces(places);
    case 'caret': return page?.showNode(data.node);
    case 'whatIfOptions': return page?.fillWhatIf(data.options);
    case 'verdict': return page?.takeVerdict(data.key, data.verdict);
    case 'findings': return takeFindings(data.key, data.findings as readonly PlanFinding[]);
    case 'problem':
      problem.replaceChildren(element('span', {}, data.message), button('✕', () => problem.replaceChildren(), { class: 'quiet', 'aria-label': 'Dismiss' }));
      return;
  }
});
window.addEventListener('keydown', (event) => {
  const typing = (event.target as Element).matches('input, textarea, select');
  if (event.ctrlKey || event.altKey || event.metaKey || (typing && event.key !== 'Escape')) return;
  if (page?.onKey(event)) event.preventDefault();
});
post({ type: 'ready' });

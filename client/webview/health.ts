import type { HealthCheck, HealthFinding, HealthReport, HealthSeverity, HealthTable } from '../../protocol/health';
import type { FromHealthPanel, HealthContent, ToHealthPanel } from '../../protocol/webview';
import { renderValue } from '../../server/src/core/health/values';
import { button, element } from './dom';
import { renderCharts, renderSessions } from './healthCharts';

/** What VS Code gives the page to talk to the extension. */
declare function acquireVsCodeApi(): { postMessage(message: FromHealthPanel): void };

const host = acquireVsCodeApi();
const app = document.getElementById('app') ?? document.body;

const SEVERITIES: readonly { readonly severity: HealthSeverity; readonly mark: string; readonly one: string; readonly many: string }[] = [
  { severity: 'critical', mark: '✖', one: 'critical', many: 'critical' }, { severity: 'warning', mark: '▲', one: 'warning', many: 'warnings' }, { severity: 'info', mark: 'ℹ', one: 'note', many: 'notes' },
];
/** Rows of a list that are drawn at once. */
const SHOWN_ROWS = 100;

function render(content: HealthContent): void {
  const { report } = content;
  app.replaceChildren(...keeping(() => [
    header(content),
    toolbar(content),
    ...(content.message === undefined ? [] : [element('section', { class: 'message error', role: 'alert' }, content.message)]),
    ...(report ? [...sessionSection(content), findingSection(report), ...chartSection(report), ...report.checks.map(renderCheck)] : []),
  ]));
}

/** Builds the page anew with what is unfolded and what has the focus as it was. */
function keeping(build: () => readonly HTMLElement[]): readonly HTMLElement[] {
  const states = new Map([...app.querySelectorAll('details')].map((details) => [details.dataset['key'], details.open]));
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.closest<HTMLElement>('[data-key]')?.dataset['key'] : undefined;
  const built = build();
  for (const part of built) {
    for (const details of [...(part instanceof HTMLDetailsElement ? [part] : []), ...part.querySelectorAll('details')]) details.open = states.get(details.dataset['key']) ?? details.open;
  }
  if (focused !== undefined) queueMicrotask(() => [...app.querySelectorAll<HTMLElement>('[data-key]')].find(({ dataset }) => dataset['key'] === focused)?.focus());
  return built;
}

function header({ state, report, connectionLabel, checkedAt, watching }: HealthContent): HTMLElement {
  if (!report) return element('header', {}, element('p', { class: 'dim', role: 'status' }, state === 'looking' ? 'Looking…' : 'Nothing has been looked at yet.'));
  const all = report.checks.flatMap(({ findings }) => findings);
  const counts = SEVERITIES.map(({ severity, mark, one, many }) => {
    const number = all.filter((finding) => finding.severity === severity).length;
    return element('span', { class: `count ${severity}${number === 0 ? ' none' : ''}` }, element('span', { class: 'mark', 'aria-hidden': 'true' }, mark), element('strong', {}, String(number)), ` ${number === 1 ? one : many}`);
  });
  const when = checkedAt === undefined ? '' : `, checked ${new Date(checkedAt).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' })}`;
  return element('header', {},
    element('p', { class: 'counts' }, ...counts),
    element('p', { class: 'dim', role: 'status' }, `${connectionLabel ?? report.label}${when}${state === 'looking' ? ', looking again…' : watching ? ', watching sessions and locks every 5 s' : ''}`),
  );
}

function toolbar({ state, report, watching }: HealthContent): HTMLElement {
  return element('div', { class: 'toolbar', role: 'toolbar', 'aria-label': 'Database health' },
    button(report ? 'Look again' : 'Look', () => host.postMessage({ type: 'look' }), { class: 'action', 'data-key': 'look', ...(state === 'looking' ? { disabled: '' } : {}) }),
    report ? button(watching ? 'Stop watching' : 'Watch sessions', () => host.postMessage({ type: 'watch', on: !watching }), { 'data-key': 'watch', 'aria-pressed': String(watching), title: 'Looks at sessions and locks every 5 seconds while this panel is open' }) : undefined,
    report ? button('Copy as Markdown', () => host.postMessage({ type: 'copy', what: 'report' }), { 'data-key': 'copy' }) : undefined,
  );
}

function findingSection(report: HealthReport): HTMLElement {
  const findings = SEVERITIES.flatMap(({ severity }) => report.checks.flatMap((check) => check.findings.filter((finding) => finding.severity === severity)));
  const blind = report.checks.flatMap(({ title, cannotSee }) => cannotSee.map((note) => ({ title, ...note })));
  return element('section', { 'aria-labelledby': 'findings' },
    element('h2', { id: 'findings' }, 'What to do'),
    findings.length === 0 ? element('p', { class: 'dim' }, 'Nothing found.') : undefined,
    ...findings.map(renderFinding),
    blind.length === 0 ? undefined : element('details', { class: 'blind', 'data-key': 'blind' },
      element('summary', {}, `Not seen (${blind.length})`),
      element('ul', {}, ...blind.map(({ title, reason, grant }) => element('li', {}, `${title}: ${reason}`, grant === undefined ? undefined : statementBlock(grant, `${title} ${reason}`)))),
    ),
  );
}

const keyOf = ({ id, subject }: Pick<HealthFinding, 'id' | 'subject'>): string => `finding ${id} ${subject}`;

function renderFinding(finding: HealthFinding): HTMLElement {
  const { id, severity, subject, message, recommendation, statement, table, migration } = finding;
  const { mark, one } = SEVERITIES.find((known) => known.severity === severity)!;
  const details = recommendation !== undefined || statement !== undefined;
  const head = [element('span', { class: 'mark', 'aria-hidden': 'true' }, mark), element('span', { class: 'hidden' }, `${one}: `), element('span', { class: 'text' }, message), element('span', { class: 'rule' }, id)];
  const actions = element('div', { class: 'actions' },
    table === undefined ? undefined : button(`Queries of ${table.replace(/^public\./, '')}`, () => host.postMessage({ type: 'queries', table }), { 'data-key': `queries ${keyOf(finding)}` }),
    migration ? button('Create migration', () => host.postMessage({ type: 'migration', id, subject }), { 'data-key': `migration ${keyOf(finding)}`, title: 'Writes the statement as the next migration of this workspace; nothing runs it' }) : undefined,
  );
  if (!details) return element('div', { class: `finding plain ${severity}`, 'data-key': keyOf(finding), tabindex: '-1' }, element('p', { class: 'head' }, ...head), actions);
  return element('details', { class: `finding ${severity}`, 'data-key': keyOf(finding), ...(severity === 'info' ? {} : { open: '' }) },
    element('summary', { 'data-key': `head ${keyOf(finding)}` }, ...head),
    recommendation === undefined ? undefined : element('p', {}, recommendation),
    statement === undefined ? undefined : statementBlock(statement, keyOf(finding)),
    actions,
  );
}

const statementBlock = (statement: string, key: string): HTMLElement => element('div', { class: 'statement' },
  element('pre', { tabindex: '0', 'data-key': `text ${key}` }, element('code', {}, statement)),
  button('Copy', () => host.postMessage({ type: 'copy', what: 'statement', statement }), { 'aria-label': 'Copy the statement', 'data-key': `copy ${key}` }),
);

/** While somebody watches, what changes comes first. */
function sessionSection({ watching, series }: HealthContent): readonly HTMLElement[] {
  const drawn = renderSessions(series);
  if (drawn) return [element('section', { class: 'charts' }, drawn)];
  return watching ? [element('p', { class: 'dim' }, 'The chart of the sessions begins with the second look.')] : [];
}

function chartSection(report: HealthReport): readonly HTMLElement[] {
  const charts = renderCharts(report);
  return charts.length === 0 ? [] : [element('section', { class: 'charts', 'aria-label': 'Charts' }, ...charts)];
}

/** Figures and lists of a check; folded, because findings say what matters. */
function renderCheck(check: HealthCheck): HTMLElement {
  const { name, title, figures, tables, findings } = check;
  const worst = SEVERITIES.find(({ severity }) => findings.some((finding) => finding.severity === severity));
  const known = figures.filter(({ value }) => value !== null);
  const filled = tables.filter(({ rows }) => rows.length > 0);
  return element('details', { class: 'check', 'data-key': `check ${name}` },
    element('summary', { 'data-key': `head check ${name}` },
      element('span', { class: `mark ${worst?.severity ?? 'fine'}`, 'aria-hidden': 'true' }, worst?.mark ?? '✔'),
      element('span', { class: 'title' }, title),
      element('span', { class: 'dim' }, findings.length === 0 ? ' nothing found' : ` ${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}`),
    ),
    known.length === 0 ? undefined : element('dl', {}, ...known.map(({ label, value, unit }) => element('div', {}, element('dt', {}, label), element('dd', {}, renderValue(value, unit))))),
    ...filled.map((table) => renderTable(table, name)),
  );
}

const isNumber = (unit: string): boolean => unit !== 'text' && unit !== 'date' && unit !== 'flag';

function renderTable({ name, title, columns, rows }: HealthTable, check: string): HTMLElement {
  const used = columns.filter((column) => rows.some((row) => (row[column.name] ?? null) !== null && row[column.name] !== ''));
  const body = rows.slice(0, SHOWN_ROWS).map((row) => element('tr', {}, ...used.map((column, i) => {
    const cell = renderValue(row[column.name] ?? null, column.unit);
    return i === 0 ? element('th', { scope: 'row', title: cell }, cell) : element('td', { class: isNumber(column.unit) ? 'number' : undefined, title: cell.length > 40 ? cell : undefined }, cell);
  })));
  const more = rows.length - SHOWN_ROWS;
  return element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': title, 'data-key': `table ${check} ${name}` },
    element('table', {},
      element('caption', {}, more > 0 ? `${title}, ${SHOWN_ROWS} of ${rows.length}` : title),
      element('thead', {}, element('tr', {}, ...used.map(({ label, unit }) => element('th', { scope: 'col', class: isNumber(unit) ? 'number' : undefined }, label)))),
      element('tbody', {}, ...body),
    ),
  );
}

function focusFinding(finding: Pick<HealthFinding, 'id' | 'subject'>): void {
  const found = [...app.querySelectorAll<HTMLElement>('.finding')].find(({ dataset }) => dataset['key'] === keyOf(finding));
  if (!found) return;
  if (found instanceof HTMLDetailsElement) found.open = true;
  found.scrollIntoView({ block: 'center' });
  (found.querySelector<HTMLElement>('summary') ?? found).focus({ preventScroll: true });
}

window.addEventListener('message', ({ data }: MessageEvent<ToHealthPanel>) => {
  if (data.type === 'show') render(data.content);
  else if (data.type === 'focus') focusFinding(data);
});
host.postMessage({ type: 'ready' });

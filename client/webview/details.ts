import type { PlanModel, PlanNode } from '../../server/src/core/plan/planModel';
import type { PlanFinding } from '../../server/src/core/plan/findings';
import { button, element } from './dom';
import { formatBlocks, formatCost, formatCount, formatFactor, formatMs, formatShare } from './format';
import { setView, view } from './host';
import { nodeName, type PlanRow } from './planRows';
import { explainLine, explainNode } from './terms';

export interface DetailsParts {
  readonly model: PlanModel;
  readonly findings: readonly PlanFinding[];
  /** The node stands for something in the document. */
  hasPlace(node: number): boolean;
  goToSource(node: number): void;
  /** Findings are shown by the list's own renderer. */
  renderFinding(finding: PlanFinding): HTMLElement;
  onClose(): void;
}

/** Keys that the head of the details says already, or that are no line of EXPLAIN. */
const SAID = new Set(['Node Type', 'Relation Name', 'Schema', 'Index Name', 'Plans', 'Workers']);

/** Everything about one node, with what each term means. */
export function renderDetails(row: PlanRow, parts: DetailsParts): readonly Node[] {
  const { node } = row;
  const terms = view().explainTerms;
  const head = element('div', { class: 'details-head' },
    element('h2', {}, row.group ? `${node.nodeType} × ${row.group.length}` : nodeName(node)),
    button('✕', parts.onClose, { class: 'quiet', 'aria-label': 'Close the details', title: 'Close (Escape)' }),
  );
  const meaning = explainNode(node.nodeType);
  const actions = element('p', { class: 'actions' },
    parts.hasPlace(node.id) ? button('Go to source', () => parts.goToSource(node.id), { title: 'Show in the editor what this node stands for (Enter)' }) : false,
    button(terms ? 'Hide meanings' : 'Explain terms', () => {
      setView({ explainTerms: !view().explainTerms });
      host.replaceChildren(...renderDetails(row, parts));
    }, { class: 'link', 'aria-pressed': String(terms) }),
  );
  const own = parts.findings.filter(({ nodeId }) => nodeId === node.id);
  const host = element('div', {},
    head,
    terms && meaning ? element('p', { class: 'meaning' }, meaning) : false,
    actions,
    own.length > 0 && element('ul', { class: 'own-findings' }, ...own.map((finding) => element('li', {}, parts.renderFinding(finding)))),
    row.group ? element('p', {}, `${row.group.length} nodes that do the same, folded into one row. Unfold it to see each.`) : false,
    figures(row, parts.model),
    element('h3', {}, 'As EXPLAIN prints it'),
    lines(node, terms),
    workers(node),
  );
  return [host];
}

/** Beyond this many characters a value stands below its label. */
const LONG = 22;

const pair = (label: string, value: string, meaning?: string): readonly HTMLElement[] => {
  const wide = value.length > LONG;
  return [element('dt', wide ? { class: 'wide' } : {}, label), element('dd', wide ? { class: 'wide' } : {}, value), ...(meaning ? [element('dd', { class: 'meaning' }, meaning)] : [])];
};

/** The figures that are computed from what EXPLAIN prints, with how. */
function figures({ node, figures: row, neverExecuted, share, group }: PlanRow, model: PlanModel): HTMLElement {
  const terms = view().explainTerms;
  const say = (text: string): string | undefined => (terms ? text : undefined);
  if (neverExecuted) return element('p', {}, 'Planned, but never run: what is above it had no use for it.');
  return element('dl', { class: 'figures' },
    ...(model.timed && row.selfMs !== undefined ? pair('Time alone', `${formatMs(row.selfMs)} (${formatShare(share)})`, say('All loops together, without what is below; what ran side by side in workers counts once.')) : []),
    ...(model.timed && row.totalMs !== undefined ? pair('Time with everything below', formatMs(row.totalMs)) : []),
    ...pair('Cost alone', `${formatCost(row.selfCost)}${model.timed ? '' : ` (${formatShare(share)})`}`, say('The planner’s estimate; the unit is one block read in order.')),
    ...(row.rows === undefined ? [] : pair('Rows', formatCount(row.rows), say('All loops together.'))),
    ...pair(row.rows === undefined ? 'Rows estimated' : 'Rows estimated, for as many loops', formatCount(row.estimatedRows)),
    ...(row.factor === undefined || (row.factor < 2 && row.factor > 0.5) ? [] : pair('Estimate', `${formatFactor(row.factor)} rows than estimated`, say('Where it is far off, the planner may have chosen for another amount of data. ANALYZE, or extended statistics, may help.'))),
    ...(row.removed ? pair('Read and thrown away', `${formatCount(row.removed)} rows`, say('Rows that a filter dropped. An index on the filter’s columns would leave them unread.')) : []),
    ...(row.hitBlocks === undefined && row.readBlocks === undefined ? [] : pair('Buffers alone', `${formatBlocks(row.hitBlocks ?? 0)} from cache, ${formatBlocks(row.readBlocks ?? 0)} read${row.tempBlocks ? `, ${formatBlocks(row.tempBlocks)} of temporary files` : ''}`)),
    ...(node.selfIoMs && !group ? pair('Waiting for I/O', formatMs(node.selfIoMs), say('Summed over the processes that ran the node.')) : []),
    ...((node.processes ?? 1) > 1 ? pair('Processes', String(node.processes)) : []),
  );
}

/** The lines of EXPLAIN as they are, conditions first. */
function lines(node: PlanNode, terms: boolean): HTMLElement {
  const conditions = node.conditions.map(({ label }) => label);
  const rest = Object.entries(node.raw ?? {}).filter(([key]) => !SAID.has(key) && !conditions.includes(key));
  return element('dl', { class: 'lines' },
    ...node.conditions.flatMap(({ label, text }) => [element('dt', { class: 'wide' }, label), element('dd', { class: 'wide' }, element('code', {}, text)), ...(terms && explainLine(label) ? [element('dd', { class: 'meaning' }, explainLine(label))] : [])]),
    ...rest.flatMap(([key, value]) => pair(key, lineValue(value), terms ? explainLine(key) : undefined)),
  );
}

/** As EXPLAIN prints it, but with digits in groups. */
function lineValue(value: unknown): string {
  if (Array.isArray(value)) return value.map(lineValue).join(', ');
  if (typeof value === 'object' && value !== null) return Object.entries(value).map(([key, item]) => `${key}: ${lineValue(item)}`).join(', ');
  return typeof value === 'number' ? value.toLocaleString('en', { maximumFractionDigits: 3 }) : typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
}

function workers(node: PlanNode): HTMLElement | string {
  if (!node.workers || node.workers.length === 0) return '';
  const cell = (value: string): HTMLElement => element('td', { class: 'number' }, value);
  return element('table', { class: 'plain' },
    element('caption', {}, 'Workers'),
    element('thead', {}, element('tr', {}, ...['Worker', 'Time', 'Rows', 'Loops'].map((title) => element('th', { scope: 'col' }, title)))),
    element('tbody', {}, ...node.workers.map((worker) => element('tr', {}, element('th', { scope: 'row' }, String(worker.number)), cell(worker.totalMs === undefined ? '' : formatMs(worker.totalMs)), cell(worker.rows === undefined ? '' : formatCount(worker.rows)), cell(worker.loops === undefined ? '' : formatCount(worker.loops))))),
  );
}

import type { PlanModel } from '../../server/src/core/plan/planModel';
import type { PlanFinding } from '../../server/src/core/plan/findings';
import { renderDetails } from './details';
import { button, element, radios } from './dom';
import { renderFinding, renderFindings, type FindingActions } from './findingList';
import { announce, post, setView, view, type Metric } from './host';
import { createIcicle, metricsOf } from './icicle';
import { fillNodeName, planColumns } from './planColumns';
import { nodeName, toPlanRows, type PlanRow } from './planRows';
import { createTreeGrid } from './treeGrid';

export interface TreeView {
  readonly element: HTMLElement;
  /** From the caret in the document. */
  showNode(node: number): void;
  /** Nodes that stand for something in the document. */
  setPlaces(nodes: readonly number[]): void;
  focusSearch(): void;
  goToFinding(step: 1 | -1): void;
  closeDetails(): boolean;
}

const METRICS: Readonly<Record<Metric, string>> = { time: 'Time', buffers: 'Buffers', cost: 'Cost', rows: 'Rows' };

/** Findings, icicle, tree and the details of a node: the plan as one looks at it first. */
export function createTreeView(model: PlanModel, findings: readonly PlanFinding[], { tryChange, check }: Pick<FindingActions, 'tryChange' | 'check'>): TreeView {
  const root = toPlanRows(model.root, model.timed ? model.wholeMs ?? 0 : model.root.totalCost, model.timed);
  const rows = flatten(root);
  const byNode = new Map(rows.filter((row) => !row.group).map((row) => [row.node.id, row]));
  const worst = new Map([...findings].reverse().flatMap((finding) => (finding.nodeId === undefined ? [] : [[finding.nodeId, finding] as const])));
  const worstIn = (row: PlanRow): PlanFinding | undefined => (row.group ? row.group.map((node) => worst.get(node.id)).find(Boolean) : worst.get(row.node.id));
  let places: ReadonlySet<number> = new Set();
  let detailed: PlanRow | undefined;
  let fromCaret = false;

  const actions: FindingActions = { select: (node, focus) => grid.select(String(node), focus), ...(tryChange ? { tryChange } : {}), ...(check ? { check } : {}) };
  const details = element('aside', { class: 'details', 'aria-label': 'Details of the node', hidden: '' });
  const metrics = metricsOf(model);
  const first = metrics.find((metric) => metric === view().metric) ?? metrics[0]!;
  const icicle = createIcicle(model, first, (node) => grid.select(String(node), false));

  const grid = createTreeGrid<PlanRow>({
    label: 'Query plan', columns: planColumns(model, rows), roots: [root], sort: view().sort,
    fillName: (cell, row, path) => fillNodeName(cell, row, path, worstIn(row)),
    rowClass: (row) => [row.neverExecuted ? 'never' : '', row.group ? 'group' : ''].join(' ').trim() || undefined,
    onSelect(row) {
      icicle.select(row.node.id);
      showDetails(row);
      if (!row.group && !fromCaret) post({ type: 'selectNode', node: row.node.id, reveal: false });
    },
    onOpen: (row) => goToSource(row.node.id),
    onSort: (sort) => setView({ sort }),
  });

  const goToSource = (node: number): void => {
    if (places.has(node)) post({ type: 'selectNode', node, reveal: true });
    else announce('This node stands for nothing in the document.');
  };
  const showDetails = (row: PlanRow): void => {
    detailed = row;
    details.hidden = false;
    details.replaceChildren(...renderDetails(row, { model, findings, hasPlace: (node) => places.has(node), goToSource, renderFinding: (finding) => renderFinding(finding, actions, false), onClose: () => closeDetails() }));
  };
  const closeDetails = (): boolean => {
    if (details.hidden) return false;
    const held = details.contains(document.activeElement);
    details.hidden = true;
    if (held && detailed) grid.select(detailed.id, true);
    details.hidden = true;
    return true;
  };

  const search = createSearch(rows, (row) => grid.select(row.id, false));
  let finding = -1;
  const marked = findings.filter(({ nodeId }) => nodeId !== undefined);

  // A chart of one node is a bar.
  const chart = rows.length > 1;
  icicle.element.hidden = !chart || view().chartHidden === true;
  const switcher = chart && radios('What the chart shows', [...metrics.map((metric) => ({ value: metric as string, text: METRICS[metric] })), { value: 'none', text: 'No chart' }], view().chartHidden === true ? 'none' : first, (value) => {
    const metric = metrics.find((known) => known === value);
    setView(metric ? { metric, chartHidden: false } : { chartHidden: true });
    icicle.element.hidden = !metric;
    if (metric) icicle.setMetric(metric);
  });

  return {
    element: element('div', { class: 'plan-view' },
      renderFindings(findings, actions),
      icicle.element,
      element('div', { class: 'toolbar', role: 'toolbar', 'aria-label': 'Tree' },
        switcher, search.element,
        chart && button('Unfold all', () => grid.setAllFolded(false), { class: 'plain', title: '* in the tree' }),
        chart && button('Fold all', () => grid.setAllFolded(true), { class: 'plain' }),
        marked.length > 0 ? button('Next finding', () => goToFinding(1), { class: 'plain', title: '] (and [ for the one before)', 'aria-keyshortcuts': ']' }) : false,
      ),
      element('div', { class: 'columns' }, grid.element, details),
    ),
    showNode(node) {
      const row = byNode.get(node);
      if (!row) return;
      fromCaret = true;
      grid.select(row.id, false);
      fromCaret = false;
      announce(`In the plan: ${nodeName(row.node)}`);
    },
    setPlaces(nodes) {
      places = new Set(nodes);
      if (detailed && !details.hidden) showDetails(detailed);
    },
    focusSearch: () => search.focus(),
    goToFinding,
    closeDetails,
  };

  function goToFinding(step: 1 | -1): void {
    if (marked.length === 0) return announce('No finding is about a node.');
    finding = (finding + step + marked.length) % marked.length;
    const next = marked[finding]!;
    grid.select(String(next.nodeId), true);
    announce(`Finding ${finding + 1} of ${marked.length}: ${next.title}`);
  }
}

const flatten = (row: PlanRow): readonly PlanRow[] => [row, ...row.children.flatMap(flatten)];

/** Goes through the rows that hold a text, in names and conditions. */
function createSearch(rows: readonly PlanRow[], show: (row: PlanRow) => void): { readonly element: HTMLElement; focus(): void } {
  const input = element('input', { type: 'search', placeholder: 'Find in plan', 'aria-label': 'Find in plan', 'aria-keyshortcuts': '/', spellcheck: 'false' });
  const count = element('span', { class: 'dim', role: 'status' });
  let found: readonly PlanRow[] = [];
  let at = -1;
  const textOf = ({ node }: PlanRow): string => [node.nodeType, node.relation, node.alias, node.index, node.subplan, ...node.conditions.map(({ text }) => text)].join(' ').toLowerCase();
  const go = (step: number): void => {
    if (found.length === 0) return;
    at = (at + step + found.length) % found.length;
    show(found[at]!);
    count.textContent = `${at + 1} of ${found.length}`;
  };
  input.addEventListener('input', () => {
    const wanted = input.value.trim().toLowerCase();
    found = wanted === '' ? [] : rows.filter((row) => !row.group && textOf(row).includes(wanted));
    at = -1;
    count.textContent = wanted === '' ? '' : found.length === 0 ? 'not found' : `${found.length} found`;
  });
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    go(event.shiftKey ? -1 : 1);
  });
  return { element: element('span', { class: 'search' }, input, count), focus: () => input.focus() };
}

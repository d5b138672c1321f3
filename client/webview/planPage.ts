import { renderTextForm } from '../../server/src/core/plan/textForm';
import { findInPlan, type PlanFinding } from '../../server/src/core/plan/findings';
import type { AdviceVerdict, PanelContent, WhatIf, WhatIfOptions } from '../../protocol/webview';
import { createAdviceCheck } from './adviceCheck';
import { renderCompare } from './compareView';
import { button, element, select } from './dom';
import { renderExport } from './exportView';
import { renderHeader } from './header';
import { highlightPlan, highlightSql } from './highlight';
import { post, setView, view, type Tab } from './host';
import { documentOf, inputsOf, modelOf, problemsOf, sqlOf } from './plans';
import { renderSums } from './sumsView';
import { createTabs, type TabView } from './tabs';
import { createTreeView, type TreeView } from './treeView';
import { renderParameters, renderValues } from './valuesView';
import { createWhatIfView, type WhatIfView } from './whatIfView';

export interface PlanPage {
  readonly elements: readonly HTMLElement[];
  readonly findings: readonly PlanFinding[];
  showNode(node: number): void;
  setPlaces(nodes: readonly number[]): void;
  fillWhatIf(options: WhatIfOptions): void;
  takeVerdict(key: string, verdict: AdviceVerdict): void;
  onKey(event: KeyboardEvent): boolean;
}

type PlanContent = Extract<PanelContent, { kind: 'plan' }>;

/**
 * The page of one plan; undefined: the text is no plan, and why.
 * @param found with the schema at hand; left out: what the plan alone shows
 */
export function createPlanPage(content: PlanContent, number: number, onNumber: (number: number) => void, found?: readonly PlanFinding[]): PlanPage | { readonly message: string; readonly advice: string } {
  const { shown, history, abilities } = content;
  const model = modelOf(shown, number);
  if ('message' in model) return model;
  const sql = sqlOf(shown, number);
  const canTry = abilities.explain || (shown.source.kind === 'text' && sql !== undefined);
  const tryChange = canTry ? (change: WhatIf): void => {
    post({ type: 'whatIf', change, ...(shown.source.kind === 'text' && sql !== undefined ? { sql } : {}) });
  } : undefined;

  const check = canTry ? createAdviceCheck(shown.id, shown.source.kind === 'text' ? sql : undefined) : undefined;

  let tree: TreeView | undefined;
  let whatIf: WhatIfView | undefined;
  let places: readonly number[] = [];
  const findings = found ?? findInPlan(model);
  const makeTree = (): TreeView => {
    tree = createTreeView(model, findings, tryChange && check ? { tryChange, check } : {});
    tree.setPlaces(places);
    return tree;
  };
  const views: readonly TabView<Tab>[] = [
    { id: 'plan', title: 'Plan', render: () => makeTree().element },
    ...(model.root.children.length > 0 ? [{ id: 'sums' as const, title: 'Sums', render: () => renderSums(model) }] : []),
    { id: 'compare', title: history.length > 1 ? `Compare (${history.length})` : 'Compare', render: () => renderCompare({ shown, history, compareWith: content.compareWith }) },
    ...(canTry ? [{ id: 'whatif' as const, title: 'What if', render: () => (whatIf = createWhatIfView(shown, sql)).element }] : []),
    ...(abilities.explain && /\$\d/.test(sql ?? '') ? [{ id: 'values' as const, title: 'Values', render: () => renderValues(shown, history, abilities) }] : []),
    ...(sql === undefined ? [] : [{ id: 'sql' as const, title: 'SQL', render: () => element('div', {}, raw('SQL', sql, highlightSql(sql)), renderParameters(shown)) }]),
    ...rawViews(content, number),
    { id: 'export', title: 'Export', render: () => renderExport(shown, number, findings) },
  ];
  const tabs = createTabs<Tab>('Views of the plan', views, content.compareWith === undefined ? view().tab : 'compare', (tab) => setView({ tab }));
  const inputs = inputsOf(shown);
  const problems = problemsOf(shown, number);

  return {
    findings,
    elements: [
      renderHeader(shown, model, { sourceLabel: content.sourceLabel, findings, actions: element('div', { class: 'toolbar', role: 'toolbar', 'aria-label': 'Plan' },
        abilities.explain ? button(shown.analyzed ? 'Analyze again…' : 'Run with ANALYZE…', () => post({ type: 'explainAgain', analyze: true }), { class: 'action' }) : false,
        abilities.explain ? button('Explain again', () => post({ type: 'explainAgain', analyze: false })) : false,
        inputs.length > 1 ? select('Plan', inputs.map((input, index) => ({ value: String(index), text: `${index + 1} of ${inputs.length}${input.durationMs === undefined ? '' : ` · ${Math.round(input.durationMs)} ms`}${input.sql ? ` · ${input.sql.slice(0, 60)}` : ''}` })), String(number), (value) => onNumber(Number(value))) : false,
      ) }),
      ...(problems.length > 0 ? [element('ul', { class: 'notes warn' }, ...problems.map((problem) => element('li', {}, problem)))] : []),
      tabs.element,
    ],
    showNode(node) {
      tabs.open('plan');
      tree?.showNode(node);
    },
    setPlaces(nodes) {
      places = nodes;
      tree?.setPlaces(nodes);
    },
    fillWhatIf: (options) => whatIf?.fill(options),
    takeVerdict: (key, verdict) => check?.take(key, verdict),
    onKey(event) {
      switch (event.key) {
        case '/': tabs.open('plan'); tree?.focusSearch(); return true;
        case ']': tabs.open('plan'); tree?.goToFinding(1); return true;
        case '[': tabs.open('plan'); tree?.goToFinding(-1); return true;
        case 'Escape': return tree?.closeDetails() ?? false;
        default: return false;
      }
    },
  };
}

/** The plan as it was given, and as JSON. */
function rawViews({ shown }: PlanContent, number: number): readonly TabView<Tab>[] {
  const { source } = shown;
  return [
    { id: 'text', title: 'Text', render: () => {
      const text = source.kind === 'text' ? source.text : renderTextForm(source.plan);
      return raw('Text', text, highlightPlan(text));
    } },
    { id: 'json', title: 'JSON', render: () => raw('JSON', JSON.stringify([documentOf(shown, number)], undefined, 2)) },
  ];
}

/** A text as it is, to read and to copy; `shown`: the same text with its parts told apart. */
export function raw(what: string, text: string, shown: readonly (Node | string)[] = [text]): HTMLElement {
  return element('div', { class: `raw ${what.toLowerCase()}` }, button(`Copy ${what}`, () => post({ type: 'copy', text, what })), element('pre', { tabindex: '0', role: 'region', 'aria-label': what }, element('code', {}, ...shown)));
}

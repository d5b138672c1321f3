import { collectNodes, type PlanModel } from '../../server/src/core/plan/planModel';
import type { PlanFinding, PlanFindingKind } from '../../server/src/core/plan/findings';
import type { ShownPlan } from '../../protocol/webview';
import { button, element } from './dom';
import { formatBlocks, formatCost, formatCount, formatMs, formatShare } from './format';
import { post } from './host';

/** A figure of the header. */
interface Total {
  readonly label: string;
  readonly value: string;
  readonly main?: boolean;
  readonly warn?: boolean;
}

interface HeaderParts {
  readonly sourceLabel: string | undefined;
  readonly findings: readonly PlanFinding[];
  readonly actions: HTMLElement;
}

/** Notes that a finding repeats with its place and what helps. */
const repeated: readonly (readonly [note: RegExp, kind: PlanFindingKind])[] = [
  [/^A sort did not fit work_mem/, 'sort-spill'], [/^A hash table did not fit work_mem/, 'hash-spill'], [/^A bitmap did not fit work_mem/, 'lossy-bitmap'], [/^A condition can never be true/, 'never-true'], [/^\d+ of \d+ planned parallel workers/, 'workers-not-launched'],
];

/** Time, planning, JIT, buffers; where the plan comes from; what the reader must know, but for what a finding says better. */
export function renderHeader(shown: ShownPlan, model: PlanModel, { sourceLabel, findings, actions }: HeaderParts): HTMLElement {
  const totals = model.timed ? measuredTotals(model) : estimatedTotals(model);
  const settings = Object.entries(model.settings).filter(([name]) => name !== 'plan_cache_mode');
  const said = new Set(findings.map(({ kind }) => kind));
  const notes = [...shown.notes, ...model.notes.filter((note) => !note.startsWith('Planned with ') && !repeated.some(([known, kind]) => said.has(kind) && known.test(note)))];
  return element('header', { class: 'page' },
    element('h1', { class: 'hidden' }, 'Query plan'),
    element('div', { class: 'headline' },
      element('ul', { class: 'totals', 'aria-label': 'The whole plan' }, ...totals.map(({ label, value, main, warn }) => element('li', {}, element(main ? 'strong' : 'span', { class: warn ? 'value flag' : 'value' }, value), ' ', element('span', { class: 'label dim' }, label)))),
      actions,
    ),
    element('div', { class: 'about' }, element('p', { class: 'dim' },
      shown.connectionLabel === undefined ? shown.title : `${shown.analyzed ? 'Executed' : 'Estimated'} on ${shown.connectionLabel}${shown.analyzed ? '' : ', not executed'}`,
      shown.connectionLabel !== undefined && /[ =(]/.test(shown.title) && !/^(estimated|measured)/.test(shown.title) ? element('strong', {}, ` · ${shown.title}`) : false,
      sourceLabel ? ' · ' : '',
      sourceLabel ? button(sourceLabel, () => post({ type: 'revealSource' }), { class: 'link', title: 'Go to the query' }) : undefined,
    ), settings.length > 0 && element('p', {}, element('span', { class: 'dim' }, 'Settings that differ '), ...settings.map(([name, value]) => element('code', { class: 'chip' }, `${name} = ${value}`)))),
    notes.length > 0 && element('ul', { class: 'notes' }, ...notes.map((note) => element('li', {}, `${/[.!?]$/.test(note) ? note : `${note}.`} `))),
  );
}

function measuredTotals(model: PlanModel): readonly Total[] {
  const whole = model.wholeMs ?? 0;
  const sum = (of: (node: PlanModel['root']) => number | undefined): number => collectNodes(model.root).reduce((total, node) => total + (of(node) ?? 0), 0);
  const [hit, read, temp] = [sum((node) => node.selfHitBlocks), sum((node) => node.selfReadBlocks), sum((node) => node.selfTempBlocks)];
  const part = (label: string, ms: number | undefined, from = 0): readonly Total[] => (ms === undefined || ms <= from ? [] : [{ label, value: `${formatMs(ms)} (${formatShare(ms / Math.max(whole, ms, 1e-9))})`, warn: ms > 0.2 * whole }]);
  return [
    { label: 'execution', value: formatMs(whole), main: true },
    ...(model.planningMs === undefined ? [] : [{ label: 'planning', value: formatMs(model.planningMs), warn: model.planningMs > whole }]),
    ...part('JIT compilation', model.jitMs), ...part('in triggers', model.triggersMs), ...part('serialization', model.serializationMs),
    ...part('outside the nodes', model.unattributedMs, Math.max(1, 0.05 * whole)),
    ...(read > 0 ? [{ label: 'read', value: formatBlocks(read) }] : []), ...(hit > 0 ? [{ label: 'from cache', value: formatBlocks(hit) }] : []),
    ...(temp > 0 ? [{ label: 'of temporary files', value: formatBlocks(temp), warn: true }] : []),
    nodeCount(model),
  ];
}

function estimatedTotals(model: PlanModel): readonly Total[] {
  const rows = model.root.rows ?? model.root.estimatedRows;
  return [
    { label: 'estimated cost', value: formatCost(model.root.totalCost), main: true },
    { label: `${model.analyzed ? '' : 'estimated '}${rows === 1 ? 'row' : 'rows'}`, value: formatCount(rows) },
    ...(model.planningMs === undefined ? [] : [{ label: 'planning', value: formatMs(model.planningMs) }]),
    nodeCount(model),
  ];
}

function nodeCount(model: PlanModel): Total {
  const count = collectNodes(model.root).length;
  return { label: count === 1 ? 'node' : 'nodes', value: formatCount(count) };
}

import { collectNodes, type PlanModel, type PlanNode } from '../../server/src/core/plan/planModel';
import { element } from './dom';
import { formatBlocks, formatCost, formatCount, formatMs, formatShare } from './format';

interface Sum {
  readonly name: string;
  nodes: number;
  own: number;
  rows: number;
  blocks: number;
}

/** What the plan spends by table, by index and by kind of node: in a plan of many nodes no single one may stand out. */
export function renderSums(model: PlanModel): HTMLElement {
  const nodes = collectNodes(model.root).filter((node) => !node.neverExecuted);
  return element('div', { class: 'sums' },
    table('By table', sumBy(model, nodes, ({ relation, schema }) => (relation === undefined ? undefined : schema && schema !== 'public' ? `${schema}.${relation}` : relation)), model),
    table('By index', sumBy(model, nodes, ({ index }) => index), model),
    table('By kind of node', sumBy(model, nodes, ({ nodeType }) => nodeType), model),
  );
}

function sumBy(model: PlanModel, nodes: readonly PlanNode[], nameOf: (node: PlanNode) => string | undefined): readonly Sum[] {
  const sums = new Map<string, Sum>();
  for (const node of nodes) {
    const name = nameOf(node);
    if (name === undefined) continue;
    const sum = sums.get(name) ?? { name, nodes: 0, own: 0, rows: 0, blocks: 0 };
    sums.set(name, sum);
    sum.nodes++;
    sum.own += model.timed ? node.selfMs ?? 0 : node.selfCost;
    sum.rows += node.rows ?? node.estimatedRows;
    sum.blocks += (node.selfHitBlocks ?? 0) + (node.selfReadBlocks ?? 0) + (node.selfTempBlocks ?? 0);
  }
  return [...sums.values()].sort((a, b) => b.own - a.own);
}

function table(title: string, sums: readonly Sum[], model: PlanModel): HTMLElement | false {
  if (sums.length === 0) return false;
  const whole = model.timed ? model.wholeMs ?? 0 : model.root.totalCost;
  const blocks = sums.some((sum) => sum.blocks > 0);
  const heads = ['Nodes', model.timed ? 'Time alone' : 'Cost alone', 'Share', 'Rows', ...(blocks ? ['Buffers'] : [])];
  return element('section', {},
    element('table', { class: 'plain' },
      element('caption', {}, title),
      element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, element('span', { class: 'hidden' }, 'Name')), ...heads.map((head) => element('th', { scope: 'col', class: `number ${classOf(head)}` }, head)))),
      element('tbody', {}, ...sums.map((sum) => element('tr', {},
        element('th', { scope: 'row' }, sum.name),
        ...[formatCount(sum.nodes), model.timed ? formatMs(sum.own) : formatCost(sum.own), formatShare(whole > 0 ? Math.min(1, sum.own / whole) : 0), formatCount(sum.rows), ...(blocks ? [formatBlocks(sum.blocks)] : [])].map((text, index) => shareCell(text, classOf(heads[index]), index === 2 && whole > 0 ? Math.min(1, sum.own / whole) : undefined)),
      ))),
    ),
  );
}

/** A narrow panel leaves these out. */
const classOf = (head: string | undefined): string => (head === 'Nodes' || head === 'Rows' || head === 'Buffers' ? 'extra' : '');

function shareCell(text: string, className: string, share: number | undefined): HTMLElement {
  const cell = element('td', { class: share === undefined ? `number ${className}` : `number share${share >= 0.5 ? ' hot' : share >= 0.2 ? ' warm' : ''}` }, text);
  if (share !== undefined) cell.style.setProperty('--share', share.toFixed(4));
  return cell;
}

import { layoutIcicle, type Icicle, type IcicleRect } from '../../server/src/core/plan/icicle';
import { collectNodes, type PlanModel, type PlanNode } from '../../server/src/core/plan/planModel';
import { element } from './dom';
import { formatBlocks, formatCost, formatCount, formatMs, formatShare } from './format';
import type { Metric } from './host';
import { nodeName, relationOf } from './planRows';

export interface IcicleView {
  readonly element: HTMLElement;
  select(node: number): void;
  setMetric(metric: Metric): void;
}

const ROW = 20;
/** Deeper levels are left to the table. */
const MAX_DEPTH = 12;
const NAMES: Readonly<Record<Metric, string>> = { time: 'Time', buffers: 'Buffers', cost: 'Cost', rows: 'Rows' };

/** Metrics that a plan has figures for, the one to begin with first. */
export function metricsOf(model: PlanModel): readonly Metric[] {
  return [...(model.timed ? ['time' as const] : []), 'cost' as const, ...(collectNodes(model.root).some((node) => (node.selfHitBlocks ?? 0) + (node.selfReadBlocks ?? 0) > 0) ? ['buffers' as const] : []), 'rows' as const];
}

/** What of a text has room, with an ellipsis for the rest; a few letters alone say nothing. */
function fit(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let kept = Math.floor((text.length * room) / Math.max(1, context.measureText(text).width));
  while (kept > 3 && context.measureText(`${text.slice(0, kept)}…`).width > room) kept--;
  return kept > 3 ? `${text.slice(0, kept).trimEnd()}…` : '';
}

/**
 * The plan as an icicle: a node is as wide as it and everything below it have of the metric, and as warm as its own part.
 * Everything it shows stands in the table too, which is how it is read without sight or mouse.
 */
export function createIcicle(model: PlanModel, metric: Metric, onSelect: (node: number) => void): IcicleView {
  const nodes = collectNodes(model.root);
  const canvas = element('canvas', { role: 'img' });
  const hint = 'Width: with everything below. Colour: the node alone.';
  const tip = element('p', { class: 'tip dim', 'aria-hidden': 'true' }, hint);
  const frame = element('div', { class: 'icicle' }, canvas, tip);
  let current = metric;
  let layout: Icicle = layoutIcicle(model.root, current);
  let selected: number | undefined;
  let hovered: number | undefined;

  const figure = (node: PlanNode): string => {
    switch (current) {
      case 'time': return formatMs(node.selfMs ?? 0);
      case 'buffers': return formatBlocks((node.selfHitBlocks ?? 0) + (node.selfReadBlocks ?? 0) + (node.selfTempBlocks ?? 0));
      case 'cost': return formatCost(node.selfCost);
      case 'rows': return `${formatCount(node.rows ?? node.estimatedRows)} rows`;
    }
  };

  const draw = (): void => {
    const width = Math.max(100, frame.clientWidth);
    const height = Math.min(layout.depth, MAX_DEPTH) * ROW;
    const scale = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    canvas.setAttribute('aria-label', `${NAMES[current]} by node, as a chart. The table below has the same figures.`);
    const context = canvas.getContext('2d');
    if (!context) return;
    context.scale(scale, scale);
    const style = getComputedStyle(document.body);
    const colour = (name: string, fallback: string): string => style.getPropertyValue(name).trim() || fallback;
    const contrast = document.body.classList.contains('vscode-high-contrast') || document.body.classList.contains('vscode-high-contrast-light');
    const palette = {
      text: colour('--vscode-editor-foreground', '#888'), line: colour('--vscode-contrastBorder', colour('--vscode-panel-border', '#8888')), focus: colour('--vscode-focusBorder', '#08f'),
      heat: [colour('--vscode-charts-blue', '#3794ff'), colour('--vscode-charts-orange', '#d18616'), colour('--vscode-charts-red', '#f14c4c')] as const,
    };
    context.font = `12px ${style.fontFamily}`;
    context.textBaseline = 'middle';
    for (const rect of layout.rects) drawRect(context, rect, width, palette, contrast);
  };

  const drawRect = (context: CanvasRenderingContext2D, rect: IcicleRect, width: number, palette: { readonly text: string; readonly line: string; readonly focus: string; readonly heat: readonly [string, string, string] }, contrast: boolean): void => {
    const [x, y, w] = [rect.x * width, rect.depth * ROW, rect.width * width];
    if (w < 0.7 || rect.depth >= MAX_DEPTH) return;
    const node = nodes[rect.nodeId];
    if (!node) return;
    const inner = Math.max(0.5, w - 1);
    const hot = rect.self >= 0.5 ? 2 : rect.self >= 0.2 ? 1 : 0;
    const idle = rect.self < 0.01;
    context.globalAlpha = idle ? 0.1 : contrast ? 0.3 : hot > 0 ? 0.4 : 0.22 + rect.self;
    context.fillStyle = idle ? palette.text : palette.heat[hot];
    context.fillRect(x, y, inner, ROW - 1);
    context.globalAlpha = 1;
    if (hot > 0) {
      context.fillStyle = palette.heat[hot];
      context.fillRect(x, y, Math.min(3, inner), ROW - 1);
    }
    if (contrast) {
      context.strokeStyle = palette.line;
      context.strokeRect(x + 0.5, y + 0.5, Math.max(0, inner - 1), ROW - 2);
    }
    if (rect.nodeId === selected || rect.nodeId === hovered) {
      context.strokeStyle = palette.focus;
      context.lineWidth = rect.nodeId === selected ? 2 : 1;
      context.strokeRect(x + 1, y + 1, Math.max(1, inner - 2), ROW - 3);
      context.lineWidth = 1;
    }
    if (w < 34) return;
    const room = w - 14;
    const name = fit(context, `${node.nodeType}${relationOf(node) ? ` ${relationOf(node)}` : ''}`, room);
    context.fillStyle = palette.text;
    context.fillText(name, x + 7, y + ROW / 2);
    const [said, taken] = [idle ? '' : figure(node), context.measureText(name).width + 8];
    if (said === '' || name.endsWith('…') || taken + context.measureText(said).width > room) return;
    context.fillText(said, x + 7 + taken, y + ROW / 2);
  };

  const at = (event: MouseEvent): PlanNode | undefined => {
    const box = canvas.getBoundingClientRect();
    const [x, depth] = [(event.clientX - box.left) / box.width, Math.floor((event.clientY - box.top) / ROW)];
    const rect = layout.rects.find((candidate) => candidate.depth === depth && x >= candidate.x && x < candidate.x + candidate.width);
    return rect && nodes[rect.nodeId];
  };
  canvas.addEventListener('click', (event) => {
    const node = at(event);
    if (node) onSelect(node.id);
  });
  canvas.addEventListener('mousemove', (event) => {
    const node = at(event);
    if (node?.id === hovered) return;
    hovered = node?.id;
    const rect = node && layout.rects.find(({ nodeId }) => nodeId === node.id);
    tip.textContent = node && rect ? `${nodeName(node)}: ${figure(node)} alone (${formatShare(rect.self)}), ${formatShare(rect.width)} with everything below` : hint;
    draw();
  });
  canvas.addEventListener('mouseleave', () => {
    hovered = undefined;
    tip.textContent = hint;
    draw();
  });
  new ResizeObserver(() => draw()).observe(frame);
  // Another theme has other colours.
  const themes = new MutationObserver(() => (frame.isConnected ? draw() : themes.disconnect()));
  themes.observe(document.body, { attributes: true, attributeFilter: ['class'] });

  return {
    element: frame,
    select(node) {
      selected = node;
      draw();
    },
    setMetric(next) {
      current = next;
      layout = layoutIcicle(model.root, current);
      draw();
    },
  };
}

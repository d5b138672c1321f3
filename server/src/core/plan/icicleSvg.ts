import { layoutIcicle, type IcicleMetric } from './icicle';
import { collectNodes, type PlanNode } from './planModel';

export interface SvgOptions {
  /** Pixels. */
  readonly width?: number;
  readonly rowHeight?: number;
}

/** Characters of 11 px, on average. */
const CHARACTER = 6.2;

/** An icicle as a picture that stands alone: no script, no font, no style from outside. Light and dark grounds both do. */
export function renderIcicleSvg(root: PlanNode, metric: IcicleMetric, { width = 960, rowHeight = 20 }: SvgOptions = {}): string {
  const { rects, depth, total } = layoutIcicle(root, metric);
  const nodes = new Map(collectNodes(root).map((node) => [node.id, node]));
  const height = Math.max(1, depth) * rowHeight;
  const cells = rects.filter((rect) => rect.width * width >= 0.5).map((rect) => {
    const node = nodes.get(rect.nodeId)!;
    const label = [node.nodeType, node.relation ?? node.index].filter(Boolean).join(' ');
    const [x, w] = [(rect.x * width).toFixed(2), Math.max(0.5, rect.width * width - 1)];
    const room = Math.floor((w - 6) / CHARACTER);
    const shown = room < 3 ? '' : label.length > room ? `${label.slice(0, room - 1)}…` : label;
    const text = shown === '' ? '' : `<text x="${(rect.x * width + 3).toFixed(2)}" y="${rect.depth * rowHeight + rowHeight * 0.68}">${escape(shown)}</text>`;
    return `<g><title>${escape(`${label}: ${(rect.self * 100).toFixed(1)} % itself, ${(rect.width * 100).toFixed(1)} % with what is below`)}</title><rect x="${x}" y="${rect.depth * rowHeight}" width="${w.toFixed(2)}" height="${rowHeight - 1}" fill="${colour(rect.self)}"/>${text}</g>`;
  });
  const title = `The plan by ${metric}${total > 0 ? '' : ': nothing was measured'}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="sans-serif" font-size="11" fill="#1a1a1a"><title>${title}</title>${cells.join('')}</svg>\n`;
}

/** From pale to strong by what a node has itself; the text on it stays readable. */
const colour = (self: number): string => {
  const part = Math.min(1, Math.max(0, self));
  return `hsl(${Math.round(48 - 30 * part)} 90% ${Math.round(88 - 24 * part)}%)`;
};

const escape = (text: string): string => text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '').replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

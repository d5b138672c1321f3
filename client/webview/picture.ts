import { layoutIcicle } from '../../server/src/core/plan/icicle';
import { collectNodes, type PlanModel } from '../../server/src/core/plan/planModel';
import { formatCost, formatMs } from './format';
import type { Metric } from './host';
import { relationOf } from './planRows';

const [WIDTH, ROW, MARGIN] = [1200, 24, 12];

/** The icicle as a drawing that stands alone: colours of its own, no script, no style sheet, nothing from elsewhere. */
export function renderIcicleSvg(model: PlanModel, metric: Metric, title: string): string {
  const { rects, depth } = layoutIcicle(model.root, metric);
  const nodes = collectNodes(model.root);
  const height = depth * ROW + 3 * MARGIN + 16;
  const total = model.timed ? `${formatMs(model.wholeMs ?? 0)} execution` : `estimated cost ${formatCost(model.root.totalCost)}`;
  const boxes = rects.filter(({ width }) => width * WIDTH >= 0.7).map(({ nodeId, x, width, depth: level, self }) => {
    const node = nodes[nodeId]!;
    const [left, top, wide] = [MARGIN + x * WIDTH, 2 * MARGIN + 16 + level * ROW, Math.max(0.5, width * WIDTH - 1)];
    const figure = model.timed ? formatMs(node.selfMs ?? 0) : formatCost(node.selfCost);
    const name = `${node.nodeType}${relationOf(node) ? ` ${relationOf(node)}` : ''} · ${figure}`;
    // About 6.2 units a character: what does not fit is cut.
    const room = Math.floor((wide - 10) / 6.2);
    const label = room < 4 ? '' : `<text x="${round(left + 5)}" y="${round(top + 16)}">${escape(name.length > room ? `${name.slice(0, room - 1)}…` : name)}</text>`;
    return `<g><title>${escape(name)}</title><rect x="${round(left)}" y="${round(top)}" width="${round(wide)}" height="${ROW - 1}" fill="${self >= 0.5 ? '#f2a19a' : self >= 0.2 ? '#f2cf9a' : '#bcd7f5'}"/>${label}</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH + 2 * MARGIN}" height="${height}" viewBox="0 0 ${WIDTH + 2 * MARGIN} ${height}" font-family="sans-serif" font-size="11" fill="#1f1f1f">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    `<text x="${MARGIN}" y="${MARGIN + 12}" font-size="13" font-weight="bold">${escape(`${title}: ${total}`)}</text>`,
    ...boxes,
    '</svg>',
  ].join('\n');
}

const round = (value: number): string => String(Math.round(value * 10) / 10);
const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** A drawing as the bytes of a PNG, in base64; twice as fine as it is large. */
export async function toPng(svg: string): Promise<string> {
  const image = new Image();
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    await new Promise<void>((resolve, reject) => {
      image.addEventListener('load', () => resolve());
      image.addEventListener('error', () => reject(new Error('The picture cannot be drawn here.')));
      image.src = url;
    });
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [2 * image.width, 2 * image.height];
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL('image/png').replace(/^data:image\/png;base64,/, '');
  } finally {
    URL.revokeObjectURL(url);
  }
}

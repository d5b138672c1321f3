import type { HealthReport, HealthValue } from '../../protocol/health';
import type { ConnectionSample } from '../../protocol/webview';
import { renderBytes, renderNumber, renderPercent } from '../../server/src/core/health/values';
import { element } from './dom';

/*
 * Charts as SVG. Each one has its message in words too (its label), and its numbers stand in a list of the report: who cannot
 * see it misses nothing. Colours come from the style sheet by class; shapes and dashes tell series apart without them.
 */

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 420;

type Attributes = Readonly<Record<string, string | number | undefined>>;

function shape(name: string, attributes: Attributes, ...children: readonly (Node | string)[]): SVGElement {
  const created = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) created.setAttribute(key, String(value));
  created.append(...children);
  return created;
}

const text = (x: number, y: number, content: string, attributes: Attributes = {}): SVGElement => shape('text', { x, y, ...attributes }, content);

function chart(title: string, label: string, height: number, ...children: readonly (Node | string)[]): HTMLElement {
  return element('figure', {}, element('figcaption', {}, title), shape('svg', { viewBox: `0 0 ${WIDTH} ${height}`, role: 'img', 'aria-label': label }, ...children) as unknown as HTMLElement);
}

/** The charts that a report has something to show in. */
export const renderCharts = (report: HealthReport): readonly HTMLElement[] => [indexChart(report), deadRowsChart(report), hitChart(report)].filter((made) => made !== undefined);

const rowsOf = (report: HealthReport, check: string, table: string): readonly Readonly<Record<string, HealthValue>>[] => report.checks.find(({ name }) => name === check)?.tables.find(({ name }) => name === table)?.rows ?? [];
const figureOf = (report: HealthReport, check: string, figure: string): number | undefined => {
  const value = report.checks.find(({ name }) => name === check)?.figures.find(({ name }) => name === figure)?.value;
  return typeof value === 'number' ? value : undefined;
};
const numberIn = (value: HealthValue | undefined): number => (typeof value === 'number' ? value : 0);
const shortName = (value: HealthValue | undefined): string => String(value ?? '').replace(/^public\./, '');
const clip = (name: string, length: number): string => (name.length > length ? `${name.slice(0, length - 1)}…` : name);

const SERIES = [
  { key: 'active', label: 'active', className: 'active' }, { key: 'idle', label: 'idle', className: 'idle' },
  { key: 'idleInTransaction', label: 'idle in transaction', className: 'transaction' }, { key: 'waiting', label: 'waiting for a lock', className: 'waiting' },
] as const;

/** `4, 10, 20, 40 …`: the next one that is not below; its half is a whole number too. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 4, 10].map((factor) => factor * power).find((candidate) => candidate >= value) ?? value;
}

const clock = (at: number): string => new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** Sessions over time; undefined: one look alone is no line. */
export function renderSessions(series: readonly ConnectionSample[]): HTMLElement | undefined {
  const [first, last] = [series[0], series.at(-1)];
  if (!first || !last || series.length < 2) return undefined;
  const [left, right, top, bottom] = [34, 10, 8, 130];
  const limit = roundUp(Math.max(...series.flatMap((sample) => SERIES.map(({ key }) => sample[key])), 4));
  const x = (at: number): number => left + ((at - first.at) / Math.max(1, last.at - first.at)) * (WIDTH - left - right);
  const y = (value: number): number => bottom - (value / limit) * (bottom - top);
  const lines = SERIES.map(({ key, className }) => shape('polyline', { class: `line ${className}`, points: series.map((sample) => `${x(sample.at).toFixed(1)},${y(sample[key]).toFixed(1)}`).join(' ') }));
  const now = SERIES.map(({ key, label }) => `${last[key]} ${label}`).join(', ');
  return chart('Sessions while watching', `Sessions of the database from ${clock(first.at)} to ${clock(last.at)}. Now: ${now}.`, 194,
    ...[0, limit / 2, limit].flatMap((value) => [shape('line', { class: 'grid', x1: left, x2: WIDTH - right, y1: y(value), y2: y(value) }), text(left - 6, y(value) + 4, renderNumber(value), { 'text-anchor': 'end' })]),
    ...lines, text(left, bottom + 15, clock(first.at)), text(WIDTH - right, bottom + 15, clock(last.at), { 'text-anchor': 'end' }),
    ...SERIES.flatMap(({ key, label, className }, i) => {
      const [atX, atY] = [left + (i % 2) * 170, 164 + Math.floor(i / 2) * 18];
      return [shape('line', { class: `line ${className}`, x1: atX, x2: atX + 22, y1: atY, y2: atY }), text(atX + 28, atY + 4, `${label} ${last[key]}`)];
    }),
  );
}

/** Large indexes that are seldom used stand at the left above. */
function indexChart(report: HealthReport): HTMLElement | undefined {
  const all = rowsOf(report, 'indexes', 'existing').map((row) => ({ name: shortName(row['index']), bytes: numberIn(row['bytes']), scans: numberIn(row['scans']) })).filter(({ bytes }) => bytes > 0);
  if (all.length < 3) return undefined;
  const shown = all.slice(0, 300);
  const unused = all.filter(({ scans }) => scans === 0);
  const [left, right, top, bottom] = [58, 12, 10, 150];
  const scale = (value: number, low: number, high: number, from: number, to: number): number => from + (high > low ? (Math.log10(value) - low) / (high - low) : 0.5) * (to - from);
  const sizes = shown.map(({ bytes }) => Math.log10(bytes));
  // 1, 10 and 100 of each unit.
  const steps = Array.from({ length: 15 }, (_, i) => Math.log10(1024 ** Math.floor(i / 3) * 10 ** (i % 3)));
  const low = steps.findLast((step) => step <= Math.min(...sizes)) ?? 0;
  const high = steps.find((step) => step >= Math.max(...sizes) && step > low) ?? low + 1;
  const most = Math.max(1, Math.ceil(Math.log10(Math.max(...shown.map(({ scans }) => scans), 10))));
  const never = left + 14;
  const x = (scans: number): number => (scans === 0 ? never : scale(Math.max(1, scans), 0, most, left + 42, WIDTH - right - 6));
  const y = (bytes: number): number => scale(bytes, low, high, bottom, top);
  const ticks = steps.filter((step) => step >= low && step <= high).filter((_, i, list) => list.length <= 6 || i % 2 === 0).map((step) => 10 ** step);
  const label = `${all.length} indexes by size and scans. ${unused.length === 0 ? 'All were used.' : `${unused.length} never used, ${renderBytes(unused.reduce((sum, { bytes }) => sum + bytes, 0))} together.`}`;
  return chart('Indexes: size against scans', label, 186,
    ...ticks.flatMap((bytes) => [shape('line', { class: 'grid', x1: left, x2: WIDTH - right, y1: y(bytes), y2: y(bytes) }), text(left - 6, y(bytes) + 4, renderBytes(Math.round(bytes)), { 'text-anchor': 'end' })]),
    shape('line', { class: 'grid', x1: left + 28, x2: left + 28, y1: top, y2: bottom }),
    ...shown.map(({ name, bytes, scans }) => {
      const tip = shape('title', {}, `${name}: ${renderBytes(bytes)}, ${scans === 0 ? 'never used' : `${renderNumber(scans)} scans`}`);
      const [cx, cy] = [x(scans), y(bytes)];
      return scans === 0 ? shape('path', { class: 'mark unused', d: `M${cx - 5},${cy + 4}L${cx + 5},${cy + 4}L${cx},${cy - 5}Z` }, tip) : shape('circle', { class: 'mark used', cx, cy, r: 4 }, tip);
    }),
    text(never, bottom + 15, 'never', { 'text-anchor': 'middle' }), text(left + 42, bottom + 15, '1'), text(WIDTH - right, bottom + 15, `${renderNumber(10 ** most)} scans`, { 'text-anchor': 'end' }),
    text(left, 182, label.replace(/^.*?\. /, '')),
  );
}

interface Bar {
  readonly name: string;
  /** 0 to 100. */
  readonly percent: number;
  readonly value: string;
  readonly bad: boolean;
}

function bars(title: string, label: string, list: readonly Bar[], scale: number): HTMLElement {
  const [row, left, room] = [22, 150, 92];
  return chart(title, label, list.length * row + 4,
    ...list.flatMap(({ name, percent, value, bad }, i) => {
      const y = i * row + 2;
      const width = (Math.min(percent, scale) / scale) * (WIDTH - left - room);
      return [
        text(left - 8, y + 14, clip(name, 22), { 'text-anchor': 'end' }), shape('rect', { class: 'track', x: left, y: y + 4, width: WIDTH - left - room, height: 12, rx: 2 }),
        shape('rect', { class: bad ? 'bar bad' : 'bar', x: left, y: y + 4, width: Math.max(width, percent > 0 ? 1 : 0).toFixed(1), height: 12, rx: 2 }, shape('title', {}, `${name}: ${value}`)),
        text(WIDTH - room + 8, y + 14, value),
      ];
    }),
  );
}

/** Findings are about names; a bar is drawn as bad where one is about its table. */
const isFound = (report: HealthReport, check: string, id: string, table: string): boolean => report.checks.find(({ name }) => name === check)?.findings.some((finding) => finding.id === id && shortName(finding.subject) === table) === true;

function deadRowsChart(report: HealthReport): HTMLElement | undefined {
  const tables = rowsOf(report, 'tables', 'tables').map((row) => ({ name: shortName(row['table']), dead: numberIn(row['dead']), percent: numberIn(row['deadPercent']) })).filter(({ dead }) => dead > 0);
  if (tables.length === 0) return undefined;
  const list = [...tables].sort((a, b) => b.dead - a.dead).slice(0, 8);
  const [most] = list;
  return bars('Dead rows', `Tables with the most dead rows: ${list.map(({ name, dead, percent }) => `${name} ${renderNumber(dead)}, ${renderPercent(percent)}`).join('; ')}.`,
    list.map(({ name, dead, percent }) => ({ name, percent, value: `${renderPercent(percent)} · ${compact(dead)}`, bad: isFound(report, 'tables', 'dead-tuples', name) })), Math.max(50, ...(most ? list.map(({ percent }) => percent) : [])));
}

const compact = (value: number): string => new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(value);

function hitChart(report: HealthReport): HTMLElement | undefined {
  const check = report.checks.find(({ name }) => name === 'cache');
  const ratios = ([['hitRatio', 'all blocks'], ['tableHitRatio', 'of tables'], ['indexHitRatio', 'of indexes']] as const).flatMap(([figure, name]) => {
    const percent = figureOf(report, 'cache', figure);
    return percent === undefined ? [] : [{ name, percent, value: renderPercent(percent), bad: figure === 'hitRatio' && check?.findings.some(({ id }) => id === 'cache-hit-ratio') === true }];
  });
  return ratios.length === 0 ? undefined : bars('Found in the cache', `Blocks found in shared buffers: ${ratios.map(({ name, value }) => `${name} ${value}`).join(', ')}.`, ratios, 100);
}

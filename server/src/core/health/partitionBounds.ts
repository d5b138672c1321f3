/*
 * Bounds of range partitions as periods of the calendar, so that the next ones can be named and written. Times are UTC
 * milliseconds: the bounds are printed in UTC.
 */

export interface Bound {
  /** Milliseconds; -Infinity and Infinity for MINVALUE and MAXVALUE. */
  readonly from: number;
  readonly to: number;
}

/** Of equal length in the calendar: `months` or `days`. */
export type Period = { readonly unit: 'months' | 'days' | 'hours'; readonly count: number };

/** `FOR VALUES FROM ('2025-01-01') TO ('2025-02-01')`; undefined where it is no single date or time of whole seconds after Christ. */
export function parseBound(text: string): Bound | undefined {
  const match = /^FOR VALUES FROM \(('[^']+'|MINVALUE)\) TO \(('[^']+'|MAXVALUE)\)$/.exec(text);
  const [from, to] = [toTime(match?.[1]), toTime(match?.[2])];
  return from === undefined || to === undefined ? undefined : { from, to };
}

function toTime(written: string | undefined): number | undefined {
  if (written === 'MINVALUE' || written === "'-infinity'") return -Infinity;
  if (written === 'MAXVALUE' || written === "'infinity'") return Infinity;
  const match = /^'(\d{4,})-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)(?:\+00)?)?'$/.exec(written ?? '');
  if (!match) return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0'] = match;
  // Date.UTC takes years below 100 for those of the last century, and knows none beyond 275760.
  const time = new Date(0);
  time.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  time.setUTCHours(Number(hour), Number(minute), Number(second));
  return Number.isNaN(time.getTime()) ? undefined : time.getTime();
}

const DAY = 86_400_000;
const HOUR = 3_600_000;

/** The period that the last partitions share; undefined where they do not. */
export function findPeriod(bounds: readonly Bound[]): Period | undefined {
  const last = [...bounds].filter(({ from, to }) => Number.isFinite(from) && Number.isFinite(to)).sort((a, b) => a.from - b.from).slice(-4);
  const [first, ...others] = last.map(lengthOf);
  if (first === undefined || others.some((length) => length === undefined || length.unit !== first.unit || length.count !== first.count)) return undefined;
  return first;
}

function lengthOf({ from, to }: Bound): Period | undefined {
  const [a, b] = [new Date(from), new Date(to)];
  const months = (b.getUTCFullYear() - a.getUTCFullYear()) * 12 + b.getUTCMonth() - a.getUTCMonth();
  if (months > 0 && a.getUTCDate() === 1 && b.getUTCDate() === 1 && from % DAY === 0 && to % DAY === 0) return { unit: 'months', count: months };
  // Days that do not begin at midnight in UTC are those of a place, where some have 23 hours.
  if ((to - from) % DAY === 0 && to > from) return from % DAY === 0 ? { unit: 'days', count: (to - from) / DAY } : undefined;
  return (to - from) % HOUR === 0 && to > from && to - from < DAY ? { unit: 'hours', count: (to - from) / HOUR } : undefined;
}

/** The end of the period that begins at `from`. */
export function endOf(from: number, { unit, count }: Period): number {
  if (unit !== 'months') return from + count * (unit === 'days' ? DAY : HOUR);
  const date = new Date(from);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + count, 1);
}

/** The start of the period that ends at `to`. */
export function startBefore(to: number, { unit, count }: Period): number {
  if (unit !== 'months') return to - count * (unit === 'days' ? DAY : HOUR);
  const date = new Date(to);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - count, 1);
}

/** Periods in a row that a manner of writing dates must tell apart: a year's months, and a month's days. */
const TOLD_APART = 40;

/**
 * The manner in which partitions are named by the start of their period, as a function of that start. Undefined where the newest
 * name shows no date, the one before it is named otherwise, or two periods would get one name. @param known in the order of time
 */
export function nameLike(known: readonly { readonly name: string; readonly from: number }[], period: Period): ((from: number) => string) | undefined {
  const [newest, before] = [known.at(-1), known.at(-2)];
  if (!newest) return undefined;
  for (const write of WRITINGS) {
    const written = write(new Date(newest.from));
    const at = newest.name.lastIndexOf(written);
    // Digits beside it would make it another date.
    if (at < 0 || /\d/.test(newest.name.charAt(at - 1)) || /\d/.test(newest.name.charAt(at + written.length))) continue;
    const name = (from: number): string => newest.name.slice(0, at) + write(new Date(from)) + newest.name.slice(at + written.length);
    if ((before === undefined || name(before.from) === before.name) && tellsApart(name, newest.from, period)) return name;
  }
  return undefined;
}

function tellsApart(name: (from: number) => string, first: number, period: Period): boolean {
  const names = new Set<string>();
  for (let [from, i] = [first, 0]; i < TOLD_APART; from = endOf(from, period), i++) names.add(name(from));
  return names.size === TOLD_APART;
}

const two = (n: number): string => String(n).padStart(2, '0');
const year = (d: Date): string => String(d.getUTCFullYear());
const month = (d: Date): string => two(d.getUTCMonth() + 1);
const day = (d: Date): string => two(d.getUTCDate());
const hour = (d: Date): string => two(d.getUTCHours());

/** The longest first: `2025_01` stands in `2025_01_15` too. */
const WRITINGS: readonly ((date: Date) => string)[] = [
  ...['_', '-', ''].map((s) => (d: Date) => [year(d), month(d), day(d), hour(d)].join(s)), (d) => `${year(d)}${month(d)}${day(d)}_${hour(d)}`,
  ...['_', '-', ''].map((s) => (d: Date) => [year(d), month(d), day(d)].join(s)),
  ...['_', '-', ''].map((s) => (d: Date) => [year(d), month(d)].join(s)), (d) => `y${year(d)}m${month(d)}`, (d) => `${year(d)}m${month(d)}`, (d) => `${year(d)}_q${Math.floor(d.getUTCMonth() / 3) + 1}`, (d) => `${year(d)}q${Math.floor(d.getUTCMonth() / 3) + 1}`, year,
];

/** As fine as the period: `2025_01`; without one to the second. */
export function dateLabel(from: number, period: Period | undefined): string {
  const date = new Date(from);
  const fine = period?.unit !== 'months';
  const clock = period?.unit === 'hours' ? [hour(date)] : period || from % DAY === 0 ? [] : [hour(date), two(date.getUTCMinutes()), two(date.getUTCSeconds())];
  return [year(date), month(date), ...(fine ? [day(date)] : []), ...clock].join('_');
}

/** As the bound of a column of this type is written; a time of day only where there is one. */
export const renderTime = (time: number, type: string): string => {
  const iso = new Date(time).toISOString();
  const plain = type === 'date' ? iso.slice(0, 10) : `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
  return `'${type.endsWith('with time zone') ? `${plain}+00` : plain.replace(/ 00:00:00$/, '')}'`;
};

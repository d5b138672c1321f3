import type { Table } from '../catalog/model';

/** A range of time, in milliseconds, with its bounds as they are written. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
  readonly fromText: string;
  readonly toText: string;
}

const bound = /^\s*FOR\s+VALUES\s+FROM\s*\(\s*'([^']+)'(?:::[\w ]+)?\s*\)\s*TO\s*\(\s*'([^']+)'(?:::[\w ]+)?\s*\)\s*$/i;

/** The range of the partition that ends last; undefined where there is none, one is not understood, or one has no end. */
export function lastRange(partitions: readonly Table[]): TimeRange | undefined {
  let last: TimeRange | undefined;
  for (const { partitionBound } of partitions) {
    if (partitionBound === undefined) return undefined;
    if (/^\s*DEFAULT\s*$/i.test(partitionBound)) continue;
    const [, fromText, toText] = bound.exec(partitionBound) ?? [];
    const [from, to] = [momentOf(fromText), momentOf(toText)];
    if (fromText === undefined || toText === undefined || from === undefined || to === undefined) return undefined;
    if (last === undefined || to > last.to) last = { from, to, fromText, toText };
  }
  return last;
}

/** A date or a time stamp as Postgres prints them; a time without zone counts as UTC. */
function momentOf(text: string | undefined): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d(?::?\d\d)?)?)?$/.exec(text ?? '');
  if (!match) return undefined;
  const zone = match[3] === undefined ? 'Z' : match[3].length === 3 ? `${match[3]}:00` : match[3];
  const moment = Date.parse(`${match[1]}T${match[2] ?? '00:00:00'}${zone}`);
  return Number.isNaN(moment) ? undefined : moment;
}

/** The period that follows: as many months where both bounds are the first of one, else as long. */
export function nextRange({ from, to, fromText, toText }: TimeRange): { readonly fromText: string; readonly toText: string; readonly label: string } {
  const written = (text: string): Date => new Date(`${text.slice(0, 10)}T00:00:00Z`);
  const [first, second] = [written(fromText), written(toText)];
  const tail = toText.slice(10);
  const next = first.getUTCDate() === 1 && second.getUTCDate() === 1
    ? new Date(Date.UTC(second.getUTCFullYear(), second.getUTCMonth() + (second.getUTCFullYear() - first.getUTCFullYear()) * 12 + second.getUTCMonth() - first.getUTCMonth(), 1))
    : new Date(second.getTime() + Math.round((to - from) / 86_400_000) * 86_400_000);
  const days = (date: Date): string => date.toISOString().slice(0, 10);
  return { fromText: toText, toText: `${days(next)}${tail}`, label: days(second).replaceAll('-', '_') };
}

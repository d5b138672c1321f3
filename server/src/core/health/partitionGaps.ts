import { chooseName } from '../catalog/names';
import { dateLabel, endOf, nameLike, startBefore, type Bound, type Period } from './partitionBounds';

/** A time for which rows have no partition of their own. */
export interface MissingPartition {
  readonly from: number;
  readonly to: number;
  /** Free in the schema, and unlike the other missing ones. */
  readonly name: string;
}

interface Dated {
  readonly name: string;
  readonly range: Bound;
}

export interface GapRequest {
  readonly table: string;
  /** Those with a bound, in the order of time; not empty. */
  readonly dated: readonly Dated[];
  /** That the last ones share; without it a gap is one partition, and nothing follows the newest. */
  readonly period: Period | undefined;
  readonly now: number;
  /** Periods after the current one that should be there. */
  readonly ahead: number;
  /** Of the partitioned table itself, where it is a partition: rows beyond never reach it. */
  readonly within: Bound | undefined;
  /** Names of relations in the schema. */
  readonly taken: ReadonlySet<string>;
}

/** A table that was left for longer gets a new start rather than all its periods. */
const MOST = 400;

/** What lacks between the partitions, at the current time before the first of them, and from the newest on. In the order of time. */
export function findGaps(request: GapRequest): readonly MissingPartition[] {
  const { dated, period, now, within } = request;
  const holes: Bound[] = [];
  const [first, newest] = [dated[0], dated.at(-1)];
  if (!first || !newest) return [];
  if (period && Number.isFinite(first.range.from) && first.range.from > now) {
    let { from } = first.range;
    for (let i = 0; from > now && i < MOST; i++) from = startBefore(from, period);
    if (from <= now) holes.push({ from, to: first.range.from });
  }
  let reached = first.range.to;
  for (const { range } of dated.slice(1)) {
    if (range.from > reached) holes.push({ from: reached, to: range.from });
    reached = Math.max(reached, range.to);
  }
  if (period && Number.isFinite(reached)) {
    // The end of as many whole periods beyond the current one.
    let needed = dated.filter(({ range }) => Number.isFinite(range.from) && range.from <= now).at(-1)?.range.from ?? holes[0]?.from ?? first.range.from;
    while (needed <= now) needed = endOf(needed, period);
    for (let i = 0; i < request.ahead; i++) needed = endOf(needed, period);
    if (needed > reached) holes.push({ from: reached, to: needed });
  }
  const names = namerOf(request);
  const missing: MissingPartition[] = [];
  for (const hole of holes) {
    const to = Math.min(hole.to, within?.to ?? Infinity);
    for (let from = Math.max(hole.from, within?.from ?? -Infinity); from < to && missing.length < MOST;) {
      const end = Math.min(to, period ? endOf(from, period) : Infinity);
      missing.push({ from, to: end, name: names(from) });
      from = end;
    }
  }
  return missing;
}

/** Names in the manner of those that exist, where they follow one that tells the periods apart; else of the table and the date. */
function namerOf({ table, dated, period, taken }: GapRequest): (from: number) => string {
  const used = new Set(taken);
  const known = dated.filter(({ range }) => Number.isFinite(range.from)).map(({ name, range }) => ({ name, from: range.from }));
  const like = period && nameLike(known, period);
  return (from) => {
    const wanted = like?.(from);
    const name = wanted !== undefined && !used.has(wanted) ? wanted : chooseName(table, undefined, dateLabel(from, period), (other) => used.has(other));
    used.add(name);
    return name;
  };
}

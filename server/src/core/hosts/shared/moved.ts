import type { HostSpan } from '../../text/span';
import type { QuerySite } from '../ir';
import { ASIDE } from '../surface';

/** How positions and ids of a file's facts change from one version of its text to the next. */
export interface Move {
  /** New UTF-16 offset of an old one. */
  offset(old: number): number;
  /** New id of an old one. Throws `Tangled` where what it named was read anew. */
  id(kind: IdKind, old: number): number;
  /** Offsets before this one stay. */
  readonly from: number;
}

export type IdKind = 'site' | 'loop' | 'function' | 'class' | 'call';

/** Which array a field's number is an index of. `id` and `parent` depend on whose they are. */
const idFields: Readonly<Record<string, IdKind>> = {
  siteId: 'site', functionId: 'function', callId: 'call', classId: 'class', loopId: 'loop', loopIds: 'loop', methods: 'function', calls: 'call',
};

/** Thrown where a fact names something that was read anew: the two belong together, and the file is read whole. */
export class Tangled extends Error {}

/**
 * A fact of a file (a site, a loop, a function) as it is after the move; the same object where nothing of it changes. Offsets are the
 * numbers under `start`, `end`, `insertAt` and `choice`; those in SQL text (`sql`, `source`) stay.
 * @param kind array that the fact stands in; absent: it has no id
 * @throws Tangled
 */
export function moved<T extends object>(fact: T, kind: IdKind | undefined, move: Move): T {
  return staysAs(fact, kind, move) ? fact : (movedValue(fact, kind, move) as T);
}

/** What a fact names of its file: looked for once, as long as it stays where it is. */
interface Extent {
  /** The last offset. */
  readonly last: number;
  readonly ids: readonly { readonly kind: IdKind; readonly id: number }[];
}

const extents = new WeakMap<object, Extent>();

/** @throws Tangled as the move does */
function staysAs(fact: object, kind: IdKind | undefined, move: Move): boolean {
  const { span } = fact as { readonly span?: HostSpan };
  if (span === undefined || span.end >= move.from) return false;
  let extent = extents.get(fact);
  if (!extent) extents.set(fact, (extent = extentOf(fact, kind)));
  return extent.last < move.from && extent.ids.every((named) => move.id(named.kind, named.id) === named.id);
}

function extentOf(fact: object, kind: IdKind | undefined): Extent {
  let last = 0;
  const ids: { readonly kind: IdKind; readonly id: number }[] = [];
  movedValue(fact, kind, {
    from: 0,
    offset: (old) => {
      last = Math.max(last, old);
      return old;
    },
    id: (of, id) => {
      ids.push({ kind: of, id });
      return id;
    },
  });
  return { last, ids };
}

/** Fields that hold a place in the document and nothing else: most of all objects. */
const placeFields: ReadonlySet<string> = new Set(['span', 'nameSpan', 'body', 'head', 'anchor', 'host', 'conditionSpan']);

function movedPlace(place: HostSpan, move: Move): object {
  if (place.start >= ASIDE) return place;
  const start = move.offset(place.start);
  const end = move.offset(place.end);
  return start === place.start && end === place.end ? place : { start, end };
}

function movedValue(value: unknown, kind: IdKind | undefined, move: Move): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return movedArray(value, (item) => movedValue(item, undefined, move));
  const old = value as Readonly<Record<string, unknown>>;
  let copy: Record<string, unknown> | undefined;
  for (const name in old) {
    const field = old[name];
    const next = typeof field === 'number' ? movedNumber(name, field, kind, move) : typeof field === 'object' && field !== null && name !== 'sql' && name !== 'source' ? movedField(name, field, move) : field;
    if (next !== field) (copy ??= { ...old })[name] = next;
  }
  return copy ?? value;
}

function movedNumber(name: string, old: number, kind: IdKind | undefined, move: Move): number {
  if (name === 'start' || name === 'end' || name === 'insertAt' || name === 'choice') return old >= ASIDE ? old : move.offset(old);
  const of = name === 'id' ? kind : name === 'parent' ? (kind === 'loop' || kind === 'function' ? kind : undefined) : idFields[name];
  return of ? move.id(of, old) : old;
}

function movedField(name: string, field: object, move: Move): unknown {
  if (placeFields.has(name)) return movedPlace(field as HostSpan, move);
  const of = Array.isArray(field) && typeof field[0] === 'number' ? idFields[name] : undefined;
  return of ? movedArray(field as readonly unknown[], (id) => move.id(of, id as number)) : movedValue(field, undefined, move);
}

function movedArray(list: readonly unknown[], of: (item: unknown) => unknown): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const next = of(list[i]);
    if (copy) copy.push(next);
    else if (next !== list[i]) copy = [...list.slice(0, i), next];
  }
  return copy ?? list;
}

const origins = new WeakMap<QuerySite, object>();

/** The same for a site and what it became by moves: equal identities are equal facts, wherever they stand. */
export const identityOf = (site: QuerySite): object => origins.get(site) ?? site;

/** As `moved`, for a site: it keeps its identity. @throws Tangled */
export function movedSite(site: QuerySite, move: Move): QuerySite {
  const next = moved(site, 'site', move);
  if (next !== site) origins.set(next, identityOf(site));
  return next;
}

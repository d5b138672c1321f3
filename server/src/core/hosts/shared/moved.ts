import type { QuerySite } from '../ir';
import { ASIDE } from '../surface';

/** How positions and ids of a file's facts change from one version of its text to the next. */
export interface Move {
  /** New UTF-16 offset of an old one. */
  readonly offset: (old: number) => number;
  /** New ids by old ones, per array of the file; -1: what it named was read anew. Absent: all ids stay. */
  readonly ids?: Readonly<Record<IdKind, Int32Array>>;
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
 * numbers under `start`, `end` and `insertAt`; those in SQL text (`sql`, `source`) stay.
 * @param kind array that the fact stands in; absent: it has no id
 * @throws Tangled
 */
export function moved<T>(fact: T, kind: IdKind | undefined, move: Move): T {
  return movedValue(fact, kind, move) as T;
}

function movedValue(value: unknown, kind: IdKind | undefined, move: Move): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return movedArray(value, (item) => movedValue(item, undefined, move));
  const old = value as Readonly<Record<string, unknown>>;
  let copy: Record<string, unknown> | undefined;
  for (const name in old) {
    const field = old[name];
    let next = field;
    if (typeof field === 'number') {
      if (name === 'start' || name === 'end' || name === 'insertAt') next = field >= ASIDE ? field : move.offset(field);
      else if (move.ids) {
        const of = name === 'id' ? kind : name === 'parent' ? (kind === 'loop' ? 'loop' : kind === 'function' ? 'function' : undefined) : idFields[name];
        if (of) next = movedId(field, of, move.ids);
      }
    } else if (typeof field === 'object' && field !== null && name !== 'sql' && name !== 'source') {
      const of = Array.isArray(field) && typeof field[0] === 'number' ? idFields[name] : undefined;
      if (of) {
        const { ids } = move;
        if (ids) next = movedArray(field as readonly unknown[], (id) => movedId(id as number, of, ids));
      } else next = movedValue(field, undefined, move);
    }
    if (next !== field) (copy ??= { ...old })[name] = next;
  }
  return copy ?? value;
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

function movedId(old: number, kind: IdKind, ids: NonNullable<Move['ids']>): number {
  const id = ids[kind][old] ?? -1;
  if (id < 0) throw new Tangled(`${kind} ${old} was read anew`);
  return id;
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

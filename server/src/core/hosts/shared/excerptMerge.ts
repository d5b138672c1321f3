import type { ClassIr, HostFile, QuerySite } from '../ir';
import type { SharedIr } from '../sharedIr';
import type { ExcerptReading, PlacedReading } from './excerpt';
import { moved, movedSite, Tangled, type IdKind, type Move } from './moved';
import type { ExcerptPlan, Part } from './parts';

export const factKinds = ['sites', 'loops', 'functions', 'classes', 'calls', 'locals', 'blocks', 'exits', 'attributeReads', 'renders', 'serializers', 'serializerUses', 'imports', 'suppressions', 'models'] as const satisfies readonly (keyof HostFile)[];
export type FactKind = (typeof factKinds)[number];
/** Per fact of an array: number of borders of parts before it. The same before and after an edit that keeps the parts. */
export type Ordinals = readonly number[];

const idKinds: Partial<Record<FactKind, IdKind>> = { sites: 'site', loops: 'loop', functions: 'function', classes: 'class', calls: 'call' };
const kindOfId: Readonly<Record<IdKind, FactKind>> = { site: 'sites', loop: 'loops', function: 'functions', class: 'classes', call: 'calls' };

/** The borders of parts in order, and who stands behind each. */
class Borders {
  private readonly offsets: number[] = [];
  private readonly owners: number[] = [-1];

  constructor(parts: readonly Part[]) {
    const open: number[] = [];
    const close = (until: number): void => {
      for (let top = open.at(-1); top !== undefined && (parts[top]?.end ?? 0) <= until; top = open.at(-1)) {
        open.pop();
        this.add(parts[top]?.end ?? 0, open.at(-1) ?? -1);
      }
    };
    for (const [index, part] of parts.entries()) {
      close(part.start);
      open.push(index);
      this.add(part.start, index);
    }
    close(Infinity);
  }

  /** Number of borders at or before an offset. */
  ordinal(offset: number): number {
    let low = 0;
    let high = this.offsets.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.offsets[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The innermost part there; −1: between the parts. */
  owner(ordinal: number): number {
    return this.owners[ordinal] ?? -1;
  }

  private add(offset: number, owner: number): void {
    this.offsets.push(offset);
    this.owners.push(owner);
  }
}

const startsOf = (kind: FactKind, reading: PlacedReading): readonly number[] => {
  if (kind === 'imports') return reading.imports;
  if (kind === 'serializers') return reading.serializers ?? [];
  return ((reading.file[kind] ?? []) as readonly { readonly span: { readonly start: number } }[]).map(({ span }) => span.start);
};

function ordinalsOf(reading: PlacedReading, borders: Borders): Record<FactKind, Ordinals> {
  const found: Partial<Record<FactKind, Ordinals>> = {};
  for (const kind of factKinds) found[kind] = startsOf(kind, reading).map((start) => borders.ordinal(start));
  return found as Record<FactKind, Ordinals>;
}

/** Where the facts of a whole reading stand. */
export function placeFacts(reading: PlacedReading, parts: readonly Part[]): { readonly ordinals: Readonly<Record<FactKind, Ordinals>>; partAt(offset: number): readonly number[]; /** Names of classes by the part that they stand in. */ readonly classes: ReadonlyMap<number, readonly string[]> } {
  const borders = new Borders(parts);
  const partAt = (offset: number): readonly number[] => {
    const owner = borders.owner(borders.ordinal(offset));
    return owner < 0 ? [] : [owner];
  };
  const classes = new Map<number, string[]>();
  for (const { name, span } of reading.file.classes) for (const part of partAt(span.start)) classes.set(part, [...(classes.get(part) ?? []), name]);
  return { ordinals: ordinalsOf(reading, borders), partAt, classes };
}

/** A fact of the new file, by where it comes from. */
interface Source {
  readonly index: number;
  readonly fresh: boolean;
}

/**
 * Facts of the excerpt in place of those that its affected parts had.
 * @param read the excerpt, told what is read again in it; undefined: nothing is
 * @throws Tangled where a kept fact names one that was read anew, or the other way round
 */
export function mergeReadings(last: ExcerptReading, { parts, words, affected, included, offset, from }: ExcerptPlan, text: string, read: (isAffected: (offset: number) => boolean) => PlacedReading | undefined): ExcerptReading {
  const borders = new Borders(parts);
  const isAffectedAt = (ordinal: number): boolean => affected.has(borders.owner(ordinal));
  const placed = read((at) => isAffectedAt(borders.ordinal(at)));
  const fresh = placed && ordinalsOf(placed, borders);
  const order = {} as Record<FactKind, readonly Source[]>;
  const ordinals = {} as Record<FactKind, Ordinals>;
  const oldIds = {} as Record<IdKind, Int32Array>;
  const freshIds = {} as Record<IdKind, Int32Array>;
  for (const kind of factKinds) {
    const merged = mergeOrder(last.ordinals[kind], fresh?.[kind] ?? [], isAffectedAt);
    order[kind] = merged;
    ordinals[kind] = merged.map(({ index, fresh: isFresh }) => (isFresh ? fresh?.[kind][index] : last.ordinals[kind][index]) ?? 0);
    const idKind = idKinds[kind];
    if (!idKind) continue;
    const olds = (oldIds[idKind] = new Int32Array(last.ordinals[kind].length).fill(-1));
    const news = (freshIds[idKind] = new Int32Array(fresh?.[kind].length ?? 0).fill(-1));
    merged.forEach(({ index, fresh: isFresh }, id) => {
      if (isFresh) news[index] = id;
      else olds[index] = id;
    });
    // What the excerpt tells of parts that are kept is what is known of them: the same facts in the same order.
    if (fresh) for (const part of included) if (!affected.has(part)) pairUp(part, last.ordinals[kind], fresh[kind], borders, olds, news);
  }
  const idOf = (ids: Readonly<Record<IdKind, Int32Array>>, of: string) => (kind: IdKind, old: number): number => {
    const id = ids[kind][old] ?? -1;
    if (id < 0) throw new Tangled(`${of} ${kind} ${old} is not there`);
    return id;
  };
  const keep: Move = { from, offset, id: idOf(oldIds, 'kept') };
  const renumber: Move = { from: 0, offset: (at) => at, id: idOf(freshIds, 'fresh') };
  const place = <T extends object>(kind: FactKind, old: readonly T[], now: readonly T[]): T[] =>
    order[kind].map(({ index, fresh: isFresh }) => {
      const fact = (isFresh ? now[index] : old[index]) as T;
      const move = isFresh ? renumber : keep;
      if (kind === 'sites') return movedSite(fact as QuerySite, move) as T;
      if (kind === 'classes' && !isFresh) return movedClass(fact as ClassIr, last, placed, affected, borders, keep, freshIds.function) as T;
      return moved(fact, idKinds[kind], move);
    });
  const before = last.file;
  const now = placed?.file;
  const optional = <K extends FactKind>(kind: K): Partial<HostFile> => {
    const facts = place(kind, (before[kind] ?? []) as readonly object[], (now?.[kind] ?? []) as readonly object[]);
    return facts.length > 0 || before[kind] !== undefined ? { [kind]: facts } : {};
  };
  const uses = now?.uses ? { uses: [...new Set([...(before.uses ?? []), ...now.uses])] } : {};
  const asks = now?.asks ? { asks: [...new Set([...(before.asks ?? []), ...now.asks])] } : {};
  const file = Object.assign({ ...before }, uses, asks, now ? mergeShared(before.shared, now.shared, new Set([...affected].flatMap((part) => parts[part]?.names ?? []))) : {}, ...factKinds.map(optional)) as HostFile;
  for (const kind of ['renders', 'serializers', 'serializerUses'] as const) if (file[kind]?.length === 0) delete (file as { -readonly [K in keyof HostFile]: HostFile[K] })[kind];
  checkMethods(file, order);
  if (placed && JSON.stringify(file.models, withoutPlaces) !== JSON.stringify(before.models, withoutPlaces)) throw new Tangled('a model has changed');
  const builders = new Set([...last.builders].filter((part) => !affected.has(part)));
  for (const at of placed?.builders ?? []) {
    const owner = borders.owner(borders.ordinal(at));
    if (affected.has(owner)) builders.add(owner);
  }
  return { key: last.key, text, file, parts, ordinals, words, builders, tied: last.tied, central: last.central };
}

/** What the file tells others, which is told apart by names. */
function mergeShared(before: SharedIr | undefined, now: SharedIr | undefined, names: ReadonlySet<string>): { readonly shared?: SharedIr } {
  const merge = <T extends { readonly name: string; readonly owner?: string }>(old: readonly T[], fresh: readonly T[]): T[] => {
    const anew = fresh.filter(({ name }) => names.has(name));
    const merged = old.map((item) => {
      const next = names.has(item.name) ? anew.shift() : item;
      if (!next || next.name !== item.name || next.owner !== item.owner) throw new Tangled('what is shared has changed');
      return next;
    });
    if (anew.length > 0) throw new Tangled('something is shared that was not');
    return merged;
  };
  const shared = { texts: merge(before?.texts ?? [], now?.texts ?? []), senders: merge(before?.senders ?? [], now?.senders ?? []) };
  return before ? { shared } : {};
}

/** A method that is read anew may have gone to another class than before, or have come from one. */
function checkMethods({ functions, classes }: HostFile, order: Readonly<Record<FactKind, readonly Source[]>>): void {
  const isFresh = (id: number): boolean => order.functions[id]?.fresh === true;
  const named = new Map<number, number>();
  for (const { id, classId, name } of functions) if (classId !== undefined && name !== '' && isFresh(id)) named.set(classId, (named.get(classId) ?? 0) + 1);
  for (const { id, methods } of classes) if (order.classes[id]?.fresh === false && methods.filter(isFresh).length !== (named.get(id) ?? 0)) throw new Tangled('a method has changed its class');
}

const withoutPlaces = (key: string, value: unknown): unknown => (key === 'span' || key === 'start' || key === 'end' ? undefined : value);

function mergeOrder(old: Ordinals, fresh: Ordinals, isAffected: (ordinal: number) => boolean): Source[] {
  const now: number[] = [];
  fresh.forEach((ordinal, index) => { if (isAffected(ordinal)) now.push(index); });
  const merged: Source[] = [];
  if (isSorted(old) && isSorted(fresh)) {
    let next = 0;
    old.forEach((ordinal, index) => {
      if (isAffected(ordinal)) return;
      for (; next < now.length && (fresh[now[next] ?? 0] ?? 0) < ordinal; next++) merged.push({ index: now[next] ?? 0, fresh: true });
      merged.push({ index, fresh: false });
    });
    for (; next < now.length; next++) merged.push({ index: now[next] ?? 0, fresh: true });
    return merged;
  }
  // An array in another order than that of the text: each affected part has to have as many facts as it had, in their places.
  let next = 0;
  old.forEach((ordinal, index) => {
    if (!isAffected(ordinal)) merged.push({ index, fresh: false });
    else {
      const at = now[next++];
      if (at === undefined || fresh[at] !== ordinal) throw new Tangled('facts in no order');
      merged.push({ index: at, fresh: true });
    }
  });
  if (next !== now.length) throw new Tangled('facts in no order');
  return merged;
}

const isSorted = (ordinals: Ordinals): boolean => ordinals.every((ordinal, index) => index === 0 || (ordinals[index - 1] ?? 0) <= ordinal);

function pairUp(part: number, old: Ordinals, fresh: Ordinals, borders: Borders, olds: Int32Array, news: Int32Array): void {
  const indexes = (list: Ordinals): number[] => list.flatMap((ordinal, index) => (borders.owner(ordinal) === part ? [index] : []));
  const [was, is] = [indexes(old), indexes(fresh)];
  if (was.length === is.length) is.forEach((index, at) => { news[index] = olds[was[at] ?? 0] ?? -1; });
}

/** A class that is kept though methods of it are read anew: they are told by their names. */
function movedClass(fact: ClassIr, last: ExcerptReading, placed: PlacedReading | undefined, affected: ReadonlySet<number>, borders: Borders, keep: Move, freshIds: Int32Array): ClassIr {
  const taken = new Set<number>();
  return moved(fact, 'class', {
    from: 0,
    offset: keep.offset,
    id(kind, old) {
      const ordinal = last.ordinals[kindOfId[kind]][old] ?? -1;
      if (kind !== 'function' || !affected.has(borders.owner(ordinal))) return keep.id(kind, old);
      const name = last.file.functions[old]?.name;
      const now = placed?.file.functions.findIndex((fn, id) => fn.name === name && !taken.has(id) && borders.ordinal(fn.span.start) === ordinal) ?? -1;
      if (now < 0 || (freshIds[now] ?? -1) < 0) throw new Tangled('a method is gone');
      taken.add(now);
      return freshIds[now] ?? -1;
    },
  });
}

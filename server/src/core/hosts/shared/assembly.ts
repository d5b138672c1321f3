import type { ClassIr, LocalIr, QuerySite } from '../ir';
import type { SyntaxNode } from '../syntax';
import { moved, movedSite, reachOf, Tangled, type IdKind, type Move } from './moved';
import { partKinds, type FileParts, type PartKind, type Plan, type Ranges, type Slice, type Unit } from './units';

/** How many facts of each kind there are; `sites` counts drafts, not all of which become sites. */
export type Counts = Readonly<Record<PartKind, number>>;

type OwnRanges = Record<PartKind, [number, number]>;

const idKinds: Partial<Record<PartKind, IdKind>> = { sites: 'site', loops: 'loop', functions: 'function', classes: 'class', calls: 'call' };

/**
 * Puts a file's facts together while its units are walked: which stretch of each array is whose, and, where a plan says so, facts of
 * an earlier reading instead of a walk.
 */
export class Assembly {
  private readonly indexes: ReadonlyMap<number, number>;
  private readonly ranges: (OwnRanges | undefined)[] = [];
  private readonly kept = new Set<number>();
  /** New ids of classes that are read again though methods of theirs are kept. */
  private readonly classes = new Map<number, number>();

  /** @param nodes of the units, in their order */
  constructor(private readonly units: readonly Unit[], nodes: readonly SyntaxNode[], private readonly plan: Plan | undefined) {
    this.indexes = new Map(nodes.map((node, index) => [node.id, index]));
  }

  /** The unit that a node is. */
  unitOf(node: SyntaxNode): number | undefined {
    return this.indexes.get(node.id);
  }

  /** Is the unit taken over as it was? */
  keeps(unit: number): boolean {
    const { plan } = this;
    return plan !== undefined && this.withMembers(unit).every((index) => !plan.affected.has(index));
  }

  /**
   * Facts of a unit that is kept, as they were, for the caller to put behind those it has: `finish` moves them. `methods` are the new
   * ids of a kept method's function, for its class.
   * @param classId of the class that is being read around a method
   */
  keep(unit: number, counts: Counts, classId: number | undefined): Omit<FileParts, 'locals'> & { readonly methods: readonly number[] } {
    const { parts } = this.before();
    const old = this.oldSlice(unit);
    this.kept.add(unit);
    for (const index of this.withMembers(unit)) {
      const own = this.oldSlice(index);
      const range = (kind: PartKind): [number, number] => [own[kind][0] - old[kind][0] + counts[kind], own[kind][1] - old[kind][0] + counts[kind]];
      this.ranges[index] = { sites: range('sites'), loops: range('loops'), functions: range('functions'), classes: range('classes'), calls: range('calls'), blocks: range('blocks'), exits: range('exits'), locals: [0, 0] };
    }
    const owner = this.units[unit]?.owner;
    const former = owner === undefined ? undefined : this.oldSlice(owner).classes[0];
    if (former !== undefined && classId !== undefined) this.classes.set(former, classId);
    const [first, after] = old.functions;
    const methods = former === undefined ? [] : (parts.classes[former]?.methods ?? []).flatMap((id) => (first <= id && id < after ? [counts.functions + id - first] : []));
    return {
      sites: parts.sites.slice(...old.sites), loops: parts.loops.slice(...old.loops), functions: parts.functions.slice(...old.functions), classes: parts.classes.slice(...old.classes),
      calls: parts.calls.slice(...old.calls), blocks: parts.blocks?.slice(...old.blocks), exits: parts.exits?.slice(...old.exits), methods,
    };
  }

  /** The unit has been walked: what was added between is its. */
  walked(unit: number, before: Counts, after: Counts): void {
    const range = (kind: PartKind): [number, number] => [before[kind], after[kind]];
    this.ranges[unit] = { sites: range('sites'), loops: range('loops'), functions: range('functions'), classes: range('classes'), calls: range('calls'), blocks: range('blocks'), exits: range('exits'), locals: [0, 0] };
  }

  isKeptCall(id: number): boolean {
    return [...this.kept].some((unit) => isWithin(id, this.ranges[unit]?.calls));
  }

  /** Where something that is kept stands now. */
  offset(old: number): number {
    return this.plan?.offset(old) ?? old;
  }

  /**
   * Variables of the top level, unit by unit.
   * @param observed those that were read, in order of their offset
   */
  gatherLocals<Observed extends { readonly node: SyntaxNode }>(observed: readonly Observed[], toLocal: (local: Observed) => LocalIr): LocalIr[] {
    const locals: LocalIr[] = [];
    let next = 0;
    for (const [index, unit] of this.units.entries()) {
      const ranges = this.ranges[index];
      if (unit.owner !== undefined || !ranges) continue;
      const first = locals.length;
      const keeps = this.kept.has(index);
      if (keeps) locals.push(...(this.before().parts.locals ?? []).slice(...this.oldSlice(index).locals));
      for (let local = observed[next]; local && local.node.startIndex < unit.end; local = observed[++next]) if (!keeps) locals.push(toLocal(local));
      ranges.locals = [first, locals.length];
    }
    return locals;
  }

  /**
   * The facts with the kept ones moved, and which unit has which.
   * @param parts as they have been put together, kept ones as they were
   * @param siteIndex number of sites before each draft
   * @throws Tangled where a kept fact names one that was read anew
   */
  finish(parts: FileParts, siteIndex: readonly number[]): { readonly parts: FileParts; readonly slices: readonly Slice[] } {
    const slices = this.units.map((_unit, index): Slice => {
      const ranges = this.ranges[index];
      if (!ranges) throw new Tangled('a unit that was not walked');
      const own: Ranges = { ...ranges, sites: [siteIndex[ranges.sites[0]] ?? 0, siteIndex[ranges.sites[1]] ?? 0] };
      const { before, affected } = this.plan ?? {};
      const old = before && !affected?.has(index) && this.isTaken(index) ? this.oldSlice(index) : undefined;
      return { ...own, ...(old ? { last: this.offset(old.last), closed: old.closed } : describe(parts, own)) };
    });
    if (this.kept.size === 0) return { parts, slices };
    const before = this.before();
    const ids = { site: emptyIds(before.parts.sites), loop: emptyIds(before.parts.loops), function: emptyIds(before.parts.functions), class: emptyIds(before.parts.classes), call: emptyIds(before.parts.calls) };
    const stays = new Set<number>();
    for (const unit of this.kept) {
      const old = this.oldSlice(unit);
      if (old.closed && old.last <= (this.plan?.start ?? 0) && this.units[unit]?.owner === undefined && partKinds.every((kind) => old[kind][0] === slices[unit]?.[kind][0])) stays.add(unit);
      for (const kind of partKinds) {
        const idKind = idKinds[kind];
        const [first, after] = old[kind];
        if (idKind) for (let id = first; id < after; id++) ids[idKind][id] = (slices[unit]?.[kind][0] ?? 0) + id - first;
      }
    }
    for (const [old, id] of this.classes) ids.class[old] = id;
    const move: Move = {
      offset: (old) => this.offset(old),
      id(kind, old) {
        const id = ids[kind][old] ?? -1;
        if (id < 0) throw new Tangled(`${kind} ${old} was read anew`);
        return id;
      },
    };
    const place = <T>(facts: readonly T[], kind: PartKind, to: (fact: T) => T): T[] => {
      const list = [...facts];
      for (const unit of this.kept) {
        if (stays.has(unit)) continue;
        const [first, after] = slices[unit]?.[kind] ?? [0, 0];
        for (let id = first; id < after; id++) list[id] = to(list[id] as T);
      }
      return list;
    };
    return {
      slices,
      parts: {
        sites: place(parts.sites, 'sites', (site: QuerySite) => movedSite(site, move)),
        loops: place(parts.loops, 'loops', (loop) => moved(loop, 'loop', move)),
        functions: place(parts.functions, 'functions', (fn) => moved(fn, 'function', move)),
        classes: place(parts.classes, 'classes', (one: ClassIr) => moved(one, 'class', move)),
        calls: place(parts.calls, 'calls', (call) => moved(call, 'call', move)),
        locals: place(parts.locals ?? [], 'locals', (local) => moved(local, undefined, move)),
        blocks: place(parts.blocks ?? [], 'blocks', (block) => moved(block, undefined, move)),
        exits: place(parts.exits ?? [], 'exits', (exit) => moved(exit, undefined, move)),
      },
    };
  }

  /** Does the unit stand as it was, or the class around it? */
  private isTaken(unit: number): boolean {
    const owner = this.units[unit]?.owner;
    return this.kept.has(unit) || (owner !== undefined && this.kept.has(owner));
  }

  /** A unit, and the methods of a class. */
  private withMembers(unit: number): readonly number[] {
    const all = [unit];
    for (let member = unit + 1; this.units[member]?.owner === unit; member++) all.push(member);
    return all;
  }

  private before() {
    if (!this.plan) throw new Tangled('nothing was read before');
    return this.plan.before;
  }

  private oldSlice(unit: number): Slice {
    const slice = this.before().slices[unit];
    if (!slice) throw new Tangled('a unit that was not read');
    return slice;
  }
}

/** Of the facts of a unit that has been walked. */
function describe(parts: FileParts, own: Ranges): Pick<Slice, 'last' | 'closed'> {
  const isOwn = (kind: IdKind, id: number): boolean => isWithin(id, own[kindOf[kind]]);
  const found = partKinds.map((kind) => reachOf((parts[kind] ?? []).slice(...own[kind]), idKinds[kind], isOwn));
  return { last: Math.max(...found.map(({ last }) => last)), closed: found.every(({ closed }) => closed) };
}

const kindOf: Readonly<Record<IdKind, PartKind>> = { site: 'sites', loop: 'loops', function: 'functions', class: 'classes', call: 'calls' };
const isWithin = (id: number, range: readonly [number, number] | undefined): boolean => range !== undefined && range[0] <= id && id < range[1];
const emptyIds = (facts: readonly unknown[]): Int32Array => new Int32Array(facts.length).fill(-1);

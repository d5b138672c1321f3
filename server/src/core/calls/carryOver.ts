import type { CallIr, FunctionIr, Loop, LocalIr, QuerySite } from '../hosts/ir';
import type { HostSpan } from '../text/span';
import type { FileIndex } from './fileIndex';

/** What of one version of a file's functions is still true of the next. */
export interface CarryOver {
  /** Functions that read the same, though they may have moved. */
  readonly functions: ReadonlySet<number>;
  /** Id of the same call in the version before; undefined for calls of changed functions and of the module. */
  formerCall(call: CallIr): number | undefined;
  /** New place of a step that stands in an unchanged function; undefined when it is not found there. */
  moved(functionId: number, span: HostSpan): HostSpan | undefined;
}

/**
 * Compares two versions of one file whose surfaces are the same (so that function ids mean the same functions). A function
 * counts as changed when anything in it changed that its summary is made of, or in a function around or inside it.
 */
export function carryOver(old: FileIndex, next: FileIndex): CarryOver {
  const changed = new Set<number>();
  const oldLoops = loopsOf(old);
  const newLoops = loopsOf(next);
  for (const fn of next.file.functions) {
    const before = old.file.functions[fn.id];
    if (!before || !sameFunction(before, fn) || old.broken.has(fn.id) !== next.broken.has(fn.id) || !sameList(oldLoops.get(fn.id), newLoops.get(fn.id), sameLoop) || !sameList(old.sitesIn.get(fn.id), next.sitesIn.get(fn.id), sameSite) || !sameList(old.callsIn.get(fn.id), next.callsIn.get(fn.id), (a, b) => sameCall(a, b, oldLoops.get(fn.id), newLoops.get(fn.id)))) changed.add(fn.id);
  }
  for (const id of [...changed]) for (let parent = next.file.functions[id]?.parent; parent !== undefined && !changed.has(parent); parent = next.file.functions[parent]?.parent) changed.add(parent);
  // Parents come before their inner functions.
  for (const fn of next.file.functions) if (fn.parent !== undefined && changed.has(fn.parent)) changed.add(fn.id);
  const functions = new Set(next.file.functions.filter((fn) => !changed.has(fn.id)).map((fn) => fn.id));
  const former = new Map<number, number>();
  for (const id of functions) next.callsIn.get(id)?.forEach((call, k) => former.set(call.id, old.callsIn.get(id)?.[k]?.id ?? -1));
  return {
    functions,
    formerCall: (call) => former.get(call.id),
    moved(functionId, span) {
      const site = old.sitesIn.get(functionId)?.findIndex((s) => same(s.anchor, span)) ?? -1;
      if (site >= 0) return next.sitesIn.get(functionId)?.[site]?.anchor;
      const calls = next.callsIn.get(functionId);
      for (const [k, call] of (old.callsIn.get(functionId) ?? []).entries()) {
        if (same(call.nameSpan, span)) return calls?.[k]?.nameSpan;
        const argument = call.args.findIndex((a) => same(a.span, span));
        if (argument >= 0) return calls?.[k]?.args[argument]?.span;
      }
      return undefined;
    },
  };
}

const same = (a: HostSpan, b: HostSpan): boolean => a.start === b.start && a.end === b.end;

function loopsOf(index: FileIndex): Map<number, Loop[]> {
  const result = new Map<number, Loop[]>();
  for (const loop of index.file.loops) {
    if (loop.functionId === undefined) continue;
    const list = result.get(loop.functionId);
    if (list) list.push(loop);
    else result.set(loop.functionId, [loop]);
  }
  return result;
}

function sameList<T>(a: readonly T[] | undefined, b: readonly T[] | undefined, equal: (x: T, y: T) => boolean): boolean {
  if ((a?.length ?? 0) !== (b?.length ?? 0)) return false;
  return a === undefined || a.every((item, i) => equal(item, b?.[i] as T));
}

const sameText = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((item, i) => item === b[i]);
const sameLocal = (a: LocalIr, b: LocalIr): boolean => a.name === b.name && a.text === b.text && a.type === b.type && sameText(a.names, b.names);

function sameFunction(a: FunctionIr, b: FunctionIr): boolean {
  return (
    a.name === b.name && a.async === b.async && a.callback?.argument === b.callback?.argument && a.perObject === b.perObject && a.entry === b.entry && sameText(a.decorators, b.decorators) &&
    sameList(a.locals, b.locals, sameLocal) && sameList(a.guards, b.guards, (x, y) => x.condition === y.condition) && sameList(a.returns, b.returns, (x, y) => x.text === y.text)
  );
}

function sameLoop(a: Loop, b: Loop): boolean {
  return a.kind === b.kind && a.iterable?.text === b.iterable?.text && sameText(a.elements, b.elements) && a.facts.condition === b.facts.condition && sameList(a.facts.assigns, b.facts.assigns, (x, y) => x.name === y.name && sameText(x.names, y.names));
}

function sameCall(a: CallIr, b: CallIr, oldLoops: readonly Loop[] | undefined, newLoops: readonly Loop[] | undefined): boolean {
  const place = (loops: readonly Loop[] | undefined, id: number): number => loops?.findIndex((loop) => loop.id === id) ?? -1;
  return (
    sameText(a.callee, b.callee) && a.conditional === b.conditional && a.awaited === b.awaited && a.exitsAfter === b.exitsAfter && a.constructs === b.constructs && (a.siteId === undefined) === (b.siteId === undefined) &&
    a.loopIds.length === b.loopIds.length && a.loopIds.every((id, k) => place(oldLoops, id) === place(newLoops, b.loopIds[k] ?? -1)) &&
    sameList(a.args, b.args, (x, y) => x.text === y.text && x.name === y.name && x.functionId === y.functionId && sameText(x.names, y.names))
  );
}

function sameSite(a: QuerySite, b: QuerySite): boolean {
  return a.library === b.library && a.executes === b.executes && a.access === b.access && a.source?.text === b.source?.text && a.chain.length === b.chain.length && sameList(a.binds, b.binds, (x, y) => sameText(x.names, y.names));
}

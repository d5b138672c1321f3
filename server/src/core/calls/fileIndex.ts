import type { CallIr, ClassIr, ExportIr, FunctionIr, HostFile, ImportIr, LocalIr, Loop, QuerySite } from '../hosts/ir';
import { containsSpan, overlaps, type HostSpan } from '../text/span';

/** Look-up tables over one file's IR. Built once per version of the file. */
export interface FileIndex {
  readonly file: HostFile;
  /** Functions of the module's top level by name. */
  readonly functions: ReadonlyMap<string, FunctionIr>;
  /** Functions inside a function, by the parent's id, then name. */
  readonly nested: ReadonlyMap<number, ReadonlyMap<string, FunctionIr>>;
  /** Functions held by an object literal or returned by a factory, by owner, then name. */
  readonly owned: ReadonlyMap<string, ReadonlyMap<string, FunctionIr>>;
  readonly classes: ReadonlyMap<string, ClassIr>;
  readonly imports: ReadonlyMap<string, ImportIr>;
  readonly exports: ReadonlyMap<string, ExportIr>;
  readonly stars: readonly ExportIr[];
  readonly locals: ReadonlyMap<string, LocalIr>;
  /** Calls by the function that contains them directly; -1: module level. */
  readonly callsIn: ReadonlyMap<number, readonly CallIr[]>;
  readonly sitesIn: ReadonlyMap<number, readonly QuerySite[]>;
  /** Callback loops by the call that runs the callback. */
  readonly loopOfCall: ReadonlyMap<number, Loop>;
  /** Does a call take up exactly this place? */
  isCall(span: HostSpan): boolean;
  /** Functions that overlap a stretch that did not parse. */
  readonly broken: ReadonlySet<number>;
  /** Names that other files could resolve to here; a change of this text means that resolutions elsewhere may change. */
  surface(): string;
}

export function buildFileIndex(file: HostFile): FileIndex {
  const functions = new Map<string, FunctionIr>();
  const nested = new Map<number, Map<string, FunctionIr>>();
  const owned = new Map<string, Map<string, FunctionIr>>();
  for (const fn of file.functions) {
    if (fn.name === '') continue;
    if (fn.owner !== undefined) inner(owned, fn.owner).set(fn.name, fn);
    else if (fn.classId === undefined && fn.parent === undefined) functions.set(fn.name, fn);
    if (fn.parent !== undefined && fn.classId === undefined) inner(nested, fn.parent).set(fn.name, fn);
  }
  let surface: string | undefined;
  let callPlaces: Set<number> | undefined;
  const callsIn = groupBy(file.calls, (call) => call.functionId ?? -1);
  return {
    file,
    functions,
    nested,
    owned,
    classes: new Map(file.classes.map((c) => [c.name, c])),
    imports: new Map(file.imports.map((i) => [i.local, i])),
    exports: new Map(file.exports.filter((e) => e.name !== '*').map((e) => [e.name, e])),
    stars: file.exports.filter((e) => e.name === '*'),
    locals: new Map((file.locals ?? []).map((l) => [l.name, l])),
    callsIn,
    sitesIn: groupBy(file.sites, (site) => site.functionId ?? -1),
    loopOfCall: callbackLoops(file),
    isCall: (span) => (callPlaces ??= new Set(file.calls.map((c) => placeKey(c.span)))).has(placeKey(span)),
    broken: file.errors.length === 0 ? new Set() : new Set(file.functions.filter((fn) => file.errors.some((e) => overlaps(fn.span, e) || containsSpan(fn.span, e))).map((fn) => fn.id)),
    surface: () => (surface ??= surfaceOf(file)),
  };
}

/** One number for both ends: files are shorter than 2^26. */
const placeKey = ({ start, end }: HostSpan): number => start * 2 ** 26 + end;

/** A callback loop belongs to the smallest call within its span that spans its head. */
function callbackLoops(file: HostFile): Map<number, Loop> {
  const result = new Map<number, Loop>();
  if (!file.loops.some((loop) => loop.kind === 'callback')) return result;
  // The head of such a loop is what is called, and ends with its name.
  const byNameEnd = groupBy(file.calls, (call) => call.nameSpan.end);
  for (const loop of file.loops) {
    if (loop.kind !== 'callback') continue;
    let best: CallIr | undefined;
    for (const call of byNameEnd.get(loop.head.end) ?? file.calls) {
      if (call.span.end < loop.head.end || call.span.start > loop.body.start) continue;
      if (!containsSpan(loop.span, call.span) || !containsSpan(call.span, loop.body) || !containsSpan(loop.head, call.nameSpan)) continue;
      if (!best || call.span.end - call.span.start < best.span.end - best.span.start) best = call;
    }
    if (best) result.set(best.id, loop);
  }
  return result;
}

function surfaceOf(file: HostFile): string {
  return JSON.stringify([
    file.functions.map((f) => [f.name, f.classId, f.owner, f.parent, f.parameters.map((p) => [p.name, p.type, p.provider, p.decorators]), f.returnType, f.returns.map((r) => r.members?.map((m) => [m.name, m.path]) ?? /^(?:await\s+)?(?:new\s+)?[\w$.]+/.exec(r.text)?.[0])]),
    file.classes.map((c) => [c.name, c.bases, c.implements, c.fields, c.methods]),
    file.imports,
    file.exports,
    (file.locals ?? []).map((l) => [l.name, l.property, l.text, l.type, l.members?.map((m) => [m.name, m.path])]),
    file.calls.flatMap((c): readonly unknown[] => c.provides ?? (c.loads ? [c.loads] : [])),
  ]);
}

function inner<K, V>(map: Map<K, Map<string, V>>, key: K): Map<string, V> {
  let found = map.get(key);
  if (!found) map.set(key, (found = new Map<string, V>()));
  return found;
}

function groupBy<T>(items: readonly T[], key: (item: T) => number): Map<number, T[]> {
  const result = new Map<number, T[]>();
  for (const item of items) {
    const k = key(item);
    const list = result.get(k);
    if (list) list.push(item);
    else result.set(k, [item]);
  }
  return result;
}

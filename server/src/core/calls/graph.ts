import type { CallIr, HostFile } from '../hosts/ir';
import { carryOver } from './carryOver';
import { collectProvisions, type Provision } from './containers';
import { buildFileIndex, type FileIndex } from './fileIndex';
import type { FlowGraph, FunctionRef, FunctionSummary, ResolveModule } from './flow';
import { indexPackages, type Packages } from './packages';
import { resolveCallee, type Workspace } from './resolve';
import { callbackRuns, callExecutions, NO_QUERY, summarise, type SummaryInput } from './summaries';

/** A flow graph that follows the workspace's files. `set` and `delete` are cheap; the next question pays for the update. */
export interface MutableFlowGraph extends FlowGraph {
  set(file: HostFile): void;
  delete(uri: string): void;
  /** Does something while a file has another version; after it the graph is as it was, and so is its `version`. */
  during<T>(file: HostFile, act: () => T): T;
  /** What has been done since the graph was made: an edit should cost little of it. */
  readonly work: { readonly summaries: number; readonly resolutions: number };
}

interface Entry {
  readonly index: FileIndex;
  /** Resolution per call, filled on demand. */
  targets: (readonly FunctionRef[] | undefined)[];
  /** Files that the resolutions here depend on. */
  readonly uses: Set<string>;
  summaries: (FunctionSummary | undefined)[];
  /** What its functions are summarised from; made when it is first asked for. */
  input?: SummaryInput;
}

/** Each function is summarised at most this often in one update: a bound against oscillation, never reached in practice. */
const MAX_ROUNDS = 24;

const keyOf = (ref: FunctionRef): string => `${ref.uri}#${ref.functionId}`;

/**
 * The workspace's call graph. Keeps resolutions and summaries; after a change of one file it re-summarises the functions
 * of that file, and callers only where a summary changed. A change of names or signatures also re-resolves dependents.
 */
export function createFlowGraph(resolveModule: ResolveModule): MutableFlowGraph {
  const entries = new Map<string, Entry>();
  /** Calls by the function that they reach: of each document, by function id, those of each document. */
  const callers = new Map<string, (Map<string, Set<number>> | undefined)[]>();
  const dirty = new Set<string>();
  /** Entries of which some calls may not be resolved yet. */
  const unresolved = new Set<Entry>();
  let members: Map<string, FunctionRef[]> | undefined;
  let subclasses: Map<string, { readonly index: FileIndex; readonly cls: HostFile['classes'][number] }[]> | undefined;
  let provisions: ReadonlyMap<string, readonly Provision[]> | undefined;
  let packages: Packages | undefined;
  const moduleCache = new Map<string, string | undefined>();

  const workspace: Workspace = {
    index: (uri) => entries.get(uri)?.index,
    resolveModule(from, module) {
      const key = `${from}\n${module}`;
      if (!moduleCache.has(key)) moduleCache.set(key, resolveModule(from, module));
      return moduleCache.get(key);
    },
    subclasses(name) {
      subclasses ??= collectSubclasses(entries.values());
      return subclasses.get(name) ?? [];
    },
    provided(token) {
      provisions ??= collectProvisions([...entries.values()].map((entry) => entry.index));
      return provisions.get(token) ?? [];
    },
    members(name) {
      members ??= collectMembers(entries.values());
      return members.get(name) ?? [];
    },
    get packages() {
      return (packages ??= indexPackages([...entries.values()].map((entry) => entry.index)));
    },
  };

  const work = { summaries: 0, resolutions: 0 };

  function targetsOf(entry: Entry, call: CallIr): readonly FunctionRef[] {
    const known = entry.targets[call.id];
    if (known) return known;
    const uri = entry.index.file.uri;
    const overSite = call.siteId !== undefined;
    if (!overSite) work.resolutions++;
    const found = overSite ? [] : resolveCallee(workspace, uri, call.functionId, call.callee, entry.uses);
    entry.targets[call.id] = found;
    for (const ref of found) {
      entry.uses.add(ref.uri);
      link(ref, uri, call);
    }
    return found;
  }

  /** Not cached: few arguments are names of functions in places where they are run. */
  function argumentTargets(entry: Entry, call: CallIr, k: number): readonly FunctionRef[] {
    const text = call.args[k]?.text ?? '';
    if (!/^[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*$/.test(text)) return [];
    const uri = entry.index.file.uri;
    const found = resolveCallee(workspace, uri, call.functionId, text.split('.'), entry.uses).filter((ref) => ref.confidence !== 'low');
    for (const ref of found) link(ref, uri, call);
    return found;
  }

  function link(ref: FunctionRef, uri: string, call: CallIr): void {
    let functions = callers.get(ref.uri);
    if (!functions) callers.set(ref.uri, (functions = []));
    const from = (functions[ref.functionId] ??= new Map<string, Set<number>>());
    const known = from.get(uri);
    if (known) known.add(call.id);
    else from.set(uri, new Set([call.id]));
  }

  function inputFor(entry: Entry): SummaryInput {
    return (entry.input ??= {
      index: entry.index,
      resolve: (call) => targetsOf(entry, call),
      resolveArgument: (call, k) => argumentTargets(entry, call, k),
      summary: (ref) => entries.get(ref.uri)?.summaries[ref.functionId] ?? NO_QUERY,
      functionName: (ref) => qualifiedName(entries.get(ref.uri)?.index.file, ref.functionId),
    });
  }

  function dropResolutions(entry: Entry): void {
    const uri = entry.index.file.uri;
    for (const [callId, targets] of entry.targets.entries()) for (const ref of targets ?? []) callers.get(ref.uri)?.[ref.functionId]?.get(uri)?.delete(callId);
    entry.targets = [];
    entry.uses.clear();
    unresolved.add(entry);
    markDirty(entry);
  }

  /** So that `callers` knows all of them. */
  function resolveAll(): void {
    for (const entry of unresolved) if (entries.get(entry.index.file.uri) === entry) for (const call of entry.index.file.calls) targetsOf(entry, call);
    unresolved.clear();
  }

  function markDirty(entry: Entry): void {
    for (const fn of entry.index.file.functions) dirty.add(keyOf({ uri: entry.index.file.uri, functionId: fn.id }));
  }

  /** Names appeared, vanished or moved: whatever resolved through this file, or may now, is looked up again; everything where the file registers with a container. */
  function surfaceChanged(uri: string, versions: readonly HostFile[], module: string | undefined): void {
    const registers = versions.some((f) => f.calls.some((call) => (call.provides ?? call.loads) !== undefined));
    const names = new Set(versions.flatMap((f) => [...f.functions, ...f.classes, ...f.exports]).map((f) => f.name).filter((n) => n !== ''));
    const classes = new Set(versions.flatMap((f) => f.classes).map((cls) => unqualified(cls.name)));
    members = undefined;
    subclasses = undefined;
    provisions = undefined;
    packages = undefined;
    for (const entry of entries.values()) {
      const { file } = entry.index;
      const imports = module !== undefined && [...file.imports, ...file.exports].some((i) => i.module !== undefined && (lastPart(i.module) === module || ('imported' in i && i.imported === module)));
      if (registers || imports || entry.uses.has(uri) || file.calls.some(({ callee }) => names.has(callee.at(-1) ?? '') || callee.some((part) => classes.has(unqualified(part))))) dropResolutions(entry);
    }
  }

  function replace(uri: string, file: HostFile | undefined): void {
    const old = entries.get(uri);
    const index = file && buildFileIndex(file);
    if (old && index && old.index.surface() === index.surface()) return void edit(old, index);
    if (old) dropResolutions(old);
    for (const fn of old?.index.file.functions ?? []) dirty.delete(keyOf({ uri, functionId: fn.id }));
    if (index) {
      const entry: Entry = { index, targets: [], uses: new Set(), summaries: [] };
      entries.set(uri, entry);
      unresolved.add(entry);
      markDirty(entry);
    } else entries.delete(uri);
    if (old?.index.surface() === index?.surface()) return;
    if (!old || !index) moduleCache.clear();
    surfaceChanged(uri, [old?.index.file, index?.file].filter((f) => f !== undefined), old && index ? undefined : moduleName(uri));
  }

  /** Another version of a file with the same surface: functions that read the same keep what is known of them. */
  function edit(old: Entry, index: FileIndex): void {
    const { uri } = index.file;
    const kept = carryOver(old.index, index);
    for (const [callId, targets] of old.targets.entries()) for (const ref of targets ?? []) callers.get(ref.uri)?.[ref.functionId]?.get(uri)?.delete(callId);
    const entry: Entry = { index, targets: [], uses: new Set(old.uses), summaries: old.summaries };
    entries.set(uri, entry);
    unresolved.add(entry);
    for (const call of index.file.calls) {
      const former = kept.formerCall(call);
      const targets = former === undefined ? undefined : old.targets[former];
      if (!targets) continue;
      entry.targets[call.id] = targets;
      for (const ref of targets) link(ref, uri, call);
    }
    for (const fn of index.file.functions) {
      const step = entry.summaries[fn.id]?.path[0];
      const span = step && kept.functions.has(fn.id) && step.uri === uri ? kept.moved(fn.id, step.span) : undefined;
      if (step && span) Object.assign(step, { span });
      else if (step || !kept.functions.has(fn.id)) dirty.add(keyOf({ uri, functionId: fn.id }));
    }
  }

  const pending = new Map<string, HostFile | undefined>();
  let version = 0;
  let changes = 0;
  const change = (uri: string, file: HostFile | undefined): void => {
    version = ++changes;
    pending.set(uri, file);
  };

  /** Applies the pending changes and brings the summaries to their fixed point. */
  function update(): void {
    if (pending.size > 0) {
      if (entries.size === 0 || pending.size > 32) rebuild();
      else for (const [uri, file] of pending) replace(uri, file);
      pending.clear();
    }
    if (dirty.size === 0) return;
    const rounds = new Map<string, number>();
    for (const key of dirty) {
      dirty.delete(key);
      const at = key.lastIndexOf('#');
      const uri = key.slice(0, at);
      const functionId = Number(key.slice(at + 1));
      const entry = entries.get(uri);
      const fn = entry?.index.file.functions[functionId];
      const round = (rounds.get(key) ?? 0) + 1;
      if (!entry || !fn || round > MAX_ROUNDS) continue;
      rounds.set(key, round);
      const before = entry.summaries[functionId];
      work.summaries++;
      const after = summarise(inputFor(entry), fn);
      if (before && sameEffect(before, after)) {
        moveSteps(before.path, after.path);
        // Steps are moved in place, so callers have to hold those of the functions that they reach now.
        const [own] = before.path;
        if (!own || before.path.every((step, k) => k === 0 || step === after.path[k])) continue;
        entry.summaries[functionId] = { ...after, path: [own, ...after.path.slice(1)] };
      } else entry.summaries[functionId] = after;
      for (const [from, calls] of callers.get(uri)?.[functionId] ?? []) {
        const file = entries.get(from)?.index.file;
        for (const callId of calls) {
          const containing = file?.calls[callId]?.functionId;
          if (containing !== undefined) dirty.add(keyOf({ uri: from, functionId: containing }));
        }
      }
      // A callback's summary is part of the function that contains the call it is passed to.
      if (fn.parent !== undefined) dirty.add(keyOf({ uri, functionId: fn.parent }));
    }
  }

  /** Many files at once: start over, which costs less than keeping track. */
  function rebuild(): void {
    for (const [uri, file] of pending) {
      if (!file) entries.delete(uri);
      else entries.set(uri, { index: buildFileIndex(file), targets: [], uses: new Set(), summaries: [] });
    }
    callers.clear();
    moduleCache.clear();
    members = undefined;
    subclasses = undefined;
    provisions = undefined;
    packages = undefined;
    dirty.clear();
    for (const entry of entries.values()) {
      entry.targets = [];
      entry.uses.clear();
      unresolved.add(entry);
      markDirty(entry);
    }
    resolveAll();
  }

  return {
    work,
    get version() { return version; },
    set: (file) => change(file.uri, file),
    delete: (uri) => change(uri, undefined),
    during(file, act) {
      update();
      const known = entries.get(file.uri)?.index.file;
      if (known === file) return act();
      const before = version;
      change(file.uri, file);
      const tried = version;
      try {
        return act();
      } finally {
        const unchanged = version === tried;
        change(file.uri, known);
        if (unchanged) version = before;
      }
    },
    *files() {
      update();
      for (const entry of entries.values()) yield entry.index.file;
    },
    file(uri) {
      update();
      return entries.get(uri)?.index.file;
    },
    resolve(uri, callId) {
      update();
      const entry = entries.get(uri);
      const call = entry?.index.file.calls[callId];
      return entry && call ? targetsOf(entry, call) : [];
    },
    summary(ref) {
      update();
      return entries.get(ref.uri)?.summaries[ref.functionId];
    },
    named(uri, functionId, path) {
      update();
      const entry = entries.get(uri);
      return entry ? resolveCallee(workspace, uri, functionId, path, entry.uses).filter((ref) => ref.confidence !== 'low') : [];
    },
    runs(uri, callId, argument) {
      update();
      const entry = entries.get(uri);
      const call = entry?.index.file.calls[callId];
      return entry && call ? callbackRuns(inputFor(entry), call, argument) : 'unknown';
    },
    executions(uri, callId) {
      update();
      const entry = entries.get(uri);
      const call = entry?.index.file.calls[callId];
      return entry && call && call.siteId === undefined ? callExecutions(inputFor(entry), call) : [];
    },
    importedLocal(uri, name) {
      update();
      let index = entries.get(uri)?.index;
      let word = name;
      for (let hops = 0; hops < 4 && index; hops++) {
        const imported = index.imports.get(word);
        const exported = hops > 0 ? index.exports.get(word) : undefined;
        const local = hops > 0 ? index.locals.get(exported?.local ?? word) : undefined;
        if (local) return local;
        const module = imported?.module ?? exported?.module;
        const target = module === undefined ? undefined : workspace.resolveModule(index.file.uri, module);
        word = imported?.imported ?? exported?.local ?? word;
        index = target === undefined ? undefined : entries.get(target)?.index;
      }
      return undefined;
    },
    callers(ref) {
      update();
      resolveAll();
      return [...(callers.get(ref.uri)?.[ref.functionId] ?? [])].flatMap(([uri, calls]) => [...calls].map((callId) => ({ uri, callId })));
    },
  };
}

/** `Billing::Fees` → `Fees` */
const unqualified = (name: string): string => name.slice(Math.max(name.lastIndexOf(':'), name.lastIndexOf('\\')) + 1);

const lastPart = (module: string): string => module.replace(/\.([mc]?[jt]sx?)$/, '').split(/[/.]/).at(-1) ?? module;

/** What an import of this file ends with: its name, or its folder's where it stands for the folder. */
function moduleName(uri: string): string {
  const parts = uri.split('/');
  const stem = (parts.at(-1) ?? '').replace(/\.[^.]+$/, '');
  return stem === 'index' || stem === '__init__' ? parts.at(-2) ?? stem : stem;
}

/** `UserService.findById`, `users.findById`, `load`. */
export function qualifiedName(file: HostFile | undefined, functionId: number): string {
  const fn = file?.functions[functionId];
  if (!fn) return 'function';
  const holder = fn.classId === undefined ? fn.owner : file?.classes[fn.classId]?.name;
  return holder === undefined || holder === '' || holder === fn.name ? fn.name || 'callback' : `${holder}.${fn.name}`;
}

/** The same effect by the same way; only where its steps stand may differ. */
function sameEffect(a: FunctionSummary, b: FunctionSummary): boolean {
  return (
    a.executes === b.executes && a.access === b.access && sameItems(a.keyed, b.keyed) && sameItems(a.sqlParameters, b.sqlParameters) &&
    a.path.length === b.path.length && a.path.every((step, i) => step.uri === b.path[i]?.uri && step.label === b.path[i]?.label) &&
    a.runs.length === b.runs.length && a.runs.every((run, i) => run.parameter === b.runs[i]?.parameter && run.perElement === b.runs[i]?.perElement)
  );
}

const sameItems = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((item, i) => item === b[i]);

/** The paths of callers hold these very steps: they move with the text, and no caller has to be looked at again. */
function moveSteps(path: FunctionSummary['path'], to: FunctionSummary['path']): void {
  path.forEach((step, i) => Object.assign(step, { span: to[i]?.span ?? step.span }));
}

function collectMembers(entries: Iterable<Entry>): Map<string, FunctionRef[]> {
  const result = new Map<string, FunctionRef[]>();
  for (const { index } of entries) {
    if (index.file.role !== 'application') continue;
    for (const fn of index.file.functions) {
      if (fn.name === '' || (fn.classId === undefined && fn.owner === undefined)) continue;
      const list = result.get(fn.name);
      const ref = { uri: index.file.uri, functionId: fn.id };
      if (list) list.push(ref);
      else result.set(fn.name, [ref]);
    }
  }
  return result;
}

function collectSubclasses(entries: Iterable<Entry>): Map<string, { readonly index: FileIndex; readonly cls: HostFile['classes'][number] }[]> {
  const result = new Map<string, { readonly index: FileIndex; readonly cls: HostFile['classes'][number] }[]>();
  for (const { index } of entries) {
    for (const cls of index.file.classes) {
      for (const base of [...cls.bases, ...(cls.implements ?? [])]) {
        for (const word of new Set(base.replace(/<[^()]*>|\[[^()]*\]/g, '').match(/[A-Za-z_$][\w$]*/g))) {
          const list = result.get(word);
          if (list) list.push({ index, cls });
          else result.set(word, [{ index, cls }]);
        }
      }
    }
  }
  return result;
}

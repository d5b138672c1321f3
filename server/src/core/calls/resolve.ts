import { camel, singular } from '../hosts/ruby/railsNames';
import type { CallIr, ClassIr, FunctionIr, ImportIr, LocalIr } from '../hosts/ir';
import { containsSpan } from '../text/span';
import { isMemoiser, passesThrough } from './callbacks';
import { injectedToken, tokenText, type Provision } from './containers';
import type { FileIndex } from './fileIndex';
import type { FunctionRef, ResolveModule } from './flow';
import type { Meaning } from './meaning';
import { baseNames, COLUMN, COMMON, FOREIGN_RECEIVER, isDistinctive } from './names';
import type { Packages } from './packages';
import { rubyConstants } from './rubyConstants';
import { typeNames } from './typeNames';

/** The workspace as the resolver sees it. */
export interface Workspace {
  index(uri: string): FileIndex | undefined;
  readonly resolveModule: ResolveModule;
  /** Classes that name this class or interface as a base. */
  subclasses(name: string): readonly { readonly index: FileIndex; readonly cls: ClassIr }[];
  /** Methods and object members of this name anywhere. */
  members(name: string): readonly FunctionRef[];
  /** What containers give for a token. */
  provided(token: string): readonly Provision[];
  /** For files of languages with packages. */
  readonly packages: Packages;
}

/** One hop (an import, a field, a factory) takes several levels. */
const MAX_DEPTH = 30;
/** Names looked up for one call: a bound for circular declarations. */
const MAX_LOOKUPS = 400;
/**
 * Functions that a call in `functionId` of a file may run. Looked up in order: local scope, class and bases, field types,
 * imports and re-exports; last a distinctive member name that exists once in the workspace (`confidence: 'low'`).
 * @param visited receives the uri of each file that the answer depends on.
 */
export function resolveCallee(workspace: Workspace, uri: string, functionId: number | undefined, callee: readonly string[], visited: Set<string>): readonly FunctionRef[] {
  const index = workspace.index(uri);
  const name = callee.at(-1);
  if (!index || name === undefined || name === '?' || name === '()') return [];
  const resolver = resolverOf(workspace).start(visited);
  const meanings = resolver.path(index, functionId, callee, 0);
  const found = meanings.flatMap((meaning) => resolver.callable(meaning));
  if (found.length > 0) return unique(found);
  if (meanings.length === 0 && index.file.language === 'ruby') {
    const named = resolver.namedAfterClass(index, callee);
    if (named.length > 0) return named;
  }
  if (meanings.length > 0 || callee.length < 2 || COMMON.test(name) || !isDistinctive(name) || (index.file.language === 'ruby' && COLUMN.test(name))) return [];
  if (callee.slice(0, -1).some((part) => FOREIGN_RECEIVER.test(part))) return [];
  const candidates = workspace.members(name);
  const only = candidates[0];
  return candidates.length === 1 && only ? [{ uri: only.uri, functionId: only.functionId, confidence: 'low' }] : [];
}

function unique(refs: readonly FunctionRef[]): readonly FunctionRef[] {
  const seen = new Set<string>();
  return refs.filter((ref) => !seen.has(`${ref.uri}#${ref.functionId}`) && seen.add(`${ref.uri}#${ref.functionId}`)).slice(0, 8);
}

const resolvers = new WeakMap<Workspace, ReturnType<typeof createResolver>>();

/** There is a call for every few words of a workspace: what looks them up is made once. */
function resolverOf(workspace: Workspace): ReturnType<typeof createResolver> {
  let found = resolvers.get(workspace);
  if (!found) resolvers.set(workspace, (found = createResolver(workspace)));
  return found;
}

/** Looks up one callee after the other: `start` begins the next. */
function createResolver(workspace: Workspace) {
  let visited = new Set<string>();
  let lookups = 0;
  const exported = new Map<FileIndex, Map<string, readonly Meaning[]>>();

  const see = (index: FileIndex): FileIndex => {
    visited.add(index.file.uri);
    return index;
  };

  function path(index: FileIndex, functionId: number | undefined, parts: readonly string[], depth: number): readonly Meaning[] {
    const [head, ...rest] = parts;
    if (head === undefined || depth > MAX_DEPTH || ++lookups > MAX_LOOKUPS) return [];
    const cradle = parts.indexOf('cradle');
    // `container.cradle.users`, where nothing declares what the container is.
    if (cradle > 0 && name(index, functionId, head, depth).length === 0) return parts.slice(cradle + 1).reduce<readonly Meaning[]>((found, part) => found.flatMap((meaning) => member(meaning, part, depth + 1, found.length === 1)), [{ kind: 'container', index }]);
    let meanings: readonly Meaning[] = name(index, functionId, head, depth);
    // `super().save`
    for (const part of head === 'super' && rest[0] === '()' ? rest.slice(1) : rest) {
      if (part === '?') return [];
      const alone = meanings.length === 1;
      meanings = meanings.flatMap((meaning) => member(meaning, part, depth + 1, alone));
      if (meanings.length === 0) return [];
    }
    return meanings;
  }

  function name(index: FileIndex, functionId: number | undefined, word: string, depth: number): readonly Meaning[] {
    if (depth > MAX_DEPTH) return [];
    if (word === 'this' || word === 'self' || word === 'cls' || word === 'super') {
      const owner = enclosing(index, functionId, (fn) => fn.classId !== undefined || fn.owner !== undefined);
      const cls = owner?.classId === undefined ? undefined : index.file.classes[owner.classId];
      if (cls && word === 'super') return bases(index, cls, depth).map((base) => ({ kind: 'instance', ...base }));
      if (cls) return [{ kind: 'instance', index, cls }, ...shared(index, cls.name).map((other) => ({ kind: 'instance' as const, ...other }))];
      if (owner?.owner !== undefined) return [{ kind: 'object', index, owner: owner.owner }];
    }
    for (let id = functionId; id !== undefined; ) {
      const fn: FunctionIr | undefined = index.file.functions[id];
      if (!fn) break;
      const inner = index.nested.get(id)?.get(word);
      if (inner) return [{ kind: 'function', index, fn: inner }];
      const local = fn.locals.find((l) => l.name === word);
      if (local) return localMeaning(index, id, local, depth + 1);
      const parameter = fn.parameters.find((p) => p.name === word);
      if (parameter) return provided(index, id, parameter.provider, depth + 1) ?? injected(index, fn, parameter, depth + 1);
      id = fn.parent;
    }
    return moduleName(index, word, depth + 1);
  }

  function enclosing(index: FileIndex, functionId: number | undefined, test: (fn: FunctionIr) => boolean): FunctionIr | undefined {
    for (let id = functionId; id !== undefined; ) {
      const fn: FunctionIr | undefined = index.file.functions[id];
      if (!fn || test(fn)) return fn;
      id = fn.parent;
    }
    return undefined;
  }

  function moduleName(index: FileIndex, word: string, depth: number): readonly Meaning[] {
    if (depth > MAX_DEPTH) return [];
    see(index);
    if (index.file.language === 'ruby' && /^(?:::)?[A-Z]/.test(word)) return rubyConstants(index, word, workspace.packages).map(({ index: other, item }) => ({ kind: 'class', index: see(other), cls: item }));
    const fn = index.functions.get(word);
    if (fn) return [{ kind: 'function', index, fn }];
    const cls = index.classes.get(word);
    if (cls) return [{ kind: 'class', index, cls }, ...shared(index, word).map((other) => ({ kind: 'class' as const, ...other }))];
    const local = index.locals.get(word);
    if (index.owned.has(word)) return [{ kind: 'object', index, owner: word, members: local?.members }];
    const imported = index.imports.get(word);
    if (local && !imported) return /^\{/.test(local.text) ? [{ kind: 'object', index, members: local.members ?? [] }] : localMeaning(index, undefined, local, depth + 1);
    const meanings = imported ? importMeaning(index, imported, depth + 1) : starMeaning(index, word, depth + 1);
    return meanings.length > 0 || index.file.package === undefined ? meanings : packageName(index, word, imported);
  }

  /** The other parts of a class whose methods stand in several files of its package. */
  function shared(index: FileIndex, word: string): readonly { index: FileIndex; cls: ClassIr }[] {
    if (index.file.package === undefined || index.file.package === '') return [];
    return workspace.packages.classes(index, word).filter((found) => found.index.file.package === index.file.package).map(({ index: other, item }) => ({ index: see(other), cls: item }));
  }

  /** A name that other files of the package, or of an imported one, declare; else the imported package itself. */
  function packageName(index: FileIndex, word: string, imported: ImportIr | undefined): readonly Meaning[] {
    const classes = workspace.packages.classes(index, word);
    if (classes.length > 0) return classes.map(({ index: other, item }) => ({ kind: 'class', index: see(other), cls: item }));
    const functions = workspace.packages.functions(index, word);
    if (functions.length > 0) return functions.map(({ index: other, item }) => ({ kind: 'function', index: see(other), fn: item }));
    const named = imported === undefined || imported.imported === '*' ? [] : importedMember(index, imported);
    if (named.length > 0) return named;
    const module = imported === undefined ? (index.file.language === 'rust' ? word : undefined) : imported.imported === '*' ? imported.module : `${imported.module}/${imported.imported}`;
    return module === undefined ? [] : workspace.packages.imported(index, module).map((name) => ({ kind: 'package', index, name }));
  }

  /** A function imported by its name: of a module (`use crate::tx::each`), of a class (`import static app.Tx.each`). */
  function importedMember(index: FileIndex, { module, imported }: ImportIr): readonly Meaning[] {
    const functions = workspace.packages.imported(index, module).flatMap((name) => workspace.packages.member(index, name, imported).functions);
    if (functions.length > 0) return functions.map(({ index: other, item }) => ({ kind: 'function', index: see(other), fn: item }));
    return index.file.language !== 'java' ? [] : workspace.packages.classes(index, module.slice(module.lastIndexOf('.') + 1)).flatMap(({ index: other, item }) => classMember(see(other), item, imported, 0, true));
  }

  /** `from .loads import *` */
  function starMeaning(index: FileIndex, word: string, depth: number): readonly Meaning[] {
    if (!index.imports.has('*')) return [];
    for (const item of index.file.imports) {
      const target = item.local === '*' ? moduleIndex(index, item.module) : undefined;
      const found = target && target !== index ? exportMeaning(target, word, depth + 1) : [];
      if (found.length > 0) return found;
    }
    return [];
  }

  function importMeaning(index: FileIndex, item: ImportIr, depth: number): readonly Meaning[] {
    const target = moduleIndex(index, item.module);
    if (item.imported === '*') return target ? [{ kind: 'module', index: target }] : [];
    const found = target ? exportMeaning(target, item.imported, depth + 1) : [];
    if (found.length > 0 || index.file.language !== 'python') return found;
    const submodule = moduleIndex(index, item.module.endsWith('.') ? item.module + item.imported : `${item.module}.${item.imported}`);
    return submodule ? [{ kind: 'module', index: submodule }] : [];
  }

  function moduleIndex(from: FileIndex, module: string): FileIndex | undefined {
    const uri = workspace.resolveModule(from.file.uri, module);
    const found = uri === undefined ? undefined : workspace.index(uri);
    return found && see(found);
  }

  /** Packages that import everything of each other lead to a module on many ways, and in circles: each is gone once. */
  function exportMeaning(index: FileIndex, word: string, depth: number): readonly Meaning[] {
    if (depth > MAX_DEPTH) return [];
    see(index);
    let words = exported.get(index);
    if (!words) exported.set(index, (words = new Map()));
    const known = words.get(word);
    if (known) return known;
    words.set(word, []);
    const found = findExport(index, word, depth);
    // Near the limit nothing may have been found for want of steps.
    if (found.length > 0 || depth < MAX_DEPTH / 2) words.set(word, found);
    else words.delete(word);
    return found;
  }

  function findExport(index: FileIndex, word: string, depth: number): readonly Meaning[] {
    const item = index.exports.get(word);
    if (item?.module !== undefined) {
      const target = moduleIndex(index, item.module);
      if (!target) return [];
      return item.local === '*' ? [{ kind: 'module', index: target }] : exportMeaning(target, item.local ?? item.name, depth + 1);
    }
    const own = moduleName(index, item?.local ?? word, depth + 1);
    if (own.length > 0) return own;
    for (const star of index.stars) {
      const target = star.module === undefined ? undefined : moduleIndex(index, star.module);
      const found = target ? exportMeaning(target, word, depth + 1) : [];
      if (found.length > 0) return found;
    }
    for (const item of index.imports.values()) {
      if (item.imported !== '*' || item.local !== '*') continue;
      const target = moduleIndex(index, item.module);
      const found = target ? exportMeaning(target, word, depth + 1) : [];
      if (found.length > 0) return found;
    }
    return [];
  }

  /** @param alone no other part of the same class was found, so that what is missing here is missing. */
  function member(meaning: Meaning, part: string, depth: number, alone = true): readonly Meaning[] {
    if (depth > MAX_DEPTH) return [];
    switch (meaning.kind) {
      case 'module':
        return exportMeaning(meaning.index, part, depth + 1);
      case 'container':
        return provisions(part, depth + 1);
      case 'package': {
        const { classes: found, functions } = workspace.packages.member(meaning.index, meaning.name, part);
        return [...found.map(({ index, item }) => ({ kind: 'class' as const, index: see(index), cls: item })), ...functions.map(({ index, item }) => ({ kind: 'function' as const, index: see(index), fn: item }))];
      }
      case 'object': {
        const fn = meaning.owner === undefined ? undefined : meaning.index.owned.get(meaning.owner)?.get(part);
        if (fn) return [{ kind: 'function', index: meaning.index, fn }];
        const held = meaning.members?.find((m) => m.name === part);
        if (held) return path(meaning.index, meaning.functionId, held.path, depth + 1);
        if (meaning.index.owned.has(part)) return [{ kind: 'object', index: meaning.index, owner: part }];
        return (meaning.members ?? []).filter((m) => m.name === '...').flatMap((m) => path(meaning.index, meaning.functionId, m.path, depth + 1).flatMap((inner) => member(inner, part, depth + 1)));
      }
      case 'function':
        if (part === '()') return result(meaning.index, meaning.fn, depth + 1);
        return part === 'call' || part === 'apply' || part === 'bind' ? [meaning] : [];
      case 'class':
        if (part === '()') return [{ kind: 'instance', index: meaning.index, cls: meaning.cls }];
        if (part === 'new' && meaning.index.file.package !== undefined) return [meaning];
        return classMember(meaning.index, meaning.cls, part, depth + 1, alone);
      case 'instance':
        return classMember(meaning.index, meaning.cls, part, depth + 1, alone);
    }
  }

  function classMember(index: FileIndex, cls: ClassIr, part: string, depth: number, alone: boolean): readonly Meaning[] {
    for (const base of linearised(index, cls, depth)) {
      const own = ownMember(base.index, base.cls, part, depth);
      if (own.length > 0) return own;
    }
    // Go embeds, it does not override.
    if (!alone || index.file.language === 'go') return [];
    // Abstract here: whatever the implementations do.
    return workspace.subclasses(cls.name).flatMap((sub) => {
      const fn = methodOf(sub.index, sub.cls, part);
      if (fn) see(sub.index);
      return fn ? [{ kind: 'function' as const, index: sub.index, fn }] : [];
    });
  }

  /** The class and its bases in the order in which members are looked up: a base that several share comes after all of them. */
  function linearised(index: FileIndex, cls: ClassIr, depth: number): readonly { index: FileIndex; cls: ClassIr }[] {
    const order: { index: FileIndex; cls: ClassIr }[] = [];
    const visit = (at: { index: FileIndex; cls: ClassIr }, trail: readonly ClassIr[]): void => {
      if (trail.includes(at.cls) || trail.length > 10 || order.length > 60) return;
      order.push(at);
      for (const base of bases(at.index, at.cls, depth + 1)) visit(base, [...trail, at.cls]);
    };
    visit({ index, cls }, []);
    return order.filter((at, i) => !order.slice(i + 1).some((later) => later.cls === at.cls));
  }

  function ownMember(index: FileIndex, cls: ClassIr, part: string, depth: number): readonly Meaning[] {
    if (depth > MAX_DEPTH) return [];
    see(index);
    const fn = methodOf(index, cls, part);
    if (fn) return [{ kind: 'function', index, fn }];
    const field = cls.fields.find((f) => f.name === part);
    if (field) {
      const found = [() => fromToken(index, field.decorators, depth + 1), () => instances(index, field.type, depth + 1), () => assigned(index, cls, field.type, depth + 1)].map((look) => look()).find((meanings) => meanings.length > 0);
      if (found) return found;
    }
    for (const id of cls.methods) {
      const method = index.file.functions[id];
      const parameter = method?.parameters.find((p) => p.field && p.name === part);
      if (method && parameter) return injected(index, method, parameter, depth + 1);
    }
    return [];
  }

  function methodOf(index: FileIndex, cls: ClassIr, part: string): FunctionIr | undefined {
    for (const id of cls.methods) {
      const fn = index.file.functions[id];
      if (fn?.name === part) return fn;
    }
    return undefined;
  }

  function bases(index: FileIndex, cls: ClassIr, depth: number): readonly { index: FileIndex; cls: ClassIr }[] {
    return cls.bases.flatMap((base) => baseNames(base).flatMap((n) => classes(index, n, depth + 1)));
  }

  function classes(index: FileIndex, word: string, depth: number): readonly { index: FileIndex; cls: ClassIr }[] {
    return path(index, undefined, word.split('.'), depth + 1).flatMap((m) => (m.kind === 'class' || m.kind === 'instance' ? [{ index: m.index, cls: m.cls }] : m.kind === 'function' ? returnedClasses(m.index, m.fn) : []));
  }

  /** Classes that a function makes: `(Base) => class extends Base { … }`. */
  function returnedClasses(index: FileIndex, fn: FunctionIr): readonly { index: FileIndex; cls: ClassIr }[] {
    return index.file.classes.filter((cls) => containsSpan(fn.body, cls.span) && fn.returns.some((r) => (r.span.start === cls.span.start && r.span.end === cls.span.end) || (cls.name !== '' && r.text.trim() === cls.name))).map((cls) => ({ index, cls }));
  }

  /** What a framework fills in for a parameter: the result of a function, an instance of a class. */
  function provided(index: FileIndex, functionId: number, provider: readonly string[] | undefined, depth: number): readonly Meaning[] | undefined {
    const found = provider === undefined ? [] : path(index, functionId, provider, depth + 1).flatMap((m) => member(m, '()', depth + 1));
    return found.length > 0 ? found : undefined;
  }

  /** What containers give for a token. */
  const provisions = (token: string, depth: number): readonly Meaning[] => workspace.provided(token).flatMap(({ uri, functionId, path: parts }) => {
    const index = workspace.index(uri);
    return index ? path(see(index), functionId, parts, depth + 1) : [];
  });

  /** `@inject(TYPES.Users)`: what is registered for the token, else an instance of the class that it names. */
  function fromToken(index: FileIndex, decorators: readonly string[] | undefined, depth: number): readonly Meaning[] {
    const token = injectedToken(decorators);
    if (token === undefined) return [];
    const found = provisions(token, depth + 1);
    return found.length > 0 || !/^[A-Z]/.test(token) ? found : classes(index, token, depth + 1).map((c) => ({ kind: 'instance', ...c }));
  }

  /** A parameter by its token or type; awilix fills the constructors and factories that it runs by name. */
  function injected(index: FileIndex, fn: FunctionIr, parameter: FunctionIr['parameters'][number], depth: number): readonly Meaning[] {
    const found = fromToken(index, parameter.decorators, depth + 1);
    if (found.length > 0) return found;
    if (parameter.type !== undefined && !/^(any|unknown)$/.test(parameter.type)) return instances(index, parameter.type, depth + 1);
    if (fn.name !== 'constructor') return [];
    const named = provisions(parameter.name, depth + 1);
    return named.length > 0 || fn.parameters.length > 1 ? named : [{ kind: 'container', index }];
  }

  /** `this.users = users` of the constructor, where `users` is a parameter or taken from one. */
  function assigned(index: FileIndex, cls: ClassIr, text: string, depth: number): readonly Meaning[] {
    const constructor = /^[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)?$/.test(text) ? methodOf(index, cls, 'constructor') : undefined;
    const known = constructor && [...constructor.parameters, ...constructor.locals].some((item) => item.name === text.split('.')[0]);
    return known ? path(index, constructor.id, text.split('.'), depth + 1) : [];
  }

  /** Instances of an annotation; for an interface (no class of that name) of the classes that implement it. */
  function instances(index: FileIndex, annotation: string, depth: number): readonly Meaning[] {
    for (const word of typeNames(annotation)) {
      const found = classes(index, word, depth + 1);
      if (found.length > 0) return found.map((c) => ({ kind: 'instance', ...c }));
      const object = path(index, undefined, word.split('.'), depth + 1).filter((m) => m.kind === 'object' || m.kind === 'module' || m.kind === 'function');
      if (object.length > 0) return object.flatMap((m) => (m.kind === 'function' ? result(m.index, m.fn, depth + 1) : [m]));
      const implementations = workspace.subclasses(word.split('.').at(-1) ?? word);
      if (implementations.length > 0 && implementations.length <= 4) {
        return implementations.map((c) => ({ kind: 'instance', index: see(c.index), cls: c.cls }));
      }
    }
    return [];
  }

  function localMeaning(index: FileIndex, functionId: number | undefined, local: LocalIr, depth: number): readonly Meaning[] {
    if (depth > MAX_DEPTH) return [];
    // `({ users }: Deps)`
    const pattern = local.names.length === 0 && local.callId === undefined && /^\{/.test(local.text) && functionId !== undefined ? index.file.functions[functionId]?.parameters.find((p) => p.name === local.text) : undefined;
    if (pattern) {
      const found = pattern.type === undefined ? [] : instances(index, pattern.type, depth + 1).flatMap((m) => member(m, local.property ?? local.name, depth + 1));
      return found.length > 0 ? found : cradleMember(index, functionId, local, depth + 1);
    }
    if (local.type !== undefined) {
      const typed = instances(index, local.type, depth + 1);
      if (typed.length > 0) return typed;
    }
    const text = local.text.trim().replace(/^await\s+/, '').replace(/[!;]+$/, '');
    const constructed = /^new\s+([A-Za-z_$][\w$.]*)/.exec(text)?.[1];
    if (constructed !== undefined) return classes(index, constructed, depth + 1).map((c) => ({ kind: 'instance', ...c }));
    if (/^[A-Za-z_$][\w$]*(\??\.[A-Za-z_$][\w$]*)*$/.test(text) && text !== local.name) {
      const holders = path(index, functionId, text.split(/\??\./), depth + 1);
      const picked = holders.flatMap((m) => member(m, local.property ?? local.name, depth + 1));
      return picked.length > 0 ? picked : holders;
    }
    if (local.members) return [{ kind: 'object', index, members: local.members, functionId }];
    const call = local.callId === undefined ? undefined : index.file.calls[local.callId];
    if (!call) return [];
    const callees = path(index, functionId, call.callee, depth + 1);
    return callees.length === 0 ? foreignResult(index, functionId, call, depth + 1) : callees.flatMap((m) => {
      if (m.kind === 'class') return [{ kind: 'instance' as const, index: m.index, cls: m.cls }];
      if (m.kind !== 'function') return [];
      const values = result(m.index, m.fn, depth + 1);
      const picked = values.flatMap((value) => member(value, local.property ?? local.name, depth + 1));
      return picked.length > 0 ? picked : values;
    });
  }

  /** `({ users, log }) => …` where each name is registered with a container. */
  function cradleMember(index: FileIndex, functionId: number | undefined, local: LocalIr, depth: number): readonly Meaning[] {
    const names = functionId === undefined ? [] : index.file.functions[functionId]?.locals.filter((other) => other.text === local.text).map((other) => other.name) ?? [];
    return names.every((name) => workspace.provided(name).length > 0) ? provisions(local.name, depth + 1) : [];
  }

  /** What a call of a library gives: the function that it wraps (`cache(async (id) => …)`), the class that it is asked for (`container.resolve(Users)`). */
  function foreignResult(index: FileIndex, functionId: number | undefined, call: CallIr, depth: number): readonly Meaning[] {
    const first = call.args[0];
    if (!first) return [];
    const token = /^(inject|resolve|get)$/.test(call.callee.at(-1) ?? '') ? tokenText(first.text) : undefined;
    const registered = token === undefined ? [] : provisions(token, depth + 1);
    if (registered.length > 0) return registered;
    if (/^(inject|resolve|get|create)$/.test(call.callee.at(-1) ?? '')) return /^[A-Z][\w$]*$/.test(first.text) ? classes(index, first.text, depth + 1).map((c) => ({ kind: 'instance', ...c })) : [];
    if (!passesThrough(call)) return [];
    const cached = isMemoiser(call) ? { cached: true as const } : {};
    const literal = first.functionId === undefined ? undefined : index.file.functions[first.functionId];
    if (literal) return [{ kind: 'function', index, fn: literal, ...cached }];
    return /^[\w$.]+$/.test(first.text) ? path(index, functionId, first.text.split('.'), depth + 1).flatMap((m) => (m.kind === 'function' ? [{ ...m, ...cached }] : [])) : [];
  }

  /** What a factory returns: `new X(…)`, `X(…)`, an object literal of functions. */
  function result(index: FileIndex, fn: FunctionIr, depth: number): readonly Meaning[] {
    if (depth > MAX_DEPTH) return [];
    see(index);
    const literal = fn.returns.find((returned) => returned.members !== undefined);
    if (fn.name !== '' && index.owned.has(fn.name)) return [{ kind: 'object', index, owner: fn.name, members: literal?.members, functionId: fn.id }];
    if (literal) return [{ kind: 'object', index, members: literal.members, functionId: fn.id }];
    const made = returnedClasses(index, fn);
    if (made.length > 0) return made.map((c) => ({ kind: 'class', ...c }));
    for (const returned of fn.returns) {
      const text = returned.text.trim().replace(/^await\s+/, '');
      const made = /^(?:new\s+)?([A-Za-z_$][\w$.]*)\s*(?:<[^()]*>)?\(/.exec(text)?.[1];
      const parts = (made ?? (/^[A-Za-z_$][\w$.]*$/.test(text) ? text : undefined))?.split('.');
      if (!parts) continue;
      const found = path(index, fn.id, parts, depth + 1).flatMap((m): readonly Meaning[] =>
        made === undefined ? [m] : m.kind === 'class' ? [{ kind: 'instance', index: m.index, cls: m.cls }] : m.kind === 'function' && m.fn !== fn ? result(m.index, m.fn, depth + 1) : [],
      );
      if (found.length > 0) return found;
    }
    return fn.returnType === undefined ? [] : instances(index, fn.returnType, depth + 1);
  }

  function callable(meaning: Meaning): readonly FunctionRef[] {
    if (meaning.kind === 'function') return [{ uri: meaning.index.file.uri, functionId: meaning.fn.id, ...(meaning.cached ? { cached: true as const } : {}) }];
    if (meaning.kind === 'instance' || meaning.kind === 'class') {
      const special = meaning.kind === 'instance' ? '__call__' : undefined;
      const names = special === undefined ? ['constructor', '__init__'] : [special];
      return names.flatMap((n) => {
        const fn = methodOf(meaning.index, meaning.cls, n);
        return fn ? [{ uri: meaning.index.file.uri, functionId: fn.id }] : [];
      });
    }
    return [];
  }

  /** `invoice.finalize!`, `invoices.each(&:finalize!)`: nothing in Ruby says the type, and by custom the name does. */
  function namedAfterClass(index: FileIndex, callee: readonly string[]): readonly FunctionRef[] {
    const words = callee.filter((part) => part !== '()');
    const [receiver, method] = words.slice(-2);
    if (words.length < 2 || receiver === undefined || method === undefined || !/^[a-z]\w*$/.test(receiver)) return [];
    return moduleName(index, camel(singular(receiver)), 0).flatMap((meaning) => (meaning.kind === 'class' ? member({ ...meaning, kind: 'instance' }, method, 1).flatMap(callable) : []));
  }

  const lookUp = { path, callable, namedAfterClass };
  return {
    start(seen: Set<string>): typeof lookUp {
      visited = seen;
      lookups = 0;
      if (exported.size > 0) exported.clear();
      return lookUp;
    },
  };
}

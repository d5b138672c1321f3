import type { Origin } from '../../libraries/adapter';
import type { BindOrigin } from '../ir';
import type { SyntaxNode } from '../syntax';
import type { Binding, Scopes } from './scopes';
import { stepsOf } from './steps';
import { argumentsOf, calleeName, enclosingFunction, field, freeNames, isComprehension, literalValue, parameterName, parts, pathOf, receiverOf, unwrap } from './syntaxTools';

const maximumHops = 12;
const unknown: Origin = { kind: 'unknown' };

/** Traces an expression to where its value was made: import, call, parameter, attribute of `self`. */
export function originOf(node: SyntaxNode, scopes: Scopes, hops = 0): Origin {
  if (hops > maximumHops) return unknown;
  const inner = unwrap(node);
  if (inner.type === 'identifier') return originOfName(inner, scopes, hops);
  if (inner.type === 'attribute') {
    const object = field(inner, 'object');
    const name = field(inner, 'attribute')?.text;
    if (!object || !name) return unknown;
    if (object.type === 'identifier' && (object.text === 'self' || object.text === 'cls')) return originOfField(inner, name, scopes, hops);
    const base = originOf(object, scopes, hops + 1);
    const linked = base.kind === 'import' ? scopes.follow(inner, base.module, base.imported, [...base.path, name]) : undefined;
    const known = linked && originOfBinding(linked, scopes, hops + 1);
    if (known && isMade(known)) return known;
    if (base.kind === 'import' || base.kind === 'parameter') return { ...base, path: [...base.path, name] };
    if (base.kind === 'field') return { kind: 'field', path: [...base.path, name] };
    return base.kind === 'unknown' ? { kind: 'field', path: pathOf(inner) ?? [name] } : unknown;
  }
  if (inner.type === 'call') {
    const callee = field(inner, 'function');
    const path = callee && pathOf(callee);
    if (!path) return unknown;
    const made = hops < maximumHops ? originOfResult(inner, scopes, hops) : undefined;
    if (made) return made;
    return /^[A-Z]/.test(path.at(-1) ?? '') ? { kind: 'construct', callee: path, node: inner } : { kind: 'call', callee: path, node: inner };
  }
  return { kind: 'node', node: inner };
}

function originOfName(node: SyntaxNode, scopes: Scopes, hops: number): Origin {
  const steps = stepsOf(node.text, node, scopes);
  const binding = steps?.filter((step) => step.binding.kind !== 'augmented').at(-1)?.binding ?? scopes.resolve(node.text, node)?.bindings[0];
  return binding ? originOfBinding(binding, scopes, hops) : unknown;
}

function originOfBinding(binding: Binding, scopes: Scopes, hops: number): Origin {
  switch (binding.kind) {
    case 'import':
      return binding.import ? originOfImport(binding.node, binding.import, scopes, hops) : unknown;
    case 'parameter': {
      const dependency = binding.value && dependencyOf(binding.value);
      if (dependency) return { kind: 'call', callee: pathOf(dependency) ?? [], node: dependency };
      return { kind: 'parameter', index: binding.index ?? 0, name: binding.name, type: binding.type, path: [] };
    }
    case 'assign':
    case 'with':
      if (binding.type) return { kind: 'field', path: [binding.name], type: binding.type };
      return binding.value ? originOf(binding.value, scopes, hops + 1) : unknown;
    case 'for':
      return binding.value ? { kind: 'node', node: binding.value } : unknown;
    default:
      return unknown;
  }
}

const isMade = (origin: Origin): boolean => origin.kind === 'construct' || origin.kind === 'call' || origin.kind === 'import' || (origin.kind === 'field' && origin.type !== undefined);

function originOfImport(at: SyntaxNode, { module, imported }: { readonly module: string; readonly imported: string }, scopes: Scopes, hops: number): Origin {
  const linked = hops < maximumHops ? scopes.follow(at, module, imported) : undefined;
  const origin = linked && originOfBinding(linked, scopes, hops + 1);
  return origin && isMade(origin) ? origin : { kind: 'import', module, imported, path: [] };
}

/** What a project function that makes a client returns: `get_pool()`; its declared type where nothing better is known. */
function originOfResult(call: SyntaxNode, scopes: Scopes, hops: number): Origin | undefined {
  const fn = functionOf(call, scopes, Math.max(4, hops));
  if (!fn) return undefined;
  const value = returnedValue(fn);
  const origin = value && originOf(value, scopes, hops + 3);
  if (origin && (isMade(origin) && !(origin.kind === 'call' && origin.node.id === call.id))) return origin;
  const type = field(fn, 'return_type')?.text;
  return type !== undefined && /^[A-Z]\w*$/.test(type) ? { kind: 'field', path: [pathOf(call)?.join('.') ?? ''], type, at: fn } : undefined;
}

/** The value that a function returns, where its last statement is its only `return`. */
export function returnedValue(fn: SyntaxNode): SyntaxNode | undefined {
  const body = field(fn, 'body');
  const last = body && parts(body).at(-1);
  return body && last?.type === 'return_statement' && countReturns(body) === 1 ? parts(last)[0] : undefined;
}

function countReturns(node: SyntaxNode): number {
  if (node.type === 'return_statement') return 1;
  if (/^(function_definition|lambda|class_definition)$/.test(node.type)) return 0;
  return node.namedChildren.reduce((sum, child) => sum + countReturns(child), 0);
}

/**
 * The definition that a call names, in this file or, through the scopes, in another: `helper(…)`, `module.helper(…)`,
 * `self.helper(…)` (of a base class too), `self.repo.find(…)` by the field's class.
 */
export function functionOf(call: SyntaxNode, scopes: Scopes, hops = 0): SyntaxNode | undefined {
  const name = calleeName(call)?.text;
  const receiver = receiverOf(call);
  if (name === undefined || hops > 6) return undefined;
  if (!receiver) {
    const found = declared(name, call, scopes);
    const whole = partialOf(found)?.positional[0];
    const behind = whole?.type === 'identifier' ? declared(whole.text, whole, scopes) : found;
    return behind?.kind === 'function' ? behind.node : undefined;
  }
  if (receiver.text === 'self' || receiver.text === 'cls' || receiver.text === 'super()') {
    const owner = enclosingClass(call);
    return owner && methodOf(owner, name, scopes, 0);
  }
  if (receiver.type === 'identifier') {
    const bindings = scopes.resolve(receiver.text, receiver)?.bindings;
    const only = bindings?.length === 1 ? bindings[0] : undefined;
    const linked = only?.import && scopes.follow(only.node, only.import.module, only.import.imported, [name]);
    if (linked?.kind === 'function') return linked.node;
  }
  const origin = originOf(receiver, scopes, hops + 4);
  const type = origin.kind === 'construct' ? (origin.callee.length === 1 ? origin.callee[0] : undefined) : origin.kind === 'field' || origin.kind === 'parameter' ? /^[A-Z]\w*$/.exec(origin.type ?? '')?.[0] : undefined;
  const at = origin.kind === 'construct' ? origin.node : origin.kind === 'field' ? origin.at ?? receiver : receiver;
  const owner = type === undefined ? undefined : declared(type, at, scopes);
  return owner?.kind === 'class' ? methodOf(owner.node, name, scopes, 0) : undefined;
}

/** The function or class that a name is bound to, once. */
function declared(name: string, at: SyntaxNode, scopes: Scopes): Binding | undefined {
  const bindings = scopes.resolve(name, at)?.bindings;
  const only = bindings?.length === 1 ? bindings[0] : undefined;
  return only?.import ? scopes.follow(only.node, only.import.module, only.import.imported) : only;
}

function methodOf(owner: SyntaxNode, name: string, scopes: Scopes, hops: number): SyntaxNode | undefined {
  const own = scopes.scopeAt(owner)?.bindings.get(name);
  if (own) return own.length === 1 && own[0]?.kind === 'function' ? own[0].node : undefined;
  const bases = field(owner, 'superclasses');
  for (const base of bases && hops < 6 ? parts(bases) : []) {
    const found = base.type === 'identifier' ? declared(base.text, owner, scopes) : undefined;
    const method = found?.kind === 'class' && found.node.id !== owner.id ? methodOf(found.node, name, scopes, hops + 1) : undefined;
    if (method) return method;
  }
  return undefined;
}

/** The arguments of a call by the names of the function's parameters; what `*args` takes is left out. */
export function argumentsByName(call: SyntaxNode, fn: SyntaxNode, scopes?: Scopes): ReadonlyMap<string, SyntaxNode> {
  const list = field(fn, 'parameters');
  const parameters = list ? parts(list) : [];
  const names = parameters.filter((parameter) => !/splat|separator/.test(parameter.type)).flatMap((parameter) => parameterName(parameter)?.text ?? []);
  // What stands behind `*args` is known by its first: a text, as a rule.
  const rest = parameters.find((parameter) => parameter.type === 'list_splat_pattern');
  const bound = receiverOf(call) !== undefined && /^(self|cls)$/.test(names[0] ?? '') ? names.slice(1) : names;
  const own = argumentsOf(call);
  const before = scopes && receiverOf(call) === undefined ? partialOf(declared(calleeName(call)?.text ?? '', call, scopes)) : undefined;
  const positional = [...(before?.positional.slice(1) ?? []), ...own.positional];
  const given = new Map<string, SyntaxNode>();
  for (const [index, value] of positional.entries()) {
    const name = bound[index] ?? (index === bound.length ? rest && parameterName(rest)?.text : undefined);
    if (value.type === 'list_splat' || name === undefined) break;
    given.set(name, value);
  }
  for (const [name, value] of [...(before?.keyword ?? []), ...own.keyword]) if (bound.includes(name)) given.set(name, value);
  return given;
}

/** `run = functools.partial(execute, conn)`: what is given in advance, the function first. */
function partialOf(binding: Binding | undefined): ReturnType<typeof argumentsOf> | undefined {
  const value = binding?.kind === 'assign' && binding.value ? unwrap(binding.value) : undefined;
  return value?.type === 'call' && /^(?:functools\.)?partial$/.test(field(value, 'function')?.text ?? '') ? argumentsOf(value) : undefined;
}

/** `Depends(get_db)` → the callable's node. */
function dependencyOf(value: SyntaxNode): SyntaxNode | undefined {
  const inner = unwrap(value);
  if (inner.type !== 'call' || pathOf(inner)?.at(-2) !== 'Depends') return undefined;
  const list = field(inner, 'arguments');
  const first = list && parts(list)[0];
  return first && pathOf(first) && first.type !== 'keyword_argument' ? first : undefined;
}

/** `self.x`: the annotation in the class body, or what the class' methods assign to it. */
function originOfField(node: SyntaxNode, name: string, scopes: Scopes, hops: number): Origin {
  const owner = enclosingClass(node);
  const found: Origin = { kind: 'field', path: ['self', name] };
  if (!owner) return found;
  const declared = scopes.scopeAt(owner)?.bindings.get(name)?.[0];
  if (declared?.type) return { ...found, type: declared.type };
  if (declared?.value) return originOf(declared.value, scopes, hops + 1);
  const assigned = selfAssignments(owner).find((assignment) => assignment.name === name);
  if (!assigned) return found;
  if (assigned.type) return { ...found, type: assigned.type };
  const origin = assigned.value ? originOf(assigned.value, scopes, hops + 1) : unknown;
  if (origin.kind === 'parameter' && origin.type && origin.path.length === 0) return { ...found, type: origin.type };
  return origin.kind === 'construct' || origin.kind === 'call' || origin.kind === 'import' ? origin : found;
}

interface SelfAssignment {
  readonly name: string;
  readonly value?: SyntaxNode;
  readonly type?: string;
  readonly node: SyntaxNode;
}

const selfAssignmentsOf = new WeakMap<SyntaxNode, readonly SelfAssignment[]>();

/** Every `self.x = …` in the methods of a class; read once for each class node. */
export function selfAssignments(owner: SyntaxNode): readonly SelfAssignment[] {
  const known = selfAssignmentsOf.get(owner);
  if (known) return known;
  const found = readSelfAssignments(owner);
  selfAssignmentsOf.set(owner, found);
  return found;
}

function readSelfAssignments(owner: SyntaxNode): readonly SelfAssignment[] {
  const found: SelfAssignment[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.type === 'class_definition') return;
    if (node.type === 'assignment') {
      const left = field(node, 'left');
      const object = left?.type === 'attribute' ? field(left, 'object') : undefined;
      const name = left?.type === 'attribute' ? field(left, 'attribute') : undefined;
      if (object?.text === 'self' && name) found.push({ name: name.text, value: field(node, 'right'), type: field(node, 'type')?.text, node });
    }
    for (const child of node.namedChildren) visit(child);
  };
  const body = field(owner, 'body');
  for (const child of body?.namedChildren ?? []) visit(child);
  return found;
}

export function enclosingClass(node: SyntaxNode): SyntaxNode | undefined {
  for (let current = node.parent; current; current = current.parent) if (current.type === 'class_definition') return current;
  return undefined;
}

const requestModules = /^(flask|fastapi|starlette|django|quart|sanic|aiohttp|rest_framework|bottle|litestar)\b/;

/** What an expression depends on, the most interesting kind of its names first: request, loop element, parameter, local. */
export function bindOriginOf(node: SyntaxNode, scopes: Scopes, isEntry: (fn: SyntaxNode) => boolean): BindOrigin {
  const inner = unwrap(node);
  if (literalValue(inner) !== undefined) return 'literal';
  const found = new Set<BindOrigin>();
  const seen = new Set<string>();
  const visit = (at: SyntaxNode, hops: number): void => {
    for (const name of freeNames(at)) {
      const key = `${name}@${at.id}`;
      if (seen.has(key) || hops > 4) continue;
      seen.add(key);
      const resolved = scopes.resolve(name, at);
      const binding = stepsOf(name, at, scopes)?.at(-1)?.binding ?? resolved?.bindings[0];
      if (!binding) continue;
      if (binding.kind === 'import') found.add(name === 'request' && requestModules.test(binding.import?.module ?? '') ? 'request' : 'imported');
      else if (binding.kind === 'parameter') {
        const owner = enclosingFunction(binding.node) === undefined || resolved?.scope.node.type !== 'lambda' ? resolved?.scope.node : undefined;
        if (name === 'self' || name === 'cls') found.add('local');
        else found.add((owner && isEntry(owner) && !/\bDepends\(/.test(binding.value?.text ?? '')) || name === 'request' ? 'request' : 'parameter');
      } else if (binding.kind === 'for') found.add(encloses(binding.node, at) ? 'loop' : 'local');
      else if (binding.value && madeElsewhere(binding.value)) found.add('local');
      else if (binding.value && !sameStatement(binding.value, at)) {
        const before = found.size;
        visit(binding.value, hops + 1);
        if (found.size === before) found.add('local');
      } else found.add('local');
    }
  };
  visit(inner, 0);
  for (const kind of ['request', 'loop', 'parameter', 'local', 'imported'] as const) if (found.has(kind)) return kind;
  return 'unknown';
}

const conversions = /^(int|str|float|bool|bytes|list|set|tuple|dict|UUID|Decimal|date|datetime|sorted|min|max|abs|len)$/;
const fetchers = /^(execute|scalars?|query|fetch\w*|all|first|one|one_or_none|get_or_404|exec|stream)$/;

/** The value comes from somewhere else, whatever was given to ask for it: a query's result, a function's result. */
function madeElsewhere(value: SyntaxNode): boolean {
  if (value.type === 'await') return true;
  const inner = unwrap(value);
  if (inner.type !== 'call') return false;
  const path = pathOf(inner)?.filter((part) => part !== '()' && part !== '[]') ?? [];
  if (path.length === 1) return !conversions.test(path[0] ?? '');
  return path.some((part) => fetchers.test(part));
}

const sameStatement = (value: SyntaxNode, at: SyntaxNode): boolean => value.startIndex <= at.startIndex && at.endIndex <= value.endIndex;

function encloses(clause: SyntaxNode, node: SyntaxNode): boolean {
  const loop = clause.type === 'for_in_clause' ? clause.parent : clause;
  return !!loop && (loop.type === 'for_statement' || isComprehension(loop)) && sameStatement(loop, node);
}


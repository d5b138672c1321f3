import type { SyntaxNode } from '../syntax';
import type { AssignForm } from './forms';
import type { Source } from './source';

/** How a name gets a value. */
export interface Binding {
  readonly kind: 'parameter' | 'assign' | 'adds' | 'append' | 'element';
  /** The assignment, the call that appends, the function, the loop. */
  readonly node: SyntaxNode;
  readonly value?: SyntaxNode;
  readonly type?: string;
  /** Position in the list of parameters or targets. */
  readonly index: number;
  /** Where it counts from. */
  readonly start: number;
  /** An appended value is a parameter, not text. */
  readonly held?: boolean;
}

/** The names of a file: who gives them values, and the paths by which they are reached. */
export interface Names {
  /** Bindings of a name that are visible at a node, of the innermost function that has any; `top` says that it is no local. */
  bindings(name: string, at: SyntaxNode): { readonly list: readonly Binding[]; readonly fn?: SyntaxNode; readonly top: boolean } | undefined;
  /** Names bound in a function itself. */
  boundIn(fn: SyntaxNode | undefined): ReadonlyMap<string, readonly Binding[]>;
  /** `['this', 'users', 'find']`; `()` for a call inside, `?` for what has no name. */
  path(node: SyntaxNode): readonly string[];
  calleePath(call: SyntaxNode): readonly string[];
  /** Free names in an expression. */
  free(node: SyntaxNode): readonly string[];
  /** What the object is called in the method that contains the node. */
  selfOf(node: SyntaxNode): string | undefined;
  typeOfField(name: string, at: SyntaxNode): string | undefined;
  /** Declared type of a variable, a parameter or a field of the object at hand. */
  typeOf(node: SyntaxNode): string | undefined;
}

export function readNames(source: Source, fieldsOf: (at: SyntaxNode) => ReadonlyMap<string, string>, isOwnMember: (name: string, at: SyntaxNode) => boolean): Names {
  const { spec } = source;
  const scopes = new Map<number, Map<string, Binding[]>>();
  const key = (fn: SyntaxNode | undefined): number => fn?.id ?? -1;
  const add = (fn: SyntaxNode | undefined, name: string, binding: Binding): void => {
    let scope = scopes.get(key(fn));
    if (!scope) scopes.set(key(fn), (scope = new Map<string, Binding[]>()));
    const list = scope.get(name);
    if (list) list.push(binding);
    else scope.set(name, [binding]);
  };
  const targetNames = (target: SyntaxNode): string[] => {
    const form = source.form(target);
    if (form?.kind === 'name') return [form.name];
    if (form?.kind === 'wrap') return targetNames(form.inner);
    if (form?.kind === 'list') return form.items.flatMap(targetNames);
    return form === undefined ? target.namedChildren.flatMap(targetNames) : [];
  };
  const addAssign = (node: SyntaxNode, form: AssignForm, fn: SyntaxNode | undefined): void => {
    form.targets.forEach((target, index) => {
      const value = form.values[Math.min(index, form.values.length - 1)];
      for (const name of targetNames(target)) add(fn, name, { kind: form.adds ? 'adds' : 'assign', node, value, type: form.type, index: form.values.length === form.targets.length ? 0 : index, start: node.startIndex });
    });
  };
  const visit = (node: SyntaxNode, fn: SyntaxNode | undefined): void => {
    const form = source.form(node);
    let inner = fn;
    if (form?.kind === 'function') {
      if (source.functionId(node) !== undefined) inner = node;
      form.parameters.forEach((parameter, index) => add(inner, parameter.name, { kind: inner === node ? 'parameter' : 'element', node, type: parameter.type, index, start: node.startIndex }));
    } else if (form?.kind === 'assign') addAssign(node, form, fn);
    else if (form?.kind === 'loop') for (const name of form.elements) add(fn, name, { kind: 'element', node, value: form.iterable, index: 0, start: node.startIndex });
    else if (form?.kind === 'call' && form.receiver && (spec.appends.test(form.name.text) || spec.binds?.test(form.name.text))) {
      const target = builderName(form.receiver);
      if (target !== undefined) for (const argument of form.args.slice(0, 1)) add(fn, target, { kind: 'append', node, value: argument.node, index: 0, start: form.name.startIndex, ...(spec.binds?.test(form.name.text) ? { held: true } : {}) });
    }
    for (const child of node.namedChildren) visit(child, inner);
  };
  /** `sb` of `sb.append(a).append(b)`. */
  const builderName = (receiver: SyntaxNode): string | undefined => {
    const inner = source.unwrap(receiver);
    const form = source.form(inner);
    if (form?.kind === 'name') return form.name;
    return form?.kind === 'call' && form.receiver && (spec.appends.test(form.name.text) || spec.binds?.test(form.name.text) === true) ? builderName(form.receiver) : undefined;
  };
  visit(source.root, undefined);
  for (const scope of scopes.values()) for (const list of scope.values()) list.sort((a, b) => a.start - b.start || (a.node.endIndex - b.node.endIndex));

  const nothing: ReadonlyMap<string, readonly Binding[]> = new Map();
  const boundIn = (fn: SyntaxNode | undefined): ReadonlyMap<string, readonly Binding[]> => scopes.get(key(fn)) ?? nothing;
  const functionAround = (node: SyntaxNode): SyntaxNode | undefined => (source.functionId(node) === undefined ? source.functionOf(node) : node);
  const bindings: Names['bindings'] = (name, at) => {
    for (let fn = functionAround(at); fn; fn = source.functionOf(fn)) {
      const list = boundIn(fn).get(name);
      if (list) return { list, fn, top: false };
    }
    const list = boundIn(undefined).get(name);
    return list && { list, top: true };
  };
  const selfOf = (node: SyntaxNode): string | undefined => {
    for (let fn = functionAround(node); fn; fn = source.functionOf(fn)) {
      const self = source.functionForm(fn)?.self;
      if (self !== undefined) return self;
    }
    return undefined;
  };
  const namePath = (name: string, node: SyntaxNode): readonly string[] => {
    if (name === selfOf(node) && bindings(name, node)?.top !== false) return ['this'];
    if (spec.implicitThis && bindings(name, node)?.top !== false && isOwnMember(name, node)) return ['this', name];
    return [name];
  };
  const path = (node: SyntaxNode): readonly string[] => {
    const inner = source.unwrap(node);
    const form = source.form(inner);
    switch (form?.kind) {
      case 'name':
        return namePath(form.name, inner);
      case 'self':
        return ['this'];
      case 'super':
        return ['super'];
      case 'field':
        return ['this', form.name];
      case 'member':
      case 'reference':
        return [...path(form.object), form.name.text.replace(/^\$/, '')];
      case 'call':
        return [...calleePath(inner), '()'];
      default:
        return ['?'];
    }
  };
  const calleePath = (call: SyntaxNode): readonly string[] => {
    const form = source.callForm(call);
    if (!form) return ['?'];
    const name = form.name.text;
    return form.receiver ? [...path(form.receiver), name] : form.constructs ? name.split(/[.\\]|::/).slice(-1) : spec.implicitThis && isOwnMember(name, call) && !bindings(name, call) ? ['this', name] : name.split('::');
  };
  const free = (node: SyntaxNode): readonly string[] => {
    const found = new Set<string>();
    const visitFree = (current: SyntaxNode): void => {
      const form = source.form(current);
      switch (form?.kind) {
        case 'name':
          if (!spec.ignoredNames?.test(form.name)) found.add(form.name);
          return;
        case 'field':
          found.add(form.name);
          return;
        case 'member':
        case 'reference':
          visitFree(form.object);
          return;
        case 'call':
          if (form.receiver) visitFree(form.receiver);
          for (const argument of form.args) visitFree(argument.node);
          for (const more of form.also ?? []) visitFree(more);
          if (form.literal) visitFree(form.literal);
          if (form.block) visitFree(form.block);
          return;
        case 'record':
          for (const { value } of form.entries) visitFree(value);
          return;
        case 'text':
          for (const piece of form.pieces) if ('expression' in piece) visitFree(piece.expression);
          return;
        case 'function': {
          const inner = form.body ? free(form.body) : [];
          for (const name of inner) if (!form.parameters.some((parameter) => parameter.name === name)) found.add(name);
          return;
        }
        case 'comment':
          return;
        default:
          for (const child of current.namedChildren) visitFree(child);
      }
    };
    visitFree(node);
    return [...found];
  };
  return { bindings, boundIn, path, calleePath, free, selfOf, typeOfField: (name, at) => fieldsOf(at).get(name),
    typeOf(node) {
      const inner = source.unwrap(node);
      const form = source.form(inner);
      const found = form?.kind === 'name' ? bindings(form.name, inner) : undefined;
      if (found) return found.list.find((binding) => binding.type !== undefined)?.type;
      const [head, name, ...rest] = path(inner);
      return head === 'this' && name !== undefined && rest.length === 0 ? fieldsOf(inner).get(name) : undefined;
    },
  };
}

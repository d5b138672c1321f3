import type { SyntaxNode } from '../syntax';
import { field, isComprehension, isFunction, parameterName, parts, targetNames, unwrap } from './syntaxTools';

/** One place that gives a name its value. */
export interface Binding {
  readonly name: string;
  readonly kind: 'assign' | 'augmented' | 'with' | 'for' | 'parameter' | 'import' | 'function' | 'class' | 'except' | 'unpack';
  /** Statement or clause that binds. */
  readonly node: SyntaxNode;
  /** Value assigned, context manager, iterable, default value. */
  readonly value?: SyntaxNode;
  /** Annotation as written. */
  readonly type?: string;
  /** `parameter`: position; `unpack`: position in the target. */
  readonly index?: number;
  /** From here on the name has the value. */
  readonly end: number;
  readonly import?: { readonly module: string; readonly imported: string };
  /** `+=`, `|=` … */
  readonly operator?: string;
}

export interface Scope {
  readonly node: SyntaxNode;
  readonly kind: 'module' | 'function' | 'class' | 'comprehension';
  readonly parent?: Scope;
  readonly bindings: Map<string, Binding[]>;
}

export interface Scopes {
  readonly module: Scope;
  /** Innermost scope that contains the node. A class' scope counts only for code directly in the class body. */
  scopeOf(node: SyntaxNode): Scope;
  /** The scope and bindings that a name used at `node` refers to. */
  resolve(name: string, node: SyntaxNode): { readonly scope: Scope; readonly bindings: readonly Binding[] } | undefined;
  scopeAt(node: SyntaxNode): Scope | undefined;
  /** What a name (with attributes taken of it) is that an import at a node brings from another file; undefined where that is not known. */
  follow(at: SyntaxNode, module: string, imported: string, path?: readonly string[]): Binding | undefined;
  /** Does something while a function's parameters stand for the arguments of one call of it; undefined where that would not end. */
  substitute<T>(fn: SyntaxNode, args: ReadonlyMap<string, SyntaxNode>, act: () => T): T | undefined;
  /** Is that being done? Then what a name means depends on the call. */
  readonly substituting: boolean;
}

/** Collects every scope of a file and what each binds. One walk over the tree. */
export function collectScopes(root: SyntaxNode): Scopes {
  const byNode = new Map<number, Scope>();
  const open = (node: SyntaxNode, kind: Scope['kind'], parent?: Scope): Scope => {
    const scope: Scope = { node, kind, parent, bindings: new Map() };
    byNode.set(node.id, scope);
    return scope;
  };
  const add = (scope: Scope, binding: Binding): void => {
    const list = scope.bindings.get(binding.name);
    if (list) list.push(binding);
    else scope.bindings.set(binding.name, [binding]);
  };

  const bindTarget = (scope: Scope, target: SyntaxNode, binding: Omit<Binding, 'name'>): void => {
    const inner = unwrap(target);
    if (inner.type === 'identifier') add(scope, { ...binding, name: inner.text });
    else if (inner.type === 'pattern_list' || inner.type === 'tuple_pattern' || inner.type === 'list_pattern' || inner.type === 'tuple' || inner.type === 'list') {
      parts(inner).forEach((child, index) => {
        for (const name of targetNames(child)) add(scope, { ...binding, name, kind: binding.kind === 'assign' ? 'unpack' : binding.kind, index });
      });
    } else if (inner.type === 'as_pattern_target') for (const child of parts(inner)) bindTarget(scope, child, binding);
  };

  const visit = (node: SyntaxNode, scope: Scope): void => {
    switch (node.type) {
      case 'function_definition':
      case 'lambda': {
        const name = field(node, 'name');
        if (name) add(scope, { name: name.text, kind: 'function', node, end: node.endIndex });
        const inner = open(node, 'function', scope);
        const parameters = field(node, 'parameters');
        parts(parameters ?? node).forEach((parameter, index) => {
          if (!parameters) return;
          const named = parameterName(parameter);
          const value = field(parameter, 'value');
          if (named) add(inner, { name: named.text, kind: 'parameter', node: parameter, value, type: field(parameter, 'type')?.text, index, end: parameter.endIndex });
          if (value) visit(value, scope);
        });
        const body = field(node, 'body');
        if (body) visit(body, inner);
        return;
      }
      case 'class_definition': {
        const name = field(node, 'name');
        if (name) add(scope, { name: name.text, kind: 'class', node, end: node.endIndex });
        const inner = open(node, 'class', scope);
        const body = field(node, 'body');
        if (body) visit(body, inner);
        return;
      }
      case 'assignment': {
        const left = field(node, 'left');
        let right = field(node, 'right');
        while (right?.type === 'assignment') right = field(right, 'right');
        if (left) bindTarget(scope, left, { kind: 'assign', node, value: right, type: field(node, 'type')?.text, end: node.endIndex });
        break;
      }
      case 'augmented_assignment': {
        const left = field(node, 'left');
        if (left?.type === 'identifier') add(scope, { name: left.text, kind: 'augmented', node, value: field(node, 'right'), operator: field(node, 'operator')?.text, end: node.endIndex });
        break;
      }
      case 'named_expression': {
        const name = field(node, 'name');
        let target = scope;
        while (target.kind === 'comprehension' && target.parent) target = target.parent;
        if (name) add(target, { name: name.text, kind: 'assign', node, value: field(node, 'value'), end: node.endIndex });
        break;
      }
      case 'for_statement': {
        const left = field(node, 'left');
        if (left) bindTarget(scope, left, { kind: 'for', node, value: field(node, 'right'), end: left.endIndex });
        break;
      }
      case 'for_in_clause': {
        const left = field(node, 'left');
        if (left) bindTarget(scope, left, { kind: 'for', node, value: field(node, 'right'), end: node.startIndex });
        break;
      }
      case 'as_pattern': {
        const alias = field(node, 'alias');
        const value = parts(node)[0];
        const kind = node.parent?.type === 'with_item' ? 'with' : 'except';
        if (alias) bindTarget(scope, alias, { kind, node, value, end: node.endIndex });
        break;
      }
      case 'import_statement':
      case 'import_from_statement':
        for (const item of importsOf(node)) add(scope, { name: item.local, kind: 'import', node, end: node.endIndex, import: item });
        return;
      default:
        if (isComprehension(node)) {
          const inner = open(node, 'comprehension', scope);
          for (const child of node.namedChildren) visit(child, inner);
          return;
        }
    }
    for (const child of node.namedChildren) visit(child, scope);
  };

  const module = open(root, 'module');
  for (const child of root.namedChildren) visit(child, module);

  /** Several adapters ask about the names of each call. */
  const around = new Map<number, Scope>();
  const scopeOf = (node: SyntaxNode): Scope => {
    let scope = around.get(node.id);
    if (!scope) around.set(node.id, (scope = findScope(node)));
    return scope;
  };
  const findScope = (node: SyntaxNode): Scope => {
    let fromFunction = false;
    for (let current = node.parent, child: SyntaxNode = node; current; child = current, current = current.parent) {
      const scope = byNode.get(current.id);
      if (!scope) continue;
      if (isFunction(current)) {
        if (field(current, 'body')?.id !== child.id) continue;
        return scope;
      }
      if (scope.kind === 'class' && (fromFunction || field(current, 'body')?.id !== child.id)) continue;
      fromFunction ||= isFunction(current);
      return scope;
    }
    return module;
  };

  return {
    module,
    scopeOf,
    scopeAt: (node) => byNode.get(node.id),
    follow: () => undefined,
    substitute: (_fn, _args, act) => act(),
    substituting: false,
    resolve(name, node) {
      const start = scopeOf(node);
      for (let scope: Scope | undefined = start; scope; scope = scope.parent) {
        if (scope.kind === 'class' && scope !== start) continue;
        const bindings = scope.bindings.get(name);
        if (bindings) return { scope, bindings };
      }
      return undefined;
    },
  };
}

/** The names an import statement binds. Relative modules keep their dots (`..models.user`); `import a.b` binds `a`. */
export function importsOf(node: SyntaxNode): readonly { readonly local: string; readonly module: string; readonly imported: string }[] {
  const found: { local: string; module: string; imported: string }[] = [];
  if (node.type === 'import_statement') {
    for (const item of parts(node)) {
      const name = item.type === 'aliased_import' ? field(item, 'name')?.text : item.text;
      const alias = item.type === 'aliased_import' ? field(item, 'alias')?.text : undefined;
      if (!name) continue;
      if (alias) found.push({ local: alias, module: name, imported: '*' });
      else found.push({ local: name.split('.')[0] ?? name, module: name.split('.')[0] ?? name, imported: '*' });
    }
    return found;
  }
  const moduleNode = field(node, 'module_name');
  const module = moduleNode?.text ?? '';
  for (const item of parts(node)) {
    if (item.id === moduleNode?.id) continue;
    if (item.type === 'wildcard_import') found.push({ local: '*', module, imported: '*' });
    else {
      const name = item.type === 'aliased_import' ? field(item, 'name')?.text : item.text;
      if (name) found.push({ local: (item.type === 'aliased_import' ? field(item, 'alias')?.text : undefined) ?? name, module, imported: name });
    }
  }
  return found;
}

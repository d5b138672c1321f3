import type { SyntaxNode } from '../syntax';
import { callParts, isFunction, keyName, typeText, unwrap } from './syntaxTools';

/** A name bound in the file. */
export interface Declaration {
  readonly kind: 'variable' | 'parameter' | 'function' | 'class' | 'import' | 'element' | 'catch';
  readonly name: string;
  /** The identifier that binds it. */
  readonly node: SyntaxNode;
  /** Node whose names live in this scope: program, block, function, loop. */
  readonly scope: SyntaxNode;
  /** Initial value of the whole pattern; for `element` the iterated expression, for functions and classes the declaration. */
  readonly value?: SyntaxNode;
  /** Way from the value to the name when destructured. */
  readonly path: readonly string[];
  readonly type?: string;
  readonly constant: boolean;
  /** Of a parameter. */
  readonly index?: number;
  readonly owner?: SyntaxNode;
  readonly import?: { readonly module: string; readonly imported: string };
  /** Assignments and `.push(…)` calls to the name, in order of text. */
  readonly writes: SyntaxNode[];
}

/** What a name of another file is, with the properties that are left to take of it. */
export interface Linked {
  readonly declaration: Declaration;
  readonly path: readonly string[];
}

export interface Scopes {
  /** The declaration that a name stands for at a node. */
  find(name: string, at: SyntaxNode): Declaration | undefined;
  /** Follows an import (and properties taken of it) to the declaration in another file; undefined where that is not known. */
  follow(declaration: Declaration, path?: readonly string[]): Linked | undefined;
  /** The document that a name of the file's top level is imported from, the last one that is known on the way. */
  sourceOf(name: string): string | undefined;
  /** A declaration of the file's top level. */
  top(name: string): Declaration | undefined;
  /** Does something while a function's parameters stand for the arguments of one call of it; undefined where that would not end. */
  substitute<T>(fn: SyntaxNode, args: readonly (SyntaxNode | undefined)[], act: () => T): T | undefined;
  /** Is that being done? Then what a name means depends on the call. */
  readonly substituting: boolean;
  /** Every identifier that means this declaration, its own excluded. */
  references(declaration: Declaration): readonly SyntaxNode[];
  /** Class declarations and expressions, with the node of each method and field. */
  readonly classes: readonly SyntaxNode[];
  readonly comments: readonly SyntaxNode[];
}

const scopeTypes = new Set(['program', 'statement_block', 'for_statement', 'for_in_statement', 'catch_clause', 'switch_body', 'class_static_block']);
/** Deeper code is not looked at: the stack is finite. */
const maxDepth = 500;

/** Collects every declaration and write of a file in one pass. */
export function createScopes(root: SyntaxNode): Scopes {
  const tables = new Map<number, Map<string, Declaration>>();
  const identifiers = new Map<string, SyntaxNode[]>();
  const writes: { readonly name: string; readonly at: SyntaxNode; readonly node: SyntaxNode }[] = [];
  const classes: SyntaxNode[] = [];
  const comments: SyntaxNode[] = [];

  const add = (declaration: Declaration): void => {
    let table = tables.get(declaration.scope.id);
    if (!table) tables.set(declaration.scope.id, (table = new Map()));
    if (!table.has(declaration.name)) table.set(declaration.name, declaration);
  };
  const find = (name: string, at: SyntaxNode): Declaration | undefined => {
    for (let node: SyntaxNode | null = at; node; node = node.parent) {
      const found = tables.get(node.id)?.get(name);
      if (found) return found;
    }
    return undefined;
  };

  const bindPattern = (pattern: SyntaxNode, path: readonly string[], base: Omit<Declaration, 'name' | 'node' | 'path' | 'writes'>): void => {
    switch (pattern.type) {
      case 'identifier':
      case 'shorthand_property_identifier_pattern':
        add({ ...base, name: pattern.text, node: pattern, path: pattern.type === 'identifier' ? path : [...path, pattern.text], writes: [] });
        return;
      case 'pair_pattern': {
        const value = pattern.childForFieldName('value');
        if (value) bindPattern(value, [...path, keyName(pattern.childForFieldName('key')) ?? '?'], base);
        return;
      }
      case 'assignment_pattern':
      case 'object_assignment_pattern': {
        const left = pattern.childForFieldName('left');
        if (left) bindPattern(left, path, base);
        return;
      }
      case 'object_pattern':
        for (const child of pattern.namedChildren) bindPattern(child, path, base);
        return;
      case 'array_pattern': {
        let index = 0;
        for (const child of pattern.children) {
          if (child.type === ',') index++;
          else if (child.type !== '[' && child.type !== ']') bindPattern(child, [...path, String(index)], base);
        }
        return;
      }
      case 'rest_pattern':
        for (const child of pattern.namedChildren) bindPattern(child, [...path, '...'], base);
        return;
    }
  };

  const bindParameters = (fn: SyntaxNode): void => {
    const single = fn.childForFieldName('parameter');
    if (single) {
      bindPattern(single, [], { kind: 'parameter', scope: fn, constant: false, index: 0, owner: fn });
      return;
    }
    let index = 0;
    for (const parameter of fn.childForFieldName('parameters')?.namedChildren ?? []) {
      if (parameter.type === 'comment' || parameter.type === 'decorator') continue;
      const pattern = parameter.childForFieldName('pattern') ?? parameter;
      if (pattern.type === 'this') continue;
      bindPattern(pattern, [], { kind: 'parameter', scope: fn, constant: false, index, owner: fn, type: typeText(parameter.childForFieldName('type')) });
      index++;
    }
  };

  const bindImport = (statement: SyntaxNode): void => {
    const bind = (node: SyntaxNode | null | undefined, module: string, imported: string): void => {
      if (node) add({ kind: 'import', name: node.text, node, scope: root, constant: true, path: [], import: { module, imported }, writes: [] });
    };
    const clause = statement.namedChildren.find((child) => child.type === 'import_clause');
    const required = statement.namedChildren.find((child) => child.type === 'import_require_clause');
    const module = keyName(statement.childForFieldName('source') ?? required?.childForFieldName('source') ?? null) ?? '';
    if (required) bind(required.namedChildren[0], module, '*');
    for (const part of clause?.namedChildren ?? []) {
      if (part.type === 'identifier') bind(part, module, 'default');
      else if (part.type === 'namespace_import') bind(part.namedChildren[0], module, '*');
      else if (part.type === 'named_imports') {
        for (const specifier of part.namedChildren) {
          const name = specifier.childForFieldName('name');
          if (name) bind(specifier.childForFieldName('alias') ?? name, module, keyName(name) ?? name.text);
        }
      }
    }
  };

  const noteWrite = (target: SyntaxNode | null, node: SyntaxNode): void => {
    if (!target) return;
    if (target.type === 'identifier') writes.push({ name: target.text, at: target, node });
    else if (target.type === 'array_pattern' || target.type === 'object_pattern') for (const child of target.namedChildren) noteWrite(child.type === 'shorthand_property_identifier_pattern' ? child : child.childForFieldName('value') ?? child, node);
    else if (target.type === 'shorthand_property_identifier_pattern') writes.push({ name: target.text, at: target, node });
  };

  /** The names that a declaration binds in the scope around it. */
  const bindDeclaration = (node: SyntaxNode, scope: SyntaxNode, functionScope: SyntaxNode): void => {
    const name = node.childForFieldName('name');
    switch (node.type) {
      case 'class_declaration':
      case 'abstract_class_declaration':
        if (name) add({ kind: 'class', name: name.text, node: name, scope, value: node, constant: true, path: [], writes: [] });
        return;
      case 'function_declaration':
      case 'generator_function_declaration':
        if (name) add({ kind: 'function', name: name.text, node: name, scope, value: node, constant: true, path: [], owner: node, writes: [] });
        return;
      case 'lexical_declaration':
      case 'variable_declaration': {
        const kind = node.children[0]?.type;
        for (const declarator of node.namedChildren) {
          const pattern = declarator.type === 'variable_declarator' ? declarator.childForFieldName('name') : null;
          const value = declarator.childForFieldName('value') ?? undefined;
          if (!pattern) continue;
          const required = value ? requiredModule(value) : undefined;
          bindPattern(pattern, [], { kind: 'variable', scope: kind === 'var' ? functionScope : scope, value, constant: kind === 'const', type: typeText(declarator.childForFieldName('type')), owner: declarator, ...(required && pattern.type === 'identifier' ? { kind: 'import' as const, import: { module: required, imported: '*' } } : {}) });
        }
      }
    }
  };

  const visit = (node: SyntaxNode, scope: SyntaxNode, functionScope: SyntaxNode, depth: number): void => {
    let inner = scope;
    let innerFunction = functionScope;
    switch (node.type) {
      case 'comment':
        comments.push(node);
        return;
      case 'identifier':
      case 'shorthand_property_identifier': {
        const list = identifiers.get(node.text);
        if (list) list.push(node);
        else identifiers.set(node.text, [node]);
        return;
      }
      case 'import_statement':
        bindImport(node);
        return;
      case 'class_declaration':
      case 'abstract_class_declaration':
      case 'class':
        classes.push(node);
        bindDeclaration(node, scope, functionScope);
        break;
      case 'function_declaration':
      case 'generator_function_declaration':
      case 'lexical_declaration':
      case 'variable_declaration':
        bindDeclaration(node, scope, functionScope);
        break;
      case 'for_in_statement': {
        const left = node.childForFieldName('left');
        if (left && node.childForFieldName('kind')) bindPattern(left, [], { kind: 'element', scope: node, value: node.childForFieldName('right') ?? undefined, constant: true, owner: node });
        else noteWrite(left, node);
        break;
      }
      case 'catch_clause': {
        const parameter = node.childForFieldName('parameter');
        if (parameter) bindPattern(parameter, [], { kind: 'catch', scope: node, constant: true });
        break;
      }
      case 'assignment_expression':
      case 'augmented_assignment_expression':
        noteWrite(node.childForFieldName('left'), node);
        break;
      case 'update_expression':
        noteWrite(node.childForFieldName('argument'), node);
        break;
      case 'call_expression': {
        const callee = node.childForFieldName('function');
        const object = callee?.type === 'member_expression' ? callee.childForFieldName('object') : null;
        if (object?.type === 'identifier' && /^(push|unshift)$/.test(callee?.childForFieldName('property')?.text ?? '')) writes.push({ name: object.text, at: object, node });
        break;
      }
    }
    if (isFunction(node)) {
      bindParameters(node);
      const name = node.childForFieldName('name');
      if (name && node.type === 'function_expression') add({ kind: 'function', name: name.text, node: name, scope: node, value: node, constant: true, path: [], owner: node, writes: [] });
      inner = node;
      innerFunction = node;
    } else if (scopeTypes.has(node.type)) inner = node;
    if (depth < maxDepth) for (const child of node.namedChildren) visit(child, inner, innerFunction, depth + 1);
  };
  visit(root, root, root, 0);
  for (const { name, at, node } of writes) find(name, at)?.writes.push(node);

  return {
    find,
    follow: () => undefined,
    sourceOf: () => undefined,
    top: (name) => tables.get(root.id)?.get(name),
    substitute: (_fn, _args, act) => act(),
    substituting: false,
    references: (declaration) => (identifiers.get(declaration.name) ?? []).filter((node) => node.startIndex !== declaration.node.startIndex && find(declaration.name, node) === declaration),
    classes,
    comments,
  };
}

/** What did not parse, and what the parser put in to go on (except the `!` it invents for `` tag<T>`…` ``). */
export function collectErrors(node: SyntaxNode, errors: SyntaxNode[] = [], depth = 0): readonly SyntaxNode[] {
  if (node.type === 'ERROR' || (node.isMissing && node.parent?.type !== 'non_null_expression')) errors.push(node);
  if (node.hasError && depth < maxDepth) for (const child of node.children) collectErrors(child, errors, depth + 1);
  return errors;
}

/** `require('m')`, `await import('m')`. */
export function requiredModule(value: SyntaxNode): string | undefined {
  const call = callParts(unwrap(value, true));
  if (!call || (call.callee.text !== 'require' && call.callee.type !== 'import')) return undefined;
  const argument = call.args[0];
  return argument?.type === 'string' ? keyName(argument) : undefined;
}

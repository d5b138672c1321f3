import type { SyntaxNode } from '../syntax';
import { isFunction, unwrap } from './syntaxTools';

/** A value that a function returns, with the tests that must hold (or, negated, must not) on the way there. */
export interface ReturnedValue {
  /** Undefined: `return;` or the end of the body. */
  readonly value: SyntaxNode | undefined;
  readonly conditions: readonly { readonly node: SyntaxNode; readonly negated: boolean }[];
}

const known = new WeakMap<SyntaxNode, readonly ReturnedValue[] | undefined>();

/**
 * Every value that a function can return: its expression, its only `return`, or guards (`if (…) return …`) in front of one.
 * @returns undefined where returns stand deeper (loops, `switch`, `try`), or where it yields.
 */
export function returnsOf(fn: SyntaxNode): readonly ReturnedValue[] | undefined {
  if (!known.has(fn)) known.set(fn, readReturns(fn));
  return known.get(fn);
}

function readReturns(fn: SyntaxNode): readonly ReturnedValue[] | undefined {
  const body = fn.childForFieldName('body');
  if (!body || fn.type.startsWith('generator')) return undefined;
  if (body.type !== 'statement_block') return [{ value: unwrap(body), conditions: [] }];
  const found: ReturnedValue[] = [];
  let conditions: ReturnedValue['conditions'] = [];
  for (const statement of body.namedChildren) {
    if (statement.type === 'return_statement') return [...found, { value: statement.namedChildren.find((child) => child.type !== 'comment'), conditions }];
    if (!holdsReturn(statement)) continue;
    const test = statement.type === 'if_statement' ? statement.childForFieldName('condition') : null;
    const branch = statement.childForFieldName('consequence');
    const other = statement.childForFieldName('alternative')?.namedChildren.find((child) => child.type !== 'comment');
    const then = branch && onlyReturn(branch);
    if (!test || !then) return undefined;
    found.push({ value: then.value, conditions: [...conditions, { node: unwrap(test), negated: false }] });
    conditions = [...conditions, { node: unwrap(test), negated: true }];
    if (!other) continue;
    const otherwise = onlyReturn(other);
    if (otherwise) return [...found, { value: otherwise.value, conditions }];
    if (holdsReturn(other)) return undefined;
  }
  return found.length === 0 ? undefined : [...found, { value: undefined, conditions }];
}

/** The branch is `return x`, at most behind other statements of its block. */
function onlyReturn(branch: SyntaxNode): { readonly value: SyntaxNode | undefined } | undefined {
  const statements = branch.type === 'statement_block' ? branch.namedChildren.filter((child) => child.type !== 'comment') : [branch];
  const last = statements.at(-1);
  if (last?.type !== 'return_statement' || statements.slice(0, -1).some(holdsReturn)) return undefined;
  return { value: last.namedChildren.find((child) => child.type !== 'comment') };
}

function holdsReturn(node: SyntaxNode): boolean {
  if (node.type === 'return_statement') return true;
  return !isFunction(node) && !/^(class|class_declaration)$/.test(node.type) && node.namedChildren.some(holdsReturn);
}

/** The function of this file that a call names: `helper(…)`, `this.method(…)`, `helpers.build(…)` of an object literal, `Class.method(…)`. */
export function functionOfCallee(callee: SyntaxNode): SyntaxNode | undefined {
  if (callee.type === 'identifier') return declaredFunction(callee.text, callee);
  const object = callee.type === 'member_expression' ? callee.childForFieldName('object') : null;
  const name = callee.childForFieldName('property')?.text;
  if (!object || name === undefined) return undefined;
  if (object.type === 'this') return methodOf(classAround(callee), name, 0);
  if (object.type !== 'identifier') return undefined;
  const held = declared(object.text, object);
  if (held?.type === 'class_declaration' || held?.type === 'abstract_class_declaration') return methodOf(held, name, 0);
  return held?.type === 'object' ? memberFunction(held, name) : undefined;
}

function declaredFunction(name: string, at: SyntaxNode): SyntaxNode | undefined {
  const found = declared(name, at);
  return found && isFunction(found) ? found : undefined;
}

/** The function, class or constant value that a name is declared as around a node. */
function declared(name: string, at: SyntaxNode): SyntaxNode | undefined {
  for (let scope = at.parent; scope; scope = scope.parent) {
    if (isFunction(scope) && bindsName(scope, name)) return undefined;
    if (scope.type !== 'statement_block' && scope.type !== 'program') continue;
    for (const statement of scope.namedChildren) {
      const node = statement.type === 'export_statement' ? statement.childForFieldName('declaration') ?? statement : statement;
      if (/^(function_declaration|class_declaration|abstract_class_declaration)$/.test(node.type) && node.childForFieldName('name')?.text === name) return node;
      if (node.type !== 'lexical_declaration') continue;
      for (const declarator of node.namedChildren) {
        const value = declarator.childForFieldName('value');
        if (declarator.childForFieldName('name')?.text === name) return value ? unwrap(value) : undefined;
      }
    }
  }
  return undefined;
}

const bindsName = (fn: SyntaxNode, name: string): boolean => {
  const list = fn.childForFieldName('parameter') ?? fn.childForFieldName('parameters');
  return list !== null && new RegExp(`(^|[^\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`).test(list.text);
};

function memberFunction(object: SyntaxNode, name: string): SyntaxNode | undefined {
  for (const child of object.namedChildren) {
    if (child.type === 'method_definition' && child.childForFieldName('name')?.text === name) return child;
    const value = child.type === 'pair' && child.childForFieldName('key')?.text === name ? child.childForFieldName('value') : null;
    if (value && isFunction(unwrap(value))) return unwrap(value);
  }
  return undefined;
}

function classAround(node: SyntaxNode): SyntaxNode | undefined {
  for (let current = node.parent; current; current = current.parent) {
    if (current.type === 'class_body') return current.parent ?? undefined;
    if (/^function_(declaration|expression)$/.test(current.type)) return undefined;
  }
  return undefined;
}

/** A method of a class, or of its base where that stands in the same file. */
function methodOf(owner: SyntaxNode | undefined, name: string, hops: number): SyntaxNode | undefined {
  for (const member of owner?.childForFieldName('body')?.namedChildren ?? []) {
    if (member.type === 'method_definition' && member.childForFieldName('name')?.text === name) return member;
    const value = /field_definition$/.test(member.type) && (member.childForFieldName('name') ?? member.childForFieldName('property'))?.text === name ? member.childForFieldName('value') : null;
    if (value && isFunction(unwrap(value))) return unwrap(value);
  }
  const heritage = owner?.namedChildren.find((child) => child.type === 'class_heritage');
  const base = /\bextends\s+(\w+)/.exec(heritage?.text ?? '')?.[1];
  const held = owner && base !== undefined && hops < 6 ? declared(base, owner) : undefined;
  return held && /^(abstract_)?class/.test(held.type) ? methodOf(held, name, hops + 1) : undefined;
}

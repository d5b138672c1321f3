import { hostSpan, type HostSpan } from '../../text/span';
import type { SyntaxNode } from '../syntax';

export const spanOf = (node: SyntaxNode): HostSpan => hostSpan(node.startIndex, node.endIndex);

const functionTypes = new Set(['arrow_function', 'function_expression', 'function_declaration', 'method_definition', 'generator_function', 'generator_function_declaration']);
export const isFunction = (node: SyntaxNode): boolean => functionTypes.has(node.type);

const wrappers = new Set(['parenthesized_expression', 'as_expression', 'satisfies_expression', 'non_null_expression', 'type_assertion', 'instantiation_expression']);

/** Without parentheses, casts, `!` and type arguments; with `awaits` also without `await`. */
export function unwrap(node: SyntaxNode, awaits = false): SyntaxNode {
  let current = node;
  while (wrappers.has(current.type) || (awaits && current.type === 'await_expression')) {
    const inner = current.type === 'type_assertion' ? current.namedChildren.at(-1) : current.namedChildren.find((child) => child.type !== 'comment');
    if (!inner) return current;
    current = inner;
  }
  return current;
}

/** The outermost node that only wraps `node` in parentheses, casts or `!`. */
export function wrapped(node: SyntaxNode): SyntaxNode {
  let current = node;
  while (current.parent && wrappers.has(current.parent.type) && current.parent.namedChildren[0] === current) current = current.parent;
  return current;
}

export interface CallParts {
  readonly callee: SyntaxNode;
  readonly args: readonly SyntaxNode[];
  /** Tagged template. */
  readonly template?: SyntaxNode;
  /** The grammar reads `await f<T>(…)` and `` await f<T>`…` `` with the `await` inside the called expression. */
  readonly awaited: boolean;
}

/** Parts of a call, `new` expression or tagged template. */
export function callParts(node: SyntaxNode): CallParts | undefined {
  if (node.type !== 'call_expression' && node.type !== 'new_expression') return undefined;
  const written = node.childForFieldName(node.type === 'new_expression' ? 'constructor' : 'function');
  if (!written) return undefined;
  const list = node.childForFieldName('arguments');
  let awaited = false;
  let bare = written;
  while (bare.type === 'non_null_expression' || bare.type === 'instantiation_expression' || bare.type === 'await_expression') {
    const inner = bare.namedChildren.find((child) => child.type !== 'comment');
    if (!inner) break;
    awaited ||= bare.type === 'await_expression';
    bare = inner;
  }
  const callee = unwrap(bare);
  if (list?.type === 'template_string') return { callee, args: [], template: list, awaited };
  return { callee, args: (list?.namedChildren ?? []).filter((child) => child.type !== 'comment'), awaited };
}

/** Span of a call without the `await` that the grammar puts inside `await f<T>(…)`. */
export function callSpan(node: SyntaxNode): HostSpan {
  const parts = node.type === 'call_expression' ? callParts(node) : undefined;
  return parts?.awaited ? hostSpan(parts.callee.startIndex, node.endIndex) : spanOf(node);
}

/** Name of a property, parameter or key node as code would write it after a dot; undefined where computed. */
export function keyName(node: SyntaxNode | null): string | undefined {
  if (!node) return undefined;
  if (node.type === 'string') return node.namedChildren.every((child) => child.type === 'string_fragment') ? node.text.slice(1, -1) : undefined;
  if (node.type === 'computed_property_name') {
    const inner = node.namedChildren[0];
    return inner?.type === 'string' ? keyName(inner) : undefined;
  }
  return node.text;
}

/**
 * `['this', 'db', 'query']`; `()` for a call inside the path, `?` for a part that cannot be named.
 * @returns undefined when the root is no name (a literal, an operator).
 */
export function loosePath(node: SyntaxNode, depth = 0): string[] | undefined {
  if (depth > 60) return ['?'];
  const inner = unwrap(node, true);
  switch (inner.type) {
    case 'identifier':
    case 'this':
    case 'super':
    case 'property_identifier':
    case 'private_property_identifier':
      return [inner.text];
    case 'member_expression': {
      const object = inner.childForFieldName('object');
      const property = inner.childForFieldName('property');
      const path = object ? loosePath(object, depth + 1) ?? ['?'] : ['?'];
      return property ? [...path, property.text] : undefined;
    }
    case 'subscript_expression': {
      const object = inner.childForFieldName('object');
      const index = inner.childForFieldName('index');
      const path = object ? loosePath(object, depth + 1) ?? ['?'] : ['?'];
      return [...path, index?.type === 'string' ? keyName(index) ?? '?' : '?'];
    }
    case 'call_expression':
    case 'new_expression': {
      const parts = callParts(inner);
      return parts ? [...(loosePath(parts.callee, depth + 1) ?? ['?']), '()'] : undefined;
    }
    case 'import':
      return ['import'];
    default:
      return undefined;
  }
}

const nameTypes = new Set(['identifier', 'shorthand_property_identifier']);

/** Free names of an expression, each once, in order; `this.x` counts as `this.x`. */
export function collectNames(node: SyntaxNode): string[] {
  const names = new Set<string>();
  const visit = (current: SyntaxNode, depth: number): void => {
    if (nameTypes.has(current.type)) names.add(current.text);
    else if (current.type === 'member_expression') {
      const object = current.childForFieldName('object');
      if (object?.type === 'this') names.add(current.text);
      else if (object && depth < 400) visit(object, depth + 1);
      return;
    } else if (current.type === 'type_annotation' || current.type === 'type_arguments') return;
    if (depth < 400) for (const child of current.namedChildren) visit(child, depth + 1);
  };
  visit(node, 0);
  if (isFunction(node) || node.namedChildren.some(isFunction)) for (const own of ownNames(node)) names.delete(own);
  return [...names];
}

function ownNames(node: SyntaxNode): string[] {
  const own: string[] = [];
  const visit = (current: SyntaxNode, depth: number): void => {
    if (isFunction(current)) {
      const single = current.childForFieldName('parameter');
      if (single) own.push(single.text);
      const list = current.childForFieldName('parameters');
      if (list) collectPatternNames(list, own);
    } else if (current.type === 'variable_declarator') {
      const name = current.childForFieldName('name');
      if (name) collectPatternNames(name, own);
    }
    if (depth < 200) for (const child of current.namedChildren) visit(child, depth + 1);
  };
  visit(node, 0);
  return own;
}

/** Names a pattern (or parameter list) binds. */
export function collectPatternNames(node: SyntaxNode, into: string[] = []): string[] {
  switch (node.type) {
    case 'identifier':
    case 'shorthand_property_identifier_pattern':
      into.push(node.text);
      break;
    case 'pair_pattern': {
      const value = node.childForFieldName('value');
      if (value) collectPatternNames(value, into);
      break;
    }
    case 'assignment_pattern':
    case 'object_assignment_pattern': {
      const left = node.childForFieldName('left');
      if (left) collectPatternNames(left, into);
      break;
    }
    case 'required_parameter':
    case 'optional_parameter': {
      const pattern = node.childForFieldName('pattern');
      if (pattern) collectPatternNames(pattern, into);
      break;
    }
    case 'object_pattern':
    case 'array_pattern':
    case 'rest_pattern':
    case 'formal_parameters':
      for (const child of node.namedChildren) collectPatternNames(child, into);
      break;
  }
  return into;
}

/** Nearest enclosing function of a node, itself excluded. */
export function enclosingFunction(node: SyntaxNode): SyntaxNode | undefined {
  for (let current = node.parent; current; current = current.parent) if (isFunction(current)) return current;
  return undefined;
}

export const isInside = (node: SyntaxNode, outer: SyntaxNode): boolean => outer.startIndex <= node.startIndex && node.endIndex <= outer.endIndex;

/** Text of an annotation without its colon. */
export function typeText(annotation: SyntaxNode | null): string | undefined {
  return annotation?.text.replace(/^:\s*/, '');
}

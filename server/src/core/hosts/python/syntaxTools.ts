import { hostSpan, type HostSpan } from '../../text/span';
import type { SyntaxNode } from '../syntax';

export const spanOf = (node: SyntaxNode): HostSpan => hostSpan(node.startIndex, node.endIndex);
export const field = (node: SyntaxNode, name: string): SyntaxNode | undefined => node.childForFieldName(name) ?? undefined;
export const contains = (outer: SyntaxNode, inner: SyntaxNode): boolean => outer.startIndex <= inner.startIndex && inner.endIndex <= outer.endIndex;
export const sameNode = (a: SyntaxNode | null | undefined, b: SyntaxNode | null | undefined): boolean =>
  !!a && !!b && a.startIndex === b.startIndex && a.endIndex === b.endIndex && a.type === b.type;

const comprehensions = new Set(['list_comprehension', 'set_comprehension', 'dictionary_comprehension', 'generator_expression']);
export const isComprehension = (node: SyntaxNode): boolean => comprehensions.has(node.type);
export const isFunction = (node: SyntaxNode): boolean => node.type === 'function_definition' || node.type === 'lambda';

/** Children without comments. */
export const parts = (node: SyntaxNode): readonly SyntaxNode[] => node.namedChildren.filter((child) => child.type !== 'comment');

/** The expression inside parentheses and `await`. */
export function unwrap(node: SyntaxNode): SyntaxNode {
  let current = node;
  while (current.type === 'parenthesized_expression' || current.type === 'await') {
    const inner = parts(current)[0];
    if (!inner) return current;
    current = inner;
  }
  return current;
}

/** The outermost expression that only wraps this one in parentheses or `await`. */
export function wrapped(node: SyntaxNode): SyntaxNode {
  let current = node;
  while (current.parent && (current.parent.type === 'parenthesized_expression' || current.parent.type === 'await')) current = current.parent;
  return current;
}

export interface Arguments {
  readonly positional: readonly SyntaxNode[];
  readonly keyword: ReadonlyMap<string, SyntaxNode>;
  /** `*args` or `**kwargs` was passed: more arguments than seen. */
  readonly spread: boolean;
}

const noArguments: Arguments = { positional: [], keyword: new Map(), spread: false };

/** Arguments of a call. A lone generator expression (`f(x for x in xs)`) is one positional argument. */
export function argumentsOf(call: SyntaxNode): Arguments {
  const list = field(call, 'arguments');
  if (!list) return noArguments;
  if (list.type !== 'argument_list') return { ...noArguments, positional: [list] };
  const positional: SyntaxNode[] = [];
  const keyword = new Map<string, SyntaxNode>();
  let spread = false;
  for (const argument of parts(list)) {
    if (argument.type === 'keyword_argument') {
      const name = field(argument, 'name');
      const value = field(argument, 'value');
      if (name && value) keyword.set(name.text, value);
    } else if (argument.type === 'list_splat' || argument.type === 'dictionary_splat') {
      spread = true;
      if (argument.type === 'list_splat') positional.push(argument);
    } else positional.push(argument);
  }
  return { positional, keyword, spread };
}

/** Every argument in order as written: positional, `*x`, `k=v`. */
export function argumentNodes(call: SyntaxNode): readonly SyntaxNode[] {
  const list = field(call, 'arguments');
  if (!list) return [];
  return list.type === 'argument_list' ? parts(list) : [list];
}

/**
 * `['self', 'db', 'execute']` of an attribute; `()` after a name that is called, `[]` after one that is indexed.
 * Undefined when the path starts at something without a name (a literal, an operator).
 */
export function pathOf(node: SyntaxNode): readonly string[] | undefined {
  const inner = unwrap(node);
  if (inner.type === 'identifier') return [inner.text];
  if (inner.type === 'attribute') {
    const object = field(inner, 'object');
    const name = field(inner, 'attribute');
    const before = object && pathOf(object);
    return before && name ? [...before, name.text] : undefined;
  }
  if (inner.type === 'call') {
    const callee = field(inner, 'function');
    const before = callee && pathOf(callee);
    return before ? [...before, '()'] : undefined;
  }
  if (inner.type === 'subscript') {
    const value = field(inner, 'value');
    const before = value && pathOf(value);
    return before ? [...before, '[]'] : undefined;
  }
  return undefined;
}

/** Last name of a call's callee: `execute` in `self.db.execute(…)`. */
export function calleeName(call: SyntaxNode): SyntaxNode | undefined {
  const callee = field(call, 'function');
  if (!callee) return undefined;
  const inner = unwrap(callee);
  return inner.type === 'attribute' ? field(inner, 'attribute') : inner.type === 'identifier' ? inner : undefined;
}

/** Receiver of a method call. */
export function receiverOf(call: SyntaxNode): SyntaxNode | undefined {
  const callee = field(call, 'function');
  return callee?.type === 'attribute' ? field(callee, 'object') : undefined;
}

/** Names that an expression reads: no attribute names, no keyword names, no names bound inside it (lambda, comprehension). */
export function freeNames(node: SyntaxNode): readonly string[] {
  const found = new Set<string>();
  const visit = (current: SyntaxNode, bound: ReadonlySet<string>): void => {
    if (current.type === 'identifier') {
      if (!bound.has(current.text)) found.add(current.text);
      return;
    }
    if (current.type === 'attribute') {
      const object = field(current, 'object');
      if (object) visit(object, bound);
      return;
    }
    if (current.type === 'keyword_argument') {
      const value = field(current, 'value');
      if (value) visit(value, bound);
      return;
    }
    if (current.type === 'comment' || current.type === 'type') return;
    let inner = bound;
    if (isComprehension(current)) {
      inner = new Set([...bound, ...current.namedChildren.flatMap((clause) => (clause.type === 'for_in_clause' ? targetNames(field(clause, 'left')) : []))]);
    } else if (current.type === 'lambda') {
      inner = new Set([...bound, ...parameterNames(field(current, 'parameters'))]);
    }
    for (const child of current.namedChildren) {
      if (current.type === 'lambda' && child.type === 'lambda_parameters') continue;
      visit(child, inner);
    }
  };
  visit(node, new Set());
  return [...found];
}

/** Names that an assignment target binds: `a, (b, *c)` → a, b, c. Attributes and subscripts bind nothing. */
export function targetNames(target: SyntaxNode | undefined): string[] {
  if (!target) return [];
  if (target.type === 'identifier') return [target.text];
  if (target.type === 'attribute' || target.type === 'subscript') return [];
  return target.namedChildren.flatMap((child) => targetNames(child));
}

export function parameterNames(parameters: SyntaxNode | undefined): string[] {
  if (!parameters) return [];
  return parts(parameters).flatMap((parameter) => {
    const name = parameterName(parameter);
    return name ? [name.text] : [];
  });
}

/** The name of one parameter node, whatever its form; undefined for `*` and `/`. */
export function parameterName(parameter: SyntaxNode): SyntaxNode | undefined {
  if (parameter.type === 'identifier') return parameter;
  const named = field(parameter, 'name');
  if (named) return named;
  const first = parts(parameter)[0];
  if (!first || parameter.type === 'keyword_separator' || parameter.type === 'positional_separator') return undefined;
  return first.type === 'identifier' ? first : parameterName(first);
}

/** Value of a literal; undefined when the expression is not one. Strings with interpolations are none. */
export function literalValue(node: SyntaxNode): string | number | boolean | null | undefined {
  const inner = unwrap(node);
  switch (inner.type) {
    case 'integer':
    case 'float': {
      const value = Number(inner.text.replaceAll('_', ''));
      return Number.isNaN(value) ? undefined : value;
    }
    case 'true':
      return true;
    case 'false':
      return false;
    case 'none':
      return null;
    case 'unary_operator': {
      const value = inner.text.startsWith('-') ? literalValue(parts(inner)[0] ?? inner) : undefined;
      return typeof value === 'number' ? -value : undefined;
    }
    case 'string':
      return stringValue(inner);
    case 'concatenated_string': {
      const values = parts(inner).map(stringValue);
      return values.every((value) => value !== undefined) ? values.join('') : undefined;
    }
    default:
      return undefined;
  }
}

function stringValue(node: SyntaxNode): string | undefined {
  if (node.type !== 'string') return undefined;
  const pieces = stringPieces(node);
  return pieces?.every((piece) => 'text' in piece) ? pieces.map((piece) => ('text' in piece ? piece.text : '')).join('') : undefined;
}

export type StringPiece =
  | { readonly text: string; readonly escaped: boolean; readonly span: HostSpan }
  | { readonly expression: SyntaxNode; readonly span: HostSpan; readonly plain: boolean };

/** The content of one string literal in pieces; undefined for bytes. `plain`: the interpolation has no format or conversion. */
export function stringPieces(node: SyntaxNode): readonly StringPiece[] | undefined {
  const start = node.children.find((child) => child.type === 'string_start');
  if (!start || /b/i.test(start.text)) return undefined;
  const raw = /r/i.test(start.text);
  const pieces: StringPiece[] = [];
  for (const child of node.children) {
    if (child.type === 'string_content') {
      let at = child.startIndex;
      const literal = (end: number): void => {
        if (end > at) pieces.push({ text: node.text.slice(at - node.startIndex, end - node.startIndex), escaped: false, span: hostSpan(at, end) });
      };
      for (const escape of child.children) {
        if (escape.type === 'escape_sequence' && raw) continue;
        literal(escape.startIndex);
        const text = escape.type === 'escape_interpolation' ? escape.text[0] ?? '' : unescape(escape.text);
        pieces.push({ text, escaped: true, span: spanOf(escape) });
        at = escape.endIndex;
      }
      literal(child.endIndex);
    } else if (child.type === 'interpolation') {
      const expression = field(child, 'expression') ?? parts(child)[0];
      if (expression) pieces.push({ expression, span: spanOf(child), plain: !child.children.some((part) => part.type === 'type_conversion' || part.type === 'format_specifier') });
    }
  }
  return pieces;
}

const simpleEscapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"', a: '\x07', b: '\b', f: '\f', v: '\v', '\n': '', '\r': '' };

function unescape(escape: string): string {
  const kind = escape[1] ?? '';
  if (kind in simpleEscapes) return simpleEscapes[kind] ?? '';
  const code = /^\\(?:x|u|U)([0-9a-fA-F]+)$/.exec(escape)?.[1] ?? undefined;
  if (code) return safeCodePoint(parseInt(code, 16));
  const octal = /^\\([0-7]{1,3})$/.exec(escape)?.[1];
  return octal ? safeCodePoint(parseInt(octal, 8)) : escape;
}

const safeCodePoint = (code: number): string => (code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd');

/** The nearest enclosing function or lambda whose body (not its decorators or defaults) contains the node. */
export function enclosingFunction(node: SyntaxNode): SyntaxNode | undefined {
  for (let current = node.parent, child: SyntaxNode = node; current; child = current, current = current.parent) {
    if (isFunction(current) && (sameNode(field(current, 'body'), child) || (field(current, 'body')?.id === child.id))) return current;
  }
  return undefined;
}

export function enclosingStatement(node: SyntaxNode): SyntaxNode {
  let current = node;
  while (current.parent && current.parent.type !== 'block' && current.parent.type !== 'module') current = current.parent;
  return current;
}

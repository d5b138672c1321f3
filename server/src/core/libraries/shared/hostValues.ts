import { bindsParameter, choiceOf, findLocal, isUndefined, parameterList, readArray as readLocalArray, readObject as readLocalObject } from '../../hosts/typescript/objects';
import { isFunction, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { Bind } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostContext, ListValue, ObjectValue } from '../adapter';
import { bind, concat, fragment, literal, sql, type BindDraft, type SqlPart } from './sqlBuilder';
import { escapeRegExp } from '../../text/regExp';

export { bothConditions, findLocal, isUndefined } from '../../hosts/typescript/objects';
export type { ListValue as ArrayValue, ObjectEntry as Entry, ObjectValue } from '../adapter';

/** As `HostContext.entries`; without a context what helpers return is not followed. */
export const readObject = (node: SyntaxNode, context?: HostContext): ObjectValue | undefined => (context ? context.entries(node) : readLocalObject(node));
/** As `HostContext.items`; without a context what helpers return is not followed. */
export const readArray = (node: SyntaxNode, context?: HostContext): ListValue | undefined => (context ? context.items(node) : readLocalArray(node));

const maxDepth = 8;

/** The text of an expression where it is one known string. */
export function constantText(node: SyntaxNode, context: HostContext): string | undefined {
  const found = context.string(node);
  return found && found.complete && found.interpolations.length === 0 && found.conditional.length === 0 ? found.text : undefined;
}

/** A constant written in the code: string, number, boolean or null. */
export function constantValue(node: SyntaxNode, context: HostContext): string | number | boolean | null | undefined {
  const inner = unwrap(node);
  const known = context.argument(inner).literal;
  if (known !== undefined) return known;
  if (inner.type !== 'identifier') return undefined;
  const local = findLocal(inner);
  return local?.constant && local.value ? context.argument(local.value).literal : undefined;
}

const withoutKey = ({ text, span, names, origin }: Bind): BindDraft => ({ text, span, names, origin });

/** A host expression as a bound value. */
export function bindOf(node: SyntaxNode, context: HostContext): BindDraft {
  const draft = withoutKey(context.bind(node, ''));
  return mayBeUndefined(node) ? { ...draft, mayBeUndefined: true } : draft;
}

/** Literal where it is one, else a parameter. */
export function valuePart(node: SyntaxNode, context: HostContext): SqlPart {
  const known = constantValue(node, context);
  return known === undefined ? bind(bindOf(node, context)) : literal(known, spanOf(node));
}

/** A LIKE pattern: what is known of it stays readable, `'%' || $1 || '%'`. `before` and `after` are added by the operator (`contains`). */
export function patternPart(node: SyntaxNode, context: HostContext, before = '', after = ''): SqlPart {
  const host = spanOf(node);
  const known = constantText(node, context);
  if (known !== undefined) return literal(before + (before || after ? known.replaceAll(/[\\%_]/g, '\\$&') : known) + after, host);
  const text = before || after ? undefined : context.string(node);
  if (!text || text.interpolations.length === 0 || text.conditional.length > 0) {
    const value = valuePart(node, context);
    return concat(before ? sql(`'${before}' || `, host) : [], value, after ? sql(` || '${after}'`, host) : []);
  }
  const pieces: SqlPart[] = [];
  let at = 0;
  text.interpolations.forEach((interpolation, index) => {
    if (interpolation.span.start > at) pieces.push(literal(text.text.slice(at, interpolation.span.start), host));
    const known = text.binds.find((candidate) => (candidate.interpolation ?? Number(candidate.key)) === index);
    if (known) pieces.push(bind(withoutKey(known)));
    else pieces.push(fragment(text, interpolation.span.start, interpolation.span.end));
    at = interpolation.span.end;
  });
  if (at < text.text.length) pieces.push(literal(text.text.slice(at), host));
  return pieces.reduce((all, piece) => concat(all, sql(' || ', host), piece));
}

/** Can the expression be `undefined` as far as its own text and the enclosing function's parameters tell? */
export function mayBeUndefined(written: SyntaxNode, depth = 0): boolean {
  const node = unwrap(written);
  if (isUndefined(node)) return true;
  if (depth > maxDepth) return false;
  switch (node.type) {
    case 'member_expression':
    case 'subscript_expression':
    case 'call_expression': {
      const inner = node.childForFieldName(node.type === 'call_expression' ? 'function' : 'object');
      if (node.children.some((child) => child.type === 'optional_chain' || child.text === '?.')) return true;
      return inner ? (inner.type === 'identifier' ? false : mayBeUndefined(inner, depth + 1)) : false;
    }
    case 'ternary_expression': {
      const parts = choiceOf(node);
      return parts !== undefined && (mayBeUndefined(parts.then, depth + 1) || mayBeUndefined(parts.otherwise, depth + 1));
    }
    case 'binary_expression': {
      const right = node.childForFieldName('right');
      return /^(\|\||\?\?)$/.test(node.childForFieldName('operator')?.type ?? '') && right !== null && mayBeUndefined(right, depth + 1);
    }
    case 'identifier':
    case 'shorthand_property_identifier': {
      const local = findLocal(node);
      if (local?.value) return local.constant && mayBeUndefined(local.value, depth + 1);
      return !narrowed(node) && optionalParameter(node);
    }
    default:
      return false;
  }
}

/** `if (!x) return`, `if (x)`, `if (x === undefined) throw` on the way to the use. */
function narrowed(use: SyntaxNode): boolean {
  const name = escapeRegExp(use.text);
  const rejects = new RegExp(`(!\\s*${name}\\b(?!\\.)|\\b${name}\\s*===?\\s*(undefined|null)|typeof\\s+${name}\\s*[!=]==?)`);
  for (let current: SyntaxNode = use; current.parent; current = current.parent) {
    const parent = current.parent;
    if (parent.type === 'if_statement' && parent.childForFieldName('consequence')?.id === current.id && new RegExp(`(^|[^\\w$.!])${name}(?![\\w$])`).test(parent.childForFieldName('condition')?.text ?? '')) return true;
    if ((parent.type === 'ternary_expression' || parent.type === 'binary_expression') && parent.namedChildren[0]?.id !== current.id && new RegExp(`(^|[^\\w$.!])${name}(?![\\w$])`).test(parent.namedChildren[0]?.text ?? '')) return true;
    if (parent.type === 'statement_block') {
      for (const statement of parent.namedChildren) {
        if (statement.startIndex >= current.startIndex) break;
        const consequence = statement.type === 'if_statement' ? statement.childForFieldName('consequence') : null;
        if (consequence && /\b(return|throw|continue|break)\b/.test(consequence.text) && rejects.test(statement.childForFieldName('condition')?.text ?? '')) return true;
      }
    }
    if (isFunction(parent) && bindsParameter(parent, use.text)) return false;
  }
  return false;
}

function optionalParameter(use: SyntaxNode): boolean {
  const name = use.text;
  for (let fn = use.parent; fn; fn = fn.parent) {
    if (!isFunction(fn)) continue;
    for (const parameter of parameterList(fn)) {
      const pattern = parameter.childForFieldName('pattern') ?? parameter;
      const type = parameter.childForFieldName('type')?.text ?? '';
      if (pattern.type === 'identifier' && pattern.text === name) return parameter.childForFieldName('value') === null && (parameter.type === 'optional_parameter' || /\bundefined\b/.test(type));
      if (pattern.type === 'object_pattern' && pattern.namedChildren.some((child) => child.type === 'shorthand_property_identifier_pattern' && child.text === name)) {
        return new RegExp(`(^|[^\\w$])${escapeRegExp(name)}\\s*(\\?\\s*:|:[^;,}]*\\bundefined\\b)`).test(type);
      }
    }
    if (bindsParameter(fn, name)) return false;
  }
  return false;
}

import { isFunction, keyName, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { Bind } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import { negated } from '../../hosts/shared/textParts';
import type { HostSpan } from '../../text/span';
import type { HostContext } from '../adapter';
import { bind, concat, fragment, literal, sql, type BindDraft, type Condition, type SqlPart } from './sqlBuilder';

/** A property of an object that host code builds. */
export interface Entry {
  readonly key: string;
  readonly value: SyntaxNode;
  /** The whole `key: value`, shorthand or assignment. */
  readonly span: HostSpan;
  readonly condition?: Condition;
}

/** Properties of an object in the order in which they are set. `open`: there may be more. */
export interface ObjectValue {
  readonly entries: readonly Entry[];
  readonly open: boolean;
}

export interface ArrayValue {
  readonly items: readonly { readonly node: SyntaxNode; readonly condition?: Condition }[];
  readonly open: boolean;
}

const maxDepth = 8;

/** Both conditions; undefined where there is none. */
export const bothConditions = (outer: Condition | undefined, inner: Condition | undefined): Condition | undefined =>
  outer && inner && outer.text !== inner.text ? { text: `${outer.text} && ${inner.text}`, span: inner.span } : inner ?? outer;

const conditionOf = (node: SyntaxNode, negate = false): Condition => ({ text: negate ? negated(node.text) : node.text, span: spanOf(node) });

export const isUndefined = (node: SyntaxNode): boolean => /^(undefined|void 0)$/.test(unwrap(node).text);

/**
 * Reads an object literal, a variable that holds one (with later `o.k = v`), choices between them and spreads.
 * @returns undefined when the expression is not known to be an object literal.
 */
export function readObject(written: SyntaxNode, depth = 0): ObjectValue | undefined {
  const node = unwrap(written);
  if (depth > maxDepth) return undefined;
  switch (node.type) {
    case 'object':
      return literalObject(node, depth);
    case 'identifier':
    case 'shorthand_property_identifier': {
      const local = findLocal(node);
      const start = local?.value ? readObject(local.value, depth + 1) : undefined;
      return local && start ? withAssignments(local, node, start, depth) : undefined;
    }
    case 'ternary_expression': {
      const parts = ternary(node);
      const then = parts && readChoice(parts.then, depth);
      const otherwise = parts && readChoice(parts.otherwise, depth);
      if (!parts || !then || !otherwise) return undefined;
      return { entries: [...under(then.entries, conditionOf(parts.condition)), ...under(otherwise.entries, conditionOf(parts.condition, true))], open: then.open || otherwise.open };
    }
    case 'binary_expression': {
      const [left, right] = [node.childForFieldName('left'), node.childForFieldName('right')];
      const operator = node.childForFieldName('operator')?.type;
      if (!left || !right || operator !== '&&') return undefined;
      const then = readObject(right, depth + 1);
      return then && { entries: under(then.entries, conditionOf(unwrap(left))), open: then.open };
    }
    default:
      return undefined;
  }
}

const emptyObject: ObjectValue = { entries: [], open: false };
const readChoice = (node: SyntaxNode, depth: number): ObjectValue | undefined => (isUndefined(node) || node.text === 'null' ? emptyObject : readObject(node, depth + 1));
const under = (entries: readonly Entry[], condition: Condition): Entry[] => entries.map((entry) => ({ ...entry, condition: bothConditions(condition, entry.condition) }));

function ternary(node: SyntaxNode): { readonly condition: SyntaxNode; readonly then: SyntaxNode; readonly otherwise: SyntaxNode } | undefined {
  const [condition, then, otherwise] = [node.childForFieldName('condition'), node.childForFieldName('consequence'), node.childForFieldName('alternative')];
  return condition && then && otherwise ? { condition: unwrap(condition), then, otherwise } : undefined;
}

function literalObject(node: SyntaxNode, depth: number): ObjectValue {
  const entries: Entry[] = [];
  let open = false;
  const set = (entry: Entry): void => {
    const at = entries.findIndex((known) => known.key === entry.key);
    if (at >= 0 && !entry.condition) entries.splice(at, 1);
    entries.push(entry);
  };
  for (const child of node.namedChildren) {
    if (child.type === 'comment') continue;
    if (child.type === 'shorthand_property_identifier') set({ key: child.text, value: child, span: spanOf(child) });
    else if (child.type === 'pair') {
      const key = child.childForFieldName('key');
      const value = child.childForFieldName('value');
      const name = key?.type === 'computed_property_name' && keyName(key) === key.text ? undefined : keyName(key);
      if (name === undefined || !value) open = true;
      else if (!isUndefined(value)) set({ key: name, value, span: spanOf(child) });
    } else if (child.type === 'spread_element') {
      const inner = child.namedChildren[0];
      const spread = inner ? readObject(inner, depth + 1) : undefined;
      if (!spread) open = true;
      else {
        open ||= spread.open;
        for (const entry of spread.entries) set(entry);
      }
    } else open = true;
  }
  return { entries, open };
}

interface Local {
  readonly name: string;
  readonly node: SyntaxNode;
  readonly value?: SyntaxNode;
  /** Function body, block or program in which the name lives. */
  readonly scope: SyntaxNode;
  readonly constant: boolean;
}

/** The variable of this file that an identifier means; undefined for parameters, imports and destructured names. */
export function findLocal(identifier: SyntaxNode): Local | undefined {
  const name = identifier.text;
  for (let scope = identifier.parent; scope; scope = scope.parent) {
    if (isFunction(scope) && bindsParameter(scope, name)) return undefined;
    if (scope.type !== 'statement_block' && scope.type !== 'program' && scope.type !== 'switch_case') continue;
    for (const statement of scope.namedChildren) {
      const declaration = statement.type === 'export_statement' ? statement.childForFieldName('declaration') ?? statement : statement;
      if (declaration.type !== 'lexical_declaration' && declaration.type !== 'variable_declaration') continue;
      for (const declarator of declaration.namedChildren) {
        const target = declarator.childForFieldName('name');
        if (target?.type === 'identifier' && target.text === name) return { name, node: target, value: declarator.childForFieldName('value') ?? undefined, scope, constant: declaration.children[0]?.type === 'const' };
        if (target && target.type !== 'identifier' && new RegExp(`(^|[^\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`).test(target.text)) return undefined;
      }
    }
  }
  return undefined;
}

const parameterList = (fn: SyntaxNode): readonly SyntaxNode[] => {
  const single = fn.childForFieldName('parameter');
  return single ? [single] : fn.childForFieldName('parameters')?.namedChildren ?? [];
};

function bindsParameter(fn: SyntaxNode, name: string): boolean {
  return parameterList(fn).some((parameter) => {
    const pattern = parameter.childForFieldName('pattern') ?? parameter;
    return pattern.type === 'identifier' ? pattern.text === name : new RegExp(`(^|[^\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`).test(pattern.text);
  });
}

/** `o.k = v`, `o['k'] = v`, `Object.assign(o, {…})` between the declaration and the use; anything else that may write makes it open. */
function withAssignments(local: Local, use: SyntaxNode, start: ObjectValue, depth: number): ObjectValue | undefined {
  const entries = [...start.entries];
  let open = start.open;
  const visit = (node: SyntaxNode): void => {
    if (node.startIndex >= use.startIndex) return;
    if (node.type === 'assignment_expression') {
      const left = node.childForFieldName('left');
      const right = node.childForFieldName('right');
      const object = left?.childForFieldName('object');
      if (left?.type === 'identifier' && left.text === local.name) open = true;
      else if (left && right && object?.type === 'identifier' && object.text === local.name) {
        const key = left.type === 'member_expression' ? left.childForFieldName('property')?.text : left.childForFieldName('index')?.type === 'string' ? keyName(left.childForFieldName('index')) : undefined;
        if (key === undefined || insideLoop(node, local.scope)) open = true;
        else {
          const condition = conditionAround(node, local.scope, use);
          if (!condition) entries.splice(0, entries.length, ...entries.filter((entry) => entry.key !== key));
          if (!isUndefined(right)) entries.push({ key, value: right, span: spanOf(node), condition });
        }
      } else if (left && new RegExp(`^${local.name.replaceAll('$', '\\$')}\\b`).test(left.text)) open = true;
    } else if (node.type === 'call_expression') {
      const args = node.childForFieldName('arguments')?.namedChildren ?? [];
      const callee = node.childForFieldName('function');
      if (callee?.text === 'Object.assign' && args[0]?.text === local.name) {
        for (const arg of args.slice(1)) {
          const added = readObject(arg, depth + 1);
          if (!added || added.open) open = true;
          const condition = conditionAround(node, local.scope, use);
          entries.push(...(added?.entries ?? []).map((entry) => ({ ...entry, condition: bothConditions(condition, entry.condition) })));
        }
      } else if (args.some((arg) => arg.text === local.name) || callee?.text.startsWith(`${local.name}.`)) open = true;
    }
    for (const child of node.namedChildren) visit(child);
  };
  for (const child of local.scope.namedChildren) if (child.endIndex > local.node.startIndex) visit(child);
  return { entries, open };
}

function insideLoop(node: SyntaxNode, scope: SyntaxNode): boolean {
  for (let current = node.parent; current && current.id !== scope.id; current = current.parent) {
    if (isFunction(current) || /^(for_statement|for_in_statement|while_statement|do_statement|catch_clause|switch_statement)$/.test(current.type)) return true;
  }
  return false;
}

/** The condition under which a statement of `scope` runs; branches that also hold the use do not count. */
function conditionAround(node: SyntaxNode, scope: SyntaxNode, use: SyntaxNode): Condition | undefined {
  let condition: Condition | undefined;
  for (let current: SyntaxNode = node; current.parent && current.id !== scope.id; current = current.parent) {
    const parent = current.parent;
    if (parent.type === 'if_statement' && !(parent.startIndex <= use.startIndex && use.endIndex <= parent.endIndex)) {
      const test = parent.childForFieldName('condition');
      if (test && test.id !== current.id) condition = bothConditions(conditionOf(unwrap(test), parent.childForFieldName('alternative')?.id === current.id), condition);
    }
  }
  return condition;
}

/** Elements of an array literal, a constant array or a choice; spreads of unknown arrays leave it open. */
export function readArray(written: SyntaxNode, depth = 0): ArrayValue | undefined {
  const node = unwrap(written);
  if (depth > maxDepth) return undefined;
  if (node.type === 'array') {
    const items: { node: SyntaxNode; condition?: Condition }[] = [];
    let open = false;
    for (const child of node.namedChildren) {
      if (child.type === 'comment') continue;
      if (child.type !== 'spread_element') items.push({ node: child });
      else {
        const spread = child.namedChildren[0] ? readArray(child.namedChildren[0], depth + 1) : undefined;
        if (!spread) open = true;
        else {
          items.push(...spread.items);
          open ||= spread.open;
        }
      }
    }
    return { items, open };
  }
  if (node.type === 'identifier') {
    const local = findLocal(node);
    const value = local?.value ? readArray(local.value, depth + 1) : undefined;
    if (!local || !value) return undefined;
    const written = new RegExp(`(^|[^\\w$.])${local.name.replaceAll('$', '\\$')}(\\.(push|unshift|splice)\\b|\\s*=[^=>]|\\[[^\\]]*\\]\\s*=[^=>])`).test(local.scope.text.slice(local.node.endIndex - local.scope.startIndex));
    return written ? { ...value, open: true } : value;
  }
  if (node.type === 'ternary_expression') {
    const parts = ternary(node);
    const then = parts && readArray(parts.then, depth + 1);
    const otherwise = parts && readArray(parts.otherwise, depth + 1);
    if (!parts || !then || !otherwise) return undefined;
    const mark = (items: ArrayValue['items'], condition: Condition) => items.map((item) => ({ node: item.node, condition: bothConditions(condition, item.condition) }));
    return { items: [...mark(then.items, conditionOf(parts.condition)), ...mark(otherwise.items, conditionOf(parts.condition, true))], open: then.open || otherwise.open };
  }
  if (node.type === 'binary_expression' && node.childForFieldName('operator')?.type === '&&') {
    const [left, right] = [node.childForFieldName('left'), node.childForFieldName('right')];
    const then = right ? readArray(right, depth + 1) : undefined;
    return left && then ? { items: then.items.map((item) => ({ node: item.node, condition: bothConditions(conditionOf(unwrap(left)), item.condition) })), open: then.open } : undefined;
  }
  return undefined;
}

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
      const parts = ternary(node);
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
  const name = use.text.replaceAll('$', '\\$');
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
        return new RegExp(`(^|[^\\w$])${name.replaceAll('$', '\\$')}\\s*(\\?\\s*:|:[^;,}]*\\bundefined\\b)`).test(type);
      }
    }
    if (bindsParameter(fn, name)) return false;
  }
  return false;
}

import { scopesOf } from '../../hosts/python/context';
import { chainOf, type PythonChain } from '../../hosts/python/chains';
import { argumentsOf, calleeName, field, literalValue, parts, pathOf, receiverOf, unwrap } from '../../hosts/python/syntaxTools';
import type { ModelIr } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import type { HostContext } from '../adapter';
import { bind, concat, group, hole, identifier, incomplete, join, joinConditions, literal, sql, type BindDraft, type SqlPart } from '../shared/sqlBuilder';

/** One statement while it is rendered: the models in it, by the name the code gives them, with their aliases. */
export class PeeweeScope {
  private readonly aliases = new Map<string, string>();

  constructor(readonly context: HostContext, readonly counter: { value: number }, /** Writes name their table, they have no alias. */ readonly plain: boolean, private readonly outer?: PeeweeScope) {}

  aliasOf(host: string, model: ModelIr): string {
    const known = this.aliases.get(host) ?? this.outer?.aliases.get(host);
    if (known !== undefined) return known;
    const alias = this.plain ? model.table : `t${++this.counter.value}`;
    this.aliases.set(host, alias);
    return alias;
  }

  inner(): PeeweeScope {
    return new PeeweeScope(this.context, this.counter, false, this);
  }

  bindOf(node: SyntaxNode): BindDraft {
    const { text, span, names, origin } = this.context.bind(node, '');
    return { text, span, names, origin };
  }
}

/** A model by its class' name, or by an alias of it (`Parent = Order.alias()`). */
export function modelOf(node: SyntaxNode, context: HostContext): { readonly host: string; readonly model: ModelIr } | undefined {
  const inner = unwrap(node);
  const name = pathOf(inner)?.at(-1);
  if (!/^(identifier|attribute)$/.test(inner.type) || name === undefined) return undefined;
  if (/^[A-Z]/.test(name)) {
    const model = context.model(name, 'peewee');
    if (model) return { host: inner.text, model };
  }
  const origin = inner.type === 'identifier' ? context.origin(inner) : undefined;
  const receiver = origin?.kind === 'call' && origin.callee.at(-1) === 'alias' ? receiverOf(origin.node) : undefined;
  const aliased = receiver && modelOf(receiver, context);
  return aliased && { host: inner.text, model: aliased.model };
}

export const columnOf = (model: ModelIr, property: string): string | undefined => model.columns.find((column) => column.property === property)?.column;
/** Columns once each, in the class' order. */
export const columnsOf = (model: ModelIr): readonly string[] => [...new Set(model.columns.map((column) => column.column))];

export const allColumns = (host: string, model: ModelIr, scope: PeeweeScope, span?: HostSpan): SqlPart => {
  const alias = scope.aliasOf(host, model);
  return join(columnsOf(model).map((column) => identifier([alias, column], span)), ', ');
};

const comparisons: Readonly<Record<string, string>> = { '==': ' = ', '!=': ' <> ', '<': ' < ', '<=': ' <= ', '>': ' > ', '>=': ' >= ' };
const likes: Readonly<Record<string, readonly [string, string]>> = { contains: ['%', '%'], startswith: ['', '%'], endswith: ['%', ''] };

/** An SQL expression; undefined for a value of the program. */
export function renderPeewee(node: SyntaxNode, scope: PeeweeScope): SqlPart | undefined {
  const inner = unwrap(node);
  const { context } = scope;
  const span = context.span(inner);
  switch (inner.type) {
    case 'attribute': {
      const object = field(inner, 'object');
      const found = object && modelOf(object, context);
      const column = found && columnOf(found.model, field(inner, 'attribute')?.text ?? '');
      return found && column !== undefined ? identifier([scope.aliasOf(found.host, found.model), column], span) : undefined;
    }
    case 'comparison_operator': {
      const [left, right, more] = parts(inner);
      const operator = inner.children.find((child) => child.type in comparisons)?.type;
      const a = left && renderPeewee(left, scope);
      if (!left || !right || more || operator === undefined || (!a && !renderPeewee(right, scope))) return undefined;
      if (literalValue(right) === null) return concat(a ?? [], sql(operator === '==' ? ' IS NULL' : ' IS NOT NULL', span));
      return concat(valueOf(left, scope), sql(comparisons[operator] ?? ' = ', span), valueOf(right, scope));
    }
    case 'binary_operator':
      return binary(inner, scope);
    case 'unary_operator': {
      const argument = field(inner, 'argument') ?? parts(inner)[0];
      const part = argument && renderPeewee(argument, scope);
      return part && (inner.text.startsWith('~') ? concat(sql('NOT '), group(part)) : concat(sql('-'), part));
    }
    case 'call':
      return call(inner, scope);
    default:
      return undefined;
  }
}

/** An expression, a constant or a parameter. */
export function valueOf(node: SyntaxNode, scope: PeeweeScope): SqlPart {
  const known = renderPeewee(node, scope);
  const fixed = literalValue(node);
  return known ?? (fixed === undefined ? bind(scope.bindOf(node)) : literal(fixed, scope.context.span(node)));
}

export const conditionOf = (node: SyntaxNode, scope: PeeweeScope): SqlPart => renderPeewee(node, scope) ?? hole('fragment', scope.bindOf(node));

function binary(node: SyntaxNode, scope: PeeweeScope): SqlPart | undefined {
  const [left, right, operator] = [field(node, 'left'), field(node, 'right'), field(node, 'operator')?.text ?? ''];
  const span = scope.context.span(node);
  if (!left || !right) return undefined;
  if (operator === '&') return joinConditions([conditionOf(left, scope), conditionOf(right, scope)], 'AND');
  if (operator === '|') return group(joinConditions([conditionOf(left, scope), conditionOf(right, scope)], 'OR'));
  const a = renderPeewee(left, scope);
  if (!a) return /^[-+*/]$/.test(operator) && renderPeewee(right, scope) ? group(concat(valueOf(left, scope), sql(` ${operator} `), valueOf(right, scope))) : undefined;
  if (operator === '<<') return membership(a, right, false, scope, span);
  if (operator === '>>') return literalValue(right) === null ? concat(a, sql(' IS NULL', span)) : concat(a, sql(' IS ', span), valueOf(right, scope));
  if (operator === '**' || operator === '%') return concat(a, sql(operator === '**' ? ' ILIKE ' : ' LIKE ', span), valueOf(right, scope));
  return /^[-+*/]$/.test(operator) ? group(concat(a, sql(` ${operator} `), valueOf(right, scope))) : undefined;
}

function membership(left: SqlPart, list: SyntaxNode, negated: boolean, scope: PeeweeScope, span: HostSpan): SqlPart {
  const inner = unwrap(list);
  const operator = negated ? ' NOT IN ' : ' IN ';
  if (/^(list|tuple|set)$/.test(inner.type)) {
    const items = parts(inner);
    return items.length === 0 ? sql(negated ? 'TRUE' : 'FALSE', span) : concat(left, sql(`${operator}(`, span), join(items.map((item) => valueOf(item, scope)), ', '), sql(')'));
  }
  const query = subquery(inner, scope);
  if (query) return concat(left, sql(operator, span), group(query));
  return concat(left, sql(negated ? ' <> ALL(' : ' = ANY(', span), bind(scope.bindOf(list)), sql(')'));
}

/** Set by the statement renderer, which needs this file. */
export const nested: { render?: (chain: PythonChain, scope: PeeweeScope) => SqlPart | undefined } = {};

function subquery(node: SyntaxNode, scope: PeeweeScope): SqlPart | undefined {
  const scopes = scopesOf(scope.context);
  const chain = scopes && chainOf(node, scopes);
  return chain?.calls[0]?.name === 'select' ? nested.render?.(chain, scope.inner()) : undefined;
}

function call(node: SyntaxNode, scope: PeeweeScope): SqlPart | undefined {
  const { context } = scope;
  const callee = field(node, 'function');
  const path = callee && pathOf(callee);
  const { positional, keyword } = argumentsOf(node);
  const span = context.span(node);
  if (path?.[0] === 'fn' && path.length === 2) {
    const name = path[1] ?? '';
    const star = name.toLowerCase() === 'count' && positional.length === 0;
    return concat(sql(`${name}(`, span), star ? sql('*') : join(positional.map((item) => valueOf(item, scope)), ', '), sql(')', span));
  }
  const method = calleeName(node)?.text ?? '';
  const [first, second] = positional;
  if (/^(SQL|Value)$/.test(path?.at(-1) ?? '') && path?.length === 1) return hole('fragment', scope.bindOf(node));
  const query = subquery(node, scope);
  if (query) return group(query);
  const receiver = receiverOf(node);
  const left = receiver && renderPeewee(receiver, scope);
  if (!left) return undefined;
  const like = Object.hasOwn(likes, method) ? likes[method] : undefined;
  if (like && first) {
    const fixed = literalValue(first);
    const pattern = typeof fixed === 'string' ? literal(`${like[0]}${fixed}${like[1]}`, context.span(first)) : join([...(like[0] ? [literal(like[0])] : []), valueOf(first, scope), ...(like[1] ? [literal(like[1])] : [])], ' || ');
    return concat(left, sql(' ILIKE ', span), pattern);
  }
  switch (method) {
    case 'in_':
    case 'not_in': return first && membership(left, first, method === 'not_in', scope, span);
    case 'is_null': {
      const given = first ?? keyword.get('is_null');
      return concat(left, sql(given && literalValue(given) === false ? ' IS NOT NULL' : ' IS NULL', span));
    }
    case 'between': return first && second && concat(left, sql(' BETWEEN ', span), valueOf(first, scope), sql(' AND '), valueOf(second, scope));
    case 'desc':
    case 'asc': {
      const nulls = keyword.get('nulls') && literalValue(keyword.get('nulls') ?? node);
      return concat(left, sql(`${method === 'desc' ? ' DESC' : ' ASC'}${typeof nulls === 'string' ? ` NULLS ${nulls.toUpperCase()}` : ''}`, span));
    }
    case 'alias': {
      const name = first && literalValue(first);
      return typeof name === 'string' ? concat(left, sql(' AS '), identifier(name)) : left;
    }
    case 'distinct': return concat(sql('DISTINCT '), left);
    case 'cast': {
      const type = first && literalValue(first);
      return typeof type === 'string' && /^[\w ()]+$/.test(type) ? concat(sql('CAST('), left, sql(` AS ${type})`, span)) : undefined;
    }
    case 'regexp':
    case 'iregexp': return first && concat(left, sql(method === 'regexp' ? ' ~ ' : ' ~* ', span), valueOf(first, scope));
    case 'concat': return first && concat(left, sql(' || '), valueOf(first, scope));
    default: return undefined;
  }
}

export const unknownPart = (node: SyntaxNode, scope: PeeweeScope): SqlPart => concat(hole('identifier', scope.bindOf(node)), incomplete);

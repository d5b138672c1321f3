import { negated } from '../../hosts/shared/textParts';
import type { SyntaxNode } from '../../hosts/syntax';
import { callParts, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { HostSpan } from '../../text/span';
import { bindOf, constantText, constantValue, findLocal, isUndefined, patternPart, readArray, readObject, valuePart } from '../shared/hostValues';
import { bind, clause, concat, conditional, fragment, group, hole, identifier, incomplete, isEmpty, join, joinConditions, literal, nothing, sql, type SqlPart } from '../shared/sqlBuilder';
import { readTagged } from '../shared/taggedTemplate';
import { callbackBody, listNodes, namePart, referencePart, unknownName, type KyselyScope } from './kyselyScope';

const operators = new Set(['=', '==', '!=', '<>', '>', '>=', '<', '<=', 'in', 'not in', 'is', 'is not', 'like', 'not like', 'ilike', 'not ilike', 'similar to', '@>', '<@', '^@', '&&', '?', '?&', '?|', '~', '~*', '!~', '!~*', '@@', '@@@', '<->', 'is distinct from', 'is not distinct from', 'between', '+', '-', '*', '/', '%', '||', '->', '->>', '#>', '#>>']);
const maxHops = 8;

/** AND-conjuncts of `where(…)`, `having(…)` or `on(…)`. */
export function filterParts(args: readonly SyntaxNode[], host: HostSpan, scope: KyselyScope): readonly SqlPart[] {
  const [first, operator, value] = args;
  if (!first) return [];
  if (!operator || !value) return conditionParts(first, scope);
  return [comparison(first, operator, value, host, scope)];
}

function comparison(left: SyntaxNode, operatorNode: SyntaxNode, right: SyntaxNode, host: HostSpan, scope: KyselyScope): SqlPart {
  const operator = constantText(operatorNode, scope.host)?.toLowerCase();
  if (operator === undefined || !operators.has(operator)) return incomplete;
  const column = leftPart(left, scope, host);
  const text = ` ${operator === '==' ? '=' : operator.toUpperCase()} `;
  if (operator === 'in' || operator === 'not in') return concat(column, sql(text, host), listPart(right, host, scope));
  const known = constantValue(right, scope.host);
  if ((operator === 'is' || operator === 'is not') && (known === null || typeof known === 'boolean')) return concat(column, sql(text, host), sql(known === null ? 'NULL' : String(known).toUpperCase(), host));
  const own = ownPart(right, scope);
  if (own) return concat(column, sql(text, host), own);
  return concat(column, sql(text, host), /like$/.test(operator) ? patternPart(right, scope.host) : valuePart(right, scope.host));
}

const leftPart = (node: SyntaxNode, scope: KyselyScope, host: HostSpan): SqlPart => referencePart(node, scope, host) ?? ownPart(node, scope) ?? unknownName(node, scope);

/** `(a, b)`, a sub-query, or a list of unknown length. */
function listPart(node: SyntaxNode, host: HostSpan, scope: KyselyScope): SqlPart {
  const own = ownPart(node, scope);
  if (own) return own;
  const list = readArray(node);
  if (!list || list.open || list.items.length === 0 || list.items.some((item) => item.condition)) return hole('list', bindOf(node, scope.host));
  return group(join(list.items.map((item) => ownPart(item.node, scope) ?? valuePart(item.node, scope.host)), ', '), host);
}

/** Conjuncts of an expression or callback; choices carry their condition. */
export function conditionParts(written: SyntaxNode, scope: KyselyScope, hops = 0): readonly SqlPart[] {
  const unknown = [hole('fragment', bindOf(unwrap(written), scope.host))];
  const node = callbackBody(written);
  if (!node || hops > maxHops) return unknown;
  switch (node.type) {
    case 'ternary_expression': {
      const [test, then, otherwise] = [node.childForFieldName('condition'), node.childForFieldName('consequence'), node.childForFieldName('alternative')];
      if (!test || !then || !otherwise) return unknown;
      const under = (branch: SyntaxNode, negate: boolean): SqlPart =>
        isAlwaysTrue(branch) ? nothing : conditional(joinConditions(conditionParts(branch, scope, hops + 1), 'AND'), { text: negate ? negated(unwrap(test).text) : unwrap(test).text, span: spanOf(unwrap(test)) });
      return [under(then, false), under(otherwise, true)];
    }
    case 'binary_expression': {
      const text = sqlTemplate(node, scope);
      return text ? [loose(text)] : unknown;
    }
    case 'identifier': {
      const local = findLocal(node);
      return local?.value && local.constant ? conditionParts(local.value, scope, hops + 1) : unknown;
    }
    case 'call_expression': {
      const text = sqlTemplate(node, scope);
      if (text) return [loose(text)];
      const name = calledName(node);
      const [argument] = callParts(node)?.args ?? [];
      if (name === 'and' && argument && callParts(node)?.args.length === 1) return junction(argument, scope, hops).flatMap((item) => item);
      const part = ownPart(node, scope);
      return part ? [part] : unknown;
    }
    default:
      return unknown;
  }
}

const isAlwaysTrue = (node: SyntaxNode): boolean => isUndefined(node) || /^(\w+\.)?(lit\(true\)|and\(\[\]\)|val\(true\))$/.test(unwrap(node).text);
const loose = (part: SqlPart): SqlPart => (part.some((atom) => atom.type === 'text' && /\bor\b/i.test(atom.text)) ? group(part) : part);

/** The members of `and([…])` and `or([…])`, or of their object form, each as its conjuncts. */
function junction(argument: SyntaxNode, scope: KyselyScope, hops: number): readonly (readonly SqlPart[])[] {
  const list = readArray(argument);
  if (list) {
    const items = list.items.map((item) => conditionParts(item.node, scope, hops + 1).map((part) => conditional(part, item.condition)));
    return list.open ? [...items, [incomplete]] : items;
  }
  const object = readObject(argument);
  if (!object) return [[hole('fragment', bindOf(argument, scope.host))]];
  const items = object.entries.map((entry) => [conditional(concat(namePart(entry.key, scope, entry.span), sql(' = ', entry.span), ownPart(entry.value, scope) ?? valuePart(entry.value, scope.host)), entry.condition)]);
  return object.open ? [...items, [incomplete]] : items;
}

/** `or` in `eb.or(…)` and `or(…)`. */
function calledName(node: SyntaxNode): string | undefined {
  const callee = callParts(node)?.callee;
  return callee?.type === 'identifier' ? callee.text : callee?.type === 'member_expression' ? callee.childForFieldName('property')?.text : undefined;
}

const aggregates = /^(count|countAll|sum|avg|min|max|jsonAgg|any|coalesce|toJson|agg)$/;

/** SQL of an expression of Kysely's: sub-query, `sql` text, `eb.…`, a callback; undefined for values. */
export function ownPart(written: SyntaxNode, scope: KyselyScope, hops = 0): SqlPart | undefined {
  const node = callbackBody(written);
  if (!node || hops > maxHops) return undefined;
  const host = spanOf(node);
  const text = sqlTemplate(node, scope);
  if (text) return text;
  if (node.type === 'identifier') {
    const local = findLocal(node);
    const value = local?.value && local.constant ? unwrap(local.value) : undefined;
    const known = value && /^(call|binary)_expression$/.test(value.type) ? ownPart(value, scope, hops + 1) : undefined;
    if (known) return known;
    const query = scope.query(node);
    return query && concat(sql('(', host), query, sql(')'));
  }
  if (node.type !== 'call_expression') return undefined;
  const query = scope.query(node);
  if (query) return concat(sql('(', host), query, sql(')'));
  const { callee, args } = callParts(node) ?? { callee: undefined, args: [] };
  if (!callee) return undefined;
  const name = calledName(node) ?? '';
  const object = callee.type === 'member_expression' ? callee.childForFieldName('object') : null;
  const [a, b, c] = args;
  const inner = object ? unwrap(object) : undefined;
  if (inner?.type === 'call_expression') {
    const before = ownPart(inner, scope, hops + 1);
    if (!before) return undefined;
    return chained(name, before, args, host, scope);
  }
  const isFunctionModule = (inner !== undefined && /(^|\.)fn$/.test(inner.text)) || name === 'fn';
  if (isFunctionModule) return functionPart(name, args, host, scope);
  switch (name) {
    case 'and':
    case 'or': {
      if (!a) return nothing;
      const items = junction(a, scope, hops).map((item) => (item.length > 1 && name === 'or' ? group(joinConditions(item, 'AND')) : joinConditions(item, 'AND'))).filter((item) => item.length > 0);
      const many = items.filter((item) => !isEmpty(item)).length > 1;
      const joined = joinConditions(items, name === 'or' ? 'OR' : 'AND');
      return many ? group(joined, host) : joined;
    }
    case 'not':
    case 'exists':
      return a ? clause(sql(name === 'not' ? 'NOT ' : 'EXISTS ', host), name === 'not' ? negatedOperand(a, scope, hops) : ownPart(a, scope, hops + 1) ?? incomplete) : undefined;
    case 'parens':
      return args.length === 3 && a && b && c ? group(comparison(a, b, c, host, scope)) : a ? group(joinConditions(conditionParts(a, scope, hops + 1), 'AND')) : undefined;
    case 'between':
    case 'betweenSymmetric':
      return a && b && c ? concat(leftPart(a, scope, host), sql(name === 'between' ? ' BETWEEN ' : ' BETWEEN SYMMETRIC ', host), ownPart(b, scope) ?? valuePart(b, scope.host), sql(' AND ', host), ownPart(c, scope) ?? valuePart(c, scope.host)) : undefined;
    case 'ref':
      return a && referencePart(a, scope, host);
    case 'table':
      return a && referencePart(a, scope, host);
    case 'val':
      return a && bind(bindOf(a, scope.host));
    case 'lit': {
      const known = a ? constantValue(a, scope.host) : undefined;
      return a && (known === undefined ? bind(bindOf(a, scope.host)) : literal(known, host));
    }
    case 'unary':
      return a && b ? (/exists/i.test(constantText(a, scope.host) ?? '') ? concat(sql(`${(constantText(a, scope.host) ?? '').toUpperCase()} `, host), ownPart(b, scope, hops + 1) ?? incomplete) : concat(sql(`${constantText(a, scope.host) ?? ''} `, host), leftPart(b, scope, host))) : undefined;
    case 'neg':
      return a && concat(sql('- ', host), leftPart(a, scope, host));
    case 'cast':
      return a && concat(sql('CAST(', host), leftPart(a, scope, host), sql(` AS ${(b && constantText(b, scope.host)) ?? 'text'})`, host));
    case 'refTuple':
    case 'tuple':
      return group(join(args.map((arg) => (name === 'refTuple' ? leftPart(arg, scope, host) : ownPart(arg, scope) ?? valuePart(arg, scope.host))), ', '), host);
    case 'jsonArrayFrom':
    case 'jsonObjectFrom': {
      const rows = a ? scope.query(a) : undefined;
      return rows && concat(sql(name === 'jsonArrayFrom' ? "(SELECT coalesce(json_agg(agg), '[]') FROM (" : '(SELECT to_json(obj) FROM (', host), rows, sql(name === 'jsonArrayFrom' ? ') AS agg)' : ') AS obj)'));
    }
    case 'jsonBuildObject': {
      const entries = a ? readObject(a)?.entries : undefined;
      return entries && concat(sql('json_build_object(', host), join(entries.map((entry) => concat(literal(entry.key, entry.span), sql(', '), ownPart(entry.value, scope) ?? valuePart(entry.value, scope.host))), ', '), sql(')'));
    }
    default:
      // `eb('age', '>', 3)`: the builder itself is called, whatever its name.
      return args.length === 3 && a && b && c && (callee.type === 'identifier' || name === 'eb') && operators.has(constantText(b, scope.host)?.toLowerCase() ?? '') ? comparison(a, b, c, host, scope) : undefined;
  }
}

const negatedOperand = (node: SyntaxNode, scope: KyselyScope, hops: number): SqlPart => {
  const parts = conditionParts(node, scope, hops + 1);
  return parts.length > 1 ? group(joinConditions(parts, 'AND')) : joinConditions(parts, 'AND');
};

/** Methods of an expression: `eb('a', '=', 1).or('b', '=', 2)`, `fn.count('id').distinct().as('n')`. */
function chained(name: string, before: SqlPart, args: readonly SyntaxNode[], host: HostSpan, scope: KyselyScope): SqlPart | undefined {
  const [a, b, c] = args;
  switch (name) {
    case 'as': {
      const alias = a ? constantText(a, scope.host) : undefined;
      return concat(before, alias === undefined ? nothing : concat(sql(' AS ', host), namePart(alias, scope, host)));
    }
    case 'and':
    case 'or': {
      const other = a && b && c ? comparison(a, b, c, host, scope) : a ? joinConditions(conditionParts(a, scope), 'AND') : nothing;
      return name === 'or' ? group(joinConditions([before, other], 'OR'), host) : joinConditions([before, other], 'AND');
    }
    case 'distinct':
      return before.map((atom) => (atom.type === 'text' && /^\w+\($/.test(atom.text) ? { ...atom, text: `${atom.text}DISTINCT ` } : atom));
    case 'filterWhere':
      return concat(before, sql(' FILTER (WHERE ', host), joinConditions(filterParts(args, host, scope), 'AND'), sql(')', host));
    case 'over':
      return concat(before, sql(' OVER ()', host));
    case '$castTo':
    case '$notNull':
    case '$asScalar':
      return before;
    default:
      return undefined;
  }
}

function functionPart(name: string, args: readonly SyntaxNode[], host: HostSpan, scope: KyselyScope): SqlPart | undefined {
  const [a, b] = args;
  const custom = name === 'fn' || name === 'agg';
  const called = custom ? (a ? constantText(a, scope.host) : undefined) : { jsonAgg: 'json_agg', toJson: 'to_json', countAll: 'count' }[name] ?? name;
  if (called === undefined || !/^[\w.]+$/.test(called) || (!custom && !aggregates.test(name))) return undefined;
  if (name === 'countAll') return concat(sql('count(', host), sql(a ? `${constantText(a, scope.host) ?? ''}.*` : '*', host), sql(')', host));
  const given = custom ? (b ? readArray(b)?.items.map((item) => item.node) : []) : args;
  if (!given) return undefined;
  return concat(sql(`${called}(`, host), join(given.map((node) => leftPart(node, scope, host)), ', '), sql(')', host));
}

/** Is this Kysely's `sql`? */
export function isKyselySql(node: SyntaxNode, scope: Pick<KyselyScope, 'host'>): boolean {
  const origin = scope.host.origin(node);
  return origin.kind === 'import' && origin.module === 'kysely' && (origin.path.at(-1) ?? origin.imported) === 'sql';
}

/** `` sql<T>`…` `` with what stands in it; undefined for anything else. */
export function sqlTemplate(node: SyntaxNode, scope: KyselyScope): SqlPart | undefined {
  const tagged = readTagged(node);
  if (!tagged || !isKyselySql(tagged.tag, scope)) return sqlHelper(node, scope);
  const written = new Map<number, SyntaxNode>();
  const text = scope.host.tagged?.(tagged.template, (expression) => {
    const own = readTagged(expression);
    if (own && isKyselySql(own.tag, scope)) return { inline: own.template };
    written.set(expression.startIndex, expression);
    const helper = helperName(expression, scope);
    return { kind: helper === undefined ? 'value' : /^(ref|table|id|column)$/.test(helper) ? 'identifier' : helper === 'join' ? 'list' : helper === 'raw' ? 'fragment' : 'value' };
  });
  if (!text) return undefined;
  const alias = tagged.methods.find((method) => method.name === 'as')?.args[0];
  const name = alias ? constantText(alias, scope.host) : undefined;
  const end = name === undefined ? nothing : concat(sql(' AS ', spanOf(node)), namePart(name, scope, spanOf(node)));
  if (text.conditional.length > 0) return concat(fragment(text), end);
  const pieces: SqlPart[] = [];
  let at = 0;
  text.interpolations.forEach((interpolation, index) => {
    const known = text.binds.find((candidate) => (candidate.interpolation ?? Number(candidate.key)) === index);
    const expression = known?.span ? written.get(known.span.start) : undefined;
    const own = expression && (ownPart(expression, scope) ?? (interpolation.kind === 'value' ? bind(bindOf(expression, scope.host)) : undefined));
    pieces.push(fragment(text, at, interpolation.span.start), own ?? fragment(text, interpolation.span.start, interpolation.span.end));
    at = interpolation.span.end;
  });
  return concat(...pieces, fragment(text, at), text.complete ? nothing : incomplete, end);
}

/** `ref` of `sql.ref('a.b')`. */
function helperName(node: SyntaxNode, scope: KyselyScope): string | undefined {
  const callee = node.type === 'call_expression' ? callParts(node)?.callee : undefined;
  const object = callee?.type === 'member_expression' ? callee.childForFieldName('object') : null;
  return object && isKyselySql(object, scope) ? callee?.childForFieldName('property')?.text : undefined;
}

function sqlHelper(node: SyntaxNode, scope: KyselyScope): SqlPart | undefined {
  const name = helperName(node, scope);
  const args = callParts(node)?.args ?? [];
  const [first] = args;
  if (name === undefined || !first) return undefined;
  const host = spanOf(node);
  switch (name) {
    case 'ref':
    case 'column':
    case 'table':
      return referencePart(first, scope, host) ?? unknownName(first, scope);
    case 'id': {
      const names = args.map((arg) => constantText(arg, scope.host));
      return names.every((part) => part !== undefined) ? identifier(names, host) : unknownName(first, scope);
    }
    case 'lit': {
      const known = constantValue(first, scope.host);
      return known === undefined ? bind(bindOf(first, scope.host)) : literal(known, host);
    }
    case 'val':
    case 'value':
      return bind(bindOf(first, scope.host));
    case 'raw': {
      const text = scope.host.string(first);
      return text ? fragment(text) : hole('fragment', bindOf(first, scope.host));
    }
    case 'join': {
      const list = readArray(first);
      if (!list || list.open || args[1] || list.items.some((item) => item.condition)) return hole('list', bindOf(first, scope.host));
      return join(list.items.map((item) => ownPart(item.node, scope) ?? valuePart(item.node, scope.host)), ', ');
    }
    default:
      return hole('fragment', bindOf(node, scope.host));
  }
}

/** Columns of `select`, `returning`, `groupBy`, `distinctOn`: names, expressions, lists and callbacks that give them. */
export function columnParts(args: readonly SyntaxNode[], scope: KyselyScope): readonly SqlPart[] {
  return args.flatMap((arg): readonly SqlPart[] => {
    const { nodes, open } = listNodes(arg);
    const parts = nodes.map((node) => referencePart(node, scope) ?? ownPart(node, scope) ?? unknownName(node, scope));
    return open ? [...parts, unknownName(arg, scope)] : parts;
  });
}

/** Items of `orderBy`. */
export function orderParts(args: readonly SyntaxNode[], scope: KyselyScope): readonly SqlPart[] {
  const [first, direction] = args;
  if (!first) return [];
  const list = unwrap(first).type === 'array' ? readArray(first) : undefined;
  if (list) return [...list.items.flatMap((item) => orderParts([item.node], scope).map((part) => conditional(part, item.condition))), list.open ? incomplete : nothing];
  const written = constantText(first, scope.host);
  const [, name = written, order] = /^(.+?)\s+(asc|desc)$/i.exec(written ?? '') ?? [];
  const host = spanOf(first);
  const column = name !== undefined ? namePart(name, scope, host) : ownPart(first, scope) ?? unknownName(first, scope);
  return [concat(column, order?.toLowerCase() === 'desc' ? sql(' DESC', host) : nothing, direction ? directionPart(direction, scope) : nothing)];
}

function directionPart(node: SyntaxNode, scope: KyselyScope): SqlPart {
  const host = spanOf(node);
  const text = constantText(node, scope.host)?.toLowerCase();
  if (text !== undefined) return /^(asc|desc)$/.test(text) ? sql(text === 'desc' ? ' DESC' : '', host) : incomplete;
  const own = sqlTemplate(unwrap(node), scope);
  if (own) return concat(sql(' '), own);
  const body = callbackBody(node)?.text ?? '';
  if (!/^\w+(\.(asc|desc|nullsFirst|nullsLast)\(\))+$/.test(body)) return hole('fragment', bindOf(node, scope.host));
  return sql(`${body.includes('.desc(') ? ' DESC' : ''}${body.includes('nullsLast') ? ' NULLS LAST' : body.includes('nullsFirst') ? ' NULLS FIRST' : ''}`, host);
}

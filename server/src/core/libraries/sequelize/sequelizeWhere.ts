import { callParts, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import { bindOf, constantValue, patternPart, readArray, readObject, valuePart, type Entry } from '../shared/hostValues';
import { bind, clause, concat, conditional, group, hole, identifier, incomplete, join, joinConditions, nothing, sql, type SqlPart } from '../shared/sqlBuilder';
import { columnOf, methodPart, type SequelizeScope, type SequelizeSource } from './sequelizeScope';

const maxDepth = 10;

/** Condition of a `where`. */
export function wherePart(written: SyntaxNode, scope: SequelizeScope, source: SequelizeSource, depth = 0): SqlPart {
  const node = unwrap(written);
  if (depth > maxDepth) return incomplete;
  const method = conditionCall(node, scope, source, depth);
  if (method) return method;
  const list = readArray(node, scope.host);
  if (list) return concat(joinConditions(list.items.map((item) => conditional(wherePart(item.node, scope, source, depth + 1), item.condition)), 'AND'), list.open ? incomplete : nothing);
  const object = readObject(node, scope.host);
  if (!object) return /^(undefined|null)$/.test(node.text) ? nothing : incomplete;
  return concat(joinConditions(object.entries.map((entry) => conditional(entryPart(entry, scope, source, depth), entry.condition)), 'AND'), object.open ? incomplete : nothing);
}

function entryPart(entry: Entry, scope: SequelizeScope, source: SequelizeSource, depth: number): SqlPart {
  const { key, value, span } = entry;
  if (/^Op\.(and|or|not)$/.test(key)) return booleanPart(key.slice(3), value, span, scope, source, depth);
  if (/^Op\./.test(key)) return incomplete;
  const path = /^\$(.+)\$$/.exec(key)?.[1]?.split('.');
  if (path) return operatorParts(identifier([path.slice(0, -1).join('->') || source.alias, path.at(-1) ?? ''], span), value, span, scope, depth);
  if (key.includes('.') || key.includes('::')) return incomplete;
  return operatorParts(column(scope, source, key, span), value, span, scope, depth);
}

const column = (scope: SequelizeScope, source: SequelizeSource, property: string, host: HostSpan): SqlPart => identifier(scope.qualified ? [source.alias, columnOf(source.model, property)] : [columnOf(source.model, property)], host);

/** `[Op.or]: [{ a }, { b }]`, `[Op.or]: { a, b }`. */
function booleanPart(operator: string, value: SyntaxNode, span: HostSpan, scope: SequelizeScope, source: SequelizeSource, depth: number): SqlPart {
  const list = readArray(value);
  const object = list ? undefined : readObject(value);
  const parts = list
    ? list.items.map((item) => conditional(grouped(wherePart(item.node, scope, source, depth + 1), item.node, operator), item.condition))
    : object?.entries.map((entry) => conditional(entryPart(entry, scope, source, depth + 1), entry.condition)) ?? [wherePart(value, scope, source, depth + 1)];
  const unseen = list?.open || object?.open ? incomplete : nothing;
  if (operator === 'and') return concat(joinConditions(parts, 'AND'), unseen);
  const body = joinConditions(parts, operator === 'or' ? 'OR' : 'AND');
  return concat(operator === 'or' ? (parts.length > 1 ? group(body) : body) : clause(sql('NOT ', span), group(body)), unseen);
}

const grouped = (part: SqlPart, node: SyntaxNode, operator: string): SqlPart => (operator === 'or' && (readObject(node)?.entries.length ?? 2) > 1 ? group(part) : part);

const comparisons: Readonly<Record<string, string>> = { eq: ' = ', ne: ' <> ', gt: ' > ', gte: ' >= ', lt: ' < ', lte: ' <= ', contains: ' @> ', contained: ' <@ ', overlap: ' && ', regexp: ' ~ ', notRegexp: ' !~ ', iRegexp: ' ~* ', notIRegexp: ' !~* ', match: ' @@ ', adjacent: ' -|- ' };
const likes: Readonly<Record<string, readonly [string, string, string]>> = { like: [' LIKE ', '', ''], notLike: [' NOT LIKE ', '', ''], iLike: [' ILIKE ', '', ''], notILike: [' NOT ILIKE ', '', ''], startsWith: [' LIKE ', '', '%'], endsWith: [' LIKE ', '%', ''], substring: [' LIKE ', '%', '%'] };

/** One column against a value, a list, or an object of operators. */
function operatorParts(target: SqlPart, written: SyntaxNode, span: HostSpan, scope: SequelizeScope, depth: number): SqlPart {
  const { host } = scope;
  const node = unwrap(written);
  if (depth > maxDepth) return incomplete;
  if (constantValue(node, host) === null) return concat(target, sql(' IS NULL', span));
  const raw = methodPart(node, scope);
  if (raw) return concat(target, sql(' = ', span), raw);
  const list = readArray(node);
  if (list) return concat(target, sql(' IN ', span), listPart(node, span, scope));
  const object = readObject(node);
  if (object) {
    // Without operators an object is looked into: a column of JSON.
    if (object.entries.some((entry) => !entry.key.startsWith('Op.'))) return incomplete;
    return concat(joinConditions(object.entries.map((entry) => conditional(operatorPart(target, entry, scope, depth), entry.condition)), 'AND'), object.open ? incomplete : nothing);
  }
  return isList(node) ? concat(target, sql(' IN ', span), listPart(node, span, scope)) : concat(target, sql(' = ', span), valuePart(node, host));
}

/** A name in the plural, or a list made in place, is compared as a list. */
const isList = (node: SyntaxNode): boolean =>
  /(^|[a-z.])(ids|Ids|IDs)$/.test(node.text) || (node.type === 'call_expression' && /^(map|filter|flatMap|from|keys|values|concat|slice)$/.test(callParts(node)?.callee.childForFieldName('property')?.text ?? ''));

function operatorPart(target: SqlPart, entry: Entry, scope: SequelizeScope, depth: number): SqlPart {
  const { value, span } = entry;
  const { host } = scope;
  const name = entry.key.slice(3);
  const node = unwrap(value);
  const known = constantValue(node, host);
  const like = likes[name];
  if (like) {
    const any = readObject(node)?.entries.find((item) => item.key === 'Op.any');
    return any ? concat(target, sql(`${like[0]}ANY(`, span), bind(bindOf(any.value, host)), sql(')', span)) : concat(target, sql(like[0], span), methodPart(node, scope) ?? patternPart(node, host, like[1], like[2]));
  }
  const compared = comparisons[name];
  if (compared !== undefined) {
    if (known === null) return concat(target, sql(name === 'eq' ? ' IS NULL' : ' IS NOT NULL', span));
    const raw = methodPart(node, scope);
    return concat(target, sql(compared, span), raw ?? (readArray(node) ? bind(bindOf(node, host)) : valuePart(node, host)));
  }
  switch (name) {
    case 'in':
    case 'notIn': {
      const raw = methodPart(node, scope);
      return concat(target, sql(name === 'in' ? ' IN ' : ' NOT IN ', span), raw ?? listPart(node, span, scope));
    }
    case 'is':
    case 'not':
      if (known === null || typeof known === 'boolean') return concat(target, sql(name === 'is' ? ` IS ${String(known).toUpperCase()}` : ` IS NOT ${String(known).toUpperCase()}`, span));
      if (name === 'not' && readArray(node)) return concat(target, sql(' NOT IN ', span), listPart(node, span, scope));
      if (name === 'not' && readObject(node)) return clause(sql('NOT ', span), group(operatorParts(target, node, span, scope, depth + 1)));
      return concat(target, sql(' <> ', span), methodPart(node, scope) ?? valuePart(node, host));
    case 'between':
    case 'notBetween': {
      const [low, high] = readArray(node)?.items ?? [];
      return low && high ? concat(target, sql(name === 'between' ? ' BETWEEN ' : ' NOT BETWEEN ', span), methodPart(low.node, scope) ?? valuePart(low.node, host), sql(' AND ', span), methodPart(high.node, scope) ?? valuePart(high.node, host)) : incomplete;
    }
    case 'any':
      return concat(target, sql(' = ANY(', span), bind(bindOf(node, host)), sql(')', span));
    case 'and':
    case 'or': {
      const list = readArray(node);
      const parts = list ? list.items.map((item) => conditional(operatorParts(target, item.node, span, scope, depth + 1), item.condition)) : readObject(node)?.entries.map((inner) => operatorPart(target, inner, scope, depth + 1));
      return parts ? group(joinConditions(parts, name === 'and' ? 'AND' : 'OR')) : incomplete;
    }
    case 'col': {
      const text = typeof known === 'string' ? known.split('.') : undefined;
      return text ? concat(target, sql(' = ', span), identifier(text.length === 1 ? text : [text.slice(0, -1).join('->'), text.at(-1) ?? ''], span)) : incomplete;
    }
    default:
      return incomplete;
  }
}

function listPart(written: SyntaxNode, span: HostSpan, { host }: SequelizeScope): SqlPart {
  const list = readArray(written);
  if (list && !list.open && list.items.length === 0) return sql('(NULL)', span);
  if (!list || list.open || list.items.some((item) => item.condition)) return hole('list', bindOf(written, host));
  return concat(sql('(', span), join(list.items.map((item) => valuePart(item.node, host)), ', '), sql(')', span));
}

/** `where(fn('lower', col('name')), 'abc')`, `where(col('a'), Op.gt, 3)`, `and(…)`, `or(…)`, `literal('…')`. */
function conditionCall(node: SyntaxNode, scope: SequelizeScope, source: SequelizeSource, depth: number): SqlPart | undefined {
  const call = node.type === 'call_expression' ? callParts(node) : undefined;
  const name = call?.callee.type === 'member_expression' ? call.callee.childForFieldName('property')?.text : call?.callee.text;
  if (!call || name === undefined) return undefined;
  if (name === 'literal') return methodPart(node, scope);
  const span = scope.host.span(node);
  if (name === 'and' || name === 'or') {
    const parts = call.args.map((arg) => grouped(wherePart(arg, scope, source, depth + 1), arg, name));
    const body = joinConditions(parts, name === 'and' ? 'AND' : 'OR');
    return name === 'or' && parts.length > 1 ? group(body) : body;
  }
  if (name !== 'where' || call.args.length < 2) return undefined;
  const [left, second, third] = call.args;
  const target = left && methodPart(left, scope);
  if (!target || !second) return incomplete;
  if (!third) return operatorParts(target, second, span, scope, depth + 1);
  const operator = /(?:^|\.)Op\.(\w+)$/.exec(second.text)?.[1];
  if (operator !== undefined) return operatorPart(target, { key: `Op.${operator}`, value: third, span }, scope, depth + 1);
  const text = constantValue(second, scope.host);
  return typeof text === 'string' ? concat(target, sql(` ${text} `, span), methodPart(third, scope) ?? valuePart(third, scope.host)) : incomplete;
}

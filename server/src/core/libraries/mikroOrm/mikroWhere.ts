import { callParts, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import type { HostString } from '../adapter';
import { bindOf, constantValue, patternPart, readArray, readObject, valuePart, type Entry, type ObjectValue } from '../shared/hostValues';
import { bind, concat, conditional, fragment, group, hole, identifier, incomplete, join, joinConditions, literal, nothing, sql, type SqlPart } from '../shared/sqlBuilder';
import { renderSelect } from '../shared/sqlClauses';
import { columnPart, columnsOf, createScope, innerJoined, joinRelation, primaryColumn, relationOf, tablePart, type MikroScope, type MikroSource } from './mikroScope';

const maxDepth = 8;
const comparisons: Readonly<Record<string, string>> = { $eq: ' = ', $ne: ' <> ', $gt: ' > ', $gte: ' >= ', $lt: ' < ', $lte: ' <= ' };
const arrays: Readonly<Record<string, string>> = { $contains: ' @> ', $contained: ' <@ ', $overlap: ' && ' };

/** A filter: an object, a key, or a list of keys. */
export function wherePart(written: SyntaxNode, scope: MikroScope, source: MikroSource, path = '', depth = 0): SqlPart {
  const node = unwrap(written);
  if (depth > maxDepth) return incomplete;
  const object = readObject(node, scope.host);
  if (object) return concat(joinConditions(object.entries.map((entry) => conditional(entryPart(entry, scope, source, path, depth), entry.condition)), 'AND'), object.open ? incomplete : nothing);
  const list = readArray(node, scope.host);
  if (list?.items.some((item) => readObject(item.node, scope.host))) return incomplete;
  const key = columnPart(scope, source, primaryColumn(source), spanOf(node));
  if (list || /(Ids|ids|IDs|List|Keys)$/.test(node.text)) return concat(key, sql(' IN ', spanOf(node)), listPart(node, spanOf(node), scope));
  if (/(where|criteria|conditions?|filters?|options|query|input|args)$/i.test(node.text) || /^(call_expression|ternary_expression)$/.test(node.type)) return incomplete;
  return concat(key, sql(' = ', spanOf(node)), valuePart(node, scope.host));
}

function entryPart(entry: Entry, scope: MikroScope, source: MikroSource, path: string, depth: number): SqlPart {
  const { key, span } = entry;
  if (key === '$and' || key === '$or') {
    const list = readArray(entry.value, scope.host);
    if (!list) return incomplete;
    const parts = list.items.map((item) => {
      const part = wherePart(item.node, scope, source, path, depth + 1);
      const several = key === '$or' && list.items.length > 1 && (readObject(item.node, scope.host)?.entries.length ?? 2) > 1;
      return conditional(several ? group(part) : part, item.condition);
    });
    const joined = joinConditions(parts, key === '$or' ? 'OR' : 'AND');
    return concat(key === '$or' && parts.length > 1 ? group(joined) : joined, list.open ? incomplete : nothing);
  }
  if (key === '$not') return concat(sql('NOT ', span), group(wherePart(entry.value, scope, source, path, depth + 1), span));
  if (key.startsWith('$')) return incomplete;
  // `'u.email'` of a query builder.
  const [alias, ...rest] = key.split('.');
  const aliased = rest.length > 0 ? [scope.main, ...scope.joins].find((candidate) => candidate.alias === alias) : undefined;
  const [from, property] = aliased ? [aliased, rest.join('.')] : [source, path + key];
  const nested = readObject(entry.value, scope.host);
  const relation = relationOf(from, property);
  if (relation && (!relation.columns.length || nested)) return relationPart(entry, nested, scope, from, property, depth);
  if (nested && from.model?.columns.some((column) => column.property.startsWith(`${property}.`)) && !relation) return wherePart(entry.value, scope, from, `${property}.`, depth + 1);
  // Without the entity an object is a relation or an embedded one: its columns are not known.
  if (nested && (!from.model || !nested.entries.every((item) => item.key.startsWith('$')))) return incomplete;
  return columnCondition(columnPart(scope, from, property, span), entry.value, span, scope);
}

/** A condition on another entity: on the foreign key where it names no more than the key, else on joined rows. */
function relationPart(entry: Entry, nested: ObjectValue | undefined, scope: MikroScope, source: MikroSource, property: string, depth: number): SqlPart {
  const relation = relationOf(source, property);
  if (!relation) return incomplete;
  const keys = nested?.entries.map((item) => item.key) ?? [];
  const own = relation.columns.length > 0;
  const target = scope.host.model(relation.model, 'mikro-orm');
  const primary = target?.columns.find((column) => column.column === target.primary?.[0])?.property ?? 'id';
  const [only] = nested?.entries ?? [];
  const collection = only && keys.length === 1 && /^\$(some|none|every)$/.test(only.key) ? only : undefined;
  if (collection && relation.many) return collectionPart(collection, scope, source, property, depth);
  if (own && nested && !nested.open && keys.length > 0 && keys.every((key) => key.startsWith('$') && key !== '$and' && key !== '$or' && key !== '$not')) return columnCondition(columnPart(scope, source, property, entry.span), entry.value, entry.span, scope);
  if (own && only && keys.length === 1 && only.key === primary && !nested?.open) return conditional(columnCondition(columnPart(scope, source, property, entry.span), only.value, entry.span, scope), only.condition);
  if (!scope.qualified || relation.through && !nested) return incomplete;
  const joined = joinRelation(scope, source, relation, { inner: innerJoined(scope, source, relation), loaded: false, host: entry.span });
  return joined ? wherePart(entry.value, scope, joined, '', depth + 1) : incomplete;
}

/** `{ posts: { $some: {…} } }`: rows whose key is among those that have such. */
function collectionPart(entry: Entry, scope: MikroScope, source: MikroSource, property: string, depth: number): SqlPart {
  const relation = relationOf(source, property);
  const inner = createScope(scope.host, source.model, source.alias);
  const joined = relation && joinRelation(inner, inner.main, relation, { inner: true, loaded: false, alias: `${property.charAt(0)}s${depth + 1}`, host: entry.span });
  if (!joined) return incomplete;
  const condition = wherePart(entry.value, inner, joined, '', depth + 1);
  const key = identifier([source.alias, primaryColumn(source)], entry.span);
  return concat(
    key, sql(entry.key === '$some' ? ' IN (' : ' NOT IN (', entry.span),
    renderSelect({ columns: [key], from: concat(tablePart(source.model), sql(' '), identifier(source.alias)), joins: inner.joins.map((join) => join.part), where: [entry.key === '$every' ? concat(sql('NOT ', entry.span), group(condition)) : condition] }), sql(')'),
  );
}

/** One column against a value, a list, or operators. */
export function columnCondition(column: SqlPart, written: SyntaxNode, span: HostSpan, scope: MikroScope): SqlPart {
  const { host } = scope;
  const node = unwrap(written);
  const operators = readObject(node, host);
  if (operators) return concat(joinConditions(operators.entries.map((entry) => conditional(operatorPart(column, entry.key, entry.value, entry.span, scope), entry.condition)), 'AND'), operators.open ? incomplete : nothing);
  if (readArray(node, host)) return concat(column, sql(' IN ', span), listPart(node, span, scope));
  if (constantValue(node, host) === null) return concat(column, sql(' IS NULL', span));
  if (node.type === 'regex') return concat(column, sql(/\/\w*i\w*$/.test(node.text) ? ' ~* ' : ' ~ ', span), literal(node.text.slice(1, node.text.lastIndexOf('/')), spanOf(node)));
  const call = callParts(node);
  if (call && (call.callee.text === 'raw' || call.callee.text === 'sql' || call.callee.text.startsWith('sql.'))) return concat(column, sql(' = ', span), hole('value', bindOf(node, host)));
  return concat(column, sql(' = ', span), valuePart(node, host));
}

function operatorPart(column: SqlPart, key: string, value: SyntaxNode, span: HostSpan, scope: MikroScope): SqlPart {
  const { host } = scope;
  const compared = comparisons[key];
  const isNull = constantValue(value, host) === null;
  if (compared !== undefined) return isNull && /^\$(eq|ne)$/.test(key) ? concat(column, sql(key === '$eq' ? ' IS NULL' : ' IS NOT NULL', span)) : concat(column, sql(compared, span), valuePart(value, host));
  const array = arrays[key];
  if (array !== undefined) return concat(column, sql(array, span), bind(bindOf(value, host)));
  switch (key) {
    case '$in':
    case '$nin':
      return concat(column, sql(key === '$in' ? ' IN ' : ' NOT IN ', span), listPart(value, span, scope));
    case '$like':
    case '$ilike':
      return concat(column, sql(key === '$like' ? ' LIKE ' : ' ILIKE ', span), patternPart(value, host));
    case '$re':
      return concat(column, sql(' ~ ', span), valuePart(value, host));
    case '$exists':
      return /^(true|false)$/.test(value.text) ? concat(column, sql(value.text === 'true' ? ' IS NOT NULL' : ' IS NULL', span)) : incomplete;
    default:
      return incomplete;
  }
}

function listPart(written: SyntaxNode, span: HostSpan, { host }: MikroScope): SqlPart {
  const list = readArray(written, host);
  if (!list || list.open || list.items.length === 0 || list.items.some((item) => item.condition)) return hole('list', bindOf(written, host));
  return concat(sql('(', span), join(list.items.map((item) => valuePart(item.node, host)), ', '), sql(')', span));
}

/** SQL text of a builder: `u.tenantId = ?` with its values. Properties behind an alias of the statement become columns. */
export function textPart(text: HostString, values: SyntaxNode | undefined, scope: MikroScope): SqlPart {
  const given = values && readArray(values, scope.host);
  const single = values && !given && !readObject(values, scope.host) ? values : undefined;
  const parts: SqlPart[] = [];
  let at = 0;
  let index = 0;
  for (const match of text.text.matchAll(/\?\??|(?<![\w".:'])([A-Za-z_]\w*)\.([A-Za-z_]\w*)(?![\w"(.])|'(?:[^']|'')*'/g)) {
    const [whole, alias, property] = match;
    if (whole.startsWith("'") || text.interpolations.some((part) => part.span.start <= match.index && match.index < part.span.end)) continue;
    if (alias !== undefined) {
      const source = [scope.main, ...scope.joins].find((candidate) => candidate.alias === alias);
      const column = source && property !== undefined ? columnsOf(source, property)?.[0] : undefined;
      const segment = text.map.segments.find((candidate) => candidate.sql.start <= match.index && match.index < candidate.sql.end);
      if (!source || column === undefined || column === property) continue;
      const start = segment ? segment.host.start + (match.index - segment.sql.start) : 0;
      parts.push(fragment(text, at, match.index), identifier([alias, column], segment && ({ ...segment.host, start, end: start + whole.length } as HostSpan)));
    } else {
      const value = given?.items[index]?.node ?? (index === 0 ? single : undefined);
      index++;
      parts.push(fragment(text, at, match.index), value ? valuePart(value, scope.host) : bind({ text: '?', names: [], origin: 'unknown' }));
    }
    at = match.index + whole.length;
  }
  return concat(...parts, fragment(text, at));
}

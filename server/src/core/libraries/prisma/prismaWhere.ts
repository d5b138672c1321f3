import type { ModelIr, RelationIr } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import type { HostContext } from '../adapter';
import { bindOf, constantValue, patternPart, readArray, readObject, valuePart, type Entry } from '../shared/hostValues';
import { bind, clause, concat, conditional, group, hole, identifier, incomplete, isEmpty, join, joinConditions, nothing, sql, type SqlPart } from '../shared/sqlBuilder';

/** What is rendered: one table of the statement and what is known of its model. */
export interface PrismaScope {
  readonly host: HostContext;
  readonly name: string;
  readonly model: ModelIr | undefined;
  /** Name by which columns are qualified. */
  readonly alias: string;
  /** Joins of the SELECT around it; absent in UPDATE and DELETE, where relations become sub-queries. */
  readonly joins?: SqlPart[];
  /** Numbers the aliases of one statement. */
  readonly aliases: { next: number };
}

const maxDepth = 12;

export const tableOf = (model: ModelIr | undefined, name: string, host?: HostSpan): SqlPart => identifier([...(model?.schema === undefined ? [] : [model.schema]), model?.table ?? name], host);

export const columnOf = (scope: PrismaScope, property: string): string => scope.model?.columns.find((column) => column.property === property)?.column ?? property;

/** A qualified column. */
export const columnPart = (scope: PrismaScope, property: string, host?: HostSpan): SqlPart => identifier([scope.alias, columnOf(scope, property)], host);

/** AND-conjuncts of a `where` value. An object that is not known makes the statement incomplete. */
export function whereParts(value: SyntaxNode, scope: PrismaScope, depth = 0): readonly SqlPart[] {
  const object = readObject(value, scope.host);
  if (!object || depth > maxDepth) return [/^(undefined|null)$/.test(value.text) ? nothing : incomplete];
  return [...object.entries.flatMap((entry) => entryParts(entry, scope, depth).map((part) => conditional(part, entry.condition))), object.open ? incomplete : nothing];
}

function entryParts(entry: Entry, scope: PrismaScope, depth: number): readonly SqlPart[] {
  const { key, value, span } = entry;
  if (key === 'AND' || key === 'OR' || key === 'NOT') return booleanParts(key, value, span, scope, depth);
  const relation = scope.model?.relations.find((candidate) => candidate.property === key);
  if (relation) return [relationFilter(relation, value, span, scope, depth)];
  const compound = compoundKey(key, value, scope);
  if (compound) return compound.flatMap((inner) => scalarFilter(columnPart(scope, inner.key, inner.span), inner.value, inner.span, scope, depth).map((part) => conditional(part, inner.condition)));
  // Without the schema, an object under a key that names no operator is a relation: its columns are unknown.
  if (!scope.model && looksLikeRelation(value, scope.host)) return [incomplete];
  return scalarFilter(columnPart(scope, key, span), value, span, scope, depth);
}

const filterKeys = new Set(['equals', 'not', 'in', 'notIn', 'lt', 'lte', 'gt', 'gte', 'contains', 'startsWith', 'endsWith', 'mode', 'search', 'has', 'hasEvery', 'hasSome', 'isEmpty', 'path', 'string_contains', 'string_starts_with', 'string_ends_with', 'array_contains', 'array_starts_with', 'array_ends_with']);
const looksLikeRelation = (value: SyntaxNode, host: HostContext): boolean => readObject(value, host)?.entries.some((entry) => !filterKeys.has(entry.key)) ?? false;

function compoundKey(key: string, value: SyntaxNode, scope: PrismaScope): readonly Entry[] | undefined {
  const known = scope.model?.uniques?.find((unique) => unique.name === key && unique.properties.length > 1);
  const entries = known || (!scope.model && key.includes('_')) ? readObject(value, scope.host)?.entries : undefined;
  return known || entries?.map((entry) => entry.key).join('_') === key ? entries : undefined;
}

function booleanParts(key: 'AND' | 'OR' | 'NOT', value: SyntaxNode, span: HostSpan, scope: PrismaScope, depth: number): readonly SqlPart[] {
  const list = readArray(value, scope.host);
  if (!list && !readObject(value, scope.host)) return [/^(undefined)$/.test(value.text) ? nothing : incomplete];
  const items = list?.items ?? [{ node: value, condition: undefined }];
  const open = list?.open ? incomplete : nothing;
  if (key === 'AND') return [...items.flatMap((item) => whereParts(item.node, scope, depth + 1).map((part) => conditional(part, item.condition))), open];
  const inner: PrismaScope = { ...scope };
  const branches = items.map((item) => {
    const parts = whereParts(item.node, inner, depth + 1);
    const texts = joinConditions(parts, 'AND');
    return conditional(key === 'OR' && parts.filter((part) => part.some((atom) => atom.type !== 'incomplete')).length > 1 && items.length > 1 ? group(texts) : texts, item.condition);
  });
  if (key === 'OR') return [branches.length === 0 && !list?.open ? sql('1 = 0', span) : group(joinConditions(branches, 'OR')), open];
  const body = joinConditions(branches, 'AND');
  return [clause(sql('NOT ', span), group(body)), open];
}

const comparisons: Readonly<Record<string, string>> = { lt: ' < ', lte: ' <= ', gt: ' > ', gte: ' >= ' };

/** Conjuncts of one column's filter: a value, null, or an object of operators. */
export function scalarFilter(column: SqlPart, value: SyntaxNode, span: HostSpan, scope: PrismaScope, depth: number): readonly SqlPart[] {
  const { host } = scope;
  if (constantValue(value, host) === null) return [concat(column, sql(' IS NULL', span))];
  const object = readObject(value, scope.host);
  if (!object) return [concat(column, sql(' = ', span), valuePart(value, host))];
  const find = (key: string): Entry | undefined => object.entries.find((entry) => entry.key === key);
  const mode = find('mode');
  const insensitive = mode ? constantValue(mode.value, host) === 'insensitive' : false;
  const path = find('path');
  const target = path ? concat(sql('(', path.span), column, sql(' #> ', path.span), bind(bindOf(path.value, host)), sql(')', path.span)) : column;
  return [...object.entries.map((entry) => conditional(operator(entry, target, insensitive, scope, depth), entry.condition)), object.open ? incomplete : nothing];
}

function operator(entry: Entry, column: SqlPart, insensitive: boolean, scope: PrismaScope, depth: number): SqlPart {
  const { key, value, span } = entry;
  const { host } = scope;
  const like = insensitive ? ' ILIKE ' : ' LIKE ';
  const compare = (text: string): SqlPart => concat(column, sql(text, span), valuePart(value, host));
  switch (key) {
    case 'mode':
    case 'path':
      return nothing;
    case 'equals':
      if (constantValue(value, host) === null) return concat(column, sql(' IS NULL', span));
      return insensitive ? concat(column, sql(' ILIKE ', span), valuePart(value, host)) : compare(' = ');
    case 'not': {
      if (constantValue(value, host) === null) return concat(column, sql(' IS NOT NULL', span));
      if (!readObject(value, scope.host)) return compare(' <> ');
      return clause(sql('NOT ', span), group(joinConditions(scalarFilter(column, value, span, scope, depth + 1), 'AND')));
    }
    case 'in':
    case 'notIn':
      return concat(column, sql(key === 'in' ? ' IN ' : ' NOT IN ', span), listPart(value, span, host));
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return compare(comparisons[key] ?? ' = ');
    case 'contains':
    case 'string_contains':
      return concat(column, sql(like, span), patternPart(value, host, '%', '%'));
    case 'startsWith':
    case 'string_starts_with':
      return concat(column, sql(like, span), patternPart(value, host, '', '%'));
    case 'endsWith':
    case 'string_ends_with':
      return concat(column, sql(like, span), patternPart(value, host, '%'));
    case 'has':
      return concat(column, sql(' @> ARRAY[', span), valuePart(value, host), sql(']', span));
    case 'hasEvery':
    case 'array_contains':
      return concat(column, sql(' @> ', span), bind(bindOf(value, host)));
    case 'hasSome':
      return concat(column, sql(' && ', span), bind(bindOf(value, host)));
    case 'isEmpty':
      return concat(column, sql(constantValue(value, host) === false ? " <> '{}'" : " = '{}'", span));
    case 'search':
      return concat(sql('to_tsvector(', span), column, sql(') @@ to_tsquery(', span), valuePart(value, host), sql(')', span));
    default:
      return incomplete;
  }
}

function listPart(value: SyntaxNode, span: HostSpan, host: HostContext): SqlPart {
  const list = readArray(value, host);
  if (!list || list.open || list.items.length === 0 || list.items.some((item) => item.condition)) return hole('list', bindOf(value, host));
  return concat(sql('(', span), join(list.items.map((item) => valuePart(item.node, host)), ', '), sql(')', span));
}

/** Column pairs that tie a relation: own column, other column. Undefined where neither side tells. */
export function relationColumns(relation: RelationIr, scope: PrismaScope): readonly (readonly [string, string])[] | undefined {
  const pairs = (own: readonly string[], other: readonly string[]): readonly (readonly [string, string])[] | undefined => (own.length > 0 && own.length === other.length ? own.map((column, index) => [column, other[index] ?? ''] as const) : undefined);
  const direct = pairs(relation.columns, relation.references);
  if (direct) return direct;
  const back = scope.host.model(relation.model, 'prisma')?.relations.find((candidate) => candidate.model === scope.name && candidate.name === relation.name && candidate.columns.length > 0 && !candidate.many);
  return back && pairs(back.references, back.columns);
}

function relationFilter(relation: RelationIr, value: SyntaxNode, span: HostSpan, scope: PrismaScope, depth: number): SqlPart {
  const { host } = scope;
  const other = host.model(relation.model, 'prisma');
  const pairs = relationColumns(relation, scope);
  if (!pairs) return incomplete;
  const own = (column: string): SqlPart => identifier([scope.alias, column], span);
  if (constantValue(value, host) === null) return joinConditions(pairs.map(([column]) => concat(own(column), sql(' IS NULL', span))), 'AND');
  const object = readObject(value, scope.host);
  if (!object) return incomplete;
  const wrapped = object.entries.filter((entry) => /^(some|every|none|is|isNot)$/.test(entry.key));
  if (relation.many || wrapped.length > 0) {
    return concat(joinConditions(wrapped.map((entry) => {
      const key = entry.key;
      if (constantValue(entry.value, host) === null) return joinConditions(pairs.map(([column]) => concat(own(column), sql(key === 'isNot' ? ' IS NOT NULL' : ' IS NULL', entry.span))), 'AND');
      if (key === 'is') return toOne(relation, other, pairs, entry.value, entry.span, scope, depth);
      const part = exists(relation, other, pairs, entry.value, entry.span, scope, depth, key === 'every');
      return conditional(key === 'some' ? part : concat(sql('NOT ', entry.span), part), entry.condition);
    }), 'AND'), object.open ? incomplete : nothing);
  }
  return toOne(relation, other, pairs, value, span, scope, depth);
}

/** A join where the statement has them, else a sub-query. */
function toOne(relation: RelationIr, other: ModelIr | undefined, pairs: readonly (readonly [string, string])[], value: SyntaxNode, span: HostSpan, scope: PrismaScope, depth: number): SqlPart {
  if (!scope.joins) return exists(relation, other, pairs, value, span, scope, depth, false);
  const inner = joinRelation(relation, other, pairs, span, scope);
  const conditions = whereParts(value, inner, depth + 1);
  const text = joinConditions(conditions, 'AND');
  return text.length > 0 ? text : joinConditions(pairs.map(([, column]) => concat(identifier([inner.alias, column], span), sql(' IS NOT NULL', span))), 'AND');
}

/** Adds `LEFT JOIN other AS jn ON …` and gives the scope of the joined table. */
export function joinRelation(relation: RelationIr, other: ModelIr | undefined, pairs: readonly (readonly [string, string])[], span: HostSpan, scope: PrismaScope): PrismaScope {
  const alias = `j${scope.aliases.next++}`;
  const on = joinConditions(pairs.map(([column, target]) => concat(identifier([alias, target], span), sql(' = ', span), identifier([scope.alias, column], span))), 'AND');
  scope.joins?.push(concat(sql('LEFT JOIN ', span), tableOf(other, relation.model, span), sql(' AS '), identifier(alias), sql(' ON '), on));
  return { ...scope, name: relation.model, model: other, alias };
}

function exists(relation: RelationIr, other: ModelIr | undefined, pairs: readonly (readonly [string, string])[], value: SyntaxNode, span: HostSpan, scope: PrismaScope, depth: number, negated: boolean): SqlPart {
  const alias = `t${scope.aliases.next++}`;
  const joins: SqlPart[] = [];
  const inner: PrismaScope = { ...scope, name: relation.model, model: other, alias, joins };
  const link = pairs.map(([column, target]) => concat(identifier([alias, target], span), sql(' = ', span), identifier([scope.alias, column], span)));
  const conditions = whereParts(value, inner, depth + 1);
  const filter = negated && conditions.some((part) => !isEmpty(part)) ? [clause(sql('NOT ', span), group(joinConditions(conditions, 'AND')))] : conditions;
  return concat(sql('EXISTS ', span), group(concat(sql('SELECT 1 FROM ', span), tableOf(other, relation.model, span), sql(' AS '), identifier(alias), ...joins.map((part) => concat(sql(' '), part)), sql(' WHERE '), joinConditions([...link, ...filter], 'AND'))));
}


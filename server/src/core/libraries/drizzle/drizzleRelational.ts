import type { ModelIr, RelationIr } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import { isFunction, unwrap } from '../../hosts/typescript/syntaxTools';
import type { HostSpan } from '../../text/span';
import { bindOf, constantText, constantValue, patternPart, readArray, readObject, type Entry, type ObjectValue } from '../shared/hostValues';
import { clause, concat, conditional, group, hole, identifier, incomplete, isEmpty, joinConditions, nothing, sql, type SqlPart } from '../shared/sqlBuilder';
import { renderSelect, type RowCountPart } from '../shared/sqlClauses';
import { conditionParts, expressionPart, membership, orderParts } from './drizzleExpressions';
import { parameterNames, relationPairs } from './drizzleRelations';
import { callbackBody } from './drizzleSelect';
import { namedColumn, relationsOf, tableOfModel, type DrizzleScope, type DrizzleTable } from './drizzleTables';

const maxNesting = 6;

/** What `findMany` and `findFirst` are given. */
export interface RelationalQuery {
  readonly sql: SqlPart;
  /** `posts`, `posts.comments`. */
  readonly eager: readonly string[];
}

/**
 * The one statement of a relational query: nested `with` becomes lateral joins. Filters are read in both forms: expressions
 * and callbacks, and (from 1.0 on) objects.
 */
export function renderRelational(method: string, model: ModelIr, args: ObjectValue, anchor: HostSpan, outer: DrizzleScope): RelationalQuery {
  const eager: string[] = [];
  const table = tableOfModel(model, anchor);
  const part = selectPart({ table, args, path: '', one: method === 'findFirst' ? anchor : undefined, link: [], depth: 0, eager }, { ...outer, qualified: true });
  return { sql: part, eager };
}

interface Level {
  readonly table: DrizzleTable;
  readonly args: ObjectValue;
  readonly path: string;
  /** At most one row is asked for by the form of the call; its place. */
  readonly one?: HostSpan;
  /** Conditions that tie the rows to their parent. */
  readonly link: readonly SqlPart[];
  readonly depth: number;
  readonly eager: string[];
}

const find = (args: ObjectValue, key: string): Entry | undefined => args.entries.find((entry) => entry.key === key);

function selectPart(level: Level, scope: DrizzleScope): SqlPart {
  const { table, args } = level;
  const under = (entry: Entry, part: SqlPart): SqlPart => conditional(part, entry.condition);
  const where = args.entries.filter((entry) => entry.key === 'where').flatMap((entry) => filterOf(entry.value, table, scope).map((part) => under(entry, part)));
  const orderBy = args.entries.filter((entry) => entry.key === 'orderBy').flatMap((entry) => orderOf(entry.value, table, scope).map((part) => under(entry, part)));
  const count = (key: string): RowCountPart | undefined => {
    const entry = find(args, key);
    return entry && { count: under(entry, expressionPart(entry.value, scope)), host: entry.span };
  };
  const limit = level.one ? { count: sql('1', level.one), host: level.one } : count('limit');
  const joins: SqlPart[] = [];
  const columns = [...columnsOf(level, scope), ...nestedParts(level, joins, scope)];
  const text = renderSelect({ columns: columns.length > 0 ? columns : [sql('1')], from: table.from, joins, where: [...level.link, ...where], orderBy, limit, offset: count('offset') });
  return concat(text, args.open ? incomplete : nothing);
}

function columnsOf({ table, args }: Level, scope: DrizzleScope): readonly SqlPart[] {
  const entry = find(args, 'columns');
  const chosen = entry ? readObject(entry.value)?.entries : undefined;
  const included = chosen?.filter((item) => constantValue(item.value, scope.host) !== false);
  const excluded = new Set(chosen?.filter((item) => constantValue(item.value, scope.host) === false).map((item) => item.key));
  const host = (property: string): HostSpan => chosen?.find((item) => item.key === property)?.span ?? entry?.span ?? atom(table);
  const extras = find(args, 'extras');
  const properties = included && included.length > 0 ? included.map((item) => item.key) : (table.properties ?? []).filter((property) => !excluded.has(property));
  return [
    ...properties.flatMap((property) => {
      const column = table.column(property);
      return column === undefined ? [] : [namedColumn(table, column, scope, host(property))];
    }),
    ...(extras ? readObject(callbackBody(extras.value))?.entries.map((item) => concat(expressionPart(callbackBody(item.value), withTable(item.value, table, withTable(extras.value, table, scope))), sql(' AS '), identifier(item.key, item.span))) ?? [hole('identifier', bindOf(extras.value, scope.host))] : []),
  ];
}

const atom = (table: DrizzleTable): HostSpan => {
  const text = table.from.find((item) => item.type === 'text');
  return text?.type === 'text' && text.host ? text.host : { start: 0, end: 0 } as HostSpan;
};

/** Lateral joins of `with`, and the fields that they give. */
function nestedParts(level: Level, joins: SqlPart[], scope: DrizzleScope): readonly SqlPart[] {
  const entry = find(level.args, 'with');
  if (!entry) return [];
  const nested = readObject(entry.value);
  if (!nested || level.depth >= maxNesting || !level.table.model) return [incomplete];
  const model = level.table.model;
  return nested.entries.flatMap((item): readonly SqlPart[] => {
    if (constantValue(item.value, scope.host) === false) return [];
    const path = level.path === '' ? item.key : `${level.path}.${item.key}`;
    level.eager.push(path);
    const relation = relationsOf(model, scope.host).find((candidate) => candidate.property === item.key);
    const other = relation ? scope.host.model(relation.model, 'drizzle') : undefined;
    const pairs = relation && other ? relationPairs(model.name, relation, relationsOf(other, scope.host)) : undefined;
    if (!relation || !other?.table || !pairs) return [];
    const alias = `${level.table.name ?? model.name}_${item.key}`;
    const target = tableOfModel(other, item.span, alias);
    const link = linkOf(level.table, target, pairs, item.span, scope);
    const inner = selectPart({ table: target, args: readObject(item.value) ?? { entries: [], open: constantValue(item.value, scope.host) !== true }, path, one: relation.many ? undefined : item.span, link, depth: level.depth + 1, eager: level.eager }, scope);
    const rows = `${alias}_rows`;
    const collected = relation.many ? `coalesce(json_agg(row_to_json(${rows}.*)), '[]') AS data` : `row_to_json(${rows}.*) AS data`;
    joins.push(conditional(concat(sql('LEFT JOIN LATERAL (', item.span), sql(`SELECT ${collected} FROM (`), inner, sql(`) AS ${rows}) AS `), identifier(alias), sql(' ON TRUE')), item.condition));
    return [concat(identifier([alias, 'data'], item.span), sql(' AS '), identifier(item.key, item.span))];
  });
}

const linkOf = (own: DrizzleTable, other: DrizzleTable, pairs: readonly (readonly [string, string])[], host: HostSpan, scope: DrizzleScope): readonly SqlPart[] =>
  pairs.map(([column, far]) => concat(namedColumn(other, far, scope, host), sql(' = ', host), namedColumn(own, column, scope, host)));

/** The scope in which a callback's first parameter names the table. */
function withTable(written: SyntaxNode, table: DrizzleTable, scope: DrizzleScope): DrizzleScope {
  const fn = unwrap(written);
  const own = isFunction(fn) ? firstParameter(fn) : undefined;
  const named = new Map(scope.named);
  // In a relational query the table's own variable means the table as it is read here, under its alias.
  if (table.model) named.set(table.model.name, table);
  if (own !== undefined) named.set(own, table);
  return { ...scope, named };
}

function firstParameter(fn: SyntaxNode): string | undefined {
  const single = fn.childForFieldName('parameter');
  if (single) return single.text;
  const first = fn.childForFieldName('parameters')?.namedChildren.find((child) => child.type !== 'comment');
  return first && parameterNames(fn).length > 0 && (first.childForFieldName('pattern') ?? first).type === 'identifier' ? (first.childForFieldName('pattern') ?? first).text : undefined;
}

function filterOf(value: SyntaxNode, table: DrizzleTable, scope: DrizzleScope): readonly SqlPart[] {
  const inner = withTable(value, table, scope);
  const object = isFunction(unwrap(value)) ? undefined : readObject(value);
  return object ? objectFilter(object, table, inner, 0) : conditionParts(callbackBody(value), inner);
}

/** `{ id: 1, name: { ilike: 'a%' }, OR: [{ … }], posts: { title: 'x' } }` as AND-conjuncts. */
function objectFilter(object: ObjectValue, table: DrizzleTable, scope: DrizzleScope, depth: number): readonly SqlPart[] {
  const conjuncts = object.entries.map((entry): SqlPart => {
    const list = (): readonly SqlPart[] => readArray(entry.value)?.items.map((item) => {
      const inner = readObject(item.node);
      const parts = inner ? objectFilter(inner, table, scope, depth + 1) : [incomplete];
      return conditional(parts.length > 1 ? group(joinConditions(parts, 'AND')) : joinConditions(parts, 'AND'), item.condition);
    }) ?? [incomplete];
    const part = ((): SqlPart => {
      switch (entry.key) {
        case 'OR': return group(joinConditions(list(), 'OR'), entry.span);
        case 'AND': return joinConditions(list(), 'AND');
        case 'NOT': {
          const inner = readObject(entry.value);
          return inner ? clause(sql('NOT ', entry.span), group(joinConditions(objectFilter(inner, table, scope, depth + 1), 'AND'))) : incomplete;
        }
        case 'RAW': return joinConditions(conditionParts(callbackBody(entry.value), withTable(entry.value, table, scope)), 'AND');
        default: {
          const relation = table.model ? relationsOf(table.model, scope.host).find((candidate) => candidate.property === entry.key) : undefined;
          if (relation) return relationFilter(relation, entry, table, scope, depth);
          const column = table.column(entry.key);
          return column === undefined ? incomplete : columnFilter(namedColumn(table, column, scope, entry.span), entry.value, entry.span, scope, depth);
        }
      }
    })();
    return conditional(part, entry.condition);
  });
  return object.open ? [...conjuncts, incomplete] : conjuncts;
}

const comparisons: Readonly<Record<string, string>> = { eq: ' = ', ne: ' <> ', gt: ' > ', gte: ' >= ', lt: ' < ', lte: ' <= ', like: ' LIKE ', ilike: ' ILIKE ', notLike: ' NOT LIKE ', notIlike: ' NOT ILIKE ', arrayContains: ' @> ', arrayContained: ' <@ ', arrayOverlaps: ' && ' };

function columnFilter(column: SqlPart, value: SyntaxNode, host: HostSpan, scope: DrizzleScope, depth: number): SqlPart {
  const object = readObject(value);
  if (!object || depth > maxNesting) return concat(column, sql(' = ', host), expressionPart(value, scope));
  const parts = object.entries.map((entry): SqlPart => {
    const operator = Object.hasOwn(comparisons, entry.key) ? comparisons[entry.key] ?? '' : undefined;
    const list = (): readonly SqlPart[] => readArray(entry.value)?.items.map((item) => columnFilter(column, item.node, entry.span, scope, depth + 1)) ?? [incomplete];
    const part = ((): SqlPart => {
      if (operator !== undefined) return concat(column, sql(operator, entry.span), /like$/i.test(entry.key) ? patternPart(entry.value, scope.host) : expressionPart(entry.value, scope));
      switch (entry.key) {
        case 'in':
        case 'notIn': return membership(column, entry.value, entry.key === 'notIn', entry.span, scope);
        case 'isNull':
        case 'isNotNull': return constantValue(entry.value, scope.host) === true ? concat(column, sql(entry.key === 'isNull' ? ' IS NULL' : ' IS NOT NULL', entry.span)) : incomplete;
        case 'OR': return group(joinConditions(list(), 'OR'), entry.span);
        case 'AND': return joinConditions(list(), 'AND');
        case 'NOT': return clause(sql('NOT ', entry.span), group(columnFilter(column, entry.value, entry.span, scope, depth + 1)));
        default: return incomplete;
      }
    })();
    return conditional(part, entry.condition);
  });
  return concat(joinConditions(parts, 'AND'), object.open ? incomplete : nothing);
}

/** `posts: { title: 'x' }` or `posts: true`: EXISTS on the other table. */
function relationFilter(relation: RelationIr, entry: Entry, table: DrizzleTable, scope: DrizzleScope, depth: number): SqlPart {
  const other = scope.host.model(relation.model, 'drizzle');
  const pairs = other && table.model ? relationPairs(table.model.name, relation, relationsOf(other, scope.host)) : undefined;
  const wanted = constantValue(entry.value, scope.host);
  const object = readObject(entry.value);
  if (!other?.table || !pairs || depth > maxNesting || (!object && typeof wanted !== 'boolean')) return incomplete;
  const target = tableOfModel(other, entry.span, `${relation.property}_${depth}`);
  const conditions = [...linkOf(table, target, pairs, entry.span, scope), ...(object ? objectFilter(object, target, scope, depth + 1) : [])];
  return concat(sql(wanted === false ? 'NOT EXISTS (SELECT 1 FROM ' : 'EXISTS (SELECT 1 FROM ', entry.span), target.from, sql(' WHERE '), joinConditions(conditions, 'AND'), sql(')'));
}

/** Expressions, a callback, or `{ id: 'asc' }`. */
function orderOf(value: SyntaxNode, table: DrizzleTable, scope: DrizzleScope): readonly SqlPart[] {
  const inner = withTable(value, table, scope);
  const object = isFunction(unwrap(value)) ? undefined : readObject(value);
  if (!object) return orderParts([callbackBody(value)], inner);
  return [...object.entries.map((entry) => {
    const column = table.column(entry.key);
    const direction = constantText(entry.value, scope.host);
    const name = column === undefined ? hole('identifier', bindOf(entry.value, scope.host)) : namedColumn(table, column, scope, entry.span);
    return conditional(concat(name, direction === undefined ? hole('fragment', bindOf(entry.value, scope.host)) : sql(direction === 'desc' ? ' DESC' : '', entry.span)), entry.condition);
  }), object.open ? incomplete : nothing].filter((part) => !isEmpty(part) || object.open);
}

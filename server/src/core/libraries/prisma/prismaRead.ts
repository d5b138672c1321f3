import type { LoadedRelation } from '../../hosts/relationLoads';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import type { HostContext } from '../adapter';
import { bindOf, bothConditions, constantText, constantValue, readArray, readObject, valuePart, type Entry, type ObjectValue } from '../shared/hostValues';
import { columnPart, joinRelation, relationColumns, scalarFilter, tableOf, whereParts, type PrismaScope } from './prismaWhere';
import { concat, conditional, hole, identifier, incomplete, join, joinConditions, nothing, sql, type SqlPart } from '../shared/sqlBuilder';
import { renderSelect, type RowCountPart, type SelectParts } from '../shared/sqlClauses';

/** Arguments of a Prisma call by key; a key may be there several times, under different conditions. */
export interface PrismaArguments {
  readonly object: ObjectValue;
  find(key: string): Entry | undefined;
}

/** @returns undefined when the argument is not known to be an object literal. */
export function readArguments(argument: SyntaxNode | undefined, context: HostContext): PrismaArguments | undefined {
  const object = argument ? readObject(argument, context) : { entries: [], open: false };
  return object && { object, find: (key) => object.entries.findLast((entry) => entry.key === key) };
}

/** SELECT of `findMany`, `findFirst`, `findUnique`, `count`, `aggregate` and `groupBy`. */
export function renderRead(method: string, args: PrismaArguments, base: PrismaScope, host: HostSpan): SqlPart {
  const joins: SqlPart[] = [];
  const scope: PrismaScope = { ...base, joins };
  const where = whereOf(args, scope);
  const written = args.find('orderBy');
  const orderBy = written ? orderItems(written, scope) : ownOrder(method, args, scope);
  const one = /^find(First|Unique)/.test(method);
  const parts: SelectParts = {
    from: tableOf(scope.model, scope.name, host),
    where: [...where, ...cursorCondition(args, scope)],
    orderBy,
    limit: one ? { count: sql('1', host), host } : rowCount(args.find('take'), scope),
    offset: /^findUnique/.test(method) ? undefined : offset(args, scope),
  };
  const unseen = args.object.open ? incomplete : nothing;
  if (method === 'groupBy') return concat(renderSelect({ ...parts, ...grouping(args, scope, host), joins }), unseen);
  if (method !== 'count' && method !== 'aggregate') return concat(renderSelect({ ...parts, ...distinctOn(args, scope), columns: selectedColumns(args, scope), joins }), unseen);
  const outputs = method === 'count' ? countOutputs(args, scope, host) : aggregateOutputs(args, scope, host);
  if (!parts.limit && !parts.offset) return concat(renderSelect({ ...parts, orderBy: [], columns: outputs, joins }), unseen);
  // A page of rows is counted: the page is a derived table.
  const inner = renderSelect({ ...parts, columns: innerColumns(args, scope), joins });
  return concat(renderSelect({ columns: outputs.map(withoutQualifier(scope)), from: concat(sql('('), inner, sql(') AS sub')) }), unseen);
}

/** A page without an order is ordered by the primary key: Prisma adds it where rows are taken, skipped or begin at a cursor. */
function ownOrder(method: string, args: PrismaArguments, scope: PrismaScope): readonly SqlPart[] {
  const pages = args.object.entries.filter((entry) => (entry.key === 'take' && !method.startsWith('findFirst')) || entry.key === 'cursor' || (entry.key === 'skip' && constantValue(entry.value, scope.host) !== 0));
  const page = pages.find((entry) => !entry.condition) ?? pages[0];
  const { model } = scope;
  const keys = model?.primary?.map((column) => model.columns.find((candidate) => candidate.column === column)?.property ?? column) ?? model?.uniques?.[0]?.properties ?? [];
  if (!page || !/^(findMany|findFirst(OrThrow)?|count|aggregate)$/.test(method)) return [];
  return keys.map((key) => conditional(columnPart(scope, key, page.span), page.condition));
}

/** `distinct: ['status']`, as Prisma 7 sends it: in SQL where the order begins with these keys, else the rows are compared in memory. */
function distinctOn(args: PrismaArguments, scope: PrismaScope): Pick<SelectParts, 'distinct'> {
  const entry = args.find('distinct');
  const names = entry && !entry.condition ? (readArray(entry.value, scope.host)?.items.map((item) => constantText(item.node, scope.host)) ?? [constantText(entry.value, scope.host)]) : [];
  const written = args.find('orderBy')?.value;
  const orders = written ? readArray(written, scope.host)?.items.map((item) => item.node) ?? [written] : [];
  const keys = orders.flatMap((order) => readObject(order, scope.host)?.entries.map((key) => key.key) ?? ['']);
  if (!entry || names.length === 0 || names.some((name) => name === undefined) || keys.slice(0, names.length).some((key) => !names.includes(key))) return {};
  return { distinct: concat(sql('DISTINCT ON (', entry.span), join(names.map((name) => columnPart(scope, name ?? '', entry.span)), ', '), sql(')', entry.span)) };
}

const withoutQualifier = (scope: PrismaScope) => (part: SqlPart): SqlPart => part.map((atom) => (atom.type === 'text' && atom.text.includes(`${quoted(scope.alias)}.`) ? { ...atom, text: atom.text.replaceAll(`${quoted(scope.alias)}.`, '') } : atom));
const quoted = (name: string): string => identifier(name).map((atom) => (atom.type === 'text' ? atom.text : '')).join('');

const innerColumns = (args: PrismaArguments, scope: PrismaScope): readonly SqlPart[] => {
  const named = [...new Set(args.object.entries.filter((entry) => /^_(sum|avg|min|max|count)$/.test(entry.key)).flatMap((entry) => readObject(entry.value, scope.host)?.entries.map((inner) => inner.key) ?? []))].filter((name) => name !== '_all');
  const first = scope.model?.uniques?.[0]?.properties[0] ?? scope.model?.columns[0]?.property ?? 'id';
  return (named.length > 0 ? named : [first]).map((name) => columnPart(scope, name));
};

export function whereOf(args: PrismaArguments, scope: PrismaScope): readonly SqlPart[] {
  return args.object.entries.filter((entry) => entry.key === 'where').flatMap((entry) => whereParts(entry.value, scope).map((part) => conditional(part, entry.condition)));
}

function rowCount(entry: Entry | undefined, scope: PrismaScope): RowCountPart | undefined {
  if (!entry) return undefined;
  const known = constantValue(entry.value, scope.host);
  const count = typeof known === 'number' && known < 0 ? sql(String(-known), entry.span) : valuePart(entry.value, scope.host);
  return { count: conditional(count, entry.condition), host: entry.span };
}

/** `skip` beside a `cursor` only steps over the cursor's own row: no OFFSET into the table. */
function offset(args: PrismaArguments, scope: PrismaScope): RowCountPart | undefined {
  const skips = args.object.entries.filter((entry) => entry.key === 'skip');
  const cursors = args.object.entries.filter((entry) => entry.key === 'cursor');
  const own = skips.filter((skip) => !cursors.some((cursor) => cursor.condition?.text === skip.condition?.text || stepsOverCursor(skip.value, cursor)));
  const entry = own.at(-1);
  if (entry && constantValue(entry.value, scope.host) === 0) return undefined;
  return rowCount(entry, scope);
}

/** `skip: after ? 1 : 0`, `skip: 1`. */
const stepsOverCursor = (value: SyntaxNode, cursor: Entry): boolean => /^(1|[^?]+\?\s*1\s*:\s*(0|undefined))$/.test(value.text) || /^\(?\s*([\w.]+)/.exec(value.text)?.[1] === /^([\w.]+)\s*\?/.exec(cursor.value.text)?.[1];

/** The rows from the cursor's on: by the order's first key, as Prisma compares. */
function cursorCondition(args: PrismaArguments, scope: PrismaScope): readonly SqlPart[] {
  return args.object.entries.filter((entry) => entry.key === 'cursor').flatMap((entry) => {
    const cursor = readObject(entry.value, scope.host);
    if (!cursor) return [incomplete];
    const alias = `c${scope.aliases.next++}`;
    const inner: PrismaScope = { ...scope, alias, joins: undefined };
    const keys = cursor.entries.flatMap((key) => (readObject(key.value, scope.host)?.entries ?? [key]).map((leaf) => ({ leaf, condition: bothConditions(key.condition, leaf.condition) })));
    const order = firstOrder(args.find('orderBy'));
    const operator = order?.descending ? ' <= ' : ' >= ';
    const [only] = keys;
    if (only && keys.length === 1 && (!order || order.property === only.leaf.key)) return [conditional(concat(columnPart(scope, only.leaf.key, entry.span), sql(operator, entry.span), valuePart(only.leaf.value, scope.host)), bothConditions(entry.condition, only.condition))];
    const property = order?.property ?? only?.leaf.key;
    if (property === undefined) return [incomplete];
    const filters = keys.flatMap(({ leaf, condition }) => scalarFilter(columnPart(inner, leaf.key, leaf.span), leaf.value, leaf.span, inner, 0).map((part) => conditional(part, condition)));
    const select = concat(sql('(SELECT ', entry.span), columnPart(inner, property, entry.span), sql(' FROM '), tableOf(scope.model, scope.name), sql(' AS '), identifier(alias), sql(' WHERE '), joinConditions(filters, 'AND'), sql(')'));
    return [conditional(concat(columnPart(scope, property, entry.span), sql(operator, entry.span), select), entry.condition)];
  });
}

function firstOrder(entry: Entry | undefined): { readonly property: string; readonly descending: boolean } | undefined {
  const first = entry ? readObject(readArray(entry.value)?.items[0]?.node ?? entry.value)?.entries[0] : undefined;
  return first && { property: first.key, descending: /^['"`]desc['"`]$|sort:\s*['"`]desc/.test(first.value.text) };
}

function orderItems(entry: Entry | undefined, scope: PrismaScope): readonly SqlPart[] {
  if (!entry) return [];
  const list = readArray(entry.value, scope.host);
  const nodes = list?.items ?? [{ node: entry.value, condition: undefined }];
  return [...nodes.flatMap((item) => {
    const object = readObject(item.node, scope.host);
    if (!object) return [/^(undefined)$/.test(item.node.text) ? nothing : conditional(hole('identifier', bindOf(item.node, scope.host)), bothConditions(entry.condition, item.condition))];
    const parts = object.entries.map((key) => conditional(orderItem(key, scope), bothConditions(bothConditions(entry.condition, item.condition), key.condition)));
    // `{ [sortBy]: sortOrder }`: an order whose key is not known.
    return object.open && parts.length === 0 ? [hole('identifier', bindOf(item.node, scope.host))] : parts;
  })];
}

function orderItem(entry: Entry, scope: PrismaScope): SqlPart {
  const { key, value, span } = entry;
  const relation = scope.model?.relations.find((candidate) => candidate.property === key);
  const object = readObject(value, scope.host);
  if (relation) {
    const pairs = relationColumns(relation, scope);
    const inner = object?.entries[0];
    if (!pairs || !inner || !scope.joins) return hole('identifier', bindOf(value, scope.host));
    const other = scope.host.model(relation.model, 'prisma');
    if (relation.many || inner.key === '_count') {
      const alias = `t${scope.aliases.next++}`;
      const link = pairs.map(([column, target]) => concat(identifier([alias, target]), sql(' = '), identifier([scope.alias, column])));
      return concat(sql('(SELECT COUNT(*) FROM ', span), tableOf(other, relation.model), sql(' AS '), identifier(alias), sql(' WHERE '), joinConditions(link, 'AND'), sql(')', span), direction(inner.value, span, scope));
    }
    return orderItem(inner, joinRelation(relation, other, pairs, span, scope));
  }
  const aggregate = /^_(count|sum|avg|min|max)$/.exec(key)?.[1];
  if (aggregate) {
    const inner = object?.entries[0];
    return concat(sql(`${aggregate.toUpperCase()}(`, span), inner && inner.key !== '_all' ? columnPart(scope, inner.key, span) : sql('*', span), sql(')', span), inner ? direction(inner.value, span, scope) : nothing);
  }
  const sort = object?.entries.find((candidate) => candidate.key === 'sort');
  const nulls = object?.entries.find((candidate) => candidate.key === 'nulls');
  const last = nulls ? constantText(nulls.value, scope.host) : undefined;
  return concat(columnPart(scope, key, span), direction(sort?.value ?? value, span, scope), last === 'first' || last === 'last' ? sql(` NULLS ${last.toUpperCase()}`, span) : nothing);
}

function direction(value: SyntaxNode, span: HostSpan, scope: PrismaScope): SqlPart {
  const text = constantText(value, scope.host);
  if (text === undefined && !readObject(value, scope.host)) return hole('fragment', bindOf(value, scope.host)).filter((atom) => atom.type !== 'incomplete');
  return text === 'desc' ? sql(' DESC', span) : nothing;
}

/** The columns that Prisma names: all of the model's, less `omit`, or those of `select`. */
export function selectedColumns(args: PrismaArguments, scope: PrismaScope): readonly SqlPart[] {
  const select = args.find('select');
  const omit = args.find('omit');
  const all = scope.model?.columns.map((column) => column.property);
  if (select) {
    const object = readObject(select.value, scope.host);
    const chosen = object?.entries.filter((entry) => !/^(false|undefined)$/.test(entry.value.text));
    const named = chosen?.filter((entry) => entry.key !== '_count' && (all ? all.includes(entry.key) : !readObject(entry.value, scope.host)));
    if (object && !object.open && named && named.length > 0) return named.map((entry) => conditional(columnPart(scope, entry.key, entry.span), bothConditions(select.condition, entry.condition)));
    if (!object || object.open) return [hole('identifier', bindOf(select.value, scope.host))];
    const first = scope.model?.uniques?.[0]?.properties[0];
    if (first !== undefined) return [columnPart(scope, first)];
  }
  const left = omit ? readObject(omit.value, scope.host)?.entries.filter((entry) => entry.value.text === 'true').map((entry) => entry.key) ?? [] : [];
  if (all && all.length > 0) return all.filter((property) => !left.includes(property)).map((property) => columnPart(scope, property));
  // Which columns the model has is not known; that they are named one by one is.
  return [hole('identifier', { text: `${scope.name}'s columns`, names: [], origin: 'unknown' })];
}

function countOutputs(args: PrismaArguments, scope: PrismaScope, host: HostSpan): readonly SqlPart[] {
  const select = args.find('select');
  const columns = select ? readObject(select.value, scope.host)?.entries ?? [] : [];
  if (columns.length === 0) return [sql('COUNT(*)', host)];
  return columns.map((entry) => (entry.key === '_all' ? sql('COUNT(*)', entry.span) : concat(sql('COUNT(', entry.span), columnPart(scope, entry.key, entry.span), sql(')', entry.span))));
}

function aggregateOutputs(args: PrismaArguments, scope: PrismaScope, host: HostSpan): readonly SqlPart[] {
  const outputs = args.object.entries.flatMap((entry) => {
    const name = /^_(count|sum|avg|min|max)$/.exec(entry.key)?.[1]?.toUpperCase();
    if (!name) return [];
    const columns = readObject(entry.value, scope.host)?.entries ?? [];
    if (columns.length === 0) return [sql(`${name}(*)`, entry.span)];
    return columns.map((column) => (column.key === '_all' ? sql('COUNT(*)', column.span) : concat(sql(`${name}(`, column.span), columnPart(scope, column.key, column.span), sql(')', column.span))));
  });
  return outputs.length > 0 ? outputs : [sql('COUNT(*)', host)];
}

function grouping(args: PrismaArguments, scope: PrismaScope, host: HostSpan): Pick<SelectParts, 'columns' | 'groupBy' | 'having'> {
  const by = args.find('by');
  const list = by ? readArray(by.value, scope.host)?.items.map((item) => item.node) ?? [by.value] : [];
  const columns = list.map((node) => {
    const name = constantText(node, scope.host);
    return name === undefined ? hole('identifier', bindOf(node, scope.host)) : columnPart(scope, name, { start: node.startIndex, end: node.endIndex } as HostSpan);
  });
  const having = args.find('having');
  const conditions = having ? readObject(having.value, scope.host)?.entries.flatMap((entry) => {
    const inner = readObject(entry.value, scope.host)?.entries ?? [];
    return inner.flatMap((aggregate) => {
      const name = /^_(count|sum|avg|min|max)$/.exec(aggregate.key)?.[1]?.toUpperCase();
      const column = columnPart(scope, entry.key, entry.span);
      return scalarFilter(name ? concat(sql(`${name}(`, entry.span), column, sql(')', entry.span)) : column, name ? aggregate.value : entry.value, entry.span, scope, 0);
    });
  }) ?? [incomplete] : [];
  const aggregates = args.object.entries.some((entry) => /^_(count|sum|avg|min|max)$/.test(entry.key)) ? aggregateOutputs(args, scope, host) : [];
  return { columns: [...columns, ...aggregates], groupBy: columns, having: conditions };
}

/** Relations that `include` and `select` load with the rows. */
export function loadedRelations(args: PrismaArguments, scope: PrismaScope, prefix = '', depth = 0): readonly LoadedRelation[] {
  return args.object.entries.filter((entry) => entry.key === 'include' || entry.key === 'select').flatMap((entry) => (readObject(entry.value, scope.host)?.entries ?? []).flatMap((inner): readonly LoadedRelation[] => {
    const relation = scope.model?.relations.find((candidate) => candidate.property === inner.key);
    const nested = readObject(inner.value, scope.host);
    const isRelation = relation !== undefined || (!scope.model && (entry.key === 'include' || nested !== undefined));
    if (!isRelation || inner.key === '_count' || /^(false|undefined)$/.test(inner.value.text) || depth > 6) return [];
    const path = prefix + inner.key;
    const limited = nested?.entries.some((key) => key.key === 'take') ?? false;
    const below = nested && relation ? { ...scope, name: relation.model, model: scope.host.model(relation.model, 'prisma') } : { ...scope, model: undefined };
    const further = nested ? loadedRelations({ object: nested, find: (key) => nested.entries.find((candidate) => candidate.key === key) }, below, `${path}.`, depth + 1) : [];
    return [{ path, span: inner.span, ...(relation ? { many: relation.many } : {}), limited }, ...further];
  }));
}


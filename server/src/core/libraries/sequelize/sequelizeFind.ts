import type { ModelIr } from '../../hosts/ir';
import type { LoadedRelation } from '../../hosts/relationLoads';
import { callParts, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import type { HostContext } from '../adapter';
import { relationPairs } from '../shared/entityModel';
import { bindOf, bothConditions, constantText, readArray, readObject, valuePart, type Entry, type ObjectValue } from '../shared/hostValues';
import { concat, conditional, hole, identifier, incomplete, isEmpty, joinConditions, nothing, sql, type SqlPart } from '../shared/sqlBuilder';
import { renderSelect, type RowCountPart, type SelectParts } from '../shared/sqlClauses';
import { columnOf, directionText, methodPart, relationOf, tablePart, type SequelizeScope, type SequelizeSource } from './sequelizeScope';
import { wherePart } from './sequelizeWhere';

export const optionOf = (options: ObjectValue, key: string): Entry | undefined => options.entries.findLast((entry) => entry.key === key);
const isTrue = (entry: Entry | undefined): boolean => entry?.value.text === 'true';

interface Joined {
  readonly source: SequelizeSource;
  readonly part: SqlPart;
  readonly columns: readonly SqlPart[];
  readonly many: boolean;
  readonly required: boolean;
}

interface Includes {
  readonly joins: readonly Joined[];
  readonly loads: readonly LoadedRelation[];
  /** Something is joined that is not known. */
  readonly open: boolean;
}

/** Joins of `include`; what is `separate` is loaded by a statement of its own. */
export function readIncludes(written: SyntaxNode | undefined, scope: SequelizeScope, parent: SequelizeSource, path = '', depth = 0): Includes {
  if (!written || depth > 5) return { joins: [], loads: [], open: depth > 5 };
  const list = readArray(written);
  const items = list?.items ?? [{ node: written, condition: undefined }];
  const joins: Joined[] = [];
  const loads: LoadedRelation[] = [];
  let open = list?.open ?? false;
  for (const item of items) {
    const options = readObject(item.node);
    const name = namedBy(options ? optionOf(options, 'association')?.value ?? optionOf(options, 'model')?.value : item.node, scope.host);
    const as = options && optionOf(options, 'as');
    const alias = as && constantText(as.value, scope.host);
    const relation = relationOf(parent.model, alias ?? name);
    const model = relation ? scope.host.model(relation.model, 'sequelize') : undefined;
    const property = relation?.property ?? alias ?? name ?? '?';
    const span = scope.host.span(item.node);
    loads.push({ path: path + property, span, limited: (options && optionOf(options, 'limit') !== undefined) ?? false, ...(relation ? { many: relation.many } : {}) });
    if (options && isTrue(optionOf(options, 'separate'))) continue;
    const own: SequelizeSource | undefined = model && { alias: depth === 0 ? property : `${parent.alias}->${property}`, model };
    const on = own && relation ? linkOf(scope, parent, relation, own, options, span) : undefined;
    if (!own || !relation || !on || item.condition) {
      open = true;
      continue;
    }
    const prefix = own.alias.replaceAll('->', '.');
    const attributes = options && optionOf(options, 'attributes');
    const below = readIncludes(options ? optionOf(options, 'include')?.value : undefined, scope, own, `${path}${property}.`, depth + 1);
    joins.push({ source: own, part: on.part, columns: [...includedColumns(attributes, own, prefix, scope), ...throughColumns(relation, own, prefix, scope)], many: relation.many, required: on.required }, ...below.joins);
    loads.push(...below.loads);
    open ||= below.open || (options?.open ?? false);
  }
  return { joins, loads, open };
}

/** `Post`, `models.Post`, `'posts'`, `User.associations.posts`. */
function namedBy(node: SyntaxNode | undefined, host: HostContext): string | undefined {
  const inner = node && unwrap(node);
  if (!inner) return undefined;
  if (inner.type === 'identifier') return constantText(inner, host) ?? inner.text;
  if (inner.type === 'member_expression') return inner.childForFieldName('property')?.text;
  return constantText(inner, host);
}

function linkOf(scope: SequelizeScope, parent: SequelizeSource, relation: ModelIr['relations'][number], own: SequelizeSource, options: ObjectValue | undefined, host: HostSpan): { readonly part: SqlPart; readonly required: boolean } | undefined {
  const where = options && optionOf(options, 'where');
  const requiredOption = options && optionOf(options, 'required');
  const required = requiredOption ? isTrue(requiredOption) : where !== undefined;
  const conditions = [where ? wherePart(where.value, scope, own) : nothing, own.model.softDelete === undefined || (options && optionOf(options, 'paranoid')?.value.text === 'false') ? nothing : concat(identifier([own.alias, own.model.softDelete], host), sql(' IS NULL', host))];
  const kind = required ? 'INNER JOIN ' : 'LEFT OUTER JOIN ';
  const equal = (left: readonly [string, string], right: readonly [string, string]): SqlPart => concat(identifier(left, host), sql(' = ', host), identifier(right, host));
  const table = concat(tablePart(own.model, host), sql(' AS ', host), identifier(own.alias, host));
  if (relation.through) {
    const [column] = relation.through.columns;
    const [other] = relation.through.references;
    const through = relation.name ?? relation.through.table;
    const junction = `${own.alias}->${through}`;
    if (column === undefined || other === undefined) return undefined;
    const inner = concat(sql('('), identifier(relation.through.table, host), sql(' AS ', host), identifier(junction, host), sql(' INNER JOIN ', host), table, sql(' ON ', host), equal([own.alias, own.model.primary?.[0] ?? 'id'], [junction, other]), sql(')'));
    return { required, part: concat(sql(kind, host), inner, sql(' ON ', host), joinConditions([equal([parent.alias, parent.model.primary?.[0] ?? 'id'], [junction, column]), ...conditions], 'AND')) };
  }
  const pairs = relationPairs(relation, parent.model, scope.host);
  if (!pairs || (options && optionOf(options, 'on'))) return undefined;
  return { required, part: concat(sql(kind, host), table, sql(' ON ', host), joinConditions([...pairs.map(([left, right]) => equal([parent.alias, left], [own.alias, right])), ...conditions], 'AND')) };
}

/** The table between comes with its columns, under its model's name. */
function throughColumns(relation: ModelIr['relations'][number], own: SequelizeSource, prefix: string, scope: SequelizeScope): readonly SqlPart[] {
  const junction = relation.through && relation.name !== undefined ? scope.host.model(relation.name, 'sequelize') : undefined;
  return junction?.columns.filter((column) => !junction.primary?.includes(column.column) || relation.through?.columns.includes(column.column)).map((column) => concat(identifier([`${own.alias}->${junction.name}`, column.column]), sql(' AS '), identifier(`${prefix}.${junction.name}.${column.property}`))) ?? [];
}

function includedColumns(attributes: Entry | undefined, own: SequelizeSource, prefix: string, scope: SequelizeScope): readonly SqlPart[] {
  const name = (property: string, host?: HostSpan): SqlPart => concat(identifier([own.alias, columnOf(own.model, property)], host), sql(' AS ', host), identifier(`${prefix}.${property}`));
  if (!attributes) return own.model.columns.map((column) => name(column.property));
  const list = readArray(attributes.value);
  if (list) {
    const chosen = list.items.flatMap((item) => {
      const text = constantText(item.node, scope.host);
      return text === undefined ? [hole('identifier', bindOf(item.node, scope.host))] : [name(text, spanOf(item.node))];
    });
    const key = own.model.columns.find((column) => column.column === own.model.primary?.[0])?.property;
    const named = list.items.map((item) => constantText(item.node, scope.host));
    return chosen.length > 0 && key !== undefined && !named.includes(key) ? [name(key), ...chosen] : chosen;
  }
  const excluded = excludedBy(attributes.value, scope);
  return excluded ? own.model.columns.filter((column) => !excluded.includes(column.property)).map((column) => name(column.property)) : [hole('identifier', bindOf(attributes.value, scope.host))];
}

const excludedBy = (value: SyntaxNode, scope: SequelizeScope): readonly string[] | undefined => {
  const option = readObject(value);
  const list = option && optionOf(option, 'exclude') ? readArray(optionOf(option, 'exclude')?.value ?? value) : option ? { items: [], open: false } : undefined;
  return list && !list.open ? list.items.flatMap((item) => constantText(item.node, scope.host) ?? []) : undefined;
};

/** SELECT of `findAll`, `findOne`, `findByPk`, `findAndCountAll`, `count` and the aggregates. */
export function renderFind(method: string, options: ObjectValue, scope: SequelizeScope, host: HostSpan, extra: { readonly key?: SyntaxNode; readonly column?: SyntaxNode; /** A condition beside those of the options. */ readonly condition?: SqlPart }): { readonly part: SqlPart; readonly loads: readonly LoadedRelation[] } {
  const { main } = scope;
  const includes = readIncludes(optionOf(options, 'include')?.value, scope, main);
  const own = (name: string, at?: HostSpan): SqlPart => identifier(includes.joins.length > 0 || optionOf(options, 'include') ? [main.alias, name] : [name], at);
  const key = extra.key ? concat(identifier([main.alias, main.model.primary?.[0] ?? 'id'], spanOf(extra.key)), sql(' = ', spanOf(extra.key)), valuePart(extra.key, scope.host)) : nothing;
  const deleted = main.model.softDelete === undefined || optionOf(options, 'paranoid')?.value.text === 'false' ? nothing : concat(identifier([main.alias, main.model.softDelete]), sql(' IS NULL'));
  const where = [deleted, ...options.entries.filter((entry) => entry.key === 'where').map((entry) => conditional(wherePart(entry.value, scope, main), entry.condition)), key, extra.condition ?? nothing];
  const unseen = options.open || includes.open ? incomplete : nothing;
  const joins = includes.joins.map((item) => item.part);
  const from = concat(tablePart(main.model, host), sql(' AS '), identifier(main.alias));
  const groupBy = groupItems(optionOf(options, 'group'), scope, own);
  const having = optionOf(options, 'having');
  const base: SelectParts = { from, joins, where, groupBy, having: having ? [wherePart(having.value, { ...scope, qualified: false }, main)] : [] };
  if (method === 'count' || /^(max|min|sum|average)$/.test(method)) {
    const columns = method === 'count' ? countColumn(options, scope, includes, own, host) : aggregate(method, extra.column, scope, own, host);
    return { part: concat(renderSelect({ ...base, columns: [...groupBy, columns] }), unseen), loads: [] };
  }
  const order = orderItems(optionOf(options, 'order'), scope);
  const limit = rowCount(optionOf(options, 'limit'), scope) ?? (method === 'findOne' && !byKey(options, main.model) ? { count: sql('1', host), host } : undefined);
  const offset = rowCount(optionOf(options, 'offset'), scope);
  const locking = lockPart(options, scope);
  const columns = [...mainColumns(optionOf(options, 'attributes'), scope, own), ...includes.joins.flatMap((item) => item.columns)];
  // A limit over rows that a relation multiplies: the page is a derived table.
  const paged = limit && !isEmpty(limit.count) && includes.joins.some((item) => item.many) && optionOf(options, 'subQuery')?.value.text !== 'false';
  if (!paged) return { part: concat(renderSelect({ ...base, columns, orderBy: order, limit, offset, locking }), unseen), loads: includes.loads };
  const ordered = order.filter((part) => !namesJoined(part, includes.joins));
  const inside = renderSelect({ ...base, joins: [], columns: mainColumns(optionOf(options, 'attributes'), scope, own), orderBy: ordered, limit, offset });
  const outside = renderSelect({ columns: [sql(`${plain(identifier(main.alias))}.*`), ...includes.joins.flatMap((item) => item.columns)], from: concat(sql('('), inside, sql(') AS '), identifier(main.alias)), joins, orderBy: order.map((part) => part.filter((atom) => atom.type !== 'hole')), locking });
  // Relations that must be there filter the page too, by conditions of their own.
  return { part: concat(outside, unseen, includes.joins.some((item) => item.required) ? incomplete : nothing), loads: includes.loads };
}

const plain = (part: SqlPart): string => part.map((atom) => (atom.type === 'text' ? atom.text : '')).join('');
const namesJoined = (part: SqlPart, joins: readonly Joined[]): boolean => joins.some((item) => plain(part).startsWith(`${plain(identifier(item.source.alias))}.`));

/** Looked up by its key alone: Sequelize adds no limit then. */
const byKey = (options: ObjectValue, model: ModelIr): boolean => {
  const where = optionOf(options, 'where');
  const unique = model.uniques?.filter((key) => key.properties.length === 1).map((key) => key.properties[0]) ?? ['id'];
  return (where && readObject(where.value)?.entries.some((entry) => unique.includes(entry.key) && !readObject(entry.value) && !readArray(entry.value))) ?? false;
};

function countColumn(options: ObjectValue, scope: SequelizeScope, includes: Includes, own: (name: string, at?: HostSpan) => SqlPart, host: HostSpan): SqlPart {
  const written = optionOf(options, 'col');
  const name = (written && constantText(written.value, scope.host)) ?? (includes.joins.length > 0 ? scope.main.model.primary?.[0] : undefined);
  if (name === undefined) return sql('count(*) AS count', host);
  const target = own(columnOf(scope.main.model, name.split('.').at(-1) ?? name), written?.span);
  return isTrue(optionOf(options, 'distinct')) ? concat(sql('count(DISTINCT(', host), target, sql(')) AS count', host)) : concat(sql('count(', host), target, sql(') AS count', host));
}

function aggregate(method: string, column: SyntaxNode | undefined, scope: SequelizeScope, own: (name: string, at?: HostSpan) => SqlPart, host: HostSpan): SqlPart {
  const text = column && constantText(column, scope.host);
  const name = method === 'average' ? 'avg' : method;
  return concat(sql(`${name}(`, host), text === undefined ? hole('identifier', { text: 'column', names: [], origin: 'unknown' }) : own(columnOf(scope.main.model, text), column ? spanOf(column) : host), sql(`) AS ${name}`, host));
}

export function rowCount(entry: Entry | undefined, scope: SequelizeScope): RowCountPart | undefined {
  return entry && !/^(null|undefined)$/.test(entry.value.text) ? { count: conditional(methodPart(entry.value, scope) ?? valuePart(entry.value, scope.host), entry.condition), host: entry.span } : undefined;
}

function mainColumns(attributes: Entry | undefined, scope: SequelizeScope, own: (name: string, at?: HostSpan) => SqlPart): readonly SqlPart[] {
  const { main } = scope;
  const named = (property: string, at?: HostSpan): SqlPart => {
    const column = columnOf(main.model, property);
    return concat(own(column, at), column === property ? nothing : concat(sql(' AS ', at), identifier(property, at)));
  };
  const item = (node: SyntaxNode): SqlPart => {
    const text = constantText(node, scope.host);
    if (text !== undefined) return named(text, spanOf(node));
    const pair = readArray(node)?.items;
    const [value, alias] = pair ?? [];
    const as = alias && constantText(alias.node, scope.host);
    if (!value || as === undefined) return methodPart(node, scope) ?? hole('identifier', bindOf(node, scope.host));
    const column = constantText(value.node, scope.host);
    return concat(column === undefined ? methodPart(value.node, scope) ?? hole('identifier', bindOf(value.node, scope.host)) : own(columnOf(main.model, column), spanOf(value.node)), sql(' AS '), identifier(as));
  };
  const all = (excluded: readonly string[] = []): readonly SqlPart[] => main.model.columns.filter((column) => !excluded.includes(column.property)).map((column) => named(column.property));
  if (!attributes) return main.model.columns.length > 0 ? all() : [];
  const list = readArray(attributes.value);
  if (list) return [...list.items.map((entry) => conditional(item(entry.node), entry.condition)), ...(list.open ? [hole('identifier', bindOf(attributes.value, scope.host))] : [])];
  const option = readObject(attributes.value);
  const excluded = excludedBy(attributes.value, scope);
  const include = option && optionOf(option, 'include');
  const further = include ? readArray(include.value) : undefined;
  return excluded ? [...all(excluded), ...(further?.items.map((entry) => item(entry.node)) ?? (include ? [hole('identifier', bindOf(include.value, scope.host))] : []))] : [hole('identifier', bindOf(attributes.value, scope.host))];
}

function groupItems(entry: Entry | undefined, scope: SequelizeScope, own: (name: string, at?: HostSpan) => SqlPart): readonly SqlPart[] {
  if (!entry) return [];
  const nodes = readArray(entry.value)?.items.map((item) => item.node) ?? [entry.value];
  return nodes.map((node) => {
    const text = constantText(node, scope.host);
    if (text === undefined) return methodPart(node, scope) ?? hole('identifier', bindOf(node, scope.host));
    const parts = text.split('.');
    return parts.length > 1 ? identifier([parts.slice(0, -1).join('->'), parts.at(-1) ?? ''], spanOf(node)) : own(columnOf(scope.main.model, text), spanOf(node));
  });
}

/** `[['createdAt', 'DESC'], 'id', [Post, 'title'], [{ model: Post, as: 'posts' }, 'title'], literal('…')]`. */
function orderItems(entry: Entry | undefined, scope: SequelizeScope): readonly SqlPart[] {
  if (!entry) return [];
  const list = readArray(entry.value);
  if (!list) {
    const raw = methodPart(entry.value, scope);
    const text = constantText(entry.value, scope.host);
    return [conditional(raw ?? (text === undefined ? hole('identifier', bindOf(entry.value, scope.host)) : identifier([scope.main.alias, columnOf(scope.main.model, text)], entry.span)), entry.condition)];
  }
  const items = list.items.map((item) => conditional(orderItem(item.node, scope), bothConditions(entry.condition, item.condition)));
  return list.open ? [...items, hole('identifier', bindOf(entry.value, scope.host))] : items;
}

function orderItem(node: SyntaxNode, scope: SequelizeScope): SqlPart {
  const host = spanOf(node);
  const text = constantText(node, scope.host);
  if (text !== undefined) return identifier([scope.main.alias, columnOf(scope.main.model, text)], host);
  const raw = methodPart(node, scope);
  if (raw) return raw;
  const parts = readArray(node)?.items.map((item) => item.node);
  if (!parts) return hole('identifier', bindOf(node, scope.host));
  const last = parts.at(-1);
  const direction = parts.length > 1 && last ? directionText(last, scope) : '';
  const path = direction === '' || parts.length === 1 ? parts : parts.slice(0, -1);
  const unknown = direction === '' && parts.length > 1;
  const [first] = path;
  const column = (unknown ? path.slice(0, -1) : path).at(-1);
  const name = column && constantText(column, scope.host);
  const steps = (unknown ? path.slice(0, -1) : path).slice(0, -1);
  if (steps.length === 0 && first) {
    const target = methodPart(first, scope) ?? (name === undefined ? hole('identifier', bindOf(first, scope.host)) : identifier([scope.main.alias, columnOf(scope.main.model, name)], host));
    return concat(target, sql(direction, host));
  }
  let source = scope.main;
  const names: string[] = [];
  for (const step of steps) {
    const options = readObject(step);
    const named = options ? namedBy(optionOf(options, 'as')?.value, scope.host) ?? namedBy(optionOf(options, 'model')?.value, scope.host) : namedBy(step, scope.host);
    const relation = relationOf(source.model, named);
    const model = relation && scope.host.model(relation.model, 'sequelize');
    if (!relation || !model) return hole('identifier', bindOf(node, scope.host));
    names.push(relation.property);
    source = { alias: names.join('->'), model };
  }
  return name === undefined ? hole('identifier', bindOf(node, scope.host)) : concat(identifier([source.alias, columnOf(source.model, name)], host), sql(direction, host));
}

function lockPart(options: ObjectValue, { host }: SequelizeScope): SqlPart {
  const lock = optionOf(options, 'lock');
  if (!lock || /^(false|undefined|null)$/.test(lock.value.text)) return nothing;
  const object = readObject(lock.value);
  const level = object ? optionOf(object, 'level')?.value : lock.value;
  const text = level ? (constantText(level, host) ?? level.text).split('.').at(-1)?.replaceAll('_', ' ').toUpperCase() ?? '' : '';
  const of = object && optionOf(object, 'of');
  return sql(`FOR ${/^(SHARE|KEY SHARE|NO KEY UPDATE)$/.test(text) ? text : 'UPDATE'}${of ? ` OF "${callParts(unwrap(of.value))?.callee.text ?? of.value.text.split('.').at(-1) ?? ''}"` : ''}${isTrue(optionOf(options, 'skipLocked')) ? ' SKIP LOCKED' : ''}`, lock.span);
}


import type { LoadedRelation } from '../../hosts/relationLoads';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import { bindOf, bothConditions, constantText, constantValue, readArray, readObject, valuePart, type Entry, type ObjectValue } from '../shared/hostValues';
import { concat, conditional, hole, identifier, incomplete, isEmpty, joinConditions, nothing, sql, type Condition, type SqlPart } from '../shared/sqlBuilder';
import { renderSelect, type RowCountPart, type SelectParts } from '../shared/sqlClauses';
import { columnPart, entityColumns, joinRelation, notDeleted, sourceOf, tablePart, type EntitySource, type TypeormScope } from './typeormScope';
import { innerJoined, wherePart } from './typeormWhere';

/** Options of `find`, or the bare filter of `findBy`. */
export interface FindArguments {
  readonly options: ObjectValue;
  /** `findBy(where)`: the filter itself. */
  readonly where?: SyntaxNode;
}

export const findOption = (args: FindArguments, key: string): Entry | undefined => args.options.entries.findLast((entry) => entry.key === key);

/** SELECT of `find…`, `count…`, `exists…`, `sum` and its like. */
export function renderFind(method: string, args: FindArguments, scope: TypeormScope, host: HostSpan, column?: SyntaxNode): SqlPart {
  const { main } = scope;
  scope.withDeleted ||= findOption(args, 'withDeleted')?.value.text === 'true';
  const relations = findOption(args, 'relations');
  const select = findOption(args, 'select');
  if (relations) joinRelations(relations.value, scope, main);
  const loaded = scope.joins.filter((join) => join.selected);
  const where = args.where ? [wherePart(args.where, scope, main)] : args.options.entries.filter((entry) => entry.key === 'where').map((entry) => conditional(wherePart(entry.value, scope, main), entry.condition));
  const order = findOption(args, 'order');
  const orderBy = order ? orderItems(order.value, scope, main, order.condition) : [];
  if (findOption(args, 'loadEagerRelations')?.value.text !== 'false') {
    joinEagerBelow(scope, loaded);
    joinEager(scope, main, 0);
  }
  const one = /^findOne/.test(method);
  const parts: SelectParts = {
    from: concat(tablePart(main.model, main.name, host), sql(' '), identifier(main.alias)),
    joins: scope.joins.map((join) => join.part),
    where: [...where, notDeleted(scope, main)],
  };
  const unseen = args.options.open ? incomplete : nothing;
  if (/^exists?(By)?$/.test(method)) return concat(sql('SELECT 1 AS row_exists FROM (SELECT 1 AS dummy_column) dummy_table WHERE EXISTS (', host), renderSelect({ ...parts, columns: [sql('1', host)] }), sql(') LIMIT 1'), unseen);
  if (method.startsWith('count')) return concat(renderSelect({ ...parts, columns: [countColumn(scope, host)] }), unseen);
  const aggregate = ({ sum: 'SUM', average: 'AVG', minimum: 'MIN', maximum: 'MAX' } as Readonly<Record<string, string>>)[method];
  if (aggregate !== undefined) {
    const property = column ? constantText(column, scope.host) : undefined;
    return renderSelect({ ...parts, columns: [concat(sql(`${aggregate}(`, host), property === undefined ? hole('identifier', { text: 'column', names: [], origin: 'unknown' }) : columnPart(scope, main, property, host), sql(') AS ', host), identifier(aggregate))] });
  }
  const limit = one ? { count: sql('1', host), host } : rowCount(findOption(args, 'take'), scope);
  const offset = rowCount(findOption(args, 'skip'), scope);
  const locking = lockOption(findOption(args, 'lock'), scope);
  return concat(renderRows({ ...parts, columns: selected(select, scope), orderBy, limit, offset, locking }, scope), unseen);
}

export const countColumn = (scope: TypeormScope, host: HostSpan): SqlPart =>
  (scope.joins.length === 0 ? sql('COUNT(1) AS cnt', host) : concat(sql('COUNT(DISTINCT(', host), primaryColumn(scope.main), sql(')) AS cnt', host)));

const primaryColumn = (source: EntitySource): SqlPart => identifier([source.alias, source.model?.primary?.[0] ?? 'id']);

/**
 * The rows. A page of joined rows is read in two statements: the first, shown here, finds the keys of the page's rows; a
 * second one loads them by key.
 */
export function renderRows(parts: SelectParts, scope: TypeormScope): SqlPart {
  const paged = (parts.limit && !isEmpty(parts.limit.count)) || (parts.offset && !isEmpty(parts.offset.count));
  if (!paged || scope.joins.length === 0) return renderSelect(parts);
  const key = `${scope.main.alias}_${scope.main.model?.primary?.[0] ?? 'id'}`;
  const inner = renderSelect({ ...parts, orderBy: [], limit: undefined, offset: undefined });
  const order = (parts.orderBy ?? []).map((part) => outerName(part));
  return renderSelect({
    distinct: sql('DISTINCT'),
    columns: [concat(identifier(['distinctAlias', key]), sql(' AS '), identifier(`ids_${key}`)), ...order.map((part) => part.filter((atom) => atom.type !== 'text' || !/^ (ASC|DESC|NULLS \w+)$/.test(atom.text)))],
    from: concat(sql('('), inner, sql(') '), identifier('distinctAlias')),
    orderBy: [...order, concat(identifier(key), sql(' ASC'))],
    limit: parts.limit, offset: parts.offset,
  });
}

const plain = (part: SqlPart): string => part.map((atom) => (atom.type === 'text' ? atom.text : '')).join('');

/** `"u"."id"` as the derived table calls it: `"distinctAlias"."u_id"`. */
const outerName = (part: SqlPart): SqlPart => part.map((atom) => {
  const names = atom.type === 'text' ? /^("(?:[^"]|"")+"|\w+)\.("(?:[^"]|"")+"|\w+)$/.exec(atom.text) : null;
  const bare = (name: string | undefined): string => (name ?? '').replaceAll(/^"|"$/g, '').replaceAll('""', '"');
  return names && atom.type === 'text' ? { ...atom, text: plain(identifier(['distinctAlias', `${bare(names[1])}_${bare(names[2])}`])) } : atom;
});

export function rowCount(entry: Entry | undefined, scope: TypeormScope): RowCountPart | undefined {
  return entry && { count: conditional(valuePart(entry.value, scope.host), entry.condition), host: entry.span };
}

/** `relations: { posts: { comments: true } }` and the older `['posts', 'posts.comments']`. */
function joinRelations(value: SyntaxNode, scope: TypeormScope, source: EntitySource): void {
  for (const path of relationPaths(value, scope)) {
    let parent: EntitySource | undefined = source;
    let prefix = '';
    for (const step of path.names) {
      const property: string = prefix + step;
      const relation = parent?.model?.relations.find((candidate) => candidate.property === property);
      if (!parent || !relation) {
        // An embedded object, or an entity that is not known: the rows come with further joins.
        if (parent?.model?.columns.some((column) => column.property.startsWith(`${property}.`))) prefix = `${property}.`;
        else parent = undefined;
        continue;
      }
      const alias: string = `${parent.alias}__${parent.alias}_${property.replace('.', '_')}`;
      const known = scope.joins.find((join) => join.alias === alias);
      if (known) known.selected = true;
      parent = known ?? joinRelation(scope, parent, relation, alias, { inner: innerJoined(scope, parent, relation), selected: true, host: path.span });
      prefix = '';
    }
    if (!parent) scope.open = true;
  }
}

interface RelationPath {
  readonly names: readonly string[];
  readonly span: HostSpan;
}

export function relationPaths(value: SyntaxNode, scope: TypeormScope, prefix: readonly string[] = [], depth = 0): readonly RelationPath[] {
  const list = readArray(value);
  if (list) return list.items.flatMap((item) => {
    const text = constantText(item.node, scope.host);
    return text === undefined ? [] : [{ names: text.split('.'), span: scope.host.span(item.node) }];
  });
  return (readObject(value)?.entries ?? []).flatMap((entry): readonly RelationPath[] => {
    if (/^(false|undefined)$/.test(entry.value.text) || depth > 6) return [];
    const names = [...prefix, entry.key];
    return [{ names, span: entry.span }, ...(readObject(entry.value) ? relationPaths(entry.value, scope, names, depth + 1) : [])];
  });
}

/** Relations that `find` loads with the rows, by their paths. */
export function loadedRelations(args: FindArguments, scope: TypeormScope): readonly LoadedRelation[] {
  const relations = findOption(args, 'relations');
  return (relations ? relationPaths(relations.value, scope) : []).map(({ names, span }) => {
    const relation = scope.main.model?.relations.find((candidate) => candidate.property === names.join('.'));
    return { path: names.join('.'), span, limited: false, ...(relation ? { many: relation.many } : {}) };
  });
}

/** What the entities of `relations` load by their own declaration. */
function joinEagerBelow(scope: TypeormScope, loaded: readonly EntitySource[]): void {
  for (const source of loaded) {
    for (const relation of source.model?.relations.filter((candidate) => candidate.eager) ?? []) {
      const alias = `${source.alias}__${source.alias}_${relation.property.replace('.', '_')}`;
      if (!sourceOf(scope, alias)) joinRelation(scope, source, relation, alias, { inner: innerJoined(scope, source, relation), selected: true });
    }
  }
}

function joinEager(scope: TypeormScope, source: EntitySource, depth: number): void {
  for (const relation of source.model?.relations ?? []) {
    if (!relation.eager || depth > 3) continue;
    const loaded = sourceOf(scope, `${source.alias}__${source.alias}_${relation.property.replace('.', '_')}`);
    if (loaded) {
      const join = scope.joins.find((candidate) => candidate.alias === loaded.alias);
      if (join) join.selected = true;
      continue;
    }
    const joined = joinRelation(scope, source, relation, `${source.alias}__${relation.property}`, { inner: innerJoined(scope, source, relation), selected: true });
    if (joined) joinEager(scope, joined, depth + 1);
  }
}

/** The columns that `select` names, else all of the entity's and of what is loaded with it. */
function selected(select: Entry | undefined, scope: TypeormScope): readonly SqlPart[] {
  const joined = scope.joins.filter((join) => join.selected);
  if (!select) return [scope.main, ...joined].flatMap((source) => entityColumns(source));
  const list = readArray(select.value);
  const object = readObject(select.value);
  const names = list ? list.items.flatMap((item) => constantText(item.node, scope.host) ?? []) : object?.entries.filter((entry) => !/^(false|undefined)$/.test(entry.value.text)).map((entry) => entry.key);
  if (!names || list?.open || object?.open) return [hole('identifier', bindOf(select.value, scope.host))];
  const of = (source: EntitySource, chosen: ObjectValue | undefined, own: readonly string[] | undefined): readonly SqlPart[] => {
    const properties = own ?? chosen?.entries.filter((entry) => !/^(false|undefined)$/.test(entry.value.text)).map((entry) => entry.key) ?? [];
    const columns = source.model?.columns.filter((column) => properties.some((property) => column.property === property || (column.property.startsWith(`${property}.`) && !source.model?.relations.some((relation) => relation.property === property)))).map((column) => column.property);
    return columns && columns.length > 0 ? entityColumns(source, columns) : source.model ? [] : properties.map((property) => concat(identifier([source.alias, property]), sql(' AS '), identifier(`${source.alias}_${property}`)));
  };
  return [...of(scope.main, object, names), ...joined.flatMap((join) => {
    const path = join.alias.split('__').at(-1)?.split('_').slice(1).join('_');
    const nested = object?.entries.find((entry) => entry.key === path);
    const chosen = nested && readObject(nested.value);
    return chosen ? of(join, chosen, undefined) : entityColumns(join);
  })];
}

function orderItems(value: SyntaxNode, scope: TypeormScope, source: EntitySource, outer: Condition | undefined, path = '', depth = 0): readonly SqlPart[] {
  const object = readObject(value);
  if (!object) return [conditional(hole('identifier', bindOf(value, scope.host)), outer)];
  const items = object.entries.flatMap((entry): readonly SqlPart[] => {
    const condition = bothConditions(outer, entry.condition);
    const property = path + entry.key;
    const nested = readObject(entry.value);
    const relation = source.model?.relations.find((candidate) => candidate.property === property);
    if (nested && relation && depth < 6) {
      const alias = `${source.alias}__${source.alias}_${property.replace('.', '_')}`;
      const joined = sourceOf(scope, alias) ?? joinRelation(scope, source, relation, alias, { inner: innerJoined(scope, source, relation), selected: false, host: entry.span });
      return joined ? orderItems(entry.value, scope, joined, condition, '', depth + 1) : [hole('identifier', bindOf(entry.value, scope.host))];
    }
    const direction = nested?.entries.find((candidate) => candidate.key === 'direction')?.value ?? entry.value;
    if (nested && direction === entry.value && depth < 6) return orderItems(entry.value, scope, source, condition, `${property}.`, depth + 1);
    const nulls = nested?.entries.find((candidate) => candidate.key === 'nulls');
    const last = nulls ? constantText(nulls.value, scope.host)?.toUpperCase() : undefined;
    return [conditional(concat(columnPart(scope, source, property, entry.span), directionPart(direction, entry.span, scope), last === 'FIRST' || last === 'LAST' ? sql(` NULLS ${last}`, entry.span) : nothing), condition)];
  });
  return object.open ? [...items, hole('identifier', bindOf(value, scope.host))] : items;
}

export function directionPart(value: SyntaxNode | undefined, span: HostSpan, { host }: TypeormScope): SqlPart {
  if (!value) return sql(' ASC', span);
  const known = constantValue(value, host);
  if (known === undefined) return hole('fragment', bindOf(value, host)).filter((atom) => atom.type !== 'incomplete');
  return sql(/^desc$/i.test(String(known)) || known === -1 ? ' DESC' : ' ASC', span);
}

const locks: Readonly<Record<string, string>> = { pessimistic_read: 'FOR SHARE', pessimistic_write: 'FOR UPDATE', pessimistic_partial_write: 'FOR UPDATE SKIP LOCKED', pessimistic_write_or_fail: 'FOR UPDATE NOWAIT', for_no_key_update: 'FOR NO KEY UPDATE', for_key_share: 'FOR KEY SHARE' };
export const lockText = (mode: string | undefined, onLocked?: string): string =>
  (mode === undefined || !Object.hasOwn(locks, mode) ? '' : `${locks[mode]}${onLocked === 'skip_locked' ? ' SKIP LOCKED' : onLocked === 'nowait' ? ' NOWAIT' : ''}`);

function lockOption(entry: Entry | undefined, { host }: TypeormScope): SqlPart {
  const options = entry && readObject(entry.value);
  const text = (key: string): string | undefined => {
    const value = options?.entries.find((candidate) => candidate.key === key)?.value;
    return value && constantText(value, host);
  };
  return entry ? sql(lockText(text('mode'), text('onLocked')), entry.span) : nothing;
}

export { joinConditions };

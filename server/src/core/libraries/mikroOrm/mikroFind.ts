import type { LoadedRelation } from '../../hosts/relationLoads';
import { unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import { bindOf, bothConditions, constantText, constantValue, readArray, readObject, valuePart, type Entry, type ObjectValue } from '../shared/hostValues';
import { concat, conditional, hole, identifier, incomplete, nothing, sql, type Condition, type SqlPart } from '../shared/sqlBuilder';
import { renderSelect, type RowCountPart, type SelectParts } from '../shared/sqlClauses';
import { columnPart, entityColumns, innerJoined, joinRelation, notDeleted, primaryColumn, relationOf, tablePart, type MikroScope, type MikroSource } from './mikroScope';
import { wherePart } from './mikroWhere';

export const optionOf = (options: ObjectValue, key: string): Entry | undefined => options.entries.findLast((entry) => entry.key === key);

export interface FoundRows {
  readonly part: SqlPart;
  readonly loads: readonly LoadedRelation[];
}

/** SELECT of `find…`, `findByCursor` and `count`. `where` is the filter where it stands as an argument of its own. */
export function renderFind(method: string, where: SyntaxNode | undefined, options: ObjectValue, scope: MikroScope, host: HostSpan): FoundRows {
  const { main } = scope;
  const loads = loadedRelations(optionOf(options, 'populate'), scope);
  const joined = optionOf(options, 'strategy')?.value.text.match(/select.?in/i) === null || !optionOf(options, 'strategy');
  const counts = method === 'count';
  if (joined && !counts) for (const load of loads.list) joinPath(load.path, scope, load.span);
  const filters = optionOf(options, 'filters');
  const written = where ? [wherePart(where, scope, main)] : options.entries.filter((entry) => entry.key === 'where').map((entry) => conditional(wherePart(entry.value, scope, main), entry.condition));
  const orderEntry = optionOf(options, 'orderBy');
  const orderBy = orderEntry && !counts ? orderItems(orderEntry.value, scope, main, orderEntry.condition) : [];
  const fields = optionOf(options, 'fields') ?? optionOf(options, 'exclude');
  if (joined) for (const source of [main, ...scope.joins.filter((item) => item.loaded)]) joinEager(scope, source, fields === undefined);
  if (joined && !fields && !counts) joinInverse(scope);
  const unseen = concat(options.open || loads.open || optionOf(options, 'having') ? incomplete : nothing, filters && filters.value.text !== 'false' ? incomplete : nothing);
  const parts: SelectParts = {
    from: concat(tablePart(main.model, host), sql(' '), identifier(main.alias)),
    joins: scope.joins.map((item) => item.part),
    where: [...written, filters?.value.text === 'false' ? nothing : notDeleted(main, scope)],
  };
  const multiplied = scope.joins.some((item) => item.many && !item.loaded);
  if (counts) {
    const key = identifier([main.alias, primaryColumn(main)]);
    return { part: concat(renderSelect({ ...parts, columns: [multiplied ? concat(sql('count(DISTINCT ', host), key, sql(')', host)) : sql('count(*)', host)] }), unseen), loads: [] };
  }
  const cursor = method === 'findByCursor';
  const limit = cursor ? cursorLimit(options, scope) : /^findOne/.test(method) ? { count: sql('1', host), host } : rowCount(optionOf(options, 'limit'), scope);
  const offset = rowCount(optionOf(options, 'offset'), scope);
  const positioned = cursor && ['after', 'before', 'last'].some((key) => optionOf(options, key));
  const rows: SelectParts = { ...parts, columns: selected(fields, optionOf(options, 'fields') !== undefined, scope), orderBy, limit, offset, locking: lockPart(optionOf(options, 'lockMode')) };
  return { part: concat(multiplied && (limit ?? offset) && !/^findOne/.test(method) ? pageOfJoined(rows, scope) : renderSelect(rows), unseen, positioned ? incomplete : nothing), loads: loads.list };
}

/** A page of rows that a join would multiply: the keys of the page first, then its rows. */
function pageOfJoined(rows: SelectParts, scope: MikroScope): SqlPart {
  const { main } = scope;
  const key = identifier([main.alias, primaryColumn(main)]);
  const items = rows.orderBy ?? [];
  const inner = renderSelect({ ...rows, columns: [key], groupBy: [key], orderBy: items.map(minimum), locking: nothing });
  const outer = scope.joins.filter((item) => !item.many);
  return renderSelect({
    ...(rows.columns ? { columns: rows.columns } : {}), from: rows.from ?? nothing, joins: outer.map((item) => item.part),
    where: [concat(key, sql(' IN (SELECT '), key, sql(' FROM ('), inner, sql(') '), identifier(main.alias), sql(')'))],
    orderBy: items, ...(rows.locking ? { locking: rows.locking } : {}),
  });
}

/** `u0.id ASC` → `min(u0.id) ASC`. */
function minimum(item: SqlPart): SqlPart {
  const at = item.findIndex((atom) => atom.type === 'text' && /^ (ASC|DESC)/.test(atom.text));
  return at < 0 ? item : concat(sql('min('), item.slice(0, at), sql(')'), item.slice(at));
}

export function rowCount(entry: Entry | undefined, scope: MikroScope): RowCountPart | undefined {
  return entry && { count: conditional(valuePart(entry.value, scope.host), entry.condition), host: entry.span };
}

/** A cursor's page asks for one row more, to know whether there is a next one. */
function cursorLimit(options: ObjectValue, scope: MikroScope): RowCountPart | undefined {
  const entry = optionOf(options, 'first') ?? optionOf(options, 'last');
  const known = entry && constantValue(entry.value, scope.host);
  return typeof known === 'number' && entry ? { count: sql(String(known + 1), scope.host.span(entry.value)), host: entry.span } : rowCount(entry, scope);
}

/** The paths of `populate: ['author', 'posts.tags']`. `open`: more is loaded than was seen. */
function loadedRelations(entry: Entry | undefined, scope: MikroScope): { readonly list: readonly LoadedRelation[]; readonly open: boolean } {
  const list = entry && readArray(entry.value, scope.host);
  if (!entry) return { list: [], open: false };
  const found = (list?.items ?? []).map((item): LoadedRelation | undefined => {
    const path = constantText(item.node, scope.host)?.replace(/:(ref|\*)$/, '');
    if (path === undefined || path.includes('*')) return undefined;
    const relation = relationOf(scope.main, path);
    return { path, span: scope.host.span(item.node), limited: false, ...(relation ? { many: relation.many } : {}) };
  });
  return { list: found.flatMap((item) => item ?? []), open: (!list && entry.value.text !== 'false') || (list?.open ?? false) || found.some((item) => item === undefined) };
}

/** Joins what a path loads, as far as it leads to one row each; the rest is loaded by further statements. */
function joinPath(path: string, scope: MikroScope, host: HostSpan): void {
  let parent: MikroSource | undefined = scope.main;
  for (const step of path.split('.')) {
    const relation = parent && relationOf(parent, step);
    if (!parent || !relation || relation.many) return;
    parent = joinRelation(scope, parent, relation, { inner: innerJoined(scope, parent, relation), loaded: true, host });
  }
}

function joinEager(scope: MikroScope, source: MikroSource, all: boolean, depth = 0): void {
  for (const relation of source.model?.relations ?? []) {
    if (!relation.eager || relation.many || !all || depth > 3) continue;
    const joined = joinRelation(scope, source, relation, { inner: innerJoined(scope, source, relation), loaded: true });
    if (joined) joinEager(scope, joined, all, depth + 1);
  }
}

/** The other side of a one-to-one relation has the key: it is read with the row. */
function joinInverse(scope: MikroScope): void {
  for (const relation of scope.main.model?.relations ?? []) {
    if (relation.many || relation.columns.length > 0 || relation.through) continue;
    joinRelation(scope, scope.main, relation, { inner: false, loaded: false });
  }
}

function selected(fields: Entry | undefined, chosen: boolean, scope: MikroScope): readonly SqlPart[] {
  const list = fields && chosen ? readArray(fields.value, scope.host) : undefined;
  const names = list?.items.map((item) => constantText(item.node, scope.host));
  const loaded = scope.joins.filter((item) => item.loaded);
  if (!names || list?.open || names.some((name) => name === undefined || /[.*]/.test(name))) return [scope.main, ...loaded].flatMap((source) => entityColumns(source));
  const key = scope.main.model?.columns.find((column) => column.column === primaryColumn(scope.main))?.property ?? 'id';
  return [...entityColumns(scope.main, [...new Set([key, ...(names as readonly string[])])]), ...loaded.flatMap((source) => entityColumns(source))];
}

/** `{ createdAt: 'DESC', author: { name: 1 } }`, or a list of such. */
export function orderItems(value: SyntaxNode, scope: MikroScope, source: MikroSource, outer: Condition | undefined, path = '', depth = 0): readonly SqlPart[] {
  const list = readArray(value, scope.host);
  if (list && depth < 6) return list.items.flatMap((item) => orderItems(item.node, scope, source, bothConditions(outer, item.condition), path, depth + 1));
  const object = readObject(value, scope.host);
  if (!object) return [conditional(hole('identifier', bindOf(value, scope.host)), outer)];
  const items = object.entries.flatMap((entry): readonly SqlPart[] => {
    const condition = bothConditions(outer, entry.condition);
    const [alias, ...rest] = entry.key.split('.');
    const aliased = rest.length > 0 ? [scope.main, ...scope.joins].find((candidate) => candidate.alias === alias) : undefined;
    const [from, property] = aliased ? [aliased, rest.join('.')] : [source, path + entry.key];
    const relation = relationOf(from, property);
    if (readObject(entry.value, scope.host) && depth < 6) {
      const joined = relation && joinRelation(scope, from, relation, { inner: innerJoined(scope, from, relation), loaded: false, host: entry.span });
      return joined ? orderItems(entry.value, scope, joined, condition, '', depth + 1) : relation ? [hole('identifier', bindOf(entry.value, scope.host))] : orderItems(entry.value, scope, from, condition, `${property}.`, depth + 1);
    }
    return [conditional(concat(columnPart(scope, from, property, entry.span), directionPart(entry.value, entry.span, scope)), condition)];
  });
  return object.open ? [...items, hole('identifier', bindOf(value, scope.host))] : items;
}

function directionPart(written: SyntaxNode, span: HostSpan, { host }: MikroScope): SqlPart {
  const node = unwrap(written);
  const known = constantValue(node, host) ?? /^QueryOrder(?:Numeric)?\.(\w+)$/.exec(node.text)?.[1]?.toLowerCase().replaceAll('_', ' ');
  const [, word, nulls] = /^(asc|desc)(?:\s+(nulls (?:first|last)))?$/i.exec(String(known)) ?? [];
  if (word !== undefined) return concat(sql(` ${word.toUpperCase()}`, span), nulls === undefined ? nothing : sql(` ${nulls.toUpperCase()}`, span));
  if (known === 1 || known === -1) return sql(known === 1 ? ' ASC' : ' DESC', span);
  return hole('fragment', bindOf(node, host)).filter((atom) => atom.type !== 'incomplete');
}

const locks: Readonly<Record<string, string>> = { PESSIMISTIC_READ: 'FOR SHARE', PESSIMISTIC_WRITE: 'FOR UPDATE', PESSIMISTIC_PARTIAL_WRITE: 'FOR UPDATE SKIP LOCKED', PESSIMISTIC_WRITE_OR_FAIL: 'FOR UPDATE NOWAIT', PESSIMISTIC_PARTIAL_READ: 'FOR SHARE SKIP LOCKED', PESSIMISTIC_READ_OR_FAIL: 'FOR SHARE NOWAIT' };
const lockPart = (entry: Entry | undefined): SqlPart => (entry ? sql(locks[/^LockMode\.(\w+)$/.exec(entry.value.text)?.[1] ?? ''] ?? '', entry.span) : nothing);

/** A key that is among the rows which joined conditions choose, for UPDATE and DELETE. */
export function keyAmong(where: SyntaxNode, scope: MikroScope, host: HostSpan): SqlPart {
  const plain: MikroScope = { ...scope, qualified: true, joins: [] };
  const condition = wherePart(where, plain, plain.main);
  if (plain.joins.length === 0) {
    const bare: MikroScope = { ...scope, qualified: false, joins: [] };
    return wherePart(where, bare, bare.main);
  }
  const key = identifier([scope.main.alias, primaryColumn(scope.main)]);
  const inner = renderSelect({ distinct: sql('DISTINCT'), columns: [key], from: concat(tablePart(scope.main.model, host), sql(' '), identifier(scope.main.alias)), joins: plain.joins.map((item) => item.part), where: [condition] });
  return concat(identifier(primaryColumn(scope.main)), sql(' IN (SELECT '), key, sql(' FROM ('), inner, sql(') '), identifier(scope.main.alias), sql(')'));
}


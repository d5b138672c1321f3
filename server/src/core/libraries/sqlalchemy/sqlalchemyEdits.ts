import type { ChainCall, QuerySite } from '../../hosts/ir';
import type { Edit } from '../../text/edit';
import { hostSpan, type HostSpan } from '../../text/span';
import type { KeysetRequest, LimitRequest, OrderRequest, PredicateRequest } from '../adapter';
import { ensureImport } from '../shared/pythonImports';

const sources = /^(where|filter|filter_by|join|outerjoin|join_from|outerjoin_from|select_from)$/;
const terminals = /^(all|first|one|one_or_none|scalar|count|get|get_or_404|first_or_404|paginate|delete|update|exists|yield_per|values|returning|on_conflict_do_nothing|on_conflict_do_update|subquery|cte|scalar_subquery)$/;
const starts = /^(select|insert|update|delete|query)$/;

/** Legacy `session.query(…)` and `Model.query` take `filter`, statements take `where`. */
const isLegacy = (site: QuerySite, text: string): boolean => site.chain[0]?.name === 'query' || /\.query$/.test(text.slice(site.anchor.start, site.anchor.end));

/** The calls of the expression that starts the statement: those written after each other, all of them unconditional. */
function firstExpression(site: QuerySite, text: string): readonly ChainCall[] {
  const run: ChainCall[] = [];
  for (const call of site.chain) {
    const last = run.at(-1);
    if (last && !/^(?:[\s\\]|#[^\n]*)*$/.test(text.slice(last.span.end, call.span.start))) break;
    run.push(call);
  }
  return run;
}

/** The line end and indentation before a call that stands on a line of its own. */
const leadOf = (call: ChainCall | undefined, text: string): string => /(?: *\\)?\r?\n[ \t]*$/.exec(text.slice(0, call?.span.start ?? 0))?.[0] ?? '';

/** The place of a call without which the chain is whole again: its line, where the call is alone there. */
function removalOf(call: ChainCall, text: string): HostSpan {
  const alone = /^[ \t]*(?:\\|#[^\n]*)?\r?\n/.test(text.slice(call.span.end));
  return hostSpan(call.span.start - (alone ? leadOf(call, text).length : 0), call.span.end);
}

/** A call added behind `after`, on a line of its own where the chain's calls stand so. */
function callAfter(after: ChainCall, run: readonly ChainCall[], call: string, uri: string, text: string): Edit {
  const next = run[run.indexOf(after) + 1];
  const isStart = starts.test(after.name) && after === run[0];
  return { uri, span: hostSpan(after.span.end, after.span.end), text: `${leadOf(isStart ? next : after, text) || leadOf(next, text)}.${call}` };
}

/** Where a filter can be added: behind the last filter or join of the first expression, before LIMIT and the terminal call. */
function filterPlace(site: QuerySite, text: string): { readonly run: readonly ChainCall[]; readonly after: ChainCall } | undefined {
  const run = firstExpression(site, text);
  const start = run[0];
  if (!start) return undefined;
  const after = run.filter((call, index) => index > 0 && sources.test(call.name)).at(-1) ?? start;
  return !starts.test(start.name) && !sources.test(after.name) ? undefined : { run, after };
}

/** `Order.tenant_id` for `orders.tenant_id`; a bare column belongs to the only table. */
export function hostColumn(site: QuerySite, column: string): string | undefined {
  const names = column.match(/"(?:[^"]|"")*"|[^."]+/g)?.map((name) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name)) ?? [];
  const name = names.at(-1);
  const qualifier = names.at(-2);
  const entities = site.entities ?? [];
  const entity = qualifier === undefined ? (entities.length === 1 ? entities[0] : undefined) : entities.find((candidate) => candidate.alias === qualifier) ?? entities.find((candidate) => candidate.table === qualifier);
  if (!entity || name === undefined) return undefined;
  const property = entity.renamed.find((candidate) => candidate.column === name)?.property ?? name;
  return /^[A-Za-z_]\w*$/.test(property) ? `${entity.host}.${property}` : undefined;
}

/** `.where(Order.tenant_id == tenant_id)` */
export function addLibraryPredicate(site: QuerySite, request: PredicateRequest): readonly Edit[] | undefined {
  const entity = site.entities?.find((candidate) => candidate.table === request.table);
  const column = entity && hostColumn(site, `"${entity.alias}"."${request.column}"`);
  return column === undefined ? undefined : addFilter(site, request.uri, request.text, `${column} == ${request.value}`);
}

/** Adds a condition, as the library writes it, to the statement's filter. Undefined where the chain has no place for one. */
export function addFilter(site: QuerySite, uri: string, text: string, condition: string): readonly Edit[] | undefined {
  const place = filterPlace(site, text);
  if (!place || site.chain[0]?.name === 'insert') return undefined;
  return [callAfter(place.after, place.run, `${isLegacy(site, text) ? 'filter' : 'where'}(${condition})`, uri, text)];
}

/** `User.id.in_(ids)`, for one query in place of one per element. Undefined for a column whose table the code does not name. */
export function inCondition(site: QuerySite, column: string, list: string): string | undefined {
  const host = hostColumn(site, column);
  return host === undefined ? undefined : `${host}.in_(${list})`;
}

/** Replaces `.offset(n)` by a comparison with the last row's keys; nullable keys have no such form here. */
export function toLibraryKeyset(site: QuerySite, request: KeysetRequest): readonly Edit[] | undefined {
  const [offset, ...others] = site.chain.filter((call) => call.name === 'offset');
  return offset && others.length === 0 ? afterLastRow(site, request, { span: removalOf(offset, request.text), text: '' }, (names, values) => {
    const condition = keysetCondition(names, values, request.keys.map((key) => key.descending), request.uri, request.text);
    return { text: `*([${condition.text}] if ${request.cursor} else [])`, edits: condition.edits };
  }) : undefined;
}

/** `.offset(n)` and `.paginate(page, n)` of Peewee, whose `where()` takes no empty list. */
export function toPeeweeKeyset(site: QuerySite, request: KeysetRequest): readonly Edit[] | undefined {
  const { text, keys, cursor } = request;
  const [paging, ...others] = site.chain.filter((call) => /^(offset|paginate|\[\])$/.test(call.name));
  if (!paging || others.length > 0 || paging.name === '[]' || site.chain.some((call) => /^(dicts|tuples|namedtuples|distinct|count)$/.test(call.name))) return undefined;
  const size = paging.args.find((argument) => argument.name === 'paginate_by') ?? paging.args.filter((argument) => argument.name === undefined)[1];
  const change = paging.name === 'offset' ? { span: removalOf(paging, text), text: '' } : { span: paging.span, text: `.limit(${size?.text ?? '20'})` };
  return afterLastRow(site, request, change, (names, values) => {
    const beyond = (index: number, equal = ''): string => `(${names[index]} ${keys[index]?.descending ? '<' : '>'}${equal} ${values[index]})`;
    // A bound on the first key, which an index serves, then the alternatives among the rows equal in it.
    const branches = names.map((_, index) => [...names.slice(1, index).map((name, before) => `(${name} == ${values[before + 1]})`), beyond(index)].join(' & ')).map((branch) => (branch.includes(' & ') ? `(${branch})` : branch));
    return { text: `${names.length === 1 ? beyond(0) : `${beyond(0, '=')} & (${branches.join(' | ')})`} if ${cursor} else True`, edits: [] };
  });
}

function afterLastRow(site: QuerySite, request: KeysetRequest, paging: Pick<Edit, 'span' | 'text'>, write: (names: readonly string[], values: readonly string[]) => { readonly text: string; readonly edits: readonly Edit[] }): readonly Edit[] | undefined {
  const { uri, text, keys, cursor } = request;
  const names = keys.flatMap((key) => hostColumn(site, key.column) ?? []);
  if (keys.length === 0 || names.length !== keys.length || keys.some((key) => key.nullable)) return undefined;
  const condition = write(names, names.map((name) => `${cursor}.${name.split('.').at(-1) ?? name}`));
  const filter = addFilter(site, uri, text, condition.text);
  const order = addOrderTo(site, uri, text, keys.flatMap((key, index) => (key.added ? [{ column: names[index] ?? '', descending: key.descending }] : [])));
  return filter && order && [...condition.edits, ...filter, ...order, { uri, ...paging }];
}

function keysetCondition(names: readonly string[], values: readonly string[], descending: readonly boolean[], uri: string, text: string): { readonly text: string; readonly edits: readonly Edit[] } {
  const operator = (index: number): string => (descending[index] ? '<' : '>');
  if (names.length === 1) return { text: `${names[0] ?? ''} ${operator(0)} ${values[0] ?? ''}`, edits: [] };
  if (descending.every((down) => down === descending[0])) {
    const tuple = ensureImport(uri, text, 'sqlalchemy', 'tuple_');
    return { text: `${tuple.expression}(${names.join(', ')}) ${operator(0)} (${values.join(', ')})`, edits: tuple.edits };
  }
  const or = ensureImport(uri, text, 'sqlalchemy', 'or_');
  const and = ensureImport(uri, text, 'sqlalchemy', 'and_');
  const branches = names.map((name, index) => {
    const equal = names.slice(0, index).map((before, at) => `${before} == ${values[at] ?? ''}`);
    const last = `${name} ${operator(index)} ${values[index] ?? ''}`;
    return equal.length === 0 ? last : `${and.expression}(${[...equal, last].join(', ')})`;
  });
  return { text: `${or.expression}(${branches.join(', ')})`, edits: [...or.edits, ...and.edits] };
}

/** Appends keys to `.order_by(…)`, or adds it. */
export function addLibraryOrder(site: QuerySite, request: OrderRequest): readonly Edit[] | undefined {
  const keys = request.keys.map((key) => ({ column: hostColumn(site, key.column), descending: key.descending }));
  if (keys.some((key) => key.column === undefined)) return undefined;
  return addOrderTo(site, request.uri, request.text, keys.map((key) => ({ column: key.column ?? '', descending: key.descending })));
}

function addOrderTo(site: QuerySite, uri: string, text: string, keys: readonly { readonly column: string; readonly descending: boolean }[]): readonly Edit[] | undefined {
  if (keys.length === 0) return [];
  const order = site.chain.filter((call) => call.name === 'order_by').at(-1);
  // SQLModel's columns have the types of their values: what is ordered by stands in `col(…)`.
  const typed = /^((?:\w+\.)?col)\(/.exec(order?.args.at(-1)?.text ?? '')?.[1];
  const written = keys.map((key) => `${typed === undefined ? key.column : `${typed}(${key.column})`}.${key.descending ? 'desc' : 'asc'}()`).join(', ');
  if (order) return [argumentEdit(order, written, uri, text)];
  const place = filterPlace(site, text);
  return place && [callAfter(place.after, place.run, `order_by(${written})`, uri, text)];
}

/** Adds an argument at the end of a call. */
function argumentEdit(call: ChainCall, argument: string, uri: string, text: string): Edit {
  const close = call.span.end - 1;
  const last = call.args.at(-1);
  if (!last) return { uri, span: hostSpan(close, close), text: argument };
  const trailing = text.slice(last.span.end, close).includes(',');
  return trailing ? { uri, span: hostSpan(close, close), text: `${argument}` } : { uri, span: hostSpan(last.span.end, last.span.end), text: `, ${argument}` };
}

/** `.limit(n)` at the end of the expression that ends the statement, before a terminal call. */
export function addLibraryLimit(site: QuerySite, request: LimitRequest): readonly Edit[] | undefined {
  const { uri, text, count } = request;
  if (site.chain.some((call) => call.name === 'limit' || call.name === '[]' || call.name === 'fetch')) return undefined;
  const terminal = site.chain.find((call, index) => index > 0 && terminals.test(call.name));
  if (terminal) {
    return terminal.name === 'all' ? [{ uri, span: hostSpan(terminal.span.start, terminal.span.start), text: `.limit(${count})${leadOf(terminal, text)}` }] : undefined;
  }
  const run = firstExpression(site, text);
  const last = run.at(-1);
  if (!last || (isLegacy(site, text) && run.length !== site.chain.length)) return undefined;
  return [callAfter(last, run, `limit(${count})`, uri, text)];
}

/**
 * Loads a relationship with the statement: `joinedload` for one related row, `selectinload` for many, with the import.
 * @param relation property path from the statement's own model (`items`).
 */
export function addEagerLoad(site: QuerySite, uri: string, text: string, relation: { readonly property: string; readonly many: boolean }): readonly Edit[] | undefined {
  const entity = site.entities?.find((candidate) => candidate.host.split('.').at(-1) === site.model) ?? site.entities?.[0];
  const place = filterPlace(site, text);
  if (!entity || !place || site.eager.includes(relation.property) || !/^(select|query)$/.test(site.chain[0]?.name ?? 'query')) return undefined;
  const loader = ensureImport(uri, text, 'sqlalchemy.orm', relation.many ? 'selectinload' : 'joinedload');
  const option = `${loader.expression}(${entity.host}.${relation.property})`;
  const options = place.run.find((call) => call.name === 'options');
  return [...loader.edits, options ? argumentEdit(options, option, uri, text) : callAfter(place.after, place.run, `options(${option})`, uri, text)];
}


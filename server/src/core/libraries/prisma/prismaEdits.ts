import type { ChainCall, QuerySite } from '../../hosts/ir';
import { applyEdits, type Edit } from '../../text/edit';
import { containsSpan, hostSpan } from '../../text/span';
import type { KeysetRequest, LimitRequest, OrderRequest, PredicateRequest } from '../adapter';
import { addKey, identifierName, insertFirst, isObject, keyText, spanOfPair, type Place } from '../shared/objectEdits';

const propertyOf = (site: QuerySite, column: string): string => {
  const name = column.replaceAll('"', '').split('.').at(-1) ?? column;
  return site.modelNames?.properties[name] ?? name;
};
const find = (site: QuerySite, key: string): ChainCall | undefined => site.chain.slice(1).findLast((call) => call.name === key);

/** `tenantId` or `tenantId: value` in the filter; where the method takes unique keys only, the method changes with it. */
export function addPrismaPredicate(site: QuerySite, request: PredicateRequest): readonly Edit[] | undefined {
  const [method] = site.chain;
  if (!method || /^create|^upsert$/.test(method.name)) return undefined;
  const property = propertyOf(site, request.column);
  const pair = property === request.value ? property : `${keyText(property)}: ${request.value}`;
  const where = find(site, 'where');
  const target = rename(site, request.text);
  // `findFirst` and the `…Many` methods know no compound keys.
  if (target !== undefined && where?.args[0]?.items?.some((item) => site.modelNames?.uniques.some((unique) => unique.name === item.name && unique.properties.length > 1) ?? item.name?.includes('_'))) return undefined;
  const renamed: readonly Edit[] = target === undefined ? [] : [{ uri: request.uri, span: method.nameSpan, text: target }];
  if (where) {
    const value = where.args[0];
    const edit = value && isObject(value) ? insertFirst(value, pair, request) : undefined;
    return edit && [...renamed, edit];
  }
  const edit = addKey(method, 'where', `{ ${pair} }`, request);
  return edit && [...renamed, edit];
}

export function prismaPredicateNote(site: QuerySite, request: PredicateRequest): string | undefined {
  const target = rename(site, request.text);
  if (target === undefined) return undefined;
  return /Many$/.test(target) ? `${site.chain[0]?.name} becomes ${target}: check the count it returns` : `${site.chain[0]?.name} becomes ${target}`;
}

/** The method that takes any filter; undefined where the name stays (from Prisma 5 on `update` takes further filters beside the key). */
function rename(site: QuerySite, text: string): string | undefined {
  const [method] = site.chain;
  if (method?.name === 'findUnique') return 'findFirst';
  if (method?.name === 'findUniqueOrThrow') return 'findFirstOrThrow';
  if (method?.name !== 'update' && method?.name !== 'delete') return undefined;
  const unused = site.resultName === undefined && /(^|[;{}\n])\s*await\s+$/.test(text.slice(0, site.span.start)) && /^\s*(;|\n|\}|$)/.test(text.slice(site.span.end));
  const nested = find(site, 'data')?.args[0]?.items?.some((item) => item.items?.some((inner) => /^(create|createMany|connect|connectOrCreate|disconnect|deleteMany|updateMany|update|upsert)$/.test(inner.name ?? '')));
  return unused && !nested && !find(site, 'select') && !find(site, 'include') ? `${method.name}Many` : undefined;
}

/** `skip: n` becomes a cursor on the last row's key; the first page has none. */
export function prismaKeyset(site: QuerySite, request: KeysetRequest): readonly Edit[] | undefined {
  const [method] = site.chain;
  const skips = site.chain.filter((call, index) => index > 0 && call.name === 'skip');
  const skip = skips[0];
  if (!method || method.name !== 'findMany' || !skip || skips.length !== 1 || find(site, 'cursor') || find(site, 'distinct') || !containsSpan(method.span, skip.span)) return undefined;
  if (request.keys.some((key) => key.nullable)) return undefined;
  const properties = request.keys.map((key) => propertyOf(site, key.column));
  const cursor = cursorKey(site, properties, request.cursor);
  if (cursor === undefined || !selectsKeys(site, properties)) return undefined;
  const edits: Edit[] = [{ uri: request.uri, span: skip.span, text: `...(${request.cursor} && { cursor: ${cursor}, skip: 1 })` }];
  const added = request.keys.filter((key) => key.added);
  if (added.length === 0) return edits;
  const order = orderEdits(site, added.map((key) => ({ column: key.column, descending: key.descending })), request);
  return order && [...edits, ...order];
}

/** A unique key among the order's keys: alone, or under the compound name Prisma gives it. */
function cursorKey(site: QuerySite, properties: readonly string[], cursor: string): string | undefined {
  const value = (property: string): string => `${keyText(property)}: ${cursor}${identifierName.test(property) ? `.${property}` : `['${property}']`}`;
  const uniques = site.modelNames?.uniques ?? [];
  const single = uniques.find((unique) => unique.properties.length === 1 && properties.includes(unique.properties[0] ?? ''));
  if (single) return `{ ${value(single.properties[0] ?? '')} }`;
  const compound = uniques.find((unique) => unique.properties.every((property) => properties.includes(property)));
  return compound && `{ ${keyText(compound.name)}: { ${compound.properties.map(value).join(', ')} } }`;
}

function selectsKeys(site: QuerySite, properties: readonly string[]): boolean {
  const select = find(site, 'select');
  if (!select) return true;
  return properties.every((property) => select.args[0]?.items?.some((item) => item.name === property) ?? false);
}

export function addPrismaOrder(site: QuerySite, request: OrderRequest): readonly Edit[] | undefined {
  return /^find(Many|First)/.test(site.chain[0]?.name ?? '') ? orderEdits(site, request.keys, request) : undefined;
}

function orderEdits(site: QuerySite, keys: OrderRequest['keys'], place: Place): readonly Edit[] | undefined {
  const [method] = site.chain;
  const items = keys.map((key) => `{ ${keyText(propertyOf(site, key.column))}: '${key.descending ? 'desc' : 'asc'}' }`);
  const order = find(site, 'orderBy');
  if (!order) {
    const edit = method && addKey(method, 'orderBy', items.length === 1 ? items[0] ?? '' : `[${items.join(', ')}]`, place);
    return edit && [edit];
  }
  const value = order.args[0];
  if (!value) return undefined;
  const text = value.text.trim();
  if (text.startsWith('[') && text.endsWith(']')) {
    const last = value.items?.at(-1);
    return last ? [{ uri: place.uri, span: hostSpan(last.span.end, last.span.end), text: `, ${items.join(', ')}` }] : [{ uri: place.uri, span: hostSpan(value.span.start + 1, value.span.start + 1), text: items.join(', ') }];
  }
  if (!isObject(value) || value.items?.length !== 1) return undefined;
  return [{ uri: place.uri, span: hostSpan(value.span.start, value.span.start), text: '[' }, { uri: place.uri, span: hostSpan(value.span.end, value.span.end), text: `, ${items.join(', ')}]` }];
}

export function addPrismaLimit(site: QuerySite, request: LimitRequest): readonly Edit[] | undefined {
  const [method] = site.chain;
  if (method?.name !== 'findMany' || find(site, 'take')) return undefined;
  const edit = addKey(method, 'take', String(request.count), request, true);
  return edit && [edit];
}

/**
 * Loads a relation with the rows of a query: `include: { items: true }`.
 * @param value what of it: `true`, or `{ select: { name: true } }`.
 * @returns undefined when the arguments are not written in the call or choose their columns by `select` of unknown content.
 */
export function prismaInclude(site: QuerySite, relation: string, place: Place, value = 'true'): readonly Edit[] | undefined {
  const [method] = site.chain;
  if (site.library !== 'prisma' || !method || site.eager.includes(relation)) return undefined;
  const holder = find(site, 'include') ?? find(site, 'select');
  const object = holder?.args[0];
  const pair = `${keyText(relation)}: ${value}`;
  const edit = holder ? (object && isObject(object) ? insertFirst(object, pair, place) : undefined) : addKey(method, 'include', `{ ${pair} }`, place, true);
  return edit && [edit];
}

/**
 * The one statement for many keys: `prisma.user.findMany({ where: { id: { in: ids } } })`, with the other arguments kept.
 * @param list host expression with the keys.
 * @param selected property to add to `select`.
 * @returns undefined unless the query looks up the rows of one plain key.
 */
export function prismaListCall(site: QuerySite, key: string, list: string, text: string, selected?: string): string | undefined {
  const [method] = site.chain;
  const filter = find(site, 'where')?.args[0];
  const own = filter?.items?.find((item) => item.name === key);
  const limited = site.chain.slice(1).some((call) => /^(skip|cursor|take|distinct)$/.test(call.name) || (call.name === 'orderBy' && method?.name !== 'findMany'));
  if (!method || !filter || !own || !/^find(First|Unique|Many)/.test(method.name) || limited || !containsSpan(method.span, filter.span)) return undefined;
  const place: Place = { uri: '', text };
  const edits: Edit[] = [{ uri: '', span: method.nameSpan, text: 'findMany' }, { uri: '', span: spanOfPair(own, key, text), text: `${keyText(key)}: { in: ${list} }` }];
  const select = find(site, 'select')?.args[0];
  if (selected !== undefined) {
    if (!select || !isObject(select)) return undefined;
    edits.push(insertFirst(select, `${keyText(selected)}: true`, place));
  }
  return applyEdits(text.slice(site.span.start, site.span.end), edits.map((e) => ({ ...e, span: hostSpan(e.span.start - site.span.start, e.span.end - site.span.start) })));
}

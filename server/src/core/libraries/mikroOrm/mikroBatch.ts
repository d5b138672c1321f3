import type { ChainArgument, QuerySite } from '../../hosts/ir';
import { containsSpan, hostSpan, spanText } from '../../text/span';
import type { BatchCall, BatchIdiom, BatchPlace, KeysRead, KeysRequest, RowsInsert } from '../batch';
import { keyPair, rewrittenSite, rowValues, type SiteEdit } from '../shared/batchEdits';
import { isObject, keyText } from '../shared/objectEdits';

/** MikroORM: `$in`, and `insertMany`. An empty `$in` finds and writes nothing. `persist` needs no batch: one flush writes all rows. */
export const mikroBatch: BatchIdiom = { readByKeys, insertRows, writeByKeys };

interface KeyFilter {
  readonly property: string;
  readonly edit: SiteEdit;
}

/** `{ id: x.id }`, which becomes `{ id: { $in: ids } }`, or the bare key. */
function keyFilter(site: QuerySite, filter: ChainArgument | undefined, request: KeysRequest): KeyFilter | undefined {
  if (!filter || !site.modelNames) return undefined;
  const list = `{ $in: ${request.list} }`;
  if (filter.span.start === request.key.span?.start && spanText(request.text, filter.span).trim() === request.key.text.trim()) {
    const property = site.modelNames.properties[request.column] ?? request.column;
    return { property, edit: { span: filter.span, text: `{ ${keyText(property)}: ${list} }` } };
  }
  const pair = keyPair(site, filter, request);
  return pair && { property: pair.property, edit: pair.edit(list) };
}

/** `findOne`, which gives null for no row; `findOneOrFail` raises, which no look-up does. Options that load or choose more stay away. */
function readByKeys(site: QuerySite, request: KeysRequest): KeysRead | undefined {
  const [method, ...options] = site.chain;
  if (!method || !/^(find|findOne)$/.test(method.name) || request.grouped || !request.selected || options.some((call) => call.name !== 'orderBy') || (method.name === 'findOne' && options.length > 0)) return undefined;
  const filter = keyFilter(site, method.args[0], request);
  // The property of a relation holds the other row.
  if (!filter || site.modelNames?.relations?.includes(filter.property)) return undefined;
  const call = rewrittenSite(site, request, [filter.edit, { span: method.nameSpan, text: 'find' }]);
  return call === undefined ? undefined : { call, property: filter.property, added: false, missing: ' ?? null', instances: true, nullMatches: true };
}

/** `em.insert(Line, { … })`: the entity's values without the unit of work, before and after. */
function insertRows(site: QuerySite, { text }: BatchPlace): RowsInsert | undefined {
  const [method] = site.chain;
  const [row] = method?.args ?? [];
  if (method?.name !== 'insert' || method.args.length !== 1 || !row || !isObject(row) || !containsSpan(site.span, row.span) || !site.modelNames) return undefined;
  return {
    row: row.text.trim(),
    ...rowValues(row),
    call: (rows) => ({ call: `${text.slice(site.span.start, method.nameSpan.start)}insertMany${text.slice(method.nameSpan.end, row.span.start)}${rows}${text.slice(row.span.end, site.span.end)}`, emptyFails: true }),
  };
}

/** `nativeUpdate(Line, { order: x.id }, { … })`, `nativeDelete(Line, x.id)`. */
function writeByKeys(site: QuerySite, request: KeysRequest): BatchCall | undefined {
  const [method] = site.chain;
  const filter = method && /^native(Update|Delete)$/.test(method.name) ? keyFilter(site, method.args[0], request) : undefined;
  const call = filter && rewrittenSite(site, request, [{ span: hostSpan(filter.edit.span.start, filter.edit.span.end), text: filter.edit.text }]);
  return call === undefined ? undefined : { call, nullMatches: true };
}

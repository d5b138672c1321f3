import type { ChainCall, QuerySite } from '../../hosts/ir';
import { containsSpan, hostSpan, type HostSpan } from '../../text/span';
import type { BatchCall, BatchIdiom, BatchPlace, KeysRead, KeysRequest, RowsInsert } from '../batch';
import { rewrittenSite, type SiteEdit } from '../shared/batchEdits';

const KEPT = /^(from|table|into|select|column|columns|where|andWhere|whereNot|whereNull|whereNotNull|whereIn|whereNotIn|whereRaw|andWhereRaw|whereILike|whereLike|whereBetween|orderBy|first|transacting|withSchema|max|min|sum|avg|count|countDistinct)$/;
const WRITTEN = /^(from|table|into|where|andWhere|whereNot|whereNull|whereNotNull|whereIn|whereNotIn|transacting|withSchema|update|del|delete)$/;

/** knex: `whereIn` and arrays of rows. An empty `whereIn` finds nothing; an empty insert throws. `where` of a null is `IS NULL`. */
export const knexBatch: BatchIdiom = { readByKeys, insertRows, writeByKeys };

function readByKeys(site: QuerySite, request: KeysRequest): KeysRead | undefined {
  const first = site.chain.at(-1)?.name === 'first' ? site.chain.at(-1) : undefined;
  if (!site.chain.slice(1).every((call) => KEPT.test(call.name)) || (first && first.args.length > 0) || (request.grouped && !first)) return undefined;
  const filter = keyFilter(site, request);
  if (!filter) return undefined;
  const added = !request.selected;
  const end = first?.span.start ?? site.span.end;
  const tail = `${request.grouped ? `.groupBy('${filter.column}')` : ''}${added ? `.select('${filter.column}')` : ''}`;
  const call = rewrittenSite(site, request, [...filter.edits, { span: hostSpan(end, site.span.end), text: tail }]);
  return call === undefined ? undefined : { call, property: filter.column, added, missing: '', nullMatches: true };
}

function writeByKeys(site: QuerySite, request: KeysRequest): BatchCall | undefined {
  const filter = site.chain.slice(1).every((call) => WRITTEN.test(call.name)) ? keyFilter(site, request) : undefined;
  const call = filter && rewrittenSite(site, request, filter.edits);
  return call === undefined ? undefined : { call, nullMatches: true };
}

/** The object of `.insert({ … })`, where the chain does nothing else that depends on the rows. */
function insertRows(site: QuerySite, { text }: BatchPlace): RowsInsert | undefined {
  const insert = site.chain.find((call) => call.name === 'insert');
  const others = site.chain.filter((call) => call !== insert && !/^(into|table|from|transacting|withSchema)$/.test(call.name) && site.chain.indexOf(call) > 0);
  const row = insert?.args.length === 1 && others.length === 0 ? insert.args[0] : undefined;
  if (!row) return undefined;
  return {
    row: row.text.trim(),
    ...(row.items ? { values: row.items.map((item) => (item.name === undefined || item.name === '...' ? '...' : item.text)) } : {}),
    call: (rows) => ({ call: text.slice(site.span.start, row.span.start) + rows + text.slice(row.span.end, site.span.end), emptyFails: true }),
  };
}

export interface KeyFilter {
  /** As the code writes it. */
  readonly column: string;
  readonly edits: readonly SiteEdit[];
}

/**
 * The call with the key (`.where({ id: x.id, kind })`, `.where('id', x.id)`) and its `whereIn`.
 * @param names methods that compare so.
 */
export function keyFilter(site: QuerySite, { key, list }: KeysRequest, names = /^(where|andWhere)$/): KeyFilter | undefined {
  const { span } = key;
  const call = span && site.chain.find((c) => names.test(c.name) && containsSpan(c.span, span));
  if (!span || !call) return undefined;
  const [head] = call.args;
  if (call.args.length === 1 && head?.items) return objectFilter(call, span, list);
  const value = call.args.at(-1);
  const operator = call.args.length === 3 ? call.args[1]?.literal : '=';
  if (typeof head?.literal !== 'string' || !/^\w+$/.test(head.literal) || operator !== '=' || !value || call.args.length < 2 || value.text.trim() !== key.text.trim()) return undefined;
  return { column: head.literal, edits: [{ span: call.nameSpan, text: 'whereIn' }, { span: hostSpan(call.args[1]?.span.start ?? value.span.start, value.span.end), text: list }] };
}

function objectFilter(call: ChainCall, span: HostSpan, list: string): KeyFilter | undefined {
  const items = call.args[0]?.items ?? [];
  const own = items.find((item) => containsSpan(item.span, span));
  if (own?.name === undefined || !/^\w+$/.test(own.name) || items.some((item) => item.name === undefined || !/^\w+$/.test(item.name))) return undefined;
  const rest = items.filter((item) => item !== own).map((item) => (item.text === item.name ? item.name : `${item.name}: ${item.text}`));
  const whereIn = `whereIn('${own.name}', ${list})`;
  const edited = rest.length === 0 ? `.${whereIn}` : `.${call.name === 'findOne' ? 'where' : call.name}({ ${rest.join(', ')} }).${whereIn}`;
  return { column: own.name, edits: [{ span: call.span, text: edited }] };
}

import type { ChainCall, QuerySite } from '../../hosts/ir';
import type { BatchCall, BatchIdiom, BatchPlace, KeysRead, KeysRequest, RowsInsert } from '../batch';
import { keyFilter, type KeyFilter } from '../knex/knexBatch';
import { rewrittenSite, rowValues, type SiteEdit } from '../shared/batchEdits';

const filters = /^(where|andWhere|whereNot|whereNull|whereNotNull|whereIn|whereNotIn)$/;
const read = /^(select|orderBy|first|findOne|findById)$/;
const written = /^(patch|update|delete|findById|deleteById)$/;

/** Objection: `findByIds`, `whereIn`, and `insert` of an array. */
export const objectionBatch: BatchIdiom = { readByKeys, insertRows, writeByKeys };

/** The calls behind `Person.query()` or `Person.query(trx)`; undefined where one of them is not known to keep the rows of a key. */
function calls(site: QuerySite, known: RegExp): readonly ChainCall[] | undefined {
  const [start, ...rest] = site.chain;
  return start?.name === 'query' && site.eager.length === 0 && rest.every((call) => known.test(call.name) || filters.test(call.name)) ? rest : undefined;
}

/** `.findById(x.id)`, which becomes `.findByIds(ids)`, else a condition as knex has it. */
function keyOf(site: QuerySite, rest: readonly ChainCall[], request: KeysRequest): KeyFilter | undefined {
  const byKey = rest.find((call) => /^(find|delete)ById$/.test(call.name));
  const [argument] = byKey?.args ?? [];
  if (!byKey || argument?.text.trim() !== request.key.text.trim() || argument.span.start !== request.key.span?.start) return keyFilter(site, request, /^(where|andWhere|findOne)$/);
  return { column: request.column, edits: [{ span: byKey.span, text: `.findByIds(${request.list})${byKey.name === 'deleteById' ? '.delete()' : ''}` }] };
}

function readByKeys(site: QuerySite, request: KeysRequest): KeysRead | undefined {
  const rest = calls(site, read);
  const key = rest && keyOf(site, rest, request);
  // A mapping of names may give the column of another spelling another property.
  if (!rest || !key || request.grouped || !/^[a-z][A-Za-z\d]*$/.test(key.column)) return undefined;
  const first = rest.find((call) => call.name === 'first');
  const added = !request.selected;
  const end = site.chain.at(-1)?.span.end ?? site.span.end;
  const edits: SiteEdit[] = [...key.edits, ...(first ? [{ span: first.span, text: '' }] : [])];
  const call = rewrittenSite(site, request, edits);
  if (call === undefined || end !== site.span.end || (first && first.args.length > 0)) return undefined;
  return { call: added ? `${call}.select('${key.column}')` : call, property: key.column, added, missing: '', instances: true, nullMatches: !rest.some((c) => c.name === 'findById') };
}

function writeByKeys(site: QuerySite, request: KeysRequest): BatchCall | undefined {
  const rest = calls(site, written);
  const key = rest && keyOf(site, rest, request);
  const call = key && rewrittenSite(site, request, key.edits);
  return call === undefined ? undefined : { call, note: 'hooks run once', nullMatches: !rest?.some((c) => /ById$/.test(c.name)) };
}

/** `.insert({ … })` alone: hooks and validation of each row stay. */
function insertRows(site: QuerySite, { text }: BatchPlace): RowsInsert | undefined {
  const [start, insert] = site.chain;
  const [row] = insert?.args ?? [];
  if (start?.name !== 'query' || insert?.name !== 'insert' || site.chain.length !== 2 || insert.args.length !== 1 || !row || row.text.startsWith('[')) return undefined;
  return {
    row: row.text.trim(),
    ...rowValues(row),
    call: (rows) => ({ call: text.slice(site.span.start, row.span.start) + rows + text.slice(row.span.end, site.span.end), emptyFails: true, note: 'hooks see all rows before the first is written' }),
  };
}

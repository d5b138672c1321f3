import type { ChainArgument, QuerySite } from '../../hosts/ir';
import { hostSpan } from '../../text/span';
import type { BatchCall, BatchIdiom, BatchPlace, KeysRead, KeysRequest, RowsInsert } from '../batch';
import { rewrittenSite, rowValues, type SiteEdit } from '../shared/batchEdits';

const read = /^(selectFrom|select|selectAll|where|orderBy|limit|execute|executeTakeFirst)$/;
const written = /^(updateTable|set|deleteFrom|where|execute|executeTakeFirst)$/;
const inserted = /^(insertInto|values|onConflict|execute|executeTakeFirst)$/;

/** Kysely: `in` and arrays of rows. It sends `in ()` and `values ()` for empty lists, which Postgres refuses. */
export const kyselyBatch: BatchIdiom = { readByKeys, insertRows, writeByKeys };

interface KeyFilter {
  /** As the code writes it: `id`, `o.customerId`. */
  readonly column: string;
  readonly edits: readonly SiteEdit[];
}

/** `.where('id', '=', x.id)`, which becomes `.where('id', 'in', ids)`. */
function keyFilter(site: QuerySite, { key, list }: KeysRequest): KeyFilter | undefined {
  for (const call of site.chain) {
    const [column, operator, value] = call.args;
    if (call.name !== 'where' || call.args.length !== 3 || !column || !operator || value?.span.start !== key.span?.start || value?.text.trim() !== key.text.trim()) continue;
    if (typeof column.literal !== 'string' || !/^(\w+\.)*[A-Za-z_$][\w$]*$/.test(column.literal) || operator.literal !== '=') return undefined;
    return { column: column.literal, edits: [{ span: operator.span, text: "'in'" }, { span: value.span, text: list }] };
  }
  return undefined;
}

const bare = (column: string): string => column.split('.').at(-1) ?? column;

/** Property of the rows that holds the column, and whether the column must be added for it. */
function keyProperty(site: QuerySite, column: string): { readonly property: string; readonly added: boolean } | undefined {
  const name = bare(column);
  if (site.chain.some((call) => call.name === 'selectAll')) return { property: name, added: false };
  const chosen: readonly ChainArgument[] = site.chain.filter((call) => call.name === 'select').flatMap((call) => call.args.flatMap((argument) => argument.items ?? [argument]));
  for (const { literal } of chosen) {
    const [, source, alias] = (typeof literal === 'string' && /^([\w.$]+)(?:\s+as\s+([\w$]+))?$/i.exec(literal)) || [];
    if (source !== undefined && bare(source) === name) return { property: alias ?? name, added: false };
    if (alias === name) return undefined;
  }
  // What a callback selects may bear the column's name.
  if (chosen.some(({ literal, text }) => typeof literal !== 'string' && new RegExp(`['"\`]${name}['"\`]`).test(text))) return undefined;
  return chosen.length === 0 ? undefined : { property: name, added: true };
}

function readByKeys(site: QuerySite, request: KeysRequest): KeysRead | undefined {
  const last = site.chain.at(-1);
  if (!last || !/^execute/.test(last.name) || !site.chain.every((call) => read.test(call.name)) || (request.grouped && last.name !== 'executeTakeFirst')) return undefined;
  const filter = keyFilter(site, request);
  const key = filter && keyProperty(site, filter.column);
  if (!filter || !key) return undefined;
  const limit = site.chain.find((call) => call.name === 'limit');
  const further = `${request.grouped ? `.groupBy('${filter.column}')` : ''}${key.added ? `.select('${filter.column}')` : ''}`;
  const call = rewrittenSite(site, request, [
    ...filter.edits,
    ...(limit ? [{ span: limit.span, text: '' }] : []),
    { span: hostSpan(last.span.start, last.span.start), text: further },
    { span: last.nameSpan, text: 'execute' },
  ]);
  return call === undefined ? undefined : { call, emptyFails: true, ...key, missing: '' };
}

function writeByKeys(site: QuerySite, request: KeysRequest): BatchCall | undefined {
  const filter = site.chain.every((call) => written.test(call.name)) ? keyFilter(site, request) : undefined;
  const call = filter && rewrittenSite(site, request, filter.edits);
  return call === undefined ? undefined : { call, emptyFails: true };
}

/** `.values({ … })` of an insert that asks nothing back; one statement may not update a row twice, so of conflicts only `doNothing`. */
function insertRows(site: QuerySite, { text }: BatchPlace): RowsInsert | undefined {
  const values = site.chain.filter((call) => call.name === 'values');
  const row = values.length === 1 && values[0]?.args.length === 1 ? values[0].args[0] : undefined;
  if (!row || !site.chain.every((call) => inserted.test(call.name))) return undefined;
  if (site.chain.some((call) => call.name === 'onConflict' && !call.args.every((argument) => /\.doNothing\(\)\s*$/.test(argument.text)))) return undefined;
  return {
    row: row.text.trim(),
    ...rowValues(row),
    call: (rows) => ({ call: text.slice(site.span.start, row.span.start) + rows + text.slice(row.span.end, site.span.end), emptyFails: true }),
  };
}

import type { ChainArgument, QuerySite } from '../../hosts/ir';
import { hostSpan, type HostSpan } from '../../text/span';
import type { BatchCall, BatchIdiom, BatchPlace, KeysRead, KeysRequest, RowsInsert } from '../batch';
import { rewrittenSite, rowValues, type SiteEdit } from '../shared/batchEdits';
import { importEdits } from '../shared/chainEdits';

const module = /^drizzle-orm(-1)?$/;
const read = /^(select|from|where|orderBy|limit)$/;
const written = /^(update|set|delete|where)$/;

/** Drizzle: `inArray` and arrays of rows. An empty `inArray` finds nothing; empty `values` throw. */
export const drizzleBatch: BatchIdiom = { readByKeys, insertRows, writeByKeys };

interface KeyComparison {
  /** `users.id` */
  readonly column: string;
  readonly edit: SiteEdit;
}

/** `eq(users.id, x.id)`, which becomes `inArray(users.id, ids)`. */
function keyComparison(site: QuerySite, { text, key, list }: KeysRequest): KeyComparison | undefined {
  if (!key.span) return undefined;
  const before = /(?<![\w$.])eq\(\s*([A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+)\s*,\s*$/.exec(text.slice(site.span.start, key.span.start));
  const after = /^\s*,?\s*\)/.exec(text.slice(key.span.end, site.span.end));
  const column = before?.[1];
  if (!before || !after || column === undefined) return undefined;
  return { column, edit: { span: hostSpan(site.span.start + before.index, key.span.end + after[0].length), text: `inArray(${column}, ${list})` } };
}

/** Property of the rows that carries the column, and what must be added for it. */
function keyProperty(site: QuerySite, column: string): { readonly property: string; readonly added?: SiteEdit } | undefined {
  const name = column.split('.').at(-1) ?? column;
  const fields: ChainArgument | undefined = site.chain.find((call) => call.name === 'select')?.args[0];
  if (!fields) return { property: name };
  const item = fields.items?.find((candidate) => candidate.text.trim() === column);
  if (item?.name !== undefined) return { property: item.name };
  if (!fields.items || fields.items.length === 0 || !fields.text.startsWith('{') || fields.items.some((candidate) => candidate.name === name || candidate.name === '...')) return undefined;
  const at = fields.span.start + 1;
  return { property: name, added: { span: hostSpan(at, at), text: ` ${name}: ${column},` } };
}

function readByKeys(site: QuerySite, request: KeysRequest): KeysRead | undefined {
  const [first] = site.chain;
  const relational = first !== undefined && /^find(First|Many)$/.test(first.name);
  if (!first || request.grouped || !(relational ? site.chain.slice(1).every((call) => /^(where|orderBy)$/.test(call.name)) : site.chain.every((call) => read.test(call.name)))) return undefined;
  const comparison = keyComparison(site, request);
  const imports = comparison && importEdits(['inArray'], module, request);
  const key = comparison && keyProperty(site, comparison.column);
  if (!comparison || !imports || !key) return undefined;
  const edits = [comparison.edit, ...(key.added ? [key.added] : [])];
  const limit = site.chain.find((call) => call.name === 'limit');
  if (limit) edits.push({ span: limit.span, text: '' });
  if (first.name === 'findFirst') edits.push({ span: first.nameSpan, text: 'findMany' });
  const call = rewrittenSite(site, request, edits);
  return call === undefined ? undefined : { call, others: imports, property: key.property, added: key.added !== undefined, missing: '' };
}

function writeByKeys(site: QuerySite, request: KeysRequest): BatchCall | undefined {
  const comparison = site.chain.every((call) => written.test(call.name)) ? keyComparison(site, request) : undefined;
  const imports = comparison && importEdits(['inArray'], module, request);
  const call = comparison && rewrittenSite(site, request, [comparison.edit]);
  return call === undefined || !imports ? undefined : { call, others: imports };
}

/** `.values({ … })` of an insert that asks nothing back. */
function insertRows(site: QuerySite, { text }: BatchPlace): RowsInsert | undefined {
  const values = site.chain.find((call) => call.name === 'values');
  const [row] = values?.args ?? [];
  if (!row || values?.args.length !== 1 || !site.chain.every((call) => /^(insert|values|onConflictDoNothing)$/.test(call.name))) return undefined;
  const span: HostSpan = row.span;
  return {
    row: row.text.trim(),
    ...rowValues(row),
    call: (rows) => ({ call: text.slice(site.span.start, span.start) + rows + text.slice(span.end, site.span.end), emptyFails: true }),
  };
}

import type { ChainArgument, QuerySite } from '../../hosts/ir';
import { containsSpan, hostSpan, spanText } from '../../text/span';
import type { BatchCall, BatchIdiom, BatchPlace, KeysRead, KeysRequest, RowsInsert } from '../batch';
import { rewrittenSite, type SiteEdit } from '../shared/batchEdits';
import { prismaListCall } from './prismaEdits';

/** Prisma: `findMany` with `{ in: keys }`, `createMany`, `updateMany`, `deleteMany`. Empty lists find and write nothing. */
export const prismaBatch: BatchIdiom = { readByKeys, insertRows, writeByKeys };

const where = (site: QuerySite): ChainArgument | undefined => site.chain.find((call) => call.name === 'where')?.args[0];

/** The property whose value is the key, written plainly in `where`. */
function keyItem(site: QuerySite, { key }: KeysRequest): ChainArgument | undefined {
  const { span } = key;
  return span && where(site)?.items?.find((item) => item.items === undefined && item.text.trim() === key.text.trim() && containsSpan(item.span, span));
}

function readByKeys(site: QuerySite, request: KeysRequest): KeysRead | undefined {
  const method = site.chain[0]?.name ?? '';
  const property = keyItem(site, request)?.name;
  if (!/^find(First|Unique|Many)$/.test(method) || property === undefined || request.grouped || site.chain.some((call) => call.name === 'omit')) return undefined;
  const select = site.chain.find((call) => call.name === 'select')?.args[0];
  const added = select !== undefined && !select.items?.some((item) => item.name === property && item.text.trim() === 'true');
  const call = prismaListCall(site, property, request.list, request.text, added ? property : undefined);
  return call === undefined ? undefined : { call, property, added, missing: ' ?? null' };
}

/** `create({ data: { … } })` alone: what is asked back, or written along, `createMany` does not know. */
function insertRows(site: QuerySite, { text }: BatchPlace): RowsInsert | undefined {
  const { chain, anchor } = site;
  if (!/\.create$/.test(spanText(text, anchor)) || chain.some((call) => call.name !== 'data' && call.name !== 'create')) return undefined;
  const data = chain.find((call) => call.name === 'data')?.args[0] ?? chain.flatMap((call) => call.args.flatMap((a) => a.items ?? [])).find((item) => item.name === 'data');
  // An item with a key spans the whole `data: { … }`.
  const open = data ? text.indexOf('{', data.span.start) : -1;
  if (!data || open < 0 || open >= data.span.end) return undefined;
  const head = text.slice(site.span.start, open).replace(/\.create(\s*\()/, '.createMany$1');
  return {
    row: text.slice(open, data.span.end).trim(),
    values: (data.items ?? []).map((item) => (item.name === undefined || item.name === '...' || item.items ? '...' : item.text)),
    call: (rows) => ({ call: `${head}${rows}${text.slice(data.span.end, site.span.end)}` }),
  };
}

function writeByKeys(site: QuerySite, request: KeysRequest): BatchCall | undefined {
  const { text } = request;
  const [method] = site.chain;
  const own = keyItem(site, request);
  const filter = where(site);
  if (!method || !/^(update|delete)(Many)?$/.test(method.name) || own?.name === undefined || !filter?.items || site.chain.slice(1).some((call) => !/^(where|data)$/.test(call.name))) return undefined;
  // Only scalars: `updateMany` reaches no relation, and a compound key has no list.
  if (filter.items.some((item) => item.items !== undefined || item.name === '...') || dataOf(site)?.items?.some((item) => item.items !== undefined || item.name === '...')) return undefined;
  const before = new RegExp(`['"]?${own.name}['"]?\\s*:\\s*$`).exec(text.slice(0, own.span.start));
  const pair = before ? hostSpan(before.index, own.span.end) : own.span;
  const edits: SiteEdit[] = [{ span: pair, text: `${own.name}: { in: ${request.list} }` }];
  if (!method.name.endsWith('Many')) edits.push({ span: method.nameSpan, text: `${method.name}Many` });
  const call = rewrittenSite(site, request, edits);
  return call === undefined ? undefined : { call, ...(method.name.endsWith('Many') ? {} : { note: 'a missing row is no error then' }) };
}

const dataOf = (site: QuerySite): ChainArgument | undefined => site.chain.find((call) => call.name === 'data')?.args[0];

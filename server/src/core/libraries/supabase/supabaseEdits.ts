import type { ChainCall, QuerySite } from '../../hosts/ir';
import type { Edit } from '../../text/edit';
import { hostSpan } from '../../text/span';
import type { KeysetRequest, LimitRequest, OrderRequest, PredicateRequest } from '../adapter';
import { insertCalls, ownCalls } from '../shared/chainEdits';

const filters = /^(eq|neq|gt|gte|lt|lte|is|in|like|ilike|contains|containedBy|overlaps|match|not|or|filter|textSearch)$/;

/** Where a filter can follow: behind the last one, else behind what asks for rows or writes. */
const filterPlace = (calls: readonly ChainCall[]): ChainCall | undefined => calls.findLast((call) => filters.test(call.name)) ?? calls.find((call) => /^(update|delete)$/.test(call.name)) ?? calls.find((call) => call.name === 'select');

/** `.eq('tenant_id', tenantId)`. PostgREST joins filters by AND, an `or` included. */
export function addSupabasePredicate(site: QuerySite, request: PredicateRequest): readonly Edit[] | undefined {
  const calls = ownCalls(site, request.text);
  const at = calls && !calls.some((call) => /^(insert|upsert|rpc)$/.test(call.name)) ? filterPlace(calls) : undefined;
  return at && [insertCalls(at, [`.eq('${request.column}', ${request.value})`], request)];
}

export function addSupabaseOrder(site: QuerySite, request: OrderRequest): readonly Edit[] | undefined {
  const calls = ownCalls(site, request.text);
  const at = calls && (calls.findLast((call) => call.name === 'order') ?? filterPlace(calls));
  return at && [insertCalls(at, request.keys.map((key) => `.order('${key.column.replaceAll('"', '').split('.').at(-1) ?? ''}'${key.descending ? ', { ascending: false }' : ''})`), request)];
}

export function addSupabaseLimit(site: QuerySite, request: LimitRequest): readonly Edit[] | undefined {
  const calls = ownCalls(site, request.text);
  const at = calls && (calls.findLast((call) => call.name === 'order') ?? filterPlace(calls));
  return at && !calls.some((call) => /^(insert|upsert|update|delete)$/.test(call.name)) ? [insertCalls(at, [`.limit(${request.count})`], request)] : undefined;
}

/** Types whose text has nothing in it that a quoted value of PostgREST would need to escape. */
const plainTypes = /^(smallint|integer|bigint|numeric|real|double precision|boolean|uuid|date|timestamp)/;

/**
 * `.range(a, b)` becomes `.limit(n)` behind a filter on the last row's keys. A filter has to stand there for the first page
 * too: then it says what every row fulfils. A request with a count keeps its number: the filter would be counted too.
 */
export function supabaseKeyset(site: QuerySite, request: KeysetRequest): readonly Edit[] | undefined {
  const { uri, text, keys, cursor } = request;
  const calls = ownCalls(site, text);
  const [range, ...others] = site.chain.filter((call) => call.name === 'range');
  const [from, to] = range?.args ?? [];
  const select = site.chain.find((call) => call.name === 'select');
  const at = calls && filterPlace(calls);
  if (!calls || !at || !range || !from || !to || others.length > 0 || !calls.includes(range) || range.args.length !== 2 || site.chain.some((call) => call.name === 'rpc' || call.name === 'limit') || (select?.args.length ?? 0) > 1) return undefined;
  const names = keys.map((key) => key.column.replaceAll('"', '').split('.').at(-1) ?? '');
  const directed = site.chain.filter((call) => call.name === 'order').every((call) => call.args.length === 1 || (call.args[1]?.items?.every((item) => typeof item.literal === 'boolean') ?? false));
  const chosen = typeof select?.args[0]?.literal === 'string' ? select.args[0].literal.split(',').map((name) => name.trim()) : select && select.args.length > 0 ? [] : ['*'];
  if (!directed || keys.some((key) => key.nullable || !plainTypes.test(key.type ?? '')) || !(chosen.includes('*') || names.every((name) => chosen.includes(name)))) return undefined;
  const last = names.at(-1) ?? '';
  const beyond = (index: number, equal = ''): string => `${names[index]}.${keys[index]?.descending ? 'lt' : 'gt'}${equal}.${valueOf(index)}`;
  const valueOf = (index: number): string => `"\${${cursor}.${names[index]}}"`;
  const branches = names.map((_, index) => [...names.slice(1, index).map((name, before) => `${name}.eq.${valueOf(before + 1)}`), beyond(index)]).map((parts) => (parts.length > 1 ? `and(${parts.join(',')})` : parts[0] ?? ''));
  const condition = names.length === 1 ? beyond(0) : `and(${beyond(0, 'e')},or(${branches.join(',')}))`;
  const added = keys.filter((key) => key.added);
  const order = added.length === 0 ? [] : addSupabaseOrder(site, { uri, text, keys: added });
  const filter = insertCalls(at, [`.or(${cursor} ? \`${condition}\` : '${last}.not.is.null')`], request);
  return order && [filter, ...order, { uri, span: hostSpan(range.nameSpan.start, range.span.end), text: `limit(${sizeOf(from.text, to.text)})` }];
}

/** How many rows stand between two places, both of them counted. */
function sizeOf(from: string, to: string): string {
  const [start, end] = [from.replaceAll(/\s+/g, ''), to.replaceAll(/\s+/g, '')];
  if (/^\d+$/.test(start) && /^\d+$/.test(end)) return String(Number(end) - Number(start) + 1);
  // Only sums and products may be cut off in front of a plus: of `a || 0 + 19` the sum is another part.
  const ahead = /^[\w.+\-*/%()]+$/.test(start) && end.startsWith(`${start}+`);
  const behind = ahead ? /^([\w.]+)-1$/.exec(end.slice(start.length + 1)) : undefined;
  if (behind?.[1] !== undefined) return behind[1];
  const plain = ahead ? /^\d+$/.exec(end.slice(start.length + 1)) : undefined;
  return plain ? String(Number(plain[0]) + 1) : `${bracketed(to)} - ${bracketed(from)} + 1`;
}

const bracketed = (text: string): string => (/^[\w.]+$/.test(text) ? text : `(${text})`);

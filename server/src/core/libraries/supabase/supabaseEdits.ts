import type { ChainCall, QuerySite } from '../../hosts/ir';
import type { Edit } from '../../text/edit';
import type { LimitRequest, OrderRequest, PredicateRequest } from '../adapter';
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

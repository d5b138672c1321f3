import type { ChainCall, QuerySite } from '../../hosts/ir';
import type { Edit } from '../../text/edit';
import type { KeysetRequest, LimitRequest, OrderRequest, PredicateRequest } from '../adapter';
import { insertCalls, ownCalls, propertyAccess, removeCall } from '../shared/chainEdits';

const joins = /Join(Lateral)?$/;
const unions = /^(union|intersect|except)/;
const sent = /^(execute|executeTakeFirst|executeTakeFirstOrThrow|stream|compile|explain|as|\$castTo|\$narrowType|\$assertType)$/;

const plainName = (column: string): string => column.replaceAll('"', '');
const bareName = (column: string): string => plainName(column).split('.').at(-1) ?? column;
const quoted = (text: string): string => `'${text}'`;

/** `.where('o.tenant_id', '=', tenantId)` behind the last filter. */
export function addKyselyPredicate(site: QuerySite, request: PredicateRequest): readonly Edit[] | undefined {
  const calls = ownCalls(site, request.text);
  const start = calls?.find((call) => /^(selectFrom|updateTable|deleteFrom)$/.test(call.name));
  if (!calls || !start || site.chain.some((call) => unions.test(call.name))) return undefined;
  const qualifier = site.chain.some((call) => joins.test(call.name) || (start.name !== 'selectFrom' && /^(from|using)$/.test(call.name))) ? aliasOf(site, request.table) : '';
  const at = filterPlace(calls);
  return qualifier !== undefined && at ? [insertCalls(at, [`.where('${qualifier}${request.column}', '=', ${request.value})`], request)] : undefined;
}

/** `.offset(n)` becomes a filter on the last row's keys that the first page goes without. */
export function kyselyKeyset(site: QuerySite, request: KeysetRequest): readonly Edit[] | undefined {
  const calls = ownCalls(site, request.text);
  const offsets = site.chain.filter((call) => call.name === 'offset');
  const [offset] = offsets;
  if (!calls || !offset || offsets.length !== 1 || !calls.includes(offset) || request.keys.some((key) => key.nullable)) return undefined;
  if (site.chain.some((call) => unions.test(call.name) || /^(groupBy|distinct|distinctOn)$/.test(call.name)) || !directionsKnown(site) || !selectsKeys(site, request)) return undefined;
  const at = filterPlace(calls);
  if (!at) return undefined;
  const filter = `.where((eb) => ${request.cursor} ? ${keysetCondition(request)} : eb.lit(true))`;
  const added = request.keys.filter((key) => key.added).map((key) => orderCall(key));
  const order = calls.findLast((call) => call.name === 'orderBy');
  const edits: Edit[] = [removeCall(offset, request)];
  if (added.length === 0 || !order) edits.push(insertCalls(at, [filter, ...added], request));
  else edits.push(insertCalls(at, [filter], request), insertCalls(order, added, request));
  return edits;
}

export function addKyselyOrder(site: QuerySite, request: OrderRequest): readonly Edit[] | undefined {
  const calls = ownCalls(site, request.text);
  if (!calls || site.chain.some((call) => unions.test(call.name))) return undefined;
  const at = calls.findLast((call) => call.name === 'orderBy') ?? calls.findLast((call) => /^(groupBy|having|select|selectAll)$/.test(call.name)) ?? filterPlace(calls);
  return at && [insertCalls(at, request.keys.map((key) => orderCall(key)), request)];
}

/** `.limit(n)` before the call that sends. */
export function addKyselyLimit(site: QuerySite, request: LimitRequest): readonly Edit[] | undefined {
  const calls = ownCalls(site, request.text);
  const end = calls?.findIndex((call) => sent.test(call.name)) ?? -1;
  const at = end < 0 ? calls?.at(-1) : calls?.[end - 1];
  return at && calls?.some((call) => call.name === 'selectFrom') ? [insertCalls(at, [`.limit(${request.count})`], request)] : undefined;
}

function filterPlace(calls: readonly ChainCall[]): ChainCall | undefined {
  return calls.findLast((call) => /^(where|whereRef)$/.test(call.name)) ?? calls.findLast((call) => joins.test(call.name)) ?? calls.findLast((call) => /^(selectFrom|deleteFrom|set|from|using)$/.test(call.name));
}

const orderCall = (key: { readonly column: string; readonly descending: boolean }): string => `.orderBy(${quoted(plainName(key.column))}${key.descending ? ", 'desc'" : ''})`;

function keysetCondition({ keys, cursor }: KeysetRequest): string {
  const value = (column: string): string => propertyAccess(cursor, bareName(column));
  const [first] = keys;
  const operator = (descending: boolean): string => (descending ? "'<'" : "'>'");
  if (!first) return 'eb.lit(true)';
  const one = (key: (typeof keys)[number]): string => `eb(${quoted(plainName(key.column))}, ${operator(key.descending)}, ${value(key.column)})`;
  if (keys.length === 1) return one(first);
  // Tuples are typed up to five.
  if (keys.length <= 5 && keys.every((key) => key.descending === first.descending)) {
    return `eb(eb.refTuple(${keys.map((key) => quoted(plainName(key.column))).join(', ')}), ${operator(first.descending)}, eb.tuple(${keys.map((key) => value(key.column)).join(', ')}))`;
  }
  const branches = keys.map((key, index) => {
    const equal = keys.slice(0, index).map((before) => `eb(${quoted(plainName(before.column))}, '=', ${value(before.column)})`);
    return equal.length === 0 ? one(key) : `eb.and([${[...equal, one(key)].join(', ')}])`;
  });
  return `eb.or([${branches.join(', ')}])`;
}

const directionsKnown = (site: QuerySite): boolean =>
  site.chain.filter((call) => call.name === 'orderBy').every((call) => call.args.every((argument) => (argument.items ? argument.items.every((item) => typeof item.literal === 'string') : typeof argument.literal === 'string')));

/** The next page starts at the last row's keys, so the rows must carry them under their names. */
function selectsKeys(site: QuerySite, request: KeysetRequest): boolean {
  if (site.chain.some((call) => call.name === 'selectAll')) return true;
  const selected = site.chain.filter((call) => call.name === 'select').flatMap((call) => call.args.flatMap((argument) => argument.items ?? [argument]));
  const names = selected.flatMap((argument) => (typeof argument.literal === 'string' ? [argument.literal] : []));
  return request.keys.every((key) => names.some((name) => name === plainName(key.column) || name.split('.').at(-1) === bareName(key.column)));
}

/** `o.` for `orders as o`; undefined where the table is not named by a literal. */
function aliasOf(site: QuerySite, table: string): string | undefined {
  for (const call of site.chain) {
    if (!joins.test(call.name) && !/^(selectFrom|updateTable|deleteFrom|from|using)$/.test(call.name)) continue;
    for (const candidate of [call.args[0], ...(call.args[0]?.items ?? [])]) {
      const literal = candidate?.literal;
      if (typeof literal !== 'string') continue;
      const [, name = literal, alias] = /^(.+?)\s+as\s+(.+)$/i.exec(literal) ?? [];
      if (name.split('.').at(-1) === table) return `${alias ?? name}.`;
    }
  }
  return undefined;
}

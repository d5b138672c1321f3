import type { ChainArgument, ChainCall, QuerySite } from '../../hosts/ir';
import type { Edit } from '../../text/edit';
import type { KeysetRequest, LimitRequest, OrderRequest, PredicateRequest } from '../adapter';
import { insertCalls, ownCalls, propertyAccess, removeCall } from '../shared/chainEdits';

const filters = /^(and)?where/i;
const alternatives = /^or(Where|Having)/;
const joins = /join$/i;
const closers = /^(then|catch|finally|stream|pipe|asCallback|toSQL|toString|toQuery|as|transacting|timeout|debug|on)$/;

/** `.where('tenant_id', tenantId)` behind the last filter, qualified where tables are joined. */
export function addKnexPredicate(site: QuerySite, request: PredicateRequest): readonly Edit[] | undefined {
  const calls = ownCalls(site, request.text);
  if (!calls || site.chain.some((call) => alternatives.test(call.name) || /^(insert|union|unionAll|batchInsert|upsert)$/.test(call.name))) return undefined;
  const qualifier = site.chain.some((call) => joins.test(call.name)) ? aliasOf(site, request.table) : '';
  if (qualifier === undefined) return undefined;
  const at = filterPlace(calls);
  return at && [insertAfter(at, `.where('${qualifier}${request.column}', ${request.value})`, request)];
}

/** `.offset(n)` becomes a filter on the last row's keys, skipped for the first page; missing keys are added to the order. */
export function knexKeyset(site: QuerySite, request: KeysetRequest): readonly Edit[] | undefined {
  const calls = ownCalls(site, request.text);
  const offsets = site.chain.filter((call) => call.name === 'offset');
  const offset = offsets[0];
  if (!calls || !offset || offsets.length !== 1 || site.chain.some((call) => alternatives.test(call.name) || /^(union|unionAll|paginate|groupBy)$/.test(call.name))) return undefined;
  if (!directionsKnown(site) || !selectsKeys(site, request) || request.keys.some((key) => key.nullable)) return undefined;
  const at = filterPlace(calls);
  const last = request.keys.at(-1);
  if (!at || !last) return undefined;
  const condition = keysetCondition(request);
  const added = request.keys.filter((key) => key.added).map((key) => orderCall(key.column, key.descending));
  const order = calls.filter((call) => /^orderBy/.test(call.name)).at(-1);
  const filter = `.modify((query) => { if (${request.cursor}) query.${condition}; })`;
  const edits: Edit[] = [removeCall(offset, request)];
  if (added.length === 0) edits.push(insertAfter(at, filter, request));
  else if (order && order !== at) edits.push(insertAfter(at, filter, request), insertAfter(order, added.join(''), request));
  else edits.push(insertAfter(at, filter + added.join(''), request));
  return edits;
}

/** `.orderBy('id')` behind the other orders or the filters. */
export function addKnexOrder(site: QuerySite, request: OrderRequest): readonly Edit[] | undefined {
  const calls = ownCalls(site, request.text);
  const at = calls && (calls.filter((call) => /^orderBy/.test(call.name)).at(-1) ?? calls.filter((call) => /^(groupBy|having)/.test(call.name)).at(-1) ?? filterPlace(calls));
  return at && [insertAfter(at, request.keys.map((key) => orderCall(key.column, key.descending)).join(''), request)];
}

/** `.limit(n)` at the end of the builder. */
export function addKnexLimit(site: QuerySite, request: LimitRequest): readonly Edit[] | undefined {
  const calls = ownCalls(site, request.text);
  const end = calls?.findIndex((call) => closers.test(call.name)) ?? -1;
  const at = end < 0 ? calls?.at(-1) : calls?.[end - 1];
  return at && [insertAfter(at, `.limit(${request.count})`, request)];
}

/** The last filter; without one the last join, else the call that names the table. */
function filterPlace(calls: readonly ChainCall[]): ChainCall | undefined {
  return calls.filter((call) => filters.test(call.name)).at(-1)
    ?? calls.filter((call) => joins.test(call.name)).at(-1)
    ?? calls.find((call) => /^(from|table|into|update|del|delete)$/.test(call.name))
    ?? calls[0];
}

/** Behind a call; an order stands on a line of its own where the calls do. */
const insertAfter = (call: ChainCall, inserted: string, request: { readonly uri: string; readonly text: string }): Edit => insertCalls(call, inserted.split(/(?<=\))(?=\.orderBy)/), request);

const plainName = (column: string): string => column.replaceAll('"', '');
const propertyName = (column: string): string => plainName(column).split('.').at(-1) ?? column;
const orderCall = (column: string, descending: boolean): string => `.orderBy('${plainName(column)}'${descending ? ", 'desc'" : ''})`;

function keysetCondition({ keys, cursor }: KeysetRequest): string {
  const value = (column: string): string => propertyAccess(cursor, propertyName(column));
  const [first] = keys;
  if (keys.length === 1 && first) return `where('${plainName(first.column)}', '${first.descending ? '<' : '>'}', ${value(first.column)})`;
  const same = keys.every((key) => key.descending === first?.descending);
  if (same) {
    const operator = first?.descending ? '<' : '>';
    return `whereRaw('(${keys.map((key) => key.column).join(', ')}) ${operator} (${keys.map(() => '?').join(', ')})', [${keys.map((key) => value(key.column)).join(', ')}])`;
  }
  const branches = keys.map((key, index) => {
    const equal = keys.slice(0, index).map((before) => `${before.column} = ?`);
    return [...equal, `${key.column} ${key.descending ? '<' : '>'} ?`].join(' and ');
  });
  const values = keys.flatMap((_, index) => keys.slice(0, index + 1).map((key) => value(key.column)));
  return `whereRaw('((${branches.join(') or (')}))', [${values.join(', ')}])`;
}

function directionsKnown(site: QuerySite): boolean {
  const fixed = (argument: ChainArgument | undefined): boolean => argument === undefined || typeof argument.literal === 'string';
  return site.chain.filter((call) => /^orderBy/.test(call.name)).every((call) =>
    call.args.every((argument) => (argument.items ? argument.items.every((item) => fixed(item) || (item.items?.every(fixed) ?? false)) : fixed(argument))));
}

/** The next page starts at the last row's keys, so the rows must carry them. */
function selectsKeys(site: QuerySite, request: KeysetRequest): boolean {
  const selected = site.chain.filter((call) => /^(select|column|columns|distinct)$/.test(call.name)).flatMap((call) => call.args.flatMap((argument) => argument.items ?? [argument]));
  if (site.chain.some((call) => call.name === 'pluck' || call.name === 'first')) return false;
  if (selected.length === 0) return true;
  const names = selected.flatMap((argument) => (typeof argument.literal === 'string' ? [argument.literal] : []));
  return names.some((name) => name === '*') || request.keys.every((key) => names.some((name) => name === plainName(key.column) || name === propertyName(key.column) || name.endsWith(`.${propertyName(key.column)}`) || name.endsWith('.*')));
}

/** `o.` for `orders as o`; undefined where the table is not named by a literal. */
function aliasOf(site: QuerySite, table: string): string | undefined {
  for (const call of site.chain) {
    const argument = call.args[0];
    for (const candidate of [argument, ...(argument?.items ?? [])]) {
      const literal = candidate?.literal;
      if (typeof literal !== 'string') continue;
      const [, name = literal, alias] = /^(.+?)\s+as\s+(.+)$/i.exec(literal) ?? [];
      if (name.split('.').at(-1) === table && (call === site.chain[0] || joins.test(call.name) || /^(from|table|into)$/.test(call.name))) return `${alias ?? candidate?.name ?? name}.`;
    }
  }
  return undefined;
}


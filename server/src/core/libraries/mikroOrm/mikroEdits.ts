import type { ChainArgument, ChainCall, QuerySite } from '../../hosts/ir';
import type { Edit } from '../../text/edit';
import { hostSpan } from '../../text/span';
import type { LimitRequest, OrderRequest, PredicateRequest } from '../adapter';
import { insertFirst, isObject, keyText, type Place } from '../shared/objectEdits';

/**
 * A call of the entity manager stands in `chain` as the method with its filter and its options as arguments, then each
 * option as a call of its own; `findAll` and `findByCursor` have the filter among the options.
 */
const propertyOf = (site: QuerySite, column: string): string => {
  const name = column.replaceAll('"', '').split('.').at(-1) ?? column;
  return site.modelNames?.properties[name] ?? name;
};
const find = (site: QuerySite, key: string): ChainCall | undefined => site.chain.slice(1).findLast((call) => call.name === key);
const filtered = /^(find|findOne|findOneOrFail|findAndCount|count|nativeUpdate|nativeDelete)$/;
const optional = /^(findAll|findByCursor)$/;

/** `tenantId: value` in the filter. */
export function addMikroPredicate(site: QuerySite, request: PredicateRequest): readonly Edit[] | undefined {
  const [method] = site.chain;
  const property = propertyOf(site, request.column);
  if (!method || property.includes('.')) return undefined;
  const pair = property === request.value ? property : `${keyText(property)}: ${request.value}`;
  const filter = filtered.test(method.name) ? method.args[0] : optional.test(method.name) ? find(site, 'where')?.args[0] : undefined;
  return filter && isObject(filter) ? [insertFirst(filter, pair, request)] : undefined;
}

/** Further keys of `orderBy`. */
export function addMikroOrder(site: QuerySite, request: OrderRequest): readonly Edit[] | undefined {
  const [method] = site.chain;
  if (!method || !/^(find|findOne|findOneOrFail|findAndCount|findAll|findByCursor)$/.test(method.name)) return undefined;
  const pairs = request.keys.map((key) => `${keyText(propertyOf(site, key.column))}: '${key.descending ? 'DESC' : 'ASC'}'`).join(', ');
  const order = find(site, 'orderBy')?.args[0];
  if (!order) return optionEdit(site, `orderBy: { ${pairs} }`, request);
  const last = isObject(order) ? order.items?.at(-1) : undefined;
  return last && [{ uri: request.uri, span: hostSpan(last.span.end, last.span.end), text: `, ${pairs}` }];
}

export function addMikroLimit(site: QuerySite, request: LimitRequest): readonly Edit[] | undefined {
  const [method] = site.chain;
  if (!method || !/^(find|findAndCount|findAll)$/.test(method.name) || find(site, 'limit')) return undefined;
  return optionEdit(site, `limit: ${request.count}`, request);
}

/** A further option, at the end of the options or in options of its own. */
function optionEdit(site: QuerySite, pair: string, place: Place): readonly Edit[] | undefined {
  const [method] = site.chain;
  const at = optional.test(method?.name ?? '') ? 0 : 1;
  const options: ChainArgument | undefined = method?.args[at];
  const before = method?.args[at - 1];
  if (!options) return before ? [{ uri: place.uri, span: hostSpan(before.span.end, before.span.end), text: `, { ${pair} }` }] : undefined;
  if (!isObject(options)) return undefined;
  const last = options.items?.at(-1);
  return [last ? { uri: place.uri, span: hostSpan(last.span.end, last.span.end), text: `, ${pair}` } : insertFirst(options, pair, place)];
}

import type { ChainArgument, ChainCall, QuerySite } from '../../hosts/ir';
import type { Edit } from '../../text/edit';
import { hostSpan } from '../../text/span';
import type { KeysetRequest, LimitRequest, OrderRequest, PredicateRequest, RelationRequest } from '../adapter';
import { afterRow, choosesKeys, filterEdits, keyProperties, keysetFilter, knownDirections, pageOptions, removeProperty } from '../shared/keysetOptions';
import { addKey, insertFirst, isObject, keyText, type Place } from '../shared/objectEdits';

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

/** `populate: ['books']`. */
export function loadMikroRelation(site: QuerySite, request: RelationRequest): { readonly edits: readonly Edit[]; readonly by: string } | undefined {
  const [method] = site.chain;
  const [step, ...further] = request.path;
  if (!method || !step || further.length > 0 || !/^(find|findAll)$/.test(method.name) || site.chain.some((call) => /^(fields|exclude|lockMode|groupBy|having)$/.test(call.name))) return undefined;
  const populate = find(site, 'populate')?.args[0];
  const last = populate?.text.trimStart().startsWith('[') ? populate.items?.at(-1) : undefined;
  const edits = populate ? last && [{ uri: request.uri, span: hostSpan(last.span.end, last.span.end), text: `, '${step.property}'` }] : optionEdit(site, `populate: ['${step.property}']`, request);
  return edits && { edits, by: 'populate' };
}

/** A further option, at the end of the options or in options of its own. */
function optionEdit(site: QuerySite, pair: string, place: Place): readonly Edit[] | undefined {
  const [method] = site.chain;
  const at = optional.test(method?.name ?? '') ? 0 : 1;
  const options: ChainArgument | undefined = method?.args[at];
  const before = method?.args[at - 1];
  if (!options && method && at === 0) {
    const edit = addKey(method, pair.slice(0, pair.indexOf(':')), pair.slice(pair.indexOf(':') + 1).trim(), place);
    return edit && [edit];
  }
  if (!options) return before ? [{ uri: place.uri, span: hostSpan(before.span.end, before.span.end), text: `, { ${pair} }` }] : undefined;
  if (!isObject(options)) return undefined;
  const last = options.items?.at(-1);
  return [last ? { uri: place.uri, span: hostSpan(last.span.end, last.span.end), text: `, ${pair}` } : insertFirst(options, pair, place)];
}

const operators = { '<': '$lt', '>': '$gt', '<=': '$lte', '>=': '$gte' } as const;
const words = { compare: (operator: keyof typeof operators, value: string): string => `{ ${operators[operator]}: ${value} }`, or: '$or', and: '$and' };

/** `offset: n` of `find` and `findAll` becomes a filter on the last row's keys. A page with a count keeps its number: the filter would be counted too. */
export function mikroKeyset(site: QuerySite, request: KeysetRequest): readonly Edit[] | undefined {
  const { uri, text, cursor } = request;
  const [method] = site.chain;
  const bare = method?.name === 'findAll';
  const argument = bare ? method.args[0] : method?.args[1];
  const options = method && /^(find|findAll)$/.test(method.name) ? pageOptions(site, method, argument, 'offset', text) : undefined;
  const names = keyProperties(site, request.keys, / FROM \S+ (\w+)/.exec(site.source?.text ?? '')?.[1]);
  if (!argument || !options || !names || request.keys.some((key) => key.nullable) || ['groupBy', 'having'].some((key) => options.has(key))) return undefined;
  if (!knownDirections(options.get('orderBy')) || !choosesKeys(options.get('fields'), names)) return undefined;
  const where = bare ? options.get('where') : method?.args[0];
  const filter = keysetFilter(where, afterRow(names, request.keys, cursor, words), cursor, words, request);
  const removed = removeProperty(argument, 'offset', request);
  const edits = filter && (bare ? filterEdits(argument, where, 'offset', filter, request) : removed && where && [...('edits' in filter ? filter.edits : [{ uri, span: where.span, text: filter.text }]), removed]);
  const added = request.keys.filter((key) => key.added);
  const order = added.length === 0 ? [] : addMikroOrder(site, { uri, text, keys: added });
  return edits && order && [...edits, ...order];
}

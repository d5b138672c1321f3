import type { ChainCall, QuerySite } from '../../hosts/ir';
import type { Edit } from '../../text/edit';
import { hostSpan } from '../../text/span';
import type { LimitRequest, OrderRequest, PredicateRequest } from '../adapter';
import { addKey, insertFirst, isObject, keyText } from '../shared/objectEdits';

const propertyOf = (site: QuerySite, column: string): string => {
  const name = column.replaceAll('"', '').split('.').at(-1) ?? column;
  return site.modelNames?.properties[name] ?? name;
};
const find = (site: QuerySite, key: string): ChainCall | undefined => site.chain.slice(1).findLast((call) => call.name === key);
const finders = /^(findAll|findOne|findAndCountAll|count|destroy)$/;

/** `tenantId: value` in `where`. */
export function addSequelizePredicate(site: QuerySite, request: PredicateRequest): readonly Edit[] | undefined {
  const [method] = site.chain;
  if (!method || !(finders.test(method.name) || method.name === 'update')) return undefined;
  const property = propertyOf(site, request.column);
  const pair = property === request.value ? property : `${keyText(property)}: ${request.value}`;
  const where = find(site, 'where');
  if (where) return where.args[0] && isObject(where.args[0]) ? [insertFirst(where.args[0], pair, request)] : undefined;
  const edit = method.name === 'update' ? undefined : addKey(method, 'where', `{ ${pair} }`, request);
  return edit && [edit];
}

/** Further pairs of `order`. */
export function addSequelizeOrder(site: QuerySite, request: OrderRequest): readonly Edit[] | undefined {
  const [method] = site.chain;
  if (!method || !/^(findAll|findOne|findAndCountAll)$/.test(method.name)) return undefined;
  const items = request.keys.map((key) => `['${propertyOf(site, key.column)}', '${key.descending ? 'DESC' : 'ASC'}']`).join(', ');
  const order = find(site, 'order');
  if (!order) {
    const edit = addKey(method, 'order', `[${items}]`, request);
    return edit && [edit];
  }
  const last = order.args[0]?.items?.at(-1);
  return last && order.args[0]?.text.trimStart().startsWith('[[') ? [{ uri: request.uri, span: hostSpan(last.span.end, last.span.end), text: `, ${items}` }] : undefined;
}

export function addSequelizeLimit(site: QuerySite, request: LimitRequest): readonly Edit[] | undefined {
  const [method] = site.chain;
  if (!method || !/^(findAll|findAndCountAll)$/.test(method.name) || find(site, 'limit')) return undefined;
  const edit = addKey(method, 'limit', String(request.count), request, true);
  return edit && [edit];
}

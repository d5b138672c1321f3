import type { ChainCall, QuerySite } from '../../hosts/ir';
import type { Edit } from '../../text/edit';
import { hostSpan } from '../../text/span';
import type { KeysetRequest, LimitRequest, OrderRequest, PredicateRequest, RelationRequest } from '../adapter';
import { importEdits } from '../shared/chainEdits';
import { afterRow, choosesKeys, filterEdits, keyProperties, keysetFilter, knownDirections, pageOptions } from '../shared/keysetOptions';
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

/** `include: ['posts']`. */
export function loadSequelizeRelation(site: QuerySite, request: RelationRequest): { readonly edits: readonly Edit[]; readonly by: string } | undefined {
  const [method] = site.chain;
  const [step, ...further] = request.path;
  // Chosen columns may lack the keys; what is written as SQL may name columns that both tables have.
  if (method?.name !== 'findAll' || !step || further.length > 0 || site.chain.some((call) => /^(attributes|group|having|raw|plain|nest|lock)$/.test(call.name)) || /\b(literal|fn|col|query)\(/.test(request.text.slice(site.span.start, site.span.end))) return undefined;
  const include = find(site, 'include')?.args[0];
  const last = include?.text.trimStart().startsWith('[') ? include.items?.at(-1) : undefined;
  const edit = include ? last && { uri: request.uri, span: hostSpan(last.span.end, last.span.end), text: `, '${step.property}'` } : addKey(method, 'include', `['${step.property}']`, request, true);
  return edit && { edits: [edit], by: 'include' };
}

const operators = { '<': 'lt', '>': 'gt', '<=': 'lte', '>=': 'gte' } as const;

/** `offset: n` of `findAll` becomes a filter on the last row's keys. A page with a count keeps its number: the filter would be counted too. */
export function sequelizeKeyset(site: QuerySite, request: KeysetRequest): readonly Edit[] | undefined {
  const { uri, text, cursor } = request;
  const [method] = site.chain;
  const [argument] = method?.args ?? [];
  const options = method?.name === 'findAll' ? pageOptions(site, method, argument, 'offset', text) : undefined;
  const names = keyProperties(site, request.keys, site.model);
  const offset = options?.get('offset');
  if (!argument || !options || !offset || !names || request.keys.some((key) => key.nullable) || ['group', 'having', 'distinct'].some((key) => options.has(key))) return undefined;
  const attributes = options.get('attributes');
  if (!knownDirections(options.get('order')) || !choosesKeys(attributes, names)) return undefined;
  const op = operatorsOf(text, uri);
  if (!op) return undefined;
  const words = { compare: (operator: keyof typeof operators, value: string) => `{ [${op.name}.${operators[operator]}]: ${value} }`, or: `[${op.name}.or]`, and: `[${op.name}.and]` };
  const where = options.get('where');
  const filter = keysetFilter(where, afterRow(names, request.keys, cursor, words), cursor, words, request);
  const edits = filter && filterEdits(argument, where, 'offset', filter, request);
  const added = request.keys.filter((key) => key.added);
  const order = added.length === 0 ? [] : addSequelizeOrder(site, { uri, text, keys: added });
  return edits && order && [...op.edits, ...edits, ...order];
}

/** How the file names Sequelize's operators, with the import where it has none yet. */
function operatorsOf(text: string, uri: string): { readonly name: string; readonly edits: readonly Edit[] } | undefined {
  if (/^\s*(?:const|let|var)\s*\{[^}]*\bOp\b[^}:]*\}\s*=\s*(?:require\(\s*['"](?:@sequelize\/core|sequelize)['"]\s*\)|Sequelize)\b|^\s*const\s+Op\s*=\s*\w*[sS]equelize\.Op\b/m.test(text)) return { name: 'Op', edits: [] };
  const edits = importEdits(['Op'], /^(@sequelize\/core|sequelize)$/, { uri, text });
  if (edits) return { name: 'Op', edits };
  return /\bSequelize\b[^\n]*(?:from\s*['"](?:@sequelize\/core|sequelize)['"]|=\s*require\(\s*['"](?:@sequelize\/core|sequelize)['"]\s*\))/.test(text) ? { name: 'Sequelize.Op', edits: [] } : undefined;
}

import type { ChainCall, QuerySite } from '../../hosts/ir';
import type { Edit } from '../../text/edit';
import { escapeRegExp } from '../../text/regExp';
import { hostSpan } from '../../text/span';
import type { KeysetRequest, LimitRequest, OrderRequest, PredicateRequest, RelationRequest } from '../adapter';
import { importEdits, propertyAccess } from '../shared/chainEdits';
import { appendEntry, choosesKeys, filterEdits, keyProperties, knownDirections, pageOptions, plainProperties } from '../shared/keysetOptions';
import { addKey, insertFirst, isObject, keyText, type Place } from '../shared/objectEdits';

const propertyOf = (site: QuerySite, column: string): string => {
  const name = column.replaceAll('"', '').split('.').at(-1) ?? column;
  return site.modelNames?.properties[name] ?? name;
};
const find = (site: QuerySite, key: string): ChainCall | undefined => site.chain.slice(1).findLast((call) => call.name === key);
const takesOptions = /^(find|findOne|findOneOrFail|findAndCount|count|exist|exists)$/;
const takesFilter = /^(findBy|findOneBy|findOneByOrFail|findAndCountBy|countBy|existsBy)$/;
const isBuilder = (site: QuerySite): boolean => site.chain[0]?.name === 'createQueryBuilder';

/** `tenantId: value` in the filter, `.andWhere('u.tenantId = :tenantId', { tenantId })` behind a builder's conditions. */
export function addTypeormPredicate(site: QuerySite, request: PredicateRequest): readonly Edit[] | undefined {
  const property = propertyOf(site, request.column);
  const [method] = site.chain;
  if (!method || property.includes('.')) return undefined;
  if (isBuilder(site)) return builderPredicate(site, property, request);
  const pair = property === request.value ? property : `${keyText(property)}: ${request.value}`;
  if (takesFilter.test(method.name)) {
    const [filter] = method.args;
    return filter && isObject(filter) ? [insertFirst(filter, pair, request)] : undefined;
  }
  if (!takesOptions.test(method.name)) return undefined;
  const where = find(site, 'where');
  if (where) return where.args[0] && isObject(where.args[0]) ? [insertFirst(where.args[0], pair, request)] : undefined;
  const edit = addKey(method, 'where', `{ ${pair} }`, request);
  return edit && [edit];
}

function builderPredicate(site: QuerySite, property: string, request: PredicateRequest): readonly Edit[] | undefined {
  const alias = aliasOf(site);
  const filters = site.chain.filter((call) => /^(andWhere|where)$/.test(call.name));
  const at = filters.at(-1);
  if (alias === undefined || site.chain.some((call) => /^(orWhere|insert|update|delete)$/.test(call.name)) || !at || /\bor\b/i.test(filters.map((call) => String(call.args[0]?.literal ?? '')).join(' '))) return undefined;
  const value = property === request.value ? property : `${keyText(property)}: ${request.value}`;
  return [behind(at, `.andWhere('${alias}.${property} = :${property}', { ${value} })`, request)];
}

const aliasOf = (site: QuerySite): string | undefined => {
  const [start] = site.chain;
  const literal = start?.args.map((argument) => argument.literal).find((value) => typeof value === 'string');
  return typeof literal === 'string' ? literal : undefined;
};

/** Behind a call, on a line of its own where the calls stand so. */
function behind(call: ChainCall, inserted: string, place: Place): Edit {
  const before = /[^\S\r\n]*\r?\n[^\S\r\n]*$/.exec(place.text.slice(0, call.span.start))?.[0] ?? '';
  return { uri: place.uri, span: hostSpan(call.span.end, call.span.end), text: before + inserted };
}

/** `skip: n` of a builder over one table, or of the options of `find`, becomes a filter on the last row's keys. */
export const typeormKeyset = (site: QuerySite, request: KeysetRequest): readonly Edit[] | undefined => (isBuilder(site) ? builderKeyset(site, request) : findKeyset(site, request));

/**
 * Options of `find`: one key by `MoreThan` or `LessThan`, several by a comparison of rows, which `Raw` writes. A page with a
 * count keeps its number: the filter would be counted too.
 */
function findKeyset(site: QuerySite, request: KeysetRequest): readonly Edit[] | undefined {
  const { uri, text, cursor, keys } = request;
  const [method] = site.chain;
  const [argument] = method?.args ?? [];
  const options = method?.name === 'find' ? pageOptions(site, method, argument, 'skip', text) : undefined;
  const alias = / FROM \S+ "?(\w+)"?/.exec(site.source?.text ?? '')?.[1];
  const names = keyProperties(site, keys, alias);
  const [first] = names ?? [];
  if (!argument || !options || !names || first === undefined || keys.some((key) => key.nullable) || !knownDirections(options.get('order')) || !choosesKeys(options.get('select'), names)) return undefined;
  const where = options.get('where');
  const own = where ? plainProperties(where, text) : new Map<string, never>();
  if (!own || own.has(first)) return undefined;
  const [only] = keys;
  const comparison = names.length === 1 ? (only?.descending ? 'LessThan' : 'MoreThan') : 'Raw';
  const value = names.length === 1 ? `${comparison}(${propertyAccess(cursor, first)})` : rawComparison(names, keys, cursor, alias ?? '');
  const imports = importEdits([comparison], /^typeorm$/, request);
  const pair = `${keyText(first)}: ${value}`;
  const changed = where ? { edits: [appendEntry(where, `...(${cursor} && { ${pair} })`, request)] } : { text: `${cursor} ? { ${pair} } : {}` };
  const edits = filterEdits(argument, where, 'skip', changed, request);
  const added = keys.filter((key) => key.added);
  const order = added.length === 0 ? [] : addTypeormOrder(site, { uri, text, keys: added });
  return imports && edits && order && [...imports, ...edits, ...order];
}

/** `Raw((column) => `(${column}, Order.id) < (:createdAtAfter, :idAfter)`, { … })`: TypeORM puts columns where properties stand behind the alias. */
function rawComparison(names: readonly string[], keys: KeysetRequest['keys'], cursor: string, alias: string): string {
  const columns = names.map((name, index) => (index === 0 ? '${column}' : `${alias}.${name}`));
  const operator = (index: number): string => (keys[index]?.descending ? '<' : '>');
  const values = names.map((name) => `:${name}After`);
  const same = keys.every((key) => key.descending === keys[0]?.descending);
  const branches = columns.map((column, index) => [...columns.slice(1, index).map((before, at) => `${before} = ${values[at + 1]}`), `${column} ${operator(index)} ${values[index]}`].join(' AND '));
  const condition = same ? `(${columns.join(', ')}) ${operator(0)} (${values.join(', ')})` : `(${columns[0]} ${operator(0)}= ${values[0]} AND (${branches.map((branch) => (branch.includes(' AND ') ? `(${branch})` : branch)).join(' OR ')}))`;
  return `Raw((column) => \`${condition}\`, { ${names.map((name) => `${name}After: ${propertyAccess(cursor, name)}`).join(', ')} })`;
}

/** `.skip(n)` of a builder over one table. */
function builderKeyset(site: QuerySite, request: KeysetRequest): readonly Edit[] | undefined {
  const alias = aliasOf(site);
  const skips = site.chain.filter((call) => /^(skip|offset)$/.test(call.name));
  const [skip] = skips;
  const blocked = site.chain.some((call) => /^(orWhere|groupBy|distinct|select|getCount|getManyAndCount)$|join/i.test(call.name)) || request.keys.some((key) => key.nullable);
  const at = site.chain.filter((call) => /^(andWhere|where)$/.test(call.name)).at(-1) ?? site.chain[0];
  const [first] = request.keys;
  if (alias === undefined || !skip || skips.length !== 1 || blocked || !at || !first || request.keys.some((key) => key.descending !== first.descending)) return undefined;
  const names = request.keys.map((key) => propertyOf(site, key.column));
  const operator = first.descending ? '<' : '>';
  const left = names.map((name) => `${alias}.${name}`).join(', ');
  const right = names.map((name) => `:${name}After`).join(', ');
  const values = names.map((name) => `${name}After: ${request.cursor}?.${name}`).join(', ');
  const condition = names.length === 1 ? `${left} ${operator} ${right}` : `(${left}) ${operator} (${right})`;
  const filtered = at.name === 'createQueryBuilder' ? 'where' : 'andWhere';
  const blank = /\s*$/.exec(request.text.slice(0, skip.span.start))?.[0].length ?? 0;
  const orders = request.keys.filter((key) => key.added).map((key) => `.addOrderBy('${alias}.${propertyOf(site, key.column)}', '${key.descending ? 'DESC' : 'ASC'}')`);
  const last = site.chain.filter((call) => /^(add)?[oO]rderBy$/.test(call.name)).at(-1);
  const edits: Edit[] = [
    behind(at, `.${filtered}(${request.cursor} ? '${condition}' : 'TRUE', { ${values} })`, request),
    { uri: request.uri, span: hostSpan(skip.span.start - blank, skip.span.end), text: '' },
  ];
  if (orders.length === 0) return edits;
  return last ? [...edits, behind(last, orders.join(''), request)] : undefined;
}

/** `relations: { customer: true }` of `find`, `.leftJoinAndSelect('o.customer', 'customer')` of a builder. */
export function loadTypeormRelation(site: QuerySite, request: RelationRequest): { readonly edits: readonly Edit[]; readonly by: string } | undefined {
  const [method] = site.chain;
  const [step, ...further] = request.path;
  // A lock does not reach what is joined, and chosen columns would leave its columns out.
  if (!method || !step || further.length > 0 || step.property.includes('.') || site.chain.some((call) => /^(select|addSelect|lock|setLock|loadRelationIds|groupBy|distinctOn|limit|offset|getRaw\w*|stream|from|subQuery)$/.test(call.name))) return undefined;
  if (isBuilder(site)) {
    const alias = aliasOf(site);
    if (alias === undefined || new RegExp(`['"\`]${escapeRegExp(step.property)}['"\`]`).test(request.text.slice(site.span.start, site.span.end))) return undefined;
    return { edits: [behind(method, `.leftJoinAndSelect('${alias}.${step.property}', '${step.property}')`, request)], by: 'leftJoinAndSelect' };
  }
  const by = 'relations';
  if (/^(findBy)$/.test(method.name)) {
    const [filter] = method.args;
    const { uri } = request;
    return filter && { edits: [{ uri, span: hostSpan(filter.span.start, filter.span.start), text: '{ where: ' }, { uri, span: hostSpan(filter.span.end, filter.span.end), text: `, relations: { ${step.property}: true } }` }, { uri, span: method.nameSpan, text: 'find' }], by };
  }
  if (method.name !== 'find' || find(site, 'loadEagerRelations')) return undefined;
  const relations = find(site, 'relations')?.args[0];
  if (!relations) {
    const edit = addKey(method, 'relations', `{ ${step.property}: true }`, request, true);
    return edit && { edits: [edit], by };
  }
  if (isObject(relations)) return { edits: [insertFirst(relations, `${step.property}: true`, request)], by };
  const last = relations.text.trimStart().startsWith('[') ? relations.items?.at(-1) : undefined;
  return last && { edits: [{ uri: request.uri, span: hostSpan(last.span.end, last.span.end), text: `, '${step.property}'` }], by };
}

/** Further keys of `order`, or of the builder's order. */
export function addTypeormOrder(site: QuerySite, request: OrderRequest): readonly Edit[] | undefined {
  const [method] = site.chain;
  if (!method) return undefined;
  if (isBuilder(site)) {
    const alias = aliasOf(site);
    const last = site.chain.filter((call) => /^(add)?[oO]rderBy$/.test(call.name)).at(-1) ?? site.chain.filter((call) => /^(and|or)?where$/i.test(call.name)).at(-1) ?? method;
    return alias === undefined ? undefined : [behind(last, request.keys.map((key) => `.addOrderBy('${alias}.${propertyOf(site, key.column)}', '${key.descending ? 'DESC' : 'ASC'}')`).join(''), request)];
  }
  if (!/^(find|findOne|findAndCount)$/.test(method.name)) return undefined;
  const pairs = request.keys.map((key) => `${keyText(propertyOf(site, key.column))}: '${key.descending ? 'DESC' : 'ASC'}'`).join(', ');
  const order = find(site, 'order');
  if (!order) {
    const edit = addKey(method, 'order', `{ ${pairs} }`, request);
    return edit && [edit];
  }
  const last = order.args[0]?.items?.at(-1);
  return last && isObject(order.args[0] ?? last) ? [{ uri: request.uri, span: hostSpan(last.span.end, last.span.end), text: `, ${pairs}` }] : undefined;
}

export function addTypeormLimit(site: QuerySite, request: LimitRequest): readonly Edit[] | undefined {
  const [method] = site.chain;
  if (!method) return undefined;
  if (isBuilder(site)) {
    const end = site.chain.findIndex((call) => /^(getMany|getManyAndCount|getRawMany)$/.test(call.name));
    const at = end > 0 ? site.chain[end - 1] : undefined;
    return at && [behind(at, site.chain.some((call) => /join/i.test(call.name)) ? `.take(${request.count})` : `.limit(${request.count})`, request)];
  }
  if (!/^(find|findAndCount)$/.test(method.name) || find(site, 'take')) return undefined;
  const edit = addKey(method, 'take', String(request.count), request, true);
  return edit && [edit];
}

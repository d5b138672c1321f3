import type { ChainArgument, QuerySite } from '../../hosts/ir';
import { containsSpan, hostSpan, spanText } from '../../text/span';
import type { BatchCall, BatchIdiom, BatchPlace, KeysRead, KeysRequest, RowsInsert } from '../batch';
import { keyPair, rewrittenSite, rowValues, type SiteEdit } from '../shared/batchEdits';
import { importEdits } from '../shared/chainEdits';
import { isObject, keyText } from '../shared/objectEdits';

const many: Readonly<Record<string, string>> = { findOneBy: 'findBy', findBy: 'findBy', findOne: 'find', find: 'find' };
const kept = /^(where|select|order|withDeleted|loadEagerRelations)$/;

/**
 * TypeORM: `In(keys)`, and `insert` of an array. An empty `In` finds nothing and an empty array inserts nothing, but a list of
 * keys in place of a filter must not be empty. `save` stays as it is: it cascades, and looks for each row first.
 */
export const typeormBatch: BatchIdiom = { readByKeys, insertRows, writeByKeys };

function readByKeys(site: QuerySite, request: KeysRequest): KeysRead | undefined {
  const [method, ...options] = site.chain;
  const target = method && Object.hasOwn(many, method.name) ? many[method.name] : undefined;
  // What an entity that is not known loads along is not known either.
  if (!method || target === undefined || !site.modelNames || request.grouped) return undefined;
  const bare = target === 'findBy';
  if (!bare && options.some((call) => !kept.test(call.name))) return undefined;
  const pair = keyPair(site, bare ? method.args[0] : options.find((call) => call.name === 'where')?.args[0], request);
  const imports = pair && importEdits(['In'], /^typeorm$/, request);
  const select = bare ? undefined : options.find((call) => call.name === 'select')?.args[0];
  const added = !request.selected;
  const further = added && pair && select ? selected(site, select, pair.property) : undefined;
  if (!pair || !imports || (added && !further)) return undefined;
  const call = rewrittenSite(site, request, [pair.edit(`In(${request.list})`), { span: method.nameSpan, text: target }, ...(further ? [further] : [])]);
  return call === undefined ? undefined : { call, others: imports, property: pair.property, added, missing: ' ?? null', instances: true };
}

/** Adds the key to `select: { … }` or `select: [ … ]`. */
function selected(site: QuerySite, select: ChainArgument, property: string): SiteEdit | undefined {
  const list = select.text.startsWith('[');
  if (!select.items || select.items.length === 0 || !containsSpan(site.span, select.span) || (!list && (!isObject(select) || select.items.some((item) => item.name === property || item.name === '...')))) return undefined;
  const at = select.span.start + 1;
  return { span: hostSpan(at, at), text: list ? `'${property}', ` : ` ${keyText(property)}: true,` };
}

function insertRows(site: QuerySite, { text }: BatchPlace): RowsInsert | undefined {
  const [method] = site.chain;
  const [row] = method?.args ?? [];
  if (method?.name !== 'insert' || site.chain.length !== 1 || method.args.length !== 1 || !row || !containsSpan(site.span, row.span) || row.text.startsWith('[')) return undefined;
  return {
    row: row.text.trim(),
    ...rowValues(row),
    call: (rows) => ({ call: text.slice(site.span.start, row.span.start) + rows + text.slice(row.span.end, site.span.end), note: 'subscribers see all rows before the first is written' }),
  };
}

/** `update({ id: x.id }, …)`, `delete(x.id)`. */
function writeByKeys(site: QuerySite, request: KeysRequest): BatchCall | undefined {
  const [method] = site.chain;
  const [criteria] = method?.args ?? [];
  if (!method || !/^(update|delete|softDelete|restore)$/.test(method.name) || !site.modelNames || !criteria) return undefined;
  const note = method.name === 'delete' ? 'subscribers see one delete' : 'subscribers and a version column see one update';
  if (spanText(request.text, criteria.span).trim() === request.key.text.trim() && criteria.span.start === request.key.span?.start) {
    const call = rewrittenSite(site, request, [{ span: criteria.span, text: request.list }]);
    return call === undefined ? undefined : { call, emptyFails: true, note };
  }
  const pair = keyPair(site, criteria, request);
  const imports = pair && importEdits(['In'], /^typeorm$/, request);
  const call = pair && rewrittenSite(site, request, [pair.edit(`In(${request.list})`)]);
  return call === undefined || !imports ? undefined : { call, others: imports, note };
}

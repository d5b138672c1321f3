import type { ChainArgument, ChainCall, QuerySite } from '../../hosts/ir';
import { containsSpan, hostSpan, type HostSpan } from '../../text/span';
import type { BatchCall, BatchIdiom, BatchPlace, KeysRead, KeysRequest, RowsInsert } from '../batch';
import { rewrittenSite, rowValues, type SiteEdit } from '../shared/batchEdits';
import { isObject, keyText, spanOfPair } from '../shared/objectEdits';

const read = /^(where|attributes|order|raw|nest|transaction|paranoid|logging)$/;
const written = /^(where|transaction|paranoid|force|logging)$/;

/** Sequelize: a list in `where`, `bulkCreate`. An empty list finds and writes nothing. */
export const sequelizeBatch: BatchIdiom = { readByKeys, insertRows, writeByKeys };

const option = (site: QuerySite, name: string): ChainArgument | undefined => site.chain.slice(1).find((call) => call.name === name)?.args[0];

interface KeyFilter {
  readonly property: string;
  readonly edits: readonly SiteEdit[];
}

/** `where: { id: x.id }`, which becomes `where: { id: ids }`. Undefined where the filter is not written in the call. */
function keyFilter(site: QuerySite, { key, text, list }: KeysRequest): KeyFilter | undefined {
  const where = option(site, 'where');
  const { span } = key;
  if (!span || !where || !isObject(where) || !containsSpan(site.span, where.span) || where.items?.some((item) => item.name === undefined || item.name === '...')) return undefined;
  const own = where.items?.find((item) => item.items === undefined && item.text.trim() === key.text.trim() && containsSpan(item.span, span));
  return own?.name === undefined ? undefined : { property: own.name, edits: [{ span: spanOfPair(own, own.name, text), text: `${keyText(own.name)}: ${list}` }] };
}

/** `findByPk(x.id, { … })`, which becomes `findAll({ where: { id: ids }, … })`. */
function primaryFilter(site: QuerySite, method: ChainCall, { key, text, list, column }: KeysRequest): KeyFilter | undefined {
  const [argument] = method.args;
  if (!argument || argument.span.start !== key.span?.start || argument.text.trim() !== key.text.trim() || option(site, 'where')) return undefined;
  const property = site.modelNames?.properties[column] ?? column;
  const where = `{ where: { ${keyText(property)}: ${list} }`;
  const rest = text.slice(argument.span.end, site.span.end);
  const options = /^\s*,\s*\{\s*(?=(\})?)/.exec(rest);
  if (options) return { property, edits: [{ span: hostSpan(argument.span.start, argument.span.end + options[0].length), text: where + (options[1] === undefined ? ', ' : ' ') }] };
  return /^\s*,?\s*\)$/.test(rest) ? { property, edits: [{ span: argument.span, text: `${where} }` }] } : undefined;
}

function readByKeys(site: QuerySite, request: KeysRequest): KeysRead | undefined {
  const [method, ...options] = site.chain;
  // What a model that is not known adds by itself is not known either.
  if (!method || !/^(findByPk|findOne|findAll)$/.test(method.name) || !site.modelNames || request.grouped || options.some((call) => !read.test(call.name))) return undefined;
  const filter = method.name === 'findByPk' ? primaryFilter(site, method, request) : keyFilter(site, request);
  const attributes = option(site, 'attributes');
  const added = !request.selected;
  if (!filter || (added && !(attributes?.text.startsWith('[') && attributes.items && attributes.items.length > 0 && containsSpan(site.span, attributes.span)))) return undefined;
  const at = (attributes?.span.start ?? 0) + 1;
  const call = rewrittenSite(site, request, [...filter.edits, { span: method.nameSpan, text: 'findAll' }, ...(added ? [{ span: hostSpan(at, at), text: `'${filter.property}', ` }] : [])]);
  const instances = option(site, 'raw')?.literal !== true;
  return call === undefined ? undefined : { call, property: filter.property, added, missing: ' ?? null', nullMatches: method.name !== 'findByPk', ...(instances ? { instances } : {}) };
}

function writeByKeys(site: QuerySite, request: KeysRequest): BatchCall | undefined {
  const [method, ...options] = site.chain;
  if (!method || !/^(update|destroy)$/.test(method.name) || !site.modelNames || options.some((call) => !written.test(call.name))) return undefined;
  const filter = keyFilter(site, request);
  const call = filter && rewrittenSite(site, request, filter.edits);
  return call === undefined ? undefined : { call, nullMatches: true, note: 'bulk hooks run once' };
}

/** `create({ … })`, alone or in a transaction. A row of unknown shape is left: `bulkCreate` writes NULL where `create` leaves a column to its default. */
function insertRows(site: QuerySite, { text }: BatchPlace): RowsInsert | undefined {
  const [method] = site.chain;
  const [row] = method?.args ?? [];
  if (method?.name !== 'create' || !row || !isObject(row) || !containsSpan(site.span, row.span) || !site.modelNames) return undefined;
  const rest: HostSpan = hostSpan(row.span.end, site.span.end);
  const tail = /^\s*,?\s*\)$/.test(text.slice(rest.start, rest.end)) ? '' : /^\s*,\s*\{\s*(transaction(?:\s*:\s*[\w$.]+)?)\s*,?\s*\}\s*,?\s*\)$/.exec(text.slice(rest.start, rest.end))?.[1];
  if (tail === undefined) return undefined;
  const options = `{ validate: true${tail === '' ? '' : `, ${tail}`} }`;
  return {
    row: row.text.trim(),
    ...rowValues(row),
    call: (rows) => ({ call: `${text.slice(site.span.start, method.nameSpan.start)}bulkCreate${text.slice(method.nameSpan.end, row.span.start)}${rows}, ${options})`, note: 'hooks of single rows do not run' }),
  };
}

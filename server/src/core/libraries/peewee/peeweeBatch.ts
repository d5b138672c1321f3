import type { ChainArgument, ChainCall, QuerySite } from '../../hosts/ir';
import { containsSpan, hostSpan, spanText } from '../../text/span';
import type { BatchCall, BatchIdiom, BatchPlace, KeysRead, KeysRequest, RowsInsert } from '../batch';
import { rewrittenSite } from '../shared/batchEdits';
import { inCondition } from '../sqlalchemy/sqlalchemyEdits';

/** Peewee: `in_`, and `insert_many`, which takes no empty list. An empty `in_` finds and writes nothing. */
export const peeweeBatch: BatchIdiom = { readByKeys, insertRows, writeByKeys };

interface KeyCondition {
  readonly call: ChainCall;
  readonly argument: ChainArgument;
  /** `Order.customer.in_(ids)` */
  readonly text: string;
}

/** `Order.customer == x.id` as an argument of its own. */
function keyCondition(site: QuerySite, request: KeysRequest): KeyCondition | undefined {
  const { key, column, list, text } = request;
  const span = key.span;
  const call = span && site.chain.find((candidate) => /^(where|get|get_or_none)$/.test(candidate.name) && containsSpan(candidate.span, span));
  const argument = span && call?.args.find((candidate) => containsSpan(candidate.span, span));
  const condition = inCondition(site, column, list);
  const [entity] = site.entities ?? [];
  if (!call || !argument || condition === undefined || !entity || argument.name !== undefined) return undefined;
  const names = [column, entity.renamed.find((pair) => pair.column === column)?.property ?? column];
  const written = spanText(text, argument.span).replace(/\s+/g, ' ').replace(/^\((.*)\)$/, '$1').trim();
  return names.some((name) => written === `${entity.host}.${name} == ${key.text.trim()}`) ? { call, argument, text: condition } : undefined;
}

/** The attribute with the key: a foreign key's own attribute gives the other row, and asks for it. */
const attributeOf = (site: QuerySite, column: string): string => {
  const property = site.entities?.[0]?.renamed.find((pair) => pair.column === column)?.property ?? column;
  return site.modelNames?.relations?.includes(property) ? column : property;
};

function readByKeys(site: QuerySite, request: KeysRequest): KeysRead | undefined {
  const [first] = site.chain;
  const host = site.entities?.[0]?.host;
  if (!first || host === undefined || request.grouped || !request.selected || !site.chain.every((call) => containsSpan(site.span, call.span))) return undefined;
  const property = attributeOf(site, request.column);
  const made = (call: string | undefined, raises: boolean): KeysRead | undefined => (call === undefined ? undefined : { call, property, added: false, missing: '', nullMatches: true, ...(raises ? { raises: true } : {}) });
  const [argument] = first.args;
  const start = request.text.slice(site.span.start, first.nameSpan.start);
  if (first.name === 'get_by_id') {
    const condition = inCondition(site, request.column, request.list);
    return site.chain.length === 1 && argument?.text.trim() === request.key.text.trim() && condition !== undefined ? made(`${start}select().where(${condition})`, true) : undefined;
  }
  const found = keyCondition(site, request);
  if (!found) return undefined;
  if (/^get(_or_none)?$/.test(first.name)) return site.chain.length === 1 && first.args.length === 1 ? made(`${start}select().where(${found.text})`, first.name === 'get') : undefined;
  const last = site.chain.at(-1);
  const ends = last && /^(first|get|get_or_none)$/.test(last.name) && last.args.length === 0 ? last : undefined;
  if (first.name !== 'select' || !site.chain.slice(1).every((call) => call === ends || /^(where|order_by)$/.test(call.name))) return undefined;
  return made(rewrittenSite(site, request, [{ span: found.argument.span, text: found.text }, ...(ends ? [{ span: hostSpan(ends.span.start, ends.span.end), text: '' }] : [])])?.trimEnd(), ends?.name === 'get');
}

/** `Line.update(seen=True).where(Line.order == x.id).execute()`, `Line.delete_by_id(x.id)`. */
function writeByKeys(site: QuerySite, request: KeysRequest): BatchCall | undefined {
  const [first] = site.chain;
  if (!first || !site.chain.every((call) => containsSpan(site.span, call.span))) return undefined;
  if (first.name === 'delete_by_id') {
    const condition = inCondition(site, request.column, request.list);
    return site.chain.length === 1 && first.args[0]?.text.trim() === request.key.text.trim() && condition !== undefined ? { call: `${request.text.slice(site.span.start, first.nameSpan.start)}delete().where(${condition}).execute()`, nullMatches: true } : undefined;
  }
  const found = /^(update|delete)$/.test(first.name) && site.chain.slice(1).every((call) => /^(where|execute)$/.test(call.name)) ? keyCondition(site, request) : undefined;
  const call = found && rewrittenSite(site, request, [{ span: found.argument.span, text: found.text }]);
  return call === undefined ? undefined : { call, nullMatches: true };
}

/** `Line.create(order=x.id, sku=x.sku)`, `Line.insert(…).execute()`. */
function insertRows(site: QuerySite, { text }: BatchPlace): RowsInsert | undefined {
  const [first, ...rest] = site.chain;
  const creates = first?.name === 'create' && rest.length === 0;
  const inserts = first?.name === 'insert' && rest.length === 1 && rest[0]?.name === 'execute';
  if (!first || !(creates || inserts) || first.args.length === 0 || !containsSpan(site.span, first.span) || first.args.some((argument) => argument.name === undefined || argument.name.startsWith('*'))) return undefined;
  const plain = first.args.map((argument) => ({ name: argument.name ?? '', text: argument.text.replace(new RegExp(`^${argument.name ?? ''}\\s*=\\s*`), '').trim() }));
  return {
    row: `{${plain.map((argument) => `"${argument.name}": ${argument.text}`).join(', ')}}`,
    values: plain.map((argument) => argument.text),
    call: (rows) => ({ call: `${text.slice(site.span.start, first.nameSpan.start)}insert_many(${rows}).execute()`, emptyFails: true, ...(creates ? { note: 'without save()' } : {}) }),
  };
}

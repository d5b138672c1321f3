import type { ChainArgument, ChainCall, QuerySite } from '../../hosts/ir';
import { applyEdits, type Edit } from '../../text/edit';
import { containsSpan, hostSpan, spanText } from '../../text/span';
import type { BatchCall, BatchIdiom, BatchPlace, KeysRead, KeysRequest, RowsInsert } from '../batch';

const read = /^(all|filter|exclude|get|get_or_none|first|order_by|select_related|prefetch_related)$/;
const written = /^(all|filter|exclude|update|delete)$/;

/** Django: `__in` look-ups and `bulk_create`. Empty lists find and write nothing. A look-up of None is `IS NULL`. */
export const djangoBatch: BatchIdiom = { readByKeys, insertRows: (site, place) => insertRows(site, place, /^([A-Za-z_][\w.]*)\.(?:objects|_default_manager)\s*\.\s*create$/), writeByKeys };

/** Tortoise: the same words behind the class itself. */
export const tortoiseBatch: BatchIdiom = { readByKeys, insertRows: (site, place) => insertRows(site, place, /^([A-Za-z_][\w.]*)\s*\.\s*create$/), writeByKeys };

type SiteEdit = Omit<Edit, 'uri'>;

const rewritten = (site: QuerySite, { text }: BatchPlace, edits: readonly SiteEdit[]): string | undefined =>
  applyEdits(spanText(text, site.span), edits.map((e) => ({ uri: '', text: e.text, span: hostSpan(e.span.start - site.span.start, e.span.end - site.span.start) })));

interface KeyLookUp {
  readonly call: ChainCall;
  readonly argument: ChainArgument;
  /** Attribute of the instances that holds the key. */
  readonly property: string;
}

/** `filter(customer_id=order.customer_id)`, by a plain column: an instance given for a foreign key has no list of this form. */
function keyLookUp(site: QuerySite, { key, column }: KeysRequest): KeyLookUp | undefined {
  const { span } = key;
  const call = span && site.chain.find((candidate) => /^(filter|get|get_or_none)$/.test(candidate.name) && containsSpan(candidate.span, span));
  const argument = span && call?.args.find((candidate) => containsSpan(candidate.span, span));
  const name = argument?.name;
  if (!call || !argument || name === undefined || !containsSpan(site.span, argument.span) || !(name === column || name === 'pk')) return undefined;
  return argument.text.replace(/^\w+\s*=\s*/, '').trim() === key.text.trim() ? { call, argument, property: name } : undefined;
}

/** The whole `name=value`. */
function withName({ argument }: KeyLookUp, text: string): SiteEdit['span'] {
  const before = new RegExp(`${argument.name ?? ''}\\s*=\\s*$`).exec(text.slice(0, argument.span.start));
  return hostSpan(before ? before.index : argument.span.start, argument.span.end);
}

function readByKeys(site: QuerySite, request: KeysRequest): KeysRead | undefined {
  const found = keyLookUp(site, request);
  if (!found || request.grouped || !site.chain.every((call) => read.test(call.name) && containsSpan(site.span, call.span))) return undefined;
  const first = site.chain.at(-1)?.name === 'first' ? site.chain.at(-1) : undefined;
  const edits: SiteEdit[] = [{ span: withName(found, request.text), text: `${found.property}__in=${request.list}` }];
  if (found.call.name !== 'filter') edits.push({ span: found.call.nameSpan, text: 'filter' });
  if (first) edits.push({ span: hostSpan(first.span.start, first.span.end), text: '' });
  const call = rewritten(site, request, edits);
  return call === undefined ? undefined : { call: call.trimEnd(), property: found.property, added: false, missing: '', nullMatches: true, ...(found.call.name === 'get' ? { raises: true } : {}) };
}

function writeByKeys(site: QuerySite, request: KeysRequest): BatchCall | undefined {
  const found = site.chain.every((call) => written.test(call.name) && containsSpan(site.span, call.span)) ? keyLookUp(site, request) : undefined;
  const call = found && rewritten(site, request, [{ span: withName(found, request.text), text: `${found.property}__in=${request.list}` }]);
  return call === undefined ? undefined : { call, nullMatches: true };
}

/** `M.objects.create(a=x.a, b=1)`; the pattern's group is the class. */
function insertRows(site: QuerySite, { text }: BatchPlace, receiver: RegExp): RowsInsert | undefined {
  const [create] = site.chain;
  const written = create ? text.slice(site.span.start, create.nameSpan.end) : '';
  const model = receiver.exec(written)?.[1];
  if (!create || site.chain.length !== 1 || create.name !== 'create' || model === undefined || create.args.some((argument) => argument.name === undefined || argument.name.startsWith('*'))) return undefined;
  const plain = create.args.map((argument) => ({ name: argument.name ?? '', text: argument.text.replace(new RegExp(`^${argument.name ?? ''}\\s*=\\s*`), '').trim() }));
  return {
    row: `${model}(${plain.map((argument) => `${argument.name}=${argument.text}`).join(', ')})`,
    values: plain.map((argument) => argument.text),
    call: (rows) => ({ call: `${written.slice(0, -'create'.length)}bulk_create(${rows})`, note: 'without save() and signals' }),
  };
}

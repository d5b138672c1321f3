import type { ChainArgument, ChainCall, QuerySite } from '../../hosts/ir';
import type { Edit } from '../../text/edit';
import { hostSpan } from '../../text/span';
import type { KeysetRequest } from '../adapter';
import { propertyAccess } from './chainEdits';
import { identifierName, insertFirst, isObject, keyText, spanOfPair, type Place } from './objectEdits';

export type KeysetKeys = KeysetRequest['keys'];

/** Properties of an object literal by name (`[Op.or]` for a computed one); undefined where one is spread, unknown or written twice. */
export function plainProperties(object: ChainArgument | undefined, text: string): ReadonlyMap<string, ChainArgument> | undefined {
  if (!object || !isObject(object) || !object.items) return undefined;
  const named = (item: ChainArgument): string => (item.name === '?' ? /\[[\w$.]+\](?=\s*:\s*$)/.exec(text.slice(object.span.start, item.span.start))?.[0] ?? '...' : item.name ?? '...');
  const found = new Map(object.items.map((item) => [named(item), item]));
  return found.has('...') || found.size !== object.items.length ? undefined : found;
}

/** Takes a property out of an object literal, with the comma that parts it from its neighbour. */
export function removeProperty(object: ChainArgument, name: string, { uri, text }: Place): Edit | undefined {
  const items = object.items ?? [];
  const at = items.findIndex((item) => item.name === name);
  const [item, before, next] = [items[at], items[at - 1], items[at + 1]];
  if (!item) return undefined;
  const own = spanOfPair(item, name, text);
  if (next) return { uri, span: hostSpan(own.start, spanOfPair(next, next.name ?? '', text).start), text: '' };
  if (before) return { uri, span: hostSpan(before.span.end, own.end), text: '' };
  return { uri, span: hostSpan(own.start, own.end + (/^\s*,/.exec(text.slice(own.end))?.[0].length ?? 0)), text: '' };
}

/** Puts an entry behind the last property of an object literal. */
export function appendEntry(object: ChainArgument, entry: string, place: Place): Edit {
  const last = object.items?.at(-1);
  if (!last) return insertFirst(object, entry, place);
  const lead = /\r?\n[ \t]*$/.exec(place.text.slice(0, last.name === undefined ? last.span.start : spanOfPair(last, last.name, place.text).start))?.[0] ?? ' ';
  return { uri: place.uri, span: hostSpan(last.span.end, last.span.end), text: `,${lead}${entry}` };
}

/** The properties of the main entity that the keys are; undefined for a column of another table. */
export function keyProperties(site: QuerySite, keys: KeysetKeys, alias: string | undefined): readonly string[] | undefined {
  const names = keys.map(({ column }) => {
    const parts = (column.match(/"(?:[^"]|"")*"|[^."]+/g) ?? []).map((part) => part.replaceAll('"', ''));
    const name = parts.at(-1) ?? column;
    return parts.length > 1 && parts.at(-2) !== alias ? undefined : site.modelNames?.properties[name] ?? name;
  });
  return names.every((name): name is string => name !== undefined && identifierName.test(name)) ? names : undefined;
}

/** The direction of each key stands in the code: `'DESC'`, `-1`, `QueryOrder.DESC`. */
export const knownDirections = (order: ChainArgument | undefined): boolean => order === undefined || (order.items ?? [order]).every((item) => (item.items ? knownDirections(item) : item.literal !== undefined || /^[\w.]*QueryOrder(Numeric)?\.\w+$/.test(item.text)));

/** How an object filter of a library writes comparisons and alternatives. */
export interface FilterWords {
  compare(operator: '<' | '>' | '<=' | '>=', value: string): string;
  readonly or: string;
  readonly and: string;
}

/**
 * What of a filter says "after the row of the cursor": a bound on the first key, which an index serves, and the alternatives
 * among the rows equal in it.
 * @returns properties of an object.
 */
export function afterRow(names: readonly string[], keys: KeysetKeys, cursor: string, words: FilterWords): readonly { readonly key: string; readonly pair: string }[] {
  const value = (index: number): string => propertyAccess(cursor, names[index] ?? '');
  const beyond = (index: number, inclusive = false): string => `${keyText(names[index] ?? '')}: ${words.compare(`${keys[index]?.descending ? '<' : '>'}${inclusive ? '=' : ''}`, value(index))}`;
  const [first = ''] = names;
  if (names.length === 1) return [{ key: first, pair: beyond(0) }];
  const branches = names.map((_, index) => `{ ${[...names.slice(1, index).map((name, before) => `${keyText(name)}: ${value(before + 1)}`), beyond(index)].join(', ')} }`);
  return [{ key: first, pair: beyond(0, true) }, { key: words.or, pair: `${words.or}: [${branches.join(', ')}]` }];
}

/**
 * The filter of a page by key: `{ status, ...(after && { id: { $gt: after.id } }) }`.
 * @param filter the filter as it stands; undefined for none.
 * @returns edits inside of a literal, else the text that takes the filter's place.
 */
export function keysetFilter(filter: ChainArgument | undefined, after: ReturnType<typeof afterRow>, cursor: string, words: FilterWords, place: Place): { readonly edits: readonly Edit[] } | { readonly text: string } | undefined {
  const pairs = after.map((part) => part.pair).join(', ');
  if (!filter) return { text: `${cursor} ? { ${pairs} } : {}` };
  if (!isObject(filter)) return identifierName.test(filter.text) ? { text: `${cursor} ? { ${words.and}: [${filter.text}, { ${pairs} }] } : ${filter.text}` } : undefined;
  const own = plainProperties(filter, place.text);
  if (!own) return undefined;
  const clash = after.some((part) => own.has(part.key));
  if (clash && own.has(words.and)) return undefined;
  return { edits: [appendEntry(filter, `...(${cursor} && { ${clash ? `${words.and}: [{ ${pairs} }]` : pairs} })`, place)] };
}

/** The rows carry the keys: nothing is chosen, or the keys are. */
export function choosesKeys(chosen: ChainArgument | undefined, names: readonly string[]): boolean {
  if (!chosen) return true;
  const known = chosen.items?.flatMap((item) => (item.name !== undefined ? (item.literal === true ? [item.name] : []) : typeof item.literal === 'string' ? [item.literal] : [])) ?? [];
  return names.every((name) => known.includes(name));
}

/** The options of a page: the call's literal, with the number that is skipped, and nothing about it elsewhere. */
export function pageOptions(site: QuerySite, method: ChainCall, options: ChainArgument | undefined, skip: string, text: string): ReadonlyMap<string, ChainArgument> | undefined {
  const own = plainProperties(options, text);
  return own?.has(skip) && site.chain.filter((call) => call !== method && call.name === skip).length === 1 ? own : undefined;
}

/** Puts a page's filter into its options: into the filter's literal, in its place, or where the skipped number stood. */
export function filterEdits(options: ChainArgument, filter: ChainArgument | undefined, skip: string, changed: { readonly edits: readonly Edit[] } | { readonly text: string }, place: Place): readonly Edit[] | undefined {
  const skipped = options.items?.find((item) => item.name === skip);
  if ('text' in changed && !filter) return skipped && [{ uri: place.uri, span: spanOfPair(skipped, skip, place.text), text: `where: ${changed.text}` }];
  const removed = removeProperty(options, skip, place);
  if (!removed) return undefined;
  if ('edits' in changed) return [...changed.edits, removed];
  return filter && [{ uri: place.uri, span: spanOfPair(filter, 'where', place.text), text: `where: ${changed.text}` }, removed];
}

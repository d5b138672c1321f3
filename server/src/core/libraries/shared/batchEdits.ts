import type { ChainArgument, QuerySite } from '../../hosts/ir';
import { applyEdits, type Edit } from '../../text/edit';
import { containsSpan, hostSpan, spanText } from '../../text/span';
import type { BatchPlace, KeysRequest } from '../batch';
import { isObject, keyText, spanOfPair } from './objectEdits';

/** A change inside a site; its span counts in the document. */
export type SiteEdit = Omit<Edit, 'uri'>;

/** The site's own text with changes in it; undefined where they overlap. */
export const rewrittenSite = (site: QuerySite, { text }: BatchPlace, edits: readonly SiteEdit[]): string | undefined =>
  applyEdits(spanText(text, site.span), edits.map((e) => ({ uri: '', text: e.text, span: hostSpan(e.span.start - site.span.start, e.span.end - site.span.start) })));

/** The values of a row that is written as an object: what is nested or spread is shown as `...`. */
export const rowValues = (row: ChainArgument): { readonly values?: readonly string[] } =>
  row.items ? { values: row.items.map((item) => (item.name === undefined || item.name === '...' || item.items ? '...' : item.text)) } : {};

/** The filter's `id: x.id`, which becomes a pair with the list. Undefined where the filter is not written in the call. */
export function keyPair(site: QuerySite, filter: ChainArgument | undefined, { key, text }: KeysRequest): { readonly property: string; readonly edit: (value: string) => SiteEdit } | undefined {
  const { span } = key;
  if (!span || !filter || !isObject(filter) || !containsSpan(site.span, filter.span) || filter.items?.some((item) => item.name === undefined || item.name === '...')) return undefined;
  const own = filter.items?.find((item) => item.items === undefined && item.text.trim() === key.text.trim() && containsSpan(item.span, span));
  const property = own?.name;
  return own && property !== undefined ? { property, edit: (value) => ({ span: spanOfPair(own, property, text), text: `${keyText(property)}: ${value}` }) } : undefined;
}

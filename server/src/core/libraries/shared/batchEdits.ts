import type { ChainArgument, QuerySite } from '../../hosts/ir';
import { applyEdits, type Edit } from '../../text/edit';
import { hostSpan, spanText } from '../../text/span';
import type { BatchPlace } from '../batch';

/** A change inside a site; its span counts in the document. */
export type SiteEdit = Omit<Edit, 'uri'>;

/** The site's own text with changes in it; undefined where they overlap. */
export const rewrittenSite = (site: QuerySite, { text }: BatchPlace, edits: readonly SiteEdit[]): string | undefined =>
  applyEdits(spanText(text, site.span), edits.map((e) => ({ uri: '', text: e.text, span: hostSpan(e.span.start - site.span.start, e.span.end - site.span.start) })));

/** The values of a row that is written as an object: what is nested or spread is shown as `...`. */
export const rowValues = (row: ChainArgument): { readonly values?: readonly string[] } =>
  row.items ? { values: row.items.map((item) => (item.name === undefined || item.name === '...' || item.items ? '...' : item.text)) } : {};

import type { Bind, QuerySite } from '../../hosts/ir';
import type { FlowContext } from '../../lint/rule';
import type { Hole } from '../../sql/source';
import { applyEdits, type Edit } from '../../text/edit';
import { hostSpan, spanText, type HostSpan } from '../../text/span';
import type { PlainLoop } from './shape';

/** Types whose values every driver sends as an array without loss. Arrays of json or of arrays are not among them. */
export const ARRAY_SAFE = /^(bigint|integer|smallint|text|uuid|boolean|real|double precision|date|numeric(\(\d+(,\s*\d+)?\))?|character varying(\(\d+\))?|timestamp(\(\d\))? with(out)? time zone)$/;

/** The array type of a column's values. Without a length: a cast to `varchar(5)` cuts off what an INSERT refuses. */
export const arrayType = (type: string): string => `${type.replace(/^(character varying)\(\d+\)$/, '$1')}[]`;

export type SiteEdit = Omit<Edit, 'uri'>;

export const edit = (span: HostSpan, text: string): SiteEdit => ({ span, text });

/** The host expression behind a hole. */
export const bindOf = (site: QuerySite, hole: Hole): Bind | undefined =>
  site.binds.find((b) => (hole.origin.type === 'interpolation' ? b.interpolation === hole.origin.index || (b.interpolation === undefined && b.key === String(hole.origin.index)) : b.key === hole.origin.key));

/** The site's own text with the edits in it; undefined where one falls outside. */
export function editedCall(context: FlowContext, { site }: PlainLoop, edits: readonly SiteEdit[]): string | undefined {
  const inside = edits.map((e) => ({ uri: '', text: e.text, span: hostSpan(e.span.start - site.span.start, e.span.end - site.span.start) }));
  if (inside.some((e) => e.span.start < 0 || e.span.end > site.span.end - site.span.start)) return undefined;
  return applyEdits(spanText(context.text, site.span), inside);
}

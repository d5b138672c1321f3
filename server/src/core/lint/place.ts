import type { QuerySite } from '../hosts/ir';
import { toHostSpan, type Segment } from '../text/segmentMap';
import { hostSpan, overlaps, type HostSpan, type SqlSpan } from '../text/span';

/** Characters that may stand between two parts of one text: `${`, `' +`, a line's end and its indentation. */
const LARGEST_GAP = 80;

/**
 * Where a stretch of a statement stands in the document. Text that was put together from several places (a constant
 * declared elsewhere, parts added under conditions) has no sensible hull: there the place that holds most of it counts.
 * @returns undefined when none of it stands in the site's own document.
 */
export function findPlace(site: QuerySite, span: SqlSpan): HostSpan | undefined {
  if (site.chain.length > 0) return toHostSpan(site.map, span);
  const touched = site.map.segments.filter((s) => s.uri === undefined && overlaps(s.sql, span));
  const groups: Segment[][] = [];
  for (const segment of touched) {
    const last = groups.at(-1)?.at(-1);
    if (last && segment.host.start >= last.host.end && segment.host.start - last.host.end <= LARGEST_GAP) groups.at(-1)?.push(segment);
    else groups.push([segment]);
  }
  if (groups.length <= 1) return toHostSpan(site.map, span);
  const covered = (group: readonly Segment[]): number => group.reduce((sum, s) => sum + Math.min(s.sql.end, span.end) - Math.max(s.sql.start, span.start), 0);
  const best = groups.reduce((a, b) => (covered(b) > covered(a) ? b : a));
  const parts = best.flatMap((s) => toHostSpan({ segments: [s] }, span) ?? []);
  return parts.length > 0 ? hostSpan(Math.min(...parts.map((p) => p.start)), Math.max(...parts.map((p) => p.end))) : undefined;
}

/** Without blanks at its ends; a span of blanks alone stays as it is. */
export function trimBlanks(text: string, span: HostSpan): HostSpan {
  let { start, end }: { start: number; end: number } = span;
  while (start < end && /\s/.test(text[start] ?? '')) start++;
  while (end > start && /\s/.test(text[end - 1] ?? '')) end--;
  return start < end ? hostSpan(start, end) : span;
}

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Ends a span of code behind the brackets that it opens, where they close right after it: a call is underlined whole. */
export function closeBrackets(text: string, span: HostSpan): HostSpan {
  const open: string[] = [];
  for (const character of text.slice(span.start, span.end)) {
    const closing = CLOSING[character];
    if (closing !== undefined) open.push(closing);
    else if (character === open.at(-1)) open.pop();
  }
  let end: number = span.end;
  while (open.length > 0 && text[end] === open.at(-1)) {
    open.pop();
    end++;
  }
  return hostSpan(span.start, end);
}

import { hostSpan, sqlSpan, type HostOffset, type HostSpan, type SqlOffset, type SqlSpan } from './span';

/**
 * How a stretch of SQL text came from the source.
 * - `verbatim`: the same characters stand in the document, unit for unit.
 * - `escaped`: written with an escape (`\n`, `''`, `{{`); maps as a whole.
 * - `rendered`: produced from a call or clause (`OFFSET $1` from `.offset(n)`); maps as a whole.
 * - `hole`: the slot of an interpolation or bound expression; maps to that expression.
 */
export type SegmentKind = 'verbatim' | 'escaped' | 'rendered' | 'hole';

export interface Segment {
  readonly kind: SegmentKind;
  readonly sql: SqlSpan;
  readonly host: HostSpan;
  /** Document of `host`, where it is not the site's own (an imported constant). */
  readonly uri?: string;
}

/** Segments in order of `sql`; they do not overlap in `sql`. Rendered text without a segment has no place in the source. */
export interface SegmentMap {
  readonly segments: readonly Segment[];
}

/** A map for SQL that stands in the document as it is, starting at `host`. */
export const verbatimMap = (host: number, length: number): SegmentMap => ({
  segments: [{ kind: 'verbatim', sql: sqlSpan(0, length), host: hostSpan(host, host + length) }],
});

function hostPoint(segment: Segment, offset: number, end: boolean): number {
  if (segment.kind === 'verbatim') return segment.host.start + (offset - segment.sql.start);
  return end ? segment.host.end : segment.host.start;
}

function touched(map: SegmentMap, span: SqlSpan): Segment[] {
  return map.segments.filter((s) =>
    span.start === span.end
      ? s.sql.start <= span.start && span.start <= s.sql.end
      : s.sql.start < span.end && span.start < s.sql.end,
  );
}

/**
 * The source text that produced a stretch of SQL: what to underline.
 * @returns undefined when nothing of it stands in the site's own document, or its parts are scattered in
 *   an order that has no contiguous hull. A caller must then show nothing, never line 1.
 */
export function toHostSpan(map: SegmentMap, span: SqlSpan): HostSpan | undefined {
  const own = touched(map, span).filter((s) => s.uri === undefined);
  const first = own[0];
  const last = own.at(-1);
  if (!first || !last) return undefined;
  let start = Infinity;
  let end = -Infinity;
  for (const s of own) {
    start = Math.min(start, hostPoint(s, Math.max(span.start, s.sql.start), false));
    end = Math.max(end, hostPoint(s, Math.min(span.end, s.sql.end), true));
  }
  return start <= end ? hostSpan(start, end) : undefined;
}

/**
 * Where an edit of this SQL text can be written: only if both its ends stand verbatim in the site's own document
 * (or at the border of a hole) and everything between is contiguous there.
 * @returns undefined when the text is rendered, escaped or elsewhere; no fix may then be offered through text.
 */
export function toHostEditSpan(map: SegmentMap, span: SqlSpan): HostSpan | undefined {
  if (span.start === span.end) {
    const segment = touched(map, span).find((s) => s.uri === undefined && s.kind === 'verbatim');
    if (!segment) return undefined;
    const at = hostPoint(segment, span.start, false);
    return hostSpan(at, at);
  }
  const parts = touched(map, span);
  let previous: Segment | undefined;
  for (const part of parts) {
    if (part.uri !== undefined || part.kind === 'rendered') return undefined;
    const whole = span.start <= part.sql.start && part.sql.end <= span.end;
    if (part.kind !== 'verbatim' && !whole) return undefined;
    if (previous && previous.sql.end !== part.sql.start) return undefined;
    // A gap is source that builds the text (`' + '`, a name that stands for a constant): an edit must not reach over it.
    if (previous && part.host.start !== previous.host.end) return undefined;
    previous = part;
  }
  const first = parts[0];
  const last = parts.at(-1);
  if (!first || !last || first.sql.start > span.start || last.sql.end < span.end) return undefined;
  return hostSpan(hostPoint(first, Math.max(span.start, first.sql.start), false), hostPoint(last, Math.min(span.end, last.sql.end), true));
}

/** The SQL offset that a document offset stands for; undefined outside every segment of the site's own document. */
export function toSqlOffset(map: SegmentMap, offset: HostOffset): SqlOffset | undefined {
  for (const s of map.segments) {
    if (s.uri !== undefined || offset < s.host.start || offset > s.host.end) continue;
    return (s.kind === 'verbatim' ? s.sql.start + (offset - s.host.start) : s.sql.start) as SqlOffset;
  }
  return undefined;
}

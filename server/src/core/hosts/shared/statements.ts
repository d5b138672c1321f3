import type { HostString } from '../../libraries/adapter';
import type { SplitStatements } from '../../sql/ports';
import type { PlaceholderStyle, SqlSource } from '../../sql/source';
import type { Segment, SegmentMap } from '../../text/segmentMap';
import { hostSpan, sqlSpan, type SqlSpan } from '../../text/span';
import { createTextMemo } from '../../text/textMemo';
import type { Bind, ConditionalPart } from '../ir';

/** One statement of a host string. */
export interface StatementDraft {
  readonly source: SqlSource;
  readonly map: SegmentMap;
  readonly conditional: readonly ConditionalPart[];
  /** Interpolations of this statement, renumbered. */
  readonly binds: readonly Bind[];
}

/** Cuts a stretch out of a host string: text, map, interpolations and conditional parts move along. */
export function sliceHostString(whole: HostString, start: number, end: number, placeholders: PlaceholderStyle): StatementDraft {
  const segments: Segment[] = [];
  for (const segment of whole.map.segments) {
    const from = Math.max(segment.sql.start, start);
    const to = Math.min(segment.sql.end, end);
    if (from >= to) continue;
    const host = segment.kind === 'verbatim' ? hostSpan(segment.host.start + from - segment.sql.start, segment.host.start + to - segment.sql.start) : segment.host;
    segments.push({ ...segment, host, sql: sqlSpan(from - start, to - start) });
  }
  const kept = whole.interpolations.flatMap((interpolation, index) => (interpolation.span.start >= start && interpolation.span.end <= end ? [{ interpolation, index }] : []));
  const binds = kept.flatMap(({ index }, now) => {
    const bind = whole.binds.find((candidate) => candidate.interpolation === index);
    return bind ? [{ ...bind, key: String(now), interpolation: now }] : [];
  });
  const conditional = whole.conditional.flatMap((part) => {
    const from = Math.max(part.sql.start, start);
    const to = Math.min(part.sql.end, end);
    return from < to ? [{ ...part, sql: { start: from - start, end: to - start } }] : [];
  });
  return {
    source: {
      text: whole.text.slice(start, end),
      placeholders,
      interpolations: kept.map(({ interpolation }) => ({ ...interpolation, span: sqlSpan(interpolation.span.start - start, interpolation.span.end - start) })),
    },
    map: { segments },
    conditional,
    binds,
  };
}

/** One draft per statement of the text; none for a text without a statement. A slot at a statement's border belongs to it. */
export function splitHostString(whole: HostString, placeholders: PlaceholderStyle, split: SplitStatements): readonly StatementDraft[] {
  const spans = splitOnce(split)(whole.text).map((span) => ({ start: span.start as number, end: span.end as number }));
  for (const { span } of whole.interpolations) {
    if (spans.some((statement) => statement.start <= span.start && span.end <= statement.end)) continue;
    const previous = spans.filter((statement) => statement.end <= span.start).at(-1);
    const next = spans.find((statement) => statement.start >= span.end);
    if (previous && !whole.text.slice(previous.end, span.start).includes(';')) previous.end = span.end;
    else if (next) next.start = span.start;
  }
  return spans.map((span) => sliceHostString(whole, span.start, span.end, placeholders));
}

const memos = new WeakMap<SplitStatements, (text: string) => readonly SqlSpan[]>();

/** The splitter with a memory: a document is read again at every keystroke, and its strings are mostly the same. */
function splitOnce(split: SplitStatements): (text: string) => readonly SqlSpan[] {
  let memo = memos.get(split);
  if (!memo) memos.set(split, (memo = createTextMemo(500_000, (text) => split(text, { psql: false }))));
  return memo;
}

import type { ConditionalPart } from '../core/hosts/ir';
import type { Interpolation, SqlSource } from '../core/sql/source';
import { sqlSpan } from '../core/text/span';

/** With more parts than this not every combination is looked at: all, none, and each alone. */
const MAX_COMBINED = 4;

/** The texts a statement may have, as code adds parts of it under conditions: the longest first, at most 16 or a few more. */
export function collectVariants(source: SqlSource, conditional: readonly ConditionalPart[]): readonly SqlSource[] {
  if (conditional.length === 0) return [source];
  const parts = [...conditional].sort((a, b) => a.sql.start - b.sql.start || b.sql.end - a.sql.end);
  const chosen = parts.length <= MAX_COMBINED
    ? Array.from({ length: 2 ** parts.length }, (_, bits) => parts.filter((_part, i) => (bits & (1 << i)) !== 0))
    : [[], parts, ...parts.map((part) => parts.filter((other) => other !== part))];
  return chosen.map((absent) => without(source, absent));
}

/** The text as it is when the conditions of these parts do not hold. */
function without(source: SqlSource, absent: readonly ConditionalPart[]): SqlSource {
  if (absent.length === 0) return source;
  let text = '';
  let at = 0;
  const interpolations: Interpolation[] = [];
  const keep = (end: number): void => {
    const shift = text.length - at;
    for (const hole of source.interpolations) {
      if (hole.span.start >= at && hole.span.end <= end) interpolations.push({ ...hole, span: sqlSpan(hole.span.start + shift, hole.span.end + shift) });
    }
    text += source.text.slice(at, end);
  };
  for (const { sql, otherwise } of absent) {
    if (sql.start < at) continue;
    keep(sql.start);
    text += otherwise;
    at = sql.end;
  }
  keep(source.text.length);
  return { ...source, text, interpolations };
}

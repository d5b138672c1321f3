import { HOLE_SLOT, type HoleKind, type PlaceholderStyle, type SqlSource } from '../../../server/src/core/sql/source';
import { sqlSpan } from '../../../server/src/core/text/span';

/** `{…}` marks an interpolation; the text between the braces is the host's expression. */
export function interpolated(template: string, placeholders: PlaceholderStyle = 'none', kind?: HoleKind): SqlSource {
  let text = '';
  const interpolations: { span: ReturnType<typeof sqlSpan>; hostText: string; kind?: HoleKind }[] = [];
  for (const [part, host] of Array.from(template.matchAll(/\{(\w+)\}|[^{]+/g), (match) => [match[0], match[1]] as const)) {
    if (host === undefined) text += part;
    else {
      interpolations.push({ span: sqlSpan(text.length, text.length + HOLE_SLOT.length), hostText: host, ...(kind ? { kind } : {}) });
      text += HOLE_SLOT;
    }
  }
  return { text, placeholders, interpolations };
}

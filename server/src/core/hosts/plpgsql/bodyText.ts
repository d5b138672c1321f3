import type { Token } from '../../sql/lexer';
import { HOLE_SLOT, type HoleKind, type Interpolation } from '../../sql/source';
import type { Segment, SegmentKind } from '../../text/segmentMap';
import { hostSpan, sqlSpan } from '../../text/span';

/** Text that was written inside a literal, with the place of each of its characters in the text around it. */
export interface BodyText {
  readonly text: string;
  /** Place of a character (or of the end) in the outer text. */
  at(offset: number): number;
}

/** Part of a text, as it stands. */
export const wholeText = (outer: string, start: number, end: number): BodyText => ({ text: outer.slice(start, end), at: (offset) => start + offset });

const dollar = /^\$[^$\s]*\$/;

/** What a literal says: `$tag$…$tag$` or `'…'` with doubled quotes. Undefined for other forms (E'…' with backslashes, U&'…'). */
export function readBodyText(outer: string, token: Token): BodyText | undefined {
  const written = outer.slice(token.start, token.end);
  const tag = dollar.exec(written)?.[0];
  if (tag) return wholeText(outer, token.start + tag.length, token.open ? token.end : token.end - tag.length);
  const open = written.startsWith("'") ? 1 : /^[eE]'/.test(written) && !written.includes('\\') ? 2 : 0;
  if (open === 0) return undefined;
  const places: number[] = [];
  let text = '';
  for (let i = open; i < written.length; i++) {
    if (written.charAt(i) === "'") {
      if (written.charAt(i + 1) !== "'") {
        // The literal ends, or goes on after a line break.
        if (i < written.length - 1) return undefined;
        places.push(token.start + i);
        return { text, at: (offset) => places[Math.min(offset, places.length - 1)] ?? token.end };
      }
      places.push(token.start + i);
      text += "'";
      i++;
      continue;
    }
    places.push(token.start + i);
    text += written.charAt(i);
  }
  places.push(token.end);
  return { text, at: (offset) => places[Math.min(offset, places.length - 1)] ?? token.end };
}

/** A literal inside a body: its places lead to where the body itself stands. */
export function nested(body: BodyText, token: Token): BodyText | undefined {
  const inner = readBodyText(body.text, token);
  return inner && { text: inner.text, at: (offset) => body.at(inner.at(offset)) };
}

/** Puts an SQL text together from pieces of bodies, with the place of each. */
export class SqlText {
  text = '';
  readonly segments: Segment[] = [];
  readonly interpolations: Interpolation[] = [];

  /** `[start, end)` of a body, as it stands. */
  copy(body: BodyText, start: number, end: number): void {
    let from = start;
    while (from < end) {
      let to = from + 1;
      while (to < end && body.at(to) === body.at(to - 1) + 1) to++;
      this.add('verbatim', body.text.slice(from, to), body.at(from), body.at(from) + (to - from));
      // A doubled quote: the character stands for two.
      from = to;
    }
  }

  /** Text that stands for something else in the source. */
  rendered(text: string, start: number, end: number): void {
    this.add('rendered', text, start, end);
  }

  /** The slot of a value or name that only the running program knows. */
  hole(kind: HoleKind, hostText: string, start: number, end: number): void {
    const at = this.text.length;
    this.interpolations.push({ span: sqlSpan(at, at + HOLE_SLOT.length), kind, hostText });
    this.add('hole', HOLE_SLOT, start, end);
  }

  private add(kind: SegmentKind, text: string, start: number, end: number): void {
    const at = this.text.length;
    this.text += text;
    this.segments.push({ kind, sql: sqlSpan(at, at + text.length), host: hostSpan(start, end) });
  }
}

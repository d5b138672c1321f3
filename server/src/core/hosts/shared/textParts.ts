import type { HostString } from '../../libraries/adapter';
import type { Bind, BindOrigin, ConditionalPart } from '../ir';
import { HOLE_SLOT, type HoleKind, type Interpolation } from '../../sql/source';
import type { Segment, SegmentKind } from '../../text/segmentMap';
import { sqlSpan, type HostSpan } from '../../text/span';

/** A host expression inside a text. */
export interface HoleExpression {
  readonly text: string;
  readonly span: HostSpan;
  readonly names: readonly string[];
  readonly origin: BindOrigin;
}

/** Piece of a text as a host builds it; the same for every host language. */
export type TextPart =
  | { readonly kind: 'text'; readonly text: string; readonly form: Exclude<SegmentKind, 'hole'>; readonly span?: HostSpan }
  /** `slot`: the expression with its marks (`${x}`, `{x}`), so that text around it can be edited across it. */
  | { readonly kind: 'hole'; readonly expression: HoleExpression; readonly hole?: HoleKind; readonly slot?: HostSpan }
  | { readonly kind: 'choice'; readonly condition: { readonly text: string; readonly span: HostSpan }; readonly then: readonly TextPart[]; readonly otherwise: readonly TextPart[] };

/** How many pieces a text has, the branches of choices included; texts beyond `maxPieces` are not built. */
export function countPieces(parts: readonly TextPart[]): number {
  let count = 0;
  for (const part of parts) {
    if (part.kind !== 'choice') count++;
    else {
      let pieces = choicePieces.get(part);
      if (pieces === undefined) choicePieces.set(part, (pieces = 1 + countPieces(part.then) + countPieces(part.otherwise)));
      count += pieces;
    }
  }
  return count;
}
const choicePieces = new WeakMap<TextPart, number>();
export const maxPieces = 2000;

/** The text of the longest variant; holes are slots. */
export function plainText(parts: readonly TextPart[]): string {
  let text = '';
  for (const part of parts) {
    if (part.kind === 'text') text += part.text;
    else if (part.kind === 'hole') text += HOLE_SLOT;
    else {
      const then = plainText(part.then);
      const otherwise = plainText(part.otherwise);
      text += otherwise.length > then.length ? otherwise : then;
    }
  }
  return text;
}

export const negated = (condition: string): string => (/^!\w[\w.]*$/.test(condition) ? condition.slice(1) : /^\w[\w.]*$/.test(condition) ? `!${condition}` : `!(${condition})`);

/**
 * Joins parts to SQL text with its map. Of a choice the longer variant is written, the other one is kept in
 * `conditional`. A hole right behind a lone `$` is a numbered placeholder under construction (`$${n}`): it gets the
 * next number and no interpolation.
 */
export function renderParts(parts: readonly TextPart[], complete = true): HostString {
  let text = '';
  let placeholders = 0;
  const segments: Segment[] = [];
  const interpolations: Interpolation[] = [];
  const binds: Bind[] = [];
  const conditional: ConditionalPart[] = [];

  const push = (piece: string, kind: SegmentKind, host: HostSpan | undefined): void => {
    if (host && piece !== '') segments.push({ kind, sql: sqlSpan(text.length, text.length + piece.length), host });
    text += piece;
  };
  const emit = (part: TextPart): void => {
    if (part.kind === 'text') {
      push(part.text, part.form, part.span);
      for (const [, number] of part.text.matchAll(/\$(\d+)/g)) placeholders = Math.max(placeholders, Number(number));
    } else if (part.kind === 'hole') {
      const { expression } = part;
      if (part.hole === undefined && /(^|[^\w$])\$$/.test(text)) {
        push(String(++placeholders), 'rendered', part.slot ?? expression.span);
        return;
      }
      const start = text.length;
      push(HOLE_SLOT, 'hole', part.slot ?? expression.span);
      binds.push({ key: String(interpolations.length), interpolation: interpolations.length, text: expression.text, span: expression.span, names: expression.names, origin: expression.origin });
      interpolations.push({ span: sqlSpan(start, text.length), kind: part.hole, hostText: expression.text });
    } else {
      const then = plainText(part.then);
      const otherwise = plainText(part.otherwise);
      const swap = otherwise.length > then.length;
      const start = text.length;
      for (const child of swap ? part.otherwise : part.then) emit(child);
      if (text.length > start) {
        conditional.push({
          sql: { start, end: text.length },
          condition: swap ? negated(part.condition.text) : part.condition.text,
          conditionSpan: part.condition.span,
          otherwise: swap ? then : otherwise,
        });
      }
    }
  };
  for (const part of parts) emit(part);
  return { text, map: { segments }, interpolations, binds, conditional, complete };
}

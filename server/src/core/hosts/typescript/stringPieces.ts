import type { HoleKind } from '../../sql/source';
import { hostSpan } from '../../text/span';
import { placeParts } from '../shared/placement';
import { countPieces, maxPieces, type HoleExpression, type TextPart } from '../shared/textParts';
import type { SyntaxNode } from '../syntax';
import { collectNames, spanOf } from './syntaxTools';

/** Parts of a text under construction. */
export interface StringParts {
  readonly parts: readonly TextPart[];
  /** False when text is added by code that was not followed (a loop, another function). */
  readonly complete: boolean;
}

/** Makes parts of syntax nodes. */
export interface Pieces {
  verbatim(start: number, end: number, source: string): TextPart;
  hole(node: SyntaxNode, kind?: HoleKind): StringParts;
  /** Characters of a string or template between its quotes; `substitution` reads the `${…}`. */
  fragments(node: SyntaxNode, substitution: (node: SyntaxNode) => StringParts): StringParts;
  choice(condition: SyntaxNode, then: StringParts, otherwise: StringParts): StringParts;
}

/** Text that comes from another file is placed where this one names it. */
export const placed = (use: SyntaxNode, whole: StringParts | undefined): StringParts | undefined => whole && placeParts(use, whole, collectNames(use));

/** How deep names and calls are followed. */
export const maxDepth = 12;

/** @param expression describes a host expression that becomes a hole. */
export function createPieces(expression: (node: SyntaxNode) => HoleExpression): Pieces {
  const verbatim = (start: number, end: number, source: string): TextPart => ({ kind: 'text', form: 'verbatim', text: source, span: hostSpan(start, end) });
  const hole = (node: SyntaxNode, kind?: HoleKind): StringParts => ({ parts: [{ kind: 'hole', expression: expression(node), hole: kind }], complete: true });

  /** Characters of a string or template between its quotes. */
  const fragments = (node: SyntaxNode, substitution: (node: SyntaxNode) => StringParts): StringParts => {
    const parts: TextPart[] = [];
    let complete = true;
    let at = node.startIndex + 1;
    const end = node.endIndex - 1;
    const text = node.text;
    const plain = (to: number): void => {
      if (to > at) parts.push(verbatim(at, to, text.slice(at - node.startIndex, to - node.startIndex)));
    };
    for (const child of node.namedChildren) {
      if (child.type === 'string_fragment') continue;
      plain(child.startIndex);
      at = child.endIndex;
      if (child.type === 'escape_sequence') parts.push({ kind: 'text', form: 'escaped', text: unescape(child.text), span: spanOf(child) });
      else if (child.type === 'template_substitution') {
        const inner = child.namedChildren.find((candidate) => candidate.type !== 'comment');
        if (!inner) continue;
        const whole = substitution(inner);
        const [only] = whole.parts;
        const direct = whole.parts.length === 1 && only?.kind === 'hole' && only.expression.span.start >= child.startIndex && only.expression.span.end <= child.endIndex;
        parts.push(...(direct ? [{ ...only, slot: spanOf(child) }] : whole.parts));
        complete &&= whole.complete;
      }
    }
    plain(end);
    return { parts, complete };
  };

  const choice = (condition: SyntaxNode, then: StringParts, otherwise: StringParts): StringParts =>
    countPieces(then.parts) + countPieces(otherwise.parts) > maxPieces
      ? { parts: then.parts, complete: false }
      : {
          parts: [{ kind: 'choice', condition: { text: condition.text, span: spanOf(condition) }, then: then.parts, otherwise: otherwise.parts }],
          complete: then.complete && otherwise.complete,
        };

  return { verbatim, hole, fragments, choice };
}

/** `''`, `undefined`, `null` and a missing initial value add no text. */
export function emptyText(node: SyntaxNode | undefined): StringParts | undefined {
  return node === undefined || /^(undefined|null|''|""|``)$/.test(node.text) ? { parts: [], complete: true } : undefined;
}

/** One text after the other. */
export function join(wholes: readonly StringParts[]): StringParts {
  if (wholes.reduce((sum, whole) => sum + countPieces(whole.parts), 0) > 2 * maxPieces) return { parts: wholes[0]?.parts ?? [], complete: false };
  return { parts: wholes.flatMap((whole) => whole.parts), complete: wholes.every((whole) => whole.complete) };
}

/** How many parts of `base` both other texts begin with. */
export function sharedPrefix(base: readonly TextPart[], a: readonly TextPart[], b: readonly TextPart[]): number {
  let common = 0;
  while (common < base.length && base[common] === a[common] && base[common] === b[common]) common++;
  return common;
}

const simpleEscapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v', 0: '\0' };

/** The characters an escape sequence of JavaScript stands for. */
export function unescape(sequence: string): string {
  const body = sequence.slice(1);
  const code = /^u\{([0-9a-f]+)\}$/i.exec(body) ?? /^u([0-9a-f]{4})$/i.exec(body) ?? /^x([0-9a-f]{2})$/i.exec(body);
  if (code?.[1]) {
    const value = Number.parseInt(code[1], 16);
    return value <= 0x10ffff ? String.fromCodePoint(value) : '';
  }
  if (/^[\r\n\u2028\u2029]/.test(body)) return '';
  return simpleEscapes[body] ?? body;
}

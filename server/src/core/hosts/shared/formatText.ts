import { hostSpan, type HostSpan } from '../../text/span';
import type { TextPart } from './textParts';

/** A text in parts; `complete` is false where more may be in it. */
export interface FormattedText {
  readonly parts: readonly TextPart[];
  readonly complete: boolean;
}

/** Replaces each match of a format directive in the text parts; a string result stands as escaped text at the directive's place. */
export function replaceDirectives(template: FormattedText, directive: RegExp, replacement: (match: RegExpMatchArray) => string | FormattedText): FormattedText {
  let complete = template.complete;
  const rewrite = (list: readonly TextPart[]): TextPart[] =>
    list.flatMap((part): TextPart[] => {
      if (part.kind === 'choice') return [{ ...part, then: rewrite(part.then), otherwise: rewrite(part.otherwise) }];
      if (part.kind !== 'text') return [part];
      const result: TextPart[] = [];
      let at = 0;
      const piece = (from: number, to: number): HostSpan | undefined =>
        part.span && (part.form === 'verbatim' ? hostSpan(part.span.start + from, part.span.start + to) : part.span);
      for (const match of part.text.matchAll(directive)) {
        const start = match.index;
        if (start > at) result.push({ ...part, text: part.text.slice(at, start), span: piece(at, start) });
        at = start + match[0].length;
        const made = replacement(match);
        if (typeof made === 'string') result.push({ kind: 'text', text: made, form: 'escaped', span: piece(start, at) });
        else {
          complete &&= made.complete;
          result.push(...made.parts);
        }
      }
      if (at < part.text.length) result.push({ ...part, text: part.text.slice(at), span: piece(at, part.text.length) });
      return result;
    });
  return { parts: rewrite(template.parts), complete };
}

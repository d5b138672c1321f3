import type { TokenRange, TokenRanges } from '../../sql/tokenRanges';
import { nested, SqlText, type BodyText } from './bodyText';

/** An SQL text that a routine puts together, as far as it is known. */
export interface DynamicSql {
  readonly built: SqlText;
  /** False: a part of unknown content is in it. */
  readonly complete: boolean;
  /** Tokens behind each hole, in order. */
  readonly parts: readonly TokenRange[];
}

/**
 * The text of `EXECUTE <expression>` where it begins with a literal or is a `format(…)` of one: literals joined by `||`,
 * `quote_ident`, `quote_literal`. Undefined: it is not known.
 */
export function readDynamicSql(ranges: TokenRanges, body: BodyText, expression: TokenRange): DynamicSql | undefined {
  const built = new SqlText();
  const parts: TokenRange[] = [];
  let complete = true;
  const place = ({ from, to }: TokenRange): { start: number; end: number } => {
    const { start, end } = ranges.span({ from, to });
    return { start: body.at(start), end: body.at(end) };
  };
  const hole = (kind: 'identifier' | 'value' | 'fragment', part: TokenRange): void => {
    const { start, end } = place(part);
    parts.push(part);
    built.hole(kind, ranges.textOf(part), start, end);
    if (kind === 'fragment') complete = false;
  };
  const pieces = ranges.split(ranges.strip(expression), (word) => word === '||');
  for (const [index, piece] of pieces.entries()) {
    const token = ranges.tokens[piece.from];
    if (!token) return undefined;
    if (piece.to - piece.from === 1 && token.kind === 'string') {
      const text = nested(body, token);
      if (!text) return undefined;
      built.copy(text, 0, text.text.length);
    } else if (token.word === 'format' && ranges.word(piece.from + 1) === '(' && ranges.next(piece.from + 1) === piece.to) {
      const args = ranges.splitList(ranges.insideBracket(piece.from + 1));
      const template = args[0] && ranges.tokens[args[0].from];
      const text = template?.kind === 'string' && args[0] && args[0].to - args[0].from === 1 ? nested(body, template) : undefined;
      if (!text) return undefined;
      formatted(text, args.slice(1), built, hole);
    } else if (index === 0) return undefined;
    else if (/^quote_(?:ident|literal|nullable)$/.test(token.word) && ranges.word(piece.from + 1) === '(') hole(token.word === 'quote_ident' ? 'identifier' : 'value', ranges.insideBracket(piece.from + 1));
    else hole('fragment', piece);
  }
  return built.text.trim() === '' ? undefined : { built, complete, parts };
}

const directive = /%(?:(\d+)\$)?-?(?:\d+|\*)?([sIL%])/g;

/** The template of `format()`: `%I` is a name, `%L` a value, `%s` any text. */
function formatted(template: BodyText, args: readonly TokenRange[], built: SqlText, hole: (kind: 'identifier' | 'value' | 'fragment', part: TokenRange) => void): void {
  let at = 0;
  let next = 0;
  for (const match of template.text.matchAll(directive)) {
    built.copy(template, at, match.index);
    at = match.index + match[0].length;
    if (match[2] === '%') {
      built.rendered('%', template.at(match.index), template.at(at));
      continue;
    }
    const index = match[1] === undefined ? next : Number(match[1]) - 1;
    next = index + 1;
    const part = args[index];
    if (!part) continue;
    // A name that is only a part of one has to be joined to its rest.
    hole(match[2] === 'I' ? 'identifier' : match[2] === 'L' ? 'value' : 'fragment', part);
  }
  built.copy(template, at, template.text.length);
}

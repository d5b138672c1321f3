import type { TokenRange, TokenRanges } from '../../core/sql/tokenRanges';
import type { SqlSpan } from '../../core/text/span';
import { offsetIn, type RawExpression } from './rawTree';

/** The tokens of a join condition: from its ON to the next join or the end of the clause. */
export function conditionAround(ranges: TokenRanges, raw: RawExpression, clause: SqlSpan): TokenRange {
  const offset = offsetIn(raw);
  const bounds = ranges.inside(clause);
  if (offset === undefined) return bounds;
  const at = ranges.indexAt(offset);
  let from = at;
  while (from > bounds.from && !(ranges.word(from - 1) === 'on' && ranges.tokens[from - 1]?.kind === 'word')) {
    const open = /^(?:\)|\]|end)$/.test(ranges.word(from - 1)) ? ranges.partnerOf(from - 1) : undefined;
    from = open !== undefined && open < from ? open : from - 1;
  }
  const end = ranges.findTop({ from, to: bounds.to }, (word, i) => i > at && endsCondition(word, ranges.word(i + 1), i, ranges));
  return { from, to: end ?? bounds.to };
}

function endsCondition(word: string, next: string, i: number, ranges: TokenRanges): boolean {
  if (word === ',' || word === ')') return true;
  if (ranges.tokens[i]?.kind !== 'word' || ranges.word(i - 1) === '.') return false;
  // With a parenthesis they are functions.
  if (word === 'left' || word === 'right') return next !== '(';
  return /^(?:join|inner|full|cross|natural|on|when|where)$/.test(word);
}

/** Where the columns of the first USING behind an offset stand; `clause` bounds the search. */
export function usingColumns(ranges: TokenRanges, offset: number, clause: SqlSpan | undefined): readonly SqlSpan[] {
  const end = clause ? ranges.inside(clause).to : ranges.tokens.length;
  for (let i = ranges.indexAt(offset); i < end; i++) {
    if (ranges.word(i) === 'using' && ranges.word(i + 1) === '(') return ranges.splitList(ranges.insideBracket(i + 1)).map((part) => ranges.span(part));
  }
  return [];
}

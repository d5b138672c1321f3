import { sqlSpan, type SqlSpan } from '../text/span';
import type { Token } from './lexer';

/** Half-open range of token indexes. */
export interface TokenRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The tokens of one statement with their nesting: brackets and CASE … END are jumped over, so that what stands at the
 * top of a range can be found. All look-ups are O(range).
 */
export class TokenRanges {
  /** For `(`, `[` and CASE: index of the closing token; for closing tokens: index of the opening one; else -1. */
  private readonly partner: Int32Array;

  constructor(readonly text: string, readonly tokens: readonly Token[]) {
    this.partner = pair(tokens);
  }

  word(i: number): string {
    return this.tokens[i]?.word ?? '';
  }

  get whole(): TokenRange {
    return { from: 0, to: this.tokens.length };
  }

  /** Characters from the first to the last token; an empty range gives an empty span before its token. */
  span({ from, to }: TokenRange): SqlSpan {
    const start = this.tokens[from]?.start ?? this.tokens.at(-1)?.end ?? 0;
    return sqlSpan(start, to > from ? this.tokens[to - 1]?.end ?? start : start);
  }

  textOf(range: TokenRange): string {
    const { start, end } = this.span(range);
    return this.text.slice(start, end);
  }

  /** Tokens that lie within a span. */
  inside(span: SqlSpan): TokenRange {
    return { from: this.indexAt(span.start), to: this.indexAt(span.end) };
  }

  /** Index of the token that contains the offset, or of the first one after it. */
  indexAt(offset: number): number {
    let low = 0;
    let high = this.tokens.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.tokens[middle]?.end ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Index of the token that closes or opens the bracket at `i`; undefined where it has none. */
  partnerOf(i: number): number | undefined {
    const found = this.partner[i] ?? -1;
    return found < 0 ? undefined : found;
  }

  /** What the bracket at `i` encloses. */
  insideBracket(i: number): TokenRange {
    return { from: i + 1, to: Math.max(i + 1, this.partnerOf(i) ?? this.tokens.length) };
  }

  /** Next token at the same level: jumps over the bracket at `i`. */
  next(i: number): number {
    const partner = this.partner[i] ?? -1;
    return partner > i ? partner + 1 : i + 1;
  }

  /** Without the parentheses that enclose the whole range. */
  strip(range: TokenRange): TokenRange {
    let { from, to } = range;
    while (from < to && this.word(from) === '(' && this.partner[from] === to - 1) {
      from++;
      to--;
    }
    return { from, to };
  }

  /** Index of the first token at the top of the range that has this word; undefined if there is none. */
  findTop({ from, to }: TokenRange, isMatch: (word: string, index: number) => boolean): number | undefined {
    for (let i = from; i < to; i = this.next(i)) if (isMatch(this.word(i), i)) return i;
    return undefined;
  }

  /** Cuts at every top-level token for which `isMatch` holds. */
  split(range: TokenRange, isMatch: (word: string, index: number) => boolean): TokenRange[] {
    const parts: TokenRange[] = [];
    let from = range.from;
    for (let i = range.from; i < range.to; i = this.next(i)) {
      if (!isMatch(this.word(i), i)) continue;
      parts.push({ from, to: i });
      from = i + 1;
    }
    parts.push({ from, to: range.to });
    return parts;
  }

  splitList(range: TokenRange): TokenRange[] {
    return range.from >= range.to ? [] : this.split(range, (word) => word === ',');
  }

  /** AND-conjuncts, those in parentheses too (`a AND (b AND c)` gives three). The AND of BETWEEN does not count; a range with OR at its top is one. */
  splitAnd(range: TokenRange): TokenRange[] {
    if (this.findTop(range, (word, i) => word === 'or' && this.tokens[i]?.kind === 'word') !== undefined) return [range];
    let between = 0;
    const parts = this.split(range, (word, i) => {
      if (this.tokens[i]?.kind !== 'word') return false;
      if (word === 'between') between++;
      if (word !== 'and') return false;
      if (between === 0) return true;
      between--;
      return false;
    });
    return this.flatten(parts, range, (inner) => this.splitAnd(inner));
  }

  /** OR-branches, nested ones too. */
  splitOr(range: TokenRange): TokenRange[] {
    const parts = this.split(range, (word, i) => word === 'or' && this.tokens[i]?.kind === 'word');
    return this.flatten(parts, range, (inner) => this.splitOr(inner));
  }

  private flatten(parts: readonly TokenRange[], whole: TokenRange, again: (inner: TokenRange) => TokenRange[]): TokenRange[] {
    return parts.flatMap((part) => {
      const inner = this.strip(part);
      if (inner.from === part.from || (inner.from === whole.from && inner.to === whole.to)) return [part];
      const nested = again(inner);
      return nested.length > 1 ? nested : [part];
    });
  }
}

function pair(tokens: readonly Token[]): Int32Array {
  const partner = new Int32Array(tokens.length).fill(-1);
  const open: number[] = [];
  const close = (i: number, opening: string): void => {
    const at = open.findLastIndex((index) => tokens[index]?.word === opening);
    if (at < 0) return;
    const from = open[at] ?? 0;
    partner[from] = i;
    partner[i] = from;
    open.length = at;
  };
  tokens.forEach((token, i) => {
    if (token.kind === 'punct') {
      if (token.word === '(' || token.word === '[') open.push(i);
      else if (token.word === ')') close(i, '(');
      else if (token.word === ']') close(i, '[');
    } else if (token.kind === 'word' && tokens[i - 1]?.word !== '.') {
      if (token.word === 'case') open.push(i);
      else if (token.word === 'end' && tokens[open.at(-1) ?? -1]?.word === 'case') close(i, 'case');
    }
  });
  return partner;
}

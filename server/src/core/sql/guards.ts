import type { TokenRange, TokenRanges } from './tokenRanges';

/** Postgres' own recursion limits lie higher, but a stack overflow inside WebAssembly costs an engine. */
export const maxNesting = 1_000;
/** Operands of one chain of operators or set operations: 8,000 are fine, 16,000 overflow the stack. */
export const maxChain = 4_000;
export const maxLength = 2_000_000;
/** What is kept of long lists; the rest is blanked for the engine. */
export const keptRows = 100;
export const keptItems = 1_000;

/** True when the text is too deep or too long for an engine. */
export function isTooComplex(ranges: TokenRanges): boolean {
  if (ranges.text.length > maxLength) return true;
  let depth = 0;
  const chains: number[] = [0];
  for (const token of ranges.tokens) {
    if (token.kind === 'punct') {
      if (token.word === '(' || token.word === '[') {
        if (++depth > maxNesting) return true;
        chains[depth] = 0;
      } else if ((token.word === ')' || token.word === ']') && depth > 0) depth--;
      else if (token.word === ',' && depth > 0) chains[depth] = 0;
    } else if (token.kind === 'operator' || (token.kind === 'word' && /^(?:union|intersect|except|not|case|join)$/.test(token.word))) {
      const length = (chains[depth] ?? 0) + 1;
      chains[depth] = length;
      if (length > maxChain) return true;
    }
  }
  return false;
}

/** Blanks what exceeds `keptRows` rows of VALUES and `keptItems` items of a list: same length, same offsets. */
export function shortenLists(ranges: TokenRanges): string {
  let { text } = ranges;
  if (ranges.tokens.length < 4 * keptRows) return text;
  const cut = (list: TokenRange, kept: number): void => {
    const items = ranges.splitList(list);
    const first = items[kept - 1];
    if (items.length <= kept || !first) return;
    const start = ranges.tokens[first.to]?.start ?? 0;
    const end = ranges.tokens[list.to - 1]?.end ?? start;
    text = text.slice(0, start) + text.slice(start, end).replace(/[^\n]/g, ' ') + text.slice(end);
  };
  for (let i = 0; i < ranges.tokens.length; i++) {
    if (ranges.tokens[i]?.kind === 'word' && ranges.word(i) === 'values' && ranges.word(i + 1) === '(') {
      const to = rowsEnd(ranges, i + 1);
      if (to - i > 2 * keptRows) cut({ from: i + 1, to }, keptRows);
      i = to - 1;
    } else if (ranges.word(i) === '(' || ranges.word(i) === '[') {
      const list = ranges.insideBracket(i);
      if (list.to - list.from < 2 * keptItems || /^(?:select|with)$/.test(ranges.word(list.from))) continue;
      cut(list, keptItems);
    }
  }
  return text;
}

/** Behind the last `(…)` of a row list. */
function rowsEnd(ranges: TokenRanges, from: number): number {
  let i = ranges.next(from);
  while (ranges.word(i) === ',' && ranges.word(i + 1) === '(') i = ranges.next(i + 1);
  return i;
}

import { closingIndex, collectTokens, identifierName } from '../../../core/catalog/expressionTokens';
import type { ExpressionToken } from '../../../core/catalog/expressionTokens';
import { byteOffsets } from './tree';

/** The text of one DDL statement with its tokens: expressions are taken from the source, never printed from the tree. */
export interface StatementSource {
  readonly text: string;
  readonly tokens: readonly ExpressionToken[];
  /** From the tree's byte offset to a UTF-16 offset. */
  readonly toOffset: (bytes: number) => number;
}

export const createStatementSource = (text: string): StatementSource => ({ text, tokens: collectTokens(text), toOffset: byteOffsets(text) });

/** Index of the first token that starts at or after `offset`. */
export const tokenIndexAt = (source: StatementSource, offset: number): number => {
  const index = source.tokens.findIndex((token) => token.start >= offset);
  return index < 0 ? source.tokens.length : index;
};

/** Text from the first to the token before `end`, blanks between tokens collapsed; comments are dropped. */
export function textBetween(source: StatementSource, start: number, end: number): string {
  const tokens = source.tokens.slice(start, end);
  return tokens.map((token, index) => (index > 0 && tokens[index - 1]!.end < token.start ? ' ' : '') + token.text).join('');
}

/** `( … )` around the whole range is taken off, however often. */
export function withoutParentheses(source: StatementSource, start: number, end: number): readonly [number, number] {
  let [from, to] = [start, end];
  while (from < to && source.tokens[from]?.text === '(' && closingIndex(source.tokens, from) === to - 1) [from, to] = [from + 1, to - 1];
  return [from, to];
}

/** Expression text of a range, outer parentheses taken off; undefined when the range is empty. */
export function expressionBetween(source: StatementSource, start: number, end: number): string | undefined {
  const text = textBetween(source, ...withoutParentheses(source, start, end));
  return text === '' ? undefined : text;
}

/** Next token index at parenthesis depth 0 for which `stop` holds, from `start`; `end` where none. An unmatched `)` stops too. */
export function findAtDepthZero(source: StatementSource, start: number, end: number, stop: (token: ExpressionToken) => boolean): number {
  let index = start;
  while (index < end) {
    const token = source.tokens[index]!;
    if (token.text === ')' || stop(token)) return index;
    index = token.text === '(' || token.text === '[' ? closingIndex(source.tokens, index) + 1 : index + 1;
  }
  return end;
}

export const isWord = (token: ExpressionToken | undefined, name: string): boolean => token?.kind === 'word' && identifierName(token) === name;

/** Token ranges `[start, end)` of the comma-separated pieces between the parenthesis at `open` and its closing one. */
export function piecesOf(source: StatementSource, open: number): readonly (readonly [number, number])[] {
  const close = closingIndex(source.tokens, open);
  const pieces: (readonly [number, number])[] = [];
  let start = open + 1;
  while (start < close) {
    const comma = findAtDepthZero(source, start, close, (token) => token.text === ',');
    pieces.push([start, comma]);
    start = comma + 1;
  }
  return pieces;
}

/**
 * The expression at the head of an index or partition key piece: either in parentheses or a function call; what
 * follows (collation, opclass, direction) is left out.
 */
export function keyExpression(source: StatementSource, [start, end]: readonly [number, number]): string | undefined {
  let stop = start;
  while (stop < end && source.tokens[stop]?.text !== '(') stop++;
  const expressionEnd = stop < end ? closingIndex(source.tokens, stop) + 1 : start + 1;
  return expressionBetween(source, start, Math.min(expressionEnd, end));
}

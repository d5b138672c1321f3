import { tokenize, type Token } from '../sql/lexer';
import { isReserved } from '../sql/names';

/**
 * The tokens of a statement that is being typed. `SELECT o. FROM orders o`: a keyword behind a dot and a blank is no name,
 * the name is not there yet.
 */
export function typedTokens(text: string): readonly Token[] {
  const tokens = tokenize(text);
  return tokens.map((token, i) => {
    const next = tokens[i + 1];
    return token.word === '.' && next?.kind === 'word' && next.start > token.end && isReserved(next.word) ? { ...token, kind: 'other' as const, word: '' } : token;
  });
}

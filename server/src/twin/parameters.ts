import { tokenize, type Token } from '../core/sql/lexer';
import type { StepError } from './child/protocol';

/**
 * The statement with a type given to a parameter whose type Postgres could not tell (42P18) or whose operator or function
 * it could not choose (42725), or that it took for two types (42P08). undefined: there is nothing to give.
 */
export function giveTypes(statement: string, error: StepError): string | undefined {
  const tokens = tokenize(statement);
  if (error.sqlState === '42P18') {
    const name = /\$\d+/.exec(error.message)?.[0];
    return name === undefined ? undefined : cast(statement, tokens, (token) => statement.slice(token.start, token.end) === name, 'text');
  }
  if (error.position === undefined) return undefined;
  const at = fromCodePoint(statement, error.position - 1);
  const index = tokens.findIndex((token) => token.start <= at && at < token.end);
  const found = tokens[index];
  if (found === undefined) return undefined;
  if (error.sqlState === '42P08' && found.kind === 'param') {
    // `$1 is null or a = $1`: the first says nothing about the type. For any values it is as good as another parameter.
    const numbers = tokens.flatMap((token) => (token.kind === 'param' ? [Number(statement.slice(token.start + 1, token.end))] : []));
    return `${statement.slice(0, found.start)}$${Math.max(...numbers) + 1}${statement.slice(found.end)}`;
  }
  if (error.sqlState !== '42725') return undefined;
  if (found.kind === 'operator') {
    const beside = new Set([tokens[index - 1], tokens[index + 1]]);
    return cast(statement, tokens, (token) => beside.has(token), found.word === '||' ? 'text' : 'integer');
  }
  const inside = argumentsOf(tokens, index);
  return cast(statement, tokens, (token) => inside.has(token), 'integer');
}

/** Every parameter that is chosen and has no type yet. */
function cast(statement: string, tokens: readonly Token[], chosen: (token: Token) => boolean, type: string): string | undefined {
  const ends = tokens.flatMap((token, index) => (token.kind === 'param' && tokens[index + 1]?.word !== '::' && chosen(token) ? [token.end] : []));
  if (ends.length === 0) return undefined;
  return [...ends].reverse().reduce((text, end) => `${text.slice(0, end)}::${type}${text.slice(end)}`, statement);
}

/** Tokens that stand as arguments of their own behind a function's name. */
function argumentsOf(tokens: readonly Token[], name: number): ReadonlySet<Token> {
  const inside = new Set<Token>();
  let depth = 0;
  for (const token of tokens.slice(tokens.findIndex((item, index) => index > name && item.word === '('))) {
    if (token.word === '(') depth++;
    else if (token.word === ')' && --depth === 0) break;
    else if (depth === 1) inside.add(token);
  }
  return inside;
}

/** UTF-16 offset of a code point. */
function fromCodePoint(text: string, count: number): number {
  let at = 0;
  for (const character of text) {
    if (count-- <= 0) break;
    at += character.length;
  }
  return at;
}

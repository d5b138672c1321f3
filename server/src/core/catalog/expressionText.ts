import type { ExpressionToken } from './expressionTokens';
import { respellCalls } from './callSpellings';
import { createTextMemo } from '../text/textMemo';
import { closingIndex, collectTokens, identifierName, renderIdentifier } from './expressionTokens';

/** Casts that Postgres itself writes round a text column or literal. */
const textTypes = new Set(['text', 'character varying', 'varchar', 'bpchar']);

/** A name that stands for itself: most keys of indexes and most compared columns. */
const PLAIN_NAME = /^[a-z_][a-z0-9_]*$/;

/**
 * One spelling for expressions that mean the same: lower case, single blanks, no redundant parentheses, no table
 * qualifiers, `CAST(x AS t)` as `x::t`, `!=` as `<>`; casts of literals are dropped, and `::text` (which Postgres
 * writes round varchar columns) inside a larger expression; calls that SQL spells with words by `respellCalls`. Two expressions with the same result are the same;
 * different results prove nothing. Never throws.
 * The same few texts come back with every statement: what has been worked out is kept.
 */
export const normaliseExpression = (sql: string): string => (PLAIN_NAME.test(sql) ? sql : normalised(sql));

const normalised = createTextMemo(1_000_000, (sql) => {
  let tokens = collectTokens(sql).map(normaliseToken);
  tokens = respellCalls(withoutQualifiers(castCalls(tokens)));
  for (let length = -1; length !== tokens.length; ) {
    length = tokens.length;
    tokens = withoutParentheses(withoutCasts(withoutParentheses(tokens)));
  }
  return joinTokens(listMembership(tokens));
});

/** `x in (a, b)` as Postgres stores it: `x = any(array[a, b])`; NOT IN as `<> all`; one item as `=`. */
function listMembership(tokens: readonly ExpressionToken[]): readonly ExpressionToken[] {
  const result: ExpressionToken[] = [];
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]!;
    if (token.text !== 'in' || tokens[index + 1]?.text !== '(' || tokens[index + 2]?.text === 'select' || tokens[index + 2]?.text === 'with') {
      result.push(token);
      continue;
    }
    const close = closingIndex(tokens, index + 1);
    const items = listMembership(tokens.slice(index + 2, close));
    const negated = result.at(-1)?.text === 'not';
    if (negated) result.pop();
    const words = (text: string): readonly ExpressionToken[] => collectTokens(text).map((item) => plain(item));
    if (tokens.slice(index + 2, close).some((item) => item.text === ',')) result.push(...words(negated ? '<> all ( array [' : '= any ( array ['), ...items, ...words('] )'));
    else result.push(...words(negated ? '<>' : '='), ...items);
    index = close;
  }
  return result;
}

/** The one spelling of a type in a cast. */
const typeNames: Readonly<Record<string, string>> = {
  int: 'integer', int4: 'integer', int2: 'smallint', int8: 'bigint', bool: 'boolean', float8: 'double precision', float4: 'real', decimal: 'numeric',
  varchar: 'character varying', timestamptz: 'timestamp with time zone', timetz: 'time with time zone',
};

const plain = (token: Omit<ExpressionToken, 'start' | 'end'>): ExpressionToken => ({ ...token, start: 0, end: 0 });

function normaliseToken(token: ExpressionToken): ExpressionToken {
  if (token.kind === 'word') return plain({ kind: 'word', text: token.text.toLowerCase() });
  if (token.kind === 'quoted') {
    const text = renderIdentifier(identifierName(token) ?? '');
    return plain({ kind: text.startsWith('"') ? 'quoted' : 'word', text });
  }
  return plain({ kind: token.kind, text: token.text === '!=' ? '<>' : token.text });
}

/** `cast ( x as t )` → `( x ) :: t`. */
function castCalls(tokens: readonly ExpressionToken[]): ExpressionToken[] {
  const result = [...tokens];
  for (let index = 0; index < result.length; index++) {
    if (result[index]?.text !== 'cast' || result[index + 1]?.text !== '(') continue;
    const close = closingIndex(result, index + 1);
    let as = close;
    for (let at = index + 2, depth = 0; at < close; at++) {
      const text = result[at]?.text;
      if (text === '(' || text === '[') depth++;
      else if (text === ')' || text === ']') depth--;
      else if (depth === 0 && text === 'as') as = at;
    }
    const punctuation = (text: string): ExpressionToken => plain({ kind: 'punctuation', text });
    if (as < close) result.splice(index, close - index + 1, punctuation('('), ...result.slice(index + 2, as), punctuation(')'), plain({ kind: 'operator', text: '::' }), ...result.slice(as + 1, close));
  }
  return result;
}

function withoutQualifiers(tokens: readonly ExpressionToken[]): ExpressionToken[] {
  return tokens.filter((token, index) => token.text !== '.' && !((token.kind === 'word' || token.kind === 'quoted') && tokens[index + 1]?.text === '.'));
}

/** End (exclusive) of the type name that starts at `start`, with modifiers and `[]`. */
function typeEnd(tokens: readonly ExpressionToken[], start: number): number {
  let index = start + 1;
  const words = ['varying', 'precision', 'with', 'without', 'time', 'zone'];
  while (words.includes(tokens[index]?.text ?? '')) index++;
  if (tokens[index]?.text === '(') index = closingIndex(tokens, index) + 1;
  while (words.includes(tokens[index]?.text ?? '')) index++;
  while (tokens[index]?.text === '[') index = closingIndex(tokens, index) + 1;
  return index;
}

function withoutCasts(tokens: readonly ExpressionToken[]): ExpressionToken[] {
  const result: ExpressionToken[] = [];
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]!;
    if (token.text === '::') {
      const end = typeEnd(tokens, index + 1);
      const type = joinTokens(tokens.slice(index + 1, end));
      const before = tokens[index - 1];
      const ofLiteral = before?.kind === 'string' || before?.kind === 'number';
      const wholeExpression = index <= 1 && end === tokens.length;
      if (ofLiteral || before?.text === ']' || (textTypes.has(type.replace(/\[\]$/, '')) && !wholeExpression)) {
        index = end - 1;
        continue;
      }
    }
    const before = result.at(-1);
    result.push(before?.text === '::' && typeNames[token.text] !== undefined ? plain({ kind: 'word', text: typeNames[token.text]! }) : token);
  }
  return result;
}

/** Takes off parentheses round one token, round a call, doubled ones and those round the whole. */
function withoutParentheses(tokens: readonly ExpressionToken[]): ExpressionToken[] {
  const dropped = new Set<number>();
  tokens.forEach((token, open) => {
    if (token.text !== '(' || isCall(tokens, open)) return;
    const close = closingIndex(tokens, open);
    // Of a doubled pair one goes at a time: what stands around the inner one is seen when the outer one is gone.
    if (close >= tokens.length || (dropped.has(open - 1) && dropped.has(close + 1))) return;
    const whole = open === 0 && close === tokens.length - 1;
    const single = close === open + 2;
    const doubled = tokens[open + 1]?.text === '(' && closingIndex(tokens, open + 1) === close - 1;
    const call = tokens[open + 2]?.text === '(' && isCall(tokens, open + 2) && closingIndex(tokens, open + 2) === close - 1;
    if (whole || single || doubled || call || isLoose(tokens, open, close)) { dropped.add(open); dropped.add(close); }
  });
  return tokens.filter((_, index) => !dropped.has(index));
}

const leftOfOperand = new Set(['', '(', '[', ',', 'and', 'or', 'not']);
const rightOfOperand = new Set(['', ')', ']', ',', 'and', 'or']);
/** A whole argument, or a comparison between AND, OR and NOT: nothing inside binds weaker than what stands around. */
function isLoose(tokens: readonly ExpressionToken[], open: number, close: number): boolean {
  const [left, right] = [tokens[open - 1]?.text ?? '', tokens[close + 1]?.text ?? ''];
  if (!leftOfOperand.has(left) || !rightOfOperand.has(right)) return false;
  const inArgument = !['and', 'or', 'not'].includes(left) && !['and', 'or'].includes(right);
  let depth = 0;
  return tokens.slice(open + 1, close).every((token) => {
    if (token.text === '(' || token.text === '[') depth++;
    else if (token.text === ')' || token.text === ']') depth--;
    if (depth > 0) return true;
    return token.text !== ',' && token.text !== 'select' && (inArgument || !['and', 'or', 'between', 'case'].includes(token.text));
  });
}

const keywordsBeforeGroup = new Set(['and', 'or', 'not', 'in', 'any', 'all', 'when', 'then', 'else', 'case', 'between', 'like', 'ilike', 'is', 'as', 'from', 'values']);
/** True when the parenthesis at `open` holds a function's arguments, or the items of IN, ANY, ALL. */
function isCall(tokens: readonly ExpressionToken[], open: number): boolean {
  const before = tokens[open - 1];
  if (before === undefined || (before.kind !== 'word' && before.kind !== 'quoted')) return false;
  return ['in', 'any', 'all'].includes(before.text) || !keywordsBeforeGroup.has(before.text);
}

function joinTokens(tokens: readonly ExpressionToken[]): string {
  let text = '';
  tokens.forEach((token, index) => {
    const before = tokens[index - 1];
    const tight = before === undefined || before.text === '(' || before.text === '[' || before.text === '::' || token.text === '::' ||
      token.text === ')' || token.text === ']' || token.text === ',' || token.text === '[' || (token.text === '(' && isCall(tokens, index) && !['in'].includes(before.text));
    text += (tight ? '' : ' ') + token.text;
  });
  return text;
}

/** The AND-ed parts of a predicate, each normalised; OR stays inside its part. BETWEEN's AND is not a separator. */
export const predicateParts = createTextMemo(500_000, (sql: string): readonly string[] => {
  const tokens = collectTokens(normaliseExpression(sql));
  const parts: ExpressionToken[][] = [[]];
  let depth = 0;
  let between = false;
  let cases = 0;
  let or = false;
  for (const token of tokens) {
    if (token.text === '(' || token.text === '[') depth++;
    else if (token.text === ')' || token.text === ']') depth--;
    else if (token.text === 'case') cases++;
    else if (token.text === 'end' && cases > 0) cases--;
    else if (depth === 0 && cases === 0 && token.text === 'or') or = true;
    else if (token.text === 'between' && depth === 0) between = true;
    else if (token.text === 'and' && depth === 0 && cases === 0) {
      if (!between) { parts.push([]); continue; }
      between = false;
    }
    parts.at(-1)?.push(token);
  }
  if (or) return [joinTokens(tokens)];
  return parts.map((part) => normaliseExpression(joinTokens(part))).flatMap((part, _, all) => (all.length > 1 && /\band\b/.test(part) ? predicateParts(part) : [part]));
});

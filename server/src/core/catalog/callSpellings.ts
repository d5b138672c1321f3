import type { ExpressionToken } from './expressionTokens';
import { closingIndex } from './expressionTokens';

const symbol = (text: string): ExpressionToken => ({ kind: /\w/.test(text) ? 'word' : 'punctuation', text, start: 0, end: 0 });
const known = new Set(['timezone', 'trim', 'substring']);
const trims: Readonly<Record<string, string>> = { both: 'btrim', leading: 'ltrim', trailing: 'rtrim' };

/**
 * Calls that SQL spells with words, in one spelling: `timezone(z, x)` as `x AT TIME ZONE z`, `TRIM(BOTH c FROM x)` and
 * `trim(x)` as `btrim(x, c)`, `substring(x FROM a FOR b)` as `substring(x, a, b)`. Why: before version 14 `pg_get_indexdef`
 * prints the functions, since then the words (ruleutils.c, `get_func_sql_syntax`), and a query has either.
 * @param tokens in lower case, without the names of schemas
 */
export function respellCalls(tokens: readonly ExpressionToken[]): ExpressionToken[] {
  const result: ExpressionToken[] = [];
  for (let index = 0; index < tokens.length; index++) {
    const name = nameOf(tokens[index]!);
    const close = known.has(name) && tokens[index + 1]?.text === '(' ? closingIndex(tokens, index + 1) : tokens.length;
    const respelled = close < tokens.length ? respell(name, splitArguments(tokens.slice(index + 2, close))) : undefined;
    if (respelled === undefined) {
      result.push(tokens[index]!);
      continue;
    }
    result.push(...respelled);
    index = close;
  }
  return result;
}

/** `"substring"`: Postgres quotes functions that are named as keywords. */
const nameOf = (token: ExpressionToken): string => (token.kind === 'quoted' ? token.text.slice(1, -1) : token.kind === 'word' ? token.text : '');

/** Arguments, and the words that part them: `,`, `from`, `for`. */
interface Arguments {
  readonly parts: readonly (readonly ExpressionToken[])[];
  readonly separators: readonly string[];
}

function splitArguments(tokens: readonly ExpressionToken[]): Arguments {
  const parts: ExpressionToken[][] = [[]];
  const separators: string[] = [];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === '(' || token.text === '[') depth++;
    else if (token.text === ')' || token.text === ']') depth--;
    if (depth === 0 && [',', 'from', 'for'].includes(token.text)) {
      separators.push(token.text);
      parts.push([]);
    } else parts.at(-1)!.push(token);
  }
  return { parts: parts.map(respellCalls), separators };
}

function respell(name: string, { parts, separators }: Arguments): ExpressionToken[] | undefined {
  const [first = [], second = []] = parts;
  const form = separators.join(' ');
  switch (name) {
    case 'timezone':
      return form === ',' && isOperand(first) ? [symbol('('), symbol('('), ...second, symbol(')'), symbol('at'), symbol('time'), symbol('zone'), ...first, symbol(')')] : undefined;
    case 'trim': {
      const side = trims[first[0]?.text ?? ''];
      const characters = side === undefined ? first : first.slice(1);
      if (form === 'from') return call(side ?? 'btrim', characters.length === 0 ? [second] : [second, characters]);
      return form === '' ? call(side ?? 'btrim', [characters]) : undefined;
    }
    case 'substring':
      return form === '' || second[0] === undefined || form === 'for' ? undefined : call('substring', parts);
    default:
      return undefined;
  }
}

/** Does it stand without parentheses after a word? Postgres prints an operator's expression in its own. */
const isOperand = (tokens: readonly ExpressionToken[]): boolean => tokens[0]?.text !== '(' && tokens.every((token) => token.kind !== 'operator' || token.text === '::');

const call = (name: string, parts: readonly (readonly ExpressionToken[])[]): ExpressionToken[] =>
  [symbol(name), symbol('('), ...parts.flatMap((part, index) => (index === 0 ? part : [symbol(','), ...part])), symbol(')')];

/** One token of an SQL expression; `text` as written. Blanks and comments are not tokens. */
export interface ExpressionToken {
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'parameter' | 'operator' | 'punctuation';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const blank = /\s+|--[^\n]*/y;
const word = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const quoted = /"(?:[^"]|"")*"?/y;
const string = /(?:[eE]'(?:[^'\\]|\\[\s\S]|'')*'?|(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*'?)/y;
const dollarTag = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const number = /(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const parameter = /\$\d+/y;
const operator = /(?:::|:=|=>|[-+*/<>=~!@#%^&|`?]+)/y;

const matchAt = (pattern: RegExp, text: string, at: number): string | undefined => {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
};

function skipBlanks(text: string, from: number): number {
  let at = from;
  for (;;) {
    if (text.startsWith('/*', at)) {
      let depth = 1;
      at += 2;
      while (at < text.length && depth > 0) {
        if (text.startsWith('/*', at)) { depth++; at += 2; }
        else if (text.startsWith('*/', at)) { depth--; at += 2; }
        else at++;
      }
      continue;
    }
    const skipped = matchAt(blank, text, at);
    if (skipped === undefined) return at;
    at += skipped.length;
  }
}

function tokenAt(text: string, at: number): Pick<ExpressionToken, 'kind' | 'text'> {
  const dollar = matchAt(dollarTag, text, at);
  if (dollar !== undefined) {
    const close = text.indexOf(dollar, at + dollar.length);
    return { kind: 'string', text: text.slice(at, close < 0 ? text.length : close + dollar.length) };
  }
  for (const [kind, pattern] of [['string', string], ['quoted', quoted], ['word', word], ['number', number], ['parameter', parameter]] as const) {
    const found = matchAt(pattern, text, at);
    if (found !== undefined) return { kind, text: found };
  }
  const symbol = matchAt(operator, text, at);
  if (symbol === undefined) return { kind: 'punctuation', text: text[at] ?? '' };
  const comment = [symbol.indexOf('--'), symbol.indexOf('/*')].filter((index) => index > 0);
  return { kind: 'operator', text: comment.length > 0 ? symbol.slice(0, Math.min(...comment)) : symbol };
}

/**
 * The tokens of an expression or a DDL statement, offsets in UTF-16 units of `text`. Never throws: an
 * unterminated literal runs to the end.
 */
export function collectTokens(text: string): readonly ExpressionToken[] {
  const tokens: ExpressionToken[] = [];
  let at = skipBlanks(text, 0);
  while (at < text.length) {
    const token = tokenAt(text, at);
    const end = at + token.text.length;
    tokens.push({ ...token, start: at, end });
    at = skipBlanks(text, end);
  }
  return tokens;
}

/** Name of an identifier token as Postgres stores it; undefined for other tokens. */
export function identifierName(token: ExpressionToken | undefined): string | undefined {
  if (token?.kind === 'word') return token.text.toLowerCase();
  if (token?.kind === 'quoted') return token.text.replace(/^"|"$/g, '').replaceAll('""', '"');
  return undefined;
}

/** An identifier for use in SQL text, quoted only where Postgres would read it differently without. */
export const renderIdentifier = (name: string): string =>
  /^[a-z_][a-z0-9_$]*$/.test(name) && !reservedWords.has(name) ? name : `"${name.replaceAll('"', '""')}"`;

/** Index of the token that closes the parenthesis at `open`; the number of tokens if it is never closed. */
export function closingIndex(tokens: readonly ExpressionToken[], open: number): number {
  let depth = 0;
  for (let index = open; index < tokens.length; index++) {
    const text = tokens[index]?.text;
    if (text === '(' || text === '[') depth++;
    else if ((text === ')' || text === ']') && --depth === 0) return index;
  }
  return tokens.length;
}

/** The identifiers in an expression that can name a column: words not followed by `(` and not keywords, quoted names. */
export function collectColumnNames(expression: string): ReadonlySet<string> {
  const names = new Set<string>();
  const tokens = collectTokens(expression);
  tokens.forEach((token, index) => {
    const name = identifierName(token);
    if (name === undefined || tokens[index + 1]?.text === '(' || tokens[index - 1]?.text === '::') return;
    if (token.kind === 'word' && reservedWords.has(name)) return;
    names.add(name);
  });
  return names;
}

/** The expression with one column renamed, everything else as written. */
export function renameInExpression(expression: string, from: string, to: string): string {
  const tokens = collectTokens(expression);
  let result = '';
  let at = 0;
  tokens.forEach((token, index) => {
    if (identifierName(token) !== from || tokens[index + 1]?.text === '(' || tokens[index - 1]?.text === '::') return;
    result += expression.slice(at, token.start) + renderIdentifier(to);
    at = token.end;
  });
  return result + expression.slice(at);
}

/** PostgreSQL's reserved key words that can stand in an expression or must be quoted as a name. */
const reservedWords: ReadonlySet<string> = new Set(
  ('all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create current_catalog current_date ' +
    'current_role current_schema current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for ' +
    'foreign from grant group having in initially intersect into is isnull lateral leading like ilike limit localtime localtimestamp not notnull null ' +
    'offset on only or order over placing primary references returning select session_user similar some symmetric table then to trailing true union ' +
    'unique user using variadic when where window with').split(' '),
);

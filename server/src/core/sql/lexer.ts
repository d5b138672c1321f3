/**
 * Postgres' lexical structure with UTF-16 offsets: the same token borders as the server's scanner (`scan.l`).
 * It reads 15–20 MB/s and never fails: an unterminated literal reaches to the end and is marked `open`.
 */
export type TokenKind =
  | 'comment'
  /** Unquoted identifier or keyword; `Token.word` holds it folded to lower case. */
  | 'word'
  /** `"…"`, `U&"…"`. */
  | 'quoted'
  /** `'…'` with any prefix, with its continuations on following lines, and `$tag$…$tag$`. */
  | 'string'
  | 'number'
  /** `$1`. */
  | 'param'
  | 'operator'
  /** One of `( ) [ ] , ; . : ..`. */
  | 'punct'
  /** The backslash of a psql command (psql dialect only). */
  | 'meta'
  /** A character that no token starts with. */
  | 'other';

export interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
  /** `word`: folded as Postgres folds names; `punct` and `operator`: the text; else empty. */
  readonly word: string;
  /** An unterminated literal or comment. */
  readonly open?: true;
}

export interface LexOptions {
  /** Report a backslash outside literals as `meta`. Default false. */
  readonly psql?: boolean;
  /** Include comments. Default false. */
  readonly comments?: boolean;
  /** Where to start. Default 0. */
  readonly from?: number;
}

/** All tokens of a text, in order. */
export function tokenize(text: string, options: LexOptions = {}): Token[] {
  const tokens: Token[] = [];
  let at = options.from ?? 0;
  for (;;) {
    const token = nextToken(text, at, options.psql ?? false);
    if (!token) return tokens;
    if (token.kind !== 'comment' || options.comments) tokens.push(token);
    at = token.end;
  }
}

/** The first token at or after `at`; undefined at the end of the text. */
export function nextToken(text: string, at: number, psql: boolean): Token | undefined {
  let i = at;
  while (i < text.length && isSpace(text.charCodeAt(i), i)) i++;
  if (i >= text.length) return undefined;
  const c = text.charCodeAt(i);
  const d = text.charCodeAt(i + 1);
  if (c === dash && d === dash) return token('comment', i, lineEnd(text, i));
  if (c === slash && d === star) return blockComment(text, i);
  if (c === quote) return stringToken(text, i, i + 1, false);
  if (c === doubleQuote) return quotedToken(text, i, i + 1);
  if (isNameStart(c)) return prefixedLiteral(text, i, c | 32, d) ?? wordToken(text, i);
  if (isDigit(c) || (c === dot && isDigit(d))) return token('number', i, numberEnd(text, i));
  if (c === dollar) return dollarToken(text, i, d);
  if (c === backslash && psql) return token('meta', i, i + 1);
  if (c === dot && d === dot) return { kind: 'punct', start: i, end: i + 2, word: '..' };
  if (c === colon && (d === colon || d === equals)) return { kind: 'operator', start: i, end: i + 2, word: text.slice(i, i + 2) };
  if (isOneOf(punctuation, c)) return { kind: 'punct', start: i, end: i + 1, word: text.charAt(i) };
  if (isOneOf(operatorCharacters, c)) return operatorToken(text, i);
  return token('other', i, i + 1);
}

/** Folds an unquoted name as Postgres does in a UTF-8 database: ASCII letters only. */
export const foldName = (name: string): string =>
  /^[\x00-\x7f]*$/.test(name) ? name.toLowerCase() : name.replace(/[A-Z]+/g, (upper) => upper.toLowerCase());

export const isNameStart = (c: number): boolean => (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95 || c > 127;
export const isNamePart = (c: number): boolean => isNameStart(c) || isDigit(c) || c === 36;

const [quote, doubleQuote, dollar, star, dash, dot, slash, colon, equals, backslash] = [39, 34, 36, 42, 45, 46, 47, 58, 61, 92];
/** A table of ASCII characters: the lexer runs over whole documents at every keystroke. */
const codes = (characters: string): Uint8Array => Uint8Array.from({ length: 128 }, (_, c) => (characters.includes(String.fromCharCode(c)) ? 1 : 0));
const isOneOf = (table: Uint8Array, c: number): boolean => table[c] === 1;
const punctuation = codes('()[],;.:');
const operatorCharacters = codes('+-*/<>=~!@#%^&|`?');
const byteOrderMark = 0xfeff;

const token = (kind: TokenKind, start: number, end: number): Token => ({ kind, start, end, word: '' });
const isDigit = (c: number): boolean => c >= 48 && c <= 57;
const isSpace = (c: number, at: number): boolean => c === 32 || (c >= 9 && c <= 13) || (c === byteOrderMark && at === 0);

function lineEnd(text: string, from: number): number {
  let i = from;
  while (i < text.length && text.charCodeAt(i) !== 10 && text.charCodeAt(i) !== 13) i++;
  return i;
}

function blockComment(text: string, start: number): Token {
  let depth = 0;
  let i = start;
  do {
    const c = text.charCodeAt(i);
    const d = text.charCodeAt(i + 1);
    if (c === slash && d === star) depth++;
    else if (c === star && d === slash) depth--;
    else {
      i++;
      continue;
    }
    i += 2;
  } while (i < text.length && depth > 0);
  return depth > 0 ? { kind: 'comment', start, end: text.length, word: '', open: true } : token('comment', start, i);
}

/** What may stand between the parts of one string literal: blanks with at least one line end. */
const continuation = /[ \t\f\v]*[\n\r][ \t\n\r\f\v]*'/y;

function stringToken(text: string, start: number, from: number, escapes: boolean): Token {
  let i = from;
  while (i < text.length) {
    const c = text.charCodeAt(i);
    if (escapes && c === backslash) i += 2;
    else if (c !== quote) i++;
    else if (text.charCodeAt(i + 1) === quote) i += 2;
    else {
      continuation.lastIndex = i + 1;
      if (!isSpace(text.charCodeAt(i + 1), i + 1) || !continuation.test(text)) return token('string', start, i + 1);
      i = continuation.lastIndex;
    }
  }
  return { kind: 'string', start, end: text.length, word: '', open: true };
}

function quotedToken(text: string, start: number, from: number): Token {
  let i = from;
  while (i < text.length) {
    if (text.charCodeAt(i) !== doubleQuote) i++;
    else if (text.charCodeAt(i + 1) === doubleQuote) i += 2;
    else return token('quoted', start, i + 1);
  }
  return { kind: 'quoted', start, end: text.length, word: '', open: true };
}

/** `E'…'`, `B'…'`, `X'…'`, `U&'…'`, `U&"…"` (`N'…'` is a word and a string). `letter` is in lower case. */
function prefixedLiteral(text: string, start: number, letter: number, next: number): Token | undefined {
  if (next === quote) {
    if (letter === 101) return stringToken(text, start, start + 2, true);
    if (letter === 98 || letter === 120) return stringToken(text, start, start + 2, false);
  }
  if (letter === 117 && next === 38) {
    const third = text.charCodeAt(start + 2);
    if (third === quote) return stringToken(text, start, start + 3, false);
    if (third === doubleQuote) return quotedToken(text, start, start + 3);
  }
  return undefined;
}

function wordToken(text: string, start: number): Token {
  let folded = true;
  let i = start;
  for (; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (!isNamePart(c)) break;
    if (c <= 90 && c >= 65) folded = false;
  }
  const written = text.slice(start, i);
  return { kind: 'word', start, end: i, word: folded ? written : foldName(written) };
}

const basedNumber = /0(?:[xX][0-9a-fA-F_]*|[oO][0-7_]*|[bB][01_]*)/y;

function numberEnd(text: string, start: number): number {
  basedNumber.lastIndex = start;
  if (basedNumber.test(text)) return basedNumber.lastIndex;
  let i = start;
  let fraction = false;
  for (; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (isDigit(c) || c === 95) continue;
    if (c !== dot || fraction || text.charCodeAt(i + 1) === dot) break;
    fraction = true;
  }
  if ((text.charCodeAt(i) | 32) !== 101) return i;
  const sign = text.charAt(i + 1) === '+' || text.charAt(i + 1) === '-' ? 1 : 0;
  if (!isDigit(text.charCodeAt(i + 1 + sign))) return i;
  i += 2 + sign;
  while (i < text.length && (isDigit(text.charCodeAt(i)) || text.charCodeAt(i) === 95)) i++;
  return i;
}

function dollarToken(text: string, start: number, next: number): Token {
  let i = start + 1;
  if (isDigit(next)) {
    while (i < text.length && isDigit(text.charCodeAt(i))) i++;
    return token('param', start, i);
  }
  if (isNameStart(next)) while (i < text.length && isNamePart(text.charCodeAt(i)) && text.charCodeAt(i) !== dollar) i++;
  if (text.charCodeAt(i) !== dollar) return token('other', start, start + 1);
  const tag = text.slice(start, i + 1);
  const close = text.indexOf(tag, i + 1);
  return close < 0 ? { kind: 'string', start, end: text.length, word: '', open: true } : token('string', start, close + tag.length);
}

/** An operator ends before a comment; it may end in `+` or `-` only if it has one of the characters `~!@#%^&|`?`. */
function operatorToken(text: string, start: number): Token {
  let i = start + 1;
  for (; i < text.length && isOneOf(operatorCharacters, text.charCodeAt(i)); i++) {
    const c = text.charCodeAt(i);
    const d = text.charCodeAt(i + 1);
    if ((c === dash && d === dash) || (c === slash && d === star)) break;
  }
  if (i - start > 1 && /[+-]/.test(text.charAt(i - 1)) && !/[~!@#%^&|`?]/.test(text.slice(start, i - 1))) {
    while (i - start > 1 && /[+-]/.test(text.charAt(i - 1))) i--;
  }
  return { kind: 'operator', start, end: i, word: text.slice(start, i) };
}

import type { QuerySite } from '../../hosts/ir';
import { tokenize, type Token } from '../../sql/lexer';
import type { PlaceholderStyle } from '../../sql/source';
import { createTextMemo } from '../../text/textMemo';

const starts = /^\s*(?:(?:--[^\n]*(?:\n|$)|\/\*[^]*?\*\/)\s*)*\(*\s*(select|with|insert|update|delete|merge|values|table|create|alter|drop|truncate|begin|commit|rollback|start|savepoint|release|set|reset|show|explain|analyze|vacuum|copy|lock|refresh|reindex|cluster|grant|revoke|comment|listen|notify|unlisten|do|call|declare|fetch|close|prepare|execute|deallocate|discard)(?![\w-])/i;

/** Does the text begin like a statement? The weakest test: for arguments of calls that are known to send SQL. */
export const startsStatement = (text: string): boolean => starts.test(text);

/**
 * Is the text certainly SQL: a statement keyword in the place and with the company that SQL gives it? Prose such as
 * "Select a plan", "Delete from cart" or "Update set-up" is not.
 * @param holes places of the text (all blank) that the host fills: names and conditions may stand there.
 */
export function isCertainlySql(written: string, holes: readonly SqlSpanLike[] = []): boolean {
  const text = fillHoles(written, holes);
  const first = starts.exec(text)?.[1]?.toLowerCase();
  if (first === undefined) return false;
  const tokens = tokenize(text);
  const words = tokens.filter((token) => token.kind === 'word').map((token) => token.word);
  const at = (word: string): number => words.indexOf(word);
  switch (first) {
    case 'select': {
      const from = tokens.findIndex((token) => token.word === 'from');
      if (from < 0) return isBareSelect(tokens);
      const list = tokens.slice(tokens.findIndex((token) => token.word === 'select') + 1, from);
      // With a hole for the columns or the table, two words are left: prose has them too.
      const named = list.every((token) => !isFilled(token)) && !isFilled(tokens[from + 1]);
      return list.length > 0 && isSelectList(list) && isTableName(tokens[from + 1], tokens) && (looksStructured(tokens) || (named && tokens.length <= from + 3));
    }
    case 'insert':
      return at('into') === 1 && /\b(values|select|default)\b/i.test(text) && tokens.some((token) => token.word === '(' || token.word === 'select' || token.word === 'default');
    case 'update': {
      const set = tokens.findIndex((token) => token.word === 'set');
      return set >= 2 && set <= 8 && tokens.slice(set).some((token) => token.word === '=');
    }
    case 'delete':
      return at('from') === 1 && tokens.some((token) => token.word === 'where') && tokens.some((token) => token.kind === 'operator' || /^(in|is|like|between|exists|any)$/.test(token.word));
    case 'with':
      return tokens.some((token) => token.word === 'as') && tokens.some((token) => token.word === '(') && /\b(select|insert|update|delete)\b/i.test(text);
    case 'merge':
      return at('into') === 1 && at('using') > 0;
    case 'drop':
      return /^\s*drop\s+(materialized\s+)?(table|index|view|schema|sequence|type|extension|function|policy|trigger)\s+(if\s+exists\s+|concurrently\s+)*["\w.$]+(?!\w)(\s*,\s*["\w.$]+)*\s*(\(|on\b|;|$|cascade)/i.test(text);
    case 'create':
    case 'alter':
      return /^\s*(create|alter)\s+(or\s+replace\s+|unique\s+|temp(orary)?\s+|unlogged\s+|materialized\s+)*(table|index|view|schema|sequence|type|extension|function|policy|trigger)\s+(if\s+(not\s+)?exists\s+|concurrently\s+|only\s+)*["\w.$]+(?!\w)\s*(\(|on\b|as\b|add\b|drop\b|alter\b|rename\b|set\b|partition\s+of\b|;)/i.test(text) || /^\s*create\s+(schema|extension)\s+if\s+not\s+exists\s+["\w.$]+/i.test(text);
    case 'truncate':
    case 'refresh':
      return /^\s*(truncate\s+table|refresh\s+materialized\s+view)\s+["\w.]+/i.test(text);
    default:
      return false;
  }
}

interface SqlSpanLike {
  readonly start: number;
  readonly end: number;
}

/** Stands for what the host puts into the text: a name that nobody writes. */
const FILLER = 'zq';

function fillHoles(text: string, holes: readonly SqlSpanLike[]): string {
  let filled = text;
  for (const { start, end } of holes) if (end - start > FILLER.length && filled.slice(start, end).trim() === '') filled = filled.slice(0, start) + FILLER.padEnd(end - start, '_') + filled.slice(end);
  return filled;
}

const isFilled = (token: Token | undefined): boolean => token?.word.startsWith(`${FILLER}_`) ?? false;

/** `SELECT 1`, `SELECT now()`, `SELECT $1::int`: no table, yet nothing else. */
function isBareSelect(tokens: readonly Token[]): boolean {
  return tokens.slice(1).some((token) => token.word === '(' || token.kind === 'param' || token.word === '::') && !tokens.some((token) => token.kind === 'other');
}

/** Names, calls and commas; two words side by side only as `expression alias`. */
function isSelectList(list: readonly Token[]): boolean {
  let run = 0;
  for (const token of list) {
    if (token.kind === 'other' || token.kind === 'meta') return false;
    run = token.kind === 'word' && !/^(distinct|all|as|case|when|then|else|end|and|or|not|is|null|in|over|partition|by|order|filter|where|on|asc|desc|between|like|ilike|at|time|zone|from|interval|date|timestamp|cast|exists|select|array|coalesce|collate)$/.test(token.word) ? run + 1 : 0;
    if (run > 2) return false;
  }
  return true;
}

const articles = /^(a|an|the|your|our|this|that|these|those|my|all|any|list|among|between|below|above|one|multiple|several|various|existing|available|here|there|it|them)$/;

function isTableName(token: Token | undefined, tokens: readonly Token[]): boolean {
  // The slot of an interpolation leaves no token: the next one is a clause keyword or nothing.
  return token === undefined || token.kind === 'quoted' || token.word === '(' || (token.kind === 'word' && (!articles.test(token.word) || tokens.some((other) => other.kind === 'operator')));
}

/** Has the text anything that prose has not: punctuation of SQL, or clause keywords? */
function looksStructured(tokens: readonly Token[]): boolean {
  return tokens.some((token) => token.kind === 'param' || token.kind === 'operator' || token.kind === 'string' || token.word === '(') || tokens.some((token, index) => index > 0 && /^(where|join|limit|order|group|having|union|offset)$/.test(token.word));
}

/** What a statement does, by its keywords. Remembered by text. */
export const accessOf = createTextMemo(500_000, readAccess);

function readAccess(text: string): QuerySite['access'] {
  const first = starts.exec(text)?.[1]?.toLowerCase();
  if (first === undefined) return 'unknown';
  if (/^(insert|update|delete|merge|truncate|create|alter|drop|refresh|copy|grant|revoke)$/.test(first)) return 'write';
  if (first === 'with') return tokenize(text).some((token, index, all) => /^(insert|update|delete|merge)$/.test(token.word) && (all[index - 1]?.word === '(' || all[index - 1]?.word === ')')) ? 'write' : 'read';
  return /^(select|values|table|show|explain|fetch)$/.test(first) ? 'read' : 'unknown';
}

/** Does the statement give rows back? */
export const returnsRows = createTextMemo(500_000, (text): boolean => {
  const access = accessOf(text);
  return access === 'read' || (access === 'write' && tokenize(text).some((token) => token.word === 'returning'));
});

/** The placeholder style that a text of an unknown driver shows; `dollar` where it shows none. */
export function placeholderStyle(text: string): PlaceholderStyle {
  const tokens = tokenize(text);
  if (tokens.some((token) => token.kind === 'param')) return 'dollar';
  const bare = tokens.filter((token) => token.kind === 'string' || token.kind === 'quoted').reduce((rest, token) => rest.slice(0, token.start) + ' '.repeat(token.end - token.start) + rest.slice(token.end), text);
  if (/(^|[^\w$])\$[A-Za-z_]\w*(?![\w$])/.test(bare)) return 'dollar-name';
  const before = (index: number): string => tokens[index - 1]?.word ?? '';
  const touches = (index: number): boolean => tokens[index + 1]?.kind === 'word' && tokens[index + 1]?.start === tokens[index]?.end;
  for (const [index, token] of tokens.entries()) {
    if (token.word === ':' && touches(index) && before(index) !== ':' && before(index) !== '[') return 'colon';
    if (token.kind === 'operator' && token.word.endsWith('@') && touches(index) && token.word.length <= 2 && token.word !== '@@') return 'at';
    // After an operand a `?` is the jsonb operator, behind an operator, keyword or parenthesis a placeholder.
    if (token.kind === 'operator' && token.word.endsWith('?') && (token.word.length > 1 || /^(=|\(|,|in|like|ilike|limit|offset|values|and|or|between|then|else|<|>|<=|>=|<>|!=)$/.test(before(index)))) return 'question';
  }
  return 'dollar';
}

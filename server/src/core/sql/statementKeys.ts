import { tokenize, type Token } from './lexer';
import { nameOf, quoteIdentifier } from './names';

/*
 * By what a statement of the source and one that a server has counted are recognised as the same. Constants and
 * parameters count as equal, lists of them whatever their length, and so do layout and comments.
 */

/** What stands for a constant or a parameter. */
const SLOT = '$1';
const NOISE = new Set(['inner', 'outer']);
/** Words after which a minus belongs to the number behind it: Postgres replaces both by one parameter. */
const BEFORE_VALUE = new Set(['select', 'and', 'or', 'not', 'then', 'else', 'when', 'case', 'where', 'limit', 'offset', 'by', 'between', 'in', 'like', 'return', 'from', 'to', 'on', 'having', 'distinct']);

/** The statement's tokens in order: equal for a text as it stands in the code and as the server prints it. Never fails. */
export const exactKey = (sql: string): string => collapseLists(readItems(sql)).join(' ');

/**
 * For what a library writes otherwise than we rebuild it: Postgres' own fingerprint of a plainer text, with the words and
 * the number of constants beside it. The fingerprint alone is not enough: it takes `log_2024` for `log_2025`, `a.t` for
 * `b.t` and `f(1)` for `f(1, 2)`.
 * @param fingerprint Postgres' fingerprint of a text, undefined where it does not parse
 * @returns undefined where the plainer text does not parse
 */
export function looseKey(sql: string, fingerprint: (sql: string) => string | undefined): string | undefined {
  const plain = simplify(collapseLists(readItems(sql)));
  const print = fingerprint(plain.join(' '));
  if (print === undefined) return undefined;
  const words = [...new Set(plain.filter((item) => item !== 'as' && /^["a-z_\u0080-\uffff]|^\d/i.test(item)))].sort();
  return [print, plain.filter((item) => item === SLOT).length, ...words].join(' ');
}

/** The tokens as text: names folded and unquoted where they may be, constants and parameters as `$1`. */
function readItems(sql: string): string[] {
  const tokens = tokenize(sql);
  while (tokens.at(-1)?.word === ';') tokens.pop();
  const items: string[] = [];
  let depth = 0;
  /** Depth of the GROUP BY or ORDER BY that is being read: numbers in it name columns, and the server keeps them. */
  let positions: number | undefined;
  for (const [i, token] of tokens.entries()) {
    const { word } = token;
    if (word === '(') depth++;
    if (word === ')') depth--;
    if (positions !== undefined && (depth < positions || (depth === positions && token.kind === 'word' && CLAUSES.has(word)))) positions = undefined;
    if (word === 'by' && token.kind === 'word') positions = depth;
    if (NOISE.has(word) && token.kind === 'word') continue;
    const previous = items.at(-1);
    if (isConstant(token, tokens[i - 1]?.word, tokens[i - 2]?.word)) {
      const position = token.kind === 'number' && depth === positions && (previous === 'by' || previous === ',');
      if (previous === '-' && isUnary(items.at(-2))) items.pop();
      items.push(position ? sql.slice(token.start, token.end) : SLOT);
    } else {
      items.push(token.kind === 'word' || token.kind === 'punct' ? word : token.kind === 'quoted' ? quoteIdentifier(nameOf(sql, token)) : word === '!=' ? '<>' : sql.slice(token.start, token.end));
    }
  }
  return items;
}

const CLAUSES = new Set(['having', 'group', 'window', 'order', 'limit', 'offset', 'fetch', 'for', 'union', 'intersect', 'except', 'rows', 'range', 'groups', 'returning']);

/** `IS NULL` and its like are operators, not comparisons with a constant. */
function isConstant(token: Token, before: string | undefined, further: string | undefined): boolean {
  if (token.kind === 'string' || token.kind === 'number' || token.kind === 'param') return true;
  if (token.kind !== 'word' || !(token.word === 'null' || token.word === 'true' || token.word === 'false')) return false;
  return !(before === 'is' || (before === 'not' && (further === 'is' || token.word === 'null')));
}

const isUnary = (before: string | undefined): boolean =>
  before === undefined || BEFORE_VALUE.has(before) || /^[(,[]$/.test(before) || (/^[^\w"$)\]\u0080-\uffff]/.test(before) && before !== '.');

/** One item of what lists of constants repeat: `IN (…)`, `ARRAY[…]` and the rows of VALUES. */
function collapseLists(items: readonly string[]): string[] {
  const out: string[] = [];
  for (let i = 0; i < items.length; i++) {
    const item = items[i] ?? '';
    out.push(item);
    if ((item === '(' && items[i - 1] === 'in') || (item === '[' && items[i - 1] === 'array')) {
      const close = closing(items, i);
      const [first, ...rest] = splitList(items.slice(i + 1, close)).map(withoutCasts);
      if (!first || ![first, ...rest].every((element) => element.includes(SLOT) && element.every((part) => part === SLOT || /^[(),]$/.test(part)))) continue;
      out.push(...first);
      i = close - 1;
    } else if (item === 'values' && items[i + 1] === '(') {
      const rows = new Set<string>();
      let end = i + 1;
      for (let at = end; items[at] === '('; at = end + 1) {
        end = closing(items, at) + 1;
        rows.add(collapseLists(items.slice(at, end)).join(' '));
        if (items[end] !== ',') break;
      }
      out.push(...[...rows].join(' , ').split(' '));
      i = end - 1;
    }
  }
  return out;
}

/** Index of the bracket that closes the one at `open`; the end where none does. */
function closing(items: readonly string[], open: number): number {
  let depth = 0;
  for (let i = open; i < items.length; i++) {
    if (items[i] === '(' || items[i] === '[') depth++;
    else if ((items[i] === ')' || items[i] === ']') && --depth === 0) return i;
  }
  return items.length;
}

function splitList(items: readonly string[]): string[][] {
  const elements: string[][] = [[]];
  let depth = 0;
  for (const item of items) {
    if (item === '(' || item === '[') depth++;
    if (item === ')' || item === ']') depth--;
    if (item === ',' && depth === 0) elements.push([]);
    else elements.at(-1)?.push(item);
  }
  return elements;
}

/** `$1::timestamp with time zone` is `$1`: drivers tell the server the type of a parameter in this way. */
function withoutCasts(items: readonly string[]): string[] {
  const out: string[] = [];
  for (let i = 0; i < items.length; i++) {
    out.push(items[i] ?? '');
    while (out.at(-1) === SLOT && items[i + 1] === '::') i = typeEnd(items, i + 2) - 1;
  }
  return out;
}

/** Index behind the name of a type. */
function typeEnd(items: readonly string[], from: number): number {
  let i = from + 1;
  while (items[i] === '.') i += 2;
  if (/^(precision|varying)$/.test(items[i] ?? '')) i++;
  if (items[i] === '(') i = closing(items, i) + 1;
  if (/^(with|without)$/.test(items[i] ?? '') && items[i + 1] === 'time' && items[i + 2] === 'zone') i += 3;
  while (items[i] === '[') i = closing(items, i) + 1;
  return i;
}

/**
 * What libraries write otherwise than we rebuild it is brought to one form: the schema `public`, casts of parameters and
 * of a text before LIKE, patterns put together with `||`, conditions without a column (`1 = 1`), ASC, labels that only
 * repeat what they stand for, and Prisma's count over a subquery.
 */
function simplify(items: readonly string[]): string[] {
  const out: string[] = [];
  const all = withoutCountedSubquery(withoutCasts(items));
  for (let i = 0; i < all.length; i++) {
    const item = all[i] ?? '';
    const next = all[i + 1];
    if (item === 'asc') continue;
    if (item === 'public' && next === '.') i++;
    else if (item === '::' && next === 'text' && isLike(all[i + 2] === 'not' ? all[i + 3] : all[i + 2])) i++;
    else if (item === '||' && out.at(-1) === SLOT && next === SLOT) i++;
    else if (item === 'and' && isTruth(all, i + 1)) i += 3;
    else if (item === 'where' && isTruth(all, i + 1)) {
      if (all[i + 4] === 'and') out.push(item);
      i += all[i + 4] === 'and' ? 4 : 3;
    } else if (item === 'as' && next !== undefined && isPlainLabel(out, next)) i++;
    else out.push(item);
  }
  return out;
}

const isLike = (word: string | undefined): boolean => word === 'like' || word === 'ilike';

/** `$1 = $1`, and nothing that goes on with it. */
const isTruth = (items: readonly string[], at: number): boolean =>
  items[at] === SLOT && items[at + 1] === '=' && items[at + 2] === SLOT && (items[at + 3] === undefined || AFTER_CONDITION.has(items[at + 3] ?? ''));

const AFTER_CONDITION = new Set([...CLAUSES, 'and', ')']);

/** `orders.id AS orders_id` and `count(*) AS count_1` (SQLAlchemy), `COUNT(*) AS "_count$_all"` (Prisma). */
function isPlainLabel(before: readonly string[], label: string): boolean {
  if (before.at(-2) === '.') return label === `${before.at(-3)}_${before.at(-1)}`;
  if (before.at(-1) !== ')') return false;
  const open = opening(before);
  return label.replace(/_\d+$/, '') === before[open - 1] || label.startsWith(`_${before[open - 1]}$`);
}

/** Index of the bracket that the last item closes. */
function opening(items: readonly string[]): number {
  let depth = 0;
  for (let i = items.length - 1; i >= 0; i--) {
    if (items[i] === ')') depth++;
    else if (items[i] === '(' && --depth === 0) return i;
  }
  return 0;
}

/** `SELECT COUNT(*) FROM (SELECT id FROM t WHERE …) AS sub` counts the rows of `t`. */
function withoutCountedSubquery(items: readonly string[]): readonly string[] {
  const [from, open] = [items.indexOf('from'), items.indexOf('from') + 1];
  if (items[1] !== 'count' || items[open] !== '(' || items[open + 1] !== 'select' || items.slice(-3).join(' ') !== ') as sub' || closing(items, open) !== items.length - 3) return items;
  const inner = items.slice(open + 1, -3);
  const source = inner.indexOf('from');
  return source < 0 || inner.slice(0, source).includes('(') ? items : [...items.slice(0, from), ...inner.slice(source)];
}

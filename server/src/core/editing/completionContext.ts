import type { Catalog } from '../catalog/model';
import { endsOperand } from '../sql/holeForms';
import { tokenize, isNamePart, isNameStart } from '../sql/lexer';
import { TokenRanges } from '../sql/tokenRanges';
import { typedTokens } from './typedTokens';
import { blockAround, clauseAround, readScope, type ScopeBlock, type TokenScope } from './scope';

/** What may stand at a place in an SQL text. */
export type CompletionContext = {
  /** What is written of the name already: from here to `end` it is replaced. Offsets in the text. */
  readonly start: number;
  readonly end: number;
  /** The name is written in double quotes, and both of them are replaced. */
  readonly quoted: boolean;
  readonly scope: TokenScope;
} & (
  | { readonly wants: 'relation'; /** `schema.` before it. */ readonly schema?: string; readonly block: ScopeBlock | undefined }
  | { readonly wants: 'column'; readonly block: ScopeBlock; readonly place: ColumnPlace; /** `alias.` before it. */ readonly qualifier?: string }
  /** A column of one named table. */
  | { readonly wants: 'table-column'; readonly table: { readonly schema?: string; readonly name: string } }
);

/**
 * - `insert`: in the column list of INSERT; `written` are those there already · `assigned`: left of `=` in SET
 * - `conflict`: ON CONFLICT (…) · `on`: a join's condition, `joined` is the alias just joined · `using`
 * - `filter`: WHERE, HAVING · `order`: ORDER BY, GROUP BY · `value`: anywhere else that an expression may stand
 */
export type ColumnPlace =
  | { readonly kind: 'insert' | 'assigned'; readonly written: readonly string[] }
  | { readonly kind: 'on'; readonly joined?: number; /** Nothing is written of the condition yet. */ readonly empty: boolean }
  | { readonly kind: 'conflict' | 'using' | 'filter' | 'order' | 'value' };

/** Stands for the name that is being typed while the tokens around it are read. */
const MARK = 'zz_typed';

/**
 * Tells what may stand at `offset`. Undefined: nothing that the catalog knows (a literal, a comment, a keyword's or an
 * alias' place). Reads tokens only; the statement may be half-typed.
 * @param text one statement with its holes filled
 */
export function readContext(text: string, offset: number, catalog: Catalog | undefined): CompletionContext | undefined {
  const typed = typedName(text, offset);
  if (!typed) return undefined;
  const { start, end, quoted } = typed;
  const marked = `${text.slice(0, start)}${MARK}${/^[\w(]/.test(text.slice(end)) ? ' ' : ''}${text.slice(end)}`;
  const ranges = new TokenRanges(marked, typedTokens(marked));
  const at = ranges.indexAt(start);
  if (ranges.word(at) !== MARK) return undefined;
  const scope = readScope(ranges, catalog);
  const base = { start, end, quoted, scope };
  const before = ranges.word(at - 1);
  const qualifier = before === '.' ? nameBefore(ranges, at - 1) : undefined;
  if (before === '.' && qualifier === undefined) return undefined;
  const head = qualifier === undefined ? at : qualifier.from;
  const ddl = ddlPlace(ranges, head, at);
  if (ddl === 'relation') return { ...base, wants: 'relation', block: undefined, ...(qualifier ? { schema: qualifier.name } : {}) };
  if (ddl === 'none') return undefined;
  if (ddl) return { ...base, wants: 'table-column', table: ddl };
  const block = blockAround(scope, start);
  const clause = block && clauseAround(block, start);
  if (!block || !clause || start < clause.keyword.end) return undefined;
  if (wantsRelation(ranges, clause.name, head, ranges.inside(clause.body).from)) return { ...base, wants: 'relation', block, ...(qualifier ? { schema: qualifier.name } : {}) };
  const place = columnPlace(ranges, block, clause, head);
  return place && { ...base, wants: 'column', block, place, ...(qualifier ? { qualifier: qualifier.name } : {}) };
}

/** The name under the caret; undefined inside literals, comments and numbers. */
function typedName(text: string, offset: number): { readonly start: number; readonly end: number; readonly quoted: boolean } | undefined {
  const token = tokenize(text, { comments: true }).find(({ start, end, open, kind }) => start < offset && (offset < end || (offset === end && (open === true || kind === 'word' || kind === 'quoted' || kind === 'comment' || kind === 'number' || kind === 'param'))));
  if (!token || token.kind === 'punct' || token.kind === 'operator') return { start: offset, end: offset, quoted: false };
  if (token.kind === 'word') return { start: token.start, end: token.end, quoted: false };
  if (token.kind !== 'quoted') return undefined;
  // Not closed: the quotation ends with the name, not with the text.
  let end = offset;
  while (token.open && end < text.length && (isNamePart(text.charCodeAt(end)) || isNameStart(text.charCodeAt(end)))) end++;
  return { start: token.start, end: token.open ? end : token.end, quoted: true };
}

function nameBefore(ranges: TokenRanges, dot: number): { readonly from: number; readonly name: string } | undefined {
  const token = ranges.tokens[dot - 1];
  if (token?.kind !== 'word' && token?.kind !== 'quoted') return undefined;
  let from = dot - 1;
  while (ranges.word(from - 1) === '.') from -= 2;
  const written = ranges.text.slice(token.start, token.end);
  return { from, name: token.kind === 'quoted' ? written.slice(1, -1).replaceAll('""', '"') : token.word };
}

/** In FROM and its kind: at the head of an item. */
function wantsRelation(ranges: TokenRanges, clause: string, head: number, first: number): boolean {
  const before = ranges.word(head - 1);
  if (clause === 'from' || clause === 'using') {
    if (before === ',' && insideParenthesis(ranges, first, head)) return false;
    return head === first || /^(?:join|,|only|lateral)$/.test(before) || (before === '(' && /^(?:from|join|,|\()$/.test(ranges.word(head - 2)));
  }
  return /^(?:insert|update|delete|merge)$/.test(clause) && (head === first || (head === first + 1 && before === 'only'));
}

function insideParenthesis(ranges: TokenRanges, from: number, at: number): boolean {
  let depth = 0;
  for (let i = from; i < at; i++) depth += ranges.word(i) === '(' ? 1 : ranges.word(i) === ')' ? -1 : 0;
  return depth > 0;
}

type Clause = NonNullable<ReturnType<typeof clauseAround>>;

function columnPlace(ranges: TokenRanges, block: ScopeBlock, clause: Clause, head: number): ColumnPlace | undefined {
  const before = ranges.tokens[head - 1];
  const body = ranges.inside(clause.body);
  const open = openBracket(ranges, body.from, head);
  if (clause.name === 'insert') return open === undefined || !/^(?:\(|,)$/.test(before?.word ?? '') ? undefined : { kind: 'insert', written: listed(ranges, open, head) };
  if (clause.name === 'set' && isAssignment(ranges, body.from, head)) return { kind: 'assigned', written: assigned(ranges, body, head) };
  if (clause.name === 'with' || clause.name === 'limit' || clause.name === 'offset' || clause.name === 'fetch' || clause.name === 'for' || clause.name === 'window' || clause.name === 'values') return undefined;
  if (clause.name === 'conflict') return open !== undefined && /^(?:\(|,)$/.test(before?.word ?? '') ? { kind: 'conflict' } : undefined;
  if (before?.word === 'as' || before?.word === '::' || before?.word === 'over') return undefined;
  const afterDistinctOn = before?.word === ')' && ranges.word((ranges.partnerOf(head - 1) ?? 0) - 2) === 'distinct';
  if (endsOperand(before) && !afterDistinctOn && !/^(?:on|distinct|all|by)$/.test(before?.word ?? '')) return undefined;
  if (clause.name === 'from' || clause.name === 'using') {
    if (open !== undefined && ranges.word(open - 1) === 'using') return { kind: 'using' };
    const on = lastOn(ranges, body.from, head);
    if (on === undefined) return open === undefined ? undefined : { kind: 'value' };
    const joined = block.relations.findLastIndex((relation) => relation.at.to <= on && relation.alias !== 'excluded');
    return { kind: 'on', empty: on === head - 1 || (ranges.word(head - 1) === 'and'), ...(joined < 0 ? {} : { joined }) };
  }
  if (clause.name === 'where' || clause.name === 'having') return { kind: 'filter' };
  if (clause.name === 'order' || clause.name === 'group') return { kind: 'order' };
  return { kind: 'value' };
}

/** The bracket around a token, not before `from`. */
function openBracket(ranges: TokenRanges, from: number, at: number): number | undefined {
  let depth = 0;
  for (let i = at - 1; i >= from; i--) {
    if (ranges.word(i) === ')') depth++;
    else if (ranges.word(i) === '(' && depth-- === 0) return i;
  }
  return undefined;
}

/** The ON of the join at hand, where the place belongs to its condition. */
function lastOn(ranges: TokenRanges, from: number, at: number): number | undefined {
  for (let i = at - 1; i >= from; i--) {
    const word = ranges.tokens[i]?.kind === 'word' || ranges.word(i) === ',' ? ranges.word(i) : '';
    if (word === 'on') return i;
    if (word === 'join') return undefined;
  }
  return undefined;
}

const listed = (ranges: TokenRanges, open: number, typed: number): readonly string[] =>
  ranges.splitList(ranges.insideBracket(open)).flatMap((piece) => (piece.from === typed || piece.from >= piece.to ? [] : [ranges.text.slice(ranges.tokens[piece.from]?.start, ranges.tokens[piece.from]?.end).replace(/^"|"$/g, '')]));

function isAssignment(ranges: TokenRanges, from: number, head: number): boolean {
  if (head === from) return true;
  const before = ranges.word(head - 1);
  const open = openBracket(ranges, from, head);
  if (open === undefined) return before === ',';
  return /^(?:\(|,)$/.test(before) && (open === from || ranges.word(open - 1) === ',');
}

const assigned = (ranges: TokenRanges, body: { readonly from: number; readonly to: number }, typed: number): readonly string[] =>
  ranges.splitList(body).flatMap((piece) => (piece.from === typed || ranges.word(piece.from + 1) !== '=' ? [] : [ranges.text.slice(ranges.tokens[piece.from]?.start, ranges.tokens[piece.from]?.end).replace(/^"|"$/g, '')]));

/** What a DDL statement wants at a token; undefined: the place is in a query. */
function ddlPlace(ranges: TokenRanges, head: number, typed: number): 'relation' | 'none' | { readonly schema?: string; readonly name: string } | undefined {
  const first = ranges.word(0);
  if (!/^(?:create|alter|drop|truncate|comment|grant|revoke|lock|copy|analyze|vacuum|refresh|reindex|cluster)$/.test(first)) return undefined;
  const before = ranges.word(head - 1) === 'only' ? ranges.word(head - 2) : ranges.word(head - 1);
  if (before === 'references') return 'relation';
  const open = openBracket(ranges, 1, head);
  if (open !== undefined) {
    const table = tableBefore(ranges, open);
    if (table && typed === head && (/^(?:\(|,)$/.test(before) || !endsOperand(ranges.tokens[head - 1]))) return table;
  }
  const names = first === 'create' ? before === 'on' && /\b(?:index|trigger|policy|rule)\b/i.test(ranges.text.slice(0, ranges.tokens[head - 1]?.start)) : false;
  if (names) return 'relation';
  if (/^(?:alter|drop|truncate|comment|lock|analyze|vacuum|refresh|reindex|cluster|copy)$/.test(first) && isRelationHead(ranges, first, head)) return 'relation';
  if (first === 'comment' && ranges.word(2) === 'column' && head === 3) return typed === head ? 'relation' : { name: ranges.word(3), ...(typed - head > 2 ? { schema: ranges.word(3), name: ranges.word(5) } : {}) };
  if (first === 'alter' && /^(?:column|drop|alter|rename)$/.test(before) && typed === head) {
    const kind = ranges.word(1) === 'table' ? 2 : undefined;
    let at = kind ?? 0;
    while (/^(?:if|exists|only)$/.test(ranges.word(at))) at++;
    return kind === undefined ? 'none' : nameFrom(ranges, at);
  }
  return first === 'create' && ranges.findTop(ranges.whole, (word) => word === 'as') !== undefined ? undefined : 'none';
}

function isRelationHead(ranges: TokenRanges, first: string, head: number): boolean {
  let at = 1;
  while (at < head && /^(?:table|view|materialized|concurrently|if|exists|only|on|verbose|full|foreign)$/.test(ranges.word(at))) at++;
  const kindNamed = first === 'truncate' || first === 'lock' || first === 'analyze' || first === 'vacuum' || first === 'copy' || first === 'refresh' || first === 'cluster' || /^(?:table|view)$/.test(ranges.word(1)) || /^(?:table|view)$/.test(ranges.word(2));
  return at === head && kindNamed;
}

/** `ON t [USING m] (`, `REFERENCES t (`, `COPY t (`. */
function tableBefore(ranges: TokenRanges, open: number): { readonly schema?: string; readonly name: string } | undefined {
  let last = open - 1;
  if (ranges.word(last - 1) === 'using') last -= 2;
  if (ranges.tokens[last]?.kind !== 'word' && ranges.tokens[last]?.kind !== 'quoted') return undefined;
  let from = last;
  while (ranges.word(from - 1) === '.') from -= 2;
  return /^(?:on|only|references|copy)$/.test(ranges.word(from - 1)) ? nameFrom(ranges, from) : undefined;
}

function nameFrom(ranges: TokenRanges, from: number): { readonly schema?: string; readonly name: string } {
  const read = (i: number): string => {
    const token = ranges.tokens[i];
    return token ? (token.kind === 'quoted' ? ranges.text.slice(token.start + 1, token.end - 1).replaceAll('""', '"') : token.word) : '';
  };
  return ranges.word(from + 1) === '.' ? { schema: read(from), name: read(from + 2) } : { name: read(from) };
}

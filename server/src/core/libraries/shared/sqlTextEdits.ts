import { quoteIdentifier } from '../../sql/names';
import type { QuerySite } from '../../hosts/ir';
import { findBlocks, type BlockRange, type ClauseRange } from '../../sql/clauses';
import { tokenize, type Token } from '../../sql/lexer';
import type { ClauseName } from '../../sql/model';
import type { Edit } from '../../text/edit';
import { toHostEditSpan } from '../../text/segmentMap';
import { hostSpan, sqlSpan, spanText, type SqlSpan } from '../../text/span';
import type { PredicateRequest } from '../adapter';

/** A statement of one query block, clause by clause; offsets as in the site's text. */
export interface TextClauses {
  readonly text: string;
  readonly tokens: readonly Token[];
  find(name: ClauseName): ClauseRange | undefined;
}

/** @returns undefined for a statement of several blocks or whose text is unknown. */
export function readTextClauses(site: QuerySite): TextClauses | undefined {
  const { source } = site;
  if (!source) return undefined;
  // Slots are blanks: a name of the same length in their place keeps clauses that end in one whole.
  let text = source.text;
  for (const { span } of source.interpolations) text = text.slice(0, span.start) + 'h'.repeat(span.end - span.start) + text.slice(span.end);
  const tokens = tokenize(text);
  const blocks: readonly BlockRange[] = findBlocks(tokens);
  const [block] = blocks;
  if (!block || blocks.length !== 1) return undefined;
  return { text, tokens, find: (name) => block.clauses.find((clause) => clause.name === name) };
}

/** Highest `$n` of a text; 0 without one. */
export const highestPlaceholder = (text: string): number => Math.max(0, ...tokenize(text).filter((token) => token.kind === 'param').map((token) => Number(text.slice(token.start + 1, token.end))));

/** An edit of the SQL text in the document; undefined where the text does not stand there. */
export function textEdit(site: QuerySite, uri: string, start: number, end: number, text: string): Edit | undefined {
  const span = toHostEditSpan(site.map, sqlSpan(start, end));
  if (span) return { uri, span, text };
  // In a tagged template text may be put right behind `${…}`, which a slot covers with its braces.
  const slot = start === end && site.source?.placeholders === 'none' ? site.map.segments.find((segment) => segment.kind === 'hole' && segment.uri === undefined && segment.sql.end === start) : undefined;
  return slot && { uri, span: hostSpan(slot.host.end, slot.host.end), text };
}

/** End of the part before GROUP BY, ORDER BY, LIMIT: where WHERE ends or would stand. */
export function filterEnd(clauses: TextClauses): number | undefined {
  return (clauses.find('where') ?? clauses.find('using') ?? clauses.find('from') ?? clauses.find('set') ?? clauses.find('delete'))?.span.end;
}

/** True when a condition ends in a top-level OR chain: it needs parentheses before AND is added. */
export function hasTopLevelOr(clauses: TextClauses, body: SqlSpan): boolean {
  let depth = 0;
  return clauses.tokens.some((token) => {
    if (token.start < body.start || token.end > body.end) return false;
    if (token.word === '(') depth++;
    if (token.word === ')') depth--;
    return depth === 0 && token.word === 'or';
  });
}

/** Adds `column = value` to the statement's WHERE, qualified where several relations are read. */
export function addConditionEdits(site: QuerySite, request: PredicateRequest, value: string): readonly Edit[] | undefined {
  const clauses = readTextClauses(site);
  const end = clauses && filterEnd(clauses);
  if (!clauses || end === undefined) return undefined;
  const name = relationName(clauses, request.table);
  if (name === undefined) return undefined;
  const condition = `${name === '' ? '' : `${name}.`}${quoteIdentifier(request.column)} = ${value}`;
  const where = clauses.find('where');
  if (!where) return all([textEdit(site, request.uri, end, end, `${lineBreak(clauses)}WHERE ${condition}`)]);
  const and = `${lineBreak(clauses)}${lineBreak(clauses) === ' ' ? '' : '  '}AND ${condition}`;
  return hasTopLevelOr(clauses, where.body)
    ? all([textEdit(site, request.uri, where.body.start, where.body.start, '('), textEdit(site, request.uri, where.body.end, where.body.end, `)${and}`)])
    : all([textEdit(site, request.uri, where.body.end, where.body.end, and)]);
}

/** All edits or none. */
export function all(edits: readonly (Edit | undefined)[]): readonly Edit[] | undefined {
  return edits.every((edit) => edit !== undefined) ? edits : undefined;
}

/** What a new clause begins with: a line of its own where FROM has one. */
export function lineBreak(clauses: TextClauses): string {
  const keyword = clauses.find('from')?.keyword;
  if (!keyword) return ' ';
  const lineStart = clauses.text.lastIndexOf('\n', keyword.start - 1) + 1;
  const indent = clauses.text.slice(lineStart, keyword.start);
  if (lineStart === 0 || !/^[ \t]*$/.test(indent)) return ' ';
  return (clauses.text[lineStart - 2] === '\r' ? '\r\n' : '\n') + indent;
}

/**
 * How the table's columns are qualified in the statement: its alias or name where several relations are read, else
 * empty. Undefined when the table is not there exactly once.
 */
function relationName(clauses: TextClauses, table: string): string | undefined {
  const from = clauses.find('from') ?? clauses.find('update') ?? clauses.find('delete');
  if (!from) return undefined;
  const wanted = table.split('.').at(-1) ?? table;
  const tokens = clauses.tokens.filter((token) => token.start >= from.body.start && token.end <= from.body.end);
  const nameOf = (token: Token | undefined): string | undefined => (token?.kind === 'word' ? token.word : token?.kind === 'quoted' ? spanText(clauses.text, token).slice(1, -1) : undefined);
  const at = tokens.flatMap((token, index) => (nameOf(token) === wanted && tokens[index + 1]?.word !== '.' && !/^(on|and|or|=)$/.test(tokens[index - 1]?.word ?? '') ? [index] : []));
  const [index] = at;
  if (index === undefined || at.length !== 1) return undefined;
  const several = tokens.some((token) => token.word === 'join' || token.word === ',') || clauses.find('using') !== undefined || (clauses.find('update') !== undefined && clauses.find('from') !== undefined);
  if (!several) return '';
  const next = tokens[index + 1];
  const alias = next?.word === 'as' ? tokens[index + 2] : next;
  const reserved = /^(join|inner|left|right|full|cross|natural|on|using|where|tablesample|set|lateral)$/;
  const token = alias && nameOf(alias) !== undefined && !reserved.test(alias.word) ? alias : tokens[index];
  return token && spanText(clauses.text, token);
}

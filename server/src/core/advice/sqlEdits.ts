import type { QuerySite } from '../hosts/ir';
import type { QueryBlock, StatementModel } from '../sql/model';
import type { Edit } from '../text/edit';
import { toHostEditSpan } from '../text/segmentMap';
import { coverHoles } from './holes';
import { sqlSpan, spanText, type SqlSpan } from '../text/span';

/** A change of one statement's text, before it is brought into the document. */
export interface SqlEdit {
  readonly span: SqlSpan;
  readonly text: string;
}

/** Brings SQL edits into the document; undefined when one of them lands in text that does not stand in the source. */
export function toHostEdits(site: QuerySite, uri: string, edits: readonly SqlEdit[]): readonly Edit[] | undefined {
  const result: Edit[] = [];
  for (const edit of edits) {
    const span = toHostEditSpan(site.map, edit.span);
    if (!span) return undefined;
    result.push({ uri, span, text: edit.text });
  }
  return result;
}

const insertion = (at: number, text: string): SqlEdit => ({ span: sqlSpan(at, at), text });

/** Blank and keyword that start a new clause: on a line of its own where the block's clauses stand so. */
function separator(text: string, block: QueryBlock): string {
  const keyword = block.clauses.from?.keyword ?? block.clauses.select?.keyword;
  if (!keyword || !block.clauses.from) return ' ';
  const lineStart = text.lastIndexOf('\n', keyword.start - 1) + 1;
  const indent = text.slice(lineStart, keyword.start);
  if (lineStart === 0 || !/^[ \t]*$/.test(indent)) return ' ';
  return (text[lineStart - 2] === '\r' ? '\r\n' : '\n') + indent;
}

/** End of the part of the block that comes before GROUP BY, ORDER BY, LIMIT …: where a WHERE clause ends or would stand. */
function filterEnd(model: StatementModel, block: QueryBlock): number | undefined {
  const clause = block.clauses.where ?? block.clauses.using ?? block.clauses.from ?? block.clauses.set ?? block.clauses.delete;
  return clause && coverHoles(model, clause.span).end;
}

/**
 * Adds a condition to the block's WHERE clause, or a WHERE clause. A top-level OR is put in parentheses first.
 * @returns undefined for blocks that can have no WHERE here (VALUES, set operations).
 */
export function addCondition(model: StatementModel, block: QueryBlock, condition: string): readonly SqlEdit[] | undefined {
  if (block.kind !== 'select' && block.kind !== 'update' && block.kind !== 'delete') return undefined;
  const end = filterEnd(model, block);
  if (end === undefined) return undefined;
  const where = block.clauses.where;
  const blank = separator(model.text, block);
  if (!where) return [insertion(end, `${blank}WHERE ${condition}`)];
  const conjuncts = block.conjuncts.filter((c) => c.clause === 'where');
  const bare = conjuncts.length === 1 && conjuncts[0]?.operator === 'or' && !isParenthesised(model.text, where.body);
  const and = `${blank === ' ' ? ' ' : `${blank}  `}AND ${condition}`;
  return bare ? [insertion(where.body.start, '('), insertion(end, `)${and}`)] : [insertion(end, and)];
}

/** True when one pair of parentheses encloses the whole text. */
function isParenthesised(text: string, span: SqlSpan): boolean {
  const inner = spanText(text, span).trim();
  if (!inner.startsWith('(') || !inner.endsWith(')')) return false;
  let depth = 0;
  for (let i = 0; i < inner.length; i++) {
    if (inner[i] === '(') depth++;
    else if (inner[i] === ')' && --depth === 0) return i === inner.length - 1;
  }
  return false;
}

/** Appends `keys` (`id DESC`) to the ORDER BY, or adds one. Undefined where the block has no place for it. */
export function addOrderKeys(model: StatementModel, block: QueryBlock, keys: readonly string[]): readonly SqlEdit[] | undefined {
  if (keys.length === 0) return [];
  const last = block.orderBy.at(-1);
  if (last) return [insertion(coverHoles(model, last.span).end, `, ${keys.join(', ')}`)];
  const { having, group, window } = block.clauses;
  const end = (window ?? having ?? group)?.span.end ?? filterEnd(model, block);
  return end === undefined ? undefined : [insertion(end, `${separator(model.text, block)}ORDER BY ${keys.join(', ')}`)];
}

/** Removes a clause with the blank before it (after it, where it starts the text). */
export function removeClause(model: StatementModel, span: SqlSpan): SqlEdit {
  const { text } = model;
  const clause = coverHoles(model, span);
  let start: number = clause.start;
  // The blanks of a filler are not blanks of the source.
  const floor = Math.max(0, ...model.holes.filter((hole) => hole.span.end <= clause.start).map((hole) => hole.span.end));
  while (start > floor && /\s/.test(text[start - 1] ?? '')) start--;
  if (/--[^\n]*$/.test(text.slice(0, start))) start = clause.start;
  return { span: sqlSpan(start, clause.end), text: '' };
}

import { renderAfter } from '../../advice/keyset';
import type { QuerySite } from '../../hosts/ir';
import type { Edit } from '../../text/edit';
import { spanText } from '../../text/span';
import type { KeysetRequest, PredicateRequest } from '../adapter';
import { addConditionEdits, all, filterEnd, hasTopLevelOr, lineBreak, readTextClauses, textEdit, type TextClauses } from '../shared/sqlTextEdits';

/** `` AND column = ${value} `` in the tag's own text. */
export function addTagPredicate(site: QuerySite, request: PredicateRequest): readonly Edit[] | undefined {
  return site.source?.placeholders === 'none' ? addConditionEdits(site, request, `\${${request.value}}`) : undefined;
}

/**
 * Replaces OFFSET by a fragment that is there from the second page on:
 * `` ${after ? sql`AND (created_at, id) < (${after.created_at}, ${after.id})` : sql``} ``.
 * Undefined where a key may be NULL or is not among the selected columns.
 */
export function toTagKeyset(site: QuerySite, request: KeysetRequest): readonly Edit[] | undefined {
  const clauses = site.source?.placeholders === 'none' ? readTextClauses(site) : undefined;
  const offset = clauses?.find('offset');
  const end = clauses && filterEnd(clauses);
  if (!clauses || !offset || end === undefined || request.keys.some((key) => key.nullable)) return undefined;
  if (!selects(clauses, request.keys.map((key) => bareName(key.column)))) return undefined;
  const tag = spanText(request.text, site.anchor);
  const values = request.keys.map((key) => `\${${property(request.cursor, bareName(key.column))}}`);
  const after = renderAfter(request.keys.map((key) => ({ ...key, sql: key.column, nullsFirst: key.descending, type: '' })), values);
  const where = clauses.find('where');
  const blank = lineBreak(clauses);
  const fragment = `${blank}\${${request.cursor} ? ${tag}\`${where ? 'AND' : 'WHERE'} ${after}\` : ${tag}\`\`}`;
  const edits: (Edit | undefined)[] = [];
  if (where && hasTopLevelOr(clauses, where.body)) edits.push(textEdit(site, request.uri, where.body.start, where.body.start, '('), textEdit(site, request.uri, end, end, `)${fragment}`));
  else edits.push(textEdit(site, request.uri, end, end, fragment));
  const added = request.keys.filter((key) => key.added).map((key) => key.column + (key.descending ? ' DESC' : '')).join(', ');
  if (added !== '') {
    const order = clauses.find('order');
    const at = order?.body.end ?? (clauses.find('having') ?? clauses.find('group'))?.span.end ?? end;
    edits.push(textEdit(site, request.uri, at, at, order ? `, ${added}` : `${blank}ORDER BY ${added}`));
  }
  let start: number = offset.span.start;
  while (start > 0 && /\s/.test(clauses.text[start - 1] ?? '')) start--;
  edits.push(textEdit(site, request.uri, start, offset.span.end, ''));
  return all(edits);
}

const bareName = (column: string): string => (column.split('.').at(-1) ?? column).replace(/^"|"$/g, '');

const property = (object: string, name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? `${object}.${name}` : `${object}[${JSON.stringify(name)}]`);

/** Do the selected columns hold these names, so that the last row gives the next page's start? */
function selects(clauses: TextClauses, names: readonly string[]): boolean {
  const list = clauses.find('select');
  if (!list) return false;
  const tokens = clauses.tokens.filter((token) => token.start >= list.body.start && token.end <= list.body.end);
  if (tokens.some((token, index) => token.word === '*' && (index === 0 || tokens[index - 1]?.word === ','))) return true;
  return names.every((name) => tokens.some((token, index) => (token.word === name || spanText(clauses.text, token) === `"${name}"`) && (index === tokens.length - 1 || tokens[index + 1]?.word === ',')));
}

import { tokenize, type TokenKind } from '../../server/src/core/sql/lexer';
import { isReserved } from '../../server/src/core/sql/names';
import { element } from './dom';

/** Longer texts stay plain: each coloured word is an element. */
const MAX_COLOURED = 60_000;
const CLASSES: Partial<Readonly<Record<TokenKind, string>>> = { comment: 'sql-comment', string: 'sql-string' };
/** Words that begin or join clauses and are names nowhere, though Postgres does not reserve them. */
const CLAUSES = /^(?:by|insert|update|delete|merge|set|values|with|recursive|over|partition|filter|within|returns|begin|commit|explain|analyze|between|exists|next|rows|row|range|nulls|first|last|coalesce)$/;

/** SQL with its keywords, literals and comments told apart. */
export function highlightSql(sql: string): readonly (Node | string)[] {
  if (sql.length > MAX_COLOURED) return [sql];
  const parts: (Node | string)[] = [];
  let at = 0;
  for (const token of tokenize(sql, { comments: true })) {
    const name = token.kind === 'word' ? (isReserved(token.word) || CLAUSES.test(token.word) ? 'sql-keyword' : undefined) : CLASSES[token.kind];
    if (name === undefined) continue;
    parts.push(sql.slice(at, token.start), element('span', { class: name }, sql.slice(token.start, token.end)));
    at = token.end;
  }
  return [...parts, sql.slice(at)];
}

/** A plan in EXPLAIN's text form: kinds of nodes stand out, and the planner's figures step back. */
export function highlightPlan(text: string): readonly (Node | string)[] {
  if (text.length > MAX_COLOURED) return [text];
  return text.split('\n').flatMap((line, index): readonly (Node | string)[] => {
    const [, indent = '', name = '', estimate = '', rest = ''] = /^(\s*(?:->\s+)?)(\S.*?)(\s+\(cost=[^)]*\))(.*)$/.exec(line) ?? [];
    const end = index > 0 ? '\n' : '';
    return name === '' ? [`${end}${line}`] : [`${end}${indent}`, element('b', {}, name), element('span', { class: 'dim' }, estimate), rest];
  });
}

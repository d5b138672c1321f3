import { sqlSpan, type SqlSpan } from '../../text/span';

/**
 * The items of the only row after VALUES, from the SQL text.
 * @param from offset behind the keyword.
 * @returns undefined when there is more than one row, or the text is not a list in parentheses.
 */
export function valueItems(sql: string, from: number): { readonly spans: readonly SqlSpan[]; readonly end: SqlSpan['end'] } | undefined {
  const open = /^\s*\(/.exec(sql.slice(from));
  if (!open) return undefined;
  const spans: SqlSpan[] = [];
  let depth = 1;
  let start = from + open[0].length;
  for (let i = start; i < sql.length; i++) {
    const c = sql[i] ?? '';
    if (c === "'" || c === '"') {
      const end = sql.indexOf(c, i + 1);
      if (end < 0) return undefined;
      i = end;
    } else if (c === '(' || c === '[') depth++;
    else if (c === ')' || c === ']') depth--;
    if (depth === 0 || (c === ',' && depth === 1)) {
      spans.push(trimmed(sql, start, i));
      start = i + 1;
    }
    if (depth === 0) return /^\s*,/.test(sql.slice(i + 1)) ? undefined : { spans, end: sqlSpan(i + 1, i + 1).end };
  }
  return undefined;
}

/** Without blanks at both ends. A hole's slot is made of blanks: an item of nothing else stays whole. */
function trimmed(sql: string, start: number, end: number): SqlSpan {
  const text = sql.slice(start, end);
  if (text.trim() === '') return sqlSpan(start + (text.length > 10 ? text.length - 10 : 0), end);
  return sqlSpan(start + (text.length - text.trimStart().length), end - (text.length - text.trimEnd().length));
}

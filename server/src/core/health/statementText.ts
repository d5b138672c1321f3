import { tokenize } from '../sql/lexer';

/**
 * A statement of another session or of the server's counters, for people: constants as `?` (they are the application's
 * data, and a report is passed on), comments left out, on one line, cut at `length` characters.
 */
export function hideConstants(sql: string, length = 160): string {
  let out = '';
  let end = 0;
  for (const token of tokenize(sql)) {
    if (token.start > end && out !== '') out += ' ';
    out += token.kind === 'string' || token.kind === 'number' ? '?' : sql.slice(token.start, token.end);
    end = token.end;
    if (out.length > length) return `${out.slice(0, length - 1)}…`;
  }
  return out;
}

import type { SegmentMap } from '../text/segmentMap';
import type { HostSpan } from '../text/span';

/**
 * How the string is written that SQL text stands in: which characters need an escape there.
 * `none`: in no string (an SQL file) or in a raw one, where there are no escapes.
 */
export type HostQuotes = 'none' | "'" | '"' | '`' | '"""' | "'''" | 'verbatim';

/** The quotes of the string around a span of SQL text, told by the characters before the string's first text. */
export function hostStringAt(text: string, map: SegmentMap, span: HostSpan): HostQuotes {
  const own = map.segments.filter(({ uri }) => uri === undefined).sort((a, b) => a.host.start - b.host.start);
  let index = own.findLastIndex(({ host }) => host.start <= span.start);
  if (index < 0) index = 0;
  // Parts of one literal follow each other; an interpolation's braces stand between them.
  while (index > 0) {
    const gap = text.slice(own[index - 1]?.host.end, own[index]?.host.start);
    if (own[index - 1]!.host.end > own[index]!.host.start || !/^(?:|\}|\$\{|\{|#\{|\}\$\{|![rsa]\}|:[^}'"]*\})$/.test(gap)) break;
    index--;
  }
  let at = (own[index]?.host.start ?? span.start) - 1;
  while (at >= 0 && /[\s{$#]/.test(text.charAt(at))) at--;
  // Escaped line ends before the statement.
  while (/\\[nrt]$/.test(text.slice(Math.max(0, at - 1), at + 1))) {
    at -= 2;
    while (at >= 0 && /\s/.test(text.charAt(at))) at--;
  }
  const quote = text.charAt(at);
  const triple = text.slice(Math.max(0, at - 2), at + 1);
  const prefix = (length: number): string => /[A-Za-z@$#]*$/.exec(text.slice(Math.max(0, at - length - 4), at - length + 1))?.[0] ?? '';
  if (triple === '"""' || triple === "'''") return /r/i.test(prefix(3)) ? 'none' : triple;
  if (quote === '"' && prefix(1).includes('@')) return 'verbatim';
  if (quote === '"' && /r#*$/.test(prefix(1))) return 'none';
  if (quote === "'" || quote === '"') return /^[bf]?r[bf]?$/i.test(prefix(1)) ? 'none' : quote;
  return quote === '`' ? '`' : 'none';
}

/** SQL text as it is written in such a string; undefined: it cannot be written there. */
export function writeInHost(sql: string, quotes: HostQuotes): string | undefined {
  switch (quotes) {
    case 'none': return sql;
    case 'verbatim': return sql.replaceAll('"', '""');
    case '`': return sql.replaceAll(/[\\`]|\$\{/g, (found) => `\\${found}`);
    case '"""': return sql.replaceAll('\\', '\\\\').replaceAll('"""', '\\"\\"\\"');
    case "'''": return sql.replaceAll('\\', '\\\\').replaceAll("'''", "\\'\\'\\'");
    default: return sql.replaceAll(/[\\'"]/g, (found) => (found === '\\' || found === quotes ? `\\${found}` : found));
  }
}

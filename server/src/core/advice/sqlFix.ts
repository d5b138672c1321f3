import type { QuerySite } from '../hosts/ir';
import type { Fix, FixKind, StatementContext } from '../lint/rule';
import { toHostEdits, type SqlEdit } from './sqlEdits';

/**
 * A fix that changes the statement's text where it stands. Empty where it is built by calls, where an edit lands in text that
 * is not written there, or where new text would end or change the literal of the host that holds it.
 */
export function sqlFix(context: StatementContext, title: string, kind: FixKind, edits: readonly SqlEdit[] | undefined): readonly Fix[] {
  const { site, file, text } = context;
  if (!edits || edits.length === 0 || site.chain.length > 0 || !site.source) return [];
  const placed = toHostEdits(site, file.uri, edits);
  if (!placed || (site.library !== 'sql' && placed.some((edit) => !fitsLiteral(text, site, edit.span.start, edit.text)))) return [];
  return [{ title, kind, edits: placed }];
}

/** May this be written into the host's literal at `at` as it is? */
function fitsLiteral(text: string, site: QuerySite, at: number, inserted: string): boolean {
  if (/[\\{}%]/.test(inserted)) return false;
  if (!/['"`\n]/.test(inserted)) return true;
  const quote = openingQuote(text, site, at);
  return quote !== undefined && !inserted.includes(quote[0] ?? '') && (quote === '`' || quote.length === 3 || !inserted.includes('\n'));
}

/** What opens the literal that holds the offset; undefined where that is not plain to see. */
function openingQuote(text: string, { map }: QuerySite, at: number): string | undefined {
  const own = map.segments.filter((s) => s.uri === undefined).sort((a, b) => a.host.start - b.host.start);
  let i = own.findIndex((s) => s.host.start <= at && at <= s.host.end);
  while (i > 0 && /^[${} ]{0,3}$/.test(text.slice(own[i - 1]?.host.end, own[i]?.host.start))) i--;
  const start = own[i]?.host.start ?? 0;
  const triple = text.slice(start - 3, start);
  return triple === '"""' || triple === "'''" ? triple : /['"`]/.test(text[start - 1] ?? '') ? text[start - 1] : undefined;
}

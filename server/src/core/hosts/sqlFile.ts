import { tokenize, type Token } from '../sql/lexer';
import { findBlocks } from '../sql/clauses';
import { migrationSections, readQueryName } from '../sql/migrationDialect';
import { findPlaceholders } from '../sql/placeholders';
import type { SplitStatements } from '../sql/ports';
import { kindByTokens } from '../sql/tokenModel';
import { TokenRanges } from '../sql/tokenRanges';
import { verbatimMap } from '../text/segmentMap';
import { hostSpan, type SqlSpan } from '../text/span';
import { readFileRole } from './fileRole';
import type { HostFile, QuerySite } from './ir';
import { readSuppressions } from './suppressions';

/**
 * Reads an SQL file: one site per statement. The parts of a migration that undo it are left out. Works on any text;
 * a byte order mark does not move an offset. Cost: three passes of the lexer.
 */
export function readSqlFile(uri: string, text: string, { split }: { readonly split: SplitStatements }): HostFile {
  const comments = tokenize(text, { psql: true, comments: true }).filter((token) => token.kind === 'comment');
  const role = readFileRole(uri, text);
  const down = migrationSections(text, uri).filter((section) => section.direction === 'down');
  const isDown = (span: SqlSpan): boolean => down.some((section) => section.span.start <= span.start && span.start < section.span.end);
  const spans = split(text, { psql: true });
  let commentsRead = 0;
  const sites: QuerySite[] = [];
  for (const span of spans) {
    const above: string[] = [];
    for (let comment = comments[commentsRead]; comment && comment.start < span.start; comment = comments[++commentsRead]) above.push(text.slice(comment.start, comment.end));
    while ((comments[commentsRead]?.start ?? Infinity) < span.end) commentsRead++;
    if (!isDown(span)) sites.push(readStatement(sites.length, text.slice(span.start, span.end), span, above.join('\n')));
  }
  return {
    uri, language: 'sql', role, sites, loops: [], functions: [], classes: [], calls: [], imports: [], exports: [], models: [],
    suppressions: readSuppressions(comments.map((comment) => ({ text: text.slice(comment.start, comment.end), span: hostSpan(comment.start, comment.end) }))),
    errors: [],
  };
}

function readStatement(id: number, statement: string, span: SqlSpan, comments: string): QuerySite {
  const ranges = new TokenRanges(statement, tokenize(statement));
  const kind = kindByTokens(ranges);
  const named = readQueryName(comments);
  const writes = kind !== 'select' || findBlocks(ranges.tokens).some(({ kind: block }) => /^(?:insert|update|delete|merge)$/.test(block));
  const rows = kind === 'select' || (writes && ranges.tokens.some((token) => token.word === 'returning'));
  const first = firstKeyword(ranges.tokens);
  return {
    id, library: 'sql', confidence: 'proved',
    source: { text: statement, placeholders: 'file', interpolations: [] },
    map: verbatimMap(span.start, statement.length),
    span: hostSpan(span.start, span.end),
    anchor: hostSpan(span.start + first.start, span.start + first.end),
    executes: 'yes', access: kind === 'utility' || kind === 'unknown' ? 'unknown' : writes ? 'write' : 'read',
    fetches: named?.result ?? (rows ? 'many' : 'none'),
    binds: findPlaceholders(statement, 'file').map(({ key, span: place }) => ({
      key, text: statement.slice(place.start, place.end), span: hostSpan(span.start + place.start, span.start + place.end), names: [], origin: 'unknown',
    })),
    conditional: [], complete: true, loopIds: [], chain: [], eager: [],
  };
}

/** The first word; parentheses before it do not count. */
function firstKeyword(tokens: readonly Token[]): { readonly start: number; readonly end: number } {
  return tokens.find((token) => token.kind === 'word') ?? tokens[0] ?? { start: 0, end: 0 };
}

import { tokenize, type Token } from '../sql/lexer';
import { findBlocks } from '../sql/clauses';
import { migrationSections, readQueryName } from '../sql/migrationDialect';
import { findPlaceholders } from '../sql/placeholders';
import type { SplitStatements } from '../sql/ports';
import type { SqlSource } from '../sql/source';
import { kindByTokens } from '../sql/tokenModel';
import { TokenRanges } from '../sql/tokenRanges';
import { collectLineStarts } from '../text/lineIndex';
import { verbatimMap } from '../text/segmentMap';
import { hostSpan, type HostSpan, type SqlSpan } from '../text/span';
import { createTextMemo } from '../text/textMemo';
import { readFileRole } from './fileRole';
import type { CallIr, FunctionIr, HostFile, Loop, QuerySite } from './ir';
import { readRoutineIr } from './plpgsql';
import { readSuppressions } from './suppressions';

/**
 * Reads an SQL file: one site per statement, and one per query in the bodies of functions and DO blocks, which stand as
 * functions with their loops and calls. The parts of a migration that undo it are left out. Works on any text;
 * a byte order mark does not move an offset. Cost: one pass of the lexer, a second one over statements not seen lately.
 */
export function readSqlFile(uri: string, text: string, { split }: { readonly split: SplitStatements }): HostFile {
  const tokens = tokenize(text, { psql: true, comments: true });
  const comments = tokens.filter((token) => token.kind === 'comment');
  const role = readFileRole(uri, text);
  const down = migrationSections(text, uri, comments).filter((section) => section.direction === 'down');
  const isDown = (span: SqlSpan): boolean => down.some((section) => section.span.start <= span.start && span.start < section.span.end);
  const spans = split(text, { psql: true, tokens });
  let commentsRead = 0;
  const sites: QuerySite[] = [];
  const loops: Loop[] = [];
  const functions: FunctionIr[] = [];
  const calls: CallIr[] = [];
  for (const span of spans) {
    const above: string[] = [];
    for (let comment = comments[commentsRead]; comment && comment.start < span.start; comment = comments[++commentsRead]) above.push(text.slice(comment.start, comment.end));
    while ((comments[commentsRead]?.start ?? Infinity) < span.end) commentsRead++;
    if (isDown(span)) continue;
    const statement = text.slice(span.start, span.end);
    sites.push(placeStatement(sites.length, statement, span, above));
    const routine = readRoutineIr(statement, span.start, { sites: sites.length, loops: loops.length, functions: functions.length, calls: calls.length });
    if (!routine) continue;
    sites.push(...routine.sites);
    loops.push(...routine.loops);
    functions.push(...routine.functions);
    calls.push(...routine.calls);
  }
  return {
    uri, language: 'sql', role, sites, loops, functions, classes: [], calls, imports: [], exports: [], models: [],
    // One name space: functions of any file are called by their name.
    ...(functions.length > 0 ? { package: 'sql', lines: collectLineStarts(text) } : {}),
    suppressions: readSuppressions(comments.map((comment) => ({ text: text.slice(comment.start, comment.end), span: hostSpan(comment.start, comment.end) }))),
    errors: [],
  };
}

/** What a statement's text alone tells; offsets within the statement. */
interface StatementFacts {
  /** The same object for the same text, so that its model is found without comparing texts. */
  readonly source: SqlSource;
  readonly access: QuerySite['access'];
  readonly rows: boolean;
  readonly anchor: { readonly start: number; readonly end: number };
  readonly placeholders: readonly { readonly key: string; readonly text: string; readonly start: number; readonly end: number }[];
}

const factsOf = createTextMemo(2_000_000, readFacts);

function readFacts(statement: string): StatementFacts {
  const ranges = new TokenRanges(statement, tokenize(statement));
  const kind = kindByTokens(ranges);
  const writes = kind !== 'select' || findBlocks(ranges.tokens).some(({ kind: block }) => /^(?:insert|update|delete|merge)$/.test(block));
  const { start, end } = firstKeyword(ranges.tokens);
  return {
    source: { text: statement, placeholders: 'file', interpolations: [] },
    access: kind === 'utility' || kind === 'unknown' ? 'unknown' : writes ? 'write' : 'read',
    rows: kind === 'select' || (writes && ranges.tokens.some((token) => token.word === 'returning')),
    anchor: { start, end },
    placeholders: findPlaceholders(statement, 'file').map(({ key, span }) => ({ key, text: statement.slice(span.start, span.end), start: span.start, end: span.end })),
  };
}

function placeStatement(id: number, statement: string, span: SqlSpan, comments: readonly string[]): QuerySite {
  const { source, access, rows, anchor, placeholders } = factsOf(statement);
  const named = comments.length > 0 ? readQueryName(comments.join('\n')) : undefined;
  const at = (place: { readonly start: number; readonly end: number }): HostSpan => hostSpan(span.start + place.start, span.start + place.end);
  return {
    id, library: 'sql', confidence: 'proved',
    source,
    map: verbatimMap(span.start, statement.length),
    span: hostSpan(span.start, span.end),
    anchor: at(anchor),
    executes: 'yes', access,
    fetches: named?.result ?? (rows ? 'many' : 'none'),
    binds: placeholders.map((place) => ({ key: place.key, text: place.text, span: at(place), names: [], origin: 'unknown' })),
    conditional: [], complete: true, loopIds: [], chain: [], eager: [],
  };
}

/** The first word; parentheses before it do not count. */
function firstKeyword(tokens: readonly Token[]): { readonly start: number; readonly end: number } {
  return tokens.find((token) => token.kind === 'word') ?? tokens[0] ?? { start: 0, end: 0 };
}

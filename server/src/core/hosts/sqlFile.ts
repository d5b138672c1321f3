import { tokenize, type Token } from '../sql/lexer';
import { findBlocks } from '../sql/clauses';
import { isForeignSql } from '../sql/foreignDialect';
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
import { moved, movedSite, type Move } from './shared/moved';
import { changeBetween } from './shared/textChange';
import { readSuppressions } from './suppressions';

/** Kept with an open SQL file: its last reading, which the next one may build on. */
export interface SqlMemory {
  last?: { readonly text: string; readonly file: HostFile };
  /** The last reading took over sites of the one before. */
  partial: boolean;
}

/**
 * Reads an SQL file: one site per statement, and one per query in the bodies of functions and DO blocks, which stand as
 * functions with their loops and calls. The parts of a migration that undo it are left out. Works on any text;
 * a byte order mark does not move an offset. Cost: one pass of the lexer, a second one over statements not seen lately.
 */
export function readSqlFile(uri: string, text: string, { split }: { readonly split: SplitStatements }, memory?: SqlMemory): HostFile {
  const tokens = tokenize(text, { psql: true, comments: true });
  const comments = tokens.filter((token) => token.kind === 'comment');
  const sections = migrationSections(text, uri, comments);
  const down = sections.filter((section) => section.direction === 'down');
  const isDown = (span: SqlSpan): boolean => down.some((section) => section.span.start <= span.start && span.start < section.span.end);
  const { sites, loops, functions, calls } = placeStatements(text, split(text, { psql: true, tokens }), comments, 0, isDown);
  const file: HostFile = {
    uri, language: 'sql', role: readFileRole(uri, text), sites, loops, functions, classes: [], calls, imports: [], exports: [], models: [],
    // One name space: functions of any file are called by their name.
    ...(functions.length > 0 ? { package: 'sql', lines: collectLineStarts(text) } : {}),
    suppressions: suppressionsOf(text, comments, 0),
    errors: [],
  };
  if (memory) {
    memory.partial = false;
    memory.last = functions.length === 0 && down.length === 0 && sections.length === 1 && !tokens.some(isFarReaching) ? { text, file } : undefined;
  }
  return file;
}

/** What decides how text far behind it is read: psql's commands, COPY and its data, a literal without its end. */
const isFarReaching = (token: Token): boolean => token.kind === 'meta' || token.open === true || token.word === 'copy';

/**
 * Reads an SQL file again after an edit: the statements around the edit anew, up to the semicolons before and behind them; the others
 * are as they were, in their new places.
 * @returns undefined where the edit may reach further: the file is to be read whole.
 */
export function readSqlAgain(text: string, { split }: { readonly split: SplitStatements }, memory: SqlMemory): HostFile | undefined {
  const { last } = memory;
  if (!last) return undefined;
  const { file } = last;
  const change = changeBetween(last.text, text);
  const delta = text.length - last.text.length;
  const first = file.sites.findLastIndex(({ span }) => span.end < change.start && last.text[span.end] === ';') + 1;
  const following = file.sites.findIndex(({ span }) => span.start > change.oldEnd && last.text[span.end] === ';');
  const start = first === 0 ? 0 : (file.sites[first - 1]?.span.end ?? 0) + 1;
  const oldEnd = following < 0 ? last.text.length : (file.sites[following]?.span.end ?? 0) + 1;
  const window = text.slice(start, oldEnd + delta);
  const tokens = tokenize(window, { psql: true, comments: true });
  const closing = tokens.at(-1);
  if (tokens.some(isFarReaching) || isForeignSql(window) || (following >= 0 && (closing?.word !== ';' || closing.end !== window.length))) return undefined;
  const comments = tokens.filter((token) => token.kind === 'comment');
  const sections = migrationSections(window, file.uri, comments);
  const spans = split(window, { psql: true, tokens });
  const firstKept = file.sites[following];
  // The statement behind the edit must be itself again.
  if (sections.length !== 1 || sections[0]?.direction !== 'up' || (firstKept && (spans.at(-1)?.start ?? -1) + start !== firstKept.span.start + delta)) return undefined;
  const read = placeStatements(window, spans, comments, start);
  if (read.functions.length > 0) return undefined;
  const after = following < 0 ? [] : file.sites.slice(following + 1);
  const shift = first + read.sites.length - (following + 1);
  const move: Move = { from: 0, offset: (old) => (old >= oldEnd ? old + delta : old), id: (_kind, old) => old + shift };
  const sites = [...file.sites.slice(0, first), ...read.sites.map((site) => ({ ...site, id: site.id + first })), ...after.map((site) => movedSite(site, move))];
  const kept = (from: number, to: number) => file.suppressions.filter(({ span }) => from <= span.start && span.start < to);
  const suppressions = [...kept(0, start), ...suppressionsOf(window, comments, start), ...kept(oldEnd, Infinity).map((one) => moved(one, undefined, move))];
  const next: HostFile = { ...file, role: readFileRole(file.uri, text), sites, suppressions };
  memory.last = { text, file: next };
  memory.partial = true;
  return next;
}

const suppressionsOf = (text: string, comments: readonly Token[], offset: number) =>
  readSuppressions(comments.map((comment) => ({ text: text.slice(comment.start, comment.end), span: hostSpan(comment.start + offset, comment.end + offset) })));

/**
 * Sites of statements, and what is in the bodies of routines.
 * @param spans in `text`, which begins at `offset` of the document
 * @param skips statements that are left out
 */
function placeStatements(text: string, spans: readonly SqlSpan[], comments: readonly Token[], offset: number, skips: (span: SqlSpan) => boolean = () => false): Pick<HostFile, 'sites' | 'loops' | 'functions' | 'calls'> {
  let commentsRead = 0;
  const sites: QuerySite[] = [];
  const loops: Loop[] = [];
  const functions: FunctionIr[] = [];
  const calls: CallIr[] = [];
  for (const span of spans) {
    const above: string[] = [];
    for (let comment = comments[commentsRead]; comment && comment.start < span.start; comment = comments[++commentsRead]) above.push(text.slice(comment.start, comment.end));
    while ((comments[commentsRead]?.start ?? Infinity) < span.end) commentsRead++;
    if (skips(span)) continue;
    const statement = text.slice(span.start, span.end);
    sites.push(placeStatement(sites.length, statement, span.start + offset, above));
    const routine = readRoutineIr(statement, span.start + offset, { sites: sites.length, loops: loops.length, functions: functions.length, calls: calls.length });
    if (!routine) continue;
    sites.push(...routine.sites);
    loops.push(...routine.loops);
    functions.push(...routine.functions);
    calls.push(...routine.calls);
  }
  return { sites, loops, functions, calls };
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

/** @param start of the statement in the document */
function placeStatement(id: number, statement: string, start: number, comments: readonly string[]): QuerySite {
  const { source, access, rows, anchor, placeholders } = factsOf(statement);
  const named = comments.length > 0 ? readQueryName(comments.join('\n')) : undefined;
  const at = (place: { readonly start: number; readonly end: number }): HostSpan => hostSpan(start + place.start, start + place.end);
  return {
    id, library: 'sql', confidence: 'proved',
    source,
    map: verbatimMap(start, statement.length),
    span: hostSpan(start, start + statement.length),
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

import { isTooComplex, shortenLists } from '../../core/sql/guards';
import { tokenize } from '../../core/sql/lexer';
import { maskSource, parseWithHoles, type MaskedSql, type ParseAttempt } from '../../core/sql/mask';
import type { StatementModel } from '../../core/sql/model';
import type { SqlAnalyser } from '../../core/sql/ports';
import { repair } from '../../core/sql/repair';
import type { SqlSource } from '../../core/sql/source';
import { blocksByTokens, kindByTokens } from '../../core/sql/tokenModel';
import { TokenRanges } from '../../core/sql/tokenRanges';
import { ownText } from '../../core/text/ownText';
import { sqlSpan } from '../../core/text/span';
import { createTextMemo } from '../../core/text/textMemo';
import { buildBlocks } from './buildModel';
import { codePointToOffset, createByteMap } from './byteOffsets';
import { createModelCache } from './modelCache';
import { collectDdlCommands } from './ddl/commands';
import { collectEffects } from './effects';
import { fromPgTree } from './pgAdapter';
import { parseWithPgast } from './pgastAdapter';
import { fingerprintWithPgQuery, loadPgQuery, parseTree, parseWithPgQuery } from './pgQuery';
import type { ParseResult } from './pgTree';
import { collectSchemaChanges } from './schemaChanges';

export interface SqlAnalyserOptions {
  /** Path of `libpg-query.wasm`; default: beside the bundle, else the package's own. */
  readonly wasmPath?: string;
  /** Statements whose models are kept. Default 4,000. */
  readonly cacheSize?: number;
}

interface SyntaxError {
  readonly message: string;
  readonly at: number;
}
interface Parsed {
  readonly masked: MaskedSql;
  readonly tree: ParseResult;
  /** With what repair appended or blanked. */
  readonly parsedText: string;
  readonly completeness: 'full' | 'repaired';
  /** What was wrong with the text as written. */
  readonly first?: SyntaxError;
  readonly error?: undefined;
}
interface Failed {
  readonly masked: MaskedSql;
  readonly error: SyntaxError;
}

/**
 * Loads Postgres' grammar and answers from it. Text that does not parse is tried with other forms of its holes, then
 * repaired; where the engine is missing or has just failed the second engine answers, and at last the tokens alone.
 * Never rejects; the analyser never throws. One statement costs 0.3 ms, a cached one nothing.
 */
export async function createSqlAnalyser(options: SqlAnalyserOptions = {}): Promise<SqlAnalyser> {
  await loadPgQuery(options.wasmPath);
  const cache = createModelCache(options.cacheSize ?? 4_000);
  return {
    analyse: (source) => cache.get(source) ?? cache.set(source, analyse({ ...source, text: ownText(source.text) })),
    schemaChanges: createTextMemo(maxFingerprintCharacters, (statement) => {
      const tree = parseTree(statement);
      return tree ? collectSchemaChanges(tree, statement) : [];
    }),
    ddlCommands: createTextMemo(maxFingerprintCharacters, (statement) => {
      const tree = parseTree(statement);
      return tree ? collectDdlCommands(tree, statement) : [];
    }),
    fingerprint: createTextMemo(maxFingerprintCharacters, fingerprint),
    effects(statement) {
      const tree = parseTree(statement);
      return tree && collectEffects(tree);
    },
  };
}

const maxFingerprintCharacters = 4_000_000;

function fingerprint(statement: string): string | undefined {
  const ranges = new TokenRanges(statement, tokenize(statement));
  return isTooComplex(ranges) ? undefined : fingerprintWithPgQuery(shorten(statement));
}

/** Models one statement without the cache. `engine` leaves out the engines before it (tests compare them). */
export function analyse(source: SqlSource, engine: StatementModel['engine'] = 'pg'): StatementModel {
  const masked = maskSource(source);
  const ranges = new TokenRanges(masked.text, tokenize(masked.text));
  if (engine === 'tokens' || isTooComplex(ranges)) return tokenModel(ranges, masked);
  try {
    const outcome = engine === 'pg' ? parseMasked(masked, ranges) : undefined;
    if (!outcome) return secondModel(ranges, masked) ?? tokenModel(ranges, masked);
    return outcome.error ? tokenModel(ranges, outcome.masked, outcome.error) : build(outcome, ranges);
  } catch {
    // A chain of thousands of operators is deeper than the stack.
    return tokenModel(ranges, masked);
  }
}

function secondModel(ranges: TokenRanges, masked: MaskedSql): StatementModel | undefined {
  const kind = kindByTokens(ranges);
  const query = kind === 'ddl' || kind === 'utility' ? undefined : parseWithPgast(ranges);
  return query && { kind, engine: 'pgast', completeness: 'full', text: masked.text, holes: masked.holes, blocks: buildBlocks(ranges, masked.holes, query) };
}

/** Undefined: no engine answered. */
function parseMasked(masked: MaskedSql, ranges: TokenRanges): Parsed | Failed | undefined {
  let dead = false;
  const parse = (text: string): ParseAttempt<ParseResult> => {
    const result = dead ? undefined : parseWithPgQuery(shorten(text));
    if (!result || 'dead' in result) {
      dead = true;
      return { error: { message: '', at: 0 } };
    }
    if ('tree' in result && result.tree.stmts.length === 0 && ranges.tokens.length > 0) return { error: { message: 'no statement', at: 0 } };
    return 'tree' in result ? { tree: result.tree } : { error: { message: result.error.message, at: codePointToOffset(text, result.error.cursor) } };
  };
  const { masked: flipped, result } = parseWithHoles(masked, parse);
  if ('tree' in result) return { masked: flipped, tree: result.tree, parsedText: flipped.text, completeness: 'full' };
  if (dead) return undefined;
  const repaired = repair(masked.text, parse);
  if (repaired) return { masked, tree: repaired.tree, parsedText: repaired.text, completeness: 'repaired', first: result.error };
  return dead ? undefined : { masked, error: result.error };
}

const shorten = (text: string): string => (text.length < 4_000 ? text : shortenLists(new TokenRanges(text, tokenize(text))));

function build(parsed: Parsed, written: TokenRanges): StatementModel {
  const { masked, tree, parsedText, completeness, first } = parsed;
  const statement = tree.stmts[0];
  const ranges = new TokenRanges(parsedText, tokenize(parsedText));
  const base = { engine: 'pg', completeness, text: masked.text, holes: masked.holes, ...(first ? { error: errorAt(written, first) } : {}) } as const;
  if (!statement) return { ...base, kind: 'unknown', blocks: [] };
  const { kind, query } = fromPgTree(statement, createByteMap(parsedText));
  return { ...base, kind, blocks: query ? buildBlocks(ranges, masked.holes, query) : [] };
}

function errorAt(ranges: TokenRanges, { message, at }: SyntaxError): NonNullable<StatementModel['error']> {
  const token = ranges.tokens[ranges.indexAt(at)];
  return { message, span: token ? sqlSpan(Math.max(at, token.start), token.end) : sqlSpan(at, at) };
}

function tokenModel(ranges: TokenRanges, masked: MaskedSql, error?: SyntaxError): StatementModel {
  const kind = kindByTokens(ranges);
  return {
    kind, engine: 'tokens', completeness: 'tokens', text: masked.text, holes: masked.holes,
    blocks: kind === 'ddl' || kind === 'utility' || kind === 'unknown' ? [] : blocksByTokens(ranges), ...(error ? { error: errorAt(ranges, error) } : {}),
  };
}

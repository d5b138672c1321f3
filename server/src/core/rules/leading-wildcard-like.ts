import { trigramProposal } from '../advice/ginAdvice';
import type { IndexProposal } from '../advice/indexAdvice';
import { indexesFix } from '../advice/indexFix';
import { GAIN_ON_A_GUESS, hasColumnStatistics, judgeIndex, judgeTogether, type IndexVerdict } from '../advice/indexVerdict';
import { patternStart } from '../advice/patterns';
import { collectPins } from '../advice/pins';
import { bindColumn, isSystemRelation, traceColumn, withoutCasts, type BoundColumn, type Scope } from '../advice/scope';
import { describeRows, sizeOf } from '../advice/size';
import { isPinnedToOneRow } from '../advice/uniqueness';
import { findTrigramIndex, hasTrigramIndex, hasTrigramIndexOn, searchedText } from '../advice/trigram';
import type { Table } from '../catalog/model';
import type { Severity, StatementContext, StatementRule } from '../lint/rule';
import type { Conjunct, Expression, QueryBlock } from '../sql/model';

/** Searches that no b-tree can serve, because the beginning of the value is unknown. */
export const leadingWildcardLike: StatementRule = {
  id: 'leading-wildcard-like',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'text',
  fixKinds: ['new'],
  summary: 'A pattern that starts with a wildcard reads the whole table',
  docs: {
    why: 'A b-tree index is sorted from the first character. `LIKE \'%x\'` leaves that open, so every row is read and compared. A trigram index (`pg_trgm`) finds the rows that contain the pattern’s three-letter pieces.',
    bad: [
      { language: 'sql', schema: 'CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);\nCREATE INDEX users_email ON users (email);', code: "SELECT id FROM users WHERE email LIKE '%@example.com';" },
      { language: 'typescript', schema: 'CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);', code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport const search = (q: string) => pool.query('SELECT id FROM users WHERE email ILIKE $1', [`%${q}%`]);" },
    ],
    good: [
      { language: 'sql', schema: 'CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);\nCREATE INDEX users_email_trgm ON users USING gin (email gin_trgm_ops);', code: "SELECT id FROM users WHERE email LIKE '%@example.com';" },
      { language: 'sql', schema: 'CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);', code: "SELECT id FROM users WHERE email LIKE 'anna%';" },
    ],
    whenNot: 'Small tables, and searches that another, selective condition narrows first; where a planner is at hand it says so. Patterns shorter than three characters use no trigram index.',
    fixSafety: 'Writes a new migration with a trigram index; results do not change. The index slows writes to that column a little.',
  },
  options: {},
  check(context) {
    const scope: Scope = { model: context.model, catalog: context.catalog };
    for (const block of context.model.blocks) {
      for (const conjunct of block.conjuncts) {
        const patterns = collectPatterns(conjunct);
        for (const pattern of patterns) checkPattern(context, scope, block, { pattern, beside: patterns, optional: isOptional(conjunct) });
      }
    }
  },
};

const LIKE: ReadonlySet<string> = new Set(['~~', '~~*', '~~ any', '~~* any', 'similar to']);
const REGEX: ReadonlySet<string> = new Set(['~', '~*']);

/** The pattern comparisons of a conjunct, those in OR branches included; negated ones can use no index anyway. */
function collectPatterns(conjunct: Conjunct): readonly Conjunct[] {
  if (conjunct.negated || conjunct.operator === 'not') return [];
  if (conjunct.operator === 'or') return (conjunct.branches ?? []).flat().flatMap(collectPatterns);
  return LIKE.has(conjunct.operator) || REGEX.has(conjunct.operator) ? [conjunct] : [];
}

/** A pattern with those of the same OR, itself included. */
interface Search {
  readonly pattern: Conjunct;
  readonly beside: readonly Conjunct[];
  /** `$1 IS NULL OR name LIKE …`: a plan for any value reads everything, one for a given value does not. */
  readonly optional: boolean;
}

const isOptional = (conjunct: Conjunct): boolean =>
  conjunct.operator === 'or' && (conjunct.branches ?? []).some((branch) => branch.every((c) => [c.left, c.right].every((side) => (side?.columns.length ?? 0) === 0)));

function checkPattern(context: StatementContext, scope: Scope, block: QueryBlock, search: Search): void {
  const { pattern: conjunct } = search;
  const { left, right } = conjunct;
  if (!left || !right || left.columns.length === 0) return;
  if (!(conjunct.operator.endsWith(' any') ? listOf(right) : [right]).some((pattern) => patternStart(context, pattern, REGEX.has(conjunct.operator)) === 'wildcard')) return;
  const searched = searchedColumn(scope, block, left);
  if (left.columns.some((c) => isOwnedBySystem(scope, block, c))) return;
  // The elements of a list, or of a function's result, have no index.
  if (left.columns.every((c) => isOfList(scope, block, c))) return;
  const size = sizeOf(searched?.table, context.settings);
  const [only, ...more] = left.columns;
  const holder = searched?.table ?? (only && more.every((c) => c.qualifier === only.qualifier) ? traceColumn(scope, block, only)?.table : undefined);
  if (holder && hasTrigramIndexOn(holder, context.model.text.slice(left.span.start, left.span.end))) return;
  if (size === 'small' || (searched?.table && hasTrigramIndex(searched.table, left))) return;
  const own = searched && searched.block.index === block.index;
  const pins = collectPins(scope, block);
  if (own && isPinnedToOneRow(scope, block, searched.relationIndex, pins)) return;
  const narrowed = own === true && isNarrowed(searched, pins.columns(searched.relationIndex));
  const indexes = searched?.table ? collectIndexes(scope, block, search, searched.table) : [];
  const verdict: IndexVerdict = search.optional ? { state: 'schema' } : judge(context, searched, indexes);
  if (verdict.state === 'silent') return;
  const proved = verdict.state === 'proved';
  const severity: Severity = size === 'large' ? (narrowed && !proved ? 'info' : 'warning') : size === 'medium' || narrowed ? 'hint' : 'info';
  context.report({
    at: { sql: conjunct.span },
    severity,
    message: REGEX.has(conjunct.operator) ? 'A pattern that may match anywhere: no b-tree index can serve it.' : 'The pattern starts with a wildcard: no b-tree index can serve it, every row is compared.',
    because: proved ? verdict.because : describe(context, searched, left),
    confidence: proved ? 'planner' : size === 'unknown' ? (searched?.table ? 'schema' : 'text') : 'statistics',
    evidence: { table: searched?.table?.name, column: searched?.column, size, narrowed, ...(proved ? verdict.evidence : {}) },
    fixes: () => (context.catalog ? indexesFix(indexes, context.catalog, context.settings) : []),
  });
}

/** The patterns of `ANY (ARRAY[…])`; one that may begin anywhere is enough to have every row compared. */
function listOf(right: Expression): readonly Expression[] {
  const bare = withoutCasts(right);
  return bare.kind === 'array' ? (bare.args ?? []) : [];
}

/** The trigram indexes that the search needs, that of the pattern first; those that exist are left out. */
function collectIndexes(scope: Scope, block: QueryBlock, { pattern, beside }: Search, table: Table): readonly IndexProposal[] {
  const found: IndexProposal[] = [];
  for (const { left } of [pattern, ...beside]) {
    if (!left || searchedColumn(scope, block, left)?.table !== table || hasTrigramIndex(table, left)) continue;
    const proposal = trigramProposal(table, searchedText(left) ?? '');
    if (proposal && !found.some((f) => f.keys[0]?.sql === proposal.keys[0]?.sql)) found.push(proposal);
  }
  return found;
}

function judge(context: StatementContext, searched: BoundColumn | undefined, indexes: readonly IndexProposal[]): IndexVerdict {
  const [first, ...others] = indexes;
  if (!searched?.table || !first) return { state: 'schema' };
  const read = { table: searched.table, relation: searched.relation };
  const gain = hasColumnStatistics(context.catalog, searched.table) ? undefined : GAIN_ON_A_GUESS;
  return others.length > 0 ? judgeTogether(context, read, indexes, gain) : judgeIndex(context, read, [first], gain);
}

/** The column under `lower(…)`, `upper(…)`, casts; undefined for expressions over several columns. */
function searchedColumn(scope: Scope, block: QueryBlock, left: Expression): BoundColumn | undefined {
  const bare = withoutCasts(left);
  const inner = bare.kind === 'function' && bare.args?.length === 1 && bare.args[0] ? withoutCasts(bare.args[0]) : bare;
  return inner.column ? traceColumn(scope, block, inner.column) : undefined;
}

function isOfList(scope: Scope, block: QueryBlock, column: Expression['columns'][number]): boolean {
  const relation = bindColumn(scope, block, column)?.relation ?? block.relations.find((r) => r.kind === 'function' && column.qualifier === undefined && r.alias === column.column);
  return relation?.kind === 'function' || relation?.kind === 'values';
}

function isOwnedBySystem(scope: Scope, block: QueryBlock, column: Expression['columns'][number]): boolean {
  const bound = bindColumn(scope, block, column);
  return bound ? isSystemRelation(bound.relation) : block.relations.length > 0 && block.relations.every(isSystemRelation);
}

/** Another condition that an index serves: the pattern is compared with the rows it leaves only. */
const isNarrowed = (searched: BoundColumn, pinned: ReadonlySet<string>): boolean =>
  searched.table?.indexes.some((index) => index.valid && index.keys[0]?.column !== undefined && pinned.has(index.keys[0].column)) ?? false;

function describe(context: StatementContext, searched: BoundColumn | undefined, left: Expression): string | undefined {
  if (!searched?.table) return undefined;
  const rows = describeRows(searched.table, context.settings);
  return `${rows ? `${rows}; ` : ''}${describeIndexes(searched.table, searched.column, left)}.`;
}

/** A trigram index on the column itself does not hold `lower(column)`. */
function describeIndexes(table: Table, column: string, left: Expression): string {
  const plain = withoutCasts(left).column ? undefined : findTrigramIndex(table, column);
  return plain ? `${plain.name} is on ${column} itself, not on ${searchedText(left) ?? 'this expression'}` : `${table.name}.${column} has no trigram index`;
}

import { hasUnknownPart } from '../advice/holes';
import { missingGroupKeys, type GroupKey } from '../advice/groupOrder';
import { missingTieBreaker } from '../advice/keyset';
import { bindOfHole } from '../advice/patterns';
import { isRandom } from '../advice/random';
import { bindColumn, isSystemRelation, tableOf, withoutCasts, type Scope } from '../advice/scope';
import { addOrderKeys, toHostEdits } from '../advice/sqlEdits';
import { blockSize } from '../advice/size';
import type { Fix, StatementContext, StatementRule } from '../lint/rule';
import type { QueryBlock } from '../sql/model';
import { findAdapter } from '../libraries';

/** Pages whose order leaves ties open: rows repeat or disappear between pages. */
export const unstablePagination: StatementRule = {
  id: 'unstable-pagination',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'schema',
  fixKinds: ['safe'],
  summary: 'The order of a page leaves ties open',
  docs: {
    why: 'Postgres may return rows with equal sort keys in any order, and in another one for the next page: plans change with OFFSET, LIMIT and statistics. Rows on the border of two pages are then shown twice or never. A unique last key makes the order total.',
    bad: [
      { language: 'sql', schema: 'CREATE TABLE orders (id bigint PRIMARY KEY, created_at timestamptz NOT NULL);\nCREATE INDEX ON orders (created_at);', code: 'SELECT id, created_at FROM orders WHERE created_at < $1 ORDER BY created_at DESC LIMIT $2;' },
    ],
    good: [
      { language: 'sql', schema: 'CREATE TABLE orders (id bigint PRIMARY KEY, created_at timestamptz NOT NULL);\nCREATE INDEX ON orders (created_at);', code: 'SELECT id, created_at FROM orders WHERE (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC LIMIT $3;' },
      { language: 'sql', schema: 'CREATE TABLE orders (id bigint PRIMARY KEY, created_at timestamptz NOT NULL);', code: 'SELECT id FROM orders ORDER BY created_at DESC LIMIT 1;' },
    ],
    whenNot: 'Lists that are shown once and never paged, such as "ten of the newest".',
    fixSafety: 'Safe: every order the new query gives is one that the old query was free to give.',
  },
  options: {},
  check(context) {
    const scope: Scope = { model: context.model, catalog: context.catalog };
    if (!context.catalog || context.model.completeness !== 'full' || !context.site.complete) return;
    // A fragment of unknown content may hold the condition or the key that makes the order total.
    if (hasUnknownPart(context.model)) return;
    for (const block of context.model.blocks) if (isPage(context, block) && !block.relations.some(isSystemRelation) && !mayBeUnique(scope, block)) checkBlock(context, scope, block);
  },
};

/** A unique key may be made by what is not understood of the schema, though hardly one of a time. */
function mayBeUnique(scope: Scope, block: QueryBlock): boolean {
  if (scope.catalog?.incomplete !== true && !block.relations.some((relation) => tableOf(scope.catalog, relation)?.incomplete)) return false;
  return block.orderBy.length === 0 || !block.orderBy.every(({ expression }) => /^(?:timestamp|date|time)/.test((expression.column && bindColumn(scope, block, expression.column)?.definition?.type) ?? ''));
}

/**
 * A page: OFFSET, a limit that the caller sets, or a limit after a position (`created_at < $1 ORDER BY created_at DESC`). A limit
 * that the code calls so, without page or cursor, is a list's length.
 * A fixed LIMIT alone is a list of the first few; LIMIT in a sub-query that feeds a write or a lock is a batch.
 */
function isPage(context: StatementContext, block: QueryBlock): boolean {
  if (block.kind !== 'select' || !['root', 'cte', 'derived'].includes(block.role) || block.locking) return false;
  // A random draw has no next page.
  if (block.orderBy.some(({ expression }) => isRandom(expression))) return false;
  const { limit, offset } = block;
  if (offset && !(offset.expression.kind === 'constant' && !(Number(offset.expression.value) >= 1))) return limit?.expression.value !== 1;
  if (!limit || limit.expression.value === 1) return false;
  if (continues(block)) return true;
  // What a script caps is a list's length: it has nobody who turns pages.
  if (limit.expression.kind === 'constant' || block.role !== 'root' || block.orderBy.length === 0 || context.file.role === 'script') return false;
  const bind = bindOfHole(context, limit.expression.hole);
  return bind === undefined || /^\$?\d*$/.test(bind.text) || /page|cursor|offset|after/i.test(bind.text);
}

/**
 * Does WHERE start after a position of the first order key (`key < $1` under DESC)? What is due by now is a bound at the other end; a window
 * with both is no position.
 */
function continues(block: QueryBlock): boolean {
  const first = block.orderBy[0]?.expression.column?.column;
  const [onwards, back] = block.orderBy[0]?.descending ? [/^<=?$/, /^>=?$/] : [/^>=?$/, /^<=?$/];
  if (block.conjuncts.some((c) => back.test(c.operator) && c.left?.column?.column === first)) return false;
  return first !== undefined && block.conjuncts.some((c) => c.clause === 'where' && onwards.test(c.operator) && c.left?.column?.column === first && c.right !== undefined && withoutCasts(c.right).kind === 'hole');
}

function checkBlock(context: StatementContext, scope: Scope, block: QueryBlock): void {
  const rows = missingTieBreaker(scope, block);
  // The first groups of a list are no page.
  const groups = rows || !block.offset ? undefined : missingGroupKeys(scope, block);
  const missing: readonly GroupKey[] | undefined = rows ?? groups;
  const clause = block.clauses.order?.span ?? block.offset?.clause;
  if (!missing || missing.length === 0 || !clause || blockSize(scope, block, context.settings) === 'small') return;
  const key = missing.map((m) => m.column).join(', ');
  // A unique key with a nullable column: only rows that have NULL there tie, and whether there are any is not known.
  const nullsAlone = groups === undefined && missingTieBreaker(scope, block, 'none')?.length === 0;
  const keys = block.orderBy.map((item) => (context.site.source?.text ?? '').slice(item.span.start, item.span.end)).join(', ');
  const unordered = groups ? `${key} tells the ${block.distinct ? 'rows' : 'groups'} apart.` : `${key} is unique.`;
  context.report({
    at: { sql: block.orderBy.length > 0 ? clause : (block.offset?.clause ?? clause) },
    severity: nullsAlone ? 'hint' : block.offset || continues(block) ? undefined : 'info',
    message: nullsAlone ? 'Rows that have NULL for a sort key may change places between pages: rows repeat or get lost.' : block.orderBy.length > 0 ? 'Rows with equal sort keys may change places between pages: rows repeat or get lost.' : 'A page without ORDER BY: rows may come in any order, and in another one for the next page.',
    because: nullsAlone ? `${keys} is unique but for NULLs; ${key} has none.` : block.orderBy.length === 0 ? unordered : groups ? `${keys} is not unique among the ${block.distinct ? 'distinct rows' : 'groups'}; with ${key} it is.` : `${keys} is not unique; ${key} is.`,
    confidence: 'schema',
    evidence: { order: keys, uniqueWith: missing.map((m) => m.column) },
    fixes: () => (missing.every((m) => m.sql !== undefined) ? appendKey(context, block, missing.map((m) => m.sql ?? '')) : []),
  });
}

/** Appends the key in the direction of the last one, so that one index serves both. */
function appendKey(context: StatementContext, block: QueryBlock, columns: readonly string[]): readonly Fix[] {
  const { site, file, text, model } = context;
  const descending = block.orderBy.at(-1)?.descending ?? false;
  const title = block.orderBy.length > 0 ? `Append ${columns.join(', ')} to ORDER BY` : `Order by ${columns.join(', ')}`;
  const library = site.chain.length > 0 ? findAdapter(site.library)?.addOrder?.(site, { uri: file.uri, text, keys: columns.map((column) => ({ column, descending })) }) : undefined;
  const own = site.chain.length === 0 ? addOrderKeys(model, block, columns.map((c) => c + (descending ? ' DESC' : ''))) : undefined;
  const edits = library ?? (own && toHostEdits(site, file.uri, own));
  return edits ? [{ title, kind: 'safe', edits }] : [];
}

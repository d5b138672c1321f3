import { keysetFixes } from '../advice/keysetFix';
import { findAdapter } from '../libraries';
import { planPages, type PageCost } from '../advice/pageCost';
import { basisEvidence, planEvidence, renderCost } from '../advice/planEvidence';
import { blockSize, describeRows, renderCount } from '../advice/size';
import { collectPins } from '../advice/pins';
import { isPinnedToOneRow, joinsAreToOne } from '../advice/uniqueness';
import { isSystemRelation, tableOf, type Scope } from '../advice/scope';
import type { Severity, StatementContext, StatementRule } from '../lint/rule';
import { describeVolumes } from '../plan/planner';
import type { Expression, QueryBlock } from '../sql/model';

/** OFFSET reads and discards every row before the page. */
export const offsetPagination: StatementRule = {
  id: 'offset-pagination',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'text',
  fixKinds: ['review'],
  summary: 'A page by OFFSET reads and discards every row before it',
  docs: {
    why: 'Postgres cannot jump to row n: `OFFSET 100000` computes and throws away 100,000 rows, so a page costs more the further back it is, and a walk over the whole table costs the square of its size. Rows that are inserted or deleted between two requests shift the pages: rows are shown twice or never. A keyset ("rows after this one") starts at the right place of an index, whatever the page.',
    bad: [
      { language: 'sql', schema: 'CREATE TABLE orders (id bigint PRIMARY KEY, created_at timestamptz NOT NULL, total numeric NOT NULL);', code: 'SELECT id, created_at, total FROM orders ORDER BY created_at DESC, id DESC LIMIT 20 OFFSET $1;' },
      { language: 'typescript', schema: 'CREATE TABLE orders (id bigint PRIMARY KEY, created_at timestamptz NOT NULL);', code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function page(limit: number, offset: number) {\n  return pool.query('SELECT id, created_at FROM orders ORDER BY created_at DESC, id DESC LIMIT $1 OFFSET $2', [limit, offset]);\n}" },
    ],
    good: [
      { language: 'sql', schema: 'CREATE TABLE orders (id bigint PRIMARY KEY, created_at timestamptz NOT NULL, total numeric NOT NULL);', code: 'SELECT id, created_at, total FROM orders WHERE (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC LIMIT 20;' },
    ],
    whenNot: 'Tables that stay small, and lists where people must be able to jump to page 17. Those keep OFFSET and should cap the page number.',
    fixSafety: 'Offered for review: the statement takes the last row’s keys instead of a number, so its callers change. Walking all pages gives the same rows in the same order. The keys are the ORDER BY plus a unique, NOT NULL tie-breaker proved by the schema. In Go, Java, Ruby, PHP, C# and Rust the parameter that gave the number gives way to the last row’s keys, or to the row itself. The cursor must carry the keys exactly: a JavaScript `Date` drops the microseconds of a timestamp, so select such keys as text (or truncate the column) where rows may differ by less than a millisecond.',
  },
  options: {},
  check(context) {
    const scope: Scope = { model: context.model, catalog: context.catalog };
    for (const block of context.model.blocks) {
      if (block.offset && paginates(context, scope, block, block.offset.expression)) report(context, scope, block);
    }
  },
};

function paginates(context: StatementContext, scope: Scope, block: QueryBlock, offset: Expression): boolean {
  if (block.role === 'exists' || block.role === 'scalar') return false;
  // The border of a batch (`LIMIT 1 OFFSET $1`) is one row, no page.
  if (limitOf(block) === 1) return false;
  // "All but the newest n" (`id IN (… OFFSET 100)`) skips a fixed number once.
  if (offset.kind === 'constant' && (!(Number(offset.value) >= 1) || block.role === 'in' || block.role === 'any')) return false;
  // "All but the first n" is no page: there is no size.
  if (offset.kind === 'constant' && !block.limit && context.site.complete) return false;
  if (skipsOwnCursor(block, offset)) return false;
  const bind = offset.kind === 'hole' ? bindOf(context, offset.hole) : undefined;
  if (bind?.origin === 'literal' && Number(bind.text) === 0) return false;
  if (context.site.chain.some((call) => call.name === 'cursor')) return false;
  return readsTables(scope, block) && !isOneRow(scope, block) && blockSize(scope, block, context.settings) !== 'small';
}

/** A unique key is pinned, and what is joined adds no row: there is no second page. */
function isOneRow(scope: Scope, block: QueryBlock): boolean {
  const pins = collectPins(scope, block);
  return block.relations.some((_, at) => isPinnedToOneRow(scope, block, at, pins) && joinsAreToOne(scope, block, at));
}

/** `WHERE id >= $1 ORDER BY id OFFSET 1`: a page by key that leaves out the row it starts from. */
function skipsOwnCursor(block: QueryBlock, offset: Expression): boolean {
  const first = block.orderBy[0];
  const column = first?.expression.column?.column;
  if (offset.kind !== 'constant' || Number(offset.value) !== 1 || column === undefined) return false;
  const leading = (e: Expression | undefined): Expression | undefined => (e?.kind === 'row' ? e.args?.[0] : e);
  return block.conjuncts.some((c) => c.clause === 'where' && !c.negated && c.operator === (first?.descending ? '<=' : '>=') && leading(c.left)?.column?.column === column && leading(c.right)?.columns.length === 0);
}

const limitOf = (block: QueryBlock): number | undefined => (block.limit?.expression.kind === 'constant' ? Number(block.limit.expression.value) : undefined);

function bindOf(context: StatementContext, hole: number | undefined): StatementContext['site']['binds'][number] | undefined {
  const origin = hole === undefined ? undefined : context.model.holes[hole]?.origin;
  const key = origin?.type === 'placeholder' ? origin.key : origin && String(origin.index);
  return context.site.binds.find((b) => b.key === key);
}

/** Does the block walk a table of the application, not only a function, a list or a sub-query of fixed size? */
function readsTables(scope: Scope, block: QueryBlock, depth = 0): boolean {
  const inner = [...block.relations.flatMap((r) => (r.block === undefined ? [] : [r.block])), ...(block.setOperation?.arms ?? [])];
  if (block.relations.some((r) => r.kind === 'table' && !isSystemRelation(r))) return true;
  return depth < 8 && inner.some((index) => {
    const body = scope.model.blocks[index];
    return body !== undefined && !(body.limit?.expression.kind === 'constant') && readsTables(scope, body, depth + 1);
  });
}

function report(context: StatementContext, scope: Scope, block: QueryBlock): void {
  const { site, settings } = context;
  if (!block.offset) return;
  const size = blockSize(scope, block, settings);
  // A statement that is only built in a loop is not sent there.
  const walk = site.loopIds.length > 0 && site.executes !== 'no';
  const rows = block.relations.map((r) => describeRows(tableOf(scope.catalog, r), settings)).filter((r) => r !== undefined);
  // The page itself is in the text: the plan says what it costs, and is not waited for.
  const planned = planPages(context, scope, block);
  const cost = planned === 'pending' ? undefined : planned;
  const known = cost !== undefined && size !== 'unknown';
  const short = known && cost.skipped * 2 < settings.smallTableRows;
  const severity: Severity = size === 'large' || walk ? (short ? 'hint' : 'warning') : size === 'medium' || (cost && costsTheSame(cost)) ? 'hint' : 'info';
  const because = [...rows, ...(cost ? [describePages(cost)] : [])];
  context.report({
    at: { sql: block.offset.clause },
    severity,
    message: walk ? 'This loop pages by OFFSET: each turn reads all the rows of the turns before again.' : 'OFFSET reads and discards every row before the page: later pages cost more.',
    because: because.length > 0 ? `${because.join('; ')}.` : undefined,
    confidence: known ? 'planner' : size === 'unknown' ? 'text' : 'statistics',
    evidence: { tables: block.relations.filter((r) => r.kind === 'table').map((r) => r.name), size, walk, ...(cost ? pageEvidence(cost) : {}) },
    fixes: () => keysetFixes({ scope, site, block, file: context.file, uri: context.uri, text: context.text, adapter: findAdapter(site.library) }),
  });
}

/** The planner does not expect later pages to cost more: the list ends with them, or each page sorts the whole list anyway. */
const costsTheSame = (cost: PageCost): boolean => cost.skipped < cost.pageRows || cost.deep.cost < cost.first * 1.1;

function describePages(cost: PageCost): string {
  if (cost.skipped < cost.pageRows) return `the planner expects about ${renderCount(cost.skipped * 2)} rows in all (${describeVolumes(cost.deep.basis)})`;
  const key = cost.keyset === undefined ? '' : `, and by key ${renderCost(cost.keyset)}${cost.keysetSorts ? ' (no index has its order)' : ''}`;
  return `the first ${cost.pageRows} rows cost ${renderCost(cost.first)}, behind OFFSET ${renderCount(cost.skipped)} (half of the list) they cost ${renderCost(cost.deep.cost)}${key} (${describeVolumes(cost.deep.basis)})`;
}

/** `cost`: of the page half-way by OFFSET; `costAfter`: of the same page by key. In the planner's units. */
function pageEvidence(cost: PageCost): Readonly<Record<string, unknown>> {
  const scan = cost.deep.scans[0];
  const facts = scan ? planEvidence(cost.deep, scan) : { cost: cost.deep.cost, ...basisEvidence(cost.deep.basis) };
  return { ...facts, offset: cost.skipped, firstPage: cost.first, ...(cost.keyset === undefined ? {} : { costAfter: cost.keyset }) };
}

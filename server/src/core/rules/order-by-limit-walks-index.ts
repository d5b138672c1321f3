import { describeGain, gainEvidence } from '../advice/gain';
import { whollyKnownCatalog } from '../advice/known';
import { proposeIndex, renderIndexColumns } from '../advice/indexAdvice';
import { collectIndexCandidates } from '../advice/indexCandidates';
import { collectDemand } from '../advice/indexDemand';
import { indexFixes } from '../advice/indexFix';
import { collectWalks, findIndexWalk, type IndexWalk } from '../advice/indexWalk';
import { collectPins } from '../advice/pins';
import { orderExpression } from '../advice/keyset';
import { planEvidence, plannedSql, renderCost } from '../advice/planEvidence';
import { MINIMUM_GAIN, proveIndex, toHypothetical } from '../advice/proveIndex';
import { bindColumn, isSystemRelation, tableOf, type Scope } from '../advice/scope';
import { renderCount, sizeOf } from '../advice/size';
import { isPinnedToOneRow } from '../advice/uniqueness';
import { relationKey } from '../catalog/names';
import type { Table } from '../catalog/model';
import type { StatementContext, StatementRule } from '../lint/rule';
import { describeVolumes, type PlannedStatement } from '../plan/planner';
import type { Expression, QueryBlock } from '../sql/model';

const SCHEMA = 'CREATE TABLE orders (id bigint PRIMARY KEY, warehouse int NOT NULL, created_at timestamptz NOT NULL);\nCREATE INDEX orders_created_at ON orders (created_at);';

/** The LIMIT trap: an index gives the order, and the planner hopes that matching rows come soon. */
export const orderByLimitWalksIndex: StatementRule = {
  id: 'order-by-limit-walks-index',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'planner',
  fixKinds: ['new'],
  summary: 'The sort index is walked, and rows are thrown away until LIMIT is full',
  docs: {
    why: 'With `ORDER BY … LIMIT n` the planner likes to read an index in the right order and to drop rows that do not match until n are found. It expects them to lie evenly. For a common value that takes a moment; for a rare one, or one whose rows are all old, it reads most of the index, one random block after another. The same statement then costs 24 for one tenant and 5,803 for another. An index on the compared columns followed by the order goes to the first row of each.',
    bad: [{ language: 'sql', schema: SCHEMA, assume: { orders: 3_000_000 }, code: 'SELECT id, created_at FROM orders WHERE warehouse = $1 ORDER BY created_at DESC LIMIT 20;' }],
    good: [{ language: 'sql', schema: `${SCHEMA}\nCREATE INDEX orders_warehouse_created ON orders (warehouse, created_at);`, assume: { orders: 3_000_000 }, code: 'SELECT id, created_at FROM orders WHERE warehouse = $1 ORDER BY created_at DESC LIMIT 20;' }],
    whenNot: 'Conditions that most rows meet, whichever value is asked for.',
    fixSafety: 'Writes a new migration with CREATE INDEX CONCURRENTLY; results do not change. The index costs space and slows writes to its columns a little.',
  },
  options: {},
  check(context) {
    const catalog = whollyKnownCatalog(context);
    if (!catalog) return;
    const { model, settings } = context;
    const scope: Scope = { model, catalog };
    for (const block of model.blocks) {
      if (!block.limit || block.orderBy.length === 0 || block.kind !== 'select' || !block.conjuncts.some((c) => c.clause !== 'having')) continue;
      for (const [relation, target] of block.relations.entries()) {
        const table = tableOf(catalog, target);
        const size = sizeOf(table, settings);
        if (table && !isSystemRelation(target) && size !== 'small' && size !== 'medium' && table.indexes.some((index) => index.method === 'btree')) checkRelation(context, scope, block, relation, table);
      }
    }
  },
};

function checkRelation(context: StatementContext, scope: Scope, block: QueryBlock, relation: number, table: Table): void {
  const { catalog, settings, planner } = context;
  if (!catalog || !mayWalk(scope, block, relation, table)) return;
  const sql = plannedSql(context);
  const before = sql === undefined ? undefined : planner.plan({ sql });
  const own = block.relations[relation];
  if (sql === undefined || own === undefined || before?.state !== 'planned' || collectWalks(before.plan, catalog, context.model, own, relationKey(table.schema, table.name)).length === 0) return;
  const demand = collectDemand(scope, block, relation);
  if (!demand.order || demand.predicates.length === 0) return;
  const walk = findIndexWalk(before.plan, catalog, context.model, table, block, own, demand, settings);
  if (!walk) return;
  const many = walk.read - walk.page >= settings.smallTableRows;
  if (many) {
    const proved = proveIndex({ planner, sql, candidates: collectIndexCandidates({ scope, block, relationIndex: relation, demand, settings }) });
    if (proved.state === 'pending') return;
    if (proved.state === 'proved') return report(context, block, table, before.plan, walk, { text: describeGain(proved, catalog, context.model), facts: withoutReads(gainEvidence(proved, catalog, context.model)) }, proved.proposal);
  }
  // What any value costs is little to save; what the rarest known one costs, or a rarer one, is not in the plan.
  const risky = walk.rare !== undefined && walk.rare.read >= settings.largeTableRows;
  const proposal = many || risky ? proposeIndex(table, demand) : undefined;
  const after = proposal && planner.plan({ sql, add: [toHypothetical(proposal)] });
  if (!proposal || after?.state !== 'planned' || after.plan.added[0]?.used !== true || !(risky || after.plan.cost * MINIMUM_GAIN <= before.plan.cost)) return;
  report(context, block, table, before.plan, walk, { text: `With an index on ${renderIndexColumns(proposal)} the planner's cost falls from ${renderCost(before.plan.cost)} to ${renderCost(after.plan.cost)}.`, facts: { index: `${table.name} ${toHypothetical(proposal).definition}`, costAfter: after.plan.cost } }, proposal, many);
}

/** An index begins or goes on with the first column of the order, and a condition asks a column that it has not. Decided by names alone. */
function mayWalk(scope: Scope, block: QueryBlock, relation: number, table: Table): boolean {
  const own = (expression: Expression | undefined): string | undefined => {
    const bound = expression?.column && bindColumn(scope, block, expression.column);
    return bound?.block.index === block.index && bound.relationIndex === relation ? bound.column : undefined;
  };
  const item = block.orderBy[0];
  const first = item && own(orderExpression(block, item));
  if (first === undefined || isPinnedToOneRow(scope, block, relation, collectPins(scope, block))) return false;
  const asked = block.conjuncts.flatMap((c) => (c.clause === 'having' ? [] : [own(c.left), own(c.right)])).filter((c) => c !== undefined);
  return table.indexes.some((index) => index.method === 'btree' && index.valid && index.keys.some((key) => key.column === first) && asked.some((column) => !index.keys.some((key) => key.column === column)));
}

/** Its rows are those of the whole scan; what LIMIT leaves of them is told here. */
const withoutReads = (facts: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => Object.fromEntries(Object.entries(facts).filter(([name]) => !name.startsWith('rowsRead')));

function report(context: StatementContext, block: QueryBlock, table: Table, plan: PlannedStatement, walk: IndexWalk, gain: { readonly text: string; readonly facts: Readonly<Record<string, unknown>> }, proposal: Parameters<typeof indexFixes>[0], expected = true): void {
  const clause = block.clauses.order?.span;
  if (!clause) return;
  const { scan, rare } = walk;
  const any = context.model.holes.length > 0 ? ', for any values' : '';
  const known = sizeOf(table, context.settings) !== 'unknown';
  context.report({
    at: { sql: clause },
    severity: !known ? 'hint' : expected ? undefined : 'info',
    message: `The index ${scan.index ?? ''} is read in this order, and rows are thrown away until LIMIT is full.`,
    because: [
      `${scan.method} on ${table.name} reads about ${renderCount(walk.read)} rows to find ${renderCount(walk.page)}${any} (${describeVolumes(plan.basis)})`,
      ...(rare && rare.read > walk.read ? [`for the rarest known value of ${rare.column} (${(rare.share * 100).toPrecision(2)} % of the rows) about ${renderCount(rare.read)}`] : []),
      `where fewer than ${renderCount(walk.page)} rows match, all ${renderCount(walk.whole)}. ${gain.text}`,
    ].join('; '),
    confidence: 'planner',
    evidence: {
      table: relationKey(table.schema, table.name), ...planEvidence(plan, scan), ...gain.facts,
      rowsRead: walk.read, rowsDiscarded: walk.read - walk.page, page: walk.page, worstCaseRows: walk.whole, ...(rare ? { rarest: { column: rare.column, share: rare.share, rowsRead: rare.read } } : {}),
    },
    fixes: () => (context.catalog ? indexFixes(proposal, context.catalog, context.settings) : []),
  });
}

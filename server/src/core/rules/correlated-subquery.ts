import { hasUnknownPart } from '../advice/holes';
import { pageRowsOf } from '../advice/pageRows';
import { collectPins } from '../advice/pins';
import { basisEvidence, planStatement, renderCost } from '../advice/planEvidence';
import { isMuchCheaper, replannedSql } from '../advice/replan';
import { isSystemRelation, tableOf, withoutCasts, type Scope } from '../advice/scope';
import { blockSize, describeRows, renderCount } from '../advice/size';
import { toHostEdits } from '../advice/sqlEdits';
import { collectOuterColumns, rewriteAsJoin, type SubqueryPlace } from '../advice/subqueryJoin';
import { isPinnedToOneRow } from '../advice/uniqueness';
import type { Fix, StatementContext, StatementRule } from '../lint/rule';
import { describeVolumes, type PlannedStatement } from '../plan/planner';
import { aliasesBelow, collectSubplans, type RepeatedSubplan } from '../plan/subplans';
import type { QueryBlock } from '../sql/model';
import { containsSpan } from '../text/span';

const SCHEMA = 'CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL);\nCREATE TABLE items (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, price numeric NOT NULL);\nCREATE INDEX items_order ON items (order_id);\nCREATE INDEX orders_customer ON orders (customer_id);';
const VOLUMES = { orders: 500_000, items: 2_000_000 };

/** Sub-queries for one value that run again for each row around them. */
export const correlatedSubquery: StatementRule = {
  id: 'correlated-subquery',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'text',
  fixKinds: ['review'],
  summary: 'A scalar sub-query runs once for each row',
  docs: {
    why: 'A sub-query in the SELECT list or in WHERE that mentions the row around it is computed again for every one of them; Postgres never turns it into a join. Over a page of 20 rows that is 20 look-ups. Over a whole table it is a nested loop that no hash or merge join can replace.',
    bad: [{ language: 'sql', schema: SCHEMA, assume: VOLUMES, code: 'SELECT o.id, (SELECT sum(i.price) FROM items i WHERE i.order_id = o.id) AS total FROM orders o;' }],
    good: [
      { language: 'sql', schema: SCHEMA, assume: VOLUMES, code: 'SELECT o.id, t.total FROM orders o LEFT JOIN (SELECT i.order_id, sum(i.price) AS total FROM items i GROUP BY i.order_id) t ON t.order_id = o.id;' },
      { language: 'sql', schema: SCHEMA, assume: VOLUMES, code: 'SELECT o.id, (SELECT sum(i.price) FROM items i WHERE i.order_id = o.id) AS total FROM orders o ORDER BY o.id LIMIT 20;' },
    ],
    whenNot: 'Few outer rows, or a look-up by an index that is cheaper than reading the other table whole.',
    fixSafety: 'Offered for review: an aggregate becomes a LEFT JOIN of a grouped sub-query, a look-up by a unique key a LEFT JOIN. The values are the same (counts of nothing stay 0); rows without ORDER BY may come in another order.',
  },
  options: {},
  check(context) {
    const { model, site, catalog } = context;
    if (model.completeness !== 'full' || !site.complete || hasUnknownPart(model)) return;
    const scope: Scope = { model, catalog };
    for (const inner of model.blocks) {
      if (model.kind === 'update' && context.role === 'migration') continue;
      const place = inner.role === 'scalar' || inner.role === 'array' ? findPlace(scope, inner) : undefined;
      if (place && collectOuterColumns(scope, place.outer, inner).length > 0) checkSubquery(context, scope, place);
    }
  },
};

/** Blocks that are computed once for the statement. */
const ONCE: ReadonlySet<QueryBlock['role']> = new Set(['root', 'cte', 'derived', 'arm', 'insert-source']);

function findPlace({ model }: Scope, inner: QueryBlock): SubqueryPlace | undefined {
  const outer = inner.parent === undefined ? undefined : model.blocks[inner.parent];
  if ((outer?.kind !== 'select' && outer?.kind !== 'update') || !ONCE.has(outer.role) || outer.relations.length === 0 || outer.relations.some(isSystemRelation) || inner.relations.some((r) => isSystemRelation(r) || r.kind === 'function')) return undefined;
  if (outer.orderBy.some((item) => containsSpan(item.span, inner.span))) return { outer, inner, at: 'order' };
  if (outer.kind === 'update') return outer.write?.assignments.some((a) => containsSpan(a.span, inner.span)) ? { outer, inner, at: 'output' } : undefined;
  const within = outer.outputs.find((o) => containsSpan(o.span, inner.span));
  if (within) {
    const bare = withoutCasts(within.expression);
    return { outer, inner, at: 'output', ...(inner.role === 'scalar' && bare.kind === 'subquery' && bare.block === inner.index ? { output: within } : {}) };
  }
  const { where } = outer.clauses;
  return where && containsSpan(where.body, inner.span) ? { outer, inner, at: 'where' } : undefined;
}

function checkSubquery(context: StatementContext, scope: Scope, place: SubqueryPlace): void {
  const { outer, inner } = place;
  const pins = collectPins(scope, outer);
  if (outer.relations.some((_, index) => isPinnedToOneRow(scope, outer, index, pins) && outer.relations.length === 1)) return;
  // Postgres computes the SELECT list after the LIMIT, unless the order needs it.
  if (place.at === 'output' && outer.limit && !(isLarge(outer)) && !ordersBy(outer, place)) return;
  const outerSize = blockSize(scope, outer, context.settings);
  const innerSize = blockSize(scope, inner, context.settings);
  if (outerSize === 'small' || innerSize === 'small') return;
  const answer = planStatement(context);
  if (answer.state === 'pending') return;
  if (answer.state === 'planned') return judge(context, scope, place, answer.plan, outerSize !== 'unknown' && innerSize !== 'unknown');
  // By the text: nothing narrows the rows around it, not even in a CTE that they come from.
  // A column that is filled once, in a migration by whatever tool, is written like this too: an UPDATE is left to the planner.
  if (outer.kind === 'update' || outer.limit || outer.relations.some((r) => r.kind !== 'table') || outer.conjuncts.some((c) => c.clause === 'where' && !containsSpan(c.span, inner.span)) || outerSize === 'medium') return;
  report(context, scope, place, 'hint');
}

/** A LIMIT of this many rows is no page. */
const isLarge = (block: QueryBlock): boolean => block.limit?.expression.kind === 'constant' && Number(block.limit.expression.value) > 1000;

/** Does ORDER BY, DISTINCT or a grouping need the value before the LIMIT? */
const ordersBy = (outer: QueryBlock, { output, inner }: SubqueryPlace): boolean =>
  outer.distinct || outer.groupBy.length > 0 || outer.orderBy.some((item) => containsSpan(item.span, inner.span) || (output !== undefined && (item.expression.column?.column === output.alias || (item.expression.kind === 'constant' && outer.outputs[Number(item.expression.value) - 1] === output))));

interface Proof {
  readonly plan: PlannedStatement;
  readonly subplan: RepeatedSubplan;
  /** Cost of the statement with a join; undefined where no join is provably the same. */
  readonly after?: number;
}

/** Less than this share of the statement's cost is somebody else's fault. */
const MINIMUM_SHARE = 0.5;

function judge(context: StatementContext, scope: Scope, place: SubqueryPlace, plan: PlannedStatement, known: boolean): void {
  const first = place.inner.relations.map((r) => r.alias);
  const subplan = collectSubplans(plan, place.outer.limit && pageRowsOf(place.outer)).find(({ node }) => first.every((alias) => aliasesBelow(node).has(alias)));
  if (!subplan || subplan.loops < context.settings.smallTableRows || subplan.cost < plan.cost * MINIMUM_SHARE) return;
  const sql = replannedSql(context, ({ model, text }) => {
    const copy: Scope = { model, catalog: scope.catalog };
    const inner = model.blocks[place.inner.index];
    const same = inner && findPlace(copy, inner);
    return same && rewriteAsJoin(copy, same, text);
  });
  const answer = sql === undefined ? undefined : context.planner.plan({ sql });
  if (answer?.state === 'pending') return;
  // Where a join is possible and saves nothing, the look-ups are the best plan there is.
  if (answer?.state === 'planned' && !isMuchCheaper(plan.cost, answer.plan.cost)) return;
  report(context, scope, place, !known ? 'hint' : answer?.state === 'planned' ? undefined : 'info', { plan, subplan, ...(answer?.state === 'planned' ? { after: answer.plan.cost } : {}) });
}

function report(context: StatementContext, scope: Scope, place: SubqueryPlace, severity: 'hint' | 'info' | undefined, proof?: Proof): void {
  const rows = place.outer.relations.map((r) => describeRows(tableOf(scope.catalog, r), context.settings)).filter((r) => r !== undefined);
  const tables = [...new Set(place.inner.relations.filter((r) => r.kind === 'table').map((r) => r.name))];
  const because = proof ? [
    `it runs about ${renderCount(proof.subplan.loops)} times at a cost of ${renderCost(proof.subplan.node.totalCost)} each (${describeVolumes(proof.plan.basis)})`,
    ...(proof.after === undefined ? [`${Math.round((100 * proof.subplan.cost) / proof.plan.cost)} % of the statement's cost of ${renderCost(proof.plan.cost)}`] : [`as a join the statement's cost falls from ${renderCost(proof.plan.cost)} to ${renderCost(proof.after)}`]),
  ] : rows;
  context.report({
    at: { sql: place.inner.span },
    severity,
    message: `This sub-query${tables.length > 0 ? ` on ${tables.join(' and ')}` : ''} mentions the row around it: it runs once for each.`,
    because: because.length > 0 ? `${because.join('; ')}.` : undefined,
    confidence: proof ? 'planner' : 'text',
    evidence: {
      tables: place.inner.relations.map((r) => r.name), at: place.at,
      ...(proof ? { node: proof.subplan.owner.nodeType, loops: Math.round(proof.subplan.loops), costOfEach: proof.subplan.node.totalCost, cost: proof.plan.cost, ...(proof.after === undefined ? {} : { costAfter: proof.after }), ...basisEvidence(proof.plan.basis) } : {}),
    },
    fixes: () => joinFix(context, scope, place),
  });
}

function joinFix(context: StatementContext, scope: Scope, place: SubqueryPlace): readonly Fix[] {
  const { site, file } = context;
  if (site.chain.length > 0 || !site.source) return [];
  const edits = rewriteAsJoin(scope, place, site.source.text);
  // Quotes and backslashes of SQL would end or change a literal of the host.
  if (!edits || (site.library !== 'sql' && edits.some((edit) => /['"`\\\n]|\$\{/.test(edit.text)))) return [];
  const placed = toHostEdits(site, file.uri, edits);
  return placed ? [{ title: 'Compute it once, as a LEFT JOIN (the same values)', kind: 'review', edits: placed }] : [];
}

import { hasUnknownPart } from '../advice/holes';
import { linkedGroups } from '../advice/linked';
import { collectPins } from '../advice/pins';
import { isSystemRelation, tableOf, type Scope } from '../advice/scope';
import { describeRows, sizeOf, type TableSize } from '../advice/size';
import { isPinnedToOneRow } from '../advice/uniqueness';
import type { StatementContext, StatementRule } from '../lint/rule';
import type { QueryBlock, Relation } from '../sql/model';
import { spanText, sqlSpan } from '../text/span';

const SCHEMA = 'CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, total numeric NOT NULL);\nCREATE TABLE customers (id bigint PRIMARY KEY, region text NOT NULL);';

/** Tables side by side in FROM that no condition links: every row of one with every row of the other. */
export const cartesianJoin: StatementRule = {
  id: 'cartesian-join',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'text',
  summary: 'Two tables are joined without a condition between them',
  docs: {
    why: 'Without a condition that mentions both, each row of one table is paired with each row of the other: 10,000 orders and 10,000 customers make 100,000,000 rows. Mostly the condition was forgotten or names the wrong table; DISTINCT or LIMIT then hides the wrong rows, not the work.',
    bad: [
      { language: 'sql', schema: SCHEMA, code: "SELECT o.id, o.total FROM orders o, customers c WHERE c.region = 'north';" },
      { language: 'sql', schema: SCHEMA, code: 'SELECT o.id, o.total FROM orders o JOIN customers c ON c.region = $1;' },
    ],
    good: [
      { language: 'sql', schema: SCHEMA, code: "SELECT o.id, o.total FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.region = 'north';" },
      { language: 'sql', schema: SCHEMA, code: 'SELECT o.id, o.total / s.total FROM orders o, (SELECT sum(total) AS total FROM orders) s;' },
      { language: 'sql', schema: SCHEMA, code: 'SELECT o.id, d FROM orders o CROSS JOIN generate_series(1, 3) d;' },
    ],
    whenNot: 'All pairs are wanted: write CROSS JOIN, which says so and is not reported.',
  },
  options: {},
  check(context) {
    const { model, site } = context;
    if (model.completeness !== 'full' || !site.complete || hasUnknownPart(model)) return;
    const scope: Scope = { model, catalog: context.catalog };
    for (const block of model.blocks) if (block.relations.length > 1 && ['select', 'update', 'delete'].includes(block.kind)) checkBlock(context, scope, block);
  },
};

function checkBlock(context: StatementContext, scope: Scope, block: QueryBlock): void {
  const from = block.clauses.from ?? block.clauses.using;
  // A NATURAL JOIN is linked by names, a LATERAL by what stands inside.
  if (!from || /\bnatural\b/i.test(spanText(scope.model.text, from.span)) || block.relations.some((r) => r.lateral || r.hole !== undefined || isSystemRelation(r))) return;
  // Of two tables of one name nobody knows which is meant; names that the host puts in may be columns of any.
  if (new Set(block.relations.map((r) => r.alias)).size < block.relations.length || hasUnknownName(scope, block)) return;
  const groups = linkedGroups(scope, block);
  if (!groups || groups.length < 2) return;
  const many = groups.filter((group) => !isOneRow(scope, block, group) && !group.every((index) => isWanted(scope, block, index)));
  // `DELETE … USING taken`: whether the CTE found something is what is asked.
  if (block.kind !== 'select' && many.some((group) => group.every((index) => block.relations[index]?.kind === 'cte'))) return;
  const [first, second] = many;
  const [a, b] = [first && block.relations[first[0] ?? 0], second && block.relations[second[0] ?? 0]];
  if (!first || !second || !a || !b) return;
  const sizes = many.map((group) => largest(group.map((index) => sizeOf(tableOf(scope.catalog, block.relations[index]!), context.settings))));
  const rows = [a, b].map((r) => describeRows(tableOf(scope.catalog, r), context.settings)).filter((r) => r !== undefined);
  context.report({
    at: { sql: b.span },
    severity: sizes.filter((s) => s === 'large').length > 1 ? undefined : sizes.includes('small') ? 'hint' : 'info',
    message: `No condition links ${nameOf(b)} with ${nameOf(a)}: each row of one is paired with each row of the other.`,
    because: rows.length > 0 ? `${rows.join('; ')}.` : undefined,
    confidence: sizes.every((s) => s === 'large') ? 'statistics' : 'text',
    evidence: { groups: many.map((group) => group.map((index) => nameOf(block.relations[index]!))) },
  });
}

/** Does a condition compare something that the host puts in as SQL: a name, or what may be one? */
const hasUnknownName = ({ model }: Scope, block: QueryBlock): boolean =>
  model.holes.some((hole) => hole.origin.type === 'interpolation' && hole.kind !== 'list' && (hole.kind !== 'value' || model.blocks.some((b) => b.relations.some((r) => r.hole !== undefined))) && hole.span.start >= block.span.start && hole.span.end <= block.span.end);

const nameOf = (relation: Relation): string => (relation.kind === 'table' ? relation.name : relation.alias || 'the sub-query');

const largest = (sizes: readonly TableSize[]): TableSize => (['large', 'unknown', 'medium', 'small'] as const).find((s) => sizes.includes(s)) ?? 'unknown';

/** At most one row: pinned by a unique key, an aggregate, LIMIT 1, no table below it. */
function isOneRow(scope: Scope, block: QueryBlock, group: readonly number[]): boolean {
  const pins = collectPins(scope, block);
  return group.every((index) => {
    const relation = block.relations[index];
    if (!relation || relation.kind === 'function' || relation.kind === 'values') return true;
    if (relation.kind === 'table') return isPinnedToOneRow(scope, block, index, pins);
    const inner = relation.block === undefined ? undefined : scope.model.blocks[relation.block];
    return inner === undefined || givesOneRow(scope, inner);
  });
}

/** Blocks whose rows are few or not known to be many. */
function givesOneRow(scope: Scope, inner: QueryBlock): boolean {
  if (inner.kind !== 'select') return true;
  if (inner.relations.length === 0 || inner.relations.every((r) => r.kind === 'function')) return true;
  if (inner.limit?.expression.kind === 'constant' && Number(inner.limit.expression.value) <= 1) return true;
  if (inner.groupBy.length === 0 && inner.outputs.some((o) => hasAggregate(o.expression))) return true;
  return inner.cte?.recursive !== true && isOneRow(scope, inner, inner.relations.map((_, index) => index));
}

const hasAggregate = (e: QueryBlock['outputs'][number]['expression']): boolean => e.kind === 'aggregate' || (e.kind !== 'subquery' && (e.args ?? []).some(hasAggregate));

/** `CROSS JOIN t`, `JOIN t ON true`: all pairs are asked for in so many words. */
function isWanted(scope: Scope, block: QueryBlock, index: number): boolean {
  const relation = block.relations[index];
  if (!relation) return false;
  const before = scope.model.text.slice(0, relation.span.start);
  if (/\bcross\s+join\s*(?:only\s+)?\(*\s*$/i.test(before)) return true;
  const on = block.conjuncts.filter((c) => c.clause === 'on' && c.joined === index);
  if (on.length === 1 && on[0]?.operator === 'boolean' && on[0].left?.kind === 'constant') return true;
  // `FROM a CROSS JOIN b`: both sides are meant.
  const next = block.relations[index + 1];
  return index === 0 && next !== undefined && /\bcross\s+join\b/i.test(spanText(scope.model.text, sqlSpan(relation.span.end, next.span.start)));
}

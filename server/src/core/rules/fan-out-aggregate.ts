import { aggregateFirst } from '../advice/aggregateFirst';
import { hasUnknownPart } from '../advice/holes';
import { collectPins } from '../advice/pins';
import { bindColumn, containsAggregate, isSystemRelation, tableOf, walkExpression, type Scope } from '../advice/scope';
import { blockSize } from '../advice/size';
import { sqlFix } from '../advice/sqlFix';
import { coversUniqueKey } from '../advice/uniqueness';
import type { StatementContext, StatementRule } from '../lint/rule';
import type { Expression, QueryBlock } from '../sql/model';
import { spanText } from '../text/span';

const SCHEMA = 'CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);\nCREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, total numeric NOT NULL);\nCREATE TABLE visits (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers);';

/** Aggregates over the product of two joins. */
export const fanOutAggregate: StatementRule = {
  id: 'fan-out-aggregate',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'schema',
  fixKinds: ['review'],
  summary: 'An aggregate over two joins counts each row many times',
  docs: {
    why: 'A customer with 10 orders and 20 visits has 200 rows in a join of the three tables: every order is there twenty times. `sum(o.total)` is then twenty times too large and `count(v.id)` ten times, and the work grows with the product. Each side is aggregated on its own first (a grouped sub-query, LATERAL, or a scalar sub-query), then joined.',
    bad: [{ language: 'sql', schema: SCHEMA, code: 'SELECT c.id, sum(o.total), count(v.id) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id LEFT JOIN visits v ON v.customer_id = c.id GROUP BY c.id;' }],
    good: [
      { language: 'sql', schema: SCHEMA, code: 'SELECT c.id, o.total, v.visits FROM customers c LEFT JOIN (SELECT customer_id, sum(total) AS total FROM orders GROUP BY customer_id) o ON o.customer_id = c.id LEFT JOIN (SELECT customer_id, count(*) AS visits FROM visits GROUP BY customer_id) v ON v.customer_id = c.id;' },
      { language: 'sql', schema: SCHEMA, code: 'SELECT c.id, sum(o.total) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.id;' },
      { language: 'sql', schema: SCHEMA, code: 'SELECT c.id, count(DISTINCT o.id), count(DISTINCT v.id) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id LEFT JOIN visits v ON v.customer_id = c.id GROUP BY c.id;' },
    ],
    fixSafety: 'Offered for review: the sums and counts become smaller, namely those of the rows themselves. The side becomes a sub-query with one row per key; not offered where a condition, a sort or a group asks for more of it than its key, or where a group may hold several rows of the table that both sides belong to.',
    whenNot: 'One side has at most one row for each, which the catalog does not know: a unique index says it.',
  },
  options: {},
  check(context) {
    const { model, site, catalog } = context;
    if (!catalog || model.completeness !== 'full' || !site.complete || hasUnknownPart(model)) return;
    const scope: Scope = { model, catalog };
    for (const block of model.blocks) if (block.kind === 'select' && block.relations.length > 2 && !block.distinct) checkBlock(context, scope, block);
  },
};

/** Aggregates that a row which is there twice changes. */
const COUNTING: ReadonlySet<string> = new Set(['sum', 'count', 'array_agg', 'string_agg', 'json_agg', 'jsonb_agg']);

function checkBlock(context: StatementContext, scope: Scope, block: QueryBlock): void {
  const found = block.outputs.map((o) => countingAggregate(scope, block, o.expression)).find((a) => a !== undefined);
  if (!found) return;
  if (block.relations.some((r) => r.kind !== 'table' || r.join === 'right' || r.join === 'full' || r.lateral || isSystemRelation(r))) return;
  const branches = toManyBranches(scope, block);
  const counted = new Set(found.columns.flatMap((c) => bindColumn(scope, block, c)?.relationIndex ?? []));
  // What is counted is one of the sides, and another one multiplies it.
  const side = branches.find((b) => counted.has(b.relation)) ?? (found.columns.length === 0 ? branches[0] : undefined);
  const others = branches.filter((b) => b !== side && side?.parent === b.parent);
  const [a, b] = [side && block.relations[side.relation], others[0] && block.relations[others[0].relation]];
  if (!side || !a || !b || blockSize(scope, block, context.settings) === 'small') return;
  const parent = block.relations[side.parent];
  context.report({
    at: { sql: found.span },
    severity: found.columns.length > 0 ? undefined : 'info',
    message: `${a.name} and ${b.name} both have many rows for each ${parent?.name ?? 'row'}: this aggregate sees every row of one once for each of the other.`,
    because: 'Neither is joined by a unique key, and no condition links them.',
    confidence: 'schema',
    evidence: { tables: [parent?.name, a.name, b.name] },
    fixes: () => sqlFix(context, `Aggregate ${a.name} on its own first (each row then counts once)`, 'review', aggregateFirst(scope, block, side.relation, side.parent) ?? []),
  });
}

/** An aggregate without DISTINCT that duplicates change; undefined where there is none. */
function countingAggregate({ model }: Scope, block: QueryBlock, expression: Expression): Expression | undefined {
  if (!containsAggregate(expression)) return undefined;
  return [...walkExpression(expression)].find((e) => e.kind === 'aggregate' && COUNTING.has(e.name ?? '') && !/^\w+\s*\(\s*distinct\b/i.test(spanText(model.text, e.span)) && (e.columns.length > 0 || block.groupBy.length > 0));
}

interface Branch {
  readonly relation: number;
  /** The relation that it has many rows for. */
  readonly parent: number;
}

/** Relations that are joined to one other relation alone, with many rows for each of its rows. */
function toManyBranches(scope: Scope, block: QueryBlock): readonly Branch[] {
  const links = block.relations.map(() => new Map<number, Set<string>>());
  for (const c of block.conjuncts) {
    if (c.clause === 'having' || c.negated || c.operator !== '=') continue;
    const [l, r] = [c.left?.column, c.right?.column].map((column) => column && bindColumn(scope, block, column));
    if (!l || !r || l.relationIndex === r.relationIndex || l.block !== block || r.block !== block) continue;
    for (const [own, other] of [[l, r], [r, l]] as const) {
      const known = links[own.relationIndex]?.get(other.relationIndex) ?? new Set<string>();
      links[own.relationIndex]?.set(other.relationIndex, known.add(own.column));
    }
  }
  const pins = collectPins(scope, block);
  return block.relations.flatMap((relation, index): readonly Branch[] => {
    const table = tableOf(scope.catalog, relation);
    const [link, ...more] = links[index] ?? [];
    // Linked with two others it may be what joins them.
    if (!table || table.kind === 'view' || table.kind === 'matview' || table.incomplete || !link || more.length > 0) return [];
    const [parent, columns] = link;
    const own = new Set([...columns, ...pins.columns(index)]);
    const top = block.relations[parent];
    const above = top && tableOf(scope.catalog, top);
    // The parent is found by a key of its own: many of these belong to one of it.
    const keyed = above !== undefined && coversUniqueKey(above, new Set(links[parent]?.get(index)), new Set(links[parent]?.get(index)));
    return keyed && !coversUniqueKey(table, own, own) ? [{ relation: index, parent }] : [];
  });
}

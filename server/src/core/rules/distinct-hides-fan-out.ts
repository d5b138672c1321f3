import { hasUnknownPart } from '../advice/holes';
import { relationsOf } from '../advice/linked';
import { bindColumn, expressionsIn, isSystemRelation, tableOf, type Scope } from '../advice/scope';
import { blockSize } from '../advice/size';
import { sqlFix } from '../advice/sqlFix';
import { addCondition, type SqlEdit } from '../advice/sqlEdits';
import { joinsAreToOne } from '../advice/uniqueness';
import type { StatementContext, StatementRule } from '../lint/rule';
import type { QueryBlock, Relation, StatementModel } from '../sql/model';
import { toHostSpan } from '../text/segmentMap';
import { spanText, sqlSpan } from '../text/span';

const SCHEMA = 'CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);\nCREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, total numeric NOT NULL);\nCREATE INDEX orders_customer ON orders (customer_id);';

/** DISTINCT that takes out the duplicates which a join has made. */
export const distinctHidesFanOut: StatementRule = {
  id: 'distinct-hides-fan-out',
  scope: 'statement',
  category: 'query',
  severity: 'info',
  needs: 'schema',
  fixKinds: ['review'],
  summary: 'DISTINCT removes duplicates that a join has made',
  docs: {
    why: 'Where a joined table is only asked whether it has a matching row, the join returns one row for each of them, and DISTINCT sorts or hashes them all to leave one. EXISTS asks the same question, stops at the first match, and makes no duplicates.',
    bad: [{ language: 'sql', schema: SCHEMA, code: 'SELECT DISTINCT c.id, c.name FROM customers c JOIN orders o ON o.customer_id = c.id WHERE o.total > $1;' }],
    good: [
      { language: 'sql', schema: SCHEMA, code: 'SELECT c.id, c.name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.total > $1);' },
      { language: 'sql', schema: SCHEMA, code: 'SELECT DISTINCT c.id, o.total FROM customers c JOIN orders o ON o.customer_id = c.id;' },
    ],
    whenNot: 'The joined table is small, or has few rows for each.',
    fixSafety: 'Offered for review: the same rows, perhaps in another order. DISTINCT goes where a unique key is selected, and stays elsewhere.',
  },
  options: {},
  check(context) {
    const { model, site, catalog } = context;
    if (!catalog || model.completeness !== 'full' || !site.complete || hasUnknownPart(model)) return;
    const scope: Scope = { model, catalog };
    for (const block of model.blocks) if (block.kind === 'select' && (block.distinct || countsDistinct(model, block)) && block.relations.length > 1) checkBlock(context, scope, block);
  },
};

/** `count(DISTINCT u.id)` and nothing that duplicates would change. */
const countsDistinct = ({ text }: StatementModel, { outputs, clauses, orderBy }: QueryBlock): boolean =>
  outputs.length > 0 && clauses.having === undefined && orderBy.length === 0 && outputs.every(({ expression }) => expression.kind === 'aggregate' && expression.name === 'count' && /^count\s*\(\s*distinct\b[^()]*\)$/i.test(spanText(text, expression.span)));

function checkBlock(context: StatementContext, scope: Scope, block: QueryBlock): void {
  const { select } = block.clauses;
  if (!select || /^\s*distinct\s+on\b/i.test(spanText(scope.model.text, select.body)) || block.groupBy.length > 0 || block.outputs.some((o) => o.star && o.qualifier === undefined)) return;
  if (block.relations.some((r) => r.kind !== 'table' || r.join === 'full' || r.join === 'right' || r.lateral || isSystemRelation(r) || r.hole !== undefined)) return;
  const shown = relationsShown(scope, block);
  if (!shown || shown.size === 0) return;
  const seed = [...shown][0] ?? 0;
  const hidden = block.relations.flatMap((_, i) => (shown.has(i) ? [] : [i]));
  // Which of them makes duplicates: the one without which every join is to one row.
  const index = hidden.find((i) => block.relations[i]?.join === 'inner' && !joinsAreToOne(scope, only(block, [seed, i]), 0) && isKnown(scope, block, i));
  const relation = index === undefined ? undefined : block.relations[index];
  const size = index === undefined || !relation ? 'small' : blockSize(scope, only(block, [index]), context.settings);
  if (!relation || index === undefined || size === 'small') return;
  // A join that the library adds by itself has no place in the code: the call that hides it has.
  const hiding = toHostSpan(context.site.map, relation.span) ? undefined : context.site.chain.find((call) => call.name === 'distinct')?.nameSpan;
  context.report({
    at: hiding ? { host: hiding } : { sql: relation.span },
    severity: size === 'large' ? undefined : 'hint',
    message: `${relation.name} is joined only to ask whether it has a row: each one it has makes a duplicate that DISTINCT takes out again.`,
    because: 'No column of it is selected, and it is not joined by a unique key.',
    confidence: 'schema',
    evidence: { table: relation.name },
    fixes: () => !block.distinct ? [] : sqlFix(context, 'Ask with EXISTS (the same rows, perhaps in another order)', 'review', rewrite(scope, block, index, seed)),
  });
}

/** The block with these relations alone, in this order; conditions on others are left out. */
function only(block: QueryBlock, indexes: readonly number[]): QueryBlock {
  const relations = indexes.map((i) => block.relations[i]).filter((r): r is Relation => r !== undefined);
  const names = new Set(relations.map((r) => r.alias));
  const conjuncts = block.conjuncts.filter((c) => [...(c.left?.columns ?? []), ...(c.right?.columns ?? [])].every((ref) => ref.qualifier === undefined || names.has(ref.qualifier)));
  return { ...block, relations, conjuncts: conjuncts.map((c) => (c.joined === undefined ? c : { ...c, joined: Math.max(0, indexes.indexOf(c.joined)) })) };
}

const isKnown = (scope: Scope, block: QueryBlock, index: number): boolean => {
  const table = block.relations[index] && tableOf(scope.catalog, block.relations[index]);
  return table !== undefined && table.kind === 'table' && !table.incomplete;
};

/** Relations of which a column is selected or sorted by; undefined where that is not known. */
function relationsShown(scope: Scope, block: QueryBlock): ReadonlySet<number> | undefined {
  const shown = new Set<number>();
  for (const output of block.outputs) if (output.star) shown.add(block.relations.findIndex((r) => r.alias === output.qualifier));
  for (const expression of expressionsIn({ ...block, conjuncts: [] })) {
    if (expression.kind === 'subquery') return undefined;
    for (const column of expression.columns) {
      const bound = bindColumn(scope, block, column);
      // ORDER BY may name an output.
      if (!bound && !block.outputs.some((o) => o.alias === column.column)) return undefined;
      if (bound) shown.add(bound.relationIndex);
    }
  }
  return shown.has(-1) ? undefined : shown;
}

/** For two tables joined by ON: the second moves into EXISTS, with its conditions. */
function rewrite(scope: Scope, block: QueryBlock, index: number, seed: number): readonly SqlEdit[] | undefined {
  const { text } = scope.model;
  const [first, second] = block.relations;
  const from = block.clauses.from;
  const select = block.clauses.select;
  if (block.relations.length !== 2 || index !== 1 || seed !== 0 || !first || !second || !from || !select || scope.model.holes.some((h) => h.origin.type === 'placeholder' && !/^\d+$/.test(h.origin.key) && h.span.start >= from.span.start)) return undefined;
  const joined = sqlSpan(first.span.end, from.span.end);
  const written = /^(\s+(?:as\s+)?"?\w+"?)?\s+(?:inner\s+)?join\s+([^]+?)\s+on\s+([^]+)$/i.exec(spanText(text, joined));
  const [, alias = '', table, on] = written ?? [];
  if (table === undefined || on === undefined || /\bjoin\b|\bon\b/i.test(on) || /^\s+(?:inner|join)$/i.test(alias)) return undefined;
  if (scope.model.holes.some((hole) => hole.span.start >= joined.start && hole.span.end <= joined.end)) return undefined;
  const where = block.conjuncts.filter((c) => c.clause === 'where');
  const own = where.map((c) => relationsOf(scope, block, c));
  // Conditions on the second table move with it; those that stay must not mention it.
  const moved = where.filter((_, i) => own[i]?.has(1) === true);
  if (own.some((r) => r === undefined) || where.some((c) => c.operator === 'or') || moved.length < where.length && moved.length > 0 && scope.model.holes.length > 0 && scope.model.holes.some((h) => h.origin.type === 'interpolation')) return undefined;
  if (moved.some((c) => scope.model.holes.some((h) => h.span.start >= c.span.start && h.span.end <= c.span.end && (h.origin.type !== 'placeholder' || spanText(text, h.span)[0] !== '$')))) return undefined;
  // Unqualified names keep their meaning only where both tables are still in sight.
  const conditions = [on.trim(), ...moved.map((c) => spanText(text, c.span))];
  const exists = `EXISTS (SELECT 1 FROM ${table} WHERE ${conditions.map((c) => (/\bor\b/i.test(c) ? `(${c})` : c)).join(' AND ')})`;
  const kept = where.filter((c) => !moved.includes(c));
  const keyShown = tableOf(scope.catalog, first)?.constraints.some((c) => c.type === 'primary' && c.columns.every((name) => block.outputs.some((o) => o.column?.column === name && bindColumn(scope, block, o.column)?.relationIndex === 0)));
  const distinct = keyShown ? /^\s*distinct\s+/i.exec(spanText(text, select.body))?.[0].length : undefined;
  const edits: SqlEdit[] = [{ span: sqlSpan(first.span.end + alias.length, from.span.end), text: '' }];
  if (distinct !== undefined) edits.unshift({ span: sqlSpan(select.body.start, select.body.start + distinct), text: '' });
  const whole = block.clauses.where;
  if (whole) return [...edits, { span: whole.body, text: [...kept.map((c) => spanText(text, c.span)), exists].join(' AND ') }];
  const added = addCondition(scope.model, block, exists);
  return added && [...edits.slice(0, -1), { span: sqlSpan(first.span.end + alias.length, from.span.end), text: ` WHERE ${exists}` }];
}


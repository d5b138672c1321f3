import { hasUnknownPart } from '../advice/holes';
import { mayBeNull } from '../advice/nullable';
import { collectPins } from '../advice/pins';
import { bindColumn, isSystemRelation, tableOf, type Scope } from '../advice/scope';
import { blockSize, describeRows } from '../advice/size';
import { addCondition, type SqlEdit } from '../advice/sqlEdits';
import { sqlFix } from '../advice/sqlFix';
import { isPinnedToOneRow } from '../advice/uniqueness';
import { positiveConjuncts } from '../advice/comparisons';
import type { StatementContext, StatementRule } from '../lint/rule';
import type { Conjunct, Expression, QueryBlock } from '../sql/model';
import { quoteIdentifier } from '../sql/names';
import { containsSpan, spanText, sqlSpan } from '../text/span';

const SCHEMA = 'CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL);\nCREATE TABLE bans (id bigint PRIMARY KEY, user_id bigint, banned_id bigint NOT NULL);';

/** `NOT IN (SELECT …)`: one NULL empties the result, and Postgres cannot plan it as a join. */
export const notInSubquery: StatementRule = {
  id: 'not-in-subquery',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'text',
  fixKinds: ['safe', 'review'],
  summary: 'NOT IN with a sub-query',
  docs: {
    why: '`x NOT IN (SELECT y …)` asks that x differs from every y. One NULL among them, and the answer is never true: the query finds nothing, without an error. Postgres therefore cannot plan it as an anti-join: the rows of the sub-query are put in a hash table as long as they fit in `work_mem`, and beyond that the sub-query is read through again for every row. NOT EXISTS has neither trouble.',
    bad: [
      { language: 'sql', schema: SCHEMA, code: 'SELECT name FROM users WHERE id NOT IN (SELECT user_id FROM bans);' },
      { language: 'sql', schema: SCHEMA, code: 'SELECT name FROM users WHERE id NOT IN (SELECT banned_id FROM bans);' },
      { language: 'typescript', schema: SCHEMA, code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport const allowed = (ids: number[]) => pool.query('SELECT name FROM users WHERE id = ANY($1) AND id NOT IN (SELECT user_id FROM bans)', [ids]);" },
    ],
    good: [
      { language: 'sql', schema: SCHEMA, code: 'SELECT name FROM users WHERE NOT EXISTS (SELECT 1 FROM bans WHERE user_id = users.id);' },
      { language: 'sql', schema: SCHEMA, code: 'SELECT name FROM users WHERE id NOT IN (1, 2, 3);' },
    ],
    whenNot: 'Sub-queries of a few rows whose column is NOT NULL.',
    fixSafety: 'NOT EXISTS in its place is safe where neither side can be NULL, which the catalog proves; it is then applied by fix-all. Elsewhere it is offered for review: a NULL of the sub-query no longer empties the result, and rows whose own value is NULL are found.',
  },
  options: {},
  check(context) {
    const { model, site } = context;
    if (model.completeness !== 'full' || !site.complete) return;
    const scope: Scope = { model, catalog: context.catalog };
    for (const block of model.blocks) {
      for (const conjunct of positiveConjuncts(block.conjuncts)) {
        const inner = conjunct.right?.kind === 'subquery' && ((conjunct.operator === 'in' && conjunct.negated) || conjunct.operator === '<> all') ? model.blocks[conjunct.right.block ?? -1] : undefined;
        if (inner && conjunct.left) checkSubquery(context, scope, { block, conjunct, inner, left: conjunct.left });
      }
    }
  },
};

interface NotIn {
  readonly block: QueryBlock;
  readonly conjunct: Conjunct;
  readonly inner: QueryBlock;
  readonly left: Expression;
}

function checkSubquery(context: StatementContext, scope: Scope, found: NotIn): void {
  const { block, conjunct, inner, left } = found;
  // A list in the shape of a sub-query (`SELECT unnest($1)`), and one value.
  const tables = tablesBelow(scope, inner);
  if (tables.length === 0 || tables.some(isSystemRelation) || isOneRow(inner)) return;
  const compared = left.kind === 'row' ? left.args ?? [] : [left];
  const outputs = inner.kind === 'select' ? inner.outputs : [];
  const innerNull = combine(outputs.length === compared.length ? outputs.map((o) => (o.star ? undefined : mayBeNull(scope, inner, o.expression))) : [undefined]);
  const outerNull = combine(compared.map((e) => mayBeNull(scope, block, e)));
  const size = blockSize(scope, inner, context.settings);
  // Without a NULL it is a matter of size alone: a hash table of few rows is fast, and so is a check of one row.
  if (innerNull === false && (size === 'small' || size === 'medium' || inner.limit || isOfOneRow(scope, block))) return;
  const names = outputs.map((o) => o.column?.column ?? o.alias ?? 'the column');
  const rows = tables.map((r) => describeRows(tableOf(context.catalog, r), context.settings)).filter((r) => r !== undefined);
  context.report({
    at: { sql: conjunct.span },
    severity: innerNull === true ? 'warning' : innerNull === false ? (size === 'large' ? 'warning' : 'hint') : 'info',
    message: innerNull === true ? `NOT IN finds nothing as soon as one ${names.join(', ')} of the sub-query is NULL.` : innerNull === false ? 'NOT IN with a sub-query cannot be planned as a join: its rows are hashed whole, or read again for every row.' : 'NOT IN with a sub-query finds nothing if it returns one NULL, and cannot be planned as a join.',
    because: [...(innerNull === true ? [`${names.join(', ')} may be NULL`] : []), ...rows].join('; ') || undefined,
    confidence: innerNull === undefined ? 'text' : 'schema',
    evidence: { tables: tables.map((r) => r.name), subqueryMayBeNull: innerNull, valueMayBeNull: outerNull, size },
    fixes: () => {
      const same = innerNull === false && outerNull === false;
      const changes = [...(innerNull === false ? [] : ['a NULL in the sub-query no longer empties the result']), ...(outerNull === false ? [] : ['rows whose own value is NULL are found'])];
      return sqlFix(context, `Use NOT EXISTS (${same ? 'the same rows: neither side can be NULL' : changes.join('; ')})`, same ? 'safe' : 'review', rewriteAsExists(scope, found));
    },
  });
}

/** True where one may be, undefined where one is not known. */
const combine = (answers: readonly (boolean | undefined)[]): boolean | undefined => (answers.includes(true) ? true : answers.includes(undefined) ? undefined : false);

/** Tables that a sub-query reads, through its CTEs; what a CTE has just written (`DELETE … RETURNING`) is few. */
function tablesBelow(scope: Scope, block: QueryBlock, seen: ReadonlySet<number> = new Set()): readonly QueryBlock['relations'][number][] {
  if (seen.has(block.index)) return [];
  const known = new Set([...seen, block.index]);
  const inside = [block, ...scope.model.blocks.filter((b) => b.index !== block.index && containsSpan(block.span, b.span))];
  return inside.flatMap((b) => b.relations.flatMap((r) => {
    const cte = r.kind === 'cte' && r.block !== undefined ? scope.model.blocks[r.block] : undefined;
    return cte ? (cte.write || cte.kind === 'delete' || cte.kind === 'update' ? [] : tablesBelow(scope, cte, known)) : r.kind === 'table' ? [r] : [];
  }));
}

/** Does the statement look at one row by its key? */
function isOfOneRow(scope: Scope, block: QueryBlock): boolean {
  const pins = collectPins(scope, block);
  return block.relations.some((_, index) => isPinnedToOneRow(scope, block, index, pins));
}

const isOneRow = (block: QueryBlock): boolean =>
  block.kind === 'select' && ((block.limit?.expression.kind === 'constant' && Number(block.limit.expression.value) <= 1) || (block.groupBy.length === 0 && block.outputs.length > 0 && block.outputs.every((o) => o.expression.kind === 'aggregate')));

/** `NOT EXISTS (SELECT 1 … AND y = x)`; undefined where a name would mean something else inside, or the sub-query has no plain WHERE. */
function rewriteAsExists(scope: Scope, { block, conjunct, inner, left }: NotIn): readonly SqlEdit[] | undefined {
  const { text } = scope.model;
  const select = inner.clauses.select;
  if (inner.kind !== 'select' || !select || inner.limit || inner.offset || inner.locking || inner.groupBy.length > 0 || inner.clauses.having || inner.clauses.with || hasUnknownPart(scope.model)) return undefined;
  if (!/^(?:\s+not\s+in|\s*<>\s*all)\s*\(\s*$/i.test(text.slice(left.span.end, inner.span.start)) || left.span.start !== conjunct.span.start || !/^\s*\)$/.test(text.slice(inner.span.end, conjunct.span.end))) return undefined;
  const compared = left.kind === 'row' ? left.args ?? [] : [left];
  if (compared.length !== inner.outputs.length) return undefined;
  const conditions: string[] = [];
  for (const [i, outer] of compared.entries()) {
    const output = inner.outputs[i];
    const own = output?.column && bindColumn(scope, inner, output.column);
    const bound = outer.column && bindColumn(scope, block, outer.column);
    if (!output?.column || own?.block.index !== inner.index || bound?.block.index !== block.index || bound.relation.alias === '') return undefined;
    // The name has to reach the row outside.
    if (inner.relations.some((r) => r.alias === bound.relation.alias || r.name === bound.relation.alias)) return undefined;
    conditions.push(`${spanText(text, output.column.span)} = ${quoteIdentifier(bound.relation.alias)}.${quoteIdentifier(bound.column)}`);
  }
  const where = addCondition(scope.model, inner, conditions.join(' AND '));
  return where && [{ span: sqlSpan(conjunct.span.start, select.span.end), text: 'NOT EXISTS (SELECT 1' }, ...where];
}

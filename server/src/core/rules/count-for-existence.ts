import { collectComparisons, mirror, type Comparison } from '../advice/comparisons';
import { hasUnknownPart } from '../advice/holes';
import { mayBeNull } from '../advice/nullable';
import { containsAggregate, isSystemRelation, type Scope } from '../advice/scope';
import { blockSize } from '../advice/size';
import type { SqlEdit } from '../advice/sqlEdits';
import { sqlFix } from '../advice/sqlFix';
import { existenceUse } from '../advice/countUse';
import { collectPins } from '../advice/pins';
import { isPinnedToOneRow } from '../advice/uniqueness';
import type { FindingDraft, Fix, Severity, StatementContext, StatementRule } from '../lint/rule';
import type { Expression, Output, QueryBlock } from '../sql/model';
import { containsSpan, spanText, sqlSpan, type SqlSpan } from '../text/span';

const SCHEMA = 'CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL);\nCREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL);\nCREATE INDEX orders_user ON orders (user_id);';

/** Counting all rows to learn whether there is one. */
export const countForExistence: StatementRule = {
  id: 'count-for-existence',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'text',
  fixKinds: ['safe', 'review'],
  summary: 'Rows are counted to learn whether there is one',
  docs: {
    why: '`count(*)` reads every matching row; whether there is one at all is known after the first. EXISTS stops there, and a correlated EXISTS becomes a semi-join, while a correlated count runs again for every row.',
    bad: [
      { language: 'sql', schema: SCHEMA, code: 'SELECT name FROM users u WHERE (SELECT count(*) FROM orders o WHERE o.user_id = u.id) > 0;' },
      { language: 'sql', schema: SCHEMA, code: 'SELECT count(*) > 0 AS ordered FROM orders WHERE user_id = $1;' },
      { language: 'sql', schema: SCHEMA, code: 'SELECT count(*) > 0 FROM orders WHERE user_id = $1;' },
      { language: 'typescript', schema: SCHEMA, code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function hasOrders(userId: string) {\n  const { rows } = await pool.query('SELECT count(*) FROM orders WHERE user_id = $1', [userId]);\n  return Number(rows[0].count) > 0;\n}" },
    ],
    good: [
      { language: 'sql', schema: SCHEMA, code: 'SELECT name FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id);' },
      { language: 'sql', schema: SCHEMA, code: 'SELECT name FROM users u WHERE (SELECT count(*) FROM orders o WHERE o.user_id = u.id) > 3;' },
      { language: 'typescript', schema: SCHEMA, code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function countOrders(userId: string) {\n  const { rows } = await pool.query('SELECT count(*) FROM orders WHERE user_id = $1', [userId]);\n  return Number(rows[0].count);\n}" },
    ],
    whenNot: 'The number itself is shown or compared with more than one.',
    fixSafety: 'Safe: `count(*)` of the same rows is above 0 exactly where EXISTS is true. For review where the result is an output without a name: it was called `?column?`, and is then called `exists`. Where the host code compares the number, the code changes too: that is advice only.',
  },
  options: {},
  check(context) {
    const { model, site } = context;
    if (model.completeness !== 'full' || !site.complete) return;
    const scope: Scope = { model, catalog: context.catalog };
    for (const block of model.blocks) {
      const seen: SqlSpan[] = [];
      for (const comparison of collectComparisons(block)) {
        const test = existenceTest(comparison);
        if (!test || seen.some((span) => containsSpan(span, comparison.span) || containsSpan(comparison.span, span))) continue;
        const found = subqueryCount(scope, test) ?? ownCount(scope, block, test);
        if (!found || found.counted.relations.every((r) => r.kind !== 'table' && r.kind !== 'cte') || found.counted.relations.some(isSystemRelation)) continue;
        seen.push(comparison.span);
        report(context, scope, { sql: test.comparison.span }, found.counted, () => found.fixes(context));
      }
    }
    checkHost(context, scope);
  },
};

interface ExistenceTest {
  readonly comparison: Comparison;
  /** What is compared with 0 or 1. */
  readonly counted: Expression;
  /** True where no row may be there. */
  readonly none: boolean;
}

const SOME: ReadonlySet<string> = new Set(['> 0', '>= 1', '<> 0']);
const NONE: ReadonlySet<string> = new Set(['= 0', '< 1', '<= 0']);

/** `x > 0`, `0 = x` and what means the same. */
function existenceTest(comparison: Comparison): ExistenceTest | undefined {
  const turned = comparison.left.kind === 'constant' ? mirror(comparison) : comparison;
  if (turned?.right.kind !== 'constant' || turned.right.hole !== undefined) return undefined;
  const key = `${turned.operator} ${String(turned.right.value)}`;
  return SOME.has(key) || NONE.has(key) ? { comparison, counted: turned.left, none: NONE.has(key) } : undefined;
}

interface Found {
  readonly counted: QueryBlock;
  fixes(context: StatementContext): readonly Fix[];
}

/** `(SELECT count(*) FROM …) > 0` */
function subqueryCount(scope: Scope, { comparison, counted, none }: ExistenceTest): Found | undefined {
  const inner = counted.kind === 'subquery' ? scope.model.blocks[counted.block ?? -1] : undefined;
  if (inner?.role !== 'scalar' || !isCountOfRows(scope, inner, inner.outputs[0]?.expression)) return undefined;
  const { text } = scope.model;
  const select = inner.clauses.select;
  const before = text.slice(comparison.span.start, inner.span.start);
  const after = text.slice(inner.span.end, comparison.span.end);
  const plain = select && /^(?:[01]\s*(?:=|<>|!=|<=?|>=?)\s*)?\(\s*$/.test(before) && /^\s*\)(?:\s*(?:=|<>|!=|<=?|>=?)\s*[01])?$/.test(after);
  const edits: readonly SqlEdit[] = plain ? [
    { span: sqlSpan(comparison.span.start, select.span.end), text: `${none ? 'NOT ' : ''}EXISTS (SELECT 1` },
    { span: sqlSpan(inner.span.end, comparison.span.end), text: ')' },
  ] : [];
  // Without a name the column was called ?column?, and is then called exists.
  const unnamed = !none && scope.model.blocks.some((block) => block.role !== 'scalar' && block.outputs.some((o) => o.alias === undefined && o.expression.span.start === comparison.span.start && o.expression.span.end === comparison.span.end));
  return { counted: inner, fixes: (context) => sqlFix(context, `Use ${none ? 'NOT ' : ''}EXISTS (the same answer${unnamed ? '; the column is called exists' : ''})`, unnamed ? 'review' : 'safe', edits) };
}

/** `SELECT count(*) > 0 FROM …` */
function ownCount(scope: Scope, block: QueryBlock, { comparison, counted, none }: ExistenceTest): Found | undefined {
  const [output] = block.outputs;
  if (block.kind !== 'select' || !isCountOfRows(scope, block, counted, true) || block.outputs.length !== 1 || !output || !containsSpan(output.span, comparison.span)) return undefined;
  return { counted: block, fixes: (context) => ownFix(context, scope, block, { output, comparison, none }) };
}

function ownFix(context: StatementContext, { model }: Scope, block: QueryBlock, { output, comparison, none }: { readonly output: Output; readonly comparison: Comparison; readonly none: boolean }): readonly Fix[] {
  const { select, from, where } = block.clauses;
  const end = (where ?? from)?.span.end;
  // All that the SELECT list says is the comparison, and nothing stands behind the condition.
  if (!select || end === undefined || end !== block.span.end || output.expression.span.start !== comparison.span.start || output.expression.span.end !== comparison.span.end) return [];
  if (select.body.start !== output.span.start || !/^count\s*\([^()]*\)\s*\S{1,2}\s*[01]$/i.test(spanText(model.text, comparison.span))) return [];
  const alias = spanText(model.text, sqlSpan(comparison.span.end, output.span.end));
  // Without a name the column was called ?column?, and is then called exists.
  const named = alias.trim() !== '' || block.role === 'scalar';
  return sqlFix(context, named ? `Use ${none ? 'NOT ' : ''}EXISTS (the same answer)` : `Use ${none ? 'NOT ' : ''}EXISTS (the same answer; the column is called ${none ? '?column?' : 'exists'})`, named || none ? 'safe' : 'review', [
    { span: output.span, text: `${none ? 'NOT ' : ''}EXISTS (SELECT 1` },
    { span: sqlSpan(end, end), text: `)${alias}` },
  ]);
}

/** `count(*)`, `count(1)` or `count(column that is never NULL)` over a plain block, as its only output unless `within` a larger one. */
function isCountOfRows(scope: Scope, block: QueryBlock, expression: Expression | undefined, within = false): boolean {
  if (block.kind !== 'select' || block.groupBy.length > 0 || block.clauses.having || block.limit || block.offset || block.distinct || block.locking || (!within && block.outputs.length !== 1)) return false;
  if (expression?.kind !== 'aggregate' || expression.name !== 'count') return false;
  const written = spanText(scope.model.text, expression.span);
  const [argument] = expression.args ?? [];
  if (!argument || !/^count\s*\([^()]*\)$/i.test(written)) return false;
  return argument.kind === 'star' || (argument.kind === 'constant' && argument.value !== null) || mayBeNull(scope, block, argument) === false;
}

function report(context: StatementContext, scope: Scope, at: FindingDraft['at'], counted: QueryBlock, fixes: () => readonly Fix[], because?: string): void {
  const size = blockSize(scope, counted, context.settings);
  const pins = collectPins(scope, counted);
  // One row at most is counted as fast as it is found.
  if (counted.relations.length === 1 && isPinnedToOneRow(scope, counted, 0, pins)) return;
  const severity: Severity = size === 'large' ? 'warning' : size === 'unknown' ? 'info' : 'hint';
  const tables = counted.relations.map((r) => r.name).filter((name) => name !== '');
  context.report({
    at,
    severity,
    message: `All matching rows of ${tables.join(', ')} are counted to learn whether there is one: EXISTS stops at the first.`,
    because,
    confidence: size === 'large' ? 'statistics' : 'text',
    evidence: { tables, size },
    fixes,
  });
}

/** The host asks for a count and only compares it with 0 or 1. */
function checkHost(context: StatementContext, scope: Scope): void {
  const { model, site } = context;
  const root = model.blocks[0];
  const output = root?.outputs[0];
  if (model.kind !== 'select' || !root || !output || root.outputs.length !== 1 || site.library === 'sql' || hasUnknownPart(model)) return;
  if (output.expression.kind !== 'aggregate' || !containsAggregate(output.expression) || !isCountOfRows(scope, root, output.expression)) return;
  const counted = countedBlock(scope, root);
  if (counted.relations.every((r) => r.kind !== 'table') || counted.relations.some(isSystemRelation)) return;
  const use = existenceUse(context);
  // What the library wraps the rows in has no place in the code.
  const call = counted === root ? undefined : site.chain.find(({ name }) => name === 'count');
  if (use !== undefined) report(context, scope, call ? { host: call.nameSpan } : { sql: output.span }, counted, () => [], `The code only asks \`${use}\`.`);
}

/** `SELECT count(*) FROM (SELECT …) AS anon_1`, as ORMs write it: the rows that are counted are the sub-query's. */
function countedBlock({ model }: Scope, root: QueryBlock): QueryBlock {
  const [only] = root.relations;
  const inner = root.relations.length === 1 && only?.kind === 'derived' && root.conjuncts.length === 0 ? model.blocks[only.block ?? -1] : undefined;
  return inner?.kind === 'select' && !inner.limit && inner.groupBy.length === 0 && !inner.distinct ? inner : root;
}

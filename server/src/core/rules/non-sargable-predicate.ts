import type { IndexProposal } from '../advice/indexAdvice';
import { btree } from '../advice/indexAdvice';
import { ownerTest, splitRows, toCondition, type Condition } from '../advice/indexDemand';
import { indexFixes } from '../advice/indexFix';
import { words } from '../advice/indexKeys';
import { costliestScan, judgeIndex } from '../advice/indexVerdict';
import { describeScan, planEvidence, plannedSql, scansOf } from '../advice/planEvidence';
import { collectReadRelations, isBehind, isPlainlyServed, type ReadRelation } from '../advice/relationDemand';
import { judgeRewrite } from '../advice/rewriteVerdict';
import { bindColumn, type Scope } from '../advice/scope';
import { describeRows } from '../advice/size';
import { sqlFix } from '../advice/sqlFix';
import { unwrapColumn, type Unwrapped } from '../advice/unwrap';
import { findWrapped, leadsIndex, type WrappedColumn } from '../advice/wrappedColumn';
import { hasServingIndex } from '../catalog/indexMatch';
import { relationKey } from '../catalog/names';
import type { FindingDraft, StatementContext, StatementRule } from '../lint/rule';
import type { ColumnRef, QueryBlock } from '../sql/model';
import { spanText } from '../text/span';

const SCHEMA = 'CREATE TABLE orders (id bigint PRIMARY KEY, email text NOT NULL, created_at timestamp NOT NULL, paid_at timestamptz);\nCREATE INDEX orders_created_at ON orders (created_at);\nCREATE INDEX orders_email ON orders (email);\nCREATE INDEX orders_paid_at ON orders (paid_at);';
const VOLUMES = { orders: 2_000_000 };

/** Conditions that keep an index from being used because its column stands inside a function, a cast or a sum. */
export const nonSargablePredicate: StatementRule = {
  id: 'non-sargable-predicate',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'schema',
  fixKinds: ['safe', 'review', 'new'],
  summary: 'A function or cast around the column keeps its index from being used',
  docs: {
    why: 'An index holds the values of the column, not what a function makes of them: `created_at::date = $1`, `lower(email) = $1` and `created_at + interval \'7 days\' < now()` compute every row of the table and compare the results, although the column is indexed. Where the column stands alone (`created_at >= $1 AND created_at < $1 + 1`), or an index holds the expression itself, only the matching rows are read.',
    bad: [
      { language: 'sql', schema: SCHEMA, assume: VOLUMES, code: "SELECT id FROM orders WHERE created_at::date = '2024-02-01';" },
      { language: 'sql', schema: SCHEMA, assume: VOLUMES, code: "SELECT id FROM orders WHERE paid_at::date = '2024-02-01';" },
      { language: 'sql', schema: SCHEMA, assume: VOLUMES, code: 'SELECT id FROM orders WHERE lower(email) = $1;' },
    ],
    good: [
      { language: 'sql', schema: SCHEMA, assume: VOLUMES, code: "SELECT id FROM orders WHERE created_at >= '2024-02-01' AND created_at < '2024-02-02';" },
      { language: 'sql', schema: `${SCHEMA}\nCREATE INDEX orders_lower_email ON orders (lower(email));`, assume: VOLUMES, code: 'SELECT id FROM orders WHERE lower(email) = $1;' },
      { language: 'sql', schema: SCHEMA, assume: VOLUMES, code: 'SELECT id FROM orders WHERE email = lower($1);' },
    ],
    whenNot: 'Small tables, conditions that most rows meet, and conditions on the few rows that another index has found. Columns without an index are the business of unindexed-predicate.',
    fixSafety: 'Where the same rows are proved (a range of constants instead of a day, month or year of a timestamp without time zone; a constant moved across; `coalesce` around a column that is NOT NULL, without an outer join) the rewrite is safe. Elsewhere it is for review, and the title says what may differ. A new migration with an index on the expression changes no result.',
  },
  options: {},
  check(context) {
    const joined = new Set<number>();
    for (const read of collectReadRelations(context)) {
      const found = read.conjuncts.flatMap((c) => findWrapped(read, c) ?? []).filter((w) => leadsIndex(read.table, w.column.name));
      if (found.length === 0 || isBehind(read)) continue;
      for (const wrapped of found) {
        // A join that casts both its columns: the rows of one that another index finds are looked up in the other.
        const joins = wrapped.other.kind === 'cast' && wrapped.other.columns.length > 0;
        if (joins && (joined.has(wrapped.conjunct.span.start) || isPlainlyServed(read))) continue;
        if (joins) joined.add(wrapped.conjunct.span.start);
        checkWrapped(context, read, wrapped);
      }
    }
  },
};

const typesIn = (scope: Scope, block: QueryBlock) => (ref: ColumnRef): string | undefined => bindColumn(scope, block, ref)?.definition?.type;

function checkWrapped(context: StatementContext, read: ReadRelation, found: WrappedColumn): void {
  const { scope, block, index, table, size } = read;
  const owns = ownerTest(scope, block, index);
  const [condition] = toCondition(found.conjunct, scope.model.text, owns, block);
  if (!condition || hasServingIndex(table, { predicates: [condition] }) !== 'no') return;
  const rewrite = context.site.source && unwrapColumn({ model: scope.model, placeholders: context.site.source.placeholders, typeOf: typesIn(scope, block) }, found);
  const served = isPlainlyServed(read);
  if (size === 'unknown' && (served || found.operator === 'in' || (!rewrite && found.operator !== '='))) return;
  if (rewrite) return checkRewrite(context, read, found, rewrite, served);
  const proposal = expressionIndex(read, found, condition);
  if (proposal) return judgeExpressionIndex(context, read, found, proposal, served);
  judgeScan(context, read, found);
}

/** The planner is asked for the plan of the rewritten statement: where it is not much cheaper, nothing is said. */
function checkRewrite(context: StatementContext, read: ReadRelation, found: WrappedColumn, rewrite: Unwrapped, served: boolean): void {
  const { block, index, scope: { catalog } } = read;
  const verdict = judgeRewrite(context, 'with the column alone', ({ model }) => {
    const same = model.blocks[block.index];
    const conjunct = same?.conjuncts.flatMap(splitRows)[read.conjuncts.indexOf(found.conjunct)];
    const again = same && conjunct && findWrapped({ ...read, owns: ownerTest({ model, catalog }, same, index) }, conjunct);
    return again && unwrapColumn({ model, placeholders: 'dollar', typeOf: typesIn({ model, catalog }, same) }, again)?.edits;
  }, read);
  if (verdict.state === 'silent' || (verdict.state === 'schema' && served)) return;
  report(context, read, found, {
    ...(verdict.state === 'proved' ? { because: verdict.because, confidence: 'planner', evidence: verdict.evidence } : {}),
    fixes: () => sqlFix(context, `Leave ${found.column.name} alone in the comparison (${rewrite.but ?? 'the same rows'})`, rewrite.but === undefined ? 'safe' : 'review', rewrite.edits),
  });
}

function judgeExpressionIndex(context: StatementContext, read: ReadRelation, found: WrappedColumn, proposal: IndexProposal, served: boolean): void {
  const verdict = judgeIndex(context, read, [proposal]);
  if (verdict.state === 'silent' || (verdict.state === 'schema' && served)) return;
  report(context, read, found, {
    ...(verdict.state === 'proved' ? { because: verdict.because, confidence: 'planner', evidence: verdict.evidence } : {}),
    fixes: () => (context.catalog ? indexFixes(proposal, context.catalog, context.settings) : []),
  });
}

/** Nothing can be offered: only what a plan shows is worth a word. */
function judgeScan(context: StatementContext, { relation, table, ...read }: ReadRelation, found: WrappedColumn): void {
  const sql = plannedSql(context);
  const answer = sql === undefined ? undefined : context.planner.plan({ sql });
  // Of a join the plan shows which side is read whole; where both are converted, neither type is the other's.
  if (answer?.state !== 'planned' || !context.catalog || (found.other.columns.length > 0 && (found.operator !== '=' || found.other.kind === 'cast'))) return;
  const scan = costliestScan(scansOf(answer.plan, context.catalog, context.model, relation, relationKey(table.schema, table.name)));
  if (!scan || scan.indexConditions.length > 0 || (scan.rowsRead ?? 0) < context.settings.largeTableRows || scan.cost < answer.plan.cost / 2) return;
  report(context, { relation, table, ...read }, found, { because: `${describeScan(answer.plan, scan)}.`, confidence: 'planner', evidence: planEvidence(answer.plan, scan), severity: 'info' });
}

/** Expressions whose result depends on nothing but the column: others cannot be indexed. */
function expressionIndex({ table, scope }: ReadRelation, { wrapped, other, column, operator }: WrappedColumn, condition: Condition): IndexProposal | undefined {
  const text = /^(?:text|character varying)/.test(column.type);
  const call = wrapped.kind === 'function' && wrapped.args?.every((e) => e.kind === 'column' || e.kind === 'constant') === true;
  const immutable = call && ((text && /^(?:lower|upper|trim|btrim|ltrim|rtrim|left|right|md5|length|substring|substr|replace)$/.test(wrapped.name ?? '')) || (wrapped.name === 'abs' && /^(?:smallint|integer|bigint|numeric)/.test(column.type)));
  if (!immutable || !['=', 'in', 'any', '<', '<=', '>', '>=', 'between'].includes(operator) || other.columns.length > 0) return undefined;
  const written = spanText(scope.model.text, wrapped.span);
  return /["'$?%:]/.test(written) ? undefined : btree(table, [{ sql: condition.key, name: words(condition.key) }]);
}

type Said = Pick<FindingDraft, 'because' | 'evidence' | 'fixes' | 'severity'> & { readonly confidence?: FindingDraft['confidence'] };

function report(context: StatementContext, { table, size, scope }: ReadRelation, found: WrappedColumn, said: Said): void {
  const rows = describeRows(table, context.settings);
  const index = table.indexes.find((i) => i.valid && i.keys[0]?.column === found.column.name);
  context.report({
    at: { sql: found.conjunct.span },
    severity: size === 'large' ? said.severity : 'hint',
    message: `${table.name}.${found.column.name} has an index, which \`${spanText(scope.model.text, found.wrapped.span).replace(/\s+/g, ' ')}\` keeps from being used.`,
    because: said.because ?? `${rows ? `${rows}; ` : ''}${index?.name ?? 'the index'} holds the column, not this expression.`,
    confidence: said.confidence ?? (size === 'large' ? 'statistics' : 'schema'),
    evidence: { table: table.name, column: found.column.name, index: index?.name, ...said.evidence },
    fixes: said.fixes,
  });
}

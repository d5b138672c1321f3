import { bindColumn, isRowIndependent, withoutCasts, type Scope } from '../advice/scope';
import { nextPeriod } from '../advice/periods';
import { sqlFix } from '../advice/sqlFix';
import { positiveConjuncts } from '../advice/comparisons';
import { traceColumn } from '../advice/scope';
import type { StatementContext, StatementRule } from '../lint/rule';
import type { Conjunct, Expression, QueryBlock } from '../sql/model';
import type { SqlEdit } from '../advice/sqlEdits';
import { coverHoles } from '../advice/holes';
import { spanText } from '../text/span';

const SCHEMA = 'CREATE TABLE orders (id bigint PRIMARY KEY, created_at timestamptz NOT NULL, due date NOT NULL);';

/** Closed ranges of time, whose end belongs to two ranges or leaves a day out. */
export const betweenTimestamps: StatementRule = {
  id: 'between-timestamps',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'schema',
  fixKinds: ['review'],
  summary: 'A closed range of timestamps',
  docs: {
    why: 'BETWEEN includes its end. On a timestamp the end is one instant: `BETWEEN \'2024-01-01\' AND \'2024-01-31\'` stops at midnight before the 31st, `<= \'23:59:59\'` leaves out the last second, and two ranges that share an end both count what happened exactly then. A half-open range (`>= start AND < end`) has none of these gaps.',
    bad: [
      { language: 'sql', schema: SCHEMA, code: "SELECT id FROM orders WHERE created_at BETWEEN '2024-01-01' AND '2024-01-31';" },
      { language: 'sql', schema: SCHEMA, code: "SELECT id FROM orders WHERE created_at >= '2024-01-01' AND created_at <= '2024-01-31 23:59:59';" },
    ],
    good: [
      { language: 'sql', schema: SCHEMA, code: "SELECT id FROM orders WHERE created_at >= '2024-01-01' AND created_at < '2024-02-01';" },
      { language: 'sql', schema: SCHEMA, code: "SELECT id FROM orders WHERE due BETWEEN '2024-01-01' AND '2024-01-31';" },
      { language: 'sql', schema: SCHEMA, code: "SELECT id FROM orders WHERE created_at BETWEEN now() - interval '1 day' AND now();" },
    ],
    whenNot: 'Ends that are instants of their own, such as the time of another event.',
    fixSafety: 'Offered for review: rows of the last day, or of the last second, are found that were left out before; with a parameter as the end, rows at exactly that instant no longer are.',
  },
  options: {},
  check(context) {
    const { model } = context;
    if (!context.catalog || model.completeness !== 'full') return;
    const scope: Scope = { model, catalog: context.catalog };
    for (const block of model.blocks) for (const conjunct of positiveConjuncts(block.conjuncts)) checkConjunct(context, scope, block, conjunct);
  },
};

/** What is wrong with an upper end. */
type End =
  | { readonly kind: 'day' | 'second'; readonly day: string; readonly type: string }
  | { readonly kind: 'instant' };

function checkConjunct(context: StatementContext, scope: Scope, block: QueryBlock, conjunct: Conjunct): void {
  const { operator, negated, left, right } = conjunct;
  if (negated || conjunct.clause === 'having' || !left?.column || !right) return;
  const between = operator === 'between';
  if (!between && operator !== '<=') return;
  const upper = between ? right.args?.[1] : right;
  const lower = between ? right.args?.[0] : undefined;
  const type = upper && timestampType(scope, block, left);
  if (!upper || type === undefined || (between && (!lower || /\bsymmetric\b/i.test(spanText(scope.model.text, conjunct.span))))) return;
  const end = endOf(upper, type, between);
  if (!end || !isRowIndependent(scope, block, upper)) return;
  const column = left.column.column;
  context.report({
    at: { sql: conjunct.span },
    severity: end.kind === 'instant' ? 'hint' : undefined,
    message: end.kind === 'day' ? `${column} is a timestamp: this range ends at the midnight before ${end.day}, the day itself is left out.` : end.kind === 'second' ? `This range leaves out the last second of ${end.day}: ${column} holds fractions of a second.` : `${column} is a timestamp: BETWEEN includes the instant of its end, which then belongs to the next range too.`,
    because: `${column} is of the type ${type}.`,
    confidence: 'schema',
    evidence: { column, type, end: end.kind },
    fixes: () => sqlFix(context, end.kind === 'instant' ? 'Use a half-open range (rows at exactly the end are no longer found)' : `Use a half-open range (all of ${end.day} is found)`, 'review', halfOpen(scope, conjunct, left, lower, upper, end)),
  });
}

function timestampType(scope: Scope, block: QueryBlock, expression: Expression): string | undefined {
  const found = expression.column && (bindColumn(scope, block, expression.column)?.definition ?? traceColumn(scope, block, expression.column)?.definition);
  return found && /^timestamp\b/.test(found.type) ? found.type : undefined;
}

/** Undefined: nothing is wrong, or nothing is known. */
function endOf(expression: Expression, type: string, between: boolean): End | undefined {
  const bare = withoutCasts(expression);
  if (expression.kind === 'cast' && expression.type === 'date' && bare.kind === 'hole') return between ? { kind: 'instant' } : undefined;
  if (bare.kind === 'hole') return between ? { kind: 'instant' } : undefined;
  if (bare.kind !== 'constant' || typeof bare.value !== 'string' || bare.hole !== undefined) return undefined;
  const written = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$/.exec(bare.value);
  const [, day, time, zone] = written ?? [];
  if (day === undefined) return undefined;
  if (time === undefined) return between ? { kind: 'day', day, type } : undefined;
  return /^23:59(?::59(?:\.9{1,5})?)?$/.test(time) && zone === undefined ? { kind: 'second', day, type } : undefined;
}

/** `c >= a AND c < b`, with b the day after where the end was a day. */
function halfOpen({ model }: Scope, conjunct: Conjunct, left: Expression, lower: Expression | undefined, upper: Expression, end: End): readonly SqlEdit[] {
  const column = spanText(model.text, left.span);
  const whole = coverHoles(model, upper.span);
  const before: SqlEdit = lower ? { span: { start: left.span.end, end: lower.span.start }, text: ' >= ' } : { span: { start: left.span.end, end: upper.span.start }, text: ' < ' };
  const between: readonly SqlEdit[] = lower ? [{ span: { start: coverHoles(model, lower.span).end, end: upper.span.start }, text: ` AND ${column} < ` }] : [];
  if (end.kind === 'instant') return conjunct.operator === 'between' ? [before, ...between] : [];
  return [before, ...between, { span: whole, text: `'${nextPeriod(end.day, 'day')}'` }];
}

import { collectReadRelations, isBehind, isPlainlyServed, type ReadRelation } from '../advice/relationDemand';
import { judgeRewrite } from '../advice/rewriteVerdict';
import { bindColumn, type Scope } from '../advice/scope';
import { describeRows } from '../advice/size';
import type { SqlEdit } from '../advice/sqlEdits';
import { sqlFix } from '../advice/sqlFix';
import { leadsIndex } from '../advice/wrappedColumn';
import { findColumn } from '../catalog/lookup';
import { baseType } from '../catalog/userTypes';
import type { Column } from '../catalog/model';
import type { StatementContext, StatementRule } from '../lint/rule';
import type { Conjunct, Expression, QueryBlock, StatementModel } from '../sql/model';
import { spanText, sqlSpan } from '../text/span';

const SCHEMA = 'CREATE TABLE orders (id bigint PRIMARY KEY, number bigint NOT NULL, total numeric NOT NULL);\nCREATE INDEX orders_number ON orders (number);';
const VOLUMES = { orders: 2_000_000 };

/** Comparisons for which Postgres converts the column, not the value. */
export const implicitCast: StatementRule = {
  id: 'implicit-cast',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'schema',
  fixKinds: ['safe', 'review'],
  summary: 'The column is converted to the type of the value it is compared with',
  docs: {
    why: 'Where the two sides of a comparison have different types, Postgres converts the narrower one. `number = 42.0` makes every bigint of the column a numeric, a `citext` compared with `text` becomes text, a `char(n)` too. The index holds the column as it is and is of no use for the converted one.',
    bad: [
      { language: 'sql', schema: SCHEMA, assume: VOLUMES, code: 'SELECT id FROM orders WHERE number = 42.0;' },
      { language: 'sql', schema: SCHEMA, assume: VOLUMES, code: 'SELECT id FROM orders WHERE number = $1::numeric;' },
    ],
    good: [
      { language: 'sql', schema: SCHEMA, assume: VOLUMES, code: 'SELECT id FROM orders WHERE number = 42;' },
      { language: 'sql', schema: SCHEMA, assume: VOLUMES, code: 'SELECT id FROM orders WHERE number = $1::integer;' },
      { language: 'sql', schema: SCHEMA, assume: VOLUMES, code: 'SELECT id FROM orders WHERE total = 42.5 AND id = 3;' },
    ],
    whenNot: 'Small tables, and comparisons on rows that another index has found.',
    fixSafety: 'A constant without a fraction is written without it: safe. Where a value is cast to the column’s type instead, it may be rounded, or blanks and case be ignored: offered for review, the title says which.',
  },
  options: {},
  check(context) {
    for (const read of collectReadRelations(context)) {
      for (const conjunct of read.conjuncts) {
        const found = findCast(read.scope, read, conjunct);
        if (found && !isBehind(read)) report(context, read, found);
      }
    }
  },
};

interface ColumnCast {
  readonly conjunct: Conjunct;
  readonly column: Column;
  readonly other: Expression;
  /** Type that the column is converted to. */
  readonly to: string;
}

const COMPARED: ReadonlySet<string> = new Set(['=', '<', '<=', '>', '>=', 'between', 'in', 'any']);

function findCast(scope: Scope, { block, table, owns }: ReadRelation, conjunct: Conjunct): ColumnCast | undefined {
  const { left, right, operator } = conjunct;
  if (!left || !right || conjunct.negated || conjunct.clause === 'having' || !COMPARED.has(operator)) return undefined;
  for (const [own, other] of [[left, right], [right, left]] as const) {
    if (!own.column || !owns(own.column) || (own === right && /^(?:in|any|between)$/.test(operator))) continue;
    const written = findColumn(table, own.column.column);
    const column = written && { ...written, type: baseType(scope.catalog, written.type) };
    const values = operator === 'in' || operator === 'between' ? other.args ?? [] : [other];
    const to = column && values.map((value) => typeOf(scope, block, value)?.replace(operator === 'any' ? /\[\]$/ : /$^/, '')).find((type) => type !== undefined && converts(column.type, type));
    if (column && to !== undefined && leadsIndex(table, column.name)) return { conjunct, column, other, to };
  }
  return undefined;
}

/** Undefined: not known, or a literal and a parameter that take the column's type. */
function typeOf({ model, catalog }: Scope, block: QueryBlock, expression: Expression): string | undefined {
  if (expression.kind === 'cast') return expression.type && baseType(catalog, expression.type);
  if (expression.kind === 'constant' && typeof expression.value === 'number' && expression.hole === undefined) return /^[-+]?\s*\d+$/.test(spanText(model.text, expression.span)) ? 'integer' : 'numeric';
  const bound = expression.column && bindColumn({ model, catalog }, block, expression.column);
  return bound?.definition && baseType(catalog, bound.definition.type);
}

const isInteger = (type: string): boolean => /^(?:smallint|integer|bigint)$/.test(type);
const isFloat = (type: string): boolean => /^(?:real|double precision)$/.test(type);
const isNumeric = (type: string): boolean => /^numeric\b/.test(type);
const isText = (type: string): boolean => /^(?:text|character varying)\b/.test(type);

/** Does a comparison with this type convert a column of `own` (pg_cast, PostgreSQL 18)? Operators over both types exist within the integers, the floats and the dates. */
function converts(own: string, other: string): boolean {
  if (isInteger(own)) return isNumeric(other) || isFloat(other);
  if (isNumeric(own)) return isFloat(other);
  return (own === 'citext' || /^character\(|^character$|^bpchar/.test(own)) && isText(other);
}

function report(context: StatementContext, read: ReadRelation, found: ColumnCast): void {
  const { table, size, scope } = read;
  const { conjunct, column, other, to } = found;
  const rewrite = castValue(scope.model, found);
  // What another condition finds by an index is few.
  const served = isPlainlyServed({ ...read, conjuncts: read.conjuncts.filter((c) => c !== conjunct) });
  const verdict = rewrite && judgeRewrite(context, 'with the value converted instead', ({ model }) => {
    const same = model.blocks[read.block.index]?.conjuncts[read.block.conjuncts.indexOf(conjunct)];
    const value = same && (same.right?.column && !other.column ? same.left : same.right);
    return same && value && castValue(model, { ...found, conjunct: same, other: value })?.edits;
  }, read);
  if (verdict?.state === 'silent' || (verdict?.state !== 'proved' && (served || size === 'unknown' || other.columns.length > 0))) return;
  const rows = describeRows(table, context.settings);
  context.report({
    at: { sql: conjunct.span },
    severity: size === 'large' ? undefined : 'hint',
    message: `${table.name}.${column.name} (${column.type}) is converted to ${to} for every row: its index cannot serve this comparison.`,
    because: verdict?.state === 'proved' ? verdict.because : rows && `${rows}.`,
    confidence: verdict?.state === 'proved' ? 'planner' : size === 'large' ? 'statistics' : 'schema',
    evidence: { table: table.name, column: column.name, type: column.type, comparedAs: to, ...(verdict?.state === 'proved' ? verdict.evidence : {}) },
    fixes: () => (rewrite ? sqlFix(context, `Compare with a value of the type ${column.type} (${rewrite.but ?? 'the same rows'})`, rewrite.but === undefined ? 'safe' : 'review', rewrite.edits) : []),
  });
}

/** The value as the column's type. */
function castValue(model: StatementModel, { column, other, conjunct }: ColumnCast): { readonly edits: readonly SqlEdit[]; readonly but?: string } | undefined {
  if (other.kind === 'constant' && typeof other.value === 'number' && Number.isSafeInteger(other.value) && isInteger(column.type)) {
    // Beyond an int4 the literal is a bigint: no conversion of the column either.
    return { edits: [{ span: other.span, text: String(other.value) }] };
  }
  if (other.kind !== 'cast' || !other.args?.[0] || conjunct.operator === 'in' || conjunct.operator === 'between') return undefined;
  const written = spanText(model.text, other.span);
  const typed = /::\s*[\w ]+(?:\(\d+(?:,\s*\d+)?\))?((?:\[\])?)$/.exec(written);
  if (!typed || (isNumeric(column.type) && !isFloat(other.type ?? ''))) return undefined;
  const type = column.type.replace(/^character(?:\(\d+\))?$/, 'bpchar');
  const but = isInteger(column.type) ? 'a value with a fraction is rounded' : isNumeric(column.type) ? 'the value is compared exactly' : column.type === 'citext' ? 'upper and lower case are then the same' : 'blanks at the end are then ignored';
  return { edits: [{ span: sqlSpan(other.span.start + typed.index, other.span.end), text: `::${type}${typed[1] ?? ''}` }], but };
}

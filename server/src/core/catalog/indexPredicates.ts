import type { ColumnRef, Conjunct, Expression, OrderItem } from '../sql/model';
import { mirrorOperator } from '../sql/operators';
import { normaliseExpression } from './expressionText';

export type ConstantValue = string | number | boolean | null;

/**
 * One condition on a table, in the form index matching needs. `key` is the indexed side: a column's name or an
 * expression, both through `normaliseExpression`.
 */
export interface IndexPredicate {
  readonly key: string;
  /** Set when the key is a plain column. */
  readonly column?: string;
  /** As in `Conjunct.operator`; `boolean` for a bare boolean column. */
  readonly operator: string;
  readonly negated: boolean;
  /** The constants compared with, where all are known: one, two for `between`, the list for `in`. */
  readonly values?: readonly ConstantValue[];
  /** The whole condition, normalised: equal text implies a partial index's predicate whatever it means. */
  readonly text: string;
}

/** One ORDER BY key. */
export interface SortKey {
  readonly key: string;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

const constantOf = (expression: Expression | undefined): ConstantValue | undefined => {
  if (expression?.kind === 'constant') return expression.value;
  return expression?.kind === 'cast' ? constantOf(expression.args?.[0]) : undefined;
};

function valuesOf(expression: Expression | undefined): readonly ConstantValue[] | undefined {
  if (expression === undefined) return undefined;
  const items = expression.kind === 'array' || expression.kind === 'row' ? expression.args ?? [] : [expression];
  const values = items.map(constantOf);
  return values.length > 0 && values.every((value): value is ConstantValue => value !== undefined) ? values : undefined;
}

/** SQL text of an expression as an index key sees it. */
const keyOf = (expression: Expression, text: string): string => normaliseExpression(text.slice(expression.span.start, expression.span.end));

/**
 * The conditions that bear on one table, from AND-conjuncts. `owns` says whether a column reference belongs to the table.
 * Where both sides belong to other tables, or to this one on both sides, the conjunct gives nothing; a join condition
 * gives a predicate without values. `text` is the statement's text.
 */
export function collectIndexPredicates(conjuncts: readonly Conjunct[], text: string, owns: (column: ColumnRef) => boolean): readonly IndexPredicate[] {
  return conjuncts.flatMap((conjunct) => indexPredicateOf(conjunct, text, owns) ?? []);
}

/** As `collectIndexPredicates`, for one conjunct; undefined where no index of the table could serve or prove anything. */
export function indexPredicateOf(conjunct: Conjunct, text: string, owns: (column: ColumnRef) => boolean): IndexPredicate | undefined {
  const mine = (expression: Expression | undefined): boolean => expression !== undefined && expression.columns.length > 0 && expression.columns.every(owns);
  const foreign = (expression: Expression | undefined): boolean => expression === undefined || !expression.columns.some(owns);
  const whole = normaliseExpression(text.slice(conjunct.span.start, conjunct.span.end));
  const { left, right, operator, negated } = conjunct;
  if (mine(left) && left !== undefined && foreign(right)) return predicate(left, operator, negated, valuesOf(right), whole, text);
  if (mine(right) && right !== undefined && foreign(left) && left !== undefined) {
    if (operator === 'any') return predicate(right, 'contains element', negated, valuesOf(left), whole, text);
    const turned = mirrorOperator(operator);
    if (turned !== undefined) return predicate(right, turned, negated, valuesOf(left), whole, text);
  }
  const branch = conjunct.operator === 'not' && conjunct.branches?.length === 1 ? conjunct.branches[0] : undefined;
  if (branch?.length === 1 && branch[0] !== undefined) {
    const inner = indexPredicateOf(branch[0], text, owns);
    return inner === undefined ? undefined : { ...inner, negated: !inner.negated, text: whole };
  }
  return undefined;
}

function predicate(key: Expression, operator: string, negated: boolean, values: readonly ConstantValue[] | undefined, whole: string, text: string): IndexPredicate {
  const column = key.kind === 'column' ? key.column?.column : undefined;
  return { key: keyOf(key, text), ...(column === undefined ? {} : { column }), operator, negated, ...(values === undefined ? {} : { values }), text: whole };
}

/** ORDER BY keys in the same form; undefined where a key is a position or belongs to another table. */
export function sortKeysOf(items: readonly OrderItem[], text: string, owns: (column: ColumnRef) => boolean): readonly SortKey[] | undefined {
  const keys: SortKey[] = [];
  for (const item of items) {
    if (item.expression.columns.length === 0 || !item.expression.columns.every(owns)) return undefined;
    keys.push({ key: keyOf(item.expression, text), descending: item.descending, nullsFirst: (item.nulls ?? (item.descending ? 'first' : 'last')) === 'first' });
  }
  return keys;
}

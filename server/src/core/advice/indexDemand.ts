import type { IndexDemand } from '../catalog/indexMatch';
import { indexPredicateOf, sortKeysOf, type IndexPredicate, type SortKey } from '../catalog/indexPredicates';
import { normaliseExpression } from '../catalog/expressionText';
import { quoteIdentifier } from '../sql/names';
import type { ColumnRef, Conjunct, QueryBlock } from '../sql/model';
import type { SqlSpan } from '../text/span';
import { bindColumn, containsAggregate, expressionsIn, type Scope } from './scope';

/** Conditions on one relation with the place each is written at. */
export interface Condition extends IndexPredicate {
  readonly span: SqlSpan;
  /** Compares with a column of another relation. */
  readonly joins: boolean;
}

/** What a block asks of one relation. */
export interface RelationDemand extends IndexDemand {
  readonly predicates: readonly Condition[];
  /** Every column of the relation that the block and its sub-queries mention; empty where they take whole rows. */
  readonly covered: readonly string[];
}

/** What one relation of a block is asked for. `order` only where LIMIT, `min` or `max` make an early stop possible. */
export function collectDemand(scope: Scope, block: QueryBlock, relationIndex: number): RelationDemand {
  const owns = ownerTest(scope, block, relationIndex);
  const { text } = scope.model;
  return {
    predicates: block.conjuncts.flatMap(splitRows).flatMap((c) => toCondition(c, text, owns, block)),
    order: earlyOrder(block, text, owns),
    covered: mentionedColumns(scope, block, relationIndex),
  };
}

/** Does a column reference belong to this relation? References that cannot be resolved belong to nobody. */
export function ownerTest(scope: Scope, block: QueryBlock, relationIndex: number): (column: ColumnRef) => boolean {
  return (column) => {
    const bound = bindColumn(scope, block, column);
    return bound?.block.index === block.index && bound.relationIndex === relationIndex;
  };
}

/** `(a, b) = (x, y)` and `(a, b) IN (…)` as one condition per column, `(a, b) < (x, y)` as one on the first. */
export function splitRows(conjunct: Conjunct): readonly Conjunct[] {
  const { left, right, operator } = conjunct;
  if (left?.kind !== 'row' || conjunct.negated) return [conjunct];
  const items = left.args ?? [];
  if (operator === '=' && right?.kind === 'row') return items.map((item, i) => ({ ...conjunct, left: item, right: right.args?.[i] }));
  if (operator === 'in' || operator === 'any' || operator === '=') return items.map((item) => ({ ...conjunct, operator: 'in', left: item }));
  return /^[<>]=?$/.test(operator) ? [{ ...conjunct, left: items[0], right: right?.args?.[0] ?? right }] : [conjunct];
}

export function toCondition(conjunct: Conjunct, text: string, owns: (column: ColumnRef) => boolean, block: QueryBlock): readonly Condition[] {
  if (conjunct.clause === 'having') return [];
  // The condition of an outer join filters the joined side only.
  if (conjunct.clause === 'on' && conjunct.joined !== undefined && block.relations[conjunct.joined]?.join === 'full') return [];
  const predicate = indexPredicateOf(conjunct, text, owns);
  if (!predicate) return [];
  const joins = [...(conjunct.left?.columns ?? []), ...(conjunct.right?.columns ?? [])].some((c) => !owns(c));
  return [{ ...predicate, span: conjunct.span, joins }];
}

/** ORDER BY under LIMIT where it stands wholly on this relation, or the order that finds one `min` or `max`. */
function earlyOrder(block: QueryBlock, text: string, owns: (column: ColumnRef) => boolean): readonly SortKey[] | undefined {
  if (block.kind !== 'select' || block.groupBy.length > 0 || block.distinct) return undefined;
  if (block.outputs.some((o) => containsAggregate(o.expression))) return extremeOrder(block, owns);
  if (!block.limit || block.orderBy.length === 0) return undefined;
  if (block.outputs.some((o) => o.alias !== undefined && block.orderBy.some((item) => item.expression.column?.column === o.alias && o.column?.column !== o.alias))) return undefined;
  return sortKeysOf(block.orderBy, text, owns);
}

/** `min(x)` is the first row in the order of x, `max(x)` the last: the planner reads one row (planagg.c). */
function extremeOrder(block: QueryBlock, owns: (column: ColumnRef) => boolean): readonly SortKey[] | undefined {
  const only = block.outputs.length === 1 && block.relations.length === 1 ? block.outputs[0]?.expression : undefined;
  const column = only?.kind === 'aggregate' && (only.name === 'min' || only.name === 'max') ? only.args?.[0]?.column : undefined;
  return column && owns(column) ? [{ key: normaliseExpression(quoteIdentifier(column.column)), descending: only?.name === 'max', nullsFirst: only?.name === 'max' }] : undefined;
}

function mentionedColumns(scope: Scope, block: QueryBlock, relationIndex: number): readonly string[] {
  const relation = block.relations[relationIndex];
  if (block.kind !== 'select' || block.outputs.some((o) => o.star && (o.qualifier === undefined || o.qualifier === relation?.alias))) return [];
  const names = new Set<string>();
  for (const inner of scope.model.blocks) {
    if (inner.span.start < block.span.start || inner.span.end > block.span.end) continue;
    for (const ref of expressionsIn(inner).flatMap((e) => e.columns)) {
      const bound = bindColumn(scope, inner, ref);
      if (bound?.block.index === block.index && bound.relationIndex === relationIndex) names.add(bound.column);
    }
  }
  return [...names];
}

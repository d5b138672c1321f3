import type { Bind } from '../../hosts/ir';
import type { Conjunct, QueryBlock, Relation, StatementModel } from '../../sql/model';
import type { SqlSpan } from '../../text/span';

/** The condition `column = <key>` of a statement that asks for one key. */
export interface KeyCondition {
  readonly conjunct: Conjunct;
  readonly column: string;
  /** The column as written, with its qualifier. */
  readonly columnSpan: SqlSpan;
  /** The hole on the other side. */
  readonly holeSpan: SqlSpan;
  /** With its cast, if it has one: `$1::uuid`. */
  readonly valueSpan: SqlSpan;
  /** Type of the cast. */
  readonly cast?: string;
  readonly relation: Relation;
  readonly block: QueryBlock;
}

/** `ANY($1)`, `ANY($1::uuid[])`: what stands after `column =` when the value is a list. */
export const anyOf = (condition: KeyCondition, value: string): string => `ANY(${value}${condition.cast === undefined ? '' : `::${condition.cast}[]`})`;

/**
 * Finds the one condition through which the key reaches the statement. Undefined where the key is used anywhere else,
 * or the statement depends on more than the rows with that key.
 */
export function keyCondition(model: StatementModel, key: Bind): KeyCondition | undefined {
  const block = model.blocks[0];
  if (model.completeness !== 'full' || !block || model.blocks.length !== 1) return undefined;
  const holes = model.holes.flatMap((hole, k) => (matches(hole, key) ? [k] : []));
  if (holes.length !== 1) return undefined;
  for (const conjunct of block.conjuncts) {
    if (conjunct.clause !== 'where' || conjunct.operator !== '=' || conjunct.negated || !conjunct.left || !conjunct.right) continue;
    const column = conjunct.left;
    const cast = conjunct.right.kind === 'cast' && conjunct.right.type !== undefined ? conjunct.right : undefined;
    const hole = cast?.args?.[0] ?? conjunct.right;
    if (column.kind !== 'column' || !column.column || hole.kind !== 'hole' || hole.hole !== holes[0]) continue;
    const qualifier = column.column.qualifier;
    const relation = qualifier === undefined ? (block.relations.length === 1 ? block.relations[0] : undefined) : block.relations.find((r) => r.alias === qualifier);
    if (relation?.kind !== 'table') continue;
    return { conjunct, column: column.column.column, columnSpan: column.span, holeSpan: hole.span, valueSpan: conjunct.right.span, cast: cast?.type, relation, block };
  }
  return undefined;
}

function matches(hole: StatementModel['holes'][number], bind: Bind): boolean {
  return hole.origin.type === 'interpolation' ? bind.interpolation === hole.origin.index || (bind.interpolation === undefined && bind.key === String(hole.origin.index)) : hole.origin.key === bind.key;
}

/** Does every row of the answer belong to one key, whatever the other keys are? */
export function isPerKeySelect(block: QueryBlock): boolean {
  const plain = block.kind === 'select' && !block.distinct && block.groupBy.length === 0 && !block.limit && !block.offset && !block.locking && !block.setOperation && !block.clauses.having && !block.clauses.window;
  return plain && block.outputs.length > 0 && !block.outputs.some((o) => hasAggregate(o.expression));
}

/** Is an aggregate or window function anywhere in it? */
export function hasAggregate(expression: QueryBlock['outputs'][number]['expression']): boolean {
  return expression.kind === 'aggregate' || (expression.kind === 'function' && AGGREGATES.test(expression.name ?? '')) || (expression.args ?? []).some(hasAggregate);
}

const AGGREGATES = /^(count|sum|avg|min|max|array_agg|string_agg|json_agg|jsonb_agg|bool_and|bool_or|every|json_object_agg|jsonb_object_agg|row_number|rank|dense_rank|lag|lead|first_value|last_value)$/;

/** Name under which the answer already carries the key column; undefined where it must be added. */
export function outputOf(block: QueryBlock, condition: KeyCondition): string | undefined {
  for (const output of block.outputs) {
    if (output.star && (output.qualifier === undefined || output.qualifier === condition.relation.alias) && block.relations.length === 1) return condition.column;
    if (output.column?.column === condition.column && (output.column.qualifier === undefined || output.column.qualifier === condition.relation.alias)) return output.alias ?? output.column.column;
  }
  return undefined;
}

import { findColumn } from '../catalog/lookup';
import type { Catalog, PartitionKey, Table } from '../catalog/model';
import { relationKey } from '../catalog/names';
import type { Conjunct, Expression, QueryBlock } from '../sql/model';
import { ownerTest } from './indexDemand';
import { containsAggregate, sidesOf, type Scope } from './scope';

/** Whether a block's conditions let Postgres leave partitions of a relation out. */
export type Pruning =
  /** They do, or may (joins, conditions of an outer block). */
  | { readonly state: 'prunes' }
  /** No condition is on the partition key. */
  | { readonly state: 'absent' }
  /** A condition is on an expression over it, which bounds of partitions say nothing about. */
  | { readonly state: 'wrapped'; readonly conjunct: Conjunct }
  /** Hash partitions are found by the values of all key columns; these are not compared. */
  | { readonly state: 'partial'; readonly columns: readonly string[] };

/** Comparisons by which `partprune.c` chooses partitions. */
const COMPARISONS: Readonly<Record<PartitionKey['strategy'], ReadonlySet<string>>> = {
  range: new Set(['=', '<', '<=', '>', '>=', 'between', 'in', 'any', 'is null', 'is not distinct from']),
  list: new Set(['=', '<', '<=', '>', '>=', 'between', '<>', 'in', 'any', 'is null', 'is not null', 'is not distinct from', 'boolean', 'is true', 'is false']),
  hash: new Set(['=', 'in', 'any', 'is null', 'is not distinct from']),
};

/** Judges one relation of a block that is a partitioned table; its key must be made of plain columns. */
export function judgePruning(scope: Scope, block: QueryBlock, index: number, table: Table, key: PartitionKey): Pruning {
  const owns = ownerTest(scope, block, index);
  const isKey = (column: string) => (expression: Expression | undefined): boolean => {
    const bare = expression && withoutTextCasts(expression, findColumn(table, column)?.type);
    return bare?.column !== undefined && bare.column.column === column && owns(bare.column);
  };
  // A range is found by its first column, hashes by all of them.
  const needed = key.strategy === 'hash' ? key.columns : key.columns.slice(0, 1);
  const missing = needed.filter((column) => !block.conjuncts.some((c) => prunesBy(c, isKey(column), COMPARISONS[key.strategy])));
  if (missing.length === 0 || missing.some((column) => isAskedElsewhere(scope, block, column)) || stopsEarly(block, key, isKey(key.columns[0] ?? ''))) return { state: 'prunes' };
  const hides = (side: Expression): boolean => side.kind !== 'row' && missing.some((column) => !isKey(column)(side) && side.columns.some((ref) => ref.column === column && owns(ref)));
  const wrapped = block.conjuncts.find((c) => c.clause !== 'having' && sidesOf(c).some((side) => hides(side) || (c.operator === 'or' && side.columns.some((ref) => missing.includes(ref.column) && owns(ref)))));
  // One branch of an OR may be what the caller leaves out (`$1 IS NULL OR at > $1`).
  if (wrapped) return wrapped.operator === 'or' ? { state: 'prunes' } : { state: 'wrapped', conjunct: wrapped };
  return missing.length < needed.length ? { state: 'partial', columns: missing } : { state: 'absent' };
}

/** Is the key itself compared here, in every branch of an OR? */
function prunesBy(conjunct: Conjunct, isKey: (e: Expression | undefined) => boolean, operators: ReadonlySet<string>): boolean {
  if (conjunct.clause === 'having' || conjunct.negated) return false;
  if (conjunct.operator === 'or') return (conjunct.branches ?? []).every((branch) => branch.some((c) => prunesBy(c, isKey, operators)));
  const { left, right, operator } = conjunct;
  if (left?.kind === 'row') return operators.has(operator) && (left.args ?? []).some((item, i) => isKey(item) && (i === 0 || operator === '=' || operator === 'in'));
  return operators.has(operator) && (isKey(left) || (isKey(right) && operator !== 'any'));
}

/** varchar is compared as text: that cast is none for the planner. */
function withoutTextCasts(expression: Expression, type: string | undefined): Expression {
  const cast = expression.kind === 'cast' && /^(text|varchar|character varying)/.test(expression.type ?? '') && /^(text|character varying)/.test(type ?? '');
  return cast && expression.args?.[0] ? withoutTextCasts(expression.args[0], type) : expression;
}

/** A condition of another block on a column of that name may be pushed down into this one. */
const isAskedElsewhere = ({ model }: Scope, block: QueryBlock, column: string): boolean =>
  block.role !== 'root' && model.blocks.some((other) => other.index !== block.index && other.conjuncts.some((c) => sidesOf(c).some((side) => side.columns.some((ref) => ref.column === column))));

/** The first rows in the key's order, or its smallest and largest value: ranges are read one by one until there are enough. */
function stopsEarly(block: QueryBlock, key: PartitionKey, isKey: (e: Expression | undefined) => boolean): boolean {
  if (key.strategy !== 'range') return false;
  const aggregates = block.outputs.filter((o) => containsAggregate(o.expression));
  if (aggregates.length > 0) return aggregates.every(({ expression }) => ['min', 'max'].includes(expression.name ?? '') && isKey(expression.args?.[0]));
  return block.limit !== undefined && isKey(block.orderBy[0]?.expression) && block.groupBy.length === 0;
}

/** The partitions that hold rows, of partitions too; `schema.name`. */
export function collectLeaves(catalog: Catalog, table: Table): readonly string[] {
  const children = new Map<string, string[]>();
  for (const [name, { partitionOf }] of catalog.tables) if (partitionOf !== undefined) children.set(partitionOf, [...(children.get(partitionOf) ?? []), name]);
  const below = (name: string, depth: number): readonly string[] => {
    const own = children.get(name) ?? [];
    return own.length === 0 || depth > 8 ? [name] : own.flatMap((child) => below(child, depth + 1));
  };
  return below(relationKey(table.schema, table.name), 0);
}

import { findColumn, findTable } from '../catalog/lookup';
import type { Catalog, Column, Table } from '../catalog/model';
import type { Conjunct, ColumnRef, Expression, QueryBlock, Relation, StatementModel } from '../sql/model';

/** A statement with the catalog its names are looked up in. */
export interface Scope {
  readonly model: StatementModel;
  readonly catalog: Catalog | undefined;
}

/** A column reference with the relation it belongs to. */
export interface BoundColumn {
  readonly block: QueryBlock;
  readonly relation: Relation;
  /** Index in `block.relations`. */
  readonly relationIndex: number;
  /** Catalog table of the relation; undefined for derived tables and unknown names. */
  readonly table?: Table;
  /** The column as the catalog knows it. */
  readonly definition?: Column;
  readonly column: string;
}

/** Roles whose body may refer to columns of the enclosing block. */
const CORRELATED: ReadonlySet<QueryBlock['role']> = new Set(['scalar', 'exists', 'in', 'any', 'array', 'lateral']);

/** The catalog table that a relation names, through the search path; undefined when unknown, interpolated or not a table. */
export function tableOf(catalog: Catalog | undefined, relation: Relation): Table | undefined {
  if (!catalog || relation.kind !== 'table' || relation.hole !== undefined) return undefined;
  return findTable(catalog, relation);
}

/** True for relations of the system catalogs, which no rule about the application's data looks at. */
export const isSystemRelation = (relation: Relation): boolean =>
  relation.schema === 'pg_catalog' || relation.schema === 'information_schema' || (relation.schema === undefined && /^pg_/.test(relation.name));

/** Names of a block's output columns; undefined where a star or an unnamed expression leaves one unknown. */
export function outputNames(scope: Scope, block: QueryBlock): readonly string[] | undefined {
  if (block.kind === 'set-operation') {
    const arm = block.setOperation?.arms[0];
    const first = arm === undefined ? undefined : scope.model.blocks[arm];
    return first ? outputNames(scope, first) : undefined;
  }
  const names: string[] = [];
  for (const output of block.outputs) {
    if (output.star) {
      const starred = output.qualifier === undefined ? block.relations : block.relations.filter((r) => r.alias === output.qualifier);
      if (starred.length === 0) return undefined;
      for (const relation of starred) {
        const inner = relationColumns(scope, relation);
        if (!inner) return undefined;
        names.push(...inner);
      }
      continue;
    }
    const name = output.alias ?? output.column?.column ?? output.expression.name;
    if (name === undefined) return undefined;
    names.push(name);
  }
  return names;
}

/** Column names of a relation; undefined when they are not known. */
export function relationColumns(scope: Scope, relation: Relation): readonly string[] | undefined {
  if (relation.kind === 'table') return tableOf(scope.catalog, relation)?.columns.map((c) => c.name);
  const block = relation.block === undefined ? undefined : scope.model.blocks[relation.block];
  return block && block.kind !== 'values' ? outputNames(scope, block) : undefined;
}

/** Does the relation have this column? Undefined: its columns are not known. */
function hasColumn(scope: Scope, relation: Relation, column: string): boolean | undefined {
  if (relation.kind !== 'table') return relationColumns(scope, relation)?.includes(column);
  const table = tableOf(scope.catalog, relation);
  return table && findColumn(table, column) !== undefined;
}

function bound(scope: Scope, block: QueryBlock, relationIndex: number, column: string): BoundColumn | undefined {
  const relation = block.relations[relationIndex];
  if (!relation) return undefined;
  const table = tableOf(scope.catalog, relation);
  return { block, relation, relationIndex, table, definition: findColumn(table, column), column };
}

const parentOf = (scope: Scope, block: QueryBlock): QueryBlock | undefined =>
  block.parent === undefined || !CORRELATED.has(block.role) ? undefined : scope.model.blocks[block.parent];

/**
 * Finds the relation a column reference belongs to, outwards through the blocks a correlated sub-query may see.
 * @returns undefined when it is ambiguous with what is known: a name is never guessed.
 */
export function bindColumn(scope: Scope, block: QueryBlock, ref: ColumnRef): BoundColumn | undefined {
  for (let at: QueryBlock | undefined = block; at; at = parentOf(scope, at)) {
    const here: QueryBlock = at;
    if (ref.qualifier !== undefined) {
      const index = here.relations.findIndex((r) => r.alias === ref.qualifier || (r.kind === 'table' && r.name === ref.qualifier && r.alias === r.name));
      if (index >= 0) return bound(scope, here, index, ref.column);
      continue;
    }
    const known = here.relations.map((r) => hasColumn(scope, r, ref.column));
    const owners = known.flatMap((has, index) => (has === true ? [index] : []));
    if (owners.length === 1) return bound(scope, here, owners[0] ?? 0, ref.column);
    if (owners.length > 1) return undefined;
    const unknown = known.flatMap((has, index) => (has === undefined ? [index] : []));
    if (unknown.length === 0) continue;
    return unknown.length === 1 && here.relations.length === 1 && !parentOf(scope, here) ? bound(scope, here, unknown[0] ?? 0, ref.column) : undefined;
  }
  return undefined;
}

/** Like `bindColumn`, then through derived tables and CTEs down to the base table's column. */
export function traceColumn(scope: Scope, block: QueryBlock, ref: ColumnRef, depth = 0): BoundColumn | undefined {
  const found = bindColumn(scope, block, ref);
  if (!found || found.relation.kind === 'table' || depth > 8) return found;
  const inner = found.relation.block === undefined ? undefined : scope.model.blocks[found.relation.block];
  if (!inner) return undefined;
  const target = inner.outputs.find((o) => !o.star && (o.alias ?? o.column?.column) === found.column);
  if (target) return target.expression.column ? traceColumn(scope, inner, target.expression.column, depth + 1) : undefined;
  const star = inner.outputs.find((o) => o.star);
  return star ? traceColumn(scope, inner, { qualifier: star.qualifier, column: found.column, span: ref.span }, depth + 1) : undefined;
}

/** Strips casts: the expression under `x::type`. */
export function withoutCasts(expression: Expression): Expression {
  let at = expression;
  while (at.kind === 'cast' && at.args?.[0]) at = at.args[0];
  return at;
}

/** Visits an expression and everything below it (sub-queries not entered). */
export function* walkExpression(expression: Expression): Generator<Expression> {
  yield expression;
  for (const arg of expression.args ?? []) yield* walkExpression(arg);
}

/**
 * True when the expression's value does not change from row to row of `block`: no column of the block's own relations.
 * Sub-queries count as varying only when they refer to the block's own relations.
 */
export function isRowIndependent(scope: Scope, block: QueryBlock, expression: Expression): boolean {
  for (const node of walkExpression(expression)) {
    for (const column of node.columns) {
      const bound = bindColumn(scope, block, column);
      if (!bound || bound.block.index === block.index) return false;
    }
    if (node.kind === 'subquery') {
      const inner = node.block === undefined ? undefined : scope.model.blocks[node.block];
      if (!inner || refersTo(scope, inner, block)) return false;
    }
    if (node.kind === 'other' || node.kind === 'star') return false;
  }
  return true;
}

/** Does a sub-query mention a column of `outer`? */
function refersTo(scope: Scope, inner: QueryBlock, outer: QueryBlock): boolean {
  const expressions = [
    ...inner.outputs.map((o) => o.expression),
    ...inner.conjuncts.flatMap((c) => [c.left, c.right, ...(c.branches ?? []).flat().flatMap((b) => [b.left, b.right])]),
  ];
  return expressions.some((e) => e && [...walkExpression(e)].some((n) => n.columns.some((c) => bindColumn(scope, inner, c)?.block.index === outer.index)));
}

/** Is the value computed over many rows, whatever is done to it after (`count(*)::int`, `coalesce(sum(x), 0)`)? */
export const containsAggregate = (expression: Expression): boolean =>
  expression.kind === 'aggregate' || (expression.kind !== 'subquery' && (expression.args ?? []).some(containsAggregate));

/** Both sides of a condition, and those of the branches of an OR. */
export const sidesOf = (conjunct: Conjunct): readonly Expression[] =>
  [conjunct.left, conjunct.right].flatMap((side) => side ?? []).concat((conjunct.branches ?? []).flat().flatMap(sidesOf));

/** Every expression of a block at its own level. */
export const expressionsIn = (block: QueryBlock): readonly Expression[] =>
  [...block.outputs.map((o) => o.expression), ...block.groupBy, ...block.orderBy.map((o) => o.expression), ...block.conjuncts.flatMap(sidesOf)];

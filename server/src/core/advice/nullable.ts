import { findColumn } from '../catalog/lookup';
import type { Expression, QueryBlock } from '../sql/model';
import { spanText } from '../text/span';
import { bindColumn, withoutCasts, type BoundColumn, type Scope } from './scope';

/** Operators that are not true where one side is NULL. */
const STRICT: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=', '~~', '~~*', '~', '~*', 'in', 'any', 'between', '@>', '<@', '&&', '@@', 'is not null']);

const NESTED_JOIN = /\bjoin\s*\(\s*(?!select\b|with\b|values\b|\()/i;

/**
 * May an expression of a block be NULL? Columns by the catalog, outer joins and the block's own conditions counted in.
 * Undefined: not known.
 */
export function mayBeNull(scope: Scope, block: QueryBlock, expression: Expression): boolean | undefined {
  const bare = withoutCasts(expression);
  if (bare.kind === 'constant') return bare.value === null;
  if (bare.kind === 'aggregate' && bare.name === 'count') return false;
  const bound = bare.column && bindColumn(scope, block, bare.column);
  // Of the one relation there is, whatever its columns are.
  if (bare.column && block.relations.length === 1 && block.conjuncts.some((c) => c.clause === 'where' && !c.negated && STRICT.has(c.operator) && [c.left, c.right].some((side) => side?.column?.column === bare.column?.column && side?.column?.qualifier === bare.column?.qualifier))) return false;
  if (!bound) return undefined;
  if (bound.block.index === block.index && isRefused(scope, block, bound)) return false;
  if (isFilledByJoin(bound)) return true;
  const { table, column, relation } = bound;
  // `a LEFT JOIN (b JOIN c …)`: which side is filled is not told of c.
  if (NESTED_JOIN.test(spanText(scope.model.text, bound.block.span))) return undefined;
  if (table) return table.kind === 'view' || table.kind === 'matview' ? undefined : table.incomplete && !findColumn(table, column) ? undefined : findColumn(table, column) && !findColumn(table, column)?.notNull;
  const inner = relation.block === undefined ? undefined : scope.model.blocks[relation.block];
  const output = inner?.outputs.find((o) => !o.star && (o.alias ?? o.column?.column) === column);
  return inner?.kind === 'select' && output ? mayBeNull(scope, inner, output.expression) : undefined;
}

/** Does a condition of WHERE, or of an inner join, refuse rows whose column is NULL? */
function isRefused(scope: Scope, block: QueryBlock, bound: BoundColumn): boolean {
  const { relationIndex, column } = bound;
  // What ON refuses, an outer join may bring back.
  const kept = !block.relations.some(({ join }) => join === 'left' || join === 'right' || join === 'full');
  return block.conjuncts.some((c) => {
    const inner = c.clause === 'where' || (kept && c.clause === 'on' && c.joined !== undefined && ['inner', 'cross', undefined].includes(block.relations[c.joined]?.join));
    if (!inner || c.negated || !STRICT.has(c.operator)) return false;
    return [c.left, c.right].some((side) => {
      const found = side?.column && bindColumn(scope, block, side.column);
      return found && found.block.index === block.index && found.relationIndex === relationIndex && found.column === column;
    });
  });
}

/** Rows of this relation may be all NULL: the far side of an outer join. */
function isFilledByJoin({ block, relation, relationIndex }: BoundColumn): boolean {
  return relation.join === 'left' || relation.join === 'full' || block.relations.slice(relationIndex + 1).some((r) => r.join === 'right' || r.join === 'full');
}

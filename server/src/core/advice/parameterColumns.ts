import type { Conjunct, Expression, QueryBlock, StatementModel } from '../sql/model';
import { traceColumn, withoutCasts, type Scope } from './scope';

/** What a parameter of a statement is compared with, or assigned to. */
export interface ParameterColumn {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  /** As in `Conjunct.operator`; `=` for values that are written. */
  readonly operator: string;
}

const COMPARED = new Set(['=', '<>', '<', '<=', '>', '>=', '~~', '~~*', '~', '~*', '@>', '<@', '?', 'in', 'any', 'between', 'is distinct from', 'is not distinct from']);

/**
 * The column behind each parameter, by the key of its hole (see `ExplainableSql.parameters`). `lower(email) = $1` counts
 * as its column: a value of it is worth trying. Not there: a parameter that meets no column of a known table, or several.
 */
export function collectParameterColumns(scope: Scope): ReadonlyMap<string, ParameterColumn> {
  const found = new Map<string, ParameterColumn>();
  const meet = (block: QueryBlock, operator: string, sides: readonly Expression[]): void => {
    const holes = sides.flatMap((side) => holesOf(side));
    const columns = sides.flatMap((side) => side.columns);
    const [column] = columns;
    if (holes.length === 0 || column === undefined || columns.length > 1) return;
    const bound = traceColumn(scope, block, column);
    if (!bound?.table || !bound.definition) return;
    for (const hole of holes) {
      const key = keyOf(scope.model, hole);
      if (key !== undefined && !found.has(key)) found.set(key, { schema: bound.table.schema, table: bound.table.name, column: bound.column, operator });
    }
  };
  const compare = (block: QueryBlock, conjunct: Conjunct): void => {
    for (const branch of conjunct.branches ?? []) for (const inner of branch) compare(block, inner);
    if (COMPARED.has(conjunct.operator) && conjunct.left && conjunct.right) meet(block, conjunct.operator, [conjunct.left, conjunct.right]);
  };
  for (const block of scope.model.blocks) {
    for (const conjunct of block.conjuncts) compare(block, conjunct);
    for (const { column, expression } of block.write?.assignments ?? []) {
      const value = expression && withoutCasts(expression);
      const target = block.relations.find((relation) => relation.target);
      if (value?.kind === 'hole' && target) meet(block, '=', [value, { kind: 'column', span: value.span, columns: [{ qualifier: target.alias, column, span: value.span }] }]);
    }
  }
  return found;
}

/** Keys of the parameters that are counts of LIMIT or of OFFSET. */
export function collectRowCounts(model: StatementModel): { readonly limits: ReadonlySet<string>; readonly offsets: ReadonlySet<string> } {
  const keys = (part: 'limit' | 'offset'): ReadonlySet<string> =>
    new Set(model.blocks.flatMap((block) => (block[part] ? holesOf(block[part].expression) : [])).flatMap((hole) => keyOf(model, hole) ?? []));
  return { limits: keys('limit'), offsets: keys('offset') };
}

const holesOf = (expression: Expression): readonly number[] => [...(expression.hole === undefined ? [] : [expression.hole]), ...(expression.args ?? []).flatMap(holesOf)];

/** As `explainableSql` names parameters. */
function keyOf(model: StatementModel, index: number): string | undefined {
  const origin = model.holes[index]?.origin;
  return origin && (origin.type === 'placeholder' ? origin.key : `interpolation:${origin.index}`);
}

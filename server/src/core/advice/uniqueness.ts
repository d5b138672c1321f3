import { findColumn, uniqueKeys } from '../catalog/lookup';
import type { Table } from '../catalog/model';
import type { QueryBlock } from '../sql/model';
import { collectPins, type Pins } from './pins';
import { tableOf, type Scope } from './scope';

/**
 * Are rows that agree on `fixed` columns (pinned to a value, or compared) at most one?
 * @param pinned columns held by `=`, which excludes NULL.
 */
export function coversUniqueKey(table: Table, fixed: ReadonlySet<string>, pinned: ReadonlySet<string>): boolean {
  return uniqueKeys(table).some((key) => key.columns.every((c) => fixed.has(c) && (key.coversNulls || pinned.has(c) || findColumn(table, c)?.notNull === true)));
}

/** Does the block read at most one row of this relation for each row of the others, or at all? */
export function isPinnedToOneRow(scope: Scope, block: QueryBlock, relation: number, pins: Pins): boolean {
  const target = block.relations[relation];
  const table = target && tableOf(scope.catalog, target);
  const columns = pins.columns(relation);
  return table ? coversUniqueKey(table, columns, columns) : false;
}

/**
 * Relations of a block, besides `seed`, that add at most one row per row of those before: joined on a unique key.
 * @returns true when every relation is reached that way, so that a row of `seed` appears at most once.
 */
export function joinsAreToOne(scope: Scope, block: QueryBlock, seed: number): boolean {
  const reached = new Set<number>([seed]);
  const equalities = block.conjuncts.filter((c) => c.operator === '=' && !c.negated && c.clause !== 'having');
  for (let grown = true; grown && reached.size < block.relations.length; ) {
    grown = false;
    for (let i = 0; i < block.relations.length; i++) {
      const relation = block.relations[i];
      const table = relation && tableOf(scope.catalog, relation);
      if (reached.has(i) || !table || relation.join === 'full' || relation.join === 'right') continue;
      const known = { model: scope.model, catalog: scope.catalog };
      const pins = collectPins(known, narrowed(block, equalities, reached, i));
      const columns = pins.columns(i);
      if (!coversUniqueKey(table, columns, columns)) continue;
      reached.add(i);
      grown = true;
    }
  }
  return reached.size === block.relations.length;
}

/** The block as seen from relation `i`: relations already reached count as outer, so their columns are values. */
function narrowed(block: QueryBlock, conjuncts: QueryBlock['conjuncts'], reached: ReadonlySet<number>, i: number): QueryBlock {
  const aliases = new Set([...reached].map((r) => block.relations[r]?.alias));
  const kept = conjuncts.map((c) => ({ ...c, left: asValue(c.left, aliases), right: asValue(c.right, aliases) }));
  return { ...block, conjuncts: kept.filter((c) => c.clause !== 'on' || c.joined === undefined || block.relations[c.joined]?.join !== 'left' || c.joined === i) };
}

function asValue(expression: QueryBlock['conjuncts'][number]['left'], aliases: ReadonlySet<string | undefined>): typeof expression {
  if (!expression?.column || !aliases.has(expression.column.qualifier)) return expression;
  return { kind: 'constant', span: expression.span, columns: [], value: '' };
}

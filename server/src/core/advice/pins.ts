import type { Conjunct, Expression, QueryBlock } from '../sql/model';
import { bindColumn, isRowIndependent, withoutCasts, type BoundColumn, type Scope } from './scope';

/** A pair of expressions that a conjunct holds equal; row comparisons are taken apart. */
export interface Equality {
  readonly left: Expression;
  readonly right: Expression;
  readonly conjunct: Conjunct;
}

/** Every `a = b` of the block's WHERE and join conditions (not HAVING), row comparisons taken apart. */
export function collectEqualities(block: QueryBlock): readonly Equality[] {
  return block.conjuncts.flatMap((conjunct) => (conjunct.clause === 'having' ? [] : equalitiesOf(conjunct)));
}

function equalitiesOf(conjunct: Conjunct): readonly Equality[] {
  const { left, right } = conjunct;
  if (conjunct.operator !== '=' || conjunct.negated || !left || !right) return [];
  if (left.kind === 'row' && right.kind === 'row') {
    return (left.args ?? []).flatMap((l, i) => {
      const r = right.args?.[i];
      return r ? [{ left: l, right: r, conjunct }] : [];
    });
  }
  return [{ left, right, conjunct }];
}

const key = (relation: number, column: string): string => `${relation}.${column}`;

/** Columns of a block that are equal to one value for all its rows, closed over join equalities. */
export interface Pins {
  /** Is `column` of `block.relations[relation]` held to one value? */
  has(relation: number, column: string): boolean;
  columns(relation: number): ReadonlySet<string>;
}

/** Which side of a join condition its equality may pin: an outer join's condition says nothing about the preserved side. */
function mayPin(block: QueryBlock, conjunct: Conjunct, relation: number, required: ReadonlySet<number>): boolean {
  if (conjunct.clause !== 'on' || conjunct.joined === undefined) return true;
  if (block.relations[conjunct.joined]?.join === 'left' && required.has(conjunct.joined)) return true;
  switch (block.relations[conjunct.joined]?.join) {
    case 'left': return relation === conjunct.joined;
    case 'right': return relation !== conjunct.joined;
    case 'full': return false;
    default: return true;
  }
}

/** Relations that WHERE compares with `=`: rows that an outer join filled with NULLs do not pass, so it is an inner join. */
export function requiredRelations(scope: Scope, block: QueryBlock): ReadonlySet<number> {
  const required = new Set<number>();
  for (const { left, right, conjunct } of collectEqualities(block)) {
    for (const side of conjunct.clause === 'where' ? [left, right] : []) {
      const { column } = withoutCasts(side);
      const found = column && bindColumn(scope, block, column);
      if (found?.block.index === block.index) required.add(found.relationIndex);
    }
  }
  return required;
}

/**
 * Computes the pinned columns of a block: `c = $1`, `c = 'x'`, `c = (outer column)`, `a.c = b.c` with b.c pinned.
 * @param accept decides about further conjuncts that count as a pin, such as `IN` for tenancy.
 */
export function collectPins(scope: Scope, block: QueryBlock, accept?: (conjunct: Conjunct) => Expression | undefined): Pins {
  const pinned = new Set<string>();
  const required = requiredRelations(scope, block);
  const links: { from: BoundColumn; to: BoundColumn; conjunct: Conjunct }[] = [];
  const own = (e: Expression): BoundColumn | undefined => {
    const bare = withoutCasts(e);
    const found = bare.column ? bindColumn(scope, block, bare.column) : undefined;
    return found && found.block.index === block.index ? found : undefined;
  };
  for (const { left, right, conjunct } of collectEqualities(block)) {
    const l = own(left);
    const r = own(right);
    if (l && r) links.push({ from: l, to: r, conjunct }, { from: r, to: l, conjunct });
    else if (l && isRowIndependent(scope, block, right) && mayPin(block, conjunct, l.relationIndex, required)) pinned.add(key(l.relationIndex, l.column));
    else if (r && isRowIndependent(scope, block, left) && mayPin(block, conjunct, r.relationIndex, required)) pinned.add(key(r.relationIndex, r.column));
  }
  for (const conjunct of accept ? block.conjuncts : []) {
    const expression = conjunct.clause === 'having' ? undefined : accept?.(conjunct);
    const column = expression && own(expression);
    if (column && mayPin(block, conjunct, column.relationIndex, required)) pinned.add(key(column.relationIndex, column.column));
  }
  for (let grown = true; grown; ) {
    grown = false;
    for (const { from, to, conjunct } of links) {
      if (!pinned.has(key(from.relationIndex, from.column)) || pinned.has(key(to.relationIndex, to.column))) continue;
      if (!mayPin(block, conjunct, to.relationIndex, required)) continue;
      pinned.add(key(to.relationIndex, to.column));
      grown = true;
    }
  }
  return {
    has: (relation, column) => pinned.has(key(relation, column)),
    columns: (relation) => new Set([...pinned].filter((k) => k.startsWith(`${relation}.`)).map((k) => k.slice(k.indexOf('.') + 1))),
  };
}

import type { Conjunct, QueryBlock } from '../sql/model';
import { containsSpan } from '../text/span';
import { collectEqualities } from './pins';
import { bindColumn, expressionsIn, sidesOf, walkExpression, withoutCasts, type Scope } from './scope';

/**
 * Relations of a block that a condition mentions, sub-queries inside it included.
 * @returns undefined where a column cannot be told to belong to one: it may be any.
 */
export function relationsOf(scope: Scope, block: QueryBlock, conjunct: Conjunct): ReadonlySet<number> | undefined {
  const found = new Set<number>();
  const add = (within: QueryBlock, columns: readonly { readonly qualifier?: string; readonly column: string; readonly span: Conjunct['span'] }[]): boolean =>
    columns.every((column) => {
      const bound = bindColumn(scope, within, column);
      // A whole row is named by its alias: `row_to_json(t)`.
      const whole = bound || column.qualifier !== undefined ? -1 : block.relations.findIndex((r) => r.alias === column.column);
      if (bound?.block.index === block.index) found.add(bound.relationIndex);
      else if (whole >= 0) found.add(whole);
      return bound !== undefined || whole >= 0;
    });
  for (const expression of sidesOf(conjunct)) for (const node of walkExpression(expression)) if (!add(block, node.columns)) return undefined;
  for (const inner of scope.model.blocks) {
    if (inner.index === block.index || !containsSpan(conjunct.span, inner.span)) continue;
    if (!add(inner, expressionsIn(inner).flatMap((e) => e.columns))) return undefined;
  }
  return found;
}

/** Parameters that two relations are both held to, from which on they are the key of both: one alone may be the tenant of everything. */
const SHARED = 2;

/** The parameters that columns of a relation are equal to: `a.id = $1`. */
function heldTo(scope: Scope, block: QueryBlock, relation: number): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { left, right } of collectEqualities(block)) {
    for (const [side, other] of [[left, right], [right, left]] as const) {
      const { column } = withoutCasts(side);
      const value = withoutCasts(other);
      const hole = value.kind === 'hole' && value.hole !== undefined ? scope.model.holes[value.hole] : undefined;
      const bound = column && hole?.origin.type === 'placeholder' ? bindColumn(scope, block, column) : undefined;
      if (bound?.block.index === block.index && bound.relationIndex === relation && hole?.origin.type === 'placeholder') found.add(hole.origin.key);
    }
  }
  return found;
}

/**
 * The relations of a block in groups that conditions link, in order of their first member.
 * @returns undefined where a condition may link any of them.
 */
export function linkedGroups(scope: Scope, block: QueryBlock): readonly (readonly number[])[] | undefined {
  const group = block.relations.map((_, i) => i);
  const join = (a: number, b: number): void => {
    const [from, to] = [group[a], group[b]];
    for (let i = 0; i < group.length; i++) if (group[i] === from) group[i] = to ?? 0;
  };
  for (const conjunct of block.conjuncts) {
    if (conjunct.clause === 'having') continue;
    const relations = relationsOf(scope, block, conjunct);
    if (!relations) return undefined;
    const [first, ...others] = relations;
    for (const other of others) join(first ?? 0, other);
  }
  const held = block.relations.map((_, i) => heldTo(scope, block, i));
  for (let a = 0; a < held.length; a++) for (let b = a + 1; b < held.length; b++) if ([...held[a]!].filter((key) => held[b]!.has(key)).length >= SHARED) join(a, b);
  return [...new Set(group)].map((id) => group.flatMap((g, i) => (g === id ? [i] : [])));
}

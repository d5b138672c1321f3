import type { Conjunct, Expression, QueryBlock } from '../sql/model';
import { mirrorOperator } from '../sql/operators';
import type { SqlSpan } from '../text/span';
import { expressionsIn, walkExpression } from './scope';

/** `left operator right`, wherever a block writes it. */
export interface Comparison {
  readonly operator: string;
  readonly left: Expression;
  readonly right: Expression;
  readonly span: SqlSpan;
}

/** The same comparison read from its right side; undefined for operators that have no mirror. */
export function mirror({ operator, left, right, span }: Comparison): Comparison | undefined {
  const turned = mirrorOperator(operator);
  return turned === undefined ? undefined : { operator: turned, left: right, right: left, span };
}

/** The conjuncts of a block with those in the branches of an OR: what makes a row appear when it is true. Nothing below NOT. */
export const positiveConjuncts = (conjuncts: readonly Conjunct[]): readonly Conjunct[] =>
  conjuncts.flatMap((c) => (c.operator === 'or' ? positiveConjuncts((c.branches ?? []).flat()) : [c]));

/** Every comparison of a block, those inside CASE, the SELECT list and NOT included. */
export function collectComparisons(block: QueryBlock): readonly Comparison[] {
  const inner = expressionsIn(block).flatMap((e) => [...walkExpression(e)]).flatMap((e): readonly Comparison[] => {
    const [left, right] = e.args ?? [];
    return e.kind === 'operator' && e.name !== undefined && left && right && e.args?.length === 2 ? [{ operator: e.name, left, right, span: e.span }] : [];
  });
  return [...block.conjuncts.flatMap(ofConjunct), ...inner];
}

function ofConjunct(c: Conjunct): readonly Comparison[] {
  if (c.branches) return c.branches.flat().flatMap(ofConjunct);
  return c.left && c.right && !c.negated ? [{ operator: c.operator, left: c.left, right: c.right, span: c.span }] : [];
}

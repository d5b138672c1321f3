import type { Conjunct } from '../../core/sql/model';
import type { TokenRange } from '../../core/sql/tokenRanges';
import { buildExpression, partRanges, type ExpressionContext } from './buildExpression';
import { offsetIn, type RawExpression } from './rawTree';

type Clause = Conjunct['clause'];

/** Takes a condition apart into its AND-conjuncts, in text order. `range` is the condition without its keyword. */
export function buildConjuncts(context: ExpressionContext, raw: RawExpression, range: TokenRange, clause: Clause, joined?: number): Conjunct[] {
  const { ranges } = context;
  const leaves = flatten(raw, 'and');
  const pieces = leaves.length === 1 ? [range] : assign(context, leaves, ranges.splitAnd(ranges.strip(range)), range);
  return leaves.map((leaf, i) => buildConjunct(context, leaf, pieces[i] ?? range, clause, joined));
}

/** Nested AND (or OR) as one list. */
function flatten(raw: RawExpression, kind: 'and' | 'or'): RawExpression[] {
  const result: RawExpression[] = [];
  const stack = [raw];
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (next.kind === kind) stack.push(...[...next.args].reverse());
    else result.push(next);
  }
  return result;
}

/** The pieces in order if they are as many as the operands, else each operand's piece by its place. */
function assign(context: ExpressionContext, operands: readonly RawExpression[], pieces: readonly TokenRange[], whole: TokenRange): readonly TokenRange[] {
  if (pieces.length === operands.length) return pieces;
  return operands.map((operand) => {
    const offset = offsetIn(operand);
    const at = offset === undefined ? -1 : context.ranges.indexAt(offset);
    return pieces.find((piece) => piece.from <= at && at < piece.to) ?? whole;
  });
}

function buildConjunct(context: ExpressionContext, raw: RawExpression, range: TokenRange, clause: Clause, joined: number | undefined): Conjunct {
  const { ranges } = context;
  const inner = ranges.strip(range);
  const base = { clause, negated: false, span: ranges.span(range), ...(joined === undefined ? {} : { joined }) };
  if (raw.kind === 'or') {
    const branches = flatten(raw, 'or');
    const pieces = assign(context, branches, ranges.splitOr(inner), inner);
    return { ...base, operator: 'or', branches: branches.map((branch, i) => buildConjuncts(context, branch, pieces[i] ?? inner, clause, joined)) };
  }
  if (raw.kind === 'not') {
    const operand = raw.operand;
    // `x NOT IN (SELECT …)` is a NOT around an IN whose place is the NOT.
    const place = ranges.word(inner.from) === 'not' ? { from: inner.from + 1, to: inner.to } : inner;
    const inside = buildConjuncts(context, operand, place, clause, joined);
    const only = inside[0];
    if (inside.length === 1 && only && invertible.test(only.operator) && !only.negated) return { ...only, negated: true, span: base.span };
    return { ...base, operator: 'not', branches: [inside] };
  }
  if (raw.kind === 'subquery' && raw.role === 'exists') return { ...base, operator: 'exists', right: buildExpression(context, raw, inner) };
  if (raw.kind === 'operator' && raw.left) {
    const [left, right] = partRanges(ranges, raw, inner).parts;
    return { ...base, operator: raw.name, left: buildExpression(context, raw.left, left ?? inner), right: buildExpression(context, raw.right, right ?? inner) };
  }
  if (raw.kind === 'comparison') {
    const [left, right] = partRanges(ranges, raw, inner).parts;
    return {
      ...base, operator: raw.name, negated: raw.negated, left: buildExpression(context, raw.left, left ?? inner),
      ...(raw.right ? { right: buildRight(context, raw.name, raw.right, right ?? inner) } : {}),
    };
  }
  return { ...base, operator: 'boolean', left: buildExpression(context, raw, inner) };
}

const invertible = /^(?:exists|in|~~|~~\*|~|~\*|between|similar to)$/;

function buildRight(context: ExpressionContext, operator: string, raw: RawExpression, range: TokenRange): ReturnType<typeof buildExpression> {
  if (operator !== 'between' || raw.kind !== 'row') return buildExpression(context, raw, range);
  const and = context.ranges.findTop(range, (word, i) => word === 'and' && context.ranges.tokens[i]?.kind === 'word');
  const places = and === undefined ? [range, range] : [{ from: range.from, to: and }, { from: and + 1, to: range.to }];
  const args = raw.items.map((item, i) => buildExpression(context, item, places[i] ?? range));
  return { kind: 'row', span: context.ranges.span(range), columns: args.flatMap((arg) => arg.columns), args };
}

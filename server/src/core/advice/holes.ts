import type { StatementModel } from '../sql/model';
import { sqlSpan, type SqlSpan } from '../text/span';

/**
 * Ends a span behind the hole it ends in. The parser sees a filler that may be shorter than what stands in the source
 * (`:customer`, an interpolation's slot); what is underlined or edited is the whole of it.
 */
export function coverHoles(model: StatementModel, span: SqlSpan): SqlSpan {
  const cut = model.holes.find((hole) => hole.span.start < span.end && span.end < hole.span.end && hole.span.start >= span.start);
  return cut ? sqlSpan(span.start, cut.span.end) : span;
}

/**
 * Does the host put SQL of unknown content in: a fragment, or a whole condition (`WHERE ${conditions}`)? It may hold any
 * predicate, so rules about something absent have no answer.
 */
export function hasUnknownPart(model: StatementModel): boolean {
  if (model.holes.some((hole) => hole.kind === 'fragment')) return true;
  return model.blocks.some((block) => block.conjuncts.some((c) => c.operator === 'boolean' && c.left?.kind === 'hole' && model.holes[c.left.hole ?? -1]?.origin.type === 'interpolation'));
}

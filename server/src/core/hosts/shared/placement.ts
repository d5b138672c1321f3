import type { SiteDraft } from '../../libraries/adapter';
import { startsStatement } from '../../libraries/shared/sqlText';
import { hostSpan, type HostSpan } from '../../text/span';
import { ASIDE, isAside } from '../surface';
import type { SyntaxNode } from '../syntax';
import type { TextPart } from './textParts';

/**
 * Moves what a draft took from elsewhere to where this file asks for it: text, values and conditions that `away` says
 * stand in another file (or in the body of a wrapper) are placed at `at`, and what could only be edited there is left out.
 */
export function placeDraft(draft: SiteDraft, at: HostSpan, away: (span: HostSpan) => boolean): SiteDraft {
  const { values } = draft;
  return {
    ...draft,
    map: { segments: draft.map.segments.map((segment) => (away(segment.host) ? { ...segment, kind: segment.kind === 'hole' ? 'hole' : 'rendered', host: at } : segment)) },
    span: away(draft.span) ? at : draft.span,
    anchor: away(draft.anchor) ? at : draft.anchor,
    binds: draft.binds.map((bind) => (bind.span && away(bind.span) ? { ...bind, span: at } : bind)),
    conditional: draft.conditional.map((part) => (away(part.conditionSpan) ? { ...part, conditionSpan: at } : part)),
    chain: draft.chain.some((call) => away(call.span) || call.args.some((arg) => away(arg.span))) ? [] : draft.chain,
    values: values && (away(values.span) || away({ start: values.insertAt, end: values.insertAt } as HostSpan)) ? undefined : values,
    ...(draft.consumes ? { consumes: draft.consumes.filter((span) => !away(span)) } : {}),
  };
}

/** Does anything of the draft stand where `away` says? */
export const isAwayIn = (draft: SiteDraft, away: (span: HostSpan) => boolean): boolean =>
  away(draft.span) || draft.map.segments.some((segment) => away(segment.host)) || draft.binds.some((bind) => bind.span !== undefined && away(bind.span)) || draft.conditional.some((part) => away(part.conditionSpan)) || draft.chain.some((call) => away(call.span)) || (draft.values !== undefined && away(draft.values.span));

/** The statement's first words come from the caller, not from the wrapper: else the wrapper's own site is the query. */
export function writesItself(draft: SiteDraft, away: (span: HostSpan) => boolean): boolean {
  const text = draft.source?.text;
  if (text === undefined || !startsStatement(text)) return false;
  const first = text.length - text.trimStart().length;
  const segment = draft.map.segments.find((one) => one.sql.start <= first && first < one.sql.end);
  return segment !== undefined && segment.kind !== 'hole' && !away(segment.host);
}

/** Parts that come from another file, placed where `use` names them; `names` are those of the using expression. */
export function placeParts<Whole extends { readonly parts: readonly TextPart[] }>(use: SyntaxNode, whole: Whole, names: readonly string[]): Whole {
  if (isAside(use) || !whole.parts.some(hasAside)) return whole;
  const span = hostSpan(use.startIndex, use.endIndex);
  const place = (part: TextPart): TextPart => {
    if (!hasAside(part)) return part;
    if (part.kind === 'text') return { ...part, form: 'rendered', span };
    if (part.kind === 'hole') return { ...part, slot: undefined, expression: { ...part.expression, span, names } };
    const condition = part.condition.span.start < ASIDE ? part.condition : { ...part.condition, span };
    return { ...part, condition, then: part.then.map(place), otherwise: part.otherwise.map(place) };
  };
  return { ...whole, parts: whole.parts.map(place) };
}

function hasAside(part: TextPart): boolean {
  if (part.kind === 'text') return part.span !== undefined && part.span.start >= ASIDE;
  if (part.kind === 'hole') return part.expression.span.start >= ASIDE;
  return part.condition.span.start >= ASIDE || part.then.some(hasAside) || part.otherwise.some(hasAside);
}

import type { SiteDraft } from '../../libraries/adapter';
import type { HostSpan } from '../../text/span';

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

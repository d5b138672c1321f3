import type { HostContext, LibraryAdapter, SiteDraft } from '../../libraries/adapter';
import { containsSpan } from '../../text/span';
import type { QuerySite } from '../ir';
import { isAwayIn, placeDraft } from '../shared/placement';
import { ASIDE } from '../surface';
import type { SyntaxNode } from '../syntax';
import { resultNameOf } from './calls';
import type { Outline } from './outline';
import type { Scopes } from './scopes';
import { field, spanOf } from './syntaxTools';
import { wrapperSites } from './wrappers';


export interface DraftAt {
  readonly draft: SiteDraft;
  readonly node: SyntaxNode;
}

const isAsideSpan = (span: { readonly start: number }): boolean => span.start >= ASIDE;

/** By a library, or by what a project's function does with its arguments. */
function recognise(node: SyntaxNode, context: HostContext, adapters: readonly LibraryAdapter[], scopes: Scopes): readonly SiteDraft[] | undefined {
  for (const adapter of adapters) {
    const drafts = adapter.recognise(node, context);
    if (drafts) return drafts;
  }
  return wrapperSites(node, context, scopes, adapters);
}

/**
 * Asks the adapters about every call and slice; the first that recognises one has it. Statements that another site sends are dropped.
 * @returns `builders`: offsets of the nodes that build what is not sent, or not surely, where it stands
 */
export function collectDrafts(outline: Outline, context: HostContext, adapters: readonly LibraryAdapter[], scopes: Scopes): { readonly drafts: readonly DraftAt[]; readonly builders: readonly number[] } {
  const found: DraftAt[] = [];
  for (const node of [...outline.calls, ...outline.subscripts]) {
    for (const draft of recognise(node, context, adapters, scopes) ?? []) found.push({ draft: isAwayIn(draft, isAsideSpan) ? placeDraft(draft, spanOf(node), isAsideSpan) : draft, node });
  }
  const sent = found.filter(({ draft }) => draft.executes !== 'no');
  const kept = found.filter(({ draft, node }) => draft.executes !== 'no' || !sent.some((other) => other.node.id !== node.id && (containsSpan(other.draft.span, draft.span) || other.draft.consumes?.some((span) => containsSpan(span, draft.span)))));
  const outer = kept.filter(({ draft, node }) => draft.executes !== 'no' || !kept.some((other) => other.draft.executes === 'no' && other.node.id !== node.id && (other.draft.span.start !== draft.span.start || other.draft.span.end !== draft.span.end) && (containsSpan(other.draft.span, draft.span) || other.draft.consumes?.some((span) => containsSpan(span, draft.span)))));
  return {
    drafts: outer.sort((a, b) => a.draft.span.start - b.draft.span.start || b.draft.span.end - a.draft.span.end),
    builders: found.flatMap(({ draft, node }) => (draft.executes === 'yes' ? [] : [node.startIndex])),
  };
}

/** The drafts as sites of the file; ids are their places in the list. */
export function readSites(drafts: readonly DraftAt[], outline: Outline): QuerySite[] {
  return drafts.map(({ draft, node }, id): QuerySite => {
    return {
      ...withoutParts(draft),
      id,
      functionId: outline.functionOf(node),
      loopIds: outline.loopsOf(node),
      // A slice is sent by what it is taken of: `Order.objects.all()[:50]`.
      callId: draft.executes === 'no' ? undefined : outline.callId(node.type === 'subscript' ? field(node, 'value') ?? node : node),
      resultName: draft.executes === 'no' ? undefined : resultNameOf(node),
    };
  });
}


function withoutParts(draft: SiteDraft): SiteDraft {
  const copy = { ...draft };
  delete (copy as { consumes?: unknown }).consumes;
  return copy;
}

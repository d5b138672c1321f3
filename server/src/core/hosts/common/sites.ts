import type { HostContext, LibraryAdapter, SiteDraft } from '../../libraries/adapter';
import { containsSpan } from '../../text/span';
import type { QuerySite } from '../ir';
import type { SyntaxNode } from '../syntax';
import { resultNameOf } from './calls';
import { commonFile } from './context';
import type { Source } from './source';
import { recognise, wrapperSites } from './wrappers';

export interface DraftAt {
  readonly draft: SiteDraft;
  readonly node: SyntaxNode;
}

/**
 * Asks the adapters about every call, and about declarations that hold a query (`@Query`). Of a chain the outermost call
 * that is recognised has it; a text that is only built gives way to the call that sends it.
 * @returns `builders`: offsets of the nodes that build what is not sent, or not surely, where it stands
 */
export function collectDrafts(source: Source, context: HostContext, adapters: readonly LibraryAdapter[]): { readonly drafts: readonly DraftAt[]; readonly builders: readonly number[] } {
  if (adapters.length === 0 && !commonFile(context)?.shared) return { drafts: [], builders: [] };
  const found: DraftAt[] = [];
  for (const node of source.calls) {
    for (const draft of recognise(node, context, adapters) ?? wrapperSites(node, context, adapters) ?? []) found.push({ draft, node });
  }
  const isPart = (inner: DraftAt, outer: DraftAt): boolean =>
    inner.node.id !== outer.node.id && (isChainOf(inner.node, outer.node, source) || (inner.draft.executes === 'no' && containsSpan(outer.draft.span, inner.draft.span)) || (outer.draft.consumes?.some((span) => containsSpan(span, inner.draft.span)) ?? false));
  const kept = found.filter((inner) => !found.some((outer) => isPart(inner, outer)));
  return {
    drafts: kept.sort((a, b) => a.draft.span.start - b.draft.span.start || b.draft.span.end - a.draft.span.end),
    builders: found.flatMap(({ draft, node }) => (draft.executes === 'yes' ? [] : [node.startIndex])),
  };
}

/** Is the one call a receiver, however far inside, of the other? */
function isChainOf(inner: SyntaxNode, outer: SyntaxNode, source: Source): boolean {
  for (let current: SyntaxNode | undefined = outer; current; ) {
    const receiver: SyntaxNode | undefined = source.callForm(current)?.receiver;
    current = receiver && source.unwrap(receiver);
    if (current?.id === inner.id) return true;
  }
  return false;
}

export function readSites(drafts: readonly DraftAt[], source: Source): QuerySite[] {
  return drafts.map(({ draft, node }, id): QuerySite => {
    const { consumes, ...site } = draft;
    void consumes;
    const fn = source.functionOf(node);
    const sent = draft.executes !== 'no';
    return {
      ...site,
      id,
      functionId: fn && source.functionId(fn),
      loopIds: source.loopsOf(node),
      callId: sent ? source.callId(node) : undefined,
      resultName: sent ? resultNameOf(node, source) : undefined,
    };
  });
}

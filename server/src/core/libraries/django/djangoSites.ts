import { chainOf } from '../../hosts/python/chains';
import { field } from '../../hosts/python/syntaxTools';
import type { DjangoQueryIr } from '../../hosts/djangoIr';
import type { SyntaxNode } from '../../hosts/syntax';
import { containsSpan, type HostSpan } from '../../text/span';
import type { HostContext, SiteDraft } from '../adapter';
import { buildSql, type SqlPart } from '../shared/sqlBuilder';
import { djangoFile, type DjangoFile } from './djangoInstances';
import type { Query } from './djangoQuery';

/** A query of which only the place is known. */
export function emptyDraft(node: SyntaxNode, anchor: HostSpan, { context }: DjangoFile): SiteDraft {
  return { library: 'django', confidence: 'typed', map: { segments: [] }, span: context.span(node), anchor, executes: 'yes', access: 'unknown', fetches: 'unknown', binds: [], conditional: [], complete: false, chain: [], eager: [], consumes: consumed(node, context, djangoFile(context)) };
}

/** Where the parts of a chain stand that came through variables. */
function consumed(node: SyntaxNode, context: HostContext, file: DjangoFile | undefined): readonly HostSpan[] {
  const chain = file && chainOf(node, file.scopes);
  return chain?.calls.map((call) => context.span(call.node)) ?? [];
}

/** A statement as a site. */
export function draftOf(node: SyntaxNode, ir: DjangoQueryIr, query: Query, part: SqlPart, about: Pick<SiteDraft, 'executes' | 'access' | 'fetches'>, file: DjangoFile): SiteDraft {
  const built = buildSql(part);
  const { context } = file;
  return {
    library: 'django', confidence: 'proved', ...about, source: built.source, map: built.map, binds: built.binds, conditional: built.conditional, complete: built.complete && query.complete,
    span: context.span(node), anchor: anchorOf(node, ir, context), chain: chainCalls(node, ir, file), model: file.world.label(query.model), eager: query.eager, consumes: consumed(node, context, file),
    modelNames: { properties: Object.fromEntries(query.model.fields.filter((f) => f.name !== f.column).map((f) => [f.column, f.name])), uniques: query.model.fields.filter((f) => f.unique).map((f) => ({ name: f.name, properties: [f.name] })) },
  };
}

/** The manager, or what sends a query that was begun elsewhere. */
function anchorOf(node: SyntaxNode, { anchor }: DjangoQueryIr, context: HostContext): HostSpan {
  const span = context.span(node);
  if (anchor && containsSpan(span, anchor)) return anchor;
  const callee = node.type === 'call' ? field(node, 'function') : undefined;
  return callee ? context.span(callee) : span;
}

/** The calls written in this file, for edits. */
function chainCalls(node: SyntaxNode, ir: DjangoQueryIr, { scopes }: DjangoFile): SiteDraft['chain'] {
  const written = chainOf(node, scopes)?.calls ?? [];
  const kept = new Set(ir.calls.flatMap((call) => (call.span ? [`${call.span.start}`] : [])));
  return written.filter((call) => kept.has(`${call.span.start}`)).map(({ name, nameSpan, span, args }) => ({ name, nameSpan, span, args }));
}

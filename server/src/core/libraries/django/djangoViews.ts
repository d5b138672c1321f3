import { resultNameOf } from '../../hosts/python/calls';
import { enclosingClass } from '../../hosts/python/origins';
import { argumentsOf, calleeName, enclosingFunction, field, literalValue, parts, pathOf, receiverOf, spanOf, unwrap, wrapped } from '../../hosts/python/syntaxTools';
import type { DjangoQueryIr } from '../../hosts/djangoIr';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import type { SiteDraft } from '../adapter';
import { bind } from '../shared/sqlBuilder';
import type { DjangoFile } from './djangoInstances';
import { Query } from './djangoQuery';
import { readDjangoQuery } from './djangoRead';
import { draftOf } from './djangoSites';

/** How a list of rows is cut into pages: by number or offset, by a cursor, or not at all. */
type Paging = { readonly kind: 'offset'; readonly size?: SyntaxNode | number } | { readonly kind: 'cursor' | 'none' | 'unknown' };

/** Pages of paginators and of generic views; undefined for any other call. */
export function viewDrafts(node: SyntaxNode, file: DjangoFile): readonly SiteDraft[] | undefined {
  return (node.type === 'call' ? paginator(node, file) ?? paginatedQueryset(node, file) : undefined) ?? viewList(node, file);
}

/** `Paginator(orders, 25).get_page(n)`, also through a variable: the count and the page. */
function paginator(call: SyntaxNode, file: DjangoFile): readonly SiteDraft[] | undefined {
  const name = calleeName(call)?.text ?? '';
  const receiver = receiverOf(call);
  if (!/^a?(page|get_page)$/.test(name) || !receiver) return undefined;
  const inner = unwrap(receiver);
  const origin = inner.type === 'call' ? { kind: 'construct' as const, callee: pathOf(field(inner, 'function') ?? inner) ?? [], node: inner } : file.context.origin(inner);
  if (origin.kind !== 'construct' || !/Paginator$/.test(origin.callee.at(-1) ?? '')) return undefined;
  const { positional, keyword } = argumentsOf(origin.node);
  const list = positional[0] ?? keyword.get('object_list');
  const size = positional[1] ?? keyword.get('per_page');
  const ir = list && readDjangoQuery(list, file.reading);
  const span = spanOf(field(call, 'function') ?? call);
  return ir && [...countDraft(call, ir, file, span), ...(page(call, { ...ir, anchor: span }, { kind: 'offset', ...(size ? { size } : {}) }, spanOf(call), file, argumentsOf(call).positional[0]) ?? [])];
}

/** `self.paginate_queryset(orders)`, `paginator.paginate_queryset(orders, request)` of Django REST framework. */
function paginatedQueryset(call: SyntaxNode, file: DjangoFile): readonly SiteDraft[] | undefined {
  const receiver = receiverOf(call);
  if (calleeName(call)?.text !== 'paginate_queryset' || !receiver) return undefined;
  const given = argumentsOf(call).positional[0];
  const filtered = given && unwrap(given).type === 'call' && calleeName(unwrap(given))?.text === 'filter_queryset' ? argumentsOf(unwrap(given)).positional[0] : given;
  const ir = filtered && readDjangoQuery(filtered, file.reading);
  if (!ir) return undefined;
  const inner = unwrap(receiver);
  const origin = inner.text === 'self' ? undefined : file.context.origin(inner);
  const owner = enclosingClass(call);
  const paging = origin?.kind === 'construct' ? pagingOf(origin.callee.at(-1) ?? '', file) : owner ? pagingOfView(owner, file) : { kind: 'unknown' as const };
  return paging.kind === 'offset' ? page(call, { ...ir, complete: ir.complete && filtered === given, anchor: spanOf(field(call, 'function') ?? call) }, paging, spanOf(call), file) : undefined;
}

/** What a generic list view shows: its `queryset`, or what `get_queryset` returns. */
function viewList(node: SyntaxNode, file: DjangoFile): readonly SiteDraft[] | undefined {
  const owner = enclosingClass(node);
  const bases = owner ? parts(field(owner, 'superclasses') ?? owner).map((base) => base.text.split('.').at(-1) ?? '') : [];
  const lists = bases.some((base) => /^(ListView|ModelViewSet|ReadOnlyModelViewSet|ListAPIView|ListCreateAPIView|ListModelMixin)$/.test(base));
  if (!owner || !lists || !isListOf(node, owner)) return undefined;
  const ir = readDjangoQuery(node, file.reading);
  if (!ir) return undefined;
  const paging = pagingOfView(owner, file);
  const rest = !bases.includes('ListView');
  if (paging.kind !== 'offset') return undefined;
  const drafts = page(node, { ...ir, complete: ir.complete && !rest }, paging, spanOf(node), file);
  // The framework's filters add conditions, and nothing else.
  return rest && Query.of(ir, file.world)?.complete === true ? drafts?.map((draft) => ({ ...draft, filtered: true as const })) : drafts;
}

/** The value of the class' `queryset`, or what its `get_queryset` returns. */
function isListOf(node: SyntaxNode, owner: SyntaxNode): boolean {
  const outer = wrapped(node);
  const fn = enclosingFunction(node);
  if (!fn) return outer.parent?.type === 'assignment' && field(outer.parent, 'left')?.text === 'queryset' && resultNameOf(node) === 'queryset' && enclosingClass(node)?.id === owner.id && !/^\s*def get_queryset\b/m.test(owner.text);
  return field(fn, 'name')?.text === 'get_queryset' && outer.parent?.type === 'return_statement';
}

function pagingOfView(owner: SyntaxNode, file: DjangoFile): Paging {
  const bindings = file.scopes.scopeAt(owner)?.bindings;
  const size = bindings?.get('paginate_by')?.at(-1)?.value;
  if (size) return literalValue(size) === null ? { kind: 'none' } : { kind: 'offset', size };
  const given = bindings?.get('pagination_class')?.at(-1)?.value;
  if (given) return literalValue(given) === null ? { kind: 'none' } : pagingOf(pathOf(given)?.at(-1) ?? '', file);
  if (/\bListView\b/.test(field(owner, 'superclasses')?.text ?? '')) return { kind: 'none' };
  const standard = file.world.setting('DEFAULT_PAGINATION_CLASS');
  return standard === undefined ? { kind: 'unknown' } : pagingOf(standard.split('.').at(-1) ?? '', file);
}

/** A pagination class by its name, or by the name of its base in this file. */
function pagingOf(name: string, file: DjangoFile, depth = 0): Paging {
  if (/Cursor/i.test(name)) return { kind: 'cursor' };
  const own = depth < 4 ? file.scopes.module.bindings.get(name)?.find((binding) => binding.kind === 'class')?.node : undefined;
  if (own) {
    const base = parts(field(own, 'superclasses') ?? own)[0]?.text.split('.').at(-1) ?? '';
    const size = file.scopes.scopeAt(own)?.bindings.get('page_size')?.at(-1)?.value;
    const paging = pagingOf(base, file, depth + 1);
    return paging.kind === 'offset' && size ? { ...paging, size } : paging;
  }
  const size = Number(file.world.setting('PAGE_SIZE'));
  return /PageNumber|LimitOffset/.test(name) ? { kind: 'offset', ...(Number.isInteger(size) && size > 0 ? { size } : {}) } : { kind: 'unknown' };
}

function countDraft(node: SyntaxNode, ir: DjangoQueryIr, file: DjangoFile, span: HostSpan): readonly SiteDraft[] {
  const query = Query.of(ir, file.world);
  return query && !query.limit ? [{ ...draftOf(node, { ...ir, anchor: span }, query, query.count(span), { executes: 'yes', access: 'read', fetches: 'one' }, file), chain: [] }] : [];
}

/** LIMIT and OFFSET by page number. */
function page(node: SyntaxNode, ir: DjangoQueryIr, paging: Extract<Paging, { kind: 'offset' }>, span: HostSpan, file: DjangoFile, number?: SyntaxNode): readonly SiteDraft[] | undefined {
  const query = Query.of(ir, file.world);
  if (!query) return undefined;
  const { size } = paging;
  const host = typeof size === 'object' ? spanOf(size) : span;
  query.limit = { count: bind({ text: typeof size === 'object' ? size.text : size === undefined ? 'page_size' : String(size), names: [], origin: 'unknown', span: host }), host };
  query.offset = { count: bind({ text: number?.text ?? 'page', names: [], origin: 'request', span }), host: span };
  return [draftOf(node, ir, query, query.select(), { executes: 'yes', access: 'read', fetches: 'many' }, file)];
}

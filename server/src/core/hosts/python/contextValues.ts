import type { QuerySite } from '../ir';
import type { SyntaxNode } from '../syntax';
import type { RenderIr, TemplateValueIr } from '../templateIr';
import { spineCalls } from './functions';
import type { Outline } from './outline';
import type { Scopes } from './scopes';
import { stepsOf } from './steps';
import { argumentsOf, calleeName, enclosingFunction, field, literalValue, parts, receiverOf, spanOf, unwrap } from './syntaxTools';

const wrappers = /^(list|tuple|sorted|reversed|set)$/;

/** What values are found with: the file's queries by their place. */
export interface RenderSources {
  readonly uri: string;
  readonly outline: Outline;
  readonly scopes: Scopes;
  readonly siteAt: (node: SyntaxNode) => QuerySite | undefined;
}

/** Values of a context by name; a name that is set twice may hold either, so it is left out. */
export function valuesOf(entries: readonly (readonly [string, SyntaxNode])[], sources: RenderSources): RenderIr['values'] {
  return entries.flatMap(([name, node]): RenderIr['values'] => {
    const value = entries.filter(([other]) => other === name).length === 1 ? valueOf(node, sources) : undefined;
    return value ? [{ name, value }] : [];
  });
}

/** Names of templates that an expression may stand for. */
export function templateNames(node: SyntaxNode | undefined, scopes: Scopes, depth = 0): readonly string[] {
  const inner = node && unwrap(node);
  if (!inner || depth > 4) return [];
  const text = literalValue(inner);
  if (typeof text === 'string') return /\.\w+$/.test(text) && !/\s/.test(text) ? [text] : [];
  if (inner.type === 'list' || inner.type === 'tuple') return parts(inner).flatMap((item) => templateNames(item, scopes, depth + 1));
  if (inner.type === 'conditional_expression') return [0, 2].flatMap((at) => templateNames(parts(inner)[at], scopes, depth + 1));
  if (inner.type === 'identifier') return (stepsOf(inner.text, inner, scopes) ?? []).flatMap(({ binding }) => (binding.kind === 'assign' ? templateNames(binding.value, scopes, depth + 1) : []));
  return [];
}

/** Where a value of a context comes from; undefined: not from a query that is seen. */
export function valueOf(written: SyntaxNode, sources: RenderSources, depth = 0): TemplateValueIr | undefined {
  const node = unwrap(written);
  if (depth > 6) return undefined;
  const next = (inner: SyntaxNode | undefined): TemplateValueIr | undefined => inner && valueOf(inner, sources, depth + 1);
  if (node.type === 'identifier') {
    const steps = stepsOf(node.text, node, sources.scopes) ?? [];
    const last = steps.at(-1);
    // What is assigned under a condition counts where it only goes on with what the name held.
    const goesOn = new RegExp(`^${node.text}\\s*[.[]`).test(last?.binding.value?.text ?? '');
    if (!last || last.binding.kind !== 'assign' || last.repeated || (last.guard && !goesOn)) return undefined;
    return next(last.binding.value);
  }
  const page = pageOf(node, sources.scopes);
  if (page) {
    const rows = next(page);
    return rows && { ...rows, span: spanOf(node), shape: 'page' };
  }
  const own = sources.siteAt(node);
  if (own) return fromSite(node, own);
  if (node.type === 'subscript') {
    const inner = field(node, 'value');
    const rows = next(inner);
    const size = bound(node);
    return rows && field(node, 'subscript')?.type === 'slice' ? { ...rows, span: spanOf(node), ...(size === undefined ? {} : { size }) } : undefined;
  }
  if (node.type !== 'call') return undefined;
  const callee = field(node, 'function');
  if (callee?.type === 'identifier' && wrappers.test(callee.text)) return next(argumentsOf(node).positional[0]);
  // `session.scalars(select(Order)).all()`: the query is the call inside.
  const name = calleeName(node)?.text ?? '';
  for (const call of spineCalls(node).slice(1)) {
    const site = /^(all|unique|scalars|first|one|one_or_none|scalar_one|scalar_one_or_none|paginate|partitions|mappings)$/.test(name) ? sources.siteAt(call) : undefined;
    if (site) return /^(mappings)$/.test(name) || /\.execute\(/.test(call.text) && !/\.scalars?\(/.test(node.text) ? undefined : { ...fromSite(node, site), span: spanOf(node), ...(/^(first|one|one_or_none|scalar_one|scalar_one_or_none)$/.test(name) ? { shape: 'row' as const } : {}) };
  }
  const callId = sources.outline.callId(node);
  return callId === undefined ? undefined : { span: spanOf(node), callId, shape: 'unknown' };
}

function fromSite(node: SyntaxNode, site: QuerySite): TemplateValueIr {
  const text = node.text;
  const size = bound(node);
  const name = calleeName(node)?.text ?? '';
  const shape = /^(paginate)$/.test(name) ? 'page' as const : 'unknown' as const;
  const first = /\.limit\((\d+)\)/.exec(text)?.[1];
  const limit = size ?? (first === undefined ? undefined : Number(first));
  return { span: spanOf(node), siteId: site.id, shape, ...(limit === undefined ? {} : { size: limit }) };
}

/** `[:5]` */
const bound = (node: SyntaxNode): number | undefined => {
  const found = /\[\s*:\s*(\d+)\s*\]$/.exec(node.text)?.[1];
  return found === undefined ? undefined : Number(found);
};

/** What `Paginator(orders, 25).get_page(n)` and `paginator.page(n)` cut into pages. */
function pageOf(node: SyntaxNode, scopes: Scopes): SyntaxNode | undefined {
  if (node.type !== 'call' || !/^(page|get_page)$/.test(calleeName(node)?.text ?? '')) return undefined;
  let receiver = receiverOf(node);
  if (receiver?.type === 'identifier') {
    const steps = stepsOf(receiver.text, receiver, scopes) ?? [];
    receiver = steps.length === 1 ? steps[0]?.binding.value : undefined;
  }
  const inner = receiver && unwrap(receiver);
  return inner?.type === 'call' && /Paginator$/.test(calleeName(inner)?.text ?? '') ? argumentsOf(inner).positional[0] ?? argumentsOf(inner).keyword.get('object_list') : undefined;
}

/** Names of a class' bases, without modules and type arguments. */
export const baseNames = (node: SyntaxNode): readonly string[] => {
  const list = field(node, 'superclasses');
  return (list ? parts(list) : []).filter((base) => base.type !== 'keyword_argument').map((base) => base.text.replace(/\[[^]*$/, '').split('.').at(-1) ?? '');
};

/** The one value that a function returns. */
export function returnedNode(definition: SyntaxNode): SyntaxNode | undefined {
  const found: SyntaxNode[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.type === 'return_statement' && enclosingFunction(node)?.id === definition.id) found.push(parts(node)[0] ?? node);
    for (const child of node.namedChildren) visit(child);
  };
  visit(field(definition, 'body') ?? definition);
  return found.length === 1 ? found[0] : undefined;
}

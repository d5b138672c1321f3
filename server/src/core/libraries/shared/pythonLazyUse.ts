import { isWalked } from '../../hosts/python/context';
import { argumentNodes, calleeName, enclosingFunction, field, wrapped } from '../../hosts/python/syntaxTools';
import type { QuerySite } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';

/** Calls that take a queryset as a part of another query, or send it themselves. */
const takers = /^(filter|exclude|annotate|alias|values|values_list|aggregate|get|a?get|union|intersection|difference|Q|Subquery|Exists|ArraySubquery|Prefetch|Case|When|Coalesce|Paginator|AsyncPaginator|paginate_queryset|filter_queryset|get_object_or_404|get_list_or_404|aget_object_or_404|order_by|get_page|update|ModelChoiceField|ModelMultipleChoiceField|in_|not_in|prefetch|join|from_|where|exists)$/;

/** Calls that walk what they are given, or may. */
const showers = /^(render|render_to_string|TemplateResponse|JsonResponse|Response|get_serializer|\w*Serializer)$/;

/** Is a lazy query sent? `yes` where it is walked here or through its name, `unknown` where it is shown, `no` where it is only made. */
export const useOf = (node: SyntaxNode): QuerySite['executes'] => lazyUse(node).executes;

/** `useOf` with the name that is walked, where the query is sent through one: what it holds there may be more than `node` says. */
export function lazyUse(node: SyntaxNode): { readonly executes: QuerySite['executes']; readonly at?: SyntaxNode } {
  const own = direct(node);
  if (own !== undefined) return { executes: own };
  const outer = wrapped(node);
  const parent = outer.parent;
  if (parent?.type !== 'assignment' || field(parent, 'right')?.id !== outer.id) return { executes: 'no' };
  const target = field(parent, 'left');
  const scope = enclosingFunction(node);
  const body = scope && field(scope, 'body');
  if (target?.type !== 'identifier' || !body) return { executes: 'no' };
  let found: QuerySite['executes'] = 'no';
  let at: SyntaxNode | undefined;
  let done = false;
  const visit = (current: SyntaxNode): void => {
    if (done || current.endIndex <= parent.endIndex) return;
    if (current.type === 'identifier' && current.text === target.text && current.startIndex >= parent.endIndex && !isName(current)) {
      const use = useOfName(current);
      if (use === 'assigned') {
        // Under a condition the old value may stay; a longer chain of the same stands for it.
        const longer = field(current.parent ?? current, 'right')?.text.startsWith(`${target.text}.`) ?? false;
        done = longer || current.parent?.parent?.parent?.id === body.id;
        return;
      }
      if (use === 'yes') at ??= current;
      if (use === 'yes' || (use === 'unknown' && found === 'no')) found = use;
      return;
    }
    for (const child of current.namedChildren) visit(child);
  };
  visit(body);
  return at ? { executes: found, at } : { executes: found };
}

/** What the place of an expression says by itself. */
function direct(node: SyntaxNode): QuerySite['executes'] | undefined {
  if (isWalked(node)) return 'yes';
  const outer = wrapped(node);
  const parent = outer.parent;
  if (!parent) return undefined;
  if (/^(if_statement|while_statement|elif_clause|not_operator|boolean_operator)$/.test(parent.type) && field(parent, 'consequence')?.id !== outer.id) return 'yes';
  if (parent.type === 'comparison_operator' && /\bin\b/.test(parent.text) && parent.namedChildren[1]?.id === outer.id) return 'yes';
  if (parent.type === 'conditional_expression' && parent.namedChildren[1]?.id === outer.id) return 'yes';
  const argument = parent.type === 'keyword_argument' ? parent : outer;
  const list = argument.parent;
  const call = list?.type === 'argument_list' ? list.parent : undefined;
  if (call?.type === 'call' && argumentNodes(call).some((candidate) => candidate.id === argument.id)) return showers.test(calleeName(call)?.text ?? '') ? 'unknown' : takers.test(calleeName(call)?.text ?? '') ? 'no' : undefined;
  if (parent.type === 'pair' && parent.parent?.parent?.type === 'argument_list' && showers.test(calleeName(parent.parent.parent.parent ?? parent)?.text ?? '')) return 'unknown';
  if (parent.type === 'binary_operator' && /^[|&]$/.test(field(parent, 'operator')?.text ?? '')) return 'no';
  return undefined;
}

/** An attribute's or keyword's name is no use of a variable. */
const isName = (node: SyntaxNode): boolean => (node.parent?.type === 'attribute' && field(node.parent, 'attribute')?.id === node.id) || (node.parent?.type === 'keyword_argument' && field(node.parent, 'name')?.id === node.id);

function useOfName(name: SyntaxNode): QuerySite['executes'] | 'assigned' {
  const parent = name.parent;
  if (parent?.type === 'assignment' && field(parent, 'left')?.id === name.id) return 'assigned';
  // `orders.filter(…)`, `orders[:5]`: a site of its own.
  if (parent?.type === 'attribute' && parent.parent?.type === 'call' && field(parent.parent, 'function')?.id === parent.id) return /^(all|iterator)$/.test(field(parent, 'attribute')?.text ?? '') && isWalked(parent.parent) ? 'yes' : 'no';
  if (parent?.type === 'attribute') return 'no';
  if (parent?.type === 'subscript') return 'no';
  return direct(name) ?? 'no';
}

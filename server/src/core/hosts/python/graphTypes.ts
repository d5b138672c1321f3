import type { SyntaxNode } from '../syntax';
import type { SerializerField, SerializerIr, SerializerUse, TemplateValueIr } from '../templateIr';
import { methodsOf } from './classes';
import { baseNames, returnedNode, valueOf, type RenderSources } from './contextValues';
import { decoratorsOf } from './entries';
import { argumentsOf, calleeName, field, literalValue, parts, pathOf, spanOf, unwrap } from './syntaxTools';

/** May the text hold types of GraphQL? */
export const showsGraphTypes = (text: string): boolean => /DjangoObjectType|strawberry/.test(text);

/** Types of graphene-django and Strawberry Django, each with the offset of its class, and the root fields that give lists of them: what a client may ask of each row. */
export function readGraphTypes(text: string, sources: RenderSources): { readonly types: readonly { readonly serializer: SerializerIr; readonly at: number }[]; readonly uses: readonly SerializerUse[] } {
  if (!showsGraphTypes(text)) return { types: [], uses: [] };
  const { classes } = sources.outline;
  return { types: classes.flatMap((node) => { const serializer = grapheneType(node, sources) ?? strawberryType(node); return serializer ? [{ serializer, at: node.startIndex }] : []; }), uses: classes.flatMap((node) => [...grapheneUses(node, sources), ...strawberryUses(node, sources)]) };
}

const lastName = (node: SyntaxNode | undefined): string | undefined => node && pathOf(node)?.at(-1);

/** `class OrderType(DjangoObjectType)` with `Meta.model`; fields with a resolver or a declaration of their own are theirs. */
function grapheneType(node: SyntaxNode, { scopes }: RenderSources): SerializerIr | undefined {
  const name = field(node, 'name')?.text;
  if (name === undefined || !baseNames(node).includes('DjangoObjectType')) return undefined;
  const meta = parts(field(node, 'body') ?? node).find((item) => item.type === 'class_definition' && field(item, 'name')?.text === 'Meta');
  const option = (key: string): SyntaxNode | undefined => meta && scopes.scopeAt(meta)?.bindings.get(key)?.at(-1)?.value;
  const model = lastName(option('model'));
  if (model === undefined) return undefined;
  const methods = methodsOf(node).map((method) => field(method, 'name')?.text ?? '');
  const own = new Set([...methods.flatMap((method) => (method.startsWith('resolve_') ? [method.slice('resolve_'.length)] : [])), ...(scopes.scopeAt(node)?.bindings.keys() ?? [])]);
  const list = option('fields');
  const items = list && /^(list|tuple)$/.test(unwrap(list).type) ? parts(unwrap(list)) : [];
  const listed = items.flatMap((item) => { const text = literalValue(item); return typeof text === 'string' && !own.has(text) ? [{ name: text, span: spanOf(item) }] : []; });
  const all = list && literalValue(list) === '__all__' && own.size <= 1 ? [{ name: '*', span: spanOf(list) }] : [];
  return { name, bases: [], fields: [], listed: [...listed, ...all], graph: { model }, complete: !methods.includes('get_queryset') };
}

/** `@strawberry_django.type(Order)` with annotated fields. */
function strawberryType(node: SyntaxNode): SerializerIr | undefined {
  const decorator = decoratorsOf(node).find((one) => /^strawberry(_django|\.django)\.type\(/.test(one.text));
  const name = field(node, 'name')?.text;
  const model = decorator && lastName(argumentsOf(unwrap(decorator)).positional[0]);
  if (name === undefined || model === undefined) return undefined;
  const fields = parts(field(node, 'body') ?? node).flatMap((item): SerializerField[] => {
    const assignment = item.type === 'expression_statement' ? parts(item)[0] : undefined;
    const [left, type] = [assignment && field(assignment, 'left'), assignment && field(assignment, 'type')];
    const inner = /^(?:(?:list|List)\[)?\s*["']?(?:\w+\.)*([A-Z]\w*)["']?\s*\]?(?:\s*\|\s*None)?$/.exec(type?.text ?? '')?.[1];
    // A field with options may be loaded by them.
    if (assignment?.type !== 'assignment' || !left || inner === undefined || field(assignment, 'right')) return [];
    return [{ name: left.text, span: spanOf(left), kind: 'nested', source: [left.text], serializer: inner }];
  });
  const methods = methodsOf(node).map((method) => field(method, 'name')?.text ?? '');
  return { name, bases: [], fields, listed: [], graph: { model, optimised: true }, complete: !methods.includes('get_queryset') };
}

const byDefault = (node: SyntaxNode): TemplateValueIr => ({ span: spanOf(node), shape: 'rows', model: { name: '', library: 'django', span: spanOf(node) } });

/** `orders = graphene.List(OrderType)` of a root type, with what `resolve_orders` returns. */
function grapheneUses(node: SyntaxNode, sources: RenderSources): readonly SerializerUse[] {
  if (!baseNames(node).includes('ObjectType')) return [];
  const methods = methodsOf(node);
  return [...(sources.scopes.scopeAt(node)?.bindings ?? [])].flatMap(([key, bindings]): readonly SerializerUse[] => {
    const binding = bindings.at(-1);
    const call = binding?.kind === 'assign' && binding.value ? unwrap(binding.value) : undefined;
    const kind = call?.type === 'call' ? calleeName(call)?.text ?? '' : '';
    if (!call || !/^(?:List|DjangoListField|DjangoConnectionField|DjangoFilterConnectionField)$/.test(kind)) return [];
    const type = typeNamed(argumentsOf(call).positional[0]);
    const resolver = methods.find((method) => field(method, 'name')?.text === `resolve_${key}`);
    const rows = resolver && returnedNode(resolver);
    const value = resolver ? (rows && valueOf(rows, sources)) : kind.startsWith('Django') ? byDefault(call) : undefined;
    return type === undefined || !value || !binding ? [] : [{ serializer: type, span: spanOf(field(binding.node, 'left') ?? binding.node), value: { ...value, shape: 'rows' }, chosen: true }];
  });
}

/** `OrderType`, `graphene.NonNull(OrderType)`, `lambda: OrderType`. */
function typeNamed(node: SyntaxNode | undefined): string | undefined {
  const inner = node && unwrap(node);
  if (inner?.type === 'call') return typeNamed(argumentsOf(inner).positional[0]);
  if (inner?.type === 'lambda') return typeNamed(field(inner, 'body'));
  const text = inner && literalValue(inner);
  return typeof text === 'string' ? text.split('.').at(-1) : lastName(inner);
}

/** `orders: list[OrderType] = strawberry_django.field()`, and resolvers that give such lists. */
function strawberryUses(node: SyntaxNode, sources: RenderSources): readonly SerializerUse[] {
  if (!decoratorsOf(node).some((one) => /^strawberry\.type\b/.test(one.text))) return [];
  const listOf = (type: SyntaxNode | undefined): string | undefined => /^(?:list|List)\[\s*["']?(?:\w+\.)*(\w+)["']?\s*\]$/.exec(type?.text ?? '')?.[1];
  const fields = parts(field(node, 'body') ?? node).flatMap((item): readonly SerializerUse[] => {
    const assignment = item.type === 'expression_statement' ? parts(item)[0] : undefined;
    const left = assignment && field(assignment, 'left');
    const type = assignment?.type === 'assignment' ? listOf(field(assignment, 'type')) : undefined;
    const value = assignment && field(assignment, 'right');
    if (!left || type === undefined || !value || !/^strawberry(_django|\.django)\.field\(\s*\)$/.test(value.text)) return [];
    return [{ serializer: type, span: spanOf(left), value: byDefault(value), chosen: true }];
  });
  const resolvers = methodsOf(node).flatMap((method): readonly SerializerUse[] => {
    const type = listOf(field(method, 'return_type'));
    const rows = type === undefined ? undefined : returnedNode(method);
    const value = rows && valueOf(rows, sources);
    const name = field(method, 'name');
    return type === undefined || !value || !name ? [] : [{ serializer: type, span: spanOf(name), value: { ...value, shape: 'rows' }, chosen: true }];
  });
  return [...fields, ...resolvers];
}

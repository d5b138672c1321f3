import type { SerializerField, SerializerIr, SerializerUse } from '../templateIr';
import type { SyntaxNode } from '../syntax';
import { methodsOf } from './classes';
import { baseNames, returnedNode, valueOf, type RenderSources } from './contextValues';
import { argumentsOf, calleeName, field, literalValue, parts, pathOf, spanOf, unwrap } from './syntaxTools';

/** Fields of the framework that read the attribute they are named by. What classes of the project do is not known: a key is the least. */
const plain = /^(Boolean|NullBoolean|Char|Email|Regex|Slug|URL|UUID|FilePath|IPAddress|Integer|Float|Decimal|DateTime|Date|Time|Duration|Choice|MultipleChoice|File|Image|List|Dict|JSON|ReadOnly|HStore)?Field$/;

const isSerializer = (name: string): boolean => /Serializer$/.test(name);

export const showsSerializers = (text: string): boolean => text.includes('Serializer');

/** Serializers of Django REST framework in a file, each with the offset of its class, and where rows are shown with one. */
export function readSerializers(text: string, sources: RenderSources): { readonly serializers: readonly { readonly serializer: SerializerIr; readonly at: number }[]; readonly uses: readonly SerializerUse[] } {
  if (!showsSerializers(text)) return { serializers: [], uses: [] };
  const { outline } = sources;
  return {
    serializers: outline.classes.flatMap((node) => {
      const serializer = serializerOf(node, sources);
      return serializer ? [{ serializer, at: node.startIndex }] : [];
    }),
    uses: [...outline.calls.flatMap((call) => useOfCall(call, sources) ?? []), ...outline.classes.flatMap((node) => useOfView(node, sources) ?? [])],
  };
}

function serializerOf(node: SyntaxNode, { outline, scopes }: RenderSources): SerializerIr | undefined {
  const name = field(node, 'name')?.text;
  const bases = baseNames(node);
  if (name === undefined || !bases.some((base) => isSerializer(base) || /SerializerMixin$/.test(base))) return undefined;
  const methods = methodsOf(node);
  const fields: SerializerField[] = [];
  for (const [key, bindings] of scopes.scopeAt(node)?.bindings ?? []) {
    const binding = bindings.at(-1);
    const call = binding?.kind === 'assign' && binding.value ? unwrap(binding.value) : undefined;
    const type = call?.type === 'call' ? calleeName(call)?.text ?? '' : '';
    if (!binding || !call || !/(Field|Serializer)$/.test(type)) continue;
    const { keyword } = argumentsOf(call);
    if (keyword.get('write_only')?.text === 'True' || type === 'HiddenField') continue;
    const written = keyword.get('source');
    const source = written === undefined ? key : literalValue(written);
    if (typeof source !== 'string') continue;
    const target = field(binding.node, 'left') ?? binding.node;
    const about = { name: key, span: spanOf(target.text === key ? target : call), source: source === '*' ? [] : source.split('.') };
    if (isSerializer(type)) fields.push({ ...about, kind: 'nested', serializer: type });
    else if (type === 'SerializerMethodField') {
      const named = keyword.get('method_name') ?? argumentsOf(call).positional[0];
      const method = methods.find((candidate) => field(candidate, 'name')?.text === (named ? literalValue(named) : `get_${key}`));
      const functionId = method && outline.functionId(method);
      if (functionId !== undefined) fields.push({ ...about, source: [], kind: 'method', functionId });
    } else fields.push({ ...about, kind: /^(StringRelatedField|SlugRelatedField)$/.test(type) ? 'text' : plain.test(type) ? 'value' : 'key' });
  }
  const meta = parts(field(node, 'body') ?? node).find((item) => item.type === 'class_definition' && field(item, 'name')?.text === 'Meta');
  const list = meta && scopes.scopeAt(meta)?.bindings.get('fields')?.at(-1)?.value;
  const items = list && /^(list|tuple)$/.test(unwrap(list).type) ? parts(unwrap(list)) : [];
  const listed = items.flatMap((item) => { const text = literalValue(item); return typeof text === 'string' ? [{ name: text, span: spanOf(item) }] : []; });
  const all = list && literalValue(list) === '__all__' ? [{ name: '*', span: spanOf(list) }] : [];
  const depth = meta && literalValueOf(scopes.scopeAt(meta)?.bindings.get('depth')?.at(-1)?.value);
  return { name, bases, fields, listed: [...listed, ...all], ...(typeof depth === 'number' && depth > 0 ? { depth } : {}), complete: !methods.some((method) => /^(to_representation|get_fields)$/.test(field(method, 'name')?.text ?? '')) };
}

const literalValueOf = (node: SyntaxNode | undefined): unknown => node && literalValue(node);

/** `OrderSerializer(orders, many=True)`, and with one row. */
function useOfCall(call: SyntaxNode, sources: RenderSources): SerializerUse | undefined {
  const name = calleeName(call);
  if (!name || !isSerializer(name.text)) return undefined;
  const { positional, keyword } = argumentsOf(call);
  const given = positional[0] ?? keyword.get('instance');
  const value = given && !keyword.has('data') ? valueOf(given, sources) : undefined;
  return value ? { serializer: name.text, span: spanOf(name), value } : undefined;
}

/** A generic view that lists rows: its `serializer_class` with its `queryset`, or with what `get_queryset` returns. */
function useOfView(node: SyntaxNode, sources: RenderSources): SerializerUse | undefined {
  const name = field(node, 'name');
  const bindings = sources.scopes.scopeAt(node)?.bindings;
  const written = bindings?.get('serializer_class')?.at(-1)?.value;
  const serializer = written && pathOf(written)?.at(-1);
  if (!name || serializer === undefined) return undefined;
  const bases = baseNames(node);
  if (!bases.some((base) => /^(ModelViewSet|ReadOnlyModelViewSet|ListAPIView|ListCreateAPIView|ListModelMixin)$/.test(base))) return undefined;
  const methods = methodsOf(node);
  const method = (key: string): SyntaxNode | undefined => methods.find((candidate) => field(candidate, 'name')?.text === key);
  if (method('get_serializer_class') || method('list') || method('get_serializer') || method('filter_queryset') || method('paginate_queryset')) return undefined;
  const getter = method('get_queryset');
  const rows = getter ? returnedNode(getter) : bindings?.get('queryset')?.at(-1)?.value;
  const value = rows && valueOf(rows, sources);
  return value ? { serializer, span: spanOf(name), bases, value: { ...value, shape: 'rows' } } : undefined;
}

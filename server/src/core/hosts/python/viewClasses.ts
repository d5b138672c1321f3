import type { SyntaxNode } from '../syntax';
import type { RenderIr, TemplateValueIr } from '../templateIr';
import { methodsOf } from './classes';
import { baseNames, returnedNode, templateNames, valueOf, valuesOf, type RenderSources } from './contextValues';
import { argumentsOf, calleeName, field, literalValue, parts, pathOf, spanOf, unwrap } from './syntaxTools';

type Kind = 'list' | 'detail' | 'plain';

/** The template of a generic view of Django's, with what the view puts into its context by itself and in `get_context_data`. */
export function viewRender(node: SyntaxNode, sources: RenderSources): RenderIr | undefined {
  const bases = baseNames(node);
  const kind = kindOf(bases);
  const name = field(node, 'name');
  if (!kind || !name) return undefined;
  const bindings = sources.scopes.scopeAt(node)?.bindings;
  const get = (key: string): SyntaxNode | undefined => bindings?.get(key)?.at(-1)?.value;
  const method = (key: string): SyntaxNode | undefined => methodsOf(node).find((candidate) => field(candidate, 'name')?.text === key);
  if (method('get_template_names')) return undefined;
  const own = kind === 'plain' ? undefined : objectsOf(kind, get, method, sources);
  const model = own?.name;
  const written = templateNames(get('template_name'), sources.scopes);
  const suffix = kind === 'list' ? '_list' : '_detail';
  const templates = written.length > 0 ? written : own === undefined || model === undefined || kind === 'plain' ? [] : [`${own.app}/${model.toLowerCase()}${suffix}.html`];
  if (templates.length === 0) return undefined;
  const named = get('context_object_name');
  const contextName = named ? literalValue(named) : method('get_context_object_name') || model === undefined ? undefined : `${model.toLowerCase()}${kind === 'list' ? '_list' : ''}`;
  const values: { name: string; value: TemplateValueIr }[] = [];
  if (own) {
    values.push({ name: kind === 'list' ? 'object_list' : 'object', value: own.value });
    if (typeof contextName === 'string') values.push({ name: contextName, value: own.value });
    if (kind === 'list' && get('paginate_by')) values.push({ name: 'page_obj', value: { ...own.value, shape: 'page' } });
  }
  const added = method('get_context_data');
  const more = added ? valuesOf(contextEntries(added), sources) : [];
  return { templates, span: spanOf(name), bases, values: [...values.filter((value) => more.every((other) => other.name !== value.name)), ...more] };
}

function kindOf(bases: readonly string[]): Kind | undefined {
  if (bases.some((base) => /(^|[a-z])ListView$|^(MultipleObjectMixin|ArchiveIndexView|\w*ArchiveView)$/.test(base) && !/API/.test(base))) return 'list';
  if (bases.some((base) => /(^|[a-z])(DetailView|UpdateView|DeleteView)$/.test(base))) return 'detail';
  return bases.some((base) => /(^|[a-z])(TemplateView|FormView|CreateView)$/.test(base)) ? 'plain' : undefined;
}

interface Objects {
  readonly value: TemplateValueIr;
  readonly name?: string;
  readonly app: string;
}

/** What `get_queryset`, `queryset` or `model` say that the view shows. */
function objectsOf(kind: Kind, get: (name: string) => SyntaxNode | undefined, method: (name: string) => SyntaxNode | undefined, sources: RenderSources): Objects | undefined {
  const shape = kind === 'list' ? 'rows' as const : 'row' as const;
  const model = get('model');
  const path = model && pathOf(model);
  const name = path?.at(-1);
  const binding = model?.type === 'identifier' ? sources.scopes.resolve(model.text, model)?.bindings.at(-1) : undefined;
  const module = binding?.import?.module.split('.').filter((part) => part !== '' && part !== 'models') ?? [];
  const about = { ...(name === undefined ? {} : { name }), app: module.at(-1) ?? folderOf(sources.uri) };
  const getter = method('get_queryset');
  if (kind === 'detail' && method('get_object')) return undefined;
  const written = getter ? returnedNode(getter) : get('queryset');
  if (getter ?? written) {
    const value = written && valueOf(written, sources);
    return value && (value.siteId !== undefined || value.callId !== undefined) ? { ...about, value: { ...value, shape } } : undefined;
  }
  return model && name !== undefined && /^[A-Z]/.test(name) ? { ...about, value: { span: spanOf(model), model: { name, library: 'django', span: spanOf(model.parent ?? model) }, shape } } : undefined;
}

/** Folder of an app: that of `views.py`, or of the folder `views`. */
function folderOf(uri: string): string {
  const folders = uri.split('/').slice(0, -1);
  const views = folders.findLastIndex((name) => name === 'views');
  return (views > 0 ? folders[views - 1] : folders.at(-1)) ?? '';
}

/** `context['orders'] = …`, `context.update(orders=…)`, `super().get_context_data(orders=…)`. */
function contextEntries(definition: SyntaxNode): readonly (readonly [string, SyntaxNode])[] {
  const found: [string, SyntaxNode][] = [];
  const visit = (node: SyntaxNode): void => {
    const left = node.type === 'assignment' ? field(node, 'left') : undefined;
    const key = left?.type === 'subscript' ? literalValue(field(left, 'subscript') ?? left) : undefined;
    const value = field(node, 'right');
    if (typeof key === 'string' && value) found.push([key, value]);
    if (node.type === 'call' && /^(get_context_data|update)$/.test(calleeName(node)?.text ?? '')) {
      const { positional, keyword } = argumentsOf(node);
      found.push(...keyword);
      for (const argument of positional) if (unwrap(argument).type === 'dictionary') found.push(...pairsOf(unwrap(argument)));
    }
    // `return {**super().get_context_data(), 'orders': …}`
    if (node.type === 'return_statement' && parts(node)[0] && unwrap(parts(node)[0]!).type === 'dictionary') found.push(...pairsOf(unwrap(parts(node)[0]!)));
    for (const child of node.namedChildren) visit(child);
  };
  visit(field(definition, 'body') ?? definition);
  return found;
}

const pairsOf = (dictionary: SyntaxNode): readonly [string, SyntaxNode][] => parts(dictionary).flatMap((pair): [string, SyntaxNode][] => {
  const [key, value] = [field(pair, 'key'), field(pair, 'value')];
  const name = key && literalValue(key);
  return pair.type === 'pair' && typeof name === 'string' && value ? [[name, value]] : [];
});


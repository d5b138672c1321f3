import type { PythonChain } from '../../hosts/python/chains';
import { methodsOf, plainType } from '../../hosts/python/classes';
import { modelsOf, scopesOf } from '../../hosts/python/context';
import { enclosingClass } from '../../hosts/python/origins';
import type { Scopes } from '../../hosts/python/scopes';
import { stepsOf } from '../../hosts/python/steps';
import { argumentsOf, calleeName, field, parts, pathOf, unwrap } from '../../hosts/python/syntaxTools';
import type { DjangoQueryIr } from '../../hosts/djangoIr';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostContext } from '../adapter';
import { inlineMethod } from './djangoInline';
import { appOf } from './djangoModels';
import { methodName } from './djangoQuery';
import { parametersOf, readArguments, readDjangoQuery, readDjangoValue, returnedQuery, type DjangoReading, type DjangoStart } from './djangoRead';
import { isToMany, isToOne, worldOf, type DjangoWorld, type Model } from './djangoWorld';

/** A file's queries as they are read: its names, and the models of the workspace. */
export interface DjangoFile {
  readonly context: HostContext;
  readonly scopes: Scopes;
  readonly world: DjangoWorld;
  readonly reading: DjangoReading;
}

const files = new WeakMap<HostContext, DjangoFile>();

/** Undefined for a context that is no Python file's. */
export function djangoFile(context: HostContext): DjangoFile | undefined {
  const known = files.get(context);
  if (known) return known;
  const scopes = scopesOf(context);
  const models = modelsOf(context);
  if (!scopes || !models) return undefined;
  const file: DjangoFile = {
    context, scopes, world: worldOf(models.own, models.known),
    reading: {
      scopes,
      bind(node) {
        const { text, span, names, origin } = context.bind(node, '');
        return { text, span, names, origin };
      },
      root: (chain, depth) => rootOf(chain, file, depth),
    },
  };
  files.set(context, file);
  return file;
}

const managerMethods = /^(?:all|filter|exclude|order_by|values|values_list|annotate|select_related|prefetch_related|only|defer|distinct|a?get|a?first|a?last|a?count|a?exists|a?create|a?get_or_create|a?update_or_create|a?bulk_create|a?update|a?delete|a?aggregate|a?latest|a?earliest|iterator|a?iterator|using|in_bulk|reverse|none|a?contains|dates|select_for_update|union|\[\])$/;

/** Roots that lead through variables, instances, views and functions of the file. */
function rootOf(chain: PythonChain, file: DjangoFile, depth: number): DjangoStart | undefined {
  const { root, rootPath, calls } = chain;
  const first = calls[0];
  if (!first || depth > 8) return undefined;
  if (root.type === 'attribute') {
    const object = field(root, 'object');
    const name = rootPath.at(-1) ?? '';
    if (rootPath.length === 2 && rootPath[0] === 'self' && name === 'queryset') return started(viewQuery(root, file, depth), 0);
    const model = object && managerMethods.test(first.name) ? instanceModel(object, file, depth + 1) : undefined;
    const related = model && relatedManager(model, name, file.world);
    return related && object ? { root: { kind: 'related', model: `${related.model.app}.${related.model.name}`, key: related.key, value: readDjangoValue(object, { ...file.reading, root: undefined }, 20) }, from: 0, anchor: root } : undefined;
  }
  if (root.type !== 'identifier') return undefined;
  if (rootPath.length === 1 && rootPath[0] === 'self') {
    const owner = enclosingClass(root);
    const method = owner && methodsOf(owner).find((candidate) => field(candidate, 'name')?.text === first.name);
    const inlined = method && inlined_(method, first.node, file, depth);
    if (inlined) return started(inlined, 1, first.node);
    return first.name === 'get_queryset' && !method ? started(viewQuery(root, file, depth), 1) : undefined;
  }
  if (first.name === root.text && first.node.type === 'call' && first.node.startIndex === root.startIndex) {
    const binding = file.scopes.resolve(root.text, root)?.bindings.at(-1);
    if (binding?.kind === 'function' && binding.node.type === 'function_definition') return started(inlined_(binding.node, first.node, file, depth), 1, first.node);
  }
  return undefined;
}

const started = (query: DjangoQueryIr | undefined, from: number, anchor?: SyntaxNode): DjangoStart | undefined => query && { root: query.root, calls: query.calls, complete: query.complete, from, ...(anchor ? { anchor } : {}) };

/** The query that a function of the file returns, with the arguments of a call to it. */
function inlined_(definition: SyntaxNode, call: SyntaxNode, file: DjangoFile, depth: number): DjangoQueryIr | undefined {
  const query = returnedQuery(definition, file.reading, depth + 1);
  return query && inlineMethod({ name: '', parameters: parametersOf(definition), query }, { args: readArguments(call, file.reading, depth + 1), span: file.context.span(call) });
}

/** `queryset = Order.objects.all()` or `model = Order` of the class round a node. */
export function viewQuery(node: SyntaxNode, file: DjangoFile, depth = 0): DjangoQueryIr | undefined {
  const owner = node.type === 'class_definition' ? node : enclosingClass(node);
  const bindings = owner && file.scopes.scopeAt(owner)?.bindings;
  const queryset = bindings?.get('queryset')?.at(-1)?.value;
  if (queryset) return readDjangoQuery(queryset, file.reading, depth + 1);
  const model = bindings?.get('model')?.at(-1)?.value;
  const name = model && pathOf(model)?.at(-1);
  return name !== undefined && model && /^[A-Z]/.test(name) ? { root: { kind: 'model', model: name, manager: '_default_manager', ...moduleOf(model, file) }, calls: [], complete: true, span: file.context.span(model), anchor: file.context.span(model) } : undefined;
}

function moduleOf(node: SyntaxNode, file: DjangoFile): { readonly module?: string } {
  const inner = unwrap(node);
  const binding = inner.type === 'identifier' ? file.scopes.resolve(inner.text, inner)?.bindings.at(-1) : undefined;
  return binding?.import ? { module: binding.import.module } : { module: appOf(file.context.uri) };
}

/** `order.items`: the rows of the other side, and the look-up that finds them. */
export function relatedManager(model: Model, name: string, world: DjangoWorld): { readonly model: Model; readonly key: string } | undefined {
  const reverse = world.reverse(model).find((entry) => entry.accessor === name);
  if (reverse?.many) return { model: reverse.field.owner, key: reverse.field.name };
  const own = model.fields.find((candidate) => candidate.name === name && isToMany(candidate));
  const target = own && world.target(own);
  if (!own || !target) return undefined;
  const back = world.reverse(target).find((entry) => entry.field === own);
  return back && { model: target, key: back.queryName };
}

/** The class a name stands for, where it is a model. */
export function modelNamed(node: SyntaxNode, file: DjangoFile): Model | undefined {
  const inner = unwrap(node);
  if (inner.text === 'get_user_model()') return file.world.userModel();
  const path = pathOf(inner);
  const name = path?.at(-1) ?? '';
  if (!path || !/^[A-Z]\w*$/.test(name) || inner.type === 'call') return undefined;
  const binding = inner.type === 'identifier' ? file.scopes.resolve(inner.text, inner)?.bindings.at(-1) : undefined;
  if (binding?.kind === 'assign') return binding.value?.text === 'get_user_model()' ? file.world.userModel() : undefined;
  const written = binding?.import && binding.import.imported !== '*' ? binding.import.imported : name;
  return file.world.model(written, binding?.import?.module ?? appOf(file.context.uri));
}

/** The model that an expression is a row of; undefined where that is not known. */
export function instanceModel(node: SyntaxNode, file: DjangoFile, depth = 0): Model | undefined {
  const inner = unwrap(node);
  if (depth > 10) return undefined;
  const { world } = file;
  switch (inner.type) {
    case 'identifier':
      return nameModel(inner, file, depth);
    case 'attribute': {
      const object = field(inner, 'object');
      const name = field(inner, 'attribute')?.text ?? '';
      if (name === 'user' && /(^|\.)request$/.test(object?.text ?? '')) return world.userModel();
      const model = object && instanceModel(object, file, depth + 1);
      if (!model) return undefined;
      const own = model.fields.find((candidate) => candidate.name === name && isToOne(candidate));
      return own ? world.target(own) : world.reverse(model).find((entry) => entry.accessor === name && !entry.many)?.field.owner;
    }
    case 'subscript':
    case 'call':
      return callModel(inner, file, depth);
    default:
      return undefined;
  }
}

function nameModel(node: SyntaxNode, file: DjangoFile, depth: number): Model | undefined {
  if (node.text === 'self') {
    const owner = enclosingClass(node);
    return owner && file.world.model(field(owner, 'name')?.text ?? '', appOf(file.context.uri));
  }
  const steps = stepsOf(node.text, node, file.scopes) ?? [];
  const assigned = steps.filter((step) => step.binding.kind !== 'augmented');
  const models = new Set(assigned.slice(-3).map(({ binding }) => {
    if (binding.type !== undefined) return typedModel(binding.type, file);
    if (binding.kind === 'assign' || binding.kind === 'with') return binding.value && instanceModel(binding.value, file, depth + 1);
    if (binding.kind === 'unpack') return binding.index === 0 && binding.value && /get_or_create|update_or_create/.test(binding.value.text) ? queryModel(binding.value, file, depth + 1) : undefined;
    if (binding.kind === 'for' && binding.value) return elementModel(binding.value, binding.node, node.text, file, depth + 1);
    return undefined;
  }));
  return models.size === 1 ? [...models][0] : undefined;
}

function typedModel(written: string, file: DjangoFile): Model | undefined {
  const name = plainType(written).replace(/^(['"])(.*)\1$/, '$2').split('.').at(-1) ?? '';
  if (!/^[A-Z]\w*$/.test(name)) return undefined;
  const imported = file.scopes.module.bindings.get(name)?.at(-1)?.import;
  return file.world.model(imported?.imported ?? name, imported?.module ?? appOf(file.context.uri));
}

const rowTerminals = /^(get|get_or_none|first|last|earliest|latest|create)$/;

function callModel(call: SyntaxNode, file: DjangoFile, depth: number): Model | undefined {
  const callee = call.type === 'call' ? field(call, 'function') : undefined;
  const name = call.type === 'call' ? calleeName(call)?.text ?? '' : '[]';
  const [first] = call.type === 'call' ? argumentsOf(call).positional : [];
  if (/^(a?get_object_or_404|get_object_or_none)$/.test(name) && first) return modelNamed(first, file) ?? queryModel(first, file, depth + 1);
  if (name === 'get_object' && callee?.text === 'self.get_object') {
    const query = viewQuery(call, file, depth);
    return query && rootModel(query, file);
  }
  if (rowTerminals.test(methodName(name)) || (name === '[]' && field(call, 'subscript')?.type !== 'slice')) return queryModel(call, file, depth + 1);
  return callee && /^[A-Z]/.test(name) ? modelNamed(callee, file) : undefined;
}

/** The model whose instances a query gives; undefined where it gives values. */
function queryModel(node: SyntaxNode, file: DjangoFile, depth: number): Model | undefined {
  const query = readDjangoQuery(node, file.reading, depth + 1);
  return query && rowsModel(query, file);
}

export const rowsModel = (query: DjangoQueryIr, file: DjangoFile): Model | undefined => (query.calls.some((call) => /^(values|values_list|dates|datetimes|a?aggregate|a?count|a?exists|a?in_bulk)$/.test(call.name)) ? undefined : rootModel(query, file));

const rootModel = ({ root }: DjangoQueryIr, { world }: DjangoFile): Model | undefined => (root.kind === 'model' ? world.model(root.model, root.module) : root.kind === 'related' ? world.model(root.model) : undefined);

/** The model of what a loop walks, where `name` is the element. */
function elementModel(iterable: SyntaxNode, clause: SyntaxNode, name: string, file: DjangoFile, depth: number): Model | undefined {
  let inner = unwrap(iterable);
  let counted = false;
  for (let hop = 0; hop < 4 && inner.type === 'call' && /^(list|tuple|set|sorted|reversed|enumerate|iter|tqdm)$/.test(field(inner, 'function')?.text ?? ''); hop++) {
    counted ||= field(inner, 'function')?.text === 'enumerate';
    const first = argumentsOf(inner).positional[0];
    if (!first) return undefined;
    inner = unwrap(first);
  }
  const left = field(clause, 'left');
  const target = counted ? left && parts(left)[1] : left;
  if (target?.type !== 'identifier' || target.text !== name) return undefined;
  if (inner.type === 'identifier') {
    const binding = stepsOf(inner.text, inner, file.scopes)?.at(-1)?.binding;
    const typed = binding?.type === undefined ? undefined : /\b(?:QuerySet|list|List|Iterable|Sequence|set|tuple)\[\s*["']?(?:\w+\.)*([A-Z]\w*)/.exec(binding.type)?.[1];
    if (typed !== undefined) return typedModel(typed, file);
    const value = binding?.kind === 'assign' && binding.value ? unwrap(binding.value) : undefined;
    if (value?.type === 'call' && /^(list|tuple|set|sorted)$/.test(field(value, 'function')?.text ?? '')) {
      const first = argumentsOf(value).positional[0];
      return first && queryModel(first, file, depth + 1);
    }
    if (value?.type === 'call' && methodName(calleeName(value)?.text ?? '') === 'bulk_create') return undefined;
  }
  return queryModel(inner, file, depth + 1);
}

/** The loop clause whose element a name is. */
export function loopQuery(node: SyntaxNode, file: DjangoFile): DjangoQueryIr | undefined {
  const inner = unwrap(node);
  const binding = inner.type === 'identifier' ? stepsOf(inner.text, inner, file.scopes)?.at(-1)?.binding : undefined;
  if (binding?.kind !== 'for' || !binding.value) return undefined;
  let value = unwrap(binding.value);
  while (value.type === 'call' && /^(list|tuple|sorted|enumerate)$/.test(field(value, 'function')?.text ?? '')) {
    const first = argumentsOf(value).positional[0];
    if (!first) return undefined;
    value = unwrap(first);
  }
  return readDjangoQuery(value, file.reading);
}


import { djangoBatch } from './djangoBatch';
import { chainOf, isOutermost } from '../../hosts/python/chains';
import { argumentsOf, calleeName, field, pathOf, receiverOf, sameNode, spanOf, unwrap } from '../../hosts/python/syntaxTools';
import { stepsOf } from '../../hosts/python/steps';
import type { DjangoCallIr, DjangoQueryIr } from '../../hosts/djangoIr';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostContext, LibraryAdapter, SiteDraft } from '../adapter';
import { argumentValue, percentBinds } from '../shared/pythonDrivers';
import { buildSql } from '../shared/sqlBuilder';
import { accessOf, returnsRows } from '../shared/sqlText';
import { addDjangoLimit, addDjangoOrder, addDjangoPredicate, loadDjangoRelation, toDjangoKeyset } from './djangoEdits';
import { djangoFile, instanceModel, loopQuery, modelNamed, type DjangoFile } from './djangoInstances';
import { methodName, Query, terminals } from './djangoQuery';
import { readArguments, readDjangoQuery, readDjangoValue } from './djangoRead';
import { draftOf, emptyDraft } from './djangoSites';
import { lazyUse, useOf } from '../shared/pythonLazyUse';
import { viewDrafts } from './djangoViews';
import { instanceStatement, relationStatement, writeStatements, type Statement } from './djangoWrites';

/** Django's ORM: managers, querysets, related managers, instances, shortcuts, paginators, generic views, Django REST framework. */
export const djangoAdapter: LibraryAdapter = {
  id: 'django',
  languages: ['python'],
  marks: /\bdjango\b|\brest_framework\b|\.objects\b|\bmodels\b|_set\b|\bget_queryset\b/,
  recognise(node, context) {
    if (isForeign(context)) return undefined;
    const file = djangoFile(context);
    if (!file) return undefined;
    if (node.type === 'call') {
      const special = recogniseShortcut(node, file) ?? recogniseRaw(node, file) ?? recogniseInstance(node, file);
      if (special) return special;
    }
    return viewDrafts(node, file) ?? recogniseQuery(node, file);
  },
  addPredicate: addDjangoPredicate,
  toKeyset: toDjangoKeyset,
  addOrder: addDjangoOrder,
  addLimit: addDjangoLimit,
  loadRelation: loadDjangoRelation,
  batch: djangoBatch,
};

/** Other libraries whose classes have `objects` too. */
const foreign = /^\s*(?:from|import)\s+(?:mongoengine|pymongo|cassandra|beanie|tortoise|ormar|sqlalchemy|peewee|neomodel|elasticsearch_dsl|django_elasticsearch_dsl)\b/m;
const foreignFiles = new WeakMap<HostContext, boolean>();
function isForeign(context: HostContext): boolean {
  const known = foreignFiles.get(context) ?? (foreign.test(context.text) && !/^\s*(?:from|import)\s+django\.db\b/m.test(context.text));
  foreignFiles.set(context, known);
  return known;
}

/** A chain that is sent here, or made for somebody else. */
function recogniseQuery(node: SyntaxNode, file: DjangoFile): readonly SiteDraft[] | undefined {
  const name = node.type === 'call' ? methodName(calleeName(node)?.text ?? '') : '[]';
  const terminal = terminals.has(name);
  if (!terminal && !isOutermost(node)) return undefined;
  const ir = readDjangoQuery(node, file.reading);
  const last = ir?.calls.at(-1);
  if (!ir || (last && ir.calls.slice(0, -1).some((call) => terminals.has(methodName(call.name)) || call.slice?.index))) return undefined;
  if (mayBeLoaded(node, ir, file)) return undefined;
  const query = Query.of(ir, file.world, { ...selfModel(ir, node, file) });
  if (!query) return unknownModel(node, ir, terminal, file);
  if (query.empty) return [];
  if (query.terminal) return draftsOf(node, ir, query, 'yes', file);
  const { executes, at } = lazyUse(node);
  const steps = at && stepsOf(at.text, at, file.scopes);
  if (!at || steps?.length === 1) return draftsOf(node, ir, query, executes, file);
  // What the name holds where it is walked: its calls under their conditions, told once, by the last of them.
  const final = steps?.at(-1)?.binding.value;
  const whole = final && sameNode(unwrap(final), unwrap(node)) ? readDjangoQuery(at, file.reading) : undefined;
  const all = whole && Query.of(whole, file.world);
  return whole && all ? draftsOf(node, { ...whole, ...(ir.anchor ? { anchor: ir.anchor } : {}) }, all, executes, file) : draftsOf(node, ir, query, 'no', file);
}

/**
 * Rows of a related manager that may have been loaded with their parents: walking or counting them says nothing, unless
 * the parent was read alone in this function. What is read of a loop's elements is the loop's own concern.
 */
function mayBeLoaded(node: SyntaxNode, { root, calls }: DjangoQueryIr, file: DjangoFile): boolean {
  if (root.kind !== 'related' || calls.some((call) => !/^(all|a?count|a?exists|iterator|get_queryset)$/.test(call.name))) return false;
  const manager = unwrap(chainOf(node, file.scopes)?.root ?? node);
  const object = manager.type === 'attribute' ? field(manager, 'object') : undefined;
  if (object?.type !== 'identifier') return true;
  const producer = loopQuery(object, file) ?? parentQuery(object, file);
  if (!producer || (loopQuery(object, file) && calls.every((call) => call.name === 'all'))) return true;
  const accessor = field(manager, 'attribute')?.text;
  return Query.of(producer, file.world)?.eager.some((path) => path === '*' || path === accessor) ?? true;
}

/** The query that gave a variable its one row. */
function parentQuery(name: SyntaxNode, file: DjangoFile): DjangoQueryIr | undefined {
  const origin = file.context.origin(name);
  if (origin.kind !== 'call' && origin.kind !== 'construct') return undefined;
  const shortcut = /^a?get_object_or_404$/.test(origin.callee.at(-1) ?? '') ? argumentsOf(origin.node).positional[0] : undefined;
  const model = shortcut && modelNamed(shortcut, file);
  return model ? { root: { kind: 'model', model: `${model.app}.${model.name}`, manager: '_default_manager' }, calls: [], complete: true } : readDjangoQuery(shortcut ?? origin.node, file.reading);
}

/** The model behind a manager's own methods: the only one that uses the class. */
function selfModel({ root }: DjangoQueryIr, node: SyntaxNode, file: DjangoFile): { readonly self?: Query['model'] } {
  if (root.kind !== 'self' && root.kind !== 'base') return {};
  let owner: SyntaxNode | null = node;
  while (owner && owner.type !== 'class_definition') owner = owner.parent;
  const name = owner ? field(owner, 'name')?.text : undefined;
  const users = file.world.models().filter((model) => model.managers.some((manager) => manager.classes.includes(name ?? '')));
  return users.length === 1 && users[0] ? { self: users[0] } : {};
}

/** `Order.objects.…` of a class that is not in the workspace: that it is a query is sure, its tables are not. */
function unknownModel(node: SyntaxNode, { root, anchor }: DjangoQueryIr, terminal: boolean, file: DjangoFile): readonly SiteDraft[] | undefined {
  if (root.kind !== 'model' || root.manager !== 'objects' || !anchor) return undefined;
  if (file.world.model(root.model, root.module)) return undefined;
  const name = methodName(calleeName(node)?.text ?? '');
  const write = /create|update|delete/.test(name);
  const use = terminal ? 'yes' : useOf(node);
  return [{ ...emptyDraft(node, anchor, file), model: root.model, executes: use, access: write ? 'write' : 'read', fetches: write ? 'none' : terminal ? 'one' : use === 'yes' ? 'many' : 'unknown' }];
}

function draftsOf(node: SyntaxNode, ir: DjangoQueryIr, query: Query, executes: SiteDraft['executes'], file: DjangoFile): readonly SiteDraft[] {
  const name = methodName(query.terminal?.name ?? '');
  const span = query.terminal?.nameSpan;
  const written = writeStatements(ir, query, file.world);
  if (written) return written.map((statement) => draftOf(node, ir, query, statement.part, { executes: 'yes', access: statement.access, fetches: statement.fetches }, file));
  const part = name === 'count' ? query.count(span) : name === 'exists' || name === 'contains' ? query.exists() : query.select();
  const one = query.terminal !== undefined && name !== 'in_bulk' && name !== 'explain';
  const fetches = query.streams ? 'stream' : one ? 'one' : executes === 'yes' ? 'many' : 'unknown';
  return [draftOf(node, ir, query, part, { executes, access: 'read', fetches }, file)];
}

/** `get_object_or_404(Order, pk=1)`, `get_list_or_404(…)`. */
function recogniseShortcut(call: SyntaxNode, file: DjangoFile): readonly SiteDraft[] | undefined {
  const name = calleeName(call)?.text ?? '';
  if (!/^a?get_(object|list)_or_404$/.test(name)) return undefined;
  const [first] = argumentsOf(call).positional;
  const model = first && modelNamed(first, file);
  const base: DjangoQueryIr | undefined = !first ? undefined : model ? { root: { kind: 'model', model: `${model.app}.${model.name}`, manager: '_default_manager' }, calls: [], complete: true, span: spanOf(first), anchor: spanOf(first) } : readDjangoQuery(first, file.reading);
  const anchor = spanOf(calleeName(call) ?? call);
  const list = /list/.test(name);
  if (!base) return [{ ...emptyDraft(call, anchor, file), access: 'read', fetches: list ? 'many' : 'one' }];
  const [, ...args] = readArguments(call, file.reading);
  const filter: DjangoCallIr = { name: list ? 'filter' : 'get', args, span: spanOf(call), nameSpan: anchor };
  const ir = { ...base, calls: [...base.calls, filter], anchor };
  const query = Query.of(ir, file.world);
  return query ? [draftOf(call, ir, query, query.select(), { executes: 'yes', access: 'read', fetches: list ? 'many' : 'one' }, file)] : [{ ...emptyDraft(call, anchor, file), access: 'read', fetches: list ? 'many' : 'one' }];
}

/** `Order.objects.raw("SELECT …", [x])` */
function recogniseRaw(call: SyntaxNode, file: DjangoFile): readonly SiteDraft[] | undefined {
  const { context } = file;
  const receiver = receiverOf(call);
  if (calleeName(call)?.text !== 'raw' || !receiver || !/(^|\.)objects$/.test(pathOf(receiver)?.join('.') ?? '')) return undefined;
  const { positional, keyword } = argumentsOf(call);
  const query = positional[0] ?? keyword.get('raw_query');
  const text = query && context.string(query);
  if (!text) return undefined;
  const parameters = positional[1] ?? keyword.get('params');
  const value = parameters && argumentValue(parameters, context);
  return context.statements(text, 'percent').map((statement): SiteDraft => ({
    library: 'django', confidence: 'proved', source: statement.source, map: statement.map, conditional: statement.conditional, binds: [...statement.binds, ...percentBinds(statement.source.text, value, 0, context)],
    span: context.span(call), anchor: context.span(field(call, 'function') ?? call), executes: 'yes', access: accessOf(statement.source.text), fetches: returnsRows(statement.source.text) ? 'many' : 'none', complete: text.complete, chain: [], eager: [],
  }));
}

/** `order.save()`, `order.items.add(item)`. */
function recogniseInstance(call: SyntaxNode, file: DjangoFile): readonly SiteDraft[] | undefined {
  const name = (calleeName(call)?.text ?? '').replace(/^a(?=(?:save|delete|refresh_from_db|add|remove|set|clear)$)/, '');
  const receiver = receiverOf(call);
  if (!receiver || !/^(save|delete|refresh_from_db|add|remove|set|clear)$/.test(name)) return undefined;
  const args = readArguments(call, file.reading);
  const anchor = spanOf(field(call, 'function') ?? call);
  const made = (statement: Statement | undefined, model: Query['model']): readonly SiteDraft[] | undefined => {
    if (!statement) return undefined;
    const built = buildSql(statement.part);
    return [{ library: 'django', confidence: 'typed', source: built.source, map: built.map, binds: built.binds, conditional: [], complete: built.complete, span: spanOf(call), anchor, executes: 'yes', access: statement.access, fetches: statement.fetches, chain: [], model: file.world.label(model), eager: [] }];
  };
  const row = readDjangoValue(receiver, { ...file.reading, root: undefined }, 20);
  if (/^(save|delete|refresh_from_db)$/.test(name)) {
    const model = unwrap(receiver).text === 'self' ? undefined : instanceModel(receiver, file);
    if (!model) return undefined;
    return made(instanceStatement(model, name, args, row, isMade(receiver, file), file.world, anchor), model);
  }
  const manager = unwrap(receiver);
  const probe = manager.type === 'attribute' ? field(manager, 'object') : undefined;
  const owner = probe && instanceModel(probe, file);
  const accessor = manager.type === 'attribute' ? field(manager, 'attribute')?.text : undefined;
  const reverse = owner && file.world.reverse(owner).find((entry) => entry.accessor === accessor && entry.many);
  const own = owner?.fields.find((candidate) => candidate.name === accessor && candidate.type === 'ManyToManyField');
  const target = reverse?.field.owner ?? (own && file.world.target(own));
  const key = reverse?.field.name ?? (target && file.world.reverse(target).find((entry) => entry.field === own)?.queryName);
  if (!probe || !target || key === undefined) return undefined;
  const value = readDjangoValue(probe, { ...file.reading, root: undefined }, 20);
  const query = Query.of({ root: { kind: 'model', model: `${target.app}.${target.name}`, manager: '_default_manager' }, calls: [], complete: true }, file.world);
  return query && made(relationStatement(query, name, args, value, key, file.world, anchor), target);
}

/** Built by its class in this function, not read. */
function isMade(node: SyntaxNode, { context }: DjangoFile): boolean {
  const inner = unwrap(node);
  const origin = inner.type === 'call' ? undefined : context.origin(inner);
  return (origin?.kind === 'construct' && !origin.callee.includes('objects')) || (inner.type === 'call' && /^[A-Z]\w*$/.test(field(inner, 'function')?.text ?? ''));
}

import { chainOf } from '../../hosts/python/chains';
import { stepsOf } from '../../hosts/python/steps';
import { calleeName, field, receiverOf, sameNode, spanOf, unwrap } from '../../hosts/python/syntaxTools';
import type { DjangoQueryIr } from '../../hosts/djangoIr';
import type { SyntaxNode } from '../../hosts/syntax';
import { hostSpan } from '../../text/span';
import type { LibraryAdapter, LimitRequest, SiteDraft } from '../adapter';
import type { QuerySite } from '../../hosts/ir';
import type { Edit } from '../../text/edit';
import { tortoiseBatch } from '../django/djangoBatch';
import { addDjangoOrder, addDjangoPredicate, loadDjangoRelation, toTortoiseKeyset } from '../django/djangoEdits';
import { instanceModel, type DjangoFile } from '../django/djangoInstances';
import { readArguments, readDjangoQuery, readDjangoValue } from '../django/djangoRead';
import { lazyUse } from '../shared/pythonLazyUse';
import { buildSql, type SqlPart } from '../shared/sqlBuilder';
import { endsChain, isSent, tortoiseFile } from './tortoiseFile';
import { terminals, TortoiseQuery } from './tortoiseQuery';
import { fetchRelated, rowStatement, writeStatement, type Statement } from './tortoiseWrites';

/** Tortoise ORM: querysets of model classes and of relations, rows that are saved and deleted. Awaiting sends. */
export const tortoiseAdapter: LibraryAdapter = {
  id: 'tortoise',
  languages: ['python'],
  marks: /\btortoise\b|\bawait\b|\basync\s+for\b/,
  recognise(node, context) {
    const file = tortoiseFile(context);
    return file && ((node.type === 'call' ? recogniseRow(node, file) : undefined) ?? recogniseQuery(node, file));
  },
  addPredicate: addDjangoPredicate,
  toKeyset: toTortoiseKeyset,
  addOrder: addDjangoOrder,
  addLimit: addTortoiseLimit,
  loadRelation: loadDjangoRelation,
  batch: tortoiseBatch,
};

function recogniseQuery(node: SyntaxNode, file: DjangoFile): readonly SiteDraft[] | undefined {
  if (!endsChain(node)) return undefined;
  const ir = readDjangoQuery(node, file.reading);
  const query = ir && TortoiseQuery.of(ir, file.world);
  if (!ir || !query) return undefined;
  if (isSent(node)) return [draftOf(node, ir, query, 'yes', file)];
  const { executes, at } = lazyUse(node);
  const steps = at && stepsOf(at.text, at, file.scopes);
  if (!at || steps?.length === 1) return [draftOf(node, ir, query, executes, file)];
  // What the name holds where it is awaited: its calls under their conditions, told once, by the last of them.
  const final = steps?.at(-1)?.binding.value;
  const whole = final && sameNode(unwrap(final), node) ? readDjangoQuery(at, file.reading) : undefined;
  const all = whole && TortoiseQuery.of(whole, file.world);
  return [whole && all ? draftOf(node, { ...whole, ...(ir.anchor ? { anchor: ir.anchor } : {}) }, all, executes, file) : draftOf(node, ir, query, 'no', file)];
}

function draftOf(node: SyntaxNode, ir: DjangoQueryIr, query: TortoiseQuery, executes: SiteDraft['executes'], file: DjangoFile): SiteDraft {
  const { context, world } = file;
  const name = query.terminal?.name;
  const written = writeStatement(ir, query, world);
  const part: SqlPart = written?.part ?? (name === 'count' ? query.count(query.terminal?.nameSpan) : name === 'exists' ? query.exists() : query.select());
  const built = buildSql(part);
  const chain = chainOf(node, file.scopes)?.calls ?? [];
  const one = query.isOneRow || name === 'count' || name === 'exists';
  const anchor = ir.anchor && ir.anchor.start >= node.startIndex && ir.anchor.end <= node.endIndex ? ir.anchor : spanOf((node.type === 'call' ? field(node, 'function') : undefined) ?? node);
  return {
    library: 'tortoise', confidence: 'proved', source: built.source, map: built.map, binds: built.binds, conditional: built.conditional, complete: built.complete && query.complete,
    span: context.span(node), anchor, executes, access: written?.access ?? 'read', fetches: written?.fetches ?? (one ? 'one' : executes === 'yes' ? 'many' : 'unknown'),
    chain: chain.map(({ name: called, nameSpan, span, args }) => ({ name: called, nameSpan, span, args })), model: world.label(query.model), eager: query.eager, consumes: chain.map((call) => context.span(call.node)),
    modelNames: { properties: Object.fromEntries(query.model.fields.filter((f) => f.name !== f.column).map((f) => [f.column, f.name])), uniques: query.model.fields.filter((f) => f.unique).map((f) => ({ name: f.name, properties: [f.name] })) },
  };
}

/** `await player.save()`, `await player.fetch_related('matches')`, `await player.tags.add(tag)`. */
function recogniseRow(call: SyntaxNode, file: DjangoFile): readonly SiteDraft[] | undefined {
  const name = calleeName(call)?.text ?? '';
  const receiver = receiverOf(call);
  if (!receiver || !/^(save|delete|refresh_from_db|fetch_related|add|remove|clear)$/.test(name)) return undefined;
  const target = unwrap(receiver);
  const args = readArguments(call, file.reading);
  const relation = /^(add|remove|clear)$/.test(name);
  const object = relation ? (target.type === 'attribute' ? field(target, 'object') : undefined) : target;
  const model = object && instanceModel(object, file);
  if (!object || !model) return undefined;
  const row = readDjangoValue(object, { ...file.reading, root: undefined }, 20);
  const anchor = spanOf(field(call, 'function') ?? call);
  const statement: Statement | undefined = name === 'fetch_related' ? fetchRelated(model, args, row, file.world, anchor) : rowStatement(model, name, relation ? field(target, 'attribute')?.text : undefined, args, row, isMade(object, file), file.world, anchor);
  if (!statement) return undefined;
  const built = buildSql(statement.part);
  return [{
    library: 'tortoise', confidence: 'typed', source: built.source, map: built.map, binds: built.binds, conditional: [], complete: built.complete, span: spanOf(call), anchor,
    executes: isSent(call) ? 'yes' : 'unknown', access: statement.access, fetches: statement.fetches, chain: [], model: file.world.label(model), eager: [],
  }];
}

/** Built by its class in this function, not read. */
function isMade(node: SyntaxNode, { context }: DjangoFile): boolean {
  const origin = context.origin(node);
  return (origin.kind === 'construct' || origin.kind === 'call') && origin.callee.length === 1 && /^[A-Z]/.test(origin.callee[0] ?? '');
}

/** `.limit(n)` behind a query that is sent as it stands. */
function addTortoiseLimit(site: QuerySite, { uri, count }: LimitRequest): readonly Edit[] | undefined {
  const last = site.chain.at(-1);
  if (!last || last.span.end !== site.span.end || site.chain.some((call) => terminals.has(call.name) || /^(limit|values|values_list|\[\])$/.test(call.name))) return undefined;
  return [{ uri, span: hostSpan(last.span.end, last.span.end), text: `.limit(${count})` }];
}

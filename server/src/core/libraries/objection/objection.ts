import type { ModelIr } from '../../hosts/ir';
import type { LazyLoad } from '../../hosts/relationLoads';
import { callParts, isFunction, spanOf, unwrap, wrapped } from '../../hosts/typescript/syntaxTools';
import type { HostLanguage, SyntaxNode } from '../../hosts/syntax';
import { hostSpan } from '../../text/span';
import type { Chain, HostContext, LibraryAdapter, SiteDraft } from '../adapter';
import { objectionBatch } from './objectionBatch';
import { addKnexLimit, addKnexOrder, addKnexPredicate, knexKeyset } from '../knex/knexEdits';
import { renderKnex, type KnexStart } from '../knex/knexRender';
import type { KnexScope } from '../knex/knexScope';
import type { KnexCondition } from '../knex/knexWhere';
import { bindOf, constantText, constantValue, readArray, valuePart } from '../shared/hostValues';
import { bind, buildSql, concat, group, hole, identifier, incomplete, join, nothing, sql, type SqlPart } from '../shared/sqlBuilder';
import { rowSource } from '../shared/rowSource';
import type { RowCountPart } from '../shared/sqlClauses';

type Call = Chain['calls'][number];
const languages: readonly HostLanguage[] = ['typescript', 'tsx', 'javascript'];
/** Methods that only Objection's builder has: enough where the model's declaration is not known. */
const own = /^(findById|findByIds|withGraphFetched|withGraphJoined|patch|patchAndFetchById|patchAndFetch|upsertGraph|insertGraph|insertGraphAndFetch|insertAndFetch|updateAndFetchById|deleteById|throwIfNotFound|joinRelated|leftJoinRelated|allowGraph|modifyGraph|relate|unrelate)$/;
const unseen = /^(withGraphJoined|joinRelated|leftJoinRelated|innerJoinRelated|leftOuterJoinRelated|outerJoinRelated|rightJoinRelated|modifiers|onBuild|onBuildKnex|runBefore|relate|unrelate|for)$/;
/** They add nothing to the statement itself. */
const neutral = new Set(['withGraphFetched', 'modifyGraph', 'allowGraph', 'throwIfNotFound', 'castTo', 'context', 'skipUndefined', 'runAfter', 'onError', 'execute', 'clearAllowGraph', 'first', 'resultSize', 'alias', 'withSchema', 'for', 'transacting', 'debug', 'timeout', 'then', 'catch', 'finally']);

/** Objection: knex builders that begin with a model (`Person.query()`), a row (`person.$query()`) or a relation. */
export const objectionAdapter: LibraryAdapter = {
  id: 'objection',
  languages,
  marks: /\.(?:query|\$query|\$relatedQuery|relatedQuery|\$fetchGraph|\$loadRelated)\(/,
  recognise(call, context) {
    if (call.type !== 'call_expression' && call.type !== 'identifier') return undefined;
    const fetched = fetchedGraph(call, context);
    if (fetched) return [fetched];
    const chain = fromDots(context.chain(call), context);
    const at = chain?.calls.findIndex((link) => /^(query|\$query|\$relatedQuery|relatedQuery)$/.test(link.name)) ?? -1;
    const start = chain?.calls[at];
    const object = start && callParts(start.node)?.callee.childForFieldName('object');
    if (!chain || !start || !object) return undefined;
    const rest = chain.calls.slice(at + 1);
    const origin = start.name === 'query' && start.argNodes.length > 1 ? undefined : queryStart(start, object, rest, context);
    return origin && [draft(call, start, object, rest, origin, context)];
  },
  addPredicate: addKnexPredicate,
  toKeyset: (site, request) => (site.chain.some((call) => /Related$|Joined$|^(modify|modifiers|resultSize|page|range)$/.test(call.name)) ? undefined : knexKeyset(site, request)),
  addOrder: addKnexOrder,
  addLimit: addKnexLimit,
  batch: objectionBatch,
  loadRelation(site, { uri, path: [step, ...further] }) {
    const [start] = site.chain;
    if (!step || further.length > 0 || start?.name !== 'query' || site.chain.some((call) => /^(select|columns?|distinct\w*|count\w*|groupBy|page|range|first|findOne|findById|resultSize|joinRelated|forUpdate|forShare|insert\w*|patch\w*|update\w*|delete\w*)$/.test(call.name))) return undefined;
    return { edits: [{ uri, span: hostSpan(start.span.end, start.span.end), text: `.withGraphFetched('${step.property}')` }], by: 'withGraphFetched' };
  },
};

interface QueryStart {
  readonly model?: ModelIr;
  readonly lazy?: LazyLoad;
  readonly where: readonly KnexCondition[];
  readonly complete: boolean;
}

function queryStart(start: Call, object: SyntaxNode, rest: readonly Call[], context: HostContext): QueryStart | undefined {
  const name = unwrap(object).type === 'this' ? classAround(object) : context.path(object)?.at(-1);
  if (start.name === 'query' || start.name === 'relatedQuery') {
    const model = name !== undefined && /^[A-Z]/.test(name) ? context.model(name, 'objection') : undefined;
    if (start.name === 'query') return model ? { model, where: [], complete: true } : name !== undefined && /^[A-Z]/.test(name) && rest.some((call) => own.test(call.name)) && !/['"]typeorm['"]|sequelize/.test(context.text) ? { where: [], complete: false } : undefined;
    return related(start, model, rest.find((call) => call.name === 'for')?.argNodes[0], context);
  }
  // A row's model is not followed: the statement is known for what it does.
  if (start.name === '$query') return { where: [], complete: false };
  return relatedOf(start, object, rest.length === 0 && start.argNodes.length === 1, context) ?? { where: [], complete: false };
}

/** `person.$relatedQuery('pets')` of a row whose model is known: the rows of the other model, by the row's key. */
function relatedOf(start: Call, object: SyntaxNode, plain: boolean, context: HostContext): QueryStart | undefined {
  const model = rowModel(object, context);
  const named = start.argNodes[0] && constantText(start.argNodes[0], context);
  const relation = model?.relations.find((candidate) => candidate.property === named);
  const target = relation && context.model(relation.model, 'objection');
  const host = spanOf(start.argNodes[0] ?? object);
  if (!model || !relation || !target) return undefined;
  const loaded = `${object.text}.${relation.property}`;
  const lazy = plain && object.type === 'identifier' ? { lazy: { owner: model.name, row: object.text, property: relation.property, many: relation.many, loaded: relation.many ? loaded : `(${loaded} ?? undefined)` } } : {};
  const [own, other] = [relation.columns[0], relation.references[0]];
  if (relation.through || relation.columns.length !== 1 || own === undefined || other === undefined) return { model: target, where: [], complete: false, ...lazy };
  const value = bind({ text: `${object.text}.${own}`, span: spanOf(object), names: [object.text], origin: 'local' });
  return { model: target, where: [{ or: false, part: concat(identifier([target.table, other], host), sql(' IN ', host), group(value)) }], complete: true, ...lazy };
}

/** `await person.$fetchGraph('pets')`: asks each time. */
function fetchedGraph(call: SyntaxNode, context: HostContext): SiteDraft | undefined {
  const parts = call.type === 'call_expression' ? callParts(call) : undefined;
  const method = parts?.callee.type === 'member_expression' ? parts.callee.childForFieldName('property') : null;
  const object = parts?.callee.childForFieldName('object');
  if (!parts || !object || !method || !/^\$(fetchGraph|loadRelated)$/.test(method.text)) return undefined;
  const model = rowModel(object, context);
  const named = parts.args[0] && constantText(parts.args[0], context);
  const relation = model?.relations.find((candidate) => candidate.property === named);
  const target = relation && context.model(relation.model, 'objection');
  const start = { name: '$relatedQuery', node: call, argNodes: parts.args, args: [], span: context.span(call), nameSpan: context.span(method) };
  const origin = target ? relatedOf(start, object, parts.args.length === 1, context) : undefined;
  const anchor = hostSpan(object.startIndex, method.endIndex);
  const draft: SiteDraft = { library: 'objection', confidence: 'typed', span: context.span(call), anchor, executes: context.executes(call) ? 'yes' : 'no', access: 'read', fetches: 'many', chain: [], eager: [], map: { segments: [] }, binds: [], conditional: [], complete: false, ...(target ? { model: target.name } : {}), ...(origin?.lazy ? { lazy: { ...origin.lazy, loaded: object.text } } : {}) };
  if (!origin?.model || !origin.complete) return draft;
  const built = buildSql(render([], origin.model, origin, context).query.sql);
  return { ...draft, source: built.source, map: built.map, binds: built.binds, complete: built.complete };
}

/** Model of a row: the result of `Person.query()…`, an element of it, or by its declared type. */
function rowModel(row: SyntaxNode, context: HostContext): ModelIr | undefined {
  const source = rowSource(row, context);
  if (source?.kind !== 'call') return source && /^\w+$/.test(source.type) ? context.model(source.type, 'objection') : undefined;
  const chain = context.chain(source.call);
  const start = chain?.calls.find((link) => link.name === 'query');
  const object = start && callParts(start.node)?.callee.childForFieldName('object');
  const one = chain?.calls.some((link) => /^(findById|findOne|first|insertAndFetch|insert|patchAndFetchById|updateAndFetchById)$/.test(link.name)) ?? false;
  const name = object ? context.path(object)?.at(-1) : undefined;
  const list = source.path.join() === (chain?.calls.some((link) => /^(page|range)$/.test(link.name)) ? 'results' : '');
  return list && source.many !== one && name !== undefined && /^[A-Z]/.test(name) ? context.model(name, 'objection') : undefined;
}

/** `Person.relatedQuery('pets').for(id)`: the rows of the other model, by their foreign key. */
function related(start: Call, model: ModelIr | undefined, key: SyntaxNode | undefined, context: HostContext): QueryStart {
  const named = start.argNodes[0] && constantText(start.argNodes[0], context);
  const relation = model?.relations.find((candidate) => candidate.property === named);
  const target = relation && context.model(relation.model, 'objection');
  if (!target || !key || relation.references[0] === undefined) return { ...(target ? { model: target } : {}), where: [], complete: false };
  return { model: target, where: [{ or: false, part: concat(identifier([target.table, relation.references[0]], spanOf(start.argNodes[0] ?? key)), sql(' IN ', spanOf(key)), listOf(key, context)) }], complete: true };
}

function listOf(node: SyntaxNode, context: HostContext): SqlPart {
  const list = readArray(node);
  if (list && !list.open && list.items.length > 0) return group(join(list.items.map((item) => valuePart(item.node, context)), ', '));
  return constantValue(node, context) !== undefined || !/(s|Ids|List)$/.test(node.text) ? group(valuePart(node, context)) : hole('list', bindOf(node, context));
}

function classAround(node: SyntaxNode): string | undefined {
  for (let current = node.parent; current; current = current.parent) if (/^(class_declaration|class)$/.test(current.type)) return current.childForFieldName('name')?.text;
  return undefined;
}

function draft(call: SyntaxNode, start: Call, object: SyntaxNode, rest: readonly Call[], origin: QueryStart, context: HostContext): SiteDraft {
  const { model } = origin;
  const eager = rest.filter((link) => /^withGraph(Fetched|Joined)$/.test(link.name)).flatMap((link) => (link.argNodes[0] && constantText(link.argNodes[0], context)) ?? []);
  const one = rest.some((link) => /^(findById|findOne|first|resultSize|insertAndFetch|patchAndFetchById|updateAndFetchById)$/.test(link.name));
  const write = rest.some((link) => /^(insert|insertAndFetch|insertGraph|insertGraphAndFetch|patch|patchAndFetch|patchAndFetchById|update|updateAndFetch|updateAndFetchById|delete|del|deleteById|upsertGraph|upsertGraphAndFetch|increment|decrement|relate|unrelate)$/.test(link.name));
  const base = {
    library: 'objection', confidence: 'typed', span: context.span(call), anchor: hostSpan(object.startIndex, start.nameSpan.end), executes: sent(call, rest, context) ? 'yes' : 'no',
    access: write ? 'write' : 'read', fetches: write ? 'none' : one ? 'one' : 'many', chain: [start, ...rest].map(({ name, nameSpan, span, args }) => ({ name, nameSpan, span, args })), eager: eager.flatMap(paths), ...(model ? { model: model.name } : {}), ...(origin.lazy ? { lazy: origin.lazy } : {}),
  } as const;
  const graph = rest.some((link) => /Graph(AndFetch)?$/.test(link.name) && !/^(allow|modify)/.test(link.name));
  if (!model || graph) return { ...base, map: { segments: [] }, binds: [], conditional: [], complete: false };
  const { query, complete } = render(rest, model, origin, context);
  const built = buildSql(concat(query.sql, complete && origin.complete ? nothing : incomplete));
  return { ...base, source: built.source, map: built.map, binds: built.binds, conditional: built.conditional, complete: built.complete };
}

const paths = (expression: string): readonly string[] => (/^[\w.]+$/.test(expression) ? [expression] : [...expression.matchAll(/\w+/g)].map((match) => match[0]));

/** The chain in knex's words. */
function render(rest: readonly Call[], model: ModelIr, origin: QueryStart, context: HostContext) {
  const scope: KnexScope = { host: context, query: () => undefined };
  const where: KnexCondition[] = [...origin.where];
  let limit: RowCountPart | undefined;
  let offset: RowCountPart | undefined;
  let complete = !rest.some((call) => unseen.test(call.name) && !(call.name === 'for' && origin.where.length > 0));
  let alias: string | undefined;
  const key = (call: Call, value: SyntaxNode, list: boolean): void => {
    if ((model.primary?.length ?? 1) !== 1 || readArray(value)?.items.some((item) => readArray(item.node))) complete = false;
    else where.push({ or: false, part: concat(identifier([alias ?? model.table, model.primary?.[0] ?? 'id'], call.span), sql(list ? ' IN ' : ' = ', call.span), list ? listOf(value, context) : valuePart(value, context)) });
  };
  const calls = rest.flatMap((call): Call[] => {
    const [first, second] = call.argNodes;
    switch (call.name) {
      case 'alias':
        alias = first && constantText(first, context);
        return [];
      case 'findById':
      case 'deleteById':
        if (first) key(call, first, false);
        return call.name === 'deleteById' ? [{ ...call, name: 'del', argNodes: [] }] : [];
      case 'findByIds':
        if (first) key(call, first, true);
        return [];
      case 'patchAndFetchById':
      case 'updateAndFetchById':
        if (first) key(call, first, false);
        return second ? [{ ...call, name: 'update', argNodes: [second] }] : [];
      case 'findOne':
        return [{ ...call, name: 'where' }];
      case 'patch':
      case 'patchAndFetch':
      case 'updateAndFetch':
        return [{ ...call, name: 'update' }];
      case 'insertAndFetch':
        return [{ ...call, name: 'insert' }];
      case 'delete':
        return [{ ...call, name: 'del', argNodes: [] }];
      case 'page':
        if (first && second) [limit, offset] = [{ count: valuePart(second, context), host: call.span }, { count: pageOffset(first, second, context), host: call.span }];
        return [];
      case 'range':
        if (first && second) [limit, offset] = rangeOf(first, second, call, context);
        return [];
      case 'modify':
        if (first && !isFunction(unwrap(first))) complete = false;
        return first && isFunction(unwrap(first)) ? [call] : [];
      default:
        return neutral.has(call.name) || unseen.test(call.name) ? [] : [call];
    }
  });
  const name = identifier([...(model.schema === undefined ? [] : [model.schema]), model.table]);
  const start: KnexStart = { table: alias === undefined ? name : concat(name, sql(' AS '), identifier(alias)), where, ...(limit ? { limit } : {}), ...(offset ? { offset } : {}), star: identifier([alias ?? model.table, '*']) };
  return { query: renderKnex(calls, () => false, scope, start), complete };
}

function pageOffset(page: SyntaxNode, size: SyntaxNode, context: HostContext): SqlPart {
  const [left, right] = [constantValue(page, context), constantValue(size, context)];
  return typeof left === 'number' && typeof right === 'number' ? sql(String(left * right), spanOf(page)) : bind(bindOf(page, context));
}

/** `range(from, to)`: both ends count. */
function rangeOf(from: SyntaxNode, to: SyntaxNode, call: Call, context: HostContext): readonly [RowCountPart, RowCountPart] {
  const [left, right] = [constantValue(from, context), constantValue(to, context)];
  const count = typeof left === 'number' && typeof right === 'number' ? sql(String(right - left + 1), spanOf(to)) : bind(bindOf(to, context));
  return [{ count, host: call.span }, { count: valuePart(from, context), host: call.span }];
}

/** A builder in a variable is sent where it is awaited; that place is offered by itself. */
function sent(call: SyntaxNode, rest: readonly Call[], context: HostContext): boolean {
  const parent = wrapped(call).parent;
  if (call.type === 'call_expression' && (parent?.type === 'variable_declarator' || parent?.type === 'assignment_expression')) return false;
  if (/^(toKnexQuery|as|clone)$/.test(rest.at(-1)?.name ?? '')) return false;
  return context.executes(call) || rest.some((link) => /^(then|catch|finally|execute)$/.test(link.name));
}

const fromDots = (chain: Chain | undefined, context: HostContext): Chain | undefined =>
  chain && { ...chain, calls: chain.calls.map((call) => ({ ...call, span: hostSpan(call.span.start + Math.max(0, context.text.slice(call.span.start, call.nameSpan.start).search(/\S/)), call.span.end) })) };

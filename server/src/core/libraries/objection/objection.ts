import type { ModelIr } from '../../hosts/ir';
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
  marks: /\.(?:query|\$query|\$relatedQuery|relatedQuery)\(/,
  recognise(call, context) {
    if (call.type !== 'call_expression' && call.type !== 'identifier') return undefined;
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
};

interface QueryStart {
  readonly model?: ModelIr;
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
  return { where: [], complete: false };
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
    access: write ? 'write' : 'read', fetches: write ? 'none' : one ? 'one' : 'many', chain: [start, ...rest].map(({ name, nameSpan, span, args }) => ({ name, nameSpan, span, args })), eager: eager.flatMap(paths), ...(model ? { model: model.name } : {}),
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

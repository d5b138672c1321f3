import { chainOf, isOutermost, boundNames, type PythonChain } from '../../hosts/python/chains';
import { scopesOf } from '../../hosts/python/context';
import { argumentsOf, calleeName, field, literalValue, parts, receiverOf, spanOf, unwrap } from '../../hosts/python/syntaxTools';
import type { ModelIr, QuerySite } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostContext, LibraryAdapter, SiteDraft } from '../adapter';
import { bind, buildSql, concat, conditional, group, hole, identifier, incomplete, join, literal, nothing, sql, type SqlPart } from '../shared/sqlBuilder';
import { renderSelect, renderWhere, type RowCountPart } from '../shared/sqlClauses';
import { useOf } from '../shared/pythonLazyUse';
import { addLibraryLimit, addLibraryOrder, addLibraryPredicate, toPeeweeKeyset } from '../sqlalchemy/sqlalchemyEdits';
import { peeweeBatch } from './peeweeBatch';
import { allColumns, columnOf, conditionOf, modelOf, nested, PeeweeScope, renderPeewee, unknownPart, valueOf } from './peeweeQuery';

type Call = PythonChain['calls'][number];

const starts = /^(select|insert|insert_many|insert_from|replace|replace_many|update|delete|create|get|get_or_none|get_by_id|get_or_create|delete_by_id|set_by_id|bulk_create|bulk_update|filter)$/;
const immediate = /^(create|get|get_or_none|get_by_id|get_or_create|delete_by_id|set_by_id|bulk_create|bulk_update|execute|first|count|exists|scalar|peek|get_or_none)$/;

/** Peewee 3. */
export const peeweeAdapter: LibraryAdapter = {
  id: 'peewee',
  languages: ['python'],
  marks: /\.(?:select|insert|insert_many|update|delete|create|get|get_or_none|get_by_id|get_or_create|delete_by_id|set_by_id|bulk_create|filter)\(/,
  recognise(node, context) {
    const scopes = scopesOf(context);
    const name = node.type === 'call' ? calleeName(node)?.text ?? '' : '[]';
    if (!scopes || (!immediate.test(name) && !isOutermost(node))) return undefined;
    const chain = chainOf(node, scopes);
    const model = chain && startModel(chain, context);
    if (!chain || !model || chain.calls.slice(0, -1).some((call, at) => immediate.test(call.name) && !(at === 0 && /^(get|filter)$/.test(call.name) && false))) return undefined;
    const scope = new PeeweeScope(context, { value: 0 }, /^(insert|insert_many|replace|replace_many|update|delete|create|delete_by_id|set_by_id|bulk_create|bulk_update)$/.test(chain.calls[0]?.name ?? ''));
    const rendered = renderStatement(chain, model, scope);
    if (!rendered) return undefined;
    const sent = immediate.test(name) || (name === '[]' && node.type === 'subscript' && field(node, 'subscript')?.type !== 'slice');
    const executes = sent ? 'yes' : rendered.write ? 'no' : useOf(node);
    const built = buildSql(chain.complete ? rendered.part : concat(rendered.part, incomplete));
    const fetches: QuerySite['fetches'] = rendered.write ? 'none' : chain.calls.some((call) => call.name === 'iterator') ? 'stream' : rendered.one ? 'one' : executes === 'yes' ? 'many' : 'unknown';
    const first = chain.calls[0]!;
    return [{
      library: 'peewee', confidence: 'proved', source: built.source, map: built.map, binds: built.binds, conditional: built.conditional, complete: built.complete,
      span: context.span(node), anchor: anchorOf(node, first), executes, access: rendered.write ? 'write' : 'read', fetches, model: model.model.name, eager: rendered.eager,
      modelNames: { properties: {}, uniques: model.model.uniques ?? [], relations: model.model.relations.filter((relation) => !relation.many).map((relation) => relation.property) },
      chain: chain.calls.map(({ name: called, nameSpan, span, args }) => ({ name: called, nameSpan, span, args })),
      entities: [{ host: model.host, table: model.model.table, alias: scope.aliasOf(model.host, model.model), renamed: model.model.columns.filter((column) => column.property !== column.column).map(({ column, property }) => ({ column, property })) }],
      consumes: chain.calls.map((call) => context.span(call.node)),
    } satisfies SiteDraft];
  },
  addPredicate: addLibraryPredicate,
  addOrder: addLibraryOrder,
  addLimit: addLibraryLimit,
  toKeyset: toPeeweeKeyset,
  batch: peeweeBatch,
};

/** `Order.select`, or what sends a query that was begun elsewhere. */
function anchorOf(node: SyntaxNode, first: Call): SiteDraft['anchor'] {
  const callee = field(first.node, 'function') ?? first.node;
  if (node.startIndex <= callee.startIndex && callee.endIndex <= node.endIndex) return spanOf(callee);
  return spanOf((node.type === 'call' ? field(node, 'function') : undefined) ?? node);
}

function startModel(chain: PythonChain, context: HostContext): { readonly host: string; readonly model: ModelIr } | undefined {
  const first = chain.calls[0];
  const receiver = first?.node.type === 'call' && starts.test(first.name) ? receiverOf(first.node) : undefined;
  return receiver && modelOf(receiver, context);
}

interface Rendered {
  readonly part: SqlPart;
  readonly write: boolean;
  readonly one: boolean;
  readonly eager: readonly string[];
}

nested.render = (chain, scope) => {
  const model = startModel(chain, scope.context);
  return model && renderStatement(chain, model, scope)?.part;
};

function renderStatement(chain: PythonChain, target: { readonly host: string; readonly model: ModelIr }, scope: PeeweeScope): Rendered | undefined {
  const [first, ...calls] = chain.calls;
  const { context } = scope;
  const { host, model } = target;
  if (!first) return undefined;
  const { positional, keyword } = argumentsOf(first.node);
  const table = identifier(model.schema === undefined ? [model.table] : [model.schema, model.table], context.span(first.node));
  const key = primaryColumn(model);
  const keyIs = (node: SyntaxNode): SqlPart => concat(identifier([scope.aliasOf(host, model), key]), sql(' = '), valueOf(node, scope));
  const whole = (where: readonly SqlPart[], limit: boolean): SqlPart => renderSelect({ columns: [allColumns(host, model, scope, context.span(first.node))], from: concat(table, sql(' AS '), identifier(scope.aliasOf(host, model))), where, ...(limit ? { limit: { count: sql('1') } } : {}) });
  const row = { write: false, one: true, eager: [] };
  const write = { write: true, one: false, eager: [] };
  switch (first.name) {
    case 'get':
    case 'get_or_none': return { ...row, part: whole([...positional.map((node) => conditionOf(node, scope)), ...equalities(keyword, target, scope)], true) };
    case 'get_by_id': return positional[0] && { ...row, part: whole([keyIs(positional[0])], true) };
    case 'get_or_create': return { ...row, part: whole(equalities(new Map([...keyword].filter(([name]) => name !== 'defaults')), target, scope), true) };
    case 'create':
    case 'insert':
    case 'replace': {
      const cells = assignments(first, target, scope);
      return { ...write, part: concat(sql('INSERT INTO '), table, cells ? concat(sql(' ('), join(cells.map((cell) => identifier(cell.column)), ', '), sql(') VALUES ('), join(cells.map((cell) => cell.value), ', '), sql(')')) : concat(sql(' '), hole('fragment', scope.bindOf(first.node))), sql(' RETURNING '), identifier([model.table, key])) };
    }
    case 'insert_many':
    case 'replace_many':
    case 'insert_from':
    case 'bulk_create': return { ...write, part: concat(sql('INSERT INTO '), table, sql(' '), hole('fragment', scope.bindOf(positional[0] ?? first.node)), calls.some((call) => call.name === 'on_conflict_ignore') ? sql(' ON CONFLICT DO NOTHING') : nothing) };
    case 'bulk_update': return { ...write, part: concat(sql('UPDATE '), table, sql(' SET '), hole('assignment', scope.bindOf(first.node)), renderWhere([concat(identifier([model.table, key]), sql(' = ANY('), bind(scope.bindOf(positional[0] ?? first.node)), sql(')'))])) };
    case 'delete_by_id': return positional[0] && { ...write, part: concat(sql('DELETE FROM '), table, renderWhere([keyIs(positional[0])])) };
    case 'set_by_id': return positional[0] && { ...write, part: concat(sql('UPDATE '), table, sql(' SET '), hole('assignment', scope.bindOf(positional[1] ?? first.node)), renderWhere([keyIs(positional[0])])) };
    case 'update':
    case 'delete': {
      const where = calls.filter((call) => call.name === 'where').flatMap((call) => call.argNodes.map((node) => conditional(conditionOf(node, scope), call.condition)));
      const cells = first.name === 'update' ? assignments(first, target, scope) : [];
      const set = cells && cells.length > 0 ? join(cells.map((cell) => concat(identifier(cell.column), sql(' = '), cell.value)), ', ') : hole('assignment', scope.bindOf(first.node));
      return { ...write, part: first.name === 'delete' ? concat(sql('DELETE FROM '), table, renderWhere(where)) : concat(sql('UPDATE '), table, sql(' SET '), set, renderWhere(where)) };
    }
    case 'filter': return undefined;
    default: return select(first, calls, target, table, scope);
  }
}

const primaryColumn = (model: ModelIr): string => {
  const change = model.changes[0];
  return (change?.type === 'create-table' ? change.constraints.find((item) => item.type === 'primary')?.columns[0] : undefined) ?? 'id';
};

const equalities = (keyword: ReadonlyMap<string, SyntaxNode>, { host, model }: { readonly host: string; readonly model: ModelIr }, scope: PeeweeScope): readonly SqlPart[] =>
  [...keyword].map(([name, value]) => {
    const column = columnOf(model, name);
    return column === undefined ? hole('fragment', scope.bindOf(value)) : concat(identifier([scope.aliasOf(host, model), column], scope.context.span(value)), sql(' = '), valueOf(value, scope));
  });

/** `total=1` and `{Order.total: 1}`. Undefined where the names are not known. */
function assignments(call: Call, { model }: { readonly model: ModelIr }, scope: PeeweeScope): readonly { readonly column: string; readonly value: SqlPart }[] | undefined {
  const { positional, keyword, spread } = argumentsOf(call.node);
  const dictionary = positional[0] && unwrap(positional[0]);
  if (spread || (dictionary && dictionary.type !== 'dictionary')) return undefined;
  const found = [...keyword].map(([name, value]) => ({ column: columnOf(model, name), value: valueOf(value, scope) }));
  for (const pair of dictionary ? parts(dictionary) : []) {
    const [name, value] = pair.type === 'pair' ? [field(pair, 'key'), field(pair, 'value')] : [];
    const text = name && literalValue(name);
    const property = typeof text === 'string' ? text : name?.type === 'attribute' ? field(name, 'attribute')?.text : undefined;
    if (!value || property === undefined) return undefined;
    found.push({ column: columnOf(model, property), value: valueOf(value, scope) });
  }
  return found.every((cell): cell is { column: string; value: SqlPart } => cell.column !== undefined) ? found : undefined;
}

function select(first: Call, calls: readonly Call[], { host, model }: { readonly host: string; readonly model: ModelIr }, table: SqlPart, scope: PeeweeScope): Rendered {
  const { context } = scope;
  const own = scope.aliasOf(host, model);
  const column = (node: SyntaxNode): SqlPart => {
    const entity = modelOf(node, context);
    return entity ? allColumns(entity.host, entity.model, scope, context.span(node)) : renderPeewee(node, scope) ?? unknownPart(node, scope);
  };
  const columns = first.argNodes.length === 0 ? [allColumns(host, model, scope, context.span(first.node))] : first.argNodes.map(column);
  const joins: SqlPart[] = [];
  const [where, groupBy, having, orderBy]: SqlPart[][] = [[], [], [], []];
  let [distinct, locking]: (SqlPart | undefined)[] = [undefined, undefined];
  let [limit, offset]: (RowCountPart | undefined)[] = [undefined, undefined];
  let last = { host, model };
  let [one, wrap]: [boolean, 'count' | 'exists' | undefined] = [false, undefined];
  let more = false;
  for (const call of calls) {
    const nodes = call.argNodes.filter((node) => node.type !== 'keyword_argument');
    const { keyword } = call.node.type === 'call' ? argumentsOf(call.node) : { keyword: new Map<string, SyntaxNode>() };
    const [head, second] = nodes;
    const count = (node: SyntaxNode): RowCountPart => ({ count: conditional(valueOf(node, scope), call.condition), host: call.span });
    switch (call.name) {
      case 'where':
        where?.push(...nodes.map((node) => conditional(conditionOf(node, scope), call.condition)));
        break;
      case 'having':
        having?.push(...nodes.map((node) => conditionOf(node, scope)));
        break;
      case 'group_by':
        groupBy?.push(...nodes.map(column));
        break;
      case 'order_by':
        if (!call.condition) orderBy?.splice(0);
        orderBy?.push(...nodes.map((node) => conditional(ordering(node, scope), call.condition)));
        break;
      case 'limit':
        if (head) limit = count(head);
        break;
      case 'offset':
        if (head) offset = count(head);
        break;
      case 'paginate': {
        const size = second ?? keyword.get('paginate_by');
        limit = { count: size ? valueOf(size, scope) : sql('20', call.span), host: call.span };
        offset = { count: bind({ ...scope.bindOf(head ?? call.node), span: call.span }), host: call.span };
        break;
      }
      case 'distinct':
        distinct = sql('DISTINCT', call.span);
        break;
      case 'for_update': {
        const text = head && literalValue(head);
        locking = sql(typeof text === 'string' && /^[\w ]+$/.test(text) ? text : `FOR UPDATE${keyword.has('nowait') ? ' NOWAIT' : ''}`, call.span);
        break;
      }
      case 'switch':
        last = (head && modelOf(head, context)) ?? { host, model };
        break;
      case 'join':
      case 'join_from': {
        const [from, to, kind] = call.name === 'join' ? [last, head, second] : [(head && modelOf(head, context)) ?? last, second, nodes[2]];
        const target = to && modelOf(to, context);
        const type = kind ?? keyword.get('join_type');
        const on = keyword.get('on') ?? (call.name === 'join' ? nodes[2] : nodes[3]);
        const condition = target && (on ? onCondition(on, target, scope) : keyCondition(from, target, scope));
        if (!target || !condition) more = true;
        else joins.push(concat(sql(/LEFT/.test(type?.text ?? '') ? 'LEFT OUTER JOIN ' : /RIGHT/.test(type?.text ?? '') ? 'RIGHT OUTER JOIN ' : /FULL/.test(type?.text ?? '') ? 'FULL OUTER JOIN ' : 'INNER JOIN ', call.span), identifier([target.model.table], context.span(call.node)), sql(' AS '), identifier(scope.aliasOf(target.host, target.model)), sql(' ON '), condition));
        if (target) last = target;
        break;
      }
      case '[]':
        ({ limit, offset, one } = slice(call, nodes, scope, { limit, offset, one }));
        break;
      case 'first':
      case 'get':
      case 'get_or_none':
        one = true;
        if (call.name !== 'first') where?.push(...nodes.map((node) => conditionOf(node, scope)));
        limit = { count: sql('1'), host: call.span };
        break;
      case 'scalar':
      case 'peek':
        one = true;
        break;
      case 'count':
      case 'exists':
        one = true;
        wrap = call.name;
        break;
      case 'execute': case 'iterator': case 'dicts': case 'tuples': case 'namedtuples': case 'objects': case 'alias': case 'bind':
        break;
      default:
        more = true;
    }
  }
  const part = renderSelect({
    ...(distinct ? { distinct } : {}), columns: wrap === 'exists' ? [sql('1')] : columns, from: concat(table, sql(' AS '), identifier(own)), joins, where: where ?? [], groupBy: groupBy ?? [], having: having ?? [], orderBy: wrap ? [] : orderBy ?? [],
    ...(wrap === 'exists' ? { limit: { count: sql('1') } } : limit ? { limit } : {}), ...(offset ? { offset } : {}), ...(locking ? { locking } : {}),
  });
  const whole = wrap === 'count' ? concat(sql('SELECT COUNT(1) FROM '), group(part), sql(' AS _wrapped')) : part;
  return { part: more ? concat(whole, incomplete) : whole, write: false, one, eager: first.argNodes.flatMap((node) => { const entity = modelOf(node, context); return entity && entity.host !== host ? model.relations.filter((relation) => relation.model === entity.model.name).map((relation) => relation.property) : []; }) };
}

/** `-Order.total` is descending too. */
function ordering(node: SyntaxNode, scope: PeeweeScope): SqlPart {
  const inner = unwrap(node);
  const argument = inner.type === 'unary_operator' && inner.text.startsWith('-') ? field(inner, 'argument') ?? parts(inner)[0] : undefined;
  const descending = argument && renderPeewee(argument, scope);
  return descending ? concat(descending, sql(' DESC', scope.context.span(inner))) : renderPeewee(inner, scope) ?? hole('fragment', scope.bindOf(inner));
}

type Entity = { readonly host: string; readonly model: ModelIr };

/** The key between two models, where only one leads from one to the other. */
function keyCondition(from: Entity, to: Entity, scope: PeeweeScope): SqlPart | undefined {
  const [left, right] = [scope.aliasOf(from.host, from.model), scope.aliasOf(to.host, to.model)];
  const out = from.model.relations.filter((relation) => !relation.many && relation.model === to.model.name);
  const back = to.model.relations.filter((relation) => !relation.many && relation.model === from.model.name);
  const equal = (a: string, x: string | undefined, b: string, y: string | undefined): SqlPart => concat(identifier([a, x ?? '']), sql(' = '), identifier([b, y ?? '']));
  if (out.length === 1) return equal(left, out[0]?.columns[0], right, out[0]?.references[0]);
  return out.length === 0 && back.length === 1 ? equal(right, back[0]?.columns[0], left, back[0]?.references[0]) : undefined;
}

/** `on=(a == b)`, or a foreign key field. */
function onCondition(node: SyntaxNode, to: Entity, scope: PeeweeScope): SqlPart | undefined {
  const inner = unwrap(node);
  const part = renderPeewee(inner, scope);
  if (!part || inner.type !== 'attribute') return part;
  const alias = scope.aliasOf(to.host, to.model);
  return concat(part, sql(' = '), identifier([alias, primaryColumn(to.model)]));
}

function slice(call: Call, nodes: readonly SyntaxNode[], scope: PeeweeScope, before: { readonly limit?: RowCountPart; readonly offset?: RowCountPart; readonly one: boolean }): { limit?: RowCountPart; offset?: RowCountPart; one: boolean } {
  const index = field(call.node, 'subscript');
  if (index?.type !== 'slice') return { ...before, one: true };
  const names = boundNames(index);
  const [start, stop] = [nodes[names.indexOf('start')], nodes[names.indexOf('stop')]];
  const [from, to] = [start && literalValue(start), stop && literalValue(stop)];
  const moved = start && from !== 0;
  const size = !stop ? undefined : !moved ? valueOf(stop, scope) : typeof from === 'number' && typeof to === 'number' ? literal(to - from) : bind({ ...scope.bindOf(stop), text: `${stop.text} - ${start.text}` });
  return { one: false, ...(size && stop ? { limit: { count: size, host: spanOf(stop) } } : before.limit ? { limit: before.limit } : {}), ...(moved ? { offset: { count: valueOf(start, scope), host: spanOf(start) } } : {}) };
}

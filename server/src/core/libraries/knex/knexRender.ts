import { isFunction, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import { bindOf, constantText, constantValue, readArray, readObject, valuePart } from '../shared/hostValues';
import { aliasedName, callbackCalls, columnPart, incompleteUnless, rawPart, rawText, subqueryPart, tablePart, type KnexCall, type KnexScope } from './knexScope';
import { joinKnexConditions, readCondition, toConjuncts, type KnexCondition } from './knexWhere';
import { renderWrite, type KnexWrite } from './knexWrite';
import { concat, conditional, group, hole, identifier, incomplete, isEmpty, join, nothing, sql, type SqlPart } from '../shared/sqlBuilder';
import { renderSelect, renderWith, type RowCountPart } from '../shared/sqlClauses';

/** What a chain of knex calls comes to. */
export interface KnexQuery {
  readonly sql: SqlPart;
  readonly access: 'read' | 'write';
  readonly fetches: 'many' | 'one' | 'stream' | 'none';
  /** A builder method or table was seen. */
  readonly known: boolean;
}

interface State {
  table: SqlPart;
  schema: SqlPart;
  with: SqlPart[];
  recursive: boolean;
  distinct: SqlPart;
  columns: SqlPart[];
  starHost?: HostSpan;
  joins: SqlPart[];
  where: KnexCondition[];
  having: KnexCondition[];
  groupBy: SqlPart[];
  orderBy: SqlPart[];
  unions: SqlPart[];
  limit?: RowCountPart;
  offset?: RowCountPart;
  locking: SqlPart;
  write?: KnexWrite;
  fetches?: KnexQuery['fetches'];
  aggregates: number;
  complete: boolean;
  known: boolean;
}

/** What a statement begins with where the chain's own calls do not say it (Objection: the model's table, its key). */
export interface KnexStart {
  readonly table: SqlPart;
  readonly where: readonly KnexCondition[];
  readonly limit?: RowCountPart;
  readonly offset?: RowCountPart;
  /** Instead of `*`. */
  readonly star?: SqlPart;
}

/** Calls that change nothing in the statement. */
const neutral = new Set(['clone', 'transacting', 'debug', 'timeout', 'options', 'on', 'then', 'catch', 'finally', 'as', 'connection', 'hintComment', 'comment', 'queryContext', 'asCallback', 'toSQL', 'toString', 'toQuery', 'toNative', 'queryBuilder', 'once', 'tap', 'map', 'returningAs', 'select_', 'withUserParams', 'isolation']);

/**
 * Renders the calls of a chain in their order.
 * @param aliases names of the function that builds (`knex`, `db`, `trx`): its first argument is the table.
 */
export function renderKnex(calls: readonly KnexCall[], aliases: (call: KnexCall, index: number) => boolean, scope: KnexScope, start?: KnexStart): KnexQuery {
  const state: State = { table: nothing, schema: nothing, with: [], recursive: false, distinct: nothing, columns: [], joins: [], where: [], having: [], groupBy: [], orderBy: [], unions: [], locking: nothing, aggregates: 0, complete: true, known: false };
  if (start) Object.assign(state, { table: start.table, where: [...start.where], limit: start.limit, offset: start.offset, known: true });
  // The schema qualifies the table wherever in the chain it is named.
  const schema = calls.find((call) => call.name === 'withSchema')?.argNodes[0];
  if (schema) state.schema = columnPart(schema, scope);
  calls.forEach((call, index) => {
    if (aliases(call, index)) {
      if (call.argNodes[0]) state.table = tablePart(call.argNodes[0], scope, state.schema);
      // Without `select` the table alone asks for every column.
      state.starHost = call.span;
      state.known = true;
    } else applyCall(state, call, scope, 0);
  });
  if (start?.star && state.columns.length === 0 && !state.write) state.columns.push(start.star);
  return finish(state);
}

function finish(state: State): KnexQuery {
  const unseen = incompleteUnless(state.complete);
  const where = toConjuncts(state.where);
  if (state.write) {
    return { sql: concat(renderWith(state.with, state.recursive), renderWrite(state.write, state.table, where, state.joins), unseen), access: 'write', fetches: state.write.returning ? 'many' : 'none', known: state.known };
  }
  const having = state.having.length > 0 ? toConjuncts(state.having) : [];
  const text = renderSelect({ ...state, from: state.table, where, having });
  const oneRow = state.aggregates > 0 && state.groupBy.length === 0 && state.columns.length === state.aggregates;
  return { sql: concat(text, unseen), access: 'read', fetches: state.fetches ?? (oneRow ? 'one' : 'many'), known: state.known };
}

function applyCall(state: State, call: KnexCall, scope: KnexScope, depth: number): void {
  const { name, argNodes: args, span: host, condition } = call;
  const under = (part: SqlPart): SqlPart => conditional(part, condition);
  const where = readCondition(call, 'where', scope);
  if (where) {
    state.where.push(...where);
    return;
  }
  if (name === 'havingRaw' || /^(and|or)?having/i.test(name)) {
    const having = readCondition(call, 'having', scope);
    if (having) {
      state.having.push(...having);
      return;
    }
  }
  const aggregate = /^(count|min|max|sum|avg)(Distinct)?$/.exec(name);
  if (aggregate) {
    state.columns.push(...aggregates(aggregate[1] ?? 'count', aggregate[2] !== undefined, args, host, scope).map(under));
    state.aggregates += Math.max(1, args.length);
    return;
  }
  const joinKind = /^(inner|left|leftOuter|right|rightOuter|full|fullOuter|outer|cross)?join$/i.exec(name);
  if (joinKind) {
    state.joins.push(under(renderJoin(joinKind[1]?.toLowerCase(), call, state, scope)));
    return;
  }
  switch (name) {
    case 'from':
    case 'into':
    case 'table':
      if (args[0]) state.table = tablePart(args[0], scope, state.schema);
      state.known = true;
      return;
    case 'fromRaw':
      state.table = rawText(args, scope);
      return;
    case 'withSchema':
      return;
    case 'select':
    case 'column':
    case 'columns':
    case 'first':
    case 'pluck':
    case 'distinct':
    case 'distinctOn': {
      const columns = selectColumns(args, scope);
      if (name === 'distinct') state.distinct = sql('DISTINCT', host);
      if (name === 'distinctOn') state.distinct = concat(sql('DISTINCT ON ', host), group(join(columns, ', '), host));
      else state.columns.push(...columns.map(under));
      if (columns.length === 0) state.starHost = call.nameSpan;
      if (name === 'first') {
        state.limit ??= { count: under(sql('1', host)), host };
        state.fetches = 'one';
      }
      return;
    }
    case 'joinRaw':
      state.joins.push(under(rawText(args, scope)));
      return;
    case 'groupBy':
      state.groupBy.push(...selectColumns(args, scope).map(under));
      return;
    case 'groupByRaw':
      state.groupBy.push(under(rawText(args, scope)));
      return;
    case 'orderBy':
      state.orderBy.push(...orderItems(call, scope).map(under));
      return;
    case 'orderByRaw':
      state.orderBy.push(under(rawText(args, scope)));
      return;
    case 'limit':
      if (args[0]) state.limit = { count: under(count(args[0], scope)), host };
      return;
    case 'offset':
      if (args[0]) state.offset = { count: under(count(args[0], scope)), host };
      return;
    case 'paginate':
      applyPaginate(state, call, scope);
      return;
    case 'forUpdate':
    case 'forShare':
    case 'forNoKeyUpdate':
    case 'forKeyShare':
      state.locking = concat(sql(`FOR ${name.slice(3).replaceAll(/(?<!^)([A-Z])/g, ' $1').toUpperCase()}`, host), args.length > 0 ? concat(sql(' OF ', host), join(selectColumns(args, scope), ', ')) : nothing);
      return;
    case 'skipLocked':
    case 'noWait':
      state.locking = concat(state.locking, sql(name === 'skipLocked' ? ' SKIP LOCKED' : ' NOWAIT', host));
      return;
    case 'union':
    case 'unionAll':
    case 'intersect':
    case 'except':
      for (const arm of unionArms(args)) {
        const inner = scope.query(arm) ?? rawPart(arm, scope);
        if (inner) state.unions.push(under(concat(sql(`${name === 'unionAll' ? 'UNION ALL' : name.toUpperCase()} `, host), inner)));
        else state.complete = false;
      }
      return;
    case 'with':
    case 'withRecursive':
    case 'withMaterialized':
    case 'withNotMaterialized':
      if (!applyWith(state, call, scope)) state.complete = false;
      return;
    case 'modify':
      applyModify(state, call, scope, depth);
      return;
    case 'stream':
    case 'pipe':
      state.fetches = 'stream';
      return;
    case 'insert':
    case 'update':
    case 'upsert':
    case 'del':
    case 'delete':
    case 'truncate':
    case 'increment':
    case 'decrement':
    case 'returning':
    case 'onConflict':
    case 'merge':
    case 'ignore':
    case 'using':
    case 'updateFrom':
    case 'batchInsert':
      applyWrite(state, call, scope);
      return;
    case 'clearWhere':
    case 'clearSelect':
    case 'clearOrder':
    case 'clearGroup':
    case 'clearHaving':
    case 'clear':
      clear(state, name === 'clear' ? String(args[0] ? constantText(args[0], scope.host) : '') : name.slice(5).toLowerCase());
      return;
    default:
      if (!neutral.has(name)) state.complete = false;
  }
}

function clear(state: State, what: string): void {
  if (what === 'where') state.where = [];
  else if (what === 'having') state.having = [];
  else if (what === 'order') state.orderBy = [];
  else if (what === 'group') state.groupBy = [];
  else if (what === 'limit') state.limit = undefined;
  else if (what === 'offset') state.offset = undefined;
  else if (what === 'select' || what === 'columns') {
    state.columns = [];
    state.aggregates = 0;
    state.distinct = nothing;
  } else state.complete = false;
}

function applyWrite(state: State, call: KnexCall, scope: KnexScope): void {
  const { name, span: host, argNodes: args } = call;
  const current: KnexWrite = state.write ?? { kind: 'insert', calls: [], scope };
  if (name === 'returning') {
    state.write = { ...current, returning: { columns: selectColumns(args, scope), host } };
    return;
  }
  const kinds: Readonly<Record<string, KnexWrite['kind']>> = { insert: 'insert', upsert: 'insert', batchInsert: 'insert', update: 'update', increment: 'update', decrement: 'update', del: 'delete', delete: 'delete', truncate: 'truncate' };
  if (name === 'batchInsert' && args[0]) state.table = tablePart(args[0], scope, state.schema);
  const position = /^del/.test(name) ? 0 : name === 'update' && args[0] && constantText(args[0], scope.host) !== undefined ? 2 : 1;
  const inline = /^(insert|update|del|delete)$/.test(name) ? args[position] : undefined;
  const returning = inline ? { columns: selectColumns([inline], scope), host } : current.returning;
  state.write = { ...current, kind: kinds[name] ?? current.kind, calls: [...current.calls, call], ...(returning ? { returning } : {}) };
}

/** `knex-paginate`: a page is an OFFSET. */
function applyPaginate(state: State, call: KnexCall, scope: KnexScope): void {
  const options = call.argNodes[0] ? readObject(call.argNodes[0], scope.host) : undefined;
  const perPage = options?.entries.find((entry) => entry.key === 'perPage');
  const page = options?.entries.find((entry) => entry.key === 'currentPage');
  if (!perPage || !page) {
    state.complete = false;
    return;
  }
  state.limit = { count: count(perPage.value, scope), host: perPage.span };
  state.offset = { count: valuePart(page.value, scope.host), host: page.span };
}

function applyModify(state: State, call: KnexCall, scope: KnexScope, depth: number): void {
  const written = call.argNodes[0];
  const origin = written && !isFunction(unwrap(written)) ? scope.host.origin(written) : undefined;
  const fn = written && isFunction(unwrap(written)) ? unwrap(written) : origin?.kind === 'node' && isFunction(origin.node) ? origin.node : undefined;
  if (!fn || depth > 4) {
    state.complete = false;
    return;
  }
  const { calls, complete } = callbackCalls(fn, scope, call.condition);
  if (!complete) state.complete = false;
  for (const inner of calls) applyCall(state, inner, scope, depth + 1);
}

function applyWith(state: State, call: KnexCall, scope: KnexScope): boolean {
  const [alias, ...rest] = call.argNodes;
  const name = alias ? constantText(alias, scope.host) : undefined;
  const columnList = rest.length > 1 && rest[0] ? readArray(rest[0], scope.host) : undefined;
  const body = rest[columnList ? 1 : 0];
  if (!body || name === undefined) return false;
  const query = scope.query(body) ?? rawPart(body, scope);
  if (!query) return false;
  const columns = columnList ? group(join(columnList.items.map((item) => columnPart(item.node, scope)), ', ')) : nothing;
  const keyword = call.name === 'withMaterialized' ? ' AS MATERIALIZED ' : call.name === 'withNotMaterialized' ? ' AS NOT MATERIALIZED ' : ' AS ';
  state.recursive ||= call.name === 'withRecursive';
  state.with.push(concat(/\(.*\)/.test(name) ? sql(name) : identifier(name, alias ? spanOf(alias) : undefined), columns, sql(keyword), group(query)));
  return true;
}

const unionArms = (args: readonly SyntaxNode[]): readonly SyntaxNode[] =>
  args.flatMap((arg) => readArray(arg)?.items.map((item) => item.node) ?? (/^(true|false)$/.test(arg.text) ? [] : [arg]));

/** Columns of `select`, `groupBy`, `returning`: strings, arrays, `{ alias: column }`, raw, sub-queries. */
export function selectColumns(args: readonly SyntaxNode[], scope: KnexScope): readonly SqlPart[] {
  return args.flatMap((written) => {
    const node = unwrap(written);
    if (node.type === 'spread_element') {
      const spread = node.namedChildren[0] ? readArray(node.namedChildren[0], scope.host) : undefined;
      return spread && !spread.open ? spread.items.map((item) => columnPart(item.node, scope)) : [hole('identifier', bindOf(node.namedChildren[0] ?? node, scope.host))];
    }
    const list = node.type === 'array' || node.type === 'identifier' ? readArray(node, scope.host) : undefined;
    if (list) return list.open ? [...list.items.map((item) => columnPart(item.node, scope)), hole('identifier', bindOf(node, scope.host))] : list.items.flatMap((item) => selectColumns([item.node], scope).map((part) => conditional(part, item.condition)));
    const object = node.type === 'object' ? readObject(node, scope.host) : undefined;
    if (object) return object.entries.map((entry) => concat(columnPart(entry.value, scope, entry.span), sql(' AS ', entry.span), identifier(entry.key, entry.span)));
    return [columnPart(node, scope)];
  });
}

function aggregates(name: string, distinct: boolean, args: readonly SyntaxNode[], host: HostSpan, scope: KnexScope): readonly SqlPart[] {
  const wrap = (inner: SqlPart, alias: SqlPart): SqlPart => concat(sql(`${name.toUpperCase()}(${distinct ? 'DISTINCT ' : ''}`, host), inner, sql(')', host), alias);
  if (args.length === 0) return [wrap(sql('*', host), nothing)];
  const as = (text: string): SqlPart => concat(sql(' AS ', host), identifier(text, host));
  if (distinct) {
    const columns = args.filter((arg) => unwrap(arg).type !== 'object');
    if (columns.length > 1) return [wrap(join(columns.map((arg) => columnPart(arg, scope)), ', '), nothing)];
  }
  return args.flatMap((arg) => {
    const options = unwrap(arg).type === 'object' ? readObject(arg, scope.host) : undefined;
    if (options) return arg === args[0] ? options.entries.map((entry) => wrap(columnPart(entry.value, scope, host), as(entry.key))) : [];
    const text = constantText(arg, scope.host);
    if (text === undefined) return [wrap(columnPart(arg, scope, host), nothing)];
    const [, column = text, alias] = /^(.+?)\s+as\s+(.+)$/i.exec(text) ?? [];
    const option = args[1] && unwrap(args[1]).type === 'object' ? readObject(args[1], scope.host)?.entries.find((entry) => entry.key === 'as') : undefined;
    const optionName = option ? constantText(option.value, scope.host) : undefined;
    return [wrap(aliasedName(column, host), alias ?? optionName ? as(alias ?? optionName ?? '') : nothing)];
  });
}

function renderJoin(kind: string | undefined, call: KnexCall, state: State, scope: KnexScope): SqlPart {
  const [table, first, ...rest] = call.argNodes;
  const host = call.span;
  const words: Readonly<Record<string, string>> = { left: 'LEFT', leftouter: 'LEFT OUTER', right: 'RIGHT', rightouter: 'RIGHT OUTER', full: 'FULL', fullouter: 'FULL OUTER', outer: 'FULL OUTER', cross: 'CROSS' };
  const keyword = sql(`${words[kind ?? ''] ?? 'INNER'} JOIN `, host);
  if (!table) return incomplete;
  const target = concat(keyword, tablePart(table, scope, state.schema));
  if (!first) return target;
  return concat(target, joinConditionOf(call, first, rest, scope));
}

function joinConditionOf(call: KnexCall, first: SyntaxNode, rest: readonly SyntaxNode[], scope: KnexScope): SqlPart {
  const node = unwrap(first);
  if (isFunction(node)) {
    const { calls, complete } = callbackCalls(node, scope);
    let known = complete;
    const using = calls.find((inner) => inner.name === 'using');
    if (using) return concat(sql(' USING ', using.span), group(join(selectColumns(using.argNodes, scope), ', ')));
    const conditions = calls.flatMap((inner) => {
      const read = readCondition(inner, 'on', scope) ?? readCondition(inner, 'where', scope);
      if (!read) known = false;
      return read ?? [];
    });
    const part = joinKnexConditions(conditions);
    return concat(isEmpty(part) ? nothing : sql(' ON '), part, incompleteUnless(known));
  }
  const raw = rawPart(node, scope);
  if (raw && rest.length === 0) return concat(sql(' ON '), raw);
  const inner = readCondition({ ...call, name: 'on', argNodes: [first, ...rest], condition: undefined }, 'on', scope) ?? [];
  return concat(sql(' ON '), joinKnexConditions(inner));
}

const count = (node: SyntaxNode, scope: KnexScope): SqlPart => rawPart(node, scope) ?? subqueryPart(node, scope) ?? valuePart(node, scope.host);

function orderItems(call: KnexCall, scope: KnexScope): readonly SqlPart[] {
  const [first, direction, nulls] = call.argNodes;
  if (!first) return [];
  const list = readArray(first, scope.host);
  if (list) {
    return [...list.items.map((item) => {
      const object = readObject(item.node, scope.host);
      const find = (key: string): SyntaxNode | undefined => object?.entries.find((entry) => entry.key === key)?.value;
      const column = find('column');
      const part = object && column ? orderItem(column, find('order'), find('nulls'), spanOf(item.node), scope) : orderItem(item.node, undefined, undefined, spanOf(item.node), scope);
      return conditional(part, item.condition);
    }), incompleteUnless(!list.open)];
  }
  return [orderItem(first, direction, nulls, spanOf(first), scope)];
}

function orderItem(column: SyntaxNode, direction: SyntaxNode | undefined, nulls: SyntaxNode | undefined, host: HostSpan, scope: KnexScope): SqlPart {
  const written = direction ? constantText(direction, scope.host)?.toLowerCase() : 'asc';
  const order = direction && written === undefined ? hole('fragment', bindOf(direction, scope.host)) : written === 'desc' ? sql(' DESC', host) : nothing;
  const last = nulls ? constantValue(nulls, scope.host) : undefined;
  return concat(columnPart(column, scope, host), order, typeof last === 'string' && /^(first|last)$/i.test(last) ? sql(` NULLS ${last.toUpperCase()}`, host) : nothing);
}

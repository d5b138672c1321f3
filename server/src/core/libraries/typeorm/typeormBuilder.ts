import { callParts, isFunction, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import type { Chain, HostContext } from '../adapter';
import { callbackCalls } from '../knex/knexScope';
import { joinKnexConditions, toConjuncts, type KnexCondition } from '../knex/knexWhere';
import { bindOf, constantText, readArray, readObject, valuePart } from '../shared/hostValues';
import { clause, concat, conditional, group, hole, identifier, incomplete, join, joinConditions, nothing, sql, type SqlPart } from '../shared/sqlBuilder';
import { renderSelect, renderWhere, type RowCountPart, type SelectParts } from '../shared/sqlClauses';
import { countColumn, directionPart, lockText, renderRows } from './typeormFind';
import { columnPart, columnsOf, createScope, entityColumns, entityNamed, joinRelation, notDeleted, sourceOf, sqlText, tablePart, type EntitySource, type TypeormScope } from './typeormScope';
import { wherePart } from './typeormWhere';
import { assignments, renderInsert } from './typeormWrite';

type Call = Chain['calls'][number];

export interface BuiltQuery {
  readonly sql: SqlPart;
  readonly access: 'read' | 'write';
  readonly fetches: 'many' | 'one' | 'stream' | 'none';
  readonly executes: boolean;
  readonly entity: string | undefined;
}

interface Select {
  /** Whole entity. */
  readonly source?: EntitySource;
  readonly part?: SqlPart;
}

interface State {
  readonly scope: TypeormScope;
  kind: 'select' | 'insert' | 'update' | 'delete' | 'soft-delete' | 'restore';
  selects: Select[] | undefined;
  where: KnexCondition[];
  having: KnexCondition[];
  groupBy: SqlPart[];
  orderBy: SqlPart[];
  distinct: SqlPart;
  limit?: RowCountPart;
  offset?: RowCountPart;
  take?: RowCountPart;
  skip?: RowCountPart;
  lock?: { readonly mode: string | undefined; readonly host: HostSpan };
  onLocked?: string;
  values?: SyntaxNode;
  set?: SyntaxNode;
  conflict: SqlPart;
  returning: SqlPart;
  complete: boolean;
}

const terminals: Readonly<Record<string, BuiltQuery['fetches']>> = { getMany: 'many', getRawMany: 'many', getRawAndEntities: 'many', getManyAndCount: 'many', getOne: 'one', getOneOrFail: 'one', getRawOne: 'one', getCount: 'one', getExists: 'one', execute: 'many', stream: 'stream' };
export const isTerminal = (name: string): boolean => Object.hasOwn(terminals, name);
const neutral = new Set(['cache', 'comment', 'printSql', 'useTransaction', 'setQueryRunner', 'callListeners', 'updateEntity', 'setOption', 'getQuery', 'getSql', 'getQueryAndParameters', 'getParameters', 'clone', 'maxExecutionTime', 'then', 'catch', 'finally', 'loadAllRelationIds', 'loadRelationIdAndMap', 'loadRelationCountAndMap', 'disableEscaping', 'enableEscaping', 'setNativeParameters', 'into', 'timeTravelQuery', 'useIndex', 'relation', 'of']);

/**
 * Renders the calls behind `createQueryBuilder(…)`.
 * @param main the entity of the repository, or what the arguments name.
 */
export function renderBuilder(calls: readonly Call[], main: EntitySource, host: HostContext, anchor: HostSpan): BuiltQuery | undefined {
  const kind = calls.some((call) => call.name === 'insert') ? 'insert' : calls.some((call) => call.name === 'update') ? 'update' : calls.some((call) => call.name === 'delete') ? 'delete' : calls.some((call) => call.name === 'softDelete') ? 'soft-delete' : calls.some((call) => call.name === 'restore') ? 'restore' : 'select';
  const scope = createScope(host, mainOf(calls, main, host), kind === 'select');
  readParameters(calls, scope);
  const state: State = { scope, kind, selects: undefined, where: [], having: [], groupBy: [], orderBy: [], distinct: nothing, conflict: nothing, returning: nothing, complete: true };
  for (const call of calls) apply(state, call);
  const terminal = calls.find((call) => isTerminal(call.name));
  const text = finish(state, terminal?.name, anchor);
  if (!text) return undefined;
  const write = kind !== 'select';
  return {
    sql: concat(text, state.complete && !scope.open ? nothing : incomplete),
    access: write ? 'write' : 'read',
    fetches: write ? (state.returning.length > 0 ? 'many' : 'none') : terminals[terminal?.name ?? 'getMany'] ?? 'many',
    executes: terminal !== undefined,
    entity: scope.main.name,
  };
}

/** `.from(User, 'u')`, `.insert().into(User)`, `.update(User)`: the builder was made without its entity. */
function mainOf(calls: readonly Call[], main: EntitySource, host: HostContext): EntitySource {
  for (const call of calls) {
    if (!/^(from|into|update|delete|softDelete)$/.test(call.name)) continue;
    const [first, second] = call.argNodes;
    const named = first && !readObject(first) ? entityNamed(first, host) : undefined;
    if (!named) continue;
    return { alias: (second && constantText(second, host)) ?? (main.name === undefined ? named.model?.table ?? named.name : main.alias), name: named.name, model: named.model };
  }
  return main;
}

/** Parameters may be set behind the text that names them. */
function readParameters(calls: readonly Call[], scope: TypeormScope): void {
  for (const call of calls) {
    const { argNodes: args } = call;
    if (call.name === 'setParameter') {
      const name = args[0] && constantText(args[0], scope.host);
      if (name !== undefined && args[1]) scope.parameters.set(name, args[1]);
      continue;
    }
    const objects = call.name === 'setParameters' ? args.slice(0, 1) : /^(and|or)?(where|having)$/i.test(call.name) ? args.slice(1, 2) : /join/i.test(call.name) ? args.slice(3) : [];
    for (const node of objects) {
      const object = readObject(node);
      if (!object || object.open) scope.open = scope.open || unwrap(node).type !== 'undefined';
      for (const entry of object?.entries ?? []) scope.parameters.set(entry.key, entry.value);
    }
    for (const node of args.filter((arg) => /^new\s+(Not)?Brackets\b/.test(unwrap(arg).text))) {
      const fn = callParts(unwrap(node))?.args[0];
      if (fn && isFunction(fn)) readParameters(callbackCalls(fn, scope).calls, scope);
    }
  }
}

function apply(state: State, call: Call): void {
  const { scope } = state;
  const { name, argNodes: args, span: host, condition } = call;
  const under = (part: SqlPart): SqlPart => conditional(part, condition);
  const where = /^(and|or)?(where|having)$/i.exec(name);
  if (where) {
    const list = where[2]?.toLowerCase() === 'where' ? 'where' : 'having';
    // `where` starts anew.
    if (where[1] === undefined && !condition) state[list] = [];
    if (args[0]) state[list].push({ or: where[1]?.toLowerCase() === 'or', part: under(conditionPart(args[0], scope)) });
    return;
  }
  const joined = /^(left|inner)Join(AndSelect|AndMapMany|AndMapOne)?$/.exec(name);
  if (joined) {
    const mapped = joined[2]?.startsWith('AndMap') ?? false;
    if (!applyJoin(state, mapped ? args.slice(1) : args, joined[1] === 'inner', joined[2] !== undefined, host, condition !== undefined)) state.complete = false;
    return;
  }
  switch (name) {
    case 'select':
    case 'addSelect': {
      if (name === 'select' && args.length > 0 && !condition) state.selects = [];
      state.selects ??= [{ source: scope.main }];
      state.selects.push(...selectItems(args, scope).map((item) => (item.part ? { part: under(item.part) } : item)));
      return;
    }
    case 'from':
    case 'into':
    case 'update':
    case 'delete':
    case 'softDelete':
    case 'restore': {
      const set = name === 'update' ? args.find((arg) => readObject(arg)) : undefined;
      if (set) state.set = set;
      if (name === 'from' && args[0] && isFunction(unwrap(args[0]))) state.complete = false;
      return;
    }
    case 'insert':
      return;
    case 'values':
      state.values = args[0];
      return;
    case 'set':
      state.set = args[0];
      return;
    case 'whereInIds':
    case 'andWhereInIds':
    case 'orWhereInIds':
      if (args[0]) state.where.push({ or: name.startsWith('or'), part: under(concat(columnPart(scope, scope.main, primaryOf(scope.main), host), sql(' IN ', host), hole('list', bindOf(args[0], scope.host)))) });
      return;
    case 'whereExists':
    case 'andWhereExists':
    case 'orWhereExists':
      state.where.push({ or: name.startsWith('or'), part: incomplete });
      return;
    case 'orderBy':
    case 'addOrderBy':
      if (name === 'orderBy' && !condition) state.orderBy = [];
      state.orderBy.push(...orderItems(args, host, scope).map(under));
      return;
    case 'groupBy':
    case 'addGroupBy':
      if (name === 'groupBy' && !condition) state.groupBy = [];
      if (args[0]) state.groupBy.push(under(sqlText(args[0], scope)));
      return;
    case 'limit':
    case 'offset':
    case 'take':
    case 'skip':
      if (args[0] && !/^(undefined|null)$/.test(args[0].text)) state[name] = { count: under(valuePart(args[0], scope.host)), host };
      return;
    case 'distinct':
      state.distinct = args[0]?.text === 'false' ? nothing : sql('DISTINCT', host);
      return;
    case 'distinctOn': {
      const list = args[0] ? readArray(args[0]) : undefined;
      if (list) state.distinct = concat(sql('DISTINCT ON ', host), group(join(list.items.map((item) => sqlText(item.node, scope)), ', ')));
      return;
    }
    case 'setLock':
      state.lock = { mode: args[0] && constantText(args[0], scope.host), host };
      return;
    case 'setOnLocked':
      state.onLocked = args[0] && constantText(args[0], scope.host);
      return;
    case 'withDeleted':
      scope.withDeleted = true;
      return;
    case 'orIgnore':
      state.conflict = sql(' ON CONFLICT DO NOTHING', host);
      return;
    case 'orUpdate':
    case 'onConflict':
      state.conflict = conflictPart(name, args, host, scope);
      return;
    case 'returning':
    case 'output':
      state.returning = returningPart(args[0], host, scope);
      return;
    default:
      if (!neutral.has(name) && !/^setParameters?$/.test(name) && !isTerminal(name)) state.complete = false;
  }
}

const primaryOf = (source: EntitySource): string => source.model?.columns.find((column) => column.column === source.model?.primary?.[0])?.property ?? 'id';

/** Text, object, list of alternatives, or `new Brackets((qb) => …)`. */
function conditionPart(written: SyntaxNode, scope: TypeormScope): SqlPart {
  const node = unwrap(written);
  const brackets = node.type === 'new_expression' ? callParts(node) : undefined;
  if (brackets && /^(Not)?Brackets$/.test(brackets.callee.text)) {
    const fn = brackets.args[0];
    if (!fn || !isFunction(fn)) return incomplete;
    const { calls, complete } = callbackCalls(fn, scope);
    let known = complete;
    const conditions = calls.flatMap((call): readonly KnexCondition[] => {
      const match = /^(and|or)?where$/i.exec(call.name);
      if (!match || !call.argNodes[0]) {
        known = false;
        return [];
      }
      return [{ or: match[1]?.toLowerCase() === 'or', part: conditional(conditionPart(call.argNodes[0], scope), call.condition) }];
    });
    const inner = group(joinKnexConditions(conditions));
    return concat(brackets.callee.text === 'NotBrackets' ? clause(sql('NOT ', spanOf(node)), inner) : inner, known ? nothing : incomplete);
  }
  if (readObject(node) || readArray(node)) return wherePart(node, scope, scope.main);
  // `.where((qb) => 'u.id IN ' + qb.subQuery()….getQuery())`
  if (isFunction(node)) return hole('fragment', bindOf(node, scope.host));
  const part = sqlText(node, scope);
  return /\bor\b/i.test(scope.host.string(node)?.text ?? '') ? group(part) : part;
}

function applyJoin(state: State, args: readonly SyntaxNode[], inner: boolean, selected: boolean, host: HostSpan, sometimes: boolean): boolean {
  const { scope } = state;
  const [target, aliasNode, onNode] = args;
  const alias = aliasNode && constantText(aliasNode, scope.host);
  if (!target || alias === undefined) return false;
  const path = constantText(target, scope.host);
  const [parentName, ...rest] = path?.split('.') ?? [];
  const parent = parentName === undefined || rest.length === 0 ? undefined : sourceOf(scope, parentName);
  const relation = parent?.model?.relations.find((candidate) => candidate.property === rest.join('.'));
  const place = scope.joins.length;
  if (parent && relation) {
    // The condition may name the table that is joined here.
    const joined = joinRelation(scope, parent, relation, alias, { inner, selected, host });
    if (!joined) return false;
    if (onNode && !/^(undefined|null)$/.test(onNode.text)) replaceJoin(scope, place, concat(joined.part, sql(' AND '), group(sqlText(onNode, scope))));
  } else if (parent) return false;
  else {
    const named = path === undefined ? entityNamed(target, scope.host) : { name: path, model: entityNamed(target, scope.host)?.model };
    if (!named || isFunction(unwrap(target))) return false;
    const source: EntitySource = { alias, name: named.name, model: named.model };
    scope.joins.push({ ...source, inner, selected, part: nothing });
    const on = joinConditions([onNode ? sqlText(onNode, scope) : nothing, notDeleted(scope, source, host)], 'AND');
    replaceJoin(scope, place, concat(sql(inner ? 'INNER JOIN ' : 'LEFT JOIN ', host), tablePart(named.model, named.name, host), sql(' '), identifier(alias, host), on.length > 0 ? concat(sql(' ON ', host), on) : nothing));
  }
  if (selected && scope.joins[place]) {
    state.selects ??= [{ source: scope.main }];
    state.selects.push({ source: scope.joins[place] });
  }
  return !sometimes;
}

function replaceJoin(scope: TypeormScope, index: number, part: SqlPart): void {
  const join = scope.joins[index];
  if (join) scope.joins[index] = { ...join, part };
}

function selectItems(args: readonly SyntaxNode[], scope: TypeormScope): readonly Select[] {
  const [first, second] = args;
  if (!first) return [];
  const list = readArray(first);
  if (list) return [...list.items.flatMap((item) => selectItems([item.node], scope)), ...(list.open ? [{ part: hole('identifier', bindOf(first, scope.host)) }] : [])];
  const text = constantText(first, scope.host);
  const as = second && constantText(second, scope.host);
  const source = text === undefined ? undefined : sourceOf(scope, text);
  if (source) return [{ source }];
  const [, alias, path] = /^(\w+)\.([\w.]+)$/.exec(text ?? '') ?? [];
  const owner = alias === undefined ? undefined : sourceOf(scope, alias);
  const columns = owner && path !== undefined ? columnsOf(owner, path) : undefined;
  if (owner && columns && columns[0] !== undefined && as === undefined) return [{ part: concat(identifier([owner.alias, columns[0]], spanOf(first)), sql(' AS '), identifier(`${owner.alias}_${columns[0]}`)) }];
  if (isFunction(unwrap(first))) return [{ part: hole('identifier', bindOf(first, scope.host)) }];
  return [{ part: concat(sqlText(first, scope), as === undefined ? nothing : concat(sql(' AS '), identifier(as, second ? spanOf(second) : undefined))) }];
}

function orderItems(args: readonly SyntaxNode[], host: HostSpan, scope: TypeormScope): readonly SqlPart[] {
  const [first, direction, nulls] = args;
  if (!first) return [];
  const object = readObject(first);
  if (object) return [...object.entries.map((entry) => conditional(concat(nameInOrder(entry.key, entry.span, scope), directionPart(readObject(entry.value)?.entries.find((item) => item.key === 'order')?.value ?? entry.value, entry.span, scope)), entry.condition)), ...(object.open ? [hole('identifier', bindOf(first, scope.host))] : [])];
  const last = nulls && constantText(nulls, scope.host);
  const text = constantText(first, scope.host);
  return [concat(text === undefined ? sqlTextOrName(first, scope) : nameInOrder(text, spanOf(first), scope), directionPart(direction, host, scope), last === undefined ? nothing : sql(` ${last}`, host))];
}

/** An order by text that code puts together orders by something: the statement stays whole. */
const sqlTextOrName = (node: SyntaxNode, { host }: TypeormScope): SqlPart => hole('identifier', bindOf(node, host));

function nameInOrder(text: string, host: HostSpan, scope: TypeormScope): SqlPart {
  const [, alias, path] = /^(\w+)\.([\w.]+)$/.exec(text) ?? [];
  const owner = alias === undefined ? undefined : sourceOf(scope, alias);
  if (owner && path !== undefined) return identifier([owner.alias, columnsOf(owner, path)?.[0] ?? path], host);
  return /^\w+$/.test(text) ? identifier(text, host) : sql(text, host);
}

function conflictPart(name: string, args: readonly SyntaxNode[], host: HostSpan, scope: TypeormScope): SqlPart {
  const [first, second] = args;
  if (name === 'onConflict') return first ? concat(sql(' ON CONFLICT ', host), sqlText(first, scope)) : incomplete;
  const names = (node: SyntaxNode | undefined): readonly string[] | undefined => {
    const list = node && readArray(node);
    const found = list && !list.open ? list.items.map((item) => constantText(item.node, scope.host)) : undefined;
    return found?.every((item) => item !== undefined) ? found : undefined;
  };
  const overwrite = names(first);
  const keys = names(second);
  if (!overwrite || !keys) return concat(sql(' ON CONFLICT DO NOTHING', host), incomplete);
  return concat(sql(' ON CONFLICT ', host), group(join(keys.map((key) => identifier(key, host)), ', ')), sql(' DO UPDATE SET '), join(overwrite.map((column) => concat(identifier(column, host), sql(' = EXCLUDED.'), identifier(column))), ', '));
}

function returningPart(node: SyntaxNode | undefined, host: HostSpan, scope: TypeormScope): SqlPart {
  if (!node) return nothing;
  const list = readArray(node);
  const columns = list ? list.items.map((item) => constantText(item.node, scope.host)).map((name) => (name === undefined ? nothing : identifier(columnsOf(scope.main, name)?.[0] ?? name, host))) : [sqlText(node, scope)];
  return concat(sql(' RETURNING ', host), join(columns, ', '));
}

function finish(state: State, terminal: string | undefined, host: HostSpan): SqlPart | undefined {
  const { scope } = state;
  const table = tablePart(scope.main.model, scope.main.name, host);
  const conditions = toConjuncts(state.where);
  switch (state.kind) {
    case 'insert':
      return state.values ? concat(renderInsert(table, state.values, scope, state.conflict), state.returning) : concat(sql('INSERT INTO '), table, sql(' DEFAULT VALUES'), incomplete);
    case 'update':
      return concat(sql('UPDATE '), table, sql(' SET '), state.set ? assignments(state.set, scope) : hole('assignment', { text: 'set', names: [], origin: 'unknown' }), renderWhere(conditions), state.returning);
    case 'delete':
      return concat(sql('DELETE FROM '), table, renderWhere(conditions), state.returning);
    case 'soft-delete':
    case 'restore': {
      const column = scope.main.model?.softDelete;
      return column === undefined ? undefined : concat(sql('UPDATE '), table, sql(' SET '), identifier(column, host), sql(state.kind === 'restore' ? ' = NULL' : ' = CURRENT_TIMESTAMP', host), renderWhere(conditions));
    }
  }
  const selects = state.selects ?? [{ source: scope.main }];
  const parts: SelectParts = {
    distinct: state.distinct,
    from: concat(tablePart(scope.main.model, scope.main.name, host), sql(' '), identifier(scope.main.alias)),
    joins: scope.joins.map((item) => item.part),
    where: [...conditions, notDeleted(scope, scope.main)],
    columns: selects.flatMap((item) => (item.source ? sourceColumns(item.source) : item.part ? [item.part] : [])),
    groupBy: state.groupBy, having: state.having.length > 0 ? toConjuncts(state.having) : [],
  };
  const whole = { ...parts, where: parts.where?.map((part) => (state.where.some((item, index) => item.or && index > 0) && part === conditions[0] ? group(part) : part)) };
  if (terminal === 'getCount') return renderSelect({ ...whole, columns: [countColumn(scope, host)], groupBy: [], distinct: nothing });
  if (terminal === 'getExists') return concat(sql('SELECT 1 AS row_exists FROM (SELECT 1 AS dummy_column) dummy_table WHERE EXISTS (', host), renderSelect({ ...whole, columns: [sql('1', host)] }), sql(') LIMIT 1'));
  const locking = state.lock ? sql(lockText(state.lock.mode, state.onLocked), state.lock.host) : nothing;
  const direct = state.limit !== undefined || state.offset !== undefined;
  const rows: SelectParts = { ...whole, orderBy: state.orderBy, locking, limit: state.limit ?? state.take, offset: state.offset ?? state.skip };
  // Rows without entities are not paged by key: there `take` and `skip` are without effect where tables are joined.
  if (direct || /^getRaw(Many|One)$|^stream$/.test(terminal ?? '')) return renderSelect(direct || scope.joins.length === 0 ? { ...rows, ...(direct ? { limit: state.limit, offset: state.offset } : {}) } : { ...rows, limit: undefined, offset: undefined });
  return renderRows(rows, scope);
}

const sourceColumns = (source: EntitySource): readonly SqlPart[] => (source.model ? entityColumns(source) : [sql(`${source.alias}.*`)]);

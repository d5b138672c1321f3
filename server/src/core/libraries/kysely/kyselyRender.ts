import { isFunction, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import { callbackCalls } from '../knex/knexScope';
import { bothConditions, constantText, valuePart } from '../shared/hostValues';
import { concat, conditional, group, identifier, incomplete, isEmpty, join, joinConditions, nothing, sql, type SqlPart } from '../shared/sqlBuilder';
import { renderSelect, renderWhere, renderWith, type RowCountPart } from '../shared/sqlClauses';
import { columnParts, filterParts, orderParts, ownPart, sqlTemplate } from './kyselyExpressions';
import { callbackBody, listNodes, namePart, referencePart, unknownName, type KyselyCall, type KyselyScope } from './kyselyScope';
import { assignmentParts, conflictPart, insertBody } from './kyselyWrite';

/** What a chain comes to. */
export interface KyselyQuery {
  readonly sql: SqlPart;
  readonly access: 'read' | 'write';
  readonly returns: boolean;
}

export const starters = /^(selectFrom|selectNoFrom|insertInto|updateTable|deleteFrom|mergeInto|replaceInto)$/;
const neutral = /^(execute|executeTakeFirst|executeTakeFirstOrThrow|stream|compile|explain|as|toOperationNode|withPlugin|\$castTo|\$narrowType|\$assertType|\$notNull|\$pickTables|\$omitTables|\$asScalar|\$asTuple|modifyFront|expression|columns|values|withoutPlugins)$/;
const joinWords: Readonly<Record<string, string>> = { innerJoin: 'INNER JOIN ', leftJoin: 'LEFT JOIN ', rightJoin: 'RIGHT JOIN ', fullJoin: 'FULL JOIN ', crossJoin: 'CROSS JOIN ', innerJoinLateral: 'INNER JOIN LATERAL ', leftJoinLateral: 'LEFT JOIN LATERAL ', crossJoinLateral: 'CROSS JOIN LATERAL ' };
const setOperators: Readonly<Record<string, string>> = { union: 'UNION ', unionAll: 'UNION ALL ', intersect: 'INTERSECT ', intersectAll: 'INTERSECT ALL ', except: 'EXCEPT ', exceptAll: 'EXCEPT ALL ' };

interface State {
  with: SqlPart[];
  recursive: boolean;
  schema?: string;
  distinct: SqlPart;
  columns: SqlPart[];
  starHost?: HostSpan;
  from: SqlPart[];
  using: SqlPart[];
  joins: SqlPart[];
  where: SqlPart[];
  having: SqlPart[];
  groupBy: SqlPart[];
  orderBy: SqlPart[];
  unions: SqlPart[];
  set: SqlPart[];
  limit?: RowCountPart;
  offset?: RowCountPart;
  locking: SqlPart;
  returning?: SqlPart;
  unseen: SqlPart;
}

/** Renders the calls of a chain in their order; undefined for statements that are not Postgres' (`replaceInto`). */
export function renderKysely(calls: readonly KyselyCall[], scope: KyselyScope): KyselyQuery | undefined {
  const start = calls.find((call) => starters.test(call.name));
  const schema = calls.find((call) => call.name === 'withSchema')?.argNodes[0];
  if (!start || start.name === 'replaceInto' || calls.some((call) => call.name === 'onDuplicateKeyUpdate')) return undefined;
  const state: State = { with: [], recursive: false, schema: schema ? constantText(schema, scope.host) : undefined, distinct: nothing, columns: [], from: [], using: [], joins: [], where: [], having: [], groupBy: [], orderBy: [], unions: [], set: [], locking: nothing, unseen: nothing };
  for (const call of calls) applyCall(state, call, scope, 0);
  const head = renderWith(state.with, state.recursive);
  const target = (): SqlPart => tableParts(start.argNodes[0], state, scope)[0] ?? incomplete;
  const returning = state.returning ?? nothing;
  const joins = state.joins.map((part) => concat(sql(' '), part));
  switch (start.name) {
    case 'insertInto':
      return { sql: concat(head, sql('INSERT INTO ', start.nameSpan), target(), insertBody(calls, scope), conflictPart(calls, scope), returning, state.unseen), access: 'write', returns: state.returning !== undefined };
    case 'updateTable':
      return { sql: concat(head, sql('UPDATE ', start.nameSpan), target(), sql(' SET '), join(state.set, ', '), state.from.length > 0 ? concat(sql(' FROM '), join(state.from, ', ')) : nothing, ...joins, renderWhere(state.where), returning, state.unseen), access: 'write', returns: state.returning !== undefined };
    case 'deleteFrom':
      return { sql: concat(head, sql('DELETE FROM ', start.nameSpan), target(), state.using.length > 0 ? concat(sql(' USING '), join(state.using, ', ')) : nothing, ...joins, renderWhere(state.where), returning, state.unseen), access: 'write', returns: state.returning !== undefined };
    case 'mergeInto':
      return undefined;
    default:
      return { sql: concat(renderSelect({ ...state, from: join(state.from, ', ') }), state.unseen), access: 'read', returns: true };
  }
}

function applyCall(state: State, call: KyselyCall, scope: KyselyScope, depth: number): void {
  const { name, argNodes: args, span: host } = call;
  const [first] = args;
  const under = (part: SqlPart): SqlPart => conditional(part, call.condition);
  if (Object.hasOwn(joinWords, name)) {
    state.joins.push(under(joinPart(call, state, scope)));
    return;
  }
  if (Object.hasOwn(setOperators, name)) {
    for (const node of first ? listNodes(first).nodes : []) {
      const inner = scope.query(node);
      state.unions.push(inner ? under(concat(sql(setOperators[name] ?? '', host), inner)) : incomplete);
    }
    return;
  }
  switch (name) {
    case 'selectFrom':
      state.from.push(...tableParts(first, state, scope));
      state.starHost = call.nameSpan;
      return;
    case 'from':
      state.from.push(...tableParts(first, state, scope));
      return;
    case 'using':
      state.using.push(...tableParts(first, state, scope));
      return;
    case 'insertInto':
    case 'updateTable':
    case 'deleteFrom':
    case 'selectNoFrom':
      if (name === 'selectNoFrom') state.columns.push(...columnParts(args, scope));
      return;
    case 'with':
    case 'withRecursive':
      applyWith(state, call, scope);
      return;
    case 'withSchema':
      return;
    case 'select':
      state.columns.push(...columnParts(args, scope).map(under));
      return;
    case 'selectAll': {
      const tables = first ? listNodes(first).nodes : [];
      state.columns.push(...(tables.length > 0 ? tables.map((node) => under(concat(referencePart(node, scope, host) ?? unknownName(node, scope), sql('.*', host)))) : [under(sql('*', host))]));
      return;
    }
    case 'distinct':
      state.distinct = sql('DISTINCT', host);
      return;
    case 'distinctOn':
      state.distinct = concat(sql('DISTINCT ON ', host), group(join(columnParts(args, scope), ', '), host));
      return;
    case 'where':
    case 'having':
      state[name].push(...filterParts(args, host, scope).map(under));
      return;
    case 'whereRef':
    case 'havingRef':
      state[name === 'whereRef' ? 'where' : 'having'].push(under(referencePair(args, host, scope)));
      return;
    case 'groupBy':
      state.groupBy.push(...columnParts(args, scope).map(under));
      return;
    case 'orderBy':
      state.orderBy.push(...orderParts(args, scope).map(under));
      return;
    case 'limit':
    case 'fetch':
      if (first) state.limit = { count: under(ownPart(first, scope) ?? valuePart(first, scope.host)), host };
      return;
    case 'offset':
      if (first) state.offset = { count: under(ownPart(first, scope) ?? valuePart(first, scope.host)), host };
      return;
    case 'forUpdate':
    case 'forShare':
    case 'forNoKeyUpdate':
    case 'forKeyShare':
      state.locking = concat(sql(`FOR ${name.slice(3).replaceAll(/(?<!^)([A-Z])/g, ' $1').toUpperCase()}`, host), first ? concat(sql(' OF ', host), join(columnParts(args, scope), ', ')) : nothing);
      return;
    case 'skipLocked':
    case 'noWait':
      state.locking = concat(state.locking, sql(name === 'skipLocked' ? ' SKIP LOCKED' : ' NOWAIT', host));
      return;
    case 'set':
      state.set.push(...assignmentParts(args, scope).map(under));
      return;
    case 'returning':
      state.returning = concat(sql(' RETURNING ', host), join(columnParts(args, scope), ', '));
      return;
    case 'returningAll':
      state.returning = sql(' RETURNING *', host);
      return;
    case 'onConflict':
    case 'defaultValues':
      return;
    case '$if':
    case '$call':
      applyCallback(state, call, scope, depth);
      return;
    case 'clearWhere': state.where = []; return;
    case 'clearSelect': state.columns = []; return;
    case 'clearOrderBy': state.orderBy = []; return;
    case 'clearLimit': state.limit = undefined; return;
    case 'clearOffset': state.offset = undefined; return;
    case 'clearGroupBy': state.groupBy = []; return;
    case 'clearReturning': state.returning = undefined; return;
    default:
      if (!neutral.test(name)) state.unseen = incomplete;
  }
}

/** `$if(condition, (qb) => qb.where(…))`, `$call(withFilter)`. */
function applyCallback(state: State, call: KyselyCall, scope: KyselyScope, depth: number): void {
  const [test, given] = call.name === '$if' ? call.argNodes : [undefined, call.argNodes[0]];
  const written = given && unwrap(given);
  const origin = written && !isFunction(written) ? scope.host.origin(written) : undefined;
  const fn = written && isFunction(written) ? written : origin?.kind === 'node' && isFunction(origin.node) ? origin.node : undefined;
  if (!fn || depth > 4) {
    state.unseen = incomplete;
    return;
  }
  const condition = bothConditions(call.condition, test ? { text: unwrap(test).text, span: spanOf(unwrap(test)) } : undefined);
  const { calls, complete } = callbackCalls(fn, scope, condition);
  if (!complete) state.unseen = incomplete;
  for (const inner of calls) applyCall(state, inner, scope, depth + 1);
}

/** Tables of `selectFrom`, `from`, `using`: a name, a list, an aliased sub-query or callback. */
function tableParts(node: SyntaxNode | undefined, state: State, scope: KyselyScope): readonly SqlPart[] {
  if (!node) return [];
  return listNodes(node).nodes.map((item) => {
    const text = constantText(item, scope.host);
    if (text === undefined) return aliased(item, scope) ?? unknownName(item, scope);
    return namePart(state.schema === undefined || /\./.test(text.replace(/\s+as\s.*/i, '')) ? text : `${state.schema}.${text}`, scope, spanOf(item));
  });
}

/** `(SELECT …) AS x` of a query with `.as('x')`; other expressions carry their alias themselves. */
function aliased(written: SyntaxNode, scope: KyselyScope): SqlPart | undefined {
  const node = callbackBody(written);
  if (!node) return undefined;
  const text = sqlTemplate(node, scope);
  if (text) return text;
  const query = scope.query(node);
  if (!query) return ownPart(node, scope);
  const alias = scope.host.chain(node)?.calls.findLast((call) => call.name === 'as')?.argNodes[0];
  const name = alias ? constantText(alias, scope.host) : undefined;
  return concat(sql('(', spanOf(node)), query, sql(')'), name === undefined ? nothing : concat(sql(' AS '), namePart(name, scope, alias ? spanOf(alias) : undefined)));
}

function referencePair(args: readonly SyntaxNode[], host: HostSpan, scope: KyselyScope): SqlPart {
  const [a, operator, b] = args;
  const text = operator ? constantText(operator, scope.host) : undefined;
  if (!a || !b || text === undefined || !/^[\w\s<>=!~@|&^*?#-]+$/.test(text)) return incomplete;
  return concat(referencePart(a, scope, host) ?? unknownName(a, scope), sql(` ${text.toUpperCase()} `, host), referencePart(b, scope, host) ?? unknownName(b, scope));
}

function joinPart(call: KyselyCall, state: State, scope: KyselyScope): SqlPart {
  const [table, a, b] = call.argNodes;
  const target = concat(sql(joinWords[call.name] ?? '', call.span), tableParts(table, state, scope)[0] ?? incomplete);
  if (!a) return target;
  if (b) return concat(target, sql(' ON '), concat(referencePart(a, scope, call.span) ?? unknownName(a, scope), sql(' = ', call.span), referencePart(b, scope, call.span) ?? unknownName(b, scope)));
  const fn = unwrap(a);
  if (!isFunction(fn)) return concat(target, incomplete);
  const { calls, complete } = callbackCalls(fn, scope);
  let known = complete;
  const conditions = calls.flatMap((inner): readonly SqlPart[] => {
    if (inner.name === 'onRef') return [conditional(referencePair(inner.argNodes, inner.span, scope), inner.condition)];
    if (inner.name === 'on') return filterParts(inner.argNodes, inner.span, scope).map((part) => conditional(part, inner.condition));
    if (inner.name === 'onTrue') return [sql('TRUE', inner.span)];
    known = false;
    return [];
  });
  const on = joinConditions(conditions, 'AND');
  return concat(target, isEmpty(on) ? on : concat(sql(' ON '), on), known ? nothing : incomplete);
}

function applyWith(state: State, call: KyselyCall, scope: KyselyScope): void {
  const [name, body] = call.argNodes;
  const text = name ? constantText(name, scope.host) : undefined;
  const inner = body ? callbackBody(body) : undefined;
  const query = inner ? scope.query(inner) ?? sqlTemplate(inner, scope) : undefined;
  state.recursive ||= call.name === 'withRecursive';
  if (!name || !query) {
    state.unseen = incomplete;
    return;
  }
  const [, plain = text, columns] = /^\s*([^(]+?)\s*(?:\(([^)]*)\))?\s*$/.exec(text ?? '') ?? [];
  // `with((cte) => cte('x').materialized(), …)` names it in a callback.
  const made = plain ?? /\w+\(\s*['"]([\w.]+)['"]/.exec(name.text)?.[1];
  if (made === undefined) {
    state.unseen = incomplete;
    return;
  }
  const list = columns === undefined ? nothing : sql(`(${columns})`, spanOf(name));
  state.with.push(concat(scope.snake ? namePart(made, scope, spanOf(name)) : identifier(made, spanOf(name)), list, sql(/\.notMaterialized\(/.test(name.text) ? ' AS NOT MATERIALIZED ' : /\.materialized\(/.test(name.text) ? ' AS MATERIALIZED ' : ' AS '), group(query)));
}

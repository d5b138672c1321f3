import { isFunction, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import type { Chain } from '../adapter';
import { bindOf, constantText, constantValue, findLocal, readArray, readObject } from '../shared/hostValues';
import { concat, conditional, group, hole, identifier, incomplete, join, joinConditions, nothing, sql, type SqlPart } from '../shared/sqlBuilder';
import { renderSelect, type RowCountPart } from '../shared/sqlClauses';
import { readTagged } from '../shared/taggedTemplate';
import { conditionParts, expressionPart, orderParts, sqlPart, subqueryPart } from './drizzleExpressions';
import { allColumns, columnPart, cteOf, readTable, type DrizzleScope, type DrizzleTable } from './drizzleTables';

export type DrizzleCall = Chain['calls'][number];

/** What a chain comes to. */
export interface DrizzleQuery {
  readonly sql: SqlPart;
  readonly access: 'read' | 'write';
  readonly fetches: 'many' | 'one' | 'stream' | 'none';
  /** The table that it reads or writes, where Drizzle's declarations tell. */
  readonly table?: DrizzleTable;
}

/** Calls that change nothing in the statement. */
export const neutral = /^(\$dynamic|\$withCache|prepare|execute|then|catch|finally|as|toSQL|getSQL|\$assertNoSelection|\$inferSelect|comment)$/;
const joins: Readonly<Record<string, string>> = { innerJoin: 'INNER JOIN ', leftJoin: 'LEFT JOIN ', rightJoin: 'RIGHT JOIN ', fullJoin: 'FULL JOIN ', crossJoin: 'CROSS JOIN ', innerJoinLateral: 'INNER JOIN LATERAL ', leftJoinLateral: 'LEFT JOIN LATERAL ', crossJoinLateral: 'CROSS JOIN LATERAL ' };
const setOperators: Readonly<Record<string, string>> = { union: 'UNION ', unionAll: 'UNION ALL ', intersect: 'INTERSECT ', intersectAll: 'INTERSECT ALL ', except: 'EXCEPT ', exceptAll: 'EXCEPT ALL ' };

/** FROM text of a table expression; an unknown one is a hole. */
export function tablePart(node: SyntaxNode, scope: DrizzleScope): { readonly part: SqlPart; readonly table?: DrizzleTable } {
  const table = readTable(node, scope);
  if (table) return { part: table.from, table };
  return { part: sqlPart(node, scope) ?? hole('identifier', bindOf(node, scope.host)) };
}

/** `JOIN t ON …` of a join call; undefined for any other. */
export function joinPart(call: DrizzleCall, outer: DrizzleScope): { readonly part: SqlPart; readonly table?: DrizzleTable } | undefined {
  const keyword = Object.hasOwn(joins, call.name) ? joins[call.name] : undefined;
  const [target, on] = call.argNodes;
  if (keyword === undefined || !target) return undefined;
  const scope = { ...outer, qualified: true };
  const { part, table } = tablePart(target, scope);
  const condition = on ? joinConditions(conditionParts(on, scope), 'AND') : nothing;
  return { part: conditional(concat(sql(keyword, call.span), part, condition.length > 0 ? concat(sql(' ON '), condition) : nothing), call.condition), table };
}

/** `WITH x AS (…)` bodies of `db.with(x, y)`. */
export function withParts(call: DrizzleCall, scope: DrizzleScope): readonly SqlPart[] {
  return call.argNodes.map((node) => {
    const origin = scope.host.origin(node);
    const cte = origin.kind === 'call' ? cteOf(origin.node, scope) : undefined;
    const inner = cte ? scope.query(cte.body) ?? sqlPart(cte.body, scope) : undefined;
    return cte && inner ? concat(identifier(cte.name, spanOf(node)), sql(' AS '), group(inner)) : incomplete;
  });
}

/** SELECT of a chain that begins with `select`, behind `with` where it has one. */
export function renderSelectChain(calls: readonly DrizzleCall[], outer: DrizzleScope): DrizzleQuery {
  const first = calls.find((call) => /^select/.test(call.name));
  const joined = calls.some((call) => Object.hasOwn(joins, call.name));
  const scope: DrizzleScope = { ...outer, qualified: true };
  const fieldScope: DrizzleScope = { ...outer, qualified: joined };
  const tables: DrizzleTable[] = [];
  const joinTexts: SqlPart[] = [];
  const unions: SqlPart[] = [];
  let from: SqlPart = nothing;
  let distinct: SqlPart = nothing;
  let locking: SqlPart = nothing;
  let unseen: SqlPart = nothing;
  let ctes: readonly SqlPart[] = [];
  let where: readonly SqlPart[] = [];
  let having: readonly SqlPart[] = [];
  let groupBy: readonly SqlPart[] = [];
  let orderBy: readonly SqlPart[] = [];
  let limit: RowCountPart | undefined;
  let offset: RowCountPart | undefined;
  let starHost: HostSpan | undefined;
  /** A later call replaces what an earlier one said; under a condition both are possible. */
  const replace = (before: readonly SqlPart[], parts: readonly SqlPart[], call: DrizzleCall): readonly SqlPart[] => {
    if (!call.condition) return parts;
    if (before.length > 0) unseen = incomplete;
    return before.length > 0 ? before : parts.map((part) => conditional(part, call.condition));
  };
  for (const call of calls) {
    const [arg] = call.argNodes;
    const join = joinPart(call, scope);
    if (join) {
      joinTexts.push(join.part);
      if (join.table) tables.push(join.table);
      continue;
    }
    if (Object.hasOwn(setOperators, call.name)) {
      const inner = arg ? scope.query(arg) : undefined;
      unions.push(inner ? concat(sql(setOperators[call.name] ?? '', call.span), inner) : incomplete);
      continue;
    }
    switch (call.name) {
      case 'with':
        ctes = withParts(call, scope);
        break;
      case 'select':
      case 'selectDistinct':
        if (call.name !== 'select') distinct = sql('DISTINCT', call.nameSpan);
        starHost = call.nameSpan;
        break;
      case 'selectDistinctOn': {
        const on = arg ? readArray(arg) : undefined;
        distinct = concat(sql('DISTINCT ON ', call.nameSpan), on ? group(joinList(on.items.map((item) => expressionPart(item.node, fieldScope)))) : incomplete);
        break;
      }
      case 'from': {
        if (!arg) break;
        const read = tablePart(arg, scope);
        from = read.part;
        if (read.table) tables.unshift(read.table);
        break;
      }
      case 'where':
        where = arg ? replace(where, conditionParts(callbackBody(arg), scope), call) : where;
        break;
      case 'having':
        having = arg ? replace(having, conditionParts(callbackBody(arg), scope), call) : having;
        break;
      case 'groupBy':
        groupBy = replace(groupBy, call.argNodes.flatMap((node) => listNodes(node)).map((node) => expressionPart(node, scope)), call);
        break;
      case 'orderBy':
        orderBy = replace(orderBy, orderParts(call.argNodes, scope), call);
        break;
      case 'limit':
        if (arg) limit = { count: conditional(expressionPart(arg, scope), call.condition), host: call.span };
        break;
      case 'offset':
        if (arg) offset = { count: conditional(expressionPart(arg, scope), call.condition), host: call.span };
        break;
      case 'for':
        locking = lockingPart(call, scope);
        break;
      default:
        if (!neutral.test(call.name)) unseen = incomplete;
    }
  }
  const fields = first?.argNodes[first.name === 'selectDistinctOn' ? 1 : 0];
  const columns = fields ? fieldParts(fields, fieldScope) : tables.flatMap((table) => allColumns(table, fieldScope, first?.nameSpan ?? spanOf(fields ?? calls[0]!.node)));
  const text = renderSelect({ with: ctes, distinct, columns, starHost: tables.length > 0 ? undefined : starHost, from, joins: joinTexts, where, groupBy, having, unions, orderBy, limit, offset, locking });
  const single = groupBy.length === 0 && fields !== undefined && /^\{[^{}]*\b(count|sum|avg|min|max)(Distinct)?\([^{}]*\}$/.test(fields.text) && (readObject(fields)?.entries.length ?? 0) === 1;
  return { sql: concat(text, unseen), access: 'read', fetches: single ? 'one' : 'many', ...(tables[0] ? { table: tables[0] } : {}) };
}

const joinList = (parts: readonly SqlPart[]): SqlPart => join(parts, ', ');

/** What a callback of one expression gives; other nodes as they are. */
export function callbackBody(node: SyntaxNode): SyntaxNode {
  const inner = unwrap(node);
  const body = isFunction(inner) ? inner.childForFieldName('body') : undefined;
  if (!body) return node;
  if (body.type !== 'statement_block') return body;
  const statements = body.namedChildren.filter((child) => child.type !== 'comment');
  const value = statements.length === 1 && statements[0]?.type === 'return_statement' ? statements[0].namedChildren[0] : undefined;
  return value ?? node;
}

function listNodes(node: SyntaxNode): readonly SyntaxNode[] {
  const list = node.type === 'spread_element' && node.namedChildren[0] ? readArray(node.namedChildren[0]) : undefined;
  return list ? list.items.map((item) => item.node) : [callbackBody(node)];
}

/** Fields of `select({ … })` and `returning({ … })`. */
export function fieldParts(written: SyntaxNode, scope: DrizzleScope): readonly SqlPart[] {
  const node = unwrap(written);
  const object = node.type === 'object' ? node : undefined;
  const local = node.type === 'identifier' ? findLocal(node)?.value : undefined;
  if (!object && local && unwrap(local).type === 'object') return fieldParts(local, scope);
  const whole = object ? undefined : columnsOfTable(node, scope);
  if (whole) return whole;
  if (!object) return [hole('identifier', bindOf(node, scope.host))];
  return object.namedChildren.flatMap((child): readonly SqlPart[] => {
    if (child.type === 'comment') return [];
    if (child.type === 'spread_element') return child.namedChildren[0] ? fieldParts(child.namedChildren[0], scope) : [];
    const value = child.type === 'pair' ? child.childForFieldName('value') : child;
    return value ? fieldPart(unwrap(value), scope) : [];
  });
}

function columnsOfTable(node: SyntaxNode, scope: DrizzleScope): readonly SqlPart[] | undefined {
  const call = node.type === 'call_expression' ? node : undefined;
  const argument = call && /(^|\.)(getTableColumns|getColumns|getViewSelectedFields)$/.test(call.childForFieldName('function')?.text ?? '') ? call.childForFieldName('arguments')?.namedChildren[0] : undefined;
  const table = readTable(argument ?? node, scope);
  return table && allColumns(table, scope, spanOf(node));
}

function fieldPart(node: SyntaxNode, scope: DrizzleScope): readonly SqlPart[] {
  if (node.type === 'object') return fieldParts(node, scope);
  const column = columnPart(node, scope);
  if (column) return [column];
  const whole = node.type === 'call_expression' && /\.as$/.test(node.childForFieldName('function')?.text ?? '') ? undefined : columnsOfTable(node, scope);
  if (whole) return whole;
  const part = sqlPart(node, scope) ?? subqueryPart(node, scope);
  if (!part) return [hole('identifier', bindOf(node, scope.host))];
  const name = aliasOf(node, scope);
  return [name === undefined ? part : concat(part, sql(' AS '), identifier(name, spanOf(node)))];
}

/** `x` of `….as('x')`, also behind a variable. */
function aliasOf(node: SyntaxNode, scope: DrizzleScope): string | undefined {
  const local = node.type === 'identifier' || node.type === 'shorthand_property_identifier' ? findLocal(node)?.value : undefined;
  const call = local ? unwrap(local) : node;
  const tagged = readTagged(call)?.methods.find((method) => method.name === 'as')?.args[0];
  if (tagged) return constantText(tagged, scope.host);
  const callee = call.type === 'call_expression' ? call.childForFieldName('function') : null;
  const argument = callee?.childForFieldName('property')?.text === 'as' ? call.childForFieldName('arguments')?.namedChildren[0] : undefined;
  return argument ? constantText(argument, scope.host) : undefined;
}

/** `.for('update', { of: table, skipLocked: true })` */
function lockingPart(call: DrizzleCall, scope: DrizzleScope): SqlPart {
  const [strength, options] = call.argNodes;
  const text = strength ? constantText(strength, scope.host) : undefined;
  if (text === undefined) return incomplete;
  const entries = options ? readObject(options)?.entries ?? [] : [];
  const on = (key: string): boolean => entries.some((entry) => entry.key === key && constantValue(entry.value, scope.host) === true);
  const of = entries.find((entry) => entry.key === 'of');
  const table = of ? readTable(of.value, scope) : undefined;
  return concat(sql(`FOR ${text.toUpperCase()}`, call.span), table?.name === undefined ? nothing : concat(sql(' OF ', call.span), identifier(table.name, call.span)), sql(on('skipLocked') ? ' SKIP LOCKED' : on('noWait') ? ' NOWAIT' : '', call.span));
}

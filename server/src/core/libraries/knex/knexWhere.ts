import { isFunction, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import { bindOf, bothConditions, constantText, constantValue, patternPart, readArray, readObject, valuePart } from '../shared/hostValues';
import { callbackCalls, columnPart, incompleteUnless, rawPart, rawText, subqueryPart, type KnexCall, type KnexScope } from './knexScope';
import { bind, clause, concat, conditional, group, hole, incomplete, isEmpty, join, joinConditions, nothing, sql, type SqlPart } from '../shared/sqlBuilder';

/** A condition of WHERE, HAVING or ON with the operator that ties it to the one before. */
export interface KnexCondition {
  readonly or: boolean;
  readonly part: SqlPart;
}

const operators = new Set(['=', '<', '>', '<=', '>=', '<>', '!=', 'like', 'not like', 'between', 'not between', 'ilike', 'not ilike', 'in', 'not in', 'is', 'is not', 'similar to', 'not similar to', '~', '~*', '!~', '!~*', '&&', '@>', '<@', '?', '?|', '?&', '||', '#>', '#>>', '->', '->>', 'is distinct from', 'is not distinct from', '@@', '@?', '&', '|', '#', '<<', '>>', '-', '-|-', '&<', '&>', '<<=', '>>=']);

/**
 * Reads one `where…`, `orWhere…`, `having…`, `on…` call.
 * @param prefix `where`, `having` or `on`.
 * @returns undefined when the call is no condition of this prefix.
 */
export function readCondition(call: KnexCall, prefix: 'where' | 'having' | 'on', scope: KnexScope): readonly KnexCondition[] | undefined {
  const name = new RegExp(`^(and|or)?(${prefix})(Not)?(.*)$`, 'i').exec(call.name);
  if (!name) return undefined;
  const or = name[1]?.toLowerCase() === 'or';
  const not = name[3] !== undefined;
  const rest = name[4] ?? '';
  const [a, b] = call.argNodes;
  const host = call.span;
  const single = (part: SqlPart | undefined): readonly KnexCondition[] => [{ or, part: conditional(part ?? incomplete, call.condition) }];
  const negate = (part: SqlPart): SqlPart => (not ? clause(sql('NOT ', host), part) : part);
  if (!a) return rest === '' ? single(incomplete) : undefined;
  switch (rest) {
    case '':
      return plain(call, prefix, or, negate, scope);
    case 'Val':
      return plain({ ...call, name: 'where' }, 'where', or, negate, scope);
    case 'Raw':
      return single(negate(rawText(call.argNodes, scope)));
    case 'Null':
      return single(concat(columnPart(a, scope, host), sql(not ? ' IS NOT NULL' : ' IS NULL', host)));
    case 'In':
      return single(membership(a, b, not, host, scope));
    case 'Between':
      return single(between(a, b, not, host, scope));
    case 'Like':
    case 'ILike':
      return b ? single(negate(concat(columnPart(a, scope, host), sql(rest === 'Like' ? ' LIKE ' : ' ILIKE ', host), rawPart(b, scope) ?? patternPart(b, scope.host)))) : undefined;
    case 'Exists': {
      const inner = subqueryPart(a, scope) ?? rawPart(a, scope);
      return single(inner ? concat(sql(not ? 'NOT EXISTS ' : 'EXISTS ', host), inner) : undefined);
    }
    case 'Column':
      return single(negate(columns(call.argNodes, host, scope)));
    case 'JsonSupersetOf':
    case 'JsonSubsetOf':
      return b ? single(negate(concat(columnPart(a, scope, host), sql(rest === 'JsonSupersetOf' ? ' @> ' : ' <@ ', host), bind(bindOf(b, scope.host))))) : undefined;
    default:
      return undefined;
  }
}

function plain(call: KnexCall, prefix: 'where' | 'having' | 'on', or: boolean, negate: (part: SqlPart) => SqlPart, scope: KnexScope): readonly KnexCondition[] {
  const host = call.span;
  const [a, b, c] = call.argNodes;
  const single = (part: SqlPart): readonly KnexCondition[] => [{ or, part: conditional(part, call.condition) }];
  if (!a) return [];
  const first = unwrap(a);
  if (!b) {
    if (isFunction(first)) return single(negate(group(callbackGroup(first, prefix, scope))));
    const raw = rawPart(first, scope);
    if (raw) return single(negate(raw));
    const literal = constantValue(first, scope.host);
    if (typeof literal === 'boolean') return single(negate(sql(literal ? '1 = 1' : '1 = 0', host)));
    const object = readObject(first, scope.host);
    if (!object) return single(incomplete);
    return [...object.entries.map((entry) => {
      const value = prefix === 'on' ? columnPart(entry.value, scope, entry.span) : undefined;
      const column = nameOf(entry.key, entry.span);
      const part = value ? concat(column, sql(' = ', entry.span), value) : equals(column, entry.value, entry.span, scope);
      return { or, part: conditional(negate(part), bothConditions(call.condition, entry.condition)) };
    }), { or, part: incompleteUnless(!object.open) }];
  }
  if (prefix === 'on') return single(negate(columns(call.argNodes, host, scope)));
  const column = columnPart(first, scope, host);
  if (!c) return single(negate(equals(column, b, host, scope)));
  const operator = constantText(b, scope.host)?.toLowerCase();
  if (operator === undefined || !operators.has(operator)) return single(incomplete);
  return single(negate(comparison(column, first, operator, c, host, scope)));
}

const nameOf = (name: string, host: HostSpan): SqlPart => join(name.split('.').map((part) => sql(quoted(part), host)), '.');
const quoted = (name: string): string => (/^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);

function equals(column: SqlPart, value: SyntaxNode, host: HostSpan, scope: KnexScope): SqlPart {
  if (constantValue(value, scope.host) === null) return concat(column, sql(' IS NULL', host));
  return concat(column, sql(' = ', host), operand(value, scope));
}

const operand = (node: SyntaxNode, scope: KnexScope): SqlPart => rawPart(node, scope) ?? subqueryPart(node, scope) ?? valuePart(node, scope.host);

function comparison(column: SqlPart, columnNode: SyntaxNode, operator: string, value: SyntaxNode, host: HostSpan, scope: KnexScope): SqlPart {
  if (/^(not )?in$/.test(operator)) return membership(columnNode, value, operator !== 'in', host, scope) ?? incomplete;
  if (/^(not )?between$/.test(operator)) return between(columnNode, value, operator !== 'between', host, scope) ?? incomplete;
  const literal = constantValue(value, scope.host);
  if (literal === null && /^(=|is|!=|<>|is not)$/.test(operator)) return concat(column, sql(/^(=|is)$/.test(operator) ? ' IS NULL' : ' IS NOT NULL', host));
  const text = ` ${operator.toUpperCase()} `;
  if (/like$/.test(operator)) return concat(column, sql(text, host), rawPart(value, scope) ?? patternPart(value, scope.host));
  return concat(column, sql(text, host), operand(value, scope));
}

/** `IN (…)`: literal elements one by one, an array of unknown length as a list, or a sub-query. */
function membership(column: SyntaxNode, values: SyntaxNode | undefined, not: boolean, host: HostSpan, scope: KnexScope): SqlPart | undefined {
  if (!values) return undefined;
  const tuple = readArray(column, scope.host);
  const left = tuple ? group(join(tuple.items.map((item) => columnPart(item.node, scope)), ', ')) : columnPart(column, scope, host);
  const keyword = sql(not ? ' NOT IN ' : ' IN ', host);
  const subquery = subqueryPart(values, scope) ?? rawPart(values, scope);
  if (subquery) return concat(left, keyword, subquery);
  const list = readArray(values, scope.host);
  if (list && !list.open && list.items.length === 0) return sql(not ? '1 = 1' : '1 = 0', host);
  if (list && !list.open && !list.items.some((item) => item.condition)) return concat(left, keyword, group(join(list.items.map((item) => rowOrValue(item.node, scope)), ', '), host));
  return concat(left, keyword, hole('list', bindOf(values, scope.host)));
}

function rowOrValue(node: SyntaxNode, scope: KnexScope): SqlPart {
  const row = unwrap(node).type === 'array' ? readArray(node, scope.host) : undefined;
  return row ? group(join(row.items.map((item) => operand(item.node, scope)), ', ')) : operand(node, scope);
}

function between(column: SyntaxNode, range: SyntaxNode | undefined, not: boolean, host: HostSpan, scope: KnexScope): SqlPart | undefined {
  if (!range) return undefined;
  const bounds = readArray(range, scope.host);
  const [low, high] = bounds?.items ?? [];
  const value = (node: SyntaxNode | undefined): SqlPart => (node ? operand(node, scope) : bind(bindOf(range, scope.host)));
  return concat(columnPart(column, scope, host), sql(not ? ' NOT BETWEEN ' : ' BETWEEN ', host), value(low?.node), sql(' AND ', host), value(high?.node));
}

/** Two columns, with an operator or `=`. */
function columns(args: readonly SyntaxNode[], host: HostSpan, scope: KnexScope): SqlPart {
  const [a, b, c] = args;
  if (!a || !b) {
    const entries = a ? readObject(a, scope.host)?.entries ?? [] : [];
    return join(entries.map((entry) => concat(nameOf(entry.key, entry.span), sql(' = ', entry.span), columnPart(entry.value, scope, entry.span))), ' AND ');
  }
  if (!c) return concat(columnPart(a, scope), sql(' = ', host), columnPart(b, scope));
  const operator = constantText(b, scope.host) ?? '=';
  return concat(columnPart(a, scope), sql(` ${operators.has(operator.toLowerCase()) ? operator.toUpperCase() : '='} `, host), columnPart(c, scope));
}

function callbackGroup(fn: SyntaxNode, prefix: 'where' | 'having' | 'on', scope: KnexScope): SqlPart {
  const { calls, complete } = callbackCalls(fn, scope);
  let known = complete;
  const conditions = calls.flatMap((call) => {
    const read = readCondition(call, prefix, scope);
    if (!read) known = false;
    return read ?? [];
  });
  return concat(joinKnexConditions(conditions), incompleteUnless(known));
}

/** Joins conditions as knex does, flat: AND binds closer than OR. */
export function joinKnexConditions(conditions: readonly KnexCondition[]): SqlPart {
  const branches: SqlPart[][] = [];
  let silent: SqlPart = nothing;
  for (const { or, part } of conditions) {
    if (isEmpty(part)) silent = concat(silent, part);
    else if (or && branches.length > 0) branches.push([part]);
    else if (branches.length === 0) branches.push([part]);
    else branches.at(-1)?.push(part);
  }
  return concat(joinConditions(branches.map((branch) => joinConditions(branch, 'AND')), 'OR'), silent);
}

/** WHERE list for `renderSelect`: conjuncts one by one where no OR is among them. */
export function toConjuncts(conditions: readonly KnexCondition[]): readonly SqlPart[] {
  return conditions.some((condition, index) => condition.or && index > 0) ? [joinKnexConditions(conditions)] : conditions.map((condition) => condition.part);
}


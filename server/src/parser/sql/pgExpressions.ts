import { aggregateNames } from './aggregates';
import { child, flag, list, number, strings, text, unwrap, type PgNode, type PgValue } from './pgTree';
import type { RawExpression, RawQuery } from './rawTree';

/** Translates libpg-query's expressions; `toOffset` turns its byte offsets into UTF-16. */
export interface PgContext {
  toOffset(byte: number): number;
  query(value: PgValue): RawQuery | undefined;
}

const nothing: RawExpression = { kind: 'other', name: '', args: [] };

/** The node's place; an absent location is offset 0, -1 means that it has none. */
export function placeOf(context: PgContext, node: PgNode): { readonly at?: number } {
  const location = number(node, 'location') ?? 0;
  return location < 0 ? {} : { at: context.toOffset(location) };
}

export const toExpressions = (context: PgContext, values: readonly PgValue[]): RawExpression[] => values.map((value) => toExpression(context, value));

export function toExpression(context: PgContext, value: PgValue): RawExpression {
  const found = unwrap(value);
  if (!found) return nothing;
  const { tag, node } = found;
  const place = placeOf(context, node);
  switch (tag) {
    case 'ColumnRef': {
      const fields = list(node, 'fields').map((field) => unwrap(field));
      return { kind: 'column', parts: fields.flatMap((field) => (field?.tag === 'String' ? [text(field.node, 'sval') ?? ''] : [])), star: fields.at(-1)?.tag === 'A_Star', ...place };
    }
    case 'A_Const':
      return { kind: 'constant', value: constantValue(node), ...place };
    case 'ParamRef':
      return { kind: 'parameter', ...place };
    case 'A_Expr':
      return toOperator(context, node, place);
    case 'BoolExpr':
      return toBoolean(context, node, place);
    case 'NullTest':
      return { kind: 'comparison', name: text(node, 'nulltesttype') === 'IS_NULL' ? 'is null' : 'is not null', negated: false, left: toExpression(context, node['arg']), ...place };
    case 'BooleanTest':
      return { kind: 'comparison', name: (text(node, 'booltesttype') ?? '').toLowerCase().replaceAll('_', ' '), negated: false, left: toExpression(context, node['arg']), ...place };
    case 'FuncCall':
      return toCall(context, node, place);
    case 'TypeCast':
      return { kind: 'cast', type: typeName(child(node, 'typeName')), operand: toExpression(context, node['arg']), ...castPlace(context, node, place) };
    case 'SubLink':
      return toSubLink(context, node, place);
    case 'A_ArrayExpr':
      return { kind: 'array', items: toExpressions(context, list(node, 'elements')), ...place };
    case 'RowExpr':
      return { kind: 'row', items: toExpressions(context, list(node, 'args')), ...place };
    case 'CoalesceExpr':
      return { kind: 'function', name: 'coalesce', aggregate: false, args: toExpressions(context, list(node, 'args')), ...place };
    case 'MinMaxExpr':
      return { kind: 'function', name: text(node, 'op') === 'IS_LEAST' ? 'least' : 'greatest', aggregate: false, args: toExpressions(context, list(node, 'args')), ...place };
    case 'SQLValueFunction':
      return { kind: 'function', name: (text(node, 'op') ?? '').replace(/^SVFOP_/, '').replace(/_N$/, '').toLowerCase(), aggregate: false, args: precision(node), ...place };
    case 'NamedArgExpr':
      return toExpression(context, node['arg']);
    case 'CollateClause':
      return { kind: 'other', name: 'collate', args: [toExpression(context, node['arg'])], ...place };
    case 'CaseExpr':
      return { kind: 'other', name: 'case', args: caseParts(context, node), ...place };
    case 'A_Indirection':
      return { kind: 'other', name: 'indirection', args: [toExpression(context, node['arg']), ...toExpressions(context, list(node, 'indirection'))], ...(number(node, 'location') === undefined ? {} : place) };
    case 'SetToDefault':
      return { kind: 'other', name: 'default', args: [], ...place };
    case 'ResTarget':
      return toExpression(context, node['val']);
    default:
      return { kind: 'other', name: tag.toLowerCase(), args: inner(context, node), ...(number(node, 'location') === undefined ? {} : place) };
  }
}

/** The argument of `CURRENT_TIMESTAMP(3)`. */
function precision(node: PgNode): RawExpression[] {
  const digits = number(node, 'typmod') ?? -1;
  return digits < 0 ? [] : [{ kind: 'constant', value: digits }];
}

/** Expressions anywhere below a node that has no translation of its own (XML, JSON, grouping sets, array subscripts). */
function inner(context: PgContext, node: PgNode): RawExpression[] {
  return Object.values(node).flatMap((value) => {
    if (Array.isArray(value)) return (value as readonly PgValue[]).flatMap((item) => (unwrap(item) ? [toExpression(context, item)] : []));
    const found = unwrap(value);
    if (!found) return [];
    return /^[A-Z]/.test(found.tag) ? [toExpression(context, value)] : inner(context, found.node);
  });
}

function constantValue(node: PgNode): string | number | boolean | null {
  if (flag(node, 'isnull')) return null;
  const integer = child(node, 'ival');
  if (integer) return number(integer, 'ival') ?? 0;
  const float = child(node, 'fval');
  if (float) return Number(text(float, 'fval'));
  const boolean = child(node, 'boolval');
  if (boolean) return flag(boolean, 'boolval');
  const string = child(node, 'sval') ?? child(node, 'bsval');
  return string ? text(string, 'sval') ?? text(string, 'bsval') ?? '' : null;
}

const comparisons: Readonly<Record<string, string>> = {
  AEXPR_DISTINCT: 'is distinct from', AEXPR_NOT_DISTINCT: 'is not distinct from', AEXPR_BETWEEN: 'between', AEXPR_NOT_BETWEEN: 'between',
  AEXPR_BETWEEN_SYM: 'between', AEXPR_NOT_BETWEEN_SYM: 'between', AEXPR_IN: 'in', AEXPR_OP_ANY: 'any', AEXPR_OP_ALL: 'all', AEXPR_SIMILAR: 'similar to',
};

type Place = { readonly at?: number };

function toOperator(context: PgContext, node: PgNode, place: Place): RawExpression {
  const operator = strings(node, 'name').at(-1) ?? '';
  const kind = text(node, 'kind') ?? 'AEXPR_OP';
  const left = node['lexpr'] === undefined ? undefined : toExpression(context, node['lexpr']);
  const rightItems = unwrap(node['rexpr'])?.tag === 'List' ? list(unwrap(node['rexpr'])?.node ?? {}, 'items') : undefined;
  const right: RawExpression = rightItems ? { kind: kind === 'AEXPR_IN' ? 'array' : 'row', items: toExpressions(context, rightItems) } : toExpression(context, node['rexpr']);
  if (kind === 'AEXPR_NULLIF') return { kind: 'function', name: 'nullif', aggregate: false, args: left ? [left, right] : [right], ...place };
  if (!left) return { kind: 'operator', name: operator, right, ...place };
  const name = comparisons[kind];
  if (name !== undefined) {
    const negated = kind.includes('NOT_BETWEEN') || (kind === 'AEXPR_IN' && operator === '<>') || (kind === 'AEXPR_SIMILAR' && operator.startsWith('!'));
    const quantified = name === 'any' || name === 'all';
    return { kind: 'comparison', name: quantified && operator !== '=' ? `${operator} ${name}` : name, negated, left, right: withoutEscape(right), ...place };
  }
  const negated = /^!(~~?\*?)$/.exec(operator)?.[1];
  if (negated !== undefined || kind === 'AEXPR_LIKE' || kind === 'AEXPR_ILIKE') {
    return { kind: 'comparison', name: negated ?? operator, negated: negated !== undefined, left, right: withoutEscape(right), ...place };
  }
  return { kind: 'operator', name: operator, left, right, ...place };
}

/** `LIKE x ESCAPE y` and SIMILAR TO wrap the pattern in a call. */
function withoutEscape(expression: RawExpression): RawExpression {
  const wrapped = expression.kind === 'function' && /^(?:like_escape|similar_to_escape)$/.test(expression.name) ? expression.args[0] : undefined;
  return wrapped ?? expression;
}

function toBoolean(context: PgContext, node: PgNode, place: Place): RawExpression {
  const args = toExpressions(context, list(node, 'args'));
  const kind = text(node, 'boolop');
  if (kind === 'NOT_EXPR') return { kind: 'not', operand: args[0] ?? nothing, ...place };
  return { kind: kind === 'OR_EXPR' ? 'or' : 'and', args, ...place };
}

function toCall(context: PgContext, node: PgNode, place: Place): RawExpression {
  const parts = strings(node, 'funcname');
  const name = parts.length > 1 && parts[0] !== 'pg_catalog' ? parts.join('.') : parts.at(-1) ?? '';
  const written = list(node, 'args').map((arg) => toExpression(context, arg));
  const windowed = child(node, 'over') !== undefined;
  const aggregate = !windowed && (flag(node, 'agg_star') || flag(node, 'agg_distinct') || aggregateNames.has(name) || node['agg_filter'] !== undefined || flag(node, 'agg_within_group'));
  const args = flag(node, 'agg_star') ? [{ kind: 'column', parts: [], star: true } as const] : written;
  const extras = [...list(node, 'agg_order'), ...(node['agg_filter'] === undefined ? [] : [node['agg_filter']]), ...windowParts(node)].map((part) => toExpression(context, unwrap(part)?.tag === 'SortBy' ? unwrap(part)?.node['node'] : part));
  const call: RawExpression = { kind: 'function', name, aggregate, args, ...place };
  return extras.length === 0 ? call : { ...call, extras };
}

function windowParts(node: PgNode): readonly PgValue[] {
  const over = child(node, 'over');
  return over ? [...list(over, 'partitionClause'), ...list(over, 'orderClause')] : [];
}

function castPlace(context: PgContext, node: PgNode, place: Place): Place {
  const type = child(node, 'typeName');
  // For `date '2020-01-01'` the cast has no place, its type does.
  return place.at === undefined && type ? placeOf(context, type) : place;
}

const shortNames: Readonly<Record<string, string>> = {
  int2: 'smallint', int4: 'integer', int8: 'bigint', float4: 'real', float8: 'double precision', bool: 'boolean', bpchar: 'character', varchar: 'character varying',
  timestamptz: 'timestamp with time zone', timestamp: 'timestamp without time zone', timetz: 'time with time zone', time: 'time without time zone',
};

/** Canonical name of a type, as `format_type` writes it, with `[]` per array dimension. */
export function typeName(type: PgNode | undefined): string {
  if (!type) return '';
  const parts = strings(type, 'names');
  const system = parts[0] === 'pg_catalog';
  const last = parts.at(-1) ?? '';
  const name = system || parts.length === 1 ? shortNames[last] ?? last : parts.join('.');
  return name + '[]'.repeat(list(type, 'arrayBounds').length);
}

function toSubLink(context: PgContext, node: PgNode, place: Place): RawExpression {
  const query = context.query(node['subselect']);
  if (!query) return nothing;
  const test = node['testexpr'] === undefined ? undefined : toExpression(context, node['testexpr']);
  switch (text(node, 'subLinkType')) {
    case 'EXISTS_SUBLINK': return { kind: 'subquery', role: 'exists', query, ...place };
    case 'ARRAY_SUBLINK': return { kind: 'subquery', role: 'array', query, ...place };
    case 'ANY_SUBLINK':
    case 'ALL_SUBLINK': {
      const operator = strings(node, 'operName').at(-1);
      const all = text(node, 'subLinkType') === 'ALL_SUBLINK';
      const name = all ? (operator === '=' ? 'all' : `${operator ?? ''} all`) : operator === undefined ? 'in' : operator === '=' ? 'any' : `${operator} any`;
      return { kind: 'comparison', name, negated: false, left: test ?? nothing, right: { kind: 'subquery', role: name === 'in' ? 'in' : 'any', query }, ...place };
    }
    default: return { kind: 'subquery', role: 'scalar', query, ...place };
  }
}

function caseParts(context: PgContext, node: PgNode): RawExpression[] {
  const whens = list(node, 'args').flatMap((when) => {
    const found = unwrap(when)?.node;
    return found ? [toExpression(context, found['expr']), toExpression(context, found['result'])] : [];
  });
  return [...(node['arg'] === undefined ? [] : [toExpression(context, node['arg'])]), ...whens, ...(node['defresult'] === undefined ? [] : [toExpression(context, node['defresult'])])];
}

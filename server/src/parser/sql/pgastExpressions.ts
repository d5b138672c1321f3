import type { DataTypeDef, Expr, ExprBinary, ExprCall, ExprUnary, SelectStatement, WithStatement } from 'pgsql-ast-parser';
import type { TokenRanges } from '../../core/sql/tokenRanges';
import { aggregateNames } from './aggregates';
import type { RawExpression, RawQuery } from './rawTree';

/** Translates pgsql-ast-parser's expressions. Its places are starts only: operators are found in our tokens. */
export interface PgastContext {
  readonly ranges: TokenRanges;
  query(statement: SelectStatement | WithStatement): RawQuery;
}

export const startOf = (node: { readonly _location?: { readonly start: number } }): { readonly at?: number } => (node._location ? { at: node._location.start } : {});

/** The parser keeps the doubled quotes of quoted names. */
export const unquote = (name: string): string => name.replaceAll('""', '"');

export const toExpressions = (context: PgastContext, list: readonly Expr[] | null | undefined): RawExpression[] => (list ?? []).map((item) => toExpression(context, item));

export function toExpression(context: PgastContext, node: Expr): RawExpression {
  const place = startOf(node);
  switch (node.type) {
    case 'ref': {
      const star = node.name === '*';
      const table = node.table ? [...(node.table.schema === undefined ? [] : [unquote(node.table.schema)]), unquote(node.table.name)] : [];
      return { kind: 'column', parts: star ? table : [...table, unquote(node.name)], star, ...place };
    }
    case 'integer': case 'numeric': case 'boolean': case 'string':
      return { kind: 'constant', value: node.value, ...place };
    case 'null':
      return { kind: 'constant', value: null, ...place };
    case 'constant':
      return { kind: 'constant', value: String(node.value), ...place };
    case 'parameter':
      return { kind: 'parameter', ...place };
    case 'binary':
      return toBinary(context, node);
    case 'unary':
      return toUnary(context, node);
    case 'ternary': {
      const right: RawExpression = { kind: 'row', items: [toExpression(context, node.lo), toExpression(context, node.hi)] };
      return { kind: 'comparison', name: 'between', negated: node.op === 'NOT BETWEEN', left: toExpression(context, node.value), right, ...operatorPlace(context, node.lo, 'between') };
    }
    case 'cast':
      return { kind: 'cast', type: canonicalType(node.to), operand: toExpression(context, node.operand), ...castPlace(context, node.to, place) };
    case 'call':
      return toCall(context, node);
    case 'keyword':
      return { kind: 'function', name: node.keyword, aggregate: false, args: [], ...place };
    case 'extract':
      return { kind: 'function', name: 'extract', aggregate: false, args: [{ kind: 'constant', value: node.field.name, ...startOf(node.field) }, toExpression(context, node.from)], ...place };
    case 'list': case 'array':
      return { kind: node.type === 'array' ? 'array' : 'row', items: toExpressions(context, node.expressions), ...(node.type === 'array' ? place : {}) };
    case 'array select':
      return { kind: 'subquery', role: 'array', query: context.query(node.select), ...place };
    case 'member': {
      const right: RawExpression = { kind: 'constant', value: node.member };
      const left = toExpression(context, node.operand);
      return { kind: 'operator', name: node.op, left, right, ...forward(context, node.operand, node.op) };
    }
    case 'case': {
      const whens = node.whens.flatMap((when) => [toExpression(context, when.when), toExpression(context, when.value)]);
      return { kind: 'other', name: 'case', args: [...(node.value ? [toExpression(context, node.value)] : []), ...whens, ...(node.else ? [toExpression(context, node.else)] : [])], ...place };
    }
    case 'arrayIndex':
      return { kind: 'other', name: 'indirection', args: [toExpression(context, node.array), toExpression(context, node.index)], ...place };
    case 'default':
      return { kind: 'other', name: 'default', args: [], ...place };
    case 'substring':
      return { kind: 'function', name: 'substring', aggregate: false, args: toExpressions(context, [node.value, ...(node.from ? [node.from] : []), ...(node.for ? [node.for] : [])]), ...place };
    case 'overlay':
      return { kind: 'function', name: 'overlay', aggregate: false, args: toExpressions(context, [node.value, node.placing, node.from, ...(node.for ? [node.for] : [])]), ...place };
    case 'select': case 'union': case 'union all': case 'values': case 'with': case 'with recursive':
      return { kind: 'subquery', role: 'scalar', query: context.query(node), ...parenthesis(context, node) };
    default:
      return { kind: 'other', name: '', args: [] };
  }
}

function toBinary(context: PgastContext, node: ExprBinary): RawExpression {
  const { op, left, right } = node;
  if (op === 'AND' || op === 'OR') return toLogic(context, node);
  if (op === 'AT TIME ZONE') {
    const zone = operatorPlace(context, right, 'zone');
    const at = zone.at === undefined ? {} : { at: context.ranges.tokens[context.ranges.indexAt(zone.at) - 2]?.start ?? zone.at };
    return { kind: 'function', name: 'timezone', aggregate: false, args: [toExpression(context, right), toExpression(context, left)], ...at };
  }
  const negated = /^(?:NOT |!~)/.test(op);
  const name = comparisonNames[op.replace(/^NOT /, '')] ?? (op === '!=' ? '<>' : op.replace(/^!(?=~)/, ''));
  const place = operatorPlace(context, right, (op.split(' ').at(-1) ?? op).toLowerCase());
  if (name === 'in') {
    const query = selectOf(right);
    const list: RawExpression = query
      ? { kind: 'subquery', role: 'in', query: context.query(query) }
      : { kind: 'array', items: toExpressions(context, right.type === 'list' ? right.expressions : [right]) };
    return { kind: 'comparison', name, negated, left: toExpression(context, left), right: list, ...place };
  }
  const quantifier = right.type === 'call' ? /^(any|some|all)$/.exec(right.function.name)?.[1] : undefined;
  const argument = right.type === 'call' ? right.args[0] : undefined;
  if (quantifier !== undefined && argument) {
    const word = quantifier === 'all' ? 'all' : 'any';
    const query = selectOf(argument);
    const operand: RawExpression = query ? { kind: 'subquery', role: 'any', query: context.query(query) } : toExpression(context, argument);
    return { kind: 'comparison', name: name === '=' ? word : `${name} ${word}`, negated: false, left: toExpression(context, left), right: operand, ...place };
  }
  if (/^(?:~~\*?|~\*?|similar to)$/.test(name)) {
    if (!/^~\*?$/.test(name) || negated) return { kind: 'comparison', name, negated, left: toExpression(context, left), right: toExpression(context, right), ...place };
  }
  return { kind: 'operator', name, left: toExpression(context, left), right: toExpression(context, right), ...place };
}

const comparisonNames: Readonly<Record<string, string>> = { IN: 'in', LIKE: '~~', ILIKE: '~~*' };

/** AND and OR come as a left-deep tree; collected without recursion. */
function toLogic(context: PgastContext, node: ExprBinary): RawExpression {
  const args: RawExpression[] = [];
  let next: Expr = node;
  while (next.type === 'binary' && next.op === node.op) {
    args.unshift(toExpression(context, next.right));
    next = next.left;
  }
  args.unshift(toExpression(context, next));
  return { kind: node.op === 'AND' ? 'and' : 'or', args };
}

function toUnary(context: PgastContext, node: ExprUnary): RawExpression {
  const operand = toExpression(context, node.operand);
  if (node.op === 'NOT') return { kind: 'not', operand, ...startOf(node) };
  if (node.op.startsWith('IS ')) return { kind: 'comparison', name: node.op.toLowerCase(), negated: false, left: operand, ...forward(context, node.operand, 'is') };
  return { kind: 'operator', name: node.op, right: operand, ...startOf(node) };
}

function toCall(context: PgastContext, node: ExprCall): RawExpression {
  const { schema } = node.function;
  const name = schema === undefined || schema === 'pg_catalog' ? unquote(node.function.name) : `${schema}.${node.function.name}`;
  const place = startOf(node);
  const [first] = node.args;
  const query = first && selectOf(first);
  if (name === 'exists' && query) return { kind: 'subquery', role: 'exists', query: context.query(query), ...place };
  if (name === 'rollup' || name === 'cube') return { kind: 'other', name: 'groupingset', args: toExpressions(context, node.args), ...place };
  const over = node.over ? [...(node.over.partitionBy ?? []), ...(node.over.orderBy ?? []).map((item) => item.by)] : [];
  const extras = [...(node.orderBy ?? []).map((item) => item.by), ...(node.filter ? [node.filter] : []), ...over].map((item) => toExpression(context, item));
  const aggregate = !node.over && (node.distinct !== undefined && node.distinct !== null || aggregateNames.has(name) || Boolean(node.filter) || Boolean(node.withinGroup));
  return { kind: 'function', name, aggregate, args: toExpressions(context, node.args), ...(extras.length > 0 ? { extras } : {}), ...place };
}

function selectOf(node: Expr): SelectStatement | WithStatement | undefined {
  switch (node.type) {
    case 'select': case 'union': case 'union all': case 'values': case 'with': case 'with recursive': return node;
    default: return undefined;
  }
}

/** Leftmost place of an expression: the parser reports some nodes at their second part. */
function firstPlace(node: Expr): number | undefined {
  return node._location?.start;
}

/** The operator's token before its right operand; undefined where it does not stand close before it. */
function operatorPlace({ ranges }: PgastContext, right: Expr, word: string): { readonly at?: number } {
  const start = firstPlace(right);
  if (start === undefined) return {};
  const from = ranges.indexAt(start);
  for (let i = from - 1; i >= Math.max(0, from - 12); i--) {
    const found = ranges.word(i);
    if (found !== word && !(word === '<>' && found === '!=')) continue;
    const first = ranges.word(i - 1) === 'not' ? i - 1 : i;
    return { at: ranges.tokens[first]?.start ?? 0 };
  }
  return {};
}

/** The first such token behind an operand, at its level or outside it. */
function forward({ ranges }: PgastContext, operand: Expr, word: string): { readonly at?: number } {
  const start = firstPlace(operand);
  if (start === undefined) return {};
  const found = ranges.findTop({ from: ranges.indexAt(start), to: ranges.tokens.length }, (candidate) => candidate === word);
  return found === undefined ? {} : { at: ranges.tokens[found]?.start ?? 0 };
}

function parenthesis({ ranges }: PgastContext, node: SelectStatement | WithStatement): { readonly at?: number } {
  const start = node._location?.start;
  if (start === undefined) return {};
  const first = ranges.indexAt(start);
  const open = ranges.word(first) === '(' ? first : first - 1;
  return ranges.word(open) === '(' ? { at: ranges.tokens[open]?.start ?? start } : {};
}

function castPlace({ ranges }: PgastContext, type: DataTypeDef, place: { readonly at?: number }): { readonly at?: number } {
  const start = type._location?.start;
  const before = start === undefined ? -1 : ranges.indexAt(start) - 1;
  return ranges.word(before) === '::' ? { at: ranges.tokens[before]?.start ?? 0 } : place;
}

const canonicalTypes: Readonly<Record<string, string>> = {
  int: 'integer', int4: 'integer', int2: 'smallint', int8: 'bigint', float4: 'real', float8: 'double precision', float: 'double precision', bool: 'boolean', decimal: 'numeric',
  varchar: 'character varying', char: 'character', timestamptz: 'timestamp with time zone', timestamp: 'timestamp without time zone', timetz: 'time with time zone', time: 'time without time zone',
};

function canonicalType(type: DataTypeDef): string {
  if (type.kind === 'array') return `${canonicalType(type.arrayOf)}[]`;
  return type.schema === undefined ? canonicalTypes[type.name] ?? type.name : `${type.schema}.${type.name}`;
}

import type { DjangoArgumentIr, DjangoQueryIr, DjangoValue } from '../../hosts/djangoIr';
import type { HostSpan } from '../../text/span';
import { bind, clause, concat, group, hole, join, literal, sql, type SqlPart } from '../shared/sqlBuilder';
import { followPath } from './djangoJoins';
import { columnPart, readLookup, type LookupValue } from './djangoLookups';
import { keywordOf, positionalOf } from './djangoRead';
import type { Query } from './djangoQuery';
import type { DjangoWorld, Model } from './djangoWorld';

export interface Rendered {
  readonly part: SqlPart;
  readonly aggregate: boolean;
  /** Standing in an `__in`, or compared as a whole. */
  readonly query?: SqlPart;
}

/** The query whose columns an expression names. */
export interface ExpressionScope {
  readonly model: Model;
  readonly world: DjangoWorld;
  /** The query round a sub-query. */
  readonly outer: ExpressionScope | undefined;
  /** A column or annotation by the name that expressions use. */
  reference(path: string, span: HostSpan | undefined): Rendered | undefined;
  conditions(args: readonly DjangoArgumentIr[]): SqlPart;
  /** `list` for `__in`, `scalar` for `Subquery`, `exists`. */
  nested(query: DjangoQueryIr, use: 'list' | 'scalar' | 'exists'): SqlPart | undefined;
}

const aggregates: Readonly<Record<string, string>> = {
  Count: 'COUNT', Sum: 'SUM', Avg: 'AVG', Min: 'MIN', Max: 'MAX', StdDev: 'STDDEV_POP', Variance: 'VAR_POP', ArrayAgg: 'ARRAY_AGG', StringAgg: 'STRING_AGG', JSONBAgg: 'JSONB_AGG', BoolOr: 'BOOL_OR', BoolAnd: 'BOOL_AND', BitAnd: 'BIT_AND', BitOr: 'BIT_OR',
};
const functions: Readonly<Record<string, string>> = {
  Lower: 'LOWER', Upper: 'UPPER', Length: 'LENGTH', Coalesce: 'COALESCE', Concat: 'CONCAT', Greatest: 'GREATEST', Least: 'LEAST', NullIf: 'NULLIF', Abs: 'ABS', Round: 'ROUND', Ceil: 'CEILING', Floor: 'FLOOR', Substr: 'SUBSTRING',
  Left: 'LEFT', Right: 'RIGHT', Replace: 'REPLACE', Trim: 'BTRIM', LTrim: 'LTRIM', RTrim: 'RTRIM', StrIndex: 'STRPOS', MD5: 'MD5', Random: 'RANDOM', Mod: 'MOD', Power: 'POWER', Reverse: 'REVERSE', TrigramSimilarity: 'SIMILARITY', Unaccent: 'UNACCENT',
};
const extracts: Readonly<Record<string, string>> = { Year: 'year', Month: 'month', Day: 'day', Week: 'week', WeekDay: 'dow', IsoWeekDay: 'isodow', IsoYear: 'isoyear', Quarter: 'quarter', Hour: 'hour', Minute: 'minute', Second: 'second' };
const operators: Readonly<Record<string, string>> = { '+': ' + ', '-': ' - ', '*': ' * ', '/': ' / ', '%': ' % ', '**': ' ^ ' };

/** The value of a look-up: SQL, and its elements where it is a list. */
export function valueOf(value: DjangoValue, query: ExpressionScope): LookupValue {
  const known = renderExpression(value, query);
  const items = value.kind === 'list' && value.complete ? value.items.map((item) => sqlOf(item, query)) : undefined;
  return { value, part: known?.part ?? sqlOf(value, query), ...(items ? { items } : {}), ...(known?.query ? { query: known.query } : {}) };
}

/** An expression of Django's, a constant, or a parameter. */
export function sqlOf(value: DjangoValue, query: ExpressionScope): SqlPart {
  const known = renderExpression(value, query);
  if (known) return known.part;
  return value.kind === 'literal' ? literal(value.value, value.bind.span) : bind(value.bind);
}

/** An expression of Django's; undefined for constants and values of the program. */
export function renderExpression(value: DjangoValue, query: ExpressionScope): Rendered | undefined {
  switch (value.kind) {
    case 'query': {
      const part = query.nested(value.query, 'list');
      return part && { part: group(part), aggregate: false, query: group(part) };
    }
    case 'operation': {
      const operator = operators[value.operator];
      if (/^[&|]$/.test(value.operator)) return { part: group(query.conditions([{ value }])), aggregate: false };
      if (operator === undefined) return undefined;
      const [left, right] = [value.left, value.right].map((side) => ({ part: sqlOf(side, query), aggregate: renderedAggregate(side, query) }));
      return left && right && { part: group(concat(left.part, sql(operator), right.part)), aggregate: left.aggregate || right.aggregate };
    }
    case 'not': {
      const inner = renderExpression(value.operand, query);
      return inner ? { part: concat(sql('NOT '), group(inner.part)), aggregate: inner.aggregate } : { part: query.conditions([{ value }]), aggregate: false };
    }
    case 'method':
      return renderExpression(value.receiver, query);
    case 'call':
      return renderCall(value.name, value.args, value, query);
    default:
      return undefined;
  }
}

const renderedAggregate = (value: DjangoValue, query: ExpressionScope): boolean => renderExpression(value, query)?.aggregate ?? false;

function renderCall(name: string, args: readonly DjangoArgumentIr[], value: DjangoValue, query: ExpressionScope): Rendered | undefined {
  const span = value.bind.span;
  const positional = positionalOf(args).map((argument) => argument.value);
  const [first, second] = positional;
  const plain = (part: SqlPart, ...of: readonly (DjangoValue | undefined)[]): Rendered => ({ part, aggregate: of.some((item) => item && renderedAggregate(item, query)) });
  const argument = (item: DjangoValue | undefined): SqlPart => (item ? fieldOr(item, query) : sql('NULL'));
  if (Object.hasOwn(aggregates, name)) {
    const star = name === 'Count' && first?.kind === 'literal' && first.value === '*';
    const distinct = keywordOf(args, 'distinct');
    const filter = keywordOf(args, 'filter');
    const unique = distinct?.kind === 'literal' && distinct.value === true ? sql('DISTINCT ') : [];
    const separator = name === 'StringAgg' ? concat(sql(', '), argument(keywordOf(args, 'delimiter') ?? second)) : [];
    const body = concat(sql(`${aggregates[name]}(`, span), unique, star ? sql('*') : argument(first ?? keywordOf(args, 'expression')), separator, sql(')', span));
    return { part: concat(body, filter ? concat(sql(' FILTER (WHERE '), query.conditions([{ value: filter }]), sql(')')) : []), aggregate: true };
  }
  switch (name) {
    case 'Q': return plain(group(query.conditions([{ value }])));
    case 'F': return first?.kind === 'literal' ? query.reference(String(first.value), span) : undefined;
    case 'Value': return first && plain(sqlOf(first, query));
    case 'OrderBy':
    case 'ExpressionWrapper': return first && plain(argument(first), first);
    case 'OuterRef': return first?.kind === 'literal' ? query.outer?.reference(String(first.value), span) : undefined;
    case 'Subquery':
    case 'ArraySubquery':
    case 'Exists': {
      const inner = first?.kind === 'query' ? query.nested(first.query, name === 'Exists' ? 'exists' : 'scalar') : undefined;
      const part = inner ?? hole('fragment', value.bind);
      return name === 'Subquery' ? { part: group(part), aggregate: false, query: group(part) } : plain(concat(sql(name === 'Exists' ? 'EXISTS(' : 'ARRAY(', span), part, sql(')')));
    }
    case 'Case': {
      const whens = positional.map((item) => (item.kind === 'call' && item.name === 'When' ? item.args : []));
      const otherwise = keywordOf(args, 'default');
      return plain(concat(sql('CASE', span), ...whens.map((when) => concat(sql(' WHEN '), query.conditions(when.filter((part) => part.name !== 'then' && !(part.name === undefined && part === positionalOf(when)[1]))), sql(' THEN '), argument(keywordOf(when, 'then') ?? positionalOf(when)[1]?.value))), otherwise ? concat(sql(' ELSE '), argument(otherwise)) : [], sql(' END')), otherwise, ...whens.map((when) => keywordOf(when, 'then')));
    }
    case 'Now': return plain(sql('STATEMENT_TIMESTAMP()', span));
    case 'Cast': {
      const type = castTypes[keywordOf(args, 'output_field')?.bind.text.match(/(\w+Field)/)?.[1] ?? second?.bind.text.match(/(\w+Field)/)?.[1] ?? ''];
      return type ? plain(concat(group(argument(first)), sql(`::${type}`, span)), first) : undefined;
    }
    case 'RawSQL': return { part: hole('fragment', value.bind), aggregate: false };
    case 'Func': {
      const named = keywordOf(args, 'function');
      return named?.kind === 'literal' && typeof named.value === 'string' && /^\w+$/.test(named.value) ? plain(concat(sql(`${named.value}(`, span), join(positional.map(argument), ', '), sql(')')), ...positional) : undefined;
    }
    default:
  }
  const trunc = /^Trunc(Date|Time|Year|Month|Week|Quarter|Day|Hour|Minute|Second)$/.exec(name)?.[1];
  const extract = /^Extract(\w+)$/.exec(name)?.[1];
  const zoned = (): SqlPart => {
    const path = first?.kind === 'literal' ? followPath(String(first.value).split('__'), query.model, query.world) : undefined;
    return path?.field && readLookup({ part: [], field: path.field }, [], query.world, undefined)?.type === 'timestamp with time zone' ? concat(argument(first), sql(" AT TIME ZONE 'UTC'")) : argument(first);
  };
  if (trunc) return plain(trunc === 'Date' || trunc === 'Time' ? concat(sql('('), zoned(), sql(`)::${trunc.toLowerCase()}`, span)) : concat(sql(`DATE_TRUNC('${trunc.toLowerCase()}', `, span), zoned(), sql(')')), first);
  if (extract && extracts[extract]) return plain(concat(sql(`EXTRACT('${extracts[extract]}' FROM `, span), zoned(), sql(')')), first);
  if (Object.hasOwn(functions, name)) return plain(concat(sql(`${functions[name]}(`, span), join(positional.map(argument), ', '), sql(')', span)), ...positional);
  return undefined;
}

const castTypes: Readonly<Record<string, string>> = { IntegerField: 'integer', BigIntegerField: 'bigint', FloatField: 'double precision', TextField: 'text', CharField: 'varchar', DateField: 'date', DateTimeField: 'timestamp with time zone', BooleanField: 'boolean', UUIDField: 'uuid', DecimalField: 'numeric', JSONField: 'jsonb' };

/** In a function's arguments a text names a field. */
function fieldOr(value: DjangoValue, query: ExpressionScope): SqlPart {
  if (value.kind === 'literal' && typeof value.value === 'string') return query.reference(value.value, value.bind.span)?.part ?? hole('value', value.bind);
  return sqlOf(value, query);
}

/** `expression AS name` needs a name that stands for itself in SQL. */
export const aliased = (part: SqlPart, name: string, quoted: SqlPart): SqlPart => (name === '' ? part : clause(part, concat(sql(' AS '), quoted)));

/** A column of the query's own model, through relations. */
export function columnReference(path: string, query: Query, span: Parameters<typeof columnPart>[2]): Rendered | undefined {
  const annotation = query.annotations.get(path);
  if (annotation) return { part: annotation.part, aggregate: annotation.aggregate };
  const found = followPath(path.split('__'), query.model, query.world);
  if (!found) return undefined;
  const aliases = query.joins.add(found.steps, undefined);
  const { alias, column } = query.joins.trim(aliases, found.column);
  const operand = { part: columnPart(alias, column, span), ...(found.field ? { field: found.field } : {}) };
  return { part: found.rest.length === 0 ? operand.part : readLookup(operand, found.rest, query.world, span)?.operand ?? operand.part, aggregate: false };
}

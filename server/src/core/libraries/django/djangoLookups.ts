import type { DjangoValue } from '../../hosts/djangoIr';
import { bind, concat, hole, identifier, join, literal, sql, type SqlPart } from '../shared/sqlBuilder';
import type { HostSpan } from '../../text/span';
import { typeOf, type DjangoWorld, type Field } from './djangoWorld';

const comparisons: Readonly<Record<string, string>> = { exact: ' = ', gt: ' > ', gte: ' >= ', lt: ' < ', lte: ' <= ' };
const likes: Readonly<Record<string, { readonly before: string; readonly after: string; readonly fold: boolean }>> = {
  contains: { before: '%', after: '%', fold: false }, icontains: { before: '%', after: '%', fold: true },
  startswith: { before: '', after: '%', fold: false }, istartswith: { before: '', after: '%', fold: true },
  endswith: { before: '%', after: '', fold: false }, iendswith: { before: '%', after: '', fold: true },
};
const parts: Readonly<Record<string, string>> = { year: 'year', month: 'month', day: 'day', week: 'week', week_day: 'dow', iso_week_day: 'isodow', iso_year: 'isoyear', quarter: 'quarter', hour: 'hour', minute: 'minute', second: 'second' };
const functions: Readonly<Record<string, string>> = { lower: 'LOWER', upper: 'UPPER', length: 'LENGTH', trim: 'BTRIM', unaccent: 'UNACCENT', abs: 'ABS' };
const lookups = new Set([...Object.keys(comparisons), ...Object.keys(likes), 'iexact', 'in', 'range', 'isnull', 'regex', 'iregex', 'search', 'has_key', 'has_keys', 'has_any_keys', 'contained_by', 'overlap', 'trigram_similar', 'trigram_word_similar', 'fully_lt', 'fully_gt', 'adjacent_to']);

/** A column with what is known of it. */
export interface Operand {
  readonly part: SqlPart;
  readonly field?: Field;
}

export interface Lookup {
  readonly name: string;
  readonly operand: SqlPart;
  /** Type of what is compared, where it is known. */
  readonly type: string;
  /** `year` compares a range of the column itself. */
  readonly year: boolean;
}

/** Applies the transforms of a look-up (`created__date__gte`, `data__owner__name`). Undefined where one is not known. */
export function readLookup(operand: Operand, rest: readonly string[], world: DjangoWorld, span: HostSpan | undefined): Lookup | undefined {
  let { part } = operand;
  let type = operand.field ? typeOf(operand.field, world) : 'unknown';
  let year = false;
  const names = [...rest];
  const last = names.at(-1);
  const json = type === 'jsonb' || type === 'json' || type === 'hstore';
  const name = last !== undefined && lookups.has(last) && !(json && last === 'exact') ? names.pop() ?? 'exact' : 'exact';
  if (last === 'exact') names.splice(-1, names.at(-1) === 'exact' ? 1 : 0);
  if (json && names.length > 0) {
    const path = names.map((key) => key);
    const text = likes[name] !== undefined && name !== 'contains' || name === 'iexact' || name === 'regex' || name === 'iregex';
    const steps = path.length === 1 ? concat(sql(text ? ' ->> ' : ' -> ', span), /^\d+$/.test(path[0] ?? '') ? sql(path[0] ?? '0') : literal(path[0] ?? '')) : concat(sql(text ? ' #>> ' : ' #> ', span), sql('ARRAY['), join(path.map((key) => literal(key)), ', '), sql(']'));
    return { name, operand: concat(sql('('), part, steps, sql(')')), type: text ? 'text' : 'jsonb', year: false };
  }
  for (const transform of names) {
    const zoned = type === 'timestamp with time zone' ? concat(part, sql(" AT TIME ZONE 'UTC'")) : part;
    if (/\[\]$/.test(type) && /^\d+$/.test(transform)) [part, type] = [concat(part, sql(`[${Number(transform) + 1}]`, span)), type.slice(0, -2)];
    else if (/\[\]$/.test(type) && transform === 'len') [part, type] = [concat(sql('CASE WHEN '), part, sql(' IS NULL THEN NULL ELSE COALESCE(ARRAY_LENGTH('), part, sql(', 1), 0) END', span)), 'integer'];
    else if (transform === 'date' || transform === 'time') [part, type] = [concat(sql('('), zoned, sql(`)::${transform}`, span)), transform === 'date' ? 'date' : 'time without time zone'];
    else if (transform === 'year' && names.at(-1) === 'year') year = true;
    else if (parts[transform] !== undefined) [part, type] = [concat(sql(`EXTRACT('${parts[transform]}' FROM `, span), zoned, sql(')')), 'numeric'];
    else if (functions[transform] !== undefined) [part, type] = [concat(sql(`${functions[transform]}(`, span), part, sql(')')), transform === 'length' ? 'integer' : type];
    else return undefined;
  }
  return { name, operand: part, type, year };
}

export interface LookupValue {
  readonly value: DjangoValue;
  /** The value as SQL. */
  readonly part: SqlPart;
  /** Its elements, for a list written out; a sub-query for `__in`. */
  readonly items?: readonly SqlPart[];
  readonly query?: SqlPart;
}

/** `column operator value`. Undefined for a look-up that is not known. */
export function renderLookup({ name, operand, type, year }: Lookup, { value, part, items, query }: LookupValue, span: HostSpan | undefined): SqlPart | undefined {
  const fixed = value.kind === 'literal' ? value.value : undefined;
  if (name === 'isnull' || (fixed === null && (name === 'exact' || name === 'iexact'))) {
    const not = name === 'isnull' && fixed === false;
    return name === 'isnull' && typeof fixed !== 'boolean' ? concat(sql('('), operand, sql(' IS NULL) = ', span), part) : concat(operand, sql(not ? ' IS NOT NULL' : ' IS NULL', span));
  }
  if (year) return yearRange(name, operand, part, fixed, value, span);
  const json = type === 'jsonb' || type === 'json';
  const sent = json && value.kind === 'literal' && value.value !== null && (name === 'exact' || name === 'contains' || name === 'contained_by') ? concat(literal(JSON.stringify(value.value), value.bind.span)) : part;
  if (Object.hasOwn(comparisons, name)) return concat(operand, sql(comparisons[name] ?? ' = ', span), sent);
  if (name === 'in') {
    if (query) return concat(operand, sql(' IN ', span), query);
    return items ? (items.length === 0 ? sql('FALSE', span) : concat(operand, sql(' IN (', span), join(items, ', '), sql(')'))) : concat(operand, sql(' = ANY(', span), part, sql(')'));
  }
  if (name === 'range') return items?.length === 2 && items[0] && items[1] ? concat(operand, sql(' BETWEEN ', span), items[0], sql(' AND '), items[1]) : concat(operand, sql(' BETWEEN ', span), bind(value.bind), sql(' AND '), bind(value.bind));
  const collection = json || /\[\]$|range$|^hstore$/.test(type);
  if (collection && (name === 'contains' || name === 'contained_by' || name === 'overlap')) return concat(operand, sql(name === 'contains' ? ' @> ' : name === 'contained_by' ? ' <@ ' : ' && ', span), value.kind === 'list' && items ? concat(sql('ARRAY['), join(items, ', '), sql(`]${/\[\]$/.test(type) ? `::${type}` : ''}`)) : sent);
  if (json || type === 'hstore') {
    if (name === 'has_key') return concat(operand, sql(' ? ', span), part);
    if (name === 'has_keys' || name === 'has_any_keys') return concat(operand, sql(name === 'has_keys' ? ' ?& ' : ' ?| ', span), items ? concat(sql('ARRAY['), join(items, ', '), sql(']')) : part);
  }
  const like = likes[name];
  const text = concat(operand, sql('::text'));
  if (like) {
    const pattern = typeof fixed === 'string' || typeof fixed === 'number' ? literal(`${like.before}${String(fixed).replaceAll(/[\\%_]/g, '\\$&')}${like.after}`, value.bind.span) : join([...(like.before === '' ? [] : [literal('%')]), part, ...(like.after === '' ? [] : [literal('%')])], ' || ');
    return like.fold ? concat(sql('UPPER('), text, sql(')'), sql(' LIKE ', span), sql('UPPER('), pattern, sql(')')) : concat(text, sql(' LIKE ', span), pattern);
  }
  switch (name) {
    case 'iexact': return concat(sql('UPPER('), text, sql(')'), sql(' = ', span), sql('UPPER('), part, sql(')'));
    case 'regex': return concat(text, sql(' ~ ', span), part);
    case 'iregex': return concat(text, sql(' ~* ', span), part);
    case 'search': return type === 'tsvector' ? concat(operand, sql(' @@ ', span), query ?? concat(sql('plainto_tsquery('), part, sql(')'))) : concat(sql('to_tsvector(COALESCE('), operand, sql(", ''))"), sql(' @@ ', span), sql('plainto_tsquery('), part, sql(')'));
    case 'trigram_similar': return concat(operand, sql(' % ', span), part);
    case 'trigram_word_similar': return concat(part, sql(' <% ', span), operand);
    default: return undefined;
  }
}

/** `created__year=2020` compares the column with the year's ends, which an index on it serves. */
function yearRange(name: string, operand: SqlPart, part: SqlPart, fixed: unknown, value: DjangoValue, span: HostSpan | undefined): SqlPart | undefined {
  const at = (end: boolean): SqlPart => (typeof fixed === 'number' ? literal(end ? `${fixed}-12-31 23:59:59.999999` : `${fixed}-01-01`, value.bind.span) : part);
  switch (name) {
    case 'exact': return concat(operand, sql(' BETWEEN ', span), at(false), sql(' AND '), at(true));
    case 'gt': return concat(operand, sql(' > ', span), at(true));
    case 'gte': return concat(operand, sql(' >= ', span), at(false));
    case 'lt': return concat(operand, sql(' < ', span), at(false));
    case 'lte': return concat(operand, sql(' <= ', span), at(true));
    default: return undefined;
  }
}

/** A condition that is not understood: what it filters is not known. */
export const unknownCondition = (value: DjangoValue): SqlPart => hole('fragment', value.bind);
export const columnPart = (alias: string, column: string, span?: HostSpan): SqlPart => identifier([alias, column], span);

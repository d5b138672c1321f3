import type { PlaceholderStyle } from '../sql/source';
import type { ColumnRef, Expression, StatementModel } from '../sql/model';
import { spanText } from '../text/span';
import { coverHoles } from './holes';
import { isSteady } from './steady';
import { nextPeriod, startsPeriod, type Period } from './periods';
import type { SqlEdit } from './sqlEdits';
import type { WrappedColumn } from './wrappedColumn';

/** A comparison rewritten so that the column stands alone. */
export interface Unwrapped {
  readonly edits: readonly SqlEdit[];
  /** What may be different, for the title; undefined: provably the same rows. */
  readonly but?: string;
}

/** The statement as far as a rewrite needs it. */
export interface UnwrapSource {
  readonly model: StatementModel;
  readonly placeholders: PlaceholderStyle;
  /** The type of another relation's column, where known. */
  readonly typeOf?: (ref: ColumnRef) => string | undefined;
}

type Rewrite = { readonly text: string; readonly but?: string };

/** The column alone in a condition that holds for the same rows; undefined where none is known. */
export function unwrapColumn(source: UnwrapSource, found: WrappedColumn): Unwrapped | undefined {
  const { conjunct } = found;
  const rewrite = ofDay(source, found) ?? ofPeriod(source, found) ?? ofYear(source, found) ?? ofShift(source, found) ?? ofDefault(source, found) ?? ofText(source, found) ?? ofBothCast(source, found);
  return rewrite && { edits: [{ span: coverHoles(source.model, conjunct.span), text: rewrite.text }], but: rewrite.but };
}

const columnText = ({ model }: UnwrapSource, { ref }: WrappedColumn): string => spanText(model.text, ref.span);
const isTimestamp = ({ column }: WrappedColumn): boolean => /^timestamp\b/.test(column.type);
/** `c AT TIME ZONE 'UTC'` of a timestamptz: the zone as a literal; undefined for anything else. */
function zoneOf(expression: Expression | undefined, found: WrappedColumn): string | undefined {
  const [zone, inner] = expression?.args ?? [];
  if (expression?.kind !== 'function' || expression.name !== 'timezone' || expression.args?.length !== 2 || inner?.kind !== 'column' || !hasZone(found) || zone?.kind !== 'constant' || typeof zone.value !== 'string' || zone.hole !== undefined) return undefined;
  return `'${zone.value.replaceAll("'", "''")}'`;
}

/** The instant at which the clocks of a zone show this. */
const instant = (text: string, zone: string): string => `${/^'/.test(text) ? `timestamp ${text}` : `(${text})::timestamp`} AT TIME ZONE ${zone}`;

const hasZone = ({ column }: WrappedColumn): boolean => /^timestamp\b.*with time zone$/.test(column.type) && !column.type.includes('without');

/**
 * The text of a value as it stands, where it may be written more than once.
 * @returns undefined for interpolations and for placeholders that are counted (`?`, `%s`).
 */
function valueText({ model, placeholders }: UnwrapSource, expression: Expression): string | undefined {
  const holes = model.holes.filter((hole) => hole.span.start >= expression.span.start && hole.span.start < expression.span.end);
  const span = coverHoles(model, expression.span);
  const counted = placeholders === 'question' || holes.some((hole) => hole.origin.type !== 'placeholder');
  if (holes.length > 0 && (counted || expression.kind !== 'hole')) return undefined;
  if (holes.length > 0) {
    const key = holes[0]?.origin.type === 'placeholder' ? holes[0].origin.key : '';
    return placeholders === 'dollar' || (placeholders === 'file' && /^\d+$/.test(key)) ? `$${key}` : placeholders === 'percent' && !/^\d+$/.test(key) ? `%(${key})s` : placeholders === 'colon' || placeholders === 'file' ? `:${key}` : placeholders === 'at' ? `@${key}` : undefined;
  }
  const text = spanText(model.text, span);
  return expression.columns.length === 0 && isSteady(text) ? text : undefined;
}

/** A value as this type; a literal takes the type of what it is compared with. */
function typed(source: UnwrapSource, expression: Expression, type: string, always = false): string | undefined {
  const text = valueText(source, expression);
  if (text === undefined || (expression.kind === 'cast' && expression.type === type)) return text;
  if (!always && expression.kind === 'constant') return text;
  if (expression.kind === 'function' && (expression.name === 'current_date' ? type === 'date' : type !== 'date')) return text;
  return expression.kind === 'hole' && !text.startsWith('$') ? `CAST(${text} AS ${type})` : expression.kind === 'hole' || expression.kind === 'constant' || expression.kind === 'function' ? `${text}::${type}` : `(${text})::${type}`;
}

/** `a.id::text = b.id::text`: two numbers, or two UUIDs, have the same text where they are the same, and an operator that compares them as they are. */
function ofBothCast(source: UnwrapSource, found: WrappedColumn): Rewrite | undefined {
  const { wrapped, operator, other, column } = found;
  const [inner] = wrapped.args ?? [];
  const [value] = other.args ?? [];
  if (operator !== '=' || wrapped.kind !== 'cast' || other.kind !== 'cast' || wrapped.type !== 'text' || other.type !== 'text' || inner?.kind !== 'column' || !value?.column) return undefined;
  const type = source.typeOf?.(value.column);
  const whole = /^(?:smallint|integer|bigint)$/;
  if (!(column.type === 'uuid' && type === 'uuid') && !(whole.test(column.type) && type !== undefined && whole.test(type))) return undefined;
  return { text: `${columnText(source, found)} = ${spanText(source.model.text, value.span)}` };
}

/** `c::date = d`, `date(c) = d`: from midnight to midnight, in the session's zone as before. */
function ofDay(source: UnwrapSource, found: WrappedColumn): Rewrite | undefined {
  const { wrapped, operator, other } = found;
  const zone = zoneOf(wrapped.args?.[0], found);
  const direct = wrapped.args?.[0]?.kind === 'column' || zone !== undefined;
  if (!isTimestamp(found) || !direct || !((wrapped.kind === 'cast' && wrapped.type === 'date') || (wrapped.kind === 'function' && wrapped.name === 'date'))) return undefined;
  const c = columnText(source, found);
  const [from, to] = operator === 'between' ? [other.args?.[0], other.args?.[1]] : [other, other];
  const days = [from && dayOf(source, from, 0), to && dayOf(source, to, 1)];
  const [start, end] = days.map((day) => (day === undefined || zone === undefined ? day : instant(day, zone)));
  if (start === undefined || end === undefined) return undefined;
  const but = [from, to].some((e) => e && !isFixed(e)) ? 'the same rows, unless the day is infinity' : zoneNote(found, zone);
  switch (operator) {
    case '=': case 'between': return { text: `${c} >= ${start} AND ${c} < ${end}`, but };
    case '<': return { text: `${c} < ${start}`, but };
    case '>=': return { text: `${c} >= ${start}`, but };
    case '<=': return { text: `${c} < ${end}`, but };
    case '>': return { text: `${c} >= ${end}`, but };
    default: return undefined;
  }
}

/** Havana puts its clocks back at one: there is a midnight twice, and a constant means the second. */
const zoneNote = (found: WrappedColumn, zone?: string): string | undefined => (hasZone(found) && !/^'(?:UTC|GMT|Etc\/UTC|Etc\/GMT)'$/i.test(zone ?? '') ? 'the same rows, but where clocks are put back over midnight' : undefined);

/** A constant, a constant with its type, or a function: never infinity. */
const isFixed = (e: Expression): boolean => e.kind === 'constant' || e.kind === 'function' || (e.kind === 'cast' && e.args?.[0]?.kind === 'constant');

/** The midnight that a day begins with, or the next one. */
function dayOf(source: UnwrapSource, expression: Expression, plus: 0 | 1): string | undefined {
  if (expression.kind === 'constant' || (expression.kind === 'cast' && expression.args?.[0]?.kind === 'constant')) {
    const value = expression.kind === 'constant' ? expression.value : expression.args?.[0]?.value;
    if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return undefined;
    return plus === 0 ? `'${value}'` : nextPeriod(value, 'day') && `'${nextPeriod(value, 'day')}'`;
  }
  const day = typed(source, expression, 'date', true);
  return day === undefined ? undefined : plus === 0 ? day : `${day} + 1`;
}

/** `date_trunc('month', c) = start of a month`. */
function ofPeriod(source: UnwrapSource, found: WrappedColumn): Rewrite | undefined {
  const { wrapped, operator, other, column } = found;
  const [unit, inner] = wrapped.args ?? [];
  const zone = zoneOf(inner, found);
  if (!isTimestamp(found) || wrapped.kind !== 'function' || wrapped.name !== 'date_trunc' || wrapped.args?.length !== 2 || (inner?.kind !== 'column' && zone === undefined) || typeof unit?.value !== 'string') return undefined;
  const period = unit.value.toLowerCase();
  if (!/^(?:hour|day|week|month|year)$/.test(period)) return undefined;
  const c = columnText(source, found);
  let start: string | undefined;
  let end: string | undefined;
  let but: string | undefined;
  if (other.kind === 'constant') {
    if (typeof other.value !== 'string' || !startsPeriod(other.value, period as Period)) return undefined;
    const next = nextPeriod(other.value, period as Period);
    [start, end] = [`'${other.value}'`, next && `'${next}'`].map((text) => (text === undefined || zone === undefined ? text : instant(text, zone)));
    but = period === 'hour' && zone === undefined ? undefined : zoneNote(found, zone);
  } else {
    if (zone !== undefined) return undefined;
    const aligned = other.kind === 'function' && other.name === 'date_trunc' && other.args?.length === 2 && other.args[0]?.value === unit.value;
    if (!aligned && other.kind !== 'hole') return undefined;
    start = typed(source, other, hasZone(found) ? 'timestamptz' : 'timestamp', !aligned);
    // Where a clock skips midnight the day begins at one: a day later is one again, not the next midnight.
    end = start && (hasZone(found) && period !== 'hour' ? `date_trunc('${period}', ${start} + interval '1 ${period}')` : `${start} + interval '1 ${period}'`);
    but = aligned ? (hasZone(found) || !/^timestamp\b/.test(column.type) ? undefined : 'the same rows, but for the session’s time zone') : `the same rows where the parameter is the start of a ${period}`;
  }
  if (start === undefined || end === undefined) return undefined;
  switch (operator) {
    case '=': return { text: `${c} >= ${start} AND ${c} < ${end}`, but };
    case '<': return { text: `${c} < ${start}`, but };
    case '>=': return { text: `${c} >= ${start}`, but };
    case '<=': return { text: `${c} < ${end}`, but };
    case '>': return { text: `${c} >= ${end}`, but };
    default: return undefined;
  }
}

/** `extract(year FROM c) = 2024`. */
function ofYear(source: UnwrapSource, found: WrappedColumn): Rewrite | undefined {
  const { wrapped, operator, other } = found;
  const [unit, inner] = wrapped.args ?? [];
  const year = other.kind === 'constant' && other.hole === undefined ? Number(other.value) : NaN;
  if (wrapped.kind !== 'function' || !/^(?:extract|date_part)$/.test(wrapped.name ?? '') || unit?.value !== 'year' || inner?.kind !== 'column' || operator !== '=' || !(isTimestamp(found) || found.column.type === 'date') || !Number.isInteger(year) || year < 1000 || year > 9998) return undefined;
  const c = columnText(source, found);
  return { text: `${c} >= '${year}-01-01' AND ${c} < '${year + 1}-01-01'`, but: zoneNote(found) };
}

/** `c + interval '7 days' < now()`, `c - 5 > 10`: the constant moves to the other side. */
function ofShift(source: UnwrapSource, found: WrappedColumn): Rewrite | undefined {
  const { wrapped, operator, other, column } = found;
  const [left, right] = wrapped.args ?? [];
  if (wrapped.kind !== 'operator' || !/^[+-]$/.test(wrapped.name ?? '') || left?.kind !== 'column' || !right || !/^(?:=|[<>]=?)$/.test(operator)) return undefined;
  const back = wrapped.name === '+' ? '-' : '+';
  const c = columnText(source, found);
  if (/^(?:smallint|integer|bigint)$/.test(column.type) && right.kind === 'constant' && Number.isInteger(right.value) && right.hole === undefined && other.kind === 'constant' && Number.isInteger(other.value) && other.hole === undefined) {
    const value = Number(other.value) + (back === '-' ? -Number(right.value) : Number(right.value));
    return Number.isSafeInteger(value) && Math.abs(value) < 32_000 ? { text: `${c} ${operator} ${value}` } : undefined;
  }
  const interval = right.kind === 'cast' && right.type === 'interval' && right.args?.[0]?.kind === 'constant' ? String(right.args[0].value) : undefined;
  if (!isTimestamp(found) || interval === undefined || !/^\d+ (?:second|minute|hour|day|week)s?$/.test(interval)) return undefined;
  const type = hasZone(found) ? 'timestamptz' : 'timestamp';
  const value = typed(source, other, type, true);
  if (value === undefined) return undefined;
  // A day is not always 24 hours long where there is a zone.
  const exact = /second|minute|hour/.test(interval) ? hasZone(found) === (other.kind === 'function') || other.kind === 'constant' : !hasZone(found) && other.kind === 'constant';
  return { text: `${c} ${operator} ${value} ${back} ${spanText(source.model.text, right.span)}`, ...(exact ? {} : { but: 'the same rows, but when clocks are changed' }) };
}

/** `coalesce(c, 0) = 5`: NULL is not found either way. */
function ofDefault(source: UnwrapSource, found: WrappedColumn): Rewrite | undefined {
  const { wrapped, operator, other, column } = found;
  const [inner, fallback] = wrapped.args ?? [];
  if (wrapped.kind !== 'function' || wrapped.name !== 'coalesce' || wrapped.args?.length !== 2 || inner?.kind !== 'column' || fallback?.kind !== 'constant' || !/^(?:=|[<>]=?)$/.test(operator)) return undefined;
  const c = columnText(source, found);
  const value = valueText(source, other);
  if (value === undefined) return undefined;
  // The far side of an outer join is NULL where no row was found.
  const joinsOuter = source.model.blocks.some((block) => block.relations.some(({ join }) => join === 'left' || join === 'right' || join === 'full'));
  if (column.notNull && !joinsOuter) return { text: `${c} ${operator} ${value}` };
  const differ = operator === '=' && other.kind === 'constant' && typeof other.value === typeof fallback.value && other.value !== fallback.value && /^(?:smallint|integer|bigint|text|character varying|boolean)/.test(column.type);
  return differ ? { text: `${c} = ${value}` } : undefined;
}

/** `id::text = $1`: the value becomes an id. */
function ofText(source: UnwrapSource, found: WrappedColumn): Rewrite | undefined {
  const { wrapped, operator, other, column } = found;
  if (wrapped.kind !== 'cast' || !/^(?:text|character varying)$/.test(wrapped.type ?? '') || wrapped.args?.[0]?.kind !== 'column' || !['=', 'any'].includes(operator) || !/^(?:smallint|integer|bigint|uuid)$/.test(column.type)) return undefined;
  const c = columnText(source, found);
  if (operator === '=' && other.kind === 'constant') {
    const text = String(other.value);
    if (column.type === 'uuid' ? !/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text) : !/^(?:0|-?[1-9]\d{0,3})$/.test(text)) return undefined;
    return { text: `${c} = ${column.type === 'uuid' ? `'${text}'` : text}` };
  }
  const type = operator === 'any' ? `${column.type}[]` : column.type;
  const value = typed(source, other.kind === 'cast' && other.args?.[0] && operator === 'any' ? other.args[0] : other, type, true);
  if (value === undefined) return undefined;
  return { text: operator === 'any' ? `${c} = ANY(${value})` : `${c} = ${value}`, but: `a value that is no ${column.type} becomes an error` };
}

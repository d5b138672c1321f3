import type { HostSpan } from '../../text/span';
import { concat, join, literal, sql, type SqlPart } from '../shared/sqlBuilder';
import type { LookupValue } from '../django/djangoLookups';

const comparisons: Readonly<Record<string, string>> = { gt: ' > ', gte: ' >= ', lt: ' < ', lte: ' <= ' };
const likes: Readonly<Record<string, { readonly before: string; readonly after: string; readonly fold: boolean }>> = {
  contains: { before: '%', after: '%', fold: false }, icontains: { before: '%', after: '%', fold: true },
  startswith: { before: '', after: '%', fold: false }, istartswith: { before: '', after: '%', fold: true },
  endswith: { before: '%', after: '', fold: false }, iendswith: { before: '%', after: '', fold: true },
};
const extracts = /^(year|quarter|month|week|day|hour|minute|second|microsecond)$/;

/** `column operator value` of a look-up's name (empty: equality). Undefined for a look-up that is not known. */
export function renderTortoiseLookup(name: string, operand: SqlPart, type: string, { value, part, items, query }: LookupValue, span: HostSpan | undefined): SqlPart | undefined {
  const fixed = value.kind === 'literal' ? value.value : undefined;
  const absent = concat(operand, sql(' IS NULL', span));
  const present = concat(operand, sql(' IS NOT NULL', span));
  const orNull = (condition: SqlPart): SqlPart => concat(sql('('), condition, sql(' OR '), operand, sql(' IS NULL)'));
  if (name === '') return fixed === null ? absent : concat(operand, sql(' = ', span), part);
  if (name === 'not') return fixed === null ? present : orNull(concat(operand, sql(' <> ', span), part));
  if (name === 'isnull' || name === 'not_isnull') return typeof fixed === 'boolean' ? (fixed === (name === 'isnull') ? absent : present) : undefined;
  if (Object.hasOwn(comparisons, name)) return concat(operand, sql(comparisons[name] ?? '', span), part);
  if (name === 'in' || name === 'not_in') {
    const not = name === 'not_in';
    if (items?.length === 0) return sql(not ? 'TRUE' : 'FALSE', span);
    const found = query ? concat(operand, sql(not ? ' NOT IN ' : ' IN ', span), query) : items ? concat(operand, sql(not ? ' NOT IN (' : ' IN (', span), join(items, ', '), sql(')')) : concat(operand, sql(not ? ' <> ALL(' : ' = ANY(', span), part, sql(')'));
    return not ? orNull(found) : found;
  }
  if (name === 'range') return items?.length === 2 && items[0] && items[1] ? concat(operand, sql(' BETWEEN ', span), items[0], sql(' AND '), items[1]) : concat(operand, sql(' BETWEEN ', span), part, sql(' AND '), part);
  if (extracts.test(name)) return concat(sql(`EXTRACT(${name.toUpperCase()} FROM `, span), operand, sql(')'), sql(' = '), part);
  if (type === 'jsonb' || /\[\]$/.test(type)) return name === 'contains' ? concat(operand, sql(' @> ', span), part) : name === 'contained_by' ? concat(operand, sql(' <@ ', span), part) : undefined;
  const text = concat(sql('CAST('), operand, sql(' AS VARCHAR)'));
  const like = Object.hasOwn(likes, name) ? likes[name] : undefined;
  if (like) {
    const pattern = typeof fixed === 'string' ? literal(`${like.before}${fixed.replaceAll(/[\\%_]/g, '\\$&')}${like.after}`, value.bind.span) : join([...(like.before === '' ? [] : [literal('%')]), part, ...(like.after === '' ? [] : [literal('%')])], ' || ');
    return like.fold ? concat(sql('UPPER('), text, sql(')'), sql(' LIKE ', span), sql('UPPER('), pattern, sql(')')) : concat(text, sql(' LIKE ', span), pattern);
  }
  if (name === 'iexact') return concat(sql('UPPER('), text, sql(')'), sql(' = ', span), sql('UPPER('), part, sql(')'));
  return name === 'posix_regex' ? concat(operand, sql(' ~ ', span), part) : undefined;
}

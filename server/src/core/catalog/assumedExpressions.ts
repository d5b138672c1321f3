import { assumeColumns } from './assumedStatistics';
import { collectColumnNames, collectTokens } from './expressionTokens';
import { findColumn } from './lookup';
import type { Table } from './model';
import type { ColumnStatistics, RelationStatistics } from './statistics';

/** Functions that give (nearly) as many values as they are given. */
const keepsValues: ReadonlySet<string> = new Set(['lower', 'upper', 'initcap', 'trim', 'btrim', 'ltrim', 'rtrim', 'md5', 'unaccent', 'coalesce', 'reverse', 'digest', 'encode', 'immutable_unaccent', 'f_unaccent', 'timezone', 'replace', 'regexp_replace', 'normalize', 'hashtext']);
/** Rows that a truncated time has in common, against a table that spans about three years. */
const periods: Readonly<Record<string, number>> = { minute: 1_500_000, hour: 26_000, day: 1_100, week: 160, month: 36, quarter: 12, year: 3 };

/**
 * The statistics of an expression over one column: those of the column where each value keeps its own (`lower(email)`), of a
 * text column of the key's name for `data ->> 'key'`, of the periods for `date_trunc`. Without most common values: those of
 * the column need not be those of the expression. undefined: nothing is known about it.
 */
export function assumeExpression(table: Table, sql: string, stats: RelationStatistics): Omit<ColumnStatistics, 'column'> | undefined {
  const names = [...collectColumnNames(sql)].filter((name) => findColumn(table, name) !== undefined);
  const base = stats.columns.find((item) => item.column === names[0]);
  const column = findColumn(table, names[0] ?? '');
  if (names.length !== 1 || base === undefined || column === undefined) return undefined;
  const tokens = collectTokens(sql);
  const extracted = tokens.findIndex((token) => token.text === '->>' || token.text === '#>>');
  if (extracted >= 0) {
    const key = /^'([^']+)'$/.exec(tokens[extracted + 1]?.text ?? '')?.[1];
    return key === undefined ? undefined : likeColumn(table, key.replace(/^\{.*?([^,{}]+)\}$/, '$1'), stats);
  }
  const common = { inherited: false, nullFraction: base.nullFraction, ...(base.correlation === undefined ? {} : { correlation: 0 }) };
  const period = /\bdate_trunc\('(\w+)'/i.exec(sql)?.[1]?.toLowerCase() ?? (/::\s*date\b|\bdate\(/i.test(sql) ? 'day' : undefined);
  if (period !== undefined) return { ...common, averageWidth: 8, distinct: Math.max(1, Math.min(periods[period] ?? 1_100, stats.tuples)), correlation: base.correlation ?? 0 };
  const functions = tokens.flatMap((token, index) => (token.kind === 'word' && tokens[index + 1]?.text === '(' && tokens[index - 1]?.text !== '::' ? [token.text.toLowerCase()] : []));
  const casts = tokens.some((token) => token.text === '::');
  if (functions.length === 0 ? !casts : !functions.every((name) => keepsValues.has(name))) return undefined;
  return { ...common, averageWidth: base.averageWidth, distinct: base.distinct };
}

/** As a nullable text column of this name would be. */
function likeColumn(table: Table, name: string, stats: RelationStatistics): Omit<ColumnStatistics, 'column'> | undefined {
  const [assumed] = assumeColumns(undefined, { schema: table.schema, name: table.name, kind: 'table', constraints: [], foreignKeys: [], indexes: [], columns: [{ name, type: 'text', notNull: false }] }, stats.tuples);
  return assumed;
}

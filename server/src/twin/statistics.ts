import { assumeIndexHeight } from '../core/catalog/assumedStatistics';
import { quoteLiteral, quoteQualified } from '../core/sql/names';
import type { ColumnStatistics, RelationStatistics } from '../core/catalog/statistics';
import type { PlanningStep } from './planningServer';

/** As SQL; what is no number counts as `fallback`. */
export const number = (value: number, fallback: number): string => String(Number.isFinite(value) ? value : fallback);
export const whole = (value: number): string => number(Math.min(2_147_483_647, Math.max(0, Math.round(value))), 0);
export const array = (values: readonly number[]): string => quoteLiteral(`{${values.map((value) => number(value, 0)).join(',')}}`);

/** `regclass` text of a relation. */
export const regclass = (schema: string, name: string): string => quoteQualified(schema, name);

/** Restores what ANALYZE left in `pg_class`, and makes the file as long. */
export function restoreRelation(schema: string, name: string, stats: Pick<RelationStatistics, 'pages' | 'tuples' | 'allVisible' | 'filePages'>, hasFile: boolean): readonly PlanningStep[] {
  return [{ type: 'relation', schema, name, stats }, ...(hasFile ? [{ type: 'size' as const, relation: regclass(schema, name), pages: Math.min(4_294_967_294, Math.max(0, Math.round(stats.filePages))) }] : [])];
}

/** A step that sets statistics, by the functions of PostgreSQL 18. */
export function renderStatisticsStep(step: Extract<PlanningStep, { readonly type: 'relation' | 'column' | 'forget' }>): string {
  const { schema, name } = step;
  if (step.type === 'column') return `select ${attributeCall(schema, name, step.stats)}`;
  if (step.type === 'forget') return `select pg_catalog.pg_clear_attribute_stats(${quoteLiteral(schema)}, ${quoteLiteral(name)}, ${quoteLiteral(step.column)}, ${String(step.inherited)})`;
  return `select pg_catalog.pg_restore_relation_stats('schemaname', ${quoteLiteral(schema)}, 'relname', ${quoteLiteral(name)}, 'relpages', ${whole(step.stats.pages)}::integer, 'reltuples', ${number(step.stats.tuples, -1)}::real, 'relallvisible', ${whole(step.stats.allVisible)}::integer)`;
}

function attributeCall(schema: string, name: string, stats: ColumnStatistics): string {
  const pieces = [
    `'schemaname', ${quoteLiteral(schema)}`, `'relname', ${quoteLiteral(name)}`, `'attname', ${quoteLiteral(stats.column)}`, `'inherited', ${String(stats.inherited)}`,
    `'null_frac', ${number(stats.nullFraction, 0)}::real`, `'avg_width', ${whole(stats.averageWidth)}::integer`, `'n_distinct', ${number(stats.distinct, 0)}::real`,
  ];
  if (stats.correlation !== undefined) pieces.push(`'correlation', ${number(stats.correlation, 0)}::real`);
  if (stats.mostCommonValues !== undefined && stats.mostCommonFrequencies !== undefined) pieces.push(`'most_common_vals', ${quoteLiteral(stats.mostCommonValues)}::text`, `'most_common_freqs', ${array(stats.mostCommonFrequencies)}::real[]`);
  if (stats.histogramBounds !== undefined) pieces.push(`'histogram_bounds', ${quoteLiteral(stats.histogramBounds)}::text`);
  if (stats.mostCommonElements !== undefined && stats.mostCommonElementFrequencies !== undefined) pieces.push(`'most_common_elems', ${quoteLiteral(stats.mostCommonElements)}::text`, `'most_common_elem_freqs', ${array(stats.mostCommonElementFrequencies)}::real[]`);
  if (stats.elementCountHistogram !== undefined) pieces.push(`'elem_count_histogram', ${array(stats.elementCountHistogram)}::real[]`);
  return `pg_catalog.pg_restore_attribute_stats(${pieces.join(', ')})`;
}

/** A b-tree as high as it would be with so many blocks. */
export const restoreHeight = (index: { readonly schema: string; readonly name: string; readonly method: string; readonly partitioned: boolean; readonly keyWidth: number }, pages: number): readonly PlanningStep[] =>
  index.method === 'btree' && !index.partitioned && pages > 2 ? [{ type: 'height', relation: regclass(index.schema, index.name), level: assumeIndexHeight(pages, index.keyWidth) }] : [];

/** Restores rows of `pg_stats`; one that Postgres refuses is left out. */
export function restoreColumns(schema: string, name: string, columns: readonly ColumnStatistics[]): readonly PlanningStep[] {
  return columns.map((stats): PlanningStep => ({ type: 'column', schema, name, stats }));
}

/** Forgets the statistics of these columns. */
export const clearColumns = (schema: string, name: string, columns: readonly string[]): readonly PlanningStep[] =>
  columns.flatMap((column) => [true, false].map((inherited): PlanningStep => ({ type: 'forget', schema, name, column, inherited })));

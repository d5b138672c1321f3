import { quoteLiteral, quoteQualified } from '../../core/sql/names';
import type { PlanningStep } from '../../twin/planningServer';
import { number, renderStatisticsStep, whole } from '../../twin/statistics';

type StatisticsStep = Extract<PlanningStep, { readonly type: 'relation' | 'column' | 'forget' }>;

const floats = (values: readonly number[] | undefined): string => (values === undefined ? 'null' : `${quoteLiteral(`{${values.map((value) => number(value, 0)).join(',')}}`)}::float4[]`);
const text = (value: string | undefined): string => (value === undefined ? 'null' : quoteLiteral(value));

/** A step that sets statistics: by Postgres' own functions from 18, before that by those of `setup.ts`. */
export function renderStatistics(step: StatisticsStep, major: number): string {
  if (major >= 18) return renderStatisticsStep(step);
  const relation = `${quoteLiteral(quoteQualified(step.schema, step.name))}::regclass`;
  if (step.type === 'forget') return `select pg_catalog.sargable_forget(${relation}, ${quoteLiteral(step.column)}, ${String(step.inherited)})`;
  if (step.type === 'relation') {
    const { pages, tuples, allVisible } = step.stats;
    // "Never analysed" was no number of its own before 14.
    return `select pg_catalog.sargable_relation(${relation}, ${whole(pages)}, ${number(major < 14 ? Math.max(0, tuples) : tuples, major < 14 ? 0 : -1)}::float4, ${whole(allVisible)})`;
  }
  const { column, inherited, nullFraction, averageWidth, distinct, correlation, mostCommonValues, mostCommonFrequencies, histogramBounds, mostCommonElements, mostCommonElementFrequencies, elementCountHistogram } = step.stats;
  return `select pg_catalog.sargable_column(${[
    relation, quoteLiteral(column), String(inherited), `${number(nullFraction, 0)}::float4`, whole(averageWidth), `${number(distinct, 0)}::float4`, correlation === undefined ? 'null' : `${number(correlation, 0)}::float4`,
    text(mostCommonFrequencies === undefined ? undefined : mostCommonValues), floats(mostCommonFrequencies), text(histogramBounds), text(mostCommonElementFrequencies === undefined ? undefined : mostCommonElements), floats(mostCommonElementFrequencies), floats(elementCountHistogram),
  ].join(', ')})`;
}

import type { CatalogStatistics, ColumnStatistics, RelationStatistics } from '../core/catalog/statistics';
import { statisticsVersion } from '../core/catalog/statisticsVersion';
import { hashText } from '../core/text/hash';
import { readUnusedIndexes } from './indexUsage';
import { numberOf, textOf } from './introspectRows';
import { columnStatisticsQuery, figuresQuery } from './queries/catalogStatistics';
import type { Connection, Row } from './session';

/** What ANALYZE left, as far as this role may see it. To be called inside a transaction. */
export async function readStatistics(connection: Connection): Promise<CatalogStatistics> {
  const figures = await connection.query(figuresQuery);
  const columns = new Map<string, ColumnStatistics[]>();
  for (const row of await connection.query(columnStatisticsQuery)) {
    const key = `${textOf(row['schema'])}.${textOf(row['name'])}`;
    const known = columns.get(key);
    if (known === undefined) columns.set(key, [toColumnStatistics(row)]);
    else known.push(toColumnStatistics(row));
  }
  const relations = new Map(figures.map((row): [string, RelationStatistics] => {
    const key = `${textOf(row['schema'])}.${textOf(row['name'])}`;
    return [key, { pages: numberOf(row['pages']) ?? 0, tuples: numberOf(row['tuples']) ?? -1, allVisible: numberOf(row['all_visible']) ?? 0, filePages: numberOf(row['file_pages']) ?? 0, columns: (columns.get(key) ?? []).sort(byColumn) }];
  }));
  const unused = await readUnusedIndexes(connection);
  const used = unused === undefined ? '' : `-${hashText([Math.floor(unused.seconds / 86_400), ...unused.indexes.keys()].join('\n'))}`;
  return { source: 'live', version: `${statisticsVersion(relations)}${used}`, relations, ...(unused === undefined ? {} : { unused }) };
}

/** Sorted here: the server would sort rows that are wide with values. */
const byColumn = (a: ColumnStatistics, b: ColumnStatistics): number => (a.column < b.column ? -1 : a.column > b.column ? 1 : Number(a.inherited) - Number(b.inherited));

function toColumnStatistics(row: Row): ColumnStatistics {
  const correlation = numberOf(row['correlation']);
  const [values, bounds, elements] = [row['common_values'], row['bounds'], row['elements']];
  const [frequencies, elementFrequencies, counts] = [toNumbers(row['common_frequencies']), toNumbers(row['element_frequencies']), toNumbers(row['element_counts'])];
  return {
    column: textOf(row['column']), inherited: row['inherited'] === true,
    nullFraction: numberOf(row['null_frac']) ?? 0, averageWidth: numberOf(row['avg_width']) ?? 0, distinct: numberOf(row['n_distinct']) ?? 0,
    ...(correlation === undefined ? {} : { correlation }),
    ...(typeof values === 'string' ? { mostCommonValues: values } : {}),
    ...(frequencies === undefined ? {} : { mostCommonFrequencies: frequencies }),
    ...(typeof bounds === 'string' ? { histogramBounds: bounds } : {}),
    ...(typeof elements === 'string' ? { mostCommonElements: elements } : {}),
    ...(elementFrequencies === undefined ? {} : { mostCommonElementFrequencies: elementFrequencies }),
    ...(counts === undefined ? {} : { elementCountHistogram: counts }),
  };
}

/** `{0.5,0.25}` of a `float4[]`, which holds neither NULL nor quotes. */
const toNumbers = (value: unknown): readonly number[] | undefined =>
  typeof value !== 'string' ? undefined : value === '{}' ? [] : value.slice(1, -1).split(',').map(Number);

import type { CatalogStatistics, ColumnStatistics, RelationStatistics } from '../core/catalog/statistics';
import { statisticsVersion } from '../core/catalog/statisticsVersion';
import { DatabaseError } from './errors';
import { numberOf, textOf } from './introspectRows';
import { columnStatisticsQuery, figuresQuery, fileSizesQuery } from './queries/catalogStatistics';
import type { Connection, Row } from './session';

/** What ANALYZE left, as far as this role may see it. To be called inside a transaction. */
export async function readStatistics(connection: Connection): Promise<CatalogStatistics> {
  const figures = await connection.query(figuresQuery);
  const sizes = await readFileSizes(connection);
  const columns = new Map<string, ColumnStatistics[]>();
  for (const row of await connection.query(columnStatisticsQuery)) {
    const key = `${textOf(row['schema'])}.${textOf(row['name'])}`;
    const known = columns.get(key);
    if (known === undefined) columns.set(key, [toColumnStatistics(row)]);
    else known.push(toColumnStatistics(row));
  }
  const relations = new Map(figures.map((row): [string, RelationStatistics] => {
    const key = `${textOf(row['schema'])}.${textOf(row['name'])}`;
    const pages = numberOf(row['pages']) ?? 0;
    const filePages = sizes === undefined ? Math.max(0, pages) : sizes.get(textOf(row['oid'])) ?? 0;
    return [key, { pages, tuples: numberOf(row['tuples']) ?? -1, allVisible: numberOf(row['all_visible']) ?? 0, filePages, columns: (columns.get(key) ?? []).sort(byColumn) }];
  }));
  return { source: 'live', version: statisticsVersion(relations), relations };
}

/**
 * Blocks by OID; undefined where a relation is locked (ALTER TABLE, VACUUM FULL) for longer than `lock_timeout`: then what
 * the last VACUUM counted has to do, rather than no catalog at all.
 */
async function readFileSizes(connection: Connection): Promise<ReadonlyMap<string, number> | undefined> {
  await connection.query('savepoint sizes');
  try {
    return new Map((await connection.query(fileSizesQuery)).map((row) => [textOf(row['oid']), numberOf(row['pages']) ?? 0]));
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.sqlState !== lockNotAvailable) throw error;
    await connection.query('rollback to savepoint sizes');
    return undefined;
  }
}

const lockNotAvailable = '55P03';

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

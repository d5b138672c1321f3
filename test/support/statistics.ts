import type { Catalog } from '../../server/src/core/catalog/model';
import type { ColumnStatistics } from '../../server/src/core/catalog/statistics';

export interface TableFigures {
  readonly rows: number;
  /** Blocks of 8 kB. */
  readonly pages: number;
  readonly columns: readonly (Pick<ColumnStatistics, 'column'> & Partial<ColumnStatistics>)[];
}

/** A catalog with what ANALYZE of a server would have left, by `schema.name`; what is left out of a column is that of a unique one. */
export const withStatistics = (figures: Readonly<Record<string, TableFigures>>) => (catalog: Catalog): Catalog => ({
  ...catalog,
  tables: new Map([...catalog.tables].map(([key, table]) => [key, figures[key] ? { ...table, rows: figures[key].rows, rowsSource: 'statistics' as const } : table])),
  statistics: {
    source: 'live', version: JSON.stringify(figures),
    relations: new Map(Object.entries(figures).map(([key, { rows, pages, columns }]) => [key, {
      pages, tuples: rows, allVisible: 0, filePages: pages,
      columns: columns.map((column) => ({ inherited: false, nullFraction: 0, averageWidth: 8, distinct: -1, ...column })),
    }])),
  },
});

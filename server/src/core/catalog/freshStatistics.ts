import { finishCatalog } from './build';
import type { Catalog, Table } from './model';
import { relationKey } from './names';
import type { CatalogStatistics } from './statistics';

/** A catalog with statistics that are newer than it: row counts follow them. */
export function withStatistics(catalog: Catalog, statistics: CatalogStatistics): Catalog {
  const tables = [...catalog.tables.values()].map((table): Table => {
    if (table.kind === 'partitioned') return table.rowsSource === 'statistics' ? { ...table, rows: undefined, rowsSource: undefined } : table;
    const tuples = statistics.relations.get(relationKey(table.schema, table.name))?.tuples ?? -1;
    const rows = Math.round(tuples);
    return tuples <= 0 || table.rows === rows ? table : { ...table, rows, rowsSource: 'statistics' };
  });
  return finishCatalog({ ...catalog, tables, statistics });
}

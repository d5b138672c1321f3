import { assumeColumns, assumedRows, assumeTable } from '../core/catalog/assumedStatistics';
import type { Catalog, Table } from '../core/catalog/model';
import { relationKey } from '../core/catalog/names';
import type { RelationStatistics } from '../core/catalog/statistics';

/** What stands behind the figures of one relation. */
export interface Volume {
  readonly stats: RelationStatistics;
  readonly source: 'server' | 'snapshot' | 'assumed';
  readonly caveats: readonly string[];
}

/** The statistics of a table: those of the catalog, else assumed ones. `fallback`: rows of a table about which nothing is known. */
export function volumeOf(catalog: Catalog, table: Table, fallback: number): Volume {
  const known = catalog.statistics?.relations.get(relationKey(table.schema, table.name));
  const source = catalog.statistics?.source === 'live' ? 'server' : 'snapshot';
  if (known !== undefined && table.kind === 'partitioned') return { stats: withParts(catalog, table, known), source: weakestOfParts(catalog, table, source), caveats: [] };
  if (known === undefined || known.tuples < 0 || (known.tuples === 0 && known.pages <= 0 && (table.rows ?? 0) > 0)) {
    const assumed = assumeTable(catalog, table, assumedRows(catalog, table, fallback));
    const pages = known === undefined || known.filePages <= 0 ? assumed.filePages : known.filePages;
    return { stats: { ...assumed, pages: table.kind === 'partitioned' ? 0 : pages, filePages: table.kind === 'partitioned' ? 0 : pages, allVisible: Math.min(assumed.allVisible, pages) }, source: 'assumed', caveats: [] };
  }
  if (known.columns.length > 0 || known.tuples === 0) return { stats: known, source, caveats: [] };
  return { stats: { ...known, columns: assumeColumns(catalog, table, known.tuples) }, source, caveats: [`no column statistics of ${relationKey(table.schema, table.name)}`] };
}

/** A partitioned parent has no file; where it was never analysed itself, Postgres goes by its partitions. */
function withParts(catalog: Catalog, table: Table, known: RelationStatistics): RelationStatistics {
  if (known.columns.length > 0 || catalog.statistics === undefined) return { ...known, filePages: 0 };
  return { ...known, filePages: 0, columns: known.tuples >= 0 && known.columns.length === 0 && known.tuples !== 0 ? assumeColumns(catalog, table, known.tuples) : [] };
}

function weakestOfParts(catalog: Catalog, table: Table, source: Volume['source']): Volume['source'] {
  const key = relationKey(table.schema, table.name);
  for (const [child, item] of catalog.tables) if (item.partitionOf === key && catalog.statistics?.relations.has(child) !== true) return 'assumed';
  return source;
}

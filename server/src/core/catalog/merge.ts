import { finishCatalog } from './build';
import type { Catalog, CatalogSource, Table } from './model';
import { relationKey } from './names';

/** Best source first: what a server says outweighs what files say. */
export const sourceOrder: readonly CatalogSource[] = ['live', 'snapshot', 'migrations', 'schema', 'models'];

/**
 * One catalog of several. A relation comes whole from the best source that has it; sources after the first fill in
 * relations only where the first is not a complete picture: nothing is added to a live catalog or a snapshot, because
 * a table they lack does not exist there. Rows are taken from the best source that has any.
 * @returns undefined for an empty list.
 */
export function mergeCatalogs(catalogs: readonly Catalog[]): Catalog | undefined {
  const sorted = [...catalogs].sort((a, b) => sourceOrder.indexOf(a.source) - sourceOrder.indexOf(b.source));
  const [best, ...others] = sorted;
  if (best === undefined || others.length === 0) return best;
  const complete = best.source === 'live' || best.source === 'snapshot';
  const tables = new Map<string, Table>(best.tables);
  for (const other of others) {
    for (const [key, table] of other.tables) {
      const known = tables.get(key);
      if (known === undefined && !complete) tables.set(key, table);
      else if (known !== undefined) tables.set(key, filled(known, table));
    }
  }
  const label = complete ? best.label : sorted.filter((catalog, index) => index === 0 || [...catalog.tables.keys()].some((key) => !best.tables.has(key))).map((catalog) => catalog.label).join(' + ');
  const all = complete ? [best] : sorted;
  return finishCatalog({
    source: best.source, label, searchPath: best.searchPath, tables: [...tables.values()], ...(best.incomplete ? { incomplete: true } : {}),
    types: firstByKey(all.flatMap((catalog) => catalog.types ?? []), (type) => relationKey(type.schema, type.name)),
    routines: firstByKey(all.flatMap((catalog) => catalog.routines ?? []), (routine) => `${relationKey(routine.schema, routine.name)}(${routine.arguments})`),
    extensions: [...new Set(all.flatMap((catalog) => catalog.extensions ?? []))],
    server: best.server, statistics: best.statistics ?? others.find((catalog) => catalog.statistics !== undefined)?.statistics,
  });
}

/** The better source comes first and wins. */
const firstByKey = <T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] => {
  const found = new Map<string, T>();
  for (const item of items) if (!found.has(keyOf(item))) found.set(keyOf(item), item);
  return [...found.values()];
};

/** The better source's table, with the place of definition and the rows that only the other one knows. */
const filled = (table: Table, other: Table): Table => ({
  ...table,
  ...(table.definedAt === undefined && other.definedAt !== undefined ? { definedAt: other.definedAt } : {}),
  ...(table.rows === undefined && other.rows !== undefined && table.kind !== 'partitioned' ? { rows: other.rows, rowsSource: other.rowsSource } : {}),
  indexes: table.indexes.map((index) => {
    const same = index.definedAt === undefined ? other.indexes.find((item) => item.name === index.name) : undefined;
    return same?.definedAt === undefined ? index : { ...index, definedAt: same.definedAt };
  }),
});

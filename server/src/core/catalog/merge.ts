import { finishCatalog, type SchemaStep } from './build';
import type { Catalog, CatalogSource, MissedIndex, Table } from './model';
import { relationKey } from './names';
import { withNewer } from './newer';

/** Best source first: what a server says outweighs what files say. */
export const sourceOrder: readonly CatalogSource[] = ['live', 'snapshot', 'migrations', 'schema', 'models'];

export interface MergeOptions {
  /** The history behind the first catalog of source `migrations` or `schema`: it tells what a snapshot still has and the history dropped. */
  readonly history?: readonly SchemaStep[];
}

/**
 * One catalog of several. A relation comes whole from the best source that has it; sources after the first fill in
 * relations only where the first is not a complete picture: nothing is added to a live catalog, because a table it lacks
 * does not exist there. To a snapshot is added what the migrations have beyond it: see `withNewer`. Rows, statistics,
 * server, types and routines are taken from the best source that has any.
 * @returns undefined for an empty list.
 */
export function mergeCatalogs(catalogs: readonly Catalog[], options: MergeOptions = {}): Catalog | undefined {
  const sorted = [...catalogs].sort((a, b) => sourceOrder.indexOf(a.source) - sourceOrder.indexOf(b.source));
  const [best, ...others] = sorted;
  if (best === undefined || others.length === 0) return best;
  const complete = best.source === 'live' || best.source === 'snapshot';
  const { tables: own, label } = best.source === 'snapshot' ? aheadOf(best, others, options.history ?? []) : { tables: best.tables, label: best.label };
  const tables = new Map<string, Table>(own);
  for (const other of others) {
    for (const [key, table] of other.tables) {
      const known = tables.get(key);
      if (known === undefined && !complete) tables.set(key, table);
      else if (known !== undefined) tables.set(key, filled(known, table));
    }
  }
  const incomplete = best.incomplete === true && !(best.missed !== undefined && markMissed(tables, best.missed));
  const labels = sorted.filter((catalog, index) => index === 0 || [...catalog.tables.keys()].some((key) => !best.tables.has(key))).map((catalog) => catalog.label);
  // A server knows all of its types and functions; the files of a branch may have more than a snapshot.
  const all = best.source === 'live' ? [best] : sorted;
  return finishCatalog({
    source: best.source, label: complete ? label : labels.join(' + '), searchPath: best.searchPath, tables: [...tables.values()], ...(incomplete ? { incomplete: true } : {}),
    types: firstByKey(all.flatMap((catalog) => catalog.types ?? []), (type) => relationKey(type.schema, type.name)),
    routines: firstByKey(all.flatMap((catalog) => catalog.routines ?? []), (routine) => `${relationKey(routine.schema, routine.name)}(${routine.arguments})`),
    extensions: [...new Set(all.flatMap((catalog) => catalog.extensions ?? []))],
    server: sorted.find((catalog) => catalog.server !== undefined)?.server, statistics: sorted.find((catalog) => catalog.statistics !== undefined)?.statistics,
  });
}

/** Marks the tables that lack an index of the history. Returns false where one of them is known to no source. */
function markMissed(tables: Map<string, Table>, missed: readonly MissedIndex[]): boolean {
  for (const { table: key, index } of missed) {
    const table = tables.get(key);
    if (table === undefined) return false;
    if (!table.indexes.some(({ name }) => name === index)) tables.set(key, { ...table, incomplete: true });
  }
  return true;
}

/** The better source comes first and wins. */
const firstByKey = <T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] => {
  const found = new Map<string, T>();
  for (const item of items) if (!found.has(keyOf(item))) found.set(keyOf(item), item);
  return [...found.values()];
};

/** A snapshot with what the best written source (migrations, a schema file) has beyond it, and a label that says so. */
function aheadOf(snapshot: Catalog, others: readonly Catalog[], history: readonly SchemaStep[]): Pick<Catalog, 'tables' | 'label'> {
  const written = others.find((other) => other.source === 'migrations' || other.source === 'schema');
  if (written === undefined) return snapshot;
  const { tables, files } = withNewer(snapshot, written, history);
  if (files.size === 0) return { tables, label: snapshot.label };
  const newer = written.source === 'schema' ? `newer parts of ${written.label}` : `${files.size} newer ${files.size === 1 ? 'migration' : 'migrations'}`;
  return { tables, label: `${snapshot.label} + ${newer}` };
}

/** The better source's table, with the place of definition and the rows that only the other one knows; the same object where there is nothing to add. */
function filled(table: Table, other: Table): Table {
  if (table === other) return table;
  const definedAt = table.definedAt === undefined ? other.definedAt : undefined;
  const rows = table.rows === undefined && other.rows !== undefined && table.kind !== 'partitioned';
  let placed = false;
  const indexes = table.indexes.map((index) => {
    const same = index.definedAt === undefined ? other.indexes.find((item) => item.name === index.name) : undefined;
    if (same?.definedAt === undefined) return index;
    placed = true;
    return { ...index, definedAt: same.definedAt };
  });
  const sites = [...(other.columnSites ?? [])].filter(([column]) => table.columnSites?.has(column) !== true);
  if (definedAt === undefined && !rows && !placed && sites.length === 0) return table;
  return { ...table, ...(sites.length === 0 ? {} : { columnSites: new Map([...(table.columnSites ?? []), ...sites]) }), ...(definedAt === undefined ? {} : { definedAt }), ...(rows ? { rows: other.rows, rowsSource: other.rowsSource } : {}), ...(placed ? { indexes } : {}) };
}

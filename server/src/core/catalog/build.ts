import { applyChanges } from './apply';
import { knownRoutines } from './applyObjects';
import type { SchemaChange } from './changes';
import { assumedFor } from './lookup';
import type { Catalog, CatalogSource, DefinitionSite, Table } from './model';
import { withSingleRow } from './singleRow';
import { createSchemaState } from './state';
import { tablesVersion } from './tablesVersion';

/** One statement's changes with the place it stands at. */
export interface SchemaStep {
  readonly changes: readonly SchemaChange[];
  readonly site?: DefinitionSite;
  /** The statements, where a migration tool makes them of its own operations. */
  readonly sql?: readonly string[];
}

export interface CatalogInput {
  readonly source: CatalogSource;
  readonly label: string;
  /** The schema's history in the order in which the statements run; several forms may be given, `changes` run first. */
  readonly changes?: readonly SchemaChange[];
  readonly steps?: readonly SchemaStep[];
  /** Rows to assume, by `schema.name` or by name. */
  readonly assume?: Readonly<Record<string, number>>;
  /** Default `['public']`. */
  readonly searchPath?: readonly string[];
  /** See `Catalog.incomplete`. */
  readonly incomplete?: boolean;
  /** The steps claim to be the whole history: an index on a table that they never made leaves the catalog incomplete. */
  readonly whole?: boolean;
}

/**
 * Replays a schema's history into an immutable catalog. `SET search_path` holds to the end of its file (`site.uri`).
 * Temporary tables are not part of it. Never throws; costs about 20 µs a change.
 */
export function buildCatalog(input: CatalogInput): Catalog {
  const searchPath = input.searchPath ?? ['public'];
  const state = createSchemaState(searchPath);
  applyChanges(state, input.changes ?? []);
  let uri: string | undefined;
  for (const step of input.steps ?? []) {
    if (step.site?.uri !== uri) state.searchPath = state.defaultSearchPath;
    uri = step.site?.uri;
    state.site = step.site;
    applyChanges(state, step.changes);
  }
  return finishCatalog({
    source: input.source, label: input.label, searchPath, tables: [...state.tables].map(([key, table]) => withSingleRow(state, key, table)), assume: input.assume, ...(input.incomplete === true ? { incomplete: true } : input.whole === true && state.missed.length > 0 ? { incomplete: true, missed: state.missed } : {}),
    types: [...state.types.values()], routines: knownRoutines(state), extensions: [...state.extensions],
  });
}

export type FinishedParts = Pick<Catalog, 'source' | 'label' | 'searchPath' | 'incomplete' | 'missed' | 'types' | 'routines' | 'extensions' | 'server' | 'statistics'>;

/** Makes a catalog of finished tables: partition counts and sums, assumed rows, version. Used by every source. */
export function finishCatalog(input: FinishedParts & { readonly tables: readonly Table[]; readonly assume?: Readonly<Record<string, number>> }): Catalog {
  const tables = new Map(input.tables.map((table) => [`${table.schema}.${table.name}`, table]));
  const children = new Map<string, string[]>();
  for (const [key, table] of tables) if (table.partitionOf !== undefined) children.set(table.partitionOf, [...(children.get(table.partitionOf) ?? []), key]);
  for (const [key, table] of tables) if (table.partitionKey !== undefined) tables.set(key, { ...table, partitionKey: { ...table.partitionKey, partitions: (children.get(key) ?? []).length } });
  for (const [key, table] of tables) {
    const rows = assumedFor(input.assume ?? {}, table);
    if (rows !== undefined && table.rowsSource !== 'statistics') tables.set(key, { ...table, rows, rowsSource: 'assumed' });
  }
  for (const [key, table] of tables) if (table.foreignKeys.some((foreignKey) => foreignKey.references.columns.length === 0)) tables.set(key, withReferencedKeys(table, tables));
  for (const key of tables.keys()) sumPartitions(tables, children, key);
  const { source, label, searchPath, incomplete, missed, types = [], routines = [], server, statistics } = input;
  const extensions = input.extensions ?? server?.extensions.map((extension) => extension.name) ?? [];
  let version: string | undefined;
  return {
    source, label, searchPath, tables,
    // Of a catalog that goes into another one, or is only tried, nobody asks it.
    get version() { return (version ??= tablesVersion([searchPath, incomplete, types, routines, extensions, server], tables.values())); },
    ...(incomplete ? { incomplete } : {}), ...(missed ? { missed } : {}),
    ...(types.length === 0 ? {} : { types }), ...(routines.length === 0 ? {} : { routines }), ...(extensions.length === 0 ? {} : { extensions }),
    ...(server === undefined ? {} : { server }), ...(statistics === undefined ? {} : { statistics }),
  };
}

/** `REFERENCES t` means t's primary key, which may have been declared later (models come in any order). */
const withReferencedKeys = (table: Table, tables: ReadonlyMap<string, Table>): Table => ({
  ...table,
  foreignKeys: table.foreignKeys.map((foreignKey) => {
    const { references } = foreignKey;
    const primary = tables.get(`${references.schema ?? 'public'}.${references.table}`)?.constraints.find((constraint) => constraint.type === 'primary');
    return references.columns.length > 0 || primary === undefined ? foreignKey : { ...foreignKey, references: { ...references, columns: primary.columns } };
  }),
});

/** Rows of a partitioned table: the sum of its partitions, where all are known. */
function sumPartitions(tables: Map<string, Table>, children: ReadonlyMap<string, readonly string[]>, key: string): number | undefined {
  const table = tables.get(key);
  if (table?.kind !== 'partitioned' || table.rows !== undefined) return table?.rows;
  const parts = (children.get(key) ?? []).map((child) => sumPartitions(tables, children, child));
  if (parts.length === 0 || parts.some((rows) => rows === undefined)) return undefined;
  const rows = parts.reduce<number>((sum, part) => sum + (part ?? 0), 0);
  const assumed = (children.get(key) ?? []).some((child) => tables.get(child)?.rowsSource === 'assumed');
  tables.set(key, { ...table, rows, rowsSource: assumed ? 'assumed' : 'statistics' });
  return rows;
}

import { quoteIdentifier } from '../sql/names';
import { chooseName } from '../catalog/names';
import { findColumn } from '../catalog/lookup';
import type { Catalog, Table } from '../catalog/model';
import { renderMigrations } from '../catalog/migrations';
import type { Fix, LintSettings } from '../lint/rule';
import type { Expression } from '../sql/model';
import { renderIndexColumns, type IndexProposal } from './indexAdvice';
import { searchedText } from './trigram';

/** Fixes that write a migration with the proposed index; empty where the workspace has no place for migrations. */
export function indexFixes(proposal: IndexProposal, catalog: Catalog, settings: LintSettings): readonly Fix[] {
  const name = nameIndex(catalog, proposal.table, proposal.keys.map((k) => k.name), 'idx');
  const definition = `${proposal.method === 'btree' ? '' : ` USING ${proposal.method}`} ${renderIndexColumns(proposal)}`;
  const statements = createStatements({ name, table: proposal.table, definition, catalog, parts: proposal.keys.map((k) => k.name), label: 'idx' });
  return statements ? migrationFix(`Create the index ${name} on ${proposal.table.name} ${renderIndexColumns(proposal)}`, name, statements, settings, dropOfParent(proposal.table, name, catalog)) : [];
}

/** The indexes of the partitions belong to the parent's and cannot be dropped alone: they go with it. */
function dropOfParent(table: Table, name: string, catalog: Catalog): readonly string[] | undefined {
  const schema = catalog.searchPath[0] === table.schema ? '' : `${quoteIdentifier(table.schema)}.`;
  return table.kind === 'partitioned' ? [`DROP INDEX IF EXISTS ${schema}${quoteIdentifier(name)};`] : undefined;
}

interface IndexStatements {
  readonly name: string;
  readonly table: Table;
  /** What stands behind the table's name: method, keys, options. */
  readonly definition: string;
  readonly catalog: Catalog;
  /** For the names of the partitions' indexes. */
  readonly parts: readonly string[];
  readonly label: string;
}

/** Partitions beyond this number make a migration that nobody reads. */
const MAX_PARTITIONS = 60;

/**
 * The statements that create an index without blocking writes. A partitioned table refuses CONCURRENTLY: its index is made
 * on the parent alone, then on each partition, and attached.
 * @returns undefined where the partitions are not known, too many or partitioned again.
 */
function createStatements({ name, table, definition, catalog, parts, label }: IndexStatements): readonly string[] | undefined {
  const parent = quoteIdentifier(name);
  if (table.kind !== 'partitioned') return [`CREATE INDEX CONCURRENTLY ${parent} ON ${tableName(table, catalog)}${definition};`];
  const partitions = [...catalog.tables.values()].filter((t) => t.partitionOf === `${table.schema}.${table.name}`);
  if (partitions.length === 0 || partitions.length > MAX_PARTITIONS || partitions.some((t) => t.kind === 'partitioned')) return undefined;
  const schema = catalog.searchPath[0] === table.schema ? '' : `${quoteIdentifier(table.schema)}.`;
  return [
    `CREATE INDEX ${parent} ON ONLY ${tableName(table, catalog)}${definition};`,
    ...partitions.flatMap((partition) => {
      const child = nameIndex(catalog, partition, parts, label);
      const qualified = `${catalog.searchPath[0] === partition.schema ? '' : `${quoteIdentifier(partition.schema)}.`}${quoteIdentifier(child)}`;
      return [`CREATE INDEX CONCURRENTLY ${quoteIdentifier(child)} ON ${tableName(partition, catalog)}${definition};`, `ALTER INDEX ${schema}${parent} ATTACH PARTITION ${qualified};`];
    }),
  ];
}

/** Fixes that write a migration with a trigram index on a searched column, or `lower(column)`. */
export function trigramFixes({ table, catalog, settings, searched }: { readonly table: Table; readonly catalog: Catalog; readonly settings: LintSettings; readonly searched: Expression }): readonly Fix[] {
  const key = searchedText(searched);
  const column = /^(?:(lower|upper)\()?([^()]+)\)?$/.exec(key ?? '');
  const type = findColumn(table, column?.[2] ?? '')?.type ?? '';
  if (!column || !/^(text|character varying|character|citext)\b/.test(type)) return [];
  const bare = quoteIdentifier(column[2] ?? '');
  const sql = column[1] === undefined ? bare : `${column[1]}(${bare})`;
  const name = nameIndex(catalog, table, [column[2] ?? ''], 'trgm_idx');
  const statements = createStatements({ name, table, definition: ` USING gin (${sql} gin_trgm_ops)`, catalog, parts: [column[2] ?? ''], label: 'trgm_idx' });
  return statements ? migrationFix(`Create the trigram index ${name} on ${table.name} (${sql})`, name, ['CREATE EXTENSION IF NOT EXISTS pg_trgm;', ...statements], settings, dropOfParent(table, name, catalog)) : [];
}

/** Postgres' own way to name an index, at most 63 bytes, unlike any relation of the table's schema. */
function nameIndex(catalog: Catalog, table: Table, parts: readonly string[], label: string): string {
  const taken = new Set<string>();
  for (const other of catalog.tables.values()) {
    if (other.schema !== table.schema) continue;
    taken.add(other.name);
    for (const index of other.indexes) taken.add(index.name);
  }
  return chooseName(table.name, parts, label, (name) => taken.has(name));
}

/** Qualified unless the search path finds the table by its name alone. */
const tableName = (table: Table, catalog: Catalog): string =>
  (catalog.searchPath[0] === table.schema ? '' : `${quoteIdentifier(table.schema)}.`) + quoteIdentifier(table.name);

function migrationFix(title: string, name: string, statements: readonly string[], settings: LintSettings, down?: readonly string[]): readonly Fix[] {
  if (!settings.migrations) return [];
  const files = renderMigrations(settings.migrations, { name, statements, down }, settings.migrations.now);
  if (files.length === 0) return [];
  // What the files run, for checking the fix against a catalog: the format may be a program (knex, alembic).
  const creates = files.map((file, i) => ({ ...file, sql: i === 0 ? statements.join('\n') : '' }));
  return [{ title: `${title} (new migration)`, kind: 'new', edits: [], creates }];
}

import { quoteIdentifier } from '../sql/names';
import { chooseName } from '../catalog/names';
import type { Catalog, Table } from '../catalog/model';
import { renderMigrations } from '../catalog/migrations';
import type { Fix, LintSettings } from '../lint/rule';
import { renderIndexColumns, type IndexProposal } from './indexAdvice';

/** Fixes that write a migration with the proposed index; empty where the workspace has no place for migrations. */
export function indexFixes(proposal: IndexProposal, catalog: Catalog, settings: LintSettings): readonly Fix[] {
  const ddl = renderIndexDdl(proposal, catalog);
  const trigrams = isTrigram(proposal);
  const what = trigrams ? `(${proposal.keys.map((k) => k.sql).join(', ')})` : renderIndexColumns(proposal);
  return ddl ? migrationFix(`Create the ${trigrams ? 'trigram ' : ''}index ${ddl.name} on ${proposal.table.name} ${what}`, ddl.name, ddl.statements, settings, ddl.down) : [];
}

/** As `indexFixes`, one migration for indexes that help only together. */
export function indexesFix(proposals: readonly IndexProposal[], catalog: Catalog, settings: LintSettings): readonly Fix[] {
  if (proposals.length <= 1) return proposals.flatMap((proposal) => indexFixes(proposal, catalog, settings));
  const made: IndexDdl[] = [];
  for (const proposal of proposals) {
    const ddl = renderIndexDdl(proposal, catalog, new Set(made.map((m) => m.name)));
    if (!ddl) return [];
    made.push(ddl);
  }
  const statements = [...new Set(made.flatMap((m) => m.statements))];
  const down = made.flatMap((m) => m.down ?? []);
  return migrationFix(`Create the indexes ${made.map((m) => m.name).join(' and ')}`, made[0]?.name ?? '', statements, settings, down.length > 0 ? down : undefined);
}

/** The statements that make a proposed index, the extension that it needs first. */
export interface IndexDdl {
  readonly name: string;
  readonly statements: readonly string[];
  /** What undoes them, where it is not a `DROP INDEX` for each index. */
  readonly down?: readonly string[];
}

/**
 * `CREATE INDEX CONCURRENTLY …` under a name that is free.
 * @param taken further names that are not free: of indexes proposed together.
 * @returns undefined for a partitioned table whose partitions are not known, too many or partitioned again.
 */
export function renderIndexDdl(proposal: IndexProposal, catalog: Catalog, taken: ReadonlySet<string> = new Set()): IndexDdl | undefined {
  const label = isTrigram(proposal) ? 'trgm_idx' : 'idx';
  const parts = proposal.keys.map((k) => k.name);
  const name = nameIndex(catalog, proposal.table, parts, label, taken);
  const definition = `${proposal.method === 'btree' ? '' : ` USING ${proposal.method}`} ${renderIndexColumns(proposal)}`;
  const statements = createStatements({ name, table: proposal.table, definition, catalog, parts, label });
  const extension = isTrigram(proposal) && !catalog.server?.extensions.some((e) => e.name === 'pg_trgm') ? ['CREATE EXTENSION IF NOT EXISTS pg_trgm;'] : [];
  return statements && { name, statements: [...extension, ...statements], down: dropOfParent(proposal.table, name, catalog) };
}

/** A fix that writes a migration with an index over plain columns; empty where it cannot be written. */
export function indexStatementFix({ table, columns, unique = false, catalog, settings }: { readonly table: Table; readonly columns: readonly string[]; readonly unique?: boolean; readonly catalog: Catalog; readonly settings: LintSettings }): readonly Fix[] {
  const name = nameIndex(catalog, table, columns, 'idx');
  const keys = `(${columns.map(quoteIdentifier).join(', ')})`;
  const statements = createStatements({ name, table, definition: ` ${keys}`, catalog, parts: columns, label: 'idx' })?.map((statement) => (unique ? statement.replace(/^CREATE INDEX/, 'CREATE UNIQUE INDEX') : statement));
  return statements === undefined ? [] : migrationFix(`Create the ${unique ? 'unique ' : ''}index ${name} on ${table.name} ${keys}`, name, statements, settings, dropOfParent(table, name, catalog));
}

/** A fix that writes a migration of the statements given; empty where the workspace has no place for migrations. */
export const statementsFix = (title: string, name: string, statements: readonly string[], settings: LintSettings, down: readonly string[] = []): readonly Fix[] =>
  migrationFix(title, name, statements, settings, down);

/** `DROP INDEX CONCURRENTLY …`. */
export const renderDropIndex = (table: Table, index: string, catalog: Catalog): string =>
  `DROP INDEX CONCURRENTLY ${catalog.searchPath[0] === table.schema ? '' : `${quoteIdentifier(table.schema)}.`}${quoteIdentifier(index)};`;

const isTrigram = (proposal: IndexProposal): boolean => proposal.keys.some((k) => k.opclass === 'gin_trgm_ops');

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

/** Postgres' own way to name an index, at most 63 bytes, unlike any relation of the table's schema. */
function nameIndex(catalog: Catalog, table: Table, parts: readonly string[], label: string, further: ReadonlySet<string> = new Set()): string {
  const taken = new Set(further);
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

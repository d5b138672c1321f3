import { chooseName } from '../catalog/names';
import { findColumn } from '../catalog/lookup';
import type { Catalog, Table } from '../catalog/model';
import { renderMigrations } from '../catalog/migrations';
import type { Fix, LintSettings } from '../lint/rule';
import type { Expression } from '../sql/model';
import { renderIndexColumns, type IndexProposal } from './indexAdvice';
import { quoteIdentifier } from './sqlEdits';
import { searchedText } from './trigram';

/** Fixes that write a migration with the proposed index; empty where the workspace has no place for migrations. */
export function indexFixes(proposal: IndexProposal, catalog: Catalog, settings: LintSettings): readonly Fix[] {
  const name = nameIndex(catalog, proposal.table, proposal.keys.map((k) => k.name), 'idx');
  const method = proposal.method === 'btree' ? '' : ` USING ${proposal.method}`;
  const create = `CREATE INDEX CONCURRENTLY ${quoteIdentifier(name)} ON ${tableName(proposal.table, catalog)}${method} ${renderIndexColumns(proposal)};`;
  return migrationFix(`Create the index ${name} on ${proposal.table.name} ${renderIndexColumns(proposal)}`, name, [create], settings);
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
  const create = `CREATE INDEX CONCURRENTLY ${quoteIdentifier(name)} ON ${tableName(table, catalog)} USING gin (${sql} gin_trgm_ops);`;
  return migrationFix(`Create the trigram index ${name} on ${table.name} (${sql})`, name, ['CREATE EXTENSION IF NOT EXISTS pg_trgm;', create], settings);
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

function migrationFix(title: string, name: string, statements: readonly string[], settings: LintSettings): readonly Fix[] {
  if (!settings.migrations) return [];
  const files = renderMigrations(settings.migrations, { name, statements });
  if (files.length === 0) return [];
  // What the files run, for checking the fix against a catalog: the format may be a program (knex, alembic).
  const creates = files.map((file, i) => ({ ...file, sql: i === 0 ? statements.join('\n') : '' }));
  return [{ title: `${title} (new migration)`, kind: 'new', edits: [], creates }];
}

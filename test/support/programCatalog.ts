import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { buildCatalog } from '../../server/src/core/catalog/build';
import type { Catalog } from '../../server/src/core/catalog/model';
import { collectProgramHistories } from '../../server/src/core/catalog/programMigrations';
import { splitStatements } from '../../server/src/core/sql/split';
import { loadReaders, readCatalog } from './readers';

/** The catalog of migrations in Python, by path; undefined where none of the files is one. */
export async function programCatalog(files: Readonly<Record<string, string>>): Promise<Catalog | undefined> {
  const { read, sql } = await loadReaders();
  const hosts = Object.entries(files).map(([name, text]) => read(`file:///app/${name}`, text, 'python'));
  const [history] = collectProgramHistories(hosts, { split: splitStatements, schemaChanges: (text) => sql.schemaChanges(text) });
  return history && buildCatalog({ source: 'migrations', label: history.tool, steps: history.steps, incomplete: history.incomplete, whole: true });
}

/** Every `.py` file below a folder, by its path from there. */
export function pythonFiles(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.py')).sort();
  return Object.fromEntries(names.map((name) => [name.replaceAll('\\', '/'), readFileSync(path.join(folder, name), 'utf8')]));
}

export async function recordedCatalog(file: string): Promise<Catalog> {
  const { sql } = await loadReaders();
  return readCatalog(sql, [readFileSync(file, 'utf8')])!;
}

const byName = <T extends { readonly name?: string }>(items: readonly T[]): readonly T[] => [...items].sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1));
/** A catalog without places and orders, for comparison. */
export const plainCatalog = (catalog: Catalog | undefined): unknown => catalog && {
  incomplete: catalog.incomplete ?? false,
  tables: Object.fromEntries([...catalog.tables].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, table]) => [key, {
    ...table, definedAt: undefined, columnSites: undefined, foreignKeySites: undefined, constraints: byName(table.constraints), foreignKeys: byName(table.foreignKeys), indexes: byName(table.indexes.map((index) => ({ ...index, definedAt: undefined }))),
  }])),
  types: byName(catalog.types ?? []), extensions: [...(catalog.extensions ?? [])].sort(),
};

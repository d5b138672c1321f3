import type { MigrationTarget } from '../lint/rule';
import { migrationSections } from '../sql/migrationDialect';
import type { SplitStatements } from '../sql/ports';
import { hostSpan } from '../text/span';
import type { SchemaStep } from './build';
import type { SchemaChange } from './changes';
import { compareMigrations, detectMigrationFormat, findCodeMigrationFolders, findSchemaSources, migrationRoot } from './schemaSources';

/** A text file of the workspace. */
export interface SchemaFile {
  readonly uri: string;
  readonly text: string;
}

/** What replaying SQL needs of the parser. */
export interface SchemaParser {
  readonly split: SplitStatements;
  schemaChanges(statement: string): readonly SchemaChange[];
}

/**
 * The steps of a schema's history: the `up` parts of the files, in the order given, one step for each statement that
 * changes the schema, with its place. For `buildCatalog`. Never throws; costs one parse a statement.
 */
export function collectSchemaSteps(files: readonly SchemaFile[], parser: SchemaParser): readonly SchemaStep[] {
  return files.flatMap(({ uri, text }) =>
    migrationSections(text, uri).filter((section) => section.direction === 'up').flatMap((section) => {
      const part = text.slice(section.span.start, section.span.end);
      return parser.split(part, { psql: true }).flatMap((span): readonly SchemaStep[] => {
        const changes = parser.schemaChanges(part.slice(span.start, span.end));
        return changes.length === 0 ? [] : [{ changes, site: { uri, span: hostSpan(section.span.start + span.start, section.span.start + span.end) } }];
      });
    }),
  );
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/**
 * Where the workspace's next migration goes: the largest migration folder whose format is known and can hold CREATE INDEX
 * CONCURRENTLY. `read` gives a file's text. undefined: there is none (drizzle keeps a journal that must not be written by hand).
 */
export function detectMigrationTarget(paths: readonly string[], read: (path: string) => string | undefined): MigrationTarget | undefined {
  const sqlFolders = findSchemaSources(paths).filter((source) => source.kind === 'migrations').map((source) => source.path);
  for (const folder of [...sqlFolders, ...findCodeMigrationFolders(paths).filter((path) => !sqlFolders.includes(path))]) {
    const format = detectMigrationFormat(folder, paths, read);
    if (format === undefined || format === 'drizzle') continue;
    const target = describeMigrationFolder(folder, format, paths, read);
    if (target !== undefined) return target;
  }
  return undefined;
}

/** The target for a folder whose format is known, for a configured one too; undefined where alembic's head cannot be told. */
export function describeMigrationFolder(folder: string, format: MigrationTarget['format'], paths: readonly string[], read: (path: string) => string | undefined): MigrationTarget | undefined {
  const within = paths.filter((path) => path.startsWith(folder === '' ? '' : `${folder}/`));
  const extension = format === 'alembic' ? /\.py$/ : format === 'rails' ? /\.rb$/ : format === 'laravel' ? /\.php$/ : format === 'knex' ? /\.[cm]?[jt]s$/ : /\.sql$/;
  const files = within.filter((path) => extension.test(path) && migrationRoot(path) === folder && !/(?:^|\/)__init__\.py$|\.d\.ts$/.test(path)).sort(compareMigrations);
  const existing = files.map((path) => (format === 'prisma' ? nameOf(path.slice(0, path.lastIndexOf('/'))) : path.slice(folder === '' ? 0 : folder.length + 1))).sort();
  if (format === 'rails') return { folder, format, existing, head: /ActiveRecord::Migration\[([\d.]+)\]/.exec(read(files.at(-1) ?? '') ?? '')?.[1] ?? '7.0' };
  if (format !== 'alembic') return { folder, format, existing };
  const head = findAlembicHead(files.map((path) => read(path) ?? ''));
  return head === undefined ? undefined : { folder, format, existing, head };
}

/** The one revision that no other follows; undefined where there is none or several (branches must be merged first). */
export function findAlembicHead(texts: readonly string[]): string | undefined {
  const revisions: string[] = [];
  const followed = new Set<string>();
  for (const text of texts) {
    const revision = /^revision\b[^=\n]*=\s*["']([^"']+)["']/m.exec(text)?.[1];
    if (revision !== undefined) revisions.push(revision);
    const down = /^down_revision\b[^=\n]*=\s*(\([^)]*\)|\[[^\]]*\]|[^\n]*)/m.exec(text)?.[1] ?? '';
    for (const match of down.matchAll(/["']([^"']+)["']/g)) followed.add(match[1] ?? '');
  }
  const heads = revisions.filter((revision) => !followed.has(revision));
  return heads.length === 1 ? heads[0] : undefined;
}

export { renderMigration, renderMigrations } from './renderMigration';
export { findCodeMigrationFolders, findSchemaSources } from './schemaSources';

/** How a folder of migrations is named and run. */
export type MigrationFormat = 'plain' | 'goose' | 'dbmate' | 'sqlx' | 'prisma' | 'flyway' | 'knex' | 'alembic' | 'drizzle' | 'rails' | 'laravel';

/** Where a workspace's schema is written down. Paths are as given, `/`-separated. */
export interface SchemaSource {
  readonly kind: 'migrations' | 'schema';
  /** The migration folder, or the schema file itself. */
  readonly path: string;
  /** SQL files in the order in which they run; files that undo are left out. */
  readonly files: readonly string[];
}

interface Version {
  /** Compared part by part: numbers as numbers, the rest as text. */
  readonly parts: readonly (number | string)[];
  /** Flyway's repeatable migrations run after all others. */
  readonly repeatable: boolean;
}

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Files that undo a migration, and what tools write beside them. */
const undoFile = /(?:^|[._-])(?:down|rollback|revert|undo)\.sql$|^U\d[\w.]*__.*\.sql$/i;
const migrationFolder = /(?:^|\/)(?:migrations?|migrate|db\/changelog|flyway\/sql|versions|drizzle|schema_migrations|deploy)(?:\/|$)/i;
/** `0001_x.sql`, `20240101120000_x.sql`, `V1.2__x.sql`, `R__x.sql`, `2024-01-01-x.sql`. */
const versionedName = /^(?:V?\d[\d._-]*|R)(?:__?|[-_.]|(?=\.sql$))/i;
const notSchema = /(?:^|\/)(?:node_modules|tests?|__tests__|fixtures?|testdata|spec|seeds?|examples?\/queries|queries|benchmarks?)\//i;
const schemaFile = /^(?:schema|structure|ddl|tables|create[-_]tables|init(?:[-_]?db)?|dump|database)\.sql$/i;

/** Does the SQL of this path belong to tests, seeds or examples? */
export const isTestSql = (path: string): boolean => notSchema.test(path);

function versionOf(path: string): Version {
  const name = nameOf(path);
  const key = /^(?:migration|up)\.sql$/i.test(name) ? nameOf(folderOf(path)) : name;
  const repeatable = /^R__/.test(key);
  const stem = key.replace(/\.(?:up\.)?sql$/i, '').replace(/^[VB](?=\d)/i, '');
  const [version = '', description = ''] = /^([\d._-]*)(.*)$/.exec(stem)?.slice(1) ?? [];
  return { repeatable, parts: [...version.split(/[._-]/).filter((part) => part !== '').map(Number), description] };
}

/** The order in which a tool runs its files: by version number, then by name; repeatable ones last. */
export function compareMigrations(a: string, b: string): number {
  const [left, right] = [versionOf(a), versionOf(b)];
  if (left.repeatable !== right.repeatable) return left.repeatable ? 1 : -1;
  for (let index = 0; index < Math.max(left.parts.length, right.parts.length); index++) {
    const [x, y] = [left.parts[index], right.parts[index]];
    if (x === y) continue;
    if (typeof x === 'number' && typeof y === 'number') return x - y;
    if (typeof x === 'number' || typeof y === 'number') return typeof x === 'number' ? 1 : -1;
    return (x ?? '') < (y ?? '') ? -1 : 1;
  }
  return a < b ? -1 : 1;
}

/** Folder that holds a migration: that of the file, or for `migrations/<version>/migration.sql` the one above. */
export const migrationRoot = (path: string): string => (/^(?:migration|up|down)\.sql$/i.test(nameOf(path)) ? folderOf(folderOf(path)) : folderOf(path));

/** Is the file one that a migration tool runs (either way)? By its folder and name. */
const isMigration = (path: string): boolean =>
  path.endsWith('.sql') && !notSchema.test(path) && (migrationFolder.test(`${migrationRoot(path)}/`) ? versionedName.test(nameOf(path)) || /\/[\d][\w-]*\/(?:migration|up|down)\.sql$/i.test(path) : /^(?:V\d[\d._]*|R)__.*\.sql$/.test(nameOf(path)));

/** Folders whose `.sql` files, at least three, are all numbered with three digits or more: `sql/000001.sql`. */
function numberedFolders(paths: readonly string[]): ReadonlySet<string> {
  const folders = new Map<string, string[]>();
  for (const path of paths) if (path.endsWith('.sql') && !notSchema.test(path)) folders.set(folderOf(path), [...(folders.get(folderOf(path)) ?? []), path]);
  return new Set([...folders].filter(([, files]) => files.length >= 3 && files.every((file) => /^\d{3,}[-_.]/.test(nameOf(file)))).map(([folder]) => folder));
}

/**
 * The places of a file list that define the schema, best first: migration folders (the one with most files first), then
 * schema files (`structure.sql`, `schema.sql`, …; nearest to the root first). A folder of numbered `.sql` files counts as
 * migrations where it is named so.
 */
export function findSchemaSources(paths: readonly string[]): readonly SchemaSource[] {
  const folders = new Map<string, string[]>();
  const numbered = numberedFolders(paths);
  for (const path of paths) if ((isMigration(path) || (path.endsWith('.sql') && numbered.has(folderOf(path)))) && !undoFile.test(nameOf(path))) folders.set(migrationRoot(path), [...(folders.get(migrationRoot(path)) ?? []), path]);
  const migrations = [...folders].map(([path, files]): SchemaSource => ({ kind: 'migrations', path, files: [...files].sort(compareMigrations) }));
  migrations.sort((a, b) => b.files.length - a.files.length || (a.path < b.path ? -1 : 1));
  const claimed = new Set(migrations.flatMap((source) => source.files));
  const depth = (path: string): number => path.split('/').length;
  const schemas = paths.filter((path) => schemaFile.test(nameOf(path)) && !notSchema.test(path) && !claimed.has(path) && !undoFile.test(nameOf(path)))
    .sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1))
    .map((path): SchemaSource => ({ kind: 'schema', path, files: [path] }));
  // What Rails dumps; SQL beside it says more.
  const rails = paths.filter((path) => /(?:^|\/)db\/schema\.rb$/.test(path) && !notSchema.test(path)).sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1)).map((path): SchemaSource => ({ kind: 'schema', path, files: [path] }));
  return [...migrations, ...schemas, ...rails];
}

/** A migration tool's file in code: knex and node-pg-migrate (`exports.up`), alembic (`down_revision`), Rails, Laravel. */
const codeMigration = /(?:^|\/)(?:migrations|versions|migrate)\/[^/]+\.(?:[cm]?[jt]s|py|rb|php)$/i;

/**
 * The format of one migration folder. `read` gives a file's text (undefined: cannot be read); at most a handful of files
 * are read. undefined: the folder is not known to belong to a tool.
 */
export function detectMigrationFormat(folder: string, paths: readonly string[], read: (path: string) => string | undefined): MigrationFormat | undefined {
  const inside = paths.filter((path) => path.startsWith(folder === '' ? '' : `${folder}/`));
  // Neither file is among those that are read.
  if (read(folder === '' ? 'meta/_journal.json' : `${folder}/meta/_journal.json`) !== undefined) return 'drizzle';
  if (read(folder === '' ? 'migration_lock.toml' : `${folder}/migration_lock.toml`) !== undefined || inside.some((path) => /\/\d{14}_[^/]*\/migration\.sql$/.test(path))) return 'prisma';
  const sql = inside.filter((path) => path.endsWith('.sql') && migrationRoot(path) === folder).sort(compareMigrations);
  const sample = [...sql.slice(-3), ...sql.slice(0, 1)].map((path) => read(path) ?? '').join('\n');
  if (/^--\s*\+goose\s/im.test(sample)) return 'goose';
  if (/^--\s*migrate:(?:up|down)/im.test(sample)) return 'dbmate';
  if (sql.some((path) => /^(?:V\d[\d._]*|R)__/.test(nameOf(path)))) return 'flyway';
  if (sql.length > 0) return isSqlx(paths, sql) ? 'sqlx' : 'plain';
  return detectCodeFormat(inside.filter((path) => codeMigration.test(path) && folderOf(path) === folder), read);
}

/** sqlx-cli and golang-migrate name files alike; sqlx's stamp has 14 digits and its project a Cargo.toml or `.sqlx`. */
const isSqlx = (paths: readonly string[], sql: readonly string[]): boolean =>
  sql.every((path) => /^\d{14}_/.test(nameOf(path))) && paths.some((path) => /(?:^|\/)(?:Cargo\.toml|\.sqlx\/[^/]+|[^/]+\.rs)$/.test(path));

function detectCodeFormat(code: readonly string[], read: (path: string) => string | undefined): MigrationFormat | undefined {
  for (const path of code.slice(-4)) {
    const text = read(path) ?? '';
    if (path.endsWith('.rb') && /<\s*ActiveRecord::Migration\[/.test(text)) return 'rails';
    if (path.endsWith('.php') && /\bIlluminate\\Database\\Migrations\\Migration\b/.test(text)) return 'laravel';
    if (path.endsWith('.py') && /^(?:down_revision|revision)\b/m.test(text)) return 'alembic';
    if (/\.[cm]?[jt]s$/.test(path) && /\bexports?\.up\b|export\s+(?:async\s+)?(?:function|const)\s+up\b/.test(text) && /\bknex\b/i.test(text)) return 'knex';
  }
  return undefined;
}

/** Folders that hold migrations written in code, by number of files. */
export function findCodeMigrationFolders(paths: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const path of paths) if (codeMigration.test(path) && !notSchema.test(path) && !/__init__\.py$|\.d\.ts$/.test(path)) counts.set(folderOf(path), (counts.get(folderOf(path)) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([folder]) => folder);
}

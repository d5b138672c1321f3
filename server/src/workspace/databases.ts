import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { glob } from 'tinyglobby';
import { readDriverManifests, speaksToOther, type Database, type DriverManifest } from './driverManifests';

/** Which database the parts of a workspace speak to, by what they declare. Plain data: it goes to the worker threads. */
export interface Databases {
  /** Folders (absolute) whose SQL and Prisma schemas are another database's: a declared dialect, provider or engine says so. */
  readonly folders: readonly string[];
  /** Folders of packages that name drivers or a Prisma schema, deepest first. */
  readonly packages: readonly (readonly [folder: string, database: Database])[];
  /** What packages without a driver of their own speak to; undefined where nothing in the workspace says it. */
  readonly rest: Database | undefined;
  /** Every Prisma schema of the workspace is another database's. */
  readonly foreignPrisma: boolean;
  /** Manifests of the other languages. */
  readonly drivers: readonly DriverManifest[];
  /** Folders of Laravel's and Rails' applications none of whose connections is Postgres'. */
  readonly applications: readonly string[];
}

const postgresDrivers = /^(pg|pg-native|pg-promise|pg-boss|pg-query-stream|pg-cursor|postgres|slonik|graphile-worker|massive|@slonik\/.*|@vercel\/postgres|@neondatabase\/.*|@supabase\/.*|@electric-sql\/.*|@databases\/pg.*|@pgtyped\/.*|@prisma\/adapter-(pg|neon).*|@mikro-orm\/postgresql|@xata\.io\/.*|kysely-(postgres-js|neon|supabase)|@aws-sdk\/client-(rds-data|dsql)|@payloadcms\/db-(postgres|vercel-postgres)|@medusajs\/.*|pgvector|bun-types)$/;
const otherDrivers = /^(mysql2?|mariadb|@planetscale\/database|@tidbcloud\/serverless|@libsql\/.*|better-sqlite3|sqlite3?|sql\.js|expo-sqlite|@clickhouse\/client(-web)?|clickhouse|mssql|tedious|oracledb|snowflake-sdk|@google-cloud\/bigquery|duckdb|@duckdb\/.*|@prisma\/adapter-(planetscale|libsql|better-sqlite3|d1|mariadb|mssql)|@mikro-orm\/(mysql|mariadb|sqlite|better-sqlite|libsql|mssql)|cassandra-driver)$/;
const postgresNames = /^(postgres(ql)?|postgis|pgsql|prisma\+postgres|cockroach(db)?|aws-data-api|pglite|redshift)$/i;
const otherNames = /^(mysql2?|trilogy|sqlsrv|mariadb|sqlite3?|sqlserver|mssql|mongodb|planetscale|turso|libsql|d1|d1-http|singlestore|gel|oracle|clickhouse)$/i;

/**
 * Reads the declarations of a workspace: drivers in its packages, Prisma's providers and migration locks, Drizzle's
 * journals, sqlc's engines. Files that cannot be read say nothing.
 * @param manifests text of each `package.json`, by absolute path; other files are passed over.
 * @param schemas absolute paths of the Prisma schemas.
 */
export async function readDatabases(folder: string, manifests: ReadonlyMap<string, string>, schemas: readonly string[]): Promise<Databases> {
  const packages = new Map<string, Database>();
  const seen = new Set<Database>();
  for (const [file, text] of manifests) {
    if (path.basename(file) !== 'package.json') continue;
    const database = databaseOf(dependencies(text));
    if (database) packages.set(path.dirname(file), database);
    if (database) seen.add(database);
  }
  const roots = [...manifests.keys()].filter((file) => path.basename(file) === 'package.json').map(path.dirname).sort((a, b) => b.length - a.length);
  const providers = await Promise.all(schemas.map(async (file) => [file, providerOf(await textOf(file))] as const));
  const prisma = new Set<Database>();
  const folders = new Set<string>();
  for (const [file, database] of providers) {
    if (!database) continue;
    prisma.add(database);
    seen.add(database);
    if (database === 'other') folders.add(path.dirname(file));
    const home = roots.find((root) => isInside(file, root)) ?? folder;
    if (database === 'postgres' || !packages.has(home)) packages.set(home, database);
  }
  for (const found of await declaredFolders(folder)) folders.add(found);
  return {
    folders: [...folders],
    packages: [...packages].sort(([a], [b]) => b.length - a.length),
    rest: seen.has('postgres') ? 'postgres' : seen.has('other') ? 'other' : undefined,
    foreignPrisma: prisma.has('other') && !prisma.has('postgres'),
    drivers: await readDriverManifests(folder),
    applications: await foreignApplications(folder),
  };
}

/** Does the file belong to another database than Postgres? `script` and `common` (Go, Java, Ruby, PHP, C#, Rust): what the code of its package speaks to, or its framework connects to. */
export function isForeignFile(databases: Databases | undefined, file: string, kind: 'script' | 'common' | 'sql' | 'prisma'): boolean {
  if (!databases) return false;
  if (kind === 'common') return speaksToOther(databases.drivers, file) || (/\.(?:php|rb)$/.test(file) && databases.applications.some((application) => isInside(file, application)));
  if (kind !== 'script') return databases.folders.some((folder) => isInside(file, folder));
  const own = databases.packages.find(([folder]) => isInside(file, folder));
  return (own ? own[1] : databases.rest) === 'other';
}

const isInside = (file: string, folder: string): boolean => file.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep);
const textOf = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');
const named = (name: string | undefined): Database | undefined => (name === undefined ? undefined : postgresNames.test(name) ? 'postgres' : otherNames.test(name) ? 'other' : undefined);

function dependencies(manifest: string): readonly string[] {
  try {
    const parsed = JSON.parse(manifest) as Record<string, unknown> | null;
    return ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'].flatMap((key) => {
      const group = parsed?.[key];
      return typeof group === 'object' && group !== null ? Object.keys(group) : [];
    });
  } catch {
    return [];
  }
}

/** A package with drivers of both kinds may use either anywhere. */
const databaseOf = (names: readonly string[]): Database | undefined =>
  names.some((name) => postgresDrivers.test(name)) ? 'postgres' : names.some((name) => otherDrivers.test(name)) ? 'other' : undefined;

const providerOf = (schema: string): Database | undefined => named(/^\s*datasource\s+\w+\s*\{[^}]*?^\s*provider\s*=\s*"([^"]*)"/m.exec(schema)?.[1]);

/**
 * Folders of applications whose framework declares connections, all of another database: Laravel's `config/database.php`
 * (`app/Config/` too), Rails' `config/database.yml`. A connection by a name that is not known may be anything.
 */
async function foreignApplications(folder: string): Promise<readonly string[]> {
  const found = await glob(['**/[cC]onfig/database.{php,yml}'], { cwd: folder, ignore: ['**/node_modules/**', '**/.git/**', '**/vendor/**'], absolute: true, onlyFiles: true, expandDirectories: false, followSymbolicLinks: false });
  const folders = await Promise.all(found.map(async (file) => {
    const declared = file.endsWith('.php') ? /['"]driver['"]\s*=>\s*([^,\n]*)/g : /^\s*adapter:\s*(.*)$/gm;
    const connections = [...(await textOf(file)).matchAll(declared)].map((match) => named(/^['"]?(\w+)['"]?\s*$/.exec(match[1] ?? '')?.[1]));
    if (connections.length === 0 || connections.some((database) => database !== 'other')) return [];
    const home = path.dirname(path.dirname(file));
    return [file.endsWith('.php') && path.basename(home) === 'app' ? path.dirname(home) : home];
  }));
  return folders.flat();
}

/** Folders of migrations and queries whose tool has written down the dialect. */
async function declaredFolders(folder: string): Promise<readonly string[]> {
  const found = await glob(['**/migration_lock.toml', '**/meta/_journal.json', '**/sqlc.{json,yaml,yml}'], { cwd: folder, ignore: ['**/node_modules/**', '**/.git/**'], absolute: true, onlyFiles: true, expandDirectories: false, followSymbolicLinks: false });
  const folders = await Promise.all(found.map(async (file) => {
    const text = await textOf(file);
    const home = path.dirname(file);
    const name = path.basename(file);
    if (name === 'migration_lock.toml') return named(/^\s*provider\s*=\s*"([^"]*)"/m.exec(text)?.[1]) === 'other' ? [home] : [];
    if (name === '_journal.json') return named(/"dialect"\s*:\s*"([^"]*)"/.exec(text)?.[1]) === 'other' ? [path.dirname(home)] : [];
    const engines = [...text.matchAll(/["']?\bengine["']?\s*:\s*["']?(\w+)/g)].map((match) => named(match[1]));
    if (engines.length === 0 || engines.some((engine) => engine !== 'other')) return [];
    return [...text.matchAll(/["']?\b(?:queries|schema)["']?\s*:\s*["']?([\w./-]+)/g)].map((match) => path.resolve(home, match[1] ?? '.')).map((target) => (/\.sql$/.test(target) ? path.dirname(target) : target));
  }));
  return folders.flat();
}

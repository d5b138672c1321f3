import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { glob } from 'tinyglobby';
import type { CommonLanguage } from '../core/hosts/syntax';
import { languageOf } from './paths';

export type Database = 'postgres' | 'other';

/** What a manifest says of the code below its folder. */
export interface DriverManifest {
  readonly folder: string;
  readonly language: CommonLanguage;
  readonly database: Database;
}

interface Manifest {
  readonly language: CommonLanguage;
  readonly file: RegExp;
  readonly postgres: RegExp;
  readonly other: RegExp;
  /** The manifest stands this many folders below the code that it speaks for. */
  readonly below?: number;
}

const manifests: readonly Manifest[] = [
  { language: 'go', file: /^go\.mod$/, postgres: /github\.com\/(lib\/pq|jackc\/pgx)|gorm\.io\/driver\/postgres|\/pgdriver\b/, other: /github\.com\/(go-sql-driver\/mysql|mattn\/go-sqlite3|microsoft\/go-mssqldb|denisenkom\/go-mssqldb|ClickHouse\/)|modernc\.org\/sqlite|gorm\.io\/driver\/(mysql|sqlite|sqlserver)|go\.mongodb\.org/ },
  { language: 'ruby', file: /^Gemfile$/, postgres: /^\s*gem\s+['"](pg|activerecord-postgis-adapter)['"]/m, other: /^\s*gem\s+['"](mysql2|trilogy|sqlite3|mongoid|activerecord-sqlserver-adapter)['"]/m },
  { language: 'ruby', file: /^database\.yml$/, below: 1, postgres: /^\s*adapter:\s*(<%=.*)?["']?postg/m, other: /^\s*adapter:\s*["']?(mysql2?|trilogy|sqlite3|sqlserver)/m },
  { language: 'php', file: /^composer\.json$/, postgres: /"ext-(pdo_)?pgsql"/, other: /"ext-(pdo_mysql|mysqli|pdo_sqlite|sqlite3|pdo_sqlsrv|mongodb)"|"mongodb\/laravel-mongodb"/ },
  { language: 'php', file: /^database\.php$/, below: 1, postgres: /'default'\s*=>\s*(?:env\(\s*'[A-Z_]+'\s*,\s*)?'(pgsql|postgres)/, other: /'default'\s*=>\s*(?:env\(\s*'[A-Z_]+'\s*,\s*)?'(mysql|mariadb|sqlite|sqlsrv)/ },
  { language: 'csharp', file: /\.csproj$/, postgres: /Include="Npgsql/, other: /Include="(MySql|Pomelo\.EntityFrameworkCore\.MySql|Microsoft\.EntityFrameworkCore\.(SqlServer|Sqlite|Cosmos)|Microsoft\.Data\.(SqlClient|Sqlite)|System\.Data\.SqlClient|MongoDB\.)/ },
  { language: 'rust', file: /^Cargo\.toml$/, postgres: /\b(tokio-postgres|postgres|sqlx-postgres|deadpool-postgres)\b\s*=|features\s*=\s*\[[^\]]*"(postgres|sqlx-postgres)"/, other: /\b(mysql_async|mysql|rusqlite|mongodb|tiberius)\b\s*=|features\s*=\s*\[[^\]]*"(mysql|sqlite|sqlx-mysql|sqlx-sqlite)"/ },
  { language: 'java', file: /^(pom\.xml|build\.gradle(\.kts)?)$/, postgres: /org\.postgresql|r2dbc-postgresql/, other: /mysql-connector|mariadb-java-client|mssql-jdbc|ojdbc\d|com\.h2database|sqlite-jdbc/ },
];

/** Drivers that the manifests below a folder name. One that names both may speak to either: then it is Postgres' business. */
export async function readDriverManifests(folder: string): Promise<readonly DriverManifest[]> {
  const found = await glob(['**/go.mod', '**/Gemfile', '**/config/database.yml', '**/composer.json', '**/{config,Config}/database.php', '**/*.csproj', '**/Cargo.toml', '**/pom.xml', '**/build.gradle{,.kts}'], {
    cwd: folder, ignore: ['**/node_modules/**', '**/.git/**', '**/vendor/**', '**/target/**', '**/bin/**', '**/obj/**'], absolute: true, onlyFiles: true, expandDirectories: false, followSymbolicLinks: false,
  });
  const read = await Promise.all(found.map(async (file) => [file, await readFile(file, 'utf8').catch(() => '')] as const));
  return read.flatMap(([file, text]) => manifests.filter((manifest) => manifest.file.test(path.basename(file))).flatMap(({ language, postgres, other, below = 0 }): DriverManifest[] => {
    const database = postgres.test(text) ? 'postgres' : other.test(text) ? 'other' : undefined;
    let home = path.dirname(file);
    for (let level = 0; level < below; level++) home = path.dirname(home);
    // Laravel's and Rails' folders of configuration may lie one deeper (`app/Config`).
    if (below > 0 && path.basename(home) === 'app') home = path.dirname(home);
    return database === undefined ? [] : [{ folder: home, language, database }];
  }));
}

/**
 * Does the code of this file speak to another database than Postgres? The deepest folder that names a driver decides; without
 * one, what the language's other packages speak to.
 */
export function speaksToOther(known: readonly DriverManifest[], file: string): boolean {
  const language = languageOf(file);
  const own = known.filter((manifest) => manifest.language === language);
  if (own.length === 0) return false;
  const inside = own.filter((manifest) => file.startsWith(manifest.folder + path.sep));
  const deepest = Math.max(...inside.map((manifest) => manifest.folder.length));
  const deciding = inside.length > 0 ? inside.filter((manifest) => manifest.folder.length === deepest) : own;
  return deciding.every((manifest) => manifest.database === 'other');
}

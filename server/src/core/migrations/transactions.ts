import type { MigrationFormat } from '../catalog/schemaSources';
import { migrationSections } from '../sql/migrationDialect';
import type { HostFile } from '../hosts/ir';

/**
 * How a migration tool runs a file: `file`: in a transaction; `each`: every statement for itself; `together`: as one query, which
 * Postgres runs as one transaction where it holds several statements; `flyway`: in a transaction unless no statement of the file allows one.
 */
export type TransactionMode = 'file' | 'each' | 'together' | 'flyway' | 'unknown';

/**
 * What is known without the tool's configuration.
 * - goose, dbmate and sql-migrate say it in the file; without a word there is a transaction.
 * - sqlx and drizzle run each file in one (sqlx: unless its first line is `-- no-transaction`).
 * - Rails and Laravel run each file in one, unless it says otherwise.
 * - Prisma, golang-migrate and diesel send the whole file as one query.
 * @param position of the statement in the document: a file may hold sections that run differently
 */
export function transactionMode(file: Pick<HostFile, 'uri' | 'language' | 'migration'>, text: string, format: MigrationFormat | undefined): (position: number) => TransactionMode {
  const { migration } = file;
  if (migration !== undefined && 'transaction' in migration) return () => (migration.transaction ? 'file' : 'each');
  if (file.language !== 'sql') return () => 'unknown';
  let sections: ReturnType<typeof migrationSections> | undefined;
  const fallback = modeOfTool(file.uri, format);
  return (position) => {
    sections ??= migrationSections(text, file.uri);
    const section = sections.find(({ span }) => span.start <= position && position < span.end);
    return section?.transaction === undefined ? fallback : section.transaction ? 'file' : 'each';
  };
}

function modeOfTool(uri: string, format: MigrationFormat | undefined): TransactionMode {
  switch (format) {
    case 'goose': case 'dbmate': case 'sqlx': case 'drizzle': return 'file';
    case 'prisma': return 'together';
    case 'flyway': return 'flyway';
    default: return /(?:^|\/)up\.sql$|\.up\.sql$/.test(uri) ? 'together' : /(?:^|\/)V\d[\d._]*__[^/]*\.sql$/.test(uri) ? 'flyway' : 'unknown';
  }
}

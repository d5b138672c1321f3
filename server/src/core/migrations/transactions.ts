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
 * - Prisma, golang-migrate and diesel send the whole file as one query.
 * - Alembic, Django, knex, TypeORM, MikroORM, node-pg-migrate, Rails and Laravel run a migration in a transaction unless it says otherwise.
 * @param position of the statement in the document: a file may hold sections that run differently
 */
export function transactionMode(file: Pick<HostFile, 'uri' | 'language' | 'role' | 'migration'>, text: string, format: MigrationFormat | undefined): (position: number) => TransactionMode {
  const { migration } = file;
  // A COMMIT of its own leaves the tool's transaction.
  if (migration !== undefined && 'transaction' in migration && (file.language === 'ruby' || file.language === 'php' || !COMMITS.test(text))) return (position) => (migration.transaction || migration.transacted?.some(({ start, end }) => start <= position && position < end) ? 'file' : 'each');
  if (file.language !== 'sql') return modeOfProgram(file, text);
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

/** What a migration says that is a program and wants no transaction, by what shows that it is one of its tool. */
const PROGRAMS: readonly { readonly language: RegExp; readonly isOf: RegExp; readonly without: RegExp }[] = [
  { language: /^python$/, isOf: /\bmigrations\.Migration\b/, without: /^\s+atomic\s*=\s*False\b/m },
  { language: /^(?:typescript|tsx|javascript)$/, isOf: /\bMigrationInterface\b/, without: /\btransaction\s*=\s*false\b/ },
  { language: /^(?:typescript|tsx|javascript)$/, isOf: /@mikro-orm\/migrations/, without: /\bisTransactional\b/ },
  { language: /^(?:typescript|tsx|javascript)$/, isOf: /\bMigrationBuilder\b|\(\s*pgm\b/, without: /\bnoTransaction\(/ },
  { language: /^(?:typescript|tsx|javascript)$/, isOf: /\bknex\b/i, without: /\btransaction\s*:\s*false\b|\bdisableTransactions\b/ },
];

/** A COMMIT that is sent. */
const COMMITS = /\b(?:execute|query|raw|sql|addSql)\(\s*(?:\w+\.)?(?:text\(\s*)?["'`]\s*COMMIT\b/i;

function modeOfProgram({ language, role }: Pick<HostFile, 'language' | 'role'>, text: string): (position: number) => TransactionMode {
  if (role !== 'migration') return () => 'unknown';
  if (language === 'python' && /\balembic\b/.test(text) && /^down_revision\b/m.test(text)) return (position) => (isAutocommitted(text, position) ? 'each' : 'file');
  // A COMMIT of its own leaves the tool's transaction.
  if (COMMITS.test(text)) return () => 'unknown';
  const tool = PROGRAMS.find((one) => one.language.test(language) && one.isOf.test(text));
  return () => (tool === undefined ? 'unknown' : tool.without.test(text) ? 'each' : 'file');
}

/** Below `with op.get_context().autocommit_block():`, or after a COMMIT of the migration's own. */
function isAutocommitted(text: string, position: number): boolean {
  const before = text.slice(0, position);
  if (COMMITS.test(before)) return true;
  const block = [...before.matchAll(/^([ \t]*)with\b[^\n]*\bautocommit_block\(\)[^\n]*:[ \t]*\r?\n/gm)].at(-1);
  if (!block) return false;
  const lines = `${before.slice(block.index + block[0].length)}x`.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.every((line) => (/^[ \t]*/.exec(line)?.[0].length ?? 0) > (block[1] ?? '').length);
}

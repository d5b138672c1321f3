import { renderDropIndex, statementsFix } from '../advice/indexFix';
import type { MigrationContext, MigrationRule } from '../lint/rule';
import { finalName, reportDeclarations } from '../migrations/declared';
import type { MigrationStatement } from '../migrations/migrationFile';

/** Indexes that a failed build left behind. */
export const invalidIndex: MigrationRule = {
  id: 'invalid-index',
  scope: 'migration',
  category: 'schema',
  severity: 'warning',
  needs: 'schema',
  fixKinds: ['new'],
  summary: 'The database holds this index as invalid: no query can use it',
  docs: {
    why: 'CREATE INDEX CONCURRENTLY and REINDEX CONCURRENTLY that fail (a deadlock, a duplicate, a time-out) leave the index behind, marked invalid. It is kept up to date at every write and used by no query, and CREATE INDEX IF NOT EXISTS takes it for the real one.',
    bad: [{ language: 'sql', server: { invalid: ['orders_customer'] }, schema: 'CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint);', code: 'CREATE INDEX CONCURRENTLY orders_customer ON orders (customer_id);' }],
    good: [{ language: 'sql', server: {}, schema: 'CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint);', code: 'CREATE INDEX CONCURRENTLY orders_customer ON orders (customer_id);' }],
    whenNot: 'While the index is being built it is invalid too: look again when the build is done.',
    fixSafety: 'Writes a migration that drops the index and builds it as before: if rows break it (a duplicate under UNIQUE), it fails again.',
  },
  options: {},
  roles: ['application', 'migration'],
  check(context) {
    const { catalog } = context;
    if (catalog?.source !== 'live' && catalog?.source !== 'snapshot') return;
    reportDeclarations(context, context.migration.statements.flatMap((statement) => {
      const { command } = statement;
      if (command.type !== 'create-index' || statement.nested || command.name === undefined) return [];
      const { key } = statement.relation(command.table);
      const table = finalName(context, key);
      const index = table?.indexes.find((other) => other.name === command.name);
      // The index of a partitioned table is invalid until each partition has its own.
      if (!table || !index || index.valid || table.kind === 'partitioned' || isBuiltAgain(context, statement, key, index.name)) return [];
      return [{ statement, at: command.nameSpan ?? command.keyword, message: `${index.name} is invalid in ${catalog.label}: its build has failed, or is not done.`, because: `If it is not being built: DROP INDEX CONCURRENTLY ${index.name}, then build it again.`, evidence: { table: key, index: index.name },
        fixes: () => (command.concurrently ? statementsFix(`Drop ${index.name} and build it again`, `rebuild_${index.name}`, [renderDropIndex(table, index.name, catalog), `${statement.text.trim().replace(/;\s*$/, '')};`], context.settings) : []) }];
    }));
  },
};

/** A later migration builds it, or this one does after it has dropped it: what the database holds is what was there before. */
function isBuiltAgain({ file, migration }: MigrationContext, statement: MigrationStatement, key: string, name: string): boolean {
  const written = migration.writtenTable(key)?.indexes.find((index) => index.name === name);
  return (written?.definedAt !== undefined && written.definedAt.uri !== file.uri) || migration.statements.some(({ command, span }) => command.type === 'drop-index' && span.start < statement.span.start && command.indexes.some((index) => index.name === name));
}

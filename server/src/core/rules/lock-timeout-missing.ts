import type { Fix, MigrationContext, MigrationRule } from '../lint/rule';
import { hostSpan } from '../text/span';
import type { MigrationStatement, RelationFacts } from '../migrations/migrationFile';
import { isShipped, nameOfKey, newestOption, weigh } from '../migrations/weigh';

const SCHEMA = 'CREATE TABLE orders (id bigint PRIMARY KEY, total integer);';
const assume = { orders: 2_000_000 };

/** Migrations that may wait for a strong lock without end, with everybody else behind them. */
export const lockTimeoutMissing: MigrationRule = {
  id: 'lock-timeout-missing',
  scope: 'migration',
  category: 'schema',
  severity: 'info',
  needs: 'text',
  fixKinds: ['safe', 'review'],
  summary: 'A migration takes a strong lock without a lock_timeout',
  docs: {
    why: 'A statement that needs a strong lock waits for every transaction that uses the table, and all later queries of the table wait behind it: one long report stops the application, although the change itself takes a millisecond. With a lock_timeout the migration gives up instead and can be tried again.',
    bad: [{ language: 'sql', schema: SCHEMA, assume, code: 'ALTER TABLE orders ADD COLUMN note text;\nALTER TABLE orders DROP COLUMN total;' }, { language: 'sql', schema: SCHEMA, assume, server: {}, code: 'ALTER TABLE orders DROP COLUMN total;' }],
    good: [{ language: 'sql', schema: SCHEMA, assume, code: "SET lock_timeout = '5s';\nALTER TABLE orders ADD COLUMN note text;" }, { language: 'sql', schema: SCHEMA, assume, code: 'CREATE TABLE notes (id bigint PRIMARY KEY);' }],
    whenNot: 'Where the role or the connection that runs the migrations has a lock_timeout already: what `config/database.yml` and its like say is known, what a server sets is not. Reported once per file, and not in migrations that many others follow.',
    fixSafety: 'Safe in the newest migration: the schema is the same, and a migration that would have waited longer fails and changes nothing. For review in others, which may have run. Not offered where an index is built CONCURRENTLY behind it and outside a transaction: the setting would end that too.',
  },
  options: { ...newestOption, timeout: { type: 'string', default: '5s', description: 'What the fix sets.' } },
  roles: ['script', 'migration', 'application'],
  check(context) {
    const program = context.file.language !== 'sql';
    if (isShipped(context) || (program && !mayLackTimeout(context))) return;
    const { statements, place } = context.migration;
    // A file that makes tables of its own and is no step of a history describes a schema.
    if (place === undefined && context.file.role !== 'migration' && statements.some(({ command, nested }) => command.type === 'create-table' && !command.temporary && !nested)) return;
    const first = statements.find((statement) => !statement.nested && strongest(context, statement) !== undefined);
    const facts = first && strongest(context, first);
    const weight = facts && weigh(context, facts);
    const at = first?.place(first.command.keyword);
    if (!first || !weight || !at) return;
    const set = statements.findLast(({ command, span }) => (command.type === 'set' || command.type === 'set-default') && command.name === 'lock_timeout' && span.start < first.span.start);
    if (set && !(set.command.type === 'set' && OFF.test(set.command.value ?? ''))) return;
    context.report({
      at: { host: at }, site: first.site, severity: weight.severity === 'warning' && !program ? 'info' : 'hint', confidence: weight.confidence,
      message: `This may wait for its lock on ${nameOfKey(facts.key)} without end, and all other ${blocksReaders(first, facts) ? 'queries' : 'writes'} of the table behind it: no lock_timeout is set.`,
      because: weight.because, evidence: { table: facts.key },
      fixes: () => (program ? [] : setFix(context, first)),
    });
  },
};

/** Rails and Laravel run migrations on the application's connections: nothing there sets it, as far as files tell, nor does the migration in its own words. */
const mayLackTimeout = ({ file, text, settings }: MigrationContext): boolean =>
  (file.migration?.tool === 'rails' || file.migration?.tool === 'laravel') && settings.lockTimeout === undefined && !/lock_?timeout|lock_retries|safety_assured/i.test(text);

/** No limit. */
const OFF = /^0\s*(?:us|ms|s|min|h|d)?$/;

/** A relation whose strong lock the statement waits for; undefined: none that matters. */
function strongest(context: MigrationContext, statement: MigrationStatement): RelationFacts | undefined {
  return lockedBy(context, statement).find((facts) => weigh(context, facts) !== undefined);
}

/** SHARE and SHARE ROW EXCLUSIVE let reads pass (manual, 13.3.1): CREATE INDEX, CREATE TRIGGER, foreign keys on both sides. */
function blocksReaders({ command, relation }: MigrationStatement, facts: RelationFacts): boolean {
  if (command.type === 'create-index') return false;
  if (command.type === 'attached') return command.reads;
  if (command.type !== 'alter-table') return true;
  return relation(command.table).key === facts.key && !command.actions.every((action) => action.type === 'triggers' || (action.type === 'add-constraint' && action.constraint.references !== undefined));
}

/** Whose lock a statement waits for, as the manual's table of locks and AlterTableGetLockLevel (tablecmds.c) have it. Maintenance counts in migrations alone: elsewhere somebody looks on. */
function lockedBy({ migration, file }: MigrationContext, statement: MigrationStatement): readonly RelationFacts[] {
  const { command } = statement;
  const migrates = migration.place !== undefined || file.role === 'migration';
  switch (command.type) {
    case 'alter-table': {
      if (command.kind !== 'table') return [];
      const referenced = command.actions.flatMap((action) => (action.type === 'add-constraint' ? (action.constraint.references ?? []) : action.type === 'add-column' ? (action.column.references ?? []) : []));
      const heavy = command.actions.some((action) => action.type !== 'light' && action.type !== 'validate' && action.type !== 'attach-partition' && !(action.type === 'detach-partition' && action.concurrently));
      // The parent lets everybody pass meanwhile.
      const joining = command.actions.flatMap((action) => (action.type === 'attach-partition' ? [action.partition] : []));
      return [...(heavy ? [command.table] : []), ...referenced, ...joining].map((name) => statement.relation(name));
    }
    case 'create-index': return command.concurrently || command.only ? [] : [statement.relation(command.table)];
    case 'drop-index': return command.concurrently ? [] : command.indexes.flatMap((name) => statement.index(name)?.owner ?? []);
    case 'rename': return command.what === 'table' || command.what === 'column' ? [statement.relation(command.relation)] : [];
    case 'drop': return command.what === 'table' ? command.relations.map((name) => statement.relation(name)) : [];
    case 'truncate': case 'lock': return command.tables.map((name) => statement.relation(name));
    case 'attached': case 'policy': return [statement.relation(command.table)];
    // The planner of each query locks every index of its tables.
    case 'reindex': return !migrates || command.concurrently || command.relation === undefined ? [] : command.what === 'table' ? [statement.relation(command.relation)] : [statement.index(command.relation)?.owner ?? []].flat();
    case 'cluster': return migrates && command.table ? [statement.relation(command.table)] : [];
    case 'vacuum-full': return migrates ? command.tables.map((name) => statement.relation(name)) : [];
    case 'refresh': return migrates && !command.concurrently ? [statement.relation(command.view)] : [];
    default: return [];
  }
}

/** On a line of its own, as far in as the statement; for the transaction alone where there is one. */
function setFix(context: MigrationContext, statement: MigrationStatement): readonly Fix[] {
  const { text, file } = context;
  const { start } = statement.span;
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const indent = text.slice(lineStart, start).replace(/^\uFEFF/, '');
  if (indent.trim() !== '') return [];
  const local = statement.transaction === 'file' || statement.transaction === 'open';
  // It would end a build that may take its time, and leave an invalid index.
  if (!local && context.migration.statements.some(({ command, span }) => span.start > start && 'concurrently' in command && command.concurrently)) return [];
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const separator = /statement-breakpoint/.test(text) ? `--> statement-breakpoint${newline}${indent}` : `${newline}${indent}`;
  return [{ title: `Set lock_timeout to ${context.option<string>('timeout')}`, kind: (context.migration.place?.later ?? 0) === 0 ? 'safe' : 'review', edits: [{ uri: file.uri, span: hostSpan(start, start), text: `SET ${local ? 'LOCAL ' : ''}lock_timeout = '${context.option<string>('timeout').replaceAll("'", "''")}';${separator}` }] }];
}

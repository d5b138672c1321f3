import type { Fix, MigrationContext, MigrationRule } from '../lint/rule';
import { quoteQualified } from '../sql/names';
import { sqlSpan } from '../text/span';
import type { CommandOf } from '../migrations/commands';
import type { MigrationStatement, RelationFacts } from '../migrations/migrationFile';
import { canMove, editAt, insertions, outsideTransaction, renderStages, stagedFix, statementLines } from '../migrations/stages';
import { isInTransaction, isShipped, nameOfKey, newestOption, presentTable, weigh, type Weight } from '../migrations/weigh';

const SCHEMA = 'CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL);\nCREATE INDEX orders_old ON orders (id, customer_id);';
const assume = { orders: 2_000_000 };

/** Indexes that are built, dropped or rebuilt while nobody can write; CONCURRENTLY where it cannot run. */
export const indexNotConcurrent: MigrationRule = {
  id: 'index-not-concurrent',
  scope: 'migration',
  category: 'schema',
  severity: 'warning',
  needs: 'text',
  fixKinds: ['review'],
  summary: 'An index is made, dropped or rebuilt without CONCURRENTLY, or with it where it cannot run',
  docs: {
    why: 'CREATE INDEX keeps every write to the table waiting until the index is built, minutes on a large table. CONCURRENTLY lets them go on; it reads the table twice and cannot run in a transaction. DROP INDEX waits for every query of the table, and everybody else waits behind it. On a partitioned table CONCURRENTLY is impossible: its index is made ON ONLY the parent, then CONCURRENTLY on each partition, and attached.',
    bad: [
      { language: 'sql', schema: SCHEMA, assume, code: 'CREATE INDEX orders_customer ON orders (customer_id);' },
      { language: 'sql', schema: SCHEMA, assume, code: 'DROP INDEX orders_old;' },
      { language: 'sql', schema: SCHEMA, assume, code: 'BEGIN;\nCREATE INDEX CONCURRENTLY orders_customer ON orders (customer_id);\nCOMMIT;' },
    ],
    good: [
      { language: 'sql', schema: SCHEMA, assume, code: 'CREATE INDEX CONCURRENTLY orders_customer ON orders (customer_id);' },
      { language: 'sql', assume, code: 'CREATE TABLE notes (id bigint PRIMARY KEY, author_id bigint NOT NULL);\nCREATE INDEX notes_author ON notes (author_id);' },
    ],
    whenNot: 'Tables that are small, or made in the same migration, are not reported; nor is a migration that many others follow: it has been run.',
    fixSafety: 'Offered for review: the same index is made, outside a transaction. If the build fails, an invalid index is left that must be dropped before the next try.',
  },
  options: newestOption,
  roles: ['application', 'script', 'migration'],
  check(context) {
    if (isShipped(context)) return;
    for (const statement of context.migration.statements) {
      const { command } = statement;
      if (statement.nested || statement.step?.assured) continue;
      if (command.type === 'create-index') checkCreate(context, statement, command);
      if (command.type === 'drop-index') checkDrop(context, statement, command);
      if (command.type === 'reindex') checkReindex(context, statement, command);
    }
  },
};

function checkCreate(context: MigrationContext, statement: MigrationStatement, command: CommandOf<'create-index'>): void {
  const facts = statement.relation(command.table);
  const partitioned = presentTable(context, facts)?.kind === 'partitioned';
  if (command.concurrently) return checkConcurrent(context, statement, partitioned && !command.only ? facts : undefined);
  const weight = weigh(context, facts);
  if (!weight || (partitioned && command.only)) return;
  const name = nameOfKey(facts.key);
  report(context, statement, weight, facts, {
    message: partitioned ? `Writes to ${name} and all its partitions wait until the index is built.` : `Writes to ${name} wait until the index is built.`,
    because: partitioned ? 'On a partitioned table CONCURRENTLY is impossible: make the index ON ONLY the parent, CONCURRENTLY on each partition, then attach them.' : undefined,
    fixes: () => (partitioned ? partitionFixes(context, statement, command, facts) : concurrentFixes(context, statement, command.afterIndex, command.name)),
  });
}

/** CONCURRENTLY where Postgres refuses it. */
function checkConcurrent(context: MigrationContext, statement: MigrationStatement, partitioned: RelationFacts | undefined): void {
  const at = statement.place(statement.command.keyword);
  if (!at || context.migration.kind === 'schema') return;
  if (partitioned) {
    context.report({ at: { host: at }, site: statement.site, severity: 'error', confidence: 'schema', message: `${nameOfKey(partitioned.key)} is partitioned: Postgres cannot build its index CONCURRENTLY.`, because: 'Make the index ON ONLY the parent, CONCURRENTLY on each partition, then attach them.', evidence: { table: partitioned.key }, fixes: () => (statement.command.type === 'create-index' ? partitionFixes(context, statement, statement.command, partitioned) : []) });
  } else if (isInTransaction(context, statement)) {
    context.report({ at: { host: at }, site: statement.site, severity: 'error', confidence: 'text', message: 'CONCURRENTLY cannot run in a transaction, and this file is run in one.', because: 'Give the statement a migration of its own that runs outside a transaction.', evidence: { transaction: statement.transaction }, fixes: () => leaveTransaction(context, statement) });
  }
}

function checkDrop(context: MigrationContext, statement: MigrationStatement, command: CommandOf<'drop-index'>): void {
  if (command.concurrently) return checkConcurrent(context, statement, undefined);
  const found = command.indexes.map((name) => statement.index(name));
  const [first] = found;
  // The index of a partitioned table, or of a partition that inherited it, cannot be dropped CONCURRENTLY.
  if (found.some((index) => index?.owner.isNew === true || index?.owner.table?.kind === 'partitioned' || index?.owner.table?.partitionOf !== undefined)) return;
  // Of a history that is read whole: there is nothing to drop.
  if (statement.step && context.migration.place && found.every((index) => index === undefined) && /^DROP INDEX IF EXISTS\b/.test(statement.text)) return;
  const facts: RelationFacts = first?.owner ?? { key: '', isNew: false, temporary: false, checks: [] };
  const weight = weigh(context, facts);
  if (!weight) return;
  report(context, statement, { ...weight, severity: weight.severity === 'warning' ? 'info' : weight.severity }, facts, {
    message: `DROP INDEX waits for every query of ${first ? nameOfKey(facts.key) : 'the table'}, and all others wait behind it.`,
    fixes: () => (command.indexes.length === 1 && !command.cascade ? concurrentFixes(context, statement, command.afterIndex, command.indexes[0]?.name) : []),
  });
}

function checkReindex(context: MigrationContext, statement: MigrationStatement, command: CommandOf<'reindex'>): void {
  if (command.concurrently) return checkConcurrent(context, statement, undefined);
  if (command.what === 'system') return;
  const facts = command.relation === undefined ? undefined : command.what === 'index' ? statement.index(command.relation)?.owner : statement.relation(command.relation);
  const weight = facts ? weigh(context, facts) : ({ severity: 'hint', confidence: 'text' } as const);
  if (!weight) return;
  report(context, statement, weight, facts, {
    message: `Writes${facts ? ` to ${nameOfKey(facts.key)}` : ''} wait until the ${command.what === 'index' ? 'index is' : 'indexes are'} rebuilt.`,
    fixes: () => concurrentFixes(context, statement, command.afterKind, undefined),
  });
}

function report(context: MigrationContext, statement: MigrationStatement, weight: Weight, facts: RelationFacts | undefined, told: { readonly message: string; readonly because?: string; readonly fixes: () => readonly Fix[] }): void {
  const at = statement.place(statement.command.keyword);
  if (!at) return;
  const because = [weight.because, told.because].filter(Boolean).join(' ');
  context.report({ at: { host: at }, site: statement.site, severity: weight.severity, confidence: weight.confidence, message: told.message, ...(because ? { because } : {}), evidence: facts?.key ? { table: facts.key } : {}, fixes: told.fixes });
}

/** Adds the word where the file can run outside a transaction; else the statement moves to a migration that can. */
function concurrentFixes(context: MigrationContext, statement: MigrationStatement, at: number, name: string | undefined): readonly Fix[] {
  const own = statement.step?.concurrently;
  if (own) return stagedFix(`${toolsWord(context)}, outside a transaction`, insertions(context, own), []);
  const word = editAt(context, statement, sqlSpan(at, at), ' CONCURRENTLY');
  const alone = outsideTransaction(context, statement);
  if (alone || statement.transaction === 'each') return stagedFix('Add CONCURRENTLY (outside a transaction)', [word, ...(alone ?? [])], []);
  const changed = `${statement.text.slice(0, at)} CONCURRENTLY${statement.text.slice(at)}`;
  return moved(context, statement, changed, name);
}

/** How the tool's own migrations say it. */
const toolsWord = ({ file }: MigrationContext): string => (file.migration?.tool === 'laravel' ? 'Add ->online() (Laravel 12.23 or newer)' : 'Build or drop it CONCURRENTLY');

const leaveTransaction = (context: MigrationContext, statement: MigrationStatement): readonly Fix[] => {
  const { command } = statement;
  const own = statement.step?.leave;
  if (own) return stagedFix('Run the file outside a transaction', insertions(context, own), []);
  const alone = outsideTransaction(context, statement);
  if (alone && alone.length > 0) return stagedFix('Run the file outside a transaction', alone, []);
  return moved(context, statement, statement.text, command.type === 'create-index' ? command.name : undefined);
};

function moved(context: MigrationContext, statement: MigrationStatement, changed: string, name: string | undefined): readonly Fix[] {
  if (!canMove(context, statement, name === undefined ? [] : [name])) return [];
  const edit = { uri: context.file.uri, span: statementLines(context.text, statement.span), text: '' };
  const stages = renderStages(context.settings.migrations, [{ name: name ?? 'index', statements: [`${changed};`], ...(statement.command.type === 'create-index' ? {} : { down: [] }) }]);
  return stagedFix('Move it to a new migration, with CONCURRENTLY and outside a transaction', [edit], stages);
}

/** The index ON ONLY the parent here; on each partition, and attached, in a later migration. */
function partitionFixes(context: MigrationContext, statement: MigrationStatement, command: CommandOf<'create-index'>, facts: RelationFacts): readonly Fix[] {
  const { catalog, settings } = context;
  const partitions = [...(catalog?.tables.values() ?? [])].filter((table) => table.partitionOf === facts.key);
  if (command.name === undefined || partitions.length === 0 || partitions.length > 60 || partitions.some((table) => table.kind === 'partitioned')) return [];
  const { name } = command;
  const schema = command.table.schema;
  const statements = partitions.flatMap((partition) => {
    const own = `${partition.name}_${name}`.slice(0, 63);
    const where = schema === undefined && partition.schema === 'public' ? undefined : partition.schema;
    return [
      `CREATE ${command.unique ? 'UNIQUE ' : ''}INDEX CONCURRENTLY ${quoteQualified(undefined, own)} ON ${quoteQualified(where, partition.name)} ${statement.text.slice(methodStart(statement.text, command), command.keysSpan.end)};`,
      `ALTER INDEX ${quoteQualified(schema, name)} ATTACH PARTITION ${quoteQualified(where, own)};`,
    ];
  });
  const on = /\bon\s+/i.exec(statement.text.slice(command.nameSpan?.end ?? command.afterIndex));
  const at = (command.nameSpan?.end ?? command.afterIndex) + (on?.index ?? 0) + (on?.[0].length ?? 0);
  const drop = command.concurrently ? /\s+concurrently\b/i.exec(statement.text.slice(command.afterIndex)) : null;
  const edits = [editAt(context, statement, sqlSpan(at, at), 'ONLY '), ...(drop ? [editAt(context, statement, sqlSpan(command.afterIndex + drop.index, command.afterIndex + drop.index + drop[0].length), '')] : [])];
  return stagedFix('Make the index ON ONLY the parent; on each partition CONCURRENTLY, and attached, in a new migration', edits, renderStages(settings.migrations, [{ name: `${name}_partitions`, statements, down: [] }]));
}

/** Where `USING …` or the keys begin. */
function methodStart(text: string, { keysSpan }: CommandOf<'create-index'>): number {
  const using = /\busing\s+\S+\s*$/i.exec(text.slice(0, keysSpan.start));
  return using?.index ?? keysSpan.start;
}

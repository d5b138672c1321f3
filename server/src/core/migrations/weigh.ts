import { describeRows, sizeOf } from '../advice/size';
import type { Table } from '../catalog/model';
import type { Confidence, MigrationContext, RuleOption, Severity } from '../lint/rule';
import type { MigrationStatement, RelationFacts } from './migrationFile';

/** Option of the rules about what a migration does while it runs. */
export const newestOption: Readonly<Record<string, RuleOption>> = {
  newest: {
    type: 'integer', default: 10,
    description: 'Migrations that this many later ones follow have long been run and cannot be changed: nothing is reported there. 0: all are looked at.',
  },
};

/** Has the file been run, as far as its place in the history tells? */
export function isShipped(context: MigrationContext): boolean {
  const newest = context.option<number>('newest');
  return newest > 0 && (context.migration.place?.later ?? 0) >= newest;
}

export interface Weight {
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** The table's rows, where they are known. */
  readonly because?: string;
}

/**
 * How much a lock on a relation matters; undefined: not at all. It does not on what the file made itself, on temporary and on
 * small tables; how much it does elsewhere is told by the number of rows.
 */
export function weigh(context: MigrationContext, facts: RelationFacts): Weight | undefined {
  if (facts.isNew || facts.temporary || context.migration.kind === 'schema') return undefined;
  const table = presentTable(context, facts);
  if (table?.kind === 'view' || table?.kind === 'foreign') return undefined;
  if (table === undefined && makesUnknownTable(context)) return undefined;
  const size = sizeOf(table, context.settings);
  if (size === 'small') return undefined;
  const because = describeRows(table, context.settings);
  if (size === 'unknown') return { severity: 'hint', confidence: table === undefined ? 'text' : 'schema' };
  return { severity: size === 'large' ? 'warning' : 'info', confidence: 'statistics', ...(because === undefined ? {} : { because: `${because}.` }) };
}

/** A program that makes a table whose name it puts together: one that nobody else knows may be it. */
const makesUnknownTable = ({ file, text }: MigrationContext): boolean =>
  file.language !== 'sql' && /\bcreate\s+table\s+(?:if\s+not\s+exists\s+)?(?:[\w"]+\.)?"?(?:["'`]\s*[+.]|\$?\{|#\{|%[sqIL])/i.test(text);

/** The table as the catalog has it today, with its rows; else as the history made it. */
export const presentTable = (context: MigrationContext, facts: RelationFacts): Table | undefined => context.catalog?.tables.get(facts.key) ?? facts.table;

/** Name for messages. */
export const nameOfKey = (key: string): string => (key.startsWith('public.') ? key.slice('public.'.length) : key);

/** Does Postgres refuse CONCURRENTLY there? Only what is certain. */
export function isInTransaction(context: MigrationContext, { transaction }: MigrationStatement): boolean {
  if (transaction === 'open' || transaction === 'file') return true;
  if (transaction === 'together') return context.migration.statementCount > 1;
  return transaction === 'flyway' && context.migration.statements.length > 1 && context.migration.statements.some(({ command }) => !outsideTransaction(command));
}

const outsideTransaction = (command: MigrationStatement['command']): boolean =>
  command.type === 'vacuum-full' || ((command.type === 'create-index' || command.type === 'drop-index' || command.type === 'reindex') && command.concurrently);

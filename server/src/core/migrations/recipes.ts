import { chooseName } from '../catalog/names';
import { quoteIdentifier, quoteQualified } from '../sql/names';
import type { Fix, MigrationContext } from '../lint/rule';
import { sqlSpan } from '../text/span';
import { defaultConstraintName, type AlterWork } from './alterWork';
import type { AlterAction, CommandOf } from './commands';
import type { MigrationStatement, RelationFacts } from './migrationFile';
import { canMove, editAt, insertions, outsideTransaction, renderStages, stagedFix, statementLines, type Stage } from './stages';

export interface Altered {
  readonly context: MigrationContext;
  readonly statement: MigrationStatement;
  readonly command: CommandOf<'alter-table'>;
  readonly action: AlterAction;
  readonly facts: RelationFacts;
}

/** The fix that does the same in steps, each a migration of its own: none of them holds a strong lock for long. */
export function recipeFixes(altered: Altered, work: AlterWork): readonly Fix[] {
  switch (work.recipe) {
    case 'not-valid': return notValid(altered);
    case 'not-null': return notNull(altered);
    case 'unique-index': return uniqueIndex(altered);
    case 'default-later': return defaultLater(altered);
    default: return [];
  }
}

const tableOf = ({ command }: Altered): string => quoteQualified(command.table.schema, command.table.name);

/** `NOT VALID` now, VALIDATE in the next migration. A constraint without a name is given the one that Postgres would choose. */
function notValid(altered: Altered): readonly Fix[] {
  const { context, statement, command, action, facts } = altered;
  if (action.type !== 'add-constraint') return [];
  const { constraint } = action;
  // The name that Postgres would give a CHECK depends on those of CREATE TABLE, which are not known.
  const name = defaultConstraintName(constraint, facts, command.table);
  if (name === undefined) return [];
  const own = statement.step?.notValid;
  const stages: Stage[] = [{ name: `validate_${name}`, statements: [`ALTER TABLE ${tableOf(altered)} VALIDATE CONSTRAINT ${quoteIdentifier(name)};`], down: [] }];
  const end = action.span.end;
  const edits = own ? insertions(context, own.edits) : [editAt(context, statement, sqlSpan(end, end), ' NOT VALID'), ...(constraint.name === undefined ? [editAt(context, statement, sqlSpan(constraint.span.start, constraint.span.start), `CONSTRAINT ${quoteIdentifier(name)} `)] : [])];
  return stagedFix(`Add ${name} as NOT VALID, and validate it in a new migration (new rows are checked at once)`, edits, renderStages(context.settings.migrations, stages));
}

/** A CHECK that is not valid yet, its validation, then NOT NULL, which finds it proved: one ALTER that drops the CHECK too would drop it first. */
function notNull(altered: Altered): readonly Fix[] {
  const { context, statement, action, command, facts } = altered;
  if (action.type !== 'set-not-null' || facts.table === undefined) return [];
  const column = quoteIdentifier(action.column);
  const name = chooseName(command.table.name, [action.column], 'not_null', (taken) => facts.checks.some((check) => check.name === taken));
  const table = tableOf(altered);
  const stages: Stage[] = [
    { name: `validate_${name}`, statements: [`ALTER TABLE ${table} VALIDATE CONSTRAINT ${quoteIdentifier(name)};`], down: [] },
    { name: `set_${name}`, statements: [`ALTER TABLE ${table} ALTER COLUMN ${column} SET NOT NULL;`, `ALTER TABLE ${table} DROP CONSTRAINT ${quoteIdentifier(name)};`], down: [`ALTER TABLE ${table} ALTER COLUMN ${column} DROP NOT NULL;`] },
  ];
  const edit = editAt(context, statement, action.span, `ADD CONSTRAINT ${quoteIdentifier(name)} CHECK (${column} IS NOT NULL) NOT VALID`);
  return stagedFix(`Add a CHECK as NOT VALID, validate it and set NOT NULL in new migrations (new rows are checked at once)`, [edit], renderStages(context.settings.migrations, stages));
}

/** CREATE UNIQUE INDEX CONCURRENTLY, then the constraint that takes it over. */
function uniqueIndex(altered: Altered): readonly Fix[] {
  const { context, statement, action, command, facts } = altered;
  if (action.type !== 'add-constraint' || command.actions.length > 1 || statement.site === undefined) return [];
  const { constraint } = action;
  const name = defaultConstraintName(constraint, facts, command.table);
  if (name === undefined || constraint.columns.length === 0) return [];
  const index = `CREATE UNIQUE INDEX CONCURRENTLY ${quoteIdentifier(name)} ON ${tableOf(altered)} (${constraint.columns.map(quoteIdentifier).join(', ')})`;
  const add = `ALTER TABLE ${tableOf(altered)} ADD CONSTRAINT ${quoteIdentifier(name)} ${constraint.kind === 'primary' ? 'PRIMARY KEY' : 'UNIQUE'} USING INDEX ${quoteIdentifier(name)};`;
  const adopt: Stage = { name: `add_${name}`, statements: [add], down: [`ALTER TABLE ${tableOf(altered)} DROP CONSTRAINT ${quoteIdentifier(name)};`] };
  const title = `Build the index CONCURRENTLY and add ${name} with it (writes that break it succeed until then)`;
  const alone = outsideTransaction(context, statement);
  if (alone) return stagedFix(title, [editAt(context, statement, sqlSpan(0, statement.text.length), index), ...alone], renderStages(context.settings.migrations, [adopt]));
  if (!canMove(context, statement, [name])) return [];
  const lines = statementLines(context.text, statement.span);
  return stagedFix(`${title}, in new migrations`, [{ uri: context.file.uri, span: lines, text: '' }], renderStages(context.settings.migrations, [{ name: `build_${name}`, statements: [`${index};`] }, adopt]));
}

/** The column first, without what every row would be written for; its default from now on; the old rows afterwards. */
function defaultLater(altered: Altered): readonly Fix[] {
  const { context, statement, action, command, facts } = altered;
  if (action.type !== 'add-column' || action.column.default === undefined || facts.table === undefined) return [];
  const { column } = action;
  const name = quoteIdentifier(column.name);
  const value = column.default!;
  const table = tableOf(altered);
  const required = column.notNull ? /\s*\bnot\s+null\b/i.exec(statement.text.slice(column.span.start, column.span.end)) : null;
  if (column.notNull && required === null) return [];
  const check = chooseName(command.table.name, [column.name], 'not_null', (taken) => facts.checks.some((known) => known.name === taken));
  const fill: Stage = { name: `fill_${command.table.name}_${column.name}`, statements: [`UPDATE ${table} SET ${name} = ${value.text} WHERE ${name} IS NULL;`], down: [] };
  const strict: readonly Stage[] = column.notNull ? [
    { name: `check_${check}`, statements: [`ALTER TABLE ${table} ADD CONSTRAINT ${quoteIdentifier(check)} CHECK (${name} IS NOT NULL) NOT VALID;`], down: [`ALTER TABLE ${table} DROP CONSTRAINT ${quoteIdentifier(check)};`] },
    { name: `validate_${check}`, statements: [`ALTER TABLE ${table} VALIDATE CONSTRAINT ${quoteIdentifier(check)};`], down: [] },
    { name: `set_${check}`, statements: [`ALTER TABLE ${table} ALTER COLUMN ${name} SET NOT NULL;`, `ALTER TABLE ${table} DROP CONSTRAINT ${quoteIdentifier(check)};`], down: [`ALTER TABLE ${table} ALTER COLUMN ${name} DROP NOT NULL;`] },
  ] : [];
  const blankBefore = /\s*$/.exec(statement.text.slice(0, value.span.start))?.[0].length ?? 0;
  const at = column.span.start + (required?.index ?? 0);
  const edits = [
    editAt(context, statement, sqlSpan(value.span.start - blankBefore, value.span.end), ''),
    ...(required === null ? [] : [editAt(context, statement, sqlSpan(at, at + required[0].length), '')]),
    editAt(context, statement, sqlSpan(action.span.end, action.span.end), `, ALTER COLUMN ${name} SET DEFAULT ${value.text}`),
  ];
  return stagedFix(`Add ${column.name} without a value for the old rows, and fill them in a new migration (they are null until then)`, edits, renderStages(context.settings.migrations, [fill, ...strict]));
}

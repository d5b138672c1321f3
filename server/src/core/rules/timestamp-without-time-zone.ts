import type { Fix, MigrationContext, MigrationRule } from '../lint/rule';
import { declaredColumns, isChangeable, reportDeclarations, type ColumnDeclaration } from '../migrations/declared';
import type { MigrationStatement } from '../migrations/migrationFile';
import { editAt, stagedFix } from '../migrations/stages';

/** Columns that hold a time of which nobody knows where it was meant. */
export const timestampWithoutTimeZone: MigrationRule = {
  id: 'timestamp-without-time-zone',
  scope: 'migration',
  category: 'schema',
  severity: 'hint',
  needs: 'schema',
  fixKinds: ['review'],
  summary: 'A timestamp without time zone means another moment in every session',
  docs: {
    why: '`timestamp` stores what the clock showed and forgets where. Compared with now(), or read by a session with another TimeZone, it means another moment; in the hour that daylight saving repeats it is ambiguous. `timestamptz` takes the same eight bytes and stores the moment.',
    bad: [{ language: 'sql', code: 'CREATE TABLE orders (id bigint PRIMARY KEY, created_at timestamp NOT NULL);' }],
    good: [{ language: 'sql', code: 'CREATE TABLE orders (id bigint PRIMARY KEY, created_at timestamptz NOT NULL, opens_at time);' }],
    whenNot: 'Times that are local by nature (a shop opens at nine wherever it is), and frameworks that write UTC into plain timestamps throughout: turn the rule off there.',
    fixSafety: 'Offered for review, in the newest migration alone: the column gets another type, and drivers give its values another form.',
  },
  options: {},
  roles: ['application', 'migration'],
  check(context) {
    reportDeclarations(context, declaredColumns(context).filter(({ column, statement }) => !isConvention(context, statement) && /^timestamp(?:\(\d\))? without time zone(?:\[\])?$/.test(column.type)).map((declaration) => ({
      statement: declaration.statement, at: declaration.column.typeSpan,
      message: `${declaration.table.name}.${declaration.column.name} does not say which moment it means: timestamptz does.`,
      evidence: { table: declaration.key, column: declaration.column.name, type: declaration.column.type },
      fixes: () => zoned(context, declaration),
    })));
  },
};

/** What Rails and Laravel make of every point in time, and read as UTC; `structure.sql` of Rails, told by a table that it has. */
const isConvention = ({ file, migration }: MigrationContext, { step }: MigrationStatement): boolean =>
  (step !== undefined && (file.migration?.tool === 'rails' || file.migration?.tool === 'laravel')) || (file.language === 'sql' && [...migration.finalTables()].some(({ name }) => name === 'ar_internal_metadata'));

function zoned(context: MigrationContext, { statement, column }: ColumnDeclaration): readonly Fix[] {
  const written = statement.text.slice(column.typeSpan.start, column.typeSpan.end);
  const precision = /\(\s*\d\s*\)/.exec(written)?.[0] ?? '';
  const brackets = /\[\s*\d*\s*\]/.exec(written)?.[0] ?? '';
  return isChangeable(context, statement) ? stagedFix('Make it timestamptz', [editAt(context, statement, column.typeSpan, `timestamptz${precision}${brackets}`)], []) : [];
}

import { isKindTable, isNamedTable } from '../advice/lookupTable';
import { renderCount, rowsOf, sizeOf } from '../advice/size';
import type { MigrationRule } from '../lint/rule';
import { declaredColumns, isChangeable, reportDeclarations, type ColumnDeclaration } from '../migrations/declared';
import { editAt, stagedFix } from '../migrations/stages';

const limits: Readonly<Record<string, number>> = { integer: 2_147_483_647, smallint: 32_767 };

/** Keys that run out of numbers. */
export const intPrimaryKey: MigrationRule = {
  id: 'int-primary-key',
  scope: 'migration',
  category: 'schema',
  severity: 'hint',
  needs: 'schema',
  fixKinds: ['review'],
  summary: 'A primary key that counts up in 32 bits runs out of numbers',
  docs: {
    why: 'An `integer` that a sequence fills ends at 2,147,483,647; failed inserts, upserts and rollbacks use numbers up too. Then every INSERT fails, and the change to `bigint` writes the whole table anew under the strongest lock, with every table that refers to it. `bigint` costs four bytes a row, often none because of alignment.',
    bad: [{ language: 'sql', code: 'CREATE TABLE events (id serial PRIMARY KEY, at timestamptz NOT NULL);' }],
    good: [{ language: 'sql', code: 'CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL);\nCREATE TABLE kinds (id integer PRIMARY KEY, name text NOT NULL);' }],
    whenNot: 'Tables that are known to stay small are not reported, nor keys whose numbers the application chooses.',
    fixSafety: 'Offered for review, in the newest migration alone: columns that refer to it should get the same type, and some drivers give bigint as text.',
  },
  options: {},
  roles: ['application', 'migration'],
  check(context) {
    reportDeclarations(context, declaredColumns(context).filter((declaration) => counts(declaration) && (sizeOf(declaration.table, context.settings) === 'large' || !(isNamedTable(declaration.table) || isKindTable(context, declaration.table)))).flatMap((declaration) => {
      const { statement, column, table, key } = declaration;
      const rows = rowsOf(table, context.settings);
      const limit = limits[column.type] ?? Infinity;
      if (rows !== undefined && rows < context.settings.smallTableRows) return [];
      const share = rows === undefined ? 0 : rows / limit;
      return [{
        statement, at: column.typeSpan, evidence: { table: key, column: column.name, type: column.type, ...(rows === undefined ? {} : { rows }) },
        severity: share > 0.25 ? ('warning' as const) : undefined, confidence: rows === undefined ? ('schema' as const) : ('statistics' as const),
        message: `${table.name}.${column.name} runs out of numbers at ${renderCount(limit)}.`,
        because: rows !== undefined && share > 0.05 ? `${table.name} has about ${renderCount(rows)} rows: ${Math.round(share * 100)} % of them are used at least.` : undefined,
        fixes: () => (isChangeable(context, statement) ? stagedFix(`Make it ${column.serial ? 'bigserial' : 'bigint'}`, [editAt(context, statement, column.typeSpan, column.serial ? 'bigserial' : 'bigint')], []) : []),
      }];
    }));
  },
};

/** The primary key alone, filled by a sequence. */
function counts({ column, table }: ColumnDeclaration): boolean {
  const primary = table.constraints.find((constraint) => constraint.type === 'primary');
  const filled = column.serial || column.generated === 'identity' || column.default?.calls.includes('nextval') === true || /nextval/i.test(table.columns.find((other) => other.name === column.name)?.default ?? '');
  return column.type in limits && filled && primary?.columns.length === 1 && primary.columns[0] === column.name;
}

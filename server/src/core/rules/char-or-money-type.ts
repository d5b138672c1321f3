import type { MigrationRule } from '../lint/rule';
import { declaredColumns, isChangeable, reportDeclarations } from '../migrations/declared';
import { editAt, stagedFix } from '../migrations/stages';

/** Columns of type char(n) and money. */
export const charOrMoneyType: MigrationRule = {
  id: 'char-or-money-type',
  scope: 'migration',
  category: 'schema',
  severity: 'hint',
  needs: 'schema',
  fixKinds: ['review'],
  summary: 'char(n) pads with blanks, money depends on the locale',
  docs: {
    why: '`char(n)` fills every value up with blanks, which then count in some comparisons and not in others; it is neither faster nor smaller than `text`. `money` prints and rounds as `lc_monetary` says, knows one currency and no fraction of a cent.',
    bad: [
      { language: 'sql', code: 'CREATE TABLE countries (code char(2) PRIMARY KEY);' },
      { language: 'sql', code: 'CREATE TABLE orders (id bigint PRIMARY KEY, total money NOT NULL);' },
    ],
    good: [{ language: 'sql', code: 'CREATE TABLE orders (id bigint PRIMARY KEY, country varchar(2), total numeric(12, 2) NOT NULL, state "char");' }],
    whenNot: 'Codes whose values all have the full length (ISO countries, hashes) lose nothing but gain nothing either.',
    fixSafety: 'Offered for review, in the newest migration alone: values are no longer padded, or take another form in the application.',
  },
  options: {},
  roles: ['application', 'migration'],
  check(context) {
    // One character has no room for blanks.
    reportDeclarations(context, declaredColumns(context).filter(({ column }) => /^(?:character\((?!1\))\d+\)|money)(?:\[\])?$/.test(column.type)).map(({ statement, column, table, key }) => {
      const money = column.type.startsWith('money');
      const array = column.type.endsWith('[]') ? '[]' : '';
      const to = money ? `numeric(12, 2)${array}` : `varchar(${/\d+/.exec(column.type)?.[0]})${array}`;
      return {
        statement, at: column.typeSpan, evidence: { table: key, column: column.name, type: column.type },
        message: money ? `${table.name}.${column.name} prints and rounds as the server's locale says: numeric does not.` : `${table.name}.${column.name} is filled up with blanks: text or varchar is not.`,
        fixes: () => (isChangeable(context, statement) ? stagedFix(`Make it ${to}`, [editAt(context, statement, column.typeSpan, to)], []) : []),
      };
    }));
  },
};

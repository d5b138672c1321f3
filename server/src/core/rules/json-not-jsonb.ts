import type { MigrationRule } from '../lint/rule';
import { declaredColumns, isChangeable, reportDeclarations } from '../migrations/declared';
import { editAt, stagedFix } from '../migrations/stages';

/** Columns of type json. */
export const jsonNotJsonb: MigrationRule = {
  id: 'json-not-jsonb',
  scope: 'migration',
  category: 'schema',
  severity: 'hint',
  needs: 'schema',
  fixKinds: ['review'],
  summary: 'A json column is parsed at every access and cannot be indexed',
  docs: {
    why: '`json` keeps the text: every `->` parses it again, there is no `=` for it (DISTINCT, GROUP BY and UNION fail), no containment and no GIN index. `jsonb` is parsed once, when it is written.',
    bad: [{ language: 'sql', code: 'CREATE TABLE events (id bigint PRIMARY KEY, payload json NOT NULL);' }],
    good: [{ language: 'sql', code: 'CREATE TABLE events (id bigint PRIMARY KEY, payload jsonb NOT NULL);' }],
    whenNot: 'Where the text itself matters: the order of keys, repeated keys, blanks (signed payloads, logs that are only ever read whole).',
    fixSafety: 'Offered for review, in the newest migration alone: jsonb keeps neither the order of keys nor repeated ones.',
  },
  options: {},
  roles: ['application', 'migration'],
  check(context) {
    reportDeclarations(context, declaredColumns(context).filter(({ column }) => column.type === 'json' || column.type === 'json[]').map(({ statement, column, table, key }) => ({
      statement, at: column.typeSpan, message: `${table.name}.${column.name} is parsed at every access and cannot be indexed: jsonb can.`, evidence: { table: key, column: column.name },
      fixes: () => (isChangeable(context, statement) ? stagedFix('Make it jsonb', [editAt(context, statement, column.typeSpan, statement.text.slice(column.typeSpan.start, column.typeSpan.end).replace(/json/i, 'jsonb'))], []) : []),
    })));
  },
};

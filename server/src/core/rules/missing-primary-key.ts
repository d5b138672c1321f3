import { uniqueKeys } from '../catalog/lookup';
import type { MigrationRule } from '../lint/rule';
import { finalName, mayHaveMore, reportDeclarations } from '../migrations/declared';
import { nameOfKey } from '../migrations/weigh';

/** Tables whose rows cannot be told apart. */
export const missingPrimaryKey: MigrationRule = {
  id: 'missing-primary-key',
  scope: 'migration',
  category: 'schema',
  severity: 'info',
  needs: 'schema',
  summary: 'A table has no primary key',
  docs: {
    why: 'Without a primary key (or a unique key over NOT NULL columns) the same row can be there twice and neither can be named: it cannot be updated or deleted alone, pages have no stable order, and logical replication refuses updates.',
    bad: [{ language: 'sql', code: 'CREATE TABLE logins (user_id bigint NOT NULL, at timestamptz NOT NULL);' }],
    good: [
      { language: 'sql', code: 'CREATE TABLE logins (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id bigint NOT NULL, at timestamptz NOT NULL);' },
      { language: 'sql', code: 'CREATE TABLE members (team_id bigint NOT NULL, user_id bigint NOT NULL, UNIQUE (team_id, user_id));' },
    ],
    whenNot: 'Tables that are only written and read whole: staging tables, logs with one partition a day.',
  },
  options: {},
  roles: ['application', 'migration'],
  check(context) {
    reportDeclarations(context, context.migration.statements.flatMap((statement) => {
      const { command } = statement;
      if (command.type !== 'create-table' || command.temporary || command.derived || statement.nested || command.columns.length === 0) return [];
      const { key } = statement.relation(command.table);
      const table = finalName(context, key);
      if (table === undefined || (table.kind !== 'table' && table.kind !== 'partitioned') || mayHaveMore(context, table) || (table.definedAt !== undefined && table.definedAt.uri !== context.file.uri)) return [];
      // pg_partman makes the indexes of new partitions after such a table; nothing is written to it.
      if (table.name.startsWith(`template_${table.schema}_`) || STAGING.test(table.name)) return [];
      if (table.name.startsWith('template_') && [...context.migration.finalTables()].some(({ kind, schema, name }) => kind === 'partitioned' && table.name === `template_${schema}_${name}`)) return [];
      if (uniqueKeys(table).some((unique) => unique.primary || unique.coversNulls)) return [];
      return [{ statement, at: command.name, message: `${nameOfKey(key)} has no primary key: its rows cannot be told apart.`, evidence: { table: key } }];
    }));
  },
};

/** Tables that are filled, read whole and emptied. */
const STAGING = /(?:^|_)(?:staging|scratch|tmp)(?:_|$)/;

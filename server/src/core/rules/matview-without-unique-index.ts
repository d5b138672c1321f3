import { indexStatementFix } from '../advice/indexFix';
import type { Table } from '../catalog/model';
import { relationKey } from '../catalog/names';
import type { MigrationContext, MigrationRule } from '../lint/rule';
import { canRefreshConcurrently, keyOfView } from '../migrations/matviews';
import type { MigrationStatement } from '../migrations/migrationFile';
import { nameOfKey } from '../migrations/weigh';

const VIEW = 'CREATE TABLE sales (id bigint PRIMARY KEY, day date NOT NULL, amount integer NOT NULL);\nCREATE MATERIALIZED VIEW daily AS SELECT day, sum(amount) AS total FROM sales GROUP BY day;';

/** Materialized views that can only be refreshed while nobody reads them. */
export const matviewWithoutUniqueIndex: MigrationRule = {
  id: 'matview-without-unique-index',
  scope: 'migration',
  category: 'schema',
  severity: 'info',
  needs: 'schema',
  fixKinds: ['new'],
  summary: 'A materialized view has no unique index, so that it cannot be refreshed CONCURRENTLY',
  docs: {
    why: 'REFRESH MATERIALIZED VIEW CONCURRENTLY compares the new rows with the old ones by a unique index. It must be over plain columns and of all rows. Without it every refresh keeps readers out, and REFRESH … CONCURRENTLY fails.',
    bad: [
      { language: 'sql', code: VIEW },
      { language: 'sql', schema: VIEW, code: 'REFRESH MATERIALIZED VIEW CONCURRENTLY daily;' },
    ],
    good: [{ language: 'sql', code: `${VIEW}\nCREATE UNIQUE INDEX daily_day ON daily (day);` }],
    whenNot: 'A view that nobody reads while it is refreshed.',
    fixSafety: 'Writes a new migration with the index, where the query shows which columns tell the rows apart.',
  },
  options: {},
  roles: ['application', 'script', 'migration'],
  check(context) {
    for (const statement of context.migration.statements) {
      const { command } = statement;
      if (command.type === 'create-matview' && !statement.nested) {
        const view = context.migration.finalTable(statement.relation(command.view).key);
        if (view?.kind === 'matview' && !canRefreshConcurrently(view) && isOwn(context, statement, view)) report(context, statement, view);
      }
      if (command.type === 'refresh' && command.concurrently) {
        const facts = statement.relation(command.view);
        const view = context.catalog?.tables.get(facts.key) ?? facts.table;
        if (view?.kind === 'matview' && view.incomplete !== true && context.catalog?.incomplete !== true && !canRefreshConcurrently(view)) reportRefresh(context, statement, view);
      }
    }
  },
};

/** Declared by this statement, as far as is known: a view may be dropped and made again. */
function isOwn({ file, catalog }: MigrationContext, statement: MigrationStatement, view: Table): boolean {
  if (view.incomplete === true || catalog?.incomplete === true) return false;
  const site = view.definedAt;
  return site === undefined || site.uri !== file.uri || (site.span.start <= statement.span.start && statement.span.end <= site.span.end);
}

function report(context: MigrationContext, statement: MigrationStatement, view: Table): void {
  const at = statement.place(statement.command.keyword);
  if (!at) return;
  context.report({
    at: { host: at }, site: statement.site, confidence: 'schema', message: `${nameOfKey(relationKey(view.schema, view.name))} has no unique index over plain columns: it can only be refreshed while nobody reads it.`,
    evidence: { view: relationKey(view.schema, view.name) }, fixes: () => indexFix(context, view),
  });
}

function reportRefresh(context: MigrationContext, statement: MigrationStatement, view: Table): void {
  const at = statement.place(statement.command.keyword);
  if (!at) return;
  context.report({
    at: { host: at }, site: statement.site, severity: 'error', confidence: 'schema', message: `${nameOfKey(relationKey(view.schema, view.name))} has no unique index over plain columns: CONCURRENTLY fails.`,
    evidence: { view: relationKey(view.schema, view.name) }, fixes: () => indexFix(context, view),
  });
}

function indexFix(context: MigrationContext, view: Table): ReturnType<typeof indexStatementFix> {
  const columns = keyOfView(view, context.catalog, context.sql);
  return columns === undefined || context.catalog === undefined ? [] : indexStatementFix({ table: view, columns, unique: true, catalog: context.catalog, settings: context.settings });
}

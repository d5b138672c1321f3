import { findTable } from '../catalog/lookup';
import type { MigrationRule } from '../lint/rule';
import { sqlSpan } from '../text/span';
import { canRefreshConcurrently } from '../migrations/matviews';
import { editAt, stagedFix } from '../migrations/stages';
import { isShipped, nameOfKey, newestOption, presentTable, weigh } from '../migrations/weigh';

const SCHEMA = 'CREATE TABLE sales (id bigint PRIMARY KEY, day date NOT NULL, amount integer NOT NULL);\nCREATE MATERIALIZED VIEW daily AS SELECT day, sum(amount) AS total FROM sales GROUP BY day;\nCREATE UNIQUE INDEX daily_day ON daily (day);';

/** REFRESH MATERIALIZED VIEW that readers wait for. */
export const refreshBlocksReaders: MigrationRule = {
  id: 'refresh-blocks-readers',
  scope: 'migration',
  category: 'schema',
  severity: 'warning',
  needs: 'text',
  fixKinds: ['review'],
  summary: 'REFRESH MATERIALIZED VIEW without CONCURRENTLY keeps readers out',
  docs: {
    why: 'REFRESH MATERIALIZED VIEW takes ACCESS EXCLUSIVE and holds it while the query of the view runs: everybody who reads the view waits as long. With CONCURRENTLY the new rows are compared with the old ones and readers go on. It needs a unique index over plain columns and a view that has been filled before.',
    bad: [{ language: 'sql', schema: SCHEMA, code: 'REFRESH MATERIALIZED VIEW daily;' }],
    good: [
      { language: 'sql', schema: SCHEMA, code: 'REFRESH MATERIALIZED VIEW CONCURRENTLY daily;' },
      { language: 'sql', code: 'CREATE MATERIALIZED VIEW weekly AS SELECT 1 AS week WITH NO DATA;\nREFRESH MATERIALIZED VIEW weekly;' },
    ],
    whenNot: 'The first population of a view is not reported: CONCURRENTLY cannot do it. A view that nobody reads meanwhile may be refreshed plainly, which is faster where most rows change.',
    fixSafety: 'Offered for review, where the unique index is there: the same rows, more work for the server. It fails on a view that has never been filled.',
  },
  options: newestOption,
  roles: ['application', 'script', 'migration'],
  check(context) {
    if (isShipped(context)) return;
    for (const statement of context.migration.statements) {
      const { command } = statement;
      if (command.type !== 'refresh' || command.concurrently || !command.withData) continue;
      const facts = statement.relation(command.view);
      const view = findTable(context.catalog, command.view) ?? presentTable(context, facts);
      const weight = weigh(context, facts);
      const at = statement.place(command.keyword);
      if (!weight || !at) continue;
      context.report({
        at: { host: at }, site: statement.site, severity: weight.severity === 'hint' ? 'info' : weight.severity, confidence: weight.confidence,
        message: `Readers of ${nameOfKey(facts.key)} wait while it is refreshed.`,
        because: [weight.because, view && !canRefreshConcurrently(view) ? 'CONCURRENTLY needs a unique index over plain columns, which it has not.' : 'CONCURRENTLY lets them go on.'].filter(Boolean).join(' '),
        evidence: { view: facts.key },
        fixes: () => (view && canRefreshConcurrently(view) ? stagedFix('Add CONCURRENTLY (fails on a view that was never filled)', [editAt(context, statement, sqlSpan(command.afterView, command.afterView), ' CONCURRENTLY')], []) : []),
      });
    }
  },
};

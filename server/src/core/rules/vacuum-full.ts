import type { MigrationRule } from '../lint/rule';
import { isShipped, nameOfKey, newestOption, weigh } from '../migrations/weigh';

const SCHEMA = 'CREATE TABLE orders (id bigint PRIMARY KEY, total integer);';
const assume = { orders: 2_000_000 };

/** VACUUM FULL and CLUSTER: a copy of the table under the strongest lock. */
export const vacuumFull: MigrationRule = {
  id: 'vacuum-full',
  scope: 'migration',
  category: 'schema',
  severity: 'warning',
  needs: 'text',
  summary: 'VACUUM FULL or CLUSTER writes a table anew while nobody can read it',
  docs: {
    why: 'VACUUM FULL and CLUSTER copy the whole table and build its indexes anew, under the lock that keeps readers out too. Plain VACUUM makes the space of dead rows usable again while everybody works; where the file itself must shrink, pg_repack or pg_squeeze do it without the lock.',
    bad: [{ language: 'sql', schema: SCHEMA, assume, code: 'VACUUM FULL orders;' }, { language: 'sql', schema: SCHEMA, assume, code: 'CLUSTER orders USING orders_pkey;' }],
    good: [{ language: 'sql', schema: SCHEMA, assume, code: 'VACUUM (ANALYZE) orders;' }],
    whenNot: 'In a maintenance window in which the application is stopped.',
  },
  options: newestOption,
  roles: ['application', 'script', 'migration'],
  check(context) {
    if (isShipped(context)) return;
    for (const statement of context.migration.statements) {
      const { command } = statement;
      if (command.type !== 'vacuum-full' && command.type !== 'cluster') continue;
      const tables = command.type === 'cluster' ? (command.table ? [command.table] : []) : command.tables;
      const weights = tables.flatMap((name) => ({ facts: statement.relation(name), weight: weigh(context, statement.relation(name)) }));
      const heaviest = weights.find(({ weight }) => weight?.severity === 'warning') ?? weights.find(({ weight }) => weight !== undefined);
      const at = statement.place(command.keyword);
      if (!at || (tables.length > 0 && !heaviest)) continue;
      const what = command.type === 'cluster' ? 'CLUSTER' : 'VACUUM FULL';
      context.report({
        at: { host: at }, site: statement.site, severity: heaviest?.weight?.severity === 'hint' || !heaviest ? 'info' : heaviest.weight?.severity, confidence: heaviest?.weight?.confidence ?? 'text',
        message: `${what} copies ${heaviest ? nameOfKey(heaviest.facts.key) : 'every table'}; nobody can read or write it meanwhile.`,
        because: heaviest?.weight?.because, evidence: heaviest ? { table: heaviest.facts.key } : {},
      });
    }
  },
};

import { renderDropIndex, statementsFix } from '../advice/indexFix';
import { renderIndexWork } from '../health/indexWork';
import { plural, renderBytes } from '../health/values';
import type { MigrationRule } from '../lint/rule';
import { writtenBy } from '../migrations/age';
import { finalName } from '../migrations/declared';

const SCHEMA = 'CREATE TABLE orders (id bigint PRIMARY KEY, status text);';
const DAY = 86_400_000;
/** Between the day on which a migration is written and the day on which it runs in production, at most. */
const RELEASE_DAYS = 30;

/** Indexes that a server keeps and never reads. */
export const unusedIndex: MigrationRule = {
  id: 'unused-index',
  scope: 'migration',
  category: 'schema',
  severity: 'info',
  needs: 'statistics',
  fixKinds: ['new'],
  summary: 'No search has used this index since the server counts',
  docs: {
    why: 'An index that no search uses is kept up to date at every write, fills the cache, is vacuumed and backed up, and stands in the way of HOT updates.',
    bad: [{ language: 'sql', server: { unused: ['orders_status'] }, schema: SCHEMA, code: 'CREATE INDEX CONCURRENTLY orders_status ON orders (status);' }],
    good: [{ language: 'sql', server: { unused: [] }, schema: SCHEMA, code: 'CREATE INDEX CONCURRENTLY orders_status ON orders (status);' }],
    whenNot: 'Needs a live connection to the server that runs the queries, whose counters have been running for a week, and a migration that is at least 30 days old, as its name, its header, its tool’s journal or the name of one that runs after it says: an index has no date in the catalog. Nothing is said of unique indexes and those of constraints, of an index that a foreign key or a duplicate needs, of expressions (the planner has their statistics), of small tables, and where a replica, a slot for one, or Aurora may count scans of its own. A yearly job may still need it, and a server that was a standby until lately has counted the searches of a standby.',
    fixSafety: 'Writes a new migration with DROP INDEX CONCURRENTLY and the way back. Results do not change; a query that did need the index would be slow.',
  },
  options: {},
  roles: ['application', 'migration'],
  check(context) {
    const { catalog, settings } = context;
    const unused = catalog?.source === 'live' ? catalog.statistics?.unused : undefined;
    if (catalog === undefined || unused === undefined || unused.indexes.size === 0 || context.migration.kind === 'schema') return;
    const made = writtenBy(context);
    if (made === undefined || !(Date.parse(unused.now) - made >= RELEASE_DAYS * DAY)) return;
    for (const statement of context.migration.statements) {
      const { command, text } = statement;
      if (command.type !== 'create-index' || statement.nested || command.name === undefined || command.unique) continue;
      const { key } = statement.relation(command.table);
      const table = finalName(context, key);
      const index = table?.indexes.find((other) => other.name === command.name);
      const found = index && table && unused.indexes.get(`${table.schema}.${index.name}`);
      const host = statement.place(command.nameSpan ?? command.keyword);
      if (!found || !host || !index.valid || index.unique || index.constraint !== undefined || (index.definedAt !== undefined && index.definedAt.uri !== context.file.uri)) continue;
      const days = Math.floor(unused.seconds / 86_400);
      context.report({
        at: { host }, site: statement.site, confidence: 'statistics',
        message: `No search has used ${index.name} (${renderBytes(found.bytes)}) in the ${plural(days, 'day')} that ${catalog.label} has counted.`,
        because: found.writes > 0 ? `${plural(found.writes, 'row')} of ${table.name} ${found.writes === 1 ? 'was' : 'were'} written to it.` : undefined,
        evidence: { table: key, index: index.name, bytes: found.bytes, writes: found.writes, countedDays: days },
        fixes: () => (table.kind === 'partitioned' || table.partitionOf !== undefined ? [] : statementsFix(`Drop the index ${index.name}`, `drop_${index.name}`, [renderDropIndex(table, index.name, catalog)], settings, [renderIndexWork(undone(text))])),
      });
    }
  },
};

/** As pg_get_indexdef would print it, as far as `renderIndexWork` cares. */
const undone = (text: string): string => text.trim().replace(/;\s*$/, '').replace(/^create\s+index\s+(?:concurrently\s+)?(?:if\s+not\s+exists\s+)?/i, 'CREATE INDEX ');

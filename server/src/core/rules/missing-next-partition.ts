import { statementsFix } from '../advice/indexFix';
import { chooseName } from '../catalog/names';
import type { Catalog, Table } from '../catalog/model';
import type { Fix, LintSettings, MigrationRule } from '../lint/rule';
import { finalName, reportDeclarations } from '../migrations/declared';
import { lastRange, nextRange } from '../migrations/partitionRanges';
import { quoteQualified } from '../sql/names';

/** Tables partitioned by time whose partitions end soon. */
export const missingNextPartition: MigrationRule = {
  id: 'missing-next-partition',
  scope: 'migration',
  category: 'schema',
  severity: 'warning',
  needs: 'schema',
  fixKinds: ['new'],
  summary: 'No partition is there for the rows of the coming period',
  docs: {
    why: 'A row that no partition takes is refused, and the INSERT fails; with a DEFAULT partition it lands there, and the partition that is made for it later must first move it out under a strong lock. The next partition must be there before its period begins.',
    bad: [{ language: 'sql', server: { now: '2026-01-25T00:00:00Z' }, schema: "CREATE TABLE events_2026_01 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');", code: 'CREATE TABLE events (id bigint, at timestamptz NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);' }],
    good: [{ language: 'sql', server: { now: '2026-01-25T00:00:00Z' }, schema: "CREATE TABLE events_2026_01 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');\nCREATE TABLE events_2026_02 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');", code: 'CREATE TABLE events (id bigint, at timestamptz NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);' }],
    whenNot: 'Only what a server or its snapshot says is judged: migrations do not show what a job like pg_partman makes. A table whose time has long ended is not reported.',
    fixSafety: 'Writes a new migration with the partition for the next period.',
  },
  options: {},
  roles: ['application', 'migration'],
  check(context) {
    const { catalog, settings } = context;
    const now = Date.parse(settings.migrations?.now ?? '');
    if (catalog === undefined || (catalog.source !== 'live' && catalog.source !== 'snapshot') || Number.isNaN(now)) return;
    reportDeclarations(context, context.migration.statements.flatMap((statement) => {
      const { command } = statement;
      if (command.type !== 'create-table' || statement.nested) return [];
      const { key } = statement.relation(command.table);
      const table = finalName(context, key);
      const range = table?.kind === 'partitioned' && table.partitionKey?.strategy === 'range' ? lastRange(partitionsOf(catalog, key)) : undefined;
      if (table === undefined || range === undefined) return [];
      const length = range.to - range.from;
      // Ended long ago: nobody writes there any more.
      if (range.to - now > length || now - range.to > 3 * length) return [];
      const ended = range.to <= now;
      return [{
        statement, at: command.name, severity: ended ? ('error' as const) : ('warning' as const), message: `The partitions of ${table.name} ${ended ? 'ended' : 'end'} at ${range.toText}: later rows have none.`,
        evidence: { table: key, until: range.toText }, fixes: () => partitionFix(table, catalog, settings, range),
      }];
    }));
  },
};

const partitionsOf = (catalog: Catalog, key: string): readonly Table[] => [...catalog.tables.values()].filter((table) => table.partitionOf === key);

function partitionFix(table: Table, catalog: Catalog, settings: LintSettings, range: NonNullable<ReturnType<typeof lastRange>>): readonly Fix[] {
  const next = nextRange(range);
  const name = chooseName(table.name, [next.label], 'p', (taken) => catalog.tables.has(`${table.schema}.${taken}`));
  const schema = catalog.searchPath[0] === table.schema ? undefined : table.schema;
  const statement = `CREATE TABLE ${quoteQualified(schema, name)} PARTITION OF ${quoteQualified(schema, table.name)} FOR VALUES FROM ('${next.fromText}') TO ('${next.toText}');`;
  return statementsFix(`Create the partition from ${next.fromText} to ${next.toText}`, name, [statement], settings, [`DROP TABLE ${quoteQualified(schema, name)};`]);
}

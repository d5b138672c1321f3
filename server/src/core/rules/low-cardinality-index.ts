import { describeRows, sizeOf } from '../advice/size';
import { columnStatistics, findColumn } from '../catalog/lookup';
import type { Catalog, Index, Table } from '../catalog/model';
import type { MigrationContext, MigrationRule } from '../lint/rule';
import { finalName, reportDeclarations } from '../migrations/declared';

const SCHEMA = 'CREATE TABLE users (id bigint PRIMARY KEY, active boolean NOT NULL, email text NOT NULL);';

/** Indexes on a column with a handful of values. */
export const lowCardinalityIndex: MigrationRule = {
  id: 'low-cardinality-index',
  scope: 'migration',
  category: 'schema',
  severity: 'info',
  needs: 'schema',
  summary: 'An index on a column with a handful of values is hardly ever used',
  docs: {
    why: 'Where a column has two or three values, each of them is on nearly every page: reading the table is cheaper than reading it through the index, so the planner does. The index still costs at every write. What helps is a partial index (`WHERE active`) on the columns that are searched or sorted by, or the column behind more selective ones.',
    bad: [{ language: 'sql', schema: SCHEMA, code: 'CREATE INDEX users_active ON users (active);' }],
    good: [{ language: 'sql', schema: SCHEMA, code: 'CREATE INDEX users_active ON users (email) WHERE active;\nCREATE INDEX users_email ON users (email, active);' }],
    whenNot: 'Where nearly all rows have one value and the others are searched: the index serves, a partial one serves better. With statistics such columns are not reported.',
  },
  options: { values: { type: 'integer', default: 3, description: 'Columns with at most this many values count as low.' } },
  roles: ['application', 'migration'],
  check(context) {
    reportDeclarations(context, context.migration.statements.flatMap((statement) => {
      const { command } = statement;
      if (command.type !== 'create-index' || statement.nested || command.unique || command.name === undefined) return [];
      const { key } = statement.relation(command.table);
      const table = finalName(context, key);
      const index = table?.indexes.find((other) => other.name === command.name);
      if (!table || !index || index.predicate !== undefined || index.include.length > 0 || index.keys.length !== 1 || index.method !== 'btree' || (index.definedAt !== undefined && index.definedAt.uri !== context.file.uri)) return [];
      const size = sizeOf(table, context.settings);
      const low = size === 'small' ? undefined : lowValues(context, table, key, index);
      if (low === undefined) return [];
      const rows = describeRows(table, context.settings);
      return [{
        statement, at: command.keysSpan, severity: low.measured ? (size === 'large' ? ('warning' as const) : ('info' as const)) : ('hint' as const), confidence: low.measured ? ('statistics' as const) : ('schema' as const),
        message: `${table.name}.${low.column} has ${low.values} values: ${low.measured ? 'the planner reads the table rather than this index' : 'this index serves at most the one that few rows have'}.`,
        because: [rows && `${rows}.`, low.measured ? `Its rarest common value stands in ${Math.round(low.rarest * 100)} % of them.` : 'A partial index for that value, or the column behind a more selective one, serves better.'].filter(Boolean).join(' '),
        evidence: { table: key, index: index.name, values: low.values },
      }];
    }));
  },
};

interface Low {
  readonly column: string;
  readonly values: number;
  readonly measured: boolean;
  /** Share of the rows with the rarest of the values. */
  readonly rarest: number;
}

/** Shares below this are worth an index. */
const SELECTIVE = 0.1;

/** Undefined: the column has more values, or some value that few rows have, or it is not known. */
function lowValues(context: MigrationContext, table: Table, key: string, index: Index): Low | undefined {
  const column = index.keys[0]?.column;
  const most = context.option<number>('values');
  if (column === undefined) return undefined;
  const statistics = context.catalog && columnStatistics(context.catalog, key, column);
  if (statistics) {
    const frequencies = statistics.mostCommonFrequencies ?? [];
    const rarest = Math.min(...frequencies);
    const known = frequencies.length > 0 && frequencies.reduce((sum, share) => sum + share, statistics.nullFraction) > 0.99;
    return statistics.distinct > 0 && statistics.distinct <= most && known && rarest >= SELECTIVE && (statistics.nullFraction === 0 || statistics.nullFraction >= SELECTIVE) ? { column, values: statistics.distinct, measured: true, rarest } : undefined;
  }
  const values = declaredValues(context.catalog, findColumn(table, column)?.type);
  return values !== undefined && values <= most ? { column, values, measured: false, rarest: 0 } : undefined;
}

const declaredValues = (catalog: Catalog | undefined, type: string | undefined): number | undefined =>
  type === 'boolean' ? 2 : catalog?.types?.find((known) => known.kind === 'enum' && (known.name === type || `${known.schema}.${known.name}` === type))?.labels?.length;

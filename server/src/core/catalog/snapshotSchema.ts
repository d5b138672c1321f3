import type { Column, Constraint, ForeignKey, Index, IndexKey, PartitionKey, Policy, Table } from './model';
import { flag, list, number, object, oneOf, record, text } from './snapshotReader';
import type { SnapshotValues } from './snapshotValues';
import type { ColumnStatistics, RelationStatistics, Routine, ServerFacts, UserType } from './statistics';

/** Version of the files' form; a reader refuses any other. */
export const snapshotFormat = 1;

/** `meta.json`. */
export interface SnapshotMeta {
  readonly format: typeof snapshotFormat;
  /** Names the project; its secret for tokens is kept under this name outside the repository. */
  readonly project: string;
  readonly values: SnapshotValues;
  readonly searchPath: readonly string[];
  readonly server: ServerFacts;
}

type Figures = Omit<RelationStatistics, 'columns'>;
/** Statistics of a relation and of its indexes, as its file has them. */
export type StoredStatistics = Figures & { readonly columns?: readonly ColumnStatistics[]; readonly indexes?: Readonly<Record<string, Figures & { readonly columns?: readonly ColumnStatistics[] }>> };
/** One file of `schema/`. */
export type StoredTable = Omit<Table, 'definedAt' | 'columnSites' | 'foreignKeySites' | 'incomplete' | 'rowsSource' | 'singleRow' | 'indexes' | 'constraints' | 'foreignKeys' | 'partitionKey'> & {
  readonly indexes?: readonly StoredIndex[];
  readonly constraints?: readonly Constraint[];
  readonly foreignKeys?: readonly ForeignKey[];
  readonly partitionKey?: Omit<PartitionKey, 'partitions'>;
  readonly statistics?: StoredStatistics;
};
export type StoredIndex = Omit<Index, 'definedAt' | 'include' | 'unique' | 'valid' | 'keys'> & { readonly include?: readonly string[]; readonly unique?: boolean; readonly valid?: boolean; readonly keys: readonly StoredKey[] };
export type StoredKey = Omit<IndexKey, 'descending' | 'nullsFirst'> & { readonly descending?: boolean; readonly nullsFirst?: boolean };

const names = list(text);
const column = object<Column>({ name: text, type: text, notNull: flag }, { default: text, generated: oneOf('stored', 'identity'), collation: text });
const constraint = object<Constraint>({ type: oneOf('primary', 'unique'), columns: names }, { name: text, include: names, nullsNotDistinct: flag });
const foreignKey = object<ForeignKey>({ columns: names, references: object<ForeignKey['references']>({ table: text, columns: names }, { schema: text }) }, { name: text });
const key = object<StoredKey>({}, { column: text, expression: text, opclass: text, collation: text, descending: flag, nullsFirst: flag });
const index = object<StoredIndex>({ name: text, method: text, keys: list(key) }, { include: names, unique: flag, valid: flag, predicate: text, constraint: text, nullsNotDistinct: flag });
const policy = object<Policy>({ name: text, command: oneOf('all', 'select', 'insert', 'update', 'delete'), permissive: flag, roles: names }, { using: text, check: text });
const columnStatistics = object<ColumnStatistics>({ column: text, inherited: flag, nullFraction: number, averageWidth: number, distinct: number }, {
  correlation: number, mostCommonValues: text, mostCommonFrequencies: list(number), histogramBounds: text, mostCommonElements: text, mostCommonElementFrequencies: list(number), elementCountHistogram: list(number),
});
const figures = { pages: number, tuples: number, allVisible: number, filePages: number };

export const readMeta = object<SnapshotMeta>({
  format: oneOf(snapshotFormat), project: text, values: oneOf('token', 'none', 'all'), searchPath: names,
  server: object<ServerFacts>({ version: number, versionText: text, settings: record(text), extensions: list(object<ServerFacts['extensions'][number]>({ name: text, schema: text, version: text }, {})) }, {}),
}, {});

export const readTable = object<StoredTable>({ schema: text, name: text, kind: oneOf('table', 'partitioned', 'view', 'matview', 'foreign'), columns: list(column) }, {
  indexes: list(index), constraints: list(constraint), foreignKeys: list(foreignKey), definition: text, rows: number, options: names, distributionColumn: text, partitionOf: text, partitionBound: text,
  partitionKey: object<Omit<PartitionKey, 'partitions'>>({ strategy: oneOf('range', 'list', 'hash'), columns: names }, {}),
  rowSecurity: object<NonNullable<Table['rowSecurity']>>({ enabled: flag, forced: flag, policies: list(policy) }, {}),
  statistics: object<StoredStatistics>(figures, { columns: list(columnStatistics), indexes: record(object<Figures & { readonly columns?: readonly ColumnStatistics[] }>(figures, { columns: list(columnStatistics) })) }),
});

export const readTypes = list(object<UserType>({ schema: text, name: text, kind: oneOf('enum', 'domain', 'composite', 'range') }, { labels: names, base: text, collation: text, attributes: list(object<{ name: string; type: string }>({ name: text, type: text }, {})) }));

export const readRoutines = list(object<Routine>({
  schema: text, name: text, arguments: text, returns: text, kind: oneOf('function', 'procedure', 'aggregate', 'window'), volatility: oneOf('immutable', 'stable', 'volatile'),
  parallel: oneOf('safe', 'restricted', 'unsafe'), strict: flag, language: text, cost: number, rows: number,
}, { definition: text }));

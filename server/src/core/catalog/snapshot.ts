import { hashText } from '../text/hash';
import { finishCatalog } from './build';
import type { Catalog, Index, Table } from './model';
import { relationKey } from './names';
import { readJson, writeJson } from './snapshotReader';
import { readMeta, readRoutines, readTable, readTypes, type SnapshotMeta, snapshotFormat, type StoredIndex, type StoredStatistics, type StoredTable } from './snapshotSchema';
import type { SnapshotValues } from './snapshotValues';
import type { CatalogStatistics, RelationStatistics } from './statistics';
import { statisticsVersion } from './statisticsVersion';

/** A file of a snapshot; its path is relative to the snapshot's folder, with `/`. */
export interface SnapshotFile {
  readonly path: string;
  readonly text: string;
}

export interface SnapshotOptions {
  /** What the statistics say of values: they are as `hideValues` left them. */
  readonly values: SnapshotValues;
  /** Names the project; see `SnapshotMeta`. */
  readonly project: string;
}

export interface SnapshotRead {
  /** undefined: `meta.json` cannot be used. */
  readonly catalog: Catalog | undefined;
  readonly meta: SnapshotMeta | undefined;
  /** One line each: which file, where in it, what is wrong, what to do. */
  readonly problems: readonly string[];
}

const remedy = 'write it anew with `sargable schema pull`';

/**
 * A live catalog as files: `meta.json`, `types.json`, `routines.json` and one file per relation in `schema/`. Nothing in
 * them depends on when or where they were written, so that two pulls of one state are equal and merges meet only where
 * both sides changed one relation. Undefined for a catalog that no server stands behind.
 */
export function toSnapshotFiles(catalog: Catalog, { values, project }: SnapshotOptions): readonly SnapshotFile[] | undefined {
  const { server } = catalog;
  if (server === undefined) return undefined;
  const meta: SnapshotMeta = { format: snapshotFormat, project, values, searchPath: catalog.searchPath, server };
  const file = (path: string, value: unknown): SnapshotFile => ({ path, text: writeJson(value) });
  return [
    file('meta.json', meta), file('types.json', catalog.types ?? []), file('routines.json', catalog.routines ?? []),
    ...[...catalog.tables.values()].map((table) => file(relationPath(table.schema, table.name), toStored(table, catalog.statistics))),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * Path of a relation's file: `schema/public.orders.json`. Any name becomes a file name that is legal and different on
 * every file system, those without case too: what is not a small letter, a digit, `_` or `-` is written in hexadecimal. It
 * is never read back; the file itself says what it holds.
 */
export function relationPath(schema: string, name: string): string {
  const escaped = (part: string): string => part.replaceAll(/[^a-z0-9_-]/gu, (character) => [...character].map((c) => `%${(c.codePointAt(0) ?? 0).toString(16).toUpperCase()};`).join(''));
  const first = escaped(schema).replace(/^(con|prn|aux|nul|com\d|lpt\d)$/, (reserved) => `%${reserved.charCodeAt(0).toString(16).toUpperCase()};${reserved.slice(1)}`);
  const whole = `${first}.${escaped(name)}`;
  return `schema/${whole.length <= longestName ? whole : `${whole.slice(0, longestName - 17)}~${hashText(whole)}`}.json`;
}

/** Characters; the limit of common file systems is 255 bytes. */
const longestName = 200;

function toStored(table: Table, statistics: CatalogStatistics | undefined): StoredTable {
  const { rowsSource, rows, indexes, constraints, foreignKeys, partitionKey } = table;
  return {
    ...without(table, 'definedAt', 'columnSites', 'foreignKeySites', 'rowsSource', 'singleRow', 'rows', 'indexes', 'constraints', 'foreignKeys', 'partitionKey'),
    ...(rows === undefined || rowsSource !== 'statistics' || table.kind === 'partitioned' ? {} : { rows }),
    ...(indexes.length === 0 ? {} : { indexes: indexes.map(toStoredIndex) }),
    ...(constraints.length === 0 ? {} : { constraints }),
    ...(foreignKeys.length === 0 ? {} : { foreignKeys }),
    ...(partitionKey === undefined ? {} : { partitionKey: { strategy: partitionKey.strategy, columns: partitionKey.columns } }),
    ...(statistics === undefined ? {} : { statistics: toStoredStatistics(table, statistics) }),
  };
}

const without = <T extends object, K extends keyof T>(value: T, ...keys: readonly K[]): Omit<T, K> =>
  Object.fromEntries(Object.entries(value).filter(([key]) => !(keys as readonly string[]).includes(key))) as Omit<T, K>;

const toStoredIndex = (index: Index): StoredIndex => ({
  ...without(index, 'definedAt', 'include', 'unique', 'valid'), keys: index.keys.map(({ descending, nullsFirst, ...key }) => ({ ...key, ...(descending ? { descending } : {}), ...(nullsFirst ? { nullsFirst } : {}) })),
  ...(index.include.length === 0 ? {} : { include: index.include }), ...(index.unique ? { unique: true } : {}), ...(index.valid ? {} : { valid: false }),
});

function toStoredStatistics(table: Table, { relations }: CatalogStatistics): StoredStatistics | undefined {
  const own = relations.get(relationKey(table.schema, table.name));
  if (own === undefined) return undefined;
  const plain = ({ columns, ...figures }: RelationStatistics) => ({ ...figures, ...(columns.length === 0 ? {} : { columns }) });
  const indexes = table.indexes.flatMap(({ name }): [string, ReturnType<typeof plain>][] => {
    const known = relations.get(relationKey(table.schema, name));
    return known === undefined ? [] : [[name, plain(known)]];
  });
  return { ...plain(own), ...(indexes.length === 0 ? {} : { indexes: Object.fromEntries(indexes) }) };
}

/** Reads a snapshot's files. Never throws: a file that cannot be used is a problem, and what is in it is unknown. */
export function fromSnapshotFiles(files: readonly SnapshotFile[]): SnapshotRead {
  const problems: string[] = [];
  const metaFile = files.find(({ path }) => path === 'meta.json');
  const meta = metaFile && readJson(metaFile.text, readMeta);
  if (meta === undefined) return { catalog: undefined, meta: undefined, problems: [`meta.json is missing: ${remedy}`] };
  if ('problem' in meta) return { catalog: undefined, meta: undefined, problems: [`meta.json ${meta.problem}; ${remedy}`] };
  const take = <T>(path: string, read: (json: string) => { readonly value: T } | { readonly problem: string }): T | undefined => {
    const file = files.find((item) => item.path === path);
    const result = file && read(file.text);
    if (result === undefined || 'value' in result) return result?.value;
    problems.push(`${path} ${result.problem}; ${remedy}`);
    return undefined;
  };
  const tables = new Map<string, Table>();
  const relations = new Map<string, RelationStatistics>();
  for (const file of files) {
    if (!file.path.startsWith('schema/')) continue;
    const result = readJson(file.text, readTable);
    const key = 'value' in result ? relationKey(result.value.schema, result.value.name) : '';
    if ('problem' in result) problems.push(`${file.path} ${result.problem}; ${remedy}`);
    else if (tables.has(key)) problems.push(`${file.path} holds ${key}, which another file holds too; delete one of them, or ${remedy}`);
    else {
      tables.set(key, fromStored(result.value));
      addStatistics(result.value, relations);
    }
  }
  const types = take('types.json', (json) => readJson(json, readTypes));
  const routines = take('routines.json', (json) => readJson(json, readRoutines));
  const { server, searchPath } = meta.value;
  const statistics: CatalogStatistics | undefined = relations.size === 0 ? undefined : { source: 'snapshot', version: statisticsVersion(relations), relations };
  const catalog = finishCatalog({
    source: 'snapshot', label: `snapshot (PostgreSQL ${server.versionText})`, searchPath, tables: [...tables.values()], types, routines, server, statistics, ...(problems.length > 0 ? { incomplete: true } : {}),
  });
  return { catalog, meta: meta.value, problems };
}

function fromStored(stored: StoredTable): Table {
  const { rows, indexes, constraints, foreignKeys, partitionKey } = stored;
  return {
    ...without(stored, 'statistics', 'rows', 'indexes', 'constraints', 'foreignKeys', 'partitionKey'), constraints: constraints ?? [], foreignKeys: foreignKeys ?? [],
    indexes: (indexes ?? []).map(({ include, unique, valid, keys, ...index }) => ({
      ...index, include: include ?? [], unique: unique ?? false, valid: valid ?? true, keys: keys.map(({ descending, nullsFirst, ...key }) => ({ ...key, descending: descending ?? false, nullsFirst: nullsFirst ?? false })),
    })),
    ...(partitionKey === undefined ? {} : { partitionKey: { ...partitionKey, partitions: 0 } }),
    ...(rows === undefined ? {} : { rows, rowsSource: 'statistics' as const }),
  };
}

function addStatistics({ schema, name, statistics }: StoredTable, relations: Map<string, RelationStatistics>): void {
  if (statistics === undefined) return;
  const { indexes, columns, ...figures } = statistics;
  relations.set(relationKey(schema, name), { ...figures, columns: columns ?? [] });
  for (const [index, { columns: keys, ...own }] of Object.entries(indexes ?? {})) relations.set(relationKey(schema, index), { ...own, columns: keys ?? [] });
}

import type { QualifiedName } from './changes';
import type { Catalog, Column, Index, Table } from './model';
import { relationKey } from './names';
import type { ColumnStatistics } from './statistics';

/** A set of columns that can hold each combination of values once. */
export interface UniqueKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly primary: boolean;
  /** False: NULLs do not collide, so the key is unique only among rows without NULL in it. */
  readonly coversNulls: boolean;
}

/** Row limits of `LintSettings`. */
export interface SizeLimits {
  readonly smallTableRows: number;
  readonly largeTableRows: number;
}

/** The relation a name means under the catalog's search path; undefined: not known. */
export function findTable(catalog: Catalog | undefined, name: QualifiedName): Table | undefined {
  if (catalog === undefined) return undefined;
  if (name.schema !== undefined) return catalog.tables.get(relationKey(name.schema, name.name));
  for (const schema of catalog.searchPath) {
    const table = catalog.tables.get(relationKey(schema, name.name));
    if (table !== undefined) return table;
  }
  return undefined;
}

/** Rows that the settings assume for a table, by `schema.name` or by name; a table may be called `constructor`. */
export function assumedFor(assume: Readonly<Record<string, number>>, { schema, name }: Pick<Table, 'schema' | 'name'>): number | undefined {
  const key = [relationKey(schema, name), name].find((candidate) => Object.hasOwn(assume, candidate));
  return key === undefined ? undefined : assume[key];
}

/** Is part of the table's history unknown? Then a column or an index that the catalog lacks may exist. */
export const isIncomplete = (catalog: Catalog, table: Table | undefined): boolean => catalog.incomplete === true || table?.incomplete === true;

export const findColumn = (table: Table | undefined, name: string): Column | undefined => table?.columns.find((column) => column.name === name);

/** True, false, or undefined where the column is not known. Columns of views have no NOT NULL: unknown. */
export function isNullable(table: Table | undefined, column: string): boolean | undefined {
  const found = findColumn(table, column);
  if (found === undefined || table?.kind === 'view' || table?.kind === 'matview') return undefined;
  return !found.notNull;
}

/** Usable as a key: unique, valid, no predicate, no expression. */
const isPlainUnique = (index: Index): boolean => index.unique && index.valid && index.predicate === undefined && index.keys.every((key) => key.column !== undefined);

/** Primary key first, then unique constraints and plain unique indexes, without repeats. */
export function uniqueKeys(table: Table): readonly UniqueKey[] {
  const coversNulls = (columns: readonly string[], nullsNotDistinct: boolean | undefined): boolean => nullsNotDistinct === true || columns.every((column) => findColumn(table, column)?.notNull === true);
  const fromConstraints = table.constraints.map((constraint): UniqueKey => ({
    name: constraint.name ?? '', columns: constraint.columns, primary: constraint.type === 'primary',
    coversNulls: constraint.type === 'primary' || coversNulls(constraint.columns, constraint.nullsNotDistinct),
  }));
  const fromIndexes = table.indexes.filter(isPlainUnique).map((index): UniqueKey => {
    const columns = index.keys.map((key) => key.column ?? '');
    return { name: index.name, columns, primary: false, coversNulls: coversNulls(columns, index.nullsNotDistinct) };
  });
  const sorted = [...fromConstraints, ...fromIndexes].sort((a, b) => Number(b.primary) - Number(a.primary));
  return sorted.filter((key, index) => sorted.findIndex((other) => other.columns.length === key.columns.length && other.columns.every((column) => key.columns.includes(column))) === index);
}

/**
 * True when rows that agree in `columns` are the same row. A key with nullable columns does not prove it; pass
 * `pinned` when every column is compared with `=`, which excludes NULL, and such keys count too.
 */
export const isUniqueWithin = (table: Table, columns: readonly string[], options: { readonly pinned?: boolean } = {}): boolean =>
  uniqueKeys(table).some((key) => (key.coversNulls || options.pinned === true) && key.columns.every((column) => columns.includes(column)));

/** Estimated or assumed rows; undefined: unknown. */
export const estimatedRows = (table: Table | undefined): number | undefined => table?.rows;

/** Known to be large; undefined: unknown. */
export const isLarge = (table: Table | undefined, limits: SizeLimits): boolean | undefined => (table?.rows === undefined ? undefined : table.rows > limits.largeTableRows);

/** What ANALYZE left about a column of a relation (`schema.name`): of the table with its children where both are known. */
export function columnStatistics(catalog: Catalog, relation: string, column: string | undefined): ColumnStatistics | undefined {
  const found = catalog.statistics?.relations.get(relation)?.columns.filter((c) => c.column === column);
  return found?.find((c) => c.inherited) ?? found?.[0];
}

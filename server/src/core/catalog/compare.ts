import { normaliseExpression } from './expressionText';
import type { Catalog, Column, Index, Table } from './model';

/** Something that one of two catalogs of the same database has and the other has not, or has otherwise. */
export interface CatalogDifference {
  readonly kind: 'table' | 'view' | 'column' | 'index';
  /** `schema.table`, `schema.table.column`, or `index on schema.table`. */
  readonly name: string;
  /** What differs, where both have it: `integer in the snapshot, bigint in the migrations`. */
  readonly change?: readonly [first: string, second: string];
}

export interface CatalogComparison {
  /** What only the second has. */
  readonly missing: readonly CatalogDifference[];
  /** What only the first has. */
  readonly surplus: readonly CatalogDifference[];
  readonly changed: readonly CatalogDifference[];
  /** Relations that are alike. */
  readonly agreeing: number;
}

/** Tables in which migration tools keep their own history: no migration creates them. */
const historyTable = /^(_prisma_migrations|schema_migrations|ar_internal_metadata|alembic_version|flyway_schema_history|databasechangelog(lock)?|goose_db_version|_sqlx_migrations|knex_migrations(_lock)?|pgmigrations|atlas_schema_revisions|django_migrations|__drizzle_migrations|typeorm_metadata|gorp_migrations|refinery_schema_history|__diesel_schema_migrations)$/i;

/**
 * Structure of two catalogs: relations, columns with their types, indexes. Partitions that only one has are left out where
 * both have the parent: they come and go with time, not with migrations. So are the tables of migration tools.
 */
export function compareCatalogs(first: Catalog, second: Catalog): CatalogComparison {
  const [missing, surplus, changed]: [CatalogDifference[], CatalogDifference[], CatalogDifference[]] = [[], [], []];
  let agreeing = 0;
  for (const [key, table] of second.tables) {
    const known = first.tables.get(key);
    if (known === undefined) {
      if (!isPassing(table, first)) missing.push({ kind: kindOf(table), name: key });
      continue;
    }
    const before = missing.length + surplus.length + changed.length;
    compareColumns(key, known, table, { missing, surplus, changed });
    compareIndexes(key, known, table, { missing, surplus, changed });
    if (missing.length + surplus.length + changed.length === before) agreeing++;
  }
  for (const [key, table] of first.tables) if (!second.tables.has(key) && !isPassing(table, second)) surplus.push({ kind: kindOf(table), name: key });
  return { missing, surplus, changed, agreeing };
}

const kindOf = (table: Table): CatalogDifference['kind'] => (table.kind === 'view' || table.kind === 'matview' ? 'view' : 'table');
const isPassing = (table: Table, other: Catalog): boolean => historyTable.test(table.name) || (table.partitionOf !== undefined && other.tables.has(table.partitionOf));

interface Sides {
  readonly missing: CatalogDifference[];
  readonly surplus: CatalogDifference[];
  readonly changed: CatalogDifference[];
}

function compareColumns(key: string, first: Table, second: Table, sides: Sides): void {
  const columns = new Map(first.columns.map((column) => [column.name, column]));
  for (const column of second.columns) {
    const known = columns.get(column.name);
    if (known === undefined) sides.missing.push({ kind: 'column', name: `${key}.${column.name}` });
    else if (kindOf(first) === 'table' && !sameType(known, column)) sides.changed.push({ kind: 'column', name: `${key}.${column.name}`, change: [known.type, column.type] });
    columns.delete(column.name);
  }
  for (const name of columns.keys()) sides.surplus.push({ kind: 'column', name: `${key}.${name}` });
}

/** A type of the application may be written with its schema and quotes or without. */
const bareType = (type: string): string => type.replaceAll('"', '').replace(/^[^.()]+\.(?=[^.]+$)/, '').toLowerCase();
const sameType = (a: Column, b: Column): boolean => a.type === 'unknown' || b.type === 'unknown' || bareType(a.type) === bareType(b.type);

function compareIndexes(key: string, first: Table, second: Table, sides: Sides): void {
  const left = [...first.indexes];
  const unmatched = second.indexes.filter((index) => {
    const at = left.findIndex((item) => item.name === index.name);
    const known = left[at];
    if (known === undefined) return true;
    left.splice(at, 1);
    if (!sameKeys(known, index)) sides.changed.push({ kind: 'index', name: `${index.name} on ${key}`, change: [describeKeys(known), describeKeys(index)] });
    return false;
  });
  for (const index of unmatched) {
    const at = left.findIndex((item) => isSameIndex(item, index));
    if (at >= 0) left.splice(at, 1);
    else sides.missing.push({ kind: 'index', name: `${index.name} on ${key}` });
  }
  for (const index of left) sides.surplus.push({ kind: 'index', name: `${index.name} on ${key}` });
}

const keyTexts = (index: Index): readonly string[] =>
  index.keys.map((key) => `${key.column ?? normaliseExpression(key.expression ?? '')}${key.descending ? ' DESC' : ''}${key.nullsFirst === key.descending ? '' : key.nullsFirst ? ' NULLS FIRST' : ' NULLS LAST'}`);
const describeKeys = (index: Index): string => `${index.unique ? 'unique ' : ''}${index.method} (${keyTexts(index).join(', ')})`;

/** Indexes of one name: of expressions only their number is compared, because their text has many spellings. */
const sameKeys = (a: Index, b: Index): boolean =>
  a.method === b.method && a.unique === b.unique && a.keys.length === b.keys.length && a.keys.every((key, position) => key.column === b.keys[position]?.column && key.descending === b.keys[position]?.descending);

/** Are two indexes one and the same but for their names? */
export const isSameIndex = (a: Index, b: Index): boolean =>
  a.method === b.method && a.unique === b.unique && keyTexts(a).join() === keyTexts(b).join() && a.include.join() === b.include.join() &&
  normaliseExpression(a.predicate ?? '') === normaliseExpression(b.predicate ?? '');

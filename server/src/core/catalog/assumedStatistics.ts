import type { Catalog, Column, Table } from './model';
import type { ColumnStatistics, RelationStatistics } from './statistics';
import { relationKey } from './names';
import { uniqueKeys } from './lookup';
import { baseType as domainBase, findType } from './userTypes';

/**
 * Rows of a table about which nothing is known. Large on purpose: a missing index shows, and what is fast on a million
 * rows is fast on less.
 */
export const defaultRows = 1_000_000;

/** Rows of a table as assumed: its own, else an equal share of its partitioned parent's, else `fallback`. */
export function assumedRows(catalog: Catalog, table: Table, fallback = defaultRows): number {
  if (table.rows !== undefined) return table.rows;
  const parent = table.partitionOf === undefined ? undefined : catalog.tables.get(table.partitionOf);
  return parent === undefined || parent === table ? fallback : Math.ceil(assumedRows(catalog, { ...parent, ...(parent.partitionOf === relationKey(table.schema, table.name) ? { partitionOf: undefined } : {}) }, fallback) / Math.max(1, parent.partitionKey?.partitions ?? 1));
}

/** The statistics that ANALYZE would leave on a table of ordinary contents with so many rows. */
export function assumeTable(catalog: Catalog, table: Table, rows: number): RelationStatistics {
  const columns = assumeColumns(catalog, table, rows);
  const pages = table.kind === 'partitioned' ? 0 : heapPages(rows, columns);
  return { pages, tuples: rows, allVisible: Math.floor(pages * visibleShare), filePages: pages, columns };
}

/** Autovacuum keeps most pages of most tables all-visible. */
const visibleShare = 0.9;

export const assumeColumns = (catalog: Catalog | undefined, table: Table, rows: number): readonly ColumnStatistics[] =>
  table.columns.map((column) => assumeColumn(catalog, table, column, rows));

function assumeColumn(catalog: Catalog | undefined, table: Table, column: Column, rows: number): ColumnStatistics {
  const base = { column: column.name, inherited: table.kind === 'partitioned', nullFraction: nullFraction(column), averageWidth: averageWidth(column), correlation: correlation(table, column) };
  if (baseType(column.type) === 'boolean') {
    const common = /(^|_)(active|enabled|valid|verified|visible|published|current|confirmed)$/i.test(column.name) ? '{t,f}' : '{f,t}';
    const present = 1 - base.nullFraction;
    return { ...base, distinct: 2, mostCommonValues: common, mostCommonFrequencies: [0.9 * present, 0.1 * present] };
  }
  return { ...base, distinct: distinctValues(catalog, table, column, rows) };
}

/** A type without its length and array brackets, in lower case. */
const baseType = (type: string): string => type.toLowerCase().replace(/\(.*?\)/g, '').replace(/\[\]/g, '').trim();
const isArray = (type: string): boolean => type.endsWith('[]');

/** Columns that are empty in the rows that live (`deleted_at`), and those that are filled once the work is done. */
const seldomFilled = /^(?:(?:soft_?)?deleted|archived|cancell?ed|revoked|banned|blocked|suspended|locked|disabled|rejected|refunded|removed|discarded)_?(?:at|on|by|by_id|date|time)?$/i;

function nullFraction(column: Column): number {
  if (column.notNull) return 0;
  return seldomFilled.test(column.name) ? 0.95 : 0.05;
}

const widths: Readonly<Record<string, number>> = {
  boolean: 1, '"char"': 1, smallint: 2, integer: 4, bigint: 8, real: 4, 'double precision': 8, numeric: 8, money: 8, uuid: 16, date: 4, 'time without time zone': 8, 'time with time zone': 12,
  'timestamp without time zone': 8, 'timestamp with time zone': 8, interval: 16, inet: 10, cidr: 10, macaddr: 6, oid: 4, name: 64, json: 200, jsonb: 200, xml: 400, bytea: 200, tsvector: 300, point: 16, tsrange: 22, tstzrange: 22, daterange: 14, int4range: 14, int8range: 22,
};

/** Bytes of a value as stored; texts by what their names promise, never longer than their limit. */
export function averageWidth(column: Pick<Column, 'name' | 'type'>): number {
  if (isArray(column.type)) return 60;
  const known = widths[baseType(column.type)];
  if (known !== undefined) return known;
  const expected = /(^|_)(body|content|description|text|notes?|comment|message|bio|summary|html|markdown|payload|details?|address)$/i.test(column.name) ? 200 : 25;
  const limit = /\((\d+)\)/.exec(column.type)?.[1];
  return limit === undefined ? expected : Math.max(1, Math.min(expected, Number(limit)));
}

const countsUp = (column: Column): boolean => column.generated === 'identity' || /^nextval\(/i.test(column.default ?? '') || /serial/i.test(column.type);
const fewWords = /(^|_)(status|state|type|kind|category|role|level|priority|stage|phase|mode|channel|source|platform|gender|plan|tier|severity|action|method|provider|unit)$/i;
const someWords = /(^|_)(country|currency|language|locale|timezone|time_zone|region|country_code|currency_code|lang)$/i;
const tenants = /(^|_)(tenant|organi[sz]ation|org|account|company|workspace|merchant|shop|store|team|customer_account)_?(id|uuid)$/i;

/** `n_distinct`: see `ColumnStatistics`. */
function distinctValues(catalog: Catalog | undefined, table: Table, column: Column, rows: number): number {
  if (uniqueKeys(table).some((key) => key.columns.length === 1 && key.columns[0] === column.name)) return -1;
  const type = baseType(column.type);
  const labels = findType(catalog, domainBase(catalog, column.type))?.labels;
  if (labels !== undefined) return Math.max(1, labels.length);
  const few = (count: number): number => Math.max(1, Math.min(count, Math.ceil(rows)));
  const parent = parentRows(catalog, table, column);
  if (parent !== undefined) return few(Math.min(parent, rows));
  if (tenants.test(column.name)) return few(Math.min(1_000, rows / 10));
  // What refers to something refers to it several times.
  if (/(^|_)(id|uuid)$/i.test(column.name) || table.foreignKeys.some((key) => key.columns.includes(column.name))) return few(rows / 10);
  if (fewWords.test(column.name)) return few(6);
  if (someWords.test(column.name)) return few(50);
  if (type === 'date') return few(1_000);
  if (/^timestamp/.test(type)) return -0.95;
  if (['smallint', 'integer', 'bigint'].includes(type)) return few(type === 'smallint' ? 100 : 1_000);
  if (['numeric', 'money', 'real', 'double precision'].includes(type)) return few(10_000);
  if (/(^|_)(email|slug|token|hash|code|key|number|reference|ref|url|uri|path|username|login|phone|sha|digest)$/i.test(column.name)) return -0.95;
  if (/(^|_)(name|title|subject|label|street)$/i.test(column.name)) return -0.5;
  if (/(^|_)(city|state_name|county|brand|color|colour|tag)$/i.test(column.name)) return few(1_000);
  return -0.3;
}

/** A foreign key has the values of what it points at; undefined where their number is not known. */
function parentRows(catalog: Catalog | undefined, table: Table, column: Column): number | undefined {
  const key = table.foreignKeys.find((item) => item.columns.includes(column.name));
  if (key === undefined) return undefined;
  const name = relationKey(key.references.schema ?? table.schema, key.references.table);
  const tuples = catalog?.statistics?.relations.get(name)?.tuples ?? -1;
  return tuples >= 0 ? tuples : catalog?.tables.get(name)?.rows;
}

/** Rows stand in the order in which they came: so do counters and times of creation. */
function correlation(table: Table, column: Column): number {
  if (countsUp(column)) return 1;
  const integer = ['smallint', 'integer', 'bigint'].includes(baseType(column.type));
  if (integer && table.constraints.some((item) => item.type === 'primary' && item.columns.length === 1 && item.columns[0] === column.name)) return 1;
  const updated = /^(updated|modified|changed|last_\w+)_?(at|on)$/i.test(column.name);
  if (!updated && /^(?:now\(\)|current_timestamp|current_date|clock_timestamp\(\))/i.test(column.default ?? '')) return 1;
  if (/^(created|inserted|added|logged|occurred|received|event|recorded|registered|placed|ordered|time|timestamp|at|ts)(_?(at|on|time|date|ts))?$/i.test(column.name) && /^(timestamp|date)/.test(baseType(column.type))) return 1;
  return updated ? 0.5 : 0;
}

/** A tuple: 4 bytes of line pointer, 24 of header, values padded to 8; values beyond 2 kB stand elsewhere (TOAST). */
function heapPages(rows: number, columns: readonly ColumnStatistics[]): number {
  const width = columns.reduce((sum, column) => sum + column.averageWidth * (1 - column.nullFraction), 0);
  const tuple = 28 + Math.ceil(Math.min(width, 2_000) / 8) * 8;
  return Math.ceil(rows / Math.max(1, Math.floor(8_168 / tuple)));
}

/**
 * Blocks of an index with so many tuples (facts: within 2 % of real b-trees without duplicates; a GIN index's metapage is
 * empty, PostgreSQL then makes its entry statistics up from this size). `tablePages`: for BRIN.
 */
export function assumeIndexPages(method: string, tuples: number, keyWidth: number, tablePages: number): number {
  const width = 8 + 8 * Math.ceil(keyWidth / 8) + 4;
  switch (method) {
    case 'hash': return Math.ceil((tuples * 20) / (8_152 * 0.75)) + 2;
    case 'gin': return Math.ceil((tuples * 6 * 8) / 8_152) + 1;
    case 'brin': return Math.ceil((tablePages / 128) * ((keyWidth * 2 + 24) / 8_152)) + 2;
    case 'bloom': return Math.ceil((tuples * 20) / 8_152) + 1;
    case 'gist': case 'spgist': return Math.ceil((tuples * width) / (8_152 * 0.7)) + 1;
    default: return Math.ceil((tuples * width) / (8_152 * 0.9)) + 1;
  }
}

/**
 * Levels above the leaves of a b-tree of so many blocks. Inner blocks are filled to 70 % (BTREE_NONLEAF_FILLFACTOR) with
 * entries of 8 bytes, the key padded to 8, and a line pointer of 4.
 */
export function assumeIndexHeight(pages: number, keyWidth: number): number {
  const entries = Math.max(2, Math.floor((8_152 * 0.7) / (8 + 8 * Math.ceil(keyWidth / 8) + 4)));
  let level = 0;
  for (let blocks = pages - 1; blocks > 1; blocks = Math.ceil(blocks / entries)) level++;
  return level;
}

import path from 'node:path';
import type { Catalog, Column, Index, Table } from '../../core/catalog/model';
import { relationKey } from '../../core/catalog/names';
import type { ColumnStatistics } from '../../core/catalog/statistics';
import { escapeMarkdown, markdownCell as cell, markdownCode } from '../../core/text/markdown';
import { escapeRegExp } from '../../core/text/regExp';
import { toPath } from '../../workspace/paths';

/** Tables with more columns show the first ones. */
const MOST_COLUMNS = 40;
const MOST_REFERENCES = 12;
const BLOCK = 8192;

/** Markdown: a table with its columns, keys and indexes, its rows and size, and where all that is known from. */
export function renderTable(table: Table, catalog: Catalog): string {
  const rows = table.rows === undefined ? 'row count unknown' : `${table.rows.toLocaleString('en')} rows${table.rowsSource === 'assumed' ? ' (assumed)' : ''}`;
  const size = renderSize(table, catalog);
  const columns = table.columns.slice(0, MOST_COLUMNS).map((column) => `| ${cell(column.name)} | ${cell(column.type)} | ${column.notNull ? 'not null' : ''} | ${cell(keyNote(table, column.name))} |`);
  const more = table.columns.length > MOST_COLUMNS ? [`| … | ${table.columns.length - MOST_COLUMNS} more | | |`] : [];
  const indexes = table.indexes.map((index) => `- ${renderIndex(index)}`);
  return [
    `**${escapeMarkdown(`${table.schema}.${table.name}`)}** — ${table.kind}, ${rows}${size ? `, ${size}` : ''}`,
    ['| column | type | | |', '| --- | --- | --- | --- |', ...columns, ...more].join('\n'),
    indexes.length > 0 ? indexes.join('\n') : 'No indexes.',
    ...referencesOf(table, catalog),
    sourceOf(table, catalog, table.definedAt?.uri),
  ].join('\n\n');
}

/** Markdown: a column with its type, default and keys, the indexes that serve it, what ANALYZE knows, and the source of it all. */
export function renderColumn(table: Table, column: Column, catalog: Catalog): string {
  const isView = table.kind === 'view' || table.kind === 'matview';
  const nullable = isView ? '' : column.notNull ? ', not null' : ', nullable';
  const keys = table.constraints.filter(({ columns }) => columns.includes(column.name)).map(({ type, columns }) => `${type === 'primary' ? 'Primary key' : 'Unique'}${columns.length > 1 ? ` (${columns.join(', ')})` : ''}`);
  const links = table.foreignKeys.filter(({ columns }) => columns.includes(column.name)).map(({ columns, references }) => `References ${references.table} (${references.columns.join(', ')})${columns.length > 1 ? `, as (${columns.join(', ')})` : ''}`);
  const incoming = referring(table, catalog, column.name);
  const indexes = table.indexes.filter((index) => index.keys.some((key) => key.column === column.name || (key.expression !== undefined && new RegExp(`\\b${escapeRegExp(column.name)}\\b`).test(key.expression))) || index.include.includes(column.name));
  const leading = indexes.filter((index) => index.keys[0]?.column === column.name || index.keys[0]?.expression !== undefined);
  const facts = [
    ...(column.default === undefined ? [] : [`Default ${markdownCode(column.default)}`]),
    ...(column.generated === undefined ? [] : [column.generated === 'identity' ? 'Identity' : 'Generated']),
    ...[...keys, ...links, ...(incoming.length === 0 ? [] : [`Referenced by ${shorten(incoming)}`])].map(escapeMarkdown),
    ...indexes.map((index) => `Index ${renderIndex(index)}${leading.includes(index) ? '' : ' — not its first column'}`),
    ...(indexes.length === 0 && !isView ? ['No index'] : []),
    ...renderStatistics(table, column, catalog),
  ];
  return [`**${escapeMarkdown(`${table.name}.${column.name}`)}** — ${markdownCode(column.type)}${nullable}`, facts.map((fact) => `- ${fact}`).join('\n'), sourceOf(table, catalog, table.columnSites?.get(column.name)?.uri ?? table.definedAt?.uri)].filter((part) => part !== '').join('\n\n');
}

const shorten = (items: readonly string[]): string => `${items.slice(0, MOST_REFERENCES).join(', ')}${items.length > MOST_REFERENCES ? ` and ${items.length - MOST_REFERENCES} more` : ''}`;

function renderIndex(index: Index): string {
  const keys = index.keys.map((key) => (key.column ?? `(${key.expression})`) + (key.opclass ? ` ${key.opclass}` : '') + (key.descending ? ' desc' : '')).join(', ');
  return `${markdownCode(index.name)} ${index.unique ? 'unique ' : ''}${index.method} ${escapeMarkdown(`(${keys})${index.include.length > 0 ? ` include (${index.include.join(', ')})` : ''}${index.predicate ? ` where ${index.predicate}` : ''}`)}${index.valid ? '' : ' — not valid'}`;
}

function keyNote(table: Table, column: string): string {
  const primary = table.constraints.some(({ type, columns }) => type === 'primary' && columns.includes(column));
  const link = table.foreignKeys.find(({ columns }) => columns.includes(column));
  return [primary ? 'key' : '', link ? `→ ${link.references.table}` : ''].filter((part) => part !== '').join(', ');
}

/** Tables whose foreign keys lead here, each as `table.column`. */
function referring(table: Table, catalog: Catalog, column?: string): readonly string[] {
  const found: string[] = [];
  for (const other of catalog.tables.values()) {
    if (other.partitionOf !== undefined) continue;
    for (const { columns, references } of other.foreignKeys) {
      if (references.table === table.name && (references.schema ?? 'public') === table.schema && (column === undefined || references.columns.includes(column))) found.push(`${other.name} (${columns.join(', ')})`);
    }
  }
  return found;
}

function referencesOf(table: Table, catalog: Catalog): readonly string[] {
  const incoming = referring(table, catalog);
  return incoming.length === 0 ? [] : [escapeMarkdown(`Referenced by ${shorten(incoming)}.`)];
}

/** The size of the relation's file and of its indexes, where statistics tell. */
function renderSize(table: Table, catalog: Catalog): string | undefined {
  const relations = catalog.statistics?.relations;
  const own = relations?.get(relationKey(table.schema, table.name));
  if (!relations || !own || own.filePages <= 0) return undefined;
  const indexes = table.indexes.reduce((pages, { name }) => pages + Math.max(0, relations.get(relationKey(table.schema, name))?.filePages ?? 0), 0);
  return `${renderBytes(own.filePages * BLOCK)}${indexes > 0 ? ` and ${renderBytes(indexes * BLOCK)} of indexes` : ''}`;
}

function renderBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

function renderStatistics(table: Table, column: Column, catalog: Catalog): readonly string[] {
  const all = catalog.statistics?.relations.get(relationKey(table.schema, table.name))?.columns.filter((item) => item.column === column.name) ?? [];
  const found: ColumnStatistics | undefined = all.find(({ inherited }) => inherited === (table.kind === 'partitioned')) ?? all[0];
  if (!found) return [];
  const percent = (share: number): string => `${(share * 100).toLocaleString('en', { maximumFractionDigits: share < 0.01 ? 2 : 0 })} %`;
  const distinct = found.distinct === 0 ? undefined : found.distinct > 0 ? `${Math.round(found.distinct).toLocaleString('en')} distinct values`
    : found.distinct === -1 ? 'every value distinct' : table.rows === undefined ? `distinct values: ${percent(-found.distinct)} of the rows` : `about ${Math.round(-found.distinct * table.rows).toLocaleString('en')} distinct values`;
  return [`Statistics: ${[distinct, `${percent(found.nullFraction)} null`, `${found.averageWidth} bytes on average`].filter((part) => part !== undefined).join(', ')}`];
}

const SOURCES: Readonly<Record<Catalog['source'], string>> = { live: 'the live database', snapshot: 'the snapshot', migrations: 'migrations', schema: 'a schema file', models: 'models' };

/** `Known from migrations (db/migrations, 14 migrations), declared in 0003_orders.sql`. */
function sourceOf(table: Table, catalog: Catalog, declaredIn: string | undefined): string {
  const file = declaredIn === undefined ? undefined : path.basename(toPath(declaredIn) ?? declaredIn);
  const parts = catalog.label === '' ? SOURCES[catalog.source] : `${SOURCES[catalog.source]}: ${catalog.label}`;
  return `_From ${escapeMarkdown(`${parts}${file ? `; declared in ${file}` : ''}`)}${table.incomplete ? '; part of its history is not understood' : ''}_`;
}

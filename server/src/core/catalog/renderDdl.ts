import { collectTokens } from './expressionTokens';
import { quoteIdentifier, quoteQualified } from '../sql/names';
import type { Constraint, ForeignKey, Index, IndexKey, Table } from './model';

/** What a rendering leaves open, because it depends on the server that runs it. */
export interface DdlOptions {
  /** The type to write for a column's; default: as it stands. */
  readonly typeOf?: (type: string) => string;
  /** The collation to write for a column's or index key's; default: as it stands. */
  readonly collationOf?: (collation: string) => string;
  /** The collation of text columns without one; default: the database's. */
  readonly textCollation?: string;
}

const tableName = (table: Pick<Table, 'schema' | 'name'>): string => quoteQualified(table.schema, table.name);

/** Types whose values have a collation; an array of one has it too. */
export const isCollatable = (type: string): boolean => /^(?:text|character varying|varchar|character|char|bpchar|(?:\w+\.)?citext)\b/i.test(type.trim());

/**
 * CREATE TABLE of a table, partitioned parent or materialized view, with its columns and what is NOT NULL: no defaults, no
 * constraints, no indexes. A partition is written as one of its parent where `bound` says which rows it holds.
 */
export function renderCreateTable(table: Table, options: DdlOptions & { readonly parent?: Table; readonly bound?: string } = {}): string {
  const partitioning = table.partitionKey === undefined ? '' : ` PARTITION BY ${table.partitionKey.strategy.toUpperCase()} (${table.partitionKey.columns.map((column) => renderPartitionColumn(table, column)).join(', ')})`;
  if (options.parent !== undefined && options.bound !== undefined) return `CREATE TABLE ${tableName(table)} PARTITION OF ${tableName(options.parent)} ${options.bound}${partitioning}`;
  const columns = table.columns.map((column) => {
    const type = (options.typeOf ?? ((item) => item))(column.type);
    const named = isCollatable(column.type) ? column.collation ?? options.textCollation : undefined;
    const collation = named === undefined ? undefined : (options.collationOf ?? ((item) => item))(named);
    return `${quoteIdentifier(column.name)} ${type}${collation === undefined ? '' : ` COLLATE ${quoteIdentifier(collation)}`}${column.notNull ? ' NOT NULL' : ''}`;
  });
  const storage = renderStorage(table);
  return `CREATE TABLE ${tableName(table)} (${columns.join(', ')})${partitioning}${table.partitionKey === undefined ? storage : ''}`;
}

/** Those that the planner reads. */
function renderStorage(table: Table): string {
  const known = (table.options ?? []).flatMap((option) => /^(parallel_workers|fillfactor)=(\d{1,5})$/.exec(option)?.[0] ?? []);
  return known.length === 0 ? '' : ` WITH (${known.join(', ')})`;
}

const renderPartitionColumn = (table: Table, column: string): string => (table.columns.some((item) => item.name === column) ? quoteIdentifier(column) : `(${column})`);

/** ALTER TABLE that adds a primary key or unique constraint. */
export function renderConstraint(table: Pick<Table, 'schema' | 'name'>, constraint: Constraint): string {
  const name = constraint.name === undefined ? '' : `CONSTRAINT ${quoteIdentifier(constraint.name)} `;
  const type = constraint.type === 'primary' ? 'PRIMARY KEY' : `UNIQUE${constraint.nullsNotDistinct === true ? ' NULLS NOT DISTINCT' : ''}`;
  const include = constraint.include === undefined || constraint.include.length === 0 ? '' : ` INCLUDE (${constraint.include.map(quoteIdentifier).join(', ')})`;
  return `ALTER TABLE ${tableName(table)} ADD ${name}${type} (${constraint.columns.map(quoteIdentifier).join(', ')})${include}`;
}

/** CREATE INDEX of an index without constraint. */
export function renderIndex(table: Pick<Table, 'schema' | 'name'>, index: Index, options: DdlOptions = {}): string {
  const keys = index.keys.map((key) => renderKey(key, index.method, options)).join(', ');
  const include = index.include.length === 0 ? '' : ` INCLUDE (${index.include.map(quoteIdentifier).join(', ')})`;
  const nulls = index.nullsNotDistinct === true ? ' NULLS NOT DISTINCT' : '';
  const predicate = index.predicate === undefined ? '' : ` WHERE ${index.predicate}`;
  return `CREATE ${index.unique ? 'UNIQUE ' : ''}INDEX ${quoteIdentifier(index.name)} ON ${tableName(table)} USING ${quoteIdentifier(index.method)} (${keys})${include}${nulls}${predicate}`;
}

function renderKey(key: IndexKey, method: string, options: DdlOptions): string {
  const collation = key.collation === undefined ? undefined : (options.collationOf ?? ((item) => item))(key.collation);
  return [
    key.column === undefined ? `(${key.expression ?? ''})` : quoteIdentifier(key.column),
    ...(collation === undefined ? [] : [`COLLATE ${quoteIdentifier(collation)}`]),
    ...(key.opclass === undefined ? [] : [key.opclass]),
    // Only b-trees have an order; others refuse the words.
    ...(method === 'btree' && key.descending ? ['DESC'] : []),
    ...(method === 'btree' && key.nullsFirst !== key.descending ? [`NULLS ${key.nullsFirst ? 'FIRST' : 'LAST'}`] : []),
  ].join(' ');
}

/**
 * ALTER TABLE that adds a foreign key, not validated: the planner counts on it all the same, and no row is read.
 * `target`: the table it points at.
 */
export function renderForeignKey(table: Pick<Table, 'schema' | 'name'>, key: ForeignKey, target: Pick<Table, 'schema' | 'name'>): string {
  const name = key.name === undefined ? '' : `CONSTRAINT ${quoteIdentifier(key.name)} `;
  const columns = key.references.columns.length === 0 ? '' : ` (${key.references.columns.map(quoteIdentifier).join(', ')})`;
  return `ALTER TABLE ${tableName(table)} ADD ${name}FOREIGN KEY (${key.columns.map(quoteIdentifier).join(', ')}) REFERENCES ${tableName(target)}${columns} NOT VALID`;
}

export const renderView = (view: Table): string => `CREATE VIEW ${tableName(view)} AS ${view.definition ?? ''}`;

/** Can this text stand as the name of a type in a statement of ours: words, quoted names, a length, brackets? */
export const isTypeText = (type: string): boolean => {
  const tokens = collectTokens(type);
  return tokens.length > 0 && tokens.length < 24 && tokens.every((token) => token.kind === 'word' || token.kind === 'number' || (token.kind === 'quoted' && /^"(?:[^"]|"")+"$/.test(token.text)) || ['.', ',', '(', ')', '[', ']'].includes(token.text));
};

/** Is it one statement, whatever its pieces hold? */
export const isOneStatement = (sql: string): boolean => !collectTokens(sql).some((token) => token.kind === 'punctuation' && token.text === ';');

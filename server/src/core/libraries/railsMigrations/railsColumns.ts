import { railsTypes } from '../../catalog/railsSchema';
import { quoteIdentifier, quoteLiteral } from '../../sql/names';
import { sha256 } from '../../text/sha256';
import { pluralize } from '../shared/modelChains';
import { defaultClause, isMap, isRaw, quoteTable, tableNameOf, textOf, textsOf, type Value } from '../shared/migrationValues';

export type Options = ReadonlyMap<string, Value | undefined>;

/** What Rails adds to a table, beside its columns. */
export interface Added {
  /** As CREATE TABLE and ADD COLUMN write them. */
  readonly columns: readonly string[];
  /** Statements that follow. */
  readonly after: readonly string[];
}

const numberOf = (value: Value | undefined): number | undefined => (typeof value === 'number' ? value : undefined);

/** A type of Rails, or the database's own, in SQL. */
export function typeSql(type: string, options: Options): string {
  const named = type === 'enum' ? textOf(options.get('enum_type')) : type === 'virtual' ? textOf(options.get('type')) : undefined;
  const base = named !== undefined && type === 'enum' ? quoteIdentifier(named) : railsTypes[named ?? type] ?? named ?? type;
  const [limit, precision, scale] = [numberOf(options.get('limit')), numberOf(options.get('precision')), numberOf(options.get('scale'))];
  const sized = base === 'character varying' && limit !== undefined ? `${base}(${limit})`
    : base === 'integer' && limit !== undefined ? (limit > 4 ? 'bigint' : limit < 3 ? 'smallint' : base)
    : base === 'numeric' && precision !== undefined ? `${base}(${precision}, ${scale ?? 0})` : base;
  return `${sized}${options.get('array') === true ? '[]' : ''}`;
}

/** `name type DEFAULT … NOT NULL`. */
export function columnSql(name: string, type: string, options: Options): string {
  if (type === 'primary_key') return `${quoteIdentifier(name)} bigserial PRIMARY KEY`;
  const generated = textOf(options.get('as'));
  const more = type === 'virtual' && generated !== undefined ? ` GENERATED ALWAYS AS (${generated}) STORED` : defaultClause(options.get('default'));
  return `${quoteIdentifier(name)} ${typeSql(type, options)}${more}${options.get('null') === false ? ' NOT NULL' : ''}`;
}

/** The key that `create_table` makes by itself; '' where there is none. undefined: not known. */
export function keySql(options: Options, version: number): string | undefined {
  const id = options.has('id') ? options.get('id') : 'primary_key';
  const key = options.get('primary_key');
  const several = Array.isArray(key) ? textsOf(key) : undefined;
  if (id === false) return '';
  if (several) return `PRIMARY KEY (${several.map(quoteIdentifier).join(', ')})`;
  const type = isMap(id) ? textOf(id.get('type')) ?? 'primary_key' : textOf(id);
  if (type === undefined) return undefined;
  const name = quoteIdentifier(textOf(key) ?? 'id');
  if (type === 'uuid') return `${name} uuid DEFAULT ${isRaw(options.get('default')) ? (options.get('default') as { sql: string }).sql : 'gen_random_uuid()'} PRIMARY KEY`;
  const serial = type === 'primary_key' ? (version < 5.1 ? 'serial' : 'bigserial') : type === 'bigint' || type === 'bigserial' ? 'bigserial' : type === 'integer' || type === 'serial' ? 'serial' : typeSql(type, new Map());
  return `${name} ${serial} PRIMARY KEY`;
}

const maximumName = 62;

/** Rails' own name for an index. */
export function indexName(table: string, columns: readonly string[]): string {
  const keys = columns.length === 1 && /\W/.test(columns[0] ?? '') ? [(columns[0]!.match(/\w+/g) ?? []).join('_')] : columns;
  const name = `index_${table}_on_${keys.join('_and_')}`;
  if (name.length <= maximumName) return name;
  const hash = `_${sha256(name).slice(0, 10)}`;
  return `idx_on_${keys.join('_')}`.slice(0, maximumName - hash.length) + hash;
}

export const foreignKeyName = (table: string, column: string): string => `fk_rails_${sha256(`${table}_${column}_fk`).slice(0, 10)}`;
export const checkName = (table: string, expression: string): string => `chk_rails_${sha256(`${table}_${expression}_chk`).slice(0, 10)}`;

const perColumn = (value: Value | undefined, column: string): string | undefined => textOf(isMap(value) ? value.get(column) : value);

/** undefined: an option is not known. */
export function indexSql(table: string, columns: readonly string[] | undefined, options: Options): string | undefined {
  const where = options.has('where') ? textOf(options.get('where')) : '';
  const include = options.has('include') ? textsOf(options.get('include')) : [];
  const name = options.has('name') ? textOf(options.get('name')) : columns && indexName(table, columns);
  if (columns === undefined || columns.length === 0 || where === undefined || include === undefined || name === undefined) return undefined;
  const [expression = ''] = columns;
  const keys = columns.length === 1 && /\W/.test(expression) ? [expression]
    : columns.map((column) => [/\W/.test(column) ? column : quoteIdentifier(column), perColumn(options.get('opclass'), column), perColumn(options.get('order'), column)?.replaceAll('_', ' ').toUpperCase()].filter(Boolean).join(' '));
  return [
    `CREATE ${options.get('unique') === true ? 'UNIQUE ' : ''}INDEX`, textOf(options.get('algorithm')) === 'concurrently' ? 'CONCURRENTLY' : '', options.get('if_not_exists') === true ? 'IF NOT EXISTS' : '',
    quoteIdentifier(name), 'ON', quoteTable(table), options.has('using') && textOf(options.get('using')) !== undefined ? `USING ${textOf(options.get('using'))!}` : '', `(${keys.join(', ')})`,
    include.length > 0 ? `INCLUDE (${include.map(quoteIdentifier).join(', ')})` : '', options.get('nulls_not_distinct') === true ? 'NULLS NOT DISTINCT' : '', where === '' ? '' : `WHERE ${where}`,
  ].filter((part) => part !== '').join(' ');
}

/** `add_foreign_key table, parent, …`. */
export function foreignKeySql(table: string, parent: string, options: Options): { readonly sql: string; readonly name: string } | undefined {
  const column = options.has('column') ? textsOf(options.get('column')) : [`${singularOf(tableNameOf(parent).name)}_id`];
  const key = options.has('primary_key') ? textsOf(options.get('primary_key')) : ['id'];
  if (!column || !key) return undefined;
  const name = textOf(options.get('name')) ?? foreignKeyName(table, column.join('_'));
  const action = (option: string): string => { const value = textOf(options.get(option)); return value === undefined ? '' : ` ${option === 'on_delete' ? 'ON DELETE' : 'ON UPDATE'} ${value === 'nullify' ? 'SET NULL' : value.toUpperCase()}`; };
  return { name, sql: `ALTER TABLE ${quoteTable(table)} ADD CONSTRAINT ${quoteIdentifier(name)} FOREIGN KEY (${column.map(quoteIdentifier).join(', ')}) REFERENCES ${quoteTable(parent)} (${key.map(quoteIdentifier).join(', ')})${action('on_delete')}${action('on_update')}${options.get('validate') === false ? ' NOT VALID' : ''}` };
}

/** As ActiveRecord names the column after the table it refers to. */
export const singularOf = (table: string): string => {
  for (const word of [table.replace(/ies$/, 'y'), table.replace(/(?:s|x|z|ch|sh)es$/, (end) => end.slice(0, -2)), table.replace(/s$/, ''), table.replace(/people$/, 'person'), table.replace(/children$/, 'child'), table.replace(/ses$/, 'sis'), table.replace(/ices$/, 'ix'), table.replace(/ices$/, 'ex'), table.replace(/men$/, 'man')]) if (word !== table && pluralize(word) === table) return word;
  return table;
};

/** `t.references :owner, polymorphic: true, foreign_key: { to_table: … }`. undefined: not understood. */
export function referenceSql(table: string, name: string, options: Options, version: number): (Added & { readonly foreign?: { readonly sql: string; readonly name: string } }) | undefined {
  const type = textOf(options.get('type')) ?? (version < 5.1 ? 'integer' : 'bigint');
  const polymorphic = options.get('polymorphic');
  const own = new Map([...options].filter(([key]) => key === 'null' || (key === 'default' && polymorphic !== true) || key === 'limit'));
  const columns = [columnSql(`${name}_id`, type, own), ...(polymorphic === true || isMap(polymorphic) ? [columnSql(`${name}_type`, 'string', new Map([...own].filter(([key]) => key === 'null')))] : [])];
  const index = options.has('index') ? options.get('index') : version >= 5;
  const keys = polymorphic === true || isMap(polymorphic) ? [`${name}_type`, `${name}_id`] : [`${name}_id`];
  const indexOptions: Options = isMap(index) ? index : new Map();
  const made = index === false || index === null ? '' : indexSql(table, keys, keys.length > 1 && !indexOptions.has('name') ? new Map([...indexOptions, ['name', `index_${table}_on_${name}`]]) : indexOptions);
  const key = options.get('foreign_key');
  const keyOptions: Options = isMap(key) ? key : new Map();
  const foreign = key === undefined || key === false || key === null ? undefined : foreignKeySql(table, textOf(keyOptions.get('to_table')) ?? pluralize(name), new Map([['column', `${name}_id`], ...keyOptions]));
  if (made === undefined) return undefined;
  return { columns, after: made === '' ? [] : [made], ...(foreign ? { foreign } : {}) };
}

export const timestampsSql = (options: Options, version: number): readonly string[] =>
  ['created_at', 'updated_at'].map((name) => columnSql(name, 'datetime', new Map([['null', version >= 5 ? false : true], ...options])));

export const enumSql = (name: string, values: readonly string[]): string => `CREATE TYPE ${quoteTable(name)} AS ENUM (${values.map(quoteLiteral).join(', ')})`;

import type { CallForm } from '../../hosts/common/forms';
import type { Source } from '../../hosts/common/source';
import { spanOf } from '../../hosts/common/syntaxTools';
import type { Insertion, MigrationStep } from '../../hosts/migrationIr';
import type { SyntaxNode } from '../../hosts/syntax';
import { quoteIdentifier, quoteLiteral } from '../../sql/names';
import { defaultClause, isMap, quoteTable, tableNameOf, textOf, textsOf, valueOf, type Evaluation, type Value } from '../shared/migrationValues';
import { checkName, columnSql, enumSql, foreignKeyName, foreignKeySql, indexName, indexSql, keySql, referenceSql, singularOf, timestampsSql, typeSql, type Options } from './railsColumns';

/** The migration that an operation stands in. */
export interface Rails {
  readonly source: Source;
  /** Of `Migration[8.0]`: what the defaults were then. */
  readonly version: number;
  /** Where `disable_ddl_transaction!` would have to be written; undefined: it is there. */
  readonly disable?: Insertion;
}

export interface RailsArguments {
  readonly positional: readonly (Value | undefined)[];
  readonly options: Options;
  /** Options that are not seen. */
  readonly spread: boolean;
  /** Where a further option can be written; undefined: nowhere. */
  readonly end?: number;
}

export function readArguments(form: CallForm, place: Evaluation): RailsArguments {
  const options = new Map<string, Value | undefined>();
  const positional: (Value | undefined)[] = [];
  let spread = false;
  for (const { name, node } of form.args) {
    const value = valueOf(node, place);
    if (name !== undefined) options.set(name, value);
    else if (/splat/.test(node.type)) spread = true;
    else if (isMap(value)) for (const [key, one] of value) options.set(key, one);
    else positional.push(value);
  }
  const last = form.args.at(-1)?.node;
  return { positional, options, spread, ...(last && !/heredoc|hash/.test(last.type) ? { end: last.endIndex } : {}) };
}

/** What one call of a migration does; undefined: it is no operation on the schema. */
export function operationSteps(node: SyntaxNode, name: string, args: RailsArguments, rails: Rails): readonly MigrationStep[] | undefined {
  if (!operations.test(name)) return undefined;
  const span = spanOf(node);
  const table = textOf(args.positional[0]);
  const made = args.spread && !/^(?:drop|remove|rename|execute|validate)/.test(name) ? undefined : statements(name, args, rails, table);
  if (made === undefined) return [{ span, tables: table === undefined || /^(?:execute|create_view|exec_)/.test(name) ? 'any' : [tableNameOf(table)] }];
  const added = edits(name, args, rails);
  return made.map((sql): MigrationStep => ({ span, sql, ...(added && /^(?:CREATE (?:UNIQUE )?INDEX|DROP INDEX) (?!CONCURRENTLY)/.test(sql) ? { concurrently: added } : {}), ...notValidOf(sql, name, args) }));
}

const operations = /^(?:create_table|create_join_table|drop_table|drop_join_table|rename_table|add_columns?|remove_columns?|rename_column|change_column(?:_default|_null)?|add_index|remove_index|rename_index|(?:add|remove)_(?:reference|belongs_to|foreign_key|check_constraint|unique_constraint|exclusion_constraint|unique_key)|validate_(?:foreign_key|check_constraint|constraint)|(?:add|remove)_timestamps|(?:enable|disable)_extension|(?:create|drop|rename)_enum|(?:add|rename)_enum_value|(?:create|drop)_schema|execute|exec_query|exec_update|(?:create|update|replace|drop)_view|(?:create|drop)_materialized_view)$/;

/** Texts that make an index's operation CONCURRENT. */
function edits(name: string, args: RailsArguments, rails: Rails): readonly Insertion[] | undefined {
  if (args.end === undefined || args.spread || args.options.has('algorithm') || args.options.has('index')) return undefined;
  const word = /^(?:add|remove)_index$/.test(name) ? ', algorithm: :concurrently' : /^add_(?:reference|belongs_to)$/.test(name) && !args.options.has('foreign_key') ? ', index: { algorithm: :concurrently }' : undefined;
  return word === undefined ? undefined : [...(rails.disable ? [rails.disable] : []), { at: args.end, text: word }];
}

function notValidOf(sql: string, operation: string, args: RailsArguments): Pick<MigrationStep, 'notValid'> {
  const name = /^ALTER TABLE \S+ ADD CONSTRAINT (\S+) (?:FOREIGN KEY|CHECK)\b(?!.* NOT VALID$)/s.exec(sql)?.[1];
  return name === undefined || args.end === undefined || !/^add_(?:foreign_key|check_constraint)$/.test(operation) || args.options.has('validate') ? {} : { notValid: { edits: [{ at: args.end, text: ', validate: false' }], name } };
}

const named = (options: Options): string | undefined => textOf(options.get('name'));
const exists = (options: Options): string => (options.get('if_exists') === true ? 'IF EXISTS ' : '');

function statements(operation: string, args: RailsArguments, rails: Rails, table: string | undefined): readonly string[] | undefined {
  const { positional, options } = args;
  const texts = positional.map(textOf);
  const [, second, third] = texts;
  switch (operation) {
    case 'execute': case 'exec_query': case 'exec_update': return executed(positional[0]);
    case 'enable_extension': return table === undefined ? undefined : [`CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(table)}`];
    case 'disable_extension': case 'drop_enum': case 'drop_schema': return table === undefined ? undefined : [`DROP ${operation === 'drop_enum' ? 'TYPE' : operation === 'drop_schema' ? 'SCHEMA' : 'EXTENSION'} IF EXISTS ${quoteTable(table)}`];
    case 'create_schema': return table === undefined ? undefined : [`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(table)}`];
    case 'create_enum': { const values = textsOf(positional[1]); return table === undefined || !values ? undefined : [enumSql(table, values)]; }
    case 'rename_enum': { const to = second ?? textOf(options.get('to')); return table === undefined || to === undefined ? undefined : [`ALTER TYPE ${quoteTable(table)} RENAME TO ${quoteIdentifier(to)}`]; }
    case 'add_enum_value': return table === undefined || second === undefined ? undefined : [`ALTER TYPE ${quoteTable(table)} ADD VALUE IF NOT EXISTS ${quoteLiteral(second)}`];
    case 'rename_enum_value': return [];
    case 'create_view': case 'update_view': case 'replace_view': case 'drop_view': case 'create_materialized_view': case 'drop_materialized_view': return [];
    case 'drop_table': return texts.every((text) => text !== undefined) && texts.length > 0 ? texts.map((text) => `DROP TABLE ${exists(options)}${quoteTable(text)}${textOf(options.get('force')) === 'cascade' ? ' CASCADE' : ''}`) : undefined;
    case 'create_join_table': case 'drop_join_table': return joinTable(operation, texts, options);
    case 'validate_constraint': return table === undefined || second === undefined ? undefined : [`ALTER TABLE ${quoteTable(table)} VALIDATE CONSTRAINT ${quoteIdentifier(second)}`];
    default: return table === undefined ? undefined : onTable(operation, table, { args, rails, second, third });
  }
}

interface Given {
  readonly args: RailsArguments;
  readonly rails: Rails;
  readonly second: string | undefined;
  readonly third: string | undefined;
}

/** Operations whose first argument is a table. */
export function onTable(operation: string, table: string, { args: { positional, options }, rails, second, third }: Given): readonly string[] | undefined {
  const alter = `ALTER TABLE ${quoteTable(table)}`;
  const column = second === undefined ? undefined : `${alter} ALTER COLUMN ${quoteIdentifier(second)}`;
  switch (operation) {
    case 'create_table': { const key = keySql(options, rails.version); return key === undefined ? undefined : [`CREATE TABLE ${options.get('if_not_exists') === true ? 'IF NOT EXISTS ' : ''}${quoteTable(table)} (${key})`]; }
    case 'rename_table': return second === undefined ? undefined : [`${alter} RENAME TO ${quoteIdentifier(second)}`];
    case 'add_column': return second === undefined || third === undefined ? undefined : [`${alter} ADD COLUMN ${options.get('if_not_exists') === true ? 'IF NOT EXISTS ' : ''}${columnSql(second, third, options)}`, ...columnIndex(table, second, options)];
    case 'add_columns': { const type = textOf(options.get('type')); const names = positional.slice(1).map(textOf); return type === undefined || names.includes(undefined) ? undefined : names.map((name) => `${alter} ADD COLUMN ${columnSql(name!, type, options)}`); }
    case 'remove_column': return second === undefined ? undefined : [`${alter} DROP COLUMN ${exists(options)}${quoteIdentifier(second)}`];
    case 'remove_columns': { const names = positional.slice(1).map(textOf); return names.includes(undefined) ? undefined : names.map((name) => `${alter} DROP COLUMN ${quoteIdentifier(name!)}`); }
    case 'rename_column': return second === undefined || third === undefined ? undefined : [`${alter} RENAME COLUMN ${quoteIdentifier(second)} TO ${quoteIdentifier(third)}`];
    case 'change_column': return column === undefined || third === undefined ? undefined : [
      `${column} TYPE ${typeSql(third, options)}`, ...(options.get('null') === undefined ? [] : [`${column} ${options.get('null') === false ? 'SET' : 'DROP'} NOT NULL`]), ...(options.has('default') ? [defaultOf(column, options.get('default'))] : []),
    ];
    case 'change_column_default': return column === undefined ? undefined : [defaultOf(column, options.has('to') ? options.get('to') : positional[2])];
    case 'change_column_null': return column === undefined || typeof positional[2] !== 'boolean' ? undefined : [`${column} ${positional[2] ? 'DROP' : 'SET'} NOT NULL`];
    case 'add_index': { const sql = indexSql(table, textsOf(positional[1]), options); return sql === undefined ? undefined : [sql]; }
    case 'remove_index': { const columns = textsOf(positional[1] ?? options.get('column')); const name = named(options) ?? (columns && indexName(table, columns)); return name === undefined ? undefined : [`DROP INDEX ${textOf(options.get('algorithm')) === 'concurrently' ? 'CONCURRENTLY ' : ''}${exists(options)}${schemaOf(table)}${quoteIdentifier(name)}`]; }
    case 'rename_index': return second === undefined || third === undefined ? undefined : [`ALTER INDEX ${schemaOf(table)}${quoteIdentifier(second)} RENAME TO ${quoteIdentifier(third)}`];
    case 'add_reference': case 'add_belongs_to': {
      const made = second === undefined ? undefined : referenceSql(table, second, options, rails.version);
      return made && [...made.columns.map((sql) => `${alter} ADD COLUMN ${sql}`), ...made.after, ...(made.foreign ? [made.foreign.sql] : [])];
    }
    case 'remove_reference': case 'remove_belongs_to': return second === undefined ? undefined : [`${alter} DROP COLUMN ${quoteIdentifier(`${second}_id`)}`, ...(options.get('polymorphic') === true ? [`${alter} DROP COLUMN ${quoteIdentifier(`${second}_type`)}`] : [])];
    case 'add_foreign_key': { const made = second === undefined ? undefined : foreignKeySql(table, second, options); return made && [made.sql]; }
    case 'remove_foreign_key': { const name = foreignName(table, second, options); return name === undefined ? undefined : [`${alter} DROP CONSTRAINT IF EXISTS ${quoteIdentifier(name)}`]; }
    case 'validate_foreign_key': { const name = foreignName(table, second, options); return name === undefined ? undefined : [`${alter} VALIDATE CONSTRAINT ${quoteIdentifier(name)}`]; }
    case 'add_check_constraint': return second === undefined ? undefined : [`${alter} ADD CONSTRAINT ${quoteIdentifier(named(options) ?? checkName(table, second))} CHECK (${second})${options.get('validate') === false ? ' NOT VALID' : ''}`];
    case 'remove_check_constraint': case 'validate_check_constraint': { const name = named(options) ?? (second === undefined ? undefined : checkName(table, second)); return name === undefined ? undefined : [`${alter} ${operation.startsWith('remove') ? 'DROP' : 'VALIDATE'} CONSTRAINT ${operation.startsWith('remove') ? exists(options) : ''}${quoteIdentifier(name)}`]; }
    case 'add_unique_constraint': case 'add_unique_key': return uniqueSql(alter, textsOf(positional[1]), options);
    case 'remove_unique_constraint': case 'remove_exclusion_constraint': case 'remove_unique_key': return named(options) === undefined ? undefined : [`${alter} DROP CONSTRAINT ${quoteIdentifier(named(options)!)}`];
    case 'add_timestamps': return timestampsSql(options, rails.version).map((sql) => `${alter} ADD COLUMN ${sql}`);
    case 'remove_timestamps': return ['created_at', 'updated_at'].map((name) => `${alter} DROP COLUMN ${name}`);
    default: return undefined;
  }
}

/** `index: true` of a column. */
export function columnIndex(table: string, column: string, options: Options): readonly string[] {
  const index = options.get('index');
  const sql = index === true || isMap(index) ? indexSql(table, [column], isMap(index) ? index : new Map()) : undefined;
  return sql === undefined ? [] : [sql];
}

const defaultOf = (column: string, value: Value | undefined): string => (defaultClause(value) === '' ? `${column} DROP DEFAULT` : `${column} SET${defaultClause(value)}`);

const schemaOf = (table: string): string => { const { schema } = tableNameOf(table); return schema === undefined ? '' : `${quoteIdentifier(schema)}.`; };

function foreignName(table: string, parent: string | undefined, options: Options): string | undefined {
  const column = options.has('column') ? textsOf(options.get('column'))?.join('_') : parent === undefined ? undefined : `${singularOf(tableNameOf(parent).name)}_id`;
  return named(options) ?? (column === undefined ? undefined : foreignKeyName(table, column));
}

function uniqueSql(alter: string, columns: readonly string[] | undefined, options: Options): readonly string[] | undefined {
  const add = `${alter} ADD ${named(options) === undefined ? '' : `CONSTRAINT ${quoteIdentifier(named(options)!)} `}UNIQUE`;
  const index = textOf(options.get('using_index'));
  if (index !== undefined) return [`${add} USING INDEX ${quoteIdentifier(index)}`];
  return columns && [`${add} (${columns.map(quoteIdentifier).join(', ')})`];
}

function joinTable(operation: string, tables: readonly (string | undefined)[], options: Options): readonly string[] | undefined {
  const names = tables.slice(0, 2);
  if (names.includes(undefined) || names.length < 2) return undefined;
  const name = textOf(options.get('table_name')) ?? [...(names as string[])].sort().join('\0').replace(/^(.*[._])(.+)\0\1(.+)/, '$1$2_$3').replaceAll('\0', '_');
  const given = options.get('column_options');
  const column: Options = new Map<string, Value | undefined>([['null', false], ...(isMap(given) ? given : [])]);
  return operation === 'drop_join_table' ? [`DROP TABLE ${quoteTable(name)}`]
    : [`CREATE TABLE ${quoteTable(name)} (${(names as string[]).map((one) => columnSql(`${singularOf(one)}_id`, textOf(column.get('type')) ?? 'bigint', column)).join(', ')})`];
}

const data = /^\s*(?:insert|update|delete|select|with|lock|analyze|vacuum|comment|grant|revoke|truncate|notify|set|call|perform|refresh)\b/i;

/** SQL text; rows alone are changed where it begins so, or is built by the program's own query methods. */
function executed(value: Value | undefined): readonly string[] | undefined {
  const text = textOf(value);
  return text === undefined ? undefined : data.test(text) && !/\bset\s+(?:local\s+)?lock_timeout\b/i.test(text) ? [] : [text];
}

import type { QualifiedName } from '../../catalog/changes';
import type { MigrationStep } from '../../hosts/migrationIr';
import { spanOf } from '../../hosts/python/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import { quoteIdentifier, quoteQualified } from '../../sql/names';
import { entriesOf, flagValue, isNone, namedArguments, qualified, textsValue, textValue, type NamedArguments, type Values } from './alembicValues';
import { columnSql, constraintSql, createEnumSql, defaultSql, indexKeysSql, typeSql, type ColumnSql } from '../sqlalchemy/sqlalchemyDdl';

/** Parameters of Alembic's operations, in order. `batch_op` has them without the table. */
const signatures: Readonly<Record<string, readonly string[]>> = {
  create_table: ['table_name'],
  drop_table: ['table_name'],
  rename_table: ['old_table_name', 'new_table_name'],
  add_column: ['table_name', 'column'],
  drop_column: ['table_name', 'column_name'],
  alter_column: ['table_name', 'column_name'],
  create_index: ['index_name', 'table_name', 'columns'],
  drop_index: ['index_name', 'table_name'],
  create_unique_constraint: ['constraint_name', 'table_name', 'columns'],
  create_primary_key: ['constraint_name', 'table_name', 'columns'],
  create_foreign_key: ['constraint_name', 'source_table', 'referent_table', 'local_cols', 'remote_cols'],
  create_check_constraint: ['constraint_name', 'table_name', 'condition'],
  create_exclude_constraint: ['constraint_name', 'table_name'],
  drop_constraint: ['constraint_name', 'table_name', 'type_'],
};

/** Operations that the catalog need not know of. */
const harmless = new Set(['get_bind', 'get_context', 'f', 'inline_literal', 'bulk_insert', 'create_table_comment', 'drop_table_comment', 'batch_alter_table', 'implementation_for', 'register_operation']);

export interface BatchTable {
  readonly name: string | undefined;
  readonly schema?: string;
}

/** What one call of an operation (other than `execute`) does. `batch`: the table of `batch_alter_table`. */
export function operationSteps(call: SyntaxNode, operation: string, batch: BatchTable | undefined, values: Values): readonly MigrationStep[] {
  if (harmless.has(operation)) return [];
  const span = spanOf(call);
  const signature = signatures[operation];
  if (signature === undefined) return [{ span, tables: 'any' }];
  const args = namedArguments(call, batch === undefined ? signature : signature.filter((name) => !tableParameters.has(name)), values);
  const table = tableOf(args, batch);
  if (operation === 'rename_table') return renameTable(args, span);
  if (operation === 'drop_index') return dropIndex(args, table, span);
  if (table === undefined) return [{ span, tables: 'any' }];
  const target = quoteQualified(table.schema, table.name);
  const statements = (sql: readonly string[] | undefined): readonly MigrationStep[] => (sql === undefined ? [{ span, tables: [table] }] : sql.map((text) => ({ span, sql: text })));
  switch (operation) {
    case 'create_table': return createTable(args, table, span, values);
    case 'drop_table': return statements([`DROP TABLE ${target}`]);
    case 'add_column': {
      const column = args.get('column');
      return statements(addColumn(column && columnSql(column, values), table));
    }
    case 'drop_column': {
      const column = args.text('column_name');
      return statements(column === undefined ? undefined : [`ALTER TABLE ${target} DROP COLUMN ${quoteIdentifier(column)}`]);
    }
    case 'alter_column': return statements(alterColumn(args, target, values));
    case 'create_index': return statements(createIndex(args, target, values));
    case 'drop_constraint': {
      const name = args.text('constraint_name');
      return statements(name === undefined ? undefined : [`ALTER TABLE ${target} DROP CONSTRAINT ${quoteIdentifier(name)}`]);
    }
    // What it checks matters to no catalog: one that is put together by expressions is left out.
    case 'create_check_constraint': return statements(addCheck(args, target, values) ?? []);
    default: return statements(addConstraint(operation, args, target, values));
  }
}

const tableParameters = new Set(['table_name', 'source_table']);

function tableOf(args: NamedArguments, batch: BatchTable | undefined): QualifiedName | undefined {
  if (batch !== undefined) return batch.name === undefined ? undefined : qualified(batch.name, batch.schema);
  const name = args.text('table_name') ?? args.text('source_table');
  return name === undefined ? undefined : qualified(name, args.text('schema') ?? args.text('source_schema'));
}

function renameTable(args: NamedArguments, span: MigrationStep['span']): readonly MigrationStep[] {
  const [from, to] = [args.text('old_table_name'), args.text('new_table_name')];
  if (from === undefined || to === undefined) return [{ span, tables: 'any' }];
  return [{ span, sql: `ALTER TABLE ${quoteQualified(args.text('schema'), from)} RENAME TO ${quoteIdentifier(to)}` }];
}

function dropIndex(args: NamedArguments, table: QualifiedName | undefined, span: MigrationStep['span']): readonly MigrationStep[] {
  const name = args.text('index_name');
  if (name === undefined) return [{ span, tables: table === undefined ? 'any' : [table] }];
  return [{ span, sql: `DROP INDEX ${quoteQualified(args.text('schema') ?? table?.schema, name)}` }];
}

/** One column as CREATE TABLE and ADD COLUMN write it. */
function definitionOf(column: ColumnSql, serial: boolean): string {
  const serials: Readonly<Record<string, string>> = { integer: 'serial', bigint: 'bigserial', smallint: 'smallserial' };
  const generated = column.generated === undefined ? '' : ` ${column.generated}`;
  return [
    quoteIdentifier(column.name), serial ? serials[column.type.sql] ?? column.type.sql : column.type.sql,
    column.default === undefined ? '' : `DEFAULT ${column.default}`,
  ].filter((part) => part !== '').join(' ') + generated + (column.notNull ? ' NOT NULL' : '') + (column.unique && !column.index ? ' UNIQUE' : '') + (column.references === undefined ? '' : ` ${column.references}`);
}

/** Index of `index=True`, under SQLAlchemy's own name for it. */
const columnIndex = (column: ColumnSql, table: QualifiedName): string =>
  `CREATE ${column.unique ? 'UNIQUE ' : ''}INDEX ${quoteIdentifier(['ix', ...(table.schema === undefined ? [] : [table.schema]), table.name, column.name].join('_'))} ON ${quoteQualified(table.schema, table.name)} (${quoteIdentifier(column.name)})`;

function createTable(args: NamedArguments, table: QualifiedName, span: MigrationStep['span'], values: Values): readonly MigrationStep[] {
  const columns: ColumnSql[] = [];
  const constraints: string[] = [];
  let understood = !args.all.spread;
  for (const item of args.rest) {
    const column = columnSql(item, values);
    const constraint = column === undefined ? constraintSql(item, values) : undefined;
    if (column !== undefined) columns.push(column);
    else if (constraint === undefined) understood = false;
    else if (constraint !== '') constraints.push(constraint);
  }
  const primary = columns.filter((column) => column.primary).map((column) => column.name);
  if (primary.length > 0) constraints.push(`PRIMARY KEY (${primary.map(quoteIdentifier).join(', ')})`);
  const keys = constraints.flatMap((constraint) => /PRIMARY KEY \((.*?)\)(?: INCLUDE .*)?$/.exec(constraint)?.[1] ?? []);
  const pointing = constraints.flatMap((constraint) => /FOREIGN KEY \((.*?)\) REFERENCES/.exec(constraint)?.[1]?.split(', ') ?? []);
  const isSerial = (column: ColumnSql): boolean =>
    column.serial && column.default === undefined && keys[0] === quoteIdentifier(column.name) && !pointing.includes(quoteIdentifier(column.name));
  const sql = [
    ...columns.flatMap((column) => (column.type.enum === undefined ? [] : [createEnumSql(column.type.enum)])),
    `CREATE TABLE ${flagValue(args.get('if_not_exists'), values) === true ? 'IF NOT EXISTS ' : ''}${quoteQualified(table.schema, table.name)} (${[...columns.map((column) => definitionOf(column, isSerial(column))), ...constraints].join(', ')})`,
    ...columns.filter((column) => column.index).map((column) => columnIndex(column, table)),
  ];
  return [...sql.map((text): MigrationStep => ({ span, sql: text })), ...(understood ? [] : [{ span, tables: [table] }])];
}

const addColumn = (column: ColumnSql | undefined, table: QualifiedName): readonly string[] | undefined =>
  column === undefined ? undefined : [
    `ALTER TABLE ${quoteQualified(table.schema, table.name)} ADD COLUMN ${definitionOf(column, false)}`,
    ...(column.index ? [columnIndex(column, table)] : []),
  ];

function alterColumn(args: NamedArguments, table: string, values: Values): readonly string[] | undefined {
  const name = args.text('column_name');
  if (name === undefined || args.all.spread) return undefined;
  const alter = `ALTER TABLE ${table} ALTER COLUMN ${quoteIdentifier(name)}`;
  const [nullable, type, server, renamed] = [args.get('nullable'), args.get('type_'), args.get('server_default'), args.get('new_column_name')];
  const sql: string[] = [];
  if (nullable !== undefined && !isNone(nullable)) {
    const known = flagValue(nullable, values);
    if (known === undefined) return undefined;
    sql.push(`${alter} ${known ? 'DROP' : 'SET'} NOT NULL`);
  }
  if (server !== undefined && flagValue(server, values) !== false) {
    const text = isNone(server) ? undefined : defaultSql(server, values);
    sql.push(text === undefined ? `${alter} DROP DEFAULT` : `${alter} SET DEFAULT ${text}`);
  }
  if (type !== undefined && !isNone(type)) sql.push(`${alter} TYPE ${typeSql(type, values).sql}`);
  if (renamed !== undefined && !isNone(renamed)) {
    const to = textValue(renamed, values);
    if (to === undefined) return undefined;
    sql.push(`ALTER TABLE ${table} RENAME COLUMN ${quoteIdentifier(name)} TO ${quoteIdentifier(to)}`);
  }
  return sql;
}

function createIndex(args: NamedArguments, table: string, values: Values): readonly string[] | undefined {
  const name = args.text('index_name');
  const operators = args.get('postgresql_ops');
  const keys = indexKeysSql(args.get('columns'), entriesOf(operators, values), values);
  const [include, where, using] = [args.get('postgresql_include'), args.get('postgresql_where'), args.get('postgresql_using')];
  const included = include === undefined || isNone(include) ? [] : textsValue(include, values);
  const predicate = where === undefined || isNone(where) ? '' : textValue(where, values);
  const method = using === undefined || isNone(using) ? 'btree' : textValue(using, values);
  const unnamed = isNone(args.get('index_name'));
  if ((name === undefined && !unnamed) || keys === undefined || included === undefined || predicate === undefined || method === undefined || args.all.spread) return undefined;
  if (operators !== undefined && entriesOf(operators, values) === undefined) return undefined;
  return [[
    `CREATE ${flagValue(args.get('unique'), values) === true ? 'UNIQUE ' : ''}INDEX`,
    flagValue(args.get('postgresql_concurrently'), values) === true ? 'CONCURRENTLY' : '',
    flagValue(args.get('if_not_exists'), values) === true && name !== undefined ? 'IF NOT EXISTS' : '',
    name === undefined ? '' : quoteIdentifier(name), `ON ${table} USING ${quoteIdentifier(method)} (${keys.join(', ')})`,
    included.length === 0 ? '' : `INCLUDE (${included.map(quoteIdentifier).join(', ')})`,
    flagValue(args.get('postgresql_nulls_not_distinct'), values) === true ? 'NULLS NOT DISTINCT' : '',
    predicate === '' ? '' : `WHERE ${predicate}`,
  ].filter((part) => part !== '').join(' ')];
}

function addCheck(args: NamedArguments, table: string, values: Values): readonly string[] | undefined {
  const [name, condition] = [args.text('constraint_name'), textValue(args.get('condition'), values)];
  return name === undefined || condition === undefined ? undefined : [`ALTER TABLE ${table} ADD CONSTRAINT ${quoteIdentifier(name)} CHECK (${condition})${validity(args, values)}`];
}

const validity = (args: NamedArguments, values: Values): string => (flagValue(args.get('postgresql_not_valid'), values) === true ? ' NOT VALID' : '');

function addConstraint(operation: string, args: NamedArguments, table: string, values: Values): readonly string[] | undefined {
  const written = args.get('constraint_name');
  const name = args.text('constraint_name');
  if (name === undefined && written !== undefined && !isNone(written)) return undefined;
  const named = `ALTER TABLE ${table} ADD ${name === undefined ? '' : `CONSTRAINT ${quoteIdentifier(name)} `}`;
  const list = (names: readonly string[]): string => `(${names.map(quoteIdentifier).join(', ')})`;
  if (operation === 'create_foreign_key') {
    const [referent, local, remote] = [args.text('referent_table'), textsValue(args.get('local_cols'), values), textsValue(args.get('remote_cols'), values)];
    if (referent === undefined || local === undefined || remote === undefined) return undefined;
    return [`${named}FOREIGN KEY ${list(local)} REFERENCES ${quoteQualified(args.text('referent_schema'), referent)} ${list(remote)}${validity(args, values)}`];
  }
  const columns = textsValue(args.get('columns'), values);
  if (columns === undefined) return undefined;
  if (operation === 'create_primary_key') return [`${named}PRIMARY KEY ${list(columns)}`];
  if (operation === 'create_unique_constraint') return [`${named}UNIQUE ${flagValue(args.get('postgresql_nulls_not_distinct'), values) === true ? 'NULLS NOT DISTINCT ' : ''}${list(columns)}`];
  return undefined;
}

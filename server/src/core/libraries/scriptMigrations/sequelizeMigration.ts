import type { QualifiedName } from '../../catalog/changes';
import type { Insertion, MigrationStep } from '../../hosts/migrationIr';
import type { SyntaxNode } from '../../hosts/syntax';
import { callParts, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import { quoteIdentifier, quoteQualified } from '../../sql/names';
import { createTableStep, isList, isMap, isRaw, textOf, textsOf, type Value } from '../shared/migrationValues';
import { scriptValue } from '../shared/scriptValues';
import { underscore } from '../sequelize/sequelizeNaming';
import { isHandle, sentText, type Place, type ScriptTool } from './scriptMigration';
import { columnOf, ownValue, renderWhere, type MadeColumn } from './sequelizeColumns';

/** Methods of the query interface that leave the schema as it is. */
const harmless = /^(?:bulk\w+|insert|update|upsert|delete|select|rawSelect|increment|decrement|describeTable|show\w+|tableExists|get\w+|quote\w+|escape|drop(?:Function|Trigger)|create(?:Function|Trigger)|rename(?:Function|Trigger)|startTransaction|commitTransaction|rollbackTransaction|setIsolationLevel)$/;

export const sequelizeMigrations: ScriptTool = {
  name: 'sequelize',
  marks: /\b(?:queryInterface|QueryInterface|getQueryInterface)\b|\bsequelize\b[^]*\.\s*(?:createTable|addColumn|addIndex|changeColumn|removeColumn)\s*\(/i,
  givesHandle: /\.getQueryInterface$/,
  own: ownValue,
  transactions: (_, calls) => ({ transaction: false, transacted: calls.filter(isTransacted).map(spanOf) }),
  operation(call, place) {
    const parts = callParts(call);
    const object = parts?.callee.type === 'member_expression' ? unwrap(parts.callee.childForFieldName('object')!, true) : undefined;
    const name = parts?.callee.childForFieldName('property')?.text ?? '';
    if (!parts || !object) return undefined;
    // `queryInterface.sequelize.query(…)`; umzug may hand on the Sequelize itself.
    if (name === 'query' && isHandle(object, place)) {
      const options = parts.args[1] && scriptValue(parts.args[1], place);
      const bound = isMap(options) ? options.has('replacements') : /\breplacements\b/.test(parts.args[1]?.text ?? '');
      return [sentText(call, bound ? undefined : textOf(scriptValue(parts.args[0], place)), parts.args[0]?.text ?? '')];
    }
    if (!isHandle(object, place) || /^(?:transaction|getQueryInterface)$/.test(name)) return undefined;
    return harmless.test(name) ? [] : operationSteps(call, name, parts.args, place);
  },
};

/** Is the call told which transaction it belongs to? */
const isTransacted = (call: SyntaxNode): boolean => (callParts(call)?.args ?? []).some((argument) => {
  const inner = unwrap(argument);
  return inner.type === 'object' ? inner.namedChildren.some((child) => (child.type === 'pair' ? child.childForFieldName('key')?.text : child.text) === 'transaction') : /^(?:\w*transaction\w*|txn?|trx|t)$/i.test(inner.text);
});

/** `'Users'`, `{ tableName: 'users', schema: 'app' }`. */
function tableOf(value: Value | undefined, schema?: string): QualifiedName | undefined {
  if (typeof value === 'string') return schema === undefined ? { name: value } : { schema, name: value };
  const name = isMap(value) ? textOf(value.get('tableName')) : undefined;
  const own = isMap(value) ? textOf(value.get('schema')) ?? schema : undefined;
  return name === undefined ? undefined : own === undefined ? { name } : { schema: own, name };
}

const written = (table: QualifiedName): string => quoteQualified(table.schema, table.name);
/** Where a text may have its schema before a dot. */
const dotted = (value: Value | undefined): QualifiedName | undefined => {
  const at = typeof value === 'string' ? value.lastIndexOf('.') : -1;
  return typeof value === 'string' && at > 0 ? { schema: value.slice(0, at), name: value.slice(at + 1) } : tableOf(value);
};

function operationSteps(call: SyntaxNode, name: string, args: readonly SyntaxNode[], place: Place): readonly MigrationStep[] {
  const span = spanOf(call);
  const values = args.map((argument) => scriptValue(argument, place));
  const options = values.findLast(isMap);
  const schema = name === 'createTable' ? textOf(isMap(values[2]) ? values[2].get('schema') : undefined) : undefined;
  const table = tableOf(values[0], schema);
  const unknown: readonly MigrationStep[] = [{ span, tables: table === undefined ? 'any' : [table] }];
  const one = (sql: string): readonly MigrationStep[] => [{ span, sql }];
  const second = textOf(values[1]);
  switch (name) {
    case 'createTable': return table === undefined ? unknown : createTable(call, args, table, place, values[2]);
    case 'addColumn': {
      const made = table && second !== undefined ? columnOf(second, args[2], table, place, 'add') : undefined;
      if (table === undefined || !made) return unknown;
      return [...made.before, `ALTER TABLE ${written(table)} ADD COLUMN ${made.sql}`].map((sql) => ({ span, sql }));
    }
    case 'changeColumn': {
      const made = table && second !== undefined ? columnOf(second, args[2], table, place, 'change') : undefined;
      return table === undefined || !made ? unknown : [...made.before, ...made.changes].map((sql) => ({ span, sql }));
    }
    case 'removeColumn': return table === undefined || second === undefined ? unknown : one(`ALTER TABLE ${written(table)} DROP COLUMN ${quoteIdentifier(second)}`);
    case 'renameColumn': { const to = textOf(values[2]); return table === undefined || second === undefined || to === undefined ? unknown : one(`ALTER TABLE ${written(table)} RENAME COLUMN ${quoteIdentifier(second)} TO ${quoteIdentifier(to)}`); }
    case 'renameTable': { const to = tableOf(values[1]); return table === undefined || to === undefined ? unknown : one(`ALTER TABLE ${written(table)} RENAME TO ${quoteIdentifier(to.name)}`); }
    case 'dropTable': return table === undefined ? unknown : one(`DROP TABLE IF EXISTS ${written(table)}${options?.get('cascade') === true ? ' CASCADE' : ''}`);
    case 'addIndex': return addIndex(call, args, values, place) ?? unknown;
    case 'removeIndex': {
      const fields = isList(values[1]) ? textsOf(values[1]) : undefined;
      const own = fields && typeof values[0] === 'string' ? underscore(`${values[0]}_${fields.join('_')}`) : second;
      if (own === undefined) return unknown;
      const now = isMap(values[2]) && values[2].get('concurrently') === true;
      return [{ span, sql: `DROP INDEX ${now ? 'CONCURRENTLY ' : ''}IF EXISTS ${quoted(own)}`, ...(now ? {} : alone(call, args, 2)) }];
    }
    case 'addConstraint': { const sql = constraintOf(values, args, place); return sql === undefined ? unknown : one(sql); }
    case 'removeConstraint': { const target = dotted(values[0]); return target === undefined || second === undefined ? unknown : one(`ALTER TABLE ${written(target)} DROP CONSTRAINT ${quoted(second)}`); }
    case 'createSchema': return typeof values[0] === 'string' ? one(`CREATE SCHEMA ${quoteIdentifier(values[0])}`) : [];
    case 'dropSchema': return typeof values[0] === 'string' ? one(`DROP SCHEMA IF EXISTS ${quoteIdentifier(values[0])} CASCADE`) : [{ span, tables: 'any' }];
    case 'dropEnum': return typeof values[0] === 'string' ? one(`DROP TYPE IF EXISTS ${quoteIdentifier(values[0])}`) : [];
    case 'dropAllTables': case 'dropAllSchemas': case 'sync': return [{ span, tables: 'any' }];
    default: return /^(?:create|drop|add|remove|change|rename|alter)[A-Z]/.test(name) ? unknown : [];
  }
}

const quoted = (name: string): string => (name.includes('.') ? written(dotted(name)!) : quoteIdentifier(name));

function createTable(call: SyntaxNode, args: readonly SyntaxNode[], table: QualifiedName, place: Place, options: Value | undefined): readonly MigrationStep[] {
  const span = spanOf(call);
  const attributes = args[1] && scriptValue(args[1], place);
  const node = args[1] && unwrap(args[1]);
  if (!isMap(attributes) || !node) return [{ span, tables: [table] }];
  const nodes = new Map(node.type === 'object' ? node.namedChildren.flatMap((child): [string, SyntaxNode][] => (child.type === 'pair' ? [[child.childForFieldName('key')?.text.replace(/^['"]|['"]$/g, '') ?? '', child]] : [])) : []);
  const before: MigrationStep[] = [];
  const columns: { sql: string; span: MigrationStep['span'] }[] = [];
  const keys: string[] = [];
  let understood = true;
  for (const [key, value] of attributes) {
    const at = nodes.get(key);
    const made: MadeColumn | undefined = columnOf(key, value, table, place, 'create');
    if (!made) {
      understood = false;
      continue;
    }
    const own = at ? spanOf(at) : span;
    before.push(...made.before.map((sql) => ({ span: own, sql })));
    columns.push({ sql: made.sql, span: own });
    if (made.primary) keys.push(made.name);
  }
  const unique = isMap(options) ? options.get('uniqueKeys') : undefined;
  for (const item of isMap(unique) ? unique.values() : []) {
    const fields = isMap(item) ? textsOf(item.get('fields')) : undefined;
    if (fields) columns.push({ sql: `UNIQUE (${fields.map(quoteIdentifier).join(', ')})`, span });
    else understood = false;
  }
  if (keys.length > 0) columns.push({ sql: `PRIMARY KEY (${keys.map(quoteIdentifier).join(', ')})`, span });
  return [...before, createTableStep(`CREATE TABLE IF NOT EXISTS ${written(table)}`, '', columns, span), ...(understood ? [] : [{ span, tables: [table] }])];
}

/** `addIndex(table, fields, options)`, `addIndex(table, { fields, … })`. */
function addIndex(call: SyntaxNode, args: readonly SyntaxNode[], values: readonly (Value | undefined)[], place: Place): readonly MigrationStep[] | undefined {
  const together = !isList(values[1]);
  const at = together ? 1 : 2;
  const options = values[at];
  const target = dotted(values[0]);
  const fields = together ? (isMap(options) ? options.get('fields') : undefined) : values[1];
  if (target === undefined || !isList(fields) || (args[at] !== undefined && !isMap(options))) return undefined;
  const option = (name: string): Value | undefined => (isMap(options) ? options.get(name) : undefined);
  const parts = fields.map((field) => {
    if (isRaw(field)) return field.sql;
    const name = textOf(field) ?? (isMap(field) ? textOf(field.get('attribute')) ?? textOf(field.get('name')) : undefined);
    if (name === undefined) return undefined;
    const given = (key: string): string | undefined => (isMap(field) ? textOf(field.get(key)) : undefined);
    const operator = given('operator') ?? textOf(option('operator'));
    return `${quoteIdentifier(name)}${given('collate') === undefined ? '' : ` COLLATE ${quoteIdentifier(given('collate')!)}`}${operator === undefined ? '' : ` ${operator}`}${given('order') === undefined ? '' : ` ${given('order')!}`}`;
  });
  const names = fields.map((field) => textOf(field) ?? (isMap(field) ? textOf(field.get('name')) ?? textOf(field.get('attribute')) : undefined));
  const prefix = textOf(option('prefix')) ?? (typeof values[0] === 'string' ? values[0].replaceAll('.', '_').replaceAll(/["']/g, '') : target.name);
  const own = textOf(option('name')) ?? textOf(option('indexName')) ?? (names.every((name) => name !== undefined) ? underscore(`${prefix}_${names.join('_')}`) : undefined);
  const where = option('where') === undefined && !(isMap(options) && options.has('where')) ? '' : renderWhere(whereNode(args[at]), place);
  if (own === undefined || where === undefined || parts.includes(undefined)) return undefined;
  const type = textOf(option('type'))?.toUpperCase() ?? textOf(option('indicesType'))?.toUpperCase();
  const unique = option('unique') === true || type === 'UNIQUE';
  const method = textOf(option('using')) ?? textOf(option('indexType'));
  const now = option('concurrently') === true;
  const sql = `CREATE ${unique ? 'UNIQUE ' : ''}INDEX ${now ? 'CONCURRENTLY ' : ''}${quoted(own)} ON ${written(target)}${method === undefined ? '' : ` USING ${method}`} (${parts.join(', ')})${where === '' ? '' : ` WHERE ${where}`}`;
  return [{ span: spanOf(call), sql, ...(now ? {} : alone(call, args, at)) }];
}

const whereNode = (options: SyntaxNode | undefined): SyntaxNode | undefined => options && unwrap(options).namedChildren.find((child) => child.type === 'pair' && child.childForFieldName('key')?.text === 'where')?.childForFieldName('value') || undefined;

/** How the call is made CONCURRENTLY, where it runs outside of every transaction. */
function alone(call: SyntaxNode, args: readonly SyntaxNode[], at: number): Pick<MigrationStep, 'concurrently'> {
  const concurrently = isTransacted(call) ? undefined : withOption(args, at);
  return concurrently ? { concurrently } : {};
}

/** `concurrently: true`, put into the options of a call. undefined where they are not written in it. */
function withOption(args: readonly SyntaxNode[], at: number): readonly Insertion[] | undefined {
  const node = args[at] && unwrap(args[at]);
  if (node?.type === 'object') return [{ at: node.startIndex + 1, text: node.namedChildren.length === 0 ? ' concurrently: true ' : ' concurrently: true,' }];
  const last = args[at - 1];
  return node === undefined && last && args.length === at ? [{ at: last.endIndex, text: ', { concurrently: true }' }] : undefined;
}

/** `addConstraint(table, { fields, type, … })`; before version 6 the fields stood apart. */
function constraintOf(values: readonly (Value | undefined)[], args: readonly SyntaxNode[], place: Place): string | undefined {
  const at = isList(values[1]) ? 2 : 1;
  const options = values[at];
  const table = dotted(values[0]);
  if (!isMap(options) || table === undefined) return undefined;
  const fields = textsOf(at === 2 ? values[1] : options.get('fields'));
  const type = textOf(options.get('type'))?.toUpperCase();
  const references = options.get('references');
  const parent = isMap(references) ? tableOf(references.get('table')) : undefined;
  const keys = isMap(references) ? textsOf(references.get('field') ?? references.get('fields')) : undefined;
  const suffix = { UNIQUE: 'uk', CHECK: 'ck', 'PRIMARY KEY': 'pk', 'FOREIGN KEY': `${parent?.name ?? ''}_fk` }[type ?? ''];
  if (!fields || suffix === undefined) return undefined;
  const name = quoteIdentifier(textOf(options.get('name')) ?? `${table.schema === undefined ? '' : `${table.schema}.`}${table.name}_${fields.join('_')}_${suffix}`);
  const head = `ALTER TABLE ${written(table)} ADD CONSTRAINT ${name} ${type!}`;
  const list = fields.map(quoteIdentifier).join(', ');
  const deferrable = options.has('deferrable') ? ' DEFERRABLE' : '';
  if (type === 'CHECK') { const where = renderWhere(whereNode(args[at]), place); return where === undefined ? undefined : `${head} (${where})`; }
  if (type !== 'FOREIGN KEY') return `${head} (${list})${deferrable}`;
  if (parent === undefined || !keys) return undefined;
  const action = (key: string, words: string): string => { const value = textOf(options.get(key)); return value === undefined ? '' : ` ${words} ${value.toUpperCase()}`; };
  return `${head} (${list}) REFERENCES ${written(parent)} (${keys.map(quoteIdentifier).join(', ')})${action('onUpdate', 'ON UPDATE')}${action('onDelete', 'ON DELETE')}${deferrable}`;
}

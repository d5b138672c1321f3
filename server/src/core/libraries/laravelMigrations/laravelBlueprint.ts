import type { CallForm } from '../../hosts/common/forms';
import type { Source } from '../../hosts/common/source';
import { parts, spanOf } from '../../hosts/common/syntaxTools';
import type { Insertion, MigrationStep } from '../../hosts/migrationIr';
import type { SyntaxNode } from '../../hosts/syntax';
import { quoteIdentifier, quoteLiteral } from '../../sql/names';
import { escapeRegExp } from '../../text/regExp';
import { hostSpan, type HostSpan } from '../../text/span';
import { pluralize, snakeCase } from '../shared/modelChains';
import { createTableStep, defaultClause, isList, quoteTable, tableNameOf, textOf, textsOf, valueOf, type Evaluation, type Value } from '../shared/migrationValues';

/** The migration that a blueprint stands in. */
export interface Laravel {
  readonly source: Source;
  /** Where `$withinTransaction = false` would have to be written; undefined: it is there. */
  readonly disable?: Insertion;
}

export interface Blueprint {
  readonly node: SyntaxNode;
  readonly table: string;
  readonly creates: boolean;
  /** Name of the closure's parameter. */
  readonly object: string;
  readonly body: SyntaxNode;
  readonly names: ReadonlyMap<string, Value | undefined>;
}

interface Link {
  readonly name: string;
  readonly values: readonly (Value | undefined)[];
  readonly texts: readonly string[];
}

/** What one line of a blueprint does. */
interface Made {
  /** As CREATE TABLE and ADD COLUMN write them. */
  readonly columns?: readonly string[];
  readonly after?: readonly string[];
  readonly edits?: Pick<MigrationStep, 'concurrently' | 'notValid'>;
}

/** `Schema::create` and `Schema::table` as the statements that Laravel sends to Postgres, each with the line that it comes from. */
export function blueprintSteps(blueprint: Blueprint, laravel: Laravel): readonly MigrationStep[] {
  const { node, table, creates, object, body } = blueprint;
  const { source } = laravel;
  const head = hostSpan(node.startIndex, Math.max(node.startIndex + 1, source.callForm(node)?.args[0]?.node.endIndex ?? node.endIndex));
  const place: Evaluation = { source, names: blueprint.names };
  const columns: { sql: string; span: HostSpan }[] = [];
  const steps: MigrationStep[] = [];
  let understood = true;
  const read = (call: SyntaxNode, names: Evaluation['names']): void => {
    const chain = chainOf(call, object, { source, names });
    const made = chain && line(chain, table, call, laravel);
    if (!made) {
      understood = false;
      return;
    }
    const span = spanOf(call);
    if (creates) columns.push(...(made.columns ?? []).map((sql) => ({ sql, span })));
    else steps.push(...(made.columns ?? []).map((sql) => ({ span, sql: `ALTER TABLE ${quoteTable(table)} ADD COLUMN ${sql}` })));
    steps.push(...(made.after ?? []).map((sql) => ({ span, sql, ...(creates ? {} : made.edits) })));
  };
  const mentions = new RegExp(`\\$${escapeRegExp(object)}(?!\\w)`);
  const visit = (statement: SyntaxNode, names: Evaluation['names']): void => {
    const inner = statement.type === 'expression_statement' ? parts(statement)[0] : statement;
    if (!inner || !mentions.test(statement.text)) return;
    const call = source.callForm(inner);
    if (call && rootOf(inner, source)?.text === `$${object}`) return read(inner, names);
    const loop = source.loopForm(inner);
    const items = loop?.iterable && valueOf(loop.iterable, { source, names });
    if (loop && isList(items) && loop.elements.length === 1) {
      for (const item of items) for (const child of parts(loop.body)) visit(child, new Map([...names, [loop.elements[0]!, item]]));
      return;
    }
    understood = false;
  };
  if (body.type === 'compound_statement') for (const statement of parts(body)) visit(statement, place.names);
  else visit(body, place.names);
  const make: MigrationStep[] = creates ? [createTableStep(`CREATE TABLE ${quoteTable(table)}`, '', columns, head)] : [];
  return [...make, ...steps, ...(understood ? [] : [{ span: head, tables: [tableNameOf(table)] }])];
}

function rootOf(node: SyntaxNode, source: Source): SyntaxNode | undefined {
  let current: SyntaxNode | undefined = node;
  for (let form = source.callForm(node); form; form = current && source.callForm(current)) current = form.receiver;
  return current;
}

function chainOf(node: SyntaxNode, object: string, place: Evaluation): readonly Link[] | undefined {
  const links: Link[] = [];
  for (let form: CallForm | undefined = place.source.callForm(node); form; form = form.receiver && place.source.callForm(form.receiver)) {
    links.unshift({ name: form.name.text, values: form.args.map((argument) => valueOf(argument.node, place)), texts: form.args.map((argument) => argument.node.text) });
    if (form.receiver?.text === `$${object}`) return links;
  }
  return undefined;
}

const indexName = (table: string, columns: readonly string[], type: string): string => `${table}_${columns.join('_')}_${type}`.toLowerCase().replaceAll(/[-.]/g, '_');
const list = (names: readonly string[]): string => names.map(quoteIdentifier).join(', ');

/** Methods that make one column of a type; `number` takes the first number given. */
function typeOf(method: string, values: readonly (Value | undefined)[]): string | undefined {
  const number = (at: number): number | undefined => { const value = values[at]; return typeof value === 'number' ? value : undefined; };
  const plain = method.replace(/^unsigned(?=[A-Z])/, '').replace(/^[A-Z]/, (letter) => letter.toLowerCase());
  switch (plain) {
    case 'id': case 'bigIncrements': return 'bigserial';
    case 'increments': case 'integerIncrements': case 'mediumIncrements': return 'serial';
    case 'smallIncrements': case 'tinyIncrements': return 'smallserial';
    case 'string': return `varchar(${number(1) ?? 255})`;
    case 'char': return `char(${number(1) ?? 255})`;
    case 'text': case 'mediumText': case 'longText': return 'text';
    case 'tinyText': case 'enum': case 'set': return 'varchar(255)';
    case 'integer': case 'mediumInteger': case 'year': return 'integer';
    case 'bigInteger': case 'foreignId': case 'foreignIdFor': return 'bigint';
    case 'smallInteger': case 'tinyInteger': return 'smallint';
    case 'float': case 'double': return 'double precision';
    case 'decimal': return `decimal(${number(1) ?? 8}, ${number(2) ?? 2})`;
    case 'boolean': case 'json': case 'jsonb': case 'date': return plain;
    case 'binary': return 'bytea';
    case 'uuid': case 'foreignUuid': return 'uuid';
    case 'ulid': case 'foreignUlid': return `char(${number(1) ?? 26})`;
    case 'dateTime': case 'datetime': case 'timestamp': case 'softDeletes': case 'softDeletesDatetime': return `timestamp(${number(1) ?? 0}) without time zone`;
    case 'dateTimeTz': case 'timestampTz': case 'softDeletesTz': return `timestamp(${number(1) ?? 0}) with time zone`;
    case 'time': return `time(${number(1) ?? 0}) without time zone`;
    case 'timeTz': return `time(${number(1) ?? 0}) with time zone`;
    case 'ipAddress': return 'inet';
    case 'macAddress': return 'macaddr';
    case 'rememberToken': return 'varchar(100)';
    case 'geometry': case 'geography': case 'point': case 'lineString': case 'polygon': return plain === 'geography' ? 'geography' : 'geometry';
    case 'vector': return number(1) === undefined ? 'vector' : `vector(${number(1)!})`;
    case 'rawColumn': return textOf(values[1]);
    default: return undefined;
  }
}

const defaultNames: Readonly<Record<string, string>> = { id: 'id', softDeletes: 'deleted_at', softDeletesTz: 'deleted_at', softDeletesDatetime: 'deleted_at', rememberToken: 'remember_token', uuid: 'uuid', ulid: 'ulid', ipAddress: 'ip_address', macAddress: 'mac_address' };
function line(chain: readonly Link[], table: string, call: SyntaxNode, laravel: Laravel): Made | undefined {
  const [first, ...rest] = chain;
  if (!first) return undefined;
  const { name, values } = first;
  const alter = `ALTER TABLE ${quoteTable(table)}`;
  const columns = textsOf(values[0]);
  const drop = (texts: readonly string[] | undefined): Made | undefined => texts && { after: texts.map((text) => `${alter} ${text}`) };
  const nullable = name.startsWith('nullable');
  switch (name) {
    case 'timestamps': case 'nullableTimestamps': case 'timestampsTz': case 'datetimes': return { columns: ['created_at', 'updated_at'].map((column) => `${column} timestamp(0) ${name === 'timestampsTz' ? 'with' : 'without'} time zone`) };
    case 'morphs': case 'nullableMorphs': case 'numericMorphs': case 'nullableNumericMorphs': case 'uuidMorphs': case 'nullableUuidMorphs': case 'ulidMorphs': case 'nullableUlidMorphs': {
      const base = textOf(values[0]);
      const required = nullable ? '' : ' NOT NULL';
      const key = /uuid/i.test(name) ? 'uuid' : /ulid/i.test(name) ? 'char(26)' : 'bigint';
      return base === undefined ? undefined : { columns: [`${quoteIdentifier(`${base}_type`)} varchar(255)${required}`, `${quoteIdentifier(`${base}_id`)} ${key}${required}`], after: [indexStatement(table, 'index', [`${base}_type`, `${base}_id`], textOf(values[1]))] };
    }
    case 'primary': case 'index': case 'unique': case 'fullText': case 'fulltext': case 'spatialIndex':
      return columns && { after: [name === 'unique' && rest.some((link) => link.name === 'online') ? indexStatement(table, 'unique', columns, textOf(values[1]), 'online') : keyStatement(table, name, columns, textOf(values[1]), textOf(values[2]), rest)], ...(name === 'index' && !rest.some((link) => link.name === 'online') ? { edits: { concurrently: [...(laravel.disable ? [laravel.disable] : []), { at: call.endIndex, text: '->online()' }] } } : {}) };
    case 'rawIndex': { const [expression, own] = [textOf(values[0]), textOf(values[1])]; return expression === undefined || own === undefined ? undefined : { after: [`CREATE INDEX ${quoteIdentifier(own)} ON ${quoteTable(table)} (${expression})`] }; }
    case 'foreign': return columns && foreign(table, columns, textOf(values[1]), rest, call);
    case 'dropColumn': case 'removeColumn': { const names = isList(values[0]) ? columns : values.map(textOf); return names === undefined || names.some((one) => one === undefined) ? undefined : { after: [`${alter} ${(names as string[]).map((column) => `DROP COLUMN ${quoteIdentifier(column)}`).join(', ')}`] }; }
    case 'renameColumn': return textOf(values[0]) === undefined || textOf(values[1]) === undefined ? undefined : { after: [`${alter} RENAME COLUMN ${quoteIdentifier(textOf(values[0])!)} TO ${quoteIdentifier(textOf(values[1])!)}`] };
    case 'dropTimestamps': case 'dropTimestampsTz': return drop(['DROP COLUMN created_at, DROP COLUMN updated_at']);
    case 'dropSoftDeletes': case 'dropSoftDeletesTz': return drop([`DROP COLUMN ${quoteIdentifier(textOf(values[0]) ?? 'deleted_at')}`]);
    case 'dropRememberToken': return drop(['DROP COLUMN remember_token']);
    case 'dropMorphs': { const base = textOf(values[0]); return base === undefined ? undefined : { after: [`DROP INDEX IF EXISTS ${quoteIdentifier(indexName(table, [`${base}_type`, `${base}_id`], 'index'))}`, `${alter} DROP COLUMN ${quoteIdentifier(`${base}_type`)}, DROP COLUMN ${quoteIdentifier(`${base}_id`)}`] }; }
    case 'dropIndex': case 'dropFullText': case 'dropSpatialIndex': { const own = dropped(table, values[0], name === 'dropIndex' ? 'index' : name === 'dropFullText' ? 'fulltext' : 'spatialindex'); return own === undefined ? undefined : { after: [`DROP INDEX ${quoteIdentifier(own)}`] }; }
    case 'dropUnique': case 'dropForeign': { const own = dropped(table, values[0], name === 'dropUnique' ? 'unique' : 'foreign'); return own === undefined ? undefined : drop([`DROP CONSTRAINT ${quoteIdentifier(own)}`]); }
    case 'dropPrimary': return drop([`DROP CONSTRAINT ${quoteIdentifier(`${tableNameOf(table).name}_pkey`)}`]);
    case 'dropConstrainedForeignId': { const column = textOf(values[0]); return column === undefined ? undefined : drop([`DROP CONSTRAINT ${quoteIdentifier(indexName(table, [column], 'foreign'))}`, `DROP COLUMN ${quoteIdentifier(column)}`]); }
    case 'renameIndex': return textOf(values[0]) === undefined || textOf(values[1]) === undefined ? undefined : { after: [`ALTER INDEX ${quoteIdentifier(textOf(values[0])!)} RENAME TO ${quoteIdentifier(textOf(values[1])!)}`] };
    case 'rename': return textOf(values[0]) === undefined ? undefined : drop([`RENAME TO ${quoteIdentifier(textOf(values[0])!)}`]);
    case 'drop': case 'dropIfExists': return { after: [`DROP TABLE ${name === 'drop' ? '' : 'IF EXISTS '}${quoteTable(table)}`] };
    case 'comment': case 'engine': case 'charset': case 'collation': case 'temporary': case 'after': case 'index_length': return {};
    default: return column(chain, table, call);
  }
}

const dropped = (table: string, value: Value | undefined, type: string): string | undefined => {
  const columns = isList(value) ? textsOf(value) : undefined;
  return columns ? indexName(table, columns, type) : textOf(value);
};

const indexStatement = (table: string, type: 'index' | 'unique', columns: readonly string[], name: string | undefined, online?: 'online'): string =>
  `CREATE ${type === 'unique' ? 'UNIQUE ' : ''}INDEX ${online ? 'CONCURRENTLY ' : ''}${quoteIdentifier(name ?? indexName(table, columns, type))} ON ${quoteTable(table)} (${list(columns)})`;

function keyStatement(table: string, type: string, columns: readonly string[], name: string | undefined, method: string | undefined, rest: readonly Link[]): string {
  const own = quoteIdentifier(name ?? indexName(table, columns, type.toLowerCase()));
  const online = rest.some((link) => link.name === 'online') ? 'CONCURRENTLY ' : '';
  if (type === 'primary') return `ALTER TABLE ${quoteTable(table)} ADD PRIMARY KEY (${list(columns)})`;
  if (type === 'unique') return `ALTER TABLE ${quoteTable(table)} ADD CONSTRAINT ${own} UNIQUE (${list(columns)})`;
  if (type === 'fullText' || type === 'fulltext') return `CREATE INDEX ${online}${own} ON ${quoteTable(table)} USING gin ((${columns.map((column) => `to_tsvector('english', ${quoteIdentifier(column)})`).join(' || ')}))`;
  return `CREATE INDEX ${online}${own} ON ${quoteTable(table)}${type === 'spatialIndex' ? ' USING gist' : method === undefined ? '' : ` USING ${method}`} (${list(columns)})`;
}

const actions: Readonly<Record<string, string>> = { cascadeOnDelete: ' ON DELETE CASCADE', nullOnDelete: ' ON DELETE SET NULL', restrictOnDelete: ' ON DELETE RESTRICT', noActionOnDelete: ' ON DELETE NO ACTION', cascadeOnUpdate: ' ON UPDATE CASCADE' };

function foreign(table: string, columns: readonly string[], name: string | undefined, rest: readonly Link[], call: SyntaxNode, constrained?: string): Made | undefined {
  const given = (link: string): Value | undefined => rest.find((one) => one.name === link)?.values[0];
  const parent = textOf(given('on')) ?? constrained;
  const key = textsOf(given('references')) ?? (constrained === undefined ? undefined : ['id']);
  if (parent === undefined || key === undefined) return undefined;
  const action = rest.map((link) => (link.name === 'onDelete' || link.name === 'onUpdate' ? ` ON ${link.name.slice(2).toUpperCase()} ${(textOf(link.values[0]) ?? 'no action').toUpperCase()}` : actions[link.name] ?? '')).join('');
  const notValid = rest.some((link) => link.name === 'notValid');
  const own = name ?? indexName(table, columns, 'foreign');
  return { after: [`ALTER TABLE ${quoteTable(table)} ADD CONSTRAINT ${quoteIdentifier(own)} FOREIGN KEY (${list(columns)}) REFERENCES ${quoteTable(parent)} (${list(key)})${action}${notValid ? ' NOT VALID' : ''}`], ...(notValid ? {} : { edits: { notValid: { edits: [{ at: call.endIndex, text: '->notValid()' }], name: own } } }) };
}

/** A line that makes a column, or changes one. undefined: not understood. */
function column(chain: readonly Link[], table: string, call: SyntaxNode): Made | undefined {
  const [first, ...rest] = chain as [Link, ...Link[]];
  const type = typeOf(first.name, first.values);
  const model = first.name === 'foreignIdFor' ? /(\w+)::class/.exec(first.texts[0] ?? '')?.[1] : undefined;
  const name = first.name === 'foreignIdFor' ? textOf(first.values[1]) ?? (model === undefined ? undefined : `${snakeCase(model)}_id`) : first.values.length === 0 ? defaultNames[first.name] : textOf(first.values[0]);
  // A modifier that Laravel does not know is kept and means nothing.
  if (type === undefined || name === undefined) return undefined;
  const link = (wanted: string): Link | undefined => rest.find((one) => one.name === wanted);
  const flag = (wanted: string): boolean => { const found = link(wanted); return found !== undefined && found.values[0] !== false; };
  const serial = /serial$/.test(type);
  const nullable = flag('nullable') || /^(?:softDeletes\w*|rememberToken)$/.test(first.name);
  const numbered = flag('autoIncrement') ? (type === 'bigint' ? 'bigserial' : type === 'smallint' ? 'smallserial' : 'serial') : type;
  const quoted = quoteIdentifier(name);
  if (link('change')) return changed(table, quoted, type, rest, nullable);
  const allowed = first.name === 'enum' ? textsOf(first.values[1]) : undefined;
  const stored = textOf(link('storedAs')?.values[0]);
  const ddl = [
    quoted, ' ', numbered, allowed ? ` CHECK (${quoted} IN (${allowed.map(quoteLiteral).join(', ')}))` : '', stored === undefined ? '' : ` GENERATED ALWAYS AS (${stored}) STORED`,
    link('useCurrent') ? ' DEFAULT CURRENT_TIMESTAMP' : defaultClause(link('default')?.values[0]), serial || flag('autoIncrement') ? ' PRIMARY KEY' : link('primary') ? ' PRIMARY KEY' : nullable || link('virtualAs') ? '' : ' NOT NULL',
  ].join('');
  const after: string[] = [];
  let edits: Made['edits'];
  const unique = link('unique');
  const index = link('index');
  if (unique && unique.values[0] !== false) after.push(keyStatement(table, 'unique', [name], textOf(unique.values[0]), undefined, []));
  if (index && index.values[0] !== false) after.push(keyStatement(table, 'index', [name], textOf(index.values[0]), undefined, []));
  const constrained = link('constrained');
  if (constrained || (link('references') && link('on'))) {
    const parent = constrained ? textOf(constrained.values[0]) ?? (constrained.values.length === 0 || constrained.values[0] === null ? pluralize(model === undefined ? name.replace(/_id$/, '') : snakeCase(model)) : undefined) : undefined;
    const made = foreign(table, [name], constrained ? textOf(constrained.values[2]) : undefined, rest, call, parent);
    if (!made) return undefined;
    after.push(...(made.after ?? []));
    ({ edits } = made);
  }
  return { columns: [ddl], after, ...(edits ? { edits } : {}) };
}

/** `->change()`: its type; nullability and default where the line says them, since versions differ in what they do without a word. */
function changed(table: string, quoted: string, type: string, rest: readonly Link[], nullable: boolean): Made {
  const alter = `ALTER TABLE ${quoteTable(table)} ALTER COLUMN ${quoted}`;
  const value = rest.find((link) => link.name === 'default');
  const strict = rest.some((link) => link.name === 'nullable' && link.values[0] === false);
  return { after: [`${alter} TYPE ${type}`, ...(nullable ? [`${alter} DROP NOT NULL`] : strict ? [`${alter} SET NOT NULL`] : []), ...(value ? [defaultClause(value.values[0]) === '' ? `${alter} DROP DEFAULT` : `${alter} SET${defaultClause(value.values[0])}`] : [])] };
}

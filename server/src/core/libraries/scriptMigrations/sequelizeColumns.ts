import type { QualifiedName } from '../../catalog/changes';
import type { SyntaxNode } from '../../hosts/syntax';
import { callParts, unwrap } from '../../hosts/typescript/syntaxTools';
import { quoteIdentifier, quoteLiteral, quoteQualified, renderConstant } from '../../sql/names';
import { isList, isMap, isRaw, textOf, textsOf, type Value } from '../shared/migrationValues';
import { scriptValue, type ScriptPlace } from '../shared/scriptValues';
import type { Place } from './scriptMigration';

/** What Sequelize writes for one attribute. */
export interface MadeColumn {
  readonly name: string;
  readonly sql: string;
  readonly primary: boolean;
  /** Statements before: its enum's type. */
  readonly before: readonly string[];
  /** Statements of `changeColumn`. */
  readonly changes: readonly string[];
}

const types: Readonly<Record<string, string>> = {
  TEXT: 'text', CITEXT: 'citext', INTEGER: 'integer', BIGINT: 'bigint', SMALLINT: 'smallint', FLOAT: 'float', DOUBLE: 'double precision', REAL: 'real', BOOLEAN: 'boolean', DATE: 'timestamp with time zone', DATEONLY: 'date', TIME: 'time', UUID: 'uuid',
  JSON: 'json', JSONB: 'jsonb', BLOB: 'bytea', INET: 'inet', CIDR: 'cidr', MACADDR: 'macaddr', TSVECTOR: 'tsvector', HSTORE: 'hstore',
};
const ranges: Readonly<Record<string, string>> = { INTEGER: 'int4range', BIGINT: 'int8range', DECIMAL: 'numrange', DATEONLY: 'daterange', DATE: 'tstzrange' };

/**
 * `DataTypes.STRING(64)` as a record with its type; `literal('now()')` and `fn('now')` as SQL; what the program itself fills in
 * (`Sequelize.NOW`, `UUIDV4`) as a record without a type.
 */
export function ownValue(node: SyntaxNode, place: ScriptPlace): Value | undefined {
  const call = node.type === 'call_expression' || node.type === 'new_expression' ? callParts(node) : undefined;
  const path = (call?.callee ?? node).text.replaceAll(/\s/g, '').split('.');
  if (node.type !== 'member_expression' && !call && node.type !== 'identifier') return undefined;
  const at = path.findIndex((part) => /^[A-Z][A-Z0-9]+$/.test(part));
  const name = path[at];
  if (name !== undefined && (at > 0 ? /(?:^|\.)(?:Sequelize|sequelize|DataTypes?|Types)$/.test(path.slice(0, at).join('.')) : place.scopes.find(name, node)?.path.at(-1) === name || place.scopes.find(name, node)?.import?.imported === name)) {
    return typeValue(name, path.slice(at + 1), (call?.args ?? []).map((argument) => scriptValue(argument, place)));
  }
  if (!call) return undefined;
  const method = path.at(-1);
  const values = call.args.map((argument) => scriptValue(argument, place));
  if (method === 'literal') return typeof values[0] === 'string' ? { sql: values[0] } : undefined;
  if (method === 'col') return typeof values[0] === 'string' ? { sql: quoteIdentifier(values[0]) } : undefined;
  if (method === 'fn' && typeof values[0] === 'string') {
    const given = values.slice(1).map((value) => (isRaw(value) ? value.sql : typeof value === 'string' || typeof value === 'number' ? renderConstant(value) : undefined));
    return given.includes(undefined) ? undefined : { sql: `${values[0]}(${given.join(', ')})` };
  }
  return undefined;
}

function typeValue(name: string, modifiers: readonly string[], args: readonly (Value | undefined)[]): Value | undefined {
  const [first, second] = args;
  const type = (sql: string): Value => new Map([['sqlType', sql]]);
  if (/^(?:NOW|UUIDV[14])$/.test(name)) return new Map([['filledIn', true]]);
  if (modifiers.includes('BINARY')) return type('bytea');
  switch (name) {
    case 'STRING': case 'CHAR': return type(`${name === 'STRING' ? 'varchar' : 'char'}(${typeof first === 'number' ? first : isMap(first) && typeof first.get('length') === 'number' ? String(first.get('length')) : 255})`);
    case 'DECIMAL': case 'NUMERIC': case 'NUMBER': return type(typeof first === 'number' ? `decimal(${[first, second].filter((one) => typeof one === 'number' && one !== 0).join(', ')})` : 'decimal');
    case 'FLOAT': return type(typeof first === 'number' && typeof second !== 'number' ? `float(${first})` : 'float');
    case 'ENUM': { const values = isList(first) ? textsOf(first) : isMap(first) ? textsOf(first.get('values')) : args.length > 0 && args.every((one) => typeof one === 'string') ? (args as readonly string[]) : undefined; return values || args.length === 0 ? new Map<string, Value | undefined>([['sqlType', 'ENUM'], ['values', values]]) : undefined; }
    case 'ARRAY': { const inner = isMap(first) ? textOf(first.get('sqlType')) : undefined; return inner === undefined || inner === 'ENUM' ? undefined : type(`${inner}[]`); }
    case 'RANGE': { const inner = isMap(first) ? textOf(first.get('sqlType')) : 'integer'; const found = Object.entries(ranges).find(([key]) => types[key] === inner || (key === 'DECIMAL' && inner?.startsWith('decimal')))?.[1]; return found === undefined ? undefined : type(found); }
    case 'GEOMETRY': case 'GEOGRAPHY': return type(`${name.toLowerCase()}${typeof first === 'string' ? `(${first}${typeof second === 'number' ? `,${second}` : ''})` : ''}`);
    default: { const plain = types[name]; return plain === undefined ? undefined : type(plain); }
  }
}

/** @param attribute its node or its value. undefined: not understood. */
export function columnOf(key: string, attribute: SyntaxNode | Value | undefined, table: QualifiedName, place: Place, way: 'create' | 'add' | 'change'): MadeColumn | undefined {
  const value = attribute !== null && typeof attribute === 'object' && 'startIndex' in attribute ? scriptValue(attribute, place) : attribute;
  const options = isMap(value) && !value.has('sqlType') ? value : new Map<string, Value | undefined>([['type', value]]);
  const given = options.get('type');
  const type = isMap(given) ? textOf(given.get('sqlType')) : textOf(given);
  if (type === undefined) return undefined;
  const name = textOf(options.get('field')) ?? key;
  const quoted = quoteIdentifier(name);
  const primary = options.get('primaryKey') === true;
  const before: string[] = [];
  let written = type;
  if (type === 'ENUM') {
    const values = textsOf(options.get('values')) ?? (isMap(given) ? textsOf(given.get('values')) : undefined);
    if (!values) return undefined;
    written = quoteQualified(table.schema, `enum_${table.name}_${name}`);
    before.push(`CREATE TYPE ${written} AS ENUM (${values.map(quoteLiteral).join(', ')})`);
  }
  const counts = options.get('autoIncrement') === true;
  const identity = counts && options.get('autoIncrementIdentity') === true;
  if (counts && !identity) written = /^bigint/.test(type) ? 'bigserial' : /^smallint/.test(type) ? 'smallserial' : 'serial';
  const required = options.has('allowNull') && options.get('allowNull') === false && !(counts && !identity);
  const byDefault = options.has('defaultValue') ? defaultOf(options.get('defaultValue'), type) : undefined;
  const reference = referenceOf(options, table);
  if (reference === undefined) return undefined;
  const unique = options.get('unique') === true;
  const column = `${quoted} ${written}${required ? ' NOT NULL' : ''}${identity ? ' GENERATED BY DEFAULT AS IDENTITY' : ''}${byDefault === undefined ? '' : ` DEFAULT ${byDefault}`}${unique ? ' UNIQUE' : ''}${reference}`;
  return { name, sql: column, primary: primary && way !== 'add', before, changes: changed(table, quoted, { written, required, byDefault, unique, reference, isEnum: type === 'ENUM' }) };
}

/** `changeColumn` says what the column is, so that what is left out is taken away; with a reference its type stays. */
function changed(table: QualifiedName, quoted: string, { written, required, byDefault, unique, reference, isEnum }: { readonly written: string; readonly required: boolean; readonly byDefault: string | undefined; readonly unique: boolean; readonly reference: string; readonly isEnum: boolean }): readonly string[] {
  const alter = `ALTER TABLE ${quoteQualified(table.schema, table.name)}`;
  const column = `${alter} ALTER COLUMN ${quoted}`;
  return [
    ...(required ? [`${column} SET NOT NULL`] : reference === '' ? [`${column} DROP NOT NULL`] : []),
    ...(byDefault !== undefined ? [`${column} SET DEFAULT ${byDefault}`] : reference === '' ? [`${column} DROP DEFAULT`] : []),
    ...(unique && reference === '' ? [`${alter} ADD UNIQUE (${quoted})`] : []),
    reference === '' ? `${column} TYPE ${written}${isEnum ? ` USING (${quoted}::${written})` : ''}` : `${alter} ADD FOREIGN KEY (${quoted})${reference}`,
  ];
}

/** '' where it refers to nothing; undefined where what it refers to is not known. */
function referenceOf(options: ReadonlyMap<string, Value | undefined>, table: QualifiedName): string | undefined {
  if (!options.has('references')) return '';
  const references = options.get('references');
  const model = isMap(references) ? references.get('model') ?? references.get('table') : undefined;
  const name = textOf(model) ?? (isMap(model) ? textOf(model.get('tableName')) : undefined);
  if (!isMap(references) || name === undefined) return undefined;
  const schema = isMap(model) ? textOf(model.get('schema')) : table.schema;
  const action = (key: string, words: string): string => { const value = textOf(options.get(key)); return value === undefined ? '' : ` ${words} ${value.toUpperCase()}`; };
  return ` REFERENCES ${quoteQualified(schema, name)} (${quoteIdentifier(textOf(references.get('key')) ?? 'id')})${action('onDelete', 'ON DELETE')}${action('onUpdate', 'ON UPDATE')}${references.has('deferrable') ? ' DEFERRABLE' : ''}`;
}

/** undefined: none, or one that is not known. */
function defaultOf(value: Value | undefined, type: string): string | undefined {
  if (value === undefined || (isMap(value) && value.has('filledIn'))) return undefined;
  if (value === null) return 'NULL';
  if (isRaw(value)) return value.sql;
  if (isList(value) && type.endsWith('[]')) { const items = value.map((item) => (typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean' ? renderConstant(item) : undefined)); return items.includes(undefined) ? undefined : `ARRAY[${items.join(',')}]::${type}`; }
  if (isMap(value) || isList(value)) return isMap(value) && value.size > 0 || isList(value) && value.length > 0 ? undefined : isMap(value) ? "'{}'" : "'[]'";
  return renderConstant(value);
}

const operators: Readonly<Record<string, string>> = { ne: '<>', eq: '=', gt: '>', gte: '>=', lt: '<', lte: '<=', not: 'IS NOT', is: 'IS', like: 'LIKE', in: 'IN', notIn: 'NOT IN' };

/** The condition of an index or CHECK; undefined where it is not understood. */
export function renderWhere(node: SyntaxNode | undefined, place: Place): string | undefined {
  const object = node && unwrap(node);
  if (object?.type !== 'object') { const value = object && scriptValue(object, place); return isRaw(value) ? value.sql : undefined; }
  const parts = object.namedChildren.filter((child) => child.type !== 'comment').map((pair) => {
    const key = pair.childForFieldName('key');
    const value = pair.childForFieldName('value');
    if (!key || !value || key.type === 'computed_property_name') return undefined;
    return comparison(quoteIdentifier(key.text.replace(/^['"]|['"]$/g, '')), value, place);
  });
  return parts.length === 0 || parts.includes(undefined) ? undefined : parts.length === 1 ? parts[0] : `(${parts.join(' AND ')})`;
}

function comparison(column: string, node: SyntaxNode, place: Place): string | undefined {
  const inner = unwrap(node);
  if (inner.type === 'object') {
    const parts = inner.namedChildren.filter((child) => child.type !== 'comment').map((pair) => {
      const operator = /^\[\s*(?:[\w.]+\.)?Op\.(\w+)\s*\]$/.exec(pair.childForFieldName('key')?.text ?? '')?.[1];
      const value = pair.childForFieldName('value');
      return operator === undefined || !value ? undefined : compared(column, operator, scriptValue(value, place));
    });
    return parts.length === 0 || parts.includes(undefined) ? undefined : parts.length === 1 ? parts[0] : `(${parts.join(' AND ')})`;
  }
  return compared(column, isList(scriptValue(inner, place)) ? 'in' : 'eq', scriptValue(inner, place));
}

function compared(column: string, operator: string, value: Value | undefined): string | undefined {
  const word = operators[operator];
  if (value === undefined || word === undefined) return undefined;
  if (value === null) return /^(?:eq|is)$/.test(operator) ? `${column} IS NULL` : /^(?:ne|not)$/.test(operator) ? `${column} IS NOT NULL` : undefined;
  if (isList(value)) return /in$/i.test(operator) && value.every((item) => typeof item === 'string' || typeof item === 'number') ? `${column} ${word} (${value.map((item) => renderConstant(item as string)).join(', ')})` : undefined;
  if (isMap(value)) return undefined;
  const written = isRaw(value) ? value.sql : renderConstant(value as string);
  return operator === 'not' ? (typeof value === 'boolean' ? `${column} IS NOT ${written}` : `${column} <> ${written}`) : `${column} ${word} ${written}`;
}

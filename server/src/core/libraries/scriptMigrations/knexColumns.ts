import type { SyntaxNode } from '../../hosts/syntax';
import { callParts, unwrap } from '../../hosts/typescript/syntaxTools';
import { quoteIdentifier, quoteLiteral } from '../../sql/names';
import { isList, isMap, isRaw, tableNameOf, textOf, textsOf, type Value } from '../shared/migrationValues';
import { scriptValue } from '../shared/scriptValues';
import type { BuilderLink } from './knexBlueprint';
import type { Place } from './scriptMigration';

/** The name that knex gives an index or constraint. */
export const namedIndex = (table: string, columns: readonly string[], type: string): string => `${(tableNameOf(table).schema === undefined ? table : tableNameOf(table).name).replaceAll(/[.-]/g, '_')}_${columns.join('_')}_${type}`.toLowerCase();

interface ColumnType {
  readonly sql: string;
  /** The key of its table, unless another is named. */
  readonly key?: boolean;
  /** Statement that makes its type. */
  readonly before?: string;
}

const plainTypes: Readonly<Record<string, string>> = {
  integer: 'integer', mediumint: 'integer', smallint: 'smallint', tinyint: 'smallint', bigint: 'bigint', biginteger: 'bigint', text: 'text', float: 'real', double: 'double precision', boolean: 'boolean', bool: 'boolean', binary: 'bytea',
  json: 'json', jsonb: 'jsonb', date: 'date', time: 'time', geometry: 'geometry', geography: 'geography', point: 'point',
};

/** The type that knex writes for a method of its table builder. */
export function columnType({ name, values }: BuilderLink, column: string, table: string): ColumnType | undefined {
  const [, first, second] = values;
  const number = (value: Value | undefined, otherwise: number): number => (typeof value === 'number' ? value : otherwise);
  const options = isMap(first) ? first : undefined;
  switch (name.toLowerCase()) {
    case 'increments': case 'bigincrements': return { sql: name === 'increments' ? 'serial' : 'bigserial', key: !options || options.get('primaryKey') === true };
    case 'string': case 'varchar': return { sql: `varchar(${number(first, 255)})` };
    case 'decimal': return { sql: first === null ? 'decimal' : `decimal(${number(first, 8)}, ${number(second, 2)})` };
    case 'uuid': return { sql: 'uuid', key: options?.get('primaryKey') === true };
    case 'bit': return { sql: typeof first === 'number' ? `bit(${first})` : 'bit' };
    case 'datetime': case 'timestamp': {
      const withoutZone = options ? options.get('useTz') === false : first === true;
      const precision = options ? options.get('precision') : second;
      return { sql: `${withoutZone ? 'timestamp' : 'timestamptz'}${typeof precision === 'number' ? `(${precision})` : ''}` };
    }
    case 'specifictype': { const own = textOf(first); return own === undefined ? undefined : { sql: own }; }
    case 'enu': case 'enum': return enumType(column, textsOf(first), isMap(second) ? second : undefined, table);
    default: { const plain = plainTypes[name.toLowerCase()]; return plain === undefined ? undefined : { sql: plain }; }
  }
}

function enumType(column: string, allowed: readonly string[] | undefined, options: ReadonlyMap<string, Value | undefined> | undefined, table: string): ColumnType | undefined {
  const values = allowed?.map(quoteLiteral).join(', ');
  if (options?.get('useNative') !== true) return values === undefined ? { sql: 'text' } : { sql: `text CHECK (${quoteIdentifier(column)} IN (${values}))` };
  const own = textOf(options.get('enumName'));
  const schema = textOf(options.get('schemaName')) ?? tableNameOf(table).schema;
  if (own === undefined) return undefined;
  const type = `${schema === undefined ? '' : `${quoteIdentifier(schema)}.`}${quoteIdentifier(own)}`;
  if (options.get('existingType') === true) return { sql: type };
  return values === undefined ? undefined : { sql: type, before: `CREATE TYPE ${type} AS ENUM (${values})` };
}

/** undefined: not known. */
export function defaultOf(value: Value | undefined, method: string): string | undefined {
  if (value === undefined) return undefined;
  if (value === null) return 'NULL';
  if (isRaw(value)) return value.sql;
  if (/^bool(?:ean)?$/.test(method)) return value === 'false' || value === false || value === 0 ? "'0'" : "'1'";
  if (isMap(value) || isList(value)) { const json = toJson(value); return json === undefined ? undefined : quoteLiteral(JSON.stringify(json)); }
  return quoteLiteral(String(value));
}

function toJson(value: Value | undefined): unknown {
  if (isList(value)) { const items = value.map(toJson); return items.includes(undefined) ? undefined : items; }
  if (!isMap(value)) return isRaw(value) ? undefined : value;
  const entries = [...value].map(([key, item]) => [key, toJson(item)] as const);
  return entries.some(([, item]) => item === undefined) ? undefined : Object.fromEntries(entries);
}

/** `t.timestamps(useTimestamps, defaultToNow, useCamelCase)`. */
export function timestampsOf(values: readonly (Value | undefined)[]): readonly string[] {
  const options = isMap(values[0]) ? values[0] : undefined;
  const [now, camel] = options ? [options.get('defaultToNow'), options.get('useCamelCase')] : [values[1], values[2]];
  return (camel === true ? ['createdAt', 'updatedAt'] : ['created_at', 'updated_at']).map((name) => `${quoteIdentifier(name)} timestamptz${now === true ? ' NOT NULL DEFAULT CURRENT_TIMESTAMP' : ''}`);
}

/** ` WHERE …` of `{ predicate: knex.whereNull('deleted_at') }`; undefined where it is not understood. */
export function predicateOf(options: SyntaxNode | undefined, place: Place): string | undefined {
  const pair = options && unwrap(options).namedChildren.find((child) => child.type === 'pair' && child.childForFieldName('key')?.text === 'predicate');
  const conditions: string[] = [];
  for (let node = pair?.childForFieldName('value'); node?.type === 'call_expression';) {
    const call = callParts(node);
    const object = call?.callee.childForFieldName('object');
    if (!call || !object) return undefined;
    const values = call.args.map((argument) => scriptValue(argument, place));
    const condition = conditionOf(call.callee.childForFieldName('property')?.text ?? '', values);
    if (condition === undefined) return undefined;
    conditions.unshift(condition);
    node = unwrap(object);
  }
  return conditions.length === 0 ? undefined : ` WHERE ${conditions.join(' AND ')}`;
}

/** Values would be parameters, which an index cannot have: knex fails on them. */
function conditionOf(method: string, values: readonly (Value | undefined)[]): string | undefined {
  const [first, second] = values;
  if (typeof first !== 'string') return undefined;
  switch (method.replace(/^andW/, 'w')) {
    case 'whereNull': return `${quoteIdentifier(first)} IS NULL`;
    case 'whereNotNull': return `${quoteIdentifier(first)} IS NOT NULL`;
    case 'whereRaw': return values.length === 1 ? first : undefined;
    case 'where': return values.length === 2 && isRaw(second) ? `${quoteIdentifier(first)} = ${second.sql}` : undefined;
    default: return undefined;
  }
}

import type { PrismaAttribute, PrismaField, PrismaValue } from './prismaSyntax';

/** Postgres types of Prisma's scalars, as its migrations create them and `format_type` prints them. */
const scalars: Readonly<Record<string, string>> = {
  String: 'text', Boolean: 'boolean', Int: 'integer', BigInt: 'bigint', Float: 'double precision', Decimal: 'numeric(65,30)',
  DateTime: 'timestamp(3) without time zone', Json: 'jsonb', Bytes: 'bytea',
};

/** `@db.…` without arguments; `(n)` is put behind the first word where arguments stand. */
const natives: Readonly<Record<string, string>> = {
  Text: 'text', Char: 'character', VarChar: 'character varying', Bit: 'bit', VarBit: 'bit varying', Uuid: 'uuid', Xml: 'xml', Inet: 'inet', Citext: 'citext',
  Boolean: 'boolean', Integer: 'integer', Int: 'integer', SmallInt: 'smallint', BigInt: 'bigint', Oid: 'oid', DoublePrecision: 'double precision', Real: 'real',
  Decimal: 'numeric', Money: 'money', Timestamp: 'timestamp without time zone', Timestamptz: 'timestamp with time zone', Date: 'date',
  Time: 'time without time zone', Timetz: 'time with time zone', Json: 'json', JsonB: 'jsonb', ByteA: 'bytea',
};

export const isScalar = (type: string): boolean => type in scalars || type === 'Unsupported';

/** The column's Postgres type. `enumType` is the database name of the field's enum, where it has one. */
export function columnType(field: PrismaField, enumType: string | undefined): string {
  const native = field.attributes.find((attribute) => attribute.name.startsWith('db.'));
  const base = native ? nativeType(native) : field.type === 'Unsupported' ? field.unsupported ?? 'unknown' : scalars[field.type] ?? quoteType(enumType ?? field.type);
  return field.list ? `${base}[]` : base;
}

const quoteType = (name: string): string => (/^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name}"`);

function nativeType(attribute: PrismaAttribute): string {
  const name = attribute.name.slice(3);
  const type = natives[name] ?? name.toLowerCase();
  const args = attribute.args.map((argument) => wordOf(argument.value)).filter((word) => word !== undefined);
  if (args.length === 0) return type;
  const parameters = `(${args.join(',')})`;
  const zone = /^(timestamp|time)( .*)$/.exec(type);
  return zone ? `${zone[1]}${parameters}${zone[2]}` : type + parameters;
}

export const wordOf = (value: PrismaValue | undefined): string | undefined => (value?.kind === 'word' || value?.kind === 'string' ? value.text : undefined);

/** The database's default; undefined where Prisma's client makes the value (`cuid()`, `uuid()`). */
export function columnDefault(field: PrismaField): string | undefined {
  const value = field.attributes.find((attribute) => attribute.name === 'default')?.args[0]?.value;
  switch (value?.kind) {
    case 'string':
      return `'${value.text.replaceAll("'", "''")}'`;
    case 'word':
      return /^(-?\d[\d.]*|true|false)$/.test(value.text) ? value.text : `'${value.text}'`;
    case 'call':
      if (value.name === 'now') return 'CURRENT_TIMESTAMP';
      if (value.name === 'autoincrement') return 'nextval';
      return value.name === 'dbgenerated' ? wordOf(value.args[0]?.value) : undefined;
    default:
      return undefined;
  }
}

/** `JsonbPathOps` → `jsonb_path_ops`; `raw("gin_trgm_ops")` as written. */
export function operatorClass(value: PrismaValue | undefined): string | undefined {
  if (value?.kind === 'call' && value.name === 'raw') return wordOf(value.args[0]?.value);
  const word = wordOf(value);
  return word?.replaceAll('MinMax', 'Minmax').replaceAll(/(?<=[a-z0-9])([A-Z])/g, '_$1').toLowerCase();
}

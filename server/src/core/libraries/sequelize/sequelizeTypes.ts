import { callParts, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import { textOf } from '../drizzle/drizzleColumns';
import { canonicalType } from '../shared/entityModel';

const types: Readonly<Record<string, string>> = {
  STRING: 'character varying', CHAR: 'character', TEXT: 'text', CITEXT: 'citext', INTEGER: 'integer', BIGINT: 'bigint', SMALLINT: 'smallint', TINYINT: 'smallint', MEDIUMINT: 'integer', FLOAT: 'double precision', DOUBLE: 'double precision', REAL: 'real',
  DECIMAL: 'numeric', NUMBER: 'numeric', BOOLEAN: 'boolean', DATE: 'timestamp with time zone', DATEONLY: 'date', TIME: 'time without time zone', UUID: 'uuid', UUIDV4: 'uuid', JSON: 'json', JSONB: 'jsonb', BLOB: 'bytea', INET: 'inet', CIDR: 'cidr', MACADDR: 'macaddr', TSVECTOR: 'tsvector', HSTORE: 'hstore',
};

/** The column type of `DataTypes.STRING(64)`, `DataTypes.ARRAY(DataTypes.TEXT)`, `'varchar(20)'`; `unknown` for others. */
export function sequelizeType(node: SyntaxNode): string {
  const inner = unwrap(node);
  const written = textOf(inner);
  if (written !== undefined) return canonicalType(written);
  const call = inner.type === 'call_expression' || inner.type === 'new_expression' ? callParts(inner) : undefined;
  const names = (call?.callee ?? inner).text.split('.').filter((name) => /^[A-Z0-9]+$/.test(name));
  const name = names[0] ?? '';
  if (name === 'ARRAY') {
    const element = call?.args[0] ? sequelizeType(call.args[0]) : 'unknown';
    return element === 'unknown' ? element : `${element}[]`;
  }
  const type = types[name];
  if (type === undefined) return 'unknown';
  const [size, scale] = call?.args.map((arg) => (arg.type === 'number' ? arg.text : undefined)) ?? [];
  if (name === 'STRING' || name === 'CHAR') return `${type}(${size ?? '255'})`;
  if (name === 'DECIMAL' && size !== undefined) return `numeric(${size},${scale ?? '0'})`;
  return type;
}

export const isVirtual = (node: SyntaxNode): boolean => /\bVIRTUAL\b/.test(node.text);

import type { Tree } from './tree';
import { flagAt, listAt, numberAt, stringsAt, treeAt } from './tree';

/** Internal names that `format_type` prints under their SQL name. */
const canonicalNames: Readonly<Record<string, string>> = {
  int2: 'smallint', smallserial: 'smallint', serial2: 'smallint',
  int4: 'integer', serial: 'integer', serial4: 'integer',
  int8: 'bigint', bigserial: 'bigint', serial8: 'bigint',
  float4: 'real', float8: 'double precision', bool: 'boolean', varchar: 'character varying', bpchar: 'character',
  varbit: 'bit varying', decimal: 'numeric',
  timestamp: 'timestamp without time zone', timestamptz: 'timestamp with time zone',
  time: 'time without time zone', timetz: 'time with time zone',
};
const serialNames = new Set(['smallserial', 'serial2', 'serial', 'serial4', 'bigserial', 'serial8']);
/** Bits of `INTERVAL`'s field mask, from timestamp.h: MONTH 1, YEAR 2, DAY 3, HOUR 10, MINUTE 11, SECOND 12. */
const intervalFields: Readonly<Record<number, string>> = {
  [1 << 2]: 'year', [1 << 1]: 'month', [1 << 3]: 'day', [1 << 10]: 'hour', [1 << 11]: 'minute', [1 << 12]: 'second',
  [(1 << 2) | (1 << 1)]: 'year to month', [(1 << 3) | (1 << 10)]: 'day to hour', [(1 << 3) | (1 << 10) | (1 << 11)]: 'day to minute',
  [(1 << 3) | (1 << 10) | (1 << 11) | (1 << 12)]: 'day to second', [(1 << 10) | (1 << 11)]: 'hour to minute',
  [(1 << 10) | (1 << 11) | (1 << 12)]: 'hour to second', [(1 << 11) | (1 << 12)]: 'minute to second',
};

const isSystemName = (names: readonly string[]): boolean => names.length === 1 || names[0] === 'pg_catalog';

/** True for `serial`, `bigserial` and `smallserial`: an integer that is NOT NULL with a sequence as default. */
export const isSerial = (typeName: Tree | undefined): boolean => {
  const names = stringsAt(typeName, 'names');
  return names.length === 1 && serialNames.has(names[0] ?? '');
};

const modifiersOf = (typeName: Tree | undefined): readonly number[] =>
  listAt(typeName, 'typmods').flatMap((item) => {
    const constant = treeAt(treeAt(item, 'A_Const'), 'ival');
    return constant === undefined ? [] : [numberAt(constant, 'ival')];
  });

/** A user-defined type's name, each part quoted where needed. */
export const quotePart = (part: string): string => (/^[a-z_][a-z0-9_$]*$/.test(part) ? part : `"${part.replaceAll('"', '""')}"`);

/** Canonical name of a `TypeName` node as `format_type` prints it, always with one `[]` for arrays of any dimension. */
export function canonicalType(typeName: Tree | undefined): string {
  const names = stringsAt(typeName, 'names');
  const array = listAt(typeName, 'arrayBounds').length > 0 ? '[]' : '';
  const last = names.at(-1) ?? 'unknown';
  if (flagAt(typeName, 'pct_type')) return 'unknown';
  if (names.length === 1 && last === 'char') return `"char"${array}`;
  if (!isSystemName(names)) return names.map(quotePart).join('.') + array;
  return withModifiers(last, modifiersOf(typeName)) + array;
}

function withModifiers(internal: string, modifiers: readonly number[]): string {
  const name = canonicalNames[internal] ?? quotePart(internal);
  const [first, second] = modifiers;
  if (first === undefined) return name;
  if (internal === 'interval') {
    const fields = intervalFields[first];
    const precision = second === undefined ? '' : `(${second})`;
    return fields === undefined ? name + precision : `${name} ${fields}${precision}`;
  }
  if (name === 'numeric') return `numeric(${first},${second ?? 0})`;
  const zone = name.indexOf(' with');
  if (zone > 0) return `${name.slice(0, zone)}(${first})${name.slice(zone)}`;
  return `${name}(${modifiers.join(',')})`;
}

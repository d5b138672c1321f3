/** Postgres' limit for a name, in bytes, without the terminating zero (NAMEDATALEN - 1). */
const maxNameBytes = 63;

/** Key of a relation in `Catalog.tables`. */
export const relationKey = (schema: string, name: string): string => `${schema}.${name}`;

const byteLength = (text: string): number => {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
};

function clip(text: string, bytes: number): string {
  let result = '';
  let used = 0;
  for (const character of text) {
    used += byteLength(character);
    if (used > bytes) break;
    result += character;
  }
  return result;
}

/**
 * The name Postgres makes for an index or constraint without one (makeObjectName in indexcmds.c): `table_columns_label`,
 * the longer of the first two parts shortened until it fits.
 */
export function makeObjectName(table: string, columns: string | undefined, label: string): string {
  const overhead = label.length + 1 + (columns === undefined ? 0 : 1);
  const available = maxNameBytes - overhead;
  let first = byteLength(table);
  let second = columns === undefined ? 0 : byteLength(columns);
  while (first + second > available) {
    if (first > second) first--;
    else second--;
  }
  return [clip(table, first), ...(columns === undefined ? [] : [clip(columns, second)]), label].join('_');
}

/** Column names joined until the name is full (ChooseIndexNameAddition): the last one added may run over. */
function joinColumns(columns: readonly string[]): string {
  let joined = columns[0] ?? '';
  for (const column of columns.slice(1)) {
    if (byteLength(joined) > maxNameBytes) break;
    joined += `_${column}`;
  }
  return joined;
}

/** As `makeObjectName`, with a number behind the label until `taken` says the name is free. */
export function chooseName(table: string, columns: readonly string[] | undefined, label: string, taken: (name: string) => boolean): string {
  const joined = columns === undefined ? undefined : joinColumns(columns);
  for (let number = 0; ; number++) {
    const name = makeObjectName(table, joined, number === 0 ? label : `${label}${number}`);
    if (!taken(name)) return name;
  }
}

/**
 * Strict reading of JSON that people, merges and scripts have had their hands on: what is not expected is named with its
 * place (`columns[2].type`) and refused. A reader throws `UnexpectedValue`, which `readJson` turns into words.
 */
export type Read<T> = (value: unknown, place: string) => T;

class UnexpectedValue extends Error {
  override readonly name = 'UnexpectedValue';
}

const refuse = (place: string, problem: string): never => {
  throw new UnexpectedValue(`${place === '' ? 'the file' : place} ${problem}`);
};

const describe = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`);

export const text: Read<string> = (value, place) => (typeof value === 'string' ? value : refuse(place, `must be a string, it is ${describe(value)}`));
export const flag: Read<boolean> = (value, place) => (typeof value === 'boolean' ? value : refuse(place, `must be true or false, it is ${describe(value)}`));
export const number: Read<number> = (value, place) => (typeof value === 'number' && Number.isFinite(value) ? value : refuse(place, `must be a number, it is ${describe(value)}`));

export const oneOf = <T extends string | number>(...allowed: readonly T[]): Read<T> => (value, place) =>
  allowed.find((item) => item === value) ?? refuse(place, `must be ${allowed.length === 1 ? '' : 'one of '}${allowed.map((item) => JSON.stringify(item)).join(', ')}, it is ${typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : typeof value === 'number' ? value : describe(value)}`);

export const list = <T>(item: Read<T>): Read<readonly T[]> => (value, place) =>
  (Array.isArray(value) ? value : refuse(place, `must be a list, it is ${describe(value)}`)).map((entry: unknown, index) => item(entry, `${place}[${index}]`));

/** Any names with values of one kind. */
export const record = <T>(item: Read<T>): Read<Readonly<Record<string, T>>> => (value, place) =>
  Object.fromEntries(Object.entries(objectOf(value, place)).map(([key, entry]) => [key, item(entry, placeOf(place, key))]));

/** These fields and no others. */
export const object = <T extends object>(required: { readonly [K in keyof T as undefined extends T[K] ? never : K]-?: Read<T[K]> }, optional: { readonly [K in keyof T as undefined extends T[K] ? K : never]-?: Read<NonNullable<T[K]>> }): Read<T> => (value, place) => {
  const fields = new Map(Object.entries(objectOf(value, place)));
  const result: [string, unknown][] = [];
  for (const [key, read] of Object.entries(required) as [string, Read<unknown>][]) {
    if (!fields.has(key)) refuse(placeOf(place, key), 'is missing');
    result.push([key, read(fields.get(key), placeOf(place, key))]);
    fields.delete(key);
  }
  for (const [key, read] of Object.entries(optional) as [string, Read<unknown>][]) {
    if (fields.has(key)) result.push([key, read(fields.get(key), placeOf(place, key))]);
    fields.delete(key);
  }
  for (const key of fields.keys()) refuse(placeOf(place, key), 'is not known to this version');
  return Object.fromEntries(result) as T;
};

const objectOf = (value: unknown, place: string): object => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : refuse(place, `must be an object, it is ${describe(value)}`));
const placeOf = (place: string, key: string): string => `${place}${place === '' ? '' : '.'}${key.slice(0, 60)}`;

/** Parses and reads a JSON text; a problem is one line of words. Never throws. */
export function readJson<T>(json: string, read: Read<T>): { readonly value: T } | { readonly problem: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    return { problem: /^(<{7}|={7}|>{7})/m.test(json) ? 'holds merge conflict markers' : 'is not valid JSON' };
  }
  try {
    return { value: read(parsed, '') };
  } catch (error) {
    if (error instanceof UnexpectedValue) return { problem: `cannot be used: ${error.message}` };
    throw error;
  }
}

/** Characters of a line on which a small object stands whole. */
const lineLength = 120;

/** JSON with sorted keys, two blanks a level, lists of plain values and small objects on one line; ends with a line break. */
export const writeJson = (value: unknown): string => `${render(value, '')}\n`;

function render(value: unknown, indent: string): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.every((item) => typeof item !== 'object')) return `[${value.map((item) => JSON.stringify(item)).join(', ')}]`;
    return `[\n${value.map((item) => inner + render(item, inner)).join(',\n')}\n${indent}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
  if (indent !== '' && entries.every(([, item]) => typeof item !== 'object')) {
    const line = `{ ${entries.map(([key, item]) => `${JSON.stringify(key)}: ${JSON.stringify(item)}`).join(', ')} }`;
    if (entries.length > 0 && line.length <= lineLength) return line;
  }
  return entries.length === 0 ? '{}' : `{\n${entries.map(([key, item]) => `${inner}${JSON.stringify(key)}: ${render(item, inner)}`).join(',\n')}\n${indent}}`;
}

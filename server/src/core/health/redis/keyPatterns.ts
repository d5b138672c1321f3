/** What was measured of one key. */
export interface MeasuredKey {
  readonly name: string;
  /** Seconds to live; null: for ever. */
  readonly ttl: number | null;
  /** Undefined: the server does not tell (before 4.0, or the role may not ask). */
  readonly bytes?: number;
}

/** Keys that are named alike. Numbers are of the keys that were measured. */
export interface KeyPattern {
  /** `session:*`. */
  readonly pattern: string;
  readonly keys: number;
  readonly withoutTtl: number;
  /** Seconds, of the keys that have a time to live. */
  readonly ttl?: { readonly min: number; readonly average: number; readonly max: number };
  /** Of the keys whose size is known. */
  readonly bytes?: number;
  readonly largest?: number;
}

/** What stands for one thing and not for a kind of things. In this order: the longer shapes first. */
const VARIABLE: readonly RegExp[] = [
  /[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/gi,
  /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g,
  /\b\d{1,3}(?:\.\d{1,3}){3}\b/g,
  /\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z?)?/g,
];
/** Random text: long, with letters and digits. */
const isToken = (text: string): boolean => text.length >= 16 && /\d/.test(text) && /[a-z]/i.test(text) && /^[\w~+=-]+$/.test(text);
const SEPARATOR = /([:/|])/;
/** Above so many different names at one place of a pattern, with few keys each, the names are values. */
const MANY_NAMES = 10;
const FEW_KEYS = 4;
/** What comes behind so many parts or characters of a key tells nothing of its kind. */
const MANY_PARTS = 12;
const LONG_NAME = 200;
/** A name that stands for several, written as in a MATCH of Redis. */
const ANY = '*';

/** The parts of a key between its separators, with these; what is a value is `*`. */
function partsOf(name: string): readonly string[] {
  const shaped = VARIABLE.reduce((text, shape) => text.replace(shape, ANY), name.slice(0, LONG_NAME));
  const parts = shaped.split(SEPARATOR).map((part) => (isToken(part) ? ANY : part.replace(/\d+/g, ANY).replace(/\*(?:[-_.]?\*)+/g, ANY)));
  return parts.length > MANY_PARTS ? [...parts.slice(0, MANY_PARTS), ANY] : parts;
}

interface Named {
  readonly key: MeasuredKey;
  readonly parts: readonly string[];
}

/**
 * Groups keys by what their names have in common, the largest group first. Digits, UUIDs, addresses, dates and tokens are
 * values by their shape; other names are by their number: `session:alice`, `session:bob` and a dozen more are `session:*`.
 */
export function groupKeys(keys: readonly MeasuredKey[]): readonly KeyPattern[] {
  const groups = new Map<string, MeasuredKey[]>();
  const place = (named: readonly Named[], at: number, prefix: string): void => {
    const byPart = new Map<string | undefined, Named[]>();
    for (const one of named) {
      const list = byPart.get(one.parts[at]);
      if (list) list.push(one);
      else byPart.set(one.parts[at], [one]);
    }
    const ended = byPart.get(undefined);
    if (ended) groups.set(prefix, [...(groups.get(prefix) ?? []), ...ended.map(({ key }) => key)]);
    byPart.delete(undefined);
    const names = [...byPart].filter(([part]) => part !== ANY && !SEPARATOR.test(part ?? ''));
    const values = names.length > MANY_NAMES && names.reduce((sum, [, list]) => sum + list.length, 0) / names.length <= FEW_KEYS;
    if (values) {
      // One group for them all, with those that were values by their shape.
      const all = [...names.flatMap(([, list]) => list), ...(byPart.get(ANY) ?? [])];
      for (const [part] of names) byPart.delete(part);
      byPart.set(ANY, all);
    }
    for (const [part = '', list] of byPart) place(list, at + 1, prefix + part);
  };
  place(keys.map((key) => ({ key, parts: partsOf(key.name) })), 0, '');
  return [...groups].map(([pattern, list]) => summarise(pattern, list)).sort((a, b) => b.keys - a.keys || (a.pattern < b.pattern ? -1 : 1));
}

function summarise(pattern: string, keys: readonly MeasuredKey[]): KeyPattern {
  const ttls = keys.flatMap(({ ttl }) => (ttl === null ? [] : [ttl]));
  const sizes = keys.flatMap(({ bytes }) => (bytes === undefined ? [] : [bytes]));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b));
  return {
    pattern,
    keys: keys.length,
    withoutTtl: keys.length - ttls.length,
    ...(ttls.length > 0 ? { ttl: { min: ttls.reduce((a, b) => Math.min(a, b)), average: sum(ttls) / ttls.length, max: most(ttls) } } : {}),
    ...(sizes.length > 0 ? { bytes: sum(sizes), largest: most(sizes) } : {}),
  };
}

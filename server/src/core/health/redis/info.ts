/** `INFO` of a Redis server: names and values as the server writes them, all sections together. */
export type RedisInfo = ReadonlyMap<string, string>;

/** Reads the answer to `INFO`; lines that are none (`# Memory`) are skipped. */
export function parseRedisInfo(text: string): RedisInfo {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) values.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return values;
}

/** A number of `INFO`; undefined where this server (or a relative of Redis) does not have it. */
export function numberOf(info: RedisInfo, name: string): number | undefined {
  const text = info.get(name);
  if (text === undefined || text === '') return undefined;
  const value = Number(text.replace(/%$/, ''));
  return Number.isFinite(value) ? value : undefined;
}

/** `keys=900,expires=300,avg_ttl=0` and its like. */
function parseFields(text: string): Readonly<Record<string, number>> {
  return Object.fromEntries(text.split(',').map((field) => field.split('=')).map(([name = '', value = '']) => [name, Number(value)]));
}

/** One database that has keys. */
export interface RedisDatabase {
  readonly index: number;
  readonly keys: number;
  /** Keys with a time to live. */
  readonly expires: number;
  /** Seconds, of the keys that have one; undefined: the server has not looked yet. */
  readonly averageTtl?: number;
}

/** The databases of the keyspace section, by number. */
export function databasesOf(info: RedisInfo): readonly RedisDatabase[] {
  const found: RedisDatabase[] = [];
  for (const [name, text] of info) {
    const index = /^db(\d+)$/.exec(name)?.[1];
    if (index === undefined) continue;
    const { keys = 0, expires = 0, avg_ttl: milliseconds = 0 } = parseFields(text);
    found.push({ index: Number(index), keys, expires, ...(milliseconds > 0 ? { averageTtl: milliseconds / 1000 } : {}) });
  }
  return found.sort((a, b) => a.index - b.index);
}

/** How often a command was called since the counters run, and how long it took in all, in microseconds. */
export function commandOf(info: RedisInfo, command: string): { readonly calls: number; readonly microseconds: number } | undefined {
  const text = info.get(`cmdstat_${command}`);
  if (text === undefined) return undefined;
  const { calls = 0, usec: microseconds = 0 } = parseFields(text);
  return { calls, microseconds };
}

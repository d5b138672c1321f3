/** One `key = value` with its line, from 1. */
export interface IniEntry {
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/** A `pgbouncer.ini` as PgBouncer reads it; sections by name in small letters. */
export interface IniFile {
  readonly sections: ReadonlyMap<string, readonly IniEntry[]>;
  /** Files named by `%include`; what they say is not seen here. */
  readonly includes: readonly string[];
  /** Lines that are neither a section, a setting nor a comment. */
  readonly unread: readonly number[];
}

/** Reads the file. Never throws. A comment is a line that starts with `;` or `#`; later in a line these are characters like others. */
export function parseIni(text: string): IniFile {
  const sections = new Map<string, IniEntry[]>();
  const includes: string[] = [];
  const unread: number[] = [];
  let current: IniEntry[] | undefined;
  for (const [index, raw] of text.replace(/^\uFEFF/, '').split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith(';') || line.startsWith('#')) continue;
    const section = /^\[([^\]]+)\]$/.exec(line)?.[1]?.trim().toLowerCase();
    const include = /^%include\s+(.+)$/.exec(line)?.[1];
    const entry = /^("(?:[^"]|"")*"|[^\s=]+)\s*=\s*(.*)$/.exec(line);
    if (section !== undefined) {
      current = sections.get(section) ?? [];
      sections.set(section, current);
    } else if (include !== undefined) {
      includes.push(include.trim());
    } else if (entry && current) {
      const [, key = '', value = ''] = entry;
      current.push({ key: key.startsWith('"') ? key.slice(1, -1).replaceAll('""', '"') : key, value, line: index + 1 });
    } else {
      unread.push(index + 1);
    }
  }
  return { sections, includes, unread };
}

/** The last entry of a name counts, as for PgBouncer. */
export const entryOf = (entries: readonly IniEntry[] | undefined, key: string): IniEntry | undefined => entries?.findLast((entry) => entry.key === key);

/** The parts of a connection string of `[databases]` or the settings of a user: `host=a port='5432'`. */
export function parseConnectString(text: string): ReadonlyMap<string, string> {
  const parts = new Map<string, string>();
  for (const match of text.matchAll(/(\w+)\s*=\s*(?:'((?:[^']|'')*)'|(\S*))/g)) parts.set(match[1] ?? '', match[2]?.replaceAll("''", "'") ?? match[3] ?? '');
  return parts;
}

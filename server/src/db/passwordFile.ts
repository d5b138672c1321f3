import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a password is looked for; missing parts are libpq's defaults. */
export interface PasswordPlace {
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
  readonly user?: string;
}

/**
 * The password of the first line of `PGPASSFILE` or `~/.pgpass` that matches, as libpq finds it; a file that others may read
 * is ignored. With `literalHost` a line for any host (`*`) does not count: for connections whose host somebody else chose.
 */
export function findPassword(place: PasswordPlace, environment: Environment, options: { readonly literalHost?: boolean } = {}): string | undefined {
  const windows = process.platform === 'win32';
  const file = environment['PGPASSFILE'] || (windows ? path.join(environment['APPDATA'] ?? '', 'postgresql', 'pgpass.conf') : path.join(environment['HOME'] || homedir(), '.pgpass'));
  let text: string;
  try {
    const found = statSync(file);
    if (!found.isFile() || (!windows && (found.mode & 0o077) !== 0)) return undefined;
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const host = place.host === undefined || place.host.startsWith('/') ? 'localhost' : place.host;
  const wanted = [host, String(place.port ?? 5432), place.database ?? place.user ?? '', place.user ?? ''];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue;
    const fields = (line.match(/(?:\\.|[^:\\])+|(?<=:)(?=:|$)/g) ?? []).map((field) => ({ any: field === '*', value: field.replace(/\\(.)/g, '$1') }));
    if (fields.length < 5) continue;
    if (wanted.every((value, i) => (fields[i]?.any === true && !(i === 0 && options.literalHost === true)) || fields[i]?.value === value)) return fields[4]?.value;
  }
  return undefined;
}

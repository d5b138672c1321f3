import path from 'node:path';
import { glob } from 'tinyglobby';
import { readTextFile } from './textFile';

/** Where frameworks say what each of their connections sets. */
const PLACES = ['**/config/database.{yml,yml.erb,php}', '**/config/initializers/*.rb'];
const IGNORED = ['**/node_modules/**', '**/.git/**', '**/vendor/**', '**/spec/**', '**/test/**', '**/tests/**'];
/** Bytes: a configuration is short. */
const LARGEST = 200_000;

/** The file that sets lock_timeout for the connections of an application, as a path in its folder; undefined: none that is known does. */
export async function findLockTimeoutFile(folder: string): Promise<string | undefined> {
  const found = await glob(PLACES, { cwd: folder, ignore: IGNORED, absolute: true, onlyFiles: true, expandDirectories: false, followSymbolicLinks: false, deep: 6 });
  for (const file of found.sort()) {
    const read = await readTextFile(file, LARGEST);
    if ('text' in read && /^[^#\n]*\block_timeout\b/m.test(read.text)) return path.relative(folder, file).replaceAll('\\', '/');
  }
  return undefined;
}

import path from 'node:path';
import { glob } from 'tinyglobby';
import { poolerInFiles, type PoolerEvidence } from '../core/advice/pooler';
import { readTextFile } from './textFile';

const IGNORED = ['**/node_modules/**', '**/.git/**', '**/vendor/**', '**/dist/**', '**/test/**', '**/tests/**', '**/docs/**', '**/examples/**'];
/** A configuration is short; what is longer is data. Bytes. */
const LARGEST = 200_000;

/** What the files of a workspace tell of a pooler before its database; no value of them is kept. */
export async function findPoolerFile(folder: string): Promise<PoolerEvidence | undefined> {
  const found = await glob(['**/pgbouncer*.ini', '**/pgcat*.toml', '**/{docker-compose,compose}*.{yml,yaml}', '.env', '.env.*', '{apps,packages,server,api,backend}/**/.env', '{apps,packages,server,api,backend}/**/.env.*'], {
    cwd: folder, ignore: IGNORED, dot: true, absolute: true, onlyFiles: true, expandDirectories: false, followSymbolicLinks: false, deep: 6,
  });
  const files = await Promise.all(found.sort().map(async (file) => {
    const read = await readTextFile(file, LARGEST);
    return 'text' in read ? [{ name: path.basename(file), text: read.text }] : [];
  }));
  return poolerInFiles(files.flat());
}

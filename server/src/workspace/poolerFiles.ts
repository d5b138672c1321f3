import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { glob } from 'tinyglobby';
import { poolerInConfiguration, type PoolerEvidence } from '../core/advice/pooler';

const IGNORED = ['**/node_modules/**', '**/.git/**', '**/vendor/**', '**/dist/**', '**/test/**', '**/tests/**', '**/docs/**', '**/examples/**'];
/** A configuration is short; what is longer is data. */
const LARGEST = 200_000;

/** The first file of a workspace that tells of a pool with transaction pooling; values of it are not kept. */
export async function findPoolerFile(folder: string): Promise<PoolerEvidence | undefined> {
  const found = await glob(['**/pgbouncer*.ini', '**/{docker-compose,compose}*.{yml,yaml}', '.env', '.env.*', '{apps,packages,server,api,backend}/**/.env', '{apps,packages,server,api,backend}/**/.env.*'], {
    cwd: folder, ignore: IGNORED, dot: true, absolute: true, onlyFiles: true, expandDirectories: false, followSymbolicLinks: false, deep: 6,
  });
  for (const file of found.sort()) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const evidence = text.length > LARGEST ? undefined : poolerInConfiguration(path.basename(file), text);
    if (evidence) return evidence;
  }
  return undefined;
}

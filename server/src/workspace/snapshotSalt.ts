import { createHash, createHmac, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { TokenOf } from '../core/catalog/snapshotValues';

type Environment = Readonly<Record<string, string | undefined>>;

/** The secret under which values become tokens. */
export interface SnapshotSalt {
  readonly salt: string;
  /** Where it is kept; undefined: in the environment. */
  readonly file?: string;
  readonly created: boolean;
}

/** Shorter secrets could be guessed, and with them every value that has few possibilities. */
const shortestSalt = 16;

/**
 * The project's salt: `SARGABLE_SNAPSHOT_SALT`, else a file of this user outside every repository, made on first use. Who
 * shares a repository and wants equal tokens from several machines sets the variable.
 * @param project `SnapshotMeta.project`; it comes from a file of the repository and never becomes a path as it is.
 * @throws Error for a variable that is too short, or a folder that cannot be written
 */
export async function readSalt(project: string, environment: Environment = process.env): Promise<SnapshotSalt> {
  const given = environment['SARGABLE_SNAPSHOT_SALT'];
  if (given !== undefined && given !== '') {
    if (given.length < shortestSalt) throw new Error(`SARGABLE_SNAPSHOT_SALT is shorter than ${shortestSalt} characters: values could be guessed from their tokens`);
    return { salt: given, created: false };
  }
  const file = path.join(stateFolder(environment), 'salts', createHash('sha256').update(project).digest('hex').slice(0, 32));
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known !== undefined && known.trim().length >= shortestSalt) return { salt: known.trim(), file, created: false };
  const salt = randomBytes(32).toString('hex');
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, `${salt}\n`, { mode: 0o600 });
  return { salt, file, created: true };
}

/** Where programs keep what is this user's and this machine's. */
function stateFolder(environment: Environment): string {
  if (process.platform === 'win32') return path.join(environment['LOCALAPPDATA'] ?? path.join(os.homedir(), 'AppData', 'Local'), 'sargable');
  if (process.platform === 'darwin') return path.join(environment['HOME'] ?? os.homedir(), 'Library', 'Application Support', 'sargable');
  const state = environment['XDG_STATE_HOME'];
  return path.join(state !== undefined && path.isAbsolute(state) ? state : path.join(environment['HOME'] ?? os.homedir(), '.local', 'state'), 'sargable');
}

/** HMAC-SHA256 of the value, with the family in front: a text and a uuid of the same letters have different tokens. */
export const createTokens = (salt: string): TokenOf => (family, value) => createHmac('sha256', salt).update(`${family}\0${value}`).digest('hex').slice(0, 32);

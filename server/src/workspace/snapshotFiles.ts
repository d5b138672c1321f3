import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fromSnapshotFiles, type SnapshotFile, type SnapshotRead } from '../core/catalog/snapshot';
import { readTextFile } from './textFile';

/** The snapshot of a workspace folder; of a named database a folder in it: `.sargable/billing`. */
export const SNAPSHOT_FOLDER = '.sargable';

/** Is this a file of a snapshot that is found by itself? */
export const isSnapshotFile = (file: string): boolean => /[\\/]\.sargable[\\/].*\.json$/.test(file);
/** The snapshot's folder itself. */
export const isSnapshotFolder = (path: string): boolean => /[\\/]\.sargable$/.test(path);

export interface LoadedSnapshot extends SnapshotRead {
  /** Absolute paths. */
  readonly files: readonly string[];
}

/** Files read at once; more would run into the limit of open files. */
const atOnce = 64;
const topFiles = ['meta.json', 'types.json', 'routines.json'];
const cache = new Map<string, { readonly stamp: string; readonly loaded: LoadedSnapshot }>();

/**
 * Reads the snapshot in a folder; undefined where the folder holds none. Never throws; problems name files relative to
 * `base`. A snapshot whose files have not changed since it was last read is not read again.
 */
export async function readSnapshot(folder: string, base: string): Promise<LoadedSnapshot | undefined> {
  const names = await listSnapshot(folder);
  if (!names.includes('meta.json')) return undefined;
  const files = names.map((name) => path.join(folder, name));
  const stamps = await inChunks(files, (file) => stat(file).then(({ mtimeMs, size }) => `${mtimeMs}:${size}`, () => ''));
  const stamp = JSON.stringify([names, stamps]);
  const known = cache.get(folder);
  if (known?.stamp === stamp) return known.loaded;
  const unread: string[] = [];
  const texts = await inChunks(names, async (name): Promise<readonly SnapshotFile[]> => {
    const file = await readTextFile(path.join(folder, name));
    if ('text' in file) return [{ path: name, text: file.text }];
    unread.push(`${name} is left out: ${file.skipped}`);
    return [];
  });
  const read = fromSnapshotFiles(texts.flat());
  const shown = path.relative(base, folder).split(path.sep).join('/') || '.';
  const problems = [...unread, ...read.problems].map((problem) => `${shown}/${problem}`);
  const catalog = read.catalog && unread.length > 0 ? { ...read.catalog, incomplete: true as const } : read.catalog;
  const loaded: LoadedSnapshot = { ...read, catalog, problems, files };
  cache.set(folder, { stamp, loaded });
  return loaded;
}

/** Names of a snapshot's files that are there, relative to its folder, sorted. */
async function listSnapshot(folder: string): Promise<readonly string[]> {
  const [top, relations] = await Promise.all([readdir(folder), readdir(path.join(folder, 'schema'))].map((list) => list.catch((): string[] => [])));
  return [...(top ?? []).filter((name) => topFiles.includes(name)), ...(relations ?? []).filter((name) => name.endsWith('.json')).map((name) => `schema/${name}`)].sort();
}

export interface WrittenSnapshot {
  readonly written: number;
  readonly unchanged: number;
  /** Files of relations that are no more. */
  readonly removed: number;
}

/** Writes what differs and removes the files of relations that are gone, both only in a folder that is a snapshot or becomes one. */
export async function writeSnapshot(folder: string, files: readonly SnapshotFile[]): Promise<WrittenSnapshot> {
  const before = await listSnapshot(folder);
  await mkdir(path.join(folder, 'schema'), { recursive: true });
  const written = await inChunks(files, async ({ path: name, text }) => {
    const target = path.join(folder, name);
    if ((await readFile(target, 'utf8').catch(() => undefined)) === text) return false;
    await writeFile(target, text);
    return true;
  });
  const wanted = new Set(files.map((file) => file.path));
  const stale = before.includes('meta.json') ? before.filter((name) => name.startsWith('schema/') && !wanted.has(name)) : [];
  await inChunks(stale, (name) => rm(path.join(folder, name), { force: true }));
  const count = written.filter(Boolean).length;
  return { written: count, unchanged: files.length - count, removed: stale.length };
}

async function inChunks<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let first = 0; first < items.length; first += atOnce) results.push(...(await Promise.all(items.slice(first, first + atOnce).map(work))));
  return results;
}

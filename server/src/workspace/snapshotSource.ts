import { stat } from 'node:fs/promises';
import path from 'node:path';
import { readSnapshot, SNAPSHOT_FOLDER, type LoadedSnapshot } from './snapshotFiles';

export interface SnapshotSource {
  readonly snapshot: LoadedSnapshot | undefined;
  /** The entries that are no snapshot folders. */
  readonly schema: readonly string[];
}

/**
 * The snapshot of a database: the folder that the `schema` setting names, else `.sargable/` of the workspace folder, of a
 * named database `.sargable/<name>/`. The first one named is taken.
 */
export async function findSnapshot(folder: string, schema: readonly string[], database: string | undefined): Promise<SnapshotSource> {
  const named: string[] = [];
  const others: string[] = [];
  for (const entry of schema) ((await holdsSnapshot(path.resolve(folder, entry))) ? named : others).push(entry);
  const plain = database === undefined || /^[\w-][\w.-]*$/.test(database);
  const target = named[0] ?? (folder !== '' && plain ? path.join(SNAPSHOT_FOLDER, database ?? '') : undefined);
  return { snapshot: target === undefined ? undefined : await readSnapshot(path.resolve(folder, target), folder), schema: others };
}

const holdsSnapshot = (folder: string): Promise<boolean> => stat(path.join(folder, 'meta.json')).then((info) => info.isFile(), () => false);

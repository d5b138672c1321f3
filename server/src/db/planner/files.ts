import { chownSync, closeSync, existsSync, openSync, readSync, truncateSync, writeSync } from 'node:fs';
import { growTree } from '../../twin/child/btree';
import type { Cluster } from './cluster';

const blockBytes = 8192;
/** Blocks of one file of a relation (RELSEG_SIZE): 1 GB. */
const segmentBlocks = 131_072;

const segmentPath = (path: string, segment: number): string => (segment === 0 ? path : `${path}.${segment}`);

/** Makes a relation's files as long as `pages` blocks, without content: they take no room on the disk. */
export function setPages(path: string, pages: number, owner: Cluster['owner']): void {
  const segments = Math.max(1, Math.ceil(pages / segmentBlocks));
  for (let segment = 0; segment < segments; segment++) setLength(segmentPath(path, segment), Math.min(segmentBlocks, pages - segment * segmentBlocks) * blockBytes, owner);
  for (let segment = segments; existsSync(segmentPath(path, segment)); segment++) setLength(segmentPath(path, segment), 0, owner);
}

/** The first file is empty; Postgres looks at the second only where the first is full. */
export const hidePages = (path: string, owner: Cluster['owner']): void => { setLength(path, 0, owner); };

function setLength(path: string, bytes: number, owner: Cluster['owner']): void {
  if (!existsSync(path)) {
    closeSync(openSync(path, 'a', 0o600));
    if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
  }
  truncateSync(path, bytes);
}

/** Grows the tree in the file of an empty b-tree. Before the planner looks at it: it keeps what it reads. */
export function setHeight(path: string, level: number): void {
  const file = openSync(path, 'r+');
  try {
    const first = new Uint8Array(blockBytes);
    if (readSync(file, first, 0, blockBytes, 0) < blockBytes) return;
    const grown = growTree(first, level);
    if (grown !== undefined) writeSync(file, new Uint8Array(grown), 0, grown.byteLength, 0);
  } finally {
    closeSync(file);
  }
}

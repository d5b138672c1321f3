/** The part of Emscripten's file system that is used here. */
export interface FileSystem {
  lookupPath(path: string): { readonly node: { usedBytes?: number; contents?: unknown } };
  stat(path: string): { readonly size: number };
  truncate(path: string, bytes: number): void;
  writeFile(path: string, content: Uint8Array): void;
  analyzePath(path: string): { readonly exists: boolean };
}

const blockBytes = 8192;
/** Blocks of one file of a relation (RELSEG_SIZE): 1 GB. */
const segmentBlocks = 131_072;

/**
 * Makes a relation's files as long as `pages` blocks. The planner asks for their length alone, so no content is made: the
 * length is a field of the file's node. Where a version of Emscripten has no such field, the file is really extended.
 */
export function setPages(fs: FileSystem, path: string, pages: number): void {
  const segments = Math.max(1, Math.ceil(pages / segmentBlocks));
  for (let segment = 0; segment < segments; segment++) setLength(fs, segmentPath(path, segment), Math.min(segmentBlocks, pages - segment * segmentBlocks) * blockBytes);
  for (let segment = segments; fs.analyzePath(segmentPath(path, segment)).exists; segment++) setLength(fs, segmentPath(path, segment), 0);
}

/** The first file seems empty; Postgres looks at the second only where the first is full. */
export const hidePages = (fs: FileSystem, path: string): void => setLength(fs, path, 0);

const segmentPath = (path: string, segment: number): string => (segment === 0 ? path : `${path}.${segment}`);

function setLength(fs: FileSystem, path: string, bytes: number): void {
  if (!fs.analyzePath(path).exists) fs.writeFile(path, new Uint8Array(0));
  const { node } = fs.lookupPath(path);
  if (typeof node.usedBytes === 'number') node.usedBytes = bytes;
  if (fs.stat(path).size !== bytes) fs.truncate(path, bytes);
}

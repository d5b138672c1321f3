import type { FileSystem } from './files';

/** `bufpage.h` and `nbtree.h`, the same from PostgreSQL 12 to 18: blocks of 8 kB, the magic number and layout version of a b-tree's first block. */
const pageBytes = 8192;
const magic = 0x053162;
const [headerBytes, specialBytes] = [24, 16];
/** Fields of the first block, behind its header. */
const meta = { magic: 24, root: 32, level: 36, fastRoot: 40, fastLevel: 44 } as const;
const flag = { leaf: 1, root: 2 } as const;

/**
 * The first blocks of a b-tree that was empty, with as many levels as the tree would have: the planner reads the height in
 * the first block and takes a cost for each level. The levels are real: one block each, with one entry that leads to the
 * block below, down to a leaf without entries, for the planner may look for a column's highest value there. `first`: the
 * file's first block. Undefined where that is none of an empty b-tree.
 */
export function growTree(first: Uint8Array | Int8Array, level: number): ArrayBuffer | undefined {
  if (first.length < pageBytes || level < 1) return undefined;
  const view = new DataView(new ArrayBuffer(pageBytes * (level + 2)));
  new Uint8Array(view.buffer).set(first.subarray(0, pageBytes));
  if (view.getUint32(meta.magic, true) !== magic || view.getUint32(meta.root, true) !== 0) return undefined;
  for (const [field, value] of [[meta.root, 1], [meta.level, level], [meta.fastRoot, 1], [meta.fastLevel, level]] as const) view.setUint32(field, value, true);
  for (let block = 1; block <= level + 1; block++) writeBlock(view, block, level + 1 - block, block === 1);
  return view.buffer as ArrayBuffer;
}

/** Grows the tree in a file; nothing where the file system keeps its content another way. Before the planner looks at it. */
export function setHeight(fs: FileSystem, path: string, level: number): void {
  const { node } = fs.lookupPath(path);
  const { contents } = node;
  if (!(contents instanceof Uint8Array || contents instanceof Int8Array)) return;
  const grown = growTree(contents, level);
  if (grown === undefined) return;
  node.contents = contents instanceof Int8Array ? new Int8Array(grown) : new Uint8Array(grown);
  node.usedBytes = Math.max(node.usedBytes ?? 0, grown.byteLength);
}

function writeBlock(view: DataView, block: number, level: number, isRoot: boolean): void {
  const at = block * pageBytes;
  const special = pageBytes - specialBytes;
  const entry = special - 8;
  const isLeaf = level === 0;
  view.setUint16(at + 12, headerBytes + (isLeaf ? 0 : 4), true); // pd_lower
  view.setUint16(at + 14, isLeaf ? special : entry, true); // pd_upper
  view.setUint16(at + 16, special, true); // pd_special
  view.setUint16(at + 18, pageBytes | 4, true); // size and version of the layout
  view.setUint32(at + special + 8, level, true);
  view.setUint16(at + special + 12, (isLeaf ? flag.leaf : 0) | (isRoot ? flag.root : 0), true);
  if (isLeaf) return;
  view.setUint32(at + headerBytes, entry | (1 << 15) | (8 << 17), true); // line pointer: offset, LP_NORMAL, length
  // An entry without key: lower than any. Its place holds the block below.
  view.setUint16(at + entry, (block + 1) >>> 16, true);
  view.setUint16(at + entry + 2, (block + 1) & 0xffff, true);
  view.setUint16(at + entry + 6, 8 | 0x2000, true); // length, INDEX_ALT_TID_MASK
}

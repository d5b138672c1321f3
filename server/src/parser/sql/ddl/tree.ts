import type { QualifiedName } from '../../../core/catalog/changes';

/** A node of the grammar's tree, read without trust in its shape: a missing field is an empty answer. */
export type Tree = { readonly [field: string]: unknown };

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

export const treeAt = (tree: Tree | undefined, field: string): Tree | undefined => {
  const value = tree?.[field];
  return isTree(value) ? value : undefined;
};
export const textAt = (tree: Tree | undefined, field: string): string | undefined => {
  const value = tree?.[field];
  return typeof value === 'string' ? value : undefined;
};
export const flagAt = (tree: Tree | undefined, field: string): boolean => tree?.[field] === true;
/** A number; the grammar omits zero, so an absent field is 0. */
export const numberAt = (tree: Tree | undefined, field: string): number => {
  const value = tree?.[field];
  return typeof value === 'number' ? value : 0;
};
export const listAt = (tree: Tree | undefined, field: string): readonly Tree[] => {
  const value = tree?.[field];
  return Array.isArray(value) ? value.filter(isTree) : [];
};
/** Name and content of a wrapped node: `{ ColumnDef: { … } }` gives `['ColumnDef', { … }]`. */
export const unwrap = (tree: Tree | undefined): readonly [string, Tree] => {
  const type = tree === undefined ? undefined : Object.keys(tree)[0];
  return type === undefined ? ['', {}] : [type, treeAt(tree, type) ?? {}];
};

/** The content of every node of one type in a list: `{ Constraint: { … } }` gives `{ … }`. */
export const contentsAt = (tree: Tree | undefined, field: string, type: string): readonly Tree[] =>
  listAt(tree, field).map((item) => treeAt(item, type)).filter((item): item is Tree => item !== undefined);

/** The text of every `String` node of a list. */
export const stringsAt = (tree: Tree | undefined, field: string): readonly string[] =>
  listAt(tree, field).flatMap((item) => textAt(treeAt(item, 'String'), 'sval') ?? []);

/** Name of a `RangeVar`. */
export const relationName = (tree: Tree | undefined): QualifiedName => {
  const schema = textAt(tree, 'schemaname');
  return { ...(schema === undefined ? {} : { schema }), name: textAt(tree, 'relname') ?? '' };
};

/** Name from the parts of a dotted name. */
export const nameFromParts = (parts: readonly string[]): QualifiedName => {
  const name = parts.at(-1) ?? '';
  const schema = parts.at(-2);
  return { ...(schema === undefined ? {} : { schema }), name };
};

/** Converts the tree's UTF-8 byte offsets to UTF-16 offsets of the same text. */
export function byteOffsets(text: string): (bytes: number) => number {
  let ascii = true;
  for (let index = 0; index < text.length && ascii; index++) ascii = text.charCodeAt(index) < 0x80;
  if (ascii) return (bytes) => bytes;
  const table: number[] = [];
  for (let index = 0; index < text.length; ) {
    const code = text.codePointAt(index) ?? 0;
    const bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (let byte = 0; byte < bytes; byte++) table.push(index);
    index += code > 0xffff ? 2 : 1;
  }
  return (bytes) => table[bytes] ?? text.length;
}

/** The smallest source offset (in bytes) mentioned in a tree; undefined where it has none. */
export function firstLocation(tree: unknown): number | undefined {
  if (Array.isArray(tree)) return smallest(tree.map(firstLocation));
  if (!isTree(tree)) return undefined;
  const own = typeof tree['location'] === 'number' && tree['location'] >= 0 ? tree['location'] : undefined;
  return smallest([own, ...Object.values(tree).map(firstLocation)]);
}

const smallest = (values: readonly (number | undefined)[]): number | undefined => {
  const known = values.filter((value): value is number => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};

/**
 * Typed access to libpg-query's JSON tree. A node stands in its parent wrapped by its tag (`{ "RangeVar": { … } }`),
 * or bare where the grammar allows one tag only (`InsertStmt.relation`). Fields at their default (0, false, "") are absent.
 * Locations are UTF-8 byte offsets.
 */
export type PgValue = string | number | boolean | null | undefined | PgNode | readonly PgValue[];
export interface PgNode {
  readonly [field: string]: PgValue;
}

export interface ParseResult {
  readonly version: number;
  readonly stmts: readonly RawStatement[];
}

export interface RawStatement {
  /** Wrapped statement node. */
  readonly stmt: PgNode;
  /** Byte offset; absent means 0. */
  readonly stmt_location?: number;
  /** Length in bytes; absent means up to the end. */
  readonly stmt_len?: number;
}

export interface TaggedNode {
  readonly tag: string;
  readonly node: PgNode;
}

export const isNode = (value: PgValue): value is PgNode => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Takes the tag off a wrapped node; undefined for anything else. */
export function unwrap(value: PgValue): TaggedNode | undefined {
  if (!isNode(value)) return undefined;
  for (const tag in value) {
    const node = value[tag];
    return isNode(node) ? { tag, node } : undefined;
  }
  return undefined;
}

/** The bare node under `field`. */
export function child(node: PgNode, field: string): PgNode | undefined {
  const value = node[field];
  return isNode(value) ? value : undefined;
}

/** The list under `field`; empty where absent. Its elements are still wrapped. */
export function list(node: PgNode, field: string): readonly PgValue[] {
  const value = node[field];
  return Array.isArray(value) ? (value as readonly PgValue[]) : [];
}

/** The unwrapped elements of the list under `field` that have this tag. */
export const listAs = (node: PgNode, field: string, tag: string): readonly PgNode[] =>
  list(node, field).flatMap((value) => {
    const found = unwrap(value);
    return found?.tag === tag ? [found.node] : [];
  });

export function text(node: PgNode, field: string): string | undefined {
  const value = node[field];
  return typeof value === 'string' ? value : undefined;
}

export const flag = (node: PgNode, field: string): boolean => node[field] === true;

export function number(node: PgNode, field: string): number | undefined {
  const value = node[field];
  return typeof value === 'number' ? value : undefined;
}

/** The strings of a list of `String` nodes (qualified names, operators). */
export const strings = (node: PgNode, field: string): readonly string[] =>
  listAs(node, field, 'String').map((part) => text(part, 'sval') ?? '');

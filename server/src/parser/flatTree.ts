import type { Language, Tree } from '@vscode/tree-sitter-wasm';
import type { SyntaxNode } from '../core/hosts/syntax';

/**
 * The functions of the WebAssembly runtime that a tree cursor stands on. They take the tree's address, keep the cursor's
 * state in the runtime's transfer buffer and answer with numbers, so that a walk over a whole tree allocates nothing.
 */
export interface CursorFunctions {
  _ts_tree_cursor_goto_first_child_wasm(tree: number): number;
  _ts_tree_cursor_goto_next_sibling_wasm(tree: number): number;
  _ts_tree_cursor_goto_parent_wasm(tree: number): number;
  _ts_tree_cursor_current_node_type_id_wasm(tree: number): number;
  _ts_tree_cursor_current_field_id_wasm(tree: number): number;
  _ts_tree_cursor_current_node_is_missing_wasm(tree: number): number;
  _ts_tree_cursor_start_index_wasm(tree: number): number;
  _ts_tree_cursor_end_index_wasm(tree: number): number;
  _ts_tree_cursor_delete_wasm(tree: number): void;
}

/** What is looked up per grammar: symbols are numbers in a tree. */
export interface GrammarTables {
  readonly types: readonly string[];
  /** Per symbol: 1 for named nodes, 0 for punctuation and keywords. */
  readonly named: Uint8Array;
  readonly fieldIds: ReadonlyMap<string, number>;
}

const ERROR_SYMBOL = 65535;
const HAS_ERROR = 1;
const MISSING = 2;

export function readGrammarTables(language: Language): GrammarTables {
  const named = new Uint8Array(ERROR_SYMBOL + 1);
  const types = language.types.map((type) => type || 'ERROR');
  for (let id = 0; id < types.length; id++) named[id] = language.nodeTypeIsNamed(id) ? 1 : 0;
  named[ERROR_SYMBOL] = 1;
  const fieldIds = new Map<string, number>();
  for (const [id, name] of language.fields.entries()) if (name) fieldIds.set(name, id);
  return { types, named, fieldIds };
}

/** Numbers per node, in pre-order. */
const WIDTH = 6;
const TYPE = 0;
const FIELD = 1;
const START = 2;
const END = 3;
const AFTER = 4;
const FLAGS = 5;

/** Grows to the largest file that was read; each tree takes a copy of its part. */
let scratch = new Int32Array(1 << 16);

/** A tree's nodes before an edit, and what of them the edit may have changed. */
export interface EarlierRows {
  readonly rows: Int32Array;
  /** The edit, in UTF-16 offsets: `start` is the same before and after it. */
  readonly start: number;
  readonly oldEnd: number;
  readonly newEnd: number;
  /** Stretches of the text after the edit whose nodes are others, as `[start, end]`. */
  readonly changed: readonly (readonly [number, number])[];
}

/** Nodes of a tree, as a syntax node that reads them. */
export const readFlatTree = (native: Tree, text: string, grammar: GrammarTables, runtime: CursorFunctions, base = 0): SyntaxNode => flatRoot(readRows(native, runtime), text, grammar, base);

/** @param base number at which ids and positions begin, so that nodes of several trees can be told apart */
export const flatRoot = (rows: Int32Array, text: string, grammar: GrammarTables, base = 0): SyntaxNode => new FlatTree(rows, text, grammar, base).node(0, null);

/**
 * Copies a tree out of the runtime's memory in one walk: 0.2–0.3 µs per node, where fetching nodes one by one costs ten
 * times that and leaves an object of the runtime per node behind. After an edit only what it changed is walked; the rest is taken
 * from the rows before.
 * @param before absent: all is walked
 */
export function readRows(native: Tree, runtime: CursorFunctions, before?: EarlierRows): Int32Array {
  // Puts a new cursor into the transfer buffer, where the functions below use it in place: the object is not used again.
  native.walk();
  const tree = addressOf(native);
  const {
    _ts_tree_cursor_goto_first_child_wasm: gotoFirstChild,
    _ts_tree_cursor_goto_next_sibling_wasm: gotoNextSibling,
    _ts_tree_cursor_goto_parent_wasm: gotoParent,
    _ts_tree_cursor_current_node_type_id_wasm: typeId,
    _ts_tree_cursor_current_field_id_wasm: fieldId,
    _ts_tree_cursor_current_node_is_missing_wasm: isMissing,
    _ts_tree_cursor_start_index_wasm: startIndex,
    _ts_tree_cursor_end_index_wasm: endIndex,
  } = runtime;
  const earlier = before && new Earlier(before);
  const ancestors: number[] = [];
  let count = 0;
  /** @returns whether the node came with all that is below it */
  const add = (): boolean => {
    const type = typeId(tree);
    const start = startIndex(tree);
    const end = endIndex(tree);
    const old = earlier?.child(type, start, end) ?? -1;
    const size = old >= 0 && earlier ? earlier.sizeOf(old) : 1;
    const at = count * WIDTH;
    if (at + size * WIDTH > scratch.length) {
      const larger = new Int32Array(Math.max(scratch.length * 2, at + size * WIDTH));
      larger.set(scratch);
      scratch = larger;
    }
    if (old >= 0 && earlier) {
      earlier.copy(old, count, start);
      scratch[at + FIELD] = fieldId(tree);
      count += size;
      return true;
    }
    count++;
    const missing = start === end && isMissing(tree) !== 0;
    scratch[at + TYPE] = type;
    scratch[at + FIELD] = fieldId(tree);
    scratch[at + START] = start;
    scratch[at + END] = end;
    scratch[at + FLAGS] = missing ? MISSING | HAS_ERROR : type === ERROR_SYMBOL ? HAS_ERROR : 0;
    if (missing || type === ERROR_SYMBOL) for (const ancestor of ancestors) scratch[ancestor + FLAGS] = (scratch[ancestor + FLAGS] ?? 0) | HAS_ERROR;
    current = at;
    return false;
  };
  let current = 0;
  try {
    let whole = add();
    for (;;) {
      if (!whole) {
        if (gotoFirstChild(tree) !== 0) {
          ancestors.push(current);
          earlier?.enter(scratch[current + TYPE] ?? 0, scratch[current + START] ?? 0, scratch[current + END] ?? 0);
          whole = add();
          continue;
        }
        scratch[current + AFTER] = count;
      }
      while (gotoNextSibling(tree) === 0) {
        const parent = ancestors.pop();
        if (parent === undefined) return scratch.slice(0, count * WIDTH);
        gotoParent(tree);
        earlier?.leave();
        scratch[parent + AFTER] = count;
      }
      whole = add();
    }
  } finally {
    runtime._ts_tree_cursor_delete_wasm(tree);
  }
}

/** Rows without those of some nodes and what is below them. */
export function withoutRows(rows: Int32Array, nodes: readonly SyntaxNode[], base = 0): Int32Array {
  const omitted = nodes.map(({ id }) => id - base).sort((a, b) => a - b);
  const counts = [0];
  for (const row of omitted) counts.push((counts.at(-1) ?? 0) + (rows[row * WIDTH + AFTER] ?? 0) - row);
  const kept = new Int32Array(rows.length - (counts.at(-1) ?? 0) * WIDTH);
  /** Number of rows before one that are left out. */
  const leftOut = (row: number): number => {
    let low = 0;
    let high = omitted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((omitted[middle] ?? 0) < row) low = middle + 1;
      else high = middle;
    }
    return counts[low] ?? 0;
  };
  let from = 0;
  let to = 0;
  for (const row of [...omitted, rows.length / WIDTH]) {
    const part = rows.subarray(from * WIDTH, row * WIDTH);
    kept.set(part, to);
    for (let at = to; at < to + part.length; at += WIDTH) kept[at + AFTER] = (kept[at + AFTER] ?? 0) - leftOut(kept[at + AFTER] ?? 0);
    to += part.length;
    from = rows[row * WIDTH + AFTER] ?? row;
  }
  return kept;
}

/** Walks the rows before an edit beside the tree after it. */
class Earlier {
  private readonly rows: Int32Array;
  private readonly delta: number;
  /** Per node that is open: the row behind its former self, and the next child to look at; −1: it has none. */
  private readonly ends: number[] = [];
  private readonly nexts: number[] = [];

  constructor(private readonly before: EarlierRows) {
    this.rows = before.rows;
    this.delta = before.newEnd - before.oldEnd;
  }

  /** The child of the open node that was this node before the edit; −1 where it may have become another. */
  child(type: number, start: number, end: number): number {
    const level = this.nexts.length - 1;
    const next = this.nexts[level] ?? -1;
    if (next < 0 || !this.isSettled(start, end)) return -1;
    const shift = end < this.before.start ? 0 : this.delta;
    const { rows } = this;
    const after = this.ends[level] ?? 0;
    let row = next;
    while (row < after && (rows[row * WIDTH + START] ?? 0) < start - shift) row = rows[row * WIDTH + AFTER] ?? after;
    this.nexts[level] = row;
    // Nodes without text stand where their neighbours begin: they are no landmarks.
    for (; row < after && rows[row * WIDTH + START] === start - shift; row = rows[row * WIDTH + AFTER] ?? after) {
      if (rows[row * WIDTH + END] !== end - shift || rows[row * WIDTH + TYPE] !== type || start === end) continue;
      return ((rows[row * WIDTH + FLAGS] ?? 0) & HAS_ERROR) === 0 ? row : -1;
    }
    return -1;
  }

  sizeOf(row: number): number {
    return (this.rows[row * WIDTH + AFTER] ?? 0) - row;
  }

  /** Copies a node with all below it into the scratch rows, from row `to` on. */
  copy(row: number, to: number, start: number): void {
    const { rows } = this;
    const from = row * WIDTH;
    const shift = start - (rows[from + START] ?? 0);
    const move = to - row;
    const length = this.sizeOf(row) * WIDTH;
    const target = to * WIDTH;
    scratch.set(rows.subarray(from, from + length), target);
    if (shift === 0 && move === 0) return;
    for (let at = target; at < target + length; at += WIDTH) {
      scratch[at + START] = (scratch[at + START] ?? 0) + shift;
      scratch[at + END] = (scratch[at + END] ?? 0) + shift;
      scratch[at + AFTER] = (scratch[at + AFTER] ?? 0) + move;
    }
  }

  /** The children of a node are next, which is the one that was added last. */
  enter(type: number, start: number, end: number): void {
    const level = this.nexts.length - 1;
    const row = level < 0 ? (this.rows[TYPE] === type ? 0 : -1) : this.around(level, type, start, end);
    this.nexts.push(row < 0 ? -1 : row + 1);
    this.ends.push(row < 0 ? 0 : this.rows[row * WIDTH + AFTER] ?? 0);
  }

  leave(): void {
    this.nexts.pop();
    this.ends.pop();
  }

  /** The former self of a node that the edit stands in, or beside. */
  private around(level: number, type: number, start: number, end: number): number {
    const { rows, before: { start: edited, newEnd } } = this;
    const after = this.ends[level] ?? 0;
    let row = this.nexts[level] ?? -1;
    if (row < 0) return -1;
    const oldStart = start > newEnd ? start - this.delta : start;
    const oldEnd = end < edited ? end : end - this.delta;
    while (row < after && (rows[row * WIDTH + START] ?? 0) < oldStart) row = rows[row * WIDTH + AFTER] ?? after;
    for (; row < after && rows[row * WIDTH + START] === oldStart; row = rows[row * WIDTH + AFTER] ?? after) {
      if (rows[row * WIDTH + END] === oldEnd && rows[row * WIDTH + TYPE] === type) return row;
    }
    return -1;
  }

  private isSettled(start: number, end: number): boolean {
    if (end >= this.before.start && start <= this.before.newEnd) return false;
    return this.before.changed.every(([from, to]) => end < from || start > to);
  }
}

/** Where the runtime keeps the tree: the first slot of the object, which the type declarations leave out. */
const addressOf = (native: Tree): number => (native as unknown as { readonly 0: number })[0];

class FlatTree {
  private readonly nodes: (FlatNode | undefined)[];

  constructor(
    readonly data: Int32Array,
    readonly text: string,
    readonly grammar: GrammarTables,
    readonly base: number,
  ) {
    // Filled at places far apart, an array that grows would turn into a hash table.
    this.nodes = new Array<FlatNode | undefined>(data.length / WIDTH);
  }

  /** One object per node, however it is reached. */
  node(index: number, parent: FlatNode | null): FlatNode {
    return (this.nodes[index] ??= new FlatNode(this, index, parent));
  }
}

const none: readonly FlatNode[] = [];

class FlatNode implements SyntaxNode {
  readonly type: string;
  readonly startIndex: number;
  readonly endIndex: number;
  readonly id: number;
  private named: readonly FlatNode[] | undefined;
  private all: readonly FlatNode[] | undefined;

  constructor(
    private readonly tree: FlatTree,
    /** Position in pre-order. */
    private readonly index: number,
    readonly parent: FlatNode | null,
  ) {
    const at = index * WIDTH;
    const { data, grammar, base } = tree;
    this.id = base + index;
    this.type = grammar.types[data[at + TYPE] ?? 0] ?? 'ERROR';
    this.startIndex = base + (data[at + START] ?? 0);
    this.endIndex = base + (data[at + END] ?? 0);
  }

  get text(): string {
    return this.tree.text.slice(this.startIndex - this.tree.base, this.endIndex - this.tree.base);
  }

  get hasError(): boolean {
    return ((this.tree.data[this.index * WIDTH + FLAGS] ?? 0) & HAS_ERROR) !== 0;
  }

  get isMissing(): boolean {
    return ((this.tree.data[this.index * WIDTH + FLAGS] ?? 0) & MISSING) !== 0;
  }

  get namedChildren(): readonly FlatNode[] {
    return (this.named ??= this.list(true));
  }

  get children(): readonly FlatNode[] {
    return (this.all ??= this.list(false));
  }

  childForFieldName(name: string): SyntaxNode | null {
    const { data, grammar } = this.tree;
    const field = grammar.fieldIds.get(name);
    if (field === undefined) return null;
    const after = data[this.index * WIDTH + AFTER] ?? 0;
    for (let child = this.index + 1; child < after; child = data[child * WIDTH + AFTER] ?? after) if (data[child * WIDTH + FIELD] === field) return this.tree.node(child, this);
    return null;
  }

  private list(namedOnly: boolean): readonly FlatNode[] {
    const { data, grammar } = this.tree;
    const after = data[this.index * WIDTH + AFTER] ?? 0;
    if (after === this.index + 1) return none;
    const list: FlatNode[] = [];
    for (let child = this.index + 1; child < after; child = data[child * WIDTH + AFTER] ?? after) {
      if (!namedOnly || grammar.named[data[child * WIDTH + TYPE] ?? 0] === 1) list.push(this.tree.node(child, this));
    }
    return list;
  }
}

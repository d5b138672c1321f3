import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import TreeSitter, { type Language, type Tree } from '@vscode/tree-sitter-wasm';
import type { HostLanguage, SyntaxNode, SyntaxParser, SyntaxTree, TextChange } from '../core/hosts/syntax';
import { hostSpan, type HostSpan } from '../core/text/span';
import { flatRoot, readFlatTree, readGrammarTables, readRows, withoutRows, type CursorFunctions, type EarlierRows, type GrammarTables } from './flatTree';

/** Where the grammars are and which of them to load. */
export interface SyntaxParserOptions {
  /** Folder with `tree-sitter.wasm` and `tree-sitter-<language>.wasm`. */
  readonly wasmFolder?: string;
  /** Those to load at once; default: the scripting languages and Python. The others are loaded when they are asked for. */
  readonly languages?: readonly HostLanguage[];
}

const runtimeFile = 'tree-sitter.wasm';
const loadedAtStart: readonly HostLanguage[] = ['typescript', 'tsx', 'javascript', 'python'];
const grammarNames: Partial<Record<HostLanguage, string>> = { csharp: 'c-sharp' };

/** A parser whose grammars are loaded one by one. */
export interface LoadingSyntaxParser extends SyntaxParser {
  isLoaded(language: HostLanguage): boolean;
  /** Rejects when the grammar's file is missing. */
  load(language: HostLanguage): Promise<void>;
}

let runtime: Promise<CursorFunctions> | undefined;

/** Folder of the grammars: beside the bundle if they were copied there, else the package's own. */
export function findWasmFolder(): string {
  const start = typeof __dirname === 'string' ? __dirname : process.cwd();
  if (existsSync(join(start, runtimeFile))) return start;
  for (let folder = start; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', '@vscode', 'tree-sitter-wasm', 'wasm');
    if (existsSync(join(candidate, runtimeFile))) return candidate;
    if (dirname(folder) === folder) throw new Error(`${runtimeFile} not found beside ${start} nor in node_modules`);
  }
}

/**
 * Loads the runtime and the grammars (20–60 ms once), then parses synchronously: 4–7 MB/s in full, about 1 ms for a
 * keystroke. Rejects when a .wasm file is missing; parsing itself never throws on bad text.
 */
export async function createSyntaxParser(options: SyntaxParserOptions = {}): Promise<LoadingSyntaxParser> {
  const folder = options.wasmFolder ?? findWasmFolder();
  const functions = await loadRuntime(folder);
  const grammars = new Map<HostLanguage, Grammar>();
  const loading = new Map<HostLanguage, Promise<void>>();
  const load = (language: HostLanguage): Promise<void> => {
    let started = loading.get(language);
    if (!started) {
      started = (async () => {
        const native = await TreeSitter.Language.load(await readFile(join(folder, `tree-sitter-${grammarNames[language] ?? language}.wasm`)));
        grammars.set(language, { native, tables: readGrammarTables(native) });
      })();
      loading.set(language, started);
    }
    return started;
  };
  for (const language of options.languages ?? loadedAtStart) await load(language);
  const parser = new TreeSitter.Parser();

  const parseFull = (text: string): Tree => {
    parser.reset();
    const native = parser.parse(text);
    if (!native) throw new Error('The parser was cancelled.');
    return native;
  };

  const use = (language: HostLanguage): Grammar => {
    const grammar = grammars.get(language);
    if (!grammar) throw new Error(`The grammar of ${language} is not loaded.`);
    parser.setLanguage(grammar.native);
    return grammar;
  };

  return {
    isLoaded: (language) => grammars.has(language),
    load,
    parseAside(language, text, base) {
      const grammar = use(language);
      const native = parseFull(text);
      try {
        return readFlatTree(native, text, grammar.tables, functions, base);
      } finally {
        native.delete();
      }
    },
    parse(language, text, previous) {
      const grammar = use(language);
      const reading: RowReading = { rows: (native, before) => readRows(native, functions, before), root: (rows) => flatRoot(rows, text, grammar.tables) };
      const old = previous?.tree;
      if (old instanceof ParsedTree && old.language === language && old.brokenEdits < MAX_BROKEN_EDITS && old.editable) {
        const copy = old.native.copy();
        try {
          if (applyChanges(copy, old.text, previous?.edits ?? []) === text) {
            const native = parser.parse(text, copy);
            if (native) return new ParsedTree(native, reading, text, language, native.rootNode.hasError ? old.brokenEdits + 1 : 0, earlierRows(old, copy, native, previous?.edits ?? []));
          }
        } finally {
          copy.delete();
        }
      }
      return new ParsedTree(parseFull(text), reading, text, language, 0);
    },
  };
}

/**
 * With many accumulated errors an incremental parse costs more than a full one: after so many the next one starts afresh. Counted and not
 * timed: which tree a text has must not hang on the machine's load.
 */
const MAX_BROKEN_EDITS = 16;

interface Grammar {
  readonly native: Language;
  readonly tables: GrammarTables;
}

/** Starts the runtime, which exists once per process. It puts its exported functions on the object with its options. */
export function loadRuntime(folder: string): Promise<CursorFunctions> {
  runtime ??= startRuntime(folder);
  return runtime;
}

async function startRuntime(folder: string): Promise<CursorFunctions> {
  const options: { locateFile(file: string): string } & Partial<CursorFunctions> = { locateFile: (file) => join(folder, file) };
  await TreeSitter.Parser.init(options);
  if (!hasFunctions(options)) throw new Error('The runtime of tree-sitter was started by somebody else.');
  return options;
}

const hasFunctions = (options: Partial<CursorFunctions>): options is CursorFunctions => options._ts_tree_cursor_current_node_type_id_wasm !== undefined;

/** Tells the tree of each change in turn; returns the text after all of them. */
function applyChanges(tree: Tree, before: string, changes: readonly TextChange[]): string {
  let text = before;
  for (const { span, text: inserted } of changes) {
    const start = pointAt(text, span.start);
    const after = text.slice(0, span.start) + inserted + text.slice(span.end);
    tree.edit({
      startIndex: span.start,
      oldEndIndex: span.end,
      newEndIndex: span.start + inserted.length,
      startPosition: start,
      oldEndPosition: pointAt(text, span.end),
      newEndPosition: pointAt(after, span.start + inserted.length),
    });
    text = after;
  }
  return text;
}

/** Row and column as tree-sitter counts them: rows end at `\n`, columns are UTF-16 units. */
function pointAt(text: string, offset: number): { row: number; column: number } {
  let row = 0;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    row++;
    lineStart = at + 1;
  }
  return { row, column: offset - lineStart };
}

/** How nodes are read for one text. */
interface RowReading {
  rows(native: Tree, before: EarlierRows | undefined): Int32Array;
  root(rows: Int32Array): SyntaxNode;
}

/** What the nodes of a tree may be taken from after one edit. @param edited the old tree that has been told of it */
function earlierRows({ rows }: ParsedTree, edited: Tree, native: Tree, [edit, ...more]: readonly TextChange[]): EarlierRows | undefined {
  if (!rows || !edit || more.length > 0) return undefined;
  const changed = edited.getChangedRanges(native).map(({ startIndex, endIndex }): [number, number] => [startIndex, endIndex]);
  return { rows, start: edit.span.start, oldEnd: edit.span.end, newEnd: edit.span.start + edit.text.length, changed };
}

class ParsedTree implements SyntaxTree {
  editable = true;
  readonly changed: readonly HostSpan[] | undefined;
  private nodes: SyntaxNode | undefined;
  /** Of all nodes, once they have been read: the next tree's are built on them. */
  rows: Int32Array | undefined;

  constructor(
    readonly native: Tree,
    private readonly reading: RowReading,
    readonly text: string,
    readonly language: HostLanguage,
    /** Parses one after the other that built on a tree with errors. */
    readonly brokenEdits: number,
    private before?: EarlierRows,
  ) {
    this.changed = before?.changed.map(([start, end]) => hostSpan(start, end));
  }

  excerpt(omitted: readonly SyntaxNode[]): SyntaxNode {
    const whole = this.root;
    return omitted.length === 0 || !this.rows ? whole : this.reading.root(withoutRows(this.rows, omitted));
  }

  get root(): SyntaxNode {
    if (!this.nodes) {
      this.rows ??= this.reading.rows(this.native, this.before);
      this.before = undefined;
      this.nodes = this.reading.root(this.rows);
    }
    return this.nodes;
  }

  release(): void {
    this.nodes = undefined;
  }

  dispose(): void {
    if (!this.editable) return;
    this.editable = false;
    this.nodes = undefined;
    this.rows = undefined;
    this.before = undefined;
    this.native.delete();
  }
}

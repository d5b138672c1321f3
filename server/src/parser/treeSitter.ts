import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import TreeSitter, { type Language, type Node, type Tree } from '@vscode/tree-sitter-wasm';
import type { HostLanguage, SyntaxNode, SyntaxParser, SyntaxTree, TextChange } from '../core/hosts/syntax';

/** Where the grammars are and which of them to load. */
export interface SyntaxParserOptions {
  /** Folder with `tree-sitter.wasm` and `tree-sitter-<language>.wasm`. */
  readonly wasmFolder?: string;
  /** Default: all. */
  readonly languages?: readonly HostLanguage[];
}

const runtimeFile = 'tree-sitter.wasm';
const allLanguages: readonly HostLanguage[] = ['typescript', 'tsx', 'javascript', 'python'];

let runtime: Promise<void> | undefined;

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
export async function createSyntaxParser(options: SyntaxParserOptions = {}): Promise<SyntaxParser> {
  const folder = options.wasmFolder ?? findWasmFolder();
  runtime ??= TreeSitter.Parser.init({ locateFile: (file: string) => join(folder, file) });
  await runtime;
  const grammars = new Map<HostLanguage, Language>();
  for (const language of options.languages ?? allLanguages) {
    grammars.set(language, await TreeSitter.Language.load(await readFile(join(folder, `tree-sitter-${language}.wasm`))));
  }
  const parser = new TreeSitter.Parser();

  const parseFull = (text: string): { native: Tree; milliseconds: number } => {
    const started = performance.now();
    parser.reset();
    const native = parser.parse(text);
    if (!native) throw new Error('The parser was cancelled.');
    return { native, milliseconds: performance.now() - started };
  };

  return {
    parse(language, text, previous) {
      const grammar = grammars.get(language);
      if (!grammar) throw new Error(`The grammar of ${language} is not loaded.`);
      parser.setLanguage(grammar);
      const old = previous?.tree;
      if (old instanceof ParsedTree && old.language === language && !old.slow && old.editable) {
        const copy = old.native.copy();
        try {
          if (applyChanges(copy, old.text, previous?.edits ?? []) === text) {
            const started = performance.now();
            const native = parser.parse(text, copy);
            const took = performance.now() - started;
            if (native) return new ParsedTree(native, text, language, old.fullMilliseconds, native.rootNode.hasError && took > 2 * old.fullMilliseconds);
          }
        } finally {
          copy.delete();
        }
      }
      const { native, milliseconds } = parseFull(text);
      return new ParsedTree(native, text, language, milliseconds, false);
    },
  };
}

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

class ParsedTree implements SyntaxTree {
  readonly root: SyntaxNode;
  editable = true;

  constructor(
    readonly native: Tree,
    readonly text: string,
    readonly language: HostLanguage,
    readonly fullMilliseconds: number,
    /** With many accumulated errors an incremental parse costs more than a full one: the next one starts afresh. */
    readonly slow: boolean,
  ) {
    this.root = new CachedNode(native.rootNode, null, text);
  }

  dispose(): void {
    if (!this.editable) return;
    this.editable = false;
    this.native.delete();
  }
}

/**
 * Crossing into WebAssembly and the objects it hands out are what costs: a property is fetched once and when asked for,
 * punctuation only by `children`, and a node is one object however it is reached.
 */
class CachedNode implements SyntaxNode {
  readonly id: number;
  readonly type: string;
  readonly startIndex: number;
  private end: number | undefined;
  private list: readonly CachedNode[] | undefined;
  private namedList: readonly CachedNode[] | undefined;
  private fields: Map<string, SyntaxNode | null> | undefined;

  constructor(
    private readonly native: Node,
    readonly parent: SyntaxNode | null,
    private readonly source: string,
  ) {
    this.id = native.id;
    this.type = native.type;
    this.startIndex = native.startIndex;
  }

  get endIndex(): number {
    this.end ??= this.native.endIndex;
    return this.end;
  }

  get text(): string {
    return this.source.slice(this.startIndex, this.endIndex);
  }

  get hasError(): boolean {
    return this.native.hasError;
  }

  get isMissing(): boolean {
    return this.native.isMissing;
  }

  get children(): readonly CachedNode[] {
    if (!this.list) {
      const named = this.namedChildren;
      let next = 0;
      this.list = this.native.children.flatMap((child) => {
        if (!child) return [];
        const known = named[next];
        if (known?.id !== child.id) return [new CachedNode(child, this, this.source)];
        next++;
        return [known];
      });
    }
    return this.list;
  }

  get namedChildren(): readonly CachedNode[] {
    this.namedList ??= this.native.namedChildren.flatMap((child) => (child ? [new CachedNode(child, this, this.source)] : []));
    return this.namedList;
  }

  childForFieldName(name: string): SyntaxNode | null {
    const known = this.fields?.get(name);
    if (known !== undefined) return known;
    const found = this.native.childForFieldName(name);
    const child = found ? this.namedChildren.find((candidate) => candidate.id === found.id) ?? this.children.find((candidate) => candidate.id === found.id) ?? new CachedNode(found, this, this.source) : null;
    this.fields ??= new Map();
    this.fields.set(name, child);
    return child;
  }
}

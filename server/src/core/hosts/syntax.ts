import type { HostSpan } from '../text/span';

/**
 * A node of a host language's syntax tree: the part of tree-sitter's node that hosts and libraries use, so that
 * `core` needs no parser. `startIndex` and `endIndex` are UTF-16 host offsets. Nodes die with their tree: never keep one.
 */
export interface SyntaxNode {
  readonly id: number;
  readonly type: string;
  readonly text: string;
  readonly startIndex: number;
  readonly endIndex: number;
  readonly hasError: boolean;
  readonly isMissing: boolean;
  readonly parent: SyntaxNode | null;
  readonly namedChildren: readonly SyntaxNode[];
  readonly children: readonly SyntaxNode[];
  childForFieldName(name: string): SyntaxNode | null;
}

/** Languages of the second group: read by the one table-driven reader in `hosts/common`, their grammars loaded at their first file. */
export type CommonLanguage = 'go' | 'java' | 'ruby' | 'php' | 'csharp' | 'rust';
export type HostLanguage = 'typescript' | 'tsx' | 'javascript' | 'python' | CommonLanguage;

export const isCommonLanguage = (language: string): language is CommonLanguage => /^(go|java|ruby|php|csharp|rust)$/.test(language);

export interface SyntaxTree {
  readonly root: SyntaxNode;
  /** Stretches whose nodes are others than those of the tree before, beside those of the edit; undefined: it was not built on one by a single edit. */
  readonly changed: readonly HostSpan[] | undefined;
  /** The tree without some of its nodes, as nodes of its own: no two of them contain each other. */
  excerpt(omitted: readonly SyntaxNode[]): SyntaxNode;
  /** Forgets the nodes, which take many times the memory of the tree; `root` reads them again. */
  release(): void;
  /** Frees the parser's memory; the nodes must not be used afterwards. */
  dispose(): void;
}

/** Implemented in `parser/`. The grammar of the language must be loaded. `previous` (with the edit applied) makes the parse incremental. */
export interface SyntaxParser {
  parse(language: HostLanguage, text: string, previous?: { readonly tree: SyntaxTree; readonly edits: readonly TextChange[] }): SyntaxTree;
  /** Nodes of a text beside the document at hand: their ids and positions begin at `base`. They outlive the parser's tree. */
  parseAside(language: HostLanguage, text: string, base: number): SyntaxNode;
}

/** One change of a document, in UTF-16 offsets of the text before the change. */
export interface TextChange {
  readonly span: HostSpan;
  readonly text: string;
}

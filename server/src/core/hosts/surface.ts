import type { SyntaxNode } from './syntax';

/**
 * A file's *surface* is the source text of those top-level statements that other files may need to read their own
 * queries: imports and exports, constants that are text or objects of texts, clients with what makes them, short
 * functions and methods. It is plain text, so that it crosses threads and is compared by value; where a file imports
 * from it, it is parsed aside, and values are followed into it as if it stood in the file. Nothing of its positions
 * leaves the reader: what comes from there is placed where the using file names it.
 */

/** Positions and ids of nodes from here on belong to other files. */
export const ASIDE = 2 ** 30;
/** Room for one surface: positions within it stay below the next one's. */
export const ASIDE_STRIDE = 2 ** 20;
/** Longer ones are not kept: generated code. */
export const MAX_SURFACE = 60_000;

export const isAside = (node: { readonly startIndex: number }): boolean => node.startIndex >= ASIDE;

/** What a reader may ask of the other files of the workspace. */
export interface WorkspaceModules {
  /** The document that an import names; undefined outside the workspace. */
  resolve(from: string, module: string): string | undefined;
  /** Root node of a document's surface, parsed aside; undefined where it has none. One node per version of the surface. */
  surface(uri: string): SyntaxNode | undefined;
}

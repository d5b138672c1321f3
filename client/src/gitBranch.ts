import type { Uri } from 'vscode';

/** The part of what VS Code's own Git extension exports that is used here. */
export interface GitExports {
  readonly enabled: boolean;
  getAPI(version: 1): { getRepository(uri: Uri): { readonly state: { readonly HEAD?: { readonly name?: string } } } | null };
}

/** The branch that is checked out where a file lies; undefined where Git knows none, or is turned off. */
export function branchOf(git: GitExports | undefined, uri: Uri): string | undefined {
  // Before the extension is active it exports nothing; turned off, it throws.
  return git?.enabled ? git.getAPI(1).getRepository(uri)?.state.HEAD?.name : undefined;
}

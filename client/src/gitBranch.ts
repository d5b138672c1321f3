import type { Uri } from 'vscode';

/** The part of what VS Code's own Git extension exports that is used here. */
export interface GitExports {
  readonly enabled: boolean;
  getAPI(version: 1): { getRepository(uri: Uri): { readonly state: { readonly HEAD?: { readonly name?: string } } } | null };
}

/** VS Code's Git extension; what it exports may be asked for only while it is active. */
export interface GitExtension {
  readonly isActive: boolean;
  readonly exports: GitExports;
}

/** The branch that is checked out where a file lies; undefined where Git knows none, is turned off, or has not started yet. Never throws. */
export function branchOf(git: GitExtension | undefined, uri: Uri): string | undefined {
  if (!git?.isActive) return undefined;
  try {
    return git.exports.enabled ? git.exports.getAPI(1).getRepository(uri)?.state.HEAD?.name : undefined;
  } catch {
    // No plan is lost for the name of a branch.
    return undefined;
  }
}

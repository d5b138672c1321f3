import type { FileIndex } from './fileIndex';

/** What a container gives for a token: a path of names, as seen from where it was registered. */
export interface Provision {
  readonly uri: string;
  readonly functionId?: number;
  readonly path: readonly string[];
}

/** The registrations of all files by token. */
export function collectProvisions(indexes: Iterable<FileIndex>): ReadonlyMap<string, readonly Provision[]> {
  const found = new Map<string, Provision[]>();
  for (const index of indexes) {
    for (const call of index.file.calls) {
      for (const { name, path } of call.provides ?? []) found.set(name, [...(found.get(name) ?? []), { uri: index.file.uri, path, ...(call.functionId === undefined ? {} : { functionId: call.functionId }) }]);
    }
  }
  return found;
}

/** The token of `@inject(TYPES.Users)`, `@Inject('users')`, `@Inject(() => Users)`. */
export function injectedToken(decorators: readonly string[] | undefined): string | undefined {
  const written = decorators?.map((decorator) => /^[iI]nject\(([\s\S]*)\)$/.exec(decorator)?.[1]?.trim()).find((text) => text !== undefined);
  return written === undefined ? undefined : tokenText(written);
}

/** An expression as a token: the content of a string, a path of names; undefined for others. */
export function tokenText(written: string): string | undefined {
  const bare = written.trim().replace(/^(?:forwardRef|delay)\(([\s\S]*)\)$/, '$1').replace(/^\(?\w*\)?\s*=>\s*/, '');
  return /^(["'`])([^"'`]+)\1$/.exec(bare)?.[2] ?? (/^[A-Za-z_$][\w$.]*$/.test(bare) ? bare : undefined);
}

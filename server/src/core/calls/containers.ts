import type { CallIr } from '../hosts/ir';
import type { FileIndex } from './fileIndex';

/** What a container gives for a token: a path of names, as seen from where it was registered. */
export interface Provision {
  readonly uri: string;
  readonly functionId?: number;
  readonly path: readonly string[];
}

/** The registrations of all files by token. */
export function collectProvisions(given: Iterable<FileIndex>): ReadonlyMap<string, readonly Provision[]> {
  const indexes = [...given];
  const found = new Map<string, Provision[]>();
  for (const index of indexes) {
    for (const { loads } of index.file.calls) if (loads) for (const [token, provision] of loaded(index.file.uri, loads, indexes)) found.set(token, [...(found.get(token) ?? []), provision]);
    for (const call of index.file.calls) {
      for (const { name, path } of call.provides ?? []) found.set(name, [...(found.get(name) ?? []), { uri: index.file.uri, path, ...(call.functionId === undefined ? {} : { functionId: call.functionId }) }]);
    }
  }
  return found;
}

/** The default exports of the files that the globs name. A glob is meant from the loader's folder, or from one above it: that of the package. */
function loaded(from: string, { globs, camelCase }: NonNullable<CallIr['loads']>, indexes: readonly FileIndex[]): readonly (readonly [string, Provision])[] {
  const patterns = globs.map((glob) => new RegExp(`^(.*/)?${globPattern(glob)}$`));
  return indexes.flatMap(({ file: { uri, language }, exports }): readonly (readonly [string, Provision])[] => {
    if (uri === from || !/^(?:typescript|tsx|javascript)$/.test(language)) return [];
    const local = exports.get('default')?.local;
    const [, stem] = /([^/]+?)\.[cm]?[jt]sx?$/.exec(uri) ?? [];
    // The folder before what the glob names is one that holds the loader.
    const named = patterns.some((pattern) => { const match = pattern.exec(uri); return match !== null && from.startsWith(match[1] ?? ''); });
    if (local === undefined || stem === undefined || !named) return [];
    return [[camelCase ? camel(stem) : stem, { uri, path: [local, '()'] }]];
  });
}

/** Globs name what is built (`dist/services/*.js`); the sources may be TypeScript's. */
function globPattern(glob: string): string {
  const bare = glob.replace(/^(?:\.{0,2}\/)+/, '').replace(/^(?:dist|build|lib|out)\//, '').replace(/\.(?:[cm]?[jt]s|\{[^}]*\}|\*)$/, '');
  const text = bare.replaceAll(/[.+^$()|[\]\\]/g, '\\$&').replaceAll('**/', '\u0000').replaceAll('**', '\u0001').replaceAll('*', '[^/]*').replaceAll('\u0000', '(?:.*/)?').replaceAll('\u0001', '.*')
    .replaceAll(/\{([^{}]*)\}/g, (_, list: string) => `(?:${list.split(',').join('|')})`);
  return `${text}\\.[cm]?[jt]sx?`;
}

const camel = (name: string): string => name.replaceAll(/[^A-Za-z0-9]+(.)?/g, (_, letter: string | undefined) => letter?.toUpperCase() ?? '').replace(/^[A-Z]+(?![a-z])|^[A-Z]/, (letters) => letters.toLowerCase());

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

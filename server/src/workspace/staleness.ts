import { changedNames } from '../core/hosts/common/shared';
import type { ResolveModule } from '../core/calls/flow';
import type { HostFile, LibraryId, ModelIr } from '../core/hosts/ir';

/** Keeps which documents were read with something of other files that has changed since. */
export interface Staleness {
  /** A file has another version, appeared (`before` undefined) or vanished. Tells what of it that others know changed. */
  changed(before: HostFile | undefined, after: HostFile | undefined): { readonly models: boolean; readonly shared: boolean };
  /** Imports may lead elsewhere: files appeared or vanished. */
  moved(before: ResolveModule, after: ResolveModule): void;
  /** True once for each document that is to be read again. */
  take(uri: string): boolean;
  /** Documents that are to be read again. */
  all(): readonly string[];
  clear(): void;
}

/** @param files by uri, as they are now */
export function createStaleness(files: ReadonlyMap<string, HostFile>): Staleness {
  const stale = new Set<string>();
  const markUsers = (uri: string): void => {
    for (const file of files.values()) if (file.uri !== uri && file.uses?.includes(uri)) stale.add(file.uri);
  };
  const markReaders = (libraries: ReadonlySet<LibraryId>, except: string | undefined): void => {
    for (const file of files.values()) if (file.uri !== except && file.sites.some((site) => libraries.has(site.library))) stale.add(file.uri);
  };
  const markAskers = (names: ReadonlySet<string>, except: string): void => {
    for (const file of files.values()) if (file.uri !== except && file.asks?.some((name) => names.has(name))) stale.add(file.uri);
  };
  return {
    changed(before, after) {
      const uri = (after ?? before)?.uri;
      if (uri === undefined) return { models: false, shared: false };
      stale.delete(uri);
      if (before?.surface !== after?.surface) markUsers(uri);
      const names = before?.shared || after?.shared ? changedNames(before?.shared, after?.shared) : undefined;
      const shared = names !== undefined && names.size > 0;
      if (shared) markAskers(names, uri);
      const models = [...(before?.models ?? []), ...(after?.models ?? [])];
      if (models.length === 0 || describe(before?.models) === describe(after?.models)) return { models: false, shared };
      markReaders(new Set(models.map((model) => model.library)), uri);
      return { models: true, shared };
    },
    moved(before, after) {
      for (const file of files.values()) {
        const modules = new Set([...file.imports.map((one) => one.module), ...file.exports.flatMap((one) => one.module ?? [])]);
        for (const module of modules) if (before(file.uri, module) !== after(file.uri, module)) stale.add(file.uri);
      }
    },
    take: (uri) => stale.delete(uri),
    all: () => [...stale],
    clear: () => stale.clear(),
  };
}

/** What others read of declarations; where they stand is not part of it. */
const describe = (models: readonly ModelIr[] | undefined): string => JSON.stringify(models ?? [], (key, value: unknown) => (key === 'span' || key.endsWith('Span') ? undefined : value));

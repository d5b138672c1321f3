import type { SharedSender, SharedText } from '../sharedIr';
import type { SyntaxNode } from '../syntax';
import type { Classes } from './functions';
import { agreeing, findSenders, findSqlFile, findText, isSeenBare, isSeenBy, type Asking, type SharedIndex } from './shared';
import type { Source } from './source';
import { basesAt } from './wrappers';

type Found = ReturnType<typeof findSenders>;

/** What one file sees of what the others share; it notes the names that were asked for. */
export interface SharedView {
  readonly asks: ReadonlySet<string>;
  /** See `TextEnvironment.shared`. */
  text(owner: string | undefined, name: string, at: SyntaxNode): SharedText | undefined;
  /** Content of an SQL file; see `findSqlFile`. */
  sqlFile(path: string, anywhere?: boolean): string | undefined;
  /** Query functions of this name anywhere. */
  senders(name: string): Found;
  /** Of these the one that is seen by its name alone. */
  bare(name: string, all: Found): SharedSender | undefined;
  /** Of these the one that stands behind a class, a module or a package's name. */
  behind(owner: string, all: Found): SharedSender | undefined;
  /** The one that they all say. */
  agreeing(all: Found): SharedSender | undefined;
}

export function createSharedView(index: SharedIndex, from: Asking, source: Source, classes: Classes): SharedView {
  const asks = new Set<string>();
  // In Rust `self` and `super` are modules.
  const ownClass = from.language === 'rust' ? /^Self$/ : /^(?:self|Self|static|parent|this|super|base)$/;
  const declared = new Set(classes.list.map((one) => one.name));
  return {
    asks,
    text(owner, name, at) {
      asks.add(name);
      const bases = owner === undefined || ownClass.test(owner) ? basesAt(at, { source, classes }) : [];
      // What the file declares itself is not asked of others.
      if (owner !== undefined && declared.has(owner) && from.language !== 'rust') return undefined;
      return findText(index, from, owner !== undefined && ownClass.test(owner) ? undefined : owner, name, bases);
    },
    sqlFile(path, anywhere = false) {
      asks.add(path.slice(path.lastIndexOf('/') + 1));
      return findSqlFile(index, from.uri, path, anywhere);
    },
    senders(name) {
      asks.add(name);
      return findSenders(index, from, name);
    },
    bare: (name, all) => agreeing(all.filter((entry) => isSeenBare(entry, from, from.imports.find((one) => one.local === name && one.imported !== '*'), [])), from)?.item,
    behind: (owner, all) => agreeing(all.filter((entry) => isSeenBy(entry, from, owner)), from)?.item,
    agreeing: (all) => agreeing(all, from)?.item,
  };
}

import type { HostFile, ImportIr } from '../ir';
import { readQueryName } from '../../sql/migrationDialect';
import { splitStatements } from '../../sql/split';
import type { SharedIr, SharedSender, SharedText } from '../sharedIr';

/** A declaration with where it stands. */
interface Placed<T> {
  readonly uri: string;
  readonly package: string;
  readonly item: T;
}

/** What the files of a workspace share, by language and name. Plain data: it crosses threads. */
export interface SharedIndex {
  readonly texts: ReadonlyMap<string, readonly Placed<SharedText>[]>;
  readonly senders: ReadonlyMap<string, readonly Placed<SharedSender>[]>;
}

/** What is needed of a file to index what it shares. */
export type SharingFile = Pick<HostFile, 'uri' | 'language' | 'package' | 'shared'>;

export function indexShared(files: Iterable<SharingFile>): SharedIndex {
  const texts = new Map<string, Placed<SharedText>[]>();
  const senders = new Map<string, Placed<SharedSender>[]>();
  const add = <T extends { readonly name: string }>(map: Map<string, Placed<T>[]>, file: SharingFile, item: T): void => {
    const key = `${file.language} ${item.name}`;
    const entry = { uri: file.uri, package: file.package ?? '', item };
    const list = map.get(key);
    if (list) list.push(entry);
    else map.set(key, [entry]);
  };
  for (const file of files) {
    for (const text of file.shared?.texts ?? []) add(texts, file, text);
    for (const sender of file.shared?.senders ?? []) add(senders, file, sender);
  }
  return { texts, senders };
}

/** Longer ones are schemas or scripts; files of named statements are longer. */
const maxSqlFile = 8000;
const maxBlocks = 60_000;
const title = /^[ \t]*--[ \t]*name[ \t]*:|@name[ \t]+\w|^--[ \t]*BLOCK[ \t]+\w|^--[ \t]*[a-z][a-z\d]*(?:_[a-z\d]+)+[ \t]*--[ \t]*$/m;

/** A file of one kind of statement, as code may embed it: it is known by its name, and its statements by their titles. */
export function sharedSql(uri: string, text: string): SharedIr | undefined {
  if (text.length > maxBlocks || /\/(?:migrat\w*|seeds?|schemas?)\//i.test(uri)) return undefined;
  const blocks = title.test(text) ? namedBlocks(text) : [];
  const body = text.replace(/^\s*(?:--[^\n]*\n\s*|\/\*[\s\S]*?\*\/\s*)*/, '');
  const whole: readonly SharedText[] = text.length <= maxSqlFile && /^(?:select|insert|update|delete|with|merge)\b/i.test(body) ? [{ name: uri.slice(uri.lastIndexOf('/') + 1), parts: [text], complete: true }] : [];
  return whole.length + blocks.length > 0 ? { texts: [...whole, ...blocks], senders: [] } : undefined;
}

/** The key of a statement's title among what files share: titles are spelled as the caller's language likes (`get_user`, `getUser`). */
export const blockKey = (name: string): string => `#${name.replaceAll(/[-_]/g, '').toLowerCase()}`;

/** Statements below titles; `owner` is the sign behind the title (`^`, `!`, `:many`). */
function namedBlocks(text: string): readonly SharedText[] {
  const spans = splitStatements(text, { psql: false });
  return spans.flatMap((span, i): readonly SharedText[] => {
    const above = text.slice(spans[i - 1]?.end ?? 0, span.start);
    const written = /^[ \t]*--[ \t]*BLOCK[ \t]+(\w+)/m.exec(above)?.[1] ?? /^--[ \t]*([a-z][a-z\d]*(?:_[a-z\d]+)+)[ \t]*--[ \t]*$/m.exec(above)?.[1];
    const name = readQueryName(above)?.name ?? written;
    const sign = /--[ \t]*name[ \t]*:[ \t]*[\w.-]+?[ \t]*(\^|\$|<!|\*!|!|#)[ \t]*(?:\([^)]*\))?[ \t]*$/m.exec(above)?.[1];
    return name === undefined ? [] : [{ name: blockKey(name), parts: [text.slice(span.start, span.end)], complete: true, ...(sign === undefined ? {} : { owner: sign }) }];
  });
}

/** Content of the SQL file at a path, from the folder of the file that names it or (`anywhere`) from some folder above. */
export function findSqlFile(index: SharedIndex, from: string, path: string, anywhere: boolean): string | undefined {
  const wanted = normalized(path.startsWith('file:') ? path : `${from.slice(0, from.lastIndexOf('/'))}/${path}`);
  const all = index.texts.get(`sql ${path.slice(path.lastIndexOf('/') + 1)}`) ?? [];
  const found = all.find((entry) => entry.uri === wanted) ?? (anywhere ? only(all.filter((entry) => entry.uri.endsWith(`/${path}`) && from.startsWith(entry.uri.slice(0, -path.length)))) : undefined);
  const [text] = found?.item.parts ?? [];
  return typeof text === 'string' ? text : undefined;
}

const only = <T>(list: readonly T[]): T | undefined => (list.length === 1 ? list[0] : undefined);

/** Without `.` and `..`. */
export function normalized(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

/** The file that asks, and how far it sees. */
export interface Asking {
  readonly uri: string;
  readonly language: HostFile['language'];
  readonly package: string;
  readonly imports: readonly ImportIr[];
}

/** Names that differ between what a file shared before and shares now. */
export function changedNames(before: SharedIr | undefined, after: SharedIr | undefined): ReadonlySet<string> {
  const describe = (shared: SharedIr | undefined): Map<string, string> => {
    const found = new Map<string, string>();
    for (const item of [...(shared?.texts ?? []), ...(shared?.senders ?? [])]) found.set(item.name, `${found.get(item.name) ?? ''}${JSON.stringify(item)}`);
    return found;
  };
  const [old, now] = [describe(before), describe(after)];
  return new Set([...old.keys(), ...now.keys()].filter((name) => old.get(name) !== now.get(name)));
}

/**
 * The constant that a path means in another file: `FIND`, `queries.Find`, `Queries::FIND`. Undefined where none is seen
 * from the file, or where several are and say different things.
 * @param inherited names whose members are seen without a prefix: what the class at hand extends
 */
export function findText(index: SharedIndex, from: Asking, owner: string | undefined, name: string, inherited: readonly string[]): SharedText | undefined {
  const renamed = owner === undefined ? from.imports.find((one) => one.local === name && one.imported !== '*') : undefined;
  const all = (index.texts.get(`${from.language} ${renamed?.imported ?? name}`) ?? []).filter((entry) => entry.uri !== from.uri);
  if (all.length === 0) return undefined;
  return agreeing(owner === undefined ? all.filter((entry) => isSeenBare(entry, from, renamed, inherited)) : all.filter((entry) => isSeenBy(entry, from, owner)), from)?.item;
}

/** Functions of this name in other files; which of them a call means is told by what it is called on. */
export const findSenders = (index: SharedIndex, from: Asking, name: string): readonly Placed<SharedSender>[] =>
  (index.senders.get(`${from.language} ${name}`) ?? []).filter((entry) => entry.uri !== from.uri);

/** Is a declaration seen by its bare name: of the same package, imported by name, inherited? */
export function isSeenBare(entry: Placed<{ readonly owner?: string }>, from: Asking, renamed: ImportIr | undefined, inherited: readonly string[]): boolean {
  const { owner } = entry.item;
  if (renamed) {
    const module = lastPart(renamed.module);
    const meant = from.language === 'rust' && owner === undefined ? moduleMeant(renamed.module, from.uri) : undefined;
    if (meant !== undefined) return meant === moduleOf(entry.uri);
    return owner === undefined ? module === lastPart(entry.package) || renamed.module === entry.package : module === owner;
  }
  if (owner !== undefined) return inherited.includes(owner) || from.imports.some((one) => one.local === '*' && lastPart(one.module) === owner);
  if (from.language === 'rust') return from.imports.some((one) => one.local === '*' && lastPart(one.module) === lastPart(entry.package));
  return entry.package === from.package || (from.language === 'go' && from.imports.some((one) => one.local === '*' && isFolderOf(one.module, entry.package)));
}

/** Is a declaration seen behind `owner`: a class, a module, or the name of an imported package? */
export function isSeenBy(entry: Placed<{ readonly owner?: string }>, from: Asking, owner: string): boolean {
  const last = lastPart(owner);
  const imported = from.imports.find((one) => one.local === owner.split(/[.\\]|::/)[0]);
  if (entry.item.owner !== undefined) {
    const own = lastPart(entry.item.owner);
    return own === last || (imported !== undefined && imported.local === owner && imported.imported === own);
  }
  if (from.language === 'go') return imported !== undefined && imported.imported === '*' && isFolderOf(imported.module, entry.package);
  if (from.language !== 'rust') return false;
  const module = imported && imported.local === owner && imported.imported !== '*' ? imported.imported : last;
  // `crate::db`, `super::super::db` and `self` say which module of this crate is meant.
  const path = imported === undefined ? owner : `${imported.imported === '*' ? imported.module : `${imported.module}::${imported.imported}`}${owner.slice(imported.local.length)}`;
  const meant = moduleMeant(path, from.uri);
  return meant === undefined ? module === lastPart(entry.package) : meant === moduleOf(entry.uri);
}

/** A Rust file as the module that it is: its crate's folder, then the names below; undefined for files of no `src` folder. */
function moduleOf(uri: string): string | undefined {
  const [, crate, path] = /^(.*\/)src\/(.+)\.rs$/.exec(uri) ?? [];
  if (crate === undefined || path === undefined) return undefined;
  const names = path.split('/');
  if (/^(?:mod|lib|main)$/.test(names.at(-1) ?? '')) names.pop();
  return [crate, ...names].join('::');
}

/** The module that a path beginning with `crate`, `self` or `super` leads to from a file; undefined for other paths. */
function moduleMeant(owner: string, uri: string): string | undefined {
  const [first, ...rest] = owner.split('::');
  const own = moduleOf(uri)?.split('::');
  if (own === undefined || !/^(?:crate|self|super)$/.test(first ?? '')) return undefined;
  let at = first === 'crate' ? own.slice(0, 1) : first === 'super' ? own.slice(0, -1) : own;
  for (const name of rest) at = name === 'super' ? at.slice(0, -1) : name === 'self' ? at : [...at, name];
  // Above the crate's root there is nothing.
  return at.join('::');
}

const goLibrary = /^(?:archive|bufio|builtin|bytes|cmp|compress|container|context|crypto|database|debug|embed|encoding|errors|expvar|flag|fmt|go|hash|html|image|index|io|iter|log|maps|math|mime|net|os|path|plugin|reflect|regexp|runtime|slices|sort|strconv|strings|structs|sync|syscall|testing|text|time|unicode|unique|unsafe|weak)(?:\/|$)/;

/** `github.com/acme/app/queries` is the folder `…/queries`; `log` is Go's own. */
const isFolderOf = (module: string, folder: string): boolean => {
  const last = module.split('/').filter((part) => !/^v\d+$/.test(part)).at(-1);
  return last !== undefined && !goLibrary.test(module) && folder.endsWith(`/${last}`);
};

/** The one that all candidates agree on; of several those count that are imported or of the same package, then the nearest by path. */
export function agreeing<T>(candidates: readonly Placed<T>[], from: Asking): Placed<T> | undefined {
  const near = (entry: Placed<T>): number => (from.imports.some((one) => one.module === entry.package) || entry.package === from.package ? Infinity : sharedFolders(entry.uri, from.uri));
  const ranked = candidates.map((entry) => ({ entry, rank: near(entry) })).sort((a, b) => b.rank - a.rank);
  const nearest = ranked.filter(({ rank }) => rank === ranked[0]?.rank).map(({ entry }) => entry);
  const [first] = nearest;
  return nearest.every((entry) => JSON.stringify(entry.item) === JSON.stringify(first?.item)) ? first : undefined;
}

/** How many folders two paths have in common. */
export function sharedFolders(a: string, b: string): number {
  const [left, right] = [a.split('/').slice(0, -1), b.split('/').slice(0, -1)];
  let count = 0;
  while (count < left.length && left[count] === right[count]) count++;
  return count;
}

export const lastPart = (name: string): string => name.split(/[/\\.]|::/).filter((part) => part !== '').at(-1) ?? name;

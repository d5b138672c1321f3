import type { ClassIr, FunctionIr } from '../hosts/ir';
import type { FileIndex } from './fileIndex';

/** A declaration that other files of the package see without importing its file. */
export interface Declared<T> {
  readonly index: FileIndex;
  readonly item: T;
}

/** What languages with packages (Go, Java, Ruby, PHP, C#, Rust) know of each other's files. */
export interface Packages {
  /** Classes of this name that a file means: of its own package, of one that it imports, or the only ones there are. */
  classes(from: FileIndex, name: string): readonly Declared<ClassIr>[];
  /** All classes of this name in the file's language, its own too. */
  every(from: FileIndex, name: string): readonly Declared<ClassIr>[];
  /** Functions of this name in the file's own package. */
  functions(from: FileIndex, name: string): readonly Declared<FunctionIr>[];
  /** Packages that an import names: `github.com/acme/app/store` is the folder `…/app/store`. */
  imported(from: FileIndex, module: string): readonly string[];
  /** A declaration of a package by its name. */
  member(from: FileIndex, packageName: string, name: string): { readonly classes: readonly Declared<ClassIr>[]; readonly functions: readonly Declared<FunctionIr>[] };
}

export function indexPackages(files: Iterable<FileIndex>): Packages {
  const classes = new Map<string, Declared<ClassIr>[]>();
  const functions = new Map<string, Declared<FunctionIr>[]>();
  const packages = new Map<string, Map<string, Set<string>>>();
  const add = <T>(map: Map<string, Declared<T>[]>, key: string, entry: Declared<T>): void => {
    const list = map.get(key);
    if (list) list.push(entry);
    else map.set(key, [entry]);
  };
  for (const index of files) {
    const { file } = index;
    if (file.package === undefined || file.role === 'vendored') continue;
    for (const item of file.classes) add(classes, `${file.language} ${item.name}`, { index, item });
    for (const item of index.functions.values()) add(functions, `${file.language} ${item.name}`, { index, item });
    let known = packages.get(file.language);
    if (!known) packages.set(file.language, (known = new Map<string, Set<string>>()));
    const last = lastPart(file.package);
    known.set(last, (known.get(last) ?? new Set()).add(file.package));
  }
  const visible = (from: FileIndex, entry: Declared<unknown>, name: string): boolean => {
    const own = entry.index.file.package;
    return [...from.imports.values()].some((item) => (item.local === '*' || item.local === name) && (item.module === own || (from.file.language === 'rust' && own !== undefined && lastPart(item.module) === lastPart(own))));
  };
  return {
    classes(from, name) {
      // `use Models\\User as Author`
      const renamed = from.imports.get(name);
      const all = classes.get(`${from.file.language} ${renamed && renamed.imported !== '*' ? renamed.imported : name}`) ?? [];
      const seen = all.filter(({ index }) => index !== from);
      const same = seen.filter(({ index }) => index.file.package === from.file.package);
      if (same.length > 0 && from.file.package !== '') return same;
      const imported = seen.filter((entry) => visible(from, entry, name));
      if (imported.length > 0) return imported;
      if (from.file.language === 'go') return [];
      const application = seen.filter(({ index }) => index.file.role === 'application');
      const homes = new Set(application.map(({ index }) => index.file.package));
      return homes.size === 1 && (from.file.package === '' || application.length === 1) && application.length <= 4 ? application : [];
    },
    every: (from, name) => classes.get(`${from.file.language} ${name}`) ?? [],
    functions: (from, name) => (functions.get(`${from.file.language} ${name}`) ?? []).filter(({ index }) => index !== from && index.file.package === from.file.package && index.file.package !== ''),
    imported(from, module) {
      const candidates = [...(packages.get(from.file.language)?.get(lastPart(module)) ?? [])];
      if (candidates.length < 2) return candidates;
      const shared = (candidate: string): number => {
        const a = split(candidate).reverse();
        const b = split(module).reverse();
        let count = 0;
        while (count < b.length && a[count] === b[count]) count++;
        return count;
      };
      const best = Math.max(...candidates.map(shared));
      const found = candidates.filter((candidate) => shared(candidate) === best);
      return found.length === 1 ? found : [];
    },
    member: (from, packageName, name) => ({
      classes: (classes.get(`${from.file.language} ${name}`) ?? []).filter(({ index }) => index.file.package === packageName),
      functions: (functions.get(`${from.file.language} ${name}`) ?? []).filter(({ index }) => index.file.package === packageName),
    }),
  };
}

const split = (name: string): string[] => name.split(/[/\\.]|::/).filter((part) => part !== '');
const lastPart = (name: string): string => split(name).at(-1) ?? name;

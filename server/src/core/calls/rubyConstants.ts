import type { ClassIr } from '../hosts/ir';
import type { FileIndex } from './fileIndex';
import type { Declared, Packages } from './packages';

/** A class may be reopened; a name that stands in more files than this names nothing. */
const MAX_PARTS = 8;

/**
 * The class that a constant means in a file: looked up from the modules that the file opens outwards, as Ruby does. Where
 * none has exactly this name, the only class whose full name ends so. Empty where several could be meant.
 */
export function rubyConstants(from: FileIndex, word: string, packages: Packages): readonly Declared<ClassIr>[] {
  const absolute = word.startsWith('::');
  const wanted = word.replace(/^::/, '');
  const candidates = packages.every(from, wanted.split('::').at(-1) ?? wanted);
  const own = from.file.classes.map((cls) => nameOf(cls));
  const named = (name: string): readonly Declared<ClassIr>[] => candidates.filter(({ item }) => nameOf(item) === name);
  const scopes = absolute ? [''] : [...new Set([...own.sort((a, b) => b.length - a.length), ''])];
  for (const scope of scopes) {
    const found = named(scope === '' ? wanted : `${scope}::${wanted}`);
    if (found.length > 0) return found.length <= MAX_PARTS ? found : [];
  }
  const ending = candidates.filter(({ item }) => nameOf(item).endsWith(`::${wanted}`));
  return new Set(ending.map(({ item }) => nameOf(item))).size === 1 && ending.length <= MAX_PARTS ? ending : [];
}

const nameOf = (cls: ClassIr): string => cls.fullName ?? cls.name;

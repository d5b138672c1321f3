import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** Does a folder hold a repository, a snapshot or a configuration? */
export const isRoot = (folder: string): boolean => ['.git', '.sargable'].some((name) => existsSync(path.join(folder, name))) || readdirSync(folder).some((name) => name.startsWith('sargable.config.'));

/**
 * The folder whose configuration, schema and call graph count: the current one, unless folders outside it are named. Then it is
 * the nearest one around them all that holds a configuration or a repository, else the innermost around them.
 */
export function projectFolder(paths: readonly string[], current = process.cwd()): string {
  const absolute = paths.map((given) => path.resolve(current, given));
  const outside = (file: string): boolean => path.relative(current, file).startsWith('..') || path.isAbsolute(path.relative(current, file));
  if (absolute.length === 0 || !absolute.every((file) => outside(file) && existsSync(file) && statSync(file).isDirectory())) return current;
  const common = absolute.reduce((a, b) => shared(a, b));
  for (let folder = common; ; folder = path.dirname(folder)) {
    if (isRoot(folder)) return folder;
    if (path.dirname(folder) === folder) return common;
  }
}

function shared(a: string, b: string): string {
  let folder = a;
  while (folder !== b && !b.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep)) folder = path.dirname(folder);
  return folder;
}

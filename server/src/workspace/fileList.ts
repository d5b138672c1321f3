import { readFile } from 'node:fs/promises';
import path from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { glob } from 'tinyglobby';
import { languageOf, READ_EXTENSIONS, relativePath } from './paths';

/** Folders that never hold a project's own sources. */
const NEVER = ['**/node_modules/**', '**/.git/**', '**/.hg/**', '**/.venv/**', '**/venv/**', '**/__pycache__/**', '**/.next/**', '**/.yarn/**', '**/.pnp.*', '**/.nuxt/**', '**/.cache/**', '**/.vscode-test/**', '**/site-packages/**', '**/*.min.js', '**/*.bundle.js'];

export interface ListOptions {
  /** Further patterns to leave out, in `.gitignore` syntax, relative to the folder. */
  readonly exclude?: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * The files of a folder that Sargable reads, as absolute paths in a stable order. Files that git ignores are left out,
 * by every `.gitignore` between the folder and the file.
 */
export async function listFiles(folder: string, options: ListOptions = {}): Promise<string[]> {
  const extensions = READ_EXTENSIONS.join(',');
  const found = await glob([`**/*.{${extensions}}`, '**/.gitignore'], { cwd: folder, ignore: NEVER, absolute: false, dot: true, onlyFiles: true, expandDirectories: false, followSymbolicLinks: false, signal: options.signal });
  const ignored = await readIgnoreFiles(folder, found.filter((f) => path.posix.basename(f) === '.gitignore'), options.exclude ?? []);
  return found
    .filter((file) => languageOf(file) !== undefined && !ignored(file))
    .sort()
    .map((file) => path.join(folder, file));
}

/** Is this one file left out by the folder's ignore files or patterns? For files that an editor opens. */
export async function isIgnored(folder: string, file: string, exclude: readonly string[] = []): Promise<boolean> {
  const relative = relativePath(folder, file);
  if (path.isAbsolute(relative)) return false;
  if (/(^|\/)(node_modules|\.git|\.venv|\.yarn|site-packages)\//.test(relative)) return true;
  const parts = relative.split('/');
  const candidates = parts.map((_, i) => [...parts.slice(0, i), '.gitignore'].join('/'));
  return (await readIgnoreFiles(folder, candidates, exclude))(relative);
}

async function readIgnoreFiles(folder: string, files: readonly string[], exclude: readonly string[]): Promise<(file: string) => boolean> {
  const scopes: { prefix: string; rules: Ignore }[] = [];
  if (exclude.length > 0) scopes.push({ prefix: '', rules: ignore().add([...exclude]) });
  for (const file of files) {
    const text = await readFile(path.join(folder, file), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const prefix = path.posix.dirname(file);
    scopes.push({ prefix: prefix === '.' ? '' : `${prefix}/`, rules: ignore().add(text) });
  }
  return (file) => scopes.some(({ prefix, rules }) => file.startsWith(prefix) && rules.ignores(file.slice(prefix.length)));
}

/** Text of the manifests that module resolution needs (`package.json`, `tsconfig*.json`, `jsconfig.json`), by absolute path. */
export async function readManifests(folder: string): Promise<ReadonlyMap<string, string>> {
  const found = await glob(['**/package.json', '**/tsconfig*.json', '**/jsconfig*.json'], { cwd: folder, ignore: NEVER, absolute: false, onlyFiles: true, expandDirectories: false, followSymbolicLinks: false });
  const texts = await Promise.all(found.map(async (file) => [path.join(folder, file), await readFile(path.join(folder, file), 'utf8').catch(() => '')] as const));
  return new Map(texts);
}

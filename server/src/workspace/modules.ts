import path from 'node:path';
import { parse as parseJsonc } from 'jsonc-parser';
import type { ResolveModule } from '../core/calls/flow';
import { toPath, toUri } from './paths';

/** What module resolution needs of the workspace: all of it is read once per scan. */
export interface ModuleSources {
  /** Absolute paths of every source file. */
  readonly files: readonly string[];
  /** Text of every `tsconfig*.json` / `jsconfig.json` and `package.json`, by absolute path. */
  readonly manifests: ReadonlyMap<string, string>;
}

const SCRIPT_ENDINGS = ['', '.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '/index.ts', '/index.tsx', '/index.js', '/index.mjs'];

/**
 * Resolves imports by the file list alone: relative paths (with `.js` standing for `.ts`), tsconfig `paths` and
 * `baseUrl`, the workspace's own packages, and Python's absolute and relative imports (`src` layouts too).
 * Modules from outside the workspace are undefined.
 */
export function createModuleResolver(sources: ModuleSources): ResolveModule {
  const files = new Set(sources.files);
  const aliases = collectAliases(sources.manifests);
  const packages = collectPackages(sources.manifests);
  const pythonRoots = collectPythonRoots(files);
  const pathOf = remembered(toPath);
  const resolved = new Map<string, Map<string, string | undefined>>();

  const script = (base: string): string | undefined => {
    const bare = base.replace(/\.([mc]?)jsx?$/, '');
    for (const stem of bare === base ? [base] : [base, bare]) {
      for (const ending of SCRIPT_ENDINGS) if (files.has(stem + ending)) return stem + ending;
    }
    return undefined;
  };

  const scriptModule = (from: string, name: string): string | undefined => {
    if (name.startsWith('.')) return script(path.resolve(path.dirname(from), name));
    for (const alias of aliases) {
      if (!from.startsWith(alias.folder + path.sep)) continue;
      const rest = matchPattern(alias.pattern, name);
      if (rest === undefined) continue;
      for (const target of alias.targets) {
        const found = script(path.resolve(alias.base, target.replace('*', rest)));
        if (found) return found;
      }
    }
    for (const [packageName, entry] of packages) {
      if (name !== packageName && !name.startsWith(`${packageName}/`)) continue;
      const rest = name.slice(packageName.length + 1);
      const candidates = rest === '' ? [...entry.mains, 'src/index', 'index', 'lib/index'] : [rest, `src/${rest}`, `lib/${rest}`];
      for (const candidate of candidates) {
        const found = script(path.resolve(entry.folder, candidate));
        if (found) return found;
      }
    }
    return undefined;
  };

  const pythonFile = (base: string): string | undefined => [`${base}.py`, `${base}${path.sep}__init__.py`].find((f) => files.has(f));
  const pythonModule = (from: string, name: string): string | undefined => {
    const dots = /^\.+/.exec(name)?.[0].length ?? 0;
    const parts = name.slice(dots).split('.').filter((p) => p !== '');
    if (dots > 0) {
      let folder = path.dirname(from);
      for (let i = 1; i < dots; i++) folder = path.dirname(folder);
      return pythonFile(path.join(folder, ...parts));
    }
    // A repository may hold several projects whose packages have the same name: the importer's own comes first.
    const inside = path.join(...parts);
    return below(aroundOf(path.dirname(from)), inside) ?? belowRoots(inside);
  };
  const below = (roots: readonly string[], inside: string): string | undefined => {
    for (const root of roots) {
      const found = pythonFile(`${root.endsWith(path.sep) ? root : root + path.sep}${inside}`);
      if (found) return found;
    }
    return undefined;
  };
  const aroundOf = remembered((folder) => foldersAbove(folder).filter((above) => !files.has(path.join(above, '__init__.py'))));
  const belowRoots = remembered((inside) => below(pythonRoots, inside));

  return (fromUri, name) => {
    const from = pathOf(fromUri);
    if (from === undefined) return undefined;
    const folder = path.dirname(from);
    let names = resolved.get(folder);
    if (!names) resolved.set(folder, (names = new Map()));
    if (names.has(name)) return names.get(name);
    const found = from.endsWith('.py') ? pythonModule(from, name) : scriptModule(from, name);
    const uri = found === undefined ? undefined : toUri(found);
    names.set(name, uri);
    return uri;
  };
}

function remembered<T>(read: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    if (known.has(text)) return known.get(text) as T;
    const value = read(text);
    known.set(text, value);
    return value;
  };
}

/** A folder, then those around it. */
function foldersAbove(inner: string): string[] {
  const result: string[] = [];
  for (let folder = inner; ; folder = path.dirname(folder)) {
    result.push(folder);
    if (folder === path.dirname(folder)) return result;
  }
}

interface Alias {
  readonly folder: string;
  readonly base: string;
  readonly pattern: string;
  readonly targets: readonly string[];
}

function collectAliases(manifests: ReadonlyMap<string, string>): Alias[] {
  const aliases: Alias[] = [];
  for (const [file, text] of manifests) {
    if (!/(^|[\\/])(ts|js)config[^\\/]*\.json$/.test(file)) continue;
    const options = (parseJsonc(text) as { compilerOptions?: { baseUrl?: unknown; paths?: unknown } } | undefined)?.compilerOptions;
    const folder = path.dirname(file);
    const base = typeof options?.baseUrl === 'string' ? path.resolve(folder, options.baseUrl) : folder;
    if (options?.paths && typeof options.paths === 'object') {
      for (const [pattern, targets] of Object.entries(options.paths)) {
        if (Array.isArray(targets)) aliases.push({ folder, base, pattern, targets: targets.filter((t): t is string => typeof t === 'string') });
      }
    }
    if (typeof options?.baseUrl === 'string') aliases.push({ folder, base, pattern: '*', targets: ['*'] });
  }
  return aliases.sort((a, b) => b.folder.length - a.folder.length || b.pattern.length - a.pattern.length);
}

function matchPattern(pattern: string, name: string): string | undefined {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === name ? '' : undefined;
  const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return name.length >= head.length + tail.length && name.startsWith(head) && name.endsWith(tail) ? name.slice(head.length, name.length - tail.length) : undefined;
}

function collectPackages(manifests: ReadonlyMap<string, string>): [string, { folder: string; mains: string[] }][] {
  const packages: [string, { folder: string; mains: string[] }][] = [];
  for (const [file, text] of manifests) {
    if (path.basename(file) !== 'package.json') continue;
    const manifest = parseJsonc(text) as { name?: unknown; main?: unknown; module?: unknown; types?: unknown; source?: unknown; exports?: unknown } | undefined;
    if (typeof manifest?.name !== 'string') continue;
    const entry = manifest.exports && typeof manifest.exports === 'object' ? (manifest.exports as Record<string, unknown>)['.'] : manifest.exports;
    const exported = typeof entry === 'string' ? [entry] : entry && typeof entry === 'object' ? Object.values(entry) : [];
    const mains = [manifest.source, manifest.types, manifest.module, manifest.main, ...exported].filter((m): m is string => typeof m === 'string');
    packages.push([manifest.name, { folder: path.dirname(file), mains }]);
  }
  return packages.sort((a, b) => b[0].length - a[0].length);
}

/** Folders from which absolute Python imports start: the parent of every top-level package, and every `src`. */
function collectPythonRoots(files: ReadonlySet<string>): string[] {
  const roots = new Set<string>();
  for (const file of files) {
    if (!file.endsWith('.py')) continue;
    let folder = path.dirname(file);
    while (files.has(path.join(folder, '__init__.py'))) folder = path.dirname(folder);
    roots.add(folder);
  }
  return [...roots].sort((a, b) => a.length - b.length);
}

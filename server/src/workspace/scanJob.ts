import { mayShare } from '../core/hosts/common/sharedRead';
import { sharedSql, type SharedIndex } from '../core/hosts/common/shared';
import type { Declarations } from '../core/hosts/host';
import type { HostFile } from '../core/hosts/ir';
import { isCommonLanguage } from '../core/hosts/syntax';
import type { ModelIndex } from '../core/hosts/models';
import { declaresModels } from '../core/libraries/models';
import type { Engine, ReadContext } from './engine';
import type { Databases } from './databases';
import { createModuleResolver, type ModuleSources } from './modules';
import { languageOf, READ_ENDINGS, toPath, toUri, type DocumentLanguage } from './paths';
import { readTextFileNow, reasonOf } from './textFile';

/** `declarations` asks the files that declare models, or share texts with their package, for them; `files` reads every file, knowing all of them. */
export type ScanPass = 'declarations' | 'files';

/** What the passes have found so far; each thread is told once. */
export interface ScanKnowledge {
  readonly models?: ModelIndex;
  readonly shared?: SharedIndex;
  readonly databases?: Databases;
  /** For resolving imports. */
  readonly sources?: ModuleSources;
}

/** What is asked of a worker. */
export interface ScanJob {
  readonly id: number;
  readonly pass: ScanPass;
  readonly paths: readonly string[];
  /** Sent where it has changed since the thread's last job. */
  readonly known?: ScanKnowledge;
  readonly folder: string;
}

export type ScanResult =
  | { readonly path: string; readonly file: HostFile; readonly stamp: string }
  | { readonly path: string; readonly skipped: string; /** The reader threw. */ readonly failed?: true }
  | ({ readonly path: string } & Omit<Declarations, 'surface'>);

export const mayDeclare = (path: string): boolean => /\.(py|prisma|sql|go|java|rb|php|cs|rs|[mc]?[jt]sx?)$/.test(path);

/** Reads files for a scan, one after the other, on one thread. */
export interface ScanReader {
  /** What the passes before have found. */
  learn(folder: string, known: ScanKnowledge): void;
  read(pass: ScanPass, path: string): Promise<ScanResult>;
}

/**
 * Surfaces are read when a file first asks for them: most files are never asked, and of those that are some have been read by then.
 * They are texts, so it does not matter which thread reads them, nor whether both do.
 */
export function createScanReader(engine: Engine): ScanReader {
  const surfaces = new Map<string, string | undefined>();
  const surfaceOf = (uri: string): string | undefined => {
    if (!surfaces.has(uri)) surfaces.set(uri, readSurface(engine, uri));
    return surfaces.get(uri);
  };
  let context: ReadContext = {};
  return {
    learn(folder, { models, shared, databases, sources }) {
      context = { models, shared, folder, databases, modules: { resolve: createModuleResolver(sources ?? { files: [], manifests: new Map() }), surface: surfaceOf } };
    },
    async read(pass, path) {
      if (pass === 'declarations') return collectDeclarations(engine, path, { databases: context.databases });
      const result = await readSource(engine, path, context);
      if ('file' in result) surfaces.set(result.file.uri, result.file.surface);
      return result;
    },
  };
}

function readSurface(engine: Engine, uri: string): string | undefined {
  const path = toPath(uri);
  const language = path === undefined ? undefined : languageOf(path);
  if (path === undefined || language === undefined || !engine.isReady(language)) return undefined;
  const source = readTextFileNow(path);
  try {
    return 'skipped' in source ? undefined : engine.surface(source.text, language);
  } catch {
    // Told when the file itself is read.
    return undefined;
  }
}

function collectDeclarations(engine: Engine, path: string, context: ReadContext): Promise<ScanResult> | ScanResult {
  const source = readTextFileNow(path);
  const language = languageOf(path);
  if (language === 'sql') {
    const shared = 'skipped' in source ? undefined : sharedSql(toUri(path), source.text);
    return { path, models: [], ...(shared ? { shared } : {}) };
  }
  if ('skipped' in source || language === undefined || (!declaresModels(path, source.text) && !(isCommonLanguage(language) && mayShare(source.text)))) return { path, models: [] };
  return guarded(path, engine, language, () => {
    const { models, package: home, shared } = engine.declarations(toUri(path), source.text, language, context);
    return { path, models, ...(shared === undefined ? {} : { package: home, shared }) };
  });
}

export async function readSource(engine: Engine, path: string, context: ReadContext): Promise<ScanResult> {
  const source = readTextFileNow(path);
  if ('skipped' in source) return { path, skipped: source.skipped };
  const language = languageOf(path);
  if (language === undefined) return { path, skipped: `not a file that Sargable reads (${READ_ENDINGS})` };
  return guarded(path, engine, language, () => ({ path, file: engine.read(toUri(path), source.text, language, context), stamp: source.stamp }));
}

/** A reader that fails on one file costs that file, not the run. */
async function guarded(path: string, engine: Engine, language: DocumentLanguage, read: () => ScanResult): Promise<ScanResult> {
  try {
    if (!engine.isReady(language)) await engine.ensure(language);
    return read();
  } catch (error) {
    return { path, skipped: `could not be analysed: ${reasonOf(error)}`, failed: true };
  }
}

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
import { languageOf, READ_ENDINGS, toUri, type DocumentLanguage } from './paths';
import { readTextFile, reasonOf, type ReadResult } from './textFile';

/** `declarations` asks host files for what others need of them; `files` reads every file, knowing all of it. */
export type ScanPass = 'declarations' | 'files';

/** What the passes have found so far; each thread is told once. */
export interface ScanKnowledge {
  readonly models?: ModelIndex;
  readonly surfaces?: ReadonlyMap<string, string>;
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
  | { readonly path: string; readonly skipped: string }
  | ({ readonly path: string } & Declarations);

export const mayDeclare = (path: string): boolean => /\.(py|prisma|sql|go|java|rb|php|cs|rs|[mc]?[jt]sx?)$/.test(path);

/** What a thread reads with; made anew where it is told more. */
export function contextOf(folder: string, { models, surfaces, shared, databases, sources }: ScanKnowledge): ReadContext {
  const resolve = createModuleResolver(sources ?? { files: [], manifests: new Map() });
  return { models, folder, databases, shared, modules: { resolve, surface: (uri) => surfaces?.get(uri) } };
}

/** Files whose text is fetched while the one before them is parsed. */
const AHEAD = 8;

/** Paths in order, each with its text on the way: waiting for the disk file by file costs a tenth of a scan. */
export function* readAhead(paths: readonly string[]): Generator<{ readonly path: string; readonly text: Promise<ReadResult> }> {
  const started: Promise<ReadResult>[] = [];
  for (const [index, path] of paths.entries()) {
    for (const next of paths.slice(index + started.length, index + AHEAD)) started.push(readTextFile(next));
    yield { path, text: started.shift() ?? readTextFile(path) };
  }
}

/** @param text where reading the file has begun already. */
export async function collectDeclarations(engine: Engine, path: string, context?: ReadContext, text = readTextFile(path)): Promise<ScanResult> {
  const source = await text;
  const language = languageOf(path);
  if (language === 'sql') {
    const shared = 'skipped' in source ? undefined : sharedSql(toUri(path), source.text);
    return { path, models: [], ...(shared ? { shared } : {}) };
  }
  if ('skipped' in source || language === undefined || (!showsItself(language) && !declaresModels(path, source.text) && !(isCommonLanguage(language) && mayShare(source.text)))) return { path, models: [] };
  return guarded(path, engine, language, () => {
    const { models, surface, package: home, shared } = engine.declarations(toUri(path), source.text, language, context);
    return { path, models, ...(surface === undefined ? {} : { surface }), ...(shared === undefined ? {} : { package: home, shared }) };
  });
}

/** Languages whose files take values from each other. */
const showsItself = (language: DocumentLanguage): boolean => language === 'typescript' || language === 'tsx' || language === 'javascript' || language === 'python';

/** @param text where reading the file has begun already. */
export async function readSource(engine: Engine, path: string, context: ReadContext, text = readTextFile(path)): Promise<ScanResult> {
  const source = await text;
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
    return { path, skipped: `could not be analysed: ${reasonOf(error)}` };
  }
}

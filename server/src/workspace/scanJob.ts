import type { HostFile, ModelIr } from '../core/hosts/ir';
import type { ModelIndex } from '../core/hosts/models';
import { declaresModels } from '../core/libraries/models';
import type { Engine, ReadContext } from './engine';
import type { Databases } from './databases';
import { languageOf, READ_ENDINGS, toUri, type DocumentLanguage } from './paths';
import { readTextFile, reasonOf, type ReadResult } from './textFile';

/** What is asked of a worker. */
export interface ScanJob {
  readonly id: number;
  /** `models` reads only files that declare ORM models; `files` reads every file, knowing all models. */
  readonly pass: 'models' | 'files';
  readonly paths: readonly string[];
  /** Sent once, with the first job of the second pass. */
  readonly models?: ModelIndex;
  readonly folder: string;
  /** Sent with the first job to each worker. */
  readonly databases?: Databases;
}

export type ScanResult =
  | { readonly path: string; readonly file: HostFile; readonly stamp: string }
  | { readonly path: string; readonly skipped: string }
  | { readonly path: string; readonly models: readonly ModelIr[] };

export const mayDeclareModels = (path: string): boolean => /\.(py|prisma|go|rb|php|cs|[mc]?[jt]sx?)$/.test(path);

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
export async function collectModels(engine: Engine, path: string, context?: ReadContext, text = readTextFile(path)): Promise<ScanResult> {
  const source = await text;
  const language = languageOf(path);
  if ('skipped' in source || language === undefined || !declaresModels(path, source.text)) return { path, models: [] };
  return guarded(path, engine, language, () => ({ path, models: engine.read(toUri(path), source.text, language, context).models }));
}

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

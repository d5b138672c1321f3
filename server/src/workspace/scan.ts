import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { indexShared, type SharedIndex } from '../core/hosts/common/shared';
import { indexModels, type ModelIndex } from '../core/hosts/models';
import type { Databases } from './databases';
import type { Engine } from './engine';
import type { ModuleSources } from './modules';
import { languageOf, toUri } from './paths';
import { createScanReader, mayDeclare, type ScanJob, type ScanKnowledge, type ScanPass, type ScanResult } from './scanJob';

export interface ScanOptions {
  readonly folder: string;
  /** Threads that read, at most; 0: this one alone. Default: two at most, this one alone for a handful of files. */
  readonly threads?: number;
  /** This thread is one of them: it has nothing else to do meanwhile. */
  readonly here?: boolean;
  readonly databases?: Databases;
  /** For resolving imports; left out, they are not followed. */
  readonly sources?: ModuleSources;
  readonly signal?: AbortSignal;
  onProgress?(done: number, total: number): void;
}

export interface ScanOutcome {
  readonly results: readonly ScanResult[];
  readonly models: ModelIndex;
  readonly shared: SharedIndex;
}

const BATCH = 24;
/** Below this many files starting a worker costs more than it saves. */
const WORKER_FLOOR = 150;
/** A batch takes milliseconds; a worker that is silent for this long hangs in a parser and is replaced. */
const BATCH_TIMEOUT_MS = 120_000;

/**
 * Reads many files in two passes: first the models that files declare, then everything. Stops early, with what it has, when the
 * signal is aborted. Never throws on a bad file; a worker that dies costs the batch it held.
 */
export async function scanFiles(paths: readonly string[], engine: Engine, options: ScanOptions): Promise<ScanOutcome> {
  const { folder, databases, sources, signal, onProgress, here = false } = options;
  const threads = options.threads ?? (paths.length < WORKER_FLOOR ? 0 : Math.min(2, os.cpus().length));
  const script = path.join(__dirname, 'worker.js');
  const workers = existsSync(script) ? Math.max(0, threads - (here ? 1 : 0)) : 0;
  const others = Array.from({ length: workers }, () => workerReader(script, folder));
  const own = here || workers === 0 ? localReader(engine, folder) : undefined;
  const readers = own ? [...others, own] : others;
  const pass = async (name: ScanPass, files: readonly string[], known: ScanKnowledge, onFile?: () => void): Promise<ScanResult[]> => {
    const batches: string[][] = [];
    for (let at = 0; at < files.length; at += BATCH) batches.push(files.slice(at, at + BATCH));
    const results = new Map<string, ScanResult>();
    const failed: string[] = [];
    await Promise.all(readers.map(async (reader) => {
      reader.learn(known);
      const take = (result: ScanResult): void => {
        results.set(result.path, result);
        if (reader === own && 'failed' in result) failed.push(result.path);
        onFile?.();
      };
      for (let batch = batches.shift(); batch && !signal?.aborted; batch = batches.shift()) await reader.read(name, batch, take, signal);
    }));
    // Code that is nested too deep for the stack of this thread may not be for a worker's.
    const [worker] = others;
    if (worker && failed.length > 0) await worker.read(name, failed, (result) => results.set(result.path, result));
    return files.flatMap((file) => results.get(file) ?? []);
  };
  try {
    const declared = await pass('declarations', paths.filter(mayDeclare), { databases, sources });
    const models = indexModels(declared.flatMap((result) => ('models' in result ? result.models : [])));
    const shared = indexShared(declared.flatMap((result) => {
      const language = 'shared' in result && result.shared ? languageOf(result.path) : undefined;
      return language && 'shared' in result ? [{ uri: toUri(result.path), language, package: result.package, shared: result.shared }] : [];
    }));
    let done = 0;
    const results = await pass('files', paths, { databases, sources, models, shared }, () => onProgress?.(++done, paths.length));
    return { results, models, shared };
  } finally {
    for (const reader of readers) reader.close();
  }
}

interface BatchReader {
  /** What the passes before have found. */
  learn(known: ScanKnowledge): void;
  read(pass: ScanPass, paths: readonly string[], take: (result: ScanResult) => void, signal?: AbortSignal): Promise<void>;
  close(): void;
}

function localReader(engine: Engine, folder: string): BatchReader {
  const reader = createScanReader(engine);
  return {
    learn: (known) => reader.learn(folder, known),
    async read(pass, paths, take, signal) {
      for (const file of paths) {
        if (signal?.aborted) break;
        take(await reader.read(pass, file));
        // Others wait for this thread: the editor, the workers' answers.
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    close: () => undefined,
  };
}

function workerReader(script: string, folder: string): BatchReader {
  const start = (): Worker => new Worker(script, { resourceLimits: { stackSizeMb: 32 } });
  let worker = start();
  let known: ScanKnowledge = {};
  let told = false;
  let nextId = 0;
  return {
    learn(next) {
      known = next;
      told = false;
    },
    async read(pass, paths, take) {
      const job: ScanJob = { id: nextId++, pass, paths, folder, ...(told ? {} : { known }) };
      told = true;
      const answer = await ask(worker, job).catch((error: unknown) => {
        void worker.terminate();
        worker = start();
        told = false;
        return paths.map((file): ScanResult => ({ path: file, skipped: `the reader failed: ${error instanceof Error ? error.message : String(error)}` }));
      });
      for (const result of answer) take(result);
    },
    close: () => void worker.terminate(),
  };
}

function ask(worker: Worker, job: ScanJob): Promise<ScanResult[]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(() => reject(new Error(`no answer within ${BATCH_TIMEOUT_MS / 1000} s`))), BATCH_TIMEOUT_MS);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      worker.off('message', onMessage);
      worker.off('error', onError);
      worker.off('exit', onExit);
      act();
    };
    const onMessage = (message: { id: number; results: ScanResult[] }): void => {
      if (message.id === job.id) settle(() => resolve(message.results));
    };
    const onError = (error: Error): void => settle(() => reject(error));
    const onExit = (): void => settle(() => reject(new Error('the worker stopped')));
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.on('exit', onExit);
    worker.postMessage(job);
  });
}

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
import { collectDeclarations, contextOf, mayDeclare, readAhead, readSource, type ScanJob, type ScanKnowledge, type ScanPass, type ScanResult } from './scanJob';

export interface ScanOptions {
  readonly folder: string;
  /** Worker threads; 0 reads on this thread. Default: two at most, none for a handful of files. */
  readonly threads?: number;
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
 * Reads many files in two passes: first what files tell each other (models, and surfaces: see `core/hosts/surface.ts`), then
 * everything. Stops early, with what it has, when the signal is aborted. Never throws on a
 * bad file; a worker that dies costs the batch it held.
 */
export async function scanFiles(paths: readonly string[], engine: Engine, options: ScanOptions): Promise<ScanOutcome> {
  const threads = options.threads ?? (paths.length < WORKER_FLOOR ? 0 : Math.min(2, os.cpus().length));
  const script = path.join(__dirname, 'worker.js');
  const run = threads > 0 && existsSync(script) ? poolRunner(script, threads, options.folder) : localRunner(engine, options.folder);
  const { databases, sources } = options;
  try {
    const declared = await run.pass('declarations', paths.filter(mayDeclare), { databases, sources }, options.signal);
    const models = indexModels(declared.flatMap((r) => ('models' in r ? r.models : [])));
    const surfaces = new Map(declared.flatMap((r): [string, string][] => ('models' in r && r.surface !== undefined ? [[toUri(r.path), r.surface]] : [])));
    const shared = indexShared(declared.flatMap((r) => { const language = 'shared' in r && r.shared ? languageOf(r.path) : undefined; return language && 'shared' in r ? [{ uri: toUri(r.path), language, package: r.package, shared: r.shared }] : []; }));
    let done = 0;
    const results = await run.pass('files', paths, { databases, sources, models, surfaces, shared }, options.signal, () => options.onProgress?.(++done, paths.length));
    return { results, models, shared };
  } finally {
    run.close();
  }
}

interface Runner {
  pass(pass: ScanPass, paths: readonly string[], known: ScanKnowledge, signal?: AbortSignal, onFile?: () => void): Promise<ScanResult[]>;
  close(): void;
}

function localRunner(engine: Engine, folder: string): Runner {
  return {
    async pass(pass, paths, known, signal, onFile) {
      const context = contextOf(folder, known);
      const results: ScanResult[] = [];
      for (const { path: file, text } of readAhead(paths)) {
        if (signal?.aborted) break;
        results.push(pass === 'declarations' ? await collectDeclarations(engine, file, { databases: known.databases }, text) : await readSource(engine, file, context, text));
        onFile?.();
      }
      return results;
    },
    close: () => undefined,
  };
}

function poolRunner(script: string, threads: number, folder: string): Runner {
  const start = (): Worker => new Worker(script, { resourceLimits: { stackSizeMb: 32 } });
  const workers = Array.from({ length: threads }, start);
  let nextId = 0;
  return {
    async pass(pass, paths, known, signal, onFile) {
      const batches: string[][] = [];
      for (let i = 0; i < paths.length; i += BATCH) batches.push(paths.slice(i, i + BATCH));
      const results = new Map<string, ScanResult>();
      await Promise.all(workers.map(async (initial, index) => {
        let worker = initial;
        let told = false;
        for (let batch = batches.shift(); batch && !signal?.aborted; batch = batches.shift()) {
          const job: ScanJob = { id: nextId++, pass, paths: batch, folder, ...(told ? {} : { known }) };
          told = true;
          const answer = await ask(worker, job).catch((error: unknown) => {
            void worker.terminate();
            workers[index] = worker = start();
            told = false;
            return batch.map((file): ScanResult => ({ path: file, skipped: `the reader failed: ${error instanceof Error ? error.message : String(error)}` }));
          });
          for (const result of answer) {
            results.set(result.path, result);
            onFile?.();
          }
        }
      }));
      return paths.flatMap((p) => results.get(p) ?? []);
    },
    close: () => workers.forEach((w) => void w.terminate()),
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

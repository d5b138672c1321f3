import { PGlite, type PGliteOptions } from '@electric-sql/pglite';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setHeight } from './btree';
import { hidePages, setPages, type FileSystem } from './files';
import type { StepError, StepResult, TwinReply, TwinRequest, TwinStep } from './protocol';

/** The embedded Postgres of the process. */
export interface TwinDatabase {
  answer(request: TwinRequest): Promise<TwinReply>;
}

/** Where PGlite keeps the cluster in its own file system. */
const dataFolder = '/pglite/data';

/** The types of Node have no WebAssembly. */
const { compile } = (globalThis as unknown as { readonly WebAssembly: { compile(bytes: Uint8Array): Promise<NonNullable<PGliteOptions['pgliteWasmModule']>> } }).WebAssembly;

/** No row is ever read: few buffers (100 MB less memory), but locks for a thousand partitions with their indexes in one transaction. Checksums: see `setHeight`; for it too, `wal_level` must not be `minimal`: Postgres would keep the first block of a new index in its buffers. */
const startParams = ['shared_buffers=8MB', 'wal_buffers=256kB', 'max_connections=5', 'max_locks_per_transaction=4096', 'autovacuum=off', 'ignore_checksum_failure=on'].flatMap((setting) => ['-c', setting]);

/** Opens the cluster that stands ready in `assets`. Rejects where a file is missing or WebAssembly is not there. */
export async function openDatabase(assets: string): Promise<TwinDatabase> {
  const read = (name: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(join(assets, name)));
  const [pgliteWasmModule, initdbWasmModule] = await Promise.all([compile(read('pglite.wasm')), compile(read('initdb.wasm'))]);
  const database = await PGlite.create({
    pgliteWasmModule, initdbWasmModule, fsBundle: new Blob([read('pglite.data')]), loadDataDir: new Blob([read('data.tar.gz')]), extensions: extensionsIn(assets), startParams: [...PGlite.defaultStartParams, ...startParams],
  });
  const files = (database as unknown as { readonly Module: { readonly FS: FileSystem } }).Module.FS;
  return { answer: (request) => answer(database, files, request) };
}

/** An extension is an archive that is unpacked at the start; CREATE EXTENSION comes later, where it is needed. */
function extensionsIn(assets: string): Record<string, { name: string; setup: () => Promise<{ bundlePath: URL }> }> {
  const names = readdirSync(assets).flatMap((file) => (file.endsWith('.tar.gz') && file !== 'data.tar.gz' ? [file.slice(0, -'.tar.gz'.length)] : []));
  return Object.fromEntries(names.map((name) => [name, { name, setup: () => Promise.resolve({ bundlePath: pathToFileURL(join(assets, `${name}.tar.gz`)) }) }]));
}

async function answer(database: PGlite, files: FileSystem, request: TwinRequest): Promise<TwinReply> {
  const results: StepResult[] = [];
  let error: StepError | undefined;
  for (const [index, step] of request.steps.entries()) {
    try {
      results.push({ rows: await runStep(database, files, step) });
    } catch (cause) {
      error = toStepError(index, cause);
      if (step.type !== 'sql' || step.optional !== true) break;
      results.push({ rows: [], error });
      error = undefined;
    }
  }
  if (request.finally !== undefined) await database.exec(request.finally).catch((cause: unknown) => { error ??= toStepError(request.steps.length, cause); });
  return { id: request.id, results, ...(error === undefined ? {} : { error }), memoryBytes: process.memoryUsage().rss };
}

async function runStep(database: PGlite, files: FileSystem, step: TwinStep): Promise<StepResult['rows']> {
  if (step.type === 'sql') return ((await database.exec(step.sql)).at(-1)?.rows ?? []) as StepResult['rows'];
  const { rows } = await database.query<{ path: string }>('select pg_catalog.pg_relation_filepath($1::regclass) as path', [step.relation]);
  const path = `${dataFolder}/${rows[0]?.path ?? ''}`;
  if (step.type === 'size') setPages(files, path, step.pages);
  else if (step.type === 'height') setHeight(files, path, step.level);
  else hidePages(files, path);
  return [];
}

/** PGlite's errors hold the whole statement: only what Postgres says is passed on. */
function toStepError(step: number, cause: unknown): StepError {
  const { code, message, position } = (typeof cause === 'object' && cause !== null ? cause : {}) as { readonly code?: unknown; readonly message?: unknown; readonly position?: unknown };
  return { step, ...(typeof code === 'string' ? { sqlState: code } : {}), message: typeof message === 'string' ? message : 'no answer', ...(Number(position) > 0 ? { position: Number(position) } : {}) };
}

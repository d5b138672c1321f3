import { open } from 'node:fs/promises';
import path from 'node:path';
import type { SchemaStep } from '../core/catalog/build';
import type { SchemaChange } from '../core/catalog/changes';
import { findCodeMigrationFolders } from '../core/catalog/migrations';
import { isTestSql, type SchemaSource } from '../core/catalog/schemaSources';
import { readTextFile } from './textFile';

/** pg_dump's first lines. Bytes. */
const HEAD_BYTES = 512;
/** More SQL files than that are no place for a dump. */
const MOST_FILES = 300;

/**
 * A schema that pg_dump wrote, under whatever name; the largest, where there are several. undefined: none.
 * @param paths relative to the folder. Costs the first bytes of each SQL file.
 */
export async function findSchemaDump(folder: string, paths: readonly string[]): Promise<SchemaSource | undefined> {
  const candidates = paths.filter((file) => file.endsWith('.sql') && !isTestSql(file)).slice(0, MOST_FILES);
  const dumps = (await Promise.all(candidates.map(async (file) => ({ file, size: await dumpSize(path.resolve(folder, file)) })))).filter(({ size }) => size > 0);
  const [best] = dumps.sort((a, b) => b.size - a.size || (a.file < b.file ? -1 : 1));
  return best && { kind: 'schema', path: best.file, files: [best.file] };
}

/** Zero: pg_dump did not write it, or it cannot be read. */
async function dumpSize(file: string): Promise<number> {
  const handle = await open(file).catch(() => undefined);
  if (handle === undefined) return 0;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return /^--\s*\r?\n-- PostgreSQL database dump\b/m.test(buffer.toString('latin1', 0, bytesRead)) ? (await handle.stat()).size : 0;
  } catch {
    return 0;
  } finally {
    await handle.close();
  }
}

/**
 * Steps that mark what programs (`migrations/20240102-x.js`) may have given keys or indexes after a dump was written: the tables
 * that one of them names, where it makes any. Their calls are not read.
 */
export async function doubtsAfterDump(folder: string, paths: readonly string[], steps: readonly SchemaStep[]): Promise<readonly SchemaStep[]> {
  const folders = new Set(findCodeMigrationFolders(paths));
  const programs = paths.filter((file) => folders.has(path.posix.dirname(file)) && !file.endsWith('.sql'));
  const texts = (await Promise.all(programs.map((file) => readTextFile(path.resolve(folder, file))))).flatMap((read) => ('text' in read && /index|unique|constraint|primary/i.test(read.text) ? [read.text] : []));
  const named = new Set(texts.flatMap((text) => text.match(/[\w$]+/g) ?? []));
  const doubts = steps.flatMap(({ changes }) => changes.flatMap((change): readonly SchemaChange[] => (change.type === 'create-table' && named.has(change.table.name) ? [{ type: 'uncertain', table: change.table }] : [])));
  return doubts.length === 0 ? [] : [{ changes: doubts }];
}

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

/** Calls and statements that make keys and indexes, in programs of any tool. */
const keyMaking = /\b(?:add|create|change)_?(?:index|constraint|column)\w*\s*\(|\bcreate\s+(?:unique\s+)?index\b|\badd\s+(?:constraint|primary|unique)\b|\b(?:index|unique|primary)\s*(?:\(|:\s*true)/gi;
/** Between such a call and the table's name. Characters. */
const NEAR = 250;

/**
 * Steps that mark what programs (`migrations/20240102-x.js`) may have given keys or indexes after a schema was written: the tables
 * that are named beside a call which makes some. The calls are not read. Rails' and Laravel's are, and dumped after them.
 */
export async function doubtsAfterSchema(folder: string, paths: readonly string[], steps: readonly SchemaStep[]): Promise<readonly SchemaStep[]> {
  const folders = new Set(findCodeMigrationFolders(paths));
  const programs = paths.filter((file) => folders.has(path.posix.dirname(file)) && !/\.(?:sql|rb|php)$/.test(file));
  const named = new Set<string>();
  for (const read of await Promise.all(programs.map((file) => readTextFile(path.resolve(folder, file))))) {
    if (!('text' in read)) continue;
    for (const { index } of read.text.matchAll(keyMaking)) for (const word of read.text.slice(Math.max(0, index - NEAR), index + NEAR).match(/[\w$]+/g) ?? []) named.add(word);
  }
  const doubts = steps.flatMap(({ changes }) => changes.flatMap((change): readonly SchemaChange[] => (change.type === 'create-table' && named.has(change.table.name) ? [{ type: 'uncertain', table: change.table }] : [])));
  return doubts.length === 0 ? [] : [{ changes: doubts }];
}

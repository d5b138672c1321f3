import { join } from 'node:path';
import type { Catalog } from '../../server/src/core/catalog/model';
import { buildTwin } from '../../scripts/twin.mjs';
import { createTwin, type TwinOptions } from '../../server/src/twin';
import type { Twin } from '../../server/src/twin/twin';
import { loadReaders, readCatalog } from './readers';

const folder = join(import.meta.dirname, '../../.cache/twin');
let script: Promise<string> | undefined;

/** The program of the twin's process, built once per test file from the sources as they are. */
export function twinScript(): Promise<string> {
  script ??= buildTwin(folder);
  return script;
}

/** A twin of the sources. Stop it in `afterAll`. */
export const startTwin = async (options: Omit<TwinOptions, 'script'> = {}): Promise<Twin> => createTwin({ ...options, script: await twinScript() });

/** The catalog of a DDL text; rows by table name, the default of the twin for the rest. */
export async function readDdl(ddl: string, rows: Readonly<Record<string, number>> = {}): Promise<Catalog> {
  const catalog = readCatalog((await loadReaders()).sql, [ddl], rows);
  if (catalog === undefined) throw new Error('the DDL is empty');
  return catalog;
}

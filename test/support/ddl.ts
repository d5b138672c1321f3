import type { Catalog } from '../../server/src/core/catalog/model';
import { loadReaders, readCatalog } from './readers';

/** The catalog of a DDL text, with rows by table name. */
export async function readDdl(ddl: string, rows: Readonly<Record<string, number>> = {}): Promise<Catalog> {
  const catalog = readCatalog((await loadReaders()).sql, [ddl], rows);
  if (catalog === undefined) throw new Error('the DDL is empty');
  return catalog;
}

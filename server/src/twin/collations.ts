import { isCollatable } from '../core/catalog/renderDdl';
import type { Catalog } from '../core/catalog/model';

/** Collations of the embedded Postgres: those that order byte by byte and those of a language. A planning server has them all. */
export const twinCollations = { bytewise: ['C', 'POSIX', 'ucs_basic', 'pg_c_utf8', 'pg_unicode_fast', 'C.utf8'], language: ['en_US', 'en_US.utf8'] } as const;
const known: ReadonlySet<string> = new Set([...twinCollations.bytewise, ...twinCollations.language]);

/** Collation of the same meaning for the planner: byte by byte, or not. A collation that is not there becomes one of a language. */
export const toTwinCollation = (collation: string): string => (known.has(collation) ? collation : 'en_US');

/**
 * Does the server's database order text byte by byte (`C`)? Then an introspected catalog gives every text key of an index
 * that collation, and columns have none of their own. The twin's default is a language's: `LIKE 'x%'` needs more than a
 * plain b-tree.
 */
export function isBytewise(catalog: Catalog): boolean {
  let bytewise = 0;
  for (const table of catalog.tables.values()) {
    for (const index of table.indexes) {
      for (const key of index.keys) {
        const column = table.columns.find((item) => item.name === key.column);
        if (column === undefined || column.collation !== undefined || !isCollatable(column.type)) continue;
        if (key.collation !== 'C') return false;
        bytewise++;
      }
    }
  }
  return bytewise > 0;
}

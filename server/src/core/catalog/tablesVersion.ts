import { hashText } from '../text/hash';
import type { Table } from './model';

const hashes = new WeakMap<Table, string>();

/** Hash of one table's content. Tables are immutable and most of them pass from catalog to catalog: each is hashed once. */
function tableHash(table: Table): string {
  const known = hashes.get(table);
  if (known !== undefined) return known;
  const hash = hashText(JSON.stringify(table));
  hashes.set(table, hash);
  return hash;
}

/** `Catalog.version` of these tables in this order, beside whatever else the catalog is made of. */
export const tablesVersion = (beside: unknown, tables: Iterable<Table>): string => hashText(`${JSON.stringify(beside)}${[...tables].map(tableHash).join('')}`);

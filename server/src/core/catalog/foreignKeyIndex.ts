import type { Index } from './model';

/** Does an index find the rows that refer to one row? Its first keys are the columns, in any order; a partial one may leave out rows without a parent alone. */
export function servesForeignKey(index: Index, columns: readonly string[]): boolean {
  if (!index.valid || (index.method !== 'btree' && index.method !== 'hash')) return false;
  const first = index.keys.slice(0, columns.length).map((key) => key.column);
  const partial = index.predicate === undefined || new RegExp(`^\\(*"?(?:${columns.map((column) => column.replaceAll(/[^\w]/g, '\\$&')).join('|')})"?\\s+is\\s+not\\s+null\\)*$`, 'i').test(index.predicate);
  return partial && columns.every((column) => first.includes(column));
}

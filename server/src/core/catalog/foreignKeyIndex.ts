import { quoteIdentifier } from '../sql/names';
import { normaliseExpression, predicateParts } from './expressionText';
import type { Index } from './model';

/**
 * Does an index find the rows that refer to one row? A B-tree whose first keys are the columns, in any order, or a hash index on the one
 * column. A partial one may ask no more than the search does: that columns of the key are not null. `servesKey` of the health check asks the same of a server.
 */
export function servesForeignKey(index: Index, columns: readonly string[]): boolean {
  if (!index.valid || (index.method !== 'btree' && (index.method !== 'hash' || columns.length > 1))) return false;
  const first = index.keys.slice(0, columns.length).map((key) => key.column);
  if (!columns.every((column) => first.includes(column))) return false;
  const implied = columns.map((column) => normaliseExpression(`${quoteIdentifier(column)} IS NOT NULL`));
  return index.predicate === undefined || predicateParts(index.predicate).every((part) => implied.includes(part));
}

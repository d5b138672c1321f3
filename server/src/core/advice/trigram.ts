import { normaliseExpression } from '../catalog/expressionText';
import type { Index, Table } from '../catalog/model';
import type { Expression } from '../sql/model';
import { withoutCasts } from './scope';

/** Operator classes that serve patterns without a prefix: pg_trgm, pg_bigm, PGroonga. */
const PATTERN_CLASSES = /trgm|bigm|pgroonga/;

/** Does an index serve patterns on this expression (`name`, `lower(name)`)? Expressions are compared without blanks, case and qualifiers. */
export function hasTrigramIndex(table: Table, searched: Expression): boolean {
  const column = withoutCasts(searched).column?.column;
  const wanted = searchedText(searched);
  return table.indexes.some((index) => index.valid && index.keys.some((key) => servesPatterns(index, key.opclass) &&
    (column !== undefined ? key.column === column : key.expression !== undefined && wanted !== undefined && normaliseExpression(key.expression) === normaliseExpression(wanted))));
}

/** Does an index serve patterns on an expression that stands in the statement as `text`, `profile ->> 'name'` among them? */
export const hasTrigramIndexOn = (table: Table, text: string): boolean =>
  table.indexes.some((index) => index.valid && index.keys.some((key) => key.expression !== undefined && servesPatterns(index, key.opclass) && normaliseExpression(key.expression) === normaliseExpression(text)));

/** A valid index that serves patterns on the column as it is. */
export const findTrigramIndex = (table: Table, column: string): Index | undefined =>
  table.indexes.find((index) => index.valid && index.keys.some((key) => key.column === column && servesPatterns(index, key.opclass)));

const servesPatterns = (index: Index, opclass: string | undefined): boolean => PATTERN_CLASSES.test(opclass ?? '') || PATTERN_CLASSES.test(index.method);

/** `lower(name)` of a function over one column; undefined for anything else. */
export function searchedText(searched: Expression): string | undefined {
  const bare = withoutCasts(searched);
  if (bare.column) return bare.column.column;
  const inner = bare.kind === 'function' && bare.args?.length === 1 && bare.args[0] ? withoutCasts(bare.args[0]) : undefined;
  return inner?.column && bare.name !== undefined ? `${bare.name}(${inner.column.column})` : undefined;
}

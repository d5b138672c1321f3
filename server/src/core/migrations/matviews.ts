import { findTable } from '../catalog/lookup';
import type { Catalog, Table } from '../catalog/model';
import { uniqueKeys } from '../catalog/lookup';
import type { SqlAnalyser } from '../sql/ports';

/** Has the view an index that REFRESH … CONCURRENTLY can use: unique, over columns alone, of all rows? */
export const canRefreshConcurrently = (view: Table): boolean =>
  view.indexes.some((index) => index.unique && index.valid && index.predicate === undefined && index.keys.every((key) => key.column !== undefined));

/**
 * Columns of a materialized view that tell its rows apart, as its query shows: what it groups by, or the key of the one table that it
 * reads. Undefined: not seen.
 */
export function keyOfView(view: Table, catalog: Catalog | undefined, sql: SqlAnalyser): readonly string[] | undefined {
  const model = view.definition === undefined ? undefined : sql.analyse({ text: view.definition, placeholders: 'none', interpolations: [] });
  const block = model?.completeness === 'full' ? model.blocks[0] : undefined;
  if (block?.kind !== 'select') return undefined;
  const nameOf = (column: string, qualifier?: string): string | undefined => {
    const output = block.outputs.find((item) => item.column?.column === column && (qualifier === undefined || item.column.qualifier === undefined || item.column.qualifier === qualifier));
    return output && (output.alias ?? output.column?.column);
  };
  if (block.groupBy.length > 0) {
    const names = block.groupBy.map((key) => {
      if (key.kind === 'constant' && typeof key.value === 'number') return block.outputs[key.value - 1]?.alias ?? block.outputs[key.value - 1]?.column?.column;
      if (key.kind === 'column' && key.column) return nameOf(key.column.column, key.column.qualifier) ?? block.outputs.find((item) => item.alias === key.column?.column)?.alias;
      return undefined;
    });
    return names.every((name): name is string => name !== undefined && view.columns.some((column) => column.name === name)) ? [...new Set(names)] : undefined;
  }
  const [relation, ...more] = block.relations;
  if (more.length > 0 || relation?.kind !== 'table' || block.outputs.some((output) => output.expression.kind !== 'column' && output.expression.kind !== 'constant' && output.expression.columns.length > 0 && output.expression.kind === 'other')) return undefined;
  const table = findTable(catalog, relation);
  const key = table && uniqueKeys(table).find(({ coversNulls }) => coversNulls);
  const names = key?.columns.map((column) => (block.outputs.some((output) => output.star) ? column : nameOf(column)));
  return names?.every((name): name is string => name !== undefined) ? names : undefined;
}

import { parseArrayText } from '../../../server/src/core/catalog/arrayText';
import type { Catalog } from '../../../server/src/core/catalog/model';
import { quoteLiteral } from '../../../server/src/core/sql/names';

/** Look-ups by values that stand in the statistics: for each column with a list of common values the first, the last and one that is in none. */
export function literalQueries(catalog: Catalog): readonly string[] {
  return [...catalog.tables.values()].filter((table) => table.partitionOf === undefined).flatMap((table) => {
    const columns = catalog.statistics?.relations.get(`${table.schema}.${table.name}`)?.columns ?? [];
    return columns.flatMap((column) => {
      const type = table.columns.find(({ name }) => name === column.column)?.type;
      const values = parseArrayText(column.mostCommonValues ?? '') ?? [];
      if (type === undefined || type === 'jsonb' || values.length === 0) return [];
      const absent = /^(text|character)/.test(type) ? ['a value in no row'] : [];
      return [...new Set([values[0]!, values.at(-1)!, ...absent])].map((value) => `SELECT * FROM ${table.schema}.${table.name} x WHERE x.${column.column} = ${quoteLiteral(value)}::${type} ORDER BY x.${table.columns[0]!.name} LIMIT 20`);
    });
  });
}

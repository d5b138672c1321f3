import { buildCatalog } from '../../../server/src/core/catalog/build';
import type { CatalogInput, SchemaStep } from '../../../server/src/core/catalog/build';
import type { Catalog, Table } from '../../../server/src/core/catalog/model';
import type { SchemaChange } from '../../../server/src/core/catalog/changes';
import { loadPgQuery, parseTree } from '../../../server/src/parser/sql/pgQuery';
import { collectSchemaChanges } from '../../../server/src/parser/sql/schemaChanges';

await loadPgQuery();

/** Statements of a script, separated by `;` at the end of a line. */
export const statementsOf = (ddl: string): readonly string[] => ddl.split(/;\s*(?:\n|$)/).map((text) => text.trim()).filter((text) => text !== '');

export function changesOf(statement: string): readonly SchemaChange[] {
  const tree = parseTree(statement);
  if (tree === undefined) throw new Error(`does not parse: ${statement}`);
  return collectSchemaChanges(tree, statement);
}

export function catalogOf(ddl: string, options: Partial<CatalogInput> = {}): Catalog {
  const steps = statementsOf(ddl).map((statement): SchemaStep => ({ changes: changesOf(statement) }));
  return buildCatalog({ source: 'schema', label: 'test', steps, ...options });
}

export function tableOf(ddl: string, name: string): Table {
  const table = catalogOf(ddl).tables.get(name);
  if (table === undefined) throw new Error(`no table ${name}`);
  return table;
}

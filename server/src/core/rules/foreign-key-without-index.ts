import { indexStatementFix } from '../advice/indexFix';
import { isKindTable } from '../advice/lookupTable';
import { describeRows, sizeOf } from '../advice/size';
import { servesForeignKey } from '../catalog/foreignKeyIndex';
import { findTable } from '../catalog/lookup';
import type { ForeignKey, Index, Table } from '../catalog/model';
import type { MigrationRule } from '../lint/rule';
import { declaredConstraints, mayHaveMore, reportDeclarations } from '../migrations/declared';

const SCHEMA = 'CREATE TABLE customers (id bigint PRIMARY KEY);';

/** Foreign keys whose columns no index leads with. */
export const foreignKeyWithoutIndex: MigrationRule = {
  id: 'foreign-key-without-index',
  scope: 'migration',
  category: 'schema',
  severity: 'warning',
  needs: 'schema',
  fixKinds: ['new'],
  summary: 'No index begins with the columns of a foreign key',
  docs: {
    why: 'When a row of the parent is deleted, or its key changes, Postgres looks for the rows that refer to it: without an index it reads the whole table, once for each parent row. Joins from the parent do the same. Postgres makes no index for a foreign key by itself.',
    bad: [{ language: 'sql', schema: SCHEMA, code: 'CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers (id));' }],
    good: [{ language: 'sql', schema: SCHEMA, code: 'CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers (id));\nCREATE INDEX orders_customer ON orders (customer_id, id);' }],
    whenNot: 'Small tables, and parents that are known to be small, are not reported: their rows are hardly ever deleted.',
    fixSafety: 'Writes a new migration with CREATE INDEX CONCURRENTLY. Results do not change.',
  },
  options: {},
  roles: ['application', 'migration'],
  check(context) {
    const { catalog, settings } = context;
    const declared = declaredConstraints(context);
    reportDeclarations(context, declared.flatMap(({ statement, constraint, key, table }, at) => {
      if (constraint.kind !== 'foreign' || constraint.references === undefined || mayHaveMore(context, table) || table.partitionOf !== undefined) return [];
      const { columns, references } = constraint;
      const isIt = (foreignKey: Pick<ForeignKey, 'columns' | 'references'>): boolean => foreignKey.columns.join() === columns.join() && foreignKey.references.table === references.name;
      // Dropped again, or another one by now; dropped and made again further on: it is reported there.
      if (!table.foreignKeys.some(isIt)) return [];
      if (declared.slice(at + 1).some((later) => later.key === key && later.constraint.kind === 'foreign' && later.constraint.references?.name === references.name && later.constraint.columns.join() === columns.join())) return [];
      const written = context.migration.writtenTable(key);
      const made = written?.foreignKeySites?.get(written.foreignKeys.find(isIt)?.name ?? '');
      if (made !== undefined && context.migration.place?.after.includes(made.uri) === true) return [];
      if (table.indexes.some((index) => servesForeignKey(index, columns))) return [];
      const parent = findTable(catalog, references) ?? context.migration.finalTable(`${references.schema ?? table.schema}.${references.name}`);
      const size = sizeOf(table, settings);
      if (size === 'small' || sizeOf(parent, settings) === 'small') return [];
      // What others are called or how the program is set is hardly ever deleted.
      if (size === 'unknown' && parent && sizeOf(parent, settings) === 'unknown' && isKindTable(context, parent)) return [];
      const rows = describeRows(table, settings);
      const narrowed = partlyServed(table.indexes, columns);
      return [{
        statement, at: constraint.span, severity: size === 'unknown' || (narrowed && size === 'medium') ? ('hint' as const) : size === 'large' && !narrowed ? ('warning' as const) : ('info' as const), confidence: rows === undefined ? ('schema' as const) : ('statistics' as const),
        message: `No index begins with ${columns.join(', ')}: deleting a row of ${references.name} reads ${narrowed ? `every row of ${table.name} with the same ${narrowed.columns.join(', ')} (by ${narrowed.index.name})` : `all of ${table.name}`}.`,
        because: rows && `${rows}.`, evidence: { table: key, columns, references: references.name },
        fixes: () => (catalog === undefined ? [] : indexStatementFix({ table: placed(table, catalog), columns, catalog, settings })),
      }];
    }));
  },
};

/** The index that finds rows by some of the columns, most of them: those that lead it. */
function partlyServed(indexes: readonly Index[], columns: readonly string[]): { readonly index: Index; readonly columns: readonly string[] } | undefined {
  const served = indexes.flatMap((index) => {
    const keys = index.valid && index.method === 'btree' && index.predicate === undefined ? index.keys.map((key) => key.column ?? '') : [];
    const end = keys.findIndex((key) => !columns.includes(key));
    const leading = end < 0 ? keys : keys.slice(0, end);
    return leading.length > 0 ? [{ index, columns: leading }] : [];
  });
  return served.sort((a, b) => b.columns.length - a.columns.length)[0];
}

const placed = (table: Table, catalog: { readonly tables: ReadonlyMap<string, Table> }): Table => catalog.tables.get(`${table.schema}.${table.name}`) ?? table;

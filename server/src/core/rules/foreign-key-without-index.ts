import { indexStatementFix } from '../advice/indexFix';
import { describeRows, sizeOf } from '../advice/size';
import { servesForeignKey } from '../catalog/foreignKeyIndex';
import { findTable } from '../catalog/lookup';
import type { ForeignKey, Table } from '../catalog/model';
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
      const rows = describeRows(table, settings);
      return [{
        statement, at: constraint.span, severity: size === 'large' ? ('warning' as const) : size === 'medium' ? ('info' as const) : ('hint' as const), confidence: rows === undefined ? ('schema' as const) : ('statistics' as const),
        message: `No index begins with ${columns.join(', ')}: deleting a row of ${references.name} reads all of ${table.name}.`,
        because: rows && `${rows}.`, evidence: { table: key, columns, references: references.name },
        fixes: () => (catalog === undefined ? [] : indexStatementFix({ table: placed(table, catalog), columns, catalog, settings })),
      }];
    }));
  },
};

const placed = (table: Table, catalog: { readonly tables: ReadonlyMap<string, Table> }): Table => catalog.tables.get(`${table.schema}.${table.name}`) ?? table;

import type { MigrationRule } from '../lint/rule';
import type { PartitionKey, Table } from '../catalog/model';
import { declaredConstraints, reportDeclarations, type DeclarationFinding } from '../migrations/declared';
import { isShipped, newestOption } from '../migrations/weigh';

/** Unique keys that a partitioned table cannot have. */
export const partitionKeyNotInUnique: MigrationRule = {
  id: 'partition-key-not-in-unique',
  scope: 'migration',
  category: 'schema',
  severity: 'error',
  needs: 'schema',
  summary: 'A unique key of a partitioned table lacks its partition key: Postgres refuses it',
  docs: {
    why: 'Each partition has its own index, and none spans them all: Postgres can only keep a key unique where rows that agree in it are always in one partition. So every PRIMARY KEY, UNIQUE and unique index of a partitioned table must hold all columns of the partition key, and is impossible where that is an expression.',
    bad: [{ language: 'sql', code: 'CREATE TABLE events (id bigint PRIMARY KEY, at timestamptz NOT NULL) PARTITION BY RANGE (at);' }],
    good: [{ language: 'sql', code: 'CREATE TABLE events (id bigint, at timestamptz NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);' }],
    whenNot: 'Never: the statement fails. Where the key alone must be unique, keep it in a table of its own that is not partitioned, or make a unique index on each partition where that is enough.',
  },
  options: newestOption,
  roles: ['application', 'migration'],
  check(context) {
    if (isShipped(context)) return;
    const refused = (table: Table | undefined, columns: readonly string[]): PartitionKey | undefined =>
      table?.partitionKey !== undefined && !table.partitionKey.columns.every((column) => columns.includes(column)) ? table.partitionKey : undefined;
    const message = (table: string, key: PartitionKey): string => `${table} is partitioned by ${key.columns.join(', ')}, which this key must hold: Postgres refuses it.`;
    const constraints = declaredConstraints(context).flatMap(({ statement, constraint, key, table }): readonly DeclarationFinding[] => {
      if ((constraint.kind !== 'primary' && constraint.kind !== 'unique') || constraint.usingIndex !== undefined) return [];
      const partition = refused(table, constraint.columns);
      return partition ? [{ statement, at: constraint.span, severity: 'error', message: message(table.name, partition), evidence: { table: key, partitionKey: partition.columns } }] : [];
    });
    const indexes = context.migration.statements.flatMap((statement): readonly DeclarationFinding[] => {
      const { command } = statement;
      if (command.type !== 'create-index' || !command.unique || command.only || statement.nested) return [];
      const { key, table } = statement.relation(command.table);
      const change = statement.changes.find((other) => other.type === 'create-index');
      const partition = change?.type === 'create-index' ? refused(table, change.index.keys.flatMap((item) => item.column ?? [])) : undefined;
      return partition && table ? [{ statement, at: command.keysSpan, severity: 'error', message: message(table.name, partition), evidence: { table: key, partitionKey: partition.columns } }] : [];
    });
    reportDeclarations(context, [...constraints, ...indexes]);
  },
};

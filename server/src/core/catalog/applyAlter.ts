import type { SchemaChange } from './changes';
import { collectColumnNames, renameInExpression } from './expressionTokens';
import type { Column, ForeignKey, Index, Policy, Table } from './model';
import { relationKey } from './names';
import type { SchemaState } from './state';
import { addConstraint, addExclusion, addForeignKey, removeIndex, resolveTable, updateChecks, updateTable, withDescendants } from './state';

type ChangeOf<T extends SchemaChange['type']> = Extract<SchemaChange, { readonly type: T }>;

const replaceColumn = (table: Table, name: string, change: (column: Column) => Column): Table => ({ ...table, columns: table.columns.map((column) => (column.name === name ? change(column) : column)) });

export function addColumn(state: SchemaState, change: ChangeOf<'add-column'>): void {
  const key = resolveTable(state, change.table);
  if (key === undefined) return;
  const existed = state.tables.get(key)?.columns.some((column) => column.name === change.column.name) === true;
  if (existed) return;
  for (const target of withDescendants(state, key))
    updateTable(state, target, (table) => (table.columns.some((column) => column.name === change.column.name) ? table : { ...table, columns: [...table.columns, change.column], ...sited(state, table, change.column.name) }));
  for (const constraint of change.constraints) addConstraint(state, key, constraint);
  for (const foreignKey of change.foreignKeys) addForeignKey(state, key, foreignKey);
}

/** The place of a column that the statement at hand declares. */
const sited = (state: SchemaState, table: Table, column: string): Pick<Table, 'columnSites'> =>
  state.site === undefined ? {} : { columnSites: new Map(table.columnSites).set(column, state.site) };

/** True when an index mentions a column as key, INCLUDE, or in an expression or predicate. */
export const indexMentions = (index: Index, column: string): boolean =>
  index.include.includes(column) || index.keys.some((key) => key.column === column || (key.expression !== undefined && collectColumnNames(key.expression).has(column))) ||
  (index.predicate !== undefined && collectColumnNames(index.predicate).has(column));

/** DROP COLUMN: its indexes, constraints and the foreign keys on or to it go with it. */
export function dropColumn(state: SchemaState, change: ChangeOf<'drop-column'>): void {
  const key = resolveTable(state, change.table);
  const dropped = key === undefined ? undefined : state.tables.get(key);
  if (key === undefined || dropped === undefined) return;
  for (const target of withDescendants(state, key)) {
    const table = state.tables.get(target);
    for (const index of table?.indexes ?? []) if (indexMentions(index, change.column)) removeIndex(state, target, index.name);
    updateChecks(state, target, (checks) => checks.filter((check) => !collectColumnNames(check.expression).has(change.column)));
    updateTable(state, target, (current) => ({
      ...current,
      columns: current.columns.filter((column) => column.name !== change.column),
      constraints: current.constraints.filter((constraint) => !constraint.columns.includes(change.column) && constraint.include?.includes(change.column) !== true),
      foreignKeys: current.foreignKeys.filter((foreignKey) => !foreignKey.columns.includes(change.column)),
    }));
  }
  changeForeignKeysTo(state, dropped, (foreignKey) => (foreignKey.references.columns.includes(change.column) ? undefined : foreignKey));
}

/** Replaces (or, for undefined, removes) every foreign key that points to a table. */
export function changeForeignKeysTo(state: SchemaState, target: Pick<Table, 'schema' | 'name'>, change: (foreignKey: ForeignKey) => ForeignKey | undefined): void {
  for (const [key, table] of state.tables) {
    if (!table.foreignKeys.some((foreignKey) => pointsTo(foreignKey, target))) continue;
    const foreignKeys = table.foreignKeys.flatMap((foreignKey) => (pointsTo(foreignKey, target) ? change(foreignKey) ?? [] : foreignKey));
    state.tables.set(key, { ...table, foreignKeys });
  }
}
const pointsTo = (foreignKey: ForeignKey, target: Pick<Table, 'schema' | 'name'>): boolean => foreignKey.references.table === target.name && foreignKey.references.schema === target.schema;

export function renameColumn(state: SchemaState, change: ChangeOf<'rename-column'>): void {
  const key = resolveTable(state, change.table);
  const renamed = key === undefined ? undefined : state.tables.get(key);
  if (key === undefined || renamed === undefined) return;
  const { column: from, to } = change;
  const name = (column: string): string => (column === from ? to : column);
  const text = (expression: string): string => renameInExpression(expression, from, to);
  for (const target of withDescendants(state, key)) {
    updateTable(state, target, (table) => ({ ...renameColumnIn(table, name, text), ...sited(state, table, to) }));
    updateChecks(state, target, (checks) => checks.map((check) => ({ ...check, expression: text(check.expression) })));
  }
  changeForeignKeysTo(state, renamed, (foreignKey) => ({ ...foreignKey, references: { ...foreignKey.references, columns: foreignKey.references.columns.map(name) } }));
}

function renameColumnIn(table: Table, name: (column: string) => string, text: (expression: string) => string): Table {
  const policy = (item: Policy): Policy => ({ ...item, ...(item.using === undefined ? {} : { using: text(item.using) }), ...(item.check === undefined ? {} : { check: text(item.check) }) });
  return {
    ...table,
    columns: table.columns.map((column) => ({ ...column, name: name(column.name) })),
    constraints: table.constraints.map((constraint) => ({ ...constraint, columns: constraint.columns.map(name), ...(constraint.include === undefined ? {} : { include: constraint.include.map(name) }) })),
    foreignKeys: table.foreignKeys.map((foreignKey) => ({ ...foreignKey, columns: foreignKey.columns.map(name) })),
    indexes: table.indexes.map((index) => ({
      ...index,
      keys: index.keys.map((key) => ({ ...key, ...(key.column === undefined ? {} : { column: name(key.column) }), ...(key.expression === undefined ? {} : { expression: text(key.expression) }) })),
      include: index.include.map(name),
      ...(index.predicate === undefined ? {} : { predicate: text(index.predicate) }),
    })),
    ...(table.partitionKey === undefined ? {} : { partitionKey: { ...table.partitionKey, columns: table.partitionKey.columns.map((column) => name(column) === column ? text(column) : name(column)) } }),
    ...(table.rowSecurity === undefined ? {} : { rowSecurity: { ...table.rowSecurity, policies: table.rowSecurity.policies.map(policy) } }),
  };
}

export function alterColumn(state: SchemaState, change: ChangeOf<'alter-column'>): void {
  const key = resolveTable(state, change.table);
  if (key === undefined) return;
  for (const target of withDescendants(state, key))
    updateTable(state, target, (table) => replaceColumn(table, change.column, (column) => {
      const { default: oldDefault, generated: oldGenerated, ...rest } = column;
      const newDefault = change.default === undefined ? oldDefault : change.default ?? undefined;
      const generated = change.generated === undefined ? oldGenerated : change.generated ?? undefined;
      return { ...rest, type: change.newType ?? column.type, notNull: change.notNull ?? column.notNull, ...(newDefault === undefined ? {} : { default: newDefault }), ...(generated === undefined ? {} : { generated }) };
    }));
}

/** ADD CONSTRAINT of a key, with USING INDEX too. */
export function addTableConstraint(state: SchemaState, change: ChangeOf<'add-constraint'>): void {
  const key = resolveTable(state, change.table);
  if (key === undefined) return;
  if (change.foreignKey !== undefined) addForeignKey(state, key, change.foreignKey);
  if (change.exclusion !== undefined) addExclusion(state, key, change.exclusion);
  if (change.constraint === undefined) return;
  if (change.usingIndex === undefined) addConstraint(state, key, change.constraint);
  else adoptIndex(state, key, change.constraint, change.usingIndex);
}

function adoptIndex(state: SchemaState, key: string, constraint: NonNullable<ChangeOf<'add-constraint'>['constraint']>, indexName: string): void {
  const table = state.tables.get(key);
  const index = table?.indexes.find((item) => item.name === indexName);
  if (table === undefined || index === undefined) return;
  const name = constraint.name ?? indexName;
  const columns = index.keys.flatMap((item) => item.column ?? []);
  state.indexOwners.delete(relationKey(table.schema, indexName));
  state.indexOwners.set(relationKey(table.schema, name), key);
  state.tables.set(key, {
    ...table,
    columns: constraint.type === 'primary' ? table.columns.map((column) => (columns.includes(column.name) ? { ...column, notNull: true } : column)) : table.columns,
    constraints: [...table.constraints, { ...constraint, name, columns, ...(index.include.length > 0 ? { include: index.include } : {}) }],
    indexes: table.indexes.map((item) => (item === index ? { ...item, name, constraint: name } : item)),
  });
}

export function dropConstraint(state: SchemaState, change: ChangeOf<'drop-constraint'>): void {
  const key = resolveTable(state, change.table);
  const table = key === undefined ? undefined : state.tables.get(key);
  if (key === undefined || table === undefined) return;
  const dropped = table.constraints.find((constraint) => constraint.name === change.name);
  for (const target of withDescendants(state, key)) {
    const current = state.tables.get(target);
    const match = current?.constraints.find((constraint) => (target === key ? constraint === dropped : dropped !== undefined && current.partitionOf !== undefined && constraint.type === dropped.type && constraint.columns.join() === dropped.columns.join()));
    if (match?.name !== undefined) removeIndex(state, target, match.name);
    else if (target === key) for (const index of current?.indexes ?? []) if (index.constraint === change.name) removeIndex(state, target, index.name);
    updateTable(state, target, (value) => ({ ...value, constraints: value.constraints.filter((constraint) => constraint !== match), foreignKeys: value.foreignKeys.filter((foreignKey) => foreignKey.name !== change.name) }));
  }
}

/** RENAME CONSTRAINT; the index of a key is renamed with it. */
export function renameConstraint(state: SchemaState, change: ChangeOf<'rename-constraint'>): void {
  const key = resolveTable(state, change.table);
  if (key !== undefined) renameKey(state, key, change.name, change.to);
}

/** Renames an index, a key constraint with its index, or a foreign key. */
export function renameKey(state: SchemaState, key: string, from: string, to: string): void {
  const table = state.tables.get(key);
  if (table === undefined) return;
  const name = (current: string | undefined): string | undefined => (current === from ? to : current);
  if (state.indexOwners.delete(relationKey(table.schema, from))) state.indexOwners.set(relationKey(table.schema, to), key);
  state.tables.set(key, {
    ...table,
    constraints: table.constraints.map((constraint) => ({ ...constraint, name: name(constraint.name) })),
    foreignKeys: table.foreignKeys.map((foreignKey) => ({ ...foreignKey, name: name(foreignKey.name) })),
    indexes: table.indexes.map((index) => ({ ...index, name: index.name === from ? to : index.name, ...(index.constraint === undefined ? {} : { constraint: name(index.constraint)! }) })),
  });
}

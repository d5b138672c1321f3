import { addColumn, addTableConstraint, alterColumn, changeForeignKeysTo, dropColumn, dropConstraint, renameColumn, renameConstraint, renameKey } from './applyAlter';
import { alterRoutine, alterType, createRoutine, createType, dropRoutine, dropSchemaObjects, dropType, moveType, renameSchemaObjects, renameType } from './applyObjects';
import { createTable, createView, inheritFromPartitioned } from './applyTables';
import type { QualifiedName, SchemaChange } from './changes';
import type { Policy, Table } from './model';
import { relationKey } from './names';
import type { KnownCheck, SchemaState } from './state';
import { addIndexWithPartitions, creationSchema, partitionsOf, removeIndex, removeTable, resolveIndex, resolveTable, sameIndex, updateChecks, updateTable } from './state';

type ChangeOf<T extends SchemaChange['type']> = Extract<SchemaChange, { readonly type: T }>;

/** Replays changes on a state, in order. A change about something unknown is skipped: the history may be incomplete. */
export function applyChanges(state: SchemaState, changes: readonly SchemaChange[]): void {
  for (const change of changes) applyChange(state, change);
}

function applyChange(state: SchemaState, change: SchemaChange): void {
  switch (change.type) {
    case 'create-table': return createTable(state, change);
    case 'create-view': return createView(state, change);
    case 'drop-relation': return dropRelation(state, change);
    case 'rename-relation': return renameRelation(state, change);
    case 'set-schema': {
      const key = resolveTable(state, change.relation);
      if (key !== undefined) moveTable(state, key, { schema: change.schema });
      return;
    }
    case 'add-column': return addColumn(state, change);
    case 'drop-column': return dropColumn(state, change);
    case 'rename-column': return renameColumn(state, change);
    case 'alter-column': return alterColumn(state, change);
    case 'add-constraint': return addTableConstraint(state, change);
    case 'add-check': return addCheck(state, change);
    case 'validate-constraint': return changeChecks(state, change.table, (checks) => checks.map((check) => (check.name === change.name ? { ...check, valid: true } : check)));
    case 'drop-constraint':
      changeChecks(state, change.table, (checks) => checks.filter((check) => check.name !== undefined && check.name !== change.name));
      return dropConstraint(state, change);
    case 'rename-constraint': return renameConstraint(state, change);
    case 'create-index': return createIndex(state, change);
    case 'attach-index': return attachIndex(state, change);
    case 'attach-partition': return attachPartition(state, change);
    case 'detach-partition': return detachPartition(state, change);
    case 'inherit': return inherit(state, change);
    case 'row-security': return rowSecurity(state, change);
    case 'create-policy': return changePolicies(state, change.table, (policies) => [...policies.filter((policy) => policy.name !== change.policy.name), change.policy]);
    case 'drop-policy': return changePolicies(state, change.table, (policies) => policies.filter((policy) => policy.name !== change.name));
    case 'alter-policy': return changePolicies(state, change.table, (policies) => policies.map((policy) => (policy.name === change.name ? alteredPolicy(policy, change) : policy)));
    case 'uncertain': return markIncomplete(state, change);
    case 'set-options': return setOptions(state, change);
    case 'distribute': return distribute(state, change);
    case 'create-type': return createType(state, change);
    case 'alter-type': return alterType(state, change);
    case 'drop-type': return dropType(state, change);
    case 'set-type-schema': return moveType(state, change);
    case 'rename-type': return renameType(state, change);
    case 'create-extension': state.extensions.add(change.extension); return;
    case 'drop-extension': state.extensions.delete(change.extension); return;
    case 'create-routine': return createRoutine(state, change);
    case 'drop-routine': return dropRoutine(state, change);
    case 'alter-routine': return alterRoutine(state, change);
    case 'create-schema': return;
    case 'drop-schema': {
      for (const [key, table] of [...state.tables]) if (table.schema === change.schema) removeTable(state, key);
      return dropSchemaObjects(state, change.schema);
    }
    case 'rename-schema': {
      for (const [key, table] of [...state.tables]) if (table.schema === change.schema) moveTable(state, key, { schema: change.to });
      return renameSchemaObjects(state, change.schema, change.to);
    }
    case 'set-search-path':
      state.searchPath = change.reset === true ? state.defaultSearchPath : change.schemas;
  }
}

function changeChecks(state: SchemaState, name: QualifiedName, change: (checks: readonly KnownCheck[]) => readonly KnownCheck[]): void {
  const key = resolveTable(state, name);
  if (key !== undefined) updateChecks(state, key, change);
}

function addCheck(state: SchemaState, { table, name, expression, valid }: ChangeOf<'add-check'>): void {
  const key = resolveTable(state, table);
  if (key !== undefined) state.checks.set(key, [...(state.checks.get(key) ?? []), { name, expression, valid }]);
}

function dropRelation(state: SchemaState, change: ChangeOf<'drop-relation'>): void {
  if (change.kind === 'index') {
    const missed = state.missed.findIndex((item) => item.index === change.relation.name);
    if (missed >= 0) state.missed.splice(missed, 1);
    const index = resolveIndex(state, change.relation);
    const dropped = index === undefined ? undefined : state.tables.get(index.table)?.indexes.find((item) => relationKey(state.tables.get(index.table)!.schema, item.name) === index.key);
    if (index === undefined || dropped === undefined) return;
    removeIndex(state, index.table, dropped.name);
    for (const partition of partitionsOf(state, index.table)) {
      const inherited = state.tables.get(partition)?.indexes.find((item) => item.constraint === undefined && sameIndex(item, dropped));
      if (inherited !== undefined) removeIndex(state, partition, inherited.name);
    }
    return;
  }
  if (change.relation.schema === undefined && state.temporary.delete(change.relation.name)) return;
  const key = resolveTable(state, change.relation);
  if (key !== undefined) removeTable(state, key);
}

function renameRelation(state: SchemaState, change: ChangeOf<'rename-relation'>): void {
  const key = resolveTable(state, change.relation);
  if (key !== undefined) return moveTable(state, key, { name: change.to });
  const index = resolveIndex(state, change.relation);
  if (index !== undefined) renameKey(state, index.table, change.relation.name, change.to);
}

/** Gives a relation another name or schema; everything that refers to it follows. */
function moveTable(state: SchemaState, key: string, to: { readonly schema?: string; readonly name?: string }): void {
  const table = state.tables.get(key);
  if (table === undefined) return;
  const moved: Table = { ...table, schema: to.schema ?? table.schema, name: to.name ?? table.name };
  const newKey = relationKey(moved.schema, moved.name);
  if (newKey === key || state.tables.has(newKey)) return;
  for (const index of table.indexes) {
    state.indexOwners.delete(relationKey(table.schema, index.name));
    state.indexOwners.set(relationKey(moved.schema, index.name), newKey);
  }
  const partitions = partitionsOf(state, key);
  const checks = state.checks.get(key);
  if (checks !== undefined) state.checks.set(newKey, checks);
  state.checks.delete(key);
  state.tables.delete(key);
  state.tables.set(newKey, moved);
  changeForeignKeysTo(state, table, (foreignKey) => ({ ...foreignKey, references: { ...foreignKey.references, schema: moved.schema, table: moved.name } }));
  for (const child of partitions) updateTable(state, child, (value) => ({ ...value, partitionOf: newKey }));
  for (const [child, parents] of [...state.parents]) {
    const renamed = parents.map((parent) => (parent === key ? newKey : parent));
    if (child === key) state.parents.delete(child);
    state.parents.set(child === key ? newKey : child, renamed);
  }
}

function createIndex(state: SchemaState, change: ChangeOf<'create-index'>): void {
  const key = resolveTable(state, change.table);
  if (key === undefined) {
    if (!state.temporary.has(change.table.name)) state.missed.push({ table: relationKey(change.table.schema ?? creationSchema(state, change.table), change.table.name), index: change.index.name });
    return;
  }
  const table = state.tables.get(key);
  const parentOnly = change.only === true && table?.kind === 'partitioned';
  if (!parentOnly) return addIndexWithPartitions(state, key, change.index, change.nameParts ?? []);
  const partitions = partitionsOf(state, key);
  if (change.index.name !== '') state.attachedIndexes.set(relationKey(table.schema, change.index.name), new Set());
  const withoutPartitions = { ...change.index, valid: partitions.length === 0 };
  updateTable(state, key, (current) => ({ ...current, indexes: [...current.indexes, state.site === undefined ? withoutPartitions : { ...withoutPartitions, definedAt: state.site }] }));
  state.indexOwners.set(relationKey(table.schema, change.index.name), key);
}

/** `ALTER INDEX … ATTACH PARTITION`: the parent's index is valid once every partition's is attached. */
function attachIndex(state: SchemaState, change: ChangeOf<'attach-index'>): void {
  const parent = resolveIndex(state, change.index);
  const child = resolveIndex(state, change.partition);
  if (parent === undefined || child === undefined) return;
  const attached = state.attachedIndexes.get(parent.key) ?? new Set();
  attached.add(child.table);
  state.attachedIndexes.set(parent.key, attached);
  if (!partitionsOf(state, parent.table).every((partition) => attached.has(partition))) return;
  updateTable(state, parent.table, (table) => ({ ...table, indexes: table.indexes.map((index) => (relationKey(table.schema, index.name) === parent.key ? { ...index, valid: true } : index)) }));
}

function attachPartition(state: SchemaState, change: ChangeOf<'attach-partition'>): void {
  const parent = resolveTable(state, change.table);
  const partition = resolveTable(state, change.partition);
  if (parent === undefined || partition === undefined) return;
  const identities = new Set(state.tables.get(parent)?.columns.flatMap((column) => (column.generated === 'identity' ? [column.name] : [])));
  updateTable(state, partition, (table) => ({
    ...table,
    partitionOf: parent,
    ...(change.bound === undefined ? {} : { partitionBound: change.bound }),
    columns: table.columns.map((column) => (identities.has(column.name) ? { ...column, generated: 'identity' as const } : column)),
  }));
  inheritFromPartitioned(state, parent, partition);
}

function detachPartition(state: SchemaState, change: ChangeOf<'detach-partition'>): void {
  const partition = resolveTable(state, change.partition);
  if (partition !== undefined) updateTable(state, partition, ({ partitionOf: _, partitionBound: __, ...table }) => table);
}

function inherit(state: SchemaState, change: ChangeOf<'inherit'>): void {
  const key = resolveTable(state, change.table);
  const parent = resolveTable(state, change.parent);
  if (key === undefined || parent === undefined) return;
  const others = (state.parents.get(key) ?? []).filter((item) => item !== parent);
  state.parents.set(key, change.detach ? others : [...others, parent]);
}

/** Marks the table that a change is about, an index' table too. */
function markIncomplete(state: SchemaState, { table, change }: ChangeOf<'uncertain'>): void {
  const mark = (name: QualifiedName): void => {
    const key = resolveTable(state, name) ?? resolveIndex(state, name)?.table;
    if (key !== undefined) updateTable(state, key, (current) => ({ ...current, incomplete: true }));
  };
  if (table !== undefined) mark(table);
  if (change === undefined) return;
  if ('table' in change && change.table !== undefined) mark(change.table);
  if ('relation' in change) mark(change.relation);
  if (change.type === 'attach-index') mark(change.index);
  if (change.type === 'drop-schema') for (const [key, value] of state.tables) if (value.schema === change.schema) state.tables.set(key, { ...value, incomplete: true });
}

/** As transformRelOptions in reloptions.c: what is set again moves to the end. */
function setOptions(state: SchemaState, change: ChangeOf<'set-options'>): void {
  const key = resolveTable(state, change.table);
  if (key === undefined) return;
  const nameOf = (option: string): string => option.slice(0, option.indexOf('='));
  const replaced = new Set([...change.set.map(nameOf), ...change.reset]);
  updateTable(state, key, ({ options: old = [], ...table }) => {
    const options = [...old.filter((option) => !replaced.has(nameOf(option))), ...change.set];
    return options.length === 0 ? table : { ...table, options };
  });
}

function distribute(state: SchemaState, { table: name, column }: ChangeOf<'distribute'>): void {
  const key = resolveTable(state, name);
  if (key === undefined) return;
  updateTable(state, key, ({ distributionColumn: _, ...table }) => (column === undefined ? table : { ...table, distributionColumn: column }));
}

const noSecurity = { enabled: false, forced: false, policies: [] };

function rowSecurity(state: SchemaState, change: ChangeOf<'row-security'>): void {
  const key = resolveTable(state, change.table);
  if (key === undefined) return;
  updateTable(state, key, (table) => {
    const current = table.rowSecurity ?? noSecurity;
    return { ...table, rowSecurity: { ...current, enabled: change.enabled ?? current.enabled, forced: change.forced ?? current.forced } };
  });
}

function changePolicies(state: SchemaState, name: ChangeOf<'drop-policy'>['table'], change: (policies: readonly Policy[]) => readonly Policy[]): void {
  const key = resolveTable(state, name);
  if (key === undefined) return;
  updateTable(state, key, (table) => {
    const current = table.rowSecurity ?? noSecurity;
    return { ...table, rowSecurity: { ...current, policies: change(current.policies) } };
  });
}

const alteredPolicy = (policy: Policy, change: ChangeOf<'alter-policy'>): Policy => ({
  ...policy,
  name: change.to ?? policy.name,
  roles: change.roles ?? policy.roles,
  ...(change.using === undefined ? {} : { using: change.using }),
  ...(change.check === undefined ? {} : { check: change.check }),
});

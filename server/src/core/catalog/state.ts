import type { IndexDefinition, QualifiedName, RoutineDefinition } from './changes';
import type { Constraint, DefinitionSite, ForeignKey, Index, IndexKey, MissedIndex, Table } from './model';
import { chooseName, relationKey } from './names';
import type { UserType } from './statistics';

/** The schema while its history is replayed. Tables are replaced, never changed; the maps are this state's own. */
export interface SchemaState {
  readonly tables: Map<string, Table>;
  /** `schema.index` → key of its table. */
  readonly indexOwners: Map<string, string>;
  /** Key of a child → keys of its INHERITS parents. */
  readonly parents: Map<string, readonly string[]>;
  /** `schema.index` of a parent's index made with ON ONLY → partitions' indexes attached so far. */
  readonly attachedIndexes: Map<string, Set<string>>;
  /** Key of a table → its CHECKs. Not part of the catalog, but for `Table.singleRow`. */
  readonly checks: Map<string, readonly KnownCheck[]>;
  /** Temporary tables: known, so that nothing else is meant by their name, but not part of the catalog. */
  readonly temporary: Set<string>;
  /** Key: `schema.name`. */
  readonly types: Map<string, UserType>;
  /** Key: `schema.name(types of the arguments)`. */
  readonly routines: Map<string, KnownRoutine>;
  readonly extensions: Set<string>;
  searchPath: readonly string[];
  readonly defaultSearchPath: readonly string[];
  /** Source of the statement being applied. */
  site: DefinitionSite | undefined;
  /** Indexes that were made on tables that are not known. */
  readonly missed: MissedIndex[];
}

export interface KnownCheck {
  readonly name: string | undefined;
  readonly expression: string;
  /** Every row satisfies it. */
  readonly valid: boolean;
}

export type KnownRoutine = RoutineDefinition & { readonly schema: string; readonly name: string };

export const createSchemaState = (searchPath: readonly string[] = ['public']): SchemaState => ({
  tables: new Map(), indexOwners: new Map(), parents: new Map(), attachedIndexes: new Map(), checks: new Map(), temporary: new Set(), types: new Map(), routines: new Map(), extensions: new Set(),
  searchPath, defaultSearchPath: searchPath, site: undefined, missed: [],
});

/** Schema in which a new relation of this name is made. */
export const creationSchema = (state: SchemaState, name: QualifiedName): string =>
  name.schema ?? state.searchPath.find((schema) => schema !== '$user' && schema !== 'pg_catalog') ?? state.defaultSearchPath[0] ?? 'public';

/** Key of the existing relation meant by a name; undefined when none is known (or the name is a temporary table's). */
export function resolveTable(state: SchemaState, name: QualifiedName): string | undefined {
  if (name.schema !== undefined) {
    const key = relationKey(name.schema, name.name);
    return state.tables.has(key) ? key : undefined;
  }
  if (state.temporary.has(name.name)) return undefined;
  return [...state.searchPath, ...state.defaultSearchPath].map((schema) => relationKey(schema, name.name)).find((key) => state.tables.has(key));
}

/** `schema.index` and the key of its table. */
export function resolveIndex(state: SchemaState, name: QualifiedName): { readonly key: string; readonly table: string } | undefined {
  const schemas = name.schema === undefined ? [...state.searchPath, ...state.defaultSearchPath] : [name.schema];
  for (const schema of schemas) {
    const key = relationKey(schema, name.name);
    const table = state.indexOwners.get(key);
    if (table !== undefined) return { key, table };
  }
  return undefined;
}

export const isTaken = (state: SchemaState, schema: string, name: string): boolean =>
  state.tables.has(relationKey(schema, name)) || state.indexOwners.has(relationKey(schema, name));

/** Replaces a table by a changed copy. */
export function updateTable(state: SchemaState, key: string, change: (table: Table) => Table): void {
  const table = state.tables.get(key);
  if (table !== undefined) state.tables.set(key, change(table));
}

/** Replaces the CHECKs of a table, if any are known. */
export function updateChecks(state: SchemaState, key: string, change: (checks: readonly KnownCheck[]) => readonly KnownCheck[]): void {
  const checks = state.checks.get(key);
  if (checks !== undefined) state.checks.set(key, change(checks));
}

/** Direct partitions; none is looked for where the table is not partitioned, so that most changes cost no walk over all tables. */
export const partitionsOf = (state: SchemaState, key: string): readonly string[] =>
  state.tables.get(key)?.kind === 'partitioned' ? [...state.tables].filter(([, table]) => table.partitionOf === key).map(([child]) => child) : [];

/** Direct partitions and INHERITS children. */
export const childrenOf = (state: SchemaState, key: string): readonly string[] =>
  [...partitionsOf(state, key), ...[...state.parents].filter(([, parents]) => parents.includes(key)).map(([child]) => child)];

/** The table and everything below it, parents first. */
export function withDescendants(state: SchemaState, key: string): readonly string[] {
  const found = [key];
  for (const parent of found) for (const child of childrenOf(state, parent)) if (!found.includes(child)) found.push(child);
  return found;
}

const plainKey = (column: string): IndexKey => ({ column, descending: false, nullsFirst: false });

/** The index that Postgres makes for a PRIMARY KEY or UNIQUE constraint. */
export const constraintIndex = (name: string, constraint: Constraint): Index => ({
  name, method: 'btree', unique: true, valid: true, keys: constraint.columns.map(plainKey), include: constraint.include ?? [], constraint: name,
  ...(constraint.nullsNotDistinct === true ? { nullsNotDistinct: true } : {}),
});

/** Adds an index to a table; a name that is taken in the schema is left alone (the statement would have failed). */
export function addIndex(state: SchemaState, key: string, index: Index): boolean {
  const table = state.tables.get(key);
  if (table === undefined || isTaken(state, table.schema, index.name)) return false;
  const keys = index.keys.map((item) => {
    const collation = item.collation ?? table.columns.find((column) => column.name === item.column)?.collation;
    return collation === item.collation ? item : { ...item, collation };
  });
  const sited = state.site === undefined || index.definedAt !== undefined ? { ...index, keys } : { ...index, keys, definedAt: state.site };
  state.tables.set(key, { ...table, indexes: [...table.indexes, sited] });
  state.indexOwners.set(relationKey(table.schema, index.name), key);
  return true;
}

/** Adds a primary key or unique constraint with its index, named as Postgres names it; descends to partitions. */
export function addConstraint(state: SchemaState, key: string, constraint: Constraint): void {
  const table = state.tables.get(key);
  if (table === undefined) return;
  if (constraint.type === 'primary' && table.constraints.some((other) => other.type === 'primary')) return;
  const label = constraint.type === 'primary' ? 'pkey' : 'key';
  const parts = constraint.type === 'primary' ? undefined : [...constraint.columns, ...(constraint.include ?? [])];
  const name = constraint.name ?? chooseName(table.name, parts, label, (candidate) => isTaken(state, table.schema, candidate));
  if (!addIndex(state, key, constraintIndex(name, constraint))) return;
  updateTable(state, key, (current) => ({
    ...current,
    constraints: [...current.constraints, { ...constraint, name }],
    columns: constraint.type === 'primary' ? current.columns.map((column) => (constraint.columns.includes(column.name) ? { ...column, notNull: true } : column)) : current.columns,
  }));
  for (const partition of partitionsOf(state, key)) inheritConstraint(state, partition, constraint);
}

/** A partition gets its own constraint under its own name. */
export function inheritConstraint(state: SchemaState, partition: string, constraint: Constraint): void {
  const table = state.tables.get(partition);
  const same = table?.constraints.some((other) => other.type === constraint.type && other.columns.join() === constraint.columns.join());
  if (same !== true) addConstraint(state, partition, { ...constraint, name: undefined });
}

/** Adds a foreign key under Postgres' default name if it has none; descends to partitions. */
export function addForeignKey(state: SchemaState, key: string, foreignKey: ForeignKey): void {
  const table = state.tables.get(key);
  if (table === undefined) return;
  const taken = (name: string): boolean => table.foreignKeys.some((other) => other.name === name) || table.constraints.some((other) => other.name === name);
  const name = foreignKey.name ?? chooseName(table.name, foreignKey.columns, 'fkey', taken);
  if (taken(name)) return;
  const target = resolveTable(state, { schema: foreignKey.references.schema, name: foreignKey.references.table });
  const parent = target === undefined ? undefined : state.tables.get(target);
  const own = creationSchema(state, foreignKey.references.schema === undefined ? { name: foreignKey.references.table } : { schema: foreignKey.references.schema, name: foreignKey.references.table });
  const columns = foreignKey.references.columns.length > 0 ? foreignKey.references.columns : parent?.constraints.find((constraint) => constraint.type === 'primary')?.columns ?? [];
  const resolved: ForeignKey = { name, columns: foreignKey.columns, references: { schema: parent?.schema ?? own, table: foreignKey.references.table, columns } };
  const { site } = state;
  updateTable(state, key, (current) => ({ ...current, foreignKeys: [...current.foreignKeys, resolved], ...(site === undefined ? {} : { foreignKeySites: new Map(current.foreignKeySites).set(name, site) }) }));
  for (const partition of partitionsOf(state, key)) addForeignKey(state, partition, resolved);
}

/** Adds an index and its counterparts on the partitions. */
export function addIndexWithPartitions(state: SchemaState, key: string, index: Index, nameParts: readonly string[]): void {
  const table = state.tables.get(key);
  if (table === undefined) return;
  const name = index.name !== '' ? index.name : chooseName(table.name, nameParts, 'idx', (candidate) => isTaken(state, table.schema, candidate));
  if (!addIndex(state, key, { ...index, name })) return;
  for (const partition of partitionsOf(state, key)) inheritIndex(state, partition, index);
}

/** Adds the index of an EXCLUDE constraint, named as Postgres names it. */
export function addExclusion(state: SchemaState, key: string, { index, nameParts }: IndexDefinition): void {
  const table = state.tables.get(key);
  if (table === undefined) return;
  const name = index.name !== '' ? index.name : chooseName(table.name, nameParts, 'excl', (candidate) => isTaken(state, table.schema, candidate));
  if (!addIndex(state, key, { ...index, name, constraint: name })) return;
  for (const partition of partitionsOf(state, key)) addExclusion(state, partition, { index: { ...index, name: '' }, nameParts });
}

/** A partition's own index for a parent's index, unless it has an equal one. */
export function inheritIndex(state: SchemaState, partition: string, index: Index): void {
  const table = state.tables.get(partition);
  if (table === undefined || table.indexes.some((other) => sameIndex(other, index))) return;
  addIndexWithPartitions(state, partition, { ...index, constraint: undefined, definedAt: undefined, name: '', valid: true }, indexNameParts(index));
}

/** Column part of an inherited index's name, as ChooseIndexColumnNames gives it. */
export const indexNameParts = (index: Index): readonly string[] => {
  const names: string[] = [];
  for (const key of index.keys) {
    const base = key.column ?? /^\s*(?:\w+\.)?(\w+)\s*\(/.exec(key.expression ?? '')?.[1] ?? 'expr';
    let name = base;
    for (let number = 1; names.includes(name); number++) name = `${base}${number}`;
    names.push(name);
  }
  return [...names, ...index.include];
};

const keySignature = (key: IndexKey): string => [key.column, key.expression, key.opclass, key.descending, key.nullsFirst].join('|');
/** Same definition; names and collations apart. */
export const sameIndex = (a: Index, b: Index): boolean =>
  a.method === b.method && a.unique === b.unique && a.predicate === b.predicate && a.include.join() === b.include.join() &&
  a.keys.length === b.keys.length && a.keys.every((key, position) => keySignature(key) === keySignature(b.keys[position]!));

/** Removes an index by name from its table. */
export function removeIndex(state: SchemaState, table: string, name: string): void {
  const owner = state.tables.get(table);
  if (owner === undefined) return;
  state.indexOwners.delete(relationKey(owner.schema, name));
  state.tables.set(table, { ...owner, indexes: owner.indexes.filter((index) => index.name !== name) });
}

/** Removes a relation with its indexes and partitions, and the foreign keys that point to it. */
export function removeTable(state: SchemaState, key: string): void {
  const table = state.tables.get(key);
  if (table === undefined) return;
  const partitions = partitionsOf(state, key);
  for (const index of table.indexes) state.indexOwners.delete(relationKey(table.schema, index.name));
  state.tables.delete(key);
  state.parents.delete(key);
  state.checks.delete(key);
  for (const [other, value] of state.tables) {
    const kept = value.foreignKeys.filter((foreignKey) => foreignKey.references.schema !== table.schema || foreignKey.references.table !== table.name);
    if (kept.length !== value.foreignKeys.length) state.tables.set(other, { ...value, foreignKeys: kept });
  }
  for (const partition of partitions) removeTable(state, partition);
}

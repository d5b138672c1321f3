import type { ColumnDefinition, QueryShape, SchemaChange } from './changes';
import type { Column, DefinitionSite, Table } from './model';
import { relationKey } from './names';
import type { SchemaState } from './state';
import { addConstraint, addExclusion, addForeignKey, addIndexWithPartitions, creationSchema, indexNameParts, inheritConstraint, inheritIndex, isTaken, removeTable, resolveTable } from './state';

type ChangeOf<T extends SchemaChange['type']> = Extract<SchemaChange, { readonly type: T }>;

/** CREATE TABLE in all its forms. */
export function createTable(state: SchemaState, change: ChangeOf<'create-table'>): void {
  if (change.temporary) {
    state.temporary.add(change.table.name);
    return;
  }
  const schema = creationSchema(state, change.table);
  const key = relationKey(schema, change.table.name);
  if (isTaken(state, schema, change.table.name)) return;
  const parent = change.partitionOf === undefined ? undefined : resolveTable(state, change.partitionOf);
  const inherited = change.inherits.flatMap((name) => resolveTable(state, name) ?? []);
  const table: Table = {
    schema,
    name: change.table.name,
    kind: change.foreign === true ? 'foreign' : change.partitionBy === undefined ? 'table' : 'partitioned',
    columns: columnsOf(state, change, parent, inherited),
    constraints: [], foreignKeys: [], indexes: [],
    ...(change.partitionBy === undefined ? {} : { partitionKey: change.partitionBy }),
    ...(change.partitionOf === undefined ? {} : { partitionOf: parent ?? relationKey(creationSchema(state, change.partitionOf), change.partitionOf.name) }),
    ...(change.partitionBound === undefined ? {} : { partitionBound: change.partitionBound }),
    ...(change.options === undefined || change.options.length === 0 ? {} : { options: change.options }),
    ...(state.site === undefined ? {} : { definedAt: state.site, columnSites: sitesOf(state, change, [...(parent === undefined ? [] : [parent]), ...inherited]) }),
  };
  state.tables.set(key, table);
  if (change.checks !== undefined) state.checks.set(key, change.checks.map(({ name, expression }) => ({ name, expression, valid: true })));
  if (inherited.length > 0) state.parents.set(key, inherited);
  const own = withoutRepeats(change.constraints);
  for (const constraint of own) addConstraint(state, key, constraint);
  for (const exclusion of change.exclusions ?? []) addExclusion(state, key, exclusion);
  for (const foreignKey of change.foreignKeys) addForeignKey(state, key, foreignKey);
  copyLikeIndexes(state, key, change);
  if (parent !== undefined) inheritFromPartitioned(state, parent, key);
}

/** A unique constraint that repeats the primary key, or another one, gets no index of its own (transformIndexConstraints). */
function withoutRepeats(constraints: ChangeOf<'create-table'>['constraints']): ChangeOf<'create-table'>['constraints'] {
  const sorted = [...constraints].sort((a, b) => Number(b.type === 'primary') - Number(a.type === 'primary'));
  const signature = (index: number): string => [sorted[index]?.columns.join(), sorted[index]?.include?.join() ?? '', sorted[index]?.nullsNotDistinct === true].join('|');
  return sorted.filter((_, index) => !sorted.some((other, before) => before < index && signature(before) === signature(index) && (other.name === undefined || sorted[index]?.name === undefined)));
}

/** What a new or attached partition takes over from its parent. */
export function inheritFromPartitioned(state: SchemaState, parent: string, partition: string): void {
  const source = state.tables.get(parent);
  if (source === undefined) return;
  for (const constraint of source.constraints) inheritConstraint(state, partition, constraint);
  for (const index of source.indexes) if (index.constraint === undefined) inheritIndex(state, partition, index);
  for (const index of source.indexes) state.attachedIndexes.get(relationKey(source.schema, index.name))?.add(partition);
  for (const foreignKey of source.foreignKeys) addForeignKey(state, partition, foreignKey);
}

/** Inherited columns stand where the parent declared them. */
function sitesOf(state: SchemaState, change: ChangeOf<'create-table'>, parents: readonly string[]): ReadonlyMap<string, DefinitionSite> {
  const sites = new Map(parents.flatMap((key) => [...(state.tables.get(key)?.columnSites ?? [])]));
  if (state.site !== undefined) for (const { name } of change.columns) sites.set(name, state.site);
  return sites;
}

const toColumn = (definition: ColumnDefinition): Column => definition;

function columnsOf(state: SchemaState, change: ChangeOf<'create-table'>, parent: string | undefined, inherited: readonly string[]): readonly Column[] {
  if (change.as !== undefined) return shapeColumns(state, change.as);
  const own: Column[] = [];
  const likes = change.likeClauses ?? change.like.map((source) => ({ source, before: change.columns.length, including: { defaults: false, generated: false, identity: false, indexes: false } }));
  for (let position = 0; position <= change.columns.length; position++) {
    for (const like of likes.filter((item) => item.before === position)) own.push(...likeColumns(state, like));
    const column = change.columns[position];
    if (column !== undefined) own.push(toColumn(column));
  }
  const bases = [...(parent === undefined ? [] : [parent]), ...inherited].flatMap((key) => state.tables.get(key)?.columns ?? []);
  return mergeColumns(bases, own);
}

/** Parents' columns first; a column named again is merged: NOT NULL if either is, the later default wins. */
function mergeColumns(bases: readonly Column[], own: readonly Column[]): readonly Column[] {
  const merged = new Map<string, Column>();
  for (const column of [...bases, ...own]) {
    const known = merged.get(column.name);
    merged.set(column.name, known === undefined ? column : { ...known, ...column, type: column.type === 'unknown' || column.type === '' ? known.type : column.type, notNull: known.notNull || column.notNull });
  }
  return [...merged.values()];
}

function likeColumns(state: SchemaState, like: NonNullable<ChangeOf<'create-table'>['likeClauses']>[number]): readonly Column[] {
  const key = resolveTable(state, like.source);
  const source = key === undefined ? undefined : state.tables.get(key);
  return (source?.columns ?? []).map((column) => {
    const keepsGenerated = column.generated === 'identity' ? like.including.identity : column.generated === 'stored' && like.including.generated;
    const keepsDefault = column.generated === 'stored' ? like.including.generated : like.including.defaults;
    return { name: column.name, type: column.type, notNull: column.notNull, ...(keepsDefault && column.default !== undefined ? { default: column.default } : {}), ...(keepsGenerated && column.generated !== undefined ? { generated: column.generated } : {}) };
  });
}

function copyLikeIndexes(state: SchemaState, key: string, change: ChangeOf<'create-table'>): void {
  for (const like of change.likeClauses ?? []) {
    const sourceKey = like.including.indexes ? resolveTable(state, like.source) : undefined;
    const source = sourceKey === undefined ? undefined : state.tables.get(sourceKey);
    if (source === undefined) continue;
    for (const constraint of source.constraints) addConstraint(state, key, { ...constraint, name: undefined });
    for (const index of source.indexes) if (index.constraint === undefined) addIndexWithPartitions(state, key, { ...index, name: '', definedAt: undefined }, indexNameParts(index));
  }
}

/** Columns of a query's output, resolved against the tables known; `unknown` where the type cannot be told. */
function shapeColumns(state: SchemaState, shape: QueryShape): readonly Column[] {
  const sources = shape.from.flatMap(({ alias, relation }) => {
    const key = resolveTable(state, relation);
    const table = key === undefined ? undefined : state.tables.get(key);
    return table === undefined ? [] : [{ alias, table }];
  });
  return shape.outputs.flatMap((output): readonly Column[] => {
    const candidates = output.qualifier === undefined ? sources : sources.filter((source) => source.alias === output.qualifier);
    if (output.star) return candidates.flatMap((source) => source.table.columns.map(({ name, type }) => ({ name, type, notNull: false })));
    const matches = output.column === undefined ? [] : candidates.flatMap((source) => source.table.columns.filter((column) => column.name === output.column));
    return [{ name: output.name, type: output.type ?? (matches.length === 1 ? matches[0]!.type : 'unknown'), notNull: false }];
  });
}

/** CREATE VIEW and CREATE MATERIALIZED VIEW. */
export function createView(state: SchemaState, change: ChangeOf<'create-view'>): void {
  const schema = creationSchema(state, change.view);
  const key = relationKey(schema, change.view.name);
  const existing = state.tables.get(key);
  if (existing !== undefined && (existing.kind !== 'view' || change.replace !== true)) return;
  const columns = change.query === undefined ? change.columns.map((name) => ({ name, type: 'unknown', notNull: false })) : shapeColumns(state, change.query);
  if (existing !== undefined) removeTable(state, key);
  state.tables.set(key, {
    schema, name: change.view.name, kind: change.materialized ? 'matview' : 'view', columns, constraints: [], foreignKeys: [], indexes: [], definition: change.sql,
    ...(change.options === undefined || change.options.length === 0 ? {} : { options: change.options }),
    ...(state.site === undefined ? {} : { definedAt: state.site }),
  });
}

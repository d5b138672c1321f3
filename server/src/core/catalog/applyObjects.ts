import { quoteQualified } from '../sql/names';
import type { QualifiedName, SchemaChange, TypeAlteration } from './changes';
import { relationKey } from './names';
import type { KnownRoutine, SchemaState } from './state';
import { creationSchema } from './state';
import type { Routine, UserType } from './statistics';

type ChangeOf<T extends SchemaChange['type']> = Extract<SchemaChange, { readonly type: T }>;

/** Schemas in which a name is looked for. */
const schemasOf = (state: SchemaState, name: QualifiedName): readonly string[] => (name.schema === undefined ? [...state.searchPath, ...state.defaultSearchPath] : [name.schema]);

const resolveType = (state: SchemaState, name: QualifiedName): string | undefined =>
  schemasOf(state, name).map((schema) => relationKey(schema, name.name)).find((key) => state.types.has(key));

/** CREATE TYPE, CREATE DOMAIN; a name that is taken keeps its type (the statement would have failed). */
export function createType(state: SchemaState, { name, definition }: ChangeOf<'create-type'>): void {
  const schema = creationSchema(state, name);
  const key = relationKey(schema, name.name);
  if (!state.types.has(key)) state.types.set(key, { schema, name: name.name, ...definition });
}

export function dropType(state: SchemaState, { name }: ChangeOf<'drop-type'>): void {
  const key = resolveType(state, name);
  if (key !== undefined) state.types.delete(key);
}

export function alterType(state: SchemaState, { name, alteration }: ChangeOf<'alter-type'>): void {
  const key = resolveType(state, name);
  const type = key === undefined ? undefined : state.types.get(key);
  if (key !== undefined && type !== undefined) state.types.set(key, altered(type, alteration));
}

function altered(type: UserType, change: TypeAlteration): UserType {
  const { labels = [], attributes = [] } = type;
  switch (change.type) {
    case 'add-label': return labels.includes(change.label) ? type : { ...type, labels: withLabel(labels, change) };
    case 'rename-label': return { ...type, labels: labels.map((label) => (label === change.label ? change.to : label)) };
    case 'add-attribute': return { ...type, attributes: [...attributes, { name: change.name, type: change.dataType }] };
    case 'drop-attribute': return { ...type, attributes: attributes.filter((attribute) => attribute.name !== change.name) };
    case 'rename-attribute': return { ...type, attributes: attributes.map((attribute) => (attribute.name === change.name ? { ...attribute, name: change.to } : attribute)) };
    case 'retype-attribute': return { ...type, attributes: attributes.map((attribute) => (attribute.name === change.name ? { ...attribute, type: change.dataType } : attribute)) };
  }
}

function withLabel(labels: readonly string[], change: Extract<TypeAlteration, { type: 'add-label' }>): readonly string[] {
  const neighbour = labels.indexOf(change.before ?? change.after ?? '');
  const at = neighbour < 0 ? labels.length : change.before === undefined ? neighbour + 1 : neighbour;
  return [...labels.slice(0, at), change.label, ...labels.slice(at)];
}

/** Columns of a renamed type (or array of it) follow. */
export function renameType(state: SchemaState, change: ChangeOf<'rename-type'>): void {
  const renamed = (type: string): string => (type === change.from ? change.to : type === `${change.from}[]` ? `${change.to}[]` : type);
  for (const [key, table] of state.tables)
    if (table.columns.some((column) => renamed(column.type) !== column.type)) state.tables.set(key, { ...table, columns: table.columns.map((column) => ({ ...column, type: renamed(column.type) })) });
  const key = resolveType(state, change.name);
  if (key !== undefined) rekeyType(state, key, { name: change.newName });
}

export function moveType(state: SchemaState, change: ChangeOf<'set-type-schema'>): void {
  const key = resolveType(state, change.name);
  if (key !== undefined) rekeyType(state, key, { schema: change.schema });
}

function rekeyType(state: SchemaState, key: string, to: { readonly schema?: string; readonly name?: string }): void {
  const type = state.types.get(key);
  if (type === undefined) return;
  state.types.delete(key);
  const moved = { ...type, ...to };
  state.types.set(relationKey(moved.schema, moved.name), moved);
}

const routineKey = (routine: Pick<KnownRoutine, 'schema' | 'name' | 'inputs'>): string => `${relationKey(routine.schema, routine.name)}(${routine.inputs.join()})`;

/** CREATE FUNCTION, PROCEDURE and AGGREGATE; without OR REPLACE an existing one stays. */
export function createRoutine(state: SchemaState, { name, routine, replace }: ChangeOf<'create-routine'>): void {
  const created: KnownRoutine = { ...routine, schema: creationSchema(state, name), name: name.name };
  const key = routineKey(created);
  if (replace || !state.routines.has(key)) state.routines.set(key, created);
}

/** A type may be written with its schema or without. */
const baseName = (type: string): string => type.slice(type.lastIndexOf('.') + 1);

function resolveRoutine(state: SchemaState, name: QualifiedName, inputs: readonly string[] | undefined): readonly [string, KnownRoutine] | undefined {
  const wanted = inputs?.map(baseName).join();
  for (const schema of schemasOf(state, name)) {
    const named = [...state.routines].filter(([, routine]) => routine.schema === schema && routine.name === name.name);
    const found = wanted === undefined ? (named.length === 1 ? named[0] : undefined) : named.find(([, routine]) => routine.inputs.map(baseName).join() === wanted);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function dropRoutine(state: SchemaState, { name, inputs }: ChangeOf<'drop-routine'>): void {
  const found = resolveRoutine(state, name, inputs);
  if (found !== undefined) state.routines.delete(found[0]);
}

/** ALTER FUNCTION: with other properties the text of its CREATE FUNCTION is no longer true and is given up. */
export function alterRoutine(state: SchemaState, { name, inputs, to, alteration }: ChangeOf<'alter-routine'>): void {
  const found = resolveRoutine(state, name, inputs);
  if (found === undefined) return;
  const [key, { tail, ...routine }] = found;
  const changed: KnownRoutine = { ...routine, ...to, ...alteration, ...(tail === undefined || alteration !== undefined ? {} : { tail }) };
  state.routines.delete(key);
  state.routines.set(routineKey(changed), changed);
}

export function dropSchemaObjects(state: SchemaState, schema: string): void {
  for (const [key, type] of [...state.types]) if (type.schema === schema) state.types.delete(key);
  for (const [key, routine] of [...state.routines]) if (routine.schema === schema) state.routines.delete(key);
}

export function renameSchemaObjects(state: SchemaState, schema: string, to: string): void {
  for (const [key, type] of [...state.types]) if (type.schema === schema) rekeyType(state, key, { schema: to });
  for (const [key, routine] of [...state.routines]) {
    if (routine.schema !== schema) continue;
    state.routines.delete(key);
    state.routines.set(routineKey({ ...routine, schema: to }), { ...routine, schema: to });
  }
}

/** The routines as the catalog has them, definitions under their full names. */
export const knownRoutines = (state: SchemaState): readonly Routine[] =>
  [...state.routines.values()].map(({ inputs: _, tail, ...routine }) => ({
    ...routine, ...(tail === undefined ? {} : { definition: `CREATE OR REPLACE ${routine.kind === 'procedure' ? 'PROCEDURE' : 'FUNCTION'} ${quoteQualified(routine.schema, routine.name)}${tail}` }),
  }));

import { applyChanges } from '../catalog/apply';
import type { SchemaStep } from '../catalog/build';
import type { Catalog } from '../catalog/model';
import { relationKey } from '../catalog/names';
import type { MigrationFormat } from '../catalog/schemaSources';
import { createSchemaState, type SchemaState } from '../catalog/state';

/** Files that one tool runs in an order, or one file that makes a whole schema. */
export interface MigrationFolder {
  readonly kind: 'migrations' | 'schema';
  readonly format: MigrationFormat | undefined;
  readonly uris: readonly string[];
  /** When a file was written, where the tool keeps that beside the files. UTC milliseconds. */
  readonly dates?: ReadonlyMap<string, number>;
  /** The schema changes of one file, in order. */
  stepsOf(uri: string): readonly SchemaStep[];
}

/** One file's place in its history. */
export interface HistoryPlace {
  readonly kind: MigrationFolder['kind'];
  readonly format: MigrationFormat | undefined;
  /** Files that run after it. */
  readonly later: number;
  /** Those of them that stand in folders of later versions: they are counted, and not replayed. */
  readonly versions?: number;
  /** The files that run after it, in order, where they are known. */
  readonly after: readonly string[];
  /** When it was written, where the tool keeps that beside the files. UTC milliseconds. */
  readonly written?: number;
  /** The schema that it finds: a copy, for replaying on. */
  before(): SchemaState;
  /** The schema at the end of the history; not to be changed. */
  end(): SchemaState;
  /** What the file does by its tool's own operations (Alembic, Django), where they are no text in it. */
  readonly steps: readonly SchemaStep[];
}

/** Where a file stands in the histories of its workspace; undefined: in none. */
export type FindHistory = (uri: string) => HistoryPlace | undefined;

/**
 * @param laterSiblings files of the same folder that run after one that belongs to no history; undefined: not known.
 * @param laterVersions files of later versions, where each version has a folder of its own.
 */
export function createHistories(folders: readonly MigrationFolder[], laterSiblings?: (uri: string) => number | undefined, laterVersions: (uri: string) => number = () => 0): FindHistory {
  const places = new Map<string, HistoryPlace>();
  for (const folder of [...folders].reverse()) {
    const replay = createReplay(folder);
    folder.uris.forEach((uri, index) => places.set(uri, {
      kind: folder.kind, format: isListed(folder, uri) ? folder.format : undefined, later: folder.uris.length - 1 - index + laterVersions(uri), versions: laterVersions(uri), get after() { return folder.uris.slice(index + 1); }, written: folder.dates?.get(uri),
      before: () => copyState(replay.before(index)), end: () => replay.end(), get steps() { return folder.stepsOf(uri); },
    }));
  }
  return (uri) => {
    const place = places.get(uri);
    if (place !== undefined) return place;
    const siblings = laterSiblings?.(uri);
    const versions = laterVersions(uri);
    const later = siblings === undefined && versions === 0 ? undefined : (siblings ?? 0) + versions;
    return later === undefined ? undefined : { kind: 'migrations', format: undefined, later, versions, after: [], before: () => createSchemaState(), end: () => createSchemaState(), steps: [] };
  };
}

/** What a tool's journal does not list is run by hand, not as the tool does. */
const isListed = ({ dates }: MigrationFolder, uri: string): boolean => dates === undefined || dates.size === 0 || dates.has(uri);

/** Replays a history forwards; files are asked for in order, as a rule, so that each is replayed once. */
function createReplay({ uris, stepsOf }: MigrationFolder): { before(index: number): SchemaState; end(): SchemaState } {
  let state = createSchemaState();
  let position = 0;
  let last: SchemaState | undefined;
  const before = (index: number): SchemaState => {
    if (index < position) [state, position] = [createSchemaState(), 0];
    for (; position < index; position++) replayFile(state, stepsOf(uris[position] ?? ''));
    return state;
  };
  return { before, end: () => (last ??= copyState(before(uris.length))) };
}

function replayFile(state: SchemaState, steps: readonly SchemaStep[]): void {
  state.searchPath = state.defaultSearchPath;
  state.temporary.clear();
  for (const step of steps) {
    state.site = step.site;
    applyChanges(state, step.changes);
  }
}

/** Tables are never changed, so that copying the maps is enough. */
export function copyState(state: SchemaState): SchemaState {
  return {
    ...state, tables: new Map(state.tables), indexOwners: new Map(state.indexOwners), parents: new Map(state.parents), checks: new Map(state.checks),
    attachedIndexes: new Map([...state.attachedIndexes].map(([key, set]) => [key, new Set(set)])), temporary: new Set(state.temporary),
    types: new Map(state.types), routines: new Map(state.routines), extensions: new Set(state.extensions), missed: [...state.missed], searchPath: state.defaultSearchPath,
  };
}

/** The catalog as a state that a file outside of every history finds. */
export function stateOf(catalog: Catalog | undefined): SchemaState {
  const state = createSchemaState(catalog?.searchPath);
  for (const [key, table] of catalog?.tables ?? []) {
    state.tables.set(key, table);
    for (const index of table.indexes) state.indexOwners.set(relationKey(table.schema, index.name), key);
  }
  for (const routine of catalog?.routines ?? []) state.routines.set(`${relationKey(routine.schema, routine.name)}(${routine.arguments})`, { ...routine, inputs: [] });
  return state;
}

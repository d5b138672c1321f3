import type { HostFile } from '../hosts/ir';
import type { AlembicMigration, DjangoMigration, MigrationStep, ProgramMigration } from '../hosts/migrationIr';
import type { SchemaStep } from './build';
import type { SchemaChange } from './changes';
import { djangoSteps } from './djangoState';
import type { SchemaParser } from './migrations';

/** The history that a tool's programs write, read from its files. */
export interface ProgramHistory {
  readonly tool: ProgramMigration['tool'];
  /** Files in the order in which they run. */
  readonly uris: readonly string[];
  readonly steps: readonly SchemaStep[];
  /** Something in it is not understood and may concern any table. */
  readonly incomplete: boolean;
}

interface FileOf<T extends ProgramMigration> {
  readonly uri: string;
  readonly migration: T;
}

/**
 * The histories that migrations in code write, largest first: Alembic's by version folder, Django's of all apps together.
 * Costs a parse of each statement.
 */
export function collectProgramHistories(files: Iterable<HostFile>, parser: SchemaParser): readonly ProgramHistory[] {
  const alembic: FileOf<AlembicMigration>[] = [];
  const django: FileOf<DjangoMigration>[] = [];
  for (const { uri, migration, role } of files) {
    if (role === 'test' || role === 'vendored' || migration === undefined) continue;
    if (migration.tool === 'alembic') alembic.push({ uri, migration });
    else django.push({ uri, migration });
  }
  const histories = [...alembicFolders(alembic).map((folder) => alembicHistory(folder, parser)), ...(django.length > 0 ? [djangoHistory(django, parser)] : [])];
  return histories.sort((a, b) => b.uris.length - a.uris.length);
}

/** Folders of revisions; those that refer to each other's are one history. */
function alembicFolders(files: readonly FileOf<AlembicMigration>[]): readonly (readonly FileOf<AlembicMigration>[])[] {
  const folderOf = ({ uri }: FileOf<AlembicMigration>): string => uri.slice(0, uri.lastIndexOf('/'));
  const home = new Map(files.map((file) => [file.migration.revision, folderOf(file)]));
  const own = new Set(files.map((file) => `${folderOf(file)} ${file.migration.revision}`));
  const leader = new Map<string, string>();
  const find = (folder: string): string => {
    const parent = leader.get(folder) ?? folder;
    return parent === folder ? folder : find(parent);
  };
  for (const file of files)
    for (const before of file.migration.after ?? []) if (!own.has(`${folderOf(file)} ${before}`)) leader.set(find(home.get(before) ?? folderOf(file)), find(folderOf(file)));
  const groups = new Map<string, FileOf<AlembicMigration>[]>();
  for (const file of files) groups.set(find(folderOf(file)), [...(groups.get(find(folderOf(file))) ?? []), file]);
  return [...groups.values()];
}

function alembicHistory(files: readonly FileOf<AlembicMigration>[], parser: SchemaParser): ProgramHistory {
  const { sorted, complete } = sortByDependency(files, ({ migration }) => migration.revision, ({ migration }) => migration.after);
  const found = sorted.map(({ uri, migration }) => toSchemaSteps(uri, migration.steps, parser));
  return { tool: 'alembic', uris: sorted.map(({ uri }) => uri), steps: found.flatMap(({ steps }) => steps), incomplete: !complete || found.some(({ incomplete }) => incomplete) };
}

function djangoHistory(files: readonly FileOf<DjangoMigration>[], parser: SchemaParser): ProgramHistory {
  const keyOf = ({ migration }: FileOf<DjangoMigration>): string => `${migration.app}.${migration.name}`;
  // A squashed migration stands for those it replaces: they are left out where they still lie there.
  const replacedBy = new Map(files.flatMap((file) => file.migration.replaces.map((key) => [key, keyOf(file)] as const)));
  const kept = files.filter((file) => !replacedBy.has(keyOf(file)));
  const apps = new Set(kept.map(({ migration }) => migration.app));
  const after = (file: FileOf<DjangoMigration>): readonly string[] | undefined =>
    file.migration.after?.map((key) => replacedBy.get(key) ?? key).map((key) => (key.endsWith('.__first__') ? firstOf(kept, key) ?? key : key)).filter((key) => key !== keyOf(file) && apps.has(key.slice(0, key.lastIndexOf('.'))));
  const { sorted, complete } = sortByDependency(kept, keyOf, after);
  const found = djangoSteps(sorted).map(({ uri, steps }) => toSchemaSteps(uri, steps, parser));
  return { tool: 'django', uris: sorted.map(({ uri }) => uri), steps: found.flatMap(({ steps }) => steps), incomplete: !complete || found.some(({ incomplete }) => incomplete) };
}

const firstOf = (files: readonly FileOf<DjangoMigration>[], key: string): string | undefined => {
  const app = key.slice(0, key.lastIndexOf('.'));
  const names = files.filter(({ migration }) => migration.app === app).map(({ migration }) => migration.name).sort();
  return names[0] === undefined ? undefined : `${app}.${names[0]}`;
};

/** What comes first runs first; among those that may run, the order of the files. Not complete: something they build on is missing. */
function sortByDependency<T extends { readonly uri: string }>(files: readonly T[], keyOf: (file: T) => string, afterOf: (file: T) => readonly string[] | undefined): { readonly sorted: readonly T[]; readonly complete: boolean } {
  const byKey = new Map(files.map((file) => [keyOf(file), file]));
  const waiting = new Map<string, number>();
  const followers = new Map<string, string[]>();
  let complete = byKey.size === files.length;
  for (const [key, file] of byKey) {
    const known = [...new Set(afterOf(file) ?? [])].filter((before) => byKey.has(before));
    complete &&= afterOf(file)?.every((before) => byKey.has(before)) === true;
    waiting.set(key, known.length);
    for (const before of known) followers.set(before, [...(followers.get(before) ?? []), key]);
  }
  const ready = [...byKey].filter(([key]) => waiting.get(key) === 0).map(([key]) => key).sort((a, b) => (byKey.get(a)!.uri < byKey.get(b)!.uri ? -1 : 1));
  const sorted: T[] = [];
  for (const key of ready) {
    sorted.push(byKey.get(key)!);
    for (const follower of followers.get(key) ?? []) {
      waiting.set(follower, waiting.get(follower)! - 1);
      if (waiting.get(follower) === 0) ready.push(follower);
    }
  }
  return { sorted, complete: complete && sorted.length === byKey.size };
}

/** Statements become changes; what may not have run, or is not understood, marks its tables. */
function toSchemaSteps(uri: string, steps: readonly MigrationStep[], parser: SchemaParser): { readonly steps: readonly SchemaStep[]; readonly incomplete: boolean } {
  let incomplete = false;
  const found = steps.flatMap(({ sql, span, uncertain, tables }): readonly SchemaStep[] => {
    if (tables === 'any') incomplete = true;
    const changes = sql === undefined ? [] : parser.split(sql, { psql: false }).flatMap((part) => parser.schemaChanges(sql.slice(part.start, part.end)));
    const known = uncertain === true ? changes.map((change): SchemaChange => ({ type: 'uncertain', change })) : changes;
    const marked = tables === undefined || tables === 'any' ? [] : tables.map((table): SchemaChange => ({ type: 'uncertain', table }));
    return known.length + marked.length === 0 ? [] : [{ changes: [...known, ...marked], site: { uri, span } }];
  });
  return { steps: found, incomplete };
}

import type { HostFile } from '../hosts/ir';
import type { AlembicMigration, DjangoMigration, MigrationStep, ProgramMigration, SequencedMigration } from '../hosts/migrationIr';
import type { SchemaStep } from './build';
import type { SchemaChange } from './changes';
import { djangoSteps } from './djangoState';
import type { SchemaParser } from './migrations';
import { compareMigrations } from './schemaSources';

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
 * The histories that migrations in code write, largest first: Alembic's by version folder, Django's of all apps together, those of
 * Rails and Laravel by application, those of knex and Sequelize by folder. Costs a parse of each statement.
 */
export function collectProgramHistories(files: Iterable<HostFile>, parser: SchemaParser): readonly ProgramHistory[] {
  const alembic: FileOf<AlembicMigration>[] = [];
  const django: FileOf<DjangoMigration>[] = [];
  const sequenced: FileOf<SequencedMigration>[] = [];
  const settings: Record<string, string> = {};
  for (const { uri, migration, role, locals } of files) {
    if (role === 'test' || role === 'vendored') continue;
    for (const { name, text } of locals ?? []) if (djangoSettings.has(name) && /^(['"])[\w.]+\1$/.test(text)) settings[name] ??= text.slice(1, -1).toLowerCase();
    if (migration === undefined) continue;
    if (migration.tool === 'alembic') alembic.push({ uri, migration });
    else if (migration.tool === 'django') django.push({ uri, migration });
    else sequenced.push({ uri, migration });
  }
  const histories = [...alembicFolders(alembic).map((folder) => alembicHistory(folder, parser)), ...(django.length > 0 ? [djangoHistory(withLabels(django), settings, parser)] : []), ...sequences(sequenced).map((files) => sequencedHistory(files, parser))];
  return histories.sort((a, b) => b.uris.length - a.uris.length);
}

/** What `settings.py` says that migrations do not. */
const djangoSettings: ReadonlySet<string> = new Set(['AUTH_USER_MODEL', 'DEFAULT_AUTO_FIELD']);

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

/**
 * Files that run in one order: Rails' folders of one database (`db/migrate`, `db/post_migrate`), all of Laravel's folders where no
 * two of them make the same table, as those of two applications would.
 */
function sequences(files: readonly FileOf<SequencedMigration>[]): readonly (readonly FileOf<SequencedMigration>[])[] {
  const folderOf = ({ uri }: FileOf<SequencedMigration>): string => uri.slice(0, uri.lastIndexOf('/'));
  const groups = (keyOf: (file: FileOf<SequencedMigration>) => string, list: readonly FileOf<SequencedMigration>[]): FileOf<SequencedMigration>[][] => {
    const found = new Map<string, FileOf<SequencedMigration>[]>();
    for (const file of list) found.set(keyOf(file), [...(found.get(keyOf(file)) ?? []), file]);
    return [...found.values()];
  };
  const rails = groups((file) => folderOf(file).replace(/\/post_migrate$/, '/migrate'), files.filter(({ migration }) => migration.tool === 'rails'));
  const laravel = files.filter(({ migration }) => migration.tool === 'laravel');
  const makers = new Map<string, Set<string>>();
  for (const file of laravel) for (const { sql } of file.migration.steps) {
    const table = sql === undefined ? undefined : /^create table (?!if not exists)(\S+)/i.exec(sql)?.[1];
    if (table !== undefined) makers.set(table, (makers.get(table) ?? new Set()).add(folderOf(file)));
  }
  const shared = [...makers.values()].every((folders) => folders.size === 1);
  const script = groups(folderOf, files.filter(({ migration }) => migration.tool === 'knex' || migration.tool === 'sequelize'));
  return [...rails, ...script, ...(shared ? (laravel.length > 0 ? [laravel] : []) : groups(folderOf, laravel))];
}

function sequencedHistory(files: readonly FileOf<SequencedMigration>[], parser: SchemaParser): ProgramHistory {
  const nameOf = (uri: string): string => uri.slice(uri.lastIndexOf('/') + 1);
  const sorted = [...files].sort((a, b) => compareMigrations(nameOf(a.uri), nameOf(b.uri)));
  const found = sorted.map(({ uri, migration }) => toSchemaSteps(uri, migration.steps, parser));
  return { tool: files[0]?.migration.tool ?? 'rails', uris: sorted.map(({ uri }) => uri), steps: found.flatMap(({ steps }) => steps), incomplete: found.some(({ incomplete }) => incomplete) };
}

function alembicHistory(files: readonly FileOf<AlembicMigration>[], parser: SchemaParser): ProgramHistory {
  const { sorted, complete } = sortByDependency(files, ({ migration }) => migration.revision, ({ migration }) => migration.after);
  const found = sorted.map(({ uri, migration }) => toSchemaSteps(uri, migration.steps, parser));
  return { tool: 'alembic', uris: sorted.map(({ uri }) => uri), steps: found.flatMap(({ steps }) => steps), incomplete: !complete || found.some(({ incomplete }) => incomplete) };
}

/** An app may be known by another name than its folder's: by that name its own files refer to each other. */
function withLabels(files: readonly FileOf<DjangoMigration>[]): readonly FileOf<DjangoMigration>[] {
  const folderOf = ({ uri }: FileOf<DjangoMigration>): string => uri.slice(0, uri.lastIndexOf('/'));
  const folders = new Map<string, FileOf<DjangoMigration>[]>();
  for (const file of files) folders.set(folderOf(file), [...(folders.get(folderOf(file)) ?? []), file]);
  const labels = new Map<string, string>();
  for (const [folder, own] of folders) {
    const names = new Set(own.map(({ migration }) => migration.name));
    const votes = new Map<string, number>();
    for (const { migration } of own)
      for (const key of migration.after ?? []) {
        const at = key.lastIndexOf('.');
        if (names.has(key.slice(at + 1))) votes.set(key.slice(0, at), (votes.get(key.slice(0, at)) ?? 0) + 1);
      }
    const label = own[0]?.migration.app ?? '';
    labels.set(folder, votes.size === 0 || votes.has(label) ? label : [...votes].sort((a, b) => b[1] - a[1])[0]![0]);
  }
  return files.map((file) => ({ ...file, migration: { ...file.migration, app: labels.get(folderOf(file)) ?? file.migration.app } }));
}

function djangoHistory(files: readonly FileOf<DjangoMigration>[], settings: Readonly<Record<string, string>>, parser: SchemaParser): ProgramHistory {
  const keyOf = ({ migration }: FileOf<DjangoMigration>): string => `${migration.app}.${migration.name}`;
  // A squashed migration stands for those it replaces: they are left out where they still lie there.
  const replacedBy = new Map(files.flatMap((file) => file.migration.replaces.map((key) => [key, keyOf(file)] as const)));
  const kept = files.filter((file) => !replacedBy.has(keyOf(file)));
  const apps = new Set(kept.map(({ migration }) => migration.app));
  const after = (file: FileOf<DjangoMigration>): readonly string[] | undefined =>
    file.migration.after?.map((key) => (key.startsWith('settings.') ? key.replace(/^settings\.(.*)\.__first__$/, (_, name: string) => `${(settings[name] ?? 'auth.user').split('.')[0] ?? ''}.__first__`) : key))
      .map((key) => replacedBy.get(key) ?? key).map((key) => (key.endsWith('.__first__') ? firstOf(kept, key) ?? key : key)).filter((key) => key !== keyOf(file) && apps.has(key.slice(0, key.lastIndexOf('.'))));
  const { sorted, complete } = sortByDependency(kept, keyOf, after);
  const found = djangoSteps(sorted, settings).map(({ uri, steps }) => toSchemaSteps(uri, steps, parser));
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
    const statements = sql === undefined ? [] : parser.split(sql, { psql: false }).map((part) => sql.slice(part.start, part.end));
    const changes = statements.flatMap((statement) => parser.schemaChanges(statement));
    const known = uncertain === true ? changes.map((change): SchemaChange => ({ type: 'uncertain', change })) : changes;
    const marked = tables === undefined || tables === 'any' ? [] : tables.map((table): SchemaChange => ({ type: 'uncertain', table }));
    return known.length + marked.length === 0 ? [] : [{ changes: [...known, ...marked], site: { uri, span }, ...(uncertain === true ? {} : { sql: statements }) }];
  });
  return { steps: found, incomplete };
}

import { readFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { buildCatalog, finishCatalog, type SchemaStep } from '../core/catalog/build';
import { mergeCatalogs } from '../core/catalog/merge';
import type { SchemaChange } from '../core/catalog/changes';
import { collectSchemaSteps, describeMigrationFolder, detectMigrationTarget, findCodeMigrationFolders, findSchemaSources, type SchemaFile, type SchemaParser } from '../core/catalog/migrations';
import type { Catalog, CatalogSource } from '../core/catalog/model';
import { collectProgramHistories, type ProgramHistory } from '../core/catalog/programMigrations';
import { railsSchemaToSql } from '../core/catalog/railsSchema';
import type { SchemaSource } from '../core/catalog/schemaSources';
import type { HostFile } from '../core/hosts/ir';
import type { FindHistory } from '../core/migrations/history';
import type { Fix, MigrationTarget } from '../core/lint/rule';
import type { SqlAnalyser } from '../core/sql/ports';
import { splitStatements } from '../core/sql/split';
import { listFiles } from './fileList';
import { collectHistories } from './histories';
import { relativePath, toPath, toUri } from './paths';
import type { UserSettings } from './settings';
import { findSnapshot } from './snapshotSource';
import { doubtsAfterSchema, findSchemaDump } from './schemaDump';
import { findSqlcSchema } from './sqlcSchema';
import { readTextFile, reasonOf } from './textFile';

/** A file that a fix writes; `sql` is what it runs, where the file is a program. */
type NewFile = NonNullable<Fix['creates']>[number];

export interface CatalogState {
  readonly catalog: Catalog | undefined;
  /** What could not be read or understood, for the user. */
  readonly problems: readonly string[];
  readonly migrations: MigrationTarget | undefined;
  /** Absolute paths of the files it was read from. */
  readonly sources: ReadonlySet<string>;
  /** Where files stand in the workspace's histories of migrations. */
  readonly history: FindHistory;
  /** What the migrations or schema files alone say, without server, snapshot and models; undefined: there are none. */
  written?(): Catalog | undefined;
  /** The catalog as it would be with these files added (paths relative to the folder): to check a fix that writes one. */
  withMigrations?(files: readonly NewFile[]): Catalog | undefined;
}

export interface CatalogRequest {
  readonly folder: string;
  /** Absolute paths of the workspace's files. */
  readonly paths: readonly string[];
  readonly settings: UserSettings;
  readonly sql: SqlAnalyser;
  readonly files: Iterable<HostFile>;
  readonly live: Catalog | undefined;
  /** Name of the database, where the workspace has several. */
  readonly database?: string;
  /** Files that are about to be written (paths relative to the folder). */
  readonly expected?: readonly NewFile[];
}

/** DDL dumps are larger than what people write. Bytes. */
const MAX_SCHEMA_BYTES = 64 * 1024 * 1024;

/**
 * What is known of the database's schema, from every source: live connection, snapshot, migrations, schema files, ORM models.
 * A source that fails is a problem in words and leaves the others standing.
 */
export async function loadCatalog(request: CatalogRequest): Promise<CatalogState> {
  const { folder, settings } = request;
  const problems: string[] = [];
  const foreign = new Set([...request.files].flatMap((file) => (file.foreign ? toPath(file.uri) ?? [] : [])));
  const relative = request.paths.filter((p) => !foreign.has(p)).map((p) => relativePath(folder, p));
  const { snapshot, schema } = await findSnapshot(folder, settings.schema ?? [], request.database);
  problems.push(...(snapshot?.problems ?? []));
  const parser: SchemaParser = { split: splitStatements, schemaChanges: (text) => request.sql.schemaChanges(text) };
  const assume = settings.assume ?? {};
  const histories = collectProgramHistories(request.files, parser);
  const sources = schema.length > 0 ? await configuredSources(folder, schema, histories, problems) : await discoveredSources(folder, relative, bestSource(findSchemaSources(relative)[0], histories[0]));
  const read = async (source: SchemaSource): Promise<readonly SchemaStep[]> => {
    const files: SchemaFile[] = [];
    for (const file of await inJournal(folder, source)) {
      const target = path.resolve(folder, file);
      const text = await readTextFile(target, MAX_SCHEMA_BYTES);
      if ('text' in text) files.push({ uri: toUri(target), text: target.endsWith('.rb') ? railsSchemaToSql(text.text) : text.text });
      else problems.push(`the schema file ${file} is left out: ${text.skipped}`);
    }
    // The places of Rails' dump are those of the SQL that was made of it.
    const steps = collectSchemaSteps(files, parser).map((step) => (source.path.endsWith('.rb') ? { changes: step.changes } : step));
    return source.kind === 'schema' && schema.length === 0 ? [...steps, ...(await doubtsAfterSchema(folder, relative, steps))] : steps;
  };
  const loaded = await Promise.all(sources.map((source) => ('tool' in source ? historyPart(folder, source) : filePart(folder, source, read))));
  const parts = loaded.filter(({ steps }) => steps.length > 0);
  const history = collectHistories({
    folder, paths: relative, files: request.files, parser, read: (file) => readNow(request, file), programs: histories,
    parts: sources.map((source, i) => ({ source, steps: loaded[i]?.steps ?? [] })),
  });
  // A proposed migration is tried for each fix that would write one: what it adds nothing to is built once.
  const writtenAlone = parts.map(({ files: _, ...part }) => buildCatalog({ ...part, assume }));
  const modelled = modelCatalog(request.files, assume, findCodeMigrationFolders(relative).length > 0);
  const writtenWith = (extra: readonly SchemaStep[]): readonly Catalog[] =>
    extra.length === 0 ? writtenAlone : parts.map(({ files: _, ...part }, i) => (i === 0 ? buildCatalog({ ...part, steps: [...part.steps, ...extra], assume }) : writtenAlone[i] ?? buildCatalog({ ...part, assume })));
  // Without migrations of its own a proposed one has nothing to be the next of: it is put on what there is.
  const onto = (catalog: Catalog | undefined, extra: readonly SchemaStep[], alone: boolean): readonly Catalog[] => (catalog === undefined ? [] : [alone ? withAssumed(catalog, extra) : catalog]);
  const build = (extra: readonly SchemaStep[]): Catalog | undefined => mergeCatalogs(
    [...onto(request.live, extra, true), ...onto(snapshot?.catalog, extra, parts.length === 0), ...writtenWith(extra), ...modelled],
    { history: [...parts.flatMap(({ steps }) => steps), ...extra] },
  );
  const expected = request.expected ?? [];
  const stepsOf = (files: readonly NewFile[]): readonly SchemaStep[] =>
    collectSchemaSteps(files.map((f) => ({ uri: toUri(path.join(folder, f.path)), text: f.sql ?? f.text })), parser);
  const migrations = findTarget(request, [...relative, ...expected.map((f) => f.path)], problems);
  return {
    catalog: build(stepsOf(expected)), problems, history, sources: new Set([...loaded.flatMap(({ files }) => files), ...(snapshot?.files ?? [])]), migrations: migrations && { ...migrations, now: new Date().toISOString() },
    written: () => mergeCatalogs(writtenWith([])),
    withMigrations: (files) => build(stepsOf([...expected, ...files])),
  };
}

/** One source of the schema, read. */
interface SchemaPart {
  readonly source: CatalogSource;
  readonly label: string;
  readonly steps: readonly SchemaStep[];
  readonly incomplete: boolean;
  readonly whole?: boolean;
  /** Absolute paths. */
  readonly files: readonly string[];
}

const countOf = (files: readonly unknown[]): string => `${files.length} ${files.length === 1 ? 'migration' : 'migrations'}`;

async function filePart(folder: string, source: SchemaSource, read: (source: SchemaSource) => Promise<readonly SchemaStep[]>): Promise<SchemaPart> {
  return {
    source: source.kind, label: source.kind === 'schema' ? source.path : `${source.path || '.'} (${countOf(source.files)})`, steps: await read(source),
    incomplete: source.kind === 'migrations' && (await hasProgramMigrations(path.join(folder, source.path))), files: source.files.map((file) => path.resolve(folder, file)),
  };
}

function historyPart(folder: string, history: ProgramHistory): SchemaPart {
  const files = history.uris.flatMap((uri) => toPath(uri) ?? []);
  const where = history.tool === 'django' ? 'Django' : relativePath(folder, path.dirname(files.at(-1) ?? folder)) || '.';
  return { source: 'migrations', label: `${where} (${countOf(files)})`, steps: history.steps, incomplete: history.incomplete, whole: true, files };
}

/** Migrations before schema files, the larger history first; a schema file before a history that is not understood throughout. */
function bestSource(written: SchemaSource | undefined, history: ProgramHistory | undefined): readonly (SchemaSource | ProgramHistory)[] {
  if (written === undefined || history === undefined) return written ? [written] : history ? [history] : [];
  // Rails dumps the schema after each migration: the dump says it all.
  if (written.kind === 'schema') return [history.incomplete || history.tool === 'rails' ? written : history];
  // Fewer steps are understood than there are SQL files: the programs run those, or are not the schema's history.
  if (history.incomplete && history.steps.length < written.files.length) return [written];
  return [history.uris.length > written.files.length ? history : written];
}

/** What sqlc compiles its queries against, or what pg_dump wrote, where the migrations do not tell the whole schema or there are none. */
async function discoveredSources(folder: string, paths: readonly string[], found: readonly (SchemaSource | ProgramHistory)[]): Promise<readonly (SchemaSource | ProgramHistory)[]> {
  const [best] = found;
  const known = best && ('tool' in best ? !best.incomplete : best.kind === 'schema' || !(await hasProgramMigrations(path.join(folder, best.path))));
  const declared = known ? undefined : ((await findSqlcSchema(folder)) ?? (await findSchemaDump(folder, paths)));
  return declared ? [declared] : found;
}

/** Drizzle runs what its journal lists, in that order. */
async function inJournal(folder: string, source: SchemaSource): Promise<readonly string[]> {
  const journal = await readTextFile(path.join(folder, source.path, 'meta/_journal.json'));
  const tags = 'text' in journal ? [...journal.text.matchAll(/"tag"\s*:\s*"([^"]+)"/g)].map((match) => match[1] ?? '') : [];
  const order = new Map(tags.map((tag, index) => [`${tag}.sql`, index]));
  const place = (file: string): number | undefined => order.get(path.posix.basename(file));
  return tags.length === 0 ? source.files : source.files.filter((file) => place(file) !== undefined).sort((a, b) => (place(a) ?? 0) - (place(b) ?? 0));
}

/** Does the folder hold migrations beside the SQL files that are programs (`20240102_x.go`)? What they do is not known. */
async function hasProgramMigrations(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.some((name) => /^V?\d{3,}\w*[-_.].*\.(go|py|rb|php|exs|kt|java|[cm]?[jt]s)$/.test(name) && !/(_test|\.test|\.spec|\.d)\.\w+$/.test(name));
}

/** A server's catalog or a snapshot with the indexes of a migration that is only proposed. */
function withAssumed(live: Catalog, extra: readonly SchemaStep[]): Catalog {
  const changes = extra.flatMap((step) => step.changes);
  if (changes.length === 0) return live;
  const tables = new Map(live.tables);
  for (const change of changes) {
    if (change.type !== 'create-index') continue;
    const key = change.table.schema === undefined ? live.searchPath.map((s) => `${s}.${change.table.name}`).find((k) => tables.has(k)) : `${change.table.schema}.${change.table.name}`;
    const table = key === undefined ? undefined : tables.get(key);
    if (key !== undefined && table) tables.set(key, { ...table, indexes: [...table.indexes, change.index] });
  }
  return finishCatalog({ ...live, tables: [...tables.values()] });
}

async function configuredSources(folder: string, entries: readonly string[], histories: readonly ProgramHistory[], problems: string[]): Promise<(SchemaSource | ProgramHistory)[]> {
  const sources: (SchemaSource | ProgramHistory)[] = [];
  for (const entry of entries) {
    const target = path.resolve(folder, entry);
    const info = await stat(target).catch((error: unknown) => ({ problem: reasonOf(error) }));
    if ('problem' in info) {
      problems.push(`the schema ${entry} cannot be read: ${info.problem}`);
      continue;
    }
    if (info.isFile()) {
      sources.push({ kind: 'schema', path: relativePath(folder, target), files: [relativePath(folder, target)] });
      continue;
    }
    const files = (await listFiles(target)).filter((f) => f.endsWith('.sql')).map((f) => relativePath(folder, f));
    const found = findSchemaSources(files);
    const programs = histories.filter(({ uris }) => uris.every((uri) => uri.startsWith(`${toUri(target)}/`)));
    if (files.length === 0 && programs[0]) sources.push(...programs.slice(0, 1));
    else if (files.length === 0) problems.push(`the schema folder ${entry} holds no .sql file`);
    else sources.push(found[0] ?? { kind: 'migrations', path: relativePath(folder, target), files });
  }
  return sources;
}

/**
 * What the models declare.
 * @param byHand migrations are written by hand: what those of Sequelize make beside the columns stands in no model.
 */
function modelCatalog(files: Iterable<HostFile>, assume: Readonly<Record<string, number>>, byHand: boolean): Catalog[] {
  const declaring = [...files].filter((f) => f.models.some((model) => model.changes.length > 0) && f.role !== 'test');
  if (declaring.length === 0) return [];
  const steps = declaring.flatMap((file) => file.models.map((model): SchemaStep => ({ changes: byHand && model.library === 'sequelize' ? [...model.changes, ...model.changes.flatMap(doubted)] : model.changes, site: { uri: file.uri, span: model.span } })));
  return [buildCatalog({ source: 'models', label: `models (${declaring.length} ${declaring.length === 1 ? 'file' : 'files'})`, steps, assume })];
}

const doubted = (change: SchemaChange): readonly SchemaChange[] => (change.type === 'create-table' ? [{ type: 'uncertain', table: change.table }] : []);

function readNow({ folder, expected }: CatalogRequest, file: string): string | undefined {
  const pending = expected?.find((f) => f.path === file);
  if (pending) return pending.text;
  try {
    return readFileSync(path.resolve(folder, file), 'utf8');
  } catch {
    return undefined;
  }
}

function findTarget(request: CatalogRequest, paths: readonly string[], problems: string[]): MigrationTarget | undefined {
  const { settings } = request;
  const read = (file: string): string | undefined => readNow(request, file);
  const { folder: where, format } = settings.migrations ?? {};
  if (where === undefined && format === undefined) return detectMigrationTarget(paths, read);
  const found = detectMigrationTarget(where === undefined ? paths : paths.filter((p) => p.startsWith(`${where}/`)), read);
  const chosen = format ?? found?.format ?? 'plain';
  const target = describeMigrationFolder(where ?? found?.folder ?? 'migrations', chosen, paths, read);
  if (!target) problems.push(`no new migration can be written for ${chosen} in ${where ?? found?.folder ?? 'migrations'}: its newest revision cannot be told`);
  return target;
}

import { isDeepStrictEqual } from 'node:util';
import { createFlowGraph } from '../core/calls/graph';
import type { Catalog } from '../core/catalog/model';
import type { TextChange } from '../core/hosts/syntax';
import type { HostFile, QuerySite } from '../core/hosts/ir';
import { createLintCache } from '../core/lint/cache';
import { createMigrationCache } from '../core/lint/migrationCache';
import { lintFile, type LintResult } from '../core/lint/linter';
import type { RuleTimer } from '../core/lint/ruleTimer';
import type { Fix, LintSettings } from '../core/lint/rule';
import type { StatementUsage } from '../core/lint/usage';
import { countSyntaxErrors, type ChangedText, type RelintResult } from '../core/lint/verifyFix';
import { rules } from '../core/rules/index.generated';
import { collectTenantRows, type TenantRow } from '../core/advice/tenantReport';
import type { Planner } from '../core/plan/planner';
import type { Twin } from '../twin/twin';
import { loadBindings, type Binding, type Bindings, type BindingsRequest, type LiveDatabase } from './bindings';
import { readDatabases, type Databases } from './databases';
import { indexShared, type SharedIndex } from '../core/hosts/common/shared';
import { indexModels, type ModelIndex } from '../core/hosts/models';
import type { Engine, ModuleTexts, ReadContext } from './engine';
import { isIgnored, listFiles, readManifests } from './fileList';
import { createModuleResolver } from './modules';
import { openDocument, type OpenDocument } from './openDocument';
import { languageOf, languageOfDocument, relativePath, toPath, toUri } from './paths';
import { findLockTimeoutFile } from './lockTimeoutFile';
import { findPoolerFile } from './poolerFiles';
import { scanFiles } from './scan';
import { MAX_PLANNER_ROUNDS } from './planning';
import { readSource } from './scanJob';
import type { UserSettings } from './settings';
import { createStaleness } from './staleness';
import { isSnapshotFile, isSnapshotFolder } from './snapshotFiles';
import type { StatementReading } from './statementReader';
import { createStatementIndex, type StatementStats } from './statementStats';
import { readTextFileNow, readTextNow } from './textFile';

export interface ProjectOptions {
  readonly folder: string;
  readonly engine: Engine;
  readonly settings: UserSettings;
  /** As in `ScanOptions`. */
  readonly threads?: number;
  /** As `ScanOptions.here`. */
  readonly readsHere?: boolean;
  /** The planner that checks findings; several projects may share one. Left out: verdicts by the schema alone. */
  readonly twin?: Twin;
  /** Measures the rules on the project's files. */
  readonly timer?: RuleTimer;
}

export interface Skipped {
  readonly path: string;
  readonly reason: string;
}

export interface ScanSummary {
  readonly files: number;
  readonly queries: number;
  readonly skipped: readonly Skipped[];
}

/** A document's result: of which text, under which file facts. */
export interface Linted extends LintResult {
  readonly file: HostFile;
  readonly text: string;
}

/**
 * One workspace folder: its files, its catalog, its call graph. Both front ends stand on it. Reading is asynchronous;
 * linting an open document is synchronous and touches no disk.
 */
export interface Project {
  readonly folder: string;
  /** Of the files that no named database claims. */
  readonly settings: LintSettings;
  /** As `settings`. */
  readonly catalog: Catalog | undefined;
  /** The databases of the folder, the unnamed one first. */
  readonly databases: readonly Binding[];
  /** The database that a document speaks to. */
  bindingOf(uri: string): Binding;
  /** Its catalog. */
  catalogOf(uri: string): Catalog | undefined;
  /** Schema files that could not be read or understood, in words for the user. */
  readonly problems: readonly string[];
  readonly files: ReadonlyMap<string, HostFile>;
  /** Absolute paths of the files found by the last scan, sorted. */
  readonly paths: readonly string[];
  /** Text of a document that is open or was linted from disk in this run; undefined otherwise. */
  textOf(uri: string): string | undefined;
  /** How each query of a file is held to one tenant; undefined: not known what the tenant is, or the file. */
  tenantRows(uri: string): readonly TenantRow[] | undefined;
  /** A document as it would be with another text. Nothing is written and nothing is kept. */
  preview(uri: string, text: string): Linted;
  /** Lints once more what was read before, for what the planner has answered since: nothing is read again. */
  lookAgain(read: Pick<Linted, 'file' | 'text'>): Linted;
  /** Reads every file of the folder and builds the catalog. Open documents keep their text. */
  scan(options?: { readonly signal?: AbortSignal; onProgress?(done: number, total: number): void }): Promise<ScanSummary>;
  configure(settings: UserSettings): Promise<void>;
  /** Replaces the live catalogs; none: disconnected. */
  setLive(databases: readonly LiveDatabase[]): Promise<void>;
  /** What the servers have counted, by name of the connection; replaces what was known. */
  setStatements(readings: ReadonlyMap<string, StatementReading>): Promise<void>;
  /** What the server of a document has counted for one of its queries. */
  usageOf(uri: string, site: QuerySite): StatementUsage | undefined;
  /** Answers what the rules have asked the planner; then whatever was `pending` is worth another look. Resolves to true when anything was answered. */
  settle(): Promise<boolean>;
  /**
   * Done when it returns, but for the first document of a language whose grammar has to be loaded: what changes meanwhile counts.
   * @param languageId the editor's, for documents whose name tells nothing
   */
  open(uri: string, text: string, languageId?: string): Promise<void>;
  change(uri: string, text: string, changes: readonly TextChange[]): void;
  /** Reads an open document whole, if its last reading was put together after an edit. True when that gives something else. */
  readWhole(uri: string): boolean;
  /** The file counts again as it is on disk. */
  close(uri: string): Promise<void>;
  isOpen(uri: string): boolean;
  /** Why an open document could not be read, in words for the user; it counts as one without queries until it can. */
  unread(uri: string): string | undefined;
  /** A file was created, changed or deleted on disk. Resolves to true when other documents may have new findings. */
  refresh(path: string): Promise<boolean>;
  /** Lints an open document; undefined when it is not open, not of a language that is read, or `unread`. */
  lintOpen(uri: string): Linted | undefined;
  /** Lints a file from disk (or as it is open). */
  lint(path: string): Promise<Linted | Skipped>;
  /** What was linted, with the planner's answers waited for. */
  settled(linted: Linted): Promise<Linted>;
  /** As `preview`, with the planner's answers waited for. */
  previewSettled(uri: string, text: string): Promise<Linted>;
  excludes(path: string): Promise<boolean>;
  /** Takes new files into the catalog as if they stood on disk, so that the next fix builds on them. */
  expect(creates: NonNullable<Fix['creates']>): Promise<void>;
}

/** For texts and catalogs that are only proposed: no answer is waited for. */
const unanswered: Planner = { plan: () => ({ state: 'pending' }) };

export async function createProject(options: ProjectOptions): Promise<Project> {
  const { folder, engine } = options;
  let user = options.settings;
  let live: readonly LiveDatabase[] = [];
  let models: ModelIndex | undefined;
  let shared: SharedIndex | undefined;
  let databases: Databases | undefined;
  let told: BindingsRequest['told'] = {};
  let paths: readonly string[] = [];
  let manifests: ReadonlyMap<string, string> = new Map();
  let resolveModule = createModuleResolver({ files: [], manifests });
  let flow = createFlowGraph((from, name) => resolveModule(from, name));
  const files = new Map<string, HostFile>();
  const staleness = createStaleness(files);
  const modules: ModuleTexts = { resolve: (from, name) => resolveModule(from, name), surface: (uri) => files.get(uri)?.surface };
  /** Of the files on disk when they were read: a file that changed since is read again. */
  const stamps = new Map<string, string>();
  let expected: NonNullable<Fix['creates']> = [];
  const opened = new Map<string, OpenDocument>();
  /** Documents that wait for their grammar, by their present text. */
  const waiting = new Map<string, string>();
  const cache = createLintCache();
  const migrationCache = createMigrationCache();
  /** Changes of all files, and of each. */
  let changes = 0;
  const changesOf = new Map<string, number>();
  const statementIndex = createStatementIndex(engine.sql);
  let readings: ReadonlyMap<string, StatementReading> = new Map();
  let statements: ReadonlyMap<string, StatementStats> = new Map();

  const load = (settings: UserSettings, previous?: Bindings): Promise<Bindings> =>
    loadBindings({ folder, paths, settings, sql: engine.sql, files: files.values(), live, expected, twin: options.twin, previous, told });
  // Nothing is read before the first scan.
  let bindings = await load({ ...user, schema: [] });
  let loading: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  /** One load after the other, each of what is true when it begins: an earlier one that took longer must not have the last word. */
  const loadSchema = (): Promise<void> => {
    next ??= loading.catch(() => undefined).then(async () => {
      next = undefined;
      bindings = await load(user, bindings);
    });
    return (loading = next);
  };

  let joins = 0;
  const joinStatements = async (): Promise<void> => {
    const join = ++joins;
    const own = (connection: string): HostFile[] => [...files.values()].filter((file) => bindings.of(file.uri).connection === connection);
    const joined = await Promise.all([...readings].map(async ([name, reading]) => [name, await statementIndex.join(reading, own(name))] as const));
    if (join === joins) statements = new Map(joined);
  };

  const around = (): ReadContext => ({ models, shared, folder, databases, modules });

  const put = (file: HostFile): void => {
    const before = files.get(file.uri);
    files.set(file.uri, file);
    flow.set(file);
    noteChange(before, file);
  };
  const remove = (uri: string): void => {
    const before = files.get(uri);
    files.delete(uri);
    flow.delete(uri);
    noteChange(before, undefined);
  };
  /** An open document's file is that of its present text, or there is none. */
  const take = (uri: string, { file }: OpenDocument): void => {
    if (file) put(file);
    else if (files.has(uri)) remove(uri);
  };
  const reread = (uri: string, document: OpenDocument, text = document.text, changes: readonly TextChange[] = []): void => {
    document.update(text, changes, around());
    take(uri, document);
  };
  const noteChange = (before: HostFile | undefined, after: HostFile | undefined): void => {
    const uri = (after ?? before)?.uri ?? '';
    changes++;
    changesOf.set(uri, (changesOf.get(uri) ?? 0) + 1);
    const changed = staleness.changed(before, after);
    if (changed.models) models = indexModels([...files.values()].flatMap((file) => file.models));
    if (changed.shared) shared = indexShared(files.values());
  };
  /** Reads an open document again where something that it imports has changed; typing in one does not wait for the others. */
  const freshen = (uri: string): void => {
    const document = opened.get(uri);
    if (document && staleness.take(uri)) reread(uri, document);
  };
  /** The same for files that are not open. */
  const freshenClosed = async (): Promise<void> => {
    for (const uri of staleness.all()) {
      const path = toPath(uri);
      if (opened.has(uri) || path === undefined || !staleness.take(uri)) continue;
      const result = await readSource(engine, path, around());
      if ('file' in result && !opened.has(uri) && files.has(uri)) put(result.file);
    }
  };
  const setPaths = (next: readonly string[]): void => {
    paths = next;
    const before = resolveModule;
    resolveModule = createModuleResolver({ files: paths, manifests });
    staleness.moved(before, resolveModule);
  };

  const run = (file: HostFile, text: string): LintResult => {
    const { state, settings, planning } = bindings.of(file.uri);
    return lintFile({
      file, text, catalog: state.catalog, settings, sql: engine.sql, flow, rules, cache, migrationCache, others: changes - (changesOf.get(file.uri) ?? 0), history: state.history, planner: planning.planner, usage: project.usageOf, timer: options.timer,
      path: relativePath(folder, toPath(file.uri) ?? file.uri),
      textOf: (uri) => project.textOf(uri),
      relint: (changed, creates, planned, others, rule) => relint(file, text, changed, creates, planned, others, rule),
    });
  };

  /** What is known of a document, if it was read from this very text. */
  const readAs = (uri: string, text: string): HostFile | undefined => {
    const open = opened.get(uri);
    const path = toPath(uri);
    const source = open || path === undefined ? undefined : readTextFileNow(path);
    const isRead = open ? open.text === text : source !== undefined && 'text' in source && source.text === text && source.stamp === stamps.get(uri);
    return isRead ? files.get(uri) : undefined;
  };

  /** Runs one rule on a changed text, with others that changed with it, beside the project: the graph sees them for the moment and is put back. */
  const relint = (original: HostFile, before: string, changed: string, creates: NonNullable<Fix['creates']>, planned: boolean, others: readonly ChangedText[], ruleId: string): RelintResult => {
    const file = changed === before ? original : engine.read(original.uri, changed, original.language, around());
    const { state, settings, planning } = bindings.of(original.uri);
    const catalog = state.withMigrations?.(creates) ?? state.catalog;
    const planner = !planned ? undefined : creates.length > 0 ? unanswered : planning.planner;
    const beside = others.map(({ uri, text }) => readAs(uri, text) ?? engine.read(uri, text, languageOfDocument(uri) ?? 'sql', around()));
    const textOf = (uri: string): string | undefined => others.find((other) => other.uri === uri)?.text ?? project.textOf(uri);
    const lint = (): LintResult => lintFile({ file, text: changed, catalog, settings, sql: engine.sql, flow, rules: rules.filter((rule) => rule.id === ruleId), history: state.history, planner, textOf });
    const { findings } = [...beside, file].reduce<() => LintResult>((act, one) => () => flow.during(one, act), lint)();
    return { findings, errors: [file, ...beside].reduce((sum, one) => sum + countSyntaxErrors(one, engine.sql), 0) };
  };

  /** Files that changed while a scan was under way, which may have read them before. */
  let touched: Set<string> | undefined;

  const project: Project = {
    folder,
    tenantRows(uri) {
      const file = files.get(uri);
      const { state, settings } = bindings.of(uri);
      return file && collectTenantRows({ file, catalog: state.catalog, settings, sql: engine.sql, flow });
    },
    get settings() { return bindings.default.settings; },
    get catalog() { return bindings.default.state.catalog; },
    get databases() { return bindings.all; },
    bindingOf: (uri) => bindings.of(uri),
    catalogOf: (uri) => bindings.of(uri).state.catalog,
    get problems() { return [...new Set(bindings.all.flatMap((binding) => binding.state.problems))]; },
    files,
    get paths() { return paths; },
    textOf: (uri) => opened.get(uri)?.text ?? readTextNow(toPath(uri)),
    preview(uri, text) {
      const file = engine.read(uri, text, languageOfDocument(uri) ?? 'sql', around());
      return project.lookAgain({ file, text });
    },
    lookAgain: ({ file, text }) => ({ ...flow.during(file, () => run(file, text)), file, text }),
    async scan({ signal, onProgress } = {}) {
      touched = new Set();
      paths = await listFiles(folder, { exclude: user.exclude, signal });
      manifests = await readManifests(folder);
      resolveModule = createModuleResolver({ files: paths, manifests });
      databases = await readDatabases(folder, manifests, paths.filter((file) => file.endsWith('.prisma')));
      const [pooler, lockTimeout] = await Promise.all([findPoolerFile(folder), findLockTimeoutFile(folder)]);
      told = { ...(pooler ? { pooler } : {}), ...(lockTimeout === undefined ? {} : { lockTimeout }) };
      const outcome = await scanFiles(paths, engine, { folder, databases, sources: { files: paths, manifests }, threads: options.threads, here: options.readsHere, signal, onProgress });
      ({ models, shared } = outcome);
      // Worker threads have read them; findings' fixes are checked on this one.
      for (const language of new Set(paths.flatMap((file) => languageOf(file) ?? []))) await engine.ensure(language);
      files.clear();
      flow = createFlowGraph((from, name) => resolveModule(from, name));
      const skipped: Skipped[] = [];
      let queries = 0;
      for (const result of outcome.results) {
        if ('skipped' in result) skipped.push({ path: result.path, reason: result.skipped });
        if (!('file' in result)) continue;
        files.set(result.file.uri, result.file);
        stamps.set(result.file.uri, result.stamp);
      }
      // Open documents last: what they import is known by then.
      for (const [uri, document] of opened) {
        document.update(document.text, [], around());
        if (document.file) files.set(uri, document.file);
        else files.delete(uri);
        if (document.unread !== undefined) skipped.push({ path: toPath(uri) ?? uri, reason: document.unread });
      }
      changes++;
      for (const file of files.values()) {
        flow.set(file);
        queries += file.sites.length;
      }
      staleness.clear();
      const again = touched;
      touched = undefined;
      await loadSchema();
      for (const file of again) await project.refresh(file);
      await joinStatements();
      return { files: files.size, queries, skipped };
    },
    async configure(next) {
      user = next;
      await loadSchema();
    },
    async setLive(databasesNow) {
      live = databasesNow;
      await loadSchema();
    },
    async setStatements(next) {
      readings = next;
      await joinStatements();
    },
    usageOf: (uri, site) => statements.get(bindings.of(uri).connection ?? '')?.usage(site),
    async settle() {
      return (await Promise.all(bindings.all.map(({ planning }) => planning.settle()))).includes(true);
    },
    async settled(linted) {
      let result = linted;
      for (let round = 0; result.pending && round < MAX_PLANNER_ROUNDS && (await project.settle()); round++) result = project.lookAgain(result);
      return result;
    },
    previewSettled: (uri, text) => project.settled(project.preview(uri, text)),
    async open(uri, text, languageId) {
      const language = languageOfDocument(uri, languageId);
      if (!language) return;
      if (!engine.isReady(language)) {
        waiting.set(uri, text);
        await engine.ensure(language);
        const present = waiting.get(uri);
        if (present === undefined) return;
        waiting.delete(uri);
        text = present;
      }
      opened.get(uri)?.dispose();
      const document = openDocument(engine, uri, text, language, around());
      opened.set(uri, document);
      take(uri, document);
    },
    change(uri, text, changes) {
      const document = opened.get(uri);
      if (!document) {
        if (waiting.has(uri)) waiting.set(uri, text);
        return;
      }
      reread(uri, document, text, changes);
    },
    readWhole(uri) {
      const document = opened.get(uri);
      if (!document?.partial) return false;
      const before = document.file;
      reread(uri, document);
      return !isDeepStrictEqual(before, document.file);
    },
    async close(uri) {
      opened.get(uri)?.dispose();
      opened.delete(uri);
      waiting.delete(uri);
      stamps.delete(uri);
      const path = toPath(uri);
      if ((path === undefined || !(await project.refresh(path))) && !opened.has(uri)) remove(uri);
    },
    isOpen: (uri) => opened.has(uri),
    unread: (uri) => opened.get(uri)?.unread,
    async refresh(path) {
      if (isSnapshotFile(path) || isSnapshotFolder(path) || bindings.all.some(({ state }) => path.endsWith('.json') && state.sources.has(path))) {
        await loadSchema();
        return true;
      }
      if (languageOf(path) === undefined || (await isIgnored(folder, path, user.exclude))) return false;
      touched?.add(path);
      const uri = toUri(path);
      const result = await readSource(engine, path, around());
      const before = files.get(uri);
      if ('file' in result) {
        if (!paths.includes(path)) setPaths([...paths, path].sort());
        if (!opened.has(uri)) put(result.file);
        stamps.set(uri, result.stamp);
      } else {
        if (paths.includes(path)) setPaths(paths.filter((p) => p !== path));
        if (!opened.has(uri)) remove(uri);
      }
      await freshenClosed();
      const after = files.get(uri);
      const appeared = (before === undefined) !== (after === undefined);
      const schema = bindings.all.some(({ state }) => state.sources.has(path)) || [before, after].some((f) => f && (f.models.length > 0 || f.migration !== undefined || (f.language === 'sql' && appeared)));
      if (schema) await loadSchema();
      return true;
    },
    lintOpen(uri) {
      const document = opened.get(uri);
      if (!document) return undefined;
      freshen(uri);
      const { file } = document;
      return file && { ...run(file, document.text), file, text: document.text };
    },
    async lint(path) {
      const uri = toUri(path);
      const open = project.lintOpen(uri);
      if (open) return open;
      const unread = project.unread(uri);
      if (unread !== undefined) return { path, reason: unread };
      const source = readTextFileNow(path);
      if ('skipped' in source) return { path, reason: source.skipped };
      const known = files.get(uri);
      if (known && stamps.get(uri) === source.stamp && !staleness.take(uri)) return { ...run(known, source.text), file: known, text: source.text };
      const result = await readSource(engine, path, around());
      if (!('file' in result)) return { path, reason: 'skipped' in result ? result.skipped : 'not read' };
      put(result.file);
      stamps.set(uri, result.stamp);
      return { ...run(result.file, source.text), file: result.file, text: source.text };
    },
    async expect(creates) {
      expected = [...expected, ...creates];
      await loadSchema();
    },
    excludes: (path) => isIgnored(folder, path, user.exclude),
  };
  return project;
}

import { CodeLensRefreshRequest, DidChangeConfigurationNotification, DidChangeWatchedFilesNotification, FileChangeType, MessageType, ShowMessageNotification, type Connection } from 'vscode-languageserver/node';
import { lintWorkspaceRequest, statusNotification, trustGrantedNotification, type LintWorkspaceParams, type LintWorkspaceResult, type StatusParams } from '../../../../protocol/requests';
import type { SargableSettings } from '../../../../protocol/settings';
import { rules } from '../../core/rules/index.generated';
import { ConfigurationError, findConfig } from '../../workspace/configFile';
import { READ_EXTENSIONS, toPath, toUri } from '../../workspace/paths';
import type { TwinStatus } from '../../workspace/plannerTwin';
import { createProject, type Project } from '../../workspace/project';
import { checkSettings, mergeSettings, pickHealth, type UserSettings } from '../../workspace/settings';
import { isSnapshotFolder } from '../../workspace/snapshotFiles';
import { createPositionMapper } from '../convert';
import { inBackground, projectOf, type Session } from '../session';
import { refreshDiagnostics, toDiagnostics } from './diagnostics';

/** How long the keyboard must rest before a change in one document is looked at in the others. Milliseconds. */
const OTHER_DOCUMENTS_DELAY = 300;
/** Of a folder that is new or gone editors tell nothing of the files in it, and tell it before all are written. Milliseconds. */
const SNAPSHOT_SETTLES = 500;
const CONFIG_FILE = /(^|\/)(sargable\.config\.(json|jsonc|yaml|yml|ts|mts|js|mjs|cjs)|package\.json)$/;

export interface WorkspaceFeature {
  setFolders(uris: readonly string[]): void;
  start(): Promise<void>;
  documentChanged(uri: string): void;
  sendStatus(): void;
  /** Diagnostics that a workspace run pushed for a closed file give way to the document's own. */
  clearPushed(uri: string): void;
}

/** Folders, configuration, file watching, the first scan, the workspace run, and the status that the client shows. `onProject`: for what other features know of every folder. */
export function registerWorkspace(connection: Connection, session: () => Session | undefined, onProject: (project: Project) => Promise<void>): WorkspaceFeature {
  let folders: string[] = [];
  const counts = new Map<string, { files: number; queries: number }>();
  const pushed = new Set<string>();
  const told = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let state: StatusParams['state'] = 'starting';

  const tell = (message: string): void => {
    if (told.has(message)) return;
    told.add(message);
    void connection.sendNotification(ShowMessageNotification.type, { type: MessageType.Warning, message: `Sargable: ${message}` });
  };

  const sendStatus = (active: Session): void => {
    const projects = [...active.projects.values()];
    const databases = projects.flatMap((p) => p.databases.flatMap(({ name, state: { catalog } }) => (catalog ? [{ name, catalog }] : [])));
    const total = [...counts.values()].reduce((a, b) => ({ files: a.files + b.files, queries: a.queries + b.queries }), { files: 0, queries: 0 });
    const status: StatusParams = {
      state, ...total,
      ...(databases.length > 0 ? { catalogLabel: databases.map(({ name, catalog }) => (name === undefined ? catalog.label : `${name}: ${catalog.label}`)).join(', ') } : {}),
      tables: databases.reduce((n, { catalog }) => n + catalog.tables.size, 0),
      connections: active.connections.list(), engine: engineName(active),
      ...(active.twin ? { planner: describeTwin(active.twin.status()) } : {}),
    };
    void connection.sendNotification(statusNotification, status);
  };

  const readSettings = async (active: Session, folder: string): Promise<UserSettings> => {
    const scope = folder === '' ? undefined : toUri(folder);
    const raw = active.abilities.configuration ? ((await connection.workspace.getConfiguration({ scopeUri: scope, section: 'sargable' })) as Partial<SargableSettings> | null) ?? {} : {};
    active.settings = raw;
    const editor: UserSettings = pickUserSettings(raw);
    for (const problem of checkSettings(editor, rules)) tell(`setting sargable.${problem.path.join('.')}: ${problem.message}`);
    if (folder === '') return editor;
    try {
      return mergeSettings(editor, (await findConfig(folder, rules, { trusted: active.trusted }))?.settings ?? {});
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      tell(error.message);
      return editor;
    }
  };

  const scan = async (active: Session, folder: string, project: Project): Promise<void> => {
    const progress = active.abilities.progress ? await connection.window.createWorkDoneProgress() : undefined;
    const abort = new AbortController();
    progress?.begin('Sargable: reading the workspace', 0, '', true);
    progress?.token.onCancellationRequested(() => abort.abort());
    try {
      const summary = await project.scan({ signal: abort.signal, onProgress: (done, total) => done % 50 === 0 && progress?.report(Math.round((100 * done) / total), `${done} of ${total} files`) });
      counts.set(folder, { files: summary.files, queries: summary.queries });
      for (const skipped of summary.skipped) connection.console.info(`Skipped ${skipped.path}: ${skipped.reason}`);
      for (const problem of project.problems) tell(problem);
    } finally {
      progress?.done();
    }
  };

  const addFolder = async (active: Session, uri: string): Promise<void> => {
    const folder = uri === '' ? '' : toPath(uri);
    if (folder === undefined || active.projects.has(folder)) return;
    const project = await createProject({ folder, engine: active.engine, settings: await readSettings(active, folder), twin: active.twin });
    active.projects.set(folder, project);
    await project.setLive(active.connections.catalogs());
    await onProject(project);
    for (const [documentUri, document] of active.documents) if (projectOf(active, documentUri) === project) await project.open(documentUri, document.text, document.languageId);
    await refreshDiagnostics(active);
    if (folder !== '') await scan(active, folder, project);
    await refreshDiagnostics(active);
    refreshLenses(active);
  };

  const reconfigure = async (): Promise<void> => {
    const active = session();
    if (!active) return;
    for (const [folder, project] of active.projects) await project.configure(await readSettings(active, folder));
    await refreshDiagnostics(active);
    refreshLenses(active);
    sendStatus(active);
  };

  const refreshLenses = (active: Session): void => {
    if (active.abilities.refreshCodeLens) inBackground(connection, connection.sendRequest(CodeLensRefreshRequest.type));
  };

  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const active = session();
      if (active && active.documents.size > 1) inBackground(connection, refreshDiagnostics(active));
    }, OTHER_DOCUMENTS_DELAY);
  };

  connection.onDidChangeConfiguration(() => inBackground(connection, reconfigure()));
  connection.onNotification(trustGrantedNotification, () => {
    const active = session();
    if (active) active.trusted = true;
    inBackground(connection, reconfigure());
  });
  connection.onDidChangeWatchedFiles(async ({ changes }) => {
    const active = session();
    if (!active) return;
    let affected = false;
    // A pull writes thousands of files; they are read together.
    const snapshots = new Set<string>();
    const isRead = (uri: string): boolean => {
      const folder = /^.*\/\.sargable\/(?=.*\.json$)/.exec(uri)?.[0];
      return folder !== undefined && snapshots.size === snapshots.add(folder).size;
    };
    for (const change of changes) {
      if (isRead(change.uri)) continue;
      const path = toPath(change.uri);
      if (path === undefined) continue;
      if (isSnapshotFolder(path)) {
        if (change.type === FileChangeType.Created) await new Promise((resolve) => setTimeout(resolve, SNAPSHOT_SETTLES));
        affected = (await projectOf(active, toUri(path))?.refresh(path)) === true || affected;
        continue;
      }
      if (CONFIG_FILE.test(change.uri)) {
        await reconfigure();
        continue;
      }
      if (change.type === FileChangeType.Deleted) clearPushed(toUri(path));
      affected = (await projectOf(active, toUri(path))?.refresh(path)) === true || affected;
    }
    if (affected) await refreshDiagnostics(active);
    if (affected) sendStatus(active);
  });

  const clearPushed = (uri: string): void => {
    if (pushed.delete(uri)) void connection.sendDiagnostics({ uri, diagnostics: [] });
  };

  connection.onRequest(lintWorkspaceRequest, async (params: LintWorkspaceParams, token): Promise<LintWorkspaceResult> => {
    const started = performance.now();
    const active = session();
    const total = { files: 0, queries: 0, findings: 0 };
    if (!active) return { ...total, durationMs: 0 };
    const progress = params.workDoneToken === undefined ? undefined : connection.window.attachWorkDoneProgress(params.workDoneToken);
    progress?.begin('Sargable: linting the workspace', 0, '', true);
    try {
      for (const project of active.projects.values()) {
        for (const [index, path] of project.paths.entries()) {
          if (token.isCancellationRequested) break;
          const first = await project.lint(path);
          const linted = 'reason' in first ? first : await project.settled(first);
          if (index % 20 === 0) {
            progress?.report(Math.round((100 * index) / project.paths.length), `${index} of ${project.paths.length} files`);
            await new Promise((resolve) => setImmediate(resolve));
          }
          if ('reason' in linted) continue;
          total.files++;
          total.queries += linted.file.sites.length;
          total.findings += linted.findings.length;
          const uri = linted.file.uri;
          if (project.isOpen(uri) || (linted.findings.length === 0 && !pushed.has(uri))) continue;
          const diagnostics = await toDiagnostics(active, linted.findings, createPositionMapper(linted.text, active.encoding));
          if (diagnostics.length > 0) pushed.add(uri);
          else pushed.delete(uri);
          await connection.sendDiagnostics({ uri, diagnostics });
        }
      }
    } finally {
      progress?.done();
    }
    return { ...total, durationMs: Math.round(performance.now() - started) };
  });

  return {
    setFolders: (uris) => void (folders = [...uris]),
    clearPushed,
    documentChanged: later,
    sendStatus() {
      const active = session();
      if (active) sendStatus(active);
    },
    async start() {
      const active = session();
      if (!active) return;
      if (active.abilities.configuration) await connection.client.register(DidChangeConfigurationNotification.type, { section: 'sargable' }).catch(() => undefined);
      if (active.abilities.watchFiles) await connection.client.register(DidChangeWatchedFilesNotification.type, { watchers: [{ globPattern: `**/*.{${READ_EXTENSIONS.join(',')}}` }, { globPattern: '**/{sargable.config.*,package.json}' }, { globPattern: '**/.sargable/**/*.json' }, { globPattern: '**/.sargable' }] });
      // It throws where the client cannot tell.
      if (active.abilities.workspaceFolders) connection.workspace.onDidChangeWorkspaceFolders(async ({ added, removed }) => {
        for (const { uri } of removed) {
          active.projects.delete(toPath(uri) ?? '');
          counts.delete(toPath(uri) ?? '');
        }
        for (const { uri } of added) await addFolder(active, uri);
        sendStatus(active);
      });
      sendStatus(active);
      await addFolder(active, '');
      for (const uri of folders) await addFolder(active, uri);
      state = 'ready';
      sendStatus(active);
    },
  };
}

/** Which grammar answers: Postgres' own, or the fallback where WebAssembly is missing. */
const engineName = ({ engine }: Session): string =>
  engine.sql.analyse({ text: 'SELECT 1', placeholders: 'none', interpolations: [] }).engine === 'pg' ? 'PostgreSQL 18' : 'reduced coverage: no WebAssembly here, schema files are not read';

/** What stands behind performance findings, for the status bar's tooltip. Whether it runs just now is not said: it would be stale when it is read. */
const describeTwin = ({ state, engine, problem }: TwinStatus): string => (state === 'failed' ? `none: ${problem ?? 'it could not be started'}` : `${engine?.startsWith('PGlite') === false ? '' : 'embedded '}twin${engine === undefined ? '' : ` (${engine})`}`);

/** The editor's settings that configuration files have too; defaults that VS Code fills in are no choices of the user. */
function pickUserSettings(raw: Partial<SargableSettings>): UserSettings {
  const list = <T>(value: readonly T[] | undefined): readonly T[] | undefined => (value && value.length > 0 ? value : undefined);
  return Object.fromEntries(Object.entries({
    rules: raw.rules, tenant: raw.tenant, schema: list(raw.schema), assume: raw.assume, smallTableRows: raw.smallTableRows,
    largeTableRows: raw.largeTableRows, exclude: list(raw.exclude), include: list(raw.include), migrations: raw.migrations, planner: raw.planner, snapshot: raw.snapshot, health: pickHealth(raw.health),
  }).filter(([, value]) => value !== undefined && value !== null));
}

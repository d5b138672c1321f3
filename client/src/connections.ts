import * as vscode from 'vscode';
import { connectRequest, disconnectRequest, testConnectionRequest, type ConnectParams, type ConnectResult, type DisconnectParams, type TestConnectionParams, type TestConnectionResult } from '../../protocol/requests';
import type { DatabaseSetting } from '../../protocol/settings';
import { askForDatabase } from './databasePicker';
import { describeDatabase, isDatabaseSetting, renderDatabaseUrl, secretKey } from './databaseUrl';
import type { Reports } from './reports';
import type { Server } from './server';

/** Key in the workspace's state: {@link secretKey} of the database that was connected last. */
const lastKey = 'lastDatabase';

/** An open connection. */
export interface Connection {
  readonly database: DatabaseSetting;
  /** What the server called it: `orders (16.4)`. */
  readonly label: string;
}

/** The databases of the settings, and which of them is connected. At most one is, in this version of the client. */
export interface Connections extends vscode.Disposable {
  readonly current: Connection | undefined;
  readonly onChange: vscode.Event<void>;
  /** Asks which database, then connects; undefined if the user gave up or it failed (and was told why). */
  pickAndConnect(): Promise<Connection | undefined>;
  /** The open connection; asks for one if there is none. */
  currentOrPick(): Promise<Connection | undefined>;
  disconnect(): Promise<void>;
  forgetPassword(): Promise<void>;
  /** Asks which database, then shows what its role may see, what is missing, and the GRANTs, as a document. */
  test(): Promise<void>;
  /** Functions that may run while a statement is planned, on this database, from now on. */
  allowFunctions(connection: Connection, functions: readonly string[]): Promise<void>;
}

/**
 * Databases of the user's settings and, in a trusted workspace, of the workspace's. Where both use a name the user's
 * own counts, so that a workspace can't put another host behind a name the user knows. What loosens a question is the
 * user's to say: a workspace's settings can't.
 */
export function listDatabases(): DatabaseSetting[] {
  const settings = vscode.workspace.getConfiguration('sargable').inspect<unknown>('databases');
  const own = [settings?.globalValue].flat().filter(isDatabaseSetting);
  const workspace = vscode.workspace.isTrusted ? [settings?.workspaceValue, settings?.workspaceFolderValue].flat().filter(isDatabaseSetting) : [];
  const byName = new Map<string, DatabaseSetting>();
  // Another name for a database that the user calls production takes no question away.
  const isProduction = (database: DatabaseSetting): boolean => own.some((known) => known.production === true && secretKey(known) === secretKey(database));
  const restricted = workspace.map(({ allowFunctions: _functions, allowEstimatedExplain: _estimated, ...database }): DatabaseSetting => (isProduction(database) ? { ...database, production: true } : database));
  for (const database of [...own, ...restricted]) if (!byName.has(database.name)) byName.set(database.name, database);
  return [...byName.values()];
}

/** True for a database of the workspace's settings alone: its host was chosen by a file that came with the code. */
function isFromWorkspace(database: DatabaseSetting): boolean {
  const own = [vscode.workspace.getConfiguration('sargable').inspect<unknown>('databases')?.globalValue].flat().filter(isDatabaseSetting);
  return !own.some((known) => secretKey(known) === secretKey(database));
}

/** Connects on request, and again after the server was restarted. Never connects in an untrusted workspace. */
export function createConnections(context: vscode.ExtensionContext, server: Server, output: vscode.LogOutputChannel, reports: Reports): Connections {
  const changed = new vscode.EventEmitter<void>();
  let current: Connection | undefined;

  const setCurrent = (connection: Connection | undefined): void => {
    current = connection;
    void vscode.commands.executeCommand('setContext', 'sargable.connected', connection !== undefined);
    changed.fire();
  };

  const allowedKey = (database: DatabaseSetting): string => `allowedFunctions ${secretKey(database)}`;
  const allowedFunctions = (database: DatabaseSetting): readonly string[] => context.globalState.get<readonly string[]>(allowedKey(database)) ?? [];

  const connect = async (database: DatabaseSetting, password: string | undefined): Promise<ConnectResult> => {
    if (!vscode.workspace.isTrusted) return { ok: false, error: 'The workspace is not trusted.' };
    const params: ConnectParams = {
      name: database.name,
      url: renderDatabaseUrl(database, password),
      foreignHost: isFromWorkspace(database),
      paths: database.paths,
      production: database.production,
      allowEstimatedExplain: database.allowEstimatedExplain,
      allowFunctions: [...(database.allowFunctions ?? []), ...allowedFunctions(database)],
      role: database.role,
      settings: database.settings,
    };
    let result: ConnectResult;
    try {
      result = await server.request<ConnectResult>(connectRequest, params);
    } catch (error) {
      result = { ok: false, error: `The language server did not answer (${error instanceof Error ? error.name : 'unknown error'}).` };
    }
    if (!result.ok) {
      output.warn(`Connecting to ${describeDatabase(database)} failed: ${result.error}`);
      return result;
    }
    if (current && current.database.name !== database.name) await close(current);
    setCurrent({ database, label: result.label });
    await context.workspaceState.update(lastKey, secretKey(database));
    output.info(`Connected to ${describeDatabase(database)}, PostgreSQL ${result.serverVersion}`);
    for (const warning of result.warnings) output.warn(warning);
    return result;
  };

  const close = async (connection: Connection): Promise<void> => {
    const params: DisconnectParams = { name: connection.database.name };
    await server.request(disconnectRequest, params).catch((error: unknown) => output.warn(`Disconnecting: ${String(error)}`));
  };

  /** Connects with the stored password; asks for one when there is none or the server refuses it. */
  const connectWithPassword = async (database: DatabaseSetting): Promise<Connection | undefined> => {
    const key = secretKey(database);
    let password = await context.secrets.get(key);
    let problem: string | undefined;
    for (let attempt = 0; attempt < 3; attempt++) {
      if (password === undefined || problem) {
        password = await askForPassword(database, problem);
        if (password === undefined) return undefined;
      }
      const known = password;
      const result = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: `Connecting to ${database.name}` }, () => connect(database, known || undefined));
      if (result.ok) {
        await context.secrets.store(key, known);
        if (result.warnings.length > 0) void vscode.window.showWarningMessage(`${result.label}: ${result.warnings.join(' ')}`);
        return current;
      }
      if (!isAuthenticationFailure(result.code)) {
        void vscode.window.showErrorMessage(`Could not connect to ${database.name}: ${result.error}`);
        return undefined;
      }
      problem = result.error;
    }
    void vscode.window.showErrorMessage(`Could not connect to ${database.name}: ${problem}`);
    return undefined;
  };

  const pickAndConnect = async (): Promise<Connection | undefined> => {
    if (!(await requireTrust())) return undefined;
    const picked = await askForDatabase(listDatabases(), current?.database.name);
    if (!picked) return undefined;
    if (picked.password !== undefined) await context.secrets.store(secretKey(picked.database), picked.password);
    return connectWithPassword(picked.database);
  };

  /** After a (re)start: the database that was connected last, if its password is known and the settings still have it. */
  const restore = async (): Promise<void> => {
    if (!vscode.workspace.isTrusted) return;
    const last = context.workspaceState.get<string>(lastKey);
    const database = listDatabases().find((candidate) => secretKey(candidate) === last);
    if (!database) return;
    const password = await context.secrets.get(secretKey(database));
    if (password !== undefined) await connect(database, password || undefined);
  };

  const subscriptions = [
    changed,
    server.onRunning(() => void restore()),
    server.onStopped(() => setCurrent(undefined)),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void restore()),
    vscode.workspace.onDidChangeConfiguration((event) => {
      const connection = current;
      if (!connection || !event.affectsConfiguration('sargable.databases')) return;
      const same = listDatabases().some((database) => database.name === connection.database.name && secretKey(database) === secretKey(connection.database));
      if (!same) {
        setCurrent(undefined);
        void close(connection);
      }
    }),
  ];

  return {
    get current() {
      return current;
    },
    onChange: changed.event,
    pickAndConnect,
    currentOrPick: async () => current ?? pickAndConnect(),
    async disconnect() {
      const connection = current;
      if (!connection) return;
      setCurrent(undefined);
      await context.workspaceState.update(lastKey, undefined);
      await close(connection);
    },
    async allowFunctions({ database }, functions) {
      await context.globalState.update(allowedKey(database), [...new Set([...allowedFunctions(database), ...functions])]);
    },
    async test() {
      if (!(await requireTrust())) return;
      const picked = await askForDatabase(listDatabases(), current?.database.name, 'Test a connection');
      if (!picked) return;
      if (picked.password !== undefined) await context.secrets.store(secretKey(picked.database), picked.password);
      const { name } = picked.database;
      const params: TestConnectionParams = { name, foreignHost: isFromWorkspace(picked.database), url: renderDatabaseUrl(picked.database, (await context.secrets.get(secretKey(picked.database))) || undefined) };
      const result = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: `Testing ${name}` }, () => server.request<TestConnectionResult>(testConnectionRequest, params));
      if (!result.ok && isAuthenticationFailure(result.code)) {
        if (await connectWithPassword(picked.database)) await this.test();
      } else if (!result.ok) {
        void vscode.window.showErrorMessage(`${name}: ${result.error}`);
      } else {
        await reports.show(`Connection Test of ${name}`, result.report);
      }
    },
    async forgetPassword() {
      const databases = listDatabases();
      const picked = await vscode.window.showQuickPick(
        databases.map((database) => ({ label: database.name, description: describeDatabase(database), database })),
        { title: 'Forget the password of a database' },
      );
      if (picked) await context.secrets.delete(secretKey(picked.database));
    },
    dispose() {
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
}

/** True in a trusted workspace; otherwise says why nothing connects and offers the trust editor. */
async function requireTrust(): Promise<boolean> {
  if (vscode.workspace.isTrusted) return true;
  const manage = 'Manage Workspace Trust';
  const answer = await vscode.window.showInformationMessage('Sargable does not connect to databases in a workspace that is not trusted.', manage);
  if (answer === manage) await vscode.commands.executeCommand('workbench.trust.manage');
  return false;
}

/** The typed password, empty to connect without one; undefined if the user gave up. */
async function askForPassword(database: DatabaseSetting, problem: string | undefined): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title: `Password for ${describeDatabase(database)}`,
    prompt: `${problem ? `${problem} ` : ''}Kept in the editor's secret storage, for this host, port, user and database only. Leave empty to use your password file.`,
    password: true,
    ignoreFocusOut: true,
  });
}

/** SQLSTATE class 28, or a server that wants a password and got none. */
function isAuthenticationFailure(code: string | undefined): boolean {
  return code !== undefined && code.startsWith('28');
}

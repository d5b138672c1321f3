import * as vscode from 'vscode';
import type { HealthServerParams } from '../../protocol/health';
import type { HealthServerSetting } from '../../protocol/settings';
import { chooseHealthServers, describeHealthServer, findUnusableHealthServers, healthServerKey, isHealthServerSetting, parseHealthServerUrl, renderHealthServerUrl, saveHealthServer, type ChosenHealthServer } from './healthServerUrl';

/** What the settings name beside a database: its Redis servers and its PgBouncer. */
export interface HealthServers {
  /** Those that are looked at with a database, with their passwords; without a URL those whose entry cannot be used. Empty in an untrusted workspace. */
  of(database: string): Promise<readonly HealthServerParams[]>;
  /** Adds a server to the user's settings, or gives one that is there another password. True: something changed. */
  add(database: string | undefined): Promise<boolean>;
}

const SETTING = 'health.servers';
const inspect = () => vscode.workspace.getConfiguration('sargable').inspect<unknown>(SETTING);
const present = (...values: readonly unknown[]): readonly unknown[] => values.flat().filter((value) => value !== undefined);
const ofUser = (): readonly unknown[] => present(inspect()?.globalValue);
/** As for databases: those of the workspace count in a trusted one. */
const ofWorkspace = (): readonly unknown[] => (vscode.workspace.isTrusted ? present(inspect()?.workspaceValue, inspect()?.workspaceFolderValue) : []);
const choose = (database: string | undefined): readonly ChosenHealthServer[] => chooseHealthServers(ofUser().filter(isHealthServerSetting), ofWorkspace().filter(isHealthServerSetting), database);

export function createHealthServers(context: vscode.ExtensionContext): HealthServers {
  return {
    async of(database) {
      if (!vscode.workspace.isTrusted) return [];
      const usable = await Promise.all(choose(database).map(async ({ server, foreignHost }): Promise<HealthServerParams> => (
        { kind: server.kind, url: renderHealthServerUrl(server, (await context.secrets.get(healthServerKey(server))) || undefined), label: describeHealthServer(server), foreignHost }
      )));
      return [...usable, ...findUnusableHealthServers([...ofUser(), ...ofWorkspace()], database)];
    },
    async add(database) {
      if (!vscode.workspace.isTrusted) return false;
      const known = choose(undefined);
      const picked = known.length === 0 ? undefined : await vscode.window.showQuickPick(
        [...known.map(({ server }) => ({ label: describeHealthServer(server), description: 'another password', server })), { label: '$(add) Add a server…', description: '', server: undefined }],
        { title: 'Redis and PgBouncer in Database Health' },
      );
      if (known.length > 0 && !picked) return false;
      if (picked?.server) return storePassword(context, picked.server);
      const text = await vscode.window.showInputBox({
        title: 'Add Redis or PgBouncer to Database Health', ignoreFocusOut: true, placeHolder: 'redis://user@host:6379/0 or postgres://user@host:6432/pgbouncer',
        prompt: 'URL of the Redis, or of the administration console of the PgBouncer. A password in it goes to the secret storage, not to the settings.',
        validateInput: (value) => (value === '' || parseHealthServerUrl(value) ? undefined : 'Expected redis://host:port/number, rediss:// for TLS, or postgres://user@host:port/pgbouncer (sslmode and sslrootcert may follow)'),
      });
      const parsed = text ? parseHealthServerUrl(text) : undefined;
      if (!parsed) return false;
      const server: HealthServerSetting = { ...parsed.server, ...(database === undefined ? {} : { databases: [database] }) };
      if (parsed.password !== undefined) await context.secrets.store(healthServerKey(server), parsed.password);
      else if (!(await storePassword(context, server))) return false;
      await vscode.workspace.getConfiguration('sargable').update(SETTING, saveHealthServer(ofUser(), server), vscode.ConfigurationTarget.Global);
      return true;
    },
  };
}

/** Empty: without one. False: given up. */
async function storePassword(context: vscode.ExtensionContext, server: HealthServerSetting): Promise<boolean> {
  const password = await vscode.window.showInputBox({
    title: `Password for ${describeHealthServer(server)}`, password: true, ignoreFocusOut: true,
    prompt: "Kept in the editor's secret storage, for this host, port and user only. Leave empty to connect without one.",
  });
  if (password === undefined) return false;
  if (password === '') await context.secrets.delete(healthServerKey(server));
  else await context.secrets.store(healthServerKey(server), password);
  return true;
}

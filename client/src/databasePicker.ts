import * as vscode from 'vscode';
import type { DatabaseSetting } from '../../protocol/settings';
import { describeDatabase, parseDatabaseUrl } from './databaseUrl';

/** What the user chose; a password only if it was part of a URL typed just now. */
export interface PickedDatabase {
  readonly database: DatabaseSetting;
  readonly password?: string;
}

/** Offers the known databases and a new one. A new one is saved in the user's settings, never in the workspace's. */
export async function askForDatabase(known: readonly DatabaseSetting[], currentName: string | undefined, title = 'Connect to a database'): Promise<PickedDatabase | undefined> {
  if (known.length === 0) return askForNewDatabase(known);
  const items: (vscode.QuickPickItem & { readonly database?: DatabaseSetting })[] = [
    ...known.map((database) => ({
      label: `$(database) ${database.name}`,
      description: describeDatabase(database),
      detail: [database.name === currentName ? 'connected' : '', database.production ? 'production' : ''].filter(Boolean).join(', ') || undefined,
      database,
    })),
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    { label: '$(add) Add a database…' },
  ];
  const picked = await vscode.window.showQuickPick(items, { title, placeHolder: 'Which database?', matchOnDescription: true });
  if (!picked) return undefined;
  return picked.database ? { database: picked.database } : askForNewDatabase(known);
}

async function askForNewDatabase(known: readonly DatabaseSetting[]): Promise<PickedDatabase | undefined> {
  const title = 'Add a database';
  const text = await vscode.window.showInputBox({
    title,
    prompt: 'URL of the database, or service=name of your pg_service.conf. A password in it goes to the secret storage, not to the settings.',
    placeHolder: 'postgres://user@host:5432/database?sslmode=require',
    ignoreFocusOut: true,
    validateInput: (value) => (value === '' || parseDatabaseUrl(value) ? undefined : 'Expected postgres://user@host:port/database (one host) or service=name'),
  });
  const parsed = text ? parseDatabaseUrl(text) : undefined;
  if (!parsed) return undefined;
  const name = await vscode.window.showInputBox({
    title,
    prompt: 'Name, as shown in the status bar',
    value: parsed.database.database ?? parsed.database.service,
    ignoreFocusOut: true,
    validateInput: (value) => (value.trim() === '' ? 'A name is needed' : known.some((database) => database.name === value.trim()) ? 'There is a database of this name' : undefined),
  });
  if (!name) return undefined;
  const kind = await vscode.window.showQuickPick(
    [
      { label: 'Development or staging', production: false },
      { label: 'Production', description: 'every EXPLAIN is asked for', production: true },
    ],
    { title, placeHolder: 'What kind of database is it?', ignoreFocusOut: true },
  );
  if (!kind) return undefined;
  const database: DatabaseSetting = { name: name.trim(), ...parsed.database, ...(kind.production ? { production: true } : {}) };
  const configuration = vscode.workspace.getConfiguration('sargable');
  const saved = configuration.inspect<DatabaseSetting[]>('databases')?.globalValue ?? [];
  await configuration.update('databases', [...saved, database], vscode.ConfigurationTarget.Global);
  return { database, ...(parsed.password ? { password: parsed.password } : {}) };
}

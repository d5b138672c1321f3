import * as vscode from 'vscode';
import type { ExplainParams } from '../../protocol/requests';
import type { DatabaseSetting } from '../../protocol/settings';

/** For which values and as which role a plan is made. */
export type Assumptions = Pick<ExplainParams, 'values' | 'role' | 'settings'>;

/** Asks for them; undefined if the user gave up. */
export async function askForAssumptions(hasParameters: boolean, database: DatabaseSetting | undefined): Promise<Assumptions | undefined> {
  const assumed = database?.role ? `as ${database.role}` : undefined;
  const items: (vscode.QuickPickItem & { readonly values?: 'common' | 'rare'; readonly role?: true })[] = [
    { label: 'Plan for any values', description: 'a generic plan' },
    ...(hasParameters ? [
      { label: 'Plan for common values', description: 'the most common of each column', values: 'common' as const },
      { label: 'Plan for rare values', description: 'the rarest that the statistics know', values: 'rare' as const },
    ] : []),
    { label: 'Plan as another role…', description: assumed, detail: 'For row-level security: SET LOCAL ROLE, and settings like app.tenant_id', role: true },
  ];
  const picked = await vscode.window.showQuickPick(items, { title: 'Explain', placeHolder: 'For which values, or as whom?' });
  if (!picked) return undefined;
  return picked.role ? askForRole(database) : picked.values ? { values: picked.values } : {};
}

async function askForRole(database: DatabaseSetting | undefined): Promise<Assumptions | undefined> {
  const role = await vscode.window.showInputBox({ title: 'Role to plan as', prompt: 'Leave empty for your own.', value: database?.role ?? '', ignoreFocusOut: true });
  if (role === undefined) return undefined;
  const known = Object.entries(database?.settings ?? {}).map(([name, value]) => `${name}=${value}`).join(', ');
  const text = await vscode.window.showInputBox({
    title: 'Settings to assume', prompt: 'name=value, separated by commas. Leave empty for none.', placeHolder: 'app.tenant_id=7', value: known, ignoreFocusOut: true,
    validateInput: (value) => (parseSettings(value) ? undefined : 'Expected name=value, separated by commas'),
  });
  const settings = text === undefined ? undefined : parseSettings(text);
  return settings && { ...(role === '' ? {} : { role }), settings };
}

/** `app.tenant_id=7, app.user=ann`; undefined for anything else. */
function parseSettings(text: string): Readonly<Record<string, string>> | undefined {
  const parts = text.split(',').map((part) => part.trim()).filter((part) => part !== '').map((part) => /^([^=\s]+)\s*=\s*(.*)$/.exec(part));
  return parts.includes(null) ? undefined : Object.fromEntries(parts.flatMap((part) => (part ? [[part[1] ?? '', part[2] ?? '']] : [])));
}

import { renameSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { CodeAction, TextDocumentEdit } from 'vscode-languageserver/node';
import { toUri } from '../../server/src/workspace/paths';
import { startLspClient, type LspClient } from '../support/lspClient';
import { makeWorkspace } from '../support/workspaceFolder';

const DB = "import { Pool } from 'pg';\nexport const pool = new Pool();\n";
const USERS = "import { pool } from './db';\nexport async function findUser(id: string) {\n  return (await pool.query('SELECT name FROM users WHERE id = $1', [id])).rows[0];\n}\n";
const CALLER = "import { findUser } from './users';\nexport async function names(ids: string[]) {\n  const result = [];\n  for (const id of ids) result.push(await findUser(id));\n  return result;\n}\n";

/** A second is what an editor may take until the other file says so; a loaded machine gets some more. */
const SOON = 1000 * (process.env['CI'] === undefined ? 5 : 1);

vi.setConfig({ testTimeout: 20_000 });

const workspace = makeWorkspace({ 'src/db.ts': DB, 'src/users.ts': USERS, 'src/caller.ts': CALLER });
const uri = (name: string): string => toUri(workspace.path(name));
const caller = uri('src/caller.ts');
let client: LspClient;

const lines = (): number[] => (client.published.get(caller)?.diagnostics ?? []).filter((d) => d.code === 'n-plus-one').map((d) => d.range.start.line);
const relatedFiles = (): string[] => [...new Set((client.published.get(caller)?.diagnostics ?? []).filter((d) => d.code === 'n-plus-one').flatMap((d) => d.relatedInformation ?? []).map((r) => r.location.uri))];
/** Tells the server of changed files (1 created, 2 changed, 3 deleted) and waits for the open file's new findings. */
async function after(changes: Readonly<Record<string, 1 | 2 | 3>>, test: () => boolean): Promise<number> {
  const started = performance.now();
  await client.notify('workspace/didChangeWatchedFiles', { changes: Object.entries(changes).map(([name, type]) => ({ uri: uri(name), type })) });
  await client.until(test);
  return performance.now() - started;
}

beforeAll(async () => {
  client = await startLspClient({ folder: workspace.folder, diagnostics: 'push' });
  await client.ready();
  await client.open(caller, 'typescript', CALLER);
  await client.until(() => lines().length > 0);
});
afterAll(async () => {
  await client?.stop();
  workspace.remove();
});

it('the query of another file is found from the open one', () => {
  expect(lines()).toEqual([3]);
  expect(relatedFiles()).toContain(uri('src/users.ts'));
});

it('a renamed file is lost, and found again by its new name', async () => {
  renameSync(workspace.path('src/users.ts'), workspace.path('src/people.ts'));
  expect(await after({ 'src/users.ts': 3, 'src/people.ts': 1 }, () => lines().length === 0)).toBeLessThan(SOON);
  const started = performance.now();
  await client.change(caller, [{ text: CALLER.replace('./users', './people') }]);
  await client.until(() => lines().length === 1);
  expect(performance.now() - started).toBeLessThan(SOON);
  expect(relatedFiles()).toContain(uri('src/people.ts'));
});

it('a file that is moved behind a re-export is followed', async () => {
  workspace.write('src/store/users.ts', USERS.replace('./db', '../db'));
  workspace.write('src/people.ts', "export { findUser } from './store/users';\n");
  expect(await after({ 'src/store/users.ts': 1, 'src/people.ts': 2 }, () => relatedFiles().includes(uri('src/store/users.ts')))).toBeLessThan(SOON);
  expect(lines()).toEqual([3]);
});

it('a change of what the function does reaches the open file', async () => {
  workspace.write('src/store/users.ts', 'export async function findUser(id: string) {\n  return { id };\n}\n');
  expect(await after({ 'src/store/users.ts': 2 }, () => lines().length === 0)).toBeLessThan(SOON);
  workspace.write('src/store/users.ts', USERS.replace('./db', '../db'));
  expect(await after({ 'src/store/users.ts': 2 }, () => lines().length === 1)).toBeLessThan(SOON);
});

it('an edit in another open file counts before it is saved', async () => {
  const text = USERS.replace('./db', '../db');
  await client.open(uri('src/store/users.ts'), 'typescript', text);
  const started = performance.now();
  await client.change(uri('src/store/users.ts'), [{ text: text.replace(/ {2}return .*\n/, '  return { id };\n') }]);
  await client.until(() => lines().length === 0);
  expect(performance.now() - started).toBeLessThan(SOON);
  await client.change(uri('src/store/users.ts'), [{ text }]);
  await client.until(() => lines().length === 1);
  await client.notify('textDocument/didClose', { textDocument: { uri: uri('src/store/users.ts') } });
});

it('a deleted file takes its findings along', async () => {
  rmSync(workspace.path('src/store/users.ts'));
  expect(await after({ 'src/store/users.ts': 3 }, () => lines().length === 0)).toBeLessThan(SOON);
});

it('a template is mended where its view reads the rows, as the view stands in the editor', async () => {
  const MODELS = 'from django.db import models\n\n\nclass Customer(models.Model):\n    name = models.TextField()\n\n\nclass Order(models.Model):\n    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)\n';
  const VIEWS = 'from django.shortcuts import render\nfrom .models import Order\n\n\ndef orders(request):\n    return render(request, "orders.html", {"orders": Order.objects.all()})\n';
  const PAGE = '{% for order in orders %}\n{{ order.customer.name }}\n{% endfor %}\n';
  const [page, views] = [uri('shop/templates/orders.html'), uri('shop/views.py')];
  for (const [name, text] of Object.entries({ 'shop/models.py': MODELS, 'shop/views.py': VIEWS, 'shop/templates/orders.html': PAGE })) workspace.write(name, text);
  await client.notify('workspace/didChangeWatchedFiles', { changes: ['shop/models.py', 'shop/views.py', 'shop/templates/orders.html'].map((name) => ({ uri: uri(name), type: 1 })) });
  const edited = `# not saved\n${VIEWS}`;
  await client.open(views, 'python', VIEWS);
  await client.change(views, [{ text: edited }]);
  await client.open(page, 'html', PAGE);
  const found = (): number[] => (client.published.get(page)?.diagnostics ?? []).filter((d) => d.code === 'n-plus-one').map((d) => d.range.start.line);
  await client.until(() => found().length > 0);
  expect(found()).toEqual([1]);
  const range = client.published.get(page)!.diagnostics[0]!.range;
  const actions = await client.request<CodeAction[]>('textDocument/codeAction', { textDocument: { uri: page }, range, context: { diagnostics: [] } });
  const fix = actions.find((action) => action.title === 'Load `customer` with the query (select_related)');
  const [change] = (fix?.edit?.documentChanges ?? []) as TextDocumentEdit[];
  expect(change?.textDocument.uri).toBe(views);
  expect(change?.edits).toEqual([{ range: { start: { line: 6, character: 72 }, end: { line: 6, character: 72 } }, newText: '.select_related("customer")' }]);
  // Asked for right after an edit of the view, long before the page is looked at again: at the view's new place, of its new version.
  await client.change(views, [{ text: `# once more\n${edited}` }]);
  const again = await client.request<CodeAction[]>('textDocument/codeAction', { textDocument: { uri: page }, range, context: { diagnostics: [] } });
  const [moved] = (again.find((action) => action.title === fix?.title)?.edit?.documentChanges ?? []) as TextDocumentEdit[];
  expect(moved).toMatchObject({ textDocument: { uri: views }, edits: [{ range: { start: { line: 7, character: 72 } } }] });
  expect(moved!.textDocument.version).toBeGreaterThan(change!.textDocument.version!);
  expect(JSON.stringify(actions)).toContain(JSON.stringify('{# sargable-disable-next-line n-plus-one: reason #}\n'));
  await client.change(views, [{ text: edited.replace('objects.all()', 'objects.all().select_related("customer")') }]);
  await client.until(() => found().length === 0);
});

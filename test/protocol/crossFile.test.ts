import { renameSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
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

import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { toUri } from '../../server/src/workspace/paths';
import { startLspClient, type LspClient } from '../support/lspClient';
import { makeWorkspace } from '../support/workspaceFolder';

// What the open document says depends on constants, clients and wrappers of other files.
const APP = "import { pool, run } from './db';\nimport { LIST } from './sql';\nexport async function f(id) {\n  await pool.query(LIST, [id]);\n  await run('SELECT id FROM orders ORDER BY id LIMIT 5 OFFSET 500');\n}\n";
const DB = "import { Pool } from 'pg';\nexport const pool = new Pool();\nexport const run = (text: string) => pool.query(text);\n";
const OFFSET = "export const LIST = 'SELECT id FROM orders WHERE team = $1 ORDER BY id LIMIT 5 OFFSET 500';\n";
const KEYSET = "export const LIST = 'SELECT id FROM orders WHERE team = $1 ORDER BY id LIMIT 5';\n";

let client: LspClient;
const workspace = makeWorkspace({ 'src/app.ts': APP, 'src/db.ts': DB, 'src/sql.ts': OFFSET, 'migrations/1.sql': 'CREATE TABLE orders (id bigint PRIMARY KEY, team bigint NOT NULL);\n' });
const uri = toUri(workspace.path('src/app.ts'));
const lines = async (): Promise<number[]> => (await client.pull(uri)).filter((one) => one.code === 'offset-pagination').map((one) => one.range.start.line).sort();
/** Within a second the open document's findings are these. */
async function become(expected: readonly number[]): Promise<void> {
  const start = performance.now();
  while (JSON.stringify(await lines()) !== JSON.stringify(expected) && performance.now() - start < 5000) await sleep(20);
  expect(await lines()).toEqual(expected);
}
const changed = (name: string, type: 1 | 2 | 3): Promise<void> => client.notify('workspace/didChangeWatchedFiles', { changes: [{ uri: toUri(workspace.path(name)), type }] });

beforeAll(async () => {
  client = await startLspClient({ folder: workspace.folder });
  await client.ready();
  await client.open(uri, 'typescript', APP);
});
afterAll(async () => {
  await client?.stop();
  workspace.remove();
});

it('a constant and a wrapper of other files are seen', () => become([3, 4]));

it('a constant that changes on disk', async () => {
  workspace.write('src/sql.ts', KEYSET);
  await changed('src/sql.ts', 2);
  await become([4]);
});

it('a constant that changes in another open document, before it is saved', async () => {
  const other = toUri(workspace.path('src/sql.ts'));
  await client.open(other, 'typescript', KEYSET);
  await client.change(other, [{ text: OFFSET }]);
  await become([3, 4]);
  await client.change(other, [{ text: KEYSET }]);
  await become([4]);
  await client.notify('textDocument/didClose', { textDocument: { uri: other } });
});

it('a file that is renamed, and found again by a re-export', async () => {
  workspace.write('src/sql.ts', OFFSET);
  await changed('src/sql.ts', 2);
  await become([3, 4]);
  fs.renameSync(workspace.path('src/sql.ts'), workspace.path('src/texts.ts'));
  await changed('src/sql.ts', 3);
  await changed('src/texts.ts', 1);
  await become([4]);
  workspace.write('src/sql.ts', "export * from './texts';\n");
  await changed('src/sql.ts', 1);
  await become([3, 4]);
});

it('a wrapper that is deleted, and one that becomes another function', async () => {
  workspace.write('src/db.ts', "import { Pool } from 'pg';\nexport const pool = new Pool();\nexport const run = (text: string) => console.log(text);\n");
  await changed('src/db.ts', 2);
  fs.rmSync(workspace.path('src/texts.ts'));
  await changed('src/texts.ts', 3);
  // The text alone still says that `run` is given SQL.
  await become([4]);
});

import type { CodeAction, CodeLens, Hover } from 'vscode-languageserver/node';
import { afterEach, describe, expect, it } from 'vitest';
import { connectRequest, lintWorkspaceRequest, siteAtRequest, type ConnectResult, type LintWorkspaceResult, type SiteAtResult } from '../../protocol/requests';
import { toUri } from '../../server/src/workspace/paths';
import { startLspClient, type LspClient, type LspClientOptions } from '../support/lspClient';
import { makeWorkspace } from '../support/workspaceFolder';

const SCHEMA = 'CREATE TABLE orders (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, created_at timestamptz NOT NULL, note text);\n';
const PAGE = 'SELECT id, note FROM orders WHERE tenant_id = 1 ORDER BY created_at DESC, id DESC LIMIT 20 OFFSET 400;\n';

let client: LspClient | undefined;
let workspace: ReturnType<typeof makeWorkspace> | undefined;
afterEach(async () => {
  await client?.stop();
  workspace?.remove();
  client = workspace = undefined;
});

async function start(files: Record<string, string>, options: LspClientOptions = {}): Promise<LspClient> {
  workspace = makeWorkspace(files);
  client = await startLspClient({ folder: workspace.folder, ...options });
  await client.ready();
  return client;
}
const uriOf = (name: string): string => toUri(workspace?.path(name) ?? name);

describe('diagnostics', () => {
  it('are pulled with exact ranges', async () => {
    const c = await start({ 'schema.sql': SCHEMA });
    await c.open(uriOf('a.sql'), 'sql', `-- 😀\r\n${PAGE}`);
    const found = (await c.pull(uriOf('a.sql'))).find((d) => d.code === 'offset-pagination');
    expect(found?.range).toEqual({ start: { line: 1, character: PAGE.indexOf('OFFSET') }, end: { line: 1, character: PAGE.indexOf(';') } });
    expect(found?.source).toBe('sargable');
    expect(found?.codeDescription?.href).toMatch(/^file:.*docs\/rules\/offset-pagination\.md$/);
  });

  it('follow incremental edits, after wide characters too', async () => {
    const c = await start({ 'schema.sql': SCHEMA });
    const uri = uriOf('a.sql');
    await c.open(uri, 'sql', `/* 😀 */ ${PAGE}`);
    expect((await c.pull(uri)).map((d) => d.code)).toContain('offset-pagination');
    const at = `/* 😀 */ ${PAGE}`.indexOf(' OFFSET 400');
    await c.change(uri, [{ range: { start: { line: 0, character: at }, end: { line: 0, character: at + ' OFFSET 400'.length } }, text: '' }]);
    expect((await c.pull(uri)).map((d) => d.code)).not.toContain('offset-pagination');
    await c.change(uri, [{ range: { start: { line: 0, character: at }, end: { line: 0, character: at } }, text: ' OFFSET 7' }, { range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }, text: '\n' }]);
    const again = (await c.pull(uri)).find((d) => d.code === 'offset-pagination');
    expect(again?.range).toEqual({ start: { line: 1, character: at + 1 }, end: { line: 1, character: at + ' OFFSET 7'.length } });
  });

  it('are pushed with the version to clients that cannot pull', async () => {
    const c = await start({ 'schema.sql': SCHEMA }, { diagnostics: 'push' });
    expect(c.initialized.capabilities.diagnosticProvider).toBeUndefined();
    const uri = uriOf('a.sql');
    await c.open(uri, 'sql', PAGE);
    await c.until(() => c.published.get(uri)?.diagnostics.some((d) => d.code === 'offset-pagination') === true);
    const { version = 0 } = c.published.get(uri) ?? {};
    await c.change(uri, [{ text: 'SELECT 1 AS one;' }]);
    await c.until(() => (c.published.get(uri)?.version ?? 0) > version && c.published.get(uri)?.diagnostics.length === 0);
    expect(c.published.get(uri)?.diagnostics).toEqual([]);
  });

  it('count in UTF-8 units where the client takes nothing else', async () => {
    const c = await start({ 'schema.sql': SCHEMA }, { positionEncodings: ['utf-8'] });
    expect(c.initialized.capabilities.positionEncoding).toBe('utf-8');
    await c.open(uriOf('a.sql'), 'sql', `/* 😀é */ ${PAGE}`);
    const found = (await c.pull(uriOf('a.sql'))).find((d) => d.code === 'offset-pagination');
    expect(found?.range.start.character).toBe(Buffer.from(`/* 😀é */ ${PAGE.slice(0, PAGE.indexOf('OFFSET'))}`).length);
  });

  it('see a query in another file, with the path as related places', async () => {
    const c = await start({
      'users.ts': "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function findUser(id: string) {\n  return (await pool.query('SELECT id, name FROM users WHERE id = $1', [id])).rows[0];\n}\n",
      'main.ts': "import { findUser } from './users';\nexport async function names(ids: string[]) {\n  const out = [];\n  for (const id of ids) {\n    out.push(await findUser(id));\n  }\n  return out;\n}\n",
    });
    await c.open(uriOf('main.ts'), 'typescript', workspace?.read('main.ts') ?? '');
    const found = (await c.pull(uriOf('main.ts'))).find((d) => d.code === 'n-plus-one');
    expect(found?.range).toEqual({ start: { line: 4, character: 19 }, end: { line: 4, character: 27 } });
    expect(found?.relatedInformation?.some((r) => r.location.uri.endsWith('/users.ts') && r.location.range.start.line === 3)).toBe(true);
  });
});

describe('settings', () => {
  it('are obeyed when they change', async () => {
    const c = await start({ 'schema.sql': SCHEMA });
    await c.open(uriOf('a.sql'), 'sql', PAGE);
    await c.configure({ rules: { 'offset-pagination': 'off' } });
    await c.until(() => c.status !== undefined);
    for (let i = 0; i < 50 && (await c.pull(uriOf('a.sql'))).some((d) => d.code === 'offset-pagination'); i++) await new Promise((r) => setTimeout(r, 20));
    expect((await c.pull(uriOf('a.sql'))).map((d) => d.code)).not.toContain('offset-pagination');
  });
  it('a typo is told once, with what was meant', async () => {
    const c = await start({}, { settings: { rules: { 'offset-paginaton': 'off' } } });
    expect(c.messages).toEqual([expect.stringContaining("did you mean 'offset-pagination'?")]);
  });
  it('an unreadable schema and configuration are told, and the server lives', async () => {
    const c = await start({ 'sargable.config.json': '{ "schema": ["nowhere.sql"], "rules": { "x": "off" } }' });
    expect(c.messages.join('\n')).toMatch(/unknown rule 'x'/);
    await c.configure({ schema: ['nowhere.sql'] });
    await c.open(uriOf('a.sql'), 'sql', PAGE);
    expect((await c.pull(uriOf('a.sql'))).length).toBeGreaterThan(0);
  });
});

describe('code actions', () => {
  it('rewrite to keyset, disable, and fix all', async () => {
    const c = await start({ 'schema.sql': SCHEMA });
    const uri = uriOf('a.sql');
    await c.open(uri, 'sql', `${PAGE.replace('id, note', 'id, created_at')}SELECT id FROM orders WHERE tenant_id = 1 ORDER BY created_at LIMIT $1;\n`);
    const at = { line: 0, character: PAGE.indexOf('OFFSET') + 9 };
    const range = { start: at, end: at };
    const actions = await c.request<CodeAction[]>('textDocument/codeAction', { textDocument: { uri }, range, context: { diagnostics: [] } });
    expect(actions.map((a) => a.title)).toContain('Disable offset-pagination for this line');
    expect(actions.some((a) => a.title.startsWith('Page by key instead of OFFSET'))).toBe(true);
    const all = await c.request<CodeAction[]>('textDocument/codeAction', { textDocument: { uri }, range, context: { diagnostics: [], only: ['source.fixAll'] } });
    expect(all).toHaveLength(1);
    expect(JSON.stringify(all[0]?.edit)).toContain(', id');
  });
});

it('hover shows the SQL of a chain, a table and a rule', async () => {
  const c = await start({ 'schema.sql': SCHEMA });
  const text = "import createKnex from 'knex';\nconst knex = createKnex({ client: 'pg' });\nexport const q = (t: number) => knex('orders').select('id').where('tenant_id', t).limit(5);\n";
  await c.open(uriOf('q.ts'), 'typescript', text);
  const hover = await c.request<Hover>('textDocument/hover', { textDocument: { uri: uriOf('q.ts') }, position: { line: 2, character: text.split('\n')[2]?.indexOf('.where') ?? 0 } });
  expect(JSON.stringify(hover.contents)).toMatch(/SELECT .*id.* FROM .*orders.* WHERE .*tenant_id.* = \$1 .*LIMIT 5/s);
  await c.open(uriOf('a.sql'), 'sql', PAGE);
  const table = await c.request<Hover>('textDocument/hover', { textDocument: { uri: uriOf('a.sql') }, position: { line: 0, character: PAGE.indexOf('orders') + 1 } });
  expect(JSON.stringify(table.contents)).toContain('public.orders');
  const rule = await c.request<Hover>('textDocument/hover', { textDocument: { uri: uriOf('a.sql') }, position: { line: 0, character: PAGE.indexOf('OFFSET') + 1 } });
  expect(JSON.stringify(rule.contents)).toContain('offset-pagination');
});

it('code lenses stand on queries, not on DDL', async () => {
  const c = await start({ 'schema.sql': SCHEMA });
  await c.open(uriOf('a.sql'), 'sql', `${SCHEMA}${PAGE}`);
  const lenses = await c.request<CodeLens[]>('textDocument/codeLens', { textDocument: { uri: uriOf('a.sql') } });
  expect(lenses.map((l) => [l.range.start.line, l.command?.title])).toEqual([[1, 'Explain']]);
});

it('siteAt gives the statement with its placeholders numbered', async () => {
  const c = await start({});
  const text = "import psycopg\n\ndef f(conn: psycopg.Connection, a, b):\n    return conn.execute('SELECT id FROM t WHERE a = %s AND b = %s', (a, b)).fetchall()\n";
  await c.open(uriOf('f.py'), 'python', text);
  const site = await c.request<SiteAtResult>(siteAtRequest, { uri: uriOf('f.py'), position: { line: 3, character: 40 } });
  expect(site.sql).toBe('SELECT id FROM t WHERE a = $1 AND b = $2');
  expect(site.parameters.map((p) => p.name)).toEqual(['a', 'b']);
});

it('lints the workspace, closed files too, and takes back what was fixed', async () => {
  const c = await start({ 'schema.sql': SCHEMA, 'a.sql': PAGE });
  const result = await c.request<LintWorkspaceResult>(lintWorkspaceRequest, {});
  expect(result.findings).toBeGreaterThan(0);
  expect(c.published.get(uriOf('a.sql'))?.diagnostics.map((d) => d.code)).toContain('offset-pagination');
  workspace?.write('a.sql', 'SELECT 1 AS one;\n');
  await c.notify('workspace/didChangeWatchedFiles', { changes: [{ uri: uriOf('a.sql'), type: 2 }] });
  await c.request(lintWorkspaceRequest, {});
  expect(c.published.get(uriOf('a.sql'))?.diagnostics).toEqual([]);
});

it('connects to nothing in an untrusted workspace', async () => {
  const c = await start({}, { trusted: false });
  const result = await c.request<ConnectResult>(connectRequest, { name: 'x', url: 'postgres://u:p@127.0.0.1:1/x' });
  expect(result).toEqual({ ok: false, error: expect.stringContaining('not trusted') as string });
});

it('says what is wrong with a database, without its password', async () => {
  const c = await start({});
  const refused = await c.request<ConnectResult>(connectRequest, { name: 'x', url: 'postgres://u:geheim@127.0.0.1:1/x' });
  expect(refused).toMatchObject({ ok: false, error: expect.stringMatching(/127\.0\.0\.1:1/) as string });
  expect(JSON.stringify(refused)).not.toContain('geheim');
});

it('lives through garbage, half-typed SQL, deep nesting and edits in between', async () => {
  const c = await start({});
  const uri = uriOf('g.sql');
  await c.open(uri, 'sql', '');
  const pieces = ["SELECT '", '"', '$$', '/*', '(', ')', 'FROM', '😀', '\u0000', ';;', 'ORDER BY', '\r', '\\copy', 'CASE', '::', '$1', 'x'.repeat(100)];
  let seed = 7;
  const random = (n: number): number => (seed = (seed * 48271) % 2147483647) % n;
  for (let i = 0; i < 150; i++) {
    const position = { line: random(4), character: random(40) };
    await c.change(uri, [{ range: { start: position, end: position }, text: ` ${pieces[random(pieces.length)] ?? ''} ` }]);
    if (i % 10 === 0) expect(Array.isArray(await c.pull(uri))).toBe(true);
  }
  await c.change(uri, [{ text: `SELECT ${'('.repeat(20_000)}1` }]);
  expect(Array.isArray(await c.pull(uri))).toBe(true);
  await c.open(uriOf('g.ts'), 'typescript', `const a = \`SELECT ${'${'.repeat(500)}`);
  expect(Array.isArray(await c.pull(uriOf('g.ts')))).toBe(true);
  await c.change(uri, [{ text: PAGE }]);
  expect((await c.pull(uri)).map((d) => d.code)).toContain('offset-pagination');
});

it('every workspace folder has its own schema and configuration', async () => {
  workspace = makeWorkspace({
    'a/schema.sql': 'CREATE TABLE small (id bigint PRIMARY KEY, v text);\n', 'a/sargable.config.json': '{ "rules": { "offset-pagination": "off" } }',
    'b/schema.sql': 'CREATE TABLE small (id bigint PRIMARY KEY, v text);\n', 'b/sargable.config.json': '{ "assume": { "small": 5000000 } }',
  });
  client = await startLspClient({ folders: [workspace.path('a'), workspace.path('b')] });
  await client.ready();
  for (const name of ['a', 'b']) await client.open(uriOf(`${name}/q.sql`), 'sql', 'SELECT id FROM small ORDER BY id LIMIT 5 OFFSET 700;\n');
  expect(await client.pull(uriOf('a/q.sql'))).toEqual([]);
  expect((await client.pull(uriOf('b/q.sql')))[0]?.message).toContain('5,000,000 rows');
});

it('is ready and lints for a client that does not tell of workspace folders', async () => {
  const c = await start({ 'schema.sql': SCHEMA, 'a.sql': PAGE }, { workspaceFolders: false });
  expect(c.status?.tables).toBe(1);
  await c.open(uriOf('a.sql'), 'sql', PAGE);
  expect((await c.pull(uriOf('a.sql'))).map(({ code }) => code)).toContain('offset-pagination');
});

it('an untitled document is read in the language that the editor names', async () => {
  const c = await start({});
  await c.open('untitled:Untitled-1', 'sql', PAGE);
  expect((await c.pull('untitled:Untitled-1')).map((d) => d.code)).toContain('offset-pagination');
});

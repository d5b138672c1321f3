import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectRequest, explainRequest, lintWorkspaceRequest, parameterValuesRequest, testConnectionRequest, type ConnectResult, type ExplainResult, type TestConnectionResult } from '../../protocol/requests';
import { toUri } from '../../server/src/workspace/paths';
import { runCli } from '../support/cli';
import { startLspClient, type LspClient } from '../support/lspClient';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { makeWorkspace } from '../support/workspaceFolder';

/** The password, a wrong one, and a value of a row: none may be seen anywhere. */
const PASSWORD = "s3same-ö@:/#?'%";
const WRONG = 'wr0ng-geheim@x';
const VALUE = 'row-value-4711';
const forms = (secret: string): string[] => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString('base64')];
const SECRETS = [...forms(PASSWORD), ...forms(WRONG)];

const TEXT = "import { Pool } from 'pg';\nconst pool = new Pool();\nexport const find = (owner: string) => pool.query('SELECT * FROM accounts WHERE owner = $1', [owner]);\nexport const bad = () => pool.query('SELECT nothing FROM accounts');\n";

let database: TestDatabase;
let workspace: ReturnType<typeof makeWorkspace>;
let client: LspClient;
/** All that anybody could read: output of the command line, messages of the server. */
const seen: { readonly where: string; readonly text: string }[] = [];
const url = (password: string, more: Partial<{ host: string; port: string; database: string }> = {}): string => {
  const { hostname, port } = new URL(database.url);
  return `postgres://sargable_keeper:${encodeURIComponent(password)}@${more.host ?? hostname}:${more.port ?? port}/${more.database ?? database.name}`;
};

beforeAll(async () => {
  database = await createDatabase(`
    do $$ begin create role sargable_keeper login; exception when duplicate_object or unique_violation then null; end $$;
    alter role sargable_keeper password '${PASSWORD.replaceAll("'", "''")}';
    create table accounts (id bigint primary key, owner text, guarded int);
    insert into accounts select n, case when n % 3 = 0 then 'other' else '${VALUE}' end, n from generate_series(1, 3000) n;
    grant select on accounts to sargable_keeper; create table closed (id int); analyze accounts`);
  workspace = makeWorkspace({ 'q.ts': TEXT });
  client = await startLspClient({ folder: workspace.folder });
  await client.ready();
  await client.open(toUri(workspace.path('q.ts')), 'typescript', TEXT);
});
afterAll(async () => {
  await client.stop();
  await database.drop();
  workspace.remove();
});

const cli = async (...args: string[]): Promise<number | null> => {
  const { status, stdout, stderr } = await runCli(args, { cwd: workspace.folder });
  seen.push({ where: args.slice(0, 2).join(' '), text: `${stdout}\n${stderr}` });
  return status;
};

it('connections that work and that fail, explanations and errors of the language server', async () => {
  const connect = (name: string, address: string): Promise<ConnectResult> => client.request(connectRequest, { name, url: address });
  expect(await connect('wrong', url(WRONG))).toMatchObject({ ok: false, code: '28P01' });
  expect(await connect('missing', url(PASSWORD, { database: 'no_such' }))).toMatchObject({ ok: false });
  expect(await connect('dead', url(PASSWORD, { port: '1' }))).toMatchObject({ ok: false });
  expect(await connect('unknown', url(PASSWORD, { host: 'no-such-host.invalid' }))).toMatchObject({ ok: false });
  for (const broken of [`postgres://u:${PASSWORD}@h/d`, `mysql://u:${WRONG}@h/d`, `host=a,b password='${WRONG}'`, `postgres://u:${encodeURIComponent(PASSWORD)}@h:x/d`, `postgres://u:${encodeURIComponent(PASSWORD)}@a,b/d`, `postgres://u:${encodeURIComponent(PASSWORD)}@h/d?sslmode=nonsense`]) {
    expect(await connect('broken', broken)).toMatchObject({ ok: false });
  }
  expect(await connect('shop', url(PASSWORD))).toMatchObject({ ok: true });
  expect(await client.request<TestConnectionResult>(testConnectionRequest, { name: 'shop', url: url(PASSWORD) })).toMatchObject({ ok: true });
  expect(await client.request<TestConnectionResult>(testConnectionRequest, { name: 'shop', url: url(WRONG) })).toMatchObject({ ok: false });
  const target = (line: number): object => ({ target: { uri: toUri(workspace.path('q.ts')), position: { line, character: TEXT.split('\n')[line]!.indexOf('pool.query') } }, connection: 'shop' });
  for (const more of [{ analyze: false }, { analyze: true }, { analyze: true, parameters: ['x'] }, { analyze: false, role: 'no_such_role' }]) {
    for (const line of [2, 3]) await client.request<ExplainResult>(explainRequest, { ...target(line), ...more });
  }
  await client.pull(toUri(workspace.path('q.ts')));
  await client.request(lintWorkspaceRequest, {});
  seen.push({ where: 'language server', text: client.wire });
});

it('the command line, with a database that is there and one that is not', async () => {
  for (const address of [url(PASSWORD), url(WRONG), url(PASSWORD, { port: '1' }), url(PASSWORD, { database: 'no_such' }), `postgres://u:${PASSWORD}@h/d`]) {
    await cli('check', '--database', address, '--timing');
    await cli('explain', '--sql', 'select * from accounts where id = 1', '--database', address);
    await cli('explain', '--sql', 'select nothing', '--database', address, '--format', 'json');
    await cli('schema', 'pull', '--database', address);
  }
  expect(seen.length).toBe(21);
});

it('none of it shows a password', () => {
  for (const { where, text } of seen) for (const secret of SECRETS) expect(text.includes(secret), `${where} shows ${secret}`).toBe(false);
});

it('no file of the workspace holds a password, nor a value of a row', () => {
  const files = fs.readdirSync(workspace.folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) for (const secret of [...SECRETS, VALUE]) expect(fs.readFileSync(file, 'utf8').includes(secret), `${file} holds ${secret}`).toBe(false);
});

it('values of rows are seen where a person asks for them, and nowhere else', async () => {
  for (const { where, text } of seen.filter((part) => part.where !== 'language server')) expect(text.includes(VALUE), where).toBe(false);
  const before = client.wire.length;
  await client.request(parameterValuesRequest, { target: { sql: 'select * from accounts where owner = $1' }, connection: 'shop' });
  expect(client.wire.slice(before)).toContain(VALUE);
});

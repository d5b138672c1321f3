import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectRequest, explainRequest, lintWorkspaceRequest, parameterValuesRequest, type ConnectResult, type ExplainResult, type LintWorkspaceResult, type ParameterValuesResult } from '../../protocol/requests';
import { toUri } from '../../server/src/workspace/paths';
import { attacks, attackSchema, contentsOf, MARK, openVictim } from '../support/attacks';
import { runCli } from '../support/cli';
import { startLspClient, type LspClient } from '../support/lspClient';
import { createDatabase, serverFolder, type TestDatabase } from '../support/postgres';
import { makeWorkspace } from '../support/workspaceFolder';

/** A workspace in which every query is an attack, linted and explained while connected to a real server that logs all it runs. */
let database: TestDatabase;
let victim: Awaited<ReturnType<typeof openVictim>>;
let client: LspClient;
let workspace: ReturnType<typeof makeWorkspace>;
let list: readonly string[];
let script: string;
let before: unknown;
let logStart = 0;

const logFile = (): string => path.join(serverFolder(), 'data.log');
/** What the server has run for anybody since the attacks were set up, that holds the mark of an attack. */
const attacksInLog = (): string[] => fs.readFileSync(logFile()).subarray(logStart).toString('utf8').split('\n').filter((line) => line.includes(MARK));
const lineOf = (index: number): { line: number; character: number } => {
  const line = script.split('\n').findIndex((text) => text.startsWith(`export const q${index} `));
  return { line, character: script.split('\n')[line]!.indexOf('pool.query') };
};
const explain = (index: number, more: object = {}): Promise<ExplainResult> =>
  client.request(explainRequest, { target: { uri: toUri(workspace.path('attacks.ts')), position: lineOf(index) }, connection: 'shop', analyze: false, ...more });

beforeAll(async () => {
  database = await createDatabase();
  await database.query(attackSchema(database.url));
  victim = await openVictim(database.url);
  list = attacks(victim.pid);
  script = ["import { Pool } from 'pg';", 'const pool = new Pool();', ...list.map((sql, i) => `export const q${i} = () => pool.query(${JSON.stringify(sql)});`), ''].join('\n');
  workspace = makeWorkspace({ 'attacks.ts': script, 'attacks.sql': `${list.join(';\n')};\n`, 'schema.sql': 'create table ledger (id bigserial primary key, owner text not null, amount int not null);' });
  before = await contentsOf(database);
  logStart = fs.statSync(logFile()).size;
  client = await startLspClient({ folder: workspace.folder });
  await client.ready();
});
afterAll(async () => {
  await client?.stop();
  await victim?.close();
  await database?.drop();
  workspace?.remove();
});

describe('linting', () => {
  it('in the editor sends none of them', async () => {
    expect(await client.request<ConnectResult>(connectRequest, { name: 'shop', url: database.url })).toMatchObject({ ok: true });
    for (const [file, language, text] of [['attacks.ts', 'typescript', script], ['attacks.sql', 'sql', workspace.read('attacks.sql')]] as const) {
      const uri = toUri(workspace.path(file));
      await client.open(uri, language, text);
      const diagnostics = await client.pull(uri);
      expect(diagnostics.length).toBeGreaterThan(0);
      const whole = { start: { line: 0, character: 0 }, end: { line: text.split('\n').length, character: 0 } };
      await client.request('textDocument/codeAction', { textDocument: { uri }, range: whole, context: { diagnostics } });
      await client.request('textDocument/codeLens', { textDocument: { uri } });
      await client.request('textDocument/hover', { textDocument: { uri }, position: lineOf(3) });
      await client.change(uri, [{ range: { start: whole.end, end: whole.end }, text: '\n' }]);
      await client.pull(uri);
    }
    expect((await client.request<LintWorkspaceResult>(lintWorkspaceRequest, {})).queries).toBeGreaterThanOrEqual(list.length);
    expect(attacksInLog()).toEqual([]);
    expect(await contentsOf(database)).toEqual(before);
  });
  it('on the command line sends none of them', async () => {
    const result = await runCli(['check', '--database', database.url, '--format', 'json'], { cwd: workspace.folder });
    expect(JSON.parse(result.stdout)).toMatchObject({ summary: { files: 3 } });
    expect(attacksInLog()).toEqual([]);
    expect(await contentsOf(database)).toEqual(before);
  });
  it('the server was really there and logged what we asked of it', () => {
    expect(fs.readFileSync(logFile()).subarray(logStart).toString('utf8')).toMatch(/sargable\|LOG: [^|]*pg_get_viewdef/);
  });
});

describe('a clicked EXPLAIN changes nothing', () => {
  it('of any of them', async () => {
    const outcomes: Record<string, number> = {};
    for (const index of list.keys()) {
      const result = await explain(index);
      outcomes[result.kind] = (outcomes[result.kind] ?? 0) + 1;
      expect(await contentsOf(database), list[index]).toEqual(before);
    }
    expect(outcomes['refused']).toBeGreaterThanOrEqual(15);
    expect(outcomes['plan']).toBeGreaterThan(10);
    // Now they are in the log: linting would have been seen there too.
    expect(attacksInLog().length).toBeGreaterThan(10);
    expect(await victim.isAlive()).toBe(true);
    expect(victim.heard).toEqual([]);
  });
  it('with ANALYZE none of them runs without a second question', async () => {
    for (const [index, sql] of list.entries()) {
      const result = await explain(index, { analyze: true });
      expect(await contentsOf(database), sql).toEqual(before);
      // Of several statements the one at the cursor is meant, here a harmless SELECT; hostile names are harmless between quotes.
      expect(result.kind, sql).toBe(sql.includes('"x""') || sql.startsWith(`select '${MARK}';`) ? 'plan' : 'refused');
    }
    expect(await victim.isAlive()).toBe(true);
    expect(victim.heard).toEqual([]);
  });
  it('with the functions vouched for, a read-only transaction still stops what writes', async () => {
    const index = list.findIndex((sql) => sql.includes('zap_mark_immutable'));
    expect(await explain(index)).toMatchObject({ kind: 'refused', consent: 'functions', functions: ['public.zap_mark_immutable'], canOverride: true });
    expect(await explain(index, { allowFunctions: ['public.zap_mark_immutable'] })).toMatchObject({ kind: 'error', code: '25006' });
    expect(await contentsOf(database)).toEqual(before);
  });
  it('what a person agrees to is rolled back', async () => {
    for (const index of list.flatMap((sql, i) => (/^(?:insert|delete|with|merge)/.test(sql) ? [i] : []))) expect(await explain(index, { analyze: true, allowWrites: true }), list[index]).toMatchObject({ kind: 'plan', analyzed: true });
    // An INSERT draws from its sequence: that is on the list the person saw.
    const sequences = expect.anything() as unknown;
    expect(await contentsOf(database)).toEqual({ ...(before as object), sequences });
  });
  it('values are proposed for columns with hostile names', async () => {
    const sql = 'select * from "a""; drop table ledger; --" where "x""; drop table ledger; --" = $1 and "\'); drop table ledger; --" = $2';
    const found = await client.request<ParameterValuesResult>(parameterValuesRequest, { target: { sql }, connection: 'shop', sample: true });
    expect(found).toMatchObject({ parameters: [{ suggestions: [{ label: 'most common', detail: '33 % of rows' }, { label: 'rare' }] }, { suggestions: [{ label: 'median' }, { label: '99th percentile' }] }] });
  });
  it('a role without grants gets an answer, and nothing else', async () => {
    await database.query(`do $$ begin create role sargable_nobody login password 'nobody_secret'; exception when duplicate_object or unique_violation then null; end $$`);
    const url = new URL(database.url);
    [url.username, url.password] = ['sargable_nobody', 'nobody_secret'];
    expect(await client.request<ConnectResult>(connectRequest, { name: 'nobody', url: url.href })).toMatchObject({ ok: true });
    const result = await client.request<ExplainResult>(explainRequest, { target: { sql: 'select * from ledger where id = $1' }, connection: 'nobody', analyze: false });
    expect(result).toMatchObject({ kind: 'error', code: '42501' });
    expect(await client.request<ParameterValuesResult>(parameterValuesRequest, { target: { sql: 'select * from ledger where owner = $1' }, connection: 'nobody' })).toMatchObject({ parameters: [{ suggestions: [] }] });
  });
});

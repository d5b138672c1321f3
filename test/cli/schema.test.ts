import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runCli, type CliResult } from '../support/cli';
import { createDatabase } from '../support/postgres';
import type { TestDatabase } from '../support/postgres';
import { makeWorkspace } from '../support/workspaceFolder';

const first = 'CREATE TABLE orders (id bigint PRIMARY KEY, customer text NOT NULL, created_at timestamptz NOT NULL);\nCREATE INDEX orders_customer ON orders (customer);\n';
const second = 'CREATE TABLE refunds (id int PRIMARY KEY);\nALTER TABLE orders ADD COLUMN refunded_at timestamptz;\nCREATE INDEX orders_refunded ON orders (refunded_at);\nDROP INDEX orders_customer;\n';

let database: TestDatabase;
let workspace: ReturnType<typeof makeWorkspace>;
beforeAll(async () => {
  database = await createDatabase(first);
  await database.query(`insert into orders select n, 'SECRET-' || case when n % 2 = 0 then n % 5 else n end, now() from generate_series(1, 20000) n`);
  await database.query('analyze');
});
afterEach(() => workspace.remove());
afterAll(() => database?.drop());

const sargable = (...args: readonly string[]): Promise<CliResult> => runCli(args, { cwd: workspace.folder, env: { XDG_STATE_HOME: workspace.path('state'), HOME: workspace.path('home') } });
const pull = (...args: readonly string[]): Promise<CliResult> => sargable('schema', 'pull', '--database', database.url, ...args);
const snapshotText = (folder = '.sargable'): string => ['meta.json', 'schema/public.orders.json'].map((file) => workspace.read(path.join(folder, file))).join('');

describe('sargable schema pull', () => {
  it('writes the snapshot with tokens, keeps the secret outside, and writes nothing the second time', async () => {
    workspace = makeWorkspace({ 'migrations/0001_first.sql': first });
    const { status, stdout, stderr } = await pull();
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^\.sargable: 1 relation of test_\S+ \(PostgreSQL \d+\.\d+\), values as tokens; 4 files written, 0 unchanged, 0 removed\nThe secret of the tokens is new and kept in .*state.sargable.salts.[0-9a-f]{32}, outside the repository/);
    expect(snapshotText()).not.toMatch(/SECRET|postgres:|sargable@|password/i);
    const [salt] = fs.readdirSync(workspace.path('state/sargable/salts'));
    const secret = workspace.read(`state/sargable/salts/${salt}`).trim();
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(snapshotText()).not.toContain(secret);
    if (process.platform !== 'win32') expect(fs.statSync(workspace.path(`state/sargable/salts/${salt}`)).mode & 0o077).toBe(0);
    const again = await pull();
    expect(again.stdout).toMatch(/0 files written, 4 unchanged, 0 removed\n$/);
    expect(JSON.stringify([again, stdout])).not.toContain(new URL(database.url).password + '@');
  });

  it('makes the same tokens under SARGABLE_SNAPSHOT_SALT anywhere, and refuses a short one', async () => {
    workspace = makeWorkspace({});
    const pullWith = (salt: string, output: string) => runCli(['schema', 'pull', '--output', output], { cwd: workspace.folder, env: { SARGABLE_DATABASE_URL: database.url, SARGABLE_SNAPSHOT_SALT: salt, HOME: workspace.path('home') } });
    const results = [await pullWith('a secret of the team', 'a'), await pullWith('a secret of the team', 'b'), await pullWith('short', 'c')];
    expect(results.map(({ status }) => status)).toEqual([0, 0, 2]);
    expect(results[2]?.stderr).toMatch(/SARGABLE_SNAPSHOT_SALT is shorter than 16 characters/);
    expect(workspace.read('a/schema/public.orders.json')).toBe(workspace.read('b/schema/public.orders.json'));
    expect(fs.existsSync(workspace.path('home'))).toBe(false);
  });

  it('takes the values from the flag, else from the setting', async () => {
    workspace = makeWorkspace({ 'sargable.config.json': '{ "snapshot": { "values": "none" } }' });
    expect((await pull()).stdout).toContain('without values');
    expect(snapshotText()).not.toContain('mostCommon');
    expect((await pull('--values', 'all')).stdout).toContain('values as they are');
    expect(snapshotText()).toContain('SECRET-');
    expect((await pull('--values', 'token')).status).toBe(0);
    expect(snapshotText()).toMatch(/"mostCommonValues": "\{[0-9a-f]{16}(,[0-9a-f]{16}){4}\}"/);
  });

  it('removes the files of relations that are gone, in a snapshot only', async () => {
    workspace = makeWorkspace({ 'other/schema/mine.json': '{}', '.sargable/notes.md': 'kept' });
    await pull();
    workspace.write('.sargable/schema/public.gone.json', workspace.read('.sargable/schema/public.orders.json').replace('"name": "orders"', '"name": "gone"'));
    expect((await pull()).stdout).toContain('1 removed');
    expect(fs.existsSync(workspace.path('.sargable/schema/public.gone.json'))).toBe(false);
    await pull('--output', 'other');
    expect([workspace.read('other/schema/mine.json'), workspace.read('.sargable/notes.md')]).toEqual(['{}', 'kept']);
  });

  it('says what is wrong', async () => {
    workspace = makeWorkspace({});
    const none = await sargable('schema', 'pull');
    expect([none.status, none.stderr]).toEqual([2, 'sargable: name the database: --database URL, SARGABLE_DATABASE_URL or PG* variables\n']);
    const dead = await sargable('schema', 'pull', '--database', 'postgres://me:hidden@127.0.0.1:1/x');
    expect([dead.status, dead.stderr.includes('hidden')]).toEqual([2, false]);
    expect(dead.stderr).toMatch(/^sargable: the database cannot be used: me@127\.0\.0\.1:1\/x: nothing listens there/);
    expect((await sargable('schema', 'pull', '--values', 'some')).status).toBe(2);
  });
});

describe('sargable schema check', () => {
  it('agrees with the migrations it was pulled after', async () => {
    workspace = makeWorkspace({ 'migrations/0001_first.sql': first });
    await pull();
    const { status, stdout } = await sargable('schema', 'check');
    expect([status, stdout]).toEqual([0, '.sargable agrees with migrations (1 migration): 1 relation\n']);
  });

  it('exits 1 and names everything that newer migrations changed', async () => {
    workspace = makeWorkspace({ 'migrations/0001_first.sql': first, 'migrations/0002_second.sql': second });
    await pull();
    const { status, stdout } = await sargable('schema', 'check');
    expect(status).toBe(1);
    expect(stdout).toBe(`.sargable is older than migrations (2 migrations):
  only in the migrations: column public.orders.refunded_at
  only in the migrations: index orders_refunded on public.orders
  only in the migrations: table public.refunds
  only in the snapshot: index orders_customer on public.orders
0 relations agree. Apply the migrations and write the snapshot anew with \`sargable schema pull\`.
`);
  });

  it('compares with a database', async () => {
    workspace = makeWorkspace({});
    await pull();
    const same = await sargable('schema', 'check', '--database', database.url);
    expect([same.status, same.stdout]).toEqual([0, expect.stringMatching(/^\.sargable agrees with test_\S+ \(PostgreSQL .*\): 1 relation\n$/)]);
    const file = workspace.path('.sargable/schema/public.orders.json');
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('"type": "text"', '"type": "integer"'));
    const other = await sargable('schema', 'check', '--database', database.url);
    expect([other.status, other.stdout]).toEqual([1, expect.stringContaining('not the same: column public.orders.customer: integer in the snapshot, text in the database')]);
  });

  it('exits 2 without a snapshot, with a broken one, and without anything to compare', async () => {
    workspace = makeWorkspace({ 'migrations/0001_first.sql': first });
    expect((await sargable('schema', 'check')).stderr).toBe('sargable: .sargable: no snapshot is there; write one with `sargable schema pull`\n');
    await pull();
    fs.rmSync(workspace.path('migrations'), { recursive: true });
    expect((await sargable('schema', 'check')).stderr).toMatch(/no migrations and no schema file were found/);
    workspace.write('.sargable/schema/public.orders.json', '<<<<<<< a');
    const broken = await sargable('schema', 'check');
    expect([broken.status, broken.stderr]).toEqual([2, expect.stringContaining('.sargable/schema/public.orders.json holds merge conflict markers; write it anew')]);
  });
});

describe('sargable check', () => {
  const query = 'SELECT id FROM orders WHERE created_at > now() ORDER BY id LIMIT 10 OFFSET 5000;\nSELECT id FROM orders;\n';
  const evidence = async (...args: readonly string[]): Promise<{ rule: string; rows: unknown }[]> => {
    const { stdout } = await sargable('check', '--no-database', '--format', 'json', ...args);
    return (JSON.parse(stdout) as { findings: { rule: string; evidence: { rows?: unknown } }[] }).findings.map(({ rule, evidence: { rows } }) => ({ rule, rows }));
  };
  it('knows the volumes of the snapshot, by itself and by --schema', async () => {
    workspace = makeWorkspace({ 'q.sql': query });
    const without = await evidence();
    await pull();
    const found = await evidence();
    expect(found).not.toEqual(without);
    expect(found.map(({ rule }) => rule)).toContain('unbounded-select');
    fs.renameSync(workspace.path('.sargable'), workspace.path('elsewhere'));
    expect(await evidence('--schema', 'elsewhere')).toEqual(found);
    workspace.write('elsewhere/meta.json', '{}');
    expect((await sargable('check', '--no-database', '--schema', 'elsewhere')).stderr).toContain('elsewhere/meta.json cannot be used: format is missing; write it anew with `sargable schema pull`');
  });
});

import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { makeWorkspace } from '../support/workspaceFolder';

const INI = '[databases]\nshop = host=127.0.0.1 pool_size=500\n[pgbouncer]\nauth_type = scram-sha-256\npool_mode = transaction\nmax_client_conn = 1000\n';
const CODE = "import { Pool } from 'pg';\nconst pool = new Pool();\nexport const lock = (id: string) => pool.query('SELECT pg_advisory_lock($1)', [id]);\nexport const wait = () => pool.query('LISTEN jobs');\nexport const batch = () => pool.query('PREPARE p (int) AS SELECT $1; EXECUTE p(1); DEALLOCATE p');\n";

let database: TestDatabase;
let workspace: ReturnType<typeof makeWorkspace>;
const running: ChildProcess[] = [];
beforeAll(async () => {
  database = await createDatabase('create table t (id smallserial primary key); insert into t default values; analyze t');
  workspace = makeWorkspace({ 'pgbouncer.ini': INI, 'src/jobs.ts': CODE, 'test/jobs.test.ts': CODE });
});
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await database.drop();
  workspace.remove();
});

const health = (...args: readonly string[]): ReturnType<typeof runCli> => runCli(['health', ...args], { cwd: workspace.folder });
/** A process that goes on; its lines of standard output or error, one by one. */
function start(stream: 'stdout' | 'stderr', ...args: readonly string[]): { readonly child: ChildProcess; readonly lines: AsyncIterator<string>; readonly ended: Promise<number | null> } {
  const child = spawn(process.execPath, [path.resolve(import.meta.dirname, '../../dist/cli.js'), 'health', ...args], { cwd: workspace.folder, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  child[stream === 'stdout' ? 'stderr' : 'stdout']?.resume();
  return { child, lines: createInterface({ input: child[stream]! })[Symbol.asyncIterator](), ended: new Promise((resolve) => child.once('exit', resolve)) };
}
function get(url: string, host?: string): Promise<{ readonly status?: number; readonly type?: string; readonly body: string }> {
  return new Promise((resolve, reject) => {
    http.get(url, { headers: host === undefined ? {} : { host } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (data: string) => (body += data)).on('end', () => resolve({ status: response.statusCode, type: response.headers['content-type'], body }));
    }).once('error', reject);
  });
}

describe('sargable health as metrics', () => {
  it('on standard output, with nothing of the connection', async () => {
    const { status, stdout } = await health('--database', database.url, '--format', 'prometheus');
    expect(status).toBe(1); // the server of the tests runs without fsync
    expect(stdout).toContain(`sargable_pg_connections_max{database="${database.name}"} 60\n`);
    expect(stdout).toContain('sargable_health_up 1\n');
    expect(stdout).not.toContain('postgres');
    for (const name of ['pg_lock_waiting', 'pg_deadlocks_total', 'pg_cache_hit_ratio', 'pg_table_dead_tuples', 'pg_table_last_analyze_age_seconds', 'pg_xid_age', 'pg_indexes', 'pg_standby', 'pg_partitions_missing', 'pg_database_size_bytes', 'pg_wal_size_bytes', 'pg_checkpoints_timed_total']) expect(stdout).toContain(`# TYPE sargable_${name} `);
  });

  it('served over HTTP to whoever asks this machine by its own name', async () => {
    const { child, lines, ended } = start('stderr', '--database', database.url, '--listen', '0');
    const said = String((await lines.next()).value);
    const url = /http:\S+/.exec(said)?.[0] ?? '';
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    const [first, again] = await Promise.all([get(url), get(url)]);
    expect(first).toMatchObject({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' });
    expect(again.body).toBe(first.body);
    expect(first.body).toContain('sargable_pg_connections{');
    expect(await get(url, 'elsewhere.example')).toMatchObject({ status: 421 });
    expect(await get(url.replace('metrics', 'other'))).toMatchObject({ status: 404 });
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('watched: a line of JSON for each look, until it is interrupted; a file is replaced whole', async () => {
    const { child, lines, ended } = start('stdout', 'sequences', '--database', database.url, '--watch', '1');
    const looks = [JSON.parse(String((await lines.next()).value)), JSON.parse(String((await lines.next()).value))] as { takenAt: string; checks: { name: string }[] }[];
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(looks[1]!.takenAt > looks[0]!.takenAt).toBe(true);
    expect(looks[0]!.checks.map(({ name }) => name)).toEqual(['sequences']);
    const file = workspace.path('metrics.prom');
    expect((await health('sequences', '--database', database.url, '--format', 'prometheus', '--output', file)).status).toBe(0);
    expect(fs.readFileSync(file, 'utf8')).toContain('sargable_pg_sequence_used_ratio{sequence="public.t_id_seq"');
    expect(fs.readdirSync(workspace.folder).filter((name) => name.startsWith('metrics'))).toEqual(['metrics.prom']);
  });
});

describe('sargable health pgbouncer', () => {
  it('reads a configuration against the code of the workspace and the limits of the server', async () => {
    const { status, stdout } = await health('pgbouncer', '--pgbouncer-ini', 'pgbouncer.ini', '--database', database.url, '--format', 'json');
    expect(status).toBe(1);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; findings: { id: string; severity: string; message: string }[] }[] };
    expect(checks.map(({ name }) => name)).toEqual(['pgbouncer']);
    expect(checks[0]?.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(['warning pgbouncer-session-feature', 'warning pgbouncer-session-feature', 'critical pgbouncer-above-server']);
    expect(checks[0]?.findings.map(({ message }) => message).join('\n')).toMatch(/pgbouncer\.ini:5: .*session advisory lock.*: src\/jobs\.ts:3\.[^]*LISTEN.*: src\/jobs\.ts:4\.[^]*pgbouncer\.ini:2: The pool of shop may open 500 server connections; Postgres gives 57/);
  });
  it('that is there is looked at, whatever else is not', async () => {
    const [redis, postgres] = await Promise.all([
      health('sequences', 'redis', '--database', database.url, '--redis-url', 'redis://:s3cret@127.0.0.1:1'),
      health('sequences', 'pgbouncer', '--database', 'postgres://app:s3cret@127.0.0.1:1/shop', '--pgbouncer-ini', 'pgbouncer.ini', '--pgbouncer-url', 'postgres://app:s3cret@127.0.0.1:1/'),
    ]);
    expect([redis.status, postgres.status]).toEqual([1, 1]);
    expect(redis.stdout).toMatch(/✔ Sequences\n.*\n(?:.*\n)*✖ Redis 127\.0\.0\.1:1\/0\n(?:.*\n)*critical {2}Redis 127\.0\.0\.1:1\/0 could not be looked at: nothing listens there \(connection refused\)\./);
    expect(postgres.stdout).toMatch(/critical {2}PostgreSQL could not be looked at: app@127\.0\.0\.1:1\/shop: nothing listens there/);
    expect(postgres.stdout).toMatch(/critical {2}The console of PgBouncer could not be looked at: app@127\.0\.0\.1:1\/pgbouncer: nothing listens there/);
    expect(postgres.stdout).toContain('session advisory lock');
    expect(JSON.stringify([redis, postgres])).not.toContain('s3cret');
  });
  it('says what is missing or wrong, and no password', async () => {
    const cases: readonly [readonly string[], string][] = [
      [['redis', '--redis-url', 'redis://:s3cret@host:port'], '--redis-url'], [['redsi'], "did you mean 'redis'?"],
      [['pgbouncer', '--pgbouncer-ini', 'nothing.ini'], 'nothing.ini cannot be read (ENOENT)'], [['redis', '--redis-url', 'redis://:s3cret@127.0.0.1:1'], 'nothing listens there'],
      [['--listen', '0', '--format', 'json'], '--listen serves metrics in the format of Prometheus: it goes without --format json'], [['indexes', 'pgbouncer', '--database', 'postgres://app:s3cret@127.0.0.1:1/shop', '--pgbouncer-ini', 'pgbouncer.ini', '--format', 'index-analysis'], 'nothing can be said of the database: PostgreSQL could not be looked at: app@127.0.0.1:1/shop'], [['--watch', '--format', 'index-analysis'], '--watch writes text, json or prometheus, not index-analysis'],
    ];
    const results = await Promise.all(cases.map(([args]) => health(...args)));
    expect(results.map(({ status, stderr }, i) => [status, stderr.includes(cases[i]?.[1] ?? '') ? cases[i]?.[1] : stderr])).toEqual(cases.map(([, expected]) => [2, expected]));
    expect(JSON.stringify(results)).not.toContain('s3cret');
  });
});

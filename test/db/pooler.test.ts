import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explainAnalyze, readWriteRisks, safeExplain } from '../../server/src/db/explain';
import { openSession, readBackend, type DbSession } from '../../server/src/db/session';
import { createConnections } from '../../server/src/workspace/connections';
import { toMetrics } from '../../server/src/core/health/metrics';
import { collectFindings, figureOf, tableOf, type HealthReport } from '../../server/src/core/health/model';
import { readHealth } from '../../server/src/workspace/health';
import { createPoolerSource } from '../../server/src/workspace/poolerHealth';
import { prove } from '../support/prove';
import { createDatabase, type TestDatabase } from '../support/postgres';

const program = ['pgbouncer', '/usr/sbin/pgbouncer'].find((name) => spawnSync(name, ['--version']).status === 0);
if (program === undefined) process.stderr.write('test/db/pooler.test.ts: no PgBouncer here (apt-get install pgbouncer); poolers are not tested\n');

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe.skipIf(program === undefined)('behind PgBouncer in transaction mode, with one server connection', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sargable-pooler-'));
  let database: TestDatabase;
  let pooler: ChildProcess;
  let session: DbSession;
  let url = '';
  /** Another client of the pooler: it gets the server connection that we have just used. */
  const neighbour = async (sql: string): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client({ connectionString: url, application_name: 'neighbour' });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  };

  beforeAll(async () => {
    database = await createDatabase('create table t (id int primary key, a int); insert into t select n, n % 7 from generate_series(1, 3000) n; analyze t; create table log (what text)');
    const server = new URL(database.url);
    const port = await freePort();
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, 'users'), `"${server.username}" "${server.password}"\n`);
    writeFileSync(join(folder, 'ini'), [
      '[databases]', `${database.name} = host=127.0.0.1 port=${server.port}`, '[pgbouncer]', 'listen_addr = 127.0.0.1', `listen_port = ${port}`, 'unix_socket_dir =', 'auth_type = trust', `auth_file = ${join(folder, 'users')}`,
      'pool_mode = transaction', 'default_pool_size = 1', `admin_users = ${server.username}`, '',
    ].join('\n'));
    const asRoot = process.getuid?.() === 0;
    pooler = spawn(program!, [...(asRoot ? ['-u', 'nobody'] : []), join(folder, 'ini')], { stdio: 'ignore' });
    url = database.url.replace(`:${server.port}/`, `:${port}/`);
    for (let tries = 0; ; tries++) {
      try {
        await neighbour('select 1');
        break;
      } catch (error) {
        if (tries > 100) throw error;
        await sleep(100);
      }
    }
    session = openSession(url);
  });
  afterAll(async () => {
    await session?.close();
    pooler?.kill();
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is noticed, and said when connecting', async () => {
    await session.withConnection(async (connection) => {
      await connection.query('begin');
      expect((await readBackend(connection)).pooled).toBe(true);
      await connection.query('rollback');
    });
    const connections = createConnections();
    const outcome = await connections.connect({ name: 'pooled', url });
    expect(outcome.ok && outcome.warnings.join(' ')).toContain('pooler');
    const test = await connections.test({ name: 'pooled', url });
    expect(test.ok && test.report).toContain('A connection pooler stands between here and the server.');
    await connections.close();
  });
  it('plans and measures, and leaves the next client nothing: no statement, no setting, no role, no lock', async () => {
    const sql = 'select * from t where a = $1';
    expect(await safeExplain(session, sql, { proof: await prove(sql), settings: { 'app.tenant_id': '7' } })).toMatchObject({ pooled: true, parameterTypes: ['integer'] });
    expect(await explainAnalyze(session, sql, { proof: await prove(sql), parameters: ['3'] })).toMatchObject({ pooled: true, analyzed: true });
    await readWriteRisks(session, { proof: await prove('delete from t') });
    await expect(safeExplain(session, 'select nothing from t', { proof: await prove('select nothing from t') })).rejects.toMatchObject({ sqlState: '42703' });
    await expect(explainAnalyze(session, 'select 1 / (a - a) from t', { proof: await prove('select 1 / (a - a) from t') })).rejects.toMatchObject({ sqlState: '22012' });
    expect(await neighbour(`select (select count(*)::int from pg_prepared_statements where name like 'sargable%') as prepared, current_setting('statement_timeout') as timeout, current_setting('transaction_read_only') as readonly,
      coalesce(current_setting('app.tenant_id', true), '') as tenant, current_setting('plan_cache_mode') as mode, (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks`))
      .toEqual([{ prepared: 0, timeout: '0', readonly: 'off', tenant: '', mode: 'auto', locks: 0 }]);
  });
  it('does not give up the session locks of other clients', async () => {
    await neighbour('select pg_advisory_lock(99)');
    const sql = 'select * from t';
    await safeExplain(session, sql, { proof: await prove(sql) });
    expect(await neighbour(`select count(*)::int as held from pg_locks where locktype = 'advisory' and objid = 99`)).toEqual([{ held: 1 }]);
    await neighbour('select pg_advisory_unlock_all()');
  });
  it('cancels what runs for us and nobody else', async () => {
    const direct = openSession(database.url);
    const abort = new AbortController();
    const sql = 'select count(*) from t a, t b, t c';
    // The one server connection is busy with the statement: cancelling must not go through the pool that waits for it.
    const running = explainAnalyze({ ...session, cancel: (backend) => direct.cancel(backend) }, sql, { proof: await prove(sql), signal: abort.signal, timeout: 30_000 }).then(() => undefined, (error: unknown) => error);
    for (let tries = 0; tries < 200; tries++) {
      const active = await database.query(`select 1 from pg_stat_activity where datname = current_database() and query like 'explain (analyze%' and state = 'active'`);
      if (active.length > 0) break;
      await sleep(25);
    }
    abort.abort();
    expect(await running).toMatchObject({ kind: 'cancelled', sqlState: '57014' });
    await direct.close();
  });
  it('is looked at by its console: pools, waiting clients, traffic, and its configuration', async () => {
    const console_ = url.replace(/\/[^/]*$/, '');
    const look = (): Promise<HealthReport> => readHealth({ sources: [createPoolerSource({ url: console_, uses: async () => [{ feature: 'LISTEN', places: ['src/jobs.ts:3'] }] })], thresholds: { poolerWaitSeconds: 0, poolerWaitCriticalSeconds: 30 } });
    const holder = new pg.Client({ connectionString: url });
    await holder.connect();
    await holder.query('begin');
    const waiting = neighbour('select 1');
    let report = await look();
    for (let tries = 0; tries < 100 && figureOf(report.checks[0], 'clientsWaiting') === 0; tries++) report = await look();
    await holder.query('rollback');
    await holder.end();
    await waiting;
    const [check] = report.checks;
    expect(check?.cannotSee).toEqual([]);
    expect(tableOf(check, 'pools')?.rows).toEqual([expect.objectContaining({ database: database.name, clientsWaiting: 1, serversActive: 1, poolSize: 1, usedPercent: 100, poolMode: 'transaction' })]);
    expect(Number(tableOf(check, 'traffic')?.rows.find((row) => row['database'] === database.name)?.['transactions'])).toBeGreaterThan(0);
    expect(Number(figureOf(check, 'longestWaitSeconds'))).toBeGreaterThan(0);
    expect(figureOf(check, 'maxClients')).toBe(100);
    expect(toMetrics(report).filter(({ name, samples }) => name.startsWith('sargable_pgbouncer_') && samples.length === 0).map(({ name }) => name)).toEqual([]);
    const user = new URL(url).username;
    expect(collectFindings(report).map(({ id, severity, subject }) => `${severity} ${id} ${subject}`)).toEqual([`warning pgbouncer-clients-wait ${database.name} as ${user}`, 'warning pgbouncer-session-feature pool_mode', 'warning pgbouncer-auth auth_type']);
    expect(JSON.stringify(report)).not.toContain(new URL(url).password || 'no password');
  });
  it('a database or a user without the right to its console is told so', async () => {
    const failing = (at: string): Promise<unknown> => readHealth({ sources: [createPoolerSource({ url: at })] }).then(() => undefined, (error: unknown) => error);
    expect(String(await failing(database.url))).toContain('no administration console of PgBouncer');
    expect(String(await failing('postgres://127.0.0.1:1/pgbouncer'))).toContain('nothing listens there');
  });
  it('says so when it is connected to the console of the pooler', async () => {
    const console_ = openSession(url.replace(/\/[^/]*$/, '/pgbouncer'));
    const error: unknown = await console_.withConnection((connection) => connection.query('select 1')).then(() => undefined, (raised: unknown) => raised);
    expect(String(error)).toContain('administration console');
    await console_.close();
  });
});

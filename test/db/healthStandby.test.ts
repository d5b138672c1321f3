import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPostgres } from '../../scripts/postgres.mjs';
import { collectFindings, figureOf, type HealthReport } from '../../server/src/core/health/model';
import { openSession } from '../../server/src/db/session';
import { readHealth } from '../../server/src/workspace/health';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sargable-standby-'));
let primary: Awaited<ReturnType<typeof startPostgres>>;
let standby: Awaited<ReturnType<typeof startPostgres>> | undefined;

async function query(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function look(url: string): Promise<HealthReport> {
  const session = openSession(url);
  try {
    return await readHealth({ session, checks: ['replication', 'indexes'], thresholds: { replicationLagBytes: 100_000, replicationLagSeconds: 3600 } });
  } finally {
    await session.close();
  }
}

/** Copies the running primary between the start and the end of a backup: the binaries bring no pg_basebackup. */
async function makeStandby(): Promise<void> {
  const client = new pg.Client(primary.url);
  await client.connect();
  const [data, copy] = [path.join(folder, 'primary'), path.join(folder, 'standby')];
  try {
    const { rows: [version] } = await client.query<{ number: number }>("select current_setting('server_version_num')::int as number");
    const modern = (version?.number ?? 0) >= 150000;
    await client.query(modern ? "select pg_backup_start('health', true)" : "select pg_start_backup('health', true, false)");
    // The copy belongs to the server's user, as the original does.
    const copied = spawnSync('cp', ['-a', data, copy], { encoding: 'utf8' });
    if (copied.status !== 0) throw new Error(copied.stderr);
    const { rows: [ended] } = await client.query<{ label: string }>(modern ? 'select labelfile as label from pg_backup_stop(false)' : 'select labelfile as label from pg_stop_backup(false, false)');
    for (const file of ['postmaster.pid', 'postmaster.opts']) fs.rmSync(path.join(copy, file), { force: true });
    const owner = fs.statSync(copy);
    for (const [name, text] of [['backup_label', ended?.label ?? ''], ['standby.signal', '']] as const) {
      fs.writeFileSync(path.join(copy, name), text);
      fs.chownSync(path.join(copy, name), owner.uid, owner.gid);
    }
  } finally {
    await client.end();
  }
  standby = await startPostgres({ dataFolder: copy, settings: { fsync: 'off', autovacuum: 'off', hot_standby: 'on', primary_conninfo: `host=127.0.0.1 port=${primary.port} user=postgres password=sargable application_name=mirror` } });
}

beforeAll(async () => {
  fs.chmodSync(folder, 0o755);
  primary = await startPostgres({ dataFolder: path.join(folder, 'primary'), settings: { fsync: 'off', autovacuum: 'off', wal_level: 'replica', max_wal_senders: '4' } });
  await query(primary.url, 'create table orders (id int primary key, total int); create index orders_total on orders (total); insert into orders select n, n from generate_series(1, 5000) n; analyze');
  await makeStandby();
});
afterAll(async () => {
  await standby?.stop();
  await primary?.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

const until = async (url: string, sql: string): Promise<void> => {
  for (let i = 0; i < 200 && (await query(url, sql))[0]?.['ready'] !== true; i++) await new Promise((resolve) => setTimeout(resolve, 50));
};
const ids = (report: HealthReport): readonly string[] => collectFindings(report).filter(({ check }) => check === 'replication').map(({ id }) => id);
const CAUGHT_UP = "select count(*) = 1 as ready from pg_stat_replication where state = 'streaming' and replay_lsn = pg_current_wal_lsn()";

it('lag on the primary and on the standby; a standby that is in time is silent', async () => {
  const mirror = standby?.url ?? '';
  await query(primary.url, 'update orders set total = 0 where id = 1');
  await until(primary.url, CAUGHT_UP);
  const well = [await look(primary.url), await look(mirror)];
  expect(well.map(ids)).toEqual([[], []]);
  expect(well.map((report) => [report.server?.standby, report.server?.replicas])).toEqual([[false, 1], [true, 0]]);
  expect(figureOf(well[1]?.checks.find(({ name }) => name === 'replication'), 'lagSeconds')).toBeLessThan(60);
  // An index that is not used on the one may be used on the other.
  expect(well.map((report) => report.checks.flatMap(({ cannotSee }) => cannotSee.map(({ reason }) => reason)).join(' '))).toEqual([expect.stringContaining('Scans on 1 replica'), expect.stringContaining('This is a standby')]);

  await query(mirror, 'select pg_wal_replay_pause()');
  await query(primary.url, 'insert into orders select n, n from generate_series(5001, 25000) n');
  await until(primary.url, "select pg_wal_lsn_diff(pg_current_wal_lsn(), sent_lsn) = 0 as ready from pg_stat_replication");
  const [behind, paused] = [await look(primary.url), await look(mirror)];
  expect(collectFindings(behind).filter(({ id }) => id === 'replication-lag')).toMatchObject([{ severity: 'warning', message: expect.stringMatching(/^The replica mirror \(127\.0\.0\.1\) is [\d.]+ MB of WAL behind/) as string, recommendation: expect.stringContaining('sent and not replayed') as string }]);
  expect(ids(paused)).toEqual(expect.arrayContaining(['replay-paused', 'replication-lag']));

  await query(mirror, 'select pg_wal_replay_resume()');
  await until(primary.url, CAUGHT_UP);
  expect([await look(primary.url), await look(mirror)].map(ids)).toEqual([[], []]);
});

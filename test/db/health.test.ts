import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres } from '../../scripts/postgres.mjs';
import { collectFindings, figureOf, tableOf, type HealthFinding, type HealthReport } from '../../server/src/core/health/model';
import { openSession } from '../../server/src/db/session';
import { readHealth, type HealthRequest } from '../../server/src/workspace/health';

// A server of its own: what other test files do to the shared one (sessions, vacuum) would be findings here.
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sargable-health-'));
let server: Awaited<ReturnType<typeof startPostgres>>;
let ill: HealthReport;
const urlOf = (database: string, role = 'postgres:sargable'): string => `postgres://${role}@127.0.0.1:${server.port}/${database}`;

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** A session that stays open, under a name by which it is found. */
async function open(url: string, name: string, ...statements: readonly string[]): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: name });
  client.on('error', () => undefined);
  await client.connect();
  for (const statement of statements) await client.query(statement);
  return client;
}

async function look(url: string, request: Omit<HealthRequest, 'session'> = {}): Promise<HealthReport> {
  const session = openSession(url);
  try {
    return await readHealth({ ...request, session });
  } finally {
    await session.close();
  }
}

const ILL = `
create table leaked (id int);
create table tickets (id smallserial primary key, note text);
select setval('tickets_id_seq', 32760);
create table invoices (id integer generated always as identity primary key);
select setval(pg_get_serial_sequence('invoices', 'id'), 1700000000);
`;
const WELL = `
create table tickets (id bigserial primary key, note text);
select setval('tickets_id_seq', 32760);
create sequence ring as smallint cycle;
select setval('ring', 32000);
`;

const sessions: pg.Client[] = [];
beforeAll(async () => {
  fs.chmodSync(folder, 0o755);
  server = await startPostgres({ dataFolder: path.join(folder, 'data'), settings: { fsync: 'off', autovacuum: 'off', shared_preload_libraries: 'pg_stat_statements' } });
  await run(urlOf('postgres'), "create role plain login password 'plain'");
  await run(urlOf('postgres'), "create role monitor login password 'monitor' in role pg_monitor");
  for (const [name, ddl] of [['ill', ILL], ['well', WELL]] as const) {
    await run(urlOf('postgres'), `create database ${name}`);
    await run(urlOf(name), ddl);
  }
  sessions.push(await open(urlOf('ill'), 'leak', 'begin', "select 'SECRET-1' as value, * from leaked"));
  ill = await look(urlOf('ill'), { thresholds: { idleInTransaction: 0, idleInTransactionSeconds: 0 }, options: { poolSize: 1 } });
});
afterAll(async () => {
  for (const session of sessions) await session.end();
  await server?.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

const checkOf = (report: HealthReport, name: string) => report.checks.find((check) => check.name === name);
const findingsOf = (report: HealthReport, id: string): readonly HealthFinding[] => collectFindings(report).filter((finding) => finding.id === id);

describe('connections', () => {
  it('names who is idle in a transaction, without the constants of what it ran', () => {
    const [first, second] = findingsOf(ill, 'idle-in-transaction');
    expect(first).toMatchObject({ severity: 'warning', message: '1 session of ill is idle in a transaction.', statement: "ALTER DATABASE ill SET idle_in_transaction_session_timeout = '60s';" });
    expect(second?.message).toMatch(/^Process \d+ \(postgres, leak\) has been idle in a transaction for /);
    expect(second?.recommendation).toContain('select ? as value, * from leaked');
    expect(JSON.stringify(ill)).not.toContain('SECRET');
  });

  it('measures the pool and max_connections', () => {
    expect(figureOf(checkOf(ill, 'connections'), 'poolUtilisation')).toBe(100);
    expect(findingsOf(ill, 'pool-near-limit')).toMatchObject([{ severity: 'critical', evidence: { used: 1, capacity: 1, holders: 'postgres (leak): 1' } }]);
    expect(findingsOf(ill, 'connections-near-limit')).toEqual([]);
  });

  it('says what a role without privileges does not see', async () => {
    const report = await look(urlOf('ill', 'plain:plain'), { checks: ['connections'] });
    expect(checkOf(report, 'connections')?.cannotSee).toEqual([{ check: 'connections', reason: expect.stringMatching(/^State and statements of 1 session of other roles are hidden/) as string, grant: 'GRANT pg_monitor TO plain;' }]);
    const monitor = await look(urlOf('ill', 'monitor:monitor'), { checks: ['connections'] });
    expect(monitor.checks.flatMap((check) => check.cannotSee)).toEqual([]);
    expect(figureOf(checkOf(monitor, 'connections'), 'idleInTransaction')).toBe(1);
  });
});

describe('sequences', () => {
  it('are judged by the narrower of their own limit and their column, and the statements given mend them', async () => {
    const found = findingsOf(ill, 'sequence-exhaustion');
    expect(found.map(({ severity, subject, evidence }) => [severity, subject, evidence['percent']])).toEqual([['critical', 'public.tickets_id_seq', 99.98], ['warning', 'public.invoices_id_seq', 79.16]]);
    for (const { statement = '' } of found) await run(urlOf('ill'), statement);
    expect(collectFindings(await look(urlOf('ill'), { checks: ['sequences'] }))).toEqual([]);
    expect(tableOf(checkOf(ill, 'sequences'), 'sequences')?.rows).toHaveLength(2);
  });
});

it('a database that is well has no findings', async () => {
  const report = await look(urlOf('well'));
  expect(collectFindings(report)).toEqual([]);
});

import { stripVTControlCharacters } from 'node:util';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres } from '../../scripts/postgres.mjs';
import { renderHealthText } from '../../server/src/cli/healthText';
import { servesForeignKey } from '../../server/src/core/catalog/foreignKeyIndex';
import { renderExposition } from '../../server/src/core/health/exposition';
import { renderHealthMarkdown } from '../../server/src/core/health/markdown';
import { toMetrics } from '../../server/src/core/health/metrics';
import { collectFindings, figureOf, tableOf, type HealthCheck, type HealthFinding, type HealthReport } from '../../server/src/core/health/model';
import { toThresholds } from '../../server/src/core/health/thresholds';
import { introspect } from '../../server/src/db/introspect';
import { readUnusedIndexes } from '../../server/src/db/indexUsage';
import { partitions } from '../../server/src/db/health/partitions';
import { healthSettings, runProbe } from '../../server/src/db/health/probe';
import { readServer } from '../../server/src/db/health/server';
import { indexedKeysQuery, unindexedKeysQuery } from '../../server/src/db/queries/healthIndexes';
import { inRolledBackTransaction, openSession } from '../../server/src/db/session';
import { createEngine } from '../../server/src/workspace/engine';
import { postgresChecks, readHealth, type HealthRequest } from '../../server/src/workspace/health';
import { createPlaces } from '../../server/src/workspace/healthWorkspace';
import { createProject } from '../../server/src/workspace/project';
import { readDdl } from '../support/ddl';
import { parseExposition } from '../support/exposition';
import { makeWorkspace } from '../support/workspaceFolder';

// A server of its own: what other test files do to the shared one (sessions, vacuum) would be findings here.
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sargable-health-'));
let server: Awaited<ReturnType<typeof startPostgres>>;
let ill: HealthReport;
const urlOf = (database: string, role = 'postgres:sargable'): string => `postgres://${role}@127.0.0.1:${server.port}/${database}`;

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    // VACUUM and CONCURRENTLY cannot stand among other statements.
    for (const statement of sql.split(/;\n+(?=\w)(?!end\b)/)) await client.query(statement);
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

/** Months from `first` to `last`, counted from the current one, as partitions of `events`. */
const months = (first: number, last: number): string => `
create table events (id bigint not null, at timestamptz not null) partition by range (at);
do $$ begin
  for i in ${first}..${last} loop
    execute format('create table events_%s partition of events for values from (%L) to (%L)', to_char(date_trunc('month', now() at time zone 'utc') + i * interval '1 month', 'YYYY_MM'),
      to_char(date_trunc('month', now() at time zone 'utc') + i * interval '1 month', 'YYYY-MM-DD 00:00:00+00'), to_char(date_trunc('month', now() at time zone 'utc') + (i + 1) * interval '1 month', 'YYYY-MM-DD 00:00:00+00'));
  end loop;
end $$;
create table events_default partition of events default;
`;

const ILL = `
create table leaked (id int);
create table queue (id int primary key, state text);
insert into queue values (1, 'new');
create table tickets (id smallserial primary key, note text);
select setval('tickets_id_seq', 32760);
create table invoices (id integer generated always as identity primary key);
select setval(pg_get_serial_sequence('invoices', 'id'), 1700000000);

create table customers (id int primary key, name text not null);
create table orders (id int primary key, customer_id int not null references customers, status text not null, total int not null, created_at timestamptz not null default now());
insert into customers select n, 'name ' || n from generate_series(1, 3000) n;
insert into orders select n, 1 + n % 2000, 'open', n, now() from generate_series(1, 30000) n;
create index orders_status on orders (status);
create index orders_total on orders (total);
create index orders_total_again on orders (total);
create index orders_created on orders (created_at);
create index orders_created_total on orders (created_at, total);
delete from customers where id > 2998;

create table churned (id int primary key, state text not null, filler text not null);
insert into churned select n, 'old', repeat('x', 100) from generate_series(1, 20000) n;
analyze churned;
update churned set state = 'new' where id <= 9000;
delete from churned where id > 12000;
create table bloated (id int primary key, filler text not null);
insert into bloated select n, repeat('y', 200) from generate_series(1, 30000) n;
delete from bloated where id % 10 <> 0;
${months(-2, -1)}
insert into events values (1, now()), (2, now() + interval '1 year');
create materialized view totals as select customer_id, sum(total) as total from orders group by 1;
create materialized view grand as select sum(total) as total from totals with no data;
`;
const WELL = `
alter database well set idle_in_transaction_session_timeout = '60s';
create table tickets (id bigserial primary key, note text);
select setval('tickets_id_seq', 32760);
create sequence ring as smallint cycle;
select setval('ring', 32000);

create table customers (id int primary key, name text not null);
create table orders (id int primary key, customer_id int not null references customers, status text not null, total int not null);
insert into customers select n, 'name ' || n from generate_series(1, 3000) n;
insert into orders select n, 1 + n % 2000, 'open', n from generate_series(1, 30000) n;
create index orders_customer on orders (customer_id, total);
create unique index orders_total_once on orders (total);
create table small (id int primary key, v int);
create index small_v on small (v);
create table churned (id int primary key, state text not null, filler text not null);
insert into churned select n, 'old', repeat('x', 100) from generate_series(1, 20000) n;
update churned set state = 'new' where id <= 1000;
create table solid (id int primary key, filler text not null);
insert into solid select n, repeat('y', 200) from generate_series(1, 30000) n;
${months(-1, 4)}
insert into events values (1, now());
create materialized view totals as select customer_id, sum(total) as total from orders group by 1;
create unique index totals_once on totals (customer_id);
`;

const sessions: pg.Client[] = [];
let version = 0;
/** The limits at which what the tests do in a second counts as long. */
const strict = { idleInTransaction: 0, idleInTransactionSeconds: 0, longQuerySeconds: 0, lockWaitSeconds: 0, unusedIndexDays: 0, bloatMegabytes: 1, cacheMinimumBlocks: 1 };

beforeAll(async () => {
  fs.chmodSync(folder, 0o755);
  server = await startPostgres({
    dataFolder: path.join(folder, 'data'),
    settings: { fsync: 'off', autovacuum: 'off', shared_preload_libraries: 'pg_stat_statements', shared_buffers: '64MB', track_io_timing: 'on', log_lock_waits: 'on', log_min_duration_statement: '5s', max_replication_slots: '4', wal_level: 'replica', max_wal_senders: '4' },
  });
  await run(urlOf('postgres'), "create role plain login password 'plain'");
  await run(urlOf('postgres'), `create role "user" login password 'user'`);
  await run(urlOf('postgres'), "create role monitor login password 'monitor' in role pg_monitor");
  for (const [name, ddl] of [['ill', ILL], ['well', WELL]] as const) {
    await run(urlOf('postgres'), `create database ${name}`);
    await run(urlOf(name), ddl);
  }
  // In sessions of their own: what one has counted is added up when it ends.
  await settled('ill', "select n_dead_tup = 27000 as ready from pg_stat_user_tables where relname = 'bloated'");
  await run(urlOf('ill'), 'vacuum (analyze) bloated');
  await settled('well', "select (select n_tup_upd = 1000 from pg_stat_user_tables where relname = 'churned') and (select n_tup_ins = 2000 from pg_stat_all_tables where relname = 'totals') as ready");
  await run(urlOf('well'), 'vacuum (analyze);\nset enable_seqscan = off;\nselect count(*) from orders where customer_id = 7');
  await run(urlOf('ill'), 'create unique index concurrently orders_customer_once on orders (customer_id)').catch(() => undefined);
  await run(urlOf('ill'), "select pg_create_physical_replication_slot('gone', true)");
  sessions.push(await open(urlOf('ill'), 'leak', 'begin', "select 'SECRET-1' as value, * from leaked", "update queue set state = 'SECRET-2'"));
  const waiter = await open(urlOf('ill'), 'waiter');
  void waiter.query("update queue set state = 'SECRET-3' where id = 1").catch(() => undefined);
  const sleeper = await open(urlOf('ill'), 'sleeper');
  void sleeper.query('select pg_sleep(300)').catch(() => undefined);
  sessions.push(waiter, sleeper);
  await settled('ill', "select (select n_dead_tup > 10000 from pg_stat_user_tables where relname = 'churned') and (select count(*) = 1 from pg_stat_activity where application_name = 'waiter' and wait_event_type = 'Lock') and (select count(*) = 1 from pg_stat_activity where application_name = 'sleeper' and state = 'active') as ready");
  await settled('well', "select idx_scan > 0 as ready from pg_stat_user_indexes where indexrelname = 'orders_customer'");
  ill = await look(urlOf('ill'), { thresholds: strict, options: { poolSize: 2, maxOverflow: 1 } });
  version = ill.server?.version ?? 0;
});
afterAll(async () => {
  for (const session of sessions) session.end().catch(() => undefined);
  await server?.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Counters reach the views a moment after the work; before 15 through another process. */
async function settled(database: string, query: string): Promise<void> {
  const client = await open(urlOf(database), 'probe');
  try {
    for (let i = 0; i < 200; i++) {
      const { rows } = await client.query<{ ready: boolean }>(query);
      if (rows[0]?.ready) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`never ready: ${query}`);
  } finally {
    await client.end();
  }
}

const checkOf = (report: HealthReport, name: string): HealthCheck | undefined => report.checks.find((check) => check.name === name);
const findingsOf = (report: HealthReport, id: string): readonly HealthFinding[] => collectFindings(report).filter((finding) => finding.id === id);
const rowsOf = (report: HealthReport, check: string, table: string) => tableOf(checkOf(report, check), table)?.rows ?? [];

it('a database that is well has no findings, and no query of ours fails', async () => {
  const report = await look(urlOf('well'), { thresholds: { unusedIndexDays: 0, cacheMinimumBlocks: 1e9 } });
  // fsync and autovacuum are off for the tests' sake.
  expect(collectFindings(report).filter(({ check }) => check !== 'settings' && check !== 'replication')).toEqual([]);
  expect(findingsOf(report, 'settings').map(({ severity, subject }) => [severity, subject])).toEqual([['critical', 'fsync'], ['critical', 'autovacuum']]);
  for (const { cannotSee } of [...report.checks, ...ill.checks]) for (const { reason } of cannotSee) expect(reason).not.toMatch(/does not exist|syntax|cannot|invalid|must be|Not seen: /);
  expect(report.checks.map(({ name }) => name)).toEqual(postgresChecks.map(({ name }) => name));
});

describe('connections', () => {
  it('names who is idle in a transaction, without the constants of what it ran', () => {
    const [first, second] = findingsOf(ill, 'idle-in-transaction');
    expect(first).toMatchObject({ severity: 'warning', message: '1 session of ill is idle in a transaction.', statement: "ALTER DATABASE ill SET idle_in_transaction_session_timeout = '60s';" });
    expect(second?.message).toMatch(/^Process \d+ \(postgres, leak\) has been idle in a transaction for /);
    expect(second?.recommendation).toContain('update queue set state = ?');
    expect(JSON.stringify(ill)).not.toContain('SECRET');
  });

  it('measures the pool and max_connections, and names long queries', async () => {
    expect(findingsOf(ill, 'pool-near-limit')).toMatchObject([{ severity: 'critical', evidence: { used: 3, capacity: 3, percent: 100 } }]);
    expect([figureOf(checkOf(ill, 'connections'), 'overflow'), figureOf(checkOf(ill, 'connections'), 'active')]).toEqual([1, 2]);
    expect(findingsOf(ill, 'connections-near-limit')).toEqual([]);
    expect(findingsOf(ill, 'long-running-query').map(({ message }) => message.replaceAll(/\d+/g, 'N'))).toEqual([expect.stringMatching(/waiter\) .*waiting for a lock\.$/), expect.stringMatching(/sleeper\) has been running a statement for/)]);
    expect(findingsOf(ill, 'long-running-query').map(({ recommendation = '' }) => [recommendation.includes('the check locks says'), recommendation.includes('missing indexes')])).toEqual([[true, false], [false, true]]);
    expect(stripVTControlCharacters(renderHealthText(ill))).toMatch(/ · WAL kept for slots [\d.]+ MB/);
    const tolerant = await look(urlOf('ill'), { checks: ['connections'], thresholds: { longQuerySeconds: 600, slowQuerySeconds: 600, idleInTransactionSeconds: 600 } });
    expect(findingsOf(tolerant, 'long-running-query')).toEqual([]);
    expect(findingsOf(tolerant, 'idle-in-transaction')).toEqual([]);
  });
});

it('locks: the tree, and what to do about its root', async () => {
  const [finding, ...others] = findingsOf(ill, 'lock-contention');
  expect(others).toEqual([]);
  expect(finding?.message).toMatch(/^Process \d+ \(postgres, leak\), idle in a transaction, keeps 1 session waiting for a row that it changed, for up to /);
  expect(finding?.statement).toMatch(/^SELECT pg_terminate_backend\(\d+\);$/);
  expect(rowsOf(ill, 'locks', 'tree').map((row) => [row['depth'], row['state'], row['statement']])).toEqual([[0, 'idle in transaction', 'update queue set state = ?'], [1, 'waiting', 'update queue set state = ? where id = ?']]);
});

describe('indexes', () => {
  it('unused, duplicate, prefix and invalid ones, each once, with statements that run', async () => {
    expect(findingsOf(ill, 'invalid-index').map(({ subject, severity }) => [subject, severity])).toEqual([['public.orders_customer_once', 'warning']]);
    expect(findingsOf(ill, 'duplicate-index').map(({ subject, evidence }) => [subject, evidence['keep']])).toEqual([['public.orders_total_again', 'public.orders_total']]);
    expect(findingsOf(ill, 'redundant-index').map(({ subject, evidence }) => [subject, evidence['coveredBy']])).toEqual([['public.orders_created', 'public.orders_created_total']]);
    const unused = findingsOf(ill, 'unused-index');
    expect(unused.map(({ subject, severity }) => [subject, severity]).sort()).toEqual([['public.orders_status', 'warning']]);
    expect(figureOf(checkOf(ill, 'indexes'), 'unused')).toBe(5);
    expect(unused.find(({ subject }) => subject === 'public.orders_status')?.statement).toBe('DROP INDEX CONCURRENTLY public.orders_status;\n-- to bring it back: CREATE INDEX CONCURRENTLY orders_status ON public.orders USING btree (status);');
  });

  it('a foreign key without one is named with its DELETEs; the counters are young: unused ones are notes', async () => {
    expect(findingsOf(ill, 'missing-index')).toMatchObject([{ severity: 'warning', evidence: { priority: 'high', deletes: 2 }, statement: 'CREATE INDEX CONCURRENTLY orders_customer_id_idx ON public.orders (customer_id);' }]);
    const report = await look(urlOf('ill'), { checks: ['indexes'] });
    expect(new Set(findingsOf(report, 'unused-index').map(({ severity }) => severity))).toEqual(new Set(['info']));
    expect(checkOf(report, 'indexes')?.cannotSee.map(({ reason }) => reason).join()).toMatch(/What was used before .*have run for 7 days/);
  });

  it('a foreign key is served by what a search for it can use, and by nothing else', async () => {
    await run(urlOf('postgres'), 'create database keys');
    const child = (name: string, index: string): string => `create table ${name} (a int references parent, b int, "Odd Name" int, constraint ${name}_both foreign key (a, b) references parent (id, b));\ncreate index ${name}_index on ${name} ${index};\n`;
    const kinds = {
      plain: '(a)', reversed: '(b, a, "Odd Name")', hashed: 'using hash (a)', brin: 'using brin (a)', partial: '(a) where b > 0', other: '(a) where b is not null', implied: '(a, b) where a is not null', twice: '(a, b) where a is not null and b is not null', included: '(a) include (b)', expression: '((a + 0))', broken: '(a, b)',
    };
    const ddl = `create table parent (id int primary key, b int, unique (id, b));\n${Object.entries(kinds).map(([name, index]) => child(name, index)).join('')}create table odd ("Odd Name" int references parent);\ncreate index odd_index on odd ("Odd Name") where "Odd Name" is not null;\n`;
    await run(urlOf('keys'), `${ddl}update pg_index set indisvalid = false where indexrelid = 'broken_index'::regclass`);
    const client = await open(urlOf('keys'), 'keys');
    const read = async (query: string): Promise<readonly string[]> => (await client.query<{ constraint: string }>(query)).rows.map((row) => row.constraint).sort();
    const [unserved, served] = [await read(unindexedKeysQuery), await read(indexedKeysQuery)];
    await client.end();
    expect(served).toEqual(['hashed_a_fkey', 'implied_a_fkey', 'implied_both', 'included_a_fkey', 'odd_Odd Name_fkey', 'plain_a_fkey', 'reversed_both', 'twice_both']);
    // What the files tell is judged alike; that an index is broken only a server knows.
    const { tables } = await readDdl(ddl);
    expect([...tables.values()].flatMap((table) => table.foreignKeys.flatMap((key) => (table.indexes.some((index) => servesForeignKey(index, key.columns)) ? [key.name ?? `${table.name}_${key.columns.join('_')}_fkey`] : []))).filter((name) => !name.startsWith('broken')).sort()).toEqual(served);
    expect(unserved).toEqual(['brin_a_fkey', 'brin_both', 'broken_a_fkey', 'broken_both', 'expression_a_fkey', 'expression_both', 'hashed_both', 'included_both', 'other_a_fkey', 'other_both', 'partial_a_fkey', 'partial_both', 'plain_both', 'reversed_a_fkey', 'twice_a_fkey']);
  });

  it('sizes of a locked table are those noted last', async () => {
    const holder = await open(urlOf('well'), 'ddl', 'begin', 'lock table small in access exclusive mode');
    const report = await look(urlOf('well'), { checks: ['indexes', 'disk'] });
    await holder.end();
    expect(figureOf(checkOf(report, 'indexes'), 'indexes')).toBe(10);
    for (const name of ['indexes', 'disk']) expect(checkOf(report, name)?.cannotSee.map(({ reason }) => reason).join()).toContain('another session has locked a relation');
  });
});

describe('tables', () => {
  it('dead rows, stale statistics, bloat', async () => {
    expect(findingsOf(ill, 'dead-tuples').map(({ subject, evidence, statement }) => [subject, evidence['dead'], statement])).toEqual([['public.churned', 17000, 'VACUUM (ANALYZE) public.churned;']]);
    expect(findingsOf(ill, 'stale-statistics').map(({ subject, severity, evidence }) => [subject, severity, evidence['lastAnalyze'] === null]).sort()).toEqual(
      [['public.churned', 'warning', false], ['public.customers', 'warning', true], ['public.events_default', 'info', true], ['public.orders', 'warning', true], ['public.queue', 'info', true], ['public.totals', 'warning', true]]);
    expect(findingsOf(ill, 'table-bloat').map(({ subject }) => subject)).toEqual(['public.bloated']);
    expect(findingsOf(ill, 'table-bloat')[0]?.evidence['percent']).toBeGreaterThan(80);
  });

  it('measures bloat with pgstattuple where it is installed and asked for', async () => {
    await run(urlOf('ill'), 'create extension pgstattuple');
    const report = await look(urlOf('ill', 'monitor:monitor'), { checks: ['tables', 'indexes'], thresholds: strict, options: { measureBloat: true } });
    // What is dead counts as well: the statistics knew nothing of it.
    expect(findingsOf(report, 'table-bloat').map(({ subject, evidence }) => [subject, evidence['measured'], Number(evidence['percent']) > 50])).toEqual([['public.bloated', true, true], ['public.churned', true, true]]);
  });
});

describe('sequences', () => {
  it('are judged by the narrower of their own limit and their column, and the statements given mend them', async () => {
    const found = findingsOf(ill, 'sequence-exhaustion');
    expect(found.map(({ severity, subject, evidence }) => [severity, subject, evidence['percent']])).toEqual([['critical', 'public.tickets_id_seq', 99.98], ['warning', 'public.invoices_id_seq', 79.16]]);
    for (const { statement = '' } of found) await run(urlOf('ill'), statement);
    expect(collectFindings(await look(urlOf('ill'), { checks: ['sequences'] }))).toEqual([]);
  });
});

describe('partitions', () => {
  it('rows in the default partition, and the next periods with DDL that runs', async () => {
    expect(findingsOf(ill, 'rows-in-default-partition')).toMatchObject([{ subject: 'public.events_default', evidence: { rows: 2 } }]);
    const [missing] = findingsOf(ill, 'missing-partition');
    expect(missing?.message).toMatch(/^public\.events has no partition for today: they end on \d{4}-\d\d-01; rows go into the default partition\.$/);
    // This month and three ahead.
    expect(missing?.statement?.split('\n')).toHaveLength(4);
    expect(missing?.statement).toMatch(/^CREATE TABLE public\.events_\d{4}_\d\d PARTITION OF public\.events FOR VALUES FROM \('\d{4}-\d\d-01 00:00:00\+00'\) TO \('/);
    await run(urlOf('ill'), `delete from events_default;\n${missing?.statement ?? ''}`);
    const report = await look(urlOf('ill'), { checks: ['partitions'], thresholds: { partitionRetentionDays: 1 } });
    expect(findingsOf(report, 'missing-partition')).toEqual([]);
    expect(findingsOf(report, 'old-partitions')[0]?.statement).toMatch(/ DETACH PARTITION public\.events_\d{4}_\d\d; -- then dump it/);
    // With a default partition the server refuses CONCURRENTLY.
    await run(urlOf('ill'), findingsOf(report, 'old-partitions')[0]?.statement ?? '');
  });
});

describe('partitions with gaps', () => {
  const DAY = 86_400_000;
  const iso = (time: number): string => new Date(time).toISOString().slice(0, 10);
  /** As the catalog has it, at a time of our choice. */
  const gapsOf = async (database: string, now: string): Promise<readonly Omit<HealthFinding, 'check'>[]> => {
    const session = openSession(urlOf(database));
    try {
      const facts = await readServer(session);
      const { findings } = await runProbe(session, partitions, { server: { ...facts, now }, thresholds: toThresholds(), options: {} });
      return findings;
    } finally {
      await session.close();
    }
  };

  it('in the middle, today and across New Year are seen, and the DDL for them runs', async () => {
    // Weeks by number: after New Year all of them would be called week_2026_w53. A standing table has the first name of the others.
    const weeks = [1, 2, 3].map((n) => [Date.UTC(2025, 11, 1) + 7 * n * DAY, Date.UTC(2025, 11, 8) + 7 * n * DAY, 48 + n] as const);
    await run(urlOf('postgres'), 'create database gaps');
    await run(urlOf('gaps'), `
create table monthly (at timestamptz not null) partition by range (at);
${['2025-06', '2025-07', '2025-10', '2025-12', '2026-02'].map((m) => `create table monthly_p${m.replace('-', '')} partition of monthly for values from ('${m}-01 00:00+00') to ('${iso(Date.UTC(Number(m.slice(0, 4)), Number(m.slice(5)), 1))} 00:00+00')`).join(';\n')};
create table weekly (d date not null) partition by range (d);
${weeks.map(([from, to, n]) => `create table weekly_2025_w${n} partition of weekly for values from ('${iso(from)}') to ('${iso(to)}')`).join(';\n')};
create table weekly_2025_12_29 (id int);
create table ${'ö'.repeat(28)} (d date not null) partition by range (d);
create table o1 partition of ${'ö'.repeat(28)} for values from ('2026-01-01') to ('2026-01-02');
create table o2 partition of ${'ö'.repeat(28)} for values from ('2026-01-04') to ('2026-01-05');
create table later (d date not null) partition by range (d);
create table later_202602 partition of later for values from ('2026-02-01') to ('2026-03-01');
create table open_ended (d date not null) partition by range (d);
create table open_ended_all partition of open_ended for values from ('2025-01-01') to ('infinity');
create table yearly (d date not null) partition by range (d);
create table yearly_2025 partition of yearly for values from ('2025-01-01') to ('2026-01-01') partition by range (d);
create table yearly_2025_12 partition of yearly_2025 for values from ('2025-12-01') to ('2026-01-01')`);
    const findings = await gapsOf('gaps', '2026-01-06T10:00:00.000Z');
    const told = findings.map(({ id, severity, message }) => `${severity} ${id} ${message}`).sort();
    expect(told.filter((line) => /public\.(monthly|weekly|later|open_ended|yearly_2025)\b/.test(line))).toEqual([
      'critical missing-partition public.later has no partition for today: 2026-01-01 to 2026-02-01 is left out; INSERTs fail.',
      'critical missing-partition public.monthly has no partition for today: 2026-01-01 to 2026-02-01 is left out; INSERTs fail.',
      'critical missing-partition public.weekly has no partition for today: they end on 2025-12-29; INSERTs fail.',
      'info partition-gap Between the partitions of public.monthly 3 are missing, the first from 2025-08-01 to 2025-09-01: rows of that time are refused.',
    ]);
    const statements = findings.flatMap(({ statement }) => statement ?? []).join('\n').replaceAll(/ -- .*/g, '').split('\n');
    expect(new Set(statements.map((statement) => /TABLE (\S+)/.exec(statement)?.[1])).size).toBe(statements.length);
    expect(statements.filter((statement) => statement.includes('public.yearly_2026'))).toEqual([expect.stringMatching(/TO \('2027-01-01'\) PARTITION BY RANGE \(d\);$/)]);
    await run(urlOf('gaps'), statements.join('\n'));
    expect((await gapsOf('gaps', '2026-01-06T10:00:00.000Z')).filter(({ id }) => id !== 'no-partitions')).toEqual([]);
  });
});

it('materialised views come in the order of refreshing', () => {
  expect(rowsOf(ill, 'views', 'views').map((row) => [row['order'], row['view'], row['reads'], row['refresh']])).toEqual([
    [1, 'public.totals', ['public.orders'], 'REFRESH MATERIALIZED VIEW public.totals;'], [2, 'public.grand', ['public.totals', 'public.orders'], 'REFRESH MATERIALIZED VIEW public.grand;']]);
  expect(findingsOf(ill, 'view-not-populated').map(({ subject }) => subject)).toEqual(['public.grand']);
  expect(findingsOf(ill, 'view-blocks-readers').map(({ subject }) => subject)).toEqual(['public.totals', 'public.grand']);
});

it('a slot that nobody uses keeps WAL', () => {
  expect(findingsOf(ill, 'inactive-replication-slot')).toMatchObject([{ severity: 'warning', subject: 'gone', statement: "SELECT pg_drop_replication_slot('gone');" }]);
});

it('the catalog knows the same unused indexes, where this server alone has counted long enough', async () => {
  const session = openSession(urlOf('ill', 'plain:plain'));
  const read = (days: number): Promise<readonly string[] | undefined> => session.withConnection((connection) => inRolledBackTransaction(connection, {}, async () => {
    await connection.query(healthSettings);
    const unused = await readUnusedIndexes(connection, toThresholds({ unusedIndexDays: days }));
    return unused && [...unused.indexes.keys()];
  }));
  try {
    // The slot is that of a replica which is away.
    expect(await read(0)).toBeUndefined();
    await run(urlOf('postgres'), "select pg_drop_replication_slot('gone')");
    expect(await read(0)).toEqual(['public.orders_status']);
    expect(await read(7)).toBeUndefined();
    expect((await introspect(session)).statistics).not.toHaveProperty('unused');
  } finally {
    await session.close();
  }
});

it('statements are told with the places of the workspace that send them; looks at the server itself are none', async () => {
  const workspace = makeWorkspace({ 'src/orders.ts': "import { Pool } from 'pg';\nconst pool = new Pool();\nexport const dear = (total: number) => pool.query('SELECT id FROM orders WHERE total > $1 AND status = $2', [total, 'SECRET-4']);\n" });
  try {
    await run(urlOf('well'), `create extension pg_stat_statements;\nselect pg_stat_statements_reset();\n${Array.from({ length: 6 }, (_, i) => `select id from orders where total > ${i} and status = 'SECRET-4'`).join(';\n')}`);
    const engine = await createEngine();
    const project = await createProject({ folder: workspace.folder, engine, settings: {}, threads: 0 });
    await project.scan();
    const places = createPlaces(project, engine);
    const report = await look(urlOf('well'), { checks: ['statements'], thresholds: { statementMeanMilliseconds: 0 }, options: { placesOf: places } });
    expect(findingsOf(report, 'slow-statements').map(({ subject, evidence }) => [subject, evidence['calls'], evidence['rowsPerCall']])).toEqual([['src/orders.ts:3', 6, 0]]);
    expect(rowsOf(report, 'statements', 'byTotal')[0]).toMatchObject({ places: ['src/orders.ts:3'], calls: 6 });
    expect(JSON.stringify(report.checks)).not.toMatch(/SECRET|pg_catalog|pg_class/);
  } finally {
    workspace.remove();
  }
});

it('as metrics: every one of Postgres has its figures, and Prometheus reads them', ({ skip }) => {
  // A name that changes in a check must change in the metrics too. What this server has none of: replicas, limits that nobody set.
  const metrics = toMetrics(ill);
  expect(metrics.filter(({ name, samples }) => name.startsWith('sargable_pg_') && samples.length === 0).map(({ name }) => name)).toEqual(['sargable_pg_replication_replay_lag_bytes', 'sargable_pg_replication_replay_lag_seconds']);
  const text = renderExposition(metrics);
  expect(text).not.toContain('SECRET');
  const parsed = parseExposition(text);
  if (!parsed) skip(); // said by the helper
  expect(parsed?.length).toBeGreaterThan(40);
  expect(parsed?.filter(({ name, samples }) => !name.startsWith('sargable_') || samples.length === 0).map(({ name }) => name)).toEqual([]);
});

it('is a document with the statements to copy', () => {
  const text = renderHealthMarkdown(ill);
  expect(text).toContain('  ```sql\n  DROP INDEX CONCURRENTLY public.orders_total_again;\n  ```');
  expect(text).toMatch(/^# Database health\n\n.*\n\n\*\*\d critical, \d+ warnings, \d+ notes\.\*\* Nothing below was run/);
});

describe('roles', () => {
  it('with nothing: every check goes on and says which GRANT shows the rest', async () => {
    const report = await look(urlOf('ill', 'plain:plain'), { thresholds: strict });
    const grants = Object.fromEntries(report.checks.map(({ name, cannotSee }) => [name, cannotSee.flatMap(({ grant }) => grant ?? [])]));
    const monitor = 'GRANT pg_monitor TO plain;';
    expect(grants).toMatchObject({ connections: [monitor], locks: [monitor], tables: [monitor], disk: [monitor], settings: ['GRANT pg_read_all_settings TO plain;'], statements: ['CREATE EXTENSION pg_stat_statements;'] });
    expect(grants['sequences']).toEqual([version >= 140000 ? 'GRANT pg_read_all_data TO plain;' : 'GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO plain;']);
    expect(checkOf(report, 'connections')?.cannotSee[0]?.reason).toMatch(/^State and statements of 3 sessions of other roles are hidden/);
    expect(findingsOf(report, 'duplicate-index')).toHaveLength(1);
    expect(findingsOf(report, 'lock-contention')).toHaveLength(version >= 140000 ? 1 : 0);
    expect(JSON.stringify(report)).not.toContain('SECRET');
    // The extension of the test before; the name is a word of SQL.
    const statements = await look(urlOf('well', 'user:user'), { checks: ['statements'] });
    expect(checkOf(statements, 'statements')?.cannotSee.map(({ grant }) => grant)).toEqual(['GRANT pg_read_all_stats TO "user";']);
  });

  it('pg_monitor sees everything but the values of sequences and what it may not read', async () => {
    const report = await look(urlOf('ill', 'monitor:monitor'), { thresholds: strict });
    expect(report.checks.filter(({ cannotSee }) => cannotSee.some(({ grant }) => grant !== undefined)).map(({ name }) => name)).toEqual(['statements', 'sequences']);
    expect(findingsOf(report, 'idle-in-transaction')).toHaveLength(2);
    expect(findingsOf(report, 'lock-contention')).toHaveLength(1);
  });
});

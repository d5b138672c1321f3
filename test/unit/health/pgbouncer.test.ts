import { describe, expect, it } from 'vitest';
import { parseConnectString, parseIni } from '../../../server/src/core/health/pgbouncer/iniFile';
import { lintPooler, type PoolerContext } from '../../../server/src/core/health/pgbouncer/lintPooler';
import { readIniSettings } from '../../../server/src/core/health/pgbouncer/poolerSettings';
import { findSessionFeatures } from '../../../server/src/core/health/pgbouncer/sessionFeatures';

const lint = (text: string, context: Partial<PoolerContext> = {}): string[] =>
  lintPooler(readIniSettings(parseIni(text), 'pgbouncer.ini'), { uses: [], ...context }).map(({ id, severity, subject }) => `${severity} ${id} ${subject}`);
const messages = (text: string, context: Partial<PoolerContext> = {}): string => lintPooler(readIniSettings(parseIni(text), 'pgbouncer.ini'), { uses: [], ...context }).map(({ message }) => message).join('\n');

const GOOD = `;; comment
[databases]
shop = host=10.0.0.1 port=5432 dbname=shop
"odd name" = host=10.0.0.1 connect_query='select ''a b'''

[pgbouncer]
listen_addr = *
listen_port = 6432
auth_type = scram-sha-256
auth_file = /etc/pgbouncer/userlist.txt
pool_mode = transaction
default_pool_size = 20
max_client_conn = 500
`;

describe('pgbouncer.ini', () => {
  it('is read as PgBouncer reads it', () => {
    const file = parseIni(`${GOOD}%include /etc/pgbouncer/more.ini\r\nnonsense\n# comment\npool_mode = session ; not a comment\n`);
    expect([...file.sections.keys()]).toEqual(['databases', 'pgbouncer']);
    expect(file.sections.get('databases')?.map(({ key, line }) => `${line} ${key}`)).toEqual(['3 shop', '4 odd name']);
    expect(file.includes).toEqual(['/etc/pgbouncer/more.ini']);
    expect(file.unread).toEqual([15]);
    expect(readIniSettings(file, 'x').value('pool_mode')).toBe('session ; not a comment');
    expect(Object.fromEntries(parseConnectString("host=a port = 6000 connect_query='select ''a b'''"))).toEqual({ host: 'a', port: '6000', connect_query: "select 'a b'" });
  });
  it('that is in order has no finding', () => expect(lint(GOOD, { serverConnections: 97 })).toEqual([]));
  it('in transaction mode, session features of the code are named with their places', () => {
    const uses: PoolerContext['uses'] = [{ feature: 'session advisory lock', places: Array.from({ length: 7 }, (_, i) => `src/a${i}.ts:${i + 1}`) }];
    expect(lint(GOOD, { uses })).toEqual(['warning pgbouncer-session-feature pgbouncer.ini:11']);
    expect(messages(GOOD, { uses })).toContain('session advisory lock, which needs the same connection longer: src/a0.ts:1, src/a1.ts:2, src/a2.ts:3, src/a3.ts:4, src/a4.ts:5 and 2 other places.');
    expect(lint(GOOD.replace('= transaction', '= session'), { uses })).toEqual([]);
    expect(lint(GOOD.replace('pool_mode = transaction\n', '').replace('dbname=shop', 'dbname=shop pool_mode=transaction'), { uses })).toEqual(['warning pgbouncer-session-feature pgbouncer.ini:3']);
  });
  it.each([
    ['max_prepared_statements = 0', 'warning pgbouncer-prepared-statements pgbouncer.ini:14'],
    ['server_reset_query_always = 1', 'warning pgbouncer-reset-always pgbouncer.ini:14'],
    ['query_wait_timeout = 0', 'warning pgbouncer-endless-wait pgbouncer.ini:14'],
    ['query_wait_timeout = 0.0', 'warning pgbouncer-endless-wait pgbouncer.ini:14'],
    ['defualt_pool_size = 5', 'warning pgbouncer-unknown-setting pgbouncer.ini:14'],
    ['setting_of_another_version = 5', undefined],
    ['auth_type = scram-sha256', 'warning pgbouncer-unknown-value pgbouncer.ini:14'],
    ['auth_type = md5', 'info pgbouncer-auth pgbouncer.ini:14'],
    ['auth_type = plain', 'warning pgbouncer-auth pgbouncer.ini:14'],
    ['auth_type = trust', 'critical pgbouncer-auth pgbouncer.ini:14'],
    ['auth_type = any\nlisten_addr = 127.0.0.1, ::1', 'warning pgbouncer-auth pgbouncer.ini:14'],
    ['max_client_conn = 10', 'warning pgbouncer-clients-below-pool pgbouncer.ini:14'],
    ['max_db_connections = 15', 'info pgbouncer-pool-capped pgbouncer.ini:3'],
    ['min_pool_size = 30', 'info pgbouncer-pool-capped pgbouncer.ini:3'],
    ['reserve_pool_size = 5\nreserve_pool_timeout = 0', 'warning pgbouncer-reserve-unused pgbouncer.ini:15'],
    ['max_db_connections = 50\nmax_db_client_connections = 20', 'warning pgbouncer-queue-below-limit pgbouncer.ini:15'],
    ['pool_mode = session\nserver_reset_query =', 'warning pgbouncer-no-reset pgbouncer.ini:15'],
    ['server_reset_query =', undefined],
  ])('%s: %s', (line, expected) => expect(lint(`${GOOD}${line}\n`)[0]).toBe(expected));
  it('pools above what the server gives', () => {
    expect(lint(GOOD, { serverConnections: 30 })).toEqual(['warning pgbouncer-above-server pgbouncer.ini:12']);
    expect(messages(GOOD, { serverConnections: 30 })).toContain('The pools of 2 databases, with one user each, may open 40 server connections; Postgres gives 30 to ordinary roles.');
    expect(lint(`${GOOD}max_db_connections = 15\n`, { serverConnections: 30 }).filter((finding) => finding.includes('above'))).toEqual([]);
    expect(lint(GOOD.replace('dbname=shop', 'dbname=shop pool_size=200'), { serverConnections: 97 })).toContain('critical pgbouncer-above-server pgbouncer.ini:3');
    // Two servers: which of them the limit belongs to is not known.
    expect(lint(GOOD.replace('"odd name" = host=10.0.0.1', 'odd = host=10.0.0.2'), { serverConnections: 30 })).toEqual([]);
  });
  it('a password in the file is told without being shown', () => {
    const text = GOOD.replace('dbname=shop', "dbname=shop user=app password='s3 cret'");
    expect(lint(text)).toEqual(['info pgbouncer-password pgbouncer.ini:3']);
    expect(JSON.stringify(lintPooler(readIniSettings(parseIni(text), 'x'), { uses: [] }))).not.toContain('s3 cret');
  });
});

describe('what needs the same connection longer than a transaction', () => {
  it.each([
    ['LISTEN jobs', 'LISTEN'], ['notify jobs', ''], ['SET search_path = app', 'SET'], ['set session role = x', 'SET'], ['SET LOCAL search_path = app', ''], ['set transaction read only', ''], ['SET CONSTRAINTS ALL DEFERRED', ''],
    ["SET timezone = 'UTC'", ''], ["SET TIME ZONE 'UTC'", ''], ["set session application_name = 'x'", ''], ["select set_config('app.tenant', $1, false)", 'SET'], ["select set_config('app.tenant', $1, true)", ''], ["select set_config('app.tenant', f(1, 2), $2)", ''],
    ['PREPARE p AS SELECT 1', 'PREPARE'], ["PREPARE TRANSACTION 'x'", ''], ['DECLARE c CURSOR WITH HOLD FOR SELECT 1', 'WITH HOLD cursor'], ['DECLARE c CURSOR FOR SELECT 1', ''],
    ['CREATE TEMP TABLE t (a int)', 'temporary table'], ['create local temporary table t on commit delete rows as select 1', 'temporary table'], ['CREATE TEMP TABLE t (a int) ON COMMIT DROP', ''], ['create table temp (a int)', ''],
    ["LOAD 'auto_explain'", 'LOAD'], ['SELECT pg_advisory_lock($1)', 'session advisory lock'], ['select pg_try_advisory_lock_shared(1, 2)', 'session advisory lock'], ['select pg_advisory_xact_lock(1)', ''], ["select 'pg_advisory_lock(1)'", ''],
    ['UPDATE t SET search_path = 1', ''],
  ])('%s: %s', (sql, expected) => expect(findSessionFeatures(sql).join()).toBe(expected));
});

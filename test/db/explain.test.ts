import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DatabaseError, PlanTimeCallsError } from '../../server/src/db/errors';
import type { AnalyzeOptions, ExplainOptions } from '../../server/src/db/explain';
import { explainAnalyze, readWriteRisks, safeExplain } from '../../server/src/db/explain';
import type { DbSession } from '../../server/src/db/session';
import { openSession } from '../../server/src/db/session';
import type { StatementEffects } from '../../server/src/core/sql/effects';
import { prove } from '../support/prove';
import { createDatabase } from '../support/postgres';
import type { TestDatabase } from '../support/postgres';

const ddl = `
create table t (id bigserial primary key, tenant_id int not null, kind text, at timestamptz default now());
create index t_tenant on t (tenant_id);
insert into t (tenant_id, kind) select n % 50, 'k' || n % 7 from generate_series(1, 5000) n;
create table children (id int primary key, t_id bigint references t on delete cascade);
create table log (what text);
create table parts (id int, at date) partition by range (at);
create table parts_1 partition of parts for values from ('2024-01-01') to ('2025-01-01');
create table parts_2 partition of parts for values from ('2025-01-01') to ('2026-01-01');
create function volatile_write() returns int language plpgsql volatile as $$ begin insert into log values ('volatile'); return 1; end $$;
create function stable_write() returns int language plpgsql stable as $$ begin perform volatile_write(); return 1; end $$;
create function immutable_write() returns int language plpgsql immutable as $$ begin perform volatile_write(); return 1; end $$;
create function adds(int) returns int language plpgsql immutable as $$ begin return $1 + 1; end $$;
create function adds2(int, int) returns int language plpgsql immutable as $$ begin return $1 + $2; end $$;
create operator <+> (leftarg = int, rightarg = int, function = adds2);
create function inlined(int) returns int language sql volatile as $$ select immutable_write() $$;
create function volatile_default(int default immutable_write()) returns int language plpgsql volatile as $$ begin return 1; end $$;
create type pair as (a int);
create function immutable_of(pair) returns int language plpgsql immutable as $$ begin return immutable_write(); end $$;
create view hidden_call as select * from t where tenant_id = stable_write();
create table secured (tenant_id int); alter table secured enable row level security;
create policy own on secured using (tenant_id = current_setting('app.tenant_id')::int);
create table guarded (tenant_id int); alter table guarded enable row level security;
create policy own on guarded using (tenant_id = stable_write());
do $$ begin create role sargable_tenant; exception when duplicate_object or unique_violation then null; end $$;
grant select on secured, guarded to sargable_tenant;
create function note() returns trigger language plpgsql as $$ begin insert into log values ('trigger'); return new; end $$;
create trigger noted before update on t for each row execute function note();
analyze`;

let database: TestDatabase;
let session: DbSession;
beforeAll(async () => {
  database = await createDatabase(ddl);
  session = openSession(database.url);
});
afterAll(async () => {
  await session?.close();
  await database?.drop();
});

/** A proof that lies, for what the server must stop by itself. */
const select: StatementEffects = { kind: 'select', writes: [], locksRows: false, createsTable: false, calls: [], operators: [], relations: [], parameters: 0 };
const plan = async (sql: string, options: Omit<ExplainOptions, 'proof'> = {}): ReturnType<typeof safeExplain> => safeExplain(session, sql, { ...options, proof: await prove(sql) });
const analyze = async (sql: string, options: Omit<AnalyzeOptions, 'proof'> = {}): ReturnType<typeof explainAnalyze> => explainAnalyze(session, sql, { ...options, proof: await prove(sql) });
const risks = async (sql: string): Promise<readonly string[]> => (await readWriteRisks(session, { proof: await prove(sql) })).map((risk) => risk.kind).sort();
const rowsOf = async (table: string): Promise<unknown> => (await database.query(`select count(*)::int as n from ${table}`))[0]?.['n'];
const failure = async (work: Promise<unknown>): Promise<DatabaseError> => {
  const error = await work.then(() => undefined, (raised: unknown) => raised);
  if (!(error instanceof DatabaseError)) throw new Error(`expected a DatabaseError, got ${String(error)}`);
  return error;
};

describe('safeExplain', () => {
  it('plans generically and tells the parameter types', async () => {
    const result = await plan('select * from t where tenant_id = $1 and at > $2 limit $3;');
    expect(result).toMatchObject({ parameterTypes: ['integer', 'timestamp with time zone', 'bigint'], generic: true, analyzed: false, pooled: false });
    expect(JSON.stringify(result.plan)).toContain('t_tenant');
  });
  it('plans with values, quotes and backslashes included', async () => {
    const result = await plan('select * from t where kind = $1 and tenant_id = $2', { parameters: ["it's \\ a", '3'] });
    expect(result.generic).toBe(false);
    expect(JSON.stringify(result.plan)).toContain('tenant_id = 3');
  });
  it('shows the partitions of a generic plan', async () => {
    const result = await plan('select * from parts where at = $1');
    expect(result.pruningOff).toBe(true);
    expect(JSON.stringify(result.plan)).toContain('parts_2');
  });
  it('declares parameters as text where nothing else says what they are', async () => {
    expect((await plan('select jsonb_build_object($1, $2)')).parameterTypes).toEqual(['text', 'text']);
  });
  it('plans writes without running them', async () => {
    const result = await plan("update t set kind = 'x' where tenant_id = $1");
    expect(JSON.stringify(result.plan)).toContain('ModifyTable');
    expect(await rowsOf(`t where kind = 'x'`)).toBe(0);
  });
  it('says where an error is', async () => {
    expect(await failure(plan('select nothing from t'))).toMatchObject({ kind: 'query', sqlState: '42703' });
  });
  it('plans as another role, with settings of the application', async () => {
    const own = await plan('select * from secured');
    const theirs = await plan('select * from secured', { role: 'sargable_tenant', settings: { 'app.tenant_id': '7' } });
    expect(JSON.stringify(own.plan)).not.toContain('Filter');
    expect(JSON.stringify(theirs.plan)).toContain('current_setting');
    expect((await session.withConnection((connection) => connection.query(`select current_user as who, current_setting('app.tenant_id', true) as tenant`)))[0]).toEqual({ who: expect.not.stringContaining('tenant') as unknown, tenant: '' });
  });
  it.each(['transaction_read_only', 'statement_timeout', 'role', 'app.x; drop table t', 'session_authorization'])('sets no setting such as %s', async (name) => {
    expect(await failure(plan('select 1', { settings: { [name]: 'off' } }))).toMatchObject({ kind: 'refused-statement' });
  });
});

describe('functions that planning would run', () => {
  it.each([
    ['select * from t where tenant_id = immutable_write()', ['public.immutable_write']],
    ['select * from t where tenant_id = "public"."stable_write"()', ['public.stable_write']],
    ['select STABLE_write /* ( */ ()', ['public.stable_write']],
    ['select * from immutable_write() x', ['public.immutable_write']],
    ['select adds(x) from (select 1 as x) s', ['public.adds']],
    ['select inlined(tenant_id) from t', ['public.inlined']],
    ['select 1 <+> 2', ['public.adds2']],
    ['select * from hidden_call', ['public.stable_write']],
    ['select volatile_default()', ['public.volatile_default']],
    ["select ('(1)'::pair).immutable_of", ['public.immutable_of']],
    ['with x as (select adds($1) as y) select * from x', ['public.adds']],
  ])('%s is refused', async (sql, names) => {
    const error = await failure(plan(sql));
    expect(error).toBeInstanceOf(PlanTimeCallsError);
    expect((error as PlanTimeCallsError).functions.map((found) => found.name)).toEqual(names);
    expect(await rowsOf('log')).toBe(0);
  });
  it.each(['select adds(tenant_id) from t', 'select volatile_write()', "select 'immutable_write()', \"kind\" as \"stable_write\" from t -- immutable_write()", 'select lower($1), 1 + 2, now()'])('%s is planned', async (sql) => {
    expect(await plan(sql)).toMatchObject({ analyzed: false });
    expect(await rowsOf('log')).toBe(0);
  });
  it('those that a person vouched for may run', async () => {
    expect(await plan('select * from t where tenant_id = adds(1)', { allowFunctions: ['public.adds'] })).toMatchObject({ analyzed: false });
  });
  it('of a policy count for the role that it binds', async () => {
    expect(await plan('select * from guarded')).toMatchObject({ analyzed: false });
    expect(await failure(plan('select * from guarded', { role: 'sargable_tenant' }))).toBeInstanceOf(PlanTimeCallsError);
  });
});

describe('what a wrong proof lets through changes nothing', () => {
  it.each([
    ['a second statement', "select 1; commit; insert into log values ('smuggled')"],
    ['a second statement before', "select 1; insert into log values ('smuggled'); select 2"],
    ['an end of the transaction', 'commit'],
    ['a volatile function', 'select volatile_write()'],
    ['an immutable function that writes', 'select * from t where tenant_id = immutable_write()'],
    ['a stable function that writes', 'select * from t where tenant_id = stable_write()'],
    ['a sequence', "select * from t where id = nextval('t_id_seq')"],
    ['switching read-only off', "select set_config('transaction_read_only', 'off', false)"],
    ['a table', 'select 1 into made'],
  ])('%s', async (_, sql) => {
    const [before] = await database.query('select last_value from t_id_seq');
    await safeExplain(session, sql, { proof: select }).catch(() => undefined);
    expect(await rowsOf('log')).toBe(0);
    expect((await database.query('select last_value from t_id_seq'))[0]).toEqual(before);
    expect((await database.query(`select to_regclass('made') as made`))[0]?.['made']).toBeNull();
  });
  it('refuses what EXPLAIN does not take before anything is sent', async () => {
    for (const sql of ['vacuum t', 'notify a', 'explain analyze create table made as select 1', 'create table made as select 1', 'select 1 into made', 'call p()']) expect(await failure(plan(sql))).toMatchObject({ kind: 'refused-statement' });
  });
  it('ends planning that takes too long, and leaves no lock', async () => {
    await database.query(`create function slow() returns int language plpgsql immutable as $$ begin perform pg_sleep(5); return 1; end $$`);
    expect(await failure(plan('select * from t where tenant_id = slow()', { timeout: 150, allowFunctions: ['public.slow'] }))).toMatchObject({ kind: 'cancelled' });
    await plan('select * from t, pg_advisory_lock(42)');
    expect((await database.query(`select count(*)::int as n from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`))[0]?.['n']).toBe(0);
    expect((await database.query(`select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name = 'sargable' and state <> 'idle'`))[0]?.['n']).toBe(0);
  });
  it('leaves no prepared statement behind, whatever happened', async () => {
    await plan('select 1');
    await failure(analyze('select 1 / (random() * 0)::int'));
    expect(await session.withConnection((connection) => connection.query('select name from pg_prepared_statements'))).toEqual([]);
  });
});

describe('explainAnalyze', () => {
  it('measures a SELECT', async () => {
    const result = await analyze('select count(*) from t where tenant_id = $1', { parameters: ['7'] });
    expect(result).toMatchObject({ analyzed: true, ioTiming: false });
    expect(JSON.stringify(result.plan)).toContain('Actual Rows');
  });
  it('needs values', async () => {
    expect(await failure(analyze('select count(*) from t where tenant_id = $1'))).toMatchObject({ kind: 'refused-statement' });
  });
  it('refuses writes, also those a wrong proof hides', async () => {
    for (const sql of ["update t set kind = 'x'", 'with w as (delete from t returning 1) select * from w', 'select * from t for update']) expect(await failure(analyze(sql))).toMatchObject({ kind: 'refused-statement' });
    expect(await failure(explainAnalyze(session, 'with w as (delete from t returning 1) select * from w', { proof: select }))).toMatchObject({ sqlState: '25006' });
    expect(await failure(explainAnalyze(session, 'select volatile_write()', { proof: select }))).toMatchObject({ sqlState: '25006' });
    expect(await rowsOf('t')).toBe(5000);
  });
  it('rolls allowed writes back', async () => {
    const result = await analyze("update t set kind = 'x' where tenant_id = 1", { allowWrites: true });
    expect(JSON.stringify(result.plan)).toContain('ModifyTable');
    expect(await rowsOf(`t where kind = 'x'`)).toBe(0);
    expect(await rowsOf('log')).toBe(0);
  });
  it('stops when asked', async () => {
    const abort = new AbortController();
    const running = failure(analyze('select pg_sleep(20)', { signal: abort.signal }));
    setTimeout(() => abort.abort(), 200);
    expect(await running).toMatchObject({ kind: 'cancelled', sqlState: '57014' });
  });
  it('asks the server to look whether we are still there', async () => {
    await analyze(`select count(*) from t where coalesce(current_setting('client_connection_check_interval', true), '500ms') = '500ms'`).then((result) => expect(JSON.stringify(result.plan)).not.toContain('"Actual Rows":0'));
  });
});

describe('what a rollback does not undo', () => {
  it.each([
    ["insert into t (tenant_id) select 1 where pg_notify('a', 'b') is null", ['locks', 'notify', 'sequence']],
    ["insert into t (tenant_id) values (1) on conflict (id) do update set kind = 'x'", ['locks', 'sequence', 'trigger']],
    ['delete from t', ['cascade', 'locks']],
    ['update t set kind = $1', ['locks', 'trigger']],
    ['with w as (update t set kind = $1 returning 1) select * from w', ['locks', 'trigger']],
    ['select * from t for no key update', ['locks']],
    ["select NEXTVAL/**/('t_id_seq')", ['sequence']],
    ['select "pg_catalog"."pg_advisory_lock"(1)', ['advisory-lock']],
    ['select pg_terminate_backend(1)', ['outside']],
    ['select lo_create(0)', ['outside']],
    ['select volatile_write()', ['function']],
    ['select adds(tenant_id) from t', ['function']],
    ['select * from hidden_call', ['function']],
    ["select 'nextval(', kind as \"for update\" from t -- pg_notify()", []],
    ['select random(), now(), pg_sleep(0), gen_random_uuid()', []],
  ])('%s: %j', async (sql, kinds) => {
    expect(await risks(sql)).toEqual(kinds);
  });
});

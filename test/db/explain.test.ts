import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DatabaseError } from '../../server/src/db/errors';
import type { StatementProof } from '../../server/src/db/explain';
import { explainAnalyze, safeExplain } from '../../server/src/db/explain';
import type { DbSession } from '../../server/src/db/session';
import { openSession } from '../../server/src/db/session';
import { collectWriteRisks } from '../../server/src/db/writeRisks';
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

const select: StatementProof = { single: true, kind: 'select', writes: false };
const update: StatementProof = { single: true, kind: 'update', writes: true };
const rowsOf = async (table: string): Promise<unknown> => (await database.query(`select count(*)::int as n from ${table}`))[0]?.['n'];
const failure = async (work: Promise<unknown>): Promise<DatabaseError> => {
  const error = await work.then(() => undefined, (raised: unknown) => raised);
  if (!(error instanceof DatabaseError)) throw new Error(`expected a DatabaseError, got ${String(error)}`);
  return error;
};

describe('safeExplain', () => {
  it('plans generically and tells the parameter types', async () => {
    const result = await safeExplain(session, 'select * from t where tenant_id = $1 and at > $2 limit $3;', { proof: select });
    expect(result).toMatchObject({ parameterTypes: ['integer', 'timestamp with time zone', 'bigint'], generic: true, analyzed: false });
    expect(JSON.stringify(result.plan)).toContain('t_tenant');
  });
  it('plans with values, quotes and backslashes included', async () => {
    const result = await safeExplain(session, 'select * from t where kind = $1 and tenant_id = $2', { proof: select, parameters: ["it's \\ a", '3'] });
    expect(result.generic).toBe(false);
    expect(JSON.stringify(result.plan)).toContain('tenant_id = 3');
  });
  it('shows the partitions of a generic plan', async () => {
    const result = await safeExplain(session, 'select * from parts where at = $1', { proof: select });
    expect(result.pruningOff).toBe(true);
    expect(JSON.stringify(result.plan)).toContain('parts_2');
  });
  it('declares parameters as text where nothing else says what they are', async () => {
    expect((await safeExplain(session, 'select jsonb_build_object($1, $2)', { proof: select })).parameterTypes).toEqual(['text', 'text']);
  });
  it('plans writes without running them', async () => {
    const result = await safeExplain(session, "update t set kind = 'x' where tenant_id = $1", { proof: update });
    expect(JSON.stringify(result.plan)).toContain('ModifyTable');
    expect(await rowsOf(`t where kind = 'x'`)).toBe(0);
  });
  it('says where an error is', async () => {
    expect(await failure(safeExplain(session, 'select nothing from t', { proof: select }))).toMatchObject({ kind: 'query', sqlState: '42703' });
  });
});

describe('attacks on safeExplain change nothing', () => {
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
  it('refuses unproven texts before anything is sent', async () => {
    expect(await failure(safeExplain(session, 'select 1', { proof: { ...select, single: false } }))).toMatchObject({ kind: 'refused-statement' });
    expect(await failure(safeExplain(session, 'vacuum t', { proof: { ...select, kind: 'utility' } }))).toMatchObject({ kind: 'refused-statement' });
  });
  it('ends planning that takes too long, and leaves no lock', async () => {
    await database.query(`create function slow() returns int language sql immutable as $$ select 1 from (select pg_sleep(5)) s $$`);
    expect(await failure(safeExplain(session, 'select * from t where tenant_id = slow()', { proof: select, timeout: 150 }))).toMatchObject({ kind: 'cancelled' });
    await safeExplain(session, 'select * from t, pg_advisory_lock(42)', { proof: select });
    expect((await database.query(`select count(*)::int as n from pg_locks where locktype = 'advisory'`))[0]?.['n']).toBe(0);
    expect((await database.query(`select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name = 'sargable' and state <> 'idle'`))[0]?.['n']).toBe(0);
  });
});

describe('explainAnalyze', () => {
  it('measures a SELECT', async () => {
    const result = await explainAnalyze(session, 'select count(*) from t where tenant_id = $1', { proof: select, parameters: ['7'] });
    expect(result.analyzed).toBe(true);
    expect(JSON.stringify(result.plan)).toContain('Actual Rows');
  });
  it('needs values', async () => {
    expect(await failure(explainAnalyze(session, 'select count(*) from t where tenant_id = $1', { proof: select }))).toMatchObject({ kind: 'refused-statement' });
  });
  it('refuses writes, also those a wrong proof hides', async () => {
    expect(await failure(explainAnalyze(session, "update t set kind = 'x'", { proof: update }))).toMatchObject({ kind: 'refused-statement' });
    expect(await failure(explainAnalyze(session, 'with w as (delete from t returning 1) select * from w', { proof: select }))).toMatchObject({ sqlState: '25006' });
    expect(await failure(explainAnalyze(session, 'select volatile_write()', { proof: select }))).toMatchObject({ sqlState: '25006' });
    expect(await rowsOf('t')).toBe(5000);
  });
  it('rolls allowed writes back', async () => {
    const result = await explainAnalyze(session, "update t set kind = 'x' where tenant_id = 1", { proof: update, allowWrites: true });
    expect(JSON.stringify(result.plan)).toContain('ModifyTable');
    expect(await rowsOf(`t where kind = 'x'`)).toBe(0);
    expect(await rowsOf('log')).toBe(0);
  });
  it('stops when asked', async () => {
    const abort = new AbortController();
    const running = failure(explainAnalyze(session, 'select pg_sleep(20)', { proof: select, signal: abort.signal }));
    setTimeout(() => abort.abort(), 200);
    expect(await running).toMatchObject({ kind: 'cancelled', sqlState: '57014' });
  });
  it('lists what a rollback does not undo', async () => {
    const risks = await collectWriteRisks(session, "insert into t (tenant_id) select 1 where pg_notify('a', 'b') is null", ['t']);
    expect(risks.map((risk) => risk.kind).sort()).toEqual(['cascade', 'locks', 'notify', 'sequence', 'trigger']);
  });
});

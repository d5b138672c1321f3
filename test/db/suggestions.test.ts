import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { introspect } from '../../server/src/db/introspect';
import { openSession, type DbSession } from '../../server/src/db/session';
import { createEngine, type Engine } from '../../server/src/workspace/engine';
import { chooseValues, suggestParameters, type ParameterProposal } from '../../server/src/workspace/parameters';
import { queryFromSql } from '../../server/src/workspace/queryAt';
import type { Catalog } from '../../server/src/core/catalog/model';
import { createDatabase, type TestDatabase } from '../support/postgres';

let database: TestDatabase;
let session: DbSession;
let catalog: Catalog;
let engine: Engine;
beforeAll(async () => {
  database = await createDatabase(`
    create table visits (id bigserial primary key, tenant int not null, status text, at timestamptz not null, tags text[], note text);
    alter table visits alter column status set statistics 500;
    -- 80 % one tenant, 15 % another, the rest spread over 500; half of the notes are null
    insert into visits (tenant, status, at, tags, note)
      select case when n % 100 < 80 then 7 when n % 100 < 95 then 8 else 1000 + n % 500 end, (array['open', 'open', 'open', 'open', 'closed', 'it''s "odd", {\\ '])[1 + n % 6],
        timestamptz '2024-01-01 00:00+00' + n * interval '1 minute', array['a', 'b'], case when n % 2 = 0 then 'note ' || n end
      from generate_series(1, 20000) n;
    create table fresh (id int, name text); alter table fresh set (autovacuum_enabled = off); insert into fresh values (1, 'first'), (2, null);
    create table empty (id int); analyze visits`);
  session = openSession(database.url);
  catalog = await introspect(session);
  engine = await createEngine();
});
afterAll(async () => {
  await session.close();
  await database.drop();
});
const propose = async (sql: string, sample?: boolean): Promise<readonly ParameterProposal[]> => suggestParameters(session, catalog, queryFromSql(engine, sql), sample === undefined ? {} : { sample });
const byLabel = (proposal: ParameterProposal | undefined): Record<string, string | null> => Object.fromEntries((proposal?.suggestions ?? []).map(({ label, value }) => [label, value]));

describe('values from skewed statistics', () => {
  it('the most common with its share, the rarest of the common, median and 99th percentile', async () => {
    const [tenant] = await propose('select * from visits where tenant = $1');
    expect(tenant).toMatchObject({ column: 'visits.tenant' });
    expect(tenant?.suggestions[0]).toEqual({ value: '7', label: 'most common', detail: '80 % of rows' });
    expect(tenant?.suggestions[1]).toMatchObject({ label: 'rare' });
    expect(tenant?.suggestions[1]?.value).not.toBe('7');
    const [at] = await propose('select * from visits where at >= $1');
    expect(byLabel(at)['median']).toMatch(/^2024-01-0[78]/);
    expect(byLabel(at)['99th percentile']).toMatch(/^2024-01-14/);
  });
  it('null with its share where there are any', async () => {
    expect((await propose('select * from visits where note = $1'))[0]?.suggestions.at(-1)).toEqual({ value: null, label: 'null', detail: '50 % of rows' });
    expect(byLabel((await propose('select * from visits where tenant = $1'))[0])).not.toHaveProperty('null');
  });
  it('values with quotes, commas and braces come as they are', async () => {
    expect((await propose('select * from visits where status = $1'))[0]?.suggestions.map(({ value }) => value)).toContain('it\'s "odd", {\\ ');
  });
  it.each([
    ['select * from visits v where v.tenant in ($1) and lower(v.status) = $2', ['visits.tenant', 'visits.status']],
    ['select * from visits where tenant = any($1) and status like $2 and at between $3 and $4', ['visits.tenant', 'visits.status', 'visits.at', 'visits.at']],
    ['select * from (select tenant as t from visits) s where $1 = t', ['visits.tenant']],
    ['select * from visits where not (tenant = $1 or status = $2)', ['visits.tenant', 'visits.status']],
    ['select 1 from fresh f where exists (select 1 from visits where tenant = f.id and status = $1)', ['visits.status']],
    ['update visits set status = $1 where id = $2::bigint', ['visits.status', 'visits.id']],
    ['delete from visits where tenant = $1', ['visits.tenant']],
    ['select $1, * from visits where tenant = id + $2 and unknown = $3', [undefined, undefined, undefined]],
  ])('%s binds %j', async (sql, columns) => {
    expect((await propose(sql)).map(({ column }) => column)).toEqual(columns);
  });
  it('of a page what pages have', async () => {
    expect((await propose('select * from visits where tenant = $1 limit $2 offset $3')).slice(1).map((proposal) => byLabel(proposal))).toEqual([{ 'a page': '20' }, { 'first page': '0', 'a late page': '10000' }]);
  });
  it('without statistics nothing, on request a look into the table', async () => {
    expect((await propose('select * from fresh where name = $1'))[0]?.suggestions).toEqual([]);
    expect(byLabel((await propose('select * from fresh where name = $1', true))[0])).toEqual({ 'found in the table': 'first', null: null });
    expect((await propose('select * from empty where id = $1', true))[0]?.suggestions).toEqual([]);
    expect((await propose('select * from visits where tags @> $1'))[0]?.suggestions).toEqual([]);
  });
  it('common and rare plans take them for every parameter, or for none', async () => {
    const choose = (sql: string, wanted: 'common' | 'rare'): ReturnType<typeof chooseValues> => chooseValues(session, catalog, queryFromSql(engine, sql), wanted);
    expect(await choose('select * from visits where tenant = $1 and status = $2 limit $3', 'common')).toEqual(['7', 'open', '20']);
    expect(await choose('select * from visits where tenant = $1', 'rare')).not.toEqual(['7']);
    expect(await choose('select * from visits where tenant = $1 and $2', 'common')).toBeUndefined();
  });
});

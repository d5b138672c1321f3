import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServerAccess } from '../../server/src/db/access';
import { readAccess } from '../../server/src/db/access';
import { openSession } from '../../server/src/db/session';
import { collectAccessProblems, renderAccessReport, renderGrants } from '../../server/src/workspace/accessReport';
import { createDatabase, type TestDatabase } from '../support/postgres';

const role = `sargable_reader_${process.pid}`;
let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase(`
    create table orders (id int); create schema "Odd Name"; create table "Odd Name"."a.b" (id int); create view totals as select count(*) from orders;
    create role ${role} login password 'reader'`);
});
afterAll(async () => {
  await database.query(`drop owned by ${role}; drop role ${role}`);
  await database.drop();
});
const access = async (user = role, password = 'reader'): Promise<ServerAccess> => {
  const url = new URL(database.url);
  if (user !== '') [url.username, url.password] = [user, password];
  const session = openSession(url.href);
  try {
    return await readAccess(session);
  } finally {
    await session.close();
  }
};
const facts: ServerAccess = {
  version: 160004, versionText: '16.4', database: 'shop', user: 'app', superuser: false, ownsTables: false, readOnlyByDefault: true, standby: false, seesAllStatistics: true, statements: 'ready',
  unreadable: [], unreadableCount: 0, closedSchemas: [], schemas: ['public', 'Sales'], ioTiming: true, pooled: false,
};

describe('what a connection lacks', () => {
  it('of a role without grants: each relation, schema, membership', async () => {
    const found = await access();
    expect(found).toMatchObject({ superuser: false, ownsTables: false, seesAllStatistics: false, readOnlyByDefault: false, unreadableCount: 3, closedSchemas: ['Odd Name'], statements: 'not-installed', pooled: false });
    expect([...found.unreadable].sort()).toEqual(['Odd Name.a.b', 'public.orders', 'public.totals']);
    const problems = collectAccessProblems(found).join('\n');
    for (const word of ['No SELECT on 3 relations', 'No USAGE on the schema Odd Name', 'pg_monitor', 'pg_stat_statements', 'default_transaction_read_only']) expect(problems).toContain(word);
  });
  it('the GRANTs that are printed give exactly what was missing', async () => {
    for (const sql of renderGrants(await access())) await database.query(sql);
    const after = await access();
    expect(after).toMatchObject({ unreadableCount: 0, closedSchemas: [], seesAllStatistics: true, readOnlyByDefault: true });
    expect(renderGrants(after)).toEqual([]);
    expect(collectAccessProblems(after)).toEqual([expect.stringContaining('pg_stat_statements') as string]);
    await database.query((await access()).version >= 140000 ? `revoke pg_read_all_data from ${role}` : `drop owned by ${role}`);
  });
  it('the single GRANTs work too, and those for servers before 14', async () => {
    const single = renderGrants(await access()).filter((line) => line.startsWith('-- grant')).map((line) => line.slice(3));
    expect(single.length).toBe((await access()).version >= 140000 ? 4 : 0);
    for (const sql of single) await database.query(sql);
    if (single.length > 0) expect(await access()).toMatchObject({ unreadableCount: 0, closedSchemas: [] });
    await database.query(`drop owned by ${role}`);
    const old = renderGrants({ ...(await access()), version: 130000 });
    expect(old.join()).not.toContain('pg_read_all_data');
    for (const sql of old) await database.query(sql);
    await database.query('create table later (id int)');
    expect(await access()).toMatchObject({ unreadableCount: 0, closedSchemas: [] });
  });
  it('warns of a superuser and of an owner, and gives them no GRANTs', async () => {
    const found = await access('');
    expect(found).toMatchObject({ superuser: true, unreadableCount: 0 });
    expect(collectAccessProblems(found)[0]).toContain('superuser');
    expect(collectAccessProblems({ ...facts, ownsTables: true })).toEqual(['The role owns tables of the application; a role that can only read is safer.']);
    expect(renderGrants({ ...facts, ownsTables: true, readOnlyByDefault: false })).toEqual([]);
  });
  it('of pg_stat_statements: loaded or installed only', async () => {
    await database.query('create extension pg_stat_statements');
    expect(await access()).toMatchObject({ statements: 'not-loaded' });
    expect(renderAccessReport('shop', { ...facts, statements: 'not-loaded' })).toContain('shared_preload_libraries');
    await database.query('drop extension pg_stat_statements');
    expect(renderAccessReport('shop', { ...facts, statements: 'not-installed' })).toContain('create extension pg_stat_statements;');
  });
});

describe('the role that is advised', () => {
  it.each([[160004, 'grant pg_read_all_data, pg_monitor to sargable;', 'on all tables in schema'], [130000, 'grant select on all tables in schema "Sales" to sargable;', 'pg_read_all_data']])('for version %i', (version, has, hasNot) => {
    const report = renderAccessReport('shop', { ...facts, version });
    expect(report).toContain('Nothing is missing.');
    expect(report).toContain(has);
    expect(report).not.toContain(hasNot);
    expect(report).toContain('default_transaction_read_only = on');
  });
  it('the script runs as it stands', async () => {
    const script = /## A role of its own[^]*```sql\n([^]*?)```/.exec(renderAccessReport('shop', { ...(await access()) }))?.[1] ?? '';
    await database.query(`begin; ${script.replaceAll('sargable', `${role}_own`)} rollback`);
    expect(script.split('\n').length).toBeGreaterThan(5);
  });
});

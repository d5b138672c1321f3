import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Catalog, Column, Table } from '../../server/src/core/catalog/model';
import { TwinError, type Twin } from '../../server/src/twin/twin';
import { readDdl } from '../support/ddl';
import { startTwin } from '../support/twin';

let twin: Twin;
beforeAll(() => { twin = startTwin(); });
afterAll(() => twin.stop());

const catalog = await readDdl('create table orders (id bigint primary key, email text not null, n int)');
const secret = 'secret-value-17';

describe('what is no single query is refused', () => {
  test.each([
    'select 1; drop table orders', "select ';'; commit; insert into orders values (1)", 'select 1 from orders; select 2', 'drop table orders', 'truncate orders', 'vacuum', 'set search_path = x', 'explain select 1', 'copy orders to stdout', 'do $$ begin end $$',
    'call something()', 'begin', '', '   -- nothing', "select 'open", 'select "open', 'select $$open', 'create table x as select 1', 'prepare x as select 1', 'select 1 \0; drop table orders', '/* open select 1',
  ])('%j', async (sql) => {
    await expect(twin.plan(catalog, sql)).rejects.toMatchObject({ name: 'TwinError', kind: 'refused' });
  });
  test.each(["select ';' as a", 'select 1 -- ; drop table orders', '/* ; */ select id from orders', 'select $$;$$', '(select id from orders) union (select 1)', 'values (1)', 'table orders', 'select 1;', 'with x as (delete from orders returning id) select * from x'])('%j is one', async (sql) => {
    expect((await twin.plan(catalog, sql)).cost).toBeGreaterThanOrEqual(0);
  });
});

describe('refusals name what is missing and nothing of the statement', () => {
  test.each([
    [`select * from nowhere where a = '${secret}'`, /relation "nowhere" does not exist/],
    [`select missing from orders where email = '${secret}'`, /column "missing" does not exist/],
    [`select nofunction(id) from orders where email = '${secret}'`, /function nofunction\(bigint\) does not exist/],
    [`select * from orders where id = '${secret}'`, /constant does not fit/],
    [`select * frm orders where email = '${secret}'`, /does not understand/],
    [`select * from orders where email = '${secret}'::nosuchtype`, /type "nosuchtype" does not exist/],
  ])('%s', async (sql, message) => {
    const error = await twin.plan(catalog, sql).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(TwinError);
    expect((error as TwinError).message).toMatch(message);
    expect(JSON.stringify([error, (error as Error).stack])).not.toContain(secret);
  });
});

test.each([
  ['select $1 + $2', 1], ['select * from generate_series($1, $2)', 1], ['select $1 is null', 1], ['select jsonb_build_object($1, $2)', 1], ['select $1 || $2, n + $3 from orders', 1], ['select * from orders where ($1 is null or email = $1) limit $2', 1],
])('types are found for the parameters of %s', async (sql) => {
  expect((await twin.plan(catalog, sql)).root.nodeType).not.toBe('');
});

describe('hostile schemas', () => {
  const column = (name: string, type = 'integer', more: Partial<Column> = {}): Column => ({ name, type, notNull: false, ...more });
  const table = (name: string, more: Partial<Table> = {}): Table => ({ schema: 'public', name, kind: 'table', columns: [column('id')], constraints: [], foreignKeys: [], indexes: [], ...more });
  const catalogWith = (...tables: readonly Table[]): Catalog => ({ source: 'snapshot', label: 'x', version: JSON.stringify(tables.map((item) => item.name)), searchPath: ['public'], tables: new Map(tables.map((item) => [`${item.schema}.${item.name}`, item])) });
  const evil = `x"; drop schema public cascade; --'`;
  const long = 'ä'.repeat(31);

  test('names', async () => {
    const hostile = catalogWith(
      table(evil, { columns: [column(`c"'; --`), column(long)], indexes: [{ name: `i"; select 1`, method: 'btree', unique: false, valid: true, include: [], keys: [{ column: `c"'; --`, descending: true, nullsFirst: true }] }] }),
      table('orders', { schema: `s"'; drop` }),
    );
    const plan = await twin.plan(hostile, `select "c""'; --" from "${evil.replaceAll('"', '""')}" order by 1 desc limit 1`);
    expect(plan.scans).toMatchObject([{ table: `public.${evil}`, index: 'i"; select 1' }]);
    expect((await twin.plan(hostile, `select * from "s""'; drop".orders`)).scans).toHaveLength(1);
  });

  test('pieces of SQL from a snapshot', async () => {
    const hostile = catalogWith(
      table('orders', {
        columns: [column('id'), column('a', 'integer); drop table orders; --'), column('b', 'no_such_type(1,2)[]'), column('c', 'text', { collation: 'nowhere"; --' })],
        indexes: [
          { name: 'p', method: 'btree', unique: false, valid: true, include: [], keys: [{ column: 'id', descending: false, nullsFirst: false }], predicate: 'true; drop table orders' },
          { name: 'e', method: 'btree', unique: false, valid: true, include: [], keys: [{ expression: 'id); drop table orders; --', descending: false, nullsFirst: false }] },
          { name: 'o', method: 'btree', unique: false, valid: true, include: [], keys: [{ column: 'id', opclass: 'x); drop table orders; --', descending: false, nullsFirst: false }] },
          { name: 'm', method: 'no"; --', unique: false, valid: true, include: [], keys: [{ column: 'id', descending: false, nullsFirst: false }] },
        ],
        options: ['fillfactor=70); drop table orders; --'],
      }),
      table('seen', { kind: 'view', definition: 'select 1; drop table orders' }),
      table('fine', { kind: 'view', definition: 'select id from orders' }),
      table('missing', { kind: 'view', definition: 'select id from nowhere' }),
    );
    const plan = await twin.plan(hostile, 'select * from orders');
    expect(plan.scans).toHaveLength(1);
    expect(plan.basis.caveats.length).toBeGreaterThan(3);
    await expect(twin.plan(hostile, 'select * from seen')).rejects.toMatchObject({ kind: 'refused', sqlState: '42P01' });
    await expect(twin.plan(hostile, 'select * from missing')).rejects.toMatchObject({ kind: 'refused', sqlState: '42P01' });
    expect((await twin.plan(hostile, 'select * from fine')).scans).toHaveLength(1);
  });

  test('no columns, keys in circles, partitions of themselves', async () => {
    const key = (columns: readonly string[], to: string) => ({ columns, references: { schema: 'public', table: to, columns: ['id'] } });
    const primary = { constraints: [{ type: 'primary' as const, columns: ['id'] }] };
    const hostile = catalogWith(
      table('empty', { columns: [] }), table('self', { ...primary, columns: [column('id'), column('up')], foreignKeys: [key(['up'], 'self')] }),
      table('a', { ...primary, columns: [column('id'), column('b')], foreignKeys: [key(['b'], 'b')] }), table('b', { ...primary, columns: [column('id'), column('a')], foreignKeys: [key(['a'], 'a')] }),
      table('loop', { partitionOf: 'public.loop' }), table('ring1', { partitionOf: 'public.ring2' }), table('ring2', { partitionOf: 'public.ring1' }),
      table('v1', { kind: 'view', definition: 'select * from v2' }), table('v2', { kind: 'view', definition: 'select * from v1' }),
    );
    expect((await twin.plan(hostile, 'select * from empty')).scans).toHaveLength(1);
    expect((await twin.plan(hostile, 'select * from self x join self y on y.up = x.id')).scans).toHaveLength(2);
    expect((await twin.plan(hostile, 'select * from a join b on a.b = b.id and b.a = a.id')).scans).toHaveLength(2);
    for (const sql of ['select * from loop', 'select * from ring1', 'select * from v1']) {
      const answer = await twin.plan(hostile, sql).catch((cause: unknown) => cause);
      expect(answer instanceof TwinError ? answer.kind : 'planned').toMatch(/refused|planned/);
    }
  });

  test('many partitions', async () => {
    const count = 300;
    const parent = table('many', { kind: 'partitioned', partitionKey: { strategy: 'range', columns: ['id'], partitions: count }, rows: 30_000_000 });
    const parts = Array.from({ length: count }, (_, at) => table(`many_${at}`, { partitionOf: 'public.many', partitionBound: `FOR VALUES FROM (${at * 10}) TO (${at * 10 + 10})` }));
    const plan = await twin.plan(catalogWith(parent, ...parts), 'select * from many where id = $1');
    expect(plan.scans.length).toBe(count);
    expect(plan.scans[0]!.rowsRead).toBe(100_000);
  });
});

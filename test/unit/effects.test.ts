import { beforeAll, describe, expect, it } from 'vitest';
import type { SqlAnalyser } from '../../server/src/core/sql/ports';
import { createSqlAnalyser } from '../../server/src/parser/sql/analyser';

let sql: SqlAnalyser;
beforeAll(async () => {
  sql = await createSqlAnalyser();
});
const calls = (text: string): string[] => (sql.effects(text)?.calls ?? []).filter((call) => !call.attribute).map((call) => `${call.schema === undefined ? '' : `${call.schema}.`}${call.name}${call.constant ? ' constant' : ''}`).sort();

describe('effects of a statement', () => {
  it.each([
    ["select 1; commit; insert into log values ('x')"], ['select 1; select 2'], [''], ['-- nothing'], ['select from where'],
  ])('%s is not one statement', (text) => {
    expect(sql.effects(text)).toBeUndefined();
  });
  it('a semicolon in a string or a comment, or at the end, ends nothing', () => {
    expect(sql.effects("select ';' /* ; */ -- ;\n;")).toMatchObject({ kind: 'select', calls: [], parameters: 0 });
  });
  it.each([
    ['select NextVal /* ( */ (\'s\')', ['nextval constant']],
    ['select "nextval"(\'s\')', ['nextval constant']],
    ["select pg_catalog.U&\"n\\0065xtval\"('s')", ['pg_catalog.nextval constant']],
    ["select 'nextval(1)', \"nextval(\" from t -- nextval(1)", []],
    ['select f(a) from t', ['f']],
    ['select f(a, g(1)) from t', ['f', 'g constant']],
    ['select f(x) from (select 1 as x) s', ['f constant']],
    ['with s as (select 1 as x) select f(x) from s', ['f constant']],
    ['select f(x) from g(1) x', ['f constant', 'g constant']],
    ['select 1 from t where a in (select b from u order by f($1)) limit g($2)', ['f constant', 'g constant']],
    ['select sum(a) filter (where f(1)) over (partition by g(a)) from t', ['f constant', 'g', 'sum']],
    ['insert into t (a) values (f(1)) on conflict (a) do update set a = g(excluded.a) returning h(1)', ['f constant', 'g', 'h constant']],
    ['values (f(1))', ['f constant']],
    ['select case when f(1) then 1 end, array[g(2)], (h(3)).x, xmlelement(name a, i(4)) from t', ['f constant', 'g constant', 'h constant', 'i constant']],
    ["select * from xmltable('/a' passing f(1) columns b int path 'b')", ['f constant']],
    ['merge into t using u on t.id = u.id and f(1) when matched and g(2) then update set a = h(3) when not matched then insert values (i(4))', ['f constant', 'g constant', 'h constant', 'i constant']],
  ])('%s calls %j', (text, expected) => {
    expect(calls(text)).toEqual(expected);
  });
  it('finds writes, locks and new tables wherever they stand', () => {
    expect(sql.effects('with w as (delete from "T" returning 1), v as (insert into s.u select 1) select * from w')).toMatchObject({ kind: 'select', writes: expect.arrayContaining([{ name: 'T', command: 'delete' }, { schema: 's', name: 'u', command: 'insert' }]) as unknown });
    expect(sql.effects('select * from (select 1 from t for key share) x')).toMatchObject({ locksRows: true, createsTable: false });
    expect(sql.effects('select 1 as a into made')).toMatchObject({ createsTable: true });
    expect(sql.effects("select 'into x for update'")).toMatchObject({ createsTable: false, locksRows: false, writes: [] });
    expect(sql.effects('create table t as select 1')).toMatchObject({ kind: 'ddl' });
    expect(sql.effects('explain analyze create table t as select 1')).toMatchObject({ kind: 'utility' });
    expect(sql.effects('notify x')).toMatchObject({ kind: 'utility' });
  });
  it('knows operators, relations, parameters and calls written as attributes', () => {
    const found = sql.effects('select t.f, (row(1)::u).g from a.t where x operator(s.===) $3 and y ~~ any (select 1 from v)');
    expect(found?.operators).toEqual(expect.arrayContaining([{ schema: 's', name: '===' }, { name: '~~' }]));
    expect(found?.relations).toEqual(expect.arrayContaining([{ schema: 'a', name: 't' }, { name: 'v' }]));
    expect(found?.parameters).toBe(3);
    expect(found?.calls).toEqual(expect.arrayContaining([{ name: 'f', constant: false, attribute: true }, { name: 'g', constant: true, attribute: true }]));
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, serverVersion } from '../support/postgres';
import type { TestDatabase } from '../support/postgres';
import { catalogOf } from '../unit/catalog/schema';

/** Types, functions, extensions, partition bounds and storage parameters: what the replay says must be what Postgres says. */
const version = await serverVersion();
const hasAtomic = version >= 140000;
if (!hasAtomic) console.warn(`BEGIN ATOMIC and RETURN are not tested: version ${version} does not know them`);
const atomic = hasAtomic ? `create function atomic_one(int, numeric default 3) returns int language sql begin atomic select $1; select $1 + 1; end;
create function atomic_return(x int) returns int return x + 1;
` : '';
const withDefinition = ['Moved', ...(hasAtomic ? ['atomic_one', 'atomic_return'] : []), 'overloaded', 'rows_of', 'set_of', 'total'];
const ddl = `
create schema app;
create extension pg_trgm;
create extension if not exists btree_gin;
create extension citext;
drop extension citext;
create type mood as enum ('sad', 'ok');
alter type mood add value 'happy';
alter type mood add value if not exists 'ok';
alter type mood add value 'meh' before 'ok';
alter type mood add value 'fine' after 'ok';
alter type mood rename value 'sad' to 'blue';
create type app.address as (street varchar(80), zip char(5), tags text[]);
alter type app.address add attribute city text, drop attribute tags, alter attribute zip type text;
alter type app.address rename attribute zip to code;
create type span as range (subtype = float8, subtype_diff = float8mi);
create domain email as varchar(120) not null check (value like '%@%');
create domain positive as numeric(10, 2) default 1;
alter domain positive rename to amount;
alter domain amount set schema app;
create type gone as enum ('x');
drop type if exists gone;
create type app.status as enum ();
alter type app.status rename to state;
create type old_schema_type as enum ('a');
create schema moving;
alter type old_schema_type set schema moving;
alter schema moving rename to moved;
create table feelings (id int, feeling mood, home app.address, at email);
create function plain(a int, b text default 'x', variadic c text[] default '{}') returns integer language plpgsql as $$ begin return 1; end $$;
create or replace function app.total(p_id bigint, p_names varchar(20)[]) returns numeric language sql stable strict parallel safe cost 5 as $$ select 1.5::numeric; $$;
create function rows_of(x int) returns table (id bigint, "Name" text) rows 20 as $$ select 1::bigint, 'a'::text $$ language sql immutable;
create function set_of(m mood) returns setof feelings language sql as 'select * from feelings where feeling = m';
create function outs(a int, out b text, out c int) language plpgsql as $$ begin b := 'x'; end $$;
create function single_out(out b text) language plpgsql as $$ begin b := 'x'; end $$;
${atomic}create procedure proc(inout a int, b text) language plpgsql as $$ begin a := 1; end $$;
create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
create aggregate joined(text) (sfunc = textcat, stype = text, parallel = safe);
create function overloaded(a int) returns int language sql as 'select 1';
create function overloaded(a text) returns int language sql as 'select 2';
drop function overloaded(text);
create function to_be_moved() returns int language sql as 'select 3';
alter function to_be_moved() set schema app;
alter function app.to_be_moved rename to "Moved";
create function changed(a int) returns int language sql as 'select 4';
alter function changed(int) immutable cost 7;
create function dropped() returns void language sql as '';
drop routine dropped;
create table events (id int, at date, kind text) partition by range (at, id);
create table events_low partition of events for values from (minvalue, minvalue) to ('2024-01-01', 10) with (fillfactor = 70, toast.autovacuum_enabled = false);
create table events_high (id int, at date, kind text);
alter table events attach partition events_high for values from ('2024-01-01', 10) to (maxvalue, maxvalue);
create table lists (region text) partition by list (region);
create table lists_eu partition of lists for values in ('de', 'fr', null);
create table lists_rest partition of lists default;
create table hashes (id int) partition by hash (id);
create table hashes_1 partition of hashes for values with (modulus 4, remainder 1);
create table detached partition of hashes for values with (modulus 4, remainder 2);
alter table hashes detach partition detached;
create table tuned (a int) with (fillfactor = 50, autovacuum_enabled = off, autovacuum_vacuum_scale_factor = 0.05);
alter table tuned set (parallel_workers = 4, fillfactor = 60);
alter table tuned reset (autovacuum_enabled);
create materialized view summary with (fillfactor = 80) as select 1 as one;
create view guarded with (security_barrier) as select a from tuned where a > 1 with local check option;
create table made with (fillfactor = 90) as select 1 as x
`;

const built = catalogOf(ddl);
let database: TestDatabase;
beforeAll(async () => { database = await createDatabase(ddl); });
afterAll(async () => { await database?.drop(); });

const own = `n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and not exists (select 1 from pg_depend d where d.objid = o.oid and d.deptype = 'e')`;

describe('the replay agrees with Postgres', () => {
  it('types', async () => {
    const rows = await database.query(`select n.nspname as schema, o.typname as name, o.typtype::text as kind,
      (select array_agg(enumlabel::text order by enumsortorder) from pg_enum where enumtypid = o.oid) as labels,
      case o.typtype when 'd' then format_type(o.typbasetype, o.typtypmod) when 'r' then (select format_type(rngsubtype, null) from pg_range where rngtypid = o.oid) end as base,
      (select json_agg(json_build_object('name', attname, 'type', format_type(atttypid, atttypmod)) order by attnum) from pg_attribute where attrelid = o.typrelid and attnum > 0 and not attisdropped) as attributes
      from pg_type o join pg_namespace n on n.oid = o.typnamespace left join pg_class c on c.oid = o.typrelid
      where ${own} and (o.typtype in ('e', 'd', 'r') or (o.typtype = 'c' and c.relkind = 'c'))`);
    const kinds: Readonly<Record<string, string>> = { e: 'enum', d: 'domain', r: 'range', c: 'composite' };
    const live = rows.map((row) => ({ schema: row['schema'], name: row['name'], kind: kinds[String(row['kind'])], labels: row['labels'] ?? [], base: row['base'] ?? undefined, attributes: row['attributes'] ?? undefined }));
    const replayed = (built.types ?? []).map((type) => ({ ...type, labels: type.labels ?? [], base: type.base, attributes: type.attributes }));
    const key = (item: { schema: unknown; name: unknown }): string => `${String(item.schema)}.${String(item.name)}`;
    expect(replayed.length).toBe(7);
    expect([...replayed].sort((a, b) => key(a).localeCompare(key(b)))).toEqual([...live].sort((a, b) => key(a).localeCompare(key(b))));
  });

  it('routines', async () => {
    const rows = await database.query(`select n.nspname as schema, o.proname as name, pg_get_function_identity_arguments(o.oid) as arguments, coalesce(pg_get_function_result(o.oid), '') as returns,
      o.prokind::text as kind, o.provolatile::text as volatility, o.proparallel::text as parallel, o.proisstrict as strict, l.lanname as language, o.procost as cost, o.prorows as rows
      from pg_proc o join pg_namespace n on n.oid = o.pronamespace join pg_language l on l.oid = o.prolang where ${own} and not exists (select 1 from pg_depend d where d.objid = o.oid and d.deptype = 'i')`);
    const words = { kind: { f: 'function', p: 'procedure', a: 'aggregate', w: 'window' }, volatility: { i: 'immutable', s: 'stable', v: 'volatile' }, parallel: { s: 'safe', r: 'restricted', u: 'unsafe' } } as const;
    const word = (field: keyof typeof words, value: unknown): unknown => (words[field] as Readonly<Record<string, string>>)[String(value)];
    const live = rows.map((row) => ({ ...row, kind: word('kind', row['kind']), volatility: word('volatility', row['volatility']), parallel: word('parallel', row['parallel']) }));
    // Of procedures IN is printed since version 14.
    const replayed = (built.routines ?? []).map(({ definition: _, ...routine }) => (version < 140000 ? { ...routine, arguments: routine.arguments.replaceAll(/\bIN /g, '') } : routine));
    const key = (item: object): string => JSON.stringify([(item as Record<string, unknown>)['name'], (item as Record<string, unknown>)['arguments']]);
    const sorted = (items: readonly object[]): readonly object[] => [...items].sort((a, b) => (key(a) < key(b) ? -1 : 1));
    expect(replayed.length).toBe(hasAtomic ? 14 : 12);
    expect(sorted(replayed)).toEqual(sorted(live));
  });

  it('definitions can be run again, in any search path', async () => {
    const definitions = (built.routines ?? []).flatMap((routine) => routine.definition ?? []);
    expect((built.routines ?? []).filter((routine) => routine.definition !== undefined).map((routine) => routine.name).sort()).toEqual(withDefinition);
    for (const definition of definitions) await database.query(definition);
    const [row] = await database.query(`select count(*)::int as n from pg_proc where proname = any (array[${withDefinition.map((name) => `'${name}'`).join(', ')}])`);
    expect(row?.['n']).toBe(withDefinition.length);
  });

  it('extensions', async () => {
    const rows = await database.query(`select extname from pg_extension where extname <> 'plpgsql' order by 1`);
    expect([...(built.extensions ?? [])].sort()).toEqual(rows.map((row) => row['extname']));
  });

  it('partition bounds and storage parameters', async () => {
    const rows = await database.query(`select n.nspname || '.' || o.relname as key, pg_get_expr(o.relpartbound, o.oid) as bound, o.reloptions::text[] as options from pg_class o join pg_namespace n on n.oid = o.relnamespace where o.relkind in ('r', 'p', 'v', 'm') and ${own}`);
    const live = new Map(rows.map((row) => [row['key'], { bound: row['bound'] ?? undefined, options: row['options'] ?? undefined }]));
    const replayed = new Map([...built.tables].map(([key, table]) => [key, { bound: table.partitionBound, options: table.options }]));
    expect([...replayed.keys()].sort()).toEqual([...live.keys()].sort());
    expect(Object.fromEntries(replayed)).toEqual(Object.fromEntries(live));
  });
});

describe('the version', () => {
  it('changes with a type, a function, an extension', () => {
    const versions = ['', `create type t as enum ('a')`, `create type t as enum ('a', 'b')`, 'create extension pg_trgm', `create function f() returns int language sql as 'select 1'`, `create function f() returns int language sql as 'select 2'`]
      .map((more) => catalogOf(`create table t (a int);\n${more}`).version);
    expect(new Set(versions).size).toBe(versions.length);
  });
});

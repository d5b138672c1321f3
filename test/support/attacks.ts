import pg from 'pg';
import type { TestDatabase } from './postgres';

/** Stands in every attack, and in nothing that the product sends by itself. */
export const MARK = 'zap_mark';

/** Functions, tables and names that attacks use. `dblink` is a function's own way out of any transaction. */
export const attackSchema = (url: string): string => `
create table ledger (id bigserial primary key, owner text not null, amount int not null);
insert into ledger (owner, amount) select 'o' || n % 40, n from generate_series(1, 2000) n;
create table "a""; drop table ledger; --" ("x""; drop table ledger; --" int, "'); drop table ledger; --" text);
insert into "a""; drop table ledger; --" select n % 3, 'v' || n from generate_series(1, 500) n;
create extension dblink;
create function zap_mark_volatile() returns int language plpgsql volatile as $$ begin insert into ledger (owner, amount) values ('volatile', -1); return 1; end $$;
create function zap_mark_immutable() returns int language plpgsql immutable as $$ begin perform zap_mark_volatile(); return 1; end $$;
create function zap_mark_stable() returns int language plpgsql stable as $$ begin perform zap_mark_volatile(); return 1; end $$;
create function zap_mark_outside() returns int language plpgsql immutable as $$ begin perform dblink_exec('${url}', 'insert into ledger (owner, amount) values (''outside'', -1)'); return 1; end $$;
create function zap_mark_inlined(int) returns int language sql volatile as $$ select zap_mark_outside() $$;
create operator ===> (leftarg = int, rightarg = int, function = int4eq);
create function zap_mark_equal(int, int) returns boolean language plpgsql immutable as $$ begin perform zap_mark_outside(); return true; end $$;
create operator <===> (leftarg = int, rightarg = int, function = zap_mark_equal);
create view zap_mark_view as select * from ledger where amount = zap_mark_outside();
create function zap_mark_trigger() returns trigger language plpgsql as $$ begin perform dblink_exec('${url}', 'insert into ledger (owner, amount) values (''trigger'', -1)'); return new; end $$;
create table guarded (id int, tenant int);
create trigger zap_mark_tell before update on guarded for each row execute function zap_mark_trigger();
insert into guarded values (1, 1);
analyze`;

/** Each is one query as code would send it; many are not one statement, and none may ever reach the server by itself. */
export const attacks = (victim: number): readonly string[] => [
  `select '${MARK}'; commit; insert into ledger (owner, amount) values ('smuggled', -1)`,
  `select '${MARK}'; drop table ledger`,
  `commit; insert into ledger (owner, amount) values ('${MARK}', -1)`,
  `select '${MARK}', zap_mark_immutable()`,
  `select * from ledger where owner <> '${MARK}' and amount = zap_mark_stable()`,
  `select '${MARK}', zap_mark_volatile()`,
  `select * from ledger where owner <> '${MARK}' and amount = zap_mark_outside()`,
  `select '${MARK}', zap_mark_inlined(id::int) from ledger`,
  `select '${MARK}' from ledger where 1 <===> 2`,
  `select '${MARK}', * from zap_mark_view`,
  `select '${MARK}', dblink_exec('dbname=postgres', 'select 1')`,
  `select '${MARK}', * from dblink('dbname=postgres', 'select 1') as t(a int)`,
  `explain analyze create table made_${MARK} as select * from ledger`,
  `create table made_${MARK} as select * from ledger`,
  `select '${MARK}' as owner into made_${MARK} from ledger`,
  `select '${MARK}', pg_advisory_lock(4711)`,
  `select '${MARK}', "pg_catalog"."pg_advisory_lock"(4712)`,
  `select '${MARK}', pg_terminate_backend(${victim})`,
  `select '${MARK}', pg_cancel_backend(${victim})`,
  `select '${MARK}', nextval('ledger_id_seq')`,
  `select '${MARK}', NEXTVAL/* ( */('ledger_id_seq')`,
  `select '${MARK}', setval('ledger_id_seq', 999999)`,
  `select '${MARK}', set_config('transaction_read_only', 'off', false), set_config('session_authorization', 'postgres', false)`,
  `notify ${MARK}`,
  `select '${MARK}', pg_notify('${MARK}', 'x')`,
  `select '${MARK}', lo_create(0)`,
  `select '${MARK}', lo_from_bytea(0, 'x')`,
  `with gone as (delete from ledger where owner <> '${MARK}' returning 1) select count(*) from gone`,
  `with more as (insert into ledger (owner, amount) values ('${MARK}', -1) returning 1) select * from more`,
  `insert into ledger (owner, amount) values ('${MARK}', -1)`,
  `update guarded set tenant = 2 where '${MARK}' <> ''`,
  `delete from ledger where owner <> '${MARK}'`,
  `merge into ledger l using guarded g on l.id = g.id when matched then update set owner = '${MARK}'`,
  `truncate ledger /* ${MARK} */`,
  `copy ledger to program 'touch /tmp/${MARK}'`,
  `do $$ begin perform zap_mark_volatile(); end $$`,
  `lock table ledger in access exclusive mode /* ${MARK} */`,
  `select '${MARK}' from ledger for update`,
  `select '${MARK}', "x""; drop table ledger; --" from "a""; drop table ledger; --" where "'); drop table ledger; --" = 'v1'`,
  `select '${MARK}', query_to_xml('delete from ledger', true, false, '')`,
];

/** Everything that an attack could change: rows, sequences, objects, large objects, session locks; the log of what ran apart. */
export async function contentsOf(database: TestDatabase): Promise<unknown> {
  const [row] = await database.query(`select
    (select json_agg(json_build_array(c.relname, md5(query_to_xml(format('select * from %s t order by t::text', c.oid::regclass), true, false, '')::text)) order by c.relname) from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace) as rows,
    (select json_agg(json_build_array(s.sequencename, s.last_value) order by 1) from pg_sequences s) as sequences,
    (select json_agg(json_build_array(c.relname, c.relkind) order by c.relname) from pg_class c where c.oid >= 16384 and c.relnamespace = 'public'::regnamespace) as objects,
    (select count(*) from pg_largeobject_metadata) as large_objects,
    (select count(*) from pg_locks l where l.locktype = 'advisory' and l.database = (select oid from pg_database where datname = current_database())) as locks,
    (select count(*) from pg_prepared_xacts) as prepared`);
  return row;
}

/** A session that attacks would end, and that hears what is notified. */
export async function openVictim(url: string): Promise<{ readonly pid: number; readonly heard: readonly string[]; isAlive(): Promise<boolean>; close(): Promise<void> }> {
  const client = new pg.Client({ connectionString: url, application_name: 'victim' });
  const heard: string[] = [];
  client.on('error', () => undefined);
  client.on('notification', ({ channel }) => heard.push(channel));
  await client.connect();
  await client.query(`listen "${MARK}"`);
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return {
    pid: rows[0]?.pid ?? 0, heard,
    isAlive: () => client.query('select 1').then(() => true, () => false),
    close: () => client.end(),
  };
}

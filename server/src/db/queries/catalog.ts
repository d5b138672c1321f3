/**
 * The catalog queries, for PostgreSQL 12 to 18. They run in one REPEATABLE READ READ ONLY transaction with
 * `search_path = pg_catalog`; objects of extensions and of the system's schemas are left out.
 */
export const userSchema = `n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`;
export const notOfExtension = `not exists (select 1 from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')`;
export const relations = `pg_class c join pg_namespace n on n.oid = c.relnamespace`;
export const userRelation = `c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relpersistence <> 't' and ${userSchema} and ${notOfExtension}`;

/** Before the search path is changed: what an unqualified name means to this user. */
export const serverQuery = `
select pg_catalog.current_setting('server_version_num')::int as version, pg_catalog.current_setting('server_version') as version_text,
       pg_catalog.current_database() as database, pg_catalog.current_schemas(false)::text[] as search_path, pg_catalog.pg_is_in_recovery() as standby,
       (select pg_catalog.to_jsonb(d) from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()) as settings`;

export const relationsQuery = `
select c.oid::text as oid, n.nspname as schema, c.relname as name, c.relkind as kind, c.reltuples as tuples, c.relpages as pages,
       c.relrowsecurity as row_security, c.relforcerowsecurity as row_security_forced,
       case when c.relkind = 'p' then p.partstrat end as strategy,
       case when c.relkind = 'p' then array(select coalesce(a.attname::text, '') from unnest(p.partattrs::int2[]) with ordinality k(number, position)
         left join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number order by k.position) end as partition_columns,
       case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as partition_key,
       case when c.relispartition then (select i.inhparent::text from pg_inherits i where i.inhrelid = c.oid limit 1) end as parent,
       pg_get_expr(c.relpartbound, c.oid) as bound, c.reloptions as options,
       case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end as definition,
       case when c.reltuples < 0 and c.relkind in ('r', 'm') then pg_stat_get_live_tuples(c.oid) end as live_tuples,
       case when c.reltuples < 0 and c.relkind in ('r', 'm') then pg_relation_size(c.oid) end as bytes
from ${relations} left join pg_partitioned_table p on p.partrelid = c.oid
where ${userRelation}
order by c.oid`;

export const columnsQuery = `
select a.attrelid::text as relation, a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as not_null,
       a.attidentity as identity, a.attgenerated as generated, pg_get_expr(d.adbin, d.adrelid) as default_expression,
       case when a.attcollation <> t.typcollation then (select l.collname from pg_collation l where l.oid = a.attcollation) end as collation
from pg_attribute a join ${relations} on c.oid = a.attrelid join pg_type t on t.oid = a.atttypid
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attnum > 0 and not a.attisdropped and ${userRelation}
order by a.attrelid, a.attnum`;

const columnNames = (relation: string, numbers: string): string =>
  `array(select a.attname::text from unnest(${numbers}) with ordinality x(number, position) join pg_attribute a on a.attrelid = ${relation} and a.attnum = x.number order by x.position)`;

/** Keys and exclusions. A foreign key to a partitioned table has one more row for each partition of it: those are left out. */
export const constraintsQuery = `
select k.conrelid::text as relation, k.conname as name, k.contype as type, ${columnNames('k.conrelid', 'k.conkey')} as columns,
       fn.nspname as target_schema, f.relname as target, case when k.contype = 'f' then ${columnNames('k.confrelid', 'k.confkey')} end as target_columns,
       k.conindid::text as index
from pg_constraint k join ${relations} on c.oid = k.conrelid left join pg_class f on f.oid = k.confrelid left join pg_namespace fn on fn.oid = f.relnamespace
where k.contype in ('p', 'u', 'f', 'x') and ${userRelation}
  and not exists (select 1 from pg_constraint up where up.oid = k.conparentid and up.conrelid = k.conrelid)
order by k.conrelid, k.oid`;

/** `nulls_not_distinct` exists from version 15. */
export const indexesQuery = (version: number): string => `
select i.indexrelid::text as oid, i.indrelid::text as relation, x.relname as name, am.amname as method, i.indisunique as is_unique, i.indisvalid and i.indisready as is_valid,
       ${version >= 150000 ? 'i.indnullsnotdistinct' : 'false'} as nulls_not_distinct, i.indnkeyatts as key_count,
       array(select a.attname::text from unnest(i.indkey::int2[]) with ordinality k(number, position) left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number order by k.position) as columns,
       case when i.indexprs is not null then array(select case when k.number = 0 then pg_get_indexdef(i.indexrelid, k.position::int, false) end from unnest(i.indkey::int2[]) with ordinality k(number, position) order by k.position) end as expressions,
       i.indoption::text as options,
       array(select case when oc.opcdefault then null else oc.opcname::text end from unnest(i.indclass::oid[]) with ordinality k(class, position) join pg_opclass oc on oc.oid = k.class order by k.position) as opclasses,
       array(select case k.coll when 0 then null when 100 then 'default' else (select l.collname::text from pg_collation l where l.oid = k.coll) end from unnest(i.indcollation::oid[]) with ordinality k(coll, position) order by k.position) as collations,
       pg_get_expr(i.indpred, i.indrelid) as predicate
from pg_index i join pg_class x on x.oid = i.indexrelid join pg_am am on am.oid = x.relam join ${relations} on c.oid = i.indrelid
where i.indislive and ${userRelation}
order by i.indrelid, i.indexrelid`;

export const policiesQuery = `
select p.polrelid::text as relation, p.polname as name, p.polcmd as command, p.polpermissive as permissive,
       array(select case when r.oid = 0 then 'public' else pg_get_userbyid(r.oid)::text end from unnest(p.polroles) with ordinality r(oid, position) order by r.position) as roles,
       pg_get_expr(p.polqual, p.polrelid) as using_expression, pg_get_expr(p.polwithcheck, p.polrelid) as check_expression
from pg_policy p join ${relations} on c.oid = p.polrelid
where ${userRelation}
order by p.polrelid, p.polname`;

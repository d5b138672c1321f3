import { notOfExtension, userSchema } from './catalog';

export const partitionedQuery = `
select c.oid::text as oid, n.nspname as schema, c.relname as name, p.partstrat as strategy, pg_get_partkeydef(c.oid) as key, case when p.partnatts = 1 then a.attname end as key_column, case when p.partnatts = 1 then format_type(a.atttypid, null) end as key_type
from pg_partitioned_table p join pg_class c on c.oid = p.partrelid join pg_namespace n on n.oid = c.relnamespace left join pg_attribute a on a.attrelid = c.oid and a.attnum = p.partattrs[0] and p.partattrs[0] > 0
where ${userSchema} and ${notOfExtension}
order by 2, 3`;

/** `size`: an expression over an OID. Bounds of timestamps are in UTC: our transaction's time zone. */
export const partitionsQuery = (size: (oid: string) => string): string => `
select i.inhparent::text as parent, n.nspname as schema, c.relname as name, c.relkind as kind, pg_get_expr(c.relpartbound, c.oid) as bound, case when c.relkind = 'p' then 0 else ${size('c.oid')} end::float8 as bytes,
       (case when c.reltuples > 0 then c.reltuples else pg_stat_get_live_tuples(c.oid) end)::float8 as rows, pg_stat_get_live_tuples(c.oid)::float8 as live
from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_namespace n on n.oid = c.relnamespace join pg_class p on p.oid = i.inhparent and p.relkind = 'p'
where c.relispartition and c.relkind in ('r', 'p', 'f') and ${userSchema}
order by i.inhparent, c.relname`;

/** Names that a new partition cannot have: those of relations and types of the schemas in which partitions are. */
export const relationNamesQuery = `
with s as (select distinct c.relnamespace as oid from pg_class c where c.relkind = 'p' or c.relispartition)
select n.nspname as schema, c.relname as name from pg_class c join s on s.oid = c.relnamespace join pg_namespace n on n.oid = s.oid where ${userSchema}
union select n.nspname, t.typname from pg_type t join s on s.oid = t.typnamespace join pg_namespace n on n.oid = s.oid where ${userSchema}`;

export const materializedViewsQuery = (size: (oid: string) => string): string => `
select c.oid::text as oid, n.nspname as schema, c.relname as name, c.relispopulated as populated, ${size('c.oid')}::float8 as bytes,
       exists (select from pg_index i where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null) as unique_index, greatest(s.last_analyze, s.last_autoanalyze) as last_analyze
from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_stat_all_tables s on s.relid = c.oid
where c.relkind = 'm' and ${userSchema} and ${notOfExtension}
order by 2, 3`;

/** What each view reads, through other views too. */
export const viewDependenciesQuery = `
with recursive d as (
  select r.ev_class as view, p.refobjid as reads, 1 as depth from pg_class c join pg_rewrite r on r.ev_class = c.oid join pg_depend p on p.classid = 'pg_rewrite'::regclass and p.objid = r.oid and p.refclassid = 'pg_class'::regclass and p.refobjid <> r.ev_class where c.relkind = 'm'
  union
  select d.view, p.refobjid, d.depth + 1 from d join pg_class c on c.oid = d.reads and c.relkind in ('v', 'm') join pg_rewrite r on r.ev_class = c.oid join pg_depend p on p.classid = 'pg_rewrite'::regclass and p.objid = r.oid and p.refclassid = 'pg_class'::regclass and p.refobjid <> r.ev_class where d.depth < 20)
select d.view::text as view, d.reads::text as reads, n.nspname as schema, k.relname as name, k.relkind as kind, min(d.depth)::int as depth
from d join pg_class k on k.oid = d.reads join pg_namespace n on n.oid = k.relnamespace where ${userSchema} group by 1, 2, 3, 4, 5 order by 1, 6, 3, 4`;

/** Jobs of pg_cron; in the schema `cron` whatever the extension's own. */
export const cronJobsQuery = `select j.schedule, j.command from cron.job j where j.active`;

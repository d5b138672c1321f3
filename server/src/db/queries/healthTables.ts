import { notOfExtension, userSchema } from './catalog';

const option = (name: string): string => `(select o.option_value from pg_options_to_table(c.reloptions) o where o.option_name = '${name}')`;

/** What is counted for every table, with its own autovacuum options where it has some. `size`: an expression over an OID. */
export const tablesHealthQuery = (version: number, size: (oid: string) => string): string => `
select c.oid::text as oid, n.nspname as schema, c.relname as name, c.reltuples::float8 as tuples, s.n_live_tup::float8 as live, s.n_dead_tup::float8 as dead, s.n_mod_since_analyze::float8 as modified, ${version >= 130000 ? 's.n_ins_since_vacuum::float8' : 'null::float8'} as inserted,
       greatest(s.last_analyze, s.last_autoanalyze) as last_analyze, greatest(s.last_vacuum, s.last_autovacuum) as last_vacuum, s.autovacuum_count::int as autovacuums,
       greatest(age(c.relfrozenxid), age(o.relfrozenxid))::float8 as xid_age, greatest(mxid_age(c.relminmxid), mxid_age(o.relminmxid))::float8 as mxid_age, s.n_tup_upd::float8 as updates, s.n_tup_hot_upd::float8 as hot_updates,
       ${size('c.oid')}::float8 as bytes, (${size('c.oid')} + coalesce((select sum(${size('i.indexrelid')}) from pg_index i where i.indrelid = c.oid), 0) + case when c.reltoastrelid = 0 then 0 else ${size('c.reltoastrelid')} end)::float8 as total_bytes,
       ${['autovacuum_enabled', 'autovacuum_vacuum_threshold', 'autovacuum_vacuum_scale_factor', 'autovacuum_vacuum_max_threshold', 'autovacuum_analyze_threshold', 'autovacuum_analyze_scale_factor'].map((name) => `${option(name)} as ${name}`).join(', ')}
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_stat_all_tables s on s.relid = c.oid left join pg_class o on o.oid = c.reltoastrelid
where c.relkind in ('r', 'm') and c.relpersistence <> 't' and ${userSchema} and ${notOfExtension}
order by bytes desc`;

/**
 * Pages beside those that the rows need by the widths that ANALYZE saw, of tables of more than a hundred pages. `width` is null
 * where a column has no statistics, or they are hidden.
 */
export const tableBloatQuery = `
select c.oid::text as oid, n.nspname as schema, c.relname as name, c.relpages::float8 as pages, c.reltuples::float8 as tuples, w.width::float8 as width,
       coalesce((select o.option_value::float8 from pg_options_to_table(c.reloptions) o where o.option_name = 'fillfactor'), 100)::float8 as fillfactor
from pg_class c join pg_namespace n on n.oid = c.relnamespace
cross join lateral (
  select case when count(*) = count(k.width) then sum(k.width) end as width
  from (select case when s.attname is not null then s.avg_width * (1 - s.null_frac) when a.attlen > 0 then a.attlen end as width
        from pg_attribute a left join pg_stats s on s.schemaname = n.nspname and s.tablename = c.relname and s.attname = a.attname and not s.inherited
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) k
) w
where c.relkind in ('r', 'm') and c.relpages > 100 and c.reltuples >= 0 and c.relpersistence <> 't' and ${userSchema} and ${notOfExtension}
order by c.relpages desc
limit 500`;

/** `$1`: OIDs. Reads the pages that are not all visible. */
export const measuredTablesQuery = (schema: string): string => `
select o.oid::text as oid, (s.dead_tuple_percent + s.approx_free_percent)::float8 as percent, s.table_len::float8 as bytes from unnest($1::oid[]) o(oid) cross join lateral ${schema}.pgstattuple_approx(o.oid::regclass) s`;

/** How far this database is from running out of transaction IDs. */
export const freezeAgeQuery = `
select age(d.datfrozenxid)::float8 as xid_age, mxid_age(d.datminmxid)::float8 as mxid_age from pg_database d where d.datname = current_database()`;

/** What keeps VACUUM from removing dead rows, the oldest first. Of other roles' sessions only pg_monitor sees it. */
export const xminHoldersQuery = `
select * from (
  select 'process ' || a.pid as holder, 'SELECT pg_terminate_backend(' || a.pid || ');' as release, coalesce(a.usename, '') || case when a.state is null then '' else ', ' || a.state end as about, greatest(age(a.backend_xmin), age(a.backend_xid))::float8 as xmin_age, extract(epoch from clock_timestamp() - a.xact_start)::float8 as seconds
  from pg_stat_activity a where (a.backend_xmin is not null or a.backend_xid is not null) and a.pid <> pg_backend_pid() and a.backend_type is distinct from 'autovacuum worker'
  union all select 'prepared transaction ' || p.gid, 'ROLLBACK PREPARED ' || quote_literal(p.gid) || ';', p.owner, age(p.transaction)::float8, extract(epoch from clock_timestamp() - p.prepared)::float8 from pg_prepared_xacts p
  union all select 'replication slot ' || s.slot_name, 'SELECT pg_drop_replication_slot(' || quote_literal(s.slot_name) || ');', case when s.active then 'active' else 'inactive' end, greatest(age(s.xmin), age(s.catalog_xmin))::float8, null from pg_replication_slots s where coalesce(s.xmin, s.catalog_xmin) is not null
) h
order by h.xmin_age desc nulls last
limit 10`;

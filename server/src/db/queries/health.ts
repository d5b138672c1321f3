/*
 * Queries of the health checks, for PostgreSQL 12 to 18. Each check runs in a READ ONLY transaction with
 * `search_path = pg_catalog` and short time limits (db/health/probe.ts).
 */

/** Facts that several checks need. Counters of pg_stat_replication are hidden from roles without pg_monitor: replicas are null then. */
export const serverQuery = `
select current_setting('server_version_num')::int as version, current_setting('server_version') as version_text, current_database() as database, current_user as "user",
       coalesce((select r.rolsuper from pg_roles r where r.rolname = current_user), false) as superuser, pg_has_role(current_user, 'pg_read_all_stats', 'usage') as statistics,
       pg_is_in_recovery() as standby, now() as now, pg_postmaster_start_time() as started_at,
       (select d.stats_reset from pg_stat_database d where d.datname = current_database()) as stats_reset,
       extract(epoch from now() - coalesce((select d.stats_reset from pg_stat_database d where d.datname = current_database()), pg_postmaster_start_time()))::float8 as stats_seconds,
       current_setting('block_size')::int as block_size,
       case when pg_has_role(current_user, 'pg_read_all_stats', 'usage') then (select count(*)::int from pg_stat_replication r where r.state is distinct from 'backup') end as replicas,
       (select coalesce(jsonb_object_agg(e.extname, n.nspname), '{}') from pg_extension e join pg_namespace n on n.oid = e.extnamespace) as extensions`;

/** `$1`: names. Before our own time limits are set, so that nothing of ours is among them; every name is qualified for that reason. */
export const settingsQuery = `
select s.name, pg_catalog.current_setting(s.name) as value, s.source, s.unit from pg_catalog.pg_settings s where s.name operator(pg_catalog.=) any ($1::text[])`;

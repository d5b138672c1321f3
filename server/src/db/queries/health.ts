/*
 * Queries of the health checks, for PostgreSQL 12 to 18. Each check runs in a READ ONLY transaction with
 * `search_path = pg_catalog` and short time limits (db/health/probe.ts).
 */

/**
 * Streaming replicas. Their states are hidden from roles without pg_monitor, which cannot tell a backup from a replica: null where
 * there is either. Replicas of Aurora share the storage and are not listed.
 */
const replicas = `
       case when exists (select from pg_proc p where p.proname = 'aurora_version') then null
            when pg_has_role(current_user, 'pg_read_all_stats', 'usage') then (select count(*)::int from pg_stat_replication r where r.state is distinct from 'backup')
            when not exists (select from pg_stat_replication) then 0 end`;
const countedSince = `coalesce((select d.stats_reset from pg_stat_database d where d.datname = current_database()), pg_postmaster_start_time())`;

/** How long and where scans were counted: on this server alone? A slot keeps WAL for a replica that is away. */
export const countedScansQuery = `
select now() as now, pg_is_in_recovery() as standby, extract(epoch from now() - ${countedSince})::float8 as stats_seconds,
       case when exists (select from pg_replication_slots s where s.slot_type = 'physical') then null else ${replicas} end as replicas`;

/** Facts that several checks need. */
export const serverQuery = `
select current_setting('server_version_num')::int as version, current_setting('server_version') as version_text, current_database() as database, current_user as "user",
       coalesce((select r.rolsuper from pg_roles r where r.rolname = current_user), false) as superuser, pg_has_role(current_user, 'pg_read_all_stats', 'usage') as statistics,
       pg_is_in_recovery() as standby, now() as now, pg_postmaster_start_time() as started_at,
       (select d.stats_reset from pg_stat_database d where d.datname = current_database()) as stats_reset,
       extract(epoch from now() - ${countedSince})::float8 as stats_seconds,
       current_setting('block_size')::int as block_size,
       ${replicas} as replicas,
       (select coalesce(jsonb_object_agg(e.extname, n.nspname), '{}') from pg_extension e join pg_namespace n on n.oid = e.extnamespace) as extensions`;

/** `$1`: names. Before our own time limits are set, so that nothing of ours is among them; every name is qualified for that reason. */
export const settingsQuery = `
select s.name, pg_catalog.current_setting(s.name) as value, s.source, s.unit from pg_catalog.pg_settings s where s.name operator(pg_catalog.=) any ($1::text[])`;

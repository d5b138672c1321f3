import { notOfExtension, userSchema } from './catalog';

export const cacheQuery = `
select d.blks_hit::float8 as hit, d.blks_read::float8 as read, d.temp_files::float8 as temp_files, d.temp_bytes::float8 as temp_bytes, pg_size_bytes(current_setting('shared_buffers'))::float8 as shared_buffers from pg_stat_database d where d.datname = current_database()`;

/** Blocks of heaps and of indexes (pg_statio_user_tables), the most read first. */
export const cacheByTableQuery = `
select n.nspname as schema, c.relname as name, (pg_stat_get_blocks_hit(c.oid))::float8 as heap_hit, (pg_stat_get_blocks_fetched(c.oid) - pg_stat_get_blocks_hit(c.oid))::float8 as heap_read, coalesce(x.hit, 0)::float8 as index_hit, coalesce(x.read, 0)::float8 as index_read
from pg_class c join pg_namespace n on n.oid = c.relnamespace
left join (select i.indrelid, sum(pg_stat_get_blocks_hit(i.indexrelid)) as hit, sum(pg_stat_get_blocks_fetched(i.indexrelid) - pg_stat_get_blocks_hit(i.indexrelid)) as read from pg_index i group by 1) x on x.indrelid = c.oid
where c.relkind in ('r', 'm') and c.relpersistence <> 't' and ${userSchema} and ${notOfExtension}
order by pg_stat_get_blocks_fetched(c.oid) - pg_stat_get_blocks_hit(c.oid) + coalesce(x.read, 0) desc`;

/** Needs CONNECT on the database or pg_read_all_stats. */
export const databaseSizeQuery = 'select pg_database_size(current_database())::float8 as bytes';

export const databaseSizesQuery = `
select d.datname as name, case when has_database_privilege(d.oid, 'connect') or pg_has_role(current_user, 'pg_read_all_stats', 'usage') then pg_database_size(d.oid)::float8 end as bytes from pg_database d where d.datallowconn and not d.datistemplate order by 2 desc nulls last`;

/** Needs pg_monitor. */
export const walQuery = 'select count(*)::int as files, coalesce(sum(w.size), 0)::float8 as bytes from pg_ls_waldir() w';

export const tempQuery = 'select d.temp_files::float8 as files, d.temp_bytes::float8 as bytes from pg_stat_database d where d.datname = current_database()';

/** Tables with their indexes and TOAST. `size`: an expression over an OID. */
export const tableSizesQuery = (size: (oid: string) => string): string => `
select t.schema, t.name, t.heap, t.toast, t.indexes, t.heap + t.toast + t.indexes as total from (
  select n.nspname as schema, c.relname as name, ${size('c.oid')}::float8 as heap, (case when c.reltoastrelid = 0 then 0 else ${size('c.reltoastrelid')} end)::float8 as toast,
         coalesce((select sum(${size('i.indexrelid')}) from pg_index i where i.indrelid = c.oid), 0)::float8 as indexes
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'm') and c.relpersistence <> 't' and ${userSchema}) t
order by total desc`;

/** pg_stat_bgwriter until 16, pg_stat_checkpointer from 17. */
export const checkpointsQuery = (version: number): string => (version >= 170000
  ? 'select k.num_timed::float8 as timed, k.num_requested::float8 as requested from pg_stat_checkpointer k'
  : 'select b.checkpoints_timed::float8 as timed, b.checkpoints_req::float8 as requested from pg_stat_bgwriter b');

/** Settings of databases and roles, which win over the server's. */
export const roleSettingsQuery = `
select coalesce(d.datname, '') as database, coalesce(r.rolname, '') as role, s.setting from pg_db_role_setting x left join pg_database d on d.oid = x.setdatabase left join pg_roles r on r.oid = x.setrole cross join lateral unnest(x.setconfig) s(setting)
where x.setdatabase = 0 or d.datname = current_database()`;

export const replicasQuery = `
select coalesce(r.application_name, '') as application, coalesce(host(r.client_addr), 'local') as address, coalesce(r.state, '') as state, coalesce(r.sync_state, '') as sync_state,
       case when not pg_is_in_recovery() then pg_wal_lsn_diff(pg_current_wal_lsn(), r.sent_lsn) end::float8 as unsent, case when not pg_is_in_recovery() then pg_wal_lsn_diff(pg_current_wal_lsn(), r.replay_lsn) end::float8 as behind,
       extract(epoch from r.replay_lag)::float8 as lag, r.state is null as hidden
from pg_stat_replication r where r.state is distinct from 'backup' order by behind desc nulls last`;

/** On a standby. All that was received is replayed: it is behind by nothing, however long ago the primary last wrote. */
export const standbyQuery = `
select case when pg_last_wal_receive_lsn() <= pg_last_wal_replay_lsn() then 0 else extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) end::float8 as seconds,
       greatest(0, pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()))::float8 as unreplayed, pg_is_wal_replay_paused() as paused, (select count(*)::int from pg_stat_wal_receiver) as receivers`;

/** `wal_status` exists from version 13. */
export const slotsQuery = (version: number): string => `
select s.slot_name as name, s.slot_type as type, s.active, coalesce(s.database, '') as database, ${version >= 130000 ? "coalesce(s.wal_status, '')" : "''"} as wal_status, ${version >= 130000 ? 's.safe_wal_size::float8' : 'null::float8'} as safe_bytes,
       case when not pg_is_in_recovery() then pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn) end::float8 as retained, age(s.catalog_xmin)::float8 as catalog_age
from pg_replication_slots s where not s.temporary order by retained desc nulls last`;

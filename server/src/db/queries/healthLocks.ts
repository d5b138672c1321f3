/** Who of this database waits for a lock, and for whom; readable by every role but for the statements. `waitstart` exists from version 14. */
export const lockWaitsQuery = (version: number): string => `
select l.pid, b.blocker, l.mode, l.locktype as type, case when l.database = (select d.oid from pg_database d where d.datname = current_database()) and l.relation is not null then l.relation::regclass::text end as relation,
       coalesce(w.usename, '') as "user", coalesce(w.application_name, '') as application, w.state, coalesce(left(w.query, 1000), '') as query,
       greatest(0, extract(epoch from clock_timestamp() - coalesce(${version >= 140000 ? 'l.waitstart' : 'w.query_start'}, w.query_start)))::float8 as waits
from pg_locks l cross join lateral unnest(pg_blocking_pids(l.pid)) b(blocker) join pg_stat_activity w on w.pid = l.pid and w.datname = current_database()
where not l.granted
order by waits desc nulls last`;

/** `$1`: process numbers. */
export const sessionsByPidQuery = `
select a.pid, coalesce(a.usename, '') as "user", coalesce(a.application_name, '') as application, coalesce(a.state, '') as state, coalesce(left(a.query, 1000), '') as query,
       greatest(0, extract(epoch from clock_timestamp() - a.xact_start))::float8 as transaction_age, coalesce(a.backend_type, '') as type
from pg_stat_activity a where a.pid = any ($1::int[])`;

export const deadlocksQuery = `select d.deadlocks::float8 as deadlocks, d.stats_reset from pg_stat_database d where d.datname = current_database()`;

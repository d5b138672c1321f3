/** Client sessions by who holds them. Of sessions of other roles, a role without pg_monitor sees neither type nor state. */
export const sessionGroupsQuery = `
select coalesce(a.datname, '') as database, coalesce(a.usename, '') as "user", coalesce(a.application_name, '') as application, coalesce(host(a.client_addr), '') as address,
       case when a.backend_type is not null then coalesce(a.state, 'unknown') end as state, count(*)::int as sessions, bool_or(a.backend_type is null) as hidden
from pg_stat_activity a
where a.pid <> pg_backend_pid() and (a.backend_type = 'client backend' or (a.backend_type is null and a.datid is not null)) and a.application_name is distinct from 'sargable'
group by 1, 2, 3, 4, 5
order by sessions desc`;

/** What runs in this database or holds a transaction open there, the oldest first. Ages by the wall clock: now() is our transaction's start. */
export const sessionsQuery = `
select a.pid, coalesce(a.datname, '') as database, coalesce(a.usename, '') as "user", coalesce(a.application_name, '') as application, a.state, coalesce(a.wait_event_type, '') as wait_type,
       greatest(0, extract(epoch from clock_timestamp() - a.query_start))::float8 as query_age, greatest(0, extract(epoch from clock_timestamp() - a.state_change))::float8 as state_age,
       greatest(0, extract(epoch from clock_timestamp() - a.xact_start))::float8 as transaction_age, left(a.query, 1000) as query
from pg_stat_activity a
where a.backend_type = 'client backend' and a.pid <> pg_backend_pid() and a.state <> 'idle' and a.datname = current_database() and a.application_name is distinct from 'sargable'
order by a.xact_start nulls last, a.query_start
limit 50`;

/** `reserved_connections` exists from version 16. */
export const connectionLimitsQuery = `
select current_setting('max_connections')::int as max_connections, current_setting('superuser_reserved_connections')::int + coalesce(nullif(current_setting('reserved_connections', true), ''), '0')::int as reserved`;

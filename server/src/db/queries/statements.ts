import { quoteIdentifier } from '../../core/sql/names';

/** How pg_stat_statements stands in this database; one row in any case. */
export const statementsStateQuery = `
select n.nspname as schema, e.extversion as version,
       pg_catalog.current_setting('pg_stat_statements.max', true) is not null as loaded,
       pg_catalog.current_setting('pg_stat_statements.track', true) as track,
       pg_catalog.has_table_privilege(v.oid, 'select') as readable,
       (select pg_catalog.array_agg(a.attname::text) from pg_catalog.pg_attribute a where a.attrelid = v.oid and a.attnum > 0 and not a.attisdropped) as columns,
       pg_catalog.has_table_privilege(i.oid, 'select') as has_info
from (select 1) one
left join pg_catalog.pg_extension e on e.extname = 'pg_stat_statements'
left join pg_catalog.pg_namespace n on n.oid = e.extnamespace
left join pg_catalog.pg_class v on v.relnamespace = n.oid and v.relname = 'pg_stat_statements'
left join pg_catalog.pg_class i on i.relnamespace = n.oid and i.relname = 'pg_stat_statements_info'`;

/** Since when the counters run (extension 1.9, PostgreSQL 14). */
export const statementsInfoQuery = (schema: string): string => `select stats_reset from ${quoteIdentifier(schema)}.pg_stat_statements_info`;

/** Longer texts are left out: nobody wrote them by hand, and 5,000 of them would weigh. Characters. */
export const MAX_STATEMENT_LENGTH = 20_000;

/** Statements that no query of a file can be; a comment may stand before them. */
const utility = String.raw`^(\s|/\*.*?\*/|--[^\n]*\n)*(begin|start|commit|end|rollback|abort|savepoint|release|set|reset|show|fetch|move|close|declare|deallocate|prepare|execute|discard|vacuum|analyze|explain|listen|unlisten|notify|copy|create|alter|drop|grant|revoke|truncate|lock|refresh|reindex|cluster|checkpoint|comment|do)\M`;

/**
 * The statements of this database that took the most time. `$1`: how many at most.
 * @param columns of the view as it is here: they follow the extension's version, which may be older than the server
 * (1.7 with PostgreSQL 12: `total_time`; 1.8: `total_exec_time`; 1.9: `toplevel`, so that a statement inside a function is not counted twice).
 */
export function statementsQuery(schema: string, columns: readonly string[]): string {
  const has = (name: string): boolean => columns.includes(name);
  const time = (kind: string): string => `s.${has('total_exec_time') ? `${kind}_exec_time` : `${kind}_time`}`;
  return `
select query, hidden, calls, total_ms, min_ms, max_ms, stddev_ms, rows, blocks_hit, blocks_read, all_ms, hidden_ms
from (
  select s.query, s.hidden, s.calls, ${time('total')} as total_ms, ${time('min')} as min_ms, ${time('max')} as max_ms, ${time('stddev')} as stddev_ms, s.rows,
         s.shared_blks_hit as blocks_hit, s.shared_blks_read as blocks_read,
         pg_catalog.sum(${time('total')}) over () as all_ms, pg_catalog.sum(case when s.hidden then ${time('total')} else 0 end) over () as hidden_ms
  from (select p.*, p.query is null or p.query = '<insufficient privilege>' as hidden from ${quoteIdentifier(schema)}.pg_stat_statements p) s
  where s.dbid = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())${has('toplevel') ? ' and s.toplevel' : ''}
) counted
where hidden or (pg_catalog.length(query) <= ${MAX_STATEMENT_LENGTH} and query !~* '${utility}')
order by total_ms desc
limit $1`;
}

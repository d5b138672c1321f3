import { userSchema } from './catalog';

/**
 * Settings that change a plan or its cost, and `max_connections`, which a rule holds against pools; as this session has them
 * (role and database settings included). Names that a version does not know are left out by the server.
 */
const catalogSettings = [
  'block_size', 'seq_page_cost', 'random_page_cost', 'cpu_tuple_cost', 'cpu_index_tuple_cost', 'cpu_operator_cost', 'parallel_setup_cost', 'parallel_tuple_cost',
  'min_parallel_table_scan_size', 'min_parallel_index_scan_size', 'max_parallel_workers_per_gather', 'max_parallel_workers', 'max_worker_processes', 'parallel_leader_participation',
  'debug_parallel_query', 'force_parallel_mode', 'effective_cache_size', 'effective_io_concurrency', 'work_mem', 'hash_mem_multiplier', 'maintenance_work_mem', 'shared_buffers', 'temp_buffers',
  'jit', 'jit_above_cost', 'jit_inline_above_cost', 'jit_optimize_above_cost', 'default_statistics_target', 'constraint_exclusion', 'cursor_tuple_fraction',
  'from_collapse_limit', 'join_collapse_limit', 'geqo', 'geqo_threshold', 'geqo_effort', 'geqo_pool_size', 'geqo_generations', 'geqo_selection_bias', 'geqo_seed',
  'plan_cache_mode', 'recursive_worktable_factor', 'row_security', 'standard_conforming_strings', 'TimeZone', 'server_encoding', 'max_connections',
];

/** Asked before the session's own settings are changed for the catalog queries. */
export const settingsQuery = `
select s.name, pg_catalog.current_setting(s.name) as value
from pg_catalog.pg_settings s
where s.name = any (array[${catalogSettings.map((name) => `'${name}'`).join(', ')}]) or s.name like 'enable\\_%'
order by s.name`;

export const extensionsQuery = `
select e.extname as name, n.nspname as schema, e.extversion as version
from pg_extension e join pg_namespace n on n.oid = e.extnamespace
order by e.extname`;

/** Row types of tables and multiranges come with their owners and are left out. */
export const typesQuery = `
select n.nspname as schema, t.typname as name, t.typtype as kind,
       case when t.typtype = 'e' then array(select e.enumlabel::text from pg_enum e where e.enumtypid = t.oid order by e.enumsortorder) end as labels,
       case when t.typtype = 'd' then format_type(t.typbasetype, t.typtypmod) when t.typtype = 'r' then (select format_type(r.rngsubtype, null) from pg_range r where r.rngtypid = t.oid) end as base,
       case when t.typtype = 'c' then array(select a.attname::text from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped order by a.attnum) end as attribute_names,
       case when t.typtype = 'c' then array(select format_type(a.atttypid, a.atttypmod) from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped order by a.attnum) end as attribute_types
from pg_type t join pg_namespace n on n.oid = t.typnamespace left join pg_class c on c.oid = t.typrelid
where t.typtype in ('e', 'd', 'c', 'r') and (t.typtype <> 'c' or c.relkind = 'c') and ${userSchema}
  and not exists (select 1 from pg_depend d where d.deptype = 'e' and ((d.classid = 'pg_type'::regclass and d.objid = t.oid) or (d.classid = 'pg_class'::regclass and d.objid = c.oid)))
order by n.nspname, t.typname`;

/** Neither those of extensions nor the constructors of range types. `pg_get_functiondef` refuses aggregates; only SQL-language functions are asked for, which the planner may inline. */
export const routinesQuery = `
select n.nspname as schema, p.proname as name, pg_get_function_identity_arguments(p.oid) as arguments, coalesce(pg_get_function_result(p.oid), '') as returns, p.prokind as kind,
       p.provolatile as volatility, p.proparallel as parallel, p.proisstrict as strict, l.lanname as language, p.procost as cost, p.prorows as rows,
       case when l.lanname = 'sql' and p.prokind = 'f' then pg_get_functiondef(p.oid) end as definition
from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
where ${userSchema} and not exists (select 1 from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype in ('e', 'i'))
order by n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)`;

/** Is there a Citus catalog that this role may read? */
export const hasDistributionQuery = `
select exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'pg_catalog' and c.relname = 'pg_dist_partition' and has_table_privilege(c.oid, 'select')) as found`;

/** Citus: the column stands as a Var node (`{VAR :varno 1 :varattno 2 …}`); reference tables have none. */
export const distributionQuery = `
select a.attrelid::text as relation, a.attname as column
from pg_catalog.pg_dist_partition p join pg_attribute a on a.attrelid = p.logicalrelid::oid and a.attnum = substring(p.partkey from ':varattno (\\d+)')::int
where p.partkey is not null and not a.attisdropped`;

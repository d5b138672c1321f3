import { notOfExtension, relations, userSchema } from './catalog';

/** Tables, partitioned tables, materialized views and indexes; those of temporary tables are left out. */
const measured = `c.relkind in ('r', 'p', 'm', 'i') and c.relpersistence <> 't' and ${userSchema} and ${notOfExtension}`;

/**
 * What VACUUM and ANALYZE left in `pg_class`, and the size of the main fork in blocks of 8 kB, whatever the server's block
 * size. Partitioned tables have no file; a relation dropped meanwhile has none any more.
 */
export const figuresQuery = `
select n.nspname as schema, c.relname as name, c.relpages as pages, c.reltuples as tuples, c.relallvisible as all_visible,
       case when c.relkind <> 'p' then (pg_relation_size(c.oid) / 8192)::float8 end as file_pages
from ${relations}
where ${measured}
order by c.oid`;

/**
 * `pg_stats` and not `pg_statistic`: it shows each role what it may read. For indexes there are rows for expression keys
 * alone. Arrays come as text, which is what the restore functions of Postgres take and costs the driver nothing.
 */
export const columnStatisticsQuery = `
select s.schemaname as schema, s.tablename as name, s.attname as column, s.inherited, s.null_frac, s.avg_width, s.n_distinct, s.correlation,
       s.most_common_vals::text as common_values, s.most_common_freqs::text as common_frequencies, s.histogram_bounds::text as bounds,
       s.most_common_elems::text as elements, s.most_common_elem_freqs::text as element_frequencies, s.elem_count_histogram::text as element_counts
from pg_stats s
where s.schemaname !~ '^pg_' and s.schemaname <> 'information_schema'`;

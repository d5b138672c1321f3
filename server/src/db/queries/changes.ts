/** Catalogs whose rows DDL changes, as far as the schema that we read is concerned. */
const watched = ['pg_class', 'pg_attribute', 'pg_index', 'pg_constraint', 'pg_attrdef', 'pg_inherits', 'pg_partitioned_table', 'pg_policy', 'pg_rewrite', 'pg_type', 'pg_enum', 'pg_range', 'pg_proc', 'pg_extension', 'pg_namespace', 'pg_statistic_ext'];

/**
 * Level 1, 1 to 3 ms: counters of rows written to the catalogs. They change with every DDL, that of temporary tables
 * too, and not with ANALYZE or VACUUM; those write `pg_statistic`. A standby counts nothing, nor does a server with `track_counts = off`.
 */
export const countersQuery = `
select pg_catalog.pg_is_in_recovery() or not pg_catalog.current_setting('track_counts')::bool as blind,
       pg_catalog.string_agg(s.relname || ':' || s.n_tup_ins || '/' || s.n_tup_upd || '/' || s.n_tup_del, ' ' order by s.relname) filter (where s.relname <> 'pg_statistic') as schema,
       pg_catalog.string_agg(s.n_tup_ins || '/' || s.n_tup_upd || '/' || s.n_tup_del, ' ') filter (where s.relname = 'pg_statistic') as statistics
from pg_catalog.pg_stat_sys_tables s
where s.schemaname = 'pg_catalog' and s.relname in (${[...watched, 'pg_statistic'].map((name) => `'${name}'`).join(', ')})`;

const permanent = (column: string): string => `exists (select 1 from pg_class c where c.oid = ${column} and c.relpersistence <> 't')`;
const permanentSchema = (column: string): string => `${column} not in (select n.oid from pg_namespace n where n.nspname ~ '^pg_(toast_)?temp_')`;
const fingerprint = (catalog: string, condition: string): string => `(select count(*) || '/' || coalesce(sum(r.xmin::text::bigint), 0) from ${catalog} r where ${condition})`;

/**
 * Level 2, some 6 ms (26 ms for 2,000 tables): how many rows there are and which transactions wrote them, without those of
 * temporary relations and of the system. ANALYZE, VACUUM and INSERT change none of them.
 */
export const fingerprintsQuery = `
select ${[
  fingerprint('pg_class', `r.oid >= 16384 and r.relpersistence <> 't'`),
  fingerprint('pg_attribute', `r.attrelid >= 16384 and ${permanent('r.attrelid')}`),
  fingerprint('pg_index', `r.indexrelid >= 16384 and ${permanent('r.indexrelid')}`),
  fingerprint('pg_constraint', `r.oid >= 16384 and (r.conrelid = 0 or ${permanent('r.conrelid')})`),
  fingerprint('pg_attrdef', permanent('r.adrelid')),
  fingerprint('pg_inherits', permanent('r.inhrelid')),
  fingerprint('pg_partitioned_table', permanent('r.partrelid')),
  fingerprint('pg_policy', 'true'),
  fingerprint('pg_rewrite', `r.oid >= 16384 and ${permanent('r.ev_class')}`),
  fingerprint('pg_type', `r.oid >= 16384 and ${permanentSchema('r.typnamespace')}`),
  fingerprint('pg_enum', 'true'),
  fingerprint('pg_range', 'r.rngtypid >= 16384'),
  fingerprint('pg_proc', `r.oid >= 16384 and ${permanentSchema('r.pronamespace')}`),
  fingerprint('pg_extension', 'true'),
  fingerprint('pg_namespace', `r.oid >= 16384 and r.nspname !~ '^pg_(toast_)?temp_'`),
  fingerprint('pg_statistic_ext', permanent('r.stxrelid')),
].join(` || ' ' || `)} as schema`;

/** In place of the counter of `pg_statistic` where nothing is counted: what VACUUM and ANALYZE leave in `pg_class`. */
export const figuresFingerprintQuery = `
select count(*) || '/' || coalesce(sum(c.relpages), 0) || '/' || coalesce(sum(c.reltuples::float8), 0) || '/' || coalesce(sum(c.relallvisible), 0) as statistics
from pg_class c
where c.oid >= 16384 and c.relpersistence <> 't' and c.relkind in ('r', 'm', 'i')`;

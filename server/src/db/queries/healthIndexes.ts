import { notOfExtension, userSchema } from './catalog';

/** Printing one waits for a lock on its table; without it, none equals another. */
const expression = (tree: string, locked: boolean): string => (locked ? `case when ${tree} is null then '' else i.indexrelid::text end` : `coalesce(pg_get_expr(${tree}, i.indrelid), '')`);

/**
 * Every index of the application's tables with what the server counted. Two indexes of a table serve the same searches
 * when method, keys, classes, collations, options, expressions and predicate are equal. `size`: an expression over an OID.
 * `building` null: another role's CREATE INDEX runs and its index is hidden.
 */
export const indexesHealthQuery = (version: number, size: (oid: string) => string, locked: boolean): string => `
select i.indexrelid::text as oid, n.nspname as schema, c.relname as table_name, x.relname as name, x.relkind as kind, am.amname as method,
       i.indisprimary as is_primary, i.indisunique as is_unique, i.indisexclusion as is_exclusion, i.indisreplident or i.indisclustered as is_marked, i.indisvalid and i.indisready as is_valid,
       k.conname as constraint,
       exists (select from pg_constraint f where f.conindid = i.indexrelid and f.contype = 'f') as referenced,
       (select h.inhparent::text from pg_inherits h where h.inhrelid = i.indexrelid) as parent, c.relispartition as of_partition,
       i.indnkeyatts as key_count, i.indnatts as column_count, i.indkey::text as keys, i.indclass::text as classes, i.indcollation::text as collations, i.indoption::text as options,
       ${expression('i.indexprs', locked)} as expressions, ${expression('i.indpred', locked)} as predicate, ${version >= 150000 ? 'i.indnullsnotdistinct' : 'false'} as nulls_not_distinct,
       ${size('i.indexrelid')}::float8 as bytes, coalesce(pg_stat_get_numscans(i.indexrelid), 0)::float8 as scans, ${version >= 160000 ? 'pg_stat_get_lastscan(i.indexrelid)' : 'null::timestamptz'} as last_scan,
       (case when c.reltuples > 0 then c.reltuples else pg_stat_get_live_tuples(c.oid) end)::float8 as table_rows, (pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid) - pg_stat_get_tuples_hot_updated(c.oid))::float8 as writes,
       not i.indisvalid and exists (select from pg_stat_progress_create_index p where p.datname = current_database() and p.index_relid = i.indexrelid) as building,
       not i.indisvalid and exists (select from pg_stat_progress_create_index p where p.datname = current_database() and p.index_relid is null) as maybe_building
from pg_index i join pg_class x on x.oid = i.indexrelid join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace join pg_am am on am.oid = x.relam
left join pg_constraint k on k.conindid = i.indexrelid and k.conrelid = i.indrelid and k.contype in ('p', 'u', 'x')
where i.indislive and c.relkind in ('r', 'p', 'm') and c.relpersistence <> 't' and ${userSchema} and ${notOfExtension}
order by n.nspname, c.relname, i.indexrelid`;

/** `$1`: OIDs. 0.15 ms each, and waits for locks. */
export const definitionsQuery = 'select o.oid::text as oid, pg_get_indexdef(o.oid) as definition from unnest($1::oid[]) o(oid)';

/**
 * Does the index `i` find the rows of the foreign key `k`? A B-tree that begins with its columns in any order, or a hash index on its
 * one column. Of a partial index, the predicate must ask no more than the search for a key does: that its columns are not null.
 */
const servesKey = `
    i.indrelid = k.conrelid and i.indisvalid and i.indisready and i.indislive and i.indnkeyatts >= cardinality(k.conkey)
    and (select m.amname = 'btree' or (m.amname = 'hash' and cardinality(k.conkey) = 1) from pg_class x join pg_am m on m.oid = x.relam where x.oid = i.indexrelid)
    and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey and k.conkey @> (i.indkey::int2[])[0:cardinality(k.conkey) - 1]
    and case when i.indpred is null then true else not exists (
      select from regexp_split_to_table(pg_get_expr(i.indpred, i.indrelid), ' AND ') p(part)
      where not exists (select from pg_attribute a where a.attrelid = k.conrelid and a.attnum = any (k.conkey) and trim(p.part, '()') = trim(quote_ident(a.attname), '()') || ' IS NOT NULL')) end`;

/** Keys whose index, if any, does not begin with their columns. Those of partitions are their parent's. */
export const unindexedKeysQuery = `
select n.nspname as schema, c.relname as table_name, k.conname as constraint,
       array(select a.attname::text from unnest(k.conkey) with ordinality x(number, position) join pg_attribute a on a.attrelid = k.conrelid and a.attnum = x.number order by x.position) as columns,
       rn.nspname as target_schema, r.relname as target, c.relkind as kind,
       case when c.relkind = 'p' then (select sum(case when s.reltuples > 0 then s.reltuples else pg_stat_get_live_tuples(s.oid) end) from pg_partition_tree(c.oid) t join pg_class s on s.oid = t.relid where t.isleaf) else case when c.reltuples > 0 then c.reltuples else pg_stat_get_live_tuples(c.oid) end end::float8 as table_rows,
       case when r.relkind = 'p' then (select sum(pg_stat_get_tuples_deleted(t.relid)) from pg_partition_tree(r.oid) t) else pg_stat_get_tuples_deleted(r.oid) end::float8 as deletes
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace join pg_class r on r.oid = k.confrelid join pg_namespace rn on rn.oid = r.relnamespace
where k.contype = 'f' and k.conparentid = 0 and c.relkind in ('r', 'p') and ${userSchema} and ${notOfExtension}
  and not exists (select from pg_index i where ${servesKey})`;

/** Keys that an index serves, by index OID: what a DROP would take from them. */
export const indexedKeysQuery = `
select i.indexrelid::text as oid, k.conname as constraint, r.relname as target
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace join pg_class r on r.oid = k.confrelid
join pg_index i on ${servesKey}
where k.contype = 'f' and ${userSchema}`;

/** Tables that are read whole again and again. */
export const sequentialScansQuery = `
select n.nspname as schema, c.relname as table_name, pg_stat_get_numscans(c.oid)::float8 as seq_scans, pg_stat_get_tuples_returned(c.oid)::float8 as rows_read,
       (select coalesce(sum(pg_stat_get_numscans(i.indexrelid)), 0) from pg_index i where i.indrelid = c.oid)::float8 as index_scans, (case when c.reltuples > 0 then c.reltuples else pg_stat_get_live_tuples(c.oid) end)::float8 as rows,
       (pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid) + pg_stat_get_tuples_deleted(c.oid))::float8 as writes
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'm') and c.relpersistence <> 't' and ${userSchema} and ${notOfExtension}
order by rows_read desc`;

/**
 * B-trees of more than a hundred pages beside the size that their entries need, by the widths that ANALYZE saw. `width` is null
 * where a column has no statistics, or they are hidden. Equal keys share an entry since 13, so the need is an upper bound there.
 */
export const indexBloatQuery = `
select n.nspname as schema, t.relname as table_name, x.relname as name, x.oid::text as oid, x.relpages::float8 as pages, x.reltuples::float8 as entries, w.width::float8 as width,
       coalesce((select o.option_value::float8 from pg_options_to_table(x.reloptions) o where o.option_name = 'fillfactor'), 90)::float8 as fillfactor
from pg_index i join pg_class x on x.oid = i.indexrelid and x.relkind = 'i' join pg_class t on t.oid = i.indrelid join pg_class c on c.oid = t.oid join pg_namespace n on n.oid = t.relnamespace join pg_am am on am.oid = x.relam and am.amname = 'btree'
cross join lateral (
  select case when count(*) = count(k.width) then sum(k.width) end as width
  from (select case when s.attname is not null then s.avg_width * (1 - s.null_frac) + (case when a.attlen = -1 then 1 else 0 end) when a.attlen > 0 then a.attlen end as width
        from unnest(i.indkey::int2[]) with ordinality k(number, position) left join pg_attribute ta on ta.attrelid = i.indrelid and ta.attnum = k.number
        join pg_attribute a on a.attrelid = i.indexrelid and a.attnum = k.position
        left join pg_stats s on s.schemaname = n.nspname and s.tablename = case when k.number = 0 then x.relname else t.relname end and s.attname = case when k.number = 0 then a.attname else ta.attname end and not s.inherited) k
) w
where x.relpages > 100 and i.indisvalid and ${userSchema} and ${notOfExtension}
order by x.relpages desc
limit 500`;

/** `$1`: OIDs. Reads every page of these indexes. */
export const measuredIndexesQuery = (schema: string): string => `
select o.oid::text as oid, s.avg_leaf_density::float8 as density, s.index_size::float8 as bytes from unnest($1::oid[]) o(oid) cross join lateral ${schema}.pgstatindex(o.oid::regclass) s`;

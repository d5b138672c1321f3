/** Sequences of the application that do not cycle; the value is hidden without USAGE or SELECT on the sequence. */
export const sequencesQuery = `
select n.nspname as schema, c.relname as name, format_type(s.seqtypid, null) as type, s.seqincrement::float8 as increment, s.seqstart::float8 as start,
       case when s.seqincrement > 0 then s.seqmax else s.seqmin end::float8 as limit,
       v.readable, case when v.readable then pg_sequence_last_value(c.oid)::float8 end as last_value,
       tn.nspname as table_schema, t.relname as table_name, a.attname as column_name, format_type(a.atttypid, null) as column_type
from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace
cross join lateral (select has_sequence_privilege(c.oid, 'select, usage') as readable) v
left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
left join pg_class t on t.oid = d.refobjid left join pg_namespace tn on tn.oid = t.relnamespace
left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
where not s.seqcycle and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`;

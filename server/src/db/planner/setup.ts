import { quoteIdentifier, quoteLiteral } from '../../core/sql/names';
import { twinCollations } from '../../twin/collations';

/** The role that plans: it owns the schema it plans for, and nothing else. */
export const plannerRole = 'sargable_planner';

/** What a fresh cluster is given, by its superuser. */
export const setupStatements = (major: number, password: string): readonly string[] => [
  `create role ${plannerRole} login nosuperuser nocreatedb nocreaterole password ${quoteLiteral(password)}`,
  `grant create on database postgres to ${plannerRole}`,
  `alter schema public owner to ${plannerRole}`,
  // Widths of columns: the view on it would be slow.
  `grant select on pg_catalog.pg_statistic to ${plannerRole}`,
  ...collations,
  // From 18 the owner of a table may restore its statistics.
  ...(major >= 18 ? [] : [operatorFunction, plainTypeFunction, relationFunction, columnFunction, forgetFunction]),
];

/** Those that Postgres or the system has not brought; a language's from ICU, else from a locale of the system that is not bytewise for the planner. */
const collations = [
  ...twinCollations.bytewise.map((name) => makeCollation(name, `create collation pg_catalog.${quoteIdentifier(name)} from pg_catalog."C"`)),
  ...twinCollations.language.map((name) => makeCollation(name, `if exists (select from pg_catalog.pg_collation where collprovider = 'i') then create collation pg_catalog.${quoteIdentifier(name)} (provider = icu, locale = 'en'); else create collation pg_catalog.${quoteIdentifier(name)} (lc_collate = 'C.UTF-8', lc_ctype = 'C.UTF-8'); end if`)),
];

/** Of this encoding: 6 is UTF8, -1 any. */
function makeCollation(name: string, create: string): string {
  return `do $do$ begin if not exists (select from pg_catalog.pg_collation where collname = ${quoteLiteral(name)} and collnamespace = 'pg_catalog'::regnamespace and collencoding in (-1, 6)) then ${create}; end if; end $do$`;
}

/** What these functions look up is Postgres' own, whatever the schema holds. */
const properties = 'security definer set search_path = pg_catalog, pg_temp';
const mine = `(select r.oid from pg_catalog.pg_roles r where r.rolname = session_user)`;

/** The operator of a strategy (1: less, 3: equal) in the type's default b-tree operator class; 0: it has none. */
const operatorFunction = `create function pg_catalog.sargable_operator(type oid, strategy int2) returns oid language sql stable ${properties} as $body$
  select coalesce((
    select ao.amopopr from pg_catalog.pg_opclass oc join pg_catalog.pg_type t on t.oid = type join pg_catalog.pg_type it on it.oid = oc.opcintype
      join pg_catalog.pg_amop ao on ao.amopfamily = oc.opcfamily and ao.amoplefttype = oc.opcintype and ao.amoprighttype = oc.opcintype and ao.amopstrategy = strategy
     where oc.opcmethod = 403 and oc.opcdefault and (oc.opcintype = type
       or (t.typtype = 'e' and it.typname = 'anyenum') or (t.typtype = 'r' and it.typname = 'anyrange') or (t.typcategory = 'A' and t.typelem <> 0 and it.typname = 'anyarray')
       or exists (select from pg_catalog.pg_cast c where c.castsource = type and c.casttarget = oc.opcintype and c.castmethod = 'b'))
     order by oc.opcintype = type desc, it.typispreferred desc, oc.oid limit 1), 0::oid)
$body$`;

/** The type below domains, where reading a value of it runs nothing that a schema declares (the CHECK of a domain); else null. */
const plainTypeFunction = `create function pg_catalog.sargable_plain_type(type oid) returns oid language sql stable ${properties} as $body$
  with recursive below as (select t.* from pg_catalog.pg_type t where t.oid = type union all select t.* from below b join pg_catalog.pg_type t on b.typtype = 'd' and t.oid = b.typbasetype)
  select b.oid from below b left join pg_catalog.pg_type part on b.typcategory = 'A' and part.oid = nullif(b.typelem, 0)
   where b.typtype in ('b', 'e') and coalesce(part.typtype, 'b') in ('b', 'e')
$body$`;

/** What ANALYZE leaves in pg_class, for relations of the caller. */
const relationFunction = `create function pg_catalog.sargable_relation(relation regclass, pages int4, tuples float4, visible int4) returns void language sql volatile ${properties} as $body$
  update pg_catalog.pg_class set relpages = pages, reltuples = tuples, relallvisible = visible where oid = relation and relowner = ${mine}
$body$`;

const slots = (render: (slot: number) => string): string => [1, 2, 3, 4, 5].map(render).join(', ');

/**
 * What ANALYZE leaves in pg_statistic, for relations of the caller. Slots: the most common values, the histogram, the
 * correlation, the most common elements, the histogram of their number. Values that cannot be read are left out.
 */
const columnFunction = `create function pg_catalog.sargable_column(relation regclass, attribute name, inherited bool, nulls float4, width int4, different float4, correlation float4,
  common text, frequencies float4[], bounds text, elements text, element_frequencies float4[], counts float4[]) returns void language plpgsql volatile ${properties} as $body$
declare
  a record;
  less oid; equal oid; element oid; element_equal oid;
begin
  select att.attnum, att.attcollation, pg_catalog.sargable_plain_type(att.atttypid) as type into a
    from pg_catalog.pg_attribute att join pg_catalog.pg_class c on c.oid = att.attrelid
   where att.attrelid = relation and att.attname = attribute and att.attnum > 0 and not att.attisdropped and c.relowner = ${mine};
  if not found then return; end if;
  less := pg_catalog.sargable_operator(a.type, 1::int2); equal := pg_catalog.sargable_operator(a.type, 3::int2);
  -- Words of a document are text.
  select case when t.typname = 'tsvector' then 'text'::regtype when t.typcategory = 'A' and t.typelem <> 0 then t.typelem end into element from pg_catalog.pg_type t where t.oid = a.type;
  element_equal := pg_catalog.sargable_operator(element, 3::int2);
  if a.type is null or equal = 0 then common := null; end if;
  if a.type is null or less = 0 then bounds := null; correlation := null; end if;
  if element is null or element_equal = 0 then elements := null; counts := null; end if;
  delete from pg_catalog.pg_statistic s where s.starelid = relation and s.staattnum = a.attnum and s.stainherit = inherited;
  for attempt in 1..2 loop
    begin
      insert into pg_catalog.pg_statistic (starelid, staattnum, stainherit, stanullfrac, stawidth, stadistinct, ${slots((n) => `stakind${n}`)}, ${slots((n) => `staop${n}`)}, ${slots((n) => `stacoll${n}`)}, ${slots((n) => `stanumbers${n}`)}, stavalues1, stavalues2, stavalues4)
      select relation, a.attnum, inherited, nulls, width, different,
        case when common is null then 0 else 1 end, case when bounds is null then 0 else 2 end, case when correlation is null then 0 else 3 end, case when elements is null then 0 else 4 end, case when counts is null then 0 else 5 end,
        case when common is null then 0 else equal end, case when bounds is null then 0 else less end, case when correlation is null then 0 else less end, case when elements is null then 0 else element_equal end, case when counts is null then 0 else element_equal end,
        case when common is null then 0 else a.attcollation end, case when bounds is null then 0 else a.attcollation end, case when correlation is null then 0 else a.attcollation end, case when elements is null then 0 else a.attcollation end, case when counts is null then 0 else a.attcollation end,
        case when common is not null then frequencies end, null, case when correlation is not null then array[correlation] end, case when elements is not null then element_frequencies end, counts,
        pg_catalog.array_in(common::cstring, a.type, -1), pg_catalog.array_in(bounds::cstring, a.type, -1), pg_catalog.array_in(elements::cstring, element, -1);
      return;
    exception when data_exception then
      common := null; bounds := null; elements := null;
    end;
  end loop;
end $body$`;

const forgetFunction = `create function pg_catalog.sargable_forget(relation regclass, attribute name, inherited bool) returns void language sql volatile ${properties} as $body$
  delete from pg_catalog.pg_statistic s using pg_catalog.pg_attribute a, pg_catalog.pg_class c
   where s.starelid = relation and a.attrelid = relation and a.attname = attribute and s.staattnum = a.attnum and s.stainherit = inherited and c.oid = relation and c.relowner = ${mine}
$body$`;

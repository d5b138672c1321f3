import type { StatementEffects } from '../core/sql/effects';
import type { ReachedFunction } from './errors';
import type { Connection } from './session';

/** An extension's compiled functions do as declared: who installed it trusts it. */
const reached = (arguments_: { readonly through: ReachedFunction['through']; readonly constant: string; readonly from: string }): string => `
select n.nspname || '.' || p.proname as name, p.provolatile as volatility, l.lanname as language, '${arguments_.through}' as through, e.extname as extension,
  (e.extname is null or l.lanname not in ('c', 'internal')) and p.prokind in ('f', 'w') and (
    l.lanname = 'sql' -- inlined: its body is planned with the statement
    or (p.provolatile <> 'v' and ${arguments_.constant})
    or exists (select from pg_catalog.pg_depend u where u.classid = 'pg_catalog.pg_proc'::regclass and u.objid = p.oid and u.refclassid = 'pg_catalog.pg_proc'::regclass) -- defaults of its arguments
  ) as "atPlanTime"
from ${arguments_.from}
join pg_catalog.pg_namespace n on n.oid = p.pronamespace join pg_catalog.pg_language l on l.oid = p.prolang
left join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
left join pg_catalog.pg_extension e on e.oid = d.refobjid
where p.oid >= 16384`;

const inSight = (schema: string, name: string): string => `(${schema} = ${name} or (${schema} is null and ${name} = any (pg_catalog.current_schemas(true))))`;

/** `$1` schemas, `$2` names, `$3` may be constant, `$4` written as an attribute. */
const callsQuery = reached({
  through: 'call', constant: 'w.constant',
  from: `unnest($1::text[], $2::text[], $3::bool[], $4::bool[]) w(schema, name, constant, attribute)
join pg_catalog.pg_proc p on p.proname = w.name and exists (select from pg_catalog.pg_namespace s where s.oid = p.pronamespace and ${inSight('w.schema', 's.nspname')})
  and (not w.attribute or (p.pronargs = 1 and exists (select from pg_catalog.pg_type t where t.oid = p.proargtypes[0] and t.typtype = 'c')))`,
});
const operatorsQuery = reached({
  through: 'operator', constant: 'true',
  from: `unnest($1::text[], $2::text[]) w(schema, name)
join pg_catalog.pg_operator o on o.oprname = w.name and exists (select from pg_catalog.pg_namespace s where s.oid = o.oprnamespace and ${inSight('w.schema', 's.nspname')})
join pg_catalog.pg_proc p on p.oid = o.oprcode`,
});
const castsQuery = reached({ through: 'cast', constant: 'true', from: 'pg_catalog.pg_cast c join pg_catalog.pg_proc p on p.oid = c.castfunc' });

/** Views and rules are planned with the statement; policies only where they bind this role (of a view: its owner). */
const relationsQuery = `
with recursive relation(oid, inner_one) as (
  select c.oid, false from unnest($1::text[], $2::text[]) w(schema, name)
  join pg_catalog.pg_class c on c.relname = w.name join pg_catalog.pg_namespace s on s.oid = c.relnamespace where ${inSight('w.schema', 's.nspname')}
  union
  select d.refobjid, true from relation r cross join lateral (
    select u.refobjid from pg_catalog.pg_rewrite w join pg_catalog.pg_depend u on u.classid = 'pg_catalog.pg_rewrite'::regclass and u.objid = w.oid and u.refclassid = 'pg_catalog.pg_class'::regclass where w.ev_class = r.oid
    union all
    select u.refobjid from pg_catalog.pg_policy y join pg_catalog.pg_depend u on u.classid = 'pg_catalog.pg_policy'::regclass and u.objid = y.oid and u.refclassid = 'pg_catalog.pg_class'::regclass
    join pg_catalog.pg_class c on c.oid = r.oid where y.polrelid = r.oid and c.relrowsecurity and (r.inner_one or pg_catalog.row_security_active(c.oid))
  ) d where d.refobjid <> r.oid
), parts(classid, objid) as (
  select 'pg_catalog.pg_rewrite'::regclass::oid, w.oid from relation r join pg_catalog.pg_rewrite w on w.ev_class = r.oid
  union
  select 'pg_catalog.pg_policy'::regclass::oid, y.oid from relation r join pg_catalog.pg_policy y on y.polrelid = r.oid join pg_catalog.pg_class c on c.oid = r.oid
  where c.relrowsecurity and (r.inner_one or pg_catalog.row_security_active(c.oid))
)${reached({
  through: 'relation', constant: 'true',
  from: `(select u.refobjid as oid from parts x join pg_catalog.pg_depend u on u.classid = x.classid and u.objid = x.objid and u.refclassid = 'pg_catalog.pg_proc'::regclass
  union select o.oprcode from parts x join pg_catalog.pg_depend u on u.classid = x.classid and u.objid = x.objid and u.refclassid = 'pg_catalog.pg_operator'::regclass join pg_catalog.pg_operator o on o.oid = u.refobjid) f
join pg_catalog.pg_proc p on p.oid = f.oid`,
})}`;

/**
 * The functions a statement reaches that are not the server's own, as the live catalog declares them: of an unqualified
 * name every function in sight, whatever its arguments, because which one is meant is decided by types. Reads the catalog
 * only. Rejects with `DatabaseError`.
 */
export async function collectFunctions(connection: Connection, effects: StatementEffects): Promise<readonly ReachedFunction[]> {
  const schemas = (objects: readonly { readonly schema?: string }[]): (string | null)[] => objects.map(({ schema }) => schema ?? null);
  const names = (objects: readonly { readonly name: string }[]): string[] => objects.map(({ name }) => name);
  const { calls, operators, relations } = effects;
  const rows = [
    ...(calls.length === 0 ? [] : await connection.query(callsQuery, [schemas(calls), names(calls), calls.map((call) => call.constant), calls.map((call) => call.attribute)])),
    ...(operators.length === 0 ? [] : await connection.query(operatorsQuery, [schemas(operators), names(operators)])),
    ...(relations.length === 0 ? [] : await connection.query(relationsQuery, [schemas(relations), names(relations)])),
    ...(await connection.query(castsQuery)),
  ];
  const found = new Map<string, ReachedFunction>();
  for (const row of rows) {
    const next: ReachedFunction = {
      name: String(row['name']), volatility: volatilities[String(row['volatility'])] ?? 'volatile', language: String(row['language']),
      through: row['through'] as ReachedFunction['through'], atPlanTime: row['atPlanTime'] === true, ...(typeof row['extension'] === 'string' ? { extension: row['extension'] } : {}),
    };
    const known = found.get(next.name);
    if (!known || (next.atPlanTime && !known.atPlanTime)) found.set(next.name, next);
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

const volatilities: Readonly<Record<string, ReachedFunction['volatility']>> = { i: 'immutable', s: 'stable', v: 'volatile' };

/** Functions of the server itself that are declared VOLATILE, by name; those in sight that the statement calls. */
export async function collectVolatileBuiltIns(connection: Connection, effects: StatementEffects): Promise<readonly string[]> {
  const calls = effects.calls.filter((call) => !call.attribute && (call.schema === undefined || call.schema === 'pg_catalog'));
  if (calls.length === 0) return [];
  const rows = await connection.query(
    `select distinct p.proname as name from pg_catalog.pg_proc p where p.oid < 16384 and p.provolatile = 'v' and p.pronamespace = 'pg_catalog'::regnamespace and p.proname = any ($1::text[]) order by 1`, [calls.map(({ name }) => name)],
  );
  return rows.map((row) => String(row['name']));
}

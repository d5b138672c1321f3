import type { StatementEffects, WriteTarget } from '../core/sql/effects';
import { quoteQualified } from '../core/sql/names';
import type { ReachedFunction } from './errors';
import { collectFunctions, collectVolatileBuiltIns } from './functions';
import type { Connection, Row } from './session';

/** Something a rollback of an analysed statement does not undo, or does to others meanwhile. */
export interface WriteRisk {
  readonly kind: 'locks' | 'trigger' | 'rule' | 'sequence' | 'cascade' | 'foreign-table' | 'outside' | 'notify' | 'advisory-lock' | 'function';
  /** One sentence for the confirmation. */
  readonly message: string;
}

/** VOLATILE functions of the server that change nothing anywhere: clocks, chance, waiting, sizes, looking. */
const harmless = /^(?:random|random_normal|clock_timestamp|statement_timestamp|timeofday|gen_random_uuid|uuidv[47]|pg_sleep(?:_for|_until)?|pg_(?:total_)?relation_size|pg_(?:table|indexes|database|tablespace)_size|currval|lastval|pg_stat_get_\w+|pg_current_wal_\w+|pg_is_in_recovery|pg_blocking_pids|generate_series|txid_current_if_assigned|pg_current_xact_id_if_assigned)$/;
const harmlessExtensions = new Set(['uuid-ossp', 'pgcrypto', 'pg_trgm', 'pg_stat_statements']);

const described: readonly (readonly [RegExp, WriteRisk['kind'], string])[] = [
  [/^(?:nextval|setval)$/, 'sequence', 'draws from a sequence: the numbers are not given back'],
  [/^pg_(?:try_)?advisory_(?!xact|unlock)/, 'advisory-lock', 'takes a session-level advisory lock, held until the connection is cleaned up'],
  [/^pg_notify$/, 'notify', 'sends a notification; a rollback drops it, listeners see nothing'],
];

const partitions = `(select pg_catalog.to_regclass($1)::oid union select p.relid::oid from pg_catalog.pg_partition_tree(pg_catalog.to_regclass($1)) p)`;
const triggersQuery = `
select distinct t.tgname as name, p.proname as function
from pg_catalog.pg_trigger t join pg_catalog.pg_proc p on p.oid = t.tgfoid
where t.tgrelid in ${partitions} and not t.tgisinternal and t.tgenabled <> 'D' and t.tgtype & $2::int <> 0 order by 1`;
const rulesQuery = `select r.rulename as name from pg_catalog.pg_rewrite r where r.ev_class = pg_catalog.to_regclass($1) and r.ev_type <> '1' and r.ev_enabled <> 'D' order by 1`;
const sequencesQuery = `
select a.attname as name from pg_catalog.pg_attribute a
where a.attrelid = pg_catalog.to_regclass($1) and a.attnum > 0 and not a.attisdropped
  and (a.attidentity <> '' or exists (select from pg_catalog.pg_attrdef d
    join pg_catalog.pg_depend u on u.classid = 'pg_catalog.pg_attrdef'::regclass and u.objid = d.oid and u.refclassid = 'pg_catalog.pg_class'::regclass
    join pg_catalog.pg_class s on s.oid = u.refobjid and s.relkind = 'S' where d.adrelid = a.attrelid and d.adnum = a.attnum))`;
const cascadesQuery = `
select distinct c.relname as "table" from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid
where k.confrelid = pg_catalog.to_regclass($1) and k.contype = 'f' and k.conparentid = 0 and ((k.confdeltype in ('c', 'n', 'd') and $2) or (k.confupdtype in ('c', 'n', 'd') and $3))`;
const foreignQuery = `select c.relname as name from pg_catalog.pg_class c where c.oid in ${partitions} and c.relkind = 'f'`;

/**
 * What a rollback would not undo, for the confirmation before `explainAnalyze` with `allowWrites`, from the parsed statement
 * and the live catalog; the statement itself is not sent. `allowed` are functions (`schema.name`) that a person has vouched for.
 */
export async function collectWriteRisks(connection: Connection, effects: StatementEffects, allowed: ReadonlySet<string> = new Set()): Promise<readonly WriteRisk[]> {
  const risks: WriteRisk[] = [];
  if (effects.writes.length > 0 || effects.locksRows) risks.push({ kind: 'locks', message: 'Rows it touches stay locked until the rollback, and dead rows and WAL are left behind' });
  for (const name of await collectVolatileBuiltIns(connection, effects)) {
    if (harmless.test(name)) continue;
    const [, kind, message] = described.find(([pattern]) => pattern.test(name)) ?? [name, 'outside' as const, 'may have an effect that no rollback undoes'];
    risks.push({ kind, message: `${name}() ${message}` });
  }
  for (const found of await collectFunctions(connection, effects)) if (!allowed.has(found.name) && !isHarmless(found)) risks.push(toRisk(found));
  for (const target of effects.writes) risks.push(...(await targetRisks(connection, target)));
  return [...new Map(risks.map((risk) => [risk.message, risk])).values()];
}

const isHarmless = ({ extension, language, volatility }: ReachedFunction): boolean =>
  extension !== undefined && (language === 'c' || language === 'internal') && (volatility !== 'volatile' || harmlessExtensions.has(extension));

const toRisk = ({ name, extension, through }: ReachedFunction): WriteRisk =>
  extension === 'dblink' ? { kind: 'outside', message: `${name}() reaches another server: what that one did is not rolled back` }
  : { kind: 'function', message: `${name}() runs${through === 'relation' ? ', through a view, rule or policy' : through === 'call' ? '' : `, through ${through === 'cast' ? 'a cast' : 'an operator'}`}: what it does outside of tables is not rolled back` };

/** Bits of `pg_trigger.tgtype`: INSERT 4, DELETE 8, UPDATE 16. */
const TRIGGER_EVENTS: Readonly<Record<WriteTarget['command'], number>> = { insert: 4, delete: 8, update: 16, merge: 28 };

async function targetRisks(connection: Connection, target: WriteTarget): Promise<readonly WriteRisk[]> {
  const sql = quoteQualified(target.schema, target.name);
  const query = (text: string, ...values: readonly unknown[]): Promise<readonly Row[]> => connection.query(text, [sql, ...values]);
  const { command } = target;
  return [
    ...(await query(triggersQuery, TRIGGER_EVENTS[command])).map((row): WriteRisk => ({ kind: 'trigger', message: `Trigger ${name(row, 'name')} on ${sql} runs ${name(row, 'function')}()` })),
    ...(await query(rulesQuery)).map((row): WriteRisk => ({ kind: 'rule', message: `Rule ${name(row, 'name')} on ${sql} makes it other statements` })),
    ...(command === 'insert' || command === 'merge' ? await query(sequencesQuery) : []).map((row): WriteRisk => ({ kind: 'sequence', message: `${sql}.${name(row, 'name')} draws from a sequence: the numbers are not given back` })),
    ...(command === 'insert' ? [] : await query(cascadesQuery, command !== 'update', command !== 'delete')).map((row): WriteRisk => ({ kind: 'cascade', message: `Changes cascade from ${sql} to ${name(row, 'table')}` })),
    ...(await query(foreignQuery)).map((row): WriteRisk => ({ kind: 'foreign-table', message: `${name(row, 'name')} is a foreign table: the other server takes part` })),
  ];
}

const name = (row: Row, column: string): string => String(row[column] ?? '');

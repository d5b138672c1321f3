import type { DbSession, Row } from './session';

/** Something a rollback of an analysed statement does not undo, or does to others meanwhile. */
export interface WriteRisk {
  readonly kind: 'locks' | 'trigger' | 'sequence' | 'cascade' | 'foreign-table' | 'outside' | 'notify' | 'advisory-lock';
  /** One sentence for the confirmation. */
  readonly message: string;
}

/** Functions whose effect survives or escapes a rollback. */
const escapingCalls: readonly (readonly [RegExp, WriteRisk['kind'], string])[] = [
  [/\b(?:nextval|setval)\s*\(/i, 'sequence', 'It draws from a sequence: the numbers are not given back'],
  [/\bdblink\w*\s*\(/i, 'outside', 'It uses dblink: what the other server did is not rolled back'],
  [/\bpg_(?:try_)?advisory_lock\w*\s*\(/i, 'advisory-lock', 'It takes a session-level advisory lock, held until the connection is cleaned up'],
  [/\b(?:pg_notify\s*\(|notify\b)/i, 'notify', 'It sends a notification; a rollback drops it, listeners see nothing'],
  [/\b(?:pg_terminate_backend|pg_cancel_backend|pg_reload_conf|pg_switch_wal|lo_export|pg_file_write)\s*\(/i, 'outside', 'It calls a server function whose effect no rollback undoes'],
];

const triggersQuery = `
select c.relname as "table", t.tgname as name, p.proname as function
from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid join pg_catalog.pg_proc p on p.oid = t.tgfoid
where t.tgrelid = pg_catalog.to_regclass($1) and not t.tgisinternal and t.tgenabled <> 'D' order by t.tgname`;
const sequencesQuery = `
select a.attname as name from pg_catalog.pg_attribute a left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = pg_catalog.to_regclass($1) and a.attnum > 0 and not a.attisdropped
  and (a.attidentity <> '' or pg_catalog.pg_get_expr(d.adbin, d.adrelid) ~ 'nextval')`;
const cascadesQuery = `
select distinct c.relname as "table" from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid
where k.confrelid = pg_catalog.to_regclass($1) and k.contype = 'f' and k.conparentid = 0 and (k.confdeltype in ('c', 'n', 'd') or k.confupdtype in ('c', 'n', 'd'))`;
const foreignQuery = `select 1 as found from pg_catalog.pg_class c where c.oid = pg_catalog.to_regclass($1) and c.relkind = 'f'`;

/**
 * What a rollback would not undo, for the confirmation before `explainAnalyze` with `allowWrites`. `targets` are the
 * tables written to, as SQL names (quoted where needed). Reads the catalog only; the statement itself is not sent.
 */
export async function collectWriteRisks(session: DbSession, sql: string, targets: readonly string[]): Promise<readonly WriteRisk[]> {
  const fromText = escapingCalls.flatMap(([pattern, kind, message]): readonly WriteRisk[] => (pattern.test(sql) ? [{ kind, message }] : []));
  const locks: WriteRisk = { kind: 'locks', message: 'Rows it touches stay locked until the rollback, and dead rows and WAL are left behind' };
  const fromCatalog = await session.withConnection(async (connection) => {
    const risks: WriteRisk[] = [];
    for (const target of targets) {
      for (const row of await connection.query(triggersQuery, [target])) risks.push({ kind: 'trigger', message: `Trigger ${name(row, 'name')} on ${target} runs ${name(row, 'function')}()` });
      if (/\b(?:insert|merge)\b/i.test(sql)) for (const row of await connection.query(sequencesQuery, [target])) risks.push({ kind: 'sequence', message: `${target}.${name(row, 'name')} draws from a sequence: the numbers are not given back` });
      for (const row of await connection.query(cascadesQuery, [target])) risks.push({ kind: 'cascade', message: `Changes cascade from ${target} to ${name(row, 'table')}` });
      if ((await connection.query(foreignQuery, [target])).length > 0) risks.push({ kind: 'foreign-table', message: `${target} is a foreign table: the other server takes part` });
    }
    return risks;
  });
  return [...(targets.length > 0 || /\bfor\s+(?:no\s+key\s+)?(?:update|share)\b|\bfor\s+key\s+share\b/i.test(sql) ? [locks] : []), ...fromText, ...fromCatalog];
}

const name = (row: Row, column: string): string => String(row[column] ?? '');

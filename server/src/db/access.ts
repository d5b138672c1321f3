import { DatabaseError } from './errors';
import type { Connection, DbSession, Row } from './session';
import { inRolledBackTransaction, readBackend } from './session';

/** What the connected role may see and do, as far as it matters to Sargable. */
export interface ServerAccess {
  /** `server_version_num`. */
  readonly version: number;
  readonly versionText: string;
  readonly database: string;
  readonly user: string;
  readonly superuser: boolean;
  /** It owns tables of the application: what it may do, a stray statement may do. */
  readonly ownsTables: boolean;
  readonly readOnlyByDefault: boolean;
  readonly standby: boolean;
  /** It may see what other sessions run and every statistic (`pg_monitor` or `pg_read_all_stats`). */
  readonly seesAllStatistics: boolean;
  readonly statements: 'ready' | 'not-installed' | 'not-loaded' | 'not-preloaded' | 'no-access';
  /** Tables (`schema.name`) whose statistics and plans are out of reach for want of SELECT; at most 100. */
  readonly unreadable: readonly string[];
  readonly unreadableCount: number;
  /** Schemas with tables of the application and no USAGE. */
  readonly closedSchemas: readonly string[];
  readonly schemas: readonly string[];
  readonly ioTiming: boolean;
  readonly pooled: boolean;
}

const userSchema = `n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`;
const serverQuery = `
select current_setting('server_version_num')::int as version, current_setting('server_version') as version_text, current_database() as database, current_user as "user",
  (select r.rolsuper from pg_roles r where r.rolname = current_user) as superuser, pg_is_in_recovery() as standby,
  current_setting('track_io_timing') = 'on' as io_timing, (select s.reset_val from pg_settings s where s.name = 'default_transaction_read_only') = 'on' as read_only,
  pg_has_role(current_user, 'pg_read_all_stats', 'usage') as statistics,
  exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p') and ${userSchema} and c.relowner = (select r.oid from pg_roles r where r.rolname = current_user)) as owns,
  (select s.setting from pg_settings s where s.name = 'shared_preload_libraries') as preloaded`;
const tablesQuery = `
select n.nspname as schema, c.relname as name, has_schema_privilege(n.oid, 'usage') as usage, has_table_privilege(c.oid, 'select') as readable
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm', 'v', 'f') and ${userSchema} and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by 1, 2`;
const extensionQuery = `select quote_ident(n.nspname) as schema from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_stat_statements'`;

/** Reads catalogs only. Rejects with `DatabaseError`. */
export const readAccess = (session: DbSession): Promise<ServerAccess> =>
  session.withConnection((connection) => inRolledBackTransaction(connection, {}, async () => {
    await connection.query(`set local statement_timeout = '10s'`);
    await connection.query('set local search_path = pg_catalog');
    const { pooled } = await readBackend(connection);
    const [server = {}] = await connection.query(serverQuery);
    const tables = await connection.query(tablesQuery);
    const unreadable = tables.filter((row) => row['readable'] !== true);
    const schemas = (rows: readonly Row[]): string[] => [...new Set(rows.map((row) => String(row['schema'])))];
    return {
      version: Number(server['version']), versionText: String(server['version_text']).split(' ')[0] ?? '', database: String(server['database']), user: String(server['user']),
      superuser: server['superuser'] === true, ownsTables: server['owns'] === true, readOnlyByDefault: server['read_only'] === true, standby: server['standby'] === true,
      seesAllStatistics: server['statistics'] === true || server['superuser'] === true, ioTiming: server['io_timing'] === true, pooled,
      statements: await readStatements(connection, typeof server['preloaded'] === 'string' ? server['preloaded'] : undefined),
      unreadable: unreadable.slice(0, 100).map((row) => `${String(row['schema'])}.${String(row['name'])}`), unreadableCount: unreadable.length,
      closedSchemas: schemas(tables.filter((row) => row['usage'] !== true)), schemas: schemas(tables),
    };
  }));

/** `preloaded`: `shared_preload_libraries`, where this role may see it. */
async function readStatements(connection: Connection, preloaded: string | undefined): Promise<ServerAccess['statements']> {
  const [extension] = await connection.query(extensionQuery);
  if (!extension) return preloaded !== undefined && !/\bpg_stat_statements\b/.test(preloaded) ? 'not-preloaded' : 'not-installed';
  await connection.query('savepoint sargable_statements');
  try {
    await connection.query(`select 1 from ${String(extension['schema'])}.pg_stat_statements limit 1`);
    return 'ready';
  } catch (error) {
    await connection.query('rollback to savepoint sargable_statements');
    return error instanceof DatabaseError && error.kind === 'permission' ? 'no-access' : 'not-loaded';
  }
}

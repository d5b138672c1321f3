import { entryOf, parseConnectString, type IniFile } from './iniFile';

/** A database of PgBouncer. Sizes: of each pool, that is of each user of this database. */
export interface PooledDatabase {
  readonly name: string;
  /** Where its clients end up, `host:port`; pools with the same target share a server's connections. */
  readonly target: string;
  readonly poolSize: number;
  readonly reserveSize: number;
  readonly minPoolSize: number;
  /** Server connections of all its pools together; 0: no limit. */
  readonly maxConnections: number;
  readonly poolMode: string;
  /** Where it is set: `pgbouncer.ini:4`. */
  readonly place: string;
}

/** The configuration of a PgBouncer, from its file or from the running one. */
export interface PoolerSettings {
  /** What is set; undefined: PgBouncer's default holds. */
  value(name: string): string | undefined;
  /** Where it is set; the whole where it is not. */
  place(name: string): string;
  readonly names: readonly string[];
  readonly databases: readonly PooledDatabase[];
  /** Names of databases and users whose password stands there in plain text. */
  readonly passwords: readonly { readonly name: string; readonly place: string }[];
}

export const DEFAULTS = { pool_mode: 'session', default_pool_size: '20', min_pool_size: '0', reserve_pool_size: '0', reserve_pool_timeout: '5', max_db_connections: '0', max_user_connections: '0', max_client_conn: '100', query_wait_timeout: '120', auth_type: 'md5' } as const;

/** A setting as a number; undefined where it is none. */
export function numberOf(settings: Pick<PoolerSettings, 'value'>, name: keyof typeof DEFAULTS): number {
  const value = Number(settings.value(name) ?? DEFAULTS[name]);
  return Number.isFinite(value) ? value : Number(DEFAULTS[name]);
}

/** The settings of a file; `path` names it in places. */
export function readIniSettings(ini: IniFile, path: string): PoolerSettings {
  const main = ini.sections.get('pgbouncer') ?? [];
  const value = (name: string): string | undefined => entryOf(main, name)?.value;
  const place = (name: string): string => {
    const entry = entryOf(main, name);
    return entry ? `${path}:${entry.line}` : path;
  };
  const general = (name: keyof typeof DEFAULTS): number => numberOf({ value }, name);
  const entries = (ini.sections.get('databases') ?? []).map((entry) => ({ entry, parts: parseConnectString(entry.value) }));
  return {
    value, place, names: main.map(({ key }) => key),
    databases: entries.map(({ entry, parts }): PooledDatabase => {
      const number = (name: string, otherwise: number): number => {
        const text = parts.get(name);
        return text !== undefined && Number.isFinite(Number(text)) ? Number(text) : otherwise;
      };
      return {
        name: entry.key, target: `${parts.get('host') ?? ''}:${parts.get('port') ?? '5432'}`, place: `${path}:${entry.line}`,
        poolSize: number('pool_size', general('default_pool_size')), reserveSize: number('reserve_pool_size', number('reserve_pool', general('reserve_pool_size'))),
        minPoolSize: number('min_pool_size', general('min_pool_size')), maxConnections: number('max_db_connections', general('max_db_connections')),
        poolMode: parts.get('pool_mode') ?? value('pool_mode') ?? DEFAULTS.pool_mode,
      };
    }),
    passwords: entries.filter(({ parts }) => parts.has('password')).map(({ entry }) => ({ name: entry.key, place: `${path}:${entry.line}` })),
  };
}

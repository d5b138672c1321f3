import pg from 'pg';
import type { DatabaseError } from './errors';
import { toDatabaseError } from './errors';
import type { ConnectionTarget } from './url';
import { describeConnection, parseConnection } from './url';

/** One result row, by column name. */
export type Row = Readonly<Record<string, unknown>>;

/** One connection, for as long as the work given to `withConnection` runs. */
export interface Connection {
  /**
   * Sends exactly one statement through the extended protocol: the server itself refuses a second one.
   * Rejects with `DatabaseError`.
   */
  query(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** Server process, for `cancel`. */
  readonly pid: number;
}

/** A database: at most two connections, opened when needed, closed when idle. */
export interface DbSession {
  /** `user@host:port/database`, for messages. */
  readonly label: string;
  /** Runs work on one connection. A broken connection is thrown away; the next call opens a new one. */
  withConnection<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  /** Asks the server to stop what the process `pid` runs, over a second connection. */
  cancel(pid: number): Promise<void>;
  close(): Promise<void>;
}

export interface SessionOptions {
  /** Password from the secret storage; wins over the URL's. */
  readonly password?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds to wait for a connection; default 5,000. */
  readonly connectTimeout?: number;
  /** Milliseconds after which the client gives up on a statement the server does not end; default 60,000. */
  readonly queryTimeout?: number;
  /** For tests: the clock, in milliseconds. */
  readonly now?: () => number;
}

/** Wait after the n-th failure to connect: 1 s doubling to 60 s. A dead database must cost nothing. */
const backOff = (failures: number): number => Math.min(60_000, 1000 * 2 ** (failures - 1));

const sslOf = (target: ConnectionTarget): pg.ClientConfig['ssl'] | undefined => {
  if (target.sslMode === 'verify-full' || target.sslMode === 'verify-ca') return { rejectUnauthorized: true };
  if (target.sslMode === 'require' || target.sslMode === 'no-verify') return { rejectUnauthorized: false };
  return target.sslMode === 'disable' ? false : undefined;
};

/**
 * Opens nothing yet: the first use connects. Missing parts come from PG* variables, a missing password from
 * `PGPASSWORD` or `.pgpass` (the driver reads both). Throws `DatabaseError` (`bad-url`) for an unreadable connection string.
 */
export function openSession(connection: string, options: SessionOptions = {}): DbSession {
  const target = parseConnection(connection);
  const label = describeConnection(target, options.environment ?? process.env);
  const now = options.now ?? Date.now;
  const ssl = sslOf(target);
  const pool = new pg.Pool({
    ...(target.host === undefined ? {} : { host: target.host }),
    ...(target.port === undefined ? {} : { port: target.port }),
    ...(target.database === undefined ? {} : { database: target.database }),
    ...(target.user === undefined ? {} : { user: target.user }),
    ...(options.password ?? target.password) === undefined ? {} : { password: options.password ?? target.password },
    ...(ssl === undefined ? {} : { ssl }),
    application_name: 'sargable', max: 2, idleTimeoutMillis: 30_000, connectionTimeoutMillis: options.connectTimeout ?? 5000,
    query_timeout: options.queryTimeout ?? 60_000, keepAlive: true, allowExitOnIdle: true,
  });
  // Without a listener an idle connection that breaks would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));

  let failures = 0;
  let retryAt = 0;
  let lastError: DatabaseError | undefined;
  const acquire = async (): Promise<pg.PoolClient> => {
    if (lastError !== undefined && now() < retryAt) throw lastError;
    try {
      const client = await pool.connect();
      failures = 0;
      lastError = undefined;
      return client;
    } catch (error) {
      lastError = toDatabaseError(error, label);
      retryAt = now() + backOff(++failures);
      throw lastError;
    }
  };

  return {
    label,
    async withConnection(work) {
      const client = await acquire();
      let broken = false;
      const lost = (): void => { broken = true; };
      client.on('error', lost);
      try {
        return await work({
          pid: (client as unknown as { readonly processID?: number | null }).processID ?? 0,
          query: (text, values) => send(client, label, text, values),
        });
      } catch (error) {
        const failure = toDatabaseError(error, label);
        broken ||= failure.kind === 'connection-lost' || failure.kind === 'timeout';
        throw failure;
      } finally {
        client.off('error', lost);
        client.release(broken);
      }
    },
    async cancel(pid) {
      const client = await acquire();
      try {
        await send(client, label, 'select pg_catalog.pg_cancel_backend($1::int)', [pid]);
      } finally {
        client.release();
      }
    },
    async close() {
      await pool.end().catch(() => undefined);
    },
  };
}

async function send(client: pg.PoolClient, label: string, text: string, values: readonly unknown[] | undefined): Promise<readonly Row[]> {
  try {
    const query: pg.QueryConfig & { readonly queryMode: 'extended' } = { text, queryMode: 'extended', ...(values === undefined ? {} : { values: [...values] }) };
    const result = await client.query<Record<string, unknown>>(query);
    return result.rows ?? [];
  } catch (error) {
    throw toDatabaseError(error, label);
  }
}

/** Always ends with ROLLBACK. The work's statements see `READ ONLY` unless `write` is set. */
export async function inRolledBackTransaction<T>(connection: Connection, options: { readonly write?: boolean; readonly isolation?: 'read committed' | 'repeatable read' }, work: () => Promise<T>): Promise<T> {
  await connection.query(`begin isolation level ${options.isolation ?? 'read committed'} ${options.write === true ? 'read write' : 'read only'}`);
  try {
    return await work();
  } finally {
    await connection.query('rollback').catch(() => undefined);
  }
}

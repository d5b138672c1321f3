import pg from 'pg';
import type { DatabaseError } from './errors';
import { toDatabaseError } from './errors';
import { findPassword } from './passwordFile';
import { isEncryptionRefusal, tlsAttempts, type TlsAttempt } from './tls';
import { describeConnection, parseConnection, resolveTarget } from './url';

/** One result row, by column name. */
export type Row = Readonly<Record<string, unknown>>;

/** One connection, for as long as the work given to `withConnection` runs. */
export interface Connection {
  /**
   * Sends exactly one statement through the extended protocol: the server itself refuses a second one. `timeout`:
   * milliseconds after which the client gives up, in place of the session's. Rejects with `DatabaseError`; once the
   * connection is lost or has not answered in time, every further call does so at once.
   */
  query(text: string, values?: readonly unknown[], options?: { readonly timeout?: number }): Promise<readonly Row[]>;
  /** Server process as it introduced itself. Behind a pooler another one does the work: see `readBackend`. */
  readonly pid: number;
}

/** The server process that works for the transaction in progress. */
export interface Backend {
  readonly pid: number;
  /** Start of the transaction as the server prints it: with the pid it names this work and nobody else's. */
  readonly started: string;
  /** A pooler stands in between: what outlives a transaction reaches the next client. */
  readonly pooled: boolean;
}

/** A database: at most two connections, opened when needed, closed when idle. */
export interface DbSession {
  /** `user@host:port/database`, for messages. */
  readonly label: string;
  /** Runs work on one connection. A broken connection is thrown away; the next call opens a new one. */
  withConnection<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  /** Asks the server to stop this work, over a second connection. Work that has ended since is left alone. */
  cancel(backend: Backend): Promise<void>;
  close(): Promise<void>;
}

export interface SessionOptions {
  /** Password from the secret storage; wins over the URL's. */
  readonly password?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Somebody else chose the host (settings of a workspace): neither `PGPASSWORD`, `PGSERVICE` nor a line of `.pgpass` for any host counts. */
  readonly foreignHost?: boolean;
  /** Milliseconds to wait for a connection; default 5,000. */
  readonly connectTimeout?: number;
  /** Milliseconds after which the client gives up on a statement the server does not end; default 60,000. */
  readonly queryTimeout?: number;
  /** For tests: the clock, in milliseconds. */
  readonly now?: () => number;
}

/**
 * A connection that fails half-way (no password for a server that asks for one) is ended: the driver leaves it open, and the
 * server holds a process for it until `authentication_timeout`, a minute in which nobody can drop a database.
 */
class LeavingClient extends pg.Client {
  override connect(): Promise<pg.Client>;
  override connect(callback: (error: Error | null, client?: pg.Client) => void): void;
  override connect(callback?: (error: Error | null, client?: pg.Client) => void): Promise<pg.Client> | void {
    if (!callback) return super.connect();
    super.connect((error: Error | null) => {
      if (error) void this.end().catch(() => undefined);
      callback(error, this);
    });
  }
}

/** Wait after the n-th failure to connect: 1 s doubling to 60 s. A dead database must cost nothing. */
const backOff = (failures: number): number => Math.min(60_000, 1000 * 2 ** (failures - 1));

/**
 * Opens nothing yet: the first use connects. Missing parts come from the service and the PG* variables, a missing password
 * from `PGPASSWORD` or `.pgpass`. Throws `DatabaseError` (`bad-url`, `tls`) for an unreadable
 * connection string, an unknown service or a certificate file that cannot be read.
 */
export function openSession(connection: string, options: SessionOptions = {}): DbSession {
  const environment = options.environment ?? process.env;
  // A service may bring a password of its own: PGSERVICE counts only where the host is the user's choice.
  const target = resolveTarget(parseConnection(connection), options.foreignHost === true ? { ...environment, PGSERVICE: undefined } : environment);
  const label = describeConnection(target);
  const now = options.now ?? Date.now;
  const password = options.password ?? target.password ?? (options.foreignHost === true ? undefined : environment['PGPASSWORD'] || undefined) ?? findPassword(target, environment, { literalHost: options.foreignHost });
  const openPool = (ssl: TlsAttempt): pg.Pool => {
    const made = new pg.Pool({
      ...((target.hostAddress ?? target.host) === undefined ? {} : { host: target.hostAddress ?? target.host }),
      ...(target.port === undefined ? {} : { port: target.port }),
      ...(target.database === undefined ? {} : { database: target.database }),
      ...(target.user === undefined ? {} : { user: target.user }),
      // A function keeps the driver from looking for itself.
      password: () => password as string, ssl, application_name: 'sargable', max: 2, idleTimeoutMillis: 30_000, connectionTimeoutMillis: options.connectTimeout ?? 5000,
      Client: LeavingClient, query_timeout: options.queryTimeout ?? 60_000, keepAlive: true, allowExitOnIdle: true,
    });
    // Without a listener an idle connection that breaks would end the process.
    made.on('error', () => undefined);
    made.on('connect', (client) => client.on('error', () => undefined));
    return made;
  };
  const [first = false, ...others] = tlsAttempts(target, environment);
  const remaining = [...others];
  let pool = openPool(first);
  /** A way that works has been found; until then one at a time looks for it. */
  let settled = false;
  const settle = async (): Promise<pg.PoolClient> => {
    for (;;) {
      try {
        const client = await pool.connect();
        settled = true;
        return client;
      } catch (error) {
        const next = isEncryptionRefusal(error) ? remaining.shift() : undefined;
        if (next === undefined) throw error;
        void pool.end().catch(() => undefined);
        pool = openPool(next);
      }
    }
  };

  let failures = 0;
  let retryAt = 0;
  let lastError: DatabaseError | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const connect = async (): Promise<pg.PoolClient> => {
    if (lastError !== undefined && now() < retryAt) throw lastError;
    try {
      const client = await (settled ? pool.connect() : settle());
      failures = 0;
      lastError = undefined;
      return client;
    } catch (error) {
      lastError = toDatabaseError(error, label);
      retryAt = now() + backOff(++failures);
      throw lastError;
    }
  };
  const acquire = (): Promise<pg.PoolClient> => {
    if (settled) return connect();
    const mine = turn.catch(() => undefined).then(connect);
    turn = mine;
    return mine;
  };

  return {
    label,
    async withConnection(work) {
      const client = await acquire();
      let broken: DatabaseError | undefined;
      const lost = (error: unknown): void => { broken ??= toDatabaseError(error, label); };
      client.on('error', lost);
      try {
        return await work({
          pid: (client as unknown as { readonly processID?: number | null }).processID ?? 0,
          async query(text, values, limits) {
            if (broken) throw broken;
            try {
              return await send(client, label, text, values, limits?.timeout);
            } catch (error) {
              const failure = toDatabaseError(error, label);
              if (failure.kind === 'connection-lost' || failure.kind === 'timeout') broken ??= failure;
              throw failure;
            }
          },
        });
      } catch (error) {
        throw toDatabaseError(error, label);
      } finally {
        client.off('error', lost);
        client.release(broken !== undefined);
      }
    },
    async cancel({ pid, started }) {
      const client = await acquire();
      try {
        await send(client, label, 'select pg_catalog.pg_cancel_backend(a.pid) from pg_catalog.pg_stat_activity a where a.pid = $1::int and a.xact_start = $2::timestamptz', [pid, started]);
      } finally {
        client.release();
      }
    },
    async close() {
      // A server that does not answer does not say goodbye either.
      await Promise.race([pool.end().catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 1000).unref())]);
    },
  };
}

async function send(client: pg.PoolClient, label: string, text: string, values: readonly unknown[] | undefined, timeout?: number): Promise<readonly Row[]> {
  try {
    const query: pg.QueryConfig & { readonly queryMode: 'extended'; readonly query_timeout?: number } = { text, queryMode: 'extended', ...(values === undefined ? {} : { values: [...values] }), ...(timeout === undefined ? {} : { query_timeout: timeout }) };
    const result = await client.query<Record<string, unknown>>(query);
    return result.rows ?? [];
  } catch (error) {
    throw toDatabaseError(error, label);
  }
}

/** Call it inside a transaction. A pooler tells its clients another process than the one that works for them. */
export async function readBackend(connection: Connection): Promise<Backend> {
  const [row] = await connection.query('select pg_catalog.pg_backend_pid() as pid, pg_catalog.transaction_timestamp()::text as started');
  const pid = Number(row?.['pid']);
  return { pid, started: String(row?.['started'] ?? ''), pooled: pid !== connection.pid };
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

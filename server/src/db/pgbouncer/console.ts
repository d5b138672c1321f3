import pg from 'pg';
import type { PoolerFacts, PoolerRow } from '../../core/health/pgbouncer/judgePools';
import { DatabaseError, toDatabaseError } from '../errors';
import { findPassword } from '../passwordFile';
import { isEncryptionRefusal, tlsAttempts, type TlsAttempt } from '../tls';
import { describeConnection, parseConnection, resolveTarget } from '../url';

/** What is asked of the administration console, all of it reading. */
const COMMANDS = { version: 'SHOW VERSION', pools: 'SHOW POOLS', stats: 'SHOW STATS', databases: 'SHOW DATABASES', lists: 'SHOW LISTS', config: 'SHOW CONFIG' } as const;

const TIMEOUT = 10_000;

export interface PoolerAccess {
  /** As `SessionOptions.foreignHost`. */
  readonly foreignHost?: boolean | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads a PgBouncer by its administration console (database `pgbouncer`, put in where the connection names none). The role
 * must be one of `admin_users` or `stats_users`. Rejects with `DatabaseError`, which never holds the password.
 */
export async function readPooler(connection: string, { foreignHost, environment = process.env }: PoolerAccess = {}): Promise<PoolerFacts> {
  const named = parseConnection(connection);
  const target = { ...resolveTarget(named, { ...environment, PGDATABASE: undefined, ...(foreignHost === true ? { PGSERVICE: undefined } : {}), PGPORT: environment['PGPORT'] ?? '6432' }), database: named.database ?? 'pgbouncer' };
  const label = describeConnection(target);
  const password = target.password ?? (foreignHost === true ? undefined : environment['PGPASSWORD'] || undefined) ?? findPassword(target, environment, { literalHost: foreignHost === true });
  const open = async (ssl: TlsAttempt): Promise<pg.Client> => {
    const client = new pg.Client({
      ...((target.hostAddress ?? target.host) === undefined ? {} : { host: target.hostAddress ?? target.host }), port: target.port ?? 6432, database: target.database,
      ...(target.user === undefined ? {} : { user: target.user }), password: () => password as string, ssl, application_name: 'sargable', connectionTimeoutMillis: 5000, query_timeout: TIMEOUT,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
  };
  let client: pg.Client | undefined;
  try {
    for (const attempt of tlsAttempts(target, environment)) {
      try {
        client = await open(attempt);
        break;
      } catch (error) {
        if (!isEncryptionRefusal(error)) throw error;
      }
    }
    if (client === undefined) throw new DatabaseError('tls', `${label}: no way to connect was accepted`);
    const facts: Record<string, readonly PoolerRow[]> = {};
    const refused: string[] = [];
    // The console speaks the simple protocol alone, which the driver uses for a text without values.
    for (const [name, command] of Object.entries(COMMANDS)) {
      try {
        facts[name] = (await client.query<Record<string, unknown>>(command)).rows.map((row) => Object.fromEntries(Object.entries(row).map(([column, value]) => [column, value === null ? null : String(value)])));
      } catch (error) {
        const failure = toConsoleError(error, label);
        if (failure.kind !== 'query' && failure.kind !== 'permission') throw failure;
        refused.push(`${command}: ${failure.message}`);
      }
    }
    if (Object.values(facts).every((rows) => rows.length === 0)) throw new DatabaseError('query', `${label}: this is no administration console of PgBouncer`);
    return { label, version: facts['version']?.[0]?.['version'] ?? undefined, pools: facts['pools'] ?? [], stats: facts['stats'] ?? [], databases: facts['databases'] ?? [], lists: facts['lists'] ?? [], config: facts['config'] ?? [], refused };
  } catch (error) {
    throw toConsoleError(error, label);
  } finally {
    await client?.end().catch(() => undefined);
  }
}

function toConsoleError(error: unknown, label: string): DatabaseError {
  const message = error instanceof Error ? error.message : '';
  if (/not allowed|no such user/i.test(message)) return new DatabaseError('authentication', `${label}: the console lets this user not in; name it in admin_users or stats_users (${message})`);
  return toDatabaseError(error, label);
}

import type { Catalog } from '../core/catalog/model';
import { DatabaseError } from '../db/errors';
import { introspect } from '../db/introspect';
import { openSession, type DbSession } from '../db/session';
import type { LiveDatabase } from './bindings';
import { explainStatement, type ExplainOutcome, type ExplainStatement } from './explain';

export interface ConnectRequest {
  readonly name: string;
  /** With its password, if any; kept in memory only. The empty string: PG* variables and `.pgpass`. */
  readonly url: string;
  /** Globs of the files it belongs to, relative to their workspace folder; left out: all. */
  readonly paths?: readonly string[];
}

export type ConnectOutcome =
  | { readonly ok: true; readonly serverVersion: string; readonly database: string; readonly label: string; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly error: string; readonly code?: string };

/** The open connections of a process. A database that cannot be reached costs a message, never an exception. */
export interface Connections {
  list(): { name: string; label: string; state: 'connected' | 'lost' }[];
  connect(request: ConnectRequest): Promise<ConnectOutcome>;
  disconnect(name: string): Promise<void>;
  /** The catalogs of all open connections with the files they belong to, in the order of connecting. */
  catalogs(): readonly LiveDatabase[];
  explain(request: ExplainStatement & { readonly connection: string }): Promise<ExplainOutcome>;
  /** Gives our own queries the session of an open connection. Rejects with `DatabaseError`, also where none of that name is open. */
  withSession<T>(name: string, work: (session: DbSession) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

interface Open {
  readonly request: ConnectRequest;
  readonly session: DbSession;
  readonly catalog: Catalog;
  state: 'connected' | 'lost';
}

export function createConnections(): Connections {
  const open = new Map<string, Open>();
  const disconnect = async (name: string): Promise<void> => {
    const known = open.get(name);
    open.delete(name);
    await known?.session.close();
  };
  return {
    list: () => [...open].map(([name, { catalog, state }]) => ({ name, label: catalog.label, state })),
    async connect(request) {
      await disconnect(request.name);
      let session: DbSession | undefined;
      try {
        session = openSession(request.url);
        const catalog = await introspect(session, { name: request.name === 'cli' ? undefined : request.name });
        const facts = await readServer(session);
        open.set(request.name, { request, session, catalog, state: 'connected' });
        return { ok: true, label: catalog.label, ...facts };
      } catch (error) {
        await session?.close();
        return { ok: false, ...toMessage(error) };
      }
    },
    disconnect,
    catalogs: () => [...open].map(([name, { request, catalog }]): LiveDatabase => ({ name, catalog, ...(request.paths ? { paths: request.paths } : {}) })),
    async explain({ connection, ...statement }) {
      const known = open.get(connection);
      if (!known) return { kind: 'error', message: `There is no open connection '${connection}'. Connect first.` };
      const outcome = await explainStatement(known.session, known.catalog, statement);
      known.state = outcome.kind === 'error' && outcome.lost ? 'lost' : 'connected';
      return outcome;
    },
    async withSession(name, work) {
      const known = open.get(name);
      if (!known) throw new DatabaseError('connection-lost', `There is no open connection '${name}'`);
      return work(known.session);
    },
    async close() {
      await Promise.all([...open.keys()].map(disconnect));
    },
  };
}

async function readServer(session: DbSession): Promise<{ serverVersion: string; database: string; warnings: string[] }> {
  const [row] = await session.withConnection((c) => c.query(
    "select current_setting('server_version') as version, current_database() as database, (select rolsuper from pg_catalog.pg_roles where rolname = current_user) as super, current_setting('server_version_num')::int as number",
  ));
  const warnings = [
    ...(row?.['super'] === true ? ['You are connected as a superuser; a role that can only read is safer.'] : []),
    ...(Number(row?.['number']) < 120000 ? ['PostgreSQL before 12 is not supported; some facts may be missing.'] : []),
  ];
  return { serverVersion: String(row?.['version'] ?? '').split(' ')[0] ?? '', database: String(row?.['database'] ?? ''), warnings };
}

export function toMessage(error: unknown): { error: string; code?: string } {
  if (error instanceof DatabaseError) return { error: error.message, ...(error.sqlState ? { code: error.sqlState } : {}) };
  return { error: error instanceof Error ? error.message : String(error) };
}

/** The connection that the command line uses: the flag, then SARGABLE_DATABASE_URL, then PG* variables. */
export function databaseUrl(flag: string | undefined): string | undefined {
  const named = flag ?? process.env['SARGABLE_DATABASE_URL'];
  if (named !== undefined && named !== '') return named;
  return process.env['PGDATABASE'] || process.env['PGHOST'] || process.env['PGSERVICE'] ? '' : undefined;
}

import { readAccess, type ServerAccess } from '../db/access';
import { DatabaseError } from '../db/errors';
import { openSession, type DbSession } from '../db/session';
import { TwinError } from '../twin/twin';
import type { LiveDatabase } from './bindings';
import { collectAccessProblems, renderAccessReport } from './accessReport';
import { calibrate, type Calibration, type CalibrationParts } from './calibrate';
import { watchCatalog, type WatchedCatalog } from './catalogWatch';
import { explainStatement, type ExplainOutcome, type ExplainPolicy, type ExplainStatement } from './explain';
import { readHealth, type HealthOutcome, type HealthRequest, type HealthSource } from './health';
import { suggestParameters, type ParameterProposal } from './parameters';
import type { ExplainableQuery } from './queryAt';
import { createThrottle } from './throttle';

export interface ConnectRequest extends Omit<ExplainPolicy, 'allowEstimated'> {
  readonly name: string;
  /** With its password, if any; kept in memory only. The empty string: PG* variables and `.pgpass`. */
  readonly url: string;
  /** Globs of the files it belongs to, relative to their workspace folder; left out: all. */
  readonly paths?: readonly string[];
  /** Settings of a workspace chose the host: see `SessionOptions.foreignHost`. */
  readonly foreignHost?: boolean;
  /** On a production database: EXPLAIN without ANALYZE needs no confirmation. */
  readonly allowEstimatedExplain?: boolean;
}

export type ConnectOutcome =
  | { readonly ok: true; readonly serverVersion: string; readonly database: string; readonly label: string; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly error: string; readonly code?: string };

export type AccessOutcome =
  | { readonly ok: true; readonly label: string; readonly problems: readonly string[]; /** Markdown, with the GRANTs. */ readonly report: string }
  | { readonly ok: false; readonly error: string; readonly code?: string };

export type ProposalOutcome = { readonly parameters: readonly ParameterProposal[] } | { readonly error: string; readonly code?: string };

export type CalibrationOutcome =
  | { readonly kind: 'calibrated'; readonly label: string; readonly calibration: Calibration }
  /** A production database: may be asked again, `confirmed`. */
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'error'; readonly message: string };

/** The open connections of a process. A database that cannot be reached costs a message, never an exception. */
export interface Connections {
  list(): { name: string; label: string; state: 'connected' | 'lost' }[];
  connect(request: ConnectRequest): Promise<ConnectOutcome>;
  disconnect(name: string): Promise<void>;
  /** The catalogs of all open connections with the files they belong to, in the order of connecting. */
  catalogs(): readonly LiveDatabase[];
  /** Reads a connection's catalog anew. Resolves to undefined, or to what went wrong in words. */
  refresh(name: string): Promise<string | undefined>;
  /**
   * Asks every open database whether its schema or statistics changed, and reads what did. To be called whenever the user
   * does something: it looks at most every ten seconds, and costs a comparison otherwise. Resolves to true when a catalog changed.
   */
  checkForChanges(): Promise<boolean>;
  explain(request: ExplainStatement & { readonly connection: string }): Promise<ExplainOutcome>;
  /** Gives our own queries the session of an open connection. Rejects with `DatabaseError`, also where none of that name is open. */
  withSession<T>(name: string, work: (session: DbSession) => Promise<T>): Promise<T>;
  /** What a database lets its role see, and what is missing. A connection of its own, closed again. */
  test(request: Pick<ConnectRequest, 'name' | 'url' | 'foreignHost'>): Promise<AccessOutcome>;
  /** Values worth trying for each parameter of a query. */
  proposeParameters(request: { readonly connection: string; readonly query: ExplainableQuery; readonly sample?: boolean }): Promise<ProposalOutcome>;
  /** Compares the twin with the server of an open connection, as its policy allows; see {@link calibrate}. */
  calibrate(name: string, parts: Omit<CalibrationParts, 'allowFunctions'> & { readonly confirmed?: boolean }): Promise<CalibrationOutcome>;
  /** Looks at the health of the database of an open connection. Rejects where `signal` ends it. */
  health(name: string, request: ConnectionHealthRequest): Promise<HealthOutcome>;
  close(): Promise<void>;
}

export interface ConnectionHealthRequest extends Omit<HealthRequest, 'session' | 'sources'> {
  /** The checks beside those on Postgres. A connection keeps its session until it is closed: what is remembered with it goes with it. */
  sources?(session: DbSession): Promise<readonly HealthSource[]>;
}

interface Open {
  readonly request: ConnectRequest;
  readonly session: DbSession;
  readonly watched: WatchedCatalog;
  state: 'connected' | 'lost';
}

/** Between two looks for changes of a database. Milliseconds. */
const CHECK_INTERVAL = 10_000;

export function createConnections(): Connections {
  const open = new Map<string, Open>();
  const isDue = createThrottle(CHECK_INTERVAL);
  const ask = async (known: Open): Promise<boolean> => {
    try {
      const changed = await known.watched.check();
      known.state = 'connected';
      return changed;
    } catch (error) {
      // A statement that took too long is no lost connection.
      if (!(error instanceof DatabaseError) || !['query', 'cancelled', 'permission'].includes(error.kind)) known.state = 'lost';
      return false;
    }
  };
  /** The last attempt to connect by name: one that was overtaken, or given up meanwhile, opens nothing. */
  const attempts = new Map<string, ConnectRequest>();
  const closeOpen = async (name: string): Promise<void> => {
    const known = open.get(name);
    open.delete(name);
    await known?.session.close();
  };
  const disconnect = (name: string): Promise<void> => {
    attempts.delete(name);
    return closeOpen(name);
  };
  return {
    list: () => [...open].map(([name, { watched, state }]) => ({ name, label: watched.catalog.label, state })),
    async connect(request) {
      attempts.set(request.name, request);
      await closeOpen(request.name);
      let session: DbSession | undefined;
      try {
        session = openSession(request.url, { foreignHost: request.foreignHost });
        const watched = await watchCatalog(session, { name: request.name === 'cli' ? undefined : request.name });
        const access = await readAccess(session);
        if (attempts.get(request.name) !== request) throw new DatabaseError('cancelled', 'The connection was closed while it was being opened');
        open.set(request.name, { request, session, watched, state: 'connected' });
        return { ok: true, label: watched.catalog.label, serverVersion: access.versionText, database: access.database, warnings: warningsOf(access) };
      } catch (error) {
        await session?.close();
        return { ok: false, ...toMessage(error) };
      }
    },
    disconnect,
    catalogs: () => [...open].map(([name, { request, watched }]): LiveDatabase => ({ name, catalog: watched.catalog, ...(request.paths ? { paths: request.paths } : {}) })),
    async refresh(name) {
      try {
        await open.get(name)?.watched.reload();
        return undefined;
      } catch (error) {
        return toMessage(error).error;
      }
    },
    async checkForChanges() {
      return open.size > 0 && isDue() && (await Promise.all([...open.values()].map(ask))).includes(true);
    },
    async explain({ connection, ...statement }) {
      const known = open.get(connection);
      if (!known) return { kind: 'error', message: `There is no open connection '${connection}'. Connect first.` };
      const { request } = known;
      const outcome = await explainStatement(known.session, known.watched.catalog, { ...request, allowEstimated: request.allowEstimatedExplain }, statement);
      known.state = outcome.kind === 'error' && outcome.lost ? 'lost' : 'connected';
      return outcome;
    },
    async withSession(name, work) {
      const known = open.get(name);
      if (!known) throw new DatabaseError('connection-lost', `There is no open connection '${name}'`);
      return work(known.session);
    },
    async test({ name, url, foreignHost }) {
      let session: DbSession | undefined;
      try {
        session = openSession(url, { foreignHost });
        const access = await readAccess(session);
        const label = `${name} (PostgreSQL ${access.versionText})`;
        return { ok: true, label, problems: collectAccessProblems(access), report: renderAccessReport(label, access) };
      } catch (error) {
        return { ok: false, ...toMessage(error) };
      } finally {
        await session?.close();
      }
    },
    async proposeParameters({ connection, query, sample }) {
      const known = open.get(connection);
      if (!known) return { error: `There is no open connection '${connection}'. Connect first.` };
      try {
        return { parameters: await suggestParameters(known.session, known.watched.catalog, query, sample === undefined ? {} : { sample }) };
      } catch (error) {
        return toMessage(error);
      }
    },
    async calibrate(name, { confirmed, ...parts }) {
      const known = open.get(name);
      if (!known) return { kind: 'error', message: `There is no open connection '${name}'. Connect first.` };
      const { session, watched: { catalog }, request } = known;
      if (request.production && !request.allowEstimatedExplain && !confirmed) return { kind: 'refused', message: `${catalog.label} is a production database.` };
      try {
        return { kind: 'calibrated', label: catalog.label, calibration: await calibrate(session, catalog, { ...parts, ...(request.allowFunctions ? { allowFunctions: request.allowFunctions } : {}) }) };
      } catch (error) {
        if (!(error instanceof DatabaseError) && !(error instanceof TwinError)) throw error;
        return { kind: 'error', message: error instanceof TwinError ? `There is no planner to compare with: ${error.message}.` : error.message };
      }
    },
    async health(name, { sources, ...request }) {
      const known = open.get(name);
      if (!known) return { ok: false, error: `There is no open connection '${name}'. Connect first.` };
      try {
        return { ok: true, report: await readHealth({ ...request, session: known.session, ...(sources ? { sources: await sources(known.session) } : {}) }) };
      } catch (error) {
        if (!(error instanceof DatabaseError)) throw error;
        return { ok: false, ...toMessage(error) };
      }
    },
    async close() {
      attempts.clear();
      await Promise.all([...open.keys()].map(disconnect));
    },
  };
}

/** What the user should know at once; the rest is in the report of `test`. */
const warningsOf = (access: ServerAccess): readonly string[] => [
  ...(access.superuser ? ['You are connected as a superuser; a role that can only read is safer.'] : []),
  ...(access.version < 120000 ? ['PostgreSQL before 12 is not supported; some facts may be missing.'] : []),
  ...(access.unreadableCount > 0 ? [`${access.unreadableCount} ${access.unreadableCount === 1 ? 'relation' : 'relations'} cannot be read by this role; test the connection to see which.`] : []),
  ...(access.pooled ? ['A connection pooler stands between here and the server.'] : []),
];

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

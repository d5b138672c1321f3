import { textOf } from './introspectRows';
import { countersQuery, figuresFingerprintQuery, fingerprintsQuery } from './queries/changes';
import type { Connection, DbSession } from './session';
import { inRolledBackTransaction } from './session';

/** What a database's catalogs looked like at one moment; compared with a later one by `findChanges`. */
export interface CatalogMarks {
  /** Level 1; undefined where nothing is counted (a standby, `track_counts = off`). */
  readonly counters?: string;
  /** Level 2. */
  readonly fingerprints: string;
  /** Of `pg_statistic`, or of the figures in `pg_class` where nothing is counted. */
  readonly statistics: string;
}

export interface CatalogChanges {
  /** Relations, types or functions are others than before: read the catalog anew. */
  readonly schema: boolean;
  /** ANALYZE or VACUUM ran: read the statistics anew. */
  readonly statistics: boolean;
  readonly marks: CatalogMarks;
}

/**
 * To be taken before the catalog is read, so that what changes meanwhile is seen next time. No trigger, no event and no
 * lock is involved: catalogs and counters are read. Rejects with `DatabaseError`.
 */
export const readMarks = (session: DbSession): Promise<CatalogMarks> => withCatalogs(session, async (connection) => {
  const { blind, counters, statistics } = await readCounters(connection);
  return { ...(blind ? {} : { counters }), fingerprints: await readFingerprints(connection), statistics: blind ? await readFigures(connection) : statistics };
});

/**
 * Has the database changed since `before`? Level 1 (1 to 3 ms) mostly says no; where it says maybe, or cannot say,
 * level 2 decides. Rejects with `DatabaseError`.
 */
export const findChanges = (session: DbSession, before: CatalogMarks): Promise<CatalogChanges> => withCatalogs(session, async (connection) => {
  const { blind, counters, statistics: counted } = await readCounters(connection);
  const statistics = blind ? await readFigures(connection) : counted;
  const still = !blind && counters === before.counters;
  const fingerprints = still ? before.fingerprints : await readFingerprints(connection);
  return {
    schema: fingerprints !== before.fingerprints, statistics: statistics !== before.statistics,
    marks: { ...(blind ? {} : { counters }), fingerprints, statistics },
  };
});

const withCatalogs = <T>(session: DbSession, work: (connection: Connection) => Promise<T>): Promise<T> =>
  session.withConnection((connection) => inRolledBackTransaction(connection, {}, async () => {
    await connection.query(`select pg_catalog.set_config('statement_timeout', '5s', true), pg_catalog.set_config('lock_timeout', '500ms', true), pg_catalog.set_config('search_path', 'pg_catalog', true), pg_catalog.set_config('jit', 'off', true)`);
    return work(connection);
  }));

async function readCounters(connection: Connection): Promise<{ readonly blind: boolean; readonly counters: string; readonly statistics: string }> {
  const [row] = await connection.query(countersQuery);
  return { blind: row?.['blind'] === true, counters: textOf(row?.['schema']), statistics: textOf(row?.['statistics']) };
}

const readFingerprints = async (connection: Connection): Promise<string> => textOf((await connection.query(fingerprintsQuery))[0]?.['schema']);
const readFigures = async (connection: Connection): Promise<string> => textOf((await connection.query(figuresFingerprintQuery))[0]?.['statistics']);

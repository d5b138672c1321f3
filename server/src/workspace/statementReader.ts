import { DatabaseError } from '../db/errors';
import { readStatements, type StatementReading } from '../db/statements';
import type { DbSession } from '../db/session';
import type { Connections } from './connections';

export type { StatementReading } from '../db/statements';

/** Reads what the servers of the open connections have counted. Nothing runs by itself: an idle editor asks no server. */
export interface StatementReader {
  /**
   * The readings by name of the connection. A server is asked again only when its last reading is older than `maxAgeMs`.
   * @returns undefined where nothing was read anew and no connection has gone. Never rejects.
   */
  read(maxAgeMs: number): Promise<ReadonlyMap<string, StatementReading> | undefined>;
}

/** Age from which on the work of a user makes the counters worth another look. */
export const STATEMENTS_MAX_AGE_MS = 60_000;

export function createStatementReader(connections: Pick<Connections, 'list' | 'withSession'>, now: () => number = Date.now): StatementReader {
  const known = new Map<string, { readonly at: number; readonly session: DbSession | undefined; readonly reading: StatementReading }>();
  let running: Promise<boolean> | undefined;

  /** Resolves to true when the server was asked. A connection of the same name that was opened anew is another one. */
  const readOne = async (name: string, maxAgeMs: number): Promise<boolean> => {
    const earlier = known.get(name);
    const at = now();
    let session: DbSession | undefined;
    try {
      const reading = await connections.withSession(name, async (own) => {
        session = own;
        return earlier && earlier.session === own && at - earlier.at < maxAgeMs ? undefined : readStatements(own);
      });
      if (reading) known.set(name, { at, session, reading });
      return reading !== undefined;
    } catch (error) {
      // The connection's own state tells that it is lost; what it was known to count still stands.
      const reason = error instanceof DatabaseError ? error.message : 'the server did not answer';
      const before = earlier && earlier.session === session ? earlier.reading : { rows: [], totalMs: 0 };
      known.set(name, { at, session, reading: { ...before, notes: [`How often queries run could not be read: ${reason}.`] } });
      return true;
    }
  };

  const readAll = async (maxAgeMs: number): Promise<boolean> => {
    const names = connections.list().map(({ name }) => name);
    const gone = [...known.keys()].filter((name) => !names.includes(name));
    for (const name of gone) known.delete(name);
    const asked = await Promise.all(names.map((name) => readOne(name, maxAgeMs)));
    return gone.length > 0 || asked.includes(true);
  };

  return {
    async read(maxAgeMs) {
      await running;
      const work = (running = readAll(maxAgeMs));
      const changed = await work;
      if (running === work) running = undefined;
      return changed ? new Map([...known].map(([name, { reading }]) => [name, reading])) : undefined;
    },
  };
}

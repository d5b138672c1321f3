import { withStatistics } from '../core/catalog/freshStatistics';
import type { Catalog } from '../core/catalog/model';
import { findChanges, readMarks, type CatalogMarks } from '../db/changes';
import { introspect, introspectStatistics } from '../db/introspect';
import type { DbSession } from '../db/session';

/** The catalog of one connection, kept up to date. Its methods reject with `DatabaseError` and then leave it as it was. */
export interface WatchedCatalog {
  readonly catalog: Catalog;
  /** Reads it anew, whatever the database says. */
  reload(): Promise<void>;
  /** Asks the database whether anything changed and reads that anew. Resolves to true when it did. */
  check(): Promise<boolean>;
}

export interface WatchOptions {
  /** See `IntrospectOptions`. */
  readonly name?: string;
  /** For tests: the clock, in milliseconds. */
  readonly now?: () => number;
}

/** Autovacuum analyses some table of a busy database every few seconds; so often nobody needs new statistics. Milliseconds. */
const statisticsInterval = 60_000;

/** Reads the catalog of a database for the first time. Rejects with `DatabaseError`. */
export async function watchCatalog(session: DbSession, options: WatchOptions = {}): Promise<WatchedCatalog> {
  const now = options.now ?? Date.now;
  const readWhole = async (): Promise<{ marks: CatalogMarks; catalog: Catalog; readAt: number }> => {
    const marks = await readMarks(session);
    return { marks, catalog: await introspect(session, options), readAt: now() };
  };
  let { marks, catalog, readAt } = await readWhole();
  const reload = async (): Promise<void> => {
    ({ marks, catalog, readAt } = await readWhole());
  };
  return {
    get catalog() { return catalog; },
    reload,
    async check() {
      const changes = await findChanges(session, marks);
      if (changes.schema) {
        await reload();
        return true;
      }
      const due = changes.statistics && now() - readAt >= statisticsInterval;
      if (due) {
        const statistics = await introspectStatistics(session);
        // Taken after the wait: the catalog may have been read anew meanwhile.
        catalog = withStatistics(catalog, statistics);
        readAt = now();
      }
      marks = { ...changes.marks, statistics: due || !changes.statistics ? changes.marks.statistics : marks.statistics };
      return due;
    },
  };
}

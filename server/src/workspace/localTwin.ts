import type { Catalog } from '../core/catalog/model';
import { findInstallation, type Installation } from '../db/planner/installations';
import { createLocalServer } from '../db/planner/localServer';
import { createTwinOn } from '../twin';
import { defaultRows } from '../core/catalog/assumedStatistics';
import { TwinError, type Twin } from '../twin/twin';

export interface LocalTwinOptions {
  /** Plans where no local Postgres does. */
  readonly embedded: Twin;
  /** May a Postgres of this machine evaluate what stands in the files here? Asked before every question. */
  isTrusted(): boolean;
  /** Folders whose programs are never taken for an installation: those of the workspace. */
  readonly outside: () => readonly string[];
  /** Told once for each server version why the embedded planner serves. */
  say(message: string): void;
  /** For tests. */
  readonly find?: (major: number, outside: readonly string[]) => Promise<Installation | undefined>;
}

/**
 * A twin that plans with a Postgres of this machine where one of the server's own major version is installed, and with the
 * embedded one where not, where it does not start, or where the server is not known. The user has chosen it.
 */
export function createLocalTwin({ embedded, isTrusted, outside, say, find = findInstallation }: LocalTwinOptions): Twin {
  const byMajor = new Map<number, Promise<Twin | undefined>>();
  const told = new Set<number>();
  let last: Twin = embedded;

  const sayOnce = (major: number, reason: string): void => {
    if (told.has(major)) return;
    told.add(major);
    say(`${reason}; the embedded PostgreSQL 18 plans instead`);
  };
  const localOf = (major: number): Promise<Twin | undefined> => {
    let local = byMajor.get(major);
    if (local === undefined) {
      local = find(major, outside()).then((installation) => {
        if (installation !== undefined) return createTwinOn(createLocalServer({ installation }), defaultRows);
        // The embedded one is of that version.
        if (major !== 18) sayOnce(major, `PostgreSQL ${major}, the version of the server, is not installed on this machine`);
        return undefined;
      });
      byMajor.set(major, local);
    }
    return local;
  };
  const ask = async <T>(catalog: Catalog, question: (twin: Twin) => Promise<T>): Promise<T> => {
    const major = catalog.server === undefined ? undefined : Math.floor(catalog.server.version / 10_000);
    const local = major === undefined || !isTrusted() ? undefined : await localOf(major);
    if (major !== undefined && local !== undefined && local.status().state !== 'failed') {
      last = local;
      try {
        return await question(local);
      } catch (error) {
        if (!(error instanceof TwinError) || error.kind !== 'unavailable') throw error;
      }
    }
    if (major !== undefined && local?.status().state === 'failed') sayOnce(major, local.status().problem ?? `PostgreSQL ${major} of this machine does not start`);
    last = embedded;
    return question(embedded);
  };

  return {
    plan: (catalog, sql, options) => ask(catalog, (twin) => twin.plan(catalog, sql, options)),
    whatIf: (catalog, sql, sets, options) => ask(catalog, (twin) => twin.whatIf(catalog, sql, sets, options)),
    without: (catalog, sql, indexes, options) => ask(catalog, (twin) => twin.without(catalog, sql, indexes, options)),
    status: () => (last.status().state === 'failed' ? embedded : last).status(),
    stop: async () => { await Promise.all([embedded.stop(), ...[...byMajor.values()].map(async (local) => (await local)?.stop())]); },
  };
}

import type { HostFile, QuerySite } from '../core/hosts/ir';
import type { StatementUsage } from '../core/lint/usage';
import { plannableSql } from '../core/sql/display';
import type { SqlAnalyser } from '../core/sql/ports';
import { exactKey, looseKey } from '../core/sql/statementKeys';
import { createTextMemo } from '../core/text/textMemo';
import type { StatementReading, StatementRow } from '../db/statements';
import type { Project } from './project';
import { collectVariants } from './siteVariants';

/** What a server has counted, joined to the queries of the files that speak to it. */
export interface StatementStats {
  /** All calls of the statements that a site sends; undefined where the server has counted none. Cheap: looked up by key. */
  usage(site: QuerySite): StatementUsage | undefined;
}

export interface StatementIndex {
  /** Joins a reading to sites. Yields to other work; about 0.2 ms for a statement that was not seen before. */
  join(reading: StatementReading, files: Iterable<HostFile>): Promise<StatementStats>;
}

const MAX_KEY_CHARACTERS = 8_000_000;
/** Other work has its turn after this long. Milliseconds. */
const SLICE = 8;

/** Keys are remembered by text: keep one per project. */
export function createStatementIndex(sql: SqlAnalyser): StatementIndex {
  const exactOf = createTextMemo(MAX_KEY_CHARACTERS, exactKey);
  const looseOf = createTextMemo(MAX_KEY_CHARACTERS, (text: string) => looseKey(text, (plain) => sql.fingerprint(plain)) ?? NONE);
  return {
    async join(reading, files) {
      const pause = createPause();
      const byExact = new Map<string, StatementRow[]>();
      for (const row of reading.rows) {
        add(byExact, exactOf(row.sql), row);
        await pause();
      }
      // What some query of the project says word by word is that query's alone.
      const taken = new Set<StatementRow>();
      for (const file of [...files]) {
        for (const site of file.sites) {
          for (const text of collectStatements(site, sql)) for (const row of byExact.get(exactOf(text)) ?? []) taken.add(row);
          await pause();
        }
      }
      const byLoose = new Map<string, StatementRow[]>();
      for (const row of reading.rows) {
        if (!taken.has(row)) add(byLoose, looseOf(row.sql), row);
        await pause();
      }
      byLoose.delete(NONE);
      // Hosts hand out the same source for a text that did not change: at a keystroke one statement is looked up.
      const known = new WeakMap<object, StatementUsage | 'none'>();
      return {
        usage(site) {
          if (!site.source || site.executes === 'no') return undefined;
          const key = site.conditional.length === 0 ? site.source : site;
          let usage = known.get(key);
          if (usage === undefined) {
            const rows = new Set(collectStatements(site, sql).flatMap((text) => byExact.get(exactOf(text)) ?? (byLoose.size > 0 ? byLoose.get(looseOf(text)) : undefined) ?? []));
            known.set(key, (usage = rows.size === 0 ? 'none' : sumUp([...rows], reading)));
          }
          return usage === 'none' ? undefined : usage;
        },
      };
    },
  };
}

/** Stands for the key of a text that has none. */
const NONE = '';

function createPause(): () => Promise<void> | undefined {
  let since = performance.now();
  return () => {
    if (performance.now() - since < SLICE) return undefined;
    return new Promise((resolve) => setImmediate(() => {
      since = performance.now();
      resolve();
    }));
  };
}

/** Milliseconds of each counted query of a project since the server's counters run, by its SQL with `$n`: how much an index for it is worth. */
export function collectWeights(project: Pick<Project, 'files' | 'usageOf'>, sql: SqlAnalyser): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const file of project.files.values()) {
    for (const site of file.sites) {
      const usage = project.usageOf(file.uri, site);
      const text = usage && site.source && plannableSql(site.source, sql.analyse(site.source));
      // Equal statements at several places are one statement of the server.
      if (usage && text !== undefined) weights.set(text, usage.totalMs);
    }
  }
  return weights;
}

/** The statements that a site sends, with the parts that code adds under conditions and without them. */
export function collectStatements(site: QuerySite, sql: SqlAnalyser): string[] {
  if (!site.source || site.executes === 'no') return [];
  return collectVariants(site.source, site.conditional).flatMap((source) => {
    const model = sql.analyse(source);
    const text = plannableSql(source, model);
    if (text === undefined) return [];
    // Prisma sends every read with OFFSET, also where the code skips nothing.
    return site.library === 'prisma' && model.kind === 'select' && !/\boffset\b/i.test(text) ? [text, `${text} OFFSET 0`] : [text];
  });
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}

/** Several rows as one: those of other roles, of other texts of the same statement. */
function sumUp(rows: readonly StatementRow[], { totalMs: allMs, since }: StatementReading): StatementUsage {
  const sum = (of: (row: StatementRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const calls = sum((row) => row.calls);
  const totalMs = sum((row) => row.totalMs);
  const meanMs = calls > 0 ? totalMs / calls : 0;
  const meanOf = (row: StatementRow): number => (row.calls > 0 ? row.totalMs / row.calls : 0);
  // Variance of a union: that within the groups and that between their means.
  const variance = calls > 0 ? sum((row) => row.calls * (row.stddevMs ** 2 + (meanOf(row) - meanMs) ** 2)) / calls : 0;
  return {
    calls, totalMs, meanMs, stddevMs: Math.sqrt(variance),
    minMs: Math.min(...rows.map((row) => row.minMs)), maxMs: Math.max(...rows.map((row) => row.maxMs)),
    rows: sum((row) => row.rows), shareOfTotal: allMs > 0 ? Math.min(1, totalMs / allMs) : 0,
    blocksHit: sum((row) => row.blocksHit), blocksRead: sum((row) => row.blocksRead), ...(since === undefined ? {} : { since }),
  };
}

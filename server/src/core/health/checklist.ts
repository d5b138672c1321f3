import { escapeMarkdown } from '../text/markdown';
import { figureOf, tableOf, type HealthCheck, type HealthReport } from './model';
import { plural, renderBytes, renderPercent, renderSeconds } from './values';

export const PERIODS = ['daily', 'weekly', 'monthly', 'quarterly'] as const;

export type Period = (typeof PERIODS)[number];

/** `done`: it is in order, or nothing has to be done; `open`: something waits; `unknown`: the evidence is missing. */
export interface ChecklistItem {
  readonly item: string;
  readonly state: 'done' | 'open' | 'unknown';
  /** The figure that decides it. */
  readonly evidence: string;
}

/** What a report is compared with for growth. */
export type EarlierReport = Pick<HealthReport, 'takenAt' | 'checks' | 'server'>;

/** The checks that a period's items rest on. */
export const CHECKS_OF: Readonly<Record<Period, readonly string[]>> = {
  daily: ['connections', 'locks', 'statements', 'cache', 'replication', 'sequences'],
  weekly: ['indexes', 'tables', 'partitions'],
  monthly: ['tables', 'partitions', 'statements', 'views', 'connections'],
  quarterly: ['indexes', 'connections', 'partitions', 'disk'],
};

interface Evidence {
  readonly report: HealthReport;
  readonly earlier?: EarlierReport;
  readonly retentionDays: number;
}

type Decide = (evidence: Evidence) => Omit<ChecklistItem, 'item'>;

/** The list of a period, each item decided by what the report shows. */
export const toChecklist = (period: Period, evidence: Evidence): readonly ChecklistItem[] => ITEMS[period].map(([item, decide]) => ({ item, ...decide(evidence) }));

const checkOf = ({ report }: Evidence, name: string): HealthCheck | undefined => report.checks.find((check) => check.name === name);
const number = (evidence: Evidence, check: string, name: string): number | undefined => {
  const value = figureOf(checkOf(evidence, check), name);
  return typeof value === 'number' ? value : undefined;
};
/** Findings of these kinds that are more than notes. */
const findings = (evidence: Evidence, check: string, ...ids: readonly string[]): readonly string[] => (checkOf(evidence, check)?.findings ?? []).filter(({ id, severity }) => ids.includes(id) && severity !== 'info').map(({ message }) => message);
const isBlind = (evidence: Evidence, check: string, pattern?: RegExp): boolean => (checkOf(evidence, check)?.cannotSee ?? []).some(({ reason, grant }) => (pattern ? pattern.test(reason) : grant !== undefined));

/** Open where there are findings, unknown where the check is blind or missing, else done. */
function decide(evidence: Evidence, check: string, ids: readonly string[], figure: string, blind = isBlind(evidence, check)): Omit<ChecklistItem, 'item'> {
  if (!checkOf(evidence, check)) return { state: 'unknown', evidence: `the check ${check} was not made` };
  const found = findings(evidence, check, ...ids);
  if (found.length > 0) return { state: 'open', evidence: found.length === 1 ? (found[0] ?? '') : `${plural(found.length, 'finding')}: ${found[0] ?? ''}` };
  return blind ? { state: 'unknown', evidence: checkOf(evidence, check)?.cannotSee[0]?.reason ?? figure } : { state: 'done', evidence: figure };
}

function slowStatements(evidence: Evidence): Omit<ChecklistItem, 'item'> {
  const counted = number(evidence, 'statements', 'statements') ?? 0;
  const logged = evidence.report.server?.settings['log_min_duration_statement']?.value;
  if (counted > 0 || !isBlind(evidence, 'statements', /pg_stat_statements/)) return decide(evidence, 'statements', ['slow-statements'], `${plural(number(evidence, 'statements', 'slow') ?? 0, 'statement')} of ${counted} with a mean above the limit`, false);
  if (logged === undefined) return { state: 'unknown', evidence: 'neither pg_stat_statements nor the log can be seen' };
  return logged === '-1' ? { state: 'open', evidence: 'pg_stat_statements is not there, and slow statements are not logged (log_min_duration_statement)' } : { state: 'unknown', evidence: `statements above ${logged} are in the server's log, which is not read here` };
}

function pool(evidence: Evidence): Omit<ChecklistItem, 'item'> {
  const [own, all] = [number(evidence, 'connections', 'poolUtilisation'), number(evidence, 'connections', 'utilisation')];
  return decide(evidence, 'connections', ['connections-near-limit', 'pool-near-limit', 'idle-in-transaction', 'long-running-query'], `${own === undefined ? '' : `${renderPercent(own)} of the pool, `}${renderPercent(all ?? 0)} of max_connections in use, ${number(evidence, 'connections', 'idleInTransaction') ?? 0} idle in transaction`);
}

const partitioned = (evidence: Evidence): number => number(evidence, 'partitions', 'tables') ?? 0;
const noPartitions = { state: 'done', evidence: 'no table is partitioned' } as const;

const ITEMS: Readonly<Record<Period, readonly (readonly [string, Decide])[]>> = {
  daily: [
    ['Monitor the slow statements', slowStatements],
    ['Check the cache hit ratios', (e) => {
      const ratio = number(e, 'cache', 'hitRatio');
      return decide(e, 'cache', ['cache-hit-ratio'], ratio === undefined ? 'nothing was read yet' : `${renderPercent(ratio)} of ${plural(number(e, 'cache', 'accesses') ?? 0, 'block access', 'block accesses')}`, ratio === undefined || isBlind(e, 'cache', /says nothing yet/));
    }],
    ['Review the connection pool', pool],
    ['Check for blocking statements', (e) => decide(e, 'locks', ['lock-contention'], `${plural(number(e, 'locks', 'waiting') ?? 0, 'session')} waiting for a lock`, false)],
    ['Check replication', (e) => decide(e, 'replication', ['replication-lag', 'replication-broken', 'replay-paused', 'inactive-replication-slot', 'slot-behind'], `${plural(number(e, 'replication', 'replicas') ?? 0, 'replica')}, ${plural(number(e, 'replication', 'slots') ?? 0, 'slot')}`)],
    ['Check that no sequence runs out', (e) => decide(e, 'sequences', ['sequence-exhaustion'], `the fullest is at ${renderPercent(number(e, 'sequences', 'fullest') ?? 0)}`)],
  ],
  weekly: [
    ['Review index usage', (e) => decide(e, 'indexes', ['unused-index', 'duplicate-index', 'redundant-index', 'invalid-index'], `${number(e, 'indexes', 'unused') ?? 0} unused of ${plural(number(e, 'indexes', 'indexes') ?? 0, 'index', 'indexes')}, counted for ${renderSeconds(number(e, 'indexes', 'counted') ?? 0)}`, isBlind(e, 'indexes', /What was used before/))],
    ['Look for missing indexes', (e) => decide(e, 'indexes', ['missing-index', 'sequential-scans'], 'none found', false)],
    ['Check table and index bloat', (e) => {
      const tables = decide(e, 'tables', ['table-bloat'], 'no table', isBlind(e, 'tables', /^Bloat/));
      const indexes = decide(e, 'indexes', ['index-bloat'], 'no index', isBlind(e, 'indexes', /^Bloat/));
      return [tables, indexes].find(({ state }) => state === 'open') ?? [tables, indexes].find(({ state }) => state === 'unknown') ?? { state: 'done', evidence: 'no table and no index above the limit, by estimate' };
    }],
    ['Analyse partition sizes', (e) => (checkOf(e, 'partitions') && partitioned(e) === 0 ? noPartitions : decide(e, 'partitions', ['rows-in-default-partition', 'no-partitions'], `${plural(number(e, 'partitions', 'partitions') ?? 0, 'partition')}, ${renderBytes(number(e, 'partitions', 'bytes') ?? 0)}`))],
    ['Review autovacuum', (e) => (e.report.server?.settings['autovacuum']?.value === 'off' ? { state: 'open', evidence: 'autovacuum is off' } : decide(e, 'tables', ['dead-tuples', 'autovacuum-behind', 'autovacuum-off', 'transaction-id-age'], `${plural(number(e, 'tables', 'due') ?? 0, 'table')} due, ${plural(number(e, 'tables', 'dead') ?? 0, 'dead row')} in all`, false))],
  ],
  monthly: [
    ['Create new partitions', (e) => {
      if (checkOf(e, 'partitions') && partitioned(e) === 0) return noPartitions;
      const missing = number(e, 'partitions', 'missing') ?? 0;
      return missing > 0 ? { state: 'open', evidence: `${plural(missing, 'partition')} missing for now and the periods ahead` } : decide(e, 'partitions', ['missing-partition'], 'all there ahead of time');
    }],
    ['Drop old partitions', (e) => {
      if (checkOf(e, 'partitions') && partitioned(e) === 0) return noPartitions;
      if (e.retentionDays === 0) return { state: 'unknown', evidence: 'how long partitions are kept is not known: set the limit partitionRetentionDays' };
      const old = checkOf(e, 'partitions')?.findings.filter(({ id }) => id === 'old-partitions') ?? [];
      return old.length > 0 ? { state: 'open', evidence: old.map(({ message }) => message).join(' ') } : decide(e, 'partitions', [], `none older than ${e.retentionDays} days`);
    }],
    ['Review and optimise slow statements', slowStatements],
    ['Update table statistics', (e) => decide(e, 'tables', ['stale-statistics'], `${number(e, 'tables', 'neverAnalysed') ?? 0} never analysed, ${number(e, 'tables', 'stale') ?? 0} stale`, false)],
    ['Review how often materialised views are refreshed', (e) => {
      const views = number(e, 'views', 'views');
      if (views === undefined) return { state: 'unknown', evidence: 'the check views was not made' };
      if (views === 0) return { state: 'done', evidence: 'there are none' };
      const scheduled = number(e, 'views', 'scheduled');
      return scheduled === views ? decide(e, 'views', ['view-not-populated'], `all ${views} have a job of pg_cron`, false) : findings(e, 'views', 'view-not-populated').length > 0 ? decide(e, 'views', ['view-not-populated'], '') : { state: 'unknown', evidence: `no version of the server keeps when ${views === 1 ? 'it was' : 'they were'} refreshed; ${scheduled ?? 0} of ${views} have a job of pg_cron` };
    }],
    ['Review the pool size for production load', pool],
  ],
  quarterly: [
    ['Review the index strategy', (e) => {
      const large = checkOf(e, 'indexes')?.findings.find(({ id }) => id === 'large-indexes');
      return decide(e, 'indexes', ['unused-index', 'duplicate-index', 'redundant-index', 'invalid-index', 'missing-index', 'index-bloat'], large?.message ?? `${plural(number(e, 'indexes', 'indexes') ?? 0, 'index', 'indexes')}, ${renderBytes(number(e, 'indexes', 'bytes') ?? 0)}`, isBlind(e, 'indexes', /What was used before/));
    }],
    ['Optimise the connection pool settings', (e) => (number(e, 'connections', 'poolSize') === undefined ? { state: 'unknown', evidence: `the pool is not known: pass --pool-size, or set health.poolSize; ${renderPercent(number(e, 'connections', 'utilisation') ?? 0)} of max_connections in use` } : pool(e))],
    ['Review the partition retention policy', (e) => (checkOf(e, 'partitions') && partitioned(e) === 0 ? noPartitions : e.retentionDays === 0 ? { state: 'unknown', evidence: 'none is set (partitionRetentionDays)' } : { state: 'done', evidence: `${e.retentionDays} days; ${renderBytes(number(e, 'partitions', 'bytes') ?? 0)} in partitions` })],
    ['Plan capacity by growth', growth],
  ],
};

/** Between two reports: of less, one night's import or a vacuum would be a month's growth. */
const GROWTH_DAYS = 7;

/** By an earlier report: a look by itself has no history. */
function growth(evidence: Evidence): Omit<ChecklistItem, 'item'> {
  const now = number(evidence, 'disk', 'database');
  if (now === undefined) return { state: 'unknown', evidence: 'the size of the database is hidden' };
  const { earlier, report } = evidence;
  const before = earlier && figureOf(earlier.checks.find(({ name }) => name === 'disk'), 'database');
  const days = earlier ? (Date.parse(report.takenAt) - Date.parse(earlier.takenAt)) / 86_400_000 : 0;
  if (typeof before !== 'number' || !(days > 0) || earlier?.server?.database !== report.server?.database) return { state: 'unknown', evidence: `${renderBytes(now)} now; keep a report (--format json --output) and pass it with --since to see the growth` };
  if (days < GROWTH_DAYS) return { state: 'unknown', evidence: `${renderBytes(now)} now; the earlier report is ${renderSeconds(days * 86_400)} older, and growth is told from ${plural(GROWTH_DAYS, 'day')} on` };
  const perMonth = ((now - before) / days) * 30;
  const largest = tableOf(checkOf(evidence, 'disk'), 'tables')?.rows[0];
  return { state: 'done', evidence: `${renderBytes(before)} → ${renderBytes(now)} in ${plural(Math.round(days), 'day')}: ${perMonth < 0 ? '-' : '+'}${renderBytes(Math.abs(perMonth))} a month${largest ? `; the largest is ${String(largest['table'])}` : ''}` };
}

const MARKS = { done: 'x', open: ' ', unknown: '?' } as const;

/** A task list. `?`: it cannot be told. */
export const renderChecklistMarkdown = (period: Period, items: readonly ChecklistItem[]): string =>
  `## ${period.charAt(0).toUpperCase()}${period.slice(1)}\n\n${items.map(({ item, state, evidence }) => `- [${MARKS[state]}] **${item}**: ${escapeMarkdown(evidence)}`).join('\n')}\n`;

import type { CheckOutcome, HealthFinding, HealthServer } from './model';
import type { Thresholds } from './thresholds';
import { column, figure, percentOf, plural, qualified, renderBytes, renderNumber, renderSeconds } from './values';

export interface HealthTableFacts {
  readonly schema: string;
  readonly name: string;
  /** Of pg_class: as of the last ANALYZE or VACUUM; below 0 or 0: none so far. */
  readonly tuples: number;
  readonly live: number;
  readonly dead: number;
  readonly modified: number;
  /** ISO. */
  readonly lastAnalyze?: string;
  readonly lastVacuum?: string;
  /** Of the table or its TOAST, whichever is older. */
  readonly xidAge: number;
  readonly mxidAge: number;
  readonly bytes: number;
  readonly totalBytes: number;
  readonly updates: number;
  readonly hotUpdates: number;
  readonly autovacuum: AutovacuumOptions;
}

/** In force for one table: its own options over the server's. */
export interface AutovacuumOptions {
  readonly enabled: boolean;
  readonly vacuumThreshold: number;
  readonly vacuumScaleFactor: number;
  /** PostgreSQL 18; Infinity where there is none. */
  readonly vacuumMaximum: number;
  readonly analyzeThreshold: number;
  readonly analyzeScaleFactor: number;
}

export interface TableBloat {
  readonly schema: string;
  readonly name: string;
  readonly bytes: number;
  readonly percent: number;
  readonly measured: boolean;
}

/** What keeps dead rows from being removed. */
export interface XminHolder {
  readonly holder: string;
  readonly about: string;
  readonly age: number;
  readonly seconds: number | null;
  readonly release: string;
}

export interface TablesFacts {
  readonly tables: readonly HealthTableFacts[];
  readonly bloat: readonly TableBloat[];
  readonly holders: readonly XminHolder[];
  readonly xidAge: number;
  readonly mxidAge: number;
}

type Finding = Omit<HealthFinding, 'check'>;

const MOST = 25;
/** IDs that there are before the server refuses to write. */
const ID_SPACE = 2_147_483_648;
/** Of an analysed table its share: below that a few rows come and go. */
const SMALL = 1000;
/** Transactions that a snapshot may be behind without being in the way. */
const HARMLESS_AGE = 10_000;

export function judgeTables(facts: TablesFacts, server: HealthServer, limits: Thresholds): CheckOutcome {
  const { tables } = facts;
  const deadPercent = (t: HealthTableFacts): number => percentOf(t.dead, t.live + t.dead) ?? 0;
  const never = tables.filter((t) => t.tuples <= 0 && t.lastAnalyze === undefined && t.live > 0);
  const stale = tables.filter((t) => !never.includes(t) && rowsOf(t) >= SMALL && t.modified > analyzeTrigger(t) && (percentOf(t.modified, rowsOf(t)) ?? 0) > limits.staleStatisticsPercent);
  const dead = tables.filter((t) => t.dead >= limits.deadRowsMinimum && deadPercent(t) > limits.deadRowsPercent);
  const due = tables.filter((t) => t.dead > vacuumTrigger(t));
  const behind = due.filter((t) => !dead.includes(t) && t.dead > 2 * vacuumTrigger(t) && t.dead >= limits.deadRowsMinimum);
  const off = tables.filter((t) => !t.autovacuum.enabled && rowsOf(t) >= SMALL);
  const tunable = tables.filter((t) => rowsOf(t) > limits.largeTableRows && t.autovacuum.enabled && Math.min(t.autovacuum.vacuumMaximum, t.autovacuum.vacuumScaleFactor * rowsOf(t)) > 0.05 * rowsOf(t));
  const bloated = facts.bloat.filter((b) => b.percent > limits.bloatPercent && (b.bytes * b.percent) / 100 > limits.bloatMegabytes * 1024 * 1024);
  const holder = facts.holders.find((h) => h.age > HARMLESS_AGE || (h.seconds ?? 0) > limits.idleInTransactionSeconds);
  const findings: readonly Finding[] = [
    ...freezeAge(facts, server, limits),
    ...most(dead, (a, b) => b.dead - a.dead).map((t): Finding => ({
      id: 'dead-tuples', severity: 'warning', subject: nameOf(t), message: `${deadPercent(t)} % of the rows of ${nameOf(t)} are dead (${renderNumber(t.dead)}).`,
      evidence: { dead: t.dead, live: t.live, percent: deadPercent(t), lastVacuum: t.lastVacuum ?? null, autovacuumDueAt: Math.round(vacuumTrigger(t)), autovacuumEnabled: t.autovacuum.enabled },
      recommendation: `${whyNotVacuumed(t, server)}${holder ? ` ${holder.holder.charAt(0).toUpperCase()}${holder.holder.slice(1)} (${holder.about}) keeps dead rows from being removed: end it first, with ${holder.release.replace(/;$/, '')}.` : ''}`, statement: `VACUUM (ANALYZE) ${nameOf(t)};`,
    })),
    ...most(behind, (a, b) => b.dead - a.dead).map((t): Finding => ({
      id: 'autovacuum-behind', severity: 'warning', subject: nameOf(t), message: `${nameOf(t)} has ${renderNumber(t.dead)} dead rows; autovacuum was due at ${renderNumber(Math.round(vacuumTrigger(t)))}.`,
      evidence: { dead: t.dead, trigger: Math.round(vacuumTrigger(t)), lastVacuum: t.lastVacuum ?? null }, recommendation: `${whyNotVacuumed(t, server)} Where many tables are behind: more autovacuum_max_workers together with a higher autovacuum_vacuum_cost_limit.`, statement: `VACUUM (ANALYZE) ${nameOf(t)};`,
    })),
    ...most(off, (a, b) => rowsOf(b) - rowsOf(a)).map((t): Finding => ({
      id: 'autovacuum-off', severity: 'warning', subject: nameOf(t), message: `Autovacuum is switched off for ${nameOf(t)} (${plural(Math.round(rowsOf(t)), 'row')}).`, evidence: { rows: Math.round(rowsOf(t)) }, recommendation: 'Somebody has to run VACUUM and ANALYZE by hand; most of the time it was switched off for one bulk load.', statement: `ALTER TABLE ${nameOf(t)} RESET (autovacuum_enabled);`,
    })),
    ...tellStale(never, stale),
    ...most(tunable, (a, b) => rowsOf(b) - rowsOf(a)).map((t): Finding => ({
      id: 'autovacuum-tuning', severity: 'info', subject: nameOf(t), message: `Autovacuum waits for ${renderNumber(Math.round(vacuumTrigger(t)))} dead rows of ${nameOf(t)} (${plural(Math.round(rowsOf(t)), 'row')}): its scale factor is ${t.autovacuum.vacuumScaleFactor}.`,
      evidence: { rows: Math.round(rowsOf(t)), scaleFactor: t.autovacuum.vacuumScaleFactor, trigger: Math.round(vacuumTrigger(t)) }, recommendation: 'Large tables are vacuumed more evenly with a small factor.',
      statement: `ALTER TABLE ${nameOf(t)} SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0.01, autovacuum_analyze_threshold = 1000);`,
    })),
    ...[...bloated].sort((a, b) => b.bytes * b.percent - a.bytes * a.percent).slice(0, MOST).map((b): Finding => ({
      id: 'table-bloat', severity: 'warning', subject: qualified(b.schema, b.name), message: `About ${b.percent} % of ${qualified(b.schema, b.name)} (${renderBytes(b.bytes)}) is empty or dead space (${b.measured ? 'measured' : 'estimated from the statistics'}).`,
      evidence: { bytes: b.bytes, percent: b.percent, wastedBytes: Math.round((b.bytes * b.percent) / 100), measured: b.measured },
      recommendation: `Rows to come will fill it. To give it back at once, VACUUM FULL rewrites the table and locks it meanwhile; pg_repack does it beside the application.${b.measured ? '' : ' With pgstattuple installed, --measure-bloat measures instead.'}`, statement: `VACUUM FULL ${qualified(b.schema, b.name)}; -- locks the table until it is done`,
    })),
  ];
  return {
    figures: [
      figure('tables', 'Tables', 'count', tables.length), figure('bytes', 'Size with indexes', 'bytes', tables.reduce((sum, t) => sum + t.totalBytes, 0)), figure('dead', 'Dead rows', 'count', tables.reduce((sum, t) => sum + t.dead, 0)),
      figure('tablesWithDeadRows', `With more than ${limits.deadRowsPercent} % dead`, 'count', dead.length), figure('due', 'Autovacuum due', 'count', due.length), figure('neverAnalysed', 'Never analysed', 'count', never.length), figure('stale', 'Stale statistics', 'count', stale.length),
      figure('bloated', 'Bloated', 'count', bloated.length), figure('xidAge', 'Oldest transaction ID', 'count', facts.xidAge), figure('xidPercent', 'Of the transaction IDs', 'percent', percentOf(facts.xidAge, ID_SPACE)), figure('mxidPercent', 'Of the multixact IDs', 'percent', percentOf(facts.mxidAge, ID_SPACE)),
      figure('oldestXminAge', 'Oldest snapshot', 'count', facts.holders[0]?.age),
    ],
    tables: [
      {
        name: 'tables', title: 'Largest', columns: [column('table', 'Table'), column('rows', 'Rows', 'count'), column('totalBytes', 'Size', 'bytes'), column('deadPercent', 'Dead', 'percent'), column('modified', 'Changed since ANALYZE', 'count'), column('lastAnalyze', 'ANALYZE', 'date'), column('lastVacuum', 'VACUUM', 'date'), column('hotPercent', 'HOT', 'percent'), column('xidAge', 'Age', 'count'), column('mxidAge', 'Multixact age', 'count')],
        rows: tables.map((t) => ({ table: nameOf(t), rows: Math.round(rowsOf(t)), totalBytes: t.totalBytes, bytes: t.bytes, dead: t.dead, deadPercent: deadPercent(t), modified: t.modified, lastAnalyze: t.lastAnalyze ?? null, lastVacuum: t.lastVacuum ?? null, hotPercent: percentOf(t.hotUpdates, t.updates), xidAge: t.xidAge, mxidAge: t.mxidAge })),
      },
      { name: 'due', title: 'Autovacuum is due', columns: [column('table', 'Table'), column('dead', 'Dead rows', 'count'), column('trigger', 'Due at', 'count'), column('lastVacuum', 'VACUUM', 'date')], rows: most(due, (a, b) => b.dead - a.dead).map((t) => ({ table: nameOf(t), dead: t.dead, trigger: Math.round(vacuumTrigger(t)), lastVacuum: t.lastVacuum ?? null })) },
      { name: 'bloat', title: 'Bloat', columns: [column('table', 'Table'), column('bytes', 'Size', 'bytes'), column('percent', 'Empty', 'percent'), column('measured', 'Measured', 'flag')], rows: [...facts.bloat].filter((b) => b.percent >= 10).sort((a, b) => b.bytes * b.percent - a.bytes * a.percent).map((b) => ({ table: qualified(b.schema, b.name), bytes: b.bytes, percent: b.percent, measured: b.measured })) },
      { name: 'holders', title: 'What keeps dead rows', columns: [column('holder', 'Who'), column('about', 'What'), column('age', 'Transactions behind', 'count'), column('seconds', 'For', 'seconds')], rows: facts.holders.filter((h) => h.age > 0).map(({ holder: who, about, age, seconds }) => ({ holder: who, about, age, seconds })) },
    ],
    findings,
  };
}

const nameOf = (t: { readonly schema: string; readonly name: string }): string => qualified(t.schema, t.name);
/** As of the last ANALYZE or VACUUM; before the first, as counted. */
const rowsOf = (t: HealthTableFacts): number => (t.tuples > 0 ? t.tuples : t.live);
const most = <T>(items: readonly T[], order: (a: T, b: T) => number): readonly T[] => [...items].sort(order).slice(0, MOST);

/** Dead rows at which autovacuum comes. */
export const vacuumTrigger = ({ autovacuum: a, tuples }: Pick<HealthTableFacts, 'autovacuum' | 'tuples'>): number => Math.min(a.vacuumMaximum, a.vacuumThreshold + a.vacuumScaleFactor * Math.max(tuples, 0));
const analyzeTrigger = ({ autovacuum: a, tuples }: HealthTableFacts): number => a.analyzeThreshold + a.analyzeScaleFactor * Math.max(tuples, 0);

function whyNotVacuumed(t: HealthTableFacts, server: HealthServer): string {
  if (server.settings['autovacuum']?.value === 'off') return 'Autovacuum is off on this server.';
  if (!t.autovacuum.enabled) return 'Autovacuum is switched off for this table.';
  return t.dead > vacuumTrigger(t) ? 'Autovacuum is due and has not come: its workers may be busy, or a lock or an old snapshot is in the way.' : `Autovacuum comes at ${renderNumber(Math.round(vacuumTrigger(t)))}: lower the table's autovacuum_vacuum_scale_factor.`;
}

function tellStale(never: readonly HealthTableFacts[], stale: readonly HealthTableFacts[]): readonly Finding[] {
  return [
    ...most(never, (a, b) => b.live - a.live).map((t): Finding => ({
      id: 'stale-statistics', severity: t.live >= SMALL ? 'warning' : 'info', subject: nameOf(t), message: `${nameOf(t)} (${plural(t.live, 'row')}) was never analysed: the planner guesses.`, evidence: { rows: t.live, lastAnalyze: null }, statement: `ANALYZE ${nameOf(t)};`,
    })),
    ...most(stale, (a, b) => b.modified - a.modified).map((t): Finding => ({
      id: 'stale-statistics', severity: 'warning', subject: nameOf(t), message: `${plural(t.modified, 'row')} of ${nameOf(t)} changed since its statistics were taken${t.lastAnalyze === undefined ? '' : ` on ${t.lastAnalyze.slice(0, 10)}`} (${percentOf(t.modified, rowsOf(t)) ?? 0} %).`,
      evidence: { modified: t.modified, rows: Math.round(rowsOf(t)), lastAnalyze: t.lastAnalyze ?? null, autoanalyzeDueAt: Math.round(analyzeTrigger(t)) }, statement: `ANALYZE ${nameOf(t)};`,
    })),
  ];
}

interface IdKind {
  readonly of: string;
  readonly age: number;
  readonly setting: string;
  ageOf(table: HealthTableFacts): number;
}

function freezeAge(facts: TablesFacts, server: HealthServer, limits: Thresholds): readonly Finding[] {
  const told = ({ of, age, setting, ageOf }: IdKind): readonly Finding[] => {
    const percent = percentOf(age, ID_SPACE) ?? 0;
    if (percent <= limits.freezeAgePercent) return [];
    const oldest = most(facts.tables, (a, b) => ageOf(b) - ageOf(a)).slice(0, 3);
    const [holder] = facts.holders;
    const forcedAt = Number(server.settings[setting]?.value ?? NaN);
    const due = Number.isFinite(forcedAt) && age <= forcedAt ? `Autovacuum freezes tables by force from ${setting} on (${renderNumber(forcedAt)}), which is not reached: lower it` : `Autovacuum should have frozen the oldest tables long ago${Number.isFinite(forcedAt) ? ` (${setting} is ${renderNumber(forcedAt)})` : ''}`;
    return [{
      id: 'transaction-id-age', severity: percent > limits.freezeAgeCritical ? 'critical' : 'warning', subject: of, message: `${percent} % of the ${of} are used up (${renderNumber(age)}); at 100 % the server stops writing.`,
      evidence: { age, percent, setting, ...(Number.isFinite(forcedAt) ? { forcedAt } : {}), oldest: oldest.map((t) => `${nameOf(t)}: ${renderNumber(ageOf(t))}`) },
      recommendation: `${due}${holder && holder.age > HARMLESS_AGE ? `; ${holder.holder} (${renderSeconds(holder.seconds ?? 0)}) keeps it from that` : ''}.`, statement: oldest.map((t) => `VACUUM (FREEZE, VERBOSE) ${nameOf(t)};`).join('\n'),
    }];
  };
  return [
    ...told({ of: 'transaction IDs', age: facts.xidAge, setting: 'autovacuum_freeze_max_age', ageOf: (t) => t.xidAge }),
    ...told({ of: 'multixact IDs', age: facts.mxidAge, setting: 'autovacuum_multixact_freeze_max_age', ageOf: (t) => t.mxidAge }),
  ];
}

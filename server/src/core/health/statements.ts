import type { CheckOutcome, HealthFinding, HealthServer } from './model';
import { hideConstants } from './statementText';
import type { Thresholds } from './thresholds';
import { column, figure, percentOf, plural, renderPercent, renderSeconds } from './values';

/** What the server has counted for one statement. */
export interface CountedStatement {
  readonly sql: string;
  readonly calls: number;
  readonly totalMs: number;
  readonly meanMs: number;
  readonly maxMs: number;
  readonly stddevMs: number;
  readonly rows: number;
  readonly blocksHit: number;
  readonly blocksRead: number;
  /** Where the workspace sends it; empty: nowhere, or the workspace was not read. */
  readonly places: readonly string[];
}

export interface StatementFacts {
  readonly statements: readonly CountedStatement[];
  /** Of the whole database, hidden statements too. */
  readonly totalMs: number;
  /** ISO. */
  readonly since?: string;
}

type Finding = Omit<HealthFinding, 'check'>;

/** Looks at the server itself: ours, those of monitoring and of drivers. No query of the application. */
const OF_CATALOGS = /\b(from|join)\s+(pg_catalog\s*\.\s*"?\w|pg_[a-z]\w*\b(?!\s*\.)|information_schema\s*\.)|^\s*select\s+(pg_catalog\s*\.\s*)?(set_config|current_setting|pg_\w+)\s*\(/i;
const TOP = 20;
/** Fewer calls than this are a migration or somebody trying something. */
const FEW_CALLS = 5;
const MOST = 8;

/** The statements that cost most: in all, each, and in blocks read. */
export function judgeStatements(facts: StatementFacts, server: Pick<HealthServer, 'blockSize'>, limits: Thresholds): CheckOutcome {
  const { totalMs } = facts;
  const own = facts.statements.filter(({ sql }) => OF_CATALOGS.test(sql));
  const statements = facts.statements.filter((s) => !own.includes(s));
  const top = (of: (s: CountedStatement) => number): readonly CountedStatement[] => [...statements].sort((a, b) => of(b) - of(a)).slice(0, TOP);
  const share = (s: CountedStatement): number => percentOf(s.totalMs, totalMs) ?? 0;
  const slow = statements.filter((s) => s.calls >= FEW_CALLS && s.meanMs > limits.statementMeanMilliseconds);
  // A share of next to nothing is nothing.
  const heavy = totalMs < 10_000 ? [] : statements.filter((s) => !slow.includes(s) && s.calls >= FEW_CALLS && share(s) > limits.statementSharePercent);
  const columns = [column('share', 'Of all time', 'percent'), column('calls', 'Calls', 'count'), column('meanMs', 'Mean', 'milliseconds'), column('totalMs', 'Total', 'milliseconds'), column('blocksRead', 'Blocks read', 'count'), column('rowsPerCall', 'Rows', 'count'), column('places', 'Sent from'), column('statement', 'Statement')];
  const toRow = (s: CountedStatement) => ({
    share: share(s), calls: s.calls, meanMs: round(s.meanMs), maxMs: round(s.maxMs), stddevMs: round(s.stddevMs), totalMs: round(s.totalMs), blocksHit: s.blocksHit, blocksRead: s.blocksRead, rowsPerCall: Math.round(s.rows / Math.max(1, s.calls)), places: s.places, statement: hideConstants(s.sql, 300),
  });
  return {
    figures: [
      figure('statements', 'Statements', 'count', statements.length), figure('totalMs', 'Time of all', 'milliseconds', totalMs), figure('slowest', 'Slowest mean', 'milliseconds', statements.length === 0 ? null : round(Math.max(...statements.map(({ meanMs }) => meanMs)))),
      figure('slow', `With a mean above ${renderSeconds(limits.statementMeanMilliseconds / 1000)}`, 'count', slow.length), figure('catalogPercent', 'Time of monitoring and catalogs', 'percent', percentOf(own.reduce((sum, s) => sum + s.totalMs, 0), totalMs)), figure('inWorkspace', 'Sent from the workspace', 'count', statements.filter(({ places }) => places.length > 0).length), figure('since', 'Counted since', 'date', facts.since),
    ],
    tables: [
      { name: 'byTotal', title: 'By time in all', columns, rows: top((s) => s.totalMs).map(toRow) },
      { name: 'byMean', title: 'By mean time', columns, rows: top((s) => s.meanMs).map(toRow) },
      { name: 'byReads', title: 'By blocks read', columns, rows: top((s) => s.blocksRead).filter((s) => s.blocksRead > 0).map(toRow) },
    ],
    findings: [
      ...[...slow].sort((a, b) => b.totalMs - a.totalMs).slice(0, MOST).map((s) => tell(s, 'warning', share(s), server)),
      ...[...heavy].sort((a, b) => b.totalMs - a.totalMs).slice(0, MOST).map((s) => tell(s, 'info', share(s), server)),
    ],
  };
}

const round = (ms: number): number => Math.round(ms * 100) / 100;

function tell(s: CountedStatement, severity: Finding['severity'], share: number, { blockSize }: Pick<HealthServer, 'blockSize'>): Finding {
  const [place, ...more] = s.places;
  const from = place === undefined ? '' : ` of ${place}${more.length > 0 ? ` (+${more.length})` : ''}`;
  return {
    id: 'slow-statements', severity, subject: place ?? hideConstants(s.sql, 60), message: `A statement${from} takes ${renderPercent(share)} of the database's time: ${plural(s.calls, 'call')}, ${renderSeconds(s.meanMs / 1000)} each.`,
    evidence: { calls: s.calls, meanMs: round(s.meanMs), maxMs: round(s.maxMs), totalMs: round(s.totalMs), sharePercent: share, blocksRead: s.blocksRead, bytesRead: s.blocksRead * blockSize, rowsPerCall: Math.round(s.rows / Math.max(1, s.calls)), places: s.places, statement: hideConstants(s.sql, 1000) },
    recommendation: `${hideConstants(s.sql, 200)} ${place === undefined ? 'Look at its plan: `sargable explain --sql …`.' : `Look at its plan: \`sargable explain ${place}\`; \`sargable advise\` tries indexes for it.`}`,
  };
}

import type { Finding } from './rule';

/** What a server has counted for a query of the source. Times in ms, blocks of 8 kB. */
export interface StatementUsage {
  readonly calls: number;
  readonly totalMs: number;
  readonly meanMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly stddevMs: number;
  /** Rows returned or changed by all calls. */
  readonly rows: number;
  /** Of the time of all statements of the database: 0 to 1. */
  readonly shareOfTotal: number;
  readonly blocksHit: number;
  readonly blocksRead: number;
  /** Since when it is counted; ISO. Undefined before PostgreSQL 14. */
  readonly since?: string;
}

/** From this share of the database's time on, a query is hot: a handful of statements on any server. */
export const HOT_SHARE = 0.05;

/** Facts for JSON and hover. */
export const usageEvidence = (usage: StatementUsage): Readonly<Record<string, unknown>> => ({
  calls: usage.calls, meanMs: Number(usage.meanMs.toPrecision(3)), shareOfTotal: Number(usage.shareOfTotal.toPrecision(2)),
});

/** `Hot: 38 % of the database's time (1,204 calls, 12.3 ms each).`; undefined where the query is not hot. */
export const describeHeat = ({ calls, meanMs, shareOfTotal }: StatementUsage): string | undefined =>
  shareOfTotal >= HOT_SHARE ? `Hot: ${renderShare(shareOfTotal)} of the database's time (${renderCalls(calls)}, ${renderMs(meanMs)} each).` : undefined;

/** Findings in hot queries first: files by their hottest finding, the findings of a file by their own share of the time. All else stays in its order. */
export function hotFirst(findings: readonly Finding[]): Finding[] {
  const files = new Map<string, Finding[]>();
  for (const finding of findings) {
    const own = files.get(finding.uri);
    if (own) own.push(finding);
    else files.set(finding.uri, [finding]);
  }
  const hottest = (own: readonly Finding[]): number => Math.max(...own.map(heatOf));
  return [...files.values()].map((own) => own.sort((a, b) => heatOf(b) - heatOf(a))).sort((a, b) => hottest(b) - hottest(a)).flat();
}

/** Share of the database's time that the query of a finding takes; 0 where it is not hot or not known. */
function heatOf({ evidence }: Finding): number {
  const share = evidence['shareOfTotal'];
  return typeof share === 'number' && share >= HOT_SHARE ? share : 0;
}

export const renderCalls = (calls: number): string => `${calls.toLocaleString('en')} ${calls === 1 ? 'call' : 'calls'}`;

/** Three digits: `0.04 ms`, `12.3 ms`, `1,250 ms`. */
export function renderMs(ms: number): string {
  if (ms > 0 && ms < 0.01) return 'under 0.01 ms';
  return `${ms >= 99.95 ? Math.round(ms).toLocaleString('en') : Number(ms >= 9.995 ? ms.toFixed(1) : ms.toFixed(2))} ms`;
}

export const renderShare = (share: number): string => (share === 0 ? '0 %' : share >= 0.0095 ? `${Math.round(100 * share)} %` : share >= 0.001 ? `${(100 * share).toFixed(1)} %` : 'under 0.1 %');

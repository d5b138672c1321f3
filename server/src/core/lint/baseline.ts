import type { Finding } from './rule';

/** Known findings of a workspace by fingerprint. A baseline may only shrink: entries without a finding are stale. */
export interface Baseline {
  readonly version: 1;
  readonly entries: readonly BaselineEntry[];
}

export interface BaselineEntry {
  readonly rule: string;
  /** Relative to the workspace; for people, not for matching. */
  readonly path: string;
  readonly fingerprint: string;
}

export interface BaselineComparison {
  /** Findings that the baseline does not know. */
  readonly added: readonly Finding[];
  /** Entries whose finding is gone: to be removed. */
  readonly stale: readonly BaselineEntry[];
}

export function compareWithBaseline(baseline: Baseline, findings: readonly Finding[]): BaselineComparison {
  const known = new Set(baseline.entries.map((entry) => entry.fingerprint));
  const present = new Set(findings.map((finding) => finding.fingerprint));
  return {
    added: findings.filter((finding) => !known.has(finding.fingerprint)),
    stale: baseline.entries.filter((entry) => !present.has(entry.fingerprint)),
  };
}

/** @param toPath turns a document's uri into its path in the workspace. */
export function createBaseline(findings: readonly Finding[], toPath: (uri: string) => string): Baseline {
  const entries = findings.map((f) => ({ rule: f.rule, path: toPath(f.uri), fingerprint: f.fingerprint }));
  return { version: 1, entries: entries.sort((a, b) => compare(a.path, b.path) || compare(a.rule, b.rule) || compare(a.fingerprint, b.fingerprint)) };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

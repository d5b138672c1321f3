import type { Report } from '../report';

/** The stable machine format, version 1. Lines and columns are one-based, columns count UTF-16 units, ends are exclusive. */
export function formatJson({ findings, skipped, summary, timing }: Report): string {
  return `${JSON.stringify({
    version: 1,
    findings: findings.map(({ finding, path, range, related, fixes }) => ({
      rule: finding.rule, severity: finding.severity, path, range, message: finding.message,
      evidence: { confidence: finding.confidence, ...(finding.because ? { because: finding.because } : {}), ...(finding.sql ? { sql: finding.sql } : {}), ...finding.evidence },
      related, fixes, fingerprint: finding.fingerprint,
    })),
    skipped, summary, ...(timing ? { timing } : {}),
  }, undefined, 2)}\n`;
}

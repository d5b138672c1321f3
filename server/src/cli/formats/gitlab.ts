import type { Severity } from '../../core/lint/rule';
import type { Report } from '../report';

const SEVERITIES: Readonly<Record<Severity, string>> = { error: 'critical', warning: 'major', info: 'minor', hint: 'info' };

/** GitLab's Code Quality report (a subset of the Code Climate format). */
export function formatGitlab({ findings }: Report): string {
  return `${JSON.stringify(findings.map(({ finding, path, range }) => ({
    description: finding.because ? `${finding.message} ${finding.because}` : finding.message,
    check_name: finding.rule, fingerprint: finding.fingerprint, severity: SEVERITIES[finding.severity],
    location: { path, lines: { begin: range.start.line, end: range.end.line } },
  })), undefined, 2)}\n`;
}

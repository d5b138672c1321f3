import { escapeMarkdown, markdownCell as cell, markdownCode, markdownCodeCell } from '../../core/text/markdown';
import type { Report } from '../report';


/** A table for a pull request's comment. */
export function formatMarkdown({ findings, skipped, summary }: Report): string {
  const { error, warning, info, hint } = summary.bySeverity;
  const head = `**Sargable**: ${findings.length === 0 ? 'no findings' : `${error} errors, ${warning} warnings, ${info} infos, ${hint} hints`} in ${summary.queries} queries of ${summary.files} files.\n`;
  const rows = findings.map(({ finding, path, range }) => `| ${finding.severity} | ${markdownCodeCell(`${path}:${range.start.line}`)} | ${cell(finding.message)}${finding.because ? `<br><sub>${cell(finding.because)}</sub>` : ''} | ${finding.rule} |`);
  const table = rows.length > 0 ? `\n| | Where | What | Rule |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n` : '';
  return head + table + skipped.map((s) => `\n- skipped ${markdownCode(s.path)}: ${escapeMarkdown(s.reason)}`).join('') + (skipped.length > 0 ? '\n' : '');
}

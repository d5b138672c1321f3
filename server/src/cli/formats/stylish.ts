import pc from 'picocolors';
import type { Severity } from '../../core/lint/rule';
import type { Report, ReportFinding } from '../report';

const COLOURS: Readonly<Record<Severity, (text: string) => string>> = { error: pc.red, warning: pc.yellow, info: pc.blue, hint: pc.dim };

/** For people at a terminal: by file, each finding with its line and the text it is about underlined. */
export function formatStylish(report: Report): string {
  const out: string[] = [];
  let path: string | undefined;
  for (const item of report.findings) {
    if (item.path !== path) out.push('', pc.underline(item.path));
    path = item.path;
    out.push(...formatFinding(item));
  }
  for (const { path: file, reason } of report.skipped) out.push('', `${pc.underline(file)}\n  ${pc.yellow('skipped')}: ${reason}`);
  out.push('', formatSummary(report));
  return out.join('\n').replace(/^\n/, '') + '\n';
}

function formatFinding({ finding, range, sourceLine, related }: ReportFinding): string[] {
  const colour = COLOURS[finding.severity];
  const place = `${range.start.line}:${range.start.column}`.padEnd(8);
  const lines = [`  ${pc.dim(place)}${colour(finding.severity.padEnd(8))}${finding.message}  ${pc.dim(finding.rule)}`];
  const shown = excerpt(sourceLine, range.start.column - 1, range.end.line === range.start.line ? range.end.column - 1 : sourceLine.length);
  if (shown) lines.push(`          ${shown.text}`, `          ${' '.repeat(shown.start)}${colour('^'.repeat(Math.max(1, shown.end - shown.start)))}`);
  if (finding.because) lines.push(...finding.because.split('\n').map((line) => pc.dim(`          ${line}`)));
  lines.push(...related.map((r) => pc.dim(`          ${r.path}:${r.range.start.line}:${r.range.start.column}  ${r.message}`)));
  return lines;
}

/** A piece of a line that fits a terminal, with the marked stretch in terminal columns (wide characters count two). */
function excerpt(line: string, start: number, end: number): { text: string; start: number; end: number } | undefined {
  const trimmed = line.length - line.trimStart().length;
  const from = end - trimmed > 100 ? Math.max(trimmed, start - 40) : trimmed;
  const text = line.slice(from, from + 110).replaceAll('\t', ' ');
  if (text.trim() === '') return undefined;
  return { text, start: columns(line.slice(from, start)), end: columns(line.slice(from, Math.min(end, from + 110))) };
}

const columns = (text: string): number => [...text].reduce((n, c) => n + ((c.codePointAt(0) ?? 0) >= 0x1100 && /[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(c) ? 2 : 1), 0);

function formatSummary({ summary, findings, skipped }: Report): string {
  const { error, warning, info, hint } = summary.bySeverity;
  const counts = [[error, 'error', pc.red], [warning, 'warning', pc.yellow], [info, 'info', pc.blue], [hint, 'hint', pc.dim]] as const;
  const parts = counts.filter(([n]) => n > 0).map(([n, name, colour]) => colour(`${n} ${name}${n === 1 || name === 'info' ? '' : 's'}`));
  const looked = `${summary.queries} ${summary.queries === 1 ? 'query' : 'queries'} in ${summary.files} ${summary.files === 1 ? 'file' : 'files'}${summary.unanalysed > 0 ? `, ${summary.unanalysed} not analysed` : ''}${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}, ${(summary.durationMs / 1000).toFixed(1)} s`;
  return findings.length === 0 ? `${pc.green('No findings')}: ${looked}` : `${parts.join(', ')}: ${looked}`;
}

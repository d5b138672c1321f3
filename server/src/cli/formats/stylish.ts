import pc from 'picocolors';
import type { Severity } from '../../core/lint/rule';
import type { Report, ReportFinding } from '../report';

const COLOURS: Readonly<Record<Severity, (text: string) => string>> = { error: pc.red, warning: pc.yellow, info: pc.blue, hint: pc.dim };

/** Where the second column of a finding begins, and the third. */
const [TEXT, MESSAGE] = [10, 18];

/**
 * For people at a terminal: by file, each finding with its line and the text it is about underlined.
 * @param width columns of the terminal; left out: a pipe, lines are not folded
 */
export function formatStylish(report: Report, width: number | undefined = process.stdout.columns): string {
  const out: string[] = [];
  let path: string | undefined;
  for (const item of report.findings) {
    if (item.path !== path) out.push('', pc.underline(item.path));
    path = item.path;
    out.push(...formatFinding(item, width === undefined ? Infinity : Math.max(60, width)));
  }
  for (const { path: file, reason } of report.skipped) out.push('', `${pc.underline(file)}\n  ${pc.yellow('skipped')}: ${reason}`);
  out.push('', formatSummary(report));
  return out.join('\n').replace(/^\n/, '') + '\n';
}

function formatFinding({ finding, range, sourceLine, related }: ReportFinding, width: number): string[] {
  const colour = COLOURS[finding.severity];
  const place = `${range.start.line}:${range.start.column}`.padEnd(8);
  const indent = ' '.repeat(TEXT);
  const [first = '', ...folded] = fold(finding.message, width - MESSAGE);
  const lines = [`  ${pc.dim(place)}${colour(finding.severity.padEnd(8))}${first}`, ...folded.map((line) => ' '.repeat(MESSAGE) + line)];
  const rule = (folded.at(-1) ?? first).length + finding.rule.length + 2 > width - MESSAGE ? `\n${' '.repeat(MESSAGE)}` : '  ';
  lines.push(`${lines.pop() ?? ''}${rule}${pc.dim(finding.rule)}`);
  const shown = excerpt(sourceLine, range.start.column - 1, range.end.line === range.start.line ? range.end.column - 1 : sourceLine.length, Math.min(110, width - TEXT));
  if (shown) lines.push(indent + shown.text, `${indent}${' '.repeat(shown.start)}${colour('^'.repeat(Math.max(1, shown.end - shown.start)))}`);
  const details = [...(finding.because?.split('\n') ?? []), ...related.map((r) => `${r.path}:${r.range.start.line}:${r.range.start.column}  ${r.message}`)];
  lines.push(...details.flatMap((detail) => fold(detail, width - TEXT)).map((line) => pc.dim(indent + line)));
  return lines;
}

/** A sentence in lines of at most `room` characters, broken between words. */
function fold(text: string, room: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > room) {
    const at = rest.lastIndexOf(' ', room);
    if (at <= 0) break;
    lines.push(rest.slice(0, at));
    rest = rest.slice(at + 1);
  }
  return [...lines, rest];
}

/** A piece of a line that fits a terminal, with the marked stretch in terminal columns (wide characters count two). */
function excerpt(line: string, start: number, end: number, room: number): { text: string; start: number; end: number } | undefined {
  const trimmed = line.length - line.trimStart().length;
  const from = end - trimmed > room - 10 ? Math.max(trimmed, start - 40) : trimmed;
  const text = line.slice(from, from + room).replaceAll('\t', ' ');
  if (text.trim() === '') return undefined;
  return { text, start: columns(line.slice(from, start)), end: columns(line.slice(from, Math.min(end, from + room))) };
}

const columns = (text: string): number => [...text].reduce((n, c) => n + ((c.codePointAt(0) ?? 0) >= 0x1100 && /[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(c) ? 2 : 1), 0);

function formatSummary({ summary, findings, skipped }: Report): string {
  const { error, warning, info, hint } = summary.bySeverity;
  const counts = [[error, 'error', pc.red], [warning, 'warning', pc.yellow], [info, 'info', pc.blue], [hint, 'hint', pc.dim]] as const;
  const parts = counts.filter(([n]) => n > 0).map(([n, name, colour]) => colour(`${n} ${name}${n === 1 || name === 'info' ? '' : 's'}`));
  const looked = `${summary.queries} ${summary.queries === 1 ? 'query' : 'queries'} in ${summary.files} ${summary.files === 1 ? 'file' : 'files'}${summary.unanalysed > 0 ? `, ${summary.unanalysed} not analysed` : ''}${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}, ${(summary.durationMs / 1000).toFixed(1)} s`;
  return findings.length === 0 ? `${pc.green('No findings')}: ${looked}` : `${parts.join(', ')}: ${looked}`;
}

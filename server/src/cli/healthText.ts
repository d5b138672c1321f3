import pc from 'picocolors';
import { describeServer, isNumeric, summariseHealth } from '../core/health/markdown';
import { collectFindings, type HealthCheck, type HealthFinding, type HealthReport, type HealthTable } from '../core/health/model';
import { clip, plural, renderValue } from '../core/health/values';

/** Rows of a list on a terminal; the other formats hold all of them. */
const SHOWN_ROWS = 8;
const WIDEST_CELL = 60;

/** Findings of one kind that a terminal shows; the other formats hold all. */
const SHOWN_FINDINGS = 5;

/** The report for a terminal: the figures of each check, then what to do, the worst first. @param lists also the lists of each check */
export function renderHealthText(report: HealthReport, { lists = true }: { readonly lists?: boolean } = {}): string {
  const findings = collectFindings(report);
  const shown = findings.filter((finding, i) => findings.slice(0, i).filter(({ id, severity }) => id === finding.id && severity === finding.severity).length < SHOWN_FINDINGS);
  const blind = report.checks.flatMap((check) => check.cannotSee);
  return `${[
    describeServer(report),
    ...(lists ? report.checks.map((check) => [renderSummary(check), ...renderLists(check)].join('\n')) : [report.checks.map(renderSummary).join('\n')]),
    ...(blind.length === 0 ? [] : [[pc.bold('Not seen'), ...blind.flatMap(({ check, reason, grant }) => [`  ${pc.dim(check.padEnd(11))}  ${reason}`, ...(grant?.split('\n').map((line) => `               ${pc.cyan(line)}`) ?? [])])].join('\n')]),
    ...(findings.length === 0 ? [] : [[pc.bold('What to do'), ...shown.map(renderFinding), ...(shown.length < findings.length ? [pc.dim(`${plural(findings.length - shown.length, 'more finding')} of these kinds: --format json or markdown shows all`)] : [])].join('\n\n')]),
    `${pc.bold(summariseHealth(report))}. Nothing was changed; statements are for you to check and run.`,
  ].join('\n\n')}\n`;
}

function renderSummary(check: HealthCheck): string {
  const worst = check.findings.some((f) => f.severity === 'critical') ? pc.red('✖') : check.findings.some((f) => f.severity === 'warning') ? pc.yellow('▲') : pc.green('✔');
  const figures = check.figures.filter(({ value }) => value !== null).map(({ label, value, unit }) => `${pc.dim(/^[A-Z]{2}/.test(label) ? label : `${label.charAt(0).toLowerCase()}${label.slice(1)}`)} ${renderValue(value, unit)}`);
  return [`${worst} ${pc.bold(check.title)}`, ...wrap(figures)].join('\n');
}

const renderLists = (check: HealthCheck): readonly string[] => check.tables.filter(({ rows }) => rows.length > 0).flatMap(renderTable);

/** Figures side by side, as many as a line holds. */
function wrap(parts: readonly string[]): readonly string[] {
  const lines: string[] = [];
  let width = 0;
  for (const part of parts) {
    const length = plain(part).length;
    if (lines.length === 0 || width + length > 104) {
      lines.push(`  ${part}`);
      width = length;
    } else {
      lines[lines.length - 1] += `${pc.dim(' · ')}${part}`;
      width += length + 3;
    }
  }
  return lines;
}

const plain = (text: string): string => text.replaceAll(/\u001b\[\d+m/g, '');

function renderTable({ title, columns, rows }: HealthTable): readonly string[] {
  const shown = rows.slice(0, SHOWN_ROWS);
  const cells = shown.map((row) => columns.map(({ name, unit }) => clip(renderValue(row[name] ?? null, unit), WIDEST_CELL)));
  const used = columns.map((_, i) => cells.some((line) => line[i] !== ''));
  const widths = columns.map(({ label }, i) => Math.max(label.length, ...cells.map((line) => line[i]?.length ?? 0)));
  const line = (texts: readonly string[]): string => `    ${texts.flatMap((text, i) => (used[i] ? [isNumeric(columns[i]?.unit ?? 'text') ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)] : [])).join('  ')}`.trimEnd();
  return [
    `  ${title}${rows.length > SHOWN_ROWS ? pc.dim(` (${SHOWN_ROWS} of ${plural(rows.length, 'row')})`) : ''}`, pc.dim(line(columns.map(({ label }) => label))), ...cells.map(line),
  ];
}

const MARK = { critical: (text: string) => pc.red(text), warning: (text: string) => pc.yellow(text), info: (text: string) => pc.blue(text) } as const;

const renderFinding = ({ severity, message, recommendation, statement, id }: HealthFinding): string =>
  [`${MARK[severity](severity.padEnd(8))}  ${message}  ${pc.dim(id)}`, ...(recommendation === undefined ? [] : fold(recommendation)), ...(statement?.split('\n').map((line) => `            ${pc.cyan(line)}`) ?? [])].join('\n');

/** Running text under a finding, as lines of about 100 characters. */
const fold = (text: string): readonly string[] => (text.match(/.{1,92}(?:\s|$)/g) ?? [text]).map((line) => `          ${line.trimEnd()}`);

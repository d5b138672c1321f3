import { collectFindings, countSeverities, type HealthCheck, type HealthFinding, type HealthReport, type HealthTable } from './model';
import { escapeMarkdown as escape, markdownCell as cell, markdownCode, markdownFence } from '../text/markdown';
import { plural, renderSeconds, renderValue } from './values';

/** Rows of a list that people are shown. */
const SHOWN_ROWS = 20;

/** `1 critical, 3 warnings, 2 notes`, or `Nothing to complain about`. */
export function summariseHealth(report: Pick<HealthReport, 'checks'>): string {
  const { critical, warning, info } = countSeverities(collectFindings(report));
  const parts = [critical > 0 ? `${critical} critical` : '', warning > 0 ? plural(warning, 'warning') : '', info > 0 ? plural(info, 'note') : ''].filter((part) => part !== '');
  return parts.length === 0 ? 'Nothing to complain about' : parts.join(', ');
}

/** `shop (PostgreSQL 16.4), standby; counters since …`. */
export function describeServer({ server, label }: HealthReport): string {
  if (!server) return label;
  const since = server.statsReset === null ? `never reset, server up for ${renderSeconds((Date.parse(server.now) - Date.parse(server.startedAt)) / 1000)}` : `reset ${renderValue(server.statsReset, 'date')} (${renderSeconds(server.statsSeconds)} ago)`;
  return `${label}: PostgreSQL ${server.versionText}${server.standby ? ', a standby' : ''}, as ${server.user}; counters ${since}`;
}

/** The whole report as a document: findings with their statements first, then what was not seen, then the figures. */
export function renderHealthMarkdown(report: HealthReport): string {
  const findings = collectFindings(report);
  const blind = report.checks.flatMap((check) => check.cannotSee);
  return `${[
    '# Database health', `${escape(describeServer(report))}. Taken ${renderValue(report.takenAt, 'date')} UTC.`, `**${summariseHealth(report)}.** Nothing below was run; statements are for you to check and run.`,
    ...(['critical', 'warning', 'info'] as const).flatMap((severity) => {
      const of = findings.filter((finding) => finding.severity === severity);
      return of.length === 0 ? [] : [`## ${{ critical: 'Critical', warning: 'Warnings', info: 'Notes' }[severity]}`, ...of.map(renderFinding)];
    }),
    ...(blind.length === 0 ? [] : ['## What could not be seen', blind.map(({ check, reason, grant }) => `- ${check}: ${escape(reason)}${grant === undefined ? '' : ` Ask an administrator for ${markdownCode(grant)}`}`).join('\n')]),
    '## Figures', ...report.checks.flatMap(renderCheck),
  ].join('\n\n')}\n`;
}

const renderFinding = ({ message, recommendation, statement, check, id }: HealthFinding): string =>
  [`- ${escape(message)} _(${check}: ${id})_`, ...(recommendation === undefined ? [] : [`  ${escape(recommendation)}`]), ...(statement === undefined ? [] : [markdownFence(statement, 'sql', '  ')])].join('\n');

function renderCheck(check: HealthCheck): readonly string[] {
  const figures = check.figures.filter(({ value }) => value !== null);
  return [
    `### ${check.title}`,
    ...(figures.length === 0 ? [] : [['| Figure | |', '| --- | ---: |', ...figures.map(({ label, value, unit }) => `| ${cell(label)} | ${cell(renderValue(value, unit))} |`)].join('\n')]),
    ...check.tables.filter(({ rows }) => rows.length > 0).map(renderTable),
  ];
}

function renderTable({ title, columns, rows }: HealthTable): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    `**${escape(title)}**\n`, line(columns.map(({ label }) => cell(label))), line(columns.map(({ unit }) => (isNumeric(unit) ? '---:' : '---'))),
    ...rows.slice(0, SHOWN_ROWS).map((row) => line(columns.map(({ name, unit }) => cell(renderValue(row[name] ?? null, unit))))),
    ...(rows.length > SHOWN_ROWS ? [`\n${plural(rows.length - SHOWN_ROWS, 'more row')}.`] : []),
  ].join('\n');
}

export const isNumeric = (unit: HealthTable['columns'][number]['unit']): boolean => unit !== 'text' && unit !== 'date' && unit !== 'flag';


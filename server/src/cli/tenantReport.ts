import type { TenantRow, TenantVerdict } from '../core/advice/tenantReport';
import { markdownCell as cell, markdownCodeCell } from '../core/text/markdown';
import { lineAt } from '../core/text/lineIndex';
import { relativePath, toPath, toUri } from '../workspace/paths';
import type { Project } from '../workspace/project';
import type { Format } from './formats';
import { UsageError } from './usage';

/** What is open first, for it is what a reader is after. */
const ORDER: readonly TenantVerdict[] = ['open', 'unknown', 'guarded', 'exempt', 'pinned'];

interface PlacedRow extends TenantRow {
  readonly path: string;
  /** One-based. */
  readonly line: number;
}

/** `--report tenant`: every use of a tenant's table in these files, with how its rows are held to one tenant. */
export function renderTenantReport(project: Project, files: readonly string[], format: Format): string {
  if (format !== 'stylish' && format !== 'markdown' && format !== 'json') throw new UsageError(`--report tenant has no format ${format}: stylish, markdown or json`);
  let known = false;
  const rows: PlacedRow[] = [];
  for (const file of files) {
    const uri = toUri(file);
    const found = project.tenantRows(uri);
    if (found) known = true;
    const lines = project.files.get(uri)?.lines ?? [];
    for (const row of found ?? []) rows.push({ ...row, path: relativePath(project.folder, toPath(uri) ?? uri), line: lines.length === 0 ? lineOf(project.textOf(uri), row.span.start) : lineAt(lines, row.span.start) + 1 });
  }
  if (!known) throw new UsageError('nothing says what the tenant column is: name it in `tenant.columns` of the configuration');
  rows.sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict) || (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line));
  const counts = Object.fromEntries(ORDER.map((verdict) => [verdict, rows.filter((row) => row.verdict === verdict).length])) as Record<TenantVerdict, number>;
  if (format === 'json') return `${JSON.stringify({ version: 1, tenant: { rows: rows.map(({ path, line, table, access, verdict, how, sql }) => ({ path, line, table, access, verdict, how, ...(sql === undefined ? {} : { sql }) })), summary: counts } }, undefined, 2)}\n`;
  const summary = `${rows.length} uses of tenants’ tables: ${ORDER.map((verdict) => `${counts[verdict]} ${verdict}`).join(', ')}.`;
  return format === 'markdown' ? markdown(rows, summary) : text(rows, summary);
}

const lineOf = (content: string | undefined, offset: number): number => (content?.slice(0, offset).split('\n').length ?? 1);

const shorten = (sql: string | undefined): string => (sql === undefined ? '' : sql.length > 160 ? `${sql.slice(0, 157)}…` : sql);

function markdown(rows: readonly PlacedRow[], summary: string): string {
  const lines = rows.map((row) => `| ${row.verdict} | ${markdownCodeCell(`${row.path}:${row.line}`)} | ${cell(row.table)} | ${row.access} | ${cell(row.how)} | ${row.sql === undefined ? '' : markdownCodeCell(shorten(row.sql))} |`);
  return [`# Tenants`, '', summary, '', '| Verdict | Where | Table | Access | How | Query |', '| --- | --- | --- | --- | --- | --- |', ...lines, ''].join('\n');
}

function text(rows: readonly PlacedRow[], summary: string): string {
  const table = [['VERDICT', 'WHERE', 'TABLE', 'ACCESS', 'HOW'], ...rows.map((row) => [row.verdict, `${row.path}:${row.line}`, row.table, row.access, row.how])];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => (row[column] ?? '').length)));
  return `${table.map((row) => row.map((value, column) => (column < 4 ? value.padEnd(widths[column] ?? 0) : value)).join('  ').trimEnd()).join('\n')}\n\n${summary}\n`;
}

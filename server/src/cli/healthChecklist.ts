import { readFile } from 'node:fs/promises';
import pc from 'picocolors';
import { escapeMarkdown } from '../core/text/markdown';
import { CHECKS_OF, PERIODS, renderChecklistMarkdown, toChecklist, type ChecklistItem, type EarlierReport, type Period } from '../core/health/checklist';
import type { HealthReport } from '../core/health/model';
import { UsageError } from './usage';
import { forTerminal } from './terminal';

export interface ChecklistFlags {
  readonly daily?: boolean;
  readonly weekly?: boolean;
  readonly monthly?: boolean;
  readonly quarterly?: boolean;
  /** An earlier report, for growth. */
  readonly since?: string;
}

/** Periods that the flags name; none named: daily. */
export function periodsOf(flags: ChecklistFlags): readonly Period[] {
  const named = PERIODS.filter((period) => flags[period]);
  return named.length === 0 ? ['daily'] : named;
}

/** The checks on Postgres that their items rest on. */
export const checksOf = (periods: readonly Period[]): readonly string[] => [...new Set(periods.flatMap((period) => CHECKS_OF[period]))];

/** @throws UsageError where the file is no report */
export async function readEarlier(file: string | undefined): Promise<EarlierReport | undefined> {
  if (file === undefined) return undefined;
  try {
    const value = JSON.parse(await readFile(file, 'utf8')) as Partial<HealthReport>;
    if (value.version === 1 && typeof value.takenAt === 'string' && Array.isArray(value.checks)) return value as HealthReport;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw new UsageError(`--since ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw new UsageError(`--since ${file}: not a report of \`sargable health --format json\``);
}

/** @returns the text and the exit status: 1 where an item is open */
export function renderChecklist(report: HealthReport, periods: readonly Period[], format: string, evidence: { readonly earlier?: EarlierReport; readonly retentionDays: number }): { readonly text: string; readonly status: number } {
  const lists = periods.map((period) => ({ period, items: toChecklist(period, { report, ...evidence }) }));
  const status = lists.some(({ items }) => items.some(({ state }) => state === 'open')) ? 1 : 0;
  if (format === 'json') return { status, text: `${JSON.stringify({ version: 1, database: report.server?.database, takenAt: report.takenAt, lists }, undefined, 2)}\n` };
  if (format === 'markdown') return { status, text: `# Checklist of ${escapeMarkdown(report.server?.database ?? report.label)}, ${report.takenAt.slice(0, 10)}\n\n${lists.map(({ period, items }) => renderChecklistMarkdown(period, items)).join('\n')}` };
  return { status, text: forTerminal(`${lists.map(({ period, items }) => [pc.bold(`${period.charAt(0).toUpperCase()}${period.slice(1)}`), ...items.map(renderItem)].join('\n')).join('\n\n')}\n`) };
}

const MARK = { done: () => pc.green('✔'), open: () => pc.red('✖'), unknown: () => pc.yellow('?') } as const;

const renderItem = ({ item, state, evidence }: ChecklistItem): string => `  ${MARK[state]()} ${item}  ${pc.dim(evidence)}`;

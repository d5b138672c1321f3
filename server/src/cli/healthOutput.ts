import { rename, rm, writeFile } from 'node:fs/promises';
import { renderExposition } from '../core/health/exposition';
import { toIndexAnalysis } from '../core/health/indexAnalysis';
import { renderHealthMarkdown } from '../core/health/markdown';
import { toMetrics } from '../core/health/metrics';
import { collectFindings, countSeverities, type HealthReport } from '../core/health/model';
import { renderHealthText } from './healthText';
import { forTerminal } from './terminal';
import { UsageError } from './usage';

export const HEALTH_FORMATS = ['text', 'json', 'markdown', 'prometheus', 'index-analysis'] as const;

export type HealthFormat = (typeof HEALTH_FORMATS)[number];

/** @param lists in text: also the lists of each check */
export function renderHealth(report: HealthReport, format: HealthFormat, lists = true): string {
  if (format === 'prometheus') return renderExposition(toMetrics(report));
  if (format === 'index-analysis') return `${JSON.stringify(toIndexAnalysis(report), undefined, 2)}\n`;
  if (format === 'json') return `${JSON.stringify(report, undefined, 2)}\n`;
  return format === 'markdown' ? renderHealthMarkdown(report) : forTerminal(renderHealthText(report, { lists }));
}

/** On standard output, or into a file. */
export async function print(text: string, output: string | undefined): Promise<void> {
  if (output === undefined) process.stdout.write(text);
  else {
    await writeWhole(output, text);
    process.stderr.write(`sargable: ${output} written\n`);
  }
}

/** Puts a file in place at once: who reads it meanwhile (the node exporter does) sees the old one or the new one. */
export async function writeWhole(file: string, text: string): Promise<void> {
  const unfinished = `${file}.${process.pid}`;
  try {
    await writeFile(unfinished, text);
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw new UsageError(`--output ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** 1 where something is critical, or there are more warnings than allowed. */
export function statusOf(report: HealthReport, maxWarnings: number | undefined): number {
  const { critical, warning } = countSeverities(collectFindings(report));
  return critical > 0 || (maxWarnings !== undefined && warning > maxWarnings) ? 1 : 0;
}

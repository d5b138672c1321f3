import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import { renderExposition } from '../core/health/exposition';
import { describeServer, summariseHealth } from '../core/health/markdown';
import { toMetrics } from '../core/health/metrics';
import { collectFindings, type HealthReport } from '../core/health/model';
import { renderValue } from '../core/health/values';
import type { HealthLooks, HealthOutcome } from '../workspace/health';
import { statusOf, writeWhole, type HealthFormat } from './healthOutput';
import { forTerminal } from './terminal';

/** Between two looks when nothing else is said. */
export const DEFAULT_SECONDS = 10;

interface WatchFlags {
  readonly seconds: number;
  readonly format: HealthFormat;
  readonly output?: string;
  readonly maxWarnings?: number;
}

/**
 * Looks again and again until it is interrupted, one look at a time. A terminal is redrawn; otherwise each look is one line
 * of JSON, `--output` is rewritten whole. A look that fails says so and is not the last.
 * @returns the exit status of the last look
 */
export async function watchHealth(looks: HealthLooks, { seconds, format, output, maxWarnings }: WatchFlags): Promise<number> {
  const terminal = process.stdout.isTTY && format === 'text' && output === undefined;
  let ended = false;
  let wake: (() => void) | undefined;
  const end = (): void => {
    ended = true;
    wake?.();
  };
  process.once('SIGINT', end).once('SIGTERM', end);
  let last: HealthReport | undefined;
  try {
    while (!ended) {
      const outcome = await looks.look();
      if (outcome.ok) last = outcome.report;
      if (terminal) process.stdout.write(redraw(renderScreen(outcome, last, seconds).map(forTerminal)));
      else await write(outcome, format, output);
      if (ended) break;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, seconds * 1000);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
  if (terminal) process.stdout.write('\n');
  return last ? statusOf(last, maxWarnings) : 2;
}

/** One look as one line, or as a whole file. */
async function write(outcome: HealthOutcome, format: HealthFormat, output: string | undefined): Promise<void> {
  if (!outcome.ok) process.stderr.write(`sargable: ${outcome.error}\n`);
  const text = format === 'prometheus' ? (outcome.ok ? renderExposition(toMetrics(outcome.report)) : '') : `${JSON.stringify(outcome.ok ? outcome.report : { version: 1, takenAt: new Date().toISOString(), error: outcome.error })}\n`;
  if (output === undefined) process.stdout.write(text);
  else if (text !== '') await writeWhole(output, text);
}

/** The lines of a screen: what is wrong first, then the figures, as many as fit; notes are counted. */
function renderScreen(outcome: HealthOutcome, last: HealthReport | undefined, seconds: number): readonly string[] {
  const head = outcome.ok ? [] : [pc.red(outcome.error), ''];
  if (!last) return [...head, `Looking again every ${seconds} s; Ctrl+C ends it.`];
  const told = collectFindings(last).filter(({ severity }) => severity !== 'info');
  return [
    ...head, pc.bold(describeServer(last)), pc.dim(`${last.takenAt.slice(0, 19).replace('T', ' ')} UTC, every ${seconds} s; Ctrl+C ends it`), '',
    ...told.map(({ severity, message }) => `${severity === 'critical' ? pc.red('✖') : pc.yellow('▲')} ${message}`),
    `${summariseHealth(last)}.`, '',
    ...last.checks.flatMap(({ title, figures }) => {
      const known = figures.filter(({ value }) => value !== null).map(({ label, value, unit }) => `${pc.dim(label)} ${renderValue(value, unit)}`);
      return known.length === 0 ? [] : [`${pc.bold(title)}  ${known.join(pc.dim(' · '))}`];
    }),
  ];
}

/** From the top, line by line, without a blank screen between. */
function redraw(lines: readonly string[]): string {
  const { columns = 80, rows = 24 } = process.stdout;
  const shown = lines.slice(0, Math.max(1, rows - 1)).map((line) => fit(line, columns));
  return `\u001b[H${shown.map((line) => `${line}\u001b[K`).join('\n')}\u001b[J`;
}

/** Cut to the width; colours end with the line. */
function fit(line: string, columns: number): string {
  if (stripVTControlCharacters(line).length <= columns) return line;
  let width = 0;
  let cut = '';
  for (const [part] of line.matchAll(/\u001b\[\d+m|[\s\S]/gu)) {
    if (!part.startsWith('\u001b') && ++width >= columns) break;
    cut += part;
  }
  return `${cut}…\u001b[0m`;
}

import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { renderHealthMarkdown } from '../core/health/markdown';
import { collectFindings, countSeverities, type HealthReport } from '../core/health/model';
import { isThresholdName, THRESHOLDS } from '../core/health/thresholds';
import { databaseUrl } from '../workspace/connections';
import { postgresChecks, readHealthOf, type HealthRequest } from '../workspace/health';
import { nearest } from '../workspace/settings';
import { readSettings } from './check';
import { renderHealthText } from './healthText';
import { createProgress } from './progress';
import { UsageError } from './usage';

export const HEALTH_FORMATS = ['text', 'json', 'markdown'] as const;

export interface HealthFlags {
  /** `false` from `--no-database`. */
  readonly database?: string | false;
  readonly format: (typeof HEALTH_FORMATS)[number];
  readonly output?: string;
  readonly threshold?: readonly string[];
  readonly poolSize?: number;
  readonly maxOverflow?: number;
  readonly measureBloat?: boolean;
  readonly maxWarnings?: number;
  readonly config?: string;
}

/** `sargable health`. @returns the exit status: 1 where something is critical, or there are more warnings than allowed */
export async function runHealth(checks: readonly string[], flags: HealthFlags): Promise<number> {
  const { request, url } = await toHealthRequest(checks, flags);
  if (url === undefined) throw new UsageError('name the database: --database URL, SARGABLE_DATABASE_URL or PG* variables');
  const progress = createProgress();
  const outcome = await readHealthOf(url, { ...request, onProgress: (check, done, total) => progress.update(check.toLowerCase(), done, total, 'checks') });
  progress.done();
  if (!outcome.ok) throw new UsageError(`the database cannot be used: ${outcome.error}`);
  await print(renderHealth(outcome.report, flags.format), flags.output);
  return statusOf(outcome.report, flags.maxWarnings);
}

/** What the flags and the configuration ask for. Throws `UsageError`. */
export async function toHealthRequest(checks: readonly string[], flags: HealthFlags): Promise<{ readonly request: HealthRequest; readonly url: string | undefined }> {
  const names = postgresChecks.map(({ name }) => name);
  for (const check of checks) {
    if (!names.includes(check)) throw new UsageError(`unknown check '${check}'${nearest(check, names) ? `; did you mean '${nearest(check, names)}'?` : ''}\n  There are: ${names.join(', ')}`);
  }
  const settings = await readSettings(process.cwd(), flags.config === undefined ? {} : { config: flags.config });
  return {
    url: flags.database === false ? undefined : databaseUrl(flags.database),
    request: {
      ...(checks.length === 0 ? {} : { checks }), ...(settings.health ? { settings: settings.health } : {}), thresholds: toLimits(flags.threshold ?? []),
      options: { ...(flags.poolSize === undefined ? {} : { poolSize: flags.poolSize }), ...(flags.maxOverflow === undefined ? {} : { maxOverflow: flags.maxOverflow }), ...(flags.measureBloat ? { measureBloat: true } : {}) },
    },
  };
}

function toLimits(pairs: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(pairs.map((pair) => {
    const [name = '', value = ''] = pair.split('=', 2);
    if (!isThresholdName(name)) throw new UsageError(`--threshold ${pair}: there is no limit '${name}'${nearest(name, Object.keys(THRESHOLDS)) ? `; did you mean '${nearest(name, Object.keys(THRESHOLDS))}'?` : ''}`);
    const number = Number(value.replaceAll('_', ''));
    if (value === '' || !Number.isFinite(number) || number < 0) throw new UsageError(`--threshold ${pair}: write it as NAME=NUMBER`);
    return [name, number];
  }));
}

export function renderHealth(report: HealthReport, format: HealthFlags['format']): string {
  if (format === 'json') return `${JSON.stringify(report, undefined, 2)}\n`;
  return format === 'markdown' ? renderHealthMarkdown(report) : renderHealthText(report);
}

async function print(text: string, output: string | undefined): Promise<void> {
  if (output === undefined) process.stdout.write(text);
  else {
    await writeFile(output, text).catch((error: unknown) => {
      throw new UsageError(`--output ${output}: ${error instanceof Error ? error.message : String(error)}`);
    });
    process.stderr.write(`sargable: ${output} written\n`);
  }
}

export function statusOf(report: HealthReport, maxWarnings: number | undefined): number {
  const { critical, warning } = countSeverities(collectFindings(report));
  return critical > 0 || (maxWarnings !== undefined && warning > maxWarnings) ? 1 : 0;
}

const wholeNumber = (value: string): number => {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(value);
};
const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

/** Adds the command to the program. */
export function addHealthCommand(program: Command): void {
  program
    .command('health [checks...]')
    .description(`what is wrong with a database, and the statements that mend it: ${postgresChecks.map(({ name }) => name).join(', ')} (default: all)`)
    .option('--database <url>', 'the database (also SARGABLE_DATABASE_URL, PG* variables)')
    .addOption(new Option('--format <format>', 'output format').choices([...HEALTH_FORMATS]).default('text'))
    .option('--output <file>', 'write the report there')
    .option('--threshold <name=value>', 'limit of a check; repeatable', collect)
    .option('--pool-size <n>', "connections of the application's pools together", wholeNumber)
    .option('--max-overflow <n>', 'connections that they may open beyond', wholeNumber)
    .option('--measure-bloat', 'measure bloat with pgstattuple where it is installed: reads the largest tables')
    .option('--max-warnings <n>', 'exit 1 when there are more warnings', wholeNumber)
    .option('--config <path>', 'configuration file; discovered upwards otherwise')
    .action(async (checks: string[], flags: HealthFlags) => {
      process.exitCode = await runHealth(checks, flags);
    });
}

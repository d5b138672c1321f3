import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { collectFindings } from '../core/health/model';
import { isThresholdName, THRESHOLDS } from '../core/health/thresholds';
import { POSTGRES_CHECK } from '../core/health/unreachable';
import { databaseUrl } from '../workspace/connections';
import { openHealth, postgresChecks, type HealthRequest } from '../workspace/health';
import { readHealthWorkspace, type HealthWorkspace } from '../workspace/healthWorkspace';
import { createPlannerTwin } from '../workspace/plannerTwin';
import { nearest, type UserSettings } from '../workspace/settings';
import { readSettings } from './check';
import { parseAddress, serveMetrics } from './healthListen';
import { HEALTH_FORMATS, print, renderHealth, statusOf, type HealthFormat } from './healthOutput';
import { checksOf, periodsOf, readEarlier, renderChecklist, type ChecklistFlags } from './healthChecklist';
import { createSources, SOURCE_CHECKS, type SourceFlags } from './healthSources';
import { DEFAULT_SECONDS, watchHealth } from './healthWatch';
import { toPlannerOptions } from './plannerFlag';
import { createProgress, type Progress } from './progress';
import { isRoot } from './projectFolder';
import { UsageError } from './usage';

export interface HealthFlags extends SourceFlags, ChecklistFlags {
  /** `false` from `--no-database`. */
  readonly database?: string | false;
  /** Left out: text. */
  readonly format?: HealthFormat;
  readonly output?: string;
  readonly threshold?: readonly string[];
  readonly poolSize?: number;
  readonly maxOverflow?: number;
  readonly measureBloat?: boolean;
  readonly maxWarnings?: number;
  /** Bytes. */
  readonly memory?: number;
  /** `false` from `--no-workspace`. */
  readonly workspace?: boolean;
  readonly config?: string;
  /** Seconds; `true` from `--watch` alone. */
  readonly watch?: number | true;
  /** `[HOST:]PORT`. */
  readonly listen?: string;
}

/** `sargable health`. @returns the exit status: 1 where something is critical, or there are more warnings than allowed */
export async function runHealth(checks: readonly string[], flags: HealthFlags): Promise<number> {
  const { listen, watch, format = 'text' } = flags;
  if (listen !== undefined && (watch !== undefined || flags.output !== undefined)) throw new UsageError('--listen looks when it is asked: it goes without --watch and --output');
  if (listen !== undefined && flags.format !== undefined && flags.format !== 'prometheus') throw new UsageError(`--listen serves metrics in the format of Prometheus: it goes without --format ${flags.format}`);
  if (watch !== undefined && (format === 'markdown' || format === 'index-analysis')) throw new UsageError(`--watch writes text, json or prometheus, not ${format}`);
  const address = listen === undefined ? undefined : parseAddress(listen);
  const periods = checks[0] === 'checklist' ? periodsOf(flags) : undefined;
  if (periods && (checks.length > 1 || address || watch !== undefined || !['text', 'json', 'markdown'].includes(format))) throw new UsageError('health checklist goes with --daily, --weekly, --monthly or --quarterly, as text, json or markdown; without further checks, --watch and --listen');
  const earlier = await readEarlier(flags.since);
  const wanted = periods ? checksOf(periods) : format === 'index-analysis' && checks.length === 0 ? ['indexes'] : checks;
  if (format === 'index-analysis' && !wanted.includes('indexes')) throw new UsageError('--format index-analysis is of the check indexes');
  const { request, url, settings } = await toHealthRequest(wanted, flags);
  const progress = createProgress();
  const workspace = periods || address || watch !== undefined || url === undefined ? undefined : await readWorkspace(wanted, flags, url, settings, progress);
  const looks = openHealth(url, { ...request, ...(workspace ? { workspace: workspace.workspace } : {}), ...(watch === undefined && !address ? { onProgress: (check, done, total) => progress.update(check.toLowerCase(), done, total, 'checks') } : {}) });
  try {
    if (address) return await serveMetrics(looks, address);
    if (watch !== undefined) return await watchHealth(looks, { seconds: watch === true ? DEFAULT_SECONDS : watch, ...flags, format });
    const outcome = await looks.look();
    progress.done();
    if (!outcome.ok) throw new UsageError(`nothing can be said of the health: ${outcome.error}`);
    // It is about the Postgres alone, however well the servers beside it are.
    if (format === 'index-analysis' && !outcome.report.server) throw new UsageError(`nothing can be said of the database: ${collectFindings(outcome.report).find(({ check }) => check === POSTGRES_CHECK.name)?.message ?? 'it is not named'}`);
    if (periods) {
      const retentionDays = request.thresholds?.['partitionRetentionDays'] ?? settings.health?.thresholds?.['partitionRetentionDays'] ?? 0;
      const { text, status } = renderChecklist(outcome.report, periods, format, { retentionDays, ...(earlier ? { earlier } : {}) });
      await print(text, flags.output);
      return status;
    }
    await print(renderHealth(outcome.report, format, checks.length > 0 || flags.output !== undefined), flags.output);
    return statusOf(outcome.report, flags.maxWarnings);
  } finally {
    await looks.close();
    await workspace?.stop();
  }
}

/** The files around, where this is a project and a check can use them. What cannot be read is told and left out. */
async function readWorkspace(checks: readonly string[], flags: HealthFlags, url: string, settings: UserSettings, progress: Progress): Promise<{ readonly workspace: HealthWorkspace; stop(): Promise<void> } | undefined> {
  const folder = process.cwd();
  if (flags.workspace === false || !isRoot(folder) || !(checks.length === 0 || checks.includes('indexes') || checks.includes('statements'))) return undefined;
  const twin = createPlannerTwin(toPlannerOptions(undefined));
  const workspace = await readHealthWorkspace({ folder, settings, url, twin, onProgress: (done, total) => progress.update('reading', done, total) });
  progress.done();
  if (!('problem' in workspace)) return { workspace, stop: () => twin.stop() };
  process.stderr.write(`sargable: the workspace was not read: ${workspace.problem}\n`);
  await twin.stop();
  return undefined;
}

/** What the flags and the configuration ask for. Throws `UsageError`. */
export async function toHealthRequest(checks: readonly string[], flags: HealthFlags): Promise<{ readonly request: HealthRequest; readonly url: string | undefined; readonly settings: UserSettings }> {
  const known = [...postgresChecks.map(({ name }) => name), ...SOURCE_CHECKS];
  for (const check of checks) {
    if (!known.includes(check)) throw new UsageError(`unknown check '${check}'${nearest(check, known) ? `; did you mean '${nearest(check, known)}'?` : ''}\n  There are: ${known.join(', ')}`);
  }
  const settings = await readSettings(process.cwd(), flags.config === undefined ? {} : { config: flags.config });
  const sources = await createSources(checks, flags, settings);
  const onPostgres = checks.filter((check) => !SOURCE_CHECKS.includes(check));
  // Named sources alone need no Postgres; one that is named all the same tells them of its limits.
  const alone = checks.length > 0 && onPostgres.length === 0;
  const url = flags.database === false ? undefined : alone ? flags.database : databaseUrl(flags.database);
  if (url === undefined && (sources.length === 0 || onPostgres.length > 0)) throw new UsageError('name the database: --database URL, SARGABLE_DATABASE_URL or PG* variables');
  return {
    url, settings,
    request: {
      sources, ...(checks.length === 0 ? {} : { checks: onPostgres }), ...(settings.health ? { settings: settings.health } : {}), thresholds: toLimits(flags.threshold ?? []),
      options: { ...(flags.poolSize === undefined ? {} : { poolSize: flags.poolSize }), ...(flags.maxOverflow === undefined ? {} : { maxOverflow: flags.maxOverflow }), ...(flags.measureBloat ? { measureBloat: true } : {}), ...(flags.memory === undefined ? {} : { memory: flags.memory }) },
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

const wholeNumber = (value: string): number => {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(value);
};
const memory = (value: string): number => {
  const match = /^(\d+(?:\.\d+)?)\s*(MB|GB|TB)$/i.exec(value);
  if (!match) throw new InvalidArgumentError('Write it as 16GB.');
  return Number(match[1]) * 1024 ** ({ MB: 2, GB: 3, TB: 4 }[match[2]?.toUpperCase() ?? ''] ?? 0);
};
const seconds = (value: string): number => {
  const number = Number(value);
  if (value === '' || !Number.isFinite(number) || number < 1) throw new InvalidArgumentError('It must be a number of seconds, 1 or more.');
  return number;
};
const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

/** Adds the command to the program. */
export function addHealthCommand(program: Command): void {
  program
    .command('health [checks...]')
    .description(`what is wrong with a database, and the statements that mend it: ${[...postgresChecks.map(({ name }) => name), ...SOURCE_CHECKS].join(', ')} (default: all that is named by URL); or: checklist`)
    .option('--database <url>', 'the database (also SARGABLE_DATABASE_URL, PG* variables)')
    .addOption(new Option('--format <format>', 'output format (default: text)').choices([...HEALTH_FORMATS]))
    .option('--output <file>', 'write the report there; a reader never sees half of it')
    .option('--threshold <name=value>', 'limit of a check; repeatable', collect)
    .option('--pool-size <n>', "connections of the application's pools together", wholeNumber)
    .option('--max-overflow <n>', 'connections that they may open beyond', wholeNumber)
    .option('--measure-bloat', 'measure bloat with pgstattuple where it is installed: reads the largest tables')
    .option('--memory <size>', "of the server's machine (16GB); known by itself where it is this one", memory)
    .option('--no-workspace', 'do not read the files around: places of statements, and indexes that their queries lack')
    .option('--daily', 'with checklist: what is to be done each day, ticked by evidence')
    .option('--weekly', 'with checklist: each week')
    .option('--monthly', 'with checklist: each month')
    .option('--quarterly', 'with checklist: each quarter')
    .option('--since <file>', 'with checklist: an earlier report (--format json --output), for growth')
    .option('--max-warnings <n>', 'exit 1 when there are more warnings', wholeNumber)
    .option('--redis-url <url>', 'Redis, redis://host:6379/0 (also SARGABLE_REDIS_URL and REDIS_URL for the check redis)')
    .option('--redis-keys <n>', 'keys of Redis to measure at most; 0: none', wholeNumber)
    .option('--pgbouncer-url <url>', 'administration console of PgBouncer (also SARGABLE_PGBOUNCER_URL for the check pgbouncer)')
    .option('--pgbouncer-ini <file>', 'configuration of PgBouncer to check')
    .option('--watch [seconds]', `look again every so many seconds (${DEFAULT_SECONDS}): redraws a terminal, else appends a line of JSON`, seconds)
    .option('--listen <address>', 'serve metrics at http://HOST:PORT/metrics and look whenever they are asked for; [HOST:]PORT, 127.0.0.1 without a host')
    .option('--config <path>', 'configuration file; discovered upwards otherwise')
    .action(async (checks: string[], flags: HealthFlags) => {
      process.exitCode = await runHealth(checks, flags);
    });
}

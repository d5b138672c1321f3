import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { compareWithBaseline, createBaseline, type Baseline } from '../core/lint/baseline';
import type { Finding } from '../core/lint/rule';
import { createRuleTimer } from '../core/lint/ruleTimer';
import { hotFirst } from '../core/lint/usage';
import { rules } from '../core/rules/index.generated';
import { findConfig, loadConfig } from '../workspace/configFile';
import { createConnections } from '../workspace/connections';
import { createEngine } from '../workspace/engine';
import { isInside, languageOf, READ_ENDINGS, relativePath, toPath, toUri } from '../workspace/paths';
import { createPlannerTwin, type Twin } from '../workspace/plannerTwin';
import { createProject, type Linted, type Project, type Skipped } from '../workspace/project';
import { createStatementReader } from '../workspace/statementReader';
import { checkSettings, mergeSettings, nearest, type RuleSetting, type UserSettings } from '../workspace/settings';
import { reasonOf } from '../workspace/textFile';
import { changedFiles } from './changed';
import { fixFiles } from './fix';
import { render, SHOWS_FIXES, type Format } from './formats';
import { lintFiles, type Stage } from './lintFiles';
import { createProgress } from './progress';
import { projectFolder } from './projectFolder';
import { summarise, toReportFindings, type Report } from './report';
import { toPlannerOptions } from './plannerFlag';
import { renderTenantReport } from './tenantReport';
import { renderTiming, toTiming } from './timing';
import { UsageError } from './usage';

export interface CheckOptions {
  /** Which Postgres plans. A flag alone: no file of the workspace may choose it. */
  readonly planner?: 'embedded' | 'local';
  readonly schema?: readonly string[];
  /** `false` from `--no-database`. */
  readonly database?: string | false;
  readonly assume?: readonly string[];
  readonly format: Format;
  readonly rule?: readonly string[];
  readonly config?: string;
  readonly baseline?: string;
  readonly updateBaseline?: boolean;
  readonly allowGrowth?: boolean;
  readonly changed?: string | true;
  readonly fix?: boolean;
  readonly fixDryRun?: boolean;
  readonly fixReview?: readonly string[];
  readonly report?: 'tenant';
  readonly maxWarnings?: number;
  readonly quiet?: boolean;
  readonly stdin?: boolean;
  readonly stdinFilename?: string;
  readonly threads?: number;
  readonly timing?: boolean;
}

/** `sargable check`. @returns the exit status */
export async function runCheck(paths: readonly string[], options: CheckOptions): Promise<number> {
  const twin = createPlannerTwin(toPlannerOptions(options.planner));
  try {
    return await check(paths, options, twin);
  } finally {
    await twin.stop();
  }
}

async function check(given: readonly string[], flags: CheckOptions, twin: Twin): Promise<number> {
  const started = performance.now();
  const stages = new Map<string, number>();
  const stage: Stage = async (name, work) => {
    const from = performance.now();
    try {
      return await work();
    } finally {
      stages.set(name, (stages.get(name) ?? 0) + performance.now() - from);
    }
  };
  const folder = projectFolder(given);
  const paths = given.map((name) => path.resolve(name));
  const options = folder === process.cwd() ? flags : fromHere(flags);
  const settings = await readSettings(folder, options);
  const engine = await stage('start', createEngine);
  const timer = options.timing ? createRuleTimer(() => performance.now()) : undefined;
  const project = await createProject({ folder, engine, settings, threads: options.threads, readsHere: true, twin, timer });
  const progress = createProgress();
  const url = options.database === false ? undefined : options.database ?? (process.env['SARGABLE_DATABASE_URL'] || undefined);
  if (url !== undefined) await stage('catalog', () => useDatabase(project, url));
  const scanned = await stage('read', () => project.scan({ onProgress: (done, total) => progress.update('reading', done, total) }));
  const selection = await selectFiles(project, paths, options);
  if (options.report === 'tenant') {
    progress.done();
    process.stdout.write(renderTenantReport(project, selection.files, options.format));
    return 0;
  }
  const linted: Linted[] = [];
  const skipped: Skipped[] = [...selection.missing, ...scanned.skipped.filter((s) => selection.includes(s.path))];
  if (options.stdin) linted.push(await lintStdin(project, options, stage));
  else {
    const unread = new Set(skipped.map((s) => s.path));
    const outcome = await lintFiles(project, selection.files.filter((file) => !unread.has(file)), stage, (done) => progress.update('linting', done, selection.files.length));
    linted.push(...outcome.linted);
    skipped.push(...outcome.skipped);
  }
  progress.done();
  for (const problem of project.problems) process.stderr.write(`sargable: ${problem}\n`);
  for (const failure of new Map(linted.flatMap((l) => l.failures).map((f) => [f.rule, f])).values()) process.stderr.write(`sargable: the rule ${failure.rule} failed on ${toPath(failure.uri) ?? failure.uri}: ${failure.message}\n`);

  if (options.fix || options.fixDryRun) {
    const fixed = await stage('fix', () => fixFiles(project, linted, { dryRun: options.fixDryRun ?? false, review: options.fixReview ?? [] }));
    if (options.fixDryRun) process.stdout.write(fixed.diff);
    for (const problem of fixed.refused) process.stderr.write(`sargable: ${problem}\n`);
    linted.splice(0, linted.length, ...fixed.linted);
    if (!options.fixDryRun && fixed.applied > 0) process.stderr.write(`sargable: ${fixed.applied} ${fixed.applied === 1 ? 'fix' : 'fixes'} applied in ${fixed.files} ${fixed.files === 1 ? 'file' : 'files'}\n`);
  }

  let findings: readonly Finding[] = linted.flatMap((l) => l.findings);
  if (options.baseline !== undefined) findings = await applyBaseline(folder, options.baseline, findings, options);
  if (options.quiet) findings = findings.filter((f) => f.severity === 'error');
  const reported = toReport(project, linted, hotFirst(findings), skipped, options.format, performance.now() - started);
  const timing = timer && toTiming(stages, timer.times(), linted.flatMap((l) => l.findings));
  const report: Report = timing ? { ...reported, timing } : reported;
  if (!options.fixDryRun || options.format !== 'stylish') process.stdout.write(render(report, options.format));
  if (timing) process.stderr.write(renderTiming(timing));
  const { error, warning } = report.summary.bySeverity;
  return error > 0 || (options.maxWarnings !== undefined && warning > options.maxWarnings) ? 1 : 0;
}

/** Files that flags name are told from the current folder, whatever the project's is. */
const fromHere = <Options extends Pick<CheckOptions, 'schema' | 'config' | 'baseline'>>(options: Options): Options => ({
  ...options,
  ...(options.schema ? { schema: options.schema.map((name) => path.resolve(name)) } : {}),
  ...(options.config === undefined ? {} : { config: path.resolve(options.config) }),
  ...(options.baseline === undefined ? {} : { baseline: path.resolve(options.baseline) }),
});

/** Reads the live catalog and what the server has counted, and closes the connection: no statement of the workspace is ever sent. */
export async function useDatabase(project: Project, url: string): Promise<void> {
  const connections = createConnections();
  try {
    const outcome = await connections.connect({ name: 'cli', url });
    if (!outcome.ok) throw new UsageError(`the database cannot be used: ${outcome.error}`);
    await project.setLive(connections.catalogs());
    const readings = await createStatementReader(connections).read(0);
    for (const { notes } of readings?.values() ?? []) for (const note of notes) process.stderr.write(`sargable: ${note}\n`);
    if (readings) await project.setStatements(readings);
  } finally {
    await connections.close();
  }
}

function toReport(project: Project, linted: readonly Linted[], findings: readonly Finding[], skipped: readonly Skipped[], format: Format, durationMs: number): Report {
  const texts = new Map(linted.map((l) => [l.file.uri, l.text]));
  const unanalysed = linted.reduce((n, l) => n + l.file.sites.filter((s) => !s.source).length, 0);
  return {
    findings: toReportFindings(findings, project.folder, { text: (uri) => texts.get(uri) ?? project.textOf(uri) }, SHOWS_FIXES.includes(format)),
    skipped: skipped.map((s) => ({ path: relativePath(project.folder, s.path), reason: s.reason })),
    summary: summarise(findings, { files: linted.length, queries: linted.reduce((n, l) => n + l.file.sites.length, 0), unanalysed, durationMs: Math.round(durationMs) }),
  };
}

/** The configuration of a folder with the flags laid over it. Throws `UsageError`. */
export async function readSettings(folder: string, options: Pick<CheckOptions, 'config' | 'schema' | 'rule' | 'assume' | 'fixReview'>): Promise<UserSettings> {
  const file = options.config !== undefined ? await loadConfig(path.resolve(folder, options.config), rules, { trusted: true }) : await findConfig(folder, rules, { trusted: true });
  const base = file?.settings ?? {};
  const resolved = (schema: readonly string[] | undefined): readonly string[] | undefined => schema?.map((s) => path.resolve(path.dirname(file?.path ?? folder), s));
  const schema = resolved(base.schema);
  const flags: UserSettings = {
    ...(options.schema ? { schema: options.schema.map((s) => path.resolve(folder, s)) } : schema ? { schema } : {}),
    ...(base.databases ? { databases: base.databases.map((database) => ({ ...database, schema: resolved(database.schema) })) } : {}),
    rules: Object.fromEntries((options.rule ?? []).map((r) => pair(r, '--rule', 'ID=SEVERITY') as [string, RuleSetting])),
    assume: Object.fromEntries((options.assume ?? []).map((a) => {
      const [table, rows] = pair(a, '--assume', 'TABLE=ROWS');
      if (!/^\d+$/.test(rows.replaceAll('_', ''))) throw new UsageError(`--assume ${a}: '${rows}' is not a number of rows`);
      return [table, Number(rows.replaceAll('_', ''))];
    })),
  };
  const [problem] = checkSettings(flags, rules);
  if (problem) throw new UsageError(problem.message);
  for (const id of options.fixReview ?? []) {
    if (!rules.some((r) => r.id === id)) throw new UsageError(`--fix-review: unknown rule '${id}'${nearest(id, rules.map((r) => r.id)) ? `; did you mean '${nearest(id, rules.map((r) => r.id))}'?` : ''}`);
  }
  return mergeSettings(base, flags);
}

function pair(text: string, flag: string, form: string): [string, string] {
  const at = text.indexOf('=');
  if (at <= 0 || at === text.length - 1) throw new UsageError(`${flag} ${text}: write it as ${form}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

interface Selection {
  readonly files: readonly string[];
  readonly missing: readonly Skipped[];
  includes(path: string): boolean;
}

export async function selectFiles(project: Project, paths: readonly string[], options: Pick<CheckOptions, 'changed'>): Promise<Selection> {
  const all = project.paths;
  const wanted = paths.map((p) => path.resolve(project.folder, p));
  const missing: Skipped[] = [];
  const outside: string[] = [];
  for (const entry of wanted) {
    const info = await stat(entry).catch((error: unknown) => ({ problem: reasonOf(error) }));
    if ('problem' in info) throw new UsageError(`${relativePath(project.folder, entry)}: ${info.problem}`);
    if (info.isFile() && languageOf(entry) === undefined) missing.push({ path: entry, reason: `not a file that Sargable reads (${READ_ENDINGS})` });
    else if (info.isFile() && !all.includes(entry)) outside.push(entry);
  }
  const changed = options.changed === undefined ? undefined : new Set(await changedFiles(project.folder, options.changed === true ? undefined : options.changed));
  const includes = (file: string): boolean => (wanted.length === 0 || wanted.some((w) => file === w || isInside(w, file))) && (!changed || changed.has(file));
  return { files: [...all.filter(includes), ...outside], missing, includes };
}

async function lintStdin(project: Project, options: CheckOptions, stage: Stage): Promise<Linted> {
  const name = path.resolve(project.folder, options.stdinFilename ?? 'stdin.sql');
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const uri = toUri(name);
  await project.open(uri, Buffer.concat(chunks).toString('utf8'));
  const linted = await stage('lint', () => Promise.resolve(project.lintOpen(uri)));
  if (!linted) throw new UsageError(`--stdin-filename ${options.stdinFilename}: ${project.unread(uri) ?? `not a file that Sargable reads (${READ_ENDINGS})`}`);
  return linted.pending ? stage('plan', () => project.settled(linted)) : linted;
}

async function applyBaseline(folder: string, file: string, findings: readonly Finding[], options: CheckOptions): Promise<readonly Finding[]> {
  const target = path.resolve(folder, file);
  const toRelative = (uri: string): string => relativePath(folder, toPath(uri) ?? uri);
  const text = await readFile(target, 'utf8').catch(() => undefined);
  if (text === undefined && !options.updateBaseline) throw new UsageError(`${file}: the baseline does not exist; write it with --update-baseline --allow-growth`);
  const baseline = text === undefined ? { version: 1 as const, entries: [] } : parseBaseline(file, text);
  const { added } = compareWithBaseline(baseline, findings);
  if (!options.updateBaseline) return added;
  if (added.length > 0 && !options.allowGrowth) throw new UsageError(`${file}: ${added.length} new ${added.length === 1 ? 'finding' : 'findings'} would make the baseline grow; fix them or pass --allow-growth`);
  await writeFile(target, `${JSON.stringify(createBaseline(findings, toRelative), undefined, 2)}\n`);
  return [];
}

function parseBaseline(file: string, text: string): Baseline {
  try {
    const value = JSON.parse(text) as Partial<Baseline>;
    if (value.version === 1 && Array.isArray(value.entries)) return value as Baseline;
  } catch {
    // Reported below, with the other ways in which it is not a baseline.
  }
  throw new UsageError(`${file}: not a Sargable baseline (version 1); write it anew with --update-baseline --allow-growth`);
}

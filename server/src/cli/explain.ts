import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Catalog } from '../core/catalog/model';
import { findInPlan } from '../core/plan/findings';
import { collectNodes, parsePlan } from '../core/plan/planTree';
import { MAX_TEXT, readPlans, type PlanInput } from '../core/plan/read';
import { createConnections, databaseUrl } from '../workspace/connections';
import { createEngine, type Engine } from '../workspace/engine';
import type { ExplainOutcome } from '../workspace/explain';
import { explainInTwin } from '../workspace/explainTwin';
import { isInside, toUri } from '../workspace/paths';
import { createPlannerTwin, type Twin } from '../workspace/plannerTwin';
import { createProject, type Project } from '../workspace/project';
import { queryAtLine, queryFromSql, type ExplainableQuery } from '../workspace/queryAt';
import { knownToPlans, verifyFindings, withoutRefuted } from '../workspace/verifyPlanAdvice';
import { explainUnusedIndexes } from '../workspace/whyNotIndex';
import { runCalibrate } from './calibrate';
import { readSettings } from './check';
import { compareTwo, renderCompareMarkdown, renderCompareText, toCompareJson, type ComparedPlan, type PlanComparison } from './planCompare';
import { renderPlanMarkdown, renderPlanText, type ExplainedPlan, type JudgedPlan } from './planText';
import { toPlannerOptions } from './plannerFlag';
import { UsageError } from './usage';

export interface ExplainOptions {
  /** Which Postgres plans. A flag alone: no file of the workspace may choose it. */
  readonly planner?: 'embedded' | 'local';
  readonly sql?: string;
  /** `false` from `--no-database`. */
  readonly database?: string | false;
  readonly schema?: readonly string[];
  readonly assume?: readonly string[];
  readonly config?: string;
  readonly calibrate?: boolean;
  readonly analyze?: boolean;
  readonly param?: readonly string[];
  readonly values?: 'common' | 'rare';
  readonly role?: string;
  readonly set?: readonly string[];
  readonly allowFunction?: readonly string[];
  /** File with the plan to compare with: the one before. */
  readonly compare?: string;
  readonly format: 'text' | 'json' | 'markdown';
}

/** `sargable explain`. @returns the exit status */
export async function runExplain(target: string | undefined, options: ExplainOptions): Promise<number> {
  if (options.calibrate) {
    if (target !== undefined || options.sql !== undefined) throw new UsageError('--calibrate takes no query: its statements are made from the schema');
    return runCalibrate(options);
  }
  const input = await readInput(target, options);
  const given = input.kind === 'text' && options.sql === undefined ? readGivenPlans(input) : undefined;
  const saved = options.compare === undefined ? undefined : await readSaved(options.compare);
  if (given && saved) {
    const after = sideOf(given, nameOf(input));
    const engine = saved.sql !== undefined && after.sql !== undefined ? await createEngine() : undefined;
    return printComparison(compareTwo(saved, after, (sql) => engine?.sql.fingerprint(sql)), options.format);
  }
  if (given) return print(await judgeGiven(given, input, options), options.format);
  const engine = await createEngine();
  const url = options.database === false ? undefined : databaseUrl(options.database);
  if (url === undefined && (options.analyze || options.values || options.role !== undefined || options.param)) throw new UsageError('--analyze, --values, --role and --param need a database: pass --database URL, or set SARGABLE_DATABASE_URL or the PG* variables');
  const twin = createPlannerTwin(toPlannerOptions(options.planner));
  try {
    const project = await openProject(input, options, engine, twin);
    const query = await findQuery(project, engine, input);
    if (query.incomplete) throw new UsageError(`this query cannot be explained as it stands: ${query.incomplete}`);
    const result = url === undefined ? await planInTwin(project, twin, query, input) : await explainLive(url, query, options);
    if (result.kind === 'plan' && saved) return printComparison(compareTwo(saved, { plan: result.plan, sql: result.sql, label: `${result.analyzed ? 'executed' : 'estimated'} on ${result.connectionLabel}` }, (sql) => engine.sql.fingerprint(sql)), options.format);
    if (result.kind === 'plan') return print([await judge(result, query.sql, async () => catalogOf(project, input), twin, url === undefined)], options.format);
    if (result.kind === 'parametersNeeded') throw new UsageError(`the statement has parameters; pass a --param for each: ${result.parameters.map((p, i) => `$${i + 1}${p.type ? ` ${p.type}` : ''}`).join(', ')}`);
    throw new UsageError([result.message, ...(result.kind === 'refused' ? result.reasons : []), ...(result.kind === 'refused' && result.functions ? [`Allow with ${result.functions.map((name) => `--allow-function ${name}`).join(' ')}`] : [])].join('\n  '));
  } finally {
    await twin.stop();
  }
}

function print(plans: readonly JudgedPlan[], format: ExplainOptions['format']): number {
  const json = plans.map((plan) => ({ ...(plan.sql === '' ? {} : { 'Query Text': plan.sql }), ...plan.plan, ...(plan.notUsed.length > 0 ? { 'Indexes Not Used': plan.notUsed } : {}), ...(plan.findings.length > 0 ? { Findings: plan.findings.map((finding) => ({ ...finding, advice: finding.advice.map((advice, i) => ({ ...advice, verdict: plan.verified.find((item) => item.finding === finding && item.advice === i)?.verdict })) })) } : {}) }));
  process.stdout.write(format === 'json' ? `${JSON.stringify(json.length === 1 ? json[0] : json, undefined, 2)}\n` : plans.map((plan) => (format === 'markdown' ? renderPlanMarkdown(plan) : renderPlanText(plan, process.stdout.columns))).join('\n'));
  return 0;
}

/** @returns 1 where the plan after is worse */
function printComparison(comparison: PlanComparison, format: ExplainOptions['format']): number {
  process.stdout.write(format === 'json' ? `${JSON.stringify(toCompareJson(comparison), undefined, 2)}\n` : format === 'markdown' ? renderCompareMarkdown(comparison) : renderCompareText(comparison, process.stdout.columns));
  return comparison.verdict.verdict === 'worse' ? 1 : 0;
}

async function readSaved(name: string): Promise<ComparedPlan> {
  if (!(await stat(path.resolve(name)).then((s) => s.isFile(), () => false))) throw new UsageError(`--compare ${name}: no such file`);
  await refuseHuge(name);
  const text = await readFile(path.resolve(name), 'utf8');
  return sideOf(readGivenPlans({ kind: 'text', text, file: name })!, name);
}

function sideOf(plans: readonly PlanInput[], name: string): ComparedPlan {
  if (plans.length > 1) throw new UsageError(`${name} holds ${plans.length} plans: name a file with one`);
  const { document, sql } = plans[0]!;
  return { plan: document, label: name, ...(sql === undefined ? {} : { sql }) };
}

const nameOf = (input: Input): string => (input.kind === 'place' ? `${input.name}:${input.line + 1}` : input.file ?? 'standard input');

/** What the plan shows to be slow; advice that can be tried is tried in the twin, over the schema of the folder. */
async function judge(plan: ExplainedPlan, sql: string | undefined, catalog: () => Promise<Catalog | undefined>, twin: Twin | undefined, planned = false): Promise<JudgedPlan> {
  const model = parsePlan(plan.plan);
  const found = findInPlan(model);
  // Of a plan that was run, the catalog adds to what is found; of one that was not, it finds more.
  const whole = collectNodes(model.root).some(({ nodeType }) => nodeType.endsWith('Seq Scan'));
  if (found.length === 0 && model.analyzed && !whole) return { ...plan, findings: [], verified: [], notUsed: [] };
  const known = sql === undefined ? undefined : await catalog();
  const findings = known ? findInPlan(model, knownToPlans(known, planned)) : found;
  return { ...plan, ...withoutRefuted(findings, await verifyFindings(twin, known, sql, findings)), notUsed: await explainUnusedIndexes(twin, known, sql, model) };
}

async function catalogOf(project: Project, input: Input): Promise<Catalog | undefined> {
  await project.scan({});
  return project.catalogOf(toUri(input.kind === 'place' ? input.file : path.join(project.folder, 'statement.sql')));
}

async function judgeGiven(plans: readonly PlanInput[], input: Input, options: ExplainOptions): Promise<readonly JudgedPlan[]> {
  const judged: JudgedPlan[] = [];
  const statements = plans.some(({ sql }) => sql !== undefined);
  const twin = statements ? createPlannerTwin(toPlannerOptions(options.planner)) : undefined;
  let project: Project | undefined;
  const catalog = async (): Promise<Catalog | undefined> => {
    if (!twin) return undefined;
    project ??= await openProject(input, options, await createEngine(), twin);
    return catalogOf(project, input);
  };
  try {
    for (const { document, sql, parameters, durationMs, problems } of plans) {
      const facts = [...(durationMs === undefined ? [] : [`The statement took ${durationMs} ms by the log.`]), ...(parameters === undefined ? [] : [`Parameters: ${parameters}`]), ...problems];
      judged.push(await judge({ plan: document, sql: sql ?? '', analyzed: parsePlan(document).analyzed, notes: facts, connectionLabel: 'the server it was written by' }, sql, catalog, twin));
    }
    return judged;
  } finally {
    await twin?.stop();
  }
}

type Input = { readonly kind: 'text'; readonly text: string; /** Of a file that was named: it must hold a plan. */ readonly file?: string } | { readonly kind: 'place'; readonly file: string; readonly line: number; readonly name: string };

async function readInput(target: string | undefined, options: ExplainOptions): Promise<Input> {
  if (options.sql !== undefined) return { kind: 'text', text: options.sql };
  if (target === '-') {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return { kind: 'text', text: Buffer.concat(chunks).toString('utf8') };
  }
  const isFile = (name: string): Promise<boolean> => stat(name).then((s) => s.isFile(), () => false);
  if (target !== undefined && (await isFile(path.resolve(target)))) {
    await refuseHuge(target);
    return { kind: 'text', text: await readFile(path.resolve(target), 'utf8'), file: target };
  }
  const match = /^(.+):(\d+)$/.exec(target ?? '');
  if (!match?.[1]) throw new UsageError('name a query: FILE:LINE, --sql TEXT, or - for standard input; or a file with a plan');
  const file = path.resolve(match[1]);
  if (!(await isFile(file))) throw new UsageError(`${match[1]}: no such file`);
  return { kind: 'place', file, line: Number(match[2]) - 1, name: match[1] };
}

/** A file is read whole; what is longer than any text that is read as a plan is not. */
async function refuseHuge(name: string): Promise<void> {
  const { size } = await stat(path.resolve(name));
  if (size > 4 * MAX_TEXT) throw new UsageError(`${name}: the file is too large: ${Math.round(size / 1024 / 1024).toLocaleString('en')} MB. Cut out the part with the plan.`);
}

/** The plans in what was given; undefined: it is SQL. */
function readGivenPlans({ text, file }: Extract<Input, { kind: 'text' }>): readonly PlanInput[] | undefined {
  const reading = readPlans(text);
  if (reading.ok) {
    for (const problem of reading.problems ?? []) process.stderr.write(`sargable: ${problem}\n`);
    return reading.plans;
  }
  if (file === undefined && !/^\s*(?:[[{<]|->|- Plan)/.test(text)) return undefined;
  const { message, line, advice } = reading.error;
  throw new UsageError(`${file ?? 'standard input'}${line === undefined ? '' : `:${line + 1}`}: ${message} ${advice}`);
}

/** The folder whose schema the twin plans over, with its configuration. */
async function openProject(input: Input, options: ExplainOptions, engine: Engine, twin: Twin): Promise<Project> {
  const here = process.cwd();
  const folder = input.kind === 'text' || isInside(here, input.file) ? here : path.dirname(input.file);
  return createProject({ folder, engine, settings: await readSettings(folder, options), threads: 0, twin });
}

async function findQuery(project: Project, engine: Engine, input: Input): Promise<ExplainableQuery> {
  if (input.kind === 'text') return queryFromSql(engine, input.text);
  const linted = await project.lint(input.file);
  if ('reason' in linted) throw new UsageError(`${input.name}: ${linted.reason}`);
  const query = queryAtLine(engine, linted.file, linted.text, input.line);
  if (!query) throw new UsageError(`${input.name}:${input.line + 1}: no query stands there whose SQL is known`);
  return query;
}

async function planInTwin(project: Project, twin: Twin, query: ExplainableQuery, input: Input): Promise<ExplainOutcome> {
  return explainInTwin(twin, await catalogOf(project, input), query);
}

async function explainLive(url: string, query: ExplainableQuery, options: ExplainOptions): Promise<ExplainOutcome> {
  const connections = createConnections();
  try {
    const opened = await connections.connect({ name: 'cli', url });
    if (!opened.ok) throw new UsageError(opened.error);
    return await connections.explain({
      connection: 'cli', query, analyze: options.analyze ?? false, parameters: options.param, values: options.values, role: options.role, settings: readSettingFlags(options.set ?? []), allowFunctions: options.allowFunction,
    });
  } finally {
    await connections.close();
  }
}

const readSettingFlags = (flags: readonly string[]): Readonly<Record<string, string>> => Object.fromEntries(flags.map((flag) => {
  const at = flag.indexOf('=');
  if (at <= 0) throw new UsageError(`--set ${flag}: write it as NAME=VALUE`);
  return [flag.slice(0, at), flag.slice(at + 1)];
}));

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pc from 'picocolors';
import { assumptions, nothingToAdd, renderAdviceMarkdown, summarise, type AdviceReport, type QueryPlace, type ReportedIndex, type ReportedQuery } from '../core/advice/adviceReport';
import { describeSize } from '../core/advice/gain';
import { renderCost } from '../core/advice/planEvidence';
import { renderCount } from '../core/advice/size';
import { renderMigrations } from '../core/catalog/migrations';
import type { SqlAnalyser } from '../core/sql/ports';
import { adviseWorkspace, type AdvisedDatabase } from '../workspace/advise';
import { createEngine } from '../workspace/engine';
import { createPlannerTwin } from '../workspace/plannerTwin';
import { createProject, type Project } from '../workspace/project';
import { serverProblem, verifyOnServer } from '../workspace/verifyAdvice';
import { readSettings, selectFiles, useDatabase } from './check';
import { createProgress } from './progress';
import { projectFolder } from './projectFolder';
import { toPlannerOptions } from './plannerFlag';
import { UsageError } from './usage';

export const ADVICE_FORMATS = ['text', 'json', 'markdown'] as const;

export interface AdviseOptions {
  /** Which Postgres plans. A flag alone: no file of the workspace may choose it. */
  readonly planner?: 'embedded' | 'local';
  readonly schema?: readonly string[];
  /** `false` from `--no-database`. */
  readonly database?: string | false;
  readonly assume?: readonly string[];
  readonly config?: string;
  readonly format: (typeof ADVICE_FORMATS)[number];
  readonly max?: number;
  readonly write?: boolean;
  readonly verifyOnServer?: boolean;
  readonly threads?: number;
}

/** `sargable advise`. @returns the exit status */
export async function runAdvise(paths: readonly string[], options: AdviseOptions): Promise<number> {
  const folder = projectFolder(paths);
  const settings = await readSettings(folder, { ...options, ...(options.schema ? { schema: options.schema.map((name) => path.resolve(name)) } : {}) });
  const url = options.database === false ? undefined : options.database ?? (process.env['SARGABLE_DATABASE_URL'] || undefined);
  if (options.verifyOnServer && url === undefined) throw new UsageError('--verify-on-server needs a server: pass --database URL, or set SARGABLE_DATABASE_URL');
  const problem = options.verifyOnServer ? await serverProblem(url ?? '') : undefined;
  if (problem !== undefined) throw new UsageError(`--verify-on-server: ${problem}`);
  const twin = createPlannerTwin(toPlannerOptions(options.planner));
  try {
    const engine = await createEngine();
    const project = await createProject({ folder, engine, settings, threads: options.threads, readsHere: true, twin });
    if (url !== undefined) await useDatabase(project, url);
    const progress = createProgress();
    await project.scan({ onProgress: (done, total) => progress.update('reading', done, total) });
    const selection = await selectFiles(project, paths.map((name) => path.resolve(name)), {});
    const outcome = await adviseWorkspace({ project, engine, max: options.max, includes: selection.includes, onProgress: (done, total) => progress.update('planning', done, total, 'plans') });
    progress.done();
    for (const problem of project.problems) process.stderr.write(`sargable: ${problem}\n`);
    if (outcome.state === 'unavailable') throw new UsageError(`no advice: ${outcome.reason}`);
    const advised = options.verifyOnServer ? await verify(url ?? '', outcome.reports, engine.sql) : outcome.reports;
    const reports = advised.map(({ report }) => report);
    process.stdout.write(options.format === 'json' ? `${JSON.stringify({ version: 1, databases: reports }, undefined, 2)}\n` : options.format === 'markdown' ? renderAdviceMarkdown(reports) : renderText(reports));
    if (options.write) await writeMigrations(project, advised);
    return 0;
  } finally {
    await twin.stop();
  }
}

/** The server that was named is asked about every database: which of several it is, only the person knows. */
async function verify(url: string, reports: readonly AdvisedDatabase[], sql: SqlAnalyser): Promise<readonly AdvisedDatabase[]> {
  if (reports.length > 1) throw new UsageError('--verify-on-server: the workspace speaks to several databases; name the files of one');
  return Promise.all(reports.map(async (advised) => {
    const verified = await verifyOnServer(url, advised, sql);
    if ('problem' in verified) throw new UsageError(`--verify-on-server: ${verified.problem}`);
    return verified;
  }));
}

/** One migration for each index, in the workspace's own format. Indexes that become redundant are dropped by people. */
async function writeMigrations(project: Project, advised: readonly AdvisedDatabase[]): Promise<void> {
  for (const { report } of advised) {
    for (const index of report.indexes) {
      const target = project.databases.find((d) => d.name === report.database)?.settings.migrations;
      const files = target ? renderMigrations(target, { name: index.name, statements: index.statements, down: index.down }, target.now) : [];
      if (files.length === 0) throw new UsageError('--write: the workspace has no migrations whose format is known; set "migrations" in the configuration');
      for (const file of files) {
        const at = path.join(project.folder, file.path);
        await mkdir(path.dirname(at), { recursive: true });
        await writeFile(at, file.text, { flag: 'wx' });
        process.stderr.write(`sargable: ${file.path} written\n`);
      }
      // The next migration follows this one.
      await project.expect(files.map((file, i) => ({ ...file, sql: i === 0 ? index.statements.join('\n') : '' })));
    }
  }
}

function renderText(reports: readonly AdviceReport[]): string {
  return reports.map((report) => [
    ...(report.database === undefined ? [] : [pc.bold(`database ${report.database}`)]),
    report.indexes.length === 0 ? nothingToAdd(report) : summarise(report),
    ...report.indexes.map(renderIndex),
    ...(report.refused.length === 0 ? [] : [pc.dim(`${report.refused.length} ${report.refused.length === 1 ? 'query' : 'queries'} could not be planned:\n${report.refused.map(({ places, reason }) => `  ${describePlaces(places)}  ${reason}`).join('\n')}`)]),
  ].join('\n\n')).join('\n\n') + '\n';
}

function renderIndex(index: ReportedIndex): string {
  const rows = index.queries.map((query) => [describePlaces(query.places), renderCost(query.costBefore), '→', renderCost(query.costAfter), describeRead(query)]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map(([place = '', before = '', arrow = '', after = '', read = '']) => `  ${place.padEnd(widths[0] ?? 0)}  ${before.padStart(widths[1] ?? 0)} ${arrow} ${after.padStart(widths[3] ?? 0)}  ${pc.dim(read)}`.trimEnd());
  return [
    ...index.statements.map((statement) => pc.bold(statement)),
    `  ${[`about ${describeSize(index.bytes / 8192)}`, index.confidence, ...(index.server === undefined ? [] : [index.server])].join('; ')}`,
    `  writes: ${index.writes}`,
    ...assumptions(index).map((line) => pc.dim(`  ${line}`)),
    ...index.drops.map((drop) => `  when it is valid: ${drop.statement}`),
    ...table,
  ].join('\n');
}

const describePlaces = ([first, ...more]: readonly QueryPlace[]): string => `${first?.path ?? ''}:${first?.line ?? 0}${more.length > 0 ? ` (+${more.length})` : ''}`;

const describeRead = ({ rowsBefore, rowsAfter }: ReportedQuery): string =>
  rowsBefore === undefined ? '' : rowsAfter === undefined ? `${renderCount(rowsBefore)} rows read before` : `${renderCount(rowsBefore)} → ${renderCount(rowsAfter)} rows read`;

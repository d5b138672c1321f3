import { toAdviceReport, type AdviceReport, type QueryPlace } from '../core/advice/adviceReport';
import { chooseIndexSet, type IndexSet } from '../core/advice/indexSet';
import { collectWrites, toWorkloadQueries, type WorkloadStatement } from '../core/advice/workloadQueries';
import type { PlanAnswer, Planner, PlanQuestion } from '../core/plan/planner';
import { plannableSql } from '../core/sql/display';
import { createLineIndex } from '../core/text/lineIndex';
import type { Binding } from './bindings';
import type { Engine } from './engine';
import { relativePath, toPath } from './paths';
import type { Project } from './project';
import { collectWeights } from './statementStats';

export interface AdviseRequest {
  readonly project: Project;
  readonly engine: Engine;
  /** Which files' queries count; left out: all. Absolute paths. */
  readonly includes?: (path: string) => boolean;
  /** At most so many indexes for each database. */
  readonly max?: number;
  readonly signal?: AbortSignal;
  onProgress?(answered: number, asked: number): void;
}

export type AdviseOutcome =
  | { readonly state: 'advised'; readonly reports: readonly AdvisedDatabase[] }
  /** No planner here, or no schema: in words for the user. */
  | { readonly state: 'unavailable'; readonly reason: string };

export interface AdvisedDatabase {
  readonly binding: Binding;
  readonly set: IndexSet;
  readonly report: AdviceReport;
}

/** Questions put before the answers are waited for. */
const BATCH = 400;

/**
 * The smallest set of indexes for the queries of a scanned project, database by database, weighed by the time that the server
 * spends on them where it has counted (pg_stat_statements). Seconds for hundreds of queries.
 */
export async function adviseWorkspace(request: AdviseRequest): Promise<AdviseOutcome> {
  const reports: AdvisedDatabase[] = [];
  for (const binding of request.project.databases) {
    const { catalog } = binding.state;
    const workload = collectWorkload(request, binding);
    if (!catalog || workload.statements.length === 0) continue;
    const queries = toWorkloadQueries(workload.statements, catalog, binding.settings);
    const set = await settleSet(request, binding, queries);
    if (!set) return { state: 'unavailable', reason: noPlanner(binding) };
    const report = toAdviceReport({ database: binding.name, set, catalog, writes: collectWrites(workload.statements, catalog), placesOf: (sql) => workload.places.get(sql) ?? [] });
    reports.push({ binding, set, report });
  }
  if (reports.length === 0) {
    const known = request.project.databases.some((binding) => binding.state.catalog);
    return { state: 'unavailable', reason: known ? 'no query was found whose SQL is wholly known' : 'no schema is known: name a schema file, or connect to a database' };
  }
  return { state: 'advised', reports };
}

function noPlanner(binding: Binding): string {
  const problem = binding.planning.twin?.status().problem;
  return `there is no planner to try indexes with${problem === undefined ? binding.planning.twin ? '' : ': it is switched off, or missing in this installation' : `: ${problem}`}`;
}

/** Asks in rounds until the set is chosen. Undefined: the planner is not there or went away. */
async function settleSet({ max, signal, onProgress }: AdviseRequest, binding: Binding, queries: ReturnType<typeof toWorkloadQueries>): Promise<IndexSet | undefined> {
  const memory = remember(binding.planning.planner);
  for (;;) {
    signal?.throwIfAborted();
    const answer = chooseIndexSet({ planner: memory.planner, queries, max });
    if (answer.state === 'chosen') return answer;
    if (answer.state === 'unavailable') return undefined;
    const before = memory.answered;
    await binding.planning.settle();
    memory.collect();
    onProgress?.(memory.answered, memory.asked);
    if (memory.answered === before) return undefined;
  }
}

/** A planner that forgets no answer of this run and asks at most `BATCH` questions before they are answered. */
function remember(planner: Planner): { readonly planner: Planner; readonly answered: number; readonly asked: number; collect(): void } {
  const answers = new Map<string, PlanAnswer>();
  let open = new Map<string, PlanQuestion>();
  const ask = (key: string, question: PlanQuestion): PlanAnswer => {
    const answer = planner.plan(question);
    if (answer.state === 'pending') open.set(key, question);
    else answers.set(key, answer);
    return answer;
  };
  return {
    planner: {
      plan(question) {
        const key = JSON.stringify([question.sql, question.add, question.drop, question.settings]);
        return answers.get(key) ?? (open.has(key) || open.size >= BATCH ? { state: 'pending' } : ask(key, question));
      },
    },
    get answered() { return answers.size; },
    get asked() { return answers.size + open.size; },
    collect() {
      const waiting = open;
      open = new Map();
      for (const [key, question] of waiting) ask(key, question);
    },
  };
}

interface Workload {
  readonly statements: readonly WorkloadStatement[];
  readonly places: ReadonlyMap<string, readonly QueryPlace[]>;
}

/** Statements of application code and scripts whose SQL is wholly known, equal ones once. */
function collectWorkload({ project, engine, includes }: AdviseRequest, binding: Binding): Workload {
  const weights = collectWeights(project, engine.sql);
  const statements = new Map<string, WorkloadStatement>();
  const places = new Map<string, QueryPlace[]>();
  for (const [uri, file] of project.files) {
    const path = toPath(uri);
    const counts = file.role === 'application' || (file.role !== 'migration' && binding.settings.includeRoles.includes(file.role));
    if (path === undefined || file.foreign || !counts || project.bindingOf(uri) !== binding || includes?.(path) === false) continue;
    const sites = file.sites.filter((site) => site.source && site.complete && site.executes !== 'no');
    const text = sites.length > 0 ? project.textOf(uri) : undefined;
    const lines = text === undefined ? undefined : createLineIndex(text);
    for (const site of sites) {
      const model = site.source && engine.sql.analyse(site.source);
      const sql = site.source && model && plannableSql(site.source, model);
      if (sql === undefined || !model) continue;
      statements.set(sql, { sql, model, sites: (statements.get(sql)?.sites ?? 0) + 1, weight: weights.get(sql) });
      places.set(sql, [...(places.get(sql) ?? []), { path: relativePath(project.folder, path), line: (lines?.toLineColumn(site.anchor.start).line ?? 0) + 1 }]);
    }
  }
  return { statements: [...statements.values()], places };
}

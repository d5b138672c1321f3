import { readFileSync } from 'node:fs';
import path from 'node:path';
import type pg from 'pg';
import { quoteIdentifier, quoteLiteral } from '../../core/sql/names';
import type { StepError, StepResult } from '../../twin/child/protocol';
import { isLoadable } from '../../twin/extensions';
import { StepFailure, type PlanningServer, type PlanningStep } from '../../twin/planningServer';
import { TwinError, type TwinStatus } from '../../twin/twin';
import { startCluster, type Cluster } from './cluster';
import { hidePages, setHeight, setPages } from './files';
import type { Installation } from './installations';
import { renderStatistics } from './statistics';

export interface LocalServerOptions {
  readonly installation: Installation;
  /** Milliseconds without a question after which the cluster is thrown away. Default 60,000. */
  readonly idleMs?: number;
  /** Milliseconds that one `run` may take, where it does not say. Default 10,000. */
  readonly timeoutMs?: number;
  /** Milliseconds that the start may take. Default 60,000. */
  readonly startTimeoutMs?: number;
}

/** The driver's types leave these out: a session that waits for nothing does not keep our process alive. */
type Client = pg.Client & { ref(): void; unref(): void };

interface Running {
  readonly cluster: Cluster;
  readonly client: Client;
  /** Rejects when the cluster or the session to it has ended. */
  readonly lost: Promise<never>;
  /** `statement_timeout` of the session. */
  timeoutMs: number;
  busy: number;
}

const statementName = 'sargable_statement';
/** Ends in a row, without an answer in between, after which it is not started any more. */
const maxFailures = 3;
/** Beyond the time limit of a statement, for a planner that does not notice that it is cancelled. */
const graceMs = 3_000;

/**
 * A Postgres that is installed on this machine, as planning server: a cluster of its own that is thrown away, in which a role
 * without privileges plans. Bodies of functions never get there, no other extension than the known ones, and no untrusted
 * language.
 */
export function createLocalServer(options: LocalServerOptions): PlanningServer {
  const { installation, idleMs = 60_000, timeoutMs: defaultTimeoutMs = 10_000, startTimeoutMs = 60_000 } = options;
  const { major } = installation;
  let running: Running | undefined;
  let starting: Promise<Running> | undefined;
  let starts = 0;
  let failures = 0;
  let startMs: number | undefined;
  let problem: string | undefined;
  let idle: NodeJS.Timeout | undefined;
  const ending = new Set<Promise<void>>();

  const end = (target: Running): void => {
    if (running === target) running = undefined;
    const ended = target.cluster.stop();
    ending.add(ended);
    void ended.then(() => ending.delete(ended));
    void target.client.end().catch(() => undefined);
  };
  const fail = (target: Running, error: TwinError): void => {
    if (running !== target) return;
    if (++failures >= maxFailures) problem = `The planner ended ${maxFailures} times in a row: ${error.message}`;
    end(target);
  };
  const restIdle = (target: Running): void => {
    clearTimeout(idle);
    idle = setTimeout(() => { if (running === target && target.busy === 0) end(target); }, idleMs);
    idle.unref();
  };

  const launch = async (): Promise<Running> => {
    if (problem !== undefined) throw new TwinError('unavailable', problem);
    const began = performance.now();
    let cluster: Cluster | undefined;
    try {
      cluster = await startCluster(installation, startTimeoutMs);
      const client = await cluster.connect(defaultTimeoutMs) as Client;
      const lost = new Promise<never>((_, reject) => {
        const crashed = (): void => { reject(new TwinError('crashed', 'the planner ended while it planned; it starts again with the next question')); };
        client.once('end', crashed);
        void cluster?.ended.then(crashed);
      });
      const target: Running = { cluster, client, lost, timeoutMs: defaultTimeoutMs, busy: 0 };
      lost.catch((error: unknown) => { if (error instanceof TwinError) fail(target, error); });
      startMs = Math.round(performance.now() - began);
      starts++;
      running = target;
      client.unref();
      restIdle(target);
      return target;
    } catch (error) {
      await cluster?.stop();
      problem = error instanceof TwinError ? error.message : `PostgreSQL ${installation.version} of this machine cannot be used`;
      throw new TwinError('unavailable', problem);
    }
  };

  const open = (): Promise<Running> => {
    if (running !== undefined) {
      restIdle(running);
      return Promise.resolve(running);
    }
    starting ??= launch().finally(() => { starting = undefined; });
    return starting;
  };

  const work = async (target: Running, steps: readonly PlanningStep[], last: string | undefined, timeoutMs: number): Promise<readonly StepResult[]> => {
    if (target.timeoutMs !== timeoutMs) await query(target, `set statement_timeout = ${timeoutMs}`).then(() => { target.timeoutMs = timeoutMs; }, () => undefined);
    const results: StepResult[] = [];
    let failed: StepError | undefined;
    for (const [index, step] of steps.entries()) {
      try {
        results.push({ rows: await runStep(target, step, major) });
      } catch (cause) {
        const error = toStepError(index, step, major, cause);
        if (!isOptional(step)) {
          failed = error;
          break;
        }
        results.push({ rows: [], error });
      }
    }
    if (last !== undefined) await query(target, last);
    if (failed?.sqlState === '57014') throw new TwinError('timeout', `the planner did not answer in ${timeoutMs} ms`);
    if (failed !== undefined) throw new StepFailure(failed);
    return results;
  };

  return {
    major, takesBodies: false,
    start: async () => { await open(); return starts; },
    run: async (steps, { finally: last, timeoutMs = defaultTimeoutMs } = {}) => {
      const target = running;
      if (target === undefined) throw new TwinError('crashed', 'the planner ended; it starts again with the next question');
      target.busy++;
      target.client.ref();
      let timer: NodeJS.Timeout | undefined;
      const tooLong = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          const error = new TwinError('timeout', `the planner did not answer in ${timeoutMs} ms`);
          reject(error);
          fail(target, error);
        }, timeoutMs + graceMs);
      });
      try {
        const results = await Promise.race([work(target, steps, last, timeoutMs), target.lost, tooLong]);
        failures = 0;
        return results;
      } catch (error) {
        // Postgres answered.
        if (error instanceof StepFailure) failures = 0;
        throw error;
      } finally {
        clearTimeout(timer);
        if (--target.busy === 0 && running === target) {
          target.client.unref();
          restIdle(target);
        }
      }
    },
    status: (): TwinStatus => ({
      state: problem !== undefined ? 'failed' : running !== undefined ? 'running' : starting !== undefined ? 'starting' : 'stopped', engine: `PostgreSQL ${installation.version} of this machine`,
      ...(running === undefined ? {} : memoryOf(running.client)), ...(startMs === undefined ? {} : { startMs }), ...(problem === undefined ? {} : { problem }),
    }),
    stop: async () => {
      clearTimeout(idle);
      await starting?.catch(() => undefined);
      if (running !== undefined) end(running);
      await Promise.all(ending);
    },
  };
}

const isOptional = (step: PlanningStep): boolean => (step.type === 'sql' ? step.optional === true : step.type === 'relation' || step.type === 'column' || step.type === 'forget' || step.type === 'extension');

type Rows = StepResult['rows'];

/** The extended protocol: Postgres itself refuses a second statement. */
const query = async ({ client }: Running, text: string): Promise<Rows> => (await client.query<Readonly<Record<string, unknown>>>({ text, queryMode: 'extended' } as pg.QueryConfig)).rows;

async function runStep(target: Running, step: PlanningStep, major: number): Promise<Rows> {
  switch (step.type) {
    case 'sql': {
      const rows = await query(target, step.sql);
      if (step.sql === 'reset all') target.timeoutMs = Number.NaN;
      return rows;
    }
    case 'explain': return major >= 16 ? explainGeneric(target, step.statement) : explainPrepared(target, step.statement);
    case 'relation': case 'column': case 'forget': return query(target, renderStatistics(step, major));
    case 'extension':
      if (isLoadable(step.name)) await target.cluster.administer(`create extension if not exists ${quoteIdentifier(step.name)} schema ${quoteIdentifier(step.schema)}`);
      return [];
    case 'size': case 'hide': case 'height': {
      const [row] = await query(target, `select pg_catalog.pg_relation_filepath(${quoteLiteral(step.relation)}::regclass) as path`);
      if (typeof row?.['path'] !== 'string') return [];
      const file = path.join(target.cluster.dataFolder, row['path']);
      if (step.type === 'size') setPages(file, step.pages, target.cluster.owner);
      else if (step.type === 'hide') hidePages(file, target.cluster.owner);
      else setHeight(file, step.level);
      return [];
    }
  }
}

const genericPrefix = 'explain (generic_plan, verbose, format json) ';
const preparedPrefix = `prepare ${statementName} as `;

/** The simple protocol, for the parameters have no values: the statement has been proved to be one. */
const explainGeneric = async ({ client }: Running, statement: string): Promise<Rows> => (await client.query<Readonly<Record<string, unknown>>>(`${genericPrefix}${statement}`)).rows;

/**
 * Before 16: the generic plan of a prepared statement. With NULL for the values run-time pruning would remove every
 * partition from what is shown.
 */
async function explainPrepared(target: Running, statement: string): Promise<Rows> {
  await query(target, 'deallocate all');
  await query(target, `${preparedPrefix}${statement}`);
  await query(target, 'set local plan_cache_mode = force_generic_plan');
  const [prepared] = await query(target, `select pg_catalog.cardinality(parameter_types) as count from pg_catalog.pg_prepared_statements where name = '${statementName}'`);
  const count = Number(prepared?.['count'] ?? 0);
  const explain = `explain (verbose, format json) execute ${statementName}${count > 0 ? `(${Array.from({ length: count }, () => 'null').join(', ')})` : ''}`;
  const rows = await query(target, explain);
  if (!JSON.stringify(rows).includes('"Subplans Removed"')) return rows;
  await query(target, 'set local enable_partition_pruning = off');
  await query(target, 'discard plans');
  return query(target, explain);
}

/** As Postgres reports it; positions count in the statement of an `explain` step. */
function toStepError(step: number, { type }: PlanningStep, major: number, cause: unknown): StepError {
  const { code, message, position } = (typeof cause === 'object' && cause !== null ? cause : {}) as { readonly code?: unknown; readonly message?: unknown; readonly position?: unknown };
  const at = Number(position) - (type === 'explain' ? (major >= 16 ? genericPrefix : preparedPrefix).length : 0);
  return { step, ...(typeof code === 'string' ? { sqlState: code } : {}), message: typeof message === 'string' ? message : 'no answer', ...(at > 0 ? { position: at } : {}) };
}

/** Resident memory of the process that plans, where the system tells (Linux). */
function memoryOf(client: pg.Client): { readonly memoryBytes?: number } {
  try {
    const resident = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${String((client as unknown as { readonly processID: number | null }).processID)}/status`, 'utf8'))?.[1];
    return resident === undefined ? {} : { memoryBytes: Number(resident) * 1024 };
  } catch {
    return {};
  }
}

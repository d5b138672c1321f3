import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { quoteIdentifier } from '../core/sql/names';
import type { StepError, StepResult, TwinGreeting, TwinReply, TwinRequest, TwinStep } from './child/protocol';
import { StepFailure, type PlanningServer, type PlanningStep } from './planningServer';
import { renderStatisticsStep } from './statistics';
import { TwinError, type TwinStatus } from './twin';

export interface EmbeddedOptions {
  /** `dist/twin.js`, or what finds it at the first start. */
  readonly script: string | (() => Promise<string>);
  /** Milliseconds without a question after which the process ends. */
  readonly idleMs: number;
  /** Milliseconds that a start may take. */
  readonly startTimeoutMs: number;
  /** Milliseconds that one `run` may take, where it does not say. */
  readonly timeoutMs: number;
  /** Resident memory above which the process is replaced by a fresh one. */
  readonly memoryLimitBytes: number;
  /** Milliseconds after which a process that ended too often is tried once more: what ended it may be over. */
  readonly retryMs: number;
}

const engine = 'PGlite, PostgreSQL 18.6';
/** Ends in a row, without an answer in between, after which it is not started for a while. */
const maxFailures = 3;

interface Running {
  readonly child: ChildProcess;
  readonly pending: Map<number, { resolve(reply: TwinReply): void; reject(error: TwinError): void }>;
  memoryBytes: number;
}

/** PGlite in a process of its own, which is ended by force where it does not answer: its `statement_timeout` does nothing. */
export function createEmbeddedServer(options: EmbeddedOptions): PlanningServer {
  let running: Running | undefined;
  let starting: Promise<Running> | undefined;
  let starts = 0;
  let failures = 0;
  let retryAt = 0;
  /** The program is not there: no try helps. */
  let missing = false;
  let requests = 0;
  let startMs: number | undefined;
  let problem: string | undefined;
  let idle: NodeJS.Timeout | undefined;
  const ended = new Set<Promise<void>>();

  const failed = (): boolean => missing || (failures >= maxFailures && Date.now() < retryAt);
  const end = (target: Running, error: TwinError): void => {
    if (running === target) running = undefined;
    for (const { reject } of target.pending.values()) reject(error);
    target.pending.clear();
    // One that was never made (no memory, too many files open) does not end either.
    if (target.child.pid !== undefined && target.child.exitCode === null && target.child.signalCode === null) {
      const gone = new Promise<void>((resolve) => { target.child.once('exit', () => { resolve(); }); });
      ended.add(gone);
      void gone.then(() => ended.delete(gone));
      // Whoever waits for the end (`stop`) must not be ended before it: Node leaves when nothing holds it, with status 0.
      target.child.ref();
      target.child.kill('SIGKILL');
    }
  };
  const fail = (target: Running, error: TwinError): void => {
    if (++failures >= maxFailures) {
      retryAt = Date.now() + options.retryMs;
      problem = `The planner ended ${maxFailures} times in a row: ${error.message}`;
    }
    end(target, error);
  };
  /** A process that waits for nothing does not keep ours alive. */
  const hold = (target: Running, held: boolean): void => {
    if (held) { target.child.ref(); target.child.channel?.ref(); }
    else { target.child.unref(); target.child.channel?.unref(); }
  };
  const restIdle = (target: Running): void => {
    clearTimeout(idle);
    idle = setTimeout(() => { if (running === target && target.pending.size === 0) end(target, new TwinError('unavailable', 'the planner was stopped')); }, options.idleMs);
    idle.unref();
  };

  const launch = async (): Promise<Running> => {
    if (failed()) throw new TwinError('unavailable', problem ?? 'the planner does not start');
    const script = typeof options.script === 'string' ? options.script : await options.script();
    if (!existsSync(script)) {
      missing = true;
      problem = 'the planner was not built into this installation';
      throw new TwinError('unavailable', problem);
    }
    const began = performance.now();
    const child = fork(script, [], { env: childEnvironment(), execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    const target: Running = { child, pending: new Map(), memoryBytes: 0 };
    try {
      await greeting(child, options.startTimeoutMs);
    } catch (error) {
      const reason = error instanceof TwinError ? error : new TwinError('crashed', 'the planner did not start');
      fail(target, reason);
      throw reason;
    }
    child.on('message', (reply: TwinReply) => {
      target.memoryBytes = reply.memoryBytes;
      target.pending.get(reply.id)?.resolve(reply);
      target.pending.delete(reply.id);
    });
    child.once('exit', () => { if (running === target) fail(target, new TwinError('crashed', 'the planner ended while it planned; it starts again with the next question')); });
    child.on('error', () => undefined);
    startMs = Math.round(performance.now() - began);
    starts++;
    running = target;
    hold(target, false);
    restIdle(target);
    return target;
  };

  const open = (): Promise<Running> => {
    if (running !== undefined && running.memoryBytes > options.memoryLimitBytes && running.pending.size === 0) end(running, new TwinError('unavailable', 'the planner is replaced'));
    if (running !== undefined) {
      restIdle(running);
      return Promise.resolve(running);
    }
    starting ??= launch().finally(() => { starting = undefined; });
    return starting;
  };

  return {
    major: 18, takesBodies: true,
    start: async () => { await open(); return starts; },
    run: async (steps, { finally: last, timeoutMs = options.timeoutMs } = {}) => {
      const target = running;
      if (target === undefined) throw new TwinError('crashed', 'the planner ended; it starts again with the next question');
      const request: TwinRequest = { id: requests++, steps: steps.map(toChildStep), ...(last === undefined ? {} : { finally: last }) };
      hold(target, true);
      const timer = setTimeout(() => { fail(target, new TwinError('timeout', `the planner did not answer in ${timeoutMs} ms`)); }, timeoutMs);
      try {
        const reply = await new Promise<TwinReply>((resolve, reject) => {
          target.pending.set(request.id, { resolve, reject });
          target.child.send(request, (error) => { if (error !== null) fail(target, new TwinError('crashed', 'the planner ended; it starts again with the next question')); });
        });
        failures = 0;
        problem = undefined;
        if (reply.error !== undefined) throw new StepFailure(steps[reply.error.step]?.type === 'explain' ? inStatement(reply.error) : reply.error);
        return reply.results satisfies readonly StepResult[];
      } finally {
        clearTimeout(timer);
        if (target.pending.size === 0) {
          hold(target, false);
          restIdle(target);
        }
      }
    },
    status: (): TwinStatus => ({
      state: failed() ? 'failed' : running !== undefined ? 'running' : starting !== undefined ? 'starting' : 'stopped', engine,
      ...(running === undefined ? {} : { memoryBytes: running.memoryBytes }), ...(startMs === undefined ? {} : { startMs }), ...(problem === undefined ? {} : { problem }),
    }),
    stop: async () => {
      clearTimeout(idle);
      await starting?.catch(() => undefined);
      if (running !== undefined) end(running, new TwinError('unavailable', 'the planner was stopped'));
      await Promise.all(ended);
    },
  };
}

/** The simple protocol, for the parameters have no values: the statement must be proved to be one. */
const explain = 'explain (generic_plan, verbose, format json) ';

function toChildStep(step: PlanningStep): TwinStep {
  switch (step.type) {
    case 'explain': return { type: 'sql', sql: `${explain}${step.statement}` };
    case 'extension': return { type: 'sql', sql: `create extension if not exists ${quoteIdentifier(step.name)} schema ${quoteIdentifier(step.schema)}`, optional: true };
    case 'relation': case 'column': case 'forget': return { type: 'sql', sql: renderStatisticsStep(step), optional: true };
    default: return step;
  }
}

const inStatement = (error: StepError): StepError => (error.position === undefined ? error : { ...error, position: error.position - explain.length });

/**
 * Nothing of our environment: it may hold passwords. `SystemRoot`: without it no program starts on Windows; `LD_LIBRARY_PATH`: where
 * packages like Snap's keep what the editor's own runtime needs. That runtime is a browser unless it is told to be Node.
 */
function childEnvironment(): NodeJS.ProcessEnv {
  const { SystemRoot, LD_LIBRARY_PATH } = process.env;
  return { ...(SystemRoot === undefined ? {} : { SystemRoot }), ...(LD_LIBRARY_PATH === undefined ? {} : { LD_LIBRARY_PATH }), ...('electron' in process.versions ? { ELECTRON_RUN_AS_NODE: '1' } : {}) };
}

function greeting(child: ChildProcess, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (error?: TwinError): void => {
      clearTimeout(timer);
      child.removeAllListeners();
      if (error === undefined) resolve();
      else reject(error);
    };
    const timer = setTimeout(() => { finish(new TwinError('timeout', `the planner did not start in ${timeoutMs} ms`)); }, timeoutMs);
    child.once('message', (message: TwinGreeting) => { finish(message.ready ? undefined : new TwinError('crashed', `the planner did not start: ${message.problem ?? 'no reason given'}`)); });
    child.once('exit', (code, signal) => { finish(new TwinError('crashed', `the planner's process ended at its start (${signal ?? code ?? 'unknown'})`)); });
    child.once('error', (error) => { finish(new TwinError('crashed', `the planner's process did not start: ${error.message}`)); });
  });
}

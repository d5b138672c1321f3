import { readFile } from 'node:fs/promises';
import os from 'node:os';
import { addAdvice } from '../core/health/advice';
import type { HealthCheck, HealthReport, HealthServer } from '../core/health/model';
import { toThresholds, type Thresholds } from '../core/health/thresholds';
import { POSTGRES_CHECK, tellUnreachable } from '../core/health/unreachable';
import { DatabaseError } from '../db/errors';
import { probes } from '../db/health';
import { runProbe, type HealthOptions, type Probe, type ProbeResult } from '../db/health/probe';
import { readServer } from '../db/health/server';
import { openSession, type DbSession } from '../db/session';
import type { HealthWorkspace } from './healthWorkspace';
import type { HealthSettings } from './settings';

/** A check that does not ask the Postgres session: another server, a file, the workspace. It reports what it cannot do as a note. */
export interface HealthSource {
  readonly name: string;
  readonly title: string;
  /** `server`: the Postgres that is looked at with it. What takes long rejects where `signal` ends it. */
  run(limits: Thresholds, server?: HealthServer, signal?: AbortSignal): Promise<ProbeResult>;
}

export interface HealthRequest {
  /** Left out: only the sources are looked at. */
  readonly session?: DbSession;
  /** Names of the checks on Postgres; left out: all. */
  readonly checks?: readonly string[];
  /** Checks beside those on Postgres, after them; all of them run. */
  readonly sources?: readonly HealthSource[];
  readonly settings?: HealthSettings;
  /** Over the settings. */
  readonly thresholds?: Readonly<Record<string, number>>;
  readonly options?: HealthOptions;
  /** Whose queries speak to the database: statements are told with their places, and missing indexes for them. */
  readonly workspace?: HealthWorkspace;
  readonly signal?: AbortSignal;
  onProgress?(check: string, done: number, total: number): void;
}

/** Name and title of every check on Postgres. */
export const postgresChecks: readonly { readonly name: string; readonly title: string }[] = probes.map(({ name, title }) => ({ name, title }));

/**
 * Looks at a database: check by check, each in a read-only transaction with short time limits. A check that fails or may
 * not see something says so in its `cannotSee`; the others go on. A server that cannot be reached, or is lost on the way, becomes
 * a finding in the place of its checks. Rejects with `DatabaseError` where none could be reached.
 */
export async function readHealth(request: HealthRequest): Promise<HealthReport> {
  const { session, settings, sources = [], signal } = request;
  const thresholds = toThresholds(settings?.thresholds, request.thresholds);
  const chosen: readonly Probe[] = session ? probes.filter(({ name }) => request.checks?.includes(name) ?? true) : [];
  const checks: HealthCheck[] = [];
  const failures: DatabaseError[] = [];
  const total = chosen.length + sources.length;
  const run = async ({ name, title }: Pick<HealthCheck, 'name' | 'title'>, work: () => Promise<ProbeResult>): Promise<void> => {
    signal?.throwIfAborted();
    request.onProgress?.(title, checks.length, total);
    const started = performance.now();
    const { figures, tables, findings, cannotSee } = await work();
    const check: HealthCheck = { name, title, figures, tables, findings: findings.map((f) => ({ ...f, check: name })), cannotSee: cannotSee.map((c) => ({ ...c, check: name })), durationMs: Math.round(performance.now() - started) };
    checks.push(name === 'indexes' && request.workspace ? addAdvice(check, await request.workspace.advise()) : check);
  };
  const orTell = async (of: Pick<HealthCheck, 'name' | 'title'>, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      failures.push(error);
      await run(of, () => Promise.resolve({ figures: [], tables: [], findings: [tellUnreachable(of.title, error.message)], cannotSee: [] }));
    }
  };
  let server: HealthServer | undefined;
  if (session) {
    await orTell(POSTGRES_CHECK, async () => {
      const found = server = await readServer(session);
      const options = { ...await toOptions(settings, session), ...(request.workspace ? { placesOf: request.workspace.placesOf } : {}), ...request.options };
      for (const probe of chosen) await run(probe, () => runProbe(session, probe, { server: found, thresholds, options }));
    });
  }
  for (const source of sources) await orTell(source, () => run(source, () => source.run(thresholds, server, signal)));
  if (failures[0] && failures.length === checks.length) throw failures.length === 1 ? failures[0] : new DatabaseError(failures[0].kind, failures.map(({ message }) => message).join('; '));
  return { version: 1, label: session?.label ?? sources.map(({ title }) => title).join(', '), takenAt: server?.now ?? new Date().toISOString(), ...(server ? { server } : {}), checks };
}

async function toOptions(settings: HealthSettings | undefined, session: DbSession): Promise<HealthOptions> {
  const memory = settings?.memoryMegabytes === undefined ? await memoryHere(session) : settings.memoryMegabytes * 1024 * 1024;
  return {
    ...(settings?.poolSize === undefined ? {} : { poolSize: settings.poolSize }), ...(settings?.maxOverflow === undefined ? {} : { maxOverflow: settings.maxOverflow }),
    ...(memory === undefined ? {} : { memory }),
  };
}

/** Of this machine, where the server proves to run on it: behind a tunnel it would be another's. Bytes. */
async function memoryHere(session: DbSession): Promise<number | undefined> {
  if (!/@(localhost|127\.0\.0\.1|::1|\[::1\]|\/[^:]*)(:\d+)?\//.test(session.label)) return undefined;
  const pid = await session.withConnection((connection) => Promise.resolve(connection.pid));
  const process = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '');
  return process.startsWith('postgres: ') ? os.totalmem() : undefined;
}

export type HealthOutcome = { readonly ok: true; readonly report: HealthReport } | { readonly ok: false; readonly error: string; readonly code?: string };

/** Looks again and again, over one connection of its own. */
export interface HealthLooks {
  look(): Promise<HealthOutcome>;
  close(): Promise<void>;
}

/** `url` undefined: the sources alone are looked at. Connects at the first look. */
export function openHealth(url: string | undefined, request: Omit<HealthRequest, 'session'>): HealthLooks {
  let session: DbSession | undefined;
  return {
    async look() {
      try {
        session ??= url === undefined ? undefined : openSession(url);
        return { ok: true, report: await readHealth({ ...request, ...(session ? { session } : {}) }) };
      } catch (error) {
        if (!(error instanceof DatabaseError)) throw error;
        return { ok: false, error: error.message, ...(error.sqlState === undefined ? {} : { code: error.sqlState }) };
      }
    },
    close: async () => session?.close(),
  };
}

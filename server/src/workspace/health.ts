import { readFile } from 'node:fs/promises';
import os from 'node:os';
import { addAdvice } from '../core/health/advice';
import type { HealthCheck, HealthReport, HealthServer } from '../core/health/model';
import { toThresholds, type Thresholds } from '../core/health/thresholds';
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
  /** `server`: the Postgres that is looked at with it. */
  run(limits: Thresholds, server?: HealthServer): Promise<ProbeResult>;
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
 * not see something says so in its `cannotSee`; the others go on. Rejects with `DatabaseError` where the server cannot be reached.
 */
export async function readHealth(request: HealthRequest): Promise<HealthReport> {
  const { session, settings, sources = [], signal } = request;
  const thresholds = toThresholds(settings?.thresholds, request.thresholds);
  const memory = settings?.memoryMegabytes === undefined ? session && await memoryHere(session) : settings.memoryMegabytes * 1024 * 1024;
  const options: HealthOptions = {
    ...(settings?.poolSize === undefined ? {} : { poolSize: settings.poolSize }), ...(settings?.maxOverflow === undefined ? {} : { maxOverflow: settings.maxOverflow }),
    ...(memory === undefined ? {} : { memory }), ...(request.workspace ? { placesOf: request.workspace.placesOf } : {}), ...request.options,
  };
  const chosen: readonly Probe[] = session ? probes.filter(({ name }) => request.checks?.includes(name) ?? true) : [];
  const server = session && await readServer(session);
  const checks: HealthCheck[] = [];
  const total = chosen.length + sources.length;
  const run = async ({ name, title }: Pick<HealthCheck, 'name' | 'title'>, work: () => Promise<ProbeResult>): Promise<void> => {
    signal?.throwIfAborted();
    request.onProgress?.(title, checks.length, total);
    const started = performance.now();
    const { figures, tables, findings, cannotSee } = await work();
    const check: HealthCheck = { name, title, figures, tables, findings: findings.map((f) => ({ ...f, check: name })), cannotSee: cannotSee.map((c) => ({ ...c, check: name })), durationMs: Math.round(performance.now() - started) };
    checks.push(name === 'indexes' && request.workspace ? addAdvice(check, await request.workspace.advise()) : check);
  };
  if (session && server) for (const probe of chosen) await run(probe, () => runProbe(session, probe, { server, thresholds, options }));
  for (const source of sources) await run(source, () => source.run(thresholds, server));
  return { version: 1, label: session?.label ?? sources.map(({ title }) => title).join(', '), takenAt: server?.now ?? new Date().toISOString(), ...(server ? { server } : {}), checks };
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

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { CheckOutcome, HealthServer } from '../core/health/model';
import { parseIni } from '../core/health/pgbouncer/iniFile';
import { judgePools, readRunningSettings } from '../core/health/pgbouncer/judgePools';
import { givesAway, lintPooler, type PoolerContext } from '../core/health/pgbouncer/lintPooler';
import { readIniSettings, type PoolerSettings } from '../core/health/pgbouncer/poolerSettings';
import { findSessionFeatures, type SessionFeature } from '../core/health/pgbouncer/sessionFeatures';
import { tellUnreachable } from '../core/health/unreachable';
import { collectLineStarts, lineAt } from '../core/text/lineIndex';
import { DatabaseError } from '../db/errors';
import { readPooler } from '../db/pgbouncer/console';
import type { HealthSource } from './health';
import { relativePath, toPath } from './paths';
import type { Project } from './project';

export const POOLER_CHECK = { name: 'pgbouncer', title: 'PgBouncer' } as const;

export interface PoolerOptions {
  /** Of the administration console. */
  readonly url?: string;
  /** Somebody else chose the host of the console: neither `PGPASSWORD` nor a line of `.pgpass` for any host counts. */
  readonly foreignHost?: boolean;
  /** A `pgbouncer.ini`, as an absolute path. */
  readonly ini?: string;
  /** What the code uses; asked for once, and only where a pool gives connections away. */
  readonly uses?: () => Promise<PoolerContext['uses']>;
}

/** A PgBouncer at work, by its console, and its configuration, by its file or from the console. Whose file cannot be read is a `DatabaseError`. */
export function createPoolerSource({ url, foreignHost, ini, uses }: PoolerOptions): HealthSource {
  let known: PoolerContext['uses'] | undefined;
  const lint = async (settings: PoolerSettings, server: HealthServer | undefined): Promise<CheckOutcome> => {
    if (givesAway(settings)) known ??= (await uses?.()) ?? [];
    const serverConnections = server && connectionsOf(server);
    return { figures: [], tables: [], findings: lintPooler(settings, { uses: known ?? [], ...(serverConnections === undefined ? {} : { serverConnections }) }) };
  };
  return {
    ...POOLER_CHECK,
    async run(limits, server) {
      const parts: CheckOutcome[] = [];
      const cannotSee: { reason: string; grant?: string }[] = [];
      // What the file says can be told while the console is not there.
      const facts = url === undefined ? undefined : await readPooler(url, { foreignHost }).catch((error: unknown) => {
        if (ini === undefined || !(error instanceof DatabaseError)) throw error;
        parts.push({ figures: [], tables: [], findings: [tellUnreachable('The console of PgBouncer', error.message)] });
        return undefined;
      });
      if (facts) {
        parts.push(judgePools(facts, limits));
        cannotSee.push(...facts.refused.map((reason) => ({ reason: `Not seen: ${reason}.` })));
        // The file says where a setting stands; without it the running PgBouncer says what holds.
        if (ini === undefined) parts.push(await lint(readRunningSettings(facts), server));
      }
      if (ini !== undefined) {
        const file = parseIni(await readText(ini));
        const relative = path.relative(process.cwd(), ini).split(path.sep).join('/');
        const name = relative.startsWith('../') || path.isAbsolute(relative) ? ini : relative;
        parts.push({ figures: [], tables: [], findings: file.unread.map((line) => ({ id: 'pgbouncer-unread-line', severity: 'warning', subject: `${name}:${line}`, message: `${name}:${line}: This line is neither a section, a setting nor a comment: PgBouncer does not start with it.`, evidence: {} })) }, await lint(readIniSettings(file, name), server));
        cannotSee.push(...file.includes.map((included) => ({ reason: `Not seen: what ${included} sets (%include).` })));
      }
      return { figures: parts.flatMap(({ figures }) => figures), tables: parts.flatMap(({ tables }) => tables), findings: parts.flatMap(({ findings }) => findings), cannotSee };
    },
  };
}

/** What max_connections leaves to ordinary roles. */
function connectionsOf({ settings }: HealthServer): number | undefined {
  const [all, ...reserved] = ['max_connections', 'superuser_reserved_connections', 'reserved_connections'].map((name) => Number(settings[name]?.value ?? (name === 'max_connections' ? NaN : 0)));
  return all !== undefined && Number.isFinite(all) ? all - reserved.reduce((sum, value) => sum + value, 0) : undefined;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new DatabaseError('query', `${file} cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : String(error)})`);
  }
}

/** What the application's code of a workspace uses that outlives a transaction, with places. Migrations, tests and the like do not count. */
export function findSessionUses(project: Pick<Project, 'files' | 'folder' | 'textOf'>): PoolerContext['uses'] {
  const byFeature = new Map<SessionFeature, string[]>();
  for (const file of project.files.values()) {
    if (file.role !== 'application' || file.foreign) continue;
    const name = relativePath(project.folder, toPath(file.uri) ?? file.uri);
    for (const site of file.sites) {
      if (!site.source || site.executes === 'no') continue;
      for (const feature of findSessionFeatures(site.source.text)) {
        // Statements of one message share a connection: what is given back in it needs it no longer.
        if (feature === 'PREPARE' && file.sites.some((other) => other.span.start === site.span.start && other.span.end === site.span.end && /^\s*deallocate\b/i.test(other.source?.text ?? ''))) continue;
        const text = project.textOf(file.uri);
        const lines = file.lines ?? (text === undefined ? undefined : collectLineStarts(text));
        byFeature.set(feature, [...(byFeature.get(feature) ?? []), lines === undefined ? name : `${name}:${lineAt(lines, site.anchor.start) + 1}`]);
      }
    }
  }
  return [...byFeature].map(([feature, places]) => ({ feature, places: [...new Set(places)] }));
}

